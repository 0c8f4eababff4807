"""Which records are linked to a record: one statement over all objects with a link to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Condition
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import Statement, expression, predicate


def linked(catalog: Catalog, children: Sequence[tuple[Definition, str, Condition]], record: UUID, *, limit: int) -> list[tuple[str, UUID]]:
    """(object, id) of living records whose link names the record, the newest of each object."""
    st = Statement(catalog)
    parts: list[str] = []
    values: list[Any] = []
    for child, link, allowed in children:
        text, more = predicate(st, child, "t", allowed)
        parts.append(
            f"(SELECT %s, t.id FROM {child.table} t WHERE t.workspace_id = %s AND t.deleted_at IS NULL "
            f"AND {expression(child.fields[link], 't')} = %s AND ({text}) ORDER BY t.updated_at DESC, t.id DESC LIMIT {int(limit)})"
        )
        values += [child.name, catalog.workspace, record, *more]
    if not parts:
        return []
    return [(row[0], row[1]) for row in sql.rows(" UNION ALL ".join(parts), values)]
