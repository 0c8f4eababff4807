"""Reading through the door: lists, records, figures. Answers are plain masked rows, never anything one could ask further.

A row is a dict by path: `id`, `version`, the fields asked for, dotted paths across links. Hidden fields are absent, masked
ones are masked, links the actor may not see are null.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from guanxi.base.clock import bounds, period
from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.access.rights import Rights
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.security import watches
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import Always, And, Condition, Test
from guanxi.kernel.declare.fields import Date, DateTime, Field, Integer, Link, Links, Money, Number, Percent, Region
from guanxi.kernel.declare.objects import Definition, Form, List, Record
from guanxi.kernel.journal import log
from guanxi.kernel.records import people
from guanxi.kernel.records.guard import Guard, unknown_field
from guanxi.kernel.storage import compile as compiler
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sizes, sql
from guanxi.kernel.storage.rows import Reading

MAX_LIMIT = 200
MAX_FIELDS = 100
MAX_CROSSINGS = 3
COUNT_TO = 10_000
MAX_GROUPS = 1_000


@dataclass(frozen=True)
class Page:
    """Rows, the cursor of what follows, and the count when asked for; `more` says that the count is "10,000+". `previous`: the cursor
    of what comes before, of a page that is not the first."""

    rows: list[dict[str, Any]]
    next: str | None = None
    count: int | None = None
    more: bool = False
    previous: str | None = None


@dataclass(frozen=True)
class Figures:
    """Groups and measures; each row carries `where`, the condition of the records behind it."""

    rows: list[dict[str, Any]]
    truncated: bool = False
    measures: tuple[str, ...] = ()
    groups: tuple[str, ...] = field(default=())


def guard_of(actor: Actor) -> Guard:
    return Guard(people.catalog_of(actor), actor)


def query(
    name: str,
    *,
    actor: Actor,
    where: Any = None,
    fields: Sequence[str] | None = None,
    sort: Sequence[str] | str | None = None,
    limit: int = 50,
    after: str | None = None,
    before: str | None = None,
    count: str = "none",
    deleted: bool = False,
    marks: Mapping[str, Any] | None = None,
    reach: str = "",
) -> Page:
    """Records the actor may read, in order, a page at a time.

    where: the condition language in any form. fields: paths, None for the object's list columns. sort: paths, `-` for
    descending. limit: 1 to 200. after: the `next` of the page before. before: the `previous` of the page after, instead. count: "none", "estimate", "exact" (exact up to
    10,000, then `more`) or "soon" (the same, but of many thousands that a condition would have to be held against: None, for
    whoever waits to ask `counts` later). deleted: the bin instead of the living; needs the right to restore. marks: conditions by name;
    each row says which hold for it. reach: a verb; rows say under "reach" whether the actor may do it to them.
    Raises Invalid naming `where`, `fields`, `sort`, `limit`, `after` or `count`, and NotFound for an unknown object.
    """
    guard = guard_of(actor)
    it = guard.object(name)
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.field("limit", "range", f"每页 1 到 {MAX_LIMIT} 条。", f"A page holds 1 to {MAX_LIMIT} records.")
    if count not in ("none", "estimate", "exact", "soon"):
        raise Invalid.field("count", "choice", "count 只能是 none、estimate、exact 或 soon。", "count is none, estimate, exact or soon.")
    if deleted and not access.may(actor.rights, it, "restore"):
        raise NotFound()
    narrowed = guard.where(it, guard.parse(where))
    condition = And((guard.readable(it, narrowed), narrowed))
    chosen = list(fields) if fields is not None else default_fields(guard, it)
    reading = select(guard, it, chosen)
    _mark(guard, it, reading, marks, reach)
    keys = order(guard, it, reading, sort)
    start = _open(after or before or "", it.name, keys, reading) if after or before else None
    if before and not after:
        reading.turn()
    with sql.work(actor.workspace):
        more, both, kept = False, None, not conditions.narrows(narrowed)
        if count == "soon":
            count = "exact" if kept or not sizes.large(it) else "first"
        if count == "exact" and start is None and not kept:
            both = reading.again().run_counting(condition, limit=limit + 1, most=COUNT_TO, deleted=deleted)
        found = both[0] if both else reading.run(condition, limit=limit + 1, after=start, deleted=deleted, kept=kept)
        total = both[1] if both else None
        if count != "none" and start is None and len(found) <= limit:
            total = len(found)  # the first page holds them all
        elif count not in ("none", "first") and total is None:
            total = Reading(guard.catalog, it).count(condition, most=COUNT_TO, deleted=deleted, kept=kept)
            more = total > COUNT_TO
            total = min(total, COUNT_TO)
    further, shown = len(found) > limit, found[:limit]
    if before and not after:
        shown.reverse()
        return Page([row for row, _ in shown], _seal(it.name, keys, shown[-1][1]) if shown else None, total, more, _seal(it.name, keys, shown[0][1]) if further else None)
    next_ = _seal(it.name, keys, shown[-1][1]) if further else None
    return Page([row for row, _ in shown], next_, total, more, _seal(it.name, keys, shown[0][1]) if start is not None and shown else None)


def _mark(guard: Guard, it: Definition, reading: Reading, marks: Mapping[str, Any] | None, reach: str) -> None:
    for name, where in (marks or {}).items():
        reading.mark(name, guard.where(it, guard.parse(where)))
    if reach:
        reading.mark("reach", guard.writable(it, reach))


def heads(
    name: str,
    *,
    actor: Actor,
    groups: Sequence[Any],
    where: Any = None,
    fields: Sequence[str],
    sort: Sequence[str] | str | None = None,
    limit: int,
    marks: Mapping[str, Any] | None = None,
    reach: str = "",
) -> list[Page]:
    """The first records of each of several conditions, one page for each, with one statement: the columns of a board, the
    days of a calendar. `query` with the same order goes on from a page's `next`; the rest is as there."""
    guard = guard_of(actor)
    it = guard.object(name)
    reading = select(guard, it, fields)
    _mark(guard, it, reading, marks, reach)
    keys = order(guard, it, reading, sort)
    condition = compiler.conjoined(guard.readable(it), guard.where(it, guard.parse(where)))
    asked = [guard.where(it, guard.parse(group)) for group in groups]
    with sql.work(actor.workspace):
        found = reading.run_groups(condition, asked, limit=limit + 1)
    return [_page(it, keys, part, limit) for part in found]


