"""What the screens call the kernel's own verbs, groups, kinds of time and ways in."""

from __future__ import annotations

from guanxi.base.text import T, Text
from guanxi.kernel.catalog.own_rights import RIGHTS
from guanxi.kernel.declare.objects import Definition

VERBS: dict[str, Text] = {
    **RIGHTS,
    "erase": T("彻底删除", "Erase for good"),
    "undo": T("撤销", "Undo"),
    "handover": T("离职交接", "Hand-over"),
    "merge": T("合并", "Merge"),
    "duplicates": T("查找重复", "Look for duplicates"),
    "subject": T("个人信息副本", "Copy of personal data"),
}
DONE: dict[str, Text] = {
    "create": T("新建了", "created"),
    "update": T("修改了", "changed"),
    "delete": T("删除了", "deleted"),
    "restore": T("恢复了", "restored"),
    "assign": T("转移了", "assigned"),
    "share": T("共享了", "shared"),
    "unshare": T("取消共享", "stopped sharing"),
    "merge": T("合并了", "merged"),
    "absorb": T("并入了另一条记录", "was merged into another"),
    "follow": T("随合并改挂", "followed a merge:"),
    "anonymise": T("匿名化了", "anonymised"),
    "put_back": T("随撤销合并恢复", "was put back as a merge was undone:"),
    "part": T("随关联记录的彻底删除解除关联", "lost a link to what was erased:"),
    "graded": T("按规则评定了", "graded by rule:"),
    "erase": T("彻底删除了", "erased for good"),
}
GROUPS: dict[str, Text] = {
    "work": T("工作台", "Work"),
    "sales": T("销售", "Sales"),
    "products": T("产品", "Products"),
    "finance": T("合同财务", "Finance"),
    "service": T("服务", "Service"),
    "marketing": T("市场", "Marketing"),
    "data": T("数据", "Data"),
    "settings": T("设置", "Settings"),
}
GROUP_ORDER = ("work", "sales", "products", "finance", "service", "marketing", "data")
PERIODS: tuple[tuple[str, Text], ...] = (
    ("today", T("今天", "Today")),
    ("yesterday", T("昨天", "Yesterday")),
    ("tomorrow", T("明天", "Tomorrow")),
    ("this_week", T("本周", "This week")),
    ("last_week", T("上周", "Last week")),
    ("last_7_days", T("近 7 天", "Last 7 days")),
    ("next_7_days", T("未来 7 天", "Next 7 days")),
    ("this_month", T("本月", "This month")),
    ("last_month", T("上月", "Last month")),
    ("last_30_days", T("近 30 天", "Last 30 days")),
    ("this_quarter", T("本季度", "This quarter")),
    ("this_year", T("今年", "This year")),
    ("last_year", T("去年", "Last year")),
)
VIA: dict[str, Text] = {
    "web": T("网页", "web"),
    "api": T("接口", "API"),
    "import": T("导入", "import"),
    "cli": T("命令行", "command line"),
    "bulk": T("批量", "in bulk"),
    "handover": T("离职交接", "hand-over"),
    "demo": T("示例数据", "sample data"),
    "setup": T("初始化", "setup"),
    "recycling": T("自动回收", "recycling"),
    "notices": T("消息", "notices"),
    "reminders": T("提醒", "reminders"),
    "duplicates": T("查重", "duplicate search"),
}
KINDS: dict[str, Text] = {
    "person": T("", ""),
    "token": T("令牌", "token"),
    "automation": T("自动", "automatic"),
    "system": T("系统", "System"),
}
CHANGE_PASSWORD = T("修改密码", "Change password")
LEVELS: dict[str, Text] = {
    "hidden": T("不可见", "hidden"),
    "masked": T("脱敏", "masked"),
    "read": T("只读", "read only"),
    "write": T("可编辑", "editable"),
}
ANSWERS: dict[str, Text] = {"password": T("初始密码（只显示这一次）", "First password (shown only now)")}
LANGUAGE_NAMES = {"zh-CN": "中文", "en": "English"}


def plural(it: Definition) -> Text:
    """An object as a heading over its records, of which English has many; what there is one of has a name of its own."""
    return it.label if it.plural == it.name else T(it.label.zh, _many(it.label.en))


def _many(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def new(it: Definition) -> Text:
    """What makes a record. Inside a phrase English begins a word small, unless it is an abbreviation."""
    name = it.label.en
    return T(f"新建{it.label.zh}", f"New {name if name[1:2].isupper() else name[:1].lower() + name[1:]}")


def group(name: str) -> Text:
    """The heading of a part of the navigation; a group nobody named here is called by its own name."""
    words = name.replace("_", " ").capitalize()
    return GROUPS.get(name) or T(words, words)
