"""分组: named groups of records: put together by hand, or all that satisfy a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guanxi.base.errors import FieldError, Invalid, Problem
from guanxi.base.text import T
from guanxi.kernel.catalog.desk import SHARED
from guanxi.kernel.declare.conditions import from_json, from_text, leaves
from guanxi.kernel.declare.fields import Boolean, Choice, Links, LongText, Option, Owner, TextField
from guanxi.kernel.declare.grouping import FIELD
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Record

KINDS = {"static": T("固定成员", "Members put in by hand"), "dynamic": T("按条件", "All that satisfy a condition")}


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `group` with the objects whose records are grouped."""
    it = objects.get("group")
    if it is None:
        return None
    options = tuple(Option(one.name, one.label) for one in objects.values() if one.grouped)
    return replace(it, fields={name: one.bound(options=options) if name == "object_name" else one for name, one in it.fields.items()})


def whole_group(draft: Any, context: Any) -> None:
    """A group is of one object and stays so; its condition is one its owner can ask, and asks for no other group."""
    it: Definition | None = context.catalog.bare.find(draft.object_name)
    if it is None or not it.grouped:
        raise Invalid.field("object_name", "unknown", "这个对象的记录不分组。", "Records of this object are not grouped.")
    problems = [
        FieldError(name, "fixed", T("建好后不能再改；请另建一个分组。", "This does not change; make another group."))
        for name in ("object_name", "kind") if not draft.new and draft.changed(name)
    ]  # fmt: skip
    text = (draft.condition or "").strip()
    if draft.kind == "dynamic" and not text:
        problems.append(FieldError("condition", "required", T("请填写条件，如：负责人 = 我 且 标签 含有 展会。", "Give the condition, such as: owner = me and tags has fair.")))
    elif draft.kind != "dynamic" and text:
        problems.append(FieldError("condition", "kind", T("固定成员的分组没有条件。", "A group whose members are put in by hand has no condition.")))
    elif text and (draft.new or draft.changed("condition")):
        try:
            problems += [
                FieldError("condition", "nested", T("条件里不能再用分组。", "The condition cannot ask for groups."))
                for leaf in leaves(from_json_or_text(text)) if FIELD in leaf.path.split(".") or context.catalog.bare.objects[it.name].fields[FIELD].label.zh in leaf.path.split(".")
            ][:1]  # fmt: skip
            context.could_ask(it.name, where=text)
        except Problem as problem:
            said = problem.errors[0].message if problem.errors else problem.detail
            problems.append(FieldError("condition", "condition", said))
    if problems:
        raise Invalid(problems)


def from_json_or_text(text: str) -> Any:
    """A condition in either of the forms people write."""
    if text.startswith("{"):
        import msgspec

        try:
            return from_json(msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            raise Invalid.field("condition", "condition", "不是有效的 JSON。", "Not valid JSON.") from None
    return from_text(text)


class Group(
    Object, label=T("分组", "Group"), icon="meeting", group="sales", title="name", subtitle=("object_name",),
    about=T("把客户、联系人、线索归成一组：手工加入，或符合条件的都算；可以只给自己，也可以共享。", "Customers, contacts and leads put together by hand or by a condition, for oneself or shared."),
):  # fmt: skip
    """分组: records of one object under a name, for whoever made it and those it is shared with. Of a group everybody sees those members only
    whose records they may read.

    kind: static – members are put in and taken out by `join_group` and `leave_group`; dynamic – all that satisfy `condition` (text of the condition
    language), judged with the rights of whoever looks, `me` being them.
    """

    name = TextField(T("名称", "Name"), required=True, search=True)
    object_name = Choice(T("对象", "Object"), (), required=True)
    kind = Choice(T("类型", "Kind"), [*KINDS.items()], required=True, default="static")
    condition = LongText(T("条件", "Condition"), help=T("仅“按条件”的分组填写，写法同列表的筛选框，如：负责人 = 我 且 标签 含有 展会。", "Only for groups by condition, as in a list's filter box: owner = me and tags has fair."))
    description = LongText(T("说明", "Description"))
    owner = Owner()
    everyone = Boolean(T("全员可见", "Everyone"), default=False)
    roles = Links("role", T("共享给角色", "Shared with roles"))
    people = Links("user", T("共享给同事", "Shared with colleagues"))
    policy = SHARED
    checks = (whole_group,)
    views = (
        List(columns=("name", "object_name", "kind", "owner", "everyone", "description"), sort=("object_name", "name"), filters=("object_name", "kind", "owner")),
        List(name="mine", label=T("我建的", "Mine"), columns=("name", "object_name", "kind", "everyone", "description"), sort=("object_name", "name"), filters=("object_name", "kind"), where="owner = me"),
        Record(
            highlights=("object_name", "kind", "owner"),
            groups=(
                (T("基本信息", "Basics"), ("name", "object_name", "kind", "condition", "description")),
                (T("共享", "Shared with"), ("everyone", "roles", "people")),
                (T("系统信息", "System"), ("owner", "created_by", "created_at", "updated_by", "updated_at")),
            ),
        ),
        Form(fields=("name", "object_name", "kind", "condition", "description", "everyone", "roles", "people")),
    )
    indexes = (("object_name", "name"),)
