"""From a widget's answer to what a template draws: labels, numbers in words, addresses of the rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.records.figures import Drawn, Line, Number
from guanxi.surfaces.web import amounts, filters
from guanxi.surfaces.web.amounts import Change
from guanxi.surfaces.web.look import Look

CHARTS = ("bar", "line", "pie", "funnel")
"""Kinds an island draws over their table; the others are plain markup."""
MEASURES = {
    "sum": T("合计", "total"), "avg": T("平均", "average"), "min": T("最小", "least"), "max": T("最大", "most"),
    "distinct": T("不同", "different"),
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One number: in words, in full, as a plain number for charts and files, and where its rows are."""

    text: str
    full: str = ""
    raw: Decimal | int | None = None
    url: str = ""


@dataclass(frozen=True)
class Row:
    """One group with its cells. `part`: of the largest, in percent, for a ranking's bars."""

    label: str
    cells: tuple[Cell, ...]
    url: str = ""
    part: int = 0
    rest: bool = False


@dataclass(frozen=True)
class Picture:
    """A widget ready to be drawn. The first `series` columns are what a chart shows; the rest is told in the table alone."""

    widget: Widget
    number: int
    problem: Text | None = None
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    series: int = 1
    total: Cell | None = None
    also: tuple[tuple[str, Cell], ...] = ()
    change: Change | None = None
    before: Cell | None = None
    since: str = ""
    share: Decimal | None = None
    sign: str = ""
    unit: str = ""
    url: str = ""
    cut: bool = False
    drawn: Drawn | None = None
    columns: tuple[Any, ...] = field(default=())

    @property
    def chart(self) -> bool:
        return self.widget.kind in CHARTS and not self.blank

    @property
    def blank(self) -> bool:
        """Whether there is nothing to show: no groups, or a chart of nothing but zeros."""
        return not any(cell.raw for row in self.rows for cell in row.cells) if self.widget.kind in CHARTS else not self.rows


def picture(look: Look, drawn: Drawn, number: int) -> Picture:
    widget = drawn.widget
    if drawn.problem is not None or drawn.total is None:
        return Picture(widget, number, drawn.problem)
    measure, one = widget.measure, drawn.measures[0]
    plain = _cells(look, drawn, drawn.total)
    share = drawn.total.share
    about: dict[str, Any] = {
        "share": share, "total": Cell(amounts.share(share), raw=share, url=plain[0].url) if widget.of else plain[0], "also": _also(look, drawn, plain),
        "url": plain[0].url, "cut": drawn.cut, "drawn": drawn, "sign": amounts.sign(look, measure, one), "unit": "%" if widget.of else amounts.unit(measure, one),
    }  # fmt: skip
    if drawn.before is not None and drawn.since is not None:
        was = drawn.before
        about["before"] = Cell(amounts.share(was.share), url=_url(look, drawn, was.where)) if widget.of else _cells(look, drawn, was)[0]
        about["change"] = amounts.points(share, was.share) if widget.of else amounts.change(look, drawn.total.numbers[0], was.numbers[0], measure, one)
        about["since"] = f"{drawn.since[0]} – {drawn.since[1] - timedelta(days=1)}"
    if drawn.rows is not None and drawn.object is not None and look.guard is not None:
        found = (filters.column(look.guard, drawn.object, path) for path in drawn.columns)
        about["columns"] = tuple(c for c in found if c is not None)
    elif drawn.groups:
        about |= _table(look, drawn)
    return Picture(widget, number, **about)


