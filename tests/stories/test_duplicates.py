"""Somebody types in a customer that a colleague has already: told while typing, asked when saving; by pointer and by keyboard alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import door
from tests.cast import Cast
from tests.chromium import enter
from tests.hands import WAYS, hands

COLLEAGUE_S = {"pointer": ("苏州金鸡湖软件有限公司", "金鸡湖软件（苏州）"), "keyboard": ("无锡蠡园茶业有限公司", "蠡园茶业（无锡）")}
OWN = {"pointer": ("常熟虞山软件有限公司", "虞山软件"), "keyboard": ("江阴澄江机械有限公司", "澄江机械")}
"""What there is already, and what is typed."""


@pytest.fixture(scope="module")
def there(cast: Cast) -> dict[str, tuple[UUID, UUID]]:
    """A colleague's customer and one's own, for each way of input."""

    def make(who: str, name: str) -> UUID:
        return door.perform("customer", "create", actor=cast.actor(who), changes={"name": name}).id

    return {how: (make("teammate", COLLEAGUE_S[how][0]), make("owner", OWN[how][0])) for how in WAYS}


@pytest.mark.parametrize("how", WAYS)
def test_a_duplicate_is_seen_while_typing_and_saved_only_when_confirmed(there: dict[str, tuple[UUID, UUID]], chromium: Any, website: str, how: str) -> None:
    from playwright.sync_api import expect

    made, own = there[how]
    page, said = enter(chromium, website)
    hand = hands(how, page)
    page.goto(f"{website}/customers/new")

    # One's own may be opened, in a tab beside the form.
    hand.fill("#main input[name=name]", OWN[how][1])
    found = page.locator("#main .dups li")
    expect(found).to_have_count(1)
    expect(found.first).to_contain_text(OWN[how][0])
    expect(found.get_by_role("link", name="打开")).to_have_attribute("href", f"/customers/{own}")

    # A colleague's is named with its owner and not opened.
    hand.fill("#main input[name=name]", COLLEAGUE_S[how][1])
    expect(found.first).to_contain_text(COLLEAGUE_S[how][0])
    expect(found.first).to_contain_text("李娜")
    expect(found.get_by_role("link", name="打开")).to_have_count(0)
    expect(found.get_by_role("link", name="联系负责人")).to_have_count(1)

    # Saving asks first; a tick says that it is another.
    hand.click("#main .saves button.primary")
    expect(page.locator(".said.wrong")).to_contain_text("可能重复")
    hand.check("input[name=confirmed]")
    hand.click("#main .saves button.primary")
    page.wait_for_url(f"{website}/customers/0*")
    assert str(made) not in page.url
    assert [line for line in said if "409" not in line] == []

    # What is nobody's goes away again.
    page.goto(f"{website}/customers/new")
    hand.fill("#main input[name=name]", OWN[how][1])
    expect(found).to_have_count(1)
    hand.fill("#main input[name=name]", "一家新公司")
    expect(page.locator("#main .dups li")).to_have_count(0)
    page.context.close()
