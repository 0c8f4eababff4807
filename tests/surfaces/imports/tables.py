"""What the tests of imports share: small tables as bytes, and the short way through the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import reading
from guanxi.surfaces.imports import engine
from guanxi.surfaces.imports.reading.table import open_table
from guanxi.surfaces.imports.reports import Report


def load(
    actor: Actor, name: str, source: str | bytes | Path, mapping: dict[str, Any] | None = None, **options: Any
) -> Report:
    """Import a text, bytes or a file."""
    given = source.encode() if isinstance(source, str) else source
    how = {key: (mapping or {}).get(key) for key in ("encoding", "delimiter", "sheet", "header_row")}
    with open_table(given, **how) as table:
        return engine.run(actor, table, name, mapping, **options)


def figures(report: Report) -> dict[str, int]:
    """The counts that are not nought."""
    return {name: count for name in Report.COUNTS if (count := getattr(report, name))}


def everything(actor: Actor, name: str, fields: list[str], where: Any = None) -> list[dict[str, Any]]:
    """All records the actor sees, by name."""
    out: list[dict[str, Any]] = []
    after = None
    while True:
        page = reading.query(name, actor=actor, where=where, fields=fields, sort=["name"], limit=200, after=after)
        out += page.rows
        after = page.next
        if after is None:
            return out


def count(actor: Actor, name: str, where: Any = None) -> int:
    return int(reading.aggregate(name, actor=actor, where=where).rows[0]["count"])
