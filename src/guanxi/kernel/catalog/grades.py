"""评定规则: which value a record's choice gets by what is true of it and of what links to it; as records, and as the kernel works with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid, Problem
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Integer,
    Json,
    Link,
    Money,
    Number,
    Option,
    TextField,
)
from guanxi.kernel.declare.objects import Action, Definition, Form, List, Object, Policy, Record, named

MOST_DAYS = 3650
MOST_FIGURES = 8
MEASURES = {"count": T("数量", "Count"), "sum": T("合计", "Sum"), "max": T("最大", "Greatest"), "latest": T("最近日期", "Latest date")}
NUMBERS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "=": "="}
DATES = {"within": T("在最近几天内", "within days"), "older": T("至少几天以前，或没有", "days ago or more, or never")}


@dataclass(frozen=True)
class Figure:
    """A number or date over what links to the record by `link` of `object`: counted, summed, the greatest or the latest `field`; of those
    that satisfy `where` and whose `at` lies within `days`. `op` and `value` compare it."""

    object: str
    link: str
    measure: str
    field: str
    where: Any
    at: str
    days: int
    op: str
    value: Decimal


@dataclass(frozen=True)
class Rule:
    """One rule as the kernel works with it. `any`: one figure is enough. `rest`: for so many days what people set is left alone."""

    id: UUID
    label: Text
    object: str
    field: str
    value: str
    where: Any = None
    figures: tuple[Figure, ...] = ()
    any: bool = False
    order: int = 0
    active: bool = False
    lower: bool = False
    rest: int = 90
    notify: bool = False


def of(row: Mapping[str, Any]) -> Rule:
    """A rule from the values of its record."""
    name, _, field = str(row["subject"]).partition(".")
    settings = row.get("settings") or {}
    return Rule(
        row["id"], Text(row["name"], row.get("name_en") or row["name"]), name, field, row.get("value") or "", settings.get("where"),
        tuple(_figure(one) for one in settings.get("figures") or ()), bool(settings.get("any")), row.get("order") or 0, bool(row.get("active")),
        bool(row.get("lower")), 90 if row.get("rest_days") is None else row["rest_days"], bool(row.get("notify")),
    )  # fmt: skip


def _figure(one: Mapping[str, Any]) -> Figure:
    name, _, link = str(one["of"]).partition(".")
    return Figure(name, link, one["measure"], one.get("field") or "", one.get("where"), one.get("at") or "", int(one.get("days") or 0), one["op"], Decimal(str(one["value"])))


# -- what there is to choose -------------------------------------------------------------------------------------------


def subjects(it: Definition) -> list[Choice]:
    """The fields of an object that rules may set: its own choices, unless another rule of the house writes them."""
    if not it.owned or it.group == "settings" or it.policy.read != "scope":
        return []
    return [one for one in it.fields.values() if type(one) is Choice and (one.ruled or not one.readonly) and one.computed is None and not one.system]


def hanging(objects: Mapping[str, Definition], it: Definition) -> list[tuple[Definition, Link]]:
    """What a rule may count: objects with a link to this one."""
    return [
        (other, one) for other in objects.values() for one in other.fields.values()
        if isinstance(one, Link) and one.target == it.name and not (one.system or one.virtual) and other.policy.read == "scope"
    ]  # fmt: skip


def measured(other: Definition, measure: str) -> list[Field]:
    """The fields of an object that a measure can be taken of."""
    kinds: tuple[type[Field], ...] = (Date, DateTime) if measure == "latest" else (Integer, Number, Money)
    return [one for one in other.fields.values() if isinstance(one, kinds) and not one.virtual and (not one.system or one.name in ("created_at", "updated_at"))]


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `grade_rule` with the fields there are to be set, and what they are set to."""
    it = objects.get("grade_rule")
    if it is None:
        return None
    options = tuple(
        Option(f"{one.name}.{field.name}", T(f"{one.label.zh} · {field.label.zh}", f"{one.label.en} · {field.label.en}")) for one in objects.values() for field in subjects(one)
    )
    labels: dict[str, dict[Text, None]] = {}
    for one in objects.values():
        for option in (option for field in subjects(one) for option in field.options):
            labels.setdefault(option.key, {})[option.label] = None
    values = tuple(Option(key, T(" / ".join(t.zh for t in said), " / ".join(t.en for t in said))) for key, said in labels.items())
    bound = {"subject": options, "value": values}
    return replace(it, fields={name: one.bound(options=bound[name]) if name in bound else one for name, one in it.fields.items()})


