"""The screens in Chromium: nothing is refused by the policy, nothing runs over the side, scripts only add."""

from __future__ import annotations

import pytest

from guanxi.kernel.records import door
from tests.chromium import enter as _enter


@pytest.fixture(scope="module")
def site(cast, website):
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"}).id
    for n in range(60):
        changes = {"name": f"一本名字相当长的书第 {n} 卷", "price": n * 1000, "author": author, "tags": ["甲", "乙"]}
        door.perform("book", "create", actor=cast.actor("owner"), changes=changes)
    return website


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_runs_over_the_side_or_breaks_the_policy(site, chromium, width, scheme):
    page, said = _enter(chromium, site, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(site + "/books")
    record = page.locator("a.title").first.get_attribute("href")
    for url in ("/", "/books", "/books/new", record, record + "?tab=history", record + "/edit", "/search?q=书", "/me", "/password", "/nothing"):
        page.goto(site + url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
    assert said == []
    page.context.close()


def test_without_script_the_pages_read_and_the_forms_post(site, chromium):
    page, _ = _enter(chromium, site, java_script_enabled=False)
    page.goto(site + "/books/new")
    page.fill("#i-name", "没有脚本")
    page.fill("#i-author", "鲁迅")
    page.click(".saves button >> nth=-1")
    assert "没有脚本" in page.locator("h1").inner_text()
    page.goto(site + "/books")
    page.fill(".filters input[name=q]", "没有")
    page.click(".filters > .apply")
    assert page.locator("tbody tr").count() == 1
    page.context.close()


def test_a_picker_takes_the_keyboard(site, chromium):
    page, said = _enter(chromium, site)
    page.goto(site + "/books/new")
    page.fill("#i-name", "选出来的")
    page.click("#i-author")
    page.keyboard.type("luxun")
    page.wait_for_selector("gx-combobox li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value("#i-author") == "鲁迅"
    page.click(".saves button >> nth=-1")
    page.wait_for_selector(".facts")
    assert "鲁迅" in page.locator(".facts").inner_text()
    assert said == []
    page.context.close()
