"""The first page: what waits today, where one stands this month, one's people, shortcuts, notes, what changed last. And the
search over everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel import accounts
from guanxi.kernel.catalog.core import CORE
from guanxi.kernel.declare.fields import Field
from guanxi.kernel.declare.figures import WHEN, Figure
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import door, figures, finding, reading, seeking
from guanxi.kernel.records.figures import Counted, Standing
from guanxi.surfaces.web import amounts, beginning, laying, tour, words
from guanxi.surfaces.web.visit import Visit, page, redirect
from guanxi.surfaces.web.words import GROUP_ORDER

RECENT = 8
FOUND = 60
NOTES = 12
MOST_SHORTCUTS = 12
WEEKDAYS = (
    T("星期一", "Monday"), T("星期二", "Tuesday"), T("星期三", "Wednesday"), T("星期四", "Thursday"), T("星期五", "Friday"),
    T("星期六", "Saturday"), T("星期日", "Sunday"),
)  # fmt: skip


@page
def home(visit: Visit) -> HttpResponse:
    """The day's counters, each opening exactly the records it counts; figures, people, shortcuts, notes, the latest."""
    if visit.posted:
        return _post(visit)
    names = [it.name for it in visit.main()]
    recent = reading.latest(names, actor=visit.actor, limit=RECENT)
    arranging = laying.ARRANGE in visit.get and bool(recent)
    laid = laying.parts(visit.desk)
    there = {one.name for one in laid if one.shown or arranging}
    counted = figures.counters(visit.actor) if "today" in there else []
    offered = _shortcuts(visit)
    chosen = [one for path in visit.standing.desk.get("shortcuts", ()) for one in offered if one.path == path]
    notes: list[dict[str, Any]] = []
    if "notes" in there:
        notes = reading.query("note", actor=visit.actor, where="owner = me", fields=["text", "color"], sort=["order", "-updated_at"], limit=NOTES).rows
    today: date = visit.look.settings.today
    return visit.page(
        "pages/home.html",
        greeting=_greeting(visit),
        weekday=WEEKDAYS[today.weekday()],
        parts=_parts(counted),
        waiting=any(one.count for one in counted),
        measured=[one.label for one in figures.own(visit.actor)],
        leading=figures.leads(visit.actor),
        recent=recent,
        laid=[one for one in laid if one.shown],
        away=[one for one in laid if not one.shown],
        arranging=arranging,
        fresh=not recent,
        first=_first(visit) if not recent else [],
        leads=visit.may(visit.catalog.object("user"), "create"),
        shortcuts=chosen or [one for one in offered if one.usual][:6],
        offered=[(key, [*group]) for key, group in groupby(offered, key=lambda one: one.group)],
        chosen={one.path for one in chosen or offered if chosen or one.usual},
        notes=notes,
        colors=visit.catalog.object("note").fields["color"],
        where=lambda name, condition, sort=(): visit.look.to(name, where=condition, sort=",".join(sort)),
        tour=[] if visit.standing.desk.get("tour") else tour.steps(visit),
        ways=beginning.ways,
        title=T("首页", "Home"),
    )


@page
def standing(visit: Visit) -> HttpResponse:
    """One's own figures and one's people's: sums over whatever one may see, so the first page asks for them after itself."""
    found = figures.standing(visit.actor)
    return visit.page(
        "pages/standing.html",
        mine=[_mine(visit, one) for one in found.mine] if _active(found) else [],
        since=(found.since[0], found.since[1] - timedelta(days=1)),
        columns=found.columns,
        team=_team(visit, found),
        more=found.more,
        title=T("我的本月", "My month"),
    )


def _first(visit: Visit) -> list[Definition]:
    """What a first record can be of: what needs no other record, other than the day's own work."""
    able = [it for it in visit.main() if it.module != CORE.name and visit.may(it, "create") and not any(link.required for link in it.links())]
    return sorted(able, key=lambda it: it.group == GROUP_ORDER[0])[:3]


def _parts(counted: list[Counted]) -> list[tuple[str, Text, list[Counted], list[Counted], int]]:
    """The day's parts in order, what waits apart from what does not."""
    out = []
    for key, label in WHEN.items():
        found = [one for one in counted if one.counter.group == key]
        if found:
            some, none = [one for one in found if one.count], [one for one in found if not one.count]
            out.append((key, label, some, none, sum(one.count for one in some)))
    return out


def _active(standing: Standing) -> bool:
    """Whether one's own figures say anything: who only looks after others is not shown a row of zeros."""
    return not standing.team or any(one.now.value or one.then.value for one in standing.mine)


