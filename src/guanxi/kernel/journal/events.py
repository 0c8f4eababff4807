"""Events: the fact that an action happened, appended in the transaction of the action itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from guanxi.kernel.storage import journal_rows


@dataclass(slots=True)
class Event:
    """One action on one record. `changes` maps each changed field to [before, after] in its JSON form."""

    id: UUID
    object: str
    record: UUID
    verb: str
    actor: UUID | None
    actor_kind: str
    via: str
    at: datetime
    changes: Mapping[str, Sequence[Any]]
    cause: UUID | None = None
    request: str | None = None


def append(workspace: UUID, events: Iterable[Event], named: Sequence[tuple[str, UUID]], only: Sequence[UUID] | None = None) -> None:
    """Write events and tell listeners which objects changed: `named` are the (object, record) of all of them, of which at
    most 50 ids are told, and never values. `only`: the people who may read these records, where nobody else ever does. The events are
    taken one by one as they are written."""
    if not named:
        return
    told: dict[str, list[str]] = {}
    for name, record in named[:50]:
        told.setdefault(name, []).append(str(record))
    said: dict[str, Any] = {"w": str(workspace), "o": told, "more": len(named) > 50}
    if only is not None and len(only) <= 50:
        said["only"] = [str(user) for user in only]
    notice = msgspec.json.encode(said).decode()
    journal_rows.append(
        (
            (e.id, workspace, e.object, e.record, e.verb, e.actor, e.actor_kind, e.via, e.at, e.changes, e.cause, e.request)
            for e in events
        ),
        notice,
    )


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        row["id"], row["object"], row["record_id"], row["verb"], row["actor_id"], row["actor_kind"], row["via"], row["at"],
        row["changes"], row["cause"], row["request"],
    )  # fmt: skip


def of_records(
    workspace: UUID, records: Sequence[tuple[str, UUID]], *, before: UUID | None = None, limit: int = 50, field: str = "",
    after: UUID | None = None, by: UUID | None = None,
) -> list[Event]:  # fmt: skip
    """The events of some records, newest first, older than `before` and not older than `after`; with `field`, those that changed
    it; with `by`, those of one person."""
    return [_event(row) for row in journal_rows.of_records(workspace, records, before=before, limit=limit, field=field, after=after, by=by)]


def since(workspace: UUID, event: UUID, *, limit: int) -> list[tuple[str, UUID]]:
    """(object, record) of what happened after an event, oldest first; an id of an instant stands for that instant."""
    return journal_rows.since(workspace, event, limit=limit)


def of_request(
    workspace: UUID, request: UUID | str, actor: UUID | None, *, before: UUID | None = None, after: UUID | None = None, limit: int = 500
) -> list[tuple[UUID, str, UUID]]:
    """(event, object, record) of what one request of a person did itself, with what went along with records that changed hands, other
    consequences apart; newest first, older than `before`. The request is named by an id made before it began, or `after` is one."""
    return journal_rows.of_request(workspace, str(request), actor, after=after or UUID(str(request)), before=before, limit=limit)


def of_records_in(workspace: UUID, name: str, records: Sequence[UUID], request: str) -> list[Event]:
    """What one request did to some records, its consequences too, oldest first."""
    return [_event(row) for row in journal_rows.of_records_in(workspace, name, records, request)]


def made(workspace: UUID, name: str, records: Sequence[UUID]) -> dict[UUID, UUID]:
    """The event that made each of some records; those that were never made are left out."""
    return journal_rows.made(workspace, name, records)


def by_ids(workspace: UUID, ids: Sequence[UUID]) -> list[Event]:
    return [_event(row) for row in journal_rows.by_ids(workspace, ids)]


def known(workspace: UUID, ids: Sequence[UUID], via: str) -> set[UUID]:
    """Which of these events the journal has, or has something of that came of them by a way in."""
    return journal_rows.known(workspace, ids, via)


def caused(workspace: UUID, event: UUID) -> list[Event]:
    """All that followed from an event, and from what followed."""
    out: list[Event] = []
    asked = [event]
    while asked:
        found = [_event(row) for row in journal_rows.caused(workspace, asked)]
        out += found
        asked = [one.id for one in found]
    return out


def count(workspace: UUID) -> int:
    """How many events the workspace has."""
    return journal_rows.count(workspace)
