"""The filter builder: reads every condition into rows and writes it back, in the list, on a page of its own, in the browser."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from guanxi.kernel.declare import conditions
from guanxi.kernel.records import door, reading
from tests.chromium import enter
from tests.surfaces.web.browser import Browser, inputs, statements, words


@pytest.fixture(scope="module")
def books(cast):
    actor = cast.actor("owner")
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅", "country": "中国"}).id
    for n in range(12):
        door.perform("book", "create", actor=actor, changes={"name": f"本 {n:02}", "pages": n, "status": "published" if n % 3 else "draft", "author": author if n % 2 else None})
    return author


def form(html):
    return inputs(html.replace('<form class="builder', '<form data-guard class="builder'))


def where(answer):
    assert answer.status_code == 302, words(answer.content.decode())[-600:]
    return parse_qs(urlsplit(answer.headers["Location"]).query).get("where", [""])[0]


CONDITIONS = [
    'name contains 书', 'name not contains "a, b"', 'name starts 本', 'name ends "1"', 'name = "本 01"', 'name != x', 'name in (a, b)', 'name not in (a, b)', 'name empty', 'name not empty',
    'summary contains 海', 'summary empty', 'pages = 3', 'pages != 3', 'pages > 3', 'pages >= 3', 'pages < 3', 'pages <= 3', 'pages between (1, 5)', 'pages in (1, 2)',
    'price >= 1万', 'price between (1, 2.5)', 'weight < 0.5', 'discount > 10', 'published_on within this_month', 'published_on within last_30_days', 'published_on within next_7_days', 'published_on within last_3_months',
    'published_on < today', 'published_on >= 2026-01-01', 'published_on between (2026-01-01, 2026-02-01)', 'published_on = last_7_days', 'printed_at within yesterday', 'printed_at > 2026-01-01', 'printed_at empty',
    'available = true', 'available = false', 'available != true', 'status = draft', 'status != published', 'status in (draft, published)', 'status not in (draft)', 'genres has all (novel, poem)', 'genres has any (novel)', 'genres has none (essay)',
    'tags has any (a, b)', 'tags has none (c)', 'tags not empty', 'phones contains 138', 'phones ends 00', 'email contains example', 'website not empty', 'industry = A', 'industry in (A, C)',
    'place = 440300', 'place != 110000', 'place exactly 440305', 'place contains 科技园', 'place empty', 'owner = me', 'editor != me', 'editor in (me)', 'owner empty', 'department under my_department', 'department = my_department', 'files empty', 'extra not empty',
    'author.country = 中国', 'author.name contains 鲁', 'co_authors.country = 中国', 'owner.name = x', 'author = 鲁迅',
    'pages > 1 and status = draft and owner = me', 'pages > 1 or status = draft', 'pages > 1 and (status = draft or (available = true and name contains x))', 'not (pages > 1 and status = draft)',
    'not (pages > 1 or status = draft)', 'not (pages > 1)', 'status = draft and not (owner = me or available = true)',
]  # fmt: skip


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_becomes_rows_and_the_same_condition_again(books, text):
    text = text.replace("my_department", '"my department"')
    browser = Browser("admin")
    asked = conditions.to_text(conditions.from_text(text))
    url = f"/books/filter?where={quote(text)}"
    page = browser.read(url)
    assert "文字条件" not in page and 'name="n.0.' in page, "every operator of every type is shown as a row"
    sent = form(page) | {"do": ["apply"]}
    written = where(browser.post(url, sent))
    assert written == asked


def test_a_region_is_typed_as_it_is_called_or_sounds(books):
    browser, url = Browser("admin"), "/books/filter?where=" + quote("place = 440300")
    page = browser.read(url)
    assert 'value="广东省深圳市"' in page and "<gx-places>" in page
    for typed, code in (("浙江省杭州市", "330100"), ("szns", "440305"), ("440000", "440000")):
        assert where(browser.post(url, form(page) | {"n.0.v": [typed], "do": ["apply"]})) == f"place = {code}", typed
    assert browser.post(url, form(page) | {"n.0.v": ["无此地"], "do": ["apply"]}).status_code == 422


def test_records_are_named_and_kept_by_id(books):
    browser = Browser("owner")
    url = f"/books/filter?where={quote(f'author = {books}')}"
    page = browser.read(url)
    assert 'value="鲁迅"' in page and str(books) in page
    assert where(browser.post(url, form(page) | {"do": ["apply"]})) == f"author = {books}"
    many = f"/books/filter?where={quote(f'author in ({books})')}"
    assert where(browser.post(many, form(browser.read(many)) | {"do": ["apply"]})) == f"author in ({books})"


def test_rows_and_groups_are_added_filled_and_taken_away_without_script(books):
    browser = Browser("owner")
    page = browser.read("/books/filter?sort=name")
    url = "/books/filter?sort=name"
    step = browser.post(url, form(page) | {"n.0.field": ["status"], "do": ["redraw"]}).content.decode()
    step = browser.post(url, form(step) | {"n.0.v": ["draft"], "do": ["add:n"]}).content.decode()
    step = browser.post(url, form(step) | {"n.1.field": ["author."], "do": ["redraw"]}).content.decode()
    assert re.findall(r'name="n\.1\.field"', step) == ['name="n.1.field"'] * 2, "a link is crossed by a second choice"
    step = browser.post(url, form(step) | {"n.1.field": ["author.", "country"], "do": ["redraw"]}).content.decode()
    step = browser.post(url, form(step) | {"n.1.op": ["="], "n.1.v": ["中国"], "do": ["group:n"]}).content.decode()
    step = browser.post(url, form(step) | {"n.2.0.field": ["pages"], "do": ["redraw"]}).content.decode()
    step = browser.post(url, form(step) | {"n.2.0.op": [">="], "n.2.0.v": ["3"], "do": ["add:n.2"]}).content.decode()
    step = browser.post(url, form(step) | {"n.2.1.field": ["available"], "do": ["redraw"]}).content.decode()
    answer = browser.post(url, form(step) | {"do": ["apply"]})
    assert where(answer) == "status = draft and author.country = 中国 and (pages >= 3 or available = true)"
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["sort"] == ["name"]
    fewer = browser.post(url, form(step) | {"do": ["drop:n.2"]}).content.decode()
    assert where(browser.post(url, form(fewer) | {"do": ["apply"]})) == "status = draft and author.country = 中国"


def test_what_is_wrong_is_said_at_its_row_and_text_is_taken_too(books):
    browser = Browser("owner")
    url = f"/books/filter?where={quote('pages > 3')}"
    sent = form(browser.read(url))
    wrong = browser.post(url, sent | {"n.0.v": ["viele"], "do": ["apply"]})
    assert wrong.status_code == 422 and "页数" in words(wrong.content.decode()) and 'role="alert"' in wrong.content.decode()
    assert browser.post(url, sent | {"n.0.v": [""], "do": ["apply"]}).status_code == 422
    assert where(browser.post(url, sent | {"do": ["words"], "where": ["页数 > 5 且 负责人 = 我"]})) == "页数 > 5 and 负责人 = me"
    assert browser.post(url, sent | {"do": ["words"], "where": ["页数 >"]}).status_code == 422


def test_what_one_may_not_see_stays_text_and_is_no_field(books):
    page = Browser("owner").read(f"/books/filter?where={quote('cost > 3 and pages > 1')}")
    assert 'name="n.0.text"' in page and 'value="cost &gt; 3"' in page
    assert 'value="cost"' not in page, "hidden fields cannot be asked for"
    assert 'value="phones"' in page, "masked ones by a whole value, as the row of one says: tests/surfaces/web/test_masked.py"
    assert Browser("admin").read(f"/books/filter?where={quote('cost > 3')}").count('name="n.0.text"') == 0


def test_who_may_not_read_names_is_not_offered_to_look_for_one_and_finds_nothing_by_it(cast, books):
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["grants"]).rows[0]
    assert 'name="q" value="本"' in Browser("owner").read("/books?view=all&q=本")
    for level in ("hidden", "masked"):
        held = json.loads(json.dumps(role["grants"]))
        held["book"]["fields"]["name"] = level
        door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": held})
        for url in ("/books?view=all&q=本", "/books?view=status&q=本"):
            page = Browser("owner").read(url)
            assert "本 0" not in page and 'aria-label="名称包含"' not in page, (level, url)
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": json.loads(json.dumps(role["grants"]))})


def test_chips_say_what_is_asked_and_take_it_away(books):
    browser = Browser("owner")
    page = browser.read(f"/books?f.status=draft&q=本&where={quote(f'author = {books} and (pages >= 3 or published_on within last_30_days)')}")
    chips = [unescape(one) for one in re.findall(r'class="chip">\s*<(?:a|span)[^>]*>([^<]+)<', page)]
    assert chips == ["书名 包含 本", "状态 是 草稿", "作者 是 鲁迅", "页数 ≥ 3 或 出版日期 在 近 30 天"]
    without = [unescape(one) for one in re.findall(r'class="away" href="([^"]+)"', page)]
    kept = [parse_qs(urlsplit(one).query) for one in without]
    assert [set(one) for one in kept] == [{"f.status", "where"}, {"q", "where"}, {"f.status", "q", "where"}, {"f.status", "q", "where"}]
    assert kept[2]["where"] == ["pages >= 3 or published_on within last_30_days"] and kept[3]["where"] == [f"author = {books}"]
    edit = unescape(re.findall(r'href="([^"]+)" data-chip', page)[2])
    assert "sought" in browser.read(edit)
    with statements() as sent:
        browser.read(f"/books?where={quote(f'author = {books}')}")
    assert len(sent) <= 4, sent
    english = Browser("owner", "en")
    english.post("/language", {"language": "en"})
    assert "Status is one of Draft, Published" in unescape(english.read(f"/books?where={quote('status in (draft, published)')}"))
    english.post("/language", {"language": "zh-CN"})


def test_one_letter_narrows_to_the_names_it_begins(cast, books):
    for name in ("上海", "深圳", "重庆", "9号"):
        door.perform("book", "create", actor=cast.actor("teammate"), changes={"name": name})
    browser = Browser("teammate")
    page = browser.read("/books?sort=name")
    assert re.findall(r'letter=([^"&]+)"', page) == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "%23"]
    found = browser.read("/books?sort=name&letter=S")
    assert sorted(re.findall(r'class="title"[^>]*>([^<]+)<', found)) == ["上海", "深圳"] and "首字母 S" in found
    assert re.findall(r'class="title"[^>]*>([^<]+)<', browser.read("/books?letter=%23")) == ["9号"]
    assert re.findall(r'class="title"[^>]*>([^<]+)<', browser.read("/books?letter=C&view=all")) == ["重庆"]
    assert 'class="letters"' in browser.read("/books?letter=Q") and 'class="letters"' not in browser.read("/chapters")


def test_built_in_a_browser(books, website, chromium):
    page, said = enter(chromium, website)
    page.goto(website + "/books?sort=name")
    page.click("details.more > summary")
    page.wait_for_selector(".panel form.builder")
    page.select_option("[name='n.0.field']", "author.")
    page.wait_for_selector("[name='n.0.field'] >> nth=1")
    page.locator("[name='n.0.field']").nth(1).select_option("country")
    page.wait_for_selector("[name='n.0.op']")
    page.select_option("[name='n.0.op']", "=")
    page.wait_for_selector("[name='n.0.v']")
    page.fill("[name='n.0.v']", "中国")
    page.keyboard.press("Enter")
    page.wait_for_url("**/books?sort=name&where=*")
    assert page.locator(".chip").all_inner_texts() == ["作者 › 国家 是 中国"]
    assert page.locator("a.title").count() == 6
    page.click(".chip a[data-chip]")
    page.wait_for_selector(".sought")
    page.click(".panel button[value='group:n']")
    page.wait_for_selector("[name='n.1.0.field']")
    page.click(".panel [value='drop:n.1']")
    page.wait_for_selector("[name='n.1.0.field']", state="detached")
    page.keyboard.press("Escape")
    page.wait_for_selector("details.more:not([open])")
    page.click(".chip .away")
    page.wait_for_url("**/books?sort=name")
    assert said == []
