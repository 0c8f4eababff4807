"""Looking for duplicates over all the data: part by part, resumable after any, and only what changed since the last pass.

Candidates are records that share a key (`records.matching`), each looked up in its index, so that the work grows with the
records and not with their pairs. A key that many share tells nobody apart. Nothing is merged here: pairs are written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base import credit_code
from guanxi.base.errors import Problem
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.duplicates import Rule
from guanxi.kernel.catalog.pairs import NAME
from guanxi.kernel.declare.conditions import Always, And, Condition, Or, Test
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, matching, people
from guanxi.kernel.records.matching import Probe
from guanxi.kernel.storage import likes, scans, sql
from guanxi.kernel.storage import rows as storage

VIA = "duplicates"
PART = 500
CROWD = 12
"""A key that more records share (a switchboard, a mailbox of everybody's) makes no pair."""
LEAST = 50
"""Pairs less likely than this are not worth anybody's time."""
MARGIN = timedelta(hours=1)
"""Records are dated when their write begins; one that took so long is still seen by the next pass."""
HOUR = 3
"""From when in the night a pass of the day may begin."""
WEIGHTS: Mapping[tuple[str, str], float] = {
    ("code", "e"): 0.95, ("company", "e"): 0.85, ("company", "n"): 0.75, ("company", "~"): 0.5, ("company", "f"): 0.35,
    ("phone", "e"): 0.7, ("mobile", "e"): 0.7, ("domain", "e"): 0.65, ("domain", "n"): 0.35, ("mailbox", "e"): 0.65, ("text", "e"): 0.6, ("text", "n"): 0.5, ("text", "f"): 0.25,
}  # fmt: skip
"""How much each agreement says: one minus the chance that two records agree so and are two."""
HOW = {"e": "exact", "n": "normal", "~": "fuzzy", "f": "fuzzy"}


@dataclass(frozen=True)
class Found:
    """Two records that may be one, the lower id first."""

    record: UUID
    other: UUID
    score: int
    agrees: tuple[str, ...]


@dataclass
class Pass:
    """What a pass did: records looked at, pairs that stand in the inbox because of it, and whether it came to its end."""

    looked: int = 0
    pairs: int = 0
    over: bool = False


# -- judging two records -----------------------------------------------------------------------------------------------
def judge(it: Definition, mine: Probe, other: frozenset[str], codes: frozenset[str]) -> tuple[int, tuple[str, ...]]:
    """How likely two records are one, 0 to 100, and what agrees, as `field.how`. Two right official numbers that differ are two
    things, whatever else agrees. `codes`: this record's official numbers."""
    theirs = frozenset(key for key in other if key.startswith("code.e."))
    if _right(codes) and _right(theirs) and codes.isdisjoint(theirs):
        return 0, ()
    assert it.duplicates is not None
    best: dict[str, float] = {}
    agrees: list[str] = []
    for identity in it.duplicates.identities:
        shared = mine.keys.get(identity.field, frozenset()) & other
        levels = {"~" if key.split(".", 2)[2].startswith("~") else key.split(".", 2)[1] for key in shared} - {"p"}
        if not levels:
            continue
        level = next(one for one in ("e", "n", "~", "f") if one in levels)
        if level == "n" and matching.apart(mine.keys[identity.field], other):
            level = "f"  # namesakes of two places
        best[identity.kind] = max(best.get(identity.kind, 0.0), WEIGHTS.get((identity.kind, level), 0.0))
        agrees.append(f"{identity.field}.{HOW[level]}")
    doubt = 1.0
    for weight in best.values():
        doubt *= 1 - weight
    return round(100 * (1 - doubt)), tuple(agrees)


def _right(codes: Iterable[str]) -> bool:
    return any(credit_code.check(code.removeprefix("code.e.")) is None for code in codes)


def candidates(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]], rules: Sequence[Rule]) -> dict[tuple[UUID, UUID], Found]:
    """The pairs that some records make with all there are."""
    levels = matching.levels(rules)
    probes = [matching.probe(it, row, levels) for row in rows]
    asked = [[key for key in probe.all if key.split(".", 2)[1] != "f" or key.split(".", 2)[2].startswith("~")] for probe in probes]
    hits = likes.find(catalog, [it.name], asked, [], CROWD + 1)
    sharing = Counter(key for _, keys in {record: keys for _, record, _, keys in hits}.items() for key in keys)
    crowded = {key for key, count in sharing.items() if count > CROWD}
    codes = [identity.field for identity in it.duplicates.identities if identity.kind == "code"] if it.duplicates is not None else []
    own = [frozenset(matching.keys_of(it, row, codes)) for row in rows]
    out: dict[tuple[UUID, UUID], Found] = {}
    for n, record, _, keys in hits:
        mine = rows[n]["id"]
        pair = (min(mine, record), max(mine, record))
        if record == mine or pair in out:
            continue
        probe = Probe({name: held - crowded for name, held in probes[n].keys.items()})
        other = frozenset(keys) - crowded
        if not any(matching.holds(rule, probe, other) for rule in rules):
            continue
        score, agrees = judge(it, probe, other, own[n])
        if score >= LEAST:
            out[pair] = Found(*pair, score, agrees)
    ids = list({id for pair in out for id in pair})
    living = storage.satisfying(catalog, it, ids, Always(), deleted=False)
    return {pair: found for pair, found in out.items() if set(pair) <= living}


