"""Many records at once: which ones, what is done to them, and what became of each.

The address is the list's own with `do`, and the records ticked (`ids`) or `all=1` for everything the list means. The deed is
one call of the door; who may not do it to a record reads why at that record, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.fields import Field, Tags
from guanxi.kernel.declare.objects import Action, Definition, named
from guanxi.kernel.records import door, reading
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import filters, listing
from guanxi.surfaces.web.deeds import EXPORT, OWN, TAG, Deed, deeds, hint, tags
from guanxi.surfaces.web.forms import _lists, asks, writable
from guanxi.surfaces.web.inputs import Raw, defaults, read_all, signature
from guanxi.surfaces.web.visit import Visit, page, redirect

MOST = door.MAX_ITEMS
NAMED = 8
"""So many of the records are called by name before it is done."""


@page
def bulk(visit: Visit, plural: str) -> HttpResponse:
    it = visit.object(plural)
    verb = visit.get.get("do", "")
    known = {deed.verb: deed for binned in (False, True) for deed in deeds(visit, it, binned)}
    if verb not in known:
        raise NotFound()
    whole = bool(visit.get.get("all"))
    ids = [] if whole else _ids([*visit.get.getlist("ids"), *visit.post.getlist("ids")])
    if verb == EXPORT:
        return _export(visit, it, ids)
    if whole:
        ids = _everything(visit, it)
    if not ids:
        raise Invalid([], T("没有选中任何记录。请先在列表里勾选。", "No record is chosen. Tick some in the list first."))
    return _Asking(visit, it, known[verb], ids).answer()


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = [parse_id(text) for value in texts for text in value.split(",") if text]
    if len(found) > MOST:
        raise _too_many()
    return list(dict.fromkeys(one for one in found if one is not None))


def _too_many() -> Invalid:
    return Invalid([], T(f"一次最多 {MOST} 条。请缩小筛选范围后分批进行。", f"At most {MOST} records at once. Narrow the filter and go in parts."))


def _everything(visit: Visit, it: Definition) -> list[UUID]:
    """The ids of all records the list's address means."""
    where, binned = listing.condition(visit, it), bool(visit.get.get("bin"))
    out: list[UUID] = []
    after: str | None = None
    while True:
        found = reading.query(
            it.name, actor=visit.actor, where=where, fields=["id"], sort=["id"], limit=reading.MAX_LIMIT, after=after, deleted=binned
        )
        out += [row["id"] for row in found.rows]
        if len(out) > MOST:
            raise _too_many()
        after = found.next
        if after is None:
            return out


class _Asking:
    """A deed's form for many records, and the deed."""

    def __init__(self, visit: Visit, it: Definition, deed: Deed, ids: list[UUID]) -> None:
        self.visit, self.it, self.deed, self.ids = visit, it, deed, ids
        self.verb = deed.verb
        action = it.verbs.get(self.verb)
        self.action = action if isinstance(action, Action) else None
        self.inputs: list[Field] = []
        self.clearable: list[Field] = []
        if self.verb == "update":
            first, rest = writable(visit, it)
            self.fields = [one for one in (*first, *rest) if not one.unique and not isinstance(one, Tags)]
            self.clearable = [one for one in self.fields if not one.required]
        elif self.verb == TAG:
            self.fields = [f for one in tags(visit, it) for f in _adding(one)]
        else:
            self.fields, self.inputs = asks(visit, it, self.verb, self.action)

    def answer(self) -> HttpResponse:
        if not self.visit.posted:
            raw = Raw()
            raw.fill(defaults([one for one in self.inputs if one.default is not None], self.visit))
            return self.draw(raw)
        raw = Raw.of(self.visit.post)
        read = read_all([*self.fields, *self.inputs], raw, self.visit, everything=self.verb != "update")
        try:
            read.check()
            items = self.items(read.values)
        except Invalid as problem:
            return self.draw(raw, problem, read.candidates)
        verb = "update" if self.verb == TAG else self.verb
        outcomes = door.perform_many(self.it.name, verb, items, actor=self.visit.actor)
        return self.done(items, outcomes)

    def items(self, values: dict[str, Any]) -> list[door.Item]:
        if self.verb == TAG:
            return self.tagged(values)
        names = {one.name for one in self.inputs}
        changes = {name: value for name, value in values.items() if name not in names and value is not None}
        if self.verb == "update":
            wiped = set(self.visit.post.getlist("clear")) & {one.name for one in self.clearable}
            changes |= dict.fromkeys(wiped - changes.keys())
            if not changes:
                raise Invalid([], T("还没有填写要修改的内容。", "Nothing to change is filled in."))
        inputs = {name: value for name, value in values.items() if name in names}
        return [door.Item(one, changes, inputs=inputs) for one in self.ids]

    def tagged(self, values: dict[str, Any]) -> list[door.Item]:
        """Each record's own tags with some more and some fewer."""
        fields = [one.name for one in tags(self.visit, self.it)]
        if not any(values.values()):
            raise Invalid([], T("请填写要添加或去掉的标签。", "Give tags to add or to take away."))
        held: dict[UUID, dict[str, Any]] = {}
        for start in range(0, len(self.ids), reading.MAX_LIMIT):
            part = [str(one) for one in self.ids[start : start + reading.MAX_LIMIT]]
            where = {"field": "id", "op": "in", "value": part}
            for row in reading.query(self.it.name, actor=self.visit.actor, where=where, fields=fields, limit=reading.MAX_LIMIT).rows:
                held[row["id"]] = row
        out = []
        for one in self.ids:
            row = held.get(one, {})
            changes = {}
            for name in fields:
                less = set(values.get(f"{name}_less") or ())
                now = [tag for tag in row.get(name) or [] if tag not in less]
                changes[name] = [*now, *(tag for tag in values.get(f"{name}_more") or () if tag not in now)]
            out.append(door.Item(one, changes))
        return out

    def draw(self, raw: Raw, problem: Problem | None = None, candidates: Any = None) -> HttpResponse:
        visit, it = self.visit, self.it
        errors: dict[str, str] = {}
        for error in problem.errors if problem is not None else ():
            errors.setdefault(error.field, error.message.for_(visit.look.lang))
        fields = [*self.fields, *self.inputs]
        was = Raw({f"was.{one.name}": [signature(one, Raw())] for one in fields})
        return visit.page(
            "pages/bulk.html",
            problem.status if problem is not None else 200,
            current=it,
            it=it,
            deed=self.deed,
            ids=",".join(map(str, self.ids)),
            count=len(self.ids),
            some=_names(visit, it, self.ids[:NAMED]),
            fields=fields,
            clearable=self.clearable,
            cleared=visit.post.getlist("clear"),
            raw=raw,
            was=was if self.verb == "update" else None,
            problem=problem,
            errors=errors,
            candidates=candidates or {},
            lists=_lists(visit, it, [one for one in fields if one.name in it.fields or one in self.inputs], None),
            hint=hint(visit, it, self.verb, self.ids),
            back=_back(visit, it),
            title=self.deed.label,
        )

    def done(self, items: list[door.Item], outcomes: Sequence[door.Result | Problem]) -> HttpResponse:
        visit, it, label = self.visit, self.it, self.deed.label
        refused = [(item.id, outcome) for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Problem)]
        did = len(outcomes) - len(refused)
        if not refused:
            link, text = "", None
            if self.verb == "delete" and len(self.ids) <= 200:
                link = f"/{it.plural}/bulk?" + urlencode({"do": "restore", "ids": ",".join(map(str, self.ids))})
                text = T("撤销", "Undo")
            visit.say(T(f"{label.zh}：{did} 条已完成。", f"{label.en}: {did} done."), "done", link, text)
            return redirect(_back(visit, it))
        names = dict(_names(visit, it, [one for one, _ in refused if one is not None][:MOST]))
        rows = [(one, names.get(one, ""), _reason(visit, it, outcome)) for one, outcome in refused if one is not None]
        return visit.page(
            "pages/bulk_done.html", current=it, it=it, deed=self.deed, did=did, refused=rows, back=_back(visit, it), title=label
        )


