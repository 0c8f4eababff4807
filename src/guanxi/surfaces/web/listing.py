"""The list of an object: columns, filters, order, pages by cursor, the bin."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from markupsafe import Markup

from guanxi.base.errors import Invalid, NotFound
from guanxi.kernel.declare.conditions import Condition
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import reading
from guanxi.surfaces.web import arranging, beginning, bin, doing, filters, grouping, saving, showing
from guanxi.surfaces.web.chips import builder_url, chips
from guanxi.surfaces.web.deeds import EXPORT, deeds
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.record import editable
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.visit import Visit, redirect

SIZES = (20, 50, 100)
SIZE = 50
CURSORS = ("after", "before")
KEPT = ("view", "scope", "sort", "bin", "letter", "size")
"""What of the address stays while the list is filtered; the cursor never survives a change."""


def listing(visit: Visit, it: Definition) -> HttpResponse:
    get = visit.get
    view = view_of(visit, it)
    binned = bool(get.get("bin"))
    if binned and not visit.may(it, "restore"):
        raise NotFound()
    shown = columns(visit, it) if not binned else bin.columns(visit, it, columns(visit, it))
    offered = filters.offered(visit.guard, it, view)
    q, where = get.get("q", "").strip()[:200], get.get("where", "").strip()
    sort = [s for s in get.get("sort", "").split(",") if s]
    active = filters.active(offered, get)
    errors: dict[str, str] = {}
    result = reading.Page([])
    changeable = editable(visit, it) if not binned else frozenset()

    def address(**changes: Any) -> str:
        return href(visit, **changes)

    usual = showing.settings_of(visit, it, view).get("size")
    usual = usual if usual in SIZES else SIZE
    size = next((n for n in SIZES if str(n) == get.get("size")), usual)
    order = sort or list(view.sort) or None
    group = grouping.by(visit, it, showing.settings_of(visit, it, view)) if not binned else None
    groups: grouping.Grouped | None = None
    try:
        wanted = condition(visit, it)
        if group is not None:
            groups = grouping.grouped(visit, it, wanted, group, shown, order)
            result = reading.Page([row for one in groups.bunches for row in one.rows], None, groups.count, groups.more)
        else:
            result = reading.query(
                it.name,
                actor=visit.actor,
                where=wanted,
                fields=list(dict.fromkeys([*(c.path for c in shown if c.field is not bin.GOES), *visit.guard.names(it)])),
                sort=order,
                limit=size,
                after=get.get("after") or None,
                before=get.get("before") or None,
                count="soon",
                deleted=binned,
                reach="update" if changeable else "",
            )
            if visit.guard.also_called(it) is not None:
                for row in result.rows:
                    row[it.title] = visit.guard.called(it, row)
            if binned:
                bin.stamp(visit, it, result.rows)
    except Invalid as problem:
        errors = {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
    if get.get("before") and not get.get("after") and result.previous is None and group is None and not errors:
        return redirect(address())  # what is left of the first page is the first page
    act = doing.doing(visit, it, view) if not binned else None
    return visit.page(
        "pages/list.html",
        422 if errors else 200,
        current=it,
        it=it,
        view=view,
        views=(found := showing.lists(visit, it)),
        formed=showing.tabs(visit, it, view.name),
        saved="",
        columns=shown,
        editable=changeable,
        widths=arranging.widths(arranged := arranging.arrangement(visit, it, view), shown, bool(deeds(visit, it, binned)), act is not None),
        density=arranged.get("density", "normal"),
        dense=arranging.DENSE,
        arranged=bool(arranged),
        groups=groups,
        group=group,
        part=lambda one, after="": address(within=one.within, after=after).replace(visit.request.path, f"{visit.request.path}/group", 1),
        groupable=grouping.options(visit, it, group) if not binned else "",
        regroup=grouping.NONE if showing.settings_of(visit, it, view).get("group") else "",
        deeds=deeds(visit, it, binned, view),
        act=act,
        chooser=arranging.chooser(visit, it, shown),
        offered=offered,
        active=active,
        q=q,
        where=where,
        result=result,
        uncounted=uncounted(visit, it) if result.next and result.count is None and not turned(visit) else "",
        errors=errors,
        binned=binned,
        sort=sort,
        size=size,
        sizes=SIZES,
        turned=turned(visit),
        usual=usual,
        sorted=_directions(sort or list(view.sort)),
        sortable=_sortable,
        numeric=numeric,
        alphabet=alphabet(visit, it) if it.initial and not binned and visit.guard.title(it) is not None else "",
        letter=(letter := filters.initial(visit.guard, it, get)),
        narrow=(narrow := bool(q or where or active or letter)),
        chips=chips(visit, it, offered, address, result.rows) if narrow else [],
        building=builder_url(visit, it),
        href=address,
        kept=[(key, value) for key in KEPT for value in get.getlist(key) if value],
        may_export=visit.may(it, "export"),
        exporting=href(visit, do=EXPORT).replace(visit.request.path, f"{visit.request.path}/bulk", 1),
        tab=lambda v: visit.look.to(it.name, view="" if v.name == found[0].name else v.name),
        saving=saving.offer(visit, it, view) if not binned else None,
        clear=visit.look.to(it.name, view=get.get("view"), scope=get.get("scope")),
        switch=showing.switch(visit, it, view.name) if not binned else [],
        may_create=visit.may(it, "create") and beginning.offered(it),
        may_import=visit.may(it, "create") and visit.may(it, "import") and beginning.offered(it),
        may_restore=visit.may(it, "restore"),
        ways=beginning.ways,
        title=it.label,
    )


def turned(visit: Visit) -> bool:
    """Whether another page than the first is asked for."""
    return bool(visit.get.get("after") or visit.get.get("before"))


def uncounted(visit: Visit, it: Definition) -> str:
    """Where the count of a list is asked for that was not counted with its first page."""
    return href(visit).replace(visit.request.path, f"/{it.plural}/count", 1)


def columns(visit: Visit, it: Definition) -> list[Column]:
    """The columns the address asks for, those of its view otherwise; what a record is called comes first."""
    view = view_of(visit, it)
    chosen = [p for value in visit.get.getlist("columns") for p in value.split(",") if p][:40]
    paths = list(dict.fromkeys(chosen or arranging.arrangement(visit, it, view).get("columns") or view.columns))
    if it.title not in paths:
        paths.insert(0, it.title)
    found = [c for path in paths if (c := filters.column(visit.guard, it, path)) is not None]
    first = next((c for c in found if c.path == it.title), None)
    return [first, *(c for c in found if c is not first)] if first is not None else found


def view_of(visit: Visit, it: Definition) -> List:
    """The list view of the address."""
    return showing.list_view(visit, it, showing.key(visit))


def condition(visit: Visit, it: Definition) -> Condition:
    """What the address asks of records: its view's condition, the filters, a part of the name, a condition in words."""
    view = view_of(visit, it)
    return showing.condition(visit, it, view, filters.offered(visit.guard, it, view))


