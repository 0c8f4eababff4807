"""Records by what people call them: a typed name to an id, and the few a plain list offers. Pickers that search are in picking.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guanxi.base.ids import parse_id
from guanxi.kernel.declare.conditions import And, Condition, Or, Test
from guanxi.kernel.declare.fields import FieldProblem, Link, Links, Stage
from guanxi.kernel.declare.grouping import OBJECT as GROUP
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.declare.pooling import POOL
from guanxi.kernel.records import finding, reading
from guanxi.surfaces.web.visit import Visit

MOST = 8
SHORT_LIST = 60
"""Up to so many records of a settings object are offered in a plain list; beyond it a picker searches."""
SOUGHT = ("user", "department")
"""What a picker searches however few there are: people are found as they sound, departments stand in their tree."""


class Several(FieldProblem):
    """A name that fits several records, or none exactly; `candidates` are what it may mean."""

    def __init__(self, zh: str, en: str, candidates: list[dict[str, str]]) -> None:
        super().__init__("ambiguous", zh, en)
        self.candidates = candidates


def resolve(visit: Visit, one: Link | Links, text: str) -> UUID:
    """The record somebody named: its id, its exact title, or "me" for a person. Raises FieldProblem or Several."""
    target = visit.guard.target(one)
    found = parse_id(text)
    if found is not None:
        return found
    if target.name == "user" and text.casefold() in ("me", "我", "本人") and visit.actor.user is not None:
        return visit.actor.user
    if not visit.may(target, "read") or visit.guard.title(target) is None:
        raise _nothing(text)
    same = called(visit, target, "=", text)
    if len(same) == 1:
        return UUID(same[0]["id"])
    if same:
        raise Several(f"有多条叫“{text}”的记录，请选择一条。", f"Several records are called “{text}”; choose one.", same)
    near = called(visit, target, "contains", text) or sounding(visit, target, text)
    if near:
        raise Several(f"没有叫“{text}”的记录，您要找的是不是：", f"Nothing is called “{text}”. Did you mean:", near)
    raise _nothing(text)


def _nothing(text: str) -> FieldProblem:
    return FieldProblem("link", f"找不到“{text}”。请输入完整名称，或先新建它。", f"“{text}” was not found. Give its full name, or create it first.")


def called(visit: Visit, target: Definition, op: str, text: str, where: Condition | None = None) -> list[dict[str, str]]:
    """The records whose name compares so with a text, and for which a condition holds; without a text all of them, up to so many."""
    fields = told(visit, target)
    named = [Or(tuple(Test(name, op, text[:200]) for name in visit.guard.names(target)))] if text else []
    meant = And((*named, *([where] if where is not None else [])))
    rows = reading.query(target.name, actor=visit.actor, where=meant, fields=fields, limit=MOST).rows
    return [candidate(visit, target, row) for row in rows]


def sounding(visit: Visit, target: Definition, text: str, where: Condition | None = None) -> list[dict[str, str]]:
    """The records a search finds, by pinyin and initials too, best first."""
    hits = finding.search(text, actor=visit.actor, objects=[target.name], limit=MOST)
    if not hits or (where is None and not any(isinstance(target.fields[n], Link) for n in target.subtitle)):
        return [{"id": str(h.id), "label": h.title, "sub": h.subtitle} for h in hits]
    meant = And((Test("id", "in", [h.id for h in hits]), *([where] if where is not None else [])))
    rows = {row["id"]: row for row in reading.query(target.name, actor=visit.actor, where=meant, fields=told(visit, target), limit=MOST).rows}
    return [candidate(visit, target, rows[h.id]) for h in hits if h.id in rows]


def told(visit: Visit, target: Definition) -> list[str]:
    """The fields that say which record it is: what it is called, and what stands below."""
    return list(dict.fromkeys([*visit.guard.names(target), *(n for n in target.subtitle if visit.guard.level(target, n) in ("read", "write"))]))


def candidate(visit: Visit, target: Definition, row: dict[str, Any]) -> dict[str, str]:
    """A record as a picker offers it."""
    label = visit.look.show(target.fields[target.title], visit.guard.called(target, row))
    sub = " · ".join(filter(None, (visit.look.show(target.fields[n], row.get(n)) for n in target.subtitle if n in row)))
    return {"id": str(row["id"]), "label": label or str(row["id"]), "sub": sub}


def short_list(visit: Visit, it: Definition, one: Link | Links, values: dict[str, Any] | None = None) -> list[dict[str, str]] | None:
    """All records a link may name when they are few and kept by administrators: steps of a process, roles, pools.
    None when a picker must search."""
    target = visit.guard.target(one)
    if (target.group != "settings" and target.name != GROUP) or target.name in SOUGHT or not visit.may(target, "read") or visit.guard.title(target) is None:
        return None
    where: Any = None
    if isinstance(one, Stage):
        link, process = process_link(visit, one, it), (values or {}).get(one.pipeline or "")
        where = Test(link.name, "=", process["id"]) if link is not None and isinstance(process, dict) else None
    elif it.pooling is not None and one.target == POOL:
        where = Test("object_name", "=", it.name) & Test("enabled", "!=", False)
    elif target.name == GROUP:
        where = Test("object_name", "=", it.name)
    elif "active" in target.fields:
        where = Test("active", "!=", False)
    fields = told(visit, target)
    found = reading.query(target.name, actor=visit.actor, where=where, fields=fields, limit=SHORT_LIST + 1, sort=_by_order(target)).rows
    return [candidate(visit, target, row) for row in found] if len(found) <= SHORT_LIST else None


def _by_order(target: Definition) -> list[str]:
    return ["order"] if "order" in target.fields else [target.title]


def process_link(visit: Visit, one: Stage, it: Definition) -> Link | None:
    """The link of a step to the process it belongs to."""
    process = it.fields.get(one.pipeline or "")
    if not isinstance(process, Link):
        return None
    target = visit.guard.target(one)
    return next((link for link in target.links() if not link.system and link.target == process.target), None)


def steps(visit: Visit, it: Definition, one: Stage, row: dict[str, Any], more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The steps of the process a record is in, in order; the record's own is marked by the caller."""
    target = visit.guard.target(one)
    link = process_link(visit, one, it)
    process = row.get(one.pipeline or "")
    if not visit.may(target, "read") or (link is not None and not isinstance(process, dict)):
        return []
    where = Test(link.name, "=", process["id"]) if link is not None and isinstance(process, dict) else None
    return reading.query(target.name, actor=visit.actor, where=where, fields=list(dict.fromkeys([target.title, *visit.guard.names(target), *more])), sort=_by_order(target), limit=50).rows
