"""The reference in docs/ is what the declarations say; nothing declared goes without a word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PRINT = (
    "import os, json, sys; sys.path[:0] = ['src', 'tools']; os.environ['DJANGO_SETTINGS_MODULE'] = 'guanxi.project.settings'\n"
    "import django; django.setup(); import reference; sys.stdout.write(json.dumps(reference.pages()))"
)


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """What the tool writes for the program alone, without the toys of the tests."""
    import json

    environment = {k: v for k, v in os.environ.items() if k != "GUANXI_MODULES"}
    found = subprocess.run([sys.executable, "-c", _PRINT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    pages: dict[str, str] = json.loads(found.stdout)
    return pages


@pytest.mark.parametrize("name", ["objects.md", "field-types.md", "roles.md", "figures.md"])
def test_the_committed_page_is_what_the_tool_writes(written: dict[str, str], name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == written[name], "run: python tools/reference.py"


def test_everything_declared_has_an_entry(written: dict[str, str]) -> None:
    from guanxi.kernel.catalog.catalog import REGISTRY
    from guanxi.kernel.declare.fields import KINDS
    from guanxi.kernel.setup import ROLES

    for it in REGISTRY.objects.values():
        if it.module == "toy":
            continue
        assert f"(`{it.name}`, `/api/v1/{it.plural}`)" in written["objects.md"]
        for action in it.verbs.values():
            assert action is None or action.internal or f"`{action.name}` ({action.label.zh}" in written["objects.md"]
    for kind, cls in KINDS.items():
        line = next(line for line in written["field-types.md"].splitlines() if line.startswith(f"| `{kind}` |"))
        assert cls.__doc__ and line.split("|")[2].strip()
    for key in ROLES:
        assert f"(`{key}`)" in written["roles.md"]
