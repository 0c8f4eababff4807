"""From the loop to Django's threads and back.

An answer that is whole when Django is done with it, and nearly all are, goes back in one step; only what comes piece by
piece (a file) goes to the loop piece by piece. a2wsgi reads requests; its own way back takes three waits of the thread for
the loop per answer, each of which may wait for whatever else computes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from a2wsgi.wsgi import Body, build_environ

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Push = Callable[[Message], None]


class Threads:
    """An ASGI application that asks a WSGI application, in so many threads."""

    def __init__(self, ask: Callable[..., Iterable[bytes]], threads: int) -> None:
        self.ask = ask
        self.pool = ThreadPoolExecutor(threads, "request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        environ = build_environ(scope, Body(loop, receive))  # type: ignore[arg-type]

        def push(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

        for message in await loop.run_in_executor(self.pool, self._answer, environ, push):
            await send(message)

    def _answer(self, environ: Any, push: Push) -> list[Message]:
        """In a thread: what is left to send when the answer is done."""
        held: list[Message] = []

        def start(status: str, headers: list[tuple[str, str]], problem: Any = None) -> None:
            sent = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
            held[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": sent}]

        pieces = self.ask(environ, start)
        try:
            for piece in pieces:
                if len(held) > 1:  # a second piece: there may be many
                    for message in held:
                        push(message)
                    held[:] = [{"type": "http.response.body", "body": piece, "more_body": True}]
                else:
                    held.append({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        if len(held) > 0 and held[-1]["type"] == "http.response.body":
            held[-1]["more_body"] = False
        else:
            held.append({"type": "http.response.body", "body": b""})
        return held


async def _sent(send: Send, message: Message) -> None:
    await send(message)
