"""Server-sent events: which records changed and who looks at them, never values. One listener per process, any number of
streams, none of which costs a thread or a connection of the database while nothing happens.

The listener hears what the journal announces at commit (NOTIFY). What came within a moment is judged together: once for
each person with open streams, with that person's rights as they are now, whatever number of pages they have open. The page
then asks again for what it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import close_old_connections

from guanxi.base.errors import Problem, Unauthenticated, WrongMethod
from guanxi.base.ids import parse_id
from guanxi.kernel import accounts
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.automation.listening import notices
from guanxi.kernel.records import people, watching
from guanxi.kernel.records.reading import guard_of
from guanxi.surfaces.live.presence import Presence

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HEARTBEAT = 15.0
MOMENT = 0.25
"""Seconds that changes are gathered before they are judged together."""
SWEEP = 5.0
"""Seconds between looks for people who left without a word."""
CHECK = 30.0
"""Seconds between looks for sessions that ended."""
RARELY = 15.0
"""Seconds between two words to one stream that very much changed."""
MOST_STREAMS = 1000
BACKLOG = 100
MOST_SHOWN = 5
END = b"event: end\ndata: {}\n\n"


@dataclass(eq=False)
class Stream:
    """One open connection: whose it is, what it wants to hear, and what waits to be sent."""

    credentials: tuple[str, str]
    objects: frozenset[str] | None
    asked: tuple[str, ...]
    workspace: str = ""
    user: str = ""
    shown: frozenset[watching.Key] = frozenset()
    refreshed: float = 0.0
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, message: bytes) -> None:
        """Something to send; who cannot keep up is told to ask for everything."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            message = _said("refresh", {})
        self.queue.put_nowait(message)


@dataclass
class Gathered:
    """What happened in one workspace within a moment."""

    named: dict[str, list[UUID]] = field(default_factory=dict)
    only: dict[str, set[str] | None] = field(default_factory=dict)
    """Whom objects' changes concern: these people, None for everybody who may read them."""
    more: bool = False
    places: set[tuple[str, UUID]] = field(default_factory=set)


