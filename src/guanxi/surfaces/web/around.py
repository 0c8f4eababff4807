"""What stands around a record: tabs with what hangs on it, its files and team, and what happened day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel import files
from guanxi.kernel.declare.conditions import Condition, Or, Test
from guanxi.kernel.declare.fields import Choice, File, Image, Link, Links
from guanxi.kernel.declare.grouping import FIELD, OBJECT
from guanxi.kernel.declare.objects import Box, Definition, KeyFigure, List, Record
from guanxi.kernel.records import reading, telling
from guanxi.surfaces.web import amounts, boxes, filters, remarks, words
from guanxi.surfaces.web.cells import drawer
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.visit import Visit

SOME = 10
FILES = 50
WEEKDAYS = ((("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu"), ("周五", "Fri"), ("周六", "Sat"), ("周日", "Sun")))


@dataclass
class Related:
    """Records of another object that link to this one: a tab."""

    key: str
    it: Definition
    link: Link | Links
    count: int = 0
    more: bool = False

    @property
    def label(self) -> Text:
        return (self.link.reverse if isinstance(self.link, Link) else None) or words.plural(self.it)

    @property
    def tally(self) -> str:
        return f"{self.count:,}+" if self.more else f"{self.count:,}"


def see(visit: Visit, it: Definition, paths: Sequence[str]) -> list[Column]:
    """What a row of paths leads to, as far as the actor may see it."""
    return [c for path in paths if (c := filters.column(visit.guard, it, path)) is not None]


def related(
    visit: Visit, it: Definition, view: Record, row: dict[str, Any], but: Sequence[tuple[Definition, Link]]
) -> tuple[list[Related], int, list[Shown]]:
    """The objects with a link to this one that the actor may read, the view's choice first, with their numbers, the number
    of comments, and what the view's figures come to (one statement). `but`: those that are edited on the page itself."""
    order = {name: at for at, name in enumerate(view.related)}
    found = [
        (child, link)
        for child, link in visit.catalog.linking_to(it.name)
        if visit.may(child, "read") and visit.guard.level(child, link.name) in ("read", "write") and not any(child is a and link is b for a, b in but)
    ]
    found.sort(key=lambda pair: order.get(pair[0].name, len(order)))
    if it.group == "settings" and it.name in ("user", "department"):
        found = [pair for pair in found if pair[0].group == "settings"]
    tabs = [Related(f"{child.plural}.{link.name}", child, link) for child, link in [*found, *_members(visit, it, row)]]
    wanted: list[tuple[str, Condition]] = [(tab.it.name, Test(tab.link.name, "=", row["id"])) for tab in tabs]
    if remarks.kept(visit, it):
        wanted.append((remarks.NAME, remarks.written_about(it, row)))
    asked = _asked(visit, view, row)
    numbers, answers = reading.counts_and_figures(wanted, [question for _, _, question in asked], actor=visit.actor, few=True)
    for tab, (count, more) in zip(tabs, numbers, strict=False):
        tab.count, tab.more = count, more
    return tabs, numbers[-1][0] if len(wanted) > len(tabs) else 0, _figures(visit, asked, answers)


def _members(visit: Visit, it: Definition, row: dict[str, Any]) -> list[tuple[Definition, Link | Links]]:
    """The records of a group, however they come to be in it."""
    child = visit.catalog.find(str(row.get("object_name") or "")) if it.name == OBJECT else None
    if child is None or not child.grouped or not visit.may(child, "read") or visit.guard.level(child, FIELD) not in ("read", "write"):
        return []
    one = child.fields[FIELD]
    return [(child, one)] if isinstance(one, Links) else []


def children(visit: Visit, tab: Related, row: dict[str, Any]) -> dict[str, Any]:
    """The first records of a tab."""
    child, link = tab.it, tab.link
    view: List = child.view(List) or List(columns=(child.title,))
    columns = [c for c in see(visit, child, view.columns) if c.path != link.name]
    found = reading.query(child.name, actor=visit.actor, where=Test(link.name, "=", row["id"]), fields=[c.path for c in columns], limit=SOME)
    return {"child": child, "link": link, "columns": columns, "result": found, "may_add": visit.may(child, "create") and not link.readonly}


@dataclass(frozen=True)
class Shown:
    """A figure of the record's header: its words, how many records are behind it, and the list of them."""

    label: Text
    text: str
    count: int
    url: str


