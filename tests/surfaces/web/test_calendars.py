"""Calendars: what stands on which day for whom, and moving it; the tree; where records are."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from guanxi.base.clock import now
from guanxi.kernel.records import door, reading
from tests.chromium import after, enter
from tests.kernel.tools import state
from tests.surfaces.web.browser import Browser, inputs, statements, words

JSON = {"HTTP_ACCEPT": "application/json"}


def days(html: str) -> dict[str, list[str]]:
    """The entries' texts by day."""
    out = {}
    for day, cell in re.findall(r'<td data-day="([^"]+)"(.*?)</td>', html, re.S):
        entries = [words(one) for one in re.findall(r'<li class="entry.*?</li>', cell, re.S)]
        if entries:
            out[day] = entries
    return out


@pytest.fixture(scope="module")
def books(cast, request) -> dict[str, Any]:
    """Books of the owner's on days of March 2026, one of the manager's, and a book in print over three days."""
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"}).id
    made = {}
    for name, day, who in (("呐喊", "2026-03-05", "owner"), ("彷徨", "2026-03-05", "owner"), ("野草", "2026-03-20", "owner"), ("经理的书", "2026-03-06", "manager")):
        made[name] = door.perform("book", "create", actor=cast.actor(who), changes={"name": name, "published_on": day, "author": author}).id
    made["付印"] = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "付印", "printed_at": "2026-03-10T15:30:00+08:00"}).id
    for n in range(9):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"同日 {n}", "published_on": "2026-03-25"})
    for name, place in (("深", "440305"), ("广", "440103"), ("京", "110101"), ("粤", "440000")):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": name, "place": {"code": place}, "price": 10})
    return made


MARCH = "/books?view=calendar&date=2026-03-15"


def test_a_month_shows_whole_weeks_with_everybody_s_own_records(books):
    html = Browser("owner").read(MARCH)
    found = days(html)
    assert found["2026-03-05"] == ["呐喊 鲁迅", "彷徨 鲁迅"] and found["2026-03-20"] == ["野草 鲁迅"]
    assert "2026-03-06" not in found and "2026 年 3 月" in html
    cells = re.findall(r'data-day="([^"]+)"', html)
    assert (cells[0], cells[-1], len(cells)) == ("2026-02-23", "2026-04-05", 42)
    assert len(found["2026-03-25"]) == 4 and "还有更多" in html
    assert days(Browser("manager").read(MARCH))["2026-03-06"] == ["经理的书 鲁迅"]
    day = Browser("owner").read("/books?view=calendar&date=2026-03-25&span=day")
    assert len(days(day)["2026-03-25"]) == 9


def test_a_calendar_says_the_chinese_day_and_the_festival(books):
    zh = Browser("owner").read("/books?view=calendar&date=2026-02-17&span=week")
    assert "春节" in zh and "除夕" in zh and "初三" in zh
    client = Browser("owner", "en")
    client.post("/language", {"language": "en"})
    en = client.read("/books?view=calendar&date=2026-02-17&span=week")
    assert "Spring Festival" in en and "初三" not in en and "16 Feb – 22 Feb 2026" in en
    client.post("/language", {"language": "zh-CN"})


def test_filters_hold_and_a_calendar_is_few_statements(books):
    client = Browser("owner")
    assert days(client.read(MARCH + "&q=彷"))["2026-03-05"] == ["彷徨 鲁迅"]
    wrong = client.get(MARCH + "&where=(")
    assert wrong.status_code == 422
    client.read(MARCH)
    with statements() as sent:
        client.read(MARCH)
    assert len(sent) <= 3, sent


def test_what_lasts_stands_on_all_its_days(cast, books):
    today = now().astimezone().date()
    html = Browser("owner").read("/books?view=printing&date=2026-03-10&span=week")
    found = days(html)
    assert found["2026-03-10"] == ["15:30 付印"] and found["2026-03-11"] == ["付印"]
    assert html.count('class="entry green"') >= 5 and html.count("data-fixed") >= 4, "only its first day may be moved"
    assert today


