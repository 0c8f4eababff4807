"""What stands around every page: where one can go and what one can do from anywhere, what waits, how the desk is set up."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.http import HttpResponse

from guanxi.base import pinyin
from guanxi.base.errors import NotFound, Problem
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import accounts
from guanxi.kernel.declare.fields import Link, Links
from guanxi.kernel.declare.objects import Definition, Form, List
from guanxi.kernel.records import figures, reading
from guanxi.surfaces.web import words
from guanxi.surfaces.web.icons import PATHS
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

HOME = "h"
DASHBOARDS = T("仪表盘", "Dashboards")
KEPT = "private, max-age=3600"
COUNTED = "private, max-age=60"


def letters(main: Iterable[Definition]) -> dict[str, str]:
    """The letter that leads to each object of daily work after `g`: the first of its name that is still free."""
    taken, out = {HOME, "g"}, {}
    for it in main:
        letter = next((one for one in it.name if one.isalpha() and one not in taken), "")
        if letter:
            taken.add(letter)
            out[it.name] = letter
    return out


def centre(main: Sequence[Definition]) -> Definition | None:
    """What daily work turns about: the object that most others lead to. A phone has it under the thumb."""
    among = {it.name for it in main}
    led = Counter(one.target for it in main for one in it.fields.values() if isinstance(one, Link | Links) and one.target in among)
    return max(main, key=lambda it: led[it.name], default=None)


def may_be_sent_later(it: Definition) -> bool:
    """Whether a new record may be written without a connection."""
    form: Form | None = it.view(Form)
    return form is not None and form.offline


def palette_url(visit: Visit) -> str:
    """The palette's address, another one whenever it may say something else, so that browsers may keep it."""
    of = (visit.actor.user, visit.look.lang, visit.standing.access_version, visit.standing.catalog_version, visit.standing.views_version)
    return "/palette?v=" + hashlib.sha256(repr(of).encode()).hexdigest()[:12]


def _keys(*said: Text) -> list[str]:
    """What finds an entry: its words in both languages, the pinyin and the initials of the Chinese."""
    out: list[str] = []
    for text in said:
        zh = normal(text.zh)
        out += [zh, normal(text.en), *pinyin.of(zh)]
    return list(dict.fromkeys(key for key in out if key))


@page
def palette(visit: Visit) -> HttpResponse:
    """Pages, views and actions with the words that find them, and what the objects found by a search look like."""
    from guanxi.surfaces.web import helping, showing

    say = visit.look.say
    entries: list[dict[str, Any]] = []

    def add(kind: str, label: Text, icon: str, *more: Text, **to: str) -> None:
        shown = " · ".join(say(one) for one in (*more, label))
        entries.append({"kind": kind, "label": shown, "icon": icon, "keys": _keys(label, *more), **to})

    for it in visit.main():
        if visit.may(it, "create"):
            add("do", words.new(it), "plus", dialog=f"/{it.plural}/new")
    add("go", T("首页", "Home"), "home", href="/")
    add("go", T("综合查询", "Composite search"), "search", href="/search/advanced")
    if visit.has_days:
        add("go", T("日历", "Calendar"), "calendar", href="/calendar")
    add("go", DASHBOARDS, "chart", href="/dashboards")
    for key, board in figures.dashboards(visit.actor):
        add("go", board.label, "chart", DASHBOARDS, href=f"/dashboards/{key}")
    for it in visit.main():
        add("go", words.plural(it), it.icon, href=f"/{it.plural}")
        for view in showing.lists(visit, it)[1:]:
            add("go", view.label, it.icon, words.plural(it), href=visit.look.to(it.name, view=view.name))
        for tab in showing.tabs(visit, it, ""):
            add("go", tab["label"], tab["icon"], words.plural(it), href=tab["url"])
    for heading, url, label, icon in _settings(visit):
        add("go", label, icon, *heading, href=url)
    if visit.may_capture:
        add("do", T("粘贴记录", "Paste and record"), "pen", press="a.pen")
    for label, icon, press in ACTIONS:
        add("do", label, icon, press=press)
    for name, one in helping.pages().items():
        zh, en = helping.told(one, "zh-CN"), helping.told(one, "en")
        title = T(zh.title, en.title)
        add("help", title, "help", helping.HELP, href=f"/help/{name}")
        for n, (task, same) in enumerate(zip(zh.tasks, en.tasks, strict=True), 1):
            add("help", T(task.title, same.title), "help", title, href=f"/help/{name}#s{n}")
    objects = {it.name: {"plural": it.plural, "label": say(it.label), "icon": it.icon} for it in visit.catalog if visit.may(it, "read")}
    icons = {one["icon"] for one in (*entries, *objects.values())} | {"search", "history", "record"}
    body = {"entries": entries, "objects": objects, "icons": {name: PATHS.get(name) or PATHS["record"] for name in sorted(icons)}}
    return _json(body, KEPT)


ACTIONS = (
    (T("快捷键", "Keyboard shortcuts"), "key", "[data-press=keys]"),
    (T("浅色主题", "Light theme"), "sun", "[name=theme][value=light]"),
    (T("深色主题", "Dark theme"), "moon", "[name=theme][value=dark]"),
    (T("主题跟随系统", "Theme as the system"), "settings", "[name=theme][value=system]"),
    (T("切换到中文", "Switch to Chinese"), "language", "[name=language][value=zh-CN]"),
    (T("切换到英文", "Switch to English"), "language", "[name=language][value=en]"),
    (T("退出登录", "Sign out"), "out", "[action='/signout'] button"),
)
"""What can be done from anywhere, by pressing what stands in the shell."""


def _usable(visit: Visit, it: Definition, view: List) -> bool:
    try:
        visit.guard.where(it, visit.guard.parse(view.where))
    except Problem:
        return False  # the view names a field this person does not see
    return True


def _settings(visit: Visit) -> Iterable[tuple[tuple[Text, ...], str, Text, str]]:
    from guanxi.surfaces.web.settings import area

    overall = T("设置", "Settings")
    yield (), "/settings", overall, "settings"
    for _, places in area.menu(visit):
        for place in places:
            yield (overall,), place.url, place.label, place.icon
    yield (overall,), "/password", words.CHANGE_PASSWORD, "role"


@page
def waiting(visit: Visit) -> HttpResponse:
    """How many records wait for this person, by the address of the object's page: asked after the page, with one statement."""
    asked = [(it, view) for it in visit.main() for view in it.views if isinstance(view, List) and view.waiting and _usable(visit, it, view)]
    found = reading.counts([(it.name, view.where) for it, view in asked], actor=visit.actor) if asked else []
    counts = {f"/{it.plural}": {"count": count, "more": more, "url": visit.look.to(it.name, view=view.name), "label": visit.look.say(view.label)}
              for (it, view), (count, more) in zip(asked, found, strict=True) if count}  # fmt: skip
    return _json(counts, COUNTED)


@page
def desk(visit: Visit) -> HttpResponse:
    """Set up one's own desk: the theme, the sider."""
    if not visit.posted:
        raise NotFound()
    changes = {key: visit.post[key] for key in ("theme", "sider") if key in visit.post}
    if changes:
        accounts.set_up_desk(visit.actor, changes)
    return redirect(safe_next(visit.post.get("next", "/")))


def _json(body: Any, cache: str) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), content_type="application/json", headers={"Cache-Control": cache, "Vary": "Cookie"})
