"""Conditions, orders and columns as SQL.

Input is checked already: the records room has resolved fields, operands and rights, so a wrong type here is a defect.
Names come from declarations and are safe to write into the text; every value is a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guanxi.base.search_text import tail_query
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import (
    About,
    Across,
    Always,
    And,
    Condition,
    Not,
    Or,
    OwnedBy,
    TeamMember,
    Test,
    WrittenBy,
    folded,
    region_prefix,
)
from guanxi.kernel.declare.fields import Date, DateTime, Field, Links, Money, MultiChoice, Phone, Region, Tags
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import sizes

_TEXT_LIKE = {"text", "date", "timestamptz"}
DIALLED = 7
"""Of so many digits a phone may go on after them; fewer are looked for at its end, where not every tenth has them."""
ARRAY_LIMIT = 1
"""Up to this many owners a linked scope is looked up first and its rows found by index; beyond, each row is probed."""


@dataclass
class Statement:
    """SQL in the making: a counter for aliases and the parameters in the order of their places."""

    catalog: Catalog
    count: int = 0
    apart: bool = False
    """Whether each way in which rows may be seen is a query of its own, see `arms`."""

    def alias(self) -> str:
        self.count += 1
        return f"x{self.count}"


Sql = tuple[str, list[Any]]


def both(parts: Sequence[Sql], word: str) -> Sql:
    return f" {word} ".join(f"({text})" for text, _ in parts), [v for _, values in parts for v in values]


def expression(one: Field, alias: str, suffix: str = "", *, compare: bool = False) -> str:
    """A field's part as an SQL expression over a table alias. `compare`: in the form operands are compared with."""
    return veiled(one, alias, _expression(one, alias, suffix, compare))


def veiled(one: Field, alias: str, text: str) -> str:
    """The expression, empty for rows in pools that hide the field from whoever the catalog is for: so they can neither read
    nor filter, sort, group or total by it."""
    if not one.veil:
        return text
    pools = ", ".join(f"'{pool}'::uuid" for pool in one.veil)
    return f"(CASE WHEN {alias}.pool_id IN ({pools}) THEN NULL ELSE {text} END)"


def _expression(one: Field, alias: str, suffix: str, compare: bool) -> str:
    if one.virtual:
        return one.formula.replace("{t}", alias) or f"NULL::{one.sql}"
    if one.system:
        return f'{alias}."{one.name}"'
    if not one.custom:
        return f'{alias}."{one.column(suffix)}"'
    part = next(p for p in one.parts if p.suffix == suffix)
    if isinstance(one, Money):
        key = {"": "amount", "_currency": "currency", "_base": "base"}[suffix]
        text = f"({alias}.custom->'{one.name}'->>'{key}')"
        if key == "base":
            text = f"COALESCE({text}, {alias}.custom->'{one.name}'->>'amount')"
    elif isinstance(one, Region):
        text = f"({alias}.custom->'{one.name}'->>'{'detail' if suffix else 'code'}')"
    elif part.sql in ("jsonb", "text[]"):
        return f"({alias}.custom->'{one.name}')"
    else:
        text = f"({alias}.custom->>'{one.name}')"
    if part.sql == "text":
        return text
    if compare and part.sql in _TEXT_LIKE:
        return f'{text} COLLATE "C"'
    return f"({text})::{part.sql}"


def operand(one: Field, value: Any) -> Any:
    """An operand in the form `expression(compare=True)` has: ISO text for dates inside JSON."""
    if one.custom and isinstance(one, Date | DateTime):
        return one.to_json(value)
    return value


def predicate(st: Statement, it: Definition, alias: str, condition: Condition) -> Sql:
    """A condition over the rows of `it` under `alias`, never NULL."""
    match condition:
        case Always():
            return "TRUE", []
        case And(items):
            return both([predicate(st, it, alias, i) for i in items], "AND") if items else ("TRUE", [])
        case Or(items):
            return both([predicate(st, it, alias, i) for i in items], "OR") if items else ("FALSE", [])
        case Not(item):
            text, values = predicate(st, it, alias, item)
            return f"NOT ({text})", values
        case OwnedBy(users):
            if len(users) == 1:
                return f"({alias}.owner_id IS NOT NULL AND {alias}.owner_id = %s)", [users[0]]
            return f"({alias}.owner_id IS NOT NULL AND {alias}.owner_id = ANY(%s))", [list(users)]
        case TeamMember(user, level):
            more = " AND m.level = 'write'" if level == "write" else ""
            return (
                f"{alias}.id = ANY(ARRAY(SELECT m.record_id FROM gx_team_member m WHERE m.workspace_id = %s "
                f"AND m.user_id = %s AND m.object = %s AND (m.until IS NULL OR m.until > now()){more}))",
                [st.catalog.workspace, user, it.name],
            )
        case WrittenBy(user, hours):
            return f"({alias}.created_by IS NOT NULL AND {alias}.created_by = %s AND {alias}.created_at > now() - make_interval(hours => %s))", [user, hours]
        case Across(link, target_name, item):
            return _across(st, it, alias, it.fields[link], st.catalog.objects[target_name], item)
        case About(target_name, item, named):
            target, inner = st.catalog.objects[target_name], st.alias()
            text, values = predicate(st, target, inner, item)
            # A value, not EXISTS: that becomes a join, and behind row-level security one over a cast reads the whole table.
            return (
                f"({alias}.object_name = %s AND COALESCE((SELECT TRUE FROM {target.table} {inner} WHERE {inner}.id = {alias}.{named}::uuid "
                f"AND {inner}.workspace_id = %s AND {inner}.deleted_at IS NULL AND ({text})), FALSE))",
                [target.name, st.catalog.workspace, *values],
            )
        case Test():
            return _test(st, it, alias, condition)
    raise TypeError(condition)


