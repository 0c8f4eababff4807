"""docs/asvs.csv and docs/djbh.csv say honestly how Guanxi stands: every item once, and what is called met has a file and a test."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATES = {"met", "partly", "not applicable", "not met"}
COUNTS = {"asvs": {"1": 70, "2": 183}, "djbh": {"2": 23, "3": 34}}
"""How many items each standard has at each level."""


@pytest.mark.parametrize("name", COUNTS)
def test_every_item_is_there_and_what_it_names_exists(name: str) -> None:
    with (ROOT / "docs" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["item"] for row in rows}) == len(rows)
    assert {level: sum(row["level"] == level for row in rows) for level in COUNTS[name]} == COUNTS[name]
    for row in rows:
        assert row["about"] and row["status"] in STATES, row
        assert row["status"] != "met" or (row["feature"] and row["test"]), row
        assert not row["feature"] or (ROOT / row["feature"]).is_file(), row
        if row["test"]:
            path, _, test = row["test"].partition("::")
            assert re.search(rf"^def {test}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), row
