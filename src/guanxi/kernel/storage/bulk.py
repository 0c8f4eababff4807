"""Many rows at once, by COPY, and the database at work while Python prepares the next ones.

Rows are given as columns: what all rows have in common (the workspace, the moment, fields nobody filled in) is then looked
at once and not once per row, and columns that are empty throughout are not sent at all.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from guanxi.kernel.storage import sql

SLICE: Final = 500
"""Rows that are made and sent at a time: while the database writes one slice, Python makes the next."""
FEW: Final = 12
"""Up to so many rows INSERT is faster than COPY; measured."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = ("\\", "\t", "\n", "\r")


# -- values as COPY's text -------------------------------------------------------------------------------------------


def _escaped(texts: list[str | None]) -> list[str]:
    """Texts with what COPY would take for something else marked; one look at all of them finds that there is nothing."""
    joined = "".join([text for text in texts if text is not None])
    if any(mark in joined for mark in _SPECIAL):
        return [r"\N" if text is None else text.translate(_ESCAPES) for text in texts]
    return [r"\N" if text is None else text for text in texts]


def _array(values: Sequence[Any]) -> str:
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _json(value: Jsonb) -> str:
    return msgspec.json.encode(value.obj).decode()


_TEXT: Final[dict[type, Callable[[Any], str]]] = {
    UUID: str, int: str, Decimal: str, bool: lambda value: "t" if value else "f", datetime: str, date: str, list: _array,
    tuple: _array, Jsonb: _json,
}  # fmt: skip


def _column(values: Sequence[Any]) -> list[str] | None:
    """One column as texts for COPY; None when nothing is in it."""
    first = values[0]
    if all(value is first for value in values):
        return None if first is None else _escaped([_shown(first)]) * len(values)
    if isinstance(first, str) or first is None:
        return _escaped([value if value is None or type(value) is str else _shown(value) for value in values])
    return _escaped([None if value is None else _TEXT[type(value)](value) for value in values])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _TEXT[type(value)](value)


# -- writing ---------------------------------------------------------------------------------------------------------


def insert(table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """New rows, as columns of equal length. A few by INSERT; many by COPY into a temporary table, because PostgreSQL refuses
    to COPY into one with row-level security, and from there by an INSERT for which nobody need wait (`sql.alongside`)."""
    size = len(next(iter(columns.values())))
    if size == 0:
        return
    if size <= FEW:
        names = ", ".join(f'"{name}"' for name in columns)
        places = "(" + ", ".join(["%s"] * len(columns)) + ")"
        sql.run(
            f"INSERT INTO {table} ({names}) VALUES {', '.join([places] * size)}",
            [columns[name][row] for row in range(size) for name in columns],
        )
        return
    sent: dict[str, list[str]] = {}
    for name, values in columns.items():
        found = _column(values)
        if found is not None:
            sent[name] = found
    names = ", ".join(f'"{name}"' for name in sent)
    data = "\n".join(map("\t".join, zip(*sent.values(), strict=True))) + "\n"
    halfway = f"gx_copy_{zlib.crc32(f'{table} {sorted(columns)}'.encode()):08x}"
    sql.count()
    with sql.cursor() as one:
        one.execute(f"SELECT to_regclass('pg_temp.{halfway}') IS NULL")
        if one.fetchone()[0]:
            one.execute(f"CREATE TEMP TABLE {halfway} ON COMMIT DELETE ROWS AS SELECT * FROM {table} WITH NO DATA")
        with one.cursor.copy(f"COPY {halfway} ({names}) FROM STDIN") as target:
            target.write(data)
    sql.send(f"INSERT INTO {table} ({names}) SELECT {names} FROM {halfway}; TRUNCATE {halfway}")
