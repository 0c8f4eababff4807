"""What grading rules ask of rows: which records get another value, by which rule, and by what figures.

One statement serves the trial and the night and whatever looks at some records only: they cannot disagree. What is counted over linked
records is worked out once for all of them, grouped by the link, and joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi.base.clock import start_of_day
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.grades import Figure, Rule
from guanxi.kernel.declare.conditions import Always, And, Condition, Test
from guanxi.kernel.declare.fields import Choice, DateTime, Money
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import Sql, Statement, expression, predicate

Asked = Callable[[Definition, Any], Condition]
"""Turns a condition as it was written into one with operands of its fields' types."""

_MEASURES = {"count": "count(*)", "sum": "sum({})", "max": "max({})", "latest": "max({})"}


@dataclass(frozen=True)
class Due:
    """A record that gets another value: from, to, by which rule (None: by none that holds any more), and what its figures were."""

    id: UUID
    owner: UUID | None
    before: str | None
    after: str | None
    rule: Rule | None
    found: tuple[Decimal | date | None, ...] = ()


def due(
    catalog: Catalog, it: Definition, rules: Sequence[Rule], ask: Asked, *, ids: Sequence[UUID] | None = None
) -> list[Due]:
    """The records of an object whose value the rules of one field, in their order, would change; of some, or of all living ones."""
    one = it.fields[rules[0].field]
    assert isinstance(one, Choice)
    st = Statement(catalog)
    joins: list[Sql] = []
    tests: list[Sql] = []
    heads: list[str] = []
    places: list[tuple[int, int]] = []
    for rule in rules:
        start = len(heads)
        parts: list[Sql] = []
        for figure in rule.figures:
            alias = f"f{len(heads)}"
            joins.append(_figure(catalog, st, figure, alias, ask, ids))
            heads.append(f"{alias}.v")
            parts.append(_compared(catalog, figure, alias))
        own = predicate(st, it, "t", ask(it, rule.where))
        word = " OR " if rule.any else " AND "
        figures = f" AND ({word.join(text for text, _ in parts)})" if parts else ""
        tests.append((f"({own[0]}){figures}", [*own[1], *(v for _, values in parts for v in values)]))
        places.append((start, len(heads)))
    current = expression(one, "t")
    matched = "CASE " + " ".join(f"WHEN {text} THEN {n}" for n, (text, _) in enumerate(tests)) + " END"
    given = "CASE q.matched " + " ".join(f"WHEN {n} THEN %s::text" for n in range(len(rules))) + f" ELSE {'NULL' if one.ruled else 'q.current'} END"
    some = "AND t.id = ANY(%s) " if ids is not None else ""
    found = sql.rows(
        f"SELECT q.*, {given} FROM (SELECT t.id, t.owner_id, {current} AS current, {matched} AS matched{''.join(f', {head} AS v{n}' for n, head in enumerate(heads))} "
        f"FROM {it.table} t {' '.join(text for text, _ in joins)} WHERE t.workspace_id = %s AND t.deleted_at IS NULL {some}) q WHERE {given} IS DISTINCT FROM q.current ORDER BY q.id",
        [
            *[rule.value for rule in rules], *(v for _, values in tests for v in values), *(v for _, values in joins for v in values),
            catalog.workspace, *([list(ids)] if ids is not None else []), *[rule.value for rule in rules],
        ],
    )  # fmt: skip
    out = []
    for row in found:
        start, end = places[row[3]] if row[3] is not None else (0, 0)
        out.append(Due(row[0], row[1], row[2], row[-1], rules[row[3]] if row[3] is not None else None, tuple(row[4 + start : 4 + end])))
    return out


def _figure(catalog: Catalog, st: Statement, figure: Figure, alias: str, ask: Asked, ids: Sequence[UUID] | None) -> Sql:
    """What is counted, grouped by the record it links to, joined to the row."""
    other = catalog.objects[figure.object]
    inner = st.alias()
    link = expression(other.fields[figure.link], inner)
    conditions: list[Condition] = [ask(other, figure.where)]
    if figure.days:
        conditions.append(_since(catalog, other, figure))
    where, values = predicate(st, other, inner, And(tuple(conditions)))
    measure = _MEASURES[figure.measure]
    if figure.measure != "count":
        one = other.fields[figure.field]
        text = expression(one, inner, "_base" if isinstance(one, Money) else "")
        measure = measure.format(text)
        if figure.measure == "latest" and isinstance(one, DateTime):
            measure = f"({measure} AT TIME ZONE '{catalog.settings.zone}')::date"
    some = f"AND {link} = ANY(%s) " if ids is not None else f"AND {link} IS NOT NULL "
    text = (
        f"LEFT JOIN (SELECT {link} AS k, {measure} AS v FROM {other.table} {inner} WHERE {inner}.workspace_id = %s AND {inner}.deleted_at IS NULL "
        f"{some}AND ({where}) GROUP BY 1) {alias} ON {alias}.k = t.id"
    )
    return text, [catalog.workspace, *([list(ids)] if ids is not None else []), *values]


def _since(catalog: Catalog, other: Definition, figure: Figure) -> Condition:
    """Within the last so many days, today included."""
    one = other.fields[figure.at]
    first = catalog.settings.today - timedelta(days=figure.days - 1)
    edge: date | datetime = start_of_day(first, catalog.settings.tz) if isinstance(one, DateTime) else first
    return Test(figure.at, ">=", edge) if figure.days else Always()


def _compared(catalog: Catalog, figure: Figure, alias: str) -> Sql:
    if figure.measure == "latest":
        edge = catalog.settings.today - timedelta(days=int(figure.value))
        return (f"COALESCE({alias}.v <= %s, TRUE)", [edge]) if figure.op == "older" else (f"COALESCE({alias}.v > %s, FALSE)", [edge])
    value = f"COALESCE({alias}.v, 0)" if figure.measure in ("count", "sum") else f"{alias}.v"
    return f"COALESCE({value} {figure.op} %s, FALSE)", [figure.value]


def hold(it: Definition, workspace: UUID, ids: Sequence[UUID]) -> None:
    """Keep these rows from being written by others until the transaction ends."""
    sql.rows(f"SELECT 1 FROM {it.table} WHERE workspace_id = %s AND id = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR UPDATE", [workspace, sorted(ids)])


def last_set(workspace: UUID, it: Definition, field: str, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, datetime, Any]]:
    """Of each record the last event that changed a field: verb, kind of actor, when, and the value it gave."""
    found = sql.rows(
        "SELECT DISTINCT ON (e.record_id) e.record_id, e.verb, e.actor_kind, e.at, e.changes->%s->1 FROM gx_event e "
        "WHERE e.workspace_id = %s AND e.object = %s AND e.record_id = ANY(%s) AND jsonb_exists(e.changes, %s) ORDER BY e.record_id, e.id DESC",
        [field, workspace, it.name, list(ids), field],
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in found}


def linked(catalog: Catalog, other: Definition, link: str, ids: Sequence[UUID]) -> set[UUID]:
    """The records that some records of another object link to."""
    column = expression(other.fields[link], "t")
    found = sql.rows(f"SELECT DISTINCT {column} FROM {other.table} t WHERE t.workspace_id = %s AND t.id = ANY(%s) AND {column} IS NOT NULL", [catalog.workspace, list(ids)])
    return {row[0] for row in found}
