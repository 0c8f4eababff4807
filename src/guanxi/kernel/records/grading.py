"""Grades and warnings by rule: what would change, changing it, and why it changed in words.

Rules are records (`catalog.grades`). They run in the night for all records, and for one when it or something that links to it changes
(`automation.grades`). The trial asks the question the night asks. What people set by hand rests for as long as the rule says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.catalog import grades as kept
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.grades import Rule
from guanxi.kernel.declare.conditions import Condition, Test
from guanxi.kernel.declare.fields import Choice
from guanxi.kernel.declare.objects import Action, Definition
from guanxi.kernel.records import people
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of, query
from guanxi.kernel.storage import grading as storage
from guanxi.kernel.storage import rows, sql
from guanxi.kernel.storage.grading import Due

HOUR = 1
"""The hour of the workspace's day from which rules run for all records."""
BATCH = 500
PART = 5_000
"""So many records at once are looked up in the journal."""
VERB = "graded"


def _graded(draft: Any, context: Any, field: str, value: str | None, because: Mapping[str, Any]) -> None:
    draft[field] = value
    draft.because = because


GRADED = Action(VERB, _graded, T("按规则评定", "Graded by rule"), internal=True)
"""A verb of every object that only the program does."""


# -- what would change -------------------------------------------------------------------------------------------------


def asking(catalog: Catalog, actor: Actor) -> storage.Asked:
    """Conditions as the kernel asks them, whoever wrote them."""
    guard = Guard(catalog.bare, automation(actor) if actor.rights is not None else actor)

    def ask(it: Definition, where: Any) -> Condition:
        return guard.where(it, guard.parse(where))

    return ask


def all_rules(workspace: UUID, catalog: Catalog) -> list[Rule]:
    found = rows.fetch(catalog, catalog.objects["grade_rule"], Test("active", "=", True), links=False)
    return [rule for rule in map(kept.of, found) if _fits(catalog, rule)]


def _fits(catalog: Catalog, rule: Rule) -> bool:
    """Whether what a rule speaks of still exists: custom fields and dictionary entries go."""
    it = catalog.find(rule.object)
    one = it.fields.get(rule.field) if it is not None else None
    known = {f"{other.name}.{link.name}" for other, link in kept.hanging(catalog.objects, it)} if it is not None else set()
    return isinstance(one, Choice) and one.option(rule.value) is not None and all(f"{f.object}.{f.link}" in known for f in rule.figures)


def changing(catalog: Catalog, it: Definition, rules: Sequence[Rule], actor: Actor, *, ids: Sequence[UUID] | None = None, now: datetime | None = None) -> list[Due]:
    """What the rules of one field change now: not what they may not lower, nor what somebody set by hand lately."""
    bare = catalog.bare
    one = it.fields[rules[0].field]
    assert isinstance(one, Choice)
    order = {option.key: n for n, option in enumerate(one.options)}
    found = [
        due for due in storage.due(bare, bare.objects[it.name], rules, asking(catalog, actor), ids=ids)
        if one.ruled or due.rule is None or due.rule.lower or order.get(due.after or "", -1) > order.get(due.before or "", -1)
    ]  # fmt: skip
    if one.ruled:
        return found
    out: list[Due] = []
    usual = one.default if not callable(one.default) else None
    at = now or datetime.now(UTC)
    for start in range(0, len(found), PART):
        part = found[start : start + PART]
        asked = [due.id for due in part if due.rule is not None and due.rule.rest]
        last = storage.last_set(catalog.workspace, it, one.name, asked) if asked else {}
        out += [due for due in part if due.rule is None or not _by_hand(last.get(due.id), usual, at - timedelta(days=due.rule.rest))]
    return out


def _by_hand(last: tuple[str, str, datetime, Any] | None, usual: Any, since: datetime) -> bool:
    """Whether somebody chose the value lately; what a new record had because nobody said anything is no choice."""
    if last is None:
        return False
    verb, kind, at, value = last
    return kind in ("person", "token") and verb != VERB and at > since and not (verb == "create" and value == usual)


# -- changing it -------------------------------------------------------------------------------------------------------


