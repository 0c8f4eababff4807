"""Duplicates of customers and leads: what the rules find, forbid and warn of, and how much they tell."""

from __future__ import annotations

import html
import importlib
import re
import threading
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.kernel.records import door, matching, people, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.kernel.tools import events_of, raw, read_journal, refused
from tests.modules.conftest import Company
from tests.surfaces.web.browser import Browser, inputs, words

CODES = ("913102306305833353", "913102306321509637", "91310230630583319D")


def by(company: Company, who: str, via: str = "web") -> Any:
    return getattr(company, who).actor().through(via)


def create(actor: Any, object: str = "customer", /, careful: bool = False, **changes: Any) -> door.Result:
    return door.perform(object, "create", actor=actor, changes=changes, careful=careful)


def found(actor: Any, id: UUID | None = None, /, **values: Any) -> list[tuple[str, str]]:
    return [(one.title, one.state) for one in matching.check("customer", values, actor=actor, id=id)]


def rule(company: Company, label: str, **changes: Any) -> None:
    it = next(one for one in people.newest(DEFAULT_WORKSPACE).rules if one.label.zh == label)
    company.desk.perform("duplicate_rule", "update", it.id, changes)


@pytest.fixture(scope="module")
def xiaomi(company: Company) -> UUID:
    return create(by(company, "owner"), name="北京小米科技有限责任公司", credit_code=CODES[0], phones=["010-60606666"], website="https://www.mi.com").id


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": "小米科技（北京）有限公司"}, ("name",)),
        ({"name": "小米　科技"}, ("name",)),
        ({"name": "小迷科技有限公司"}, ("name",)),
        ({"credit_code": " 91310230 6305833353"}, ("credit_code",)),
        ({"phones": ["(010) 6060 6666"]}, ("phones",)),
        ({"website": "http://shop.mi.com/x"}, ("website",)),
        ({"email": "lei@mi.com"}, ("email",)),
        ({"name": "小米科技", "phones": ["01060606666"]}, ("name", "phones")),
    ],
)
def test_what_people_type_finds_the_record(company: Company, xiaomi: UUID, values: dict[str, Any], fields: tuple[str, ...]) -> None:
    hits = matching.check("customer", values, actor=by(company, "outsider"))
    assert [(one.title, one.owner, one.state, one.fields) for one in hits] == [("北京小米科技有限责任公司", "王伟", "others", fields)]


def test_a_traditional_name_is_the_same_and_older_keys_are_made_anew(company: Company) -> None:
    made = create(by(company, "owner"), name="龍門國際貿易有限公司").id
    plain = create(by(company, "owner"), name="虎跃机械制造有限公司").id

    def keys() -> dict[UUID, list[str]]:
        return dict(sql.rows("SELECT id, keys FROM gx_match WHERE id = ANY(%s)", [[made, plain]]))

    assert [one.effect for one in matching.check("customer", {"name": "龙门国际贸易公司"}, actor=by(company, "outsider"))] == ["warn"]
    now = keys()
    assert "company.n.龙门国际贸易" in now[made] and "company.e.龍門國際貿易有限公司" in now[made]
    sql.run("UPDATE gx_match SET keys = %s WHERE id = %s", [["company.e.龍門國際貿易有限公司", "company.n.龍門國際貿易"], made])
    assert matching.check("customer", {"name": "龙门国际贸易公司"}, actor=by(company, "outsider")) == []
    statement = importlib.import_module("guanxi.project.migrations.kernel.0017_simplified").Migration.operations[0].sql
    sql.run(*statement[0])
    assert set(keys()) == {plain}, "what has no such character keeps its keys"
    with sql.work(DEFAULT_WORKSPACE):
        matching.fill(people.newest(DEFAULT_WORKSPACE))
    assert keys() == now


