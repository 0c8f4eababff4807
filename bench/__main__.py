"""`python -m bench [N …] [--seconds S] [--only list,search,…] [--data DIR] [--browser] [--verify N] [--soak MINUTES]`: load, measure, print a table.

The database server is the one of DATABASE_URL. The bench judges and never fails: what its figures mean on a machine is for
people to say.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg


@dataclass
class Row:
    """One line of the table."""

    label: str
    cells: list[str]
    raw: str
    difference: str
    statements: str
    bound: str
    held: bool | None


@dataclass
class Section:
    """One size: its lines, and what is one figure for the whole program."""

    size: int
    rows: list[Row] = field(default_factory=list)
    figures: list[tuple[str, str, str, bool | None]] = field(default_factory=list)


def main() -> int:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.project.settings")
    os.environ.setdefault("GUANXI_PACE", "0")  # a measurement asks faster than people
    if not os.environ.get("DATABASE_URL"):
        print("Run the bench by ./guanxi bench, or set DATABASE_URL.", file=sys.stderr)
        return 0
    import django

    django.setup()
    if options.verify:
        from bench import sealing

        print(sealing.run(options.verify))
        return 0
    if options.soak:
        from bench import soaking

        print(soaking.run(options.soak, options.users, options.sizes[0], options.data, options.think))
        return 0
    before = _pace()
    sections = [_measure(size, options) for size in options.sizes]
    if _wanted(options, "start") and not options.browser:
        _start(sections[0])
    print(report(sections, (before, _pace())))
    if options.forget:
        from bench import databases

        for size in options.sizes:
            databases.drop(size, options.data)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./guanxi bench", description="Measure how fast Guanxi is on this machine.")
    parser.add_argument("sizes", metavar="N", nargs="*", type=int, help="numbers of customers (default: 10000 100000, with --browser 100000)")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each operation and person (default: 2)")
    parser.add_argument("--only", default="", help="operations by key, separated by commas")
    parser.add_argument("--data", type=Path, default=None, help="folder of test data: real company names are taken from it")
    parser.add_argument("--forget", action="store_true", help="drop the loaded databases afterwards; else the next run finds them")
    parser.add_argument("--browser", action="store_true", help="what a person waits for in Chromium, and nothing else")
    parser.add_argument("--verify", type=int, default=0, metavar="N", help="seal a journal of N events and verify it, and nothing else")
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="a working day of many people at the whole program, and nothing else")
    parser.add_argument("--users", type=int, default=50, help="how many people work in a soak (default: 50)")
    parser.add_argument("--think", type=float, default=4.0, metavar="SECONDS", help="how long each of them thinks between two deeds, on average (default: 4)")
    found = parser.parse_args()
    found.sizes = found.sizes or ([100_000] if found.browser else [10_000] if found.soak else [10_000, 100_000])
    found.only = {key for key in found.only.split(",") if key}
    return found


def _wanted(options: argparse.Namespace, key: str) -> bool:
    return not options.only or key in options.only


def _measure(size: int, options: argparse.Namespace) -> Section:
    from bench import databases, serving
    from bench.measuring import Line
    from bench.operations import PAGES, READING, WRITING

    section = Section(size)
    databases.tell(f"{size:,} customers")
    with databases.copy(size, options.data) as name:
        url = databases.url_of(name)
        with serving.server(url) as port, _raw(url) as raw:
            people = _people(raw)
            if options.browser:
                _browse(section, port, people)
                return section
            line = Line(port)
            if _wanted(options, "deep") or _wanted(options, "deep-page"):
                for person in people:
                    _find_half(line, person, raw)
            medians: dict[str, list[float]] = {}
            for operation in (*READING, *PAGES, *WRITING):
                if _wanted(options, operation.key):
                    row = _operation(operation, people, line, raw, options.seconds, medians)
                    if row is not None:
                        section.rows.append(row)
            if _wanted(options, "clients"):
                _clients(section, port, people, options.seconds)
        if _wanted(options, "import"):
            _import(section, options.data)
    return section


@contextmanager
def _raw(url: str) -> Any:
    """A connection as a careful person opens one: prepared statements, the workspace set for row-level security."""
    from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE

    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        connection.execute(f"SET app.workspace = '{DEFAULT_WORKSPACE}'")
        yield connection


def _people(raw: Any) -> list[Any]:
    """The four, with tokens, sessions, whose records they see, and some records of each."""
    from django.contrib.sessions.backends.db import SessionStore

    from bench.loading import SIGN_IN
    from bench.measuring import Person
    from guanxi.kernel import accounts, setup
    from guanxi.kernel.records import people

    labels = {"executive": "executive", "manager0": "manager", "owner0": "sales person", "newcomer": "newcomer"}
    out = []
    for username in SIGN_IN:
        actor = people.by_username(username)
        assert actor.rights is not None and actor.user is not None
        reach = actor.rights.on("customer").read
        account = raw.execute("SELECT id FROM gx_account WHERE username = %s", [username]).fetchone()[0]
        session = SessionStore()
        session[accounts.KEY] = str(account)
        session.save()
        person = Person(
            username, labels[username], actor.user, setup.issue_token(username, "bench"), f"guanxi_session={session.session_key}",
            None if reach is None else sorted(reach),
        )  # fmt: skip
        where, values = ("", []) if person.owners is None else ("WHERE owner_id = ANY(%s)", [person.owners])
        person.samples["customer"] = [row[0] for row in raw.execute(f"SELECT id FROM gx_customer {where} ORDER BY md5(id::text) LIMIT 40", values)]
        out.append(person)
    return out


def _find_half(line: Any, person: Any, raw: Any) -> None:
    """Walk the list by its cursors to the middle, as somebody patient would."""
    where, values = ("", []) if person.owners is None else ("WHERE owner_id = ANY(%s)", [person.owners])
    total = raw.execute(f"SELECT count(*) FROM gx_customer {where}", values).fetchone()[0]
    path = "/api/v1/customers?fields=updated_at&limit=200"
    after, last = None, None
    for _ in range(total // 400):
        page = line.json(person, path + (f"&after={after}" if after else ""))
        after, last = page["next"], page["rows"][-1]
    if after and last:
        person.samples["half"] = [(last["updated_at"], last["id"], after)]


def _operation(operation: Any, people: list[Any], line: Any, raw: Any, seconds: float, medians: dict[str, list[float]]) -> Row | None:
    from bench.databases import tell
    from bench.measuring import Refused, alternately, statements

    cells, raws, differences, counts, held = [], [], [], [], []
    medians[operation.key] = []
    for index, person in enumerate(people):
        first = operation.asks(person, 0)
        if first is None:
            cells.append("–")
            medians[operation.key].append(float("nan"))
            continue

        def ask(turn: int, person: Any = person) -> None:
            for one in operation.asks(person, turn) or []:
                line.send(person, one)

        def by_hand(turn: int, person: Any = person) -> None:
            for text, values in operation.raw(person, turn):
                raw.execute(text, values).fetchall()

        steps: list[Callable[[int], object]] = [ask, by_hand] if operation.raw else [ask]
        try:
            found = alternately(steps, seconds)
            count = statements(person, operation.asks(person, 1) or [])
        except Refused as refused:
            tell(f"  {operation.key}: {refused}")
            return None
        http = found[0]
        cells.append(f"{http.p50:.1f} / {http.p95:.1f}")
        medians[operation.key].append(http.p50)
        counts.append(count)
        if operation.raw:
            raws.append(f"{found[1].p50:.1f}")
            differences.append(http.p50 - found[1].p50)
            if operation.over is not None:
                held.append(http.p50 - found[1].p50 <= operation.over)
        if operation.most is not None:
            held.append(http.p50 <= operation.most)
        if operation.most95 is not None:
            held.append(http.p95 <= operation.most95)
        if operation.statements is not None:
            held.append(count <= operation.statements)
        if operation.times is not None and operation.times in medians:
            held.append(http.p50 <= 2 * max(medians[operation.times][index], 1.0))
    tell(f"  {operation.key}: " + " | ".join(cells) + (f"  raw {' · '.join(raws)}" if raws else "") + f"  statements {max(counts, default=0)}")
    return Row(
        operation.label, cells, " · ".join(raws) or "–", f"+ {max(differences):.1f}" if differences else "–",
        str(max(counts, default=0)), operation.bound, all(held) if held else None,
    )  # fmt: skip


def _clients(section: Section, port: int, people: list[Any], seconds: float) -> None:
    """Eight at once: two of each person for reading, the three who may for creating."""
    from bench.databases import tell
    from bench.measuring import Ask, Refused, together
    from bench.operations import _next, new_customer

    lock = threading.Lock()

    def create(number: int, turn: int) -> tuple[Any, Ask]:
        with lock:
            made = _next()
        return people[1 + number % 3], Ask("/api/v1/customers", "POST", new_customer(made))

    for label, least, asks in (
        ("8 clients, list", 200, lambda n, t: (people[n % 4], Ask("/api/v1/customers"))),
        ("8 clients, list page", 70, lambda n, t: (people[n % 4], Ask("/customers", page=True))),
        ("8 clients, create", 100, create),
    ):
        try:
            together(port, 8, 0.5, asks)
            rate = together(port, 8, max(seconds, 2.0) * 2, asks)
        except Refused as refused:
            tell(f"  {label}: {refused}")
            continue
        tell(f"  {label}: {rate:.0f} requests/s")
        section.figures.append((label, f"{rate:.0f} requests/s", f"≥ {least}", rate >= least))


def _browse(section: Section, port: int, people: list[Any]) -> None:
    """As the executive, who sees all, and as a sales person."""
    from bench import browsing
    from bench.databases import tell

    for person in (people[0], people[2]):
        try:
            for label, value, bound, held in browsing.browse(port, person):
                tell(f"  {person.label}: {label}: {value}")
                section.figures.append((f"{label}, {person.label}", value, bound, held))
        except RuntimeError as error:
            return tell(f"  browser: {error}")


def _import(section: Section, folder: Path | None) -> None:
    from bench import importing
    from bench.databases import tell

    for label, measure in (
        ("import, rows through perform_many", importing.door),
        ("import, whole engine", lambda: importing.engine(section.size, folder)),
    ):
        cost = measure()
        tell(f"  {label}: {cost}")
        section.figures.append((label, str(cost), importing.BOUND, cost.held))


def _start(section: Section) -> None:
    from bench.databases import tell
    from bench.serving import whole_program

    try:
        found = whole_program()
    except RuntimeError as error:
        tell(f"  start: {error}")
        return
    if found is not None:
        seconds, memory = found
        tell(f"  start: {seconds:.1f} s, idle {memory:.0f} MB")
        section.figures.append(("start to first answer, warm, database included", f"{seconds:.1f} s", "≤ 5 s", seconds <= 5))
        section.figures.append(("memory of the whole program, idle", f"{memory:.0f} MB", "≤ 350 MB", memory <= 350))


def _pace() -> float:
    """Seconds this machine takes now for ten million additions in Python, by two million of them: what two tables may be compared by."""
    started, total = time.perf_counter(), 0
    for number in range(2_000_000):
        total += number
    return 5 * (time.perf_counter() - started)


def report(sections: list[Section], pace: tuple[float, float]) -> str:
    """The table as Markdown. `pace`: before and after."""
    mark = {True: "✓", False: "✗", None: ""}
    out = [
        f"Measured on {os.cpu_count()} processors, Python {platform.python_version()}, {time.strftime('%Y-%m-%d', time.gmtime())}, "
        f"ten million additions in {pace[0]:.1f} s before and {pace[1]:.1f} s after; "
        "milliseconds, p50 / p95 through HTTP. Raw: p50 of hand-written SQL for the same answer, for each person; "
        "+: the largest difference to it. St.: SQL statements, transaction control apart.",
    ]
    for section in sections:
        out += ["", f"### {section.size:,} customers", ""]
        if section.rows:
            out += [
                "| operation | executive | manager | sales person | newcomer | raw SQL | + | st. | bound | |",
                "|---|---|---|---|---|---|---|---|---|---|",
            ]
        for row in section.rows:
            cells = [row.label, *row.cells, row.raw, row.difference, row.statements, row.bound, mark[row.held]]
            out.append("| " + " | ".join(cells) + " |")
        if section.figures:
            out += [*([""] if section.rows else []), "| figure | | bound | |", "|---|---|---|---|"]
            out += [f"| {label} | {value} | {bound} | {mark[held]} |" for label, value, bound, held in section.figures]
    return "\n".join(out)


if __name__ == "__main__":
    sys.exit(main())
