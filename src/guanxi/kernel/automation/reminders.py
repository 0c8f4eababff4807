"""From the clock to who is told: instants of records that are reached, and records that rules will take back.

The clock is read once a minute by one worker, from where it was read last: each instant is met once, and what was met twice after
all makes the same notice. Each morning people are reminded of what will be recycled, and what is over by then leaves their to-dos.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7_floor
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.automation import notices
from guanxi.kernel.automation.notices import Wish
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import Link
from guanxi.kernel.declare.notices import LEAVING, UNATTENDED, Reached
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import people, pooling
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.storage import attending, sql
from guanxi.kernel.storage import notices as facts
from guanxi.kernel.storage import rows as storage

BACK = timedelta(days=2)
"""What was reached longer ago, while nothing ran, is not told any more."""
MORNING = 8
MOST = 20
"""So many records left unattended are told at once of each object to one person, those that have waited longest: the list has them all."""
"""The hour of the workspace's day at which people are reminded of what is about to happen."""


def run(workspace: UUID, now: datetime) -> int:
    """Read the clock; returns how many notices were made. Safe to call at any time and from several workers."""
    catalog = people.newest(workspace)
    actor = automation(system(workspace, via="reminders"))
    with sql.work(workspace):
        last = facts.clock(workspace, now)
        if last is None or last >= now:
            return 0
        since = max(last, now - BACK)
        wishes = [wish for it in catalog for wish in _reached(catalog, actor, it, since, now)]
        wishes = _spared(catalog, wishes)
        made = notices.make(catalog, actor, [wish for wish, _ in wishes])
        if _morning(catalog, since, now):
            notices.end(catalog, actor, None)
            made += notices.make(catalog, actor, [wish for it in catalog for wish in _leaving(catalog, it)])
            made += notices.make(catalog, actor, [wish for it in catalog for wish in _unattended(catalog, it)])
        facts.wind(workspace, now)
    return made


def _morning(catalog: Catalog, since: datetime, now: datetime) -> bool:
    local = now.astimezone(catalog.settings.tz)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    if morning > local:
        morning -= timedelta(days=1)
    return since < morning


def _reached(catalog: Catalog, actor: Actor, it: Definition, since: datetime, now: datetime) -> Iterable[tuple[Wish, dict[str, Any]]]:
    guard = Guard(catalog, actor)
    for tell in it.tells:
        if not isinstance(tell, Reached):
            continue
        after = timedelta(days=tell.days)
        within = And((Test(tell.at, ">", (since - after).isoformat()), Test(tell.at, "<=", (now - after).isoformat()), Test("owner", "not empty"), guard.parse(tell.where)))
        rows = storage.fetch(catalog, it, guard.where(it, within), links=bool(tell.also))
        above = facts.superiors(catalog.workspace, list({row["owner"] for row in rows})) if tell.superior and rows else {}
        for row in rows:
            at = row[tell.at]
            held = {"at": at.isoformat(), "n": tell.days, "owner": str(row["owner"])}
            wish = Wish(tell.kind, row["owner"], it.name, str(row["id"]), uuid7_floor(at), f"{row['id']} {at.isoformat()}", None, held)
            yield wish, row
            for other in dict.fromkeys(user for name in tell.also for user in row[name] or () if user != row["owner"]):
                yield Wish(tell.kind, other, it.name, wish.record, wish.root, wish.moment, None, held), row
            if (superior := above.get(row["owner"])) is not None:
                yield Wish(tell.kind, superior, it.name, wish.record, wish.root, wish.moment, None, held | {"superior": True}), row


def _spared(catalog: Catalog, wishes: list[tuple[Wish, dict[str, Any]]]) -> list[tuple[Wish, dict[str, Any]]]:
    """A record that leads to another one whose instant is the same is spared: one reminder says it to the same person."""
    told = {(wish.to, wish.object, wish.record, wish.facts["at"], wish.facts["n"]) for wish, _ in wishes}

    def said(wish: Wish, row: dict[str, Any]) -> bool:
        links = [one for one in catalog.objects[wish.object].fields.values() if isinstance(one, Link) and not one.system]
        return any((wish.to, one.target, str(row[one.name]), wish.facts["at"], wish.facts["n"]) in told for one in links if row.get(one.name) is not None)

    return [(wish, row) for wish, row in wishes if not said(wish, row)]


def _leaving(catalog: Catalog, it: Definition) -> Iterable[Wish]:
    if it.pooling is None:
        return
    for step, due in pooling.reminded(catalog, it):
        held = {"rule": due.rule, "days": due.days, "due": due.due.isoformat()} | ({"workdays": True} if due.workdays else {})
        yield Wish(LEAVING, due.owner, it.name, str(due.id), due.id, f"{due.rule} {due.due} {step}", None, held)


def _unattended(catalog: Catalog, it: Definition) -> Iterable[Wish]:
    """What nobody followed up and nobody plans to: told to its owner, and later to their superior as well."""
    rule = catalog.patience.get(it.name)
    if it.attended is None or rule is None:
        return
    quiet = attending.quiet(catalog, it, rule.days, MOST)
    late = attending.quiet(catalog, it, rule.superior, MOST) if rule.superior is not None else []
    above = facts.superiors(catalog.workspace, list({one.owner for one in late})) if late else {}
    known = facts.open_of(catalog.workspace, UNATTENDED.key, it.name)
    told: dict[UUID, int] = {}
    for to, one in [*((one.owner, one) for one in quiet), *((above[one.owner], one) for one in late if one.owner in above)]:
        higher = to != one.owner
        told[to] = told.get(to, 0) + higher
        if told[to] <= MOST and (str(one.id), to) not in known:
            held = {"owner": str(one.owner), "n": one.days} | ({"superior": True} if higher else {})
            yield Wish(UNATTENDED, to, it.name, str(one.id), one.id, f"{one.owner} {catalog.settings.today}", None, held)
