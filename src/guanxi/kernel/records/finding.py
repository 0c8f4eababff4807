"""Search over all objects: rights and words decided in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.base import pinyin
from guanxi.base.normal import normal
from guanxi.base.search_text import entry_tokens, matches, needs_recheck, query_tokens
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.access.rights import Rights
from guanxi.kernel.declare.conditions import Always, And, Or, Test
from guanxi.kernel.declare.fields import Region
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of, names, query
from guanxi.kernel.storage import recycling, sql
from guanxi.kernel.storage import rows as records
from guanxi.kernel.storage import search as storage

CANDIDATES = 200
LEAST = 2
"""A place and one sign more is no address."""
MAX_QUERY = 100


@dataclass(frozen=True)
class Hit:
    """A record found: what it is called and where."""

    object: str
    id: UUID
    title: str
    subtitle: str


def search(q: str, *, actor: Actor, objects: Sequence[str] = (), limit: int = 20, places: bool = False) -> list[Hit]:
    """Records the actor may read that hold every part of `q`: Chinese substrings from one character, words by their
    beginning, pinyin and initials, tails of phones and codes, words of addresses. Best first: same name, name begins so,
    name holds it, the rest by last change. With `places`, where nothing holds all of an address, what holds its end and lies
    where it begins."""
    return _search(q, actor, objects, limit) or (_at_place(q, actor, objects, limit) if places else [])


def _at_place(q: str, actor: Actor, objects: Sequence[str], limit: int) -> list[Hit]:
    """Of 深圳市南山区科技园 the index holds the end, the record the code of the place: found by the one, kept by the other. The door
    asks for the place, so that nobody is told of a region they may not see."""
    code, rest = Region.resolve(q[:MAX_QUERY]) if Region.resolve is not None and not q.isascii() else ("", "")
    if not code or len(rest) < LEAST:
        return []
    guard, out = guard_of(actor), []
    hits = _search(rest, actor, objects, CANDIDATES)
    for name in dict.fromkeys(hit.object for hit in hits):
        it = guard.catalog.objects[name]
        places = [one for one, level in guard.visible(it) if isinstance(one, Region) and one.search and level in ("read", "write")]
        if places:
            there = Or(tuple(Test(one.name, "=", code) for one in places))
            ids = [hit.id for hit in hits if hit.object == name]
            found = query(name, actor=actor, where=And((Test("id", "in", ids), there)), fields=[it.title], limit=CANDIDATES)
            out += [row["id"] for row in found.rows]
    return [hit for hit in hits if hit.id in out][: max(1, min(limit, CANDIDATES))]


def _search(q: str, actor: Actor, objects: Sequence[str], limit: int) -> list[Hit]:
    tsquery = query_tokens(q[:MAX_QUERY])
    if not tsquery:
        return []
    guard = guard_of(actor)
    arms: dict[frozenset[UUID] | None, list[str]] = {}
    limited: set[str] = set()
    for it in guard.catalog:
        if objects and it.name not in objects and it.plural not in objects:
            continue
        if not access.may(actor.rights, it, "read") or guard.title(it) is None or it.policy.read in ("about", "pair") or not it.sought:
            continue
        if not _all_seen(guard, it):
            limited.add(it.name)
        arms.setdefault(_owners(actor, it, guard.catalog.objects), []).append(it.name)
    made = [
        storage.Arm(tuple(names), None if owners is None else tuple(sorted(owners)))
        for owners, names in arms.items()
    ]
    below = [one for arm in made if arm.owners is not None for name in arm.objects for one in _below(guard, guard.catalog.objects[name])]
    with sql.work(actor.workspace):
        found = storage.find(guard.catalog, tsquery, made, actor.user, below, limit=CANDIDATES)
        veiled = _veiled(guard, found)
        found = _by_title(found, limited, set(veiled), tsquery)
        found = _shown(guard, found)
    if needs_recheck(q):
        found = [row for row in found if matches(q, row[2], *(() if row[0] in limited or row[1] in veiled else row[3:5]))]
    wanted = normal(q)
    unique = {row[1]: row for row in found}
    ranked = sorted(unique.values(), key=lambda row: (_rank(wanted, row[2]), -row[5].timestamp()))
    ranked = ranked[: max(1, min(limit, CANDIDATES))]
    others: dict[str, list[UUID]] = {}
    for name, record, *_ in ranked:
        if guard.also_called(guard.catalog.objects[name]) is not None:
            others.setdefault(name, []).append(record)
    called = names(others, actor=actor) if others else {}
    hits = []
    for name, record, title, subtitle, _, _ in ranked:
        it = guard.catalog.objects[name]
        hidden = veiled.get(record, ())
        shown = subtitle if all(guard.level(it, n) in ("read", "write") and n not in hidden for n in it.subtitle) else ""
        hits.append(Hit(name, record, called.get(record) or title, shown))
    return hits


def _all_seen(guard: Guard, it: Definition) -> bool:
    """Whether the actor may read every field whose words find the record."""
    return all(guard.level(it, n) in ("read", "write") for n, one in it.fields.items() if one.search or n == it.title)


def _veiled(guard: Guard, found: list[tuple[Any, ...]]) -> dict[UUID, tuple[str, ...]]:
    """The hits that lie in a pool which hides fields from the actor, with those fields."""
    rights = guard.actor.rights
    out: dict[UUID, tuple[str, ...]] = {}
    if rights is None:
        return out
    for name in {row[0] for row in found}:
        veils = rights.in_pools(name).veils
        if veils:
            it = guard.catalog.objects[name]
            there = recycling.inside(guard.catalog, it, [row[1] for row in found if row[0] == name])
            for record, pool in there.items():
                if fields := tuple(field for field, pools in veils.items() if pool in pools):
                    out[record] = fields
    return out


def _by_title(found: list[tuple[Any, ...]], limited: set[str], veiled: set[UUID], tsquery: str) -> list[tuple[Any, ...]]:
    """A hit tells what a record holds, so where a searched field is hidden or masked only the title may be what hit."""
    asked = [row for row in found if row[0] in limited or row[1] in veiled]
    if not asked:
        return found
    vectors = [frozenset(entry_tokens(row[2], [], [], [])) for row in asked]
    hit = {row[1] for row, fits in zip(asked, storage.holding(vectors, tsquery), strict=True) if fits}
    return [row for row in found if (row[0] not in limited and row[1] not in veiled) or row[1] in hit]


def _shown(guard: Guard, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without other people's personal records: an entry says whom it is shared with, but not whether it is shared at all, nor which
    of the people it names is its owner.
    Without what lies in pools out of sight, for those whose roles reach everybody's records or who are in its team. And without
    what an entry's owners do not tell apart: its own owner from that of a record it is read through."""
    asked: dict[str, list[UUID]] = {}
    unsure: dict[str, bool] = {}
    for row in found:
        it = guard.catalog.objects[row[0]]
        if row[0] not in unsure:
            lies = it.pooling is not None and guard.actor.rights is not None and not isinstance(guard.readable(it), Always)
            unsure[row[0]] = it.policy.read == "personal" or lies or bool(it.policy.readers) or not _told_by_owners(guard, it)
        if unsure[row[0]]:
            asked.setdefault(row[0], []).append(row[1])
    seen: set[UUID] = set()
    for name, ids in asked.items():
        it = guard.catalog.objects[name]
        seen |= records.satisfying(guard.catalog, it, ids, guard.readable(it))
    return [row for row in found if row[0] not in asked or row[1] in seen]


