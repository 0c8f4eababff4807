"""What pools ask of rows: which records a rule takes back and when, who holds how many, how often somebody claimed.

One set of expressions serves the column of remaining days, the filter of what leaves soon, the simulation and the night:
they cannot disagree. A rule's day is its date plus its days; it takes records back in the night after that day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.ids import uuid7_floor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.pools import Pool
from guanxi.kernel.declare.conditions import Across, And, Condition, Not, Or, Test, from_text
from guanxi.kernel.declare.fields import DateTime, Field
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.declare.pooling import PROTECTION, DaysLeft, Hanging, Leaving, Pooling, Rule
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.compile import Statement, expression, predicate

INNER = 9_000
"""Aliases inside these expressions count from here, so that they never hide the row's own."""
ME = "{t}"
AHEAD = 60
"""So many days ahead a date that rules count from may lie."""
NEVER = 999_999
"""Days that stand for never while the least is looked for: the greater of nothing and 0 would be 0."""


@dataclass(frozen=True)
class Due:
    """A record a rule takes back: from which owner, by which rule, after how many days counted from when."""

    id: UUID
    owner: UUID
    rule: str
    days: int
    since: date
    due: date
    workdays: bool = False


# -- expressions -------------------------------------------------------------------------------------------------------


def literal(value: Any) -> str:
    """A value written into the text, for expressions that carry no parameters. Only what declarations and checked settings
    hold comes here."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return f"ARRAY[{', '.join(literal(v) for v in value)}]"
    if isinstance(value, UUID):
        return f"'{value}'::uuid"
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'::timestamptz"
    if isinstance(value, date):
        return f"'{value.isoformat()}'::date"
    text = str(value).replace("'", "''").replace("%", "%%")
    return f" E'{text.replace(chr(92), chr(92) * 2)}'"


def _inline(text: str, values: Sequence[Any]) -> str:
    parts = text.split("%s")
    assert len(parts) == len(values) + 1
    return "".join(part + (literal(values[i]) if i < len(values) else "") for i, part in enumerate(parts))


def declared(catalog: Catalog, it: Definition, text: str, alias: str = ME) -> str:
    """A declared condition over an alias, never NULL."""
    if not text:
        return "TRUE"
    st = Statement(catalog, count=INNER)
    return _inline(*predicate(st, it, alias, _typed(catalog, it, from_text(text))))


def _typed(catalog: Catalog, it: Definition, tree: Condition) -> Condition:
    """A declared condition with operands of its fields' types, and what it crosses crossed."""
    match tree:
        case And(items):
            return And(tuple(_typed(catalog, it, item) for item in items))
        case Or(items):
            return Or(tuple(_typed(catalog, it, item) for item in items))
        case Not(item):
            return Not(_typed(catalog, it, item))
        case Test(path, op, value):
            name, _, rest = path.partition(".")
            one = it.fields[name]
            if rest:
                target = catalog.objects[one.target]  # type: ignore[attr-defined]
                return Across(name, target.name, _typed(catalog, target, Test(rest, op, value)))
            if op in ("empty", "not empty"):
                return tree
            if isinstance(value, list):
                return Test(path, op, [one.operand(v, catalog.settings) for v in value])
            return Test(path, op, one.operand(value, catalog.settings))
    return tree


def day_of(catalog: Catalog, one: Field, text: str) -> str:
    zone = catalog.settings.zone.replace("'", "''")
    return f"(({text}) AT TIME ZONE '{zone}')::date" if isinstance(one, DateTime) else f"({text})"


def _hanging(catalog: Catalog, h: Hanging) -> tuple[Definition, str]:
    """The object that hangs on the row under alias h, and the rows of it that do."""
    other = catalog.objects[h.object]
    on = f"h.workspace_id = {ME}.workspace_id AND {expression(other.fields[h.link], 'h')} = {ME}.id AND h.deleted_at IS NULL"
    return other, f"{on} AND ({declared(catalog, other, h.where, 'h')})"


def _since(catalog: Catalog, it: Definition, rule: Rule) -> str:
    """The day a rule counts from, as an expression."""
    if rule is PROTECTION:
        return f"{ME}.protected_until"
    own = it.fields["owned_since"]
    parts = [day_of(catalog, own, f"COALESCE({ME}.owned_since, {ME}.created_at)")]
    parts += [day_of(catalog, it.fields[name], expression(it.fields[name], ME)) for name in rule.dates]
    for h in rule.hangs:
        other, where = _hanging(catalog, h)
        at = day_of(catalog, other.fields[h.at], f"max({expression(other.fields[h.at], 'h')})")
        parts.append(f"(SELECT {at} FROM {other.table} h WHERE {where})")
    return f"GREATEST({', '.join(parts)})"