def arms(where: Condition) -> list[Condition]:
    """The ways in which rows may be seen (own, shared, through a linked record), each with the rest of the condition.

    Joined by OR they hide from the planner that each has an index in the wanted order: it walks everybody's rows until
    enough are found. Apart, each is read in order and stops. None when there is only one way or the rows are named.
    """
    items = where.items if isinstance(where, And) else (where,)
    if any(isinstance(item, Test) and item.path == "id" for item in items):
        return []
    for index, item in enumerate(items):
        if isinstance(item, Or) and len(item.items) > 1 and any(isinstance(one, OwnedBy) for one in item.items):
            rest = (*items[:index], *items[index + 1 :])
            return [And((one, *rest)) for one in item.items]
    return []


def conjoined(first: Condition, second: Condition) -> Condition:
    """Both, flat, so that `arms` sees every part."""
    return And(tuple(part for one in (first, second) for part in (one.items if isinstance(one, And) else (one,))))


def _owners(item: Condition) -> int:
    match item:
        case OwnedBy(users):
            return len(users)
        case And(items) | Or(items):
            return max((_owners(i) for i in items), default=0)
    return 0


def _across(st: Statement, it: Definition, alias: str, link: Field, target: Definition, item: Condition) -> Sql:
    inner = st.alias()
    text, values = predicate(st, target, inner, item)
    where = f"{inner}.workspace_id = %s AND {inner}.deleted_at IS NULL AND ({text})"
    values = [st.catalog.workspace, *values]
    if isinstance(link, Links):
        pair = st.alias()
        return (
            f"EXISTS (SELECT 1 FROM gx_link {pair} JOIN {target.table} {inner} ON {inner}.id = {pair}.target_id "
            f"WHERE {pair}.workspace_id = %s AND {pair}.object = %s AND {pair}.field = %s AND {pair}.source_id = {alias}.id AND {where})",
            [st.catalog.workspace, it.name, link.name, *values],
        )
    column = expression(link, alias)
    owners = _owners(item)
    if 0 < owners <= ARRAY_LIMIT and not st.apart:
        return f"({column} IS NOT NULL AND {column} = ANY(ARRAY(SELECT {inner}.id FROM {target.table} {inner} WHERE {where})))", values
    return f"({column} IS NOT NULL AND EXISTS (SELECT 1 FROM {target.table} {inner} WHERE {inner}.id = {column} AND {where}))", values


