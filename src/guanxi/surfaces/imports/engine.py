"""The import engine: rows of a table become records through the door, in batches, resumable after any batch.

One batch is one transaction: its records, events and search entries, and how far the work has come. A dry run does the
same and undoes it, so that it says exactly what would happen. Rows that link to rows of the same file are put off until
those are there. While the database writes one batch, the next is read.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi.base import garbage
from guanxi.base.ids import uuid7
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import Actor
from guanxi.surfaces.imports.cells import Prepared, Reader
from guanxi.surfaces.imports.linking import Finder
from guanxi.surfaces.imports.mapping import FileMapping
from guanxi.surfaces.imports.planning import Column, Plan, plan
from guanxi.surfaces.imports.reading.ahead import ahead
from guanxi.surfaces.imports.reading.table import Row, Table
from guanxi.surfaces.imports.reports import Ledger, PutOff, Refused, Report
from guanxi.surfaces.imports.writing import Writer

BATCH: Final = 2_000
MOST_PASSES: Final = 50
_KINDS: Final[dict[str, Text]] = {
    "section": T("分节行，不是数据", "a section heading, no data"),
    "total": T("合计行，不是数据", "a row of totals, no data"),
    "footnote": T("脚注，不是数据", "a footnote, no data"),
}

Progress = Callable[[int], None]


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
        stack.enter_context(jobs.batches())
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
        self.report = Report(id, plan.it.name, dry_run, unmapped=plan.unmapped, headers=plan.headers)
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
        self.before = PutOff(folder / f"waiting-{self.passes - 1}", None) if self.passes > 1 else None
        self.turned_away: list[tuple[Row, list[Text]]] = []
        self.writer = Writer(self.actor, plan, self.report, dry_run, self._refuse)

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
        with contextlib.closing(ahead(self._batches())) as batches:
            for batch in batches:
                if cancelled is not None and cancelled():
                    return False
                self._batch(batch)
                if progress is not None:
                    progress(self.done)
        return True

    def _batches(self) -> Iterator[list[tuple[Row, Prepared | None]]]:
        """The rows of this pass with their values, in batches; what holds no data has none. Runs ahead of the writing."""
        only = self.before.numbers if self.before is not None else None
        last, read = self.last, self.reader.read
        batch: list[tuple[Row, Prepared | None]] = []
        for row in self.table.rows():
            if row.number <= last or (only is not None and row.number not in only):
                continue
            batch.append((row, read(row) if row.kind == "data" and row.problem is None else None))
            if len(batch) >= self.size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _batch(self, rows: Sequence[tuple[Row, Prepared | None]]) -> None:
        around = jobs.rehearsal if self.dry_run else jobs.together
        with garbage.kept(), around(self.actor.workspace):
            works = self._data(rows)
            missing = self.finder.fill(works, self._expected)
            for name, count in missing.items():
                self.report.warnings[(name, "找不到关联记录，已留空", "linked record not found, left empty")] += count
            ready = self._sort_out(works)
            for prepared in ready:
                self.reader.complete(prepared)
            self.writer.write(ready)
            self._file_refused()
            self.done = self.report.rows + self.report.blank
            self.last = rows[-1][0].number
            if not self.dry_run:
                self._note()
        if self.dry_run:  # what is noted inside would be undone with the batch
            with jobs.together(self.actor.workspace):
                self._note()
        self.finder.forget()

    def _note(self) -> None:
        if self.ledger is None:
            return
        self.report.seconds = time.monotonic() - self.started
        self.ledger.note(
            self.done,
            {
                "report": self.report.to_json(), "pass": self.passes, "row": self.last,
                "errors": self.refused.settled() if self.refused is not None else 0, "waiting": self.waiting.settled(),
            },
        )  # fmt: skip

    def _data(self, rows: Sequence[tuple[Row, Prepared | None]]) -> list[Prepared]:
        """The rows that hold data; the others are counted and refused with their reason."""
        out = []
        for row, prepared in rows:
            if prepared is not None:
                out.append(prepared)
            elif row.kind == "blank":
                self.report.blank += 1
            elif row.problem is not None and row.kind == "data":
                self._refuse(row, [("", row.problem)])
            else:
                self.report.kinds[row.kind] += 1
                self._refuse(row, [("", _KINDS[row.kind])])
        return out

    def _refuse(self, row: Row, reasons: Sequence[tuple[str, Text]], conflict: bool = False) -> None:
        self.report.rows += 1
        self.report.rejected += 1
        self.report.conflicts += conflict
        self.report.example("conflict" if conflict else "rejected", row, [text for _, text in reasons])
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
        return column.target in self.writer.own_links and not self.final

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
            if column.target in self.writer.own_links and column.field.name not in prepared.changes:
                by = column.target.by or self.it.title
                if not all(hash((by, normal(text))) in self.writer.seen_names for text in texts):
                    return False
        return True
