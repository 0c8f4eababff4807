"""Record ids: UUID version 7 (RFC 9562 §5.7), made by the program.

They sort by time of creation, so that new rows land at the end of an index; the first 48 bits are milliseconds since
1970. Within one process and millisecond a counter keeps them ascending (§6.2, method 1: a fixed-length dedicated
counter, here the 12 bits of rand_a, seeded with 11 random bits so that ids do not tell how many were made).
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_lock = threading.Lock()
_last_ms = -1
_counter = 0


def uuid7() -> UUID:
    """A new id, greater than every id this process made before, also when the clock is set back."""
    return uuid7s(1)[0]


def uuid7s(size: int) -> list[UUID]:
    """So many new ids, each greater than the one before."""
    global _last_ms, _counter
    random = os.urandom(10 * size)
    out: list[UUID] = []
    with _lock:
        now = time.time_ns() // 1_000_000
        for at in range(0, 10 * size, 10):
            tail = int.from_bytes(random[at : at + 10], "big")
            if now > _last_ms:
                _last_ms, _counter = now, tail & 0x7FF
            else:
                _counter += 1
                if _counter > 0xFFF:  # 4,096 in one millisecond, or the clock stands still: borrow from the next one
                    _last_ms, _counter = _last_ms + 1, tail & 0x7FF
            out.append(UUID(int=(_last_ms << 80) | _VERSION_AND_VARIANT | (_counter << 64) | (tail >> 16 & 0x3FFF_FFFF_FFFF_FFFF)))
    return out


def named(by: UUID, *of: object) -> UUID:
    """The id of what somebody else named by an id of theirs: always the same for the same `of`, such as whose it is. Its time is
    theirs; the rest is a hash, so that nobody can choose a name which leads to a given id."""
    digest = int.from_bytes(hashlib.sha256(repr((by.hex, *map(str, of))).encode()).digest(), "big")
    free = ((1 << 80) - 1) & ~((0xF << 76) | (0b11 << 62))
    return UUID(int=(by.int >> 80 << 80) | _VERSION_AND_VARIANT | (digest & free))


def uuid7_floor(instant: datetime) -> UUID:
    """The smallest id of that millisecond: `id >= uuid7_floor(t)` selects what was made since t. Before 1970 nothing was made: then it is the smallest of
    all. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("uuid7_floor needs an aware datetime")
    ms = max(0, (instant - _EPOCH) // timedelta(milliseconds=1))
    return UUID(int=(ms << 80) | _VERSION_AND_VARIANT)


def uuid7_time(value: UUID) -> datetime:
    """When an id was made, in UTC, to the millisecond. Raises ValueError for another version of UUID."""
    if value.version != 7:
        raise ValueError(f"not a version 7 UUID: {value}")
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


def parse_id(text: str) -> UUID | None:
    """An id as people and programs write it (with or without dashes, any case), or None if it is not one."""
    text = text.strip()
    if len(text) not in (32, 36):
        return None
    if len(text) == 36 and any(text[i] != "-" for i in (8, 13, 18, 23)):
        return None
    digits = text.replace("-", "")
    if len(digits) != 32 or not digits.isascii() or not digits.isalnum():
        return None
    try:
        return UUID(hex=digits)
    except ValueError:
        return None
