"""How values look: one function per field type, and nothing anybody typed gets out of its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from uuid import UUID

import pytest

from guanxi.base.text import T
from guanxi.kernel.declare.fields import (
    KINDS,
    AutoNumber,
    Choice,
    File,
    Image,
    Link,
    Links,
    MultiChoice,
    Option,
    Settings,
    Stage,
)
from guanxi.surfaces.web.cells import cell, drawer
from guanxi.surfaces.web.look import Look

ZH = Look("zh-CN", Settings(today=date(2026, 11, 22)))
EN = Look("en", Settings(today=date(2026, 11, 22)))
ID = UUID("01952cd9-1e51-77d8-a705-70e4bcd83601")
BAD = """"><script>alert('1')</script>&amp;"""
COLOURED = [Option("a", T("甲", "A"), "red"), Option("b", T("乙", "B")), Option("c", T(BAD, BAD))]


def make(kind):
    """A field of a type, named as a declaration names it."""
    made = {"link": lambda: Link("customer"), "many_links": lambda: Links("customer"), "stage": lambda: Stage("stage"),
            "choice": lambda: Choice(options=COLOURED), "multi_choice": lambda: MultiChoice(options=COLOURED),
            "auto_number": lambda: AutoNumber("N-{000}")}.get(kind, KINDS[kind])()  # fmt: skip
    made.name = "it"
    return made


COPY = '<button type="button" class="copy" data-copy="{0}" aria-label="复制 {0}" title="复制"></button>'
WHO = {"id": ID, "label": "王小明"}
SHOWN = [
    ("text", "红楼梦", "红楼梦"),
    ("auto_number", "KH-001", "KH-001"),
    ("long_text", "一\n二", '<span class="prose">一\n二</span>'),
    ("rich_text", "<p>好<b>书</b></p>", '<div class="prose rich"><p>好<b>书</b></p></div>'),
    ("integer", 1606, '<span class="number">1606</span>'),
    ("integer", 0, '<span class="number">0</span>'),
    ("decimal", Decimal("1234.50"), '<span class="number">1,234.50</span>'),
    ("percent", Decimal("8.50"), '<span class="number">8.5%</span>'),
    ("money", {"amount": Decimal("12000.00"), "currency": "CNY"}, '<span class="number">¥12,000</span>'),
    ("money", {"amount": Decimal("0.50"), "currency": "USD"}, '<span class="number">$0.50</span>'),
    ("boolean", False, '<span class="faint">否</span>'),
    ("date", date(2026, 1, 2), '<time datetime="2026-01-02">2026-01-02</time>'),
    ("datetime", datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC), '<time datetime="2026-11-22T01:02:03+00:00" title="2026-11-22 09:02:03">今天 09:02</time>'),
    ("datetime", datetime(2026, 3, 1, 20, 0, tzinfo=UTC), '<time datetime="2026-03-01T20:00:00+00:00" title="2026-03-02 04:00:00">03-02 04:00</time>'),
    ("datetime", datetime(2025, 12, 31, 10, 0, 0, 5, UTC), '<time datetime="2025-12-31T10:00:00.000005+00:00" title="2025-12-31 18:00:00">2025-12-31</time>'),
    ("choice", "a", '<span class="pill red">甲</span>'),
    ("choice", "b", '<span class="pill green">乙</span>'),
    ("choice", "gone", '<span class="pill grey">gone</span>'),
    ("industry", "R", "文化、体育和娱乐业"),
    ("multi_choice", ["b", "a"], '<span class="pills"><span class="pill green">乙</span><span class="pill red">甲</span></span>'),
    ("tags", ["经典", "长篇"], '<span class="pills"><span class="tag">经典</span><span class="tag">长篇</span></span>'),
    ("phone", [{"number": "+8613800138000", "note": "编辑部"}], '<span class="phone"><a href="tel:+8613800138000">138 0013 8000</a>' + COPY.format("13800138000") + ' <span class="faint">编辑部</span></span>'),
    ("phone", [{"number": "+864713301931;ext=8017"}], '<span class="phone"><a href="tel:+864713301931,8017">0471-3301931 转 8017</a>' + COPY.format("0471-3301931转8017") + "</span>"),
    ("phone", [{"number": "138****8000"}, {"number": "", "text": "总机"}], '<span class="phone">138****8000</span><span class="phone">总机</span>'),
    ("email", "a@example.com", '<span class="mail"><a href="mailto:a@example.com">a@example.com</a>' + COPY.format("a@example.com") + "</span>"),
    ("url", "https://example.com/a?b=1&c=2", '<a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">example.com/a?b=1&amp;c=2</a>'),
    ("region", {"code": None, "detail": "东街 1 号"}, "东街 1 号"),
    ("link", WHO, f'<a href="/customer/{ID}">王小明</a>'),
    ("link", {"id": ID, "label": None}, f'<a href="/customer/{ID}">（未命名）</a>'),
    ("many_links", [{"id": str(ID), "label": "甲"}], f'<span class="pills"><a class="tag" href="/customer/{ID}">甲</a></span>'),
    ("person", WHO, '<span class="person"><span class="avatar" aria-hidden="true">王</span>王小明</span>'),
    ("owner", WHO, '<span class="person"><span class="avatar" aria-hidden="true">王</span>王小明</span>'),
    ("department", WHO, "王小明"),
    ("stage", WHO, '<span class="pill blue">王小明</span>'),
    ("file", [{"file": "f1", "name": "合同.pdf", "size": 2048}], '<span class="files"><span class="file">合同.pdf</span></span>'),
    ("image", [{"file": "f1"}], '<span class="files"><span class="file">f1</span></span>'),
    ("json", {"a": [1, 2]}, '<code class="json">{&quot;a&quot;: [1, 2]}</code>'),
]  # fmt: skip


