"""How far the search for duplicates has come, by workspace and object: one row each, locked while a part is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from guanxi.base.ids import uuid7
from guanxi.kernel.storage import sql


@dataclass(frozen=True)
class Place:
    """Everything changed before `since` was looked at, by `rules`. While a pass is under way (`started`), `after` is the last record
    it looked at; `finished` is when the last pass ended."""

    since: datetime | None
    started: datetime | None
    after: UUID | None
    rules: str
    finished: datetime | None


def at(workspace: UUID, name: str) -> Place | None:
    found = sql.rows("SELECT since, started, after_id, rules, finished FROM gx_scan WHERE workspace_id = %s AND object = %s", [workspace, name])
    return Place(*found[0]) if found else None


def finished(workspace: UUID, names: Sequence[str]) -> datetime | None:
    """When the last pass through some objects ended."""
    found: datetime | None = sql.rows("SELECT max(finished) FROM gx_scan WHERE workspace_id = %s AND object = ANY(%s)", [workspace, list(names)])[0][0]
    return found


def take(workspace: UUID, name: str) -> Place:
    """The place, locked until the transaction ends."""
    sql.run("INSERT INTO gx_scan (id, workspace_id, object, rules) VALUES (%s, %s, %s, '') ON CONFLICT DO NOTHING", [uuid7(), workspace, name])
    found = sql.rows("SELECT since, started, after_id, rules, finished FROM gx_scan WHERE workspace_id = %s AND object = %s FOR UPDATE", [workspace, name])
    return Place(*found[0])


def put(workspace: UUID, name: str, place: Place) -> None:
    sql.run(
        "UPDATE gx_scan SET since = %s, started = %s, after_id = %s, rules = %s, finished = %s WHERE workspace_id = %s AND object = %s",
        [place.since, place.started, place.after, place.rules, place.finished, workspace, name],
    )
