"""A sales person who sees phones masked shows one, withdraws a consent, and is warned before the next call, in Chromium; by pointer and by
keyboard alone."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import auditing, door, reading
from tests.chromium import after, enter
from tests.hands import WAYS, hands
from tests.kernel.tools import create


@pytest.fixture(scope="module")
def contacts(cast: Any) -> dict[str, UUID]:
    """People who may be called, one for each way of input, of somebody who sees phones masked."""
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["grants"]).rows[0]
    grants = json.loads(json.dumps(role["grants"]))
    grants["contact"] |= {"fields": {"@contact": "masked"}, "verbs": [*grants["contact"]["verbs"], "reveal"]}
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": grants})
    desk, owner = cast.actor("system"), str(cast.users["owner"])
    customer = create(desk, "customer", name="玻璃公司", owner=owner)
    made = {}
    for how in WAYS:
        made[how] = create(desk, "contact", name=f"沈清 {how}", phones=["13866660000"], customer=str(customer), owner=owner)
        create(cast.actor("owner"), "consent", object_name="contact", record=str(made[how]), purpose="marketing_phone")
    return made


@pytest.mark.parametrize("how", WAYS)
def test_shown_once_withdrawn_and_warned(cast: Any, contacts: dict[str, UUID], website: str, chromium: Any, how: str) -> None:
    contact = contacts[how]
    page, said = enter(chromium, website)
    hand = hands(how, page)
    page.goto(f"{website}/contacts/{contact}")
    shown = page.locator('.facts [data-shown="phones"]')
    assert "****" in shown.inner_text() and "6666" not in shown.inner_text() and page.locator('.facts a[href^="tel:"]').count() == 0
    hand.click('.facts [data-shown="phones"] button:has-text("显示")')
    page.wait_for_selector('.facts a[href="tel:+8613866660000"]')
    lines = after(lambda: [(line.user, line.record_id) for line in auditing.lines(cast.actor("admin"), kinds=["revealed"])])
    assert [line for line in lines if line[1] == contact] == [("王伟", contact)]

    assert page.locator(".box .withdrawn").count() == 0
    hand.click('.consents li:has-text("电话营销") button')
    page.wait_for_selector(".box .withdrawn:visible")
    hand.check(".channels input[value=visit]")
    page.wait_for_selector(".box .withdrawn", state="hidden")
    hand.check(".channels input[value=phone]")
    page.wait_for_selector(".box .withdrawn:visible")
    standing = after(lambda: reading.query("consent", actor=cast.actor("owner"), where=f'record = "{contact}"', fields=["withdrawn_at"]).rows)
    assert [row["withdrawn_at"] is not None for row in standing] == [True]
    assert said == []
    page.context.close()
