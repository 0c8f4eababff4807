"""One value of a record, changed where it stands: on the record's page and in the cells of lists alike.

`/{objects}/{id}/field/{name}` draws the value's input; posting it saves through the door and answers how every value the
change touched looks now. Without script it is a page with one field.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Field, Link, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, telling
from guanxi.kernel.records.telling import Told
from guanxi.surfaces.web import around, linking, meanwhile
from guanxi.surfaces.web.inputs import Raw, initial, read_all, signature
from guanxi.surfaces.web.record import editable, fetch
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

EVENTS = 50


@page
def value(visit: Visit, plural: str, id: str, name: str) -> HttpResponse:
    """The input of one value, and its saving."""
    it = visit.object(plural)
    if name not in it.fields or visit.guard.level(it, name) == "hidden":
        raise NotFound()
    if name not in editable(visit, it):
        raise Forbidden()
    one = it.fields[name]
    shown = [field.name for field, _ in visit.guard.visible(it)]
    row, _ = fetch(visit, it, id, shown)
    if row.get("deleted_at") is not None:
        raise NotFound()
    now = _held(one, row, visit)
    if not visit.posted:
        return _draw(visit, it, one, row, now, now)
    raw = Raw.of(visit.post)
    version = parse_id(visit.post.get("version", ""))
    read = read_all([one], raw, visit)
    try:
        read.check()
        if version != row["version"] and raw.get(f"was.{name}").replace("\r\n", "\n").strip() != signature(one, now):
            raise Conflict.version()
        news = meanwhile.since(visit, it, row, version)
        # Others may have changed other values meanwhile: this one is still what the person saw.
        result = door.perform(it.name, "update", actor=visit.actor, id=row["id"], changes=read.values, version=row["version"])
    except (Invalid, Conflict, Forbidden) as problem:
        theirs = problem.status == 412
        if theirs:
            row, _ = fetch(visit, it, id, shown)
            now = _held(one, row, visit)
        news = meanwhile.since(visit, it, row, version) if theirs else {}
        return _draw(visit, it, one, row, raw, now if theirs else raw, problem=problem, theirs=theirs, candidates=read.candidates.get(name), news=news.get(name))
    joined = meanwhile.joined(it, news, [name])
    if joined is not None and visit.inside != "value":
        visit.say(joined, "note")
    if visit.inside != "value":
        return redirect(safe_next(str(visit.post["next"])) if visit.post.get("next") else visit.look.to(it.name, row["id"]))
    return _told(visit, it, row, result, joined)


@page
def past(visit: Visit, plural: str, id: str, name: str) -> HttpResponse:
    """The history of one value: who changed it from what to what, and when."""
    it = visit.object(plural)
    if name not in it.fields or visit.guard.level(it, name) == "hidden":
        raise NotFound()
    row, _ = fetch(visit, it, id, [])
    events = telling.history(it.name, row["id"], actor=visit.actor, field=name, limit=EVENTS, before=parse_id(visit.get.get("before", "")))
    return visit.page(
        "pages/past.html",
        current=it,
        it=it,
        row=row,
        one=it.fields[name],
        days=around.by_day(visit, events),
        last=events[-1].id if len(events) == EVENTS else None,
        title=T(f"{it.fields[name].label.zh} · 修改历史", f"{it.fields[name].label.en}: history"),
    )


def _held(one: Field, row: dict[str, Any], visit: Visit) -> Raw:
    raw = initial(one, row.get(one.name), visit)
    raw.texts[f"was.{one.name}"] = [signature(one, raw)]
    return raw


def _draw(
    visit: Visit,
    it: Definition,
    one: Field,
    row: dict[str, Any],
    raw: Raw,
    was: Raw,
    *,
    problem: Problem | None = None,
    theirs: bool = False,
    candidates: list[dict[str, str]] | None = None,
    news: Told | None = None,
) -> HttpResponse:
    """The form of one value. After somebody else's change both values stand side by side, and saving again is deciding."""
    mine = [e for e in problem.errors if e.field == one.name] if problem is not None else []
    others = [e for e in problem.errors if e.field != one.name] if problem is not None else []
    told = [(visit.look.say(it.fields[e.field].label) if e.field in it.fields else "", visit.look.say(e.message)) for e in others]
    if problem is not None and not problem.errors and not theirs:
        told.append(("", visit.look.say(problem.detail)))
    return visit.page(
        "pages/value.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        row=row,
        one=one,
        raw=raw,
        was=was,
        version=row["version"] if problem is None or theirs else visit.post.get("version", ""),
        error=visit.look.say(mine[0].message) if mine else "",
        told=told,
        theirs=theirs,
        news=news,
        options=linking.short_list(visit, it, one, row) if isinstance(one, Link | Links) else None,
        candidates=candidates or [],
        title=one.label,
    )


def _told(visit: Visit, it: Definition, before: dict[str, Any], result: door.Result, joined: Text | None) -> HttpResponse:
    """What changed, drawn anew: the value itself and those that follow from it. A record that left the actor's sight is gone."""
    visible = list(visit.guard.visible(it))
    body: dict[str, Any] = {"version": str(result.version), "values": {}, "warnings": [visit.look.say(text) for _, text in result.warnings]}
    if joined is not None:
        body["joined"] = visit.look.say(joined)
    try:
        row, _ = fetch(visit, it, str(result.id), [one.name for one, _ in visible])
    except NotFound:
        body["gone"] = True
    else:
        files = visit.look.to(it.name, row["id"], "files")
        body["values"] = {
            one.name: str(visit.look.cell(one, row.get(one.name), level, files)) for one, level in visible if row.get(one.name) != before.get(one.name)
        }
    return HttpResponse(
        msgspec.json.encode(body),
        content_type="application/json",
        headers={"Cache-Control": "private, no-store", "Vary": "X-Inside, Cookie"},
    )
