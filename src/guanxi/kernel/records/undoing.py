"""Taking back what one request did: records it made go to the bin, what it deleted comes back, fields it changed get their
former values.

What went along with a record that changed hands (`handing`) goes back with it, and the team is again what it was. Only what nobody
touched since is taken back; the rest stays, with its reason. Every step goes through the door with the actor's rights, as an event
of its own whose cause is the event it takes back.

Whoever gives a record away often may not touch it any more. They may still take it back for a day, as long as nobody wrote to it:
then it becomes exactly what they had, and they learn nothing about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from guanxi.base.errors import Conflict, NotFound, Problem
from guanxi.base.ids import uuid7, uuid7_floor
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import events as journal
from guanxi.kernel.journal.events import Event
from guanxi.kernel.records import door
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

PAGE = 500
CHANGED = T("之后被人修改过，已保留。", "Somebody changed it since; it stays.")
GONE = T("已不在或无权查看。", "It is gone, or you may not see it.")
FINAL = T("这个操作不能撤销。", "This cannot be taken back.")
VERBS = ("create", "update", "assign", "delete", "restore")
"""What can be taken back; declared actions are taken back by what their objects declare."""
SHARING = ("share", "unshare")
"""Taken back along with the rest of a request, by which the team is what it was."""
REGRET = timedelta(days=1)
"""So long whoever handed a record to somebody out of their reach may take it back."""
LONGEST = timedelta(hours=1)
"""No request takes longer: what happened later under the same name is another one."""


@dataclass
class Undone:
    """What became of a page: records in the bin, records out of it, records with former values back (`back`: by object), what stayed
    and why. `last` is where the next page begins, None when there is none."""

    deleted: int = 0
    restored: int = 0
    reverted: int = 0
    back: Counter[str] = field(default_factory=Counter)
    kept: Counter[Text] = field(default_factory=Counter)
    last: UUID | None = None


class _Rehearsed(Exception):
    """Takes a preview's transaction back."""


def undo(actor: Actor, request: UUID | str, *, before: UUID | None = None, after: UUID | None = None) -> Undone:
    """Take back one page of what a request of the actor's did, newest first, in one transaction. `before`: the page's `last`
    before it; `after`: an id older than the first event, where the request's own name is none."""
    out = Undone()
    with sql.work(actor.workspace):
        found = journal.of_request(actor.workspace, request, actor.user, before=before, after=after, limit=PAGE)
        if len(found) == PAGE:
            out.last = found[-1][0]
        # What was made last goes first: it may link to what was made before it.
        for name, group in groupby(found, key=lambda row: row[1]):
            _Some(actor, str(request), name, out).take_back({record: event for event, _, record in reversed(list(group))})
    return out


def deed(actor: Actor, event: UUID) -> Event:
    """What the actor did themselves and may ask to take back. Raises NotFound for anybody else's, Conflict for what is final."""
    with sql.work(actor.workspace):
        found = journal.by_ids(actor.workspace, [event])
    if not found or found[0].actor != actor.user or found[0].request is None or found[0].cause is not None or found[0].actor_kind == "automation":
        raise NotFound()
    if found[0].verb not in VERBS:
        raise Conflict(FINAL, code="final")
    return found[0]


def take_back(actor: Actor, event: UUID) -> Undone:
    """Take back what the actor did with one request, from this event (its first) on, in one transaction. Raises as `deed` does."""
    first = deed(actor, event)
    acting = actor if actor.request != first.request else actor.through(actor.via, request=str(uuid7()))
    out = Undone()
    before: UUID | None = uuid7_floor(first.at + LONGEST)
    with sql.work(actor.workspace):
        while before is not None:
            page = undo(acting, first.request or "", before=before, after=UUID(int=event.int - 1))
            out.deleted, out.restored, out.reverted = out.deleted + page.deleted, out.restored + page.restored, out.reverted + page.reverted
            out.back, out.kept = out.back + page.back, out.kept + page.kept
            before = page.last
    return out


def rehearse(actor: Actor, event: UUID) -> Undone:
    """What `take_back` would do at this moment; nothing is kept. Raises as it does."""
    out = Undone()
    try:
        with sql.work(actor.workspace), sql.savepoint():
            out = take_back(actor, event)
            raise _Rehearsed
    except _Rehearsed:
        return out


