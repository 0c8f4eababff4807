"""Pools on the screens: what is left to claim, which verbs a list offers, why a record came back, and the recycling rules
with their trial."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.catalog.pools import MOST_RULES, Pool
from guanxi.kernel.declare.fields import Choice, Field, Links, Option, Person, TextField
from guanxi.kernel.declare.objects import Action, Definition, List, named
from guanxi.kernel.declare.pooling import HELD, LYING, POOL, PROTECTION, Rule
from guanxi.kernel.records import allotting, door, pooling, reading, telling
from guanxi.surfaces.web.inputs import Raw, initial, read_all
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

SHOWN = 100
"""So many of the records a trial finds are listed."""
SPARE = 2
"""So many empty lines wait for another rule."""
FALLBACK = named("fallback", Person(T("其余分配给", "Everything else to"), help=T("留空则按方式分给全部成员。", "Empty: all members, in the way chosen.")))
VIEW = "pool"
"""The list of what lies in pools."""


# -- lists and forms -----------------------------------------------------------------------------------------------------


def fits(visit: Visit, it: Definition, view: List | None, verb: str) -> bool:
    """Whether a list offers a verb: what lies in pools is claimed, and whatever else only for those who run one; everything
    else is returned and locked."""
    if it.pooling is None or view is None or verb == "export":
        return True
    if view.name != VIEW:
        return verb not in LYING
    rights = visit.actor.rights
    runs = rights is None or bool(rights.in_pools(it.name).runs)
    return verb == "claim" or (runs and verb not in HELD)


def claiming(visit: Visit, it: Definition, view: List) -> Text | None:
    """The label of the button in each row of the list of what lies in pools, if the actor may claim at all."""
    action = it.verbs.get("claim")
    return action.label if it.pooling is not None and view.name == VIEW and isinstance(action, Action) and visit.may(it, "claim") else None


def hint(visit: Visit, it: Definition, verb: str, records: Sequence[UUID]) -> str:
    """What is left of the limits, said before claiming."""
    if it.pooling is None or verb != "claim" or not records:
        return ""
    where = {"field": "id", "op": "in", "value": [str(one) for one in records[: reading.MAX_LIMIT]]}
    rows = reading.query(it.name, actor=visit.actor, where=where, fields=["pool"], limit=reading.MAX_LIMIT).rows
    lies = {row["pool"]["id"] for row in rows if isinstance(row.get("pool"), dict)}
    t = visit.look.t
    said = []
    for one in pooling.quotas(it.name, list(lies), actor=visit.actor):
        parts = [t("今天不限", "no limit today") if one.today is None else t(f"今天还可领取 {one.today} 条", f"{one.today} left to claim today")]
        if one.room is not None:
            parts.append(t(f"还可持有 {one.room} 条", f"room to hold {one.room} more"))
        if one.runs:
            parts.append(t("您是管理员，不受限制", "as an admin you may pass the limits"))
        said.append(t(f"{one.label.zh}：{'，'.join(parts)}。", f"{one.label.en}: {', '.join(parts)}."))
    return " ".join(said)


def because(visit: Visit, event: telling.Told) -> str:
    """Why an event happened, in words; "" when it does not say."""
    it, pair = visit.catalog.find(event.object), event.changes.get("@because")
    text = telling.told_because(it, pair[1], visit.guard) if it is not None and pair and pair[1] else None
    return visit.look.say(text)


def offers(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Offered]:
    """What a pool's page leads to besides its verbs."""
    if it.name != POOL or not visit.may(it, "update") or row.get("deleted_at") is not None:
        return []
    pool = visit.catalog.pool(row["id"])
    lies = visit.catalog.find(pool.object) if pool is not None else None
    out = [Offered("rules", T("回收规则与试算", "Rules and trial"), f"/{it.plural}/{row['id']}/rules"), Offered("allotment", T("自动分配与试算", "Assigning and trial"), f"/{it.plural}/{row['id']}/allotment")]
    if lies is not None and visit.may(lies, "read"):
        out.append(Offered("lies", T("池中记录", "What lies in it"), visit.look.to(lies.name, view=VIEW, **{"f.pool": row["id"]})))
    return out


# -- the rules and their trial ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One rule as the form has it: its usual days, those by choice, and how many days before people are reminded, as typed."""

    rule: Rule
    days: str
    by: tuple[tuple[Option, str], ...]
    remind: str = ""