def _adding(one: Field) -> list[Field]:
    """Two inputs for a field of tags: what comes in addition, what goes."""
    more = T(f"添加{one.label.zh}", f"Add {one.label.en}"), T(f"去掉{one.label.zh}", f"Take away {one.label.en}")
    return [named(f"{one.name}_{which}", Tags(label)) for which, label in zip(("more", "less"), more, strict=True)]


def _back(visit: Visit, it: Definition) -> str:
    """The list as it was."""
    query = {key: values for key, values in visit.get.lists() if key not in ("do", "ids", "all")}
    return f"/{it.plural}" + (f"?{urlencode(query, doseq=True)}" if query else "")


def _names(visit: Visit, it: Definition, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """What some records are called, of those that may be seen, in the bin or not."""
    if not ids or visit.guard.level(it, it.title) == "hidden":
        return []
    out: list[tuple[UUID, str]] = []
    for deleted in (False, True):
        if deleted and (len(out) == len(ids) or not visit.may(it, "restore")):
            break
        for start in range(0, len(ids), reading.MAX_LIMIT):
            part = [str(one) for one in ids[start : start + reading.MAX_LIMIT]]
            found = reading.query(
                it.name, actor=visit.actor, where={"field": "id", "op": "in", "value": part}, fields=[it.title], limit=reading.MAX_LIMIT, deleted=deleted
            )
            out += [(row["id"], visit.look.show(it.fields[it.title], row.get(it.title)) or visit.look.nameless) for row in found.rows]
    return out


def _reason(visit: Visit, it: Definition, problem: Problem) -> str:
    """Why a record was left as it was."""
    if isinstance(problem, NotFound | Forbidden):
        return visit.look.t("没有权限，或记录已不在。", "Not allowed, or the record is gone.")
    parts = []
    for error in problem.errors:
        one = it.fields.get(error.field)
        message = error.message.for_(visit.look.lang)
        parts.append(f"{visit.look.say(one.label)}{visit.look.t('：', ': ')}{message}" if one is not None else message)
    return " ".join(parts) or problem.detail.for_(visit.look.lang)


# -- out as a file -----------------------------------------------------------------------------------------------------


def _export(visit: Visit, it: Definition, ids: list[UUID]) -> HttpResponse:
    """Which columns, in which format; then a job, whose page has the file."""
    columns = listing.columns(visit, it)
    problem: Problem | None = None
    if visit.posted:
        where = {"field": "id", "op": "in", "value": [str(one) for one in ids]} if ids else conditions.to_json(listing.condition(visit, it))
        chosen, format = visit.post.getlist("columns"), visit.post.get("format", "")
        sort = [one for one in visit.get.get("sort", "").split(",") if one] or None
        try:
            return redirect(f"/jobs/{tasks.start_export(visit.actor, it.name, where, chosen or None, format, sort=sort)}")
        except Invalid as found:
            problem = found
    paths = [c.path for c in columns]
    more = [c for name in it.fields if name not in paths and (c := filters.column(visit.guard, it, name)) is not None]
    return visit.page(
        "pages/export.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        ids=",".join(map(str, ids)),
        count=len(ids),
        columns=columns,
        more=more,
        problem=problem,
        back=_back(visit, it),
        title=OWN[EXPORT],
    )
