"""Drawer, dialog, toasts: at their own addresses, closed back to what was there, with the focus kept."""

from __future__ import annotations

import pytest

from guanxi.kernel.records import door, reading
from tests.chromium import after, enter
from tests.surfaces.web.browser import Browser

DRAWER, DIALOG = "#drawer[open] .inside", "#dialog[open] .inside"


@pytest.fixture(scope="module")
def site(cast, website):
    for n in range(30):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"第 {n:02} 卷"})
    return website


def test_a_page_inside_is_its_content_alone(site):
    browser = Browser("owner")
    whole, inside = browser.get("/books"), browser.get("/books", headers={"X-Inside": "drawer"})
    assert b"<!doctype html>" in whole.content and b"<nav" in whole.content
    assert inside.content.lstrip().startswith(b'<div class="inside" data-title=') and b"<html" not in inside.content
    assert browser.get("/books", headers={"X-Inside": "elsewhere"}).content.startswith(whole.content[:200].lstrip()[:15])
    assert "X-Inside" in inside.headers["Vary"]


def test_a_form_inside_is_told_where_it_would_have_gone(site):
    browser = Browser("owner")
    made = browser.post("/books/new", {"name": "里面"}, headers={"X-Inside": "dialog"})
    assert made.status_code == 200 and made.json()["went"].startswith("/books/")
    assert made.json()["said"][0]["text"]
    assert "里面" in browser.read(made.json()["went"]) and "said flash" not in browser.read(made.json()["went"])
    wrong = browser.post("/books/new", {"name": ""}, headers={"X-Inside": "dialog"})
    assert wrong.status_code == 422 and b"aria-invalid" in wrong.content


def test_the_drawer_opens_over_the_list_and_closes_back_to_it(site, chromium):
    page, said = enter(chromium, site)
    page.goto(site + "/books?sort=name")
    page.evaluate("window.same = 1; scrollTo(0, 200)")
    first = page.locator("a.title").nth(3)
    address = first.get_attribute("href")
    first.click()
    page.wait_for_selector(DRAWER)
    assert page.url == site + address
    box = page.locator("#drawer").bounding_box()
    assert 0.65 * 1440 <= box["width"] <= 0.72 * 1440 and box["x"] + box["width"] == 1440
    assert "第 03 卷" in page.locator(DRAWER).inner_text() and page.title().startswith("第 03 卷")
    page.keyboard.press("Escape")
    page.wait_for_url(site + "/books?sort=name")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    page.wait_for_function("address => window.same === 1 && scrollY === 200 && document.activeElement.getAttribute('href') === address", arg=address)

    page.go_forward()
    page.wait_for_selector(DRAWER)
    page.go_back()
    page.wait_for_selector("#drawer:not([open])", state="attached")
    assert page.evaluate("window.same") == 1 and page.url == site + "/books?sort=name"
    assert said == []
    page.context.close()


def test_next_and_previous_take_one_entry_of_the_history(site, chromium):
    page, said = enter(chromium, site)
    page.goto(site + "/books?sort=name")
    page.locator("a.title").first.click()
    page.wait_for_selector(DRAWER)
    assert page.locator("#drawer [data-step='-1']").is_disabled()
    page.click("#drawer [data-step='1']")
    page.wait_for_selector("#drawer .inside[data-title='第 01 卷']")
    page.click("#drawer [data-step='1']")
    page.wait_for_selector("#drawer .inside[data-title='第 02 卷']")
    page.go_back()
    page.wait_for_url(site + "/books?sort=name")
    page.wait_for_function("document.activeElement.textContent === '第 02 卷'")
    assert said == []
    page.context.close()


def test_reload_and_open_as_a_page_show_the_record_and_back_the_list(site, chromium):
    page, _ = enter(chromium, site)
    page.goto(site + "/books?sort=name")
    page.locator("a.title").nth(1).click()
    page.wait_for_selector(DRAWER)
    page.reload()
    assert page.locator("#main h1").inner_text() == "第 01 卷" and page.locator("#drawer[open]").count() == 0
    page.go_back()
    page.wait_for_url(site + "/books?sort=name")
    page.wait_for_selector("#main a.title")
    page.locator("a.title").nth(2).click()
    page.wait_for_selector(DRAWER)
    page.click("#drawer [data-page]")
    page.wait_for_selector("#main h1:has-text('第 02 卷')")
    page.context.close()


def test_a_form_in_a_dialog_saves_says_so_and_shows_the_list_anew(cast, site, chromium):
    page, said = enter(chromium, site)
    page.goto(site + "/books")
    page.evaluate("document.querySelector('.heading .does').insertAdjacentHTML('beforeend', '<a id=try data-dialog href=\"/books/new\">+</a>')")
    page.click("#try")
    page.wait_for_selector(DIALOG)
    page.wait_for_function("document.activeElement.id === 'i-name'")
    assert page.url == site + "/books/new"
    page.click("#dialog .primary")
    page.wait_for_selector("#dialog [aria-invalid=true]")
    page.wait_for_function("document.activeElement.id === 'i-name'")
    page.fill("#i-name", "对话框里建的")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.ask[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.ask", state="detached")
    assert page.input_value("#i-name") == "对话框里建的"
    page.click("#dialog .primary")
    page.wait_for_selector(".toast a")
    page.wait_for_url(site + "/books")
    page.wait_for_selector("a.title:has-text('对话框里建的')")
    page.click(".toast a")
    page.wait_for_selector("#main h1:has-text('对话框里建的')")
    assert said == []
    page.context.close()
    found = after(lambda: reading.query("book", actor=cast.actor("owner"), where="name = 对话框里建的", count="exact").count)
    assert found == 1
