"""Commands for who runs the installation: users, tokens, imports, the check of the machine."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from guanxi.base.text import Text
from guanxi.surfaces.cli.embedded import database
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble, said, tell, tell_step

if TYPE_CHECKING:
    from guanxi.surfaces.backup.place import Manifest

SETTINGS_MODULE = "guanxi.project.settings"
Check = tuple[str, bool, str, str]  # name, in order, what in Chinese, what in English


def prepare_django() -> None:
    """To be called inside `database`: settings read DATABASE_URL when they are first used."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    import django

    django.setup()


@contextmanager
def ready() -> Iterator[None]:
    """Database and Django, with the data at this program's version."""
    with database(Home.from_environment()):
        prepare_django()
        migrate(lambda step: None)
        yield


def migrate(progress: Callable[[str], None]) -> None:
    """Bring the data to this program's version. Data that people use are looked at first (`preflight`) and backed up; raises Trouble."""
    from guanxi.kernel import setup, upgrading
    from guanxi.surfaces.backup import again, daily
    from guanxi.surfaces.cli import preflight

    home = Home.from_environment()

    def before(meets: upgrading.Meets) -> None:
        preflight.demand(meets, home)
        if meets.due and preflight.makes_backup(meets, home):
            daily.before_upgrade(home, tell)

    setup.migrate(progress, before)
    again.due(home, tell)
    setup.keep_register()


def upgrade(options: argparse.Namespace) -> int:
    """Brings the data to this program's version, as each start does; with --check only says what that would meet, exit code 1 where it
    would be refused."""
    home = Home.from_environment()
    with database(home):
        prepare_django()
        from guanxi.kernel import upgrading
        from guanxi.surfaces.cli import preflight

        if not options.check:
            migrate(tell_step)
            tell("数据已是当前版本。", "The data are of this version.")
            return 0
        meets = upgrading.look()
        found = list(preflight.checks(meets, home, datetime.now(UTC)))
    passed = preflight.passed_over()
    print(said(Text(f"待执行的步骤：{len(meets.steps)}", f"Steps to be done: {len(meets.steps)}")))
    for step in meets.steps:
        print(f"  {step}")
    for check in found:
        print(f"{'✓' if check.fine else '✗'} {said(check.state)}{'' if check.fine else '  ' + said(check.remedy)}")
    return 0 if all(check.fine or check.name in passed for check in found) else 1


def token(options: argparse.Namespace) -> int:
    with ready():
        from guanxi.kernel import setup

        print(setup.issue_token(options.user, options.label, options.days))
    return 0


def create_user(options: argparse.Namespace) -> int:
    with ready():
        from guanxi.kernel import setup

        password = setup.create_user(
            options.username, options.name or options.username, options.role, password=options.password
        )
        if options.password is None:
            print(password)
    return 0


def demo(options: argparse.Namespace) -> int:
    """Adds the sample company, or puts its records into the bin."""
    with ready():
        from guanxi.kernel import sample, setup

        if not options.remove:
            setup.load_demo(tell_step)
            return 0
        removed, kept = sample.remove(setup.operator())
        print(said(Text(f"已移除 {removed} 条，保留 {kept} 条（您的数据在用）。", f"{removed} removed, {kept} kept (your own records use them).")))
    return 0


def import_file(options: argparse.Namespace) -> int:
    with ready():
        from guanxi.surfaces.imports import command

        return int(command.run(options))


def back_up(options: argparse.Namespace) -> int:
    """Makes a backup while people work on; prints where it is."""
    from guanxi.surfaces.backup import making, place
    from guanxi.surfaces.backup.server import Server

    home, began = Home.from_environment(), time.monotonic()
    folder = Path(options.folder).expanduser().absolute() if options.folder else place.usual(home)
    with database(home):
        made = making.make(Server.in_use(home), home, folder, "asked", tell)
    told(made.manifest(), time.monotonic() - began)
    print(made.folder)
    return 0


def verify(options: argparse.Namespace) -> int:
    """Of a backup: restores it into a place of its own, compares every row and file, and throws that away. Without one: compares the
    journal and the log with their seals; exit code 1 where something was edited."""
    if options.backup is None:
        return unedited()
    from guanxi.surfaces.backup import place, restoring

    began = time.monotonic()
    found = restoring.verify(place.at(Path(options.backup).absolute()), Home.from_environment(), tell)
    told(found, time.monotonic() - began)
    tell("备份完好：恢复后逐行、逐文件一致。", "The backup is sound: restored, every row and every file is the same.")
    return 0


