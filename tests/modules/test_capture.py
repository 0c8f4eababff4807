"""What a pasted text may become: proposals with reasons, candidates instead of guesses, all steps or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from guanxi.kernel import Forbidden, Invalid, NotFound, Step, capture, register_reader
from guanxi.kernel import T as Label
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.capture import Proposal, Taken
from guanxi.kernel.declare.captures import Reading
from guanxi.kernel.records import reading, telling
from tests.kernel.tools import state
from tests.modules.conftest import Company, Person

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 10, 32, tzinfo=ZONE)
CHAT = """李雷 2026-11-19 18:32
你好，我是深圳市星河科技有限公司的采购经理，想了解一下你们的系统
王伟 2026-11-19 18:35
好的，电话多少？
李雷 2026-11-19 18:36
13800138000，预算大概15万元，下周三上午10点来我们公司谈
"""


def proposed(person: Person, text: str, now: datetime = FRIDAY) -> tuple[Proposal, dict[str, Step]]:
    found = capture.propose(person.actor(), text, now=now)
    return found, {step.name: step for step in found.steps}


def values(step: Step) -> dict[str, Any]:
    return {name: one.value for name, one in step.values.items() if one.value is not None}


def taken(steps: dict[str, Step], **corrected: dict[str, Any]) -> list[Taken]:
    """The proposal as it stands, as a person accepts it with one key."""
    out = []
    for name, step in steps.items():
        if step.take or (step.record is not None and step.verb == "create"):
            record = step.record
            out.append(Taken(name, step.object, step.verb, record, step.of, {**values(step), **corrected.get(name, {})}, step.links))
    return out


def test_a_chat_becomes_customer_contact_and_follow_up(company: Company) -> None:
    found, steps = proposed(company.owner, CHAT)
    assert (found.facts.shape, list(steps)) == ("chat", ["customer", "contact", "opportunity", "activity"])
    assert values(steps["customer"]) == {"name": "深圳市星河科技有限公司"}
    assert values(steps["contact"]) == {"name": "李雷", "phones": [{"number": "+8613800138000"}], "job_title": "采购经理"}
    assert (steps["opportunity"].take, values(steps["opportunity"])["amount"]) == (False, {"amount": "150000", "currency": "CNY"})
    assert values(steps["activity"]) == {"kind": "wechat", "content": CHAT.strip(), "happened_at": "2026-11-19T18:36:00+08:00", "next_contact_at": "2026-11-25T10:00:00+08:00"}
    spans = steps["activity"].values["next_contact_at"].spans
    assert [CHAT[start:end] for start, end in spans] == ["下周三上午10点"]


def test_accepting_writes_one_event_each_with_one_cause(company: Company) -> None:
    text = CHAT.replace("星河", "银河").replace("13800138000", "13800138001")
    now = datetime.now(UTC).astimezone(ZONE)
    _, steps = proposed(company.owner, text, now)
    done = capture.accept(company.owner.actor(), taken(steps, activity={"next_contact_at": "2099-01-07T10:00:00+08:00"}))
    assert [(one.name, one.did) for one in done] == [("customer", "created"), ("contact", "created"), ("activity", "created")]
    made = {one.name: one.id for one in done}
    row = company.get("activity", made["activity"])
    assert (row["customer"], row["contact"], row["kind"]) == (made["customer"], made["contact"], "wechat")
    assert row["next_contact_at"] == datetime(2099, 1, 7, 2, tzinfo=UTC)
    contact = company.get("contact", made["contact"])
    assert (contact["customer"], contact["phones"]) == (made["customer"], [{"number": "+8613800138001"}])
    first = next(one.version for one in done if one.name == "customer")
    events = {one: telling.history(one, made[one], actor=company.desk.actor) for one in made}
    assert [(e.verb, e.cause) for e in events["contact"]] == [("create", first)]
    assert [(e.verb, e.cause) for e in events["activity"]] == [("create", first)]
    assert events["customer"][-1].id == first and events["customer"][-1].cause is None


def test_a_phone_of_a_known_contact_selects_it_and_its_customer(company: Company) -> None:
    customer = company.owner.create("customer", name="云山贸易有限公司")
    contact = company.owner.create("contact", name="韩梅", customer=customer, phones="13911112222")
    _, steps = proposed(company.owner, "韩总来电 139-1111-2222，说下周三上午10点再谈，邮箱 han@yunshan.cn")
    assert (steps["contact"].record, steps["customer"].record) == (contact, customer)
    assert [c.why.zh for c in steps["contact"].candidates] == ["同一个电话"]
    assert values(steps["contact_more"]) == {"email": "han@yunshan.cn"}
    assert values(steps["activity"])["kind"] == "phone"
    done = capture.accept(company.owner.actor(), taken(steps, activity={"next_contact_at": None}))
    assert [(one.name, one.did) for one in done] == [("customer", "chosen"), ("contact", "chosen"), ("contact_more", "changed"), ("activity", "created")]
    assert company.get("contact", contact)["email"] == "han@yunshan.cn"
    assert len(company.find("customer", "name", "云山贸易有限公司")) == 1


def test_a_new_phone_is_added_and_never_replaces(company: Company) -> None:
    customer = company.owner.create("customer", name="加号公司")
    contact = company.owner.create("contact", name="高远", customer=customer, phones="13911110001", email="gao@jia.cn", job_title="经理")
    _, steps = proposed(company.owner, "高远\n采购总监\n加号公司\n电话：13911110009\n邮箱：gao@jia.cn")
    assert steps["contact"].record == contact
    assert values(steps["contact_more"]) == {"phones": [{"number": "+8613911110001"}, {"number": "+8613911110009"}]}, "the title it has stays"
    assert steps["activity"].take is False, "a card alone is no follow-up"


def test_what_completes_a_record_is_not_written_to_another(company: Company) -> None:
    one = company.owner.create("customer", name="甲辰科技有限公司")
    other = company.owner.create("customer", name="乙未科技有限公司")
    _, steps = proposed(company.owner, "今天拜访了甲辰科技有限公司，官网 www.jiafang.cn")
    assert (steps["customer"].record, values(steps["customer_more"])) == (one, {"website": "www.jiafang.cn"})
    steps["customer"].record = other
    capture.accept(company.owner.actor(), taken(steps))
    assert [company.get("customer", id_)["website"] for id_ in (one, other)] == [None, None]


def test_a_similar_customer_is_shown_and_somebody_chooses(company: Company) -> None:
    there = company.owner.create("customer", name="北京明德软件有限公司")
    _, steps = proposed(company.owner, "今天拜访了明德软件（北京）有限公司的周总")
    step = steps["customer"]
    assert (step.record, step.open, step.take) == (None, True, False)
    assert [(c.id, c.why.en) for c in step.candidates] == [(there, "Similar name")]


@pytest.mark.parametrize("text", ["明德会计师事务所，信用代码 91440300708461136T，今天见了面", "今天给 info@mingde.cn 发了邮件"])
def test_code_and_mail_find_the_customer(company: Company, text: str) -> None:
    if not company.find("customer", "credit_code", "91440300708461136T"):
        company.owner.create("customer", name="明德事务所", credit_code="91440300708461136T", email="info@mingde.cn")
    _, steps = proposed(company.owner, text)
    assert steps["customer"].record == company.find("customer", "credit_code", "91440300708461136T")[0]["id"]


def test_a_name_at_the_customer_selects_and_a_family_name_is_offered(company: Company) -> None:
    customer = company.owner.create("customer", name="同名测试有限公司")
    whole = company.owner.create("contact", name="何欢", customer=customer)
    _, steps = proposed(company.owner, "今天拜访了同名测试有限公司，联系人：何欢")
    assert steps["contact"].record == whole
    _, steps = proposed(company.owner, "今天拜访了同名测试有限公司，何欢说下周再定")
    assert steps["contact"].record == whole, "a contact's whole name is found where no rule sees a name"
    _, steps = proposed(company.owner, "今天拜访了同名测试有限公司的何总")
    assert (steps["contact"].record, steps["contact"].open, [c.id for c in steps["contact"].candidates]) == (None, True, [whole])


def test_stages_and_amounts_of_a_known_deal_are_only_offered(company: Company) -> None:
    customer = company.owner.create("customer", name="推进有限公司")
    deal = company.owner.create("opportunity", name="推进的单子", customer=customer, amount=100)
    before = company.get("opportunity", deal)
    _, steps = proposed(company.owner, "今天拜访了推进有限公司，报价 20万元，月底前签合同")
    assert steps["opportunity"].record == deal and steps["deal"].take is False
    assert {name: [str(o.label or o.value) for o in one.options] for name, one in steps["deal"].values.items()} == {
        "stage": ["商务谈判", "方案报价"], "amount": ["{'amount': '200000', 'currency': 'CNY'}"], "expected_close": ["2026-11-30"],
    }  # fmt: skip
    done = capture.accept(company.owner.actor(), taken(steps))
    assert [one.name for one in done] == ["customer", "opportunity", "activity"]
    assert company.get("activity", done[-1].id)["opportunity"] == deal
    after = company.get("opportunity", deal)
    assert (after["stage"], after["amount"]) == (before["stage"], before["amount"])
    changed = capture.accept(company.owner.actor(), [Taken("deal", "opportunity", "update", deal, "", {"amount": {"amount": "200000", "currency": "CNY"}})])
    assert changed[0].did == "changed" and company.get("opportunity", deal)["amount"]["amount"] == 200000


def test_several_days_are_offered(company: Company) -> None:
    _, steps = proposed(company.owner, "今天拜访了多日有限公司，下周三上午10点再谈，下周五下午2点来公司签字")
    one = steps["activity"].values["next_contact_at"]
    assert (one.value, [o.value for o in one.options]) == (None, ["2026-11-25T10:00:00+08:00", "2026-11-27T14:00:00+08:00"])
    _, steps = proposed(company.owner, "今天拜访了多日有限公司，下周三上午10点再谈，12月3日是他们周年")
    assert steps["activity"].values["next_contact_at"].value == "2026-11-25T10:00:00+08:00"
    _, steps = proposed(company.owner, "今天拜访了多日有限公司，他们周一开会讨论，周二下午3点再打电话，月底前签")
    assert steps["activity"].values["next_contact_at"].value == "2026-11-24T15:00:00+08:00"


def test_all_steps_or_none(company: Company) -> None:
    before = state()
    with pytest.raises(Invalid) as refused:
        capture.accept(company.owner.actor(), [Taken("customer", "customer", changes={"name": "半途有限公司"}), Taken("contact", "contact", changes={"name": "某人", "email": "no mail"}, links={"customer": "customer"})])
    assert next((e.field, e.code) for e in refused.value.errors)[0] == "contact.email"
    assert state() == before
    assert company.find("customer", "name", "半途有限公司") == []


def test_others_records_are_no_candidates_and_cannot_be_chosen(company: Company) -> None:
    theirs = company.outsider.create("customer", name="别人的客户有限公司")
    company.outsider.create("contact", name="别人联系人", customer=theirs, phones="13911119999", email="x@theirs.cn")
    _, steps = proposed(company.owner, "今天拜访了别人的客户有限公司，电话 13911119999，x@theirs.cn")
    assert all(step.record is None and step.candidates == () for step in steps.values())
    before = state()
    with pytest.raises(NotFound):
        capture.accept(company.owner.actor(), [Taken("customer", "customer", record=theirs), Taken("activity", "activity", changes={"content": "x"}, links={"customer": "customer"})])
    assert state() == before


def test_who_may_not_create_customers_gets_no_such_step(company: Company) -> None:
    desk = company.desk
    role = desk.find("role", {"field": "key", "op": "=", "value": "service"})[0]["id"]
    user = desk.perform("user", "create", changes={"name": "客服小何", "username": "helper", "roles": [role]}).id
    from guanxi.kernel import setup
    from guanxi.kernel.records import people

    setup.create_user("helper", "客服小何", [], "correct horse battery")
    actor: Actor = people.by_username("helper", via="test")
    assert actor.user == user
    found = capture.propose(actor, "今天拜访了全新客户有限公司，王五 13955556666", now=FRIDAY)
    assert [step.name for step in found.steps] == []
    known = company.owner.create("customer", name="旧友有限公司")
    found = capture.propose(actor, "今天拜访了旧友有限公司，联系人：王五 13955556666", now=FRIDAY)
    steps = {step.name: step for step in found.steps}
    assert (steps["customer"].record, steps["customer"].new) == (known, False)
    assert list(steps) == ["customer", "contact", "activity"]
    before = state()
    with pytest.raises(Forbidden):
        capture.accept(actor, [Taken("customer", "customer", changes={"name": "越权有限公司"})])
    assert state() == before


def test_fields_one_may_not_write_are_not_offered(company: Company) -> None:
    desk = company.desk
    role = desk.perform("role", "create", changes={"name": "无电话", "key": "nophone", "grants": {"customer": {"verbs": ["read", "create"], "read": "own", "write": "own", "fields": {"phones": "hidden", "website": "read"}}}}).id
    from guanxi.kernel import setup
    from guanxi.kernel.records import people

    setup.create_user("nophone", "某某", [], "correct horse battery")
    desk.perform("user", "update", desk.find("user", {"field": "username", "op": "=", "value": "nophone"})[0]["id"], {"roles": [role]})
    actor = people.by_username("nophone", via="test")
    found = capture.propose(actor, "隐藏字段有限公司\n电话：0755-88889999\nwww.hidden.cn\n税号91440300708461136T", now=FRIDAY)
    assert [(step.name, list(step.values)) for step in found.steps] == [("customer", ["name", "credit_code"])]


@pytest.mark.parametrize(("text", "code"), [("", "required"), ("  \n", "required"), ("长" * 20_001, "too-long")])
def test_empty_and_endless_texts(company: Company, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        capture.propose(company.owner.actor(), text)
    assert [(e.field, e.code) for e in refused.value.errors] == [("text", code)]


def test_nothing_is_proposed_without_a_reason(company: Company) -> None:
    assert proposed(company.owner, "好的，谢谢")[1] == {}


def test_another_reader_takes_the_same_seam(company: Company) -> None:
    from guanxi.kernel import Fact, Facts

    def read(text: str, how: Reading) -> Facts:
        at = text.index("青松")
        return Facts(text, "note", (Fact("company", "青松药业", at, at + 4),))

    register_reader("model", Label("模型", "Model"), read)
    found = capture.propose(company.owner.actor(), "去了青松药业那里", reader="model", now=FRIDAY)
    assert (found.reader, values(found.steps[0])) == ("model", {"name": "青松药业"})
    with pytest.raises(Invalid) as refused:
        capture.propose(company.owner.actor(), "x", reader="nothing")
    assert [(e.field, e.code) for e in refused.value.errors] == [("reader", "unknown")]
    with pytest.raises(ValueError, match="registered already"):
        register_reader("rules", Label("规则", "Rules"), read)


def test_the_own_name_and_colleagues_are_not_the_customer(company: Company) -> None:
    _, steps = proposed(company.owner, "李娜 2026-11-19 18:32\n客户问价格\n王伟 2026-11-19 18:33\n好的，给清源有限公司报价")
    assert "contact" not in steps, "王伟 is the person, 李娜 a colleague"
    assert values(steps["customer"]) == {"name": "清源有限公司"}


def test_reading_goes_with_the_door(company: Company) -> None:
    made: list[UUID] = [one.id for one in capture.accept(company.owner.actor(), taken(proposed(company.owner, "今天拜访了门道有限公司")[1]))]
    assert reading.get("customer", made[0], actor=company.owner.actor(), fields=["name"])["name"] == "门道有限公司"
