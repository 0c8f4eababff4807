"""A merge is taken back: what it did is read out of the journal by its cause, and put back as it was.

What somebody changed since the merge stays as they left it, field by field, and is told. Nothing follows from what is put
back: what followed from the merge is put back as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.base.errors import Conflict, Forbidden, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import events as journal
from guanxi.kernel.journal.events import Event
from guanxi.kernel.records import reading
from guanxi.kernel.records.draft import Context, Draft
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.merging import FREE
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

MOST = 50
"""So many of a record's newest merges may be taken back."""


_WHOLE = {
    MERGED: T("合并后已另行恢复，保持现状。", "was restored since the merge and stays as it is."),
    "deleted_at": T("合并后已删除，仍在回收站。", "was deleted since the merge and stays in the bin."),
}


@dataclass
class _Past:
    """What a merge did to one record: each field before and after, the last event, whether it made the record."""

    it: Definition
    record: UUID
    changes: dict[str, list[Any]] = field(default_factory=dict)
    events: list[UUID] = field(default_factory=list)
    made: bool = False

    def add(self, event: Event) -> None:
        self.events.append(event.id)
        self.made = self.made or event.verb == "create"
        for name, (before, after) in event.changes.items():
            if name in self.it.fields:
                self.changes.setdefault(name, [before, after])[1] = after


@dataclass
class _Plan:
    """What will be put back into one record, and whether nobody touched it since."""

    past: _Past
    values: dict[str, Any]
    exact: bool


