"""What people do all day, as a browser would send it: pages with the stream of events that goes with each, forms, the pages' own
calls of the API, and signing in and out. One visitor is one browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from bench.company import COMMON, rare
from bench.operations import FILTER, RARE

TIMEOUT = 30.0
STAYS = 40
"""Deeds on average before somebody signs out and in again."""
KNOWN = 60
Told = Iterator[tuple[str, float]]
_RECORD = re.compile(r'href="/customers/([0-9a-f-]{36})[?"]')


class Missed(Exception):
    """An answer other than the one a person expects."""


class Pool:
    """Customers that visitors gave back: each is claimed by one other, so that nobody is refused for being second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lying: list[tuple[str, str]] = []
        self.moved: set[str] = set()
        """What was ever given back: whoever saw it before may find it gone from their sight."""

    def put(self, record: str, by: str) -> None:
        with self._lock:
            self._lying.append((record, by))

    def going(self, record: str) -> None:
        with self._lock:
            self.moved.add(record)

    def take(self, who: str) -> str | None:
        with self._lock:
            found = next((one for one in self._lying if one[1] != who), None)
            if found is not None:
                self._lying.remove(found)
            return found[0] if found else None


class Visitor:
    """Somebody at their browser."""

    def __init__(self, port: int, username: str, role: str, dice: random.Random, lying: Pool) -> None:
        self.port, self.username, self.role, self.dice, self.lying = port, username, role, dice, lying
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self._stream: socket.socket | None = None
        self.cookies: dict[str, str] = {}
        self.seen: list[str] = []
        self.own: list[str] = []
        self.shown = ""
        self.made = 0

    # -- the browser ---------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: bytes | None = None, expected: tuple[int, ...] = (200,), **headers: str) -> tuple[int, str, bytes]:
        """(status, Location, content). Raises Missed for a status nobody expects, and when nothing comes."""
        held = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html", "Accept-Language": "zh-CN", **headers}
        for attempt in (0, 1):
            try:
                self._line.request(method, path, body, held)
                answer = self._line.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                # the server closes a line that was quiet for five seconds, as browsers know; a line just made it does not
                self._line.close()
                if attempt:
                    raise Missed(f"{method} {path}: {type(error).__name__}") from None
            except OSError as error:
                self._line.close()
                raise Missed(f"{method} {path}: {type(error).__name__} {error}") from None
        content = answer.read()
        for text in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = text.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
        if answer.status not in expected:
            raise Missed(f"{method} {re.sub(r'[0-9a-f-]{36}', '…', path)}: {answer.status} {content[:200].decode(errors='replace')}")
        return answer.status, answer.headers.get("Location", ""), content

    def form(self, path: str, expected: tuple[int, ...] = (302, 303), **values: str) -> tuple[int, str, bytes]:
        body = urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **values}).encode()
        return self.send("POST", path, body, expected, **{"Content-Type": "application/x-www-form-urlencoded"})

    def api(self, method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)) -> Any:
        told = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self.cookies.get("csrftoken", "")}
        _, _, content = self.send(method, f"/api/v1{path}", None if body is None else json.dumps(body).encode(), expected, **told)
        return json.loads(content) if content else None

    def look(self, path: str, inside: str = "") -> str:
        """Open a page, or a part of one."""
        known = any(one in path for one in self.lying.moved)
        _, _, content = self.send("GET", path, None, (200, 404) if known else (200,), **({"X-Inside": inside} if inside else {}))
        return content.decode()

    def open(self, label: str, path: str, watch: str) -> Iterator[tuple[str, float]]:
        """Open a page and then listen to what concerns it, as `data-watch` and `data-here` say there; remembers the customers it names."""
        html, told = self.timed(label, lambda: self.look(path))
        self.remember(html)
        self.shown = html
        yield told
        _, told = self.timed("event stream", lambda: self.listen(watch))
        yield told

    def listen(self, query: str) -> None:
        """Close the stream of the page before and open one; what it says waits in its line until then."""
        self._hush()
        line = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line.sendall(f"GET /api/v1/events?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n".encode())
        heard = b""
        while b"welcome" not in heard:
            more = line.recv(4096)
            heard += more
            if not more or b"event: end" in heard or (b"\r\n" in heard and b" 200 " not in heard.split(b"\r\n", 1)[0]):
                line.close()
                raise Missed(f"event stream: {heard[:200]!r}")
        line.setblocking(False)
        self._stream = line

    def _hush(self) -> None:
        if self._stream is None:
            return
        with contextlib.suppress(OSError):
            while self._stream.recv(65536):
                pass
        self._stream.close()
        self._stream = None

    def leave(self) -> None:
        """Close the browser."""
        self._hush()
        self._line.close()
        self.cookies.clear()

    # -- the day -------------------------------------------------------------------------------------------------------

    def next(self) -> tuple[str, Callable[[Visitor], Told]]:
        """What they do now."""
        if "guanxi_session" not in self.cookies:
            return "sign in", sign_in
        if self.dice.randrange(STAYS) == 0:
            return "sign out", sign_out
        keys = [key for key, (_, roles, _) in DAY.items() if not roles or self.role in roles]
        key = self.dice.choices(keys, [DAY[key][0] for key in keys])[0]
        return key, DAY[key][2]

    def do(self, key: str, deed: Callable[[Visitor], Told]) -> Told:
        """Each answer as (operation, milliseconds). A deed yields the name of what it is about to time."""
        yield from deed(self)

    def timed(self, label: str, ask: Callable[[], Any]) -> tuple[Any, tuple[str, float]]:
        started = time.perf_counter()
        found = ask()
        return found, (label, (time.perf_counter() - started) * 1000)

    def remember(self, html: str) -> None:
        found = list(dict.fromkeys(_RECORD.findall(html)))
        self.seen = [*found, *(one for one in self.seen if one not in found)][:KNOWN]

    def record(self) -> str | None:
        return self.dice.choice(self.seen) if self.seen else None

    def word(self) -> str:
        return self.dice.choice((*COMMON, *RARE, rare(self.dice)))


