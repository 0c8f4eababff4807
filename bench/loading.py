"""Fills a database with a company that has worked for two years.

The door stamps everything with the present and runs every rule's effects one at a time, so what happened in the past is
written in bulk: each record goes through the door's own steps (fields, defaults, computed values, checks, event) at a
moment of the past, and rows, events and search entries are written by the kernel's own functions. What effects do
(last contact, stage history, last deal) is repeated here; `tests/bench` loads the same company both ways and compares.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections

from bench.company import OWNERS, YEARS, Made, company, departments, horizon, people, registry
from guanxi.base.clock import add_months
from guanxi.base.ids import uuid7_floor
from guanxi.kernel import setup
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.access.rights import combine
from guanxi.kernel.catalog.catalog import REGISTRY, Catalog
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, indexing, matching
from guanxi.kernel.records import people as rights
from guanxi.kernel.records.draft import Context, Draft
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import protect, sql, tables
from guanxi.kernel.storage import rows as storage

WORKSPACE = tables.DEFAULT_WORKSPACE
PASSWORD = "measure twice, cut once"
SIGN_IN = ("executive", "manager0", "owner0", "newcomer")
LOADED = ("customer", "contact", "opportunity", "stage_history", "activity")
CHUNK = 500
TOGETHER = 50_000
"""From so many customers on two processes load."""


def id_at(moment: datetime) -> UUID:
    """An id as it would have been made then."""
    return UUID(int=uuid7_floor(moment).int | (int.from_bytes(os.urandom(10), "big") & ((0xFFF << 64) | 0x3FFF_FFFF_FFFF_FFFF)))


@dataclass
class Staff:
    """The people after they were made: owners in order, and everybody by user name."""

    users: dict[str, UUID] = field(default_factory=dict)
    actors: list[Actor] = field(default_factory=list)


def hire(via: str = "bench") -> Staff:
    """Departments, people and the two fields of our own, through the door. Only who signs in has an account."""
    staff = Staff()
    desk = setup.Desk(system(WORKSPACE, via=via))
    places: dict[str, UUID] = {}
    roles = {row["key"]: row["id"] for row in desk.find("role")}
    with sql.work(WORKSPACE):
        for name, above in departments():
            places[name] = desk.perform("department", "create", changes={"name": name, "above": places.get(above or "")}).id
        for person in people():
            changes = {"username": person.username, "name": person.name, "department": places[person.of], "roles": [roles[person.role]]}
            staff.users[person.username] = desk.perform("user", "create", changes=changes).id
            if person.role == "sales_manager":
                desk.perform("department", "update", places[person.of], {"head": staff.users[person.username]})
        for key, kind, name, options in (
            ("x_tier", "choice", "自定档次", {"options": [{"key": k, "zh": n} for k, n in (("normal", "普通"), ("key", "重点"), ("vip", "贵宾"))]}),
            ("x_staff", "integer", "自定人数", {}),
        ):
            desk.perform("custom_field", "create", changes={"object_name": "customer", "key": key, "kind": kind, "name": name, "options": options})
    for username in SIGN_IN:
        setup.create_user(username, username, [], PASSWORD)
    for number in range(OWNERS):
        staff.actors.append(_actor(staff.users[f"owner{number}"], via))
    return staff


def _actor(user: UUID, via: str) -> Actor:
    """A person as `records.people` makes them, for those who have no account."""
    with sql.work(WORKSPACE):
        known = facts.facts(WORKSPACE, user)
    assert known is not None
    held = combine(known.user, known.grants, known.departments, known.below, known.members, known.reports)
    return Actor("person", WORKSPACE, known.user, known.name, held, known.departments, known.below, via=via, catalog=rights.newest(WORKSPACE))


def stages() -> dict[str, UUID]:
    desk = setup.Desk(system(WORKSPACE, via="bench"))
    return {row["key"]: row["id"] for row in desk.find("stage")}


def quarters() -> None:
    """The journal's partitions of the past, as they would have been made quarter by quarter."""
    first = protect.quarter(datetime.now(UTC).date())
    for back in range(3, YEARS * 12 + 6, 3):
        start, end = add_months(first, -back), add_months(first, 3 - back)
        low, high = (uuid7_floor(datetime(d.year, d.month, 1, tzinfo=UTC)) for d in (start, end))
        sql.script(f"CREATE TABLE IF NOT EXISTS gx_event_{start:%Y%m} PARTITION OF gx_event FOR VALUES FROM ('{low}') TO ('{high}')")


