"""Calendars: an object's records on their days, and all objects' together. Days are drawn on the server; an entry is moved to
another day by changing its date through the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse

from guanxi.base import festivals
from guanxi.base.clock import add_months
from guanxi.base.errors import NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.conditions import And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import DateTime, Link, Money
from guanxi.kernel.declare.objects import Calendar, Definition
from guanxi.kernel.records import door, reading, telling
from guanxi.surfaces.web import filters, showing
from guanxi.surfaces.web.cells import COLOURS
from guanxi.surfaces.web.record import actions, asked_paths, fetch
from guanxi.surfaces.web.templates import environment
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

SPANS = {"month": T("月", "Month"), "week": T("周", "Week"), "day": T("日", "Day")}
MOST = {"month": 4, "week": 14, "day": 100}
"""So many entries of one calendar on a day; the rest is on the day's own page."""
SEVERAL = {"month": 5}
"""So many of all calendars together."""
WEEKDAYS = (T("一", "Mon"), T("二", "Tue"), T("三", "Wed"), T("四", "Thu"), T("五", "Fri"), T("六", "Sat"), T("日", "Sun"))
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
LATE, DONE, REACH = "late", "done", "reach"
PEOPLE = 200


@dataclass(frozen=True)
class Source:
    """One calendar of one object, as this person may use it. `writes`: its dates may be changed at all."""

    it: Definition
    view: Calendar
    paths: tuple[str, ...]
    writes: bool
    color: str

    @property
    def key(self) -> str:
        return f"{self.it.plural}.{self.view.name}"

    @property
    def timed(self) -> bool:
        return isinstance(self.it.fields[self.view.date], DateTime)


@dataclass
class Entry:
    """One record on one day."""

    source: Source
    id: Any
    title: str
    about: str = ""
    time: str = ""
    color: str = "blue"
    late: bool = False
    done: bool = False
    movable: bool = False


@dataclass
class Day:
    """A day of the grid, and what stands on it."""

    day: date
    outside: bool
    today: bool
    name: str
    festival: Text | None
    entries: list[Entry] = field(default_factory=list)
    more: bool = False


def source(visit: Visit, it: Definition, view: Calendar) -> Source:
    writes = visit.may(it, "update") and _by_hand(visit, it, view.date)
    card = tuple(p for p in (view.card or (it.title,)) if filters.column(visit.guard, it, p) is not None)
    return Source(it, view, card or (it.title,), writes, view.color if view.color in COLOURS else "blue")


def _by_hand(visit: Visit, it: Definition, name: str) -> bool:
    """Whether a field is changed by people, and by this one."""
    one = it.fields[name]
    return visit.guard.level(it, name) == "write" and not one.readonly and one.computed is None


# -- the days ------------------------------------------------------------------------------------------------------------


def span_of(visit: Visit, usual: str = "") -> tuple[str, date]:
    """How much is shown, and a day of it."""
    span = visit.get.get("span", "") or usual
    try:
        day = date.fromisoformat(visit.get.get("date", ""))
        if not 1900 < day.year < 2200:
            raise ValueError
    except ValueError:
        day = visit.look.settings.today
    return (span if span in SPANS else "month"), day