class Unmerging:
    """One merge on its way back."""

    def __init__(self, context: Context, guard: Guard) -> None:
        self.context = context
        self.guard = guard
        self.actor: Actor = context.actor
        self.catalog: Catalog = context.catalog.bare
        self.kept: dict[tuple[str, UUID], list[str]] = {}

    def take_back(self, draft: Draft, merge: str | None) -> dict[str, Any]:
        it = self.catalog.objects[draft.object.name]
        event = self._merge(it, draft.id, merge)
        noted = event.changes["@merge"][1]
        others = [UUID(id) for id in noted["others"]]
        caused = journal.caused(self.catalog.workspace, event.id)
        pasts = self._pasts([event, *caused])
        absorbed = {one.record: one.id for one in caused if one.verb == "absorb" and one.object == it.name}
        losers = {row["id"]: row for row in storage.fetch(self.catalog, it, Test("id", "in", others), deleted=True, lock=True) if row["version"] == absorbed.get(row["id"])}
        if not losers:
            raise Conflict(T("这次合并已经撤销，或并入的记录已另行恢复。", "This merge was taken back already, or the records were restored."), code="undone")
        self._may_restore(it, list(losers))
        plans = self._plans([past for past in pasts.values() if past.record != draft.id], losers)
        mine = self._values(pasts[it.name, draft.id], draft.before)
        own = _Plan(pasts[it.name, draft.id], mine, draft.before["version"] in pasts[it.name, draft.id].events)
        self._no_circles(it, [own, *plans])
        draft.values.update(own.values)
        draft.settled = own.exact
        team = self._team(it, draft.id, noted.get("team") or [])
        draft.merge = [{"others": [str(id) for id in losers], "event": str(event.id), "team": team}, None]
        for plan in plans:
            if plan.past.made:
                self.context.later(plan.past.it.name, "delete", plan.past.record)
            elif plan.values:
                self.context.later(plan.past.it.name, "put_back", plan.past.record, None, None, values=plan.values, exact=plan.exact)
        self._tell()
        put = sum(1 for plan in plans if plan.values and plan.past.record not in losers)
        return {"others": list(losers), "put": put, "kept": [{"object": name, "id": id, "fields": fields} for (name, id), fields in self._told()]}

    def _merge(self, it: Definition, survivor: UUID, merge: str | None) -> Event:
        workspace = self.catalog.workspace
        if merge is None:
            left = undoable(it.name, survivor, actor=self.actor)
            if not left:
                raise Conflict(T("这条记录没有可以撤销的合并。", "There is no merge of this record to take back."), code="undone")
            merge = str(max(left))
        asked = parse_id(merge)
        found = journal.by_ids(workspace, [asked]) if asked is not None else []
        if not found or (found[0].object, found[0].record, found[0].verb) != (it.name, survivor, "merge"):
            raise NotFound()
        return found[0]

    def _pasts(self, events: Sequence[Event]) -> dict[tuple[str, UUID], _Past]:
        out: dict[tuple[str, UUID], _Past] = {}
        for event in sorted(events, key=lambda one: one.id):
            it = self.catalog.find(event.object)
            if it is not None:
                out.setdefault((it.name, event.record), _Past(it, event.record)).add(event)
        return out

    # -- rights ------------------------------------------------------------------------------------------------------
    def _may_restore(self, it: Definition, losers: Sequence[UUID]) -> None:
        may = storage.satisfying(self.catalog, it, losers, And((self.guard.readable(it), self.guard.writable(it, "restore"))))
        if len(may) < len(losers):
            raise Forbidden(T("您不能恢复并入的记录，所以不能撤销这次合并。", "You may not restore the records that were merged, so you cannot take the merge back."))

    def _may_write(self, it: Definition, pasts: Sequence[_Past]) -> None:
        asked = [past.record for past in pasts if not all(it.fields[name].readonly for name in past.changes if not it.fields[name].system)]
        if self.actor.unlimited or it.policy.read in FREE or not asked:
            return
        may: set[UUID] = set()
        if access.may(self.actor.rights, it, "update"):
            may = storage.satisfying(self.catalog, it, asked, And((self.guard.readable(it), self.guard.writable(it, "assign"))))
        if n := len(set(asked) - may):
            raise Forbidden(T(
                f"有 {n} 条{it.label.zh}要一起恢复原状，但您不能修改。请让能修改它们的同事来撤销。",
                f"{n} of {it.label.en} would have to be put back, and you may not change them. Ask a colleague who may.",
            ))  # fmt: skip

    # -- what is put back --------------------------------------------------------------------------------------------
    def _plans(self, pasts: Iterable[_Past], losers: Mapping[UUID, Mapping[str, Any]]) -> list[_Plan]:
        """What is put back into each record, object by object."""
        out: list[_Plan] = []
        groups: dict[str, list[_Past]] = {}
        for past in pasts:
            if past.record in losers:
                out.append(_Plan(past, {"deleted_at": None, MERGED: None}, True))
            else:
                groups.setdefault(past.it.name, []).append(past)
        for name, some in groups.items():
            it = self.catalog.objects[name]
            rows = {row["id"]: row for row in storage.fetch(self.catalog, it, Test("id", "in", [past.record for past in some]), deleted=None, lock=True)}
            there = [past for past in some if past.record in rows and not self._theirs(past, rows[past.record])]
            self._may_write(it, there)
            out += [_Plan(past, self._values(past, rows[past.record]), rows[past.record]["version"] in past.events) for past in there]
        return out

    def _theirs(self, past: _Past, row: Mapping[str, Any]) -> bool:
        """Whether somebody restored it by hand, or deleted it, since: theirs to decide, and told."""
        if row["version"] in past.events or not (row["deleted_at"] is not None or MERGED in past.changes):
            return False
        self.kept[past.it.name, past.record] = [MERGED if MERGED in past.changes else "deleted_at"]
        return True

    def _values(self, past: _Past, row: Mapping[str, Any]) -> dict[str, Any]:
        """The former values of the fields that still hold what the merge wrote; the others are noted as kept."""
        out: dict[str, Any] = {}
        exact = row["version"] in past.events
        for name, (before, after) in past.changes.items():
            one = past.it.fields[name]
            now = one.to_json(row.get(name))
            if now == after:
                out[name] = one.from_json(before)
            elif now != before and (one.computed is None or exact):
                self.kept.setdefault((past.it.name, past.record), []).append(name)
        return out

    def _no_circles(self, it: Definition, plans: Iterable[_Plan]) -> None:
        """Where somebody arranged the tree anew since, what would close a circle stays as they left it."""
        mine = [plan for plan in plans if plan.past.it.name == it.name and it.parent and it.parent in plan.values]
        above = {plan.past.record: plan.values[it.parent] for plan in mine}
        for plan in mine:
            at, met = above[plan.past.record], {plan.past.record}
            while at is not None and at not in met:
                met.add(at)
                if at in above:
                    at = above[at]
                else:
                    found = storage.fetch(self.catalog, it, Test("id", "in", [at]), deleted=None, links=False)
                    at = found[0][it.parent] if found else None
            if at is not None:
                del plan.values[it.parent], above[plan.past.record]
                plan.exact = False
                self.kept.setdefault((it.name, plan.past.record), []).append(it.parent)

    def _team(self, it: Definition, survivor: UUID, joined: Sequence[Sequence[Any]]) -> list[list[Any]]:
        workspace = self.catalog.workspace
        now = {user: (level, until) for user, level, until in facts.team(workspace, it.name, survivor)}
        out: list[list[Any]] = []
        for user_text, before, after in joined:
            user = UUID(user_text)
            if now.get(user) != _standing(after):
                self.kept.setdefault((it.name, survivor), []).append("@team")
            elif before is None:
                facts.leave_team(workspace, it.name, survivor, user)
                out.append([user_text, after, None])
            else:
                level, until = before
                facts.join_team(workspace, it.name, survivor, user, level, datetime.fromisoformat(until) if until else None)
                out.append([user_text, after, before])
        return out

    # -- what is told ------------------------------------------------------------------------------------------------
    def _told(self) -> list[tuple[tuple[str, UUID], list[str]]]:
        """What was kept, of what the actor may know."""
        out: list[tuple[tuple[str, UUID], list[str]]] = []
        for (name, record), fields in self.kept.items():
            it = self.guard.catalog.objects[name]
            shown = [one for one in fields if one.startswith("@") or self.guard.level(it, one) != "hidden"]
            if shown and access.may(self.actor.rights, it, "read") and storage.satisfying(self.catalog, it, [record], self.guard.readable(it)):
                out.append(((name, record), shown))
        return out

    def _tell(self) -> None:
        for (name, record), fields in self._told():
            it = self.guard.catalog.objects[name]
            row = storage.fetch(self.catalog, it, Test("id", "in", [record]), deleted=None, links=False)[0]
            title = str(row.get(it.title) or "") if self.guard.title(it) is not None else ""
            if fields[0] in _WHOLE:
                says = _WHOLE[fields[0]]
                self.context.warn(name, T(f"{it.label.zh}“{title}”{says.zh}", f"{it.label.en} “{title}” {says.en}"))
                continue
            named: list[Text] = [T("团队成员", "Team") if one == "@team" else it.fields[one].label for one in fields]
            self.context.warn(name, T(
                f"{it.label.zh}“{title}”合并后改过，保留现在的：{'、'.join(one.zh for one in named)}。",
                f"{it.label.en} “{title}” was changed since the merge; kept as it is now: {', '.join(one.en for one in named)}.",
            ))  # fmt: skip


