"""A browser without script: Django's client with forms filled in as a page shows them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import PASSWORD


class _Inputs(HTMLParser):
    """The values a browser would send for the page's main form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.inside = False
        self.select: str | None = None
        self.area: str | None = None
        self.first = False
        self.bare = False

    def _add(self, name: str | None, value: str) -> None:
        if name:
            self.values.setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = "data-guard" in given
        if not self.inside:
            return
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self._add(name, value)
        elif tag == "input" and given.get("type") != "file":
            self._add(name, value)
        elif tag == "select":
            self.select, self.first = name, True
            self._add(name, "")
        elif tag == "option" and self.select:
            if self.first or "selected" in given:
                self.values[self.select][-1] = value
                self.first = False
                self.bare = "value" not in given  # then its text is its value
        elif tag == "textarea":
            self.area = name
            self._add(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        self.select = None if tag == "select" else self.select
        self.area = None if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.bare and self.select:
            self.values[self.select], self.bare = [data.strip()], False
        if self.area:
            self.values[self.area][-1] += data


def inputs(html: str) -> dict[str, list[str]]:
    parser = _Inputs()
    parser.feed(html)
    return parser.values


class Browser(Client):
    """Signed in as one of the cast."""

    def __init__(self, who: str | None = None, language: str = "zh-CN", **more: Any) -> None:
        super().__init__(headers={"accept-language": language}, **more)
        if who is not None:
            answer = self.post("/signin", {"username": who, "password": PASSWORD})
            assert answer.status_code == 302, answer.content.decode()[:500]

    def read(self, url: str, status: int = 200) -> str:
        answer = self.get(url)
        assert answer.status_code == status, (url, answer.status_code, words(answer.content.decode())[-500:])
        return answer.content.decode()

    def fill(self, url: str, **values: Any) -> Any:
        """Open a form, change some inputs (`__` for a dot), send it."""
        sent: dict[str, Any] = dict(inputs(self.read(url)))
        sent |= {name.replace("__", "."): value for name, value in values.items()}
        return self.post(url, sent)


def words(html: str) -> str:
    """What a page says."""
    html = re.sub(r"<(head|script|style)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


@contextmanager
def statements():
    """The statements sent inside the block, without those that only begin and end transactions."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [q["sql"] for q in captured.captured_queries if not re.match(r"SET LOCAL|BEGIN|COMMIT|SAVEPOINT|RELEASE", q["sql"])]
