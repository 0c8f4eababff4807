"""The real server as a child process, and the whole program as `./guanxi serve` starts it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(port: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Until the server answers anything at all. Raises RuntimeError when it ends first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/api/v1/catalog")
            answer = connection.getresponse()
            answer.read()
            if answer.status in (200, 401):
                return
        time.sleep(0.02)
    raise RuntimeError("the server does not answer")


def environment(**more: str) -> dict[str, str]:
    paths = [str(CHECKOUT / "src"), str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


@contextlib.contextmanager
def server(database_url: str) -> Iterator[int]:
    """uvicorn with the program's application on a port of its own."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "guanxi.project.asgi:application", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment(DATABASE_URL=database_url), cwd=CHECKOUT)
    try:
        wait(port, process)
        yield port
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def whole_program() -> tuple[float, float] | None:
    """(seconds from start to first answer, MB of all its processes when idle), at the second start; None without /proc."""
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    with tempfile.TemporaryDirectory(prefix="gxb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        without = {key: value for key, value in environment(GUANXI_HOME=folder).items() if key not in ("DATABASE_URL", "GUANXI_PARENT")}
        seconds, memory = 0.0, 0.0
        for turn in range(2):
            port = free_port()
            started = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "guanxi.surfaces.cli", "serve", "--port", str(port)],
                env=without, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                wait(port, process, 180)
                seconds = time.monotonic() - started
                if turn == 1:
                    time.sleep(8)  # the worker takes longer than the web server
                    memory = sum(map(pss, family(process.pid, *servers(Path(folder)))))
            finally:
                stop(process)
        return seconds, memory / 1024


def parent(pid: int) -> int:
    """Whose child a process is; 0 when it is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def called(pid: int) -> str:
    """The program's name; nothing where there is no such process here."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def open_files(pid: int) -> list[str]:
    """What a process holds open, as the system calls it."""
    out = []
    with contextlib.suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                out.append(str(one.readlink()))
    return out


def servers(folder: Path) -> set[int]:
    """The processes of the database server that works in a data folder."""
    out = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == (folder / "postgres").resolve():
                    out.add(int(entry.name))
    return out


def family(*roots: int) -> set[int]:
    """The processes and all below them."""
    parents = {int(entry.name): parent(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    out = set(roots)
    while more := {pid for pid, above in parents.items() if above in out} - out:
        out |= more
    return out


def pss(pid: int) -> int:
    """Kilobytes, shared pages shared out."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


