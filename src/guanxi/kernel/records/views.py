"""How an object's records may be shown to one person: the declared views and the saved ones they may see, as one list.

Whatever of a view the person may not see is left out; a view that filters, sorts or groups by it says so and is not used,
as the same question would be refused (docs/adr/0010).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.access.rights import Rights
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.objects import Board, Calendar, Definition, List
from guanxi.kernel.records import reading
from guanxi.kernel.records.guard import Guard

_FIELDS = ("name", "name_en", "object_name", "kind", "settings", "replaces", "pinned", "order", "owner", "everyone", "roles", "people")
_ORDER = ("-pinned", "order", "name")
_PATHS = ("columns", "card", "filters")


@dataclass(frozen=True)
class Shown:
    """A view as one person may use it. `key` names it in addresses: a declared view's name, else the record's id.

    `settings` has what the person may see of: columns, widths, where, sort, filters, group, density, by, card, total,
    date, end. `problem` says why the view cannot be used at all. `declared` is the declared view it is or stands for,
    else the object's first of its kind: what no settings say, such as the verbs that move a board's cards, is there.
    """

    key: str
    kind: str
    label: Text
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: UUID | None = None
    version: UUID | None = None
    owner: Mapping[str, Any] | None = None
    mine: bool = False
    shared: bool = False
    pinned: bool = False
    problem: Text | None = None
    declared: List | Board | Calendar | None = None

    def describe(self, lang: str) -> dict[str, Any]:
        """As the API tells it."""
        out: dict[str, Any] = {"kind": self.kind, "name": self.key, "label": self.label.for_(lang), **self.settings}
        if self.id is not None:
            out |= {"id": self.id, "owner": self.owner, "mine": self.mine, "shared": self.shared, "pinned": self.pinned}
        if self.problem is not None:
            out["problem"] = self.problem.for_(lang)
        return out


def for_object(actor: Actor, name: str, kinds: Sequence[str] = ()) -> list[Shown]:
    """The views of an object's records: the declared ones, then the saved ones the person may see, pinned first, of all or
    some kinds. A saved view that replaces a declared one stands in its place, one's own before everybody's.

    One statement for all objects together, none while nobody of the workspace saves a view. Raises NotFound.
    """
    guard = reading.guard_of(actor)
    it = guard.object(name)
    found = _held_views.get((actor.user, it.name)) if actor.user is not None and actor.views is not None else None
    if found is None or found[0] is not guard.catalog or found[1] is not actor.rights or found[2] != actor.views:
        found = (guard.catalog, actor.rights, actor.views, _joined(guard, it))
        if actor.user is not None and actor.views is not None:
            with _lock:
                if len(_held_views) >= 4 * MOST_HELD:
                    _held_views.clear()
                _held_views[actor.user, it.name] = found
    return [view for view in found[3] if not kinds or view.kind in kinds]


def _joined(guard: Guard, it: Definition) -> list[Shown]:
    actor = guard.actor
    saved = [row for row in _saved(guard) if row["object_name"] == it.name]
    instead: dict[str, dict[str, Any]] = {}
    for row in sorted(saved, key=lambda row: not _mine(actor, row)):
        if row["replaces"] and (_mine(actor, row) or row["everyone"]):
            instead.setdefault(row["replaces"], row)
    out: list[Shown] = []
    for view in it.views:
        if isinstance(view, List | Board | Calendar):
            kind = type(view).__name__.lower()
            stand_in = instead.get(view.name)
            if stand_in is not None and stand_in["kind"] == kind:
                out.append(_of_row(guard, it, stand_in, view.name, view))
                saved.remove(stand_in)
            else:
                out.append(_of_declared(guard, it, view, kind))
    return [*out, *(_of_row(guard, it, row, str(row["id"])) for row in saved)]


def one(actor: Actor, name: str, key: str) -> Shown:
    """The view of a key, or the object's first view of records for an empty one. Raises NotFound."""
    found = next((view for view in for_object(actor, name) if not key or view.key == key), None)
    if found is None:
        raise NotFound(T("没有这个视图。", "There is no such view."), code="no-view")
    return found


def counts(actor: Actor, name: str, shown: Sequence[Shown]) -> dict[str, tuple[int, bool]]:
    """How many records each usable view means, by key, with one statement: exact up to 10,000, then "more"."""
    usable = [view for view in shown if view.problem is None]
    found = reading.counts([(name, view.settings.get("where")) for view in usable], actor=actor)
    return {view.key: count for view, count in zip(usable, found, strict=True)}


# -- from declarations and rows ----------------------------------------------------------------------------------------


