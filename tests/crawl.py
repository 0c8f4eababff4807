"""Every kind of page there is, found by following links as a visitor would: a new page is tested as soon as one leads to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_LINK = re.compile(r'<a\b[^>]*?\bhref="(/[^"#]*)"')
_TELLING = {"tab", "bin", "view", "step", "do"}
"""What in a query makes another kind of page; filters, orders and cursors do not. Nor does which value of a record is changed."""

_WAYS = {"board", "calendar", "tree", "region", "chart"}
"""Views that are other pages than a list; all lists are alike."""


def shape(url: str) -> str:
    """What two addresses of the same kind of page have in common."""
    parts = urlsplit(url)
    query = sorted({key if key == "view" and value not in _WAYS else f"{key}={value}" for key, value in parse_qsl(parts.query) if key in _TELLING})
    path = re.sub(r"/field/\w+(?=/history$|$)", "/field/*", _ID.sub("*", parts.path))
    return path + ("?" + "&".join(query) if query else "")


def pages(read: Callable[[str], str | None], start: str = "/", most: int = 1500) -> dict[str, str]:
    """One address of each shape, breadth first. `read` gives a page's HTML, or None for what is no page."""
    found: dict[str, str] = {}
    waiting = [start]
    for url in waiting:
        kind = shape(url)
        if kind in found or "/files/" in url or "/figures." in url or url.startswith("/static/"):  # what is taken out is no page
            continue
        html = read(url)
        if html is None:
            continue
        found[kind] = url
        assert len(found) < most, "the crawl does not end: a shape holds something that differs from record to record"
        waiting += [link.replace("&amp;", "&") for link in _LINK.findall(html)]
    return found


def kinds(found: dict[str, str], each: int = 1) -> dict[str, str]:
    """Fewer: of pages that differ only in the object they show, `each` of them. An object without a record has its own list and form
    all the same, but no further ways to look at the nothing there is."""
    objects = {shape.strip("/").split("/")[0] for shape in found if re.fullmatch(r"/\w+/\*", shape)}
    empty = {shape.strip("/").split("/")[0] for shape in found if re.fullmatch(r"/\w+/filter", shape)} - objects
    counted: dict[str, int] = {}
    out: dict[str, str] = {}
    for one, url in found.items():
        first, *rest = one.strip("/").split("/")
        name, _, query = first.partition("?")
        general = "/".join(["{}", *rest]) + "?" + query if name in objects or (name in empty and (query or rest not in ([], ["new"]))) else one
        general = re.sub(r"tab=\w+\.\w+", "tab={}", general)
        general = re.sub(r"^/?help/[\w-]+", "help/{}", general)
        counted[general] = counted.get(general, 0) + 1
        if counted[general] <= each:
            out[one] = url
    return out
