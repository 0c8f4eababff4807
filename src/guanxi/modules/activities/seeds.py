"""What a new workspace starts with: attitudes and kinds of task (ways of contact come with the customers)."""

from __future__ import annotations

from typing import Any

from guanxi.modules.customers.seeds import Entries, plant

DICTIONARIES: dict[str, tuple[str, str, Entries]] = {
    "activity_attitude": (
        "客户态度", "Customer's attitude",
        (
            ("keen", "意向强烈", "Keen"), ("interested", "有意向", "Interested"), ("hesitant", "犹豫", "Hesitant"),
            ("cold", "无意向", "Not interested"), ("unreachable", "未接通", "Not reached"),
        ),
    ),
    "task_kind": (
        "任务类型", "Kind of task",
        (
            ("contact", "联系客户", "Get in touch"), ("visit", "拜访", "Visit"),
            ("quote", "准备报价", "Prepare a quote"),
            ("material", "准备资料", "Prepare material"), ("meeting", "会议", "Meeting"),
            ("care", "客户关怀", "Care"), ("other", "其他", "Other"),
        ),
    ),
}  # fmt: skip


def seed(desk: Any) -> None:
    plant(desk, DICTIONARIES)