@page
def rules(visit: Visit, id: UUID) -> HttpResponse:
    """The recycling rules of a pool: tried first, then saved, switched on and off."""
    it = visit.object("pools")
    if not visit.may(it, "update"):
        raise Forbidden()
    pool = visit.catalog.pool(id)
    about = visit.catalog.find(pool.object) if pool is not None else None
    if pool is None or about is None or about.pooling is None:
        raise NotFound()
    row = reading.get(it.name, id, actor=visit.actor)
    settings, hour = row.get("settings") or {}, row.get("hour") or "2"
    problem: Problem | None = None
    tried: tuple[int, dict[str, int], list[pooling.Foreseen]] | None = None
    if visit.posted:
        do = visit.post.get("do", "try")
        hour = visit.post.get("hour", hour)
        try:
            settings = _read(visit, about)
            if do == "try":
                tried = pooling.simulate(id, actor=visit.actor, settings=settings, limit=SHOWN)
            else:
                return _save(visit, it, pool, row, settings, hour, do)
        except (Invalid, Conflict) as found:
            problem = found
            settings = _typed(visit, about)
    elif row.get("recycling"):
        tried = pooling.simulate(id, actor=visit.actor, limit=SHOWN)
    return visit.page(
        "pages/pool_rules.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        row=row,
        about=about,
        by=about.fields.get(about.pooling.by),
        lines=_lines(about, settings),
        protected=PROTECTION.key in (settings.get("rules") or {}),
        exclude=set(settings.get("exclude") or ()),
        workdays=bool(settings.get("workdays")),
        known=visit.catalog.calendar.until,
        remind="" if settings.get("remind") is None else settings["remind"],
        hours=it.fields["hour"],
        hour=hour,
        problem=problem,
        tried=tried,
        reason=lambda key: visit.look.say(next((r.label for r in (*about.pooling.rules, PROTECTION) if r.key == key), None)),
        title=T("回收规则", "Recycling rules"),
    )


def _lines(about: Definition, settings: dict[str, Any]) -> list[Line]:
    assert about.pooling is not None
    given, by = settings.get("rules") or {}, about.fields.get(about.pooling.by)
    options = [o for o in by.options if o.active] if isinstance(by, Choice) else []
    out = []
    for rule in about.pooling.rules:
        one = given.get(rule.key) or {}
        held = one.get("by") or {}
        out.append(Line(rule, _text(one.get("days")), tuple((o, _text(held.get(o.key), o.key in held)) for o in options), _days(one.get("remind"))))
    return out


def _days(held: Any) -> str:
    return ", ".join(map(str, held)) if isinstance(held, list) else str(held or "")


def _text(days: Any, given: bool = False) -> str:
    return "0" if days is None and given else "" if days is None else str(days)


def _typed(visit: Visit, about: Definition) -> dict[str, Any]:
    """What was typed, whatever it is, to be shown again."""
    assert about.pooling is not None
    post, by = visit.post, about.fields.get(about.pooling.by)
    keys = [o.key for o in by.options] if isinstance(by, Choice) else []
    out: dict[str, Any] = {"rules": {}, "exclude": post.getlist("exclude"), "remind": post.get("remind", "")} | ({"workdays": True} if post.get("workdays") else {})
    for rule in about.pooling.rules:
        some = {key: text for key in keys if (text := post.get(f"r.{rule.key}.{key}", "").strip())}
        days = post.get(f"r.{rule.key}", "").strip()
        if days or some:
            remind = post.get(f"n.{rule.key}", "").strip()
            out["rules"][rule.key] = {"days": days or None, **({"by": some} if some else {}), **({"remind": remind} if remind else {})}
    if post.get("protection"):
        out["rules"][PROTECTION.key] = {"days": 1}
    return out


def _read(visit: Visit, about: Definition) -> dict[str, Any]:
    """The form as settings. Raises Invalid for what is no number of days."""
    typed = _typed(visit, about)

    def number(text: Any) -> int | None:
        if text in (None, "") or isinstance(text, int):
            return text or None
        if not str(text).isascii() or not str(text).isdigit() or len(str(text)) > 6:
            raise Invalid.field("settings", "days", f"“{text}”不是天数。请填写整数。", f"{text!r} is no number of days. Give a whole number.")
        return int(text)

    for one in typed["rules"].values():
        one["days"] = number(one["days"])
        if "by" in one:
            one["by"] = {key: number(text) for key, text in one["by"].items()}
        if "remind" in one:
            one["remind"] = sorted({number(text) or 0 for text in re.split(r"[,，、\s]+", one["remind"]) if text}, reverse=True)
    typed["remind"] = number(typed["remind"])
    return typed


def _save(visit: Visit, it: Definition, pool: Pool, row: dict[str, Any], settings: dict[str, Any], hour: str, do: str) -> HttpResponse:
    changes: dict[str, Any] = {"settings": settings, "hour": hour}
    if do in ("on", "off"):
        changes["recycling"] = do == "on"
    version = parse_id(visit.post.get("version", ""))
    door.perform(it.name, "update", actor=visit.actor, id=pool.id, changes=changes, version=version)
    said = {"on": T("已保存并启用，今晚起生效。", "Saved and switched on from tonight."), "off": T("自动回收已停用。", "Recycling is switched off.")}
    visit.say(said.get(do, T("规则已保存。", "The rules are saved.")))
    return redirect(f"/{it.plural}/{pool.id}/rules")



