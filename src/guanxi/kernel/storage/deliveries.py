"""What waits to be sent outside: written with what it follows from, taken by one worker at a time, tried again later when it failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7
from guanxi.kernel.storage import sql


def put(workspace: UUID, robot: UUID, message: dict[str, Any], now: datetime) -> None:
    sql.run(
        "INSERT INTO gx_delivery (id, workspace_id, robot_id, message, attempts, due_at, created_at) VALUES (%s, %s, %s, %s, 0, %s, %s)",
        [uuid7(), workspace, robot, sql.json(message), now, now],
    )


def take(workspace: UUID, now: datetime, lease: timedelta) -> tuple[UUID, UUID, dict[str, Any], int, datetime] | None:
    """The next that is due, (id, robot, message, attempts with this one, since when it waits), for as long as the lease: whoever dies
    meanwhile loses it to another."""
    found = sql.rows(
        "UPDATE gx_delivery d SET attempts = attempts + 1, due_at = %s WHERE d.id = (SELECT id FROM gx_delivery WHERE workspace_id = %s AND due_at <= %s "
        "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING d.id, d.robot_id, d.message, d.attempts, d.created_at",
        [now + lease, workspace, now],
    )
    return found[0] if found else None


def again(id: UUID, due: datetime) -> None:
    sql.run("UPDATE gx_delivery SET due_at = %s WHERE id = %s", [due, id])


def done(id: UUID) -> None:
    sql.run("DELETE FROM gx_delivery WHERE id = %s", [id])
