"""What stands around every page: the palette, the keys, what waits, how the desk is set up, the bar of a phone."""

from __future__ import annotations

import json
import re

import pytest

from guanxi.kernel.records import door
from tests.chromium import enter
from tests.surfaces.web.browser import Browser, statements, words

DRAWER, DIALOG = "#drawer[open] .inside", "#dialog[open] .inside"


@pytest.fixture(scope="module")
def site(cast, website):
    for n in range(12):
        door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": f"杭州第 {n:02} 厂"})
    return website


def address(html: str) -> str:
    found = re.search(r'data-palette="([^"]+)"', html)
    assert found is not None
    return found[1]


def test_the_palette_knows_what_this_person_may_and_how_it_is_typed(site):
    owner, page = Browser("owner"), Browser("owner").read("/customers")
    answer = owner.get(address(page))
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    entries = {one["label"]: one for one in answer.json()["entries"]}
    assert entries["新建客户"]["dialog"] == "/customers/new"
    assert {"客户", "kehu", "kh", "customers"} <= set(entries["客户"]["keys"]) and entries["客户"]["href"] == "/customers"
    assert {"tuichudenglu", "tcdl", "sign out"} <= set(entries["退出登录"]["keys"])
    assert answer.json()["objects"]["customer"]["plural"] == "customers"
    reader = Browser("outsider").get(address(Browser("outsider").read("/"))).json()
    dialogs = {one.get("dialog") for one in reader["entries"]}
    assert dialogs - {None} <= {one.get("dialog") for one in answer.json()["entries"]}


def test_the_palette_knows_dashboards_and_views_that_were_kept(cast, site):
    owner = Browser("owner")
    before = address(owner.read("/"))
    changes = {"name": "沉睡客户", "object_name": "customer", "kind": "list", "settings": {"columns": ["name"], "where": "last_contact_at is empty"}}
    view = door.perform("view", "create", actor=cast.actor("owner"), changes=changes).id

    def entries(browser):
        return {one["label"]: one for one in browser.get(address(browser.read("/"))).json()["entries"]}

    assert address(owner.read("/")) != before
    found = entries(owner)
    assert found["客户 · 沉睡客户"]["href"] == f"/customers?view={view}" and "chenshuikehu" in found["客户 · 沉睡客户"]["keys"]
    assert found["仪表盘"]["href"] == "/dashboards" and any(label.startswith("仪表盘 · ") for label in found)
    assert "客户 · 沉睡客户" not in entries(Browser("teammate"))
    door.perform("view", "delete", actor=cast.actor("owner"), id=view)


def test_its_address_changes_with_person_language_and_rights(site):
    first = address(Browser("owner").read("/"))
    assert first == address(Browser("owner").read("/customers"))
    assert first != address(Browser("teammate").read("/"))
    assert first != address(Browser("owner", "en").read("/"))


def test_what_waits_is_one_statement_and_only_what_waits(cast, site, monkeypatch):
    owner = Browser("owner")
    owner.read("/customers")
    with statements() as sent:
        answer = owner.get("/waiting")
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    counted = [one for one in sent if "count(" in one.lower()]
    assert len(counted) <= 1
    for at, one in answer.json().items():
        assert at.startswith("/") and one["count"] > 0 and one["url"].startswith(at)


def test_the_desk_is_set_up_for_the_person_without_script_too(site):
    owner = Browser("owner")
    assert "data-theme" not in owner.read("/customers").split("<head>")[0]
    assert owner.post("/desk", {"theme": "dark", "next": "/customers"}).headers["Location"] == "/customers"
    owner.post("/desk", {"sider": "collapsed"})
    assert '<html lang="zh-CN" data-theme="dark" data-sider="collapsed">' in Browser("owner").read("/customers")
    assert "data-theme" not in Browser("teammate").read("/customers").split("<head>")[0]
    assert owner.post("/desk", {"theme": "pink"}).status_code == 422
    owner.post("/desk", {"theme": "system", "sider": "open"})


def test_letters_and_the_centre_come_from_the_catalog(site):
    page = Browser("owner").read("/customers")
    going = re.findall(r'<a class="item" href="/([a-z_]*)" data-go="(.)"', page.split("</nav>")[0])
    assert dict(going)[""] == "h" and len({letter for _, letter in going}) == len(going)
    bar = page.split('<nav class="bottom"')[1].split("</nav>")[0]
    assert re.findall(r'<a href="([^"]+)"', bar)[0] == "/" and "/notices" in bar and "/me" in bar


def test_every_word_of_the_shell_is_in_both_languages(site):
    page = Browser("owner", "en").read("/customers")
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"杭州第|厂|中文|关|王伟|王", "", words(page)))


