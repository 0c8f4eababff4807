"""Reading the log, and with it what the journal says of settings and deletions. Whoever may read the object `security` reads all of it, whoever may export that takes it out; everybody
reads what is about themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.base.errors import Forbidden, NotFound
from guanxi.base.text import Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.objects import Action
from guanxi.kernel.journal import log
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.storage import log_rows, sql

KINDS, REASONS = log.TOLD, log.REASONS
OWN = ("sign_in", "failed", "locked", "refused")
"""What people are shown of themselves: whether somebody else tried to be them."""


@dataclass(frozen=True)
class Line:
    """One line of the log. `user` is whom it is about, `actor` who did it where that is somebody else; `title` what its record is
    called, as far as the reader may see it."""

    id: UUID
    at: datetime
    kind: str
    user_id: UUID | None
    user: str
    actor: str
    address: str
    agent: str
    object: str
    record_id: UUID | None
    details: dict[str, Any]
    title: str = ""

    @property
    def label(self) -> Text:
        return KINDS[self.kind]

    @property
    def reason(self) -> Text | None:
        return REASONS.get(self.details.get("reason", ""))


def _line(row: dict[str, Any]) -> Line:
    return Line(
        row["id"], row["at"], row["kind"], row["user_id"], row["name"] or "", row["actor"] or "", row["address"], row["agent"], row["object"],
        row["record_id"], row["details"],
    )  # fmt: skip


def may(actor: Actor, verb: str = "read") -> bool:
    """Whether the actor may read the whole log ("read") or take it out ("export")."""
    return access.may(actor.rights, people.catalog_of(actor).object("security"), verb)


def lines(
    actor: Actor, *, user: UUID | None = None, kinds: Sequence[str] = (), object: str = "", since: datetime | None = None, until: datetime | None = None,
    before: UUID | None = None, limit: int = 50,
) -> list[Line]:  # fmt: skip
    """The log, newest first, and among it changes of settings and what was deleted. Raises NotFound for whoever may not read it."""
    if not may(actor):
        raise NotFound()
    own = [kind for kind in kinds if kind in log.KINDS]
    arranged = [it for it in people.catalog_of(actor) if it.group == "settings" and it.policy.read != "personal"] if not kinds or "settings" in kinds else []
    settings = [it.name for it in arranged]
    unsaid = sorted({verb for it in arranged for verb, action in it.verbs.items() if isinstance(action, Action) and action.internal and verb != "create"})
    with sql.work(actor.workspace):
        found = log_rows.find(
            actor.workspace, user=user, kinds=own, object=object, since=since, until=until, before=before, limit=limit,
            settings=settings, unsaid=unsaid, deletions=not kinds or "deleted" in kinds, only_events=bool(kinds) and not own,
        )  # fmt: skip
        return _titled(actor, [_line(row) for row in found])


def _titled(actor: Actor, found: list[Line]) -> list[Line]:
    """With the names of their records: those in the bin too, for whoever may look there."""
    guard = reading.guard_of(actor)
    named: dict[tuple[str, UUID], str] = {}
    wanted: dict[str, set[UUID]] = {}
    for line in found:
        if line.object and line.record_id is not None:
            wanted.setdefault(line.object, set()).add(line.record_id)
    for name, ids in wanted.items():
        it = guard.catalog.find(name)
        if it is None or it.single or not access.may(actor.rights, it, "read") or guard.title(it) is None:
            continue
        where = {"field": "id", "op": "in", "value": [str(one) for one in ids]}
        for binned in (False, True) if access.may(actor.rights, it, "restore") else (False,):
            for row in reading.query(name, actor=actor, where=where, fields=[it.title], limit=reading.MAX_LIMIT, deleted=binned).rows:
                named[name, row["id"]] = it.fields[it.title].show(row.get(it.title), actor.language, guard.catalog.settings.tz)
    return [replace(line, title=named.get((line.object, line.record_id), "")) if line.record_id is not None else line for line in found]


def own(actor: Actor, limit: int = 10) -> list[Line]:
    """Who signed in as the actor, or tried to."""
    if actor.user is None:
        return []
    with sql.work(actor.workspace):
        return [_line(row) for row in log_rows.find(actor.workspace, user=actor.user, kinds=OWN, limit=limit)]


def take_out(actor: Actor, **asked: Any) -> list[Line]:
    """The log for a file, which is a line of the log itself. Raises NotFound, Forbidden."""
    if not may(actor):
        raise NotFound()
    if not may(actor, "export"):
        raise Forbidden()
    found = lines(actor, **asked, limit=MOST)
    log.note(actor.workspace, "log_export", user=actor.user, address=actor.address, rows=len(found))
    return found


MOST = 100_000


def copied(actor: Actor, request: UUID, rows: int) -> None:
    """Note that somebody took out what is kept of one person, for the person who asked for it: a line of the log, and of the request."""
    with sql.work(actor.workspace):
        log.note(actor.workspace, "export", user=actor.user, address=actor.address, object="subject_request", record=request, rows=rows)
        door.perform("subject_request", "noted", actor=automation(actor), id=request, inputs={"what": "export", "count": rows})


def exported(actor: Actor, name: str, rows: int, where: Any, fields: Sequence[str], number: str = "") -> None:
    """Note that somebody took records out: how many, of what, under which condition, with which columns, under which number."""
    more: dict[str, Any] = {"number": number} if number else {}
    log.note(actor.workspace, "export", user=actor.user, address=actor.address, object=name, rows=rows, where=where, fields=list(fields), **more)
