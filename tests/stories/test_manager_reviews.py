"""A manager's review in Chromium: from signing in to the people, the rows behind a figure, the funnel, and a board of their own; by pointer
and by keyboard alone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from guanxi.kernel import setup
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PASSWORD, Cast
from tests.chromium import after, enter
from tests.hands import WAYS, Keys, hands

MANAGER = "chenli"
"""陈立 of the sample company, who looks after three sellers."""


@pytest.fixture(scope="module")
def site(cast: Cast, website: str) -> str:
    setup.load_demo(lambda step: None)
    desk = setup.Desk(system(DEFAULT_WORKSPACE, via="test"))
    one = desk.find("user", {"field": "username", "op": "=", "value": MANAGER})[0]["id"]
    given = desk.perform("user", "give_access", one).output["password"]
    client = Client()
    client.post("/signin", {"username": MANAGER, "password": given})
    client.post("/password", {"current": given, "password": PASSWORD, "again": PASSWORD})
    assert client.post("/dashboards/sales.overview/copy").status_code == 302
    return website


def asked(what: str, where: str, *measures: str) -> list[Any]:
    def ask() -> list[Any]:
        row = reading.aggregate(what, actor=people.by_username(MANAGER, via="test"), where=where, measures=measures or ("count",)).rows[0]
        return [row[m] for m in measures or ("count",)]

    found: list[Any] = after(ask)
    return found


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text))


@pytest.mark.parametrize("how", WAYS)
def test_a_manager_reviews_the_team(site: str, chromium: Any, how: str) -> None:
    page, said = enter(chromium, site, MANAGER)
    hand = hands(how, page)
    team = page.locator(".team tbody tr")
    assert {team.nth(n).locator("th").inner_text().split()[1] for n in range(team.count())} == {"陈立", "王浩", "李静", "赵磊"}
    cell = '.team tbody tr:has-text("王浩") td[data-label="跟进次数"] a'
    told = int(page.inner_text(cell))
    hand.click(cell)
    page.wait_for_selector("#list table.rows")
    assert number(page.locator(".heading .count").first.inner_text()) == told > 0
    assert asked("activity", "owner.name = 王浩 and happened_at within this_month") == [told]

    hand.click('.sider a[href="/dashboards"]')
    page.wait_for_selector("a.board")
    hand.click('a.board:has-text("销售漏斗")')
    page.wait_for_selector(".k-funnel canvas")
    rows = page.locator(".k-funnel .numbers tbody tr")
    steps = {rows.nth(n).locator("th").inner_text(): [number(rows.nth(n).locator("td").nth(at).inner_text()) for at in (0, 2, 3)] for n in range(rows.count())}
    for stage, (_, here, amount) in steps.items():
        assert asked("opportunity", f"stage.name = {stage} and result != lost and pipeline.key = standard and created_at within this_year", "count", "sum:amount") == [here, amount]
    reached = [one[0] for one in steps.values()]
    assert reached == sorted(reached, reverse=True) and reached[0] == sum(one[1] for one in steps.values())
    hand.click(".k-funnel .numbers tbody tr:nth-child(2) td:nth-child(2) a")
    page.wait_for_selector("#list table.rows")
    assert number(page.locator(".heading .count").first.inner_text()) == reached[1]

    page.goto(site + "/dashboards/sales.overview?period=this_year")
    hand.fill("#who-q", "wh")
    page.wait_for_selector("gx-combobox [aria-selected=true]:has-text('王浩')")
    page.keyboard.press("Enter")
    page.wait_for_url("**who=u*")
    shown = number(page.locator(".widget", has_text="赢单金额").first.locator(".big").get_attribute("title"))
    assert asked("opportunity", "owner.name = 王浩 and result = won and closed_on within this_year", "sum:amount") == [shown]
    assert said == []
    page.context.close()


@pytest.mark.parametrize("how", WAYS)
def test_a_manager_composes_and_keeps_a_board(site: str, chromium: Any, how: str) -> None:
    page, said = enter(chromium, site, MANAGER)
    hand = hands(how, page)
    page.goto(site + "/dashboards/sales.ranking")
    hand.click(".heading .menu summary")
    hand.click(".heading .menu button:has-text('复制一份来修改')")
    page.wait_for_url("**/compose")
    hand.click(".adding")
    page.wait_for_selector("dialog .about")
    hand.click('dialog .about a:has-text("商机")')
    page.wait_for_selector("dialog .partform")
    hand.check("dialog [name=kind][value=pie]")
    hand.fill("dialog [name=title]", "按来源赢单")
    hand.fill("dialog [name=where]", "结果 = won")
    hand.select("dialog [name=group]", "商机来源")
    hand.click("dialog .partform button.primary")
    page.wait_for_selector('.composed h2:has-text("按来源赢单")')
    before = page.locator(".composed h2").all_inner_texts()
    page.wait_for_selector(".composed .handle")
    if isinstance(hand, Keys):
        hand.at(".adding")  # where the dialog was opened from
        hand.click(".composed button[value='down:0']")
    else:
        page.evaluate("scrollTo(0, 0)")
        page.locator(".composed .handle").first.drag_to(page.locator(".composed .widget").nth(2), target_position={"x": 200, "y": 60})
    page.wait_for_function("first => document.querySelector('.composed h2').textContent.trim() !== first", arg=before[0])
    assert sorted(page.locator(".composed h2").all_inner_texts()) == sorted(before)
    if isinstance(hand, Keys):
        hand.at(".composed button[value='down:1']")  # who moves a part goes along with it
        assert page.locator(".composed h2").nth(1).inner_text() == before[0]
    hand.click(".heading .does a.primary")
    page.wait_for_url(lambda url: not url.endswith("/compose"))
    page.wait_for_selector(".k-pie canvas")
    hand.click(".k-pie summary:has-text('数据')")
    cells = page.locator(".k-pie .numbers td a")
    assert sum(number(cells.nth(n).inner_text()) for n in range(cells.count())) == asked("opportunity", "result = won")[0]
    with page.expect_download() as download:
        hand.click(".k-pie header summary")
        hand.click(".k-pie [data-picture]")
    assert download.value.suggested_filename == "按来源赢单.png" and Path(download.value.path()).read_bytes()[:4] == b"\x89PNG"
    assert said == []
    page.context.close()


@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}], ids=["light", "phone-dark"])
def test_axe_finds_nothing(site: str, chromium: Any, how: dict[str, Any]) -> None:
    axe = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed")
    page, _ = enter(chromium, site, MANAGER, **how, bypass_csp=True)
    page.goto(site + "/dashboards")
    mine = page.locator("a.board").first.get_attribute("href")
    for url in ("/", "/dashboards", "/dashboards/sales.overview", "/dashboards/sales.funnel", "/dashboards/activities.activity", f"{mine}/compose", f"{mine}/parts/0", f"{mine}/parts/new"):
        page.goto(site + url)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
        page.evaluate(axe.read_text())
        assert page.evaluate("axe.run(document).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`))") == [], url
    page.context.close()


def test_without_script_the_figures_are_there(site: str, chromium: Any) -> None:
    page, _ = enter(chromium, site, MANAGER, java_script_enabled=False)
    page.goto(site + "/dashboards/customers.analysis")
    assert page.locator(".k-pie .numbers").first.is_visible() and not page.locator(".k-pie .canvas").first.is_visible()
    page.select_option("select[name=period]", "this_year")
    page.click(".dashbar .apply")
    assert "period=this_year" in page.url
    page.context.close()
