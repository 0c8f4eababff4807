"""A crowd: real processes of the program that begin something at once, each with a connection of its own.

They are forked from one that has loaded the program and asked the database nothing yet: to load it fifty times over took a minute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOTHER = """
import json, os, sys
import django
django.setup()
exec(json.loads(sys.argv[1]))
each = json.loads(sys.argv[2])
ready, begin = os.pipe(), os.pipe()
born = []
for number, given in enumerate(each):
    child = os.fork()
    if child == 0:
        os.close(begin[1])
        go = prepare(*given)
        os.write(ready[1], b".")
        os.close(ready[1])
        os.read(begin[0], 1)  # nothing comes: it ends for all of them in the same moment
        os.write(1, (json.dumps([number, os.getpid(), go()]) + "\\n").encode())
        os._exit(0)
    born.append(child)
os.close(ready[1])
heard = 0
while heard < len(each):
    some = len(os.read(ready[0], 64))
    assert some, "one of them ended before it began"
    heard += some
os.close(begin[1])
sys.exit(max(os.waitpid(child, 0)[1] for child in born))
"""


@dataclass(frozen=True)
class Answers:
    """What each of a crowd said, in the order they were asked, and their process ids."""

    said: list[Any]
    processes: set[int]


def at_once(url: str, work: str, each: Sequence[Sequence[Any]]) -> Answers:
    """What each of some processes says. `work` is Python that defines `prepare(*given)`, which makes ready and returns what is to be
    done when all of them are; `each`: what is given to each."""
    root = Path(__file__).parents[1]
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    done = subprocess.run(
        [sys.executable, "-c", MOTHER, json.dumps(work), json.dumps(each, default=str)], capture_output=True, text=True, env=env, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = sorted(json.loads(line) for line in done.stdout.splitlines())
    return Answers([answer for _, _, answer in told], {process for _, process, _ in told})
