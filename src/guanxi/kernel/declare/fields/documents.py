"""Files, and values that are documents of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.base.ids import parse_id
from guanxi.kernel.declare.fields.core import PRESENCE, Field, FieldProblem, Settings


class File(Field):
    """Files in the content-addressed store: a list of `{"file": <id>, "name", "size", "type"}`, at most 20."""

    kind = "file"
    operators = PRESENCE
    widget = "file"
    sortable = False
    groupable = False
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "" or value == []:
            return None
        if isinstance(value, Mapping | str):
            value = [value]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请给出文件列表。", "Give a list of files.")
        out = []
        for item in value:
            if isinstance(item, str):
                item = {"file": item}
            if not isinstance(item, Mapping) or not isinstance(item.get("file"), str) or parse_id(item["file"]) is None:
                raise FieldProblem("file", "请先上传文件，再填写它的编号。", "Upload the file first, then give its id.")
            out.append({key: item[key] for key in ("file", "name", "size", "type") if item.get(key) is not None})
        if len(out) > 20:
            raise FieldProblem("too-long", "最多 20 个文件。", "At most 20 files.")
        return out

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "、".join(str(v.get("name", "")) for v in value or [] if isinstance(v, Mapping))

    def words(self, value: Any) -> list[str]:
        return [v["name"] for v in value or [] if v.get("name")]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "size": {"type": "integer"},
                    "type": {"type": "string"},
                },
                "required": ["file"],
            },
        }


class Image(File):
    """Pictures; the type must be one a browser shows safely (png, jpeg, gif, webp)."""

    kind = "image"
    widget = "image"


MAX_JSON = 100_000


class Json(Field):
    """Any JSON up to 100,000 characters, for settings and integrations."""

    kind = "json"
    operators = PRESENCE
    widget = "json"
    sortable = False
    groupable = False
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        import json

        import msgspec

        if value is None or value == "":
            return None
        try:
            if isinstance(value, str):
                value = json.loads(value)
            text = json.dumps(value, allow_nan=False)
            msgspec.json.encode(value)  # what the database and the journal get; refuses lone surrogates and endless integers
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise FieldProblem("type", "不是有效的 JSON。", "Not valid JSON.") from None
        if len(text) > MAX_JSON:
            raise FieldProblem("too-long", f"最多 {MAX_JSON} 个字符。", f"At most {MAX_JSON} characters.")
        if "\\u0000" in text:
            raise FieldProblem("encoding", "含有无法保存的字符。", "Contains characters that cannot be stored.")
        return value

    def words(self, value: Any) -> list[str]:
        return []

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        import json

        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def schema(self) -> dict[str, Any]:
        return {}
