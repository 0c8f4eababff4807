"""Making a backup: one moment of the database and the files it speaks of, while people work on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from guanxi.kernel import backup
from guanxi.surfaces.backup import place
from guanxi.surfaces.backup.place import Backup, Manifest
from guanxi.surfaces.backup.server import Server
from guanxi.surfaces.cli.engine import VERSION
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

Progress = Callable[[str, str], None]
ROOM = 1.2
"""How much of the database's size must be free before a copy is begun; compressed it takes a fraction."""


def make(server: Server, home: Home, folder: Path, reason: str, tell: Progress = lambda zh, en: None) -> Backup:
    """A new backup in `folder`. Raises Trouble when there is no room or no right, and leaves nothing half made."""
    reach = server.reach()
    before = next(iter(place.those_in(folder)), None)
    with place.making(folder, reason) as new:
        free = shutil.disk_usage(new).free
        if free < reach.size * ROOM:
            raise Trouble(
                f"空间不足：备份需要约 {reach.size // 2**20:,} MB，{folder} 剩余 {free // 2**20:,} MB。可用 GUANXI_BACKUPS 指定别的磁盘。",
                f"Not enough room: the backup may need {reach.size // 2**20:,} MB, {folder} has {free // 2**20:,} MB. Name another disk in GUANXI_BACKUPS.",
            )
        for name in ("secret", "seals.log", backup.REGISTER):  # before the rows: a line about a seal that the copy lacks would look like a loss
            if (home.folder / name).exists():
                shutil.copy2(home.folder / name, new / name)
        dump = new / "database.dump"
        tell("正在读取数据…", "Reading the data…")
        with backup.moment(server.url, reach.narrowed) as moment:
            tell("正在备份数据库…", "Copying the database…")
            narrowed = ("--enable-row-security",) if reach.narrowed else ()
            server.run(
                "pg_dump", "--format=custom", "--compress=gzip:1", "--no-owner", "--no-privileges", f"--snapshot={moment.snapshot}", *narrowed,
                "--file", dump, options=[f"app.workspace={reach.narrowed}"] if reach.narrowed else (),
            )  # fmt: skip
        if moment.files:
            tell(f"正在备份 {len(moment.files):,} 个文件…", f"Copying {len(moment.files):,} files…")
        for digest in moment.files:
            copy(home, digest, new / "files", before)
        manifest = Manifest(
            format=place.FORMAT, made_at=datetime.now(UTC), reason=reason, guanxi=program_version(), postgresql=VERSION,
            database=place.hash_of(dump), bytes=dump.stat().st_size, tables=moment.content,
            files=(len(moment.files), sum(moment.files.values())), migrations=moment.migrations,
        )  # fmt: skip
        (new / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        name = new.name.removeprefix("unfinished-")
    return place.at(folder / name)


def spread(digest: str) -> Path:
    """Where a file of that content lies under a folder of files."""
    return Path(digest[:2]) / digest[2:4] / digest


def copy(home: Home, digest: str, to: Path, before: Backup | None) -> None:
    """One file into the backup: shared with the backup before where that has it, else copied."""
    target = to / spread(digest)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before is not None:
        try:
            os.link(before.files / spread(digest), target)
            return
        except OSError:  # not there, or on a disk that cannot share
            pass
    try:
        shutil.copyfile(home.folder / "files" / spread(digest), target)
    except FileNotFoundError as problem:
        raise Trouble(
            f"上传的文件 {digest} 不在 {home.folder / 'files'} 里，备份没有完成。请先找回它或删除引用它的记录。",
            f"The uploaded file {digest} is missing in {home.folder / 'files'}; no backup was made. Bring it back, or delete the record it belongs to.",
        ) from problem


def program_version() -> str:
    try:
        return version("guanxi")
    except PackageNotFoundError:
        return "0"