def test_moving_an_entry_keeps_its_time_and_can_be_undone(cast, books):
    client, book = Browser("owner"), books["付印"]
    late = client.post(f"/books/{book}/day", {"to": "2026-03-12", "from": "2026-03-01", "view": "printing"}, **JSON)
    assert late.status_code == 409 and "已把它改到 2026-03-10" in late.json()["refused"], "somebody else moved it meanwhile"
    told = client.post(f"/books/{book}/day", {"to": "2026-03-12", "from": "2026-03-10", "view": "printing"}, **JSON).json()
    assert told["was"] == "2026-03-10" and "付印" in told["entry"] and "已改到 2026-03-12" in told["said"]
    row = reading.get("book", book, actor=cast.actor("owner"))
    assert row["printed_at"] == datetime.fromisoformat("2026-03-12T15:30:00+08:00")
    client.post(f"/books/{book}/day", {"to": "2026-03-10", "view": "printing"}, **JSON)
    assert reading.get("book", book, actor=cast.actor("owner"))["printed_at"] == datetime.fromisoformat("2026-03-10T15:30:00+08:00")


def test_without_script_a_form_moves_it(cast, books):
    client, book = Browser("owner"), books["野草"]
    page = client.read(f"/books/{book}/day?view=calendar")
    assert 'value="2026-03-20"' in page
    answer = client.post(f"/books/{book}/day", {"to": "2026-03-21", "view": "calendar"})
    assert answer.status_code == 302 and answer["Location"] == "/books?view=calendar"
    assert str(reading.get("book", book, actor=cast.actor("owner"))["published_on"]) == "2026-03-21"


def test_who_may_not_moves_nothing(books):
    executive, outsider, owner = (Browser(who) for who in ("executive", "outsider", "owner"))
    before = state()
    html = executive.read(MARCH)
    assert days(html)["2026-03-05"] and html.count("data-fixed") == html.count('class="entry ')
    assert executive.post(f"/books/{books['呐喊']}/day", {"to": "2026-03-30"}, **JSON).status_code == 409
    assert outsider.post(f"/books/{books['呐喊']}/day", {"to": "2026-03-30"}, **JSON).status_code == 404
    assert owner.post(f"/books/{books['呐喊']}/day", {"to": "nonsense"}, **JSON).json()["refused"] == "请选择日期。"
    assert state() == before


def test_a_day_starts_something_new_on_it(books):
    client = Browser("owner")
    html = client.read(MARCH)
    add = re.search(r'class="add" href="([^"]+)"[^>]*2026-03-18', html)
    assert add and inputs(client.read(add[1].replace("&amp;", "&")))["published_on"] == ["2026-03-18"]


