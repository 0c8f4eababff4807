"""Notices: who is told of what, once, who never is, when a thing to do is over, and what people choose not to hear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.base.ids import uuid7
from guanxi.kernel import accounts, jobs
from guanxi.kernel.access.actor import system
from guanxi.kernel.catalog import notices as kept
from guanxi.kernel.records import door, finding, notices, people, pooling, reading, telling
from guanxi.kernel.storage import notices as storage
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.test_recycling import noon, pool_of, setting, today
from tests.kernel.tools import create, events_of, raw, read_journal, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


def told(cast: Cast, who: str, tab: str = "all") -> list[str]:
    read_journal()
    return [one.text.zh for one in notices.shown(cast.actor(who), tab, limit=200)[0]]


@pytest.fixture
def hears(cast: Cast) -> Callable[..., list[str]]:
    """What somebody is told from here on, newest first."""
    read_journal()
    known = {who: {one.id for one in notices.shown(cast.actor(who), limit=200)[0]} for who in cast.users}

    def new(who: str, tab: str = "all") -> list[str]:
        read_journal()
        return [one.text.zh for one in notices.shown(cast.actor(who), tab, limit=200)[0] if one.id not in known[who]]

    return new


def again() -> None:
    """Let the reader begin from the first event once more."""
    raw("UPDATE gx_consumer SET xid = '0', event_id = NULL WHERE name = 'notices'")
    read_journal()


def rows(cast: Cast, who: str) -> int:
    return len(reading.query("notice", actor=cast.actor(who), fields=["id"], limit=200).rows)


# -- each kind ---------------------------------------------------------------------------------------------------------


def test_who_gives_takes_and_mentions(cast: Cast, hears: Any) -> None:
    manager, owner = cast.actor("manager"), cast.actor("owner")
    one = create(manager, "customer", name="长风机械", owner=cast.users["owner"])
    assert hears("owner") == ["赵强 把客户「长风机械」交给了您"] and hears("manager") == []
    door.perform("customer", "assign", actor=manager, id=one, changes={"owner": cast.users["teammate"]})
    assert hears("teammate") == ["赵强 把客户「长风机械」交给了您"]
    assert hears("owner")[0] == "赵强 把您的一条客户转给了 李娜", "who may no longer read it is not told its name"
    create(cast.actor("teammate"), "comment", text="@赵强 请看 @王伟", object_name="customer", record=str(one), mentions=[cast.users["manager"], cast.users["owner"]])
    assert hears("manager", "mention") == ["李娜 在客户「长风机械」中提到了您"] and len(hears("owner")) == 2, "who may not read the record is not told"
    [shown] = [n for n in notices.shown(manager, "mention")[0] if n.record == one]
    assert (shown.said, shown.object, shown.by, shown.read) == ("@赵强 请看 @王伟", "customer", "李娜", False)
    create(owner, "customer", name="自己的")
    assert len(hears("owner")) == 2, "nobody is told what they did themselves"
    done = create(cast.actor("teammate"), "activity", kind="phone", content="谈妥了", customer=one, mentions=[cast.users["manager"]])
    assert hears("manager")[0] == "李娜 在跟进记录「谈妥了」中提到了您"
    door.perform("activity", "update", actor=cast.actor("teammate"), id=done, changes={"mentions": [cast.users["manager"]], "content": "谈妥"})
    assert len(hears("manager")) == 2, "who was named already is not told again"


def test_reading_the_journal_twice_makes_one(cast: Cast) -> None:
    before = told(cast, "owner"), told(cast, "manager"), told(cast, "teammate")
    again()
    assert (told(cast, "owner"), told(cast, "manager"), told(cast, "teammate")) == before
    for who in ("owner", "manager", "teammate"):
        for row in reading.query("notice", actor=cast.actor(who), fields=["id"], limit=200).rows:
            assert [e.verb for e in events_of("notice", row["id"])].count("create") == 1


def test_what_one_request_does_to_many_is_one_notice(cast: Cast, hears: Any) -> None:
    manager = replace(cast.actor("manager"), request=str(uuid7()))
    made = door.perform_many("customer", "create", [door.Item(changes={"name": f"第{n}家", "owner": cast.users["owner"]}) for n in range(7)], actor=manager)
    assert hears("owner") == ["赵强 把7 条客户（第0家、第1家、第2家 等）交给了您"]
    door.perform_many("customer", "create", [door.Item(changes={"name": "后一批", "owner": cast.users["owner"]})], actor=manager)
    assert hears("owner") == ["赵强 把8 条客户（第0家、第1家、第2家 等）交给了您"]
    again()
    assert hears("owner") == ["赵强 把8 条客户（第0家、第1家、第2家 等）交给了您"]
    assert len(made) == 7


def test_a_task_is_to_be_done_until_it_is_done(cast: Cast, hears: Any) -> None:
    task = create(cast.actor("manager"), "task", subject="回电", owner=cast.users["owner"])
    assert hears("owner", "todo") == ["赵强 交给您任务「回电」"]
    [one] = notices.shown(cast.actor("owner"), "todo")[0]
    door.perform("notice", "seen", actor=cast.actor("owner"), id=one.id)
    assert hears("owner", "todo") == ["赵强 交给您任务「回电」"], "read is not done"
    door.perform("task", "complete", actor=cast.actor("owner"), id=task)
    assert hears("owner", "todo") == [] and hears("owner") == ["赵强 交给您任务「回电」"]
    other = create(cast.actor("manager"), "task", subject="拜访", owner=cast.users["owner"])
    assert hears("owner", "todo") == ["赵强 交给您任务「拜访」"]
    door.perform("task", "assign", actor=cast.actor("manager"), id=other, changes={"owner": cast.users["teammate"]})
    assert hears("owner", "todo") == [] and hears("teammate", "todo") == ["赵强 交给您任务「拜访」"]
    door.perform("task", "delete", actor=cast.actor("manager"), id=other)
    assert hears("teammate", "todo") == []
    assert notices.counts(cast.actor("teammate"))["todo"] == 0


def wind(at: datetime) -> None:
    """The clock was read until then, and not later."""
    with sql.work(DEFAULT_WORKSPACE):
        storage.clock(DEFAULT_WORKSPACE, at)
        storage.wind(DEFAULT_WORKSPACE, at)


def clock(now: datetime) -> int:
    made = jobs.remind(now)
    read_journal()
    return made


def test_the_clock_tells_what_is_reached_and_who_is_late(cast: Cast, hears: Any) -> None:
    now = datetime.now(UTC)
    wind(now)
    owner = cast.actor("owner")
    task = create(owner, "task", subject="寄样品", due_at=(now + timedelta(hours=2)).isoformat(), remind_at=(now + timedelta(hours=1)).isoformat())
    customer = create(owner, "customer", name="该联系的客户")
    create(owner, "activity", kind="phone", content="约好再谈", customer=customer, next_contact_at=(now + timedelta(hours=3)).isoformat())
    assert clock(now + timedelta(minutes=30)) == 0
    assert clock(now + timedelta(hours=1)) == 1 and hears("owner", "todo") == ["提醒：任务「寄样品」"]
    assert clock(now + timedelta(hours=2)) == 1 and hears("owner", "todo") == ["任务「寄样品」到期了"], "the newer takes the place of the older"
    assert clock(now + timedelta(hours=4)) == 1, "the task that came of the follow-up is not told as well"
    assert hears("owner", "todo") == ["该联系了：客户「该联系的客户」", "任务「寄样品」到期了"]
    wind(now)
    assert clock(now + timedelta(hours=4)) == 0, "read twice, told once"
    assert clock(now + timedelta(days=1, hours=4)) == 3
    assert sorted(hears("owner", "todo")) == ["任务「寄样品」已逾期 1 天", "王伟 负责的客户「该联系的客户」过了约定联系时间 1 天，还没有跟进"]
    assert hears("manager", "todo") == ["王伟 负责的客户「该联系的客户」过了约定联系时间 1 天，还没有跟进"]
    door.perform("customer", "update", actor=owner, id=customer, changes={"next_contact_at": (now + timedelta(days=9)).isoformat()})
    door.perform("task", "complete", actor=owner, id=task)
    assert hears("owner", "todo") == [] and hears("manager", "todo") == []


def test_whoever_takes_part_is_asked_and_reminded(cast: Cast, hears: Any) -> None:
    now = datetime.now(UTC)
    wind(now)
    owner, mate = cast.actor("owner"), cast.users["outsider"]
    when = {"due_at": (now + timedelta(hours=2)).isoformat(), "ends_at": (now + timedelta(hours=3)).isoformat(), "remind_at": (now + timedelta(hours=1)).isoformat()}
    visit = create(owner, "task", subject="厂房拜访", kind="visit", participants=[mate], **when)
    assert hears("outsider", "todo") == ["王伟 邀您参加任务「厂房拜访」"]
    clock(now + timedelta(hours=1))
    assert hears("outsider", "todo") == hears("owner", "todo") == ["提醒：任务「厂房拜访」"]
    clock(now + timedelta(hours=2))
    assert hears("outsider", "todo") == hears("owner", "todo") == ["任务「厂房拜访」到期了"]
    clock(now + timedelta(days=1, hours=2))
    assert hears("outsider", "todo") == ["任务「厂房拜访」到期了"], "it is the owner's to be late with"
    door.perform("task", "update", actor=owner, id=visit, changes={"participants": None})
    assert hears("outsider", "todo") == []


# -- pools -------------------------------------------------------------------------------------------------------------

RULES = {"rules": {"call": {"days": 15, "remind": [7, 3]}}, "exclude": [], "remind": 3}


def prospect(cast: Cast, name: str, since: int, person: str = "owner") -> UUID:
    one = create(DESK, "prospect", name=name, owner=cast.users[person])
    raw("ALTER TABLE gx_prospect DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_prospect SET owned_since = %s, created_at = %s WHERE id = %s", [noon(since), noon(since), one])
    raw("ALTER TABLE gx_prospect ENABLE TRIGGER gx_event_first")
    return one


@pytest.fixture
def everybody_reads(cast: Cast) -> None:
    """The sales role has no grant on the toy; let it read and write its own."""
    role = reading.query("role", actor=DESK, where="key = sales", fields=["grants"]).rows[0]
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": role["grants"] | {"prospect": {"verbs": ["read", "update"], "read": "own", "write": "own"}}})


def test_owners_are_reminded_before_a_rule_takes_back_and_told_when_it_did(cast: Cast, everybody_reads: None, hears: Any) -> None:
    setting(recycling=True, settings=RULES, everyone=True)
    far, near = prospect(cast, "远的", 5), prospect(cast, "近的", 9)
    read_journal()
    local = people.newest(DEFAULT_WORKSPACE).settings.tz
    morning = datetime.combine(today(), datetime.min.time(), local) + timedelta(hours=8, minutes=1)

    def morning_comes() -> None:
        wind(morning - timedelta(minutes=2))
        clock(morning)

    morning_comes()
    assert hears("owner", "todo") == ["苗头「近的」还有 6 天被回收（超 15 天未联系）"]
    morning_comes()
    assert len(hears("owner", "todo")) == 1, "once for each reminder"
    prospect_moves(near, 12)
    morning_comes()
    assert hears("owner", "todo") == ["苗头「近的」还有 3 天被回收（超 15 天未联系）"], "the later reminder takes the place of the earlier"
    door.perform("prospect", "update", actor=DESK, id=near, changes={"called_at": datetime.now(UTC).isoformat()})
    assert hears("owner", "todo") == [], "what was wanted is done"
    prospect_moves(far, 15)
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today()) == 1
    assert hears("owner")[0] == "您的苗头「远的」被自动回收（超 15 天未联系）"


def prospect_moves(one: UUID, since: int) -> None:
    raw("ALTER TABLE gx_prospect DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_prospect SET owned_since = %s, created_at = %s WHERE id = %s", [noon(since), noon(since), one])
    raw("ALTER TABLE gx_prospect ENABLE TRIGGER gx_event_first")


def test_returning_and_claiming_are_told_to_who_had_it(cast: Cast, everybody_reads: None, hears: Any) -> None:
    setting(recycling=False, settings=RULES, everyone=True)
    one = prospect(cast, "流转的", 1)
    read_journal()
    door.perform("prospect", "return_to_pool", actor=cast.actor("admin"), id=one, inputs={"reason": "no_need"})
    assert hears("owner")[0] == "管理员 把您的苗头「流转的」退回了公海"
    door.perform("prospect", "claim", actor=cast.actor("teammate"), id=one)
    assert hears("owner")[0] == "您曾负责的一条苗头由 李娜 接手" and hears("teammate") == []
    door.perform("prospect", "return_to_pool", actor=cast.actor("teammate"), id=one, inputs={"reason": "no_need"})
    before = len(hears("owner")), len(hears("teammate"))
    assert before[1] == 0
    door.perform("prospect", "distribute", actor=cast.actor("admin"), id=one, inputs={"people": [str(cast.users["owner"])]})
    assert hears("owner")[0] == "管理员 把苗头「流转的」交给了您" and hears("teammate") == ["您曾负责的一条苗头由 王伟 接手"]


@pytest.mark.parametrize("remind", [[1, 2, 3, 4, 5, 6], [-1], ["3"], 3, [61]])
def test_reminders_of_a_rule_are_a_few_days(cast: Cast, remind: Any) -> None:
    with refused(Invalid, "settings:setting"):
        setting(settings={"rules": {"call": {"days": 15, "remind": remind}}})


# -- what is no record's event -----------------------------------------------------------------------------------------


def test_a_job_that_ends_is_told_to_who_asked(cast: Cast, hears: Any) -> None:
    owner = cast.actor("owner")
    for kind, dry, state in (("export", False, "done"), ("import", True, "done"), ("import", False, "failed")):
        with jobs.together(DEFAULT_WORKSPACE):
            id = jobs.create(owner, kind, {"object": "customer", "dry_run": dry})
        found = jobs.begin(id)
        assert found is not None
        jobs.finish(found, state, {})  # type: ignore[arg-type]
    assert hears("owner") == ["导入客户：失败", "导出客户：已完成"] and hears("manager") == []


def test_a_new_device_is_told_and_what_changes_an_account(cast: Cast, hears: Any) -> None:
    from django.test import Client

    from tests.cast import PASSWORD

    old = "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0"
    for agent in (old, old.replace("120.0", "121.3"), "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)"):
        assert Client(headers={"user-agent": agent}).post("/signin", {"username": "junior", "password": PASSWORD}).status_code == 302
    assert hears("junior") == ["新设备登录了您的账号（来自 127.0.0.1）"], "neither the first one nor a newer version of it"
    door.perform("user", "give_access", actor=cast.actor("admin"), id=cast.users["junior"])
    assert hears("junior")[0] == "开通登录或重置密码"


# -- announcements -----------------------------------------------------------------------------------------------------


def test_an_announcement_reaches_those_it_names_and_knows_who_has_read_it(cast: Cast, hears: Any) -> None:
    manager, owner = cast.actor("manager"), cast.actor("owner")
    with refused(Invalid, "everyone:read-only"):
        create(owner, "announcement", subject="放假", text="三天", everyone=True)
    with refused(Invalid, "people:required"):
        create(manager, "announcement", subject="放假", text="三天")
    one = create(manager, "announcement", subject="周五盘点", text="全组参加", kind="arrangement", units=[cast.departments["销售部"]])
    for who in ("owner", "teammate", "newcomer", "junior"):
        assert hears(who, "todo") == ["赵强 发来工作安排「周五盘点」"], who
    assert hears("outsider") == [] and hears("manager") == []
    with refused(NotFound):
        door.perform("announcement", "confirm", actor=cast.actor("outsider"), id=one)
    door.perform("announcement", "confirm", actor=owner, id=one)
    assert hears("owner", "todo") == []
    row = reading.get("announcement", one, actor=manager)
    assert [p["label"] for p in row["confirmed"]] == ["王伟"] and {p["label"] for p in row["pending"]} == {"李娜", "刘洋", "张敏"}
    door.perform("announcement", "update", actor=manager, id=one, changes={"units": [], "people": [cast.users["outsider"], cast.users["owner"]]})
    assert hears("outsider", "todo") == ["赵强 发来工作安排「周五盘点」"] and len(hears("owner")) == 1
    note = create(owner, "announcement", subject="中午吃什么", text="？", people=[cast.users["teammate"]])
    assert hears("teammate")[0] == "王伟 发布了公告「中午吃什么」"
    with refused(Forbidden):
        door.perform("announcement", "update", actor=cast.actor("teammate"), id=note, changes={"text": "改"})


# -- rights ------------------------------------------------------------------------------------------------------------


def test_nobody_sees_another_persons_notices(cast: Cast) -> None:
    told(cast, "owner")
    theirs = notices.shown(cast.actor("owner"))[0][0].id
    for who in ("manager", "admin", "executive", "teammate"):
        actor = cast.actor(who)
        for ask in (reading.get, telling.history, telling.timeline, telling.explain):
            with pytest.raises(NotFound):
                ask("notice", theirs, actor=actor)
        assert theirs not in {row["id"] for row in reading.query("notice", actor=actor, fields=["id"], limit=200).rows}
        for verb in ("seen", "unseen", "all_seen", "delete"):
            with refused(NotFound):
                door.perform("notice", verb, actor=actor, id=theirs)
    assert finding.search("mentioned", actor=cast.actor("owner")) == []
    with refused(Invalid):
        create(cast.actor("owner"), "notice")
    with refused(Invalid, "kind:read-only"):
        door.perform("notice", "update", actor=cast.actor("owner"), id=theirs, changes={"kind": "assigned"})


def test_a_name_is_drawn_with_the_rights_of_the_moment(cast: Cast, hears: Any) -> None:
    one = create(cast.actor("manager"), "customer", name="机密项目方", owner=cast.users["owner"])
    door.perform("customer", "share", actor=cast.actor("owner"), id=one, inputs={"user": cast.users["outsider"], "level": "read"})
    create(cast.actor("owner"), "comment", text="@陈静 看", object_name="customer", record=str(one), mentions=[cast.users["outsider"]])
    assert hears("outsider") == ["王伟 在客户「机密项目方」中提到了您"]
    door.perform("customer", "unshare", actor=cast.actor("owner"), id=one, inputs={"user": cast.users["outsider"]})
    [shown] = notices.shown(cast.actor("outsider"), "mention")[0]
    assert (shown.text.zh, shown.said, shown.record) == ("王伟 在一条客户中提到了您", "", None)
    raw_row = reading.get("notice", shown.id, actor=cast.actor("outsider"))
    assert "机密" not in str(raw_row) and "看" not in str(raw_row), "a notice holds no word of the record"


# -- reading and choosing ----------------------------------------------------------------------------------------------


def test_reading_one_and_all(cast: Cast) -> None:
    owner = cast.actor("owner")
    told(cast, "owner")
    found = notices.shown(owner, limit=200)[0]
    waiting = [one for one in found if not one.read]
    assert notices.counts(owner)["unread"] == len(waiting) >= 3
    door.perform("notice", "seen", actor=owner, id=waiting[0].id)
    door.perform("notice", "unseen", actor=owner, id=waiting[0].id)
    assert notices.counts(owner)["unread"] == len(waiting)
    answer = door.perform("notice", "all_seen", actor=owner, id=waiting[1].id)
    assert answer.output == {"count": len(waiting) - 1}
    assert notices.counts(owner)["unread"] == 1, "what came meanwhile stays unread"


def test_a_kind_that_is_not_wanted_is_not_made(cast: Cast, hears: Any) -> None:
    rules = reading.query("notice_rules", actor=DESK, fields=["id"]).rows[0]["id"]

    def give() -> None:
        create(cast.actor("manager"), "customer", name="又一家", owner=cast.users["owner"])

    accounts.set_up_desk(cast.actor("owner"), {"notices": {"off": ["assigned"]}})
    give()
    assert hears("owner") == []
    accounts.set_up_desk(cast.actor("owner"), {"notices": None})
    door.perform("notice_rules", "update", actor=cast.actor("admin"), id=rules, changes={"off": ["assigned"]})
    give()
    assert hears("owner") == []
    accounts.set_up_desk(cast.actor("owner"), {"notices": {"on": ["assigned"]}})
    give()
    assert hears("owner") == ["赵强 把客户「又一家」交给了您"]
    door.perform("notice_rules", "update", actor=cast.actor("admin"), id=rules, changes={"off": []})
    with refused(Invalid, "off:unknown"):
        door.perform("notice_rules", "update", actor=cast.actor("admin"), id=rules, changes={"off": ["security"]})
    with refused(Forbidden):
        door.perform("notice_rules", "update", actor=cast.actor("owner"), id=rules, changes={"off": []})
    for wrong in ({"off": ["nothing"]}, {"quiet": "25:00-08:00"}, {"loud": True}, []):
        with refused(Invalid, "settings:setting"):
            accounts.set_up_desk(cast.actor("owner"), {"notices": wrong})


@pytest.mark.parametrize(
    ("hours", "at", "is_quiet"),
    [("22:00-08:00", 23, True), ("22:00-08:00", 7, True), ("22:00-08:00", 8, False), ("22:00-08:00", 12, False), ("12:00-14:00", 13, True), ("12:00-14:00", 14, False), ("", 3, False)],
)
def test_quiet_hours(hours: str, at: int, is_quiet: bool) -> None:
    assert kept.quiet({"notices": {"quiet": hours}}, datetime(2026, 5, 1, at, 0, tzinfo=UTC)) is is_quiet
