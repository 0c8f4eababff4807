"""What a restored backup brought back although it was erased since: erased again, by the register of erasures (docs/adr/0023).

It is done with events of its own, so that journal and seals tell it like the first time. All of a workspace or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import File, LongText
from guanxi.kernel.journal import events as journal
from guanxi.kernel.journal.erasures import VIA, Line
from guanxi.kernel.records import erasing, people, subjects
from guanxi.kernel.storage import rows, sql


@dataclass(frozen=True)
class Again:
    """How many records were erased again, how many lost a person again, and how many could not be reached: their module is not there, or
    something living needs what lies in the bin."""

    erased: int = 0
    anonymised: int = 0
    left: int = 0

    def __add__(self, other: Again) -> Again:
        return Again(self.erased + other.erased, self.anonymised + other.anonymised, self.left + other.left)


def erase_again(workspace: UUID, lines: Sequence[Line]) -> Again:
    """Do what these lines tell and the journal does not know. Files' bytes are deleted afterwards, by `erasing.burn`."""
    with sql.work(workspace):
        ours = [line for line in lines if line.workspace == workspace]
        there = journal.known(workspace, [line.event for line in ours], via=VIA)
        due = [line for line in ours if line.event not in there]
        if not due:
            return Again()
        catalog = people.newest(workspace)
        actor = system(workspace, via=VIA)
        told = [line for line in due if (it := catalog.find(line.object)) is not None and erasing.erasable(it)]
        binned = _where(catalog, told)
        known = _known(actor, told, binned)
        # What lay in the bin when it was made anonymous was erased whole, and so is what lies there now.
        going: dict[str, list[UUID]] = {}
        for line in told:
            if binned.get((line.object, line.record), False) or line.verb == "erase":
                going.setdefault(line.object, []).append(line.record)
        erased, needed = erasing.erase_all(actor, going)
        gone = {(name, id) for name, ids in going.items() for id in ids}
        done: set[tuple[str, UUID]] = set()
        for line in told:
            record = (line.object, line.record)
            if record in binned and record not in gone:
                # Of the request itself nothing is worth keeping that tells of a person.
                texts = () if line.object == "subject_request" else known.get(line.cause, ())
                subjects.forget_again(actor, line.object, line.record, line.fields, texts, line.event)
                done.add(record)
        stays, why = 0, {(line.object, line.record): line.event for line in told}
        for name, id in needed:
            if binned[name, id]:
                stays += 1
                continue
            marked = [one.name for one in catalog.object(name).fields.values() if one.personal or isinstance(one, LongText | File)]
            subjects.forget_again(actor, name, id, marked, (), why[name, id])
            done.add((name, id))
    return Again(erased, len(done), len({(line.object, line.record) for line in due} - {(line.object, line.record) for line in told}) + stays)


def _where(catalog: Catalog, lines: Sequence[Line]) -> dict[tuple[str, UUID], bool]:
    """The records that are there, with whether they lie in the bin."""
    asked: dict[str, list[UUID]] = {}
    for line in lines:
        asked.setdefault(line.object, []).append(line.record)
    return {(name, row["id"]): row["deleted_at"] is not None for name, ids in asked.items() for row in rows.fetch(catalog, catalog.object(name), Test("id", "in", ids), deleted=None)}


def _known(actor: Actor, lines: Sequence[Line], binned: dict[tuple[str, UUID], bool]) -> dict[UUID | None, tuple[str, ...]]:
    """By the event that asked for it, what the records that come back know the person by."""
    of: dict[UUID, dict[tuple[str, UUID], bool]] = {}
    asking = {line.cause for line in lines if line.verb == "anonymise"}
    for line in lines:
        if line.cause in asking and line.cause is not None and (line.object, line.record) in binned:
            of.setdefault(line.cause, {})[line.object, line.record] = binned[line.object, line.record]
    return {cause: subjects.known_of(actor, [(name, id, lies) for (name, id), lies in found.items()]) for cause, found in of.items()}
