"""Groups in conditions: those put together by hand are links, those by condition are the condition, asked with the rights of whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import Across, Always, And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

if TYPE_CHECKING:
    from guanxi.kernel.records.guard import Guard


def condition(guard: Guard, it: Definition, one: Links, op: str, value: Any) -> Condition:
    """Whether a record is in groups, given by id or name. A group the actor may not see has no members for them. Raises Invalid."""
    target = guard.target(one)
    if not access.may(guard.actor.rights, target, "read"):
        return ~Always() if op in ("has", "has any", "has all", "not empty") else Always()
    if op in ("empty", "not empty"):
        found: Condition = Across(one.name, target.name, guard.readable(target))
        return found if op == "not empty" else Not(found)
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if len(listed) > conditions.MAX_LIST:
        raise conditions.broken(f"列表最多 {conditions.MAX_LIST} 项。", f"A list holds at most {conditions.MAX_LIST} values.")
    parts: list[Condition] = [Or(tuple(_member(guard, it, one, row) for row in held)) for held in _held(guard, target, it, listed)]
    if op in ("has", "has all"):
        return And(tuple(parts))
    return Or(tuple(parts)) if op == "has any" else Not(Or(tuple(parts)))


def _held(guard: Guard, target: Definition, it: Definition, listed: list[Any]) -> list[list[dict[str, Any]]]:
    """The groups that each value means: several that are called so, none where it is not this object's or out of the actor's sight; by name none for whom
    names of groups are hidden."""
    ids: list[UUID | str] = []
    for value in listed:
        value = value.get("id") if isinstance(value, dict) else value
        if not isinstance(value, str | UUID) or not str(value).strip() or "\x00" in str(value):
            raise conditions.broken("请给出分组的编号或名称。", "Give a group's id or name.")
        ids.append(value if isinstance(value, UUID) else parse_id(value) or value)
    named = [one for one in ids if isinstance(one, str)] if access.level(guard.actor.rights, target, target.title) in ("read", "write") else []
    meant = Or((Test("id", "in", [one for one in ids if isinstance(one, UUID)]), *([Test("name", "in", named)] if named else [])))
    with sql.work(guard.actor.workspace):
        rows = storage.fetch(guard.catalog, target, And((guard.readable(target), Test("object_name", "=", it.name), meant)), links=False)
    return [[row for row in rows if one == row["id"] or (one in named and one == row["name"])] for one in ids]


def _member(guard: Guard, it: Definition, one: Links, held: dict[str, Any]) -> Condition:
    if held["kind"] != "dynamic":
        return Test(one.name, "has any", [held["id"]])
    try:
        return guard.where(it, guard.parse(held["condition"]))
    except Problem:  # what its condition names is out of the actor's sight, or no longer there
        raise Invalid(
            [FieldError("where", "group", T(f"分组“{held['name']}”的条件无法使用。", f"The condition of the group “{held['name']}” cannot be used."))]
        ) from None


