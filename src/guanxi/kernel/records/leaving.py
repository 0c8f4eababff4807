"""Somebody leaves: their records go to successors, object by object, part by part; resumable after any part.

Each record changes hands by its own `assign`, with the rights of whoever does it, so that its history says so and the whole
can be taken back (`undoing`). What is theirs by authorship stays (`Object.hands`). What they are to others (`POSTS`) is handed over
alike: the pools they run, the departments they head, who reports to them, the teams they are in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.conditions import And, Condition, Or, Test, from_text
from guanxi.kernel.declare.fields import Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

PART = 500


@dataclass(frozen=True)
class Post:
    """What somebody is to others: named in these fields of an object's records. `key` names it in a plan."""

    key: str
    label: Text
    object: str = ""
    fields: tuple[str, ...] = ()


TEAM = Post("team", T("团队成员", "Team memberships"))
POSTS = (
    Post("pool.admins", T("公海管理员", "Pools run"), "pool", ("admins",)),
    Post("pool.people", T("公海成员", "Pools as a member"), "pool", ("people", "allot_to", "allot_default")),
    Post("department.head", T("部门主管", "Departments headed"), "department", ("head",)),
    Post("user.superior", T("直属下级", "Direct reports"), "user", ("superior",)),
    TEAM,
)


@dataclass
class Part:
    """What became of a part: how many changed hands, why others did not, and where the next begins (None: nowhere)."""

    moved: int = 0
    kept: Counter[Text] = field(default_factory=Counter)
    last: UUID | None = None


def handed(actor: Actor) -> list[Definition]:
    """The objects whose records the actor may hand over for somebody who leaves."""
    guard = guard_of(actor)
    return [
        it for it in guard.catalog
        if it.owned and it.hands is not None and it.policy.read != "personal" and access.may(actor.rights, it, "read") and access.may(actor.rights, it, "assign")
    ]  # fmt: skip


def counts(actor: Actor, who: UUID) -> list[tuple[Definition, int, bool]]:
    """(object, how many there are of theirs, or more than that) of those that there are."""
    objects = handed(actor)
    found = reading.counts([(it.name, _theirs(it, who)) for it in objects], actor=actor)
    return [(it, n, more) for it, (n, more) in zip(objects, found, strict=True) if n]


def _theirs(it: Definition, who: UUID) -> Condition:
    mine: Condition = Test("owner", "=", str(who))
    return And((mine, from_text(it.hands))) if it.hands else mine


def posts(actor: Actor, who: UUID) -> list[tuple[Post, int]]:
    """What they are to others and how often, of what the actor may see and hand over."""
    guard = guard_of(actor)
    out = []
    with sql.work(actor.workspace):
        for post in POSTS:
            if post is TEAM:
                n = facts.teams_count(actor.workspace, who, _shared(actor), datetime.now(UTC))
            elif access.may(actor.rights, guard.catalog.object(post.object), "update"):
                it = guard.object(post.object)
                n = len(storage.fetch(guard.catalog, it, And((_named(it, post, who), guard.readable(it))), links=False))
            else:
                n = 0
            if n:
                out.append((post, n))
    return out


def _shared(actor: Actor) -> list[str]:
    """The objects whose teams the actor may change."""
    return [it.name for it in guard_of(actor).catalog if all(access.may(actor.rights, it, verb) for verb in ("read", "share", "unshare"))]


def _named(it: Definition, post: Post, who: UUID) -> Condition:
    return Or(tuple(Test(name, "has any" if isinstance(it.fields[name], Links) else "in", [who]) for name in post.fields))


def left(actor: Actor, who: UUID) -> list[tuple[Text, int]]:
    """All that is somebody's and could be handed over, as (label, how many)."""
    return [*((it.label, n) for it, n, _ in counts(actor, who)), *((post.label, n) for post, n in posts(actor, who))]


