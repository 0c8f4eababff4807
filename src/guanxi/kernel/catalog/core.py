"""The objects the kernel itself stands on: people, departments, roles, and what administrators declare.

They are ordinary declarations, read and written through the door like any other, and described like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from guanxi.base import pinyin
from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.catalog import consents, desk, notices, pleas, remarks, robots
from guanxi.kernel.catalog.applying import AccountRequest
from guanxi.kernel.catalog.attending import FollowUpRule
from guanxi.kernel.catalog.bin import BinRules
from guanxi.kernel.catalog.company import Company
from guanxi.kernel.catalog.duplicates import DuplicateRule
from guanxi.kernel.catalog.grades import GradeRule
from guanxi.kernel.catalog.grouping import Group
from guanxi.kernel.catalog.holidays import Holiday
from guanxi.kernel.catalog.numbering import NumberRule
from guanxi.kernel.catalog.own_rights import OwnRight
from guanxi.kernel.catalog.pairs import DuplicatePair
from guanxi.kernel.catalog.pools import PoolObject
from guanxi.kernel.catalog.privacy import PrivacyRules
from guanxi.kernel.catalog.requests import SubjectRequest
from guanxi.kernel.catalog.security import Security
from guanxi.kernel.catalog.web_forms import WebForm
from guanxi.kernel.declare.fields import (
    KINDS,
    MARKS,
    Boolean,
    Choice,
    Date,
    DateTime,
    Department,
    Departments,
    Email,
    FieldProblem,
    Integer,
    Json,
    Link,
    Links,
    LongText,
    Number,
    Option,
    Person,
    Phone,
    TextField,
)
from guanxi.kernel.declare.objects import (
    LEVELS,
    RESERVED,
    SCOPES,
    Action,
    Form,
    Grant,
    List,
    Module,
    Object,
    Policy,
    Record,
)

KEY_HELP = T("留空则由名称生成；保存后请不要修改。", "Made from the name when empty; do not change it later.")
COLOURS = (
    ("blue", T("蓝", "Blue")), ("green", T("绿", "Green")), ("orange", T("橙", "Orange")), ("purple", T("紫", "Purple")),
    ("teal", T("青", "Teal")), ("red", T("红", "Red")), ("yellow", T("黄", "Yellow")), ("grey", T("灰", "Grey")),
)  # fmt: skip
"""The tokens of coloured labels."""


def whole_tree(draft: Any, context: Any) -> None:
    """A tree has no circles: going up from the new parent must not meet the record itself."""
    name = draft.object.parent
    if not draft.changed(name):
        return
    above = draft[name]
    seen = {draft.id}
    while above is not None:
        if above in seen:
            raise Invalid.field(
                name, "circle", "上级不能是自己或自己的下级。", "A record cannot be under itself or under its own children."
            )
        seen.add(above)
        row = context.get(draft.object.name, above)
        above = row[name] if row is not None else None


def key_from_name(draft: Any, context: Any) -> None:
    """A key nobody typed is made from the name: its pinyin, in small letters, digits and _. It never changes by itself."""
    if draft.key or not draft.name:
        return
    made = re.sub(r"[^a-z0-9]+", "_", pinyin.full(draft.name).casefold()).strip("_")[:36]
    draft.key = made or f"k{draft.id.hex[-8:]}"


def key_stays(draft: Any, context: Any) -> None:
    """Records, settings and the program know it by its key."""
    if not draft.new and draft.changed("key") and draft.before.get("key"):
        raise Invalid.field("key", "fixed", "标识创建后不能更改，请改名称。", "A key stays as it was made; change the name instead.")


class DepartmentObject(
    Object, name="department", label=T("部门", "Department"), icon="department", group="settings", parent="above",
    touches="access",
    about=T("公司的组织结构：谁在哪个部门，由谁主管；数据范围按它计算。", "How the company is organised, and who heads what; data scopes follow it."),
):  # fmt: skip
    """部门: a part of the company, in a tree, with a head."""

    name = TextField(T("部门名称", "Name"), required=True, search=True)
    above = Department(T("上级部门", "Parent department"), on_delete="protect", reverse=T("下级部门", "Sub-departments"))
    head = Person(T("部门主管", "Head"))
    code = TextField(T("部门编码", "Code"), search=True)
    order = Integer(T("排序", "Order"), default=0)
    policy = Policy(read="member", write="role")
    checks = (whole_tree,)
    unique = (("above", "name"),)
    views = (
        List(columns=("name", "above", "head", "code"), sort=("order", "name")),
        Form(fields=("name", "above", "head", "code", "order")),
    )


def give_access(draft: Any, context: Any) -> dict[str, Any]:
    """An account with a password for the first sign-in, shown once to whoever asked for it."""
    if not draft.username:
        raise Invalid.field("username", "required", "请先填写用户名，再开通登录。", "Give a user name before giving access.")
    password = context.give_account(draft.id, draft.username)
    if password is None:
        raise Invalid.field("username", "taken", "用户名已被其他账号使用，请换一个。", "The user name belongs to another account; choose another.")
    return {"username": draft.username, "password": password}


def take_access(draft: Any, context: Any) -> None:
    if draft.id == context.actor.user:
        raise Invalid.field("username", "self", "不能停用自己的登录。", "You cannot take your own access away.")
    context.take_account(draft.id)


def asks_for_successors(draft: Any, context: Any) -> None:
    """Whoever is switched off signs in no more at once; what they leave behind is named, and where it is handed over."""
    if draft.new or not draft.changed("active") or draft.active is not False:
        return
    if draft.id == context.actor.user:
        raise Invalid.field("active", "self", "不能停用自己。", "You cannot switch yourself off.")
    if left := context.left_by(draft.id):
        zh, en = "、".join(f"{label.zh} {n}" for label, n in left), ", ".join(f"{label.en} {n}" for label, n in left)
        context.warn("active", T(f"名下还有{zh}，请在“离职交接”（/settings/handover?user={draft.id}）选择接手人。", f"Still theirs: {en}. Choose successors in Hand-over (/settings/handover?user={draft.id})."))


def correct_own(draft: Any, context: Any) -> None:
    """What people say of themselves: their name and how they are reached. Everything else on their record is the company's to say."""


