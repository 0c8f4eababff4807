"""Many facts with few statements: the fields of whole lists, filters side by side, what lies in groups, and what is refused.

Filters find out what nobody is shown: whether a value that is hidden from somebody decides what they find.
"""

from __future__ import annotations

import csv
from collections import Counter
from io import BytesIO, StringIO
from typing import Any

from guanxi.base.errors import Forbidden, NotFound, Problem
from guanxi.kernel.records import door, reading
from guanxi.surfaces.imports import exporting
from tests.contract.oracle.companies import VARIED
from tests.contract.oracle.model import Thing
from tests.contract.oracle.ways import LINKS, NAMES, Asker
from tests.kernel.tools import events

OPERATORS = {"summary": "contains", "body": "contains", "description": "contains", "done": "contains", "plan": "contains", "note": "contains", "condition": "contains", "co_authors": "has", "groups": "has"}
UNASKED = ("people", "everyone")
VALUES = 9
"""How many values of a field are asked for, of all records' there are."""
GROUPED = {"book": ("status", "owner", "editor", "author"), "prospect": ("owner",), "chapter": ("book",), "call": ("prospect",), "lead": ("owner",), "comment": ("owner",), "customer": ("owner",), "contact": ("customer",), "work_report": ("owner",), "group": ("owner",)}
DENIED = {"delete": NAMES, "assign": ("book", "prospect", "lead"), "share": ("book", "prospect", "lead")}


