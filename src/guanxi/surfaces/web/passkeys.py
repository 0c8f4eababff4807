"""Passkeys over HTTP: a form is posted twice, first for what the browser needs, then with what it made of it."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse

from guanxi.base.errors import NotFound, Problem
from guanxi.base.text import T
from guanxi.kernel import accounts, passkeys
from guanxi.surfaces.web.settings.welcome import first_page
from guanxi.surfaces.web.visit import Visit, enter, language_before, page, redirect, safe_next


def _told(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json", headers={"Cache-Control": "private, no-store"})


def _problem(problem: Problem, lang: str) -> HttpResponse:
    text = problem.errors[0].message if problem.errors else problem.detail
    response = _told({"told": text.for_(lang)}, problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


@page
def add(visit: Visit) -> HttpResponse:
    if not visit.posted:
        raise NotFound()
    try:
        if "credential" not in visit.post:
            return _told(passkeys.begin(visit.request, visit.post.get("current", "")))
        passkeys.add(visit.request, visit.standing, visit.post.get("label", ""), visit.post.get("credential", ""))
    except Problem as problem:
        return _problem(problem, visit.look.lang)
    visit.say(T("通行密钥已添加。", "The passkey was added."))
    return _told({"to": "/me"})


@page
def remove(visit: Visit, id: UUID) -> HttpResponse:
    if not visit.posted:
        raise NotFound()
    passkeys.remove(visit.request, visit.standing, id)
    visit.say(T("通行密钥已删除。", "The passkey was removed."))
    return redirect("/me")


def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("/signin")
    try:
        if "credential" not in request.POST:
            return _told(passkeys.ask(request))
        passkeys.sign_in(request, request.POST["credential"])
        visit = enter(request)
    except Problem as problem:
        return _problem(problem, language_before(request))
    request.session[accounts.LANGUAGE] = accounts.language_of(visit.actor) or language_before(request)
    return _told({"to": safe_next(request.POST.get("next", "") or first_page(visit))})
