"""Duplicates become one on the screens: looking for them, comparing them field by field, merging, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import door, matching, merging, reading, telling, unmerging
from guanxi.surfaces.web import filters
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

CHOICE = "f."
"""What the inputs are called that say whose value of a field stands."""


def address(it: Definition, ids: Sequence[Any], keep: Any = None) -> str:
    """The page that compares some records."""
    return f"/{it.plural}/merge?" + urlencode({"ids": ",".join(map(str, ids)), **({"keep": keep} if keep else {})})


def offers(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Offered]:
    """What a record's menu leads to because it may have duplicates."""
    if it.duplicates is None or row.get("deleted_at") is not None or not visit.may(it, "update"):
        return []
    return [Offered("duplicates", T("查找重复", "Look for duplicates"), visit.look.to(it.name, row["id"], "duplicates"), menu=True)]


def undoable(visit: Visit, it: Definition, record: UUID, events: Sequence[telling.Told]) -> set[UUID]:
    """The merges told of that this person may take back."""
    if it.duplicates is None or not visit.may(it, "unmerge") or not any(one.verb == "merge" and one.record == record for one in events):
        return set()
    return unmerging.undoable(it.name, record, actor=visit.actor)


@page
def duplicates(visit: Visit, plural: str, id: str) -> HttpResponse:
    """What there is like one record, and the way to merge it."""
    it = visit.object(plural)
    record = parse_id(id)
    if it.duplicates is None or record is None:
        raise NotFound()
    found = matching.of_record(it.name, record, actor=visit.actor)
    [(_, name)] = named(visit, it, [record])
    return visit.page("pages/like.html", it=it, current=it, found=found, record=record, name=name, merges=_merges(visit, it), title=T("查找重复", "Look for duplicates"))


def _merges(visit: Visit, it: Definition) -> Any:
    """The address that merges a record found with another, where that may be."""

    def to(match: matching.Match, record: UUID) -> str:
        may = match.id is not None and match.object == it.name and match.state != "bin" and visit.may(it, "merge")
        return address(it, [record, match.id]) if may else ""

    return to


def named(visit: Visit, it: Definition, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """What some records are called, in the order asked for."""
    known = reading.names({it.name: ids}, actor=visit.actor)
    return [(id, known.get(id) or visit.look.nameless) for id in ids]


@page
def merge(visit: Visit, plural: str) -> HttpResponse:
    """Records beside each other, field by field; then one of them stays."""
    it = visit.object(plural)
    if it.duplicates is None:
        raise NotFound()
    given = visit.post if visit.posted else visit.get
    ids = list(dict.fromkeys(id for one in ",".join(given.getlist("ids")).split(",") if (id := parse_id(one)) is not None))
    keep = parse_id(given.get("keep", ""))
    if keep is not None and keep in ids:
        ids = [keep, *(id for id in ids if id != keep)]
    elif len(ids) > 1:
        ids.sort(key=lambda id: id.int)  # the oldest stays, unless somebody says otherwise: ids are times
    compared = merging.compare(it.name, ids, actor=visit.actor)
    problem: Problem | None = None
    if visit.posted and given.get("do") == "merge":
        try:
            return _merged(visit, compared, ids)
        except (Invalid, Conflict, Forbidden) as found_problem:
            problem = found_problem
    order = [row["id"] for row in sorted(compared.rows, key=lambda row: row["id"].int)]
    rows = {row["id"]: row for row in compared.rows}
    chosen = {line.field.name: _chosen(visit, line) for line in compared.lines}
    differing = [line for line in compared.lines if line.differs and not line.field.system]
    return visit.page(
        "pages/merge.html", problem.status if problem is not None else 200,
        current=it, it=it, compared=compared, order=order, rows=rows, at={row["id"]: n for n, row in enumerate(compared.rows)}, chosen=chosen,
        decided=[line for line in differing if line.choosable], ruled=[line for line in differing if not line.choosable],
        same=[line for line in compared.lines if not line.differs and not line.field.system and not line.field.empty(line.values[0])],
        names=dict(named(visit, it, order)), problem=problem, address=lambda keep: address(it, order, keep), level=lambda one: visit.guard.level(it, one.name),
        owner=filters.column(visit.guard, it, "owner") if it.owned else None, title=T(f"合并{it.label.zh}", f"Merge {it.label.en.lower()} records"),
    )  # fmt: skip


def _chosen(visit: Visit, line: merging.Line) -> str:
    return visit.post.get(CHOICE + line.field.name) or str(line.chosen)


def _merged(visit: Visit, compared: merging.Comparison, ids: Sequence[UUID]) -> HttpResponse:
    it, given = compared.it, visit.post
    fields = {line.field.name: value for line in compared.lines if line.choosable and (value := given.get(CHOICE + line.field.name))}
    versions = {str(id): version for id in ids[1:] if (version := given.get(f"version.{id}"))}
    result = door.perform(
        it.name, "merge", actor=visit.actor, id=ids[0], version=parse_id(given.get(f"version.{ids[0]}", "")),
        inputs={"others": [str(id) for id in ids[1:]], "fields": fields, "versions": versions},
    )  # fmt: skip
    moved = (result.output or {}).get("moved", 0)
    undo = visit.look.to(it.name, ids[0], "unmerge", merge=result.version)
    visit.say(
        T(f"已合并 {len(ids)} 条{it.label.zh}，{moved} 条相关记录跟随。", f"{len(ids)} records merged; {moved} records followed."), "done",
        undo if visit.may(it, "unmerge") else "", T("撤销", "Undo"),
    )  # fmt: skip
    _warned(visit, result)
    return redirect(visit.look.to(it.name, ids[0]))


def _warned(visit: Visit, result: door.Result) -> None:
    for _, message in result.warnings[:5]:
        visit.say(message, "warning")
    if len(result.warnings) > 5:
        more = len(result.warnings) - 5
        visit.say(T(f"还有 {more} 条同样保留。", f"{more} more were kept as well."), "warning")


@page
def unmerge(visit: Visit, plural: str, id: str) -> HttpResponse:
    """What taking a merge back would do and what would stay; then it is done."""
    it = visit.object(plural)
    record = parse_id(id)
    if it.duplicates is None or record is None:
        raise NotFound()
    inputs = {"merge": merge} if (merge := (visit.post if visit.posted else visit.get).get("merge", "")) else {}
    if visit.posted:
        result = door.perform(it.name, "unmerge", actor=visit.actor, id=record, inputs=inputs)
        visit.say(T("合并已撤销，记录恢复原状。", "The merge was undone; the records are as they were."), "done")
        _warned(visit, result)
        return redirect(visit.look.to(it.name, record))
    tried = unmerging.preview(it.name, record, inputs, actor=visit.actor)
    return visit.page(
        "pages/unmerge.html", it=it, current=it, record=record, merge=merge, name=named(visit, it, [record])[0][1], back=tried.back, put=tried.put,
        kept=tried.kept, title=T("撤销合并", "Undo the merge"),
    )  # fmt: skip
