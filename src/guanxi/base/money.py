"""Amounts of money: exact decimals with a currency, and the many ways people write them.

Rounding: amounts are rounded half up (四舍五入), as Chinese invoices, contracts and tax forms are; half-even is there
for statistics, where half up would drift. Nothing here ever goes through a float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

from guanxi.base.errors import Unparsed
from guanxi.base.normal import clean
from guanxi.base.text import T

HALF_UP: Final = ROUND_HALF_UP
HALF_EVEN: Final = ROUND_HALF_EVEN
DEFAULT_CURRENCY: Final = "CNY"

# Decimal places of ISO 4217 (list one of 2024-06). Currencies that ended are kept, old contracts carry them.
_NO_PLACES = "BIF CLP DJF GNF ISK ITL JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_TWO_PLACES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DEM DKK DOP DZD EGP ERN ETB EUR FJD FKP FRF GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
MXN MYR MZN NAD NGN NIO NLG NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW
"""
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_NO_PLACES.split(), 0),
    **dict.fromkeys(_TWO_PLACES.split(), 2),
    **dict.fromkeys(_THREE_PLACES.split(), 3),
}

# Names as people and registries write them. Longer names are tried first, so that 香港元 is not read as 元.
_NAMES: Final[dict[str, str]] = {
    "人民币元": "CNY", "人民币": "CNY", "rmb": "CNY", "cn¥": "CNY", "¥": "CNY", "元": "CNY", "圆": "CNY", "块": "CNY",
    "美元": "USD", "美金": "USD", "us$": "USD", "$": "USD",
    "港元": "HKD", "港币": "HKD", "香港元": "HKD", "hk$": "HKD",
    "澳门元": "MOP", "澳门币": "MOP", "mop$": "MOP", "新台币": "TWD", "台币": "TWD", "nt$": "TWD",
    "日元": "JPY", "日圆": "JPY", "jp¥": "JPY", "韩元": "KRW", "韩币": "KRW", "₩": "KRW",
    "欧元": "EUR", "€": "EUR", "英镑": "GBP", "£": "GBP", "瑞士法郎": "CHF", "德国马克": "DEM", "马克": "DEM",
    "法国法郎": "FRF", "意大利里拉": "ITL", "荷兰盾": "NLG",
    "新加坡元": "SGD", "新元": "SGD", "s$": "SGD", "澳大利亚元": "AUD", "澳元": "AUD", "a$": "AUD",
    "加拿大元": "CAD", "加元": "CAD", "c$": "CAD", "新西兰元": "NZD", "nz$": "NZD", "卢布": "RUB", "₽": "RUB",
    "泰铢": "THB", "฿": "THB", "卢比": "INR", "₹": "INR", "马来西亚林吉特": "MYR", "林吉特": "MYR", "越南盾": "VND",
    "瑞典克朗": "SEK", "丹麦克朗": "DKK", "丹麦克郎": "DKK", "挪威克朗": "NOK",
}  # fmt: skip
_CURRENCY = re.compile(
    "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))
    + r"|(?<![a-z])(?:"
    + "|".join(code.lower() for code in EXPONENTS)
    + r")(?![a-z])"
)

