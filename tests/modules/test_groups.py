"""Groups: put together by hand or by a condition, asked for wherever a condition is, and nothing shown that its reader may not see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, many, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


@pytest.fixture(scope="module")
def world(cast: Cast) -> dict[str, UUID]:
    owner, mate = cast.actor("owner"), cast.actor("teammate")
    out = {f"o{n}": create(owner, "customer", name=f"王伟的第{n}家", grade="vip" if n == 1 else "normal", annual_revenue="300" if n == 2 else None) for n in (1, 2, 3)}
    return out | {f"t{n}": create(mate, "customer", name=f"李娜的第{n}家", grade="vip" if n == 1 else "normal") for n in (1, 2)}


def group(actor: Any, name: str, /, **changes: Any) -> UUID:
    return create(actor, "group", name=name, **{"object_name": "customer", **changes})


def put(actor: Any, of: UUID, *customers: UUID, verb: str = "join_group") -> None:
    for one in customers:
        door.perform("customer", verb, actor=actor, id=one, inputs={"group": of})


def members(actor: Any, of: Any, op: str = "has") -> set[UUID]:
    return ids(actor, "customer", {"field": "groups", "op": op, "value": of})


def test_members_are_put_in_and_taken_out_one_event_each(cast: Cast, world: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    mine = group(owner, "展会名单")
    put(owner, mine, world["o1"], world["o2"])
    put(owner, mine, world["o2"])
    assert members(owner, str(mine)) == members(owner, "展会名单") == {world["o1"], world["o2"]}
    assert members(owner, [str(mine)], "has none") == {world["o3"]}
    assert ids(owner, "customer", "groups has 展会名单 and grade = vip") == {world["o1"]}
    assert ids(owner, "customer", "分组 不为空") == {world["o1"], world["o2"]} and ids(owner, "customer", "groups empty") == {world["o3"]}
    assert [event.verb for event in events_of("customer", world["o1"])] == ["create", "join_group"]
    row = reading.get("customer", world["o1"], actor=owner, fields=["groups"])
    assert [one["label"] for one in row["groups"]] == ["展会名单"]
    put(owner, mine, world["o2"], verb="leave_group")
    assert members(owner, str(mine)) == {world["o1"]}
    with refused(Invalid, "groups:read-only"):
        door.perform("customer", "update", actor=owner, id=world["o1"], changes={"groups": []})
    door.perform("group", "delete", actor=owner, id=mine)
    assert members(owner, str(mine)) == set() == ids(owner, "customer", "groups not empty")


def test_a_whole_list_is_put_in_by_a_bulk_job_with_each_refusal_told(cast: Cast, world: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    mine = group(owner, "整批")
    deed = many.Deed("customer", "join_group", {}, {"group": str(mine)})
    answers = many.at_once(owner, deed, [world["o1"], world["o3"], world["t1"]])
    assert {one.id: one.why is None for one in answers} == {world["o1"]: True, world["o3"]: True, world["t1"]: False}
    assert members(owner, str(mine)) == {world["o1"], world["o3"]}


def test_a_group_by_condition_is_judged_for_whoever_looks(cast: Cast, world: dict[str, UUID]) -> None:
    owner, mate, manager = cast.actor("owner"), cast.actor("teammate"), cast.actor("manager")
    key = group(manager, "全员可见的 VIP", kind="dynamic", condition="客户等级 = vip", everyone=True)
    assert members(owner, str(key)) == {world["o1"]} and members(mate, str(key)) == {world["t1"]} and members(manager, str(key)) == {world["o1"], world["t1"]}
    assert members(owner, [str(key)], "has none") == {world["o2"], world["o3"]}
    mine = group(manager, "各人自己的", kind="dynamic", condition="owner = me", everyone=True)
    assert members(owner, str(mine)) == {world["o1"], world["o2"], world["o3"]} and members(manager, str(mine)) == set()
    assert ids(owner, "customer", {"and": [{"field": "groups", "op": "has all", "value": [str(key), str(mine)]}]}) == {world["o1"]}
    create(owner, "contact", name="小王", customer=world["o1"])
    assert [row["name"] for row in reading.query("contact", actor=owner, where=f"customer.groups has {key}").rows] == ["小王"]
    figure = reading.aggregate("customer", actor=manager, where={"field": "groups", "op": "has", "value": str(key)}, measures=["count"])
    assert figure.rows[0]["count"] == 2
    with refused(Invalid, "group:dynamic"):
        put(manager, key, world["t2"])


def test_what_is_shared_shows_each_only_their_own(cast: Cast, world: dict[str, UUID]) -> None:
    owner, mate, manager, outsider = (cast.actor(name) for name in ("owner", "teammate", "manager", "outsider"))
    secret = group(owner, "我的秘密")
    put(owner, secret, world["o2"])
    assert members(manager, str(secret)) == set() == members(manager, "我的秘密"), "somebody else's own group has no members for others"
    assert world["o2"] not in ids(manager, "customer", "groups not empty")
    assert [one["label"] for one in reading.get("customer", world["o2"], actor=manager, fields=["groups"])["groups"]] == []
    with refused(NotFound):
        reading.get("group", secret, actor=manager)
    shared = group(manager, "给两个人", people=[cast.users["owner"], cast.users["teammate"]])
    put(manager, shared, world["o1"], world["t1"])
    assert members(owner, str(shared)) == {world["o1"]} and members(mate, str(shared)) == {world["t1"]} and members(outsider, str(shared)) == set()
    with refused(Invalid, "group:read-only"):
        put(owner, shared, world["o3"])
    with refused(Problem):
        put(outsider, shared, world["o1"])
    with refused(Problem):
        put(owner, secret, world["t1"])
    with refused(Problem):
        group(owner, "我不能给全员", everyone=True)


def test_a_condition_over_what_is_hidden_tells_nothing(cast: Cast, world: dict[str, UUID]) -> None:
    manager = cast.actor("manager")
    rich = group(manager, "收入高的", kind="dynamic", condition="annual_revenue > 100", everyone=True)
    assert members(manager, str(rich)) == {world["o2"]}
    role = reading.query("role", actor=DESK, where="key = sales", fields=["grants"]).rows[0]
    grants = dict(role["grants"])
    grants["customer"] = grants["customer"] | {"fields": {"annual_revenue": "hidden"}}
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": grants})
    owner = cast.actor("owner")
    with refused(Invalid, "where:group"):
        members(owner, str(rich))
    with refused(Invalid, "condition:condition"):
        group(owner, "试探", kind="dynamic", condition="annual_revenue > 100")
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": role["grants"]})


def test_a_hidden_name_is_not_guessed(cast: Cast, world: dict[str, UUID]) -> None:
    manager = cast.actor("manager")
    shared = group(manager, "名称不公开", everyone=True)
    put(manager, shared, world["o1"])
    role = reading.query("role", actor=DESK, where="key = sales", fields=["grants"]).rows[0]
    hiding = role["grants"] | {"group": {"verbs": ["read"], "read": "own", "write": "own", "fields": {"name": "hidden"}}}
    assert members(cast.actor("owner"), "名称不公开") == {world["o1"]}
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": hiding})
    assert members(cast.actor("owner"), "名称不公开") == set() and members(cast.actor("owner"), str(shared)) == {world["o1"]}
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": role["grants"]})


def test_what_is_merged_stays_in_every_group_and_comes_back(cast: Cast) -> None:
    owner, manager = cast.actor("owner"), cast.actor("manager")
    first, second = (create(owner, "customer", name=name) for name in ("合并之一", "合并之二"))
    mine, unseen = group(owner, "甲组"), group(manager, "经理的组")
    put(owner, mine, first)
    put(owner, mine, second)
    put(manager, unseen, second)
    door.perform("customer", "merge", actor=owner, id=first, inputs={"others": [str(second)]})
    assert members(owner, str(mine)) == {first} == members(manager, str(unseen)), "the group of somebody else does not lose it either"
    door.perform("customer", "unmerge", actor=owner, id=first)
    assert members(owner, str(mine)) == {first, second} and members(manager, str(unseen)) == {second}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"object_name": "task"}, {"object_name:choice"}),
        ({"kind": "dynamic"}, {"condition:required"}),
        ({"condition": "grade = vip"}, {"condition:kind"}),
        ({"kind": "dynamic", "condition": "groups has 展会名单"}, {"condition:nested"}),
        ({"kind": "dynamic", "condition": "没有的字段 = 1"}, {"condition:condition"}),
        ({"kind": "dynamic", "condition": '{"field": 1'}, {"condition:condition"}),
    ],
)
def test_what_is_no_group(cast: Cast, changes: dict[str, Any], codes: set[str]) -> None:
    with refused(Invalid, *codes):
        group(cast.actor("owner"), "不成立", **changes)


def test_a_group_stays_of_its_object_and_kind(cast: Cast) -> None:
    owner = cast.actor("owner")
    mine = group(owner, "线索一组", object_name="lead")
    with refused(Invalid, "object_name:fixed", "kind:fixed", "condition:required"):
        door.perform("group", "update", actor=owner, id=mine, changes={"object_name": "customer", "kind": "dynamic"})
    lead = create(owner, "lead", name="线索甲")
    door.perform("lead", "join_group", actor=owner, id=lead, inputs={"group": mine})
    assert ids(owner, "lead", f"groups has {mine}") == {lead}
    one = create(owner, "customer", name="不是线索")
    with refused(Invalid, "group:object"):
        put(owner, mine, one)
