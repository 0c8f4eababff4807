"""Working days: weekdays without public holidays, and the weekends that are worked instead.

China's come with a package, whose years end where the State Council has not said anything yet; beyond them weekends are all that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar.constants import holidays, workdays  # type: ignore[import-untyped]

ZONES = frozenset({"Asia/Shanghai", "Asia/Urumqi"})
"""Where China's public holidays hold."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Days that are off though they are weekdays, and weekends that are worked. `until`: the last year for which public holidays are known,
    0 where none are."""

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    until: int = 0

    def works(self, day: date) -> bool:
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def after(self, day: date, days: int) -> date:
        """The day that is so many working days after a day; that day itself for none."""
        while days > 0:
            day += _DAY
            days -= self.works(day)
        return day

    def with_days(self, off: Iterable[date], on: Iterable[date]) -> Calendar:
        """The calendar with days of one's own, which come first."""
        own_off, own_on = frozenset(off), frozenset(on)
        return Calendar((self.off - own_on) | own_off, (self.on - own_off) | own_on, self.until)


@lru_cache
def public(zone: str) -> Calendar:
    """The public holidays where a time zone is."""
    if zone not in ZONES:
        return Calendar()
    off = frozenset(day for day in holidays if day.weekday() < 5)
    return Calendar(off, frozenset(workdays), max(holidays).year)
