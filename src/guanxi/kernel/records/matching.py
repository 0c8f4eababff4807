"""Duplicates: what records are compared by, what the rules say when one is written, and what may be told of those there are.

The keys of a record lie beside it (`storage.likes`) and are written in its transaction, so that a check is one indexed
statement. A check tells no more of a record out of sight than the rule that found it allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from guanxi.base import companies, credit_code, phones
from guanxi.base.errors import Conflict, FieldError, Invalid, NotFound, Problem
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.duplicates import Rule
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import FieldProblem, Link, Region
from guanxi.kernel.declare.matching import MERGED, Identity
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import merging, reading
from guanxi.kernel.records.draft import Context, Draft
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import likes, sql
from guanxi.kernel.storage import rows as storage

FORM = "form"
"""The way in of public forms: a robot writes what visitors say. It cannot ask back, so what rules forbid is kept and linked as what they warn of."""
ENTRY = {"web": "manual", "import": "imported", "cli": "imported", "api": "api", FORM: "api"}
"""The way in a rule names, by the actor's."""
ORDER = ("off", "show", "warn", "forbid")
MOST = 20
"""So many records that share a key are looked at."""
LEVELS = {"exact": ("e",), "normal": ("e", "n"), "fuzzy": ("e", "n", "f")}


# -- keys --------------------------------------------------------------------------------------------------------------
KEYS = "2 "
"""Which way of making keys this is. Whoever changes it counts on, so that everything is looked through again, and takes the keys made
otherwise away in a migration, so that `fill` makes them anew (docs/duplicates.md)."""
Known = dict[tuple[UUID, str], tuple[Any, Any, list[str]]]
"""By record and field what was compared, within what, and its keys: asked for when a record is judged and again when it is written."""


def keys_of(it: Definition, values: Mapping[str, Any], fields: Iterable[str] | None = None, known: Known | None = None) -> list[str]:
    """What a record is compared by: `kind.level.value`, level e(xact), n(ormal), f(uzzy), or p for where a company is."""
    if it.duplicates is None:
        return []
    return list(dict.fromkeys([key for identity in it.duplicates.identities if fields is None or identity.field in fields for key in _held(identity, values, known)]))


def _held(identity: Identity, values: Mapping[str, Any], known: Known | None) -> list[str]:
    value, within = values.get(identity.field), values.get(identity.within) if identity.within else ""
    if value is None or value == "" or within is None:
        return []
    if known is None:
        return _within(_keys(identity.kind, value), within)
    place = (values["id"], identity.field)
    held = known.get(place)
    if held is None or held[0] is not value or held[1] != within:
        held = known[place] = (value, within, _within(_keys(identity.kind, value), within))
    return held[2]


def _within(keys: list[str], link: Any) -> list[str]:
    """Keys that only records leading to the same one share."""
    return [f"{key}@{link['id'] if isinstance(link, Mapping) else link}" for key in keys] if link else keys


def _keys(kind: str, value: Any) -> list[str]:
    if kind == "phone":
        return [f"{kind}.e.{entry['number'].partition(';')[0][:80]}" for entry in value if entry.get("number")]
    if kind == "mobile":
        return [f"phone.e.{entry['number'][:80]}" for entry in value if entry.get("number") and phones.personal(entry["number"])]
    text = str(value)
    if kind == "code":
        code = credit_code.normalise(text)
        return [f"{kind}.e.{code[:80]}"] if code else []
    whole = normal(text)
    if kind == "mailbox":
        return [f"domain.e.{whole[:80]}"]
    if kind == "domain":
        found = companies.domain(text)
        return [f"{kind}.e.{whole.rstrip('/')[:80]}", *([f"{kind}.n.{found[:80]}"] if found else [])]
    if kind == "text":
        bare = "".join([sign for sign in whole if sign.isalnum()])
        return [f"{kind}.e.{whole[:80]}", f"{kind}.n.{bare[:80]}", *[f"{kind}.f.{one[:80]}" for one in companies.one_less(bare)]] if bare else []
    company = companies.read(text, Region.within)
    if not company.core:
        return [f"{kind}.e.{whole[:80]}"] if whole else []
    out = [f"{kind}.e.{whole[:80]}", f"{kind}.n.{company.core[:80]}", *[f"{kind}.f.{one[:80]}" for one in companies.one_less(company.core)]]
    if len(company.core) > 2 and (sound := companies.sound(company.core)) != company.core:
        out.append(f"{kind}.f.~{sound[:79]}")
    if company.place:
        out.append(f"{kind}.p.{company.place[:80]}")
    return out


