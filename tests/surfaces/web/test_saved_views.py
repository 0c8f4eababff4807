"""What a list shows is kept as a view: a tab of its own, with a count, for oneself or shared."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.objects import List
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sizes
from tests.chromium import after, enter
from tests.kernel.tools import refused
from tests.surfaces.web.browser import Browser, inputs, statements, words


@pytest.fixture(scope="module")
def books(cast):
    for n in range(60):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"本 {n:02}", "pages": n, "status": "published" if n % 3 else "draft"})
    door.perform("book", "create", actor=cast.actor("manager"), changes={"name": "经理的", "pages": 99})


def save(who, name, query, **more):
    browser = Browser(who)
    url = f"/books/save-view?{query}"
    answer = browser.post(url, inputs(browser.read(url)) | {"name": [name]} | more)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return browser, answer.headers["Location"]


def titles(page):
    return re.findall(r'class="title"[^>]*>([^<]+)<', page)


def test_how_many_an_address_means_is_asked_for_after_a_long_list(cast, monkeypatch):
    admin, browser = cast.actor("admin"), Browser("admin")
    door.perform_many("book", "create", [door.Item(changes={"name": f"长单子{n}", "pages": 77}) for n in range(52)], actor=admin, together=True)
    address = "/books?where=pages+%3D+77"
    assert "52 条" in browser.read(address)
    monkeypatch.setattr(sizes, "LARGE", 0)
    page = browser.read(address)
    ask = re.search(r'<span class="count" data-ask="([^"]+)">50\+ 条</span>', page)
    assert ask is not None and "全部符合条件的" in page
    assert re.search(r'<span class="count">52 条</span>', browser.read(html.unescape(ask[1])))
    assert "52 条" not in Browser("newcomer").read(html.unescape(ask[1]))


def test_a_view_keeps_columns_order_and_every_filter(cast, books):
    browser, place = save("owner", "厚书", "q=本&f.status=published&where=" + quote("pages >= 40") + "&sort=-pages&columns=name,pages")
    held = reading.query("view", actor=cast.actor("owner"), fields=["name", "object_name", "kind", "settings", "everyone"]).rows
    assert [(v["name"], v["object_name"], v["kind"], v["everyone"]) for v in held] == [("厚书", "book", "list", False)]
    assert held[0]["settings"]["columns"] == ["name", "pages"] and held[0]["settings"]["sort"] == ["-pages"]
    assert place == f"/books?view={held[0]['id']}"
    page = browser.read(place)
    expected = [f"本 {n}" for n in range(59, 39, -1) if n % 3]
    assert titles(page) == expected
    assert re.findall(r'scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page) == ["书名", "页数"]
    assert re.search(r'aria-current="page">厚书', page)
    with statements() as sent:
        browser.read(place)
    assert len(sent) <= 4, sent
    counts = browser.read(f"/books/tabs?view={held[0]['id']}")
    assert re.sub(r"\s+", " ", words(counts)).strip() == f"全部 60 厚书 {len(expected)}"
    assert "厚书" not in Browser("teammate").read("/books"), "a view is its owner's alone until it is shared"


def test_a_view_keeps_how_many_rows_a_page_has(cast, books):
    browser, place = save("owner", "二十条", "q=本&size=20")
    key = place.partition("=")[2]
    assert reading.get("view", key, actor=cast.actor("owner"))["settings"]["size"] == 20
    page = browser.read(place)
    assert len(titles(page)) == 20 and re.search(r'size=50">50<', page) and f'href="/books?view={key}" aria-current="true">20<' in page.replace("&amp;", "&")
    assert len(titles(browser.read(f"{place}&size=50"))) == 50
    again = browser.read(f"{place}&sort=-name")
    into = re.search(r'<form id="into" method="post" action="([^"]+)"', again)[1].replace("&amp;", "&")
    browser.post(into, {})
    assert reading.get("view", key, actor=cast.actor("owner"))["settings"]["size"] == 20
    with refused():
        door.perform("view", "create", actor=cast.actor("owner"), changes={"name": "zu viel", "object_name": "book", "kind": "list", "settings": {"size": 5000}})


def test_one_s_own_view_is_changed_renamed_and_deleted(cast, books):
    browser, place = save("manager", "草稿", "f.status=draft")
    key = place.partition("=")[2]
    page = browser.read(f"{place}&sort=name")
    into = re.search(r'<form id="into" method="post" action="([^"]+)"', page)[1].replace("&amp;", "&")
    assert browser.post(into).headers["Location"] == place
    assert reading.get("view", key, actor=cast.actor("manager"))["settings"]["sort"] == ["name"]
    assert "更新此视图" not in browser.read(place) and "改名与共享" in browser.read(place)
    for other in ("owner", "admin"):
        assert Browser(other).post(into).status_code == 404
    url = f"/views/{key}/edit?next=/books"
    answer = browser.post(url, inputs(browser.read(url)) | {"name": ["草稿箱"], "everyone": ["true"]})
    assert answer.headers["Location"] == "/books"
    assert "草稿箱" in Browser("teammate").read("/books"), "a manager may share with everyone"
    with refused():
        door.perform("view", "update", actor=cast.actor("teammate"), id=key, changes={"name": "x"})
    browser.post(f"/views/{key}/delete?next=/books", inputs(browser.read(f"/views/{key}/delete?next=/books")))
    assert "草稿箱" not in browser.read("/books")


def test_who_may_not_share_with_all_is_not_asked(books):
    page = Browser("teammate").read("/books/save-view?q=x")
    assert 'name="people' in page and 'name="everyone"' not in page


def test_a_view_needs_a_name_and_an_address_that_makes_sense(cast, books):
    browser = Browser("owner")
    before = len(reading.query("view", actor=cast.actor("owner")).rows)
    assert browser.post("/books/save-view?q=x", {"name": ""}).status_code == 422
    assert browser.post("/books/save-view?where=" + quote("nonsense ="), {"name": "y"}).status_code == 422
    assert browser.get("/books/save-view?into=01990000-0000-7000-8000-000000000000&q=1").status_code == 404
    assert len(reading.query("view", actor=cast.actor("owner")).rows) == before


def test_a_list_without_a_declared_view_is_filtered_too(books):
    bare = [it.plural for it in REGISTRY.objects.values() if it.view(List) is None]
    for plural in bare:
        assert Browser("admin").get(f"/{plural}?q=x").status_code in (200, 404)
    assert "保存为视图" in Browser("owner").read("/books?q=x")


def test_saved_in_a_browser(cast, books, website, chromium):
    page, said = enter(chromium, website, "junior")
    after(lambda: door.perform("book", "create", actor=cast.actor("junior"), changes={"name": "小敏的书"}))
    page.goto(website + "/books?q=小敏")
    page.click("text=保存为视图")
    page.wait_for_selector("#dialog[open] #i-name")
    page.fill("#dialog #i-name", "我的小书")
    page.click("#dialog footer button.primary")
    page.wait_for_url("**/books?view=*")
    page.wait_for_selector("nav.views .count")
    assert page.locator("nav.views a[aria-current=page]").inner_text().split() == ["我的小书", "1"]
    assert said == []
