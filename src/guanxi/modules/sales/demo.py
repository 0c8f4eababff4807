"""The sample company's leads and deals: some closed in the past year, the rest brought on by real moves."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from guanxi.kernel import Test
from guanxi.modules.customers.demo import PEOPLE, SELLERS, mobile, person, samples
from guanxi.modules.products.demo import PRODUCTS

_WISHES = (
    "客户管理系统",
    "门店会员系统",
    "扫码设备采购",
    "售后工单系统",
    "销售团队培训",
    "数据迁移",
    "展厅设备",
    "移动办公",
)
_COMPANIES = ("智造", "云商", "冷链", "器械", "印务", "家居", "食品", "电子", "环保", "文旅")
_CHAIN = ("contact", "needs", "quote", "negotiation")


def demo(desk: Any) -> None:
    dice = random.Random(8)  # noqa: S311 - the same company every time, nothing secret
    _leads(desk, dice)
    _deals(desk, dice)
    _views(desk)


def _leads(desk: Any, dice: random.Random) -> None:
    for index in range(40):
        name, gender = person(dice)
        company = f"{dice.choice(('江南', '东海', '岭南', '湘江', '鹭岛'))}{dice.choice(_COMPANIES)}{index + 1}号工厂"
        seller = desk.user(SELLERS[index % len(SELLERS)])
        lead = seller.perform(
            "lead",
            "create",
            changes={
                "name": f"{company} {dice.choice(_WISHES)}",
                "company": company,
                "person": name,
                "gender": gender,
                "phones": [mobile(500 + index)],
                "email": f"lead@x{index + 1:02}.example",
                "source": dice.choice(("website", "exhibition", "social", "advertisement", "search", "event")),
                "industry": dice.choice(("C", "F", "G", "I")),
                "requirement": f"咨询{dice.choice(_WISHES)}，希望了解价格和交付周期。",
                "score": dice.randint(10, 95),
            },
        ).id
        if index % 8 == 5:
            seller.perform(
                "lead",
                "invalidate",
                id=lead,
                changes={"invalid_reason": dice.choice(("no_need", "unreachable", "no_budget"))},
            )
        elif index % 8 == 2:
            seller.perform(
                "lead",
                "convert",
                id=lead,
                with_opportunity=True,
                amount=dice.randint(2, 30) * 10000,
                expected_close=desk.today + timedelta(days=45),
            )
        elif index % 8 == 7:
            seller.perform("lead", "return_to_pool", id=lead, reason=("region", "no_need")[index // 8 % 2])


_VIEWS: tuple[dict[str, Any], ...] = (
    {
        "name": "大单", "name_en": "Large deals", "object_name": "opportunity", "kind": "list",
        "settings": {
            "columns": ["name", "customer", "stage", "amount", "expected_close", "owner"],
            "where": "result = open and amount >= 200000", "sort": ["-amount"],
        },
    },
    {
        "name": "近 30 天新线索", "name_en": "New leads, 30 days", "object_name": "lead", "kind": "list",
        "settings": {
            "columns": ["name", "company", "source", "status", "owner", "created_at"],
            "where": "created_at within last_30_days", "sort": ["-created_at"], "group": "source",
        },
    },
)  # fmt: skip


def _views(desk: Any) -> None:
    for changes in _VIEWS:
        desk.perform("view", "create", changes={**changes, "everyone": True})


def _deals(desk: Any, dice: random.Random) -> None:
    pipeline = desk.find("pipeline", Test("key", "=", "standard"))
    if not pipeline:
        return
    stages = {row["key"]: row["id"] for row in desk.find("stage", Test("pipeline", "=", pipeline[0]["id"]))}
    products = {row["name"]: row for row in desk.find("product", Test("name", "in", [one[0] for one in PRODUCTS]))}
    names = {
        row["id"]: row["username"] for row in desk.find("user", Test("username", "in", [one[0] for one in PEOPLE]))
    }
    customers = samples(desk)
    for index in range(40):
        customer = customers[(index * 7) % len(customers)]
        product = products[PRODUCTS[index % len(PRODUCTS)][0]]
        seller = desk.user(names[customer["owner"]])
        began = desk.today - timedelta(days=dice.randint(20, 60))
        common = {
            "name": f"{customer['short_name'] or customer['name']} {dice.choice(_WISHES)}",
            "customer": customer["id"],
            "pipeline": pipeline[0]["id"],
            "product": product["id"],
            "amount": dice.randint(3, 80) * 5000,
            "source": customer["source"],
            "needs": f"需要{dice.choice(_WISHES)}，计划分两期实施。",
            "competitor": dice.choice(("none", "in_house", "unknown", "other")),
        }
        if index < 20:  # closed before the program was there: created where they ended, as an import would
            closed = desk.today - timedelta(days=dice.randint(5, 350))
            past = {
                "engaged_on": closed - timedelta(days=dice.randint(15, 90)),
                "closed_on": closed,
                "owner": customer["owner"],
            }
            if index % 3 == 2:
                past |= {
                    "stage": stages["lost"],
                    "lost_reason": dice.choice(("price", "competitor", "budget", "cancelled")),
                }
            else:
                past |= {"stage": stages["won"], "won_reason": dice.choice(("方案匹配度高", "价格合适", "老客户推荐"))}
            seller.perform("opportunity", "create", changes=common | past)
            continue
        deal = seller.perform(
            "opportunity",
            "create",
            changes=common | {"engaged_on": began, "expected_close": desk.today + timedelta(days=dice.randint(-5, 75))},
        ).id
        far = (index - 20) % 6
        for key in _CHAIN[1 : min(far, 3) + 1]:
            seller.perform("opportunity", "move", id=deal, stage=stages[key])
        if far == 4:
            seller.perform("opportunity", "win", id=deal, changes={"won_reason": "方案匹配度高"})
        elif far == 5:
            seller.perform("opportunity", "lose", id=deal, changes={"lost_reason": dice.choice(("price", "timing"))})
