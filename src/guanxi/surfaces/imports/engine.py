"""The import engine: rows of a table become records through the door, in batches, resumable after any batch.

One batch is one transaction: its records, events and search entries, and how far the work has come. A dry run does the
same and undoes it, so that it says exactly what would happen. Rows that link to rows of the same file are put off until
those are there.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

from guanxi.base import money
from guanxi.base.clock import Order, date_orders, parse_date, parse_datetime
from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound, Problem, Unparsed
from guanxi.base.ids import uuid7
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import jobs, lookup
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import (
    Boolean,
    Date,
    DateTime,
    Field,
    FieldProblem,
    Integer,
    Link,
    Links,
    Money,
    Number,
    Percent,
    Settings,
)
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, people
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.mapping import BLANKS, FileMapping, Target
from guanxi.surfaces.imports.reading import formulas
from guanxi.surfaces.imports.reading.table import Row, Table
from guanxi.surfaces.imports.reading.workbooks import Cell

BATCH: Final = 2_000
SAMPLE: Final = 300
SHOWN: Final = 100
"""So many differences of a dry run, and so many reasons, are kept for the report; the counts are of all."""
MOST_PASSES: Final = 50
_REMEMBERED: Final = 50_000
_USERNAME = re.compile(r"[^\w.@-]+")
_KINDS: Final[dict[str, Text]] = {
    "section": T("分节行，不是数据", "a section heading, no data"),
    "total": T("合计行，不是数据", "a row of totals, no data"),
    "footnote": T("脚注，不是数据", "a footnote, no data"),
}

Progress = Callable[[int], None]


# -- the plan --------------------------------------------------------------------------------------------------------


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

    def to_json(self) -> dict[str, Any]:
        return {
            "object": self.it.name,
            "mapping": self.mapping.to_json(),
            "columns": {column.name: column.field.name for column in self.columns},
            "unmapped": list(self.unmapped),
        }


def plan(actor: Actor, table: Table, object: str, mapping: FileMapping | Mapping[str, Any] | None = None) -> Plan:
    """Find out what every column means and whether it can be done.

    Raises NotFound, Forbidden, or Invalid naming columns and fields at fault; `date-order` asks which number is the month.
    """
    given = mapping if isinstance(mapping, FileMapping) else mappings.parse(mapping)
    catalog = people.catalog_of(actor)
    it = catalog.object(object or given.object)
    rights = actor.rights
    if not access.may(rights, it, "read"):
        raise NotFound(T(f"没有“{it.name}”这个对象。", f"There is no object {it.name!r}."), code="no-object")
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
    return Plan(it, full, columns, headers, unmapped, orders, _constants(actor, it, full), catalog.settings)


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
                ids.append(_only(one, text, found.get(text, [])))
            except FieldProblem as problem:
                problems.append(FieldError(name, problem.code, problem.message))
        if ids:
            out[name] = ids if isinstance(one, Links) else ids[0]
    if problems:
        raise Invalid(problems)
    return out


def _only(one: Field, text: str, candidates: Sequence[lookup.Candidate]) -> UUID:
    ids = list(dict.fromkeys(candidate.id for candidate in candidates))
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise FieldProblem(
            "link",
            f"{one.label.zh}：找不到“{text}”，或您没有查看它的权限。",
            f"{one.label.en}: there is no {text!r}, or you may not see it.",
        )
    names = "、".join(f"{c.label} ({c.id})" for c in candidates[:3])
    raise FieldProblem(
        "ambiguous",
        f"{one.label.zh}：有 {len(ids)} 条记录叫“{text}”：{names}。",
        f"{one.label.en}: {len(ids)} records are called {text!r}: {names}.",
    )


# -- the report ------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What became of every row. `rows` counts all but blank ones and equals the sum of the five answers."""

    id: UUID
    object: str
    dry_run: bool = False
    rows: int = 0
    created: int = 0
    updated: int = 0
    same: int = 0
    skipped: int = 0
    rejected: int = 0
    blank: int = 0
    cancelled: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often each (field, Chinese, English) was the reason for a refusal."""
    warnings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)
    """Rows that came in with no value for a mapped link, by field."""
    unmapped: tuple[str, ...] = ()
    differences: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    COUNTS = ("rows", "created", "updated", "same", "skipped", "rejected", "blank")

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "import": str(self.id),
            "object": self.object,
            "dry_run": self.dry_run,
            "cancelled": self.cancelled,
        }
        out |= {name: getattr(self, name) for name in self.COUNTS}
        out["kinds"] = dict(self.kinds)
        for name in ("reasons", "warnings"):
            counter: Counter[tuple[str, str, str]] = getattr(self, name)
            out[name] = [{"field": f, "zh": zh, "en": en, "count": n} for (f, zh, en), n in counter.most_common(SHOWN)]
        out["without"] = dict(self.without)
        out["unmapped"] = list(self.unmapped)
        out["differences"] = self.differences
        out["seconds"] = round(self.seconds, 3)
        return out

    def take_up(self, held: Mapping[str, Any]) -> None:
        """Go on counting where an interrupted run stopped."""
        for name in self.COUNTS:
            setattr(self, name, held[name])
        self.kinds = Counter(held["kinds"])
        self.reasons = Counter({(r["field"], r["zh"], r["en"]): r["count"] for r in held["reasons"]})
        self.warnings = Counter({(r["field"], r["zh"], r["en"]): r["count"] for r in held["warnings"]})
        self.without = Counter(held["without"])
        self.differences = list(held["differences"])
        self.seconds = held["seconds"]

    def count(self, counter: Counter[tuple[str, str, str]], at: str, text: Text) -> None:
        """Note a reason; of those that name values only the first hundred different ones are kept apart."""
        key = (at, text.zh, text.en)
        if key not in counter and len(counter) >= SHOWN:
            key = (at, "其他", "other")
        counter[key] += 1


class Ledger(Protocol):
    """Where it is noted, in each batch's own transaction, how far an import has come."""

    def held(self) -> Mapping[str, Any] | None:
        """What was noted last, when this import was begun before."""

    def note(self, done: int, state: Mapping[str, Any]) -> None:
        """So many rows are dealt with; called inside the transaction."""


