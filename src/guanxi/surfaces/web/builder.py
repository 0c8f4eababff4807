"""The filter builder's page: `/{objects}/filter` draws the condition of a list's address as rows.

Every choice that changes the form posts it as it stands, with `do`, and gets it back; "apply" leads to the list. So the language
is read and written on the server alone, and the page works without script.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import HttpResponse

from guanxi.base.clock import relative_label
from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Test
from guanxi.kernel.declare.fields import Date, DateTime, Department, Field, Link, Links, Region, TextField
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import comparable
from guanxi.surfaces.web import filters, linking, phrasing, showing
from guanxi.surfaces.web.builder_form import (
    PERIODS,
    WORDS,
    Group,
    Row,
    Words,
    change,
    complete,
    number,
    operators,
    posted,
    rows,
    shape,
    tree,
)
from guanxi.surfaces.web.phrasing import operator, trail
from guanxi.surfaces.web.visit import Visit, page, redirect


@page
def builder(visit: Visit, plural: str) -> HttpResponse:
    """The form of a list's condition; posted with `do=apply` it leads to the list, with `do=words` the text is taken instead."""
    it = visit.object(plural)
    if not visit.posted:
        at = visit.get.get("at", "")
        try:
            group = rows(visit, it, asked(visit, it))
        except Invalid:
            group = Group("and", [Words(visit.get.get("where", "").strip())])
        if not group.items or at == "new":
            group.items.append(Row())
        return _draw(visit, it, group, at)
    do = visit.post.get("do", "")
    group = posted(dict(visit.post.lists()))
    if do not in ("apply", "words"):
        change(group, do)
        return _draw(visit, it, group)
    try:
        if do == "words":
            found = visit.guard.parse(visit.post.get("where", "").strip())
            visit.guard.where(it, found)
        else:
            found = tree(visit, it, group)
    except Invalid as problem:
        text = visit.look.say(problem.errors[0].message if problem.errors else problem.detail)
        return _draw(visit, it, group, error=text if do == "words" else "", text=visit.post.get("where") if do == "words" else None)
    return redirect(_list(visit, it, conditions.to_text(found)))


def asked(visit: Visit, it: Definition) -> Condition:
    """What the address asks besides its view: the filters and the condition. Raises Invalid."""
    view = showing.list_view(visit, it, visit.get.get("scope") or visit.get.get("view", ""))
    parts = filters.conditions(filters.offered(visit.guard, it, view), visit.get, visit.guard)
    return And((*parts, *phrasing.parts(visit.guard.parse(visit.get.get("where", "").strip()))))


def _list(visit: Visit, it: Definition, where: str) -> str:
    query = {key: values for key, values in visit.get.lists() if key not in ("where", "after", "before", "at") and not key.startswith("f.")}
    text = urlencode({**query, **({"where": [where]} if where else {})}, doseq=True, safe="/,", quote_via=quote)
    return f"/{it.plural}" + (f"?{text}" if text else "")


def _draw(visit: Visit, it: Definition, group: Group, at: str = "", error: str = "", text: str | None = None) -> HttpResponse:
    parts = list(number(group))
    whole = conditions.to_text(complete(visit, it, _copy(group), []))
    names = phrasing.Phrases(visit, it, [_links(visit, it, part) for part in parts if isinstance(part, Row)])
    return visit.page(
        "pages/filter.html",
        422 if error or any(part.error for part in parts) else 200,
        current=it,
        it=it,
        group=group,
        words_of=WORDS,
        draw=lambda row: Drawn(visit, it, row, names),
        fields=lambda row: choosable(visit, it, row),
        is_group=lambda part: isinstance(part, Group),
        is_text=lambda part: isinstance(part, Words),
        at=at if at.isdigit() else "",
        error=error,
        text=text if text is not None else whole,
        action=visit.request.get_full_path(),
        back=_list(visit, it, visit.get.get("where", "").strip()),
        title=T("筛选", "Filter"),
    )


def _copy(group: Group) -> Group:
    """The same rows without their faults: what is complete is said as text while the rest is not."""
    return Group(group.word, [_copy(one) if isinstance(one, Group) else Row(one.steps, one.op, one.held) if isinstance(one, Row) else Words(one.text) for one in group.items])


