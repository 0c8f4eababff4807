"""Cells of a list written as in a sheet: a block pasted from one, cells emptied, and what was written taken back.

Texts are understood as an import understands them. What is right is saved, a wrong cell says why and stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.normal import normal
from guanxi.base.text import T
from guanxi.kernel import lookup
from guanxi.kernel.declare.fields import FieldProblem, File, Link, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, reading
from guanxi.surfaces.imports.cells import converter
from guanxi.surfaces.imports.linking import only
from guanxi.surfaces.imports.mapping import BLANKS, Target, split
from guanxi.surfaces.imports.planning import Column
from guanxi.surfaces.web import filters
from guanxi.surfaces.web.cells import drawer
from guanxi.surfaces.web.record import editable
from guanxi.surfaces.web.visit import Visit, page

MOST = reading.MAX_LIMIT
CLOSED = T("这个单元格不能修改。", "This cell cannot be changed.")


@dataclass
class Line:
    """A row of the block: the record, its cells as text or (taking back) as values, and what became of them."""

    id: UUID
    version: UUID | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    saved: UUID | None = None


@page
def cells(visit: Visit, plural: str) -> HttpResponse:
    """Write a block of cells. Answers JSON: by record what was saved, drawn, and what was wrong; and what takes it back."""
    it = visit.object(plural)
    if not visit.posted:
        raise NotFound()
    lines = _asked(visit.post.get("rows", ""))
    paths = [c.path for path in visit.post.get("columns", "").split(",")[:40] if (c := filters.column(visit.guard, it, path)) is not None]
    names = list(dict.fromkeys(name for line in lines for name in (*line.texts, *line.values)))
    allowed = editable(visit, it)
    before = _rows(visit, it, lines, [name for name in names if name in allowed])
    _understand(visit, it, lines, allowed)
    _write(visit, it, lines)
    after = _rows(visit, it, [line for line in lines if line.saved is not None], paths)
    return HttpResponse(msgspec.json.encode(_told(visit, it, lines, before, after, paths)), content_type="application/json", headers={"Cache-Control": "private, no-store"})


def _asked(text: str) -> list[Line]:
    """The posted rows. Raises Invalid."""
    try:
        found = msgspec.json.decode(text)
        lines = [
            Line(id_, parse_id(row.get("version") or ""), {str(k): str(v) for k, v in row.get("texts", {}).items()}, dict(row.get("values", {})))
            for row in found
            if (id_ := parse_id(row["id"])) is not None
        ]
    except (msgspec.DecodeError, TypeError, KeyError, AttributeError, ValueError):
        raise Invalid([], T("看不懂要写入的内容。", "What to write was not understood.")) from None
    if len(lines) > MOST:
        raise Invalid([], T(f"一次最多 {MOST} 行。", f"At most {MOST} rows at once."))
    return lines


def _rows(visit: Visit, it: Definition, lines: Sequence[Line], paths: Sequence[str]) -> dict[UUID, dict[str, Any]]:
    ids = [str(line.id) for line in lines]
    if not ids:
        return {}
    where = {"field": "id", "op": "in", "value": ids}
    return {row["id"]: row for row in reading.query(it.name, actor=visit.actor, where=where, fields=paths, limit=MOST).rows}


def _understand(visit: Visit, it: Definition, lines: Sequence[Line], allowed: frozenset[str]) -> None:
    """Texts as values, each field's as an import reads it; the records that links name are looked up together."""
    settings, say = visit.look.settings, visit.look.say
    for line in lines:
        for name in (*line.texts, *line.values):
            if name not in allowed or isinstance(it.fields[name], File):
                line.wrong[name] = say(CLOSED)
        line.changes |= {name: value for name, value in line.values.items() if name not in line.wrong}
    for name in dict.fromkeys(name for line in lines for name in line.texts if name not in line.wrong):
        one = it.fields[name]
        given = {id(line): line.texts[name].strip() for line in lines if name in line.texts}
        known: dict[str, list[lookup.Candidate]] = {}
        if isinstance(one, Link | Links):
            parts = {part for text in given.values() if not _blank(text) for part in (split(text) if isinstance(one, Links) else [text])}
            known = lookup.records(visit.actor, one.target, sorted(parts))
        read = converter(Column(0, name, one, Target(name)), settings, None)
        for line in lines:
            text = given.get(id(line))
            if text is None:
                continue
            try:
                if _blank(text):
                    line.changes[name] = None
                elif isinstance(one, Links):
                    line.changes[name] = [only(one, part, known[part]) for part in split(text)]
                elif isinstance(one, Link):
                    line.changes[name] = only(one, text, known[text])
                else:
                    line.changes[name] = one.parse(read(text), settings)
            except FieldProblem as problem:
                line.wrong[name] = say(problem.message)


def _blank(text: str) -> bool:
    return not text or normal(text) in BLANKS


def _write(visit: Visit, it: Definition, lines: Sequence[Line]) -> None:
    """Save what was understood. Where a rule refuses some of a row's cells, the others are saved without them."""
    waiting = [line for line in lines if line.changes]
    for _ in range(3):
        if not waiting:
            return
        outcomes = door.perform_many(it.name, "update", [door.Item(line.id, line.changes, line.version) for line in waiting], actor=visit.actor)
        again: list[Line] = []
        for line, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, door.Result):
                line.saved = outcome.version
                continue
            blamed = {e.field: visit.look.say(e.message) for e in outcome.errors if e.field in line.changes}
            if not blamed or len(blamed) == len(line.changes):
                blamed = {name: blamed.get(name) or _reason(visit, outcome) for name in line.changes}
            line.wrong |= blamed
            line.changes = {name: value for name, value in line.changes.items() if name not in blamed}
            if line.changes:
                again.append(line)
        waiting = again


def _reason(visit: Visit, problem: Problem) -> str:
    if isinstance(problem, NotFound | Forbidden):
        return visit.look.t("没有权限，或记录已不在。", "Not allowed, or the record is gone.")
    if isinstance(problem, Conflict) and problem.status == 412:
        return visit.look.t("之后又有人改过，没有改动。", "Somebody changed it since; left as it is.")
    return " ".join(visit.look.say(e.message) for e in problem.errors) or visit.look.say(problem.detail)


def _told(
    visit: Visit, it: Definition, lines: Sequence[Line], before: Mapping[UUID, dict[str, Any]], after: Mapping[UUID, dict[str, Any]], paths: Sequence[str]
) -> dict[str, Any]:
    columns = [c for path in paths if (c := filters.column(visit.guard, it, path)) is not None]
    draw = {c.path: drawer(visit.look, c.field, c.level) for c in columns}
    rows: dict[str, Any] = {}
    back: list[dict[str, Any]] = []
    for line in lines:
        told: dict[str, Any] = {"wrong": line.wrong}
        if line.saved is not None:
            row = after.get(line.id)
            told["version"] = str(line.saved)
            told["saved"] = list(line.changes)
            told["gone"] = row is None
            told["values"] = {path: draw[path](row.get(path)) for path in draw} if row is not None else {}
            was = before.get(line.id, {})
            back.append({"id": str(line.id), "version": str(line.saved), "values": {name: _plain(it, name, was.get(name)) for name in line.changes}})
        rows[str(line.id)] = told
    return {"rows": rows, "back": back}


def _plain(it: Definition, name: str, value: Any) -> Any:
    """A value as rows give it, in the form in which the door takes it."""
    one = it.fields[name]
    if isinstance(one, Link):
        return str(value["id"]) if value else None
    if isinstance(one, Links):
        return [str(item["id"]) for item in value or []] or None
    return one.to_json(value)
