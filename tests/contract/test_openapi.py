"""docs/openapi.json is the API's document, and what it says holds together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def test_the_committed_file_is_the_document() -> None:
    """Without the toys of the tests: what strangers get. On a difference: python -m guanxi.surfaces.api.openapi > docs/openapi.json"""
    environment = {k: v for k, v in os.environ.items() if k != "GUANXI_MODULES"} | {"PYTHONPATH": str(ROOT / "src")}
    printed = subprocess.run([sys.executable, "-m", "guanxi.surfaces.api.openapi"], env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(printed) == json.loads(committed), "run: python -m guanxi.surfaces.api.openapi > docs/openapi.json"
    assert printed == committed


def test_every_reference_leads_somewhere() -> None:
    from guanxi.kernel.catalog.catalog import REGISTRY
    from guanxi.surfaces.api import openapi

    document = openapi.document()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                at: Any = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    at = at[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)
    for it in REGISTRY.objects.values():
        assert f"/{it.plural}" in document["paths"] and f"/{it.plural}/{{id}}" in document["paths"]
        for verb, action in it.verbs.items():
            internal = action is not None and action.internal
            if verb not in ("create", "update", "delete"):
                assert (f"/{it.plural}/{{id}}/{verb}" in document["paths"]) is not internal
