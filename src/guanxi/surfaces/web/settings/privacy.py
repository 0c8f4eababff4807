"""Personal data as the company arranges it: the settings' page, the notice everybody may read before signing in, and the watermark."""

from __future__ import annotations

from html import escape

from django.http import HttpRequest, HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import MARKS, Choice, Phone
from guanxi.kernel.records import privacy, reading
from guanxi.surfaces.web.visit import Visit, page, plain

TAIL = 4


@page
def overview(visit: Visit) -> HttpResponse:
    """What is kept, who answers for it, what people asked, how long things are kept."""
    rules, requests = visit.catalog.object("privacy_rules"), visit.catalog.object("subject_request")
    if not visit.may(rules, "update") and not visit.may(requests, "read"):
        raise NotFound()
    marked = []
    for it in visit.catalog:
        held: dict[str, list[Text]] = {}
        for one in it.fields.values():
            if one.personal:
                held.setdefault(one.personal, []).append(one.label)
        if held:
            marked.append((it, [(MARKS[mark], held[mark]) for mark in MARKS if mark in held]))
    waiting = late = 0
    if visit.may(requests, "read"):
        waiting = reading.query(requests.name, actor=visit.actor, where="state = open", fields=["id"], limit=1, count="exact").count or 0
        late = reading.query(requests.name, actor=visit.actor, where="state = open and due_on < today", fields=["id"], limit=1, count="exact").count or 0
    purposes = visit.catalog.object("consent").fields["purpose"]
    assert isinstance(purposes, Choice)
    return visit.page(
        "pages/privacy.html",
        rules=privacy.rules(visit.actor.workspace),
        it=rules,
        may_change=visit.may(rules, "update"),
        may_register=visit.may(rules, "update") and visit.may(visit.catalog.object("role"), "read"),
        marked=marked,
        requests=requests if visit.may(requests, "read") else None,
        waiting=waiting,
        late=late,
        purposes=[option for option in purposes.options if option.active],
        days=_days(visit),
        title=T("个人信息保护", "Personal data"),
    )


def _days(visit: Visit) -> int | None:
    """How many days deleted records are kept, as whoever may see that rule knows; 0 is for ever."""
    rule = visit.catalog.object("bin_rules")
    found = reading.query(rule.name, actor=visit.actor, fields=["days"], limit=1).rows if visit.may(rule, "read") else []
    return found[0]["days"] if found else None


def notice(request: HttpRequest) -> HttpResponse:
    """The privacy notice, for everybody, in both languages."""
    return plain(request, "pages/privacy_notice.html", rules=privacy.company(), marks=MARKS)


@page
def watermark(visit: Visit) -> HttpResponse:
    """A tile of the watermark: who looks, by name and the last digits of their phone."""
    who = visit.actor.name
    user = visit.catalog.object("user")
    if visit.actor.user is not None and visit.guard.level(user, "phone") in ("read", "write"):
        held = reading.get("user", visit.actor.user, actor=visit.actor, fields=["phone"])["phone"]
        phone = user.fields["phone"]
        digits = phone.numbers(held) if isinstance(phone, Phone) and held else []
        who += f" {digits[0][-TAIL:]}" if digits else ""
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="190"><text x="20" y="130" transform="rotate(-20 20 130)" font-family="sans-serif" '
        f'font-size="16" fill="#808080" fill-opacity="0.16">{escape(who)}</text></svg>'
    )
    return HttpResponse(picture, content_type="image/svg+xml", headers={"Cache-Control": "private, no-cache", "Vary": "Cookie"})
