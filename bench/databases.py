"""Databases for measuring: a loaded one per size, kept as a template, and a copy of it for each run."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

import guanxi
from bench import company, loading


def fingerprint(folder: Path | None) -> str:
    """What a loaded database depends on besides its size: the tables, and how it is filled."""
    sources = [Path(company.__file__), Path(loading.__file__)]
    sources += sorted((Path(guanxi.__file__).parent / "project" / "migrations").rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    digest.update(b"real" if company.registry(folder) else b"made")
    return digest.hexdigest()[:10]


def url_of(name: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def admin(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())


def _exists(name: str) -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def use(name: str) -> None:
    """Point this process at a database."""
    from django.db import connections

    from guanxi.kernel.records import people

    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    people.forget()


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def template(size: int, folder: Path | None) -> str:
    """The loaded database of a size, made if it is not there."""
    from django.db import connections

    from guanxi.kernel import setup

    name = f"gx_bench_{size}_{fingerprint(folder)}"
    if _exists(name):
        return name
    unfinished = f"{name}_unfinished"
    admin(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
    admin(f'CREATE DATABASE "{unfinished}"')
    use(unfinished)
    started = time.monotonic()
    setup.migrate(lambda step: None)

    def progress(done: int) -> None:
        if done % 5000 == 0 or done == size:
            tell(f"  loading {done:,} of {size:,} customers, {time.monotonic() - started:.0f} s")

    loading.load(size, progress, folder)
    connections.close_all()
    with psycopg.connect(url_of(unfinished), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")  # else the server does it while somebody measures
    admin(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    return name


def drop(size: int, folder: Path | None) -> None:
    """Forget the loaded database of a size."""
    admin(f'DROP DATABASE IF EXISTS "gx_bench_{size}_{fingerprint(folder)}" WITH (FORCE)')


@contextmanager
def copy(size: int, folder: Path | None) -> Iterator[str]:
    """A loaded database to measure in and write to; gone afterwards."""
    from django.db import connections

    from guanxi.kernel import setup

    source = template(size, folder)
    name = f"gx_bench_run_{os.getpid()}_{size}"
    connections.close_all()
    admin(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
    use(name)
    try:
        setup.migrate(lambda step: None)  # the guards of today, as each start of the program makes them
        with psycopg.connect(url_of(name), autocommit=True) as connection:
            connection.execute("ANALYZE")  # a copy brings statistics of columns, not of use
        yield name
    finally:
        connections.close_all()
        admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
