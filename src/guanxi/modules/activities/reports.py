"""The rules of work reports: the period one is of, and the figures of it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from guanxi.kernel import Problem, Test

WON = "amount"
"""What a deal won is worth, on the deal."""


def today(context: Any) -> date:
    return context.today  # type: ignore[no-any-return]


def whole_period(kind: str, day: date) -> tuple[date, date]:
    """The first and the last day of the day, week (from Monday) or month around a day."""
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if kind == "month":
        return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    return day, day


def period(draft: Any, context: Any) -> str | None:
    """What the report is called, in figures that every language reads. Any day of the period may be given: the first one is kept,
    so that two reports of one period are seen to be two."""
    if draft.kind is None or draft.day is None:
        return None
    first, last = whole_period(draft.kind, draft.day)
    draft.day = first
    return {"day": f"{first}", "week": f"{first} – {last}", "month": f"{first:%Y-%m}"}[draft.kind]


def count_up(draft: Any, context: Any) -> None:
    """The figures of the period, of whoever the report is of, as they stand at saving: nobody types them. What was won is left out where
    whoever saves may not add the amounts of deals up."""
    if draft.kind is None or draft.day is None or draft.owner is None:
        return
    first, last = whole_period(draft.kind, draft.day)
    mine = Test("owner", "=", draft.owner)

    def within(name: str) -> Test:
        return Test(name, "between", [first.isoformat(), last.isoformat()])

    try:
        context.field_at("opportunity", WON)
        summed = True
    except Problem:
        summed = False
    ways, customers, deals = context.figures(
        ("activity", mine & within("happened_at"), ("kind",), ("count",)),
        ("customer", mine & within("created_at"), (), ("count",)),
        ("opportunity", mine & within("closed_on") & Test("result", "=", "won"), (), ("count", f"sum:{WON}")),
    )
    by_way = {row["kind"]: row["count"] for row in ways}
    draft.follow_ups = sum(by_way.values())
    draft.visits, draft.calls = by_way.get("visit", 0), by_way.get("phone", 0)
    draft.new_customers = customers[0]["count"]
    draft.won = deals[0]["count"]
    draft.won_amount = {"amount": deals[0][f"sum:{WON}"] or Decimal(0), "currency": context.settings.currency} if summed else None
