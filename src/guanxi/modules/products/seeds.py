"""What a new workspace starts with: categories and units."""

from __future__ import annotations

from typing import Any

from guanxi.modules.customers.seeds import Entries, plant

DICTIONARIES: dict[str, tuple[str, str, Entries]] = {
    "product_category": (
        "产品类别", "Product category",
        (
            ("hardware", "硬件", "Hardware"), ("software", "软件", "Software"), ("service", "服务", "Service"),
            ("spare", "配件", "Spare part"), ("other", "其他", "Other"),
        ),
    ),
    "product_unit": (
        "单位", "Unit",
        (
            ("piece", "个", "Piece"), ("set", "套", "Set"), ("unit", "台", "Unit"), ("item", "件", "Item"),
            ("box", "箱", "Box"),
            ("kg", "千克", "Kilogram"), ("meter", "米", "Metre"), ("hour", "小时", "Hour"), ("day", "天", "Day"),
            ("month", "月", "Month"), ("year", "年", "Year"), ("time", "次", "Time"), ("user", "用户", "User"),
        ),
    ),
}  # fmt: skip


def seed(desk: Any) -> None:
    plant(desk, DICTIONARIES)
