"""Every shape of answer carries the security headers, and no page needs what they forbid."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.storage import tables
from guanxi.surfaces.web.middleware import HEADERS
from tests.surfaces.web.browser import Browser

PAGES = (
    "/", "/books", "/books/new", "/books?view=all&q=x", "/search?q=x", "/me", "/me/second", "/password", "/settings", "/settings/log", "/settings/checks", "/users",
    "/dashboards", "/calendar", "/jobs", "/capture", "/offline", "/no-such-page",
)  # fmt: skip
STRANGERS = ("/signin", "/signin/code", "/apply", "/books", "/no/such/page/at/all", "/static/x/app.css", "/manifest.webmanifest", "/sw.js")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style\b|\sstyle=\"|\son[a-z]+=\"|javascript:", re.I)


def check(answer, url):
    for name, value in HEADERS.items():
        given = answer.headers.get(name)
        assert given is not None, (url, name)
        if name != "Content-Security-Policy":
            assert given == value, (url, name)
        assert "unsafe" not in given and "*" not in given, (url, name, given)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"] or "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"] or "sandbox" in answer.headers["Content-Security-Policy"]
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        assert INLINE.search(answer.content.decode()) is None, (url, INLINE.search(answer.content.decode()))


@pytest.fixture(scope="module")
def admin(cast):
    return Browser("admin")


@pytest.mark.parametrize("url", PAGES)
def test_pages_of_somebody_signed_in(admin, url):
    answer = admin.get(url)
    check(answer, url)
    if answer.status_code == 200 and url != "/offline":
        assert "no-store" in answer.headers["Cache-Control"], url


@pytest.mark.parametrize("url", STRANGERS)
def test_pages_of_a_stranger(cast, url):
    check(Browser().get(url), url)


def test_answers_that_are_no_pages(admin):
    check(admin.get("/api/v1/books"), "api")
    check(Browser().get("/api/v1/books"), "api, stranger")
    check(admin.post("/settings/log", {}), "file")
    check(admin.get("/palette"), "json")
    check(Browser().post("/signin", {"username": "owner", "password": "no"}), "refused")
    check(Browser(enforce_csrf_checks=True).post("/signin", {"username": "owner"}), "forged")
    check(admin.post("/me/passkeys", {"current": "no"}), "passkey")


def test_cookies_are_out_of_reach(cast):
    cookie = Browser("owner").cookies["guanxi_session"]
    assert cookie["httponly"] is True and cookie["samesite"] == "Lax"


def test_no_page_asks_another_host_for_anything(admin):
    """Neither what pages name nor what browsers are allowed to ask leads anywhere else."""
    elsewhere = re.compile(r'\s(?:src|srcset|action|formaction|poster|data|hx-get|hx-post)="(?:[a-z]+:)?//[^"]*"|<link\b[^>]*href="(?:[a-z]+:)?//[^"]*"|url\((?:[a-z]+:)?//', re.I)
    for client, urls in ((admin, PAGES), (Browser(), STRANGERS)):
        for url in urls:
            answer = client.get(url, follow=True)
            assert elsewhere.search(answer.content.decode(errors="replace")) is None, url
            allowed = [one for part in answer.headers["Content-Security-Policy"].split(";") for one in part.split()[1:]]
            assert set(allowed) <= {"'self'", "'none'", "data:", "blob:"}, (url, allowed)


def test_signing_in_asks_for_name_and_password_and_nothing_else(cast):
    page = Browser().get("/signin").content.decode()
    form = re.search(r'<form[^>]*action="/signin"[^>]*>.*?</form>', page, re.S)[0]
    assert set(re.findall(r'<input[^>]*\sname="(\w+)"', form)) == {"csrfmiddlewaretoken", "next", "username", "password"}
    known = {one.name for one in tables.Account._meta.get_fields()} | set(REGISTRY.objects["user"].fields)
    assert not [name for name in known if re.search(r"hint|question|answer|secret", name)], "nothing of the kind is kept"


@pytest.mark.parametrize("url", ["/static/", "/static/x/", "/static/x/vendor/", "/static/x/..%2f..%2fsettings.py", "/static/x/../visit.py", "/static/x/visit.py", "/static/x/.git/config", "/.git/config", "/files/", "/backups/"])
def test_only_files_by_name_are_served_and_no_folder_is_listed(admin, url):
    for client in (admin, Browser()):
        answer = client.get(url)
        assert answer.status_code in (302, 404) and answer.get("Location", "/signin").startswith("/signin"), (url, answer.status_code)
        assert "app.css" not in re.sub(r"<head>.*?</head>", "", answer.content.decode(), flags=re.S) and "import " not in answer.content.decode()[:200]
