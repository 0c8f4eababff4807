"""Help: every place of the navigation has its page, every page says the same in both languages, and what it leads to is there."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from guanxi.surfaces.web import helping
from tests.chromium import enter
from tests.surfaces.web.browser import Browser

CJK, LATIN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]{3,}")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
KEY = re.compile(r"`[^`]+`")
WRITTEN = {"CSV", "Excel", "PDF"}
"""Latin words a Chinese page writes too."""
PLACE = re.compile(r'<a class="item" href="([^"]+)"')
LANGUAGES = ("zh-CN", "en")


@pytest.fixture(scope="module")
def pages(cast: Any) -> dict[str, Any]:
    return helping.pages()


def at(browser: Browser, address: str) -> str:
    answer = browser.get(f"/help?at={quote(address, safe='')}")
    assert answer.status_code == 302, address
    return str(answer.headers["Location"].removeprefix("/help/"))


def test_there_is_a_page_for_each_room(pages):
    assert set(pages) == {
        "home", "customers", "leads", "opportunities", "follow-ups", "lists", "groups", "boards", "dashboards", "importing", "duplicates", "handover", "bin",
        "settings", "phone", "keys",
    }  # fmt: skip


def test_both_languages_say_the_same(pages):
    """The same tasks in the same order, made of the same kinds of parts, with the same links and keys, and no word of the other language."""
    for name, one in pages.items():
        zh, en = (one.text(lang) for lang in LANGUAGES)
        assert [url for _, url in LINK.findall(zh)] == [url for _, url in LINK.findall(en)], name
        assert sorted(KEY.findall(zh)) == sorted(KEY.findall(en)), name
        parts = [[[(kind, len(lines)) for kind, lines in task.blocks] for task in helping.told(one, lang).tasks] for lang in LANGUAGES]
        assert parts[0] == parts[1] and parts[0], name
        assert not CJK.search(en), name
        assert set(LATIN.findall(LINK.sub(r"\1", KEY.sub("", zh)))) <= WRITTEN, name


def test_every_place_of_the_navigation_has_its_help(pages):
    """And none but lists of what nobody wrote more about lead to the general page."""
    browser, general = Browser("admin"), []
    for start in ("/", "/settings"):
        places = [unescape(url) for url in PLACE.findall(browser.read(start))]
        assert len(places) > 8
        for url in places:
            name = at(browser, url)
            assert name in pages, url
            if name == helping.ELSEWHERE:
                general.append(url)
    assert set(general) - {"/books", "/authors"} == {"/search", "/search/advanced", "/products"}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "home"), ("/customers", "customers"), ("/customers?view=pool", "customers"), ("/contacts", "customers"), ("/leads", "leads"),
        ("/opportunities", "opportunities"), ("/opportunities?view=board", "boards"), ("/customers?view=region", "boards"), ("/calendar", "boards"),
        ("/tasks", "follow-ups"), ("/work_reports/new", "follow-ups"), ("/customers/import?file=1", "importing"), ("/jobs", "importing"),
        ("/duplicates", "duplicates"), ("/customers/lookup", "duplicates"), ("/customers/merge?ids=1", "duplicates"), ("/customers?bin=1", "bin"),
        ("/leads/0/assign", "handover"), ("/settings/handover", "handover"), ("/roles", "settings"), ("/me", "settings"), ("/dashboards/sales.funnel", "dashboards"),
        ("/products", "lists"), ("/search/advanced?q=a", "lists"), ("/capture", "home"), ("/pipelines", "opportunities"),
    ],
)  # fmt: skip
def test_help_opens_at_what_it_tells_of(pages, address, name):
    assert at(Browser("admin"), address) == name


def test_what_help_leads_to_is_there(pages):
    browser = Browser("admin")
    for name, one in pages.items():
        page = browser.read(f"/help/{name}")
        for said, url in LINK.findall(one.text("zh-CN")):
            assert f'href="{url}"' in page and said in page, (name, url)
            assert browser.get(url).status_code in (200, 302), (name, url)
        assert len(re.findall(r'<section id="s\d+">', page)) == len(helping.told(one, "zh-CN").tasks)
    listed = browser.read("/help")
    assert all(f'href="/help/{name}#s1"' in listed for name in pages)
    assert browser.get("/help/nothing").status_code == 404


def test_nobody_is_led_where_they_may_not_go(pages):
    page = Browser("owner").read("/help/handover")
    assert "离职交接" in page and 'href="/settings/handover"' not in page


def test_it_is_found_by_what_one_wants_to_do_and_opens_beside_the_page(pages, cast, website, chromium):
    page, said = enter(chromium, website, service_workers="block")
    late: list[Any] = []
    page.route("**/palette.js", lambda route: late.append(route))
    page.goto(website + "/customers?view=pool")
    page.keyboard.press("F1")
    page.wait_for_selector("#drawer[open] article.help h2:has-text('从公海领取')")
    assert page.url == website + "/help/customers"
    page.click("#drawer article.help a[href='/help/duplicates']")
    page.wait_for_selector("#drawer h2:has-text('撤销合并')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    assert page.url == website + "/customers?view=pool"
    page.keyboard.press("Control+k")
    page.keyboard.type("cxhb")  # 撤销合并; faster than the palette comes, and the page takes none of it for keys of its own
    while not late:
        page.wait_for_timeout(20)
    late[0].continue_()
    page.wait_for_selector("#palette [role=option]:has-text('撤销合并')")
    page.keyboard.press("ArrowDown")
    while "撤销合并" not in page.inner_text("#palette [aria-selected=true]"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/duplicates#s5")
    page.wait_for_function("() => { const box = document.querySelector('#s5').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }")
    page.goto(website + "/tasks")
    page.click(".tools > a.help")
    page.wait_for_selector("#drawer[open] h2:has-text('安排任务、拜访和会议')")
    assert {one for one in said if "Service Worker" not in one} == set(), "the worker is kept out: what it has at hand would not come late"
    page.context.close()
