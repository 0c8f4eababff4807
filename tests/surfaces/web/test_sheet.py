"""A list as a sheet: cells changed where they stand, blocks pasted, what is wrong marked, all of it taken back."""

from __future__ import annotations

import json
import re

import pytest
from django.conf import settings

from guanxi.kernel.records import door, reading
from tests.chromium import after, enter
from tests.surfaces.web.browser import Browser, statements


@pytest.fixture(scope="module")
def books(cast):
    door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"})
    for _ in range(2):
        door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "重名"})
    return [door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"册 {n}", "pages": n, "code": f"C{n}"}).id for n in range(6)]


def write(who, rows, columns="name,pages,status,author,price,thickness", status=200):
    answer = Browser(who).post("/books/cells", {"rows": json.dumps(rows), "columns": columns})
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.json() if status == 200 else None


def held(cast, book, *fields):
    row = reading.get("book", book, actor=cast.actor("admin"), fields=list(fields))
    return [row[name] for name in fields]


def test_a_block_is_understood_as_an_import_reads_it_and_taken_back(cast, books):
    one, two = (str(books[n]) for n in (0, 1))
    told = write("owner", [
        {"id": one, "texts": {"pages": "1,200", "status": "已出版", "author": "鲁迅", "price": "1.2万", "published_on": "2026年3月5日", "genres": "小说、诗歌", "tags": "甲，乙", "available": "是"}},
        {"id": two, "texts": {"pages": "77", "status": "", "place": "广东深圳南山"}},
    ])  # fmt: skip
    assert [told["rows"][one]["wrong"], told["rows"][two]["wrong"]] == [{}, {}]
    assert "鲁迅" in told["rows"][one]["values"]["author"] and "¥12,000" in told["rows"][one]["values"]["price"]
    assert "120.00" in told["rows"][one]["values"]["thickness"], "what follows from a value comes along"
    pages, status, author, price, day, genres, tags, available = held(cast, one, "pages", "status", "author", "price", "published_on", "genres", "tags", "available")
    assert (pages, status, author["label"], price["amount"], day.isoformat(), genres, tags, available) == (1200, "published", "鲁迅", 12000, "2026-03-05", ["novel", "poem"], ["甲", "乙"], True)
    assert held(cast, two, "pages", "status") == [77, None]
    back = write("owner", told["back"])
    assert back["rows"][one]["wrong"] == {}
    assert held(cast, one, "pages", "status", "author", "price", "genres", "available") == [0, "draft", None, None, None, None]
    assert held(cast, two, "pages", "status", "place") == [1, "draft", None]


def test_wrong_cells_say_why_and_the_right_ones_of_the_same_row_are_saved(cast, books):
    one, two = str(books[2]), str(books[3])
    told = write("owner", [
        {"id": one, "texts": {"pages": "viele", "author": "重名", "status": "nie", "name": "新名"}},
        {"id": two, "texts": {"pages": "-5", "code": "C1", "tags": "好"}},
    ])  # fmt: skip
    assert set(told["rows"][one]["wrong"]) == {"pages", "author", "status"} and told["rows"][one]["saved"] == ["name"]
    assert "2 条记录" in told["rows"][one]["wrong"]["author"]
    assert set(told["rows"][two]["wrong"]) == {"pages", "code"} and told["rows"][two]["saved"] == ["tags"]
    assert "不能为负" in told["rows"][two]["wrong"]["pages"] and "已被使用" in told["rows"][two]["wrong"]["code"]
    assert held(cast, one, "name", "pages", "author") == ["新名", 2, None]
    assert held(cast, two, "pages", "code", "tags") == [3, "C3", ["好"]]


def test_what_one_may_not_change_stays_as_it_is(cast, books):
    book = str(books[4])
    version = held(cast, book, "version")
    told = write("owner", [{"id": book, "texts": {"discount": "5", "cost": "3", "chapter_count": "9", "phones": "13800138000", "created_at": "2026-01-01", "nonsense": "x"}}])
    assert set(told["rows"][book]["wrong"]) == {"discount", "cost", "chapter_count", "phones", "created_at", "nonsense"} and told["back"] == []
    for who in ("outsider", "executive"):
        rows = [{"id": book, "texts": {"pages": "9"}}]
        told = write(who, rows)
        assert set(told["rows"][book]["wrong"]) == {"pages"} and told["back"] == []
    assert held(cast, book, "version") == version
    write("owner", "nonsense", status=422)
    assert Browser("owner").get("/books/cells").status_code == 404


def test_taking_back_leaves_what_somebody_changed_since(cast, books):
    book = str(books[5])
    told = write("owner", [{"id": book, "texts": {"pages": "500"}}])
    door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"pages": 501})
    again = write("owner", told["back"])
    assert "有人改过" in again["rows"][book]["wrong"]["pages"] and held(cast, book, "pages") == [501]