# -- what is wrong -----------------------------------------------------------------------------------------------------


def whole_rule(draft: Any, context: Any) -> None:
    """A rule gives a value its field has, by conditions that can be asked."""
    name, _, field = str(draft.subject or "").partition(".")
    it: Definition | None = context.catalog.bare.find(name)
    one = it.fields.get(field) if it is not None else None
    if it is None or not isinstance(one, Choice):
        raise Invalid.field("subject", "unknown", "没有这个字段。", "There is no such field.")
    problems: list[FieldError] = []
    if not draft.new and draft.changed("subject"):
        problems.append(FieldError("subject", "fixed", T("评定的字段不能修改；请新建一条规则。", "The field a rule gives does not change; make another rule.")))
    if draft.value and one.option(draft.value) is None:
        known = "、".join(option.key for option in one.options)
        problems.append(FieldError("value", "choice", T(f"可用：{known}。", f"One of: {known}.")))
    if draft.active and not draft.value:
        problems.append(FieldError("value", "required", T("启用前请选择评定为什么。", "Say which value it gives before switching it on.")))
    if draft.rest_days is not None and not 0 <= draft.rest_days <= MOST_DAYS:
        problems.append(FieldError("rest_days", "range", T(f"0 到 {MOST_DAYS} 天。", f"0 to {MOST_DAYS} days.")))
    problems += wrong_settings(context.catalog.bare.objects, it, draft.settings, context.asked)
    if problems:
        raise Invalid(problems)


def wrong_settings(objects: Mapping[str, Definition], it: Definition, settings: Any, asked: Any) -> list[FieldError]:
    """What is wrong with a rule's conditions. `asked(object, where)` raises the Problem of a condition that cannot be asked."""
    problems: list[FieldError] = []

    def wrong(zh: str, en: str) -> None:
        problems.append(FieldError("settings", "setting", T(zh, en)))

    def ask(about: Definition, where: Any, zh: str, en: str) -> None:
        try:
            asked(about.name, where)
        except Problem as problem:
            said = problem.errors[0].message if problem.errors else problem.detail
            wrong(f"{zh}：{said.zh}", f"{en}: {said.en}")

    if settings is None:
        return problems
    if not isinstance(settings, Mapping) or not set(settings) <= {"where", "figures", "any"}:
        return [FieldError("settings", "setting", T("只能有 where、figures、any。", "Only where, figures and any."))]
    ask(it, settings.get("where"), "条件", "Condition")
    figures = settings.get("figures") or []
    if not isinstance(figures, list) or len(figures) > MOST_FIGURES or not all(isinstance(one, Mapping) for one in figures):
        wrong(f"figures：最多 {MOST_FIGURES} 项。", f"figures: at most {MOST_FIGURES}.")
        return problems
    there = {f"{other.name}.{link.name}": other for other, link in hanging(objects, it)}
    for n, one in enumerate(figures, 1):
        zh, en = f"第 {n} 项", f"Figure {n}"
        other, measure = there.get(str(one.get("of"))), one.get("measure")
        if other is None or measure not in MEASURES or not set(one) <= {"of", "measure", "field", "where", "at", "days", "op", "value"}:
            wrong(f"{zh}：没有这样的统计，可用：{'、'.join(there)}。", f"{en}: there is nothing of the kind; use {', '.join(there)}.")
            continue
        if measure != "count" and one.get("field") not in {field.name for field in measured(other, measure)}:
            wrong(f"{zh}：{other.label.zh}没有可以这样统计的字段“{one.get('field')}”。", f"{en}: {other.label.en} has no such field {one.get('field')!r}.")
        if one.get("op") not in (DATES if measure == "latest" else NUMBERS):
            wrong(f"{zh}：比较方式不对。", f"{en}: the comparison does not fit.")
        if not _number(one.get("value"), measure == "latest"):
            wrong(f"{zh}：请填写数字。", f"{en}: give a number.")
        if (one.get("at") or None) is not None and one["at"] not in {field.name for field in measured(other, "latest")}:
            wrong(f"{zh}：没有“{one['at']}”这个日期。", f"{en}: there is no date {one['at']!r}.")
        if not (isinstance(one.get("days") or 0, int) and 0 <= (one.get("days") or 0) <= MOST_DAYS) or bool(one.get("days")) != bool(one.get("at")):
            wrong(f"{zh}：期间要同时填日期字段和天数。", f"{en}: a period has a date and a number of days.")
        ask(other, one.get("where"), zh, en)
    return problems