def write(catalog: Catalog, it: Definition, rows: Sequence[tuple[Mapping[str, Any], set[str]]], *, fresh: bool, known: Known | None = None) -> None:
    """Keep the keys of records that were written, where what they are compared by changed."""
    if it.duplicates is None:
        return
    deciding = set(it.duplicates.asked)
    entries = [(row["id"], keys_of(it, row, known=known)) for row, names in rows if fresh or names & deciding]
    likes.put(catalog, it.name, entries, fresh=fresh)


def fill(catalog: Catalog) -> None:
    """Keys for records that were written before their object was compared."""
    for it in catalog:
        last = UUID(int=0)
        while it.duplicates is not None and (page := likes.walk(catalog, it.table, last, 1000)):
            last = page[-1][0]
            if bare := [id for id, keyed in page if not keyed]:
                rows = storage.fetch(catalog, it, Test("id", "in", bare), deleted=None, links=False)
                likes.put(catalog, it.name, [(row["id"], keys_of(it, row)) for row in rows], fresh=False)


# -- finding -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Probe:
    """What is looked for: a record's keys by field."""

    keys: Mapping[str, frozenset[str]]

    @cached_property
    def all(self) -> list[str]:
        return sorted({key for keys in self.keys.values() for key in keys if _level(key) != "p"})

    def agrees(self, field: str, how: str, other: frozenset[str]) -> bool:
        """Whether another record's keys agree with this one's field. Companies of two places only nearly do."""
        mine = self.keys.get(field, frozenset())
        levels = {_level(key) for key in mine & other}
        if "n" in levels and "e" not in levels and how != "fuzzy" and apart(mine, other):
            return False
        return not levels.isdisjoint(LEVELS[how])


def apart(mine: Iterable[str], other: Iterable[str]) -> bool:
    here = next((key[10:] for key in mine if key.startswith("company.p.")), "")
    there = [key[10:] for key in other if key.startswith("company.p.")]
    return bool(here and there) and not any(here.startswith(one) or one.startswith(here) for one in there)


def levels(rules: Sequence[Rule]) -> dict[str, set[str]]:
    """Of each field that rules compare the levels they need: nearly alike costs ten keys where alike costs one."""
    out: dict[str, set[str]] = {}
    for rule in rules:
        for name, how in rule.fields.items():
            out.setdefault(name, {"p"}).update(LEVELS[how])
    return out


def probe(it: Definition, values: Mapping[str, Any], levels: Mapping[str, set[str]], known: Known | None = None) -> Probe:
    out: dict[str, frozenset[str]] = dict.fromkeys(levels, frozenset())
    for identity in it.duplicates.identities if it.duplicates is not None else ():
        if (wanted := levels.get(identity.field)) is not None:
            out[identity.field] |= {key for key in _held(identity, values, known) if _level(key) in wanted}
    return Probe(out)


def _level(key: str) -> str:
    return key[key.index(".") + 1]


def holds(rule: Rule, probe: Probe, other: frozenset[str]) -> list[str]:
    """The fields by which a rule finds another record, or none."""
    agreed = [name for name, how in rule.fields.items() if probe.agrees(name, how, other)]
    return agreed if agreed and (not rule.every or len(agreed) == len(rule.fields)) else []


@dataclass(frozen=True)
class _Found:
    rule: Rule
    fields: tuple[str, ...]
    object: str
    id: UUID


TOGETHER = 250
"""So many records are looked for in one statement; meanwhile the keys of the next are made."""


def _find(catalog: Catalog, it: Definition, records: Iterable[Probe], rules: Sequence[Rule], without: Sequence[UUID]) -> tuple[list[Probe], list[list[_Found]]]:
    """Each probe, and for each the records that a rule holds for, each by the first rule that does. In a transaction."""
    objects = sorted({name for rule in rules for name in rule.looks if name in catalog.objects})
    source, probes, hits = iter(records), list[Probe](), list[likes.Hit]()
    asked: tuple[int, Callable[[], list[likes.Hit]]] | None = None
    with sql.alongside():
        while True:
            part = list(islice(source, TOGETHER))
            if asked is not None:
                first, answer = asked
                hits += [(first + n, record, name, keys) for n, record, name, keys in answer()]
            if not part:
                break
            asked = (len(probes), likes.ask(catalog, objects, [probe.all for probe in part], without, MOST * 5)) if objects else None
            probes += part
    out: list[list[_Found]] = [[] for _ in probes]
    seen: set[tuple[int, UUID]] = set()
    for rule in rules:
        for n, record, name, keys in hits:
            if (n, record) not in seen and name in rule.looks and (fields := holds(rule, probes[n], frozenset(keys))):
                seen.add((n, record))
                out[n].append(_Found(rule, tuple(fields), name, record))
    return probes, out


