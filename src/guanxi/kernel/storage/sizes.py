"""How much there is, roughly: what decides which of two ways to an answer is the shorter one."""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import connection

from guanxi.base.search_text import query_tokens
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sql

LARGE: Final = 200_000
"""Rows from which on nothing is counted while somebody waits for fifty of them."""
FREQUENT: Final = 0.003
"""The part of all names that holds a text from which on walking the names in order soon finds a page of them."""
_KEPT: Final = 600.0
_sizes: dict[str, tuple[float, dict[str, int]]] = {}
_shares: dict[tuple[str, str, str], tuple[float, float]] = {}


def rows_of(it: Definition) -> int:
    """About how many rows an object's table has, all workspaces and the bin included, as the database last counted; up to ten
    minutes ago. Costs a statement in ten minutes for all tables, which no view's count includes."""
    return _tables().get(it.table, 0)


def entries() -> int:
    """About how many search entries there are."""
    return _tables().get("gx_search_entry", 0)


def _tables() -> dict[str, int]:
    name = str(connection.settings_dict["NAME"])
    at, found = _sizes.get(name, (0.0, {}))
    if not at or time.monotonic() - at > _KEPT:
        with sql.cursor() as one:
            one.execute("SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND relname LIKE 'gx\\_%%' AND reltuples > 0", [])
            found = dict(one.fetchall())
        _sizes[name] = time.monotonic(), found
    return found


def large(it: Definition) -> bool:
    return rows_of(it) >= LARGE


def frequent(catalog: Catalog, it: Definition, text: str) -> bool:
    """Whether so many of a large object's names hold a text that walking them in order soon finds a page of them; as the
    database guesses from the search entries. The planner cannot know: behind row-level security it takes any text for rare."""
    if not large(it) or len(text) < 2 or not (tokens := query_tokens(text)):
        return False
    key = (str(connection.settings_dict["NAME"]), it.name, tokens)
    at, share = _shares.get(key, (0.0, 0.0))
    if not at or time.monotonic() - at > _KEPT:
        plan = sql.rows("EXPLAIN (FORMAT JSON) SELECT 1 FROM gx_search_entry WHERE workspace_id = %s AND object = %s AND tokens @@ %s::tsquery", [catalog.workspace, it.name, tokens])[0][0]
        share = _guessed(plan) / rows_of(it)
        if len(_shares) > 10_000:
            _shares.clear()
        _shares[key] = time.monotonic(), share
    return share >= FREQUENT


def _guessed(plan: Any) -> float:
    if isinstance(plan, str | bytes):
        import msgspec

        plan = msgspec.json.decode(plan)
    return float(plan[0]["Plan"]["Plan Rows"])