@pytest.mark.parametrize("values", [{"name": "大米科技有限公司上海分公司"}, {"name": "小米"}, {"email": "lei@163.com"}, {"name": ""}, {"phones": ["x"]}, {}])
def test_what_is_not_the_same_finds_nothing(company: Company, xiaomi: UUID, values: dict[str, Any]) -> None:
    assert found(by(company, "owner"), **values) == []


def test_namesakes_of_two_places_are_only_near(company: Company) -> None:
    here = create(by(company, "owner"), name="南京宏达泵业有限公司")
    assert [one.effect for one in matching.check("customer", {"name": "宏达泵业"}, actor=by(company, "owner"))] == ["warn"]
    assert [one.effect for one in matching.check("customer", {"name": "苏州宏达泵业有限公司"}, actor=by(company, "owner"))] == ["show"]
    assert create(by(company, "owner"), name="苏州宏达泵业有限公司", careful=True).warnings == ()
    assert here.warnings == ()


def test_a_record_does_not_find_itself(company: Company, xiaomi: UUID) -> None:
    assert found(by(company, "owner"), xiaomi, name="小米科技") == []


def test_only_what_the_rule_allows_is_told(company: Company, xiaomi: UUID) -> None:
    stranger, owner = by(company, "outsider"), by(company, "owner")
    mine = matching.check("customer", {"name": "小米科技"}, actor=owner)[0]
    assert (mine.id, mine.state) == (xiaomi, "mine")
    theirs = matching.check("customer", {"name": "小米科技"}, actor=stranger)[0]
    assert (theirs.id, theirs.title, theirs.owner, theirs.claim) == (None, "北京小米科技有限责任公司", "王伟", False)
    rule(company, "名称或电话相同", shown=["pool"])
    try:
        theirs = matching.check("customer", {"name": "小米科技"}, actor=by(company, "outsider"))[0]
        assert (theirs.id, theirs.title, theirs.owner, theirs.owner_id, theirs.contacted, theirs.state) == (None, "", "", None, None, "others")
        assert matching.check("customer", {"name": "小米科技"}, actor=by(company, "owner"))[0].title == "北京小米科技有限责任公司"
        assert set(theirs.to_json("zh-CN")) == {"object", "id", "state", "effect", "fields", "title", "owner", "pool", "contacted", "claim", "rule"}
    finally:
        rule(company, "名称或电话相同", shown=["title", "owner", "pool", "contacted"])


def test_who_may_make_no_customer_asks_nothing(company: Company, xiaomi: UUID) -> None:
    with pytest.raises(NotFound):
        matching.check("customer", {"name": "小米科技"}, actor=by(company, "nobody"))
    with pytest.raises(Invalid) as caught:
        matching.check("customer", {"grade": "vip"}, actor=by(company, "owner"))
    assert caught.value.errors[0].field == "grade"
    with pytest.raises(NotFound):
        matching.check("task", {}, actor=by(company, "owner"))


@pytest.mark.parametrize("via", ["web", "api"])
def test_the_same_credit_code_is_forbidden(company: Company, xiaomi: UUID, via: str) -> None:
    with refused(Invalid, "credit_code:duplicate") as caught:
        create(by(company, "owner", via), name="别的名字", credit_code=CODES[0])
    assert "北京小米科技有限责任公司" in caught.value.errors[0].message.zh
    other = create(by(company, "owner", via), name=f"别的名字{via}")
    with refused(Invalid, "credit_code:duplicate"):
        door.perform("customer", "update", actor=by(company, "owner", via), id=other.id, changes={"credit_code": CODES[0]})


