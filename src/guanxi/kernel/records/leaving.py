"""Somebody leaves: their records go to successors, object by object, part by part; resumable after any part.

Each record changes hands by its own `assign`, with the rights of whoever does it, so that its history says so and the whole
can be taken back (`undoing`). What is theirs by authorship stays (`Object.hands`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.text import Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.conditions import And, Condition, Test, from_text
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

PART = 500


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


def part(actor: Actor, name: str, who: UUID, to: UUID, after: UUID | None = None) -> Part:
    """Hand over the next of their records of an object, in one transaction."""
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
    for answer in answers:
        if isinstance(answer, Problem):
            out.kept[answer.errors[0].message if answer.errors else answer.detail] += 1
        else:
            out.moved += 1
    out.last = rows[-1]["id"] if len(rows) == PART else None
    return out
