"""Somebody types in a customer that a colleague has already: told while typing, asked when saving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import door
from tests.cast import Cast
from tests.chromium import enter


@pytest.fixture(scope="module")
def there(cast: Cast) -> tuple[UUID, UUID]:
    """A colleague's customer and one's own."""
    made = door.perform("customer", "create", actor=cast.actor("teammate"), changes={"name": "苏州金鸡湖软件有限公司"}).id
    return made, door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "常熟虞山软件有限公司"}).id


def test_a_duplicate_is_seen_while_typing_and_saved_only_when_confirmed(there: tuple[UUID, UUID], chromium: Any, website: str) -> None:
    from playwright.sync_api import expect

    made, own = there
    page, said = enter(chromium, website)
    page.goto(f"{website}/customers/new")

    # One's own may be opened, in a tab beside the form.
    page.locator("#main input[name=name]").type("虞山软件")
    found = page.locator("#main .dups li")
    expect(found).to_have_count(1)
    expect(found.first).to_contain_text("常熟虞山软件有限公司")
    expect(found.get_by_role("link", name="打开")).to_have_attribute("href", f"/customers/{own}")

    # A colleague's is named with its owner and not opened.
    page.locator("#main input[name=name]").fill("金鸡湖软件（苏州）")
    expect(found.first).to_contain_text("苏州金鸡湖软件有限公司")
    expect(found.first).to_contain_text("李娜")
    expect(found.get_by_role("link", name="打开")).to_have_count(0)
    expect(found.get_by_role("link", name="联系负责人")).to_have_count(1)

    # Saving asks first; a tick says that it is another.
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".said.wrong")).to_contain_text("可能重复")
    page.locator("input[name=confirmed]").check()
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url(f"{website}/customers/0*")
    assert str(made) not in page.url
    assert [line for line in said if "409" not in line] == []

    # What is nobody's goes away again.
    page.goto(f"{website}/customers/new")
    name = page.locator("#main input[name=name]")
    name.fill("虞山软件")
    expect(found).to_have_count(1)
    name.fill("一家新公司")
    expect(page.locator("#main .dups li")).to_have_count(0)