def apply(actor: Actor, name: str, field: str, ids: Sequence[UUID], *, cause: UUID | None = None, now: datetime | None = None) -> dict[UUID, int]:
    """Give some records what the rules of a field give them now; returns how many each rule gave. One transaction."""
    from guanxi.kernel.records import door

    catalog = people.newest(actor.workspace)
    it = catalog.object(name)
    with sql.work(actor.workspace):
        rules = kept.ladder(all_rules(actor.workspace, catalog)).get((it.name, field))
        if not rules:
            return {}
        storage.hold(it, actor.workspace, ids)
        found = changing(catalog, it, rules, actor, ids=ids, now=now)
        items = [door.Item(due.id, inputs={"field": field, "value": due.after, "because": because(field, due)}, cause=cause) for due in found]
        counts: dict[UUID, int] = {}
        for due, outcome in zip(found, door.perform_many(it.name, VERB, items, actor=actor) if items else (), strict=True):
            if not isinstance(outcome, Problem) and due.rule is not None:
                counts[due.rule.id] = counts.get(due.rule.id, 0) + 1
    return counts


def because(field: str, due: Due) -> dict[str, Any]:
    """What the event keeps of the rule and its evidence."""
    if due.rule is None:
        return {"kind": VERB, "field": field, "before": due.before}
    figures = [
        {
            "of": f"{one.object}.{one.link}", "measure": one.measure, "field": one.field, "days": one.days, "op": one.op, "value": _plain(one.value),
            "found": found.isoformat() if isinstance(found, date) else None if found is None else _plain(found),
        }
        for one, found in zip(due.rule.figures, due.found, strict=True)
    ]  # fmt: skip
    return {
        "kind": VERB, "field": field, "before": due.before, "rule": str(due.rule.id), "name": [due.rule.label.zh, due.rule.label.en],
        "notify": due.rule.notify, "figures": figures,
    }  # fmt: skip


def _plain(value: Any) -> str:
    found = Decimal(str(value)).normalize()
    return f"{found:f}"


def nightly(workspace: UUID, now: datetime) -> int:
    """Once a day, from HOUR of the workspace's day, every rule for all records; returns how many changed. Broken off, it begins again and
    finds the rest; safe from several workers."""
    from guanxi.kernel.records import door

    catalog = people.newest(workspace)
    local = now.astimezone(catalog.settings.tz)
    if local.hour < HOUR:
        return 0
    actor = replace(system(workspace, via="grading"), request=f"grading {local.date()}")
    with sql.work(workspace):
        waiting = rows.fetch(catalog, catalog.objects["grade_rule"], Test("active", "=", True), links=False)
    if all((row["ran_on"] or date.min) >= local.date() for row in waiting):
        return 0
    done = 0
    with sql.work(workspace):
        ladders = kept.ladder(all_rules(workspace, catalog))
    for (name, field), rules in ladders.items():
        counts: dict[UUID, int] = {rule.id: 0 for rule in rules}
        with sql.work(workspace):
            ids = [due.id for due in changing(catalog, catalog.objects[name], rules, actor, now=now)]
        for start in range(0, len(ids), BATCH):
            for rule, count in apply(actor, name, field, ids[start : start + BATCH], now=now).items():
                counts[rule] = counts.get(rule, 0) + count
        for rule, count in counts.items():
            door.perform("grade_rule", "ran", actor=actor, id=rule, inputs={"day": local.date(), "count": count})
        done += sum(counts.values())
    return done


# -- the trial ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Foreseen:
    """A record a rule would change: what it is called, its value before and after, the rule and the evidence in words."""

    id: UUID
    label: str
    owner: Any
    before: str | None
    after: str | None
    rule: Text | None
    why: Text | None


def foresee(rule: UUID, *, actor: Actor, changes: Mapping[str, Any] | None = None, limit: int = 200) -> tuple[int, dict[str, int], list[Foreseen]]:
    """What would change tonight if this rule, with these changes, were at work beside the others of its field: how many, how many to which
    value, and the first of those that the actor may see. For those who may change rules. Raises Forbidden, NotFound, Invalid."""
    guard = guard_of(actor)
    if not access.may(actor.rights, guard.catalog.object("grade_rule"), "update"):
        raise Forbidden()
    catalog = guard.catalog.bare
    with sql.work(actor.workspace):
        held = rows.fetch(catalog, catalog.objects["grade_rule"], Test("id", "in", [rule]), links=False)
        if not held:
            raise NotFound()
        meant = {**held[0], **(changes or {}), "active": True}
        wrong = _wrong(catalog, actor, meant)
        if wrong:
            raise Invalid(wrong)
        tried = kept.of(meant)
        others = [one for one in all_rules(actor.workspace, catalog) if one.id != rule]
        rules = kept.ladder([*others, tried])[tried.object, tried.field]
        it = catalog.objects[tried.object]
        found = changing(catalog, it, rules, actor)
    counts: dict[str, int] = {}
    for due in found:
        counts[due.after or ""] = counts.get(due.after or "", 0) + 1
    shown: dict[UUID, Any] = {}
    if access.may(actor.rights, it, "read") and found:
        where = {"field": "id", "op": "in", "value": [str(one.id) for one in found[:limit]]}
        shown = {row["id"]: row for row in query(it.name, actor=actor, where=where, fields=[it.title, "owner"], limit=min(200, limit)).rows}
    return len(found), counts, [
        Foreseen(
            due.id, str(shown[due.id].get(it.title) or ""), shown[due.id].get("owner"), due.before, due.after, due.rule.label if due.rule else None,
            evidence(guard, because(tried.field, due)) if due.rule else said(guard, because(tried.field, due)),
        )
        for due in found[:limit] if due.id in shown
    ]  # fmt: skip


