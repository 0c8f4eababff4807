"""Looking customers up before a visit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guanxi.base.errors import Invalid, NotFound
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.records import lookups
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.modules.conftest import Company


def ask(company: Company, who: str, text: str) -> list[tuple[str, str, str]]:
    actor = getattr(company, who).actor().through("web")
    return [(one.title, one.owner, one.state) for one in lookups.look_up("customer", text, actor=actor).found]


def test_any_word_for_a_customer_says_whose_it_is(company: Company) -> None:
    company.owner.create("customer", name="无锡太湖电缆有限公司", phones=["13800138000"], credit_code="913102306305833353", website="www.thdl.cn")
    for text in ("太湖电缆", "无锡太湖电缆（集团）", "太胡电缆", "138 0013 8000", "913102306305833353", "thdl.cn", "wang@thdl.cn"):
        assert ask(company, "outsider", text) == [("无锡太湖电缆有限公司", "王伟", "others")], text
    assert ask(company, "outsider", "没有这家") == []
    assert ask(company, "outsider", "138") == []


def test_a_mobile_leads_to_the_person_who_has_it(company: Company) -> None:
    """Whether one asks about customers, contacts or leads; and who does not reach the contact is given nothing to open it by."""
    customer = company.owner.create("customer", name="苏州听涛仪表有限公司", phones=["0512-66550000"])
    contact = company.owner.create("contact", name="钱途", customer=customer, phones=["138 1111 2222", "0512-66550001"], email="Qian@Tingtao.example.com")
    for about in ("customer", "lead", "contact"):
        for who, state, opens in (("owner", "mine", contact), ("outsider", "others", None)):
            for text in ("13811112222", "+86 138-1111-2222", "qian@tingtao.example.com") if about == "contact" else ("13811112222",):
                found = lookups.look_up(about, text, actor=getattr(company, who).actor().through("web")).found
                assert [(one.object, one.title, one.owner, one.state, one.id) for one in found] == [("contact", "钱途", "王伟", state, opens)], (about, who, text)
    for text in ("0512-66550001", "li@tingtao.example.com", "钱途"):  # a line, a domain and a name are not one person's
        assert lookups.look_up("contact", text, actor=company.owner.actor().through("web")).found == [], text
    assert lookups.asked(REGISTRY.objects["contact"]).zh == "电话、邮箱"
    rule = company.find("duplicate_rule", "name", "手机或邮箱相同")[0]["id"]
    company.desk.perform("duplicate_rule", "update", rule, {"shown": ["owner"]})
    found = lookups.look_up("contact", "13811112222", actor=company.outsider.actor().through("web")).found
    company.desk.perform("duplicate_rule", "update", rule, {"shown": ["title", "owner", "pool", "contacted"]})
    assert [(one.title, one.owner) for one in found] == [("", "王伟")]


def test_it_is_counted_logged_and_limited(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = company.newcomer.actor().through("web")
    rest = lookups.left("customer", actor=actor)
    ask(company, "newcomer", "太湖电缆")
    assert lookups.left("customer", actor=actor) == rest - 1
    with sql.work(DEFAULT_WORKSPACE):
        lines = sql.rows("SELECT object, details FROM gx_log WHERE kind = 'lookup' AND user_id = %s", [company.newcomer.id])
    assert lines == [("customer", {"text": "太湖电缆", "found": 1})]
    it = actor.catalog.objects["customer"]
    fewer: Any = {**actor.catalog.objects, "customer": replace(it, duplicates=replace(it.duplicates, lookups=1))}
    limited = replace(actor, catalog=replace(actor.catalog, objects=fewer))
    with pytest.raises(Invalid) as refused:
        lookups.look_up("customer", "太湖电缆", actor=limited)
    assert refused.value.errors[0].code == "daily-limit"
    assert lookups.left("customer", actor=limited) == 0
    with pytest.raises(Invalid):
        lookups.look_up("customer", "太", actor=actor)
    assert lookups.left("customer", actor=actor) == rest - 1
    assert REGISTRY.objects["customer"].duplicates is not None


def test_who_reads_no_customers_looks_none_up(company: Company) -> None:
    with pytest.raises(NotFound):
        lookups.look_up("customer", "太湖电缆", actor=company.nobody.actor())
    with pytest.raises(NotFound):
        lookups.look_up("task", "太湖电缆", actor=company.owner.actor())
