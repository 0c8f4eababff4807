"""What is done in pools: claiming, handing out, returning, moving, locking, recycling; and what may be asked about it.

Rights are decided before (`access`): a claim reaches only rows in pools the person may claim from, and whoever comes second
finds the row gone. Here are the limits. Who counts for a person waits for whoever counts for the same person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guanxi.base.clock import bounds
from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog import pools as kept
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.pools import Pool
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.declare.pooling import EXPIRED, PROTECTION, Pooling
from guanxi.kernel.records import people
from guanxi.kernel.records.reading import guard_of, query
from guanxi.kernel.storage import recycling as storage
from guanxi.kernel.storage import rows, sql

if TYPE_CHECKING:
    from guanxi.kernel.records.draft import Context, Draft

BATCH = 500
OTHER = "other"


def _refuse(code: str, zh: str, en: str) -> Invalid:
    return Invalid.field("pool", code, zh, en)


class Verbs:
    """The verbs on one object's drafts. `ledger` is shared by the drafts of a batch: what was counted once, counts on."""

    def __init__(self, context: Context, ledger: dict[Any, Any]) -> None:
        self.context = context
        self.catalog: Catalog = context.catalog.bare
        self.actor: Actor = context.actor
        self.ledger = ledger

    # -- the verbs ---------------------------------------------------------------------------------------------------
    def claim(self, draft: Draft) -> None:
        """The record becomes the claimer's own, within the pool's limits; its admins pass them, and that is noted."""
        it, pool = self._lying(draft)
        me = self.actor.user
        if me is None:
            raise _refuse("nobody", "领取需要一个人；请改用分配。", "Claiming takes a person; distribute instead.")
        self._serialise([me])
        broken = [problem for problem in (self._daily(it, pool, me), self._full(it, pool, me), self._waiting(draft, pool, me), self._new(draft, pool)) if problem is not None]
        if broken:
            if not self._runs(it, pool):
                raise broken[0]
            draft.because = {"kind": "bypass", "rules": [problem.errors[0].code for problem in broken]}
        self._give(draft, pool, me)
        self.ledger[("claims", pool.id, me)] = self._claims(it, pool, me) + 1

    def distribute(self, draft: Draft, people: Sequence[UUID] = (), way: str | None = None) -> None:
        """The record becomes one of these people's: whoever has got fewest of this batch, or whoever's turn it is. Those who
        hold as many as they may are passed over."""
        it, pool = self._lying(draft)
        receivers = list(dict.fromkeys(people))
        gone = set(receivers) - self._once(("active", tuple(receivers)), lambda: storage.active(self.catalog.workspace, receivers))
        if gone:
            raise Invalid.field("people", "inactive", "有人已停用，请重新选择。", "Somebody is no longer active; choose others.")
        self._serialise(receivers)
        free = [one for one in receivers if self._full(it, pool, one) is None]
        if not free:
            raise Invalid.field("people", "cap", "所选的人都已达到持有上限。", "All of them hold as many as they may.")
        given: dict[UUID, int] = self._once(("given", pool.id), lambda: dict.fromkeys(receivers, 0))
        if way == "round":
            last = self._once(("last", pool.id), lambda: [(self.context.get("pool", pool.id) or {}).get("last_receiver")])
            at = receivers.index(last[0]) + 1 if last[0] in receivers else 0
            receiver = next(one for one in (*receivers[at:], *receivers[:at]) if one in free)
            last[0] = receiver
            self.context.later("pool", "served", pool.id, combine=lambda earlier, later: later, receiver=receiver)
        else:
            receiver = min(free, key=lambda one: (given.get(one, 0), self._held(it, pool, one)[1], receivers.index(one)))
        given[receiver] = given.get(receiver, 0) + 1
        self._give(draft, pool, receiver)

    def move_pool(self, draft: Draft, pool: UUID | None = None) -> None:
        """Into another pool of the same object that the mover sees."""
        it, here = self._lying(draft)
        there = self._target(it, pool)
        if there.id == here.id:
            raise _refuse("same", "已经在这里了。", "It is there already.")
        rights = self.actor.rights
        if rights is not None and there.id not in rights.in_pools(it.name).sees:
            raise _refuse("unknown", "没有这个公海，或您不在其中。", "There is no such pool, or you are not in it.")
        draft.pool = there.id
        draft.pooled_at = self.context.now

    def return_to_pool(self, draft: Draft, reason: str | None = None, note: str | None = None, pool: UUID | None = None) -> None:
        """Give the record back, and say why. What hangs on it stays with it."""
        it, there = self._leaving(draft, reason, note, pool)
        for one in it.pooling.exclusions:  # type: ignore[union-attr]
            if one.business and storage.matching(self.catalog, it, [draft.id], one.key):
                label = one.label
                if there.business == "forbid":
                    raise _refuse("business", f"{label.zh}，不能退回。请先处理完。", f"{label.en}: it cannot be returned. Finish that first.")
                self.context.warn("pool", T(f"{label.zh}。", f"{label.en}."))
        self._lay(draft, there)
        draft.return_reason, draft.return_note, draft.recycle_rule = reason, note, None

    def recall(self, draft: Draft, reason: str | None = None, note: str | None = None, pool: UUID | None = None) -> None:
        """An admin takes a record from whoever owns it, into a pool they run. A lock does not keep it from that; what hangs on it
        stays with it."""
        it, there = self._leaving(draft, reason, note, pool)
        if not self._runs(it, there):
            raise _refuse("unknown", "只能收回到您管理的公海。", "It goes into a pool that you run.")
        for one in it.pooling.exclusions:  # type: ignore[union-attr]
            if one.business and storage.matching(self.catalog, it, [draft.id], one.key):
                self.context.warn("pool", T(f"{one.label.zh}。", f"{one.label.en}."))
        self._lay(draft, there)
        draft.return_reason, draft.return_note, draft.recycle_rule = reason, note, None

    def _leaving(self, draft: Draft, reason: str | None, note: str | None, pool: UUID | None) -> tuple[Definition, Pool]:
        """The object, and where a record goes that its owner loses for a reason."""
        it = self._pooling(draft)
        if draft.pool is not None or draft.owner is None:
            raise _refuse("lying", "它已经没有负责人了。", "Nobody owns it any more.")
        if reason == EXPIRED:
            raise Invalid.field("reason", "rule", "这个原因只用于自动回收。", "This reason is for recycling only.")
        if reason == OTHER and not note:
            raise Invalid.field("note", "required", "请说明原因。", "Say why.")
        return it, self._target(it, pool) if pool is not None else self._home(draft, it)

    def lock(self, draft: Draft, until: date | None = None) -> None:
        """Never recycled until a day, within the pool's limits; its admins pass them, and that is noted."""
        it = self._pooling(draft)
        if draft.pool is not None or draft.owner is None:
            raise _refuse("lying", "没有负责人的记录不需要锁定。", "Nobody owns it, so there is nothing to lock.")
        pool, today = self._home(draft, it), self.context.today
        most = today + timedelta(days=pool.lock_days) if pool.lock_days else None
        self._serialise([draft.owner])
        broken = []
        if until is not None and until < today:
            raise Invalid.field("until", "past", "日期已过。", "The day is past.")
        locked = self._held(it, pool, draft.owner)[2]
        if pool.max_locked and locked >= pool.max_locked:
            broken.append(_refuse("max-locked", f"最多锁定 {pool.max_locked} 条，已锁定 {locked} 条。请先解锁一些。", f"At most {pool.max_locked} may be locked, and {locked} are. Unlock some first."))
        if most is not None and until is not None and until > most:
            broken.append(Invalid.field("until", "lock-days", f"最多锁定 {pool.lock_days} 天，到 {most}。", f"At most {pool.lock_days} days, until {most}."))
        if broken:
            if not self._runs(it, pool):
                raise broken[0]
            draft.because = {"kind": "bypass", "rules": [problem.errors[0].code for problem in broken]}
        draft.locked_at, draft.locked_until = self.context.now, until or most
        here = self._held(it, pool, draft.owner)
        self.ledger[("held", pool.id, draft.owner)] = (here[0], here[1], here[2] + 1)

    def unlock(self, draft: Draft) -> None:
        self._pooling(draft)
        if draft.locked_at is None:
            raise _refuse("unlocked", "没有锁定。", "It is not locked.")
        draft.locked_at = draft.locked_until = None

    def recycle(self, draft: Draft, pool: UUID | None = None, rule: str = "", days: int | None = None, since: date | None = None) -> None:
        """A rule takes the record back; the event keeps the rule and what it was judged by."""
        it = self._pooling(draft)
        there = self._target(it, pool)
        found = it.pooling.rule(rule)  # type: ignore[union-attr]
        if found is None or draft.owner is None:
            raise Invalid.field("rule", "unknown", "没有这条规则。", "There is no such rule.")
        draft.because = {"kind": "recycled", "rule": rule, "days": days or 0, "since": since.isoformat() if since else None} | ({"workdays": True} if there.workdays else {})
        self._lay(draft, there)
        draft.return_reason, draft.return_note, draft.recycle_rule = EXPIRED, None, rule

    def allot(self, draft: Draft, pool: UUID | None = None, receiver: UUID | None = None, held: int | None = None, today: int | None = None, of: int | None = None, rule: int | None = None) -> None:
        """The pool gives the record to somebody by itself; the event keeps how it chose them."""
        it, there = self._lying(draft)
        if there.id != pool or receiver is None:
            raise _refuse("same", "它不在这个公海里。", "It does not lie in this pool.")
        self._serialise([receiver])
        if (problem := self._full(it, there, receiver)) is not None:
            raise problem
        draft.because = {"kind": "allotted", "way": there.allot, "held": held or 0, "today": today or 0, "of": of or 0} | ({"rule": rule} if rule else {})
        self._give(draft, there, receiver)

    # -- what every write keeps --------------------------------------------------------------------------------------
    def settle(self, draft: Draft) -> None:
        if draft.new and draft.pool is not None:
            self._laid(draft)
        elif draft.new and draft.owner is None:
            self._arrive(draft)
        if draft.owner is None or draft.pool is None:
            return
        it, pool = self._lying(draft)
        self._serialise([draft.owner])
        problem = self._full(it, pool, draft.owner)
        if problem is not None:
            raise problem
        self._give(draft, pool, draft.owner)

    def _arrive(self, draft: Draft) -> None:
        """What is made without an owner goes where it is assigned by itself, if there is such a pool; what a person makes else goes into
        the first one, so that nobody loses sight of it."""
        working = [pool for pool in self.catalog.pools_of(draft.object.name) if pool.enabled]
        first = next(iter(working), None) if self.actor.rights is not None else None
        there = next((pool for pool in working if pool.allot), first)
        if there is not None:
            draft.pool, draft.pooled_at = there.id, self.context.now

    def _laid(self, draft: Draft) -> None:
        """What an admin makes in a pool lies in one they run; with an owner it is given out of it at once."""
        there = self._target(self._pooling(draft), draft.pool)
        if not self._runs(self._pooling(draft), there):
            raise _refuse("unknown", "只能放进您管理的公海。", "It goes into a pool that you run.")
        draft.pooled_at = self.context.now

    # -- pieces ------------------------------------------------------------------------------------------------------
    def _pooling(self, draft: Draft) -> Definition:
        it = self.catalog.objects[draft.object.name]
        if it.pooling is None:
            raise NotFound()
        return it

    def _lying(self, draft: Draft) -> tuple[Definition, Pool]:
        it = self._pooling(draft)
        pool = self.catalog.pool(draft.pool)
        if pool is None:
            raise Conflict(T("它不在公海里。", "It lies in no pool."), code="not-lying")
        return it, pool

    def _target(self, it: Definition, pool: UUID | None) -> Pool:
        found = self.catalog.pool(pool)
        if found is None or found.object != it.name or not found.enabled:
            raise _refuse("unknown", "没有这个公海，或它已停用。", "There is no such pool, or it is not enabled.")
        return found

    def _home(self, draft: Draft, it: Definition) -> Pool:
        """Where a record goes back to: where it came from, else the first pool its owner is a member of, else the first."""
        there = [pool for pool in self.catalog.pools_of(it.name) if pool.enabled]
        if not there:
            raise _refuse("none", "没有启用的公海。", "No pool is enabled.")
        before = next((pool for pool in there if pool.id == draft.from_pool), None)
        if before is not None:
            return before
        if len(there) == 1:
            return there[0]
        owner = draft.owner
        with_ = self._once(("pools", owner), lambda: storage.pools_with(self.catalog, it, owner))
        return next((pool for pool in there if pool.id in with_), there[0])

    def _give(self, draft: Draft, pool: Pool, owner: UUID) -> None:
        draft.owner, draft.pool, draft.pooled_at, draft.from_pool = owner, None, None, pool.id
        draft.locked_at = draft.locked_until = None
        draft.protected_until = self.context.today + timedelta(days=pool.protection_days) if pool.protection_days else None
        it = self._pooling(draft)
        here = self._held(it, pool, owner)
        self.ledger[("held", pool.id, owner)] = (here[0] + 1, here[1] + 1, here[2])

    def _lay(self, draft: Draft, pool: Pool) -> None:
        draft.previous_owner, draft.owner = draft.owner, None
        draft.pool, draft.pooled_at = pool.id, self.context.now
        draft.locked_at = draft.locked_until = draft.protected_until = None

    def _runs(self, it: Definition, pool: Pool) -> bool:
        rights = self.actor.rights
        return rights is None or pool.id in rights.in_pools(it.name).runs

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self.ledger:
            self.ledger[key] = make()
        return self.ledger[key]

    def _serialise(self, users: Sequence[UUID]) -> None:
        fresh = [one for one in users if ("serialised", one) not in self.ledger]
        if fresh:
            storage.serialise(fresh)
            self.ledger.update({("serialised", one): True for one in fresh})

    def _claims(self, it: Definition, pool: Pool, user: UUID) -> int:
        start = bounds(self.context.today, self.context.today, self.catalog.settings.tz)[0]
        found: int = self._once(("claims", pool.id, user), lambda: storage.claimed(self.catalog.workspace, it, pool.id, user, start))
        return found

    def _held(self, it: Definition, pool: Pool, user: UUID) -> tuple[int, int, int]:
        found: tuple[int, int, int] = self._once(("held", pool.id, user), lambda: storage.held(self.catalog, it, [user], pool)[user])
        return found

    # -- limits: the problem, or None --------------------------------------------------------------------------------
    def _daily(self, it: Definition, pool: Pool, user: UUID) -> Invalid | None:
        if not pool.daily_limit or self._claims(it, pool, user) < pool.daily_limit:
            return None
        return _refuse(
            "daily-limit", f"今天已领取 {pool.daily_limit} 条，到了每日上限。请明天再来，或请管理员分配。",
            f"{pool.daily_limit} claimed today, which is the limit. Come back tomorrow, or ask an admin.",
        )  # fmt: skip

    def _full(self, it: Definition, pool: Pool, user: UUID) -> Invalid | None:
        total = total_cap(self.catalog, it.name)
        if not pool.cap and not total:
            return None
        here, altogether, _ = self._held(it, pool, user)
        if pool.cap and here >= pool.cap:
            return _refuse("cap", f"从这里领取的最多持有 {pool.cap} 条，现有 {here} 条。请先退回一些。", f"At most {pool.cap} may be held from here, and {here} are. Return some first.")
        if total and altogether >= total:
            return _refuse("cap", f"最多持有 {total} 条，现有 {altogether} 条。请先退回一些。", f"At most {total} may be held, and {altogether} are. Return some first.")
        return None

    def _waiting(self, draft: Draft, pool: Pool, user: UUID) -> Invalid | None:
        if not pool.wait_days or draft.previous_owner != user or draft.pooled_at is None:
            return None
        free = self._local(draft.pooled_at) + timedelta(days=pool.wait_days)
        if free <= self.context.today:
            return None
        return _refuse("previous-owner", f"您是前负责人，{free} 起才能再次领取。", f"You owned it before; you may claim it again from {free}.")

    def _new(self, draft: Draft, pool: Pool) -> Invalid | None:
        if not pool.new_days or draft.pooled_at is None:
            return None
        free = self._local(draft.pooled_at) + timedelta(days=pool.new_days)
        return None if free <= self.context.today else _refuse("new", f"新入池的数据 {free} 起才能领取。", f"New here; it may be claimed from {free}.")

    def _local(self, at: Any) -> date:
        day: date = at.astimezone(self.catalog.settings.tz).date()
        return day


