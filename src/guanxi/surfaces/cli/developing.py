"""Commands for who works on Guanxi: check, test, bench, Django's own."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from guanxi.surfaces.cli.administering import prepare_django
from guanxi.surfaces.cli.embedded import THROWAWAY, database
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import tell

CHECKOUT = Path(__file__).resolve().parents[4]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
MOST_WORKERS = 4
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def check(options: argparse.Namespace) -> int:
    """All three run even if the first fails: one round shows everything."""
    tools: dict[str, Sequence[str]] = {
        "ruff": ("-m", "ruff", "check", ".", "guanxi"),  # the launcher has no .py to be found by
        "mypy": ("-m", "mypy"),
        "import-linter": ("-c", LINT_IMPORTS),
    }
    failures = []
    for name, arguments in tools.items():
        tell(f"── {name}", f"── {name}")
        if child(arguments) != 0:
            failures.append(name)
    if failures:
        names = ", ".join(failures)
        tell(f"检查未通过: {names}", f"Failed: {names}")
        return 1
    tell("检查通过。", "All checks passed.")
    return 0


def test(options: argparse.Namespace) -> int:
    browser = find_browser()
    if browser:
        os.environ["GUANXI_CHROMIUM"] = browser
    # Alone, a chosen file starts faster in one process; everything together is faster in several, one more than there are processors,
    # because a third of their time they wait: for servers to start, for killed ones to be missed. A file stays in one of them, in its
    # order; the longest begin (tests/conftest.py).
    # A browser or a server of processes may be upset by what else a machine does: such a test is tried again, and the last lines name it.
    arguments = options.rest or ["-n", str(min((os.cpu_count() or 1) + 1, MOST_WORKERS)), "--dist", "loadfile", "--no-loadscope-reorder", "--reruns", "2", "--reruns-delay", "1", "-raR"]
    with throwaway_database(THROWAWAY):
        return child(("-m", "pytest", *arguments))


def bench(options: argparse.Namespace) -> int:
    """With the settings of production: what it measures is what a company gets."""
    with throwaway_database({}):
        return child(("-m", "bench", *options.rest))


def manage(options: argparse.Namespace) -> int:
    arguments = ["makemigrations", *options.rest] if options.command == "makemigrations" else options.rest
    with database(Home.from_environment()):
        prepare_django()
        from django.core.management import execute_from_command_line

        execute_from_command_line(["guanxi manage", *arguments])
    return 0


@contextlib.contextmanager
def throwaway_database(settings: Mapping[str, str]) -> Iterator[None]:
    """A data folder that is gone afterwards; its database too, unless DATABASE_URL names another."""
    with tempfile.TemporaryDirectory(prefix="guanxi-", ignore_cleanup_errors=True) as folder:
        if os.geteuid() == 0:
            Path(folder).chmod(0o711)  # the server runs as another user
        with database(Home(Path(folder)), settings):
            yield


def child(arguments: Sequence[str]) -> int:
    """Runs Python at the root of the checkout and returns its exit code. Leaves Ctrl-C to the child."""
    sys.stderr.flush()
    process = subprocess.Popen([sys.executable, *arguments], cwd=CHECKOUT)

    def pass_on(number: int, frame: object) -> None:
        if number == signal.SIGTERM:
            process.terminate()

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def find_browser() -> str | None:
    """Chromium and a Chinese font for the browser tests; root has them installed where apt-get is there."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found and has_chinese_font():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        tell("正在安装测试用的浏览器和字体…", "Installing the browser and fonts for the tests…")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ("apt-get", "update", "-qq"),
            ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"),
        ):
            done = subprocess.run(
                command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                print("\n".join(done.stderr.strip().splitlines()[-3:]), file=sys.stderr)
        found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        tell(
            "没有 Chromium，浏览器测试无法运行。请安装，例如: apt-get install chromium fonts-noto-cjk",
            "No Chromium: the browser tests cannot run. Install it: apt-get install chromium fonts-noto-cjk",
        )
    return found


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, check=False).stdout.strip())
