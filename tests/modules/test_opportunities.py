"""Stages, moves and what follows from them, through the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from guanxi.kernel import Forbidden, Invalid
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.modules.conftest import Company

Start = Callable[..., UUID]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def start(company: Company) -> Start:
    """A deal of the owner's in the first stage, with all that later stages need."""
    customer = company.owner.create("customer", name="买方")

    def make(**changes: Any) -> UUID:
        common = {
            "customer": customer,
            "amount": 10000,
            "needs": "要一套系统",
            "expected_close": str(company.desk.today),
        }
        return company.owner.create("opportunity", **{"name": "商机", **common, **changes})

    return make


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def test_a_new_deal_begins_at_the_first_stage_of_the_default_pipeline(company: Company, start: Start) -> None:
    deal = company.get("opportunity", start())
    assert deal["stage"] == company.stage("contact")
    assert company.get("pipeline", deal["pipeline"])["key"] == "standard"
    assert (deal["result"], deal["win_rate"]) == ("open", Decimal("10.00"))
    assert deal["weighted"] == {"amount": Decimal("1000.00"), "currency": "CNY"}


def test_the_whole_way_to_won(company: Company, start: Start) -> None:
    deal = start()
    for key in ("needs", "quote", "negotiation"):
        company.owner.do("opportunity", "move", deal, stage=company.stage(key))
    company.owner.do("opportunity", "win", deal, {"won_reason": "方案好", "amount": 12000})
    row = company.get("opportunity", deal)
    assert (row["result"], row["win_rate"], row["closed_on"]) == ("won", Decimal("100.00"), company.desk.today)
    assert row["weighted"] == row["amount"] == {"amount": Decimal("12000.00"), "currency": "CNY"}
    history = company.find("stage_history", "opportunity", deal, "entered_at")
    assert [one["note"] for one in history] == [
        "初步接触", "初步接触 → 需求确认", "需求确认 → 方案报价", "方案报价 → 商务谈判", "商务谈判 → 赢单",
    ]  # fmt: skip
    for earlier, later in pairwise(history):
        assert earlier["left_at"] == later["entered_at"]
        assert earlier["seconds"] == int((earlier["left_at"] - earlier["entered_at"]).total_seconds())
    assert history[-1]["left_at"] is None
    assert {one["by"] for one in history} == {company.owner.id}
    assert [event.verb for event in company.events(deal)] == ["win", "move", "move", "move", "create"]
    for one in history[:-1]:
        assert [event.verb for event in company.events(one["id"])] == ["update", "create"]


@pytest.mark.parametrize("verb", ["move", "update", "win"])
def test_an_illegal_move_is_refused_on_every_way(company: Company, start: Start, verb: str) -> None:
    deal = start()
    with pytest.raises(Invalid) as refused:
        if verb == "move":
            company.owner.do("opportunity", "move", deal, stage=company.stage("negotiation"))
        elif verb == "update":
            company.admin.update("opportunity", deal, stage=company.stage("negotiation"))
        else:
            company.owner.do("opportunity", "win", deal)
    assert codes(refused) == [("stage", "illegal-move")]
    assert "需求确认" in refused.value.errors[0].message.zh
    assert company.get("opportunity", deal)["stage"] == company.stage("contact")
    assert [event.verb for event in company.events(deal)] == ["create"]


def test_a_stage_asks_for_what_it_needs_and_keeps_it(company: Company, start: Start) -> None:
    deal = start(needs=None)
    with pytest.raises(Invalid) as refused:
        company.owner.do("opportunity", "move", deal, stage=company.stage("needs"))
    assert codes(refused) == [("needs", "required-by-stage")]
    company.owner.do("opportunity", "move", deal, {"needs": "现在知道了"}, stage=company.stage("needs"))
    with pytest.raises(Invalid) as refused:
        company.owner.update("opportunity", deal, needs=None)
    assert codes(refused) == [("needs", "required-by-stage")]


