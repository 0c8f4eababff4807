"""One request to one page: who it is, in which language, and how an answer is made."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.middleware.csrf import get_token

from guanxi.base.errors import Conflict, Forbidden, NotFound, Problem, TooManyRequests, Unauthenticated
from guanxi.base.text import LANGUAGES, T, Text, pick_language
from guanxi.kernel import accounts, capture
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.core import CORE
from guanxi.kernel.declare.conditions import Meaning
from guanxi.kernel.declare.fields import Settings
from guanxi.kernel.declare.objects import Calendar, Definition
from guanxi.kernel.records import pairing
from guanxi.kernel.records.guard import Guard
from guanxi.surfaces.web import words
from guanxi.surfaces.web.look import Look, render

log = logging.getLogger(__name__)
DUE = {"password": "/password", "second": "/me/second"}
"""Where what is due before anything else is done."""
SAID = "said"
INSIDE = ("main", "drawer", "dialog", "value", "panel")
"""Parts of a page already open that may ask for another page's content alone, by the header X-Inside."""


_kept: dict[tuple[Any, ...], tuple[Any, Any, Any]] = {}
MOST_KEPT = 2_000


@dataclass
class Visit:
    """A signed-in person's request. `look` draws; `actor` acts."""

    request: HttpRequest
    actor: Actor
    standing: Any
    guard: Guard
    look: Look
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        return self.guard.catalog

    @property
    def get(self) -> QueryDict:
        return self.request.GET

    @property
    def post(self) -> QueryDict:
        return self.request.POST

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    @property
    def inside(self) -> str:
        """The part of an open page this page's content goes into, or nothing when it is a page of its own."""
        asked = self.request.headers.get("X-Inside", "")
        return asked if asked in INSIDE else ""

    @property
    def desk(self) -> Mapping[str, Any]:
        """How this person's desk is set up: theme, sider and so on."""
        return self.standing.desk  # type: ignore[no-any-return]

    @property
    def meaning(self) -> Meaning:
        """What "today" and "me" of a condition mean here, to judge one row without asking the database."""
        settings = self.look.settings
        return Meaning(settings.today, self.actor.user, self.actor.departments, settings.fiscal_start, settings.tz, self.actor.below)

    def may(self, it: Definition, verb: str) -> bool:
        return access.may(self.actor.rights, it, verb)

    def kept(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` answers, made once for this catalog, these rights and this language (the very objects: what is changed is
        a new object). For what every page shows alike and takes a while, such as which columns there are to choose from."""
        whole = (id(self.catalog), id(self.actor.rights), self.look.lang, *key)
        held = _kept.get(whole)
        if held is not None and held[0] is self.catalog and held[1] is self.actor.rights:
            return held[2]
        made = make()
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[whole] = (self.catalog, self.actor.rights, made)
        return made

    def object(self, plural: str) -> Definition:
        """The object of an address; only plural names are addresses."""
        it = self.guard.object(plural)
        if it.plural != plural:
            raise NotFound()
        return it

    def say(self, text: Text, kind: str = "done", link: str = "", link_text: Text | None = None) -> None:
        """Tell the person on the next page they see."""
        said = list(self.request.session.get(SAID, []))
        said.append([kind, text.zh, text.en, link, link_text.zh if link_text else "", link_text.en if link_text else ""])
        self.request.session[SAID] = said[-5:]

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        from guanxi.surfaces.web.settings import area

        settled = area.inside(self.request.path, context.get("current"))
        said = self.request.session.pop(SAID) if SAID in self.request.session else []
        text = render(
            template,
            self.look,
            {
                "visit": self,
                "actor": self.actor,
                "watermark": bool(self.standing.safety.get("watermark")),
                "path": self.request.path,
                "query": self.request.GET,
                "here": self.request.get_full_path(),
                "inside": self.inside,
                "csrf": get_token(self.request),
                **({} if self.inside else self._around()),
                "said": said,
                "q": "",
                "current": None,
                "settled": settled,
                "area": area.menu(self) if settled and self.inside in ("", "main") else None,
                "printed_here": context.get("printable", True) if "pictures" in context else self._prints(context.get("it") or context.get("current")),
                "request_id": getattr(self.request, "request_id", ""),
                **context,
            },
        )
        headers = {"Cache-Control": "private, no-store", "Vary": "X-Inside, Cookie", "X-Account": self.account, "Content-Language": self.look.lang}
        return HttpResponse(text, status=status, headers=headers)

    def _prints(self, it: Any) -> bool:
        """Whether a page of this object leaves by the printer: not where its records are daily work and the person may not print them."""
        return not isinstance(it, Definition) or it.group in ("", "settings") or self.may(it, "print")

    @property
    def account(self) -> str:
        """What a browser keeps this account's pages under; it tells nothing about the account."""
        return hashlib.sha256(f"{self.standing.workspace} {self.standing.account}".encode()).hexdigest()[:20]

    def _around(self) -> dict[str, Any]:
        """What the shell shows around a page."""
        from guanxi.surfaces.web import shell

        main = self.main()
        return {
            "navigation": navigation(self),
            "creatable": [it for it in main if self.may(it, "create")],
            "letters": shell.letters(main),
            "centre": shell.centre(main),
            "palette": shell.palette_url(self),
            "later": [f"/{it.plural}/new" for it in main if shell.may_be_sent_later(it) and self.may(it, "create")],
        }

    def went(self, to: str) -> HttpResponse:
        """What a form inside a drawer or dialog is told instead of being sent on: where to, and what to say there. The page
        around it decides whether to go."""
        said = self.request.session.pop(SAID) if SAID in self.request.session and self.inside != "main" else []
        shown = [
            {"kind": kind, "text": self.look.t(zh, en), "link": link, "label": self.look.t(link_zh, link_en)}
            for kind, zh, en, link, link_zh, link_en in said
        ]
        return HttpResponse(
            msgspec.json.encode({"went": to, "said": shown}),
            content_type="application/json",
            headers={"Cache-Control": "private, no-store", "Vary": "X-Inside, Cookie"},
        )

    @property
    def may_capture(self) -> bool:
        """Whether pasted text can become something this person may create."""
        return capture.offered(self.actor, self.catalog)

    @property
    def has_days(self) -> bool:
        """Whether any object of daily work has a calendar, so that there is one of all."""
        return any(isinstance(view, Calendar) for it in self.main() for view in it.views)

    @property
    def has_duplicates(self) -> bool:
        """Whether this person may merge records that are looked through for duplicates."""
        return pairing.may_look(self.actor)

    def main(self) -> list[Definition]:
        """The objects of daily work that the actor may read, in the navigation's order: the modules' own, then what the kernel adds to
        them, which is nothing by itself."""
        found = [it for it in self.catalog if it.group not in ("", "settings") and self.may(it, "read")]
        if all(it.module == CORE.name for it in found):
            return []
        order = {name: at for at, name in enumerate(words.GROUP_ORDER)}
        return sorted(found, key=lambda it: (order.get(it.group, len(order)), it.module == CORE.name))


def navigation(visit: Visit) -> list[tuple[str, list[Definition]]]:
    """The sider: groups with their objects; the settings are last and apart."""
    groups: dict[str, list[Definition]] = {}
    for it in visit.main():
        groups.setdefault(it.group, []).append(it)
    settings = [it for it in visit.catalog if it.group == "settings" and visit.may(it, "read")]
    return [*groups.items(), *([("settings", settings)] if settings else [])]


def language_before(request: HttpRequest) -> str:
    """The language of a page without a person: chosen on it, else what the browser asks for."""
    chosen = request.session.get(accounts.LANGUAGE)
    return chosen if chosen in LANGUAGES else pick_language(request.headers.get("Accept-Language"))


def redirect(to: str) -> HttpResponse:
    return HttpResponseRedirect(to)


def safe_next(to: str) -> str:
    """A path of our own pages, or the start page: nobody is sent elsewhere after signing in."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and "\n" not in to and "\r" not in to else "/"


def plain(request: HttpRequest, template: str, status: int = 200, *, language: str | None = None, **context: Any) -> HttpResponse:
    """A page without a person: sign-in, and errors before it."""
    look = Look(language or language_before(request), Settings())
    base = {"csrf": get_token(request), "here": request.get_full_path(), "request_id": getattr(request, "request_id", "")}
    return HttpResponse(render(template, look, {**base, **context}), status=status, headers={"Cache-Control": "private, no-store"})


def enter(request: HttpRequest) -> Visit:
    """The visit of the session's person. Raises Unauthenticated, TooManyRequests."""
    chosen = request.session.get(accounts.LANGUAGE)
    actor, standing = accounts.of_session(
        request, via="web", language=chosen if chosen in LANGUAGES else None, request=getattr(request, "request_id", None)
    )
    assert actor.catalog is not None
    guard = Guard(actor.catalog, actor)
    return Visit(request, actor, standing, guard, Look(actor.language, actor.catalog.settings, guard))


def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view for signed-in people: `view(visit, …)`. Problems become pages; what is due (`DUE`) comes first. What was
    written by an account (`X-Account`) is taken from that account only."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, **given: Any) -> HttpResponseBase:
        try:
            visit = enter(request)
        except Unauthenticated:
            if request.method == "GET" and request.path != "/":
                return redirect("/signin?next=" + quote(request.get_full_path(), safe="/"))
            return redirect("/signin")
        except TooManyRequests as problem:
            return _bare(request, problem)
        if request.headers.get("X-Account", visit.account) != visit.account:
            return trouble(visit, Conflict(T("这个浏览器现在登录的是另一个账号。", "Somebody else is signed in in this browser now."), code="account"))
        due = DUE.get(accounts.due(visit.actor, visit.standing), request.path)
        if request.path != due:
            return redirect(due)
        try:
            response = view(visit, **given)
            if visit.inside and visit.posted and isinstance(response, HttpResponseRedirect):
                return visit.went(response.url)
            return response
        except Unauthenticated:
            return redirect("/signin")
        except Problem as problem:
            return trouble(visit, problem)

    return wrapped


def trouble(visit: Visit, problem: Problem) -> HttpResponse:
    """A problem as a page of its own."""
    response = visit.page("pages/problem.html", problem.status, problem=problem)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such address."""
    return _bare(request, NotFound())


def broken(request: HttpRequest) -> HttpResponse:
    """Something went wrong that nobody expected."""
    return _bare(request, Problem())


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came from elsewhere, or from a page too old to be believed."""
    return _bare(request, Forbidden(T("页面已过期，或不是从本站提交的。请返回刷新后重试。", "The page is too old, or was not sent from here. Go back, reload and try again.")))


def hasty(request: HttpRequest, problem: TooManyRequests) -> HttpResponse:
    """Somebody asks more often than they may."""
    return _bare(request, problem)


def _bare(request: HttpRequest, problem: Problem) -> HttpResponse:
    answer = _drawn(request, problem)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _drawn(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = msgspec.json.encode(problem.to_dict(pick_language(request.headers.get("Accept-Language"))))
        return HttpResponse(body, status=problem.status, content_type="application/problem+json")
    try:
        return plain(request, "pages/problem_bare.html", problem.status, problem=problem)
    except Exception:
        log.exception("The error page could not be drawn")
        return HttpResponse(f"{problem.title.zh} / {problem.title.en}", status=problem.status, content_type="text/plain; charset=utf-8")
