"""Lists, records, forms and verbs, as different people see them."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.records import door, reading, telling
from guanxi.surfaces.web import static
from guanxi.surfaces.web.urls import RESERVED
from tests.cast import PEOPLE
from tests.surfaces.web.browser import Browser, inputs, statements, words

CJK = re.compile(r"[\u3400-\u9fff]+")


@pytest.fixture(scope="module")
def books(cast):
    """120 books of the owner's and one of the manager's."""
    out = [
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"书 {n:03}", "pages": n, "price": n}).id
        for n in range(120)
    ]
    door.perform("book", "update", actor=cast.actor("manager"), id=out[0], changes={"phones": "13800138000"})
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅", "royalty": 10}).id
    door.perform("book", "update", actor=cast.actor("owner"), id=out[0], changes={"author": author})
    door.perform("book", "create", actor=cast.actor("manager"), changes={"name": "经理的书"})
    return out


def test_no_object_is_called_like_a_fixed_page():
    assert not {d.plural for d in REGISTRY.objects.values()} & set(RESERVED)


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_every_page_of_every_object_opens_or_does_not_exist(books, who):
    client = Browser(who)
    for it in REGISTRY.objects.values():
        assert client.get(f"/{it.plural}").status_code in (200, 404), it.name
        assert client.get(f"/{it.plural}/new").status_code in (200, 403, 404), it.name
    for url in ("/", "/search?q=书", "/search", "/settings", "/me", "/password"):
        client.read(url)


def test_every_button_of_a_record_leads_to_a_page(books):
    client = Browser("owner")
    page = client.read(f"/books/{books[0]}")
    links = set(re.findall(rf'href="(/books/{books[0]}/\w+|\?tab=[\w.]+|/books/{books[0]}\?tab=[\w.]+)"', page))
    assert {f"/books/{books[0]}/{verb}" for verb in ("edit", "delete", "assign", "share", "publish")} <= links
    assert not any("counted" in link for link in links), "internal verbs are for rules"
    for link in links:
        client.read(link)


def test_in_english_nothing_is_left_in_chinese(cast, books):
    client = Browser("admin", "en")
    client.post("/language", {"language": "en"})
    known = {"中文", "关", "系统管理员", "鲁迅", "书", "经理的书", *(name for name, _, _ in PEOPLE.values()), *cast.departments, *(n[:1] for n, _, _ in PEOPLE.values())}
    for it in REGISTRY.objects.values():
        for row in reading.query(it.name, actor=cast.actor("admin"), fields=[it.title], limit=200).rows:
            known |= set(CJK.findall(str(row[it.title])))
    urls = ["/", "/search", "/settings", "/me", "/password", "/nothing", f"/books/{books[0]}", f"/books/{books[0]}?tab=history", f"/books/{books[0]}?tab=why", f"/books/{books[0]}/edit"]
    urls += [f"/books/{books[0]}/{verb}" for verb in ("publish", "delete", "assign", "share")]
    urls += [f"/{d.plural}/new" for d in REGISTRY.objects.values()] + [f"/{d.plural}" for d in REGISTRY.objects.values() if d.name not in ("dictionary_entry",)]
    first = {name: reading.query(name, actor=cast.actor("admin"), fields=["id"], limit=1).rows[0]["id"] for name in ("role", "pipeline", "dictionary", "company")}
    urls += [f"/roles/{first['role']}?fields=book,customer", f"/roles/{first['role']}?tab=people", f"/roles/{first['role']}?tab=history", "/roles/new"]
    urls += [f"/pipelines/{first['pipeline']}", f"/dictionaries/{first['dictionary']}", f"/companies/{first['company']}/edit"]
    urls += ["/settings/departments", "/settings/sample", "/welcome", "/welcome?step=people", "/welcome?step=data"]
    urls += ["/books?bin=1", "/books?where=(", "/books?q=zzz", "/shelves"]
    for url in urls:
        html = client.get(url).content.decode()
        shown = words(html) + " " + " ".join(re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', html))
        assert set(CJK.findall(shown)) <= known, (url, set(CJK.findall(shown)) - known)
    client.post("/language", {"language": "zh-CN"})


def test_a_page_has_no_inline_style_or_script_and_says_so(books):
    client = Browser("owner")
    for url in ("/", "/books", f"/books/{books[0]}", "/books/new", "/me"):
        answer = client.get(url)
        html = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", html), url
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "script-src 'self'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
        assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), url
        labels = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', html))
        for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", html):
            name = re.search(r'\sid="([^"]+)"', tag)
            hidden = re.search(r'type="(hidden|checkbox|radio)"', tag)
            assert hidden or "aria-label" in tag or (name and name[1] in labels), (url, tag)


def test_styles_and_scripts_are_kept_for_ever_under_their_content():
    url = static.url("app.css")
    answer = Browser().get(url, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200 and "immutable" in answer["Cache-Control"] and answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 25 * 1024, "the first page's style, compressed"
    assert Browser().get(url, headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert "no-cache" in Browser().get("/static/old/app.css")["Cache-Control"]
    assert Browser().get("/static/x/../settings.py").status_code == 404


def test_a_list_takes_four_statements_at_most(books):
    client = Browser("owner")
    client.read("/books")
    with statements() as sent:
        client.read("/books")
    assert len(sent) == 4, sent
    with statements() as sent:
        page = client.read("/books?sort=-pages&f.status=draft&q=书")
    assert len(sent) == 3, sent  # rows and count of a choice in one
    assert page.count("<tr>") == 51


def test_a_record_with_its_timeline_takes_eight_statements_at_most(books):
    client = Browser("owner")
    client.read(f"/books/{books[0]}")
    with statements() as sent:
        client.read(f"/books/{books[0]}")
    assert len(sent) <= 8, sent


def test_pages_follow_each_other_by_cursor_without_gap_or_repeat(books):
    client = Browser("owner")
    seen: list[str] = []
    url = "/books?sort=pages"
    for _ in range(3):
        page = client.read(url)
        seen += re.findall(r'class="title" href="/books/([0-9a-f-]+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == [str(book) for book in books] and not url
    assert "120 条" in words(page)


def test_heads_turn_the_order_round(books):
    client = Browser("owner")
    assert "sort=pages" in client.read("/books?columns=name,pages")
    up = client.read("/books?columns=name,pages&sort=pages")
    assert 'aria-sort="ascending"' in up and "sort=-pages" in up
    down = client.read("/books?columns=name,pages&sort=-pages")
    assert 'aria-sort="descending"' in down and "书 119" in down
    assert client.get("/books?sort=tags").status_code == 422


def test_a_condition_that_is_not_understood_is_explained_beside_it(books):
    page = Browser("owner").read("/books?where=负责人 =", 422)
    assert "条件没有写完" in page and 'value="负责人 ="' in page


def test_everybody_sees_their_own(books):
    assert "经理的书" not in Browser("owner").read("/books?q=经理")
    assert "经理的书" in Browser("manager").read("/books?q=经理")
    assert "没有符合条件" in Browser("newcomer").read("/books?q=书")
    assert "还没有书" in Browser("outsider").read("/books")
    assert Browser("newcomer").get(f"/books/{books[0]}").status_code == 404
    assert Browser("nobody").get("/books").status_code == 404


def test_hidden_is_absent_and_masked_is_starred(books):
    page = Browser("owner").read(f"/books/{books[0]}")
    assert "成本" not in page and "****8000" in page and "tel:" not in page
    form = inputs(Browser("owner").read(f"/books/{books[0]}/edit"))
    assert not {"phones", "cost", "discount", "number_", "chapter_count", "thickness"} & set(form)


def test_a_wrong_form_keeps_what_was_typed(books):
    client = Browser("owner")
    answer = client.fill("/books/new", name="新书", pages="很多", summary="保留我", status="draft")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="很多"' in page and "保留我" in page and 'aria-invalid="true"' in page and "请填写数字" in page


def test_a_default_can_be_emptied_and_required_is_said():
    client = Browser("owner")
    answer = client.fill("/books/new", name="")
    assert "请填写书名" in answer.content.decode()
    made = client.fill("/books/new", name="无状态", status="")
    assert made.status_code == 302 and "草稿" not in client.read(made["Location"]).split("<dl", 1)[1].split("</dl>")[0]


def test_a_name_that_fits_several_asks_which(cast, books):
    for _ in range(2):
        door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "同名"})
    client = Browser("owner")
    answer = client.fill("/books/new", name="选作者", author="同名")
    page = answer.content.decode()
    picks = re.findall(r'name="author\.pick" value="([^"]+)"', page)
    assert answer.status_code == 422 and len(picks) == 2 and "有多条" in page
    made = client.post("/books/new", inputs(page) | {"author.pick": picks[1]})
    assert made.status_code == 302
    row = reading.get("book", made["Location"].rpartition("/")[2], actor=cast.actor("owner"))
    assert str(row["author"]["id"]) == picks[1]
    assert "您要找的是不是" in client.fill("/books/new", name="x", author="鲁").content.decode()
    assert "找不到“没有的人”" in client.fill("/books/new", name="x", author="没有的人").content.decode()


def test_two_who_edit_at_once_see_both_values_and_lose_nothing(cast, books):
    mine, url = Browser("owner"), f"/books/{books[1]}"
    sent = inputs(mine.read(url + "/edit"))
    door.perform("book", "update", actor=cast.actor("manager"), id=books[1], changes={"name": "经理改的", "code": "新书号"})
    answer = mine.post(url + "/edit", sent | {"name": "我改的"})
    page = answer.content.decode()
    assert answer.status_code == 409 and 'value="我改的"' in page and "经理改的" in page and re.search(r"赵强 今天 \d\d:\d\d", page)
    again = inputs(page)
    assert again["code"] == ["新书号"], "what I did not touch is theirs"
    assert again["decide"] == ["name"] and "keep.name" not in again, "nothing is chosen for anybody"
    undecided = mine.post(url + "/edit", again)
    assert undecided.status_code == 422 and "请选择保留哪一个" in undecided.content.decode()
    assert reading.get("book", books[1], actor=cast.actor("owner"))["name"] == "经理改的"
    assert mine.post(url + "/edit", inputs(undecided.content.decode()) | {"keep.name": "mine"}).status_code == 302
    row = reading.get("book", books[1], actor=cast.actor("owner"))
    assert (row["name"], row["code"]) == ("我改的", "新书号")


def test_each_conflict_is_decided_by_itself_and_other_fields_are_put_together(cast, books):
    mine, url, owner = Browser("owner"), f"/books/{books[94]}", cast.actor("owner")
    sent = inputs(mine.read(url + "/edit"))
    theirs = door.perform("book", "update", actor=cast.actor("manager"), id=books[94], changes={"pages": 11, "price": {"amount": "8", "currency": "CNY"}})
    answer = mine.post(url + "/edit", sent | {"code": "M-4"})
    assert answer.status_code == 302, "different fields are no conflict"
    assert "已与赵强刚才的修改合并：页数、定价" in mine.read(url)
    row = reading.get("book", books[94], actor=owner)
    assert (row["code"], row["pages"], row["price"]["amount"]) == ("M-4", 11, 8) and row["version"] != theirs.version

    sent = inputs(mine.read(url + "/edit"))
    door.perform("book", "update", actor=cast.actor("manager"), id=books[94], changes={"pages": 12, "name": "经理的名"})
    page = mine.post(url + "/edit", sent | {"pages": "13", "name": "我的名"}).content.decode()
    assert sorted(inputs(page)["decide"]) == ["name", "pages"]
    assert mine.post(url + "/edit", inputs(page) | {"keep.name": "theirs", "keep.pages": "mine"}).status_code == 302
    row = reading.get("book", books[94], actor=owner)
    assert (row["name"], row["pages"]) == ("经理的名", 13)
    assert [set(e.changes) & {"name", "pages"} for e in telling.history("book", books[94], actor=owner)[:2]] == [{"pages"}, {"name", "pages"}]


def test_a_verb_shows_what_others_changed_before_it_is_done(cast, books):
    client, url, owner = Browser("owner"), f"/books/{books[95]}", cast.actor("owner")
    sent = inputs(client.read(url + "/publish"))
    door.perform("book", "update", actor=cast.actor("manager"), id=books[95], changes={"price": {"amount": "70", "currency": "CNY"}})
    answer = client.post(url + "/publish", sent | {"price": "60"})
    page = answer.content.decode()
    assert answer.status_code == 412 and "¥70" in page and inputs(page)["decide"] == ["price"]
    assert reading.get("book", books[95], actor=owner)["status"] == "draft"
    assert client.post(url + "/publish", inputs(page) | {"keep.price": "theirs"}).status_code == 302
    row = reading.get("book", books[95], actor=owner)
    assert (row["status"], row["price"]["amount"]) == ("published", 70)


def test_a_verb_has_its_page_and_is_offered_only_when_it_would_work(cast, books):
    client, url = Browser("owner"), f"/books/{books[2]}"
    assert client.fill(url + "/publish", price="99", printed="5").status_code == 302
    page = client.read(url)
    assert "已出版" in page and "¥99" in page and f"{url}/publish" not in page
    assert client.get(url + "/publish").status_code == 403
    assert client.get(url + "/nonsense").status_code == 404
    assert client.get(url + "/counted").status_code in (403, 404)


def test_deleting_goes_to_the_bin_and_back(cast, books):
    client, url = Browser("owner"), f"/books/{books[3]}"
    assert client.fill(url + "/delete")["Location"] == "/books"
    page = client.read("/books")
    assert "书已删除" in page and f"{url}/restore" in page
    assert "书 003" in client.read("/books?bin=1")
    assert "已删除" in client.read(url)
    assert client.get(url + "/edit").status_code == 404
    assert client.fill(url + "/restore").status_code == 302
    assert "书 003" in client.read("/books?q=003")


def test_related_records_stand_in_tabs_and_start_new_ones(cast, books):
    client, url = Browser("owner"), f"/books/{books[4]}"
    door.perform("chapter", "create", actor=cast.actor("owner"), changes={"name": "第一回", "book": books[4]})
    page = client.read(url + "?tab=chapters.book")
    assert "第一回" in page and f"/chapters/new?book={books[4]}" in page
    assert inputs(client.read(f"/chapters/new?book={books[4]}"))["book"] == ["书 004"]
    assert "第一回" in client.read(f"/chapters?where=book = {books[4]}")
    assert "第一回" in client.read(url), "in the timeline"


def test_history_tells_before_and_after_and_why_tells_the_role(books, cast):
    client, url = Browser("owner"), f"/books/{books[5]}"
    assert client.fill(url + "/edit", pages="500").status_code == 302
    history = words(client.read(url + "?tab=history"))
    assert re.search(r"王伟 修改了 .*页数 5 → 500", history), history
    assert "本人，负责人在范围内" in client.read(url + "?tab=why")


def test_a_picker_offers_what_may_be_seen(books):
    assert [o["label"] for o in Browser("owner").get("/authors/options?q=鲁").json()["options"]] == ["鲁迅"]
    assert Browser("outsider").get("/books/options?q=书").json()["options"] == []
    assert Browser("nobody").get("/books/options?q=书").status_code == 404


def test_search_finds_by_pinyin_and_groups_by_object(books):
    page = Browser("owner").read("/search?q=luxun")
    assert "鲁迅" in page and "作者" in page


def test_problems_are_pages_in_both_languages():
    assert "找不到" in Browser("owner").read("/books/not-an-id", 404)
    assert "Not found" in Browser(language="en").read("/a/b/c/d", 404)
    assert Browser("owner").post("/nonsense").status_code == 404


def test_what_a_verb_needs_is_starred_and_asked_for(cast):
    owner = cast.actor("owner")
    customer = door.perform("customer", "create", actor=owner, changes={"name": "需要原因公司"}).id
    deal = door.perform("opportunity", "create", actor=owner, changes={"name": "要丢的单", "customer": customer}).id
    page = Browser("owner").read(f"/opportunities/{deal}/lose")
    star = '<span class="star" aria-hidden="true">*</span>'
    assert f'<label for="i-lost_reason">{star}输单原因' in page and f'<label for="i-lost_note">{star}' not in page
    answer = Browser("owner").fill(f"/opportunities/{deal}/lose", lost_reason="")
    assert answer.status_code == 422 and "请填写输单原因。" in words(answer.content.decode())
    assert reading.get("opportunity", deal, actor=owner)["result"] == "open"
    told = next(one for one in reading.describe(actor=owner)["objects"] if one["name"] == "opportunity")["actions"]
    assert next(one for one in told if one["name"] == "lose")["needs"] == ["lost_reason"]
