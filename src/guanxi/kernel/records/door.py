"""The door: the only way to change a record.

`perform` and `perform_many` are one list of steps; the second does the same to many records with set-based SQL:

 1 find object and verb          2 open the transaction, mint the events    3 lock the rows within the verb's own predicate
 4 field mask                    5 version check                            6 rules on drafts: action, computed fields, checks
 7 validate, links readable      8 write only changed columns               9 are the rows still within the actor's scope?
10 one event per record         11 commit; every row names its last event  12 consumers read the journal

The events are written just before the rows (a row names its event), in the same transaction. There is no way around a
step: other rights are another actor, other behaviour is another verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import IntegrityError, OperationalError

from guanxi.base import garbage, money
from guanxi.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import named, parse_id, uuid7s
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.conditions import Always, And, Test
from guanxi.kernel.declare.fields import (
    AutoNumber,
    DateTime,
    Field,
    FieldProblem,
    File,
    Link,
    Links,
    Money,
    Person,
    Settings,
)
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import AMEND, Action, Definition
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import handing, indexing, matching, merging, people, pooling
from guanxi.kernel.records.draft import MAX_DEPTH, Context, Draft, Later, too_deep
from guanxi.kernel.records.guard import Guard, unknown_field
from guanxi.kernel.storage import files, models, sql
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows as storage

MAX_ITEMS = 5_000
MANY = 100
"""From so many items on it pays to make room for the batch as a whole."""
ATTEMPTS = 3
INACTIVE = T("这位同事已停用，不能接手。请选择其他同事。", "This colleague is no longer active and cannot take it over; choose somebody else.")
_SHARE_INPUTS: dict[str, tuple[str, ...]] = {"share": ("user", "level", "until"), "unshare": ("user",)}


@dataclass(frozen=True)
class Item:
    """One record of a batch: its id (None for create), the changes, the version they are based on, the verb's inputs; `once`: the
    caller's own name for what it creates, so that asking again makes no second one; `careful`: rather not written than with a
    duplicate that a rule warns of (Conflict `duplicates`)."""

    id: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    version: UUID | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    cause: UUID | None = None
    once: UUID | None = None
    careful: bool = False


@dataclass(frozen=True)
class Result:
    """What a verb did: the record, its new version (the event's id), what the action answered, and warnings."""

    id: UUID
    version: UUID
    changed: bool = True
    output: Mapping[str, Any] | None = None
    warnings: tuple[tuple[str, Text], ...] = ()


@dataclass
class _Work:
    """One item on its way through the steps."""

    index: int
    item: Item
    event: UUID
    draft: Draft
    context: Context
    names: list[str] = field(default_factory=list)
    output: Mapping[str, Any] | None = None
    along: tuple[str, ...] = ()


def perform(
    name: str,
    verb: str,
    *,
    actor: Actor,
    id: UUID | str | None = None,
    changes: Mapping[str, Any] | None = None,
    version: UUID | None = None,
    inputs: Mapping[str, Any] | None = None,
    cause: UUID | None = None,
    once: UUID | None = None,
    careful: bool = False,
) -> Result:
    """Do one verb to one record, or raise the Problem that says why not; then nothing has changed.

    `once`, for create, is an id the caller made up: whoever did not hear the answer asks again with the same one and is told
    the record that was made, unchanged. It is theirs alone: the same one of another person or for another object is another.

    Raises NotFound (absent or out of sight), Forbidden (visible, but not for this verb), Invalid (fields at fault),
    Conflict (version, uniqueness by somebody faster, or records that stand in the way).
    """
    found = parse_id(id) if isinstance(id, str) else id
    if isinstance(id, str) and found is None:
        raise NotFound()
    outcome = perform_many(
        name, verb, [Item(found, changes or {}, version, inputs or {}, once=once, careful=careful)], actor=actor, cause=cause, together=True
    )[0]
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


class _Undone(Exception):
    """Takes a trial's transaction back."""


def trial(
    name: str,
    verb: str,
    *,
    actor: Actor,
    id: UUID,
    changes: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> None:
    """All the steps of `perform`, and then nothing is kept: to ask for what is missing, or not to offer what would be
    refused. Raises what `perform` would raise."""
    try:
        with sql.work(actor.workspace), sql.savepoint():
            perform(name, verb, actor=actor, id=id, changes=changes, inputs=inputs)
            raise _Undone
    except _Undone:
        return


def perform_many(
    name: str,
    verb: str,
    items: Sequence[Item],
    *,
    actor: Actor,
    cause: UUID | None = None,
    together: bool = False,
) -> list[Result | Problem]:
    """Do one verb to many records; one answer per item, in order.

    An item at fault answers with its Problem and changes nothing; the others are written. `together` makes the first
    fault undo everything and be raised. Up to 5,000 items; callers with more go in batches.
    """
    if len(items) > MAX_ITEMS:
        raise Invalid.field("items", "too-many", f"一次最多 {MAX_ITEMS} 条。", f"At most {MAX_ITEMS} records at once.")
    guard = Guard(people.catalog_of(actor), actor)
    it, action = _verb(guard, name, verb)
    if action is not None and action.secret and len(items) > 1:
        raise one_by_one(action)
    if verb in merging.ALONE and not together:
        return [_alone(name, verb, item, actor, cause) for item in items]
    if not sql.working():
        sql.need_room()
    problem: Problem
    for attempt in range(ATTEMPTS):
        batch = _Batch(guard, it, verb, action, actor, cause, together)
        nested = sql.working()
        try:
            # Inside a caller's transaction what the database refuses must not take that transaction along.
            with garbage.kept() if len(items) >= MANY else nullcontext(), sql.work(actor.workspace), nullcontext() if together else sql.savepoint():
                return batch.run(items)
        except OperationalError as error:
            # Two writers waited for each other and the database chose this one; undone as a whole, it may try again.
            if nested or attempt == ATTEMPTS - 1 or not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
                raise
            continue
        except IntegrityError as error:
            if _asked_at_once(it, items, error) and not nested and attempt < ATTEMPTS - 1:
                continue
            problem = _violation(it, error)
            if together:
                raise problem from error
        except Problem as found:
            if together:
                raise
            problem = found
        break
    if len(items) == 1:
        return [problem]
    out: list[Result | Problem] = []
    for item in items:  # one of them spoils the batch after the checks: find out which, one at a time
        try:
            out.append(
                perform(
                    name,
                    verb,
                    actor=actor,
                    id=item.id,
                    changes=item.changes,
                    version=item.version,
                    inputs=item.inputs,
                    cause=cause,
                    once=item.once,
                    careful=item.careful,
                )
            )
        except Problem as problem:
            out.append(problem)
    return out


def _alone(name: str, verb: str, item: Item, actor: Actor, cause: UUID | None) -> Result | Problem:
    """One item of a batch by itself: what it did to other records goes with it when it fails."""
    try:
        return perform(name, verb, actor=actor, id=item.id, changes=item.changes, version=item.version, inputs=item.inputs, cause=item.cause or cause)
    except Problem as problem:
        return problem


def one_by_one(action: Action) -> Invalid:
    """Why a verb that takes secrets is not done to many records, nor in the background."""
    return Invalid.field("verb", "secret", f"“{action.label.zh}”含有密钥，只能逐条当场完成。", f"{action.label.en!r} takes a secret: one record at a time, and not in the background.")


def _verb(guard: Guard, name: str, verb: str) -> tuple[Definition, Action | None]:
    it = guard.catalog.object(name)
    if guard.actor.unlimited and verb in merging.VERBS:
        return it, merging.VERBS[verb]
    if not access.may(guard.actor.rights, it, "read") and not access.may(guard.actor.rights, it, verb):
        raise NotFound(T(f"没有“{name}”这个对象。", f"There is no object {name!r}."), code="no-object")
    if verb not in it.verbs:
        raise NotFound(
            T(f"{it.label.zh}没有“{verb}”这个操作。", f"{it.label.en} has no action {verb!r}."), code="no-verb"
        )
    if not access.may(guard.actor.rights, it, verb):
        raise Forbidden()
    return it, it.verbs[verb]


def _asked_at_once(it: Definition, items: Sequence[Item], error: IntegrityError) -> bool:
    """Whether a record was not made because the same was being made already; the next look finds it."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return name == f"{it.table}_pkey" and any(item.once is not None for item in items)


def _violation(it: Definition, error: IntegrityError) -> Problem:
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
    if isinstance(cause, psycopg.errors.UniqueViolation):
        groups = [*it.unique, *((f.name,) for f in it.fields.values() if f.unique)]
        for group in groups:
            if models.unique_name(it, group) == name:
                return Invalid([_taken(it.fields[group[-1]])])
        return Conflict()
    if isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return Invalid.field("id", "link", "引用的记录不存在。", "A linked record does not exist.")
    raise error


def _taken(one: Field) -> FieldError:
    return FieldError(
        one.name, "taken", T(f"{one.label.zh}已被使用，请换一个。", f"{one.label.en} is used already; choose another.")
    )


@dataclass(frozen=True)
class _Parts:
    """What each step looks at, sorted out once per object: most of an import's time was going through all fields of all rows."""

    links: tuple[tuple[str, Link | Links], ...]
    checked: tuple[tuple[str, Field], ...]
    computed: tuple[tuple[str, Field], ...]
    defaults: tuple[tuple[str, Field, Any], ...]
    """The last is the default itself where it is the same for every record and may be shared by them."""
    unique: tuple[Field, ...]
    numbered: tuple[AutoNumber, ...]
    jsons: Mapping[str, Callable[[Any], Any] | None]
    """Of each field an event tells about: how a value becomes JSON, None where it is JSON already."""


@lru_cache(maxsize=512)
def _parts(it: Definition, settings: Settings) -> _Parts:
    fields = [(name, one) for name, one in it.fields.items() if not one.system]
    stamps = ("created_at", "created_by", "updated_at", "updated_by")
    return _Parts(
        links=tuple((name, one) for name, one in fields if isinstance(one, Link | Links)),
        checked=tuple((name, one) for name, one in fields if one.required or isinstance(one, Money | File | AutoNumber)),
        computed=tuple((name, one) for name, one in fields if one.computed is not None),
        defaults=tuple((name, one, _constant(one, settings)) for name, one in fields if one.default is not None),
        unique=tuple(one for one in it.fields.values() if one.unique),
        numbered=tuple(one for one in it.fields.values() if isinstance(one, AutoNumber)),
        jsons={
            name: None if type(one).to_json is Field.to_json else one.to_json
            for name, one in it.fields.items()
            if name not in stamps
        },
    )


class _Batch:
    def __init__(
        self,
        guard: Guard,
        it: Definition,
        verb: str,
        action: Action | None,
        actor: Actor,
        cause: UUID | None,
        together: bool,
    ) -> None:
        self.guard = guard
        self.catalog = guard.catalog.bare
        self.it = self.catalog.objects[it.name]
        self.verb = verb
        self.action = action
        self.actor = actor
        self.cause = cause
        self.together = together
        self.now = datetime.now(UTC)
        self.cache: dict[Any, Any] = {}
        self.parts = _parts(it, self.catalog.settings)
        self.changeable: dict[str, Field] = {}
        self.keys: matching.Known = {}
        self.members: dict[tuple[UUID, UUID], tuple[str, datetime | None]] = {}
        """Who of those that a write puts into teams, or takes out, was in them."""
        self.outcomes: list[Result | Problem | None] = []

    def run(self, items: Sequence[Item]) -> list[Result | Problem]:
        self.outcomes = [None] * len(items)
        works = self._open(items)
        works = self._each(works, self._apply)
        works = self._linked(works)
        works = self._each(works, self._rules)
        works = self._each(works, self._whole)
        works = self._unique(works)
        works = self._duplicates(works)
        self._numbered(works)
        if self.verb == "delete":
            works = self._each(works, self._unprotected)
        works = self._unchanged(works)
        if works:
            with sql.alongside():
                self._write(works)
                self._entries(works)
            self._scope(works)
            self._after(works)
        for work in works:
            self.outcomes[work.index] = Result(
                work.draft.id, work.event, True, work.output, tuple(work.context.warnings)
            )
        return [outcome for outcome in self.outcomes if outcome is not None]

    def _fail(self, index: int, problem: Problem) -> None:
        if self.together:
            raise problem
        self.outcomes[index] = problem

    def _each(self, works: list[_Work], step: Any) -> list[_Work]:
        out = []
        for work in works:
            try:
                step(work)
            except Problem as problem:
                self._fail(work.index, problem)
            else:
                out.append(work)
        return out

    # -- 2, 3, 5 -------------------------------------------------------------------------------------------------------
    def _open(self, items: Sequence[Item]) -> list[_Work]:
        works: list[_Work] = []
        if self.verb == "create":
            names = [self._named(item.once) if item.once is not None else None for item in items]
            asked = [name for name in names if name is not None]
            made = journal.made(self.actor.workspace, self.it.name, asked) if asked else {}
            fresh = uuid7s(2 * len(items))
            for index, (item, name) in enumerate(zip(items, names, strict=True)):
                if item.id is not None:
                    self._fail(index, Invalid.field("id", "not-here", "新建时不能指定 id。", "A new record's id cannot be chosen."))
                elif name in made:
                    self.outcomes[index] = Result(name, made[name], False)
                else:
                    record = name or fresh[2 * index]
                    works.append(self._work(index, item, record, fresh[2 * index + 1], {}, {"id": record}))
            return works
        ids = [item.id for item in items if item.id is not None]
        deleted = None if self.verb in merging.ANYWHERE else self.verb == "restore"
        readable = self.guard.readable(self.it)
        found = storage.fetch(self.catalog, self.it, And((Test("id", "in", ids), readable)), lock=True, deleted=deleted)
        rows = {row["id"]: row for row in found}
        writable = self.guard.writable(self.it, self.verb)
        may_write = set(rows)
        if not isinstance(writable, Always) and rows:
            may_write = storage.satisfying(self.catalog, self.it, list(rows), writable)
        seen: set[UUID] = set()
        taken: dict[UUID, Problem] = {}
        if self.action is not None and self.action.right == "member":
            taken = pooling.lost(self.catalog, self.it, [one for one in ids if one not in may_write], self.actor)
        minted = uuid7s(len(items))
        for index, item in enumerate(items):
            row = rows.get(item.id) if item.id is not None else None
            if item.id in taken:
                self._fail(index, taken[item.id])
            elif row is None:
                self._fail(index, NotFound())
            elif row["id"] in seen:
                self._fail(
                    index,
                    Conflict(T("同一条记录在这一批里出现了两次。", "The same record appears twice in this batch.")),
                )
            elif row["id"] not in may_write:
                self._fail(index, Forbidden(self._stands()))
            elif item.version is not None and item.version != row["version"]:
                self._fail(index, Conflict.version())
            else:
                seen.add(row["id"])
                works.append(self._work(index, item, row["id"], minted[index], row, dict(row)))
        return works

    def _stands(self) -> Text | None:
        """Why what one sees cannot be updated, where time is the reason."""
        if self.verb != "update" or not self.it.policy.kept or access.may(self.actor.rights, self.it, AMEND):
            return None
        n = self.it.policy.kept
        return T(f"{self.it.label.zh}只能由写的人在 {n} 小时内修改。", f"A {self.it.label.en.lower()} is changed by whoever wrote it, within {n} hours.")

    def _named(self, once: UUID) -> UUID:
        """The id of what this actor makes under a name of theirs: nobody's name leads to what is somebody else's."""
        return named(once, self.actor.workspace, self.actor.user, self.it.name)

    def _work(self, index: int, item: Item, record: UUID, event: UUID, before: Mapping[str, Any], after: dict[str, Any]) -> _Work:
        draft = Draft(self.it, "delete" if self.verb == "absorb" else self.verb, record, before, after)
        return _Work(index, item, event, draft, Context(self.actor, self.catalog, event, self.now, self.cache))

    # -- 4 -------------------------------------------------------------------------------------------------------------
    def _apply(self, work: _Work) -> None:
        problems: list[FieldError] = []
        settings = self.catalog.settings
        values, changes, changeable = work.draft.values, work.item.changes, self.changeable
        for name, value in changes.items():
            one = changeable.get(name)
            if one is None:
                one = self._changeable(name, problems)
                if one is None:
                    continue
                changeable[name] = one
            try:
                parsed = one.parse(value, settings)
                held = work.draft.before.get(name)
                if held and isinstance(one, Money) and parsed and all(parsed[k] == held[k] for k in parsed):
                    parsed = held  # the same amount keeps the rate it was booked at
                values[name] = parsed
            except FieldProblem as problem:
                problems.append(FieldError(name, problem.code, problem.message))
        if problems:
            raise Invalid(problems)
        if self.verb == "create":
            for name, one, constant in self.parts.defaults:
                if name not in changes:
                    values[name] = one.parse(_default(one, work.context), settings) if constant is None else constant
            if self.it.owned and "owner" not in changes and self.actor.user is not None and not changes.get("pool"):
                values["owner"] = self.actor.user

    def _changeable(self, name: str, problems: list[FieldError]) -> Field | None:
        """A field this verb of this actor may change, asked once per batch; otherwise the reason is noted."""
        one = self.it.fields.get(name)
        level = self.guard.level(self.it, name) if one is not None else "hidden"
        if one is None or level == "hidden":
            problems += unknown_field(str(name)[:100], str(name)[:100]).errors
            return None
        into = name == "pool" and self.verb == "create" and pooling.fills(self.actor, self.it)
        if one.system or one.computed is not None or (one.readonly and not self.actor.unlimited and not into) or level != "write":
            problems.append(
                FieldError(name, "read-only", T(f"{one.label.zh}不能修改。", f"{one.label.en} cannot be changed."))
            )
            return None
        allowed = self._writable_fields()
        if allowed is not None and name not in allowed:
            problems.append(
                FieldError(
                    name,
                    "not-here",
                    T(
                        f"“{self.verb}”操作不修改{one.label.zh}。",
                        f"The action {self.verb!r} does not change {one.label.en}.",
                    ),
                )
            )
            return None
        return one

    def _writable_fields(self) -> set[str] | None:
        if self.verb in ("create", "update"):
            return None
        if self.verb == "assign":
            return {"owner"}
        if self.action is not None:
            return None if self.action.internal else set(self.action.form)
        return set()

    # -- 7: links ------------------------------------------------------------------------------------------------------
    def _linked(self, works: list[_Work]) -> list[_Work]:
        """Linked records must be there and readable; one statement per target object for the whole batch."""
        if self.verb in merging.BARE:
            return works
        wanted: dict[str, set[UUID]] = {}
        uses: list[tuple[_Work, Link | Links, list[UUID]]] = []
        me = self.actor.user
        for work in works:
            values, held = work.draft.values, work.draft.before
            for name, one in self.parts.links:
                value = values.get(name)
                if value is None or (value is me and one.target == "user"):
                    continue
                before = held.get(name)
                if value == before:
                    continue
                known = set(before) if isinstance(before, list) else {before}
                fresh = [i for i in (value if isinstance(value, list) else [value]) if i not in known]
                if fresh:
                    wanted.setdefault(one.target, set()).update(fresh)
                    uses.append((work, one, fresh))
        if not wanted:
            return works
        there: dict[str, set[UUID]] = {}
        receivers = {ids[0] for _, one, ids in uses if one.name == "owner"} if not self.actor.unlimited else set()
        gone: set[UUID] = set()
        for target_name, asked in wanted.items():
            target = self.catalog.objects[target_name]
            own = {i for i in asked if self.actor.user == i and target_name == "user"}
            rest = asked - own
            readable = self.guard.readable(target)
            if target_name == "user" and rest & receivers:  # the same statement tells who may still receive
                found = storage.fetch(self.catalog, target, And((Test("id", "in", list(rest)), readable)), links=False)
                there[target_name] = own | {row["id"] for row in found}
                gone = {row["id"] for row in found if row["active"] is False}
            else:
                there[target_name] = own | storage.satisfying(self.catalog, target, list(rest), readable, deleted=False)
            if not access.may(self.actor.rights, target, "read"):
                there[target_name] = own
        bad: dict[int, list[FieldError]] = {}
        for work, one, ids in uses:
            if not set(ids) <= there[one.target]:
                bad.setdefault(work.index, []).append(_unseen(one))
            elif one.name == "owner" and ids[0] in gone:
                bad.setdefault(work.index, []).append(FieldError("owner", "inactive", INACTIVE))
        for index, problems in bad.items():
            self._fail(index, Invalid(problems))
        return [work for work in works if work.index not in bad]

    # -- 6 -------------------------------------------------------------------------------------------------------------
    def _rules(self, work: _Work) -> None:
        draft, context = work.draft, work.context
        if self.action is not None:
            inputs = self._inputs(work) if self.verb not in merging.VERBS else dict(work.item.inputs)
            if len(self.outcomes) > 1 and not self.together:  # together, the first fault undoes everything anyway
                with sql.savepoint():
                    work.output = self.action.run(draft, context, **inputs)
            else:
                work.output = self.action.run(draft, context, **inputs)
            if lacking := [self.it.fields[name] for name in self.action.needs if self.it.fields[name].empty(draft.values.get(name))]:
                raise Invalid([_missing(one) for one in lacking])
        elif self.verb in _SHARE_INPUTS:
            draft.team = self._team(work)
        elif self.verb == "assign":
            self._handed(work)
        elif work.item.inputs:
            raise unknown_field(next(iter(work.item.inputs)), next(iter(work.item.inputs)))
        if self.verb == "assign" and ("owner" not in work.item.changes or draft.values.get("owner") is None):
            raise Invalid.field("owner", "required", "请选择新的负责人。", "Choose the new owner.")
        if self.verb == "delete":
            draft.values["deleted_at"] = self.now
        if self.verb in ("delete", "absorb") or draft.settled:
            return
        if self.verb == "restore":
            self._restored(draft)
        for name, one in self.parts.computed:
            assert one.computed is not None
            try:
                draft.values[name] = one.parse(one.computed(draft, context), self.catalog.settings)
            except FieldProblem as problem:
                raise Invalid([FieldError(name, problem.code, problem.message)]) from None
        for check in self.it.checks if self.verb not in merging.BARE else ():
            check(draft, context)

    def _restored(self, draft: Draft) -> None:
        """Out of the bin, and no longer merged; links to records that were merged meanwhile lead to what they became."""
        draft.values["deleted_at"] = None
        if self.it.duplicates is not None:
            draft.values[MERGED] = None
        for name, value in merging.followed(self.catalog, self.it, draft.values).items():
            draft.values[name] = value

    def _inputs(self, work: _Work) -> dict[str, Any]:
        assert self.action is not None
        known = {one.name: one for one in self.action.inputs}
        problems: list[FieldError] = []
        out: dict[str, Any] = {}
        for name, value in work.item.inputs.items():
            if name not in known:
                problems += unknown_field(str(name)[:100], str(name)[:100]).errors
                continue
            try:
                out[name] = known[name].parse(value, self.catalog.settings)
            except FieldProblem as problem:
                problems.append(FieldError(name, problem.code, problem.message))
        for name, one in known.items():
            if name not in out and one.default is not None:
                out[name] = one.default
            if one.required and one.empty(out.get(name)):
                problems.append(_missing(one))
            if isinstance(one, Link | Links) and not problems and out.get(name) is not None:
                value = out[name]
                ids = value if isinstance(value, list) else [value]
                target = self.catalog.objects[one.target]
                there = storage.satisfying(self.catalog, target, ids, self.guard.readable(target), deleted=False)
                if not set(ids) <= there:
                    problems.append(_unseen(one))
        if problems:
            raise Invalid(problems)
        return out

    def _handed(self, work: _Work) -> None:
        """What goes along with a record that changes hands, and whether who had it stays in its team."""
        if wrong := set(work.item.inputs) - {"along", "keep"}:
            raise unknown_field(min(wrong), min(wrong))
        work.along, keep = handing.asked(self.catalog, self.it, work.item.inputs)
        before = work.draft.before.get("owner")
        if keep and before is not None and before != work.draft.values.get("owner"):
            work.draft.team = (before, keep, None)

    def _team(self, work: _Work) -> tuple[UUID, str, datetime | None]:
        asked = dict(work.item.inputs)
        unknown = set(asked) - {*_SHARE_INPUTS[self.verb], *(["along"] if handing.following(self.catalog, self.it.name) else ())}
        if unknown:
            raise unknown_field(min(unknown), min(unknown))
        try:
            user = Person(T("成员", "Member")).parse(asked.get("user"), self.catalog.settings)
            until = DateTime(T("截止", "Until")).parse(asked.get("until"), self.catalog.settings)
        except FieldProblem as problem:
            raise Invalid([FieldError("user", problem.code, problem.message)]) from None
        level = asked.get("level") or "read"
        if user is None or level not in ("read", "write"):
            raise Invalid.field(
                "user", "required", "请选择成员，权限为 read 或 write。", "Choose a member; the level is read or write."
            )
        if not storage.satisfying(self.catalog, self.catalog.objects["user"], [user], Always(), deleted=False):
            raise Invalid.field("user", "link", "没有这个成员。", "There is no such member.")
        work.along = handing.along_with(self.catalog, self.it, asked)
        if self.verb == "unshare" and user not in {held[0] for held in facts.team(self.actor.workspace, self.it.name, work.draft.id)}:
            raise Invalid.field("user", "absent", "这位成员不在团队里。", "This member is not in the team.")
        return user, level, until

    # -- 7: values -----------------------------------------------------------------------------------------------------
    def _numbered(self, works: list[_Work]) -> None:
        """Numbers for those that will be written; what an import brought along already is stepped over."""
        for one in self.parts.numbered:
            empty = [w for w in works if not w.draft.values.get(one.name) and self.verb not in ("delete", *merging.BARE)]
            given = {w.draft.values.get(one.name) for w in works}
            alike: dict[tuple[str, str, int, str], list[_Work]] = {}
            forms: dict[tuple[str, ...], list[_Work]] = {}
            uses = one.uses
            for work in empty:  # what of a record its number is made of
                forms.setdefault(tuple([str(work.draft.values.get(name) or "") for name in uses]), []).append(work)
            for some in forms.values():
                values, today = some[0].draft.values, some[0].context.today
                alike.setdefault((one.counter(today, values), *one.render(today, values)), []).extend(some)
            for (counter, *form), some in alike.items():
                self._count(one, f"{self.it.name}.{one.name}:{counter}", form, some, given)

    def _count(self, one: AutoNumber, key: str, form: Sequence[Any], works: list[_Work], given: set[Any]) -> None:
        """Numbers of one form from one counter; one that finds many taken goes on behind them."""
        prefix, width, suffix = form
        rounds = 0
        while works:
            if rounds == 2:
                facts.count_from(self.actor.workspace, key, storage.highest(self.catalog, self.it, one, prefix, suffix))
            first = facts.next_numbers(self.actor.workspace, key, len(works))
            numbers = [f"{prefix}{first + offset:0{width}d}{suffix}" for offset in range(len(works))]
            taken = given | (storage.taken(self.catalog, self.it, one, numbers, [], bin=True) if one.unique else set())
            free = [number for number in numbers if number not in taken]
            for work, number in zip(works, free, strict=False):
                work.draft.values[one.name] = number
            works, rounds = works[len(free) :], rounds + 1

    def _whole(self, work: _Work) -> None:
        """Required values are there; amounts in other currencies get their base; files exist."""
        problems: list[FieldError] = []
        draft, values = work.draft, work.draft.values
        for name, one in self.parts.checked if self.verb not in merging.BARE else ():
            value = values.get(name)
            if one.required and one.empty(value) and not isinstance(one, AutoNumber) and (draft.new or draft.changed(name)):
                problems.append(_missing(one))
            if isinstance(one, AutoNumber) and (draft.new or draft.changed(name)) and self.verb in ("create", "update"):
                problems += self._given(one, value, values)
            if value is None or not draft.changed(name) or self.verb == "merge":  # another record's value is whole already
                continue
            if isinstance(one, Money):
                draft.values[name] = self._based(one, value, work.context)
            elif isinstance(one, File):
                draft.values[name] = self._stored(one, value, draft.before.get(name) or [])
        if problems:
            raise Invalid(problems)

    def _given(self, one: AutoNumber, value: Any, values: Mapping[str, Any]) -> list[FieldError]:
        """What is wrong with a number somebody gave, and with a record that lacks what its number is made of."""
        if one.empty(value):
            lacking = [name for name in one.uses if one.empty(values.get(name)) and name in self.it.fields]
            return [FieldError(name, "required", T(f"编号要用到{self.it.fields[name].label.zh}，请填写。", f"The number needs {self.it.fields[name].label.en}.")) for name in lacking]
        if one.given == "never" and not self.actor.unlimited:
            return [FieldError(one.name, "read-only", T(f"{one.label.zh}由系统生成，不能填写。", f"{one.label.en} is made by the program and cannot be given."))]
        if one.given == "form" and not one.fits(value, values):
            return [FieldError(one.name, "form", T(f"{one.label.zh}应符合编号规则：{one.rule}。", f"{one.label.en} has the form {one.rule}."))]
        return []

    def _based(self, one: Money, value: Mapping[str, Any], context: Context) -> dict[str, Any]:
        home = self.catalog.settings.currency
        if value["currency"] == home:
            return {"amount": value["amount"], "currency": home}
        key = ("rate", value["currency"])
        if key not in self.cache:
            self.cache[key] = facts.rate(self.actor.workspace, value["currency"], context.today)
        rate = self.cache[key]
        if rate is None:
            raise Invalid.field(
                one.name,
                "rate",
                f"还没有 {value['currency']} 的汇率。请先在设置里添加。",
                f"There is no exchange rate for {value['currency']} yet. Add it in the settings first.",
            )
        base = (value["amount"] * rate).quantize(Decimal(1).scaleb(-money.EXPONENTS.get(home, 2)), ROUND_HALF_UP)
        return {"amount": value["amount"], "currency": value["currency"], "base": base}

    def _stored(
        self, one: File, value: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Only files the actor uploaded, or that the record has already, may be attached: an id alone opens nothing."""
        out = []
        known = {item["file"] for item in held}
        for item in value:
            uploader = None if self.actor.unlimited or item["file"] in known else self.actor.user
            found = files.find(self.actor.workspace, UUID(item["file"]), uploader)
            if found is None:
                raise Invalid.field(
                    one.name, "file", "找不到这个文件，请重新上传。", "There is no such file; upload it again."
                )
            fresh = one.kind == "image" and item["file"] not in known
            if fresh and (found["type"] not in files.SAFE_IMAGES or not files.is_picture(files.path(found["digest"]))):
                raise Invalid.field(
                    one.name, "image", "只能是完整的 PNG、JPEG、GIF 或 WebP 图片，不超过 1 亿像素。",
                    "Only whole PNG, JPEG, GIF or WebP pictures of up to 100 million pixels.",
                )  # fmt: skip
            out.append({"file": item["file"], "name": found["name"], "size": found["size"], "type": found["type"]})
        return out

    def _unique(self, works: list[_Work]) -> list[_Work]:
        """Unique values, found out before the database refuses the whole batch."""
        bad: dict[int, FieldError] = {}
        for one in self.parts.unique if self.verb not in ("delete", "absorb") else ():
            claims: dict[Any, _Work] = {}
            for work in works:
                value = work.draft.values.get(one.name)
                if value is None or not (work.draft.changed(one.name) or self.verb == "restore" or work.draft.changed("deleted_at")):
                    continue
                if value in claims:
                    bad[work.index] = _taken(one)
                else:
                    claims[value] = work
            if claims:
                for value in storage.taken(
                    self.catalog, self.it, one, list(claims), [w.draft.id for w in claims.values()]
                ):
                    bad[claims[value].index] = _taken(one)
        for index, error in bad.items():
            self._fail(index, Invalid([error]))
        return [work for work in works if work.index not in bad]

    def _duplicates(self, works: list[_Work]) -> list[_Work]:
        """What the rules for duplicates say of records that are made, brought back, or get what tells them apart."""
        if self.it.duplicates is None or self.verb not in ("create", "update", "restore") or not matching.asked(self.catalog, self.it, self.actor):
            return works
        said = matching.judge(self.catalog, self.it, self.actor, [(w.draft, w.item.careful, w.context) for w in works], self.keys)
        for work, problem in zip(works, said, strict=True):
            if problem is not None:
                self._fail(work.index, problem)
        return [work for work, problem in zip(works, said, strict=True) if problem is None]

    def _unprotected(self, work: _Work) -> None:
        """Nothing living that protects this record may link to it."""
        for child, link in self.catalog.linking_to(self.it.name):
            if link.on_delete != "protect":
                continue
            found = storage.fetch(self.catalog, child, Test(link.name, "in", [work.draft.id]), links=False, limit=1)
            if found:
                raise Conflict(
                    T(
                        f"还有{child.label.zh}在使用它，不能删除。请先转移或删除它们。",
                        f"There are records of {child.label.en} that use it. Move or delete them first.",
                    ),
                    code="in-use",
                )

    def _unchanged(self, works: list[_Work]) -> list[_Work]:
        """An update that changes nothing writes nothing."""
        out = []
        for work in works:
            before, after = work.draft.before, work.draft.values
            if before:
                work.names = [n for n in self.parts.jsons if after.get(n) != before.get(n)]
            else:
                work.names = [n for n, value in after.items() if value is not None and n in self.parts.jsons]
            if self.verb in ("update", "assign") and not work.names:
                self.outcomes[work.index] = Result(
                    work.draft.id, work.draft.before["version"], False, None, tuple(work.context.warnings)
                )
            else:
                out.append(work)
        return out

    # -- 8, 10 ---------------------------------------------------------------------------------------------------------
    def _write(self, works: list[_Work]) -> None:
        for work in works:
            values = work.draft.values
            values |= {"version": work.event, "updated_at": self.now, "updated_by": self.actor.user}
            if self.verb == "create":
                values |= {"created_at": self.now, "created_by": self.actor.user, "deleted_at": None}
        strictly = self.it.policy.read == "personal" and not self.it.policy.readers
        only = list({owner for work in works for owner in (work.draft.values.get("owner"), work.draft.before.get("owner")) if owner}) if strictly else None
        joining = [(work.draft.id, work.draft.team[0]) for work in works if work.draft.team is not None]
        self.members = facts.memberships(self.actor.workspace, self.it.name, joining) if joining else {}
        journal.append(self.actor.workspace, (self._event(work) for work in works), [(self.it.name, work.draft.id) for work in works], only)
        if self.verb == "create":
            storage.insert(self.catalog, self.it, [w.draft.values for w in works])
        else:
            same: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for work in works:
                same.setdefault(tuple(work.names), []).append(work.draft.values)
            for names, rows in same.items():
                storage.update_many(
                    self.catalog,
                    self.it,
                    rows,
                    [n for n in names if n != "deleted_at"] + (["deleted_at"] if "deleted_at" in names else []),
                )
        for work in works:
            if work.draft.team is not None:
                user, level, until = work.draft.team
                if self.verb != "unshare":
                    facts.join_team(self.actor.workspace, self.it.name, work.draft.id, user, level, until)
                else:
                    facts.leave_team(self.actor.workspace, self.it.name, work.draft.id, user)
        self.cache.clear()

    def _event(self, work: _Work) -> journal.Event:
        changes: dict[str, list[Any]] = {}
        before, after = work.draft.before, work.draft.values
        for name in work.names:
            as_json = self.parts.jsons[name]
            if as_json is None:
                changes[name] = [before.get(name), after.get(name)]
            else:
                changes[name] = [as_json(before.get(name)), as_json(after.get(name))]
        if work.draft.team is not None:
            user, level, until = work.draft.team
            held = self.members.get((work.draft.id, user))
            was = facts.membership(user, *held) if held else None
            changes["@team"] = [was, facts.membership(user, level, until) if self.verb != "unshare" else None]
        if work.draft.because is not None:
            changes["@because"] = [None, dict(work.draft.because)]
        if work.draft.merge is not None:
            changes["@merge"] = work.draft.merge
        return journal.Event(
            work.event, self.it.name, work.draft.id, self.verb, self.actor.user, self.actor.kind, self.actor.via, self.now,
            changes, work.item.cause or self.cause, self.actor.request,
        )  # fmt: skip

    # -- 9 -------------------------------------------------------------------------------------------------------------
    def _scope(self, works: list[_Work]) -> None:
        """What a person writes stays within reach, but for verbs that hand a record on."""
        if (
            self.actor.unlimited
            or self.verb in ("assign", "delete")
            or (self.action is not None and self.action.leaves)
        ):
            return
        condition = And((self.guard.readable(self.it), self.guard.writable(self.it, self.verb)))
        if all(isinstance(c, Always) for c in condition.items):
            return
        ids = [work.draft.id for work in works]
        inside = storage.satisfying(self.catalog, self.it, ids, condition)
        outside = [work for work in works if work.draft.id not in inside]
        if outside:
            raise Forbidden(
                T(
                    "保存后这条记录会超出您的数据范围，因此没有保存。请检查负责人，或用“转移”操作。",
                    "Saved like this the record would leave your data scope, so it was not saved. Check the owner, or use 'assign'.",
                ),
                code="out-of-scope",
                errors=[FieldError("owner", "out-of-scope", T("超出您的数据范围。", "Outside your data scope."))]
                if self.it.owned
                else (),
            )

    # -- after the write, in its transaction ---------------------------------------------------------------------------
    def _entries(self, works: list[_Work]) -> None:
        """The search entries of what was written, and what it is compared by."""
        matching.write(self.catalog, self.it, [(w.draft.values, set(w.names)) for w in works], fresh=self.verb == "create", known=self.keys)
        if self.verb in ("delete", "absorb"):
            indexing.remove(self.catalog, [w.draft.id for w in works])
            return
        living = [w for w in works if w.draft.values.get("deleted_at") is None]
        found = [w for w in living if self.verb in ("create", "restore") or indexing.concerns(self.it, set(w.names))]
        if found:
            indexing.write(self.catalog, self.it, [w.draft.values for w in found], fresh=self.verb == "create")
        moved = [w.draft.id for w in works if ("owner" in w.names or "pool" in w.names) and self.verb != "create"]
        if moved:
            indexing.handed_over(self.catalog, self.it, moved)

    def _after(self, works: list[_Work]) -> None:
        if self.it.touches and any(not self._noted(name) for work in works for name in work.names):
            facts.bump(self.actor.workspace, self.it.touches)
        if self.verb in ("delete", "restore"):
            for work in works:
                self._cascade(work)
        if self.verb == "assign":
            self._hand_along(works)
        if self.verb in _SHARE_INPUTS:
            self._share_along([work for work in works if work.along])
        for work in works if self.verb not in ("put_back", "part", "unmerge", "anonymise") else ():
            for effect in self.it.effects:
                effect(work.draft, work.context)
        self._consequences([later for work in works for later in work.context.waiting])

    def _noted(self, name: str) -> bool:
        """A field that rules note something down in: no right and nothing that exists depends on it."""
        one = self.it.fields[name]
        return one.readonly and not one.system

    def _consequences(self, waiting: list[Later]) -> None:
        """Do what waited, verb by verb; calls on the same record one after the other, or joined where they say how."""
        groups: dict[tuple[str, str], list[Later]] = {}
        joined: dict[tuple[str, str, UUID], Later] = {}
        for later in waiting:
            earlier = joined.get((later.name, later.verb, later.id)) if later.id is not None else None
            if earlier is not None and later.combine is not None:
                earlier.inputs, earlier.cause = later.combine(earlier.inputs, later.inputs), later.cause
                earlier.changes |= later.changes
                continue
            if later.id is not None:
                joined[later.name, later.verb, later.id] = later
            groups.setdefault((later.name, later.verb), []).append(later)
        if not groups:
            return
        actor = automation(self.actor)
        if actor.depth > MAX_DEPTH:
            raise too_deep()
        for (name, verb), calls in groups.items():
            while calls:
                used: set[UUID] = set()
                now: list[Later] = []
                rest: list[Later] = []
                for call in calls:
                    if len(now) < MAX_ITEMS and (call.id is None or call.id not in used):
                        now.append(call)
                        used |= {call.id} if call.id is not None else set()
                    else:
                        rest.append(call)
                items = [Item(call.id, call.changes, None, call.inputs, call.cause) for call in now]
                perform_many(name, verb, items, actor=actor, together=True)
                calls = rest

    def _hand_along(self, works: list[_Work]) -> None:
        """Hand over what goes along, with the rights of whoever does it; what may not go is told as a warning."""
        for one in handing.following(self.catalog, self.it.name):
            mine = {work.draft.id: work for work in works if one.it.name in work.along and work.draft.before.get("owner") is not None}
            if not mine:
                continue
            found = handing.going(self.guard, one, {id: work.draft.before["owner"] for id, work in mine.items()})
            items = [Item(id, {"owner": mine[with_].draft.values["owner"]}, cause=mine[with_].event) for id, with_ in found]
            refused: dict[UUID, int] = {}
            for start in range(0, len(items), MAX_ITEMS):
                part = items[start : start + MAX_ITEMS]
                for (_, with_), answer in zip(found[start:], perform_many(one.it.name, "assign", part, actor=self.actor), strict=False):
                    if isinstance(answer, Problem):
                        refused[with_] = refused.get(with_, 0) + 1
            for with_, count in refused.items():
                mine[with_].context.warnings.append(handing.left_behind(one.it.label, count))

    def _share_along(self, works: list[_Work]) -> None:
        """Let the member into the teams of what hangs on a record as well, or out of them, with the rights of whoever does it."""
        for one in handing.following(self.catalog, self.it.name) if works else ():
            mine = {work.draft.id: work for work in works if one.it.name in work.along}
            found = handing.hanging(self.guard, one, list(mine)) if mine else []
            members = [(id, self._member(mine[with_])[0]) for id, with_, _ in found]
            held = facts.memberships(self.actor.workspace, one.it.name, members) if members else {}
            going = [
                (id, with_) for id, with_, owner in found
                if owner != (user := self._member(mine[with_])[0]) and ((id, user) in held if self.verb == "unshare" else held.get((id, user)) != self._member(mine[with_])[1:])
            ]  # fmt: skip
            refused: dict[UUID, int] = {}
            for start in range(0, len(going), MAX_ITEMS):
                part = going[start : start + MAX_ITEMS]
                items = [Item(id, inputs={n: v for n, v in mine[with_].item.inputs.items() if n != "along"}, cause=mine[with_].event) for id, with_ in part]
                for (_, with_), answer in zip(part, perform_many(one.it.name, self.verb, items, actor=self.actor), strict=True):
                    if isinstance(answer, Problem):
                        refused[with_] = refused.get(with_, 0) + 1
            for with_, count in refused.items():
                mine[with_].context.warnings.append(handing.not_shared(one.it.label, count))

    @staticmethod
    def _member(work: _Work) -> tuple[UUID, str, datetime | None]:
        found: tuple[UUID, str, datetime | None] = work.draft.team
        return found

    def _cascade(self, work: _Work) -> None:
        """Children marked so go into the bin with their parent, and come back with it if they went with it."""
        for child, link in self.catalog.linking_to(self.it.name):
            if link.on_delete != "cascade":
                continue
            condition = Test(link.name, "in", [work.draft.id])
            if self.verb == "delete":
                for row in storage.fetch(self.catalog, child, condition, links=False):
                    work.context.perform(child.name, "delete", row["id"])
            else:
                gone = storage.fetch(self.catalog, child, condition, links=False, deleted=True)
                causes = {e.id: e.cause for e in journal.by_ids(self.actor.workspace, [row["version"] for row in gone])}
                for row in gone:
                    if causes.get(row["version"]) == work.draft.before["version"]:
                        work.context.perform(child.name, "restore", row["id"])


def _default(one: Field, context: Context) -> Any:
    return one.default(context) if callable(one.default) else one.default


def _constant(one: Field, settings: Settings) -> Any:
    """A default that is the same for every record and may be shared by them, or None."""
    if callable(one.default):
        return None
    value = one.parse(one.default, settings)
    return None if isinstance(value, list | dict) else value


def _missing(one: Field) -> FieldError:
    return FieldError(one.name, "required", T(f"请填写{one.label.zh}。", f"{one.label.en} is required."))


def _unseen(one: Field) -> FieldError:
    return FieldError(
        one.name,
        "link",
        T(
            f"{one.label.zh}：找不到这条记录，或您没有查看它的权限。",
            f"{one.label.en}: no such record, or you may not see it.",
        ),
    )


def failures(outcomes: Iterable[Result | Problem]) -> list[Problem]:
    """The problems among a batch's answers."""
    return [outcome for outcome in outcomes if isinstance(outcome, Problem)]
