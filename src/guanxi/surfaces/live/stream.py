"""Server-sent events: "object X changed", never values. One listener per process, any number of streams.

The listener hears what the journal announces at commit (NOTIFY). Each stream asks, with its actor's rights, which of the
named records its actor may read, and says only those; the page then asks again for what it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import msgspec
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections

from guanxi.base.errors import Problem, Unauthenticated
from guanxi.base.ids import parse_id
from guanxi.kernel import accounts
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.automation.listening import notices
from guanxi.kernel.records import people, reading

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HEARTBEAT = 20.0
MOST_STREAMS = 1000
BACKLOG = 100


class Live:
    """The ASGI application for `/api/v1/events`, and the task that listens."""

    def __init__(self) -> None:
        self.streams: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self.listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        for queue in list(self.streams):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)
        if self.listener is not None:
            self.listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.listener

    async def _listen(self) -> None:
        """Hear the database for ever; a lost connection is made again, and streams are told to ask for everything."""
        while True:
            async for notice in notices():
                if notice is None:
                    self._tell({"w": None, "o": {}, "more": True})
                else:
                    with contextlib.suppress(msgspec.DecodeError):
                        self._tell(msgspec.json.decode(notice))
            await asyncio.sleep(1)

    def _tell(self, notice: dict[str, Any]) -> None:
        for queue in self.streams:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                notice = {"w": notice["w"], "o": {}, "more": True}
            queue.put_nowait(notice)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            if scope["method"] != "GET":
                raise Problem(status=405, code="method")
            if len(self.streams) >= MOST_STREAMS:
                raise Problem(status=503, code="busy")
            actor = await sync_to_async(_actor)(headers)
        except Problem as problem:
            body = msgspec.json.encode(problem.to_dict(headers.get("accept-language", "zh-CN")[:5]))
            await send({"type": "http.response.start", "status": problem.status, "headers": [(b"content-type", b"application/problem+json")]})
            await send({"type": "http.response.body", "body": body})
            return
        wanted = set(parse_qs(scope.get("query_string", b"").decode()).get("objects", [""])[0].split(",")) - {""}
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream; charset=utf-8"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                ],
            }
        )
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(BACKLOG)
        self.streams.add(queue)
        gone = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.body", "body": b": welcome\n\nretry: 3000\n\n", "more_body": True})
            await self._stream(queue, gone, actor, headers, wanted, send)
        finally:
            self.streams.discard(queue)
            gone.cancel()

    async def _stream(
        self, queue: asyncio.Queue[dict[str, Any] | None], gone: asyncio.Task[None], actor: Actor, headers: dict[str, str], wanted: set[str], send: Send
    ) -> None:
        while not gone.done():
            getter = asyncio.create_task(queue.get())
            done, _ = await asyncio.wait({getter, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if getter not in done:
                getter.cancel()
                if gone in done:
                    return
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                continue
            notice = getter.result()
            if notice is None:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            if notice["w"] is not None and notice["w"] != str(actor.workspace):
                continue
            try:
                message = await sync_to_async(_seen)(headers, notice, wanted)
            except Unauthenticated:
                await send({"type": "http.response.body", "body": b"event: end\ndata: {}\n\n", "more_body": False})
                return
            if message:
                await send({"type": "http.response.body", "body": message, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _actor(headers: dict[str, str]) -> Actor:
    """The actor behind a stream, asked anew at each message: rights that were taken away end here too."""
    close_old_connections()
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return people.by_token(credentials.strip(), via="live")
    cookie = SimpleCookie(headers.get("cookie", "")).get("guanxi_session")
    account = parse_id(str(SessionStore(cookie.value).get(accounts.KEY) or "")) if cookie is not None else None
    if account is None:
        raise Unauthenticated()
    actor, standing = people.by_account(account, via="live")
    if standing.must_change:
        raise Unauthenticated()
    return actor


def _seen(headers: dict[str, str], notice: dict[str, Any], wanted: set[str]) -> bytes:
    actor = _actor(headers)
    if notice.get("more"):
        return b'event: refresh\ndata: {}\n\n'
    out = b""
    for name, ids in notice["o"].items():
        if wanted and name not in wanted:
            continue
        try:
            found = reading.query(name, actor=actor, where={"field": "id", "op": "in", "value": list(dict.fromkeys(ids))}, fields=["id"], limit=50)
        except Problem:
            continue
        for row in found.rows:
            data = msgspec.json.encode({"object": name, "id": row["id"]})
            out += b"event: changed\ndata: " + data + b"\n\n"
    return out
