"""回收站: how long deleted records are kept, and erasing one at once."""

from __future__ import annotations

from typing import Any

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Date, Integer, Json, TextField
from guanxi.kernel.declare.objects import Action, Form, List, Object, Policy, Record, named

MOST_DAYS = 3650
NOTICE_DAYS = 180
"""How long read and handled notices are kept when nobody said otherwise."""


def some_days(draft: Any, context: Any) -> None:
    if draft.notice_days is None:
        draft.notice_days = NOTICE_DAYS
    if not 0 <= draft.notice_days <= MOST_DAYS:
        raise Invalid.field("notice_days", "range", f"请填写 0 到 {MOST_DAYS} 的天数，0 表示永久保留。", f"Give 0 to {MOST_DAYS} days; 0 keeps them forever.")
    if draft.days is None or not 0 <= draft.days <= MOST_DAYS:
        raise Invalid.field("days", "range", f"请填写 0 到 {MOST_DAYS} 的天数，0 表示永久保留。", f"Give 0 to {MOST_DAYS} days; 0 keeps them forever.")


def erase_now(draft: Any, context: Any, *, object: str, record: str) -> None:
    """Erase one record that lies in the bin, with what belonged to it, at once and for good."""
    id = parse_id(record)
    if id is None:
        raise NotFound()
    context.erase(object, id)
    draft.because = {"kind": "erased", "object": object}


def swept(draft: Any, context: Any, *, day: Any = None, counts: Any = None) -> None:
    """The bin was emptied of what was due: how many records of which object."""
    draft.swept_on = day
    draft.because = {"kind": "emptied", "counts": counts or {}}


class BinRules(
    Object, name="bin_rules", plural="bin_rules", label=T("回收站设置", "Bin settings"), icon="bin", group="settings", single=True,
    about=T("删除的记录保留多少天，之后彻底删除。", "How many days deleted records are kept before they are erased for good."),
):  # fmt: skip
    """回收站设置: how long deleted records lie in the bin, and notices that were read or handled are kept. There is exactly one. 0 days: forever. Settings, users and roles are never erased."""

    name = TextField(T("名称", "Name"), computed=lambda draft, context: "回收站 / Bin")
    days = Integer(T("保留天数", "Days kept"), default=30, help=T("0 表示永久保留。", "0 keeps them forever."))
    notice_days = Integer(T("已处理消息保留天数", "Days handled notices are kept"), default=NOTICE_DAYS, help=T("已读的消息和已完成的待办超过后删除；0 表示永久保留。", "Read notices and finished to-dos go after it; 0 keeps them forever."))
    swept_on = Date(T("最近清理日", "Last emptied"), readonly=True)
    policy = Policy(read="member", write="role")
    checks = (some_days,)
    actions = (
        Action(
            "erase_now", erase_now, T("彻底删除", "Erase for good"), listed=False,
            inputs=(named("object", TextField(T("对象", "Object"), required=True)), named("record", TextField(T("记录", "Record"), required=True))),
        ),
        Action("swept", swept, T("清理", "Emptied"), inputs=(named("day", Date(T("日期", "Day"))), named("counts", Json(T("按对象", "By object")))), internal=True),
    )  # fmt: skip
    views = (List(columns=("name", "days", "notice_days", "swept_on")), Record(groups=((T("保留", "Keeping"), ("days", "notice_days", "swept_on")),)), Form(fields=("days", "notice_days")))
