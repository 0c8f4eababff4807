"""Duplicates on the screens: the check while a form is filled in, and looking somebody up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.catalog import pleas
from guanxi.kernel.declare.fields import Choice, FieldProblem
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, lookups, matching, reading
from guanxi.kernel.records.merging import MOST
from guanxi.surfaces.web import merging
from guanxi.surfaces.web.inputs import Raw, read, signature
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

CONFIRMED = "confirmed"
"""What a form sends when somebody saves in spite of a duplicate."""


def compared(visit: Visit, it: Definition) -> list[str]:
    """The fields of a form that are compared while somebody types."""
    if it.duplicates is None:
        return []
    return [one for one in it.duplicates.asked if visit.guard.level(it, one) == "write"]


def typed(it: Definition, raw: Raw) -> str:
    """What somebody filled in of what records are compared by: their own words for what they look for."""
    return next((text.splitlines()[0] for one in it.duplicates.identities if (text := raw.get(one.field).strip())), "") if it.duplicates is not None else ""


def pleads(it: Definition, text: str) -> Callable[[matching.Match, str], str]:
    """Where one asks to join, or appeals about, a record that was found and is somebody else's; nothing for others."""

    def address(match: matching.Match, kind: str) -> str:
        there = (match.state == "others" and match.owner_id is not None) or (match.state == "pool" and kind == pleas.APPEAL and not match.claim)
        if match.stands is None or not there or not text:
            return ""
        return "/pleas/ask?" + urlencode({"kind": kind, "object": match.object, "record": str(match.stands), "name": text})

    return address


@page
def ask(visit: Visit) -> HttpResponse:
    """Asking whoever has a record, or decides about it: why, and then they are told."""
    it = visit.catalog.objects["plea"]
    asked = visit.post if visit.posted else visit.get
    given = {"kind": asked.get("kind", ""), "object_name": asked.get("object", ""), "record": asked.get("record", ""), "name": asked.get("name", "")[:200]}
    kind = it.fields["kind"]
    option = kind.option(given["kind"]) if isinstance(kind, Choice) else None
    if option is None:
        raise NotFound()
    raw, note, problem = Raw.of(visit.post) if visit.posted else Raw(), it.fields["note"], None
    if visit.posted:
        try:
            made = door.perform(it.name, "create", actor=visit.actor, changes={**given, "note": read(note, raw, visit)}, once=parse_id(visit.post.get("once", "")))
            visit.say(T("申请已发出，对方会收到待办。", "Asked; they have it among their to-dos."), "done", visit.look.to(it.name, made.id), T("查看", "Open"))
            return redirect(visit.look.to(it.name, made.id))
        except Invalid as found:
            problem = found
    hidden = [("kind", given["kind"]), ("object", given["object_name"]), ("record", given["record"]), ("name", given["name"])]
    return visit.page(
        "pages/plea.html", problem.status if problem is not None else 200, current=it, it=it, kind=given["kind"], label=option.label, name=given["name"], note=note, raw=raw,
        carried=hidden, problem=problem, errors={}, title=option.label,
    )  # fmt: skip


def offers(visit: Visit, it: Definition, row: Mapping[str, Any]) -> list[Offered]:
    """What a request's page leads to besides its verbs: the record it is about, for who may see it."""
    about = visit.catalog.find(str(row.get("object_name") or "")) if it.name == "plea" else None
    found = parse_id(str(row.get("record") or "")) if about is not None else None
    if about is None or found is None or not visit.may(about, "read"):
        return []
    try:
        reading.get(about.name, found, actor=visit.actor, fields=["id"])
    except Problem:
        return []
    return [Offered("about", T(f"打开{about.label.zh}", f"Open the {about.label.en.lower()}"), visit.look.to(about.name, found))]


def asks(problem: Problem | None) -> bool:
    """Whether saving was stopped by a warning that may be overridden."""
    return problem is not None and problem.code == "duplicates"


def of(visit: Visit, it: Definition, raw: Raw, id: UUID | None = None) -> list[matching.Match]:
    """What there is already like what a form holds; values that are not finished say nothing."""
    values: dict[str, Any] = {}
    for name in compared(visit, it):
        one = it.fields[name]
        if not signature(one, raw):
            continue
        try:
            values[name] = read(one, raw, visit)
        except (FieldProblem, Invalid):
            continue
    return matching.check(it.name, values, actor=visit.actor, id=id) if values else []


@page
def check(visit: Visit, plural: str) -> HttpResponse:
    """What a form being filled in would be a duplicate of, as a part of its page."""
    it = visit.object(plural)
    if not visit.posted or it.duplicates is None:
        raise NotFound()
    found = of(visit, it, Raw.of(visit.post), parse_id(visit.post.get("id", "")))
    return visit.page("components/duplicates.html", found=found, it=it, pleads=pleads(it, typed(it, Raw.of(visit.post))), title=it.label)


@page
def lookup(visit: Visit, plural: str) -> HttpResponse:
    """Is it with us already, and whose is it? Asked by posting, because every question counts."""
    it = visit.object(plural)
    text, found, error, left = "", None, "", lookups.left(it.name, actor=visit.actor)
    status = 200
    if visit.posted:
        text = visit.post.get("q", "")
        try:
            answer = lookups.look_up(it.name, text, actor=visit.actor)
            found, left = answer.found, answer.left
        except Invalid as problem:
            error, status = problem.errors[0].message.for_(visit.look.lang), problem.status
    pleading = pleads(it, text)
    mine = [one.id for one in found or () if one.id is not None and one.object == it.name and one.state != "bin"]
    together = merging.address(it, mine[:MOST]) if len(mine) > 1 and visit.may(it, "merge") else ""
    return visit.page("pages/lookup.html", status, it=it, current=it, text=text, found=found, error=error, left=left, together=together, asked=lookups.asked(it), pleads=pleading, title=T("查重", "Look up"))
