"""Pools: who sees what lies in them, who gets it out, within which limits. On the toy's prospects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, finding, people, pooling, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests import crowd
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, raw, refused

DESK = system(DEFAULT_WORKSPACE, via="test")
SECRET = "青铜器"


def pool_of(name: str = "prospect") -> UUID:
    """The first pool of an object, made by the seed."""
    return people.newest(DEFAULT_WORKSPACE).pools_of(name)[0].id


def setting(pool: UUID, **changes: Any) -> None:
    door.perform("pool", "update", actor=DESK, id=pool, changes=changes)


def lying(cast: Cast, name: str = "线头", pool: UUID | None = None, **changes: Any) -> UUID:
    """A prospect that outsider returned to a pool."""
    one = create(DESK, "prospect", name=name, owner=cast.users["outsider"], **changes)
    door.perform("prospect", "return_to_pool", actor=DESK, id=one, inputs={"reason": "no_need", "pool": pool or pool_of()})
    return one


def whole(record: UUID) -> dict[str, Any]:
    return reading.get("prospect", record, actor=DESK)


@pytest.fixture(autouse=True)
def _usual(cast: Cast) -> Iterator[None]:
    """Each test begins with the first pool without limits and every other gone to sleep."""
    first = pool_of()
    for pool in people.newest(DEFAULT_WORKSPACE).pools_of("prospect"):
        setting(pool.id, enabled=pool.id == first, recycling=False)
    setting(first, daily_limit=0, cap=0, total_cap=0, wait_days=0, new_days=0, kind="visible", everyone=True, people=[], units=[], roles=[], uncounted=[], business="warn", protection_days=0, max_locked=20, lock_days=90, settings=None)
    yield


# -- a first pool ------------------------------------------------------------------------------------------------------


def test_a_workspace_starts_with_a_pool_for_each_object_that_lies_in_one(cast: Cast) -> None:
    rows = reading.query("pool", actor=DESK, fields=["name", "name_en", "object_name", "enabled", "kind", "everyone", "daily_limit", "wait_days", "hidden", "recycling"], sort=["object_name"]).rows
    assert [(r["object_name"], r["name"], r["name_en"]) for r in rows] == [
        ("customer", "默认公海", "Default pool"), ("lead", "默认线索池", "Default lead pool"), ("prospect", "默认池", "Default pool"),
    ]  # fmt: skip
    assert {(r["enabled"], r["kind"], r["everyone"], r["wait_days"], r["recycling"]) for r in rows if r["object_name"] != "prospect"} == {(True, "visible", True, 7, False)}
    assert rows[0]["daily_limit"] == 10 and rows[0]["hidden"] == ["phones", "fax", "email", "wechat", "qq"]


# -- returning -----------------------------------------------------------------------------------------------------------


def test_returning_says_why_and_leaves_what_hangs_on_it(cast: Cast) -> None:
    owner = cast.actor("owner")
    one = create(owner, "prospect", name="退")
    call = create(owner, "call", name="打过", prospect=one, done=True)
    with refused(Invalid, "reason:required"):
        door.perform("prospect", "return_to_pool", actor=owner, id=one)
    with refused(Invalid, "note:required"):
        door.perform("prospect", "return_to_pool", actor=owner, id=one, inputs={"reason": "other"})
    with refused(Invalid, "reason:rule"):
        door.perform("prospect", "return_to_pool", actor=owner, id=one, inputs={"reason": "expired"})
    with refused(Invalid, "pool:unknown"):
        door.perform("prospect", "return_to_pool", actor=owner, id=one, inputs={"reason": "no_need", "pool": pool_of("customer")})
    door.perform("prospect", "return_to_pool", actor=owner, id=one, inputs={"reason": "other", "note": "换人跟"})
    row = whole(one)
    assert (row["owner"], row["pool"]["id"], row["previous_owner"]["id"]) == (None, pool_of(), cast.users["owner"])
    assert (row["return_reason"], row["return_note"], row["recycle_rule"], row["owned_since"]) == ("other", "换人跟", None, None)
    assert reading.get("call", call, actor=DESK)["prospect"]["id"] == one
    event = events_of("prospect", one)[-1]
    assert event.verb == "return_to_pool" and event.changes["owner"] == [str(cast.users["owner"]), None]


def test_unfinished_business_is_warned_of_or_in_the_way(cast: Cast) -> None:
    owner = cast.actor("owner")
    one = create(owner, "prospect", name="未完")
    create(owner, "call", name="在谈", prospect=one, done=False)
    setting(pool_of(), business="forbid")
    with refused(Invalid, "pool:business"):
        door.perform("prospect", "return_to_pool", actor=cast.actor("owner"), id=one, inputs={"reason": "no_need"})
    setting(pool_of(), business="warn")
    result = door.perform("prospect", "return_to_pool", actor=cast.actor("owner"), id=one, inputs={"reason": "no_need"})
    assert [(field, text.zh) for field, text in result.warnings] == [("pool", "有未完成的联系。")]


# -- seeing ----------------------------------------------------------------------------------------------------------------


def test_members_see_it_but_for_the_hidden_fields_admins_see_all(cast: Cast) -> None:
    setting(pool_of(), everyone=False, units=[cast.departments["销售部"]])
    one = lying(cast, "甲单", phones="13800138123", secret=SECRET, amount=7)
    manager, member, junior, stranger = (cast.actor(n) for n in ("manager", "newcomer", "junior", "outsider"))
    assert {k: reading.get("prospect", one, actor=manager)[k] for k in ("secret", "amount")} == {"secret": SECRET, "amount": 7}
    for actor in (member, junior):  # the department with those below
        row = reading.get("prospect", one, actor=actor)
        assert (row["name"], row["phones"], row["secret"], row["amount"]) == ("甲单", None, None, None)
    for ask in (reading.get, telling.history, telling.timeline, telling.explain):
        with pytest.raises(NotFound):
            ask("prospect", one, actor=stranger)
    assert {e["grants"] for e in telling.explain("prospect", one, actor=member)["reasons"]} == {True, False}


@pytest.mark.parametrize("person", ["owner", "manager", "outsider", "executive", "admin", "nobody"])
@pytest.mark.parametrize("kind", ["visible", "assign"])
def test_every_way_of_reading_shows_the_same_records(cast: Cast, person: str, kind: str) -> None:
    """List, page, figures, count, search, timeline and export agree, for members, admins and strangers."""
    from io import BytesIO

    from guanxi.surfaces.imports import exporting

    setting(pool_of(), everyone=False, kind=kind, people=[cast.users["owner"]], roles=[])
    made = [lying(cast, f"同一{n}", secret=SECRET) for n in range(2)]
    made.append(create(DESK, "prospect", name="同一有主", owner=cast.users["outsider"]))
    actor = cast.actor(person)
    where = {"field": "id", "op": "in", "value": [str(one) for one in made]}
    wanted = {"owner": set(made[:2]) if kind == "visible" else set(), "manager": set(made[:2]), "outsider": {made[2]}, "executive": {made[2]}, "admin": set(made), "nobody": None}[person]
    if wanted is None:
        with pytest.raises(NotFound):
            reading.query("prospect", actor=actor)
        assert not {h.id for h in finding.search("同一", actor=actor)} & set(made)
        return
    assert ids(actor, "prospect", where) == wanted
    assert reading.query("prospect", actor=actor, where=where, fields=["id"], count="exact").count == len(wanted)
    assert reading.aggregate("prospect", actor=actor, where=where).rows[0]["count"] == len(wanted)
    assert reading.counts([("prospect", where)], actor=actor)[0][0] == len(wanted)
    assert {h.id for h in finding.search("同一", actor=actor, limit=100)} & set(made) == wanted
    seen = set()
    for one in made:
        try:
            reading.get("prospect", one, actor=actor)
            telling.timeline("prospect", one, actor=actor)
            seen.add(one)
        except NotFound:
            pass
    assert seen == wanted
    if person in ("owner", "manager", "executive", "admin"):
        file = BytesIO()
        assert exporting.export(actor, "prospect", file, "csv", where=where, fields=["name", "secret"]) == len(wanted)
        assert (SECRET in file.getvalue().decode("utf-8-sig")) == (person in ("manager", "admin"))


def test_a_hidden_field_can_be_found_out_in_no_way(cast: Cast) -> None:
    one = lying(cast, "乙单", phones="13900139555", secret=SECRET, amount=41)
    door.perform("prospect", "update", actor=DESK, id=one, changes={"secret": SECRET + "二"})
    create(DESK, "call", name="秘密电话", prospect=one)
    member = cast.actor("owner")
    mine = {"field": "id", "op": "=", "value": str(one)}
    for field, op, value in (("secret", "contains", SECRET), ("secret", "not empty", None), ("phones", "ends", "9555"), ("amount", ">", 1), ("amount", "between", [1, 99])):
        assert ids(member, "prospect", {"and": [mine, {"field": field, "op": op, "value": value} if value is not None else {"field": field, "op": op}]}) == set()
        assert ids(member, "prospect", {"and": [mine, {"not": {"field": field, "op": op, "value": value} if value is not None else {"field": field, "op": op}}]}) == {one}
    assert reading.aggregate("prospect", actor=member, where=mine, measures=["sum:amount", "max:amount"]).rows[0]["sum:amount"] is None
    assert reading.aggregate("prospect", actor=member, where=mine, group_by=["secret"]).rows[0]["secret"] is None
    assert [h.id for h in finding.search(SECRET, actor=member)] == []
    assert [h.id for h in finding.search("9555", actor=member)] == []
    assert one in {h.id for h in finding.search("乙单", actor=member)}
    assert all("secret" not in e.changes and "phones" not in e.changes for e in telling.history("prospect", one, actor=member))
    assert any("secret" in e.changes for e in telling.history("prospect", one, actor=cast.actor("manager")))
    with pytest.raises(NotFound):
        telling.history("prospect", one, actor=member, field="secret")
    assert [e.object for e in telling.timeline("prospect", one, actor=member) if e.object == "call"] == []
    assert [h.id for h in finding.search("秘密电话", actor=member)] == []
    assert ids(member, "call", {"field": "prospect", "op": "=", "value": str(one)}) == set()
    door.perform("prospect", "claim", actor=member, id=one)
    assert reading.get("prospect", one, actor=member)["secret"] == SECRET + "二"
    assert [h.id for h in finding.search("9555", actor=member)] == [one]
    assert len(finding.search("秘密电话", actor=member)) == 1


def test_what_hangs_on_it_is_read_through_a_pool_that_hides_nothing(cast: Cast) -> None:
    one = lying(cast, "丙单")
    call = create(DESK, "call", name="公开电话", prospect=one)
    said = create(DESK, "comment", text="电话是 13800138000", object_name="prospect", record=str(one))
    member = cast.actor("owner")
    assert ids(member, "call") & {call} == set()
    assert ids(member, "comment") & {said} == set() and "comment" not in {e.object for e in telling.timeline("prospect", one, actor=member)}
    before = ids(DESK, "comment")
    with pytest.raises(Forbidden):
        create(member, "comment", text="我来", object_name="prospect", record=str(one))
    assert ids(DESK, "comment") == before
    setting(pool_of(), hidden=[])
    try:
        member = cast.actor("owner")
        assert ids(member, "call") & {call} == {call} and ids(member, "comment") & {said} == {said}
        assert "comment" in {e.object for e in telling.timeline("prospect", one, actor=member)}
        assert [h.id for h in finding.search("公开电话", actor=member)] == [call]
    finally:
        setting(pool_of(), hidden=["phones", "secret", "amount"])


def test_a_member_who_may_read_no_prospects_finds_no_calls_either(cast: Cast) -> None:
    one = lying(cast, "丁单")
    create(DESK, "call", name="池里的电话", prospect=one)
    setting(pool_of(), hidden=[])
    nothing = create(DESK, "role", name="只看联系", grants={"call": {"verbs": ["read"], "read": "own"}})
    door.perform("user", "update", actor=DESK, id=cast.users["nobody"], changes={"roles": [nothing]})
    try:
        actor = cast.actor("nobody")
        assert ids(actor, "call") == set() and finding.search("池里的电话", actor=actor) == []
        assert len(finding.search("池里的电话", actor=cast.actor("owner"))) == 1
    finally:
        setting(pool_of(), hidden=["phones", "secret", "amount"])
        door.perform("user", "update", actor=DESK, id=cast.users["nobody"], changes={"roles": []})


def test_a_team_reaches_into_no_pool(cast: Cast) -> None:
    setting(pool_of(), everyone=False, people=[cast.users["owner"]])
    one = create(DESK, "prospect", name="团队单", owner=cast.users["owner"])
    door.perform("prospect", "share", actor=DESK, id=one, inputs={"user": cast.users["outsider"], "level": "write"})
    assert ids(cast.actor("outsider"), "prospect") >= {one}
    door.perform("prospect", "return_to_pool", actor=cast.actor("owner"), id=one, inputs={"reason": "no_need"})
    assert one not in ids(cast.actor("outsider"), "prospect")
    assert one not in {h.id for h in finding.search("团队单", actor=cast.actor("outsider"))}


# -- claiming ------------------------------------------------------------------------------------------------------------


def test_a_claim_makes_it_ones_own(cast: Cast) -> None:
    setting(pool_of(), protection_days=30)
    one = lying(cast)
    member = cast.actor("owner")
    door.perform("prospect", "claim", actor=member, id=one)
    row = whole(one)
    assert (row["owner"]["id"], row["pool"], row["pooled_at"], row["from_pool"]["id"]) == (cast.users["owner"], None, None, pool_of())
    today = people.newest(DEFAULT_WORKSPACE).settings.today
    assert row["protected_until"] == today + timedelta(days=30) and row["owned_since"] is not None
    event = events_of("prospect", one)[-1]
    assert (event.verb, event.changes["pool"], event.changes["owner"]) == ("claim", [str(pool_of()), None], [None, str(cast.users["owner"])])
    with refused(Conflict) as caught:
        door.perform("prospect", "claim", actor=cast.actor("newcomer"), id=one)
    assert caught.value.detail.zh == "已被 王伟 领取。" and caught.value.code == "claimed"
    door.perform("prospect", "update", actor=member, id=one, changes={"name": "我的了"})


def test_another_pools_record_and_one_out_of_no_pool_are_refused(cast: Cast) -> None:
    other = create(DESK, "pool", name="别处", object_name="prospect", people=[cast.users["outsider"]], wait_days=0)
    elsewhere = lying(cast, "别处的", pool=other)
    member = cast.actor("owner")
    with refused(NotFound):
        door.perform("prospect", "claim", actor=member, id=elsewhere)
    door.perform("prospect", "claim", actor=cast.actor("outsider"), id=elsewhere)
    with refused(NotFound):  # nor does anybody learn who has it
        door.perform("prospect", "claim", actor=member, id=elsewhere)
    mine = create(member, "prospect", name="本来就是我的")
    with refused(Forbidden):
        door.perform("prospect", "claim", actor=member, id=mine)
    setting(pool_of(), kind="assign")
    one = lying(cast, "只分配")
    with refused(Forbidden):  # nothing may be claimed from anywhere, whatever the id
        door.perform("prospect", "claim", actor=cast.actor("owner"), id=one)
    with refused(NotFound):
        door.perform("prospect", "claim", actor=cast.actor("nobody"), id=one)
    with refused(NotFound):
        door.perform("prospect", "update", actor=cast.actor("owner"), id=one, changes={"name": "x"})


def test_a_member_may_look_but_not_touch(cast: Cast) -> None:
    one = lying(cast)
    member = cast.actor("owner")
    for verb, how in (
        ("update", {"changes": {"name": "x"}}), ("delete", {}), ("assign", {"changes": {"owner": cast.users["owner"]}}), ("share", {"inputs": {"user": cast.users["owner"]}}),
        ("distribute", {"inputs": {"people": [cast.users["owner"]]}}), ("move_pool", {"inputs": {"pool": pool_of()}}), ("return_to_pool", {"inputs": {"reason": "no_need"}}), ("lock", {}),
    ):  # fmt: skip
        with refused(Forbidden):
            door.perform("prospect", verb, actor=member, id=one, **how)
    door.perform("prospect", "update", actor=cast.actor("manager"), id=one, changes={"name": "管理员改的"})


def test_the_daily_limit_counts_events_so_returning_gives_nothing_back(cast: Cast) -> None:
    setting(pool_of(), daily_limit=2)
    made = [lying(cast, f"限{n}") for n in range(4)]
    member = cast.actor("newcomer")
    before = 2 - (pooling.quotas("prospect", [pool_of()], actor=member)[0].today or 0)
    setting(pool_of(), daily_limit=2 + before)
    outcomes = door.perform_many("prospect", "claim", [door.Item(one) for one in made[:3]], actor=cast.actor("newcomer"))
    assert [getattr(o, "code", "done") for o in outcomes] == ["done", "done", "invalid"]
    assert outcomes[2].errors[0].code == "daily-limit"  # type: ignore[union-attr]
    door.perform("prospect", "return_to_pool", actor=cast.actor("newcomer"), id=made[0], inputs={"reason": "no_need"})
    with refused(Invalid, "pool:daily-limit"):
        door.perform("prospect", "claim", actor=cast.actor("newcomer"), id=made[3])
    assert [(q.today, q.room, q.runs) for q in pooling.quotas("prospect", [pool_of()], actor=cast.actor("newcomer"))] == [(0, None, False)]


def test_the_lower_of_two_caps_holds_and_what_is_not_counted_is_not(cast: Cast) -> None:
    setting(pool_of(), cap=2, total_cap=50)
    made = [lying(cast, f"持{n}", bought=n == 0) for n in range(4)]
    member = cast.actor("junior")
    for one in made[:2]:
        door.perform("prospect", "claim", actor=member, id=one)
    with refused(Invalid, "pool:cap"):
        door.perform("prospect", "claim", actor=member, id=made[2])
    setting(pool_of(), uncounted=["bought"])
    door.perform("prospect", "claim", actor=cast.actor("junior"), id=made[2])
    setting(pool_of(), cap=50, total_cap=2)
    with refused(Invalid, "pool:cap"):
        door.perform("prospect", "claim", actor=cast.actor("junior"), id=made[3])
    with refused(Invalid, "pool:cap"):  # the receiver's cap holds for whoever hands out
        door.perform("prospect", "assign", actor=cast.actor("admin"), id=made[3], changes={"owner": cast.users["junior"]})


def test_the_previous_owner_waits_and_new_data_rests(cast: Cast) -> None:
    setting(pool_of(), wait_days=7)
    one = lying(cast)
    with refused(Invalid, "pool:previous-owner"):
        door.perform("prospect", "claim", actor=cast.actor("outsider"), id=one)
    setting(pool_of(), wait_days=0, new_days=2)
    with refused(Invalid, "pool:new"):
        door.perform("prospect", "claim", actor=cast.actor("owner"), id=one)
    raw_age(one, days=3)
    door.perform("prospect", "claim", actor=cast.actor("owner"), id=one)


def raw_age(record: UUID, **back: int) -> None:
    """Make a record's own times older, as an old database would have them."""
    delta = timedelta(**back)
    event = door.perform("prospect", "update", actor=DESK, id=record, changes={"name": f"{datetime.now(UTC):%f}"}).version
    assert event
    raw("ALTER TABLE gx_prospect DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_prospect SET pooled_at = pooled_at - %s, owned_since = owned_since - %s, created_at = created_at - %s WHERE id = %s", [delta, delta, delta, record])
    raw("ALTER TABLE gx_prospect ENABLE TRIGGER gx_event_first")