def like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _test(st: Statement, it: Definition, alias: str, test: Test) -> Sql:
    if test.path == "id":
        if test.op == "in" and len(test.value) != 1:
            return f"{alias}.id = ANY(%s)", [list(test.value)]
        return f"{alias}.id = %s", [test.value[0] if test.op == "in" else test.value]
    one = it.fields[test.path]
    op, value = test.op, test.value
    if op == "found":
        return _found(st, it, alias, one, value)
    if isinstance(one, Links):
        return _links(st, it, alias, one, op, value)
    if isinstance(one, Phone):
        return _phone(expression(one, alias), op, value)
    if isinstance(one, Tags | MultiChoice):
        return _array(expression(one, alias), op, value, custom=one.custom)
    if op in ("empty", "not empty"):
        text = f"{expression(one, alias)} IS NULL"
        return (f"({text})" if op == "empty" else f"NOT ({text})"), []
    if isinstance(one, Region):
        return _region(one, alias, op, value)
    if op == "initial":
        return f"({alias}.\"{it.initial}\" IS NOT NULL AND {alias}.\"{it.initial}\" = %s)", [value]
    if op in ("contains", "not contains", "starts", "ends"):
        column = normal(it, one, alias)
        pattern = like(folded(str(value)).strip())
        pattern = {"starts": f"{pattern}%", "ends": f"%{pattern}"}.get(op, f"%{pattern}%")
        if op == "not contains":
            return f"COALESCE(({column}) NOT LIKE %s, TRUE)", [pattern]
        if one.name == it.title and sizes.frequent(st.catalog, it, str(value)):  # which the planner then takes for one in two hundred
            return f"({expression(one, alias)} IS NOT NULL AND (CASE WHEN ({column}) LIKE %s THEN 1 ELSE 0 END) = 1)", [pattern]
        # Not inside COALESCE: the planner takes that for half of all rows, and walks a million names for fifty of one person's.
        return f"({expression(one, alias)} IS NOT NULL AND ({column}) LIKE %s)", [pattern]
    suffix = "_base" if isinstance(one, Money) else ""
    column = expression(one, alias, suffix, compare=True)
    if op == "within" or (op == "=" and isinstance(value, tuple)):
        low, high = value
        return f"({column} IS NOT NULL AND {column} >= %s AND {column} < %s)", [operand(one, low), operand(one, high)]
    if op == "between":
        low, high = (operand(one, v) for v in value)
        return f"({column} IS NOT NULL AND {column} >= %s AND {column} <= %s)", [low, high]
    if op in ("in", "not in", "under"):
        asked = [operand(one, v) for v in value]
        if not asked:
            return ("TRUE" if op == "not in" else "FALSE"), []
        if op == "not in":
            return f"({column} IS NULL OR {column} <> ALL(%s))", [asked]
        if len(asked) == 1:  # a kept plan takes a list for ten values, and then looks costlier than planning anew
            return f"({column} IS NOT NULL AND {column} = %s)", asked
        return f"({column} IS NOT NULL AND {column} = ANY(%s))", [asked]
    if op == "!=":
        return f"{column} IS DISTINCT FROM %s", [operand(one, value)]
    if op in ("=", ">", ">=", "<", "<="):
        return f"({column} IS NOT NULL AND {column} {op} %s)", [operand(one, value)]
    raise ValueError(op)


def normal(it: Definition, one: Field, alias: str) -> str:
    """The normal form of a text. A title's is kept; of the others most are in it already, and asking costs a third of
    making it."""
    text = expression(one, alias)
    if one.name == it.title and it.normal:
        return f'COALESCE({alias}."{it.normal}", {text})'
    return f"CASE WHEN {text} IS NFKC NORMALIZED THEN lower({text}) ELSE lower(normalize({text}, NFKC)) END"


def _links(st: Statement, it: Definition, alias: str, one: Links, op: str, value: Any) -> Sql:
    pair = st.alias()
    base = (
        f"SELECT 1 FROM gx_link {pair} WHERE {pair}.workspace_id = %s AND {pair}.object = %s AND {pair}.field = %s "
        f"AND {pair}.source_id = {alias}.id"
    )
    values: list[Any] = [st.catalog.workspace, it.name, one.name]
    if op in ("empty", "not empty"):
        return f"{'NOT ' if op == 'empty' else ''}EXISTS ({base})", values
    ids = list(value)
    if op in ("has", "has all"):
        if not ids:
            return "TRUE", []
        each = [(f"EXISTS ({base} AND {pair}.target_id = %s)", [*values, one_id]) for one_id in ids]
        return both(each, "AND")
    text = f"EXISTS ({base} AND {pair}.target_id = ANY(%s))"
    return (f"NOT {text}" if op == "has none" else text), [*values, ids]


def _array(column: str, op: str, value: Any, *, custom: bool) -> Sql:
    if op in ("empty", "not empty"):
        empty = f"({column} IS NULL OR {column} = {chr(39)}null{chr(39)}::jsonb)" if custom else f"({column} IS NULL)"
        return (empty if op == "empty" else f"NOT {empty}"), []
    asked = list(value)
    every, some = ("?&", "?|") if custom else ("@>", "&&")
    cast = "" if custom else "::text[]"
    if op in ("has", "has all"):
        return f"COALESCE({column} {every} %s{cast or '::text[]'}, FALSE)", [asked]
    text = f"COALESCE({column} {some} %s{cast or '::text[]'}, FALSE)"
    return (f"NOT {text}" if op == "has none" else text), [asked]


def _phone(column: str, op: str, value: Any) -> Sql:
    if op in ("empty", "not empty"):
        empty = f"({column} IS NULL OR {column} = 'null'::jsonb)"
        return (empty if op == "empty" else f"NOT {empty}"), []
    digits = "regexp_replace(split_part(e->>'number', ';', 1), '\\D', '', 'g')"
    each = f"EXISTS (SELECT 1 FROM jsonb_array_elements({column}) e WHERE {{}})"
    guard = f"({column} IS NOT NULL AND jsonb_typeof({column}) = 'array' AND {each})"
    if op == "=":
        bare = value.lstrip("0")
        return guard.format(f"{digits} = ANY(%s)"), [[value, bare, "86" + bare]]
    pattern = f"%{value}" if op == "ends" else f"%{value}%"
    return guard.format(f"{digits} LIKE %s"), [pattern]


