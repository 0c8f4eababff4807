"""What people arrange for themselves and may share: saved views, dashboards, phrases; and what stays theirs: notes and
preferences. Settings are JSON, checked against the catalog with the rights of whoever saves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from guanxi.base.clock import canonical_relative
from guanxi.base.errors import FieldError, Invalid, NotFound
from guanxi.base.text import T
from guanxi.kernel.catalog.notices import wrong_preferences
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Integer,
    Json,
    Link,
    Links,
    LongText,
    MultiChoice,
    Owner,
    Person,
    Region,
    TextField,
)
from guanxi.kernel.declare.figures import GROUPED, KINDS, SIZES, Widget
from guanxi.kernel.declare.objects import Form, Grant, List, Object, Policy

SHARED = Policy(
    read="personal", write="personal", readers=("everyone", "roles", "people"), fields={"everyone": "read", "roles": "read"}
)
"""Anybody shares with colleagues; sharing with everyone or with roles is a right over these two fields."""
SHARER = Grant(("read",), "own", "own", {"everyone": "write", "roles": "write"})

VIEW_KINDS = {
    "list": T("列表", "List"), "board": T("看板", "Board"), "calendar": T("日历", "Calendar"), "tree": T("树", "Tree"),
    "region": T("地区", "Regions"),
}  # fmt: skip
DENSITIES = ("compact", "normal", "loose")
THEMES = ("system", "light", "dark")
COLORS = [
    ("yellow", T("黄", "Yellow")), ("green", T("绿", "Green")), ("blue", T("蓝", "Blue")), ("pink", T("粉", "Pink")),
    ("grey", T("灰", "Grey")),
]  # fmt: skip

VIEW = {"columns", "widths", "where", "sort", "group", "density", "size", "by", "card", "total", "date", "end", "process", "span", "at"}
SPANS = ("month", "week", "day")
WIDGET = {one.name for one in fields(Widget)}
DASHBOARD = {"period", "widgets", "narrow", "compare"}
DESK = {"theme", "sider", "lists", "shortcuts", "home", "start", "tour", "notices"}
"""What every page may want to know of how somebody's desk stands. What only a browser needs (what was looked for, drafts) stays there."""
MOST_COLUMNS, MOST_WIDGETS, MOST_ROWS = 40, 30, 100


class _Settings:
    """One mapping of a settings JSON being checked: readers answer None and note what is wrong, by its key."""

    def __init__(self, value: Any, known: set[str], problems: list[FieldError], at: str = "") -> None:
        self.problems = problems
        self.at = at
        self.value: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.wrong("", "应为“名称: 值”的表。", "A table of name: value.")
        for key in sorted(set(self.value) - known, key=str):
            self.wrong(str(key)[:100], f"没有这个设置，可用：{'、'.join(sorted(known))}。", f"no such setting; there are: {', '.join(sorted(known))}.", "unknown")

    def wrong(self, key: str, zh: str, en: str, code: str = "setting") -> None:
        path = f"{self.at}{key}"
        self.problems.append(FieldError("settings", code, T(f"{path}：{zh}" if path else zh, f"{path}: {en}" if path else en)))

    def text(self, key: str, most: int = 200) -> str | None:
        value = self.value.get(key)
        if value in (None, ""):
            return None
        if isinstance(value, str) and len(value) <= most:
            return value
        self.wrong(key, f"应为文字，最多 {most} 字。", f"text of at most {most} characters.")
        return None

    def texts(self, key: str, most: int) -> list[str]:
        value = self.value.get(key, [])
        if isinstance(value, list) and len(value) <= most and all(isinstance(v, str) and 0 < len(v) <= 500 for v in value):
            return value
        self.wrong(key, f"应为文字列表，最多 {most} 项。", f"a list of text, at most {most}.")
        return []

    def choice(self, key: str, options: Sequence[str]) -> str | None:
        value = self.value.get(key)
        if value is None or (isinstance(value, str) and value in options):
            return value
        self.wrong(key, f"只能是 {'、'.join(options)}。", f"one of {', '.join(options)}.")
        return None

    def number(self, key: str, low: int, high: int) -> None:
        value = self.value.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high):
            self.wrong(key, f"应为 {low} 到 {high} 的数。", f"a number from {low} to {high}.")

    def flag(self, key: str) -> None:
        if not isinstance(self.value.get(key, False), bool):
            self.wrong(key, "应为 true 或 false。", "true or false.")

    def table(self, key: str, fits: Any, zh: str, en: str, most: int = 200) -> None:
        """A mapping of text to what `fits`."""
        value = self.value.get(key, {})
        if not isinstance(value, Mapping) or len(value) > most or not all(fits(v) for v in value.values()):
            self.wrong(key, zh, en)

    def paths(self, key: str, context: Any, name: str) -> None:
        """Paths to fields that whoever saves this may see."""
        for path in self.texts(key, MOST_COLUMNS):
            if not context.may_see(name, path):
                self.wrong(key, f"没有“{path}”这个字段。", f"There is no field {path!r}.", "unknown-field")

    def asks(self, key: str, context: Any, name: str, **what: Any) -> None:
        """The question can be put to the object by whoever saves this."""
        try:
            context.could_ask(name, **what)
        except Invalid as problem:
            for error in problem.errors:
                self.wrong(key, error.message.zh, error.message.en, error.code)

    def field(self, key: str, context: Any, name: str, kinds: tuple[type[Field], ...], zh: str, en: str) -> None:
        """A path to a field of one of these types that whoever saves this may filter by."""
        path = self.text(key)
        if path is None:
            return
        try:
            one = context.field_at(name, path)
        except Invalid as problem:
            for error in problem.errors:
                self.wrong(key, error.message.zh, error.message.en, error.code)
            return
        if not isinstance(one, kinds) or isinstance(one, MultiChoice):
            self.wrong(key, f"“{one.label.zh}”{zh}", f"{one.label.en} {en}", "kind")


