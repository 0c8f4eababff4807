"""The sample company's products."""

from __future__ import annotations

from typing import Any

PRODUCTS = (
    # name, series, category, unit, price, cost
    ("关系云 标准版", "关系云", "software", "user", 600, 60),
    ("关系云 专业版", "关系云", "software", "user", 1200, 90),
    ("关系云 企业版", "关系云", "software", "user", 2400, 150),
    ("实施服务", "服务", "service", "day", 2500, 1400),
    ("定制开发", "服务", "service", "day", 3200, 1800),
    ("驻场培训", "服务", "service", "time", 8000, 3500),
    ("扫码终端 G1", "硬件", "hardware", "unit", 1899, 1150),
    ("展厅一体机 X2", "硬件", "hardware", "unit", 15800, 9800),
)


def demo(desk: Any) -> None:
    for name, series, category, unit, price, cost in PRODUCTS:
        desk.perform(
            "product",
            "create",
            changes={
                "name": name,
                "series": series,
                "category": category,
                "unit": unit,
                "price": price,
                "cost": cost,
                "tax_rate": 13 if category == "hardware" else 6,
            },
        )
