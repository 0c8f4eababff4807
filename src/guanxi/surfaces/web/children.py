"""The parts of a record in an order of their own, edited on its page: what `Record(children=…)` declares.

Every part is a row of inputs; one form saves what was touched, adds a part, and moves one up or down. The names of the
inputs are the fields' with the part's id before them, so that the forms' own reading and drawing serve here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import FieldError, Invalid, NotFound, Problem
from guanxi.base.text import T
from guanxi.kernel import jobs
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import Field, Link, Links, LongText, Tags
from guanxi.kernel.declare.objects import Definition, Form, Record
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.door import Item
from guanxi.surfaces.web import linking
from guanxi.surfaces.web.inputs import Raw, defaults, initial, read_all, signature
from guanxi.surfaces.web.visit import Visit, page, redirect

MOST = 200
STEP = 10
NEW = "new"


@dataclass
class Part:
    """One row of the table: `fields` are bound to its inputs' names."""

    id: str
    row: dict[str, Any]
    fields: list[Field]
    raw: Raw
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def plain(self) -> list[Field]:
        """The fields that stand in columns."""
        return [one for one in self.fields if not _folded(one)]

    @property
    def folded(self) -> list[Field]:
        return [one for one in self.fields if _folded(one)]


@dataclass
class Table:
    """The parts of one kind of a record, as its page shows them."""

    parent: Definition
    record: UUID
    it: Definition
    link: Link
    columns: list[Field]
    parts: list[Part]
    lists: dict[str, Any]
    may_write: bool
    may_delete: bool
    new: Part | None
    full: bool


def _folded(one: Field) -> bool:
    """Too wide for a column: shown below the row, opened when wanted."""
    return isinstance(one, LongText | Links) or (isinstance(one, Tags) and bool(one.fields_of))


def tables(visit: Visit, parent: Definition, row: dict[str, Any]) -> list[Table]:
    """The tables of a record's page, one per kind of part that the actor may read."""
    view: Record | None = parent.view(Record)
    names = view.children if view is not None and row.get("deleted_at") is None else ()
    return [_table(visit, parent, row["id"], it) for name in names if visit.may(it := visit.catalog.object(name), "read")]


def _link(parent: Definition, it: Definition) -> Link:
    return next(link for link in it.links() if link.target == parent.name and not link.system)


def _fields(visit: Visit, it: Definition, link: Link) -> list[Field]:
    """What a row holds: the form's fields but for the link to the parent and the order, which the place says."""
    form: Form | None = it.view(Form)
    names = form.fields if form is not None else tuple(it.fields)
    customs = [n for n, one in it.fields.items() if one.custom and n not in names]
    return [
        it.fields[n] for n in (*names, *customs)
        if n not in (link.name, "order") and visit.guard.level(it, n) == "write" and not it.fields[n].readonly and not it.fields[n].system
    ]  # fmt: skip


def _bind(fields: Sequence[Field], prefix: str) -> list[Field]:
    return [one.bound(name=f"{prefix}.{one.name}") for one in fields]


def _table(visit: Visit, parent: Definition, record: UUID, it: Definition, posted: Raw | None = None) -> Table:
    link = _link(parent, it)
    fields = _fields(visit, it, link)
    wanted = [*(one.name for one in fields), it.title, "order", "version"]
    found = reading.query(it.name, actor=visit.actor, where=Test(link.name, "=", str(record)), fields=list(dict.fromkeys(wanted)), sort=["order"], limit=MOST)
    parts = [_part(str(row["id"]), row, fields, visit, posted) for row in found.rows]
    new = None
    if visit.may(it, "create"):
        bound = _bind(fields, NEW)
        raw = posted or defaults([one for one in bound if one.kind != "owner"], visit)
        new = Part(NEW, {}, bound, raw)
    lists: dict[str, Any] = {}
    for one in fields:
        if isinstance(one, Link | Links):
            lists[one.name] = (
                [{"id": part.id, "label": visit.look.show(it.fields[it.title], part.row.get(it.title)), "sub": ""} for part in parts]
                if one.target == it.name
                else linking.short_list(visit, it, one)
            )
    columns = [one for one in fields if not _folded(one)]
    return Table(
        parent, record, it, link, columns, parts, lists, visit.may(it, "update"), visit.may(it, "delete"), new, found.next is not None
    )


def _part(id: str, row: dict[str, Any], fields: Sequence[Field], visit: Visit, posted: Raw | None) -> Part:
    bound = _bind(fields, id)
    raw = Raw()
    for one, plain in zip(bound, fields, strict=True):
        raw.fill(initial(one, row.get(plain.name), visit))
        raw.texts[f"was.{one.name}"] = [signature(one, raw)]
    raw.texts[f"{id}.version"] = [str(row["version"])]
    if posted is not None and f"{id}.version" in posted.texts:
        raw = posted
    return Part(id, row, bound, raw)