def _of_declared(guard: Guard, it: Definition, view: List | Board | Calendar, kind: str) -> Shown:
    """A declared view drops an order the person may not use: it was made for everybody."""
    settings: dict[str, Any]
    match view:
        case List():
            settings = {"columns": view.columns, "sort": view.sort, "filters": view.filters, "where": view.where}
        case Board():
            settings = {"by": view.by, "card": view.card, "total": view.total, "sort": view.sort}
        case Calendar():
            settings = {"date": view.date, "end": view.end, "card": view.card, "where": view.where}
    settings = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
    settings["sort"] = [one for one in settings.get("sort", ()) if _refused(guard, it, sort=[one]) is None]
    settings, problem = _usable(guard, it, settings)
    return Shown(view.name, kind, view.label, settings, problem=problem, declared=view)


def _of_row(guard: Guard, it: Definition, row: Mapping[str, Any], key: str, stands_for: List | Board | Calendar | None = None) -> Shown:
    settings, problem = _usable(guard, it, row["settings"] or {})
    like = stands_for or next((v for v in it.views if type(v).__name__.lower() == row["kind"]), None)
    return Shown(
        key, row["kind"], Text(row["name"], row["name_en"] or row["name"]), settings, row["id"], row["version"], row["owner"],
        _mine(guard.actor, row), bool(row["everyone"] or row["roles"] or row["people"]), bool(row["pinned"]), problem,
        like if isinstance(like, List | Board | Calendar) else None,
    )  # fmt: skip


def _mine(actor: Actor, row: Mapping[str, Any]) -> bool:
    return row["owner"] is not None and row["owner"]["id"] == actor.user


def _usable(guard: Guard, it: Definition, settings: Mapping[str, Any]) -> tuple[dict[str, Any], Text | None]:
    """Settings without what the person may not see, and why they cannot be used, if so."""
    out = {key: value for key, value in settings.items() if value not in (None, "", [], {})}
    for key in _PATHS:
        if key in out:
            out[key] = [path for path in out[key] if guard.end(it, path) is not None]
    if "widths" in out:
        out["widths"] = {path: width for path, width in out["widths"].items() if path in out.get("columns", ())}
    if "total" in out and _refused(guard, it, measures=[f"sum:{out['total']}"]) is not None:
        del out["total"]
    asked: dict[str, Any] = {"where": out.get("where"), "sort": out.get("sort", ())}
    asked["group_by"] = [out[key] for key in ("group", "by") if key in out]
    problem = _refused(guard, it, **asked)
    for key in ("date", "end"):
        if key in out and problem is None:
            problem = _refused(guard, it, sort=[out[key]])
    return out, problem


def _refused(guard: Guard, it: Definition, **what: Any) -> Text | None:
    """Why the question would be refused, or None."""
    try:
        reading.could_ask(it.name, actor=guard.actor, **what)
    except Invalid as problem:
        return problem.errors[0].message if problem.errors else problem.detail
    except Problem as problem:
        return problem.detail
    return None


# -- saved views, kept until their version moves -----------------------------------------------------------------------

_lock = threading.Lock()
_held: dict[UUID, tuple[int, Rights | None, list[dict[str, Any]]]] = {}
_held_views: dict[tuple[UUID, str], tuple[Catalog, Rights | None, int | None, list[Shown]]] = {}
"""The views of an object for a person, under the same versions as the saved ones: a page asks for them a dozen times."""
MOST_HELD = 2_000


def _saved(guard: Guard) -> list[dict[str, Any]]:
    """All saved views the person may read, of all objects, in order."""
    actor = guard.actor
    held = _held.get(actor.user) if actor.user is not None and actor.views is not None else None
    if held is not None and held[0] == actor.views and held[1] is actor.rights:
        return held[2]
    rows = _read(guard)
    if actor.user is not None and actor.views is not None:
        with _lock:
            if len(_held) >= MOST_HELD:
                _held.clear()
            _held[actor.user] = (actor.views, actor.rights, rows)
    return rows


def _read(guard: Guard) -> list[dict[str, Any]]:
    it = guard.catalog.object("view")
    seen = [name for name in _FIELDS if guard.level(it, name) in ("read", "write")]
    if not {"name", "object_name", "kind", "settings"} <= set(seen):
        return []
    sort = [key for key in _ORDER if key.lstrip("-") in seen]
    out: list[dict[str, Any]] = []
    after = None
    while True:
        page = reading.query("view", actor=guard.actor, fields=seen, sort=sort, limit=reading.MAX_LIMIT, after=after)
        out += [dict.fromkeys(_FIELDS) | row for row in page.rows]
        after = page.next
        if after is None:
            return out
