"""What tests of the door share: the whole state of the database as one value, and proofs that nothing moved it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Problem
from guanxi.kernel import jobs
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE


def state() -> list[tuple[Any, ...]]:
    """Every table of records, links, teams, search entries and events as (name, rows, digest). Prepared, because to plan
    it over all tables takes longer than to run it."""
    with sql.work(DEFAULT_WORKSPACE):
        if not sql.rows("SELECT 1 FROM pg_prepared_statements WHERE name = 'gx_state'"):
            whole = ["gx_link", "gx_team_member", "gx_search_entry", "gx_counter"]
            parts = [f"SELECT '{t}', count(*), sum(hashtextextended(x::text, 0))::text FROM {t} x" for t in whole]
            # a row cannot change without a new version: the trigger sees to it, and tests/kernel/test_journal.py to the trigger
            tables = [d.table for d in REGISTRY.objects.values()]
            parts += [f"SELECT '{t}', count(*), sum(uuid_hash_extended(version, 0))::text FROM {t}" for t in tables]
            parts.append("SELECT 'gx_event', count(*), max(id::text) FROM gx_event")
            sql.run("PREPARE gx_state AS " + " UNION ALL ".join(parts))
        return sql.rows("EXECUTE gx_state")


def events(workspace: UUID = DEFAULT_WORKSPACE) -> int:
    with sql.work(workspace):
        return journal.count(workspace)


def events_of(name: str, record: UUID) -> list[journal.Event]:
    """The record's events, oldest first."""
    with sql.work(DEFAULT_WORKSPACE):
        return journal.of_records(DEFAULT_WORKSPACE, [(name, record)], limit=200)[::-1]


def read_journal(seconds: float = 240) -> None:
    """Every reader reads to the end. An event is handed out once all transactions that began before it have ended, in any
    database of the server, so a test beside this one may hold it up for a while."""
    unread = (
        "SELECT 1 FROM gx_consumer c JOIN gx_event e ON e.workspace_id = c.workspace_id "
        "WHERE c.name IN ('search', 'notices', 'grades') AND (e.xid, e.id) > (c.xid, coalesce(c.event_id, '00000000-0000-0000-0000-000000000000')) LIMIT 1"
    )
    end = time.monotonic() + seconds
    while True:
        while jobs.consume():
            pass
        if not raw(unread) or time.monotonic() > end:
            return
        time.sleep(0.05)


@contextmanager
def refused(problem: type[Problem] = Problem, *codes: str) -> Iterator[Any]:
    """The block raises this problem and leaves the database exactly as it was. `codes`: of its fields, as `field:code`."""
    before = state()
    with pytest.raises(problem) as caught:
        yield caught
    assert type(caught.value) is problem or problem is Problem, caught.value
    if codes:
        assert {f"{e.field}:{e.code}" for e in caught.value.errors} == set(codes), caught.value
    assert state() == before


def create(actor: Any, object: str, /, **changes: Any) -> UUID:
    return door.perform(object, "create", actor=actor, changes=changes).id


def ids(actor: Any, name: str, where: Any = None, **how: Any) -> set[UUID]:
    """Every record the actor finds, all pages."""
    out: set[UUID] = set()
    after = None
    while True:
        page = reading.query(name, actor=actor, where=where, fields=["id"], limit=200, after=after, **how)
        out |= {row["id"] for row in page.rows}
        after = page.next
        if after is None:
            return out


def raw(statement: str, parameters: Any = (), workspace: UUID = DEFAULT_WORKSPACE) -> list[tuple[Any, ...]]:
    """Plain SQL in a transaction of a workspace: what somebody with a database shell would try."""
    with sql.work(workspace):
        return sql.rows(statement, parameters)
