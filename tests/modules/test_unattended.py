"""Records that nobody follows up and nobody plans to: counted, listed, told to the owner and later to the superior, until handled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid, Problem
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, figures, notices, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.test_notices import clock, wind
from tests.kernel.tools import create, ids, raw, read_journal, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


def rule_of(name: str) -> UUID:
    [found] = ids(DESK, "follow_up_rule", f"object_name = {name}")
    return found


def quiet(actor: Any, name: str, days: int, /, **changes: Any) -> UUID:
    """A record that was made, given and last followed up so many days ago."""
    one = create(actor, name, **changes)
    table, at = reading.guard_of(actor).catalog.object(name).table, datetime.now(UTC) - timedelta(days=days)
    owned = "" if name == "opportunity" else ", owned_since = %(at)s"
    raw(f"ALTER TABLE {table} DISABLE TRIGGER gx_event_first")
    raw(f"UPDATE {table} SET created_at = %(at)s, last_contact_at = %(at)s{owned} WHERE id = %(id)s", {"at": at, "id": one})  # type: ignore[arg-type]
    raw(f"ALTER TABLE {table} ENABLE TRIGGER gx_event_first")
    return one


def morning() -> int:
    local = people.newest(DEFAULT_WORKSPACE).settings.tz
    at = datetime.combine(people.newest(DEFAULT_WORKSPACE).settings.today, datetime.min.time(), local) + timedelta(hours=8, minutes=1)
    wind(at - timedelta(minutes=2))
    return clock(at)


def to_do(cast: Cast, who: str) -> set[str]:
    read_journal()
    return {one.text.zh for one in notices.shown(cast.actor(who), "todo", limit=200)[0] if one.kind == "unattended"}


def waiting(actor: Any) -> dict[str, int]:
    return {one.counter.name: one.count for one in figures.counters(actor) if one.counter.name.endswith("_unattended")}


def test_quiet_for_long_is_told_to_the_owner_then_to_the_superior_until_it_is_handled(cast: Cast) -> None:
    owner = cast.actor("owner")
    assert {row["object_name"]: (row["days"], row["superior_days"], row["active"]) for row in reading.query("follow_up_rule", actor=DESK).rows} == {
        "customer": (30, 45, True), "lead": (7, 14, True), "opportunity": (14, 30, True),
    }  # fmt: skip
    fresh = quiet(owner, "customer", 29, name="上月刚聊过")
    due = quiet(owner, "customer", 30, name="一个月没联系")
    late = quiet(owner, "customer", 45, name="一个半月没联系")
    planned = quiet(owner, "customer", 60, name="约好了的", next_contact_at=(datetime.now(UTC) + timedelta(days=3)).isoformat())
    gone = quiet(owner, "customer", 60, name="黑名单里的", relation="blacklisted")
    lead = quiet(owner, "lead", 7, name="一周没理的线索")
    deal = quiet(owner, "opportunity", 14, name="两周没动的商机")
    rows = {row["id"]: (row["quiet_days"], row["unattended"]) for row in reading.query("customer", actor=owner, fields=["quiet_days", "unattended"]).rows}
    assert rows == {fresh: (29, False), due: (30, True), late: (45, True), planned: (None, False), gone: (None, False)}
    assert ids(owner, "customer", "unattended = true") == {due, late} == ids(cast.actor("manager"), "customer", "unattended = true")
    assert ids(owner, "customer", "quiet_days >= 29 and quiet_days < 45") == {fresh, due}
    assert waiting(owner) == {"customers_unattended": 2, "leads_unattended": 1, "deals_unattended": 1}
    assert morning() == 5
    mine = {"王伟 负责的客户「一个月没联系」已 30 天没有跟进，也没有约下次联系", "王伟 负责的客户「一个半月没联系」已 45 天没有跟进，也没有约下次联系"}
    others = {"王伟 负责的线索「一周没理的线索」已 7 天没有跟进，也没有约下次联系", "王伟 负责的商机「两周没动的商机」已 14 天没有跟进，也没有约下次联系"}
    assert to_do(cast, "owner") == mine | others
    assert to_do(cast, "manager") == {"王伟 负责的客户「一个半月没联系」已 45 天没有跟进，也没有约下次联系"}
    assert to_do(cast, "teammate") == set()
    assert morning() == 0, "told once, and it stays"
    for one in notices.shown(owner, "todo")[0]:
        door.perform("notice", "seen", actor=owner, id=one.id)
    assert to_do(cast, "owner") == mine | others, "read is not handled"
    create(owner, "activity", customer=late, kind="phone", content="终于打了电话")
    assert to_do(cast, "manager") == set() and "客户「一个半月没联系」" not in "".join(to_do(cast, "owner"))
    door.perform("customer", "update", actor=owner, id=due, changes={"next_contact_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()})
    door.perform("lead", "invalidate", actor=owner, id=lead, changes={"invalid_reason": "duplicate"})
    assert to_do(cast, "owner") == {"王伟 负责的商机「两周没动的商机」已 14 天没有跟进，也没有约下次联系"}
    door.perform("opportunity", "assign", actor=cast.actor("manager"), id=deal, changes={"owner": cast.users["teammate"]})
    assert to_do(cast, "owner") == set(), "it is somebody else's now"
    door.perform("customer", "update", actor=owner, id=due, changes={"next_contact_at": None})
    assert waiting(owner) == {"customers_unattended": 1, "leads_unattended": 0, "deals_unattended": 0}


def test_the_rule_is_the_companys_to_change(cast: Cast) -> None:
    admin, mate = cast.actor("admin"), cast.actor("teammate")
    one = quiet(mate, "customer", 12, name="十二天没联系")
    assert waiting(mate)["customers_unattended"] == 0
    with refused(Problem):
        door.perform("follow_up_rule", "update", actor=mate, id=rule_of("customer"), changes={"days": 1})
    with refused(Invalid, "superior_days:order"):
        door.perform("follow_up_rule", "update", actor=admin, id=rule_of("customer"), changes={"days": 50})
    with refused(Invalid, "days:range"):
        door.perform("follow_up_rule", "update", actor=admin, id=rule_of("customer"), changes={"days": 0})
    with refused(Invalid, "object_name:choice"):
        create(admin, "follow_up_rule", name="任务", object_name="task", days=3)
    with refused(Invalid, "object_name:taken"):
        create(admin, "follow_up_rule", name="再来一条", object_name="customer", days=3)
    door.perform("follow_up_rule", "update", actor=admin, id=rule_of("customer"), changes={"days": 12, "superior_days": None})
    mate = cast.actor("teammate")
    assert ids(mate, "customer", "unattended = true") == {one}
    assert morning() == 3 and len(to_do(cast, "teammate")) == 2 and to_do(cast, "manager") == set()
    door.perform("follow_up_rule", "update", actor=admin, id=rule_of("customer"), changes={"active": False})
    morning()
    assert to_do(cast, "owner") == set() and len(to_do(cast, "teammate")) == 1 and waiting(cast.actor("teammate"))["customers_unattended"] == 0
    door.perform("follow_up_rule", "update", actor=admin, id=rule_of("customer"), changes={"active": True, "days": 30, "superior_days": 45})


def test_nobody_is_told_of_more_than_they_can_read(cast: Cast) -> None:
    newcomer = cast.actor("newcomer")
    for n in range(23):
        quiet(newcomer, "customer", 60 + n, name=f"第{n}家")
    assert morning() == 40
    assert len(to_do(cast, "newcomer")) == 20 and "第22家" in "".join(to_do(cast, "newcomer")) and "第0家" not in "".join(to_do(cast, "newcomer"))
    assert len(to_do(cast, "manager")) == 20 and waiting(newcomer)["customers_unattended"] == 23


@pytest.mark.parametrize("who", ["outsider", "nobody"])
def test_what_may_not_be_read_is_not_counted(cast: Cast, who: str) -> None:
    quiet(cast.actor("owner"), "customer", 90, name="别人的")
    assert all(count == 0 for count in waiting(cast.actor(who)).values()) and to_do(cast, who) == set()
