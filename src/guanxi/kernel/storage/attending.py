"""Which records nobody attends to: one expression serves the column, the filter, the counter and the morning's notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.attending import QuietDays, Unattended
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import expression
from guanxi.kernel.storage.recycling import ME, declared, literal


@dataclass(frozen=True)
class Quiet:
    """A record left unattended: whose it is, since when, and for how many days."""

    id: UUID
    owner: UUID
    since: datetime
    days: int


def _since(it: Definition) -> str:
    """Since when it is quiet. Whoever gets a record has the whole time."""
    assert it.attended is not None
    parts = [expression(it.fields[it.attended.last], ME), f"{ME}.created_at", *([f"{ME}.owned_since"] if it.pooling is not None else [])]
    return f"GREATEST({', '.join(parts)})"


def _asked(catalog: Catalog, it: Definition) -> str:
    """Whether a record is somebody's to follow up and nobody planned to."""
    assert it.attended is not None
    parts = [f"{ME}.owner_id IS NOT NULL", f"{expression(it.fields[it.attended.planned], ME)} IS NULL", declared(catalog, it, it.attended.live)]
    return " AND ".join(f"({part})" for part in [*parts, *([f"{ME}.pool_id IS NULL"] if it.pooling is not None else [])])


def _days(catalog: Catalog, it: Definition) -> str:
    zone = catalog.settings.zone.replace("'", "''")
    return f"({literal(catalog.settings.today)} - ({_since(it)} AT TIME ZONE '{zone}')::date)"


def with_formulas(catalog: Catalog) -> Catalog:
    """The catalog in which the virtual fields of attended objects know how they are worked out."""
    objects: dict[str, Definition] = dict(catalog.objects)
    for it in catalog.objects.values():
        if it.attended is None:
            continue
        rule, fields = catalog.patience.get(it.name), dict(it.fields)
        for name, one in it.fields.items():
            if isinstance(one, QuietDays):
                fields[name] = one.bound(formula=f"(CASE WHEN {_asked(catalog, it)} THEN GREATEST({_days(catalog, it)}, 0) END)::bigint")
            elif isinstance(one, Unattended):
                fields[name] = one.bound(formula=f"({_asked(catalog, it)} AND {_days(catalog, it)} >= {rule.days})" if rule is not None else "FALSE")
        objects[it.name] = replace(it, fields=fields)
    return replace(catalog, objects=objects)


def quiet(catalog: Catalog, it: Definition, days: int, most: int) -> list[Quiet]:
    """The records of an object left unattended for so many days, of each owner the `most` that have waited longest."""
    text = (
        f"SELECT id, owner_id, since, days FROM (SELECT t.id, t.owner_id, {_since(it)} AS since, {_days(catalog, it)} AS days, "
        f"row_number() OVER (PARTITION BY t.owner_id ORDER BY {_since(it)}, t.id) AS place FROM {it.table} t "
        f"WHERE t.workspace_id = %s AND t.deleted_at IS NULL AND {_asked(catalog, it)} AND {_days(catalog, it)} >= {int(days)}) x WHERE place <= {int(most)} ORDER BY since, id"
    )
    return [Quiet(*row) for row in sql.rows(text.replace(ME, "t"), [catalog.workspace])]


def days_of(catalog: Catalog, it: Definition, ids: Sequence[UUID]) -> dict[UUID, int]:
    """For how many days each of some living records is quiet; those that are planned or nobody's are left out."""
    text = f"SELECT t.id, {_days(catalog, it)} FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at IS NULL AND t.id = ANY(%s) AND {_asked(catalog, it)}"
    found: list[Any] = sql.rows(text.replace(ME, "t"), [catalog.workspace, list(ids)])
    return dict(found)
