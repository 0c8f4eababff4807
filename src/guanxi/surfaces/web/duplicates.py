"""Duplicates on the screens: the check while a form is filled in, and looking somebody up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.fields import FieldProblem
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import lookups, matching
from guanxi.kernel.records.merging import MOST
from guanxi.surfaces.web import merging
from guanxi.surfaces.web.inputs import Raw, read, signature
from guanxi.surfaces.web.visit import Visit, page

CONFIRMED = "confirmed"
"""What a form sends when somebody saves in spite of a duplicate."""


def compared(visit: Visit, it: Definition) -> list[str]:
    """The fields of a form that are compared while somebody types."""
    if it.duplicates is None:
        return []
    return [one.field for one in it.duplicates.identities if visit.guard.level(it, one.field) == "write"]


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
    return visit.page("components/duplicates.html", found=found, it=it, title=it.label)


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
    mine = [one.id for one in found or () if one.id is not None and one.object == it.name and one.state != "bin"]
    together = merging.address(it, mine[:MOST]) if len(mine) > 1 and visit.may(it, "merge") else ""
    return visit.page("pages/lookup.html", status, it=it, current=it, text=text, found=found, error=error, left=left, together=together, title=T("查重", "Look up"))
