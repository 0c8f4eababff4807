"""A sales person who sees phones masked shows one, withdraws a consent by a click, and is warned before the next call, in Chromium."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import auditing, door, reading
from tests.chromium import after, enter
from tests.kernel.tools import create


@pytest.fixture(scope="module")
def contact(cast: Any) -> UUID:
    """Somebody who may be called, of a person who sees phones masked."""
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["grants"]).rows[0]
    grants = json.loads(json.dumps(role["grants"]))
    grants["contact"] |= {"fields": {"@contact": "masked"}, "verbs": [*grants["contact"]["verbs"], "reveal"]}
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": grants})
    desk, owner = cast.actor("system"), str(cast.users["owner"])
    customer = create(desk, "customer", name="玻璃公司", owner=owner)
    made = create(desk, "contact", name="沈清", phones=["13866660000"], customer=str(customer), owner=owner)
    create(cast.actor("owner"), "consent", object_name="contact", record=str(made), purpose="marketing_phone")
    return made


def test_shown_once_withdrawn_and_warned(cast: Any, contact: UUID, website: str, chromium: Any) -> None:
    page, said = enter(chromium, website)
    page.goto(f"{website}/contacts/{contact}")
    shown = page.locator('.facts [data-shown="phones"]')
    assert "****" in shown.inner_text() and "6666" not in shown.inner_text() and page.locator('.facts a[href^="tel:"]').count() == 0
    shown.locator("button", has_text="显示").click()
    page.wait_for_selector('.facts a[href="tel:+8613866660000"]')
    assert after(lambda: [(line.user, line.record_id) for line in auditing.lines(cast.actor("admin"), kinds=["revealed"])]) == [("王伟", contact)]

    assert page.locator(".box .withdrawn").count() == 0
    page.locator(".consents li", has_text="电话营销").locator("button").click()
    page.wait_for_selector(".box .withdrawn:visible")
    page.locator(".channels label", has_text="拜访").click()
    page.wait_for_selector(".box .withdrawn", state="hidden")
    page.locator(".channels label", has_text="电话").click()
    page.wait_for_selector(".box .withdrawn:visible")
    assert said == []
