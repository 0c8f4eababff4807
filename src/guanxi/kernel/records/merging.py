"""Duplicates become one record, and two again.

`merge` is an action on the record that stays: the others go to the bin, each marked with it, and everything living that
links to them links to it from then on. `unmerge` reads what that did out of the journal and puts it back, but for what
somebody changed since. Links are found in the catalog, so a module or a custom field needs no line for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import And, Condition, Or, Test
from guanxi.kernel.declare.fields import (
    Field,
    FieldProblem,
    File,
    Image,
    Link,
    Links,
    LongText,
    MultiChoice,
    Phone,
    RichText,
    Tags,
)
from guanxi.kernel.declare.grouping import FIELD as GROUPS
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import Action, Definition
from guanxi.kernel.records import reading
from guanxi.kernel.records.draft import Context, Draft
from guanxi.kernel.records.grading import GRADED
from guanxi.kernel.records.guard import Guard, unknown_field
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql

MOST = 5
"""So many records become one at once."""
ALL = "all"
"""What is chosen for a field whose values are united."""
UNITED = (Links, Phone, Tags, MultiChoice, File)
FREE = ("about", "personal")
"""What is read so comes along without a right to write it: it belongs to the record, or to somebody whose it stays."""


# -- the kernel's own verbs, for what a merge does to other records ----------------------------------------------------
def _absorb(draft: Draft, context: Context, into: UUID) -> None:
    draft.values["deleted_at"] = context.now
    draft[MERGED] = into


def _put_back(draft: Draft, context: Context, values: Mapping[str, Any], exact: bool) -> None:
    draft.values.update(values)
    draft.settled = exact


ABSORB = Action("absorb", _absorb, T("并入其他记录", "Merged into another"), internal=True)
FOLLOW = Action("follow", lambda draft, context: None, T("随合并改挂", "Moved by a merge"), internal=True)
PUT_BACK = Action("put_back", _put_back, T("撤销合并后恢复", "Put back"), internal=True)
PART = Action("part", _put_back, T("关联的记录已彻底删除", "What it was linked to is erased"), internal=True)
ANONYMISE = Action("anonymise", _put_back, T("匿名化", "Anonymised"), internal=True)
VERBS: dict[str, Action] = {one.name: one for one in (ABSORB, FOLLOW, PUT_BACK, PART, GRADED, ANONYMISE)}
"""Verbs of every object that only the program does."""
ANYWHERE = ("put_back", "part")
"""Those of them that reach records in the bin as well."""
ALONE = ("merge", "unmerge")
"""Verbs that write other records before their own, so that one of a batch that fails must fail as a whole."""
BARE = ("absorb", "put_back", "part", "unmerge", "anonymise")
"""Verbs that write a state somebody left a record in, or end it: no check is asked and nothing follows from it again."""


# -- what there is to choose -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One field of records that are compared: what each holds, as far as the actor sees it, and whose value would stand (`ALL`:
    united). choosable: whether the actor may choose; unites: whether values can be united."""

    field: Field
    values: tuple[Any, ...]
    chosen: UUID | str
    differs: bool
    choosable: bool
    unites: bool


@dataclass(frozen=True)
class Comparison:
    """Records before they become one. moves: how many records of each object would follow, of those the actor sees; obstacles: why
    the actor may not merge them."""

    it: Definition
    survivor: UUID
    rows: tuple[Mapping[str, Any], ...]
    lines: tuple[Line, ...]
    moves: tuple[tuple[Definition, int], ...]
    obstacles: tuple[Text, ...]

    @property
    def others(self) -> list[UUID]:
        return [row["id"] for row in self.rows if row["id"] != self.survivor]


