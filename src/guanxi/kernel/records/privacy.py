"""What a company decided about personal data, as whoever has to keep to it reads it: see `catalog.privacy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi.kernel.declare.conditions import Always
from guanxi.kernel.records import people
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows, sql, tables

USUAL: Mapping[str, Any] = {"reveals_per_day": 50, "request_days": 15, "watermark": False, "watermark_exports": False}


def company() -> Mapping[str, Any]:
    """The company's name, and its rules: for the notice, which nobody signs in for."""
    return {**rules(tables.DEFAULT_WORKSPACE), "company": facts.settled(tables.DEFAULT_WORKSPACE)["name"]}


def rules(workspace: UUID) -> Mapping[str, Any]:
    """The values of `privacy_rules`; what is empty is as usual."""
    catalog = people.newest(workspace)
    with sql.work(workspace):
        found = rows.fetch(catalog, catalog.objects["privacy_rules"], Always(), limit=1)
    held = found[0] if found else {}
    return {**held, **{name: usual if held.get(name) is None else held[name] for name, usual in USUAL.items()}}