def _page(it: Definition, keys: Sorted, part: list[tuple[dict[str, Any], list[Any]]], limit: int) -> Page:
    return Page([row for row, _ in part[:limit]], _seal(it.name, keys, part[limit - 1][1]) if len(part) > limit else None)


def days(
    name: str,
    *,
    actor: Actor,
    on: str,
    days: Sequence[date],
    where: Any = None,
    fields: Sequence[str],
    limit: int,
    marks: Mapping[str, Any] | None = None,
    reach: str = "",
) -> list[Page]:
    """The first records of each of several days by a date or an instant of theirs, in its order: `heads` for many days."""
    guard = guard_of(actor)
    it = guard.object(name)
    one = guard.usable(it, on, "on")
    if not isinstance(one, Date | DateTime):
        raise Invalid.field("on", "type", f"“{one.label.zh}”不是日期或时间。", f"{one.label.en} is not a date or time.")
    reading = select(guard, it, fields)
    _mark(guard, it, reading, marks, reach)
    keys = order(guard, it, reading, [on])
    condition = And((guard.readable(it), guard.where(it, guard.parse(where))))
    tz = guard.catalog.settings.tz
    spans = [bounds(day, day + timedelta(days=1), tz) if isinstance(one, DateTime) else (day, day + timedelta(days=1)) for day in days]
    with sql.work(actor.workspace):
        found = reading.run_days(condition, one, spans, limit=limit + 1)
    return [_page(it, keys, part, limit) for part in found]


def counts(wanted: Sequence[tuple[str, Any]], *, actor: Actor, few: bool = False) -> list[tuple[int, bool]]:
    """How many records each (object, condition) means, with one statement: exact up to 10,000, then "more". `few`: each condition
    names the one record that its rows belong to."""
    return counts_and_figures(wanted, (), actor=actor, few=few)[0]


