"""May somebody be contacted for a purpose: what was agreed to and taken back, by record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from guanxi.base.text import Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog import consents
from guanxi.kernel.declare.fields import Choice
from guanxi.kernel.records import reading

concerns = consents.concerns
State = Literal["given", "withdrawn", "none"]
_FIELDS = ["record", "purpose", "basis", "given_at", "source", "text_version", "withdrawn_at", "withdrawn_by_way_of"]


@dataclass(frozen=True)
class Standing:
    """How one purpose stands for one record: the last consent and whether it still holds. `id` is None where there never was one."""

    purpose: str
    label: Text
    state: State
    id: UUID | None = None
    basis: str = ""
    given_at: datetime | None = None
    source: str = ""
    version: str = ""
    withdrawn_at: datetime | None = None

    @property
    def allowed(self) -> bool:
        return self.state == "given"


def standings(name: str, record: UUID | str, *, actor: Actor) -> list[Standing]:
    """How every purpose stands for a record the actor may read, in the dictionary's order; one statement."""
    catalog = reading.guard_of(actor).catalog
    purpose = catalog.object("consent").fields["purpose"]
    assert isinstance(purpose, Choice)
    last = _last(name, [str(record)], actor, "")
    return [_standing(option.key, option.label, last.get((str(record), option.key))) for option in purpose.options if option.active or (str(record), option.key) in last]


def _standing(key: str, label: Text, row: dict[str, Any] | None) -> Standing:
    if row is None:
        return Standing(key, label, "none")
    state: State = "withdrawn" if row["withdrawn_at"] is not None else "given"
    return Standing(key, label, state, row["id"], row["basis"], row["given_at"], row["source"] or "", row["text_version"] or "", row["withdrawn_at"])


def may_contact(name: str, record: UUID | str, purpose: str, *, actor: Actor) -> bool:
    """Whether somebody may be contacted for a purpose: there is a consent or another ground for it, and it was not taken back."""
    return bool(allowed(name, [record], purpose, actor=actor))


def allowed(name: str, records: Iterable[UUID | str], purpose: str, *, actor: Actor) -> set[UUID]:
    """Of some records those that may be contacted for a purpose, a statement for each few hundred."""
    ids = [str(one) for one in records]
    out: set[UUID] = set()
    for start in range(0, len(ids), 100):
        part = ids[start : start + 100]
        out |= {UUID(record) for (record, _), row in _last(name, part, actor, purpose).items() if row["withdrawn_at"] is None}
    return out


def _last(name: str, records: Sequence[str], actor: Actor, purpose: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The last consent of each record and purpose."""
    where: dict[str, Any] = {
        "and": [
            {"field": "object_name", "op": "=", "value": name}, {"field": "record", "op": "in", "value": list(records)},
            *([{"field": "purpose", "op": "=", "value": purpose}] if purpose else []),
        ]
    }  # fmt: skip
    out: dict[tuple[str, str], dict[str, Any]] = {}
    after: str | None = None
    while True:
        page = reading.query("consent", actor=actor, where=where, fields=_FIELDS, sort="-given_at", limit=reading.MAX_LIMIT, after=after)
        for row in page.rows:
            out.setdefault((row["record"], row["purpose"]), row)
        after = page.next
        if after is None:
            return out
