"""A mention reaches the other's bell while they look at something else; they open it, and nothing is left unread."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.kernel import accounts
from guanxi.kernel.records import door
from tests.cast import Cast
from tests.chromium import after, enter
from tests.kernel.tools import read_journal


@pytest.fixture(scope="module")
def customer(cast: Cast) -> Any:
    one = door.perform("customer", "create", actor=cast.actor("teammate"), changes={"name": "长风机械有限公司"}).id
    door.perform("customer", "share", actor=cast.actor("teammate"), id=one, inputs={"user": cast.users["owner"], "level": "read"})
    read_journal()
    return one


def mention(cast: Cast, customer: Any, text: str) -> None:
    def written() -> None:
        changes = {"text": text, "object_name": "customer", "record": str(customer), "mentions": [cast.users["owner"]]}
        door.perform("comment", "create", actor=cast.actor("teammate"), changes=changes)
        read_journal()

    after(written)


def test_a_mention_rings_the_bell_and_leads_to_its_record(cast: Cast, customer: Any, whole_site: str, chromium: Any) -> None:
    from playwright.sync_api import expect

    page, said = enter(chromium, whole_site, "owner")
    page.goto(whole_site + "/settings")
    badge = page.locator(".top .bell .badge")
    with page.expect_response("**/api/v1/events*"):  # the page listens before anything happens
        page.goto(whole_site + "/tasks")
    expect(badge).to_be_hidden()
    mention(cast, customer, "@王伟 请看合同第三条")
    expect(badge).to_have_text("1", timeout=20000)
    expect(page.locator(".top .bell")).to_have_attribute("aria-label", "消息，1 条未读")
    page.keyboard.press("m")
    first = page.locator("#bell .notices a.what").first
    expect(first).to_contain_text("李娜 在客户「长风机械有限公司」中提到了您")
    expect(first).to_contain_text("@王伟 请看合同第三条")
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#bell")).to_be_hidden()
    expect(page.locator(".top .bell")).to_be_focused()
    page.keyboard.press("Enter")  # by keyboard alone, all the way
    expect(page.locator("#bell .notices a.what").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{whole_site}/customers/{customer}")
    expect(page.locator("h1")).to_have_text("长风机械有限公司")
    page.wait_for_load_state("networkidle")
    expect(badge).to_be_hidden()
    assert said == []
    page.context.close()


def test_within_quiet_hours_the_bell_stays_still(cast: Cast, customer: Any, whole_site: str, chromium: Any) -> None:
    from playwright.sync_api import expect

    after(lambda: accounts.set_up_desk(cast.actor("owner"), {"notices": {"quiet": "00:00-23:59"}}))
    page, said = enter(chromium, whole_site, "owner")
    with page.expect_response("**/api/v1/events*"):
        page.goto(whole_site + "/notices")
    expect(page.locator("#notices li")).to_have_count(1)
    with page.expect_response(lambda answer: answer.url.endswith("/notices/count"), timeout=20000):
        mention(cast, customer, "@王伟 不急")
    expect(page.locator("#notices li.new")).to_have_count(1, timeout=20000)  # the page itself is kept up to date
    expect(page.locator(".top .bell .badge")).to_be_hidden()
    page.goto(whole_site + "/tasks")
    expect(page.locator(".top .bell .badge")).to_have_text("1")
    assert said == []
    page.context.close()
