"""How a list stands for one person: columns in their order, widths, density. One's own saved view keeps it itself; of every
other view it is remembered on the person's desk."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec
from django.http import HttpResponse
from markupsafe import Markup

from guanxi.base.errors import NotFound
from guanxi.base.text import T
from guanxi.kernel import accounts
from guanxi.kernel.catalog.desk import DENSITIES
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import door, views
from guanxi.surfaces.web import filters, showing
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

KEPT = ("columns", "widths", "density")
DENSE = {"compact": T("紧凑", "Compact"), "normal": T("标准", "Normal"), "loose": T("宽松", "Relaxed")}
WIDTH, TITLE, PICK, ACT = 160, 260, 36, 150
"""Pixels of a column nobody gave a width, once others have one; of the first; of the boxes to tick; of what can be done."""


def arrangement(visit: Visit, it: Definition, view: List) -> Mapping[str, Any]:
    """Columns, widths and density of a list as this person has them; what is not arranged is not there."""
    held = _held(visit, it, view)
    own = held.settings if held is not None and held.id is not None else {}
    kept = {key: own[key] for key in KEPT if own.get(key)}
    if held is not None and held.mine:
        return kept
    return {**kept, **_lists(visit).get(_key(it, view), {})}


def widths(given: Mapping[str, Any], columns: list[filters.Column], pick: bool, act: bool = False) -> list[int]:
    """The width of every column, once one was given; else none, and each is as wide as what is in it."""
    known = given.get("widths") or {}
    if not any(c.path in known for c in columns):
        return []
    return [*([PICK] if pick else []), *(int(known.get(c.path, TITLE if n == 0 else WIDTH)) for n, c in enumerate(columns)), *([ACT] if act else [])]


def chooser(visit: Visit, it: Definition, shown: list[filters.Column]) -> Markup:
    """The columns to choose from, as lines: those shown in their order, then the others. It is the same on most pages, and
    long."""
    paths, say = tuple(c.path for c in shown), visit.look.say

    def line(one: filters.Column, at: int) -> str:
        checked, moves = " checked" if at < len(shown) else "", ' draggable="true"' if at else ""
        return f'<li{moves}><label class="check"><input type="checkbox" form="arrange" name="columns" value="{one.path}"{checked}>{escape(say(one.field.label))}</label></li>'

    def draw() -> Markup:
        others = [c for name in it.fields if name not in paths and (c := filters.column(visit.guard, it, name)) is not None]
        return Markup("".join(line(one, at) for at, one in enumerate((*shown, *others))))  # noqa: S704 - labels are escaped, paths are names

    return visit.kept(("chooser", it.name, paths), draw)  # type: ignore[no-any-return]


@page
def arrange(visit: Visit, plural: str) -> HttpResponse:
    """Arrange the list of this address: posted `columns` in order, `density`, `widths` as JSON, or `reset`. What is not
    posted stays as it is."""
    it = visit.object(plural)
    if not visit.posted:
        raise NotFound()
    view = showing.list_view(visit, it, showing.key(visit))
    held, post = _held(visit, it, view), visit.post
    changes: dict[str, Any] = dict.fromkeys(KEPT) if "reset" in post else {}
    if paths := [path for path in post.getlist("columns")[:40] if filters.column(visit.guard, it, path) is not None]:
        changes["columns"] = list(dict.fromkeys(paths))
    if post.get("density") in DENSITIES:
        changes["density"] = post["density"] if post["density"] != "normal" else None
    if "widths" in post:
        changes["widths"] = _widths(visit, it, post["widths"])
    if held is not None and held.mine and held.id is not None:
        settings = {key: value for key, value in {**held.settings, **changes}.items() if value}
        if "widths" in settings:
            settings["widths"] = {path: width for path, width in settings["widths"].items() if path in settings.get("columns", view.columns)}
        door.perform("view", "update", actor=visit.actor, id=held.id, changes={"settings": settings}, version=held.version)
    elif changes:
        lists, key = dict(_lists(visit)), _key(it, view)
        lists[key] = {name: value for name, value in {**lists.get(key, {}), **changes}.items() if value}
        accounts.set_up_desk(visit.actor, {"lists": {name: value for name, value in lists.items() if value} or None})
    return HttpResponse(status=204) if "quiet" in post else redirect(safe_next(post.get("next", f"/{it.plural}")))


def _widths(visit: Visit, it: Definition, text: Any) -> dict[str, int]:
    try:
        found = msgspec.json.decode(text, type=dict[str, int])
    except msgspec.DecodeError:
        return {}
    return {path: max(40, min(1200, width)) for path, width in list(found.items())[:40] if filters.column(visit.guard, it, path) is not None}


def _held(visit: Visit, it: Definition, view: List) -> views.Shown | None:
    return next((one for one in views.for_object(visit.actor, it.name, ("list",)) if one.key == view.name), None)


def _lists(visit: Visit) -> Mapping[str, Any]:
    return visit.desk.get("lists") or {}


def _key(it: Definition, view: List) -> str:
    return f"{it.name}:{view.name}"
