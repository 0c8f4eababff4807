"""个人信息请求: somebody asks what is known of them, to have it corrected, erased or explained, or takes a consent back (PIPL 44-48)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.base.workdays import Calendar
from guanxi.kernel.declare.fields import (
    AutoNumber,
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Json,
    LongText,
    Option,
    Owner,
    Phone,
    TextField,
)
from guanxi.kernel.declare.notices import NoticeKind, Reached
from guanxi.kernel.declare.objects import Action, Form, List, Object, Policy, Record, named

REMINDED_BEFORE = 3
"""Working days before the end that its handler is reminded."""
MOST = 200
"""Records one request may be about."""
SOON = NoticeKind("request_soon", T("个人信息请求快到期", "Privacy requests nearly due"), T("{what}还有 3 个工作日到期", "{what} is due in 3 working days"), "todo")
DUE = NoticeKind("request_due", T("个人信息请求到期", "Privacy requests due"), T("{what}今天到期", "{what} is due today"), "todo")


def before(calendar: Calendar, day: date, days: int) -> date:
    """The day that lies so many working days before another."""
    while days > 0:
        day -= timedelta(days=1)
        days -= calendar.works(day)
    return day


def deadline(draft: Any, context: Any) -> None:
    """A request is due so many working days after it was received; later changes of the rule leave it as it is."""
    if draft.received_on is None or not (draft.new or draft.changed("received_on")):
        return
    rules = context.find("privacy_rules", limit=1)
    draft.due_on = context.catalog.calendar.after(draft.received_on, (rules[0]["request_days"] if rules else None) or 15)
    tz = context.settings.tz
    draft.due_at = datetime.combine(draft.due_on, time(9), tz).astimezone(UTC)
    draft.remind_at = datetime.combine(before(context.catalog.calendar, draft.due_on, REMINDED_BEFORE), time(9), tz).astimezone(UTC)


def somebody(draft: Any, context: Any) -> None:
    """Without one of these nobody can be looked for."""
    if draft.verb != "erase_person" and not any((draft.name, draft.phones, draft.email, draft.identity)):
        raise Invalid.field("name", "required", "请至少填写姓名、电话、邮箱、证件号中的一项。", "Give at least a name, a phone, an e-mail or an identity number.")


def _open(draft: Any) -> None:
    if draft.state != "open":
        raise Invalid.field("state", "state", "请求已办结。", "The request is closed.")


def tick(draft: Any, context: Any, *, records: Any = None) -> None:
    """Which records are this person's, as the handler decided."""
    _open(draft)
    chosen: list[dict[str, str]] = []
    for one in records or ():
        id = parse_id(str(one.get("id"))) if isinstance(one, Mapping) else None
        it = context.catalog.find(one.get("object", "")) if id is not None else None
        if it is None or {"object": it.name, "id": str(id)} in chosen:
            raise Invalid.field("records", "unknown", "有不认识的记录。", "There is an unknown record among them.")
        chosen.append({"object": it.name, "id": str(id)})
    if len(chosen) > MOST:
        raise Invalid.field("records", "too-many", f"最多 {MOST} 条记录。", f"At most {MOST} records.")
    draft.records = chosen or None


def noted(draft: Any, context: Any, *, what: str, count: int = 0) -> None:
    """Something was done for the person: told at the request for good."""
    draft.outcomes = [*(draft.outcomes or []), {"what": what, "count": count, "at": context.now.isoformat(), "by": str(context.actor.user or "")}]


def answered(draft: Any, context: Any, *, answer: str, refused: bool | None = None) -> None:
    """What the person was told, which closes the request. A refusal says why."""
    _open(draft)
    draft.answer, draft.answered_at, draft.state = answer, context.now, "refused" if refused else "done"


def erase_person(draft: Any, context: Any, *, texts: bool | None = None, files: bool | None = None) -> None:
    """Take the person out of the ticked records, of their past and of this request itself; see `records.subjects`. The records follow
    once this is written (`forget`), so that nothing of it is left in the request's own event either."""
    _open(draft)
    if not draft.records:
        raise Invalid.field("records", "required", "请先勾选属于本人的记录。", "Tick first which records are this person's.")
    noted(draft, context, what="erase", count=len(draft.records))
    draft.name, draft.phones, draft.email, draft.identity, draft.detail, draft.erased = f"已匿名 {draft.number}", None, None, None, None, True
    draft.because = {"kind": "erase_person", "texts": bool(texts), "files": bool(files)}


