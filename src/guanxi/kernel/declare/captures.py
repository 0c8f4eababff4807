"""What a pasted text may become: the vocabulary in which modules propose steps through the door.

A reader makes `Facts` of a text; each module's captures look at them and propose a step: a record to choose or create, or
a record to change. Nothing is done before somebody accepts. Values that can be meant otherwise are offered, not filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi.base.extract import Fact, Facts, extract
from guanxi.base.extract.places import Locate
from guanxi.base.text import T, Text

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that may be meant, as the door takes it, and the words of the text that say so."""

    value: Any
    spans: tuple[Span, ...] = ()
    label: Text | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a field gets: `value` (None: nothing yet) with the words that caused it, and what else may be meant."""

    value: Any = None
    spans: tuple[Span, ...] = ()
    options: tuple[Offer, ...] = ()


def guess(found: Iterable[Fact], value: Callable[[Fact], Any] = lambda one: one.value) -> Guess:
    """One sure fact fills a field; of several, and of those that are not sure, each is offered."""
    listed = list(found)
    sure = [one for one in listed if one.sure]
    if len({repr(one.value) for one in sure}) == 1:
        rest = [one for one in listed if one.value != sure[0].value]
        return Guess(value(sure[0]), ((sure[0].start, sure[0].end),), tuple(_offer(one, value) for one in rest))
    return Guess(None, (), tuple(_offer(one, value) for one in listed))


def _offer(one: Fact, value: Callable[[Fact], Any]) -> Offer:
    return Offer(value(one), ((one.start, one.end),))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be meant, and why."""

    id: UUID
    label: str
    why: Text = T("", "")
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class Step:
    """One step through the door.

    `verb` "create": a record is made, unless `record` says which one is meant; steps that link to this one get either.
    "update": `record` gets the values if the step `of` stands for it, or the record of `of` whichever it is. `take`: whether it is done unless somebody
    decides otherwise; `open`: somebody has to choose among the candidates first. `links`: fields that get the record of
    another step. `new`: whether a new one may be made; the kernel takes it away from those who may not, and fills in
    `name`, `object` and `label` from the capture.
    """

    values: dict[str, Guess] = field(default_factory=dict)
    verb: str = "create"
    take: bool = True
    record: UUID | None = None
    of: str = ""
    candidates: tuple[Candidate, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    open: bool = False
    new: bool = True
    name: str = ""
    object: str = ""
    label: Text = T("", "")


@dataclass(frozen=True)
class Capture:
    """A step that a module proposes: `propose(facts, desk)` gives it, or None where the text gives no reason. `object` is
    what its record is, if not what it is called.

    Captures are asked in the order of the modules, and do their steps in that order; `desk.steps` holds what earlier ones
    proposed, by name. The desk reads with the rights of whoever pasted the text.
    """

    name: str
    label: Text
    propose: Callable[[Facts, Any], Step | None]
    object: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader may know besides the text: the moment of pasting, aware and in the workspace's zone, the person's
    language, and the divisions of the country (base.extract.places.Locate)."""

    now: datetime
    language: str
    locate: Locate | None = None


Reader = Callable[[str, Reading], Facts]
"""Makes facts of a text. It may be anything that answers with places inside the text."""


@dataclass(frozen=True)
class _Registered:
    label: Text
    read: Reader


def _rules(text: str, reading: Reading) -> Facts:
    return extract(text, reading.now, reading.locate)


_READERS: dict[str, _Registered] = {"rules": _Registered(T("规则", "Rules"), _rules)}


def register_reader(name: str, label: Text, read: Reader) -> None:
    """Make another reader available by name. Raises ValueError for a name that is taken."""
    if name in _READERS:
        raise ValueError(f"a reader {name!r} is registered already")
    _READERS[name] = _Registered(label, read)


def readers() -> Mapping[str, Text]:
    """The readers there are: name and label; "rules" is always there."""
    return {name: one.label for name, one in _READERS.items()}


def reader(name: str) -> Reader | None:
    found = _READERS.get(name)
    return found.read if found is not None else None
