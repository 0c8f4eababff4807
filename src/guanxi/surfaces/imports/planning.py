"""What will be done with a table, found out and checked before a row is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from guanxi.base.clock import Order, date_orders
from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound
from guanxi.base.normal import normal
from guanxi.base.text import T
from guanxi.kernel import jobs, lookup
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import Date, DateTime, Field, FieldProblem, Link, Links, Settings
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import people
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.linking import only
from guanxi.surfaces.imports.mapping import FileMapping, Target
from guanxi.surfaces.imports.reading.table import Row, Table

SAMPLE: Final = 300


@dataclass(frozen=True)
class Column:
    """One column that is read: its place, the field, and how."""

    index: int
    name: str
    field: Field
    target: Target


@dataclass(frozen=True)
class Plan:
    """What will be done with a table, checked; `unmapped` names the columns nothing is done with."""

    it: Definition
    mapping: FileMapping
    columns: tuple[Column, ...]
    headers: tuple[str, ...]
    unmapped: tuple[str, ...]
    orders: Mapping[str, Order | None]
    constants: Mapping[str, Any]
    settings: Settings

    @property
    def links(self) -> tuple[Column, ...]:
        """The columns whose texts mean other records."""
        return tuple(column for column in self.columns if isinstance(column.field, Link | Links))

    def to_json(self) -> dict[str, Any]:
        return {
            "object": self.it.name,
            "mapping": self.mapping.to_json(),
            "columns": {column.name: column.field.name for column in self.columns},
            "unmapped": list(self.unmapped),
        }


def signature(headers: Sequence[str]) -> str:
    """What files with the same columns have in common, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(map(normal, headers))).encode()).hexdigest()[:32]


def propose(actor: Actor, table: Table, object: str) -> tuple[FileMapping, bool]:
    """What each column of a table probably means: as the actor imported a file with the same columns the last time (then
    True), or by the columns' names. Not yet checked: `plan` does that. Raises NotFound for an object the actor cannot see."""
    it = _object(actor, object)
    fields = mappings.importable(actor, it)
    held = jobs.last_mapping(actor, it.name, signature(table.columns))
    if held is None:
        return replace(mappings.complete(FileMapping(), table.columns, fields), object=it.name), False
    found = mappings.parse(held)
    columns = {
        name: tuple(target for target in found.columns.get(name, ()) if target.field in fields) for name in table.columns
    }
    constants = {name: value for name, value in found.constants.items() if name in fields}
    used = {target.field for targets in columns.values() for target in targets} | set(constants)
    kept = replace(
        found, object=it.name, columns=columns, constants=constants, match=tuple(name for name in found.match if name in used),
        encoding=None, delimiter=None, sheet=None, header_row=None,
    )  # fmt: skip
    return kept, True


def _object(actor: Actor, name: str) -> Definition:
    it = people.catalog_of(actor).object(name)
    if not access.may(actor.rights, it, "read"):
        raise NotFound(T(f"没有“{it.name}”这个对象。", f"There is no object {it.name!r}."), code="no-object")
    return it


def plan(actor: Actor, table: Table, object: str, mapping: FileMapping | Mapping[str, Any] | None = None) -> Plan:
    """Find out what every column means and whether it can be done.

    Raises NotFound, Forbidden, or Invalid naming columns and fields at fault; `date-order` asks which number is the month.
    """
    given = mapping if isinstance(mapping, FileMapping) else mappings.parse(mapping)
    it = _object(actor, object or given.object)
    rights = actor.rights
    needed = ["import"]
    needed += ["create"] if given.on_match != "update" or not given.match else ["create", "update"]
    for verb in needed:
        if not access.may(rights, it, verb):
            raise Forbidden(
                T(
                    f"您没有{it.label.zh}的“{verb}”权限，不能导入。",
                    f"You lack the right to {verb} {it.label.en}, which importing needs.",
                )
            )
    headers = tuple(table.columns)
    full = replace(mappings.complete(given, headers, mappings.importable(actor, it)), object=it.name)
    absent = [name for name in given.columns if normal(name) not in {normal(h) for h in headers}]
    if absent:
        raise Invalid(
            [
                FieldError(
                    f"columns.{name}",
                    "no-column",
                    T(f"文件中没有“{name}”这一列。", f"The file has no column {name!r}."),
                )
                for name in absent
            ],
            T(f"文件中的列：{'、'.join(headers[:40])}。", f"Columns in the file: {', '.join(headers[:40])}."),
        )
    mappings.check(actor, it, full, headers)
    columns = tuple(
        Column(index, name, it.fields[target.field], target)
        for index, name in enumerate(headers)
        for target in full.columns.get(name, ())
    )
    unmapped = tuple(name for name in headers if not full.columns.get(name))
    orders = _orders(table, columns, full.date_order)
    return Plan(it, full, columns, headers, unmapped, orders, _constants(actor, it, full), people.catalog_of(actor).settings)


def _orders(table: Table, columns: Sequence[Column], given: Order | None) -> dict[str, Order | None]:
    """How each column of dates is to be read; asks (by raising Invalid) when nothing in it decides."""
    dated = [
        column for column in columns if isinstance(column.field, Date | DateTime) and column.target.transform is None
    ]
    if given is not None:
        return {column.name: given for column in dated}
    out: dict[str, Order | None] = {}
    asked: list[FieldError] = []
    sample = table.sample(SAMPLE) if dated else []
    for column in dated:
        found = date_orders(_texts(sample, column.index))
        if len(found) > 1:
            found = date_orders(_texts(table.rows(), column.index))
        if len(found) > 1:
            example = next(_texts(sample, column.index), "")
            asked.append(
                FieldError(
                    column.name, "date-order",
                    T(
                        f"“{column.name}”中的日期（如 {example}）可以是月/日，也可以是日/月。请用 date_order 指定 mdy 或 dmy。",
                        f"Dates in {column.name!r} (such as {example}) can be month/day or day/month. Say which by date_order: mdy or dmy.",
                    ),
                )
            )  # fmt: skip
        out[column.name] = next(iter(found)) if len(found) == 1 else None
    if asked:
        raise Invalid(asked, code="date-order")
    return out


def _texts(rows: Iterable[Row], index: int) -> Iterator[str]:
    for row in rows:
        if row.kind == "data" and isinstance(cell := row.cells[index], str):
            yield cell


def _constants(actor: Actor, it: Definition, given: FileMapping) -> dict[str, Any]:
    """The same value for every row; of links the records they mean."""
    out: dict[str, Any] = {}
    problems: list[FieldError] = []
    for name, value in given.constants.items():
        one = it.fields[name]
        if not isinstance(one, Link | Links):
            out[name] = value
            continue
        by = value.get("by") if isinstance(value, Mapping) else None
        asked = value.get("value") if isinstance(value, Mapping) else value
        texts = [str(v) for v in (asked if isinstance(asked, list | tuple) else [asked])]
        found = lookup.records(actor, one.target, texts, by=by)
        ids: list[UUID] = []
        for text in texts:
            try:
                ids.append(only(one, text, found.get(text, [])))
            except FieldProblem as problem:
                problems.append(FieldError(name, problem.code, problem.message))
        if ids:
            out[name] = ids if isinstance(one, Links) else ids[0]
    if problems:
        raise Invalid(problems)
    return out
