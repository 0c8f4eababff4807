"""What a Chinese calendar prints beside a day: its festival, or the day of the Chinese year.

Festivals, not days off: which working days are moved is decided by the government each year and is data, not a rule.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from guanxi.base import lunar
from guanxi.base.text import T, Text

SOLAR = {
    (1, 1): T("元旦", "New Year"),
    (3, 8): T("妇女节", "Women's Day"),
    (5, 1): T("劳动节", "Labour Day"),
    (10, 1): T("国庆节", "National Day"),
}
LUNAR = {
    (1, 1): T("春节", "Spring Festival"),
    (1, 15): T("元宵节", "Lantern Festival"),
    (5, 5): T("端午节", "Dragon Boat"),
    (7, 7): T("七夕", "Qixi"),
    (8, 15): T("中秋节", "Mid-Autumn"),
    (9, 9): T("重阳节", "Double Ninth"),
}
EVE = T("除夕", "New Year's Eve")
TOMBS = T("清明节", "Tomb-Sweeping")


def tombs(year: int) -> int:
    """The day of April on which 清明 falls, by the rule for 2000 to 2099."""
    short = year % 100
    return int(short * 0.2422 + 4.81) - short // 4


@lru_cache(maxsize=2_000)
def festival(day: date) -> Text | None:
    """The festival of a day, or None. Chinese ones are known from 1900 to 2099, 清明 from 2000."""
    found = SOLAR.get((day.month, day.day))
    if found is None and day.month == 4 and 2000 <= day.year <= 2099 and day.day == tombs(day.year):
        found = TOMBS
    if found is not None or not lunar.FIRST_YEAR < day.year <= lunar.LAST_YEAR:
        return found
    here = lunar.of(day)
    if here.leap:
        return None
    if here.month == 12 and here.day >= 29 and lunar.of(day + timedelta(days=1)) == (1, 1, False):
        return EVE
    return LUNAR.get((here.month, here.day))


@lru_cache(maxsize=2_000)
def lunar_day(day: date) -> str:
    """The day of the Chinese month (初八), its month on the first (冬月); nothing beyond what is known."""
    if not lunar.FIRST_YEAR < day.year <= lunar.LAST_YEAR:
        return ""
    here = lunar.of(day)
    text = str(here)
    month, _, rest = text.partition("月")
    return f"{month}月" if here.day == 1 else rest
