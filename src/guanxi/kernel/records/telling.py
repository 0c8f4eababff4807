"""What happened to a record, and why somebody may see it: history, timeline, explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.clock import bounds
from guanxi.base.errors import NotFound
from guanxi.base.ids import parse_id, uuid7_floor
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog import own_rights
from guanxi.kernel.declare.conditions import Always, And, Condition, Or, Test
from guanxi.kernel.declare.fields import Choice, Field, Link, Links, TextField
from guanxi.kernel.declare.objects import Box, Definition
from guanxi.kernel.declare.pooling import Pooling
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import grading, reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.pooling import said
from guanxi.kernel.records.reading import guard_of, names
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import recycling, sql
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import timeline as near


@dataclass(frozen=True)
class Told:
    """One event as the actor may know it; links in `changes` are {id, label}, hidden fields absent, masked ones masked."""

    id: UUID
    object: str
    record: UUID
    label: str
    verb: str
    actor: dict[str, Any] | None
    actor_kind: str
    via: str
    at: datetime
    changes: dict[str, list[Any]]
    cause: UUID | None


def _row(guard: Guard, name: str, record: UUID | str) -> tuple[Definition, dict[str, Any]]:
    it = guard.object(name)
    found_id = record if isinstance(record, UUID) else parse_id(record)
    if found_id is None:
        raise NotFound()
    deleted: bool | None = None if access.may(guard.actor.rights, it, "restore") else False
    found = storage.fetch(guard.catalog, it, And((Test("id", "in", [found_id]), guard.readable(it))), deleted=deleted, links=bool(it.policy.readers))
    if not found:
        raise NotFound()
    return it, found[0]


def _seen(guard: Guard, name: str, record: UUID | str) -> tuple[Definition, UUID, bool]:
    """Object and id of a record that may be read, without reading it, and whether it lives and lies in no pool."""
    it = guard.object(name)
    asked = record if isinstance(record, UUID) else parse_id(record)
    deleted: bool | None = None if access.may(guard.actor.rights, it, "restore") else False
    there = near.found(guard.catalog, it, And((Test("id", "in", [asked]), guard.readable(it))), deleted=deleted) if asked else None
    if there is None:
        raise NotFound()
    return it, *there


def history(
    name: str, record: UUID | str, *, actor: Actor, before: UUID | None = None, limit: int = 50, field: str = ""
) -> list[Told]:
    """What happened to one record, newest first; with `field`, what happened to that value of it. Raises NotFound, for a field
    the actor may not see too."""
    guard = guard_of(actor)
    with sql.work(actor.workspace):
        it, there, _ = _seen(guard, name, record)
        if field and (field not in it.fields or guard.level(it, field) == "hidden"):
            raise NotFound()
        if field and it.fields[field].veil and recycling.inside(guard.catalog, it, [there]).get(there) in it.fields[field].veil:
            raise NotFound()
        found = journal.of_records(actor.workspace, [(it.name, there)], before=before, limit=limit, field=field)
        return _told(guard, found, {})


@dataclass(frozen=True)
class Narrow:
    """What is asked of a timeline. only: events of one object, the record's own under its own object's name. way: of records written
    by this kind of contact (the `kind` of their box). words: of records that hold these words in a text the actor may read. since, until:
    of these days, both included. by: of one person."""

    only: str = ""
    way: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None
    by: UUID | None = None

    @property
    def written(self) -> bool:
        """Whether it is asked for what somebody wrote, not for changes of the record itself."""
        return bool(self.way or self.words)

    def of(self, guard: Guard, it: Definition) -> Condition | None:
        """What is asked of the records of an object that stand around; None where none of them is meant."""
        if self.only not in ("", it.name):
            return None
        readable = {one.name: one for one, level in guard.visible(it) if level in ("read", "write")}
        asked: list[Condition] = []
        box: Box | None = it.view(Box)
        if self.way:
            kind = readable.get(box.kind) if box is not None else None
            if not isinstance(kind, Choice) or self.way not in [one.key for one in kind.options]:
                return None
            asked.append(Test(kind.name, "=", self.way))
        if self.words:
            texts = [name for name, one in readable.items() if isinstance(one, TextField) and (one.search or name in (it.title, box.text if box else "") or (it.policy.read == "about" and name == "text"))]
            if not texts or "\x00" in self.words:
                return None
            asked.append(Or(tuple(Test(name, "contains", self.words) for name in texts)))
        if self.since is not None and "updated_at" in readable:
            asked.append(Test("updated_at", ">=", bounds(self.since, self.since, guard.catalog.settings.tz)[0]))
        if self.until is not None and "created_at" in readable:
            asked.append(Test("created_at", "<", bounds(self.until, self.until + timedelta(days=1), guard.catalog.settings.tz)[1]))
        return And(tuple(asked)) if asked else Always()


def timeline(name: str, record: UUID | str, *, actor: Actor, before: UUID | None = None, limit: int = 50, narrow: Narrow | None = None) -> list[Told]:
    """What happened to one record and to the records linked to it that the actor may see, newest first, as far as it is asked for.
    Whatever is asked, as many statements."""
    guard = guard_of(actor)
    with sql.work(actor.workspace):
        return _around(guard, *_seen(guard, name, record), before, limit, narrow or Narrow())


def record(name: str, record: UUID | str, *, actor: Actor, fields: Sequence[str] | None = None, limit: int = 50) -> tuple[dict[str, Any], list[Told]]:
    """A record as `reading.get` gives it, and the newest of its timeline: what a record's page shows, in one transaction."""
    guard = guard_of(actor)
    with sql.work(actor.workspace):
        it = guard.object(name)
        more = ["pool"] if it.pooling is not None and fields is not None and guard.level(it, "pool") != "hidden" else []
        row = reading.get(name, record, actor=actor, fields=[*fields, *more] if fields is not None else None, opened=True)
        return row, _around(guard, it, row["id"], it.pooling is None or ("pool" in row and row["pool"] is None), None, limit)


