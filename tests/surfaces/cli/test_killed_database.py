"""The database killed under load, again and again: it comes back by itself, and nothing that was acknowledged is lost."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
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


def guanxi(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GUANXI_HOME": str(home.folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-m", "guanxi.surfaces.cli", *arguments], env=environment, capture_output=True, text=True, check=False)


def ask(port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
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
    free_port = _free_port()
    served = subprocess.Popen(
        [sys.executable, "-m", "guanxi.surfaces.cli", "serve", "--port", str(free_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "GUANXI_HOME": str(home.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        said: list[str] = []

        def token() -> bool:
            said[:] = guanxi(home, "token", "admin").stdout.split()
            return bool(said)

        wait_until(lambda: _listens(free_port), 180)
        wait_until(token, 60)
        key = said[-1]
        wait_until(lambda: fine(free_port, key), 60)
        kept, refused, ending = _load(free_port, key)
        for _ in range(KILLS):
            before = len(kept)
            wait_until(lambda before=before: len(kept) >= before + 20, 60)  # type: ignore[misc]
            pid = server_pid(home)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: server_pid(home) not in (pid, None) and fine(free_port, key), 60)  # type: ignore[misc]
        before = len(kept)
        wait_until(lambda: len(kept) >= before + 20, 60)
        ending()
        assert {status for status in refused if status < 500} <= {0}, "an interrupted write is no fault of whoever writes"
        found = {id for id in kept if ask(free_port, key, "GET", f"/api/v1/customers/{id}?fields=name")[0] == 200}
        assert found == set(kept)
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(60)
    doctor = guanxi(home, "doctor")
    assert doctor.returncode == 0, doctor.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
    except OSError:
        return False
    return True


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
