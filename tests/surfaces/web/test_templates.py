"""The template engine: constants are said when a template is compiled, everything else when it is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from guanxi.surfaces.web import static
from guanxi.surfaces.web.icons import icon
from guanxi.surfaces.web.templates import environment


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", "是 &amp; 否"), ("en", "Yes &amp; no")])
def test_words_icons_and_addresses_of_files_need_nobody_when_a_page_is_drawn(lang, word):
    text = '{{ t("是 & 否", "Yes & no") }}{{ x.t("是 & 否", "Yes & no") }}{{ icon("plus") }}{{ static("app.css") }}'
    assert environment(lang).from_string(text).render() == word * 2 + str(icon("plus")) + static.url("app.css")


def test_what_is_not_constant_is_asked_when_a_page_is_drawn():
    found = environment("en").from_string('{{ t("新建" ~ zh, "New " ~ en) }}').render(t=lambda zh, en: f"[{en}]", zh="客户", en="<customer>")
    assert found == "[New &lt;customer&gt;]"


def test_macros_loops_and_blocks_call_and_escape_as_ever():
    text = (
        "{% macro row(one) %}<b>{{ say(one) }}{% if caller is defined %}{{ caller() }}{% endif %}</b>{% endmacro %}"
        '{% block main %}{% for one in many %}{{ row(one) }}{% call row("<") %}{{ one }}{{ loop.index }}{% endcall %}{% endfor %}{% endblock %}'
    )
    found = environment("zh-CN").from_string(text).render(many=["&"], say=str.upper)
    assert found == "<b>&amp;</b><b>&lt;&amp;1</b>"


def test_what_is_not_there_is_a_mistake():
    with pytest.raises(UndefinedError):
        environment("en").from_string("{{ nothing() }}").render()


def test_a_page_whose_parts_come_by_themselves_brings_what_fetches_them():
    pages = Path(static.__file__).parent / "pages"
    drawn_within = {"cards.html", "twigs.html"}  # of boards and trees, which bring it
    without = [one.name for one in sorted(pages.glob("*.html")) if "hx-" in one.read_text() and 'include "components/parts.html"' not in one.read_text()]
    assert set(without) == drawn_within
