"""Keeping what a list, a board, a calendar, a tree or regions show as a view: a record of one's own that may be shared, and that
opens the way it was saved (docs/adr/0010)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition
from guanxi.kernel.declare.grouping import FIELD, OBJECT
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import door, reading, views
from guanxi.surfaces.web import arranging, boards, calendars, filters, forms, grouping, listing, regions, showing
from guanxi.surfaces.web.inputs import Raw, defaults, read_all
from guanxi.surfaces.web.visit import Visit, page, redirect

ASKED = ("name", "pinned", "everyone", "roles", "people")
"""What is asked for when a view is saved; the rest is what the page shows."""
WITHOUT = ("after", "before", "column", "open", "date", "quiet")
"""What of an address is about the moment, not about the view."""


@dataclass(frozen=True)
class Offer:
    """What can be done with what a list shows now: keep it as a new view, write it into one's own, arrange that one, make a
    group of all it means."""

    new: str
    into: str = ""
    own: str = ""
    group: str = ""


def offer(visit: Visit, it: Definition, view: List) -> Offer | None:
    """None when the list shows its view as it is and that view is nobody's own."""
    query = {key: values for key, values in visit.get.lists() if key not in WITHOUT}
    way, held = showing.kind(visit, it), showing.held(visit, it)
    changed = any(values != [""] for key, values in query.items() if key != "view")
    if way == "list":
        held = next((one for one in views.for_object(visit.actor, it.name, ("list",)) if one.key == view.name), None)
    elif held is None:
        changed = True  # that it is a board is what there is to keep
    own = str(held.id) if held is not None and held.mine and held.id is not None else ""
    if not changed and not own:
        return None
    text = urlencode(query, doseq=True, safe="/,", quote_via=quote)
    new = f"/{it.plural}/save-view?{text}" if changed else ""
    return Offer(new, f"{new}&into={own}" if changed and own else "", f"/views/{own}" if own else "", _group(visit, it) if changed and way == "list" else "")


def _group(visit: Visit, it: Definition) -> str:
    """Where the records a list means become a group by condition; nowhere when it means all of them, or asks for groups itself."""
    if not it.grouped or not visit.may(visit.catalog.object(OBJECT), "create"):
        return ""
    try:
        where = listing.condition(visit, it)
        if not conditions.narrows(where) or any(FIELD in leaf.path.split(".") for leaf in conditions.leaves(where)):
            return ""
        asked = {"object_name": it.name, "kind": "dynamic", "condition": conditions.to_text(where)}
    except (Invalid, TypeError):
        return ""
    return f"/{visit.catalog.object(OBJECT).plural}/new?{urlencode(asked, quote_via=quote)}"


@page
def save(visit: Visit, plural: str) -> HttpResponse:
    """A new view of what the list's address shows, or, posted with `into`, one's own changed to it."""
    it = visit.object(plural)
    saved = visit.catalog.object("view")
    if not visit.may(saved, "create"):
        raise Forbidden()
    if showing.kind(visit, it) not in SETTINGS:
        raise NotFound()  # a chart is kept on a dashboard
    into = parse_id(visit.get.get("into", ""))
    if into is not None:
        return _into(visit, it, into)
    fields = [saved.fields[name] for name in ASKED if visit.guard.level(saved, name) == "write"]
    if not visit.posted:
        return forms.draw(visit, saved, "create", fields, [], defaults(fields, visit))
    raw = Raw.of(visit.post)
    read = read_all(fields, raw, visit, everything=True)
    try:
        read.check()
        changes = {**read.values, "object_name": it.name, "kind": showing.kind(visit, it), "settings": settings(visit, it)}
        result = door.perform("view", "create", actor=visit.actor, changes=changes)
    except (Invalid, Conflict, Forbidden) as problem:
        return forms.draw(visit, saved, "create", fields, [], raw, problem=problem, candidates=read.candidates)
    visit.say(T("视图已保存。", "The view is saved."))
    return redirect(visit.look.to(it.name, view=str(result.id)))


def _into(visit: Visit, it: Definition, view: UUID) -> HttpResponse:
    if not visit.posted:
        raise NotFound()
    held = next((one for one in views.for_object(visit.actor, it.name) if one.id == view), None)
    if held is None:
        raise NotFound()
    if held.kind != showing.kind(visit, it):
        raise NotFound()
    door.perform("view", "update", actor=visit.actor, id=view, changes={"settings": {**{key: value for key, value in held.settings.items() if key not in REWRITTEN}, **settings(visit, it)}}, version=held.version)
    visit.say(T("视图已更新。", "The view is changed."))
    return redirect(visit.look.to(it.name, view=held.key))