# -- when a record is written ------------------------------------------------------------------------------------------
def asked(catalog: Catalog, it: Definition, actor: Actor) -> bool:
    """Whether rules are asked at all when this actor writes such a record."""
    entry = ENTRY.get(actor.via)
    return entry is not None and (not actor.unlimited or actor.via == FORM) and any(rule.effects[entry] in ("warn", "forbid") for rule in catalog.rules_of(it.name))


def judge(catalog: Catalog, it: Definition, actor: Actor, items: Sequence[tuple[Draft, bool, Context]], known: Known) -> list[Problem | None]:
    """What the rules say of records about to be written: a problem each, or None. A warning is told, and noted with the event."""
    assert it.duplicates is not None
    entry = ENTRY[actor.via]
    rules = [rule for rule in catalog.rules_of(it.name) if rule.effects[entry] in ("warn", "forbid")]
    needed = levels(rules)
    out: list[Problem | None] = [None] * len(items)
    fresh = [n for n, (draft, _, _) in enumerate(items) if draft.new or draft.verb == "restore" or _another(it, draft, needed)]
    if not fresh:
        return out
    if any(rule.effects[entry] == "forbid" for rule in rules):
        likes.alone(catalog, it.name)
    made = (probe(it, items[n][0].values, needed, known) for n in fresh)
    probes, found = _find(catalog, it, made, rules, [items[n][0].id for n in fresh if not items[n][0].new])
    _among(it, [items[n][0] for n in fresh], probes, rules, found)
    told = _tell(actor, catalog, [one for hits in found for one in hits])
    for n, hits in zip(fresh, found, strict=True):
        draft, careful, context = items[n]
        own, above = [draft.id] if not draft.new else [], _leading(it, draft.values)
        by_record = {match.stands or one.id: (one, match) for one in reversed(hits) if (match := told.get((one.object, one.id))) is not None and match.beside(own, above)}
        shown = list(reversed(by_record.values()))
        shown = [(one, match) for one, match in shown if draft.new or draft.verb == "restore" or _another(it, draft, one.fields)]
        if not shown:
            continue
        forbidden = [(one, match) for one, match in shown if one.rule.effects[entry] == "forbid"]
        if forbidden and actor.via != FORM:
            out[n] = Invalid([FieldError(one.fields[0], "duplicate", _sentence(one.rule, match)) for one, match in forbidden[:3]])
        elif careful:
            out[n] = Conflict(
                T("可能与已有记录重复。确认不是同一个后，可以仍然保存。", "It may be a duplicate. If it is not, it can be saved all the same."),
                title=T("可能重复", "There may be one already"), code="duplicates",
                errors=[FieldError(one.fields[0], "duplicate", _sentence(one.rule, match)) for one, match in shown[:5]],
            )  # fmt: skip
        else:
            for one, match in shown[:3]:
                context.warn(one.fields[0], _sentence(one.rule, match))
            draft.because = {"kind": "duplicates", "rules": sorted({str(one.rule.label) for one, _ in shown}), "of": [str(match.stands or one.id) for one, match in shown[:5]]}
    return out


def _another(it: Definition, draft: Draft, fields: Iterable[str]) -> bool:
    """Whether what a record is compared by changed, in any of these fields."""
    assert it.duplicates is not None
    return any(draft.changed(name) for one in it.duplicates.identities if one.field in fields for name in (one.field, one.within) if name)


def _leading(it: Definition, values: Mapping[str, Any]) -> frozenset[UUID]:
    """What a record leads to of other objects: a company is no duplicate of its people, whose number may be its own."""
    held = [values.get(one.name) for one in it.fields.values() if isinstance(one, Link) and one.target != it.name]
    return frozenset(found for value in held if isinstance(found := value.get("id") if isinstance(value, Mapping) else value, UUID))


def _among(it: Definition, drafts: Sequence[Draft], probes: Sequence[Probe], rules: Sequence[Rule], found: list[list[_Found]]) -> None:
    """Records of one batch are compared with one another too; the later one is the duplicate."""
    if len(drafts) < 2:
        return
    index: dict[str, int] = {}
    for n, probe in enumerate(probes):
        earlier = sorted({index[key] for key in probe.all if key in index})
        for rule in rules if earlier else ():
            for other in earlier if it.name in rule.looks else ():
                keys = frozenset(key for held in probes[other].keys.values() for key in held)
                if fields := holds(rule, probe, keys):
                    found[n].append(_Found(rule, tuple(fields), it.name, drafts[other].id))
        for key in probe.all:
            index.setdefault(key, n)


