"""A chat pasted at a desk and on a phone: recognised, accepted with one key, and checked in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from guanxi.kernel.records import door, reading
from tests.cast import Cast
from tests.chromium import after, enter

ZONE = ZoneInfo("Asia/Shanghai")


def chat(now: datetime) -> str:
    """A chat of this morning or, early in the day, of yesterday."""
    at = now - timedelta(hours=3)
    return (
        f"李雷 {at:%Y-%m-%d %H:%M}\n你好，我是深圳市星河科技有限公司的采购经理，想了解一下你们的系统\n王伟 {at:%Y-%m-%d %H:%M}\n好的，怎么联系您？\n"
        f"李雷 {at + timedelta(minutes=1):%Y-%m-%d %H:%M}\n13800138000，下周三上午10点来我们公司谈吧"
    )


def next_wednesday(now: datetime) -> datetime:
    said = (now - timedelta(hours=3)).date()
    day = said - timedelta(days=said.weekday()) + timedelta(days=9)
    return datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)


def rows(cast: Cast, name: str, where: str, *fields: str) -> list[dict[str, Any]]:
    return after(lambda: reading.query(name, actor=cast.actor("owner"), where=where, fields=list(fields)).rows)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def known(cast: Cast) -> UUID:
    customer = door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "金辉物流有限公司"}).id
    door.perform("contact", "create", actor=cast.actor("owner"), changes={"name": "赵云", "customer": str(customer), "phones": "13812345678"})
    return customer


def paste(page: Any, text: str) -> None:
    """As Ctrl+V does: the words arrive at once, and the page is told."""
    page.evaluate(
        """(text) => {
          const box = document.getElementById("capture-text"), data = new DataTransfer();
          data.setData("text/plain", text);
          box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
          box.value = text;
        }""",
        text,
    )


def test_a_chat_is_a_customer_a_contact_and_a_plan_in_three_strokes(cast: Cast, known: UUID, chromium: Any, website: str) -> None:
    now = datetime.now(ZONE)
    page, said = enter(chromium, website)
    page.keyboard.press("n")
    page.wait_for_selector("#dialog #capture-text")
    page.wait_for_function("document.activeElement.id === 'capture-text'")
    assert page.url == website + "/capture"
    paste(page, chat(now))
    page.wait_for_selector("#dialog .captured")
    assert page.locator("#dialog mark[data-for='i-activity.next_contact_at']").inner_text() == "下周三上午10点"
    assert page.input_value("[id='i-activity.next_contact_at']") == f"{next_wednesday(now):%Y-%m-%dT%H:%M}"
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast")
    assert "客户、联系人、跟进记录" in page.locator(".toast").inner_text()
    assert page.url == website + "/" and said == []
    customer = rows(cast, "customer", "name = 深圳市星河科技有限公司", "name", "next_contact_at", "owner")
    assert [(row["next_contact_at"], row["owner"]["label"]) for row in customer] == [(next_wednesday(now).astimezone(UTC), "王伟")]
    assert [(row["name"], row["phones"], row["job_title"]) for row in rows(cast, "contact", f"customer = {customer[0]['id']}", "name", "phones", "job_title")] == [("李雷", [{"number": "+8613800138000"}], "采购经理")]
    activity = rows(cast, "activity", f"customer = {customer[0]['id']}", "content", "kind", "contact", "next_contact_at")
    assert [(row["kind"], row["contact"]["label"], row["next_contact_at"], row["content"]) for row in activity] == [("wechat", "李雷", next_wednesday(now).astimezone(UTC), chat(now))]
    tasks = rows(cast, "task", f"customer = {customer[0]['id']}", "subject", "due_at", "status")
    assert [(row["subject"], row["due_at"], row["status"]) for row in tasks] == [("联系 李雷", next_wednesday(now).astimezone(UTC), "open")]
    page.context.close()


def test_on_a_phone_paste_and_one_tap(cast: Cast, known: UUID, chromium: Any, website: str) -> None:
    page, said = enter(chromium, website, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.tap("a.pen")
    page.wait_for_selector("#dialog #capture-text")
    paste(page, "13812345678 来电，2099年1月7日下午2点半再谈")
    page.wait_for_selector("#dialog .captured")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap("#dialog .saves .primary")
    page.wait_for_selector(".toast")
    found = rows(cast, "activity", f"customer = {known}", "contact", "kind", "next_contact_at")
    assert [(row["contact"]["label"], row["kind"], row["next_contact_at"]) for row in found] == [("赵云", "phone", datetime(2099, 1, 7, 6, 30, tzinfo=UTC))]
    assert said == []
    page.context.close()


def test_what_may_also_be_meant_fills_its_input_when_chosen(cast: Cast, known: UUID, chromium: Any, website: str) -> None:
    page, said = enter(chromium, website)
    page.goto(website + "/capture")
    page.fill("#capture-text", "今天拜访了金辉物流有限公司，2099年2月1日下午3点再谈，2099年3月1日上午9点来签字")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".captured")
    assert page.input_value("[id='i-activity.next_contact_at']") == ""
    page.check("input[name='activity.next_contact_at.pick'] >> nth=1")
    assert page.input_value("[id='i-activity.next_contact_at']") == "2099-03-01T09:00"
    page.fill("[id='i-activity.next_contact_at']", "2099-03-02T09:00")
    assert not page.is_checked("input[name='activity.next_contact_at.pick'] >> nth=1")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{website}/customers/{known}")
    found = rows(cast, "activity", f"customer = {known} and kind = visit", "next_contact_at")
    assert [row["next_contact_at"] for row in found] == [datetime(2099, 3, 2, 1, tzinfo=UTC)]
    assert said == []
    page.context.close()


def test_without_script(cast: Cast, known: UUID, chromium: Any, website: str) -> None:
    page, _ = enter(chromium, website, java_script_enabled=False)
    page.click("a.pen")
    page.fill("#capture-text", "今天拜访了无脚本有限公司，联系人：马可 13812340077")
    page.click(".saves .primary")
    page.click(".saves .primary")
    assert "无脚本有限公司" in page.locator("h1").inner_text()
    made = rows(cast, "contact", "name = 马可", "customer", "phones")
    assert [(row["customer"]["label"], row["phones"]) for row in made] == [("无脚本有限公司", [{"number": "+8613812340077"}])]
    page.context.close()


@pytest.mark.parametrize("how", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_axe_finds_nothing(known: UUID, chromium: Any, website: str, how: dict[str, Any]) -> None:
    axe = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed")
    page, _ = enter(chromium, website, bypass_csp=True, **how)
    page.goto(website + "/capture")
    page.fill("#capture-text", chat(datetime.now(ZONE)) + "\n金辉物流的网址 www.jinhui.cn，预算 15万元，12月3日或12月5日再说")
    for _ in range(2):
        page.evaluate(axe.read_text())
        assert page.evaluate("axe.run(document).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`))") == []
        if page.locator(".captured").count() == 0:
            page.keyboard.press("Control+Enter")
            page.wait_for_selector(".captured")
    page.context.close()
