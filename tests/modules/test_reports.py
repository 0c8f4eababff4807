"""Work reports, through the door: what they count, who reads them, and that only their author writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from guanxi.kernel import Forbidden, Invalid, NotFound
from guanxi.kernel.records import door, reading
from guanxi.modules.activities.reports import whole_period
from tests.kernel.tools import state
from tests.modules.conftest import Company, Person

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
FIGURES = ("follow_ups", "visits", "calls", "new_customers", "won")


def report(person: Person, **changes: Any) -> UUID:
    return person.create("work_report", **{"done": "拜访两家客户", **changes})


def seen(person: Person, id: UUID) -> bool:
    return bool(reading.query("work_report", actor=person.actor(), where={"field": "id", "op": "=", "value": str(id)}, fields=["id"]).rows)


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("day", "2026-11-25", "2026-11-25", "2026-11-25"), ("week", "2026-11-25", "2026-11-23", "2026-11-29"),
        ("week", "2027-01-01", "2026-12-28", "2027-01-03"), ("month", "2028-02-29", "2028-02-01", "2028-02-29"),
    ],
)  # fmt: skip
def test_a_period_is_whole(kind: str, day: str, first: str, last: str) -> None:
    assert whole_period(kind, date.fromisoformat(day)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_report_is_called_by_its_period_and_there_is_one_of_each(company: Company) -> None:
    week = report(company.owner, kind="week", day="2025-06-12")
    row = company.get("work_report", week)
    assert (row["period"], row["day"], row["owner"]) == ("2025-06-09 – 2025-06-15", date(2025, 6, 9), company.owner.id)
    assert company.get("work_report", report(company.owner, kind="month", day="2025-06-12"))["period"] == "2025-06"
    before = state()
    with pytest.raises(Invalid):
        report(company.owner, kind="week", day="2025-06-15")
    with pytest.raises(Invalid):
        report(company.owner, kind="year")
    with pytest.raises(Invalid):
        company.owner.create("work_report", day="2025-07-01")
    with pytest.raises(Invalid):
        report(company.owner, day="2025-07-01", follow_ups=99)
    assert state() == before
    report(company.teammate, kind="week", day="2025-06-15")
    company.owner.update("work_report", week, day="2025-06-20")
    assert company.get("work_report", week)["period"] == "2025-06-16 – 2025-06-22"


def test_its_figures_are_those_of_its_author_in_its_period(company: Company) -> None:
    owner, other = company.outsider, company.owner
    customer, theirs = owner.create("customer", name="报告客户"), other.create("customer", name="别人的客户")
    for kind, day in (("phone", 0), ("phone", 0), ("visit", 0), ("wechat", 0), ("visit", 40)):
        owner.create("activity", content="谈", customer=customer, kind=kind, happened_at=(datetime.now(UTC) - timedelta(days=day)).isoformat())
    other.create("activity", content="谈", customer=theirs, kind="visit")
    for amount, day in (("1000.50", TODAY), ("2000", TODAY), ("5", TODAY - timedelta(days=40))):
        owner.create("opportunity", name=f"单 {amount}", customer=customer, amount=amount, stage=company.stage("won"), closed_on=day.isoformat())
    owner.create("opportunity", name="未成", customer=customer, amount="77")
    mine = report(owner)
    row = company.get("work_report", mine)
    assert (row["day"], row["kind"]) == (TODAY, "day")
    assert tuple(row[name] for name in FIGURES) == (4, 1, 2, 1, 2)
    assert row["won_amount"]["amount"] == Decimal("3000.50") and row["won_amount"]["currency"] == "CNY"
    past = company.get("work_report", report(owner, day=(TODAY - timedelta(days=40)).isoformat()))
    assert tuple(past[name] for name in FIGURES) == (1, 1, 0, 0, 1) and past["won_amount"]["amount"] == Decimal(5)
    empty = company.get("work_report", report(owner, kind="month", day="2020-02-29"))
    assert tuple(empty[name] for name in FIGURES) == (0, 0, 0, 0, 0) and empty["won_amount"]["amount"] == 0
    owner.create("activity", content="再谈", customer=customer, kind="phone")
    assert company.get("work_report", mine)["follow_ups"] == 4, "as they stood at saving"
    owner.update("work_report", mine, plan="继续")
    assert tuple(company.get("work_report", mine)[name] for name in FIGURES) == (5, 1, 3, 1, 2)


def test_superiors_and_whoever_it_names_read_it_and_its_author_alone_writes(company: Company) -> None:
    plain, named = report(company.owner, day="2025-03-03"), report(company.owner, day="2025-03-04", readers=[str(company.outsider.id)])
    assert {name: (seen(getattr(company, name), plain), seen(getattr(company, name), named)) for name in ("owner", "manager", "teammate", "outsider")} == {
        "owner": (True, True), "manager": (True, True), "teammate": (False, False), "outsider": (False, True),
    }  # fmt: skip
    before = state()
    for name, refused in (("manager", Forbidden), ("outsider", Forbidden), ("teammate", NotFound)):
        for verb, changes in (("update", {"done": "改"}), ("delete", {})):
            with pytest.raises(refused):
                getattr(company, name).do("work_report", verb, named, changes)
    with pytest.raises(Forbidden):
        report(company.manager, day="2025-03-05", owner=str(company.owner.id))
    assert state() == before
    made = door.perform("comment", "create", actor=company.outsider.actor(), changes={"object_name": "work_report", "record": str(named), "text": "做得好"})
    assert reading.query("comment", actor=company.owner.actor(), where={"field": "id", "op": "=", "value": str(made.id)}, fields=["text"]).rows[0]["text"] == "做得好"
    with pytest.raises(NotFound):
        reading.get("work_report", plain, actor=company.outsider.actor())
    company.desk.perform("user", "update", company.owner.id, {"superior": str(company.outsider.id)})
    assert seen(company.outsider, plain)
    company.desk.perform("user", "update", company.owner.id, {"superior": None})
    assert not seen(company.outsider, plain)


def test_the_lists_tell_ones_own_from_the_teams_and_todays(company: Company) -> None:
    mine, theirs = report(company.manager, day="2025-04-01"), report(company.teammate, day="2025-04-01", readers=[str(company.manager.id)])
    now = report(company.teammate)
    views = {view.name: view.where for view in reading.guard_of(company.manager.actor()).catalog.object("work_report").views if hasattr(view, "where")}
    found = {name: {row["id"] for row in reading.query("work_report", actor=company.manager.actor(), where=where, fields=["id"], limit=200).rows} & {mine, theirs, now} for name, where in views.items()}
    assert found == {"all": {mine, theirs, now}, "mine": {mine}, "team": {theirs, now}, "for_me": {theirs}, "today": {now}}


def test_amounts_one_may_not_see_are_in_no_report(company: Company) -> None:
    held = next(row for row in company.desk.find("role") if row["key"] == "sales")
    grants = {**held["grants"], "opportunity": {**held["grants"]["opportunity"], "fields": {"amount": "hidden"}}}
    company.desk.perform("role", "update", held["id"], {"grants": grants})
    row = company.get("work_report", report(company.outsider, day="2025-05-05"))
    company.desk.perform("role", "update", held["id"], {"grants": held["grants"]})
    assert row["won_amount"] is None and row["won"] == 0