def sign_in(visitor: Visitor) -> Told:
    from bench.loading import PASSWORD

    visitor.cookies.clear()
    _, told = visitor.timed("sign-in page", lambda: visitor.send("GET", "/signin"))
    yield told
    (_, where, _), told = visitor.timed("sign in", lambda: visitor.form("/signin", username=visitor.username, password=PASSWORD))
    yield told
    if not where.startswith("/") or where.startswith("/signin"):
        raise Missed(f"signed in and sent to {where}")
    yield from home(visitor)


def sign_out(visitor: Visitor) -> Told:
    _, told = visitor.timed("sign out", lambda: visitor.form("/signout"))
    visitor.leave()
    yield told


def home(visitor: Visitor) -> Told:
    yield from visitor.open("home", "/", "objects=customer,opportunity,task,notice")


def _page(label: str, path: str, watch: str) -> Callable[[Visitor], Told]:
    def deed(visitor: Visitor) -> Told:
        yield from visitor.open(label, path, watch)

    return deed


def following(visitor: Visitor) -> Told:
    """The list, and the next page of it."""
    yield from visitor.open("list", "/customers", "objects=customer,notice")
    after = re.search(r'href="(/customers\?[^"]*after=[^"]+)"', visitor.shown)
    if after:
        yield from visitor.open("list, next page", after[1].replace("&amp;", "&"), "objects=customer,notice")


def search(visitor: Visitor) -> Told:
    word = quote(visitor.word())
    _, told = visitor.timed("palette", lambda: visitor.look(f"/palette?q={word}"))
    yield told
    yield from visitor.open("search", f"/search?q={word}", "objects=notice")


def record(visitor: Visitor) -> Told:
    found = visitor.record()
    if found is None:
        return
    yield from visitor.open("record", f"/customers/{found}", f"record=customers%2F{found}&objects=notice")
    _, told = visitor.timed("being here", lambda: visitor.form(f"/customers/{found}/here", (200, 204, 404) if found in visitor.lying.moved else (200, 204), tab=visitor.username, state="look", word="1"))
    yield told


def drawer(visitor: Visitor) -> Told:
    found = visitor.record()
    if found is not None:
        _, told = visitor.timed("drawer", lambda: visitor.look(f"/customers/{found}", inside="drawer"))
        yield told


def create(visitor: Visitor) -> Told:
    visitor.made += 1
    name = f"{rare(visitor.dice)}{visitor.username}{visitor.made}之{visitor.dice.randrange(10**9)}科技有限公司"
    yield from visitor.open("form", "/customers/new", "objects=notice")
    given = {"name": name, "phones": f"136{visitor.dice.randrange(10**8):08d}", "grade": "key"}
    made, told = visitor.timed("create", lambda: visitor.api("POST", "/customers", given, (201,)))
    visitor.own = [made["id"], *visitor.own][:KNOWN]
    visitor.seen = [made["id"], *visitor.seen][:KNOWN]
    yield told


