"""What a new workspace starts with: attitudes and kinds of task (ways of contact come with the customers)."""

from __future__ import annotations

from typing import Any

from guanxi.modules.customers.seeds import Entries, plant
from guanxi.modules.sales.seeds import examples

DICTIONARIES: dict[str, tuple[str, str, Entries]] = {
    "activity_attitude": (
        "客户态度", "Customer's attitude",
        (
            ("keen", "意向强烈", "Keen"), ("interested", "有意向", "Interested"), ("hesitant", "犹豫", "Hesitant"),
            ("cold", "无意向", "Not interested"), ("unreachable", "未接通", "Not reached"),
        ),
    ),
    "activity_stage": (
        "跟进阶段", "Stage of following up",
        (
            ("first", "初步接触", "First contact"), ("needs", "了解需求", "Finding out needs"), ("proposal", "方案演示", "Showing a solution"),
            ("negotiation", "报价商务", "Quoting and negotiating"), ("won", "已成交", "Has bought"), ("care", "售后维护", "Looking after"),
        ),
    ),
    "task_kind": (
        "任务类型", "Kind of task",
        (
            ("contact", "联系客户", "Get in touch"), ("visit", "拜访", "Visit"), ("call", "电话", "Call"),
            ("quote", "准备报价", "Prepare a quote"),
            ("material", "准备资料", "Prepare material"), ("meeting", "会议", "Meeting"),
            ("care", "客户关怀", "Care"), ("other", "其他", "Other"),
        ),
    ),
}  # fmt: skip


_HELD = "deal_status = won and relation != lost and pool empty and (deferred_until empty or deferred_until < today)"


def _quiet(days: int) -> dict[str, Any]:
    """Nobody has been in touch for so many days."""
    return {"of": "activity.customer", "measure": "latest", "field": "happened_at", "op": "older", "value": days}


CHURN: tuple[dict[str, Any], ...] = (
    {"name": "买过，90 天没有跟进", "name_en": "Has bought, no follow-up for 90 days", "value": "high", "notify": True, "settings": {"where": _HELD, "figures": [_quiet(90)]}},
    {"name": "买过，45 天没有跟进", "name_en": "Has bought, no follow-up for 45 days", "value": "watch", "notify": True, "settings": {"where": _HELD, "figures": [_quiet(45)]}},
    {
        "name": "买过，180 天没有新商机", "name_en": "Has bought, no new opportunity for 180 days", "value": "watch", "notify": True,
        "settings": {"where": _HELD, "figures": [{"of": "opportunity.customer", "measure": "latest", "field": "created_at", "op": "older", "value": 180}]},
    },
)  # fmt: skip
"""Examples of warnings that a customer may be lost, not at work until somebody switches them on."""


def seed(desk: Any) -> None:
    plant(desk, DICTIONARIES)
    examples(desk, "customer.churn_risk", CHURN)
