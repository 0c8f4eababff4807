"""Taking an import, or other work on many records, back as a whole: page by page, newest first, resumable after any page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7
from guanxi.base.text import Text
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import undoing
from guanxi.surfaces.imports.reports import Ledger


@dataclass
class UndoReport:
    """Records now in the bin, records out of it, records with their former values back, and records left as they are, by reason."""

    id: UUID
    of: UUID
    deleted: int = 0
    restored: int = 0
    reverted: int = 0
    kept: int = 0
    cancelled: bool = False
    reasons: Counter[Text] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        return self.deleted + self.restored + self.reverted + self.kept

    def to_json(self) -> dict[str, Any]:
        return {
            "undo": str(self.id), "import": str(self.of), "deleted": self.deleted, "restored": self.restored, "reverted": self.reverted,
            "kept": self.kept, "cancelled": self.cancelled,
            "reasons": [{"field": "", "zh": t.zh, "en": t.en, "count": n} for t, n in self.reasons.most_common()],
        }  # fmt: skip

    def take_up(self, held: Mapping[str, Any]) -> None:
        """Go on counting where an interrupted run stopped."""
        self.deleted, self.restored, self.reverted, self.kept = held["deleted"], held.get("restored", 0), held["reverted"], held["kept"]
        self.reasons = Counter({Text(r["zh"], r["en"]): r["count"] for r in held["reasons"]})


def undo(
    actor: Actor,
    import_id: UUID,
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    ledger: Ledger | None = None,
    id: UUID | None = None,
) -> UndoReport:
    """Take back what the actor imported as `import_id`: created records go to the bin, changed fields get their former values,
    as far as nobody changed them since. Its events carry the undo's own `id` as their request.

    progress(records so far) after each page; cancelled() is asked between pages. ledger: makes it resumable.
    """
    undo_id = id or uuid7()
    acting = actor.through("import", request=str(undo_id))
    report = UndoReport(undo_id, import_id)
    held = ledger.held() if ledger is not None else None
    before: UUID | None = None
    if held is not None:
        report.take_up(held["report"])
        before = UUID(held["before"]) if held["before"] else None
        if before is None:
            return report
    while True:
        if cancelled is not None and cancelled():
            report.cancelled = True
            return report
        with jobs.together(actor.workspace):
            page = undoing.undo(acting, import_id, before=before)
            report.deleted += page.deleted
            report.restored += page.restored
            report.reverted += page.reverted
            report.kept += page.kept.total()
            report.reasons += page.kept
            before = page.last
            done = report.done
            if ledger is not None:
                ledger.note(done, {"report": report.to_json(), "before": str(before) if before else None})
        if progress is not None:
            progress(done)
        if before is None:
            return report


def preview(actor: Actor, import_id: UUID) -> tuple[UndoReport, bool]:
    """What taking an import back would do to the records it dealt with last (some 500), done and undone; and whether those are
    all of them."""
    report = UndoReport(uuid7(), import_id)
    with jobs.rehearsal(actor.workspace):
        page = undoing.undo(actor.through("import", request=str(report.id)), import_id)
    report.deleted, report.restored, report.reverted, report.kept = page.deleted, page.restored, page.reverted, page.kept.total()
    report.reasons += page.kept
    return report, page.last is None
