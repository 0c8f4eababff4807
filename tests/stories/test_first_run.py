"""A new workspace in Chromium: sign-in, forced password, three steps, the tour, all of it by keyboard alone; a colleague's first sign-in on
a phone, by pointer; then what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from guanxi.kernel import setup
from guanxi.kernel.records import people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.chromium import CHROMIUM, FLAGS, serve
from tests.hands import Keys

NEW = "a password of my own"


@pytest.fixture(scope="module")
def password(database: str) -> str:
    """A database as the first start leaves it: no people but the administrator, whose password is shown once."""
    made = setup.first_administrator()
    assert made is not None
    return made[1]


@pytest.fixture(scope="module")
def site(password: str) -> Iterator[str]:
    with serve() as address:
        yield address


def test_from_nothing_to_work(site: str, password: str) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if m.type == "error" and "status of 4" not in m.text else None)

        keys = Keys(page)
        page.goto(site)
        keys.at("#username")
        keys.type("admin")
        keys.press("Tab")
        keys.type(password)
        keys.press("Enter")
        page.wait_for_url("**/password")
        for name, value in (("current", password), ("password", NEW), ("again", NEW)):
            keys.fill(f"#{name}", value)
        keys.press("Enter")

        page.wait_for_url("**/welcome")
        keys.at("#i-name")
        keys.fill("#i-name", "云山科技有限公司")
        keys.select("#i-currency", "港元 HKD")
        keys.select("#i-zone", "香港")
        keys.click("main footer button.primary")

        page.wait_for_url("**/welcome?step=people")
        keys.reach("#text")
        page.keyboard.insert_text("姓名\t手机\t邮箱\t部门\n张三\t13800138001\t\t销售部\n李四\t\tlisi@example.com\t销售部\n王五\t12\t\t市场部")  # as it is pasted
        keys.click("button[value=preview]")
        page.wait_for_selector("text=添加 2 人")
        assert "“12”不是有效的电话号码" in page.inner_text(".pasted")
        keys.click("button[value=add]")
        page.wait_for_selector("text=已添加 2 人")
        passwords = page.locator(".pasted .secret").all_inner_texts()
        keys.click("main a.primary")

        page.wait_for_url("**/welcome?step=data")
        keys.click("button[value=end]")
        page.wait_for_url(re.compile(r"/$"))

        invitation = page.locator("gx-tour")
        assert invitation.is_visible()
        keys.click("gx-tour [data-do=start]")
        titles = []
        for _ in range(5):
            titles.append(page.inner_text(".tour h2"))
            if len(titles) == 5:
                with page.expect_response("**/me/tour") as told:
                    keys.press("Enter")
                assert told.value.status == 204
            else:
                keys.press("Enter")
        assert titles == ["搜索", "快速新建", "客户", "跟进记录", "设置"]
        assert page.locator(".tour").count() == 0
        keys.at("#main")  # nobody is left where nothing is any more
        page.reload()
        assert invitation.count() == 0, "once per person"

        keys.click("details.account > summary")
        keys.click("form[action='/signout'] button")
        page.wait_for_url("**/signin*")
        person = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}).new_page()
        person.goto(site)
        person.fill("#username", "zhangsan")
        person.fill("#password", passwords[0])
        person.keyboard.press("Enter")
        person.wait_for_url("**/password")
        for name, value in (("current", passwords[0]), ("password", NEW + "!"), ("again", NEW + "!")):
            person.fill(f"#{name}", value)
        person.keyboard.press("Enter")
        person.wait_for_url(re.compile(r"/$"))
        assert person.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert said == []


def test_what_is_there_afterwards(site: str) -> None:
    settings = people.newest(DEFAULT_WORKSPACE).settings
    assert (settings.currency, settings.zone) == ("HKD", "Asia/Hong_Kong")
    admin = people.by_username("admin")
    company = reading.query("company", actor=admin, fields=["name", "welcomed_at"]).rows
    assert [row["name"] for row in company] == ["云山科技有限公司"] and company[0]["welcomed_at"] is not None
    rows = reading.query("user", actor=admin, fields=["name", "username", "department", "roles", "last_sign_in"], sort=["username"]).rows
    assert [(row["username"], row["name"], row["department"] and row["department"]["label"]) for row in rows] == [
        ("admin", "管理员", None), ("lisi", "李四", "销售部"), ("zhangsan", "张三", "销售部"),
    ]  # fmt: skip
    assert [row["last_sign_in"] is not None for row in rows] == [True, False, True]
    assert [row["name"] for row in reading.query("department", actor=admin, fields=["name"]).rows] == ["销售部"], "the bad line made none"
    assert reading.query("customer", actor=admin, count="exact").count == 0