def _around(guard: Guard, it: Definition, there: UUID, free: bool, before: UUID | None, limit: int, narrow: Narrow | None = None) -> list[Told]:
    """The timeline of a record that is seen."""
    narrow = narrow or Narrow()
    plain = free and not it.policy.through  # what is seen through it is then seen: that arm is true already
    children = [
        near.Child(child, link.name, And((Always() if plain and link.name in child.policy.through else guard.readable(child), asked)), guard.title(child))
        for child, link in guard.catalog.linking_to(it.name)
        if access.may(guard.actor.rights, child, "read") and guard.level(child, link.name) in ("read", "write") and (asked := narrow.of(guard, child)) is not None
    ]
    if it.policy.read != "about":
        named = And((Test("object_name", "=", it.name), Test("record", "=", str(there))))
        children += [
            near.Child(one, "", And((*named.items, asked) if free else (*named.items, guard.readable(one, named), asked)), guard.title(one))
            for one in guard.catalog
            if one.policy.read == "about" and (asked := narrow.of(guard, one)) is not None
        ]
    around = near.linked(guard.catalog, children, there, limit=200)
    known: Labels = {}
    for child, one, title in around:
        if title is not None:
            known.setdefault(child, {})[one] = title
    own = [(it.name, there)] if narrow.only in ("", it.name) and not narrow.written else []
    records = dict.fromkeys([*own, *((child, one) for child, one, _ in around)])
    zone = guard.catalog.settings.tz
    after = uuid7_floor(bounds(narrow.since, narrow.since, zone)[0]) if narrow.since is not None else None
    if narrow.until is not None:
        end = uuid7_floor(bounds(narrow.until, narrow.until + timedelta(days=1), zone)[1])
        before = end if before is None or end < before else before
    found = journal.of_records(guard.actor.workspace, list(records), before=before, limit=limit, after=after, by=narrow.by)
    return _told(guard, found, known, {there} if free else frozenset())


Labels = dict[str, dict[UUID, str]]
"""What records are called, by object and id: only of those the actor may see."""


