"""The sample company's follow-ups and tasks."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from guanxi.kernel import Test
from guanxi.modules.customers.demo import PEOPLE, SELLERS, samples

_TALKS = (
    ("phone", "电话介绍了产品方案，客户关心实施周期和数据迁移。"),
    ("phone", "回访上次的报价，客户表示还在内部评估。"),
    ("visit", "上门拜访，演示了移动端，使用部门反馈良好。"),
    ("visit", "与采购一起看了样机，约定下周给正式报价。"),
    ("wechat", "微信发送了案例资料，客户回复会转给负责人。"),
    ("email", "邮件发送报价单和合同范本。"),
    ("meeting", "线上会议讨论需求清单，确认一期范围。"),
    ("meeting", "与财务、信息部一起开会，讨论与现有系统对接。"),
    ("sms", "短信提醒展会时间和展位号。"),
    ("other", "展会现场交流，客户希望安排一次演示。"),
)
_ERRANDS = (
    ("quote", "准备正式报价"), ("material", "整理同行业案例"), ("visit", "上门演示"), ("meeting", "组织需求评审会"),
    ("care", "节日问候"), ("contact", "确认合同细节"),
)  # fmt: skip


_PHRASES = (
    "已电话沟通，客户有意向，约定下次联系时间。", "已发送报价，等待客户确认。", "客户暂无预算，计划下季度再跟进。",
    "已上门拜访，演示了产品，反馈良好。", "感谢您的来电，资料已发到您的邮箱，请查收。",
)  # fmt: skip


def demo(desk: Any) -> None:
    for order, text in enumerate(_PHRASES):
        desk.perform("phrase", "create", changes={"text": text, "order": order, "everyone": True})
    dice = random.Random(9)  # noqa: S311 - the same company every time, nothing secret
    names = {
        row["id"]: row["username"] for row in desk.find("user", Test("username", "in", [one[0] for one in PEOPLE]))
    }
    customers = samples(desk)
    deals: dict[Any, Any] = {}
    contacts: dict[Any, Any] = {}
    for row in samples(desk, "opportunity"):
        if row["result"] == "open":
            deals.setdefault(row["customer"], row["id"])
    for row in samples(desk, "contact"):
        contacts.setdefault(row["customer"], row["id"])
    for index in range(200):
        customer = customers[dice.randrange(len(customers))]
        kind, content = dice.choice(_TALKS)
        day = desk.today - timedelta(days=dice.randint(1, 90))
        changes: dict[str, Any] = {
            "kind": kind,
            "content": content,
            "customer": customer["id"],
            "happened_at": f"{day} {dice.randint(9, 17):02d}:{dice.choice((0, 15, 30, 45)):02d}",
            "attitude": dice.choice(("keen", "interested", "interested", "hesitant", "cold")),
        }
        if customer["id"] in contacts and dice.random() < 0.8:
            changes["contact"] = contacts[customer["id"]]
        if customer["id"] in deals and dice.random() < 0.6:
            changes["opportunity"] = deals[customer["id"]]
        if index % 9 == 0:
            changes["next_contact_at"] = f"{desk.today + timedelta(days=dice.randint(1, 14))} 10:00"
        desk.user(names[customer["owner"]]).perform("activity", "create", changes=changes)
    for index in range(24):
        customer = customers[(index * 5) % len(customers)]
        kind, subject = _ERRANDS[index % len(_ERRANDS)]
        due = desk.today + timedelta(days=(-3, -1, 0, 0, 1, 5)[index % 6])
        seller = desk.user(names[customer["owner"]])
        hour = dice.randint(9, 17)
        when: dict[str, Any] = {"due_at": f"{due} {hour:02d}:00"}
        if kind in ("visit", "meeting"):
            when |= {"ends_at": f"{due} {hour + 1:02d}:30", "place": "客户会议室", "purpose": "确认需求和时间表", "remind_before": "60"}
        task = seller.perform(
            "task",
            "create",
            changes={
                "subject": f"{subject}：{customer['short_name'] or customer['name']}",
                "kind": kind,
                **when,
                "priority": dice.choice(("low", "normal", "normal", "high", "urgent")),
                "customer": customer["id"],
            },
        ).id
        if index % 8 == 7:
            seller.perform("task", "complete", id=task, changes={"outcome": "已完成，客户确认收到。"})
    _reports(desk, dice)
    _into_pools(desk)


_DONE = (
    "拜访了两家老客户，确认了二期的需求清单；整理了报价。", "电话回访 8 位客户，其中 3 位约了下周演示。", "参加行业交流会，收到 5 张名片，已录入线索。",
    "完成方案评审，客户提出数据迁移的时间要求。", "跟进合同细节，等待对方法务回复。", "上门演示移动端，使用部门反馈良好。",
)  # fmt: skip
_PLANS = ("准备正式报价，周三前发出。", "联系上周未接电话的客户。", "安排技术同事一起去现场调研。")
_HELP = ("", "", "希望产品同事提供一份对接说明。")


def _reports(desk: Any, dice: random.Random) -> None:
    """The sellers' reports of the last working days, and what their week was."""
    days = [day for back in range(1, 8) if (day := desk.today - timedelta(days=back)).weekday() < 5][:3]
    last = desk.today - timedelta(days=desk.today.weekday() + 7)
    for name in SELLERS:
        seller = desk.user(name)
        for day in reversed(days):
            seller.perform("work_report", "create", changes={"kind": "day", "day": str(day), "done": dice.choice(_DONE), "plan": dice.choice(_PLANS), "problems": dice.choice(_HELP)})
        seller.perform("work_report", "create", changes={"kind": "week", "day": str(last), "done": dice.choice(_DONE), "plan": dice.choice(_PLANS)})


def _into_pools(desk: Any) -> None:
    """A few customers without a deal lie in the pool, given back by those who had them."""
    busy = {row["customer"] for row in desk.find("opportunity")}
    free = [row for row in samples(desk) if row["id"] not in busy]
    for index, row in enumerate(free[:6]):
        desk.perform("customer", "return_to_pool", id=row["id"], reason=("no_contact", "budget", "region")[index % 3])
