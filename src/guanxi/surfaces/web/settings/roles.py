"""A role's page: what it gives, object by object; who has it; who changed which right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from markupsafe import escape

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.records import door, people, reading, telling
from guanxi.surfaces.web import record
from guanxi.surfaces.web.inputs import Raw
from guanxi.surfaces.web.record import actions
from guanxi.surfaces.web.settings import rights
from guanxi.surfaces.web.visit import Visit, page, redirect

HOLDERS = 200
EVENTS = 50


@page
def role(visit: Visit, id: UUID) -> HttpResponse:
    it = visit.object("roles")
    try:
        row = reading.get(it.name, id, actor=visit.actor, fields=["name", "name_en", "description", "grants"])
    except NotFound:
        return record.record.__wrapped__(visit, it.plural, str(id))  # type: ignore[attr-defined, no-any-return] # in the bin
    grants = row["grants"] if isinstance(row["grants"], dict) else {}
    raw, problem, version = Raw(), None, row["version"]
    may_write = visit.may(it, "update")
    if visit.posted:
        raw = Raw.of(visit.post)
        problem = _save(visit, row["id"], grants, raw)
        if problem is None:
            return redirect(visit.look.to(it.name, row["id"]))
    tab = visit.get.get("tab", "") or "rights"
    holders = _holders(visit, row["id"])
    context: dict[str, Any] = {"holders": holders}
    if tab == "rights":
        context |= _matrix(visit, row, grants, raw, holders)
    elif tab == "history":
        context |= _history(visit, row["id"])
    elif tab != "people":
        raise NotFound()
    return visit.page(
        "pages/role.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        row=row,
        name=row["name_en"] or row["name"] if visit.look.lang == "en" else row["name"],
        tab=tab,
        actions=[one for one in actions(visit, it, row) if one.verb in ("update", "delete")],
        may_write=may_write,
        may_create=visit.may(it, "create"),
        version=version,
        problem=problem,
        full=rights.EVERYTHING in grants,
        title=it.label,
        **context,
    )


def _save(visit: Visit, role: Any, grants: dict[str, Any], raw: Raw) -> Problem | None:
    """Write what the form changed, as one update of the role; the problem, if there is one."""
    merged = rights.merged(visit.catalog, grants, raw)
    try:
        result = door.perform("role", "update", actor=visit.actor, id=role, changes={"grants": merged}, version=parse_id(raw.get("version")))
    except (Invalid, Conflict) as problem:
        return problem
    if result.changed:
        visit.say(T("权限已保存，立即生效。", "Rights saved; they count at once."))
    else:
        visit.say(T("没有改动，无需保存。", "Nothing was changed."), "note")
    return None


def _matrix(visit: Visit, row: dict[str, Any], grants: dict[str, Any], raw: Raw, holders: list[dict[str, Any]]) -> dict[str, Any]:
    """The lines by group, with what the form holds; `reached` are counts through a holder's eyes, when asked for."""
    names = _departments(visit)
    groups = []
    for label, objects in rights.groups(visit.catalog):
        lines = [(held := rights.line(it, grants)) and rights.posted(it, raw, held) for it in objects if not it.single or it.policy.write == "role"]
        groups.append((label, lines))
    waiting = rights.differences(visit.catalog, grants, rights.merged(visit.catalog, grants, raw)) if raw.texts else []
    opened = {name for name in visit.get.get("fields", "").split(",") if name}
    opened |= {key.removeprefix("open.") for key in raw.texts if key.startswith("open.")}
    seen = parse_id(visit.get.get("as", ""))
    return {
        "groups": groups,
        "columns": rights.COLUMNS,
        "rights": rights,
        "departments": list(names.items()),
        "says": lambda line: rights.sentence(line, names),
        "opened": opened,
        "waiting": waiting,
        "seen": seen,
        "reached": _reached(visit, row["id"], seen) if seen is not None else {},
    }


def _departments(visit: Visit) -> dict[str, str]:
    found = reading.query("department", actor=visit.actor, fields=["name"], sort=["order", "name"], limit=200).rows
    return {str(row["id"]): row["name"] or "" for row in found}


def _holders(visit: Visit, role: Any) -> list[dict[str, Any]]:
    where = Test("roles", "has", str(role))
    fields = ["name", "username", "department", "active", "last_sign_in"]
    return reading.query("user", actor=visit.actor, where=where, fields=fields, sort=["name"], limit=HOLDERS).rows


def _reached(visit: Visit, role: Any, seen: Any) -> dict[str, tuple[int, int, bool]]:
    """Of each object, how many records the holder sees with this role alone, of how many the asker sees."""
    eyes = people.with_role(visit.actor, role, seen)
    if eyes is None:
        raise NotFound()
    theirs = [it.name for it in visit.catalog if rights.scoped(it, "read") and visit.may(it, "read")]
    readable = [name for name in theirs if rights.may_read(eyes, visit.catalog.object(name))]
    found = dict(zip(readable, reading.counts([(name, None) for name in readable], actor=eyes), strict=True))
    whole = dict(zip(theirs, reading.counts([(name, None) for name in theirs], actor=visit.actor), strict=True))
    return {name: (*found.get(name, (0, False))[:1], *whole[name]) for name in theirs}


def _history(visit: Visit, role: Any) -> dict[str, Any]:
    before = parse_id(visit.get.get("before", ""))
    told = telling.history("role", role, actor=visit.actor, before=before, limit=EVENTS)
    return {
        "happened": told,
        "limit": EVENTS,
        "differences": lambda event: rights.differences(visit.catalog, *event.changes["grants"]) if "grants" in event.changes else [],
    }


@page
def say(visit: Visit, id: UUID) -> HttpResponse:
    """The sentence of one line as it stands in the form, while it is being filled in. Writes nothing."""
    it = visit.object("roles")
    if not visit.posted or not visit.may(it, "update"):
        raise NotFound()
    row = reading.get(it.name, id, actor=visit.actor, fields=["grants"])
    raw = Raw.of(visit.post)
    target = visit.catalog.find(raw.get("of"))
    if target is None:
        raise NotFound()
    line = rights.posted(target, raw, rights.line(target, row["grants"] if isinstance(row["grants"], dict) else {}))
    text = rights.sentence(line, _departments(visit) if line.departments else {})
    return HttpResponse(str(escape(visit.look.say(text))), headers={"Cache-Control": "private, no-store"})


@page
def new(visit: Visit) -> HttpResponse:
    """A role of one's own, from nothing or with the rights of another."""
    it = visit.object("roles")
    if not visit.may(it, "create"):
        raise Forbidden()
    roles = reading.query(it.name, actor=visit.actor, fields=["name", "name_en", "grants"], sort=["name"], limit=200).rows
    copied = visit.post.get("copy", "") if visit.posted else visit.get.get("copy", "")
    errors: dict[str, str] = {}
    if visit.posted:
        source = next((row for row in roles if str(row["id"]) == copied), None)
        given = {key: visit.post.get(key, "") for key in ("name", "name_en", "description")}
        try:
            made = door.perform(it.name, "create", actor=visit.actor, changes={**given, "grants": source["grants"] if source is not None else {}})
        except Invalid as problem:
            errors = {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
        else:
            visit.say(T("角色已建立，请设置它的权限。", "The role is there; now set its rights."))
            return redirect(visit.look.to(it.name, made.id))
    return visit.page(
        "pages/role_new.html", 422 if errors else 200, current=it, it=it, roles=roles, copied=copied, errors=errors, title=it.label
    )
