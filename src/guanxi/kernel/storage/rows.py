"""Rows of objects: read into plain dicts of canonical values, written as changed columns only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from guanxi.base import pinyin
from guanxi.base.ids import uuid7
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Condition
from guanxi.kernel.declare.fields import Field, Links, Money
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import bulk, sql
from guanxi.kernel.storage import compile as compiler
from guanxi.kernel.storage.compile import Joined, Key, Sql, Statement, expression, predicate

MOST_APART = 16
"""Up to so many groups read at once, each way of seeing rows is looked up by itself; more would cost more to plan than to run."""
BASE = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "custom")
_NO_CUSTOM = Jsonb({})


@dataclass(frozen=True)
class Shape:
    """How one object's whole row lies in its table."""

    columns: tuple[str, ...]
    fields: tuple[tuple[Field, int, int], ...]
    customs: tuple[Field, ...]
    many: tuple[Links, ...]


@lru_cache(maxsize=1024)
def shape(it: Definition) -> Shape:
    columns = list(BASE)
    fields: list[tuple[Field, int, int]] = []
    customs: list[Field] = []
    many: list[Links] = []
    for one in it.fields.values():
        if one.system or one.virtual:
            continue
        if isinstance(one, Links):
            many.append(one)
        elif one.custom:
            customs.append(one)
        else:
            start = len(columns)
            columns += [one.column(p.suffix) for p in one.parts]
            fields.append((one, start, len(columns)))
    return Shape(tuple(columns), tuple(fields), tuple(customs), tuple(many))


def column_of(one: Field, suffix: str = "") -> str:
    """System person fields keep their plain column names; everything else answers itself."""
    return one.name if one.system else one.column(suffix)


def whole(it: Definition, raw: Sequence[Any]) -> dict[str, Any]:
    """A whole row as canonical values; many-links are added by `with_links`."""
    form = shape(it)
    out: dict[str, Any] = dict(zip(BASE, raw, strict=False))
    custom = out.pop("custom") or {}
    for one, start, end in form.fields:
        out[one.name] = one.load(tuple(raw[start:end]))
    for one in form.customs:
        out[one.name] = one.from_json(custom.get(one.name))
    known = {one.name for one in form.customs}
    out["@custom"] = {key: value for key, value in custom.items() if key not in known}
    return out


def fetch(
    catalog: Catalog,
    it: Definition,
    where: Condition,
    *,
    lock: bool = False,
    deleted: bool | None = False,
    links: bool = True,
    order: str = "t.id",
    limit: int | None = None,
    after: UUID | None = None,
) -> list[dict[str, Any]]:
    """Whole rows, as the kernel needs them for drafts. `deleted`: False living, True in the bin, None both."""
    st = Statement(catalog)
    text, values = predicate(st, it, "t", where)
    bin_ = {False: " AND t.deleted_at IS NULL", True: " AND t.deleted_at IS NOT NULL", None: ""}[deleted]
    names = ", ".join(f't."{name}"' for name in shape(it).columns)
    if after is not None:
        text, values = f"t.id > %s AND ({text})", [after, *values]
    found = sql.rows(
        f"SELECT {names} FROM {it.table} t WHERE t.workspace_id = %s{bin_} AND ({text}) ORDER BY {order}"
        + (f" LIMIT {int(limit)}" if limit is not None else "")
        + (" FOR UPDATE OF t" if lock else ""),
        [catalog.workspace, *values],
    )
    out = [whole(it, raw) for raw in found]
    if links and out:
        with_links(catalog, it, out)
    return out


def packed(catalog: Catalog, it: Definition, where: Condition, *, deleted: bool = False) -> bytes:
    """The ids of all rows of a condition, 16 bytes each, in their order: as one value of one statement."""
    st = Statement(catalog)
    text, values = predicate(st, it, "t", where)
    bin_ = "IS NOT NULL" if deleted else "IS NULL"
    found = sql.rows(
        f"SELECT string_agg(uuid_send(t.id), ''::bytea ORDER BY t.id) FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at {bin_} AND ({text})",
        [catalog.workspace, *values],
    )
    return bytes(found[0][0] or b"")


