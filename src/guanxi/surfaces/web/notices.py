"""What one is told: the page and the bell's panel, opening one, reading all, and what one wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from django.http import HttpResponse

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.text import T, Text
from guanxi.kernel import accounts
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.catalog.notices import QUIET
from guanxi.kernel.declare.notices import NoticeKind
from guanxi.kernel.records import door, notices, reading
from guanxi.kernel.records.notices import Shown
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

TABS: dict[str, Text] = {"all": T("全部", "All"), "todo": T("待办", "To do"), "mention": T("@我", "@Me"), "system": T("系统", "System")}
ELSEWHERE = {"job": "/jobs/{}", "security": "/me"}
"""Where kinds lead that are about no record."""
IN_PANEL = 12


@page
def listed(visit: Visit) -> HttpResponse:
    """One's notices, a page at a time; in the bell's panel the latest."""
    tab = visit.get.get("tab", "all")
    if tab not in TABS:
        raise NotFound()
    panel = visit.inside == "panel"
    rows, after = notices.shown(visit.actor, tab, after=visit.get.get("after") or None, limit=IN_PANEL if panel else notices.PAGE, unread=bool(visit.get.get("unread")))
    return visit.page(
        "pages/notices_panel.html" if panel else "pages/notices.html", rows=rows, after=after, tab=tab, tabs=TABS, unread=bool(visit.get.get("unread")),
        newest=next((one.id for one in rows if not one.read), None) if not visit.get.get("after") else None, may_write=visit.may(visit.catalog.object("announcement"), "create"),
        icon_of=lambda one: _icon(visit, one), title=T("消息", "Notices"),
    )  # fmt: skip


def _icon(visit: Visit, one: Shown) -> str:
    it = visit.catalog.find(one.object)
    return {"job": "in", "security": "key"}.get(one.kind) or (it.icon if it is not None else "bell")


@page
def count(visit: Visit) -> HttpResponse:
    """What the bell shows, and whether it may make itself heard now."""
    body = {**notices.counts(visit.actor), "quiet": notices.quiet(visit.desk, visit.look.settings)}
    return HttpResponse(msgspec.json.encode(body), content_type="application/json", headers={"Cache-Control": "private, no-store"})


@page
def opened(visit: Visit, id: UUID) -> HttpResponse:
    """Opening a notice is reading it, and leads to what it is about; posting marks it as read or unread and stays."""
    verb = visit.post.get("do", "seen") if visit.posted else "seen"
    if verb not in ("seen", "unseen"):
        raise NotFound()
    one = notices.one(visit.actor, id)
    if one.read is (verb == "unseen"):
        door.perform("notice", verb, actor=visit.actor, id=id)
    if visit.posted:
        return redirect(safe_next(visit.post.get("next", "/notices")))
    if one.kind in ELSEWHERE:
        return redirect(ELSEWHERE[one.kind].format(one.record))
    it = visit.catalog.find(one.object)
    if it is not None and one.count > 1 and visit.may(it, "read"):
        return redirect(visit.look.to(it.name, where="owner = me", sort="-updated_at"))
    if it is None or one.record is None:
        visit.say(T("这条消息说的记录已被删除，或您已不能查看。", "What this is about was deleted, or you may no longer see it."), "warning")
        return redirect("/notices")
    return redirect(visit.look.to(it.name, one.record))


@page
def seen(visit: Visit) -> HttpResponse:
    """All are read that were on the page or older."""
    if not visit.posted:
        raise NotFound()
    done = door.perform("notice", "all_seen", actor=visit.actor, id=visit.post.get("id", "")).output or {}
    visit.say(T(f"{done.get('count', 0)} 条消息已标为已读。", f"{done.get('count', 0)} notices marked as read."))
    return redirect(safe_next(visit.post.get("next", "/notices")))


@page
def preferences(visit: Visit) -> HttpResponse:
    """Which kinds one is told of, the hours one is not disturbed; for administrators, what holds for whoever never chose."""
    rules = visit.catalog.object("notice_rules")
    row = reading.query(rules.name, actor=visit.actor, fields=["off"], limit=1).rows[0]
    off, mine, manages = set(row["off"] or ()), dict(visit.desk.get("notices") or {}), visit.may(rules, "update")
    kinds = [kind for kind in REGISTRY.notices.values() if not kind.always]
    error = ""
    if visit.posted:
        begin, end = visit.post.get("from", "").strip(), visit.post.get("to", "").strip()
        hours = f"{begin}-{end}" if begin or end else ""
        if hours and QUIET.fullmatch(hours) is None:
            error, mine = visit.look.t("请把开始和结束都填写为 22:00 这样的时间。", "Give both hours, such as 22:00 and 08:00."), mine | {"quiet": hours}
        else:
            return _save(visit, kinds, off, row["id"] if manages else None, hours)
    told = {kind.key: kind.key not in mine.get("off", ()) and (kind.key not in off or kind.key in mine.get("on", ())) for kind in kinds}
    begin, _, end = str(mine.get("quiet") or "").partition("-")
    return visit.page(
        "pages/notice_preferences.html", 422 if error else 200, kinds=kinds, told=told, off=off, manages=manages, begin=begin, end=end, error=error,
        always=[kind for kind in REGISTRY.notices.values() if kind.always], title=T("消息提醒", "What I am told"),
    )  # fmt: skip


def _save(visit: Visit, kinds: Sequence[NoticeKind], off: set[str], rules: UUID | None, hours: str) -> HttpResponse:
    """A choice that is as the company's is no choice: it goes on following the company."""
    keys = [kind.key for kind in kinds]
    wanted = {key for key in keys if visit.post.get(f"me.{key}")}
    try:
        if rules is not None:
            now = {key for key in keys if not visit.post.get(f"all.{key}")}
            if now != off:
                door.perform("notice_rules", "update", actor=visit.actor, id=rules, changes={"off": sorted(now)})
        mine = {"on": sorted(wanted & off), "off": sorted(set(keys) - wanted - off), "quiet": hours or None}
        kept = {key: value for key, value in mine.items() if value}
        accounts.set_up_desk(visit.actor, {"notices": kept or None})
    except Invalid as problem:
        visit.say(problem.errors[0].message if problem.errors else problem.detail, "warning")
    else:
        visit.say(T("已保存。", "Saved."))
    return redirect("/me/notices")