def test_admins_pass_the_limits_and_that_is_noted(cast: Cast) -> None:
    setting(pool_of(), daily_limit=1, new_days=5)
    made = [lying(cast, f"管{n}") for n in range(2)]
    manager = cast.actor("manager")
    for one in made:
        door.perform("prospect", "claim", actor=manager, id=one)
    assert events_of("prospect", made[0])[-1].changes["@because"] == [None, {"kind": "bypass", "rules": ["new"]}]
    assert events_of("prospect", made[1])[-1].changes["@because"] == [None, {"kind": "bypass", "rules": ["daily-limit", "new"]}]
    assert telling.history("prospect", made[1], actor=manager)[0].changes["@because"][1]["kind"] == "bypass"


CLAIMER = """
from uuid import UUID
from guanxi.base.errors import Problem
from guanxi.kernel.records import door, people
def prepare(who, record):
    actor = people.by_username(who, via="test")
    def claim():
        try:
            door.perform("prospect", "claim", actor=actor, id=UUID(record))
        except Problem as problem:
            return f"{problem.code} {problem.detail.zh}"
        return "won"
    return claim
"""


def test_fifty_processes_claim_one_record(cast: Cast, database_url: str) -> None:
    """One wins; forty-nine read who was faster; there is one event."""
    one = lying(cast, "抢")
    names = ["owner", "teammate", "junior", "newcomer", "outsider"]
    answers = crowd.at_once(database_url, CLAIMER, [(names[n % 5], one) for n in range(50)])
    winner = whole(one)["owner"]["label"]
    assert sorted(set(answers.said)) == sorted({"won", f"claimed 已被 {winner} 领取。"})
    assert answers.said.count("won") == 1 and len(answers.said) == len(answers.processes) == 50
    assert [e.verb for e in events_of("prospect", one)].count("claim") == 1


