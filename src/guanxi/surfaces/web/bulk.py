"""Many records at once: which ones, what is done to them, and what became of each.

The address is the list's own with `do`, and the records ticked (`ids`) or `all=1` for everything the list means when the form is
sent. Few are done at once; more become a job, whose page tells the same: who may not do it to a record reads why at that record,
and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.fields import Field, Tags
from guanxi.kernel.declare.objects import Action, Definition, named
from guanxi.kernel.records import door, many, reading
from guanxi.kernel.records.merging import MOST as MERGED_AT_ONCE
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.jobs.bulk import SMALL
from guanxi.surfaces.web import filters, listing, merging, turning
from guanxi.surfaces.web.deeds import EXPORT, OWN, TAG, Deed, deeds, hint, tags
from guanxi.surfaces.web.forms import _lists, asks, writable
from guanxi.surfaces.web.inputs import Raw, defaults, read_all, signature
from guanxi.surfaces.web.visit import Visit, page, redirect

MOST = door.MAX_ITEMS
FEW = 20
"""So many records are erased at once while somebody waits: each takes what belongs to it along."""
TURNING = ("assign", "update", TAG)
"""What is taken back from the page that says it was done."""
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
    if known[verb].page:
        return redirect(merging.address(it, ids[: MERGED_AT_ONCE + 1]))
    if not whole and not ids:
        raise Invalid([], T("没有选中任何记录。请先在列表里勾选。", "No record is chosen. Tick some in the list first."))
    return _Asking(visit, it, known[verb], _Chosen(visit, it, ids, whole)).answer()


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = [parse_id(text) for value in texts for text in value.split(",") if text]
    if len(found) > MOST:
        raise Invalid([], T(f"最多勾选 {MOST} 条。更多请用筛选后的全部。", f"At most {MOST} can be ticked. For more, take all of a filter."))
    return list(dict.fromkeys(one for one in found if one is not None))


class _Chosen:
    """The records meant: `count` how many (`more`: at least), `some` of them by name, `ids` where they are few."""

    def __init__(self, visit: Visit, it: Definition, ids: list[UUID], whole: bool) -> None:
        self.visit, self.it, self.whole, self.binned = visit, it, whole, bool(visit.get.get("bin"))
        self.ids, self.count, self.more = ids, len(ids), False
        if whole:
            title = [it.title] if visit.guard.level(it, it.title) != "hidden" else ["id"]
            found = reading.query(it.name, actor=visit.actor, where=listing.condition(visit, it), fields=title, sort=["id"], limit=SMALL, count="exact", deleted=self.binned)
            self.ids = [row["id"] for row in found.rows] if found.next is None else []
            self.count, self.more = found.count or 0, found.more
            self.some = _called(visit, it, found.rows[:NAMED])
            if not self.count:
                raise Invalid([], T("没有符合条件的记录。", "No record matches."))
        else:
            self.some = _names(visit, it, ids[:NAMED])

    def every(self) -> list[UUID]:
        """All of them, however many: what goes along is counted over all."""
        return self.ids if not self.whole or len(self.ids) == self.count else many.unpack(self.packed())

    def packed(self) -> bytes:
        """Which they are at this moment."""
        if not self.whole:
            return many.pack(self.ids)
        return many.settle(self.visit.actor, self.it.name, listing.condition(self.visit, self.it), deleted=self.binned)


class _Asking:
    """A deed's form for many records, and the deed."""

    def __init__(self, visit: Visit, it: Definition, deed: Deed, chosen: _Chosen) -> None:
        self.visit, self.it, self.deed, self.chosen = visit, it, deed, chosen
        self.verb = deed.verb
        self.small = FEW if deed.verb == many.ERASE else SMALL
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
            deed = self.meant(read.values)
        except Invalid as problem:
            return self.draw(raw, problem, read.candidates)
        packed = self.chosen.packed()
        if len(packed) > self.small * many.WIDTH:
            return self.later(deed, packed)
        return self.done(many.at_once(self.visit.actor, deed, many.unpack(packed)))

    def meant(self, values: dict[str, Any]) -> many.Deed:
        """The deed, of what the form says. Raises Invalid when it says nothing."""
        if self.verb == TAG:
            fields = [one.name for one in tags(self.visit, self.it)]
            if not any(values.values()):
                raise Invalid([], T("请填写要添加或去掉的标签。", "Give tags to add or to take away."))
            more, less = ({name: values[f"{name}_{which}"] for name in fields if values.get(f"{name}_{which}")} for which in ("more", "less"))
            return many.Deed(self.it.name, "update", add=more, remove=less)
        names = {one.name for one in self.inputs}
        changes = {name: value for name, value in values.items() if name not in names and value is not None}
        if self.verb == "update":
            wiped = set(self.visit.post.getlist("clear")) & {one.name for one in self.clearable}
            changes |= dict.fromkeys(wiped - changes.keys())
            if not changes:
                raise Invalid([], T("还没有填写要修改的内容。", "Nothing to change is filled in."))
        return many.Deed(self.it.name, self.verb, changes, {name: value for name, value in values.items() if name in names})

    def later(self, deed: many.Deed, packed: bytes) -> HttpResponse:
        """A job, whose page is gone to; over a list it is told, and a bar in the list shows how far it is."""
        job = tasks.start_bulk(self.visit.actor, deed, packed)
        if self.visit.inside:
            count = len(packed) // many.WIDTH
            self.visit.say(T(f"{self.deed.label.zh}：正在后台处理 {count:,} 条。", f"{self.deed.label.en}: working on {count:,} in the background."), "done", f"/jobs/{job}", T("查看进度", "See how far"))
        return redirect(f"/jobs/{job}")

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
            ids=",".join(map(str, self.chosen.ids)),
            count=self.chosen.count,
            at_least=self.chosen.more,
            queued=self.chosen.count > self.small,
            some=self.chosen.some,
            fields=fields,
            clearable=self.clearable,
            cleared=visit.post.getlist("clear"),
            raw=raw,
            was=was if self.verb == "update" else None,
            problem=problem,
            errors=errors,
            candidates=candidates or {},
            lists=_lists(visit, it, [one for one in fields if one.name in it.fields or one in self.inputs], None),
            hint=hint(visit, it, self.verb, self.chosen.every() if self.verb == "assign" else self.chosen.ids),
            back=_back(visit, it),
            title=self.deed.label,
        )

    def done(self, answers: Sequence[many.Answer]) -> HttpResponse:
        visit, it, label = self.visit, self.it, self.deed.label
        refused = [one for one in answers if one.why is not None]
        did = len(answers) - len(refused)
        if not refused:
            link, text = "", None
            if self.verb == "delete" and visit.may(it, "restore"):
                link = f"/{it.plural}/bulk?" + urlencode({"do": "restore", "ids": ",".join(str(one.id) for one in answers)})
                text = T("撤销", "Undo")
            elif self.verb in TURNING and did:
                link, text = self.back_again(answers), T("撤销", "Undo")
            visit.say(T(f"{label.zh}：{did} 条已完成。", f"{label.en}: {did} done."), "done", link, text)
            return redirect(_back(visit, it))
        return visit.page(
            "pages/bulk_done.html", current=it, it=it, deed=self.deed, did=did, refused=refused, back=_back(visit, it), title=label,
            undo=self.back_again(answers) if self.verb in TURNING else "",
        )  # fmt: skip

    def back_again(self, answers: Sequence[many.Answer]) -> str:
        """Where all of it is taken back, if anything was done."""
        events = [one.event for one in answers if one.event is not None]
        return turning.address(min(events), _back(self.visit, self.it)) if events else ""


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
            out += _called(visit, it, found.rows)
    return out


def _called(visit: Visit, it: Definition, rows: Sequence[dict[str, Any]]) -> list[tuple[UUID, str]]:
    shown = it.fields[it.title]
    return [(row["id"], visit.look.show(shown, row[it.title]) or visit.look.nameless) for row in rows if it.title in row]


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
