"""Signing in and out, the password, the language."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from guanxi.base.errors import Problem, Unauthenticated
from guanxi.base.text import LANGUAGES, T
from guanxi.kernel import accounts, applying
from guanxi.kernel.records import people
from guanxi.surfaces.web.settings.welcome import first_page
from guanxi.surfaces.web.visit import Visit, enter, language_before, page, plain, redirect, safe_next


def sign_in(request: HttpRequest) -> HttpResponse:
    """The first page a stranger sees."""
    if request.method != "POST":
        return plain(request, "pages/signin.html", error="", username="", next=request.GET.get("next", ""), apply=applying.is_open())
    username = request.POST.get("username", "")
    after = request.POST.get("next", "")
    try:
        whole = accounts.sign_in(request, username, request.POST.get("password", ""))
        if not whole:
            return redirect("/signin/code" + (f"?{urlencode({'next': after})}" if after else ""))
        visit = enter(request)
    except Problem as problem:
        return _refused(request, "pages/signin.html", problem, username=username, next=after, apply=applying.is_open())
    return _welcome(visit, after)


def code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    if not accounts.awaits_code(request):
        return redirect("/signin")
    if request.method != "POST":
        return plain(request, "pages/code.html", error="", next=request.GET.get("next", ""))
    after = request.POST.get("next", "")
    try:
        accounts.give_code(request, request.POST.get("code", ""))
        visit = enter(request)
    except Unauthenticated:
        return redirect("/signin")
    except Problem as problem:
        return _refused(request, "pages/code.html", problem, next=after)
    return _welcome(visit, after)


def _refused(request: HttpRequest, template: str, problem: Problem, **given: Any) -> HttpResponse:
    text = problem.errors[0].message if problem.errors else problem.detail
    response = plain(request, template, problem.status, error=text.for_(language_before(request)), **given)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _welcome(visit: Visit, after: str) -> HttpResponse:
    """On to the page asked for, in the person's own language."""
    visit.request.session[accounts.LANGUAGE] = accounts.language_of(visit.actor) or language_before(visit.request)
    return redirect(safe_next(after or first_page(visit)))


def sign_out(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        lang = request.session.get(accounts.LANGUAGE)
        accounts.sign_out(request)
        if lang in LANGUAGES:
            request.session[accounts.LANGUAGE] = lang
    return redirect("/signin")


def language(request: HttpRequest) -> HttpResponse:
    """Choose a language; on the person's record too, so that the next sign-in and messages know it."""
    chosen = request.POST.get("language", "")
    if request.method == "POST" and chosen in LANGUAGES:
        request.session[accounts.LANGUAGE] = chosen
        with contextlib.suppress(Unauthenticated):
            accounts.choose_language(enter(request).actor, chosen)
    return redirect(safe_next(request.POST.get("next", "/")))


@page
def password(visit: Visit) -> HttpResponse:
    """Change one's password; due at the first sign-in before anything else."""
    errors: dict[str, str] = {}
    rules = people.rules(visit.standing.safety)
    if visit.posted:
        new = visit.post.get("password", "")
        try:
            if new != visit.post.get("again", ""):
                errors["again"] = visit.look.t("两次输入的新密码不一样。", "The two new passwords differ.")
            else:
                accounts.change_password(visit.request, visit.post.get("current", ""), new)
                visit.say(T("密码已修改，其他设备上的登录已退出。", "Password changed; you are signed out everywhere else."))
                return redirect(first_page(visit))
        except Problem as problem:
            errors = {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
    return visit.page("pages/password.html", 422 if errors else 200, errors=errors, due=accounts.due(visit.actor, visit.standing) == "password", rules=rules, old=accounts.outlived(visit.standing))
