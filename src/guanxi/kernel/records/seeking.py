"""The word typed over a list: whom it means, by name, address, number or phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import Always, And, Condition, Or, Test
from guanxi.kernel.declare.fields import AutoNumber, Field, Phone, Region
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import Guard, indexed
from guanxi.kernel.records.reading import guard_of

LONGEST = 200
ADDRESS = re.compile(r"[路街巷弄号楼厦栋幢室园村镇乡道区县省市州]|\b(?:road|rd|street|st|avenue|ave|lane)\b", re.IGNORECASE)
"""What a text has that may be an address. Names are looked for in every text; addresses, which no index holds, only in these."""
DIALLED = re.compile(r"\+?[\d\s().-]+")
"""What may be a phone, or the end of one."""
LEAST = 4
"""Letters and digits of a phone or number that are looked for."""
CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9/._-]+")
"""What may be a number such as KH202611-0001, or the end of one."""


def narrowed(name: str, where: Any, q: str, *, actor: Actor, living: bool = True) -> Any:
    """A condition together with the word typed over the list, in whatever form it came."""
    if not (q := q.strip()[:LONGEST]):
        return where
    guard = guard_of(actor)
    return And((guard.parse(where), sought(guard, guard.object(name), q, living)))


def sought(guard: Guard, it: Definition, q: str, living: bool = True) -> Condition:
    """The records a word typed over a list means: those whose name holds it; of a text with an address those that are there; and of what
    looks like one those with this number or phone, whole or its end. Nobody is found by what may not be read. `living`: not in the bin,
    where no index holds anything."""
    if guard.title(it) is None:
        return ~Always()
    parts: list[Condition] = [Test(it.title, "contains", q)]
    if ADDRESS.search(q):
        code, rest = Region.resolve(q) if Region.resolve is not None else ("", q)
        for one in _read(guard, it, Region):
            parts.append(And((Test(one.name, "=", code), *([Test(one.name, "contains", rest)] if rest else []))) if code else Test(one.name, "contains", q))
    if CODE.fullmatch(q):
        for one in _read(guard, it, AutoNumber):
            parts += [Test(one.name, "in", sorted({q, q.upper()})), *([Test(one.name, "found" if living and indexed(it, one) else "ends", q)] if _enough(q) else [])]
    if DIALLED.fullmatch(q) and _enough(q):
        parts += [Test(one.name, "found" if living and indexed(it, one) else "contains", q) for one in _read(guard, it, Phone)]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def by(guard: Guard, it: Definition, q: str) -> Text:
    """What a word typed over a list is held against, to be read."""
    also = []
    if ADDRESS.search(q) and addressed(guard, it):
        also.append(T("地址", "address"))
    if CODE.fullmatch(q):
        also += [one.label for one in _read(guard, it, AutoNumber)]
    if DIALLED.fullmatch(q) and _enough(q):
        also += [one.label for one in _read(guard, it, Phone)]
    names = [it.fields[it.title].label, *also]
    return T("或".join(one.zh for one in names), " or ".join([names[0].en, *(one.en.lower() for one in names[1:])]))


def addressed(guard: Guard, it: Definition) -> bool:
    """Whether this actor finds records of the object by their address."""
    return next(_read(guard, it, Region), None) is not None


def _enough(q: str) -> bool:
    return len(re.sub(r"[^0-9A-Za-z]", "", q)) >= LEAST


def _read(guard: Guard, it: Definition, kind: type[Field]) -> Iterator[Field]:
    """The fields of a kind that this actor reads plainly, so that records may be found by them."""
    return (one for one, level in guard.visible(it) if isinstance(one, kind) and level in ("read", "write"))