def test_the_heads_say_what_may_be_changed_with_no_statement_more(cast, books):
    browser = Browser("owner")
    browser.read("/books?columns=name,pages,discount,thickness")
    with statements() as sent:
        page = browser.read("/books?columns=name,pages,discount,thickness")
    assert len(sent) <= 4, sent
    heads = re.findall(r'<th scope="col" data-path="(\w+)"( data-edit)?', page)
    assert heads == [("name", " data-edit"), ("pages", " data-edit"), ("discount", ""), ("thickness", "")]
    assert "data-fixed" not in page
    assert "data-edit>" not in Browser("executive").read("/books") and 'data-sheet="/books"' in Browser("executive").read("/books")
    door.perform("book", "share", actor=cast.actor("owner"), id=books[0], inputs={"user": str(cast.users["outsider"]), "level": "read"})
    assert Browser("outsider").read("/books").count("<tr data-fixed>") == 1, "a row one may only read"


def test_as_a_sheet_in_the_browser(cast, books, website, chromium):
    ids = after(lambda: [door.perform("book", "create", actor=cast.actor("junior"), changes={"name": f"表 {n}", "pages": n}).id for n in range(4)])
    page, said = enter(chromium, website, "junior")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(website + "/books?sort=name&columns=name,pages,status,tags,thickness")
    page.wait_for_selector("table[role=grid]")

    def at(row, column):
        return page.locator(f"tbody tr:nth-child({row}) > :nth-child({column + 1})")

    def focused(row, column):
        page.wait_for_function("([r, c]) => document.activeElement.closest('td, th') === document.querySelector(`tbody tr:nth-child(${r}) > :nth-child(${c + 1})`)", arg=[row, column])

    page.locator("a.title").first.focus()
    page.keyboard.press("ArrowRight")
    focused(1, 2)
    page.keyboard.type("3")
    page.wait_for_selector("form.value input[name=pages]")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    focused(2, 2)
    assert at(1, 2).inner_text() == "320" and at(1, 5).inner_text() == "32.00"
    page.keyboard.press("Enter")
    page.wait_for_selector("form.value input[name=pages]")
    page.keyboard.type("-4")
    page.keyboard.press("Tab")
    page.wait_for_selector("form.value .error:has-text('不能为负')")
    page.keyboard.press("Escape")
    page.wait_for_selector("form.value", state="detached")
    focused(2, 2)
    assert at(2, 2).inner_text() == "1"
    at(3, 4).dblclick()
    page.wait_for_selector("form.value input[name=tags]")
    page.keyboard.type("红")
    page.keyboard.press("Tab")
    focused(3, 5)
    assert at(3, 4).inner_text() == "红"

    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    focused(1, 2)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("[aria-selected=true]").count() == 4
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "320\t草稿\n1\t草稿"
    page.evaluate("navigator.clipboard.writeText('11\\t已出版\\t\"甲，\\n乙\"\\r\\n12\\tnie\\t丙\\r\\nx\\t草稿\\t丁\\r\\n14\\t草稿\\t戊\\r\\n15\\t草稿\\t己\\r\\n')")
    page.keyboard.press("Escape")
    focused(2, 3)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+v")
    page.wait_for_selector(".toast")
    assert "写入 10 个单元格" in page.locator(".toast span").inner_text() and "2 个有误" in page.locator(".toast span").inner_text() and "1 行" in page.locator(".toast span").inner_text()
    assert [at(n, 2).inner_text() for n in range(1, 5)] == ["11", "12", "x", "14"]
    assert at(2, 3).get_attribute("aria-invalid") == "true" and "只能选" in at(2, 3).get_attribute("title")
    assert after(lambda: [held(cast, one, "pages", "tags") for one in ids]) == [[11, ["甲", "乙"]], [12, ["丙"]], [2, ["丁"]], [14, ["戊"]]]
    page.click(".toast button:has-text('撤销')")
    page.wait_for_function("() => document.querySelector('tbody tr:nth-child(1) > :nth-child(3)').innerText === '320'")
    assert after(lambda: [held(cast, one, "pages", "tags") for one in ids]) == [[320, None], [1, None], [2, ["红"]], [3, None]]
    at(4, 2).click()
    focused(4, 2)
    page.keyboard.press("Delete")
    page.wait_for_function("() => document.querySelector('tbody tr:nth-child(4) > :nth-child(3)').innerText === ''")
    assert after(lambda: held(cast, ids[3], "pages")) == [None]
    assert said == []
    page.context.close()


def test_the_sheet_is_without_findings(cast, books, website, chromium):
    axe = settings.NODE_MODULES / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed")
    page, _ = enter(chromium, website, bypass_csp=True)
    page.goto(website + "/books?columns=name,pages,status,author,tags")
    page.wait_for_selector("table[role=grid]")
    page.locator("tbody tr:nth-child(1) > :nth-child(3)").click()
    page.add_script_tag(path=str(axe))
    found = page.evaluate("axe.run(document.querySelector('#main'), {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    page.context.close()
