"""Charts as vector graphics, drawn from the same labels and numbers a page's charts are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

COLOURS = ("#1456f0", "#1f9d63", "#e08a1e", "#7a4fe0", "#16a3b0", "#d8504d", "#b39b1d", "#8b95a5")
TEXT, SOFT, FAINT, LINE, SUNKEN = "#1f2329", "#51565f", "#646a73", "#e4e7ec", "#f5f6f8"
TONES = {"low": "#d8504d", "near": "#e08a1e", "full": "#1f9d63"}
SMALL = 7.5


@dataclass(frozen=True)
class Group:
    """One group: its label, a number for each series (None where there is none), and how the first is said."""

    label: str
    values: tuple[float | None, ...]
    said: str
    more: str = ""


@dataclass(frozen=True)
class Chart:
    """`kind` bar, line, pie or funnel; `names` of the series; `say` writes a number at an axis."""

    kind: str
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    say: Callable[[float], str]
    dated: bool = False

    @property
    def flat(self) -> bool:
        """Bars lie where their names are long or many."""
        return self.kind == "bar" and not self.dated and (len(self.groups) > 8 or any(len(one.label) > 6 for one in self.groups))

    @property
    def told(self) -> bool:
        """Whether every number stands in the drawing, so that no table is needed beside it."""
        return self.kind in ("pie", "funnel") or (len(self.names) == 1 and (self.flat or len(self.groups) <= 12))

    @property
    def height(self) -> float:
        if self.flat:
            return 22 + 16 * len(self.groups) + (14 if len(self.names) > 1 else 0)
        if self.kind in ("pie", "funnel"):
            return max(130, 8 + 15 * len(self.groups))
        return 170


def draw(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    """The chart with its upper left corner at x, y."""
    top = y
    if len(chart.names) > 1:
        _legend(paper, chart.names, x, y, width)
        top -= 16
    {"bar": _lying if chart.flat else _standing, "line": _line, "pie": _pie, "funnel": _funnel}[chart.kind](paper, chart, x, top, width, height - (y - top))


def ring(paper: Any, done: int, tone: str, x: float, y: float, radius: float) -> None:
    """A ring of which `done` percent are filled, around x, y."""
    pdf = paper.pdf
    pdf.setLineWidth(radius / 5)
    for colour, extent in (("#e4e7ec", 360.0), (TONES[tone], 3.6 * min(done, 100))):
        pdf.setStrokeColor(paper.colour(colour))
        path = pdf.beginPath()
        path.arc(x - radius, y - radius, x + radius, y + radius, 90, -extent if extent < 360 else 359.99)
        if extent:
            pdf.drawPath(path)
    paper.text(x, y - 5, f"{done}%", 14, bold=True, align="middle")


def _legend(paper: Any, names: Sequence[str], x: float, y: float, width: float) -> None:
    at = x
    for number, name in enumerate(names):
        wide = paper.wide(name, SMALL)
        if at > x and at + wide + 12 > x + width:
            break
        paper.box(at, y - 9, 6, 6, COLOURS[number % len(COLOURS)])
        paper.text(at + 9, y - 9, name, SMALL, colour=SOFT)
        at += wide + 22


def _scale(chart: Chart) -> tuple[float, float, list[float]]:
    """Least and most of an axis, and where its lines are."""
    stacked = chart.kind == "bar" and len(chart.names) > 1
    sums = [sum(max(v or 0, 0) for v in one.values) if stacked else max((v or 0 for v in one.values), default=0) for one in chart.groups]
    least = min([0.0, *(v for one in chart.groups for v in one.values if v is not None)])
    most = max([*sums, 0.0]) or (1.0 if not least else 0.0)
    raw = (most - least) / 4
    power = 10 ** math.floor(math.log10(raw)) if raw else 1
    step = next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= raw * 0.999)
    if all(float(v).is_integer() for one in chart.groups for v in one.values if v is not None):
        step = max(1.0, math.ceil(step))
    low, high = math.floor(least / step), math.ceil(most / step)
    return low * step, high * step, [n * step for n in range(low, high + 1)]


def _axes(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> tuple[float, float, Callable[[float], float], float]:
    """The lines of a standing axis; returns left, width, a function from number to y, and the foot."""
    low, high, lines = _scale(chart)
    left = x + max(paper.wide(chart.say(one), SMALL) for one in lines) + 6
    foot, head = y - height + 14, y - 12

    def place(value: float) -> float:
        return foot + (value - low) * (head - foot) / ((high - low) or 1)

    for mark in lines:
        paper.line(left, place(mark), x + width, place(mark), LINE)
        paper.text(left - 4, place(mark) - 2.5, chart.say(mark), SMALL, colour=FAINT, align="end")
    each = (x + width - left) / max(1, len(chart.groups))
    skip = max(1, math.ceil(max((paper.wide(one.label, SMALL) for one in chart.groups), default=0) / each)) if chart.dated else 1
    for at, one in enumerate(chart.groups):
        if at % skip == 0:
            paper.text(left + each * (at + 0.5), foot - 11, one.label, SMALL, colour=FAINT, align="middle", within=each * skip - 2)
    return left, each, place, foot


def _standing(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    left, each, place, _ = _axes(paper, chart, x, y, width, height)
    wide = min(28, each * 0.62)
    for at, one in enumerate(chart.groups):
        centre, base = left + each * (at + 0.5), 0.0
        for number, value in enumerate(one.values):
            if value:
                paper.box(centre - wide / 2, min(place(base), place(base + value)), wide, abs(place(base + value) - place(base)), COLOURS[number % len(COLOURS)])
                base += value
        if chart.told:
            paper.text(centre, place(max(base, 0)) + 3, one.said, SMALL, align="middle", within=max(each, 30))


def _lying(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    names = min(120.0, width * 0.34, max(paper.wide(one.label, SMALL) for one in chart.groups) + 6)
    room = width - names - (max(paper.wide(one.said, SMALL) for one in chart.groups) + 8)
    most = max(sum(abs(v or 0) for v in one.values) for one in chart.groups) or 1
    for at, one in enumerate(chart.groups):
        line, start = y - 14 - 16 * at, x + names
        paper.text(start - 5, line, one.label, SMALL, colour=SOFT, align="end", within=names - 6)
        for number, value in enumerate(one.values):
            long = abs(value or 0) * room / most
            if long:
                paper.box(start, line - 2, long, 9, COLOURS[number % len(COLOURS)])
                start += long
        paper.text(start + 4, line, one.said, SMALL)


def _line(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    left, each, place, _ = _axes(paper, chart, x, y, width, height)
    for number in range(len(chart.names)):
        points = [(left + each * (at + 0.5), place(value)) for at, one in enumerate(chart.groups) if (value := one.values[number]) is not None]
        paper.path(points, COLOURS[number % len(COLOURS)])
        for point in points if len(points) <= 40 else ():
            paper.dot(*point, 1.8, COLOURS[number % len(COLOURS)])
    for at, one in enumerate(chart.groups if chart.told else ()):
        paper.text(left + each * (at + 0.5), place(one.values[0] or 0) + 5, one.said, SMALL, align="middle", within=max(each, 30))


def _pie(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    some = [one for one in chart.groups if (one.values[0] or 0) > 0]
    whole = sum(one.values[0] or 0 for one in some) or 1
    radius = min(height / 2 - 6, width * 0.24)
    centre, middle, angle = x + radius + 4, y - height / 2, 90.0
    for at, one in enumerate(some):
        extent = (one.values[0] or 0) * 360 / whole
        paper.slice(centre, middle, radius, angle, extent, COLOURS[at % len(COLOURS)])
        angle -= extent
    paper.dot(centre, middle, radius * 0.6, "#ffffff")
    line = middle + len(some) * 7.5 - 9
    for at, one in enumerate(some):
        start = centre + radius + 14
        said = f"{one.said}  {(one.values[0] or 0) * 100 / whole:.1f}%"
        paper.dot(start, line + 2.5, 3, COLOURS[at % len(COLOURS)])
        paper.text(start + 8, line, one.label, SMALL, colour=SOFT, within=x + width - start - paper.wide(said, SMALL) - 16)
        paper.text(x + width, line, said, SMALL, align="end")
        line -= 15


def _funnel(paper: Any, chart: Chart, x: float, y: float, width: float, height: float) -> None:
    most = max((one.values[0] or 0 for one in chart.groups), default=0) or 1
    room, high = width * 0.5, (height - 8) / max(1, len(chart.groups))
    wide = [max(room * 0.06, room * (one.values[0] or 0) / most) for one in chart.groups]
    for at, one in enumerate(chart.groups):
        top, below = y - 4 - high * at, wide[at + 1] if at + 1 < len(wide) else wide[at]
        middle = x + room / 2
        paper.shape([(middle - wide[at] / 2, top), (middle + wide[at] / 2, top), (middle + below / 2, top - high + 2), (middle - below / 2, top - high + 2)], COLOURS[at % len(COLOURS)])
        paper.text(x + room + 10, top - high / 2 - 2, f"{one.label}  {one.said}{f'  ({one.more})' if one.more else ''}", SMALL + 0.5, within=width - room - 10)
