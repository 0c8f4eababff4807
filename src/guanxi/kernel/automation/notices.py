"""From what happened to who is told: a reader of the journal that makes notices and ends them.

A notice is made for somebody who may read the record at that moment (what was taken from them apart), who wants its kind, and
who did not do it themselves. Its id is made from the event, the kind and the person, so reading the journal twice makes one. What
one request did to many records is one notice. A newer thing to do takes the place of an older one about the same record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from guanxi.base.errors import Problem, Unauthenticated
from guanxi.base.ids import named, parse_id
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.catalog import notices as kept
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare import notices as kinds
from guanxi.kernel.declare.conditions import Always, Test
from guanxi.kernel.declare.fields import Choice
from guanxi.kernel.declare.notices import Named, NoticeKind, Reached
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, people, pooling, reading
from guanxi.kernel.records.grading import VERB
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.matching import FORM
from guanxi.kernel.storage import attending, sql
from guanxi.kernel.storage import notices as facts
from guanxi.kernel.storage import rows as storage

SILENT_WAYS = ("demo", "setup", "sample")
"""What happens on these ways happens to nobody."""
SHOWN = 3
"""So many records are named where one request concerned several."""
UNREAD = frozenset({kinds.TAKEN.key, kinds.RECYCLED.key, kinds.RETURNED.key, kinds.CLAIMED.key, kinds.JOB.key, kinds.SECURITY.key})
"""Kinds told also to those who may no longer read the record, or that are about none."""


@dataclass(frozen=True)
class Wish:
    """Somebody should be told. `root` and `moment` name what it follows from: the same two make the same notice; `gathers`: others of
    the same request join it, told apart by `step`, the event."""

    kind: NoticeKind
    to: UUID
    object: str
    record: str
    root: UUID
    moment: str
    by: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    gathers: bool = False
    step: str = ""
    where: str = ""

    @property
    def once(self) -> UUID:
        return named(self.root, self.kind.key, self.to, self.object, self.moment)


def handle(events: Sequence[dict[str, Any]], actor: Actor) -> None:
    """Read a part of the journal."""
    told = [event for event in events if event["object"] != "notice" and event["via"] not in SILENT_WAYS]
    if not told:
        return
    catalog = people.newest(actor.workspace)
    wishes = [wish for event in told if event["object"] in catalog.objects for wish in _event(catalog, catalog.objects[event["object"]], event)]
    wishes += _mentions(catalog, told)
    end(catalog, actor, [(event["object"], event["record_id"]) for event in told])
    make(catalog, actor, wishes)


# -- who is meant ------------------------------------------------------------------------------------------------------


def _event(catalog: Catalog, it: Definition, event: Mapping[str, Any]) -> Iterable[Wish]:
    changes, verb, by = event["changes"], event["verb"], event["actor_id"]
    root, moment, gathers = _root(event)
    base = Wish(kinds.ASSIGNED, UUID(int=0), it.name, str(event["record_id"]), root, moment, by, {}, gathers, event["id"].hex)
    along = verb == "assign" and event["cause"] is not None  # it went along with a record that is told of
    for tell in it.tells:
        if isinstance(tell, Named) and tell.field in changes and it.policy.read != "about" and not along:
            single = {} if tell.kind.tab == "system" else {"root": event["id"], "moment": "", "gathers": False}
            for user in _fresh(changes[tell.field]):
                if user != by:
                    yield replace(base, kind=tell.kind, to=user, where=tell.where, **single)
    if "owner" in changes and not along and any(isinstance(tell, Named) and tell.field == "owner" for tell in it.tells):
        yield from _lost(catalog, it, event, base)
    if verb == "create" and event["via"] == FORM and it.pooling is not None:
        yield from _submitted(catalog, it, event, base)
    if verb == VERB:
        yield from _graded(catalog, it, event, base)
    if it.name == "announcement" and verb in ("create", "update") and any(name in changes for name in kept.READERS):
        yield from _announced(catalog, it, event, base)
    if it.name == "user" and verb in ("give_access", "reset_second_factor") and by != event["record_id"]:
        yield replace(base, kind=kinds.SECURITY, to=event["record_id"], facts={"log": "access" if verb == "give_access" else "second_reset"}, gathers=False)


def _root(event: Mapping[str, Any]) -> tuple[UUID, str, bool]:
    """What names the notice of an event: its request where there is one, and then others may join it."""
    if event["request"]:
        return parse_id(event["request"]) or UUID(int=0), f"{event['request']} {event['verb']}", True
    return event["id"], "", False


def _fresh(change: Sequence[Any]) -> list[UUID]:
    """Whom a field names after a change and did not before."""
    before, after = ([str(one) for one in (value if isinstance(value, list) else [value] if value else [])] for value in change)
    return [UUID(one) for one in after if one not in before]


def _lost(catalog: Catalog, it: Definition, event: Mapping[str, Any], base: Wish) -> Iterable[Wish]:
    """What is told to whoever had the record until now, or before it lay in a pool."""
    before, after = (UUID(str(one)) if one else None for one in event["changes"]["owner"])
    verb, by = event["verb"], event["actor_id"]
    if before is not None and before != by:
        if verb == "recycle":
            because = (event["changes"].get("@because") or [None, {}])[1] or {}
            yield replace(base, kind=kinds.RECYCLED, to=before, facts={name: because[name] for name in ("rule", "days", "workdays") if name in because})
        elif verb in ("return_to_pool", "recall"):
            yield replace(base, kind=kinds.RETURNED, to=before)
        elif after is not None:
            yield replace(base, kind=kinds.TAKEN, to=before, facts={"to": str(after)}, moment=f"{base.moment} {after}")
    elif before is None and verb in ("claim", "distribute", "allot"):
        for row in storage.fetch(catalog, it, Test("id", "in", [event["record_id"]]), links=False):
            had = row["previous_owner"]
            if had is not None and had not in (by, after):
                yield replace(base, kind=kinds.CLAIMED, to=had, facts={"to": str(after)}, moment=f"{base.moment} {after}")


def _submitted(catalog: Catalog, it: Definition, event: Mapping[str, Any], base: Wish) -> Iterable[Wish]:
    """What a public form brought and nobody owns is told to those who run its pool."""
    changed = event["changes"].get("pool")
    pool = catalog.pool(UUID(str(changed[1]))) if changed and changed[1] else None
    if pool is None or "owner" in event["changes"]:
        return
    row = {"everyone": False, "units": (), "people": sorted(pool.admins.get("user", ())), "roles": sorted(pool.admins.get("role", ()))}
    for user in facts.addressed(catalog.workspace, row):
        yield replace(base, kind=kinds.SUBMITTED, to=user, root=event["id"], moment="", gathers=False)


def _graded(catalog: Catalog, it: Definition, event: Mapping[str, Any], base: Wish) -> Iterable[Wish]:
    """What a rule gave a record is told to its owner and their superior, where the rule says so; a warning stays until it ends."""
    because = (event["changes"].get("@because") or [None, {}])[1] or {}
    one = it.fields.get(because.get("field") or "")
    if not because.get("notify") or not isinstance(one, Choice):
        return
    for row in storage.fetch(catalog, it, Test("id", "in", [event["record_id"]]), links=False):
        if (owner := row["owner"]) is None:
            continue
        held = {"field": one.name, "value": row[one.name], "name": because["name"]}
        above = facts.superiors(catalog.workspace, [owner]).get(owner)
        for to in dict.fromkeys((owner, above)):
            if to is not None:
                said = held | ({"superior": True} if to != owner else {})
                if one.ruled:
                    yield replace(base, kind=kinds.WARNED, to=to, facts=said, root=event["id"], moment="", gathers=False)
                else:
                    yield replace(base, kind=kinds.GRADED, to=to, facts=said, moment=f"{base.moment} {because['rule']}")


def _announced(catalog: Catalog, it: Definition, event: Mapping[str, Any], base: Wish) -> Iterable[Wish]:
    for row in storage.fetch(catalog, it, Test("id", "in", [event["record_id"]])):
        kind = kinds.ARRANGED if row["kind"] == "arrangement" else kinds.ANNOUNCED
        for user in facts.addressed(catalog.workspace, row):
            if user != row["owner"]:  # it is the announcement that is told, however often it is sent again
                yield replace(base, kind=kind, to=user, by=row["owner"], root=row["id"], moment="", gathers=False)


def _mentions(catalog: Catalog, events: Sequence[Mapping[str, Any]]) -> list[Wish]:
    """Who is named in what is written about other records: they are told of those."""
    out = []
    for it in catalog:
        tells = [tell for tell in it.tells if isinstance(tell, Named)] if it.policy.read == "about" else []
        found = [event for event in events if event["object"] == it.name and any(tell.field in event["changes"] for tell in tells)]
        rows = {row["id"]: row for row in storage.fetch(catalog, it, Test("id", "in", [event["record_id"] for event in found]))} if found else {}
        for event in found:
            row = rows.get(event["record_id"])
            for tell in tells if row is not None else ():
                for user in _fresh(event["changes"].get(tell.field, (None, None))):
                    if user != event["actor_id"] and row is not None:
                        said = {"object": it.name, "record": str(row["id"])}
                        out.append(Wish(tell.kind, user, row["object_name"], row["record"], event["id"], "", event["actor_id"], {"said": said}))
    return out


# -- making ------------------------------------------------------------------------------------------------------------


def make(catalog: Catalog, actor: Actor, wishes: Sequence[Wish]) -> int:
    """Make the notices that are wished for, of those who want and may have them; returns how many are new."""
    wishes = list({(wish.once, wish.step): wish for wish in wishes}.values())
    if not wishes:
        return 0
    it = catalog.objects["notice"]
    desks = facts.tellable(catalog.workspace, list({wish.to for wish in wishes}))
    rules = storage.fetch(catalog, catalog.objects["notice_rules"], Always(), limit=1)
    off = (rules[0]["off"] or ()) if rules else ()
    wishes = [wish for wish in wishes if wish.to in desks and kept.wanted(wish.kind, off, desks[wish.to][1])]
    wishes = _satisfying(catalog, actor, wishes)
    wishes = _readable(actor, wishes, {user: account for user, (account, _) in desks.items()})
    groups: dict[UUID, list[Wish]] = {}
    for wish in wishes:
        groups.setdefault(wish.once, []).append(wish)
    ids = {once: named(once, actor.workspace, actor.user, it.name) for once in groups}
    there = {row["id"]: row for row in storage.fetch(catalog, it, Test("id", "in", list(ids.values())), links=False, deleted=None)} if ids else {}
    fresh = [once for once in groups if ids[once] not in there]
    made = door.perform_many("notice", "create", [door.Item(changes=_changes(groups[once]), once=once) for once in fresh], actor=actor) if fresh else []
    for once in groups:
        if ids[once] in there:
            _grow(actor, there[ids[once]], groups[once])
    _replace(catalog, actor, {ids[once]: groups[once][0] for once in fresh})
    _pending(actor, [groups[once][0] for once in fresh])
    return sum(not isinstance(one, Problem) for one in made)


def _changes(group: Sequence[Wish]) -> dict[str, Any]:
    first = group[0]
    out = {"kind": first.kind.key, "tab": first.kind.tab, "object_name": first.object or None, "record": first.record or None, "by": first.by, "owner": first.to}
    return out | {"count": len(group), "facts": _gathered(group, {**first.facts}), "done_at": None if first.kind.tab == "todo" else datetime.now(UTC)}


def _gathered(group: Sequence[Wish], facts: dict[str, Any]) -> dict[str, Any] | None:
    """The facts of several of one request: the first records, and up to which event they are counted."""
    if not group[0].gathers:
        return facts or None
    records = list(dict.fromkeys([*facts.get("records", ()), *(wish.record for wish in group)]))[:SHOWN]
    return facts | {"records": records, "upto": max(wish.step for wish in group)}


def _grow(actor: Actor, row: Mapping[str, Any], group: Sequence[Wish]) -> None:
    held = dict(row["facts"] or {})
    more = [wish for wish in group if wish.gathers and wish.step > held.get("upto", "")]
    if more and row["deleted_at"] is None:
        inputs = {"count": (row["count"] or 1) + len(more), "facts": _gathered(more, held)}
        door.perform_many("notice", "grown", [door.Item(row["id"], inputs=inputs)], actor=actor)


def _satisfying(catalog: Catalog, actor: Actor, wishes: list[Wish]) -> list[Wish]:
    """Without those about records that do not fit what was declared, or are gone."""
    asked: dict[tuple[str, str], list[UUID]] = {}
    for wish in wishes:
        if wish.where and wish.object in catalog.objects:
            asked.setdefault((wish.object, wish.where), []).append(UUID(wish.record))
    fits = {key: satisfying(catalog, actor, catalog.objects[key[0]], ids, key[1]) for key, ids in asked.items()}
    return [wish for wish in wishes if not wish.where or UUID(wish.record) in fits[wish.object, wish.where]]


def satisfying(catalog: Catalog, actor: Actor, it: Definition, ids: Sequence[UUID], where: str) -> set[UUID]:
    """Which living records satisfy a declared condition."""
    guard = Guard(catalog, actor)
    return storage.satisfying(catalog, it, ids, guard.where(it, guard.parse(where)), deleted=False)


def _readable(actor: Actor, wishes: list[Wish], accounts: Mapping[UUID, UUID]) -> list[Wish]:
    """Without those about records their reader may not see. Asked once for each person and object."""
    asked: dict[tuple[UUID, str], set[str]] = {}
    for wish in wishes:
        if wish.kind.key not in UNREAD:
            asked.setdefault((wish.to, wish.object), set()).add(wish.record)
    seen: dict[tuple[UUID, str], set[str]] = {}
    for (user, name), records in asked.items():
        seen[user, name] = set()
        ids = sorted(records)
        try:
            who, _ = people.by_account(accounts[user], via=actor.via)
            for start in range(0, len(ids), reading.MAX_LIMIT):
                part = ids[start : start + reading.MAX_LIMIT]
                found = reading.query(name, actor=who, where={"field": "id", "op": "in", "value": part}, fields=["id"], limit=len(part))
                seen[user, name] |= {str(row["id"]) for row in found.rows}
        except (Problem, Unauthenticated):
            continue
    return [wish for wish in wishes if wish.kind.key in UNREAD or wish.record in seen[wish.to, wish.object]]


def _replace(catalog: Catalog, actor: Actor, made: Mapping[UUID, Wish]) -> None:
    """End the older things to do of the same people about the same records; that nobody attends to one is true beside all of them."""
    todo = {id: wish for id, wish in made.items() if wish.kind.tab == "todo" and wish.kind.key != kinds.UNATTENDED.key}
    if not todo:
        return
    pairs = {(wish.object, wish.record, wish.to) for wish in todo.values()}
    ids = facts.open_about(catalog.workspace, list({(wish.object, UUID(wish.record)) for wish in todo.values()}))
    rows = storage.fetch(catalog, catalog.objects["notice"], Test("id", "in", [id for id in ids if id not in todo]), links=False)
    _over(actor, [row["id"] for row in rows if row["kind"] != kinds.UNATTENDED.key and (row["object_name"], row["record"], row["owner"]) in pairs])


def _pending(actor: Actor, made: Sequence[Wish]) -> None:
    """An announcement knows whom it reached."""
    reached: dict[str, list[UUID]] = {}
    for wish in made:
        if wish.object == "announcement":
            reached.setdefault(wish.record, []).append(wish.to)
    for record, users in reached.items():
        door.perform_many("announcement", "told", [door.Item(UUID(record), inputs={"people": users})], actor=actor)


# -- ending ------------------------------------------------------------------------------------------------------------


def end(catalog: Catalog, actor: Actor, records: Sequence[tuple[str, UUID]] | None) -> int:
    """End the notices about these records (None: about all) whose fact is over; returns how many."""
    ids = facts.open_about(catalog.workspace, records) if records is None or records else []
    if not ids:
        return 0
    held: dict[str, list[dict[str, Any]]] = {}
    for row in storage.fetch(catalog, catalog.objects["notice"], Test("id", "in", ids), links=False):
        held.setdefault(row["object_name"] or "", []).append(row)
    over = [row["id"] for name, rows in held.items() for row in _finished(catalog, actor, catalog.find(name), rows)]
    _over(actor, over)
    return len(over)


def _over(actor: Actor, ids: Sequence[UUID]) -> None:
    if ids:
        door.perform_many("notice", "ended", [door.Item(id) for id in ids], actor=actor)


def _finished(catalog: Catalog, actor: Actor, it: Definition | None, notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose fact no longer holds."""
    if it is None:
        return notices
    ids = list({UUID(notice["record"]) for notice in notices})
    records = {row["id"]: row for row in storage.fetch(catalog, it, Test("id", "in", ids))}
    asked = {notice["kind"] for notice in notices}
    fits = {tell.where: satisfying(catalog, actor, it, ids, tell.where) for tell in it.tells if tell.kind.key in asked and tell.where}
    left = leaving(catalog, it, ids) if kinds.LEAVING.key in asked else {}
    quiet = attending.days_of(catalog, it, ids) if kinds.UNATTENDED.key in asked else {}
    out = []
    for notice in notices:
        row = records.get(UUID(notice["record"]))
        if row is None or not (_waits(catalog, it, notice, row, quiet) if notice["kind"] == kinds.UNATTENDED.key else _holds(it, notice, row, fits, left.get(row["id"]))):
            out.append(notice)
    return out


