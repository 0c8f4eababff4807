"""An administrator makes a role that does not see amounts, in Chromium; then nobody with it can find one, on any way in."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest
from django.test import Client

from guanxi.base.errors import Problem
from guanxi.kernel.records import door, finding, reading, telling
from guanxi.surfaces.imports import exporting
from tests.cast import PASSWORD, Cast
from tests.chromium import CHROMIUM, FLAGS, serve
from tests.hands import Keys
from tests.surfaces.web.browser import Browser

AMOUNT = "7654321"
SHOWN = re.compile(r"7[,，]?654[,，]?321|765\.4|6[,，]?123[,，]?456|765,?432")


@pytest.fixture(scope="module")
def deal(cast: Cast) -> Any:
    owner = cast.actor("owner")
    customer = door.perform("customer", "create", actor=owner, changes={"name": "深水科技"}).id
    changes = {"name": "深水项目", "customer": str(customer), "amount": AMOUNT, "expected_close": "2027-01-31"}
    made = door.perform("opportunity", "create", actor=owner, changes=changes).id
    door.perform("opportunity", "update", actor=owner, id=made, changes={"needs": "要一套系统"})
    return made


@pytest.fixture(scope="module")
def site(cast: Cast, deal: Any) -> Iterator[str]:
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def role(cast: Cast, site: str) -> str:
    """What the administrator does, by keyboard alone; answers with the role's id."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None)  # this server has no event stream
        keys = Keys(page)
        page.goto(site + "/signin?next=/settings")
        keys.type("admin")
        keys.press("Tab")
        keys.type(PASSWORD)
        keys.press("Enter")
        page.wait_for_url("**/settings")
        keys.click(".sider a[href='/roles']")
        page.wait_for_url("**/roles")
        keys.click("a.title:has-text('客户经理')")
        page.wait_for_url("**/roles/0*")
        keys.click("a:has-text('复制为新角色')")
        page.wait_for_selector("#i-name")
        keys.fill("#i-name", "外协销售")
        keys.press("Enter")
        page.wait_for_selector("h1:has-text('外协销售')")

        keys.click("#opportunity details.levels summary")
        page.wait_for_selector("#l-opportunity-amount")
        keys.select("#l-opportunity-amount", "不可见")
        keys.select("#l-opportunity-weighted", "不可见")
        page.locator("#says-opportunity", has_text="看不到预计金额、加权金额").wait_for()
        for _ in range(2):
            keys.click("#opportunity input[value=export]")
        keys.click("button:has-text('保存权限')")
        page.wait_for_selector("text=权限已保存")
        made = page.url.rpartition("/")[2].partition("?")[0]

        page.goto(f"{site}/users/{cast.users['owner']}/edit")
        while page.locator("input[name='roles.keep']:checked").count():
            keys.click("input[name='roles.keep']:checked")
        keys.click("label.check:has-text('外协销售') input")
        keys.click(".saves button.primary")
        page.wait_for_selector(".facts")
        browser.close()
    assert said == []
    return made


def test_one_event_says_which_right_changed(cast: Cast, role: str) -> None:
    grants = reading.get("role", role, actor=cast.actor("admin"), fields=["grants"])["grants"]
    assert grants["opportunity"]["fields"]["amount"] == "hidden" and grants["opportunity"]["fields"]["weighted"] == "hidden"
    told = telling.history("role", role, actor=cast.actor("admin"))
    assert [event.verb for event in told] == ["update", "create"]
    history = Browser("admin").read(f"/roles/{role}?tab=history")
    assert "预计金额 默认 → 不可见" in history and "加权金额 默认 → 不可见" in history


@pytest.mark.parametrize(
    "url",
    [
        "/", "/standing", "/opportunities", "/opportunities?view=mine", "/opportunities?view=closing", "/opportunities?view=board", "/opportunities?view=chart&by=owner&measure=sum:amount", "/opportunities?columns=name,amount,weighted",
        "/opportunities/{deal}", "/opportunities/{deal}?tab=history", "/opportunities/{deal}?tab=why", "/opportunities/{deal}/edit", "/opportunities/{deal}/win",
        "/customers", "/search?q=深水",
    ],
)  # fmt: skip
def test_no_page_shows_the_amount(cast: Cast, deal: Any, role: str, url: str) -> None:
    answer = Browser("owner").get(url.format(deal=deal))
    page = answer.content.decode()
    assert answer.status_code in (200, 404, 422), url
    assert not SHOWN.search(page), (url, SHOWN.search(page))
    assert "预计金额" not in page and "加权金额" not in page, url


