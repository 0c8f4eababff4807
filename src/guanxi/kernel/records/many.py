"""Something done to many records: which ones is settled once, as they match then; then it is done part by part, with the
rights of the moment, and each record has an answer of its own.

Which ones is a string of ids, 16 bytes each: a million records are 16 MB, in the order they are locked in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import And
from guanxi.kernel.declare.fields import Tags
from guanxi.kernel.declare.objects import Action, Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import door, erasing, reading
from guanxi.kernel.records.guard import unknown_field
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

PART = 500
WIDTH = 16
OPPOSITE = {"update": "update", "assign": "assign", "delete": "restore", "restore": "delete"}
"""What `undoing` can take back as a whole, and who may ask for it: who may do this verb; a declared action is taken back by what its object declares."""
ERASE = "erase"
"""Done to what lies in the bin: it goes for good, as `bin_rules.erase_now` says."""
AWAY = T("没有权限，或记录已不在。", "Not allowed, or the record is gone.")


@dataclass(frozen=True)
class Deed:
    """What is done to each: a verb with its changes and inputs; `add` and `remove` are tags by field, for an update."""

    object: str
    verb: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remove: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def binned(self) -> bool:
        return self.verb in ("restore", ERASE)


@dataclass(frozen=True)
class Answer:
    """What became of one record: `name` as the actor may see it; `changed` False where everything was so already; `why` not;
    `event`: what was done to it."""

    id: UUID
    name: str
    changed: bool = True
    why: Text | None = None
    event: UUID | None = None


def check(actor: Actor, deed: Deed) -> Definition:
    """What can be said before the first record is touched. Raises NotFound, Forbidden, and Invalid naming what is wrong."""
    guard = guard_of(actor)
    it = guard.object(deed.object)
    if deed.verb == ERASE:
        if not may_erase(actor, it):
            raise Forbidden()
        if deed.changes or deed.inputs or deed.add or deed.remove:
            raise Invalid.field("changes", "not-here", "彻底删除没有要填写的内容。", "Nothing goes with erasing.")
        return it
    action = it.verbs.get(deed.verb)
    if deed.verb not in it.verbs or deed.verb == "create" or (isinstance(action, Action) and action.internal):
        raise NotFound(T(f"{it.label.zh}没有“{deed.verb}”这个操作。", f"{it.label.en} has no action {deed.verb!r}."), code="no-verb")
    if not access.may(actor.rights, it, deed.verb):
        raise Forbidden()
    if action is not None and action.secret:  # a job's row would keep it
        raise door.one_by_one(action)
    problems: list[FieldError] = []
    for name in (*deed.changes, *deed.add, *deed.remove):
        if name not in it.fields or guard.level(it, name) == "hidden":
            problems += unknown_field(str(name)[:100], str(name)[:100]).errors
        elif name not in deed.changes and (deed.verb != "update" or not isinstance(it.fields[name], Tags)):
            problems.append(FieldError(name, "type", T("只能给标签字段添加或去掉。", "Only tags are added or taken away.")))
    if deed.verb == "update" and not (deed.changes or deed.add or deed.remove):
        raise Invalid.field("changes", "required", "还没有填写要修改的内容。", "Nothing to change is given.")
    if problems:
        raise Invalid(problems)
    return it


def may_erase(actor: Actor, it: Definition) -> bool:
    """Whether the actor may erase records of an object that lie in the bin, as far as rights to verbs go."""
    rules = guard_of(actor).catalog.object("bin_rules")
    return erasing.erasable(it) and access.may(actor.rights, rules, "erase_now") and access.may(actor.rights, it, "delete") and access.may(actor.rights, it, "restore")


def _erase(actor: Actor, name: str, ids: Sequence[UUID]) -> list[door.Result | Problem]:
    """Erase each by itself: what one is needed for keeps no other there."""
    rules = reading.query("bin_rules", actor=actor, fields=["id"], limit=1).rows[0]["id"]
    out: list[door.Result | Problem] = []
    for one in ids:
        try:
            with sql.savepoint():
                out.append(door.perform("bin_rules", "erase_now", actor=actor, id=rules, inputs={"object": name, "record": str(one)}))
        except Problem as problem:
            out.append(problem)
    return out


def settle(actor: Actor, name: str, where: Any, *, deleted: bool = False) -> bytes:
    """The ids of all records of a condition that the actor may read at this moment, in one statement. Raises as `query` does."""
    guard = guard_of(actor)
    it = guard.object(name)
    if deleted and not access.may(actor.rights, it, "restore"):
        raise NotFound()
    narrowed = guard.where(it, guard.parse(where))
    with sql.work(actor.workspace):
        return storage.packed(guard.catalog, it, And((guard.readable(it, narrowed), narrowed)), deleted=deleted)


def pack(ids: Sequence[UUID]) -> bytes:
    """Some records ticked one by one, each once, in the order of what `settle` finds."""
    return b"".join(sorted({one.bytes for one in ids}))


def unpack(packed: bytes) -> list[UUID]:
    return [UUID(bytes=packed[at : at + WIDTH]) for at in range(0, len(packed), WIDTH)]


def do(actor: Actor, deed: Deed, ids: Sequence[UUID]) -> list[Answer]:
    """Do it to some records, each on its own: who may not be touched answers why. Up to 5,000, in one transaction."""
    it = guard_of(actor).object(deed.object)
    seen = _seen(actor, it, deed, ids)
    outcomes = _erase(actor, it.name, ids) if deed.verb == ERASE else door.perform_many(deed.object, deed.verb, [_item(deed, one, seen.get(one, {})) for one in ids], actor=actor)
    return [
        Answer(one, seen.get(one, {}).get("", ""), done is not None, _why(it, outcome), done.version if done is not None else None)
        for one, outcome in zip(ids, outcomes, strict=True)
        for done in [outcome if not isinstance(outcome, Problem) and outcome.changed else None]
    ]


def at_once(actor: Actor, deed: Deed, ids: Sequence[UUID]) -> list[Answer]:
    """Do it to a few while somebody waits; like a job of many, it is a line of the log."""
    with sql.work(actor.workspace):
        answers = do(actor, deed, ids)
        log.note(actor.workspace, "bulk", user=actor.user, address=actor.address, object=deed.object, rows=len(ids), verb=deed.verb)
    return answers


def each(actor: Actor, object: str, verb: str, items: Sequence[door.Item]) -> list[door.Result | Problem]:
    """The same verb on many records, with changes of their own, while somebody waits: a line of the log as well. Raises as
    `door.perform_many` does."""
    with sql.work(actor.workspace):
        outcomes = door.perform_many(object, verb, items, actor=actor)
        log.note(actor.workspace, "bulk", user=actor.user, address=actor.address, object=guard_of(actor).object(object).name, rows=len(items), verb=verb)
    return outcomes


def _item(deed: Deed, id: UUID, row: Mapping[str, Any]) -> door.Item:
    changes = dict(deed.changes)
    for name in dict.fromkeys((*deed.add, *deed.remove)):
        less = set(deed.remove.get(name, ()))
        kept = [tag for tag in row.get(name) or [] if tag not in less]
        changes[name] = [*kept, *(tag for tag in deed.add.get(name, ()) if tag not in kept)]
    return door.Item(id, changes, inputs=deed.inputs)


def _seen(actor: Actor, it: Definition, deed: Deed, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the deed needs to know of each record, and under "" what it is called, as far as the actor may see it."""
    guard = guard_of(actor)
    title = it.title if guard.level(it, it.title) != "hidden" else ""
    fields = list(dict.fromkeys([*([title] if title else []), *deed.add, *deed.remove]))
    out: dict[UUID, dict[str, Any]] = {}
    zone = guard.catalog.settings.tz
    for start in range(0, len(ids) if fields else 0, reading.MAX_LIMIT):
        part = [str(one) for one in ids[start : start + reading.MAX_LIMIT]]
        where = {"field": "id", "op": "in", "value": part}
        for row in reading.query(it.name, actor=actor, where=where, fields=fields, limit=reading.MAX_LIMIT, deleted=deed.binned).rows:
            value = row.get(title) if title else None
            out[row["id"]] = {**row, "": value if isinstance(value, str) else it.fields[title].show(value, actor.language, zone) if value is not None else ""}
    return out


def _why(it: Definition, outcome: door.Result | Problem) -> Text | None:
    """Why a record was left as it was."""
    if not isinstance(outcome, Problem):
        return None
    if isinstance(outcome, NotFound | Forbidden):
        return AWAY
    parts = []
    for error in outcome.errors:
        one = it.fields.get(error.field)
        said = error.message
        parts.append(T(f"{one.label.zh}：{said.zh}", f"{one.label.en}: {said.en}") if one is not None else said)
    return T(" ".join(p.zh for p in parts), " ".join(p.en for p in parts)) if parts else outcome.detail


def turns_back(actor: Actor, name: str, verb: str) -> bool:
    """Whether what was done can be taken back as a whole by this actor, as far as rights to verbs go."""
    guard = guard_of(actor)
    it = guard.catalog.find(name)
    return it is not None and verb in OPPOSITE and access.may(actor.rights, it, OPPOSITE[verb])
