"""Follow-ups and tasks, through the door."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from guanxi.kernel import Forbidden, Invalid, NotFound
from tests.modules.conftest import Company

NOW = datetime.now(UTC).replace(microsecond=0)


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


@pytest.fixture
def customer(company: Company) -> UUID:
    return company.owner.create("customer", name="跟进客户")


def test_the_latest_follow_up_counts_in_whatever_order_it_is_written(company: Company, customer: UUID) -> None:
    company.owner.create("activity", content="后发生", customer=customer, kind="visit", happened_at=at(-1))
    company.owner.create("activity", content="先发生", customer=customer, kind="phone", happened_at=at(-3))
    row = company.get("customer", customer)
    assert (row["last_contact_at"], row["last_contact_kind"], row["last_contact_by"]) == (
        NOW - timedelta(days=1), "visit", company.owner.id,
    )  # fmt: skip


def test_changing_or_deleting_the_latest_counts_afresh(company: Company, customer: UUID) -> None:
    first = company.owner.create("activity", content="一", customer=customer, happened_at=at(-5))
    second = company.owner.create("activity", content="二", customer=customer, happened_at=at(-2))
    company.owner.update("activity", second, happened_at=at(-7))
    assert company.get("customer", customer)["last_contact_at"] == NOW - timedelta(days=5)
    company.owner.do("activity", "delete", first)
    assert company.get("customer", customer)["last_contact_at"] == NOW - timedelta(days=7)
    company.owner.do("activity", "restore", first)
    assert company.get("customer", customer)["last_contact_at"] == NOW - timedelta(days=5)
    company.owner.do("activity", "delete", first)
    company.owner.do("activity", "delete", second)
    row = company.get("customer", customer)
    assert (row["last_contact_at"], row["last_contact_by"], row["last_contact_kind"]) == (None, None, None)


def test_moving_a_follow_up_to_another_customer(company: Company, customer: UUID) -> None:
    other = company.owner.create("customer", name="另一客户")
    talk = company.owner.create("activity", content="记错了", customer=customer, happened_at=at(-1))
    company.owner.update("activity", talk, customer=other)
    assert company.get("customer", customer)["last_contact_at"] is None
    assert company.get("customer", other)["last_contact_at"] == NOW - timedelta(days=1)


def test_a_next_contact_is_a_plan_and_a_task(company: Company, customer: UUID) -> None:
    talk = company.owner.create("activity", content="约好下周", customer=customer, next_contact_at=at(7))
    assert company.get("customer", customer)["next_contact_at"] == NOW + timedelta(days=7)
    tasks = company.find("task", "activity", talk)
    assert [(t["subject"], t["due_at"], t["owner"], t["customer"], t["status"]) for t in tasks] == [
        ("联系 跟进客户", NOW + timedelta(days=7), company.owner.id, customer, "open")
    ]
    company.owner.update("activity", talk, next_contact_at=at(9), next_plan="上门签约")
    assert company.get("customer", customer)["next_contact_at"] == NOW + timedelta(days=9)
    assert [(t["subject"], t["due_at"]) for t in company.find("task", "activity", talk)] == [
        ("上门签约", NOW + timedelta(days=9))
    ]
    company.owner.update("activity", talk, next_contact_at=None)
    assert [t["status"] for t in company.find("task", "activity", talk)] == ["cancelled"]


def test_a_plan_that_fell_due_vanishes_and_a_later_one_stays(company: Company, customer: UUID) -> None:
    company.owner.update("customer", customer, next_contact_at=at(-2))
    company.owner.create("activity", content="按计划联系", customer=customer, happened_at=at(-1))
    assert company.get("customer", customer)["next_contact_at"] is None
    company.owner.update("customer", customer, next_contact_at=at(5))
    company.owner.create("activity", content="客户来电", customer=customer, happened_at=at(-0.01))
    assert company.get("customer", customer)["next_contact_at"] == NOW + timedelta(days=5)


def test_the_customer_follows_from_contact_and_opportunity(company: Company, customer: UUID) -> None:
    contact = company.owner.create("contact", name="老李", customer=customer)
    deal = company.owner.create("opportunity", name="单子", customer=customer, contact=contact)
    by_contact = company.get("activity", company.owner.create("activity", content="找老李", contact=contact))
    assert by_contact["customer"] == customer
    by_deal = company.get("activity", company.owner.create("activity", content="谈单子", opportunity=deal))
    assert (by_deal["customer"], by_deal["contact"]) == (customer, contact)
    assert company.get("opportunity", deal)["last_contact_at"] == by_deal["happened_at"]


def test_a_follow_up_is_about_somebody_and_not_in_the_future(company: Company, customer: UUID) -> None:
    with pytest.raises(Invalid) as refused:
        company.owner.create("activity", content="自言自语")
    assert codes(refused) == [("customer", "required")]
    with pytest.raises(Invalid) as refused:
        company.owner.create("activity", content="明天的事", customer=customer, happened_at=at(1))
    assert codes(refused) == [("happened_at", "future")]
    with pytest.raises(Invalid) as refused:
        company.owner.create(
            "activity", content="倒着来", customer=customer, happened_at=at(-1), next_contact_at=at(-2)
        )
    assert codes(refused) == [("next_contact_at", "before")]


def test_who_sees_the_customer_sees_its_follow_ups(company: Company, customer: UUID) -> None:
    from guanxi.kernel.records import reading

    talk = company.owner.create("activity", content="内部记录", customer=customer)
    for person in (company.owner, company.manager, company.executive, company.admin):
        assert reading.get("activity", talk, actor=person.actor())["content"] == "内部记录"
    with pytest.raises(NotFound):
        reading.get("activity", talk, actor=company.outsider.actor())
    company.owner.do("customer", "share", customer, user=str(company.outsider.id), level="read")
    assert reading.get("activity", talk, actor=company.outsider.actor())["content"] == "内部记录"


def test_the_summary_is_the_first_words(company: Company, customer: UUID) -> None:
    talk = company.owner.create("activity", content="第一行\n第二行" + "长" * 100, customer=customer)
    summary = company.get("activity", talk)["summary"]
    assert summary == "第一行 第二行" + "长" * 52 + "…"


def test_a_task_is_done_once(company: Company, customer: UUID) -> None:
    task = company.owner.create("task", subject="送样品", customer=customer, due_at=at(1), remind_at=at(0.5))
    company.owner.do("task", "complete", task, {"outcome": "已送"})
    row = company.get("task", task)
    assert (row["status"], row["outcome"]) == ("done", "已送")
    assert row["done_at"] is not None
    with pytest.raises(Invalid) as refused:
        company.owner.do("task", "cancel", task)
    assert codes(refused) == [("status", "closed")]
    company.owner.do("task", "reopen", task)
    assert (company.get("task", task)["status"], company.get("task", task)["done_at"]) == ("open", None)
    with pytest.raises(Invalid) as refused:
        company.owner.create("task", subject="迟到的提醒", due_at=at(1), remind_at=at(2))
    assert codes(refused) == [("remind_at", "after-due")]


def test_a_visit_has_a_place_a_length_and_people(company: Company, customer: UUID) -> None:
    from guanxi.kernel.records import finding, reading, telling

    contact = company.owner.create("contact", name="访问对象", customer=customer)
    with pytest.raises(Invalid) as refused:
        company.owner.create("task", subject="没有开始", ends_at=at(1))
    assert codes(refused) == [("ends_at", "before")]
    with pytest.raises(Invalid) as refused:
        company.owner.create("task", subject="倒着", due_at=at(2), ends_at=at(1))
    assert codes(refused) == [("ends_at", "before")]
    visit = company.owner.create(
        "task", subject="登门拜访演示", kind="visit", due_at=at(1), ends_at=at(1.1), place="三号厂房", purpose="看样机",
        contact=contact, participants=[str(company.outsider.id)], attendees=[str(contact)],
    )  # fmt: skip
    row = company.get("task", visit)
    assert (row["place"], row["purpose"], row["participants"], row["attendees"], row["customer"]) == ("三号厂房", "看样机", [company.outsider.id], [contact], customer)
    guest = company.outsider.actor()
    seen = reading.get("task", visit, actor=guest)
    assert (seen["subject"], seen["attendees"]) == ("登门拜访演示", []), "whom they may not read they are not told of"
    assert visit in {r["id"] for r in reading.query("task", actor=guest, fields=["id"]).rows}
    assert [h.id for h in finding.search("登门拜访", actor=guest)] == [visit]
    assert (True, "shared") in [(r["grants"], r["about"]) for r in telling.explain("task", visit, actor=guest)["reasons"]]
    with pytest.raises(Forbidden):
        company.outsider.update("task", visit, place="别处")
    assert company.get("task", visit)["place"] == "三号厂房"
    newcomer = company.people["newcomer"].actor()
    assert finding.search("登门拜访", actor=newcomer) == []
    company.owner.update("task", visit, participants=None)
    with pytest.raises(NotFound):
        reading.get("task", visit, actor=guest)
    assert finding.search("登门拜访", actor=guest) == []
    assert visit in {event.record for event in telling.timeline("customer", customer, actor=company.owner.actor())}


def test_visits_and_calls_have_lists(company: Company, customer: UUID) -> None:
    from guanxi.kernel.records import reading, views

    made = {kind: company.owner.create("activity", content=f"按{kind}", customer=customer, kind=kind) for kind in ("phone", "visit", "wechat")}
    shown = {view.key: view.settings["where"] for view in views.for_object(company.owner.actor(), "activity", ("list",)) if view.key in ("visits", "calls")}
    for key, kind in (("visits", "visit"), ("calls", "phone")):
        found = {row["id"] for row in reading.query("activity", actor=company.owner.actor(), where=shown[key], fields=["id"], limit=200).rows}
        assert found & set(made.values()) == {made[kind]}


def test_a_reminder_follows_the_time_until_another_is_set(company: Company) -> None:
    task = company.owner.create("task", subject="早会", due_at=at(2), remind_before="60")
    assert company.get("task", task)["remind_at"] == NOW + timedelta(days=2, hours=-1)
    company.owner.update("task", task, due_at=at(3))
    assert company.get("task", task)["remind_at"] == NOW + timedelta(days=3, hours=-1)
    company.owner.update("task", task, remind_at=at(1))
    row = company.get("task", task)
    assert (row["remind_at"], row["remind_before"]) == (NOW + timedelta(days=1), None)
    with pytest.raises(Invalid) as refused:
        company.owner.create("task", subject="何时", remind_before="15")
    assert codes(refused) == [("remind_before", "required")]


def test_completing_what_repeats_makes_the_next(company: Company, customer: UUID) -> None:
    task = company.owner.create(
        "task", subject="每周例会", kind="meeting", customer=customer, due_at=at(1), ends_at=at(1.1), remind_before="15", repeat="weekly",
        participants=[str(company.outsider.id)],
    )  # fmt: skip
    company.owner.do("task", "complete", task)
    [following] = company.find("task", "series", task)
    assert (following["due_at"], following["ends_at"] - following["due_at"], following["status"], following["participants"], following["customer"]) == (
        NOW + timedelta(days=8), company.get("task", task)["ends_at"] - company.get("task", task)["due_at"], "open", [company.outsider.id], customer,
    )  # fmt: skip
    assert (following["owner"], following["remind_at"]) == (company.owner.id, following["due_at"] - timedelta(minutes=15))
    company.owner.do("task", "reopen", task)
    company.owner.do("task", "complete", task)
    assert len(company.find("task", "series", task)) == 1, "the next is there already"
    company.owner.do("task", "complete", following["id"])
    assert len(company.find("task", "series", task)) == 2, "the series goes on under its first"
    late = company.owner.create("task", subject="每日", due_at=at(-3.5), repeat="daily", repeat_until=(NOW + timedelta(days=2)).date().isoformat())
    company.owner.do("task", "complete", late)
    [next_day] = company.find("task", "series", late)
    assert NOW < next_day["due_at"] <= NOW + timedelta(days=1), "days gone by are not made up for"
    over = company.owner.create("task", subject="最后一次", due_at=at(0.1), repeat="monthly", repeat_until=(NOW + timedelta(days=3)).date().isoformat())
    company.owner.do("task", "complete", over)
    assert company.find("task", "series", over) == []
    with pytest.raises(Invalid) as refused:
        company.owner.create("task", subject="无日期", repeat="daily")
    assert codes(refused) == [("repeat", "required")]


def test_a_month_without_the_day_has_its_last_one() -> None:
    from guanxi.modules.activities.rules import _step

    assert [_step("monthly", date(2028, 1, 31), n, 31).isoformat() for n in (1, 2, 12)] == ["2028-02-29", "2028-03-31", "2029-01-31"]
    assert _step("monthly", date(2027, 2, 28), 1, 30) == date(2027, 3, 30)
    assert (_step("weekly", date(2027, 12, 30), 1, 30), _step("daily", date(2027, 12, 31), 1, 31)) == (date(2028, 1, 6), date(2028, 1, 1))


def test_completing_a_task_may_write_the_follow_up(company: Company, customer: UUID) -> None:
    task = company.owner.create("task", subject="回访", customer=customer)
    with pytest.raises(Invalid) as refused:
        company.owner.do("task", "complete", task, follow_up="phone")
    assert codes(refused) == [("outcome", "required")]
    done = company.owner.do("task", "complete", task, {"outcome": "客户满意，要再买"}, follow_up="phone", attitude="keen", next_contact_at=at(3))
    assert done.changed
    row = company.get("task", task)
    talk = company.get("activity", row["result"])
    assert (talk["content"], talk["kind"], talk["attitude"], talk["customer"], talk["owner"]) == ("客户满意，要再买", "phone", "keen", customer, company.owner.id)
    assert company.get("customer", customer)["next_contact_at"] == NOW + timedelta(days=3)
    assert [(t["due_at"], t["status"]) for t in company.find("task", "activity", talk["id"])] == [(NOW + timedelta(days=3), "open")]
    alone = company.owner.create("task", subject="整理桌面", outcome="好了")
    with pytest.raises(Invalid) as refused:
        company.owner.do("task", "complete", alone, follow_up="phone")
    assert codes(refused) == [("follow_up", "nobody")]
    assert (company.get("task", alone)["status"], company.find("activity", "summary", "好了")) == ("open", [])


def test_a_goal_knows_how_many_of_its_parts_are_done(company: Company) -> None:
    goal = company.owner.create("task", subject="本季签三家")
    parts = [company.owner.create("task", subject=f"第 {n} 家", parent=goal) for n in range(3)]

    def stands() -> tuple[int, int, str]:
        row = company.get("task", goal)
        return row["parts"], row["parts_done"], str(row["progress"])

    assert stands() == (3, 0, "0.00")
    company.owner.do("task", "complete", parts[0])
    assert stands() == (3, 1, "33.33")
    company.owner.do("task", "cancel", parts[1])
    assert stands() == (2, 1, "50.00")
    company.owner.do("task", "delete", parts[2])
    assert stands() == (1, 1, "100.00")
    company.owner.do("task", "restore", parts[2])
    company.owner.update("task", parts[0], parent=None)
    assert stands() == (1, 0, "0.00")
    with pytest.raises(Invalid) as refused:
        company.owner.update("task", goal, parent=parts[2])
    assert codes(refused) == [("parent", "circle")]
    assert company.get("task", goal)["parent"] is None


def test_a_follow_up_stands_after_a_day(company: Company, customer: UUID) -> None:
    from guanxi.kernel.records import telling
    from tests.kernel.tools import events, raw

    talk = company.owner.create("activity", content="原话", customer=customer, stage="needs")
    own = company.manager.create("activity", content="经理写的", customer=customer)
    company.owner.update("activity", talk, content="改一改", attitude="keen")
    with pytest.raises(Forbidden):
        company.owner.update("activity", own, content="不是我写的")
    company.manager.update("activity", talk, attitude="interested")
    raw("ALTER TABLE gx_activity DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_activity SET created_at = now() - interval '24 hours 1 minute' WHERE id = %s", [talk])
    raw("ALTER TABLE gx_activity ENABLE TRIGGER gx_event_first")
    count = events()
    with pytest.raises(Forbidden) as refused:
        company.owner.update("activity", talk, content="事后改口")
    assert refused.value.detail is not None and "24" in refused.value.detail.zh
    assert (company.get("activity", talk)["content"], events()) == ("改一改", count)
    told = telling.explain("activity", talk, actor=company.owner.actor())["verbs"]
    assert (told["read"], told["update"], told["delete"]) == (True, False, True)
    company.manager.update("activity", talk, content="经理更正")
    assert company.get("activity", talk)["content"] == "经理更正"


def test_a_timeline_is_asked_by_way_words_days_and_person(company: Company) -> None:
    from guanxi.kernel.records import telling
    from guanxi.kernel.records.telling import Narrow

    customer = company.owner.create("customer", name="互动查询客户")
    made = {
        kind: company.owner.create("activity", content=f"谈到{word}", customer=customer, kind=kind)
        for kind, word in (("phone", "报价"), ("visit", "样机"), ("email", "报价单"))
    }
    task = company.manager.create("task", subject="准备报价", customer=customer, owner=str(company.manager.id))
    said = company.manager.create("comment", text="报价要快", object_name="customer", record=str(customer))

    def around(**asked: object) -> set[UUID]:
        return {one.record for one in telling.timeline("customer", customer, actor=company.manager.actor(), narrow=Narrow(**asked))}  # type: ignore[arg-type]

    assert around() >= {customer, task, said, *made.values()}
    assert around(way="visit") == {made["visit"]}
    assert around(way="nothing") == set()
    assert around(words="报价") == {made["phone"], made["email"], task, said}
    assert around(words="报价", way="email") == {made["email"]}
    assert around(words="报价", only="task") == {task}
    assert around(by=company.owner.id) == {customer, *made.values()}
    assert around(by=company.manager.id, words="报价") == {task, said}
    today = company.desk.today
    assert around(since=today, until=today) == around()
    assert around(until=today - timedelta(days=1)) == around(since=today + timedelta(days=1)) == set()
    assert telling.timeline("task", task, actor=company.manager.actor(), narrow=Narrow(words="报价")) == [], "asked for words, its own changes are not what is meant"


def test_an_entry_taken_out_of_a_dictionary_is_no_longer_chosen_from_the_start(company: Company, customer: UUID) -> None:
    """Whoever does not say the way of contact is asked for it; everything else goes on."""
    dictionary = company.find("dictionary", "key", "activity_kind")[0]["id"]
    entry = next(row["id"] for row in company.find("dictionary_entry", "key", "phone") if row["dictionary"] == dictionary)
    earlier = company.owner.create("activity", customer=customer, kind="phone", content="从前打的")
    company.admin.do("dictionary_entry", "delete", entry)
    with pytest.raises(Invalid) as problem:
        company.owner.create("activity", customer=customer, content="没说怎么联系")
    assert [one.field for one in problem.value.errors] == ["kind"]
    company.owner.create("activity", customer=customer, kind="visit", content="拜访")
    company.owner.update("activity", earlier, content="从前打的，改一个字")
    company.admin.do("dictionary_entry", "restore", entry)
