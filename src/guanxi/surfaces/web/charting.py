"""The records of an object as a chart: any list under its filters, by one field, counted or summed, each figure opening its rows; taken
out as a workbook, PDF or picture, and kept as a part of a dashboard. It is a widget nobody has kept yet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.base.ids import parse_id, uuid7
from guanxi.base.text import T, Text
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import Choice, Date, DateTime, Stage
from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.declare.objects import Board, Definition
from guanxi.kernel.records import auditing, door, figures, reading
from guanxi.kernel.records.figures import Frame
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.write import write_sheets
from guanxi.surfaces.web import amounts, composing, dashboards, drawing, filters, phrasing, printing, showing
from guanxi.surfaces.web.composing import AREAS, KINDS, UNITS, Option
from guanxi.surfaces.web.drawing import Picture
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.visit import Visit, page, redirect

DRAWN_AS = ("bar", "line", "pie", "table")
ASKED = ("by", "measure", "as")
"""What of the address is about the chart alone."""


@dataclass(frozen=True)
class Chosen:
    """What the chart of an address shows: of which records, by what, how much, and how it is drawn."""

    frame: showing.Frame
    groups: Sequence[Option]
    measures: Sequence[Option]
    by: str
    measure: str
    drawn_as: str
    picture: Picture

    @property
    def title(self) -> Text:
        return self.picture.widget.title


def chart(visit: Visit, it: Definition) -> HttpResponse:
    """The page: what is counted by what, beside the filters every way of showing has."""
    chosen = _chosen(visit, it)
    own = [(key, value) for key in visit.get for value in visit.get.getlist(key) if value and key not in (*ASKED, "after")]
    return visit.page(
        "pages/chart.html",
        422 if chosen.frame.errors else 200,
        **{**chosen.frame.context(), "saving": None},
        chosen=chosen,
        p=chosen.picture,
        numeric=numeric,
        kinds=[(key, KINDS[key]) for key in DRAWN_AS],
        own=own,
        count=_count(chosen.picture),
        exportable=not chosen.frame.errors and dashboards.may(visit, chosen.picture.drawn),
        printable=not chosen.frame.errors and dashboards.may(visit, chosen.picture.drawn, "print"),
        file=lambda name: _place(visit, it, name),
        keeps=visit.may(visit.catalog.object("dashboard"), "create"),
    )


def _count(picture: Picture) -> int | None:
    """How many records there are, where that is what is measured; otherwise their number is not asked for."""
    return int(picture.total.raw or 0) if picture.total is not None and picture.widget.measure == "count" else None


def _place(visit: Visit, it: Definition, name: str) -> str:
    query = visit.get.urlencode(safe="/,:")
    return f"/{it.plural}/{name}" + (f"?{query}" if query else "")


def groups(visit: Visit, it: Definition) -> Sequence[Option]:
    """What the records can be charted by."""
    return visit.kept(("charted", it.name), lambda: list(composing.groups(visit, it)))  # type: ignore[no-any-return]


def _chosen(visit: Visit, it: Definition) -> Chosen:
    """What the address asks for; of what it does not say or may not ask, the usual."""
    frame = showing.Frame.of(visit, it, "chart")
    offered, measures = groups(visit, it), list(composing.measures(visit, it))
    if not offered:
        raise NotFound()
    asked, measure, drawn_as = (visit.get.get(key, "") for key in ASKED)
    by = asked if any(one.value == asked for one in offered) else _usual(it, offered)
    measure = measure if any(one.value == measure for one in measures) else "count"
    dated = isinstance(it.fields.get(by.partition(":")[0]), Date | DateTime)
    staged = isinstance(it.fields.get(by), Stage)
    drawn_as = drawn_as if drawn_as in DRAWN_AS else "line" if dated else "bar"
    if drawn_as == "pie" and measure.partition(":")[0] not in amounts.ADD_UP:
        drawn_as = "bar"  # parts of a whole that is no sum would be none
    widget = Widget(drawn_as, _title(visit, it, by, measure), it.name, measure, (by,), conditions.to_text(And(tuple(phrasing.parts(frame.where)))), sort=("group",) if staged else (), size="full")  # type: ignore[arg-type]
    (drawn,) = figures.draw([widget], Frame(), actor=visit.actor)
    return Chosen(frame, offered, measures, by, measure, drawn_as, drawing.picture(visit.look, drawn, 0))


def _usual(it: Definition, offered: Sequence[Option]) -> str:
    """The columns of the object's board, its first choice, whose they are, else what comes first."""
    board: Board | None = it.view(Board)
    choices = [name for name, one in it.fields.items() if isinstance(one, Choice)]
    values = [one.value for one in offered]
    return next((name for name in (*([board.by] if board is not None else []), *choices, "owner") if name in values), values[0])


