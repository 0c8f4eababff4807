"""What rules see: a draft of one record, and the context they act in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.access.rights import may
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import Field, Settings
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import reading
from guanxi.kernel.sealing import seal
from guanxi.kernel.storage import people
from guanxi.kernel.storage import rows as storage

if TYPE_CHECKING:
    from guanxi.kernel.records.door import Result

MAX_DEPTH = 8


def too_deep() -> Problem:
    """Rules that trigger each other without end."""
    return Problem(
        T("规则互相触发的层数过多，已停止。请检查自动化规则。", "Rules trigger each other too deeply; stopped. Check the automations."),
        code="too-deep",
    )


class Draft:
    """A record about to be written. Fields are attributes; what differs from `before` is what the write changes."""

    __slots__ = ("because", "before", "id", "merge", "object", "settled", "team", "values", "verb")

    def __init__(self, it: Definition, verb: str, record: UUID, before: Mapping[str, Any], after: dict[str, Any]) -> None:
        put = object.__setattr__
        put(self, "object", it)
        put(self, "verb", verb)
        put(self, "id", record)
        put(self, "before", before)
        put(self, "values", after)
        put(self, "team", None)
        put(self, "because", None)
        put(self, "merge", None)
        put(self, "settled", False)

    if TYPE_CHECKING:
        object: Definition
        verb: str
        id: UUID
        before: Mapping[str, Any]
        values: dict[str, Any]
        """The values as they will be written."""
        team: Any
        because: Mapping[str, Any] | None
        """Why a rule or a person did it, kept with the event as `@because`: JSON with a `kind`."""

        merge: list[Any] | None
        """What became one with it, or parted from it again: before and after, kept with the event as `@merge`."""
        settled: bool
        """Whether its values are whole as they are, computed ones too, because it was left so once."""

    @property
    def new(self) -> bool:
        return not self.before

    def __getitem__(self, name: str) -> Any:
        if name not in self.object.fields:
            raise KeyError(f"{self.object.name} has no field {name!r}")
        return self.values.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.object.fields:
            raise KeyError(f"{self.object.name} has no field {name!r}")
        self.values[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in self.object.fields:
            return self.values.get(name)
        raise AttributeError(f"{self.object.name} has no field {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("team", "because", "merge", "settled"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def changed(self, name: str) -> bool:
        """Whether the value differs from before; on create, whether there is one."""
        return bool(self.values.get(name) != self.before.get(name))


@dataclass
class Later:
    """A consequence that waits for the end of the write it follows from."""

    name: str
    verb: str
    id: UUID | None
    changes: dict[str, Any]
    inputs: Mapping[str, Any]
    combine: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] | None
    cause: UUID


class Context:
    """What a rule may know and do besides its draft. Reads have the kernel's rights; writes go through the door."""

    def __init__(self, actor: Actor, catalog: Catalog, event: UUID, now: datetime, cache: dict[Any, Any]) -> None:
        self.actor = actor
        self.catalog = catalog
        self.event = event
        self.now = now
        self.warnings: list[tuple[str, Text]] = []
        self.waiting: list[Later] = []
        self._cache = cache

    @property
    def settings(self) -> Settings:
        return self.catalog.settings

    @property
    def pooled(self) -> Any:
        """What the verbs on pooled records do; see `records.pooling`."""
        from guanxi.kernel.records.pooling import Verbs

        return Verbs(self, self._cache.setdefault("pooled", {}))

    @property
    def merging(self) -> Any:
        """What the verbs on duplicates do; see `records.merging`."""
        from guanxi.kernel.records.merging import Verbs

        return Verbs(self)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.catalog.settings.tz).date()

    def get(self, name: str, record: UUID) -> dict[str, Any] | None:
        """A living record as canonical values, or None. Read once per transaction until something writes it."""
        key = (name, record)
        if key not in self._cache:
            found = storage.fetch(self.catalog, self.catalog.object(name), Test("id", "in", [record]))
            self._cache[key] = found[0] if found else None
        held = self._cache[key]
        return dict(held) if held is not None else None

    def find(self, name: str, where: Any = None, *, sort: Sequence[str] = (), limit: int = 100, deleted: bool | None = False) -> list[dict[str, Any]]:
        """Records that satisfy a condition, as canonical values: living ones, those in the bin (True) or both (None).
        `sort`: own fields, `-` for descending."""
        from guanxi.kernel.records.guard import Guard
        from guanxi.kernel.storage.compile import expression

        it = self.catalog.bare.object(name)
        guard = Guard(self.catalog.bare, automation(self.actor))
        keys = [
            f"{expression(it.fields[s.lstrip('-')], 't')} {'DESC' if s.startswith('-') else 'ASC'} NULLS LAST" for s in sort
        ]
        condition = And((guard.where(it, guard.parse(where)),))
        return storage.fetch(self.catalog.bare, it, condition, order=", ".join([*keys, "t.id"]), limit=limit, deleted=deleted)

    def figures(self, *asked: tuple[str, Any, Sequence[str], Sequence[str]]) -> list[Sequence[Mapping[str, Any]]]:
        """The rows of figures, with the kernel's rights and one statement: each asked as (object, condition, groups, measures); see
        `reading.aggregate`. Raises what that raises."""
        found = reading.aggregates([reading.Asked(*one) for one in asked], actor=automation(self.actor))
        for one in found:
            if isinstance(one, Problem):
                raise one
        return [one.rows for one in found if not isinstance(one, Problem)]

    def perform(self, name: str, verb: str, id: UUID | None = None, changes: Mapping[str, Any] | None = None, **inputs: Any) -> Result:
        """Act because of this event, with the kernel's rights, in the same transaction."""
        return self._perform(automation(self.actor), name, verb, id, changes, inputs)

    def later(
        self,
        name: str,
        verb: str,
        id: UUID | None = None,
        changes: Mapping[str, Any] | None = None,
        combine: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] | None = None,
        **inputs: Any,
    ) -> None:
        """Act because of this event once all records of this write are written, still in its transaction.

        For consequences whose result the rule does not need: a batch of thousands then acts with a few statements.
        `combine(earlier, later)` joins the inputs of two waiting calls of the same verb on the same record.
        """
        self.waiting.append(Later(name, verb, id, dict(changes or {}), inputs, combine, self.event))

    def perform_as_actor(self, name: str, verb: str, id: UUID | None = None, changes: Mapping[str, Any] | None = None, **inputs: Any) -> Result:
        """Act because of this event with the person's own rights."""
        from dataclasses import replace

        return self._perform(replace(self.actor, depth=self.actor.depth + 1), name, verb, id, changes, inputs)

    def _perform(self, actor: Actor, name: str, verb: str, id: UUID | None, changes: Mapping[str, Any] | None, inputs: Mapping[str, Any]) -> Result:
        from guanxi.kernel.records import door

        if actor.depth > MAX_DEPTH:
            raise too_deep()
        self._cache.clear()
        return door.perform(name, verb, actor=actor, id=id, changes=changes, inputs=inputs, cause=self.event)

    def asked(self, name: str, where: Any) -> None:
        """Whether a condition can be asked of an object's records. Raises Invalid."""
        from guanxi.kernel.records import grading

        grading.asked(self.catalog, self.actor, name, where)

    def erase(self, name: str, record: UUID) -> None:
        """Erase a record that lies in the bin for good, because of this event. Raises NotFound and Conflict; see `records.erasing`."""
        from guanxi.kernel.records import erasing

        self._cache.clear()
        erasing.erase_now(self.actor, name, record, self.event)

    def forget_person(self, request: UUID, records: Sequence[Mapping[str, str]], known: Mapping[str, Any], *, texts: bool, files: bool) -> int:
        """Take a person out of records that are theirs; see `records.subjects`."""
        from guanxi.kernel.records import subjects

        self._cache.clear()
        return subjects.forget(self.actor, request, records, known, self.event, texts=texts, files=files)

    def could_ask(self, name: str, **what: Any) -> Definition:
        """The object, if its records exist for the person and `what` could be asked of them: see `reading.could_ask`."""
        return reading.could_ask(name, actor=self.actor, **what)

    def may_read(self, name: str, record: UUID) -> bool:
        """Whether a living record is there and the person may read it."""
        try:
            reading.get(name, record, actor=self.actor, fields=["id"])
        except Problem:
            return False
        return True

    def may_write(self, name: str, record: UUID) -> bool:
        """Whether a living record is there and the person may change it."""
        key = ("may_write", name, record)
        if key not in self._cache:
            guard = reading.guard_of(self.actor)
            it = guard.catalog.object(name)
            reach = And((guard.readable(it), guard.writable(it)))
            self._cache[key] = may(self.actor.rights, it, "update") and bool(storage.satisfying(guard.catalog, it, [record], reach, deleted=False))
        return bool(self._cache[key])

    def seal(self, purpose: str, of: UUID, text: str) -> str:
        """A secret as only this installation can read it, and only as this record's."""
        return seal(purpose, of, text)

    def may_see(self, name: str, path: str) -> bool:
        """Whether the person may see what a path leads to, masked or plainly."""
        guard = reading.guard_of(self.actor)
        return guard.end(guard.object(name), path) is not None

    def field_at(self, name: str, path: str) -> Field:
        """The field at the end of a path that the person may filter by. Raises Invalid naming `field`."""
        return reading.field_at(name, path, actor=self.actor)

    def lay_desk(self, user: UUID, desk: Mapping[str, Any]) -> None:
        """Keep a person's preferences where every request reads them."""
        people.lay_desk(self.actor.workspace, user, desk)

    def give_account(self, user: UUID, username: str) -> str | None:
        """Let a user sign in, or give them a new password, to be changed at the next sign-in; None when the user name is
        somebody else's. The password is returned once and kept nowhere."""
        password = people.new_password()
        if not people.give_account(self.actor.workspace, user, username, password):
            return None
        log.note(self.actor.workspace, "access", user=user, actor=self.actor.user, address=self.actor.address)
        return password

    def left_by(self, user: UUID) -> list[tuple[Text, int]]:
        """What somebody who leaves still has, as far as this person may hand it over; see `records.leaving`."""
        from guanxi.kernel.records import leaving

        return leaving.left(self.actor, user) if self.actor.rights is not None else []

    def take_account(self, user: UUID) -> None:
        """Stop a user from signing in."""
        people.take_account(self.actor.workspace, user)

    def lose_second_factor(self, user: UUID) -> bool:
        """Let a user sign in by the password alone again; False when they did already."""
        lost = people.lose_second_factor(self.actor.workspace, user)
        if lost:
            log.note(self.actor.workspace, "second_reset", user=user, actor=self.actor.user, address=self.actor.address)
        return lost

    def settle(self, name: str, currency: str, zone: str, fiscal_start: int, area_code: str) -> None:
        """Make these the workspace's own settings, which every request reads."""
        people.settle(self.actor.workspace, name, currency, zone, fiscal_start, area_code)

    def enforce(self, rules: Mapping[str, Any]) -> None:
        """Make these the workspace's rules for signing in."""
        people.enforce(self.actor.workspace, rules)

    def mark_pages(self, on: bool) -> None:
        """Let pages carry a watermark, or no longer."""
        people.mark_pages(self.actor.workspace, on)

    def warn(self, field: str, message: Text) -> None:
        """Something worth a second look; the write goes on and the caller is told."""
        self.warnings.append((field, message))
