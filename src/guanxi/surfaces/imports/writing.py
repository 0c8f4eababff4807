"""Prepared rows become records through the door: matched with those that exist, created or updated, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel import jobs, lookup
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door
from guanxi.surfaces.imports.cells import Prepared
from guanxi.surfaces.imports.planning import Column, Plan
from guanxi.surfaces.imports.reading.table import Row
from guanxi.surfaces.imports.reports import SHOWN, Report


class Refuse(Protocol):
    """Told of a row that cannot be written; `conflict`: because of a record, or several, that match it."""

    def __call__(self, row: Row, reasons: Sequence[tuple[str, Text]], conflict: bool = False) -> None: ...


class Writer:
    """Writes a batch's rows; `refuse` is told of those that cannot be. A dry run undoes each batch: what later batches
    would have found of it is kept here, as hashes."""

    def __init__(self, actor: Actor, plan: Plan, report: Report, dry_run: bool, refuse: Refuse) -> None:
        self.actor = actor
        self.it = plan.it
        self.mapping = plan.mapping
        self.settings = plan.settings
        self.report = report
        self.dry_run = dry_run
        self.refuse = refuse
        self.named = sorted({column.field.name for column in plan.columns})
        self.linked = {column.field.name for column in plan.links}
        self.own_links: dict[Any, Column] = {c.target: c for c in plan.links if c.field.target == plan.it.name}  # type: ignore[attr-defined]
        self.seen_keys: set[int] = set()
        self.seen_names: set[int] = set()

    def write(self, works: list[Prepared]) -> None:
        """Match, then create and update; rows with the same key one after the other."""
        creating = [prepared for prepared in works if prepared.key is None]
        self._create(creating)
        left = [prepared for prepared in works if prepared.key is not None]
        while left:
            left = self._matched(left)

    def _matched(self, works: list[Prepared]) -> list[Prepared]:
        keys = list(dict.fromkeys(prepared.key for prepared in works if prepared.key is not None))
        there = lookup.matches(self.actor, self.it.name, self.mapping.match, keys)
        on_match = self.mapping.on_match
        creating: list[Prepared] = []
        updating: list[tuple[UUID, Prepared]] = []
        later: list[Prepared] = []
        busy: set[Any] = set()
        for prepared in works:
            assert prepared.key is not None
            ids = there.get(prepared.key, [])
            if not ids and hash(prepared.key) in self.seen_keys and prepared.key not in busy:
                self._rehearse_match(prepared)
            elif not ids:
                (later if prepared.key in busy else creating).append(prepared)
                busy.add(prepared.key)
            elif on_match == "skip":
                self.report.rows += 1
                self.report.skipped += 1
                self.report.example("skipped", prepared.row)
            elif on_match == "error":
                self.refuse(prepared.row, [(self.mapping.match[0], _THERE)], conflict=True)
            elif len(ids) > 1:
                self.refuse(
                    prepared.row,
                    [
                        (
                            self.mapping.match[0],
                            T(
                                f"有 {len(ids)} 条记录与它匹配，不知道更新哪一条。",
                                f"{len(ids)} records match it; it is not clear which to update.",
                            ),
                        )
                    ],
                    conflict=True,
                )
            elif ids[0] in busy:
                later.append(prepared)
            else:
                busy.add(ids[0])
                updating.append((ids[0], prepared))
        self._create(creating)
        self._update(updating)
        return later

    def _rehearse_match(self, prepared: Prepared) -> None:
        """A dry run's second row of a key whose first would have been made by an earlier batch."""
        on_match = self.mapping.on_match
        if on_match == "error":
            self.refuse(prepared.row, [(self.mapping.match[0], _THERE)], conflict=True)
            return
        self.report.rows += 1
        if on_match == "skip":
            self.report.skipped += 1
            self.report.example("skipped", prepared.row)
        else:
            self.report.updated += 1

    def _create(self, works: Sequence[Prepared]) -> None:
        if not works:
            return
        outcomes = self._perform("create", [door.Item(changes=prepared.changes) for prepared in works])
        for prepared, outcome in zip(works, outcomes, strict=True):
            if isinstance(outcome, Problem):
                self.refuse(prepared.row, _reasons(outcome))
                continue
            self.report.rows += 1
            self.report.created += 1
            self.report.example("created", prepared.row)
            self._came_in(prepared, outcome)
            if self.dry_run:
                if prepared.key is not None:
                    self.seen_keys.add(hash(prepared.key))
                for column in self.own_links.values():
                    by = column.target.by or self.it.title
                    self.seen_names.add(hash((by, normal(str(prepared.changes.get(by))))))

    def _update(self, pairs: Sequence[tuple[UUID, Prepared]]) -> None:
        if not pairs:
            return
        before: Mapping[UUID, Mapping[str, Any]] = {}
        names = [*self.named, self.it.title]
        if self.dry_run and len(self.report.differences) < SHOWN:
            before = lookup.shown(self.actor, self.it.name, [id_ for id_, _ in pairs], names)
        # Where a record lies is said of new ones; those there are stay where they are.
        outcomes = self._perform("update", [door.Item(id_, {name: value for name, value in prepared.changes.items() if name != "pool"}) for id_, prepared in pairs])
        after: Mapping[UUID, Mapping[str, Any]] = {}
        if before:
            after = lookup.shown(self.actor, self.it.name, [id_ for id_, _ in pairs], names)
        for (id_, prepared), outcome in zip(pairs, outcomes, strict=True):
            if isinstance(outcome, Problem):
                self.refuse(prepared.row, _reasons(outcome))
                continue
            self.report.rows += 1
            if not outcome.changed:
                self.report.same += 1
                self.report.example("same", prepared.row)
                continue
            self.report.updated += 1
            self._came_in(prepared, outcome)
            if id_ in before and len(self.report.differences) < SHOWN:
                self._difference(prepared.row, id_, before[id_], after.get(id_, {}))

    def _difference(self, row: Row, id_: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        changes = {}
        zone, title = self.settings.tz, self.it.fields[self.it.title]
        for name in self.named:
            one, old = self.it.fields[name], before.get(name)
            if name in before and name in after and after[name] != old:
                changes[name] = [
                    one.show(old, self.actor.language, zone),
                    one.show(after[name], self.actor.language, zone),
                ]
        self.report.differences.append({"row": row.number, "id": str(id_), "name": title.show(before.get(title.name), self.actor.language, zone), "changes": changes})

    def _came_in(self, prepared: Prepared, outcome: door.Result) -> None:
        for at, text in outcome.warnings:
            self.report.count(self.report.warnings, at, text)
        if not self.linked:
            return
        held = {column.field.name for column, _ in prepared.links if prepared.waits} | prepared.changes.keys()
        for name in self.linked - held:
            self.report.without[name] += 1

    def _perform(self, verb: str, items: Sequence[door.Item]) -> list[door.Result | Problem]:
        """Through the door, all together; when one row brings the whole batch down, halves find out which."""
        try:
            with jobs.attempt():
                return door.perform_many(self.it.name, verb, items, actor=self.actor)
        except Problem as problem:
            if len(items) == 1:
                return [problem]
        half = len(items) // 2
        return [*self._perform(verb, items[:half]), *self._perform(verb, items[half:])]


_THERE = T("已有相同的记录。", "There is such a record already.")


def _reasons(problem: Problem) -> list[tuple[str, Text]]:
    """Why the door refused, each with its field; a message that does not name its field is given the name."""
    if not problem.errors:
        return [("", problem.detail)]
    return [(error.field, error.message if error.message.zh else problem.detail) for error in problem.errors]