def test_losing_says_why(company: Company, start: Start) -> None:
    deal = start()
    with pytest.raises(Invalid) as refused:
        company.owner.do("opportunity", "lose", deal)
    assert codes(refused) == [("lost_reason", "required")]
    with pytest.raises(Invalid) as refused:
        company.owner.update("opportunity", deal, stage=company.stage("lost"))
    assert codes(refused) == [("lost_reason", "required-by-stage")]
    company.owner.do("opportunity", "lose", deal, {"lost_reason": "price", "competitor": "other"})
    row = company.get("opportunity", deal)
    assert (row["result"], row["lost_reason"], row["closed_on"]) == ("lost", "price", company.desk.today)
    assert row["weighted"] == {"amount": Decimal("0.00"), "currency": "CNY"}


def test_a_closed_deal_moves_only_by_reopening(company: Company, start: Start) -> None:
    deal = start()
    company.owner.do("opportunity", "move", deal, stage=company.stage("needs"))
    company.owner.do("opportunity", "lose", deal, {"lost_reason": "budget"})
    for attempt in (
        lambda: company.owner.update("opportunity", deal, stage=company.stage("needs")),
        lambda: company.owner.do("opportunity", "move", deal, stage=company.stage("quote")),
        lambda: company.owner.do("opportunity", "win", deal),
    ):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert codes(refused) == [("stage", "closed")]
    company.owner.do("opportunity", "reopen", deal)
    row = company.get("opportunity", deal)
    assert (row["stage"], row["result"], row["closed_on"], row["lost_reason"]) == (
        company.stage("needs"),
        "open",
        None,
        None,
    )


def test_an_import_may_place_a_deal_anywhere_with_its_dates(company: Company, start: Start) -> None:
    ended = company.desk.today - timedelta(days=30)
    deal = start(stage=str(company.stage("won")), engaged_on=str(ended - timedelta(days=20)), closed_on=str(ended))
    row = company.get("opportunity", deal)
    assert (row["result"], row["closed_on"], row["stage_since"]) == ("won", ended, midnight(ended))
    assert [one["entered_at"] for one in company.find("stage_history", "opportunity", deal)] == [midnight(ended)]
    with pytest.raises(Invalid) as refused:
        start(stage=str(company.stage("won")), customer=None)
    assert codes(refused) == [("customer", "required-by-stage")]


def test_durations_count_from_the_start_to_the_day_of_closing(company: Company, start: Start) -> None:
    today = company.desk.today
    deal = start(engaged_on=str(today - timedelta(days=20)))
    company.owner.do("opportunity", "lose", deal, {"lost_reason": "fit", "closed_on": str(today - timedelta(days=5))})
    first, last = company.find("stage_history", "opportunity", deal, "entered_at")
    assert (first["days"], first["seconds"]) == (Decimal("15.00"), 15 * 86400)
    assert last["entered_at"] == midnight(today - timedelta(days=5))


def test_dates_in_order(company: Company, start: Start) -> None:
    today = company.desk.today
    for changes, code in (
        ({"closed_on": str(today)}, "open"),
        ({"stage": str(company.stage("won")), "closed_on": str(today + timedelta(days=1))}, "future"),
        ({"stage": str(company.stage("won")), "closed_on": "2020-01-01", "engaged_on": "2020-01-02"}, "before-start"),
    ):
        with pytest.raises(Invalid) as refused:
            start(**changes)
        assert codes(refused) == [("closed_on", code)]


