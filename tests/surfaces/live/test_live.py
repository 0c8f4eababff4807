"""A real server on a free port: who may see a record hears that it changed, and nobody else does."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guanxi.kernel.records import door
from tests.cast import Cast
from tests.kernel.tools import create

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def server(cast: Cast, database_url: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": database_url, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "guanxi.project.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "2"],
        env=environment, cwd=ROOT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/api/v1"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/openapi.json", timeout=5).read()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


class Stream:
    """One open event stream; what it says goes into a queue, with the time."""

    def __init__(self, address: str, token: str, query: str = "") -> None:
        request = urllib.request.Request(f"{address}/events{query}", headers={"Authorization": f"Bearer {token}"})
        self.answer = urllib.request.urlopen(request, timeout=60)
        self.said: queue.Queue[tuple[float, str, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        kind = ""
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.said.put((time.monotonic(), kind, json.loads(line.removeprefix("data: "))))
        except (OSError, ValueError, AttributeError):
            pass

    def heard(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        end = time.monotonic() + seconds
        out = []
        while (left := end - time.monotonic()) > 0:
            try:
                _, kind, data = self.said.get(timeout=left)
            except queue.Empty:
                break
            if kind == "changed":
                out.append((kind, data))
        return out

    def wait_for(self, one: Any, seconds: float) -> float:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                at, kind, data = self.said.get(timeout=left)
            except queue.Empty:
                break
            if kind == "changed" and data == {"object": "book", "id": str(one)}:
                return at
        raise AssertionError(f"{one} was not heard of within {seconds} s")


def test_a_change_reaches_those_who_may_see_it(cast: Cast, server: str) -> None:
    owner, outsider = cast.actor("owner"), cast.actor("outsider")
    streams = {name: Stream(server, cast.token(name)) for name in ("owner", "outsider", "manager", "nobody")}
    chapters = Stream(server, cast.token("owner"), "?objects=chapter")
    assert streams["owner"].answer.headers["Content-Type"].startswith("text/event-stream")
    time.sleep(1)
    request = urllib.request.Request(
        f"{server}/books", data=json.dumps({"name": "直播"}).encode(), headers={"Authorization": f"Bearer {cast.token('owner')}", "Content-Type": "application/json"}
    )
    book = json.loads(urllib.request.urlopen(request, timeout=30).read())["id"]
    for name in ("owner", "manager"):
        streams[name].wait_for(book, 30)
    theirs = create(outsider, "book", name="别人的直播")
    streams["outsider"].wait_for(theirs, 10)
    assert [d for _, d in streams["owner"].heard(1) if d["id"] == str(theirs)] == []
    assert [d for _, d in streams["outsider"].heard(0.2) if d["id"] == str(book)] == []
    assert [d for _, d in streams["nobody"].heard(0.2) if d["object"] == "book"] == []
    assert [d for _, d in chapters.heard(0.2)] == []
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "level": "read"})
    streams["outsider"].wait_for(book, 10)
    door.perform("book", "unshare", actor=owner, id=book, inputs={"user": str(cast.users["outsider"])})
    door.perform("book", "update", actor=owner, id=book, changes={"pages": 5})
    streams["owner"].wait_for(book, 10)
    assert [d for _, d in streams["outsider"].heard(1) if d["id"] == str(book)] == [], "rights taken away end here too"


def test_a_stream_needs_to_know_who_listens(server: str) -> None:
    for header in ({}, {"Authorization": "Bearer gx_wrong"}, {"Cookie": "guanxi_session=nonsense"}, {"Authorization": "Basic x"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(f"{server}/events", headers=header), timeout=30)
        assert caught.value.code == 401
        assert caught.value.headers["Content-Type"] == "application/problem+json"
