"""What a file's columns mean: given as JSON, on the command line, or guessed from their names; checked before a row is read.

The JSON's words are explained in docs/importing.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from guanxi.base.clock import Order
from guanxi.base.errors import FieldError, Invalid
from guanxi.base.normal import normal
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import (
    Field,
    File,
    Link,
    Links,
    LongText,
    MultiChoice,
    Person,
    Phone,
    Region,
    Tags,
    TextField,
)
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import pooling
from guanxi.surfaces.imports.reading import synonyms

OnMatch = Literal["skip", "update", "add", "error"]
ON_MATCH: Final = ("skip", "update", "add", "error")
TRANSFORMS: Final = ("username", "year", "lower", "upper")
BLANKS: Final = frozenset({"n/a", "#n/a", "null", "\\n", "-", "--", "—", "——", "/"})
"""What files write where there is nothing; compared in the normal form. A mapping's `blank` adds to these."""
JOINED: Final[dict[type[Field], str]] = {
    Phone: "、", Tags: "、", MultiChoice: "、", LongText: "\n", Region: "", TextField: " "
}  # fmt: skip
"""Field types that several columns may fill together, and what is put between."""
_WORDS_OF_KIND: Final[dict[str, tuple[str, ...]]] = {"region": ("地址", "地区"), "phone": ("电话",)}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a column goes: the field, and for links what its texts are (`by`) among which records (`where`)."""

    field: str
    by: str | None = None
    where: str | None = None
    scale: Decimal | None = None
    currency: str | None = None
    transform: str | None = None

    def to_json(self) -> Any:
        rest = {
            "by": self.by, "where": self.where, "scale": str(self.scale) if self.scale is not None else None,
            "currency": self.currency, "transform": self.transform,
        }  # fmt: skip
        given = {key: value for key, value in rest.items() if value is not None}
        return {"field": self.field, **given} if given else self.field


@dataclass(frozen=True)
class FileMapping:
    """What to do with a file. `columns` maps a column's name to its targets; an empty tuple leaves it out on purpose."""

    object: str = ""
    columns: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    match: tuple[str, ...] = ()
    on_match: OnMatch = "skip"
    create_links: bool = False
    warn_links: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    date_order: Order | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    guess: bool = True
    """Columns that are not named are matched by name; without any named ones, by what they are usually called too."""

    def to_json(self) -> dict[str, Any]:
        def one(targets: tuple[Target, ...]) -> Any:
            return (
                None if not targets else targets[0].to_json() if len(targets) == 1 else [t.to_json() for t in targets]
            )

        out: dict[str, Any] = {
            "object": self.object,
            "columns": {name: one(targets) for name, targets in self.columns.items()},
        }
        for name in (
            "values",
            "constants",
            "match",
            "create_links",
            "warn_links",
            "blank",
            "date_order",
            "encoding",
            "delimiter",
            "sheet",
            "header_row",
        ):
            value = getattr(self, name)
            if value not in (None, (), {}, False):
                out[name] = list(value) if isinstance(value, tuple) else value
        out["on_match"] = self.on_match
        if not self.guess:
            out["guess"] = False
        return out


_KEYS: Final = frozenset({
    "object", "columns", "values", "constants", "match", "on_match", "create_links", "warn_links", "blank", "date_order",
    "encoding", "delimiter", "sheet", "header_row", "guess", "second_pass",
})  # fmt: skip


def _wrong(where: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(where, "mapping", T(zh, en))])


