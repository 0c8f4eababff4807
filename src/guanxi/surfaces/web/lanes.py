"""The columns of a board: which there are, what is in them, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from guanxi.base.ids import parse_id
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Boolean, Choice, Link, Stage
from guanxi.kernel.declare.objects import Board, Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import filters, linking, showing
from guanxi.surfaces.web.cells import COLOURS
from guanxi.surfaces.web.visit import Visit

NONE = "-"
"""The key of the column of those that are in none."""
MOST = 24
"""A board by a link has so many columns; records linked to others are found by the list."""


@dataclass
class Lane:
    """One column of a board. `where` means the records in it; a folded one shows its head only."""

    key: str
    label: str
    where: Condition
    value: Any = None
    kind: str = ""
    color: str = "grey"
    closed: bool = False
    folded: bool = False
    count: int = 0
    total: Decimal | None = None
    page: reading.Page = field(default_factory=lambda: reading.Page([]))


@dataclass(frozen=True)
class Process:
    """One of several processes whose steps are the columns."""

    key: str
    label: str
    now: bool


@dataclass(frozen=True)
class Lanes:
    """All columns of a board as one person may see them, those of closed kinds at the right."""

    board: Board
    lanes: list[Lane]
    where: Condition
    processes: list[Process]

    def lane(self, key: str) -> Lane | None:
        return next((lane for lane in self.lanes if lane.key == key), None)


def key_of(value: Any) -> str:
    """What a column's records hold, as an address says it."""
    if value is None:
        return NONE
    if isinstance(value, dict):
        return str(value["id"])
    return str(value).lower() if isinstance(value, bool) else str(value)


def lanes(visit: Visit, it: Definition, board: Board, asked: Condition, process: str = "") -> Lanes:
    """The columns there are, still empty. `process`: the id of the process whose steps are wanted."""
    one = it.fields[board.by]
    where: Condition = asked
    processes: list[Process] = []
    if isinstance(one, Stage) and (link := linking.process_link(visit, one, it)) is not None and showing.usable(visit, it, one.pipeline or ""):
        found, processes = _steps(visit, it, board, one, link, process)
        chosen = next((p for p in processes if p.now), None)
        where = And((asked, Test(one.pipeline or "", "=", parse_id(chosen.key) if chosen else None))) if chosen else asked
    elif isinstance(one, Stage):
        found = _targets(visit, board, one, _all(visit, board, one))
    elif isinstance(one, Choice):
        found = [
            Lane(o.key, visit.look.say(o.label), Test(board.by, "=", o.key), o.key, o.key, o.color if o.color in COLOURS else COLOURS[at % len(COLOURS)])
            for at, o in enumerate(one.options)
            if o.active
        ]
    elif isinstance(one, Boolean):
        found = [Lane(str(value).lower(), visit.look.t(*said), Test(board.by, "=", value), value, str(value).lower(), color) for value, said, color in ((True, ("是", "Yes"), "green"), (False, ("否", "No"), "grey"))]
    else:
        found = []  # the figures know them
    for lane in found:
        lane.closed = lane.folded = lane.kind in board.closed
    return Lanes(board, [*(x for x in found if not x.closed), *(x for x in found if x.closed)], where, processes)


def count(visit: Visit, it: Definition, found: Lanes) -> Lanes:
    """How many records are in each column and what they sum up to, with one statement."""
    board = found.board
    measures = ["count", *([f"sum:{board.total}"] if board.total and showing.usable(visit, it, board.total) else [])]
    figures = reading.aggregate(it.name, actor=visit.actor, where=found.where, group_by=[board.by], measures=measures).rows
    lanes = list(found.lanes)
    by_link = isinstance(it.fields[board.by], Link) and not isinstance(it.fields[board.by], Stage)
    for row in figures:
        key = key_of(row[board.by])
        lane = next((x for x in lanes if x.key == key), None)
        if lane is None and (key == NONE or (by_link and len(lanes) < MOST)):
            lane = _late(visit, board, row[board.by], key, len(lanes))
            lanes.insert(0 if key == NONE else len(lanes), lane)
        if lane is not None:
            lane.count, lane.total = row["count"], row.get(f"sum:{board.total}")
    if by_link:
        lanes.sort(key=lambda x: (x.key != NONE, x.label))
    return replace(found, lanes=lanes)


def _late(visit: Visit, board: Board, value: Any, key: str, at: int) -> Lane:
    if key == NONE:
        return Lane(NONE, visit.look.t("（未填）", "(none)"), Test(board.by, "empty"))
    return Lane(key, value["label"] or visit.look.nameless, Test(board.by, "=", value["id"]), value["id"], "", COLOURS[at % len(COLOURS)])


def _fields(visit: Visit, board: Board, target: Definition) -> list[str]:
    return [path for path in dict.fromkeys((target.title, *visit.guard.names(target), board.kind, "color")) if path and showing.usable(visit, target, path)]


def _all(visit: Visit, board: Board, one: Stage) -> list[dict[str, Any]]:
    target = visit.guard.target(one)
    sort = ["order"] if showing.usable(visit, target, "order") else [target.title]
    return reading.query(target.name, actor=visit.actor, fields=_fields(visit, board, target), sort=sort, limit=50).rows


def _steps(visit: Visit, it: Definition, board: Board, one: Stage, link: Link, process: str) -> tuple[list[Lane], list[Process]]:
    """The steps of one process, and the processes to choose from: the wanted one, else the usual, else the first."""
    target, above = visit.guard.target(one), visit.guard.target(link)
    more = [f"{link.name}.{name}" for name in ("default", "active") if isinstance(above.fields.get(name), Boolean)]
    order = [f"{link.name}.order" for name in ("order",) if name in above.fields] + [path for path in (link.name, "order") if path in target.fields]
    fields = [link.name, *(path for path in more if filters.column(visit.guard, target, path) is not None), *_fields(visit, board, target)]
    rows = reading.query(target.name, actor=visit.actor, fields=fields, sort=order, limit=reading.MAX_LIMIT).rows
    heads: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row[link.name] is not None:
            heads.setdefault(key_of(row[link.name]), row)
    living = [key for key, row in heads.items() if row.get(f"{link.name}.active") is not False or key == process]
    usual = next((key for key in living if heads[key].get(f"{link.name}.default")), living[0] if living else "")
    now = process if process in living else usual
    processes = [Process(key, heads[key][link.name]["label"] or "", key == now) for key in living]
    return _targets(visit, board, one, [row for row in rows if key_of(row[link.name]) == now]), processes


def _targets(visit: Visit, board: Board, one: Link, rows: Sequence[dict[str, Any]]) -> list[Lane]:
    target = visit.guard.target(one)
    return [
        Lane(
            str(row["id"]),
            visit.guard.called(target, row) or visit.look.nameless,
            Test(board.by, "=", row["id"]),
            row["id"],
            str(row.get(board.kind) or ""),
            row.get("color") if row.get("color") in COLOURS else COLOURS[at % len(COLOURS)],  # type: ignore[arg-type]
        )
        for at, row in enumerate(rows)
    ]


def behind(visit: Visit, it: Definition, lane: Lane, frame: showing.Frame) -> str:
    """The list of the records in a column, under the same filters."""
    words = conditions.to_text(And((*(() if not (given := frame.visit.get.get("where", "").strip()) else (visit.guard.parse(given),)), lane.where)))
    kept: dict[str, Any] = {key: value for key, value in frame.visit.get.items() if key.startswith("f.") or key == "q"}
    return showing.rows(visit, it, where=words, **kept)

