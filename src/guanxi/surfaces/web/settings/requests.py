"""A person's request: who it may be among all records, which of them are theirs, and what is done for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.records import consents, door, reading, subjects, telling
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import words
from guanxi.surfaces.web.visit import Visit, page, redirect

NAME = "subject_request"
DONE: dict[str, Text] = {"export": T("导出了副本", "wrote a copy"), "erase": T("匿名化", "anonymised"), "withdraw": T("撤回了同意", "withdrew consents")}


@page
def request(visit: Visit, id: UUID) -> HttpResponse:
    """The request's page; posted, one step of it."""
    row = reading.get(NAME, id, actor=visit.actor)
    problem: Text | None = None
    if visit.posted:
        try:
            return _step(visit, row, visit.post.get("step", ""))
        except Invalid as refused:
            problem = refused.errors[0].message if refused.errors else refused.detail
        row = reading.get(NAME, id, actor=visit.actor)
    it = visit.catalog.object(NAME)
    open_ = row["state"] == "open"
    may = open_ and visit.may(it, "update")
    return visit.page(
        "pages/request.html",
        422 if problem is not None else 200,
        current=it,
        it=it,
        row=row,
        open=open_,
        may=may,
        may_export=visit.may(it, "export"),
        hits=[(hit, visit.catalog.object(hit.object)) for hit in subjects.find(row, actor=visit.actor)] if open_ else [],
        corrected=[(event, _names(visit, event)) for event in subjects.corrections(row, row["created_at"], actor=visit.actor)] if row["records"] else [],
        outcomes=[(DONE.get(one["what"], T(one["what"], one["what"])), one) for one in row["outcomes"] or ()],
        problem=problem,
        many=lambda object: words.plural(visit.catalog.object(object)),
        title=T(f"个人信息请求 {row['number']}", f"Privacy request {row['number']}"),
    )


def _names(visit: Visit, event: telling.Told) -> list[Text]:
    it = visit.catalog.object(event.object)
    return [it.fields[name].label for name in event.changes if name in it.fields]


def _step(visit: Visit, row: dict[str, Any], step: str) -> HttpResponse:
    back = redirect(f"/subject_requests/{row['id']}")
    if step == "tick":
        chosen = [dict(zip(("object", "id"), one.split(":", 1), strict=False)) for one in visit.post.getlist("record")]
        door.perform(NAME, "tick", actor=visit.actor, id=row["id"], inputs={"records": chosen})
        visit.say(T(f"已确认 {len(chosen)} 条。", f"{len(chosen)} records confirmed."))
    elif step == "export":
        return redirect(f"/jobs/{tasks.start_subject(visit.actor, row['id'])}")
    elif step == "withdraw":
        count = 0
        for one in row["records"] or ():
            if consents.concerns(visit.catalog.object(one["object"])):
                for standing in consents.standings(one["object"], one["id"], actor=visit.actor):
                    if standing.state == "given" and standing.basis == "consent":
                        door.perform("consent", "withdraw", actor=visit.actor, id=standing.id, inputs={"channel": row["number"]})
                        count += 1
        visit.say(T(f"已撤回 {count} 项同意。", f"{count} consents withdrawn."))
    elif step == "erase":
        inputs = {name: bool(visit.post.get(name)) for name in ("texts", "files")}
        door.perform(NAME, "erase_person", actor=visit.actor, id=row["id"], inputs=inputs)
        visit.say(T("已匿名化，历史和搜索里也不再有原值。", "Anonymised: history and search no longer hold the values either."))
    elif step == "answer":
        door.perform(NAME, "answer", actor=visit.actor, id=row["id"], inputs={"answer": visit.post.get("answer") or None, "refused": bool(visit.post.get("refused"))})
        visit.say(T("已办结。", "Closed."))
    return back
