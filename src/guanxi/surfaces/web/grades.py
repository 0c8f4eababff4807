"""Grading rules on the screens: their conditions in a form without script, tried first, then saved, switched on and off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.catalog import grades as kept
from guanxi.kernel.declare.fields import Choice, Option
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, grading, reading
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

RULE = "grade_rule"
SHOWN = 100
"""So many of the records a trial finds are listed."""
SPARE = 2
"""So many empty lines wait for another figure."""
PARTS = ("what", "where", "at", "days", "op", "value")


def offers(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Offered]:
    """What a rule's page leads to besides its verbs."""
    if it.name != RULE or not visit.may(it, "update") or row.get("deleted_at") is not None:
        return []
    return [Offered("terms", T("条件与试算", "Conditions and trial"), f"/{it.plural}/{row['id']}/terms")]


@dataclass(frozen=True)
class Group:
    """What can be counted of one kind of linked record, and the dates that say when."""

    label: Text
    whats: tuple[Option, ...]
    dates: tuple[Option, ...]


def groups(visit: Visit, about: Definition) -> Iterator[Group]:
    """What a rule of an object may count."""
    there = kept.hanging(visit.catalog.objects, about)
    for other, link in there:
        of, twice = f"{other.name}.{link.name}", sum(one is other for one, _ in there) > 1
        label = T(f"{other.label.zh}（{link.label.zh}）", f"{other.label.en} ({link.label.en})") if twice else other.label
        whats = [Option(f"{of}|count|", T(f"{label.zh} · 数量", f"{label.en} · count"))]
        for measure in ("sum", "max", "latest"):
            said = kept.MEASURES[measure]
            whats += [Option(f"{of}|{measure}|{one.name}", T(f"{label.zh} · {one.label.zh} · {said.zh}", f"{label.en} · {one.label.en} · {said.en.lower()}")) for one in kept.measured(other, measure)]
        yield Group(label, tuple(whats), tuple(Option(f"{of}|{one.name}", T(f"{label.zh} · {one.label.zh}", f"{label.en} · {one.label.en}")) for one in kept.measured(other, "latest")))


@page
def terms(visit: Visit, id: UUID) -> HttpResponse:
    """A rule's conditions and what they would change tonight."""
    it = visit.object("grade_rules")
    if not visit.may(it, "update"):
        raise Forbidden()
    row = reading.get(it.name, id, actor=visit.actor)
    name, _, field = str(row["subject"]).partition(".")
    about = visit.catalog.find(name)
    gives = about.fields.get(field) if about is not None else None
    if about is None or not isinstance(gives, Choice):
        raise NotFound()
    value, settings = row.get("value") or "", row.get("settings") or {}
    lines = _lines(settings)
    problem: Problem | None = None
    tried: tuple[int, dict[str, int], list[grading.Foreseen]] | None = None
    if visit.posted:
        do, value = visit.post.get("do", "try"), visit.post.get("value", "")
        lines = _typed(visit)
        settings = {"where": visit.post.get("where", "").strip(), "any": visit.post.get("any") == "1"}
        try:
            settings |= {"figures": [_figure(n, line) for n, line in enumerate(lines, 1)]}
            if do == "try":
                tried = grading.foresee(id, actor=visit.actor, changes={"value": value, "settings": settings}, limit=SHOWN)
            else:
                return _save(visit, id, {"value": value, "settings": settings}, do)
        except (Invalid, Conflict) as found:
            problem = found
    elif row.get("active"):
        tried = grading.foresee(id, actor=visit.actor, limit=SHOWN)
    where = settings.get("where") or ""
    return visit.page(
        "pages/grade_rule.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        row=row,
        about=about,
        gives=gives,
        value=value,
        where=where if isinstance(where, str) else json.dumps(where, ensure_ascii=False),
        any=bool(settings.get("any")),
        lines=[*lines, *[dict.fromkeys(PARTS, "")] * min(SPARE, kept.MOST_FIGURES - len(lines))],
        groups=list(groups(visit, about)),
        mine=Text(row["name"], row.get("name_en") or row["name"]),
        ops=[*(Option(key, T(sign, sign)) for key, sign in kept.NUMBERS.items()), *(Option(key, said) for key, said in kept.DATES.items())],
        problem=problem,
        tried=tried,
        title=T("条件与试算", "Conditions and trial"),
    )


def _lines(settings: dict[str, Any]) -> list[dict[str, str]]:
    """A rule's figures as the form has them."""
    out = []
    for one in settings.get("figures") or ():
        where = one.get("where") or ""
        out.append({
            "what": f"{one['of']}|{one['measure']}|{one.get('field') or ''}", "where": where if isinstance(where, str) else json.dumps(where, ensure_ascii=False),
            "at": f"{one['of']}|{one['at']}" if one.get("at") else "", "days": str(one.get("days") or ""), "op": one["op"], "value": str(one["value"]),
        })  # fmt: skip
    return out


def _typed(visit: Visit) -> list[dict[str, str]]:
    """The lines that say what they count, whatever else they say."""
    lines = ({part: visit.post.get(f"{part}.{n}", "").strip() for part in PARTS} for n in range(kept.MOST_FIGURES))
    return [line for line in lines if line["what"]]


def _figure(n: int, line: dict[str, str]) -> dict[str, Any]:
    """A line as a figure. Raises Invalid for what is no number."""
    of, _, rest = line["what"].partition("|")
    measure, _, field = rest.partition("|")
    at_of, _, at = line["at"].partition("|")

    def number(text: str, whole: bool) -> Any:
        plain = text.replace(",", "").replace("，", "")
        try:
            return int(plain) if whole else str(plain) if float(plain) == float(plain) else None
        except ValueError:
            raise Invalid.field("settings", "number", f"第 {n} 项：“{text}”不是数字。", f"Figure {n}: {text!r} is no number.") from None

    if line["at"] and at_of != of:
        raise Invalid.field("settings", "period", f"第 {n} 项：期间的日期要属于所统计的对象。", f"Figure {n}: the period's date belongs to something else.")
    out: dict[str, Any] = {"of": of, "measure": measure, "op": line["op"], "value": number(line["value"], measure == "latest")}
    if field:
        out["field"] = field
    if line["where"]:
        out["where"] = line["where"]
    if line["at"] or line["days"]:
        out |= {"at": at, "days": number(line["days"], True)}
    return out


def _save(visit: Visit, id: UUID, changes: dict[str, Any], do: str) -> HttpResponse:
    if do in ("on", "off"):
        changes["active"] = do == "on"
    door.perform(RULE, "update", actor=visit.actor, id=id, changes=changes, version=parse_id(visit.post.get("version", "")))
    said = {"on": T("已保存并启用：今晚对全部记录运行，之后有变化随时评定。", "Saved and switched on: tonight for all records, then whenever something changes."), "off": T("规则已停用。", "The rule is switched off.")}
    visit.say(said.get(do, T("规则已保存。", "The rule is saved.")))
    return redirect(f"/grade_rules/{id}/terms")
