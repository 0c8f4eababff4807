"""Everybody's tokens and sign-ins, for whoever oversees them: seen and ended."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import accounts
from guanxi.surfaces.web.settings.devices import device
from guanxi.surfaces.web.visit import Visit, page, redirect


@page
def access(visit: Visit) -> HttpResponse:
    """Who has a token or is signed in; posted: `token` is revoked, `account` (with `end`, one of them) signed out, `endless` all
    tokens without an end revoked."""
    if visit.posted:
        _end(visit)
        return redirect("/settings/access")
    ways = accounts.everybodys(visit.request, visit.actor)
    return visit.page(
        "pages/access.html",
        ways=[(one, [(session, device(session.device)) for session in one.sessions]) for one in ways],
        endless=sum(token.expires_at is None for one in ways for token in one.tokens),
        now=datetime.now(UTC), title=T("令牌与登录", "Tokens and sign-ins"),
    )  # fmt: skip


def _end(visit: Visit) -> None:
    token, account = parse_id(visit.post.get("token", "")), parse_id(visit.post.get("account", ""))
    if "endless" in visit.post:
        count = accounts.revoke_endless(visit.request, visit.actor)
        visit.say(T(f"已撤销 {count} 个没有期限的令牌。", f"{count} tokens without an end were revoked."))
    elif token is not None:
        accounts.revoke_anybodys(visit.request, visit.actor, token)
        visit.say(T("令牌已撤销。", "The token was revoked."))
    elif account is not None:
        count = accounts.end_anybodys(visit.request, visit.actor, account, visit.post.get("end", ""))
        visit.say(T(f"已退出 {count} 处登录。", f"Signed out in {count} places."))
    else:
        raise NotFound()
