"""What became of every row: the report, the error file, and the notes an interrupted import goes on from."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

from guanxi.base.text import T, Text
from guanxi.surfaces.imports.reading import formulas
from guanxi.surfaces.imports.reading.table import Row
from guanxi.surfaces.imports.reading.workbooks import Cell

SHOWN: Final = 100
"""So many differences of a dry run, and so many reasons, are kept for the report; the counts are of all."""
EXAMPLES: Final = 20
"""So many rows of each kind a dry run keeps to be looked at."""


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
    conflicts: int = 0
    """How many of the rejected were so because a record, or several, match them."""
    cancelled: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often each (field, Chinese, English) was the reason for a refusal."""
    warnings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)
    """Rows that came in with no value for a mapped link, by field."""
    unmapped: tuple[str, ...] = ()
    differences: list[dict[str, Any]] = field(default_factory=list)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The first rows of a dry run by what would become of them: number, cells, and reasons of a refusal."""
    headers: tuple[str, ...] = ()
    """The columns of those rows, as they stand in the file."""
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
        out["conflicts"] = self.conflicts
        out["differences"] = self.differences
        if self.examples:
            out["examples"] = self.examples
            out["headers"] = list(self.headers)
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
        self.conflicts = held.get("conflicts", 0)
        self.differences = list(held["differences"])
        self.examples = dict(held.get("examples", {}))
        self.seconds = held["seconds"]

    def count(self, counter: Counter[tuple[str, str, str]], at: str, text: Text) -> None:
        """Note a reason; of those that name values only the first hundred different ones are kept apart."""
        key = (at, text.zh, text.en)
        if key not in counter and len(counter) >= SHOWN:
            key = (at, "其他", "other")
        counter[key] += 1

    def example(self, kind: str, row: Row, reasons: Iterable[Text] = ()) -> None:
        """Keep a row of a dry run to be looked at, while there are few of its kind."""
        kept = self.examples.setdefault(kind, []) if self.dry_run else None
        if kept is not None and len(kept) < EXAMPLES:
            one: dict[str, Any] = {"row": row.number, "cells": [shown(cell)[:120] for cell in row.cells]}
            if told := [[reason.zh, reason.en] for reason in reasons]:
                one["reasons"] = told
            kept.append(one)


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
            [*(shown(cell) for cell in row.cells), str(row.number), "; ".join(r.for_(self._language) for r in reasons)]
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
    """The numbers of rows that wait for other rows of the file, on disk so that a restart finds them: the first `at` bytes of them, or all that a pass
    before left (None). Raises FileNotFoundError where those are gone, because their rows would be lost unsaid."""

    def __init__(self, path: Path, at: int | None = 0) -> None:
        self._file = path.open("r+b" if at is None or (at and path.exists()) else "w+b")
        if at is not None:
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


def shown(cell: Cell) -> str:
    """A cell as a text file holds it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None, microsecond=0).isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        return str(int(cell))
    return str(cell)
