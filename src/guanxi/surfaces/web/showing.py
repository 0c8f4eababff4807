"""The ways an object's records can be shown: list, board, calendar, tree, regions. One address for all of them, which keeps
filter and search; what they have in common stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.declare.conditions import Always, And, Condition, Test
from guanxi.kernel.declare.fields import Boolean, Choice, Date, DateTime, Link, MultiChoice, Region
from guanxi.kernel.declare.objects import Board, Calendar, Definition, List
from guanxi.kernel.records import seeking, views
from guanxi.surfaces.web import filters
from guanxi.surfaces.web.chips import builder_url, chips
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.visit import Visit

KINDS: dict[str, tuple[Text, str]] = {
    "list": (T("列表", "List"), "menu"),
    "board": (T("看板", "Board"), "pipeline"),
    "calendar": (T("日历", "Calendar"), "calendar"),
    "tree": (T("层级", "Tree"), "department"),
    "region": (T("地区", "Regions"), "region"),
    "chart": (T("图表", "Chart"), "chart"),
}
"""What each way is called, and its icon."""
KEPT = ("q", "where", "sort", "columns", "letter")
"""What of an address goes along from one way to another, beside the filters (`f.…`) and the list view."""


def lists(visit: Visit, it: Definition) -> list[List]:
    """The list views of an object, declared and saved, that the actor may use; there is always one."""
    found = [list_of(view) for view in views.for_object(visit.actor, it.name, ("list",)) if view.problem is None]
    return found or [List(columns=(it.title,))]


def list_of(view: views.Shown) -> List:
    """A list as its settings say it; what a saved one leaves out is as in the declared one."""
    settings, declared = view.settings, view.declared
    like = declared if isinstance(declared, List) else List(columns=())
    return List(
        tuple(settings.get("columns") or like.columns), tuple(settings.get("sort") or ()), tuple(settings.get("filters") or like.filters),
        settings.get("where", ""), view.key, view.label,
    )  # fmt: skip


def list_view(visit: Visit, it: Definition, name: str) -> List:
    """The list view of a key, else the first; of a view saved from another way, the first with its records."""
    found = lists(visit, it)
    view = next((view for view in found if view.name == name), None)
    if view is None and (saved := next((one for one in formed(visit, it) if one.key == name), None)) is not None:
        return replace(found[0], where=saved.settings.get("where", ""), name=saved.key, label=saved.label)
    return view or found[0]


def formed(visit: Visit, it: Definition) -> list[views.Shown]:
    """The views somebody saved from a board, a calendar, a tree or regions, that the actor may use."""
    found = [view for view in views.for_object(visit.actor, it.name) if view.id is not None and view.kind != "list" and view.problem is None]
    there = kinds(visit, it) if found else []
    return [view for view in found if view.kind in there]


def held(visit: Visit, it: Definition) -> views.Shown | None:
    """The view saved from another way than a list that the address opens."""
    asked = visit.get.get("view", "")
    return next((view for view in formed(visit, it) if view.key == asked), None) if asked and asked not in KINDS else None


def told(visit: Visit, it: Definition, name: str) -> str:
    """What the address says of a way of showing, else what the saved view does that it opens."""
    saved = held(visit, it) if name not in visit.get else None
    return visit.get.get(name, "") if saved is None else str(saved.settings.get(name) or "")


def key(visit: Visit) -> str:
    """The view whose rows a list's address shows; `view=list` shows those of another way in rows."""
    asked = visit.get.get("view", "")
    return visit.get.get("scope", "") if asked in KINDS else asked


def scope(visit: Visit, it: Definition) -> str:
    """The key of the view whose records are shown: a list view's beside another way, or that of a view saved from one."""
    saved = held(visit, it)
    return visit.get.get("scope", "") or (saved.key if saved is not None else "")


def settings_of(visit: Visit, it: Definition, view: List) -> Mapping[str, Any]:
    """What else the settings of a list view say: widths, density, grouping. Nothing for a declared one."""
    held = next((one for one in views.for_object(visit.actor, it.name, ("list",)) if one.key == view.name), None)
    return held.settings if held is not None else {}


def condition(visit: Visit, it: Definition, view: List, offered: list[Column]) -> Condition:
    """Which records the address means: the view's, the filters', the typed condition's, those that `q` means."""
    q, where = visit.get.get("q", "").strip()[:200], visit.get.get("where", "").strip()
    parts: list[Condition] = [visit.guard.parse(view.where), visit.guard.parse(where)]
    parts += filters.conditions(offered, visit.get, visit.guard)
    if q:
        parts.append(seeking.sought(visit.guard, it, q, living=not visit.get.get("bin")))
    if letter := filters.initial(visit.guard, it, visit.get):
        parts.append(Test(it.title, "initial", letter))
    return And(tuple(parts))


