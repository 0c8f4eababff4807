"""公海: the pools of a workspace, as records administrators keep and as the catalog holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    Departments,
    Integer,
    Json,
    Links,
    MultiChoice,
    Option,
    Person,
    TextField,
)
from guanxi.kernel.declare.objects import Action, Definition, Form, List, Object, Policy, Record
from guanxi.kernel.declare.pooling import EXPIRED, PROTECTION

MEMBERS = ("people", "units", "roles")
ADMINS = ("admins", "admin_roles")
MOST_DAYS = 3650
MOST_REMINDERS, MOST_AHEAD = 5, 60
REASONS = (
    (EXPIRED, "到期自动回收", "Recycled by rule"), ("no_need", "无需求", "No need"), ("no_contact", "联系不上", "Cannot be reached"),
    ("budget", "预算不足", "No budget"), ("competitor", "已选择竞争对手", "Chose a competitor"), ("region", "不在负责区域", "Outside my region"),
    ("handover", "离职或调岗交接", "Handed over"), ("other", "其他", "Other"),
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """One pool as the kernel works with it; limits of 0 are none. `rules`: per rule its days, and days by choice where they
    differ (None: never). `exclude`: keys of exclusions that hold."""

    id: UUID
    object: str
    label: Text
    enabled: bool = True
    visible: bool = True
    everyone: bool = False
    members: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    admins: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    daily_limit: int = 0
    cap: int = 0
    total_cap: int = 0
    uncounted: tuple[str, ...] = ()
    wait_days: int = 0
    new_days: int = 0
    protection_days: int = 0
    max_locked: int = 0
    lock_days: int = 0
    business: str = "warn"
    recycling: bool = False
    rules: Mapping[str, tuple[int | None, Mapping[str, int | None]]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    workdays: bool = False
    """Whether the rules' days are working days; protection is always in days."""
    remind: int = 3
    reminders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Per rule how many days before its owner is reminded of a record; a rule without any reminds as `remind` says."""
    hour: int = 2
    allot: str = ""
    """How it assigns what lies in it by itself: in turn (round), to whoever holds fewest (fewest), or not at all."""
    allot_to: frozenset[UUID] = frozenset()
    """Whom of its members; none of them named is all."""
    allot_rules: tuple[tuple[str, frozenset[UUID]], ...] = ()
    """Which records go to whom: (condition, people), in order; the first that holds decides."""
    allot_default: UUID | None = None
    """Who gets what no rule holds for; nobody named is everybody, in the way chosen."""

    def has(self, belongs: Mapping[str, Iterable[UUID]]) -> bool:
        """Whether somebody is a member: `belongs` are their user, roles and departments with those above."""
        return self.everyone or _named(self.members, belongs)

    def reminders_of(self, rule: str) -> tuple[int, ...]:
        return self.reminders.get(rule, (self.remind,))

    def run_by(self, belongs: Mapping[str, Iterable[UUID]]) -> bool:
        return _named(self.admins, belongs)


def _named(named: Mapping[str, frozenset[UUID]], belongs: Mapping[str, Iterable[UUID]]) -> bool:
    return any(not ids.isdisjoint(belongs.get(kind, ())) for kind, ids in named.items())


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Pool, ...]:
    """Pools from rows, in order."""
    return tuple(of(row) for row in rows)


def of(row: Mapping[str, Any]) -> Pool:
    """A pool from the values of its record."""

    def named(names: Sequence[str]) -> dict[str, frozenset[UUID]]:
        kinds = {"people": "user", "units": "department", "roles": "role", "admins": "user", "admin_roles": "role"}
        return {kinds[name]: frozenset(row.get(name) or ()) for name in names}

    settings = row.get("settings") or {}
    rules = {
        key: (_days(one.get("days")), {choice: _days(days) for choice, days in (one.get("by") or {}).items()})
        for key, one in (settings.get("rules") or {}).items()
    }
    reminders = {key: tuple(one["remind"]) for key, one in (settings.get("rules") or {}).items() if one.get("remind") is not None}
    numbers = ("daily_limit", "cap", "total_cap", "wait_days", "new_days", "protection_days", "max_locked", "lock_days")
    return Pool(
        id=row["id"], object=row["object_name"], label=Text(row["name"], row.get("name_en") or row["name"]), enabled=row.get("enabled") is not False,
        visible=row.get("kind") != "assign", everyone=bool(row.get("everyone")), members=named(MEMBERS), admins=named(ADMINS),
        hidden=tuple(row.get("hidden") or ()), uncounted=tuple(row.get("uncounted") or ()), business=row.get("business") or "warn",
        recycling=bool(row.get("recycling")), rules=rules, reminders=reminders, exclude=tuple(settings.get("exclude") or ()),
        workdays=bool(settings.get("workdays")), remind=3 if settings.get("remind") is None else settings["remind"], hour=int(row.get("hour") or 0),
        allot=row.get("allot") or "", allot_to=frozenset(row.get("allot_to") or ()),
        allot_rules=tuple((one["where"], frozenset(map(UUID, one["to"]))) for one in row.get("allot_rules") or ()), allot_default=row.get("allot_default"),
        **{name: row.get(name) or 0 for name in numbers},
    )  # fmt: skip


def _days(value: Any) -> int | None:
    """Days of a rule; 0 and nothing mean never."""
    return value or None


def whole_pool(draft: Any, context: Any) -> None:
    """A pool is of an object that lies in pools; what it names exists there; numbers are not negative."""
    problems: list[FieldError] = []
    it: Definition | None = context.catalog.find(draft.object_name)
    if it is None or it.pooling is None:
        raise Invalid.field("object_name", "unknown", "这个对象没有公海。", "Records of this object do not lie in pools.")
    draft.object_name = it.name
    if not draft.new and draft.changed("object_name"):
        problems.append(FieldError("object_name", "fixed", T("对象不能修改。", "The object does not change.")))
    named = {"hidden": {name for name in it.fields if may_hide(it, name)}, "uncounted": {one.key for one in it.pooling.exclusions}}
    for key, there in named.items():  # what is offered is what any of the objects has; here it is this one's
        draft[key] = [name for name in draft[key] or () if name in there] or None
    for name in ("daily_limit", "cap", "total_cap", "wait_days", "new_days", "protection_days", "max_locked", "lock_days"):
        if draft[name] is not None and not 0 <= draft[name] <= 100_000:
            problems.append(FieldError(name, "range", T("应为 0 到 100000，0 表示不限。", "0 to 100,000; 0 means no limit.")))
    problems += wrong_settings(it, draft.settings)
    if draft.changed("allot_rules"):
        problems += wrong_allotment(it, draft.allot_rules, context)
    if draft.recycling and not any(days or by for days, by in of({**draft.values, "settings": draft.settings if not problems else {}}).rules.values()):
        problems.append(FieldError("settings", "required", T("请先填写至少一条回收规则的天数。", "Give the days of at least one rule first.")))
    if problems:
        raise Invalid(problems)


HIDEABLE = ("phone", "email", "url", "text", "region", "money", "decimal", "percent")
"""The kinds of field a pool may hide: how somebody is reached, and what they are worth."""


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `pool` with what there is to choose: the objects that lie in pools, their fields, what they exclude."""
    it = objects.get("pool")
    lying = [one for one in objects.values() if one.pooling is not None]
    if it is None or not lying:
        return it
    hidden = {name: Option(name, one.fields[name].label) for one in lying for name in one.fields if may_hide(one, name)}
    out = {x.key: Option(x.key, x.label) for one in lying for x in one.pooling.exclusions}  # type: ignore[union-attr]
    options = {"object_name": tuple(Option(one.name, one.label) for one in lying), "hidden": tuple(hidden.values()), "uncounted": tuple(out.values())}
    fields = {name: one.bound(options=options[name]) if name in options else one for name, one in it.fields.items()}
    return replace(it, fields=fields)


