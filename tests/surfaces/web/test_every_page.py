"""What holds for every page there is, whoever wrote it: found by following links (tests/crawl.py), read in both languages, both
themes and both widths. A page nobody links to is no page; a new one is tested as soon as something leads to it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from guanxi.base import money
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Json, TextField
from guanxi.kernel.records import door, reading
from guanxi.surfaces.web import static
from tests.cast import PEOPLE
from tests.chromium import enter
from tests.crawl import kinds, pages
from tests.looking import DARK, DESK, LIGHT, PHONE, axe, too_wide, with_axe
from tests.surfaces.web.browser import Browser, words

CJK = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{3,}")
SPOKEN = re.compile(r'(?:aria-label|placeholder|title|alt)="([^"]*)"')
TYPED = re.compile(r"<textarea\b.*?</textarea>", re.S)
LANGUAGES = {"中文", "English"}
BRAND = {"关"}
TERMS = {"ALLOWED", "ASVS", "Alt", "CRM", "CSV", "Ctrl", "Enter", "Esc", "Excel", "GUANXI", "HOSTS", "HTTP", "HTTPS", "ODS", "OWASP", "PDF", "PIN", "Shift", "TOTP", "TSV", "UTF", "VIP", "Webhook", "XLS", "XLSX", "com", "doctor", "example", "guanxi", "https", "vCard", "www", "xlsx", "yyyy"}
"""What Chinese speakers write in Latin letters too: formats, keys, standards, commands, the product's own name."""
SCRIPT, STYLE = 60 * 1024, 25 * 1024
ADMIN = "系统管理员"


@pytest.fixture(scope="module")
def site(cast, website):
    """A record of each kind of daily work, so that its pages are there to be found."""
    admin = cast.actor("admin")

    def make(kind, /, **changes):
        return door.perform(kind, "create", actor=admin, changes=changes).id

    customer = make("customer", name="客户甲", phones="13800138000")
    contact = make("contact", name="联系人甲", customer=customer)
    deal = make("opportunity", name="商机甲", customer=customer, amount=1000)
    make("lead", name="线索甲", company="线索甲")
    make("product", name="产品甲")
    make("activity", kind="phone", content="内容", customer=customer, contact=contact, opportunity=deal)
    make("task", subject="任务甲", customer=customer)
    return website


@pytest.fixture(scope="module")
def crawled(site):
    """One address of each kind of page, and the words in Latin letters that each says in Chinese: they are read but once."""
    browser, latin = Browser("admin"), {}

    def read(url):
        answer = browser.get(url)
        assert answer.status_code in (200, 302), (url, answer.status_code)
        if not answer.headers["Content-Type"].startswith("text/html") or answer.status_code != 200:
            return None
        html = answer.content.decode()
        latin[url] = set(LATIN.findall(shown(html)))
        return html

    return pages(read), latin


@pytest.fixture(scope="module")
def found(crawled):
    return crawled[0]


@pytest.fixture(scope="module")
def data(cast, site):
    """Every word that is somebody's data rather than the program's: no page translates those."""
    out = {name for name, _, _ in PEOPLE.values()} | set(cast.departments) | {ADMIN, "test"}
    for it in REGISTRY.objects.values():
        asked = [name for name, one in it.fields.items() if isinstance(one, TextField | Json) and one.computed is None]
        for row in reading.query(it.name, actor=cast.actor("admin"), fields=asked, limit=200).rows:
            out |= {str(row[name]) for name in asked if row[name]}
    return out


def shown(html: str) -> str:
    """What a page says, aloud too; but not what stands in a text to be edited, which is data."""
    html = TYPED.sub("", re.sub(r"<head>.*?</head>", "", html, flags=re.S))
    return unescape(words(html) + " \n " + " \n ".join(SPOKEN.findall(html)))


def test_the_crawl_finds_the_pages_there_are(found):
    for kind in ("/", "/customers", "/customers/*", "/customers/new", "/customers/*/edit", "/customers/*?tab=history", "/search", "/settings", "/me", "/password", "/roles/*", "/help", "/help/importing", "/help/customers"):
        assert kind in found, kind


def left_over(found, said, known):
    """By word, the kinds of pages that say it."""
    out: dict[str, list[str]] = {}
    for kind, url in found.items():
        for word in said(url) - known:
            out.setdefault(word, []).append(kind)
    return out


def test_no_page_has_chinese_left_over_in_english(found, data):
    known = LANGUAGES | BRAND | {part for one in data for part in CJK.findall(one)} | {one[:1] for one in data}
    browser = Browser("admin", "en")
    browser.post("/language", {"language": "en"})
    try:
        assert left_over(found, lambda url: set(CJK.findall(shown(browser.read(url)))), known) == {}
    finally:
        browser.post("/language", {"language": "zh-CN"})


