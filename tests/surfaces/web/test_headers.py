"""Every shape of answer carries the security headers, and no page needs what they forbid."""

from __future__ import annotations

import re

import pytest

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