def _found(st: Statement, it: Definition, alias: str, one: Field, value: str) -> Sql:
    """Whose phone or number ends so, or whose phone begins with so many digits, by the index of words: only the few it leads to are then looked
    at themselves, which for a phone takes long. The index lies outside row-level security and says the workspace itself."""
    longer = isinstance(one, Phone) and len(value) >= DIALLED
    text, values = _test(st, it, alias, Test(one.name, "contains" if longer else "ends", value))
    there = f"{alias}.id IN (SELECT e.id FROM gx_search_entry e WHERE e.workspace_id = %s AND e.object = %s AND e.tokens @@ %s::tsquery)"
    return f"({there} AND {text})", [st.catalog.workspace, it.name, tail_query(value, longer), *values]


def _region(one: Field, alias: str, op: str, value: Any) -> Sql:
    code = expression(one, alias)
    if op == "contains":
        detail = expression(one, alias, "_detail")
        return f"COALESCE(lower(normalize({detail}, NFKC)) LIKE %s, FALSE)", [f"%{like(folded(str(value)).strip())}%"]
    if op == "exactly":
        return f"COALESCE({code} = %s, FALSE)", [value]
    asked = value if isinstance(value, list | tuple) else [value]
    prefixes = [like(region_prefix(str(v))) + "%" for v in asked]
    text = f"COALESCE({code} LIKE ANY(%s), FALSE)"
    return (f"NOT {text}" if op == "!=" else text), [prefixes]


@dataclass(frozen=True)
class Key:
    """One step of an order: an expression, its direction, and whether it may be empty (empty ones come last, and first in an order
    that is read backwards)."""

    sql: str
    descending: bool
    nullable: bool
    field: Field | None = None
    backwards: bool = False

    def turned(self) -> Key:
        """The same step of the order read from its end."""
        return replace(self, descending=not self.descending, backwards=not self.backwards)


def order_by(keys: Sequence[Key]) -> str:
    out = []
    for key in keys:
        text = f"{key.sql} DESC" if key.descending else f"{key.sql} ASC"
        if key.nullable and key.descending != key.backwards:  # otherwise it is where the database puts them by itself
            text += " NULLS FIRST" if key.backwards else " NULLS LAST"
        out.append(text)
    return ", ".join(out)


def after(keys: Sequence[Key], values: Sequence[Any]) -> Sql:
    """Rows that come after a row with these key values."""
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        sign = "<" if keys[0].descending else ">"
        return f"({', '.join(k.sql for k in keys)}) {sign} ({', '.join(['%s'] * len(keys))})", list(values)
    choices: list[Sql] = []
    for i, key in enumerate(keys):
        same: list[Sql] = [
            (f"{k.sql} IS NULL", []) if v is None else (f"{k.sql} = %s", [v])
            for k, v in zip(keys[:i], values[:i], strict=True)
        ]
        value = values[i]
        if value is None:
            if key.backwards:
                choices.append(both([*same, (f"{key.sql} IS NOT NULL", [])], "AND"))
            continue
        sign = "<" if key.descending else ">"
        later = f"{key.sql} {sign} %s" + (f" OR {key.sql} IS NULL" if key.nullable and not key.backwards else "")
        choices.append(both([*same, (later, [value])], "AND"))
    return both(choices, "OR") if choices else ("FALSE", [])


BUCKETS = ("day", "week", "month", "quarter", "year")
MEASURES = ("count", "sum", "avg", "min", "max", "distinct")


def bucket(one: Field, sql: str, unit: str, zone: str) -> Sql:
    """The first day of the period a date or instant falls in, in the workspace's zone; weeks begin on Monday."""
    if isinstance(one, DateTime):
        return f"date_trunc(%s, {sql} AT TIME ZONE %s)::date", [unit, zone]
    return f"date_trunc(%s, {sql}::timestamp)::date", [unit]


@dataclass
class Joined:
    """A linked record read along: its alias, the link it comes by, and the rows of the target that may be seen."""

    alias: str
    link: Field
    parent: str
    target: Definition
    allowed: Condition
    children: dict[str, Joined] = field(default_factory=dict)


def join(st: Statement, joined: Joined) -> Sql:
    text, values = predicate(st, joined.target, joined.alias, joined.allowed)
    on = f"{joined.alias}.id = {expression(joined.link, joined.parent)} AND {joined.alias}.workspace_id = %s AND {joined.alias}.deleted_at IS NULL"
    sql = f"LEFT JOIN {joined.target.table} {joined.alias} ON {on} AND ({text})"
    return sql, [st.catalog.workspace, *values]
