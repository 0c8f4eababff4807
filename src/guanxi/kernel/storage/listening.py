"""Hearing what other connections announce at commit (LISTEN), and announcing what is nobody's record (NOTIFY)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection

from guanxi.kernel.storage import sql
from guanxi.kernel.storage.journal_rows import CHANNEL


def announce(notice: str) -> None:
    """Tell every process of the program, when this transaction commits, and keep it nowhere."""
    sql.rows("SELECT pg_notify(%s, %s)", [CHANNEL, notice])


async def notices() -> AsyncIterator[str | None]:
    """The journal's announcements as they come; first None, to say that the line is open. Ends when the line breaks."""
    found: dict[str, Any] = await sync_to_async(lambda: dict(connection.get_connection_params()))()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        found.pop(name, None)
    try:
        async with await psycopg.AsyncConnection.connect(**found, autocommit=True) as line:
            await line.execute(f"LISTEN {CHANNEL}")
            yield None
            async for notice in line.notifies():
                yield notice.payload
    except (psycopg.Error, OSError):
        return
