"""The sample company: what of it is still there, and taking it out again."""

from __future__ import annotations

from uuid import UUID

from guanxi.base.errors import Forbidden, Problem
from guanxi.kernel import setup
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import And
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
                reach = And((guard.readable(it), guard.writable(it, "delete")))
                there |= storage.satisfying(guard.catalog, it, ids, reach, deleted=False)
    return [(name, record) for name, record in made if record in there]


def state(actor: Actor) -> str:
    """"absent" (never loaded), "present", or "removed" (all of it that may go is in the bin)."""
    if remaining(actor):
        return "present"
    with sql.work(actor.workspace):
        return "removed" if journal_rows.made_via(actor.workspace, VIA) else "absent"


def may_bring(actor: Actor) -> bool:
    """Whether the actor may bring the sample in: whoever may change the company's own record."""
    return access.may(actor.rights, catalog_of(actor).object("company"), "update")


def bring(actor: Actor) -> int:
    """Bring the sample company in, or back out of the bin after it was removed; returns how many records there are now.
    Raises Forbidden."""
    if not may_bring(actor):
        raise Forbidden()
    if state(actor) == "absent":
        setup.load_demo(lambda step: None)
    else:
        _back(actor)
    return len(remaining(actor))


def _back(actor: Actor) -> None:
    """Restore in the order they were made, so that what is linked to comes first; what came back with its parent is there."""
    guard = Guard(catalog_of(actor), actor)
    with sql.work(actor.workspace):
        groups: dict[str, list[UUID]] = {}
        for name, record in reversed(journal_rows.made_via(actor.workspace, VIA)):
            groups.setdefault(name, []).append(record)
    for name, ids in groups.items():
        it = guard.catalog.find(name)
        if it is None or "restore" not in it.verbs:
            continue
        with sql.work(actor.workspace):
            gone = storage.satisfying(guard.catalog, it, ids, guard.readable(it), deleted=True)
        for start in range(0, len(ids), 500):
            items = [Item(i) for i in ids[start : start + 500] if i in gone]
            if items:
                door.perform_many(name, "restore", items, actor=actor)


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
