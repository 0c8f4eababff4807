"""The OpenAPI 3.1 document, generated from the declarations; a test compares it with the committed docs/openapi.json."""

from __future__ import annotations

from functools import cache
from typing import Any

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Field, File, Link, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import handing, inquiring

_PROBLEMS = {
    "401": ("Unauthenticated", "No valid token or session, or something is due before anything else"),
    "403": ("Forbidden", "Seen, but this may not be done"),
    "404": ("NotFound", "Absent, or out of sight"),
    "409": ("Conflict", "Records stand in the way, or somebody was faster"),
    "412": ("Stale", "Changed since the version in If-Match"),
    "413": ("TooLarge", "More bytes or records than one may send at once"),
    "422": ("Invalid", "The errors say which member or parameter, and why"),
    "429": ("TooManyRequests", "More often than one may; Retry-After says in how many seconds"),
    "503": ("TooSlow", "A statement took too long and was given up, or too many streams are open; nothing was done"),
    "507": ("StorageFull", "No space left; nothing was done"),
}
"""The problems there are, by status: the name of the answer in the document, and what it means."""
_ASKING = ("/search", "/capture", "aggregate", "duplicates", "along", "reveal")
"""What is posted because the question is long: nothing is written."""


_NAMING = ("/imports", "/exports", "/capture/accept", "/search")
"""What names an object or a file in its body, which may be absent or out of sight."""


def _parameter(name: str, text: str, schema: dict[str, Any], where: str = "query") -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "in": where, "description": text, "schema": schema}
    if where == "path":
        out["required"] = True
    return out


