"""One or several of a list, and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.base import industries
from guanxi.base.text import Text
from guanxi.kernel.declare.fields.core import PRESENCE, SETS, Field, FieldProblem, Option, Settings
from guanxi.kernel.declare.fields.texts import cleaned


class Choice(Field):
    """One of a list: given in the declaration, or the entries of a dictionary an administrator keeps. `ruled`: nobody writes it but
    grading rules, and it is empty while none holds."""

    kind = "choice"
    widget = "select"

    def __init__(
        self,
        label: Text | None = None,
        options: Iterable[Option | tuple[str, Text]] = (),
        *,
        dictionary: str | None = None,
        ruled: bool = False,
        **rest: Any,
    ) -> None:
        if ruled:
            rest["readonly"] = True
        super().__init__(label, **rest)
        self.ruled = ruled
        self.options: tuple[Option, ...] = tuple(o if isinstance(o, Option) else Option(*o) for o in options)
        self.dictionary = dictionary

    def _find(self, value: Any) -> str:
        if isinstance(value, str):
            text = value.strip()
            for option in self.options:
                if option.key == text:
                    return option.key
            lowered = text.casefold()
            for option in self.options:
                if lowered in (option.key.casefold(), option.label.zh.casefold(), option.label.en.casefold()):
                    return option.key
        allowed_zh = "、".join(o.label.zh for o in self.options[:12])
        allowed_en = ", ".join(o.label.en for o in self.options[:12])
        raise FieldProblem("choice", f"只能选：{allowed_zh}。", f"Choose one of: {allowed_en}.")

    def parse(self, value: Any, settings: Settings) -> Any:
        return None if value is None or value == "" else self._find(value)

    def option(self, key: Any) -> Option | None:
        return next((o for o in self.options if o.key == key), None)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        option = self.option(value)
        return option.label.for_(lang) if option else ("" if value is None else str(value))

    def words(self, value: Any) -> list[str]:
        return []

    def schema(self) -> dict[str, Any]:
        if self.dictionary is not None or not self.options:
            return {"type": "string"}
        return {"type": "string", "enum": [o.key for o in self.options]}

    def describe(self, lang: str) -> dict[str, Any]:
        out = super().describe(lang)
        out["options"] = [
            {"key": o.key, "label": o.label.for_(lang), "color": o.color} for o in self.options if o.active
        ]
        if self.dictionary is not None:
            out["dictionary"] = self.dictionary
        return out


class Industry(Choice):
    """The section of GB/T 4754-2017 (国民经济行业分类), A to T; a workspace may replace the list by a dictionary."""

    kind = "industry"

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        rest.setdefault("dictionary", None)
        super().__init__(label, [Option(code, text) for code, text in industries.SECTIONS], **rest)


class MultiChoice(Choice):
    """Several of a list."""

    kind = "multi_choice"
    operators = SETS + PRESENCE
    widget = "multiselect"
    sortable = False
    groupable = False
    sql = "text[]"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = [v for v in re.split(r"[,，;；、|\n]", value) if v.strip()]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请给出选项列表。", "Give a list of choices.")
        return list(dict.fromkeys(self._find(v) for v in value)) or None

    def operand(self, value: Any, settings: Settings) -> Any:
        return self.parse(value if isinstance(value, list | tuple) else [value], settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, list):
            return "" if value is None else str(value)
        return "、".join(super(MultiChoice, self).show(v, lang) for v in value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": super().schema()}


class Tags(Field):
    """Free words, each up to 50 characters, at most 50. `fields_of`: the words are names of fields of that object."""

    kind = "tags"
    operators = SETS + PRESENCE
    widget = "tags"
    sortable = False
    groupable = False
    searched = True
    sql = "text[]"

    def __init__(self, label: Text | None = None, *, fields_of: str = "", **rest: Any) -> None:
        super().__init__(label, **rest)
        self.fields_of = fields_of

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = re.split(r"[,，;；、|\n]", value)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise FieldProblem("type", "请给出标签列表。", "Give a list of tags.")
        tags = list(dict.fromkeys(t for t in (cleaned(v, 50, lines=False) for v in value) if t))
        if len(tags) > 50:
            raise FieldProblem("too-long", "最多 50 个标签。", "At most 50 tags.")
        return tags or None

    def operand(self, value: Any, settings: Settings) -> Any:
        return self.parse(value if isinstance(value, list | tuple) else [value], settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "、".join(value) if isinstance(value, list) else ("" if value is None else str(value))

    def words(self, value: Any) -> list[str]:
        return list(value or [])

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 50}}
