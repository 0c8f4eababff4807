"""The bench runs, prints its table, and what it loads is what the door would have written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OWN = {"id", "version", "created_at", "updated_at", "owned_since", "stage_since", "entered_at", "happened_at", "last_contact_at", "number"}
"""Ids and moments differ between now and then, and so do numbers, which hold the month."""


def test_it_measures_a_small_company_and_never_fails(database_url: str) -> None:
    keys = "list,filtered,declared,custom,deep,search,record,board,update,create,import"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "200", "--seconds", "0.05", "--only", keys, "--forget"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "GUANXI_MODULES": ""},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert "### 200 customers" in done.stdout
    assert len(lines) == 1 + 10 + 1 + 2, done.stdout + done.stderr[-3000:]
    assert all(len(line.split("|")) == 12 for line in lines[:11])


@pytest.fixture(scope="module")
def pictures(template: str) -> dict[str, Any]:
    """The same company loaded in bulk and through the door."""
    from bench import company, databases, loading
    from guanxi.kernel.storage import sql
    from tests import conftest

    out: dict[str, Any] = {}
    for way in ("bulk", "door"):
        name = f"gx_test_bench_{os.getpid()}_{way}"
        conftest._use(conftest._base_name())
        conftest._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        databases.use(name)
        try:
            staff = loading.hire()
            made = list(company.company(24, loading.stages(), loading.horizon(), []))
            if way == "bulk":
                with sql.work(loading.WORKSPACE):
                    loading.quarters()
                with loading.without_indexes():
                    loading.Loader(staff, lambda done: None).load(made)
            else:
                loading.through_the_door(staff, made)
            out[way] = _picture()
        finally:
            conftest._use(conftest._base_name())
            conftest._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return out


def _picture() -> dict[str, list[str]]:
    """Everything there is, with names for ids and without what differs by nature."""
    from bench import loading
    from guanxi.kernel.storage import sql

    titles = {"activity": "content", "stage_history": "note"}
    names: dict[str, str] = {}
    out: dict[str, list[str]] = {}
    with sql.work(loading.WORKSPACE):
        for name in ("user", "department", "stage", "pipeline", *loading.LOADED):
            found = sql.rows(f"SELECT id, {titles.get(name, 'name')} FROM gx_{name}")
            names |= {str(record): f"{name} {title}" for record, title in found}

        def show(value: Any) -> Any:
            return names.get(str(value), str(value))

        for name in loading.LOADED:
            columns = [row[0] for row in sql.rows("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [f"gx_{name}"])]
            kept = sorted(set(columns) - OWN)
            heads = ", ".join(f'"{column}"' for column in kept)
            out[name] = sorted(str([(c, show(v)) for c, v in zip(kept, row, strict=True)]) for row in sql.rows(f"SELECT {heads} FROM gx_{name}"))
        events = sql.rows(
            "SELECT e.object, e.record_id, e.verb, e.actor_id, e.actor_kind, e.via, e.changes, (SELECT c.object FROM gx_event c WHERE c.id = e.cause) "
            "FROM gx_event e WHERE e.object = ANY(%s)",
            [list(loading.LOADED)],
        )
        out["events"] = sorted(
            str((*map(show, row[:6]), row[7], sorted((key, [show(v) for v in pair]) for key, pair in row[6].items() if key not in OWN)))
            for row in events
        )
        entries = sql.rows("SELECT object, title, owners FROM gx_search_entry WHERE object = ANY(%s)", [list(loading.LOADED)])
        out["search"] = sorted(str((name, title, [show(o) for o in owners])) for name, title, owners in entries)
    return out


@pytest.mark.parametrize("what", ["customer", "contact", "opportunity", "stage_history", "activity", "events", "search"])
def test_what_is_loaded_in_bulk_is_what_the_door_writes(pictures: dict[str, Any], what: str) -> None:
    assert len(pictures["bulk"][what]) >= 12
    assert pictures["bulk"][what] == pictures["door"][what]


def test_a_soak_of_a_tiny_company_meets_no_error_and_tells_how_the_program_stood(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "60", "--soak", "0.2", "--users", "6", "--think", "0.2"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "GUANXI_MODULES": ""},
        capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = done.stdout
    found = re.search(r"^\| answers · wrong ones \| ([\d,]+) · (\d+) \| none wrong \| (.) \|$", told, re.M)
    assert found is not None and int(found[1].replace(",", "")) > 20 and (found[2], found[3]) == ("0", "✓"), told
    assert "| memory of all processes, then · in the end |" in told and "| sign in |" in told
    states = [line for line in told.splitlines() if re.match(r"\| \d+ s \|", line)]
    assert len(states) == 2  # after the warm-up and in the end
    web, worker, database = (int(cell.removesuffix(" MB")) for cell in states[-1].split(" | ")[1:4])
    assert web > 20 and worker > 20 and (database > 20 or not sys.platform.startswith("linux"))
