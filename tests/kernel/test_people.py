"""Accounts given and taken, and the journal's first reader."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from guanxi.base.errors import Forbidden, Invalid, NotFound, Unauthenticated
from guanxi.kernel import accounts, jobs
from guanxi.kernel.access.actor import system
from guanxi.kernel.automation import consumers
from guanxi.kernel.records import door, finding, people, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, state


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


CONTACT = {"name": "欧文", "phone": ["13900001234 工作"], "email": "ow@example.com"}


def test_people_correct_their_own_details_as_any_change_is_made(cast: Cast) -> None:
    own = cast.users["owner"]
    was = reading.get("user", own, actor=cast.actor("owner"), fields=["name", "department", "roles"])
    count = events()
    assert door.perform("user", "correct_own", actor=cast.actor("owner"), id=own, changes=CONTACT).changed
    row = reading.get("user", own, actor=cast.actor("owner"), fields=["name", "phone", "email", "department", "roles"])
    assert (row["name"], row["email"], row["phone"][0]["number"], row["phone"][0]["note"]) == ("欧文", "ow@example.com", "+8613900001234", "工作")
    assert (row["department"], row["roles"]) == (was["department"], was["roles"])
    told = telling.history("user", own, actor=cast.actor("admin"))[0]
    assert events() == count + 1 and told.verb == "correct_own" and set(told.changes) == {"name", "phone", "email"}
    assert cast.actor("owner").name == "欧文"

    answer = Client().post(
        f"/api/v1/users/{own}/correct_own", data=json.dumps({"changes": {"name": was["name"]}}), content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {cast.token('owner')}",
    )  # fmt: skip
    assert answer.status_code == 200 and cast.actor("owner").name == was["name"]


def test_nobody_corrects_somebody_else_or_anything_else_of_themselves(cast: Cast) -> None:
    own, role = cast.users["owner"], reading.query("role", actor=cast.actor("owner"), fields=["id"]).rows[0]["id"]
    before = state()
    for person in ("admin", "manager", "teammate", "outsider", "nobody"):
        with pytest.raises(Forbidden):
            door.perform("user", "correct_own", actor=cast.actor(person), id=own, changes=CONTACT)
        found = door.perform_many("user", "correct_own", [door.Item(id=own, changes=CONTACT)], actor=cast.actor(person))
        assert [type(one) for one in found] == [Forbidden], person
    others = {
        "username": "root", "position": "总经理", "department": str(cast.departments["总部"]), "departments": [str(cast.departments["总部"])],
        "superior": None, "roles": [str(role)], "active": False, "language": "en", "last_sign_in": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    for person in ("owner", "admin"):
        for field, value in others.items():
            with pytest.raises(Invalid) as problem:
                door.perform("user", "correct_own", actor=cast.actor(person), id=cast.users[person], changes={field: value})
            assert [(one.field, one.code) for one in problem.value.errors] in ([(field, "not-here")], [(field, "read-only")]), field
    for wrong in ({"name": ""}, {"email": "nowhere"}):
        with pytest.raises(Invalid) as problem:
            door.perform("user", "correct_own", actor=cast.actor("owner"), id=own, changes=wrong)
        assert [one.field for one in problem.value.errors] == list(wrong)
    with pytest.raises(Forbidden):
        door.perform("user", "update", actor=cast.actor("owner"), id=own, changes={"name": "欧文"})
    with pytest.raises(NotFound):
        door.perform("user", "correct_own", actor=cast.actor("owner"), id=role, changes=CONTACT)
    assert state() == before


def test_a_role_that_may_not_write_a_field_corrects_the_rest(cast: Cast) -> None:
    admin = cast.actor("admin")
    role = create(admin, "role", name="姓名由人事登记", grants={"user": {"verbs": ["read"], "read": "all", "write": "none", "fields": {"name": "read"}}})
    before = reading.get("user", cast.users["nobody"], actor=admin, fields=["roles"])["roles"]
    door.perform("user", "update", actor=admin, id=cast.users["nobody"], changes={"roles": [str(role)]})
    own = {"actor": cast.actor("nobody"), "id": cast.users["nobody"]}
    with pytest.raises(Invalid) as problem:
        door.perform("user", "correct_own", changes={"name": "无名"}, **own)
    assert [(one.field, one.code) for one in problem.value.errors] == [("name", "read-only")]
    assert door.perform("user", "correct_own", changes={"email": "n@example.com"}, **own).changed
    door.perform("user", "update", actor=admin, id=cast.users["nobody"], changes={"roles": [str(one["id"]) for one in before], "email": None})


def test_what_was_undone_is_not_kept_as_the_next_version(cast: Cast) -> None:
    """A dry run changes a catalog and roles, reads them, and is undone; the next change has its number."""
    desk = system(DEFAULT_WORKSPACE, via="test")
    role = reading.query("role", actor=desk, where="key = sales", fields=["grants"]).rows[0]
    with jobs.rehearsal(DEFAULT_WORKSPACE):
        door.perform("custom_field", "create", actor=desk, changes={"object_name": "book", "key": "rehearsed", "name": "排练", "kind": "text"})
        door.perform("role", "update", actor=desk, id=role["id"], changes={"grants": {}})
        assert "rehearsed" in people.newest(DEFAULT_WORKSPACE).object("book").fields
        with pytest.raises(NotFound):
            reading.query("book", actor=cast.actor("owner"))
    door.perform("custom_field", "create", actor=desk, changes={"object_name": "book", "key": "real", "name": "当真", "kind": "text"})
    door.perform("role", "update", actor=desk, id=role["id"], changes={"grants": role["grants"] | {"shelf": {"verbs": ["read"], "read": "all", "write": "none"}}})
    assert {"real", "rehearsed"} & set(people.newest(DEFAULT_WORKSPACE).object("book").fields) == {"real"}
    assert reading.query("book", actor=cast.actor("owner"), limit=1).rows is not None
