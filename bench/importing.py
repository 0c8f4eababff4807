"""What an import costs: the door alone, and the whole engine from a file to records that are found."""

from __future__ import annotations

import csv
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.company import made_name, registry
from bench.operations import new_customer

BOUND = "≥ 3,000; ≤ 400 MB"
ROWS = 20_000
"""Rows of the file; a tenth of a large company, because right after the copy its indexes lie on the disk, as they never do in one at work."""
DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REGIONS = ("上海市浦东新区", "浙江省杭州市滨江区", "江苏省苏州市工业园区", "广东省深圳市南山区", "福建省厦门市思明区", "湖南省长沙市")


@dataclass
class Cost:
    """Wall and processor time of this process and of its database backend, in seconds; the highest memory in MB."""

    rows: int = 0
    wall: float = 0.0
    own: float = 0.0
    database: float | None = None
    memory: float = 0.0

    @property
    def rate(self) -> float:
        return self.rows / self.wall

    @property
    def held(self) -> bool:
        return self.rate >= 3000 and self.memory <= 400

    def __str__(self) -> str:
        busy = f"{self.own / self.rows * 1e6:.0f} µs"
        if self.database is not None:
            busy += f" + {self.database / self.rows * 1e6:.0f} µs"
        return f"{self.rate:,.0f} rows/s; processor {busy} a row; {self.memory:.0f} MB"


def _busy(pid: int) -> float | None:
    """Processor seconds of a process of this machine, or None if it is elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _measured() -> Iterator[Cost]:
    from guanxi.kernel.storage import sql

    cost = Cost()
    backend = sql.rows("SELECT pg_backend_pid()")[0][0]
    before, own, started = _busy(backend), time.process_time(), time.perf_counter()
    yield cost
    cost.wall, cost.own = time.perf_counter() - started, time.process_time() - own
    after = _busy(backend)
    cost.database = after - before if after is not None and before is not None else None
    cost.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def door(batches: int = 5, batch: int = 1000) -> Cost:
    """New customers through `perform_many`: all steps, events and search entries, by one person."""
    from guanxi.kernel.records import door as records
    from guanxi.kernel.records import people

    actor = people.by_username("manager0", via="import")
    with _measured() as cost:
        for number in range(batches):
            items = [records.Item(None, new_customer(50_000_000 + number * batch + i)) for i in range(batch)]
            outcomes = records.perform_many("customer", "create", items, actor=actor)
            assert not records.failures(outcomes)
            cost.rows += len(outcomes)
    return cost


def engine(size: int, folder: Path | None) -> Cost:
    """A CSV file with names, codes, dates, places and phones: read, validated, matched by name, written. One row in twenty
    is in the file before."""
    from guanxi.kernel.records import people
    from guanxi.surfaces.imports import engine as imports
    from guanxi.surfaces.imports.reading.table import open_table

    actor = people.by_username("manager0", via="bench")
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as scratch:
        path = Path(scratch) / "customers.csv"
        rows = max(min(ROWS, max(size, 100)), size // 10)
        write_file(path, rows, registry(folder))
        with _measured() as cost, open_table(path) as table:
            mapping = {"match": ["name"], "on_match": "skip"}
            report = imports.run(actor, table, "customer", mapping, errors=Path(scratch) / "errors.csv")
        cost.rows = report.rows
        assert report.rows == rows and report.rejected == 0, report.to_json()
    return cost


def write_file(path: Path, rows: int, names: list[str]) -> None:
    """Companies as a registry exports them."""
    dice = random.Random(rows)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["企业名称", "统一社会信用代码", "成立日期", "地区", "电话"])
        held: list[str] = []
        for number in range(rows):
            again = number % 20 == 19
            name = dice.choice(held) if again else names[number % len(names)] if names else made_name(dice)
            held.append(name)
            code = f"91{dice.randint(110000, 659000)}MA" + "".join(dice.choices(DIGITS, k=8))
            day = f"{dice.randint(1990, 2024)}/{dice.randint(1, 12)}/{dice.randint(13, 28)}"
            out.writerow([name, code, day, dice.choice(REGIONS) + f"科苑路{number % 900 + 1}号", f"136{number:08d}"])
