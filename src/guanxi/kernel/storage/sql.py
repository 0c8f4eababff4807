"""Transactions and statements: the only place that talks to the database.

Everything runs on Django's connection of the thread, in a transaction that carries the workspace (`SET LOCAL`), which
row-level security compares with every row. Statements are counted per thread, for the tests and the bench.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus, error_message
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import Jsonb, JsonbLoader, set_json_dumps, set_json_loads

from guanxi.base.errors import StorageFull

_state = threading.local()


def _dumps(value: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(value)


def _loads(value: str | bytes) -> Any:
    import msgspec

    return msgspec.json.decode(value)


set_json_dumps(_dumps)
set_json_loads(_loads)


@contextmanager
def _cursor(kept: bool = False) -> Iterator[Any]:
    """A cursor that reads JSON as values and instants by psycopg's own fast reader: Django's hands JSON over as text. `kept`:
    a cursor that sends values apart from the statement, so that the server may keep its plan; Django's puts them into it."""
    with connection.cursor() as cursor:
        if kept:
            cursor.cursor = psycopg.Cursor(connection.connection)
        cursor.cursor.adapters.register_loader("jsonb", JsonbLoader)
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        yield cursor


@contextmanager
def work(workspace: UUID) -> Iterator[None]:
    """A transaction of one workspace. Nested use joins the outer one; another workspace inside it is a mistake.

    Joins stay in the order they are written in: nearly all bring one row by its key, and trying other orders for the six
    links of a customer took as long as reading it.
    """
    held: UUID | None = getattr(_state, "workspace", None)
    if held is not None and connection.in_atomic_block:
        if held != workspace:
            raise RuntimeError("A transaction belongs to one workspace")
        yield
        return
    try:
        with transaction.atomic():
            _begin(workspace)
            _state.workspace = workspace
            yield
    except (OperationalError, DatabaseError) as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.errors.DiskFull):
            raise StorageFull() from error
        raise
    finally:
        _state.workspace = None


def _begin(workspace: UUID) -> None:
    """Begin the transaction and say whose it is, in one trip to the server instead of two."""
    with connection.wrap_database_errors:
        server = connection.connection.pgconn
        begin = "BEGIN; " if server.transaction_status == TransactionStatus.IDLE else ""
        answer = server.exec_(f"{begin}SET LOCAL app.workspace = '{workspace!s}'; SET LOCAL join_collapse_limit = 1".encode())
        if server.status != ConnStatus.OK:
            raise psycopg.OperationalError(error_message(answer))
        if answer.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(answer)


def need_room() -> None:
    """Refuse to write while the data folder's disk is nearly full: PostgreSQL stops altogether when its log cannot grow,
    and then nobody can read either. Raises StorageFull. A database elsewhere says so itself (see `work`)."""
    try:
        disk = os.statvfs(settings.GUANXI_HOME)
    except OSError:
        return
    if disk.f_bavail * disk.f_frsize < settings.GUANXI_RESERVE:
        raise StorageFull()


def working() -> bool:
    """Whether this thread is inside a transaction already."""
    return bool(connection.in_atomic_block)


@contextmanager
def savepoint() -> Iterator[None]:
    """What happens inside is undone as a whole when it raises; the transaction around it goes on."""
    with transaction.atomic():
        yield


def rows(sql: str, parameters: Sequence[Any] = (), *, kept: bool = False) -> list[tuple[Any, ...]]:
    """One statement, all its rows. `kept`: a statement so common that the server keeps its plan after a few times, whatever
    the values; not for conditions people make up, whose best plan depends on the values."""
    _state.count = getattr(_state, "count", 0) + 1
    trail = getattr(_state, "trail", None)
    if trail is not None:
        trail.append(sql)
    with _cursor(kept) as cursor:
        cursor.execute(sql, parameters)
        answer = cursor.cursor.pgresult  # `description` would describe every column to learn that there are some
        return cursor.fetchall() if answer is not None and answer.nfields else []


def run(sql: str, parameters: Sequence[Any] = ()) -> int:
    """One statement without rows; returns how many it touched."""
    _state.count = getattr(_state, "count", 0) + 1
    trail = getattr(_state, "trail", None)
    if trail is not None:
        trail.append(sql)
    with _cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def script(sql: str) -> None:
    """Definitions without parameters; a percent sign means itself."""
    with _cursor() as cursor:
        cursor.execute(sql)


def copy(table: str, columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """Many rows at once: COPY into a temporary table of the same columns, then INSERT, because PostgreSQL refuses to COPY
    into a table with row-level security."""
    _state.count = getattr(_state, "count", 0) + 1
    names = ", ".join(f'"{name}"' for name in columns)
    halfway = f"gx_copy_{zlib.crc32(f'{table} {names}'.encode()):08x}"
    with _cursor() as cursor:
        cursor.execute(f"SELECT to_regclass('pg_temp.{halfway}') IS NULL")
        if cursor.fetchone()[0]:
            cursor.execute(f"CREATE TEMP TABLE {halfway} ON COMMIT DELETE ROWS AS SELECT {names} FROM {table} WITH NO DATA")
        with cursor.cursor.copy(f"COPY {halfway} ({names}) FROM STDIN") as target:
            for line in lines:
                target.write_row(line)
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {halfway}")
        cursor.execute(f"TRUNCATE {halfway}")


def insert(table: str, columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """A few rows by INSERT, many by COPY: the crossover was measured at about a dozen."""
    if not lines:
        return
    if len(lines) > 12:
        copy(table, columns, lines)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    places = "(" + ", ".join(["%s"] * len(columns)) + ")"
    run(
        f"INSERT INTO {table} ({names}) VALUES {', '.join([places] * len(lines))}",
        [value for line in lines for value in line],
    )


def json(value: Any) -> Jsonb:
    return Jsonb(value)


def statements() -> int:
    """How many statements this thread has sent so far."""
    return int(getattr(_state, "count", 0))


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The statements sent inside the block, for tests."""
    trail: list[str] = []
    _state.trail = trail
    try:
        yield trail
    finally:
        _state.trail = None