def _asked(visit: Visit, view: Record, row: dict[str, Any]) -> list[tuple[KeyFigure, Definition, reading.Asked]]:
    """The view's figures as questions, of objects the actor may read."""
    out: list[tuple[KeyFigure, Definition, reading.Asked]] = []
    for one in view.figures if row.get("deleted_at") is None else ():
        child = visit.catalog.find(one.object)
        if child is not None and visit.may(child, "read") and visit.guard.level(child, one.link) in ("read", "write"):
            where = f"{one.link} = {row['id']}" + (f" and ({one.where})" if one.where else "")
            out.append((one, child, reading.Asked(child.name, where, measures=list(dict.fromkeys(("count", one.measure))))))
    return out


def _figures(visit: Visit, asked: Sequence[tuple[KeyFigure, Definition, reading.Asked]], found: Sequence[reading.Figures | Problem]) -> list[Shown]:
    """What the figures come to; what the actor may not ask is left out."""
    out = []
    for (one, child, question), answer in zip(asked, found, strict=True):
        if isinstance(answer, Problem):
            continue
        count, value = answer.rows[0]["count"], answer.rows[0][one.measure]
        text = amounts.number(visit.look, value, one.measure, child.fields.get(one.measure.partition(":")[2]), short=True)
        out.append(Shown(one.label, text, count, visit.look.to(child.name, where=question.where)))
    return out


# -- files and team --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attached:
    """A file of the record, or of something written about it."""

    name: str
    size: str
    url: str
    shown_as: str
    where: str
    link: str
    at: datetime | None
    field: str
    id: str


def _file_fields(visit: Visit, it: Definition) -> list[File]:
    return [one for one, level in visit.guard.visible(it) if isinstance(one, File) and level in ("read", "write")]


def holds_files(visit: Visit, it: Definition) -> bool:
    """Whether a record of this object, or what is written about it, can have files."""
    return any(_file_fields(visit, one) for one in (it, *(child for child, _, _ in boxes.declared(visit, it))))


@dataclass(frozen=True)
class Uploading:
    """Where the files of a record go that somebody adds to it as they are: its field, and what it holds already."""

    field: File
    kept: list[dict[str, Any]]
    was: str


def uploading(visit: Visit, it: Definition, row: dict[str, Any], allowed: frozenset[str]) -> Uploading | None:
    """The field of files the actor may add to; pictures have a field of their own for a purpose of their own."""
    one = next((one for one in _file_fields(visit, it) if one.name in allowed and not isinstance(one, Image)), None)
    if one is None:
        return None
    held = row.get(one.name) or []
    return Uploading(one, held, "|".join(item["file"] for item in held))


def attached(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Attached]:
    """The files of all the record's fields, then those of what was written about it, the newest first."""
    out: list[Attached] = []
    own = _file_fields(visit, it)
    if own:
        held = reading.get(it.name, row["id"], actor=visit.actor, fields=[one.name for one in own], deleted=row.get("deleted_at") is not None)
        out += _files(visit, it, own, held, visit.look.say, own=True)
    for child, link, _ in boxes.declared(visit, it):
        fields = _file_fields(visit, child)
        if not fields or visit.guard.level(child, link.name) not in ("read", "write"):
            continue
        where = Test(link.name, "=", row["id"]) & Or(tuple(Test(one.name, "not empty") for one in fields))
        paths = [one.name for one in fields] + [c.path for c in see(visit, child, (child.title, "created_at"))]
        for held in reading.query(child.name, actor=visit.actor, where=where, fields=paths, sort=["-created_at"], limit=FILES).rows:
            named = visit.look.show(child.fields[child.title], held.get(child.title)) or visit.look.nameless
            out += _files(visit, child, fields, held, lambda label, named=named: named)
    return out


def _files(visit: Visit, it: Definition, fields: Sequence[File], row: dict[str, Any], where: Any, own: bool = False) -> list[Attached]:
    place = visit.look.to(it.name, row["id"])
    return [
        Attached(
            item.get("name") or item["file"],
            visit.look.size(item["size"]) if item.get("size") else "",
            f"{place}/files/{one.name}/{item['file']}",
            files.shown_as(item.get("type") or "", item.get("name") or ""),
            where(one.label),
            place,
            row.get("created_at"),
            one.name if own else "",
            item["file"],
        )
        for one in fields
        for item in row.get(one.name) or []
    ]


def team(visit: Visit, it: Definition, row: dict[str, Any]) -> list[tuple[telling.Member, bool]]:
    """The people a record is shared with, and whether it still is."""
    now = datetime.now(UTC)
    return [(one, one.until is None or one.until > now) for one in telling.team(it.name, row["id"], actor=visit.actor)]


# -- what happened -----------------------------------------------------------------------------------------------------


def told(visit: Visit, events: Sequence[telling.Told]) -> list[telling.Told]:
    """The events without those that only follow from what somebody wrote and is told right there."""
    notes = {event.id for event in events if (it := visit.catalog.find(event.object)) is not None and event.verb == "create" and it.view(Box) is not None}
    return [event for event in events if event.cause not in notes and not (event.object == remarks.NAME and event.verb != "create")]