def whole_view(draft: Any, context: Any) -> None:
    """A view names an object, and its settings only what can be asked of it."""
    if not draft.new and not any(draft.changed(n) for n in ("object_name", "kind", "settings", "replaces")):
        return
    try:
        it = context.could_ask(draft.object_name)
    except NotFound:
        raise Invalid.field("object_name", "unknown", f"没有“{draft.object_name}”这个对象。", f"There is no object {draft.object_name!r}.") from None
    draft.object_name = it.name
    problems: list[FieldError] = []
    read = _Settings(draft.settings or {}, VIEW, problems)
    for key in ("columns", "card"):
        read.paths(key, context, it.name)
    width = lambda v: isinstance(v, int) and not isinstance(v, bool) and 40 <= v <= 1200  # noqa: E731
    read.table("widths", width, "应为“列: 宽度”的表，宽度 40 到 1200。", "a table of column: width, 40 to 1200.")
    read.choice("density", DENSITIES)
    read.number("size", 1, 200)
    read.asks("where", context, it.name, where=read.value.get("where"))
    read.asks("sort", context, it.name, sort=read.texts("sort", 5))
    if group := read.text("group"):
        read.asks("group", context, it.name, group_by=[group])
    if total := read.text("total"):
        read.asks("total", context, it.name, measures=[f"sum:{total}"])
    places = (Region,) if draft.kind == "region" else (Choice, Link, Boolean)
    read.field("by", context, it.name, places, "不能作为分列依据。", "cannot make the columns.")
    for key in ("date", "end"):
        read.field(key, context, it.name, (Date, DateTime), "不是日期或时间。", "is not a date or time.")
    read.text("process", 40)
    read.text("at", 6)
    read.choice("span", SPANS)
    needed = {"board": "by", "region": "by", "calendar": "date"}.get(draft.kind)
    if needed and not read.value.get(needed):
        read.wrong(needed, f"{VIEW_KINDS[draft.kind].zh}需要它。", f"a view of kind {draft.kind} needs it.", "required")
    if draft.kind == "tree" and not it.parent:
        problems.append(FieldError("kind", "kind", T(f"{it.label.zh}没有上下级，不能显示为树。", f"{it.label.en} has no parent and makes no tree.")))
    if draft.replaces and not any(v.name == draft.replaces and type(v).__name__.lower() == draft.kind for v in it.views):
        problems.append(FieldError("replaces", "unknown", T("没有这个同类的系统视图。", "There is no built-in view of this name and kind.")))
    if problems:
        raise Invalid(problems)


