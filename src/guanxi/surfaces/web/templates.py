"""The template engine, one for each language, set up so that a page costs little.

What a template says with constants alone - `t("中文", "English")`, `icon("plus")`, `static("app.css")` - is said once, when
it is compiled, and is plain text from then on. Calls are plain calls: nothing our templates call wants to be handed the
context, so Jinja need not look for that wish at each of a page's thousand calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from guanxi.base import pinyin
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Field
from guanxi.surfaces.web import rows, static, words
from guanxi.surfaces.web.icons import icon

HERE = Path(__file__).parent


class _Calls(Context):
    def call(self, called: Callable[..., Any], /, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any) -> Any:
        return called(*args, **kwargs)


class _Constants(NodeTransformer):
    """Replaces calls of known functions, by name or as `x.name`, by what they answer."""

    def __init__(self, known: Mapping[str, Callable[..., Any]]) -> None:
        self.known = known

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        function = self.known.get(_name(node.node))
        if function is None or node.kwargs or not all(isinstance(one, nodes.Const) for one in node.args):
            return node
        answer = function(*(one.value for one in node.args))  # type: ignore[attr-defined]
        return nodes.Const(answer, lineno=node.lineno, environment=node.environment)


def _name(called: nodes.Expr) -> str:
    if isinstance(called, nodes.Name):
        return called.name
    if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name) and called.node.name == "x":
        return called.attr
    return ""


def sounds(name: str) -> str:
    """How a person's name sounds, whole and by initials, for a select with a box over it to type in (islands/combobox.js)."""
    return " ".join(dict.fromkeys((*pinyin.of(name), *pinyin.of(name, surname=True))))


class _Environment(Environment):
    context_class = _Calls

    def __init__(self, lang: str) -> None:
        super().__init__(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.filters["split"] = str.split
        self.globals |= {"icon": icon, "static": static.url, "words": words, "body": rows.body, "numeric": rows.numeric, "sounds": sounds}
        self.constants = _Constants({"t": lambda zh, en: T(zh, en).for_(lang), "icon": icon, "static": static.url})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        found: nodes.Template = self.constants.visit(super()._parse(source, name, filename))
        return found


@lru_cache(maxsize=2)
def environment(lang: str) -> Environment:
    """The engine of a language."""
    return _Environment(lang)


_parts: dict[tuple[type[Field], str, str], Callable[..., Markup]] = {}


def part(kind: type[Field], name: str, lang: str) -> Callable[..., Markup]:
    """The macro `input` or `filter` of a field type; a type without one has that of the type it derives from."""
    held = _parts.get((kind, name, lang))
    if held is None:
        held = _parts[kind, name, lang] = _find(kind, name, lang)
    return held


def _find(kind: type[Field], name: str, lang: str) -> Callable[..., Markup]:
    for cls in kind.__mro__:
        if not issubclass(cls, Field) or not cls.kind:
            continue
        try:
            template = environment(lang).get_template(f"fields/{cls.kind}/{name}.html")
        except TemplateNotFound:
            continue
        macro: Callable[..., Markup] = getattr(template.module, name)
        return macro
    raise TemplateNotFound(f"fields/{kind.kind}/{name}.html")
