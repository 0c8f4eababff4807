"""Composing a dashboard: its parts in order, each with a form of what it asks and how it is drawn. Works without script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from guanxi.base.clock import relative_label
from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import (
    AutoNumber,
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Link,
    MultiChoice,
    Region,
    TextField,
)
from guanxi.kernel.declare.figures import GROUPED, SIZES
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door
from guanxi.surfaces.web import drawing
from guanxi.surfaces.web.dashboards import ALL, PERIODS, Shown, draw, filters, find
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.visit import Visit, page, redirect

KINDS: dict[str, Text] = {
    "number": T("数字", "Number"), "bar": T("柱状图", "Bars"), "line": T("折线图", "Line"), "pie": T("饼图", "Pie"),
    "funnel": T("漏斗", "Funnel"), "ranking": T("排行榜", "Ranking"), "table": T("表格", "Table"), "target": T("目标环", "Target ring"),
}  # fmt: skip
SIZE_NAMES: dict[str, Text] = {"small": T("小", "Small"), "medium": T("中", "Medium"), "large": T("大", "Large"), "full": T("整行", "Full row")}
UNITS: dict[str, Text] = {
    "": T("随时间段", "to suit the period"), "day": T("按日", "by day"), "week": T("按周", "by week"), "month": T("按月", "by month"),
    "quarter": T("按季", "by quarter"), "year": T("按年", "by year"),
}  # fmt: skip
AREAS: dict[str, Text] = {"province": T("按省", "by province"), "city": T("按市", "by city")}
SORTS: dict[str, Text] = {
    "": T("默认", "As usual"), "-measure": T("数值从大到小", "Largest first"), "measure": T("数值从小到大", "Smallest first"), "group": T("按分组顺序", "In the groups' order"),
}  # fmt: skip
MEASURED = ("sum", "avg", "min", "max")
MOST_COLUMNS = 12


@dataclass(frozen=True)
class Option:
    """Something to choose, under a heading."""

    value: str
    label: str
    group: str = ""


def _mine(visit: Visit, key: str) -> tuple[Shown, list[dict[str, Any]], Any]:
    """One's own dashboard, its parts as settings, and its version. Raises NotFound."""
    if parse_id(key) is None:
        raise NotFound()
    shown = find(visit, key)
    if not shown.mine or shown.record is None:
        raise NotFound()
    return shown, [dict(one) for one in (shown.record["settings"] or {}).get("widgets", [])], shown.record["version"]


def _save(visit: Visit, shown: Shown, parts: list[dict[str, Any]], version: Any, **more: Any) -> None:
    assert shown.record is not None
    held = {**(shown.record["settings"] or {}), **more, "widgets": parts}
    kept = {name: value for name, value in held.items() if value}
    door.perform("dashboard", "update", actor=visit.actor, id=shown.key, changes={"settings": kept}, version=version)


# -- the whole -----------------------------------------------------------------------------------------------------------


@page
def compose(visit: Visit, key: str) -> HttpResponse:
    """The parts with what may be done to each; the dashboard's own period and comparison."""
    shown, parts, version = _mine(visit, key)
    if visit.posted:
        post, more = visit.post, {}
        moved = _moved(parts, post)
        if post.get("do") == "set":
            more = {"period": post.get("period", "") if post.get("period") != ALL else "", "compare": post.get("compare") == "1"}
        _save(visit, shown, moved, parse_id(post.get("version", "")) or version, **more)
        return redirect(f"{shown.path}/compose")
    bar = filters(visit, shown.dashboard)
    return visit.page(
        "pages/compose.html", shown=shown, version=version, pictures=draw(visit, shown.dashboard, bar.frame), numeric=numeric,
        sizes=SIZES, size_names=SIZE_NAMES, kinds=KINDS, title=T("编辑仪表盘", "Edit dashboard"), labels=relative_label, periods=(ALL, *PERIODS),
    )  # fmt: skip


