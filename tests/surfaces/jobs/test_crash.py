"""A worker killed in the middle of an import: another goes on where it stopped, and nobody can tell from the result.

Once in the suite; with GUANXI_NIGHTLY=1 a hundred times in one import of 100,000 rows, at points that differ each night. GUANXI_KILLS
says how many times, with a thousand rows for each.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from guanxi.kernel import jobs
from guanxi.kernel.records import finding, reading
from guanxi.kernel.storage import sql
from guanxi.surfaces.jobs import tasks
from tests.kernel.tools import read_journal

KILLS = int(os.environ.get("GUANXI_KILLS") or (100 if os.environ.get("GUANXI_NIGHTLY") else 1))
ROWS = max(12_000, 1_000 * KILLS)
CALM = 180 + 20 * KILLS
"""Seconds an import may take on a busy machine before something is wrong."""
PATIENCE = "worker.HEARTBEAT, worker.STALLED, worker.CHECK = 1.0, 6.0, 1.0; " if KILLS > 1 else ""
"""A hundred workers found dead after 17 seconds each would take half an hour to wait for. On a busy machine one that lives may be taken for dead: then two work at it."""
WORKER = f"import django; django.setup(); from guanxi.surfaces.jobs import worker; {PATIENCE}worker.run(1)"
COUNTS = ("rows", "created", "updated", "same", "skipped", "rejected", "blank", "without", "kinds")


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


def content(admin, prefix: str) -> dict[str, list[str]]:
    """What an import left behind: records, their events, their search entries; with the prefix taken off, so that two can be compared.
    Numbers and moments differ by nature; that no number is there twice is said."""
    rooms = {
        "records": "SELECT substr(c.name, 2), substr(p.name, 2), c.employees, c.owner_id, c.deleted_at FROM gx_customer c LEFT JOIN gx_customer p ON p.id = c.parent_id WHERE c.name LIKE %s",
        "numbers": "SELECT count(*), count(DISTINCT number), count(number), max(number) > min(number) FROM gx_customer WHERE name LIKE %s",
        "events": "SELECT substr(c.name, 2), e.verb, e.via, e.actor_id, e.id = c.version, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(e.changes) k), "
        "e.changes->'employees' FROM gx_customer c JOIN gx_event e ON e.workspace_id = c.workspace_id AND e.object = 'customer' AND e.record_id = c.id WHERE c.name LIKE %s",
        "search": "SELECT substr(s.title, 2), s.owners, length(s.tokens) > 5, c.id IS NOT NULL FROM gx_search_entry s LEFT JOIN gx_customer c ON c.id = s.id WHERE s.object = 'customer' AND s.title LIKE %s",
        "orphans": "SELECT count(*) FROM gx_event e WHERE e.object = 'customer' AND e.changes->'name'->>1 LIKE %s AND NOT EXISTS (SELECT 1 FROM gx_customer c WHERE c.id = e.record_id)",
    }  # fmt: skip
    with sql.work(admin.workspace):
        return {room: sorted(map(str, sql.rows(statement, [f"{prefix}%"]))) for room, statement in rooms.items()}


def table(prefix: str) -> str:
    """Parents further down, a key now and then twice, some rows at fault."""
    lines = ["name,parent,employees"]
    for i in range(ROWS):
        parent = f"{prefix}{i + 1:06}" if i % 10 == 0 else ""
        lines.append(f"{prefix}{i if i % 997 else 5:06},{parent},{'x' if i % 500 == 7 else i}")
    return "\n".join(lines)


def holder() -> int:
    """The worker that does the import now; 0 when none does."""
    found = sql.rows("SELECT worker_id FROM procrastinate_jobs WHERE task_name = 'guanxi.import' AND status = 'doing'")
    return (found[0][0] or 0) if found else 0


def test_kill_nine_in_the_middle_of_an_import(cast, database_url: str):
    admin = cast.actor("admin")
    how = {"columns": {"parent": {"field": "parent", "by": "name"}}, "match": ["name"], "on_match": "skip"}
    calm, disturbed = (
        tasks.start_import(admin, jobs.keep(admin, "t.csv", [table(prefix).encode()]), "customer", how)
        for prefix in ("甲", "乙")
    )
    worker = start(database_url)
    wait_for(lambda: tasks.job(admin, calm)["state"] == "done", CALM)
    points = sorted(random.randint(2_000 if KILLS == 1 else 0, ROWS - 2_000) for _ in range(KILLS))
    print("killed at", points)
    last = 0
    try:
        for turn, point in enumerate(points):
            wait_for(lambda point=point: tasks.job(admin, disturbed)["done"] >= point, CALM)
            time.sleep(random.random())  # in the middle of a batch, too
            last = max(last, holder())
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            stopped = tasks.job(admin, disturbed)
            assert stopped["state"] == "running", (turn, stopped)
            worker = start(database_url)
            wait_for(lambda last=last: holder() > last, CALM)
        wait_for(lambda: tasks.job(admin, disturbed)["done"] > stopped["done"], CALM)
        wait_for(lambda: tasks.job(admin, disturbed)["state"] == "done", CALM)
    finally:
        worker.terminate()
        worker.wait(20)
    read_journal()
    left = {prefix: content(admin, prefix) for prefix in ("甲", "乙")}
    for room in left["甲"]:
        assert left["甲"][room] == left["乙"][room], room
    one, other = (tasks.job(admin, id_)["outcome"] for id_ in (calm, disturbed))
    assert {c: one[c] for c in COUNTS} == {c: other[c] for c in COUNTS}
    refused = [jobs.file(admin, o["errors"])[0].read_text("utf-8-sig").replace("乙", "甲") for o in (one, other)]
    assert refused[0] == refused[1]
    assert one["rows"] == ROWS and reading.counts([("customer", "name starts 乙")], actor=admin)[0][0] == min(one["created"], reading.COUNT_TO)
    assert len(left["乙"]["records"]) == len(left["乙"]["search"]) == one["created"]
    assert finding.search(f"乙{ROWS - 1:06}", actor=admin, objects=["customer"], limit=1)[0].title == f"乙{ROWS - 1:06}"
