"""Numbers: whole, exact, percent, money, and yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.base import money
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields.core import EQUALITY, ORDER, PRESENCE, Field, FieldProblem, Part, Settings


class Integer(Field):
    """A whole number of 64 bits."""

    kind = "integer"
    operators = EQUALITY + ORDER + PRESENCE
    widget = "number"
    measurable = True
    sql = "bigint"

    def parse(self, value: Any, settings: Settings) -> int | None:
        if value is None or value == "":
            return None
        number = _decimal(value)
        if number != number.to_integral_value():
            raise FieldProblem("type", "请填写整数。", "Give a whole number.")
        if abs(number) >= 2**63:
            raise FieldProblem("range", "数字太大。", "The number is too large.")
        return int(number)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "format": "int64"}

    def words(self, value: Any) -> list[str]:
        return []


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise FieldProblem("type", "请填写数字。", "Give a number.")
    try:
        if isinstance(value, str):
            text = value.strip()
            if len(text) > 60:
                raise FieldProblem("type", "请填写数字。", "Give a number.")
            amount, _ = money.parse_amount(text)
            return amount
        if isinstance(value, float):
            value = repr(value)
        number = Decimal(value)
    except (InvalidOperation, ValueError, TypeError, OverflowError):
        raise FieldProblem("type", "请填写数字，如 1234.5。", "Give a number, such as 1234.5.") from None
    if not number.is_finite():
        raise FieldProblem("type", "请填写数字，如 1234.5。", "Give a number, such as 1234.5.")
    return number


LIMIT = Decimal(10) ** 16
"""Numbers are numeric(22, 6): sixteen digits before the point, six after."""


def _bounded(number: Decimal, places: int) -> Decimal:
    if abs(number) >= LIMIT:
        raise FieldProblem("range", "数字太大，整数部分最多 16 位。", "The number is too large: at most 16 digits before the point.")
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


class Number(Field):
    """A decimal number with up to six places (no binary fractions anywhere)."""

    kind = "decimal"
    operators = EQUALITY + ORDER + PRESENCE
    widget = "number"
    measurable = True
    sql = "numeric"

    def __init__(self, label: Text | None = None, *, places: int = 2, **options: Any) -> None:
        super().__init__(label, **options)
        self.places = places

    def parse(self, value: Any, settings: Settings) -> Decimal | None:
        if value is None or value == "":
            return None
        return _bounded(_decimal(value), self.places)

    def to_json(self, value: Any) -> Any:
        return None if value is None else str(value)

    def from_json(self, value: Any) -> Any:
        return None if value is None else Decimal(str(value))

    def load(self, values: tuple[Any, ...]) -> Any:
        value = values[0]
        return value if value is None else value.quantize(Decimal(1).scaleb(-self.places))

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else f"{value:,}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "examples": ["1234.50"]}

    def words(self, value: Any) -> list[str]:
        return []


class Percent(Number):
    """A percentage as people say it: 63.15 means 63.15 %."""

    kind = "percent"
    widget = "percent"

    def read(self, text: str, settings: Settings) -> Any:
        return self.parse(text.strip().rstrip("%％").strip(), settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else f"{value.normalize():f}%"


class Money(Field):
    """An amount with its currency (ISO 4217), and the same in the workspace's currency for totals.

    Input: a number or text (the workspace's currency), or `{"amount": "12.50", "currency": "USD"}`. Filters, sorting
    and sums use the base amount. `base` is filled in at the door from the dated exchange rates; rows carry it where it
    differs from the amount, and it is ignored on the way in.
    """

    kind = "money"
    operators = (*ORDER, "=", "!=", *PRESENCE)
    widget = "money"
    groupable = False
    measurable = True
    sql = "numeric"

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part("", "numeric"), Part("_currency", "text"), Part("_base", "numeric"))

    def parse(self, value: Any, settings: Settings) -> dict[str, Any] | None:
        if value is None or value == "":
            return None
        currency: str | None = None
        if isinstance(value, Mapping):
            unknown = set(value) - {"amount", "currency", "base"}
            if unknown:
                raise FieldProblem("type", "金额只能有 amount 和 currency。", "Money has only amount and currency.")
            currency = value.get("currency")
            value = value.get("amount")
            if value is None or value == "":
                return None
        if isinstance(value, str):
            try:
                amount, found = money.parse_amount(value)
            except ValueError:
                raise FieldProblem("type", "请填写金额，如 1234.50 或 1.2万。", "Give an amount, such as 1234.50.") from None
            currency = currency or found
        else:
            amount = _decimal(value)
        currency = (currency or settings.currency).upper() if isinstance(currency or "", str) else ""
        if currency not in money.EXPONENTS:
            raise FieldProblem("currency", "不认识的币种。请用 CNY、USD 等三个字母的代码。", "Unknown currency. Use a three-letter code such as CNY or USD.")
        return {"amount": _bounded(amount, money.EXPONENTS[currency]), "currency": currency}

    def operand(self, value: Any, settings: Settings) -> Any:
        parsed = self.parse(value, settings)
        return None if parsed is None else parsed["amount"]

    def store(self, value: Any) -> tuple[Any, ...]:
        if value is None:
            return (None, None, None)
        return (value["amount"], value["currency"], value.get("base", value["amount"]))

    def load(self, values: tuple[Any, ...]) -> Any:
        amount, currency = values[0], values[1]
        if amount is None:
            return None
        places = Decimal(1).scaleb(-money.EXPONENTS.get(currency, 2))
        out = {"amount": amount.quantize(places), "currency": currency}
        if values[2] is not None and values[2] != amount:
            out["base"] = values[2].quantize(Decimal("0.01"))
        return out

    def to_json(self, value: Any) -> Any:
        return None if value is None else {k: str(v) for k, v in value.items()}

    def from_json(self, value: Any) -> Any:
        if value is None:
            return None
        return {k: v if k == "currency" else Decimal(v) for k, v in value.items()}

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if value is None or not isinstance(value, dict):
            return "" if value is None else str(value)
        sign = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}.get(value["currency"])
        return f"{sign}{value['amount']:,}" if sign else f"{value['currency']} {value['amount']:,}"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "amount": {"type": "string", "format": "decimal"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "base": {"type": "string", "format": "decimal", "readOnly": True},
            },
            "required": ["amount"],
        }

    def words(self, value: Any) -> list[str]:
        return []


class Boolean(Field):
    """Yes or no; empty is a third answer unless a default is given."""

    kind = "boolean"
    operators = ("=", "!=", *PRESENCE)
    widget = "checkbox"
    sql = "boolean"

    def parse(self, value: Any, settings: Settings) -> bool | None:
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return value
        if isinstance(value, str | int):
            word = str(value).strip().casefold()
            if word in _YES:
                return True
            if word in _NO:
                return False
        raise FieldProblem("type", "请填写 是 或 否。", "Give yes or no.")

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else (T("是", "Yes") if value else T("否", "No")).for_(lang)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def words(self, value: Any) -> list[str]:
        return []


_YES = {"true", "1", "yes", "y", "是", "对", "有", "√", "✓", "on", "t"}
_NO = {"false", "0", "no", "n", "否", "不", "无", "×", "off", "f"}