def test_a_warning_is_confirmed_and_the_override_recorded(company: Company, xiaomi: UUID) -> None:
    actor = by(company, "teammate")
    with refused(Conflict, "name:duplicate") as caught:
        create(actor, name="小米科技有限公司", careful=True)
    assert caught.value.code == "duplicates"
    made = create(actor, name="小米科技有限公司")
    assert [field for field, _ in made.warnings] == ["name"]
    because = events_of("customer", made.id)[0].changes["@because"][1]
    assert because == {"kind": "duplicates", "rules": ["名称或电话相同"], "of": [str(xiaomi)]}
    # what was confirmed is not asked again when something else changes
    assert door.perform("customer", "update", actor=actor, id=made.id, changes={"grade": "vip"}, careful=True).warnings == ()
    door.perform("customer", "delete", actor=actor, id=made.id)


def test_pools_leads_and_the_bin_are_looked_into(company: Company) -> None:
    actor = by(company, "owner")
    pooled, binned = (create(actor, name=name).id for name in ("绿洲园艺有限公司", "红叶包装有限公司"))
    pool = people.newest(DEFAULT_WORKSPACE).pools_of("customer")[0].id
    door.perform("customer", "return_to_pool", actor=actor, id=pooled, inputs={"reason": "no_need", "pool": pool})
    door.perform("customer", "delete", actor=actor, id=binned)
    create(actor, "lead", name="展会来的", company="蓝天仪表有限公司")
    asker = by(company, "outsider")
    hit = matching.check("customer", {"name": "绿洲园艺"}, actor=asker)[0]
    assert (hit.state, hit.standing.zh, hit.claim, hit.owner) == ("pool", "默认公海", True, "")
    assert found(asker, name="红叶包装") == [("红叶包装有限公司", "bin")]
    lead = matching.check("customer", {"name": "蓝天仪表"}, actor=asker)[0]
    assert (lead.object, lead.title, lead.state) == ("lead", "展会来的", "others")
    rule(company, "名称或电话相同", bin=False)
    rule(company, "名称相近或网址相同", bin=False)
    assert found(by(company, "outsider"), name="红叶包装") == []
    rule(company, "名称或电话相同", bin=True)
    rule(company, "名称相近或网址相同", bin=True)


def test_people_are_compared_at_their_company_and_by_what_only_they_have(company: Company) -> None:
    owner = by(company, "owner")
    here, there = (create(owner, name=name, phones=[phone]).id for name, phone in (("松涛阀门有限公司", "13700010001"), ("柏风阀门有限公司", "13700010002")))
    first = create(owner, "contact", name="方 圆", customer=here, phones=["13700010003", "0512-68880000"], email="fang@songtao.example.com").id
    with refused(Conflict, "name:duplicate"):
        create(owner, "contact", careful=True, name="方圆", customer=here)
    for code, changes in (("phones", {"phones": ["+86 137 0001 0003"]}), ("email", {"email": "FANG@songtao.example.com"})):
        with refused(Conflict, f"{code}:duplicate"):
            create(owner, "contact", careful=True, name="别人", customer=there, **changes)
    for changes in ({"name": "方圆", "customer": there}, {"name": "同事", "customer": here, "phones": ["0512-68880000"], "email": "li@songtao.example.com"}, {"name": "老板", "customer": here, "phones": ["13700010001"]}):
        assert create(owner, "contact", careful=True, **changes).warnings == (), "a namesake elsewhere, a shared line, the company's own number"
    assert [(one.object, one.title) for one in matching.check("contact", {"name": "方圆", "customer": str(here)}, actor=owner, id=first)] == []
    assert [one.title for one in matching.check("contact", {"name": "方圆", "customer": str(here)}, actor=owner)] == ["方 圆"]
    assert [one.object for one in matching.of_record("contact", first, actor=owner)] == []
    # a company is no duplicate of its own people; of others' it may be
    assert door.perform("customer", "update", actor=owner, id=here, changes={"phones": ["13700010003"]}, careful=True).warnings == ()
    with refused(Conflict, "phones:duplicate"):
        door.perform("customer", "update", actor=owner, id=there, changes={"phones": ["13700010003"]}, careful=True)
    namesake = raw("SELECT id FROM gx_contact WHERE name = '方圆'")[0][0]
    with refused(Conflict, "name:duplicate"):
        door.perform("contact", "update", actor=owner, id=namesake, changes={"customer": str(here)}, careful=True)
    assert create(by(company, "owner", "import"), "contact", name="方圆", customer=here).warnings == ()
    assert [field for field, _ in create(by(company, "owner", "import"), "contact", name="方先生", customer=here, phones=["13700010003"]).warnings] == ["phones"]