def _mine(visit: Visit, one: figures.Mine) -> dict[str, Any]:
    field = _field(visit, one.figure)
    shown = [amounts.number(visit.look, n.amount, one.figure.measure, field, short) for n in (one.now, one.then) for short in (True, False)]
    return {
        "label": one.figure.label, "now": shown[0], "exactly": shown[1], "then": shown[2],
        "url": visit.look.to(one.figure.object, where=one.now.where), "earlier": visit.look.to(one.figure.object, where=one.then.where),
        "change": amounts.change(visit.look, one.now.value, one.then.value, one.figure.measure, field),
    }  # fmt: skip


def _team(visit: Visit, standing: Standing) -> list[tuple[figures.Member, list[tuple[str, str, str]]]]:
    """Each colleague with (number, in full, address) per column."""
    out = []
    for member in standing.team:
        cells = []
        for figure, n in zip(standing.columns, member.numbers, strict=True):
            field = _field(visit, figure)
            texts = [amounts.number(visit.look, n.amount, figure.measure, field, short) for short in (True, False)]
            cells.append((texts[0], texts[1], visit.look.to(figure.object, where=n.where) if n.value else ""))
        out.append((member, cells))
    return out


def _field(visit: Visit, figure: Figure) -> Field | None:
    path = figure.measure.partition(":")[2]
    return reading.field_at(figure.object, path, actor=visit.actor) if path else None


@dataclass(frozen=True)
class Shortcut:
    """An address one may keep at hand. `usual`: there before anybody chose."""

    path: str
    icon: str
    label: Text
    group: Text
    usual: bool = False


def _shortcuts(visit: Visit) -> list[Shortcut]:
    """What may be chosen: new records, lists and their views, dashboards."""
    new, lists, boards = T("新建", "New"), T("列表", "Lists"), T("仪表盘", "Dashboards")
    out = []
    for it in visit.main():
        many = Text(it.label.zh, visit.look.many(it) if visit.look.lang == "en" else it.label.en)
        if visit.may(it, "create"):
            out.append(Shortcut(f"/{it.plural}/new", "plus", words.new(it), new, usual=True))
        for at, view in enumerate(v for v in it.views if isinstance(v, List)):
            label = many if at == 0 else Text(f"{many.zh} · {view.label.zh}", f"{many.en} · {view.label.en}")
            out.append(Shortcut(f"/{it.plural}" + (f"?view={view.name}" if at else ""), it.icon, label, lists))
    out += [Shortcut(f"/dashboards/{key}", "chart", one.label, boards) for key, one in figures.dashboards(visit.actor)]
    return sorted(out, key=lambda one: [new, lists, boards].index(one.group))


def _post(visit: Visit) -> HttpResponse:
    """A note written or thrown away, shortcuts chosen."""
    if "lay" in visit.post or "order" in visit.post:
        return laying.lay(visit)
    does, actor = visit.post.get("do", ""), visit.actor
    try:
        if does == "note":
            door.perform("note", "create", actor=actor, changes={"text": visit.post.get("text", ""), "color": visit.post.get("color") or None})
        elif does == "away":
            door.perform("note", "delete", actor=actor, id=visit.post.get("id", ""))
        elif does == "shortcuts":
            known = {one.path for one in _shortcuts(visit)}
            chosen = [path for path in visit.post.getlist("shortcut") if path in known][:MOST_SHORTCUTS]
            accounts.set_up_desk(actor, {"shortcuts": chosen or None})
    except Invalid as problem:
        visit.say(problem.errors[0].message if problem.errors else problem.detail, "warning")
    return redirect("/")


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
    """Records of all objects that hold every part of what was asked for. No index holds addresses: of what looks like one, it leads to the
    lists, which look for it."""
    q = visit.get.get("q", "").strip()[: finding.MAX_QUERY]
    only = [name for name in visit.get.getlist("object") if name]
    if q:
        accounts.searching(visit.request)
    hits = finding.search(q, actor=visit.actor, objects=only, limit=FOUND) if q else []
    groups: dict[str, list[finding.Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.object, []).append(hit)
    found = [(visit.catalog.object(name), group) for name, group in groups.items()]
    there = [it for it in visit.main() if seeking.ADDRESS.search(q) and (not only or it.name in only) and seeking.addressed(visit.guard, it)]
    return visit.page("pages/search.html", q=q, groups=found, there=there, full=len(hits) == FOUND, title=T("搜索", "Search"))