def with_links(catalog: Catalog, it: Definition, rows: list[dict[str, Any]]) -> None:
    """Fill in the many-links of rows, all with one statement."""
    many = shape(it).many
    if not many:
        return
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        for one in many:
            row[one.name] = None
    for name, source, target in sql.rows(
        "SELECT field, source_id, target_id FROM gx_link WHERE workspace_id = %s AND object = %s AND source_id = ANY(%s) ORDER BY position",
        [catalog.workspace, it.name, list(by_id)],
    ):
        row = by_id[source]
        if name in row:
            row[name] = [*(row[name] or ()), target]


def stored(it: Definition, row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The database columns that these fields of a draft fill; custom fields come together as one JSON column."""
    out: dict[str, Any] = {}
    custom = False
    for name in names:
        one = it.fields[name]
        if isinstance(one, Links):
            continue
        if one.custom:
            custom = True
            continue
        for part, value in zip(one.parts, one.store(row.get(name)), strict=True):
            out[column_of(one, part.suffix)] = Jsonb(value) if part.sql == "jsonb" and value is not None else value
        if name == it.title and it.initial:
            out[it.initial] = letter(it, row.get(name))
    if custom:
        out["custom"] = Jsonb(custom_json(it, row))
    return out


def letter(it: Definition, title: Any) -> str:
    """The letter a record is looked up under."""
    return pinyin.initial(str(title or ""), surname=it.letters == "people")


def custom_json(it: Definition, row: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(row.get("@custom") or {})
    for one in shape(it).customs:
        value = one.to_json(row.get(one.name))
        if value is not None:
            out[one.name] = value
    return out


def insert(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]]) -> None:
    """New rows, whole; their events must exist in this transaction already."""
    for start in range(0, len(rows), bulk.SLICE):
        bulk.insert(it.table, _columns(catalog, it, rows[start : start + bulk.SLICE]))
    if len(rows) > bulk.FEW:
        # The foreign keys are looked at now and not when the transaction ends, while Python goes on.
        sql.send("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    _link_rows(catalog, it, [(one, row["id"], row[one.name]) for one in shape(it).many for row in rows if row.get(one.name)])


def _columns(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns that any of the rows fills."""
    form = shape(it)
    out: dict[str, list[Any]] = {"workspace_id": [catalog.workspace] * len(rows)}
    for name in BASE[:-1]:
        out[name] = [row[name] for row in rows]
    if it.initial:
        out[it.initial] = [letter(it, row.get(it.title)) for row in rows]
    known = bool(form.customs) or any("@custom" in row for row in rows)
    out["custom"] = [Jsonb(custom_json(it, row)) for row in rows] if known else [_NO_CUSTOM] * len(rows)
    filled = {name for row in rows for name, value in row.items() if value is not None}
    for one, start, end in form.fields:
        columns = form.columns[start:end]
        if one.name not in filled:
            continue
        held = [row.get(one.name) for row in rows]
        if type(one).store is not Field.store:
            empty = (None,) * (end - start)
            stored = [empty if value is None else one.store(value) for value in held]
            for place, column in enumerate(columns):
                out[column] = [values[place] for values in stored]
        else:
            out[columns[0]] = held
        for part, column in zip(one.parts, columns, strict=True):
            if part.sql == "jsonb":
                out[column] = [None if value is None else Jsonb(value) for value in out[column]]
    return out


def update(catalog: Catalog, it: Definition, row: Mapping[str, Any], names: Sequence[str]) -> None:
    """Write the changed fields of one row, with its new version and stamps."""
    values = stored(it, row, names)
    for name in ("version", "updated_at", "updated_by"):
        values[name] = row[name]
    if "deleted_at" in names:
        values["deleted_at"] = row["deleted_at"]
    places = ", ".join(f'"{name}" = %s' for name in values)
    sql.run(
        f"UPDATE {it.table} SET {places} WHERE workspace_id = %s AND id = %s",
        [*values.values(), catalog.workspace, row["id"]],
    )
    for one in shape(it).many:
        if one.name in names:
            sql.run(
                "DELETE FROM gx_link WHERE workspace_id = %s AND object = %s AND field = %s AND source_id = %s",
                [catalog.workspace, it.name, one.name, row["id"]],
            )
            if row.get(one.name):
                _link_rows(catalog, it, [(one, row["id"], row[one.name])])


def _link_rows(catalog: Catalog, it: Definition, links: Sequence[tuple[Links, UUID, Sequence[UUID]]]) -> None:
    """(field, source, targets): the pairs of many-links."""
    pairs = [(one, source, target, place) for one, source, targets in links for place, target in enumerate(targets)]
    if not pairs:
        return
    size = len(pairs)
    bulk.insert(
        "gx_link",
        {
            "id": [uuid7() for _ in pairs], "workspace_id": [catalog.workspace] * size, "object": [it.name] * size,
            "field": [one.name for one, _, _, _ in pairs], "source_id": [source for _, source, _, _ in pairs],
            "target": [one.target for one, _, _, _ in pairs], "target_id": [target for _, _, target, _ in pairs],
            "position": [place for _, _, _, place in pairs],
        },
    )  # fmt: skip


def update_many(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """The same fields of many rows in one statement."""
    if len(rows) == 1 or any(isinstance(it.fields[n], Links) for n in names):
        for row in rows:
            update(catalog, it, row, names)
        return
    columns: list[str] | None = None
    lines: list[list[Any]] = []
    for row in rows:
        values = stored(it, row, names)
        if "deleted_at" in names:
            values["deleted_at"] = row["deleted_at"]
        for name in ("version", "updated_at", "updated_by"):
            values[name] = row[name]
        columns = list(values)
        lines.append([row["id"], *values.values()])
    assert columns is not None
    types = _types(it)
    for start in range(0, len(lines), 500):
        batch = lines[start : start + 500]
        names_sql = ", ".join(f'"{c}" = v.c{i}' for i, c in enumerate(columns))
        place = "(%s::uuid, " + ", ".join(f"%s::{types[c]}" for c in columns) + ")"
        heads = ", ".join(f"c{i}" for i in range(len(columns)))
        sql.run(
            f"UPDATE {it.table} t SET {names_sql} FROM (VALUES {', '.join([place] * len(batch))}) AS v(id, {heads}) "
            "WHERE t.id = v.id AND t.workspace_id = %s",
            [*(value for line in batch for value in line), catalog.workspace],
        )


@lru_cache(maxsize=1024)
def _types(it: Definition) -> dict[str, str]:
    out = {
        "version": "uuid", "updated_at": "timestamptz", "updated_by": "uuid", "deleted_at": "timestamptz", "custom": "jsonb",
        "created_at": "timestamptz", "created_by": "uuid", it.initial: "text",
    }  # fmt: skip
    for one in it.fields.values():
        if not one.system and not one.custom and not one.virtual:
            out |= {one.column(p.suffix): p.sql for p in one.parts}
    return out


def satisfying(catalog: Catalog, it: Definition, ids: Sequence[UUID], where: Condition, deleted: bool | None = None) -> set[UUID]:
    """Which of these rows a condition admits."""
    if not ids:
        return set()
    st = Statement(catalog)
    text, values = predicate(st, it, "t", where)
    bin_ = {False: " AND t.deleted_at IS NULL", True: " AND t.deleted_at IS NOT NULL", None: ""}[deleted]
    found = sql.rows(
        f"SELECT t.id FROM {it.table} t WHERE t.workspace_id = %s AND t.id = ANY(%s::uuid[]){bin_} AND ({text})",
        [catalog.workspace, bulk.array(list(ids)), *values],
    )
    return {row[0] for row in found}


def taken(catalog: Catalog, it: Definition, one: Field, values: Sequence[Any], not_ids: Sequence[UUID], *, bin: bool = False) -> set[Any]:
    """Which values of a unique field living rows hold already, or with `bin` any row."""
    column = expression(one, "t")
    places = ("NULL", "NOT NULL") if bin else ("NULL",)  # apart, because the indexes of the living and of the bin are two
    found = sql.rows(
        " UNION ALL ".join(f"SELECT {column} FROM {it.table} t WHERE t.workspace_id = %s AND t.deleted_at IS {place} AND {column} = ANY(%s) AND NOT (t.id = ANY(%s))" for place in places),
        [catalog.workspace, list(values), list(not_ids)] * len(places),
    )
    return {row[0] for row in found}


def highest(catalog: Catalog, it: Definition, one: Field, prefix: str, suffix: str) -> int:
    """The highest running number between a prefix and a suffix that any row has, the bin's too."""
    column = expression(one, "t")
    found = sql.rows(
        f"SELECT max(substr({column}, %s, length({column}) - %s)::numeric) FROM {it.table} t WHERE t.workspace_id = %s AND starts_with({column}, %s) "
        f"AND right({column}, %s) = %s AND length({column}) > %s AND substr({column}, %s, length({column}) - %s) ~ '^[0-9]{{1,15}}$'",
        [len(prefix) + 1, len(prefix) + len(suffix), catalog.workspace, prefix, len(suffix), suffix, len(prefix) + len(suffix), len(prefix) + 1, len(prefix) + len(suffix)],
    )
    return int(found[0][0] or 0)


# -- reading for people ------------------------------------------------------------------------------------------------


@dataclass
class Output:
    """One thing to read: where it goes in the row, its SQL columns, and how they become a value."""

    path: str
    columns: list[str]
    load: Callable[[tuple[Any, ...]], Any]
    values: list[Any]


MASKED = {"id": None, "label": "***"}
"""A linked record for somebody who may know that there is one but not which."""


class Reading:
    """One list or record statement in the making. The records room adds what the actor may see and runs it once."""

    def __init__(self, catalog: Catalog, it: Definition) -> None:
        self.st = Statement(catalog)
        self.catalog = catalog
        self.it = it
        self.outputs: list[Output] = []
        self.joins: dict[str, Joined] = {}
        self.keys: list[Key] = []
        self._order: list[Joined] = []

    def again(self) -> Reading:
        """The same statement to go on with, as far as it was made."""
        other = Reading(self.catalog, self.it)
        other.st.count = self.st.count
        other.outputs = list(self.outputs)
        other.joins = dict(self.joins)
        other.keys = list(self.keys)
        other._order = list(self._order)
        return other

    def join(self, path: str, parent_alias: str, link: Field, allowed: Condition) -> Joined:
        """The record behind the link at `path`, joined once."""
        if path not in self.joins:
            target = self.catalog.objects[link.target]  # type: ignore[attr-defined]
            joined = Joined(self.st.alias(), link, parent_alias, target, allowed)
            self.joins[path] = joined
            self._order.append(joined)
        return self.joins[path]

    def add(self, path: str, alias: str, one: Field, mask: Callable[[Any], Any] | None = None) -> None:
        columns = [_plain(one, alias, p.suffix) for p in one.parts]
        load = one.load if not one.custom else _custom_load(one)
        if one.custom:
            columns = [compiler.veiled(one, alias, f"{alias}.custom->'{one.name}'")]
        if mask is not None:
            inner = load

            def load(values: tuple[Any, ...]) -> Any:
                return mask(inner(values))

        self.outputs.append(Output(path, columns, load, []))

    def add_link(self, path: str, joined: Joined, title: Field | None, masked: bool = False, other: Field | None = None) -> None:
        """A link as {id, label}, null when the target may not be seen; masked it says only that there is one. `other`: what the target is
        called in the reader's language, where it says so."""
        label = called(title, other, joined.alias) if title is not None else "NULL"

        def load(values: tuple[Any, ...]) -> Any:
            return None if values[0] is None else {**MASKED} if masked else {"id": values[0], "label": values[1] if title is not None else "***"}

        self.outputs.append(Output(path, [f"{joined.alias}.id", label], load, []))

    def add_links(self, path: str, alias: str, one: Links, allowed: Condition, title: Field | None, masked: bool = False, other: Field | None = None) -> None:
        """A many-link as a list of {id, label}, of those that may be seen; masked it says only that there are any. `other`: as in `add_link`."""
        target = self.catalog.objects[one.target]
        inner = self.st.alias()
        text, values = predicate(self.st, target, inner, allowed)
        label = called(title, other, inner) if title is not None else "'***'"
        query = (
            f"(SELECT jsonb_agg(jsonb_build_object('id', {inner}.id, 'label', {label}) ORDER BY l.position) FROM gx_link l "
            f"JOIN {target.table} {inner} ON {inner}.id = l.target_id AND {inner}.deleted_at IS NULL WHERE l.workspace_id = %s AND l.object = %s "
            f"AND l.field = %s AND l.source_id = {alias}.id AND ({text}))"
        )
        owner = self.it if alias == "t" else next(j.target for j in self._order if j.alias == alias)
        self.outputs.append(Output(path, [query], lambda v: [{**MASKED}] if masked and v[0] else v[0] or [], [self.catalog.workspace, owner.name, one.name, *values]))

    def mark(self, path: str, where: Condition) -> None:
        """Whether a condition holds for the row."""
        text, values = predicate(self.st, self.it, "t", where)
        self.outputs.append(Output(path, [f"({text})"], lambda v: bool(v[0]), values))

    def sort(self, alias: str, one: Field, descending: bool) -> None:
        suffix = "_base" if isinstance(one, Money) else ""
        text = f'{alias}."{one.name}"' if one.system else expression(one, alias, suffix, compare=True)
        always = one.name in ("created_at", "updated_at") if one.system else alias == "t" and one.required and one.name == self.it.title
        nullable = not always
        self.keys.append(Key(text, descending, nullable, one))

    def end_sort(self) -> None:
        """The id ends every order, so that no two rows tie."""
        descending = self.keys[-1].descending if self.keys else True
        self.keys.append(Key("t.id", descending, False))

    def turn(self) -> None:
        """Read the order from its end."""
        self.keys = [key.turned() for key in self.keys]

    def run(
        self, where: Condition, *, limit: int, after: Sequence[Any] | None = None, deleted: bool = False, kept: bool = False
    ) -> list[tuple[dict[str, Any], list[Any]]]:
        """Rows as dicts by path, each with its key values for a cursor. `kept`: see `sql.rows`."""
        crossing = self._crossing()
        separate = compiler.arms(where) if not crossing else []
        text, values = self._conditions(where, after, deleted) if not separate else ("", [])
        order = compiler.order_by(self.keys)
        if separate:
            text, values = self._apart(separate, after, deleted, f"ORDER BY {order} LIMIT {int(limit)}")
        joins = [compiler.join(self.st, joined) for joined in self._order]
        join_sql = " ".join(j for j, _ in joins)
        join_values = [v for _, vs in joins for v in vs]
        heads = [c for output in self.outputs for c in output.columns]
        head_values = [v for output in self.outputs for v in output.values]
        keys = ", ".join(key.sql for key in self.keys)
        columns = ", ".join([*heads, keys])
        if crossing:
            query = f"SELECT {columns} FROM {self.it.table} t {join_sql} WHERE {text} ORDER BY {order} LIMIT {int(limit)}"
            parameters = [*head_values, *join_values, *values]
        else:
            query = (
                f"SELECT {columns} FROM (SELECT * FROM {self.it.table} t WHERE {text} ORDER BY {order} LIMIT {int(limit)}) t "
                f"{join_sql} ORDER BY {order}"
            )
            parameters = [*head_values, *values, *join_values]
        return self._loaded(sql.rows(query, parameters, kept=kept), len(heads))

    def run_groups(self, where: Condition, groups: Sequence[Condition], *, limit: int) -> list[list[tuple[dict[str, Any], list[Any]]]]:
        """The first rows of each of several conditions, as `run` gives them, with one statement."""
        order = compiler.order_by(self.keys)
        joins = [compiler.join(self.st, joined) for joined in self._order]
        join_sql, join_values = " ".join(j for j, _ in joins), [v for _, vs in joins for v in vs]
        crossing = self._crossing()
        parts: list[str] = []
        values: list[Any] = []
        for n, group in enumerate(groups):
            both = compiler.conjoined(where, group)
            separate = compiler.arms(both) if not crossing and len(groups) <= MOST_APART else []
            tail = f"ORDER BY {order} LIMIT {int(limit)}"
            text, more = self._apart(separate, None, False, tail) if separate else self._conditions(both, None, False)
            parts.append(f"(SELECT t.*, {n} AS part_ FROM {self.it.table} t {join_sql if crossing else ''} WHERE {text} {tail})")
            values += [*(join_values if crossing else ()), *more]
        heads = [c for output in self.outputs for c in output.columns]
        query = (
            f"SELECT {', '.join([*heads, *(key.sql for key in self.keys)])}, t.part_ FROM ({' UNION ALL '.join(parts)}) t {join_sql} "
            f"ORDER BY t.part_, {order}"
        )
        found = sql.rows(query, [*(v for output in self.outputs for v in output.values), *values, *join_values]) if parts else []
        out: list[list[tuple[dict[str, Any], list[Any]]]] = [[] for _ in groups]
        for raw, row in zip(found, self._loaded([raw[:-1] for raw in found], len(heads)), strict=True):
            out[raw[-1]].append(row)
        return out

    def run_days(
        self, where: Condition, on: Field, days: Sequence[tuple[Any, Any]], *, limit: int
    ) -> list[list[tuple[dict[str, Any], list[Any]]]]:
        """The first rows of each of several spans of a date or an instant, with one statement planned once."""
        order = compiler.order_by(self.keys)
        joins = [compiler.join(self.st, joined) for joined in self._order]
        text, values = self._conditions(where, None, False)
        column, kind = expression(on, "t", compare=True), "text" if on.custom else on.sql
        heads = [c for output in self.outputs for c in output.columns]
        query = (
            f"SELECT {', '.join([*heads, *(key.sql for key in self.keys)])}, d.n "
            f"FROM unnest(%s::{kind}[], %s::{kind}[]) WITH ORDINALITY AS d(low, high, n) CROSS JOIN LATERAL ("
            f"SELECT t.* FROM {self.it.table} t WHERE {text} AND {column} >= d.low AND {column} < d.high ORDER BY {order} LIMIT {int(limit)}) t "
            f"{' '.join(j for j, _ in joins)} ORDER BY d.n, {order}"
        )
        spans = [[compiler.operand(on, day[i]) for day in days] for i in (0, 1)]
        found = sql.rows(query, [*(v for output in self.outputs for v in output.values), *spans, *values, *(v for _, vs in joins for v in vs)])
        out: list[list[tuple[dict[str, Any], list[Any]]]] = [[] for _ in days]
        for raw, row in zip(found, self._loaded([raw[:-1] for raw in found], len(heads)), strict=True):
            out[raw[-1] - 1].append(row)
        return out

    def run_counting(
        self, where: Condition, *, limit: int, most: int, deleted: bool = False
    ) -> tuple[list[tuple[dict[str, Any], list[Any]]], int] | None:
        """The first rows and how many there are, looking at each row of a choice once instead of once for each.

        None when there are more than `most` (then those found first are not the first in order), and when the order
        crosses a link.
        """
        if self._crossing():
            return None
        columns = ", ".join(["t.id", *(f"{key.sql} AS k{i}" for i, key in enumerate(self.keys))])
        separate = compiler.arms(where)
        parts: list[str] = []
        values: list[Any] = []
        self.st.apart = bool(separate)
        for arm in separate or [where]:
            text, more = self._conditions(arm, None, deleted)
            parts.append(f"(SELECT {columns} FROM {self.it.table} t WHERE {text} LIMIT {int(most) + 1})")
            values += more
        self.st.apart = False
        first = compiler.order_by([Key(f"k{i}", key.descending, key.nullable) for i, key in enumerate(self.keys)])
        joins = [compiler.join(self.st, joined) for joined in self._order]
        heads = [c for output in self.outputs for c in output.columns]
        query = (
            f"WITH found AS MATERIALIZED (SELECT * FROM ({' UNION '.join(parts)}) y LIMIT {int(most) + 1}) "
            f"SELECT {', '.join([*heads, *(key.sql for key in self.keys)])}, (SELECT count(*) FROM found) "
            f"FROM (SELECT * FROM {self.it.table} t WHERE t.workspace_id = %s AND t.id = ANY(ARRAY("
            f"SELECT id FROM found ORDER BY {first} LIMIT {int(limit)}))) t "
            f"{' '.join(j for j, _ in joins)} ORDER BY {compiler.order_by(self.keys)}"
        )
        parameters = [
            *values,
            *(v for output in self.outputs for v in output.values),
            self.catalog.workspace,
            *(v for _, vs in joins for v in vs),
        ]
        found = sql.rows(query, parameters)
        count = int(found[0][-1]) if found else 0
        return None if count > most else (self._loaded([raw[:-1] for raw in found], len(heads)), count)

    def _crossing(self) -> bool:
        """Whether the order needs a linked record's columns."""
        return any(not key.sql.startswith(("t.", "(t.")) for key in self.keys)

    def _loaded(self, found: Sequence[Sequence[Any]], width: int) -> list[tuple[dict[str, Any], list[Any]]]:
        plan: list[tuple[str, int, int, Callable[[tuple[Any, ...]], Any]]] = []
        at = 0
        for output in self.outputs:
            plan.append((output.path, at, at + len(output.columns), output.load))
            at += len(output.columns)
        return [({path: load(raw[start:end]) for path, start, end, load in plan}, list(raw[width:])) for raw in found]  # type: ignore[arg-type]

    def _conditions(self, where: Condition, after: Sequence[Any] | None, deleted: bool) -> Sql:
        conditions: list[Sql] = [("t.workspace_id = %s", [self.catalog.workspace])]
        conditions.append(("t.deleted_at IS NOT NULL" if deleted else "t.deleted_at IS NULL", []))
        conditions.append(predicate(self.st, self.it, "t", where))
        if after is not None:
            conditions.append(compiler.after(self.keys, after))
        return compiler.both(conditions, "AND")

    def _apart(self, separate: Sequence[Condition], after: Sequence[Any] | None, deleted: bool, tail: str) -> Sql:
        """The rows of several ways of seeing, each found by itself."""
        parts: list[str] = []
        values: list[Any] = [self.catalog.workspace]
        self.st.apart = True
        for arm in separate:
            text, more = self._conditions(arm, after, deleted)
            parts.append(f"(SELECT t.id FROM {self.it.table} t WHERE {text} {tail})")
            values += more
        self.st.apart = False
        return f"t.workspace_id = %s AND t.id = ANY(ARRAY({' UNION ALL '.join(parts)}))", values

    def count(self, where: Condition, *, most: int | None, deleted: bool = False, kept: bool = False) -> int:
        """How many rows there are, counted no further than `most` + 1. `kept`: see `sql.rows`."""
        return int(sql.rows(*self.counting(where, most=most, deleted=deleted), kept=kept)[0][0])

    def counting(self, where: Condition, *, most: int | None, deleted: bool = False, few: bool = False) -> Sql:
        """The statement that counts. `few`: the rows of one record, each of which is looked at, whoever's it is."""
        limit = f"LIMIT {int(most) + 1}" if most is not None else ""
        separate = compiler.arms(where) if not few else []
        parts: list[str] = []
        values: list[Any] = []
        self.st.apart = few or bool(separate)
        for arm in separate or [where]:
            text, more = self._conditions(arm, None, deleted)
            parts.append(f"(SELECT t.id FROM {self.it.table} t WHERE {text} {limit})")
            values += more
        self.st.apart = False
        if len(parts) == 1:
            return f"SELECT count(*) FROM {parts[0]} x", values
        return f"SELECT count(*) FROM (SELECT * FROM ({' UNION '.join(parts)}) y {limit}) x", values


def counts(statements: Sequence[Sql], *, kept: bool = False) -> list[int]:
    """Several counts with one statement. `kept`: see `sql.rows`."""
    return counts_and_totals(statements, (), kept=kept)[0]


def counts_and_totals(statements: Sequence[Sql], asked: Sequence[Totalling], *, kept: bool = False) -> tuple[list[int], list[list[Any]]]:
    """Several counts, and the measures of questions without groups, with one statement; measures as `aggregates` gives them."""
    parts = list(statements)
    for one in asked:
        text, values = _totalling(one)
        parts.append((f"SELECT ARRAY[{', '.join(f'm{i}::text' for i in range(len(one.measures)))}] FROM ({text}) x", values))
    if not parts:
        return [], []
    text = ", ".join(f"({one})" for one, _ in parts)
    found = sql.rows(f"SELECT {text}", [value for _, values in parts for value in values], kept=kept)[0]
    return [int(n) for n in found[: len(statements)]], [list(texts) for texts in found[len(statements) :]]


def called(title: Field, other: Field | None, alias: str) -> str:
    """What a row is called, in SQL: by the other field where that is filled in."""
    text = expression(title, alias)
    return text if other is None else f"COALESCE(NULLIF({expression(other, alias)}, ''), {text})"


def titles(asked: Sequence[tuple[Reading, Condition, Field, Field | None]]) -> list[tuple[UUID, str | None]]:
    """What rows of several objects are called, with one statement: each with a condition, the field they are called by and the
    one that goes before it where it is filled in."""
    parts: list[str] = []
    values: list[Any] = []
    for reading, where, title, other in asked:
        text, more = reading._conditions(where, None, False)
        parts.append(f"SELECT t.id, {called(title, other, 't')}::text FROM {reading.it.table} t WHERE {text}")
        values += more
    return sql.rows(" UNION ALL ".join(parts), values) if parts else []


def newest(asked: Sequence[tuple[Reading, Condition, Field, Field | None, Joined]], limit: int) -> list[tuple[str, UUID, str | None, Any, str | None]]:
    """The rows changed last among several objects, with one statement: (object, id, title, when, by whom). Each is asked
    with what its rows are called by, as in `titles`, and the join of who changed them."""
    parts: list[str] = []
    values: list[Any] = []
    for reading, where, title, other, by in asked:
        tail = f"ORDER BY t.updated_at DESC, t.id DESC LIMIT {int(limit)}"
        separate = compiler.arms(where)
        text, more = reading._apart(separate, None, False, tail) if separate else reading._conditions(where, None, False)
        join, join_values = compiler.join(reading.st, by)
        parts.append(
            f"SELECT '{reading.it.name}', t.id, {called(title, other, 't')}::text, t.updated_at, {by.alias}.name "
            f"FROM (SELECT * FROM {reading.it.table} t WHERE {text} {tail}) t {join}"
        )
        values += [*more, *join_values]
    return sql.rows(" UNION ALL ".join(parts) + f" ORDER BY 4 DESC, 2 DESC LIMIT {int(limit)}", values) if parts else []


def _plain(one: Field, alias: str, suffix: str) -> str:
    return f'{alias}."{one.name}"' if one.system else expression(one, alias, suffix)


def _custom_load(one: Field) -> Callable[[tuple[Any, ...]], Any]:
    return lambda values: one.from_json(values[0])


@dataclass(frozen=True)
class Totalling:
    """One question for figures: what to group by, what to measure, and in which order. SQL of names and parameters."""

    reading: Reading
    where: Condition
    groups: Sequence[Sql]
    measures: Sequence[str]
    order: Sequence[tuple[int, bool]]
    """Places among groups and measures, in one count, each with whether it descends."""
    limit: int


def aggregates(asked: Sequence[Totalling]) -> list[list[tuple[Any, ...]]]:
    """Groups and measures of each question, all with one statement: rows in order, groups first, every value as the
    text the database writes it as, because questions of different shapes come in one answer."""
    if not asked:
        return []
    parts: list[str] = []
    values: list[Any] = []
    for number, one in enumerate(asked):
        text, more = _totalling(one)
        groups = ", ".join(f"g{i}::text" for i in range(len(one.groups)))
        measures = ", ".join(f"m{i}::text" for i in range(len(one.measures)))
        columns = ", ".join(filter(None, (groups, measures)))
        parts.append(f"SELECT {number} AS question, row_number() OVER () AS place, ARRAY[{columns}] AS found FROM ({text}) x")
        values += more
    out: list[list[tuple[Any, ...]]] = [[] for _ in asked]
    for number, _, found in sql.rows(" UNION ALL ".join(parts) + " ORDER BY 1, 2", values):
        out[number].append(tuple(found))
    return out


def _totalling(one: Totalling) -> Sql:
    reading = one.reading
    text, values = predicate(reading.st, reading.it, "t", one.where)
    joins = [compiler.join(reading.st, joined) for joined in reading._order]
    heads = [f"{g} AS g{i}" for i, (g, _) in enumerate(one.groups)] + [f"{m} AS m{i}" for i, m in enumerate(one.measures)]
    names = [*(f"g{i}" for i in range(len(one.groups))), *(f"m{i}" for i in range(len(one.measures)))]
    group_by = " GROUP BY " + ", ".join(names[: len(one.groups)]) if one.groups else ""
    order = " ORDER BY " + ", ".join(f"{names[at]}{' DESC' if down else ''} NULLS LAST" for at, down in one.order) if one.order else ""
    return (
        f"SELECT {', '.join(heads)} FROM {reading.it.table} t {' '.join(j for j, _ in joins)} "
        f"WHERE t.workspace_id = %s AND t.deleted_at IS NULL AND ({text}){group_by}{order} LIMIT {int(one.limit)}",
        [*(v for _, vs in one.groups for v in vs), *(v for _, vs in joins for v in vs), reading.catalog.workspace, *values],
    )
