"""A backup is a folder that is complete once it has its name.

    guanxi-20261122-023000-daily/
        manifest.json      what is in it, and when and by which version it was made
        database.dump      the database (pg_restore reads it)
        files/             the uploaded files, each under its SHA-256; those of the backup before are shared, not copied
        secret, seals.log  what signs sessions, and the lines about the journal's seals
        erased.log         what had been erased by then, for older backups beside it
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from guanxi.surfaces.cli.home import Home, unwritable
from guanxi.surfaces.cli.speech import Trouble

FORMAT = 1
NAME = re.compile(r"guanxi-(\d{8}-\d{6})-(daily|asked|upgrade)")
DAYS, WEEKS, MONTHS, UPGRADES = 7, 4, 3, 3
"""How many of the newest days, weeks, months and upgrades keep their backup. One that somebody asked for is never thrown away."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `tables`: rows and hash of each; `files`: how many and how many bytes."""

    format: int
    made_at: datetime
    reason: str
    guanxi: str
    postgresql: int
    database: str
    bytes: int
    tables: dict[str, tuple[int, str]]
    files: tuple[int, int]
    migrations: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.tables.values())


@dataclass(frozen=True)
class Backup:
    folder: Path
    made_at: datetime
    reason: str

    @property
    def dump(self) -> Path:
        return self.folder / "database.dump"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def manifest(self) -> Manifest:
        """Raises Trouble for a folder that is no backup, a damaged or a newer one."""
        try:
            found = msgspec.json.decode((self.folder / "manifest.json").read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as problem:
            raise no_backup(self.folder) from problem
        if found.format > FORMAT:
            raise Trouble(f"备份 {self.folder} 由更新的版本制作，请先升级程序。", f"The backup {self.folder} was made by a newer version. Upgrade first.")
        return found


def no_backup(folder: Path) -> Trouble:
    return Trouble(
        f"{folder} 不是完整的备份（manifest.json 缺失或损坏）。程序没有改动它。",
        f"{folder} is no complete backup (manifest.json is missing or damaged). It was left as it is.",
    )


def usual(home: Home) -> Path:
    """Where backups go when nobody says otherwise: GUANXI_BACKUPS, best on another disk, or beside the data."""
    given = os.environ.get("GUANXI_BACKUPS")
    return Path(given).expanduser().absolute() if given else home.folder / "backups"


def at(folder: Path) -> Backup:
    found = NAME.fullmatch(folder.name)
    made = datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if found else datetime.fromtimestamp(0, UTC)
    return Backup(folder, made, found[2] if found else "asked")


def those_in(folder: Path) -> list[Backup]:
    """The complete backups in a folder, the newest first."""
    found = [at(one) for one in folder.iterdir() if NAME.fullmatch(one.name)] if folder.is_dir() else []
    return sorted(found, key=lambda one: one.made_at, reverse=True)


@contextmanager
def making(folder: Path, reason: str) -> Iterator[Path]:
    """A new backup's folder under another name, which gets its own when the block ends well and is gone when not.
    Only one is made in a folder at a time; the second waits."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise unwritable(folder, problem) from problem
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob("unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)
        moment = datetime.now(UTC)
        while (final := folder / f"guanxi-{moment:%Y%m%d-%H%M%S}-{reason}").exists():
            moment += timedelta(seconds=1)
        unfinished = folder / f"unfinished-{final.name}"
        try:
            unfinished.mkdir(mode=0o700)
            yield unfinished
            for one in (unfinished, *unfinished.iterdir()):
                flush(one)
            unfinished.rename(final)
            flush(folder)
        except OSError as problem:
            raise unwritable(folder, problem) from problem
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    finally:
        os.close(handle)


def flush(path: Path) -> None:
    """Make sure that a file or a folder's list of names has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def superfluous(found: list[Backup]) -> list[Backup]:
    """Those that the rule no longer keeps: the newest of each of the last days, weeks and months stays."""
    kept: set[Path] = set()
    daily = [one for one in found if one.reason == "daily"]
    spans: tuple[tuple[int, Any], ...] = ((DAYS, date.toordinal), (WEEKS, lambda d: d.isocalendar()[:2]), (MONTHS, lambda d: (d.year, d.month)))
    for most, span in spans:
        seen: dict[Any, Path] = {}
        for one in daily:  # newest first
            seen.setdefault(span(one.made_at.date()), one.folder)
        kept |= set(list(seen.values())[:most])
    kept |= {one.folder for one in [one for one in found if one.reason == "upgrade"][:UPGRADES]}
    return [one for one in found if one.reason != "asked" and one.folder not in kept]


def throw_away(folder: Path) -> list[Backup]:
    """Remove what the rule no longer keeps; returns it. Renamed first, so that half a backup is never taken for one."""
    gone = superfluous(those_in(folder))
    for one in gone:
        doomed = folder / f"unfinished-{one.folder.name}"
        one.folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    return gone
