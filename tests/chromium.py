"""A real browser and a real server for tests of screens.

Make the data first, then ask for `chromium`: the driver keeps an event loop in the thread, which Django refuses to query
in. What a test wants to know of the database afterwards it asks by `after(…)`, in a thread of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from tests.cast import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serve() -> Iterator[str]:
    """The program's pages over HTTP, in a thread; yields their address."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()  # how soon it hears that it should end
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def whole_site(cast: Any, database_url: str) -> Iterator[str]:
    """The address of the whole program, event streams too, in a process of its own on this file's database."""
    with program(database_url) as address:
        yield address


@contextmanager
def program(database_url: str, port: int = 0) -> Iterator[str]:
    """The program on a port, as `serve` runs it; yields its address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    root = Path(__file__).parents[1]
    environment = os.environ | {"DATABASE_URL": database_url, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "guanxi.project.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "2"],
        env=environment, cwd=root,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api/v1/openapi.json", timeout=5).read()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def website(cast: Any) -> Iterator[str]:
    """The address of a server on this file's database."""
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def chromium(cast: Any) -> Iterator[Any]:
    """Chromium, driven by playwright."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


def enter(browser: Any, site: str, who: str = "owner", **how: Any) -> tuple[Any, list[str]]:
    """A page of somebody signed in, and what the browser complained about since; `how` as a browser context takes it."""
    page = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **how}).new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") and "status of 4" not in m.text else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(site + "/signin")
    page.fill("#username", who)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(site + "/")
    return page, said


def after(ask: Callable[[], Any]) -> Any:
    """The answer of something that asks the database while a browser is open."""
    from django.db import connections

    def asked() -> Any:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()