def fills(actor: Actor, it: Definition) -> bool:
    """Whether the actor may make records in pools of an object: its administrators may, wherever they make them."""
    return it.pooling is not None and (actor.rights is None or bool(actor.rights.in_pools(it.name).runs))


def total_cap(catalog: Catalog, name: str) -> int:
    """How many records of an object a person may hold at all: the lowest that any enabled pool says; 0 is no limit."""
    return min((pool.total_cap for pool in catalog.pools_of(name) if pool.enabled and pool.total_cap), default=0)


def lost(catalog: Catalog, it: Definition, ids: Sequence[UUID], actor: Actor) -> dict[UUID, Problem]:
    """For records somebody wanted to claim and can't: who was faster. Only of pools they may claim from: of the others the
    answer is that there is no such record."""
    if actor.rights is None or not ids:
        return {}
    claims = set(actor.rights.in_pools(it.name).claims)
    found = [row for row in rows.fetch(catalog.bare, it, Test("id", "in", list(ids)), links=False) if row["from_pool"] in claims and row["pool"] is None and row["owner"] is not None]
    names = rows.fetch(catalog.bare, catalog.bare.objects["user"], Test("id", "in", [row["owner"] for row in found]), links=False, deleted=None) if found else []
    called = {row["id"]: row["name"] for row in names}
    out: dict[UUID, Problem] = {}
    for row in found:
        who = called.get(row["owner"], "")
        out[row["id"]] = Conflict(T(f"已被 {who} 领取。", f"{who} has claimed it."), code="claimed")
    return out


