"""The tree of an object whose records have a parent among themselves: departments, groups of companies. Branches are read when
they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.ids import parse_id
from guanxi.kernel.declare.conditions import And, Condition, Not, Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import filters, showing
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.look import render
from guanxi.surfaces.web.visit import Visit

MOST = 200
SHOWN = 3
"""Columns beside the name."""


@dataclass(frozen=True)
class Twig:
    """A record, and how many hang directly on it."""

    row: dict[str, Any]
    below: int


def tree(visit: Visit, it: Definition) -> HttpResponse:
    """The roots, or with `under` one branch: a part of the page for htmx, a page of its own without script."""
    frame = showing.Frame.of(visit, it, "tree")
    columns = _columns(visit, it, frame)
    under = parse_id(visit.get.get("under", ""))
    if visit.get.get("under") and under is None:
        raise NotFound()
    trail: dict[str, Any] | None = None
    rest = False
    if under is not None:
        trail = reading.get(it.name, under, actor=visit.actor, fields=[it.title, it.parent])
        rows = _rows(visit, it, Test(it.parent, "=", under), columns, _order(it))
    else:
        rows, rest = _roots(visit, it, frame, columns)
    twigs = _counted(visit, it, rows)
    context = {"twigs": twigs, "beside": columns, "it": it, "full": len(rows) == MOST, "branch": lambda id: frame.href(under=str(id)), "behind": lambda id: visit.look.to(it.name, where=f"{it.parent} = {id}")}
    if under is not None and visit.request.headers.get("HX-Request"):
        return HttpResponse(render("pages/twigs.html", visit.look, context), headers={"Cache-Control": "private, no-store", "Vary": "HX-Request"})
    return visit.page(
        "pages/tree.html",
        422 if frame.errors else 200,
        **frame.context(),
        **{key: value for key, value in context.items() if key != "it"},
        trail=trail,
        rest=visit.look.to(it.name, where=f"{it.parent} empty") if rest else "",
    )


def _columns(visit: Visit, it: Definition, frame: showing.Frame) -> list[Column]:
    paths = [path for path in frame.view.columns if path not in (it.title, it.parent)]
    return [c for path in paths if (c := filters.column(visit.guard, it, path)) is not None][:SHOWN]


def _order(it: Definition) -> list[str]:
    return ["order", it.title] if "order" in it.fields else [it.title]


def _rows(visit: Visit, it: Definition, where: Condition, columns: list[Column], sort: list[str] | None) -> list[dict[str, Any]]:
    fields = [it.title, *(c.path for c in columns)]
    return reading.query(it.name, actor=visit.actor, where=where, fields=fields, sort=sort, limit=MOST).rows


def _roots(visit: Visit, it: Definition, frame: showing.Frame, columns: list[Column]) -> tuple[list[dict[str, Any]], bool]:
    """Where the tree begins: what a filter found, else the records without a parent in sight. Among very many, those only
    that others hang on; the second answer says so."""
    if frame.errors:
        return [], False
    if frame.narrows:
        return _rows(visit, it, frame.where, columns, None), False
    top = And((frame.where, Not(Test(f"{it.parent}.id", "not empty"))))
    rows = _rows(visit, it, top, columns, None)
    if len(rows) < MOST:
        names = {row["id"]: str(row.get(it.title) or "") for row in rows}
        ordered = _rows(visit, it, top, columns, _order(it)) if "order" in it.fields else sorted(rows, key=lambda row: names[row["id"]])
        return ordered, False
    figures = reading.aggregate(it.name, actor=visit.actor, where=Test(it.parent, "not empty"), group_by=[it.parent]).rows
    held = [row[it.parent]["id"] for row in figures if row[it.parent] is not None]
    return _rows(visit, it, And((top, Test("id", "in", held))), columns, _order(it)), True


def _counted(visit: Visit, it: Definition, rows: list[dict[str, Any]]) -> list[Twig]:
    if not rows:
        return []
    where = Test(it.parent, "in", [row["id"] for row in rows])
    below: dict[UUID, int] = {}
    for row in reading.aggregate(it.name, actor=visit.actor, where=where, group_by=[it.parent]).rows:
        if row[it.parent] is not None:
            below[row[it.parent]["id"]] = row["count"]
    twigs = [Twig(row, below.get(row["id"], 0)) for row in rows]
    return twigs if "order" in it.fields else sorted(twigs, key=lambda twig: twig.below == 0)