class Live:
    """The ASGI application for `/api/v1/events`, and the tasks that listen and tell."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.presence = Presence()
        self.waiting: dict[str, Gathered] = {}
        self.woken = asyncio.Event()
        self.judge = ThreadPoolExecutor(1, "live")
        self.greeter = ThreadPoolExecutor(1, "live-begin")  # a page that opens does not wait until all others were told
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.woken = asyncio.Event()
        self.tasks = [asyncio.create_task(one()) for one in (self._listen, self._tell, self._sweep)]

    async def stop(self) -> None:
        for stream in list(self.streams):
            stream.put(b"")
        for task in self.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for one in (self.judge, self.greeter):
            one.shutdown(wait=False, cancel_futures=True)

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Hear the database for ever; a lost connection is made again, and streams are told to ask for everything."""
        while True:
            async for notice in notices():
                if notice is None:
                    for workspace in {stream.workspace for stream in self.streams}:
                        self._gather(workspace).more = True
                else:
                    with contextlib.suppress(msgspec.DecodeError, KeyError, ValueError):
                        self._hear(msgspec.json.decode(notice))
            await asyncio.sleep(1)

    def _hear(self, notice: dict[str, Any]) -> None:
        workspace = notice["w"]
        if "here" in notice:
            place = self.presence.hear(workspace, notice["here"])
            if place is not None and self.streams:
                self._gather(workspace).places.add((place[1], place[2]))
        elif self.streams:
            held = self._gather(workspace)
            for name, ids in notice["o"].items():
                held.named.setdefault(name, []).extend(UUID(one) for one in ids)
                before = held.only.get(name, set())
                held.only[name] = None if before is None or "only" not in notice else before | set(notice["only"])
            held.more = held.more or notice["more"]

    def _gather(self, workspace: str) -> Gathered:
        self.woken.set()
        return self.waiting.setdefault(workspace, Gathered())

    async def _sweep(self) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(SWEEP)
            for workspace, name, record in self.presence.expire():
                self._gather(workspace).places.add((name, record))
            if self.streams and time.monotonic() - checked > CHECK:
                checked = time.monotonic()
                await self._judged(list(self.streams), Gathered())

    # -- telling -------------------------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        while True:
            await self.woken.wait()
            await asyncio.sleep(MOMENT)
            self.woken.clear()
            waiting, self.waiting = self.waiting, {}
            for workspace, held in waiting.items():
                await self._judged([s for s in self.streams if s.workspace == workspace and _concerns(s, held)], held)

    async def _judged(self, streams: list[Stream], held: Gathered) -> None:
        """Tell these streams what their people may know of it."""
        there = {place: self.presence.at((stream.workspace, *place)) for stream in streams for place in stream.shown & held.places}
        try:
            told = await asyncio.get_running_loop().run_in_executor(self.judge, _judge, streams, held, there)
        except Exception:  # the database is away: who listens asks again when it is back
            return
        now = time.monotonic()
        for stream, messages in told.items():
            for message in messages:
                stream.put(message)
            if held.more and messages != [END] and now - stream.refreshed > RARELY:
                stream.refreshed = now
                stream.put(_said("refresh", {}))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode())
        wanted = frozenset(",".join(query.get("objects", ())).split(",")) - {""}
        asked = tuple(query.get("record", ()))[:MOST_SHOWN]
        since = parse_id(headers.get("last-event-id") or query.get("since", [""])[0])
        try:
            if scope["method"] != "GET":
                raise WrongMethod(("GET",))
            if len(self.streams) >= MOST_STREAMS:
                raise Problem(status=503, code="busy")
            stream = Stream(_credentials(headers), wanted if wanted or asked else None, asked)
            first = await asyncio.get_running_loop().run_in_executor(self.greeter, _begin, stream, since)
        except Problem as problem:
            # A browser's EventSource cannot read a status and would ask for ever.
            if isinstance(problem, Unauthenticated) and "text/event-stream" in headers.get("accept", ""):
                await send(_START)
                await send({"type": "http.response.body", "body": END})
                return
            body = msgspec.json.encode(problem.to_dict(headers.get("accept-language", "zh-CN")[:5]))
            said = [(b"content-type", b"application/problem+json")]
            if isinstance(problem, WrongMethod):
                said.append((b"allow", ", ".join(problem.allowed).encode()))
            await send({"type": "http.response.start", "status": problem.status, "headers": said})
            await send({"type": "http.response.body", "body": body})
            return
        await send(_START)
        self.streams.add(stream)
        gone = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.body", "body": b": welcome\n\nretry: 3000\n\n" + first, "more_body": True})
            for place in stream.shown:
                stream.put(_here(stream, place, self.presence.at((stream.workspace, *place))))
            await _stream(stream.queue, gone, send)
        finally:
            self.streams.discard(stream)
            gone.cancel()


_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")],
}


