"""Applying for an account, by somebody who has none: what is written waits as a record (`account_request`) for approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from guanxi.base.errors import NotFound, TooManyRequests
from guanxi.base.text import T
from guanxi.kernel.access.actor import system
from guanxi.kernel.journal import log
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import tables

ASKED = ("name", "username", "phone", "email", "reason")
"""What an applicant tells."""
WITHIN = timedelta(hours=1)
MOST = 5
"""Applications from one address within that time."""
MOST_WAITING = 200
_WORKSPACE = tables.DEFAULT_WORKSPACE


def is_open() -> bool:
    """Whether the company lets strangers apply."""
    return people.rules(facts.safety(_WORKSPACE)).apply


def apply(given: Mapping[str, str], address: str, agent: str) -> UUID:
    """Put an application in; returns its id, by which the applicant hears the decision. Raises NotFound while applying is
    closed, TooManyRequests, Invalid."""
    if not is_open():
        raise NotFound()
    actor = system(_WORKSPACE, via="web")
    waiting = reading.query("account_request", actor=actor, where={"field": "status", "op": "=", "value": "waiting"}, fields=["id"], limit=MOST_WAITING).rows
    if log.count(_WORKSPACE, "applied", address, datetime.now(UTC) - WITHIN) >= MOST or len(waiting) >= MOST_WAITING:
        raise TooManyRequests(T("申请过多，请稍后再试。", "Too many applications; try again later."), retry_after=int(WITHIN.total_seconds()))
    changes = {name: given[name][:2000] for name in ASKED if given.get(name)}
    made = door.perform("account_request", "create", actor=actor, changes=changes).id
    log.note(_WORKSPACE, "applied", address=address, agent=agent, object="account_request", record=made)
    return made


@dataclass(frozen=True)
class Answer:
    """How an application stands: waiting, approved or refused, and why."""

    status: str
    reason: str


def answer(id: UUID) -> Answer:
    """Raises NotFound."""
    found = reading.get("account_request", id, actor=system(_WORKSPACE, via="web"), fields=["status", "answer"])
    return Answer(found["status"], found["answer"] or "")