def parse(given: Any) -> FileMapping:
    """A mapping from its JSON. Raises Invalid that names the place at fault."""
    if given is None:
        return FileMapping()
    if not isinstance(given, Mapping):
        raise _wrong("mapping", "映射应为 JSON 对象。", "A mapping is a JSON object.")
    unknown = set(given) - _KEYS
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise _wrong("mapping", f"映射中有不认识的内容：{names}。", f"Unknown words in the mapping: {names}.")
    columns = given.get("columns") or {}
    values = given.get("values") or {}
    constants = given.get("constants") or {}
    for name, part in (("columns", columns), ("values", values), ("constants", constants)):
        if not isinstance(part, Mapping):
            raise _wrong(name, f"{name} 应为对象。", f"{name} is an object.")
    if not all(isinstance(table, Mapping) for table in values.values()):
        raise _wrong(
            "values", "values 的每一项应为“原值: 新值”的表。", "Each entry of values is a table of old to new."
        )
    on_match: Any = given.get("on_match") or "skip"
    if on_match not in ON_MATCH:
        raise _wrong(
            "on_match", "on_match 只能是 skip、update、add 或 error。", "on_match is skip, update, add or error."
        )
    order = given.get("date_order")
    if order not in (None, "ymd", "mdy", "dmy"):
        raise _wrong("date_order", "date_order 只能是 ymd、mdy 或 dmy。", "date_order is ymd, mdy or dmy.")
    header = given.get("header_row")
    if header is not None and (not isinstance(header, int) or isinstance(header, bool) or header < 0):
        raise _wrong(
            "header_row", "header_row 应为行号，0 表示没有标题行。", "header_row is a row number; 0 means none."
        )
    return FileMapping(
        object=str(given.get("object") or ""),
        columns={str(name): tuple(_targets(str(name), value)) for name, value in columns.items()},
        values={str(name): {str(old): new for old, new in table.items()} for name, table in values.items()},
        constants=dict(constants),
        match=_words("match", given.get("match")),
        on_match=on_match,
        create_links=bool(given.get("create_links")),
        warn_links=_words("warn_links", given.get("warn_links")),
        blank=_words("blank", given.get("blank")),
        date_order=order,
        encoding=given.get("encoding"),
        delimiter=given.get("delimiter"),
        sheet=given.get("sheet"),
        header_row=header,
        guess=given.get("guess", True) is not False,
    )


def _words(where: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(v, str) for v in listed):
        raise _wrong(where, f"{where} 应为文字列表。", f"{where} is a list of texts.")
    return tuple(listed)


def _targets(column: str, value: Any) -> Iterable[Target]:
    if value is None or value == "":
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, str):
            yield Target(one)
            continue
        known = {"field", "by", "where", "scale", "currency", "transform"}
        if not isinstance(one, Mapping) or not isinstance(one.get("field"), str) or not set(one) <= known:
            raise _wrong(
                f"columns.{column}", f"“{column}”应为字段名，或含 field、by、where、scale、currency、transform 的对象。",
                f"{column!r} is a field's name, or an object with field, by, where, scale, currency, transform.",
            )  # fmt: skip
        if one.get("transform") not in (None, *TRANSFORMS):
            raise _wrong(
                f"columns.{column}",
                f"transform 只能是 {'、'.join(TRANSFORMS)}。",
                f"transform is one of {', '.join(TRANSFORMS)}.",
            )
        try:
            scale = None if one.get("scale") is None else Decimal(str(one["scale"]))
        except InvalidOperation:
            raise _wrong(f"columns.{column}", "scale 应为数字。", "scale is a number.") from None
        yield Target(one["field"], one.get("by"), one.get("where"), scale, one.get("currency"), one.get("transform"))


def importable(actor: Actor, it: Definition) -> dict[str, Field]:
    """The fields an import may fill: those the actor may write that are not the program's own business, and for those who run pools
    where new records lie."""
    into = pooling.fills(actor, it)
    return {
        name: one
        for name, one in it.fields.items()
        if not one.system
        and one.computed is None
        and (not one.readonly or actor.unlimited or (into and name == "pool"))
        and not isinstance(one, File)
        and access.level(actor.rights, it, name) == "write"
    }


def split(text: str) -> list[str]:
    """A cell that names several records."""
    return [part.strip() for part in re.split(r"[,，;；、|\n]", text) if part.strip()]


def heading(one: Field) -> str:
    """What the column of a field is called in a template: its label in both languages."""
    zh, en = one.label.zh, one.label.en
    return zh if zh == en else f"{zh} {en}"


def joinable(one: Field) -> str | None:
    """What stands between the parts when several columns fill this field; None if only one may."""
    if type(one) in JOINED:
        return JOINED[type(one)]
    return "\n" if isinstance(one, LongText) else None


