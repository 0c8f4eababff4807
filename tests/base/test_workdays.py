"""Working days: weekends, public holidays of China with the weekends worked for them, and days of one's own."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.workdays import Calendar, public

CHINA = public("Asia/Shanghai")


def test_the_national_day_of_2025() -> None:
    """国办发明电〔2024〕12号: off from 1 to 8 October, worked on 28 September (Sunday) and 11 October (Saturday)."""
    days = [date(2025, 9, 26) + timedelta(days=n) for n in range(18)]
    assert [day.day for day in days if CHINA.works(day)] == [26, 28, 29, 30, 9, 10, 11, 13]
    assert CHINA.after(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert CHINA.after(date(2025, 9, 30), 4) == date(2025, 10, 13)
    assert CHINA.after(date(2025, 10, 4), 0) == date(2025, 10, 4)


def test_elsewhere_and_later_only_weekends_are_off() -> None:
    assert public("Europe/Berlin") == Calendar()
    assert not public("Europe/Berlin").works(date(2025, 10, 4)) and public("Europe/Berlin").works(date(2025, 10, 1))
    later = date(CHINA.until + 1, 10, 1)
    assert CHINA.works(later) == (later.weekday() < 5)


def test_days_of_ones_own_come_first() -> None:
    own = CHINA.with_days([date(2025, 9, 29)], [date(2025, 10, 8)])
    assert not own.works(date(2025, 9, 29)) and own.works(date(2025, 10, 8)) and not own.works(date(2025, 10, 7))


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 60))
def test_so_many_working_days_lie_between(day: date, days: int) -> None:
    end = CHINA.after(day, days)
    assert sum(CHINA.works(day + timedelta(days=n)) for n in range(1, (end - day).days + 1)) == days
    assert days == 0 or CHINA.works(end)
