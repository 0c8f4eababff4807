"""Customers that may be lost are warned of, lost ones say why, and some come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, notices, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, read_journal, refused

DESK = system(DEFAULT_WORKSPACE, via="test")
NIGHT = datetime.now(UTC).replace(hour=20, minute=30)


@pytest.fixture(scope="module")
def owner(cast: Cast) -> Any:
    return cast.actor("owner")


def row(customer: Any) -> dict[str, Any]:
    return reading.get("customer", customer, actor=DESK)


def bought(owner: Any, name: str, quiet: int) -> Any:
    """A customer who has bought, and whom nobody has called for so many days."""
    customer = create(owner, "customer", name=name)
    door.perform("customer", "dealt", actor=DESK, id=customer, inputs={"on": people.newest(DEFAULT_WORKSPACE).settings.today - timedelta(days=quiet)})
    create(owner, "opportunity", name="新单", customer=customer)
    create(owner, "activity", customer=customer, content="聊过", happened_at=(datetime.now(UTC) - timedelta(days=quiet)).isoformat())
    return customer


def switch_on() -> None:
    for one in ids(DESK, "grade_rule", "subject = customer.churn_risk"):
        door.perform("grade_rule", "update", actor=DESK, id=one, changes={"active": True})


def test_a_warning_comes_with_its_reason_and_ends_by_itself(cast: Cast, owner: Any) -> None:
    long, short, fresh = (bought(owner, name, days) for name, days in (("久不联系", 100), ("有些久", 50), ("刚联系", 3)))
    never = create(owner, "customer", name="没买过的")
    assert len(ids(DESK, "grade_rule", "subject = customer.churn_risk")) == 3, "examples are there, and switched off"
    assert jobs.grade(NIGHT) == 0
    switch_on()
    assert jobs.grade(NIGHT + timedelta(days=1)) == 2
    assert [row(one)["churn_risk"] for one in (long, short, fresh, never)] == ["high", "watch", None, None]
    assert ids(owner, "customer", "churn_risk not empty") == {long, short}
    read_journal()
    for who in ("owner", "manager"):
        told = [one.text.zh for one in notices.shown(cast.actor(who), "todo")[0] if one.record == long]
        assert told == ["客户「久不联系」：流失预警 → 高风险（买过，90 天没有跟进）"]
    with refused(Invalid, "churn_risk:read-only"):
        door.perform("customer", "update", actor=owner, id=long, changes={"churn_risk": None})
    create(owner, "activity", customer=long, content="终于打了电话")
    read_journal()
    assert row(long)["churn_risk"] is None
    read_journal()
    assert not [one for one in notices.shown(cast.actor("owner"), "todo")[0] if one.record == long and not one.done]


def test_deferred_is_silent_until_then_and_reminds(cast: Cast, owner: Any) -> None:
    switch_on()
    one = bought(owner, "再等等", 120)
    jobs.grade(NIGHT + timedelta(days=2))
    assert row(one)["churn_risk"] == "high"
    soon = datetime.now(UTC) + timedelta(minutes=10)
    with refused(Invalid, "until:past"):
        door.perform("customer", "defer", actor=owner, id=one, inputs={"until": "2020-01-01T00:00:00Z"})
    later = datetime.now(UTC) + timedelta(days=30)
    door.perform("customer", "defer", actor=owner, id=one, changes={"churn_measures": "约了下月拜访"}, inputs={"until": later.isoformat()})
    read_journal()
    assert row(one)["churn_risk"] is None, "nobody is warned of what is deferred"
    jobs.remind(soon)
    jobs.remind(later + timedelta(minutes=1))
    assert [n.text.zh for n in notices.shown(owner, "todo")[0] if n.record == one and n.kind == "churn_deferred"] == ["暂缓到期，请决定是否流失：客户「再等等」"]


def test_lost_with_a_reason_and_won_back(cast: Cast, owner: Any) -> None:
    today = people.newest(DEFAULT_WORKSPACE).settings.today
    one = bought(owner, "要走的", 10)
    with refused(Invalid, "churn_reason:required"):
        door.perform("customer", "lose", actor=owner, id=one)
    door.perform("customer", "lose", actor=owner, id=one, changes={"churn_reason": "price", "churn_measures": "给过折扣"})
    held = row(one)
    assert (held["relation"], held["churn_reason"], held["lost_on"], held["won_back_on"]) == ("lost", "price", today, None)
    assert ids(owner, "customer", "relation = lost") == {one}
    with refused(Invalid, "relation:state"):
        door.perform("customer", "lose", actor=owner, id=one, changes={"churn_reason": "price"})
    found = reading.aggregate("customer", actor=owner, where="lost_on not empty", group_by=["churn_reason"], measures=["count"])
    assert [(group["churn_reason"], group["count"]) for group in found.rows] == [("price", 1)]
    door.perform("customer", "win_back", actor=owner, id=one)
    held = row(one)
    assert (held["relation"], held["lost_on"], held["won_back_on"]) == ("established", today, today)
    assert [event.verb for event in events_of("customer", one)][-2:] == ["lose", "win_back"]
    with refused(Invalid, "relation:state"):
        door.perform("customer", "win_back", actor=owner, id=one)


def test_a_pool_may_leave_lost_customers_alone(cast: Cast) -> None:
    exclusions = {one.key: one.label.zh for one in people.newest(DEFAULT_WORKSPACE).objects["customer"].pooling.exclusions}  # type: ignore[union-attr]
    assert exclusions["lost"] == "已流失客户"