def alphabet(visit: Visit, it: Definition) -> Markup:
    """The letters, each leading to the names that begin with it: one address with another end."""
    now, bare = filters.initial(visit.guard, it, visit.get), escape(href(visit, letter=None))
    join, said = "&amp;" if "?" in bare else "?", visit.look.t("全部", "All")
    current = ' aria-current="true"'
    lines = (f'<a href="{bare}{join}letter={quote(one)}"{current if one == now else ""}>{one}</a>' for one in filters.LETTERS)
    return Markup(f'<a href="{bare}"{current if not now else ""}>{said}</a>{"".join(lines)}')  # noqa: S704 - the address is escaped


def _directions(sort: list[str]) -> dict[str, str]:
    return {s.lstrip("-+"): "descending" if s.startswith("-") else "ascending" for s in sort}


def _sortable(column: Column) -> bool:
    return column.field.sortable and column.level != "masked"


def href(visit: Visit, **changes: Any) -> str:
    """This address with something changed; always the first page unless a cursor is given."""
    query = dict(visit.get.lists())
    for cursor in CURSORS:
        query.pop(cursor, None)
    for key, value in changes.items():
        if value in (None, "", False):
            query.pop(key, None)
        else:
            query[key] = [str(value)]
    text = urlencode(query, doseq=True, safe="/,", quote_via=quote)
    return visit.request.path + ("?" + text if text else "")
