"""Commands for who runs the installation: users, tokens, imports, the check of the machine."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxi.base.text import Text
from guanxi.surfaces.cli.embedded import database
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble, said, tell_step

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
        from guanxi.kernel import setup

        setup.migrate(lambda step: None)
        yield


def token(options: argparse.Namespace) -> int:
    with ready():
        from guanxi.kernel import setup

        print(setup.issue_token(options.user, options.label))
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


def doctor(options: argparse.Namespace) -> int:
    """Prints one line per check; exit code 1 if one of them fails."""
    home = Home.from_environment()
    checks = [*of_machine(home)]
    try:
        with database(home):
            server = "DATABASE_URL" if os.environ["DATABASE_URL"].find(str(home.run)) < 0 else "PostgreSQL"
            checks.append(("database", True, f"{server} 可以使用", f"{server} can be used"))
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

    setup.migrate(tell_step)
    made = setup.first_administrator()
    if demo:
        setup.load_demo(tell_step)
    return made
