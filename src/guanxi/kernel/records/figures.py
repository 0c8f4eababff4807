"""Declared numbers answered: the first page's counters and figures, and the widgets of dashboards.

Everything here is asked through `reading` with the actor's rights, many questions in one statement, and every number
carries the condition of the records behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi.base.clock import canonical_relative, period, relative
from guanxi.base.errors import Invalid, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import Choice, Date, DateTime, Field, Settings
from guanxi.kernel.declare.figures import Counter, Dashboard, Figure, Widget
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import Asked, Figures, guard_of

MOST_PEOPLE = reading.MAX_LIMIT
MOST_STEPS = 400
"""Buckets of a time line; beyond them nobody sees a line."""
ADDS_UP = ("count", "sum")
"""Measures whose parts make the whole."""

# -- periods -----------------------------------------------------------------------------------------------------------

CUSTOM = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")


def span(of: str, settings: Settings) -> tuple[date, date]:
    """The [first day, day after the last) of a period: `this_month`, `last_30_days`, `2025-01-01..2025-03-31`. Raises
    Invalid naming `period`."""
    try:
        if custom := CUSTOM.fullmatch(of):
            first, last = date.fromisoformat(custom[1]), date.fromisoformat(custom[2])
            if first <= last < date.max:
                return first, last + timedelta(days=1)
        elif (name := canonical_relative(of)) is not None:
            return relative(name, settings.today, settings.fiscal_start)
    except (ValueError, Invalid):
        pass
    raise Invalid.field("period", "period", "不认识的时间段，可用 this_month、last_30_days，或起止日期。", "Unknown period; use this_month, last_30_days, or two days.")


def before(of: str, settings: Settings) -> tuple[date, date]:
    """The period before, as far as this one has come: on the 9th, the first nine days of last month."""
    start, end = span(of, settings)
    shift, _, kind = (canonical_relative(of) or "").partition("_")
    shift, kind = {"today": ("this", "day"), "yesterday": ("last", "day"), "tomorrow": ("next", "day")}.get(shift, (shift, kind))
    try:
        if kind not in ("day", "week", "month", "quarter", "year"):
            return start - (end - start), start
        there, stop = period(kind, start, -1, fiscal_start_month=settings.fiscal_start)
    except (ValueError, OverflowError):
        raise Invalid.field("period", "period", "这个时间段之前没有可比的时间。", "There is nothing before this period.") from None
    done = settings.today - start + timedelta(days=1)
    return (there, min(stop, there + done)) if shift == "this" and kind != "day" else (there, stop)


def within(path: str, days: tuple[date, date]) -> Condition:
    """The records whose date falls into [first day, day after the last)."""
    return Test(path, "between", [days[0].isoformat(), (days[1] - timedelta(days=1)).isoformat()])


def _in(path: str, of: str, settings: Settings) -> Condition:
    """The same for a period by its name, which stays a name: a list opened tomorrow shows tomorrow's."""
    return within(path, span(of, settings)) if CUSTOM.fullmatch(of) else Test(path, "within", canonical_relative(of))


def both(*items: Condition | None) -> Condition:
    """All of them, flat, so that people can read it."""
    flat: list[Condition] = []
    for item in items:
        if isinstance(item, And):
            flat += item.items
        elif item is not None and conditions.narrows(item):
            flat.append(item)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def _text(condition: Condition) -> str:
    return conditions.to_text(condition)


# -- the first page ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """A counter with its number: exact up to 10,000, then `more`."""

    counter: Counter
    count: int
    more: bool


def counters(actor: Actor) -> list[Counted]:
    """Every counter the actor may have, with one statement."""
    usable = []
    for module in REGISTRY.modules:
        for one in module.counters:
            try:
                reading.could_ask(one.object, actor=actor, where=one.where)
            except Problem:
                continue
            usable.append(one)
    found = reading.counts([(one.object, one.where) for one in usable], actor=actor)
    return [Counted(one, *count) for one, count in zip(usable, found, strict=True)]


@dataclass(frozen=True)
class Number:
    """A measured number and the condition, as text, of the records behind it. None: nothing to measure."""

    value: Decimal | int | None
    where: str

    @property
    def amount(self) -> Decimal | int:
        return self.value or 0