def test_what_is_compared_for_the_first_time_is_looked_into(company: Company) -> None:
    """As in a workspace of before contacts were compared: rules as they came are widened, those somebody chose for are not."""
    from guanxi.kernel.catalog import duplicates
    from guanxi.kernel.catalog.catalog import REGISTRY

    rules = {row["name"]: row["id"] for row in company.find("duplicate_rule", "object_name", "customer")}
    company.desk.perform("duplicate_rule", "update", rules["名称或电话相同"], {"looks": ["customer", "lead"]})
    company.desk.perform("duplicate_rule", "update", rules["信用代码相同"], {"looks": ["customer"]})

    class Before:
        """The company as if contacts had no rules yet."""

        actor, perform = company.desk.actor, company.desk.perform

        def find(self, name: str, where: Any, **how: Any) -> Any:
            return [] if where["value"] == "contact" else company.desk.find(name, where, **how)

    made = len(company.find("duplicate_rule", "object_name", "contact"))
    duplicates.seed(company.desk, REGISTRY.objects.values())
    assert len(company.find("duplicate_rule", "object_name", "contact")) == made, "nothing is made again"
    duplicates.seed(Before(), REGISTRY.objects.values())
    looks = {row["name"]: row["looks"] for row in company.find("duplicate_rule", "object_name", "customer")}
    assert (looks["名称或电话相同"], looks["信用代码相同"]) == (["customer", "lead", "contact"], ["customer"])
    for row in company.find("duplicate_rule", "object_name", "contact", "created_at")[made:]:
        company.desk.perform("duplicate_rule", "delete", row["id"])
    company.desk.perform("duplicate_rule", "update", rules["信用代码相同"], {"looks": ["customer", "lead", "contact"]})


def test_one_batch_is_compared_with_itself(company: Company) -> None:
    items = [door.Item(changes={"name": name, "credit_code": code}) for name, code in (("批一", CODES[1]), ("批二", CODES[1]), ("批三", CODES[2]))]
    out = door.perform_many("customer", "create", items, actor=by(company, "owner", "api"))
    assert [isinstance(one, Problem) for one in out] == [False, True, False]


def test_an_administrator_changes_the_rules(company: Company) -> None:
    actor = by(company, "owner")
    create(actor, name="和风食品有限公司")
    rule(company, "名称或电话相同", manual="forbid")
    try:
        with refused(Invalid, "name:duplicate"):
            create(by(company, "owner"), name="和风食品股份有限公司")
        assert create(by(company, "owner", "import"), name="和风食品股份有限公司").warnings != ()
    finally:
        rule(company, "名称或电话相同", manual="warn")
    with pytest.raises(Forbidden):
        door.perform("duplicate_rule", "create", actor=actor, changes={"name": "x", "object_name": "customer", "fields": ["name.exact"]})
    for wrong in ({"object_name": "task"}, {"fields": ["grade.exact"]}, {"fields": ["name.maybe"]}, {"fields": []}, {"fields": ["name.exact", "name.normal"]}, {"looks": ["task"]}, {"shown": ["phones"]}):
        with pytest.raises(Invalid):
            company.desk.perform("duplicate_rule", "create", changes={"name": "x", "object_name": "customer", "fields": ["name.exact"], **wrong})