def _holds(it: Definition, notice: Mapping[str, Any], row: Mapping[str, Any], fits: Mapping[str, set[UUID]], left: tuple[str, date] | None) -> bool:
    held = notice["facts"] or {}
    if notice["kind"] == kinds.LEAVING.key:
        return row["owner"] == notice["owner"] and left == (held["rule"], date.fromisoformat(held["due"]))
    if notice["kind"] == kinds.WARNED.key:
        return row.get(held["field"]) == held["value"] and (bool(held.get("superior")) or row["owner"] == notice["owner"])
    if notice["kind"] == kinds.ARRANGED.key:
        return notice["owner"] not in (row["confirmed"] or ())
    for tell in it.tells:
        if tell.kind.key == notice["kind"]:
            if tell.where and row["id"] not in fits[tell.where]:
                return False
            if isinstance(tell, Reached):
                instant = row[tell.at]
                told = {row["owner"], *(user for name in tell.also for user in row[name] or ())}
                return instant is not None and instant.isoformat() == held["at"] and (bool(held.get("superior")) or notice["owner"] in told)
            now = row[tell.field]
            return notice["owner"] in (now if isinstance(now, list) else [now])
    return False


def _waits(catalog: Catalog, it: Definition, notice: Mapping[str, Any], row: Mapping[str, Any], quiet: Mapping[UUID, int]) -> bool:
    """Whether a record is still left unattended by whom it was told of, for as long as concerns whoever was told."""
    held, rule = notice["facts"] or {}, catalog.patience.get(it.name)
    needed = (rule.superior if held.get("superior") else rule.days) if rule is not None else None
    return needed is not None and str(row["owner"]) == held["owner"] and quiet.get(row["id"], -1) >= needed


def leaving(catalog: Catalog, it: Definition, ids: Sequence[UUID] | None = None) -> dict[UUID, tuple[str, date]]:
    """The records of an object that their owners are reminded of, with the rule that takes them back and after which day; of all, or
    of some."""
    return {} if it.pooling is None else {due.id: (due.rule, due.due) for _, due in pooling.reminded(catalog, it, ids)}


# -- what is in no journal ---------------------------------------------------------------------------------------------


def about(workspace: UUID, user: UUID, kind: NoticeKind, root: UUID, facts: Mapping[str, Any], record: str = "") -> None:
    """Tell one person something that is no record's event."""
    actor = automation(system(workspace, via="notices"))
    with sql.work(workspace):
        make(people.newest(workspace), actor, [Wish(kind, user, "", record, root, "", None, facts)])
