"""Each law of the house catches what breaks it: plant a violation in a copy, and see the check fail with its hint."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source to spoil."""
    home = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", home / "src", ignore=shutil.ignore_patterns("__pycache__", "*.woff2", "static"))
    shutil.copy(ROOT / "pyproject.toml", home)
    return home


@pytest.fixture
def plant(house: Path):  # type: ignore[no-untyped-def]
    """Add lines to files of the copy for one test."""
    kept: dict[Path, str | None] = {}

    def add(path: str, text: str) -> None:
        file = house / "src" / "guanxi" / path
        kept.setdefault(file, file.read_text(encoding="utf-8") if file.exists() else None)
        file.write_text((kept[file] or "") + text, encoding="utf-8")

    yield add
    for file, text in kept.items():
        if text is None:
            file.unlink()
        else:
            file.write_text(text, encoding="utf-8")


def run(house: Path, *command: str) -> tuple[int, str]:
    environment = os.environ | {"PYTHONPATH": str(house / "src"), "GUANXI_MODULES": "", "COLUMNS": "400"}
    found = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, timeout=120)
    return found.returncode, found.stdout + found.stderr


def contracts(house: Path) -> tuple[int, str]:
    return run(house, str(BIN / "lint-imports"), "--no-cache")


def ruff(house: Path) -> tuple[int, str]:
    return run(house, str(BIN / "ruff"), "check", "--no-cache", "--output-format=concise", "src")


def test_the_house_as_it_stands_passes(house: Path) -> None:
    assert contracts(house)[0] == 0, contracts(house)[1]
    assert "TID251" not in ruff(house)[1] and "S608" not in ruff(house)[1]
    assert cursors(house) == []


@pytest.mark.parametrize(
    ("path", "text", "hint"),
    [
        ("modules/customers/rules.py", "\nimport django.db  # noqa\n", "Modules are plain Python"),
        ("modules/customers/rules.py", "\nfrom guanxi.kernel.storage import sql  # noqa\n", "Modules are plain Python"),
        ("surfaces/api/router.py", "\nfrom guanxi.kernel.storage import sql as _sql  # noqa\n", "Only the kernel and the project reach tables and the journal"),
        ("surfaces/api/router.py", "\nfrom guanxi.kernel.journal import events as _events  # noqa\n", "Only the kernel and the project reach tables and the journal"),
        ("surfaces/api/router.py", "\nfrom guanxi.modules.customers import module as _m  # noqa\n", "The floors"),
        ("modules/customers/rules.py", "\nfrom guanxi.surfaces.api import router  # noqa\n", "The floors"),
        ("kernel/declare/fields/core.py", "\nfrom guanxi.kernel.storage import sql  # noqa\n", "The kernel's rooms"),
        ("kernel/access/rights.py", "\nfrom guanxi.kernel.records import door  # noqa\n", "The kernel's rooms"),
        ("kernel/records/door.py", "\nfrom guanxi.surfaces.api import router  # noqa\n", "The floors"),
        ("base/ids.py", "\nimport django  # noqa\n", "The base floor is plain Python"),
        ("base/ids.py", "\nfrom guanxi.kernel import T as _T  # noqa\n", "The floors"),
    ],
)  # fmt: skip
def test_an_import_across_a_floor_is_caught(house: Path, plant, path: str, text: str, hint: str) -> None:  # type: ignore[no-untyped-def]
    plant(path, text)
    code, said = contracts(house)
    assert code != 0
    broken = [line for line in said.splitlines() if line.endswith("BROKEN")]
    assert any(hint in line for line in broken), said[-3000:]


@pytest.mark.parametrize(
    "text",
    ["\nfrom django.db.models.signals import post_save  # planted\n", "\nfrom django.dispatch import receiver  # planted\n", "\nimport django.db.models.signals  # planted\n", "\nimport django.dispatch\n\ndjango.dispatch.receiver\n"],
)  # fmt: skip
def test_signals_are_caught(house: Path, plant, text: str) -> None:  # type: ignore[no-untyped-def]
    plant("kernel/records/planted.py", text)
    code, said = ruff(house)
    assert code != 0 and "planted.py" in said and "TID251" in said and "read the journal instead" in said


@pytest.mark.parametrize("path", ["kernel/records/planted.py", "surfaces/api/planted.py", "modules/customers/planted.py"])
def test_sql_text_outside_storage_is_caught(house: Path, plant, path: str) -> None:  # type: ignore[no-untyped-def]
    plant(path, '\ndef ask(run, name):\n    return run(f"SELECT * FROM {name} WHERE id = 5")\n')
    assert "S608" in ruff(house)[1]


# -- cursors: what ruff cannot see ---------------------------------------------------------------------------------------

ALLOWED = {
    "kernel/storage": "the one room that talks to the database",
}
"""Where a cursor may be opened, and why."""