def _standing(held: Sequence[Any] | None) -> tuple[str, datetime | None] | None:
    return None if held is None else (held[0], datetime.fromisoformat(held[1]) if held[1] else None)


@dataclass(frozen=True)
class Trial:
    """What taking a merge back would do: what the records are called that come back, how many others are put back, what stays."""

    back: tuple[str, ...]
    put: int
    kept: tuple[Text, ...]


class _Tried(Exception):
    """Takes the trial back."""


def preview(name: str, survivor: UUID, inputs: Mapping[str, Any], *, actor: Actor) -> Trial:
    """What `unmerge` would do, done in earnest and taken back. Raises what it would raise."""
    from guanxi.kernel.records import door

    guard = reading.guard_of(actor)
    it = guard.object(name)
    found: list[Trial] = []
    try:
        with sql.work(actor.workspace), sql.savepoint():
            result = door.perform(name, "unmerge", actor=actor, id=survivor, inputs=inputs)
            others = (result.output or {})["others"]
            known = reading.names({it.name: others}, actor=actor)
            found.append(Trial(tuple(known.get(id, "") for id in others), (result.output or {})["put"], tuple(text for _, text in result.warnings)))
            raise _Tried
    except _Tried:
        return found[0]


def undoable(name: str, survivor: UUID, *, actor: Actor) -> set[UUID]:
    """The merges into a record that can still be taken back, by their events: those of which a record lies merged in the bin."""
    guard = reading.guard_of(actor)
    it = guard.object(name)
    if it.duplicates is None:
        return set()
    with sql.work(actor.workspace):
        merges = [one for one in journal.of_records(actor.workspace, [(it.name, survivor)], limit=MOST, field="@merge") if one.verb == "merge"]
        others = [UUID(id) for one in merges for id in one.changes["@merge"][1]["others"]]
        rows = storage.fetch(guard.catalog.bare, it, Test("id", "in", others), deleted=True, links=False) if others else []
        lying = [row["version"] for row in rows if row[MERGED] == survivor]
        return {event.cause for event in journal.by_ids(actor.workspace, lying) if event.verb == "absorb" and event.cause is not None}
