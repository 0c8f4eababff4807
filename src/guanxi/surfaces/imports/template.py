"""A workbook to fill in: the columns of an object, an example in a second sheet, what may be chosen in a third."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import BinaryIO, Final

from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import Boolean, Choice, Field, Json, Link, Links, MultiChoice, RichText
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import people, reading
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.reading.write import Sheet, Value, write_sheets

MOST_RECORDS: Final = 200
"""A link offers what may be chosen when there are no more records than these."""
_VALUES, _EXAMPLE = T("可选值", "Values"), T("示例", "Example")
_ABOUT: Final = (T("列", "Column"), T("必填", "Required"), T("说明", "About"), T("示例", "Example"))
_SAID: Final[dict[str, Text]] = {
    "phone": T("13800138000", "13800138000"), "email": T("zhang@example.com", "jane@example.com"),
    "url": T("https://example.com", "https://example.com"), "region": T("北京市朝阳区", "北京市朝阳区"),
    "tags": T("重点、展会", "key, fair"), "long_text": T("可以写多行文字", "Several lines of text"),
}  # fmt: skip
_HINTS: Final[dict[str, Text]] = {
    "date": T("日期，如 2026-01-31", "A date, such as 2026-01-31"),
    "datetime": T("日期和时间，如 2026-01-31 09:30", "Date and time, such as 2026-01-31 09:30"),
    "money": T("金额，可写币种：1200 或 USD 1200", "An amount, perhaps with its currency: 1200 or USD 1200"),
    "phone": T("可以有多个，用顿号分开", "Several may be given, separated by commas"),
    "multi_choice": T("可以有多个，用顿号分开", "Several may be given, separated by commas"),
    "links": T("可以有多个，用顿号分开", "Several may be given, separated by commas"),
    "percent": T("百分比，如 15%", "A percentage, such as 15%"),
}  # fmt: skip


def write_template(file: BinaryIO, actor: Actor, it: Definition) -> None:
    """Write the workbook in the actor's language; the columns are called in both, and read back as what they are."""
    language = actor.language
    fields = [one for one in mappings.importable(actor, it).values() if not isinstance(one, Json | RichText)]
    fields.sort(key=lambda one: not one.required)
    names = [mappings.heading(one) for one in fields]
    offered = [_offered(actor, one) for one in fields]
    listed = [(at, words) for at, words in enumerate(offered) if words]
    values = _VALUES.for_(language)
    lists = {at: (values, column, len(words)) for column, (at, words) in enumerate(listed)}
    strict = frozenset(at for at, _ in listed if not isinstance(fields[at], MultiChoice | Links))
    examples = [_example(actor, it, one, words) for one, words in zip(fields, offered, strict=True)]
    yes = T("是", "yes").for_(language)
    about = [
        [name, yes if one.required else "", _about(one, language), example]
        for name, one, example in zip(names, fields, examples, strict=True)
    ]
    deep = max((len(words) for _, words in listed), default=0)
    sheets = [
        Sheet(it.label.for_(language), names, lists=lists, strict=strict),
        Sheet(_EXAMPLE.for_(language), names, [examples], lists=lists, strict=strict),
        Sheet(
            values, [names[at] for at, _ in listed] or [values],
            [[words[row] if row < len(words) else None for _, words in listed] for row in range(deep)],
        ),
        Sheet(T("说明", "About").for_(language), [word.for_(language) for word in _ABOUT], about),
    ]  # fmt: skip
    write_sheets(file, sheets)


def _offered(actor: Actor, one: Field) -> list[str]:
    """What may be written into a column, where that is a list."""
    if isinstance(one, Choice):
        return [option.label.for_(actor.language) for option in one.options if option.active]
    if isinstance(one, Boolean):
        return [T("是", "Yes").for_(actor.language), T("否", "No").for_(actor.language)]
    if not isinstance(one, Link | Links):
        return []
    target = people.catalog_of(actor).object(one.target)
    if not access.may(actor.rights, target, "read") or access.level(actor.rights, target, target.title) not in ("read", "write"):
        return []
    found = reading.query(target.name, actor=actor, fields=[target.title], limit=MOST_RECORDS)
    shown = target.fields[target.title]
    names = [shown.show(row[target.title], actor.language) for row in found.rows]
    return [] if found.next is not None else [name for name in dict.fromkeys(names) if name]


def _about(one: Field, language: str) -> str:
    help = one.help.for_(language) if one.help is not None else ""
    hint = _HINTS[one.kind].for_(language) if one.kind in _HINTS else ""
    return " ".join(text for text in (help, hint) if text)


def _example(actor: Actor, it: Definition, one: Field, offered: Sequence[str]) -> Value:
    today = people.catalog_of(actor).settings.today
    if offered:
        return offered[0]
    if one.name == it.title:
        return T(f"示例{it.label.zh}", f"Example {it.label.en.lower()}").for_(actor.language)
    match one.kind:
        case "date":
            return today
        case "datetime":
            return (today + timedelta(days=1)).isoformat() + " 09:30"
        case "integer" | "decimal":
            return 10
        case "money":
            return 10000
        case "percent":
            return "15%"
    return _SAID[one.kind].for_(actor.language) if one.kind in _SAID else None