def test_claims_at_once_do_not_run_past_a_limit(cast: Cast, database_url: str) -> None:
    """Ten processes of one person claim ten records where three are allowed: three, counted one after the other."""
    used = pooling.quotas("prospect", [pool_of()], actor=cast.actor("teammate"))
    assert used[0].today is None
    made = [lying(cast, f"并{n}") for n in range(10)]
    already = int(raw("SELECT count(*) FROM gx_event WHERE verb = 'claim' AND object = 'prospect' AND actor_id = %s", [cast.users["teammate"]])[0][0])
    setting(pool_of(), daily_limit=already + 3)
    answers = crowd.at_once(database_url, CLAIMER, [("teammate", one) for one in made])
    said = [answer.split()[0] for answer in answers.said]
    assert (said.count("won"), said.count("invalid"), len(answers.processes)) == (3, 7, 10)


# -- handing out ---------------------------------------------------------------------------------------------------------


def _owners(made: list[UUID]) -> list[str]:
    return [whole(one)["owner"]["label"] for one in made]


def test_handing_out_evenly_in_turn_and_to_one(cast: Cast) -> None:
    manager = cast.actor("manager")
    three = [cast.users[n] for n in ("owner", "teammate", "newcomer")]
    made = [lying(cast, f"分{n}") for n in range(7)]
    door.perform_many("prospect", "distribute", [door.Item(one, inputs={"people": three, "way": "even"}) for one in made], actor=manager, together=True)
    assert sorted(_owners(made).count(n) for n in ("王伟", "李娜", "刘洋")) == [2, 2, 3]
    made = [lying(cast, f"轮{n}") for n in range(4)]
    turn = [door.Item(one, inputs={"people": three, "way": "round"}) for one in made]
    door.perform_many("prospect", "distribute", turn, actor=cast.actor("manager"), together=True)
    assert _owners(made) == ["王伟", "李娜", "刘洋", "王伟"]
    made = [lying(cast, f"续{n}") for n in range(2)]
    door.perform_many("prospect", "distribute", [door.Item(one, inputs={"people": three, "way": "round"}) for one in made], actor=cast.actor("manager"), together=True)
    assert _owners(made) == ["李娜", "刘洋"]
    one = lying(cast)
    door.perform("prospect", "distribute", actor=cast.actor("manager"), id=one, inputs={"people": [cast.users["junior"]]})
    assert _owners([one]) == ["张敏"]
    with refused(Invalid, "people:required"):
        door.perform("prospect", "distribute", actor=cast.actor("manager"), id=lying_before(cast))


