"""Pools that assign by themselves: who gets what, within which limits, told and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Problem
from guanxi.kernel import jobs
from guanxi.kernel.records import allotting, door, notices, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests import crowd
from tests.cast import Cast
from tests.kernel.test_pools import DESK, lying, pool_of, setting, whole
from tests.kernel.tools import create, events, events_of, raw, read_journal, refused
from tests.surfaces.web.browser import Browser, words

THREE = ("owner", "teammate", "newcomer")
LIMITS: dict[str, Any] = {"daily_limit": 0, "cap": 0, "total_cap": 0, "wait_days": 0, "new_days": 0, "uncounted": [], "protection_days": 0}


@pytest.fixture(autouse=True)
def _usual(cast: Cast) -> Iterator[None]:
    """Each test begins with an empty pool of three members, and nobody holding anything."""
    setting(pool_of(), **LIMITS, enabled=True, everyone=False, people=[cast.users[n] for n in THREE], units=[], roles=[], allot=None, allot_to=[])
    allotting._resting.clear()
    yield
    setting(pool_of(), allot=None)
    for row in reading.query("prospect", actor=DESK, fields=["id"], limit=200).rows:
        door.perform("prospect", "delete", actor=DESK, id=row["id"])


def switch(way: str, **changes: Any) -> None:
    setting(pool_of(), allot=way, **changes)


def owners(made: list[UUID]) -> list[str | None]:
    found = [whole(one)["owner"] for one in made]
    return [one["label"] if one else None for one in found]


def test_in_turn_on_from_whoever_was_last_with_event_notice_and_evidence(cast: Cast) -> None:
    made = [lying(cast, f"轮{n}") for n in range(4)]
    assert jobs.allot() == 0, "off until somebody says so"
    door.perform("pool", "served", actor=DESK, id=pool_of(), inputs={"receiver": cast.users["teammate"]})
    switch("round")
    assert jobs.allot() == 4 and owners(made) == ["刘洋", "王伟", "李娜", "刘洋"]
    more = lying(cast, "再来")
    assert jobs.allot() == 1 and owners([more]) == ["王伟"] and jobs.allot() == 0
    row = whole(more)
    assert (row["pool"], row["from_pool"]["id"]) == (None, pool_of())
    event = events_of("prospect", more)[-1]
    assert (event.verb, event.actor, event.via) == ("allot", None, "allotting")
    assert event.changes["@because"][1] == {"kind": "allotted", "way": "round", "held": 1, "today": 1, "of": 3}
    told = telling.history("prospect", more, actor=cast.actor("owner"))
    assert "轮流" in telling.told_because(cast.actor("owner").catalog.object("prospect"), told[0].changes["@because"][1], reading.guard_of(cast.actor("owner"))).zh  # type: ignore[union-attr]
    read_journal()
    said = [one.text.zh for one in notices.shown(cast.actor("owner"))[0]]
    assert any("交给了您" in text for text in said), said
    rest = lying(cast, "不许")
    with refused(Problem):
        door.perform("prospect", "allot", actor=cast.actor("admin"), id=rest, inputs={"pool": pool_of(), "receiver": cast.users["owner"]})


def test_to_whoever_holds_fewest_within_caps_and_daily_limits(cast: Cast) -> None:
    for _ in range(3):
        create(DESK, "prospect", name="有", owner=cast.users["owner"])
    create(DESK, "prospect", name="有", owner=cast.users["teammate"])
    made = [lying(cast, f"少{n}") for n in range(4)]
    switch("fewest")
    assert jobs.allot() == 4 and owners(made) == ["刘洋", "李娜", "刘洋", "李娜"]
    setting(pool_of(), total_cap=4)
    rest = [lying(cast, f"满{n}") for n in range(5)]
    assert jobs.allot() == 4 and sorted(one or "" for one in owners(rest)) == ["", "刘洋", "刘洋", "李娜", "王伟"], "who is full is passed over"
    before = events()
    assert jobs.allot() == 0 and events() == before, "and what is left waits without an event"
    setting(pool_of(), total_cap=0)
    allotting._resting.clear()
    assert jobs.allot() == 1, "given out once there is room"
    counted = "SELECT changes->'owner'->>1, count(*) FROM gx_event WHERE verb = 'allot' AND object = 'prospect' GROUP BY 1"
    most = max(dict(raw(counted)).values()) + 1
    setting(pool_of(), daily_limit=most)
    many = [lying(cast, f"日{n}") for n in range(30)]
    jobs.allot()
    assert set(dict(raw(counted)).values()) == {most} and owners(many).count(None) > 0, "nobody gets more a day"


def test_only_members_who_are_active_and_work_on_such_records(cast: Cast) -> None:
    everyone = [cast.users[n] for n in (*THREE, "executive", "nobody", "junior")]
    switch("round", people=everyone)
    door.perform("user", "take_access", actor=cast.actor("admin"), id=cast.users["newcomer"])
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["junior"], changes={"active": False})
    made = [lying(cast, f"谁{n}") for n in range(6)]
    assert jobs.allot() == 6 and set(owners(made)) == {"王伟", "李娜"}
    setting(pool_of(), allot_to=[cast.users["teammate"]])
    one = lying(cast, "指定")
    assert jobs.allot() == 1 and owners([one]) == ["李娜"]
    setting(pool_of(), allot_to=[], everyone=True, people=[])
    who = [lying(cast, f"全员{n}") for n in range(6)]
    assert jobs.allot() == 6 and set(owners(who)) == {"王伟", "李娜", "赵强"}, "administrators are not meant by everybody"
    setting(pool_of(), allot_to=[cast.users["admin"]])
    one = lying(cast, "点名")
    assert jobs.allot() == 1 and owners([one]) == ["管理员"]
    door.perform("user", "give_access", actor=cast.actor("admin"), id=cast.users["newcomer"])
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["junior"], changes={"active": True})


def test_not_back_to_whoever_gave_it_up_and_new_data_rests(cast: Cast) -> None:
    one = create(DESK, "prospect", name="退的", owner=cast.users["owner"])
    setting(pool_of(), allot_to=[cast.users["owner"]], wait_days=3)
    door.perform("prospect", "return_to_pool", actor=cast.actor("owner"), id=one, inputs={"reason": "no_need"})
    switch("round")
    assert jobs.allot() == 0
    setting(pool_of(), wait_days=0, new_days=1)
    allotting._resting.clear()
    assert jobs.allot() == 0, "it came today"
    setting(pool_of(), new_days=0)
    allotting._resting.clear()
    assert jobs.allot() == 1 and owners([one]) == ["王伟"]


def test_what_is_made_without_an_owner_comes_in_and_is_given_out(cast: Cast) -> None:
    alone = create(DESK, "prospect", name="无主", owner=None)
    assert whole(alone)["pool"] is None
    switch("round")
    one = create(DESK, "prospect", name="官网线索", owner=None)
    assert whole(one)["pool"]["id"] == pool_of() and jobs.allot() == 1 and owners([one, alone])[1] is None and owners([one])[0] is not None
    mine = create(cast.actor("owner"), "prospect", name="自己的")
    assert owners([mine]) == ["王伟"]


def test_rules_say_whose_a_record_is_and_a_default_takes_the_rest(cast: Cast) -> None:
    owner, mate, new, admin = (cast.users[n] for n in ("owner", "teammate", "newcomer", "admin"))
    north, both = {"where": "name starts 北", "to": [str(owner), str(new)]}, {"where": "name contains 京", "to": [str(mate)]}
    switch("round", allot_rules=[north, both, {"where": "name = 谁都不是", "to": [str(admin)]}], allot_default=mate)
    names = ("北京", "京东", "北海", "南京", "广州", "谁都不是")
    made = [lying(cast, name) for name in names]
    tried = allotting.simulate(pool_of(), actor=cast.actor("admin"))
    assert jobs.allot() == 6
    got = dict(zip(names, owners(made), strict=True))
    assert {got["北京"], got["北海"]} == {"王伟", "刘洋"} and {got[name] for name in ("京东", "南京", "广州", "谁都不是")} == {"李娜"}, "an admin who is no member gets nothing"
    assert [one.receiver for one in tried.shares] == owners(made)
    because = {name: events_of("prospect", one)[-1].changes["@because"][1] for name, one in zip(names, made, strict=True)}
    assert {name: (one.get("rule"), one["of"]) for name, one in because.items()} == {"北京": (1, 2), "京东": (2, 1), "北海": (1, 2), "南京": (2, 1), "广州": (None, 1), "谁都不是": (None, 1)}
    # a rule whose people are full keeps its records waiting, and the others go on
    setting(pool_of(), cap=2, allot_default=None, allot_rules=[both])
    allotting._resting.clear()
    more = [lying(cast, name) for name in ("京城", "天津")]
    assert jobs.allot() == 1 and owners(more)[0] is None and owners(more)[1] in ("王伟", "刘洋")
    for wrong in ([{"where": "nonsense = 1", "to": [str(owner)]}], [{"where": "name = 1", "to": []}], [{"where": "", "to": [str(owner)]}], [{"where": "name = 1", "to": [str(pool_of())]}], {"where": 1}):
        with refused(Problem):
            setting(pool_of(), allot_rules=wrong)
    # the page says the same
    page, url = Browser("admin"), f"/pools/{pool_of()}/allotment"
    assert "京" in page.read(url) and page.fill(url, where_1="name starts 广", do="on").status_code == 422
    setting(pool_of(), cap=0, allot_rules=None, allot_default=None)
    page.fill(url, where_0="name starts 广", **{"to_0.add": "王伟", "fallback": "李娜"}, do="on")
    row = reading.get("pool", pool_of(), actor=DESK)
    assert (row["allot_rules"], row["allot_default"]["id"]) == ([{"where": "name starts 广", "to": [str(owner)]}], mate)
    setting(pool_of(), allot_rules=None, allot_default=None)


def test_the_trial_is_what_will_happen_and_changes_nothing(cast: Cast) -> None:
    made = [lying(cast, f"试{n}") for n in range(5)]
    before = events()
    trial = allotting.simulate(pool_of(), actor=cast.actor("admin"), way="fewest")
    assert (trial.waiting, trial.people, trial.given) == (5, 3, 5) and sorted(n for _, n in trial.each) == [1, 2, 2] and events() == before
    page = words(Browser("admin").read(f"/pools/{pool_of()}/allotment"))
    assert "试0" in page and "未启用" in page
    assert f"/pools/{pool_of()}/allotment" in Browser("admin").read(f"/pools/{pool_of()}")
    answer = Browser("admin").fill(f"/pools/{pool_of()}/allotment", way="fewest", do="on")
    assert answer.status_code == 302 and jobs.allot() == 5
    assert owners(made) == [one.receiver for one in trial.shares]
    with refused(Forbidden):
        allotting.simulate(pool_of(), actor=cast.actor("owner"))
    assert Browser("owner").get(f"/pools/{pool_of()}/allotment").status_code in (403, 404)


WORKER = """
from guanxi.kernel import jobs
def prepare():
    return jobs.allot
"""


def test_several_workers_give_nothing_twice_and_keep_the_turns(cast: Cast, database_url: str) -> None:
    made = [lying(cast, f"并{n}") for n in range(31)]
    switch("round")
    done = crowd.at_once(database_url, WORKER, [()] * 4).said
    assert sum(done) == 31
    named = owners(made)
    assert sorted(named.count(n) for n in ("王伟", "李娜", "刘洋")) == [10, 10, 11]
    assert all(named[n] == named[n + 3] != named[n + 1] for n in range(28)), "in turn"
    assert [[e.verb for e in events_of("prospect", one)].count("allot") for one in made] == [1] * 31
    assert raw("SELECT count(*) FROM gx_prospect WHERE workspace_id = %s AND pool_id IS NOT NULL AND deleted_at IS NULL", [DEFAULT_WORKSPACE])[0][0] == 0
