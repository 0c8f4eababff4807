"""What a backup asks of the database, over a connection of its own that sees every row.

Nothing here goes through Django: the connection belongs to whoever maintains the database, and may lead to one that is
only just being restored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from guanxi.kernel.storage.seal_rows import CHAINS, JOURNAL

Connection = psycopg.Connection[Any]


def connect(url: str, workspace: UUID | None = None) -> Connection:
    """A connection whose texts of values are the same everywhere; `workspace`: whose rows a role under row-level security sees."""
    own = ["timezone=UTC", "datestyle=ISO", "extra_float_digits=1", "bytea_output=hex", "intervalstyle=postgres", "jit=off"]
    if workspace is not None:
        own.append(f"app.workspace={workspace}")
    return psycopg.connect(url, autocommit=True, options=" ".join(f"-c {one}" for one in own))


def sees_all(connection: Connection) -> bool:
    """Whether row-level security hides nothing from this role."""
    found = connection.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(found and found[0])


def workspaces(connection: Connection) -> list[UUID]:
    return [row[0] for row in connection.execute("SELECT id FROM gx_workspace ORDER BY id")]


def is_empty(connection: Connection) -> bool:
    """Whether the database has no table of ours or anybody's."""
    return not tables(connection)


def size(connection: Connection) -> int:
    found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(found[0]) if found else 0


def hold(connection: Connection) -> str:
    """Begin a transaction that goes on seeing this moment, and name it for others to see the same."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    found = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert found is not None
    return str(found[0])


def tables(connection: Connection) -> list[str]:
    """The tables in the order of their names; of a partitioned one the whole."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    )
    return [row[0] for row in found]


def content(connection: Connection, table: str) -> tuple[int, str]:
    """How many rows a table has, and a sum over a hash of each: the same for the same rows in any order. Numbers of
    transactions are the server's own and left out."""
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND atttypid <> 'xid8'::regtype ORDER BY attname",
        [table],
    ).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(row[0]) for row in columns)
    counted = sql.SQL(
        "SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric), 0)::text FROM (SELECT {} FROM {}) t"
    ).format(names, sql.Identifier(table))
    found = connection.execute(counted).fetchone()
    assert found is not None
    return int(found[0]), str(found[1])


def migrations(connection: Connection) -> dict[str, str]:
    """The last migration of each part of the program."""
    return dict(connection.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app").fetchall())


def files(connection: Connection) -> dict[str, int]:
    """The digests of all stored files, with their sizes; without those whose bytes are about to be deleted."""
    return dict(connection.execute("SELECT DISTINCT digest, size FROM gx_file WHERE type <> 'erased' ORDER BY digest").fetchall())


def unheard(connection: Connection, workspace: UUID, events: Sequence[UUID]) -> int:
    """How many of some events are not in the journal of a workspace that is there."""
    found = connection.execute(
        "SELECT count(*) FROM unnest(%s::uuid[]) AS asked(id) WHERE EXISTS (SELECT FROM gx_workspace w WHERE w.id = %s) "
        "AND NOT EXISTS (SELECT FROM gx_event e WHERE e.workspace_id = %s AND e.id = asked.id)",
        [list(events), workspace, workspace],
    ).fetchone()
    return int(found[0]) if found else 0


def settle(connection: Connection) -> None:
    """Make restored events and lines of the log fit a server that counts its transactions anew, before indexes, triggers and guards are there.

    Sealed ones get number 0 and their seals 1; the others that of this transaction, so that the next seal and every
    reader of the journal come upon them. A reader that was behind starts at the first event it had not read, and may
    meet some a second time.
    """
    with connection.transaction():
        connection.execute(
            "CREATE TEMP TABLE gx_cut ON COMMIT DROP AS SELECT DISTINCT ON (workspace_id, chain) workspace_id, chain, xid, "
            "encode(substr(ids, octet_length(ids) - 15), 'hex')::uuid AS id FROM gx_seal ORDER BY workspace_id, chain, number DESC"
        )
        sealed = f"FROM gx_event e JOIN gx_cut k ON k.workspace_id = e.workspace_id AND k.chain = '{JOURNAL.name}' AND (e.xid, e.id) <= (k.xid, k.id)"
        for workspace, name, xid, event in connection.execute("SELECT workspace_id, name, xid::text, event_id FROM gx_consumer").fetchall():
            first = connection.execute(
                f"SELECT e.id {sealed} WHERE e.workspace_id = %s AND (e.xid, e.id) > (%s::xid8, %s) ORDER BY e.id LIMIT 1", [workspace, xid, event or UUID(int=0)]
            ).fetchone()
            cursor = ("0", UUID(int=first[0].int - 1)) if first else ("1", None)
            connection.execute("UPDATE gx_consumer SET xid = %s::xid8, event_id = %s WHERE workspace_id = %s AND name = %s", [*cursor, workspace, name])
        for chain in CHAINS:
            connection.execute(
                f"UPDATE {chain.table} e SET xid = CASE WHEN EXISTS (SELECT FROM gx_cut k WHERE k.workspace_id = e.workspace_id AND k.chain = %s "
                "AND (e.xid, e.id) <= (k.xid, k.id)) THEN '0'::xid8 ELSE pg_current_xact_id() END",
                [chain.name],
            )
        connection.execute("UPDATE gx_seal SET xid = '1'")


def tidy(connection: Connection) -> None:
    """Clear away what `settle` left behind, and count what the planner needs to know."""
    connection.execute("VACUUM (ANALYZE)")
