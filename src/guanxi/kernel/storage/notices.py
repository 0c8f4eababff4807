"""What notices ask of the database: who can be told, who leads whom, whom an announcement means, and until when the clock was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7_floor, uuid7_time
from guanxi.kernel.storage import sql


def tellable(workspace: UUID, users: Sequence[UUID]) -> dict[UUID, tuple[UUID, Mapping[str, Any]]]:
    """Of these people those who can sign in: their account and their desk."""
    found = sql.rows(
        "SELECT u.id, a.id, a.desk FROM gx_user u JOIN gx_account a ON a.workspace_id = u.workspace_id AND a.user_id = u.id AND a.is_active "
        "WHERE u.workspace_id = %s AND u.id = ANY(%s) AND u.deleted_at IS NULL AND u.active IS NOT FALSE",
        [workspace, list(users)],
    )
    return {row[0]: (row[1], row[2] or {}) for row in found}


def superiors(workspace: UUID, users: Sequence[UUID]) -> dict[UUID, UUID]:
    """The superior of each: the one named, else the head of their department, else of the one above it."""
    found = sql.rows(
        "SELECT u.id, COALESCE(u.superior_id, NULLIF(d.head_id, u.id), NULLIF(above.head_id, u.id)) FROM gx_user u "
        "LEFT JOIN gx_department d ON d.id = u.department_id AND d.deleted_at IS NULL "
        "LEFT JOIN gx_department above ON above.id = d.above_id AND above.deleted_at IS NULL WHERE u.workspace_id = %s AND u.id = ANY(%s)",
        [workspace, list(users)],
    )
    return {row[0]: row[1] for row in found if row[1] is not None}


def addressed(workspace: UUID, row: Mapping[str, Any]) -> list[UUID]:
    """The active users whom an announcement's fields name."""
    if row["everyone"]:
        found = sql.rows("SELECT id FROM gx_user WHERE workspace_id = %s AND deleted_at IS NULL AND active IS NOT FALSE ORDER BY id", [workspace])
        return [one[0] for one in found]
    found = sql.rows(
        "WITH RECURSIVE d AS (SELECT id FROM gx_department WHERE workspace_id = %s AND id = ANY(%s) UNION "
        "SELECT c.id FROM gx_department c JOIN d ON c.above_id = d.id WHERE c.deleted_at IS NULL) "
        "SELECT u.id FROM gx_user u WHERE u.workspace_id = %s AND u.deleted_at IS NULL AND u.active IS NOT FALSE AND (u.id = ANY(%s) "
        "OR u.department_id IN (SELECT id FROM d) OR EXISTS (SELECT 1 FROM gx_link l WHERE l.workspace_id = u.workspace_id AND l.object = 'user' "
        "AND l.source_id = u.id AND (l.field = 'roles' AND l.target_id = ANY(%s) OR l.field = 'departments' AND l.target_id IN (SELECT id FROM d)))) ORDER BY u.id",
        [workspace, list(row["units"] or ()), workspace, list(row["people"] or ()), list(row["roles"] or ())],
    )
    return [one[0] for one in found]


def open_about(workspace: UUID, records: Sequence[tuple[str, UUID]] | None, limit: int = 5000) -> list[UUID]:
    """The notices of things to do about some records (None: all there are) that are not over."""
    if records is None:
        where, values = "", []
    else:
        where = "AND (object_name, record) IN (SELECT * FROM unnest(%s::text[], %s::text[])) "
        values = [[name for name, _ in records], [str(record) for _, record in records]]
    found = sql.rows(
        f"SELECT id FROM gx_notice WHERE workspace_id = %s {where}AND done_at IS NULL AND tab = 'todo' AND deleted_at IS NULL ORDER BY id LIMIT {int(limit)}",
        [workspace, *values],
    )
    return [row[0] for row in found]


def open_of(workspace: UUID, kind: str, object: str) -> set[tuple[str, UUID]]:
    """The records of an object that are told of by open notices of a kind, each with whom."""
    found = sql.rows(
        "SELECT record, owner_id FROM gx_notice WHERE workspace_id = %s AND kind = %s AND object_name = %s AND done_at IS NULL AND deleted_at IS NULL", [workspace, kind, object]
    )
    return {(row[0], row[1]) for row in found}


def handled(workspace: UUID, before: datetime, limit: int) -> list[UUID]:
    """The oldest notices that are over since before an instant: to-dos that ended, others that were read."""
    found = sql.rows(
        f"SELECT id FROM gx_notice WHERE workspace_id = %s AND id < %s AND (CASE WHEN tab = 'todo' THEN done_at ELSE read_at END) < %s ORDER BY id LIMIT {int(limit)}",
        [workspace, uuid7_floor(before), before],
    )
    return [row[0] for row in found]


def devices(workspace: UUID, user: UUID, since: datetime) -> list[str]:
    """What somebody signed in with since an instant, as browsers call themselves."""
    found = sql.rows(
        "SELECT DISTINCT agent FROM gx_log WHERE workspace_id = %s AND user_id = %s AND kind = 'sign_in' AND id >= %s LIMIT 200",
        [workspace, user, uuid7_floor(since)],
    )
    return [row[0] for row in found]


CLOCK = "clock"


def clock(workspace: UUID, now: datetime) -> datetime | None:
    """Until when the clock was read, held until the transaction ends; None while another worker reads it. The first time is now."""
    sql.run(
        "INSERT INTO gx_consumer (workspace_id, name, xid, event_id) VALUES (%s, %s, pg_snapshot_xmin(pg_current_snapshot()), %s) ON CONFLICT DO NOTHING",
        [workspace, CLOCK, uuid7_floor(now)],
    )
    held = sql.rows("SELECT event_id FROM gx_consumer WHERE workspace_id = %s AND name = %s FOR UPDATE SKIP LOCKED", [workspace, CLOCK])
    if not held:
        return None
    if held[0][0] is None:  # a restored database reads it from now on
        wind(workspace, now)
        return now
    return uuid7_time(held[0][0])


def wind(workspace: UUID, now: datetime) -> None:
    """The clock was read until now."""
    sql.run("UPDATE gx_consumer SET event_id = %s WHERE workspace_id = %s AND name = %s", [uuid7_floor(now), workspace, CLOCK])