def test_no_page_has_english_left_over_in_chinese(crawled, data):
    found, latin = crawled
    known = LANGUAGES | TERMS | set(money.EXPONENTS) | {word for one in data for word in LATIN.findall(one)}
    assert left_over(found, latin.__getitem__, known) == {}


def speaks(page, language):
    page.click(".account summary")
    page.click(f".account [name=language][value={language}]")
    page.wait_for_selector(f"html[lang={language}]")


def test_axe_finds_nothing_and_no_page_runs_over_the_side(site, found, chromium):
    """At a desk light, and the colours of dark, which is the only thing that differs; the width on a phone. The light is changed once for
    each page."""
    page, said = enter(chromium, site, who="admin")
    with_axe(page)
    amiss, looks = [], [(LIGHT, ()), (DARK, ("color-contrast",))]
    for kind, url in kinds(found).items():
        page.goto(site + url, wait_until="domcontentloaded")
        for scheme, only in looks:
            page.emulate_media(color_scheme=scheme)
            amiss += [(kind, scheme, one) for one in axe(page, *only)]
        looks.reverse()
        page.set_viewport_size(PHONE)
        if (over := too_wide(page)) > 0:
            amiss.append((kind, over))
        page.set_viewport_size(DESK)
    assert (amiss, said) == ([], [])
    page.context.close()


def test_no_page_runs_over_the_side_in_english(site, found, chromium):
    """English words are longer."""
    page, _ = enter(chromium, site, who="admin", viewport=PHONE, locale="en")
    speaks(page, "en")
    amiss = []
    for kind, url in kinds(found).items():
        page.goto(site + url, wait_until="domcontentloaded")
        if (over := too_wide(page)) > 0:
            amiss.append((kind, over))
    speaks(page, "zh-CN")
    assert amiss == []
    page.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_in_what_lies_over_a_page(site, chromium, size):
    page, said = enter(chromium, site, who="admin", viewport=size)

    def look(at):
        for scheme, only in ((LIGHT, []), (DARK, ["color-contrast"])):
            page.emulate_media(color_scheme=scheme)
            assert axe(page, *only) == [], (at, scheme)

    page.goto(site + "/customers")
    page.click("a.title >> nth=0")
    page.wait_for_selector("#drawer[open] .inside")
    look("drawer")
    page.keyboard.press("e")
    page.wait_for_selector("#dialog[open] .inside")
    look("dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette [role=option]")
    look("palette")
    page.keyboard.press("Escape")
    page.wait_for_selector("#palette:not([open])", state="attached")
    page.keyboard.press("?")
    page.wait_for_selector("dialog.keys[open]")
    look("keys")
    page.keyboard.press("Escape")
    page.click(".account summary")
    page.wait_for_selector(".account .pop:visible")
    look("menu")
    assert said == []
    page.context.close()


def test_strangers_pages_too(site, chromium):
    page = chromium.new_context(locale="en", viewport={"width": 390, "height": 844}).new_page()
    for url in ("/signin", "/nothing/at/all"):
        page.goto(site + url)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert set(CJK.findall(page.inner_text("body"))) <= LANGUAGES | BRAND
    page.context.close()


def test_lists_do_not_jump(site, chromium):
    """Layout shift, counted as browsers count it, from the first paint to what is asked for after the page."""
    page, _ = enter(chromium, site, who="admin")
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value; })"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    for url in ("/customers", "/tasks", "/opportunities", "/"):
        page.goto(site + url, wait_until="networkidle")
        assert page.evaluate("window.shift") < 0.05, url
    page.context.close()


def test_the_first_page_is_light(site, chromium):
    """Script and style of a first visit, compressed, as the browser asks for them; what the worker keeps ahead comes after."""
    for url in ("/", "/customers"):
        page, _ = enter(chromium, site, who="admin", service_workers="block")
        asked: set[str] = set()
        page.on("request", lambda request, asked=asked: asked.add(request.url.split("/static/")[1].partition("/")[2]) if "/static/" in request.url else None)
        page.goto(site + url, wait_until="networkidle")
        size = {kind: sum(len(static.assets()[name].zipped) for name in asked if name.endswith(kind)) for kind in (".js", ".css")}
        assert asked >= {"app.css", "early.js", "app.js"} and ("vendor/htmx.js" in asked) == (url == "/"), "only pages with parts that come later need it"
        assert size[".js"] <= SCRIPT and size[".css"] <= STYLE, (url, size)
        page.context.close()
