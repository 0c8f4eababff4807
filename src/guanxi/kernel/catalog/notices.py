"""消息: what people are told, what they and the company want to be told, and what colleagues announce to each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    DateTime,
    Departments,
    Integer,
    Json,
    Links,
    LongText,
    Owner,
    Person,
    Tags,
    TextField,
)
from guanxi.kernel.declare.notices import NoticeKind
from guanxi.kernel.declare.objects import Action, Form, Grant, List, Object, Policy, Record, named

QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
MOST = 5_000
TAB_LABELS = {"todo": T("待办", "To do"), "mention": T("@我", "@Me"), "system": T("系统", "System")}


def by_the_program(draft: Any, context: Any) -> None:
    """Nobody writes notices: they follow from what happened."""
    if draft.new and not context.actor.unlimited:
        raise Invalid.field("kind", "read-only", "消息由系统生成；要给同事发消息，请新建公告或工作安排。", "Notices are made by the program; to write to colleagues, make an announcement.")


def seen(draft: Any, context: Any) -> None:
    draft.read_at = draft.read_at or context.now


def unseen(draft: Any, context: Any) -> None:
    draft.read_at = None


def all_seen(draft: Any, context: Any) -> dict[str, int]:
    """This one and every older one that was not read: what came meanwhile was not on the screen and stays unread."""
    seen(draft, context)
    older = context.find(
        "notice", Test("owner", "=", draft.owner) & Test("read_at", "empty") & Test("created_at", "<=", draft.created_at.isoformat()), limit=MOST
    )
    others = [row["id"] for row in older if row["id"] != draft.id]
    for id in others:
        context.later("notice", "seen", id)
    return {"count": len(others) + 1}


def ended(draft: Any, context: Any) -> None:
    """The fact it speaks of is over: nothing is left to do, nor to read."""
    draft.done_at = draft.done_at or context.now
    draft.read_at = draft.read_at or context.now


def grown(draft: Any, context: Any, *, count: int = 0, facts: Any = None) -> None:
    """More of the same, of the same moment."""
    draft.count, draft.facts = count, facts


class Notice(
    Object, label=T("消息", "Notice"), icon="bell", title="kind", hands=None, sought=False,
    about=T("与您有关的事：谁@了您、交给您什么、什么到期了。", "What concerns you: who mentioned you, what was given to you, what is due."),
):  # fmt: skip
    """消息: what somebody is told, made by the program from events and instants; nobody else ever reads it.

    It holds no word of the record it is about: that is drawn with its reader's rights when they look. A to-do is done when
    its fact ends, whether it was read or not; what asks for nothing is over from the start. `facts`: JSON of the kind's own, such as days left, or the first records of several.
    """

    kind = TextField(T("类型", "Kind"), readonly=True)
    tab = Choice(T("分类", "Tab"), [*TAB_LABELS.items()], readonly=True)
    object_name = TextField(T("对象", "Object"), readonly=True)
    record = TextField(T("记录", "Record"), readonly=True)
    by = Person(T("来自", "From"), readonly=True)
    count = Integer(T("条数", "Records"), default=1, readonly=True)
    facts = Json(T("事实", "Facts"), readonly=True)
    read_at = DateTime(T("已读时间", "Read"), readonly=True)
    done_at = DateTime(T("结束时间", "Over"), readonly=True)
    owner = Owner(T("收件人", "To"), readonly=True)
    policy = Policy(read="personal", write="personal")
    checks = (by_the_program,)
    actions = (
        Action("seen", seen, T("标为已读", "Mark as read"), offered="read_at empty", right="update"),
        Action("unseen", unseen, T("标为未读", "Mark as unread"), offered="read_at not empty", right="update"),
        Action("all_seen", all_seen, T("连同更早的全部标为已读", "Mark it and all older ones as read"), right="update"),
        Action("ended", ended, T("结束", "Over"), internal=True),
        Action("grown", grown, T("增加", "More"), inputs=(named("count", Integer(T("条数", "Records"))), named("facts", Json(T("事实", "Facts")))), internal=True),
    )
    indexes = (("owner", "-created_at"), ("owner", "read_at"), ("owner", "done_at"), ("object_name", "record"))
    views = (
        List(columns=("kind", "tab", "by", "created_at", "read_at", "done_at"), sort=("-created_at",), filters=("tab", "read_at", "done_at", "created_at")),
        Form(fields=("kind",)),
    )


# -- announcements -----------------------------------------------------------------------------------------------------

READERS = ("everyone", "roles", "units", "people")


def addressed(draft: Any, context: Any) -> None:
    """People write to somebody."""
    if not context.actor.unlimited and not any(draft[name] for name in READERS):
        raise Invalid.field("people", "required", "请选择发给谁。", "Say whom it is for.")


def confirm(draft: Any, context: Any) -> None:
    """Somebody it was sent to has read it; their own notice of it is over."""
    me = context.actor.user
    if me is None or me == draft.owner or me in (draft.confirmed or ()):
        return
    draft.confirmed = [*(draft.confirmed or ()), me]
    draft.pending = [one for one in draft.pending or () if one != me] or None
    about = Test("object_name", "=", "announcement") & Test("record", "=", str(draft.id)) & Test("owner", "=", me)
    for row in context.find("notice", about):
        context.later("notice", "ended", row["id"])


def told(draft: Any, context: Any, *, people: Any = None) -> None:
    """These people were told of it, and have not confirmed it yet."""
    known = {*(draft.pending or ()), *(draft.confirmed or ())}
    draft.pending = [*(draft.pending or ()), *(one for one in people or () if one not in known)] or None


class Announcement(
    Object, label=T("公告", "Announcement"), icon="announce", title="subject",
    about=T("发给全员、部门、角色或几位同事的话，看得到谁已阅。", "Words for everybody, departments, roles or some colleagues; one sees who has read them."),
    hands=None,
):  # fmt: skip
    """公告: what somebody tells everybody, departments, roles or colleagues. Its readers confirm it; who has and who has not is
    kept with it. Anybody writes to colleagues; writing to all, roles or departments is a right over these fields."""

    subject = TextField(T("标题", "Subject"), required=True, search=True)
    kind = Choice(
        T("类型", "Kind"), [("announcement", T("公告", "Announcement")), ("arrangement", T("工作安排", "Work arrangement"))], required=True, default="announcement",
        help=T("工作安排留在对方的待办里，直到确认。", "An arrangement stays among their to-dos until they confirm it."),
    )  # fmt: skip
    text = LongText(T("内容", "Text"), required=True)
    everyone = Boolean(T("全员", "Everyone"), default=False)
    units = Departments(T("部门", "Departments"), help=T("含下级部门。", "With those below."))
    roles = Links("role", T("角色", "Roles"))
    people = Links("user", T("同事", "Colleagues"))
    pending = Links("user", T("未确认", "Not confirmed yet"), readonly=True)
    confirmed = Links("user", T("已确认", "Confirmed"), readonly=True)
    owner = Owner(T("发布人", "From"))
    policy = Policy(read="personal", write="personal", readers=READERS, fields={"everyone": "read", "roles": "read", "units": "read"})
    checks = (addressed,)
    actions = (
        Action("confirm", confirm, T("确认已阅", "Confirm reading"), offered="pending has me", right="read"),
        Action("told", told, T("通知", "Told"), inputs=(named("people", Links("user", T("同事", "Colleagues"))),), internal=True),
    )
    views = (
        List(columns=("subject", "kind", "owner", "created_at", "everyone"), sort=("-created_at",), filters=("kind", "owner", "created_at")),
        List(name="sent", label=T("我发的", "Sent by me"), columns=("subject", "kind", "created_at", "pending", "confirmed"), sort=("-created_at",), filters=("kind",), where="owner = me"),
        Record(
            highlights=("kind", "owner", "created_at"),
            groups=(
                (T("内容", "What it says"), ("subject", "kind", "text", "owner")),
                (T("发给", "To"), ("everyone", "units", "roles", "people")),
                (T("阅读情况", "Who has read it"), ("confirmed", "pending")),
            ),
        ),
        Form(fields=("subject", "kind", "text", "everyone", "units", "roles", "people")),
    )


# -- what is wanted ----------------------------------------------------------------------------------------------------


def known_kinds(draft: Any, context: Any) -> None:
    """The kinds that are off exist, and may be."""
    from guanxi.kernel.catalog.catalog import REGISTRY

    wrong = [key for key in draft.off or () if key not in REGISTRY.notices or REGISTRY.notices[key].always]
    if wrong:
        raise Invalid.field("off", "unknown", f"没有或不能关闭这类消息：{'、'.join(wrong)}。", f"These kinds do not exist or are always told: {', '.join(wrong)}.")


class NoticeRules(
    Object, name="notice_rules", plural="notice_rules", label=T("消息设置", "Notice settings"), icon="bell", group="settings", single=True,
    about=T("哪些事默认不提醒；每个人可以自己改。", "What nobody is told of unless they ask for it."),
):  # fmt: skip
    """消息设置: which kinds of notices are not made unless somebody wants them. There is exactly one."""

    name = TextField(T("名称", "Name"), computed=lambda draft, context: "消息设置 / Notice settings")
    off = Tags(T("默认不提醒", "Off by default"))
    policy = Policy(read="member", write="role")
    checks = (known_kinds,)
    views = (List(columns=("name", "off")), Form(fields=("off",)))


def wanted(kind: NoticeKind, off: Iterable[str], desk: Mapping[str, Any]) -> bool:
    """Whether somebody is told of a kind: as they chose, else as the company did."""
    chosen = desk.get("notices") or {}
    if kind.always or kind.key in chosen.get("on", ()):
        return True
    return kind.key not in chosen.get("off", ()) and kind.key not in off


def quiet(desk: Mapping[str, Any], local: datetime) -> bool:
    """Whether somebody does not want to be disturbed at an instant of their own zone; hours may go over midnight."""
    found = QUIET.fullmatch(str((desk.get("notices") or {}).get("quiet") or ""))
    if found is None:
        return False
    hours = [int(part) for part in found.groups()]
    begin, end, now = time(hours[0], hours[1]), time(hours[2], hours[3]), local.time()
    return begin <= now < end if begin <= end else now >= begin or now < end


def wrong_preferences(value: Any) -> list[FieldError]:
    """What is wrong with the part of a desk about notices."""
    from guanxi.kernel.catalog.catalog import REGISTRY

    def wrong(zh: str, en: str) -> list[FieldError]:
        return [FieldError("settings", "setting", T(f"notices：{zh}", f"notices: {en}"))]

    if value is None:
        return []
    if not isinstance(value, Mapping) or not set(value) <= {"on", "off", "quiet"}:
        return wrong("只能有 on、off、quiet。", "only on, off and quiet.")
    for key in ("on", "off"):
        kinds = value.get(key, [])
        if not isinstance(kinds, list) or not all(isinstance(one, str) and one in REGISTRY.notices for one in kinds):
            return wrong(f"{key} 应为消息类型的列表。", f"{key} is a list of kinds of notices.")
    if value.get("quiet") and QUIET.fullmatch(str(value["quiet"])) is None:
        return wrong("免打扰写作 22:00-08:00。", "quiet hours are written 22:00-08:00.")
    return []


OBJECTS = (Notice, Announcement, NoticeRules)
WRITER = Grant(("read",), "own", "own", {"everyone": "write", "roles": "write", "units": "write"})
GRANTS = {role: {"announcement": WRITER} for role in ("sales_manager", "executive")}
"""Managers announce to everybody, roles and departments; the administrator may anyway."""
