"""Every operation of the API's own document, asked wrongly: an answer the document knows, never a failure of ours."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.test import Client

from guanxi.surfaces.api import openapi
from tests.kernel.tools import create, state

DEEP = "[" * 3_000 + "]" * 3_000
BODIES = (
    b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"no such thing": 1}', b'{"id": {"a": [1]}, "changes": 5, "inputs": "x", "items": {}, "where": [[]]}', DEEP.encode(), b'{"name": "\\u0000"}', b'{"a": 1e999}',
    b'{"where": {"field": "id", "op": "in", "value": ["x"]}, "verb": "update"}', b'{"fields": {"a": 1}, "text": 5, "object": "x", "file": 7, "steps": [1], "values": []}', b'{"measures": ["sum:"], "group_by": [{}], "limit": -1}',
)  # fmt: skip
WORDS = ("x", "%00", "..", str(UUID(int=7)), "%F0%9F%92%A9", "9" * 400, "null", "' OR 1=1--")
THOROUGH = ("book", "lead", "customer", "announcement", "jobs", "files", "search", "capture")
QUERIES = ("", "where=%7B&limit=0", "limit=99999999999999999999&after=x", "fields=a.b.c.d.e.f&sort=-", "count=x&deleted=maybe", "where=name%20%3D%20%27%00&timeline=x", "before=x&limit=-1&q=%00")


Asked = list[tuple[str, str, int, str, dict[str, Any], bytes]]


def ask(cast: Any, who: str, thorough: bool = False, **given: str) -> Asked:
    """(way, address, status, type, documented answers, body) of some wrong requests for each operation. `given`: what stands in addresses
    instead of nonsense."""
    client, told = Client(raise_request_exception=False), {"HTTP_AUTHORIZATION": f"Bearer {cast.token(who)}"} if who else {}
    out, turn = [], 0
    for path, ways in openapi.document()["paths"].items():
        for way, operation in ways.items():
            if way not in ("get", "post", "put", "patch", "delete") or path == "/events" or (given and operation["tags"][0] != "book"):
                continue
            for _ in range(3 if thorough and operation["tags"][0] in THOROUGH else 1):  # all objects go through the same few hundred lines
                turn += 1
                words = iter(WORDS[turn % len(WORDS) :] + WORDS)
                url = "/api/v1" + "".join(given.get(part[1:-1]) or next(words) if part.startswith("{") else part for part in path.replace("{", "\n{").replace("}", "}\n").split("\n"))
                if way == "get":
                    answer = client.get(f"{url}?{QUERIES[turn % len(QUERIES)]}", **told)
                else:
                    answer = client.generic(way.upper(), url, BODIES[turn % len(BODIES)], content_type="application/json", **told)
                out.append((way, url, answer.status_code, answer.headers.get("Content-Type", ""), operation["responses"], b"" if answer.streaming else answer.content))
    return out


def documented_all(asked: Asked) -> set[int]:
    """Fails where an answer is not in the document; returns the statuses there were."""
    for way, url, status, kind, documented, body in asked:
        assert status < 500, (way, url, status, body[:300])
        assert str(status) in documented, (way, url, status, body[:300])
        if status < 400:
            continue
        assert kind.startswith("application/problem+json"), (way, url, status, kind)
        problem = json.loads(body)
        assert {"type", "title", "status", "detail"} <= set(problem) and problem["status"] == status, (way, url, problem)
    return {status for _, _, status, _, _, _ in asked}


def test_nothing_fails_and_every_answer_is_documented(cast: Any) -> None:
    """By an administrator, who gets furthest."""
    asked = ask(cast, "admin", thorough=True)
    assert len(asked) > 500 and documented_all(asked) >= {200, 404, 422}


def test_the_document_knows_what_strangers_and_people_of_little_right_are_told(cast: Any) -> None:
    before = state()
    assert {401} <= documented_all(ask(cast, "")) <= {401, 404, 422}, "404 and 422 are what no address and no parameter of ours are for everybody"
    assert documented_all(ask(cast, "nobody")) >= {404, 422}
    assert state() == before
    theirs = str(create(cast.actor("owner"), "book", name="有主的书", owner=cast.users["owner"]))
    assert documented_all(ask(cast, "junior", id=theirs, field="files", file=str(UUID(int=9)))) >= {404, 422}
    assert documented_all(ask(cast, "executive", id=theirs, field="files", file=str(UUID(int=9)))) >= {200, 403, 404, 422}


def test_no_operation_hides_behind_a_default_and_all_say_who_is_let_in() -> None:
    known = {one["$ref"].rpartition("/")[2] for ways in openapi.document()["paths"].values() for call in ways.values() for one in call["responses"].values() if "$ref" in one}
    assert known == set(openapi.document()["components"]["responses"])
    for path, ways in openapi.document()["paths"].items():
        for way, call in ways.items():
            assert "default" not in call["responses"] and "401" in call["responses"], (way, path)
            assert ("412" in call["responses"]) is any(one["name"] == "If-Match" for one in call.get("parameters", ())), (way, path)


def test_a_wrong_method_is_told_as_every_other_mistake(cast: Any) -> None:
    """Each address of the document asked with the methods it does not have, by somebody and by nobody."""
    client, told, asked = Client(raise_request_exception=False), {"HTTP_AUTHORIZATION": f"Bearer {cast.token('admin')}"}, 0
    for path, ways in openapi.document()["paths"].items():
        if path == "/events":  # stays in the loop: tests/surfaces/live
            continue
        url = "/api/v1" + path.replace("{id}", str(UUID(int=7))).replace("{file}", str(UUID(int=8))).replace("{field}", "files")
        for way in {"put", "trace", "propfind", *(("delete",) if "delete" not in ways else ())}:
            for shown in (told, {}):
                answer = client.generic(way.upper(), url, b"{", content_type="application/json", HTTP_ACCEPT_LANGUAGE="en", **shown)
                problem = json.loads(answer.content)
                assert (answer.status_code, answer.headers["Content-Type"], problem["type"]) == (405, "application/problem+json", "urn:guanxi:problem:wrong-method"), (way, url)
                assert {one for one in ways if one != "parameters"} <= set(answer.headers["Allow"].lower().split(", ")), (way, url)
                asked += 1
    assert asked > 2_000


def test_what_is_refused_changes_nothing(cast: Any) -> None:
    before = state()
    client, told = Client(raise_request_exception=False), {"HTTP_AUTHORIZATION": f"Bearer {cast.token('admin')}"}
    for body in BODIES:
        for url in ("/api/v1/books", "/api/v1/books/bulk", f"/api/v1/books/{UUID(int=7)}/publish", "/api/v1/imports", "/api/v1/exports", "/api/v1/capture/accept"):
            assert client.generic("POST", url, body, content_type="application/json", **told).status_code in (400, 404, 413, 415, 422), (url, body[:60])
    assert state() == before