@dataclass(frozen=True)
class Mine:
    """A figure of one person: this month so far, and the same days of last month."""

    figure: Figure
    now: Number
    then: Number


@dataclass(frozen=True)
class Member:
    """A colleague's line in the table: their numbers, in the order of the table's figures."""

    id: UUID
    name: str
    department: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Standing:
    """Where somebody stands this month, and those whose records they look after. `since`: the days compared with."""

    mine: list[Mine]
    columns: list[Figure]
    team: list[Member]
    more: int
    since: tuple[date, date]


PERIOD = "this_month"
SHOWN = 20


def own(actor: Actor) -> list[Figure]:
    """The figures the actor's own month is measured by."""
    return [one for one in _declared(actor) if one.mine]


def standing(actor: Actor) -> Standing:
    """One's own figures and one's people's. Two statements, one for those without people."""
    settings = guard_of(actor).catalog.settings
    since = before(PERIOD, settings)
    mine_of = own(actor)
    columns = [one for one in _declared(actor) if one.team]
    everybody, team = people_of(actor, [one.object for one in columns])
    me: Condition = Test("owner", "=", "me")
    asked: list[Asked] = []
    for one in mine_of:
        parsed = conditions.from_text(one.where)
        now = _in(one.date, PERIOD, settings) if one.date else None
        asked.append(Asked(one.object, both(me, parsed, now), measures=(one.measure,)))
        asked.append(Asked(one.object, both(me, parsed, within(one.date, since) if one.date else None), measures=(one.measure,)))
    theirs = [both(conditions.from_text(one.where), _in(one.date, PERIOD, settings) if one.date else None) for one in columns]
    ids = [person["id"] for person in team]
    if team:
        for one, where in zip(columns, theirs, strict=True):
            asked.append(Asked(one.object, both(where, Test("owner", "in", ids)), ("owner",), (one.measure,)))
    found = reading.aggregates(asked, actor=actor) if asked else []
    numbers = [_number(one, answer) for one, answer in zip(asked, found, strict=True)]
    mine = [Mine(one, numbers[2 * at], numbers[2 * at + 1]) for at, one in enumerate(mine_of)]
    lines = _team(team, everybody, columns, theirs, found[2 * len(mine_of) :])
    return Standing(mine, columns, lines[:SHOWN], len(lines[SHOWN:]), since)


def _declared(actor: Actor) -> list[Figure]:
    return [one for module in REGISTRY.modules for one in module.figures if _may(actor, one)]


def _may(actor: Actor, one: Figure) -> bool:
    paths = [p for p in ("owner", one.date) if p]
    try:
        reading.could_ask(one.object, actor=actor, where=one.where, group_by=paths, measures=[one.measure])
    except Problem:
        return False
    return True


def people(actor: Actor, objects: Sequence[str]) -> list[dict[str, Any]]:
    """Those whose records of some of these objects the actor looks after by role, in the order of their names; nobody for
    most."""
    return people_of(actor, objects)[1]


def leads(actor: Actor) -> bool:
    """Whether the actor looks after others' records of what people are measured by."""
    return _looked_after(actor, [one.object for one in _declared(actor) if one.team]) != set()


def _looked_after(actor: Actor, objects: Sequence[str]) -> set[UUID] | None:
    """Whose records of some of these objects the actor looks after; None for everybody's, nobody's for most."""
    catalog = guard_of(actor).catalog
    owners: set[UUID] = set()
    for it in filter(None, map(catalog.find, set(objects))):
        reach = access.reach(actor.rights, it) if it.owned else access.NOBODY
        if reach is None:
            return None
        owners |= reach
    return set() if owners <= {actor.user} else owners


def people_of(actor: Actor, objects: Sequence[str]) -> tuple[bool, list[dict[str, Any]]]:
    """The same, and whether that is everybody."""
    owners = _looked_after(actor, objects)
    everybody = owners is None
    if owners == set():
        return False, []
    where: Condition = Test("active", "=", True)
    if owners is not None:
        where = both(where, Test("id", "in", sorted(owners)[: conditions.MAX_LIST]))
    return everybody, reading.query("user", actor=actor, where=where, fields=["name", "department"], sort=["name"], limit=MOST_PEOPLE).rows


