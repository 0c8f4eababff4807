"""Whether an answer is what the API's document says: its status, its kind and its shape, with no member that is not written down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

KINDS: Mapping[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float),
}  # fmt: skip
FORMATS: Mapping[str, Any] = {"uuid": UUID, "date": date.fromisoformat, "date-time": datetime.fromisoformat, "decimal": Decimal}
KNOWN = {
    "type", "format", "properties", "patternProperties", "additionalProperties", "required", "items", "enum", "anyOf", "$ref", "maxLength", "maxItems", "minimum", "maximum", "pattern",
    "title", "description", "default", "readOnly", "examples",
}  # fmt: skip
"""What our document says of values; something new in it has to be judged too."""


def resolved(document: Mapping[str, Any], node: Any) -> dict[str, Any]:
    while "$ref" in node:
        at: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return dict(node)


def kinds(schema: Mapping[str, Any]) -> list[str]:
    told = schema.get("type", [])
    return [told] if isinstance(told, str) else list(told)


def faults(document: Mapping[str, Any], schema: Any, value: Any, at: str = "") -> Iterator[str]:
    """What of a value is not as the schema says. An object that names its members has no others."""
    schema = resolved(document, schema)
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "anyOf" in schema:
        tried = [list(faults(document, one, value, at)) for one in schema["anyOf"]]
        if all(tried):
            yield from min(tried, key=len)
        return
    told = kinds(schema)
    if told and not any(isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind in ("integer", "number")) for kind in told):
        yield f"{at}: {value!r} is no {told}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        yield from _text(schema, value, at)
    elif isinstance(value, list) and "items" in schema:
        for place, one in enumerate(value):
            yield from faults(document, schema["items"], one, f"{at}[{place}]")
    elif isinstance(value, dict):
        yield from _members(document, schema, value, at)


def _text(schema: Mapping[str, Any], value: str, at: str) -> Iterator[str]:
    if (read := FORMATS.get(schema.get("format", ""))) is not None:
        try:
            read(value)
        except (ValueError, InvalidOperation):
            yield f"{at}: {value!r} is no {schema['format']}"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{at}: longer than {schema['maxLength']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} is not like {schema['pattern']}"


def _members(document: Mapping[str, Any], schema: Mapping[str, Any], value: Mapping[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{at}: without {name}" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        patterned = next((inner for pattern, inner in schema.get("patternProperties", {}).items() if re.search(pattern, name)), None)
        inner = known.get(name, patterned if patterned is not None else schema.get("additionalProperties"))
        if inner is None and known:
            yield f"{at}.{name}: not in the document"
        elif isinstance(inner, dict):
            yield from faults(document, inner, one, f"{at}.{name}")


def judge(document: Mapping[str, Any], operation: Mapping[str, Any], status: int, kind: str, body: bytes) -> list[str]:
    """What is wrong with an answer to an operation; empty when all is as written."""
    if status >= 500 and str(status) not in operation["responses"]:
        return [f"failed with {status}: {body[:300]!r}"]
    if str(status) not in operation["responses"]:
        return [f"{status} is not in the document: {body[:300]!r}"]
    answer = resolved(document, operation["responses"][str(status)])
    content, plain = answer.get("content", {}), kind.partition(";")[0]
    if not content:
        return [f"{status} has a body: {body[:100]!r}"] if body else []
    if "application/octet-stream" in content:
        return []
    if plain not in content:
        return [f"{status} is {kind}, not {list(content)}"]
    return [f"{status} {fault}" for fault in faults(document, content[plain].get("schema", {}), json.loads(body))]
