"""What the standards ask of the source itself (docs/asvs.csv), looked at in every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password, make_password

from guanxi.base.errors import Invalid
from guanxi.base.ids import uuid7
from guanxi.kernel import passwords, sealing
from guanxi.kernel.catalog import security

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src" / "guanxi").rglob("*.py"))
SCRIPTS = sorted((ROOT / "src" / "guanxi" / "surfaces" / "web" / "islands").glob("*.js"))


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every call and import of the source, with its file."""
    found = []
    for file in SOURCE:
        name = str(file.relative_to(ROOT))
        found += [(name, node) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)]
    return found


def called(node: ast.AST) -> str:
    """What a call calls, as it is written."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def imported() -> Iterator[tuple[str, str]]:
    for file, node in nodes():
        if isinstance(node, ast.Import):
            yield from ((file, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield file, node.module


def test_no_text_is_run_as_code() -> None:
    found = [(file, called(node)) for file, node in nodes() if called(node) in ("eval", "exec", "compile", "__import__") or called(node).endswith(".from_string")]
    assert found == []
    for script in SCRIPTS:
        assert not re.search(r"\beval\(|new Function\(|document\.write|set(?:Timeout|Interval)\(\s*[\"'`]", script.read_text(encoding="utf-8")), script.name


def test_no_shell_is_asked() -> None:
    assert len(SOURCE) > 300
    for file, node in nodes():
        name = called(node)
        assert name not in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"), file
        if name.startswith("subprocess.") and isinstance(node, ast.Call):
            assert not [one for one in node.keywords if one.arg == "shell"], file
            assert not node.args or not isinstance(node.args[0], ast.Constant | ast.JoinedStr), (file, "a command in one text")


def test_nothing_read_becomes_an_object_by_itself() -> None:
    unsafe = ("pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle", "xml.sax", "xmlrpc")
    assert [one for one in imported() if one[1].partition(".")[0] in unsafe or one[1] in unsafe] == []


def test_chance_is_the_systems_but_for_the_sample_company() -> None:
    assert {file.rpartition("/")[2] for file, name in imported() if name == "random"} == {"demo.py"}


def test_patterns_are_not_made_of_what_people_type() -> None:
    """Each is written down, or made of parts that are: a literal, or names in capitals."""

    def fixed(one: ast.AST) -> bool:
        if isinstance(one, ast.Constant):
            return True
        if isinstance(one, ast.JoinedStr):
            return all(fixed(part.value) if isinstance(part, ast.FormattedValue) else True for part in one.values)
        if isinstance(one, ast.BinOp):
            return fixed(one.left) and fixed(one.right)
        if isinstance(one, ast.Call):  # what was escaped, or joined of such
            return ast.unparse(one.func) in ("re.escape",) or (isinstance(one.func, ast.Attribute) and one.func.attr == "join" and fixed(one.func.value))
        if isinstance(one, ast.IfExp):
            return fixed(one.body) and fixed(one.orelse)
        if isinstance(one, ast.Subscript) or (isinstance(one, ast.Attribute) and one.attr == "pattern"):
            return fixed(one.value)
        name = one.attr if isinstance(one, ast.Attribute) else one.id if isinstance(one, ast.Name) else ""
        return bool(name) and name.upper() == name

    functions = {f"re.{name}" for name in ("compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer")}
    found = {(file, ast.unparse(node.args[0])) for file, node in nodes() if isinstance(node, ast.Call) and called(node) in functions and node.args and not fixed(node.args[0])}
    assert found == PATTERNS, found


PATTERNS = {
    ("src/guanxi/base/extract/codes.py", "pattern"), ("src/guanxi/base/extract/dates.py", "pattern"),  # lists of literals above
    ("src/guanxi/modules/sales/capture.py", "words"), ("src/guanxi/modules/sales/capture.py", "called"),
    ("src/guanxi/base/extract/names.py", "f'[{_HAN}]{{{size}}}'"), ("src/guanxi/surfaces/imports/reading/vcards.py", "f'(?<!\\\\\\\\){separator}'"),  # a number, and ; or ,
    ("src/guanxi/surfaces/web/helping.py", "f'^{mark}'"), ("src/guanxi/surfaces/web/helping.py", "mark"),  # of the pages that come with the program
    ("src/guanxi/kernel/declare/fields/texts.py", "text"),  # a numbering rule's own text, escaped part by part
}  # fmt: skip
"""Patterns made otherwise, each looked at."""


def test_passwords_are_hashed_by_argon2id_and_compared_as_typed() -> None:
    kept = make_password("Ein langes Wort 77")
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert make_password("Ein langes Wort 77") != kept, "with a salt of its own"
    assert check_password("Ein langes Wort 77", kept)
    for other in ("ein langes wort 77", "Ein langes Wort 77 ", " Ein langes Wort 77", "Ein  langes Wort 77", "Ein langes Wort 7"):
        assert not check_password(other, kept), other


@pytest.mark.parametrize("password", ["1234567890", "qwertyuiop", "password123", "1q2w3e4r5t", "anna-anna-anna", "短"])
def test_common_and_short_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        passwords.check(password, "anna-anna", security.rules({}, ""))


def test_long_passwords_of_any_signs_are_taken() -> None:
    for password in ("正确的马电池订书钉和更多的字", "x8 " * 21 + "!", "ß" * 40 + "漢字 and spaces " * 5):
        passwords.check(password, "anna", security.rules({}, ""))
        kept = make_password(password)
        assert check_password(password, kept) and not check_password(password[:-1], kept), "nothing is cut off"


def test_secrets_kept_are_sealed_by_keys_of_their_own() -> None:
    record, other = uuid7(), uuid7()
    sealed = sealing.seal("robot", record, "https://example.cn/hook")
    assert "example" not in sealed and sealing.seal("robot", record, "https://example.cn/hook") != sealed
    assert sealing.opened("robot", record, sealed) == "https://example.cn/hook"
    assert sealing.opened("robot", other, sealed) is None and sealing.opened("other", record, sealed) is None
    assert len(sealing._key("robot")) == 32 and sealing._key("robot") != sealing._key("other")
