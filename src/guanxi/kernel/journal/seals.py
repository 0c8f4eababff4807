"""The journal sealed: who edits it in the database, past the program, is found out, and so is what was edited.

Events are sealed in batches, in the order in which they were committed. A seal keeps a hash of each of its events, and a
digest over them and the seal before, so that no seal can be replaced alone; a line about each seal goes to a file outside
the database (`anchor`), so that the whole chain can't be made anew either. Found are changed, deleted and inserted events,
events that claim to be much older than those around them, and altered or missing seals. An event whose values were erased is none of
these: the event that erased it names it with its hash before and after.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

from guanxi.base.ids import uuid7_time
from guanxi.kernel.storage import erasing, seal_rows, sql
from guanxi.kernel.storage.seal_rows import WIDTH, Seal

BATCH = 5000
LATE = timedelta(hours=1)
"""How much older than its predecessors an event may say it is: no transaction of ours stays open nearly as long."""

_START = datetime(1970, 1, 2, tzinfo=UTC)

Kind = Literal["changed", "deleted", "inserted", "late", "seal", "anchor"]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed: what, in which seal, and which event where it is one."""

    kind: Kind
    seal: int
    event: UUID | None = None


@dataclass(frozen=True)
class Verdict:
    """How many events were compared in how many seals, how many wait to be sealed, and what was found."""

    events: int
    seals: int
    waiting: int
    findings: list[Finding]


def _digest(before: bytes, seal: Seal) -> bytes:
    head = f"{seal.number} {seal.events} {seal.sealed_at.astimezone(UTC).isoformat()}".encode()
    return hashlib.sha256(b"\0".join((before, head, seal.ids, seal.hashes))).digest()


def seal(workspace: UUID, limit: int = BATCH) -> int:
    """Seal the next events; returns how many. 0: none wait, or somebody else is sealing."""
    with sql.work(workspace):
        if not seal_rows.alone(workspace):
            return 0
        found = seal_rows.unsealed(workspace, limit)
        if not found:
            return 0
        before = seal_rows.last(workspace)
        made = Seal(
            before.number + 1 if before else 1, len(found), b"".join(id.bytes for id, _, _ in found),
            b"".join(hash for _, hash, _ in found), b"", datetime.now(UTC),
        )  # fmt: skip
        seal_rows.add(workspace, replace(made, digest=_digest(before.digest if before else b"", made)), found[-1][2])
    return len(found)


def verify(workspace: UUID, anchors: Path | None = None) -> Verdict:
    """Compare every sealed event with its seal, every seal with the one before and with its line in the file."""
    findings: list[Finding] = []
    told = {number: digest for of, number, digest in _lines(anchors) if of == workspace} if anchors else {}
    events, number, before, newest = 0, 0, b"", _START
    there = 0
    known: set[int] = set()
    while True:
        with sql.work(workspace):
            part = seal_rows.after(workspace, number, 1)
            if not part:
                break
            one = part[0]
            now = seal_rows.now(workspace, [id for id, _ in one])
            lost = erasing.redactions(workspace, [id for id, hash in one if now.get(id) not in (None, hash)])
        if one.number != number + 1 or one.digest != _digest(before, one) or one.events * WIDTH != len(one.ids):
            findings.append(Finding("seal", one.number))
        if told.get(one.number, one.digest) != one.digest:
            findings.append(Finding("anchor", one.number))
        latest = newest
        for id, hash in one:
            held = now.get(id)
            if held != hash and not _redacted(hash, held, lost.get(id, ())):
                findings.append(Finding("deleted" if held is None else "changed", one.number, id))
            made = _time(id)
            if made < newest - LATE:
                findings.append(Finding("late", one.number, id))
            latest = max(latest, made)
        known.add(one.number)
        events, there, number, before, newest = events + one.events, there + len(now), one.number, one.digest, latest
    findings += [Finding("anchor", lost) for lost in sorted(told.keys() - known)]
    findings += _inserted(workspace, there)
    with sql.work(workspace):
        waiting = len(seal_rows.unsealed(workspace, 100_000))
    return Verdict(events, number, waiting, findings)


def _redacted(sealed: bytes, held: bytes | None, lost: Sequence[tuple[str, str]]) -> bool:
    """Whether all that an event lost since it was sealed is what later events say they took out of it. Those are sealed themselves."""
    at = sealed.hex()
    for before, after in lost:
        at = after if before == at else at
    return held is not None and at == held.hex()


def _time(id: UUID) -> datetime:
    try:
        return uuid7_time(id)
    except ValueError:
        return _START


def _inserted(workspace: UUID, there: int) -> Iterator[Finding]:
    """Events among the sealed ones that no seal knows. Looked for only where their number says that there are some."""
    with sql.work(workspace):
        if seal_rows.passed(workspace) == there:
            return
    sealed: dict[UUID, int] = {}
    number = 0
    while True:
        with sql.work(workspace):
            part = seal_rows.after(workspace, number, 1)
        if not part:
            break
        number = part[0].number
        sealed |= dict.fromkeys((id for id, _ in part[0]), number)
    last = UUID(int=0)
    while True:
        with sql.work(workspace):
            ids = seal_rows.passed_ids(workspace, last, 50_000)
        yield from (Finding("inserted", 0, id) for id in ids if id not in sealed)
        if not ids:
            return
        last = ids[-1]


# -- the file outside the database ---------------------------------------------------------------------------------------


def anchor(workspace: UUID, file: Path) -> int:
    """Append a line for each seal the file does not have yet; returns how many. The file is only ever added to."""
    last = max((number for of, number, _ in _lines(file) if of == workspace), default=0)
    with sql.work(workspace):
        fresh = seal_rows.after(workspace, last, 1000)
    if not fresh:
        return 0
    lines = "".join(f"{workspace} {one.number} {one.digest.hex()} {one.events} {one.sealed_at.isoformat()}\n" for one in fresh)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+") as out:
        cut_off = file.stat().st_size > 0 and not file.read_bytes().endswith(b"\n")
        out.write("\n" + lines if cut_off else lines)
        out.flush()
        os.fsync(out.fileno())
    return len(fresh)


def _lines(file: Path) -> Iterator[tuple[UUID, int, bytes]]:
    """(workspace, number, digest) of each line; one cut off by a crash is passed over, and written again by `anchor`."""
    if not file.exists():
        return
    for line in file.read_text().splitlines():
        parts = line.split(" ")
        with suppress(ValueError):
            if len(parts) == 5:
                yield UUID(parts[0]), int(parts[1]), bytes.fromhex(parts[2])
