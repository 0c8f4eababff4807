"""The journal and the log sealed: who edits them in the database, past the program, is found out, and so is what was edited.

Events and lines of the log are sealed in batches, in the order in which they were committed, each in a chain of its own. A
seal keeps a hash of each of its rows, and a digest over them and the seal before, so that no seal can be replaced alone; a
line about each seal goes to a file outside the database (`anchor`), so that the whole chain can't be made anew either. Found
are changed, deleted and inserted rows, rows that claim to be much older than those around them, and altered or missing seals. An event whose
values were erased is none of these: the event that erased it names it with its hash before and after.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from guanxi.kernel.storage import erasing, seal_rows, sql
from guanxi.kernel.storage.seal_rows import CHAINS, JOURNAL, LOG, WIDTH, Chain, Seal

__all__ = ("CHAINS", "JOURNAL", "LOG", "Chain", "Finding", "Seal", "Verdict", "anchor", "seal", "verify")

BATCH = 5000
LATE = 60 * 60 * 1000
"""Milliseconds: how much older than its predecessors an event may say it is: no transaction of ours stays open nearly as long."""

Kind = Literal["changed", "deleted", "inserted", "late", "seal", "anchor"]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed: what, in which seal, and which event (or line of the log) where it is one."""

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


def _root(chain: Chain) -> bytes:
    """What a chain's first digest follows, so that no chain passes for another."""
    return b"" if chain is JOURNAL else chain.name.encode()


def _digest(before: bytes, seal: Seal) -> bytes:
    head = f"{seal.number} {seal.events} {seal.sealed_at.astimezone(UTC).isoformat()}".encode()
    return hashlib.sha256(b"\0".join((before, head, seal.ids, seal.hashes))).digest()


def seal(workspace: UUID, limit: int = BATCH, chain: Chain = JOURNAL) -> int:
    """Seal the next events, or lines of the log; returns how many. 0: none wait, or somebody else is sealing."""
    with sql.work(workspace):
        if not seal_rows.alone(workspace):
            return 0
        found = seal_rows.unsealed(workspace, chain, limit)
        if not found:
            return 0
        before = seal_rows.last(workspace, chain)
        made = Seal(
            before.number + 1 if before else 1, len(found), b"".join(id.bytes for id, _, _ in found),
            b"".join(hash for _, hash, _ in found), b"", datetime.now(UTC),
        )  # fmt: skip
        seal_rows.add(workspace, chain, replace(made, digest=_digest(before.digest if before else _root(chain), made)), found[-1][2])
    return len(found)


def verify(workspace: UUID, anchors: Path | None = None, chain: Chain = JOURNAL) -> Verdict:
    """Compare every sealed event (or line of the log) with its seal, every seal with the one before and with its line in the file."""
    findings: list[Finding] = []
    told = {number: digest for of, number, digest in _lines(anchors) if of == (workspace, chain.name)} if anchors else {}
    events, number, before, newest, there = 0, 0, _root(chain), 0, 0
    known: set[int] = set()
    while True:
        with sql.work(workspace):
            part = seal_rows.after(workspace, chain, number, 1)
            if not part:
                break
            one = part[0]
            now = seal_rows.now(workspace, chain, one.ids)
            lost = erasing.redactions(workspace, [UUID(bytes=id) for id, hash in one if now.get(id) not in (None, hash)]) if chain is JOURNAL else {}
        if one.number != number + 1 or one.digest != _digest(before, one) or one.events * WIDTH != len(one.ids):
            findings.append(Finding("seal", one.number))
        if told.get(one.number, one.digest) != one.digest:
            findings.append(Finding("anchor", one.number))
        latest = newest
        for id, hash in one:
            held = now.get(id)
            if held != hash and not _redacted(hash, held, lost.get(UUID(bytes=id), ())):
                findings.append(Finding("deleted" if held is None else "changed", one.number, UUID(bytes=id)))
            made = _time(id)
            if made < newest - LATE:
                findings.append(Finding("late", one.number, UUID(bytes=id)))
            latest = max(latest, made)
        known.add(one.number)
        events, there, number, before, newest = events + one.events, there + len(now), one.number, one.digest, latest
    findings += [Finding("anchor", lost) for lost in sorted(told.keys() - known)]
    findings += _inserted(workspace, chain, there)
    with sql.work(workspace):
        waiting = seal_rows.waiting(workspace, chain)
    return Verdict(events, number, waiting, findings)


def _redacted(sealed: bytes, held: bytes | None, lost: Sequence[tuple[str, str]]) -> bool:
    """Whether all that an event lost since it was sealed is what later events say they took out of it. Those are sealed themselves."""
    at = sealed.hex()
    for before, after in lost:
        at = after if before == at else at
    return held is not None and at == held.hex()


def _time(id: bytes) -> int:
    """Milliseconds since 1970 as an id tells them; 0 for one that tells none."""
    return int.from_bytes(id[:6]) if id[6] >> 4 == 7 else 0


def _inserted(workspace: UUID, chain: Chain, there: int) -> Iterator[Finding]:
    """Rows among the sealed ones that no seal knows. Looked for only where their number says that there are some."""
    with sql.work(workspace):
        if seal_rows.passed(workspace, chain) == there:
            return
    sealed: set[bytes] = set()
    number = 0
    while True:
        with sql.work(workspace):
            part = seal_rows.after(workspace, chain, number, 1)
        if not part:
            break
        number = part[0].number
        sealed.update(id for id, _ in part[0])
    last = UUID(int=0)
    while True:
        with sql.work(workspace):
            ids = seal_rows.passed_ids(workspace, chain, last, 50_000)
        yield from (Finding("inserted", 0, id) for id in ids if id.bytes not in sealed)
        if not ids:
            return
        last = ids[-1]


# -- the file outside the database ---------------------------------------------------------------------------------------


def anchor(workspace: UUID, file: Path, chain: Chain = JOURNAL) -> int:
    """Append a line for each seal the file does not have yet; returns how many. The file is only ever added to."""
    last = max((number for of, number, _ in _lines(file) if of == (workspace, chain.name)), default=0)
    with sql.work(workspace):
        fresh = seal_rows.after(workspace, chain, last, 1000)
    if not fresh:
        return 0
    name = "" if chain is JOURNAL else f"{chain.name} "
    lines = "".join(f"{workspace} {name}{one.number} {one.digest.hex()} {one.events} {one.sealed_at.isoformat()}\n" for one in fresh)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+") as out:
        cut_off = file.stat().st_size > 0 and not file.read_bytes().endswith(b"\n")
        out.write("\n" + lines if cut_off else lines)
        out.flush()
        os.fsync(out.fileno())
    return len(fresh)


def _lines(file: Path) -> Iterator[tuple[tuple[UUID, str], int, bytes]]:
    """((workspace, chain), number, digest) of each line; one cut off by a crash is passed over, and written again by `anchor`."""
    if not file.exists():
        return
    for line in file.read_text().splitlines():
        parts = line.split(" ")
        with suppress(ValueError):
            name = parts.pop(1) if len(parts) == 6 else JOURNAL.name
            if len(parts) == 5:
                yield (UUID(parts[0]), name), int(parts[1]), bytes.fromhex(parts[2])
