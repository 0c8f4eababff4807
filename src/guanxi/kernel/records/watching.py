"""What somebody may be told while it happens: which of the records that changed they may read, and who looks at a record
with them. Ids, versions and names of people, never values; and looking is told once and kept nowhere (docs/adr/0011)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from guanxi.base.errors import NotFound
from guanxi.base.ids import uuid7_floor, uuid7_time
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import reading
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import listening, rows, sql

MOST = 200
"""As many records of one object are named; of more it is only said that there are many."""
OVERLAP = timedelta(seconds=10)
"""How long a transaction may take between naming its event and being seen, when somebody catches up."""
MEMORY = timedelta(minutes=30)
"""Who was away for longer reads everything anew."""
STATES = ("look", "edit", "gone")

Key = tuple[str, UUID]
"""A record: its object's name and its id."""


@dataclass(frozen=True)
class Changed:
    """A record that changed: its version now, who wrote it last as far as that may be known, and which of the records
    somebody has before them it belongs to. `deleted`: it went into the bin, and they could read it before."""

    object: str
    id: UUID
    version: UUID
    by: dict[str, Any] | None
    of: tuple[Key, ...]
    deleted: bool = False


def changed(named: Mapping[str, Collection[UUID]], *, actor: Actor, objects: Collection[str] | None, shown: Collection[Key]) -> list[Changed]:
    """Of the records named by object, those the actor may read and wants to hear of: of these objects (None: all), the
    records shown, and what belongs to them. One statement per object, one more where some are in the bin or out of sight."""
    guard = guard_of(actor)
    out: list[Changed] = []
    for name, ids in named.items():
        it = guard.catalog.find(name)
        if it is None or not access.may(actor.rights, it, "read"):
            continue
        links = [
            (link.name, target)
            for target in dict.fromkeys(target for target, _ in shown)
            for child, link in guard.catalog.linking_to(target)
            if child.name == name and guard.level(child, link.name) in ("read", "write")
        ]
        about = ["object_name", "record"] if it.policy.read == "about" else []
        wanted = list(dict.fromkeys(ids))
        if objects is not None and name not in objects and not links and not about:
            wanted = [one for one in wanted if (name, one) in shown]
        if not wanted:
            continue
        by = [path for path in ("updated_by",) if guard.level(it, path) in ("read", "write")]
        found = reading.query(
            name, actor=actor, where={"field": "id", "op": "in", "value": wanted[:MOST]}, fields=["id", *by, *about, *(link for link, _ in links)], limit=MOST
        )
        for row in found.rows:
            of = tuple((target, row[link]["id"]) for link, target in links if row.get(link) and (target, row[link]["id"]) in shown)
            if about and (found_at := (row["object_name"], UUID(row["record"]))) in shown:
                of = (found_at,)
            if of or objects is None or name in objects or (name, row["id"]) in shown:
                out.append(Changed(name, row["id"], row["version"], row.get("updated_by"), of))
        if (objects is None or name in objects) and (rest := set(wanted[:MOST]) - {row["id"] for row in found.rows}):
            where = And((Test("id", "in", sorted(rest)), guard.readable(it)))
            with sql.work(actor.workspace):
                binned = rows.fetch(guard.catalog, it, where, links=False, deleted=True)
            out += [Changed(name, row["id"], row["version"], None, (), True) for row in binned]
    return out


def missed(since: UUID, *, actor: Actor) -> dict[str, list[UUID]] | None:
    """The records of all events made since an id, by object; None when that is too long ago or they are too many."""
    if since.version != 7 or datetime.now(UTC) - uuid7_time(since) > MEMORY:
        return None
    with sql.work(actor.workspace):
        found = journal.since(actor.workspace, since, limit=MOST + 1)
    if len(found) > MOST:
        return None
    out: dict[str, list[UUID]] = {}
    for name, record in found:
        out.setdefault(name, []).append(record)
    return out


def now() -> UUID:
    """The id to catch up from later: what happens after this instant is made since it."""
    return uuid7_floor(datetime.now(UTC) - OVERLAP)


def look(name: str, record: UUID | str, *, actor: Actor, tab: str, state: str, word: int = 0) -> None:
    """Tell all who have a record before them that the actor looks at it, edits it, or left. `word`: which word of this tab it is,
    since they may overtake each other. Raises NotFound for what the
    actor may not read."""
    if state not in STATES or actor.user is None:
        raise NotFound()
    row = reading.get(name, record, actor=actor, fields=["id"])
    here = {"o": guard_of(actor).object(name).name, "id": str(row["id"]), "u": str(actor.user), "n": actor.name, "t": tab[:40], "s": state, "w": word}
    with sql.work(actor.workspace):
        listening.announce(msgspec.json.encode({"w": str(actor.workspace), "here": here}).decode())
