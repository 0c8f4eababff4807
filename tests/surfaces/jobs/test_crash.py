"""A worker killed in the middle of an import: another goes on where it stopped, and nobody can tell from the result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from guanxi.kernel import jobs
from guanxi.kernel.records import reading
from guanxi.kernel.storage import sql
from guanxi.surfaces.jobs import tasks

ROWS = 12_000
WORKER = "import django; django.setup(); from guanxi.surfaces.jobs import worker; worker.run(1)"


def start(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER], env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def wait_for(what, seconds: float):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    pytest.fail("it took too long")


def content(admin, prefix: str) -> tuple[int, list[str]]:
    with sql.work(admin.workspace):
        rows = sql.rows(
            "SELECT c.name, p.name, c.employees FROM gx_customer c LEFT JOIN gx_customer p ON p.id = c.parent_id WHERE c.name LIKE %s ORDER BY 1, 3",
            [f"{prefix}%"],
        )
    return len(rows), [f"{n[1:]}|{(p or ' ')[1:]}|{e}" for n, p, e in rows]


def table(prefix: str) -> str:
    """Parents further down, a key now and then twice, some rows at fault."""
    lines = ["name,parent,employees"]
    for i in range(ROWS):
        parent = f"{prefix}{i + 1:06}" if i % 10 == 0 else ""
        lines.append(f"{prefix}{i if i % 997 else 5:06},{parent},{'x' if i % 500 == 7 else i}")
    return "\n".join(lines)


def test_kill_nine_in_the_middle_of_an_import(cast, database_url: str):
    admin = cast.actor("admin")
    how = {"columns": {"parent": {"field": "parent", "by": "name"}}, "match": ["name"], "on_match": "skip"}
    calm, disturbed = (
        tasks.start_import(admin, jobs.keep(admin, "t.csv", [table(prefix).encode()]), "customer", how)
        for prefix in ("甲", "乙")
    )
    worker = start(database_url)
    wait_for(lambda: tasks.job(admin, calm)["state"] == "done", 60)
    wait_for(lambda: 2_000 <= tasks.job(admin, disturbed)["done"] <= 10_000, 60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    stopped = tasks.job(admin, disturbed)
    assert stopped["state"] == "running" and stopped["done"] < ROWS
    killed = time.monotonic()
    worker = start(database_url)
    try:
        wait_for(lambda: tasks.job(admin, disturbed)["done"] > stopped["done"], 30)
        resumed = time.monotonic() - killed
        wait_for(lambda: tasks.job(admin, disturbed)["state"] == "done", 60)
    finally:
        worker.terminate()
        worker.wait(20)
    assert resumed <= 30
    assert content(admin, "甲") == content(admin, "乙")
    one, other = (tasks.job(admin, id_)["outcome"] for id_ in (calm, disturbed))
    counts = ("rows", "created", "updated", "same", "skipped", "rejected", "blank", "without", "kinds")
    assert {c: one[c] for c in counts} == {c: other[c] for c in counts}
    refused = [jobs.file(admin, o["errors"])[0].read_text("utf-8-sig").replace("乙", "甲") for o in (one, other)]
    assert refused[0] == refused[1]
    assert (
        one["rows"] == ROWS
        and reading.aggregate("customer", actor=admin, where="name starts 乙").rows[0]["count"] == one["created"]
    )
