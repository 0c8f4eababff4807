"""Rules for duplicates: records of one object, so that an administrator changes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Boolean, Choice, Integer, MultiChoice, Option, TextField
from guanxi.kernel.declare.matching import EFFECTS, ENTRIES, HOWS, SHOWN
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Policy, Record


@dataclass(frozen=True)
class Rule:
    """One rule as the kernel works with it. fields: how each is compared; effects by way in; shown: what is told of a record
    that the person may not read."""

    id: UUID
    object: str
    label: Text
    fields: Mapping[str, str]
    every: bool
    effects: Mapping[str, str]
    looks: tuple[str, ...]
    bin: bool
    shown: frozenset[str]


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules at work, in order."""
    return tuple(
        Rule(
            id=row["id"], object=row["object_name"], label=Text(row["name"], row.get("name_en") or row["name"]), fields=dict(_parts(one) for one in row.get("fields") or ()),
            every=row.get("every") == "all", effects={name: row.get(name) or "off" for name in ENTRIES}, looks=tuple(row.get("looks") or ()),
            bin=bool(row.get("bin")), shown=frozenset(row.get("shown") or ()),
        )
        for row in rows
        if row.get("enabled") is not False
    )  # fmt: skip


def _parts(key: str) -> tuple[str, str]:
    """The field and how it is compared, of one choice: `name.normal`."""
    field, _, how = key.rpartition(".")
    return field, how


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `duplicate_rule` with what there is to choose: the objects that are compared, and by which fields."""
    it = objects.get("duplicate_rule")
    compared = [one for one in objects.values() if one.duplicates is not None]
    if it is None or not compared:
        return it
    named = tuple(Option(one.name, one.label) for one in compared)
    options = {"object_name": named, "looks": named, "fields": ways(compared)}
    fields = {name: one.bound(options=options[name]) if name in options else one for name, one in it.fields.items()}
    return replace(it, fields=fields)


def ways(compared: Sequence[Definition]) -> tuple[Option, ...]:
    """Each field by which some objects are compared, as each of them calls it, with each way of comparing it."""
    called: dict[str, dict[Text, None]] = {}
    for one in compared:
        for identity in one.duplicates.identities:  # type: ignore[union-attr]
            label = one.fields[identity.field].label
            if identity.within:
                link = one.fields[identity.within].label
                label = T(f"{label.zh}（同一{link.zh}）", f"{label.en} (of one {link.en.lower()})")
            called.setdefault(identity.field, {})[label] = None
    return tuple(
        Option(f"{field}.{how}", Text(f"{'或'.join(one.zh for one in labels)} · {says.zh}", f"{' or '.join(one.en for one in labels)} · {says.en}"))
        for field, labels in called.items() for how, says in HOWS.items()
    )  # fmt: skip


def whole_rule(draft: Any, context: Any) -> None:
    """A rule is of an object that tells its records apart; what it names exists."""
    problems: list[FieldError] = []
    it: Definition | None = context.catalog.find(draft.object_name)
    if it is None or it.duplicates is None:
        raise Invalid.field("object_name", "unknown", "这个对象不查重。", "Records of this object are not compared.")
    draft.object_name = it.name
    known = {one.field for one in it.duplicates.identities}
    fields = [_parts(one)[0] for one in draft.fields or ()]
    for name in sorted(set(fields) - known):  # what is offered is what any of the objects has; here it is this one's
        problems.append(FieldError("fields", "unknown", T(f"{it.label.zh}不比较“{name}”。", f"{it.label.en} is not compared by {name!r}.")))
    if len(fields) > len(set(fields)):
        problems.append(FieldError("fields", "twice", T("每个字段只选一种比较方式。", "Choose one way of comparing for each field.")))
    if problems:
        raise Invalid(problems)


class DuplicateRule(
    Object, label=T("查重规则", "Duplicate rule"), icon="search", group="settings", touches="catalog", title="name",
    about=T("哪些字段相同算重复，录入、导入、接口各怎么办，看得到什么。", "Which fields make records duplicates, what happens on entry, import and by the API, and what is shown."),
):  # fmt: skip
    """查重规则: when records of an object count as the same, looking into which objects, with which effect at each way in.

    fields: field and how, such as `name.normal`; how is exact, normal (legal forms, places, brackets, width, case) or fuzzy (one sign apart, or
    sounding alike). effects: off, show (in the check only), warn (to be confirmed in a form), forbid.
    """

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    object_name = Choice(T("对象", "Object"), (), required=True)
    enabled = Boolean(T("启用", "Enabled"), default=True)
    order = Integer(T("排序", "Order"), default=0)
    fields = MultiChoice(T("比较的字段", "Fields compared"), (), required=True)
    every = Choice(T("满足", "Holds when"), [("any", T("任一字段", "Any field agrees")), ("all", T("全部字段", "All fields agree"))], required=True, default="any")
    manual = Choice(T("手工录入", "By hand"), list(EFFECTS.items()), required=True, default="warn")
    imported = Choice(T("导入", "Import"), list(EFFECTS.items()), required=True, default="warn")
    api = Choice(T("接口", "API"), list(EFFECTS.items()), required=True, default="warn")
    looks = MultiChoice(T("在哪里查", "Looks into"), ())
    bin = Boolean(T("也查回收站", "The bin too"), default=True)
    shown = MultiChoice(T("无权查看时显示", "Shown without a right to read"), list(SHOWN.items()))
    policy = Policy(read="member", write="role")
    checks = (whole_rule,)
    views = (
        List(columns=("name", "object_name", "enabled", "every", "manual", "imported", "api"), sort=("object_name", "order", "name"), filters=("object_name", "enabled")),
        Record(
            highlights=("object_name", "enabled", "manual", "imported", "api"),
            groups=(
                (T("规则", "Rule"), ("name", "name_en", "object_name", "enabled", "order", "fields", "every")),
                (T("效果", "Effect"), ("manual", "imported", "api")),
                (T("范围", "Reach"), ("looks", "bin", "shown")),
            ),
        ),
        Form(fields=("name", "name_en", "object_name", "enabled", "order", "fields", "every", "manual", "imported", "api", "looks", "bin", "shown")),
    )


def seed(desk: Any, objects: Iterable[Definition]) -> None:
    """The first rules of each object that declares some. Nothing is made again where administrators took it away. When an object is
    compared for the first time, the rules that looked into all their object declared then look into it too."""
    objects = list(objects)
    for it in objects:
        if it.duplicates is None or desk.find("duplicate_rule", {"field": "object_name", "op": "=", "value": it.name}, deleted=None):
            continue
        for order, one in enumerate(it.duplicates.rules, 1):
            desk.perform(
                "duplicate_rule", "create",
                changes={
                    "name": one.label.zh, "name_en": one.label.en, "object_name": it.name, "order": order * 10, "fields": [f"{field}.{how}" for field, how in one.fields.items()],
                    "every": "all" if one.every else "any", "manual": one.manual, "imported": one.imported, "api": one.api,
                    "looks": [it.name, *it.duplicates.also], "shown": list(SHOWN),
                },
            )  # fmt: skip
        for other in objects:
            if other.duplicates is None or it.name not in other.duplicates.also:
                continue
            before = {other.name, *other.duplicates.also} - {it.name}
            for row in desk.find("duplicate_rule", {"field": "object_name", "op": "=", "value": other.name}):
                if set(row["looks"] or ()) == before:
                    desk.perform("duplicate_rule", "update", row["id"], {"looks": [other.name, *other.duplicates.also]})
