"""Search entries: one per living record, written in the record's own transaction.

The table is outside row-level security on purpose (docs/adr/0004): the text-search operator is not leak-proof, so
PostgreSQL would not use its index under a security policy. Every statement here carries the workspace itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import bulk, sizes, sql

_OWN = ("id", "object", "updated_at")
_CASTS = {"owners": "%s::uuid[]", "tokens": "%s::tsvector"}


@dataclass(slots=True)
class Entry:
    """What one record is found by: `words` are kept to check phrases, `owners` decide who may find it."""

    id: UUID
    object: str
    title: str
    subtitle: str
    words: str
    owners: tuple[UUID, ...]
    tokens: Set[str]
    updated_at: datetime


def put(catalog: Catalog, entries: Iterable[Entry], size: int, *, fresh: bool) -> None:
    """Write so many entries, taken one by one as they are written. `fresh`: their records were made in this transaction, so
    none exists yet."""
    source = iter(entries)
    with bulk.sorted_in("gx_search_tokens", size, later=True):
        while part := list(islice(source, bulk.SLICE)):
            columns = {name: [getattr(entry, name) for entry in part] for name in _OWN}
            columns |= {
                "workspace_id": [catalog.workspace] * len(part), "title": [e.title[:300] for e in part],
                "subtitle": [e.subtitle[:300] for e in part], "words": [e.words[:1000] for e in part],
                "owners": [list(e.owners) for e in part], "rank": [0] * len(part), "tokens": [bulk.Tokens(e.tokens) for e in part],
            }  # fmt: skip
            if fresh:
                bulk.insert("gx_search_entry", columns)
            else:
                _replace(columns)


def _replace(columns: Mapping[str, Sequence[Any]]) -> None:
    place = "(" + ", ".join(_CASTS.get(name, "%s") for name in columns) + ")"
    size = len(columns["id"])
    sql.run(
        f"INSERT INTO gx_search_entry ({', '.join(columns)}) VALUES {', '.join([place] * size)} "
        "ON CONFLICT (id) DO UPDATE SET title = excluded.title, subtitle = excluded.subtitle, words = excluded.words, "
        "owners = excluded.owners, tokens = excluded.tokens, updated_at = excluded.updated_at",
        [columns[name][row].text if name == "tokens" else columns[name][row] for row in range(size) for name in columns],
    )


def remove(catalog: Catalog, ids: Sequence[UUID]) -> None:
    if ids:
        sql.run("DELETE FROM gx_search_entry WHERE workspace_id = %s AND id = ANY(%s)", [catalog.workspace, list(ids)])


def holder(it: Definition, alias: str) -> str:
    """Who decides about finding a row: its owner, or the pool it lies in."""
    return f"COALESCE({alias}.owner_id, {alias}.pool_id)" if it.pooling is not None else f"{alias}.owner_id"


def owners_of(catalog: Catalog, table: str, owner: str, ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """The owners of some records, or their pools: what their children's entries inherit."""
    if not ids:
        return {}
    found = sql.rows(
        f"SELECT p.id, {owner} FROM {table} p WHERE p.workspace_id = %s AND p.id = ANY(%s)",
        [catalog.workspace, list(ids)],
    )
    return {row[0]: row[1] for row in found}


def hand_over(catalog: Catalog, child: Definition, child_links: Sequence[tuple[str, Definition]], link: str, parents: Sequence[UUID]) -> None:
    """After parents changed owner or pool: recompute who may find their children. `child_links` are (column, parent)."""
    parts = ([holder(child, "c")] if child.owned else []) + [
        f"(SELECT {holder(parent, 'p')} FROM {parent.table} p WHERE p.id = c.{column})" for column, parent in child_links
    ]
    sql.run(
        f"UPDATE gx_search_entry e SET owners = array_remove(ARRAY[{', '.join(parts)}]::uuid[], NULL) FROM {child.table} c "
        f"WHERE c.workspace_id = %s AND c.{link} = ANY(%s) AND e.id = c.id",
        [catalog.workspace, list(parents)],
    )


FEW = 40
"""Up to so many people's entries are looked up together with the words, in the one index that holds both: it goes from a word's
entries to the next of theirs without reading what lies between, and says at once that a newcomer owns nothing. With more of them
it is shorter to look at each entry that holds the words."""
SMALL = 5_000
"""Objects with so few rows in all are gone through by themselves, however many entries of others hold a word."""


