"""The journal's table: events are appended, read in order, and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from guanxi.kernel.storage import bulk, sql

COLUMNS = (
    "id", "workspace_id", "object", "record_id", "verb", "actor_id", "actor_kind", "via", "at", "changes", "cause", "request",
)  # fmt: skip
CHANNEL = "guanxi"


def append(lines: Iterable[Sequence[Any]], notice: str) -> None:
    """Write events (values in the order of COLUMNS) and tell listeners, when this transaction commits, what changed."""
    source = iter(lines)
    first = list(islice(source, bulk.SLICE))
    if len(first) <= bulk.FEW:
        names = ", ".join(COLUMNS)
        places = "(" + ", ".join(["%s"] * len(COLUMNS)) + ")"
        values = [Jsonb(v) if name == "changes" else v for line in first for name, v in zip(COLUMNS, line, strict=True)]
        sql.rows(
            f"WITH e AS (INSERT INTO gx_event ({names}) VALUES {', '.join([places] * len(first))}) SELECT pg_notify(%s, %s)",
            [*values, CHANNEL, notice],
        )
        return
    sql.rows("SELECT pg_notify(%s, %s)", [CHANNEL, notice])
    part = first
    while part:
        columns = dict(zip(COLUMNS, map(list, zip(*part, strict=True)), strict=True))
        columns["changes"] = [Jsonb(value) for value in columns["changes"]]
        bulk.insert("gx_event", columns)
        part = list(islice(source, bulk.SLICE))


_READ = "SELECT e.id, e.object, e.record_id, e.verb, e.actor_id, e.actor_kind, e.via, e.at, e.changes, e.cause, e.request FROM gx_event e "
_NAMES = ("id", "object", "record_id", "verb", "actor_id", "actor_kind", "via", "at", "changes", "cause", "request")


def of_records(
    workspace: UUID, records: Sequence[tuple[str, UUID]], *, before: UUID | None, limit: int, field: str = "",
    after: UUID | None = None, by: UUID | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Events of some records, newest first; with `field`, those that changed it; `by`: those of one person.

    Several records are joined rather than asked for by object: each arm of a union would be planned over every
    partition again, which took four times as long as finding the events.
    """
    if not records:
        return []
    edge = "AND e.id < %s " if before else ""
    past: list[Any] = [before] if before else []
    for text, value in (("e.id >= %s", after), ("e.actor_id = %s", by), ("jsonb_exists(e.changes, %s)", field)):
        if value:
            edge, past = f"{edge}AND {text} ", [*past, value]
    if len(records) == 1:
        name, record = records[0]
        where, values = "WHERE e.workspace_id = %s AND e.object = %s AND e.record_id = %s ", [workspace, name, record]
    else:
        names, ids = zip(*records, strict=True)
        where = (
            "JOIN unnest(%s::text[], %s::uuid[]) AS near(object, id) ON e.object = near.object AND e.record_id = near.id "
            "WHERE e.workspace_id = %s "
        )
        values = [list(names), list(ids), workspace]
    found = sql.rows(f"{_READ}{where}{edge}ORDER BY e.id DESC LIMIT {int(limit)}", [*values, *past], kept=True)
    return [dict(zip(_NAMES, row, strict=True)) for row in found]


def by_ids(workspace: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    found = sql.rows(_READ + "WHERE e.workspace_id = %s AND e.id = ANY(%s)", [workspace, list(ids)]) if ids else []
    return [dict(zip(_NAMES, row, strict=True)) for row in found]


def known(workspace: UUID, ids: Sequence[UUID], via: str) -> set[UUID]:
    """Which of these events there are, or are the cause of what happened by a way in."""
    if not ids:
        return set()
    found = sql.rows(
        "SELECT e.id FROM gx_event e WHERE e.workspace_id = %s AND e.id = ANY(%s) UNION ALL SELECT e.cause FROM gx_event e WHERE e.workspace_id = %s AND e.cause = ANY(%s) AND e.via = %s",
        [workspace, list(ids), workspace, list(ids), via],
    )
    return {row[0] for row in found}


def caused(workspace: UUID, events: Sequence[UUID]) -> list[dict[str, Any]]:
    """The events of which one of these is the cause, oldest first."""
    found = sql.rows(f"{_READ}WHERE e.workspace_id = %s AND e.cause = ANY(%s) ORDER BY e.id", [workspace, list(events)])
    return [dict(zip(_NAMES, row, strict=True)) for row in found]


def since(workspace: UUID, event: UUID, *, limit: int) -> list[tuple[str, UUID]]:
    """(object, record) of the events made after one, oldest first. Ids are times, so only the journal's end is read."""
    found = sql.rows(
        f"SELECT e.object, e.record_id FROM gx_event e WHERE e.id > %s AND e.workspace_id = %s ORDER BY e.id LIMIT {int(limit)}",
        [event, workspace],
    )
    return [(row[0], row[1]) for row in found]


def of_request(
    workspace: UUID, request: str, actor: UUID | None, *, after: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, str, UUID]]:
    """(event, object, record) of what one request of a person did itself, and of what it let go along with records that changed
    hands, newest first, made after `after`: ids are times, so only the journal's part from then on is read."""
    edge = "AND e.id < %s " if before else ""
    found = sql.rows(
        "SELECT e.id, e.object, e.record_id FROM gx_event e WHERE e.id > %s AND e.workspace_id = %s AND e.request = %s "
        f"AND e.actor_id IS NOT DISTINCT FROM %s AND (e.cause IS NULL OR (e.verb = 'assign' AND e.actor_kind <> 'automation')) {edge}ORDER BY e.id DESC LIMIT {int(limit)}",
        [after, workspace, request, actor, *([before] if before else [])],
    )
    return [(row[0], row[1], row[2]) for row in found]