def _pools(rights: Rights, it: Definition, objects: Mapping[str, Definition]) -> frozenset[UUID]:
    """The pools whose records are found: those that lie in them, and what is read through those of which nothing is hidden."""
    out = set(rights.in_pools(it.name).sees) if it.pooling is not None else set()
    for link in it.policy.through:
        target = objects[it.fields[link].target]  # type: ignore[attr-defined]
        out |= set(rights.in_pools(target.name).plain) if access.may(rights, target, "read") else set()
    return frozenset(out)


def _above(rights: Rights, it: Definition, objects: Mapping[str, Definition]) -> list[frozenset[UUID] | None]:
    """Whose records somebody reaches among those an object's records are read through, one for each such link."""
    return [access.reach(rights, objects[it.fields[link].target]) for link in it.policy.through]  # type: ignore[attr-defined]


def _told_by_owners(guard: Guard, it: Definition) -> bool:
    """Whether the owners an entry holds, its record's and those of what it is read through, all count for the same people, so
    that whoever has one of them in reach may read the record."""
    rights = guard.actor.rights
    if rights is None or it.policy.read != "scope" or not it.policy.through:
        return True
    held = rights.on(it.name).read
    if held is None:
        return True
    above = _above(rights, it, guard.catalog.objects)
    targets = [guard.catalog.objects[it.fields[link].target] for link in it.policy.through]  # type: ignore[attr-defined]
    if None in above or not all(one.owned and not one.policy.through for one in targets):
        return False
    return len({*above, *([held] if it.owned else [])}) == 1


def _below(guard: Guard, it: Definition) -> list[storage.Below]:
    """The links along which the team of one record may read another."""
    targets = [(it.fields[link], guard.catalog.objects[it.fields[link].target]) for link in it.policy.through]  # type: ignore[attr-defined]
    return [storage.Below(it, link.column(), target) for link, target in targets if target.owned and access.may(guard.actor.rights, target, "read")]


def _owners(actor: Actor, it: Definition, objects: Mapping[str, Definition]) -> frozenset[UUID] | None:
    """Whose entries may be among those the actor finds; None for everybody's."""
    if actor.rights is None or it.policy.read in ("member", "role"):
        return None
    held = actor.rights.on(it.name)
    if it.policy.read != "personal":
        if held.read is None:
            return None
        out = (held.read if it.owned else frozenset()) | _pools(actor.rights, it, objects)
        if it.policy.readers:
            out |= {actor.rights.user}
        for one in _above(actor.rights, it, objects):
            if one is None:
                return None
            out |= one
        return out
    mine = frozenset({actor.workspace, *(one for ids in actor.rights.belongs.values() for one in ids)})
    if not it.policy.readers or not held.may("read"):
        return mine
    return None if held.read is None else mine | held.read


def _rank(wanted: str, title: str) -> int:
    text = normal(title)
    return 0 if text == wanted else 1 if text.startswith(wanted) else 2 if wanted in text or _begins_so(wanted, text) else 3


def _begins_so(wanted: str, text: str) -> bool:
    """Whether letters are the beginning of a title's pinyin or initials."""
    if not (wanted.isascii() and wanted.isalpha()):
        return False
    return any(said.startswith(wanted) for said in pinyin.of(text[: len(wanted)]))