# -- a pass ------------------------------------------------------------------------------------------------------------
def compared(catalog: Catalog) -> list[tuple[Definition, list[Rule]]]:
    """The objects that are looked through, with the rules at work."""
    out = []
    for it in catalog:
        rules = [rule for rule in catalog.rules_of(it.name) if it.name in rule.looks and set(rule.effects.values()) != {"off"}]
        if it.duplicates is not None and rules:
            out.append((it, rules))
    return out


def due(workspace: UUID, name: str, now: datetime) -> bool:
    """Whether a pass should be begun or gone on with: never done, broken off, or none yet in this night."""
    with sql.work(workspace):
        place = scans.at(workspace, name)
        zone = people.newest(workspace).settings.tz
    if place is None or place.finished is None or place.started is not None:
        return True
    here = now.astimezone(zone)
    return here.hour >= HOUR and place.finished.astimezone(zone).date() < here.date()


def look_through(workspace: UUID, name: str, *, now: datetime | None = None, after: Callable[[Pass], None] | None = None, cancelled: Callable[[], bool] | None = None) -> Pass:
    """Look for duplicates among what changed since the last pass, all of it where the rules changed. Begins anew or goes on with a
    pass that was broken off; `after` is called with each part, in its transaction."""
    out = Pass()
    while not out.over and not (cancelled is not None and cancelled()):
        with sql.work(workspace):
            _part(workspace, name, now or datetime.now(UTC), out)
            if after is not None:
                after(out)
    return out


def _part(workspace: UUID, name: str, now: datetime, out: Pass) -> None:
    catalog = people.newest(workspace)
    it, rules = next(((one, rules) for one, rules in compared(catalog) if one.name == name), (None, []))
    if it is None:
        out.over = True
        return
    place = scans.take(workspace, name)
    told = matching.KEYS + repr([(rule.fields, rule.every, rule.looks) for rule in rules])
    if place.rules != told:
        place = replace(place, since=None, started=None, after=None, rules=told)
    if place.started is None:
        place = replace(place, started=now, after=None)
    changed: Condition = Test("updated_at", ">=", place.since) if place.since is not None else Always()
    rows = storage.fetch(catalog, it, changed, links=False, limit=PART, after=place.after)
    if rows:
        out.pairs += _note(system(workspace, VIA), catalog, it, rows, candidates(catalog, it, rows, rules))
        out.looked += len(rows)
    if len(rows) == PART:
        place = replace(place, after=rows[-1]["id"])
    else:
        assert place.started is not None
        place = replace(place, since=place.started - MARGIN, started=None, after=None, finished=now)
        out.over = True
    scans.put(workspace, name, place)


def _note(actor: Actor, catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]], found: Mapping[tuple[UUID, UUID], Found]) -> int:
    """Write pairs down: new ones, those that look different now; and those that agree no longer go. What people decided stays."""
    pair = catalog.objects[NAME]
    looked = [str(row["id"]) for row in rows]
    ids = sorted({*looked, *(str(id) for both in found for id in both)})
    about = And((Test("object_name", "=", it.name), Or((Test("record", "in", ids), Test("other", "in", ids)))))
    held = {(UUID(row["record"]), UUID(row["other"])): row for row in storage.fetch(catalog, pair, about, links=False)}
    fresh = [one for key, one in found.items() if key not in held]
    items = [door.Item(changes={"object_name": it.name, "record": str(one.record), "other": str(one.other), "score": one.score, "agrees": list(one.agrees)}) for one in fresh]
    other = [
        door.Item(held[key]["id"], {"score": one.score, "agrees": list(one.agrees)})
        for key, one in found.items()
        if key in held and held[key]["state"] != "dismissed" and (held[key]["score"], tuple(held[key]["agrees"] or ())) != (one.score, one.agrees)
    ]
    scanned = {UUID(id) for id in looked}
    gone = [door.Item(row["id"]) for key, row in held.items() if row["state"] != "dismissed" and key not in found and not scanned.isdisjoint(key)]
    done = 0
    for verb, some in (("create", items), ("update", other), ("delete", gone)):
        for start in range(0, len(some), door.MAX_ITEMS):
            outcomes = door.perform_many(NAME, verb, some[start : start + door.MAX_ITEMS], actor=actor)
            done += sum(not isinstance(one, Problem) for one in outcomes) if verb != "delete" else 0
    return done


def looked_through(workspace: UUID) -> list[str]:
    """The names of the objects that are looked through."""
    return [it.name for it, _ in compared(people.newest(workspace))]


def objects(actor: Actor) -> list[Definition]:
    """The objects that are looked through and whose records the actor may merge."""
    return [it for it, _ in compared(people.catalog_of(actor)) if access.may(actor.rights, it, "merge")]


def may_look(actor: Actor) -> bool:
    """Whether the actor may merge anything that is looked through, and so has a use for pairs."""
    return bool(objects(actor))


def last(actor: Actor) -> datetime | None:
    """When the last pass through what the actor may merge ended; None before the first."""
    with sql.work(actor.workspace):
        return scans.finished(actor.workspace, [it.name for it in objects(actor)])
