"""Transactions and statements: the only place that talks to the database.

Everything runs on Django's connection of the thread, in a transaction that carries the workspace (`SET LOCAL`), which
row-level security compares with every row. Statements are counted per thread, for the tests and the bench.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.adapt import Transformer
from psycopg.generators import fetch_many
from psycopg.generators import send as send_all
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus, error_message
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import Jsonb, JsonbLoader, set_json_dumps, set_json_loads

from guanxi.base.errors import StorageFull, TooSlow

PENDING = 256
"""Kilobytes of search entries that may wait to be sorted into their index. A search looks through them one by one (0.2 ms);
who writes the one too many sorts them all in (30 ms), about twice as fast as each at once."""

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
def cursor(kept: bool = False) -> Iterator[Any]:
    """A cursor that reads JSON as values and instants by psycopg's own fast reader: Django's hands JSON over as text. `kept`:
    a cursor that sends values apart from the statement, so that the server may keep its plan; Django's puts them into it.
    What `send` left is done first."""
    settle()
    with connection.cursor() as one:
        if kept:
            one.cursor = psycopg.Cursor(connection.connection)
        one.cursor.adapters.register_loader("jsonb", JsonbLoader)
        one.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        yield one


def count() -> None:
    """One more statement of this thread."""
    _state.count = getattr(_state, "count", 0) + 1


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
            _state.workspace, _state.unsettled = workspace, False
            yield
    except (OperationalError, DatabaseError) as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.errors.DiskFull):
            raise StorageFull() from error
        if isinstance(cause, psycopg.errors.QueryCanceled) and getattr(_state, "seconds", 0) > 0:
            raise TooSlow() from error
        raise
    finally:
        _state.workspace, _state.unsettled = None, False


def unsettle() -> None:
    """Say that this transaction changed what catalogs or rights are made of."""
    _state.unsettled = True


def unsettled() -> bool:
    """Whether it did: what is made of it now must not be kept, because it may never be, and its version's number then is another's."""
    return bool(getattr(_state, "unsettled", False))


def _begin(workspace: UUID) -> None:
    """Begin the transaction and say whose it is, in one trip to the server instead of two."""
    with connection.wrap_database_errors:
        server = connection.connection.pgconn
        begin = "BEGIN; " if server.transaction_status == TransactionStatus.IDLE else ""
        own = (
            f"SET LOCAL app.workspace = '{workspace!s}'; SET LOCAL join_collapse_limit = 1; "
            f"SET LOCAL gin_pending_list_limit = {PENDING}"
        )
        seconds: int = getattr(_state, "seconds", 0)
        if seconds:
            own += f"; SET LOCAL statement_timeout = '{seconds}s'"
        if getattr(_state, "unhurried", False):
            own += "; SET LOCAL synchronous_commit = off"
        answer = server.exec_(f"{begin}{own}".encode())
        if server.status != ConnStatus.OK:
            raise psycopg.OperationalError(error_message(answer))
        if answer.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(answer)


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Inside, a statement of this thread's transactions takes at most so long (0: as long as it likes); beyond it they raise TooSlow."""
    before = getattr(_state, "seconds", 0)
    _state.seconds = seconds
    try:
        yield
    finally:
        _state.seconds = before


@contextmanager
def unhurried() -> Iterator[None]:
    """Around transactions of this thread that each note how far the work has come: none waits until the disk has it, all are there
    when the block ends. Where the machine dies meanwhile, the last of them are gone together with their notes, and are done again."""
    _state.unhurried = True
    try:
        yield
    finally:
        _state.unhurried = False
        with transaction.atomic():  # its commit waits for everything before it
            rows("SELECT pg_logical_emit_message(TRUE, 'guanxi', '')")


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
    count()
    trail = getattr(_state, "trail", None)
    if trail is not None:
        trail.append(sql)
    with cursor(kept) as one:
        one.execute(sql, parameters)
        answer = one.cursor.pgresult  # `description` would describe every column to learn that there are some
        return one.fetchall() if answer is not None and answer.nfields else []


def run(sql: str, parameters: Sequence[Any] = ()) -> int:
    """One statement without rows; returns how many it touched."""
    count()
    trail = getattr(_state, "trail", None)
    if trail is not None:
        trail.append(sql)
    with cursor() as one:
        one.execute(sql, parameters)
        return int(one.rowcount)


def script(sql: str) -> None:
    """Definitions without parameters; a percent sign means itself."""
    with cursor() as one:
        one.execute(sql)


@contextmanager
def alongside() -> Iterator[None]:
    """Inside, `send` and `ask` do not wait for the database; every other statement does first, and so does the end of the block,
    which raises what went wrong meanwhile."""
    before = getattr(_state, "alongside", False)
    _state.alongside = True
    try:
        yield
    except BaseException:
        with suppress(Exception):
            settle()
        raise
    else:
        settle()
    finally:
        _state.alongside = before


def send(text: str, parameters: Sequence[tuple[bytes, bool]] = ()) -> None:
    """Statements without answers, one after the other, or one with parameters ($1 …) as PostgreSQL takes them, each with
    whether it is binary; not waited for inside `alongside`."""
    settle()
    connection.ensure_connection()
    _state.pending = connection.connection
    with connection.wrap_database_errors:
        server = connection.connection.pgconn
        if parameters:
            server.send_query_params(text.encode(), [value for value, _ in parameters], None, [int(binary) for _, binary in parameters])
        else:
            server.send_query(text.encode())
        connection.connection.wait(send_all(server))
    if not getattr(_state, "alongside", False):
        settle()


class Asked:
    """The rows of a statement the database is still at work on."""

    def __init__(self) -> None:
        self._on: psycopg.Connection[Any] | None = None
        self._result: Any = None

    def rows(self) -> list[tuple[Any, ...]]:
        """All its rows, as soon as they are there. Raises what the database says against the statement, unless another one, which waited
        for it, has raised that already."""
        if self._result is None:
            settle()
        if self._result is None or self._on is None:
            raise RuntimeError("This statement failed before")
        reader = Transformer.from_context(self._on)
        reader.set_pgresult(self._result)
        return reader.load_rows(0, self._result.ntuples, tuple)


def ask(text: str, parameters: Sequence[bytes]) -> Asked:
    """One statement ($1 … as texts) whose rows are fetched later; not waited for inside `alongside`."""
    settle()
    count()
    trail = getattr(_state, "trail", None)
    if trail is not None:
        trail.append(text)
    connection.ensure_connection()
    asked = Asked()
    asked._on = _state.pending = connection.connection
    _state.asked = asked
    with connection.wrap_database_errors:
        server = connection.connection.pgconn
        server.send_query_params(text.encode(), list(parameters))
        connection.connection.wait(send_all(server))
    if not getattr(_state, "alongside", False):
        settle()
    return asked


def settle() -> None:
    """Wait until what was sent is done. Raises what the database says against it."""
    held: psycopg.Connection[Any] | None = getattr(_state, "pending", None)
    if held is None:
        return
    asked: Asked | None = getattr(_state, "asked", None)
    _state.pending = _state.asked = None
    with connection.wrap_database_errors:
        for result in held.wait(fetch_many(held.pgconn)):
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                raise psycopg.errors.error_from_result(result)
            if asked is not None:
                asked._result = result


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
