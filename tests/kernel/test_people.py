"""Accounts given and taken, and the journal's first reader."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from guanxi.base.errors import Forbidden, Invalid, Unauthenticated
from guanxi.kernel import accounts
from guanxi.kernel.automation import consumers
from guanxi.kernel.records import door, finding, people, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast


def test_an_administrator_lets_people_in_and_out(cast: Cast) -> None:
    admin = cast.actor("admin")
    made = door.perform("user", "create", actor=admin, changes={"name": "新人", "username": "fresh"})
    with pytest.raises(Forbidden):
        door.perform("user", "give_access", actor=cast.actor("owner"), id=made.id)
    with pytest.raises(Unauthenticated):
        people.by_username("fresh")
    given = door.perform("user", "give_access", actor=admin, id=made.id)
    assert given.output is not None and given.output["username"] == "fresh"
    password = given.output["password"]
    assert password not in json.dumps([told.changes for told in telling.history("user", made.id, actor=admin)], default=str)

    client = Client()
    client.get("/signin")
    assert client.post("/signin", {"username": "fresh", "password": password}).status_code == 302
    assert client.get("/customers")["Location"].startswith("/password")
    assert client.get("/api/v1/customers").status_code == 401

    door.perform("user", "take_access", actor=admin, id=made.id)
    with pytest.raises(Unauthenticated):
        people.by_username("fresh")
    assert client.get("/password").status_code == 302
    with pytest.raises(Invalid):
        door.perform("user", "take_access", actor=admin, id=cast.users["admin"])
    assert accounts.KEY in client.session


def test_a_searchable_custom_field_finds_old_records(cast: Cast) -> None:
    admin = cast.actor("admin")
    consumers.enrol()
    door.perform(
        "custom_field", "create", actor=admin,
        changes={"name": "藏书印", "object_name": "book", "key": "seal", "kind": "text", "options": {}},
    )  # fmt: skip
    admin = cast.actor("admin")
    made = door.perform("book", "create", actor=admin, changes={"name": "诗经", "seal": "天禄琳琅"})
    assert reading.get("book", made.id, actor=admin)["seal"] == "天禄琳琅"
    assert finding.search("琳琅", actor=admin) == []
    field = reading.query("custom_field", actor=admin, where="key = seal", fields=["id"]).rows[0]["id"]
    door.perform("custom_field", "update", actor=admin, id=field, changes={"options": {"search": True}})
    reader = next(c for c in consumers.CONSUMERS if c.name == "search")
    # events wait until every transaction that began before theirs has ended, in any database of the server
    deadline = time.monotonic() + 120
    while not finding.search("琳琅", actor=cast.actor("admin")) and time.monotonic() < deadline:
        consumers.run(DEFAULT_WORKSPACE, reader) or time.sleep(0.2)
    assert [hit.title for hit in finding.search("琳琅", actor=cast.actor("admin"))] == ["诗经"]
