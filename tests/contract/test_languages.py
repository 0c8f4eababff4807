"""Everything people read has both languages, and the Chinese is Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanxi.base.errors import PROBLEMS
from guanxi.base.text import Text
from guanxi.kernel.access.rights import SCOPE_LABELS
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Choice

SRC = Path(__file__).parents[2] / "src" / "guanxi"
CJK = re.compile(r"[\u3400-\u9fff]")
SAME = re.compile(r"[\W\d_A-Za-z]*")
"""What may be the same in both: names of standards, symbols, words of no language."""


def declared() -> Iterator[tuple[str, Text]]:
    for module in REGISTRY.modules:
        yield f"module {module.name}", module.label
    for it in REGISTRY.objects.values():
        yield it.name, it.label
        for one in it.fields.values():
            where = f"{it.name}.{one.name}"
            yield where, one.label
            if one.help is not None:
                yield f"{where} help", one.help
            if isinstance(one, Choice):
                for option in one.options:
                    yield f"{where} = {option.key}", option.label
            if getattr(one, "reverse", None) is not None:
                yield f"{where} reverse", one.reverse  # type: ignore[attr-defined]
        for action in it.verbs.values():
            if action is not None:
                yield f"{it.name} {action.name}", action.label
                for one in action.inputs:
                    yield f"{it.name} {action.name} {one.name}", one.label
        for view in it.views:
            yield f"{it.name} view {view.name}", view.label
            for label, _ in getattr(view, "groups", ()):
                yield f"{it.name} view {view.name} group", label
    for problem in PROBLEMS:
        yield f"problem {problem.code}", problem.title
        yield f"problem {problem.code} detail", problem.detail
    for scope, label in SCOPE_LABELS.items():
        yield f"scope {scope}", label


@pytest.mark.parametrize("module", sorted({m.name for m in REGISTRY.modules} | {"other"}))
def test_declarations_have_both_languages(module: str) -> None:
    names = {d.name for d in REGISTRY.objects.values() if d.module == module}
    for where, text in declared():
        if module != "other" and re.split(r"[. ]", where)[0] not in names:
            continue
        assert text.zh.strip() and text.en.strip(), where
        assert CJK.search(text.zh) or (text.zh == text.en and SAME.fullmatch(text.zh)), f"{where}: {text.zh!r} is not Chinese"
        assert not CJK.search(text.en) or text.zh == text.en, f"{where}: {text.en!r} is not English"


def _empty(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return not (isinstance(node.value, str) and node.value.strip())
    return isinstance(node, ast.JoinedStr) and not node.values


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
    return ""


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_texts_in_the_code_have_both_languages(path: Path) -> None:
    """Every T("…", "…") and every Invalid.field(name, code, "…", "…") says it twice."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        pair: list[ast.expr] = []
        if isinstance(function, ast.Name) and function.id == "T":
            pair = list(node.args)
            if any(isinstance(a, ast.Starred) for a in pair):
                continue
            assert len(pair) == 2 and not node.keywords, f"{path.name}:{node.lineno}: T takes Chinese and English"
        elif isinstance(function, ast.Attribute) and function.attr == "field" and isinstance(function.value, ast.Name) and function.value.id == "Invalid":
            pair = list(node.args[2:4])
            assert len(pair) == 2, f"{path.name}:{node.lineno}: Invalid.field takes Chinese and English"
        if not pair:
            continue
        zh, en = pair
        ending = max(len(_words(zh)), len(_words(en))) <= 3  # a plural's s, a unit: one language may need none
        assert ending or (not _empty(zh) and not _empty(en)), f"{path.name}:{node.lineno}: one language is missing"
        if isinstance(en, ast.Constant | ast.JoinedStr) and isinstance(zh, ast.Constant | ast.JoinedStr):
            same, english = _words(zh) == _words(en), _words(en)
            # an example in a sentence may be Chinese (1.2万); a sentence may not
            assert same or len(CJK.findall(english)) * 4 <= len(english), f"{path.name}:{node.lineno}: the English is Chinese"