REWRITTEN = ("where", "group", "process", "span", "at")
"""What a view keeps only as long as the page it is changed from shows it."""


def settings(visit: Visit, it: Definition) -> dict[str, Any]:
    """What the address shows, as a view's settings: those of its way of showing, and which records."""
    out, where = SETTINGS[showing.kind(visit, it)](visit, it)
    if conditions.narrows(where):
        out["where"] = conditions.to_json(where)
    return {key: value for key, value in out.items() if value not in (None, "")}


def _records(visit: Visit, it: Definition, own: Any = None) -> Condition:
    """The records of the address, under what the view shown asks of them itself."""
    view = showing.list_view(visit, it, visit.get.get("scope", ""))
    return And(tuple(c for c in (visit.guard.parse(own), showing.condition(visit, it, view, filters.offered(visit.guard, it, view))) if conditions.narrows(c)))


def _board(visit: Visit, it: Definition) -> tuple[dict[str, Any], Condition]:
    board = boards.shown(visit, it)
    out = {"by": board.by, "card": list(board.card), "total": board.total, "sort": list(board.sort), "process": showing.told(visit, it, "process")}
    return out, _records(visit, it, board.where)


def _calendar(visit: Visit, it: Definition) -> tuple[dict[str, Any], Condition]:
    calendar = calendars.shown(visit, it)
    span, _ = calendars.span_of(visit, showing.told(visit, it, "span"))
    return {"date": calendar.date, "end": calendar.end, "card": list(calendar.card), "span": span}, _records(visit, it, calendar.where)


def _tree(visit: Visit, it: Definition) -> tuple[dict[str, Any], Condition]:
    saved = showing.held(visit, it)
    return {}, _records(visit, it, saved.settings.get("where") if saved is not None else None)


def _region(visit: Visit, it: Definition) -> tuple[dict[str, Any], Condition]:
    by, total, at = regions.shown(visit, it)
    return {"by": by.name, "total": total.name if total is not None else "", "at": at}, _tree(visit, it)[1]


def _list(visit: Visit, it: Definition) -> tuple[dict[str, Any], Condition]:
    view = showing.list_view(visit, it, showing.key(visit))
    sort = [one for one in visit.get.get("sort", "").split(",") if one] or list(view.sort)
    out: dict[str, Any] = {"columns": [one.path for one in listing.columns(visit, it)], "sort": sort}
    group = grouping.by(visit, it, showing.settings_of(visit, it, view))
    if group is not None:
        out["group"] = grouping.spec(group)
    arranged = arranging.arrangement(visit, it, view)
    if "density" in arranged:
        out["density"] = arranged["density"]
    if known := {path: width for path, width in (arranged.get("widths") or {}).items() if path in out["columns"]}:
        out["widths"] = known
    held = showing.settings_of(visit, it, view).get("size")
    if size := next((n for n in listing.SIZES if str(n) == visit.get.get("size")), held):
        out["size"] = size
    return out, listing.condition(visit, it)


SETTINGS: dict[str, Callable[[Visit, Definition], tuple[dict[str, Any], Condition]]] = {
    "list": _list, "board": _board, "calendar": _calendar, "tree": _tree, "region": _region,
}  # fmt: skip


@page
def counted(visit: Visit, plural: str) -> HttpResponse:
    """How many records a list's address means, asked for after the page where there are many."""
    it = visit.object(plural)
    ((count, more),) = reading.counts([(it.name, listing.condition(visit, it))], actor=visit.actor)
    return visit.page("components/count.html", it=it, count=count, more=more, title=it.label)


@page
def tabs(visit: Visit, plural: str) -> HttpResponse:
    """The views of a list with how many records each means, asked for after the page: one statement for all."""
    it = visit.object(plural)
    shown = [view for view in views.for_object(visit.actor, it.name, ("list",)) if view.problem is None]
    formed = showing.formed(visit, it)
    view = showing.list_view(visit, it, showing.key(visit))
    return visit.page(
        "components/tabs.html",
        it=it,
        views=[showing.list_of(view) for view in shown],
        view=view,
        formed=showing.tabs(visit, it, view.name),
        saved="",
        counts=views.counts(visit.actor, it.name, [*shown, *formed]),
        tab=lambda v: visit.look.to(it.name, view="" if v.name == shown[0].key else v.name),
        title=it.label,
    )
