"""Festivals and lunar days, against published calendars."""

from __future__ import annotations

from datetime import date

import pytest

from guanxi.base.festivals import festival, lunar_day

KNOWN = {
    "春节": ["2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06"],
    "清明节": ["2024-04-04", "2025-04-04", "2026-04-05", "2027-04-05"],
    "端午节": ["2024-06-10", "2025-05-31", "2026-06-19", "2027-06-09"],
    "中秋节": ["2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15"],
    "除夕": ["2024-02-09", "2025-01-28", "2026-02-16", "2027-02-05"],
    "国庆节": ["2026-10-01"],
}


@pytest.mark.parametrize(("name", "days"), KNOWN.items())
def test_festivals_fall_where_calendars_print_them(name, days):
    for day in days:
        found = festival(date.fromisoformat(day))
        assert found is not None and found.zh == name


def test_an_ordinary_day_has_none_and_a_lunar_name():
    assert festival(date(2026, 11, 22)) is None
    assert festival(date(1899, 5, 5)) is None and festival(date(2150, 1, 1)) is not None
    assert lunar_day(date(2026, 2, 17)) == "正月" and lunar_day(date(2026, 2, 18)) == "初二"
    assert lunar_day(date(2026, 11, 22)) == "十四"
    assert lunar_day(date(2150, 1, 1)) == ""
    # 2025 has a leap sixth month: its fifteenth is no festival
    assert lunar_day(date(2025, 7, 25)) == "闰六月"
