"""docs/asvs.csv and docs/djbh.csv say honestly how Guanxi stands: every item once, and what is called met has a file and a test."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from guanxi.kernel.journal import log

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


def test_times_for_mending_are_written_down() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Reporting and mending")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")][2:]
    assert [row[0].partition(",")[0] for row in rows] == ["critical", "high", "medium", "low"]
    assert all(re.search(r"\d+ (working )?days?|next release", cell) for row in rows for cell in row[1:])
    assert "`requirements/*.lock`, `package-lock.json`" in page and "every 90 days" in page


def test_what_is_logged_is_written_down() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert not [kind for kind in log.TOLD if f"`{kind}`" not in page]
