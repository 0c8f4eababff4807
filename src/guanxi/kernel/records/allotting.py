"""Pools that assign by themselves: who gets what lies in them, by rules about the record, in turn or whoever holds fewest, within the
pool's limits.

One function decides (`_plan`); a worker does what it says, and the trial shows it. What nobody has room for waits in the pool
and is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.clock import bounds
from guanxi.base.errors import Invalid, Problem
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.pools import Pool
from guanxi.kernel.declare.conditions import Always, Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, people
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.pooling import to_try, total_cap
from guanxi.kernel.records.reading import names
from guanxi.kernel.storage import allotting as storage
from guanxi.kernel.storage import recycling, rows, sql

BATCH = 200
MOST = 2_000
"""So many records a trial looks at."""
REST = timedelta(seconds=60)
"""A pool whose records nobody has room for is left alone for so long."""

_resting: dict[UUID, datetime] = {}


@dataclass(frozen=True)
class Share:
    """A record and who gets it, with what that was judged by: how many they hold, got today, and of how many people."""

    id: UUID
    receiver: UUID
    held: int
    today: int
    of: int
    rule: int = 0
    """Which rule of the pool decided, counted from one; 0 is none."""


@dataclass
class _Member:
    id: UUID
    here: int
    held: int
    today: int


class _Turns:
    """Who there is for a pool's records, and whose turn it is. Counts on with everything it gives away; in earnest nobody else
    counts for these people meanwhile."""

    def __init__(self, catalog: Catalog, it: Definition, pool: Pool, *, earnest: bool) -> None:
        self.catalog, self.pool = catalog, pool
        self.zone, self.day = catalog.settings.tz, catalog.settings.today
        start = bounds(self.day, self.day, self.zone)[0]
        who = storage.receivers(catalog, pool, _roles(catalog, it, named=bool(pool.allot_to) or not pool.everyone))
        if earnest and who:
            recycling.serialise(who)
        held = recycling.held(catalog, it, who, pool) if who else {}
        today = storage.received(catalog.workspace, it, pool.id, start) if who else {}
        self.members = [_Member(one, held[one][0], held[one][1], today.get(one, 0)) for one in who]
        self.total = total_cap(catalog, it.name)
        row = rows.fetch(catalog, catalog.objects["pool"], Test("id", "in", [pool.id]), links=False)
        last = row[0]["last_receiver"] if row else None
        order = [one.id for one in self.members]
        self.start = order.index(last) + 1 if last in order else 0
        self.served: dict[UUID, int] = {last: 1} if last in order else {}
        """When somebody was last given one: whoever waits longest is next, among all and among the people of one rule."""

    def free(self, one: _Member) -> bool:
        pool = self.pool
        return not ((pool.cap and one.here >= pool.cap) or (self.total and one.held >= self.total) or (pool.daily_limit and one.today >= pool.daily_limit))

    def meant(self, rules: Sequence[int]) -> tuple[list[_Member], int]:
        """Whom a record is for, of those who may get anything: the people of the first rule that holds and has any; else the pool's
        default person, else everybody."""
        for n in rules:
            if found := [one for one in self.members if one.id in self.pool.allot_rules[n][1]]:
                return found, n + 1
        default = [one for one in self.members if one.id == self.pool.allot_default]
        return default or self.members, 0

    def next(self, record: storage.Waiting, rules: Sequence[int] = ()) -> Share | None:
        """Who gets a record: not who gave it back, as long as they wait, nor while somebody else has room."""
        meant, rule = self.meant(rules)
        free = [one for one in meant if self.free(one)]
        others = [one for one in free if one.id != record.previous]
        found = others or ([] if record.previous is not None and self._waits(record) else free)
        if not found:
            return None
        order = [one.id for one in self.members]
        if self.pool.allot == "round":
            one = min(found, key=lambda one: (self.served.get(one.id, 0), (order.index(one.id) - self.start) % len(order)))
        else:
            one = min(found, key=lambda one: (one.held, one.today, order.index(one.id)))
        share = Share(record.id, one.id, one.held, one.today, len(meant), rule)
        one.here, one.held, one.today = one.here + 1, one.held + 1, one.today + 1
        self.served[one.id] = max(self.served.values(), default=0) + 1
        return share

    def _waits(self, record: storage.Waiting) -> bool:
        if not self.pool.wait_days or record.since is None:
            return False
        return record.since.astimezone(self.zone).date() + timedelta(days=self.pool.wait_days) > self.day


def _roles(catalog: Catalog, it: Definition, *, named: bool) -> list[UUID]:
    """The roles that let somebody work on an object's records; those that may do everything only where members are `named`, because
    administrators are members of a pool for everybody and sell nothing."""
    out = []
    for role in rows.fetch(catalog, catalog.objects["role"], Always(), links=False):
        grants = role["grants"] or {}
        verbs = set((grants.get(it.name, grants.get("*") if named else None) or {}).get("verbs") or ())
        if "*" in verbs or {"read", "update"} <= verbs:
            out.append(role["id"])
    return out


def _rested(catalog: Catalog, pool: Pool) -> datetime | None:
    """Since when at the latest a record lies in a pool where new ones rest."""
    if not pool.new_days:
        return None
    day = catalog.settings.today - timedelta(days=pool.new_days - 1)
    return bounds(day, day, catalog.settings.tz)[0]


def _plan(turns: _Turns, found: Sequence[storage.Waiting], it: Definition) -> list[Share]:
    holds = _holding(turns.catalog, it, turns.pool, [one.id for one in found])
    return [share for one in found if (share := turns.next(one, holds.get(one.id, ()))) is not None]


def _holding(catalog: Catalog, it: Definition, pool: Pool, ids: Sequence[UUID]) -> Mapping[UUID, list[int]]:
    """The rules of a pool that hold for each record, in order; one that can be asked no more, because a field is gone, holds for none."""
    out: dict[UUID, list[int]] = {}
    guard = Guard(catalog.bare, system(catalog.workspace, via="allotting"))
    for n, (where, _) in enumerate(pool.allot_rules):
        try:
            condition = guard.where(it, guard.parse(where))
        except Invalid:
            continue
        for id in rows.satisfying(catalog.bare, it, list(ids), condition) if ids else ():
            out.setdefault(id, []).append(n)
    return out


# -- done by a worker ----------------------------------------------------------------------------------------------------


def run(workspace: UUID, now: datetime | None = None) -> int:
    """Give out what lies in pools that assign by themselves; returns how many records. Safe to call at any time and from several
    workers: one gives out of a pool at a time."""
    at = now or datetime.now(UTC)
    catalog = people.newest(workspace)
    done = 0
    for it in catalog:
        for pool in catalog.pools_of(it.name) if it.pooling is not None else ():
            if pool.enabled and pool.allot and _resting.get(pool.id, at) <= at:
                done += _give(workspace, it.name, pool.id, at)
    return done


def _give(workspace: UUID, name: str, id: UUID, at: datetime) -> int:
    actor = replace(system(workspace, via="allotting"), request=f"allotting {id}")
    done, after = 0, None
    _resting.pop(id, None)
    while True:
        catalog = people.newest(workspace)
        it, pool = catalog.objects[name], catalog.pool(id)
        if pool is None or not (pool.enabled and pool.allot):
            return done
        with sql.work(workspace):
            if not storage.alone(id):
                return done
            found = storage.waiting(catalog, it, id, before=_rested(catalog, pool), after=after, limit=BATCH, lock=True)
            given, room = _share(catalog, it, pool, found, actor) if found else (0, True)
        done += given
        if given < len(found):
            _resting[id] = at + REST
        if len(found) < BATCH or not room:
            return done
        after = found[-1].id


def _share(catalog: Catalog, it: Definition, pool: Pool, found: Sequence[storage.Waiting], actor: Actor) -> tuple[int, bool]:
    """Give a part of what waits to whom the plan says; returns how many went and whether anybody has room for more."""
    turns = _Turns(catalog, it, pool, earnest=True)
    shares = _plan(turns, found, it)
    items = [
        door.Item(one.id, inputs={"pool": pool.id, "receiver": one.receiver, "held": one.held, "today": one.today, "of": one.of, "rule": one.rule}) for one in shares
    ]
    outcomes: Sequence[Any] = ()
    if items:
        try:
            with sql.savepoint():
                outcomes = door.perform_many(it.name, "allot", items, actor=actor, together=True)
        except Problem:  # one of them is at fault: the others go all the same
            outcomes = door.perform_many(it.name, "allot", items, actor=actor)
    went = [share for share, one in zip(shares, outcomes, strict=True) if not isinstance(one, Problem)]
    if went and pool.allot == "round":
        door.perform("pool", "served", actor=actor, id=pool.id, inputs={"receiver": went[-1].receiver})
    return len(went), any(turns.free(one) for one in turns.members)


# -- the trial -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Foreseen:
    """A record that would be given to somebody; `label` is "" where the actor may not know it."""

    id: UUID
    label: str
    receiver: str
    held: int
    today: int


@dataclass(frozen=True)
class Trial:
    """What would be given out now: of how many records (at most MOST are looked at), to how many people, how many to whom, and the first."""

    waiting: int
    people: int
    each: Sequence[tuple[str, int]]
    shares: Sequence[Foreseen]
    given: int


def simulate(
    pool: UUID, *, actor: Actor, way: str | None = None, to: Sequence[UUID] | None = None, rules: Sequence[tuple[str, frozenset[UUID]]] | None = None,
    default: UUID | None = None, limit: int = 100,
) -> Trial:  # fmt: skip
    """What a pool would give to whom this minute if it assigned this way, before that is saved; with `rules` (and `default`), by those
    instead of its own. For those who may change pools. Raises Forbidden, NotFound, and Invalid for a rule that cannot be asked."""
    catalog, found = to_try(pool, actor)
    if rules is not None:
        found = replace(found, allot_rules=tuple(rules), allot_default=default)
        guard = Guard(catalog, system(catalog.workspace))
        for where, _ in rules:
            guard.where(catalog.objects[found.object], guard.parse(where))
    found = replace(found, allot=way or found.allot or "round", allot_to=frozenset(to) if to is not None else found.allot_to)
    it = catalog.objects[found.object]
    with sql.work(actor.workspace):
        lying = storage.waiting(catalog, it, pool, before=_rested(catalog, found), after=None, limit=MOST, lock=False)
        turns = _Turns(catalog, it, found, earnest=False)
        shares = _plan(turns, lying, it)
    known = names({"user": [one.id for one in turns.members], it.name: [one.id for one in shares[:limit]]}, actor=actor)
    each: dict[UUID, int] = dict.fromkeys((one.id for one in turns.members), 0)
    for share in shares:
        each[share.receiver] += 1
    return Trial(
        len(lying), len(turns.members), [(known.get(who, ""), n) for who, n in each.items()],
        [Foreseen(one.id, known.get(one.id, ""), known.get(one.receiver, ""), one.held, one.today) for one in shares[:limit]], len(shares),
    )  # fmt: skip