class Batches:
    """One person of one company, asked for much at once."""

    def __init__(self, asker: Asker) -> None:
        self.asker, self.company, self.who, self.actor, self.tally = asker, asker.company, asker.who, asker.actor, asker.tally

    def readable(self) -> list[str]:
        return [name for name in VARIED if self.company.may(self.who, name, "read")]

    def merged(self, name: str) -> list[Thing]:
        """Two leads of which one took over what the other had: what they hold is not told by the model."""
        things = self.company.of(name, binned=True)
        return [things[0], things[-1]] if name == "lead" and things[0].values["phones"] == "" else []

    # -- fields ----------------------------------------------------------------------------------------------------------
    def tables(self) -> None:
        """A list, a board and an export with every column somebody may ask for."""
        for name in self.readable():
            shown = [one for one in VARIED[name] if self.company.level(self.who, name, one) != "hidden"]
            where, things = self.asker.where(name), {one.id: one for one in self.company.of(name, binned=True)}
            rows = reading.query(name, actor=self.actor, where=where, fields=shown, limit=200).rows
            cards = reading.heads(name, actor=self.actor, groups=[where], fields=shown, limit=100)[0].rows
            for way, found in (("list", rows), ("board", cards)):
                self.tally.same({row["id"] for row in found}, self.company.living(self.who, name), self.who, name, way)
                for row in found:
                    self.asker.fields(things[row["id"]], row, way, asked=True)
            if self.company.may(self.who, name, "export"):
                self.export(name, shown)

    def export(self, name: str, shown: list[str]) -> None:
        """Of links a file holds names, so only the other fields are compared; records are told by their order, newest first."""
        file, plain = BytesIO(), [one for one in shown if one not in LINKS]
        exporting.export(self.actor, name, file, "csv", where=self.asker.where(name), fields=plain, sort=["id"])
        found = list(csv.reader(StringIO(file.getvalue().decode("utf-8-sig"))))[1:]
        seen = self.company.living(self.who, name)
        things = sorted((one for one in self.company.of(name) if one.id in seen), key=lambda one: one.id, reverse=True)
        self.tally.same(len(found), len(things), self.who, name, "export")
        for thing, cells in zip(things, found, strict=True):
            told = dict(zip(plain, cells, strict=True))
            self.asker.fields(thing, told | {"phones": told["phones"].replace(" ", "")} if "phones" in told else told, "export", asked=True)

    # -- filters ---------------------------------------------------------------------------------------------------------
    def value(self, thing: Thing, one: str) -> Any:
        """What the field of the record is for this person: None where it is empty, hidden by a pool, or a link to what they do not see."""
        if self.company.veiled(self.who, thing, one):
            return None
        if one in ("owner", "editor"):
            held = thing.owner if one == "owner" else thing.values.get(one)
            return str(self.asker.cast.users[held]) if held else None
        if thing.about is not None and thing.about.object == one:
            return str(thing.about.id) if self.company.may(self.who, one, "read") and not thing.about.binned and self.company.reads(self.who, thing.about) else None
        held = thing.values.get(one)
        if one == "author":
            return str(held.id) if held is not None and not held.binned else None
        if one == "co_authors":
            return [str(author.id) for author in held or () if not author.binned] or None
        return held if held not in ("", []) else None

    def groups(self, name: str) -> list[tuple[dict[str, Any], set[Any]]]:
        """Conditions of one field each, with the records this person finds by them."""
        out = []
        seen = [one for one in self.company.of(name) if self.company.reads(self.who, one)]
        left_out = self.merged(name)
        for one in VARIED[name]:
            if one in UNASKED or not self.company.plain(self.who, name, one):
                continue
            asked: list[Any] = []
            for thing in self.company.of(name, binned=True):
                held = None if thing in left_out else self.told(thing, one)
                if held is not None and held not in asked:
                    asked.append(held)
            for value in asked[:VALUES]:
                found = {thing.id for thing in seen if (held := self.held(thing, one)) is not None and (value in held if isinstance(held, list) else held == value)}
                out.append(({"field": one, "op": OPERATORS.get(one, "="), "value": value}, found))
            if not left_out:
                out.append(({"field": one, "op": "empty"}, {thing.id for thing in seen if self.held(thing, one) is None}))
        return out

    def held(self, thing: Thing, one: str) -> Any:
        """What a condition compares: of a link what the record holds (docs/conditions.md), of all else what is shown."""
        if one == "co_authors":
            return [str(author.id) for author in thing.values[one]] or None
        if one == "groups":
            return [str(group.id) for group in thing.values[one] if self.company.shows(self.who, group)] or None
        return self.told(thing, one) if one in ("book", "prospect", "author", "customer") else self.value(thing, one)

    def told(self, thing: Thing, one: str) -> Any:
        """The field's value in truth, which somebody may guess."""
        if one in ("owner", "editor"):
            held = thing.owner if one == "owner" else thing.values.get(one)
            return str(self.asker.cast.users[held]) if held else None
        if thing.about is not None and thing.about.object == one:
            return str(thing.about.id)
        held = thing.values.get(one)
        if isinstance(held, Thing):
            return str(held.id)
        return (str(held[0].id) if held else None) if isinstance(held, list) else held or None

    def filters(self) -> None:
        """Each value asked for, whoever's record has it: as columns of a board, as their rest, as counts, and as marks in a list."""
        for name in self.readable():
            asked = self.groups(name)
            if not asked:
                continue
            all_, seen, where = self.asker.all(name), self.company.living(self.who, name), self.asker.where(name)
            for way, groups in (("filter", [(group, wanted) for group, wanted in asked]), ("filter, not", [({"not": group}, seen - wanted) for group, wanted in asked])):
                pages = reading.heads(name, actor=self.actor, groups=[group for group, _ in groups], where=where, fields=["id"], limit=100)
                for (group, wanted), page in zip(groups, pages, strict=True):
                    self.tally.ids(all_, [row["id"] for row in page.rows], wanted, self.who, name, way, group)
            counted = reading.counts([(name, {"and": [where, group]}) for group, _ in asked], actor=self.actor)
            for (group, wanted), (count, _) in zip(asked, counted, strict=True):
                self.tally.same(count, len(wanted), self.who, name, "counts", group)
            marked = reading.query(name, actor=self.actor, where=where, fields=["id"], limit=200, marks={f"m{n}": group for n, (group, _) in enumerate(asked)}).rows
            for row in marked:
                for n, (group, wanted) in enumerate(asked):
                    self.tally.same(bool(row[f"m{n}"]), row["id"] in wanted, self.who, name, "mark", group)

    # -- figures ---------------------------------------------------------------------------------------------------------
    def figures(self) -> None:
        """Groups of all objects with one statement: how many records lie under each value, and under none."""
        asked = [(name, one) for name, fields in GROUPED.items() for one in fields if self.company.may(self.who, name, "read") and self.company.plain(self.who, name, one)]
        found = reading.aggregates([reading.Asked(name, self.asker.where(name), [one]) for name, one in asked], actor=self.actor)
        for (name, one), figures in zip(asked, found, strict=True):
            assert not isinstance(figures, Problem), (self.who, name, one, figures)
            wanted = Counter(self.value(thing, one) for thing in self.company.of(name) if self.company.reads(self.who, thing))
            counted = {str(row[one]["id"]) if isinstance(row[one], dict) else row[one]: row["count"] for row in figures.rows}
            for value in {self.told(thing, one) for thing in self.company.of(name, binned=True)} | set(counted) | {None}:
                self.tally.same(counted.get(value, 0), wanted[value], self.who, name, one, "group", value)

    # -- what is refused -------------------------------------------------------------------------------------------------
    def denied(self, turn: int) -> None:
        """What somebody may not do is refused record by record, and nothing has happened after all of it."""
        before = events()
        verb = tuple(DENIED)[turn % len(DENIED)]
        for name in DENIED[verb]:
            things = [one for one in self.company.of(name, binned=True) if not self.company.changes(self.who, one, verb)]
            colleague = str(self.asker.cast.users["outsider"])
            changes = {"owner": colleague} if verb == "assign" else {}
            inputs = {"user": colleague, "level": "read"} if verb == "share" else {}
            try:
                found = door.perform_many(name, verb, [door.Item(one.id, dict(changes), inputs=dict(inputs)) for one in things], actor=self.actor)
            except NotFound:
                self.tally.same(self.company.may(self.who, name, "read") or self.company.may(self.who, name, verb), False, self.who, name, verb)
                continue
            except Forbidden:
                self.tally.same(self.company.may(self.who, name, verb), False, self.who, name, verb)
                continue
            for one, outcome in zip(things, found, strict=True):
                sees = not one.binned and self.company.may(self.who, name, "read") and self.company.reads(self.who, one)
                self.tally.same(outcome.code if isinstance(outcome, Problem) else "done", "forbidden" if sees else "not-found", self.who, one, verb)
        self.tally.same(events(), before, self.who, verb, "happened all the same")


def ask(asker: Asker, turn: int) -> None:
    batches = Batches(asker)
    batches.tables()
    batches.filters()
    batches.figures()
    batches.denied(turn)