def _sentence(rule: Rule, match: Match) -> Text:
    owner, owner_en = (f"，负责人 {match.owner}", f", owner {match.owner}") if match.owner else ("", "")
    return T(
        f"{rule.label.zh}：{match.title or '已有记录'}（{match.standing.zh}{owner}）",
        f"{rule.label.en}: {match.title or 'an existing record'} ({match.standing.en}{owner_en})",
    )


# -- what is told ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Match:
    """What may be told of a duplicate. id: only where it may be opened; claim: whether it lies where the actor may claim it."""

    object: str
    id: UUID | None
    state: str
    standing: Text
    title: str = ""
    owner: str = ""
    contacted: Any = None
    owner_id: UUID | None = None
    claim: bool = False
    rule: Text | None = None
    effect: str = "show"
    fields: tuple[str, ...] = ()
    stands: UUID | None = None
    """The record this is told of: of one that was merged, what it became."""
    above: frozenset[UUID] = frozenset()
    """What it leads to. Never told."""

    def beside(self, own: Sequence[UUID], above: Iterable[UUID]) -> bool:
        """Whether it can be a duplicate of a record, `own`, that leads to some others: it is not itself, and neither hangs on the other."""
        return self.stands is None or (self.stands not in own and self.stands not in above and self.above.isdisjoint(own))

    def to_json(self, language: str) -> dict[str, Any]:
        out: dict[str, Any] = {"object": self.object, "id": self.id, "state": self.state, "effect": self.effect, "fields": list(self.fields)}
        out |= {"title": self.title or None, "owner": self.owner or None, "pool": self.standing.for_(language) if self.state == "pool" else None}
        return {**out, "contacted": self.contacted, "claim": self.claim, "rule": self.rule.for_(language) if self.rule is not None else None}


STATES = {
    "mine": T("我的", "Mine"), "others": T("他人的", "Somebody else's"), "free": T("无负责人", "Without an owner"), "pool": T("公海", "In a pool"),
    "bin": T("回收站", "In the bin"), "new": T("同一批", "In the same batch"),
}  # fmt: skip


def _tell(actor: Actor, catalog: Catalog, found: Sequence[_Found]) -> dict[tuple[str, UUID], Match]:
    """What the actor is told of the records found; those in the bin only where the rule looks there."""
    guard = Guard(catalog.bare if actor.unlimited else (actor.catalog or catalog), actor)
    entry = ENTRY.get(actor.via, "manual")
    out: dict[tuple[str, UUID], Match] = {}
    rules = {(one.object, one.id): one for one in reversed(found)}
    for name in sorted({one.object for one in found}):
        it = catalog.bare.objects[name]
        assert it.duplicates is not None
        ids = [one.id for one in found if one.object == name]
        rows = storage.fetch(catalog.bare, it, Test("id", "in", ids), deleted=None, links=False)
        there = {row["id"] for row in rows}
        gone = {row["id"]: row for row in rows if row[MERGED] is not None}
        into = merging.became(catalog.bare, it, gone) if gone else {}
        rows = [row for row in rows if row["id"] not in into]
        stand = storage.fetch(catalog.bare, it, Test("id", "in", [id for id in set(into.values()) if id not in there]), links=False) if set(into.values()) - there else []
        rows += stand
        for loser, survivor in into.items():  # a merged record is told of as what it became
            if (name, survivor) not in rules:
                rules[name, survivor] = replace(rules[name, loser], id=survivor)
        readable: set[UUID] = set()
        if access.may(actor.rights, it, "read"):
            readable = storage.satisfying(catalog.bare, it, [row["id"] for row in rows if row.get("deleted_at") is None], guard.readable(guard.catalog.objects[name]), deleted=False)
        claimable: set[UUID] = set()
        if it.pooling is not None and "claim" in it.verbs and access.may(actor.rights, it, "claim"):
            pooled = [row["id"] for row in rows if row.get("pool") and row.get("deleted_at") is None]
            claimable = storage.satisfying(catalog.bare, it, pooled, And((guard.writable(guard.catalog.objects[name], "claim"),)), deleted=False) if pooled else set()
        owners = {row["owner"] for row in rows if row.get("owner")}
        people = {row["id"]: row["name"] for row in storage.fetch(catalog.bare, catalog.bare.objects["user"], Test("id", "in", list(owners)), deleted=None, links=False)} if owners else {}
        for row in rows:
            one = rules[name, row["id"]]
            state = _state(row, actor)
            if state == "bin" and not one.rule.bin:
                continue
            sees = row["id"] in readable
            pool = catalog.pool(row.get("pool"))
            shown = one.rule.shown
            out[name, row["id"]] = Match(
                name, row["id"] if sees else None, state,
                pool.label if state == "pool" and pool is not None and ("pool" in shown or sees) else STATES[state],
                title=str(row.get(it.title) or "") if sees or "title" in shown else "",
                owner=people.get(row.get("owner"), "") if sees or "owner" in shown else "", owner_id=row.get("owner") if sees or "owner" in shown else None,
                contacted=row.get(it.duplicates.contacted) if it.duplicates.contacted and (sees or "contacted" in shown) else None,
                claim=row["id"] in claimable, rule=one.rule.label, effect=one.rule.effects[entry], fields=one.fields, stands=row["id"],
                above=_leading(it, row),
            )  # fmt: skip
        out |= {(name, loser): out[name, survivor] for loser, survivor in into.items() if (name, survivor) in out}
        for one in found:
            if one.object == name and one.id not in there:
                out[name, one.id] = Match(name, None, "new", STATES["new"], rule=one.rule.label, effect=one.rule.effects[entry], fields=one.fields)
    return out