def _team(
    team: Sequence[Mapping[str, Any]], everybody: bool, columns: Sequence[Figure], theirs: Sequence[Condition], found: Sequence[Figures | Problem]
) -> list[Member]:
    """The lines of those who did something and of those who did nothing, the first figure's best first."""
    held: list[dict[UUID, Any]] = []
    for one, answer in zip(columns, found, strict=False):
        rows = answer.rows if isinstance(answer, Figures) else []
        held.append({row["owner"]["id"]: row[one.measure] for row in rows if row["owner"] is not None})
    out = []
    for person in team:
        values = [values.get(person["id"]) for values in held]
        if everybody and not any(values):
            continue  # among a whole company's people, those who have to do with these objects
        numbers = tuple(Number(value, _text(both(where, Test("owner", "=", person["id"])))) for value, where in zip(values, theirs, strict=True))
        out.append(Member(person["id"], person["name"], (person.get("department") or {}).get("label") or "", numbers))
    return sorted(out, key=lambda one: [-n.amount for n in one.numbers])


def _number(asked: Asked, found: Figures | Problem) -> Number:
    value = found.rows[0].get(asked.measures[0]) if isinstance(found, Figures) and found.rows else None
    return Number(value, _text(asked.where))


# -- dashboards --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """What a whole dashboard is narrowed to: a period by name or days ("" for all time), the people of a department or
    one person, one record of the object it is about. `compare`: also tell the period before."""

    period: str = ""
    department: UUID | None = None
    person: UUID | None = None
    narrow: UUID | None = None
    compare: bool = False


@dataclass(frozen=True)
class Line:
    """One group: what it is (a value as `aggregate` gives it), its numbers in the order of the measures, and the
    condition of its rows. `cells`: the same by the second group's keys. `share`: in percent, where the widget is a share; `reached`:
    of a funnel, this step and all after it."""

    value: Any
    numbers: tuple[Any, ...]
    where: str
    share: Decimal | None = None
    reached: Number | None = None
    cells: Mapping[Any, Number] = field(default_factory=dict)
    rest: bool = False


@dataclass(frozen=True)
class Drawn:
    """A widget with its answer. `problem` says why there is none. `groups`: the field and unit of each group. `series`:
    the values of the second one, by their keys."""

    widget: Widget
    object: Definition | None = None
    problem: Text | None = None
    measures: tuple[Field | None, ...] = ()
    groups: tuple[tuple[Field, str], ...] = ()
    lines: tuple[Line, ...] = ()
    total: Line | None = None
    before: Line | None = None
    since: tuple[date, date] | None = None
    series: Mapping[Any, Any] = field(default_factory=dict)
    where: str = ""
    rows: reading.Page | None = None
    columns: tuple[str, ...] = ()
    cut: bool = False


UNSEEN = T("这个组件用到您无权查看的数据，所以没有显示。", "This part needs data you may not see, so it is not shown.")


def dashboards(actor: Actor) -> Iterator[tuple[str, Dashboard]]:
    """The standard dashboards by key (`sales.funnel`), of whose widgets the actor may see at least one."""
    catalog = guard_of(actor).catalog
    for module in REGISTRY.modules:
        for one in module.dashboards:
            seen = tuple(w for w in one.widgets if access.may(actor.rights, catalog.object(w.object), "read"))
            if seen:
                yield f"{module.name}.{one.name}", replace(one, widgets=seen)


def saved(row: Mapping[str, Any]) -> Dashboard:
    """A record of the object `dashboard` as what it stands for."""
    held = row.get("settings") or {}
    return Dashboard(
        str(row["id"]), Text(row["name"], row.get("name_en") or row["name"]), tuple(Widget.from_json(one) for one in held.get("widgets", ())),
        held.get("period") or "", held.get("narrow") or "", bool(held.get("compare")),
    )  # fmt: skip


def settings(one: Dashboard) -> dict[str, Any]:
    """The settings of a record that stands for the same dashboard."""
    out = {"period": one.period, "narrow": one.narrow, "compare": one.compare, "widgets": [widget.to_json() for widget in one.widgets]}
    return {key: value for key, value in out.items() if value}


def draw(widgets: Sequence[Widget], frame: Frame, *, actor: Actor) -> list[Drawn]:
    """The widgets' answers: all figures with one statement, and one for each list of rows."""
    guard = guard_of(actor)
    plans = [_plan(guard, widget, frame) for widget in widgets]
    answers = iter(reading.aggregates([one for plan in plans if isinstance(plan, _Plan) for _, one in plan.asked], actor=actor))
    out = []
    for widget, plan in zip(widgets, plans, strict=True):
        if isinstance(plan, Text):
            out.append(Drawn(widget, problem=plan))
            continue
        found = {name: next(answers) for name, _ in plan.asked}
        figures = {name: one for name, one in found.items() if isinstance(one, Figures)}
        out.append(_drawn(guard, plan, figures, frame) if len(figures) == len(found) else Drawn(widget, plan.it, problem=UNSEEN))
    return out


