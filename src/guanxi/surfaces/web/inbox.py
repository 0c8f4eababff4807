"""The standing inbox of duplicates: pairs by how likely they are, what agrees, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.catalog.duplicates import ways
from guanxi.kernel.catalog.pairs import NAME
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, pairing, reading
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import filters, merging, words
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.visit import Visit, page, redirect

MANY = 20
TABS: dict[str, tuple[Text, str]] = {
    "open": (T("待处理", "Open"), "(state = open or (state = later and until <= today))"),
    "later": (T("以后再说", "Later"), "state = later and until > today"),
    "dismissed": (T("不是重复", "Not duplicates"), "state = dismissed"),
}
DECISIONS: dict[str, Text] = {
    "dismiss": T("已记下：不是重复，以后不再提示。", "Noted: they are not duplicates and will not come up again."),
    "postpone": T("已推迟 30 天。", "Put off for 30 days."),
    "reopen": T("已放回待处理。", "Back in the inbox."),
}


@dataclass(frozen=True)
class Pair:
    """Two records side by side: the pair, their object, and what is shown of each."""

    row: dict[str, Any]
    it: Definition
    sides: tuple[dict[str, Any], dict[str, Any]]
    merge: str


@page
def inbox(visit: Visit) -> HttpResponse:
    if not pairing.may_look(visit.actor):
        raise NotFound()
    if visit.posted:
        return _decided(visit)
    it = visit.catalog.object(NAME)
    show = visit.get.get("show", "open")
    if show not in TABS:
        raise NotFound()
    objects = pairing.objects(visit.actor)
    only = next((one for one in objects if one.name == visit.get.get("object")), None)
    where = TABS[show][1] if only is None else f"object_name = {only.name} and {TABS[show][1]}"
    fields = ["object_name", "record", "other", "score", "agrees", "state", "until", "decided_by"]
    found = reading.query(NAME, actor=visit.actor, where=where, fields=fields, sort=["-score"], limit=MANY, after=visit.get.get("after") or None, count="exact")
    shown = {one.name: _columns(visit, one) for one in objects}
    return visit.page(
        "pages/duplicates.html", it=it, pairs=_pairs(visit, found.rows, shown), columns=shown, tabs=TABS, show=show, objects=objects, only=only, count=found.count,
        more=found.more, next=found.next, agrees=it.fields["agrees"], says={one.name: {way.key: way.label for way in ways([one])} for one in objects}, last=pairing.last(visit.actor), title=words.plural(it),
    )  # fmt: skip


def _columns(visit: Visit, it: Definition) -> list[Column]:
    """What tells records apart, with whose they are, as far as the person sees it."""
    assert it.duplicates is not None
    names = [one.field for one in it.duplicates.identities if one.field != it.title]
    return [found for name in (*names, *(("owner",) if it.owned else ()), *it.subtitle[:1]) if (found := filters.column(visit.guard, it, name)) is not None]


def _pairs(visit: Visit, rows: Sequence[dict[str, Any]], shown: dict[str, list[Column]]) -> list[Pair]:
    """The pairs with their records, one statement for each object."""
    known: dict[UUID, dict[str, Any]] = {}
    for name, columns in shown.items():
        ids = [id for row in rows if row["object_name"] == name for text in (row["record"], row["other"]) if (id := parse_id(text)) is not None]
        if ids:
            target = visit.catalog.object(name)
            paths = list(dict.fromkeys([*([target.title] if visit.guard.level(target, target.title) != "hidden" else []), *(c.path for c in columns)]))
            known |= {row["id"]: row for row in reading.query(name, actor=visit.actor, where=Test("id", "in", ids), fields=paths, limit=2 * MANY).rows}
    out = []
    for row in rows:
        a, b = (known.get(parse_id(row[side]) or UUID(int=0)) for side in ("record", "other"))
        if a is not None and b is not None:
            target = visit.catalog.object(row["object_name"])
            out.append(Pair(row, target, (a, b), merging.address(target, [a["id"], b["id"]])))
    return out


def _decided(visit: Visit) -> HttpResponse:
    """What somebody decided about a pair; or that one should look now."""
    verb, back = visit.post.get("do", ""), "/duplicates" + (f"?show={show}" if (show := visit.post.get("show", "open")) in TABS and show != "open" else "")
    if verb == "look":
        return redirect(f"/jobs/{tasks.start_pairing(visit.actor)}")
    if verb not in DECISIONS:
        raise NotFound()
    record = parse_id(visit.post.get("id", ""))
    try:
        door.perform(NAME, verb, actor=visit.actor, id=record)
    except Problem as problem:
        if record is None or problem.status == 500:
            raise
        visit.say(problem.detail, "warning")
        return redirect(back)
    undo = visit.look.to(NAME, record, "reopen") if verb != "reopen" else ""
    visit.say(DECISIONS[verb], "done", undo, T("撤销", "Undo"))
    return redirect(back)
