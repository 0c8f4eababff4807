"""What a person waits for, in Chromium on the same machine as the server: from a click to rows that are painted, the drawer, a
first visit with nothing kept, and that with a processor four times slower; what a first visit weighs, and whether it jumps."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from bench.measuring import Person

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
TIMES = 9
SCREEN = {"width": 1440, "height": 900}
SETTLED = 400
"""Milliseconds after which what a page does by itself is done, so that it is not measured with the click."""
SCRIPT, STYLE, SHIFT = 60 * 1024, 25 * 1024, 0.05

LOOK = """
window.shift = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value; }).observe({type: "layout-shift", buffered: true});
window.now = () => performance.timeOrigin + performance.now();
window.painted = (selector) => new Promise((done) => {
  const look = () => document.querySelector(selector) && !document.querySelector(selector).closest("[aria-busy]")
    ? requestAnimationFrame(() => setTimeout(() => done(now()))) : requestAnimationFrame(look);
  look();
});
"""
"""`painted`: when what is looked for stood in the page and a frame with it had been drawn."""
WEIGHT = """(end) => performance.getEntriesByType("resource").filter((one) => new URL(one.name).pathname.endsWith(end)).reduce((sum, one) => sum + one.encodedBodySize, 0)"""

ROWS, DRAWER = "#main tbody tr a.title", "#drawer[open] .inside h1"
LISTED = "#list tbody tr a.title"
Figure = tuple[str, str, str, bool | None]


def browse(port: int, person: Person) -> Iterator[Figure]:
    """(what, how much, at most, held) of all of it, as one person. Raises RuntimeError where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    site = f"http://127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        try:
            page = _page(browser, site, person)
            _click(page, site)  # a server that was just started reads its templates, and its database their pages
            list(islice(_drawers(page, site), 2))
            yield _waited("click in the navigation to rows visible", (_click(page, site) for _ in range(TIMES)), 150)
            yield _waited("click on a column's head to rows in that order", _sorted(page, site), 150)
            yield _waited("click on a row to its drawer", _drawers(page, site), 100)
            page.context.close()
            yield _waited("first visit of a list, nothing kept", (_first(browser, site, person, 1) for _ in range(TIMES)), 350)
            yield _waited("the same with a processor 4 times slower", (_first(browser, site, person, 4) for _ in range(TIMES)), 1000)
            yield from _weight(browser, site, person)
        finally:
            browser.close()


def _waited(label: str, times: Iterable[float], most: int) -> Figure:
    taken = list(times)
    p50 = statistics.median(taken)
    return label, f"{p50:.0f} ms ({min(taken):.0f} to {max(taken):.0f})", f"≤ {most} ms", p50 <= most


def _page(browser: Any, site: str, person: Person) -> Any:
    name, _, value = person.cookie.partition("=")
    context = browser.new_context(viewport=SCREEN, locale="zh-CN")
    context.add_cookies([{"name": name, "value": value, "url": site}])
    context.add_init_script(LOOK)
    return context.new_page()


def _click(page: Any, site: str) -> float:
    """Pressed without pointing at it first, so that nothing is fetched ahead."""
    page.goto(site + "/")
    page.wait_for_timeout(SETTLED)
    return float(
        page.evaluate(
            """(rows) => {
              const at = now();
              document.querySelector('nav.sider a[href="/customers"]').click();
              return painted(rows).then((then) => then - at);
            }""",
            LISTED,
        )
    )


def _sorted(page: Any, site: str) -> Iterator[float]:
    """In the page: by the first column, down, and by nothing, again and again."""
    page.goto(site + "/customers")
    for _ in range(TIMES):
        page.wait_for_timeout(SETTLED)
        yield float(
            page.evaluate(
                """(rows) => {
                  for (const one of document.querySelectorAll(rows)) one.dataset.before = "1";
                  const at = now();
                  document.querySelector("#main thead th a").click();
                  return painted(`${rows}:not([data-before])`).then((then) => then - at);
                }""",
                ROWS,
            )
        )


def _drawers(page: Any, site: str) -> Iterator[float]:
    page.goto(site + "/customers")
    for row in range(TIMES):
        page.wait_for_timeout(SETTLED)
        yield float(
            page.evaluate(
                "([rows, drawer, row]) => { const at = now(); document.querySelectorAll(rows)[row].click(); return painted(drawer).then((then) => then - at); }",
                [ROWS, DRAWER, row],
            )
        )
        page.go_back(wait_until="commit")
        page.wait_for_selector("#drawer:not([open])", state="attached")


def _first(browser: Any, site: str, person: Person, slower: int) -> float:
    """The page itself notes when its rows were there: a question put to a page that is loading makes it lay out what it has."""
    page = _page(browser, site, person)
    page.add_init_script(f"window.rows = painted({LISTED!r});")
    if slower > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(site + "/customers")
    taken = float(page.evaluate("() => rows.then((then) => then - performance.timeOrigin)"))
    page.context.close()
    return taken


def _weight(browser: Any, site: str, person: Person) -> Iterator[Figure]:
    """Compressed, as the server sends them, with what is asked for once the page stands."""
    page = _page(browser, site, person)
    page.goto(site + "/customers", wait_until="networkidle")
    for label, end, most in (("script", ".js", SCRIPT), ("style", ".css", STYLE)):
        size = page.evaluate(WEIGHT, end)
        yield f"{label} of a first visit, compressed", f"{size / 1024:.1f} KB", f"≤ {most // 1024} KB", size <= most
    shift = page.evaluate("window.shift")
    yield "layout shift of a list", f"{shift:.3f}", f"< {SHIFT}", shift < SHIFT
    page.context.close()
