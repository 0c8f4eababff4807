"""The page of one record: what it is, what can be done, what hangs on it, what happened, and why one sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import Condition, Test
from guanxi.kernel.declare.fields import FieldProblem, Json, Stage
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.objects import SYSTEM_FIELDS, Action, Definition, Form, Record
from guanxi.kernel.declare.pooling import LYING
from guanxi.kernel.records import reading, telling
from guanxi.kernel.records.merging import survivor as become
from guanxi.surfaces.web import (
    around,
    bin,
    boxes,
    children,
    consenting,
    duplicates,
    filters,
    grades,
    merging,
    pools,
    remarks,
    steps,
    words,
)
from guanxi.surfaces.web.around import see
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.steps import Offered
from guanxi.surfaces.web.visit import Visit, page, redirect

EVENTS = 50
MENU = ("assign", "share", "unshare", "delete")


@page
def record(visit: Visit, plural: str, id: str) -> HttpResponse:
    it = visit.object(plural)
    view: Record = it.view(Record) or Record()
    groups = grouped(visit, it, view)
    highlights = see(visit, it, view.highlights)
    subtitle = see(visit, it, tuple(path for path in it.subtitle if path not in view.highlights))
    tab = visit.get.get("tab", "") or ("history" if it.group == "settings" else "timeline")
    before, asked = parse_id(visit.get.get("before", "")), around.asked(visit, it)
    only = asked.only
    paths = [*(c.path for _, group in groups for c in group), *(c.path for c in (*highlights, *subtitle)), *asked_paths(visit, it), *boxes.asked(visit, it)]
    paths += ["pool"] if it.pooling is not None else []
    try:
        row, happened = fetch(visit, it, id, paths, EVENTS if tab == "timeline" and not before and asked == telling.Narrow() else 0, opened=True)
    except NotFound:
        if (now := become(it.name, id, actor=visit.actor)) is None:
            raise
        return _moved(visit, it, now)
    if it.duplicates is not None and row.get("deleted_at") is not None and (now := become(it.name, row["id"], actor=visit.actor)) is not None:
        return _moved(visit, it, now)
    offered = actions(visit, it, row)
    may_edit = any(o.verb == "update" for o in offered)
    tables = children.tables(visit, it, row)
    related, comments, figures = around.related(visit, it, view, row, [(table.it, table.link) for table in tables])
    context: dict[str, Any] = {}
    chosen = next((one for one in related if one.key == tab), None)
    if chosen is not None:
        context |= around.children(visit, chosen, row)
    elif tab == "history":
        happened = telling.history(it.name, row["id"], actor=visit.actor, before=before, limit=EVENTS)
    elif tab == "why":
        context["why"] = telling.explain(it.name, row["id"], actor=visit.actor)
    elif tab == "files":
        context["files"] = around.attached(visit, it, row)
        context["uploading"] = around.uploading(visit, it, row, editable(visit, it)) if may_edit else None
    elif tab == "team" and "share" in it.verbs:
        context["team"] = around.team(visit, it, row)
    elif tab != "timeline":
        raise NotFound()
    elif happened is None:
        happened = telling.timeline(it.name, row["id"], actor=visit.actor, before=before, limit=EVENTS, narrow=asked)
    agreed = consenting.standings(visit, it, row)
    edited = remarks.latest(happened or [])
    return visit.page(
        "pages/record.html",
        current=it,
        it=it,
        row=row,
        name=visit.guard.called(it, row),
        groups=groups,
        highlights=highlights,
        figures=figures,
        subtitle=[c for c in subtitle if row.get(c.path) not in (None, "", [])],
        editable=editable(visit, it) if may_edit else frozenset(),
        actions=offered,
        related=related,
        reveals=visit.may(it, "reveal"),
        printable=visit.may(it, "print"),
        has_files=around.holds_files(visit, it),
        children=tables,
        tab=tab,
        agreed=agreed,
        consent=visit.catalog.object("consent"),
        box=boxes.box(visit, it, row, agreed or ()) if tab == "timeline" else None,
        bar=steps.bar(visit, it, row, offered, happened or []),
        days=around.by_day(visit, around.told(visit, happened or []) if tab == "timeline" else happened or []),
        last=happened[-1].id if happened and len(happened) == EVENTS else None,
        kinds=around.kinds(visit, it, related, comments),
        commenting=remarks.writing(visit, it, row) if tab == "timeline" else None,
        only=only,
        asked=asked,
        ways=around.ways(visit, it) if tab == "timeline" else [],
        kept=around.kept(visit),
        people=visit.look.to("user", None, "options") if visit.may(visit.catalog.object("user"), "read") else "",
        written=lambda event: around.written(visit, event),
        because=lambda event: pools.because(visit, event),
        remark=lambda event: remarks.remark(visit, event, edited),
        unmerges=merging.undoable(visit, it, row["id"], happened or []),
        verb=lambda name, verb: _said(visit, name, verb),
        field=lambda name, one: _field(visit, name, one),
        system=SYSTEM_FIELDS,
        numeric=numeric,
        title=T(name, name) if (name := visit.look.show(it.fields[it.title], visit.guard.called(it, row))) else it.label,
        **context,
    )


def _moved(visit: Visit, it: Definition, to: UUID) -> HttpResponse:
    """A merged record's address leads to what it became."""
    visit.say(T(f"原来的{it.label.zh}已合并到这一条。", f"The former {it.label.en.lower()} was merged into this one."), "note")
    return redirect(visit.look.to(it.name, to))


