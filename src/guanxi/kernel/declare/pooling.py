"""Pools: an object with an owner says that its records may lie in one, and which of its facts decide about that.

`pooling = Pooling(...)` in an object's body gives it the fields, verbs and views below. What they do is the records
room's (`records.pooling`); which pools there are, who is in them and what they allow are records (`catalog.pools`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Boolean, Choice, Date, DateTime, Field, Integer, Link, Links, Person, TextField

POOL = "pool"


@dataclass(frozen=True)
class Hanging:
    """Records of another object that link to the pooled one: `where` narrows them, `at` is the date that counts."""

    object: str
    link: str
    where: str = ""
    at: str = "created_at"


@dataclass(frozen=True)
class Rule:
    """Something that must happen to a record now and then, or its owner loses it. The days count from the latest of: the
    day it came to the owner, its own dates (`dates`), and the dates of what hangs on it. `label` completes "N days …"."""

    key: str
    label: Text
    dates: tuple[str, ...] = ()
    hangs: tuple[Hanging, ...] = ()


@dataclass(frozen=True)
class Exclusion:
    """Records that are not recycled while this is true of them: a condition, or something that hangs on them. `business`:
    unfinished business, which returning a record warns of or forbids."""

    key: str
    label: Text
    where: str = ""
    hangs: Hanging | None = None
    business: bool = False


@dataclass(frozen=True)
class Pooling:
    """How an object's records lie in pools. `label` is what such a pool is called; `by`: a choice that days may differ by;
    `live`: a condition text, other records are never recycled; `hidden`: the fields a first pool hides until claimed;
    `columns`: those of the list of what lies in pools."""

    label: Text
    columns: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    by: str = ""
    live: str = ""
    hidden: tuple[str, ...] = ()

    def rule(self, key: str) -> Rule | None:
        return next((one for one in (*self.rules, PROTECTION) if one.key == key), None)


PROTECTION = Rule("protection", T("保护期已过", "past the end of protection"))
"""The rule every pooling has: the days of protection given with a claim are over."""
EXPIRED = "expired"
"""The reason given when a rule took a record back; the first entry of the dictionary of reasons."""


class DaysLeft(Integer):
    """剩余天数: days until a rule takes the record back; 0 is tonight, empty is never."""

    virtual = True
    groupable = False


class Leaving(Boolean):
    """待进公海: whether the record will be taken back within the days its pool reminds of."""

    virtual = True


def fields(pooling: Pooling) -> dict[str, Field]:
    """The fields a pooled object has besides its own. All are written by the verbs only."""
    label = pooling.label
    rules = [(rule.key, rule.label) for rule in (*pooling.rules, PROTECTION)]
    out: dict[str, Field] = {
        "pool": Link(POOL, T(f"所在{label.zh}", f"In {label.en.lower()}"), on_delete="protect", reverse=T(f"{label.zh}中", f"In the {label.en.lower()}"), readonly=True),
        "return_reason": Choice(T("退回原因", "Reason for return"), dictionary="return_reason", readonly=True),
        "return_note": TextField(T("退回说明", "Note on return"), readonly=True),
        "recycle_rule": Choice(T("回收规则", "Recycled by rule"), rules, readonly=True),
        "pooled_at": DateTime(T(f"进入{label.zh}时间", f"In {label.en.lower()} since"), readonly=True),
        "previous_owner": Person(T("前负责人", "Previous owner"), readonly=True),
        "from_pool": Link(POOL, T(f"来自{label.zh}", f"From {label.en.lower()}"), reverse=T(f"{label.zh}领走", f"Out of the {label.en.lower()}"), readonly=True),
        "owned_since": DateTime(T("到手时间", "Owned since"), computed=_owned_since),
        "protected_until": Date(T("保护期至", "Protected until"), readonly=True),
        "locked_at": DateTime(T("锁定时间", "Locked at"), readonly=True),
        "locked_until": Date(T("锁定至", "Locked until"), readonly=True),
        "days_left": DaysLeft(T("剩余天数", "Days left"), readonly=True),
        "leaving": Leaving(T(f"待进{label.zh}", f"Soon in {label.en.lower()}"), readonly=True),
    }
    for name, one in out.items():
        one.name = name
    return out


def _owned_since(draft: Any, context: Any) -> Any:
    """Since when the owner has it; taken away and given back begins anew."""
    if draft.owner is None:
        return None
    return context.now if draft.changed("owner") or (draft.owned_since is None and draft.new) else draft.owned_since


def settle(draft: Any, context: Any) -> None:
    """A record with an owner lies in no pool; who gets one out of a pool has room for it."""
    context.pooled.settle(draft)


@dataclass(frozen=True)
class PoolAction:
    """A verb on pooled records before it is an Action; `right`: see `Action.right`."""

    name: str
    label: Text
    right: str
    inputs: Mapping[str, Field]
    offered: str
    internal: bool = False
    leaves: bool = True

    def run(self) -> Callable[..., Any]:
        name = self.name

        def act(draft: Any, context: Any, **inputs: Any) -> Any:
            return getattr(context.pooled, name)(draft, **inputs)

        return act


WAYS = [("even", T("平均分配", "Evenly")), ("round", T("轮流", "In turn"))]


def actions(pooling: Pooling) -> Sequence[PoolAction]:
    """The verbs a pooled object has besides its own."""
    label = pooling.label
    held, lying = "pool empty and owner not empty", "pool not empty"
    return (
        PoolAction("claim", T("领取", "Claim"), "member", {}, lying),
        PoolAction(
            "distribute",
            T("分配", "Distribute"),
            "admin",
            {
                "people": Links("user", T("分配给", "To"), required=True),
                "way": Choice(T("方式", "How"), WAYS, default="even", help=T("选多人时：平均分配让各人一样多，轮流接着上次的人往下轮。", "For several people: evenly gives everybody as many; in turn goes on after whoever was last.")),
            },
            lying,
        ),
        PoolAction("move_pool", T(f"移到其他{label.zh}", f"Move to another {label.en.lower()}"), "admin", {"pool": Link(POOL, label, required=True)}, lying),
        PoolAction(
            "return_to_pool",
            T(f"退回{label.zh}", f"Return to {label.en.lower()}"),
            "update",
            {
                "reason": Choice(T("退回原因", "Reason"), dictionary="return_reason", required=True),
                "note": TextField(T("说明", "Note")),
                "pool": Link(POOL, label, help=T("留空则退回原来的。", "Empty: where it came from.")),
            },
            held,
        ),
        PoolAction(
            "recall",
            T(f"收回{label.zh}", f"Take back to {label.en.lower()}"),
            "admin",
            {
                "reason": Choice(T("收回原因", "Reason"), dictionary="return_reason", required=True),
                "note": TextField(T("说明", "Note")),
                "pool": Link(POOL, label, help=T("留空则收回原来的。", "Empty: where it came from.")),
            },
            held,
        ),
        PoolAction("lock", T("锁定", "Lock"), "update", {"until": Date(T("锁定至", "Until"), help=T("留空则到允许的最长期限。", "Empty: as long as is allowed."))}, f"{held} and locked_at empty", leaves=False),
        PoolAction("unlock", T("解锁", "Unlock"), "update", {}, f"{held} and locked_at not empty", leaves=False),
        PoolAction(
            "recycle",
            T(f"回收到{label.zh}", f"Recycled to {label.en.lower()}"),
            "",
            {"pool": Link(POOL, label, required=True), "rule": TextField(T("规则", "Rule"), required=True), "days": Integer(T("天数", "Days")), "since": Date(T("起算日", "Counted from"))},
            "",
            internal=True,
        ),
        PoolAction(
            "allot",
            T("自动分配", "Assigned by rule"),
            "",
            {
                "pool": Link(POOL, label, required=True), "receiver": Person(T("分配给", "To"), required=True), "held": Integer(T("持有", "Held")),
                "today": Integer(T("今天已得", "Got today")), "of": Integer(T("人数", "People")), "rule": Integer(T("第几条规则", "Rule")),
            },
            "",
            internal=True,
        ),
    )  # fmt: skip


VERBS = ("claim", "distribute", "move_pool", "return_to_pool", "recall", "lock", "unlock")
LYING = ("claim", "distribute", "move_pool")
HELD = ("return_to_pool", "recall", "lock", "unlock")
"""The verbs on what lies in a pool, and those on what somebody owns."""
RECALL = "recall"
"""What admins of a pool do to what others own: it need not be theirs to write."""