def counts_and_figures(
    wanted: Sequence[tuple[str, Any]], asked: Sequence[Asked], *, actor: Actor, few: bool = False
) -> tuple[list[tuple[int, bool]], list[Figures | Problem]]:
    """`counts`, and the answers to questions for figures without groups as `aggregates` gives them, all with one statement."""
    guard = guard_of(actor)
    statements = []
    for name, where in wanted:
        it = guard.object(name)
        narrowed = guard.where(it, guard.parse(where))
        condition = And((guard.readable(it, narrowed), narrowed))
        statements.append(Reading(guard.catalog, it).counting(condition, most=COUNT_TO, few=few))
    ready = _questions(guard, asked)
    with sql.work(actor.workspace):
        found, measured = storage.counts_and_totals(statements, [one[0] for one in ready if not isinstance(one, Problem)], kept=few)
    texts = iter(measured)
    figures = [one if isinstance(one, Problem) else one[1]([tuple(next(texts))]) for one in ready]
    return [(min(n, COUNT_TO), n > COUNT_TO) for n in found], figures


def names(asked: Mapping[str, Iterable[UUID]], *, actor: Actor) -> dict[UUID, str]:
    """What records of several objects are called, of those the actor may see, with one statement."""
    guard = guard_of(actor)
    wanted = []
    for name, ids in asked.items():
        it = guard.catalog.object(name)
        title, held = guard.title(it), list(dict.fromkeys(ids))[: conditions.MAX_LIST]
        if held and title is not None and access.may(actor.rights, it, "read"):
            wanted.append((Reading(guard.catalog, it), And((Test("id", "in", held), guard.readable(it))), title, guard.also_called(it)))
    with sql.work(actor.workspace):
        return {one: label or "" for one, label in storage.titles(wanted)}


@dataclass(frozen=True)
class Changed:
    """A record that was changed lately: what it is called, when, and by whom ("" when that may not be known)."""

    object: str
    id: UUID
    label: str
    at: datetime
    by: str


def latest(names: Sequence[str], *, actor: Actor, limit: int = 10) -> list[Changed]:
    """The records of these objects that were changed last, of those the actor may read, with one statement."""
    guard = guard_of(actor)
    asked = []
    for name in names:
        it = guard.object(name)
        title = guard.title(it)
        if title is None or not access.may(actor.rights, it, "read"):
            continue
        reading = Reading(guard.catalog, it)
        by = it.fields["updated_by"]
        assert isinstance(by, Link)
        seen = guard.level(it, by.name) in ("read", "write") and guard.title(guard.target(by)) is not None
        asked.append((reading, guard.readable(it), title, guard.also_called(it), reading.join(by.name, "t", by, _reach(guard, guard.target(by)) if seen else ~Always())))
    with sql.work(actor.workspace):
        return [Changed(name, one, label or "", at, by or "") for name, one, label, at, by in storage.newest(asked, limit)]


def get(
    name: str, record: UUID | str, *, actor: Actor, fields: Sequence[str] | None = None, deleted: bool = False, opened: bool = False, reach: str = ""
) -> dict[str, Any]:
    """One record with the fields asked for (None: all the actor may see). `opened`: somebody looks at it as a whole, which is a
    line in the log where the company wants one. `reach`: as in `query`. Raises NotFound when absent or out of sight."""
    guard = guard_of(actor)
    it = guard.object(name)
    found_id = record if isinstance(record, UUID) else parse_id(record)
    if found_id is None:
        raise NotFound()
    if deleted and not access.may(actor.rights, it, "restore"):
        raise NotFound()
    chosen = list(fields) if fields is not None else [one.name for one, _ in guard.visible(it)]
    reading = select(guard, it, chosen)
    _mark(guard, it, reading, None, reach)
    reading.end_sort()
    with sql.work(actor.workspace):
        found = reading.run(And((Test("id", "in", [found_id]), guard.readable(it))), limit=1, deleted=deleted, kept=True)
        if found and opened and actor.watched and watches(actor.watched, it):
            log.note(actor.workspace, "opened", user=actor.user, address=actor.address, object=it.name, record=found_id, via=actor.via)
    if not found:
        raise NotFound()
    return found[0][0]


def default_fields(guard: Guard, it: Definition) -> list[str]:
    """The columns of the object's first list view that the actor may see."""
    view: List | None = it.view(List)
    wanted = list(view.columns) if view is not None else [it.title]
    if it.title not in wanted:
        wanted.insert(0, it.title)
    out = []
    for path in [*wanted, "updated_at"]:
        if guard.level(it, path.split(".")[0]) != "hidden" and path not in out:
            out.append(path)
    return out


