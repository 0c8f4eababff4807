"""Records erased for good: out of the bin, with all that belonged to them, and out of the journal's values.

What is left is a skeleton: which events there were, of which kind, when and by whom, and which fields they changed; each names the
event that erased it, so that the seals still prove the journal (docs/adr/0019). Living records that linked to it lose the link, with an
event of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from guanxi.base.errors import Conflict, Forbidden, NotFound, Problem
from guanxi.base.ids import uuid7
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.catalog.bin import NOTICE_DAYS
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Always, And, Or, Test
from guanxi.kernel.declare.fields import Link, Links
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import erasures
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, people
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.storage import erasing as storage
from guanxi.kernel.storage import notices, rows, sql

BATCH = 100
HOUR = 3
"""The hour of the workspace's day from which the bin is emptied."""
MOST = 500
"""So many records at most are asked for at once."""

Found = dict[str, dict[UUID, dict[str, Any]]]
"""Rows by object and id."""


def erasable(it: Definition) -> bool:
    """Whether an object's records may be erased: not those that decide about rights, what exists or how it is shown."""
    return not it.touches and not it.single


def erase(actor: Actor, name: str, ids: Iterable[UUID], *, cause: UUID | None = None, living: bool = False) -> list[UUID]:
    """Erase records that lie in the bin (`living`: or that do not), each with an event `erase`; returns those that were there, without what
    went with them.

    It asks for no right: whoever calls has. Raises Conflict `in-use` while something living cannot be without one of them. Bytes of
    files are deleted after the outermost transaction, by `burn`.
    """
    asked = list(dict.fromkeys(ids))[:MOST]
    with sql.work(actor.workspace):
        catalog = people.newest(actor.workspace)
        it = catalog.object(name)
        if not erasable(it):
            raise Conflict(T(f"{it.label.zh}不能彻底删除：它决定权限或设置。", f"Records of {it.label.en} cannot be erased: they decide about rights or settings."), code="not-erasable")
        there = rows.fetch(catalog, it, Test("id", "in", asked), deleted=None if living else True, lock=True)
        if there:
            _erase(catalog, actor, _whole(catalog, it, there), {(it.name, row["id"]) for row in there}, cause)
    return [row["id"] for row in there]


def erase_all(actor: Actor, asked: Mapping[str, Sequence[UUID]]) -> tuple[int, list[tuple[str, UUID]]]:
    """Erase records of several objects together, living or not, each with an event `erase`: how many were there and went, and which are
    still there because something living cannot be without them. It asks for no right."""
    with sql.work(actor.workspace):
        catalog = people.newest(actor.workspace)
        there = {name: rows.fetch(catalog, catalog.object(name), Test("id", "in", list(ids)), deleted=None, lock=True) for name, ids in asked.items() if ids}
        whole: Found = {}
        for name, found in there.items():
            for of, more in _whole(catalog, catalog.object(name), found).items() if found else ():
                whole.setdefault(of, {}).update(more)
        needed: set[tuple[str, UUID]] = set()
        while True:  # what stays may itself need something that was to go
            going = {name: {id: row for id, row in found.items() if (name, id) not in needed} for name, found in whole.items()}
            going = {name: found for name, found in going.items() if found}
            before = len(needed)
            _parting(catalog, going, needed)
            if len(needed) == before:
                break
        first = {(name, row["id"]) for name, found in there.items() for row in found}
        if going:
            _erase(catalog, actor, going, first - needed, None)
    return len(first - needed), sorted(first & needed)


def erase_now(actor: Actor, name: str, record: UUID, cause: UUID) -> None:
    """One record out of the bin at once, for somebody who might have put it there. Raises NotFound where none lies there that they
    see, Forbidden, and as `erase` does."""
    guard = Guard(people.catalog_of(actor), actor)
    it = guard.object(name)
    if not rows.satisfying(guard.catalog, it, [record], guard.readable(it), deleted=True):
        raise NotFound()
    if not access.may(actor.rights, it, "delete") or not rows.satisfying(guard.catalog, it, [record], guard.writable(it, "delete")):
        raise Forbidden()
    erase(actor, it.name, [record], cause=cause)