def usable(visit: Visit, it: Definition, path: str) -> bool:
    """Whether the actor may filter and group by what a path leads to."""
    found = filters.column(visit.guard, it, path)
    return found is not None and found.level in ("read", "write")


def understood(visit: Visit, it: Definition, text: str) -> bool:
    """Whether the actor may ask a condition: it names nothing they do not see."""
    try:
        visit.guard.where(it, visit.guard.parse(text))
    except Invalid:
        return False
    return True


def boards(visit: Visit, it: Definition) -> list[Board]:
    """The boards of an object, declared and saved, whose columns the actor may see. `name` is the key in an address."""
    kinds = Choice | Boolean | Link
    found = [board_of(view) for view in views.for_object(visit.actor, it.name, ("board",)) if view.problem is None]
    return [b for b in found if usable(visit, it, b.by) and isinstance(it.fields[b.by], kinds) and not isinstance(it.fields[b.by], MultiChoice)]


def board_of(view: views.Shown) -> Board:
    """A board as settings and declaration say it; by another field, the declared one's columns and verbs mean nothing."""
    settings, declared = view.settings, view.declared
    by = str(settings.get("by", ""))
    common = {"name": view.key, "label": view.label, "where": settings.get("where", ""), "total": settings.get("total", ""), "card": tuple(settings.get("card", ()))}
    if settings.get("sort"):
        common["sort"] = tuple(settings["sort"])
    if not isinstance(declared, Board):
        return Board(by, **common)
    if not common["card"]:
        common["card"] = declared.card
    if declared.by != by:
        return Board(by, overdue=declared.overdue, **common)
    return replace(declared, **common)


def calendars(visit: Visit, it: Definition) -> list[Calendar]:
    """The calendars of an object, declared and saved, whose days the actor may see."""
    if visit.guard.title(it) is None:
        return []
    found = [calendar_of(view) for view in views.for_object(visit.actor, it.name, ("calendar",)) if view.problem is None]
    found = [c if not c.end or usable(visit, it, c.end) else replace(c, end="") for c in found]
    return [c for c in found if usable(visit, it, c.date) and isinstance(it.fields[c.date], Date | DateTime)]


def calendar_of(view: views.Shown) -> Calendar:
    settings, declared = view.settings, view.declared
    given: dict[str, Any] = {"name": view.key, "label": view.label, "date": str(settings.get("date", "")), "end": settings.get("end", "")}
    given |= {"where": settings.get("where", ""), "card": tuple(settings.get("card", ()))}
    if isinstance(declared, Calendar):
        if view.id is not None:
            given["common"] = False  # what somebody saved is chosen before it is seen
        if not given["card"]:
            given["card"] = declared.card
        return replace(declared, **given)
    return Calendar(common=False, **given)


def regions(visit: Visit, it: Definition) -> list[Region]:
    return [one for one in it.fields.values() if isinstance(one, Region) and usable(visit, it, one.name)]


def kinds(visit: Visit, it: Definition) -> list[str]:
    """The ways this object can be shown to this actor, the list first."""
    has: dict[str, Callable[[], bool]] = {
        "board": lambda: bool(boards(visit, it)),
        "calendar": lambda: bool(calendars(visit, it)),
        "tree": lambda: bool(it.parent) and usable(visit, it, it.parent) and visit.guard.title(it) is not None,
        "region": lambda: bool(regions(visit, it)),
        "chart": lambda: any(one.groupable for one, level in visit.guard.visible(it) if level in ("read", "write")),
    }
    return ["list", *(kind for kind, there in has.items() if there())]


def kind(visit: Visit, it: Definition) -> str:
    """The way the address asks for; what the object does not have is shown as a list."""
    asked = visit.get.get("view", "")
    if not asked:
        return "list"
    found = asked
    if asked not in KINDS:
        found = next((k for k, those in (("board", boards), ("calendar", calendars)) if any(v.name == asked for v in those(visit, it))), "list")
        if (saved := held(visit, it)) is not None:
            found = saved.kind
    return found if found in kinds(visit, it) else "list"


def switch(visit: Visit, it: Definition, scope: str) -> list[dict[str, Any]]:
    """The row of buttons in the head: each way with its address, keeping filter, search and list view."""
    now, out = kind(visit, it), []
    scope = "" if scope == lists(visit, it)[0].name else scope
    whole = any(view.key == scope for view in formed(visit, it))  # to see its records in rows the way has to be named
    kept = [(key, value) for key in visit.get for value in visit.get.getlist(key) if value and (key in KEPT or key.startswith("f."))]
    found = kinds(visit, it)
    for name in found if len(found) > 1 else ():
        grouped = [("by", visit.get["group"])] if name == "chart" and visit.get.get("group") and now == "list" else []
        way = [("view", scope)] if name == "list" and not whole else [("view", name), ("scope", scope)]
        query = urlencode([pair for pair in (*way, *kept, *grouped) if pair[1]], safe="/,")
        label, icon = KINDS[name]
        out.append({"name": name, "label": label, "icon": icon, "now": name == now, "url": f"/{it.plural}" + (f"?{query}" if query else "")})
    return out


