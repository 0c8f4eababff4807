"""Many records at once from a list: ticked or all of a filter, changed, tagged, deleted and brought back, exported."""

from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import urlencode
from uuid import UUID

import pytest

from guanxi.kernel import jobs
from guanxi.kernel.records import door, reading
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import bulk
from tests.chromium import after, enter
from tests.kernel.tools import events_of, state
from tests.surfaces.web.browser import Browser, inputs, words


@pytest.fixture(scope="module")
def books(cast):
    """Sixty of the owner's, one of the outsider's."""
    out = [
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"册 {n:02}", "pages": n, "tags": ["旧"]}).id
        for n in range(60)
    ]
    out.append(door.perform("book", "create", actor=cast.actor("outsider"), changes={"name": "别人的"}).id)
    return out


def asked(do, ids=(), **more):
    return "/books/bulk?" + urlencode({"do": do, "ids": ",".join(map(str, ids)), **more})


def held(cast, id, who="owner"):
    return reading.get("book", id, actor=cast.actor(who))


def test_the_bar_offers_what_the_person_may_do(books):
    page = Browser("owner").read("/books")
    bar = page[page.index('id="selection"') :]
    assert re.findall(r'name="do" value="(\w+)"', bar) == ["update", "assign", "tag", "publish", "export", "delete"]
    assert page.count('name="ids"') == 50 and "全部 60 条" in words(page)
    assert 'id="selection"' not in Browser("nobody").get("/books").content.decode()


def test_only_what_is_filled_in_changes(cast, books):
    browser = Browser("owner")
    url = asked("update", books[:3])
    form = inputs(browser.read(url))
    assert form["ids"] == [",".join(map(str, books[:3]))]
    answer = browser.post(url, form | {"pages": ["777"], "clear": ["status"]})
    assert answer.status_code == 302 and answer.headers["Location"] == "/books"
    for one in books[:3]:
        row = held(cast, one)
        assert (row["pages"], row["status"], row["tags"]) == (777, None, ["旧"])
        assert set(events_of("book", one)[-1].changes) >= {"pages", "status"}
    assert "3 条已完成" in words(browser.read("/books"))
    assert held(cast, books[3])["pages"] == 3
    before = state()
    assert browser.post(url, form).status_code == 422, "nothing is filled in"
    assert browser.post(url, form | {"pages": ["viele"]}).status_code == 422
    assert state() == before


def test_everything_a_filter_means(cast, books):
    browser = Browser("owner")
    url = "/books/bulk?" + urlencode({"q": "册", "where": "pages >= 10 and pages < 60", "do": "assign", "all": 1})
    page = browser.read(url)
    assert "50 条" in words(page)
    browser.post(url, inputs(page) | {"owner": ["李娜"]})
    found = reading.query("book", actor=cast.actor("teammate"), where="owner = me", limit=200, fields=["pages"])
    assert sorted(row["pages"] for row in found.rows) == list(range(10, 60))
    undo = re.search(r'href="(/undo/[^"]+)"', browser.read("/books"))[1].replace("&amp;", "&")
    shown = browser.read(undo)
    assert "书 50 条恢复原状" in words(shown) and Browser("teammate").get(undo).status_code == 404
    assert browser.post(undo, inputs(shown)).headers["Location"].startswith("/books?q=")
    assert "已撤销：50 条恢复原状" in words(browser.read("/books"))
    assert reading.query("book", actor=cast.actor("teammate"), where="owner = me").rows == []


def test_tags_are_added_and_taken_away(cast, books):
    browser = Browser("owner")
    url = asked("tag", books[4:6])
    browser.post(url, inputs(browser.read(url)) | {"tags_more": ["新、旧"], "tags_less": ["旧"]})
    assert held(cast, books[4])["tags"] == ["新", "旧"]
    browser.post(url, inputs(browser.read(url)) | {"tags_more": ["展会"], "tags_less": ["旧"]})
    assert held(cast, books[5])["tags"] == ["新", "展会"]


def test_what_may_not_be_done_says_so_and_changes_nothing(cast, books):
    browser = Browser("owner")
    before = events_of("book", books[-1])
    url = asked("update", [books[6], books[-1]])
    page = browser.post(url, inputs(browser.read(url)) | {"pages": ["5"]}).content.decode()
    assert "完成 1 条，未完成 1 条" in words(page) and "没有权限" in page and "别人的" not in page
    assert held(cast, books[6])["pages"] == 5 and held(cast, books[-1], "outsider")["pages"] is None
    assert events_of("book", books[-1]) == before
    page = browser.post(asked("publish", books[7:9]), {"ids": ",".join(map(str, books[7:9])), "price": "12", "printed": "10"})
    assert page.status_code == 302 and held(cast, books[8])["status"] == "published"
    again = browser.post(asked("publish", books[7:8]), {"ids": str(books[7]), "price": "13"}).content.decode()
    assert "未完成 1 条" in words(again) and held(cast, books[7])["price"]["amount"] == 12
    for verb in ("counted", "create", "share", "nothing", ""):
        assert browser.get(asked(verb, books[:1])).status_code == 404
    assert browser.get(asked("delete")).status_code == 422
    assert Browser("executive").get(asked("delete", books[:1])).status_code == 404


def test_delete_and_back(cast, books):
    browser = Browser("owner")
    url = asked("delete", books[20:23], q="册")
    answer = browser.post(url, inputs(browser.read(url)))
    assert answer.headers["Location"] == "/books?q=%E5%86%8C"
    page = browser.read("/books?q=册")
    assert "57 条" in words(page)
    undo = re.search(r'href="(/books/bulk\?do=restore[^"]+)"', page)[1].replace("&amp;", "&")
    browser.post(undo, inputs(browser.read(undo)))
    assert "60 条" in words(browser.read("/books?q=册"))


