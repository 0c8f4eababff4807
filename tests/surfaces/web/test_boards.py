"""The board: what its columns hold and sum up to, and every way of moving a card."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from guanxi.kernel.records import door, reading
from tests.kernel.tools import state
from tests.surfaces.web.browser import Browser, statements, words

JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(scope="module")
def books(cast) -> list[Any]:
    """Forty drafts and twenty published books of the owner's, two of the manager's."""
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"}).id
    changes = [
        {"name": f"书 {n:02}", "price": n, "author": author, "status": "draft" if n < 40 else "published", "published_on": "2020-01-01" if n < 3 else None}
        for n in range(60)
    ]
    found = door.perform_many("book", "create", [door.Item(changes=c) for c in changes], actor=cast.actor("owner"), together=True)
    for n in range(2):
        door.perform("book", "create", actor=cast.actor("manager"), changes={"name": f"经理的书 {n}", "price": 1000})
    for name in ("甲架", "乙架"):
        door.perform("shelf", "create", actor=cast.actor("admin"), changes={"name": name})
    return [one.id for one in found]  # type: ignore[union-attr]


def lanes(html: str) -> dict[str, tuple[str, str, int]]:
    """Each column: its count, its sum, the cards shown."""
    out = {}
    for key, body in re.findall(r'<section class="lane[^"]*" id="lane-([^"]+)"(.*?)</section>', html, re.S):
        count = re.search(r'class="count">([\d,]+)', body)
        total = re.search(r'class="sum">([^<]+)', body)
        out[key] = (count[1] if count else "", total[1] if total else "", body.count('<li class="slip'))
    return out


def test_columns_count_and_sum_what_the_person_sees(books):
    html = Browser("owner").read("/books?view=board")
    assert lanes(html) == {"draft": ("40", "¥780", 15), "published": ("20", "¥990", 15)}
    assert "经理的书" not in html
    manager = lanes(Browser("manager").read("/books?view=board"))
    assert manager == {"draft": ("42", "¥2,780", 15), "published": ("20", "¥990", 15)}
    assert lanes(Browser("newcomer").read("/books?view=board")) == {"draft": ("0", "", 0), "published": ("0", "", 0)}


def test_a_board_is_a_few_statements(books):
    client = Browser("manager")
    client.read("/books?view=board")
    with statements() as sent:
        client.read("/books?view=board")
    assert len(sent) <= 5, sent


def test_the_list_s_filters_hold_on_the_board_and_the_ways_keep_them(books):
    client = Browser("owner")
    html = client.read("/books?view=board&q=书 1&where=price > 12")
    assert lanes(html)["draft"] == ("7", "¥112", 7)
    switch = dict(re.findall(r'<a href="([^"]+)" title="([^"]+)"', html))
    assert set(switch.values()) >= {"列表", "看板", "日历", "地区"}
    to_list = next(url for url, name in switch.items() if name == "列表").replace("&amp;", "&")
    assert re.findall(r'<a class="title"[^>]*>([^<]+)', client.read(to_list))[:1] == ["书 19"]
    wrong = client.get("/books?view=board&where=nothing = 1")
    assert wrong.status_code == 422 and "没有“nothing”这个字段" in words(wrong.content.decode())


def test_a_column_goes_on_where_it_stopped(books):
    client = Browser("owner")
    url = "/books?view=board"
    seen = re.findall(r'<li class="slip[^"]*" id="c-([^"]+)"', re.search(r'id="lane-draft".*?</section>', client.read(url), re.S)[0])
    further = re.search(r'hx-get="([^"]+column=draft[^"]+)"', client.read(url))
    while further:
        part = client.read(further[1].replace("&amp;", "&"))
        assert "<html" not in part
        seen += re.findall(r'<li class="slip[^"]*" id="c-([^"]+)"', part)
        further = re.search(r'hx-get="([^"]+)"', part)
    assert len(seen) == len(set(seen)) == 40
    assert client.read(url).count('<li class="slip late"') + 0 <= 3


def test_a_plain_field_is_moved_by_an_update_and_back(cast, books):
    client = Browser("owner")
    book = books[45]
    answer = client.post(f"/books/{book}/put?view=board", {"to": "draft", "from": "published", "view": "board"}, **JSON)
    assert answer.status_code == 200
    told = answer.json()
    assert told["at"] == "draft" and f'id="c-{book}"' in told["card"] and "41" in told["heads"]["draft"] and "19" in told["heads"]["published"]
    assert told["undo"] is False, "publishing has a form, so the way back is not one step"
    assert reading.get("book", book, actor=cast.actor("owner"))["status"] == "draft"
    again = client.post(f"/books/{book}/put", {"to": "draft", "from": "published", "view": "board"}, **JSON)
    assert again.status_code == 200 and again.json()["at"] == "draft", "both wanted the same"
    late = client.post(f"/books/{book}/put", {"to": "published", "from": "published", "view": "board"}, **JSON)
    told = late.json()
    assert late.status_code == 409 and told["at"] == "draft" and "刚被别人移动过" in told["choice"]["title"]
    assert re.fullmatch(r"王伟 今天 \d\d:\d\d 移到了“草稿”，您要移到“已出版”。", told["refused"]) and told["choice"]["no"] == "留在“草稿”"
    assert reading.get("book", book, actor=cast.actor("owner"))["status"] == "draft", "nothing moves before somebody decides"


def test_the_verb_a_column_names_asks_its_form_first(cast, books):
    client = Browser("owner")
    book, before = books[45], state()
    asked = client.post(f"/books/{book}/put", {"to": "published", "from": "draft", "view": "board"}, **JSON)
    form = client.read(asked.json()["ask"])
    assert 'name="printed"' in form and 'name="price"' in form and "移到“已出版”" in words(form)
    assert state() == before, "asking changes nothing"
    sent = {"to": "published", "from": "draft", "view": "board", "asked": "1", "asked.price": "1", "asked.printed": "1", "price": "99", "price.currency": "CNY", "printed": "7"}
    told = client.post(f"/books/{book}/put", sent, **JSON).json()
    assert told["at"] == "published" and told["undo"] is True
    row = reading.get("book", book, actor=cast.actor("owner"))
    assert (row["status"], row["price"]["amount"]) == ("published", Decimal("99.00")) and row["published_on"] is not None


def test_without_script_a_card_is_moved_by_its_form(cast, books):
    client = Browser("owner")
    book = books[46]
    page = client.read(f"/books/{book}/put")
    assert "草稿" in words(page) and 'value="published"' not in page
    answer = client.post(f"/books/{book}/put", {"to": "draft", "view": "board"})
    assert answer.status_code == 302 and answer["Location"] == "/books?view=board"
    assert "已移到“草稿”" in words(client.read("/books?view=board"))
    assert reading.get("book", book, actor=cast.actor("owner"))["status"] == "draft"
    answer = client.post(f"/books/{book}/put", {"to": "published", "view": "board", "back": "//evil.example"})
    assert "data-guard" in answer.content.decode() and 'href="/"' in answer.content.decode()
    now = client.get(f"/books/{book}/put?was=published&view=board", **JSON).json()
    assert now["at"] == "draft" and "已移到" in now["said"], "what a script asks after a dialog was left"


def test_a_saved_board_is_a_board_like_any_other(cast, books):
    owner = cast.actor("owner")
    settings = {"by": "author", "card": ["name", "status"], "total": "price", "where": "price >= 50"}
    view = door.perform("view", "create", actor=owner, changes={"name": "按作者", "object_name": "book", "kind": "board", "settings": settings}).id
    html = Browser("owner").read(f"/books?view={view}")
    author = reading.query("author", actor=owner, limit=1).rows[0]["id"]
    count, _, shown = lanes(html)[str(author)]
    there = reading.query("book", actor=owner, where="price >= 50", count="exact", limit=1).count
    assert (count, shown) == (str(there), there) and "按作者" in words(html)
    assert Browser("outsider").read(f"/books?view={view}").count('class="lane') == 0


def test_a_stage_s_steps_are_the_columns(cast, books):
    client = Browser("owner")
    html = client.read("/books?view=shelves")
    found = lanes(html)
    assert len(found) == 3 and "（未填）" in html and found["-"][0] == "60"
    shelf = next(key for key in found if key != "-")
    told = client.post(f"/books/{books[50]}/put", {"to": shelf, "from": "-", "view": "shelves"}, **JSON).json()
    assert told["at"] == shelf and told["undo"] is True
    told = client.post(f"/books/{books[50]}/put", {"to": "-", "from": shelf, "view": "shelves"}, **JSON).json()
    assert told["at"] == "-"
    assert reading.get("book", books[50], actor=cast.actor("owner"))["shelf"] is None


def test_who_may_not_moves_nothing(cast, books):
    executive, outsider, nobody = (Browser(who) for who in ("executive", "outsider", "nobody"))
    before = state()
    html = executive.read("/books?view=board")
    assert lanes(html)["draft"][0] != "0" and 'class="put"' not in html and html.count("data-fixed") == 30
    answer = executive.post(f"/books/{books[0]}/put", {"to": "published", "view": "board"}, **JSON)
    assert answer.status_code == 409 and "现在不能移到" in answer.json()["refused"]
    assert outsider.post(f"/books/{books[0]}/put", {"to": "published"}).status_code == 404
    assert nobody.get("/books?view=board").status_code == 404
    assert state() == before