def lying_before(cast: Cast) -> UUID:
    found = reading.query("prospect", actor=DESK, where="pool not empty", fields=["id"], limit=1).rows
    return found[0]["id"] if found else lying(cast)


def test_those_who_are_full_are_passed_over(cast: Cast) -> None:
    made = [lying(cast, f"满{n}") for n in range(3)]
    held = {n: len(ids(DESK, "prospect", {"and": [{"field": "owner", "op": "=", "value": str(cast.users[n])}]})) for n in ("owner", "junior")}
    setting(pool_of(), total_cap=max(held.values()) + 1)
    less = "owner" if held["owner"] < held["junior"] else "junior"
    people_ = [cast.users["owner"], cast.users["junior"]]
    setting(pool_of(), total_cap=min(held.values()) + 1) if held["owner"] != held["junior"] else None
    outcomes = door.perform_many("prospect", "distribute", [door.Item(one, inputs={"people": people_}) for one in made], actor=cast.actor("manager"))
    done = [o for o in outcomes if not isinstance(o, Problem)]
    if held["owner"] != held["junior"]:
        assert len(done) == 1 and whole(made[0])["owner"]["id"] == cast.users[less]
        assert outcomes[1].errors[0].code == "cap"  # type: ignore[union-attr]
    else:
        assert len(done) == 2


