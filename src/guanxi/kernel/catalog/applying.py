"""Accounts that people apply for: an application waits for somebody who may make accounts, who approves or refuses it."""

from __future__ import annotations

from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Choice, Department, Email, Links, LongText, Option, Person, Phone, TextField
from guanxi.kernel.declare.objects import Action, Form, List, Object, Policy, Record


def _waits(draft: Any) -> None:
    if draft.status != "waiting":
        raise Invalid.field("status", "state", "这份申请已经处理过了。", "This application was decided already.")


def approve(draft: Any, context: Any) -> dict[str, Any]:
    """Make the user and the account with the rights of whoever approves; the first password is shown once."""
    _waits(draft)
    if not draft.roles:
        raise Invalid.field("roles", "required", "请选择角色，它决定这位同事能看到什么、能做什么。", "Choose a role: it decides what this person may see and do.")
    changes = {"name": draft.name, "username": draft.username, "phone": draft.phone, "email": draft.email, "department": draft.department, "roles": draft.roles}
    made = context.perform_as_actor("user", "create", changes={key: value for key, value in changes.items() if value is not None})
    given = context.perform_as_actor("user", "give_access", made.id)
    draft.status, draft.user = "approved", made.id
    return dict(given.output or {})


def refuse(draft: Any, context: Any) -> None:
    _waits(draft)
    if not draft.answer:
        raise Invalid.field("answer", "required", "请写明原因，申请人会看到。", "Say why; the applicant reads it.")
    draft.status = "refused"


class AccountRequest(
    Object, label=T("账号申请", "Account request"), icon="user", group="settings", title="name", subtitle=("username",),
    about=T("有人申请账号：核实后批准并给角色，或说明原因拒绝。", "People ask for an account: approve with a role, or refuse with a reason."),
):  # fmt: skip
    """账号申请: somebody asks for an account on the page /apply, when the company has opened it."""

    name = TextField(T("姓名", "Name"), required=True, search=True)
    username = TextField(T("想用的用户名", "User name wanted"), required=True, search=True)
    phone = Phone(T("手机", "Phone"))
    email = Email(T("邮箱", "E-mail"))
    reason = LongText(T("申请说明", "What for"))
    status = Choice(
        T("状态", "State"),
        [
            Option("waiting", T("待处理", "Waiting"), color="orange"), Option("approved", T("已批准", "Approved"), color="green"),
            Option("refused", T("已拒绝", "Refused"), color="red"),
        ],
        default="waiting", readonly=True,
    )  # fmt: skip
    department = Department(T("部门", "Department"))
    roles = Links("role", T("角色", "Roles"))
    answer = TextField(T("拒绝原因", "Why refused"), help=T("申请人会看到。", "The applicant reads it."))
    user = Person(T("开通的员工", "User made"), readonly=True)
    policy = Policy(read="role", write="role")
    actions = (
        Action("approve", approve, T("批准", "Approve"), form=("department", "roles"), offered="status = waiting"),
        Action("refuse", refuse, T("拒绝", "Refuse"), form=("answer",), offered="status = waiting", danger=True),
    )
    views = (
        List(columns=("name", "username", "status", "phone", "reason", "created_at"), sort=("-created_at",), filters=("status",)),
        Record(
            groups=(
                (T("申请", "Application"), ("name", "username", "phone", "email", "reason", "created_at")),
                (T("处理", "Decision"), ("status", "department", "roles", "user", "answer")),
            ),
        ),
        Form(fields=("name", "username", "phone", "email", "reason")),
    )
