"""The bin on the screens: when each record goes for good, and erasing one at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import Conflict, NotFound
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Date, DateTime
from guanxi.kernel.declare.objects import Definition, named
from guanxi.kernel.records import door, erasing, reading
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

RULES = "bin_rules"
DELETED = named("deleted_at", DateTime(T("删除时间", "Deleted")))
GOES = named("goes_on", Date(T("彻底删除于", "Erased on"))).bound(sortable=False)


def columns(visit: Visit, it: Definition, shown: list[Column]) -> list[Column]:
    """The bin's list: what a record is called, when it was deleted and when it goes, then the usual."""
    rest = [c for c in shown[1:] if c.path != "deleted_at"]
    goes = [Column("goes_on", GOES, "read", it)] if erasing.erasable(it) else []
    return [*shown[:1], Column("deleted_at", DELETED, "read", it), *goes, *rest]


def stamp(visit: Visit, it: Definition, rows: list[dict[str, Any]]) -> None:
    """Say of each row on which day it goes; nothing where it stays for ever."""
    days = erasing.kept_days(visit.actor, it.name)
    for row in rows:
        row["goes_on"] = erasing.goes_on(row["deleted_at"], days, visit.catalog.settings.tz) if days else None


def may(visit: Visit, it: Definition) -> bool:
    """Whether the actor may erase records of an object that lie in the bin."""
    return visit.may(visit.catalog.object(RULES), "erase_now") and visit.may(it, "delete") and erasing.erasable(it)


def offers(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Offered]:
    """What the page of a deleted record leads to."""
    if row.get("deleted_at") is None or not may(visit, it):
        return []
    return [Offered("erase", T("彻底删除", "Erase for good"), visit.look.to(it.name, row["id"], "erase"), danger=True)]


@page
def erase(visit: Visit, plural: str, id: str) -> HttpResponse:
    """Asked once more, then gone for good."""
    from guanxi.surfaces.web.record import fetch

    it = visit.object(plural)
    row, _ = fetch(visit, it, id, [])
    if row.get("deleted_at") is None or not may(visit, it):
        raise NotFound()
    problem: Conflict | None = None
    if visit.posted:
        rules = reading.query(RULES, actor=visit.actor, fields=["id"], limit=1).rows[0]["id"]
        try:
            door.perform(RULES, "erase_now", actor=visit.actor, id=rules, inputs={"object": it.name, "record": str(row["id"])})
        except Conflict as found:
            problem = found
        else:
            visit.say(T(f"{it.label.zh}已彻底删除。", f"{it.label.en} erased for good."))
            return redirect(visit.look.to(it.name, bin="1"))
    name = visit.look.show(it.fields[it.title], row.get(it.title)) or visit.look.nameless
    return visit.page(
        "pages/erase.html", problem.status if problem is not None else 200, it=it, current=it, row=row, name=name, problem=problem, title=T("彻底删除", "Erase for good")
    )