class _Some:
    """Records of one object that a request dealt with."""

    def __init__(self, actor: Actor, request: str, name: str, out: Undone) -> None:
        self.actor, self.request, self.name, self.out = actor, request, name, out
        self.guard = guard_of(actor)
        self.it: Definition = self.guard.catalog.objects[name]
        self.kernel = automation(actor)

    def take_back(self, newest: dict[UUID, UUID]) -> None:
        out, it = self.out, self.it
        own: dict[UUID, list[Event]] = {}
        for event in journal.of_records_in(self.actor.workspace, self.name, list(newest), self.request):
            own.setdefault(event.record, []).append(event)
        direct = {record: [event for event in events if _direct(event)] for record, events in own.items()}
        # A record changed twice is dealt with once, where its last change stands.
        ids = [record for record, event in newest.items() if direct[record][-1].id == event]
        rows = self._rows(ids)
        given = self._given_away(ids, rows, own, direct)
        deletions: list[door.Item] = []
        restorations: list[door.Item] = []
        updates: list[door.Item] = []
        returns: list[door.Item] = []
        teams: list[UUID] = []
        for record in reversed(ids):
            row, events = given.get(record) or rows.get(record), direct[record]
            binned = row is not None and row["deleted_at"] is not None
            if row is None or binned != (events[-1].verb == "delete"):
                out.kept[GONE] += 1
            elif any(event.verb not in VERBS and event.verb not in SHARING for event in events):
                out.kept[FINAL] += 1
            elif binned or events[0].verb in ("create", "restore"):
                if row["version"] in {event.id for event in own[record]}:
                    (restorations if binned else deletions).append(door.Item(record, {}, row["version"], cause=events[-1].id))
                else:
                    out.kept[CHANGED] += 1
            else:
                changes, untouched = _former(it, row, events)
                if all(event.verb in SHARING for event in events):
                    teams.append(record)
                    continue
                if changes:
                    (returns if record in given else updates).append(door.Item(record, changes, row["version"], cause=events[-1].id))
                if not untouched or not changes:
                    out.kept[CHANGED] += 1
        out.deleted += len(_perform(self.actor, self.name, "delete", deletions, out))
        out.restored += len(_perform(self.actor, self.name, "restore", restorations, out))
        back = [*_perform(self.actor, self.name, "update", updates, out), *_perform(self.kernel, self.name, "update", returns, out)]
        out.reverted += len(back)
        out.back[self.name] += len(back)
        self._team({record: direct[record] for record in back})
        again = self._team({record: direct[record] for record in teams})
        out.reverted += len(again)
        if len(again) < len(teams):
            out.kept[CHANGED] += len(teams) - len(again)

    def _rows(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        condition = And((Test("id", "in", list(ids)), self.guard.readable(self.it)))
        return {row["id"]: row for row in storage.fetch(self.guard.catalog, self.it, condition, deleted=None)} if ids else {}

    def _given_away(
        self, ids: Sequence[UUID], rows: dict[UUID, dict[str, Any]], own: dict[UUID, list[Event]], direct: dict[UUID, list[Event]]
    ) -> dict[UUID, dict[str, Any]]:
        """What they handed over lately and may not write to now, and nobody has written to since."""
        since = datetime.now(UTC) - REGRET
        handed = [id for id in ids if all(event.verb in ("assign", *SHARING) and event.at >= since for event in direct[id])]
        if not handed or self.actor.unlimited or not access.may(self.actor.rights, self.it, "assign"):
            return {}
        reached: set[UUID] = set()
        if there := [id for id in handed if id in rows and access.may(self.actor.rights, self.it, "update")]:
            reached = storage.satisfying(self.guard.catalog, self.it, there, self.guard.writable(self.it, "update"))
        away = [id for id in handed if id not in reached]
        bare = Guard(self.guard.catalog.bare, self.kernel)
        found = storage.fetch(bare.catalog, bare.catalog.objects[self.name], Test("id", "in", away)) if away else []
        return {row["id"]: row for row in found if row["version"] in {event.id for event in own[row["id"]]}}

    def _team(self, back: dict[UUID, list[Event]]) -> set[UUID]:
        """Who was put into a team, or taken out of it, is again what they were there, unless somebody decided otherwise since;
        returns the records whose teams are as they were."""
        done: set[UUID] = set()
        first: dict[tuple[UUID, UUID], Any] = {}
        last: dict[tuple[UUID, UUID], Any] = {}
        causes: dict[tuple[UUID, UUID], UUID] = {}
        for record, events in back.items():
            for event in events:
                was, now = event.changes.get("@team", (None, None))
                if was or now:
                    key = record, UUID((was or now)["user"])
                    first.setdefault(key, was)
                    last[key], causes[key] = now, event.id
        held = facts.memberships(self.actor.workspace, self.name, list(first)) if first else {}
        for (record, user), was in first.items():
            now = held.get((record, user))
            if (facts.membership(user, *now) if now else None) != last[record, user] or was == last[record, user]:
                continue
            inputs = {"user": str(user)} | ({"level": was["level"], "until": was["until"]} if was else {})
            door.perform(self.name, "share" if was else "unshare", actor=self.kernel, id=record, inputs=inputs, cause=causes[record, user])
            done.add(record)
        return done


def _direct(event: Event) -> bool:
    """What the request did itself, or let go along with that."""
    return event.cause is None or (event.verb == "assign" and event.actor_kind != "automation")


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


def _perform(actor: Actor, name: str, verb: str, items: Sequence[door.Item], out: Undone) -> list[UUID]:
    """Which were done. What another of them stood in the way of is tried again once that one is gone."""
    done: list[UUID] = []
    problems: list[Problem] = []
    while items:
        outcomes = door.perform_many(name, verb, items, actor=actor)
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        done += [outcome.id for outcome in outcomes if not isinstance(outcome, Problem)]
        in_use = all(problem.code == "in-use" for problem in problems)
        if not problems or len(problems) == len(items) or not in_use:
            break
        items = [item for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Problem)]
    for problem in problems:
        out.kept[problem.errors[0].message if problem.errors else problem.detail] += 1
    return done
