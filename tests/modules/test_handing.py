"""A customer changes hands: what goes along, what stays, who remains in the team; and nothing else moves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Conflict, Invalid, NotFound
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door, handing, reading, undoing
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


def test_a_customer_is_shared_with_what_hangs_on_it(cast: Cast, desk: dict[str, Any]) -> None:
    """Open and won deals alike; a colleague's task is beyond whoever shares, and is told."""
    owner, junior = cast.actor("owner"), cast.users["junior"]

    def teams() -> list[tuple[Any, ...]]:
        mine = [desk[one] for one in ("customer", "open", "won", "task", "done", "theirs")]
        return sorted(raw("SELECT object, record_id, level FROM gx_team_member WHERE user_id = %s AND record_id = ANY(%s)", [junior, mine]))

    before = events()
    done = door.perform("customer", "share", actor=owner, id=desk["customer"], inputs={"user": str(junior), "level": "write", "along": ["opportunity", "task"]})
    named = [("opportunity", "open"), ("opportunity", "won"), ("task", "task"), ("task", "done")]
    assert teams() == sorted([("customer", desk["customer"], "write"), *((name, desk[one], "write") for name, one in named)])
    assert [(field, "1" in text.zh) for field, text in done.warnings] in ([], [("along", True)]) and events() == before + 5
    assert events_of("opportunity", desk["won"])[-1].cause == done.version
    assert reading.get("opportunity", desk["open"], actor=cast.actor("junior"))["owner"]["id"] == cast.users["owner"]
    door.perform("customer", "unshare", actor=owner, id=desk["customer"], inputs={"user": str(junior)})
    assert teams() == sorted((name, desk[one], "write") for name, one in named)
    door.perform("customer", "share", actor=owner, id=desk["customer"], inputs={"user": str(junior), "level": "read"})
    door.perform("customer", "unshare", actor=owner, id=desk["customer"], inputs={"user": str(junior), "along": ["opportunity", "task"]})
    assert teams() == [] and events() == before + 5 + 1 + 1 + 5
    with refused(Invalid, "along:choice"):
        door.perform("customer", "share", actor=owner, id=desk["customer"], inputs={"user": str(junior), "along": ["product"]})
    with refused(Invalid):
        door.perform("opportunity", "share", actor=owner, id=desk["open"], inputs={"user": str(junior), "along": ["task", "nothing"]})


# -- and back again ----------------------------------------------------------------------------------------------------


def asking(actor: Actor, request: str) -> Actor:
    return actor.through("web", request=f"{request} {events()}")


def held() -> dict[str, Any]:
    """Who has how many of each, where every deal stands, and who is in which team."""
    owners = {name: raw(f"SELECT id, owner_id FROM gx_{name} ORDER BY id") for name in ("customer", "contact", "opportunity", "task")}
    return owners | {
        "stages": raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id"),
        "team": raw("SELECT object, record_id, user_id, level, until FROM gx_team_member ORDER BY object, record_id, user_id"),
    }


def test_a_transfer_comes_back_with_all_that_went_along_and_the_team_as_it_was(cast: Cast, desk: dict[str, Any]) -> None:
    manager, junior = asking(cast.actor("manager"), "hand"), cast.users["junior"]
    before = held()
    done = door.perform(
        "customer", "assign", actor=manager, id=desk["customer"], changes={"owner": str(junior)}, inputs={"along": ["opportunity", "task"], "keep": "read"},
    )  # fmt: skip
    after, count = held(), events()
    assert after != before and after["stages"] == before["stages"]
    tried = undoing.rehearse(asking(cast.actor("manager"), "try"), done.version)
    assert (dict(tried.back), tried.kept.total(), held(), events()) == ({"customer": 1, "opportunity": 1, "task": 1}, 0, after, count)
    back = undoing.take_back(asking(cast.actor("manager"), "back"), done.version)
    assert (dict(back.back), back.kept.total()) == ({"customer": 1, "opportunity": 1, "task": 1}, 0)
    assert held() == before and events() == count + 4
    last = events_of("customer", desk["customer"])[-1]
    assert last.changes == {"@team": [{"user": str(cast.users["owner"]), "level": "read", "until": None}, None]} and last.cause == done.version
    again = undoing.take_back(asking(cast.actor("manager"), "again"), done.version)
    assert (again.reverted, again.kept, held(), events()) == (0, {undoing.CHANGED: 3}, before, count + 4)


def test_who_gave_it_out_of_reach_takes_it_back_while_nobody_wrote_to_it(cast: Cast, desk: dict[str, Any]) -> None:
    owner, outsider, before = cast.actor("owner"), cast.users["outsider"], held()
    other = create(owner, "customer", name=f"又一家 {events()}")
    given = asking(owner, "give")
    first, second = (
        outcome.version for outcome in door.perform_many("customer", "assign", [door.Item(id, {"owner": outsider}, inputs={"along": ["task"]}) for id in (desk["customer"], other)], actor=given)  # type: ignore[union-attr]
    )
    door.perform("customer", "update", actor=cast.actor("outsider"), id=other, changes={"short_name": "改过"})
    with refused(NotFound):
        reading.get("customer", desk["customer"], actor=owner)
    count = events()
    for name in ("outsider", "manager", "admin"):
        with refused(NotFound):
            undoing.take_back(cast.actor(name), first)
    with refused(NotFound):
        undoing.take_back(owner, desk["customer"])
    assert first < second
    back = undoing.take_back(asking(owner, "back"), first)
    assert (dict(back.back), back.kept, events()) == ({"customer": 1, "task": 1}, {undoing.GONE: 1}, count + 2)
    assert owner_of("customer", other) == outsider
    door.perform("customer", "assign", actor=cast.actor("outsider"), id=other, changes={"owner": str(cast.users["owner"])})
    door.perform("customer", "delete", actor=owner, id=other)
    assert held()["task"] == before["task"] and owner_of("customer", desk["customer"]) == cast.users["owner"]


def test_a_declared_action_is_final_and_a_share_is_not_undone_here(cast: Cast, desk: dict[str, Any]) -> None:
    owner = asking(cast.actor("owner"), "final")
    done = door.perform("task", "complete", actor=owner, id=desk["task"])
    before = events()
    with refused(Conflict):
        undoing.take_back(owner, done.version)
    assert events() == before