def _told(guard: Guard, events: Sequence[journal.Event], known: Labels, free: Set[UUID] = frozenset()) -> list[Told]:
    """Events with names for ids; `known` are labels found on the way, the others are read in one statement. `free`: records that
    lie in no pool, as far as that is known already."""
    wanted: dict[str, set[UUID]] = {"user": {e.actor for e in events if e.actor is not None}}
    for event in events:
        wanted.setdefault(event.object, set()).add(event.record)
        it = guard.catalog.find(event.object)
        for name, pair in event.changes.items() if it is not None else ():
            one = it.fields.get(name) if it is not None else None
            if isinstance(one, Link | Links):
                for value in pair:
                    wanted.setdefault(one.target, set()).update(_ids(value))
            elif name == "@team":
                wanted["user"].update(_ids([v["user"] for v in pair if v]))
            elif name == "@merge":
                wanted[event.object].update(_ids([id for v in pair if v for id in v["others"]]))
    missing = []
    for target, ids in wanted.items():
        definition = guard.catalog.find(target)
        more = ids - known.setdefault(target, {}).keys()
        title = guard.title(definition) if definition is not None else None
        if definition is not None and title is not None and more and access.may(guard.actor.rights, definition, "read"):
            missing.append((definition, title, guard.also_called(definition), list(more), guard.readable(definition)))
    for target, record, label in near.titles(guard.catalog, missing):
        known[target][record] = label
    out = []
    veiled = _veiled(guard, events, free)
    fields: dict[str, dict[str, tuple[Field, str]]] = {}
    for event in events:
        it = guard.catalog.find(event.object)
        if it is None:
            continue
        if it.name not in fields:
            fields[it.name] = _shown(guard, it)
        out.append(
            Told(
                event.id, event.object, event.record, known.get(event.object, {}).get(event.record, ""), event.verb,
                {"id": event.actor, "label": known["user"].get(event.actor, "")} if event.actor else None,
                event.actor_kind, event.via, event.at, _changes(guard, fields[it.name], event, known, veiled.get(event.record, ())), event.cause,
            )
        )  # fmt: skip
    return out