@dataclass
class _Plan:
    """A widget's questions by what they are for, and what their answers need to be read."""

    widget: Widget
    it: Definition
    where: Condition
    asked: list[tuple[str, Asked]]
    groups: tuple[tuple[Field, str], ...]
    specs: tuple[str, ...]
    measures: tuple[Field | None, ...]
    since: tuple[date, date] | None


def _plan(guard: Guard, widget: Widget, frame: Frame) -> _Plan | Text:
    try:
        it = guard.object(widget.object)
        settings = guard.catalog.settings
        own = guard.parse(widget.where)
        who = _narrowed(it, widget, frame)
        narrowed = [who, _in(widget.date_field, frame.period, settings) if widget.date_field and frame.period else None]
        where = both(own, *narrowed)
        specs = tuple(_spec(guard, it, spec, widget, frame) for spec in widget.group_by)
        groups = tuple((reading.field_at(it.name, spec.partition(":")[0], actor=guard.actor), spec.partition(":")[2]) for spec in specs)
        measures = (widget.measure, *widget.also)
        shown = tuple(reading.field_at(it.name, m.partition(":")[2], actor=guard.actor) if ":" in m else None for m in measures)
        asked = [("total", Asked(it.name, where, (), measures))]
        if widget.of:
            asked.append(("of", Asked(it.name, both(guard.parse(widget.of), *narrowed), specs[:1], (widget.measure,))))
            if specs:
                asked.append(("whole", Asked(it.name, both(guard.parse(widget.of), *narrowed), (), (widget.measure,))))
        since = None
        if frame.compare and frame.period and widget.date_field:
            since = before(frame.period, settings)
            earlier = (who, within(widget.date_field, since))
            asked.append(("before", Asked(it.name, both(own, *earlier), (), measures)))
            if widget.of:
                asked.append(("before of", Asked(it.name, both(guard.parse(widget.of), *earlier), (), (widget.measure,))))
        if specs:
            asked.append(("lines", Asked(it.name, where, specs[:1], measures, _sort(widget, specs[0], groups[0][0]), limit=_most(widget))))
        if len(specs) == 2:
            asked.append(("cells", Asked(it.name, where, specs, (widget.measure,))))
        return _Plan(widget, it, where, asked, groups, specs, shown, since)
    except Problem:
        return UNSEEN


def _narrowed(it: Definition, widget: Widget, frame: Frame) -> Condition | None:
    """The frame's people and record, as far as the widget knows them."""
    out: list[Condition] = []
    widget = widget if widget.person.partition(".")[0] in it.fields else replace(widget, person="")
    if frame.narrow is not None and widget.narrow:
        out.append(Test(widget.narrow, "=", frame.narrow))
    if frame.person is not None and widget.person:
        out.append(Test(widget.person, "=", frame.person))
    if frame.department is not None and widget.person:
        out.append(Test(f"{widget.person}.department", "under", frame.department))
    return both(*out) if out else None


def _spec(guard: Guard, it: Definition, spec: str, widget: Widget, frame: Frame) -> str:
    """A group as `aggregate` takes it: a date without a unit takes one that makes a readable line of the period."""
    path, _, unit = spec.partition(":")
    one = reading.field_at(it.name, path, actor=guard.actor)
    if unit or not isinstance(one, Date | DateTime):
        return spec
    if not frame.period or path != widget.date_field:
        return f"{path}:month"
    start, end = span(frame.period, guard.catalog.settings)
    days = (end - start).days
    return f"{path}:{'day' if days <= 31 else 'week' if days <= 120 else 'month' if days <= 1200 else 'year'}"


