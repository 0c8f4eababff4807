"""How figures look: numbers short and in full, what a group is called, more or less than before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Choice, Date, DateTime, Field, Money, Percent, Region
from guanxi.surfaces.web.look import Look

SHORT = {"zh-CN": ((10**8, "亿"), (10**4, "万")), "en": ((10**9, "B"), (10**6, "M"), (10**3, "K"))}
SHORT_FROM = {"zh-CN": 10**5, "en": 10**5}
"""Smaller numbers are as quickly read in full."""
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}
COUNTS = ("count", "distinct")
ADD_UP = (*COUNTS, "sum")


def sign(look: Look, measure: str, one: Field | None) -> str:
    """What stands before an amount of the workspace's money; nothing before other numbers."""
    if not isinstance(one, Money) or measure.partition(":")[0] in COUNTS:
        return ""
    return SIGNS.get(look.settings.currency, f"{look.settings.currency} ")


def unit(measure: str, one: Field | None) -> str:
    return "%" if isinstance(one, Percent) and measure.partition(":")[0] not in COUNTS else ""


def number(look: Look, value: Any, measure: str, one: Field | None, short: bool = False) -> str:
    """A measure's value; amounts are in the workspace's currency. `short`: 328.6万 instead of 3,286,000."""
    if value is None:
        return "–"
    if isinstance(value, date | datetime):
        return one.show(value, look.lang, look.settings.tz) if one is not None else str(value)
    amount = Decimal(value)
    front, back = sign(look, measure, one), unit(measure, one)
    if short and abs(amount) >= SHORT_FROM[look.lang]:
        size, word = next((size, word) for size, word in SHORT[look.lang] if abs(amount) >= size)
        scaled = amount / size
        return f"{front}{scaled:,.{0 if abs(scaled) >= 1000 else 1}f}".removesuffix(".0") + word + back
    text = f"{amount:,.2f}" if amount != amount.to_integral_value() else f"{amount:,.0f}"
    return front + (text.rstrip("0").rstrip(".") if "." in text and not front else text) + back


def shortly(value: float, lang: str) -> str:
    """A number at an axis: 328.6万 instead of 3,286,000."""
    size, word = next(((size, word) for size, word in SHORT[lang] if abs(value) >= max(size, SHORT_FROM[lang])), (1, ""))
    return f"{value / size:,.2f}".rstrip("0").rstrip(".") + word


def share(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.normalize():f}%"


def label(look: Look, value: Any, one: Field, unit: str = "", rest: bool = False) -> str:
    """What a group is called."""
    if rest:
        return look.t("其他", "Others")
    if value is None:
        return look.t("（空）", "(empty)")
    if isinstance(value, Mapping):
        return value.get("label") or look.nameless
    if isinstance(one, Date | DateTime) and isinstance(value, date):
        return _bucket(value, unit)
    if isinstance(one, Region):
        return _region(one, value)
    if isinstance(one, Choice):
        found = next((option for option in one.options if option.key == value), None)
        return look.say(found.label) if found is not None else str(value)
    return one.show(value, look.lang, look.settings.tz)


def _bucket(day: date, unit: str) -> str:
    if unit == "year":
        return f"{day:%Y}"
    if unit == "quarter":
        return f"{day.year} Q{(day.month - 1) // 3 + 1}"
    if unit == "month":
        return f"{day:%Y-%m}"
    return f"{day:%m-%d}" + (f"–{day + timedelta(days=6):%m-%d}" if unit == "week" else "")


def _region(one: Region, code: str) -> str:
    name = type(one).names
    return (name(code) if name is not None else "") or code


@dataclass(frozen=True)
class Change:
    """How a number stands to an earlier one: `arrow` up, down or level, and words that say it without colour."""

    arrow: str
    words: Text


def change(look: Look, now: Any, then: Any, measure: str, one: Field | None) -> Change:
    now, then = Decimal(now or 0), Decimal(then or 0)
    if now == then:
        return Change("level", T("持平", "no change"))
    by = number(look, abs(now - then), measure, one, short=True)
    part = f" {abs(now - then) * 100 / abs(then):.0f}%" if then else ""
    return Change("up", T(f"多 {by}{_in(part)}", f"{by} more{_in(part)}")) if now > then else Change("down", T(f"少 {by}{_in(part)}", f"{by} fewer{_in(part)}"))


def points(now: Decimal | None, then: Decimal | None) -> Change | None:
    """The same for shares, in percentage points."""
    if now is None or then is None:
        return None
    by = f"{abs(now - then).normalize():f}"
    if now == then:
        return Change("level", T("持平", "no change"))
    return Change("up", T(f"高 {by} 个百分点", f"{by} points up")) if now > then else Change("down", T(f"低 {by} 个百分点", f"{by} points down"))


def _in(part: str) -> str:
    return f" ({part.strip()})" if part else ""
