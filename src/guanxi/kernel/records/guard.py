"""What an actor asked for, made safe: fields resolved, operands checked, rights woven in.

After this room a condition holds only what the actor may use. A field the actor may not see is answered exactly like one
that does not exist; a masked one can be shown, and asked whether it is exactly something known, but not filtered otherwise, sorted or grouped by,
because that would tell its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.clock import bounds, canonical_relative, relative
from guanxi.base.errors import FieldError, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.search_text import national, tail_query
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import Across, Always, And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import (
    AutoNumber,
    Date,
    DateTime,
    Department,
    Field,
    FieldProblem,
    Link,
    Links,
    LongText,
    Phone,
    Region,
    TextField,
)
from guanxi.kernel.declare.grouping import OBJECT as GROUP
from guanxi.kernel.declare.objects import Definition


def unknown_field(where: str, path: str) -> Invalid:
    return Invalid([FieldError(where, "unknown-field", T(f"没有“{path}”这个字段。", f"There is no field {path!r}."))])


EXACT = 5
"""Signs that a value has at least which a masked field may be compared with: shorter ones could be tried out."""


def comparable(one: Field) -> bool:
    """Whether a field may be compared with one whole value by somebody who sees it masked."""
    return isinstance(one, TextField | Phone) and not isinstance(one, LongText)


def indexed(it: Definition, one: Field) -> bool:
    """Whether records are found by the end of this field's numbers through the index of words."""
    return isinstance(one, AutoNumber | Phone) and one.search and it.sought and it.policy.read not in ("about", "pair")


WHO = ("me", "my department", "my departments")


