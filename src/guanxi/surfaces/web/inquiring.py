"""综合查询 on the screens: words or pasted lists looked for in several objects at once, each group opened as a list."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse, QueryDict

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.text import T
from guanxi.kernel import accounts
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, inquiring, reading
from guanxi.surfaces.web import words
from guanxi.surfaces.web.visit import Visit, page, redirect

SHOWN = 50
"""So many records of each object stand on the page; the list has them all."""
LONG = 6_000
"""A condition of more signs goes into a saved view, not into an address."""


@page
def inquire(visit: Visit) -> HttpResponse:
    """The form, and what was found. Posted, because lists are long; a short question may stand in the address."""
    given = visit.post if visit.posted else visit.get
    how = given.get("how", "exact")
    how = how if how in inquiring.HOW else "exact"
    text, without = given.get("q", "")[:60_000], given.get("without", "")[:2_000]
    known = inquiring.objects(visit.actor)
    chosen = [it for it in known if it.name in given.getlist("object")] or known
    fields = {it.name: _fields(visit, it, given) for it in known}
    answer: inquiring.Answer | None = None
    problem: Invalid | None = None
    if words_ := inquiring.split(text, how):
        asked = inquiring.Asked(words_, how, [it.name for it in chosen], fields, inquiring.split(without, "all"))
        accounts.searching(visit.request)
        try:
            answer = inquiring.inquire(asked, actor=visit.actor)
        except Invalid as found:
            problem = found
    if answer is not None and visit.posted and (name := visit.post.get("open", "")):
        return _open(visit, answer, name)
    return visit.page(
        "pages/inquiry.html",
        problem.status if problem is not None else 200,
        text=text, how=how, hows=inquiring.HOW, without=without, known=known, chosen={it.name for it in chosen}, fields=fields,
        offered={it.name: inquiring.offered(visit.guard, it) for it in known}, answer=answer, problem=problem, asked=len(words_), shown=SHOWN, most=inquiring.MOST, cap=inquiring.CAP,
        lists={one.object: _address(visit, one) for one in answer.groups} if answer is not None else {},
        many=lambda object: words.plural(visit.catalog.object(object)), it_of=visit.catalog.object, title=T("综合查询", "Composite search"),
    )  # fmt: skip


def _fields(visit: Visit, it: Definition, given: QueryDict) -> list[str]:
    """The fields ticked for an object; the usual ones when nothing was."""
    there = {one.name for one in inquiring.offered(visit.guard, it)}
    return [name for name in given.getlist(f"f.{it.name}") if name in there] or inquiring.usual(visit.guard, it)


def _address(visit: Visit, group: inquiring.Group) -> str:
    """The list of a group, or nothing when the condition is too long for an address."""
    where = json.dumps(group.where, ensure_ascii=False, separators=(",", ":"))
    return visit.look.to(group.object, where=where) if len(where) <= LONG else ""


def _open(visit: Visit, answer: inquiring.Answer, name: str) -> HttpResponse:
    """A group as a list; what is too long for an address is kept as a view of one's own."""
    group = next((one for one in answer.groups if one.object == name), None)
    if group is None:
        raise NotFound()
    if short := _address(visit, group):
        return redirect(short)
    it = visit.catalog.object(name)
    now = visit.look.settings.today
    settings: dict[str, Any] = {"columns": reading.default_fields(visit.guard, it), "where": group.where}
    called = visit.look.t(f"综合查询 {now}（{len(group.rows)} 条）", f"Composite search {now} ({len(group.rows)})")
    made = door.perform("view", "create", actor=visit.actor, changes={"name": called, "object_name": it.name, "kind": "list", "settings": settings})
    visit.say(T("结果已存为您自己的视图，不需要时可以删除。", "The result is kept as a view of yours; delete it when it is not needed."))
    return redirect(visit.look.to(it.name, view=str(made.id)))
