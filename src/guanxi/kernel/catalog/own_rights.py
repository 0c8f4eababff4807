"""个人权限: single rights given to one person, or taken from them, on top of what their roles say. What is taken away wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Choice, LongText, Person, TextField
from guanxi.kernel.declare.objects import AMEND, Action, Definition, Form, List, Object, Policy, Record

GIVEN, TAKEN = "given", "taken"
REACHES = [
    ("own", T("本人", "own records")), ("reports", T("本人及下属", "own and reports' records")), ("department", T("本部门", "the department's records")),
    ("below", T("本部门及下级部门", "the department's and sub-departments' records")), ("all", T("全部", "all records")),
]  # fmt: skip
RIGHTS: Mapping[str, Text] = {
    "read": T("查看", "View"), "create": T("新建", "New"), "update": T("编辑", "Edit"), "delete": T("删除", "Delete"), "restore": T("恢复", "Restore"), "assign": T("转移", "Assign"),
    "share": T("添加成员", "Share"), "unshare": T("移除成员", "Stop sharing"), "print": T("打印", "Print"), "export": T("导出", "Export"), "import": T("导入", "Import"), "reveal": T("显示脱敏内容", "Show masked values"),
    AMEND: T("过时后仍可修改", "Change what stands"),
}  # fmt: skip
"""What rights that objects have alike are called."""
READ_BY_ROLES = ("scope", "role")
"""Policies under which reading is a matter of roles, and may be taken away."""


def grantable(it: Definition) -> list[str]:
    """What can be granted on an object; rules' own verbs cannot, nor those whose right comes from elsewhere."""
    own = [v for v, action in it.verbs.items() if not (isinstance(action, Action) and (action.internal or action.right))]
    known = ["read", *own, "print", "export", *(["import"] if "create" in own else []), *(["reveal"] if any(one.personal for one in it.fields.values()) else []), *([AMEND] if it.policy.kept else [])]
    return list(dict.fromkeys(known))


def called(it: Definition, verb: str) -> Text:
    """A right in words."""
    action = it.verbs.get(verb)
    return action.label if isinstance(action, Action) else RIGHTS.get(verb) or T(verb, verb)


def _meant(asked: str | None, known: Mapping[str, Text]) -> str | None:
    """Which of some keys somebody means, by the key or by what it is called."""
    asked = (asked or "").strip().casefold()
    return next((key for key, label in known.items() if asked in (key, label.zh.casefold(), label.en.casefold())), None)


def rightful(draft: Any, context: Any) -> None:
    """It names a right that roles can give, of somebody else; object and right by key or in words."""
    name = _meant(draft.object_name, {it.name: it.label for it in context.catalog})
    if name is None:
        raise Invalid.field("object_name", "unknown", "没有这个对象。", "There is no such object.")
    it: Definition = context.catalog.objects[name]
    known = {one: called(it, one) for one in grantable(it)}
    verb = _meant(draft.deed, known)
    if verb is None:
        zh, en = "、".join(one.zh for one in known.values()), ", ".join(one.en for one in known.values())
        raise Invalid.field("deed", "unknown", f"{it.label.zh}的权限有：{zh}。", f"Rights on {it.label.en} are: {en}.")
    if verb == "read" and draft.effect == TAKEN and it.policy.read not in READ_BY_ROLES:
        raise Invalid.field("deed", "everybody", f"{it.label.zh}的查看不由角色决定，不能收回。", f"Roles do not decide who reads {it.label.en}; that cannot be taken away.")
    if context.actor.user is not None and context.actor.user in (draft.user, draft.before.get("user")):
        raise Invalid.field("user", "self", "不能更改自己的权限，请另一位管理员来做。", "Nobody changes their own rights; ask another administrator.")
    draft.object_name, draft.deed = it.name, verb
    draft.name = title(draft, context)
    if verb != "read" or draft.effect == TAKEN:
        draft.reach = None


def title(draft: Any, context: Any) -> str | None:
    """What it is called where it is named: the object and the right."""
    return f"{draft.object_name} · {draft.deed}" if draft.object_name and draft.deed else None


class OwnRight(
    Object, label=T("个人权限", "Personal right"), icon="role", group="settings", title="name", touches="access",
    about=T("在角色之外，单独给某人或收回某人的一项权限；收回优先。", "Single rights given to one person or taken from them, on top of their roles; what is taken away wins."),
):  # fmt: skip
    """个人权限: one right of one person on one object, given or taken away, and why. Reading that is given reaches as far as it says and lets
    their own records be written where the right to do so is theirs; every other right stays within the reach that they have."""

    name = TextField(T("名称", "Name"), computed=title)
    user = Person(T("员工", "User"), required=True, reverse=T("个人权限", "Personal rights"))
    effect = Choice(T("方式", "Effect"), [(GIVEN, T("给予", "Given")), (TAKEN, T("收回", "Taken away"))], required=True, default=GIVEN)
    object_name = TextField(T("对象", "Object"), required=True, help=T("例如“客户”。", "Such as “Customer”."))
    deed = TextField(T("权限", "Right"), required=True, help=T("例如“查看”“编辑”“删除”“导出”。", "Such as “View”, “Edit”, “Delete” or “Export”."))
    reach = Choice(T("查看范围", "How far"), REACHES, help=T("只用于给予“查看”；不填为本人。", "Of reading that is given only; own records when empty."))
    reason = LongText(T("原因", "Reason"), required=True)
    policy = Policy(read="role", write="role")
    checks = (rightful,)
    unique = (("user", "object_name", "deed"),)
    views = (
        List(columns=("user", "effect", "object_name", "deed", "reach", "reason", "created_by", "created_at"), sort=("user", "object_name"), filters=("user", "effect")),
        Record(groups=((T("个人权限", "Personal right"), ("user", "effect", "object_name", "deed", "reach", "reason")),)),
        Form(fields=("user", "effect", "object_name", "deed", "reach", "reason")),
    )
