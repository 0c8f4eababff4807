"""A company's day for as long as wanted: people in four roles at the whole program, with pauses to think. Not how fast it is, but
whether it stays so: what fails, what gets slower, what grows."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench import databases, serving
from bench.measuring import Figures
from bench.visiting import Missed, Pool, Visitor

WARM = 300.0
"""Seconds of a long soak that count for nothing: caches fill, memory finds its size."""
LOOKS = 60.0
GROWTH = 0.05
SLOWER, WITHIN = 1.25, 5.0
"""How much a p95 may grow from the first third to the last, in all and, where it is small, in milliseconds."""
FEW = 20
"""Answers in a third, below which its p95 says nothing."""


@dataclass(frozen=True)
class State:
    """What the program holds at one moment. `memory`: kilobytes by part, shared pages shared out."""

    memory: dict[str, int]
    files: int
    sockets: int
    backends: int
    queue: int

    @property
    def whole(self) -> float:
        return sum(self.memory.values()) / 1024


@dataclass
class Course:
    """What happened: (moment, operation, milliseconds), what went wrong, and how the program stood now and then."""

    answers: list[tuple[float, str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    states: list[tuple[float, State]] = field(default_factory=list)


def run(minutes: float, users: int, size: int, folder: Path | None, think: float) -> str:
    """Loads a company, starts the whole program on it, lets the people work, and tells how it went as Markdown."""
    with databases.copy(size, folder) as name:
        url = databases.url_of(name)
        staff = _staff(users)
        _accounts([who for who, _ in staff])
        with _program(url) as (port, process), psycopg.connect(url, autocommit=True) as raw:
            course = _work(minutes * 60, staff, think, port, lambda: state(process.pid, raw, name))
    return report(course, minutes, users, size, think)


def _staff(users: int) -> list[tuple[str, str]]:
    """User names with roles as a company has them: of fifty one executive, five managers, one newcomer, the others sell."""
    managers = max(1, users // 10)
    out = [("executive", "executive"), *((f"manager{n % 5}", "manager") for n in range(managers)), ("newcomer", "newcomer")]
    return [*out, *((f"owner{n % 50}", "sales person") for n in range(users))][:users]


def _accounts(names: list[str]) -> None:
    from bench.loading import PASSWORD
    from guanxi.kernel import setup
    from guanxi.kernel.storage import tables

    there = set(tables.Account.objects.values_list("username", flat=True))
    for name in dict.fromkeys(names):
        if name not in there:
            setup.create_user(name, name, [], PASSWORD)


@contextmanager
def _program(url: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`./guanxi serve` with its worker, on a database that is there."""
    with tempfile.TemporaryDirectory(prefix="gxs-", ignore_cleanup_errors=True) as home:
        port = serving.free_port()
        told = serving.environment(DATABASE_URL=url, GUANXI_HOME=home, GUANXI_BACKUP="off")
        told.pop("GUANXI_PARENT", None)
        process = subprocess.Popen([sys.executable, "-m", "guanxi.surfaces.cli", "serve", "--port", str(port)], env=told, cwd=serving.CHECKOUT, stdout=subprocess.DEVNULL)
        try:
            serving.wait(port, process, 180)
            yield port, process
        finally:
            serving.stop(process)


def _work(seconds: float, staff: list[tuple[str, str]], think: float, port: int, look: Callable[[], State]) -> Course:
    course, lying, over = Course(), Pool(), threading.Event()
    begun = time.monotonic()

    def live(number: int, username: str, role: str) -> None:
        dice = random.Random(number)
        visitor = Visitor(port, username, role, dice, lying)
        over.wait(dice.random() * think * 2)  # nobody comes at the same moment
        while not over.is_set():
            key, deed = visitor.next()
            try:
                for label, milliseconds in visitor.do(key, deed):
                    course.answers.append((time.monotonic() - begun, label, milliseconds))
            except Missed as missed:
                course.wrong.append(f"{key} as {username}: {missed}")
            except Exception as error:
                course.wrong.append(f"{key} as {username}: {type(error).__name__}: {error}")
                visitor.leave()
            over.wait(min(dice.expovariate(1 / think), 6 * think) if think else 0)
        visitor.leave()

    threads = [threading.Thread(target=live, args=(n, *one), daemon=True) for n, one in enumerate(staff)]
    for one in threads:
        one.start()
    warm = min(WARM, seconds / 3)
    moments = [warm, *(warm + LOOKS * n for n in range(1, int((seconds - warm) / LOOKS)) if warm + LOOKS * n < seconds - 1), seconds]
    for moment in moments:
        while (left := begun + moment - time.monotonic()) > 0:
            time.sleep(min(left, 10))
        course.states.append((time.monotonic() - begun, look()))
        databases.tell(f"  {moment:.0f} s: {len(course.answers):,} answers, {len(course.wrong)} wrong, {course.states[-1][1].whole:.0f} MB")
    over.set()
    for one in threads:
        one.join(60)
    return course


