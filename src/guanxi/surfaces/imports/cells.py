"""Rows of cells become changes the door takes: blanks left out, values replaced, texts read by their field's type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from guanxi.base import money
from guanxi.base.clock import Order, parse_date, parse_datetime
from guanxi.base.errors import Unparsed
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import lookup
from guanxi.kernel.declare.fields import (
    Boolean,
    Date,
    DateTime,
    FieldProblem,
    Integer,
    Link,
    Links,
    Money,
    Number,
    Percent,
    Settings,
)
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.mapping import BLANKS
from guanxi.surfaces.imports.planning import Column, Plan
from guanxi.surfaces.imports.reading.table import Row
from guanxi.surfaces.imports.reading.workbooks import Cell
from guanxi.surfaces.imports.reports import shown

_USERNAME = re.compile(r"[^\w.@-]+")


@dataclass(slots=True)
class Prepared:
    """A row on its way: its values, the texts of its links still to be found, its key, and what is wrong with it."""

    row: Row
    changes: dict[str, Any]
    links: list[tuple[Column, list[str]]]
    problems: list[tuple[str, Text]] = field(default_factory=list)
    key: tuple[Any, ...] | None = None
    waits: bool = False


Converter = Callable[[Cell], Any]


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    return shown(cell)


def _problem(unparsed: Unparsed) -> FieldProblem:
    return FieldProblem(unparsed.code, unparsed.message.zh, unparsed.message.en)


def converter(column: Column, settings: Settings, order: Order | None) -> Converter:
    """How a cell of this column becomes a value the door takes; raises FieldProblem."""
    one, target = column.field, column.target

    def transformed(cell: Cell) -> Any:
        text = _text(cell)
        match target.transform:
            case "username":
                return _USERNAME.sub(".", normal(text)).strip(".")
            case "year":
                return f"{int(text):04d}-01-01" if re.fullmatch(r"[12]\d{3}", text) else text
            case "lower":
                return text.lower()
        return text.upper()

    def day(cell: Cell) -> Any:
        if isinstance(cell, date):
            return cell
        try:
            return parse_date(_text(cell), order)
        except Unparsed as unparsed:
            raise _problem(unparsed) from None

    def moment(cell: Cell) -> Any:
        if isinstance(cell, date):
            return cell
        try:
            return parse_datetime(_text(cell), settings.tz, order)
        except Unparsed as unparsed:
            raise _problem(unparsed) from None

    def amount(cell: Cell) -> Any:
        currency: str | None = None
        if isinstance(cell, str):
            try:
                number, currency = money.parse_amount(cell)
            except Unparsed as unparsed:
                raise _problem(unparsed) from None
        elif isinstance(cell, int | float) and not isinstance(cell, bool):
            number = Decimal(repr(cell))
        else:
            raise FieldProblem("type", "请填写金额。", "Give an amount.")
        if target.scale is not None:
            number *= target.scale
        return {"amount": number, "currency": currency or target.currency or settings.currency}

    def number(cell: Cell) -> Any:
        if isinstance(cell, str):
            value = (
                one.read(cell, settings)
                if isinstance(one, Percent) or target.scale is None
                else money.parse_amount(cell)[0]
            )
        else:
            value = cell
        if target.scale is not None and value is not None:
            value = Decimal(str(value)) * target.scale
        return value

    if target.transform is not None:
        return transformed
    if isinstance(one, DateTime):
        return moment
    if isinstance(one, Date):
        return day
    if isinstance(one, Money):
        return amount
    if isinstance(one, Integer | Number):
        return number
    if isinstance(one, Boolean):
        return lambda cell: bool(cell) if isinstance(cell, bool | int | float) and cell in (0, 1) else _text(cell)
    return _text


class Reader:
    """Rows as changes: blanks left out, values replaced, cells read by their field's type, several columns joined."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        blanks = {normal(word) for word in plan.mapping.blank} | BLANKS
        self._blanks = blanks
        self._longest = max(map(len, blanks))
        tables = {name: {normal(old): new for old, new in table.items()} for name, table in plan.mapping.values.items()}
        self._columns = [
            (
                column, column.index, column.field.name, converter(column, plan.settings, plan.orders.get(column.name)),
                tables.get(column.name) or tables.get(column.field.name), mappings.joinable(column.field),
                isinstance(column.field, Link | Links),
            )
            for column in plan.columns
        ]  # fmt: skip
        uses = Counter(column.field.name for column in plan.columns)
        self._several = {name for name, count in uses.items() if count > 1}
        self._match = [plan.it.fields[name] for name in plan.mapping.match]
        self._early = not any(isinstance(one, Link) for one in self._match)

    def read(self, row: Row) -> Prepared:
        out = Prepared(row, dict(self.plan.constants), [])
        cells = row.cells
        changes = out.changes
        for column, index, name, convert, table, glue, link in self._columns:
            cell = cells[index]
            if cell is None:
                continue
            if isinstance(cell, str) and (not cell or (len(cell) <= self._longest and normal(cell) in self._blanks)):
                continue
            if table is not None:
                word = normal(_text(cell))
                if word in table:
                    cell = table[word]
                    if cell is None or cell == "":
                        continue
            if link:
                texts = mappings.split(_text(cell)) if isinstance(column.field, Links) else [_text(cell).strip()]
                out.links.append((column, [text for text in texts if text]))
                continue
            try:
                value = convert(cell)
            except FieldProblem as problem:
                out.problems.append(
                    (
                        name,
                        T(
                            f"{column.field.label.zh}：{problem.message.zh}",
                            f"{column.field.label.en}: {problem.message.en}",
                        ),
                    )
                )
                continue
            except Unparsed as unparsed:
                out.problems.append((name, unparsed.message))
                continue
            if name in self._several and name in changes and glue is not None:
                changes[name] = _joined(str(changes[name]), str(value), glue)
            else:
                changes[name] = value
        if self._early and self._match:
            out.key = self._key(out)
        return out

    def complete(self, prepared: Prepared) -> None:
        """What had to wait for links: the key, where a link is part of it."""
        if not self._early:
            prepared.key = self._key(prepared)

    def _key(self, prepared: Prepared) -> tuple[Any, ...] | None:
        """What the row is matched by, or None when a part is missing or wrong, or rows are not matched."""
        if self.plan.mapping.on_match == "add":
            return None
        parts: list[Any] = []
        for one in self._match:
            value = prepared.changes.get(one.name)
            if value is None:
                return None
            try:
                parts.append(lookup.key_part(one, one.parse(value, self.plan.settings)))
            except FieldProblem:
                return None
        return tuple(parts) if parts else None


def _joined(first: str, second: str, glue: str) -> str:
    """Two cells as one; what the other says already (上海 before 上海市静安区…) is not said twice."""
    if first in second:
        return second
    return first if second in first else f"{first}{glue}{second}"
