"""统一社会信用代码 (GB 32100-2015) and the registration numbers before it: normal form and a check that only warns.

Registers themselves hold a few codes whose check digit is wrong (0.35 % of 44,588 companies of 1996), so a wrong one
is a hint for a typing error and never a reason to refuse a customer.
"""

from __future__ import annotations

import re
from typing import Final

from guanxi.base.normal import clean
from guanxi.base.text import T, Text

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100 §5.2: no I, O, S, V, Z."""
_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_VALUE: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_SEPARATORS = re.compile(r"[\s\-–—_.·]+")


def normalise(code: str) -> str:
    """The code as it is compared: half width, upper case, without blanks and dashes. Letters are not guessed at."""
    return _SEPARATORS.sub("", clean(code)).upper()


def check_digit(first17: str) -> str:
    """The 18th character of a code (GB 32100 annex A). Raises KeyError for characters no code has."""
    total = sum(_VALUE[letter] * weight for letter, weight in zip(first17, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def check(code: str) -> Text | None:
    """A warning about a code, or None if it is right. 15-digit registration numbers (before 2015) are known too."""
    number = normalise(code)
    if len(number) == 15 and number.isascii() and number.isdigit():
        if _registration_check_digit(number[:14]) == number[14]:
            return None
        return T(
            "旧版 15 位注册号的校验位不对，请核对是否有输入错误。",
            "The check digit of this 15-digit registration number is wrong; look for a typing error.",
        )
    if len(number) != 18:
        return T(
            "统一社会信用代码应为 18 位，现在是 {count} 位。请对照营业执照核对。",
            "A unified social credit code has 18 characters, this one {count}. Compare it with the business licence.",
        ).format(count=len(number))
    wrong = sorted(set(number) - set(_ALPHABET))
    if wrong:
        return T(
            "统一社会信用代码中不会出现 {letters}（不用 I、O、S、V、Z）。请核对是否与 1、0、5、2 混淆。",
            "A unified social credit code never has {letters} (I, O, S, V, Z are not used). Is it 1, 0, 5 or 2?",
        ).format(letters=" ".join(wrong))
    if not _SHAPE.fullmatch(number) or check_digit(number[:17]) != number[17]:
        return T(
            "统一社会信用代码的校验位不对，请核对是否有输入错误。",
            "The check digit of this unified social credit code is wrong; look for a typing error.",
        )
    return None


def _registration_check_digit(first14: str) -> str:
    """GS 15-2006 《工商行政管理市场主体注册号编制规则》: ISO 7064 MOD 11,10."""
    product = 10
    for digit in first14:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
