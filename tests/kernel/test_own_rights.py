"""Rights of one person beside their roles: given, taken away, explained, with a history; what is taken away wins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door, reading, telling
from guanxi.surfaces.imports import exporting
from tests.cast import Cast
from tests.kernel.tools import events


@contextmanager
def right(cast: Cast, who: str, object: str, verb: str, effect: str = "given", **more: Any) -> Iterator[UUID]:
    """Give or take a right while the block lasts."""
    changes = {"user": cast.users[who], "object_name": object, "deed": verb, "effect": effect, "reason": "年终盘点", **more}
    made = door.perform("own_right", "create", actor=cast.actor("admin"), changes=changes)
    try:
        yield made.id
    finally:
        door.perform("own_right", "delete", actor=cast.actor("admin"), id=made.id)


def book(actor: Actor, name: str) -> UUID:
    return door.perform("book", "create", actor=actor, changes={"name": name}).id


def ids(actor: Actor) -> set[UUID]:
    return {row["id"] for row in reading.query("book", actor=actor, fields=["id"], limit=200).rows}


def test_a_right_is_given_to_one_person_and_gone_again(cast: Cast) -> None:
    mine, theirs = book(cast.actor("owner"), "我的"), book(cast.actor("outsider"), "他的")
    assert ids(cast.actor("owner")) == {mine}
    with right(cast, "owner", "book", "read", reach="all"):
        assert ids(cast.actor("owner")) == {mine, theirs}
        with pytest.raises(Forbidden):  # what was given is to read
            door.perform("book", "update", actor=cast.actor("owner"), id=theirs, changes={"name": "改"})
        assert ids(cast.actor("teammate")) == set()
        said = telling.explain("book", theirs, actor=cast.actor("owner"))
        assert said["read"] and not said["verbs"]["update"]
        assert [one["text"] for one in said["reasons"] if one["about"] == "own"] == ["个人权限：给予“查看”（全部）。原因：年终盘点"]
    assert ids(cast.actor("owner")) == {mine}


def test_what_is_taken_away_wins(cast: Cast) -> None:
    owner = cast.actor("owner")
    mine = book(owner, "收回")
    before = len(telling.history("book", mine, actor=owner))
    with right(cast, "owner", "book", "update", "taken"), right(cast, "owner", "book", "export", "taken"):
        with pytest.raises(Forbidden):
            door.perform("book", "update", actor=cast.actor("owner"), id=mine, changes={"name": "改"})
        with pytest.raises(Forbidden):
            exporting.export(cast.actor("owner"), "book", BytesIO(), "csv")
        assert len(telling.history("book", mine, actor=owner)) == before
        said = telling.explain("book", mine, actor=cast.actor("owner"))
        assert said["read"] and not said["write"] and not said["verbs"]["update"] and said["verbs"]["delete"]
        assert any("Taken" in one["text"] or "收回" in one["text"] for one in said["reasons"] if not one["grants"])
    with right(cast, "owner", "book", "read", "taken"), pytest.raises(NotFound):
        reading.query("book", actor=cast.actor("owner"))
    with right(cast, "manager", "book", "delete", "taken"):
        assert not telling.explain("book", mine, actor=cast.actor("manager"))["verbs"]["delete"]
    door.perform("book", "update", actor=cast.actor("owner"), id=mine, changes={"name": "又可以了"})


def test_only_administrators_change_them_and_nobody_their_own(cast: Cast) -> None:
    before = events()
    given = {"user": cast.users["owner"], "object_name": "book", "deed": "export", "reason": "x"}
    for who in ("owner", "manager", "executive"):
        with pytest.raises((Forbidden, NotFound)):
            door.perform("own_right", "create", actor=cast.actor(who), changes=given)

    def refused(**changes: Any) -> str:
        with pytest.raises(Invalid) as problem:
            door.perform("own_right", "create", actor=cast.actor("admin"), changes=given | changes)
        return problem.value.errors[0].code

    assert refused(user=cast.users["admin"]) == "self"
    assert refused(object_name="书", deed="飞") == "unknown"
    assert refused(object_name="nothing") == "unknown" and refused(deed="fly") == "unknown"
    assert refused(object_name="author", deed="read", effect="taken") == "everybody"
    assert refused(object_name="user", deed="read", effect="taken") == "everybody"
    assert refused(reason="") == "required"
    assert events() == before


def test_its_history_says_who_gave_it_and_why(cast: Cast) -> None:
    with right(cast, "owner", "书", "导出") as id:
        assert reading.get("own_right", id, actor=cast.actor("admin"))["name"] == "book · export"
        first = telling.history("own_right", id, actor=cast.actor("admin"))[-1]
        assert first.verb == "create" and first.changes["reason"][1] == "年终盘点"
        with pytest.raises(Invalid) as twice:
            door.perform("own_right", "create", actor=cast.actor("admin"), changes={"user": cast.users["owner"], "object_name": "book", "deed": "export", "effect": "taken", "reason": "y"})
        assert {error.code for error in twice.value.errors} == {"taken"}