def _title(visit: Visit, it: Definition, by: str, measure: str) -> Text:
    """What the chart is called at first: its records, the measure unless they are counted, and what they are grouped by."""
    path, _, unit = by.partition(":")
    how, _, name = measure.partition(":")
    group = filters.column(visit.guard, it, path)
    assert group is not None
    zh, en = it.label.zh, it.label.en
    if name:
        of, word = it.fields[name].label, drawing.MEASURES[how]
        zh, en = (f"{zh} · {word.zh}{of.zh}" if how == "distinct" else f"{zh} · {of.zh}{word.zh}"), f"{en}: {word.en} {of.en}"
    within = ({**UNITS, **AREAS}).get(unit) if unit else None
    zh, en = f"{zh} · 按{group.field.label.zh}", f"{en} by {group.field.label.en}"
    return T(f"{zh}（{within.zh}）", f"{en}, {within.en}") if within is not None else T(zh, en)


# -- out, and kept -------------------------------------------------------------------------------------------------------


def _out(visit: Visit, plural: str, right: str = "export") -> Chosen:
    """The chart somebody takes out. Raises NotFound where they may not export, or print, such records."""
    chosen = _chosen(visit, visit.object(plural))
    if chosen.frame.errors or not dashboards.may(visit, chosen.picture.drawn, right):
        raise NotFound()
    return chosen


@page
def workbook(visit: Visit, plural: str) -> HttpResponse:
    """Its figures as XLSX; a line of the log."""
    chosen, file, number = _out(visit, plural), io.BytesIO(), uuid7().hex[-12:]
    title = visit.look.say(chosen.title)
    write_sheets(file, dashboards.sheets(visit, [chosen.picture]), above=exporting.mark(visit.actor, number))
    auditing.exported(visit.actor, "dashboard", 1, visit.request.get_full_path(), [title], number)
    return HttpResponse(
        file.getvalue(),
        content_type=dashboards.XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(title, safe='')}.xlsx", "Cache-Control": "private, no-store"},
    )


@page
def paper(visit: Visit, plural: str) -> HttpResponse:
    """The chart as PDF, with what it is narrowed to; a line of the log."""
    chosen = _out(visit, plural, "print")
    title = visit.look.say(chosen.title)
    auditing.exported(visit.actor, "dashboard", 1, visit.request.get_full_path(), [title])
    narrowed = [visit.look.say(chosen.frame.view.label), *(str(chip.text) for chip in chosen.frame.context()["chips"])]
    return printing.figures(visit, title, [" · ".join(narrowed)], [chosen.picture])


@page
def keep(visit: Visit, plural: str) -> HttpResponse:
    """The chart as a part of one's own dashboard, an old one or a new one."""
    it = visit.object(plural)
    if not visit.may(visit.catalog.object("dashboard"), "create"):
        raise Forbidden()
    chosen = _chosen(visit, it)
    if chosen.frame.errors:
        raise NotFound()
    mine = reading.query("dashboard", actor=visit.actor, where=Test("owner", "=", "me"), fields=["name", "name_en", "settings"], sort=["order", "name"], limit=reading.MAX_LIMIT).rows
    title, error = visit.look.say(chosen.title), None
    into, name = visit.post.get("into", str(mine[0]["id"]) if mine else ""), ""
    if visit.posted:
        title, name = visit.post.get("title", "").strip()[:200], visit.post.get("name", "").strip()
        try:
            to = _kept(visit, chosen, mine, into, title, name)
        except Invalid as problem:
            error = problem.errors[0].message if problem.errors else problem.detail
        else:
            visit.say(T("图表已放到仪表盘。", "The chart is on the dashboard."), "done", f"/dashboards/{to}", T("打开", "Open it"))
            return redirect(visit.get.get("next") or f"/dashboards/{to}")
    return visit.page(
        "pages/chart_keep.html", 422 if error is not None else 200, current=it, it=it, mine=mine, into=into, name=name, title=T("放到仪表盘", "Put on a dashboard"),
        called=title, error=error, back=f"/{it.plural}?{visit.get.urlencode(safe='/,:')}",
    )  # fmt: skip


def _kept(visit: Visit, chosen: Chosen, mine: Sequence[dict[str, Any]], into: str, title: str, name: str) -> str:
    """The id of the dashboard that has the chart now. Raises Invalid."""
    held = chosen.picture.widget
    part = {**held.to_json(), "size": "medium", "title": title}
    if title in (held.title.zh, held.title.en) or not title:
        part["title"] = {"zh": held.title.zh, "en": held.title.en}
    there = next((row for row in mine if row["id"] == parse_id(into)), None)
    if there is not None:
        settings = there["settings"] or {}
        changes = {"settings": {**settings, "widgets": [*settings.get("widgets", []), part]}}
        return str(door.perform("dashboard", "update", actor=visit.actor, id=there["id"], changes=changes, version=there["version"]).id)
    return str(door.perform("dashboard", "create", actor=visit.actor, changes={"name": name or None, "settings": {"widgets": [part]}}).id)
