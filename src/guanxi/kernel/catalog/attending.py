"""跟进提醒: after how many days without a follow-up and without a plan somebody is told, one rule at work an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Choice, Integer, Option, TextField
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Policy, Record

MOST_DAYS = 3650


@dataclass(frozen=True)
class Patience:
    """A rule at work: the owner is told after `days`, their superior after `superior`; None is never."""

    days: int
    superior: int | None


def read(rows: Sequence[Mapping[str, Any]]) -> dict[str, Patience]:
    """The rules at work, by object."""
    return {row["object_name"]: Patience(row["days"], row["superior_days"]) for row in rows if row["active"]}


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `follow_up_rule` with the objects there are to choose."""
    it = objects.get("follow_up_rule")
    if it is None:
        return None
    options = tuple(Option(one.name, one.label) for one in objects.values() if one.attended is not None)
    return replace(it, fields={name: one.bound(options=options) if name == "object_name" else one for name, one in it.fields.items()})


def whole_rule(draft: Any, context: Any) -> None:
    """A rule is of an object that is followed up; nobody's superior hears of it before they do."""
    it: Definition | None = context.catalog.bare.find(draft.object_name)
    if it is None or it.attended is None:
        raise Invalid.field("object_name", "unknown", "这个对象不跟进。", "Records of this object are not followed up.")
    problems = []
    for name in ("days", "superior_days"):
        if draft[name] is not None and not 1 <= draft[name] <= MOST_DAYS:
            problems.append(FieldError(name, "range", T(f"1 到 {MOST_DAYS} 天。", f"1 to {MOST_DAYS} days.")))
    if draft.active and any(row["id"] != draft.id for row in context.find("follow_up_rule", f"object_name = {it.name} and active = true")):
        problems.append(FieldError("object_name", "taken", T("它已有一条启用的规则；请先停用那一条。", "There is a rule at work for it; switch that one off first.")))
    if not problems and draft.superior_days is not None and draft.days is not None and draft.superior_days < draft.days:
        problems.append(FieldError("superior_days", "order", T("不能早于提醒负责人。", "Not before the owner is told.")))
    if problems:
        raise Invalid(problems)


class FollowUpRule(
    Object, label=T("跟进提醒规则", "Follow-up rule"), icon="bell", group="settings", touches="catalog", title="name",
    about=T("客户、线索、商机多少天没跟进、也没约下次联系，就提醒负责人和上级。", "After how many days without a follow-up and without a plan owners and their superiors are told."),
):  # fmt: skip
    """跟进提醒规则: after how many days an object's records count as left unattended, when nobody followed them up and no next contact is
    planned. The owner is told then, the superior after `superior_days` (empty: never). One rule at work an object."""

    name = TextField(T("名称", "Name"), required=True)
    name_en = TextField(T("英文名称", "English name"))
    object_name = Choice(T("对象", "Object"), (), required=True)
    days = Integer(T("几天后提醒负责人", "Days until the owner is told"), required=True)
    superior_days = Integer(T("几天后提醒上级", "Days until the superior is told"), help=T("从最后跟进算起；留空则不提醒上级。", "Counted from the last follow-up; empty: the superior is not told."))
    active = Boolean(T("启用", "Active"), default=True)
    policy = Policy(read="member", write="role")
    checks = (whole_rule,)
    views = (
        List(columns=("name", "object_name", "days", "superior_days", "active"), sort=("object_name",), filters=("active",)),
        Record(highlights=("object_name", "active"), groups=((T("规则", "Rule"), ("name", "name_en", "object_name", "days", "superior_days", "active")),)),
        Form(fields=("name", "name_en", "object_name", "days", "superior_days", "active")),
    )


def seed(desk: Any, objects: Iterable[Definition]) -> None:
    """The first rule of each object that is followed up, at work; none is made again where administrators took it away."""
    for it in objects:
        if it.attended is None or desk.find("follow_up_rule", {"field": "object_name", "op": "=", "value": it.name}, deleted=None):
            continue
        desk.perform(
            "follow_up_rule", "create",
            changes={
                "name": f"{it.label.zh}久未跟进", "name_en": f"{it.label.en} left unattended", "object_name": it.name, "days": it.attended.days,
                "superior_days": it.attended.superior,
            },
        )  # fmt: skip