def test_moving_to_another_pool(cast: Cast) -> None:
    roles = reading.query("role", actor=DESK, where={"field": "key", "op": "=", "value": "sales_manager"}, fields=["id"]).rows
    there = create(DESK, "pool", name="第二池", object_name="prospect", admin_roles=[roles[0]["id"]])
    away = create(DESK, "pool", name="够不着", object_name="prospect", people=[cast.users["outsider"]])
    one = lying(cast)
    manager = cast.actor("manager")
    with refused(Invalid, "pool:unknown"):
        door.perform("prospect", "move_pool", actor=manager, id=one, inputs={"pool": away})
    door.perform("prospect", "move_pool", actor=manager, id=one, inputs={"pool": there})
    assert whole(one)["pool"]["id"] == there
    assert one not in ids(cast.actor("owner"), "prospect")
    assert one not in {h.id for h in finding.search("线头", actor=cast.actor("owner"), limit=100)}
    assert one in ids(cast.actor("manager"), "prospect")


# -- locking -------------------------------------------------------------------------------------------------------------


def test_locking_has_limits_that_admins_pass(cast: Cast) -> None:
    setting(pool_of(), max_locked=1, lock_days=10)
    today = people.newest(DEFAULT_WORKSPACE).settings.today
    owner = cast.actor("owner")
    first, second = create(owner, "prospect", name="锁一"), create(owner, "prospect", name="锁二")
    with refused(Invalid, "until:lock-days"):
        door.perform("prospect", "lock", actor=owner, id=first, inputs={"until": (today + timedelta(days=11)).isoformat()})
    door.perform("prospect", "lock", actor=owner, id=first)
    assert whole(first)["locked_until"] == today + timedelta(days=10)
    with refused(Invalid, "pool:max-locked"):
        door.perform("prospect", "lock", actor=owner, id=second)
    door.perform("prospect", "lock", actor=cast.actor("manager"), id=second)
    assert events_of("prospect", second)[-1].changes["@because"][1] == {"kind": "bypass", "rules": ["max-locked"]}
    door.perform("prospect", "unlock", actor=owner, id=first)
    assert (whole(first)["locked_at"], whole(first)["locked_until"]) == (None, None)
    with refused(Invalid, "pool:unlocked"):
        door.perform("prospect", "unlock", actor=owner, id=first)


