"""Keys of records that are compared for duplicates: one row per record, in the bin too, written in its transaction.

Outside row-level security like search entries (docs/adr/0004): an index over arrays would not be used inside it. Every
statement carries the workspace itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.storage import bulk, sql

SLICE = 1000


def put(catalog: Catalog, name: str, entries: Sequence[tuple[UUID, Sequence[str]]], *, fresh: bool) -> None:
    """Write the keys of records of one object. `fresh`: made in this transaction, so that none exist yet."""
    with bulk.sorted_in("gx_match_keys", len(entries)):
        for start in range(0, len(entries), SLICE):
            part = entries[start : start + SLICE]
            columns: dict[str, Sequence[object]] = {"id": [e[0] for e in part], "workspace_id": [catalog.workspace] * len(part), "object": [name] * len(part), "keys": [list(e[1]) for e in part]}
            if fresh:
                bulk.insert("gx_match", columns)
                continue
            place = "(%s, %s, %s, %s::text[])"
            sql.run(
                f"INSERT INTO gx_match (id, workspace_id, object, keys) VALUES {', '.join([place] * len(part))} ON CONFLICT (id) DO UPDATE SET keys = excluded.keys",
                [value for row in zip(*columns.values(), strict=True) for value in row],
            )


Hit = tuple[int, UUID, str, list[str]]
"""Place among the probes, id, object, keys of a record that shares a key with a probe."""


def find(catalog: Catalog, objects: Sequence[str], probes: Sequence[Sequence[str]], without: Sequence[UUID], most: int) -> list[Hit]:
    """Records that share a key with a probe, so many for each key."""
    return ask(catalog, objects, probes, without, most)()


def ask(catalog: Catalog, objects: Sequence[str], probes: Sequence[Sequence[str]], without: Sequence[UUID], most: int) -> Callable[[], list[Hit]]:
    """The same, looked for while the caller goes on: what comes back gives the answer.

    Each key is looked up in the index by itself, in a function that forbids the planner to read the table instead: one array of
    the thousands of keys of a batch was compared with every row, and took a minute where this takes 50 ms.
    """
    index: dict[str, list[int]] = {}
    for n, probe in enumerate(probes):
        for key in probe:
            index.setdefault(key, []).append(n)
    if not index:
        return list
    asked = sql.ask(
        "SELECT id, object, keys FROM gx_alike($1, $2::text[], $3::text[], $4::uuid[], $5)",
        [str(catalog.workspace).encode(), bulk.array(list(index)).encode(), bulk.array(objects).encode(), bulk.array(without).encode(), str(most).encode()],
    )

    def hits() -> list[Hit]:
        return [(n, record, name, keys) for record, name, keys in asked.rows() for n in sorted({n for key in keys for n in index.get(key, ())})]

    return hits


def alone(catalog: Catalog, name: str) -> None:
    """Whoever writes what a rule forbids to exist twice does so one after the other, until the end of the transaction."""
    sql.rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"duplicates {catalog.workspace} {name}"])


def walk(catalog: Catalog, table: str, after: UUID, most: int) -> list[tuple[UUID, bool]]:
    """The next records of an object by id, and whether each has keys: those written before it was compared have none.

    A page at a time with one look for each: joined, all keys of the company would be hashed once a page."""
    return [(row[0], row[1]) for row in sql.rows(
        f"SELECT p.id, m.found IS NOT NULL FROM (SELECT id FROM {table} WHERE workspace_id = %s AND id > %s ORDER BY id LIMIT %s) p "
        "LEFT JOIN LATERAL (SELECT TRUE AS found FROM gx_match WHERE gx_match.id = p.id LIMIT 1) m ON TRUE ORDER BY p.id",
        [catalog.workspace, after, most],
    )]  # fmt: skip