def test_records_pages_and_actions_in_one_box(site, chromium):
    page, said = enter(chromium, site)
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette [role=option]")
    page.keyboard.type("hz 07")
    page.wait_for_selector("#palette [role=option]:has-text('杭州第 07 厂')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#main h1:has-text('杭州第 07 厂')")

    page.keyboard.press("/")
    page.wait_for_selector("#palette [role=option]:has-text('杭州第 07 厂')")
    page.keyboard.type("xinjiankehu")
    page.wait_for_selector("#palette [role=option]:has-text('新建客户')")
    page.keyboard.press("Enter")
    page.wait_for_selector(DIALOG)
    assert page.url == site + "/customers/new"
    page.keyboard.press("Escape")
    page.wait_for_selector("#dialog:not([open])", state="attached")

    page.goto(site + "/customers")
    page.click("#finder")
    page.keyboard.type("hz 03")
    with page.context.expect_page() as opened:
        page.wait_for_selector("#palette [role=option]:has-text('杭州第 03 厂')")
        page.keyboard.press("Control+Enter")
    assert "/customers/" in opened.value.url and page.url == site + "/customers"
    page.keyboard.press("Escape")
    page.wait_for_function("!document.activeElement.closest('dialog')")
    assert said == []
    page.context.close()


def test_an_older_answer_never_stands_over_a_newer(site, chromium):
    page, _ = enter(chromium, site)
    page.goto(site + "/customers")
    held = []

    def slow(route):
        if "q=hz" in route.request.url and "0" not in route.request.url.split("q=")[1]:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/search*", slow)
    page.keyboard.press("/")
    page.wait_for_selector("#palette [role=option]")
    page.keyboard.type("hz")
    page.wait_for_timeout(250)
    page.keyboard.type(" 05")
    page.wait_for_selector("#palette [role=option]:has-text('杭州第 05 厂')")
    for route in held:
        route.fulfill(content_type="application/json", body=json.dumps({"rows": [{"object": "customer", "id": "1", "title": "旧的", "subtitle": ""}]}))
    page.wait_for_timeout(200)
    assert page.locator("#palette [role=option]:has-text('旧的')").count() == 0
    page.context.close()


def test_a_list_a_record_and_a_form_by_keyboard_alone(site, chromium):
    page, said = enter(chromium, site)
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(site + "/customers")
    page.keyboard.press("j")
    page.keyboard.press("j")
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_selector(DRAWER)
    page.keyboard.press("e")
    page.wait_for_selector(DIALOG)
    page.wait_for_function("document.activeElement.id === 'i-name'")
    page.keyboard.press("End")
    page.keyboard.type("（改）")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    page.wait_for_selector(f"#drawer .inside[data-title='{name}（改）']")
    page.wait_for_function("document.activeElement !== document.body")
    page.keyboard.press("Escape")
    page.wait_for_url(site + "/customers")
    page.wait_for_selector(f"a.title:has-text('{name}（改）')")
    page.wait_for_function("document.activeElement.classList.contains('title')")

    page.keyboard.press("?")
    page.wait_for_selector("dialog.keys[open]")
    sheet = page.locator("dialog.keys").inner_text()
    assert "新建" in sheet and "前往" in sheet and "下一条" in sheet
    page.uncheck("dialog.keys input")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_timeout(100)
    assert page.locator("#dialog[open]").count() == 0
    page.keyboard.press("?")
    page.check("dialog.keys input")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_selector(DIALOG)
    assert said == []
    page.context.close()


def test_theme_and_sider_change_at_once_and_stay(site, chromium):
    page, said = enter(chromium, site, who="teammate")
    page.click(".account summary")
    with page.expect_response("**/desk"):
        page.click("[name=theme][value=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 23, 26)"
    with page.expect_response("**/desk"):
        page.click(".fold [value=collapsed]")
    assert page.locator(".sider").bounding_box()["width"] == 60
    assert said == []
    page.context.close()
    page, _ = enter(chromium, site, who="teammate")
    assert page.evaluate("[document.documentElement.dataset.theme, document.documentElement.dataset.sider]") == ["dark", "collapsed"]
    page.context.close()


def test_the_bar_of_a_phone_reaches_everything_by_thumb(site, chromium):
    page, said = enter(chromium, site, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto(site + "/customers")
    for target in page.locator(".bottom > a, .bottom summary").all():
        box = target.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 44
    page.tap(".bottom summary")
    page.tap(".bottom .pop a[href='/customers/new']")
    page.wait_for_selector(DIALOG)
    assert page.locator("#dialog").bounding_box()["width"] == 390
    page.tap("#dialog [data-close] >> nth=0")
    page.wait_for_url(site + "/customers")
    page.tap(".bottom [data-bell]")
    page.wait_for_url(site + "/notices")
    page.tap("#finder")
    page.wait_for_selector("#palette [role=option]")
    assert said == []
    page.context.close()