def _table(look: Look, drawn: Drawn) -> dict[str, Any]:
    """The groups as rows: a column for each series, or for the measure and what is told beside it."""
    widget = drawn.widget
    one, unit = drawn.groups[0]
    first = look.say(one.label)
    heads: tuple[str, ...]
    rows: list[Row] = []
    if drawn.series:
        other, kind = drawn.groups[1]
        heads = (first, *(amounts.label(look, value, other, kind) for value in drawn.series.values()), look.t("合计", "Total"))
        for line in drawn.lines:
            cells = [_one(look, drawn, line.cells.get(key), 0) for key in drawn.series]
            rows.append(_row(look, line, one, unit, [*cells, _cells(look, drawn, line)[0]]))
        return {"heads": heads, "rows": tuple(rows), "series": len(drawn.series)}
    names = [_name(look, drawn, at) for at in range(len(drawn.measures))]
    if widget.kind == "funnel":
        heads = (first, look.t("到达", "Reached"), look.t("转化率", "Conversion"), *(look.t(f"停留：{n}", f"Here: {n}") for n in names))
        for at, line in enumerate(drawn.lines):
            reached = _one(look, drawn, line.reached, 0)
            before = drawn.lines[at - 1].reached if at else None
            rate = None if before is None or not before.amount or line.reached is None else Decimal(line.reached.amount) * 100 / Decimal(before.amount)
            share = rate.quantize(Decimal("0.1")) if rate is not None else None
            rows.append(_row(look, line, one, unit, [reached, Cell(amounts.share(share) if at else "", raw=share), *_cells(look, drawn, line)]))
        return {"heads": heads, "rows": tuple(rows)}
    if widget.of:
        heads = (first, look.t("占比", "Share"), *names)
    else:
        heads = (first, *names)
    most = max((abs(line.numbers[0] or 0) for line in drawn.lines), default=0)
    for line in drawn.lines:
        cells = list(_cells(look, drawn, line))
        if widget.of:
            cells = [Cell(amounts.share(line.share), raw=line.share, url=cells[0].url), *cells]
        rows.append(_row(look, line, one, unit, cells, int(abs(line.numbers[0] or 0) * 100 / most) if most else 0))
    return {"heads": heads, "rows": tuple(rows)}


def _row(look: Look, line: Line, one: Any, unit: str, cells: Sequence[Cell], part: int = 0) -> Row:
    return Row(amounts.label(look, line.value, one, unit, line.rest), tuple(cells), cells[0].url, part, line.rest)


def _cells(look: Look, drawn: Drawn, line: Line) -> list[Cell]:
    return [_one(look, drawn, Number(value, line.where), at) for at, value in enumerate(line.numbers)]


def _one(look: Look, drawn: Drawn, number: Number | None, at: int) -> Cell:
    measure, one = (drawn.widget.measure, *drawn.widget.also)[at], drawn.measures[at]
    if number is None:
        return Cell("", raw=0 if measure.partition(":")[0] in amounts.ADD_UP else None)
    value = number.value if number.value is not None or measure.partition(":")[0] != "sum" else 0
    short, full = (amounts.number(look, value, measure, one, short) for short in (True, False))
    return Cell(short, full, value, _url(look, drawn, number.where))


def _url(look: Look, drawn: Drawn, where: str) -> str:
    return look.to(drawn.object.name, where=where) if drawn.object is not None else ""


def _name(look: Look, drawn: Drawn, at: int) -> str:
    """What a measure is called: how many, or a field with how it is measured unless that is a plain total."""
    measure = (drawn.widget.measure, *drawn.widget.also)[at]
    return measured(look, measure, drawn.measures[at])


def measured(look: Look, measure: str, one: Any) -> str:
    if one is None:
        return look.t("数量", "Count")
    kind = measure.partition(":")[0]
    label = look.say(one.label)
    if kind == "distinct":
        return look.t(f"{label}数", f"Different {label.lower()}")
    return label if kind == "sum" else look.t(f"{label}（{MEASURES[kind].zh}）", f"{label}, {MEASURES[kind].en}")


def _also(look: Look, drawn: Drawn, cells: Sequence[Cell]) -> tuple[tuple[str, Cell], ...]:
    return tuple((_name(look, drawn, at), cell) for at, cell in enumerate(cells) if at)
