"""The screens in Chromium: nothing is refused by the policy, nothing runs over the side, scripts only add."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from guanxi.kernel.records import door
from tests.cast import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serve() -> Iterator[str]:
    """The program's pages over HTTP, in a thread; yields their address."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(cast) -> Iterator[str]:
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"}).id
    for n in range(60):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"一本名字相当长的书第 {n} 卷", "price": n * 1000, "author": author, "tags": ["甲", "乙"]})
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def chromium(site: str) -> Iterator[Any]:
    """After the data: the driver keeps an event loop in this thread, which Django would refuse to query in."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


def _enter(browser: Any, site: str, **how: Any) -> tuple[Any, list[str]]:
    page = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1440, "height": 900}, **how}).new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") and "status of 4" not in m.text else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(site + "/signin")
    page.fill("#username", "owner")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(site + "/")
    return page, said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_runs_over_the_side_or_breaks_the_policy(chromium, site, width, scheme):
    page, said = _enter(chromium, site, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(site + "/books")
    record = page.locator("a.title").first.get_attribute("href")
    for url in ("/", "/books", "/books/new", record, record + "?tab=history", record + "/edit", "/search?q=书", "/me", "/password", "/nothing"):
        page.goto(site + url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
    assert said == []
    page.context.close()


def test_without_script_the_pages_read_and_the_forms_post(chromium, site):
    page, _ = _enter(chromium, site, java_script_enabled=False)
    page.goto(site + "/books/new")
    page.fill("#i-name", "没有脚本")
    page.fill("#i-author", "鲁迅")
    page.click(".saves button >> nth=-1")
    assert "没有脚本" in page.locator("h1").inner_text()
    page.goto(site + "/books")
    page.fill(".filters input[name=q]", "没有")
    page.click(".filters > .apply")
    assert page.locator("tbody tr").count() == 1
    page.context.close()


def test_a_picker_takes_the_keyboard(chromium, site):
    page, said = _enter(chromium, site)
    page.goto(site + "/books/new")
    page.fill("#i-name", "选出来的")
    page.click("#i-author")
    page.keyboard.type("luxun")
    page.wait_for_selector("gx-combobox li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value("#i-author") == "鲁迅"
    page.click(".saves button >> nth=-1")
    page.wait_for_selector(".facts")
    assert "鲁迅" in page.locator(".facts").inner_text()
    assert said == []
    page.context.close()


def test_the_search_is_one_key_away(chromium, site):
    page, _ = _enter(chromium, site)
    page.keyboard.press("Control+k")
    page.keyboard.type("第 7 卷")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert "第 7 卷" in page.locator(".found").first.inner_text()
    page.context.close()