def may_hide(it: Definition, name: str) -> bool:
    """Whether a pool may hide a field: neither what records are called nor what pools work with."""
    one = it.fields.get(name)
    assert it.pooling is not None
    return one is not None and one.kind in HIDEABLE and one.stored and not (one.system or one.readonly or one.unique or name in (it.title, "owner", it.pooling.by, it.parent))


def wrong_settings(it: Definition, settings: Any) -> list[FieldError]:
    """What is wrong with the recycling settings of an object's pool."""
    problems: list[FieldError] = []
    pooling = it.pooling
    assert pooling is not None

    def wrong(zh: str, en: str) -> None:
        problems.append(FieldError("settings", "setting", T(zh, en)))

    if settings is None:
        return problems
    if not isinstance(settings, Mapping) or not set(settings) <= {"rules", "exclude", "remind", "workdays"}:
        wrong("只能有 rules、exclude、remind、workdays。", "Only rules, exclude, remind and workdays.")
        return problems
    rules = settings.get("rules") or {}
    choices = {o.key for o in getattr(it.fields.get(pooling.by), "options", ())} if pooling.by else set()
    known = {one.key for one in (*pooling.rules, PROTECTION)}
    for key, one in rules.items() if isinstance(rules, Mapping) else ():
        if key not in known or not isinstance(one, Mapping) or not set(one) <= {"days", "by", "remind"}:
            wrong(f"没有“{key}”这条规则，可用：{'、'.join(sorted(known))}；每条只有 days、by、remind。", f"There is no rule {key!r}; use {', '.join(sorted(known))}, each with days, by and remind.")
            continue
        before = one.get("remind")
        if before is not None and not (isinstance(before, list) and len(before) <= MOST_REMINDERS and all(days is not None and _fits(days) and days <= MOST_AHEAD for days in before)):
            wrong(f"{key}.remind：最多 {MOST_REMINDERS} 个 0 到 {MOST_AHEAD} 的天数。", f"{key}.remind: at most {MOST_REMINDERS} numbers of days from 0 to {MOST_AHEAD}.")
        by = one.get("by") or {}
        if not isinstance(by, Mapping) or not set(by) <= choices:
            wrong(f"{key}.by：没有这个选项。", f"{key}.by: there is no such choice.")
            continue
        if not all(_fits(days) for days in (one.get("days"), *by.values())):
            wrong(f"{key}：天数为 0 到 {MOST_DAYS} 的整数。", f"{key}: days are whole numbers from 0 to {MOST_DAYS}.")
    if not isinstance(rules, Mapping):
        wrong("rules 应为“规则: 天数”的表。", "rules is a table of rule: days.")
    exclude = settings.get("exclude") or []
    if not isinstance(exclude, list) or not set(map(str, exclude)) <= {one.key for one in pooling.exclusions}:
        wrong("exclude：没有这个排除项。", "exclude: there is no such exclusion.")
    remind = settings.get("remind")
    if remind is not None and not _fits(remind):
        wrong("remind 应为提前的天数。", "remind is a number of days before.")
    return problems