def of_records_in(workspace: UUID, name: str, records: Sequence[UUID], request: str) -> list[dict[str, Any]]:
    """What one request did to some records, consequences included, oldest first."""
    found = sql.rows(
        f"{_READ}WHERE e.workspace_id = %s AND e.object = %s AND e.record_id = ANY(%s) AND e.request = %s ORDER BY e.id",
        [workspace, name, list(records), request],
    )
    return [dict(zip(_NAMES, row, strict=True)) for row in found]


def made(workspace: UUID, name: str, records: Sequence[UUID]) -> dict[UUID, UUID]:
    """The event that made each of some records; those that were never made are left out."""
    found = sql.rows(
        "SELECT record_id, id FROM gx_event WHERE workspace_id = %s AND object = %s AND record_id = ANY(%s) AND verb = 'create'",
        [workspace, name, list(records)],
    )
    return {row[0]: row[1] for row in found}


def made_via(workspace: UUID, via: str) -> list[tuple[str, UUID]]:
    """(object, id) of the records that came into being through one way in, newest first; only the sample's is indexed."""
    return [
        (row[0], row[1])
        for row in sql.rows(
            "SELECT object, record_id FROM gx_event WHERE workspace_id = %s AND via = %s AND verb = 'create' ORDER BY id DESC",
            [workspace, via],
        )
    ]


def count(workspace: UUID) -> int:
    return int(sql.rows("SELECT count(*) FROM gx_event WHERE workspace_id = %s", [workspace])[0][0])


def unread(consumer: str, workspace: UUID, *, limit: int) -> list[dict[str, Any]]:
    """Events a consumer has not seen, in commit-safe order.

    An event is only handed out once every transaction that started before it has ended (the snapshot's xmin), so that
    none is overtaken by one that commits later with a lower number. The consumer's row is locked until the end of the
    transaction: one worker at a time, and its cursor moves with its work.
    """
    held = sql.rows("SELECT xid::text, event_id FROM gx_consumer WHERE workspace_id = %s AND name = %s FOR UPDATE SKIP LOCKED", [workspace, consumer])
    if not held:
        return []
    xid, event = held[0]
    found = sql.rows(
        "SELECT e.id, e.object, e.record_id, e.verb, e.actor_id, e.actor_kind, e.via, e.at, e.changes, e.cause, e.request, e.xid::text "
        "FROM gx_event e WHERE (e.xid, e.id) > (%s::xid8, %s) AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.workspace_id = %s "
        f"ORDER BY e.xid, e.id LIMIT {int(limit)}",
        [xid, event or UUID(int=0), workspace],
    )
    return [dict(zip((*_NAMES, "xid"), row, strict=True)) for row in found]


def enrol(consumer: str) -> None:
    """Make a consumer known in every workspace, starting with what happens from now on where it was not."""
    sql.run(
        "INSERT INTO gx_consumer (workspace_id, name, xid) SELECT id, %s, pg_snapshot_xmin(pg_current_snapshot()) FROM gx_workspace "
        "ON CONFLICT DO NOTHING", [consumer]
    )  # fmt: skip


def advance(consumer: str, workspace: UUID, xid: str, event: UUID) -> None:
    sql.run("UPDATE gx_consumer SET xid = %s::xid8, event_id = %s WHERE workspace_id = %s AND name = %s", [xid, event, workspace, consumer])
