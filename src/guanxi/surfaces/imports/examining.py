"""What stands in a table's columns and how it would be understood: shown before anything is decided.

The first rows are read as an import would read them. Of columns that name choices or other records every different text is
looked up, so that the few that mean nothing can be given a meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, Literal

from guanxi.base.clock import date_orders
from guanxi.base.errors import Invalid, Unparsed
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import lookup
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import Boolean, Choice, Date, DateTime, Field, FieldProblem, Link, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import people
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.cells import converter
from guanxi.surfaces.imports.linking import only
from guanxi.surfaces.imports.mapping import BLANKS, FileMapping, Target
from guanxi.surfaces.imports.planning import SAMPLE, Column
from guanxi.surfaces.imports.reading import synonyms
from guanxi.surfaces.imports.reading.table import Row, Table
from guanxi.surfaces.imports.reports import shown

LOOKED: Final = 20_000
"""So many rows are looked at."""
DIFFERENT: Final = 1_000
"""So many different texts of a column are looked up."""
SAMPLES: Final = 3
Origin = Literal["", "name", "synonym", "remembered", "chosen"]


@dataclass
class Seen:
    """One column: what it holds, where it goes and why, how its first values would be read, and texts that mean nothing."""

    index: int
    name: str
    targets: tuple[Target, ...]
    origin: Origin = ""
    filled: int = 0
    samples: list[str] = field(default_factory=list)
    understood: list[tuple[str, str]] = field(default_factory=list)
    """The first values as written and as read."""
    problems: Counter[Text] = field(default_factory=Counter)
    """Why values among the first rows cannot be read, and how often."""
    unknown: list[tuple[str, int]] = field(default_factory=list)
    """Texts that mean no choice or record, with how often they stand there, most often first."""
    different: int = 0
    ambiguous: bool = False
    """Its dates can be read in two ways."""


@dataclass
class Examined:
    columns: list[Seen]
    rows: int
    whole: bool
    """Whether `rows` is all there are."""


def examine(actor: Actor, table: Table, it: Definition, given: FileMapping, proposed: FileMapping, remembered: bool) -> Examined:
    """Look at a table as `given` says to read it. `proposed`, `remembered`: what `planning.propose` answered, for the origins."""
    settings = people.catalog_of(actor).settings
    data = (row for row in islice(table.rows(), LOOKED) if row.kind == "data")
    sample = list(islice(data, SAMPLE))
    out = [Seen(at, name, given.columns.get(name, ())) for at, name in enumerate(table.columns)]
    blanks = {normal(word) for word in given.blank} | BLANKS
    counters: dict[int, Counter[str]] = {
        seen.index: Counter() for seen in out if any(_listed(it.fields.get(target.field)) for target in seen.targets)
    }
    rows = 0
    for row in _chained(sample, data):
        rows += 1
        for at, counter in counters.items():
            text = shown(row.cells[at]).strip()
            if text and normal(text) not in blanks and (text in counter or len(counter) < DIFFERENT):
                counter[text] += 1
    for seen in out:
        seen.origin = _origin(seen, it, proposed, remembered)
        _sample(seen, sample, blanks)
        replaced = {normal(old) for key in (seen.name, *(t.field for t in seen.targets)) for old in given.values.get(key, {})}
        for target in seen.targets:
            one = it.fields.get(target.field)
            if one is None:
                continue
            column = Column(seen.index, seen.name, one, target)
            if isinstance(one, Link | Links):
                if one.target != it.name:
                    _records(actor, column, counters[seen.index], replaced, seen)
                continue
            _values(column, sample, blanks, replaced, seen, given, settings, actor.language)
            if isinstance(one, Choice | Boolean):
                _choices(column, counters[seen.index], replaced, seen, settings)
        if seen.index in counters:
            seen.different = len(counters[seen.index])
    return Examined(out, rows, rows < LOOKED)


def _listed(one: Field | None) -> bool:
    return isinstance(one, Choice | Boolean | Link | Links)


def _chained(sample: Sequence[Row], rest: Iterable[Row]) -> Iterable[Row]:
    yield from sample
    yield from rest


def _origin(seen: Seen, it: Definition, proposed: FileMapping, remembered: bool) -> Origin:
    if not seen.targets:
        return ""
    if seen.targets != proposed.columns.get(seen.name, ()):
        return "chosen"
    if remembered:
        return "remembered"
    one = it.fields.get(seen.targets[0].field)
    words = (mappings.heading(one), one.label.zh, one.label.en, one.name) if one is not None else ()
    return "name" if synonyms.plain(seen.name) in map(synonyms.plain, words) else "synonym"


def _sample(seen: Seen, sample: Sequence[Row], blanks: set[str]) -> None:
    for row in sample:
        text = shown(row.cells[seen.index]).strip()
        if not text or normal(text) in blanks:
            continue
        seen.filled += 1
        if len(seen.samples) < SAMPLES and text not in seen.samples:
            seen.samples.append(text)


def _values(
    column: Column, sample: Sequence[Row], blanks: set[str], replaced: set[str], seen: Seen, given: FileMapping, settings: Any, language: str
) -> None:
    """How the first values of a column would be read; dates that can be read in two ways are not read at all."""
    one, order = column.field, given.date_order
    if isinstance(one, Date | DateTime) and column.target.transform is None and order is None:
        found = date_orders(cell for row in sample if isinstance(cell := row.cells[column.index], str))
        if len(found) > 1:
            seen.ambiguous = True
            return
        order = next(iter(found), None)
    convert = converter(column, settings, order)
    for row in sample:
        cell = row.cells[column.index]
        text = shown(cell).strip()
        if not text or normal(text) in blanks or normal(text) in replaced:
            continue
        try:
            read = one.show(one.parse(convert(cell), settings), language, settings.tz)
        except (FieldProblem, Unparsed) as problem:
            if not _listed(one):
                seen.problems[_about(text, problem.message)] += 1
            continue
        if len(seen.understood) < SAMPLES and all(text != raw for raw, _ in seen.understood):
            seen.understood.append((text, read))


def _about(text: str, message: Text) -> Text:
    return T(f"“{text[:60]}”：{message.zh}", f"“{text[:60]}”: {message.en}")


def _choices(column: Column, counter: Counter[str], replaced: set[str], seen: Seen, settings: Any) -> None:
    for text, count in counter.most_common():
        if normal(text) in replaced:
            continue
        try:
            column.field.read(text, settings)
        except FieldProblem:
            seen.unknown.append((text, count))


def _records(actor: Actor, column: Column, counter: Counter[str], replaced: set[str], seen: Seen) -> None:
    """Texts that mean no record the actor may read, or several."""
    one = column.field
    assert isinstance(one, Link | Links)
    parts = {
        text: mappings.split(text) if isinstance(one, Links) else [text]
        for text, _ in counter.most_common() if normal(text) not in replaced
    }  # fmt: skip
    texts = list(dict.fromkeys(part for listed in parts.values() for part in listed))
    try:
        found = lookup.records(actor, one.target, texts, by=column.target.by, where=column.target.where)
    except Invalid as problem:  # a condition or a way of naming that cannot be used
        seen.problems.update(error.message for error in problem.errors)
        return
    for text, listed in parts.items():
        try:
            for part in listed:
                only(one, part, found.get(part, []))
        except FieldProblem as problem:
            if problem.code == "link":
                seen.unknown.append((text, counter[text]))
            else:
                seen.problems[problem.message] += counter[text]


def keys(given: FileMapping, it: Definition) -> FileMapping:
    """A proposal that says by what rows are matched with records: what is unique, or else what records are called."""
    used = {target.field for targets in given.columns.values() for target in targets}
    unique = [name for name in it.fields if name in used and it.fields[name].unique]
    match = unique[:1] or ([it.title] if it.title in used else [])
    return replace(given, match=tuple(match))
