"""Requests over one kept connection, statements as they are counted, and the figures made of them."""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

WARM = 3
LEAST = 12
MOST = 300


@dataclass(frozen=True)
class Ask:
    """One request as a person sends it."""

    path: str
    method: str = "GET"
    body: Any = None
    page: bool = False


@dataclass
class Person:
    """Somebody who asks: how they show who they are, and whose records they see (None: all)."""

    username: str
    label: str
    user: Any
    token: str
    cookie: str
    owners: list[Any] | None
    samples: dict[str, list[Any]] = field(default_factory=dict)

    def headers(self, ask: Ask) -> dict[str, str]:
        if ask.page:
            return {"Cookie": self.cookie, "Accept": "text/html"}
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


class Refused(Exception):
    """An answer that is not the one to be measured."""


class Line:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, person: Person, ask: Ask) -> bytes:
        body = None if ask.body is None else json.dumps(ask.body, default=str).encode()
        try:
            self._connection.request(ask.method, ask.path, body, person.headers(ask))
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # on a busy machine another person's turn outlasts the time the server keeps an idle connection
            self._connection.close()
            self._connection.request(ask.method, ask.path, body, person.headers(ask))
            answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Refused(f"{ask.method} {ask.path} as {person.username}: {answer.status} {text[:300]!r}")
        return text

    def json(self, person: Person, path: str) -> Any:
        return json.loads(self.send(person, Ask(path)))

    def close(self) -> None:
        self._connection.close()


@dataclass
class Figures:
    """Milliseconds, in the order they were taken."""

    ms: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan

    @property
    def p50(self) -> float:
        return self.at(0.5)

    @property
    def p95(self) -> float:
        return self.at(0.95)


def alternately(steps: Sequence[Callable[[int], object]], seconds: float) -> list[Figures]:
    """Each step in turn, so that what else the machine does slows all alike."""
    found = [Figures() for _ in steps]
    for turn in range(WARM):
        for step in steps:
            step(turn)
    end = time.perf_counter() + seconds
    turn = WARM
    while turn < WARM + LEAST or (time.perf_counter() < end and turn < WARM + MOST):
        for step, figures in zip(steps, found, strict=True):
            started = time.perf_counter()
            step(turn)
            figures.ms.append((time.perf_counter() - started) * 1000)
        turn += 1
    return found


def together(port: int, clients: int, seconds: float, asks: Callable[[int, int], tuple[Person, Ask]]) -> float:
    """Requests per second of some clients at once; `asks` gives what client n sends at turn t."""
    done = [0] * clients
    trouble: list[Exception] = []
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        line = Line(port)
        try:
            while time.perf_counter() < end:
                line.send(*asks(number, done[number]))
                done[number] += 1
        except Exception as error:
            trouble.append(error)
        finally:
            line.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trouble:
        raise trouble[0]
    return sum(done) / (time.perf_counter() - started)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements this process sends through Django's connection inside the block; transaction control apart."""
    from django.db import connection

    from guanxi.kernel.storage import sql

    sent: list[str] = []

    def note(execute: Any, text: Any, parameters: Any, many: Any, context: Any) -> Any:
        if not str(text).lstrip().upper().startswith(("SET LOCAL", "SAVEPOINT", "RELEASE")):
            sent.append(str(text))
        return execute(text, parameters, many, context)

    with connection.execute_wrapper(note), sql.recorded():
        yield sent


def statements(person: Person, asks: Sequence[Ask]) -> int:
    """How many statements a person's requests send once caches are warm, counted in this process."""
    from django.test import Client

    client = Client()
    total = 0
    for ask in asks:
        for turn in range(2):
            headers = {key: value for key, value in person.headers(ask).items() if key != "Content-Type"}
            body = "" if ask.body is None else json.dumps(ask.body, default=str)
            with counted() as sent:
                answer = client.generic(ask.method, ask.path, body, content_type="application/json", headers=headers)
            if answer.status_code >= 300:
                raise Refused(f"{ask.method} {ask.path} as {person.username}: {answer.status_code}")
            if turn == 1 or ask.method != "GET":
                total += len(sent)
                break
    return total
