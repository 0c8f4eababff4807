"""From what happened to what rules give now: a reader of the journal for the records that changed, and those that something linked to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi.base.ids import parse_id
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog import grades as kept
from guanxi.kernel.records import grading, people
from guanxi.kernel.storage import grading as storage

SILENT = (grading.VERB, "erase", "part")
"""Verbs after which nothing is asked: what rules gave would be asked for ever, and the night sees the rest."""


def handle(events: Sequence[dict[str, Any]], actor: Actor) -> None:
    """Read a part of the journal."""
    told = [event for event in events if event["verb"] not in SILENT]
    if not told:
        return
    catalog = people.newest(actor.workspace)
    for (name, field), rules in kept.ladder(grading.all_rules(actor.workspace, catalog)).items():
        asked = {event["record_id"]: event["id"] for event in told if event["object"] == name}
        for other, link in {(figure.object, figure.link) for rule in rules for figure in rule.figures}:
            found = [event for event in told if event["object"] == other]
            if not found:
                continue
            for event in found:
                for id in _named(event, link):
                    asked.setdefault(id, event["id"])
            for id in storage.linked(catalog, catalog.objects[other], link, [event["record_id"] for event in found]):
                asked.setdefault(id, found[-1]["id"])
        ids = list(asked)
        for start in range(0, len(ids), grading.BATCH):
            grading.apply(actor, name, field, ids[start : start + grading.BATCH], cause=told[-1]["id"] if len(ids) > 1 else asked[ids[start]])


def _named(event: Mapping[str, Any], link: str) -> list[UUID]:
    """The records a link led to before and after an event."""
    return [found for one in event["changes"].get(link) or () if isinstance(one, str) and (found := parse_id(one)) is not None]


