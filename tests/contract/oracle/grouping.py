"""Groups: in every way a condition is asked they hold what this person sees of them, and who may put records into them."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

from guanxi.base.errors import Problem
from guanxi.kernel import jobs
from guanxi.kernel.records import door, many, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.imports import exporting
from tests.contract.oracle.model import Thing
from tests.contract.oracle.ways import Asker, refusal
from tests.kernel.tools import events

GROUPED = ("customer", "lead", "contact")


class Grouping:
    """One person of one company."""

    def __init__(self, asker: Asker) -> None:
        self.asker, self.company, self.who, self.actor, self.tally = asker, asker.company, asker.who, asker.actor, asker.tally

    def groups(self, name: str) -> list[Thing]:
        return [one for one in self.company.of("group", binned=True) if one.values["object_name"] == name]

    def conditions(self, turn: int) -> None:
        """A group's members for this person: as columns of a board, as all the others, as a count; one of them in every other way."""
        for name in GROUPED:
            if not self.company.may(self.who, name, "read") or not self.company.plain(self.who, name, "groups"):
                continue
            all_, seen, within = self.asker.all(name), self.company.living(self.who, name), self.asker.where(name)
            asked: list[tuple[Any, set[Any]]] = []
            for group in self.groups(name):
                where = {"field": "groups", "op": "has", "value": str(group.id)}
                if not self.company.askable(self.who, group):
                    self.tally.same(refusal(lambda: reading.query(name, actor=self.actor, where=where)), "group", self.who, group, "a condition over what is hidden")  # noqa: B023
                    continue
                wanted = self.company.gathers(self.who, group)
                called = wanted if self.asker.titled("group") else set()
                asked += [(where, wanted), ({"not": where}, seen - wanted), (where | {"op": "has none", "value": [str(group.id)]}, seen - wanted)]
                asked.append((where | {"value": group.values["name"]}, called))
            if not asked:
                continue
            for (where, wanted), page in zip(asked, reading.heads(name, actor=self.actor, groups=[one for one, _ in asked], where=within, fields=["id"], limit=100), strict=True):
                self.tally.ids(all_, [row["id"] for row in page.rows], wanted, self.who, name, "group", where)
            for (where, wanted), (count, _) in zip(asked, reading.counts([(name, {"and": [within, one]}) for one, _ in asked], actor=self.actor), strict=True):
                self.tally.same(count, len(wanted), self.who, name, "group, count", where)
            self.every_way(name, *asked[turn % len(asked)])

    def every_way(self, name: str, where: dict[str, Any], wanted: set[Any]) -> None:
        all_, narrowed = self.asker.all(name), {"and": [self.asker.where(name), where]}
        self.tally.ids(all_, [row["id"] for row in reading.query(name, actor=self.actor, where=narrowed, fields=["id"], limit=100).rows], wanted, self.who, name, "group, list", where)
        self.tally.ids(all_, many.unpack(many.settle(self.actor, name, narrowed)), wanted, self.who, name, "group, bulk", where)
        self.tally.same(reading.aggregate(name, actor=self.actor, where=narrowed).rows[0]["count"], len(wanted), self.who, name, "group, total", where)
        if self.company.may(self.who, name, "export"):
            file = BytesIO()
            exporting.export(self.actor, name, file, "csv", where=narrowed, fields=["created_at"])
            self.tally.same(len(list(csv.reader(StringIO(file.getvalue().decode("utf-8-sig"))))) - 1, len(wanted), self.who, name, "group, export", where)

    def across(self) -> None:
        """Contacts of the customers in a group: of those customers somebody sees."""
        may = self.company.may(self.who, "contact", "read") and self.company.may(self.who, "customer", "read")
        if not may or not self.company.plain(self.who, "contact", "customer") or not self.company.plain(self.who, "customer", "groups"):
            return
        for group in self.groups("customer"):
            where = {"and": [self.asker.where("contact"), {"field": "customer.groups", "op": "has", "value": str(group.id)}]}
            if not self.company.askable(self.who, group):
                self.tally.same(refusal(lambda: reading.query("contact", actor=self.actor, where=where)), "group", self.who, group, "across")  # noqa: B023
                continue
            held = self.company.gathers(self.who, group)
            wanted = {one.id for one in self.company.of("contact") if one.about is not None and one.about.id in held and self.company.reads(self.who, one)}
            rows = reading.query("contact", actor=self.actor, where=where, fields=["id"], limit=100).rows
            self.tally.ids(self.asker.all("contact"), [row["id"] for row in rows], wanted, self.who, group, "across")

    def joining(self, turn: int) -> None:
        """A record is put in by whoever sees it and may change the group, where members are put in by hand. Tried in earnest, then undone."""
        before = events()
        name = GROUPED[turn % len(GROUPED)]
        for group in self.groups(name):
            may = group.values["kind"] == "static" and self.company.changes(self.who, group)
            things = self.company.of(name, binned=True)
            with jobs.rehearsal(DEFAULT_WORKSPACE):
                try:
                    found = door.perform_many(name, "join_group", [door.Item(one.id, inputs={"group": str(group.id)}) for one in things], actor=self.actor)
                except Problem as problem:
                    self.tally.same(self.company.may(self.who, name, "read"), False, self.who, name, "join_group", problem.code)
                    continue
            for one, outcome in zip(things, found, strict=True):
                sees = not one.binned and self.company.may(self.who, name, "read") and self.company.reads(self.who, one)
                self.tally.same(not isinstance(outcome, Problem), may and sees, self.who, one, group, "join_group", outcome)
        self.tally.same(events(), before, self.who, name, "joined all the same")


def ask(asker: Asker, turn: int) -> None:
    grouping = Grouping(asker)
    grouping.conditions(turn)
    grouping.across()
    grouping.joining(turn)
