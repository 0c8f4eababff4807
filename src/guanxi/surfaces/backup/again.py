"""What a restored backup brings back although it was erased since is erased again before anybody sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxi.kernel import backup
from guanxi.surfaces.backup import place
from guanxi.surfaces.backup.making import Progress
from guanxi.surfaces.backup.place import Backup
from guanxi.surfaces.cli.embedded import database
from guanxi.surfaces.cli.home import Home, unwritable
from guanxi.surfaces.cli.speech import Trouble

DUE = "erased.due"
"""In a data folder: its database was filled, and what the register tells is not yet erased again. No start passes over it."""


def gather(one: Backup, home: Home, given: Path | None, to: Path) -> int:
    """Write into `to` all that is known of erasures: by the data folder, by the backups beside this one, which may be newer, and by the file
    given; returns how many lines. Raises Trouble where that file is no register."""
    if given is not None and (not given.is_file() or not backup.is_register(given)):
        raise Trouble(f"{given} 不是删除登记（erased.log），没有改动任何数据。", f"{given} is no register of erasures (erased.log); nothing was changed.")
    beside = [other.folder for other in place.those_in(one.folder.parent)]
    found = [home.folder / backup.REGISTER, one.folder / backup.REGISTER, *(folder / backup.REGISTER for folder in beside), *([given] if given is not None else [])]
    try:
        return backup.join_registers(to, [file for file in dict.fromkeys(found) if file != to and file.exists()])
    except OSError as problem:
        raise unwritable(to.parent, problem) from problem


def erase(home: Home, tell: Progress, url: str | None = None) -> None:
    """Erase again what the data folder's register tells and its restored database does not know, and say how much it was. `url`: how to
    look into a server of one's own. Raises Trouble; then nothing was erased."""
    register = home.folder / backup.REGISTER
    with _surroundings(), database(home) as used:
        if not backup.unheard(url or used, register):
            return
        tell("正在再次删除备份之后已彻底删除或匿名化的内容…", "Erasing again what was erased after the backup…")
        from django.db import connections

        from guanxi.surfaces.cli.administering import prepare_django

        prepare_django()
        try:
            from guanxi.kernel import setup

            setup.migrate(lambda step: None)
            done = setup.erase_again(register)
        except Exception as problem:
            raise Trouble(
                f"备份之后的删除未能重做，恢复没有完成：{type(problem).__name__}: {problem}",
                f"What was erased after the backup could not be erased again; the restore is not complete: {type(problem).__name__}: {problem}",
            ) from problem
        finally:
            connections.close_all()
    tell(
        f"备份之后已彻底删除的 {done.erased:,} 条已再次删除，{done.anonymised:,} 条已再次匿名化。",
        f"Erased again since the backup: {done.erased:,} records; made anonymous again: {done.anonymised:,}.",
    )
    if done.left:
        tell(f"有 {done.left:,} 条无法处理：所属模块未安装，或仍被使用。", f"{done.left:,} could not be reached: their module is not there, or they are in use.")


def due(home: Home, tell: Progress) -> None:
    """Finish what a restore into a server of one's own began: called at every start, inside `database`."""
    if (home.folder / DUE).exists():
        erase(home, tell)
        (home.folder / DUE).unlink()


@contextmanager
def _surroundings() -> Iterator[None]:
    """The environment is afterwards as it was: the trial place of a restore is gone then."""
    names = ("GUANXI_HOME", "DATABASE_URL")
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
