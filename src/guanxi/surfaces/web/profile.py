"""One's own page: language, password, tokens for programs."""

from __future__ import annotations

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import accounts
from guanxi.surfaces.web.visit import Visit, page, redirect


@page
def profile(visit: Visit) -> HttpResponse:
    error, secret = "", ""
    if visit.posted:
        try:
            secret = accounts.issue_token(visit.standing.account, visit.post.get("label", ""))
        except Invalid as problem:
            error = problem.errors[0].message.for_(visit.look.lang)
    return visit.page(
        "pages/profile.html",
        422 if error else 200,
        tokens=accounts.tokens(visit.standing.account),
        secret=secret,
        error=error,
        roles=visit.actor.rights.roles if visit.actor.rights is not None else (),
        title=T("个人设置", "My profile"),
    )


@page
def revoke(visit: Visit, token: str) -> HttpResponse:
    found = parse_id(token)
    if found is None or not visit.posted:
        raise NotFound()
    accounts.revoke_token(visit.standing.account, found)
    visit.say(T("令牌已撤销。", "The token was revoked."))
    return redirect("/me")