def _shown(guard: Guard, it: Definition, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The records as the actor sees them, in the order asked for; those out of sight are left out."""
    names = [one.name for one, _ in guard.visible(it) if not one.virtual and one.name not in (MERGED, "deleted_at")]
    fields = ["id", "version", *names]
    rows = reading.query(it.name, actor=guard.actor, where=Test("id", "in", list(ids)), fields=fields, limit=max(1, len(ids))).rows
    found = {row["id"]: row for row in rows}
    return [found[id] for id in ids if id in found]


def _choosable(guard: Guard, it: Definition, one: Field) -> bool:
    return not (one.system or one.virtual or one.readonly) and guard.level(it, one.name) == "write"


def _plain(value: Any) -> Any:
    """A value as it is compared: a link is its id."""
    if isinstance(value, Mapping) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [_mark(item) for item in value]
    return value


def _mark(item: Any) -> Any:
    """What makes an entry of a list the same as another."""
    if isinstance(item, Mapping):
        return item.get("id") or item.get("file") or item.get("number") or str(dict(item))
    return item


def lines(guard: Guard, it: Definition, rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Field by field what stands when nobody chooses: the first record's value (it survives), another's where it has none, lists
    united."""
    out: list[Line] = []
    first = rows[0]["id"]
    for one, _ in guard.visible(it):
        if one.virtual or one.name in (MERGED, "deleted_at"):
            continue
        values = tuple(row.get(one.name) for row in rows)
        plain = [_plain(value) for value in values]
        choosable = _choosable(guard, it, one)
        chosen: UUID | str = first
        if choosable and isinstance(one, UNITED) and not isinstance(one, Image):
            held = set(plain[0] or ())
            if any(set(value or ()) - held for value in plain[1:]):
                chosen = ALL
        elif choosable and one.empty(plain[0]):
            chosen = next((row["id"] for row, value in zip(rows, plain, strict=True) if not one.empty(value)), first)
        unites = choosable and ((isinstance(one, UNITED) and not isinstance(one, Image)) or (isinstance(one, LongText) and not isinstance(one, RichText)))
        differs = any(value != plain[0] and not (one.empty(value) and one.empty(plain[0])) for value in plain[1:])
        out.append(Line(one, values, chosen, differs, choosable, unites))
    return out


def compare(name: str, ids: Sequence[UUID], *, actor: Actor) -> Comparison:
    """What merging some records into the first of them would do; nothing is written. Raises NotFound where the actor does not see
    one of them, Invalid for too few or too many."""
    guard = reading.guard_of(actor)
    it = guard.object(name)
    if it.duplicates is None:
        raise NotFound()
    ids = list(dict.fromkeys(ids))
    if not 2 <= len(ids) <= MOST:
        raise _number()
    with sql.work(actor.workspace):
        rows = _shown(guard, it, ids)
        if len(rows) < len(ids):
            raise NotFound()
        moves = moving(guard.catalog.bare, it, ids[0], ids[1:])
        obstacles = [*_obstacles(guard, it, ids), *_beyond(guard, moves)]
        counts: list[tuple[Definition, int]] = []
        for child, found in _by_object(guard.catalog, moves):
            if access.may(actor.rights, child, "read") and (n := len(storage.satisfying(guard.catalog, child, [move.id for move in found], guard.readable(child)))):
                counts.append((child, n))
    return Comparison(it, ids[0], tuple(rows), tuple(lines(guard, it, rows)), tuple(counts), tuple(obstacles))


def _number() -> Invalid:
    return Invalid.field("others", "number", f"请选择 2 到 {MOST} 条记录来合并。", f"Choose 2 to {MOST} records to merge.")


# -- what follows ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Move:
    """A record that follows. free: it comes along without a right to write it."""

    object: str
    id: UUID
    changes: Mapping[str, Any]
    free: bool


def moving(catalog: Catalog, it: Definition, survivor: UUID, losers: Sequence[UUID], *, lock: bool = False) -> list[Move]:
    """Everything living that links to the losers or is about them, with its links as they will be. What lies in the bin stays as it
    is, and finds the survivor when it comes back."""
    merged = {survivor, *losers}
    out: list[Move] = []
    for child in catalog:
        if child.policy.read == "about":
            about = And((Test("object_name", "=", it.name), Test("record", "in", [str(id) for id in losers])))
            out += [Move(child.name, row["id"], {"record": str(survivor)}, True) for row in storage.fetch(catalog, child, about, links=False, lock=lock)]
            continue
        links = links_to(child, it.name)
        if not links:
            continue
        found = storage.fetch(catalog, child, _linking(links, losers), lock=lock)
        for row in found:
            if child.name == it.name and row["id"] in merged:
                continue
            changes = redirected(links, row, dict.fromkeys(losers, survivor))
            free = child.policy.read in FREE or all(child.fields[name].readonly for name in changes)
            out.append(Move(child.name, row["id"], changes, free))
    return out


def links_to(child: Definition, target: str) -> list[Link | Links]:
    """The links of an object to another that a merge moves, custom ones too."""
    return [one for one in child.fields.values() if isinstance(one, Link | Links) and one.target == target and not (one.system or one.virtual) and one.name != MERGED]


def _linking(links: Sequence[Link | Links], losers: Sequence[UUID]) -> Condition:
    return Or(tuple(Test(one.name, "has any" if isinstance(one, Links) else "in", list(losers)) for one in links))


def redirected(links: Sequence[Link | Links], row: Mapping[str, Any], to: Mapping[UUID, UUID]) -> dict[str, Any]:
    """The links of a record that lead to the keys of `to`, as they are when they lead to its values."""
    out: dict[str, Any] = {}
    for one in links:
        held = row.get(one.name)
        if isinstance(one, Links):
            if held and not to.keys().isdisjoint(held):
                out[one.name] = list(dict.fromkeys(to.get(id, id) for id in held))
        elif held is not None and held in to:
            out[one.name] = to[held]
    return out


def followed(catalog: Catalog, it: Definition, row: Mapping[str, Any]) -> dict[str, Any]:
    """The links of a record that lead to merged ones, as they are when they lead to what those became."""
    out: dict[str, Any] = {}
    for target in catalog:
        links = links_to(it, target.name) if target.duplicates is not None else []
        asked = {id for one in links for id in (row.get(one.name) if isinstance(one, Links) else [row.get(one.name)]) or () if id is not None}
        to = became(catalog, target, asked) if asked else {}
        if to:
            out |= redirected(links, row, to)
    return out


def became(catalog: Catalog, it: Definition, asked: Iterable[UUID]) -> dict[UUID, UUID]:
    """Of records that were merged the living ones they became in the end."""
    out: dict[UUID, UUID] = {id: id for id in asked}
    for _ in range(100):  # one that was merged may have become another; a circle there cannot be, as the last one lives
        gone = storage.fetch(catalog, it, And((Test("id", "in", list(set(out.values()))), Test(MERGED, "not empty"))), deleted=True, links=False)
        if not gone:
            break
        into = {row["id"]: row[MERGED] for row in gone}
        out = {id: into.get(at, at) for id, at in out.items()}
    return {id: at for id, at in out.items() if id != at}


def _by_object(catalog: Catalog, moves: Iterable[Move]) -> list[tuple[Definition, list[Move]]]:
    groups: dict[str, list[Move]] = {}
    for move in moves:
        groups.setdefault(move.object, []).append(move)
    return [(catalog.objects[name], found) for name, found in groups.items()]


# -- rights ------------------------------------------------------------------------------------------------------------
def _obstacles(guard: Guard, it: Definition, ids: Sequence[UUID]) -> list[Text]:
    """Why the actor may not merge these records into the first of them."""
    out: list[Text] = []
    rights = guard.actor.rights
    if not access.may(rights, it, "merge"):
        return [T(f"您的角色不能合并{it.label.zh}：需要编辑和删除权限。", f"Your role cannot merge records of {it.label.en}: it takes the rights to edit and to delete.")]
    if ids[0] not in storage.satisfying(guard.catalog, it, ids[:1], guard.writable(it, "update")):
        out.append(T("您不能修改要保留的这条记录。", "You may not change the record that would stay."))
    rest = list(ids[1:])
    if n := len(rest) - len(storage.satisfying(guard.catalog, it, rest, guard.writable(it, "delete"))):
        out.append(T(f"有 {n} 条要并入的记录您不能删除。", f"You may not delete {n} of the records that would go."))
    return out


def _beyond(guard: Guard, moves: Sequence[Move]) -> list[Text]:
    """Why the actor may not move what follows: records they may not write."""
    out: list[Text] = []
    if guard.actor.unlimited:
        return out
    for child, found in _by_object(guard.catalog, (move for move in moves if not move.free)):
        ids = [move.id for move in found]
        may: set[UUID] = set()
        if access.may(guard.actor.rights, child, "update"):
            may = storage.satisfying(guard.catalog, child, ids, And((guard.readable(child), guard.writable(child, "assign"))))
        if n := len(set(ids) - may):
            out.append(T(
                f"有 {n} 条{child.label.zh}要跟着走，但您不能修改。请让能修改它们的同事来合并。",
                f"{n} of {child.label.en} would have to follow, and you may not change them. Ask a colleague who may.",
            ))  # fmt: skip
    return out


class Verbs:
    """`merge` and `unmerge` on drafts of the record that stays."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.actor: Actor = context.actor
        self.catalog: Catalog = context.catalog.bare
        self.guard = reading.guard_of(self.actor)

    def merge(self, draft: Draft, others: Sequence[UUID] = (), fields: Any = None, versions: Any = None) -> dict[str, Any]:
        """Others become this record. `fields`: of each field whose value stands, by the record's id, or `all` for united ones;
        `versions`: of the others, which they must still have."""
        it = self.catalog.objects[draft.object.name]
        ids = [id for id in dict.fromkeys(others) if id != draft.id]
        if not 1 <= len(ids) < MOST or len(ids) < len(others):
            raise _number()
        losers = self._losers(it, ids, versions)
        moves = moving(self.catalog, it, draft.id, ids, lock=True)
        if not self.actor.unlimited:
            obstacles = [*_obstacles(self.guard, it, [draft.id, *ids]), *_beyond(self.guard, moves)]
            if obstacles:
                raise Forbidden(T(" ".join(one.zh for one in obstacles), " ".join(one.en for one in obstacles)), code="merge")
        values = self._values(it, draft, losers, fields)
        team = self._team(it, draft.id, ids)
        for id in ids:
            self.context.perform(it.name, "absorb", id, into=draft.id)
        draft.values.update(values)
        draft.merge = [None, {"others": [str(id) for id in ids], "team": team}]
        for move in moves:
            self.context.later(move.object, "follow", move.id, dict(move.changes))
        return {"others": ids, "moved": len(moves), "merge": self.context.event}

    def _losers(self, it: Definition, ids: Sequence[UUID], versions: Any) -> list[dict[str, Any]]:
        found = storage.fetch(self.catalog, it, And((Test("id", "in", list(ids)), self.guard.readable(it))), lock=True)
        rows = {row["id"]: row for row in found}
        if len(rows) < len(ids):
            raise Invalid.field("others", "link", "找不到要合并的记录，或您没有查看它的权限。", "No such record to merge, or you may not see it.")
        for id, version in (versions if isinstance(versions, Mapping) else {}).items():
            row = rows.get(parse_id(str(id)) or UUID(int=0))
            if row is not None and str(row["version"]) != str(version):
                raise Conflict.version()
        return [rows[id] for id in ids]

    # -- values ------------------------------------------------------------------------------------------------------
    def _values(self, it: Definition, draft: Draft, losers: Sequence[Mapping[str, Any]], fields: Any) -> dict[str, Any]:
        """The survivor's values that change."""
        raw = {draft.id: draft.before, **{row["id"]: row for row in losers}}
        shown = _shown(self.guard, it, list(raw))
        offered = {line.field.name: line for line in lines(self.guard, it, shown)}
        wanted = self._wanted(it, offered, fields, raw)
        seen = {row["id"]: row for row in shown}
        out: dict[str, Any] = {}
        problems: list[FieldError] = []
        for name, line in offered.items():
            if not line.choosable:
                continue
            chosen = wanted.get(name, line.chosen)
            values = {id: _held(line.field, seen[id].get(name), row.get(name)) for id, row in raw.items()}
            try:
                if isinstance(chosen, str):
                    value = self._united(line.field, draft.before.get(name), list(values.values()))
                else:
                    value = values[chosen] if chosen != draft.id else draft.before.get(name)
                if isinstance(line.field, Link | Links) and line.field.target == it.name:
                    value = self._upward(it, line.field, value, list(values.values()), raw, name in wanted)
            except FieldProblem as problem:
                problems.append(FieldError(name, problem.code, problem.message))
                continue
            if value != draft.before.get(name):
                out[name] = value
        if problems:
            raise Invalid(problems)
        return out | self._groups(it, draft, losers)

    def _groups(self, it: Definition, draft: Draft, losers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The survivor is in every group that one of them was put into, whosever group it is: nobody's list becomes shorter by a merge."""
        if not it.grouped:
            return {}
        held = self._united(it.fields[GROUPS], draft.before.get(GROUPS), [row.get(GROUPS) for row in losers])
        return {GROUPS: held} if held != draft.before.get(GROUPS) else {}

    def _wanted(self, it: Definition, offered: Mapping[str, Line], fields: Any, raw: Mapping[UUID, Any]) -> dict[str, UUID | str]:
        if fields is None:
            return {}
        if not isinstance(fields, Mapping):
            raise Invalid.field("fields", "type", "fields 是字段名到记录编号的对照。", "`fields` maps names of fields to ids of records.")
        problems: list[FieldError] = []
        out: dict[str, UUID | str] = {}
        for name, value in fields.items():
            line = offered.get(name)
            if line is None:
                problems += unknown_field(str(name)[:100], str(name)[:100]).errors
            elif not line.choosable:
                problems.append(FieldError(name, "read-only", T(f"{line.field.label.zh}不能修改。", f"{line.field.label.en} cannot be changed.")))
            elif value == ALL and line.unites:
                out[name] = ALL
            elif (found := parse_id(str(value))) in raw:
                out[name] = found  # type: ignore[assignment]
            else:
                problems.append(FieldError(name, "choice", T(f"{line.field.label.zh}：请选择其中一条记录的值。", f"{line.field.label.en}: choose the value of one of the records.")))
        if problems:
            raise Invalid(problems)
        return out

    def _united(self, one: Field, mine: Any, values: Sequence[Any]) -> Any:
        if isinstance(one, LongText):
            texts = dict.fromkeys(value for value in values if value)
            return one.parse("\n\n".join(texts), self.context.settings)
        out: dict[Any, Any] = {}
        for value in (mine, *values):
            for item in value or ():
                out.setdefault(_mark(item), item)
        return list(out.values()) or None

    def _upward(self, it: Definition, one: Link | Links, value: Any, values: Sequence[Any], merged: Mapping[UUID, Any], asked: bool) -> Any:
        """A link of the survivor to records of its own kind leads to none that it becomes; in a tree, to none below it either."""
        if isinstance(one, Links):
            return [id for id in value or () if id not in merged] or None
        tree = one.name == it.parent
        fits = [id for id in ([value] if asked else [value, *values]) if id is not None and id not in merged and not (tree and self._below(it, id, merged))]
        if asked and value is not None and not fits:
            raise FieldProblem("circle", "上级不能是自己或自己的下级。", "A record cannot be under itself or under its own children.")
        return fits[0] if fits and value is not None else None

    def _below(self, it: Definition, record: UUID, merged: Mapping[UUID, Any]) -> bool:
        """Whether going up from a record meets one of those."""
        above: UUID | None = record
        met: set[UUID] = set()
        while above is not None and above not in met:
            if above in merged:
                return True
            met.add(above)
            row = self.context.get(it.name, above)
            above = row[it.parent] if row is not None else None
        return False

    # -- team --------------------------------------------------------------------------------------------------------
    def _team(self, it: Definition, survivor: UUID, losers: Sequence[UUID]) -> list[list[Any]]:
        """Who is in the others' teams joins the survivor's: writing before reading, each no longer than it was given for; what was
        there and what is now."""
        workspace = self.catalog.workspace
        held = {user: (level, until) for user, level, until in facts.team(workspace, it.name, survivor)}
        now = dict(held)
        for loser in losers:
            for user, level, until in facts.team(workspace, it.name, loser):
                had = now.get(user)
                now[user] = (level, until) if had is None else self._stronger((level, until), had)
        changed = {user: standing for user, standing in now.items() if held.get(user) != standing}
        for user, (level, until) in changed.items():
            facts.join_team(workspace, it.name, survivor, user, level, until)
        return [[str(user), _standing(held.get(user)), _standing(standing)] for user, standing in changed.items()]

    def _stronger(self, *held: tuple[str, Any]) -> tuple[str, Any]:
        """The standing that grants more: one that is over grants nothing, writing more than reading, then the longer one."""
        now = self.context.now
        return max(held, key=lambda one: (one[1] is None or one[1] > now, one[0] == "write", one[1] is None, one[1] or now))

    def unmerge(self, draft: Draft, merge: str | None = None) -> dict[str, Any]:
        """Take a merge back: the newest one when none is named. What somebody changed since stays, and is told."""
        from guanxi.kernel.records.unmerging import Unmerging

        return Unmerging(self.context, self.guard).take_back(draft, merge)


def _standing(held: tuple[str, Any] | None) -> list[Any] | None:
    return None if held is None else [held[0], held[1].isoformat() if held[1] else None]


def _held(one: Field, shown: Any, raw: Any) -> Any:
    """What a record holds of a field, as far as the actor sees it."""
    if isinstance(one, Links):
        seen = {item["id"] for item in shown or ()}
        return [id for id in raw or () if str(id) in seen or id in seen] or None
    return None if one.empty(shown) else raw


# -- where a record went -----------------------------------------------------------------------------------------------
def survivor(name: str, record: UUID | str, *, actor: Actor) -> UUID | None:
    """The record that a merged one became, where the actor may read it; it may have become another itself."""
    guard = reading.guard_of(actor)
    it = guard.object(name)
    asked = record if isinstance(record, UUID) else parse_id(record)
    if it.duplicates is None or asked is None:
        return None
    with sql.work(actor.workspace):
        at = became(guard.catalog.bare, it, [asked]).get(asked)
        return at if at is not None and storage.satisfying(guard.catalog, it, [at], guard.readable(it), deleted=False) else None