def _storable(text: str) -> bool:
    """Whether the database can hold the text at all: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


@dataclass(frozen=True)
class Guard:
    """One actor's view of one catalog."""

    catalog: Catalog
    actor: Actor

    def object(self, name: str) -> Definition:
        """An object the actor may read at all; anything else does not exist for them."""
        it = self.catalog.object(name)
        if not access.may(self.actor.rights, it, "read"):
            raise NotFound(T(f"没有“{name}”这个对象。", f"There is no object {name!r}."), code="no-object")
        return it

    def readable(self, it: Definition, asked: Condition | None = None) -> Condition:
        """The rows the actor may read. `asked`: what is asked besides, which may narrow of what records are about."""
        parts = asked.items if isinstance(asked, And) else (asked,)
        about = [part.value for part in parts if it.policy.read in ("about", "pair") and isinstance(part, Test) and (part.path, part.op) == ("object_name", "=")]
        return access.readable(self.actor.rights, it, self.catalog.objects, about=about[0] if about else "")

    def hides(self, it: Definition, row: Mapping[str, Any]) -> bool:
        """Whether the record lies in a pool that hides something of it from the actor, and with it what hangs on it."""
        if it.pooling is None or self.actor.rights is None:
            return False
        pool = row.get("pool")
        pool = pool["id"] if isinstance(pool, Mapping) else pool
        return "pool" not in row or (pool is not None and pool not in self.actor.rights.in_pools(it.name).plain)

    def writable(self, it: Definition, verb: str = "update") -> Condition:
        return access.writable(self.actor.rights, it, self.catalog.objects, verb)

    def level(self, it: Definition, name: str) -> str:
        return access.level(self.actor.rights, it, name)

    def visible(self, it: Definition) -> Iterator[tuple[Field, str]]:
        """Fields the actor may see, with their level."""
        for name, one in it.fields.items():
            level = self.level(it, name)
            if level != "hidden":
                yield one, level

    def field(self, it: Definition, name: str, where: str) -> tuple[Field, str]:
        """A field by name, or by its label in either language. Hidden ones do not exist."""
        one = it.fields.get(name)
        if one is None:
            one = next((f for f in it.fields.values() if name in (f.label.zh, f.label.en)), None)
        level = self.level(it, one.name) if one is not None else "hidden"
        if one is None or level == "hidden":
            raise unknown_field(where, name)
        return one, level

    def end(self, it: Definition, path: str) -> tuple[Definition, Field, str] | None:
        """Where a path leads: (object, field, level), or None when the actor may not see it."""
        at = it
        *links, last = path.split(".")
        for name in links:
            one = at.fields.get(name)
            if not isinstance(one, Link) or self.level(at, name) not in ("read", "write"):
                return None
            at = self.target(one)
            if not access.may(self.actor.rights, at, "read"):
                return None
        found = at.fields.get(last)
        level = self.level(at, last) if found is not None else "hidden"
        return (at, found, level) if found is not None and level != "hidden" else None

    def usable(self, it: Definition, name: str, where: str) -> Field:
        """A field the actor may filter, sort or group by."""
        one, level = self.field(it, name, where)
        if level == "masked":
            raise Invalid(
                [FieldError(where, "masked", T(f"“{one.label.zh}”已脱敏，不能用来筛选、排序或分组。", f"{one.label.en} is masked and cannot be filtered, sorted or grouped by."))]
            )
        return one

    def _asked(self, it: Definition, name: str, op: str, value: Any) -> Field:
        """A field the actor may compare so. A masked one only with one whole value that nobody guesses: a phone, an address, a number."""
        one, level = self.field(it, name, "where")
        if level == "masked" and comparable(one) and conditions._WORD_OPS.get(op.casefold(), op) == "=" and isinstance(value, str | int) and len(str(value).strip()) >= EXACT:
            from guanxi.kernel.records import revealing

            revealing.compared(self.catalog, it, self.actor, one, str(value))
            return one
        return self.usable(it, name, "where")

    def target(self, one: Link | Links) -> Definition:
        return self.catalog.objects[one.target]

    def title(self, it: Definition) -> Field | None:
        """The field records of the object are called by, when the actor may see it plainly."""
        return it.fields[it.title] if self.level(it, it.title) in ("read", "write") else None

    def also_called(self, it: Definition) -> Field | None:
        """The field with the English name, where the object has one beside its title and the actor reads English: pools, stages, rules
        that came with the program and say so in both languages."""
        one = it.fields.get(f"{it.title}_en") if self.actor.language == "en" else None
        return one if one is not None and self.level(it, one.name) in ("read", "write") else None

    def names(self, it: Definition) -> list[str]:
        """The fields that say what a record is called, for `called`."""
        return [one.name for one in (self.title(it), self.also_called(it)) if one is not None]

    def called(self, it: Definition, row: Mapping[str, Any]) -> Any:
        """What a record is called, in the reader's language where it says so."""
        other = self.also_called(it)
        return (row.get(other.name) if other is not None else None) or row.get(it.title)

    # -- conditions --------------------------------------------------------------------------------------------------
    def parse(self, where: Any) -> Condition:
        """A condition from any of its forms: tree, JSON, text, nothing."""
        if where is None or where == "" or where == {}:
            return Always()
        if isinstance(where, Condition):
            return where
        if isinstance(where, str):
            text = where.strip()
            if text.startswith("{"):
                import msgspec

                try:
                    return conditions.from_json(msgspec.json.decode(text))
                except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                    raise conditions.broken("不是有效的 JSON。", "Not valid JSON.") from None
            return conditions.from_text(text)
        return conditions.from_json(where)

    def where(self, it: Definition, condition: Condition) -> Condition:
        match condition:
            case And(items):
                return And(tuple(self.where(it, item) for item in items))
            case Or(items):
                return Or(tuple(self.where(it, item) for item in items))
            case Not(item):
                return Not(self.where(it, item))
            case Test(path, op, value):
                return self._test(it, path, op, value)
            case Always():
                return condition
        if self.actor.unlimited:
            return condition
        raise conditions.broken("不能使用这种条件。", "This kind of condition cannot be used.")

    def _test(self, it: Definition, path: str, op: str, value: Any) -> Condition:
        name, _, rest = path.partition(".")
        if name == "id" and not rest:
            return self._id(op, value)
        one = self._asked(it, name, op, value) if not rest else self.usable(it, name, "where")
        if rest:
            if not isinstance(one, Link | Links):
                raise unknown_field("where", path)
            target = self.target(one)
            if not access.may(self.actor.rights, target, "read"):
                raise unknown_field("where", path)
            inner = self._test(target, rest, op, value)
            return Across(one.name, target.name, And((self.readable(target), inner)))
        op = conditions._WORD_OPS.get(op.casefold(), op)
        if isinstance(one, Links) and one.target == GROUP:
            return self._grouped(it, one, op, value)
        if op == "=" and isinstance(value, list | tuple) and not isinstance(one, Links):
            op = "in"
        if op == "within" and op not in one.operators:
            op = "in"
        if op in ("=", "in") and op not in one.operators and "has any" in one.operators:
            op = "has any"
        if op == "initial" and one.name == it.title and it.initial:
            letter = str(value).strip().upper()
            if not re.fullmatch("[A-Z#]", letter):
                raise conditions.broken("首字母应为 A 到 Z，或 #。", "An initial is a letter from A to Z, or #.")
            return Test(one.name, op, letter)
        if op == "found" and indexed(it, one):
            digits = re.sub(r"\D", "", str(value)) if isinstance(one, Phone) else str(value)
            if not isinstance(value, str | int) or not _storable(digits) or not tail_query(digits):
                raise conditions.broken("请给出号码的至少四位。", "Give at least four digits of the number.")
            return Test(one.name, op, national(digits) if isinstance(one, Phone) else digits)
        if op not in one.operators:
            raise conditions.broken(
                f"“{one.label.zh}”不能用“{op}”，可用：{'、'.join(one.operators)}。",
                f"{one.label.en} does not take {op!r}; use one of: {', '.join(one.operators)}.",
            )
        if op in ("empty", "not empty"):
            return self._present(it, one, op)
        try:
            return self._compare(it, one, op, value)
        except FieldProblem as problem:
            raise Invalid(
                [FieldError("where", problem.code, T(f"{one.label.zh}：{problem.message.zh}", f"{one.label.en}: {problem.message.en}"))]
            ) from None

    def _grouped(self, it: Definition, one: Links, op: str, value: Any) -> Condition:
        from guanxi.kernel.records import grouping

        op = "has any" if op in ("=", "in") else op
        if op not in one.operators:
            raise conditions.broken(f"“{one.label.zh}”不能用“{op}”，可用：{'、'.join(one.operators)}。", f"{one.label.en} does not take {op!r}; use one of: {', '.join(one.operators)}.")
        return grouping.condition(self, it, one, op, value)

    def _id(self, op: str, value: Any) -> Condition:
        if op in ("empty", "not empty"):  # across a link: whether there is a record one may see
            return Always() if op == "not empty" else ~Always()
        values = value if isinstance(value, list | tuple) else [value]
        found = [v if isinstance(v, UUID) else parse_id(v) if isinstance(v, str) else None for v in values]
        if op not in ("=", "in") or any(v is None for v in found):
            raise conditions.broken("id 只能用 = 或 in，后面是记录编号。", "id takes = or in, followed by record ids.")
        return Test("id", "in", found)

    def _present(self, it: Definition, one: Field, op: str) -> Condition:
        return Test(one.name, op)

    def _compare(self, it: Definition, one: Field, op: str, value: Any) -> Condition:
        settings = self.catalog.settings
        if isinstance(one, Link | Links) and isinstance(value, str) and value not in WHO and parse_id(value) is None:
            target = self.target(one)
            inner = self._test(target, target.title, "=", value)
            found: Condition = Across(one.name, target.name, And((self.readable(target), inner)))
            if op in ("!=", "not in", "has none"):
                return Not(found)
            if op in ("=", "in", "has", "has any", "has all"):
                return found
        if isinstance(one, Date | DateTime):
            return self._date(one, op, value)
        if op in ("in", "not in", "under", "has", "has any", "has all", "has none"):
            listed = list(value) if isinstance(value, list | tuple) else [value]
            if len(listed) > conditions.MAX_LIST:
                raise conditions.broken(f"列表最多 {conditions.MAX_LIST} 项。", f"A list holds at most {conditions.MAX_LIST} values.")
            if isinstance(one, Link | Links):
                return Test(one.name, op, self._records(one, op, listed))
            if op.startswith("has"):
                return Test(one.name, op, one.operand(listed, settings) or [])
            return Test(one.name, op, [self._needed(one, v) for v in listed])
        if op == "between":
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise conditions.broken("between 需要两个值。", "between takes two values.")
            return Test(one.name, op, [self._needed(one, v) for v in value])
        if isinstance(value, list | tuple | Mapping) and not isinstance(one, Link | Region) and one.kind != "money":
            raise conditions.broken(f"“{one.label.zh}”只比较一个值。", f"{one.label.en} compares with one value.")
        if isinstance(one, Link):
            ids = self._records(one, op, [value])
            return Test(one.name, "not in" if op == "!=" else "in", ids)
        if op in ("contains", "not contains", "starts", "ends") and one.kind not in ("phone", "region"):
            if not isinstance(value, str | int) or len(str(value)) > 500 or not _storable(str(value)):
                raise conditions.broken("请给出要查找的文字。", "Give the text to look for.")
            return Test(one.name, op, str(value))
        return Test(one.name, op, self._needed(one, value))

    def _needed(self, one: Field, value: Any) -> Any:
        found = one.operand(value, self.catalog.settings)
        if found is None:
            raise FieldProblem("missing", "请给出要比较的值，或用“为空”。", "Give a value to compare with, or use 'empty'.")
        if isinstance(found, str) and not _storable(found):
            raise FieldProblem("encoding", "含有无法保存的字符。", "Contains characters that cannot be stored.")
        return found

    def _records(self, one: Link | Links, op: str, values: list[Any]) -> list[UUID]:
        out: list[UUID] = []
        for value in values:
            found = one.operand(value, self.catalog.settings)
            if found == "me":
                out += [self.actor.user] if self.actor.user is not None else []
            elif found in ("my department", "my departments"):
                out += self.actor.departments
            elif isinstance(found, list):
                out += found
            elif found is not None:
                out.append(found)
        if op == "under" and isinstance(one, Department):
            out = [d for root in out for d in self._below(root)]
        return out

    def _below(self, root: UUID) -> tuple[UUID, ...]:
        return self.actor.below.get(root, (root,))

    def _date(self, one: Field, op: str, value: Any) -> Condition:
        def span(v: Any) -> tuple[date, date] | None:
            """Whole days a value means: a period's, or the one day a date names in a field of instants."""
            if isinstance(v, str):
                name = canonical_relative(v)
                if name is not None:
                    return relative(name, self.catalog.settings.today, self.catalog.settings.fiscal_start)
                if isinstance(one, DateTime) and re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", v.strip()):
                    day = Date().parse(v, self.catalog.settings)
                    return (day, day + timedelta(days=1)) if day else None
            if isinstance(one, DateTime) and type(v) is date:
                return v, v + timedelta(days=1)
            return None

        def edge(day: date, last: bool = False) -> Any:
            if isinstance(one, DateTime):
                return bounds(day, day, self.catalog.settings.tz)[0]
            return day

        if op == "within":
            found = span(value)
            if found is None:
                conditions.period(value, conditions.Meaning(self.catalog.settings.today))
                raise conditions.broken("不认识的时间。", "Unknown period.")
            return Test(one.name, "within", (edge(found[0]), edge(found[1])))
        if op == "between":
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise conditions.broken("between 需要两个值。", "between takes two values.")
            low, high = span(value[0]), span(value[1])
            items: list[Condition] = [
                Test(one.name, ">=", edge(low[0]) if low else self._needed(one, value[0])),
                Test(one.name, "<", edge(high[1])) if high else Test(one.name, "<=", self._needed(one, value[1])),
            ]
            return And(tuple(items))
        if isinstance(value, list | tuple | Mapping):
            raise conditions.broken(f"“{one.label.zh}”只比较一个值。", f"{one.label.en} compares with one value.")
        found = span(value)
        if found is None:
            return Test(one.name, op, self._needed(one, value))
        start, end = edge(found[0]), edge(found[1])
        within = Test(one.name, "within", (start, end))
        return {
            "=": within, "!=": Not(within), "<": Test(one.name, "<", start), "<=": Test(one.name, "<", end),
            ">": Test(one.name, ">=", end), ">=": Test(one.name, ">=", start),
        }[op]  # fmt: skip