def cursors(house: Path) -> list[str]:
    """Every `.cursor(`, `.raw(`, `RawSQL` and `.extra(` outside the room for it."""
    out = []
    source = house / "src" / "guanxi"
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        if any(name.startswith(room) for room in ALLOWED) or name.startswith("project/migrations"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("cursor", "raw", "extra"):
                if name == "kernel/setup.py" and _asks_only_the_version(tree, node):
                    continue
                out.append(f"{name}:{node.lineno}: {ast.unparse(node)[:60]} – SQL belongs to guanxi.kernel.storage (docs/architecture.md)")
            elif isinstance(node, ast.Name | ast.Attribute) and (getattr(node, "id", "") or getattr(node, "attr", "")) == "RawSQL":
                out.append(f"{name}:{node.lineno}: RawSQL – SQL belongs to guanxi.kernel.storage (docs/architecture.md)")
    return out


def _asks_only_the_version(tree: ast.Module, call: ast.Call) -> bool:
    """`connection.cursor().connection.info.server_version`: what doctor asks; no statement is sent."""
    return any(isinstance(n, ast.Attribute) and ast.unparse(n) == "connection.cursor().connection.info.server_version" and call in ast.walk(n) for n in ast.walk(tree))


@pytest.mark.parametrize(
    "text",
    ["\nfrom django.db import connection\n\nwith connection.cursor() as c:\n    c.execute('SELECT 1')\n", "\ndef ask(m):\n    return m.objects.raw('SELECT 1')\n", "\nfrom django.db.models.expressions import RawSQL\n", "\nfrom django.db.models import expressions as e\nx = e.RawSQL('1', [])\n"],
)  # fmt: skip
def test_a_cursor_outside_storage_is_caught(house: Path, plant, text: str) -> None:  # type: ignore[no-untyped-def]
    plant("kernel/records/planted.py", text)
    found = cursors(house)
    if "import RawSQL" not in text:
        assert [line.split(":")[0] for line in found] == ["kernel/records/planted.py"]
    else:
        plant("kernel/records/planted.py", text + "\nx = RawSQL('1', [])\n")
        assert "RawSQL" in cursors(house)[0]


# -- declarations ----------------------------------------------------------------------------------------------------------

_CLASS = "from guanxi.kernel import *\nfrom guanxi.kernel.declare.fields import TextField\nclass Planted(Object{line}):\n    {doc}\n    name = TextField(T('名', 'Name'))\n{body}"


@pytest.mark.parametrize(
    ("line", "doc", "body", "hint"),
    [
        (", label=T('甲', 'A')", "'''甲.'''", "    pass\n", "has no policy"),
        ("", "'''甲.'''", "    policy = Policy(read='member')\n", "no label in both languages"),
        (", label=T('甲', 'A')", "'甲'; __doc__ = ''", "    policy = Policy(read='member')\n", "no docstring"),
        (", label=T('甲', 'A')", "'''甲.'''", "    policy = Policy()\n", "neither an owner nor a link"),
        (", label=T('甲', 'A')", "'''甲.'''", "    policy = Policy(read='member')\n    views = (List(columns=('nothing',)),)\n", "which is not a field"),
        (", label=T('甲', 'A')", "'''甲.'''", "    policy = Policy(read='member')\n    custom = TextField(T('乙', 'B'))\n", "taken by the kernel"),
        (", label=T('甲', 'A')", "'''甲.'''", "    policy = Policy(read='member')\n    other = TextField()\n", "no label in both languages"),
        (", label=T('甲', 'A'), title='nothing'", "'''甲.'''", "    policy = Policy(read='member')\n", "is not one of its fields"),
        (", label=T('甲', 'A')", "'''甲.'''", "    policy = Policy(read='member')\n    actions = (Action('update', print, T('改', 'Change')),)\n", "exists already"),
    ],
)  # fmt: skip
def test_a_declaration_with_a_hole_does_not_load(house: Path, line: str, doc: str, body: str, hint: str) -> None:
    code, said = run(house, sys.executable, "-c", _CLASS.format(line=line, doc=doc, body=body))
    assert code != 0 and "DeclarationError" in said and hint in said, said[-800:]


def test_the_sealed_orm_refuses(database: str) -> None:
    from django.apps import apps

    for module in ("toy", "core", "customers"):
        for model in apps.get_app_config(module).get_models():
            for ask in (model.objects.all, model.objects.count, lambda m=model: m.objects.filter(id=None), lambda m=model: m.objects.create(id=None)):  # type: ignore[attr-defined, misc]
                with pytest.raises(RuntimeError, match=r"through guanxi\.kernel\.records\.door only"):
                    ask()
            with pytest.raises(RuntimeError, match=r"through guanxi\.kernel\.records\.door only"):
                model._default_manager.all()