# -- asked by people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quota:
    """How many records somebody may still claim from a pool: today, and until they hold enough. None is no limit."""

    pool: UUID
    label: Text
    today: int | None
    room: int | None
    runs: bool


def quotas(name: str, pools: Sequence[UUID], *, actor: Actor) -> list[Quota]:
    """What is left for the actor of the pools named, of those they may claim from. Raises NotFound for an unknown object."""
    guard = guard_of(actor)
    it = guard.object(name)
    standing = actor.rights.in_pools(it.name) if actor.rights is not None else access.OUTSIDE
    catalog = guard.catalog.bare
    out = []
    with sql.work(actor.workspace):
        for pool in catalog.pools_of(it.name):
            if pool.id not in pools or pool.id not in standing.claims or actor.user is None:
                continue
            start = bounds(catalog.settings.today, catalog.settings.today, catalog.settings.tz)[0]
            today = max(0, pool.daily_limit - storage.claimed(catalog.workspace, it, pool.id, actor.user, start)) if pool.daily_limit else None
            total = total_cap(catalog, it.name)
            here, altogether, _ = storage.held(catalog, it, [actor.user], pool)[actor.user] if pool.cap or total else (0, 0, 0)
            rooms = [cap - have for cap, have in ((pool.cap, here), (total, altogether)) if cap]
            out.append(Quota(pool.id, pool.label, today, max(0, min(rooms)) if rooms else None, pool.id in standing.runs))
    return out