# -- pools themselves ----------------------------------------------------------------------------------------------------


def test_a_pool_says_only_what_exists(cast: Cast) -> None:
    with refused(Invalid, "object_name:choice"):
        create(DESK, "pool", name="x", object_name="book")
    with refused(Invalid, "hidden:choice"):
        create(DESK, "pool", name="x", object_name="prospect", hidden=["name"])
    mixed = create(DESK, "pool", name="别的对象的字段", object_name="prospect", hidden=["secret", "wechat"], enabled=False)
    assert reading.get("pool", mixed, actor=DESK)["hidden"] == ["secret"]
    with refused(Invalid, "uncounted:choice"):
        create(DESK, "pool", name="x", object_name="prospect", uncounted=["rich"])
    with refused(Invalid, "settings:setting"):
        create(DESK, "pool", name="x", object_name="prospect", settings={"rules": {"call": {"days": -1}}})
    with refused(Invalid, "settings:setting"):
        create(DESK, "pool", name="x", object_name="prospect", settings={"rules": {"call": {"days": 5, "by": {"z": 3}}}})
    with refused(Invalid, "settings:required"):
        create(DESK, "pool", name="x", object_name="prospect", recycling=True)
    one = lying(cast)
    with refused(Conflict):
        door.perform("pool", "delete", actor=DESK, id=whole(one)["pool"]["id"])
    with refused(Forbidden):
        door.perform("pool", "update", actor=cast.actor("manager"), id=pool_of(), changes={"daily_limit": 1000})