# -- saving ------------------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """Some rows were not taken; nothing is written."""


@page
def save(visit: Visit, plural: str, id: str, child: str) -> HttpResponse:
    """Write what was touched, add the new row if it has a name, then move a part, all or nothing."""
    parent = visit.object(plural)
    view: Record | None = parent.view(Record)
    it = visit.object(child)
    if view is None or it.name not in view.children or not visit.posted:
        raise NotFound()
    row = reading.get(parent.name, id, actor=visit.actor, fields=[parent.title])
    here = visit.look.to(parent.name, row["id"])
    raw = Raw.of(visit.post)
    table = _table(visit, parent, row["id"], it, raw)
    do, _, which = visit.post.get("do", "save").partition(".")
    try:
        with jobs.together(visit.actor.workspace):
            count = _write(visit, table)
            if do in ("up", "down"):
                _move(visit, table, which, -1 if do == "up" else 1)
    except _Refused:
        return visit.page("pages/children.html", 422, current=parent, it=parent, table=table, name=row.get(parent.title), title=parent.label)
    if count:
        visit.say(T(f"已保存 {count} 处修改。", f"{count} changes saved."))
    elif do == "save":
        visit.say(T("没有改动，无需保存。", "Nothing was changed."), "note")
    return redirect(f"{here}#{it.plural}")


def _write(visit: Visit, table: Table) -> int:
    it, updates, count = table.it, [], 0
    for part in table.parts:
        if part.raw.get(f"{part.id}.version") and table.may_write:
            values = _values(visit, part)
            if values:
                updates.append((part, values))
    items = [Item(UUID(part.id), values, UUID(part.raw.get(f"{part.id}.version"))) for part, values in updates]
    outcomes = door.perform_many(it.name, "update", items, actor=visit.actor) if items else []
    for (part, _), outcome in zip(updates, outcomes, strict=True):
        if isinstance(outcome, Problem):
            _blame(visit, part, outcome)
        else:
            count += outcome.changed
    new = table.new
    if new is not None and new.raw.get(f"{NEW}.{it.title}").strip():
        values = _values(visit, new, everything=True)
        if not new.errors:
            last = max((part.row.get("order") or 0 for part in table.parts), default=0)
            changes = values | {table.link.name: str(table.record), "order": last + STEP}
            try:
                door.perform(it.name, "create", actor=visit.actor, changes=changes)
                count += 1
            except Problem as problem:
                _blame(visit, new, problem)
    if any(part.errors or part.problem for part in (*table.parts, *([new] if new is not None else []))):
        raise _Refused
    return count


def _values(visit: Visit, part: Part, *, everything: bool = False) -> dict[str, Any]:
    """What was typed into a row, by field. Errors are noted on the row."""
    read = read_all(part.fields, part.raw, visit, everything=everything)
    if read.errors:
        _blame(visit, part, Invalid(read.errors), named=True)
    return {name.partition(".")[2]: value for name, value in read.values.items()}


def _blame(visit: Visit, part: Part, problem: Problem, *, named: bool = False) -> None:
    lang = visit.look.lang
    errors: Sequence[FieldError] = problem.errors
    known = {one.name for one in part.fields}
    for error in errors:
        name = error.field if named else f"{part.id}.{error.field}"
        if name in known:
            part.errors.setdefault(name, error.message.for_(lang))
        else:
            part.problem = error.message.for_(lang)
    if not errors:
        part.problem = problem.detail.for_(lang) or problem.title.for_(lang)


def _move(visit: Visit, table: Table, which: str, by: int) -> None:
    """Swap a part with its neighbour; the orders become 10, 20, 30 …, and only those that differ are written."""
    rows = reading.query(table.it.name, actor=visit.actor, where=Test(table.link.name, "=", str(table.record)), fields=["order"], sort=["order"], limit=MOST).rows
    ids = [str(row["id"]) for row in rows]
    if which not in ids:
        raise NotFound()
    at = ids.index(which)
    to = at + by
    if not 0 <= to < len(ids):
        return
    rows[at], rows[to] = rows[to], rows[at]
    items = [Item(row["id"], {"order": place}) for place, row in zip(range(STEP, STEP * len(rows) + 1, STEP), rows, strict=True) if row["order"] != place]
    door.perform_many(table.it.name, "update", items, actor=visit.actor, together=True)