def complete(given: FileMapping, columns: Sequence[str], fields: Mapping[str, Field]) -> FileMapping:
    """The mapping with every column of the file in it: named ones as given, the others guessed or left out."""
    out: dict[str, tuple[Target, ...]] = {}
    by_name = {normal(name): name for name in given.columns}
    for column in columns:
        name = column if column in given.columns else by_name.get(normal(column))
        if name is not None:
            out[column] = given.columns[name]
    left = [column for column in columns if column not in out]
    if not given.guess or not left:
        return replace(given, columns=out | dict.fromkeys(left, ()))
    taken = {target.field for targets in out.values() for target in targets} | set(given.constants)
    words = _words_of({name: one for name, one in fields.items() if name not in taken})
    found: dict[str, str] = {}
    if given.columns:  # somebody has thought about this file: only what is called exactly so is added
        exact = {
            synonyms.plain(word): name
            for name, one in fields.items()
            if name not in taken
            for word in (heading(one), one.label.en, one.label.zh, name)
        }
        for column in left:
            name = exact.get(synonyms.plain(column))
            if name is not None and name not in found.values():
                found[column] = name
    else:
        found = synonyms.suggest_all(left, words)
        several = {name: words[name] for name in found.values() if isinstance(fields[name], Phone | Region | Tags)}
        for column in left:
            if column not in found and several and (again := synonyms.suggest(column, several)) is not None:
                found[column] = again
    return replace(
        given, columns={c: out[c] if c in out else (Target(found[c]),) if c in found else () for c in columns}
    )


def _words_of(fields: Mapping[str, Field]) -> dict[str, tuple[str, ...]]:
    """What each field is called, with the usual words of its kind for the first of that kind. Of two that fit equally, one
    that takes any text or number goes before one that takes only its choices."""
    out: dict[str, tuple[str, ...]] = {}
    kinds: set[str] = set()
    for name, one in sorted(fields.items(), key=lambda pair: pair[1].kind in ("choice", "multi_choice")):
        own = () if one.kind in kinds else _WORDS_OF_KIND.get(one.kind, ())
        kinds.add(one.kind)
        out[name] = (one.label.zh, one.label.en, heading(one), *own)
    return out


def check(actor: Actor, it: Definition, given: FileMapping, columns: Sequence[str]) -> None:
    """Raises Invalid naming everything in the mapping that cannot work."""
    problems: list[FieldError] = []
    fields = importable(actor, it)

    def wrong(where: str, zh: str, en: str) -> None:
        problems.append(FieldError(where, "mapping", T(zh, en)))

    def visible(name: str) -> bool:
        return name in it.fields and access.level(actor.rights, it, name) != "hidden"

    uses: dict[str, list[str]] = {}
    for column, targets in given.columns.items():
        for target in targets:
            uses.setdefault(target.field, []).append(column)
            if target.by and not isinstance(it.fields.get(target.field), Link | Links):
                wrong(
                    f"columns.{column}",
                    f"“{target.field}”不是关联字段，不能用 by。",
                    f"{target.field!r} is no link; `by` does not apply.",
                )
    for name in [*uses, *given.constants]:
        if not visible(name):
            wrong(name, f"{it.label.zh}没有“{name}”这个字段。", f"{it.label.en} has no field {name!r}.")
        elif name not in fields:
            wrong(name, f"{it.fields[name].label.zh}不能导入。", f"{it.fields[name].label.en} cannot be imported.")
    for name, used in uses.items():
        if len(used) > 1 and name in fields and joinable(fields[name]) is None:
            wrong(
                name, f"{len(used)} 列都指向“{fields[name].label.zh}”：{'、'.join(used)}。请只留一列。",
                f"{len(used)} columns go to {fields[name].label.en}: {', '.join(used)}. Keep one.",
            )  # fmt: skip
    for name in given.match:
        if not visible(name):
            wrong("match", f"{it.label.zh}没有“{name}”这个字段。", f"{it.label.en} has no field {name!r}.")
        elif name not in uses and name not in given.constants:
            wrong(
                "match",
                f"没有任何一列给出匹配字段“{it.fields[name].label.zh}”。",
                f"No column gives the match field {it.fields[name].label.en}.",
            )
    for column in given.values:
        if column not in given.columns and column not in uses:
            wrong(
                "values",
                f"文件中没有“{column}”这一列，{it.label.zh}也没有这个字段。",
                f"Neither the file has a column {column!r} nor {it.label.en} such a field.",
            )
    if not uses:
        names = "、".join(columns[:30])
        wrong(
            "columns",
            f"没有一列能对应到{it.label.zh}的字段。文件中的列：{names}。请指定对应关系。",
            f"No column could be matched to a field of {it.label.en}. Columns in the file: {names}. Say which is which.",
        )
    elif given.on_match != "update" or not given.match:
        for name, one in fields.items():
            if (
                one.required
                and one.default is None
                and name not in uses
                and name not in given.constants
                and not isinstance(one, Person)
            ):
                wrong(
                    name,
                    f"缺少必填的“{one.label.zh}”：没有一列对应它。",
                    f"{one.label.en} is required and no column gives it.",
                )
    if problems:
        raise Invalid(problems)
