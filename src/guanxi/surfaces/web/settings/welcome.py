"""The first steps of a new workspace: the company, its people, and data to begin with. They can be left and taken up again."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import Conflict, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import LANGUAGES, T
from guanxi.kernel import accounts, sample
from guanxi.kernel.records import door, reading
from guanxi.kernel.setup import USUAL_ROLE
from guanxi.surfaces.web import laying
from guanxi.surfaces.web.settings import pasting
from guanxi.surfaces.web.visit import Visit, page, redirect

STEPS = (("company", T("公司", "Company")), ("people", T("同事", "People")), ("data", T("数据", "Data")))
FIELDS = ("name", "currency", "zone", "fiscal_start")


def first_page(visit: Visit) -> str:
    """Where somebody lands after signing in: the first steps while they are due, for who may take them; else the page they chose, or home."""
    it = visit.catalog.object("company")
    row = _company(visit) if visit.may(it, "update") else None
    return "/welcome" if row is not None and row["welcomed_at"] is None else laying.start(visit)


def _company(visit: Visit) -> dict[str, Any] | None:
    found = reading.query("company", actor=visit.actor, fields=[*FIELDS, "welcomed_at", "version"], limit=1).rows
    return found[0] if found else None


@page
def welcome(visit: Visit) -> HttpResponse:
    row = _company(visit)
    if row is None or not visit.may(visit.catalog.object("company"), "update"):
        raise NotFound()
    step = visit.get.get("step", "") or "company"
    if visit.posted and visit.post.get("do") == "later":
        return _end(visit, row)
    if step == "company":
        return _about(visit, row)
    if step == "people":
        return _people(visit)
    if step == "data":
        return _data(visit, row)
    raise NotFound()


def _draw(visit: Visit, step: str, status: int = 200, **context: Any) -> HttpResponse:
    return visit.page("pages/welcome.html", status, step=step, steps=STEPS, title=T("首次设置", "First steps"), **context)


def _end(visit: Visit, row: dict[str, Any]) -> HttpResponse:
    """Done, or put off: either way it does not come up by itself again."""
    if row["welcomed_at"] is None:
        door.perform("company", "welcomed", actor=visit.actor, id=row["id"])
    if visit.post.get("do") == "later":
        visit.say(T("以后可以在“设置 → 首次设置”继续。", "You can go on in Settings → First steps at any time."), "note")
    return redirect("/")


# -- 1: the company ----------------------------------------------------------------------------------------------------


def _about(visit: Visit, row: dict[str, Any]) -> HttpResponse:
    held = {name: row[name] for name in FIELDS}
    errors: dict[str, str] = {}
    if visit.posted:
        held = {name: visit.post.get(name, held[name]) for name in FIELDS}
        language = visit.post.get("language", "")
        try:
            door.perform("company", "update", actor=visit.actor, id=row["id"], changes={n: v for n, v in held.items() if v != row[n]})
        except (Invalid, Conflict) as problem:
            errors = {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
        else:
            if language in LANGUAGES and language != visit.look.lang:
                visit.request.session[accounts.LANGUAGE] = language
                accounts.choose_language(visit.actor, language)
            return redirect("/welcome?step=people")
    it = visit.catalog.object("company")
    return _draw(visit, "company", 422 if errors else 200, it=it, held=held, errors=errors, fresh=row["welcomed_at"] is None)


# -- 2: people ---------------------------------------------------------------------------------------------------------


def _people(visit: Visit) -> HttpResponse:
    if not visit.may(visit.catalog.object("user"), "create"):
        return redirect("/welcome?step=data")
    roles = reading.query("role", actor=visit.actor, fields=["name", "name_en", "key"], sort=["name"], limit=100).rows
    usual = next((str(row["id"]) for row in roles if row["key"] == USUAL_ROLE), "")
    may_access = visit.may(visit.catalog.object("user"), "give_access")
    text, role, access = visit.post.get("text", "")[:50_000], visit.post.get("role", usual), visit.post.get("access", "") == "1" and may_access
    do, lines, error = visit.post.get("do", ""), None, ""
    if visit.posted:
        chosen = parse_id(role) if role else None
        lines = pasting.add(visit, text, chosen, access, rehearse=do != "add")
        if not lines:
            error = visit.look.t("请先粘贴或填写至少一行。", "Paste or type at least one line first.")
    added = [one for one in lines or () if one.id is not None] if do == "add" else []
    return _draw(
        visit,
        "people",
        422 if error else 200,
        text="" if added else text,
        role=role,
        roles=roles,
        access=access or not visit.posted,
        may_access=may_access,
        lines=lines,
        added=added,
        good=sum(one.error is None for one in lines or ()),
        done=do == "add" and bool(lines),
        error=error,
    )


# -- 3: data -----------------------------------------------------------------------------------------------------------


def _data(visit: Visit, row: dict[str, Any]) -> HttpResponse:
    if visit.posted:
        if visit.post.get("do") == "sample":
            there = sample.bring(visit.actor)
            visit.say(T(f"示例公司已放入，共 {there} 条记录；在“设置 → 示例数据”一键移除。", f"The sample company is in: {there} records. One click in Settings → Sample data removes it."))
        return _end(visit, _company(visit) or row)
    return _draw(visit, "data", state=sample.state(visit.actor))
