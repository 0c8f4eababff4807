"""Many rows at once, and the database at work while Python prepares the next ones.

Rows are given as columns: what all rows have in common (the workspace, the moment, fields nobody filled in) is then looked
at once and not once per row, and columns that are empty throughout are not sent at all. The others go as one array each, in
PostgreSQL's binary form where that spares it reading texts sign by sign, in a single INSERT: COPY is refused where
row-level security holds, and by way of a temporary table every row would be written twice.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from itertools import repeat
from operator import is_
from struct import Struct
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import DatabaseError, connection, transaction
from psycopg.types.json import Jsonb

from guanxi.kernel.storage import sql

log = logging.getLogger("guanxi.storage")
_state = threading.local()

SLICE: Final = 500
"""Rows that are made and sent at a time: while the database writes one slice, Python makes the next."""
FEW: Final = 12
"""Up to so many rows a plain INSERT is faster; measured."""

MANY: Final = 100
"""From so many on, what an index lets wait is sorted in at the end of the batch, together."""
_WAITING: Final = 16 * 1024
"""Kilobytes that may wait until then: more than 5,000 rows have."""

_LENGTH = Struct(">i").pack
_HEAD = Struct(">iIIii").pack
_NULL: Final = b"\xff\xff\xff\xff"
_BINARY: Final = {"uuid": 2950, "text": 25, "jsonb": 3802, "tsvector": 3614}
"""Types whose arrays go in binary form, by their numbers in every PostgreSQL."""


class Tokens:
    """What a `tsvector` holds, without positions."""

    __slots__ = ("held",)

    def __init__(self, held: Iterable[str]) -> None:
        self.held = tuple(held)

    @property
    def text(self) -> str:
        """As PostgreSQL reads it."""
        joined = "' '".join(self.held)
        if "\\" not in joined and joined.count("'") == 2 * (len(self.held) - 1):  # as good as always
            return f"'{joined}'"
        return " ".join("'" + t.replace("\\", "\\\\").replace("'", "''") + "'" for t in self.held)

    @property
    def binary(self) -> bytes:
        """As PostgreSQL receives it: how many, then each with its end and no positions."""
        return _LENGTH(len(self.held)) + "".join([token + "\0\0\0" for token in self.held]).encode()


# -- values as PostgreSQL takes them ---------------------------------------------------------------------------------


def array(values: Sequence[Any]) -> str:
    """An array as a text; psycopg's own takes ten times as long for thousands."""
    texts = [value if isinstance(value, str) else str(value) for value in values]
    joined = '","'.join(texts)
    if not texts:
        return "{}"
    if "\\" not in joined and joined.count('"') == 2 * (len(texts) - 1):
        return '{"' + joined + '"}'
    return "{" + ",".join(['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts]) + "}"


def _json(value: Jsonb) -> str:
    return msgspec.json.encode(value.obj).decode()


_TEXT: Final[dict[type, Callable[[Any], str]]] = {
    str: str, UUID: str, int: str, Decimal: str, bool: lambda value: "t" if value else "f", datetime: str, date: str, list: array,
    tuple: array, Jsonb: _json, Tokens: lambda value: value.text,
}  # fmt: skip


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _TEXT[type(value)](value)


_BYTES: Final[dict[str, Callable[[Any], bytes]]] = {
    "uuid": lambda value: value.bytes,
    "text": lambda value: _shown(value).encode(),
    "jsonb": lambda value: b"\x01" + msgspec.json.encode(value.obj),
    "tsvector": lambda value: value.binary,
}


def _array(kind: str, values: Sequence[Any]) -> bytes:
    """Values of one of the types above as PostgreSQL receives an array of them."""
    as_bytes, parts = _BYTES[kind], [b""]
    if kind == "uuid" and None not in values:
        parts += [b"\0\0\0\x10" + value.bytes for value in values]
    else:
        texts = kind == "text"
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                data = value.encode() if texts and type(value) is str else as_bytes(value)
                parts += (_LENGTH(len(data)), data)
    parts[0] = _HEAD(1, 1, _BINARY[kind], len(values), 1)
    return b"".join(parts)


def _texts(values: Sequence[Any]) -> bytes:
    """Values of any other type as an array of texts that need no quotes but for blanks."""
    return ("{" + ",".join(["NULL" if value is None else f'"{_shown(value)}"' for value in values]) + "}").encode()


# -- writing ---------------------------------------------------------------------------------------------------------


@contextmanager
def sorted_in(index: str, size: int, *, later: bool = False) -> Iterator[None]:
    """Around writing `size` rows: their words are sorted into a GIN index together, when all are there, and none is left to wait.
    Each word is looked up once however many rows hold it, and nobody's search goes through those that wait one by one. `later`:
    inside `sorting_aside` they wait until that has sorted them; not for an index the next batch is compared by."""
    if size < MANY:
        yield
        return
    sorter: _Sorter | None = getattr(_state, "sorter", None) if later else None
    sql.send(f"SET LOCAL gin_pending_list_limit = {_WAITING}")
    yield
    if sorter is None:
        sql.send(f"SELECT gin_clean_pending_list(to_regclass('{index}')); SET LOCAL gin_pending_list_limit = {sql.PENDING}")
    else:
        sorter.owed.add(index)
        transaction.on_commit(partial(sorter.ask, index))


@contextmanager
def sorting_aside() -> Iterator[None]:
    """Around batches that each commit: a connection of its own sorts in the words of one while the next is made and written.
    Everything is sorted in at the end, what was undone too. Searches find what waits, more slowly."""
    _state.sorter = sorter = _Sorter()
    try:
        yield
    finally:
        _state.sorter = None
        sorter.close()


class _Sorter:
    """A thread with a connection."""

    def __init__(self) -> None:
        self.owed: set[str] = set()
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sorting", daemon=True)
        self._thread.start()

    def ask(self, index: str) -> None:
        self._asked.put(index)

    def close(self) -> None:
        for index in self.owed:
            self._asked.put(index)
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            while (index := self._asked.get()) is not None:
                try:
                    sql.run(f"SELECT gin_clean_pending_list(to_regclass('{index}'))")
                except DatabaseError:  # what waits is found all the same, and sorted in by whoever writes next
                    log.warning("words of %s are left to be sorted in", index, exc_info=True)
        finally:
            connection.close()


@lru_cache(maxsize=256)
def _kinds(table: str) -> dict[str, str]:
    """The type of each column."""
    return dict(sql.rows("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", [table]))


def insert(table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """New rows, as columns of equal length. Many are written by a statement for which nobody need wait (`sql.alongside`)."""
    size = len(next(iter(columns.values())))
    if size == 0:
        return
    if size <= FEW:
        names = ", ".join(f'"{name}"' for name in columns)
        places = "(" + ", ".join(["%s"] * len(columns)) + ")"
        sql.run(
            f"INSERT INTO {table} ({names}) VALUES {', '.join([places] * size)}",
            [value.text if isinstance(value, Tokens) else value for row in range(size) for value in (columns[name][row] for name in columns)],
        )
        return
    kinds = _kinds(table)
    filled: list[str] = []
    heads: list[str] = []
    sources: list[str] = []
    sent: list[tuple[bytes, bool]] = []
    for name, values in columns.items():
        first, kind = values[0], kinds[name]
        if values[-1] is first and all(map(is_, values, repeat(first))):
            if first is None:
                continue
            sent.append((_shown(first).encode(), False))
            heads.append(f"${len(sent)}::{kind}")
        else:
            simple = kind.endswith("]")  # arrays of arrays are no lists of arrays
            held = "text" if simple else kind
            sent.append((_array(held, values), True) if held in _BINARY else (_texts(values), False))
            sources.append(f"${len(sent)}::{held}[]")
            heads.append(f"v.c{len(sources)}" + (f"::{kind}" if held != kind else ""))
        filled.append(f'"{name}"')
    if not sources:  # rows that are all alike
        sent.append((_texts(range(size)), False))
        sources.append(f"${len(sent)}::int[]")
    places = ", ".join(f"c{n + 1}" for n in range(len(sources)))
    sql.count()
    sql.send(f"INSERT INTO {table} ({', '.join(filled)}) SELECT {', '.join(heads)} FROM unnest({', '.join(sources)}) AS v({places})", sent)
