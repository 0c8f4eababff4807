"""Groups: what an object whose records people group has besides its own (`class X(Object, grouped=True)`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Field, Link, Links

OBJECT = "group"
FIELD = "groups"


def field() -> Field:
    """The groups a record was put into by hand. Asked for in a condition, groups by condition count as well."""
    return Links(OBJECT, T("分组", "Groups"), readonly=True)


def verbs() -> Mapping[str, tuple[Any, Any, Mapping[str, Field]]]:
    """By name the function, the words and the inputs of what is done with a record and a group. Whoever may read a record may group it."""
    chosen = {OBJECT: Link(OBJECT, T("分组", "Group"), required=True)}
    return {"join_group": (join, T("加入分组", "Add to a group"), chosen), "leave_group": (leave, T("移出分组", "Take out of a group"), chosen)}


def join(draft: Any, context: Any, *, group: Any = None) -> None:
    """Put a record into a group of one's own, or of somebody whose groups one may change."""
    _checked(draft, context, group)
    if group not in (draft[FIELD] or ()):
        draft[FIELD] = [*(draft[FIELD] or ()), group]


def leave(draft: Any, context: Any, *, group: Any = None) -> None:
    _checked(draft, context, group)
    draft[FIELD] = [one for one in draft[FIELD] or () if one != group] or None


def _checked(draft: Any, context: Any, group: Any) -> None:
    held = context.get(OBJECT, group)
    if held is None or held["object_name"] != draft.object.name:
        raise Invalid.field(OBJECT, "object", "这个分组不是给这类记录用的。", "This group is for records of another kind.")
    if held["kind"] != "static":
        raise Invalid.field(OBJECT, "dynamic", "按条件的分组由条件决定成员，不能手工增减。", "The members of a group by condition follow from it.")
    if not context.may_write(OBJECT, group):
        raise Invalid.field(OBJECT, "read-only", "这个分组由别人维护，只能查看。", "This group is somebody else's to change.")
