"""One's own page: name and how one is reached, language, password, where one is signed in, tokens for programs."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import accounts, passkeys
from guanxi.kernel.declare.fields import Field
from guanxi.kernel.declare.objects import Action
from guanxi.kernel.records import auditing, door, people, reading
from guanxi.surfaces.web import forms, laying
from guanxi.surfaces.web.inputs import Raw, read_all
from guanxi.surfaces.web.settings.devices import device
from guanxi.surfaces.web.visit import Visit, page, redirect

CORRECT = "correct_own"


@page
def profile(visit: Visit) -> HttpResponse:
    error, secret = "", ""
    if visit.posted:
        try:
            secret = accounts.issue_token(visit.request, visit.standing.account, visit.post.get("label", ""), _days(visit.post.get("days", "")))
        except Invalid as problem:
            error = problem.errors[0].message.for_(visit.look.lang)
    return _draw(visit, error=error, secret=secret)


@page
def details(visit: Visit) -> HttpResponse:
    """Correct one's own name, phone and e-mail: an action of the door on one's own record, and on no other."""
    if not visit.posted:
        raise NotFound()
    raw = Raw.of(visit.post)
    read = read_all(_own(visit), raw, visit)
    try:
        read.check()
        if not read.values:
            visit.say(T("没有改动，无需保存。", "Nothing was changed."), "note")
            return redirect("/me")
        assert visit.actor.user is not None  # nobody else has a session
        door.perform("user", CORRECT, actor=visit.actor, id=visit.actor.user, changes=read.values)
    except Invalid as problem:
        return _draw(visit, raw=raw, wrong={one.field: one.message.for_(visit.look.lang) for one in problem.errors})
    visit.say(T("个人资料已保存。", "Your details were saved."))
    return redirect("/me")


def _own(visit: Visit) -> list[Field]:
    """What one may correct of oneself: as far as one's roles let one write the fields at all."""
    it = visit.catalog.object("user")
    action = it.verbs[CORRECT]
    assert isinstance(action, Action)
    return forms.asks(visit, it, CORRECT, action)[0]


def _draw(visit: Visit, *, error: str = "", secret: str = "", raw: Raw | None = None, wrong: Mapping[str, str] | None = None) -> HttpResponse:
    """The page. `raw`: details as they were typed, and `wrong`: what is the matter with them, by field."""
    own = _own(visit)
    it = visit.catalog.objects["user"]
    named = ["roles"] if visit.guard.level(it, "roles") in ("read", "write") else []
    assert visit.actor.user is not None
    me = reading.get("user", visit.actor.user, actor=visit.actor, fields=[*(one.name for one in own), *named]) if raw is None or named else {}
    if raw is None:
        raw = forms.of_row(own, me, visit)
    return visit.page(
        "pages/profile.html",
        422 if error or wrong else 200,
        fields=own,
        raw=raw,
        wrong=wrong or {},
        tokens=accounts.tokens(visit.standing.account),
        secret=secret,
        longest=people.rules(visit.standing.safety).token_days,
        error=error,
        passkeys=passkeys.of(visit.standing.account),
        seen=[(line, device(line.agent)) for line in auditing.own(visit.actor)],
        sessions=[(one, device(one.device)) for one in accounts.sessions(visit.request, visit.standing.account)],
        roles=[one["label"] for one in me["roles"] or []] if named else visit.actor.rights.roles if visit.actor.rights is not None else (),
        starts=laying.starts(visit),
        start=visit.desk.get("start") or "/",
        title=T("个人设置", "My profile"),
    )


def _days(text: str) -> int | None:
    """Days a token is to last, as typed. Raises Invalid."""
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid.field("days", "number", "有效天数请填整数。", "Give the days as a whole number.")
    return int(text) if text else None


@page
def sessions(visit: Visit) -> HttpResponse:
    """End one sign-in elsewhere, or all of them."""
    if not visit.posted:
        raise NotFound()
    handle = visit.post.get("end", "")
    if handle == "others":
        ended = accounts.end_other_sessions(visit.request, visit.standing.account)
        visit.say(T(f"已退出其他 {ended} 处登录。", f"Signed out in {ended} other places."))
    else:
        accounts.end_session(visit.request, visit.standing.account, handle)
        visit.say(T("已退出那处登录。", "Signed out there."))
    return redirect("/me")


@page
def tour(visit: Visit) -> HttpResponse:
    """The tour was taken or refused: it is not offered to this person again."""
    if not visit.posted:
        raise NotFound()
    accounts.set_up_desk(visit.actor, {"tour": True})
    return HttpResponse(status=204)


@page
def revoke(visit: Visit, token: str) -> HttpResponse:
    found = parse_id(token)
    if found is None or not visit.posted:
        raise NotFound()
    accounts.revoke_token(visit.request, visit.standing.account, found)
    visit.say(T("令牌已撤销。", "The token was revoked."))
    return redirect("/me")