class SavedView(Object, name="view", label=T("视图", "View"), icon="eye", touches="views"):
    """视图: how somebody likes to see an object's records: columns, filter, order, grouping. `replaces` names a built-in
    view it stands for: for its owner, and for all it is shared with when that is everyone."""

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    object_name = TextField(T("对象", "Object"), required=True)
    kind = Choice(T("类型", "Type"), [*VIEW_KINDS.items()], required=True, default="list")
    settings = Json(T("设置", "Settings"))
    replaces = TextField(T("代替系统视图", "Replaces built-in view"))
    pinned = Boolean(T("置顶", "Pinned"), default=False)
    order = Integer(T("排序", "Order"), default=0)
    owner = Owner()
    everyone = Boolean(T("全员可见", "Everyone"), default=False)
    roles = Links("role", T("共享给角色", "Shared with roles"))
    people = Links("user", T("共享给同事", "Shared with colleagues"))
    policy = SHARED
    checks = (whole_view,)
    views = (
        List(columns=("name", "object_name", "kind", "owner", "everyone"), sort=("object_name", "order", "name"), filters=("object_name", "kind", "owner")),
        Form(fields=("name", "name_en", "object_name", "kind", "settings", "replaces", "pinned", "order", "everyone", "roles", "people")),
    )


def whole_dashboard(draft: Any, context: Any) -> None:
    """Each widget asks for figures or rows that whoever saves it may ask for."""
    if not draft.new and not draft.changed("settings"):
        return
    problems: list[FieldError] = []
    read = _Settings(draft.settings or {}, DASHBOARD, problems)
    if (period := read.text("period")) is not None and canonical_relative(period) is None:
        read.wrong("period", "不认识的时间，可用 this_month、last_30_days 等。", "unknown period; try this_month, last_30_days and so on.")
    read.flag("compare")
    if (narrow := read.text("narrow")) is not None:
        try:
            context.could_ask(narrow)
        except NotFound:
            read.wrong("narrow", f"没有“{narrow}”这个对象。", f"there is no object {narrow!r}.", "unknown")
    widgets = read.value.get("widgets", [])
    if not isinstance(widgets, list) or len(widgets) > MOST_WIDGETS:
        read.wrong("widgets", f"应为列表，最多 {MOST_WIDGETS} 个。", f"a list of at most {MOST_WIDGETS}.")
        widgets = []
    for index, one in enumerate(widgets):
        _widget(_Settings(one, WIDGET, problems, f"widgets[{index}]."), context)
    if problems:
        raise Invalid(problems)


def _widget(read: _Settings, context: Any) -> None:
    kind = read.choice("kind", KINDS)
    title = read.value.get("title")
    if isinstance(title, Mapping):
        read.table("title", lambda v: isinstance(v, str) and len(v) <= 200, "应为 {zh, en}。", "{zh, en}.", most=2)
    else:
        read.text("title")
    read.choice("size", SIZES)
    read.number("limit", 1, MOST_ROWS)
    read.number("target", 0, 10**15)
    name = read.text("object")
    try:
        it = context.could_ask(name or "")
    except NotFound:
        read.wrong("object", f"没有“{name or ''}”这个对象。", f"there is no object {name or ''!r}.", "unknown")
        return
    for key in ("where", "of"):
        read.asks(key, context, it.name, where=read.value.get(key))
    if measure := read.text("measure"):
        read.asks("measure", context, it.name, measures=[measure])
    read.asks("also", context, it.name, measures=read.texts("also", 5))
    read.field("person", context, it.name, (Person,), "不是员工。", "is not a person.")
    read.field("narrow", context, it.name, (Link,), "不是关联记录。", "is not a link.")
    groups = read.texts("group_by", 2)
    read.asks("group_by", context, it.name, group_by=groups)
    read.field("date_field", context, it.name, (Date, DateTime), "不是日期或时间。", "is not a date or time.")
    read.paths("columns", context, it.name)
    sort = read.texts("sort", 5)
    if kind == "table" and not groups:
        read.asks("sort", context, it.name, sort=sort)
    elif not set(sort) <= {"measure", "-measure", "group", "-group"}:
        read.wrong("sort", "只能是 measure、-measure、group、-group。", "measure, -measure, group or -group.")
    if kind is None:
        read.wrong("kind", "请选择类型。", "choose the kind.", "required")
    if kind in GROUPED and not groups:
        read.wrong("group_by", f"{kind} 需要分组。", f"a widget of kind {kind} needs a group.", "required")
    if kind == "target" and read.value.get("target") is None:
        read.wrong("target", "请给出目标值。", "give the target.", "required")


class Dashboard(Object, label=T("仪表盘", "Dashboard"), icon="chart"):
    """仪表盘: figures side by side: numbers, charts, rankings, each opening the records behind it."""

    name = TextField(T("名称", "Name"), required=True, search=True)
    name_en = TextField(T("英文名称", "English name"))
    settings = Json(T("设置", "Settings"))
    order = Integer(T("排序", "Order"), default=0)
    owner = Owner()
    everyone = Boolean(T("全员可见", "Everyone"), default=False)
    roles = Links("role", T("共享给角色", "Shared with roles"))
    people = Links("user", T("共享给同事", "Shared with colleagues"))
    policy = SHARED
    checks = (whole_dashboard,)
    views = (
        List(columns=("name", "owner", "everyone"), sort=("order", "name"), filters=("owner",)),
        Form(fields=("name", "name_en", "order", "everyone", "roles", "people")),
    )


