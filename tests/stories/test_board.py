"""Lead to won on the board, in Chromium: a card dragged through the stages, what a stage needs asked for, and won."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guanxi.kernel.records import door, reading
from tests.cast import Cast
from tests.chromium import after, enter

DIALOG = "#dialog[open] .inside"


@pytest.fixture(scope="module")
def site(cast: Cast, website: str) -> str:
    owner = cast.actor("owner")
    customer = door.perform("customer", "create", actor=owner, changes={"name": "云山科技有限公司"}).id
    door.perform("lead", "create", actor=owner, changes={"name": "云山展会", "company": "云山科技有限公司", "person": "何欢", "phones": "13800138000"})
    for n in range(3):
        door.perform("opportunity", "create", actor=owner, changes={"name": f"别的商机 {n}", "customer": customer})
    return website


def drag(page: Any, what: Any, to: Any) -> None:
    """As a hand does it: press, move there in steps, let go."""
    page.wait_for_selector(".draggable")
    page.wait_for_selector(".moving", state="detached")
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), to.bounding_box()
    page.mouse.move(start["x"] + 12, start["y"] + start["height"] - 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + start["height"], steps=3)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + min(end["height"] / 2, 120), steps=12)
    page.wait_for_timeout(80)
    page.mouse.up()


def test_a_lead_is_won_on_the_board(cast: Cast, site: str, chromium: Any) -> None:
    from playwright.sync_api import expect

    page, said = enter(chromium, site, "owner")

    # the lead becomes a deal: dropping it on “converted” asks what converting asks
    page.goto(site + "/leads?view=board")
    lead = page.locator(".slip", has_text="云山展会")
    drag(page, lead, page.locator(".lane", has=page.locator("h2", has_text="已转换")))
    page.wait_for_selector(DIALOG)
    page.select_option("#dialog #i-with_opportunity", "true")
    page.fill("#dialog #i-amount", "52000")
    page.click("#dialog .saves button")
    page.wait_for_selector(".toast.done")
    assert page.locator(".slip", has_text="云山展会").count() == 0

    # through the stages: one step at a time, and what a stage needs is asked for
    page.goto(site + "/opportunities?view=board")
    card = page.locator(".slip", has_text="云山展会")
    lane = lambda name: page.locator(".lane", has=page.locator("h2", has_text=name))  # noqa: E731
    assert lane("初步接触").locator(".slip").count() == 4
    drag(page, card, lane("商务谈判"))
    page.wait_for_selector(".toast.wrong")
    assert "不能从“初步接触”直接到“商务谈判”" in page.locator(".toast.wrong").inner_text()
    assert lane("初步接触").locator(".slip").count() == 4

    drag(page, card, lane("需求确认"))
    page.wait_for_selector(DIALOG)
    page.keyboard.press("Escape")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    expect(lane("初步接触").locator(".slip", has_text="云山展会")).to_have_count(1)

    drag(page, card, lane("需求确认"))
    page.wait_for_selector(DIALOG)
    page.click("#dialog .saves button")
    page.wait_for_selector("#dialog .error")
    page.fill("#dialog #i-needs", "一套 CRM")
    page.click("#dialog .saves button")
    page.wait_for_selector(".toast.done")
    expect(lane("需求确认").locator(".slip", has_text="云山展会")).to_have_count(1)
    expect(lane("需求确认").locator(".count")).to_have_text("1")
    expect(lane("初步接触").locator(".count")).to_have_text("3")

    # undone, and done again by the keyboard
    page.click(".toast.done button >> nth=0")
    expect(lane("初步接触").locator(".count")).to_have_text("4")
    expect(lane("初步接触").locator(".slip", has_text="云山展会")).to_have_count(1)
    card.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(lane("初步接触").locator(".count")).to_have_text("3")
    page.wait_for_function("document.activeElement.textContent.startsWith('云山展会')")

    drag(page, card, lane("方案报价"))
    page.wait_for_selector("#dialog #i-expected_close")
    page.fill("#dialog #i-expected_close", "2027-01-31")
    page.click("#dialog .saves button")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    lane("方案报价").locator(".slip", has_text="云山展会").wait_for()

    # won: dropped on the folded column at the right
    drag(page, card, lane("赢单"))
    page.wait_for_selector("#dialog #i-won_reason")
    page.fill("#dialog #i-won_reason", "服务好")
    page.fill("#dialog #i-amount", "48000")
    page.click("#dialog .saves button")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    expect(lane("赢单").locator(".count")).to_have_text("1")
    assert page.locator(".slip", has_text="云山展会").count() == 0
    page.context.close()
    assert said == []

    deal, history, lead = after(lambda: _found(cast))
    assert (deal["result"], deal["amount"]["amount"], deal["won_reason"], deal["needs"]) == ("won", Decimal("48000.00"), "服务好", "一套 CRM")
    assert str(deal["expected_close"]) == "2027-01-31"
    assert [row["to_stage"]["label"] for row in history] == ["初步接触", "需求确认", "初步接触", "需求确认", "方案报价", "赢单"]
    assert lead == "converted"


def _found(cast: Cast) -> tuple[Any, Any, Any]:
    owner, named = cast.actor("owner"), 'name = "云山展会"'
    deal = reading.query("opportunity", actor=owner, where=named, fields=["result", "amount", "won_reason", "needs", "expected_close"]).rows[0]
    history = reading.query("stage_history", actor=owner, where=f"opportunity = {deal['id']}", fields=["to_stage"], sort="entered_at", limit=50).rows
    return deal, history, reading.query("lead", actor=owner, where=named, fields=["status"]).rows[0]["status"]