_ID = _parameter("id", "The record's id", {"type": "string", "format": "uuid"}, "path")
_PREFER = _parameter("Prefer", "return=representation adds the record to the answer", {"type": "string"}, "header")
_MATCH = _parameter("If-Match", "The version the change is based on", {"type": "string"}, "header")
_TIMELINE = _parameter(
    "timeline", "With so many of its newest events: the answer is {record, timeline}", {"type": "integer", "minimum": 1, "maximum": 200}
)
_FIELDS = _parameter("fields", "Paths, separated by commas, dotted across links", {"type": "string"})
_PAGING = [
    _parameter("before", "Only events before this one", {"type": "string", "format": "uuid"}),
    _parameter("limit", "1 to 200", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
]
_NARROW = [
    _parameter("only", "The name of an object: what happened to its records only", {"type": "string"}),
    _parameter("way", "A kind of contact: what was written so", {"type": "string"}),
    _parameter("words", "Records that hold these words", {"type": "string", "maxLength": 100}),
    _parameter("since", "From this day on", {"type": "string", "format": "date"}),
    _parameter("until", "Until this day, included", {"type": "string", "format": "date"}),
    _parameter("by", "What one person did", {"type": "string", "format": "uuid"}),
]
_EVENTS = [
    _parameter("objects", "Names of objects, separated by commas; neither these nor records: everything", {"type": "string"}),
    _parameter("record", "A record as customers/{id}: itself, what links to it, who looks at it; may be given five times", {"type": "string"}),
    _parameter("since", "The id of the last message heard, as Last-Event-ID", {"type": "string", "format": "uuid"}),
]
_LISTING = [
    _parameter("where", "The condition language, as JSON or text", {"type": "string"}),
    _parameter("sort", "Paths, separated by commas, - for descending", {"type": "string"}),
    _FIELDS,
    _parameter("limit", "1 to 200", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
    _parameter("after", "The cursor of the page before: its next", {"type": "string"}),
    _parameter("before", "The cursor of the page after: its previous; instead of after", {"type": "string"}),
    _parameter(
        "count", "exact counts to 10,000", {"type": "string", "enum": ["none", "estimate", "exact"], "default": "none"}
    ),
    _parameter("deleted", "The bin instead of the living", {"type": "boolean", "default": False}),
    _parameter("q", "A part of the name, or what looks like an address, a number or a phone, whole or its end", {"type": "string", "maxLength": 200}),
]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_MERGED = {
    "description": "It was merged into another record, whose address is in Location, where the caller may read that one",
    "headers": {"Location": {"schema": {"type": "string"}}}, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}  # fmt: skip


def _answers(schema: dict[str, Any] | None, status: str = "200", text: str = "Done") -> dict[str, Any]:
    good: dict[str, Any] = {"description": text}
    if schema is not None:
        good["content"] = _json(schema)
    return {status: good}


def _wrong(path: str, way: str, operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation answers when it does not do what was asked. Every one may be asked by nobody, too often, or for too much."""
    codes = {"401", "429", "503"}
    asks, writes = operation.get("parameters") or "requestBody" in operation, way != "get" and not path.endswith(_ASKING)
    if path == "/events":
        return {code: {"$ref": f"#/components/responses/{_PROBLEMS[code][0]}"} for code in ("401", "503")}
    if "{" in path or operation["tags"][0] in REGISTRY.objects or path in _NAMING:
        codes.add("404")
    if asks or way == "post":
        codes.add("422")
    if "requestBody" in operation:
        codes.add("413")
    if path.endswith(("duplicates", "along", "reveal")) or (way == "get" and operation["tags"][0] in REGISTRY.objects):
        codes.add("403")
    if writes:
        codes |= {"403", "409", "507"}
    if path == "/undo/{id}":
        codes.add("409")
    if _MATCH in operation.get("parameters", ()):
        codes.add("412")
    return {code: {"$ref": f"#/components/responses/{_PROBLEMS[code][0]}"} for code in sorted(codes)}


def _call(
    summary: str,
    tag: str,
    answers: dict[str, Any],
    parameters: list[Any] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    out: dict[str, Any] = {"summary": summary, "tags": [tag], "responses": answers}
    if parameters:
        out["parameters"] = parameters
    if body is not None:
        out["requestBody"] = {"required": True, "content": _json(body)}
    return out


def _value(one: Field, *, reading: bool) -> dict[str, Any]:
    schema = dict(one.schema())
    if reading and isinstance(one, Link):
        schema = {"$ref": "#/components/schemas/Linked"}
    if reading and isinstance(one, Links):
        schema = {"type": "array", "items": {"$ref": "#/components/schemas/Linked"}}
    label = {"title": f"{one.label.zh} / {one.label.en}"}
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}], **label}
    if "type" in schema:
        kind = schema["type"]
        schema["type"] = [kind, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if reading and one.readonly:
        schema["readOnly"] = True
    return schema | label


_INQUIRY = {
    "type": "object", "required": ["words"],
    "properties": {
        "words": {"type": "array", "items": {"type": "string", "maxLength": inquiring.LONGEST}, "maxItems": inquiring.MOST, "description": f"Up to {inquiring.MOST}; up to {inquiring.MOST_TOGETHER} when all or any of them are asked for"},
        "how": {"type": "string", "enum": list(inquiring.HOW), "default": "exact"},
        "objects": {"type": "array", "items": {"type": "string"}, "description": "None: all that can be looked through"},
        "fields": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}, "description": "Fields by object; none: those a search finds them by"},
        "without": {"type": "array", "items": {"type": "string"}, "maxItems": inquiring.MOST_TOGETHER, "description": "Records that hold any of these are left out"},
    },
}  # fmt: skip
_INQUIRED = {
    "type": "object",
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "object": {"type": "string"}, "more": {"type": "boolean", "description": f"There are more than the {inquiring.CAP} told"},
                    "where": {"type": "object", "description": "The condition that lists them"},
                    "rows": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "id": {"type": "string", "format": "uuid"}, "title": {"type": "string"},
                                "found": {"type": "array", "items": {"type": "object", "properties": {"field": {"type": "string"}, "word": {"type": "string"}}}},
                            },
                        },
                    },
                },
            },
        },
        "missing": {"type": "array", "items": {"type": "string"}, "description": "Words that nothing holds which the caller may see"},
        "unsure": {"type": "array", "items": {"type": "string"}, "description": "Words that may be among what was cut off"},
    },
}  # fmt: skip


_FOUND = {
    "type": "object", "required": ["rows"],
    "properties": {"rows": {"type": "array", "items": {"type": "object", "properties": {"object": {"type": "string"}, "id": {"type": "string", "format": "uuid"}, "title": {"type": "string"}, "subtitle": {"type": ["string", "null"]}}}}},
}  # fmt: skip


def _telling() -> dict[str, Any]:
    """What exists, as /catalog tells it, and why somebody sees a record."""
    text, texts, yes = {"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "boolean"}
    level = {"type": "string", "enum": ["hidden", "masked", "read", "write"]}
    options = {"type": "array", "items": {"type": "object", "properties": {"key": text, "label": text, "color": {"type": ["string", "null"]}}}}
    described = {
        "type": "object", "required": ["name", "type", "label"],
        "properties": {
            "name": text, "type": text, "label": text, "required": yes, "readonly": yes, "custom": yes, "operators": texts, "widget": text, "help": text, "personal": text, "level": level,
            "options": options, "dictionary": text, "target": {**text, "description": "The object a link leads to"},
        },
    }
    fields = {"type": "array", "items": {"$ref": "#/components/schemas/Described"}}
    action = {"type": "object", "properties": {"name": text, "label": text, "form": texts, "needs": texts, "inputs": fields, "offered": {"type": ["string", "null"], "description": "The condition under which it is offered"}}}
    view = {"type": "object", "required": ["kind", "name", "label"], "properties": {"kind": text, "name": text, "label": text}, "additionalProperties": {"description": "What the view is made of, by its kind"}}
    told = {
        "name": text, "plural": text, "label": text, "icon": text, "group": text, "title": text, "module": text, "fields": fields, "verbs": texts,
        "actions": {"type": "array", "items": action}, "views": {"type": "array", "items": view},
    }
    reason = {"type": "object", "properties": {"grants": yes, "about": text, "text": text}}
    return {
        "Described": described,
        "Catalog": {
            "type": "object", "required": ["objects", "me", "currency"],
            "properties": {"objects": {"type": "array", "items": {"type": "object", "properties": told}}, "me": {"type": "object", "properties": {"id": {"type": ["string", "null"], "format": "uuid"}, "name": text}}, "currency": text},
        },
        "Explained": {
            "type": "object", "required": ["read", "write", "reasons", "verbs", "fields"],
            "properties": {
                "read": yes, "write": yes, "reasons": {"type": "array", "items": reason}, "verbs": {"type": "object", "additionalProperties": yes},
                "fields": {"type": "object", "additionalProperties": level, "description": "Fields that are not simply written"},
            },
        },
    }  # fmt: skip


def _schemas(it: Definition) -> dict[str, Any]:
    own = it.fields
    title = "".join(word.capitalize() for word in it.name.split("_"))
    read: dict[str, Any] = {"id": {"type": "string", "format": "uuid"}, "version": {"type": "string", "format": "uuid"}}
    read |= {name: _value(one, reading=True) for name, one in own.items()}
    write = {name: _value(one, reading=False) for name, one in own.items() if not one.readonly and not one.system}
    return {
        title: {"type": "object", "description": it.doc, "properties": read, "patternProperties": {r"[.]": {"description": "What `fields` asked for across links"}}},
        f"{title}Changes": {
            "type": "object",
            "description": f"{it.label.zh} / {it.label.en}: required on create: "
            + ", ".join(n for n, f in own.items() if f.required),
            "properties": write,
        },
    }


def _paths(it: Definition) -> dict[str, Any]:
    title = "".join(word.capitalize() for word in it.name.split("_"))
    record, changes = {"$ref": f"#/components/schemas/{title}"}, {"$ref": f"#/components/schemas/{title}Changes"}
    done = {"$ref": "#/components/schemas/Done"}
    rows = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": record},
            "next": {"type": ["string", "null"]},
            "previous": {"type": ["string", "null"]},
            "count": {"type": "integer"},
            "more": {"type": "boolean"},
        },
    }
    told = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
            "next": {"type": ["string", "null"]},
        },
    }
    story = {"type": "object", "properties": {"record": record, "timeline": told}, "required": ["record", "timeline"]}
    either = {"anyOf": [record, story]}
    tag, root, one = it.name, f"/{it.plural}", f"/{it.plural}/{{id}}"
    out: dict[str, Any] = {
        root: {
            "get": _call(f"List {it.plural}", tag, _answers(rows), _LISTING),
            "post": _call(f"Create one of {it.plural}", tag, _answers(done, "201", "Created"), [_PREFER], changes),
        },
        f"{root}/aggregate": {
            "post": _call(
                f"Figures over {it.plural}",
                tag,
                _answers({"$ref": "#/components/schemas/Figures"}),
                None,
                {"$ref": "#/components/schemas/Aggregate"},
            )
        },
        **_duplicates(it, root, tag),
        **_along(it, root, tag),
        f"{root}/bulk": {
            "post": _call(
                f"One verb on many {it.plural}: at once, or as a job all that match",
                tag,
                {**_answers({"$ref": "#/components/schemas/BulkDone"}), **_answers({"$ref": "#/components/schemas/Job"}, "202", "Accepted")},
                None,
                {"$ref": "#/components/schemas/Bulk"},
            )
        },
        one: {
            "get": _call(f"One of {it.plural}", tag, _answers(either), [_ID, _FIELDS, _TIMELINE]),
            "patch": _call(f"Change one of {it.plural}", tag, _answers(done), [_ID, _MATCH, _PREFER], changes),
            "delete": _call(
                f"Put one of {it.plural} into the bin", tag, _answers(None, "204", "Deleted"), [_ID, _MATCH]
            ),
        },
        f"{one}/timeline": {
            "get": _call("What happened to it and to what is linked to it", tag, _answers(told), [_ID, *_PAGING, *_NARROW])
        },
        f"{one}/history": {"get": _call("What happened to it", tag, _answers(told), [_ID, *_PAGING])},
        **(
            {
                f"{one}/files/{{field}}/{{file}}": {
                    "get": _call(
                        "Download a file of a field",
                        tag,
                        {
                            "200": {"description": "The bytes", "content": {"application/octet-stream": {}}},
                        },
                        [
                            _ID,
                            _parameter("field", "The field", {"type": "string"}, "path"),
                            _parameter("file", "The file's id", {"type": "string", "format": "uuid"}, "path"),
                        ],
                    )
                }
            }
            if any(isinstance(f, File) for f in it.fields.values())
            else {}
        ),
        f"{one}/explain": {"get": _call("Why one may see and change it", tag, _answers({"$ref": "#/components/schemas/Explained"}), [_ID])},
    }
    if any(field.personal for field in it.fields.values()):
        shown = {"type": "object", "properties": {"field": {"type": "string"}, "value": {}}}
        inputs = {"type": "object", "properties": {"field": {"type": "string"}}, "required": ["field"]}
        out[f"{one}/reveal"] = {"post": _call("The whole value of a masked field; counted and logged", tag, _answers(shown), [_ID], {"type": "object", "properties": {"inputs": inputs}})}
    for verb, action in it.verbs.items():
        if verb in ("create", "update", "delete") or (action is not None and action.internal):
            continue
        properties: dict[str, Any] = {}
        if action is not None and action.form:
            properties["changes"] = {
                "type": "object",
                "properties": {n: _value(it.fields[n], reading=False) for n in action.form},
            }
        if action is not None and action.inputs:
            properties["inputs"] = {
                "type": "object",
                "properties": {f.name: _value(f, reading=False) for f in action.inputs},
            }
        if verb == "assign":
            properties["changes"] = {"type": "object", "properties": {"owner": {"type": "string", "format": "uuid"}}}
            if more := handing.inputs(REGISTRY.objects.values(), it):
                properties["inputs"] = {"type": "object", "properties": {f.name: _value(f, reading=False) for f in more}}
        if verb in ("share", "unshare"):
            shared: dict[str, Any] = {"user": {"type": "string", "format": "uuid"}}
            if verb == "share":
                shared |= {
                    "level": {"type": "string", "enum": ["read", "write"]},
                    "until": {"type": "string", "format": "date-time"},
                }
            shared |= {f.name: _value(f, reading=False) for f in handing.sharing(REGISTRY.objects.values(), it)}
            properties["inputs"] = {"type": "object", "properties": shared}
        text = f"{action.label.zh} / {action.label.en}" if action is not None else verb
        out[f"{one}/{verb}"] = {
            "post": _call(text, tag, _answers(done), [_ID, _MATCH, _PREFER], {"type": "object", "properties": properties})
        }
    return _gone(it, out)


def _gone(it: Definition, paths: dict[str, Any]) -> dict[str, Any]:
    """What the addresses of one record answer when it was merged."""
    for address, calls in paths.items() if it.duplicates is not None else ():
        for call in calls.values() if "{id}" in address else ():
            call["responses"] = {**call["responses"], "410": _MERGED}
    return paths


def _along(it: Definition, root: str, tag: str) -> dict[str, Any]:
    """What could go along with records that change hands, where anything could."""
    found = handing.following(REGISTRY.objects.values(), it.name)
    if not found:
        return {}
    asked = {"type": "object", "properties": {"ids": {"type": "array", "items": {"type": "string", "format": "uuid"}}, "where": {"description": "Instead of ids: all that match"}}}
    counted = {"type": "object", "properties": {"counts": {"type": "object", "properties": {one.it.name: {"type": "integer"} for one in found}}}}
    return {f"{root}/along": {"post": _call("How many records of each object could go along with a transfer of these", tag, _answers(counted), None, asked)}}


def _duplicates(it: Definition, root: str, tag: str) -> dict[str, Any]:
    """The question for duplicates, of objects that are compared."""
    if it.duplicates is None:
        return {}
    known = {name: _value(it.fields[name], reading=False) for name in it.duplicates.asked}
    asked = {
        "type": "object", "required": ["values"],
        "properties": {"values": {"type": "object", "properties": known}, "id": {"type": "string", "format": "uuid", "description": "The record itself, left out"}},
    }  # fmt: skip
    return {f"{root}/duplicates": {"post": _call(f"What the rules call duplicates of one of {it.plural}", tag, _answers({"$ref": "#/components/schemas/Duplicates"}), None, asked)}}


@cache
def document() -> dict[str, Any]:
    """The whole document, for the objects the program's modules declare (a workspace's custom fields: see /catalog)."""
    text, uuid = {"type": "string"}, {"type": "string", "format": "uuid"}
    condition = {"description": "A condition as JSON, or its text form", "type": ["object", "string"]}
    schemas: dict[str, Any] = {
        **_telling(),
        "Linked": {"type": "object", "properties": {"id": uuid, "label": text}},
        "Problem": {
            "type": "object",
            "description": "RFC 9457, in the caller's language",
            "properties": {
                "type": text, "title": text, "status": {"type": "integer"}, "detail": text, "instance": text,
                "errors": {"type": "array", "items": {"type": "object", "properties": {"field": text, "code": text, "message": text}}},
            },
        },
        "Done": {
            "type": "object",
            "properties": {
                "id": uuid, "version": uuid, "changed": {"type": "boolean"}, "record": {"type": ["object", "null"]}, "output": {"type": "object"},
                "warnings": {"type": "array", "items": {"type": "object", "properties": {"field": text, "message": text}}},
            },
        },
        "Event": {
            "type": "object",
            "properties": {
                "id": uuid, "object": text, "record": uuid, "label": {"type": ["string", "null"]}, "verb": text, "actor": {"type": ["object", "null"]}, "actor_kind": text,
                "via": text, "at": {"type": "string", "format": "date-time"}, "changes": {"type": "object"}, "cause": {"type": ["string", "null"]},
            },
        },
        "Aggregate": {
            "type": "object",
            "properties": {
                "where": condition, "group_by": {"type": "array", "items": text, "maxItems": 4}, "sort": {"type": "array", "items": text},
                "measures": {"type": "array", "items": text, "maxItems": 10, "default": ["count"]}, "limit": {"type": "integer"},
            },
        },
        "Figures": {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "object"}}, "truncated": {"type": "boolean"}}},
        "Item": {"type": "object", "properties": {"id": uuid, "changes": {"type": "object"}, "version": uuid, "inputs": {"type": "object"}}},
        "Bulk": {
            "type": "object", "required": ["verb"],
            "properties": {
                "verb": text, "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}, "ids": {"type": "array", "items": uuid},
                "changes": {"type": "object"}, "inputs": {"type": "object"}, "where": condition,
                "background": {"type": "boolean", "description": "As a job, whatever the number; always so with where"},
                "add": {"type": "object", "description": "Tags to add, by field"}, "remove": {"type": "object", "description": "Tags to take away, by field"},
            },
        },
        "Duplicates": {
            "type": "object",
            "properties": {
                "rows": {
                    "type": "array",
                    "items": {
                        "type": "object", "description": "What the rule that found it allows to be told; id only where the record may be opened",
                        "properties": {
                            "object": text, "id": {"type": ["string", "null"]}, "state": {"type": "string", "enum": ["mine", "others", "free", "pool", "bin", "new"]},
                            "effect": {"type": "string", "enum": ["show", "warn", "forbid"]}, "fields": {"type": "array", "items": text}, "title": {"type": ["string", "null"]},
                            "owner": {"type": ["string", "null"]}, "pool": {"type": ["string", "null"]}, "contacted": {"type": ["string", "null"]},
                            "claim": {"type": "boolean", "description": "May be claimed now"}, "rule": {"type": ["string", "null"]},
                        },
                    },
                }
            },
        },
        "BulkDone": {"type": "object", "properties": {"results": {"type": "array", "items": {"type": "object"}}, "undo": {"type": ["string", "null"], "format": "uuid", "description": "What /undo takes to take all of it back"}}},
        "TakenBack": {
            "type": "object",
            "properties": {
                "deleted": {"type": "integer"}, "restored": {"type": "integer"}, "reverted": {"type": "integer"},
                "objects": {"type": "object", "description": "How many have their former values, by object", "additionalProperties": {"type": "integer"}},
                "kept": {"type": "array", "items": {"type": "object", "properties": {"message": text, "count": {"type": "integer"}}}},
            },
        },
        "Words": {"type": "object", "description": "A place in the text, in characters", "properties": {"start": {"type": "integer"}, "end": {"type": "integer"}, "words": text}},
        "Proposal": {
            "type": "object",
            "properties": {
                "reader": text, "shape": {"type": "string", "enum": ["chat", "mail", "card", "note"]},
                "facts": {"type": "array", "items": {"type": "object", "properties": {"kind": text, "words": text, "start": {"type": "integer"}, "end": {"type": "integer"}, "sure": {"type": "boolean"}}}},
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": text, "label": {"type": "object"}, "object": text, "verb": {"type": "string", "enum": ["create", "update"]}, "take": {"type": "boolean"},
                            "decide": {"type": "boolean", "description": "Somebody has to choose: a candidate, a new record, or neither"},
                            "record": {"type": ["string", "null"]}, "of": {"type": ["string", "null"]}, "new": {"type": "boolean"}, "links": {"type": "object"},
                            "values": {
                                "type": "object", "description": "By field: value (null: nothing certain), the words it is from, other values it may have",
                                "additionalProperties": {"type": "object", "properties": {"value": {}, "from": {"type": "array", "items": {"$ref": "#/components/schemas/Words"}}, "options": {"type": "array", "items": {"type": "object"}}}},
                            },
                            "candidates": {"type": "array", "items": {"type": "object", "properties": {"id": uuid, "label": text, "why": {"type": "object"}, "from": {"type": "array", "items": {"$ref": "#/components/schemas/Words"}}}}},
                        },
                    },
                },
            },
        },
        "CaptureStep": {
            "type": "object", "required": ["name", "object"],
            "properties": {
                "name": text, "object": text, "verb": {"type": "string", "enum": ["create", "update"], "default": "create"}, "take": {"type": "boolean", "default": True},
                "record": {"type": ["string", "null"], "description": "The record that is meant, instead of a new one"}, "of": {"type": ["string", "null"]},
                "values": {"type": "object", "description": "Plain values by field"}, "links": {"type": "object", "description": "Field to the name of the step whose record it gets"},
            },
        },
        "CaptureDone": {"type": "object", "properties": {"name": text, "object": text, "id": uuid, "did": {"type": "string", "enum": ["created", "changed", "chosen"]}, "version": {"type": ["string", "null"]}, "warnings": {"type": "array", "items": {"type": "object"}}}},
        "Job": {
            "type": "object",
            "properties": {"id": uuid, "kind": text, "state": text, "object": {"type": ["string", "null"]}, "verb": {"type": ["string", "null"]}, "cancel": {"type": "boolean", "description": "Somebody asked it to stop"}, "dry_run": {"type": "boolean"},
                **{name: {"type": ["string", "null"], "format": "date-time"} for name in ("created_at", "started_at", "finished_at")}, "done": {"type": "integer"}, "total": {"type": ["integer", "null"]}, "outcome": {"type": ["object", "null"]}},
        },
    }  # fmt: skip
    job = {"$ref": "#/components/schemas/Job"}
    paths: dict[str, Any] = {
        "/catalog": {"get": _call("What exists and what the caller may do", "catalog", _answers({"$ref": "#/components/schemas/Catalog"}))},
        "/search": {
            "get": _call(
                "Find records of all objects", "search", _answers(_FOUND),
                [_parameter("q", "Chinese, pinyin, initials, words, tails of phones and codes", text), _parameter("objects", "Only these objects", text),
                 _parameter("limit", "1 to 100", {"type": "integer", "default": 20})],
            ),
            "post": _call("Words, or lists of hundreds, in chosen fields of several objects: with why each record was found, and which words nothing holds", "search", _answers(_INQUIRED), None, _INQUIRY),
        },
        "/capture": {"post": _call("What a pasted text may become", "capture", _answers({"$ref": "#/components/schemas/Proposal"}), None, {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "maxLength": 20000}, "reader": {"type": "string", "default": "rules"}}})},
        "/capture/accept": {"post": _call("Take a proposal's steps, all or none", "capture", _answers({"type": "object", "properties": {"records": {"type": "array", "items": {"$ref": "#/components/schemas/CaptureDone"}}}}, "201", "Done"), None, {"type": "object", "required": ["steps"], "properties": {"steps": {"type": "array", "items": {"$ref": "#/components/schemas/CaptureStep"}}}})},
        "/files": {
            "post": {
                "summary": "Upload a file", "tags": ["files"],
                "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}}},
                "responses": _answers({"type": "object", "properties": {"file": uuid, "name": text, "size": {"type": "integer"}, "type": text}}, "201", "Stored"),
            }
        },
        "/imports": {"post": _call("Import an uploaded file", "jobs", _answers(job, "202", "Accepted"), None, {"type": "object", "required": ["file", "object"], "properties": {"file": uuid, "object": text, "mapping": {"type": "object"}, "dry_run": {"type": "boolean"}}})},
        "/imports/{id}/undo": {"post": _call("Take an import back: what it made goes to the bin, what it changed gets its former values, unless changed since", "jobs", _answers(job, "202", "Accepted"), [_ID])},
        "/exports": {"post": _call("Export records", "jobs", _answers(job, "202", "Accepted"), None, {"type": "object", "required": ["object"], "properties": {"object": text, "where": condition, "fields": {"type": "array", "items": text}, "sort": {"type": "array", "items": text}, "format": {"type": "string", "enum": ["csv", "xlsx"]}}})},
        "/jobs/{id}": {"get": _call("How far a job is", "jobs", _answers(job), [_ID])},
        "/jobs": {"get": _call("One's own jobs, newest first", "jobs", _answers({"type": "object", "properties": {"rows": {"type": "array", "items": job}}}))},
        "/jobs/{id}/files/{file}": {"get": _call("A file the job made", "jobs", {"200": {"description": "The bytes", "content": {"application/octet-stream": {}}}}, [_ID, _parameter("file", "The file's id, from the job's outcome", {"type": "string", "format": "uuid"}, "path")])},
        "/jobs/{id}/undo": {"post": _call("Take work on many records back as a whole, unless changed since", "jobs", _answers(job, "202", "Accepted"), [_ID])},
        "/undo/{id}": {
            "get": _call("What taking back would do at this moment", "undo", _answers({"$ref": "#/components/schemas/TakenBack"}), [_ID]),
            "post": _call("Take back what one request of the caller's did, from this version on; what went along with transferred records comes back as well", "undo", _answers({"$ref": "#/components/schemas/TakenBack"}), [_ID]),
        },
        "/jobs/{id}/cancel": {"post": _call("Stop a job", "jobs", _answers(job), [_ID])},
        "/events": {"get": _call("Server-sent events: which records changed and who looks at them, never values", "live", {"200": {"description": "A stream", "content": {"text/event-stream": {}}}}, _EVENTS)},
    }  # fmt: skip
    for it in REGISTRY.objects.values():
        schemas |= _schemas(it)
        paths |= _paths(it)
    for path, calls in paths.items():
        for way, call in calls.items():
            call["responses"] = {**_wrong(path, way, call), **call["responses"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guanxi 关系", "version": "1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                name: {"description": text, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}} for name, text in _PROBLEMS.values()
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "guanxi_session"},
            },
        },
    }  # fmt: skip


def printed() -> str:
    """The document as it is committed: docs/openapi.json."""
    import json

    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    import os
    import sys

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.project.settings")
    django.setup()
    sys.stdout.write(printed())
