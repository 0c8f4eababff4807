"""Help inside the program: short pages of tasks, written beside what they are about, each opened from the pages it tells of.

A text is a title, a word on what it is for, and tasks under headings: paragraphs, numbered steps, lists and tips (`>`); `Keys` and
[links](/customers). What of the program somebody may not open stands there without a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from markupsafe import Markup

from guanxi.base.errors import NotFound
from guanxi.base.text import T, Text
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.help import Help
from guanxi.kernel.declare.objects import Board, Calendar, Definition
from guanxi.surfaces.web.visit import Visit, page, redirect

FOLDER = Path(__file__).parent / "help"
HELP = T("帮助", "Help")
DAILY = T("每天的工作", "Every day")
OWN: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (DAILY, ("home",)),
    (T("找和看", "Finding and looking"), ("lists", "groups", "boards", "dashboards")),
    (T("数据", "Data"), ("importing", "duplicates", "handover", "bin")),
    (T("设置与设备", "Settings and devices"), ("settings", "phone", "keys")),
)
"""The screens' own pages by headings; the modules' follow the first, which is about daily work."""
PLACES = (
    ("/settings/handover", "handover"), ("/groups", "groups"), ("/duplicates", "duplicates"), ("/pleas", "duplicates"), ("/dashboards", "dashboards"), ("/calendar", "boards"),
    ("/jobs", "importing"), ("/search", "lists"), ("/undo", "bin"), ("/settings", "settings"), ("/me", "settings"), ("/password", "settings"),
    ("/welcome", "settings"), ("/offline", "phone"), ("/notices", "home"), ("/capture", "home"), ("/standing", "home"), ("/help/", ""),
)  # fmt: skip
"""What pages that belong to no object are told of in."""
WAYS = {"import": "importing", "lookup": "duplicates", "merge": "duplicates", "duplicates": "duplicates", "unmerge": "duplicates", "erase": "bin", "assign": "handover"}
"""And pages of an object that have help of their own, by the last part of their address."""
OTHERS = ("board", "calendar", "tree", "region")
ELSEWHERE = "lists"


@dataclass(frozen=True)
class Task:
    """Something one wants to do, and how: what it is called, and its blocks as (kind, lines)."""

    title: str
    blocks: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Told:
    """A page of help in one language."""

    title: str
    lead: str
    tasks: tuple[Task, ...]


def groups() -> list[tuple[Text, list[Help]]]:
    """Every page there is, under headings."""
    found = [(heading, [Help(name, FOLDER) for name in names]) for heading, names in OWN]
    found[0][1].extend(one for module in REGISTRY.modules for one in module.help)
    return found


def pages() -> dict[str, Help]:
    """Every page there is, by name."""
    return {one.name: one for _, some in groups() for one in some}


@lru_cache(maxsize=100)
def told(one: Help, lang: str) -> Told:
    """What a page says. Raises OSError where its file is missing."""
    head, *rest = re.split(r"^## ", one.text(lang), flags=re.M)
    title, _, lead = head.strip().partition("\n")
    tasks = []
    for part in rest:
        heading, _, body = part.partition("\n")
        tasks.append(Task(heading.strip(), tuple(_block(text) for text in re.split(r"\n\s*\n", body.strip()) if text)))
    return Told(title.removeprefix("# ").strip(), lead.strip(), tuple(tasks))


def _block(text: str) -> tuple[str, tuple[str, ...]]:
    lines = text.splitlines()
    for kind, mark in (("ol", r"\d+\. "), ("ul", "- "), ("tip", "> ")):
        if all(re.match(mark, line) for line in lines):
            return kind, tuple(re.sub(f"^{mark}", "", line) for line in lines)
    return "p", (" ".join(lines),)


def drawn(text: str, may: Callable[[str], bool]) -> Markup:
    """A line as markup: keys, and links where they may be opened."""

    def link(found: re.Match[str]) -> str:
        said, url = found[1], found[2]
        if not may(url):
            return said
        return f'<a href="{url}"{" data-inside" if url.startswith("/help") else ""}>{said}</a>'

    line = re.sub(r"`([^`]+)`", lambda found: "".join(f"<kbd>{key}</kbd>" for key in found[1].split("+")), escape(text, quote=False))
    return Markup(re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", link, line))  # noqa: S704 - our own text, escaped above


def about(visit: Visit, address: str) -> str:
    """The name of the page that tells of an address."""
    parts = urlsplit(address)
    path, query = parts.path, parse_qs(parts.query)
    if path == "/":
        return "home"
    for start, name in PLACES:
        if path == start or path.startswith(start.rstrip("/") + "/"):
            return name
    first, *rest = path.strip("/").split("/")
    it = next((one for one in visit.catalog if one.plural == first), None)
    if it is None:
        return ""
    if rest and rest[-1] in WAYS:
        return WAYS[rest[-1]]
    if "bin" in query or "history" in query.get("tab", ()):
        return "bin"
    if not rest and _other(it, query.get("view", [""])[0]):
        return "boards"
    own = next((one.name for module in REGISTRY.modules for one in module.help if it.name in one.about), "")
    return own or ("settings" if it.group == "settings" else ELSEWHERE)


def _other(it: Definition, view: str) -> bool:
    """Whether a view shows records otherwise than as a list."""
    return view in OTHERS or any(view == one.name for one in it.views if isinstance(one, Board | Calendar))


def openable(visit: Visit, url: str) -> bool:
    """Whether somebody may open a place of the program."""
    from guanxi.surfaces.web.settings import area

    path = urlsplit(url).path
    first, *rest = path.strip("/").split("/")
    it = next((one for one in visit.catalog if one.plural == first), None)
    if it is not None:
        return visit.may(it, "read") and (not rest or visit.may(it, "create"))
    if first == "settings" and rest:
        return any(place.url == path for _, places in area.menu(visit) for place in places)
    return {"duplicates": visit.has_duplicates, "calendar": visit.has_days}.get(first, True)


@page
def index(visit: Visit) -> HttpResponse:
    """Every page of help with its tasks; or, `at` an address, the one that tells of it."""
    at = visit.get.get("at", "")
    if at and (name := about(visit, at)):
        return redirect(f"/help/{name}")
    lang = visit.look.lang
    shown = [(heading, [(one.name, told(one, lang)) for one in some]) for heading, some in groups()]
    return visit.page("pages/help.html", groups=shown, title=HELP)


@page
def read(visit: Visit, name: str) -> HttpResponse:
    """One page of help."""
    one = pages().get(name)
    if one is None:
        raise NotFound()
    text = told(one, visit.look.lang)

    def inline(line: str) -> Markup:
        return drawn(line, lambda url: openable(visit, url))

    other = told(one, "zh-CN" if visit.look.lang == "en" else "en").title
    title = T(other, text.title) if visit.look.lang == "en" else T(text.title, other)
    return visit.page("pages/help_page.html", told=text, name=name, drawn=inline, title=title)
