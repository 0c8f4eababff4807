"""Finding records by what people call them: many texts at once, through indexes, for imports.

Titles are looked up in the search entries, which lie outside row-level security: an index over an expression could not
be used inside it, because the normal form is no leak-proof function. Callers apply the actor's rights to what comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Condition
from guanxi.kernel.declare.fields import Field, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import Statement, expression, predicate, veiled
from guanxi.kernel.storage.rows import column_of

TITLE_LENGTH = 300
"""Search entries keep so many characters of a title."""
_NORMAL = "lower(normalize({}, NFKC))"


def by_title(catalog: Catalog, it: Definition, texts: Sequence[str]) -> list[tuple[int, UUID, str]]:
    """(place in `texts`, id, title) of living records called so, in the normal form."""
    if not texts:
        return []
    return sql.rows(
        "SELECT v.place, e.id, e.title FROM unnest(%s::int[], %s::text[]) AS v(place, text) "
        "JOIN gx_search_entry e ON e.workspace_id = %s AND e.object = %s "
        f"AND {_NORMAL.format('e.title')} = {_NORMAL.format('v.text')}",
        [list(range(len(texts))), [text[:TITLE_LENGTH] for text in texts], catalog.workspace, it.name],
    )


def by_text(catalog: Catalog, it: Definition, one: Field, variants: Sequence[str]) -> list[tuple[UUID, Any]]:
    """(id, value) of living records whose field is one of these spellings, exactly: the column's own index serves."""
    column = expression(one, "t", compare=True)
    return sql.rows(
        f"SELECT t.id, {column} FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at IS NULL AND {column} = ANY(%s)",
        [catalog.workspace, list(variants)],
    )


def by_value(catalog: Catalog, it: Definition, condition: Condition) -> list[UUID]:
    """The living records that satisfy a condition on one field."""
    text, parameters = predicate(Statement(catalog), it, "t", condition)
    found = sql.rows(
        f"SELECT t.id FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at IS NULL AND ({text})",
        [catalog.workspace, *parameters],
    )
    return [row[0] for row in found]


def values(
    catalog: Catalog, it: Definition, fields: Sequence[Field], ids: Sequence[UUID]
) -> dict[UUID, tuple[Any, ...]]:
    """The canonical values of some fields of some records."""
    heads: list[str] = []
    spans: list[tuple[Field, int, int]] = []
    for one in fields:
        if isinstance(one, Links):
            raise TypeError(one.name)
        start = len(heads)
        if one.custom:
            heads.append(veiled(one, "t", f"t.custom->'{one.name}'"))
        else:
            heads += [veiled(one, "t", f't."{column_of(one, part.suffix)}"') for part in one.parts]
        spans.append((one, start, len(heads)))
    found = sql.rows(
        f"SELECT t.id, {', '.join(heads)} FROM {it.table} t WHERE t.workspace_id = %s AND t.id = ANY(%s)",
        [catalog.workspace, list(ids)],
    )
    out: dict[UUID, tuple[Any, ...]] = {}
    for raw in found:
        cells = raw[1:]
        out[raw[0]] = tuple(
            one.from_json(cells[start]) if one.custom else one.load(tuple(cells[start:end]))
            for one, start, end in spans
        )
    return out