def test_a_tree_opens_branch_by_branch(cast, books):
    client = Browser("manager")
    html = client.read("/departments?view=tree")
    assert "总部" in html and "二组" not in words(html)
    branch = re.search(r'<details hx-get="([^"]+)"', html)[1].replace("&amp;", "&")
    part = client.get(branch, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "销售部" in part and "市场部" in part and "hx-get" in part
    whole = client.read(branch)
    assert "<html" in whole and "市场部" in whole
    found = words(client.read("/departments?view=tree&q=二组"))
    assert "二组" in found
    client.read("/departments?view=tree")
    with statements() as sent:
        client.read("/departments?view=tree")
    assert len(sent) <= 5, sent


def test_regions_count_sum_and_open_the_list_behind_them(books):
    client = Browser("owner")

    def rows(html: str) -> list[tuple[str, str, str]]:
        return [(words(name), count, total) for name, count, total in re.findall(r'<th scope="row">(.*?)</th>.*?href="[^"]+">([\d,]+)</a></td>(?:<td class="right number">([^<]*)</td>)?', html, re.S)]

    provinces = rows(client.read("/books?view=region"))
    assert [(name[:2], n) for name, n, _ in provinces][:2] == [("广东", "3"), ("北京", "1")] and provinces[0][2] == "¥30"
    cities = rows(client.read("/books?view=region&at=440000&total=-"))
    assert {(name[:2], n) for name, n, _ in cities} == {("深圳", "1"), ("广州", "1"), ("（未", "1")}
    html = client.read("/books?view=region&q=深")
    assert rows(html)[0][1] == "1"
    behind = re.search(r'<td class="right"><a href="([^"]+)"', html)[1].replace("&amp;", "&")
    assert "深" in words(client.read(behind)) and "1 条" in words(client.read(behind))


def test_the_common_calendar_shows_what_is_chosen(cast):
    owner = cast.actor("owner")
    day = (now() + timedelta(days=2)).date().isoformat()
    customer = door.perform("customer", "create", actor=owner, changes={"name": "云山科技"}).id
    door.perform("task", "create", actor=owner, changes={"subject": "送样", "due_at": f"{day}T10:00:00+08:00", "customer": customer})
    door.perform("task", "create", actor=cast.actor("manager"), changes={"subject": "复盘", "due_at": f"{day}T11:00:00+08:00"})
    client = Browser("owner")
    assert days(client.read(f"/calendar?date={day}&span=day"))[day] == ["10:00 送样 云山科技"]
    assert "赵强" not in client.read("/calendar") and "王伟" in Browser("manager").read("/calendar"), "who leads chooses whose"
    assert day not in days(client.read(f"/calendar?date={day}&show=leads.calendar"))
    manager = Browser("manager")
    assert days(manager.read(f"/calendar?date={day}&span=day"))[day] == ["11:00 复盘"]
    assert len(days(manager.read(f"/calendar?date={day}&span=day&who=all"))[day]) == 2
    visit = door.perform("task", "create", actor=owner, changes={
        "subject": "看厂", "kind": "visit", "due_at": f"{day}T14:00:00+08:00", "ends_at": f"{day}T15:30:00+08:00", "place": "东区", "participants": [cast.users["manager"]],
    }).id  # fmt: skip
    assert days(manager.read(f"/calendar?date={day}&span=day"))[day] == ["11:00 复盘", "14:00–15:30 看厂 东区"], "what one takes part in is one's own"
    client.post(f"/tasks/{visit}/day", {"view": "calendar", "to": (now() + timedelta(days=3)).date().isoformat()})
    row = reading.get("task", visit, actor=owner)
    assert row["ends_at"] - row["due_at"] == timedelta(hours=1.5) and row["due_at"].isoformat() > f"{day}T16"
    assert days(manager.read(f"/calendar?date={day}&span=day&who={cast.users['owner']}"))[day] == ["10:00 送样 云山科技"], "moved away"
    with statements() as sent:
        manager.read(f"/calendar?date={day}")
    assert len(sent) <= 9, sent


def test_dragging_changes_the_day_and_undo_takes_it_back(cast, books, website, chromium):
    from playwright.sync_api import expect

    page, said = enter(chromium, website)
    page.goto(website + MARCH)
    page.wait_for_selector(".draggable")
    entry = page.locator(".entry", has_text="呐喊")
    cell = lambda day: page.locator(f'td[data-day="{day}"]')  # noqa: E731
    start, end = entry.bounding_box(), cell("2026-03-17").bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 20, start["y"] + 20, steps=3)
    page.mouse.move(end["x"] + 40, end["y"] + 60, steps=10)
    page.wait_for_timeout(80)
    page.mouse.up()
    page.wait_for_selector(".toast.done")
    expect(cell("2026-03-17").locator(".entry", has_text="呐喊")).to_have_count(1)
    held = lambda: str(reading.get("book", books["呐喊"], actor=cast.actor("owner"))["published_on"])  # noqa: E731
    assert after(held) == "2026-03-17"
    page.click(".toast.done button >> nth=0")
    expect(cell("2026-03-05").locator(".entry", has_text="呐喊")).to_have_count(1)
    page.wait_for_selector(".moving", state="detached")
    assert after(held) == "2026-03-05"
    page.locator(".entry", has_text="呐喊").locator("a").focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(cell("2026-03-12").locator(".entry", has_text="呐喊")).to_have_count(1)
    page.wait_for_selector(".moving", state="detached")
    assert after(held) == "2026-03-12"
    for width, url in ((390, MARCH), (390, "/books?view=board"), (390, "/departments?view=tree"), (390, "/books?view=region"), (1440, "/calendar")):
        page.set_viewport_size({"width": width, "height": 844})
        answer = page.goto(website + url)
        assert answer.status in (200, 404) and page.evaluate("document.documentElement.scrollWidth") <= width, url
    page.context.close()
    assert said == []