MOST_RULES = 20


def wrong_allotment(it: Definition, rules: Any, context: Any) -> list[FieldError]:
    """What is wrong with the rules by which an object's pool assigns."""
    wrong = FieldError("allot_rules", "setting", T(f"最多 {MOST_RULES} 条规则，每条有 where（条件）和 to（人员编号列表）。", f"At most {MOST_RULES} rules, each with where (a condition) and to (a list of people's ids)."))
    if rules is None:
        return []
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        return [wrong]
    problems: list[FieldError] = []
    for n, one in enumerate(rules, 1):
        whole = isinstance(one, Mapping) and set(one) == {"where", "to"} and isinstance(one["where"], str) and one["where"].strip() and isinstance(one["to"], list) and one["to"]
        ids = [parse_id(str(id)) for id in one["to"]] if whole else [None]
        if None in ids:
            problems.append(wrong)
            continue
        if any(context.get("user", id) is None for id in ids):
            problems.append(FieldError("allot_rules", "link", T(f"第 {n} 条规则：没有这位同事。", f"Rule {n}: there is no such colleague.")))
        try:
            context.asked(it.name, one["where"])
        except Invalid as problem:
            problems += [FieldError("allot_rules", "condition", T(f"第 {n} 条规则：{error.message.zh}", f"Rule {n}: {error.message.en}")) for error in problem.errors]
    return problems


