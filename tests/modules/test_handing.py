"""A customer changes hands: what goes along, what stays, who remains in the team; and nothing else moves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel.records import door, handing, reading
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, raw, refused


@pytest.fixture
def desk(cast: Cast) -> dict[str, Any]:
    """A customer of `owner` with an open deal, a won one, an open task, one that is done, and a colleague's deal and task."""
    owner, mate = cast.actor("owner"), cast.actor("teammate")
    customer = create(owner, "customer", name=f"江南制造 {events()}")
    made: dict[str, Any] = {"customer": customer, "contact": create(owner, "contact", name="周经理", customer=customer)}
    made["open"] = create(owner, "opportunity", name="二期", customer=customer, amount=10)
    stage, pipeline = raw("SELECT id, pipeline_id FROM gx_stage WHERE kind = 'won' ORDER BY id LIMIT 1")[0]
    made["won"] = create(owner, "opportunity", name="一期", customer=customer, amount=20, pipeline=str(pipeline), stage=str(stage), closed_on="2026-01-05")
    made["task"] = create(owner, "task", subject="报价", customer=customer)
    made["done"] = create(owner, "task", subject="寄样", customer=customer)
    door.perform("task", "complete", actor=owner, id=made["done"])
    door.perform("customer", "share", actor=owner, id=customer, inputs={"user": str(cast.users["teammate"]), "level": "write"})
    made["theirs"] = create(mate, "task", subject="回访", customer=customer)
    return made


def owner_of(name: str, record: UUID) -> UUID:
    return raw(f"SELECT owner_id FROM gx_{name} WHERE id = %s", [record])[0][0]


def test_alone_nothing_goes_along(cast: Cast, desk: dict[str, Any]) -> None:
    before = events()
    door.perform("customer", "assign", actor=cast.actor("manager"), id=desk["customer"], changes={"owner": str(cast.users["junior"])})
    assert events() == before + 1
    assert owner_of("customer", desk["customer"]) == cast.users["junior"]
    assert {owner_of("opportunity", desk[k]) for k in ("open", "won")} == {cast.users["owner"]} == {owner_of("task", desk[k]) for k in ("task", "done")}


def test_what_is_ticked_goes_along_and_nothing_else_moves(cast: Cast, desk: dict[str, Any]) -> None:
    stages = raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id")
    manager, before = cast.actor("manager"), events()
    assert {it.name: n for it, n in handing.counts(manager, "customer", [desk["customer"]])} == {"task": 1, "opportunity": 1}
    done = door.perform(
        "customer", "assign", actor=manager, id=desk["customer"], changes={"owner": str(cast.users["junior"])},
        inputs={"along": ["opportunity", "task"], "keep": "read"},
    )  # fmt: skip
    junior, owner = cast.users["junior"], cast.users["owner"]
    assert events() == before + 3 and done.warnings == ()
    assert [owner_of("opportunity", desk[k]) for k in ("open", "won")] == [junior, owner]
    assert [owner_of("task", desk[k]) for k in ("task", "done", "theirs")] == [junior, owner, cast.users["teammate"]]
    assert raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id") == stages
    told = events_of("customer", desk["customer"])[-1]
    assert told.changes["owner"] == [str(owner), str(junior)]
    assert told.changes["@team"] == [None, {"user": str(owner), "level": "read", "until": None}]
    assert events_of("opportunity", desk["open"])[-1].cause == told.id == events_of("task", desk["task"])[-1].cause
    assert reading.get("customer", desk["customer"], actor=cast.actor("owner"))["owner"]["id"] == junior
    with refused():
        door.perform("customer", "update", actor=cast.actor("owner"), id=desk["customer"], changes={"name": "改"})


def test_nonsense_is_named_and_changes_nothing(cast: Cast, desk: dict[str, Any]) -> None:
    for inputs, field in (({"along": ["product"]}, "along:choice"), ({"keep": "own"}, "keep:choice"), ({"whom": 1}, "whom:unknown-field")):
        with refused(Invalid, field):
            door.perform("customer", "assign", actor=cast.actor("manager"), id=desk["customer"], changes={"owner": str(cast.users["junior"])}, inputs=inputs)


def test_what_one_may_not_hand_over_stays_and_is_told(cast: Cast, desk: dict[str, Any]) -> None:
    """The customer's team may edit it, but somebody else's deals are beyond them."""
    door.perform("customer", "assign", actor=cast.actor("manager"), id=desk["customer"], changes={"owner": str(cast.users["teammate"])}, inputs={"keep": "write"})
    done = door.perform("customer", "assign", actor=cast.actor("teammate"), id=desk["customer"], changes={"owner": str(cast.users["junior"])}, inputs={"along": ["opportunity"]})
    assert done.changed and owner_of("opportunity", desk["open"]) == cast.users["owner"], "not the one who hands over"
