"""How often somebody may ask: so many requests within a minute of the first one; and how long one statement of theirs may take.

Requests are counted in the memory of this process, because a number in the database would cost every request a statement: two processes
let through twice as many, and a restart forgets. What must not be got round that way is counted in the log (failed sign-ins)
or lives in the record's own transaction (claims a day).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address

from guanxi.base.errors import TooManyRequests
from guanxi.base.text import T
from guanxi.kernel.storage.sql import patience

__all__ = ["forget", "network", "patience", "take"]

MINUTE = 60.0
MOST_KEPT = 50_000
clock = time.monotonic
_lock = threading.Lock()
_seen: dict[Hashable, tuple[float, int]] = {}


def take(key: Hashable, most: int, *, now: float | None = None) -> None:
    """One more request of whoever `key` is; `most` within a minute, 0 is no limit. Raises TooManyRequests, which counts nothing."""
    if not most:
        return
    now = clock() if now is None else now
    with _lock:
        since, count = _seen.get(key, (now, 0))
        if now - since >= MINUTE:
            since, count = now, 0
        if count >= most:
            raise TooManyRequests(
                T(f"每分钟最多 {most} 次请求，请稍等片刻再试。", f"At most {most} requests a minute; wait a moment and try again."),
                retry_after=max(1, int(since + MINUTE - now + 0.999)),
            )
        if len(_seen) >= MOST_KEPT and key not in _seen:
            _forget(now)
        _seen[key] = (since, count + 1)


def _forget(now: float) -> None:
    """Make room: whose minute is over, and everybody where that is not enough."""
    old = [key for key, (since, _) in _seen.items() if now - since >= MINUTE]
    for key in old:
        del _seen[key]
    if len(_seen) >= MOST_KEPT:
        _seen.clear()


def forget() -> None:
    """Count anew, for tests."""
    with _lock:
        _seen.clear()


def network(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 the network of 64 bits, which one household has to itself."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.packed[:8].hex()