class Refused:
    """The error file: refused rows as they were, with row number and reason. Grows by appending."""

    def __init__(self, path: Path, headers: Sequence[str], language: str, at: int = 0) -> None:
        self._path = path
        self._headers = headers
        self._language = language
        self._file: BinaryIO | None = None
        self._at = at

    def add(self, row: Row, reasons: Sequence[Text]) -> None:
        if self._file is None:
            self._file = self._path.open("r+b" if self._at else "wb")
            self._file.truncate(self._at)
            self._file.seek(self._at)
            if not self._at:
                number, reason = T("行号", "Row"), T("原因", "Reason")
                self._write([*self._headers, number.for_(self._language), reason.for_(self._language)], start="\ufeff")
        self._write(
            [*(_shown(cell) for cell in row.cells), str(row.number), "; ".join(r.for_(self._language) for r in reasons)]
        )

    def _write(self, cells: Sequence[str], start: str = "") -> None:
        assert self._file is not None
        text = io.StringIO(newline="")
        csv.writer(text).writerow([formulas.neutralise(cell) for cell in cells])
        self._file.write((start + text.getvalue()).encode("utf-8", "replace"))

    def settled(self) -> int:
        """How long the file is, everything written so far."""
        if self._file is None:
            return self._at
        self._file.flush()
        self._at = self._file.tell()
        return self._at

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class PutOff:
    """The numbers of rows that wait for other rows of the file, on disk so that a restart finds them."""

    def __init__(self, path: Path, at: int = 0) -> None:
        self._file = path.open("r+b" if at and path.exists() else "w+b")
        self._file.truncate(at)
        self._file.seek(0)
        self.numbers: set[int] = {int(line) for line in self._file.read().split()}

    def add(self, number: int) -> None:
        if number not in self.numbers:
            self.numbers.add(number)
            self._file.write(b"%d\n" % number)

    def settled(self) -> int:
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None, microsecond=0).isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        return str(int(cell))
    return str(cell)