def test_a_stage_of_another_pipeline(company: Company, start: Start) -> None:
    other = company.admin.create("pipeline", name="渠道流程", key="channel")
    names = (("first", "open"), ("second", "open"), ("done", "won"), ("gone", "lost"))
    first, second, *_ = [
        company.admin.create("stage", pipeline=other, key=f"c_{key}", name=key, kind=kind, order=order)
        for order, (key, kind) in enumerate(names)
    ]
    deal = start()
    for changes in ({"stage": second}, {"pipeline": other}):
        with pytest.raises(Invalid) as refused:
            company.owner.update("opportunity", deal, **changes)
        assert codes(refused) == [("stage", "other-pipeline")]
    with pytest.raises(Invalid) as refused:
        company.owner.update("opportunity", deal, stage=second, pipeline=other)
    assert codes(refused) == [("stage", "illegal-move")]
    company.owner.update("opportunity", deal, stage=first, pipeline=other)
    company.owner.do("opportunity", "win", deal)  # without next stages every move is free
    assert company.get("opportunity", deal)["result"] == "won"


def test_nobody_writes_the_history_by_hand(company: Company, start: Start) -> None:
    deal = start()
    row = company.find("stage_history", "opportunity", deal)[0]
    for attempt in (
        lambda: company.admin.update("stage_history", row["id"], left_at="2026-01-01"),
        lambda: company.admin.do("stage_history", "delete", row["id"]),
        lambda: company.admin.create(
            "stage_history", opportunity=deal, to_stage=company.stage("won"), entered_at="2026-01-01"
        ),
        lambda: company.owner.update("stage_history", row["id"], left_at="2026-01-01"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert company.find("stage_history", "opportunity", deal) == [row]


def test_the_customer_learns_of_won_deals(company: Company, start: Start) -> None:
    today = company.desk.today
    customer = company.owner.create("customer", name="成交客户")
    won = str(company.stage("won"))
    early = start(customer=customer, stage=won, closed_on=str(today - timedelta(days=40)))
    late = start(customer=customer, stage=won, closed_on=str(today - timedelta(days=10)))
    row = company.get("customer", customer)
    assert (row["last_won_on"], row["deal_status"], row["relation"]) == (
        today - timedelta(days=10),
        "won",
        "established",
    )
    start(customer=customer, stage=won, closed_on=str(today - timedelta(days=20)))
    assert company.get("customer", customer)["last_won_on"] == today - timedelta(days=10)
    company.owner.do("opportunity", "reopen", late)
    assert company.get("customer", customer)["last_won_on"] == today - timedelta(days=20)
    company.owner.do("opportunity", "delete", early)
    assert company.get("customer", customer)["last_won_on"] == today - timedelta(days=20)


def test_a_customer_with_deals_is_not_deleted(company: Company, start: Start) -> None:
    from guanxi.kernel import Conflict

    deal = company.get("opportunity", start())
    with pytest.raises(Conflict):
        company.owner.do("customer", "delete", deal["customer"])


def test_stages_and_pipelines_are_whole(company: Company) -> None:
    standard = company.find("pipeline", "key", "standard")[0]["id"]
    with pytest.raises(Invalid) as refused:
        company.admin.create(
            "stage", pipeline=standard, key="odd", name="怪", kind="open", win_rate=120, required_fields=["nothing"]
        )
    assert codes(refused) == [("win_rate", "range"), ("required_fields", "unknown")]
    other = company.admin.create("pipeline", name="默认新", key="fresh", default=True)
    assert company.get("pipeline", standard)["default"] is False
    with pytest.raises(Invalid) as refused:
        company.admin.update("pipeline", other, active=False)
    assert codes(refused) == [("active", "default")]
    company.admin.update("pipeline", standard, default=True)


def test_products_hide_their_cost_from_sales(company: Company) -> None:
    from guanxi.kernel.records import reading

    product = company.admin.create("product", name="终端", price=100, cost=60)
    assert "cost" in reading.get("product", product, actor=company.admin.actor())
    assert "cost" not in reading.get("product", product, actor=company.owner.actor())
    with pytest.raises(Invalid) as refused:
        company.admin.update("product", product, price=-1)
    assert codes(refused) == [("price", "range")]


def test_who_sees_the_deal_sees_its_history(company: Company, start: Start) -> None:
    from guanxi.kernel import NotFound
    from guanxi.kernel.records import reading

    deal = start()
    row = company.find("stage_history", "opportunity", deal)[0]
    for person in (company.owner, company.manager, company.executive, company.admin):
        assert reading.get("stage_history", row["id"], actor=person.actor())["to_stage"]["id"] == company.stage(
            "contact"
        )
    for name, id in (("opportunity", deal), ("stage_history", row["id"])):
        with pytest.raises(NotFound):
            reading.get(name, id, actor=company.outsider.actor())
    with pytest.raises(Forbidden):
        company.executive.do("opportunity", "move", deal, stage=company.stage("needs"))
    company.manager.do("opportunity", "move", deal, stage=company.stage("needs"))
    assert company.find("stage_history", "opportunity", deal, "-entered_at")[0]["by"] == company.manager.id


def test_a_pipeline_takes_the_steps_of_a_template(company: Company) -> None:
    pipeline = company.admin.create("pipeline", name="顾问式销售", key="consultative")
    company.admin.create("stage", pipeline=pipeline, name="建立信任关系", key="own", order=5)
    company.admin.do("pipeline", "use_template", pipeline, template="eight")
    steps = company.find("stage", "pipeline", pipeline, "order")
    assert [one["name"] for one in steps] == ["建立信任关系", "查找准客户", "约见拜访", "挖掘客户需求", "研究解决方案", "提出客户方案", "签约承诺", "客户满意", "未成交"]
    assert [(one["kind"], str(one["win_rate"])) for one in steps[-3:]] == [("open", "90.00"), ("won", "100.00"), ("lost", "0.00")]
    assert all(one["description"] for one in steps[1:]) and steps[0]["description"] is None
    company.admin.do("pipeline", "use_template", pipeline, template="eight")
    assert len(company.find("stage", "pipeline", pipeline)) == 9, "twice adds nothing"
    with pytest.raises(Forbidden):
        company.owner.do("pipeline", "use_template", pipeline, template="eight")


def test_how_long_a_deal_took_is_told_once_it_is_won(company: Company, start: Start) -> None:
    today = company.desk.today

    def days(deal: UUID) -> int | None:
        return company.get("opportunity", deal)["cycle_days"]

    long, short = start(engaged_on=str(today - timedelta(days=40))), start()
    assert (days(long), days(short)) == (None, None)
    for deal in (long, short):
        for key in ("needs", "quote", "negotiation"):
            company.owner.do("opportunity", "move", deal, stage=company.stage(key))
        company.owner.do("opportunity", "win", deal, {"won_reason": "方案好"})
    assert (days(long), days(short)) == (40, 0), "from its start, or from when it was noted"
    company.owner.update("opportunity", long, closed_on=str(today - timedelta(days=10)))
    assert days(long) == 30
    company.owner.update("opportunity", short, closed_on=str(today - timedelta(days=5)))
    assert days(short) == 0, "noted after it was won"
    company.owner.do("opportunity", "reopen", short)
    assert days(short) is None
    lost = start(engaged_on=str(today - timedelta(days=9)))
    company.owner.do("opportunity", "lose", lost, {"lost_reason": "price"})
    assert days(lost) is None

    # Those won before the field was there are reckoned when it comes.
    with sql.work(DEFAULT_WORKSPACE):
        sql.script("ALTER TABLE gx_opportunity DISABLE TRIGGER USER; UPDATE gx_opportunity SET cycle_days = NULL; ALTER TABLE gx_opportunity ENABLE TRIGGER USER")
    upgrade = import_module("guanxi.project.migrations.sales.0009_cycle_days").Migration.operations[1]
    with connection.schema_editor() as editor:
        upgrade.database_forwards("sales", editor, None, None)
    assert (days(long), days(short), days(lost)) == (30, None, None)
    found = sql.rows("SELECT tgenabled FROM pg_trigger WHERE tgname = 'gx_event_first' AND tgrelid = 'gx_opportunity'::regclass")
    assert [row[0] for row in found] == ["O"], "the guard is back"
