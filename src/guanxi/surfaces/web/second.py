"""One's second factor: setting it up with a picture an authenticator reads, recovery codes, switching it off."""

from __future__ import annotations

from django.http import HttpResponse

from guanxi.base.errors import Problem
from guanxi.base.text import T
from guanxi.kernel import accounts, second_factor
from guanxi.surfaces.web.visit import Visit, page, redirect

ISSUER = "Guanxi"


@page
def second(visit: Visit) -> HttpResponse:
    """What stands, and the next step. Recovery codes are on the answer that made them and nowhere else."""
    errors: dict[str, str] = {}
    codes: list[str] = []
    status = 200
    if visit.posted:
        asked, password = visit.post.get("do", ""), visit.post.get("current", "")
        try:
            if asked == "begin":
                accounts.begin_second(visit.request, password)
                return redirect("/me/second")
            if asked == "confirm":
                codes = accounts.confirm_second(visit.request, visit.standing, visit.post.get("code", ""))
            elif asked == "codes":
                codes = accounts.renew_codes(visit.request, password)
            elif asked == "off":
                accounts.drop_second(visit.request, visit.actor, visit.standing, password)
                visit.say(T("两步验证已关闭。", "The second factor is off."))
                return redirect("/me")
        except Problem as problem:
            if not problem.errors:
                raise
            status, errors = problem.status, {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
    return visit.page(
        "pages/second.html",
        status,
        errors=errors,
        codes=codes,
        on=second_factor.is_on(visit.standing.account),
        left=second_factor.codes_left(visit.standing.account),
        begun=second_factor.begun(visit.standing.account, visit.standing.username, ISSUER),
        needed=accounts.needs_second(visit.actor, visit.standing),
        asked=visit.post.get("do", ""),
        title=T("两步验证", "Second factor"),
    )
