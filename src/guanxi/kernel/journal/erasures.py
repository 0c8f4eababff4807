"""The register of erasures: which records were erased for good or made anonymous, and when, in a file outside the database.

A backup made before an erasure still holds what was erased; the register is what a restore needs to erase it again (docs/adr/0023). It
tells ids, objects, fields and instants, never a value. It is a projection of the journal: lines follow right after the transaction that
erased, the night adds what a crash left out, and a file that is gone is written anew from the whole journal. Notices are left out: their
rule takes them again by itself.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from guanxi.base.ids import uuid7_floor
from guanxi.kernel.storage import erasing, sql

log = logging.getLogger("guanxi.erasures")

NAME = "erased.log"
VIA = erasing.AGAIN
LATE = timedelta(days=1)
"""How far before its last line the night looks for what a line is missing of."""


@dataclass(frozen=True)
class Line:
    """One record that an event erased (`verb` erase) or took fields out of (anonymise). `cause`: the event because of which."""

    workspace: UUID
    event: UUID
    verb: str
    object: str
    record: UUID
    at: datetime
    cause: UUID | None = None
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.workspace} {self.event} {self.verb} {self.object} {self.record} {self.at.astimezone(UTC).isoformat()} {self.cause or '-'} {','.join(self.fields) or '-'}"


def file() -> Path:
    """Where the register is kept."""
    return Path(settings.GUANXI_HOME) / NAME


def read(file: Path) -> list[Line]:
    """The lines of a register, each event once; one cut off by a crash is passed over, and written again by `complete`."""
    out: dict[UUID, Line] = {}
    for text in file.read_text(errors="replace").splitlines() if file.exists() else ():
        parts = text.split(" ")
        if len(parts) == 8 and parts[2] in ("erase", "anonymise"):
            with suppress(ValueError):
                cause, fields = None if parts[6] == "-" else UUID(parts[6]), () if parts[7] == "-" else tuple(parts[7].split(","))
                line = Line(UUID(parts[0]), UUID(parts[1]), parts[2], parts[3], UUID(parts[4]), datetime.fromisoformat(parts[5]), cause, fields)
                out.setdefault(line.event, line)
    return list(out.values())


def add(file: Path, lines: Iterable[Line]) -> None:
    """Append lines, and see to it that they have reached the disk."""
    text = "".join(f"{line}\n" for line in lines)
    if not text:
        return
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "rb+") as out:
        end = out.seek(0, os.SEEK_END)
        if end and os.pread(out.fileno(), 1, end - 1) != b"\n":  # a crash cut the last line off
            text = "\n" + text
        out.write(text.encode())
        out.flush()
        os.fsync(out.fileno())


def note(lines: Sequence[Line], via: str) -> None:
    """Add lines about what this transaction erases once it has committed: one that is rolled back erased nobody. What a restore erases
    again has its lines already."""
    kept = [line for line in lines if line.object != erasing.UNTOLD and via != VIA]
    if kept:
        transaction.on_commit(partial(_note, kept))


def _note(lines: Sequence[Line]) -> None:
    try:
        if file().exists():
            add(file(), lines)
        else:  # what was erased before there was a register, or before it was lost
            for (workspace,) in sql.rows("SELECT id FROM gx_workspace ORDER BY id"):
                complete(workspace)
    except OSError:  # the erasure stands; the night tries again
        log.exception("the register of erasures could not be written")


def complete(workspace: UUID) -> int:
    """Add what the journal knows and the register does not; returns how many lines."""
    known = [line for line in read(file()) if line.workspace == workspace]
    since = uuid7_floor(max(line.at for line in known) - LATE) if known else UUID(int=0)
    with sql.work(workspace):
        found = erasing.told(workspace, since)
    events = {line.event for line in known}
    missing = [Line(workspace, event, verb, name, record, at, cause, tuple(fields or ())) for event, verb, name, record, at, cause, fields in found if event not in events]
    add(file(), missing)
    return len(missing)