# -- reading a row ---------------------------------------------------------------------------------------------------


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
    return _shown(cell)


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
        self.links = tuple(column for column in plan.columns if isinstance(column.field, Link | Links))

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
                texts = re.split(r"[,，;；、|\n]", _text(cell)) if isinstance(column.field, Links) else [_text(cell)]
                out.links.append((column, [text.strip() for text in texts if text.strip()]))
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
        return out

    def key(self, prepared: Prepared) -> tuple[Any, ...] | None:
        """What the row is matched by, or None when a part is missing or wrong."""
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


# -- links -----------------------------------------------------------------------------------------------------------


class Finder:
    """Finds the records that texts mean, a batch at a time; remembers what it found."""

    def __init__(self, actor: Actor, plan: Plan, remember: bool) -> None:
        self._actor = actor
        self._plan = plan
        self._remember = remember
        self._known: dict[Target, dict[str, list[lookup.Candidate]]] = {}

    def fill(self, rows: Sequence[Prepared], expected: Callable[[Column, str], bool]) -> Counter[str]:
        """Put ids in place of texts; notes problems, and rows that wait for others. Returns warnings by field."""
        wanted: dict[Target, tuple[Column, dict[str, None]]] = {}
        for prepared in rows:
            for column, texts in prepared.links:
                _, held = wanted.setdefault(column.target, (column, {}))
                held.update(dict.fromkeys(texts))
        for target, (column, held) in wanted.items():
            self._look_up(column, target, list(held))
        missing: Counter[str] = Counter()
        for prepared in rows:
            for column, listed in prepared.links:
                self._put(prepared, column, listed, expected, missing)
        return missing

    def _look_up(self, column: Column, target: Target, texts: Sequence[str]) -> None:
        known = self._known.setdefault(target, {})
        if len(known) > _REMEMBERED:
            known.clear()
        one = column.field
        assert isinstance(one, Link | Links)
        fresh = [text for text in texts if text not in known]
        if not fresh:
            return
        found = lookup.records(self._actor, one.target, fresh, by=target.by, where=target.where)
        absent = [text for text, candidates in found.items() if not candidates]
        if absent and self._plan.mapping.create_links and one.target != self._plan.it.name:
            title = people.catalog_of(self._actor).object(one.target).title
            made = door.perform_many(
                one.target, "create", [door.Item(changes={title: text}) for text in absent], actor=self._actor
            )
            for text, outcome in zip(absent, made, strict=True):
                if isinstance(outcome, door.Result):
                    found[text] = [lookup.Candidate(outcome.id, text)]
        known.update(found)

    def forget(self) -> None:
        """After a batch: what was missing may be there now, and in a rehearsal what was made is gone."""
        for known in self._known.values():
            if not self._remember:
                known.clear()
                continue
            for text in [text for text, candidates in known.items() if not candidates]:
                del known[text]

    def _put(
        self,
        prepared: Prepared,
        column: Column,
        texts: Sequence[str],
        expected: Callable[[Column, str], bool],
        missing: Counter[str],
    ) -> None:
        one = column.field
        ids: list[UUID] = []
        for text in texts:
            candidates = self._known[column.target].get(text, [])
            try:
                ids.append(_only(one, text, candidates))
            except FieldProblem as problem:
                if not candidates and expected(column, text):
                    prepared.waits = True
                elif not candidates and one.name in self._plan.mapping.warn_links:
                    missing[one.name] += 1
                else:
                    prepared.problems.append((one.name, problem.message))
        if not ids:
            return
        if isinstance(one, Links):
            held = prepared.changes.get(one.name) or []
            prepared.changes[one.name] = list(dict.fromkeys([*held, *ids]))
        else:
            prepared.changes[one.name] = ids[0]


# -- the run ---------------------------------------------------------------------------------------------------------


def run(
    actor: Actor,
    table: Table,
    object: str,
    mapping: FileMapping | Mapping[str, Any] | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    errors: Path | None = None,
    ledger: Ledger | None = None,
    folder: Path | None = None,
    id: UUID | None = None,
    batch: int = BATCH,
) -> Report:
    """Import a table. Everything it makes carries the import's `id` as the request of its events.

    errors: where refused rows go, made only if there are any. progress(rows so far) after each batch; cancelled() is asked
    between batches. ledger: makes it resumable (with `errors` and `folder` the same as before).
    Raises what `plan` raises, and Unreadable where the file breaks; what was committed until then stays.
    """
    prepared = plan(actor, table, object, mapping)
    import_id = id or uuid7()
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guanxi-import-")))
        work = _Run(
            actor.through("import", request=str(import_id)),
            table,
            prepared,
            import_id,
            dry_run,
            ledger,
            errors,
            folder,
            batch,
        )
        stack.callback(work.close)
        return work.go(progress, cancelled)