@dataclass(frozen=True)
class Foreseen:
    """A record a rule would take back tonight: what it is called ("" when that may not be known), whose it is, and why."""

    id: UUID
    label: str
    owner: Any
    rule: Text
    days: int
    since: date
    due: date


def to_try(pool: UUID, actor: Actor) -> tuple[Catalog, Pool]:
    """A pool and the bare catalog, for whoever tries how it should work. Raises Forbidden for who may not change pools, and NotFound."""
    guard = guard_of(actor)
    if not access.may(actor.rights, guard.catalog.object("pool"), "update"):
        raise Forbidden()
    found = guard.catalog.bare.pool(pool)
    if found is None:
        raise NotFound()
    return guard.catalog.bare, found


def simulate(pool: UUID, *, actor: Actor, settings: Mapping[str, Any] | None = None, limit: int = 200) -> tuple[int, dict[str, int], list[Foreseen]]:
    """What a pool would take back tonight with these settings, before they are saved or switched on: how many, how many by
    which rule, and the first of them that the actor may see. It is the question the night asks. For those who may change
    pools. Raises Forbidden, NotFound, and Invalid for settings that would not be saved."""
    catalog, found = to_try(pool, actor)
    it = catalog.objects[found.object]
    if settings is not None:
        wrong = kept.wrong_settings(it, settings)
        if wrong:
            raise Invalid(wrong)
        meant = kept.of({"id": found.id, "object_name": found.object, "name": found.label.zh, "settings": settings})
        found = replace(found, rules=meant.rules, exclude=meant.exclude, remind=meant.remind, workdays=meant.workdays)
    with sql.work(actor.workspace):
        due = storage.due(catalog, it, found, _before(catalog, it, found), catalog.settings.today)
    counts: dict[str, int] = {}
    for one in due:
        counts[one.rule] = counts.get(one.rule, 0) + 1
    shown: dict[UUID, Any] = {}
    if access.may(actor.rights, it, "read") and due:
        where = {"field": "id", "op": "in", "value": [str(one.id) for one in due[:limit]]}
        shown = {row["id"]: row for row in query(it.name, actor=actor, where=where, fields=[it.title, "owner"], limit=min(200, limit)).rows}
    pooling: Pooling = it.pooling  # type: ignore[assignment]
    seen = [one for one in due[:limit] if one.id in shown]
    return len(due), counts, [
        Foreseen(one.id, str(shown[one.id].get(it.title) or ""), shown[one.id].get("owner"), said(pooling, one.rule, one.days, found.workdays), one.days, one.since, one.due)
        for one in seen
    ]  # fmt: skip


