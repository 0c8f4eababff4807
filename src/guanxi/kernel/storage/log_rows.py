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
    workspace: UUID, *, user: UUID | None = None, kinds: Sequence[str] = (), object: str = "", since: datetime | None = None, until: datetime | None = None,
    before: UUID | None = None, limit: int, settings: Sequence[str] = (), unsaid: Sequence[str] = (), deletions: bool = False, only_events: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Lines that fit, newest first, with the names of people as they are now. With them what people did to some objects (`settings`)
    by other verbs than `unsaid`, and what they put into the bin (`deletions`), as lines of the kinds `settings` and `deleted`;
    `only_events`: nothing else.
    Ids are times in both tables, so each is read from its newest end."""
    arms: list[tuple[str, list[Any]]] = []
    if not only_events:
        where, values = _fits("g", (("kind = ANY(%s)", list(kinds) or None), *_common(object, since, until, before)))
        if user is not None:
            where, values = where + " AND (g.user_id = %s OR g.actor_id = %s)", [*values, user, user]
        arms.append((f"SELECT g.id, g.at, g.kind, g.user_id, g.actor_id, g.address, g.agent, g.object, g.record_id, g.details FROM gx_log g WHERE g.workspace_id = %s{where}", values))
    for wanted, kind, which, named in ((bool(settings), "settings", "e.object = ANY(%s) AND e.verb <> ALL(%s) AND e.cause IS NULL AND (e.actor_kind IN ('person', 'token') OR e.via = 'cli')", [list(settings), list(unsaid)]), (deletions, "deleted", "e.verb = 'delete'", [])):
        if wanted:
            where, values = _fits("e", (("actor_id = %s", user), *_common(object, since, until, before)))
            where += " AND e.verb <> 'delete'" if deletions and kind == "settings" else ""
            details = "jsonb_build_object('verb', e.verb, 'via', e.via, 'fields', (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_object_keys(e.changes) k))"
            arms.append((f"SELECT e.id, e.at, '{kind}', e.actor_id, NULL::uuid, '', '', e.object, e.record_id, {details} FROM gx_event e WHERE e.workspace_id = %s AND {which}{where}", [*named, *values]))
    text = " UNION ALL ".join(f"(SELECT * FROM ({arm}) AS arm(id, at, kind, user_id, actor_id, address, agent, object, record_id, details) ORDER BY id DESC LIMIT {int(limit)})" for arm, _ in arms)
    found = sql.rows(
        "SELECT l.id, l.at, l.kind, l.user_id, u.name, l.actor_id, a.name, l.address, l.agent, l.object, l.record_id, l.details "
        f"FROM ({text}) l LEFT JOIN gx_user u ON u.id = l.user_id LEFT JOIN gx_user a ON a.id = l.actor_id ORDER BY l.id DESC LIMIT {int(limit)}",
        [value for _, values in arms for value in (workspace, *values)],
    )
    return [dict(zip(NAMES, row, strict=True)) for row in found]


def _common(name: str, since: datetime | None, until: datetime | None, before: UUID | None) -> tuple[tuple[str, Any], ...]:
    return (
        ("object = %s", name or None), ("id >= %s", uuid7_floor(since) if since else None), ("id < %s", uuid7_floor(until) if until else None),
        ("id < %s", before),
    )  # fmt: skip


def _fits(alias: str, tests: Sequence[tuple[str, Any]]) -> tuple[str, list[Any]]:
    """The tests whose value was given, as a condition on columns of an alias."""
    given = [(test, value) for test, value in tests if value is not None]
    return "".join(f" AND {alias}.{test}" for test, _ in given), [value for _, value in given]


def count(workspace: UUID, kind: str, address: str, since: datetime) -> int:
    """How often something came from an address."""
    return int(
        sql.rows(
            "SELECT count(*) FROM gx_log WHERE workspace_id = %s AND address = %s AND kind = %s AND id >= %s",
            [workspace, address, kind, uuid7_floor(since)],
        )[0][0]
    )


def counted(workspace: UUID, user: UUID | None, kind: str, name: str, since: datetime) -> int:
    """How many lines of a kind a person left since an instant, about records of one object, or ("") of any."""
    only, values = ("AND object = %s ", [name]) if name else ("", [])
    return int(
        sql.rows(
            f"SELECT count(*) FROM gx_log WHERE workspace_id = %s AND user_id = %s AND kind = %s {only}AND id >= %s",
            [workspace, user, kind, *values, uuid7_floor(since)],
        )[0][0]
    )


def noted(workspace: UUID, user: UUID | None, kind: str, key: str, since: datetime) -> set[str]:
    """What a person's lines of a kind since an instant say under a key."""
    found = sql.rows(
        "SELECT DISTINCT details->>%s FROM gx_log WHERE workspace_id = %s AND user_id = %s AND kind = %s AND id >= %s", [key, workspace, user, kind, uuid7_floor(since)]
    )
    return {row[0] for row in found}
