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


def kept(cast, place):
    row = reading.get("view", place.partition("=")[2], actor=cast.actor("owner"), fields=["kind", "settings"])
    return row["kind"], row["settings"]


def current(page):
    """The tab of the view one is on: which way it is shown, and its name."""
    nav = re.search(r'<nav class="views".*?</nav>', page, re.S)[0]
    return [re.sub(r"<svg.*?</svg>|<[^>]+>", "", one).strip() for one in re.findall(r'<a [^>]*aria-current="page">(.*?)</a>', nav, re.S)]


def test_a_view_opens_the_way_it_was_saved(cast, books):
    browser, board = save("owner", "书架上的草稿", "view=shelves&q=本&f.status=draft")
    kind, settings = kept(cast, board)
    assert (kind, settings["by"], settings["card"]) == ("board", "shelf", ["name", "price"])
    page = browser.read(board)
    assert 'id="board"' in page and current(page) == ["看板：书架上的草稿"]
    assert re.search(r'<h2[^>]*>.*?（未填）.*?<span class="count">20</span>', page, re.S), "20 of the 60 are drafts"

    _, calendar = save("owner", "付印周历", "view=printing&span=week&date=2024-03-04&where=" + quote("pages >= 40"))
    kind, settings = kept(cast, calendar)
    assert (kind, settings["date"], settings["end"], settings["span"]) == ("calendar", "printed_at", "updated_at", "week")
    page = browser.read(calendar)
    assert '<gx-calendar class="week"' in page and current(page) == ["日历：付印周历"]
    assert 'class="month"' in browser.read(f"{calendar}&span=month")

    _, region = save("owner", "广东的书", "view=region&by=place&total=price&at=440000&f.status=draft")
    kind, settings = kept(cast, region)
    assert (kind, settings["by"], settings["total"], settings["at"]) == ("region", "place", "price", "440000")
    page = browser.read(region)
    assert 'class="card regions"' in page and current(page) == ["地区：广东的书"]
    _, counted = save("owner", "各地数量", "view=region&total=-&f.status=draft")
    assert kept(cast, counted)[1].keys() == {"by", "where"}
    page = browser.read(counted)
    assert re.search(r'total=-"[^>]*aria-current="page">数量', page.replace("&amp;", "&"))
    behind = re.search(r'<td class="right"><a href="([^"]+)">20</a>', page)
    assert behind is not None and "20 条" in words(browser.read(html.unescape(behind[1]))), "a number opens the view's own records"
    assert browser.get("/books/save-view?view=chart").status_code == 404, "a chart is kept on a dashboard"

    listed = browser.read("/books")
    for name in ("书架上的草稿", "付印周历", "广东的书", "各地数量"):
        assert name in listed and name not in Browser("teammate").read("/books")
    assert "看板： 书架上的草稿 20 " in words(browser.read("/books/tabs"))


def test_the_records_of_a_saved_board_are_shown_in_any_way(cast, books):
    browser, board = save("owner", "草稿板", "view=board&f.status=draft&q=本")
    key = board.partition("=")[2]
    switch = re.search(r'<nav class="switch".*?</nav>', browser.read(board), re.S)[0].replace("&amp;", "&")
    rows = f"/books?view=list&scope={key}"
    assert f'href="{rows}"' in switch and f'href="/books?view=calendar&scope={key}"' in switch
    page = browser.read(rows)
    assert sorted(titles(page)) == [f"本 {n:02}" for n in range(0, 60, 3)] and current(page) == ["看板：草稿板"]
    assert len(titles(browser.read(f"{rows}&q=57"))) == 1 and f'name="scope" value="{key}"' in page
    tab = next(one for one in re.findall(r'href="([^"]+)"', re.search(r'<nav class="views".*?</nav>', browser.read(board), re.S)[0]) if "scope" not in one and key not in one)
    assert tab.replace("&amp;", "&") == "/books?view=board", "a list's tab leaves the saved board"


def test_one_s_own_board_is_changed_where_it_stands(cast, books):
    browser, board = save("owner", "一块板", "view=board&f.status=draft")
    key = board.partition("=")[2]
    page = browser.read(board)
    assert "改名与共享" in page and "更新此视图" not in page
    into = re.search(r'<form id="into" method="post" action="([^"]+)"', browser.read(f"{board}&where=" + quote("pages >= 30")))[1].replace("&amp;", "&")
    assert Browser("teammate").post(into).status_code == 404
    assert browser.post(into.replace(f"view={key}", "view=calendar")).status_code == 404, "a board stays a board"
    assert browser.post(into).headers["Location"] == board
    assert re.search(r'<span class="count">10 条</span>', browser.read(board)), "drafts of 30 pages and more"


def test_a_tree_is_kept_too(cast):
    browser = Browser("admin")
    url = "/departments/save-view?view=tree&where=" + quote("name contains 部")
    place = browser.post(url, inputs(browser.read(url)) | {"name": ["各部门"]}).headers["Location"]
    page = browser.read(place)
    assert 'class="card boughs"' in page and current(page) == ["层级：各部门"] and "总部" in page
    with refused():
        door.perform("view", "create", actor=cast.actor("admin"), changes={"name": "x", "object_name": "book", "kind": "calendar", "settings": {"date": "published_on", "span": "year"}})


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