def _days(it: Definition, pooling: Pooling, pool: Pool, rule: Rule) -> str:
    """The days a pool gives a rule for the row's choice, NULL for never."""
    return _by_choice(it, pooling, pool, rule, str)


def _by_choice(it: Definition, pooling: Pooling, pool: Pool, rule: Rule, said: Callable[[int], str]) -> str:
    """What is said of the days a pool gives a rule for the row's choice, NULL for never."""
    if rule is PROTECTION:
        return said(0) if pool.rules.get(rule.key, (None, {}))[0] is not None else "NULL"
    days, by = pool.rules.get(rule.key, (None, {}))
    usual = "NULL" if days is None else said(int(days))
    if not by or not pooling.by:
        return usual
    cases = " ".join(f"WHEN {literal(key)} THEN {'NULL' if n is None else said(int(n))}" for key, n in by.items())
    return f"(CASE {expression(it.fields[pooling.by], ME)} {cases} ELSE {usual} END)"


def _named(catalog: Catalog, it: Definition, pool: Pool, rule: Rule, day: date) -> str:
    """The day a rule names for the row, as an expression to be compared with `day` and later ones; NULL for never."""
    assert it.pooling is not None
    since = _since(catalog, it, rule)
    if not pool.workdays or rule is PROTECTION:
        return f"({since} + {_days(it, it.pooling, pool, rule)}::int)"
    return _by_choice(it, it.pooling, pool, rule, lambda days: _working(catalog, since, days, day))


def _working(catalog: Catalog, since: str, days: int, day: date) -> str:
    """So many working days after a date, as an expression: looked up in a list of how far from `day` the answer lies for each date from AHEAD
    days later back to where all answers are over by then."""
    far: list[int] = []
    back = -AHEAD
    while not far or far[-1] > 0 or back <= 0:
        far.append((catalog.calendar.after(day - timedelta(days=back), days) - day).days)
        back += 1
    place = f"LEAST(GREATEST({literal(day)} - {since}, {-AHEAD}), {len(far) - AHEAD - 1}) + {AHEAD + 1}"
    return f"({literal(day)} + (ARRAY{far})[{place}])"


def named_on(catalog: Catalog, pool: Pool, rule: str, since: date, days: int) -> date:
    """The day a rule names that counts so many days from a date."""
    if pool.workdays and rule != PROTECTION.key:
        return catalog.calendar.after(since, days)
    return date.fromordinal(since.toordinal() + days)


def rules(it: Definition, pool: Pool) -> list[Rule]:
    """The rules a pool has days for."""
    assert it.pooling is not None
    return [rule for rule in (*it.pooling.rules, PROTECTION) if rule.key in pool.rules and _set(pool, rule.key)]


def _set(pool: Pool, key: str) -> bool:
    days, by = pool.rules[key]
    return days is not None or any(n is not None for n in by.values())


def _due(catalog: Catalog, it: Definition, pool: Pool, day: date) -> str:
    """The first day a pool's rules name for the row, as an expression to be compared with `day` and later ones."""
    each = [_named(catalog, it, pool, rule, day) for rule in rules(it, pool)]
    return f"LEAST({', '.join(each)})" if each else "NULL::date"


def _member(catalog: Catalog, pool: Pool) -> str:
    """Whether the row's owner is a member of a pool."""
    if pool.everyone:
        return "TRUE"
    return f"{ME}.owner_id = ANY(ARRAY({members(catalog, pool)}))"


def members(catalog: Catalog, pool: Pool) -> str:
    """The users who are members of a pool, departments with those below."""
    parts = ["FALSE"]
    if pool.members.get("user"):
        parts.append(f"u.id = ANY({literal(sorted(pool.members['user']))})")
    if pool.members.get("department"):
        parts.append(
            "EXISTS (WITH RECURSIVE d AS (SELECT id FROM gx_department WHERE workspace_id = u.workspace_id AND id = ANY("
            f"{literal(sorted(pool.members['department']))}) UNION SELECT c.id FROM gx_department c JOIN d ON c.above_id = d.id "
            "WHERE c.deleted_at IS NULL) SELECT 1 FROM d WHERE d.id = u.department_id OR EXISTS (SELECT 1 FROM gx_link l "
            "WHERE l.workspace_id = u.workspace_id AND l.object = 'user' AND l.field = 'departments' AND l.source_id = u.id AND l.target_id = d.id))"
        )
    if pool.members.get("role"):
        parts.append(
            "EXISTS (SELECT 1 FROM gx_link l WHERE l.workspace_id = u.workspace_id AND l.object = 'user' AND l.field = 'roles' "
            f"AND l.source_id = u.id AND l.target_id = ANY({literal(sorted(pool.members['role']))}))"
        )
    return f"SELECT u.id FROM gx_user u WHERE u.workspace_id = '{catalog.workspace}'::uuid AND ({' OR '.join(parts)})"