@dataclass
class Frame:
    """A page that shows an object's records in some way: which of them, and what its head and filters say."""

    visit: Visit
    it: Definition
    kind: str
    view: List
    offered: list[Column]
    where: Condition
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, visit: Visit, it: Definition, kind: str) -> Frame:
        """The frame of what the address asks for. A condition that is wrong shows nothing and says so."""
        view = list_view(visit, it, visit.get.get("scope", ""))
        offered = filters.offered(visit.guard, it, view)
        saved = held(visit, it)
        own = visit.guard.parse(saved.settings.get("where")) if saved is not None and kind in ("tree", "region") else Always()  # the others know theirs
        try:
            where = visit.guard.where(it, asked := And((own, condition(visit, it, view, offered))))
        except Invalid as problem:
            errors = {e.field: e.message.for_(visit.look.lang) for e in problem.errors}
            return cls(visit, it, kind, view, offered, Test("id", "in", []), errors)
        assert where is not None
        return cls(visit, it, kind, view, offered, asked)

    @property
    def narrows(self) -> bool:
        """Whether the address asks for some of the records only."""
        return bool(self.visit.get.get("q") or self.visit.get.get("where") or self.view.where or filters.active(self.offered, self.visit.get))

    def context(self) -> dict[str, Any]:
        """What components/shown.html needs."""
        from guanxi.surfaces.web import saving

        visit, it, get = self.visit, self.it, self.visit.get
        saved = held(visit, it)
        active = filters.active(self.offered, get)
        return {
            "current": it,
            "it": it,
            "kind": self.kind,
            "view": self.view,
            "views": (found := lists(visit, it)),
            "formed": tabs(visit, it, saved.key if saved is not None else get.get("scope", "")),
            "tab": lambda v: self.href(scope="" if v.name == found[0].name else v.name, **({"view": self.kind, **dict.fromkeys(OWN)} if saved is not None else {})),
            "saved": saved.key if saved is not None else "",
            "saving": saving.offer(visit, it, self.view),
            "offered": self.offered,
            "active": active,
            "q": get.get("q", "").strip()[:200],
            "where": get.get("where", "").strip(),
            "errors": self.errors,
            "narrow": (narrow := bool(get.get("q") or get.get("where") or active or filters.initial(visit.guard, it, get))),
            "chips": chips(visit, it, self.offered, self.href) if narrow else [],
            "building": builder_url(visit, it),
            "kept": [(key, value) for key in ("view", "scope", "letter", *OWN) for value in get.getlist(key) if value],
            "clear": f"/{it.plural}?" + urlencode([(key, get[key]) for key in ("view", "scope", *OWN) if get.get(key)]),
            "switch": switch(visit, it, scope(visit, it)),
            "binned": False,
            "may_create": visit.may(it, "create"),
            "may_restore": False,
            "href": self.href,
            "title": it.label,
        }

    def href(self, **changes: Any) -> str:
        """This page's address with something changed."""
        query = self.visit.get.copy()
        for key in ("after", "before", "column"):
            query.pop(key, None)
        for key, value in changes.items():
            if value in (None, "", False):
                query.pop(key, None)
            else:
                query[key] = str(value)
        text = query.urlencode(safe="/,:")
        return f"/{self.it.plural}" + (f"?{text}" if text else "")


def rows(visit: Visit, it: Definition, **query: Any) -> str:
    """The address of the list of what is shown, whichever way it is shown now."""
    shown = scope(visit, it)
    whole = any(view.key == shown for view in formed(visit, it))
    return visit.look.to(it.name, **({"view": "list", "scope": shown} if whole else {"view": shown}), **query)


def tabs(visit: Visit, it: Definition, now: str) -> list[dict[str, Any]]:
    """The views saved from other ways than a list, as they stand beside the lists' tabs: each says which way it is shown."""
    out = []
    for view in formed(visit, it):
        label, icon = KINDS[view.kind]
        out.append({"key": view.key, "label": view.label, "kind": label, "icon": icon, "now": view.key == now, "url": visit.look.to(it.name, view=view.key)})
    return out


OWN = ("process", "open", "by", "at", "date", "span", "total", "measure", "as")
"""What of an address belongs to one way of showing and stays while it is filtered."""
