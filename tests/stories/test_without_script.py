"""Somebody's work with scripts off, in Chromium: sign-in, list, filter, record, forms, the stage bar, the follow-up box; then what is there."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guanxi.kernel.records import door, reading
from tests.cast import Cast
from tests.chromium import after, enter


@pytest.fixture(scope="module")
def site(cast: Cast, website: str) -> str:
    for name, grade in (("海棠贸易有限公司", "vip"), ("海棠工艺有限公司", "normal"), ("木棉服饰有限公司", "vip")):
        door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": name, "grade": grade})
    return website


@pytest.fixture(scope="module")
def page(site: str, chromium: Any) -> Any:
    """One browser without script for the whole day, signed in by its form."""
    page, said = enter(chromium, site, java_script_enabled=False)
    yield page
    page.context.close()
    assert said == []


def one(cast: Cast, name: str, where: str, *fields: str) -> dict[str, Any]:
    rows = after(lambda: reading.query(name, actor=cast.actor("owner"), where=where, fields=list(fields)).rows)
    assert len(rows) == 1, rows
    return dict(rows[0])


def titles(page: Any) -> list[str]:
    return sorted(page.locator("#list a.title").all_inner_texts())


def test_a_list_is_filtered_ordered_and_opened(page: Any, site: str) -> None:
    page.click(".sider a[href='/customers']")
    assert titles(page) == sorted(["海棠贸易有限公司", "海棠工艺有限公司", "木棉服饰有限公司"])
    page.fill(".filters input[name=q]", "海棠")
    page.click(".filters > button.apply")
    assert titles(page) == sorted(["海棠贸易有限公司", "海棠工艺有限公司"])
    page.click("details.more > summary")
    page.fill("#where", "客户等级 = vip")
    page.click(".panel button.apply")
    assert titles(page) == ["海棠贸易有限公司"] and page.locator(".chip").count() == 2
    page.click(".chip a.away >> nth=0")
    assert len(titles(page)) == 2
    page.click("a[data-clear]")
    assert len(titles(page)) == 3
    page.click("thead th[data-path=name] a")
    assert "sort=name" in page.url
    page.click("a.title:has-text('海棠贸易有限公司')")
    assert page.inner_text("h1") == "海棠贸易有限公司"


def test_a_follow_up_is_written_in_the_box(page: Any, site: str, cast: Cast) -> None:
    record = page.url
    page.check(".channels input[value=wechat]", force=True)
    page.fill("form.box textarea", "没有脚本也写得下")
    page.fill("form.box [name=next_contact_at]", "2027-03-01T09:30")
    page.click("form.box button.primary")
    assert page.url == record and "没有脚本也写得下" in page.inner_text(".happened .written >> nth=0")
    row = one(cast, "activity", 'content contains "没有脚本"', "kind", "customer", "next_contact_at")
    assert (row["kind"], row["customer"]["label"], row["next_contact_at"]) == ("wechat", "海棠贸易有限公司", datetime(2027, 3, 1, 1, 30, tzinfo=UTC))
    page.fill("form.box textarea", "x" * 3)
    page.fill("form.remark textarea", "也能评论") if page.locator("form.remark textarea").is_visible() else page.click("details.remarks summary")
    page.fill("form.remark textarea", "也能评论")
    page.click("form.remark button.primary")
    assert page.url == record and "也能评论" in page.inner_text(".happened")


def test_a_record_is_changed_and_one_value_of_it(page: Any, site: str, cast: Cast) -> None:
    record = page.url
    page.click(".heading .does a[href$='/edit']")
    page.fill("#i-short_name", "海棠")
    page.fill("#i-email", "不是邮箱")
    page.click(".saves button.primary")
    assert page.locator("[aria-invalid=true]#i-email").count() == 1 and page.input_value("#i-short_name") == "海棠"
    page.fill("#i-email", "hai@tang.example.com")
    page.click(".saves button.primary")
    assert page.url == record
    page.click("a.amend[href$='/field/website']", force=True)
    page.fill("form [name=website]", "www.tang.example.com")
    page.click("main form button.primary")
    row = one(cast, "customer", 'name = "海棠贸易有限公司"', "short_name", "email", "website")
    assert (row["short_name"], row["email"], "tang.example.com" in row["website"]) == ("海棠", "hai@tang.example.com", True)


def test_a_deal_is_made_moved_and_won(page: Any, site: str, cast: Cast) -> None:
    """What links to something is written by its name; a stage asks for what it needs on a page of its own."""
    page.goto(site + "/opportunities")
    page.click(".heading .does a.primary")
    page.fill("#i-name", "海棠的门店系统")
    page.fill("#i-customer", "海棠贸易有限公司")
    page.fill("#i-amount", "52000")
    page.click(".saves button.primary")
    assert page.inner_text("h1") == "海棠的门店系统"
    page.click("ol.stages button:has-text('需求确认')")
    page.fill("#i-needs", "十家门店")
    page.click("main form button.primary")
    assert page.inner_text("h1") == "海棠的门店系统" and page.inner_text("ol.stages [aria-current]") == "需求确认"
    row = one(cast, "opportunity", 'name = "海棠的门店系统"', "stage", "needs", "amount", "customer")
    assert (row["stage"]["label"], row["needs"], row["amount"]["amount"], row["customer"]["label"]) == ("需求确认", "十家门店", Decimal("52000.00"), "海棠贸易有限公司")
    page.click("ol.stages button:has-text('商务谈判')")
    assert "不能从" in page.inner_text("main")
    assert one(cast, "opportunity", 'name = "海棠的门店系统"', "stage")["stage"]["label"] == "需求确认"


def test_several_are_ticked_and_changed_and_one_signs_out(page: Any, site: str, cast: Cast) -> None:
    page.goto(site + "/customers?q=海棠")
    for box in page.locator("#list tbody input[name=ids]").all():
        box.check()
    page.click("#selection button[value=update]")
    page.select_option("#i-grade", "key")
    page.click(".saves button.primary")
    rows = after(lambda: reading.query("customer", actor=cast.actor("owner"), where='name contains "海棠"', fields=["grade"]).rows)
    assert [row["grade"] for row in rows] == ["key", "key"]
    page.click("details.account > summary")
    page.click("form[action='/signout'] button")
    assert "/signin" in page.url