# -- assigning by itself ---------------------------------------------------------------------------------------------------


@page
def allotment(visit: Visit, id: UUID) -> HttpResponse:
    """How a pool assigns what lies in it by itself: tried first, then switched on and off."""
    it = visit.object("pools")
    if not visit.may(it, "update"):
        raise Forbidden()
    pool = visit.catalog.pool(id)
    about = visit.catalog.find(pool.object) if pool is not None else None
    if pool is None or about is None:
        raise NotFound()
    row = reading.get(it.name, id, actor=visit.actor)
    ways = it.fields["allot"]
    assert isinstance(ways, Choice)
    way = visit.post.get("way") or row.get("allot") or ways.options[0].key
    problem: Problem | None = None
    held = pool.allot_rules
    typed = [int(n) + 1 for name in visit.post if (n := name.removeprefix("where_")).isdecimal() and len(n) < 3]
    size = min(MOST_RULES, max([len(held) + SPARE, *typed]))
    lines = [_line(n) for n in range(size)]
    fields = [*(one for line in lines for one in line), FALLBACK]
    raw = Raw.of(visit.post) if visit.posted else _held(visit, pool)
    read = read_all(fields, raw, visit, everything=True)
    rules = [(str(where), frozenset(to)) for n in range(size) if (where := read.values.get(f"where_{n}")) and (to := read.values.get(f"to_{n}"))]
    default = read.values.get(FALLBACK.name)
    if ways.option(way) is None:
        way = ways.options[0].key
    if visit.posted and (do := visit.post.get("do", "try")) != "try":
        said = [{"where": where, "to": sorted(map(str, to))} for where, to in rules]
        try:
            read.check()
            _complete(size, read.values)
            changes = {"allot": way if do == "on" else None, "allot_rules": said or None, "allot_default": default}
            door.perform(it.name, "update", actor=visit.actor, id=id, changes=changes, version=parse_id(visit.post.get("version", "")))
        except (Conflict, Invalid) as found:
            problem = found
        else:
            visit.say(T("已启用自动分配。", "Assigning by itself is on.") if do == "on" else T("自动分配已停用。", "Assigning by itself is off."))
            return redirect(f"/{it.plural}/{id}/allotment")
    tried: allotting.Trial | None = None
    try:
        read.check()
        tried = allotting.simulate(id, actor=visit.actor, way=way, rules=rules, default=default, limit=SHOWN)
    except Invalid as found:
        problem = problem or found
    return visit.page(
        "pages/pool_allotment.html",
        problem.status if problem is not None else 200,
        current=it, it=it, row=row, about=about, ways=ways, way=way, problem=problem, limit=pool.daily_limit,
        lines=lines, fallback=FALLBACK, raw=raw, errors={error.field: error.message.for_(visit.look.lang) for error in problem.errors} if problem is not None else {},
        candidates=read.candidates, tried=tried, title=T("自动分配", "Assigning"),
    )  # fmt: skip


def _line(n: int) -> tuple[Field, Field]:
    """The inputs of one rule: which records, to whom."""
    which = TextField(T(f"第 {n + 1} 条：符合条件的", f"Rule {n + 1}: records where"), help=T("如：地区 = 广东，或 线索来源 = 展会。", "Such as region = 440000 or source = exhibition."))
    return named(f"where_{n}", which), named(f"to_{n}", Links("user", T("分配给", "Go to")))


def _complete(size: int, values: Mapping[str, Any]) -> None:
    """A rule says both which and to whom. Raises Invalid naming what is missing."""
    lacking = [name for n in range(size) for name, other in ((f"where_{n}", f"to_{n}"), (f"to_{n}", f"where_{n}")) if values.get(other) and not values.get(name)]
    if lacking:
        raise Invalid([FieldError(name, "required", T("条件和人员都要填写。", "Give both the condition and the people.")) for name in lacking])


def _held(visit: Visit, pool: Pool) -> Raw:
    """The rules a pool has, as the form shows them."""
    raw = Raw()
    people = {*(one for _, to in pool.allot_rules for one in to), *([pool.allot_default] if pool.allot_default else [])}
    called = reading.names({"user": list(people)}, actor=visit.actor) if people else {}

    def person(id: UUID) -> dict[str, Any]:
        return {"id": id, "label": called.get(id, "")}

    for n, (where, to) in enumerate(pool.allot_rules):
        which, whom = _line(n)
        raw.fill(initial(which, where, visit))
        raw.fill(initial(whom, [person(one) for one in sorted(to)], visit))
    if pool.allot_default is not None:
        raw.fill(initial(FALLBACK, person(pool.allot_default), visit))
    return raw
