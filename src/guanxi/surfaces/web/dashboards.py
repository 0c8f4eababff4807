"""Dashboards: the list of them, one with its filters, its figures as a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse

from guanxi.base.clock import relative_label
from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id, uuid7
from guanxi.base.text import T, Text
from guanxi.kernel.declare.figures import Dashboard
from guanxi.kernel.declare.objects import List
from guanxi.kernel.records import auditing, door, figures, reading
from guanxi.kernel.records.figures import Drawn, Frame
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.write import Sheet, Value, write_sheets
from guanxi.surfaces.web import drawing
from guanxi.surfaces.web.drawing import Picture
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.visit import Visit, page, redirect

PERIODS = (
    "today", "this_week", "this_month", "this_quarter", "this_year", "yesterday", "last_week", "last_month", "last_quarter", "last_year",
    "last_7_days", "last_30_days", "last_90_days", "last_12_months", "next_month", "next_quarter", "next_6_months",
)  # fmt: skip
ALL, CUSTOM = "all", "custom"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_NARROW = 100


@dataclass(frozen=True)
class Shown:
    """A dashboard as it stands: a standard one by its key, or a record."""

    key: str
    dashboard: Dashboard
    mine: bool = False
    record: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        return f"/dashboards/{self.key}"


def find(visit: Visit, key: str) -> Shown:
    """The dashboard of an address. Raises NotFound."""
    if parse_id(key) is None:
        found = next((one for name, one in figures.dashboards(visit.actor) if name == key), None)
        if found is None:
            raise NotFound()
        return Shown(key, found)
    row = reading.get("dashboard", key, actor=visit.actor, fields=["name", "name_en", "settings", "owner"])
    mine = row["owner"] is not None and row["owner"]["id"] == visit.actor.user
    return Shown(str(row["id"]), figures.saved(row), mine, row)


@page
def index(visit: Visit) -> HttpResponse:
    """The standard ones, one's own, and those colleagues share."""
    standard = [Shown(key, one) for key, one in figures.dashboards(visit.actor)]
    rows = reading.query("dashboard", actor=visit.actor, fields=["name", "name_en", "settings", "owner"], sort=["order", "name"], limit=reading.MAX_LIMIT).rows
    saved = [(Shown(str(row["id"]), figures.saved(row), (row["owner"] or {}).get("id") == visit.actor.user), (row["owner"] or {}).get("label", "")) for row in rows]
    return visit.page("pages/dashboards.html", standard=standard, saved=saved, may_create=visit.may(visit.catalog.object("dashboard"), "create"), title=T("仪表盘", "Dashboards"))


@page
def show(visit: Visit, key: str) -> HttpResponse:
    """One dashboard, narrowed by what the address says."""
    shown = find(visit, key)
    bar = filters(visit, shown.dashboard)
    pictures = draw(visit, shown.dashboard, bar.frame)
    return visit.page(
        "pages/dashboard.html",
        shown=shown,
        bar=bar,
        pictures=pictures,
        periods=(ALL, *PERIODS, *([bar.period] if bar.period not in (ALL, CUSTOM, *PERIODS) else [])),
        labels=relative_label,
        numeric=numeric,
        exportable=any(may(visit, one.drawn) for one in pictures),
        printable=any(may(visit, one.drawn, "print") for one in pictures),
        may_export=lambda one: may(visit, one.drawn),
        address=lambda **changes: _address(visit, shown.path, **changes),
        file=lambda **changes: _address(visit, shown.path + "/figures.xlsx", **changes),
        printed=_address(visit, shown.path + "/figures.pdf"),
        title=shown.dashboard.label,
    )


def draw(visit: Visit, dashboard: Dashboard, frame: Frame) -> list[Picture]:
    found = figures.draw(dashboard.widgets, frame, actor=visit.actor)
    return [drawing.picture(visit.look, one, number) for number, one in enumerate(found)]


@page
def copy(visit: Visit, key: str) -> HttpResponse:
    """One's own copy, to change."""
    if not visit.posted:
        return redirect(f"/dashboards/{key}")
    shown = find(visit, key)
    one = shown.dashboard
    names = {"name": f"{one.label.zh}（我的）", "name_en": f"{one.label.en} (mine)"}
    made = door.perform("dashboard", "create", actor=visit.actor, changes=names | {"settings": figures.settings(one)})
    visit.say(T("已复制，可以修改了。", "Copied; it is yours to change."))
    return redirect(f"/dashboards/{made.id}/compose")


# -- the bar of filters --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """What may be chosen, what is, and what that means."""

    frame: Frame
    period: str
    first: date | None
    last: date | None
    people: Sequence[dict[str, Any]]
    departments: Sequence[dict[str, Any]]
    who: str
    narrow: Sequence[dict[str, Any]]
    about: Any
    error: Text | None = None


