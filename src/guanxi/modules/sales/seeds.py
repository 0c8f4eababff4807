"""What a new workspace starts with: dictionaries, and the standard pipeline if there is none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from guanxi.modules.customers.seeds import DICTIONARIES as CUSTOMERS
from guanxi.modules.customers.seeds import Entries, plant

DICTIONARIES: dict[str, tuple[str, str, Entries]] = {
    "lead_source": ("线索来源", "Lead source", CUSTOMERS["customer_source"][2]),
    "invalid_reason": (
        "线索无效原因", "Why a lead is invalid",
        (
            ("unreachable", "联系不上", "Cannot be reached"), ("no_need", "没有需求", "No need"),
            ("no_budget", "没有预算", "No budget"),
            ("not_target", "不是目标客户", "Not our kind of customer"), ("wrong_data", "信息有误", "Wrong data"),
            ("duplicate", "重复", "Duplicate"), ("competitor", "同行", "A competitor"), ("other", "其他", "Other"),
        ),
    ),
    "lost_reason": (
        "输单原因", "Why a deal was lost",
        (
            ("price", "价格", "Price"), ("competitor", "竞品", "Competitor"),
            ("cancelled", "需求取消", "Need vanished"),
            ("budget", "预算", "Budget"), ("relationship", "关系", "Relationship"),
            ("fit", "产品不符", "Product does not fit"),
            ("timing", "周期", "Timing"), ("other", "其他", "Other"),
        ),
    ),
    "competitor": (
        "竞争对手", "Competitor",
        (("none", "无竞争", "None"), ("in_house", "客户自建", "Their own making"), ("unknown", "不明", "Unknown"),
         ("other", "其他", "Other")),
    ),
    "opportunity_kind": (
        "商机类型", "Kind of opportunity",
        (("new", "新签", "New business"), ("renewal", "续签", "Renewal"), ("expansion", "增购", "Expansion"),
         ("cross", "交叉销售", "Cross-sell")),
    ),
}  # fmt: skip

STANDARD: tuple[tuple[str, str, str, str, int, int | None, tuple[str, ...], tuple[str, ...]], ...] = (
    # key, name, English name, kind, win rate, suggested days, required fields, where it leads (lost is always open)
    ("contact", "初步接触", "First contact", "open", 10, 7, (), ("needs",)),
    ("needs", "需求确认", "Needs confirmed", "open", 30, 14, ("customer", "needs"), ("contact", "quote")),
    ("quote", "方案报价", "Proposal", "open", 60, 14, ("customer", "amount", "expected_close"),
     ("needs", "negotiation", "won")),
    ("negotiation", "商务谈判", "Negotiation", "open", 80, 21, ("customer", "amount", "expected_close"),
     ("quote", "won")),
    ("won", "赢单", "Won", "won", 100, None, ("customer", "amount", "closed_on"), ()),
    ("lost", "输单", "Lost", "lost", 0, None, ("lost_reason", "closed_on"), ()),
)  # fmt: skip


def _won(op: str, value: int) -> dict[str, Any]:
    """What a customer's deals won in the last year come to."""
    return {"of": "opportunity.customer", "measure": "sum", "field": "amount", "where": "result = won", "at": "closed_on", "days": 365, "op": op, "value": value}


GRADES: tuple[dict[str, Any], ...] = (
    {"name": "一年成交 50 万以上：VIP", "name_en": "Bought for 500,000 in a year: VIP", "value": "vip", "settings": {"figures": [_won(">=", 500_000)]}},
    {"name": "一年成交 10 万以上：重点", "name_en": "Bought for 100,000 in a year: key", "value": "key", "lower": True, "settings": {"figures": [_won(">=", 100_000)]}},
    {"name": "其余：普通", "name_en": "Everybody else: normal", "value": "normal", "lower": True},
)  # fmt: skip
"""Examples of rules for the customers' grade, not at work until somebody switches them on."""


def examples(desk: Any, subject: str, rules: tuple[dict[str, Any], ...]) -> None:
    """Rules of a field that nobody has rules for; none is made again where administrators took it away."""
    if not desk.find("grade_rule", {"field": "subject", "op": "=", "value": subject}, deleted=None):
        for order, one in enumerate(rules, 1):
            desk.perform("grade_rule", "create", changes={"subject": subject, "order": order * 10, **one})


def seed(desk: Any) -> None:
    plant(desk, DICTIONARIES)
    _standard_pipeline(desk)
    examples(desk, "customer.grade", GRADES)


def _standard_pipeline(desk: Any) -> None:
    """Only where there is no pipeline at all, so that what an administrator made of it is left alone."""
    if desk.find("pipeline", limit=1):
        return
    pipeline = desk.perform(
        "pipeline",
        "create",
        changes={"key": "standard", "name": "标准销售流程", "name_en": "Standard", "default": True, "order": 10},
    ).id
    ids: dict[str, UUID] = {}
    for order, (key, zh, en, kind, rate, days, needed, _) in enumerate(STANDARD, 1):
        ids[key] = desk.perform(
            "stage",
            "create",
            changes={
                "pipeline": pipeline,
                "key": key,
                "name": zh,
                "name_en": en,
                "order": order * 10,
                "kind": kind,
                "win_rate": rate,
                "suggested_days": days,
                "required_fields": list(needed),
            },
        ).id
    for key, *_, leads_to in STANDARD:
        if leads_to:
            desk.perform("stage", "update", id=ids[key], changes={"next_stages": [ids[one] for one in leads_to]})
