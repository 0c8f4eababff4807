"""Records by what people call them: a typed name to an id, and the candidates of a picker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse

from guanxi.base.ids import parse_id
from guanxi.base.search_text import spells
from guanxi.kernel import accounts
from guanxi.kernel.declare.conditions import And, Condition, Or, Test
from guanxi.kernel.declare.fields import FieldProblem, Link, Links, Stage
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.declare.pooling import POOL
from guanxi.kernel.records import finding, reading
from guanxi.surfaces.web.visit import Visit, page

MOST = 8
SHORT_LIST = 60
"""Up to so many records of a settings object are offered in a plain list; beyond it a picker searches."""


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
    same = _named(visit, target, "=", text)
    if len(same) == 1:
        return UUID(same[0]["id"])
    if same:
        raise Several(f"有多条叫“{text}”的记录，请选择一条。", f"Several records are called “{text}”; choose one.", same)
    near = _named(visit, target, "contains", text)
    if near:
        raise Several(f"没有叫“{text}”的记录，您要找的是不是：", f"Nothing is called “{text}”. Did you mean:", near)
    raise _nothing(text)


def _nothing(text: str) -> FieldProblem:
    return FieldProblem("link", f"找不到“{text}”。请输入完整名称，或先新建它。", f"“{text}” was not found. Give its full name, or create it first.")


def _named(visit: Visit, target: Definition, op: str, text: str, where: Condition | None = None) -> list[dict[str, str]]:
    fields = _told(visit, target)
    named = [Or(tuple(Test(name, op, text[:200]) for name in visit.guard.names(target)))] if text else []
    meant = And((*named, *([where] if where is not None else [])))
    rows = reading.query(target.name, actor=visit.actor, where=meant, fields=fields, limit=MOST).rows
    return [_candidate(visit, target, row) for row in rows]


def _told(visit: Visit, target: Definition) -> list[str]:
    return list(dict.fromkeys([*visit.guard.names(target), *(n for n in target.subtitle if visit.guard.level(target, n) in ("read", "write"))]))


def _candidate(visit: Visit, target: Definition, row: dict[str, Any]) -> dict[str, str]:
    label = visit.look.show(target.fields[target.title], visit.guard.called(target, row))
    sub = " · ".join(filter(None, (visit.look.show(target.fields[n], row.get(n)) for n in target.subtitle if n in row)))
    return {"id": str(row["id"]), "label": label or str(row["id"]), "sub": sub}


def short_list(visit: Visit, it: Definition, one: Link | Links, values: dict[str, Any] | None = None) -> list[dict[str, str]] | None:
    """All records a link may name when they are few and kept by administrators: steps of a process, departments, people.
    None when a picker must search."""
    target = visit.guard.target(one)
    if target.group != "settings" or not visit.may(target, "read") or visit.guard.title(target) is None:
        return None
    where: Any = None
    if isinstance(one, Stage):
        link, process = process_link(visit, one, it), (values or {}).get(one.pipeline or "")
        where = Test(link.name, "=", process["id"]) if link is not None and isinstance(process, dict) else None
    elif it.pooling is not None and one.target == POOL:
        where = Test("object_name", "=", it.name) & Test("enabled", "!=", False)
    elif "active" in target.fields:
        where = Test("active", "!=", False)
    fields = _told(visit, target)
    found = reading.query(target.name, actor=visit.actor, where=where, fields=fields, limit=SHORT_LIST + 1, sort=_by_order(target)).rows
    return [_candidate(visit, target, row) for row in found] if len(found) <= SHORT_LIST else None


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


def _among(visit: Visit, it: Definition, q: str, where: Condition) -> list[dict[str, str]]:
    """Those of the records of a condition whose name is spelt so, by characters, pinyin or initials. They are few, such as one customer's
    contacts; of very many, those beyond the first are found by characters."""
    if not q:
        return _named(visit, it, "contains", q, where)
    found = reading.query(it.name, actor=visit.actor, where=where, fields=_told(visit, it), limit=reading.MAX_LIMIT)
    out = [one for one in (_candidate(visit, it, row) for row in found.rows) if spells(q, one["label"])]
    if found.next and len(out) < MOST:
        known = {one["id"] for one in out}
        out += [one for one in _named(visit, it, "contains", q, where) if one["id"] not in known]
    return out[:MOST]


@page
def options(visit: Visit, plural: str) -> HttpResponse:
    """What a picker offers for what was typed so far, as JSON; with `where`, of the records a condition means."""
    it = visit.object(plural)
    q, where = visit.get.get("q", "").strip()[:100], visit.guard.parse(visit.get.get("where", ""))
    out: list[dict[str, str]] = []
    if visit.guard.title(it) is not None:
        if visit.get.get("where"):
            out = _among(visit, it, q, where)
        elif q:
            accounts.searching(visit.request)
            hits = finding.search(q, actor=visit.actor, objects=[it.name], limit=MOST)
            out = [{"id": str(h.id), "label": h.title, "sub": h.subtitle} for h in hits] or _named(visit, it, "contains", q)
        else:
            rows = reading.query(it.name, actor=visit.actor, fields=[it.title], limit=MOST).rows
            out = [_candidate(visit, it, row) for row in rows]
    return JsonResponse({"options": out}, headers={"Cache-Control": "private, no-store"})