def forget(draft: Any, context: Any) -> None:
    if draft.verb == "erase_person":
        context.forget_person(draft.id, draft.records, draft.before, texts=draft.because["texts"], files=draft.because["files"])


class SubjectRequest(
    Object, name="subject_request", label=T("个人信息请求", "Privacy request"), plural="subject_requests", icon="user", group="settings", title="name", subtitle=("number",),
    about=T("个人查阅、复制、更正、删除个人信息或撤回同意的请求。", "People asking to know, correct or erase what is kept of them, or withdrawing."), sought=False, hands="state = open",
):  # fmt: skip
    """个人信息请求: somebody's request about their personal data: who asks, for what, until when it is answered, which records are theirs, and what
    was done."""

    number = AutoNumber("PR{yyyy}-{000}", T("编号", "Number"))
    kind = Choice(
        T("请求类型", "Kind"),
        [
            Option("know", T("查阅、复制", "Know and copy")), Option("correct", T("更正、补充", "Correct")), Option("delete", T("删除", "Erase")),
            Option("explain", T("解释说明", "Explain")), Option("withdraw", T("撤回同意", "Withdraw consent")),
        ],
        required=True,
    )  # fmt: skip
    name = TextField(T("姓名", "Name"), personal="name")
    phones = Phone(T("电话", "Phones"), personal="contact", search=False)
    email = Email(T("邮箱", "E-mail"), personal="contact", search=False)
    identity = TextField(T("证件号", "Identity number"), personal="identity")
    channel = TextField(T("提出渠道", "Asked by way of"), help=T("如电话、邮件、来访。", "Such as a call, a mail, a visit."))
    detail = LongText(T("请求内容", "What they ask"))
    received_on = Date(T("收到日期", "Received"), required=True, default=lambda context: context.today)
    due_on = Date(T("到期日", "Due"), readonly=True)
    due_at = DateTime(T("到期时间", "Due at"), readonly=True)
    remind_at = DateTime(T("提醒时间", "Reminded at"), readonly=True)
    state = Choice(
        T("状态", "State"),
        [Option("open", T("处理中", "Open"), "orange"), Option("done", T("已办结", "Answered"), "green"), Option("refused", T("已拒绝", "Refused"), "grey")],
        readonly=True, default="open",
    )  # fmt: skip
    records = Json(T("本人的记录", "Their records"), readonly=True)
    outcomes = Json(T("处理经过", "What was done"), readonly=True)
    answer = LongText(T("答复", "Answer"), readonly=True)
    answered_at = DateTime(T("答复时间", "Answered"), readonly=True)
    erased = Boolean(T("已匿名", "Anonymised"), readonly=True, default=False)
    owner = Owner(T("处理人", "Handler"))
    policy = Policy(read="role", write="role")
    checks = (somebody, deadline)
    effects = (forget,)
    tells = (Reached(SOON, "remind_at", where="state = open"), Reached(DUE, "due_at", where="state = open"))
    actions = (
        Action("tick", tick, T("确认本人记录", "Say which records are theirs"), inputs=(named("records", Json(T("记录", "Records"))),), listed=False, offered="state = open"),
        Action("answer", answered, T("答复并办结", "Answer and close"), inputs=(named("answer", LongText(T("答复", "Answer"), required=True)), named("refused", Boolean(T("拒绝请求", "Refuse")))), offered="state = open"),
        Action(
            "erase_person", erase_person, T("匿名化", "Anonymise"), danger=True, listed=False, offered="state = open",
            inputs=(named("texts", Boolean(T("文字中提到的也替换", "In free text too"))), named("files", Boolean(T("附件一并删除", "Files too")))),
        ),
        Action("noted", noted, T("记下经过", "Note"), inputs=(named("what", TextField(T("做了什么", "What"))), named("count", Json(T("条数", "Records")))), internal=True),
    )  # fmt: skip
    views = (
        List(columns=("number", "name", "kind", "received_on", "due_on", "state", "owner"), sort=("-received_on",), filters=("kind", "state", "owner")),
        Record(groups=((T("请求", "Request"), ("number", "kind", "name", "phones", "email", "identity", "channel", "detail", "received_on", "due_on", "state", "owner")), (T("答复", "Answer"), ("answer", "answered_at", "erased")))),
        Form(fields=("kind", "name", "phones", "email", "identity", "channel", "detail", "received_on", "owner")),
    )