def reset_second_factor(draft: Any, context: Any) -> None:
    """For whoever lost the telephone and the recovery codes."""
    if not context.lose_second_factor(draft.id):
        raise Invalid.field("username", "state", "这位同事没有开启两步验证。", "This person has no second factor.")


def signed_in(draft: Any, context: Any) -> None:
    draft.last_sign_in = context.now


class User(
    Object, label=T("员工", "User"), icon="user", group="settings", title="name", subtitle=("department", "username"), parent="superior",
    touches="access",
    about=T("使用系统的同事：所在部门、角色和登录。", "The people who use the program: their department, roles and sign-in."),
):  # fmt: skip
    """员工: a person who works with the program. Signing in is a matter of the account with the same user name."""

    name = TextField(T("姓名", "Name"), required=True, search=True)
    username = TextField(T("用户名", "User name"), unique=True, search=True)
    email = Email(T("邮箱", "E-mail"))
    phone = Phone(T("手机", "Phone"))
    position = TextField(T("职务", "Position"))
    department = Department(T("主部门", "Main department"), on_delete="protect", reverse=T("员工", "Users"))
    departments = Departments(T("兼任部门", "Other departments"))
    superior = Person(T("直属上级", "Superior"), reverse=T("直属下级", "Direct reports"))
    roles = Links("role", T("角色", "Roles"))
    active = Boolean(T("启用", "Active"), default=True)
    language = Choice(T("语言", "Language"), [("zh-CN", T("中文", "中文")), ("en", T("English", "English"))])
    last_sign_in = DateTime(T("最近登录", "Last sign-in"), readonly=True)
    policy = Policy(read="member", write="role")
    checks = (whole_tree, asks_for_successors)
    actions = (
        Action("signed_in", signed_in, T("登录", "Signed in"), internal=True),
        Action("correct_own", correct_own, T("更正本人资料", "Correct one's own details"), form=("name", "phone", "email"), right="self", listed=False),
        Action("give_access", give_access, T("开通登录 / 重置密码", "Give access or a new password")),
        Action("reset_second_factor", reset_second_factor, T("重置两步验证", "Reset the second factor"), danger=True),
        Action("take_access", take_access, T("停用登录", "Take access away"), danger=True),
    )
    views = (
        List(columns=("name", "username", "department", "position", "roles", "active", "last_sign_in"), sort=("name",), filters=("department", "roles", "active")),
        Form(fields=("name", "username", "department", "departments", "superior", "roles", "position", "phone", "email", "language", "active")),
    )


