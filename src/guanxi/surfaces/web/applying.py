"""The page on which somebody without an account applies for one, and the one that tells how the application stands."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from guanxi.base.errors import NotFound, Problem
from guanxi.kernel import accounts, applying
from guanxi.surfaces.web.visit import language_before, missing, plain, redirect


def apply(request: HttpRequest) -> HttpResponse:
    if not applying.is_open():
        return missing(request)
    if request.method != "POST":
        return plain(request, "pages/apply.html", given={}, errors={})
    given = {name: request.POST.get(name, "") for name in applying.ASKED}
    try:
        made = applying.apply(given, accounts.address(request), request.headers.get("User-Agent", ""))
    except Problem as problem:
        lang = language_before(request)
        errors = {e.field: e.message.for_(lang) for e in problem.errors} or {"": problem.detail.for_(lang)}
        response = plain(request, "pages/apply.html", problem.status, given=given, errors=errors)
        if problem.retry_after is not None:
            response.headers["Retry-After"] = str(problem.retry_after)
        return response
    return redirect(f"/apply/{made}")


def applied(request: HttpRequest, id: UUID) -> HttpResponse:
    try:
        return plain(request, "pages/applied.html", answer=applying.answer(id))
    except NotFound:
        return missing(request)
