"""How many SQL statements each call sends: a number that grew is a query in a loop."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guanxi.kernel.access.actor import system
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.records import door
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create

LIST, RECORD, WRITE = 4, 8, 16
"""The bounds: a list, a record with its timeline, a write with all twelve steps. Transaction control is not counted."""

EXPECTED = {
    "list": 2, "get": 2, "aggregate": 2, "search": 4, "timeline": 5, "whole": 5, "asked": 4, "history": 4, "create": 7, "update": 7, "delete": 8, "publish": 7,
}  # fmt: skip
"""What toy.book's calls send, as the owner, with a token, everything cached that may be cached."""


@pytest.fixture(scope="module")
def book(cast: Cast) -> Any:
    desk = system(DEFAULT_WORKSPACE, via="test")
    author = create(desk, "author", name="路遥")
    for n in range(3):
        create(desk, "book", name=f"人生 {n}", author=author, owner=cast.users["owner"])
    one = create(desk, "book", name="平凡的世界", author=author, owner=cast.users["owner"], price=5)
    for n in range(3):
        create(desk, "chapter", name=f"第{n}章", book=one)
    return one


def _sent(client: Client, method: str, address: str, cast: Cast, person: str, body: Any = None) -> tuple[int, Any]:
    how = {"HTTP_AUTHORIZATION": f"Bearer {cast.token(person)}"}
    if body is not None:
        how |= {"data": json.dumps(body), "content_type": "application/json"}
    with CaptureQueriesContext(connection) as captured:
        answer = getattr(client, method)(address, **how)
    control = ("SET ", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return len([q for q in captured.captured_queries if not q["sql"].startswith(control)]), answer


@pytest.mark.parametrize("name", sorted(REGISTRY.objects))
def test_every_list_is_a_few_statements(cast: Cast, name: str) -> None:
    client, address = Client(), f"/api/v1/{REGISTRY.objects[name].plural}"
    for person in ("executive", "manager", "owner", "newcomer"):
        _sent(client, "get", address, cast, person)
        count, answer = _sent(client, "get", address, cast, person)
        assert answer.status_code in (200, 404)
        assert count <= LIST, (person, name, count)


def test_the_calls_on_a_record(cast: Cast, book: Any) -> None:
    client = Client()
    calls: dict[str, tuple[str, str, Any]] = {
        "list": ("get", "/api/v1/books", None), "get": ("get", f"/api/v1/books/{book}", None), "aggregate": ("post", "/api/v1/books/aggregate", {"group_by": ["status", "author"], "measures": ["count", "sum:price"]}),
        "search": ("get", "/api/v1/search?q=世界", None), "timeline": ("get", f"/api/v1/books/{book}/timeline", None), "whole": ("get", f"/api/v1/books/{book}?timeline=50", None), "asked": ("get", f"/api/v1/books/{book}/timeline?words=章&since=2020-01-01&until=2100-01-01&by={cast.users['owner']}", None), "history": ("get", f"/api/v1/books/{book}/history", None),
        "create": ("post", "/api/v1/books", {"name": "新", "pages": 5}), "update": ("patch", f"/api/v1/books/{book}", {"pages": 77}), "publish": ("post", f"/api/v1/books/{book}/publish", {}),
    }  # fmt: skip
    for method, address, body in calls.values():
        if method == "get":
            _sent(client, method, address, cast, "owner", body)
    _sent(client, "patch", f"/api/v1/books/{book}", cast, "owner", {"pages": 1})
    found = {}
    for key, (method, address, body) in calls.items():
        found[key], answer = _sent(client, method, address, cast, "owner", body)
        assert answer.status_code in (200, 201), (key, answer.content)
    spare = create(cast.actor("owner"), "book", name="删")
    found["delete"], _ = _sent(client, "delete", f"/api/v1/books/{spare}", cast, "owner")
    assert found == EXPECTED
    assert max(found["list"], found["aggregate"], found["search"]) <= LIST
    assert max(found["get"], found["timeline"], found["history"]) <= RECORD
    assert max(found["create"], found["update"], found["delete"], found["publish"]) <= WRITE


def test_a_batch_does_not_send_a_statement_per_record(cast: Cast) -> None:
    owner = cast.actor("owner")

    def sent(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            outcomes = door.perform_many("book", "create", [door.Item(changes={"name": f"批 {n}"}) for n in range(count)], actor=owner)
            door.perform_many("book", "update", [door.Item(o.id, {"pages": 5}) for o in outcomes], actor=owner)  # type: ignore[union-attr]
        return len(captured)

    sent(20)  # the first large batch makes its temporary tables
    assert sent(200) <= sent(100) + 1