def said(pooling: Pooling, rule: str, days: int, workdays: bool = False) -> Text:
    """A rule as the reason people read: 超 15 天未跟进, 超 15 个工作日未跟进."""
    found = pooling.rule(rule)
    label = found.label if found is not None else T(rule, rule)
    if not days:
        return label
    if workdays and rule != PROTECTION.key:
        return T(f"超 {days} 个工作日{label.zh}", f"{days} working days {label.en}")
    return T(f"超 {days} 天{label.zh}", f"{days} days {label.en}")


def _before(catalog: Catalog, it: Definition, pool: Pool) -> list[Pool]:
    """The pools at work that take a record first when both would."""
    order = [one.id for one in catalog.pools_of(it.name)]
    return [one for one in storage.at_work(catalog, it) if order.index(one.id) < order.index(pool.id)]


def reminded(catalog: Catalog, it: Definition, ids: Sequence[UUID] | None = None) -> list[tuple[int, storage.Due]]:
    """What rules will take back so soon that its owner is reminded, of all or of some records, each with the reminder that is due by
    now: of those at 7 and 3 days before, 7 until three days are left."""
    out: list[tuple[int, storage.Due]] = []
    today = catalog.settings.today
    for pool in storage.at_work(catalog, it):
        first = max((days for key in pool.rules for days in pool.reminders_of(key)), default=-1)
        if first < 0 or ids == []:
            continue
        for due in storage.due(catalog, it, pool, _before(catalog, it, pool), today, ahead=first, ids=ids):
            left = max(0, (due.due - today).days)
            steps = [days for days in pool.reminders_of(due.rule) if days >= left]
            if steps:
                out.append((min(steps), due))
    return out


