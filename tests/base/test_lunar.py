from datetime import date, timedelta

import pytest

from guanxi.base.lunar import LunarDay, next_birthday, of, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("农历八月十五", LunarDay(8, 15)),
        ("正月初一", LunarDay(1, 1)),
        ("腊月廿三", LunarDay(12, 23)),
        ("冬月初十", LunarDay(11, 10)),
        ("十一月二十", LunarDay(11, 20)),
        ("十二月三十", LunarDay(12, 30)),
        ("十月二十九", LunarDay(10, 29)),
        ("闰四月初一", LunarDay(4, 1, True)),
        ("阴历 8月15日", LunarDay(8, 15)),
        ("2024-08-15", None),
        ("八月卅二", None),
        ("十三月初一", None),
        ("", None),
    ],
)
def test_reading(text: str, expected: LunarDay | None) -> None:
    assert parse(text) == expected


def test_every_day_reads_back() -> None:
    for month in range(1, 13):
        for day in range(1, 31):
            for leap in (False, True):
                assert parse(str(LunarDay(month, day, leap))) == LunarDay(month, day, leap)


def test_known_days() -> None:
    assert of(date(2024, 2, 10)) == LunarDay(1, 1)  # Spring Festival
    assert of(date(2024, 9, 17)) == LunarDay(8, 15)  # Mid-Autumn
    assert of(date(2020, 5, 23)) == LunarDay(4, 1, True)
    assert str(of(date(2025, 1, 28))) == "腊月廿九"


@pytest.mark.parametrize(
    ("birthday", "today", "expected"),
    [
        (LunarDay(8, 15), date(2024, 9, 17), date(2024, 9, 17)),
        (LunarDay(8, 15), date(2024, 9, 18), date(2025, 10, 6)),
        (LunarDay(12, 29), date(2025, 1, 1), date(2025, 1, 28)),
        (LunarDay(12, 30), date(2025, 1, 1), date(2025, 1, 28)),  # 29 days that year
        (LunarDay(4, 1, True), date(2020, 1, 1), date(2020, 5, 23)),
        (LunarDay(4, 1, True), date(2021, 1, 1), date(2021, 5, 12)),  # no leap month: the ordinary one
        (LunarDay(1, 1), date(2200, 1, 1), None),
    ],
)
def test_next_birthday(birthday: LunarDay, today: date, expected: date | None) -> None:
    assert next_birthday(birthday, today) == expected


def test_a_birthday_comes_every_year() -> None:
    day = date(2020, 1, 1)
    for birthday in (LunarDay(6, 30), LunarDay(1, 1), LunarDay(12, 30), LunarDay(2, 29, True)):
        last = next_birthday(birthday, day)
        assert last is not None
        for _ in range(10):
            following = next_birthday(birthday, last + timedelta(days=1))
            assert following is not None
            assert 350 <= (following - last).days <= 390
            last = following


def test_no_such_day() -> None:
    with pytest.raises(ValueError, match="no such Chinese day"):
        next_birthday(LunarDay(13, 1), date(2024, 1, 1))
