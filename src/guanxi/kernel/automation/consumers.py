"""Readers of the journal. Each has its own cursor, acts in its own transaction, and acts only through the door.

Search is the first consumer and the one exception in time: it is written in the record's own transaction
(`records.indexing`), because rights and words must agree at every moment; here is what rebuilds it from the records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.automation import grades, notices, robots
from guanxi.kernel.declare.conditions import Always, Test
from guanxi.kernel.records import indexing, people
from guanxi.kernel.storage import journal_rows, sql
from guanxi.kernel.storage import rows as storage

Handler = Callable[[Sequence[dict[str, Any]], Actor], None]


@dataclass(frozen=True)
class Consumer:
    """Something that wants to know what happened. `handle` gets events in commit-safe order, and an automation actor."""

    name: str
    handle: Handler
    batch: int = 200


def _words_changed(events: Sequence[dict[str, Any]], actor: Actor) -> None:
    """A custom field that came, went or changed may alter what the records of its object are found by."""
    fields = {event["record_id"] for event in events if event["object"] == "custom_field"}
    if not fields:
        return
    catalog = people.newest(actor.workspace)
    rows = storage.fetch(catalog, catalog.objects["custom_field"], Test("id", "in", list(fields)), deleted=None)
    for name in {row["object_name"] for row in rows if row["object_name"] in catalog.objects}:
        rebuild_search(actor.workspace, name)


CONSUMERS: list[Consumer] = [Consumer("search", _words_changed), Consumer("notices", notices.handle), Consumer("grades", grades.handle), Consumer("robots", robots.handle)]


def enrol() -> None:
    """Make all consumers known to the database, once a workspace; each starts with what happens from now on."""
    for consumer in CONSUMERS:
        journal_rows.enrol(consumer.name)


def run(workspace: UUID, consumer: Consumer) -> int:
    """One batch for one consumer; returns how many events it handled. The cursor moves in the same transaction."""
    with sql.work(workspace):
        found = journal_rows.unread(consumer.name, workspace, limit=consumer.batch)
        if found:
            consumer.handle(found, automation(system(workspace, via=consumer.name)))
            journal_rows.advance(consumer.name, workspace, found[-1]["xid"], found[-1]["id"])
    return len(found)


def rebuild_search(workspace: UUID, name: str | None = None, batch: int = 2000) -> int:
    """Write the search entries of living records anew, of one object or of all; returns how many."""
    catalog = people.newest(workspace)
    done = 0
    for it in catalog if name is None else (catalog.object(name),):
        last = UUID(int=0)
        while True:
            with sql.work(workspace):
                rows = storage.fetch(catalog, it, Always(), links=False, after=last, limit=batch)
                indexing.write(catalog, it, rows, fresh=False)
            done += len(rows)
            if len(rows) < batch:
                break
            last = rows[-1]["id"]
    return done