class Note(Object, label=T("便签", "Note"), icon="edit", title="text"):
    """便签: a few words for oneself; nobody else ever reads them."""

    text = LongText(T("内容", "Text"), required=True)
    color = Choice(T("颜色", "Colour"), COLORS, default="yellow")
    order = Integer(T("排序", "Order"), default=0)
    owner = Owner()
    policy = Policy(read="personal", write="personal")
    views = (List(columns=("text", "color"), sort=("order", "-updated_at")), Form(fields=("text", "color", "order")))


class Phrase(Object, label=T("常用语", "Phrase"), icon="activity", title="text"):
    """常用语: words one writes again and again, put into a follow-up with one click."""

    text = LongText(T("内容", "Text"), required=True, search=True)
    order = Integer(T("排序", "Order"), default=0)
    owner = Owner()
    everyone = Boolean(T("全员可见", "Everyone"), default=False)
    roles = Links("role", T("共享给角色", "Shared with roles"))
    people = Links("user", T("共享给同事", "Shared with colleagues"))
    policy = SHARED
    views = (
        List(columns=("text", "owner", "everyone"), sort=("order", "-updated_at"), filters=("owner",)),
        Form(fields=("text", "order", "everyone", "roles", "people")),
    )


def whole_desk(draft: Any, context: Any) -> None:
    """A desk has the settings there are, and no others."""
    problems: list[FieldError] = []
    read = _Settings(draft.settings or {}, DESK, problems)
    read.choice("theme", THEMES)
    read.choice("sider", ("open", "collapsed"))
    read.flag("tour")
    problems += wrong_preferences(read.value.get("notices"))
    read.table("lists", _arranged, "应为“对象:视图”到 {columns, widths, density} 的表。", "a table of object:view to {columns, widths, density}.")
    read.texts("home", 20)
    for key, paths in (("shortcuts", read.texts("shortcuts", 30)), ("start", [path] if (path := read.text("start")) else [])):
        if not all(one.startswith("/") and not one.startswith(("//", "/\\")) for one in paths):
            read.wrong(key, "应为本站的地址，以 / 开头。", "addresses of this site, beginning with /.")
    if problems:
        raise Invalid(problems)


def _arranged(value: Any) -> bool:
    """How a list stands: columns in order, their widths in pixels, density."""
    if not isinstance(value, Mapping) or not set(value) <= {"columns", "widths", "density"} or value.get("density") not in (None, *DENSITIES):
        return False
    columns, widths = value.get("columns", []), value.get("widths", {})
    return (
        isinstance(columns, list) and len(columns) <= MOST_COLUMNS and all(isinstance(one, str) and 0 < len(one) <= 200 for one in columns)
        and isinstance(widths, Mapping) and len(widths) <= MOST_COLUMNS and all(type(one) is int and 40 <= one <= 1200 for one in widths.values())
    )  # fmt: skip


def lay_desk(draft: Any, context: Any) -> None:
    """Every page reads the desk, so it travels with the account, which every request reads anyway."""
    before = draft.before.get("owner")
    if before is not None and before != draft.owner:
        context.lay_desk(before, {})
    if draft.owner is not None:
        context.lay_desk(draft.owner, {} if draft.deleted_at is not None else draft.settings or {})


class Preference(Object, label=T("个人偏好", "Preference"), icon="settings", title="name"):
    """个人偏好: how one person's desk stands: theme, sider, how lists stand, shortcuts, what the first page consists of and where
    signing in leads. One per person."""

    name = TextField(T("名称", "Name"), computed=lambda draft, context: "个人偏好 / Preference")
    settings = Json(T("设置", "Settings"))
    owner = Owner(required=True)
    policy = Policy(read="personal", write="personal")
    checks = (whole_desk,)
    effects = (lay_desk,)
    unique = (("owner",),)
    views = (List(columns=("name", "updated_at")), Form(fields=("settings",)))


OBJECTS = (SavedView, Dashboard, Note, Phrase, Preference)
GRANTS = {role: {"view": SHARER, "dashboard": SHARER, "phrase": SHARER, "group": SHARER} for role in ("sales_manager", "executive")}
"""Managers share with everyone and with roles; the administrator may anyway."""