def _state(row: Mapping[str, Any], actor: Actor) -> str:
    if row.get("deleted_at") is not None:
        return "bin"
    if row.get("owner"):
        return "mine" if row["owner"] == actor.user else "others"
    return "pool" if row.get("pool") else "free"


def check(name: str, values: Mapping[str, Any], *, actor: Actor, id: UUID | None = None) -> list[Match]:
    """Records that rules call duplicates of one with these values, wherever they are: the actor's own, others', in pools, in
    the bin. What cannot be read as a value yet is passed over. Raises NotFound where the actor may neither make nor change
    such records, Invalid for fields that tell nothing apart."""
    guard = guard_of(actor)
    it = guard.catalog.object(name)
    if it.duplicates is None or not any(access.may(actor.rights, it, verb) for verb in ("create", "update")):
        raise NotFound()
    known = set(it.duplicates.asked)
    parsed: dict[str, Any] = {}
    for field, value in values.items():
        one = it.fields.get(field)
        if one is None or field not in known or guard.level(it, field) != "write":
            raise Invalid.field(field, "unknown", f"不能按“{field}”查重。", f"{field!r} tells no records apart.")
        try:
            parsed[field] = one.parse(value, guard.catalog.settings)
        except FieldProblem:
            continue
    entry = ENTRY.get(actor.via, "manual")
    rules = [rule for rule in guard.catalog.rules_of(it.name) if rule.effects[entry] != "off"]
    return find(guard.catalog, it, parsed, rules, actor=actor, without=[id] if id is not None else [])


def of_record(name: str, record: UUID, *, actor: Actor) -> list[Match]:
    """Records that rules call duplicates of one the actor may read, compared by what they see of it. Raises NotFound."""
    guard = guard_of(actor)
    it = guard.object(name)
    if it.duplicates is None:
        raise NotFound()
    plain = [one for one in it.duplicates.asked if guard.level(it, one) in ("read", "write")]
    row = reading.get(it.name, record, actor=actor, fields=["id", *plain])
    rules = [rule for rule in guard.catalog.rules_of(it.name) if set(rule.effects.values()) != {"off"}]
    return find(guard.catalog, it, {field: row.get(field) for field in plain}, rules, actor=actor, without=[record])


def find(catalog: Catalog, it: Definition, values: Mapping[str, Any], rules: Sequence[Rule], *, actor: Actor, without: Sequence[UUID] = ()) -> list[Match]:
    """Records that some rules find for values, the strictest first, told as far as the rules allow."""
    with sql.work(actor.workspace):
        told = _tell(actor, catalog, _find(catalog, it, [probe(it, values, {name: wanted for name, wanted in levels(rules).items() if name in values})], rules, without)[1][0])
    above = _leading(it, values)
    each = {match.stands: match for match in told.values() if match.beside(without, above)}
    ordered = sorted(each.values(), key=lambda m: (-ORDER.index(m.effect), m.state == "bin", m.title))
    return ordered[:MOST]
