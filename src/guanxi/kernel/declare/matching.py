"""Duplicates: an object says which of its fields tell its records apart, and which rules a new workspace begins with.

`duplicates = Matching(...)` in an object's body. The rules themselves are records (`catalog.duplicates`), which an
administrator changes; what is compared is kept with the records (`records.matching`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from guanxi.base.text import T, Text

Kind = Literal["company", "phone", "domain", "code", "text"]
How = Literal["exact", "normal", "fuzzy"]
HOWS: Final = {
    "exact": T("完全相同", "Exactly"), "normal": T("规范化后相同", "In normal form"), "fuzzy": T("相近（一字之差或同音）", "Nearly (one sign apart, or sounding alike)"),
}  # fmt: skip
EFFECTS: Final = {"off": T("不查", "Off"), "show": T("仅显示", "Show"), "warn": T("提醒", "Warn"), "forbid": T("禁止", "Forbid")}
ENTRIES: Final = {"manual": T("手工录入", "By hand"), "imported": T("导入", "Import"), "api": T("接口", "API")}
SHOWN: Final = {"title": T("名称", "Name"), "owner": T("负责人", "Owner"), "pool": T("所在公海", "Pool"), "contacted": T("最后跟进时间", "Last follow-up")}


@dataclass(frozen=True)
class Identity:
    """A field that tells records apart, and what it holds; fields of the same kind are compared across objects."""

    field: str
    kind: Kind


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
