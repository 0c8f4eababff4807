"""The first page after signing in, and the search over everything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import finding, reading
from guanxi.surfaces.web import beginning, tour
from guanxi.surfaces.web.visit import Visit, page

RECENT = 5
COUNTERS = 4
FOUND = 60


@page
def home(visit: Visit) -> HttpResponse:
    """Counts that open the lists behind them, and what changed last, of each object of daily work."""
    cards = [card for it in visit.main() if it.view(List) is not None and (card := _card(visit, it)) is not None]
    asked = [(card["it"].name, where) for card in cards for _, _, where in card["counters"]]
    found = iter(reading.counts(asked, actor=visit.actor))
    for card in cards:
        card["counters"] = [(label, url, *next(found)) for label, url, _ in card["counters"]]
    return visit.page("pages/home.html", cards=cards, greeting=_greeting(visit), tour=[] if visit.standing.desk.get("tour") else tour.steps(visit), ways=beginning.ways, title=T("首页", "Home"))


def _card(visit: Visit, it: Definition) -> dict[str, Any] | None:
    title = visit.guard.title(it)
    if title is None:
        return None
    recent = reading.query(it.name, actor=visit.actor, fields=[it.title, "updated_at"], sort=["-updated_at"], limit=RECENT).rows
    counters: list[tuple[Text, str, Any]] = []
    if it.owned and not any(view.name == "mine" for view in it.views) and visit.guard.level(it, "owner") in ("read", "write"):
        counters.append((T("我负责的", "Mine"), visit.look.to(it.name, where="owner = me"), "owner = me"))
    for view in it.views:
        if isinstance(view, List) and view.where and len(counters) < COUNTERS:
            try:
                visit.guard.where(it, visit.guard.parse(view.where))
            except Problem:
                continue  # the view names a field this person does not see
            counters.append((view.label, visit.look.to(it.name, view=view.name), view.where))
    return {"it": it, "title": title, "counters": counters, "recent": recent, "may_create": visit.may(it, "create")}


def _greeting(visit: Visit) -> Text:
    hour = datetime.now(visit.look.settings.tz).hour
    if hour < 6:
        return T("夜深了", "Good evening")
    if hour < 11:
        return T("早上好", "Good morning")
    if hour < 13:
        return T("中午好", "Good day")
    return T("下午好", "Good afternoon") if hour < 18 else T("晚上好", "Good evening")


@page
def search(visit: Visit) -> HttpResponse:
    """Records of all objects that hold every part of what was asked for."""
    q = visit.get.get("q", "").strip()[: finding.MAX_QUERY]
    only = [name for name in visit.get.getlist("object") if name]
    hits = finding.search(q, actor=visit.actor, objects=only, limit=FOUND) if q else []
    groups: dict[str, list[finding.Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.object, []).append(hit)
    found = [(visit.catalog.object(name), group) for name, group in groups.items()]
    return visit.page("pages/search.html", q=q, groups=found, full=len(hits) == FOUND, title=T("搜索", "Search"))