def update(visitor: Visitor) -> Told:
    if visitor.own:
        moment = f"2031-01-{visitor.dice.randrange(1, 28):02d}T{visitor.dice.randrange(24):02d}:00:00+08:00"
        record = visitor.dice.choice(visitor.own)
        _, told = visitor.timed("update", lambda: visitor.api("PATCH", f"/customers/{record}", {"next_contact_at": moment, "employees": visitor.dice.randrange(1, 5000)}))
        yield told


def follow_up(visitor: Visitor) -> Told:
    if visitor.own:
        said = {"customer": visitor.dice.choice(visitor.own), "kind": "phone", "content": f"电话沟通了{visitor.word()}的报价，下周再联系"}
        _, told = visitor.timed("follow-up", lambda: visitor.api("POST", "/activities", said, (201,)))
        yield told


def comment(visitor: Visitor) -> Told:
    found = visitor.record()
    if found is not None and found not in visitor.lying.moved:
        said = {"object_name": "customer", "record": found, "text": f"关于{visitor.word()}，请跟进"}
        _, told = visitor.timed("comment", lambda: visitor.api("POST", "/comments", said, (201,)))
        yield told


def give_back(visitor: Visitor) -> Told:
    if visitor.own:
        found = visitor.own.pop()
        visitor.seen = [one for one in visitor.seen if one != found]
        visitor.lying.going(found)
        _, told = visitor.timed("return to the pool", lambda: visitor.api("POST", f"/customers/{found}/return_to_pool", {"inputs": {"reason": "no_need"}}))
        visitor.lying.put(found, visitor.username)
        yield told


def claim(visitor: Visitor) -> Told:
    found = visitor.lying.take(visitor.username)
    if found is not None:
        _, told = visitor.timed("claim", lambda: visitor.api("POST", f"/customers/{found}/claim", {}))
        visitor.own.append(found)
        yield told


def export(visitor: Visitor) -> Told:
    """A list taken out as a file: asked for, looked after as its page does, fetched."""
    asked = {"object": "customer", "where": FILTER, "fields": ["name", "grade", "phones"], "format": visitor.dice.choice(("csv", "xlsx"))}
    job, told = visitor.timed("export", lambda: visitor.api("POST", "/exports", asked, (202,)))
    yield told
    end = time.monotonic() + 120
    while job["state"] not in ("done", "failed", "cancelled"):
        if time.monotonic() > end:
            raise Missed(f"the export is {job['state']} after two minutes")
        time.sleep(1)
        job, told = visitor.timed("how far a job is", partial(visitor.api, "GET", f"/jobs/{job['id']}"))
        yield told
    if job["state"] != "done":
        raise Missed(f"the export {job['state']}: {job['outcome']}")
    _, told = visitor.timed("fetch the file", lambda: visitor.send("GET", f"/api/v1/jobs/{job['id']}/files/{job['outcome']['file']}"))
    yield told


SELLERS = ("manager", "sales person", "newcomer")
DAY: dict[str, tuple[float, tuple[str, ...], Callable[[Visitor], Told]]] = {
    "home": (6, (), home),
    "list": (12, (), following),
    "filtered list": (8, (), _page("filtered list", f"/customers?where={quote(json.dumps(FILTER))}&sort=name", "objects=customer,notice")),
    "contacts": (4, (), _page("list of contacts", "/contacts", "objects=contact,notice")),
    "search": (10, (), search),
    "record": (14, (), record),
    "drawer": (10, (), drawer),
    "board": (5, (), _page("board", "/opportunities?view=board", "objects=opportunity,notice")),
    "calendar": (2, (), _page("calendar", "/calendar", "objects=task,notice")),
    "dashboards": (2, (), _page("dashboards", "/dashboards", "objects=notice")),
    "notices": (3, (), _page("notices", "/notices", "objects=notice")),
    "create": (4, SELLERS, create),
    "update": (6, SELLERS, update),
    "follow-up": (6, SELLERS, follow_up),
    "comment": (3, (), comment),
    "return": (1, SELLERS, give_back),
    "claim": (1, SELLERS, claim),
    "export": (0.5, ("executive", "manager", "sales person"), export),
}
"""By name: how often among all, whose roles (none: everybody's), and what is done."""
