"""Rights: roles and facts about people become, per object, one predicate and one mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import (
    About,
    Across,
    Always,
    And,
    Condition,
    Or,
    OwnedBy,
    TeamMember,
    Test,
    WrittenBy,
)
from guanxi.kernel.declare.fields import Links
from guanxi.kernel.declare.objects import AMEND, LEVELS, PERSONAL, READING, Action, Definition
from guanxi.kernel.declare.pooling import LYING, RECALL, VERBS

NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Reach:
    """How far one role goes on one object: everybody's records, or those of some people. `name` is the scope's name."""

    role: str
    name: str
    owners: frozenset[UUID] | None

    def union(self, other: Reach) -> frozenset[UUID] | None:
        return None if self.owners is None or other.owners is None else self.owners | other.owners


@dataclass(frozen=True)
class Own:
    """A right of one person beside their roles, on one object: given (reading: as far as `reach`), or taken away, and why."""

    name: str
    verb: str
    given: bool
    reach: str
    reason: str


@dataclass(frozen=True)
class ObjectRights:
    """What an actor may do with one object, all roles together, and what beside them is theirs alone; `denied`: verbs taken from them."""

    verbs: frozenset[str] = frozenset()
    read: frozenset[UUID] | None = NOBODY
    write: frozenset[UUID] | None = NOBODY
    fields: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    reads: tuple[Reach, ...] = ()
    writes: tuple[Reach, ...] = ()
    denied: frozenset[str] = frozenset()
    own: tuple[Own, ...] = ()

    def may(self, verb: str) -> bool:
        return verb not in self.denied and (verb in self.verbs or "*" in self.verbs)


@dataclass(frozen=True)
class Standing:
    """What a person is to the pools of one object: those whose records they see, those they may claim from, those they run,
    those they see with nothing hidden, and per field the pools that hide it from them. `all`: every pool there is."""

    all: frozenset[UUID] = NOBODY
    sees: tuple[UUID, ...] = ()
    claims: tuple[UUID, ...] = ()
    runs: tuple[UUID, ...] = ()
    plain: tuple[UUID, ...] = ()
    veils: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)


OUTSIDE = Standing()


@dataclass(frozen=True)
class Rights:
    """A person's rights: per object by name, and "*" for objects no role names; `pools`: what they are to its pools.

    `belongs` is what shared records may name to mean this person, by object: the user, the roles, the departments with
    all those above them.
    """

    user: UUID
    objects: Mapping[str, ObjectRights]
    roles: tuple[str, ...] = ()
    belongs: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    pools: Mapping[str, Standing] = field(default_factory=dict)

    def in_pools(self, name: str) -> Standing:
        return self.pools.get(name, OUTSIDE)

    def on(self, name: str) -> ObjectRights:
        return self.objects.get(name) or self.objects.get("*") or ObjectRights()


SCOPE_LABELS: dict[str, Text] = {
    "none": T("无", "none"),
    "own": T("本人", "own records"),
    "reports": T("本人及下属", "own and reports' records"),
    "department": T("本部门", "the department's records"),
    "below": T("本部门及下级部门", "the department's and sub-departments' records"),
    "chosen": T("指定部门", "chosen departments' records"),
    "all": T("全部", "all records"),
}


def combine(
    user: UUID,
    grants: Sequence[tuple[UUID, str, Mapping[str, Any]]],
    departments: Sequence[UUID],
    below: Mapping[UUID, Sequence[UUID]],
    members: Mapping[UUID, Sequence[UUID]],
    reports: Sequence[UUID],
    own: Sequence[Own] = (),
) -> Rights:
    """Several roles as one: verbs united, the widest scopes, the highest field levels. `own`: what one person has or lacks beside them; it
    says nothing of fields, and what is taken away wins.

    `grants`: each role's id, name and grants. A role's field level counts only together with that role's right to read the object. A role that says nothing about a
    field stands for the policy's own level (`silent`), so that the widest wins, as for rows.
    """

    def people(scope: str, chosen: Sequence[Any]) -> frozenset[UUID] | None:
        if scope == "all":
            return None
        if scope == "own":
            return frozenset({user})
        if scope == "reports":
            return frozenset({user, *reports})
        if scope in ("department", "below", "chosen"):
            roots = [d for c in chosen if (d := parse_id(str(c)))] if scope == "chosen" else departments
            wanted = {d for root in roots for d in (below.get(root, (root,)) if scope != "department" else (root,))}
            return frozenset({user, *(m for d in wanted for m in members.get(d, ()))})
        return NOBODY

    names = {name for _, _, rights in grants for name in rights}
    out: dict[str, ObjectRights] = {}
    for name in names:
        verbs: set[str] = set()
        reads: list[Reach] = []
        writes: list[Reach] = []
        levels: list[Mapping[str, str]] = []
        for _, role, rights in grants:
            grant = rights.get(name, rights.get("*"))
            if not grant:
                continue
            verbs |= set(grant.get("verbs", ()))
            read = grant.get("read", "own")
            if {"read", "*"} & set(grant.get("verbs", ())):
                reads.append(Reach(role, read, people(read, grant.get("departments", ()))))
                write = grant.get("write", read)
                writes.append(Reach(role, write, people(write, grant.get("departments", ()))))
                levels.append(grant.get("fields") or {})
        fields: dict[str, str] = {}
        silent: set[str] = set()
        for field_ in {f for level in levels for f in level}:
            known = [level[field_] for level in levels if field_ in level]
            fields[field_] = max(known, key=LEVELS.index)
            if len(known) < len(levels):
                silent.add(field_)
        out[name] = ObjectRights(
            frozenset(verbs), _widest(reads), _widest(writes), fields, frozenset(silent), tuple(reads), tuple(writes)
        )
    for one in own:
        held = out.get(one.name) or out.get("*") or ObjectRights()
        if one.given and one.verb == "read":
            held = replace(held, reads=(*held.reads, Reach("", one.reach, people(one.reach, ()))), writes=(*held.writes, Reach("", "own", people("own", ()))))
            held = replace(held, read=_widest(held.reads), write=_widest(held.writes))
        if one.given:
            held = replace(held, verbs=held.verbs | {one.verb})
        else:
            held = replace(held, denied=held.denied | {one.verb})
        out[one.name] = replace(held, own=(*held.own, one))
    above = tuple(d for d, under in below.items() if not set(departments).isdisjoint(under))
    belongs = {"user": (user,), "role": tuple(role for role, _, _ in grants), "department": above}
    return Rights(user, out, tuple(name for _, name, _ in grants), belongs)


MARK = "@"
"""Before a mark's name in a role's field levels: the level on all fields of an object that have the mark."""


def spelled(grants: Sequence[tuple[UUID, str, Mapping[str, Any]]], catalog: Catalog) -> Sequence[tuple[UUID, str, Mapping[str, Any]]]:
    """Roles with their levels on marks said field by field; what a role says of a field itself goes before what it says of its mark."""
    return [(id, role, _spelled(held, catalog)) for id, role, held in grants]


def of_role(role: UUID, grants: Mapping[str, Any], catalog: Catalog) -> Rights:
    """What a role gives by itself, to nobody in particular."""
    return combine(UUID(int=0), spelled([(role, "", grants)], catalog), (), {}, {}, ())


def _spelled(held: Mapping[str, Any], catalog: Catalog) -> Mapping[str, Any]:
    if not any(name.startswith(MARK) for grant in held.values() for name in grant.get("fields") or ()):
        return held
    out = dict(held)
    for it in catalog.objects.values():
        grant = held.get(it.name, held.get("*")) or {}
        levels = grant.get("fields") or {}
        if any(name.startswith(MARK) for name in levels):
            marked = {one.name: levels[MARK + one.personal] for one in it.fields.values() if one.personal and MARK + one.personal in levels}
            out[it.name] = {**grant, "fields": {**marked, **{name: level for name, level in levels.items() if not name.startswith(MARK)}}}
    return out


def _widest(reaches: Sequence[Reach]) -> frozenset[UUID] | None:
    out: frozenset[UUID] | None = NOBODY
    for reach in reaches:
        if reach.owners is None:
            return None
        out = out | reach.owners  # type: ignore[operator]
    return out


def may(rights: Rights | None, it: Definition, verb: str) -> bool:
    """Whether the verb is granted at all, for some record."""
    action = it.verbs.get(verb)
    if rights is None:
        return True
    if (isinstance(action, Action) and action.internal) or verb in rights.on(it.name).denied:
        return False
    if verb not in it.verbs and verb not in READING and not (verb == AMEND and it.policy.kept):
        return False
    if isinstance(action, Action) and action.right:
        standing = rights.in_pools(it.name)
        if action.right == "self":
            return may(rights, it, "read")
        if action.right not in ("member", "admin"):
            return all(may(rights, it, one) for one in action.right.split("+"))
        return may(rights, it, "read") and bool(standing.claims if action.right == "member" else standing.runs)
    if verb == "read" and it.policy.read == "member":
        return True
    if verb in PERSONAL and it.policy.read in ("personal", "about"):
        return True
    if verb == "read" and it.policy.read == "pair":
        return any(held.may("update") and held.may("delete") for held in rights.objects.values())
    return rights.on(it.name).may(verb)


def reach(rights: Rights | None, it: Definition) -> frozenset[UUID] | None:
    """Whose records of an object the actor's roles reach: of these people, or None for everybody's."""
    if rights is None:
        return None
    held = rights.on(it.name)
    return held.read if held.may("read") else NOBODY


def with_pools(rights: Rights, catalog: Catalog) -> tuple[Rights, Catalog]:
    """A person's rights with what they are to the workspace's pools, and the catalog as they see it: fields know in which
    pools they are veiled. Administrators of everything run every pool."""
    pools: dict[str, Standing] = {}
    objects = dict(catalog.objects)
    for it in catalog.objects.values():
        there = catalog.pools_of(it.name) if it.pooling is not None else []
        if not there:
            continue
        every = rights.on(it.name).may("*")
        runs = tuple(one.id for one in there if every or one.run_by(rights.belongs))
        claims = tuple(one.id for one in there if one.enabled and one.visible and (one.id in runs or one.has(rights.belongs)))
        claims = tuple(dict.fromkeys((*claims, *(one.id for one in there if one.enabled and one.id in runs))))
        veils: dict[str, tuple[UUID, ...]] = {}
        for one in there:
            for name in one.hidden if one.id not in runs else ():
                veils[name] = (*veils.get(name, ()), one.id)
        hiding = {id for ids in veils.values() for id in ids}
        sees = tuple(dict.fromkeys((*claims, *runs)))
        pools[it.name] = Standing(
            frozenset(one.id for one in there), sees, claims, runs, tuple(one for one in sees if one not in hiding), veils
        )
        if veils:
            fields = {name: one.bound(veil=veils[name]) if name in veils else one for name, one in it.fields.items()}
            objects[it.name] = replace(it, fields=fields)
    if not pools:
        return rights, catalog
    return replace(rights, pools=pools), replace(catalog, objects=objects, whole=catalog.bare)


def readable(
    rights: Rights | None, it: Definition, objects: Mapping[str, Definition], _seen: frozenset[str] = frozenset(), plain: bool = False, about: str = ""
) -> Condition:
    """The rows the actor may read, as a condition; `~Always()` for none. `plain`: without those of which a pool hides
    something, because what hangs on a record may tell it. `about`: of what is about other records, those about records of this object only."""
    usual = _readable(rights, it, objects, _seen, about)
    if rights is None or it.pooling is None or usual == ~Always():
        return usual
    standing = rights.in_pools(it.name)
    return _pooled(usual, it, standing.all, standing.plain if plain else standing.sees)


def _pooled(usual: Condition, it: Definition, every: frozenset[UUID], pools: tuple[UUID, ...]) -> Condition:
    """The usual rows of those that lie in no pool, and those in some pools. A record in a pool has no owner, so what is
    reached by its owner lies in none."""
    if isinstance(usual, Always) and every and every <= set(pools):
        return usual
    arms: list[Condition] = []
    for arm in usual.items if isinstance(usual, Or) else (usual,):
        if isinstance(arm, Always):
            arms.append(Test("pool", "empty"))
        elif isinstance(arm, OwnedBy):
            arms.append(arm)
        elif arm != ~Always():
            arms.append(And((arm, Test("pool", "empty"))))
    if pools:
        arms.append(Test("pool", "in", tuple(pools)))
    return Or(tuple(arms)) if arms else ~Always()


def _readable(rights: Rights | None, it: Definition, objects: Mapping[str, Definition], _seen: frozenset[str], about: str = "") -> Condition:
    if rights is None or it.policy.read == "member":
        return Always()
    if it.policy.read == "about":
        targets = [target for target in objects.values() if target.policy.read != "about" and about in ("", target.name) and may(rights, target, "read")]
        arms_ = [About(target.name, inner) for target in targets if (inner := readable(rights, target, objects, plain=True)) != ~Always()]
        return Or(tuple(arms_)) if arms_ else ~Always()
    if it.policy.read == "pair":
        merged = [target for target in objects.values() if target.duplicates is not None and about in ("", target.name) and may(rights, target, "merge")]
        both = [And((About(target.name, inner), About(target.name, inner, "other"))) for target in merged if (inner := readable(rights, target, objects, plain=True)) != ~Always()]
        return Or(tuple(both)) if both else ~Always()
    held = rights.on(it.name)
    if it.policy.read == "personal":
        return Or((OwnedBy((rights.user,)), *_addressed(rights, it), *_managed(rights, it, "read", held.read)))
    if not held.may("read"):
        return ~Always()
    if it.policy.read == "role" or held.read is None:
        return Always()
    arms: list[Condition] = []
    if it.owned:
        arms += _owned(held.read, rights.user, "read")
    for link in it.policy.through:
        target = objects[it.fields[link].target]  # type: ignore[attr-defined]
        if target.name not in _seen:
            inner = readable(rights, target, objects, _seen | {it.name}, plain=True)
            if inner != ~Always():
                arms.append(Across(link, target.name, inner))
    arms += _addressed(rights, it)
    return Or(tuple(arms)) if arms else ~Always()


def writable(rights: Rights | None, it: Definition, objects: Mapping[str, Definition], verb: str = "update") -> Condition:
    """The rows the actor may change by a verb, always within those readable."""
    action = it.verbs.get(verb)
    if isinstance(action, Action) and action.right == "read":
        return readable(rights, it, objects)
    if isinstance(action, Action) and action.right == "self":
        return Test("id", "=", rights.user) if rights is not None else Always()
    if rights is not None and verb == "update" and it.policy.kept and not rights.on(it.name).may(AMEND):
        return And((_writable(rights, it, objects, verb), WrittenBy(rights.user, it.policy.kept)))
    if rights is None or it.pooling is None:
        return _writable(rights, it, objects, verb)
    standing = rights.in_pools(it.name)
    if verb in LYING:
        pools = standing.claims if isinstance(action, Action) and action.right == "member" else standing.runs
        return Test("pool", "in", tuple(pools)) if pools else ~Always()
    if verb == RECALL:  # what came out of a pool they run, or out of none, and they see whose it is
        return And((Test("pool", "empty"), Test("owner", "not empty"), Or((Test("from_pool", "empty"), Test("from_pool", "in", standing.runs))))) if standing.runs else ~Always()
    usual = _writable(rights, it, objects, verb)
    lies = () if verb in VERBS or verb in ("share", "unshare") else standing.runs
    return _pooled(usual, it, standing.all, lies)


def _writable(rights: Rights | None, it: Definition, objects: Mapping[str, Definition], verb: str) -> Condition:
    if rights is None:
        return Always()
    held = rights.on(it.name)
    if it.policy.write == "personal" and it.policy.read == "about" and verb == "delete" and held.may(verb):
        # What was said is its author's alone to change; whom a role lets delete it takes it away, of owners within its scope.
        return Always() if held.write is None else OwnedBy(tuple(sorted(held.write | {rights.user})))
    if it.policy.write == "personal":
        return Or((OwnedBy((rights.user,)), *_managed(rights, it, verb, held.write)))
    if it.policy.write == "role" or held.write is None:
        return Always()
    arms: list[Condition] = []
    if it.owned:
        arms += _owned(held.write, rights.user, "write")
    else:
        for link in it.policy.through:
            target = objects[it.fields[link].target]  # type: ignore[attr-defined]
            arms.append(Across(link, target.name, writable(rights, target, objects, verb)))
    return Or(tuple(arms)) if arms else ~Always()


def _owned(owners: frozenset[UUID], user: UUID, level: str) -> list[Condition]:
    arms: list[Condition] = [OwnedBy(tuple(sorted(owners)))] if owners else []
    return [*arms, TeamMember(user, level)]


def _addressed(rights: Rights, it: Definition) -> list[Condition]:
    """Records shared with the actor by the fields that say so."""
    out: list[Condition] = []
    for name in it.policy.readers:
        one = it.fields[name]
        if not isinstance(one, Links):
            out.append(Test(name, "=", True))
        elif rights.belongs.get(one.target):
            out.append(Test(name, "has any", rights.belongs[one.target]))
    return out


def _managed(rights: Rights, it: Definition, verb: str, owners: frozenset[UUID] | None) -> list[Condition]:
    """Personal records of others that a role's grant of the verb reaches: shared ones, of owners within its scope."""
    if not it.policy.readers or not rights.on(it.name).may(verb) or (owners is not None and owners <= {rights.user}):
        return []
    shared: Condition = Or(
        tuple(Test(name, "not empty") if isinstance(it.fields[name], Links) else Test(name, "=", True) for name in it.policy.readers)
    )
    return [shared if owners is None else And((OwnedBy(tuple(sorted(owners))), shared))]


def level(rights: Rights | None, it: Definition, name: str) -> str:
    """hidden, masked, read or write: what the actor may do with a field of records in reach."""
    if rights is None:
        return "write"
    if name in ("id", "version"):
        return "read"
    one = it.fields[name]
    held = rights.on(it.name)
    own = "write" if held.may("*") else it.policy.fields.get(name, "write")
    found = held.fields.get(name, own)
    if name in held.silent:
        found = max(found, own, key=LEVELS.index)
    if one.system and found == "write":
        return "read"
    return found