def _number(value: Any, days: bool) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return False
    return found.is_finite() and (not days or (found == int(found) and 0 <= found <= MOST_DAYS)) and abs(found) < Decimal(10) ** 15


def ran(draft: Any, context: Any, *, day: Any = None, count: int = 0) -> None:
    """A night's run is over: how many records got the value by this rule."""
    draft.ran_on, draft.gave = day, count


class GradeRule(
    Object, name="grade_rule", label=T("评定规则", "Grading rule"), icon="star", group="settings", touches="catalog", title="name",
    about=T("按金额、次数、跟进情况自动评定客户等级，或标出流失预警。", "Grades customers by amounts, counts and contacts, or warns of losing them."),
):  # fmt: skip
    """评定规则: gives a choice field of a record a value while something is true of it. The first active rule of a field, in order, whose
    conditions hold decides.

    settings: {"where": condition, "figures": [{"of": "object.link", "measure": count | sum | max | latest, "field", "where", "at", "days", "op", "value"}],
    "any": one figure is enough}. lower: it may also give a lower value than the record has. rest_days: what people set by hand is left alone
    for so long; 0 is never. notify: the owner and their superior are told.
    """

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    subject = Choice(T("评定的字段", "Field it gives"), (), required=True)
    value = Choice(T("评定为", "Value it gives"), ())
    settings = Json(T("条件", "Conditions"))
    order = Integer(T("顺序", "Order"), default=0, help=T("从小到大，第一条符合的规则生效。", "The first that holds decides, from the smallest."))
    active = Boolean(T("启用", "Active"), default=False)
    lower = Boolean(T("可以降级", "May also lower"), default=False)
    rest_days = Integer(T("人工设置后几天内不改", "Days what people set is left alone"), default=90, help=T("0 表示立即覆盖人工设置。", "0: what people set is overridden at once."))
    notify = Boolean(T("通知负责人和上级", "Tells the owner and their superior"), default=False)
    ran_on = Date(T("最近运行日", "Last run"), readonly=True)
    gave = Integer(T("最近一晚评定", "Given in the last night"), readonly=True)
    policy = Policy(read="member", write="role")
    checks = (whole_rule,)
    actions = (
        Action("ran", ran, T("夜间运行", "Night's run"), inputs=(named("day", Date(T("日期", "Day"))), named("count", Integer(T("条数", "Records")))), internal=True),
    )
    views = (
        List(columns=("name", "subject", "value", "active", "lower", "ran_on", "gave"), sort=("subject", "order", "name"), filters=("subject", "active")),
        Record(
            highlights=("subject", "value", "active", "ran_on", "gave"),
            groups=(
                (T("规则", "Rule"), ("name", "name_en", "subject", "value", "order", "active", "ran_on", "gave")),
                (T("效果", "Effect"), ("lower", "rest_days", "notify", "settings")),
            ),
        ),
        Form(fields=("name", "name_en", "subject", "order", "lower", "rest_days", "notify")),
    )



def ladder(rules: Iterable[Rule]) -> dict[tuple[str, str], list[Rule]]:
    """Active rules by object and field, in order."""
    out: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted((one for one in rules if one.active), key=lambda one: (one.order, one.label.zh, one.id)):
        out.setdefault((rule.object, rule.field), []).append(rule)
    return out