def editable(visit: Visit, it: Definition) -> frozenset[str]:
    """The fields whose values the actor may change one at a time: neither derived, kept by rules, masked nor out of reach.
    Whether a record lets itself be changed is its `update`."""
    if not visit.may(it, "update"):
        return frozenset()
    return frozenset(
        one.name for one, level in visit.guard.visible(it) if level == "write" and not one.readonly and not one.system and one.computed is None
    )


def fetch(visit: Visit, it: Definition, id: str, paths: list[str], events: int = 0, opened: bool = False, reach: str = "") -> tuple[dict[str, Any], list[telling.Told] | None]:
    """One record, from the bin too for those who may restore, and so many events of a living one. `opened`: it is shown as a whole. `reach`: a verb;
    without events the row says under "reach" whether the actor may do it.
    Raises NotFound."""
    found = parse_id(id)
    if found is None:
        raise NotFound()
    wanted = list(dict.fromkeys(p for p in [it.title, *paths, "deleted_at"] if filters.column(visit.guard, it, p) is not None))
    owner = [p for p in ("owner", "pool") if p in it.fields and visit.guard.level(it, p) != "hidden"]
    wanted = list(dict.fromkeys([*wanted, *owner, *visit.guard.names(it)]))
    try:
        if events:
            return telling.record(it.name, found, actor=visit.actor, fields=wanted, limit=events)
        return reading.get(it.name, found, actor=visit.actor, fields=wanted, opened=opened, reach=reach), None
    except NotFound:
        if not visit.may(it, "restore"):
            raise
    return reading.get(it.name, found, actor=visit.actor, fields=wanted, deleted=True, opened=opened, reach=reach), None


def grouped(visit: Visit, it: Definition, view: Record) -> list[tuple[Text, list[Column]]]:
    """The view's groups of fields; fields that no group names, an administrator's own among them, come in one more."""
    named = list(view.groups)
    if not named:
        form: Form | None = it.view(Form)
        first = form.fields if form is not None else tuple(n for n, f in it.fields.items() if not f.system)
        named = [(T("基本信息", "Basics"), first), (T("系统信息", "System"), ("created_by", "created_at", "updated_by", "updated_at"))]
    shown = {path for _, group in named for path in group}
    rest = tuple(n for n, f in it.fields.items() if n not in shown and n != MERGED and not (f.system or f.virtual) and not isinstance(f, Json))
    if rest:
        named.insert(max(1, len(named) - 1), (T("其他信息", "More"), rest))
    found = [(label, see(visit, it, group)) for label, group in named]
    return [(label, group) for label, group in found if group]


# -- what can be done ------------------------------------------------------------------------------------------------


WRITTEN = ("created_by", "created_at")
"""By whom and when, which decides where what was written stands after some hours."""