def by_day(visit: Visit, events: Sequence[telling.Told]) -> list[tuple[str, str, list[telling.Told]]]:
    """(day, its name, what happened on it), the newest first."""
    out: list[tuple[str, str, list[telling.Told]]] = []
    tz, today = visit.look.settings.tz, visit.look.settings.today
    for event in events:
        day = event.at.astimezone(tz).date()
        if not out or out[-1][0] != day.isoformat():
            out.append((day.isoformat(), _day(visit, day, today), []))
        out[-1][2].append(event)
    return out


def _day(visit: Visit, day: date, today: date) -> str:
    t = visit.look.t
    if (today - day).days in (0, 1):
        return t("今天", "Today") if day == today else t("昨天", "Yesterday")
    week = t(*WEEKDAYS[day.weekday()])
    if day.year == today.year:
        return t(f"{day.month}月{day.day}日 {week}", f"{week}, {day.day} {day:%b}")
    return t(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%b %Y}")


@dataclass(frozen=True)
class Kind:
    """What the timeline can be narrowed to."""

    name: str
    label: Text
    count: int = 0


def kinds(visit: Visit, it: Definition, tabs: Sequence[Related], comments: int) -> list[Kind]:
    """What there is to see in a timeline: the record's own changes, and the objects that have records here."""
    found = {tab.it.name: Kind(tab.it.name, words.plural(tab.it)) for tab in tabs if tab.count}
    found.pop(it.name, None)
    if comments:
        found[remarks.NAME] = Kind(remarks.NAME, visit.catalog.object(remarks.NAME).label, comments)
    return [*found.values(), Kind(it.name, T("资料变更", "Changes"))] if found else []


def asked(visit: Visit, it: Definition) -> telling.Narrow:
    """What the address asks of the timeline; what makes no sense is not asked."""
    get = visit.get

    def day(name: str) -> date | None:
        try:
            found = date.fromisoformat(get.get(name, ""))
        except ValueError:
            return None
        return found if 1900 < found.year < 2200 else None

    way = get.get("way", "")
    return telling.Narrow(
        get.get("show", ""), way if any(way == key for key, _ in ways(visit, it)) else "", get.get("words", "").strip()[:100], day("since"), day("until"),
        parse_id(get.get("by.id", "")),
    )  # fmt: skip


def ways(visit: Visit, it: Definition) -> list[tuple[str, Text]]:
    """The ways of contact what is written about this object's records can be by."""
    for child, _, box in boxes.declared(visit, it):
        kind = child.fields.get(box.kind)
        if isinstance(kind, Choice) and visit.guard.level(child, kind.name) in ("read", "write"):
            return [(one.key, one.label) for one in kind.options]
    return []


KEPT = ("way", "words", "since", "until", "by.id", "by.label")


def kept(visit: Visit) -> str:
    """What is asked besides the object, as part of an address."""
    return urlencode([(name, visit.get[name]) for name in KEPT if visit.get.get(name)])


@dataclass(frozen=True)
class Written:
    """An event as the words somebody wrote: of objects that are written from a box."""

    kind: str
    text: str
    due: str
    files: str
    marks: tuple[str, ...] = ()


def written(visit: Visit, event: telling.Told) -> Written | None:
    """What was written, when the event is that it was."""
    it = visit.catalog.find(event.object)
    box: Box | None = it.view(Box) if it is not None and event.verb == "create" else None
    if box is None or it is None or box.text not in event.changes:
        return None

    def cell(name: str) -> str:
        value = event.changes.get(name, [None, None])[1]
        if not name or value in (None, "", []):
            return ""
        return drawer(visit.look, it.fields[name], "read", visit.look.to(it.name, event.record, "files"))(value)

    text = cell(box.text)
    return Written(cell(box.kind), text, cell(box.due), cell(box.files), tuple(filter(None, map(cell, box.choices)))) if text else None


def spent(it: Definition, record: UUID, events: Sequence[telling.Told], field: str, now: datetime) -> dict[str, float]:
    """For how many days a record was in each step, as far as the events told reach: id of the step → days."""
    out: dict[str, float] = {}
    here, since = "", now
    for event in reversed([e for e in events if e.object == it.name and e.record == record and field in e.changes]):
        if here:
            out[here] = out.get(here, 0.0) + (event.at - since).total_seconds() / 86400
        value = event.changes[field][1]
        here, since = (str(value["id"]) if isinstance(value, dict) else ""), event.at
    if here:
        out[here] = out.get(here, 0.0) + (now - since).total_seconds() / 86400
    return out