def test_no_dashboard_and_no_file_tells_it(cast: Cast, deal: Any, role: str) -> None:
    owner, manager = Browser("owner"), Browser("manager")
    if not reading.query("own_right", actor=cast.actor("admin"), where="deed = print", limit=1).rows:
        for name in ("opportunity", "customer", "contact", "lead", "activity", "task", "stage_history"):
            door.perform("own_right", "create", actor=cast.actor("admin"), changes={"user": cast.users["owner"], "object_name": name, "deed": "print", "reason": "月会"})
    there = sorted(set(re.findall(r'href="/dashboards/([a-z_]+\.[a-z_]+)"', manager.read("/dashboards"))))
    assert "sales.overview" in there and len(there) >= 5
    nothing = {"sales.forecast"}  # of which each figure is an amount
    seen = ""
    for key in there:
        page = owner.get(f"/dashboards/{key}?period=this_year")
        assert page.status_code == 200, key
        for name in ("", "/figures.xlsx", "/figures.pdf"):
            answer = owner.get(f"/dashboards/{key}{name}?period=this_year")
            if name and key in nothing:
                assert answer.status_code == 404
                continue
            assert answer.status_code == 200, (key, name)
            assert not (found := SHOWN.search(_said(name, answer.content))), (key, name, found)
        seen += _said("/figures.xlsx", manager.get(f"/dashboards/{key}/figures.xlsx?period=this_year").content)
    assert SHOWN.search(seen), "who may see the amount finds it there"
    for format in ("csv", "xlsx"):
        file = io.BytesIO()
        assert exporting.export(cast.actor("owner"), "opportunity", file, format) == 1
        text = _said(".xlsx", file.getvalue()) if format == "xlsx" else file.getvalue().decode("utf-8-sig")
        assert "深水项目" in text and not SHOWN.search(text) and "金额" not in text, format
        file = io.BytesIO()
        exporting.export(cast.actor("manager"), "opportunity", file, format)
        assert SHOWN.search(_said(".xlsx", file.getvalue()) if format == "xlsx" else file.getvalue().decode("utf-8-sig")), format


def _said(name: str, data: bytes) -> str:
    """The texts of a page, a workbook or a print."""
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(archive.read(one).decode() for one in archive.namelist() if one.startswith(("xl/worksheets/", "xl/sharedStrings")))
    if name.endswith(".pdf"):
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return data.decode()


def test_nothing_can_be_asked_that_would_tell_it(cast: Cast, deal: Any, role: str) -> None:
    owner = cast.actor("owner")
    for where in ("amount > 1", "预计金额 > 1", "weighted > 1"):
        assert Browser("owner").get(f"/opportunities?where={where}").status_code == 422
        with pytest.raises(Problem):
            reading.query("opportunity", actor=owner, where=where)
    for ask in (
        lambda: reading.query("opportunity", actor=owner, sort=["amount"]),
        lambda: reading.query("opportunity", actor=owner, fields=["amount"]),
        lambda: reading.heads("opportunity", actor=owner, groups=["result = open"], fields=["name", "amount"], limit=5),
        lambda: reading.aggregate("opportunity", actor=owner, measures=["sum:amount"]),
        lambda: reading.aggregate("opportunity", actor=owner, group_by=["stage"], measures=["sum:weighted"]),
    ):
        with pytest.raises(Problem):
            ask()
    assert finding.search(AMOUNT, actor=owner) == []
    assert "amount" not in json.dumps(exporting.columns(owner, "opportunity", None), default=str)


def test_the_api_does_not_know_the_field(cast: Cast, deal: Any, role: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {cast.token('owner')}"})
    for path in (f"opportunities/{deal}", "opportunities", f"opportunities/{deal}/history", f"opportunities/{deal}/timeline"):
        answer = client.get(f"/api/v1/{path}")
        text = answer.content.decode()
        assert answer.status_code == 200 and not SHOWN.search(text) and '"amount"' not in text and '"weighted"' not in text, path
    told = next(one for one in client.get("/api/v1/catalog").json()["objects"] if one["name"] == "opportunity")
    assert not {"amount", "weighted"} & {name for one in told["actions"] for name in one["form"]} | {f["name"] for f in told["fields"]} & {"amount", "weighted"}
    for query in ("fields=amount", "sort=amount", "where=amount > 1"):
        assert client.get(f"/api/v1/opportunities?{query}").status_code == 422
    body = json.dumps({"amount": "1"})
    assert client.patch(f"/api/v1/opportunities/{deal}", data=body, content_type="application/json").status_code == 422
    row = reading.get("opportunity", deal, actor=cast.actor("admin"), fields=["amount"])
    assert str(row["amount"]["amount"]).startswith(AMOUNT), "the denied change changed nothing"


def test_others_see_it_as_before(cast: Cast, deal: Any, role: str) -> None:
    assert SHOWN.search(Browser("manager").read(f"/opportunities/{deal}"))