class _Past(door._Batch):
    """The door's steps for one object and one person, at any moment, writing nothing yet."""

    def __init__(self, catalog: Catalog, name: str, actor: Actor, cache: dict[Any, Any]) -> None:
        it = catalog.object(name)
        super().__init__(Guard(catalog, actor), it, "create", it.verbs["create"], actor, None, True)
        self.cache = cache
        self.outcomes = [None]

    def create(self, moment: datetime, changes: Mapping[str, Any]) -> door._Work:
        record, event = id_at(moment), id_at(moment)
        item = door.Item(record, changes)
        draft = Draft(self.it, "create", record, {}, {"id": record})
        work = door._Work(0, item, event, draft, Context(self.actor, self.catalog, event, moment, self.cache))
        self._apply(work)
        self._rules(work)
        return work

    def finish(self, work: door._Work, cause: UUID | None) -> journal.Event:
        """After numbering: required values, base amounts, stamps, and the event."""
        moment = self.now = work.context.now
        self.cause = cause
        self._whole(work)
        self._unchanged([work])
        work.draft.values.update(
            version=work.event, updated_at=moment, updated_by=self.actor.user, created_at=moment, created_by=self.actor.user, deleted_at=None
        )
        return self._event(work)


class Loader:
    """Writes a company in chunks; `progress` is told how many customers are in."""

    def __init__(self, staff: Staff, progress: Callable[[int], None]) -> None:
        self.staff = staff
        self.progress = progress
        self.catalog = rights.newest(WORKSPACE)
        self.cache: dict[Any, Any] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.found: dict[str, list[dict[str, Any]]] = {}
        self.events: list[journal.Event] = []
        self._past: dict[tuple[str, UUID | None, str], _Past] = {}
        desk = setup.Desk(system(WORKSPACE, via="bench"))
        self.stages = {("stage", row["id"]): row for row in desk.find("stage")}

    def load(self, made: Iterable[Made]) -> None:
        source, done = iter(made), 0
        while chunk := list(islice(source, CHUNK)):
            self._chunk(chunk)
            done += len(chunk)
            self.progress(done)

    def _chunk(self, made: Sequence[Made]) -> None:
        self.cache.clear()
        self.cache.update(self.stages)
        self.rows = {name: [] for name in LOADED}
        self.found = {name: [] for name in self.rows}
        self.events = []
        plan: list[tuple[Made, door._Work, Actor]] = []
        for one in made:
            actor = self.staff.actors[one.owner]
            plan.append((one, self._open("customer", actor, one.at, one.customer), actor))
        deals = [
            [(actor, self._open("opportunity", actor, at, changes | {"customer": work.draft.id})) for at, changes in one.deals]
            for one, work, actor in plan
        ]
        with sql.work(WORKSPACE):
            self._number("customer", [work for _, work, _ in plan])
            self._number("opportunity", [work for group in deals for _, work in group])
            for (one, work, actor), group in zip(plan, deals, strict=True):
                self._one(one, work, actor, group)
            journal.append(WORKSPACE, self.events, [(event.object, event.record) for event in self.events])
            for name, rows in self.rows.items():
                it = self.catalog.object(name)
                storage.insert(self.catalog, it, rows)
                indexing.write(self.catalog, it, self.found[name], fresh=True)

    def _open(self, name: str, actor: Actor, moment: datetime, changes: Mapping[str, Any]) -> door._Work:
        return self._maker(name, actor).create(moment, changes)

    def _maker(self, name: str, actor: Actor) -> _Past:
        key = (name, actor.user, actor.kind)
        if key not in self._past:
            self._past[key] = _Past(self.catalog, name, actor, self.cache)
        return self._past[key]

    def _number(self, name: str, works: list[door._Work]) -> None:
        maker = self._maker(name, self.staff.actors[0])
        for _, group in groupby(works, key=lambda w: (w.context.today.year, w.context.today.month)):
            maker._numbered(list(group))

    def _close(self, name: str, actor: Actor, work: door._Work, cause: UUID | None = None) -> dict[str, Any]:
        self.events.append(self._maker(name, actor).finish(work, cause))
        values = work.draft.values
        self.rows[name].append(values)
        self.found[name].append(dict(values))
        return values

    def _one(self, one: Made, work: door._Work, actor: Actor, deals: Sequence[tuple[Actor, door._Work]]) -> None:
        customer = self._close("customer", actor, work)
        contact = None
        for at, changes in one.contacts:
            contact = self._close("contact", actor, self._open("contact", actor, at, changes | {"customer": customer["id"]}))
        first = None
        for _, deal in deals:
            row = self._close("opportunity", actor, deal)
            first = first or row
            self._effects(actor, deal, row, customer)
        for at, changes, both in one.talks:
            about = {"customer": customer["id"], "contact": contact["id"] if contact else None}
            if both and first is not None:
                about["opportunity"] = first["id"]
            talk = self._open("activity", actor, at, changes | about)
            self._close("activity", actor, talk)
            how = {"last_contact_at": at, "last_contact_by": actor.user, "last_contact_kind": talk.draft.values["kind"]}
            self._change("customer", actor, talk, customer, "contacted", how)
            if "opportunity" in about and first is not None:
                how = {name: value for name, value in how.items() if name in self.catalog.object("opportunity").fields}
                self._change("opportunity", actor, talk, first, "contacted", how)

    def _effects(self, actor: Actor, deal: door._Work, row: Mapping[str, Any], customer: dict[str, Any]) -> None:
        """What an opportunity's rules do besides: its first line of history, and the customer's last deal."""
        helper = automation(actor)
        at = deal.context.now
        line = {"opportunity": row["id"], "to_stage": row["stage"], "entered_at": row["stage_since"], "by": actor.user}
        self._close("stage_history", helper, self._open("stage_history", helper, at, line), deal.event)
        if row["result"] == "won":
            won = {"last_won_on": row["closed_on"], "deal_status": "won"}
            if customer["relation"] in (None, "potential", "target"):
                won["relation"] = "established"
            self._change("customer", actor, deal, customer, "dealt", won)

    def _change(self, name: str, actor: Actor, cause: door._Work, row: dict[str, Any], verb: str, new: Mapping[str, Any]) -> None:
        fields = self.catalog.object(name).fields
        changed = [key for key in fields if key in new and new[key] != row.get(key)]
        at = cause.context.now
        event = journal.Event(
            id_at(at), name, row["id"], verb, actor.user, "automation", actor.via, at,
            {key: [fields[key].to_json(row.get(key)), fields[key].to_json(new[key])] for key in changed}, cause.event, actor.request,
        )  # fmt: skip
        self.events.append(event)
        row.update({key: new[key] for key in changed}, version=event.id, updated_at=at, updated_by=actor.user)