def filters(visit: Visit, dashboard: Dashboard) -> Bar:
    get, settings = visit.get, visit.look.settings
    period = get.get("period") or (CUSTOM if get.get("from") or get.get("to") else dashboard.period or ALL)
    compare = get.get("compare") == "1" if "compare" in get else dashboard.compare
    error: Text | None = None
    days, of = None, ""
    try:
        of = "" if period == ALL else f"{get.get('from', '')}..{get.get('to', '')}" if period == CUSTOM else period
        days = figures.span(of, settings) if of else None
    except Invalid as problem:
        if period == CUSTOM and not (get.get("from") and get.get("to")):
            error = T("请选择起止日期。", "Choose the first and the last day.")
        else:
            error = problem.errors[0].message
        of = ""
    people = figures.people(visit.actor, [one.object for one in dashboard.widgets if one.person])
    departments = reading.query("department", actor=visit.actor, fields=["name"], sort=["order", "name"], limit=reading.MAX_LIMIT).rows if people else []
    who = get.get("who", "")
    kind, _, one = who.partition(":")
    whom = parse_id(one)
    narrow, about = _narrow(visit, dashboard)
    frame = Frame(of, whom if kind == "d" else None, whom if kind == "u" else None, about["id"] if about else None, compare)
    first, last = (days[0], days[1] - timedelta(days=1)) if days else (None, None)
    return Bar(frame, period, first, last, people, departments, who if whom else "", narrow, about, error)


def _narrow(visit: Visit, dashboard: Dashboard) -> tuple[Sequence[dict[str, Any]], dict[str, Any] | None]:
    """The records a dashboard can be about, and the chosen one: the first of their own list if nobody chose."""
    if not dashboard.narrow:
        return [], None
    it = visit.catalog.object(dashboard.narrow)
    view: List | None = it.view(List)
    rows = reading.query(it.name, actor=visit.actor, fields=[it.title], sort=view.sort if view is not None else None, limit=MOST_NARROW).rows
    asked = parse_id(visit.get.get("about", ""))
    options = [{"id": row["id"], "label": row.get(it.title) or visit.look.nameless} for row in rows]
    return options, next((one for one in options if one["id"] == asked), options[0] if options else None)


def _address(visit: Visit, path: str, **changes: Any) -> str:
    query = visit.get.copy()
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = str(value)
    text = query.urlencode(safe="/,:")
    return path + ("?" + text if text else "")


# -- figures as a workbook -----------------------------------------------------------------------------------------------


def may(visit: Visit, drawn: Drawn | None, right: str = "export") -> bool:
    """Whether somebody may take a widget's figures out, or print them."""
    return drawn is not None and drawn.object is not None and drawn.problem is None and visit.may(drawn.object, right)


@page
def workbook(visit: Visit, key: str) -> HttpResponse:
    """The figures of a dashboard, or of one widget, as XLSX: what is on the page, of objects one may export; a line of the log."""
    shown = find(visit, key)
    bar = filters(visit, shown.dashboard)
    asked = visit.get.get("widget", "")
    chosen = [one for one in draw(visit, shown.dashboard, bar.frame) if (not asked or asked == str(one.number)) and may(visit, one.drawn)]
    if not chosen:
        raise NotFound()
    file, number = io.BytesIO(), uuid7().hex[-12:]
    write_sheets(file, sheets(visit, chosen), above=exporting.mark(visit.actor, number))
    auditing.exported(visit.actor, "dashboard", len(chosen), visit.request.get_full_path(), [visit.look.say(one.widget.title) for one in chosen], number)
    name = visit.look.say(chosen[0].widget.title if asked else shown.dashboard.label)
    return HttpResponse(
        file.getvalue(),
        content_type=XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.xlsx", "Cache-Control": "private, no-store"},
    )


def sheets(visit: Visit, pictures: Sequence[Picture]) -> list[Sheet]:
    """All single numbers on one sheet, every other widget on its own."""
    say, t = visit.look.say, visit.look.t
    out: list[Sheet] = []
    single = [one for one in pictures if one.widget.kind in ("number", "target")]
    if single:
        heads = (t("指标", "Figure"), t("数值", "Value"), t("上期", "Before"), t("上期时间", "Compared with"))
        rows: list[list[Value]] = []
        for one in single:
            assert one.total is not None
            rows.append([say(one.widget.title), one.total.raw, one.before.raw if one.before else None, one.since or None])
            rows += [[f"{say(one.widget.title)} · {label}", cell.raw, None, None] for label, cell in one.also]
        out.append(Sheet(t("数字", "Numbers"), heads, rows))
    for one in pictures:
        if one in single:
            continue
        if one.columns and one.drawn is not None and one.drawn.rows is not None:
            names = [say(c.field.label) for c in one.columns]
            out.append(Sheet(say(one.widget.title), names, [[_cell(visit, c.field, row.get(c.path)) for c in one.columns] for row in one.drawn.rows.rows]))
        else:
            out.append(Sheet(say(one.widget.title), one.heads, [[row.label, *(cell.raw for cell in row.cells)] for row in one.rows]))
    return [replace(sheet, name=_apart(sheet.name, out[:at], at)) for at, sheet in enumerate(out)]


def _apart(name: str, before: Sequence[Sheet], at: int) -> str:
    """A name no sheet before has: a workbook takes each once, whatever its case, and thirty-one characters of it."""
    return f"{name[:24]} ({at + 1})" if any(one.name[:31].casefold() == name[:31].casefold() for one in before) else name


def _cell(visit: Visit, field: Any, value: Any) -> Value:
    return exporting.cell(field, value, visit.look.lang, visit.look.settings.tz, visit.look.settings.currency)
