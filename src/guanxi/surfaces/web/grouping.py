"""A list in groups: heads with counts and sums, the first rows of the first groups, more of each when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from django.http import HttpResponse
from markupsafe import Markup

from guanxi.base.text import Text
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition
from guanxi.kernel.declare.fields import Boolean, Choice, Date, DateTime, Link, Money, MultiChoice
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import amounts, doing, filters, listing
from guanxi.surfaces.web.deeds import deeds
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.record import editable
from guanxi.surfaces.web.visit import Visit, page

MOST = 100
"""So many groups have a head; of the first OPEN the rows are shown too, ROWS of all of them together."""
OPEN, ROWS, LEAST = 8, 100, 5
MORE = 50
SUMS = 4
NONE = "-"
"""In an address: not grouped, although the view is."""


@dataclass
class Bunch:
    """One group: what it is called, how many are in it, what they sum up to, the list of it, and its first rows if it is open.
    `within` is its condition as text, `next` where its rows go on."""

    label: str | Markup
    count: int
    sums: list[tuple[Text, str]]
    url: str
    within: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    next: str | None = None
    open: bool = False


@dataclass(frozen=True)
class Grouped:
    """A list in groups; `more` says that there are more groups than are shown."""

    bunches: list[Bunch]
    count: int
    more: bool


def offered(visit: Visit, it: Definition) -> list[Column]:
    """What the records can be grouped by."""
    kinds = Choice | Link | Boolean | Date | DateTime

    def find() -> list[Column]:
        found = (filters.column(visit.guard, it, name) for name, one in it.fields.items() if isinstance(one, kinds) and not isinstance(one, MultiChoice))
        return [c for c in found if c is not None and c.level in ("read", "write") and c.field.groupable]

    return visit.kept(("groups", it.name), find)  # type: ignore[no-any-return]


def options(visit: Visit, it: Definition, chosen: Column | None) -> Markup:
    """The choices of what to group by, as options of a select."""
    path, say = chosen.path if chosen is not None else "", visit.look.say
    by = visit.look.t("按", "By ")

    def draw() -> Markup:
        lines = (f'<option value="{c.path}"{" selected" if c.path == path else ""}>{by}{escape(say(c.field.label))}</option>' for c in offered(visit, it))
        return Markup("".join(lines))  # noqa: S704 - labels are escaped, paths are names

    return visit.kept(("grouping", it.name, path), draw)  # type: ignore[no-any-return]


def by(visit: Visit, it: Definition, settings: Mapping[str, Any]) -> Column | None:
    """What the address, else the view, groups by."""
    path = visit.get.get("group", "") or str(settings.get("group", ""))
    return next((c for c in offered(visit, it) if c.path == path.partition(":")[0]), None) if path and path != NONE else None


def spec(column: Column) -> str:
    return f"{column.path}:month" if isinstance(column.field, Date | DateTime) else column.path


def grouped(visit: Visit, it: Definition, wanted: Condition, column: Column, shown: Sequence[Column], sort: list[str] | None) -> Grouped:
    """Two statements: one counts and sums all groups, one reads the first rows of those that are open."""
    sums = [c for c in shown if "." not in c.path and isinstance(c.field, Money) and c.level in ("read", "write")][:SUMS]
    measures = ["count", *(f"sum:{c.path}" for c in sums)]
    found = reading.aggregate(it.name, actor=visit.actor, where=wanted, group_by=[spec(column)], measures=measures, limit=MOST)
    out: list[Bunch] = []
    for row in found.rows:
        within = conditions.to_text(conditions.from_json(row["where"]["and"][-1]))
        totals = [(c.field.label, amounts.number(visit.look, row[f"sum:{c.path}"], f"sum:{c.path}", c.field, short=True)) for c in sums if row[f"sum:{c.path}"] is not None]
        out.append(Bunch(_label(visit, column, row[spec(column)]), row["count"], totals, _url(visit, within), within))
    opened = out[:OPEN]
    for one in opened:
        one.open = True
    if opened:
        each = max(LEAST, ROWS // len(opened))
        pages = reading.heads(
            it.name, actor=visit.actor, groups=[row["where"] for row in found.rows[:OPEN]], fields=[c.path for c in shown], sort=sort, limit=each,
            reach="update" if editable(visit, it) else "",
        )  # fmt: skip
        for one, part in zip(opened, pages, strict=True):
            one.rows, one.next = part.rows, part.next
    return Grouped(out, sum(one.count for one in out), found.truncated)


def _label(visit: Visit, column: Column, value: Any) -> str | Markup:
    if value is None:
        return visit.look.t("（空）", "(empty)")
    if isinstance(column.field, Date | DateTime):
        return amounts.label(visit.look, value, column.field, "month")
    return visit.look.cell(column.field, value)


def _url(visit: Visit, within: str) -> str:
    """The list of one group, under the same filters and no longer grouped."""
    given = visit.get.get("where", "").strip()
    where = And((*((visit.guard.parse(given),) if given else ()), visit.guard.parse(within)))
    return listing.href(visit, where=conditions.to_text(where), group=NONE)


@page
def group(visit: Visit, plural: str) -> HttpResponse:
    """Rows of one group of the list of this address: those that follow `after`, else the first."""
    it = visit.object(plural)
    shown = listing.columns(visit, it)
    view = listing.view_of(visit, it)
    sort = [one for one in visit.get.get("sort", "").split(",") if one] or list(view.sort) or None
    wanted = And((listing.condition(visit, it), visit.guard.parse(visit.get.get("within", ""))))
    found = reading.query(
        it.name, actor=visit.actor, where=wanted, fields=[c.path for c in shown], sort=sort, limit=MORE, after=visit.get.get("after") or None,
        reach="update" if editable(visit, it) else "",
    )  # fmt: skip
    return visit.page(
        "components/group_rows.html", current=it, it=it, columns=shown, rows=found.rows, pick=bool(deeds(visit, it, False)), act=doing.doing(visit, it, view),
        more=listing.href(visit, after=found.next) if found.next else "", title=it.label,
    )  # fmt: skip
