"""How somebody is reached, and where: phones and administrative regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from guanxi.base import phones
from guanxi.kernel.declare.fields.core import MAX_TEXT, PRESENCE, Field, FieldProblem, Part, Settings
from guanxi.kernel.declare.fields.texts import cleaned


class Phone(Field):
    """Phone numbers: several per record, each normalised (E.164, extension behind `;ext=`), with a note.

    What cannot be read as a number is kept as it was typed, with `number` empty, so that nothing is lost.
    """

    kind = "phone"
    operators = ("=", "contains", "ends", *PRESENCE)
    widget = "phone"
    sortable = False
    groupable = False
    searched = True
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "" or value == []:
            return None
        if isinstance(value, str | int) and not isinstance(value, bool):
            value = [str(value)]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请填写电话号码。", "Give a phone number.")
        out: list[dict[str, str]] = []
        for item in value:
            note = None
            if isinstance(item, Mapping):
                if not set(item) <= {"number", "note", "text"}:
                    raise FieldProblem("type", "电话只能有 number 和 note。", "A phone has only number and note.")
                note = item.get("note")
                item = item.get("number") or item.get("text") or ""
            if not isinstance(item, str) or not isinstance(note, str | None):
                raise FieldProblem("type", "请填写电话号码。", "Give a phone number.")
            if len(item) > MAX_TEXT:
                raise FieldProblem("too-long", f"最多 {MAX_TEXT} 个字。", f"At most {MAX_TEXT} characters.")
            note = cleaned(note, MAX_TEXT, lines=False)
            for found in phones.parse_phones(cleaned(item, MAX_TEXT, lines=False) or "", area=settings.area_code or None):
                entry = {"number": found.number} if found.number else {"number": "", "text": found.original}
                words = note or found.note
                if words:
                    entry["note"] = words[:100]
                if entry not in out:
                    out.append(entry)
        if len(out) > 20:
            raise FieldProblem("too-long", "最多 20 个电话。", "At most 20 phone numbers.")
        return out or None

    def operand(self, value: Any, settings: Settings) -> Any:
        digits = re.sub(r"\D", "", str(value))
        if not digits:
            raise FieldProblem("type", "请填写数字。", "Give digits.")
        return digits

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, list):
            return "" if value is None else str(value)
        shown = []
        for entry in value:
            text = phones.display(entry["number"]) if entry.get("number") else entry.get("text", "")
            shown.append(f"{text} ({entry['note']})" if entry.get("note") else text)
        return "、".join(shown)

    def mask(self, value: Any) -> Any:
        if not value:
            return None
        return [{"number": _starred(entry.get("number") or entry.get("text", ""))} for entry in value]

    def words(self, value: Any) -> list[str]:
        return []

    def numbers(self, value: Any) -> list[str]:
        """Digits only, for the search by tail."""
        return [re.sub(r"\D", "", e["number"].split(";")[0]) for e in value or [] if e.get("number")]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "object", "properties": {"number": {"type": "string"}, "text": {"type": "string", "description": "As it was written, where it is no number"}, "note": {"type": "string"}}},
        }


def _starred(number: str) -> str:
    """138****5678: the shape people know from bills; short numbers vanish whole."""
    return f"{number[:-8]}****{number[-4:]}" if len(number) > 8 else "***"


class Region(Field):
    """省市区 as the deepest division code (GB/T 2260, six digits) and the rest of the address.

    Filters: `=` and `in` take a code of any level and mean "in it or below", `exactly` the code itself; what has no code
    counts as empty. Texts are resolved when the surface that
    read them knows the divisions; otherwise they stay in `detail`.
    """

    kind = "region"
    operators = ("=", "!=", "in", "exactly", "contains", *PRESENCE)
    widget = "region"
    resolve: ClassVar[Callable[[str], tuple[str, str]] | None] = None
    """Text to (code, rest); installed at start by the program, because the divisions are data."""
    names: ClassVar[Callable[[str], str] | None] = None
    """Code to its full name (广东省深圳市南山区); installed at start likewise."""
    below: ClassVar[Callable[[str], list[tuple[str, str]]] | None] = None
    """The regions directly in one, or the provinces for "": code and own name; installed at start likewise."""
    find: ClassVar[Callable[[str, int], list[tuple[str, str]]] | None] = None
    """The regions called as somebody typed, in characters, pinyin or initials, at most so many: code and full name; installed at start likewise."""
    within: ClassVar[Callable[[str], tuple[str, int] | None] | None] = None
    """The place a company's name begins with: code and length, or None; installed at start likewise."""

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part("", "text"), Part("_detail", "text"))

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            text = cleaned(value, MAX_TEXT, lines=False)
            if text is None:
                return None
            resolver = type(self).resolve
            code: str | None
            rest: str
            code, rest = resolver(text) if resolver is not None else ("", text)
            if not code and re.fullmatch(r"\d{6}", text):
                code, rest = text, ""
            return {"code": code or None, "detail": rest or None}
        if not isinstance(value, Mapping) or not set(value) <= {"code", "detail", "text"}:
            raise FieldProblem("type", "地区应有 code（六位行政区划代码）和 detail。", "A region has code (six digits) and detail.")
        code = value.get("code") or None
        if code is not None and not (isinstance(code, str) and re.fullmatch(r"\d{6}", code)):
            raise FieldProblem("region", "行政区划代码应为六位数字。", "A division code has six digits.")
        detail = cleaned(value.get("detail"), MAX_TEXT, lines=False)
        return {"code": code, "detail": detail} if code or detail else None

    def operand(self, value: Any, settings: Settings) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{2}(\d{2}(\d{2})?)?", value):
            return value.ljust(6, "0")
        parsed = self.parse(value, settings)
        return (parsed or {}).get("code") or str(value)

    def store(self, value: Any) -> tuple[Any, ...]:
        return (None, None) if value is None else (value.get("code"), value.get("detail"))

    def load(self, values: tuple[Any, ...]) -> Any:
        if values[0] is None and values[1] is None:
            return None
        return {"code": values[0], "detail": values[1]}

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, dict):
            return "" if value is None else str(value)
        namer = type(self).names
        name = namer(value["code"]) if namer is not None and value.get("code") else (value.get("code") or "")
        return " ".join(part for part in (name, value.get("detail") or "") if part)

    def words(self, value: Any) -> list[str]:
        return [value["detail"]] if value and value.get("detail") else []

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"code": {"type": "string", "pattern": "^[0-9]{6}$"}, "detail": {"type": ["string", "null"]}},
        }
