"""The workspace's own record: what the company is called, and how it counts money, days and years.

There is one per workspace, made by the seed. What it says is copied to the workspace's row, which every request reads.
"""

from __future__ import annotations

import re
from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.conditions import Or, Test
from guanxi.kernel.declare.fields import Choice, DateTime, Money, Option, TextField
from guanxi.kernel.declare.objects import Action, Form, List, Object, Policy, Record

CURRENCIES = (
    ("CNY", T("人民币 CNY", "Renminbi CNY")), ("USD", T("美元 USD", "US dollar USD")), ("EUR", T("欧元 EUR", "Euro EUR")),
    ("HKD", T("港元 HKD", "Hong Kong dollar HKD")), ("MOP", T("澳门元 MOP", "Macanese pataca MOP")),
    ("TWD", T("新台币 TWD", "New Taiwan dollar TWD")), ("JPY", T("日元 JPY", "Yen JPY")), ("KRW", T("韩元 KRW", "Won KRW")),
    ("GBP", T("英镑 GBP", "Pound sterling GBP")), ("CHF", T("瑞士法郎 CHF", "Swiss franc CHF")),
    ("SGD", T("新加坡元 SGD", "Singapore dollar SGD")), ("AUD", T("澳元 AUD", "Australian dollar AUD")),
    ("CAD", T("加元 CAD", "Canadian dollar CAD")), ("NZD", T("新西兰元 NZD", "New Zealand dollar NZD")),
    ("THB", T("泰铢 THB", "Baht THB")), ("MYR", T("林吉特 MYR", "Ringgit MYR")), ("VND", T("越南盾 VND", "Dong VND")),
    ("IDR", T("印尼盾 IDR", "Rupiah IDR")), ("INR", T("印度卢比 INR", "Indian rupee INR")), ("RUB", T("卢布 RUB", "Rouble RUB")),
    ("AED", T("阿联酋迪拉姆 AED", "UAE dirham AED")), ("SAR", T("沙特里亚尔 SAR", "Saudi riyal SAR")),
    ("BRL", T("巴西雷亚尔 BRL", "Real BRL")), ("ZAR", T("南非兰特 ZAR", "Rand ZAR")),
)  # fmt: skip
ZONES = (
    ("Asia/Shanghai", T("北京时间", "Beijing")), ("Asia/Urumqi", T("乌鲁木齐", "Urumqi")),
    ("Asia/Hong_Kong", T("香港", "Hong Kong")), ("Asia/Macau", T("澳门", "Macau")), ("Asia/Taipei", T("台北", "Taipei")),
    ("Asia/Tokyo", T("东京", "Tokyo")), ("Asia/Seoul", T("首尔", "Seoul")), ("Asia/Singapore", T("新加坡", "Singapore")),
    ("Asia/Kuala_Lumpur", T("吉隆坡", "Kuala Lumpur")), ("Asia/Bangkok", T("曼谷", "Bangkok")),
    ("Asia/Ho_Chi_Minh", T("胡志明市", "Ho Chi Minh City")), ("Asia/Jakarta", T("雅加达", "Jakarta")),
    ("Asia/Kolkata", T("印度", "India")), ("Asia/Dubai", T("迪拜", "Dubai")), ("Asia/Riyadh", T("利雅得", "Riyadh")),
    ("Europe/Moscow", T("莫斯科", "Moscow")), ("Europe/Berlin", T("柏林", "Berlin")), ("Europe/Paris", T("巴黎", "Paris")),
    ("Europe/London", T("伦敦", "London")), ("Africa/Johannesburg", T("约翰内斯堡", "Johannesburg")),
    ("America/Sao_Paulo", T("圣保罗", "São Paulo")), ("America/New_York", T("纽约", "New York")),
    ("America/Chicago", T("芝加哥", "Chicago")), ("America/Los_Angeles", T("洛杉矶", "Los Angeles")),
    ("Australia/Sydney", T("悉尼", "Sydney")), ("Pacific/Auckland", T("奥克兰", "Auckland")), ("UTC", T("协调世界时", "UTC")),
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def one_currency(draft: Any, context: Any) -> None:
    """Amounts are kept in the currency of the day they were written, so it stays once there are any, the bin's included."""
    if draft.new or not draft.changed("currency"):
        return
    for it in context.catalog:
        amounts = tuple(Test(one.name, "not empty") for one in it.fields.values() if isinstance(one, Money))
        if amounts and context.find(it.name, Or(amounts), limit=1, deleted=None):
            raise Invalid.field(
                "currency", "in-use", f"已有金额记录（{it.label.zh}，含回收站），本位币不能再改。",
                f"There are amounts already ({it.label.en}, the bin included), so the currency stays.",
            )  # fmt: skip


def dialled(draft: Any, context: Any) -> None:
    if draft.area_code and not re.fullmatch(r"0\d{2,3}", draft.area_code):
        raise Invalid.field("area_code", "pattern", "区号如 021、0755。", "An area code is like 021 or 0755.")


def settle(draft: Any, context: Any) -> None:
    context.settle(draft.name, draft.currency, draft.zone, int(draft.fiscal_start), draft.area_code or "")


def welcomed(draft: Any, context: Any) -> None:
    """Note that the first steps were taken, or put off for good."""
    if draft.welcomed_at is not None:
        raise Invalid.field("welcomed_at", "state", "首次设置已经完成。", "The first steps were taken already.")
    draft.welcomed_at = context.now


class Company(
    Object, label=T("企业信息", "Company"), plural="companies", icon="customer", group="settings", single=True,
    about=T("公司名称、本位币、时区和会计年度。", "What the company is called, its currency, time zone and fiscal year."),
):  # fmt: skip
    """企业信息: the workspace itself: its name, currency, time zone, fiscal year and area code. There is exactly one."""

    name = TextField(T("公司名称", "Company name"), required=True)
    currency = Choice(
        T("本位币", "Currency"), [Option(key, label) for key, label in CURRENCIES], required=True, default="CNY",
        help=T("所有合计都换算成它；有金额记录后不能再改。", "All totals are in it; it stays once there are amounts."),
    )  # fmt: skip
    zone = Choice(
        T("时区", "Time zone"), [Option(key, label) for key, label in ZONES], required=True, default="Asia/Shanghai",
        help=T("“今天”“本月”按它计算。", "“Today” and “this month” are counted in it."),
    )  # fmt: skip
    fiscal_start = Choice(
        T("会计年度起始月", "Fiscal year starts in"),
        [Option(str(n), T(f"{n} 月", name)) for n, name in enumerate(MONTHS, 1)],
        required=True,
        default="1",
    )
    area_code = TextField(
        T("电话区号", "Area code"), help=T("座机号没写区号时用它补全，如 021。", "Completes landline numbers without one, such as 021.")
    )
    welcomed_at = DateTime(T("首次设置完成", "First steps taken"), readonly=True)
    policy = Policy(read="member", write="role")
    checks = (one_currency, dialled)
    effects = (settle,)
    actions = (
        Action("welcomed", welcomed, T("结束首次设置", "End the first steps"), offered="welcomed_at empty"),
    )
    views = (
        List(columns=("name", "currency", "zone", "fiscal_start")),
        Record(
            groups=((T("企业信息", "Company"), ("name", "currency", "zone", "fiscal_start", "area_code", "welcomed_at")),),
        ),
        Form(fields=("name", "currency", "zone", "fiscal_start", "area_code")),
    )
