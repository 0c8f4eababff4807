"""Grading rules: the trial and the night say the same, the first rule that holds decides, hands are respected, evidence is told to who may know it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, grading, notices, people, reading, telling
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, raw, read_journal, refused

DESK = system(DEFAULT_WORKSPACE, via="test")
NIGHT = datetime.now(UTC).replace(hour=20, minute=30, second=0)


def today() -> Any:
    return people.newest(DEFAULT_WORKSPACE).settings.today


def ago(days: int) -> str:
    return (today() - timedelta(days=days)).isoformat()


def rule(name: str, value: str, *figures: dict[str, Any], where: str = "", any: bool = False, **more: Any) -> UUID:
    settings = {"where": where, "figures": list(figures), "any": any}
    return create(DESK, "grade_rule", name=name, name_en=name, subject="prospect.level", value=value, settings=settings, **{"active": True, "rest_days": 90, **more})


VISITS = {"of": "call.prospect", "measure": "count", "where": "kind = visit", "at": "on", "days": 30, "op": ">=", "value": 2}
PAGES = {"of": "call.prospect", "measure": "latest", "field": "on", "op": "older", "value": 60}


def prospect(cast: Cast, name: str, *visits: int, **changes: Any) -> UUID:
    """A prospect with a visit so many days ago each."""
    made = create(DESK, "prospect", name=name, owner=cast.users["owner"], **changes)
    for days in visits:
        create(DESK, "call", name="拜访", prospect=made, kind="visit", on=ago(days))
    return made


def level(record: UUID) -> Any:
    return reading.get("prospect", record, actor=DESK, fields=["level"])["level"]


def tonight(days: int) -> int:
    return jobs.grade(NIGHT + timedelta(days=days))


def foreseen(cast: Cast, one: UUID, **changes: Any) -> dict[str, tuple[Any, Any]]:
    count, counts, found = grading.foresee(one, actor=cast.actor("admin"), changes=changes or None)
    assert count == len(found) == sum(counts.values())
    return {row.label: (row.before, row.after) for row in found}


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    """Each test begins without rules and prospects."""
    for name in ("grade_rule", "prospect"):
        for one in ids(DESK, name, None if name == "grade_rule" else "owner not empty"):
            door.perform(name, "delete", actor=DESK, id=one)
    read_journal()
    yield


def test_the_trial_and_the_night_say_the_same(cast: Cast) -> None:
    busy, quiet, old, edge = (prospect(cast, name, *days) for name, days in (("忙", (1, 5, 40)), ("闲", (3,)), ("老", (31, 45)), ("边", (29, 0))))
    raw("ALTER TABLE gx_prospect DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_prospect SET level = 'a'")
    raw("ALTER TABLE gx_prospect ENABLE TRIGGER gx_event_first")
    one = rule("常拜访", "b", VISITS, active=False)
    assert foreseen(cast, one) == {"忙": ("a", "b"), "边": ("a", "b")}, "not switched on yet"
    assert tonight(1) == 0
    door.perform("grade_rule", "update", actor=DESK, id=one, changes={"active": True})
    assert tonight(1) == 2 and [level(p) for p in (busy, quiet, old, edge)] == ["b", "a", "a", "b"]
    assert tonight(1) == 0 and foreseen(cast, one) == {}
    row = reading.get("grade_rule", one, actor=DESK)
    assert row["gave"] == 2 and row["ran_on"] is not None


def test_the_first_rule_that_holds_decides_and_only_some_lower(cast: Cast) -> None:
    one = prospect(cast, "甲", 1, 2, level="b")
    rule("先", "a", VISITS, order=1, rest_days=0)
    second = rule("后", "b", order=2, rest_days=0)
    assert foreseen(cast, second) == {}, "the first holds, and a is lower than b"
    row = next(r["id"] for r in reading.query("grade_rule", actor=DESK, where="name = 先", fields=["id"]).rows)
    door.perform("grade_rule", "update", actor=DESK, id=row, changes={"lower": True})
    assert foreseen(cast, second) == {"甲": ("b", "a")}
    assert tonight(2) == 1 and level(one) == "a"


def test_any_and_all_and_conditions_over_the_record(cast: Cast) -> None:
    prospect(cast, "新", 1, amount=5)
    prospect(cast, "旧", 70, 80, amount=50)
    none = prospect(cast, "无", amount=500)
    both = rule("都要", "b", VISITS, PAGES)
    assert foreseen(cast, both) == {}
    settings = {"figures": [VISITS, PAGES], "any": True}
    assert foreseen(cast, both, settings=settings) == {"旧": ("a", "b"), "无": ("a", "b")}, "never is as good as long ago"
    assert foreseen(cast, both, settings=settings | {"where": "amount > 100"}) == {"无": ("a", "b")}
    assert foreseen(cast, both, settings={"where": "数额 >= 50 and not (name = 无)"}) == {"旧": ("a", "b")}
    assert level(none) == "a"


def test_what_people_set_rests_for_as_long_as_the_rule_says(cast: Cast) -> None:
    owner = cast.actor("owner")
    untouched = create(owner, "prospect", name="没选过")
    chosen = create(owner, "prospect", name="选过", level="a")
    changed = create(owner, "prospect", name="改过")
    door.perform("prospect", "update", actor=owner, id=changed, changes={"level": "b"})
    door.perform("prospect", "update", actor=owner, id=changed, changes={"level": "a"})
    one = rule("人人", "b", where="name not empty")
    assert foreseen(cast, one) == {"没选过": ("a", "b"), "选过": ("a", "b")}, "the usual value of a new record was nobody's choice"
    assert foreseen(cast, one, rest_days=0) == {"没选过": ("a", "b"), "选过": ("a", "b"), "改过": ("a", "b")}
    assert tonight(3) == 2 and [level(p) for p in (untouched, chosen, changed)] == ["b", "b", "a"]
    catalog = people.newest(DEFAULT_WORKSPACE)
    with sql.work(DEFAULT_WORKSPACE):
        held = next(r for r in grading.all_rules(DEFAULT_WORKSPACE, catalog) if r.id == one)
        later = grading.changing(catalog, catalog.objects["prospect"], [held], DESK, now=NIGHT + timedelta(days=100))
    assert [due.id for due in later] == [changed], "after 90 days the rule takes over"


def test_the_journal_is_read_when_a_record_or_what_links_to_it_changes(cast: Cast) -> None:
    one = prospect(cast, "正在跟", 1)
    made = rule("两次", "b", VISITS)
    read_journal()
    assert level(one) == "a"
    call = create(cast.actor("owner"), "call", name="再访", prospect=one, kind="visit", on=ago(0))
    read_journal()
    assert level(one) == "b"
    event = events_of("prospect", one)[-1]
    assert (event.verb, event.actor_kind, event.changes["level"]) == ("graded", "automation", ["a", "b"])
    because = event.changes["@because"][1]
    assert (because["rule"], because["figures"][0]["found"], because["figures"][0]["value"]) == (str(made), "2", "2")
    count = len(events_of("prospect", one))
    door.perform("call", "delete", actor=cast.actor("owner"), id=call)
    read_journal()
    assert level(one) == "b" and len(events_of("prospect", one)) == count, "it rises, and falls only where a rule may lower"


def test_why_is_told_to_whoever_may_read_what_was_counted(cast: Cast) -> None:
    one = prospect(cast, "有据", 1, 2)
    rule("两次", "b", VISITS)
    assert tonight(4) == 1
    event = telling.history("prospect", one, actor=cast.actor("owner"))[0]
    said = telling.told_because(guard_of(DESK).catalog.objects["prospect"], event.changes["@because"][1], guard_of(cast.actor("owner")))
    assert said is not None and said.zh == "规则“两次”：近 30 天联系数 2 ≥ 2" and said.en == "Rule “两次”: Call count in 30 days 2 ≥ 2"
    role = reading.query("role", actor=DESK, where="key = sales", fields=["grants"]).rows[0]
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": {k: v for k, v in role["grants"].items() if k != "call"}})
    event = telling.history("prospect", one, actor=cast.actor("owner"))[0]
    assert "found" not in event.changes["@because"][1]["figures"][0], "nor does the API tell"
    door.perform("role", "update", actor=DESK, id=role["id"], changes={"grants": role["grants"]})


def test_sums_of_money_and_the_greatest(cast: Cast) -> None:
    customer = create(DESK, "customer", name="大客户", owner=cast.users["owner"])
    for amount in ("200000", "350000.5"):
        create(DESK, "opportunity", name="单", customer=customer, amount={"amount": amount, "currency": "CNY"}, owner=cast.users["owner"])
    total = {"of": "opportunity.customer", "measure": "sum", "field": "amount", "op": ">=", "value": 550000}
    greatest = {"of": "opportunity.customer", "measure": "max", "field": "amount", "op": "<", "value": 350001}
    one = create(DESK, "grade_rule", name="大", subject="customer.grade", value="vip", settings={"figures": [total, greatest]})
    assert foreseen(cast, one) == {"大客户": ("normal", "vip")}
    assert foreseen(cast, one, settings={"figures": [total | {"value": 550001}]}) == {}
    door.perform("grade_rule", "delete", actor=DESK, id=one)


def test_wrong_rules_and_wrong_people_change_nothing(cast: Cast) -> None:
    admin, spare = cast.actor("admin"), prospect(cast, "备用")
    one = rule("好的", "b", VISITS, active=False)
    for settings in (
        {"where": "nothing = 1"}, {"figures": [VISITS | {"of": "book.author"}]}, {"figures": [VISITS | {"measure": "sum"}]}, {"figures": [VISITS | {"op": "older"}]},
        {"figures": [VISITS | {"value": "viel"}]}, {"figures": [VISITS | {"days": 0}]}, {"figures": [VISITS | {"at": "name"}]}, {"figures": [VISITS | {"where": "x = 1"}]}, {"more": 1}, [],
    ):  # fmt: skip
        with refused(Invalid, "settings:setting"):
            door.perform("grade_rule", "update", actor=admin, id=one, changes={"settings": settings})
    with refused(Invalid, "value:choice"):
        door.perform("grade_rule", "update", actor=admin, id=one, changes={"value": "z"})
    with refused(Invalid, "value:required"):
        door.perform("grade_rule", "update", actor=admin, id=one, changes={"value": None, "active": True})
    with refused(Invalid, "subject:fixed"):
        door.perform("grade_rule", "update", actor=admin, id=one, changes={"subject": "customer.grade", "value": "vip", "settings": None})
    with refused(Invalid):
        create(admin, "grade_rule", name="坏", subject="user.language", value="en")
    with refused(Forbidden):
        door.perform("grade_rule", "update", actor=cast.actor("manager"), id=one, changes={"active": True})
    with refused(Forbidden):
        grading.foresee(one, actor=cast.actor("manager"))
    with refused():
        door.perform("prospect", "graded", actor=admin, id=spare, inputs={"field": "level", "value": "b", "because": {}})


def test_who_is_told_and_until_when(cast: Cast) -> None:
    rule("两次", "b", VISITS, notify=True)
    one = prospect(cast, "提醒", 1, 2)
    read_journal()
    read_journal()
    told = raw("SELECT owner_id, tab, facts FROM gx_notice WHERE kind = 'graded' AND record = %s ORDER BY owner_id", [str(one)])
    assert {row[0] for row in told} == {cast.users["owner"], cast.users["manager"]} and {row[1] for row in told} == {"system"}
    assert told[0][2]["value"] == "b" and told[0][2]["name"] == ["两次", "两次"]
    sentence = next(row.text for row in notices.shown(cast.actor("manager"), "system")[0] if row.record == one)
    assert sentence.zh == "苗头「提醒」：级别 → 乙（两次）" and sentence.en == "prospect “提醒”: Level → B (两次)"