def _takes(catalog: Catalog, it: Definition, pool: Pool, day: date) -> str:
    """Whether a pool's rules look at the row at all on a day: it is somebody's, alive, not locked, nothing excludes it."""
    pooling = it.pooling
    assert pooling is not None
    today = literal(day)
    parts = [
        f"{ME}.owner_id IS NOT NULL AND {ME}.pool_id IS NULL AND {ME}.deleted_at IS NULL",
        f"NOT ({ME}.locked_at IS NOT NULL AND ({ME}.locked_until IS NULL OR {ME}.locked_until >= {today}))",
        declared(catalog, it, pooling.live),
        *(f"NOT ({excluded(catalog, it, one.key)})" for one in pooling.exclusions if one.key in pool.exclude),
        _member(catalog, pool),
    ]
    return " AND ".join(f"({part})" for part in parts)


def excluded(catalog: Catalog, it: Definition, key: str, alias: str = ME) -> str:
    """Whether an exclusion holds for the row, as an expression."""
    assert it.pooling is not None
    one = next(one for one in it.pooling.exclusions if one.key == key)
    if one.hangs is None:
        return declared(catalog, it, one.where).replace(ME, alias)
    other, where = _hanging(catalog, one.hangs)
    return f"EXISTS (SELECT 1 FROM {other.table} h WHERE {where})".replace(ME, alias)


def at_work(catalog: Catalog, it: Definition) -> list[Pool]:
    """An object's pools that take records back, in order."""
    return [pool for pool in catalog.pools_of(it.name) if pool.enabled and pool.recycling and rules(it, pool)]


def with_formulas(catalog: Catalog) -> Catalog:
    """The catalog in which the virtual fields of pooled objects know how they are worked out."""
    objects = dict(catalog.objects)
    for it in catalog.objects.values():
        if it.pooling is None:
            continue
        pools = at_work(catalog, it)
        day = catalog.settings.today
        today = literal(day)
        left = [f"WHEN {_takes(catalog, it, pool, day)} THEN NULLIF(GREATEST(COALESCE({_due(catalog, it, pool, day)} - {today}, {NEVER}), 0), {NEVER})" for pool in pools]
        soon = [f"WHEN {_takes(catalog, it, pool, day)} THEN {_due(catalog, it, pool, day)} - {today} <= {pool.remind}" for pool in pools]
        fields = dict(it.fields)
        for name, one in it.fields.items():
            if isinstance(one, DaysLeft):
                fields[name] = one.bound(formula=f"(CASE {' '.join(left)} END)::bigint" if left else "")
            elif isinstance(one, Leaving):
                fields[name] = one.bound(formula=f"COALESCE((CASE {' '.join(soon)} END), FALSE)" if soon else "FALSE")
        objects[it.name] = replace(it, fields=fields)
    return replace(catalog, objects=objects)


# -- what is due -------------------------------------------------------------------------------------------------------


def due(
    catalog: Catalog, it: Definition, pool: Pool, before: Sequence[Pool], day: date, *, after: UUID | None = None, limit: int | None = None, lock: bool = False,
    ahead: int = 0, ids: Sequence[UUID] | None = None,
) -> list[Due]:
    """What a pool takes back in the night after `day`, or in the `ahead` nights after it, in the order of ids; of some records, or
    of all. `before`: pools at work that come first and take what both would. Rows are locked on demand, those that somebody holds
    are left for the next time."""
    names = rules(it, pool)
    if not names:
        return []
    assert it.pooling is not None
    pairs = [(_since(catalog, it, rule), f"{_days(it, it.pooling, pool, rule)}::int") for rule in names]
    where = [_takes(catalog, it, pool, day), *(f"NOT ({_takes(catalog, it, other, day)})" for other in before), f"{_due(catalog, it, pool, day)} <= {literal(day)} + {int(ahead)}"]
    if ids is not None:
        where.append(f"{ME}.id = ANY({literal(sorted(ids))}::uuid[])")
    heads = ", ".join(f"{since}, {days}" for since, days in pairs)
    text = (
        f"SELECT {ME}.id, {ME}.owner_id, {heads} FROM {it.table} {ME} WHERE {ME}.workspace_id = %s AND {' AND '.join(f'({w})' for w in where)} "
        f"{f'AND {ME}.id > %s ' if after is not None else ''}ORDER BY {ME}.id"
    ).replace(ME, "t")
    found = sql.rows(
        text + (f" LIMIT {int(limit)}" if limit is not None else "") + (" FOR UPDATE OF t SKIP LOCKED" if lock else ""),
        [catalog.workspace, *([after] if after is not None else [])],
    )
    out = []
    for row in found:
        judged = [(row[2 + 2 * i], row[3 + 2 * i], rule.key) for i, rule in enumerate(names)]
        due_on, since, days, key = min(
            ((named_on(catalog, pool, key, since, days), since, days, key) for since, days, key in judged if since is not None and days is not None),
            key=lambda one: one[0],
        )
        out.append(Due(row[0], row[1], key, days, since, due_on, pool.workdays))
    return out


