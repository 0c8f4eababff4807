"""Restoring a backup into an empty place, and proving one: both end with a comparison of every row and file."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from guanxi.kernel import backup
from guanxi.surfaces.backup import again, place
from guanxi.surfaces.backup.making import Progress, spread
from guanxi.surfaces.backup.place import Backup, Manifest
from guanxi.surfaces.backup.server import Server
from guanxi.surfaces.cli.embedded import Cluster
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

HURRIED: Mapping[str, str] = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "max_wal_size": "8GB", "maintenance_work_mem": "512MB", "shared_buffers": "512MB",
}  # fmt: skip
"""For a database that nobody uses yet: what is unfinished is thrown away, what is finished is flushed to the disk as a whole."""
GUARDS = re.compile(r"^\d+; \d+ \d+ (ROW SECURITY|POLICY) ")
KEPT = ("postgres", "files", "secret", "seals.log", backup.REGISTER)
"""What of a data folder a backup holds."""
SPARE = ("files", "secret", backup.REGISTER)
"""What of it may be there while nobody's data are."""


def check(one: Backup, tell: Progress) -> Manifest:
    """Compare the backup's own files with what it says of them. Raises Trouble naming what is damaged."""
    manifest = one.manifest()
    tell("正在核对备份文件…", "Checking the backup's files…")
    if not one.dump.is_file() or one.dump.stat().st_size != manifest.bytes or place.hash_of(one.dump) != manifest.database:
        raise damaged(one.dump)
    held = [path for path in one.files.rglob("*") if path.is_file()] if one.files.is_dir() else []
    for path in held:
        if place.hash_of(path) != path.name:
            raise damaged(path)
    if len(held) != manifest.files[0]:
        raise damaged(one.files)
    return manifest


def damaged(path: Path) -> Trouble:
    return Trouble(f"备份已损坏：{path} 与清单不符。请用另一个备份。", f"The backup is damaged: {path} is not what its manifest says. Use another one.")


def verify(one: Backup, home: Home, tell: Progress) -> Manifest:
    """Prove a backup: restore it into a place of its own, compare everything, and throw that away. Raises Trouble."""
    manifest = check(one, tell)
    parent = home.folder if home.folder.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="verify-", dir=parent, ignore_cleanup_errors=True) as name:
        trial = Home(Path(name))
        trial.folder.chmod(0o711)
        with filled(one, manifest, trial, tell):
            pass
    return manifest


def restore(one: Backup, home: Home, tell: Progress, *, replace: bool = False, erased: Path | None = None) -> Manifest:
    """Fill an empty data folder from a backup. `replace`: what is there is set aside first, under names that say when. What was erased
    since, as far as the folder, a backup beside this one or the register `erased` knows, is erased again.

    Raises Trouble when something is there, the backup is damaged, or a row or file differs at the end; the folder is then
    as it was before.
    """
    manifest = check(one, tell)
    home.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    there = [name for name in KEPT if name not in SPARE and (home.folder / name).exists()]
    if there and not replace:
        raise Trouble(
            f"{home.folder} 里已有数据，没有改动。请用 GUANXI_HOME 指定一个空目录，或加 --replace（原有数据会改名保留）。",
            f"{home.folder} holds data already, which were left as they are. Name an empty folder in GUANXI_HOME, or add --replace, which keeps them under another name.",
        )
    if not Cluster(home).is_unused():
        raise Trouble("系统还在运行，请先停止 ./guanxi serve。", "Guanxi is still running; stop ./guanxi serve first.")
    work = Home(home.folder / "restoring")
    shutil.rmtree(work.folder, ignore_errors=True)
    try:
        work.folder.mkdir(mode=0o711)
        known = again.gather(one, home, erased, work.folder / backup.REGISTER)
        with filled(one, manifest, work, tell) as cluster:
            pass
        if known:
            again.erase(work, tell)
        tell("正在写入磁盘…", "Writing it to the disk…")
        cluster.flush()
        aside = f"replaced-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        for name in KEPT:
            if (home.folder / name).exists():
                (home.folder / aside).mkdir(mode=0o711, exist_ok=True)
                (home.folder / name).rename(home.folder / aside / name)
            if (work.folder / name).exists():
                (work.folder / name).rename(home.folder / name)
        place.flush(home.folder)
    finally:
        shutil.rmtree(work.folder, ignore_errors=True)
    return manifest


