"""The board of an object: its records as cards in columns, and moving a card from one column to another.

A move is what the object's own verbs make of it: the one the board names for such a column, one that takes the field among
its inputs, or a plain update. What is missing for it is asked on a form; what is refused says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Field, Money, Stage
from guanxi.kernel.declare.objects import Action, Board, Definition
from guanxi.kernel.records import door, reading, telling
from guanxi.surfaces.web import filters, forms, showing
from guanxi.surfaces.web import lanes as columns
from guanxi.surfaces.web.cards import LATE, drawing
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.inputs import Raw, defaults, initial, read_all, signature
from guanxi.surfaces.web.lanes import Lane, Lanes
from guanxi.surfaces.web.look import render
from guanxi.surfaces.web.record import actions, asked_paths, fetch
from guanxi.surfaces.web.templates import environment
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

SIZE = 15
"""Cards of a column at a time."""


def board(visit: Visit, it: Definition) -> HttpResponse:
    """The page, or, for `column` and `after`, the cards that follow in one column."""
    view = shown(visit, it)
    frame = showing.Frame.of(visit, it, "board")
    found = columns.lanes(visit, it, view, _meant(visit, view, frame), showing.told(visit, it, "process"))
    seen = _columns(visit, it, view)
    draw = drawing(visit.look, it, view, seen)
    if visit.get.get("column"):
        return _more(visit, it, view, found, seen, frame)
    found = columns.count(visit, it, found)
    opened = visit.get.getlist("open")
    spare = sum(not lane.closed for lane in found.lanes) > 1
    for lane in found.lanes:
        lane.folded = spare and lane.closed and lane.key not in opened
    full = [lane for lane in found.lanes if not lane.folded and lane.count]
    saved = [one.key for one in showing.formed(visit, it)]
    pages = reading.heads(it.name, actor=visit.actor, groups=[lane.where for lane in full], where=found.where, limit=SIZE, **_asks(visit, it, view, seen))
    for lane, cards in zip(full, pages, strict=True):
        lane.page = cards
    return visit.page(
        "pages/board.html",
        422 if frame.errors else 200,
        **frame.context(),
        board=view,
        lanes=found.lanes,
        processes=found.processes if len(found.processes) > 1 else [],
        draw=draw,
        fold=lambda lane: frame.href(open="" if lane.key in opened else lane.key),
        further=lambda lane: _next(visit, lane),
        behind=lambda lane: columns.behind(visit, it, lane, frame),
        count=sum(lane.count for lane in found.lanes),
        total=_money,
        spare=spare,
        others=[(view.name == one.name, one.label, frame.href(view=one.name, open="", process="")) for one in showing.boards(visit, it) if one.name not in saved],
    )


def shown(visit: Visit, it: Definition) -> Board:
    """The board of the address."""
    return _board(visit, it, visit.get.get("view", ""))


def _meant(visit: Visit, view: Board, frame: showing.Frame) -> Condition:
    """The records of the board under the filters."""
    return And((visit.guard.parse(view.where), frame.where))


def _board(visit: Visit, it: Definition, name: str) -> Board:
    found = showing.boards(visit, it)
    if not found:
        raise NotFound()
    return next((view for view in found if view.name == name), found[0])


def _columns(visit: Visit, it: Definition, view: Board) -> list[Column]:
    """What of the card the actor may see, its title first."""
    paths = dict.fromkeys((*view.card[:1], *view.card[1:])) or {it.title: None}
    return [c for path in paths if (c := filters.column(visit.guard, it, path)) is not None] or [c for c in [filters.column(visit.guard, it, "updated_at")] if c is not None]


def _asks(visit: Visit, it: Definition, view: Board, seen: Sequence[Column]) -> dict[str, Any]:
    """What is read of each card: its fields, whether it is late, whether the actor may move it."""
    paths = [c.path for c in seen] + [path for path in (view.since, view.limit) if path and filters.column(visit.guard, it, path) is not None]
    late: dict[str, Any] = {LATE: view.overdue} if view.overdue and showing.understood(visit, it, view.overdue) else {}
    one = it.fields[view.by]
    movers = ["update"] if visit.guard.level(it, view.by) == "write" and not one.readonly and one.computed is None else []
    verbs = [verb for verb in (*movers, *view.moves.values(), *_takers(it, view.by)) if visit.may(it, verb)]
    sort = [s for s in view.sort if showing.usable(visit, it, s.lstrip("-"))]
    return {"fields": list(dict.fromkeys(paths)), "marks": late, "reach": verbs[0] if verbs else "", "sort": sort or None}


def _takers(it: Definition, by: str) -> list[str]:
    """The verbs that take the field as an input, or write it."""
    return [a.name for a in it.verbs.values() if a is not None and not a.internal and by in (*a.form, *(i.name for i in a.inputs))]


def _more(visit: Visit, it: Definition, view: Board, found: Lanes, seen: Sequence[Column], frame: showing.Frame) -> HttpResponse:
    key = visit.get.get("column", "")
    lane = found.lane(key) or columns.count(visit, it, found).lane(key)
    if lane is None:
        raise NotFound()
    asked = _asks(visit, it, view, seen)
    lane.page = reading.query(it.name, actor=visit.actor, where=And((found.where, lane.where)), limit=SIZE, after=visit.get.get("after") or None, **asked)
    context = {"lane": lane, "draw": drawing(visit.look, it, view, seen), "further": lambda lane: _next(visit, lane), "behind": lambda lane: columns.behind(visit, it, lane, frame)}
    return HttpResponse(render("pages/cards.html", visit.look, context), headers={"Cache-Control": "private, no-store"})


def _next(visit: Visit, lane: Lane) -> str:
    """The address of the cards that follow in a column."""
    query = visit.get.copy()
    query["column"], query["after"] = lane.key, lane.page.next or ""
    return visit.request.path + "?" + query.urlencode(safe="/,")


def _money(visit: Visit, lane: Lane) -> str:
    held = {"amount": lane.total, "currency": visit.look.settings.currency}
    return Money(T("合计", "Total")).show(held, visit.look.lang).removesuffix(".00") if lane.total is not None else ""


# -- moving a card -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """How a record gets into a column: the verb, the fields it may write, its inputs, and the value that names the column
    where the verb takes it. `asks`: the board names this verb for such columns, so its form is shown before it is done."""

    verb: str
    written: list[Field]
    inputs: list[Field]
    value: dict[str, Any]
    asks: bool = False

    @property
    def fields(self) -> list[Field]:
        return [*self.written, *self.inputs]

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.fields}

    def split(self, values: dict[str, Any]) -> dict[str, Any]:
        """Values as the door takes them."""
        names = {one.name for one in self.inputs}
        given = {**values, **self.value}
        taken = names | (set() if self.verb == "update" else set(self.value) - {one.name for one in self.written})
        return {"changes": {n: v for n, v in given.items() if n not in taken}, "inputs": {n: v for n, v in given.items() if n in taken}}


def way(visit: Visit, it: Definition, view: Board, row: dict[str, Any], lane: Lane) -> Way | None:
    """How this record may get into that column now, if at all."""
    offered = {o.verb for o in actions(visit, it, row)}
    one = it.fields[view.by]
    verb = view.moves.get(lane.kind)
    if verb in offered and isinstance(action := it.verbs[verb], Action):
        return _way(visit, it, view.by, action, lane, asks=True)
    for name in _takers(it, view.by):
        if name in offered and isinstance(action := it.verbs[name], Action):
            return _way(visit, it, view.by, action, lane)
    if "update" in offered and visit.guard.level(it, view.by) == "write" and not one.readonly and one.computed is None:
        first, rest = forms.writable(visit, it)
        return Way("update", [f for f in (*first, *rest) if f.name != view.by], [], {view.by: lane.value})
    return None


def _way(visit: Visit, it: Definition, by: str, action: Action, lane: Lane, *, asks: bool = False) -> Way:
    written, inputs = forms.asks(visit, it, action.name, action)
    takes = any(one.name == by for one in (*written, *inputs))
    left = [[one for one in some if one.name != by] for some in (written, inputs)]
    return Way(action.name, left[0], left[1], {by: lane.value} if takes else {}, asks)


@page
def put(visit: Visit, plural: str, id: str) -> HttpResponse:
    """Put a record into another column: choose it, answer what it needs, and it is done.

    A script (which wants JSON) gets the moved card, the heads of the columns and how to undo it; or that there is something
    to ask, which this same address asks on a page or in a dialog; or why not.
    """
    it = visit.object(plural)
    given = visit.post if visit.posted else visit.get
    view = _board(visit, it, given.get("view", ""))
    one = it.fields[view.by]
    process = one.pipeline if isinstance(one, Stage) and one.pipeline and showing.usable(visit, it, one.pipeline) else ""
    row, _ = fetch(visit, it, id, [view.by, *asked_paths(visit, it), *([process] if process else [])])
    to, here = str(given.get("to", "")), columns.key_of(row.get(view.by))
    found = columns.lanes(visit, it, view, And(()), columns.key_of(row.get(process)) if process else "")
    if any(key and found.lane(key) is None for key in (to, here, given.get("was", ""))):
        found = columns.count(visit, it, found)  # the column of none, and those of a link, are known by what is in them
    move = _Move(visit, it, view, found, row, here, found.lane(to))
    if _script(visit) and not visit.posted:
        return move.told(given.get("was", ""))
    if move.lane is None:
        ways = [x for x in found.lanes if x.key != here and way(visit, it, view, row, x) is not None]
        return visit.page("pages/put.html", current=it, it=it, row=row, lanes=ways, here=found.lane(here), carried=_hidden(given, view), title=T("移动", "Move"))
    if here == move.lane.key:
        return move.told("") if _script(visit) else redirect(_back(visit, it))
    if given.get("from") and given["from"] != here:
        return move.overtaken()
    how = way(visit, it, view, row, move.lane)
    if how is None:
        return move.refused(T(f"这条记录现在不能移到“{move.lane.label}”。", f"This record cannot be moved to “{move.lane.label}” now."))
    return move.done(how) if visit.posted else move.question(how)


@dataclass
class _Move:
    """One request to put a record into a column."""

    visit: Visit
    it: Definition
    view: Board
    found: Lanes
    row: dict[str, Any]
    here: str
    lane: Lane | None

    def question(self, how: Way) -> HttpResponse:
        """The form of the move, before anything is done."""
        try:
            door.trial(self.it.name, how.verb, actor=self.visit.actor, id=self.row["id"], **how.split({}))
        except Invalid as problem:
            if not {e.field for e in problem.errors} <= how.names:
                return self.refused(_said(problem))
            return self.asked(how, Raw(), [e.field for e in problem.errors])
        except Problem as problem:
            return self.refused(_said(problem))
        return self.asked(how, Raw(), [])

    def done(self, how: Way) -> HttpResponse:
        """Do it, or ask for what it needs."""
        raw = Raw.of(self.visit.post)
        shown = [one for one in how.fields if f"asked.{one.name}" in raw.texts]
        read = read_all(shown, raw, self.visit, everything=True)
        if how.asks and how.fields and "asked" not in self.visit.post:
            return self.question(how)
        try:
            read.check()
            result = door.perform(self.it.name, how.verb, actor=self.visit.actor, id=self.row["id"], **how.split(read.values), version=self.row["version"])
        except Invalid as problem:
            if not {e.field for e in problem.errors} <= how.names:
                return self.refused(_said(problem))
            return self.asked(how, raw, [e.field for e in problem.errors], problem, read.candidates)
        except NotFound:
            raise
        except Problem as problem:
            return self.refused(_said(problem))
        warnings = [message for _, message in result.warnings]
        if _script(self.visit):
            return self.told(self.here, warnings)
        for message in warnings:
            self.visit.say(message, "warning")
        if not self.visit.inside and self.lane is not None:
            undo = f"{self._url('put')}?view={self.view.name}&to={self.here}" if self._returns(self.here) else ""
            self.visit.say(self._moved(), "done", undo, T("撤销", "Undo") if undo else None)
        return redirect(_back(self.visit, self.it))

    def asked(
        self,
        how: Way,
        raw: Raw,
        missing: Sequence[str],
        problem: Invalid | None = None,
        candidates: dict[str, list[dict[str, str]]] | None = None,
    ) -> HttpResponse:
        """The form: all a named verb asks, else the fields that are missing and those asked before."""
        visit, it = self.visit, self.it
        assert self.lane is not None
        given = visit.post if visit.posted else visit.get
        if _script(visit):
            return JsonResponse({"ask": f"{self._url('put')}?" + urlencode([*_hidden(given, self.view), ("to", self.lane.key)])})
        fields = how.fields if how.asks else [one for one in how.fields if one.name in missing or f"asked.{one.name}" in raw.texts]
        now, _ = fetch(visit, it, str(self.row["id"]), [one.name for one in fields if one in how.written])
        was = Raw()
        for one in fields:
            if one in how.written:
                was.fill(initial(one, now.get(one.name), visit))
            was.texts[f"was.{one.name}"] = [signature(one, was)]
        was.fill(defaults([one for one in fields if one.default is not None and one in how.inputs], visit))
        action = it.verbs.get(how.verb)
        carried = [*_hidden(given, self.view), ("to", self.lane.key), ("asked", "1"), *((f"asked.{one.name}", "1") for one in fields)]
        return forms.draw(
            visit, it, how.verb, fields, [], Raw({**was.texts, **raw.texts}), row=now, was=was, problem=problem, candidates=candidates,
            action=action if isinstance(action, Action) else None, hidden=carried, target=self._url("put"),
            heading=T(f"移到“{self.lane.label}”", f"Move to “{self.lane.label}”"), back=_back(visit, it),
        )  # fmt: skip

    def refused(self, why: Text) -> HttpResponse:
        if _script(self.visit):
            return JsonResponse({"refused": self.visit.look.say(why)}, status=409)
        self.visit.say(why, "warning")
        return redirect(_back(self.visit, self.it))

    def overtaken(self) -> HttpResponse:
        """Somebody else moved the record meanwhile: who, when and where to beside where it was to go. Moving it on from there
        is the person's own decision."""
        assert self.lane is not None
        at, to = self.found.lane(self.here), self.lane.label
        happened = telling.history(self.it.name, self.row["id"], actor=self.visit.actor, limit=20)
        event = next((one for one in happened if self.view.by in one.changes), None)
        who, where = self.visit.look.faster(event), at.label if at is not None else ""
        if not _script(self.visit):
            return self.refused(T(f"{who} 已移到“{where}”，没有移动。", f"{who} moved it to “{where}”; it was not moved."))
        t = self.visit.look.t
        choice = {
            "title": t("这张卡片刚被别人移动过", "Somebody else moved this card meanwhile"),
            "text": t(f"{who} 移到了“{where}”，您要移到“{to}”。", f"{who} moved it to “{where}”; you are moving it to “{to}”."),
            "yes": t(f"移到“{to}”", f"Move to “{to}”"),
            "no": t(f"留在“{where}”", f"Leave in “{where}”"),
        }
        return self.told("", choice=choice)

    def told(self, was: str, warnings: Sequence[Text] = (), choice: dict[str, str] | None = None) -> HttpResponse:
        """Where the record is now, drawn; and, when it was elsewhere before, that it moved and how it gets back."""
        visit, it, view = self.visit, self.it, self.view
        self.row, _ = fetch(visit, it, str(self.row["id"]), [view.by, *asked_paths(visit, it)])
        at = columns.key_of(self.row.get(view.by))
        self.lane = self.found.lane(at)
        frame = showing.Frame.of(visit, it, "board")
        whole = columns.count(visit, it, columns.lanes(visit, it, view, _meant(visit, view, frame), showing.told(visit, it, "process")))
        seen = _columns(visit, it, view)
        cards = reading.query(it.name, actor=visit.actor, where=Test("id", "=", self.row["id"]), limit=1, **_asks(visit, it, view, seen)).rows
        head = environment(visit.look.lang).get_template("components/lane.html").module.lanehead  # type: ignore[attr-defined]
        moved = bool(was) and was != at
        return JsonResponse(
            {
                "at": at,
                "card": str(drawing(visit.look, it, view, seen)(cards[0])) if cards else "",
                "heads": {x.key: str(head(x, _money(visit, x))) for x in whole.lanes},
                "said": visit.look.say(self._moved()) if moved else "",
                "warnings": [visit.look.say(message) for message in warnings],
                "undo": moved and self._returns(was),
                **({"choice": choice, "refused": choice["text"]} if choice is not None else {}),
            },
            status=409 if choice is not None else 200,
        )

    def _moved(self) -> Text:
        label = self.lane.label if self.lane is not None else ""
        return T(f"已移到“{label}”。", f"Moved to “{label}”.")

    def _returns(self, was: str) -> bool:
        """Whether the opposite move would be done at once: tried, and taken back."""
        before = self.found.lane(was)
        now, _ = fetch(self.visit, self.it, str(self.row["id"]), [self.view.by, *asked_paths(self.visit, self.it)])
        how = way(self.visit, self.it, self.view, now, before) if before is not None else None
        if how is None or (how.asks and how.fields):
            return False
        try:
            door.trial(self.it.name, how.verb, actor=self.visit.actor, id=now["id"], **how.split({}))
        except Problem:
            return False
        return True

    def _url(self, page: str) -> str:
        return self.visit.look.to(self.it.name, self.row["id"], page)


def _said(problem: Problem) -> Text:
    """Why not, in one line."""
    if not problem.errors:
        return problem.detail or problem.title
    return T(" ".join(e.message.zh for e in problem.errors), " ".join(e.message.en for e in problem.errors))


def _hidden(given: Any, view: Board) -> list[tuple[str, str]]:
    return [("view", view.name), *((name, given[name]) for name in ("from", "back") if given.get(name))]


def _script(visit: Visit) -> bool:
    return "application/json" in visit.request.headers.get("Accept", "")


def _back(visit: Visit, it: Definition) -> str:
    given = (visit.post if visit.posted else visit.get).get("back", "")
    return safe_next(given) if given else visit.look.to(it.name, view="board")