def _wrong(catalog: Catalog, actor: Actor, row: Mapping[str, Any]) -> list[Any]:
    from guanxi.base.errors import FieldError

    name, _, field = str(row["subject"]).partition(".")
    it = catalog.objects[name]
    one = it.fields.get(field)
    if not isinstance(one, Choice) or one.option(row.get("value")) is None:
        return [FieldError("value", "choice", T("请选择评定为什么。", "Say which value it gives."))]
    return kept.wrong_settings(catalog.objects, it, row.get("settings"), partial(asked, catalog, actor))


def asked(catalog: Catalog, actor: Actor, name: str, where: Any) -> None:
    """Whether a condition could be asked of an object's records by the kernel. Raises Invalid."""
    asking(catalog, actor)(catalog.bare.objects[name], where)


# -- in words ----------------------------------------------------------------------------------------------------------


def seen(guard: Guard, because: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence without figures of what the reader may not read."""
    kept_: list[Any] = []
    for one in because.get("figures") or ():
        other = _readable(guard, one)
        kept_.append(one if other is not None else {key: value for key, value in one.items() if key in ("of", "measure", "op")})
    return {**because, "figures": kept_} if "figures" in because else dict(because)


def _readable(guard: Guard, one: Mapping[str, Any]) -> Definition | None:
    name, _, link = str(one.get("of")).partition(".")
    other = guard.catalog.find(name)
    if other is None or not access.may(guard.actor.rights, other, "read"):
        return None
    fields = [link, *([one["field"]] if one.get("field") else [])]
    return other if all(guard.level(other, field) in ("read", "write") for field in fields) else None


def said(guard: Guard, because: Mapping[str, Any]) -> Text:
    """Why a record was graded: the rule, and its figures as far as the reader may know them."""
    if "rule" not in because:
        return T("原来的规则不再符合", "No rule holds any more")
    zh, en = because.get("name") or ("", "")
    told = evidence(guard, because)
    return T(f"规则“{zh}”{'：' if told.zh else ''}{told.zh}", f"Rule “{en}”{': ' if told.en else ''}{told.en}")


def evidence(guard: Guard, because: Mapping[str, Any]) -> Text:
    """The figures alone."""
    told = [text for one in because.get("figures") or () if (text := _figure(guard, one)) is not None]
    return Text("；".join(one.zh for one in told), "; ".join(one.en for one in told))


def _figure(guard: Guard, one: Mapping[str, Any]) -> Text | None:
    other = _readable(guard, one)
    if other is None or "found" not in one:
        return None
    field = other.fields.get(one.get("field") or "")
    days = int(one.get("days") or 0)
    period = T(f"近 {days} 天", f" in {days} days") if days else T("", "")
    if one["measure"] == "latest" and field is not None:
        found = one["found"] or None
        when = T(f"{found}" if found else "没有", f"{found}" if found else "never")
        return T(f"{other.label.zh}最近{field.label.zh} {when.zh}", f"{other.label.en}, latest {field.label.en.lower()}: {when.en}")
    number = f"{Decimal(one['found'] or 0):,}"
    against = f"{number} {kept.NUMBERS.get(one['op'], one['op'])} {Decimal(one['value']):,}"
    if one["measure"] == "count" or field is None:
        return T(f"{period.zh}{other.label.zh}数 {against}", f"{other.label.en} count{period.en} {against}")
    measure = kept.MEASURES[one["measure"]]
    return T(f"{period.zh}{other.label.zh}{field.label.zh}{measure.zh} {against}", f"{other.label.en} {field.label.en.lower()}, {measure.en.lower()}{period.en} {against}")


