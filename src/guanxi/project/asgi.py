"""One program, one port: requests go to Django in threads (bridge.py), event streams stay in the loop.

Django's own ASGI handler was measured 8 to 9 times slower on small requests (docs/adr/0003).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from guanxi.project.bridge import Threads
from guanxi.project.wsgi import application as requests
from guanxi.surfaces.live.stream import Live

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS = 10
live = Live()
pages = Threads(requests, THREADS)


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI entry point."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await live.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await live.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
    elif scope["type"] == "http" and scope["path"] == "/api/v1/events":
        await live(scope, receive, send)
    elif scope["type"] == "http":
        await pages(scope, receive, send)