def _natural(one: Field) -> bool:
    """Whether groups have an order of their own, which figures don't change."""
    return isinstance(one, Date | DateTime) or (isinstance(one, Choice) and one.dictionary is None and one.kind == "choice")


def _sort(widget: Widget, spec: str, one: Field) -> list[str]:
    if widget.sort:
        return [f"{'-' if s.startswith('-') else ''}{widget.measure if s.lstrip('-') == 'measure' else spec}" for s in widget.sort]
    return [] if widget.kind == "funnel" or (_natural(one) and widget.kind not in ("ranking", "pie")) else [f"-{widget.measure}"]


def _most(widget: Widget) -> int:
    usual = {"pie": 7, "ranking": 10, "funnel": 30, "table": 50}.get(widget.kind, MOST_STEPS)
    return min(widget.limit or usual, MOST_STEPS)


def _drawn(guard: Guard, plan: _Plan, found: Mapping[str, Figures], frame: Frame) -> Drawn:
    widget = plan.widget
    measures = (widget.measure, *widget.also)

    def line(row: Mapping[str, Any], whole: Mapping[str, Any] | None = None) -> Line:
        numbers = tuple(row[m] for m in measures)
        share = _share(row[widget.measure], whole[widget.measure]) if whole is not None else None
        return Line(row.get(plan.specs[0]) if plan.specs else None, numbers, _text(conditions.from_json(row["where"])), share)

    def first(name: str) -> Mapping[str, Any] | None:
        return found[name].rows[0] if name in found else None

    nothing: dict[str, Any] = dict.fromkeys(plan.specs)
    total = line({**found["total"].rows[0], **nothing}, first("whole") or (first("of") if not plan.specs else None))
    earlier = first("before")
    lines: list[Line] = []
    if "lines" in found:
        wholes = {_key(row[plan.specs[0]]): row for row in found["of"].rows} if "of" in found else None
        lines = [line(row, wholes.get(_key(row[plan.specs[0]])) if wholes is not None else None) for row in found["lines"].rows]
        lines = _filled(guard, plan, frame, lines)
        if isinstance(plan.groups[0][0], Choice) and not _sort(widget, plan.specs[0], plan.groups[0][0]):
            lines = _by_options(plan.groups[0][0], lines)
        if widget.kind == "funnel":
            lines = _reached(plan, [one for one in lines if one.value is not None])
    series: dict[Any, Any] = {}
    if "cells" in found:
        lines, series = _with_cells(plan, lines, found["cells"])
    cut = "lines" in found and found["lines"].truncated
    if cut and widget.kind in ("pie", "bar", "ranking") and widget.measure.partition(":")[0] in ADDS_UP and not widget.of and not series:
        lines.append(_rest(plan, total, lines))
    drawn = Drawn(
        widget, plan.it, None, plan.measures, plan.groups, tuple(lines), total,
        line({**earlier, **nothing}, first("before of")) if earlier is not None else None,
        plan.since, series, _text(plan.where), cut=cut,
    )  # fmt: skip
    return _with_rows(guard, drawn) if widget.kind == "table" and not widget.group_by else drawn


def _share(part: Any, whole: Any) -> Decimal | None:
    return (Decimal(part or 0) * 100 / Decimal(whole)).quantize(Decimal("0.1")) if whole else None


def _key(value: Any) -> Any:
    """What a group's value is told apart by."""
    return value["id"] if isinstance(value, Mapping) else value


def _with_rows(guard: Guard, drawn: Drawn) -> Drawn:
    """The records of a table without groups."""
    widget, it = drawn.widget, drawn.object
    assert it is not None
    view: List | None = it.view(List)
    columns = [c for c in widget.columns or (view.columns if view is not None else (it.title,)) if _seen(guard, it, c)]
    sort = list(widget.sort) or None
    try:
        page = reading.query(it.name, actor=guard.actor, where=drawn.where, fields=columns, sort=sort, limit=min(widget.limit or 10, 100))
    except Problem:
        return Drawn(widget, it, problem=UNSEEN)
    return replace(drawn, rows=page, columns=tuple(columns), cut=page.next is not None)


