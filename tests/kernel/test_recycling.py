"""Recycling: which records rules take back, when, and why; the simulation, the column and the night say the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, people, pooling, reading, telling
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, ids, raw, refused

DESK = system(DEFAULT_WORKSPACE, via="test")
RULES = {"rules": {"call": {"days": 15, "by": {"b": 40}}, "visit": {"days": 30}}, "exclude": ["bought", "open_call"], "remind": 3}


def today() -> date:
    return people.newest(DEFAULT_WORKSPACE).settings.today


def noon(days_ago: int) -> datetime:
    """Midday in the workspace, so many days ago."""
    return datetime.combine(today() - timedelta(days=days_ago), datetime.min.time(), UTC) + timedelta(hours=4)


def pool_of() -> UUID:
    return people.newest(DEFAULT_WORKSPACE).pools_of("prospect")[0].id


def setting(**changes: Any) -> None:
    door.perform("pool", "update", actor=DESK, id=pool_of(), changes=changes)


def owned(cast: Cast, name: str, since: int, person: str = "owner", **changes: Any) -> UUID:
    """A prospect that somebody has had for so many days."""
    one = create(DESK, "prospect", name=name, owner=cast.users[person], **changes)
    raw("ALTER TABLE gx_prospect DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_prospect SET owned_since = %s, created_at = %s WHERE id = %s", [noon(since), noon(since), one])
    raw("ALTER TABLE gx_prospect ENABLE TRIGGER gx_event_first")
    return one


def left(record: UUID) -> int | None:
    found: int | None = reading.get("prospect", record, actor=DESK, fields=["days_left"])["days_left"]
    return found


def foreseen(cast: Cast, settings: Any = None) -> dict[UUID, tuple[str, date]]:
    count, counts, rows = pooling.simulate(pool_of(), actor=cast.actor("admin"), settings=settings)
    assert count == len(rows) == sum(counts.values())
    return {row.id: (row.rule.zh, row.since) for row in rows}


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    """Each test begins with a pool that takes nothing back, and no prospect anybody owns."""
    setting(recycling=False, settings=RULES, everyone=True, people=[], roles=[], units=[])
    raw("ALTER TABLE gx_pool DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_pool SET swept_on = NULL")
    raw("ALTER TABLE gx_pool ENABLE TRIGGER gx_event_first")
    for one in ids(DESK, "prospect", "owner not empty"):
        door.perform("prospect", "delete", actor=DESK, id=one)
    yield


def test_rules_count_from_the_latest_of_what_happened(cast: Cast) -> None:
    setting(recycling=True)
    assert left(owned(cast, "刚到手", 0)) == 15
    assert left(owned(cast, "没联系", 10)) == 5
    assert left(owned(cast, "联系过", 10, called_at=noon(2))) == 13
    assert left(owned(cast, "级别乙", 20, level="b")) == 10  # 40 days to call, 30 to visit: visit comes first
    visited = owned(cast, "拜访过", 20, level="b")
    create(DESK, "call", name="去过", prospect=visited, kind="visit", on=(today() - timedelta(days=5)).isoformat())
    assert left(visited) == 20
    assert left(owned(cast, "到期", 15)) == 0
    assert left(owned(cast, "早到期", 90)) == 0
    assert left(owned(cast, "成交", 90, bought=True)) is None
    assert left(owned(cast, "关闭", 90, closed=True)) is None
    busy = owned(cast, "在谈", 90)
    create(DESK, "call", name="没完", prospect=busy, done=False)
    assert left(busy) is None
    locked = owned(cast, "锁了", 90)
    door.perform("prospect", "lock", actor=DESK, id=locked)
    assert left(locked) is None
    setting(recycling=False)
    assert left(busy) is None and reading.query("prospect", actor=DESK, where="leaving = true", fields=["id"]).rows == []


def test_what_leaves_soon_can_be_listed_sorted_and_counted(cast: Cast) -> None:
    setting(recycling=True)
    made = [owned(cast, f"第{n}天", n) for n in (15, 13, 12, 11, 3)]
    owner = cast.actor("owner")
    rows = reading.query("prospect", actor=owner, where="leaving = true", fields=["name", "days_left"], sort=["days_left"]).rows
    assert [(row["id"], row["days_left"]) for row in rows] == [(made[0], 0), (made[1], 2), (made[2], 3)]
    assert reading.counts([("prospect", "owner = me and days_left < 3")], actor=owner) == [(2, False)]
    assert [row["name"] for row in reading.query("prospect", actor=owner, where="days_left between (2, 4)", sort=["-days_left"], fields=["name"]).rows] == ["第11天", "第12天", "第13天"]
    page = reading.query("prospect", actor=owner, where="days_left >= 0", sort=["days_left"], fields=["name"], limit=2)
    rest = reading.query("prospect", actor=owner, where="days_left >= 0", sort=["days_left"], fields=["name"], limit=9, after=page.next)
    assert [row["id"] for row in (*page.rows, *rest.rows)] == made


def test_the_simulation_is_the_night(cast: Cast) -> None:
    made = {n: owned(cast, f"模拟{n}", n, level="ab"[n % 2]) for n in range(8, 48, 4)}
    made |= {100 + n: owned(cast, f"乙{n}", n, level="b", called_at=noon(3)) for n in (29, 30, 31, 60)}
    owned(cast, "排除", 90, bought=True)
    locked = owned(cast, "锁定", 90)
    door.perform("prospect", "lock", actor=DESK, id=locked)
    tonight = owned(cast, "锁到今天", 90)
    door.perform("prospect", "lock", actor=DESK, id=tonight, inputs={"until": today().isoformat()})
    before = foreseen(cast)
    assert tonight not in before
    assert before[made[16]] == ("超 15 天未联系", today() - timedelta(days=16))
    assert before[made[160]] == ("超 30 天未拜访", today() - timedelta(days=60))
    assert made[12] not in before and made[129] not in before and made[130] in before and locked not in before
    setting(recycling=True)
    assert {one for one in made.values() if left(one) == 0} == set(before)
    count = events()
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today()) == len(before)
    assert events() == count + len(before) + 1  # one for each record, one for the night
    gone = {one for one in made.values() if events_of("prospect", one)[-1].verb == "recycle"}
    assert gone == set(before)
    for one in gone:
        event = events_of("prospect", one)[-1]
        because = event.changes["@because"][1]
        row = reading.get("prospect", one, actor=DESK)
        assert (row["owner"], row["pool"]["id"], row["previous_owner"]["id"], row["return_reason"]) == (None, pool_of(), cast.users["owner"], "expired")
        assert (because["kind"], because["since"], row["recycle_rule"]) == ("recycled", before[one][1].isoformat(), because["rule"])
        assert before[one][0] == pooling.said(people.newest(DEFAULT_WORKSPACE).object("prospect").pooling, because["rule"], because["days"]).zh  # type: ignore[arg-type]
    assert foreseen(cast) == {}


def test_settings_are_tried_before_they_are_saved_by_those_who_may_change_pools(cast: Cast) -> None:
    one, two = owned(cast, "试一", 6), owned(cast, "试二", 8)
    assert foreseen(cast, {"rules": {"call": {"days": 7}}}) == {two: ("超 7 天未联系", today() - timedelta(days=8))}
    assert set(foreseen(cast, {"rules": {"call": {"days": 7, "by": {"a": 5}}}})) == {one, two}
    assert foreseen(cast, {"rules": {"call": {"days": 7, "by": {"a": 0}}}}) == {}
    with refused(Invalid, "settings:setting"):
        pooling.simulate(pool_of(), actor=cast.actor("admin"), settings={"rules": {"nap": {"days": 1}}})
    with refused(Forbidden):
        pooling.simulate(pool_of(), actor=cast.actor("manager"))


def test_protection_ends(cast: Cast) -> None:
    setting(settings={"rules": {"protection": {"days": 1}}}, recycling=True, protection_days=10, wait_days=0)
    one = owned(cast, "受保护", 0)
    door.perform("prospect", "return_to_pool", actor=DESK, id=one, inputs={"reason": "no_need"})
    door.perform("prospect", "claim", actor=cast.actor("teammate"), id=one)
    assert left(one) == 10
    assert left(owned(cast, "没领过", 90)) is None
    setting(protection_days=0)


def test_the_first_pool_of_which_the_owner_is_a_member_takes(cast: Cast) -> None:
    setting(everyone=False, units=[cast.departments["市场部"]], recycling=True)
    second = create(DESK, "pool", name="二组池", object_name="prospect", order=5, units=[cast.departments["销售部"]], recycling=True, settings={"rules": {"call": {"days": 5}}})
    mine, theirs, below, nobody = owned(cast, "市场", 10, "outsider"), owned(cast, "销售", 3), owned(cast, "下级", 3, "junior"), owned(cast, "总部", 90, "executive")
    assert [left(one) for one in (mine, theirs, below, nobody)] == [5, 2, 2, None]
    door.perform("pool", "update", actor=DESK, id=second, changes={"recycling": False, "enabled": False})
    assert [left(one) for one in (mine, theirs)] == [5, None]


def test_a_night_runs_once_and_says_so_on_the_pool(cast: Cast) -> None:
    setting(recycling=True)
    owned(cast, "一次", 20)
    when = datetime.combine(today() + timedelta(days=1), datetime.min.time(), UTC)
    midnight, three = when - timedelta(hours=8), when - timedelta(hours=5)
    assert pooling.nights(DEFAULT_WORKSPACE, midnight) == []
    assert pooling.nights(DEFAULT_WORKSPACE, three) == [(pool_of(), today())]
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today()) == 1
    assert pooling.nights(DEFAULT_WORKSPACE, three) == []
    late = owned(cast, "晚到", 20)
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today()) == 0 and left(late) == 0
    event = events_of("pool", pool_of())[-1]
    assert (event.verb, event.changes["@because"][1]) == ("swept", {"kind": "swept", "count": 1, "rules": {"call": 1}, "day": today().isoformat()})


SWEEPER = """
import os, sys, time
from datetime import date
from uuid import UUID
import django
django.setup()
from guanxi.kernel.records import door, pooling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
plain = door.perform_many
def slow(name, verb, items, **how):
    out = plain(name, verb, items, **how)
    print(len(items), flush=True)
    time.sleep(0.4)
    return out
