"""A condition in the reader's words: 客户等级 是 重点客户. The chips above a list, and labels wherever one is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.base.clock import canonical_relative, relative_label
from guanxi.base.errors import Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import Always, And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Integer,
    Link,
    Links,
    Money,
    Number,
    Region,
)
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.kernel.records.guard import comparable
from guanxi.surfaces.web.visit import Visit

OPERATORS: dict[str, Text] = {
    "=": T("是", "is"), "!=": T("不是", "is not"), ">": T("大于", ">"), ">=": T("大于等于", "≥"), "<": T("小于", "<"), "<=": T("小于等于", "≤"),
    "in": T("是其中之一", "is one of"), "not in": T("不是其中之一", "is none of"), "contains": T("包含", "contains"),
    "not contains": T("不包含", "does not contain"), "starts": T("开头是", "starts with"), "ends": T("结尾是", "ends with"),
    "between": T("介于", "is between"), "within": T("在", "is in"), "empty": T("为空", "is empty"), "not empty": T("不为空", "is not empty"),
    "has": T("含有全部", "has all of"), "has any": T("含有任一", "has any of"), "has all": T("含有全部", "has all of"),
    "has none": T("不含", "has none of"), "exactly": T("正好是", "is exactly"), "under": T("及下属", "is or lies under"),
    "initial": T("首字母是", "begins with the letter"), "found": T("含号码", "has the number"),
}  # fmt: skip
DAYS: dict[str, Text] = {
    ">": T("晚于", "is after"), ">=": T("不早于", "is on or after"), "<": T("早于", "is before"), "<=": T("不晚于", "is on or before"),
}  # fmt: skip
"""Operators that are called otherwise for dates."""
SHORT = {">": "＞", ">=": "≥", "<": "＜", "<=": "≤"}
"""In chips numbers are compared by signs."""
WHO: dict[str, Text] = {"me": T("我", "me"), "my department": T("我的部门", "my department"), "my departments": T("我的部门", "my departments")}


def operator(one: Field, op: str) -> Text:
    """What an operator of a field is called."""
    return DAYS.get(op, OPERATORS[op]) if isinstance(one, Date | DateTime) else OPERATORS[op]


@dataclass(frozen=True)
class Chip:
    """One part of what a list asks: in words, the address without it, and the address where it is edited."""

    text: str
    without: str
    edit: str = ""


def parts(tree: Condition) -> list[Condition]:
    """What a condition asks, one by one: all of them hold."""
    if isinstance(tree, And):
        return [part for item in tree.items for part in parts(item)]
    return [] if isinstance(tree, Always) else [tree]


class Phrases:
    """Puts conditions of one object into words. What records are called is taken from the rows at hand, the rest is asked
    for with one statement for all."""

    def __init__(self, visit: Visit, it: Definition, trees: Iterable[Condition], rows: Iterable[dict[str, Any]] = ()) -> None:
        self.visit, self.it, self.look = visit, it, visit.look
        self.names: dict[UUID, str] = {}
        wanted: dict[str, set[UUID]] = {}
        for tree in trees:
            for leaf in conditions.leaves(tree):
                one = self.field(leaf.path)
                if isinstance(one, Link | Links):
                    wanted.setdefault(one.target, set()).update(_ids(leaf.value))
        if not any(wanted.values()):
            return
        if visit.actor.user is not None:
            self.names[visit.actor.user] = visit.actor.name
        for row in rows:
            for value in row.values():
                if isinstance(value, dict) and "label" in value:
                    self.names[value["id"]] = value["label"]
        missing = {name: ids - self.names.keys() for name, ids in wanted.items() if ids - self.names.keys()}
        if missing:
            self.names |= reading.names(missing, actor=visit.actor)

    def field(self, path: str) -> Field | None:
        """What a path of names or labels leads to, if this person may ask for it."""
        found = trail(self.visit, self.it, path)
        return found[-1][1] if found else None

    def say(self, tree: Condition, outer: bool = True) -> str:
        """The condition in words."""
        t = self.look.t
        match tree:
            case And(items) | Or(items):
                word = t(" 且 ", " and ") if isinstance(tree, And) else t(" 或 ", " or ")
                text = word.join(self.say(item, False) for item in items)
                return text if outer or len(items) < 2 else t(f"（{text}）", f"({text})")
            case Not(item):
                return t(f"非（{self.say(item)}）", f"not ({self.say(item)})")
            case Test():
                return self._test(tree)
        return t("全部", "all")

    def _test(self, test: Test) -> str:
        found = trail(self.visit, self.it, test.path)
        if not found or test.op not in OPERATORS:
            return conditions.to_text(test)
        one = found[-1][1]
        called = " › ".join(self.look.say(step.label) for _, step in found)
        if test.op in ("empty", "not empty"):
            return f"{called} {self.look.say(OPERATORS[test.op])}"
        numbers = isinstance(one, Integer | Number | Money)
        op = SHORT[test.op] if numbers and test.op in SHORT else "=" if numbers and test.op == "=" else self.look.say(operator(one, test.op))
        values = test.value if isinstance(test.value, list | tuple) else [test.value]
        words = [self.value(one, value) for value in values]
        if test.op == "between" and len(words) == 2:
            return f"{called} {op} {words[0]} – {words[1]}"
        if len(words) > 5:
            words = [*words[:4], self.look.t(f"等 {len(words)} 项", f"{len(words) - 4} more")]
        return f"{called} {op} {self.look.t('、', ', ').join(words)}"

    def value(self, one: Field, value: Any) -> str:
        """A value of a condition in words."""
        if isinstance(one, Link | Links):
            found = value if isinstance(value, UUID) else parse_id(str(value))
            return self.look.say(WHO[value]) if value in WHO else self.names.get(found, self.look.t("（看不到的记录）", "(a record out of sight)")) if found else str(value)
        if isinstance(one, Date | DateTime):
            period = canonical_relative(str(value))
            return self.look.say(relative_label(period)) if period else str(value)
        if isinstance(one, Choice):
            option = next((o for o in one.options if str(value) in (o.key, o.label.zh, o.label.en)), None)
            return self.look.say(option.label) if option else str(value)
        if isinstance(one, Boolean):
            return one.show(value if isinstance(value, bool) else str(value).casefold() in ("true", "是", "yes"), self.look.lang)
        if isinstance(one, Region) and Region.names is not None and str(value).isdigit():
            return Region.names(str(value).ljust(6, "0")) or str(value)
        return str(value)


def trail(visit: Visit, it: Definition, path: str) -> list[tuple[Definition, Field]]:
    """The fields a path crosses, names or labels, each with its object; nothing when this person may not ask for it."""
    out: list[tuple[Definition, Field]] = []
    at = it
    for place, part in enumerate(steps := path.split(".")):
        try:
            one, level = visit.guard.field(at, part, "where")
        except Problem:
            return []
        if level == "masked" and not (len(steps) == 1 and comparable(one)):
            return []
        out.append((at, one))
        if place < len(steps) - 1:
            if not isinstance(one, Link | Links) or not visit.may(visit.guard.target(one), "read"):
                return []
            at = visit.guard.target(one)
    return out


def _ids(value: Any) -> set[UUID]:
    found = (one if isinstance(one, UUID) else parse_id(str(one)) for one in (value if isinstance(value, list | tuple) else [value]))
    return {one for one in found if one is not None}