@dataclass(frozen=True)
class Arm:
    """A set of objects an actor sees alike: all their records (`owners` None) or those of some people."""

    objects: tuple[str, ...]
    owners: tuple[UUID, ...] | None


@dataclass(frozen=True)
class Below:
    """Records of `object` are read also by the team of the record of `above` that their `column` links to."""

    object: Definition
    column: str
    above: Definition


def find(
    catalog: Catalog, tsquery: str, arms: Sequence[Arm], member: UUID | None, below: Sequence[Below] = (), *, limit: int
) -> list[tuple[Any, ...]]:
    """(object, id, title, subtitle, words, updated_at) of entries that hold every token, within the arms; for a member of teams
    also their records of these objects, and what lies below those."""
    queries: list[str] = []
    values: list[Any] = []
    head = "(SELECT e.object, e.id, e.title, e.subtitle, e.words, e.updated_at FROM gx_search_entry e WHERE e.workspace_id = %s AND "
    scoped: list[str] = []
    some: list[Arm] = []
    for arm in arms:
        if arm.owners is None:
            few = sum(max(sizes.rows_of(catalog.objects[name]), 0) for name in arm.objects) <= SMALL < sizes.entries()
            tokens = "(e.tokens || ''::tsvector)" if few else "e.tokens"  # not by the index of words
            queries.append(f"{head}{tokens} @@ %s::tsquery AND e.object = ANY(%s) LIMIT {int(limit)})")
            values += [catalog.workspace, tsquery, list(arm.objects)]
            continue
        scoped += arm.objects
        if arm.owners:
            some.append(arm)
    if some:
        everybody = sorted({owner for arm in some for owner in arm.owners or ()})
        owners = "e.owners" if len(everybody) <= FEW else "(e.owners || '{}'::uuid[])"
        each = " OR ".join(["(e.object = ANY(%s) AND (e.owners || '{}'::uuid[]) && %s::uuid[])"] * len(some))
        queries.append(f"{head}e.tokens @@ %s::tsquery AND {owners} && %s::uuid[] AND ({each}) LIMIT {int(limit) * min(len(some), 2)})")
        values += [catalog.workspace, tsquery, everybody, *(part for arm in some for part in (list(arm.objects), list(arm.owners or ())))]
    head += "e.tokens @@ %s::tsquery AND e.object = ANY(%s)"
    if scoped and member is not None and sql.rows("SELECT 1 FROM gx_team_member WHERE workspace_id = %s AND user_id = %s LIMIT 1", [catalog.workspace, member], kept=True):
        # of a part for teams, planning alone took as long as everything else where nobody is in one
        mine = "m.workspace_id = %s AND m.user_id = %s AND (m.until IS NULL OR m.until > now())"
        teams = [f"SELECT m.record_id FROM gx_team_member m WHERE {mine}"]
        who: list[Any] = [catalog.workspace, member]
        for one in below:
            free = " AND p.pool_id IS NULL" if one.above.pooling is not None else ""
            teams.append(
                f"SELECT c.id FROM gx_team_member m JOIN {one.above.table} p ON p.id = m.record_id{free} JOIN {one.object.table} c "
                f"ON c.workspace_id = m.workspace_id AND c.{one.column} = p.id AND c.deleted_at IS NULL WHERE {mine} AND m.object = %s"
            )
            who += [catalog.workspace, member, one.above.name]
        queries.append(f"{head} AND e.id = ANY(ARRAY({' UNION ALL '.join(teams)})) LIMIT {int(limit)})")
        values += [catalog.workspace, tsquery, scoped, *who]
    if not queries:
        return []
    return sql.rows(f"SELECT * FROM ({' UNION ALL '.join(queries)}) x", values)


def holding(vectors: Sequence[frozenset[str]], tsquery: str) -> list[bool]:
    """Which of some token sets satisfy a query, judged by the database as `find` judges entries."""
    found = sql.rows(
        "SELECT v::tsvector @@ %s::tsquery FROM unnest(%s::text[]) WITH ORDINALITY AS x(v, n) ORDER BY n",
        [tsquery, [bulk.Tokens(tokens).text for tokens in vectors]],
    )
    return [row[0] for row in found]
