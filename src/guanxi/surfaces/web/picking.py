"""What a picker offers for what was typed so far, as JSON: records by name, pinyin and initials; people with their department,
one's nearest first; departments in their tree; the regions of the country."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse

from guanxi.base.errors import NotFound
from guanxi.base.search_text import spells
from guanxi.kernel import accounts
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Region
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import phrasing
from guanxi.surfaces.web.linking import MOST, SHORT_LIST, called, candidate, sounding, told
from guanxi.surfaces.web.visit import Visit, page

PEOPLE, DEPARTMENTS = "user", "department"
STANDING_FOR = {PEOPLE: "me", DEPARTMENTS: "my department"}
"""What a condition may name in the place of a record: offered with `who`."""
MOST_DEPARTMENTS = 2_000
LEVELS = 3
"""Province, city, district."""
IN_USE = Test("active", "!=", False)


@page
def options(visit: Visit, plural: str) -> HttpResponse:
    """The records to pick from; with `where`, of those a condition means, with `who`, what stands for the reader too."""
    it = visit.object(plural)
    q, given = visit.get.get("q", "").strip()[:100], visit.get.get("where", "")
    out: list[dict[str, Any]] = []
    if visit.guard.title(it) is not None:
        if q:
            accounts.searching(visit.request)
        if given:
            out = _among(visit, it, q, visit.guard.parse(given))
        elif it.name == PEOPLE:
            out = _people(visit, it, q)
        elif it.name == DEPARTMENTS:
            out = _departments(visit, it, q)
        else:
            out = (sounding(visit, it, q) if q else []) or called(visit, it, "contains", q)
        if "who" in visit.get:
            out = [*_who(visit, it, q), *out]
    return _answer({"options": out})


def _answer(body: dict[str, Any]) -> HttpResponse:
    return JsonResponse(body, headers={"Cache-Control": "private, no-store"})


def _who(visit: Visit, it: Definition, q: str) -> list[dict[str, Any]]:
    name = STANDING_FOR.get(it.name, "")
    label = visit.look.say(phrasing.WHO[name]) if name else ""
    return [{"id": name, "label": label, "sub": ""}] if name and (not q or spells(q, label) or q.casefold() == name) else []


def _among(visit: Visit, it: Definition, q: str, where: Condition) -> list[dict[str, Any]]:
    """Those of the records of a condition whose name is spelt so, by characters, pinyin or initials. They are few, such as one customer's
    contacts; of very many, those beyond the first are found by characters."""
    if not q:
        return called(visit, it, "contains", q, where)
    found = reading.query(it.name, actor=visit.actor, where=where, fields=told(visit, it), limit=reading.MAX_LIMIT)
    out: list[dict[str, Any]] = [one for one in (candidate(visit, it, row) for row in found.rows) if spells(q, one["label"])]
    if found.next and len(out) < MOST:
        known = {one["id"] for one in out}
        out += [one for one in called(visit, it, "contains", q, where) if one["id"] not in known]
    return out[:MOST]


def _people(visit: Visit, it: Definition, q: str) -> list[dict[str, Any]]:
    """Colleagues who work here: found by name as it is written or sounds; before anything is typed oneself, then one's own
    department, then the others."""
    if len(q) > 1 or not q.isascii():
        return sounding(visit, it, q, IN_USE) or called(visit, it, "contains", q, IN_USE)
    fields, me = told(visit, it), visit.actor.user
    found = reading.query(it.name, actor=visit.actor, where=IN_USE, fields=fields, sort=[it.title], limit=SHORT_LIST).rows
    near: list[dict[str, Any]] = []
    if len(found) == SHORT_LIST:  # there are more: those one works with are not missing because of their name
        mine: Condition = Test("id", "=", str(me)) | Test(DEPARTMENTS, "in", [str(one) for one in visit.actor.departments]) if visit.actor.departments else Test("id", "=", str(me))
        near = reading.query(it.name, actor=visit.actor, where=And((IN_USE, mine)), fields=fields, sort=[it.title], limit=SHORT_LIST).rows
    rows = {row["id"]: row for row in (*near, *found)}

    def distance(row: dict[str, Any]) -> int:
        held = row.get(DEPARTMENTS)
        return 0 if row["id"] == me else 1 if held and held["id"] in visit.actor.departments else 2

    out = [candidate(visit, it, row) for row in sorted(rows.values(), key=distance)[:SHORT_LIST]]
    return [one for one in out if spells(q, one["label"])] if q else out  # a single letter, which no search finds


def _departments(visit: Visit, it: Definition, q: str) -> list[dict[str, Any]]:
    """The whole tree, each with how deep it stands; of what was typed the departments called so, with those they are in."""
    rows: list[dict[str, Any]] = []
    after = None
    shown = visit.guard.level(it, it.parent) in ("read", "write")
    while len(rows) < MOST_DEPARTMENTS:
        fields = [*visit.guard.names(it), *([it.parent] if shown else [])]
        found = reading.query(it.name, actor=visit.actor, fields=fields, sort=["order", it.title], limit=reading.MAX_LIMIT, after=after)
        rows += found.rows
        after = found.next
        if after is None:
            break
    known = {row["id"] for row in rows}
    under: dict[UUID | None, list[dict[str, Any]]] = {}
    for row in rows:
        above = row.get(it.parent)
        under.setdefault(above["id"] if above and above["id"] in known else None, []).append(row)

    def walk(above: UUID | None, trail: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for row in under.get(above, ()):
            one = candidate(visit, it, row)
            yield {**one, "sub": "", "depth": len(trail), "in": trail}
            yield from walk(row["id"], (*trail, one["label"]))

    return _sought(q, walk(None, ()))


def _sought(q: str, every: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    out = []
    for one in every:
        trail = one.pop("in")
        if not q:
            out.append(one)
        elif spells(q, one["label"]):
            out.append({**one, "depth": 0, "sub": " / ".join(trail)})
    return out if not q else out[:SHORT_LIST]


@page
def places(visit: Visit) -> HttpResponse:
    """The regions of the country: with `q` those called so, else the columns of a cascade: `at` what is chosen, or what the
    `text` of an address begins with. `text` comes back with the chosen region in the place of its own."""
    if Region.below is None or Region.names is None or Region.resolve is None or not Region.below(""):
        raise NotFound()
    q, text, at = visit.get.get("q", "").strip()[:50], visit.get.get("text", "")[:500], visit.get.get("at", "")
    if q:
        found = Region.find(q, MOST * 2) if Region.find is not None else []
        return _answer({"options": [{"id": code, "label": name} for code, name in found]})
    own, rest = Region.resolve(text) if text.strip() else ("", "")
    if at and Region.names(at):
        text, own = " ".join(filter(None, (Region.names(at), rest))), at
    columns: list[dict[str, Any]] = []
    above = ""
    for _ in range(LEVELS):
        below = Region.below(above)
        if not below:
            break
        # A district of 北京 hangs on the province itself, and a city on its province: the chosen one is whichever leads to it.
        chosen = next((code for code, _ in below if own and (code == own or own.startswith(_stem(code)))), "")
        columns.append({"at": chosen, "options": [{"id": code, "label": name} for code, name in below]})
        if not chosen:
            break
        above = chosen
    return _answer({"text": text, "columns": columns, "whole": bool(own) and bool(columns) and not Region.below(own)})


def _stem(code: str) -> str:
    """The digits all that lies in a region begins with."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code
