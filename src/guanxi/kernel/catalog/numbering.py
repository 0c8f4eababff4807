"""编号规则: how records of an object are numbered, as administrators decide it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import DAY_PARTS, AutoNumber, Boolean, Choice, Option, TextField
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Policy, Record

RESETS = (
    Option("never", T("不重置", "Never")), Option("year", T("每年", "Each year")), Option("month", T("每月", "Each month")), Option("day", T("每天", "Each day")),
)  # fmt: skip
GIVEN = (
    Option("free", T("可以，任意", "Yes, any")), Option("form", T("可以，须符合规则", "Yes, in the rule's form")), Option("never", T("不可以", "No")),
)  # fmt: skip


def numbered(it: Definition) -> list[AutoNumber]:
    return [one for one in it.fields.values() if isinstance(one, AutoNumber)]


def bound(objects: Mapping[str, Definition], rows: Sequence[Mapping[str, Any]]) -> dict[str, Definition]:
    """The objects whose numbers follow a rule somebody made."""
    out: dict[str, Definition] = {}
    for row in rows:
        name, _, field = str(row["subject"]).partition(".")
        it = out.get(name) or objects.get(name)
        one = it.fields.get(field) if it is not None else None
        if it is not None and isinstance(one, AutoNumber) and row["active"]:
            changed = one.bound(rule=row["pattern"], reset=row["reset"], apart=row["apart"] is not False, given=row["given"] or "free")
            out[name] = replace(it, fields={**it.fields, field: changed})
    return out


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `number_rule` with the numbers there are."""
    it = objects.get("number_rule")
    if it is None:
        return None
    options = tuple(
        Option(f"{one.name}.{field.name}", T(f"{one.label.zh} · {field.label.zh}", f"{one.label.en} · {field.label.en}")) for one in objects.values() for field in numbered(one)
    )
    return replace(it, fields={name: one.bound(options=options) if name == "subject" else one for name, one in it.fields.items()})


def whole_rule(draft: Any, context: Any) -> None:
    """A rule has one counter, and parts that are there."""
    name, _, field = str(draft.subject or "").partition(".")
    it: Definition | None = context.catalog.bare.find(name)
    if it is None or not isinstance(it.fields.get(field), AutoNumber):
        raise Invalid.field("subject", "unknown", "没有这个编号。", "There is no such number.")
    problems: list[FieldError] = []
    if draft.active is not False and any(row["id"] != draft.id for row in context.find("number_rule", Test("subject", "=", draft.subject) & Test("active", "=", True))):
        problems.append(FieldError("subject", "taken", T("它已有一条启用的规则；请先停用那一条。", "There is a rule at work for it; switch that one off first.")))

    def wrong(code: str, zh: str, en: str) -> None:
        problems.append(FieldError("pattern", code, T(zh, en)))

    pattern = draft.pattern or ""
    parts = re.findall(r"\{([^{}]*)\}", pattern)
    counters = [part for part in parts if re.fullmatch("0{1,12}", part)]
    if len(counters) != 1:
        wrong("counter", "要有一个流水号，如 {0000}，最多 12 位。", "It has one running number such as {0000}, of at most 12 digits.")
    if "{" in re.sub(r"\{[^{}]*\}", "", pattern) or "}" in re.sub(r"\{[^{}]*\}", "", pattern) or len(pattern) > 60:
        wrong("braces", "花括号要成对，最多 60 个字符。", "Braces come in pairs, and it has at most 60 characters.")
    choices = {one.name: one for one in it.fields.values() if isinstance(one, Choice) and one.computed is None and not one.readonly and not one.system}
    for part in parts:
        if part not in DAY_PARTS and part not in counters and part not in choices:
            known = "、".join([*DAY_PARTS, *choices][:12])
            wrong("part", f"没有“{{{part}}}”这一段，可用：{known}。", f"There is no part {{{part}}}; use {known}.")
    if not problems and draft.reset != "never":
        needed = {"year": ({"yyyy", "yy"},), "month": ({"yyyy", "yy"}, {"mm"}), "day": ({"yyyy", "yy"}, {"mm"}, {"dd"})}[draft.reset or "year"]
        if not all(some & set(parts) for some in needed):
            wrong("reset", "重置后编号会重复：请加上年、月、日中相应的部分。", "Numbers would come again after a reset: add the year, month and day it goes by.")
    if problems:
        raise Invalid(problems)


def example(draft: Any, context: Any) -> str | None:
    """The first number of today."""
    if not draft.pattern:
        return None
    one = AutoNumber(draft.pattern)
    name = str(draft.subject or "").partition(".")[0]
    it = context.catalog.bare.find(name)
    options = {part: next((o.key for o in field.options if o.active), "") for part in one.uses if it is not None and isinstance(field := it.fields.get(part), Choice)}
    prefix, width, suffix = one.render(context.today, options)
    return f"{prefix}{1:0{width}d}{suffix}"


class NumberRule(
    Object, name="number_rule", label=T("编号规则", "Numbering rule"), icon="field", group="settings", touches="catalog", title="name",
    about=T("客户编号、商机编号长什么样，流水号何时重新开始。", "What numbers of customers and deals look like, and when they begin anew."),
):  # fmt: skip
    """编号规则: how one number of an object is made; without one it is as its module declares.

    pattern: text with {yyyy} {yy} {mm} {dd}, the name of a choice of the record such as {code_class} (its key stands there), and one running number
    {0000}. reset: when that begins again with 1. apart: each choice counts by itself. given: whether people may give numbers.
    """

    name = TextField(T("名称", "Name"), required=True)
    subject = Choice(T("编号", "Number"), (), required=True)
    pattern = TextField(
        T("规则", "Rule"), required=True, help=T("如 KH{yyyy}{mm}-{0000} 或 {code_class}类-{00}；花括号里写日期、选项字段的标识或流水号位数。", "Such as KH{yyyy}{mm}-{0000} or {code_class}-{00}; in braces a part of the day, the name of a choice, or the running number."),
    )  # fmt: skip
    reset = Choice(T("流水号重置", "Begins anew"), RESETS, required=True, default="never")
    apart = Boolean(T("每种类型各自编号", "Each type counts by itself"), default=True)
    given = Choice(T("可以手工填写", "People may give numbers"), GIVEN, required=True, default="free")
    active = Boolean(T("启用", "Active"), default=True)
    example = TextField(T("示例", "Example"), computed=example)
    policy = Policy(read="member", write="role")
    checks = (whole_rule,)
    views = (
        List(columns=("name", "subject", "pattern", "reset", "example", "active"), sort=("subject",), filters=("subject", "active")),
        Record(highlights=("subject", "example", "active"), groups=((T("规则", "Rule"), ("name", "subject", "pattern", "reset", "apart", "given", "active")),)),
        Form(fields=("name", "subject", "pattern", "reset", "apart", "given", "active")),
    )