door.perform_many = slow
pooling.sweep(DEFAULT_WORKSPACE, UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]), batch=5)
print("done", flush=True)
"""


def test_a_night_that_was_killed_goes_on_and_two_workers_take_nothing_twice(cast: Cast, database_url: str) -> None:
    made = [owned(cast, f"多{n}", 20 + n % 9) for n in range(23)]
    setting(recycling=True)
    root = Path(__file__).parents[2]
    env = {**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": f"{root / 'src'}:{root}"}
    command = [sys.executable, "-c", SWEEPER, str(pool_of()), today().isoformat()]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert first.stdout is not None and first.stdout.readline() == "5\n" and first.stdout.readline() == "5\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(0.1)
    taken = [one for one in made if reading.get("prospect", one, actor=DESK)["pool"] is not None]
    assert len(taken) in (5, 10)
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(2)]
    assert all(one.communicate()[0].endswith("done\n") for one in both)
    assert all([e.verb for e in events_of("prospect", one)].count("recycle") == 1 for one in made)
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today()) == 0


def test_why_did_i_lose_it(cast: Cast) -> None:
    """The former owner, a member of the pool, reads the rule, the day and what it counted from."""
    setting(recycling=True)
    one = owned(cast, "丢了", 16, called_at=noon(16))
    pooling.sweep(DEFAULT_WORKSPACE, pool_of(), today())
    told = telling.explain("prospect", one, actor=cast.actor("owner"))
    assert any(f"超 15 天未联系（从 {today() - timedelta(days=16)} 起算）" in r["text"] for r in told["reasons"] if r["about"] == "recycled")
    event = telling.history("prospect", one, actor=cast.actor("owner"))[0]
    assert (event.verb, event.actor_kind) == ("recycle", "system") and event.changes["@because"][1]["rule"] == "call"


def test_working_days_count_alike_everywhere(cast: Cast) -> None:
    """The column, the simulation, the reminders and the night agree with the calendar, holidays of the company's own included."""
    admin, now = cast.actor("admin"), today()
    for n in (-9, -4, 2, 3, 6):
        day = now + timedelta(days=n)
        create(admin, "holiday", name="公司", day=day.isoformat(), kind="off" if people.newest(DEFAULT_WORKSPACE).calendar.works(day) else "on")
    calendar = people.newest(DEFAULT_WORKSPACE).calendar
    settings = {"rules": {"call": {"days": 5, "by": {"b": 12}}}, "workdays": True, "remind": 4}
    setting(recycling=True, settings=settings)
    made = {owned(cast, f"{n} {level}", n, level=level): (n, days) for n in range(0, 26, 1) for level, days in (("a", 5), ("b", 12))}
    ahead = owned(cast, "约好了", 9, called_at=noon(-6))
    due = {one: calendar.after(now - timedelta(days=n), days) for one, (n, days) in made.items()} | {ahead: calendar.after(now + timedelta(days=6), 5)}
    rows = reading.query("prospect", actor=DESK, where="owner not empty", fields=["days_left", "leaving"], limit=200).rows
    assert {row["id"]: row["days_left"] for row in rows} == {one: max(0, (day - now).days) for one, day in due.items()}
    assert {row["id"] for row in rows if row["leaving"]} == {one for one, day in due.items() if (day - now).days <= 4}
    tonight = {one for one, day in due.items() if day <= now}
    assert 0 < len(tonight) < len(due)
    before = foreseen(cast)
    assert set(before) == tonight
    assert {text for text, _ in before.values()} == {"超 5 个工作日未联系", "超 12 个工作日未联系"}
    catalog = people.newest(DEFAULT_WORKSPACE)
    with sql.work(DEFAULT_WORKSPACE):
        reminded = {one.id: one.due for _, one in pooling.reminded(catalog, catalog.objects["prospect"])}
    assert reminded == {one: day for one, day in due.items() if (day - now).days <= 4}
    assert pooling.sweep(DEFAULT_WORKSPACE, pool_of(), now) == len(tonight)
    gone = next(iter(tonight))
    because = events_of("prospect", gone)[-1].changes["@because"][1]
    assert because["workdays"] is True
    said = telling.told_because(people.newest(DEFAULT_WORKSPACE).objects["prospect"], because, reading.guard_of(admin))
    assert said is not None and said.zh.startswith("超 ") and "个工作日未联系（从" in said.zh
    with refused(Invalid, "day:taken"):
        create(admin, "holiday", name="重复", day=(now + timedelta(days=2)).isoformat())
    for one in ids(DESK, "holiday"):
        door.perform("holiday", "delete", actor=DESK, id=one)
