"""How somebody has laid out their own first page: which of its parts stand in which order, which are put away, and which page signing
in leads to. Kept on their desk, so it is the same on every device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.text import T, Text
from guanxi.kernel import accounts
from guanxi.kernel.records import figures, reading
from guanxi.surfaces.web import showing, words
from guanxi.surfaces.web.visit import Visit, page, redirect

AWAY = "-"
"""Before the name of a part that is put away."""
PARTS: dict[str, Text] = {
    "today": T("今天做什么", "What to do today"), "standing": T("我的本月和团队", "My month and my people"), "shortcuts": T("快捷入口", "Shortcuts"),
    "recent": T("最近更新", "Changed last"), "notes": T("便签", "Notes"),
}  # fmt: skip
"""What the first page consists of, as it stands before anybody laid it out."""
ARRANGE = "arrange"


@dataclass(frozen=True)
class Part:
    """A part of the first page in its place."""

    name: str
    label: Text
    shown: bool


def parts(desk: Mapping[str, Any]) -> list[Part]:
    """All parts in somebody's order; what came since they laid it out stands last."""
    chosen = [one for one in desk.get("home") or () if one.removeprefix(AWAY) in PARTS]
    order = list(dict.fromkeys([one.removeprefix(AWAY) for one in chosen] + list(PARTS)))
    return [Part(name, PARTS[name], f"{AWAY}{name}" not in chosen) for name in order]


def lay(visit: Visit) -> HttpResponse:
    """One part moved, put away or brought back, a whole new order, or everything as it was."""
    found, post = parts(visit.desk), visit.post
    does, _, name = post.get("lay", "").partition(":")
    order = [one for one in post.get("order", "").split(",") if one]
    places = {one.name: at for at, one in enumerate(found)}
    if order:
        if not set(order) <= places.keys():
            raise Invalid.field("order", "order", "没有这个部分。", "There is no such part.")
        found = [*(found[places[one]] for one in dict.fromkeys(order)), *(one for one in found if one.name not in order)]
    elif name in places:
        at = places[name]
        if does in ("up", "down"):
            _move(found, at, -1 if does == "up" else 1)
        elif does in ("hide", "show"):
            found[at] = Part(name, found[at].label, does == "show")
    kept = [one.name if one.shown else AWAY + one.name for one in found]
    accounts.set_up_desk(visit.actor, {"home": None if does == "reset" or kept == list(PARTS) else kept})
    return redirect(f"/?{ARRANGE}=1" + (f"&moved={does}:{name}#p-{name}" if name in places and does in ("up", "down") else ""))


def _move(found: list[Part], at: int, by: int) -> None:
    """A part trades places with the next that is shown; those put away have no place to see."""
    to = at + by
    while 0 <= to < len(found) and not found[to].shown:
        to += by
    if 0 <= to < len(found):
        found.insert(to, found.pop(at))


# -- where signing in leads ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """A page signing in may lead to, under a heading."""

    path: str
    label: str
    group: str = ""


def starts(visit: Visit) -> Sequence[Start]:
    """Home, every dashboard and every view of daily work this person may open."""
    say, t = visit.look.say, visit.look.t
    out = [Start("/", t("首页", "Home"))]
    boards, lists = t("仪表盘", "Dashboards"), t("列表和视图", "Lists and views")
    out += [Start(f"/dashboards/{key}", say(one.label), boards) for key, one in figures.dashboards(visit.actor)]
    for row in reading.query("dashboard", actor=visit.actor, fields=["name", "name_en"], sort=["order", "name"], limit=reading.MAX_LIMIT).rows:
        out.append(Start(f"/dashboards/{row['id']}", say(Text(row["name"], row.get("name_en") or row["name"])), boards))
    if visit.has_days:
        out.append(Start("/calendar", t("日历", "Calendar"), lists))
    for it in visit.main():
        many = say(words.plural(it))
        for at, view in enumerate(showing.lists(visit, it)):
            out.append(Start(visit.look.to(it.name, view=view.name if at else ""), f"{many} · {say(view.label)}" if at else many, lists))
        for name in showing.kinds(visit, it)[1:]:
            if name != "chart":
                out.append(Start(visit.look.to(it.name, view=name), f"{many} · {say(showing.KINDS[name][0])}", lists))
        out += [Start(one["url"], f"{many} · {say(one['label'])}", lists) for one in showing.tabs(visit, it, "")]
    return out


def start(visit: Visit) -> str:
    """Where signing in leads: what somebody chose, as long as it is there for them, else home."""
    chosen = str(visit.desk.get("start") or "/")
    return chosen if chosen == "/" or any(one.path == chosen for one in starts(visit)) else "/"


@page
def choose(visit: Visit) -> HttpResponse:
    """Choose the page signing in leads to, among those there are."""
    if not visit.posted:
        raise NotFound()
    chosen = visit.post.get("start", "")
    if not any(one.path == chosen for one in starts(visit)):
        raise NotFound()
    accounts.set_up_desk(visit.actor, {"start": chosen if chosen != "/" else None})
    visit.say(T("登录后的首页已保存。", "Where signing in leads is saved."))
    return redirect("/me")
