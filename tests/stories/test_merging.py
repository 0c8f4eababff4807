"""From the inbox of duplicates to one record, and back to two: in a real browser, by pointer and by keyboard alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import pairing, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.chromium import after, enter
from tests.hands import Keys
from tests.kernel.tools import create


@pytest.fixture(scope="module")
def twins(cast: Cast) -> tuple[UUID, UUID]:
    owner = cast.actor("owner")
    a = create(owner, "customer", name="扬州瘦西湖旅游有限公司", phones=["0514-80000001"])
    b = create(owner, "customer", name="瘦西湖旅游（扬州）", phones=["0514-80000001"], email="hello@sxh.example.com")
    create(owner, "contact", name="周经理", customer=b)
    pairing.look_through(DEFAULT_WORKSPACE, "customer")
    return a, b


def test_merged_from_the_inbox_and_taken_back(twins: tuple[UUID, UUID], chromium: Any, website: str) -> None:
    from playwright.sync_api import expect

    a, b = twins
    page, said = enter(chromium, website)
    page.goto(f"{website}/duplicates")
    pair = page.locator("article.pair")
    expect(pair).to_have_count(1)
    expect(pair).to_contain_text("把握 92%")
    pair.get_by_role("link", name="合并…").click()
    page.wait_for_url("**/customers/merge?*")

    # The older one stays; its name is given up for the other's, and the e-mail it lacks is the other's already.
    name = page.locator("fieldset[data-field=name]")
    expect(name.get_by_role("radio").nth(0)).to_be_checked()
    name.get_by_role("radio").nth(1).check()
    expect(page.locator("fieldset[data-field=email]").get_by_role("radio").nth(1)).to_be_checked()
    expect(page.locator(".moves")).to_contain_text("联系人 1")
    page.get_by_role("button", name="合并成一条").click()
    page.wait_for_url(f"{website}/customers/{a}")
    expect(page.locator("h1")).to_contain_text("瘦西湖旅游（扬州）")
    toast = page.locator(".toast")
    expect(toast).to_contain_text("已合并 2 条客户")

    # The old address leads here; the message leads to the way back.
    toast.get_by_role("link", name="撤销").click()
    expect(page.locator("h1", has_text="撤销这次合并？")).to_be_visible()
    page.get_by_role("button", name="撤销合并").click()
    page.wait_for_url(f"{website}/customers/{a}")
    expect(page.locator("h1", has_text="扬州瘦西湖旅游有限公司")).to_be_visible()
    page.goto(f"{website}/customers/{b}")
    expect(page.locator("h1")).to_contain_text("瘦西湖旅游（扬州）")
    page.goto(f"{website}/duplicates")
    expect(page.locator("article.pair")).to_have_count(1)
    page.locator("article.pair").get_by_role("button", name="不是重复").click()
    expect(page.locator(".empty")).to_contain_text("没有疑似重复")

    # Two ticked in the list are compared as well.
    page.goto(f"{website}/customers")
    for id in twins:
        page.locator(f"#list input[name=ids][value='{id}']").check()
    page.locator("#selection button[value=merge]").click()
    page.wait_for_url("**/customers/merge?*")
    expect(page.locator("fieldset[data-field=name]")).to_be_visible()
    assert said == []
    page.context.close()


def test_merged_and_taken_back_by_keyboard_alone(twins: tuple[UUID, UUID], cast: Cast, chromium: Any, website: str) -> None:
    """Two rows ticked where one walks the list, compared, merged, and taken back by the key the message has."""
    a, b = twins
    names = lambda: {row["name"] for row in after(lambda: reading.query("customer", actor=cast.actor("owner"), fields=["name"]).rows)}  # noqa: E731
    page, said = enter(chromium, website)
    keys = Keys(page)
    page.goto(f"{website}/customers?sort=created_at")
    page.wait_for_selector("#list a.title >> nth=1")
    keys.press("j", "x", "j", "x")
    page.wait_for_selector("#selection.on")
    keys.click("#selection button[value=merge]")
    page.wait_for_url("**/customers/merge?*")
    keys.check(f"fieldset[data-field=name] input[value='{b}']")
    keys.click(".saves button.primary")
    page.wait_for_url(f"{website}/customers/{a}")
    assert names() == {"瘦西湖旅游（扬州）"}
    page.wait_for_selector(".toast a[data-key=z]")
    keys.press("z")
    page.wait_for_selector("h1:has-text('撤销这次合并？')")
    keys.click("button:has-text('撤销合并')")
    page.wait_for_url(f"{website}/customers/{a}")
    page.wait_for_selector("h1:has-text('扬州瘦西湖旅游有限公司')")
    assert names() == {"扬州瘦西湖旅游有限公司", "瘦西湖旅游（扬州）"}
    assert said == []
    page.context.close()