# -- who holds what ------------------------------------------------------------------------------------------------------


def serialise(users: Sequence[UUID]) -> None:
    """One after the other whoever counts for these people, until the transaction ends."""
    sql.rows("SELECT pg_advisory_xact_lock(hashtextextended(x, 7)) FROM unnest(%s::text[]) x", [[f"pool:{user}" for user in sorted(set(users))]])


def claimed(workspace: UUID, it: Definition, pool: UUID, user: UUID, since: datetime) -> int:
    """How often somebody claimed from a pool since an instant: counted by events, so nothing gives one back."""
    return int(
        sql.rows(
            "SELECT count(*) FROM gx_event WHERE workspace_id = %s AND actor_id = %s AND verb = 'claim' AND id >= %s AND object = %s "
            "AND changes->'pool'->>0 = %s",
            [workspace, user, uuid7_floor(since), it.name, str(pool)],
        )[0][0]
    )


def held(catalog: Catalog, it: Definition, users: Sequence[UUID], pool: Pool) -> dict[UUID, tuple[int, int, int]]:
    """Per person: how many records they hold out of a pool, how many altogether (both without what the pool does not count),
    and how many of theirs are locked."""
    counted = " AND ".join(["TRUE", *(f"NOT ({excluded(catalog, it, key, 't')})" for key in pool.uncounted)])
    today = literal(catalog.settings.today)
    found = sql.rows(
        f"SELECT t.owner_id, count(*) FILTER (WHERE t.from_pool_id = %s AND {counted}), count(*) FILTER (WHERE {counted}), "
        f"count(*) FILTER (WHERE t.locked_at IS NOT NULL AND (t.locked_until IS NULL OR t.locked_until >= {today})) "
        f"FROM {it.table} t WHERE t.workspace_id = %s AND t.owner_id = ANY(%s) AND t.deleted_at IS NULL GROUP BY t.owner_id",
        [pool.id, catalog.workspace, list(users)],
    )
    out = dict.fromkeys(users, (0, 0, 0))
    return out | {row[0]: (row[1], row[2], row[3]) for row in found}


def pools_with(catalog: Catalog, it: Definition, user: UUID) -> set[UUID]:
    """The enabled pools of an object that somebody is a member of."""
    there = [pool for pool in catalog.pools_of(it.name) if pool.enabled]
    asked = [f"('{pool.id}'::uuid, {'TRUE' if pool.everyone else f'%s = ANY(ARRAY({members(catalog, pool)}))'})" for pool in there]
    if not asked:
        return set()
    values = [user for pool in there if not pool.everyone]
    return {row[0] for row in sql.rows(f"SELECT v.id FROM (VALUES {', '.join(asked)}) AS v(id, is_in) WHERE v.is_in", values)}


def matching(catalog: Catalog, it: Definition, ids: Sequence[UUID], key: str) -> set[UUID]:
    """Those of some records for which an exclusion holds."""
    found = sql.rows(
        f"SELECT t.id FROM {it.table} t WHERE t.workspace_id = %s AND t.id = ANY(%s) AND ({excluded(catalog, it, key, 't')})", [catalog.workspace, list(ids)]
    )
    return {row[0] for row in found}


def swept(workspace: UUID) -> dict[UUID, date | None]:
    """Of each pool the last day whose night is done: read anew each time, catalogs do not hold it."""
    return dict(sql.rows("SELECT id, swept_on FROM gx_pool WHERE workspace_id = %s AND deleted_at IS NULL", [workspace]))


def active(workspace: UUID, users: Sequence[UUID]) -> set[UUID]:
    found = sql.rows(
        "SELECT id FROM gx_user WHERE workspace_id = %s AND id = ANY(%s) AND deleted_at IS NULL AND active IS NOT FALSE", [workspace, list(users)]
    )
    return {row[0] for row in found}


def inside(catalog: Catalog, it: Definition, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Which of some records lie in which pool, living or in the bin."""
    found = sql.rows(
        f"SELECT id, pool_id FROM {it.table} WHERE workspace_id = %s AND id = ANY(%s) AND pool_id IS NOT NULL", [catalog.workspace, list(ids)]
    )
    return {row[0]: row[1] for row in found}