def burn(workspace: UUID) -> int:
    """Delete the bytes of files that went with erased records; returns how many files. Not inside a transaction."""
    return storage.burn(workspace)


# -- what goes ---------------------------------------------------------------------------------------------------------


def _whole(catalog: Catalog, it: Definition, there: Sequence[dict[str, Any]]) -> Found:
    """The records with all that belongs to them: what went into the bin with them, what was merged into them, what is about them."""
    out: Found = {it.name: {row["id"]: row for row in there}}
    asked: list[tuple[Definition, list[UUID]]] = [(it, [row["id"] for row in there])]
    while asked:
        target, ids = asked.pop()
        for child in catalog:
            found = [row for row in _belonging(catalog, child, target, ids) if row["id"] not in out.get(child.name, {})]
            if found:
                out.setdefault(child.name, {}).update({row["id"]: row for row in found})
                asked.append((child, [row["id"] for row in found]))
    return out


def _belonging(catalog: Catalog, child: Definition, target: Definition, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    with_it = [one for one in child.fields.values() if isinstance(one, Link) and one.target == target.name and (one.on_delete == "cascade" or one.name == MERGED)]
    if with_it:
        out += rows.fetch(catalog, child, Or(tuple(Test(one.name, "in", list(ids)) for one in with_it)), deleted=True, lock=True)
    if {"object_name", "record"} <= child.fields.keys():
        names = [name for name in ("record", "other") if name in child.fields]
        about = Or(tuple(Test(name, "in", [str(id) for id in ids]) for name in names))
        out += rows.fetch(catalog, child, And((Test("object_name", "=", target.name), about)), deleted=None, lock=True)
    return out


def _parting(catalog: Catalog, going: Found, needed: set[tuple[str, UUID]] | None = None) -> list[tuple[str, UUID, dict[str, Any]]]:
    """What else links to what goes, living or in the bin, with its links as they will be. Raises Conflict for what cannot be without,
    or adds to `needed` what it needs."""
    out: list[tuple[str, UUID, dict[str, Any]]] = []
    for child in catalog:
        links = [one for one in child.fields.values() if isinstance(one, Link | Links) and one.target in going and not (one.system or one.virtual)]
        if not links:
            continue
        where = Or(tuple(Test(one.name, "has any" if isinstance(one, Links) else "in", list(going[one.target])) for one in links))
        for row in rows.fetch(catalog, child, where, deleted=None):
            if row["id"] in going.get(child.name, {}):
                continue
            changes: dict[str, Any] = {}
            for one in links:
                held, gone = row.get(one.name), going[one.target]
                if isinstance(one, Links):
                    if held and not gone.keys().isdisjoint(held):
                        changes[one.name] = [id for id in held if id not in gone] or None
                elif held in gone:
                    changes[one.name] = None
                    if one.on_delete == "protect" and row["deleted_at"] is None:
                        if needed is not None:
                            needed.add((one.target, held))
                            continue
                        raise Conflict(T(f"还有{child.label.zh}在使用它，不能彻底删除。", f"There are records of {child.label.en} that use it; it cannot be erased."), code="in-use")
            out.append((child.name, row["id"], changes))
    return out


def _erase(catalog: Catalog, actor: Actor, going: Found, first: set[tuple[str, UUID]], cause: UUID | None) -> None:
    records = [(name, id) for name, found in going.items() for id in found]
    events = {record: uuid7() for record in sorted(records, key=lambda record: record not in first)}
    root = next(iter(events.values()))
    kernel = automation(actor)
    parting = _parting(catalog, going)
    weighed = {record: storage.weigh(actor.workspace, [record], event) for record, event in events.items()}
    lost = {file for name, found in going.items() for file in storage.files_of(catalog, catalog.objects[name], list(found))}
    now = datetime.now(UTC)
    journal.append(
        actor.workspace,
        [
            journal.Event(
                event, name, id, "erase", actor.user, actor.kind, actor.via, now, {storage.REDACTS: [None, weighed[name, id]]}, cause if (name, id) in first else root, actor.request
            )
            for (name, id), event in events.items()
        ],
        records,
    )
    for (name, id), event in events.items():
        storage.redact(actor.workspace, weighed[name, id], event)
    by_object: dict[str, list[door.Item]] = {}
    for name, id, changes in parting:
        by_object.setdefault(name, []).append(door.Item(id, inputs={"values": changes, "exact": True}, cause=root))
    for name, items in by_object.items():
        for start in range(0, len(items), door.MAX_ITEMS):
            door.perform_many(name, "part", items[start : start + door.MAX_ITEMS], actor=kernel, together=True)
    for name, found in going.items():
        storage.remove(catalog, catalog.objects[name], {id: events[name, id] for id in found})
    storage.condemn(catalog, lost)
    erasures.note([erasures.Line(actor.workspace, event, "erase", name, id, now, cause if (name, id) in first else root) for (name, id), event in events.items()], actor.via)


def kept_days(actor: Actor, name: str) -> int:
    """How many days records of an object lie in the bin, as far as anybody may know it; 0: forever."""
    catalog = people.catalog_of(actor).bare
    if not erasable(catalog.object(name)):
        return 0
    with sql.work(actor.workspace):
        rule = rows.fetch(catalog, catalog.objects["bin_rules"], Always(), limit=1)
    return (rule[0]["days"] or 0) if rule else 0


def goes_on(deleted_at: datetime, days: int, tz: tzinfo) -> date:
    """The day of whose night a record goes that was deleted at an instant."""
    over = (deleted_at + timedelta(days=days)).astimezone(tz)
    return over.date() if over.hour < HOUR else over.date() + timedelta(days=1)


# -- the night ---------------------------------------------------------------------------------------------------------


def nightly(workspace: UUID, now: datetime) -> int:
    """Once a day, from HOUR of the workspace's day, erase what lies in the bin longer than the rule says; returns how many. At any time
    bytes of erased records' files are deleted. Safe to call at any time and from several workers."""
    catalog = people.newest(workspace)
    burn(workspace)
    local = now.astimezone(catalog.settings.tz)
    with sql.work(workspace):
        rule = rows.fetch(catalog, catalog.objects["bin_rules"], Always(), limit=1)
    if not rule or local.hour < HOUR or (rule[0]["swept_on"] or date.min) >= local.date():
        return 0
    actor = replace(system(workspace, via="bin"), request=f"bin {local.date()}")
    counts: dict[str, int] = {}
    days = rule[0]["days"] or 0
    for it in catalog if days else ():
        if erasable(it) and (count := _sweep(workspace, actor, it, now - timedelta(days=days))):
            counts[it.name] = count
    held = rule[0]["notice_days"]
    kept = NOTICE_DAYS if held is None else held
    if kept and (count := _sweep_notices(workspace, actor, now - timedelta(days=kept))):
        counts["notice"] = counts.get("notice", 0) + count
    door.perform("bin_rules", "swept", actor=actor, id=rule[0]["id"], inputs={"day": local.date(), "counts": counts})
    burn(workspace)
    erasures.complete(workspace)
    return sum(counts.values())


def _sweep_notices(workspace: UUID, actor: Actor, before: datetime) -> int:
    """Erase notices that were read or handled before an instant; they do not lie in the bin first, because nobody would look there."""
    done = 0
    while True:
        with sql.work(workspace):
            due = notices.handled(workspace, before, BATCH)
        if not due:
            return done
        if not (gone := len(erase(actor, "notice", due, living=True))):
            return done
        done += gone


def _sweep(workspace: UUID, actor: Actor, it: Definition, before: datetime) -> int:
    done, last = 0, None
    while True:
        with sql.work(workspace):
            due = storage.overdue(people.newest(workspace), it, before, after=last, limit=BATCH)
        if not due:
            return done
        try:
            done += len(erase(actor, it.name, due))
        except Problem:  # one of them is still needed: the others go all the same
            for one in due:
                try:
                    done += len(erase(actor, it.name, [one]))
                except Problem:
                    continue
        last = due[-1]