def _veiled(guard: Guard, events: Sequence[journal.Event], free: Set[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The fields that pools hide from the actor, by record; the database is asked only where an event tells of such a field."""
    rights = guard.actor.rights
    out: dict[UUID, tuple[str, ...]] = {}
    if rights is None:
        return out
    for name in {event.object for event in events}:
        veils = rights.in_pools(name).veils
        asked = {event.record for event in events if event.object == name and event.record not in free and not veils.keys().isdisjoint(event.changes)}
        if veils and asked:
            for record, pool in recycling.inside(guard.catalog, guard.catalog.objects[name], list(asked)).items():
                out[record] = tuple(field for field, pools in veils.items() if pool in pools)
    return out


def _ids(value: Any) -> list[UUID]:
    if value is None:
        return []
    return [UUID(v) for v in (value if isinstance(value, list) else (value,)) if isinstance(v, str)]


def _shown(guard: Guard, it: Definition) -> dict[str, tuple[Field, str]]:
    """The fields of an object whose changes the actor may know, with their level."""
    return {one.name: (one, level) for one, level in guard.visible(it)}


def _changes(
    guard: Guard, fields: Mapping[str, tuple[Field, str]], event: journal.Event, known: dict[str, dict[UUID, str]], veiled: Sequence[str] = ()
) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {}
    places = [*(name for name in fields if name in event.changes), *(name for name in event.changes if name not in fields)]
    for name in places:  # in the order fields are declared in: JSON keeps none
        pair = event.changes[name]
        if name in veiled:
            continue
        if name == "@because":
            out[name] = [v and grading.seen(guard, v) for v in pair]
            continue
        if name == "@team":
            out[name] = [v and v | {"label": known["user"].get(UUID(v["user"]), "")} for v in pair]
            continue
        if name == "@merge":
            there = known.get(event.object, {})
            out[name] = [v and {"others": [{"id": i, "label": there[i]} for i in _ids(v["others"]) if i in there]} for v in pair]
            continue
        found = fields.get(name)
        if found is None:
            continue
        one, level = found
        if isinstance(one, Link | Links):
            there = known.get(one.target, {})
            lists = [[{"id": i, "label": there[i]} for i in _ids(value) if i in there] for value in pair]
            if level == "masked":
                lists = [shown and [{**storage.MASKED}] for shown in lists]
            out[name] = lists if isinstance(one, Links) else [shown[0] if shown else None for shown in lists]
        elif level == "masked":
            out[name] = [one.mask(one.from_json(value)) for value in pair]
        else:
            out[name] = [one.from_json(value) for value in pair]
    return out


@dataclass(frozen=True)
class Member:
    """Somebody of a record's team: read or write, for ever or until an instant."""

    user: UUID
    label: str
    level: str
    until: datetime | None


def team(name: str, record: UUID | str, *, actor: Actor) -> list[Member]:
    """The team of a record that the actor may see, those of earlier days included."""
    guard = guard_of(actor)
    with sql.work(actor.workspace):
        it, there, _ = _seen(guard, name, record)
        found = facts.team(actor.workspace, it.name, there)
        known = names({"user": [user for user, _, _ in found]}, actor=actor)
    return [Member(user, known.get(user, ""), level, until) for user, level, until in found]


@dataclass(frozen=True)
class Reason:
    """One thing that decides: whether it grants, and the words for it."""

    grants: bool
    about: str
    text: Text


def explain(name: str, record: UUID | str, *, actor: Actor, about: Actor | None = None) -> dict[str, Any]:
    """Why an actor may or may not see and change a record, and which fields are limited.

    The asker must be able to see the record; `about` is whom it is about (default: the asker).
    """
    guard = guard_of(actor)
    who = about or actor
    theirs = Guard(guard.catalog, who)
    with sql.work(actor.workspace):
        it, row = _row(guard, name, record)
        ids = [row["id"]]
        deleted = row["deleted_at"] is not None
        sees = access.may(who.rights, it, "read") and bool(
            storage.satisfying(guard.catalog, it, ids, theirs.readable(it))
        )
        judged: dict[Condition, bool] = {}
        writes = {}
        for verb in ("update", *it.verbs):
            condition = theirs.writable(it, verb)
            if condition not in judged:
                judged[condition] = sees and bool(storage.satisfying(guard.catalog, it, ids, condition))
            writes[verb] = judged[condition]
        reasons = [*_reasons(guard, theirs, it, row), *_own(who, it)]
        team = facts.team(actor.workspace, it.name, row["id"])
        for user, level, until in team:
            if user == who.user:
                end_zh, end_en = (f"，到 {until:%Y-%m-%d}", f", until {until:%Y-%m-%d}") if until else ("", "")
                reasons.append(Reason(True, "team", T(f"是这条记录的团队成员（{level}{end_zh}）。", f"Is in the record's team ({level}{end_en}).")))
    verbs = {}
    for verb in ("read", *it.verbs):
        granted = access.may(who.rights, it, verb)
        verbs[verb] = sees if verb == "read" else granted and writes[verb] and (verb == "restore") == deleted
    fields = {one.name: theirs.level(it, one.name) for one in it.fields.values() if guard.level(it, one.name) != "hidden"}
    return {
        "read": sees,
        "write": verbs.get("update", False),
        "reasons": [{"grants": r.grants, "about": r.about, "text": r.text.for_(actor.language)} for r in reasons],
        "verbs": verbs,
        "fields": {n: level for n, level in fields.items() if level != "write" or n in it.policy.fields},
    }


def _reasons(guard: Guard, theirs: Guard, it: Definition, row: dict[str, Any]) -> list[Reason]:
    who = theirs.actor
    if who.rights is None:
        return [Reason(True, "system", T("系统可以访问全部数据。", "The system may access everything."))]
    if it.policy.read == "personal":
        return _personal(guard, who, it, row)
    out: list[Reason] = []
    if it.policy.read == "about":
        label = guard.catalog.objects[row["object_name"]].label
        return [Reason(True, "about", T(f"能看到它所属的{label.zh}，因此能看到它。", f"May see the {label.en} it is about, and therefore this record."))]
    if it.policy.read == "member":
        out.append(Reason(True, "policy", T(f"{it.label.zh}对所有成员可见。", f"Every member may see records of {it.label.en}.")))
    if it.policy.read == "pair":
        return [Reason(True, "about", T("能看到两条记录并能合并它们，因此能看到它。", "May see both records and merge them, and therefore this pair."))]
    held = who.rights.on(it.name)
    owner = row.get("owner")
    if it.pooling is not None and row["pool"] is not None:
        return _in_pool(guard, who.rights.in_pools(it.name), it.pooling, row)
    if not held.reads:
        out.append(Reason(False, "role", T(f"没有任何角色允许查看{it.label.zh}。", f"No role allows reading {it.label.en}.")))
    for reach in held.reads:
        if not reach.role:  # what is theirs alone is told with its reason
            continue
        scope = access.SCOPE_LABELS.get(reach.name, T(reach.name, reach.name))
        if it.policy.read == "role" or reach.owners is None:
            out.append(Reason(True, "role", T(f"角色“{reach.role}”：{scope.zh}。", f"Role “{reach.role}”: {scope.en}.")))
        elif owner in reach.owners:
            out.append(Reason(True, "role", T(f"角色“{reach.role}”：{scope.zh}，负责人在范围内。", f"Role “{reach.role}”: {scope.en}; the owner is within it.")))
        else:
            out.append(Reason(False, "role", T(f"角色“{reach.role}”：{scope.zh}，负责人不在范围内。", f"Role “{reach.role}”: {scope.en}; the owner is outside it.")))
    for link in it.policy.through:
        target = guard.target(it.fields[link])  # type: ignore[arg-type]
        if row.get(link) and storage.satisfying(guard.catalog, target, [row[link]], theirs.readable(target), deleted=False):
            out.append(Reason(True, "through", T(f"能看到它的{target.label.zh}，因此能看到它。", f"May see its {target.label.en}, and therefore this record.")))
    if held.may("read"):
        named = [it.fields[name].label for name in it.policy.readers if who.user in (row[name] or ())]
        out += [Reason(True, "shared", T(f"被列为“{label.zh}”，因此能看到它。", f"Is named in “{label.en}”, and therefore sees it.")) for label in named]
    return out


def _own(who: Actor, it: Definition) -> list[Reason]:
    """What was given to them or taken from them beside their roles, and why."""
    out = []
    for one in who.rights.on(it.name).own if who.rights is not None else ():
        right = own_rights.called(it, one.verb)
        scope = access.SCOPE_LABELS[one.reach]
        far = Text(f"（{scope.zh}）", f" ({scope.en})") if one.given and one.verb == "read" else Text("", "")
        if one.given:
            out.append(Reason(True, "own", T(f"个人权限：给予“{right.zh}”{far.zh}。原因：{one.reason}", f"Given to them alone: {right.en}{far.en}. Reason: {one.reason}")))
        else:
            out.append(Reason(False, "own", T(f"个人权限：收回“{right.zh}”，角色给的也不算。原因：{one.reason}", f"Taken from them: {right.en}, whatever their roles say. Reason: {one.reason}")))
    return out


def _in_pool(guard: Guard, standing: access.Standing, pooling: Pooling, row: dict[str, Any]) -> list[Reason]:
    """Why somebody sees what lies in a pool, and how it got there."""
    pool = guard.catalog.pool(row["pool"])
    name, label = pool.label if pool is not None else T("", ""), pooling.label
    if row["pool"] in standing.runs:
        out = [Reason(True, "pool", T(f"在“{name.zh}”里，由其管理。", f"Lies in “{name.en}”, which they run."))]
    elif row["pool"] in standing.sees:
        out = [Reason(True, "pool", T(f"在“{name.zh}”里，是其成员。", f"Lies in “{name.en}”, of which they are a member."))]
    else:
        out = [Reason(False, "pool", T(f"在“{name.zh}”里，不是其成员，或只由管理员分配。", f"Lies in “{name.en}”, of which they are no member, or which its admins hand out."))]
    hidden = [guard.catalog.objects[guard.catalog.object(pool.object).name].fields[n].label for n, pools in standing.veils.items() if row["pool"] in pools] if pool is not None else []
    if hidden:
        out.append(Reason(False, "pool", T(f"领取后才能看到：{'、'.join(h.zh for h in hidden)}。", f"To be seen once claimed: {', '.join(h.en for h in hidden)}.")))
    at = row["pooled_at"]
    because = lost(guard, row)
    if because is not None and at is not None:
        day = at.astimezone(guard.catalog.settings.tz).date()
        out.append(Reason(False, "recycled", T(f"{day} 进入{label.zh}：{because.zh}。", f"In {label.en.lower()} since {day}: {because.en}.")))
    return out


def lost(guard: Guard, row: Mapping[str, Any]) -> Text | None:
    """Why a record in a pool left its owner: the rule and what it was judged by, or the reason they gave."""
    pool = guard.catalog.pool(row["pool"])
    if pool is None:
        return None
    it = guard.catalog.object(pool.object)
    for event in journal.of_records(guard.actor.workspace, [(it.name, row["id"])], limit=200):
        because = event.changes.get("@because", [None, None])[1]
        if event.verb == "recycle" and because:
            return told_because(it, because, guard)
        if event.verb in ("return_to_pool", "recall"):
            break
    reason = it.fields["return_reason"]
    key = row.get("return_reason")
    if not key:
        return None
    note = f"（{row['return_note']}）" if row.get("return_note") else ""
    return T(f"{reason.show(key, 'zh-CN')}{note}", f"{reason.show(key, 'en')}{note}")


def told_because(it: Definition, because: Mapping[str, Any], guard: Guard) -> Text | None:
    """What an event keeps of why it happened, in words, as far as the reader may know it."""
    kind = because.get("kind")
    if kind == "recycled" and it.pooling is not None:
        text = said(it.pooling, str(because.get("rule")), int(because.get("days") or 0), bool(because.get("workdays")))
        since = because.get("since")
        return T(f"{text.zh}（从 {since} 起算）", f"{text.en} (counted from {since})") if since else text
    if kind == "allotted":
        way = T("轮流", "in turn") if because.get("way") == "round" else T("给持有最少的人", "to whoever holds fewest")
        held, today, of = (int(because.get(name) or 0) for name in ("held", "today", "of"))
        rule = int(because.get("rule") or 0)
        by, by_en = (f"按第 {rule} 条规则，", f"By rule {rule}, ") if rule else ("", "")
        return T(f"{by}{way.zh}：{of} 人中，持有 {held} 条、今天已得 {today} 条", f"{by_en}{way.en}: of {of} people, holding {held}, given {today} today")
    if kind == "bypass":
        return T("管理员越过了领取限制", "An admin passed the limits")
    if kind == "duplicates":
        return T(f"有 {len(because.get('of') or ())} 条可能重复的记录，仍然保存", f"Saved in spite of {len(because.get('of') or ())} likely duplicates")
    if kind == grading.VERB:
        return grading.said(guard, because)
    if kind == "emptied":
        total = sum(dict(because.get("counts") or {}).values())
        return T(f"彻底删除了 {total} 条", f"{total} erased for good")
    if kind == "swept":
        return T(f"{because.get('day')} 夜间收回 {because.get('count')} 条", f"{because.get('count')} taken back in the night after {because.get('day')}")
    return None


def _personal(guard: Guard, who: Actor, it: Definition, row: dict[str, Any]) -> list[Reason]:
    """Why somebody sees a personal record: it is theirs, it is shared with them, or a role manages what is shared."""
    rights = who.rights
    assert rights is not None
    out: list[Reason] = []
    if row["owner"] == who.user:
        out.append(Reason(True, "own", T("这是本人的记录。", "It is theirs.") if who.user != guard.actor.user else T("这是您自己的记录。", "It is yours.")))
    for name in it.policy.readers:
        one = it.fields[name]
        if not isinstance(one, Links):
            if row[name]:
                out.append(Reason(True, "shared", T("已共享给全员。", "Shared with everyone.")))
            continue
        target = guard.target(one)
        named = [i for i in row[name] or () if i in rights.belongs.get(one.target, ())]
        known = names({target.name: named}, actor=guard.actor)
        for i in named:
            called = known.get(i, "")
            out.append(Reason(True, "shared", T(f"已共享给{target.label.zh}“{called}”。", f"Shared with {target.label.en.lower()} “{called}”.")))
    for reach in rights.on(it.name).reads if any(row[name] for name in it.policy.readers) else ():
        if reach.owners is None or row["owner"] in reach.owners:
            scope = access.SCOPE_LABELS.get(reach.name, T(reach.name, reach.name))
            out.append(Reason(True, "role", T(f"角色“{reach.role}”可管理共享的{it.label.zh}：{scope.zh}。", f"Role “{reach.role}” reaches shared records of {it.label.en}: {scope.en}.")))
    if not out:
        out.append(Reason(False, "policy", T(f"{it.label.zh}是个人的，只有本人和被共享的人能看到。", f"{it.label.en} is personal: only its owner and those it is shared with see it.")))
    return out
