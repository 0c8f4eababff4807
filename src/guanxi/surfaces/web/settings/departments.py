"""The departments as the tree they are: heads, how many people, and moving one under another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.records import door, reading
from guanxi.surfaces.web.visit import Visit, page, redirect

PAGE = 200
MOST = 2000
HERE = "/settings/departments"


@dataclass
class Node:
    """A department with those under it. `own` people have it as their main department, `people` count those below too."""

    id: UUID
    name: str
    head: dict[str, Any] | None
    above: UUID | None
    own: int = 0
    people: int = 0
    under: list[Node] = field(default_factory=list)


@page
def tree(visit: Visit) -> HttpResponse:
    it = visit.object("departments")
    error = ""
    if visit.posted:
        moved = parse_id(visit.post.get("move", ""))
        if moved is None:
            raise NotFound()
        try:
            result = door.perform(it.name, "update", actor=visit.actor, id=moved, changes={it.parent: visit.post.get("above") or None})
        except Invalid as problem:
            error = problem.errors[0].message.for_(visit.look.lang)
        else:
            if result.changed:
                visit.say(T("部门已移动，数据范围随之生效。", "The department was moved; data scopes follow at once."))
            return redirect(f"{HERE}#d-{moved}")
    moving = parse_id(visit.post.get("move", "") or visit.get.get("move", ""))
    roots, nodes = _read(visit)
    may = {verb: visit.may(it, verb) for verb in ("create", "update")}
    return visit.page(
        "pages/departments.html",
        422 if error else 200,
        current=it,
        it=it,
        roots=roots,
        moving=moving if may["update"] and moving in nodes else None,
        targets=_places(roots, moving),
        may=may,
        error=error,
        count=len(nodes),
        title=it.label,
    )


def _read(visit: Visit) -> tuple[list[Node], dict[UUID, Node]]:
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        found = reading.query(
            "department", actor=visit.actor, fields=["name", "above", "head"], sort=["order", "name"], limit=PAGE, after=after
        )
        rows += found.rows
        after = found.next
        if after is None or len(rows) >= MOST:
            break
    nodes = {row["id"]: Node(row["id"], row["name"] or "", row["head"], row["above"]["id"] if row["above"] else None) for row in rows}
    where = {"field": "active", "op": "!=", "value": False}
    for group in reading.aggregate("user", actor=visit.actor, where=where, group_by=["department"]).rows:
        held = group["department"]
        if isinstance(held, dict) and held["id"] in nodes:
            nodes[held["id"]].own = group["count"]
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.above) if node.above is not None else None
        (parent.under if parent is not None else roots).append(node)
    for root in roots:
        _count(root)
    return roots, nodes


def _count(node: Node) -> int:
    node.people = node.own + sum(_count(one) for one in node.under)
    return node.people


def _places(roots: list[Node], moving: UUID | None, depth: int = 0) -> list[tuple[UUID, str]]:
    """Where a department may go: anywhere but under itself."""
    out: list[tuple[UUID, str]] = []
    for node in roots:
        if node.id != moving:
            out.append((node.id, "　" * depth + node.name))
            out += _places(node.under, moving, depth + 1)
    return out