# -- recalled, and made in a pool ----------------------------------------------------------------------------------------


def test_admins_take_back_what_they_may_not_change(cast: Cast) -> None:
    """executive reads everything and changes nothing; running the pool lets them recall, and nothing else."""
    executive, owner, mine = cast.actor("executive"), cast.users["owner"], {"reason": "region", "note": "换区"}
    one, other = (create(DESK, "prospect", name=f"收 {n}", owner=owner) for n in range(2))
    with refused(Forbidden):
        door.perform("prospect", "recall", actor=executive, id=one, inputs=mine)
    setting(pool_of(), admins=[cast.users["executive"]])
    foreign = create(DESK, "pool", name="别人管的池", object_name="prospect", everyone=True, wait_days=0)
    executive = cast.actor("executive")
    with refused(Forbidden):
        door.perform("prospect", "return_to_pool", actor=executive, id=one, inputs=mine)
    with refused(Invalid, "pool:unknown"):
        door.perform("prospect", "recall", actor=executive, id=one, inputs=mine | {"pool": str(foreign)})
    with refused(Invalid, "reason:required"):
        door.perform("prospect", "recall", actor=executive, id=one)
    door.perform("prospect", "lock", actor=cast.actor("owner"), id=one)
    door.perform("prospect", "recall", actor=executive, id=one, inputs=mine)
    row, event = whole(one), events_of("prospect", one)[-1]
    assert (row["owner"], row["pool"]["id"], row["previous_owner"]["id"], row["return_reason"], row["return_note"], row["locked_at"]) == (None, pool_of(), owner, "region", "换区", None)
    assert (event.verb, event.actor) == ("recall", cast.users["executive"])
    with refused(Forbidden):
        door.perform("prospect", "recall", actor=executive, id=one, inputs=mine)
    # what came out of a pool that somebody else runs is theirs to recall
    door.perform("prospect", "return_to_pool", actor=DESK, id=other, inputs={"reason": "no_need", "pool": str(foreign)})
    door.perform("prospect", "claim", actor=cast.actor("owner"), id=other)
    with refused(Forbidden):
        door.perform("prospect", "recall", actor=executive, id=other, inputs=mine)
    setting(foreign, enabled=False)
    setting(pool_of(), admins=[])


