"""Where an object's records are: provinces, cities, districts with counts and sums, each opening the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse

from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Money, Region
from guanxi.kernel.declare.objects import Board, Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import showing
from guanxi.surfaces.web.visit import Visit

LEVELS = ("province", "city", "district")


@dataclass(frozen=True)
class Place:
    """One region with what is in it. `share` of the largest, in percent; `inside` is where its parts are, if it has any."""

    label: str
    count: int
    total: Decimal | None
    share: int
    behind: str
    inside: str


def region(visit: Visit, it: Definition) -> HttpResponse:
    frame = showing.Frame.of(visit, it, "region")
    one, total, at = shown(visit, it)
    places = _places(visit, it, frame, one, at, total)
    return visit.page(
        "pages/region.html",
        422 if frame.errors else 200,
        **frame.context(),
        fields=showing.regions(visit, it),
        one=one,
        moneys=_moneys(visit, it),
        total=total,
        parts=places,
        trail=[(_name(code), frame.href(at=code)) for code in _above(at)],
        whole=frame.href(at="-" if showing.held(visit, it) is not None else ""),
        sum=lambda value: total.show({"amount": value, "currency": visit.look.settings.currency}, visit.look.lang).removesuffix(".00") if total is not None and value is not None else "",
        count=sum(place.count for place in places),
    )


def shown(visit: Visit, it: Definition) -> tuple[Region, Money | None, str]:
    """What the address shows: by which field, compared by which amount, and in which region."""
    fields, at = showing.regions(visit, it), showing.told(visit, it, "at")
    one = next((f for f in fields if f.name == showing.told(visit, it, "by")), fields[0])
    usual = "" if showing.held(visit, it) is not None else _usual(it)
    total = next((f for f in _moneys(visit, it) if f.name == (showing.told(visit, it, "total") or usual)), None)
    return one, total, at if at.isdigit() and len(at) == 6 else ""


def _moneys(visit: Visit, it: Definition) -> list[Money]:
    return [f for f, level in visit.guard.visible(it) if isinstance(f, Money) and level in ("read", "write")]


def _usual(it: Definition) -> str:
    """The money an object's board sums."""
    board: Board | None = it.view(Board)
    return board.total if board is not None else ""


def _above(code: str) -> list[str]:
    """A region and those it lies in, the largest first."""
    if not code:
        return []
    return [*dict.fromkeys((code[:2] + "0000", *([code[:4] + "00"] if code[2:4] != "00" else [])))]


def _name(code: str, within: str = "") -> str:
    """What a region is called, without the name of the region it is shown in."""
    namer = Region.names
    full = (namer(code) if namer is not None else "") or code
    outer = (namer(within) if namer is not None and within else "") or ""
    return full.removeprefix(outer) or full


def _places(visit: Visit, it: Definition, frame: showing.Frame, one: Region, at: str, total: Money | None) -> list[Place]:
    depth = 0 if not at else 1 if at.endswith("0000") else 2
    here: list[Condition] = [Test(one.name, "=", at)] if at else []
    measures = ["count", *([f"sum:{total.name}"] if total is not None else [])]
    rows: list[dict[str, Any]] = []
    while True:
        spec = f"{one.name}:{LEVELS[depth]}"
        rows = reading.aggregate(it.name, actor=visit.actor, where=And((frame.where, *here)), group_by=[spec], measures=measures).rows if not frame.errors else []
        if len(rows) == 1 and depth == 1 and rows[0][spec] not in (None, at):
            depth = 2  # a province that is one city: its districts
            continue
        break
    rows.sort(key=lambda row: (row[spec] is None, -(row[f"sum:{total.name}"] or 0) if total is not None else 0, -row["count"]))
    values = [row[f"sum:{total.name}"] or 0 if total is not None else row["count"] for row in rows]
    most = max(values, default=0) or 1
    out = []
    for row, value in zip(rows, values, strict=True):
        code = row[spec]
        label = visit.look.t("（未填地区）", "(no region)") if code is None else visit.look.t("（未细分）", "(not known closer)") if code == at else _name(code, at)
        test: Condition = Test(one.name, "empty") if code is None else Test(one.name, "exactly" if code == at else "=", code)
        inside = frame.href(at=code) if code is not None and code != at and depth < 2 else ""
        out.append(Place(label, row["count"], row.get(f"sum:{total.name}") if total is not None else None, round(max(value, 0) * 100 / most), _behind(visit, it, frame, test), inside))
    return out


def _behind(visit: Visit, it: Definition, frame: showing.Frame, test: Condition) -> str:
    """The list of the records in a region, under the same filters."""
    given = visit.get.get("where", "").strip()
    words = conditions.to_text(And((*((visit.guard.parse(given),) if given else ()), test)))
    kept: dict[str, Any] = {key: value for key, value in visit.get.items() if key.startswith("f.") or key == "q"}
    return showing.rows(visit, it, where=words, **kept)
