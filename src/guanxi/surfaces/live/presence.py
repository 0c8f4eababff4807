"""Who has which record before them, as far as this process heard: kept in memory, and forgotten when not heard again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

LASTS = 30.0
"""Seconds a word of presence holds. Pages say it again every 14 seconds."""

Place = tuple[str, str, UUID]
"""A workspace, an object and a record of it."""


@dataclass
class _Tab:
    user: str
    name: str
    state: str
    word: int
    until: float


@dataclass
class Presence:
    """Tabs by record. Several tabs of one person are one person."""

    places: dict[Place, dict[str, _Tab]] = field(default_factory=dict)

    def hear(self, workspace: str, here: Mapping[str, Any]) -> Place | None:
        """Take a word of presence; returns the record when those who look at it should be told."""
        place = (workspace, here["o"], UUID(here["id"]))
        before = self.at(place)
        tabs = self.places.setdefault(place, {})
        key = f"{here['u']} {here['t']}"
        # A tab's words may overtake each other on their way; that it is gone is remembered, so that an earlier one changes nothing.
        if key not in tabs or tabs[key].word <= here["w"]:
            tabs[key] = _Tab(here["u"], here["n"], here["s"], here["w"], time.monotonic() + LASTS)
        return place if self.at(place) != before else None

    def expire(self) -> list[Place]:
        """Forget who was not heard of for too long; returns the records where somebody is gone."""
        now, out = time.monotonic(), []
        for place, tabs in list(self.places.items()):
            for key in [key for key, tab in tabs.items() if tab.until < now]:
                if tabs.pop(key).state != "gone":
                    out.append(place)
            if not tabs:
                del self.places[place]
        return list(dict.fromkeys(out))

    def at(self, place: Place) -> list[dict[str, Any]]:
        """The people at a record, in the order they came: id, name and whether they edit."""
        people: dict[str, dict[str, Any]] = {}
        for tab in self.places.get(place, {}).values():
            if tab.state == "gone":
                continue
            one = people.setdefault(tab.user, {"id": tab.user, "name": tab.name, "edits": False})
            one["edits"] = one["edits"] or tab.state == "edit"
        return list(people.values())
