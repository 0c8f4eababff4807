"""Any list as a chart: what it says is what its lists hold; taken out by whoever may export, kept on a dashboard."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

from guanxi.kernel.records import auditing, door, reading
from tests.cast import Cast
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser, inputs, statements, words

SUMS = "/opportunities?view=chart&by=owner&measure=sum:amount"


@pytest.fixture(scope="module")
def deals(cast: Cast) -> Cast:
    """One deal of 1000 for 王伟, two of 2000 for 李娜, three of 3000 for 张敏."""
    for at, name in enumerate(("owner", "teammate", "junior")):
        actor = cast.actor(name)
        customer = create(actor, "customer", name=f"客户{at}", grade="key" if at else "vip")
        for n in range(at + 1):
            create(actor, "opportunity", name=f"商机{at}{n}", customer=customer, amount=1000 * (at + 1))
    return cast


def figures(page: str) -> dict[str, tuple[str, str]]:
    """By group: the number, and the address of its rows."""
    table = page[page.index('class="rows numbers"') :]
    found = re.findall(r'<th scope="row">([^<]*)</th><td[^>]*data-v="([^"]*)"[^>]*><a href="([^"]*)"', table)
    return {label: (number, html.unescape(url)) for label, number, url in found}


def test_a_list_is_one_click_from_its_chart_and_keeps_its_filter(deals: Cast) -> None:
    manager = Browser("manager")
    listed = manager.read("/opportunities?where=" + quote("amount > 1500"))
    switch = re.search(r'<nav class="switch".*?</nav>', listed, re.S)
    assert switch is not None
    to = next(html.unescape(one) for one in re.findall(r'href="([^"]+)"', switch[0]) if "view=chart" in one)
    page = manager.read(to)
    assert '<gx-chart kind="bar"' in page and "商机 · 按阶段" in words(page) and "5 条" in words(page)
    assert sum(float(number) for number, _ in figures(page).values()) == 5
    with statements() as sent:
        manager.read(to)
    assert len(sent) <= 4, sent


def test_figures_are_exact_and_open_their_rows(deals: Cast) -> None:
    manager = Browser("manager")
    page = manager.read(SUMS)
    found = figures(page)
    assert {label: float(number) for label, (number, _) in found.items()} == {"张敏": 9000, "李娜": 4000, "王伟": 1000}
    assert "14,000.00" in words(page) or "14,000" in words(page)
    assert "3 条" in words(manager.read(found["张敏"][1])) and "商机20" in manager.read(found["张敏"][1])
    narrowed = figures(manager.read(SUMS + "&where=" + quote("amount < 2500")))
    assert set(narrowed) == {"李娜", "王伟"} and "2 条" in words(manager.read(narrowed["李娜"][1]))
    months = figures(manager.read("/opportunities?view=chart&by=created_at:month"))
    assert [float(number) for number, _ in months.values()] == [6] and '<gx-chart kind="line"' in manager.read("/opportunities?view=chart&by=created_at:month")
    assert '<gx-chart kind="pie"' in manager.read(SUMS + "&as=pie") and '<gx-chart kind="bar"' in manager.read("/opportunities?view=chart&by=owner&measure=avg:amount&as=pie")
    assert "<gx-chart" not in manager.read(SUMS + "&as=table")
    assert "Opportunity: total Amount by Owner" in words(Browser("manager", "en").read(SUMS))


def test_rights_hold_in_charts(deals: Cast) -> None:
    assert {label: float(number) for label, (number, _) in figures(Browser("owner").read(SUMS)).items()} == {"王伟": 1000}
    assert Browser("nobody").get(SUMS).status_code == 404
    page = Browser("owner").read("/books?view=chart&by=status&measure=sum:cost")
    assert '<option value="sum:cost"' not in page and '<option value="sum:price"' in page and "按状态" in words(page), "a hidden field is no measure"
    assert Browser("manager").get("/opportunities?view=chart&where=" + quote("nonsense =")).status_code == 422


def test_a_chart_is_taken_out_by_whoever_may_export(deals: Cast) -> None:
    manager = Browser("manager")
    query = SUMS.partition("?")[2]
    book, paper = manager.get(f"/opportunities/figures.xlsx?{query}"), manager.get(f"/opportunities/figures.pdf?{query}")
    assert book["Content-Type"].endswith("spreadsheetml.sheet") and paper.content.startswith(b"%PDF-")
    lines = auditing.lines(deals.actor("admin"), kinds=["export"])
    assert [(line.user_id, line.details["fields"]) for line in lines] == [(deals.users["manager"], ["商机 · 预计金额合计 · 按负责人"])] * 2
    for url in ("/opportunities/figures.xlsx", "/opportunities/figures.pdf"):
        assert Browser("nobody").get(url).status_code == 404
        assert Browser("owner").get(f"{url}?{query}").status_code == (404 if "pdf" in url else 200), "who sells exports, and prints nothing"
        assert manager.get(f"{url}?where=" + quote("nonsense =")).status_code == 404


def test_a_chart_is_kept_on_a_dashboard(deals: Cast) -> None:
    manager, actor = Browser("manager"), deals.actor("manager")
    address = "/opportunities/keep-chart?" + SUMS.partition("?")[2] + "&where=" + quote("amount > 1500")
    assert manager.post(address, inputs(manager.read(address))).status_code == 422, "a new dashboard needs a name"
    assert reading.query("dashboard", actor=actor).rows == []
    made = manager.post(address, inputs(manager.read(address)) | {"name": ["我的图"]})
    assert made.status_code == 302
    kept = reading.query("dashboard", actor=actor, fields=["name", "settings"]).rows
    assert [one["name"] for one in kept] == ["我的图"]
    (part,) = kept[0]["settings"]["widgets"]
    assert (part["kind"], part["object"], part["measure"], part["group_by"], part["title"]["zh"]) == ("bar", "opportunity", "sum:amount", ["owner"], "商机 · 预计金额合计 · 按负责人")
    shown = figures(manager.read(made["Location"]))
    assert {label: float(number) for label, (number, _) in shown.items()} == {"张敏": 9000, "李娜": 4000}

    again = manager.post(address, inputs(manager.read(address)) | {"title": ["第二张"]})
    assert again["Location"] == made["Location"]
    settings = reading.get("dashboard", kept[0]["id"], actor=actor, fields=["settings"])["settings"]
    assert [one["title"] for one in settings["widgets"]] == [part["title"], "第二张"]

    other = Browser("teammate")
    refused = other.post(address, inputs(other.read(address)) | {"into": [str(kept[0]["id"])]})
    assert refused.status_code == 422, "somebody else's dashboard is none of one's own"
    assert reading.get("dashboard", kept[0]["id"], actor=actor, fields=["settings"])["settings"] == settings
    door.perform("dashboard", "delete", actor=actor, id=kept[0]["id"])
