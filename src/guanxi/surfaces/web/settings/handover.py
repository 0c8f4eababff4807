"""Somebody leaves: what they have, who takes it over, and the work that hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Field, Person
from guanxi.kernel.declare.objects import Definition, named
from guanxi.kernel.records import door, leaving, reading
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web.inputs import Raw, read_all
from guanxi.surfaces.web.visit import Visit, page, redirect

HERE = "/settings/handover"
WHO = named("who", Person(T("离职或调岗的同事", "Who leaves"), required=True))


def may(visit: Visit) -> bool:
    """Whether the actor may hand anything over for somebody else."""
    return visit.may(visit.catalog.object("user"), "update") and bool(leaving.handed(visit.actor))


def _input(key: str) -> str:
    return key.replace(".", "_of_")


def due(visit: Visit, it: Definition, record: UUID, changes: Mapping[str, Any]) -> str:
    """Where one goes on after a colleague was switched off who leaves something behind, else nothing."""
    if it.name != "user" or changes.get("active") is not False or not may(visit) or not leaving.left(visit.actor, record):
        return ""
    return f"{HERE}?" + urlencode({"user": str(record)})


@page
def handover(visit: Visit) -> HttpResponse:
    if not may(visit):
        raise NotFound()
    raw = Raw.of(visit.post if visit.posted else visit.get)
    if named_by_id := visit.get.get("user", ""):
        raw.texts |= {"who": [named_by_id], "who.id": [named_by_id], "who.label": [named_by_id]}
    person: dict[str, object] | None = None
    fields: list[Field] = [WHO]
    errors: dict[str, str] = {}
    problem: Problem | None = None
    who = read_all([WHO], raw, visit, everything=True)
    candidates = who.candidates
    if isinstance(id := who.values.get("who"), UUID) or (id := parse_id(str(id or ""))):
        person = reading.get("user", id, actor=visit.actor, fields=["name", "active", "department"])
        counted = leaving.counts(visit.actor, id)
        successor = T("接手人；留空则不转移。", "The successor; empty: they stay.")
        fields = [
            named(f"to_{it.name}", Person(T(f"{it.label.zh}（{n:,}{'+' if more else ''} 条）", f"{it.label.en} ({n:,}{'+' if more else ''})"), help=successor))
            for it, n, more in counted
        ]  # fmt: skip
        fields += [named(f"to_{_input(post.key)}", Person(T(f"{post.label.zh}（{n:,}）", f"{post.label.en} ({n:,})"), help=successor)) for post, n in leaving.posts(visit.actor, id)]
        if person["active"]:
            fields.append(named("close", Boolean(T("同时停用该同事", "Deactivate them as well"), help=T("不能再登录，已登录的立即退出。", "No more signing in; they are signed out at once."))))
        if visit.posted:
            read = read_all(fields, raw, visit, everything=True)
            candidates = read.candidates
            try:
                read.check()
                keys = {f"to_{_input(post.key)}": post.key for post in leaving.POSTS}
                plan = {keys.get(name, name.removeprefix("to_")): UUID(str(to)) for name, to in read.values.items() if name.startswith("to_") and to}
                if plan or not read.values.get("close"):
                    job = tasks.start_handover(visit.actor, id, plan)
                if read.values.get("close"):
                    door.perform("user", "update", actor=visit.actor, id=id, changes={"active": False})
                return redirect(f"/jobs/{job}" if plan else visit.look.to("user", id))
            except Invalid as found:
                problem = found
    elif who.errors and (visit.posted or raw.get("who")):
        problem = Invalid(who.errors)
    for error in problem.errors if problem is not None else ():
        errors.setdefault(error.field, error.message.for_(visit.look.lang))
    return visit.page(
        "pages/handover.html", problem.status if problem is not None else 200, current=visit.catalog.object("user"), person=person, fields=fields, raw=raw,
        errors=errors, problem=problem, candidates=candidates, here=HERE, title=T("离职交接", "Hand-over"),
    )  # fmt: skip
