"""What a text says: facts with their place in it. A fact is never more than its words; what to make of it others decide."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Any, Literal

KINDS = (
    "phone", "email", "url", "wechat", "qq", "amount", "moment", "company", "person", "title", "department", "address",
    "credit_code", "way",
)  # fmt: skip
"""Kinds of facts and their values: phone – stored form of base/phones; amount – base.money.Money; moment – Moment;
person – the name as written; address – the text; way – one of WAYS; the others – text."""
WAYS = ("phone", "wechat", "visit", "email", "meeting")
Shape = Literal["chat", "mail", "card", "note"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and perhaps an hour. `precision` says what was written: time, half (上午: `clock` is its usual hour), day,
    week or month (`day` is then its first day)."""

    day: date
    clock: time | None = None
    precision: Literal["time", "half", "day", "week", "month"] = "day"

    def at(self, tz: tzinfo, usual: time = time(9)) -> datetime:
        """The instant, in a zone; `usual` is the hour of a day without one."""
        return datetime.combine(self.day, self.clock or usual, tz)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something read from `text[start:end]`. `sure` is False when it can be read otherwise: offer it, don't fill it in.

    `part`: "sender" and "recipient" for what a mail's head and signature say of them, "speaker" for who speaks in a chat,
    "" elsewhere. `more`: what belongs to it – of a person "gender" (male, female) and "title"; of an address "code" and
    "detail"; of a phone "note".
    """

    kind: str
    value: Any
    start: int
    end: int
    sure: bool = True
    part: str = ""
    more: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        return dict(self.more).get(name, "")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chat: who said it, when if the export tells, and where it stands."""

    who: str
    at: datetime | None
    start: int
    end: int


@dataclass(frozen=True)
class Facts:
    """A text and what it says, in the text's order. `at` is when it was said or sent, if the text tells."""

    text: str
    shape: Shape = "note"
    found: tuple[Fact, ...] = ()
    said: tuple[Said, ...] = ()
    subject: str = ""
    body: tuple[int, int] = (0, 0)
    at: datetime | None = None

    def of(self, *kinds: str, part: str | None = None) -> list[Fact]:
        """The facts of some kinds; what a mail says of its recipients only when asked for."""
        return [
            one for one in self.found
            if one.kind in kinds and (one.part == part if part is not None else one.part != "recipient")
        ]  # fmt: skip

    def words(self, one: Fact) -> str:
        return self.text[one.start : one.end]

    def sentence(self, one: Fact) -> tuple[int, int]:
        """Where the sentence around a fact begins and ends."""
        start = max((m.end() for m in _STOPS.finditer(self.text, 0, one.start)), default=0)
        after = _STOPS.search(self.text, one.end)
        end = after.start() if after else len(self.text)
        while start < one.start and self.text[start].isspace():
            start += 1
        return start, end


_STOPS = re.compile(r"[。！？!?；;\n\r]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DASHES = frozenset("‐‑‒–—―−─")


class Plain:
    """A text in the form in which rules read it (half width, no invisible signs, one kind of dash), sign for sign, so that
    every place leads back to the text as it was. Rules mark what they have read, and later ones leave it alone."""

    def __init__(self, original: str) -> None:
        signs: list[str] = []
        places: list[int] = []
        for place, sign in enumerate(original):
            if not sign.isascii():
                if _INVISIBLE.match(sign):
                    continue
                if sign in _DASHES:
                    sign = "-"
                else:
                    half = unicodedata.normalize("NFKC", sign)
                    sign = half if len(half) == 1 else sign
            elif sign == "\r":
                sign = "\n" if original[place + 1 : place + 2] != "\n" else " "
            signs.append(sign)
            places.append(place)
        self.original = original
        self.text = "".join(signs)
        self._places = places
        self._taken = bytearray(len(signs))

    def fact(self, kind: str, value: Any, start: int, end: int, **more: Any) -> Fact:
        """A fact whose places, given in the plain text, are those of the original."""
        return Fact(kind, value, self.place(start), self.after(end), **more)

    def place(self, at: int) -> int:
        return self._places[at] if at < len(self._places) else len(self.original)

    def at(self, place: int) -> int:
        """Where in the plain text a place of the original is."""
        return bisect_left(self._places, place)

    def after(self, end: int) -> int:
        return self._places[end - 1] + 1 if end else 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A part of the plain text in the original; an empty part stays empty, whatever was left out around it."""
        begin = self.place(start)
        return begin, max(begin, self.after(end))

    def take(self, start: int, end: int) -> None:
        self._taken[start:end] = b"\x01" * (end - start)

    def free(self, start: int, end: int) -> bool:
        return not any(self._taken[start:end])

    def lines(self) -> Iterable[tuple[int, str]]:
        """The lines with where each begins."""
        at = 0
        for line in self.text.split("\n"):
            yield at, line
            at += len(line) + 1


_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}


def numeral(word: str) -> int | None:
    """A whole number in digits or Chinese numerals (二十一, 两百万, 一百零五, 二〇二六); None for anything else."""
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 15 else None
    if not word or len(word) > 20:
        return None
    if len(word) > 1 and all(sign in _DIGITS for sign in word):
        return int("".join(str(_DIGITS[sign]) for sign in word))
    total = section = digit = 0
    last = 10**12
    for sign in word.replace("廿", "二十"):
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _UNITS:
            section += (digit or 1) * _UNITS[sign]
            last, digit = _UNITS[sign], 0
        elif sign in _LARGE:
            total = total + (section + digit) * _LARGE[sign] if sign == "万" else (total + section + digit) * _LARGE[sign]
            last, section, digit = _LARGE[sign], 0, 0
        else:
            return None
    if digit and last in (100, 1000, 10**4) and len(word) >= 2 and word[-2] not in "零〇":
        digit *= last // 10  # 两百五, 一万二
    return total + section + digit


def ordered(found: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts in the order of the text, each value once: its surest, then its first mention."""
    best: dict[tuple[str, str, str], Fact] = {}
    for one in sorted(found, key=lambda f: (not f.sure, f.start, f.end)):
        key = (one.kind, repr(one.value).casefold(), "recipient" if one.part == "recipient" else "")
        held = best.get(key)
        if held is None:
            best[key] = one
        elif not held.more and one.more:
            best[key] = replace(held, more=one.more)
    return tuple(sorted(best.values(), key=lambda f: (f.start, f.end, f.kind)))


