"""What must hold before an upgrade changes people's data, and what to do where it does not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from guanxi.base.text import Text
from guanxi.surfaces.backup import daily, making, place
from guanxi.surfaces.cli.embedded import Cluster
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

if TYPE_CHECKING:
    from guanxi.kernel.upgrading import Meets

ANYWAY = "GUANXI_UPGRADE_ANYWAY"
"""Names of checks that need not hold, separated by commas."""
MAY_FAIL = ("processes", "jobs", "room", "backup")
FACTOR = 1.0
"""How much of the database's size an upgrade may need beside it: tables and indexes that are written anew, and the log of that."""
RECENT = timedelta(days=1)
"""How old the last backup may be where the program makes none itself."""
MB = 2**20


@dataclass(frozen=True)
class Check:
    """One thing that must hold: whether it does, how it stands, and what to do when it does not."""

    name: str
    fine: bool
    state: Text
    remedy: Text


def passed_over() -> set[str]:
    """The checks somebody decided to go on without. Raises Trouble for a name that is none."""
    given = {one.strip() for one in os.environ.get(ANYWAY, "").split(",") if one.strip()}
    if wrong := sorted(given - set(MAY_FAIL)):
        names = ", ".join(MAY_FAIL)
        raise Trouble(f"{ANYWAY} 不认识 {', '.join(wrong)}，可用：{names}。", f"{ANYWAY} knows no {', '.join(wrong)}; use {names}.")
    return given


def demand(meets: Meets, home: Home) -> None:
    """Raises Trouble with everything that does not hold and what to do about each; then nothing was changed."""
    passed = passed_over()
    failed = [check for check in checks(meets, home, datetime.now(UTC)) if not check.fine and check.name not in passed]
    if failed:
        zh = "\n".join(f"  ✗ {check.state.zh}\n    {check.remedy.zh}{_anyway(check).zh}" for check in failed)
        en = "\n".join(f"  ✗ {check.state.en}\n    {check.remedy.en}{_anyway(check).en}" for check in failed)
        raise Trouble(f"数据需要升级，但现在不能开始，数据没有改动：\n{zh}", f"The data need an upgrade, which cannot begin now; nothing was changed:\n{en}")


def _anyway(check: Check) -> Text:
    if check.name not in MAY_FAIL:
        return Text("", "")
    return Text(f" 仍要继续：{ANYWAY}={check.name}", f" To go on regardless: {ANYWAY}={check.name}")


def checks(meets: Meets, home: Home, now: datetime) -> Iterator[Check]:
    """All of them, in the order they are told. Data nobody uses yet need the server only."""
    yield _server(meets)
    if meets.due:
        yield _processes(meets)
        yield _jobs(meets)
        yield _room(meets, home)
        yield _backup(meets, home, now)


def makes_backup(meets: Meets, home: Home) -> bool:
    """Whether this upgrade begins with a backup: unless one of before it is there already, or somebody sees to backups another way."""
    return daily.moment_of_day() is not None and "backup" not in passed_over() and before(meets, home) is None


def before(meets: Meets, home: Home) -> place.Backup | None:
    """The backup that an upgrade which was interrupted began with. Another one, of half an upgrade, would in time push it out."""
    if not meets.interrupted:
        return None
    return next((one for one in place.those_in(place.usual(home)) if one.reason == "upgrade" and _state_of(one) == meets.finished), None)


def _state_of(one: place.Backup) -> dict[str, str] | None:
    try:
        return one.manifest().migrations
    except Trouble:
        return None


def _server(meets: Meets) -> Check:
    from guanxi.kernel.upgrading import OLDEST_SERVER

    has, needed = meets.server // 10000, OLDEST_SERVER // 10000
    return Check(
        "server", meets.server >= OLDEST_SERVER, Text(f"PostgreSQL {has}（需要 {needed} 以上）", f"PostgreSQL {has} ({needed} or later needed)"),
        Text("请先升级数据库服务器，或让 DATABASE_URL 指向新的服务器。", "Upgrade the database server first, or name a newer one in DATABASE_URL."),
    )  # fmt: skip


