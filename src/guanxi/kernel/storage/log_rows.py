"""The log's table: lines are appended and read, and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7, uuid7_floor
from guanxi.kernel.storage import sql

NAMES = ("id", "at", "kind", "user_id", "name", "actor_id", "actor", "address", "agent", "object", "record_id", "details")


def append(
    workspace: UUID, at: datetime, kind: str, user: UUID | None, actor: UUID | None, address: str, agent: str, name: str, record: UUID | None,
    details: Mapping[str, Any],
) -> None:  # fmt: skip
    sql.run(
        "INSERT INTO gx_log (id, workspace_id, at, kind, user_id, actor_id, address, agent, object, record_id, details) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [uuid7(), workspace, at, kind, user, actor, address, agent, name, record, sql.json(details)],
    )


def find(
    workspace: UUID, *, user: UUID | None, kinds: Sequence[str], since: datetime | None, until: datetime | None, before: UUID | None, limit: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Lines that fit, newest first, with the names of people as they are now."""
    where, values = ["g.workspace_id = %s"], [workspace]
    for test, value in (
        ("g.user_id = %s", user), ("g.kind = ANY(%s)", list(kinds) or None), ("g.id >= %s", uuid7_floor(since) if since else None),
        ("g.id < %s", uuid7_floor(until) if until else None), ("g.id < %s", before),
    ):  # fmt: skip
        if value is not None:
            where.append(test)
            values.append(value)  # type: ignore[arg-type]
    found = sql.rows(
        "SELECT g.id, g.at, g.kind, g.user_id, u.name, g.actor_id, a.name, g.address, g.agent, g.object, g.record_id, g.details FROM gx_log g "
        "LEFT JOIN gx_user u ON u.id = g.user_id LEFT JOIN gx_user a ON a.id = g.actor_id "
        f"WHERE {' AND '.join(where)} ORDER BY g.id DESC LIMIT {int(limit)}",
        values,
    )
    return [dict(zip(NAMES, row, strict=True)) for row in found]


def count(workspace: UUID, kind: str, address: str, since: datetime) -> int:
    """How often something came from an address."""
    return int(
        sql.rows(
            "SELECT count(*) FROM gx_log WHERE workspace_id = %s AND address = %s AND kind = %s AND id >= %s",
            [workspace, address, kind, uuid7_floor(since)],
        )[0][0]
    )


def counted(workspace: UUID, user: UUID | None, kind: str, name: str, since: datetime) -> int:
    """How many lines of a kind a person left about records of an object since an instant."""
    return int(
        sql.rows(
            "SELECT count(*) FROM gx_log WHERE workspace_id = %s AND user_id = %s AND kind = %s AND object = %s AND id >= %s",
            [workspace, user, kind, name, uuid7_floor(since)],
        )[0][0]
    )
