"""Every address there is, made of the table of addresses itself: what any answer of it carries, what a stranger learns, what is
refused without our own form's token. A new address is tested as soon as it is there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from guanxi.kernel.records import door
from guanxi.surfaces.live.stream import _credentials
from guanxi.surfaces.web.middleware import HEADERS
from tests.kernel.tools import state
from tests.surfaces.web.browser import Browser
from tests.surfaces.web.test_headers import check

OPEN = {
    ".well-known/security.txt", "static/<str:tag>/<path:name>", "signin", "signin/passkey", "signin/code", "apply", "apply/<uuid:id>", "f/<slug:key>", "signout", "language", "privacy", "sw.js", "manifest.webmanifest", "offline", "api/v1/openapi.json",
}  # fmt: skip
"""What a stranger may have; everything else sends them to the sign-in page or says 401."""
KEPT = {"static/<str:tag>/<path:name>", "sw.js", "manifest.webmanifest", "offline", "palette", "privacy", "api/v1/openapi.json"}
"""What a browser may keep: it says nothing of anybody, or its address changes with what it says."""
WAYS = ("get", "post", "put", "patch", "delete")
WORDS = {"plural": "books", "name": "books", "verb": "publish", "field": "files", "child": "chapter", "place": "new", "tag": "x", "path": "app.css"}


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    for one in (resolver or get_resolver()).url_patterns:
        text = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, text)
        elif isinstance(one, URLPattern):
            yield text


ROUTES = sorted(set(routes()))


def address(route: str, record: UUID) -> str:
    """One address of a route: words where it wants words, an id where it wants an id."""

    def part(found: re.Match[str]) -> str:
        kind, _, name = found[1].rpartition(":")
        if kind == "uuid" or name in ("id", "record", "job", "file", "key"):
            return str(record)
        return WORDS.get(name, "books")

    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda m: str(record) if m[1] == "key" else "new", route)
    return "/" + re.sub(r"<([^>]+)>", part, text).replace("^", "").replace("$", "").replace("\\", "").lstrip("/")


@pytest.fixture(scope="module")
def book(cast: Any) -> UUID:
    return door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "绝密书名", "status": "published"}).id


def well(answer: Any, url: str, route: str) -> None:
    """What every answer carries, whatever it is."""
    check_headers(answer, url)
    kept = answer.headers.get("Cache-Control", "")
    if route not in KEPT and answer.status_code == 200:
        assert "no-store" in kept or "private" in kept, (url, kept)
        assert "public" not in kept, (url, kept)
    for cookie in answer.cookies.values():
        assert cookie["samesite"] in ("Lax", "Strict") and (cookie["httponly"] or cookie.key == "csrftoken"), (url, cookie)
    assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers


def check_headers(answer: Any, url: str) -> None:
    if answer.streaming:
        for name in HEADERS:
            assert answer.headers.get(name), (url, name)
        answer.close()
    else:
        check(answer, url)


def test_the_table_of_addresses_is_read_whole(book: UUID) -> None:
    assert len(ROUTES) > 100 and "api/v1/{name}/{record}/explain" not in ROUTES
    assert {"", "<slug:plural>/<str:id>/edit", "api/v1/<name>"} <= set(ROUTES)
    for route in ROUTES:
        assert not re.search(r"[<>^$?\\]", address(route, book)), route
    assert set(ROUTES) >= OPEN | KEPT


@pytest.mark.parametrize("route", ROUTES)
def test_a_stranger_is_sent_away_and_learns_nothing(book: UUID, route: str) -> None:
    url, before = address(route, book), state()
    for way in WAYS:
        answer = getattr(Client(), way)(url)
        well(answer, f"{way} {url}", route)
        assert answer.status_code < 500, (way, url)
        if route in OPEN:
            continue
        if url.startswith("/api/"):
            assert answer.status_code in ((401, 405) if route != "api/v1/" else (404,)), (way, url, answer.status_code)
        else:
            assert answer.status_code == 302 and answer["Location"].partition("?")[0] == "/signin", (way, url, answer.status_code)
        assert "绝密书名" not in answer.content.decode(), url
    assert state() == before


@pytest.fixture(scope="module")
def signed(cast: Any) -> Client:
    found = Browser("owner", enforce_csrf_checks=False)
    found.handler.enforce_csrf_checks = True
    return found


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_is_taken_from_a_form_that_is_not_ours(signed: Client, book: UUID, route: str) -> None:
    """Signed in, without the token: every way of writing is refused and writes nothing."""
    url, before = address(route, book), state()
    for way in WAYS[1:]:
        answer = getattr(signed, way)(url, data="{}", content_type="application/json")
        well(answer, f"{way} {url}", route)
        refused = (404,) if route in ("api/v1/", "f/<slug:key>") else (401, 403, 405) if route.startswith("api/") else (403, 405)  # nothing is there
        assert answer.status_code in refused, (way, url, answer.status_code)
    assert state() == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "signout"])
def test_every_answer_to_somebody_signed_in(signed: Client, book: UUID, route: str) -> None:
    """A record that is there and one that is not: 200 to 429, never 500, all with everything an answer carries."""
    for record in (book, UUID(int=7)):
        url = address(route, record)
        answer = signed.get(url)
        assert answer.status_code < 500, (url, answer.status_code)
        well(answer, url, route)


def test_errors_carry_it_too(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """400, 404, 405, 413, 429 and 500 of pages and API."""
    from guanxi.surfaces.api import router
    from guanxi.surfaces.web import home

    token = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    client, api = Browser("owner"), Client(raise_request_exception=False)
    found = {}
    found["api"] = [
        api.get("/api/v1/books?limit=x", **token), api.get("/api/v1/nothing", **token), api.put("/api/v1/books", **token), api.post("/api/v1/books", data="{", content_type="application/json", **token),
        api.post("/api/v1/books", data="x" * 6_000_000, content_type="application/json", **token),
    ]  # fmt: skip
    found["web"] = [client.get("/nothing"), client.get("/books/x"), client.get("/books?view=%00"), client.get("/books/" + "x" * 5_000)]
    monkeypatch.setattr(router.reading, "query", lambda *a, **k: 1 / 0)
    monkeypatch.setattr(home.Visit, "page", lambda *a, **k: 1 / 0, raising=False)
    broken = Browser("owner")
    broken.raise_request_exception = False
    found["500"] = [api.get("/api/v1/books", **token), broken.get("/")]
    monkeypatch.undo()
    for _ in range(6):
        limited = Client().post("/signin", {"username": "newcomer", "password": "no"})
    found["429"] = [limited]
    assert {one.status_code for one in found["api"]} <= {400, 404, 405, 413, 422} and [one.status_code for one in found["500"]] == [500, 500]
    assert limited.status_code == 429 and {404} <= {one.status_code for one in found["web"]}
    for kind, answers in found.items():
        for answer in answers:
            check_headers(answer, kind)
            assert b"Traceback" not in answer.content and b"ZeroDivision" not in answer.content


def test_cookies_are_secure_over_https(cast: Any, settings: Any = None) -> None:
    from django.test import override_settings

    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME")
    ask = f"from guanxi.project import settings; print([getattr(settings, name) for name in {names}])"
    said = subprocess.run([sys.executable, "-c", ask], env={**os.environ, "GUANXI_HTTPS": "1"}, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[True, True, '__Host-guanxi_session', '__Host-csrftoken']"
    with override_settings(**dict(zip(names, ast.literal_eval(said), strict=True))):
        client = Browser("owner")
        client.get("/books/new")
        assert set(client.cookies) == {"__Host-guanxi_session", "__Host-csrftoken"}
        for cookie in client.cookies.values():
            assert cookie["secure"] is True and cookie["samesite"] in ("Lax", "Strict"), cookie
            assert (cookie["path"], cookie["domain"]) == ("/", ""), "or a browser takes no cookie of that name"
        assert client.get("/books").status_code == 200
        assert _credentials({"cookie": f"__Host-guanxi_session={client.cookies['__Host-guanxi_session'].value}"})[0] == "session"
    assert Client().get("/signin", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_whoever_finds_a_hole_reads_whom_to_tell() -> None:
    from django.test import override_settings

    assert Client().get("/.well-known/security.txt").status_code == 404, "nobody is named"
    with override_settings(SECURITY_CONTACT=["mailto:security@example.cn", "https://example.cn/report"]):
        answer = Client().get("/.well-known/security.txt")
    first, second, until, languages = answer.content.decode().splitlines()
    assert (answer["Content-Type"], first, second) == ("text/plain; charset=utf-8", "Contact: mailto:security@example.cn", "Contact: https://example.cn/report")
    assert languages == "Preferred-Languages: zh, en"
    assert 178 < (datetime.strptime(until, "Expires: %Y-%m-%dT%H:%M:%S%z") - datetime.now(UTC)).days < 181