def whole_grants(draft: Any, context: Any) -> None:
    """A role's rights name objects, verbs, scopes and levels that exist."""
    problems: list[FieldError] = []

    def wrong(zh: str, en: str) -> None:
        problems.append(FieldError("grants", "grant", T(zh, en)))

    grants = draft.grants or {}
    if not isinstance(grants, Mapping):
        raise Invalid.field("grants", "grant", "权限应为“对象: 权限”的表。", "Rights are a table of object: rights.")
    for name, grant in grants.items():
        known = context.catalog.find(name)
        if name != "*" and known is None:
            wrong(f"没有“{name}”这个对象。", f"There is no object {name!r}.")
            continue
        if not isinstance(grant, Mapping) or not set(grant) <= {"verbs", "read", "write", "fields", "departments"}:
            wrong(f"{name}：只能有 verbs、read、write、fields、departments。", f"{name}: only verbs, read, write, fields, departments.")
            continue
        for key in ("read", "write"):
            if grant.get(key, "own") not in SCOPES:
                wrong(f"{name}.{key}：范围只能是 {'、'.join(SCOPES)}。", f"{name}.{key}: the scope is one of {', '.join(SCOPES)}.")
        for key in ("verbs", "departments"):
            if not isinstance(grant.get(key, []), list) or not all(isinstance(v, str) for v in grant.get(key, [])):
                wrong(f"{name}.{key} 应为文字列表。", f"{name}.{key} is a list of text.")
        fields = grant.get("fields") or {}
        if not isinstance(fields, Mapping):
            wrong(f"{name}.fields 应为“字段: 级别”的表。", f"{name}.fields is a table of field: level.")
            continue
        for field, level in fields.items():
            if level not in LEVELS or (known is not None and field not in known.fields and field.removeprefix("@") not in MARKS):
                wrong(f"{name}.fields.{field}：字段或级别不对。", f"{name}.fields.{field}: no such field or level.")
    if problems:
        raise Invalid(problems)


