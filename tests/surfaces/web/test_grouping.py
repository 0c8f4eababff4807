"""A list in groups: heads with counts and sums, rows of the first, more where they go on; kept in a view."""

from __future__ import annotations

import re
from html import unescape

import pytest

from guanxi.kernel.records import door, reading
from tests.chromium import enter
from tests.surfaces.web.browser import Browser, inputs, statements, words


@pytest.fixture(scope="module")
def books(cast):
    authors = [door.perform("author", "create", actor=cast.actor("admin"), changes={"name": f"作者 {n:02}"}).id for n in range(12)]
    for n in range(130):
        changes = {"name": f"本 {n:03}", "price": n, "status": "published" if n % 4 == 0 else "draft", "available": None if n % 3 else True, "author": authors[n % 12], "published_on": f"2026-0{n % 5 + 1}-10"}
        door.perform("book", "create", actor=cast.actor("owner"), changes=changes)
    door.perform("book", "create", actor=cast.actor("manager"), changes={"name": "别人的", "price": 1000})


def heads(page):
    found = re.findall(r'<tr class="bunch">(.*?)</tr>', page, re.S)
    return [re.sub(r"\s+", " ", words(one)).strip() for one in found]


def titles(page):
    return re.findall(r'class="title"[^>]*>([^<]+)<', page)


def test_heads_count_and_sum_and_each_group_has_its_rows(books):
    browser = Browser("owner")
    browser.read("/books?group=status&sort=name")
    with statements() as sent:
        page = browser.read("/books?group=status&sort=name")
    assert len(sent) <= 4, sent
    assert heads(page) == ["草稿 97 定价 ¥6,273", "已出版 33 定价 ¥2,112"]
    shown = titles(page)
    assert shown[:3] == ["本 001", "本 002", "本 003"] and len(shown) == 50 + 33 and shown[50] == "本 000"
    assert "130 条" in words(page) and "2 组" in words(page)
    part = unescape(re.search(r'data-further="([^"]+)"', page)[1])
    rest = browser.read(part)
    assert titles(rest)[0] == "本 067" and len(titles(rest)) == 47 and "data-further" not in rest
    alone = unescape(re.findall(r'<tr class="bunch">.*?<a href="([^"]+)"', page, re.S)[1])
    assert titles(browser.read(alone))[:2] == ["本 000", "本 004"] and heads(browser.read(alone)) == []


def test_by_month_by_link_by_yes_or_no_and_narrowed(books):
    browser = Browser("owner")
    page = browser.read("/books?group=published_on&where=price+%3C+20")
    assert [one.split()[:2] for one in heads(page)] == [[f"2026-0{n}", "4"] for n in range(1, 6)]
    page = browser.read("/books?group=author")
    found = heads(page)
    assert len(found) == 12 and found[0].startswith("作者 00 11") and page.count("data-folded") == 4, "the first groups are open"
    folded = unescape(re.findall(r'data-rows="([^"]+)"', page)[-1])
    assert len(titles(browser.read(folded))) == 10
    page = browser.read("/books?group=available")
    assert [one.split()[:2] for one in heads(page)] == [["是", "44"], ["（空）", "86"]]
    assert len(titles(browser.read(unescape(re.findall(r'<tr class="bunch">.*?<a href="([^"]+)"', page, re.S)[1])))) == 50


def test_nobody_groups_by_what_they_do_not_see(books):
    for name in ("cost", "phones", "nonsense", "genres", "name"):
        assert heads(Browser("owner").read(f"/books?group={name}")) == []
    assert 'value="cost"' not in Browser("owner").read("/books").partition('name="group"')[2][:4000]


def test_the_group_is_kept_in_a_view(cast, books):
    browser = Browser("owner")
    answer = browser.post("/books/save-view?group=status", inputs(browser.read("/books/save-view?group=status")) | {"name": ["按状态"]})
    place = answer.headers["Location"]
    row = reading.query("view", actor=cast.actor("owner"), where="name = 按状态", fields=["settings"]).rows[0]
    assert row["settings"]["group"] == "status"
    assert len(heads(browser.read(place))) == 2 and heads(browser.read(f"{place}&group=-")) == []
    assert len(heads(browser.read(f"{place}&group=author"))) == 12


def test_folded_opened_and_gone_on_in_a_browser(books, website, chromium):
    page, said = enter(chromium, website)
    page.goto(website + "/books?group=author&sort=name")
    page.wait_for_selector("tr.bunch")
    assert page.locator("tbody").nth(8).locator("a.title").count() == 0
    page.locator("tr.bunch button").nth(8).click()
    page.wait_for_selector("tbody:nth-of-type(9):not([data-folded]) a.title")
    assert page.locator("tbody").nth(8).locator("a.title").count() == 11
    page.locator("tr.bunch button").nth(0).click()
    page.wait_for_selector("tbody:nth-of-type(1)[data-folded]")
    assert page.locator("tbody").nth(0).locator("a.title").first.is_hidden()
    page.select_option("select[name=group]", "status")
    page.wait_for_url("**group=status**")
    page.wait_for_selector("a[data-further]")
    page.click("a[data-further]")
    page.wait_for_selector("a[data-further]", state="detached")
    assert page.locator("tbody").nth(0).locator("a.title").count() == 97
    assert said == []
    page.context.close()
