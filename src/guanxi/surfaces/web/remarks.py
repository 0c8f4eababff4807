"""Comments on a record's page: the form to write one, how many there are, and how they stand in the timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from guanxi.kernel.catalog.remarks import CHANGEABLE
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import telling
from guanxi.surfaces.web.visit import Visit

NAME = "comment"


@dataclass(frozen=True)
class Writing:
    """What the form to write a comment needs."""

    it: Definition
    about: Definition
    people: str


def written_about(it: Definition, row: dict[str, Any]) -> Condition:
    """The comments on one record."""
    return And((Test("object_name", "=", it.name), Test("record", "=", str(row["id"]))))


def kept(visit: Visit, it: Definition) -> bool:
    """Whether people comment on records of this object: not on settings, nor on what is itself about a record."""
    return it.group != "settings" and it.policy.read not in ("about", "pair") and visit.may(visit.catalog.object(NAME), "read")


def writing(visit: Visit, it: Definition, row: dict[str, Any]) -> Writing | None:
    """The form, for those who may write there."""
    comment = visit.catalog.object(NAME)
    if row.get("deleted_at") is not None or visit.guard.hides(it, row) or not kept(visit, it) or not visit.may(comment, "create"):
        return None
    mentions = comment.fields["mentions"]
    assert isinstance(mentions, Links)
    people = visit.guard.target(mentions)
    return Writing(comment, it, visit.look.to(people.name, None, "options") if visit.may(people, "read") else "")


@dataclass(frozen=True)
class Remark:
    """A comment as it stands in a timeline: its words now, whether they were changed, where its author may change it, and where
    it may be deleted."""

    text: str
    edited: bool
    own: str
    away: str = ""


def remark(visit: Visit, event: telling.Told, edited: dict[Any, telling.Told]) -> Remark | None:
    """The comment an event is the writing of; `edited` are later changes of the text, by record."""
    if event.object != NAME or event.verb != "create" or "text" not in event.changes:
        return None
    last = edited.get(event.record, event)
    mine = (event.actor or {}).get("id") == visit.actor.user and datetime.now(UTC) - event.at < CHANGEABLE
    text = escape(str(last.changes["text"][1] or ""))
    for person in event.changes.get("mentions", [None, None])[1] or ():
        text = re.sub(re.escape("@" + escape(person["label"] or "")) + r"(?!\w)", lambda found: f'<b class="at">{found[0]}</b>', text)
    place, author = visit.look.to(NAME, event.record), (event.actor or {}).get("id")
    others = author != visit.actor.user and deletes(visit, author)
    return Remark(text, last is not event, place if mine else "", place if mine or others else "")


def deletes(visit: Visit, author: Any) -> bool:
    """Whether the actor may delete what somebody else said."""
    try:
        return conditions.matches(visit.guard.writable(visit.catalog.object(NAME), "delete"), {"owner": author}, visit.meaning)
    except TypeError:
        return False


def latest(events: Sequence[telling.Told]) -> dict[Any, telling.Told]:
    """The newest change of each comment's text, of events newest first."""
    out: dict[Any, telling.Told] = {}
    for event in events:
        if event.object == NAME and event.verb == "update" and "text" in event.changes:
            out.setdefault(event.record, event)
    return out
