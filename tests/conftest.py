"""A real PostgreSQL for every test: one migrated template for a run, cloned for each test file.

Tests commit for real, so that constraints, triggers and row-level security are the database's own.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ["GUANXI_MODULES"] = "tests.toy.module"
os.environ.setdefault("GUANXI_PACE", "0")  # tests ask faster than people; those of the pace set it
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.project.settings")
os.environ.setdefault("GUANXI_HOME", tempfile.mkdtemp(prefix="guanxi-test-"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import django

django.setup()

from tests.chromium import chromium, website, whole_site  # noqa: E402, F401 - fixtures for every folder

# A run says the same of the same code on every machine; GUANXI_NIGHTLY=1 looks for new counterexamples instead.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("nightly", deadline=None, print_blob=True)
hypothesis.settings.load_profile("nightly" if os.environ.get("GUANXI_NIGHTLY") else "steady")

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_count = 0


LONGEST = (
    "surfaces/cli/test_backup.py", "surfaces/web/test_every_page.py", "bench/test_bench.py", "project/test_upgrading.py", "stories/test_two_people.py",
    "surfaces/imports/test_real_data.py", "surfaces/cli/test_killed_database.py", "surfaces/web/test_settings_browser.py", "stories/test_import_wizard.py",
    "contract/test_rights.py", "stories/test_manager_reviews.py", "surfaces/jobs/test_crash.py", "contract/test_oracle.py",
)  # fmt: skip
"""Files that take longest begin first: workers take a file at a time, and whoever took one of these last would be waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the rest as it came."""
    place = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0].removeprefix("tests/"), len(LONGEST)))


def data_folder() -> Path | None:
    """Where the real data lies, if it does."""
    given = os.environ.get("GUANXI_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def data() -> Path:
    folder = data_folder()
    if folder is None:
        pytest.skip("the test data is not here: set GUANXI_DATA")
    return folder


def _drop(name: str) -> None:
    """Drop a test's database. Not WITH (FORCE): an ordinary role may not end the server's autovacuum, which a plain DROP
    asks to stop by itself; what tests left connected is ended by name."""
    for attempt in range(10):
        try:
            _admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND usename = current_user")
            _admin(f'DROP DATABASE IF EXISTS "{name}"')
        except Exception:
            if attempt == 9:
                raise
            time.sleep(0.5)
        else:
            return


def _admin(statement: str) -> None:
    from django.db import connections

    connection = connections["default"].copy()
    connection.settings_dict = {**connection.settings_dict, "NAME": _base_name()}
    connection.set_autocommit(True)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


_BASE: str | None = None


def _base_name() -> str:
    assert _BASE is not None
    return _BASE


def _use(name: str) -> None:
    from django.db import connections

    from guanxi.kernel.records import people

    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    connections["default"].close()
    people.forget()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated, seeded database to clone: made by the worker that needs it first, dropped by the last that is done."""
    global _BASE
    if not os.environ.get("DATABASE_URL"):
        pytest.skip("no database: run the tests by ./guanxi test, or set DATABASE_URL")
    from django.db import connections

    from guanxi.kernel import setup

    _BASE = connections["default"].settings_dict["NAME"]
    folder, run = tmp_path_factory.getbasetemp(), os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    folder = folder.parent if run else folder  # of all workers of a run
    name = f"gx_template_{run[:12] or os.getpid()}"
    with (folder / "template.lock").open("w") as lock, (folder / "template.used").open("w") as used:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(used, fcntl.LOCK_SH)
        if not (folder / name).exists():
            _admin(f'CREATE DATABASE "{name}"')
            _use(name)
            setup.migrate(lambda step: None)
            connections.close_all()
            (folder / name).touch()
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield name
        fcntl.flock(lock, fcntl.LOCK_EX)
        _use(_BASE)
        try:
            fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _drop(name)
        (folder / name).unlink()


@pytest.fixture(scope="module")
def database(template: str) -> Iterator[str]:
    """A fresh database for this test file."""
    global _count
    _count += 1
    name = f"gx_test_{_WORKER}_{os.getpid()}_{_count}"
    _use(_base_name())
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)
    yield name
    _use(_base_name())
    _drop(name)


@pytest.fixture(scope="module")
def cast(database: str):  # type: ignore[no-untyped-def]
    """The people, in a fresh database."""
    from tests import cast as people

    return people.make()


@pytest.fixture(scope="module")
def database_url(database: str) -> str:
    """The address of the file's database, for processes of their own."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    return base.rpartition("/")[0] + "/" + database + (f"?{query}" if query else "")
