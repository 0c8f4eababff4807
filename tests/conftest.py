"""A real PostgreSQL for every test: one migrated template per worker, cloned for each test file.

Tests commit for real, so that constraints, triggers and row-level security are the database's own.
"""

from __future__ import annotations

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
def template() -> Iterator[str]:
    """A migrated, seeded database to clone."""
    global _BASE
    if not os.environ.get("DATABASE_URL"):
        pytest.skip("no database: run the tests by ./guanxi test, or set DATABASE_URL")
    from django.db import connections

    from guanxi.kernel import setup

    _BASE = connections["default"].settings_dict["NAME"]
    name = f"gx_template_{_WORKER}_{os.getpid()}"
    _admin(f'CREATE DATABASE "{name}"')
    _use(name)
    setup.migrate(lambda step: None)
    connections.close_all()
    yield name
    _use(_BASE)
    _drop(name)


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