def state(root: int, raw: Any, database: str) -> State:
    """How the program stands: its processes and those of the database server, where that is on this machine."""
    backend = raw.execute("SELECT pg_backend_pid()").fetchone()[0]
    server = serving.parent(backend) if "postgres" in serving.called(backend) else 0
    web, theirs = serving.family(root), serving.family(server) if server else set()
    held = [link for pid in web for link in serving.open_files(pid)]
    return State(
        {"web server": serving.pss(root), "worker": sum(map(serving.pss, web - {root})), "database": sum(map(serving.pss, theirs))},
        sum(not one.startswith("socket:") for one in held), sum(one.startswith("socket:") for one in held),
        raw.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [database]).fetchone()[0],
        raw.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')").fetchone()[0],
    )  # fmt: skip


def report(course: Course, minutes: float, users: int, size: int, think: float) -> str:
    """The tables as Markdown: the bounds first, then each operation, then how the program stood."""
    first, last = course.states[0], course.states[-1]
    third = (last[0] - first[0]) / 3
    early: dict[str, Figures] = {}
    late: dict[str, Figures] = {}
    for moment, label, milliseconds in course.answers:
        if first[0] <= moment < first[0] + third:
            early.setdefault(label, Figures()).ms.append(milliseconds)
        elif moment >= last[0] - third:
            late.setdefault(label, Figures()).ms.append(milliseconds)
    grown = last[1].whole / first[1].whole - 1 if first[1].whole else 0.0
    slower = [label for label in early if _slower(early[label], late.get(label))]
    mark = {True: "✓", False: "✗"}
    out = [
        f"Soak of {minutes:g} minutes: {users} people at {size:,} customers, {think:g} s to think on average, {len(course.answers) / max(1e-9, last[0]):.1f} requests/s; "
        f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d', time.gmtime())}. After a warm-up of {first[0]:.0f} s.",
        "", "| figure | | bound | |", "|---|---|---|---|",
        f"| answers · wrong ones | {len(course.answers):,} · {len(course.wrong)} | none wrong | {mark[not course.wrong]} |",
        f"| memory of all processes, then · in the end | {first[1].whole:.0f} · {last[1].whole:.0f} MB ({grown:+.1%}) | ≤ +{GROWTH:.0%} | {mark[grown <= GROWTH]} |",
        f"| operations whose p95 grew by more than {SLOWER - 1:.0%} | {', '.join(slower) or 'none'} | none | {mark[not slower]} |",
        f"| jobs that wait in the end | {last[1].queue} | ≤ {users} | {mark[last[1].queue <= users]} |",
        "", "| operation | answers | p50, first third · last | p95, first third · last |", "|---|---|---|---|",
    ]  # fmt: skip
    counted = Counter(label for _, label, _ in course.answers)
    for label in sorted(counted, key=lambda one: -counted[one]):
        a, b = early.get(label, Figures()), late.get(label, Figures())
        out.append(f"| {label} | {counted[label]:,} | {a.p50:.1f} · {b.p50:.1f} ms | {a.p95:.1f} · {b.p95:.1f} ms |")
    out += ["", "| after | web server | worker | database | open files | sockets | database backends | jobs waiting |", "|---|---|---|---|---|---|---|---|"]
    for moment, one in course.states:
        parts = " | ".join(f"{kilobytes / 1024:.0f} MB" for kilobytes in one.memory.values())
        out.append(f"| {moment:.0f} s | {parts} | {one.files} | {one.sockets} | {one.backends} | {one.queue} |")
    if course.wrong:
        told = Counter(one[:300] for one in course.wrong)
        out += ["", "Wrong:", "", *(f"- {count} × {text}" for text, count in told.most_common(40))]
    return "\n".join(out)


def _slower(early: Figures, late: Figures | None) -> bool:
    if late is None or min(len(early.ms), len(late.ms)) < FEW:
        return False
    return late.p95 > early.p95 * SLOWER and late.p95 > early.p95 + WITHIN