class Role(
    Object, label=T("角色", "Role"), icon="role", group="settings", touches="access",
    about=T("决定谁能看到什么、能做什么；一个人可以有多个角色。", "Who may see and do what; a person may have several."),
):  # fmt: skip
    """角色: what its holders may see and do, per object. Several roles together give the widest."""

    name = TextField(T("名称", "Name"), required=True, unique=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    key = TextField(T("标识", "Key"), unique=True)
    description = LongText(T("说明", "Description"))
    grants = Json(T("权限", "Rights"))
    policy = Policy(read="member", write="role")
    checks = (whole_grants, key_stays)
    views = (List(columns=("name", "name_en", "key", "description"), sort=("name",)), Form(fields=("name", "name_en", "key", "description")))


class Dictionary(
    Object, label=T("数据字典", "Dictionary"), icon="dictionary", group="settings", touches="catalog",
    about=T("下拉选项的内容，例如客户来源、行业级别。", "What may be chosen in drop-down fields, such as where customers come from."),
):  # fmt: skip
    """数据字典: a list of choices that an administrator keeps, used by fields of any object."""

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    key = TextField(T("标识", "Key"), unique=True, help=KEY_HELP)
    policy = Policy(read="member", write="role")
    checks = (key_from_name, key_stays)
    views = (
        List(columns=("name", "name_en", "key"), sort=("key",)),
        Record(children=("dictionary_entry",)),
        Form(fields=("name", "name_en", "key")),
    )


class DictionaryEntry(
    Object, label=T("字典项", "Dictionary entry"), plural="dictionary_entries", icon="dictionary", group="settings",
    touches="catalog",
    about=T("字典里的一个选项。", "One choice of a dictionary."),
):  # fmt: skip
    """字典项: one choice. `key` is stored in records and never changes; the labels may."""

    name = TextField(T("名称", "Name"), required=True)
    name_en = TextField(T("英文名称", "English name"))
    dictionary = Link("dictionary", T("字典", "Dictionary"), required=True, on_delete="cascade", reverse=T("字典项", "Entries"))
    key = TextField(T("标识", "Key"), help=KEY_HELP)
    color = Choice(T("颜色", "Colour"), COLOURS)
    order = Integer(T("排序", "Order"), default=0)
    active = Boolean(T("启用", "Active"), default=True)
    policy = Policy(read="member", write="role")
    checks = (key_from_name, key_stays)
    unique = (("dictionary", "key"),)
    views = (
        List(columns=("dictionary", "name", "name_en", "key", "order", "active"), sort=("dictionary", "order")),
        Form(fields=("dictionary", "name", "name_en", "key", "color", "order", "active")),
    )


CUSTOM_KINDS = tuple(kind for kind in KINDS if kind not in ("owner", "stage", "auto_number"))
KIND_LABELS = {
    "text": T("单行文字", "Text"), "long_text": T("多行文字", "Long text"), "rich_text": T("富文本", "Rich text"),
    "integer": T("整数", "Whole number"), "decimal": T("小数", "Decimal number"), "money": T("金额", "Money"), "percent": T("百分比", "Percentage"),
    "boolean": T("是否", "Yes or no"), "date": T("日期", "Date"), "datetime": T("日期时间", "Date and time"),
    "choice": T("单选", "Choice"), "multi_choice": T("多选", "Several choices"), "tags": T("标签", "Tags"),
    "phone": T("电话", "Phone"), "email": T("邮箱", "Email"), "url": T("网址", "Web address"),
    "region": T("省市区", "Region"), "industry": T("行业", "Industry"), "link": T("关联一条记录", "Link to a record"),
    "many_links": T("关联多条记录", "Links to records"), "person": T("人员", "Person"), "department": T("部门", "Department"),
    "file": T("附件", "Files"), "image": T("图片", "Pictures"), "json": T("结构化数据", "Structured data"),
}  # fmt: skip


def whole_field(draft: Any, context: Any) -> None:
    """A custom field belongs to an object that exists, has a name of its own there, and never changes its type."""
    target = context.catalog.find(draft.object_name)
    if target is None:
        raise Invalid.field("object_name", "unknown", "没有这个对象。", "There is no such object.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", draft.key or ""):
        raise Invalid.field("key", "pattern", "标识以小写字母开头，只含小写字母、数字和下划线。", "A key starts with a small letter and holds small letters, digits and _ only.")
    there = target.fields.get(draft.key)
    if draft.key in RESERVED or (there is not None and not there.custom):
        raise Invalid.field("key", "taken", "这个标识已被系统字段使用。", "This key is taken by a field of the system.")
    if not draft.new and (draft.changed("key") or draft.changed("kind") or draft.changed("object_name")):
        raise Invalid.field("kind", "fixed", "字段的对象、标识和类型不能修改。请新建一个字段。", "Object, key and type of a field do not change. Make a new field.")
    _whole_options(draft, context)
    if draft.kind in ("link", "many_links") and context.catalog.find((draft.options or {}).get("target", "")) is None:
        raise Invalid.field("options", "target", "请在 options.target 中给出要链接的对象。", "Name the linked object in options.target.")


def _whole_options(draft: Any, context: Any) -> None:
    """A field is made of its options whenever the catalog is read, so a mistake in them would stop everybody."""
    from guanxi.kernel.catalog.catalog import custom_field

    options = draft.options or {}
    if not isinstance(options, Mapping) or not set(options) <= OPTIONS:
        raise Invalid.field("options", "options", f"设置只能有：{'、'.join(sorted(OPTIONS))}。", f"Options are: {', '.join(sorted(OPTIONS))}.")
    listed = options.get("options", [])
    if not isinstance(listed, list) or not all(isinstance(o, Mapping) and isinstance(o.get("key"), str) and o["key"] for o in listed):
        raise Invalid.field("options", "options", "选项应为列表，每项有 key、zh、en。", "The choices are a list, each with key, zh and en.")
    if not isinstance(options.get("dictionary", ""), str) or not isinstance(options.get("search", False), bool):
        raise Invalid.field("options", "options", "dictionary 应为文字，search 应为 true 或 false。", "dictionary is text, search is true or false.")
    if options.get("personal", "") not in ("", *MARKS):
        raise Invalid.field("options", "options", f"personal 可用：{'、'.join(MARKS)}。", f"personal is one of {', '.join(MARKS)}.")
    places = options.get("places", 2)
    if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 6:
        raise Invalid.field("options", "options", "小数位为 0 到 6。", "Places are 0 to 6.")
    if draft.kind not in CUSTOM_KINDS or (draft.kind in ("link", "many_links") and not isinstance(options.get("target"), str)):
        return
    row = {"name": draft.name or "", "name_en": None, "key": draft.key, "kind": draft.kind, "required": False, "options": options}
    try:
        made = custom_field(row, {})
        if "default" in options and not options.get("dictionary"):
            made.parse(options["default"], context.settings)
    except FieldProblem as problem:
        raise Invalid.field("options", "default", f"默认值：{problem.message.zh}", f"The default: {problem.message.en}") from None


OPTIONS = {"target", "options", "dictionary", "places", "search", "default", "personal"}


class CustomField(
    Object, label=T("自定义字段", "Custom field"), icon="field", group="settings", title="name", touches="catalog",
    about=T("给任何对象添加自己的字段，列表、表单、筛选、导入都能用。", "Fields of your own on any object, in lists, forms, filters and imports."),
):  # fmt: skip
    """自定义字段: an attribute an administrator adds to an object; everything works on it as on a declared one."""

    name = TextField(T("名称", "Name"), required=True)
    name_en = TextField(T("英文名称", "English name"))
    object_name = TextField(T("对象", "Object"), required=True)
    key = TextField(T("标识", "Key"), required=True)
    kind = Choice(T("类型", "Type"), [Option(kind, KIND_LABELS[kind]) for kind in CUSTOM_KINDS], required=True)
    required = Boolean(T("必填", "Required"), default=False)
    options = Json(T("设置", "Options"))
    order = Integer(T("排序", "Order"), default=0)
    policy = Policy(read="member", write="role")
    checks = (whole_field,)
    unique = (("object_name", "key"),)
    views = (
        List(columns=("object_name", "name", "key", "kind", "required"), sort=("object_name", "order")),
        Form(fields=("object_name", "name", "name_en", "key", "kind", "required", "options", "order")),
    )


class ExchangeRate(
    Object, label=T("汇率", "Exchange rate"), icon="rate", group="settings", title="currency",
    about=T("外币折算成本位币的比率，按生效日期取用。", "What foreign money is worth in the company's currency, from a day on."),
):  # fmt: skip
    """汇率: what one unit of a currency is worth in the workspace's currency from a day on."""

    currency = TextField(T("币种", "Currency"), required=True)
    from_day = Date(T("生效日期", "From"), required=True)
    rate = Number(T("汇率", "Rate"), places=6, required=True)
    policy = Policy(read="member", write="role")
    unique = (("currency", "from_day"),)
    views = (List(columns=("currency", "from_day", "rate"), sort=("currency", "-from_day")), Form(fields=("currency", "from_day", "rate")))


ADMINISTRATOR = Grant(("*",), "all", "all").to_json()
"""The administrator's grant for every object, present and future."""

CORE = Module(
    name="core",
    label=T("组织与设置", "Organisation and settings"),
    objects=(
        Company, DepartmentObject, User, Role, OwnRight, Dictionary, DictionaryEntry, CustomField, ExchangeRate, PoolObject, DuplicateRule, DuplicatePair, Security, BinRules, GradeRule, NumberRule, Holiday, FollowUpRule, Group, WebForm, AccountRequest, *desk.OBJECTS, *remarks.OBJECTS, *pleas.OBJECTS, *notices.OBJECTS, *robots.OBJECTS,
        PrivacyRules, consents.Consent, SubjectRequest,
    ),
    grants={role: {**desk.GRANTS.get(role, {}), **notices.GRANTS.get(role, {})} for role in (*desk.GRANTS, *notices.GRANTS)},
)
