"""Coming back to a list as it was left, and going from record to record of it on their own pages."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel.records import door
from tests.chromium import enter
from tests.surfaces.web.browser import Browser


@pytest.fixture(scope="module")
def books(cast):
    for n in range(45):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"卷 {n:02}", "pages": n})
    door.perform("author", "create", actor=cast.actor("owner"), changes={"name": "鲁迅"})


def test_a_page_has_as_many_rows_as_asked_for(books):
    browser = Browser("owner")
    for query, rows in (("", 45), ("?size=20", 20), ("?size=100", 45), ("?size=7", 45), ("?size=x", 45)):
        assert browser.read(f"/books{query}").count('class="title"') == rows
    page = browser.read("/books?size=20&sort=name")
    after = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "size=20" in after and re.findall(r'class="title"[^>]*>([^<]+)<', browser.read(after))[0] == "卷 20"


def test_a_page_back_is_the_page_one_came_from(books):
    browser = Browser("owner")

    def titles(page):
        return re.findall(r'class="title"[^>]*>([^<]+)<', page)

    def beside(page, way):
        found = re.search(rf'rel="{way}" href="([^"]+)"', page)
        return found and found[1].replace("&amp;", "&")

    pages = [browser.read("/books?size=20&sort=name&where=pages+%3E=+0")]
    while beside(pages[-1], "next"):
        pages.append(browser.read(beside(pages[-1], "next")))
    assert [len(titles(page)) for page in pages] == [20, 20, 5] and beside(pages[0], "prev") is None
    back = browser.read(beside(pages[2], "prev"))
    assert titles(back) == titles(pages[1]) and titles(browser.read(beside(back, "next"))) == titles(pages[2])
    answer = browser.get(beside(back, "prev"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/books?size=20&sort=name&where=pages%20%3E%3D%200")
    assert titles(browser.read(answer.headers["Location"])) == titles(pages[0]), "the first page is its own address, with its count"


def test_a_list_is_as_it_was_left_until_it_is_cleared(books, website, chromium):
    page, said = enter(chromium, website)
    page.goto(website + "/books?sort=name&where=pages+%3E+4")
    page.wait_for_selector("a.title >> nth=39")
    page.evaluate("() => scrollTo(0, 400)")
    page.wait_for_function("() => scrollY === 400")
    address = page.locator("a.title").nth(10).get_attribute("href")
    page.goto(website + address)
    page.click(".crumb a")
    page.wait_for_url(website + "/books?sort=name&where=pages+%3E+4")
    page.wait_for_function("() => scrollY === 400")
    page.goto(website + "/authors")
    page.wait_for_selector("a.title")
    page.goto(website + address)
    page.wait_for_selector(".crumb a[data-bare]")
    page.click(".crumb a")
    page.wait_for_url(website + "/books?sort=name&where=pages+%3E+4")
    page.click("a[data-clear]")
    page.wait_for_url(website + "/books")
    page.goto(website + address)
    page.wait_for_selector(".crumb a")
    page.click(".crumb a")
    page.wait_for_url(website + "/books")
    assert said == []
    page.context.close()


def test_before_and_after_on_a_record_s_own_page(books, website, chromium):
    page, said = enter(chromium, website)
    page.goto(website + "/books?sort=name&size=20")
    page.wait_for_selector("a.title >> nth=19")
    address = page.locator("a.title").nth(18).get_attribute("href")
    page.goto(website + address)
    page.wait_for_selector(".beside")
    assert page.locator(".beside .faint").inner_text() == "19 / 20+"
    page.keyboard.press("j")
    page.wait_for_selector("h1:has-text('卷 19')")
    page.wait_for_selector(".beside")
    page.keyboard.press("j")
    page.wait_for_selector("h1:has-text('卷 20')")
    page.wait_for_selector(".beside")
    page.locator(".beside a").first.click()
    page.wait_for_selector("h1:has-text('卷 19')")
    page.goto(website + "/books?sort=name&size=20")
    page.click("a[rel=next]")
    page.wait_for_selector("a.title:has-text('卷 20')")
    page.goto(website + page.locator("a.title").first.get_attribute("href"))
    page.wait_for_selector(".beside")
    assert page.locator(".beside .faint").inner_text() == "1 / 20+"
    page.keyboard.press("k")
    page.wait_for_selector("h1:has-text('卷 19')")
    page.goto(website + "/authors")
    page.locator("a.title").first.wait_for()
    page.goto(website + page.locator("a.title").first.get_attribute("href"))
    page.wait_for_selector(".beside")
    assert page.locator(".beside a[aria-disabled]").count() == 2
    assert said == []
    page.context.close()
