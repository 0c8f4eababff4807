"""The seals' table: what the rows of the journal, and of the log beside it, were when they were sealed.

The hash of a row is taken by the database over its columns as one JSON list, written here and not in a function of the
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


@dataclass(frozen=True)
class Chain:
    """What is sealed: a table that is only ever added to, and what of its rows (alias e) the hash is taken over."""

    name: str
    table: str
    columns: str

    @property
    def hash(self) -> str:
        return f"substr(sha256(convert_to(jsonb_build_array({self.columns})::text, 'UTF8')), 1, {WIDTH})"


JOURNAL = Chain("journal", "gx_event", "e.id, e.object, e.record_id, e.verb, e.actor_id, e.actor_kind, e.via, extract(epoch FROM e.at)::text, e.changes, e.cause, e.request")
LOG = Chain("log", "gx_log", "e.id, extract(epoch FROM e.at)::text, e.kind, e.user_id, e.actor_id, e.address, e.agent, e.object, e.record_id, e.details")
CHAINS = (JOURNAL, LOG)
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

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """(id, hash) of each row, as bytes: of a million rows, nearly none has to be named."""
        for at in range(0, len(self.ids), WIDTH):
            yield self.ids[at : at + WIDTH], self.hashes[at : at + WIDTH]


def _seal(row: tuple[int, int, bytes, bytes, bytes, datetime]) -> Seal:
    return Seal(row[0], row[1], bytes(row[2]), bytes(row[3]), bytes(row[4]), row[5])


_READ = "SELECT number, events, ids, hashes, digest, sealed_at FROM gx_seal WHERE workspace_id = %s AND chain = %s "


def alone(workspace: UUID) -> bool:
    """Whether this transaction is the one that may seal now."""
    return bool(sql.rows("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(workspace)])[0][0])


def last(workspace: UUID, chain: Chain) -> Seal | None:
    found = sql.rows(_READ + "ORDER BY number DESC LIMIT 1", [workspace, chain.name])
    return _seal(found[0]) if found else None


def after(workspace: UUID, chain: Chain, number: int, limit: int) -> list[Seal]:
    """The seals that follow a number, in order."""
    return [_seal(row) for row in sql.rows(_READ + f"AND number > %s ORDER BY number LIMIT {int(limit)}", [workspace, chain.name, number])]


def unsealed(workspace: UUID, chain: Chain, limit: int) -> list[tuple[UUID, bytes, str]]:
    """(id, hash, transaction) of the rows after the last seal, in commit-safe order (see `journal_rows.unread`)."""
    xid, id = _end(workspace, chain)
    rows = sql.rows(
        f"SELECT e.id, {chain.hash}, e.xid::text FROM (SELECT * FROM {chain.table} e WHERE (e.xid, e.id) > (%s::xid8, %s) "
        f"AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.workspace_id = %s ORDER BY e.xid, e.id LIMIT {int(limit)}) e ORDER BY e.xid, e.id",
        [xid, id, workspace],
    )
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


def _end(workspace: UUID, chain: Chain) -> tuple[str, UUID]:
    """The transaction and the row up to which the seals have come."""
    found = sql.rows("SELECT xid::text, ids FROM gx_seal WHERE workspace_id = %s AND chain = %s ORDER BY number DESC LIMIT 1", [workspace, chain.name])
    return (found[0][0], UUID(bytes=bytes(found[0][1])[-WIDTH:])) if found else ("0", UUID(int=0))


def waiting(workspace: UUID, chain: Chain) -> int:
    """How many rows no seal has come to."""
    xid, id = _end(workspace, chain)
    return int(sql.rows(f"SELECT count(*) FROM {chain.table} e WHERE (e.xid, e.id) > (%s::xid8, %s) AND e.workspace_id = %s", [xid, id, workspace])[0][0])


def add(workspace: UUID, chain: Chain, seal: Seal, xid: str) -> None:
    sql.run(
        "INSERT INTO gx_seal (id, workspace_id, chain, number, xid, events, ids, hashes, digest, sealed_at) VALUES (%s, %s, %s, %s, %s::xid8, %s, %s, %s, %s, %s)",
        [uuid7(), workspace, chain.name, seal.number, xid, seal.events, seal.ids, seal.hashes, seal.digest, seal.sealed_at],
    )


def now(workspace: UUID, chain: Chain, ids: bytes) -> dict[bytes, bytes]:
    """The hashes of a seal's rows as they are at this moment, by id; those that are gone are left out. Answered as one value:
    five thousand rows of two values take the driver longer than the hashes take the database."""
    named = [ids[at : at + WIDTH] for at in range(0, len(ids), WIDTH)]
    if not named:
        return {}
    asked = f"{{{','.join(one.hex() for one in named)}}}"
    found = sql.rows(
        f"SELECT string_agg(uuid_send(e.id) || {chain.hash}, ''::bytea) FROM {chain.table} e "
        "WHERE e.workspace_id = %s AND e.id BETWEEN %s AND %s AND e.id = ANY(%s::uuid[])",
        [workspace, UUID(bytes=min(named)), UUID(bytes=max(named)), asked],
    )[0][0]
    held = bytes(found or b"")
    return {held[at : at + WIDTH]: held[at + WIDTH : at + 2 * WIDTH] for at in range(0, len(held), 2 * WIDTH)}


def passed(workspace: UUID, chain: Chain) -> int:
    """How many rows there are up to where the seals have come."""
    xid, id = _end(workspace, chain)
    return int(sql.rows(f"SELECT count(*) FROM {chain.table} e WHERE e.workspace_id = %s AND (e.xid, e.id) <= (%s::xid8, %s)", [workspace, xid, id])[0][0])


def passed_ids(workspace: UUID, chain: Chain, after: UUID, limit: int) -> list[UUID]:
    """Their ids in order, a part at a time."""
    xid, id = _end(workspace, chain)
    found = sql.rows(
        f"SELECT e.id FROM {chain.table} e WHERE e.workspace_id = %s AND (e.xid, e.id) <= (%s::xid8, %s) AND e.id > %s ORDER BY e.id LIMIT {int(limit)}",
        [workspace, xid, id, after],
    )
    return [row[0] for row in found]