def _moved(parts: list[dict[str, Any]], post: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts after what was asked: another order, one moved, resized or taken out."""
    order = [n for n in post.get("order", "").split(",") if n]
    if order:
        if sorted(order) != sorted(map(str, range(len(parts)))):
            raise Invalid.field("order", "order", "顺序应包含每个组件一次。", "The order names each part once.")
        return [parts[int(n)] for n in order]
    does, _, place = post.get("do", "").partition(":")
    at = int(place) if place.isdigit() and int(place) < len(parts) else -1
    if at < 0:
        return parts
    if does == "remove":
        return parts[:at] + parts[at + 1 :]
    if does in ("up", "down"):
        to = at + (1 if does == "down" else -1)
        if 0 <= to < len(parts):
            parts[at], parts[to] = parts[to], parts[at]
    if does in SIZES:
        parts[at]["size"] = does
    return parts


# -- one part ------------------------------------------------------------------------------------------------------------


@page
def part(visit: Visit, key: str, place: str) -> HttpResponse:
    """The form of one part; for a new one, first what it is about."""
    shown, parts, version = _mine(visit, key)
    new = place == "new"
    if not new and int(place) >= len(parts):
        raise NotFound()
    held = {} if new else parts[int(place)]
    it = visit.catalog.find(visit.post.get("object") or visit.get.get("object") or held.get("object") or "")
    if it is None or not visit.may(it, "read"):
        return visit.page("pages/compose_about.html", shown=shown, objects=_objects(visit), title=T("添加组件", "Add a part"))
    given, errors = held, []
    if visit.posted:
        given = _given(it, held, visit.post)
        try:
            _save(visit, shown, [*parts, given] if new else [*parts[: int(place)], given, *parts[int(place) + 1 :]], parse_id(visit.post.get("version", "")) or version)
        except Invalid as problem:
            errors = [e.message for e in problem.errors] or [problem.detail]
        else:
            return visit.went(f"{shown.path}/compose") if visit.inside else redirect(f"{shown.path}/compose")
    return visit.page(
        "pages/compose_part.html", 422 if errors else 200, shown=shown, place=place, version=version, it=it, held=given, errors=errors,
        kinds=KINDS, sizes=SIZE_NAMES, sorts=SORTS, measures=list(measures(visit, it)), groups=list(groups(visit, it)), dates=list(_dates(visit, it)),
        columns=list(_columns(visit, it)), heading=_heading(visit, given, it), title=T("组件", "Part"),
    )  # fmt: skip


def _objects(visit: Visit) -> list[Definition]:
    """What figures can be about: the objects of daily work first, then what hangs on them."""
    main = visit.main()
    return main + [it for it in visit.catalog if it.group == "" and it.policy.read == "scope" and visit.may(it, "read")]


def _heading(visit: Visit, held: Mapping[str, Any], it: Definition) -> str:
    title = held.get("title")
    if isinstance(title, Mapping):
        return str(title.get("en" if visit.look.lang == "en" else "zh") or title.get("zh") or "")
    return str(title or "")


def _given(it: Definition, held: Mapping[str, Any], post: Any) -> dict[str, Any]:
    """The settings a form says; what the form does not know stays, as long as the part is about the same object."""
    out = {name: value for name, value in held.items() if name in ("of", "person", "narrow")} if held.get("object") == it.name else {}
    kind = post.get("kind", "")
    title = post.get("title", "").strip()
    same = isinstance(held.get("title"), Mapping) and title in held["title"].values()
    groups = [one for one in (post.get("group", ""), post.get("group2", "")) if one]
    out |= {
        "kind": kind, "object": it.name, "title": held["title"] if same else title, "measure": post.get("measure") or "count",
        "also": [one for one in post.getlist("also") if one != post.get("measure")][:5], "where": post.get("where", "").strip(), "of": post.get("of", "").strip(),
        "date_field": post.get("date_field", ""), "size": post.get("size") or "medium", "limit": _number(post.get("limit")),
    }  # fmt: skip
    if kind in (*GROUPED, "table"):
        out["group_by"] = groups
        out["sort"] = [post["sort"]] if post.get("sort") in SORTS and post["sort"] and groups else []
    if kind == "table" and not groups:
        out["columns"] = post.getlist("column")[:MOST_COLUMNS]
        out["sort"] = [post["order"]] if post.get("order") else []
    if kind == "target":
        out["target"] = _number(post.get("target"))
    return {name: value for name, value in out.items() if value not in (None, "", [], 0)}


def _number(text: str | None) -> int | float | None:
    try:
        found = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return int(found) if found == int(found) else found


# -- what may be chosen --------------------------------------------------------------------------------------------------


def _usable(visit: Visit, it: Definition) -> Iterator[Field]:
    return (one for one, level in visit.guard.visible(it) if level in ("read", "write") and one.name != "deleted_at")


def measures(visit: Visit, it: Definition) -> Iterator[Option]:
    """What can be counted, added up or averaged."""
    look = visit.look
    yield Option("count", look.t("数量", "Count"))
    for one in _usable(visit, it):
        if one.measurable:
            for kind in MEASURED:
                yield Option(f"{kind}:{one.name}", f"{look.say(one.label)} · {look.say(drawing.MEASURES[kind])}")
    for one in _usable(visit, it):
        if isinstance(one, Link) and not one.system:
            yield Option(f"distinct:{one.name}", drawing.measured(look, f"distinct:{one.name}", one))


def groups(visit: Visit, it: Definition) -> Iterator[Option]:
    """Every field that makes groups, and those of the records it links to."""
    yield from _own(visit, it, "", "")
    for link in _usable(visit, it):
        if isinstance(link, Link) and visit.may(target := visit.guard.target(link), "read"):
            yield from _own(visit, target, f"{link.name}.", visit.look.say(link.label), plain=False)


def _own(visit: Visit, it: Definition, path: str, heading: str, plain: bool = True) -> Iterator[Option]:
    look = visit.look
    for one in _usable(visit, it):
        if not one.groupable or isinstance(one, MultiChoice | AutoNumber) or one.name == it.title:
            continue
        label, value = look.say(one.label), path + one.name
        if isinstance(one, Date | DateTime):
            if plain:
                yield from (Option(f"{value}:{unit}" if unit else value, f"{label} · {look.say(word)}", look.t("日期", "Dates")) for unit, word in UNITS.items())
        elif isinstance(one, Region):
            yield from (Option(f"{value}:{unit}", f"{label} · {look.say(word)}", heading) for unit, word in AREAS.items())
        elif (isinstance(one, Choice | Boolean | Link) and (plain or not one.system)) or (plain and isinstance(one, TextField)):
            yield Option(value, label, heading)


def _dates(visit: Visit, it: Definition) -> Iterator[Option]:
    return (Option(one.name, visit.look.say(one.label)) for one in _usable(visit, it) if isinstance(one, Date | DateTime))


def _columns(visit: Visit, it: Definition) -> Iterator[Option]:
    return (Option(one.name, visit.look.say(one.label)) for one, _ in visit.guard.visible(it) if one.name != "deleted_at")