def asked_paths(visit: Visit, it: Definition) -> list[str]:
    """What the offers look at, so that one read answers them all, and what a stage bar needs."""
    paths: list[str] = [*WRITTEN] if it.policy.kept else []
    for action in it.verbs.values():
        if action is not None and action.offered:
            paths += [leaf.path for leaf in conditions.leaves(visit.guard.parse(action.offered))]
    for one in it.fields.values():
        if isinstance(one, Stage):
            paths += [one.name, *([one.pipeline] if one.pipeline else []), *steps.asked(it, one)]
    return paths


def holds(visit: Visit, it: Definition, text: str, row: dict[str, Any]) -> bool:
    """Whether an offer's condition is true of a row. What the actor may not see cannot be judged and is not offered."""
    if not text:
        return True
    try:
        return conditions.matches(_typed(visit, it, visit.guard.parse(text)), row, visit.meaning)
    except (Problem, FieldProblem, TypeError, KeyError):
        return False


def _typed(visit: Visit, it: Definition, tree: Condition) -> Condition:
    match tree:
        case conditions.And(items):
            return conditions.And(tuple(_typed(visit, it, item) for item in items))
        case conditions.Or(items):
            return conditions.Or(tuple(_typed(visit, it, item) for item in items))
        case conditions.Not(item):
            return conditions.Not(_typed(visit, it, item))
        case Test(path, op, value) if op not in ("empty", "not empty", "within"):
            found = filters.column(visit.guard, it, path)
            if found is None or found.level == "masked":
                raise Invalid()
            settings = visit.look.settings
            if isinstance(value, list):
                return Test(path, op, [found.field.operand(v, settings) for v in value])
            return Test(path, op, found.field.operand(value, settings))
    return tree


def permitted(visit: Visit, it: Definition, row: dict[str, Any], verbs: list[str]) -> list[str]:
    """The verbs that reach this record: judged from its owner or its pool, else asked of the kernel."""
    owner = {name: row[name]["id"] if isinstance(row.get(name), dict) else None for name in ("owner", "pool")}
    owner |= {name: row[name] for name in WRITTEN if name in row}
    if it.pooling is not None and owner["pool"] is None:
        verbs = [verb for verb in verbs if verb not in LYING]
    try:
        found = [verb for verb in verbs if conditions.matches(visit.guard.writable(it, verb), owner, visit.meaning)]
        if len(found) == len(verbs) or (it.pooling is not None and owner["pool"] is not None):
            return found
    except TypeError:
        pass
    told = telling.explain(it.name, row["id"], actor=visit.actor)["verbs"]
    return [verb for verb in verbs if told[verb]]


def actions(visit: Visit, it: Definition, row: dict[str, Any]) -> list[Offered]:
    """What this actor may do to this record now; a page shows no button that would fail."""
    deleted = row.get("deleted_at") is not None
    names = ["restore"] if deleted else [v for v in it.verbs if v not in ("create", "restore")]
    granted = [v for v in names if visit.may(it, v) and not (it.verbs[v] is not None and (it.verbs[v].internal or not it.verbs[v].listed))]  # type: ignore[union-attr]
    out = []
    for verb in permitted(visit, it, row, granted) if granted else ():
        action = it.verbs[verb]
        if isinstance(action, Action) and not holds(visit, it, action.offered, row):
            continue
        url = visit.look.to(it.name, row["id"], "edit" if verb == "update" else verb)
        label = action.label if isinstance(action, Action) else words.VERBS[verb]
        danger = action.danger if isinstance(action, Action) else verb == "delete"
        out.append(Offered(verb, label, url, danger, verb in MENU))
    return [*out, *merging.offers(visit, it, row), *pools.offers(visit, it, row), *bin.offers(visit, it, row), *grades.offers(visit, it, row), *duplicates.offers(visit, it, row)]


# -- what happened ---------------------------------------------------------------------------------------------------


def _said(visit: Visit, name: str, verb: str) -> Text:
    it = visit.catalog.find(name)
    action = it.verbs.get(verb) if it is not None else None
    if action is not None:
        return action.label
    return words.DONE.get(verb) or T(verb, verb)


def _field(visit: Visit, name: str, one: str) -> Any:
    it = visit.catalog.find(name)
    return it.fields.get(one) if it is not None else None
