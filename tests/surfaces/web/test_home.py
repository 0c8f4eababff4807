"""The first page: each number is the count of the list it opens; notes and shortcuts are one's own."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from guanxi.kernel.records import door, figures, reading
from guanxi.kernel.storage import people
from tests.cast import PASSWORD, Cast
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser, statements, words

MOST = 8
STANDING = 6


def test_an_empty_workspace_invites(cast: Cast) -> None:
    told = words(Browser("owner").read("/"))
    assert "从这里开始" in told and "新建客户" in told and "请同事进来" not in told
    assert "请同事进来" in words(Browser("admin").read("/"))


@pytest.fixture(scope="module")
def work(cast: Cast) -> Cast:
    today = reading.guard_of(cast.actor("owner")).catalog.settings.today
    soon, late = str(today + timedelta(days=2)), str(today - timedelta(days=3))
    for name in ("owner", "teammate", "junior"):
        actor = cast.actor(name)
        one = create(actor, "customer", name=f"甲{name}", next_contact_at=f"{today} 09:00")
        create(actor, "customer", name=f"乙{name}", next_contact_at=f"{late} 09:00", grade="key")
        create(actor, "contact", name="寿星", customer=one, birthday=f"1990{soon[4:]}")
        create(actor, "lead", name="线索")
        create(actor, "opportunity", name="商机", customer=one, amount=1000, expected_close=str(today))
        create(actor, "activity", kind="phone", content="聊过", customer=create(actor, "customer", name=f"丙{name}"))
        create(actor, "task", subject="今天", due_at=f"{today} 23:00")
        create(actor, "task", subject="过去", due_at=f"{late} 23:00")
    return cast


def links(page: str, inside: str) -> list[tuple[str, str, int]]:
    """(address, label, number) of the counters or cells in a part of the page."""
    part = page[page.index(f'class="card {inside}') :]
    found = re.findall(r'<a href="([^"]+)"[^>]*><span>([^<]+)</span><strong>([\d,]+)</strong>', part[: part.index("</section>")])
    return [(html.unescape(url), label, int(n.replace(",", ""))) for url, label, n in found]


@pytest.mark.parametrize("who", ["owner", "manager", "executive"])
def test_each_counter_opens_a_list_of_as_many(work: Cast, who: str) -> None:
    browser = Browser(who)
    found = links(browser.read("/"), "today")
    assert len(found) == len(figures.counters(work.actor(who)))
    for url, label, number in found:
        listed = browser.read(url)
        count = re.search(r'class="count"[^>]*>([\d,]+)', listed)
        assert count is not None and int(count[1]) == number, (label, url)
    if who == "owner":
        told = {label: number for _, label, number in found}
        assert {k: v for k, v in told.items() if v} == {
            "今日需联系客户": 1, "逾期未联系客户": 1, "分配给我未跟进客户": 2, "分配给我未跟进线索": 1, "7 天内生日的联系人": 1,
            "本周预计成交商机": 1, "今日任务": 1, "逾期任务": 1,
        }  # fmt: skip


def test_a_first_page_is_a_few_statements(work: Cast) -> None:
    for who in ("owner", "manager", "executive", "admin", "newcomer"):
        browser = Browser(who)
        browser.read("/")
        with statements() as sent:
            browser.read("/")
        assert len(sent) <= MOST, (who, sent)
        with statements() as sent:
            browser.read("/standing")
        assert len(sent) <= STANDING, (who, sent)


def test_superiors_see_their_people_and_others_do_not(work: Cast) -> None:
    assert "我的团队" not in words(Browser("owner").read("/standing"))
    browser = Browser("manager")
    assert 'hx-get="/standing"' in browser.read("/")
    page = browser.read("/standing")
    team = page[page.index('class="card team"') :]
    assert all(name in team for name in ("王伟", "李娜", "张敏", "刘洋")) and "陈静" not in team
    cells = re.findall(r'<td class="right" data-label="新增客户"><a href="([^"]+)" title="[\d,]+">(\d+)</a>', team)
    assert [int(n) for _, n in cells] == [3, 3, 3]
    for url, number in cells:
        listed = re.search(r'class="count"[^>]*>(\d+)', browser.read(html.unescape(url)))
        assert listed is not None and listed[1] == number


def test_notes_are_one_s_own(work: Cast) -> None:
    browser = Browser("owner")
    assert browser.post("/", {"do": "note", "text": "给王总带样品", "color": "green"}).status_code == 302
    page = browser.read("/")
    assert "给王总带样品" in page
    assert "给王总带样品" not in Browser("teammate").read("/") and "给王总带样品" not in Browser("admin").read("/")
    one = reading.query("note", actor=work.actor("owner"), fields=["text"]).rows[0]["id"]
    assert Browser("teammate").post("/", {"do": "away", "id": str(one)}).status_code == 404
    browser.post("/", {"do": "away", "id": str(one)})
    assert "给王总带样品" not in browser.read("/")
    browser.post("/", {"do": "note", "text": ""})
    assert reading.query("note", actor=work.actor("owner"), fields=["text"]).rows == []


def test_shortcuts_are_chosen_among_what_one_may(work: Cast) -> None:
    browser = Browser("owner")
    browser.post("/", {"do": "shortcuts", "shortcut": ["/customers?view=mine", "/tasks/new", "//evil.example", "/users/new"]})
    page = browser.read("/")
    part = page[page.index('class="shortcuts"') :].split("</div>")[0]
    assert re.findall(r'href="([^"]+)"', part) == ["/customers?view=mine", "/tasks/new"]


def order(page: str) -> list[str]:
    return re.findall(r'data-at="(\w+)"', page)


def test_everybody_lays_out_their_own_home(work: Cast) -> None:
    browser = Browser("teammate")
    assert order(browser.read("/")) == ["today", "standing", "shortcuts", "recent", "notes"]
    assert browser.post("/", {"lay": "up:recent"})["Location"] == "/?arrange=1&moved=up:recent#p-recent"
    assert order(browser.read("/")) == ["today", "standing", "recent", "shortcuts", "notes"]
    browser.post("/", {"lay": "hide:standing"})
    browser.post("/", {"lay": "up:recent"})
    assert order(browser.read("/")) == ["recent", "today", "shortcuts", "notes"], "what is hidden has no place to move behind"
    page = browser.read("/?arrange=1")
    assert 'value="show:standing"' in page and 'value="hide:recent"' in page and "/standing" not in page
    assert re.search(r'value="up:recent"[^>]* disabled', page) and not re.search(r'value="down:recent"[^>]* disabled', page)
    assert "<gx-arrange" in page and "<gx-arrange" not in browser.read("/") and 'value="hide:' not in browser.read("/")

    browser.post("/", {"order": "notes,recent,shortcuts,today"})
    assert order(browser.read("/")) == ["notes", "recent", "shortcuts", "today"]
    assert browser.post("/", {"order": "notes,nonsense"}).status_code == 422
    assert order(browser.read("/")) == ["notes", "recent", "shortcuts", "today"]
    browser.post("/", {"lay": "hide:today"})
    with statements() as sent:
        browser.read("/")
    assert len(sent) < MOST, "what is hidden is not asked for"
    browser.post("/", {"lay": "show:standing"})
    assert order(browser.read("/")) == ["standing", "notes", "recent", "shortcuts"] or "standing" in order(browser.read("/"))
    assert order(Browser("owner").read("/")) == ["today", "standing", "shortcuts", "recent", "notes"], "nobody else's home moved"
    browser.post("/", {"lay": "reset"})
    assert order(browser.read("/")) == ["today", "standing", "shortcuts", "recent", "notes"]
    assert "home" not in people.by_username("teammate").desk


def landing(who: str, **more: str) -> str:
    return str(Browser().post("/signin", {"username": who, "password": PASSWORD, **more})["Location"])


def test_signing_in_leads_where_one_chose(work: Cast) -> None:
    browser = Browser("teammate")
    page = browser.read("/me")
    assert 'value="/opportunities?view=board"' in page and 'value="/dashboards/sales.funnel"' in page and landing("teammate") == "/"
    assert browser.post("/me/start", {"start": "/customers?view=mine"})["Location"] == "/me"
    assert landing("teammate") == "/customers?view=mine" and landing("teammate", next="/tasks") == "/tasks" and landing("owner") == "/"
    assert re.search(r'<option value="/customers\?view=mine" selected>', browser.read("/me"))
    for wrong in ("//evil.example", "/users/new", "/dashboards/nothing.there"):
        assert browser.post("/me/start", {"start": wrong}).status_code == 404
    assert landing("teammate") == "/customers?view=mine"
    actor = work.actor("teammate")
    board = create(actor, "dashboard", name="我的图", settings={})
    browser.post("/me/start", {"start": f"/dashboards/{board}"})
    assert landing("teammate") == f"/dashboards/{board}"
    door.perform("dashboard", "delete", actor=actor, id=board)
    assert landing("teammate") == "/", "a page that is gone leads home"
    browser.post("/me/start", {"start": "/"})
    assert "start" not in people.by_username("teammate").desk


def test_somebody_without_rights_is_told_so(work: Cast) -> None:
    assert "您还没有任何权限" in words(Browser("nobody").read("/"))
