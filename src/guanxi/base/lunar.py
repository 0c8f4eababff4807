"""Birthdays in the Chinese calendar (农历): when they fall next in the solar one.

Rules of custom: a birthday on the 30th of a month that has 29 days this year is kept on the 29th; one in a leap month
(闰月) is kept in the ordinary month of that number when the year has no such leap month. Data reach to 2099.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from lunardate import LunarDate  # type: ignore[import-untyped]

from guanxi.base.normal import clean

FIRST_YEAR, LAST_YEAR = 1900, 2099
_MONTHS = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊")
_DIGITS = "十一二三四五六七八九"
_TEXT = re.compile(
    r"(?:农历|阴历|旧历)?(闰)?(1[0-2]|0?[1-9]|正|[一二三四五六七八九]|十[一二]?|冬|腊)月"
    r"(30|[12]\d|0?[1-9]|初[一二三四五六七八九十]|二十|三十|十[一二三四五六七八九]?|廿[一二三四五六七八九]?|二十[一二三四五六七八九])(?:日|号)?"
)


class LunarDay(NamedTuple):
    """A day of the Chinese year, without a year."""

    month: int
    day: int
    leap: bool = False

    def __str__(self) -> str:
        return f"{'闰' if self.leap else ''}{_MONTHS[self.month - 1]}月{_day_name(self.day)}"


def _day_name(day: int) -> str:
    if day % 10 == 0:
        return {10: "初十", 20: "二十", 30: "三十"}[day]
    return ("初", "十", "廿")[day // 10] + _DIGITS[day % 10]


def of(day: date) -> LunarDay:
    """The Chinese day of a solar date. Raises ValueError outside 1900-2099."""
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    return LunarDay(lunar.month, lunar.day, bool(lunar.is_leap_month))


def parse(text: str) -> LunarDay | None:
    """Read 农历八月十五, 腊月廿三, 闰四月初一, 正月30日; None for anything else."""
    found = _TEXT.fullmatch(re.sub(r"\s+", "", clean(text)))
    if found is None:
        return None
    month_text, day_text = found[2], found[3]
    if month_text.isdigit():
        month = int(month_text)
    else:
        names = {"正": 1, "冬": 11, "腊": 12, "十": 10, "十一": 11, "十二": 12}
        month = names.get(month_text) or _DIGITS.index(month_text)
    if day_text.isdigit():
        return LunarDay(month, int(day_text), bool(found[1]))
    tens = {"初": 0, "十": 10, "廿": 20, "二": 20, "三": 30}[day_text[0]]
    if day_text == "初十":
        return LunarDay(month, 10, bool(found[1]))
    rest = day_text[2:] if day_text.startswith(("二十", "三十")) else day_text[1:]
    return LunarDay(month, tens + (_DIGITS.index(rest) if rest else 0), bool(found[1]))


def next_birthday(birthday: LunarDay, today: date) -> date | None:
    """The next solar day of a Chinese birthday, today included; None beyond 2099.

    Raises ValueError for a day no Chinese year has.
    """
    if not (1 <= birthday.month <= 12 and 1 <= birthday.day <= 30):
        raise ValueError(f"no such Chinese day: {tuple(birthday)}")
    for year in range(max(today.year - 1, FIRST_YEAR), min(today.year + 2, LAST_YEAR + 1)):
        day = _in_year(birthday, year)
        if day is not None and day >= today:
            return day
    return None


def _in_year(birthday: LunarDay, year: int) -> date | None:
    leap = birthday.leap and LunarDate.leap_month_for_year(year) == birthday.month
    for number in (birthday.day, 29):
        try:
            solar: date = LunarDate(year, birthday.month, number, leap).to_solar_date()
        except ValueError:
            continue
        return solar
    return None
