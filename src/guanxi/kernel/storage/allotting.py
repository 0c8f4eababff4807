"""What pools that assign by themselves ask of rows: what waits in them, who may be given it, and who got how many today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from guanxi.base.ids import uuid7_floor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.pools import Pool
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import recycling, sql


@dataclass(frozen=True)
class Waiting:
    """A record that lies in a pool: since when, and who had it before."""

    id: UUID
    since: datetime | None
    previous: UUID | None


def alone(pool: UUID) -> bool:
    """Whether nobody else gives out of this pool now; if so nobody does until the transaction ends."""
    return bool(sql.rows("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [f"allot:{pool}"])[0][0])


def waiting(catalog: Catalog, it: Definition, pool: UUID, *, before: datetime | None, after: UUID | None, limit: int, lock: bool) -> list[Waiting]:
    """Records in a pool in the order of their ids, those that came by `before`; locked on demand, and then those that somebody holds
    are left for the next time."""
    found = sql.rows(
        f"SELECT t.id, t.pooled_at, t.previous_owner_id FROM {it.table} t WHERE t.workspace_id = %s AND t.pool_id = %s AND t.owner_id IS NULL AND t.deleted_at IS NULL"
        f"{' AND t.pooled_at < %s' if before is not None else ''}{' AND t.id > %s' if after is not None else ''} ORDER BY t.id LIMIT {int(limit)}{' FOR UPDATE OF t SKIP LOCKED' if lock else ''}",
        [catalog.workspace, pool, *([before] if before is not None else []), *([after] if after is not None else [])],
    )
    return [Waiting(*row) for row in found]


def receivers(catalog: Catalog, pool: Pool, roles: Sequence[UUID]) -> list[UUID]:
    """The members of a pool who can sign in, are active and have one of these roles, in the order they came to the company."""
    member = "TRUE" if pool.everyone else f"u.id = ANY(ARRAY({recycling.members(catalog, pool)}))"
    chosen = [sorted(pool.allot_to)] if pool.allot_to else []
    found = sql.rows(
        "SELECT u.id FROM gx_user u JOIN gx_account a ON a.workspace_id = u.workspace_id AND a.user_id = u.id AND a.is_active "
        f"WHERE u.workspace_id = %s AND u.deleted_at IS NULL AND u.active IS NOT FALSE AND {member} {'AND u.id = ANY(%s) ' if chosen else ''}"
        "AND EXISTS (SELECT 1 FROM gx_link l WHERE l.workspace_id = u.workspace_id AND l.object = 'user' AND l.field = 'roles' AND l.source_id = u.id "
        "AND l.target_id = ANY(%s)) ORDER BY u.id",
        [catalog.workspace, *chosen, list(roles)],
    )
    return [row[0] for row in found]


def received(workspace: UUID, it: Definition, pool: UUID, since: datetime) -> dict[UUID, int]:
    """Per person how many records they claimed or were given by rule out of a pool since an instant: counted by events, so nothing
    gives one back."""
    found = sql.rows(
        "SELECT x.one, count(*) FROM (SELECT CASE verb WHEN 'claim' THEN actor_id ELSE (changes->'owner'->>1)::uuid END AS one FROM gx_event "
        "WHERE workspace_id = %s AND id >= %s AND object = %s AND verb IN ('claim', 'allot') AND changes->'pool'->>0 = %s) x GROUP BY x.one",
        [workspace, uuid7_floor(since), it.name, str(pool)],
    )
    return {row[0]: row[1] for row in found if row[0] is not None}