# -- the night ------------------------------------------------------------------------------------------------------------


def sweep(workspace: UUID, pool: UUID, day: date, batch: int = BATCH) -> int:
    """Take back what is due in the night after `day`; returns how many. Each batch is one transaction that finds its records
    again and holds them: what was begun and broken off goes on where it stopped, and two workers do not do the same."""
    from guanxi.kernel.records import door

    actor = replace(system(workspace, via="recycling"), request=f"recycling {pool} {day}")
    counts: dict[str, int] = {}
    last: UUID | None = None
    while True:
        catalog = people.newest(workspace)
        found = catalog.pool(pool)
        if found is None or not (found.enabled and found.recycling):
            return sum(counts.values())
        it = catalog.objects[found.object]
        with sql.work(workspace):
            done_on = storage.swept(workspace).get(pool)
            if done_on is not None and done_on >= day:
                return sum(counts.values())
            due = storage.due(catalog, it, found, _before(catalog, it, found), day, after=last, limit=batch, lock=True)
            items = [door.Item(one.id, inputs={"pool": pool, "rule": one.rule, "days": one.days, "since": one.since}) for one in due]
            if items:
                outcomes: Sequence[Any]
                try:
                    with sql.savepoint():
                        outcomes = door.perform_many(it.name, "recycle", items, actor=actor, together=True)
                except Problem:  # one of them is at fault: the others go all the same
                    outcomes = door.perform_many(it.name, "recycle", items, actor=actor)
                for one, outcome in zip(due, outcomes, strict=True):
                    if not isinstance(outcome, Problem):
                        counts[one.rule] = counts.get(one.rule, 0) + 1
        if len(due) < batch:
            break
        last = due[-1].id
    done = sum(counts.values())
    door.perform("pool", "swept", actor=actor, id=pool, inputs={"day": day, "count": done, "counts": counts})
    return done


def nights(workspace: UUID, now: Any) -> list[tuple[UUID, date]]:
    """The pools whose night has come and is not done, with the day it ends."""
    catalog = people.newest(workspace)
    local = now.astimezone(catalog.settings.tz)
    yesterday = local.date() - timedelta(days=1)
    with sql.work(workspace):
        done = storage.swept(workspace)
    return [
        (pool.id, yesterday)
        for it in catalog
        if it.pooling is not None
        for pool in storage.at_work(catalog, it)
        if local.hour >= pool.hour and ((last := done.get(pool.id)) is None or last < yesterday)
    ]
