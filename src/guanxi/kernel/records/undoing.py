"""Taking back what one request did: records it made go to the bin, what it deleted comes back, fields it changed get their
former values.

Only what nobody touched since is taken back; the rest stays, with its reason. Every step goes through the door with the
actor's rights, as an event of its own whose cause is the event it takes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import events as journal
from guanxi.kernel.journal.events import Event
from guanxi.kernel.records import door
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

PAGE = 500
CHANGED = T("之后被人修改过，已保留。", "Somebody changed it since; it stays.")
GONE = T("已不在或无权查看。", "It is gone, or you may not see it.")


@dataclass
class Undone:
    """What became of a page: records in the bin, records out of it, records with former values back, what stayed and why.
    `last` is where the next page begins, None when there is none."""

    deleted: int = 0
    restored: int = 0
    reverted: int = 0
    kept: Counter[Text] = field(default_factory=Counter)
    last: UUID | None = None


def undo(actor: Actor, request: UUID, *, before: UUID | None = None) -> Undone:
    """Take back one page of what a request of the actor's did, newest first, in one transaction. `before`: the page's `last`
    before it."""
    out = Undone()
    with sql.work(actor.workspace):
        found = journal.of_request(actor.workspace, request, actor.user, before=before, limit=PAGE)
        if len(found) == PAGE:
            out.last = found[-1][0]
        # What was made last goes first: it may link to what was made before it.
        for name, group in groupby(found, key=lambda row: row[1]):
            _records(actor, request, name, {record: event for event, _, record in reversed(list(group))}, out)
    return out


def _records(actor: Actor, request: UUID, name: str, newest: dict[UUID, UUID], out: Undone) -> None:
    guard = guard_of(actor)
    it = guard.catalog.objects[name]
    own: dict[UUID, list[Event]] = {}
    for event in journal.of_records_in(actor.workspace, name, list(newest), request):
        own.setdefault(event.record, []).append(event)
    direct = {record: [event for event in events if event.cause is None] for record, events in own.items()}
    # A record changed twice is dealt with once, where its last change stands.
    ids = [record for record, event in newest.items() if direct[record][-1].id == event]
    condition = And((Test("id", "in", ids), guard.readable(it)))
    rows = {row["id"]: row for row in storage.fetch(guard.catalog, it, condition, deleted=None)} if ids else {}
    deletions: list[door.Item] = []
    restorations: list[door.Item] = []
    updates: list[door.Item] = []
    for record in reversed(ids):
        row, events = rows.get(record), direct[record]
        binned = row is not None and row["deleted_at"] is not None
        if row is None or binned != (events[-1].verb == "delete"):
            out.kept[GONE] += 1
        elif binned or events[0].verb in ("create", "restore"):
            if row["version"] in {event.id for event in own[record]}:
                (restorations if binned else deletions).append(door.Item(record, {}, row["version"], cause=events[-1].id))
            else:
                out.kept[CHANGED] += 1
        else:
            changes, untouched = _former(it, row, events)
            if changes:
                updates.append(door.Item(record, changes, row["version"], cause=events[-1].id))
            if not untouched or not changes:
                out.kept[CHANGED] += 1
    out.deleted += _perform(actor, name, "delete", deletions, out)
    out.restored += _perform(actor, name, "restore", restorations, out)
    out.reverted += _perform(actor, name, "update", updates, out)


def _former(it: Definition, row: dict[str, Any], events: Sequence[Event]) -> tuple[dict[str, Any], bool]:
    """The values from before the first event, of fields that still hold what the last one wrote; and whether all do."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for event in events:
        for name, (before, after) in event.changes.items():
            one = it.fields.get(name)
            if one is not None and not one.system and one.computed is None and not one.readonly:
                first.setdefault(name, before)
                last[name] = after
    still = {name for name, after in last.items() if it.fields[name].to_json(row.get(name)) == after}
    return {name: it.fields[name].from_json(first[name]) for name in sorted(still)}, len(still) == len(last)


def _perform(actor: Actor, name: str, verb: str, items: Sequence[door.Item], out: Undone) -> int:
    """How many were done. What another of them stood in the way of is tried again once that one is gone."""
    done = 0
    problems: list[Problem] = []
    while items:
        outcomes = door.perform_many(name, verb, items, actor=actor)
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        done += len(items) - len(problems)
        in_use = all(problem.code == "in-use" for problem in problems)
        if not problems or len(problems) == len(items) or not in_use:
            break
        items = [item for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Problem)]
    for problem in problems:
        out.kept[problem.errors[0].message if problem.errors else problem.detail] += 1
    return done