def _fits(days: Any) -> bool:
    return days is None or (isinstance(days, int) and not isinstance(days, bool) and 0 <= days <= MOST_DAYS)


def swept(draft: Any, context: Any, *, day: Any = None, count: int = 0, counts: Any = None) -> None:
    """A night's recycling is done: how many records, by which rules."""
    draft.swept_on = day
    draft.because = {"kind": "swept", "count": count, "rules": counts or {}, "day": day.isoformat()}


def served(draft: Any, context: Any, *, receiver: UUID | None = None) -> None:
    draft.last_receiver = receiver


def _input(name: str, one: Any) -> Any:
    one.name = name
    return one


class PoolObject(
    Object, name="pool", label=T("公海", "Pool"), icon="pool", group="settings", touches="catalog", title="name",
    about=T("没有负责人的客户和线索放在哪里，谁能领取、每天领多少、多久不跟进会被收回。", "Where customers and leads without an owner lie: who may claim them, how many, and when they are taken back."),
):  # fmt: skip
    """公海: records of one object that nobody owns, for its members to claim and its admins to hand out.

    kind: visible – members see what lies in it, but for the hidden fields, and claim; assign – only admins see it and hand
    out. Limits of 0 are none. settings: the recycling rules, {"rules": {rule: {"days": n, "by": {choice: n}, "remind": [n, …]}},
    "exclude": [...], "remind": n, "workdays": days are working days}. The first pool in order whose members include a record's owner is the one that takes
    the record back.
    """

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    object_name = Choice(T("对象", "Object"), (), required=True)
    enabled = Boolean(T("启用", "Enabled"), default=True)
    kind = Choice(T("类型", "Kind"), [("visible", T("可见可领", "Visible, to be claimed")), ("assign", T("仅管理员分配", "Handed out by admins"))], required=True, default="visible")
    order = Integer(T("排序", "Order"), default=0)
    everyone = Boolean(T("全员是成员", "Everyone is a member"), default=False)
    people = Links("user", T("成员", "Members"))
    units = Departments(T("成员部门", "Member departments"), help=T("含下级部门。", "With those below."))
    roles = Links("role", T("成员角色", "Member roles"))
    admins = Links("user", T("管理员", "Admins"))
    admin_roles = Links("role", T("管理员角色", "Admin roles"))
    hidden = MultiChoice(T("领取前隐藏的字段", "Fields hidden until claimed"), ())
    daily_limit = Integer(T("每人每天可领", "Claims a day"), default=10, help=T("0 表示不限。退回不会还额度。", "0 means no limit. Returning does not give one back."))
    cap = Integer(T("本公海持有上限", "Held from this pool at most"), default=0, help=T("每人最多持有多少条从这里领的，0 表示不限。", "How many a person may hold out of this pool; 0 means no limit."))
    total_cap = Integer(T("总持有上限", "Held altogether at most"), default=0, help=T("每人最多持有多少条；各公海中最低的有效，0 表示不限。", "How many a person may hold at all; the lowest of all pools holds; 0 means no limit."))
    uncounted = MultiChoice(T("不计入上限", "Not counted as held"), ())
    wait_days = Integer(T("前负责人等待天数", "Previous owner waits, days"), default=7)
    new_days = Integer(T("新入池锁定天数", "New in the pool, locked for days"), default=0)
    protection_days = Integer(T("领取后保护天数", "Protected after claiming, days"), default=0)
    max_locked = Integer(T("每人锁定上限", "Locked per person at most"), default=20)
    lock_days = Integer(T("锁定最长天数", "Locked for days at most"), default=90)
    business = Choice(T("有未完成业务时退回", "Returning with unfinished business"), [("warn", T("提醒", "Warn")), ("forbid", T("禁止", "Forbid"))], default="warn")
    recycling = Boolean(T("自动回收", "Recycling"), default=False)
    settings = Json(T("回收规则", "Recycling rules"))
    hour = Choice(T("每晚运行时间", "Runs at"), [(str(n), T(f"{n:02d}:00", f"{n:02d}:00")) for n in range(7)], default="2")
    allot = Choice(T("自动分配", "Assigns by itself"), [("round", T("轮流", "In turn")), ("fewest", T("给持有最少的人", "To whoever holds fewest"))], help=T("新建时没有负责人的记录也进入这里。留空则等人领取。", "Records made without an owner come here too. Empty: they wait to be claimed."))
    allot_to = Links("user", T("自动分配给", "Assigned to"), help=T("只分给其中的成员；留空是全部成员。", "Only to those of its members; empty is all of them."))
    allot_rules = Json(T("分配规则", "Assigning rules"))
    allot_default = Person(T("其余分配给", "Everything else to"), help=T("不符合任何规则的给谁；留空则按方式分给全部成员。", "Who gets what no rule holds for; empty: all members, in the way chosen."))
    swept_on = Date(T("最近回收日", "Last recycled"), readonly=True)
    last_receiver = Person(T("上次分配给", "Last given to"), readonly=True)
    policy = Policy(read="member", write="role")
    checks = (whole_pool,)
    actions = (
        Action("swept", swept, T("自动回收", "Recycled"), inputs=(_input("day", Date(T("日期", "Day"))), _input("count", Integer(T("条数", "Records"))), _input("counts", Json(T("按规则", "By rule")))), internal=True),
        Action("served", served, T("轮到", "Served"), inputs=(_input("receiver", Person(T("上次分配给", "Last given to"))),), internal=True),
    )
    views = (
        List(columns=("name", "object_name", "kind", "enabled", "recycling", "daily_limit", "swept_on"), sort=("object_name", "order", "name"), filters=("object_name", "kind", "enabled")),
        Record(
            highlights=("object_name", "kind", "enabled", "recycling", "swept_on"),
            groups=(
                (T("基本信息", "Basics"), ("name", "name_en", "object_name", "enabled", "kind", "order", "hidden")),
                (T("成员与管理员", "Members and admins"), ("everyone", "people", "units", "roles", "admins", "admin_roles")),
                (T("领取与持有", "Claiming and holding"), ("daily_limit", "cap", "total_cap", "uncounted", "wait_days", "new_days", "protection_days", "max_locked", "lock_days", "business")),
                (T("自动分配", "Assigning by itself"), ("allot", "allot_to", "allot_default")),
                (T("自动回收", "Recycling"), ("recycling", "hour", "swept_on", "last_receiver")),
            ),
        ),
        Form(
            fields=(
                "name", "name_en", "object_name", "kind", "enabled", "order", "everyone", "people", "units", "roles", "admins", "admin_roles", "hidden",
                "daily_limit", "cap", "total_cap", "uncounted", "wait_days", "new_days", "protection_days", "max_locked", "lock_days", "business", "allot", "allot_to", "allot_default",
            )
        ),
    )  # fmt: skip


def seed(desk: Any, objects: Iterable[Definition]) -> None:
    """The reasons for returning a record, and for each object that lies in pools the first pool: open to everybody, run by
    the managers of sales, hiding how people are reached. Nothing is made again where administrators took it away."""
    dictionary = desk.ensure("dictionary", match={"key": "return_reason"}, changes={"name": "退回原因", "name_en": "Reason for return"})
    for order, (key, zh, en) in enumerate(REASONS, 1):
        desk.ensure("dictionary_entry", match={"dictionary": dictionary, "key": key}, changes={"name": zh, "name_en": en, "order": order * 10})
    managers = [row["id"] for row in desk.find("role", {"field": "key", "op": "=", "value": "sales_manager"})]
    for it in objects:
        if it.pooling is None or desk.find("pool", {"field": "object_name", "op": "=", "value": it.name}, deleted=None):
            continue
        zh, en = f"默认{it.pooling.label.zh}", f"Default {it.pooling.label.en.lower()}"
        hidden = [name for name in it.pooling.hidden if may_hide(it, name)]
        desk.perform(
            "pool", "create",
            changes={"name": zh, "name_en": en, "object_name": it.name, "everyone": True, "admin_roles": managers, "hidden": hidden or None},
        )  # fmt: skip
