"""同意与依据: on what ground a person's data are used for a purpose (PIPL 13), and when they took that back (PIPL 15)."""

from __future__ import annotations

from typing import Any

from guanxi.base.errors import Forbidden, Invalid, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Choice, DateTime, LongText, Option, Owner, TextField
from guanxi.kernel.declare.objects import Action, Definition, Form, List, Object, Policy, named

PURPOSES = "consent_purpose"
"""The dictionary of purposes."""
SEEDS = (
    ("service", "服务与履约", "Service"), ("marketing_phone", "电话营销", "Marketing by phone"), ("marketing_sms", "短信营销", "Marketing by SMS"),
    ("marketing_mail", "邮件营销", "Marketing by mail"), ("marketing_wechat", "微信营销", "Marketing by WeChat"),
)  # fmt: skip


def concerns(it: Definition) -> bool:
    """Whether an object's records may be of a person one gets in touch with."""
    return any(one.personal == "contact" for one in it.fields.values())


def about_a_person(draft: Any, context: Any) -> None:
    """A consent is of a record its author may read that tells how to reach somebody, and follows it when it is merged."""
    if not draft.new:
        return
    found = parse_id(draft.record or "")
    try:
        it = context.catalog.object(draft.object_name or "")
    except Problem:
        it = None
    if found is None or it is None or not concerns(it) or not context.may_read(it.name, found):
        raise Invalid.field("record", "unseen", "找不到这条记录，或它没有联系方式。", "There is no such record in your sight, or nobody is reached by it.")
    draft.object_name, draft.record = it.name, str(found)


def kept(draft: Any, context: Any) -> None:
    """What was agreed to is evidence: it is taken back or followed by another, neither changed nor deleted."""
    if draft.verb in ("update", "delete", "restore") and not context.actor.unlimited:
        raise Forbidden(T("同意记录是证据，不能修改或删除；请撤回，或另登一条。", "A consent is evidence and is neither changed nor deleted: withdraw it, or enter another one."))


def withdraw(draft: Any, context: Any, *, channel: str | None = None) -> None:
    """Taken back from now on. What was done before stays lawful."""
    if draft.withdrawn_at is not None:
        raise Invalid.field("withdrawn_at", "state", "已经撤回。", "Withdrawn already.")
    draft.withdrawn_at = context.now
    draft.withdrawn_by_way_of = channel


class Consent(Object, label=T("同意与依据", "Consent"), icon="check", title="name", hands=None, sought=False):
    """同意与依据: the ground on which somebody's data are used for one purpose. Whoever reads the record it is about reads it, enters
    another and withdraws it; nobody changes it. What counts is the last one of a purpose."""

    name = TextField(T("名称", "Name"), computed=lambda draft, context: context.catalog.object("consent").fields["purpose"].show(draft.purpose, "zh-CN"))
    object_name = TextField(T("对象", "Object"), required=True)
    record = TextField(T("所属记录", "Record"), required=True)
    purpose = Choice(T("用途", "Purpose"), dictionary=PURPOSES, required=True)
    basis = Choice(
        T("处理依据", "Legal basis"),
        [Option("consent", T("本人同意", "Consent")), Option("contract", T("履行合同", "Contract")), Option("law", T("法定义务", "Law")), Option("other", T("其他", "Other"))],
        required=True, default="consent",
    )  # fmt: skip
    given_at = DateTime(T("取得时间", "Given"), required=True, default=lambda context: context.now)
    source = TextField(T("来源", "Source"), help=T("如官网表单、纸质协议、电话录音。", "Such as a form of the website, a paper, a recorded call."))
    text_version = TextField(T("文本版本", "Version of the text"), help=T("告知文本的版本或日期。", "Which version of the notice they were shown."))
    withdrawn_at = DateTime(T("撤回时间", "Withdrawn"), readonly=True)
    withdrawn_by_way_of = TextField(T("撤回渠道", "Withdrawn by way of"), readonly=True)
    remark = LongText(T("备注", "Remark"))
    owner = Owner(T("登记人", "Entered by"))
    policy = Policy(read="about", write="personal")
    checks = (about_a_person,)
    effects = (kept,)
    actions = (
        Action("withdraw", withdraw, T("撤回", "Withdraw"), offered="withdrawn_at empty", right="read", inputs=(named("channel", TextField(T("撤回渠道", "By way of"))),)),
    )
    indexes = (("object_name", "record"),)
    views = (
        List(columns=("purpose", "basis", "given_at", "source", "text_version", "withdrawn_at", "object_name"), sort=("-given_at",), filters=("purpose", "basis")),
        Form(fields=("purpose", "basis", "given_at", "source", "text_version", "remark")),
    )


def seed(desk: Any) -> None:
    """The purposes a workspace starts with."""
    kept = desk.ensure("dictionary", {"key": PURPOSES}, {"name": "同意用途", "name_en": "Purposes of consent"})
    for order, (key, zh, en) in enumerate(SEEDS):
        desk.ensure("dictionary_entry", {"dictionary": kept, "key": key}, {"name": zh, "name_en": en, "order": order})
