"""The pool in Chromium: a seller claims from the list until the limit, gives one back; a manager hands out evenly; an
administrator tries a rule, switches it on, and the night takes what was foreseen. Managers and administrators do it by keyboard alone, a
seller by both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, people, pooling, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.chromium import after, enter
from tests.hands import Keys
from tests.kernel.tools import create, raw

DESK = system(DEFAULT_WORKSPACE, via="test")
LYING = ["云山科技", "海图物流", "青禾农业", "北斗仪器", "远川建材", "明德教育", "临海渔业"]


def pool_of() -> UUID:
    return people.newest(DEFAULT_WORKSPACE).pools_of("customer")[0].id


@pytest.fixture(scope="module")
def site(cast: Cast, website: str) -> str:
    for name in LYING:
        one = create(DESK, "customer", name=name, owner=cast.users["outsider"], phones="13800138000")
        door.perform("customer", "return_to_pool", actor=DESK, id=one, inputs={"reason": "no_need"})
    for name, days in (("久未联系甲", 40), ("久未联系乙", 31), ("刚刚联系", 2)):
        one = create(DESK, "customer", name=name, owner=cast.users["teammate"])
        raw("ALTER TABLE gx_customer DISABLE TRIGGER gx_event_first")
        raw("UPDATE gx_customer SET owned_since = now() - make_interval(days => %s), created_at = now() - make_interval(days => %s) WHERE id = %s", [days, days, one])
        raw("ALTER TABLE gx_customer ENABLE TRIGGER gx_event_first")
    door.perform("pool", "update", actor=DESK, id=pool_of(), changes={"daily_limit": 2})
    return website


def owners() -> dict[str, str | None]:
    """Who owns which customer, by name."""

    def ask() -> dict[str, str | None]:
        rows = reading.query("customer", actor=DESK, fields=["name", "owner"], limit=200).rows
        return {row["name"]: row["owner"] and row["owner"]["label"] for row in rows}

    found: dict[str, str | None] = after(ask)
    return found


def claim(page: Any, name: str) -> None:
    page.locator("table.rows tbody tr", has_text=name).locator("td.act a.button").click()
    page.wait_for_selector("dialog[open] form")


def test_a_seller_claims_until_the_limit_and_gives_one_back(site: str, chromium: Any) -> None:
    page, said = enter(chromium, site, "owner")
    page.goto(site + "/customers")
    page.click('nav.views a:has-text("公海")')
    page.wait_for_selector("td.act a.button")
    assert page.locator("table.rows tbody tr").count() == len(LYING)
    assert "13800138000" not in page.content() and "138 0013 8000" not in page.content()
    for left, name in ((2, "云山科技"), (1, "海图物流")):
        claim(page, name)
        page.wait_for_selector(f'dialog[open] >> text="默认公海：今天还可领取 {left} 条。"')
        page.click("dialog[open] button.primary")
        page.wait_for_selector(f'table.rows tbody tr:has-text("{name}")', state="detached")
    claim(page, "青禾农业")
    page.wait_for_selector('dialog[open] >> text="默认公海：今天还可领取 0 条。"')
    page.click("dialog[open] button.primary")
    page.wait_for_selector('dialog[open] >> text=到了每日上限')
    page.keyboard.press("Escape")
    assert {name for name, owner in owners().items() if owner == "王伟"} == {"云山科技", "海图物流"}

    page.goto(site + "/customers?view=mine")
    page.click('table.rows a.title:has-text("云山科技")')
    page.wait_for_selector('.does a:has-text("退回公海"), .does .pop a:has-text("退回公海")', state="attached")
    page.goto(page.url if "/customers/" in page.url else site + page.get_attribute('table.rows a.title:has-text("云山科技")', "href"))
    page.wait_for_selector("h1:has-text('云山科技')")
    page.goto(page.url.split("?")[0] + "/return_to_pool")
    page.select_option("select[name=reason]", label="其他")
    page.click("form.card button.primary")
    page.wait_for_selector("text=请说明原因")
    page.fill("[name=note]", "客户要求换人")
    page.click("form.card button.primary")
    page.wait_for_url("**/customers/*")
    assert owners()["云山科技"] is None
    page.goto(site + "/customers?view=pool")
    claim(page, "青禾农业")
    page.wait_for_selector('dialog[open] >> text="默认公海：今天还可领取 0 条。"')  # what was given back gives no quota back
    assert said == []


def test_a_manager_hands_out_evenly(site: str, chromium: Any) -> None:
    page, said = enter(chromium, site, "manager")
    keys = Keys(page)
    page.goto(site + "/customers?view=pool")
    page.wait_for_selector("td.act a.button")
    for name in ("青禾农业", "北斗仪器", "远川建材", "明德教育"):
        keys.check(f"table.rows tbody tr:has-text('{name}') input[type=checkbox]")
    keys.click('#selection button[value="distribute"]')
    page.wait_for_selector("select[name=way]")
    for typed, name in (("ww", "王伟"), ("李", "李娜")):
        keys.reach("#dialog gx-combobox[many] input")
        keys.type(typed)
        page.wait_for_selector(f"#dialog gx-combobox[many] li[aria-selected=true]:has-text('{name}')")
        keys.press("Enter")
    keys.select("select[name=way]", "平均分配")
    keys.click("#dialog button.primary")
    page.wait_for_selector("text=分配：4 条已完成。")
    found = owners()
    given = [found[name] for name in ("青禾农业", "北斗仪器", "远川建材", "明德教育")]
    assert sorted(given, key=str) == ["李娜", "李娜", "王伟", "王伟"]
    assert said == []


def test_a_seller_claims_and_gives_back_by_keyboard_alone(site: str, chromium: Any) -> None:
    page, said = enter(chromium, site, "teammate")
    keys = Keys(page)
    page.goto(site + "/customers?view=pool")
    keys.click("table.rows tbody tr:has-text('临海渔业') td.act a.button")
    page.wait_for_selector("#dialog[open] form")
    keys.click("#dialog button.primary")
    page.wait_for_selector("table.rows tbody tr:has-text('临海渔业')", state="detached")
    assert owners()["临海渔业"] == "李娜"
    keys.at("#main, #main *")
    page.goto(site + "/customers?view=mine")
    keys.click("table.rows a.title:has-text('临海渔业')")
    page.wait_for_selector("#drawer[open] .does")
    if not page.is_visible("#drawer .does a[href$='/return_to_pool']"):
        keys.click("#drawer .does details.menu > summary")
    keys.click("#drawer .does a[href$='/return_to_pool']")
    page.wait_for_selector("#dialog select[name=reason]")
    keys.at("#dialog select[name=reason]")
    keys.select("#dialog select[name=reason]", "其他")
    keys.fill("#dialog [name=note]", "客户要求换人")
    keys.press("Control+Enter")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    assert owners()["临海渔业"] is None
    assert said == []
    page.context.close()


def test_an_administrator_tries_a_rule_switches_it_on_and_the_night_agrees(site: str, chromium: Any) -> None:
    pool = after(pool_of)
    page, said = enter(chromium, site, "admin")
    keys = Keys(page)
    page.goto(site + f"/pools/{pool}")
    keys.click('.does a:has-text("回收规则与试算")')
    page.wait_for_selector("input[name='r.contact']")
    keys.fill("input[name='r.contact']", "30")
    keys.click("button[value=try]")
    page.wait_for_selector("#trial")
    assert page.locator("#trial h2").inner_text() == "今晚将回收 2 个客户"
    assert sorted(page.locator("#trial tbody a.title").all_inner_texts()) == ["久未联系乙", "久未联系甲"]
    assert page.locator("#trial tbody tr").first.locator('td[data-label="原因"]').inner_text() == "超 30 天未跟进"
    keys.click("button[value=on]")
    page.wait_for_selector(".pill.green >> text=已启用")
    assert said == []
    today = after(lambda: people.newest(DEFAULT_WORKSPACE).settings.today)
    assert after(lambda: pooling.sweep(DEFAULT_WORKSPACE, pool, today)) == 2
    assert {name for name, owner in owners().items() if owner is None} >= {"久未联系甲", "久未联系乙"}
    other, _ = enter(chromium, site, "teammate")
    other.goto(site + "/customers?view=pool")
    other.click('table.rows a.title:has-text("久未联系甲")')
    other.wait_for_selector("text=超 30 天未跟进")