def part(actor: Actor, name: str, who: UUID, to: UUID, after: UUID | None = None) -> Part:
    """Hand over the next of their records of an object, or of what they are to others, in one transaction."""
    post = next((one for one in POSTS if one.key == name), None)
    if post is TEAM:
        return _teams(actor, who, to, after)
    return _records(actor, name, who, to, after) if post is None else _post(actor, post, who, to, after)


def _post(actor: Actor, post: Post, who: UUID, to: UUID, after: UUID | None) -> Part:
    """The successor is named where they were; nobody becomes their own superior."""
    guard = guard_of(actor)
    it = guard.object(post.object)
    out = Part()
    with sql.work(actor.workspace):
        rows = storage.fetch(guard.catalog, it, And((_named(it, post, who), guard.readable(it))), limit=PART, after=after)
        above = next((row["superior"] for row in storage.fetch(guard.catalog, guard.catalog.objects["user"], Test("id", "in", [who]), links=False)), None)
        items = []
        for row in rows:
            changes: dict[str, Any] = {}
            for name in post.fields:
                held, successor = row[name], above if row["id"] == to else to
                if held == who:
                    changes[name] = successor
                elif isinstance(held, list) and who in held:
                    changes[name] = list(dict.fromkeys(successor if one == who else one for one in held))
            items.append(door.Item(row["id"], changes))
        _count(out, door.perform_many(it.name, "update", items, actor=actor) if items else ())
    out.last = rows[-1]["id"] if len(rows) == PART else None
    return out


def _teams(actor: Actor, who: UUID, to: UUID, after: UUID | None) -> Part:
    """The successor is in the team as they were, unless they own the record or may do more already; who leaves is out of it."""
    out = Part()
    with sql.work(actor.workspace):
        found = facts.teams_of(actor.workspace, who, _shared(actor), datetime.now(UTC), after, PART)
        names = dict.fromkeys(name for _, name, *_ in found)
        for name in names:
            mine = {record: (level, until) for _, at, record, level, until in found if at == name}
            held = facts.memberships(actor.workspace, name, [(record, to) for record in mine])
            it = guard_of(actor).catalog.bare.objects[name]
            owned = {row["id"] for row in storage.fetch(guard_of(actor).catalog.bare, it, Test("id", "in", list(mine)), links=False) if row.get("owner") == to}
            joins = [
                door.Item(record, inputs={"user": str(to), "level": level, "until": until.isoformat() if until else None})
                for record, (level, until) in mine.items()
                if record not in owned and ((record, to) not in held or (level == "write" and held[record, to][0] == "read"))
            ]
            refused = {item.id for item, answer in zip(joins, door.perform_many(name, "share", joins, actor=actor) if joins else (), strict=True) if isinstance(answer, Problem)}
            _count(out, door.perform_many(name, "unshare", [door.Item(record, inputs={"user": str(who)}) for record in mine if record not in refused], actor=actor))
            if refused:
                out.kept[T("没有权限，或记录已不在。", "Not allowed, or the record is gone.")] += len(refused)
    out.last = found[-1][0] if len(found) == PART else None
    return out


def _count(out: Part, answers: Sequence[door.Result | Problem]) -> None:
    for answer in answers:
        if isinstance(answer, Problem):
            out.kept[answer.errors[0].message if answer.errors else answer.detail] += 1
        else:
            out.moved += 1


def _records(actor: Actor, name: str, who: UUID, to: UUID, after: UUID | None) -> Part:
    guard = guard_of(actor)
    it = guard.object(name)
    out = Part()
    if it not in handed(actor):
        return out
    kernel = Guard(guard.catalog.bare, automation(actor))
    with sql.work(actor.workspace):
        condition = And((kernel.where(it, _theirs(it, who)), guard.readable(it)))
        rows = storage.fetch(guard.catalog, it, condition, links=False, limit=PART, after=after)
        if not rows:
            return out
        answers = door.perform_many(name, "assign", [door.Item(row["id"], {"owner": to}) for row in rows], actor=actor)
    _count(out, answers)
    out.last = rows[-1]["id"] if len(rows) == PART else None
    return out
