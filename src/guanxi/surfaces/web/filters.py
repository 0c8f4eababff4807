"""The simple filters of a list: one control per field, from the address to a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guanxi.kernel.declare.conditions import Condition, Test
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    File,
    Integer,
    Json,
    Link,
    Links,
    Money,
    MultiChoice,
    Number,
    Phone,
    Region,
    Tags,
)
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records.guard import Guard

ME = ("me", "我", "本人")
SUFFIXES = ("", ".from", ".to")
"""What follows a field's name in an address: nothing, or the ends of a range."""
EMPTY = "-"
"""In a filter that lists choices: those without any."""


@dataclass(frozen=True)
class Column:
    """A field at the end of a path, as this actor may use it."""

    path: str
    field: Field
    level: str
    object: Definition


def column(guard: Guard, it: Definition, path: str) -> Column | None:
    """What a path leads to, or None when the actor may not see it."""
    found = guard.end(it, path)
    return Column(path, found[1], found[2], found[0]) if found is not None else None


def offered(guard: Guard, it: Definition, view: List) -> list[Column]:
    """The fields a list can be filtered by with one control: the view's own, else those that usually tell."""
    paths = view.filters or tuple(n for n, f in it.fields.items() if isinstance(f, Choice | Boolean) or n in ("owner", "updated_at"))
    found = (column(guard, it, path) for path in paths)
    return [c for c in found if c is not None and c.level != "masked"]


def conditions(columns: list[Column], get: Mapping[str, str], guard: Guard) -> list[Condition]:
    """The filters that are set, as comparisons."""
    out: list[Condition] = []
    for one in columns:
        out += _tests(one, {suffix: str(get.get(f"f.{one.path}{suffix}", "")).strip() for suffix in SUFFIXES}, guard)
    return out


def active(columns: list[Column], get: Mapping[str, str]) -> list[Column]:
    return [c for c in columns if any(get.get(f"f.{c.path}{suffix}") for suffix in SUFFIXES)]


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ#"


def initial(guard: Guard, it: Definition, get: Mapping[str, str]) -> str:
    """The letter the address narrows the names to, where the object keeps one and this actor sees the names."""
    letter = str(get.get("letter", "")).upper()
    return letter if it.initial and len(letter) == 1 and letter in LETTERS and guard.title(it) is not None else ""


def _tests(column: Column, given: Mapping[str, str], guard: Guard) -> list[Condition]:
    one, path, value = column.field, column.path, given[""]
    out: list[Condition] = []
    if isinstance(one, Integer | Number | Money):
        if given[".from"]:
            out.append(Test(path, ">=", given[".from"]))
        if given[".to"]:
            out.append(Test(path, "<=", given[".to"]))
        return out
    if not value:
        return out
    if value == EMPTY:
        return [Test(path, "empty")]
    if isinstance(one, Date | DateTime):
        return [Test(path, "within", value)]
    if isinstance(one, File | Json):
        return [Test(path, "not empty")]
    if isinstance(one, Link | Links):
        return [_link(one, path, value, guard)]
    if isinstance(one, MultiChoice | Tags):
        return [Test(path, "has", value)]
    if isinstance(one, Choice | Boolean):
        return [Test(path, "=", value)]
    if isinstance(one, Region):
        code = region(value)
        return [Test(path, "=", code) if code else Test(path, "contains", value)]
    if isinstance(one, Phone):
        return [Test(path, "contains", value)]
    return [Test(path, "contains", value)]


def region(value: str) -> str:
    """The code of the region somebody named, as it is written or as it sounds; nothing for what is no region."""
    code = Region.resolve(value)[0] if Region.resolve is not None else ""
    if not code and value.isascii() and Region.find is not None and (found := Region.find(value, 1)):
        code = found[0][0]
    return code


def _link(one: Link | Links, path: str, value: str, guard: Guard) -> Condition:
    from guanxi.base.ids import parse_id

    op: Any = "has" if isinstance(one, Links) else "="
    if value.casefold() in ME:
        return Test(path, op, "me")
    if parse_id(value) is not None:
        return Test(path, op, value)
    return Test(f"{path}.{guard.target(one).title}", "contains", value)