_UNITS: Final[dict[str, int]] = {
    "万亿": 10**12, "亿": 10**8, "千万": 10**7, "百万": 10**6, "十万": 10**5, "万": 10**4, "w": 10**4, "千": 1000,
    "百": 100, "k": 1000, "m": 10**6, "mn": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
_NUMBER = (
    r"(?:(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ '’]\d{3})+|\d{1,4}(?:,\d{4})+|\d+)(?![,\d])"
    r"(?:\.\d+)?(?:e[+-]?\d{1,2})?|(?<!\d)\.\d+)(?![\d.])"
)
_PIECE = re.compile(rf"({_NUMBER})\s*")
_UNIT = re.compile(r"[(\s]*(万亿|千万|百万|十万|亿|万|千|百|million|billion|mn|bn|[wkm](?![a-z]))")
_LIMIT = Decimal(10) ** 18


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Amounts of different currencies do not add: convert first, by a rate of a day."""

    amount: Decimal
    currency: str = DEFAULT_CURRENCY

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("an amount is a Decimal; a float would already have lost the cents")
        if not self.amount.is_finite():
            raise ValueError("an amount is finite")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def rounded(self, rounding: str = HALF_UP) -> Money:
        return Money(quantise(self.amount, self.currency, rounding), self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.rounded().amount:,f}"


def exponent(currency: str) -> int:
    """Decimal places of a currency; 2 for one we do not know, as most have."""
    return EXPONENTS.get(currency, 2)


def quantise(amount: Decimal, currency: str = DEFAULT_CURRENCY, rounding: str = HALF_UP) -> Decimal:
    """The amount in the currency's smallest unit, rounded half up unless told otherwise."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=rounding)


def parse_amount(text: str) -> tuple[Decimal, str | None]:
    """Read an amount as people write it: "￥1,234.50", "1.2万", "3亿", "(1,000)", "USD 5", "4,000(万元人民币)".

    Returns the full amount in units of the currency (万 and 亿 multiplied out) and its currency if one is named;
    元 and ¥ are read as CNY. Parentheses around a number mean negative, around a unit they mean nothing.
    Raises Unparsed (`not-an-amount`) for anything else, for a decimal comma ("1.234,56") and from 10^18 on: a
    wrong amount is worse than a rejected row.
    """
    original = text
    text = clean(text).strip().lower().replace("−", "-").replace("￥", "¥").replace("–", "-").replace("\u2014", "-")
    if len(text) > 80:
        raise _not_an_amount(original)
    negative = False
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        negative, text = True, text[1:-1].strip()

    total, previous_unit, head, rest, position = Decimal(0), None, "", "", 0
    for match in _PIECE.finditer(text):
        if previous_unit is None:
            head = text[: match.start()]
        else:
            rest += text[position : match.start()] + " "
        position, unit = match.end(), 1
        if found := _UNIT.match(text, position):  # 12(万元): the unit may stand in parentheses
            unit, position = _UNITS[found[1]], found.end(1)
        if previous_unit is not None and unit >= previous_unit:  # 1亿2000万 goes down; "12 13" is two numbers
            raise _not_an_amount(original)
        previous_unit = unit
        total += Decimal(re.sub(r"[ ,'’]", "", match[1])) * unit
    if previous_unit is None:
        raise _not_an_amount(original)
    rest += text[position:]

    if (signs := head.count("-") + head.count("+")) > 1 or (signs and negative):
        raise _not_an_amount(original)
    negative = negative or "-" in head
    words = head.replace("-", "").replace("+", "") + " " + rest
    codes = [_NAMES.get(name) or name.upper() for name in _CURRENCY.findall(words)]
    # 万元(港币): the word for "yuan" counts units, the named currency says which
    named = set(codes) - {"CNY"} or set(codes)
    if re.sub(r"[\s()]|整\s*$", "", _CURRENCY.sub("", words)) or len(named) > 1 or total >= _LIMIT:
        raise _not_an_amount(original)
    amount = -total if negative else total
    return Decimal(f"{amount.normalize():f}"), named.pop() if named else None


def _not_an_amount(text: str) -> Unparsed:
    shown = text.strip()[:40]
    return Unparsed(
        "not-an-amount",
        T(
            "“{text}”不是金额。请写成 1234.50、1.2万 或 USD 5 这样的形式。",
            "“{text}” is not an amount. Write it like 1234.50, 1.2万 or USD 5.",
        ).format(text=shown),
    )


_UPPER_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def to_chinese_upper(amount: Decimal) -> str:
    """The amount in the capital numerals of Chinese cheques and contracts (人民币大写), rounded to 分 half up.

    Source: 中国人民银行《正确填写票据和结算凭证的基本规定》第二、三条. Where the rule accepts two forms, 零 stands
    after 元 and not after 万: 107000.53 is 壹拾万柒仟元零伍角叁分.
    Raises ValueError from 10^16 on, where the rule has no words.
    """
    cents = int(quantise(abs(amount), "CNY").scaleb(2))
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    if yuan >= 10**16:
        raise ValueError("too large for 大写")
    words = ""
    if yuan:
        high, low = divmod(yuan, 10**8)
        if high:
            words += _upper_below_100m(high) + "亿"
            if low and low < 10**7:
                words += "零"
        words += _upper_below_100m(low) + "元"
    if not jiao and not fen:
        words = (words or "零元") + "整"
    else:
        if yuan and (not jiao or yuan % 10 == 0):
            words += "零"
        words += _UPPER_DIGITS[jiao] + "角" if jiao else ""
        words += _UPPER_DIGITS[fen] + "分" if fen else ""
    return ("负" if amount < 0 and cents else "") + words


def _upper_below_100m(number: int) -> str:
    high, low = divmod(number, 10**4)
    words = _upper_below_10k(high) + "万" if high else ""
    if high and low and low < 1000:
        words += "零"
    return words + _upper_below_10k(low)


def _upper_below_10k(number: int) -> str:
    words, zero = "", False
    for place, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = number // place % 10
        if digit:
            words += ("零" if zero and words else "") + _UPPER_DIGITS[digit] + unit
            zero = False
        else:
            zero = True
    return words