def _links(visit: Visit, it: Definition, row: Row) -> Condition:
    """What a row's records are, so that their names can be looked up."""
    ids = [text.split("|")[0] for name in ("id", "keep") for text in row.all(name)]
    path = "".join(row.steps)
    return Test(path, "in", ids) if ids and trail(visit, it, path) else conditions.Always()


@dataclass
class Choosing:
    """One select of a row's field: what is chosen, and the fields by name, those of links behind with a dot."""

    chosen: str
    own: list[tuple[str, Text]]
    links: list[tuple[str, Text]]


def choosable(visit: Visit, it: Definition, row: Row) -> list[Choosing]:
    """The selects of a row's field: the object's own, then one for each link that is crossed."""
    out: list[Choosing] = []
    at: Definition | None = it
    for step in [*row.steps, ""] if not row.steps or row.steps[-1].endswith(".") else row.steps:
        if at is None:
            break
        usable = [one for one, level in visit.guard.visible(at) if level != "masked" or (comparable(one) and at is it)]
        reached = [one for one in usable if isinstance(one, Link | Links) and visit.may(visit.guard.target(one), "read")] if len(out) < 3 else []
        out.append(Choosing(step, [(one.name, one.label) for one in usable], [(f"{one.name}.", one.label) for one in reached]))
        link = at.fields.get(step.rstrip(".")) if step.endswith(".") else None
        at = visit.guard.target(link) if isinstance(link, Link | Links) and link in reached else None
    return out


class Drawn:
    """A row as its template needs it: its operators, its inputs' shape, and what they offer."""

    def __init__(self, visit: Visit, it: Definition, row: Row, names: phrasing.Phrases) -> None:
        self.row, self.visit = row, visit
        found = trail(visit, it, "".join(row.steps)) if row.steps and not row.steps[-1].endswith(".") else []
        self.it = found[-1][0] if found else it
        self.field: Field | None = found[-1][1] if found else None
        if self.field is not None and visit.guard.level(self.it, self.field.name) == "masked":
            self.field = self.field.bound(operators=("=",))
        offered = operators(self.field) if self.field is not None else []
        if self.field is not None and row.op not in self.field.operators:
            row.op = "=" if "=" in offered else offered[0]
            if isinstance(self.field, Date | DateTime):
                row.op = "within"
            elif type(self.field) is TextField or ("contains" in offered and "=" not in offered):
                row.op = "contains"
        if self.field is not None and row.op not in offered:
            offered.insert(0, row.op)
        self.operators = [(op, operator(self.field, op), shape(self.field, op)) for op in offered] if self.field is not None else []
        self.shape = shape(self.field, row.op) if self.field is not None else ""
        self.names = names
        self.short = linking.short_list(visit, self.it, self.field) if isinstance(self.field, Link | Links) and self.shape in ("record", "records") else None

    @property
    def who(self) -> list[tuple[str, Text]]:
        """What stands for the reader in links to people and departments."""
        one = self.field
        if isinstance(one, Link | Links) and one.target == "user":
            return [("me", phrasing.WHO["me"])]
        if isinstance(one, Department) or (isinstance(one, Links) and one.target == "department"):
            return [("my department", phrasing.WHO["my department"])]
        return []

    @property
    def record(self) -> tuple[str, str]:
        """The id and the name of the record compared with."""
        id_ = self.row.get("id")
        named = self.row.get() if not id_ else self.name(id_)
        return (id_, named) if not id_ or self.row.get() in (id_, self.row.get("label"), "") else ("", self.row.get())

    def name(self, value: str) -> str:
        assert self.field is not None
        return self.names.value(self.field, value.split("|")[0])

    @property
    def periods(self) -> list[tuple[str, Text]]:
        counted = {"last_n_days": T("近 … 天", "the last … days"), "next_n_days": T("未来 … 天", "the next … days")}
        out = [(name, counted.get(name) or relative_label(name)) for name in PERIODS]
        held = self.row.get()
        return out if not held or held in PERIODS else [(held, relative_label(held)), *out]

    @property
    def place(self) -> str:
        """The region as it is called, or what was typed for one."""
        held = self.row.get()
        return Region.names(held) if Region.names is not None and held.isdigit() else held
