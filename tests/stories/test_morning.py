"""A sales person's morning in the browser: what is overdue, a follow-up in the drawer, the next record, a task done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.chromium import after, enter


@pytest.fixture(scope="module")
def overdue(cast: Cast) -> dict[str, Any]:
    """Two customers who should have been called, and a task that is due with the second."""
    owner, made = cast.actor("owner"), {}
    now = datetime.now(UTC)
    for days, name in ((5, "海棠贸易有限公司"), (3, "木棉服饰有限公司")):
        made[name] = door.perform("customer", "create", actor=owner, changes={"name": name, "next_contact_at": now - timedelta(days=days)}).id
    made["task"] = door.perform(
        "task", "create", actor=owner, changes={"subject": "寄样品", "customer": made["木棉服饰有限公司"], "due_at": now - timedelta(hours=20)}
    ).id
    return made


def events() -> list[tuple[str, str]]:
    """(object, verb) of everything that ever happened, the oldest first."""
    with sql.work(DEFAULT_WORKSPACE):
        return [(row[0], row[1]) for row in sql.rows("SELECT object, verb FROM gx_event ORDER BY id", [])]


def test_a_morning(cast: Cast, overdue: dict[str, Any], chromium: Any, website: str) -> None:
    from playwright.sync_api import expect

    before = after(events)
    page, said = enter(chromium, website)

    # From home, the counter of who should have been called opens the list behind it, the longest overdue first.
    page.goto(website)
    counter = page.locator("#main a", has_text="逾期未联系客户")
    expect(counter).to_contain_text("2")
    counter.click()
    page.wait_for_selector("#main a.title")
    assert page.url.startswith(f"{website}/customers?where=")
    names = page.locator("#main a.title").all_inner_texts()
    assert names == ["海棠贸易有限公司", "木棉服饰有限公司"]
    page.locator("#main a.title").first.click()
    page.wait_for_selector("#drawer[open] .inside[data-title='海棠贸易有限公司']")
    assert page.url == f"{website}/customers/{overdue['海棠贸易有限公司']}"

    # A follow-up, by keyboard: f to the box, the words, the next time, saved by Ctrl Enter.
    page.keyboard.press("f")
    expect(page.locator("#drawer form.box textarea")).to_be_focused()
    page.keyboard.type("电话确认了报价，周内给答复")
    page.locator("#drawer [data-at]").nth(0).focus()
    page.keyboard.press("Enter")
    page.locator("#drawer form.box textarea").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#drawer .day .written")
    assert page.locator("#drawer .written").first.inner_text().startswith("电话确认了报价，周内给答复")

    # The next record, by keyboard; its task is done from its page.
    page.locator("#drawer .content").focus()
    page.keyboard.press("j")
    page.wait_for_selector("#drawer .inside[data-title='木棉服饰有限公司']")
    page.locator("#drawer .tabs a", has_text="任务").click()
    page.locator("#drawer .rows a.title", has_text="寄样品").click()
    page.wait_for_selector("#drawer .inside[data-title='寄样品']")
    page.locator("#drawer .does a", has_text="完成").click()
    page.wait_for_selector("#dialog[open] form textarea[name=outcome]")
    page.fill("#dialog textarea[name=outcome]", "样品已寄，单号 SF100")
    page.locator("#dialog footer button.primary").click()
    page.wait_for_selector("#dialog:not([open])", state="attached")
    expect(page.locator("#drawer .highlights")).to_contain_text("已完成")
    assert said == []
    page.context.close()

    # And the database says so.
    owner = after(lambda: cast.actor("owner"))
    first = after(lambda: reading.get("customer", overdue["海棠贸易有限公司"], actor=owner))
    tomorrow = (datetime.now(UTC).astimezone(owner.catalog.settings.tz) + timedelta(days=1)).date()  # type: ignore[union-attr]
    due = first["next_contact_at"].astimezone(owner.catalog.settings.tz)  # type: ignore[union-attr]
    assert (due.date(), due.hour) == (tomorrow, 9) and first["last_contact_kind"] == "phone" and first["last_contact_by"]["label"] == "王伟"
    written = after(lambda: reading.query("activity", actor=owner, where=Test("customer", "=", first["id"]), fields=["content", "kind", "owner"]).rows)
    assert [(row["content"], row["kind"], row["owner"]["label"]) for row in written] == [("电话确认了报价，周内给答复", "phone", "王伟")]
    planned = after(lambda: reading.query("task", actor=owner, where=Test("customer", "=", first["id"]), fields=["due_at", "status"]).rows)
    assert [(row["due_at"], row["status"]) for row in planned] == [(first["next_contact_at"], "open")]
    task = after(lambda: reading.get("task", overdue["task"], actor=owner))
    assert task["status"] == "done" and task["outcome"] == "样品已寄，单号 SF100" and task["done_at"] is not None
    # The follow-up, the customer it tells, the task it plans, the task that was done, and that somebody signed in.
    assert sorted(after(events)[len(before) :]) == [
        ("activity", "create"), ("customer", "contacted"), ("task", "complete"), ("task", "create"), ("user", "signed_in"),
    ]  # fmt: skip
