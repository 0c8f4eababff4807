"""Between the wizard's form and a file's mapping."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict

from guanxi.base.text import T, Text
from guanxi.kernel import lookup
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
    TextField,
)
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.examining import Seen
from guanxi.surfaces.imports.mapping import FileMapping, Target
from guanxi.surfaces.web.visit import Visit

BLANK: Final = "-"
"""What is written for "nothing" in a table of values."""
MOST: Final = 8
"""So many fields one column may fill, so many values for all rows may be given, and more unknown values are shown than ten times that."""
TRANSFORMS: Final[dict[str, Text]] = {
    "year": T("年份 → 1 月 1 日", "A year → January 1"),
    "username": T("姓名 → 用户名（Ann Lee → ann.lee）", "Name → user name (Ann Lee → ann.lee)"),
    "lower": T("变成小写", "Into small letters"),
    "upper": T("变成大写", "Into capitals"),
}
ORIGINS: Final[dict[str, Text]] = {
    "name": T("名称相同", "Same name"),
    "synonym": T("常用叫法", "Usual name"),
    "remembered": T("上次的选择", "As last time"),
    "chosen": T("您的选择", "Your choice"),
}


@dataclass
class Slot:
    """One field that a column fills, and what may be said about how."""

    target: Target
    field: Field | None
    ways: list[Field] = dataclasses.field(default_factory=list)
    """By what the linked records can be named."""
    transforms: list[str] = dataclasses.field(default_factory=list)
    number: bool = False
    money: bool = False
    creatable: bool = False

    @property
    def details(self) -> bool:
        return bool(self.ways or self.transforms or self.number)


def slots(visit: Visit, it: Definition, seen: Seen, more: bool) -> list[Slot]:
    """The fields of a column, each with what may be said about it; an empty one when there is none, or one more is wanted."""
    out = [_slot(visit, it.fields.get(target.field), target) for target in seen.targets]
    return [*out, Slot(Target(""), None)] if more or not out else out


def _slot(visit: Visit, one: Field | None, target: Target) -> Slot:
    slot = Slot(target, one)
    if isinstance(one, Link | Links):
        to = visit.catalog.object(one.target)
        slot.ways = [to.fields[name] for name in dict.fromkeys((*lookup.ways(visit.actor, to.name), *([target.by] if target.by else ()))) if name in to.fields]
        slot.ways += [f for name in ("key", "username", "email") if (f := to.fields.get(name)) is not None and f not in slot.ways and visit.guard.level(to, name) in ("read", "write")]
        slot.creatable = visit.may(to, "create")
    elif isinstance(one, Date) and not isinstance(one, DateTime):
        slot.transforms = ["year"]
    elif isinstance(one, TextField) or (target.transform in TRANSFORMS and one is not None):
        slot.transforms = ["username", "lower", "upper"]
    slot.number = isinstance(one, Integer | Number | Money)
    slot.money = isinstance(one, Money)
    return slot


def options(one: Field | None) -> list[tuple[str, Text]]:
    """What a value of a field may be replaced by, where that is a list."""
    if isinstance(one, Choice):
        return [(option.key, option.label) for option in one.options if option.active]
    if isinstance(one, Boolean):
        return [("true", T("是", "Yes")), ("false", T("否", "No"))]
    return []


def names(visit: Visit, one: Field | None) -> list[str]:
    """What a link may be given by: what the records are called, as far as a list of them helps."""
    if not isinstance(one, Link | Links):
        return []
    to = visit.catalog.object(one.target)
    if not visit.may(to, "read") or visit.guard.level(to, to.title) not in ("read", "write"):
        return []
    found = reading.query(to.name, actor=visit.actor, fields=[to.title], sort=[to.title], limit=reading.MAX_LIMIT)
    return list(dict.fromkeys(text for row in found.rows if (text := visit.look.show(to.fields[to.title], row[to.title]))))


def by_column(given: FileMapping) -> FileMapping:
    """The same mapping with each table of values under its column's name."""
    values = dict(given.values)
    for column, targets in given.columns.items():
        for target in targets:
            if target.field in values and target.field not in given.columns:
                values[column] = {**values[target.field], **values.get(column, {})}
    used = {target.field for targets in given.columns.values() for target in targets}
    return replace(given, values={name: table for name, table in values.items() if name in given.columns or name not in used})


def read(visit: Visit, it: Definition, post: QueryDict, base: FileMapping) -> FileMapping:
    """The mapping a posted form means; what the form does not hold stays as in `base`. Raises Invalid that names the place."""
    said = base.to_json()
    columns: dict[str, Any] = {}
    values: dict[str, Any] = {name: table for name, table in base.values.items() if name not in base.columns}
    for at, name in enumerate(base.columns):
        columns[name] = said["columns"][name]
        if f"c{at}.0" in post:
            columns[name] = [one for k in range(MOST) if (one := _target(it, post, f"c{at}.{k}"))] or None
        if columns[name] is None:
            continue
        table = base.values.get(name, {})
        if f"v{at}.old" in post:
            pairs = zip(post.getlist(f"v{at}.old"), post.getlist(f"v{at}.new"), strict=False)
            table = {old: None if new.strip() == BLANK else new.strip() for old, new in pairs if new.strip()}
        if table:
            values[name] = dict(table)
    said |= {"object": it.name, "columns": columns, "values": values, "guess": False}
    if "on_match" in post:
        used = {target.field for targets in mappings.parse({"columns": columns}).columns.values() for target in targets}
        said["constants"] = _constants(it, post)
        said["match"] = [name for name in post.getlist("match") if name in used or name in said["constants"]]
        said["on_match"] = post["on_match"]
        said["date_order"] = post.get("date_order") or None
        said["create_links"] = "create_links" in post
        said["warn_links"] = [name for name in post.getlist("warn") if name in used]
    return mappings.parse(said)


def _target(it: Definition, post: QueryDict, at: str) -> Mapping[str, str] | None:
    """One field with what is said about it, of that what applies to its kind."""
    one = it.fields.get(post.get(at, ""))
    if one is None:
        return None
    allowed = ["transform"]
    if isinstance(one, Link | Links):
        allowed = ["by", "where"]
    elif isinstance(one, Money):
        allowed = ["scale", "currency"]
    elif isinstance(one, Integer | Number):
        allowed = ["scale"]
    rest = {key: text for key in allowed if (text := post.get(f"{at}.{key}", "").strip())}
    if rest.get("scale") == "1":
        del rest["scale"]
    return {"field": one.name, **rest}


def _constants(it: Definition, post: QueryDict) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, by, value in zip(post.getlist("k.field"), post.getlist("k.by"), post.getlist("k.value"), strict=False):
        one, text = it.fields.get(name), value.strip()
        if one is None or not text:
            continue
        if isinstance(one, Link | Links):
            asked: Any = mappings.split(text) if isinstance(one, Links) else text
            out[name] = {"by": by.strip(), "value": asked} if by.strip() else asked
        else:
            out[name] = text
    return out


def constants(it: Definition, given: FileMapping) -> list[tuple[str, str, str]]:
    """The values for all rows as the form shows them: field, by what, value; and an empty line."""
    out = []
    for name, value in given.constants.items():
        by = str(value.get("by") or "") if isinstance(value, Mapping) else ""
        asked = value.get("value") if isinstance(value, Mapping) else value
        text = "、".join(map(str, asked)) if isinstance(asked, list | tuple) else "" if asked is None else str(asked)
        if name in it.fields:
            out.append((name, by, text))
    return [*out, ("", "", "")][: MOST + 1]
