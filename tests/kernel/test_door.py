"""The door's twelve steps."""

from __future__ import annotations

import pytest

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import state


def events() -> int:
    with sql.work(DEFAULT_WORKSPACE):
        return journal.count(DEFAULT_WORKSPACE)


def test_each_write_leaves_exactly_one_event(cast: Cast) -> None:
    owner = cast.actor("owner")
    before = events()
    made = door.perform("book", "create", actor=owner, changes={"name": "围城", "pages": 300})
    assert events() == before + 1
    changed = door.perform("book", "update", actor=owner, id=made.id, changes={"pages": 301}, version=made.version)
    assert events() == before + 2
    same = door.perform("book", "update", actor=owner, id=made.id, changes={"pages": 301})
    assert not same.changed and same.version == changed.version
    assert events() == before + 2
    row = reading.get("book", made.id, actor=owner)
    assert row["version"] == changed.version
    assert row["pages"] == 301 and str(row["thickness"]) == "30.10"


def test_a_refused_write_changes_nothing(cast: Cast) -> None:
    owner, outsider = cast.actor("owner"), cast.actor("outsider")
    made = door.perform("book", "create", actor=owner, changes={"name": "边城"})
    before = events()
    for actor, verb, changes, problem in (
        (outsider, "update", {"name": "x"}, NotFound),
        (outsider, "delete", {}, NotFound),
        (owner, "update", {"pages": -1}, Invalid),
        (owner, "update", {"cost": 5}, Invalid),
        (owner, "update", {"no_such": 5}, Invalid),
        (owner, "update", {"discount": 5}, Invalid),
        (owner, "update", {"thickness": 5}, Invalid),
        (owner, "update", {"owner": str(cast.users["outsider"])}, Forbidden),
        (owner, "nonsense", {}, NotFound),
        (cast.actor("executive"), "update", {"name": "x"}, Forbidden),
    ):
        with pytest.raises(problem):
            door.perform("book", verb, actor=actor, id=made.id, changes=changes)
    with pytest.raises(Conflict):
        door.perform("book", "update", actor=owner, id=made.id, changes={"name": "y"}, version=made.id)
    assert events() == before
    assert reading.get("book", made.id, actor=owner)["name"] == "边城"


def test_a_trial_says_what_would_happen_and_keeps_nothing(cast: Cast) -> None:
    owner = cast.actor("owner")
    made = door.perform("book", "create", actor=owner, changes={"name": "试写"})
    before = state()
    door.trial("book", "publish", actor=owner, id=made.id, changes={"price": "5"}, inputs={"printed": 3})
    door.trial("book", "update", actor=owner, id=made.id, changes={"pages": 7})
    for verb, changes, problem in (("update", {"pages": -1}, Invalid), ("nonsense", {}, NotFound), ("update", {"cost": 1}, Invalid)):
        with pytest.raises(problem):
            door.trial("book", verb, actor=owner, id=made.id, changes=changes)
    assert state() == before
    assert door.perform("book", "publish", actor=owner, id=made.id).changed