class _Run:
    def __init__(
        self,
        actor: Actor,
        table: Table,
        plan: Plan,
        id: UUID,
        dry_run: bool,
        ledger: Ledger | None,
        errors: Path | None,
        folder: Path,
        batch: int,
    ) -> None:
        self.actor = actor
        self.table = table
        self.plan = plan
        self.it = plan.it
        self.dry_run = dry_run
        self.ledger = ledger
        self.size = batch
        self.report = Report(id, plan.it.name, dry_run, unmapped=plan.unmapped)
        held = ledger.held() if ledger is not None else None
        self.passes, self.last = 1, 0
        refused_at = waiting_at = 0
        if held is not None:
            self.report.take_up(held["report"])
            self.passes, self.last = held["pass"], held["row"]
            refused_at, waiting_at = held["errors"], held["waiting"]
        self.done = self.report.rows + self.report.blank
        self.refused = Refused(errors, plan.headers, actor.language, refused_at) if errors is not None else None
        self.waiting = PutOff(folder / f"waiting-{self.passes}", waiting_at)
        self.folder = folder
        self.reader = Reader(plan)
        self.finder = Finder(self.actor, plan, remember=not dry_run)
        self.started = time.monotonic() - self.report.seconds
        self.own_links = {c.target: c for c in self.reader.links if c.field.target == self.it.name}  # type: ignore[attr-defined]
        self.before = PutOff(folder / f"waiting-{self.passes - 1}", 1 << 62) if self.passes > 1 else None
        self.turned_away: list[tuple[Row, list[Text]]] = []
        # A dry run undoes each batch: what later batches would have found of it is kept here, as hashes.
        self.seen_keys: set[int] = set()
        self.seen_names: set[int] = set()

    def close(self) -> None:
        if self.refused is not None:
            self.refused.close()
        self.waiting.close()

    def go(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> Report:
        while True:
            if not self._pass(progress, cancelled):
                self.report.cancelled = True
                break
            if not self.waiting.numbers:
                break
            self._next_pass()
        self.report.seconds = time.monotonic() - self.started
        return self.report

    def _next_pass(self) -> None:
        """The rows that wait once more; rows that waited in vain in a whole pass are refused in the next."""
        self.final = (
            self.before is not None and self.before.numbers == self.waiting.numbers
        ) or self.passes >= MOST_PASSES
        self.before, self.passes, self.last = self.waiting, self.passes + 1, 0
        self.waiting = PutOff(self.folder / f"waiting-{self.passes}")

    final = False

    def _pass(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> bool:
        rows: list[Row] = []
        only = self.before.numbers if self.before is not None else None
        for row in self.table.rows():
            if row.number <= self.last or (only is not None and row.number not in only):
                continue
            rows.append(row)
            if len(rows) >= self.size:
                if cancelled is not None and cancelled():
                    return False
                self._batch(rows)
                if progress is not None:
                    progress(self.done)
                rows = []
        if rows:
            if cancelled is not None and cancelled():
                return False
            self._batch(rows)
            if progress is not None:
                progress(self.done)
        return True

    def _batch(self, rows: Sequence[Row]) -> None:
        around = jobs.rehearsal if self.dry_run else jobs.together
        with around(self.actor.workspace):
            works = [self.reader.read(row) for row in self._data(rows)]
            missing = self.finder.fill(works, self._expected)
            for name, count in missing.items():
                self.report.warnings[(name, "找不到关联记录，已留空", "linked record not found, left empty")] += count
            ready = self._sort_out(works)
            self._write(ready)
            self._file_refused()
            self.done = self.report.rows + self.report.blank
            self.last = rows[-1].number
            if self.ledger is not None:
                self.report.seconds = time.monotonic() - self.started
                self.ledger.note(
                    self.done,
                    {
                        "report": self.report.to_json(), "pass": self.passes, "row": self.last,
                        "errors": self.refused.settled() if self.refused is not None else 0, "waiting": self.waiting.settled(),
                    },
                )  # fmt: skip
        self.finder.forget()

    def _data(self, rows: Sequence[Row]) -> Iterator[Row]:
        """The rows that hold data; the others are counted and refused with their reason."""
        for row in rows:
            if row.kind == "blank":
                self.report.blank += 1
            elif row.kind == "data":
                if row.problem is not None:
                    self._refuse(row, [("", row.problem)])
                else:
                    yield row
            else:
                self.report.kinds[row.kind] += 1
                self._refuse(row, [("", _KINDS[row.kind])])

    def _refuse(self, row: Row, reasons: Sequence[tuple[str, Text]]) -> None:
        self.report.rows += 1
        self.report.rejected += 1
        for name, text in reasons:
            self.report.count(self.report.reasons, name, text)
        if self.refused is not None:
            self.turned_away.append((row, [text for _, text in reasons]))

    def _file_refused(self) -> None:
        """The batch's refused rows into the error file, in the order in which they stand in the table."""
        if self.refused is not None:
            for row, texts in sorted(self.turned_away, key=lambda pair: pair[0].number):
                self.refused.add(row, texts)
        self.turned_away.clear()

    def _expected(self, column: Column, text: str) -> bool:
        """Whether a missing record may yet come from this file."""
        return column.target in self.own_links and not self.final

    def _sort_out(self, works: Sequence[Prepared]) -> list[Prepared]:
        ready = []
        for prepared in works:
            if prepared.problems:
                self._refuse(prepared.row, prepared.problems)
            elif prepared.waits and not self._rehearsed(prepared):
                self.waiting.add(prepared.row.number)
            else:
                ready.append(prepared)
        return ready

    def _rehearsed(self, prepared: Prepared) -> bool:
        """In a dry run: whether all that the row waits for would have been made by earlier batches."""
        if not self.dry_run:
            return False
        for column, texts in prepared.links:
            if column.target in self.own_links and column.field.name not in prepared.changes:
                by = column.target.by or self.it.title
                if not all(hash((by, normal(text))) in self.seen_names for text in texts):
                    return False
        return True

    # -- writing -----------------------------------------------------------------------------------------------------
    def _write(self, works: list[Prepared]) -> None:
        """Match, then create and update; rows with the same key one after the other."""
        for prepared in works:
            prepared.key = self.reader.key(prepared) if self.plan.mapping.on_match != "add" else None
        creating = [prepared for prepared in works if prepared.key is None]
        self._create(creating)
        left = [prepared for prepared in works if prepared.key is not None]
        while left:
            left = self._matched(left)

    def _matched(self, works: list[Prepared]) -> list[Prepared]:
        keys = list(dict.fromkeys(prepared.key for prepared in works if prepared.key is not None))
        there = lookup.matches(self.actor, self.it.name, self.plan.mapping.match, keys)
        on_match = self.plan.mapping.on_match
        creating: list[Prepared] = []
        updating: list[tuple[UUID, Prepared]] = []
        later: list[Prepared] = []
        busy: set[Any] = set()
        for prepared in works:
            assert prepared.key is not None
            ids = there.get(prepared.key, [])
            if not ids and hash(prepared.key) in self.seen_keys and prepared.key not in busy:
                self._rehearse_match(prepared)
            elif not ids:
                (later if prepared.key in busy else creating).append(prepared)
                busy.add(prepared.key)
            elif on_match == "skip":
                self.report.rows += 1
                self.report.skipped += 1
            elif on_match == "error":
                self._refuse(
                    prepared.row,
                    [(self.plan.mapping.match[0], T("已有相同的记录。", "There is such a record already."))],
                )
            elif len(ids) > 1:
                self._refuse(
                    prepared.row,
                    [
                        (
                            self.plan.mapping.match[0],
                            T(
                                f"有 {len(ids)} 条记录与它匹配，不知道更新哪一条。",
                                f"{len(ids)} records match it; it is not clear which to update.",
                            ),
                        )
                    ],
                )
            elif ids[0] in busy:
                later.append(prepared)
            else:
                busy.add(ids[0])
                updating.append((ids[0], prepared))
        self._create(creating)
        self._update(updating)
        return later

    def _rehearse_match(self, prepared: Prepared) -> None:
        """A dry run's second row of a key whose first would have been made by an earlier batch."""
        on_match = self.plan.mapping.on_match
        if on_match == "error":
            self._refuse(
                prepared.row, [(self.plan.mapping.match[0], T("已有相同的记录。", "There is such a record already."))]
            )
            return
        self.report.rows += 1
        if on_match == "skip":
            self.report.skipped += 1
        else:
            self.report.updated += 1

    def _create(self, works: Sequence[Prepared]) -> None:
        if not works:
            return
        outcomes = self._perform("create", [door.Item(changes=prepared.changes) for prepared in works])
        for prepared, outcome in zip(works, outcomes, strict=True):
            if isinstance(outcome, Problem):
                self._refuse(prepared.row, _reasons(outcome))
                continue
            self.report.rows += 1
            self.report.created += 1
            self._came_in(prepared, outcome)
            if self.dry_run:
                if prepared.key is not None:
                    self.seen_keys.add(hash(prepared.key))
                for column in self.own_links.values():
                    by = column.target.by or self.it.title
                    self.seen_names.add(hash((by, normal(str(prepared.changes.get(by))))))

    def _update(self, pairs: Sequence[tuple[UUID, Prepared]]) -> None:
        if not pairs:
            return
        before: Mapping[UUID, Mapping[str, Any]] = {}
        names = sorted({column.field.name for column in self.plan.columns})
        if self.dry_run and len(self.report.differences) < SHOWN:
            before = lookup.shown(self.actor, self.it.name, [id_ for id_, _ in pairs], names)
        outcomes = self._perform("update", [door.Item(id_, prepared.changes) for id_, prepared in pairs])
        after: Mapping[UUID, Mapping[str, Any]] = {}
        if before:
            after = lookup.shown(self.actor, self.it.name, [id_ for id_, _ in pairs], names)
        for (id_, prepared), outcome in zip(pairs, outcomes, strict=True):
            if isinstance(outcome, Problem):
                self._refuse(prepared.row, _reasons(outcome))
                continue
            self.report.rows += 1
            if not outcome.changed:
                self.report.same += 1
                continue
            self.report.updated += 1
            self._came_in(prepared, outcome)
            if id_ in before and len(self.report.differences) < SHOWN:
                self._difference(prepared.row, id_, before[id_], after.get(id_, {}))

    def _difference(self, row: Row, id_: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        changes = {}
        for name, old in before.items():
            one = self.it.fields.get(name)
            if one is not None and name in after and after[name] != old:
                zone = self.plan.settings.tz
                changes[name] = [
                    one.show(old, self.actor.language, zone),
                    one.show(after[name], self.actor.language, zone),
                ]
        self.report.differences.append({"row": row.number, "id": str(id_), "changes": changes})

    def _came_in(self, prepared: Prepared, outcome: door.Result) -> None:
        for at, text in outcome.warnings:
            self.report.count(self.report.warnings, at, text)
        held = {column.field.name for column, _ in prepared.links if prepared.waits} | prepared.changes.keys()
        for name in {column.field.name for column in self.reader.links} - held:
            self.report.without[name] += 1

    def _perform(self, verb: str, items: Sequence[door.Item]) -> list[door.Result | Problem]:
        """Through the door, all together; when one row brings the whole batch down, halves find out which."""
        try:
            with jobs.attempt():
                return door.perform_many(self.it.name, verb, items, actor=self.actor)
        except Problem as problem:
            if len(items) == 1:
                return [problem]
        half = len(items) // 2
        return [*self._perform(verb, items[:half]), *self._perform(verb, items[half:])]


def _reasons(problem: Problem) -> list[tuple[str, Text]]:
    """Why the door refused, each with its field; a message that does not name its field is given the name."""
    if not problem.errors:
        return [("", problem.detail)]
    return [(error.field, error.message if error.message.zh else problem.detail) for error in problem.errors]