def test_more_than_a_few_become_a_job(cast, books, monkeypatch):
    """The page says so before, the job's page tells what became of each, and takes the whole back."""
    monkeypatch.setattr(bulk, "MOST", 20)
    assert Browser("owner").get(asked("delete", books[:21])).status_code == 422
    monkeypatch.setattr(bulk, "SMALL", 20)
    browser = Browser("owner")
    url = "/books/bulk?" + urlencode({"q": "册", "where": "pages >= 10 and pages < 60", "do": "tag", "all": 1})
    page = browser.read(url)
    assert "在后台进行" in page and "标签 50 条" in words(page)
    place = browser.post(url, inputs(page) | {"tags_more": ["后台"]}).headers["Location"]
    job = place.rsplit("/", 1)[1]
    door.perform("book", "assign", actor=cast.actor("admin"), id=books[30], changes={"owner": cast.users["outsider"]})
    assert "0 / 50" in words(browser.read(f"{place}/bar")) and "0 / 50" in words(browser.read("/jobs"))
    tasks.do_bulk(job)
    page = browser.read(place)
    assert "批量编辑 · 书" in words(page) and "已修改 49" in words(page) and "拒绝 1" in words(page) and "没有权限，或记录已不在。" in page
    assert "下载逐条结果" in page and "下载被拒绝的行" in page and "撤销整个操作" in page
    assert "修改 49 条，1 条未改" in words(browser.read(f"{place}/bar")) and Browser("manager").get(f"{place}/bar").status_code == 404
    assert "49 条记录恢复原来的值" in words(browser.read(f"{place}/undo"))
    undo = browser.post(f"{place}/undo", {}).headers["Location"]
    tasks.do_undo(undo.rsplit("/", 1)[1])
    assert "恢复原值 49" in words(browser.read(undo)) and "撤销整个操作" not in browser.read(place)
    assert reading.query("book", actor=cast.actor("owner"), where="tags has 后台").rows == []
    door.perform("book", "assign", actor=cast.actor("admin"), id=books[30], changes={"owner": cast.users["owner"]})


def test_an_export_is_a_job_with_a_file(cast, books):
    browser = Browser("owner")
    url = "/books/bulk?" + urlencode({"do": "export", "where": "pages >= 50 and pages < 100", "sort": "-pages"})
    assert "cost" not in re.findall(r'name="columns" value="(\w+)"', browser.read(url))
    answer = browser.post(url, {"format": "xlsx", "columns": ["name", "pages"]})
    place = answer.headers["Location"]
    assert "等待中" in browser.read(place)
    job = place.rsplit("/", 1)[1]
    tasks.do_export(job)
    page = browser.read(place)
    assert "已完成" in page and "行数 10" in words(page)
    file = re.search(r'href="(/jobs/[^"]+/files/[^"]+)"', page)[1]
    answer = browser.get(file)
    data = b"".join(answer.streaming_content)
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "册 59" in sheet and "册 49" not in sheet and sheet.index("册 59") < sheet.index("册 50")
    assert "已完成" in browser.read("/jobs")
    other = Browser("manager")
    assert other.get(place).status_code == 404 and other.get(file).status_code == 404
    assert browser.post(url, {"format": "doc", "columns": ["name"]}).status_code == 422
    assert browser.post(url, {"format": "csv", "columns": ["cost"]}).status_code == 422
    assert Browser("newcomer").get("/jobs").status_code == 200
    assert jobs.load(UUID(job)).state == "done"


def test_ticking_rows_in_a_browser(cast, books, website, chromium, monkeypatch):
    page, said = enter(chromium, website)
    page.goto(website + "/books?q=册&sort=-name")
    bar = page.locator("#selection")
    assert not bar.is_visible()
    boxes = page.locator("#list input[name=ids]")
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    assert bar.is_visible() and bar.locator(".chosen").inner_text() == "5 条已选"
    page.click("#selection button[value=update]")
    page.wait_for_selector("#dialog[open] form")
    page.fill("#dialog #i-pages", "4321")
    page.click("#dialog footer button.primary")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    page.wait_for_selector(".toast")
    assert "5 条已完成" in page.locator(".toast").first.inner_text()
    found = after(lambda: reading.query("book", actor=cast.actor("owner"), where="pages = 4321", fields=["name"], sort="name").rows)
    assert [row["name"] for row in found] == [f"册 {n}" for n in range(55, 60)]
    assert page.url.endswith("/books?q=册&sort=-name") or "q=%E5%86%8C" in page.url

    # all of them: told in the list, done in the background, seen when it is over
    monkeypatch.setattr(bulk, "SMALL", 20)
    page.goto(website + "/books?q=册&sort=-name")
    boxes.nth(0).check()
    page.check("#selection input[name=all]")
    page.click("#selection button[value=update]")
    page.wait_for_selector("#dialog[open] form")
    page.fill("#dialog #i-price", "8888")
    page.click("#dialog footer button.primary")
    page.wait_for_selector("#list > .underway progress")
    assert "60 条" in page.locator(".toast").last.inner_text()
    job = page.get_attribute("#list > .underway a", "href").rsplit("/", 1)[1]
    after(lambda: tasks.do_bulk(job))
    page.wait_for_selector("#list > .underway[data-over='1']:has-text('修改 60 条')")
    page.wait_for_function("() => document.querySelector('#list tbody').textContent.includes('8,888')")
    page.click("#list > .underway .shut")
    page.wait_for_selector("#list > .underway", state="detached")
    assert said == []