async def _stream(queue: asyncio.Queue[bytes], gone: asyncio.Task[None], send: Send) -> None:
    while not gone.done():
        getter = asyncio.create_task(queue.get())
        done, _ = await asyncio.wait({getter, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        if getter not in done:
            getter.cancel()
            if gone in done:
                return
            await send({"type": "http.response.body", "body": _said("beat", {}), "more_body": True})
            continue
        message = getter.result()
        over = message in (b"", END)
        await send({"type": "http.response.body", "body": message, "more_body": not over})
        if over:
            return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _said(kind: str, data: Any) -> bytes:
    """A message, with the id to catch up from."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(watching.now()).encode(), kind.encode(), msgspec.json.encode(data))


def _concerns(stream: Stream, held: Gathered) -> bool:
    """Whether a stream may have to be told, so that nobody is asked about for nothing."""
    if held.more or stream.shown or stream.objects is None:
        return True
    return any(name in stream.objects and ((only := held.only.get(name)) is None or stream.user in only) for name in held.named)


# -- in the judging thread ---------------------------------------------------------------------------------------------


def _credentials(headers: dict[str, str]) -> tuple[str, str]:
    """What a stream shows for itself: ("token", …) or ("session", …). Raises Unauthenticated."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return "token", credentials.strip()
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    if cookie is None:
        raise Unauthenticated()
    return "session", cookie.value


def _actors(streams: Iterable[Stream]) -> dict[tuple[str, str], Actor]:
    """The actors behind streams with rights as they are now; who is signed out or gone has none."""
    close_old_connections()
    asked = {stream.credentials for stream in streams}
    signed_in = accounts.of_keys([key for kind, key in asked if kind == "session"])
    known: dict[UUID, Actor | None] = {}
    out: dict[tuple[str, str], Actor] = {}
    for kind, key in asked:
        with contextlib.suppress(Unauthenticated):
            if kind == "token":
                out[kind, key] = people.by_token(key, via="live")
            elif key in signed_in:
                account = signed_in[key]
                if account not in known:
                    known[account] = None
                    actor, standing = people.by_account(account, via="live")
                    known[account] = None if accounts.due(actor, standing) else actor
                if (found := known[account]) is not None:
                    out[kind, key] = found
    return out


def _begin(stream: Stream, since: UUID | None) -> bytes:
    """What a stream says first: how the records it shows stand, and what was missed. Raises Unauthenticated."""
    actor = _actors([stream]).get(stream.credentials)
    if actor is None:
        raise Unauthenticated()
    stream.workspace, stream.user = str(actor.workspace), str(actor.user)
    guard = guard_of(actor)
    asked: dict[str, list[UUID]] = {}
    for one in stream.asked:
        name, _, text = one.partition("/")
        record = parse_id(text)
        with contextlib.suppress(Problem):
            if record is not None:
                asked.setdefault(guard.object(name).name, []).append(record)
    if stream.objects is not None:
        known = {name: guard.catalog.find(name) for name in stream.objects}
        stream.objects = frozenset(it.name if it is not None else name for name, it in known.items())
    wanted = {(name, record) for name, records in asked.items() for record in records}
    found = watching.changed(asked, actor=actor, objects=frozenset(), shown=wanted)
    stream.shown = frozenset((one.object, one.id) for one in found if not one.deleted)
    out = b"".join(_changed(one) for one in found)
    if since is not None:
        missed = watching.missed(since, actor=actor)
        if missed is None:
            return out + _said("refresh", {})
        out += b"".join(_changed(one) for one in watching.changed(missed, actor=actor, objects=stream.objects, shown=stream.shown))
    return out


def _judge(streams: list[Stream], held: Gathered, there: dict[tuple[str, UUID], list[dict[str, Any]]]) -> dict[Stream, list[bytes]]:
    """What to tell each stream: asked once for each person, then shared out."""
    actors = _actors(streams)
    theirs: dict[Any, list[Stream]] = {}
    out: dict[Stream, list[bytes]] = {}
    for stream in streams:
        out[stream] = []
        actor = actors.get(stream.credentials)
        if actor is None:
            out[stream] = [END]
        else:
            theirs.setdefault((actor.user, stream.credentials[0]), []).append(stream)
    for mine in theirs.values():
        _share(mine, actors[mine[0].credentials], held, there, out)
    return out


def _share(
    mine: list[Stream], actor: Actor, held: Gathered, there: dict[tuple[str, UUID], list[dict[str, Any]]], out: dict[Stream, list[bytes]]
) -> None:
    shown = frozenset().union(*(stream.shown for stream in mine))
    named = {name: list(ids) for name, ids in held.named.items()}
    for name, record in shown:
        if held.more or (name, record) in held.places:
            named.setdefault(name, []).append(record)
    objects = None if any(stream.objects is None for stream in mine) else frozenset().union(*(stream.objects or () for stream in mine))
    found = watching.changed(named, actor=actor, objects=objects, shown=shown)
    seen = {(one.object, one.id) for one in found if not one.deleted}
    for stream in mine:
        for one in found:
            if one.deleted and (one.object, one.id) in stream.shown:
                continue  # it is told that it is gone
            of = tuple(key for key in one.of if key in stream.shown)
            if of or stream.objects is None or one.object in stream.objects or (one.object, one.id) in stream.shown:
                out[stream].append(_changed(one, of))
        out[stream] += [_here(stream, place, there[place]) for place in stream.shown & held.places & seen]
        lost = {(name, record) for name, record in stream.shown - seen if record in named.get(name, ())[: watching.MOST]}
        stream.shown -= lost
        out[stream] += [_said("gone", {"object": name, "id": record}) for name, record in lost]


def _changed(one: watching.Changed, of: tuple[watching.Key, ...] | None = None) -> bytes:
    data: dict[str, Any] = {"object": one.object, "id": one.id, "version": one.version}
    if one.by is not None:
        data["by"] = one.by
    if one.of if of is None else of:
        data["of"] = [record for _, record in (one.of if of is None else of)]
    return _said("changed", data)


def _here(stream: Stream, place: tuple[str, UUID], there: list[dict[str, Any]]) -> bytes:
    return _said("here", {"object": place[0], "id": place[1], "people": [one for one in there if one["id"] != stream.user]})