def unedited() -> int:
    """Prints how journal and log compare with their seals."""
    from guanxi.kernel import setup

    with database(Home.from_environment()):
        checks = setup.sealed()
    for _, good, zh, en in checks:
        print(f"{'✓' if good else '✗'} {said(Text(zh, en))}")
    return 0 if all(good for _, good, *_ in checks) else 1


def restore(options: argparse.Namespace) -> int:
    """Fills an empty data folder, or the empty database of DATABASE_URL, from a backup."""
    from guanxi.surfaces.backup import place, restoring
    from guanxi.surfaces.backup.server import Server
    from guanxi.surfaces.cli.engine import Engine, ServerUser

    home, began = Home.from_environment(), time.monotonic()
    one = place.at(Path(options.backup).absolute())
    erased = Path(options.erased).absolute() if options.erased else None
    given = os.environ.get("DATABASE_URL")
    if given:
        server = Server(os.environ.get("GUANXI_BACKUP_URL") or given, Engine.find(home, ServerUser.find(home.data)))
        found = restoring.restore_into_server(one, server, home, tell, erased=erased)
    else:
        found = restoring.restore(one, home, tell, replace=options.replace, erased=erased)
    told(found, time.monotonic() - began)
    tell(f"已恢复到 {home.folder}，可以启动 ./guanxi serve。", f"Restored to {home.folder}; ./guanxi serve may be started.")
    return 0


def told(manifest: Manifest, seconds: float) -> None:
    count, size = manifest.files
    made = f"{manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S}"
    tell(
        f"{made} 的数据：{manifest.rows:,} 行，{count:,} 个文件 ({size / 2**20:,.1f} MB)，数据库 {manifest.bytes / 2**20:,.1f} MB，用时 {seconds:,.1f} 秒。",
        f"Data of {made}: {manifest.rows:,} rows, {count:,} files ({size / 2**20:,.1f} MB), database {manifest.bytes / 2**20:,.1f} MB, in {seconds:,.1f} s.",
    )


def doctor(options: argparse.Namespace) -> int:
    """Prints one line per check; exit code 1 if one of them fails."""
    from guanxi.surfaces.backup import daily

    home = Home.from_environment()
    checks = [*of_machine(home)]
    try:
        with database(home):
            server = "DATABASE_URL" if os.environ["DATABASE_URL"].find(str(home.run)) < 0 else "PostgreSQL"
            checks.append(("database", True, f"{server} 可以使用", f"{server} can be used"))
            checks.append(("backup", *daily.state(home, datetime.now().astimezone())))
            checks += of_kernel()
    except Trouble as trouble:
        checks.append(("database", False, trouble.text.zh, trouble.text.en))
    width = max(len(name) for name, *_ in checks)
    for name, good, zh, en in checks:
        print(f"{'✓' if good else '✗'} {name:<{width}}  {said(Text(zh, en))}")
    return 0 if all(good for _, good, *_ in checks) else 1


def of_machine(home: Home) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield "python", True, version, version
    try:
        home.prepare()
        yield "data folder", True, str(home.folder), str(home.folder)
        free = shutil.disk_usage(home.folder).free // 2**20
        yield "disk", free >= 500, f"剩余 {free:,} MB (至少 500)", f"{free:,} MB free (at least 500)"
    except Trouble as trouble:
        yield "data folder", False, trouble.text.zh, trouble.text.en
    libraries = Path(os.environ.get("GUANXI_NODE_MODULES", "node_modules"))
    there = all((libraries / name / "package.json").is_file() for name in ("htmx.org", "lit"))
    if there:
        yield "browser libraries", True, str(libraries), str(libraries)
    else:
        yield (
            "browser libraries", False, f"{libraries} 不完整，请删除后重新启动",
            f"{libraries} is incomplete: delete it and start again",
        )  # fmt: skip


def of_kernel() -> list[Check]:
    """What the kernel finds; a kernel that does not even start is one finding."""
    try:
        prepare_django()
        from guanxi.kernel import setup

        return list(setup.diagnose())
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"
        return [("program", False, f"无法启动: {reason}", f"does not start: {reason}")]


def first_steps(demo: bool) -> tuple[str, str] | None:
    """Data at this version, the first administrator where there is none, the sample company if asked for."""
    from guanxi.kernel import setup

    migrate(tell_step)
    made = setup.first_administrator()
    if demo:
        setup.load_demo(tell_step)
    return made
