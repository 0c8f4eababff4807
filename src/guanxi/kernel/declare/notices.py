"""Notices: what an object's declaration says about whom its events concern.

`tells = (Named(…), Reached(…))` in an object's body. The kernel reads the journal and the clock, finds the people a
declaration means and makes them a notice (`automation.notices`, `automation.reminders`); it never knows a module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from guanxi.base.text import T, Text

Tab = Literal["todo", "mention", "system"]
TABS: tuple[str, ...] = get_args(Tab)


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice, which people switch on and off as a whole.

    label: what the preferences call it. text: the sentence; {who} did it, {what} it is about, {title} its name alone, {to} whom something went to,
    {owner} whose it is, {n} and {why} as the fact has them. tab: where it stands; a to-do stays there until its fact ends. always: it cannot be
    switched off.
    """

    key: str
    label: Text
    text: Text
    tab: Tab = "system"
    always: bool = False


@dataclass(frozen=True)
class Named:
    """People who are newly named by a field of the record: its owner, a person, colleagues mentioned. where: only of records
    that satisfy it; a to-do ends when the record no longer does, or no longer names them."""

    kind: NoticeKind
    field: str = "owner"
    where: str = ""


@dataclass(frozen=True)
class Reached:
    """The owner of a record whose instant `at` is reached, or was `days` days ago; `superior`: their superior too. where: only
    of records that satisfy it. also: many-links to people who are told beside the owner. It ends when the record no longer
    does, has another owner or names them no longer, or its instant is another one."""

    kind: NoticeKind
    at: str
    where: str = ""
    days: int = 0
    superior: bool = False
    also: tuple[str, ...] = ()


Tells = Named | Reached

MENTIONED = NoticeKind("mentioned", T("有人@我", "Somebody mentions me"), T("{who} 在{what}中提到了您", "{who} mentioned you in {what}"), "mention")
ASSIGNED = NoticeKind("assigned", T("有记录交给我", "Records given to me"), T("{who} 把{what}交给了您", "{who} gave you {what}"))
TAKEN = NoticeKind("taken", T("我的记录转给了别人", "My records handed to others"), T("{who} 把您的{what}转给了 {to}", "{who} handed your {what} over to {to}"))
RETURNED = NoticeKind("returned", T("我的记录被退回公海", "My records returned to a pool"), T("{who} 把您的{what}退回了公海", "{who} returned your {what} to the pool"))
RECYCLED = NoticeKind("recycled", T("我的记录被自动回收", "My records recycled"), T("您的{what}被自动回收{why}", "Your {what} went back to the pool{why}"))
CLAIMED = NoticeKind("claimed", T("我曾负责的记录有人接手", "Records I once had, claimed"), T("您曾负责的{what}由 {to} 接手", "{to} took over {what}, which was once yours"))
LEAVING = NoticeKind("leaving", T("即将被回收", "Soon recycled"), T("{what}还有 {n} 天被回收{why}", "{what} goes back to the pool in {n} days{why}"), "todo")
JOB = NoticeKind("job", T("后台任务结束", "Background work over"), T("{what}：{why}", "{what}: {why}"))
SECURITY = NoticeKind("security", T("账号安全", "Security of my account"), T("{what}{why}", "{what}{why}"), always=True)
ANNOUNCED = NoticeKind("announcement", T("公告", "Announcements"), T("{who} 发布了公告{title}", "{who} announced {title}"), always=True)
ARRANGED = NoticeKind("arrangement", T("工作安排", "Work arrangements"), T("{who} 发来工作安排{title}", "{who} sent you a work arrangement {title}"), "todo", always=True)
GRADED = NoticeKind("graded", T("我的记录被规则评定", "My records graded by rule"), T("{what}{why}", "{what}{why}"))
WARNED = NoticeKind("warned", T("规则预警，如流失预警", "Warnings by rule, such as of losing a customer"), T("{what}{why}", "{what}{why}"), "todo")
UNATTENDED = NoticeKind(
    "unattended", T("久未跟进且没有计划（本人与上级）", "Left unattended, mine and my people's"),
    T("{owner} 负责的{what}已 {n} 天没有跟进，也没有约下次联系", "{what} ({owner}) has had no follow-up for {n} days, and none is planned"), "todo",
)  # fmt: skip
SUBMITTED = NoticeKind("submitted", T("在线表单有新提交", "Sent by a web form"), T("{what}由在线表单提交，在公海等待处理", "{what} came by a web form and waits in its pool"))
ASKED = NoticeKind("asked", T("有人申请协作或申诉", "Somebody asks to join or appeals"), T("{who} 就{what}提出了申请，请处理", "{who} asks you to decide about {what}"), "todo")
ANSWERED = NoticeKind("answered", T("我的申请有了答复", "My requests answered"), T("{who} 答复了您的{what}", "{who} answered your {what}"))

KINDS = (MENTIONED, ASSIGNED, TAKEN, RETURNED, RECYCLED, CLAIMED, LEAVING, JOB, SECURITY, ANNOUNCED, ARRANGED, GRADED, WARNED, UNATTENDED, SUBMITTED, ASKED, ANSWERED)
"""The kernel's own kinds; modules add theirs by naming them in a declaration."""
