"""A record changes hands: what goes along with it, and what becomes of the one who had it.

Only the owner changes. What links to the record stays where it is, stages and states too; a record that goes along is one
that declares so (`follows`), and whose owner is the one who hands over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Choice, Field, Link, MultiChoice
from guanxi.kernel.declare.objects import Definition, named
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

KEEP = (("", T("不保留", "Not kept")), ("read", T("保留为团队成员，可查看", "Stays in the team, may read")), ("write", T("保留为团队成员，可编辑", "Stays in the team, may edit")))
PART = 1000


@dataclass(frozen=True)
class Following:
    """An object whose records may go along, by which link and which of them."""

    it: Definition
    link: Link
    where: Condition


def following(objects: Iterable[Definition], name: str) -> list[Following]:
    """What of all objects may go along with records of one."""
    return [
        Following(it, it.fields[link], where)  # type: ignore[arg-type]
        for it in objects
        for link, where in it.follows.items()
        if isinstance(it.fields[link], Link) and it.fields[link].target == name  # type: ignore[attr-defined]
    ]


def inputs(objects: Iterable[Definition], it: Definition) -> list[Field]:
    """What `assign` asks besides the new owner."""
    out: list[Field] = []
    if found := following(objects, it.name):
        label = T("一并转移", "Hand over with it")
        out.append(named("along", MultiChoice(label, [(one.it.name, one.it.label) for one in found], help=T("只转移原负责人自己名下的。", "Only those that the former owner has."))))
    if it.policy.read != "personal":
        out.append(named("keep", Choice(T("原负责人", "Former owner"), [(key or "none", label) for key, label in KEEP], default="none")))
    return out


def sharing(objects: Iterable[Definition], it: Definition) -> list[Field]:
    """What `share` and `unshare` ask besides the member, where something hangs on such a record."""
    found = following(objects, it.name)
    label, help = T("一并共享", "Along with it"), T("连同它下面您能共享的记录。", "Those on it that you may share.")
    return [named("along", MultiChoice(label, [(one.it.name, one.it.label) for one in found], help=help))] if found else []


def hanging(guard: Guard, one: Following, ids: Sequence[UUID]) -> list[tuple[UUID, UUID, UUID | None]]:
    """(record, the one it hangs on, its owner) of all records of an object that hang on some, of those the actor sees."""
    condition = And((Test(one.link.name, "in", list(ids)), guard.readable(one.it)))
    return [(row["id"], row[one.link.name], row["owner"]) for row in storage.fetch(guard.catalog, one.it, condition, links=False)]


def asked(objects: Iterable[Definition], it: Definition, given: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The objects that go along, and the level at which the former owner stays in the team ("" for not). Raises Invalid."""
    along = along_with(objects, it, given)
    keep = given.get("keep") or "none"
    if keep not in ("none", "read", "write") or (keep != "none" and it.policy.read == "personal"):
        raise Invalid.field("keep", "choice", "原负责人：请选择 none、read 或 write。", "The former owner: choose none, read or write.")
    return along, "" if keep == "none" else keep


def along_with(objects: Iterable[Definition], it: Definition, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The objects whose records are to go along. Raises Invalid."""
    known = {one.it.name for one in following(objects, it.name)}
    along = given.get("along") or ()
    along = [along] if isinstance(along, str) else along
    if not isinstance(along, list | tuple) or not all(isinstance(name, str) for name in along):
        raise Invalid.field("along", "type", "along 应为对象名的列表。", "`along` is a list of names of objects.")
    along = tuple(dict.fromkeys(along))
    if wrong := [name for name in along if name not in known]:
        options = "、".join(sorted(known)) or "-"
        raise Invalid.field("along", "choice", f"“{wrong[0]}”不能随{it.label.zh}一并处理，可选：{options}。", f"{wrong[0]!r} cannot go along with it; choose from {options}.")
    return along


def going(guard: Guard, one: Following, owners: Mapping[UUID, UUID]) -> list[tuple[UUID, UUID]]:
    """(record, the one it goes along with) of the records that go along with some: `owners` are those with who had each."""
    out: list[tuple[UUID, UUID]] = []
    ids = list(owners)
    which = Guard(guard.catalog.bare, automation(guard.actor)).where(one.it, one.where)  # a declared rule, whoever may read its fields
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        condition = And((
            Test(one.link.name, "in", part), Test("owner", "in", sorted({owners[id] for id in part})), which, guard.readable(one.it),
        ))  # fmt: skip
        rows = storage.fetch(guard.catalog, one.it, condition, links=False)
        out += [(row["id"], row[one.link.name]) for row in rows if row["owner"] == owners[row[one.link.name]]]
    return out


def counts(actor: Actor, name: str, ids: Iterable[UUID]) -> list[tuple[Definition, int]]:
    """How many records of each object could go along with some, of those the actor may see."""
    guard = guard_of(actor)
    it = guard.object(name)
    found = following(guard.catalog, name)
    if not found:
        return []
    with sql.work(actor.workspace):
        owners = _owners(guard, it, list(ids))
        return [(one.it, len(going(guard, one, owners))) for one in found]


def _owners(guard: Guard, it: Definition, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    out: dict[UUID, UUID] = {}
    for start in range(0, len(ids), PART):
        condition = And((Test("id", "in", list(ids[start : start + PART])), guard.readable(it)))
        out |= {row["id"]: row["owner"] for row in storage.fetch(guard.catalog, it, condition, links=False) if row["owner"] is not None}
    return out


def not_shared(label: Text, count: int) -> tuple[str, Text]:
    """The warning about records whose teams were not changed along."""
    return "along", T(f"{count} 条{label.zh}没有一并处理：没有权限。", f"{count} of {label.en} did not go along: not allowed.")


def left_behind(label: Text, count: int) -> tuple[str, Text]:
    """The warning about records that did not go along."""
    return "along", T(f"{count} 条{label.zh}没有转移：没有权限或已变动。", f"{count} of {label.en} were not handed over: not allowed, or changed meanwhile.")