def grid(visit: Visit, span: str, day: date) -> list[Day]:
    """The days shown: whole weeks from Monday for a month."""
    if span == "day":
        first, count = day, 1
    elif span == "week":
        first, count = day - timedelta(days=day.weekday()), 7
    else:
        start = day.replace(day=1)
        first = start - timedelta(days=start.weekday())
        last = add_months(start, 1) - timedelta(days=1)
        count = -(-((last - first).days + 1) // 7) * 7
    today, chinese = visit.look.settings.today, visit.look.lang != "en"
    days = [first + timedelta(days=n) for n in range(count)]
    return [
        Day(d, span == "month" and d.month != day.month, d == today, festivals.lunar_day(d) if chinese else "", festivals.festival(d))
        for d in days
    ]


def _on(view: Calendar, day: date) -> Condition:
    """What stands on a day: what falls on it, and what began before and goes on."""
    falls: Condition = Test(view.date, "=", day.isoformat())
    return Or((falls, And((Test(view.date, "<", day.isoformat()), Test(view.end, ">=", day.isoformat())))))


def fill(visit: Visit, days: Sequence[Day], wanted: Sequence[tuple[Source, Condition]], span: str) -> None:
    """Put the entries of each calendar on their days: one statement for each calendar."""
    for held, where in wanted:
        view, it = held.view, held.it
        marks: dict[str, Any] = {name: text for name, text in ((LATE, view.overdue), (DONE, view.done)) if text and showing.understood(visit, it, text)}
        asked: dict[str, Any] = {
            "actor": visit.actor, "where": And((visit.guard.parse(view.where), where)), "fields": [view.date, *([view.end] if view.end else []), *held.paths],
            "limit": MOST[span], "marks": marks, "reach": "update" if held.writes else "",
        }  # fmt: skip
        if view.end:
            pages = reading.heads(it.name, groups=[_on(view, day.day) for day in days], sort=[view.date], **asked)
        else:
            pages = reading.days(it.name, on=view.date, days=[day.day for day in days], **asked)
        for day, found in zip(days, pages, strict=True):
            day.entries += [entry(visit, held, row, day.day) for row in found.rows]
            day.more = day.more or found.next is not None
    for day in days:
        day.entries.sort(key=lambda e: (bool(e.time), e.time))
        if len(day.entries) > SEVERAL.get(span, 1_000):
            day.entries, day.more = day.entries[: SEVERAL[span]], True


def entry(visit: Visit, held: Source, row: dict[str, Any], day: date) -> Entry:
    first, *rest = held.paths
    at = row[held.view.date]
    local = at.astimezone(visit.look.settings.tz) if isinstance(at, datetime) else None
    until = row.get(held.view.end) if held.view.end else None
    ends = until.astimezone(visit.look.settings.tz) if isinstance(until, datetime) else None
    clock = f"{local:%H:%M}" if local is not None and local.date() == day else ""
    if ends is not None and local is not None and ends.date() == day and ends > local:
        clock = f"{clock}–{ends:%H:%M}"
    said = [text for path in rest if (text := _words(visit, held.it, path, row.get(path)))]
    return Entry(
        held, row["id"], _words(visit, held.it, first, row.get(first)) or visit.look.nameless, " · ".join(said),
        clock, held.color,
        bool(row.get(LATE)), bool(row.get(DONE)), bool(row.get(REACH)) and (local.date() if local is not None else at) == day,
    )  # fmt: skip


def _words(visit: Visit, it: Definition, path: str, value: Any) -> str:
    found = filters.column(visit.guard, it, path)
    if found is None or value is None:
        return ""
    text = (value.get("label") or "") if isinstance(found.field, Link) and isinstance(value, dict) else visit.look.show(found.field, value)
    return text.removesuffix(".00") if isinstance(found.field, Money) else text


def _heading(visit: Visit, span: str, day: date, days: Sequence[Day]) -> str:
    if span == "month":
        return visit.look.t(f"{day.year} 年 {day.month} 月", f"{MONTHS[day.month - 1]} {day.year}")
    if span == "day":
        return visit.look.t(f"{day.year} 年 {day.month} 月 {day.day} 日 星期{WEEKDAYS[day.weekday()].zh}", f"{WEEKDAYS[day.weekday()].en}, {day.day} {MONTHS[day.month - 1]} {day.year}")
    first, last = days[0].day, days[-1].day
    if visit.look.lang == "en":
        return f"{first.day} {MONTHS[first.month - 1][:3]} – {last.day} {MONTHS[last.month - 1][:3]} {last.year}"
    return f"{first.year} 年 {first.month} 月 {first.day} 日 – {last.month} 月 {last.day} 日"


def _beside(span: str, day: date, by: int) -> str:
    if span == "month":
        return add_months(day.replace(day=1), by).isoformat()
    return (day + timedelta(days=by * (7 if span == "week" else 1))).isoformat()


def _context(visit: Visit, days: list[Day], span: str, day: date, sources: Sequence[Source], href: Any) -> dict[str, Any]:
    makes = next((s for s in sources if s.writes and visit.may(s.it, "create")), None)
    return {
        "weeks": [days[n : n + 7] for n in range(0, len(days), 7)],
        "days": days,
        "weekdays": WEEKDAYS,
        "span": span,
        "spans": [(name, label, href(span="" if name == "month" and visit.get.get("view", "") in ("", *showing.KINDS) else name)) for name, label in SPANS.items()],
        "heading": _heading(visit, span, day, days),
        "before": href(date=_beside(span, day, -1)),
        "after": href(date=_beside(span, day, 1)),
        "now": href(date=""),
        "on": lambda d: href(date=d.isoformat(), span="day"),
        "new": (lambda d: visit.look.to(makes.it.name, None, "new") + "?" + urlencode({makes.view.date: f"{d.isoformat()}T09:00" if makes.timed else d.isoformat()})) if makes else None,
        "entry": environment(visit.look.lang).get_template("components/entry.html").module.entry,  # type: ignore[attr-defined]
        "several": len(sources) > 1,
    }


# -- one object's, and everybody's ---------------------------------------------------------------------------------------


def shown(visit: Visit, it: Definition) -> Calendar:
    """The calendar of the address."""
    found = showing.calendars(visit, it)
    return next((v for v in found if v.name == visit.get.get("view", "")), found[0])


def calendar(visit: Visit, it: Definition) -> HttpResponse:
    """The calendar of one object, under the list's filters."""
    found, saved = showing.calendars(visit, it), [one.key for one in showing.formed(visit, it)]
    view = shown(visit, it)
    frame = showing.Frame.of(visit, it, "calendar")
    span, day = span_of(visit, showing.told(visit, it, "span"))
    days = grid(visit, span, day)
    held = source(visit, it, view)
    if not frame.errors:
        fill(visit, days, [(held, frame.where)], span)
    return visit.page(
        "pages/calendar.html",
        422 if frame.errors else 200,
        **frame.context(),
        **_context(visit, days, span, day, [held], frame.href),
        common=False,
        others=[(v.name == view.name, v.label, frame.href(view=v.name)) for v in found if v.name not in saved],
    )


@page
def common(visit: Visit) -> HttpResponse:
    """All objects' calendars that the person may see, each in its colour."""
    every = [source(visit, it, view) for it in visit.main() for view in showing.calendars(visit, it)]
    if not every:
        raise NotFound()
    asked = [key for value in visit.get.getlist("show") for key in value.split(",")]
    chosen = [s for s in every if (s.key in asked if asked else s.view.common)] or every[:1]
    people = _people(visit, chosen)
    who = visit.get.get("who", "") or "me"
    span, day = span_of(visit)
    days = grid(visit, span, day)
    fill(visit, days, [(s, where) for s in chosen if (where := _whose(visit, s, who)) is not None], span)

    def href(**changes: Any) -> str:
        query = visit.get.copy()
        for key, value in changes.items():
            if value in (None, ""):
                query.pop(key, None)
            else:
                query[key] = str(value)
        text = query.urlencode(safe="/,:")
        return "/calendar" + (f"?{text}" if text else "")

    return visit.page(
        "pages/calendar.html",
        common=True,
        every=[(s, s in chosen) for s in every],
        people=people,
        who=who,
        others=[],
        errors={},
        kept=[(key, visit.get[key]) for key in ("date", "span") if visit.get.get(key)],
        **_context(visit, days, span, day, chosen, href),
        title=T("日历", "Calendar"),
    )


def _people(visit: Visit, sources: Sequence[Source]) -> list[tuple[str, str]]:
    """Whose entries may be chosen: one's own, all one sees, and, for those who lead, those of one of their people."""
    rights, me = visit.actor.rights, visit.actor.user
    common = [("me", visit.look.t("我的", "Mine")), ("all", visit.look.t("全部", "All I may see"))]
    reach = [rights.on(s.it.name).read if rights is not None else None for s in sources if s.it.owned]
    seen = {one for held in reach if held is not None for one in held}
    led = all(held is not None for held in reach)
    if led and seen <= {me}:
        return common
    where: Condition = And((Test("active", "!=", False), *((Test("id", "in", sorted(seen, key=str)),) if led else ())))
    rows = reading.query("user", actor=visit.actor, where=where, fields=["name"], sort=["name"], limit=PEOPLE).rows
    return [*common, *((str(row["id"]), row["name"] or "") for row in rows if row["id"] != me)]


def _whose(visit: Visit, held: Source, who: str) -> Condition | None:
    """The condition for one person's entries, those they are named in included; None when the object has no owners and one person is wanted."""
    if who == "all":
        return And(())
    if not held.it.owned:
        return None
    found = "me" if who == "me" else parse_id(who)
    if found is None:
        return Not(And(()))
    named = [name for name in held.it.policy.readers if held.it.policy.read == "scope" and visit.guard.level(held.it, name) in ("read", "write")]
    return Or((Test("owner", "=", found), *(Test(name, "has any", [found]) for name in named)))


# -- another day ---------------------------------------------------------------------------------------------------------


@page
def move(visit: Visit, plural: str, id: str) -> HttpResponse:
    """Move a record to another day: `to` a date; what it holds of a time stays. A script wants JSON and gets the entry."""
    it = visit.object(plural)
    given = visit.post if visit.posted else visit.get
    found = showing.calendars(visit, it)
    view = next((v for v in found if v.name == given.get("view", "")), found[0] if found else None)
    if view is None:
        raise NotFound()
    held = source(visit, it, view)
    row, _ = fetch(visit, it, id, [view.date, *([view.end] if view.end else []), *held.paths, *asked_paths(visit, it)])
    at = row.get(view.date)
    local = at.astimezone(visit.look.settings.tz) if isinstance(at, datetime) else None
    here = local.date() if local is not None else at
    back = safe_next(given.get("back", "")) if given.get("back") else visit.look.to(it.name, view="calendar")
    may = held.writes and any(o.verb == "update" for o in actions(visit, it, row))
    if not visit.posted:
        if not may:
            raise NotFound()
        return visit.page("pages/move.html", current=it, it=it, row=row, day=here, view=view, back=back, title=T("改到另一天", "Move to another day"))
    try:
        to = date.fromisoformat(given.get("to", ""))
    except ValueError:
        return _refused(visit, T("请选择日期。", "Choose a date."), back)
    if not may:
        return _refused(visit, T("这条记录的日期不能改。", "This record's date cannot be changed."), back)
    if given.get("from") and here is not None and given["from"] not in (here.isoformat(), to.isoformat()):
        event = next((one for one in telling.history(it.name, row["id"], actor=visit.actor, limit=20) if view.date in one.changes), None)
        who = visit.look.faster(event)
        return _refused(visit, T(f"{who} 已把它改到 {here}，没有移动。", f"{who} moved it to {here}; it was not moved."), back)
    value: Any = to
    if held.timed:
        clock = local.timetz() if local is not None else datetime(to.year, to.month, to.day, 9, tzinfo=visit.look.settings.tz).timetz()
        value = datetime.combine(to, clock)
    try:
        changes = {view.date: value}
        ends = row.get(view.end) if view.end else None
        if ends is not None and at is not None and _by_hand(visit, it, view.end):
            changes[view.end] = ends + (value - (local if local is not None else at))
        door.perform(it.name, "update", actor=visit.actor, id=row["id"], changes=changes, version=row["version"])
    except NotFound:
        raise
    except Problem as problem:
        why = T(" ".join(e.message.zh for e in problem.errors), " ".join(e.message.en for e in problem.errors)) if problem.errors else problem.detail or problem.title
        return _refused(visit, why, back)
    said = T(f"已改到 {to.isoformat()}。", f"Moved to {to.isoformat()}.")
    if not _script(visit):
        visit.say(said)
        return redirect(back)
    marks: dict[str, Any] = {name: text for name, text in ((LATE, view.overdue), (DONE, view.done)) if text and showing.understood(visit, it, text)}
    rows = reading.query(it.name, actor=visit.actor, where=Test("id", "=", row["id"]), fields=[view.date, *([view.end] if view.end else []), *held.paths], marks=marks, reach="update", limit=1).rows
    macro = environment(visit.look.lang).get_template("components/entry.html").module.entry  # type: ignore[attr-defined]
    return JsonResponse({"said": visit.look.say(said), "was": here.isoformat() if here else "", "entry": str(macro(entry(visit, held, rows[0], to))) if rows else ""})


def _script(visit: Visit) -> bool:
    return "application/json" in visit.request.headers.get("Accept", "")


def _refused(visit: Visit, why: Text, back: str) -> HttpResponse:
    if _script(visit):
        return JsonResponse({"refused": visit.look.say(why)}, status=409)
    visit.say(why, "warning")
    return redirect(back)
