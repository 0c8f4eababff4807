"""How a list stands: widths, density, order of columns, kept in one's own view or on one's desk."""

from __future__ import annotations

import json
import re

import pytest

from guanxi.kernel import accounts
from guanxi.kernel.records import door, reading
from tests.chromium import enter
from tests.kernel.tools import refused
from tests.surfaces.web.browser import Browser, inputs, statements


@pytest.fixture(scope="module")
def books(cast):
    for n in range(3):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"本 {n}", "pages": n})


def heads(page):
    return re.findall(r'data-path="([\w.]+)"', page)


def widths(page):
    return [int(one) for one in re.findall(r'<col width="(\d+)">', page)]


def lists(cast, who):
    rows = reading.query("preference", actor=cast.actor(who), where="owner = me", fields=["settings"]).rows
    return (rows[0]["settings"] or {}).get("lists") if rows else None


def test_columns_and_density_are_remembered_for_each_person_and_view(cast, books):
    browser = Browser("owner")
    answer = browser.post("/books/arrange?view=all", {"columns": ["name", "pages", "owner", "cost", "nonsense"], "density": "compact", "next": "/books?q=x"})
    assert answer.headers["Location"] == "/books?q=x"
    page = browser.read("/books")
    assert heads(page) == ["name", "pages", "owner"] and 'data-density="compact"' in page
    assert heads(browser.read("/books?columns=name,status")) == ["name", "status"], "the address comes first"
    assert heads(Browser("manager").read("/books")) == ["name", "author", "status", "price", "owner"]
    assert lists(cast, "owner") == {"book:all": {"columns": ["name", "pages", "owner"], "density": "compact"}}
    with statements() as sent:
        browser.read("/books")
    assert len(sent) <= 4, sent
    browser.post("/books/arrange?view=all", {"density": "normal"})
    assert lists(cast, "owner") == {"book:all": {"columns": ["name", "pages", "owner"]}}
    browser.post("/books/arrange?view=all", {"reset": "1"})
    assert lists(cast, "owner") is None and len(heads(browser.read("/books"))) == 5


def test_widths_stand_for_all_columns_once_one_is_given(cast, books):
    browser = Browser("owner")
    assert widths(browser.read("/books")) == [] and "sized" not in browser.read("/books")
    answer = browser.post("/books/arrange?view=all", {"widths": json.dumps({"author": 300, "status": 5, "cost": 99, "nonsense": 80}), "quiet": "1"})
    assert answer.status_code == 204
    page = browser.read("/books")
    assert widths(page) == [36, 260, 300, 40, 160, 160, 150] and 'class="rows sized" width="1106"' in page
    assert "cost" not in json.dumps(lists(cast, "owner"))
    assert browser.post("/books/arrange?view=all", {"widths": "{", "quiet": "1"}).status_code == 204
    assert browser.get("/books/arrange").status_code == 404
    browser.post("/books/arrange?view=all", {"reset": "1"})


def test_one_s_own_view_keeps_it_itself_and_others_views_stay(cast, books):
    manager = Browser("manager")
    url = "/books/save-view?sort=name"
    place = manager.post(url, inputs(manager.read(url)) | {"name": ["共用"], "everyone": ["true"]}).headers["Location"]
    manager.post(place.replace("/books", "/books/arrange"), {"columns": ["name", "pages"], "widths": json.dumps({"pages": 90}), "density": "loose"})
    key = place.partition("=")[2]
    assert reading.get("view", key, actor=cast.actor("manager"))["settings"] == {"columns": ["name", "pages"], "widths": {"pages": 90}, "density": "loose", "sort": ["name"]}
    owner = Browser("owner")
    assert heads(owner.read(place)) == ["name", "pages"] and widths(owner.read(place))[-2:] == [90, 150]
    owner.post(place.replace("/books", "/books/arrange"), {"columns": ["name", "status"]})
    assert heads(owner.read(place)) == ["name", "status"] and heads(manager.read(place)) == ["name", "pages"]
    assert reading.get("view", key, actor=cast.actor("manager"))["settings"]["columns"] == ["name", "pages"]


@pytest.mark.parametrize("wrong", [{"book": 5}, {"book": {"columns": "name"}}, {"book": {"widths": {"name": 5}}}, {"book": {"colour": "red"}}, {"book": {"density": "huge"}}])
def test_a_desk_takes_nothing_else(cast, wrong):
    with refused():
        accounts.set_up_desk(cast.actor("owner"), {"lists": wrong})


def test_arranged_in_a_browser(cast, books, website, chromium):
    page, said = enter(chromium, website)
    page.goto(website + "/books")
    page.wait_for_selector("table[role=grid]")
    head = page.locator("thead th[data-path=author]")
    head.locator("a").focus()
    before = head.bounding_box()["width"]
    with page.expect_response("**/books/arrange**"):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
    wider = int(page.locator("col").nth(2).get_attribute("width"))
    assert abs(wider - before - 32) <= 1
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.closest('th').dataset.path === 'status'")
    box = page.locator("thead th[data-path=price]").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 57, box["y"] + 10)
    with page.expect_response("**/books/arrange**"):
        page.mouse.up()
    assert page.url == website + "/books", "letting go is no click"
    page.click("details.columns summary")
    page.locator(".order [value=owner]").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    page.uncheck(".order [value=status]")
    page.click(".arranges .primary")
    page.wait_for_selector("thead th:nth-child(4)[data-path=owner]")
    assert [one.get_attribute("data-path") for one in page.locator("thead th").all()] == ["name", "author", "owner", "price"]
    assert int(page.locator("col").nth(2).get_attribute("width")) == wider
    page.click("details.columns summary")
    page.click("[data-reset]")
    page.wait_for_selector("thead th[data-path=status]")
    assert page.locator("col").count() == 0
    assert said == []
    page.context.close()