def test_admins_make_records_in_their_pools_and_nothing_is_lost(cast: Cast) -> None:
    first, second = pool_of(), create(DESK, "pool", name="导入池", object_name="prospect", everyone=True, order=9)
    admin = cast.actor("admin")
    made = [
        door.perform("prospect", "create", actor=admin.through("import"), changes={"name": "导入", **more}).id
        for more in ({"pool": str(second)}, {"owner": None}, {"pool": str(second), "owner": str(cast.users["owner"])}, {})
    ]  # fmt: skip
    found = [whole(one) for one in made]
    assert [(row["owner"] and row["owner"]["id"], row["pool"] and row["pool"]["id"], row["from_pool"] and row["from_pool"]["id"]) for row in found] == [
        (None, second, None), (None, first, None), (cast.users["owner"], None, second), (cast.users["admin"], None, None),
    ]  # fmt: skip
    assert all(row["pooled_at"] is not None for row in found[:2])
    with refused(Invalid, "pool:read-only"):
        door.perform("prospect", "create", actor=cast.actor("owner"), changes={"name": "不行", "pool": str(second)})
    with refused(Invalid, "pool:read-only"):
        door.perform("prospect", "update", actor=admin, id=made[3], changes={"pool": str(second)})
    setting(second, enabled=False)
    with refused(Invalid, "pool:unknown"):
        door.perform("prospect", "create", actor=cast.actor("admin"), changes={"name": "停用的", "pool": str(second)})