def test_all_fields_of_a_rule_or_one(company: Company) -> None:
    actor = by(company, "owner")
    create(actor, name="双清纸业有限公司", phones=["13900001111"])
    rule(company, "名称或电话相同", every="all")
    try:
        actor = by(company, "owner")
        both = matching.check("customer", {"name": "双清纸业", "phones": ["13900001111"]}, actor=actor)
        assert [one.rule.zh for one in both if one.rule] == ["名称或电话相同"]
        assert found(actor, phones=["13900001111"]) == []
    finally:
        rule(company, "名称或电话相同", every="any")
    assert found(by(company, "owner"), phones=["13900001111"]) == [("双清纸业有限公司", "mine")]


def test_two_at_once_make_one(company: Company) -> None:
    """Whoever comes second is refused, though neither saw the other before it wrote."""
    actors = [by(company, who, "api") for who in ("owner", "teammate", "junior", "newcomer")]
    gate, out = threading.Barrier(len(actors)), []

    def write(actor: Any) -> None:
        from django.db import connections

        gate.wait()
        try:
            create(actor, name=f"抢注 {actor.name}", credit_code="91110108551385082Q")
            out.append("made")
        except Invalid as problem:
            out.append(problem.errors[0].code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(out) == ["duplicate", "duplicate", "duplicate", "made"]


def test_a_check_is_few_statements(company: Company) -> None:
    actor = by(company, "owner")
    matching.check("customer", {"name": "小米科技"}, actor=actor)
    with sql.recorded() as statements:
        matching.check("customer", {"name": "没有这家公司的名字"}, actor=actor)
    assert len(statements) <= 2, statements


def test_people_of_a_file_are_compared_all_at_once(company: Company) -> None:
    """Their keys and the question whether they are known cost two statements for a part of a file, however many there are."""
    actor = by(company, "owner", "import")
    customer = create(by(company, "owner"), name="百人表业有限公司").id

    def sent(count: int, first: int) -> list[str]:
        items = [door.Item(changes={"name": f"员工{n}", "customer": customer, "phones": [f"1371{n:07d}"], "email": f"p{n}@example.com"}) for n in range(first, first + count)]
        with sql.recorded() as statements:
            out = door.perform_many("contact", "create", items, actor=actor)
        assert [one for one in out if isinstance(one, Problem)] == []
        return list(statements)

    sent(100, 0)  # the first large batch asks what the columns of the tables hold
    few, many = sent(50, 200), sent(200, 300)
    assert len(many) <= len(few) + 1
    assert sum("gx_alike" in one for one in many) == 1, many


def test_keys_of_what_was_there_before_are_made(company: Company, xiaomi: UUID) -> None:
    with sql.work(DEFAULT_WORKSPACE):
        before = sql.rows("SELECT id, keys FROM gx_match ORDER BY id")
        sql.run("DELETE FROM gx_match")
        matching.fill(people.newest(DEFAULT_WORKSPACE))
        assert sql.rows("SELECT id, keys FROM gx_match ORDER BY id") == before


# -- asking about what is somebody else's --------------------------------------------------------------------------------


def plea(actor: Any, record: UUID, kind: str = "join", **more: Any) -> door.Result:
    return door.perform("plea", "create", actor=actor, changes={"object_name": "customer", "record": str(record), "kind": kind, "name": "小米", **more})


def team(record: UUID) -> list[Any]:
    return raw("SELECT user_id, level FROM gx_team_member WHERE record_id = %s ORDER BY user_id", [record])


def test_who_is_asked_lets_them_in_or_not(company: Company, xiaomi: UUID) -> None:
    owner, outsider, mate = by(company, "owner"), by(company, "outsider"), by(company, "manager")
    asked = plea(outsider, xiaomi, note="一起做")
    row = reading.get("plea", asked.id, actor=owner)
    assert (row["state"], [str(one["id"]) for one in row["to"]], row["owner"]["id"]) == ("open", [str(owner.user)], outsider.user)
    with refused(NotFound):
        reading.get("plea", asked.id, actor=mate)
    with refused(Invalid, "record:asked"):
        plea(outsider, xiaomi)
    with refused(Invalid, "record:mine"):
        plea(owner, xiaomi)
    with refused(Invalid, "record:unseen"):
        plea(outsider, asked.id)
    with refused(Invalid, "to:read-only"):
        plea(outsider, xiaomi, "appeal", to=[str(outsider.user)])
    with refused(Forbidden):
        door.perform("plea", "accept", actor=outsider, id=asked.id)
    with refused(NotFound):
        door.perform("plea", "accept", actor=mate, id=asked.id)
    read_journal()
    about = "SELECT kind, owner_id, done_at IS NULL FROM gx_notice WHERE record = %s ORDER BY kind DESC"
    assert raw(about, [str(asked.id)]) == [("asked", owner.user, True)]
    before = team(xiaomi)
    done = door.perform("plea", "accept", actor=owner, id=asked.id, inputs={"answer": "欢迎"})
    assert team(xiaomi) == sorted([*before, (outsider.user, "read")])
    assert events_of("customer", xiaomi)[-1].cause == done.version
    row = reading.get("plea", asked.id, actor=outsider)
    assert (row["state"], row["answer"], row["answered_by"]["id"]) == ("accepted", "欢迎", owner.user)
    with refused(Invalid, "state:state"):
        door.perform("plea", "decline", actor=owner, id=asked.id, inputs={"answer": "晚了"})
    door.perform("customer", "unshare", actor=owner, id=xiaomi, inputs={"user": str(outsider.user)})
    read_journal()
    assert raw(about, [str(asked.id)]) == [("asked", owner.user, False), ("answered", outsider.user, False)]


def test_an_appeal_goes_to_the_pool_s_admins_and_gives_the_record(company: Company) -> None:
    owner, outsider = by(company, "owner"), by(company, "outsider")
    record = create(owner, name="申诉科技有限公司").id
    asked = plea(outsider, record, "appeal", note="先联系的是我")
    row = reading.get("plea", asked.id, actor=outsider)
    manager = by(company, "manager")
    assert [str(one["id"]) for one in row["to"]] == [str(manager.user)], "managers run the first pool"
    with refused(Invalid, "answer:required"):
        door.perform("plea", "decline", actor=manager, id=asked.id)
    door.perform("plea", "decline", actor=manager, id=asked.id, inputs={"answer": "证据不足"})
    assert reading.get("customer", record, actor=owner)["owner"]["id"] == owner.user
    again = plea(outsider, record, "appeal")
    door.perform("plea", "accept", actor=manager, id=again.id)
    assert reading.get("customer", record, actor=outsider)["owner"]["id"] == outsider.user
    assert team(record) == [(owner.user, "read")]


def test_the_page_offers_it_and_the_button_asks(company: Company) -> None:
    record = create(by(company, "owner"), name="按钮机电有限公司").id
    page = Browser("outsider")
    shown = page.fill("/customers/lookup", q="按钮机电").content.decode()
    link = html.unescape(re.search(r'href="(/pleas/ask\?kind=join[^"]+)"', shown)[1])  # type: ignore[index]
    assert "申请协作" in words(shown) and "申诉" in words(shown) and str(record) in link
    answer = page.post("/pleas/ask", {**inputs(page.read(link)), "note": "一起"})
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/pleas/")
    assert page.post("/pleas/ask", {**inputs(page.read(link)), "note": "再来"}).status_code == 422
    mine = Browser("owner").read(answer.headers["Location"])
    assert "打开客户" in words(mine) and "同意" in words(mine) and "拒绝" in words(mine)
    theirs = page.read(answer.headers["Location"])
    assert "打开客户" not in words(theirs) and "/accept" not in theirs
    assert "申请协作" not in Browser("owner").fill("/customers/lookup", q="按钮机电").content.decode()
    assert page.get("/pleas/ask?kind=nonsense").status_code == 404
