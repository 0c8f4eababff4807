"""`serve` and `worker`: the web server, and the process beside it that runs background jobs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import ClassVar

from guanxi.base.text import Text
from guanxi.surfaces.cli.administering import first_steps, prepare_django
from guanxi.surfaces.cli.embedded import database
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble, said, tell

GRACE = 3  # seconds for requests and jobs under way when we are told to stop
PARENT = "GUANXI_PARENT"


class Stopped(BaseException):
    """SIGTERM, SIGINT or SIGHUP: not an error, and no `except Exception` may swallow it."""


def serve(options: argparse.Namespace) -> int:
    with listening(options.host, options.port) as listener:  # before anything slow, and held from here on
        try:
            with database(Home.from_environment()):
                serve_on(listener, options)
        except Stopped:
            tell("已停止。", "Stopped.")
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of requests that outlast their grace would otherwise keep the process alive.
    os._exit(0)


def serve_on(listener: socket.socket, options: argparse.Namespace) -> None:
    tell("正在准备数据…", "Preparing the data…")
    prepare_django()
    made = first_steps(options.demo)
    address = address_of(listener)
    if made:
        print(boxed(Text(
            f"管理员: {made[0]}\n密码:   {made[1]}\n只显示这一次；首次登录后请修改。",
            f"Administrator: {made[0]}\nPassword:      {made[1]}\nShown only once; change it at the first sign-in.",
        )), flush=True)  # fmt: skip
    import uvicorn

    config = uvicorn.Config(
        "guanxi.project.asgi:application", access_log=False, log_level="warning", timeout_graceful_shutdown=GRACE
    )
    config.load()
    logging.getLogger("uvicorn.error").addFilter(is_no_cut_stream)
    jobs = JobsBeside()
    jobs.start()
    try:
        print(
            said(Text(f"关系已启动: {address}  (Ctrl-C 停止)", f"Guanxi runs at {address}  (Ctrl-C stops it)")),
            flush=True,
        )
        uvicorn.Server(config).run(sockets=[listener])  # ends by raising the signal again: Stopped
    finally:
        jobs.stop()


def work(options: argparse.Namespace) -> int:
    with contextlib.suppress(Stopped):
        die_with_parent()
        with database(Home.from_environment()):
            prepare_django()
            from guanxi.kernel import upgrading
            from guanxi.surfaces.jobs import worker

            if upgrading.look().steps:  # a worker that a program of before starts anew must not take jobs to tables it does not know
                raise Trouble("数据还没有升级到本版本，请先运行 ./guanxi serve 或 ./guanxi upgrade。", "The data are not of this version yet: run ./guanxi serve or ./guanxi upgrade first.")
            worker.run(options.concurrency)
    return 0


def stop_on_signals() -> None:
    """From here on a signal to end raises Stopped, so that the database is left in order."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def die_with_parent() -> None:
    """A worker started by `serve` ends with it, also when that is killed; its jobs are taken up again later."""
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before we asked
        raise Stopped


def is_no_cut_stream(record: logging.LogRecord) -> bool:
    """An event stream that ends because we stop is no error worth a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


class JobsBeside:
    """Keeps one worker process alive."""

    COMMAND: ClassVar[Sequence[str]] = (sys.executable, "-P", "-m", "guanxi.surfaces.cli", "worker")

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._lock = threading.Lock()
        # The thread lives as long as we do: the kernel ties the child's life to the thread that started it.
        self._thread = threading.Thread(target=self._keep_alive, name="worker-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _keep_alive(self) -> None:
        pause = 1.0
        while True:
            with self._lock:
                if self._ending.is_set():
                    return
                started = time.monotonic()
                self._process = subprocess.Popen(
                    self.COMMAND,
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, PARENT: str(os.getpid())},
                    start_new_session=True,  # Ctrl-C is for us; we tell the worker
                )
            code = self._process.wait()
            if self._ending.is_set():
                return
            pause = 1.0 if time.monotonic() - started > 60 else min(pause * 2, 60.0)
            tell(
                f"后台任务进程退出 ({code})，{pause:.0f} 秒后重启。",
                f"The worker process ended ({code}); starting it again in {pause:.0f} s.",
            )
            self._ending.wait(pause)

    def stop(self) -> None:
        with self._lock:
            self._ending.set()
            process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket. Raises Trouble when the port is taken or the address is not ours."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as problem:
        raise no_such_address(host) from problem
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(where)
            listener.listen(1024)  # bind alone does not collide with a server that is starting just now
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise Trouble(
                    f"端口 {port} 已被占用，可能关系已在运行。请打开 http://{host}:{port} 看看，"
                    f"或换一个端口: ./guanxi serve --port {port + 1}",
                    f"Port {port} is taken; perhaps Guanxi runs already. Look at http://{host}:{port}, "
                    f"or choose another: ./guanxi serve --port {port + 1}",
                ) from problem
            if problem.errno == errno.EACCES:
                raise Trouble(
                    f"没有权限使用端口 {port}。请用 1024 以上的端口，例如 --port 8000。",
                    f"Port {port} needs rights this user lacks. Use one above 1024, for example --port 8000.",
                ) from problem
            raise no_such_address(host) from problem
        yield listener


def no_such_address(host: str) -> Trouble:
    return Trouble(
        f"本机没有地址 {host}。请检查 --host 或 GUANXI_HOST，例如 127.0.0.1 或 0.0.0.0。",
        f"This machine has no address {host}. Check --host or GUANXI_HOST, for example 127.0.0.1 or 0.0.0.0.",
    )


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def boxed(text: Text) -> str:
    line = "─" * 56
    return f"{line}\n{said(text)}\n{line}"
