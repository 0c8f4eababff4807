"""Duplicates: an object says which of its fields tell its records apart, and which rules a new workspace begins with.

`duplicates = Matching(...)` in an object's body. The rules themselves are records (`catalog.duplicates`), which an
administrator changes; what is compared is kept with the records (`records.matching`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Field, Json, Link, Links, TextField

Kind = Literal["company", "phone", "mobile", "domain", "mailbox", "code", "text"]
"""`mobile` and `mailbox` are what one person has, of phones and e-mails: a line or a domain that colleagues share says nothing of them."""
How = Literal["exact", "normal", "fuzzy"]
HOWS: Final = {
    "exact": T("完全相同", "Exactly"), "normal": T("规范化后相同", "In normal form"), "fuzzy": T("相近（一字之差或同音）", "Nearly (one sign apart, or sounding alike)"),
}  # fmt: skip
EFFECTS: Final = {"off": T("不查", "Off"), "show": T("仅显示", "Show"), "warn": T("提醒", "Warn"), "forbid": T("禁止", "Forbid")}
ENTRIES: Final = {"manual": T("手工录入", "By hand"), "imported": T("导入", "Import"), "api": T("接口", "API")}
SHOWN: Final = {"title": T("名称", "Name"), "owner": T("负责人", "Owner"), "pool": T("所在公海", "Pool"), "contacted": T("最后跟进时间", "Last follow-up")}


MERGED: Final = "merged_into"
"""The field of a record in the bin that says which record it became."""


@dataclass(frozen=True)
class Identity:
    """A field that tells records apart, and what it holds; fields of the same kind are compared across objects. within: a link, and
    only records that lead to the same one are compared: names of people at one company."""

    field: str
    kind: Kind
    within: str = ""

    @property
    def whole(self) -> bool:
        """Whether what is kept to compare by finds everything the field holds."""
        return not self.within and self.kind not in ("mobile", "mailbox")


@dataclass(frozen=True)
class FirstRule:
    """A rule a new workspace begins with. fields: how each is compared; every: all of them, or one is enough."""

    label: Text
    fields: Mapping[str, How]
    every: bool = False
    manual: str = "warn"
    imported: str = "warn"
    api: str = "warn"


@dataclass(frozen=True)
class Matching:
    """How an object's records are told apart. also: other objects that are looked into; contacted: the field that says when
    somebody last dealt with the record; lookups: how often a day one person may look records up."""

    identities: tuple[Identity, ...]
    rules: tuple[FirstRule, ...] = ()
    also: tuple[str, ...] = ()
    contacted: str = ""
    lookups: int = 50

    def identity(self, field: str) -> Identity | None:
        return next((one for one in self.identities if one.field == field), None)

    @property
    def asked(self) -> list[str]:
        """The fields whose values are needed to compare a record, the links within which others are compared last."""
        return list(dict.fromkeys([*(one.field for one in self.identities), *(one.within for one in self.identities if one.within)]))


def fields(name: str) -> dict[str, Field]:
    """The fields that records have besides their own because they may become one."""
    one = Link(name, T("合并到", "Merged into"), readonly=True)
    one.name = MERGED
    return {MERGED: one}


@dataclass(frozen=True)
class MergeAction:
    """A verb on duplicates before it is an Action; `right`: see `Action.right`."""

    name: str
    label: Text
    right: str
    inputs: Mapping[str, Field]

    def run(self) -> Callable[..., Any]:
        name = self.name

        def act(draft: Any, context: Any, **inputs: Any) -> Any:
            return getattr(context.merging, name)(draft, **inputs)

        return act


def actions(name: str) -> tuple[MergeAction, ...]:
    """The verbs that make duplicates one record, and two again."""
    return (
        MergeAction(
            "merge", T("合并", "Merge"), "update+delete",
            {
                "others": Links(name, T("并入的记录", "Records merged into it"), required=True),
                "fields": Json(T("保留哪条的值", "Whose values stand"), help=T("字段名对应记录编号，或 all（多值合在一起）。不写的按默认。", "Names of fields with the id of a record, or all for lists put together. What is not named goes by default.")),
                "versions": Json(T("其他记录的版本", "Versions of the others"), help=T("记录编号对应它的版本；改过就不合并。", "Ids of records with their version; nothing is merged when one changed.")),
            },
        ),
        MergeAction("unmerge", T("撤销合并", "Undo the merge"), "update+restore", {"merge": TextField(T("哪次合并", "Which merge"), help=T("合并事件的编号；不写则最近一次。", "The id of the merge's event; the newest when not given."))}),
    )  # fmt: skip
