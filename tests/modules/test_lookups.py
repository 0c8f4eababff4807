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
