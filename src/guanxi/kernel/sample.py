"""The sample company: what of it is still there, and taking it out again."""

from __future__ import annotations

from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door
from guanxi.kernel.records.door import Item
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.people import catalog_of
from guanxi.kernel.storage import journal_rows, sql
from guanxi.kernel.storage import rows as storage

VIA = "demo"


def remaining(actor: Actor) -> list[tuple[str, UUID]]:
    """The sample's living records that the actor may delete, newest first."""
    guard = Guard(catalog_of(actor), actor)
    with sql.work(actor.workspace):
        made = journal_rows.made_via(actor.workspace, VIA)
        by_object: dict[str, list[UUID]] = {}
        for name, record in made:
            by_object.setdefault(name, []).append(record)
        there: set[UUID] = set()
        for name, ids in by_object.items():
            it = guard.catalog.find(name)
            if it is not None and access.may(actor.rights, it, "delete"):
                there |= storage.satisfying(guard.catalog, it, ids, guard.readable(it), deleted=False)
    return [(name, record) for name, record in made if record in there]


def remove(actor: Actor) -> tuple[int, int]:
    """Put the sample's records into the bin, through the door: (removed, kept).

    What one's own records use meanwhile stays: a sample customer with a real deal is a real customer now.
    """
    before = len(remaining(actor))
    left = before
    while left:
        waiting = remaining(actor)
        groups: dict[str, list[UUID]] = {}
        for name, record in waiting:
            groups.setdefault(name, []).append(record)
        for name, ids in groups.items():
            for start in range(0, len(ids), 500):
                try:
                    door.perform_many(name, "delete", [Item(i) for i in ids[start : start + 500]], actor=actor)
                except Problem:
                    continue
        now = len(remaining(actor))
        if now == left:
            break
        left = now
    return before - left, left