def _seen(guard: Guard, it: Definition, path: str) -> bool:
    try:
        reading.could_ask(it.name, actor=guard.actor, fields=[path])
    except Problem:
        return False
    return True


def _filled(guard: Guard, plan: _Plan, frame: Frame, lines: list[Line]) -> list[Line]:
    """A line of time without gaps: a month in which nothing happened is a zero, not a missing month."""
    one, unit = plan.groups[0]
    if not isinstance(one, Date | DateTime) or plan.widget.kind not in ("bar", "line") or plan.widget.sort:
        return lines
    path = plan.specs[0].partition(":")[0]
    dated = {line.value: line for line in lines if line.value is not None}
    if frame.period and path == plan.widget.date_field:
        start, end = span(frame.period, guard.catalog.settings)
    elif dated:
        start, end = min(dated), max(dated) + timedelta(days=1)
    else:
        return lines
    out: list[Line] = []
    day = period(unit, start)[0]
    nothing = tuple(0 if m.partition(":")[0] in ("count", "distinct") else None for m in (plan.widget.measure, *plan.widget.also))
    while day < end and len(out) < MOST_STEPS:
        following = period(unit, day)[1]
        out.append(dated.get(day) or Line(day, nothing, _text(both(plan.where, within(path, (day, following))))))
        day = following
    return out + [line for line in lines if line.value is None]


def _by_options(one: Choice, lines: list[Line]) -> list[Line]:
    order = {option.key: at for at, option in enumerate(one.options)}
    return sorted(lines, key=lambda line: order.get(line.value, len(order)))


def _reached(plan: _Plan, lines: list[Line]) -> list[Line]:
    """A funnel's steps: what stands at this one or came further."""
    path = plan.specs[0]
    out: list[Line] = []
    for at, line in enumerate(lines):
        after = lines[at:]
        amount = sum((one.numbers[0] or 0 for one in after), start=0)
        where = both(plan.where, Test(path, "in", [_key(one.value) for one in after]))
        out.append(replace(line, reached=Number(amount, _text(where))))
    return out


def _with_cells(plan: _Plan, lines: list[Line], found: Figures) -> tuple[list[Line], dict[Any, Any]]:
    """Each line by its second group; the series in the order of their own totals, or of time and options."""
    first, second = plan.specs
    cells: dict[Any, dict[Any, Number]] = {}
    values: dict[Any, Any] = {}
    sums: dict[Any, Any] = {}
    for row in found.rows:
        key = _key(row[second])
        number = row[plan.widget.measure]
        cells.setdefault(_key(row[first]), {})[key] = Number(number, _text(conditions.from_json(row["where"])))
        values[key] = row[second]
        sums[key] = sums.get(key, 0) + (number or 0)
    one = plan.groups[1][0]
    if isinstance(one, Choice):
        places: dict[Any, Any] = {option.key: at for at, option in enumerate(one.options)}
        order: Callable[[Any], Any] = lambda key: (key is None, places.get(key, len(places)))  # noqa: E731
    elif isinstance(one, Date | DateTime):
        order = lambda key: (key is None, key or date.min)  # noqa: E731
    else:
        order = lambda key: (key is None, -sums[key])  # noqa: E731
    series = {key: values[key] for key in sorted(values, key=order)}
    return [replace(line, cells=cells.get(_key(line.value), {})) for line in lines], series


def _rest(plan: _Plan, total: Line, lines: Sequence[Line]) -> Line:
    """What the groups beyond those shown have together."""
    numbers = tuple(
        (whole or 0) - sum((one.numbers[at] or 0 for one in lines), start=0) if measure.partition(":")[0] in ADDS_UP else None
        for at, (measure, whole) in enumerate(zip((plan.widget.measure, *plan.widget.also), total.numbers, strict=True))
    )
    shown = Or(tuple(conditions.from_text(one.where) for one in lines))
    return Line(None, numbers, _text(both(plan.where, Not(shown))), rest=True)


