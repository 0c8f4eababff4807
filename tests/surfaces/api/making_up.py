"""Requests made up from the API's document: what it allows, with what is there to be named, and what it does not, by one seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from tests.surfaces.api.judging import kinds, resolved

WORDS = ("华东", "上海云山软件有限公司", "Zhang San", "13800138000", "a", "王伟", "2026-11-23", "%_\\", "' OR 1=1--", "=cmd|' /C calc'!A0", "<b>x</b>", "👨‍👩‍👧 𠮷", "  ", "", "x" * 600)
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 1.5, 1e308, "", "null", "\x00", "\ud800", "9" * 400, "0000-00-00", "9999-12-31", "0001-01-01T00:00:00Z", "2026-02-30", "٣", [], {}, [[]], [None], {"": None},
    {"id": {}}, [{"id": 1}], {"amount": "NaN"}, {"amount": "1e400", "currency": "CNY"}, {"code": "999999"}, [{"number": {}}], ["x"] * 300, {"x": {"x": {"x": {"x": []}}}},
)  # fmt: skip
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "starts", "in", "has", "has any", "has all", "has none", "within", "between", "empty", "not empty", "under", "near", "matches")
RELATIVE = ("today", "this month", "last 7 days", "me", "2026-01-01", "1", "华", "[1, 2]", '"x"', "null")


@dataclass
class Call:
    """One request, and whether it was made to be taken (`sound`)."""

    way: str
    url: str
    body: bytes | None
    headers: dict[str, str]
    sound: bool


@dataclass
class Maker:
    """Makes requests up. `known`: ids that lead somewhere, by object; `links`: which object a field of an object leads to, `choices`: what a
    field takes that the document does not list."""

    document: Mapping[str, Any]
    seed: int
    known: dict[str, list[str]] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    # -- values ----------------------------------------------------------------------------------------------------------
    def id(self, object: str | None = None) -> str:
        """An id that leads to a record of the object most times, to another sometimes, seldom nowhere."""
        there = self.known.get(object or "") or [one for ids in self.known.values() for one in ids]
        return self.dice.choice(there) if there and not self.chance(0.05) else str(UUID(int=self.dice.getrandbits(128)))

    def value(self, schema: Any, name: str = "", tag: str = "", depth: int = 0) -> Any:
        """Something the schema allows."""
        schema = resolved(self.document, schema)
        if "anyOf" in schema:
            return self.value(self.dice.choice(schema["anyOf"]), name, tag, depth)
        told = kinds(schema)
        if "null" in told and self.chance(0.15):
            return None
        told = [one for one in told if one != "null"] or ["string"]
        kind = self.dice.choice(told)
        if "enum" in schema:
            return self.dice.choice(schema["enum"])
        if kind == "object":
            return self.members(schema, name, tag, depth)
        if kind == "array":
            size = 0 if depth > 5 else self.dice.choice((0, 1, 1, 2, 3))
            return [self.value(schema.get("items", {"type": "string"}), name, tag, depth + 1) for _ in range(size)]
        if kind == "boolean":
            return self.chance(0.5)
        if kind in ("integer", "number"):
            return self.dice.randint(schema.get("minimum", -3), min(schema.get("maximum", 500), 500))
        return self.text(schema, name, tag)

    def text(self, schema: Mapping[str, Any], name: str, tag: str) -> str:
        kind = schema.get("format")
        if kind == "uuid":
            return self.id(self.links.get(tag, {}).get(name) or {"user": "user", "owner": "user", "by": "user", "group": "group", "pool": "pool"}.get(name, tag))
        if kind == "date":
            return f"{self.dice.choice((self.dice.randint(1, 2100), 2026, 2026)):04}-{self.dice.randint(1, 12):02}-{self.dice.randint(1, 28):02}"
        if kind == "date-time":
            return f"{self.dice.randint(1990, 2040)}-{self.dice.randint(1, 12):02}-{self.dice.randint(1, 28):02}T{self.dice.randint(0, 23):02}:30:00{self.dice.choice(('Z', '+08:00', ''))}"
        if kind == "decimal":
            return self.dice.choice(("0", "1", "-1.5", "1234.50", "99999999999.99", "0.1234567"))
        if kind == "email":
            return self.dice.choice(("a@b.cn", "王@例子.中国", "x" * 60 + "@example.com"))
        if kind == "uri":
            return self.dice.choice(("https://example.com/a?b=c", "http://例子.中国", "ftp://x", "example.com"))
        if "pattern" in schema:
            return {"^[A-Z]{3}$": self.dice.choice(("CNY", "USD", "XXX")), "^[0-9]{6}$": self.dice.choice(("310000", "440305", "000000"))}.get(schema["pattern"], "1")
        if name == "where":
            return self.condition(tag)
        if name in ("sort", "fields", "group_by", "measures"):
            return self.path(name, tag)
        if name in ("object_name", "object"):
            return self.dice.choice(("customer", "lead", "contact", "book", "prospect", tag)) if self.chance(0.9) else "nothing"
        if (listed := self.choices.get(tag, {}).get(name)) and self.chance(0.9):
            return self.dice.choice(listed)
        return self.dice.choice(WORDS)[: schema.get("maxLength", 600)]

    def members(self, schema: Mapping[str, Any], name: str, tag: str, depth: int) -> Any:
        if name == "where" and not schema.get("properties"):
            return self.tree(tag)
        known, out = schema.get("properties", {}), {}
        if not known and self.chance(0.7) and depth < 4:
            fields = self.fields(tag)
            return {one: self.value(inner, one, tag, depth + 1) for one, inner in self.dice.sample(sorted(fields.items()), min(2, len(fields)))}
        wanted = set(schema.get("required", ())) | set(str(schema.get("description", "")).rpartition("required on create: ")[2].split(", "))
        share = self.dice.choice((0.03, 0.03, 0.2, 0.6))
        for one, inner in known.items():
            if depth < 6 and (one in wanted or self.chance(share if len(known) > 6 else 0.8)):
                out[one] = self.value(inner, one, tag, depth + 1)
                if out[one] in (None, "", "  ") and one in wanted and self.chance(0.9):
                    out[one] = self.value({**inner, "type": [kind for kind in kinds(inner) if kind != "null"]} if "type" in inner else inner, one, tag, depth + 1) or WORDS[1]
        if {"object_name", "record"} <= set(out):
            out["record"] = self.id(out["object_name"])
        return out

    # -- conditions ------------------------------------------------------------------------------------------------------
    def fields(self, tag: str) -> dict[str, Any]:
        title = "".join(word.capitalize() for word in tag.split("_"))
        return dict(self.document["components"]["schemas"].get(title, {}).get("properties", {}))

    def one_field(self, tag: str) -> str:
        own = self.fields(tag) or {"name": {}}
        one = self.dice.choice(list(own))
        target = self.links.get(tag, {}).get(one)
        return f"{one}.{self.dice.choice(list(self.fields(target) or {'name': {}}))}" if target and self.chance(0.4) else one

    def path(self, name: str, tag: str) -> str:
        some = [self.one_field(tag) for _ in range(self.dice.randint(1, 3))]
        if name == "measures":
            return self.dice.choice(("count", f"{self.dice.choice(('sum', 'avg', 'min', 'max', 'distinct'))}:{some[0]}"))
        if name == "group_by":
            return some[0] + self.dice.choice(("", "", ":month", ":year", ":week", ":day", ":quarter"))
        return ",".join(self.dice.choice(("", "-") if name == "sort" else ("",)) + one for one in some)

    def leaf(self, tag: str) -> dict[str, Any]:
        one, op = self.one_field(tag), self.dice.choice(OPERATORS)
        schema = self.fields(tag).get(one, {"type": "string"})
        value = self.value(schema, one, tag, 3) if self.chance(0.6) else self.dice.choice((*RELATIVE, *JUNK[:20]))
        return {"field": one, "op": op} | ({} if "empty" in op and self.chance(0.8) else {"value": [value] if op in ("in", "has any", "has all", "has none", "between") and self.chance(0.8) else value})

    def tree(self, tag: str, depth: int = 0) -> Any:
        if depth > 2 or self.chance(0.6):
            return self.leaf(tag)
        kind = self.dice.choice(("and", "or", "not"))
        return {kind: self.tree(tag, depth + 1) if kind == "not" else [self.tree(tag, depth + 1) for _ in range(self.dice.randint(0, 3))]}

    def condition(self, tag: str) -> str:
        if self.chance(0.5):
            return json.dumps(self.tree(tag))
        return self.dice.choice((" and ", " or ", " 且 ")).join(f"{self.one_field(tag)} {self.dice.choice(OPERATORS)} {self.dice.choice(RELATIVE)}" for _ in range(self.dice.randint(1, 3)))

    # -- requests --------------------------------------------------------------------------------------------------------
    def spoil(self, value: Any) -> Any:
        """The same with one thing in it that is wrong, anywhere."""
        if isinstance(value, dict) and value and self.chance(0.8):
            name = self.dice.choice(list(value))
            if self.chance(0.15):
                return {one: inner for one, inner in value.items() if one != name}
            return value | {name: self.spoil(value[name])} if self.chance(0.85) else value | {self.dice.choice(("no such thing", "id", "version", "deleted_at", "workspace_id", "")): self.dice.choice(JUNK)}
        if isinstance(value, list) and value and self.chance(0.7):
            place = self.dice.randrange(len(value))
            return [self.spoil(one) if n == place else one for n, one in enumerate(value)]
        return self.dice.choice(JUNK)

    def call(self, path: str, way: str, operation: Mapping[str, Any], sound: bool) -> Call:
        tag = operation["tags"][0]
        filled, query, headers = path, {}, {}
        for one in operation.get("parameters", ()):
            schema, name = resolved(self.document, one["schema"]), one["name"]
            if one["in"] == "path":
                text = self.id("file" if name == "file" else "undo" if "undo" in path and "import" not in path and "job" not in path else tag) if schema.get("format") == "uuid" else "files"
                text = text if sound or self.chance(0.8) else str(self.dice.choice(("x", "\x00", "..", "9" * 300, "null")))
                filled = filled.replace(f"{{{name}}}", quote(text, safe=""))
            elif one["in"] == "header":
                if self.chance(0.3):
                    headers[name] = "return=representation" if name == "Prefer" else "*" if sound else self.dice.choice(("x", '"', "*", f'W/"{self.id(tag)}"'))
            elif self.chance(0.35):
                value = self.value(schema, name, tag) if sound or self.chance(0.5) else self.dice.choice(JUNK)
                query[name] = (json.dumps(value) if isinstance(value, dict | list | bool) else str(value)).encode("utf-8", "replace")
        body = None
        if "requestBody" in operation and "application/json" in operation["requestBody"]["content"]:
            made = self.value(operation["requestBody"]["content"]["application/json"]["schema"], "", tag)
            body = json.dumps(made if sound else self.spoil(made)).encode()
            if not sound and self.chance(0.05):
                body = self.dice.choice((b"", b"{", body[: len(body) // 2], b"\xff" + body))
        return Call(way, f"/api/v1{filled}" + (f"?{urlencode(query)}" if query else ""), body, headers, sound)
