"""Texts become the records they mean, a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from guanxi.kernel import lookup
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import Field, FieldProblem, Link, Links
from guanxi.kernel.records import door, people
from guanxi.surfaces.imports.mapping import Target

if TYPE_CHECKING:
    from guanxi.surfaces.imports.cells import Prepared
    from guanxi.surfaces.imports.planning import Column, Plan

_REMEMBERED: Final = 50_000


def only(one: Field, text: str, candidates: Sequence[lookup.Candidate]) -> UUID:
    """The one record a text means. Raises FieldProblem when there is none, or several."""
    ids = list(dict.fromkeys(candidate.id for candidate in candidates))
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise FieldProblem(
            "link",
            f"{one.label.zh}：找不到“{text}”，或您没有查看它的权限。",
            f"{one.label.en}: there is no {text!r}, or you may not see it.",
        )
    names = "、".join(f"{c.label} ({c.id})" for c in candidates[:3])
    raise FieldProblem(
        "ambiguous",
        f"{one.label.zh}：有 {len(ids)} 条记录叫“{text}”：{names}。",
        f"{one.label.en}: {len(ids)} records are called {text!r}: {names}.",
    )


class Finder:
    """Finds the records that texts mean, a batch at a time; remembers what it found."""

    def __init__(self, actor: Actor, plan: Plan, remember: bool) -> None:
        self._actor = actor
        self._plan = plan
        self._remember = remember
        self._known: dict[Target, dict[str, list[lookup.Candidate]]] = {}

    def fill(self, rows: Sequence[Prepared], expected: Callable[[Column, str], bool]) -> Counter[str]:
        """Put ids in place of texts; notes problems, and rows that wait for others. Returns warnings by field."""
        wanted: dict[Target, tuple[Column, dict[str, None]]] = {}
        for prepared in rows:
            for column, texts in prepared.links:
                _, held = wanted.setdefault(column.target, (column, {}))
                held.update(dict.fromkeys(texts))
        for target, (column, held) in wanted.items():
            self._look_up(column, target, list(held))
        missing: Counter[str] = Counter()
        for prepared in rows:
            for column, listed in prepared.links:
                self._put(prepared, column, listed, expected, missing)
        return missing

    def _look_up(self, column: Column, target: Target, texts: Sequence[str]) -> None:
        known = self._known.setdefault(target, {})
        if len(known) > _REMEMBERED:
            known.clear()
        one = column.field
        assert isinstance(one, Link | Links)
        fresh = [text for text in texts if text not in known]
        if not fresh:
            return
        found = lookup.records(self._actor, one.target, fresh, by=target.by, where=target.where)
        absent = [text for text, candidates in found.items() if not candidates]
        if absent and self._plan.mapping.create_links and one.target != self._plan.it.name:
            title = people.catalog_of(self._actor).object(one.target).title
            made = door.perform_many(
                one.target, "create", [door.Item(changes={title: text}) for text in absent], actor=self._actor
            )
            for text, outcome in zip(absent, made, strict=True):
                if isinstance(outcome, door.Result):
                    found[text] = [lookup.Candidate(outcome.id, text)]
        known.update(found)

    def forget(self) -> None:
        """After a batch: what was missing may be there now, and in a rehearsal what was made is gone."""
        for known in self._known.values():
            if not self._remember:
                known.clear()
                continue
            for text in [text for text, candidates in known.items() if not candidates]:
                del known[text]

    def _put(
        self,
        prepared: Prepared,
        column: Column,
        texts: Sequence[str],
        expected: Callable[[Column, str], bool],
        missing: Counter[str],
    ) -> None:
        one = column.field
        ids: list[UUID] = []
        for text in texts:
            candidates = self._known[column.target].get(text, [])
            try:
                ids.append(only(one, text, candidates))
            except FieldProblem as problem:
                if not candidates and expected(column, text):
                    prepared.waits = True
                elif not candidates and one.name in self._plan.mapping.warn_links:
                    missing[one.name] += 1
                else:
                    prepared.problems.append((one.name, problem.message))
        if not ids:
            return
        if isinstance(one, Links):
            held = prepared.changes.get(one.name) or []
            prepared.changes[one.name] = list(dict.fromkeys([*held, *ids]))
        else:
            prepared.changes[one.name] = ids[0]