def through_the_door(staff: Staff, made: Sequence[Made]) -> None:
    """The same company by the ordinary way in, effects and all, stamped with the present."""
    for one in made:
        actor = staff.actors[one.owner]
        customer = door.perform("customer", "create", actor=actor, changes=one.customer).id
        contact = None
        for _, changes in one.contacts:
            contact = door.perform("contact", "create", actor=actor, changes=changes | {"customer": customer}).id
        first = None
        for _, changes in one.deals:
            deal = door.perform("opportunity", "create", actor=actor, changes=changes | {"customer": customer}).id
            first = first or deal
        for _, changes, both in one.talks:
            about = {"customer": customer, "contact": contact} | ({"opportunity": first} if both and first else {})
            door.perform("activity", "create", actor=actor, changes=changes | about)


@contextmanager
def without_indexes() -> Iterator[None]:
    """Indexes that guard nothing are made after the rows: once over all is many times faster than row by row. Not those of the bin,
    which is empty but asked for each number that is given."""
    tables_ = ["gx_event", "gx_search_entry", *(REGISTRY.objects[name].table for name in LOADED)]
    found = sql.rows(
        "SELECT c.oid::regclass::text, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique AND pg_get_expr(i.indpred, i.indrelid) IS DISTINCT FROM '(NOT (deleted_at IS NULL))'",
        [tables_],
    )
    sql.script("".join(f"DROP INDEX {name};" for name, _ in found))
    try:
        yield
    finally:
        sql.script(";".join(text for _, text in found).replace(" ON ONLY ", " ON "))


def load(size: int, progress: Callable[[int], None], folder: Path | None = None) -> Staff:
    """People, then the company, then statistics."""
    staff = hire()
    with sql.work(WORKSPACE):
        quarters()
    staff.actors = [replace(actor, catalog=rights.newest(WORKSPACE)) for actor in staff.actors]
    with without_indexes():
        if size < TOGETHER:
            _part(staff, size, folder, horizon(), 0, size, progress)
        else:
            _both(staff, size, folder, progress)
    with sql.work(WORKSPACE):
        matching.fill(rights.newest(WORKSPACE))  # what a new record is compared with
    sql.script("ANALYZE")
    return staff


def _part(staff: Staff, size: int, folder: Path | None, now: datetime, first: int, end: int, progress: Callable[[int], None]) -> None:
    made = company(size, stages(), now, registry(folder))
    Loader(staff, progress).load(islice(made, first, end))


def _both(staff: Staff, size: int, folder: Path | None, progress: Callable[[int], None]) -> None:
    """The older half by a process of its own, the newer by this: they number by month, so neither waits for the other."""
    half, now = size // 2, horizon()
    connections.close_all()
    helper = get_context("fork").Process(target=_part, args=(staff, size, folder, now, 0, half, lambda done: None))
    helper.start()
    try:
        _part(staff, size, folder, now, half, size, lambda done: progress(done * 2))
    finally:
        helper.join()
    if helper.exitcode:
        raise RuntimeError("the older half was not loaded")