_plans: dict[tuple[int, int, str, tuple[str, ...], str], tuple[Catalog, Rights | None, Reading]] = {}
"""Statements made before, for the same catalog and the same rights (the very objects: new rights are a new object)."""
MOST_PLANS = 1_000


def select(guard: Guard, it: Definition, paths: Sequence[str]) -> Reading:
    """A statement that reads these paths, with every crossing limited to what the actor may see there."""
    key = (id(guard.catalog), id(guard.actor.rights), it.name, tuple(paths), guard.actor.language)
    held = _plans.get(key)
    if held is not None and held[0] is guard.catalog and held[1] is guard.actor.rights:
        return held[2].again()
    reading = _select(guard, it, paths)
    if len(_plans) >= MOST_PLANS:
        _plans.clear()
    _plans[key] = (guard.catalog, guard.actor.rights, reading.again())
    return reading


def _select(guard: Guard, it: Definition, paths: Sequence[str]) -> Reading:
    if len(paths) > MAX_FIELDS:
        raise Invalid.field("fields", "too-many", f"最多 {MAX_FIELDS} 个字段。", f"At most {MAX_FIELDS} fields.")
    reading = Reading(guard.catalog, it)
    reading.outputs.append(storage.Output("id", ["t.id"], lambda v: v[0], []))
    reading.outputs.append(storage.Output("version", ["t.version"], lambda v: v[0], []))
    for path in dict.fromkeys(paths):
        if path in ("id", "version"):
            continue
        _owner, alias, one, level = walk(guard, it, reading, path, "fields")
        mask = one.mask if level == "masked" else None
        if isinstance(one, Links):
            target = guard.target(one)
            reading.add_links(path, alias, one, _reach(guard, target), guard.title(target), mask is not None, guard.also_called(target))
        elif isinstance(one, Link):
            target = guard.target(one)
            joined = reading.join(path, alias, one, _reach(guard, target))
            reading.add_link(path, joined, guard.title(target), mask is not None, guard.also_called(target))
        else:
            reading.add(path, alias, one, mask)
    return reading


def _reach(guard: Guard, target: Definition) -> Condition:
    return guard.readable(target)


def walk(guard: Guard, it: Definition, reading: Reading, path: str, where: str) -> tuple[Definition, str, Field, str]:
    """Follow a dotted path, joining what it crosses: (object, alias, field, level) at its end."""
    parts = path.split(".")
    if len(parts) > MAX_CROSSINGS + 1:
        raise Invalid.field(where, "too-deep", f"最多跨 {MAX_CROSSINGS} 层关联。", f"A path crosses at most {MAX_CROSSINGS} links.")
    alias = "t"
    at = it
    for i, part in enumerate(parts[:-1]):
        link = guard.usable(at, part, where)
        if not isinstance(link, Link):
            raise unknown_field(where, path)
        target = guard.target(link)
        if not access.may(guard.actor.rights, target, "read"):
            raise unknown_field(where, path)
        joined = reading.join(".".join(parts[: i + 1]), alias, link, _reach(guard, target))
        at, alias = target, joined.alias
    one, level = guard.field(at, parts[-1], where)
    return at, alias, one, level


@dataclass(frozen=True)
class Sorted:
    """An order as asked for: paths with directions, which a cursor must match."""

    spec: tuple[str, ...]


def order(guard: Guard, it: Definition, reading: Reading, sort: Sequence[str] | str | None) -> Sorted:
    if sort is None:
        view: List | None = it.view(List)
        sort = view.sort if view is not None else ("-updated_at",)
        sort = [s for s in sort if guard.level(it, s.lstrip("-").split(".")[0]) in ("read", "write")] or ("-updated_at",)
    if isinstance(sort, str):
        sort = [s.strip() for s in sort.split(",") if s.strip()]
    if len(sort) > 5:
        raise Invalid.field("sort", "too-many", "最多按 5 个字段排序。", "Sort by at most five fields.")
    for item in sort:
        path = item.lstrip("-+")
        if path == "id":
            continue
        _, alias, one, level = walk(guard, it, reading, path, "sort")
        if level == "masked":
            guard.usable(it, path, "sort")
        if not one.sortable or level == "masked":
            raise Invalid.field("sort", "unsortable", f"不能按“{one.label.zh}”排序。", f"{one.label.en} cannot be sorted by.")
        if isinstance(one, Link):
            target = guard.target(one)
            joined = reading.join(path, alias, one, _reach(guard, target))
            title = guard.title(target)
            if title is None:
                raise Invalid.field("sort", "unsortable", f"不能按“{one.label.zh}”排序。", f"{one.label.en} cannot be sorted by.")
            reading.sort(joined.alias, title, item.startswith("-"))
        else:
            reading.sort(alias, one, item.startswith("-"))
    reading.end_sort()
    return Sorted(tuple(sort))