def test_every_type_is_among_the_examples():
    assert {kind for kind, _, _ in SHOWN} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_has_a_cell_which_is_bare_without_a_value(kind):
    assert callable(cell(KINDS[kind]))
    draw = drawer(ZH, make(kind))
    assert [draw(None), draw(""), draw([])] == ["", "", ""]


@pytest.mark.parametrize(("kind", "value", "markup"), SHOWN)
def test_a_value_looks_the_same_wherever_it_is_drawn(kind, value, markup):
    one = make(kind)
    assert drawer(ZH, one)(value) == markup
    assert ZH.cell(one, value) == markup


def test_words_are_of_the_readers_language():
    assert drawer(EN, make("choice"))("a") == '<span class="pill red">A</span>'
    assert drawer(EN, make("boolean"))(False) == '<span class="faint">No</span>'
    assert '<span class="unseen">Yes</span>' in drawer(EN, make("boolean"))(True)
    assert drawer(EN, make("datetime"))(datetime(2026, 11, 22, 1, 2, tzinfo=UTC)).endswith(">Today 09:02</time>")


def test_files_lead_to_their_bytes_where_there_is_an_address():
    one, picture = File(), Image()
    one.name, picture.name = "files", "cover"
    held = [{"file": "f1", "name": "a&b.pdf", "size": 2048}]
    assert 'href="/books/1/files/files/f1"' in drawer(ZH, one, "read", "/books/1/files")(held)
    assert '<span class="faint">2 KB</span>' in drawer(ZH, one, "read", "/books/1/files")(held)
    assert 'src="/books/1/files/cover/f1?show=1" alt="a&amp;b.pdf"' in drawer(ZH, picture, "read", "/books/1/files")(held)
    heard = [{**held[0], "type": "audio/mpeg"}]
    assert '<audio controls preload="none" src="/books/1/files/files/f1?show=1" aria-label="a&amp;b.pdf"></audio>' in drawer(ZH, one, "read", "/books/1/files")(heard)
    assert "<audio" not in drawer(ZH, one, "read", "/books/1/files")(held)
    assert "<audio" not in drawer(ZH, one)(heard)


def test_what_is_masked_is_words_and_leads_nowhere():
    for kind, value in (("text", "王***"), ("email", "a***@example.com"), ("phone", [{"number": "138****8000"}]), ("money", "***")):
        shown = drawer(ZH, make(kind), "masked")(value)
        assert shown.startswith('<span class="masked">') and "href" not in shown
    assert drawer(ZH, make("text"), "masked")(BAD).count("<") == 2


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


HOSTILE = {
    "text": BAD, "auto_number": BAD, "long_text": BAD, "choice": "c", "multi_choice": ["c"], "tags": [BAD], "email": BAD, "url": "https://" + BAD,
    "phone": [{"number": "", "text": BAD, "note": BAD}], "region": {"code": None, "detail": BAD}, "link": {"id": ID, "label": BAD},
    "many_links": [{"id": ID, "label": BAD}], "person": {"id": ID, "label": BAD}, "owner": {"id": ID, "label": BAD}, "department": {"id": ID, "label": BAD},
    "stage": {"id": ID, "label": BAD}, "file": [{"file": BAD, "name": BAD}], "image": [{"file": "f1", "name": BAD}], "json": {BAD: BAD}, "money": BAD,
}  # fmt: skip


@pytest.mark.parametrize("files", ["", "/books/1/files"])
@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_hostile_values_stay_text(kind, files):
    shown, kept = _Tags(), _Tags()
    shown.feed(drawer(ZH, make(kind), "read", files)(HOSTILE[kind]))
    tame = {"choice": "a", "multi_choice": ["a"], "url": "https://x", "phone": [{"number": "", "text": "x", "note": "x"}], "region": {"code": None, "detail": "x"},
            "tags": ["x"], "json": {"x": "x"}, "file": [{"file": "x", "name": "x"}], "image": [{"file": "f1", "name": "x"}], "many_links": [{"id": ID, "label": "x"}]}  # fmt: skip
    value = tame.get(kind, {"id": ID, "label": "x"} if isinstance(HOSTILE[kind], dict) else "x")
    kept.feed(drawer(ZH, make(kind), "read", files)(value))
    assert shown.found == kept.found
    assert "script" in shown.text or kind == "image"
