"""The database killed under load, again and again: it comes back by itself, and nothing that was acknowledged is lost."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from guanxi.surfaces.cli.home import Home
from tests.surfaces.cli.conftest import server_pid

KILLS = 20 if os.environ.get("GUANXI_NIGHTLY") else 4
CLIENTS = 4
STARTS, WAITS = 420, 180
"""Seconds that starting, with all migrations, and anything else may take where much else is going on."""


def guanxi(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GUANXI_HOME": str(home.folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-m", "guanxi.surfaces.cli", *arguments], env=environment, capture_output=True, text=True, check=False)


def ask(port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def fine(port: int, token: str) -> bool:
    try:
        return ask(port, token, "GET", "/api/v1/customers?limit=1")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def wait_until(what: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            pytest.fail("it took too long")
        time.sleep(0.05)


def test_what_was_acknowledged_outlives_the_database(home: Home) -> None:
    told = home.folder.parent / "told"
    with told.open("wb") as said:  # port 0: one that is free when it is taken, and told when everything is ready
        served = subprocess.Popen(
            [sys.executable, "-m", "guanxi.surfaces.cli", "serve", "--port", "0"], stdout=said, stderr=subprocess.DEVNULL,
            env={**os.environ, "GUANXI_HOME": str(home.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    ending = None
    try:
        wait_until(lambda: served.poll() is not None or re.search(r"http://127\.0\.0\.1:\d+", told.read_text()), STARTS)
        assert served.poll() is None, told.read_text()
        free_port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", told.read_text())[-1])
        asked = guanxi(home, "token", "admin")
        assert asked.returncode == 0, asked.stderr
        key = asked.stdout.split()[-1]
        wait_until(lambda: fine(free_port, key), WAITS)
        took: list[float] = []
        kept, refused, ending = _load(free_port, key)
        for _ in range(KILLS):
            before = len(kept)
            wait_until(lambda before=before: len(kept) >= before + 20, WAITS)  # type: ignore[misc]
            pid = server_pid(home)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            wait_until(lambda pid=pid: server_pid(home) not in (pid, None) and fine(free_port, key), WAITS)  # type: ignore[misc]
            took.append(time.monotonic() - killed)
        before = len(kept)
        wait_until(lambda: len(kept) >= before + 20, WAITS)
        ending()
        print(f"\n{KILLS} kills, {len(kept)} writes acknowledged, {len(refused)} not; well again after {', '.join(f'{one:.1f}' for one in sorted(took))} s")
        assert {status for status in refused if status < 500} <= {0}, "an interrupted write is no fault of whoever writes"
        found = {id for id in kept if ask(free_port, key, "GET", f"/api/v1/customers/{id}?fields=name")[0] == 200}
        assert found == set(kept)
    finally:
        if ending is not None:
            ending()
        served.send_signal(signal.SIGTERM)
        served.wait(WAITS)
    doctor = guanxi(home, "doctor")
    assert doctor.returncode == 0, doctor.stdout


def _load(port: int, token: str) -> tuple[list[str], list[int], Any]:
    """Clients that create one customer after the other: the ids they were told, what else they were answered (0: nothing), and
    what ends them."""
    kept: list[str] = []
    refused: list[int] = []
    over = threading.Event()

    def client(number: int) -> None:
        for at in range(1_000_000):
            if over.is_set():
                return
            try:
                status, told = ask(port, token, "POST", "/api/v1/customers", {"name": f"断电{number}之{at}有限公司"})
            except (OSError, http.client.HTTPException):
                status, told = 0, None
            if status == 201:
                kept.append(told["id"])
            else:
                refused.append(status)
                time.sleep(0.05)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()

    def end() -> None:
        over.set()
        for one in threads:
            one.join()

    return kept, refused, end
