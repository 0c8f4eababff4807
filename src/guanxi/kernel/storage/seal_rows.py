"""The seals' table: what the journal's events were when they were sealed.

The hash of an event is taken by the database over its columns as one JSON list, written here and not in a function of the
database, which whoever edits the journal could edit too. The transaction's number is left out: it belongs to the server
and changes when a backup is restored on another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from guanxi.base.ids import uuid7
from guanxi.kernel.storage import sql

WIDTH = 16
"""Bytes of an id, and of a hash: the first half of a SHA-256, which is still far from being hit by trying."""
HASH = (
    "substr(sha256(convert_to(jsonb_build_array(e.id, e.object, e.record_id, e.verb, e.actor_id, e.actor_kind, e.via, "
    f"extract(epoch FROM e.at)::text, e.changes, e.cause, e.request)::text, 'UTF8')), 1, {WIDTH})"
)
_LOCK = 5_512_407


@dataclass(frozen=True)
class Seal:
    """One row: `ids` and `hashes` hold WIDTH bytes for each event, in the order in which they were committed."""

    number: int
    events: int
    ids: bytes
    hashes: bytes
    digest: bytes
    sealed_at: datetime

    def __iter__(self) -> Iterator[tuple[UUID, bytes]]:
        for at in range(0, len(self.ids), WIDTH):
            yield UUID(bytes=self.ids[at : at + WIDTH]), self.hashes[at : at + WIDTH]


def _seal(row: tuple[int, int, bytes, bytes, bytes, datetime]) -> Seal:
    return Seal(row[0], row[1], bytes(row[2]), bytes(row[3]), bytes(row[4]), row[5])


_READ = "SELECT number, events, ids, hashes, digest, sealed_at FROM gx_seal WHERE workspace_id = %s "


def alone(workspace: UUID) -> bool:
    """Whether this transaction is the one that may seal now."""
    return bool(sql.rows("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(workspace)])[0][0])


def last(workspace: UUID) -> Seal | None:
    found = sql.rows(_READ + "ORDER BY number DESC LIMIT 1", [workspace])
    return _seal(found[0]) if found else None


def after(workspace: UUID, number: int, limit: int) -> list[Seal]:
    """The seals that follow a number, in order."""
    return [_seal(row) for row in sql.rows(_READ + f"AND number > %s ORDER BY number LIMIT {int(limit)}", [workspace, number])]


def unsealed(workspace: UUID, limit: int) -> list[tuple[UUID, bytes, str]]:
    """(id, hash, transaction) of the events after the last seal, in commit-safe order (see `journal_rows.unread`)."""
    found = sql.rows("SELECT xid::text, ids FROM gx_seal WHERE workspace_id = %s ORDER BY number DESC LIMIT 1", [workspace])
    xid, event = (found[0][0], UUID(bytes=bytes(found[0][1])[-WIDTH:])) if found else ("0", UUID(int=0))
    rows = sql.rows(
        f"SELECT e.id, {HASH}, e.xid::text FROM gx_event e WHERE (e.xid, e.id) > (%s::xid8, %s) "
        f"AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.workspace_id = %s ORDER BY e.xid, e.id LIMIT {int(limit)}",
        [xid, event, workspace],
    )
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


def add(workspace: UUID, seal: Seal, xid: str) -> None:
    sql.run(
        "INSERT INTO gx_seal (id, workspace_id, number, xid, events, ids, hashes, digest, sealed_at) VALUES (%s, %s, %s, %s::xid8, %s, %s, %s, %s, %s)",
        [uuid7(), workspace, seal.number, xid, seal.events, seal.ids, seal.hashes, seal.digest, seal.sealed_at],
    )


def now(workspace: UUID, ids: list[UUID]) -> dict[UUID, bytes]:
    """The hashes of some events as they are at this moment; those that are gone are left out."""
    found = sql.rows(f"SELECT e.id, {HASH} FROM gx_event e WHERE e.workspace_id = %s AND e.id = ANY(%s)", [workspace, ids])
    return {row[0]: bytes(row[1]) for row in found}


def passed(workspace: UUID) -> int:
    """How many events there are up to where the seals have come."""
    return int(sql.rows(f"SELECT count(*) {_PASSED}", [workspace, workspace])[0][0])


_PASSED = (
    "FROM gx_event e, (SELECT xid, encode(substr(ids, octet_length(ids) - 15), 'hex')::uuid AS id FROM gx_seal "
    "WHERE workspace_id = %s ORDER BY number DESC LIMIT 1) last "
    "WHERE e.workspace_id = %s AND (e.xid, e.id) <= (last.xid, last.id)"
)


def passed_ids(workspace: UUID, after: UUID, limit: int) -> list[UUID]:
    """Their ids in order, a part at a time."""
    return [row[0] for row in sql.rows(f"SELECT e.id {_PASSED} AND e.id > %s ORDER BY e.id LIMIT {int(limit)}", [workspace, workspace, after])]


