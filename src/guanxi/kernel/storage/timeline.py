"""What lies near a record: which records are linked to it, and what records of many objects are called. One statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Condition
from guanxi.kernel.declare.fields import Field
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import Statement, expression, predicate
from guanxi.kernel.storage.rows import called


@dataclass(frozen=True)
class Child:
    """An object with a link to the record ("" where the condition says so itself): the rows that may be seen, and the title if
    that may be seen."""

    it: Definition
    link: str
    allowed: Condition
    title: Field | None


def _title(one: Field | None) -> str:
    return f"({expression(one, 't')})::text" if one is not None else "NULL::text"


def _told(it: Definition) -> str:
    """History calls merged records by their names: without them it could not say what was merged."""
    return "t.deleted_at IS NULL" if it.duplicates is None else f"(t.deleted_at IS NULL OR t.{MERGED}_id IS NOT NULL)"


def linked(catalog: Catalog, children: Sequence[Child], record: UUID, *, limit: int) -> list[tuple[str, UUID, str | None]]:
    """(object, id, title) of living records whose link names the record, the newest of each object."""
    st = Statement(catalog)
    parts: list[str] = []
    values: list[Any] = []
    for child in children:
        it = child.it
        text, more = predicate(st, it, "t", child.allowed)
        link = f"AND {expression(it.fields[child.link], 't')} = %s " if child.link else ""
        parts.append(
            f"(SELECT %s, t.id, {_title(child.title)} FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at IS NULL "
            f"{link}AND ({text}) ORDER BY t.updated_at DESC, t.id DESC LIMIT {int(limit)})"
        )
        values += [it.name, catalog.workspace, *([record] if child.link else []), *more]
    if not parts:
        return []
    return [(row[0], row[1], row[2]) for row in sql.rows(" UNION ALL ".join(parts), values, kept=True)]


def titles(catalog: Catalog, wanted: Sequence[tuple[Definition, Field, Field | None, Sequence[UUID], Condition]]) -> list[tuple[str, UUID, str]]:
    """(object, id, title) of living records and of merged ones, of those the conditions admit. Each object comes with the field its
    records are called by and the one that goes before it."""
    st = Statement(catalog)
    parts: list[str] = []
    values: list[Any] = []
    for it, title, other, ids, allowed in wanted:
        text, more = predicate(st, it, "t", allowed)
        parts.append(
            f"(SELECT %s, t.id, ({called(title, other, 't')})::text FROM {it.table} t WHERE t.workspace_id = %s AND {_told(it)} "
            f"AND t.id = ANY(%s) AND ({text}))"
        )
        values += [it.name, catalog.workspace, list(ids), *more]
    if not parts:
        return []
    return [(row[0], row[1], row[2]) for row in sql.rows(" UNION ALL ".join(parts), values, kept=True)]


def found(catalog: Catalog, it: Definition, where: Condition, *, deleted: bool | None) -> tuple[UUID, bool] | None:
    """The one record a condition admits, and whether it lives and lies in no pool; None for `deleted` looks in the bin too."""
    text, values = predicate(Statement(catalog), it, "t", where)
    bin_ = {False: " AND t.deleted_at IS NULL", True: " AND t.deleted_at IS NOT NULL", None: ""}[deleted]
    there = sql.rows(
        f"SELECT t.id, t.deleted_at IS NULL{' AND t.pool_id IS NULL' if it.pooling is not None else ''} FROM {it.table} t WHERE t.workspace_id = %s{bin_} AND ({text}) LIMIT 1",
        [catalog.workspace, *values],
    )
    return there[0] if there else None