def _processes(meets: Meets) -> Check:
    told = ", ".join(f"{one.name or '?'} @ {one.address or 'local'} (backend {one.pid})" for one in meets.older[:5])
    return Check(
        "processes", not meets.older,
        Text(f"其他版本的进程正在使用数据：{told}", f"Processes of another version use the data: {told}") if meets.older
        else Text("没有其他版本的进程在使用数据", "No process of another version uses the data"),
        Text("请先停止所有正在运行的 ./guanxi serve 和 worker。", "Stop every ./guanxi serve and worker that runs."),
    )  # fmt: skip


def _jobs(meets: Meets) -> Check:
    """Once an upgrade was begun the version that began a job cannot end it: then it goes on afterwards."""
    told = ", ".join(f"{one.kind} {one.done:,}/{one.total:,}" if one.total else one.kind for one in meets.unfinished[:5])
    n = len(meets.unfinished)
    return Check(
        "jobs", not n or meets.interrupted, Text(f"未完成的后台任务 {n} 个：{told}", f"Unfinished jobs, {n}: {told}") if n else Text("没有未完成的后台任务", "No unfinished jobs"),
        Text("请用原来的版本启动，等它们完成或取消它们。", "Start the version you had, and let them end or cancel them."),
    )  # fmt: skip


def _room(meets: Meets, home: Home) -> Check:
    """On each disk that grows: that of an embedded database, and that of the backup."""
    needs: dict[int, tuple[Path, int]] = {}

    def add(folder: Path, need: float) -> None:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        disk = there.stat().st_dev
        needs[disk] = (needs.get(disk, (there, 0))[0], needs.get(disk, (there, 0))[1] + int(need))

    if os.environ.get("DATABASE_URL") == Cluster(home).url:
        add(home.folder, meets.size * FACTOR)
    if makes_backup(meets, home):
        add(place.usual(home), meets.size * making.ROOM)
    short = [(folder, need, free) for folder, need in needs.values() if (free := shutil.disk_usage(folder).free) < need]
    told = Text(
        "；".join(f"{folder} 需要约 {need // MB + 1:,} MB，剩余 {free // MB:,} MB" for folder, need, free in short),
        "; ".join(f"{folder} may need {need // MB + 1:,} MB and has {free // MB:,} MB" for folder, need, free in short),
    )
    return Check(
        "room", not short, Text(f"磁盘空间不足：{told.zh}", f"Not enough room: {told.en}") if short else Text("磁盘空间足够", "There is room on the disks"),
        Text("请清理空间，或用 GUANXI_BACKUPS 把备份放到别的磁盘。", "Free some, or name another disk for backups in GUANXI_BACKUPS."),
    )  # fmt: skip


def _backup(meets: Meets, home: Home, now: datetime) -> Check:
    if (kept := before(meets, home)) is not None:
        return Check("backup", True, Text(f"升级前的备份已有：{kept.folder}", f"There is a backup of before the upgrade: {kept.folder}"), Text("", ""))
    if daily.moment_of_day() is not None:
        return Check("backup", True, Text(f"将先备份到 {place.usual(home)}", f"A backup will be made first, in {place.usual(home)}"), Text("", ""))
    last = next(iter(place.those_in(place.usual(home))), None)
    return Check(
        "backup", last is not None and now - last.made_at < RECENT,
        Text(f"最近的备份：{last.made_at.astimezone():%Y-%m-%d %H:%M}", f"The last backup was made {last.made_at.astimezone():%Y-%m-%d %H:%M}") if last
        else Text("没有备份，定时备份也已关闭 (GUANXI_BACKUP=off)", "There is no backup, and none is made by schedule (GUANXI_BACKUP=off)"),
        Text("请先运行 ./guanxi backup。", "Run ./guanxi backup first."),
    )  # fmt: skip