# -- cursors ---------------------------------------------------------------------------------------------------------


def _sign(name: str, keys: Sorted) -> str:
    return hashlib.sha256("|".join((name, *keys.spec)).encode()).hexdigest()[:12]


def _seal(name: str, keys: Sorted, values: Sequence[Any]) -> str:
    packed = [_pack(value) for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode([_sign(name, keys), packed])).decode().rstrip("=")


def _pack(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case datetime():
            return ["t", value.astimezone(UTC).isoformat()]
        case date():
            return ["d", value.isoformat()]
        case Decimal():
            return ["n", str(value)]
        case UUID():
            return ["u", str(value)]
        case int():
            return ["i", value]
    return ["s", str(value)]


def _unpack(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    kind, text = value
    read: dict[str, Callable[[Any], Any]] = {
        "t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal, "u": UUID, "i": int, "s": str,
    }  # fmt: skip
    return read[kind](text)


def _open(cursor: str, name: str, keys: Sorted, reading: Reading) -> list[Any]:
    try:
        if len(cursor) > 8000:
            raise ValueError
        sign, packed = msgspec.json.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        values = [_unpack(value) for value in packed]
        if sign != _sign(name, keys) or len(values) != len(reading.keys):
            raise ValueError
        for key, value in zip(reading.keys, values, strict=True):
            if (key.field is None) != isinstance(value, UUID) and key.field is None:
                raise ValueError
            if isinstance(value, str) and "\x00" in value:
                raise ValueError
            _fits(key.field, value)
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, msgspec.DecodeError):
        raise Invalid.field(
            "after", "cursor", "翻页位置无效，或筛选排序已改变。请从第一页开始。", "The cursor is broken or belongs to another list. Start from the first page."
        ) from None
    return values


def _fits(one: Field | None, value: Any) -> None:
    if value is None or one is None:
        return
    expected: tuple[type, ...]
    if isinstance(one, DateTime):
        expected = (str,) if one.custom else (datetime,)
    elif isinstance(one, Date):
        expected = (str,) if one.custom else (date,)
    elif isinstance(one, Number | Money):
        expected = (Decimal,)
    elif one.sql == "bigint":
        expected = (int,)
    elif one.sql == "boolean":
        expected = (bool,)
    else:
        expected = (str,)
    if (isinstance(value, Decimal) and not value.is_finite()) or (isinstance(value, datetime) and datetime not in expected):
        raise ValueError
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise ValueError


# -- what could be asked ---------------------------------------------------------------------------------------------


def could_ask(
    name: str,
    *,
    actor: Actor,
    where: Any = None,
    fields: Sequence[str] = (),
    sort: Sequence[str] = (),
    group_by: Sequence[str] = (),
    measures: Sequence[str] = (),
) -> Definition:
    """The object, if `query` and `aggregate` would take these from the actor; raises what they would. No statement."""
    guard = guard_of(actor)
    it = guard.object(name)
    guard.where(it, guard.parse(where))
    reading = _select(guard, it, fields)
    if sort:
        order(guard, it, reading, sort)
    for spec in group_by:
        _group(guard, it, reading, spec)
    for measure in measures:
        _measure(guard, it, reading, measure)
    return it


def field_at(name: str, path: str, *, actor: Actor) -> Field:
    """The field at the end of a path, which the actor may filter by. Raises Invalid naming `field`."""
    guard = guard_of(actor)
    it = guard.object(name)
    at, _, one, _ = walk(guard, it, Reading(guard.catalog, it), path, "field")
    return guard.usable(at, one.name, "field")


# -- figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A question for figures, see `aggregate`."""

    object: str
    where: Any = None
    group_by: Sequence[str] = ()
    measures: Sequence[str] = ("count",)
    sort: Sequence[str] = ()
    limit: int = MAX_GROUPS


def aggregate(
    name: str,
    *,
    actor: Actor,
    where: Any = None,
    group_by: Sequence[str] = (),
    measures: Sequence[str] = ("count",),
    sort: Sequence[str] = (),
    limit: int = MAX_GROUPS,
) -> Figures:
    """Figures over the records the actor may read.

    group_by: paths; dates as `close_date:month` (day, week, month, quarter, year), regions as `region:province|city`.
    measures: `count`, or `sum|avg|min|max|distinct:path`. Money is totalled in the workspace's currency. sort: groups and
    measures as they were given, `-` for descending; without it by group, linked records in the order of their own list.
    Each row has its groups, its measures and `where`, which given to `query` lists exactly the records behind it.
    """
    found = aggregates([Asked(name, where, group_by, measures, sort, limit)], actor=actor)[0]
    if isinstance(found, Problem):
        raise found
    return found


def aggregates(asked: Sequence[Asked], *, actor: Actor) -> list[Figures | Problem]:
    """The answers to several questions for figures, with one statement. A question that cannot be asked is answered by
    the problem `aggregate` would raise, and the others all the same."""
    guard = guard_of(actor)
    ready = _questions(guard, asked)
    with sql.work(actor.workspace):
        found = iter(storage.aggregates([one[0] for one in ready if not isinstance(one, Problem)]))
    return [one if isinstance(one, Problem) else one[1](next(found)) for one in ready]


def _questions(guard: Guard, asked: Sequence[Asked]) -> list[tuple[storage.Totalling, Callable[[list[tuple[Any, ...]]], Figures]] | Problem]:
    ready: list[tuple[storage.Totalling, Callable[[list[tuple[Any, ...]]], Figures]] | Problem] = []
    for one in asked:
        try:
            ready.append(_question(guard, one))
        except Problem as problem:
            ready.append(problem)
    return ready


def _question(guard: Guard, one: Asked) -> tuple[storage.Totalling, Callable[[list[tuple[Any, ...]]], Figures]]:
    """A question as storage takes it, and what makes figures of the rows that come back."""
    it = guard.object(one.object)
    asked = guard.parse(one.where)
    condition = And((guard.readable(it), guard.where(it, asked)))
    reading = Reading(guard.catalog, it)
    if len(one.group_by) > 4 or len(one.measures) > 10 or not one.measures:
        raise Invalid.field("group_by", "too-many", "最多 4 个分组、10 个指标。", "At most four groups and ten measures.")
    most = min(one.limit, MAX_GROUPS)
    columns: list[Column] = []
    groups: list[tuple[str, int, Group]] = []
    places: dict[str, list[int]] = {}
    for spec in one.group_by:
        group = _group(guard, it, reading, spec)
        groups.append((spec, len(columns), group))
        places[spec] = [len(columns) + at for at in group.order]
        columns += group.columns
    loaders: list[tuple[str, Callable[[Any], Any]]] = []
    texts: list[str] = []
    for measure in one.measures:
        text, loader = _measure(guard, it, reading, measure)
        places[measure] = [len(columns) + len(texts)]
        texts.append(text)
        loaders.append((measure, loader))
    order = [(at, spec.startswith("-")) for spec in one.sort for at in _place(places, spec.lstrip("-"))]
    order += [(at, False) for spec, _, _ in groups for at in places[spec]]
    totalling = storage.Totalling(reading, condition, [c.sql for c in columns], texts, order if columns else [], most + 1)
    try:
        base: list[Condition] = [asked] if conditions.narrows(asked) and conditions.to_json(asked) else []
    except TypeError:
        base = []  # a condition of the program's own, which nobody could write

    def load(found: list[tuple[Any, ...]]) -> Figures:
        out: list[dict[str, Any]] = []
        for texts in found[:most]:
            row: dict[str, Any] = {}
            behind = list(base)
            for spec, start, group in groups:
                raw = [None if text is None else column.read(text) for column, text in zip(group.columns, texts[start:], strict=False)]
                row[spec], test = group.load(raw)
                behind.append(test)
            for (measure, loader), text in zip(loaders, texts[len(columns) :], strict=True):
                row[measure] = None if text is None else loader(text)
            row["where"] = conditions.to_json(And(tuple(behind)))
            out.append(row)
        return Figures(out, len(found) > most, tuple(one.measures), tuple(one.group_by))

    return totalling, load


def _place(places: Mapping[str, list[int]], spec: str) -> list[int]:
    if spec not in places:
        raise Invalid.field("sort", "unknown", f"只能按分组和指标排序，没有“{spec}”。", f"Figures are sorted by their groups and measures; {spec!r} is none.")
    return places[spec]


READERS: Mapping[str, Callable[[str], Any]] = {
    "uuid": UUID, "bigint": int, "numeric": Decimal, "boolean": lambda text: text == "true", "date": date.fromisoformat,
    "timestamptz": datetime.fromisoformat,
}  # fmt: skip
"""How a value is read from the text the database writes it as; others are text."""


@dataclass(frozen=True)
class Column:
    """What one group needs from the statement: SQL with parameters, and how its text is read."""

    sql: compiler.Sql
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Group:
    """A group as columns, the order among them, and what makes a value and the condition behind it of a row's part."""

    columns: tuple[Column, ...]
    load: Callable[[Sequence[Any]], tuple[Any, Condition]]
    order: tuple[int, ...] = (0,)


def _bad_group(one: Field) -> Invalid:
    return Invalid.field("group_by", "ungroupable", f"不能按“{one.label.zh}”分组。", f"{one.label.en} cannot be grouped by.")


def _group(guard: Guard, it: Definition, reading: Reading, spec: str) -> Group:
    path, _, unit = spec.partition(":")
    at, alias, one, level = walk(guard, it, reading, path, "group_by")
    if level == "masked":
        guard.usable(at, one.name, "group_by")
    if not one.groupable:
        raise _bad_group(one)
    if isinstance(one, Link):
        return _link_group(guard, reading, path, alias, one)
    column = f'{alias}."{one.name}"' if one.system else compiler.expression(one, alias)
    if isinstance(one, Date | DateTime):
        unit = unit or "day"
        if unit not in compiler.BUCKETS:
            raise Invalid.field("group_by", "unit", f"日期可按 {'、'.join(compiler.BUCKETS)} 分组。", f"Dates group by {', '.join(compiler.BUCKETS)}.")

        def bucket(raw: Sequence[Any]) -> tuple[Any, Condition]:
            if raw[0] is None:
                return None, conditions.Not(Test(path, "not empty"))
            start, end = period(unit, raw[0])
            return raw[0], Test(path, "between", [start.isoformat(), (end - timedelta(days=1)).isoformat()])

        return Group((Column(compiler.bucket(one, column, unit, guard.catalog.settings.zone), date.fromisoformat),), bucket)
    if isinstance(one, Region):
        size = {"province": 2, "city": 4, "": 6, "district": 6}.get(unit)
        if size is None:
            raise Invalid.field("group_by", "unit", "地区可按 province、city、district 分组。", "Regions group by province, city, district.")

        def region(raw: Sequence[Any]) -> tuple[Any, Condition]:
            if raw[0] is None:
                return None, conditions.Not(Test(path, "not empty"))
            coarser = raw[0].endswith("0" * (6 - size + 2))  # known less exactly than asked for: not all that lies below
            return raw[0], Test(path, "exactly" if coarser and size > 2 else "=", raw[0])

        return Group((Column((f"rpad(left({column}, {size}), 6, '0')", [])),), region)
    if unit:
        raise Invalid.field("group_by", "unit", f"“{one.label.zh}”没有分组单位。", f"{one.label.en} has no unit to group by.")

    def plain(raw: Sequence[Any]) -> tuple[Any, Condition]:
        if raw[0] is None:
            return None, conditions.Not(Test(path, "not empty"))
        return one.load((raw[0],)), Test(path, "=", raw[0])

    return Group((Column((column, []), READERS.get(one.parts[0].sql, str)),), plain)


def _link_group(guard: Guard, reading: Reading, path: str, alias: str, one: Link) -> Group:
    """The linked records by id, called by their titles, in the order of their own list where that counts them."""
    target = guard.target(one)
    joined = reading.join(path, alias, one, _reach(guard, target))
    title = guard.title(target)
    columns = [
        Column((f"{joined.alias}.id", []), UUID),
        Column((storage.called(title, guard.also_called(target), joined.alias) if title is not None else "NULL::text", [])),
    ]
    view: List | None = target.view(List)
    by = next((target.fields[s] for s in (view.sort if view is not None else ()) if isinstance(target.fields.get(s), Integer)), None)
    if by is not None and guard.level(target, by.name) in ("read", "write"):
        columns.append(Column((compiler.expression(by, joined.alias), []), int))

    def link(raw: Sequence[Any]) -> tuple[Any, Condition]:
        if raw[0] is None:
            return None, conditions.Not(Test(f"{path}.id", "not empty"))
        return {"id": raw[0], "label": raw[1]}, Test(path, "=", raw[0])

    return Group(tuple(columns), link, (2, 0) if len(columns) == 3 else (0,))


def _measure(guard: Guard, it: Definition, reading: Reading, measure: str) -> tuple[str, Callable[[Any], Any]]:
    if measure == "count":
        return "count(*)", int
    kind, _, path = measure.partition(":")
    if kind not in compiler.MEASURES or not path:
        raise Invalid.field("measures", "unknown", f"没有“{measure}”这个指标，可用 count、sum:字段 等。", f"Unknown measure {measure!r}; use count, sum:field and so on.")
    at, alias, one, level = walk(guard, it, reading, path, "measures")
    if level == "masked":
        guard.usable(at, one.name, "measures")
    if kind == "distinct":
        if not one.groupable and not isinstance(one, Money):
            raise Invalid.field("measures", "unmeasurable", f"“{one.label.zh}”不能计数。", f"{one.label.en} cannot be counted.")
        return f"count(DISTINCT {compiler.expression(one, alias)})", int
    dates = kind in ("min", "max") and isinstance(one, Date | DateTime)
    if not one.measurable and not dates:
        raise Invalid.field("measures", "unmeasurable", f"“{one.label.zh}”不是数字，不能汇总。", f"{one.label.en} is not a number and cannot be totalled.")
    column = compiler.expression(one, alias, "_base" if isinstance(one, Money) else "")
    places = one.places if isinstance(one, Number | Percent) else 2
    if dates:
        return f"{kind}({column})", READERS["timestamptz" if isinstance(one, DateTime) else "date"]

    def load(text: str) -> Any:
        if one.kind == "integer" and kind != "avg":
            return int(text)
        return Decimal(text).quantize(Decimal(1).scaleb(-max(places, 4 if kind == "avg" else 0)))

    return f"{kind}({column})", load


def describe(actor: Actor) -> dict[str, Any]:
    """The catalog as the actor may know it: objects, fields, views, actions, and what may be done."""
    from guanxi.kernel.records import views

    guard = guard_of(actor)
    lang = actor.language
    objects = []
    for it in guard.catalog:
        if not access.may(actor.rights, it, "read"):
            continue
        fields = []
        for one, level in guard.visible(it):
            fields.append(one.describe(lang) | {"level": level, "readonly": one.readonly or level != "write"})
        verbs = [verb for verb in ("read", "print", "export", "import", *it.verbs) if access.may(actor.rights, it, verb)]
        actions = []
        for verb in verbs:
            action = it.verbs.get(verb)
            if action is not None:
                actions.append(
                    {
                        "name": action.name,
                        "label": action.label.for_(lang),
                        "form": [name for name in action.form if guard.level(it, name) != "hidden"],
                        "needs": [name for name in action.needs if guard.level(it, name) != "hidden"],
                        "inputs": [one.describe(lang) for one in action.inputs],
                        "offered": action.offered,
                    }
                )
        objects.append(
            {
                "name": it.name, "plural": it.plural, "label": it.label.for_(lang), "icon": it.icon, "group": it.group, "title": it.title,
                "module": it.module, "fields": fields, "verbs": verbs, "actions": actions,
                "views": [
                    *(view.describe(lang) for view in views.for_object(actor, it.name)),
                    *({"kind": type(v).__name__.lower(), "name": v.name, "label": v.label.for_(lang)} for v in it.views if isinstance(v, Record | Form)),
                ],
            }
        )  # fmt: skip
    return {"objects": objects, "me": {"id": actor.user, "name": actor.name}, "currency": guard.catalog.settings.currency}