def restore_into_server(one: Backup, server: Server, home: Home, tell: Progress, *, erased: Path | None = None) -> Manifest:
    """Fill an empty database of somebody's own server, and the files into the data folder; what was erased since is erased again, now or, where
    that fails, by the next start, which does not begin without."""
    manifest = check(one, tell)
    if not backup.is_empty(server.url):
        raise Trouble("目标数据库里已有表，没有改动。请新建一个空数据库。", "The database has tables already and was left as it is. Make an empty one.")
    home.prepare()
    known = again.gather(one, home, erased, home.folder / backup.REGISTER)
    if known:
        (home.folder / again.DUE).touch(mode=0o600)
        place.flush(home.folder)
    fill(one, manifest, server, tell)
    bring_files(one, home)
    if known:
        again.erase(home, tell, server.url)
        (home.folder / again.DUE).unlink()
    return manifest


@contextmanager
def filled(one: Backup, manifest: Manifest, home: Home, tell: Progress) -> Iterator[Cluster]:
    """A new embedded database and files from a backup, compared; the database is stopped afterwards."""
    cluster = Cluster(home, HURRIED)
    try:
        cluster.start()
        fill(one, manifest, Server.of_cluster(cluster), tell)
    finally:
        cluster.stop()
    bring_files(one, home)
    yield cluster


def fill(one: Backup, manifest: Manifest, server: Server, tell: Progress) -> None:
    """Rows, then what settles them here, then indexes, guards and triggers; at the end everything is compared."""
    owner = ("--role", server.owner) if server.owner else ()
    common = ("--no-owner", "--no-privileges", "--exit-on-error", *owner)
    tell("正在恢复数据…", "Restoring the rows…")
    server.run("pg_restore", *common, "--section=pre-data", one.dump)
    server.run("pg_restore", *common, "--section=data", "--jobs", str(jobs()), one.dump)
    backup.settle(server.url)
    tell("正在建立索引…", "Building the indexes…")
    with tempfile.TemporaryDirectory() as name:
        first, last = Path(name) / "first", Path(name) / "last"
        entries = server.entries(one.dump)
        first.write_text("".join(entry for entry in entries if not GUARDS.search(entry)))
        last.write_text("".join(entry for entry in entries if GUARDS.search(entry)))
        # Row-level security comes last: under it the owner of the tables, who checks the links between them, sees no row.
        server.run("pg_restore", *common, "--section=post-data", "--jobs", str(jobs()), "--use-list", first, one.dump)
        server.run("pg_restore", *common, "--use-list", last, one.dump)
    backup.tidy(server.url)
    tell("正在逐行核对…", "Comparing every row…")
    reach = server.reach()
    with backup.moment(server.url, reach.narrowed) as moment:
        found = {**moment.content}
    readers = "gx_consumer"  # how far the journal's readers had come is told anew
    wrong = [name for name in sorted(manifest.tables.keys() | found.keys()) if name != readers and found.get(name) != tuple(manifest.tables.get(name, ()))]
    if wrong:
        raise Trouble(f"恢复后的数据与备份不一致：{', '.join(wrong)}。", f"What was restored differs from the backup: {', '.join(wrong)}.")


def jobs() -> int:
    return max(2, min(8, os.cpu_count() or 2))


def bring_files(one: Backup, home: Home) -> None:
    """Files, the secret and the lines about seals; the backup's own copies stay apart from the new ones."""
    for path in one.files.rglob("*") if one.files.is_dir() else ():
        if path.is_file():
            target = home.folder / "files" / spread(path.name)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            if place.hash_of(target) != path.name:
                raise damaged(path)
    for name in ("secret", "seals.log"):
        if (one.folder / name).exists():
            shutil.copy2(one.folder / name, home.folder / name)
