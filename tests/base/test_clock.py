from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.clock import (
    RELATIVE,
    add_months,
    bounds,
    canonical_relative,
    date_orders,
    from_excel_serial,
    now,
    parse_date,
    parse_datetime,
    period,
    relative,
    relative_label,
    start_of_day,
    zone,
)
from guanxi.base.errors import Invalid, Unparsed
from guanxi.base.text import T

D = date
SHANGHAI = zone("Asia/Shanghai")
SUNDAY = D(2026, 11, 22)


def test_now_is_aware_utc() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "'; drop", "Asia/Shanghai\0"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        zone(name)
    assert caught.value.errors[0].code == "unknown-time-zone"


def test_days_in_a_zone() -> None:
    assert bounds(D(2026, 1, 1), D(2026, 1, 2), SHANGHAI) == (
        datetime(2025, 12, 31, 16, tzinfo=UTC),
        datetime(2026, 1, 1, 16, tzinfo=UTC),
    )
    # Beirut skips midnight on 2024-03-31: the day begins at 01:00 summer time
    assert start_of_day(D(2024, 3, 31), zone("Asia/Beirut")) == datetime(2024, 3, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "offset", "start", "end"),
    [
        ("day", 0, D(2026, 11, 22), D(2026, 11, 23)),
        ("week", 0, D(2026, 11, 16), D(2026, 11, 23)),
        ("week", 1, D(2026, 11, 23), D(2026, 11, 30)),
        ("month", 0, D(2026, 11, 1), D(2026, 12, 1)),
        ("month", 2, D(2027, 1, 1), D(2027, 2, 1)),
        ("quarter", 0, D(2026, 10, 1), D(2027, 1, 1)),
        ("quarter", -1, D(2026, 7, 1), D(2026, 10, 1)),
        ("year", 0, D(2026, 1, 1), D(2027, 1, 1)),
        ("year", -1, D(2025, 1, 1), D(2026, 1, 1)),
    ],
)
def test_periods(kind: str, offset: int, start: date, end: date) -> None:
    assert period(kind, SUNDAY, offset) == (start, end)


def test_fiscal_years() -> None:
    assert period("year", SUNDAY, fiscal_start_month=4) == (D(2026, 4, 1), D(2027, 4, 1))
    assert period("year", D(2026, 3, 31), fiscal_start_month=4) == (D(2025, 4, 1), D(2026, 4, 1))
    assert period("quarter", SUNDAY, fiscal_start_month=2) == (D(2026, 11, 1), D(2027, 2, 1))
    assert period("quarter", D(2026, 1, 15), fiscal_start_month=2) == (D(2025, 11, 1), D(2026, 2, 1))
    with pytest.raises(ValueError, match="unknown period"):
        period("decade", SUNDAY)
    with pytest.raises(ValueError, match="fiscal"):
        period("year", SUNDAY, fiscal_start_month=13)


def test_add_months_keeps_the_day_or_the_last_of_the_month() -> None:
    assert add_months(D(2026, 1, 31), 1) == D(2026, 2, 28)
    assert add_months(D(2024, 1, 31), 1) == D(2024, 2, 29)
    assert add_months(D(2026, 11, 30), 3) == D(2027, 2, 28)
    assert add_months(D(2026, 10, 31), 2) == D(2026, 12, 31)
    assert add_months(D(2026, 3, 31), -4) == D(2025, 11, 30)


@pytest.mark.parametrize(
    ("expr", "start", "end"),
    [
        ("today", D(2026, 11, 22), D(2026, 11, 23)),
        ("yesterday", D(2026, 11, 21), D(2026, 11, 22)),
        ("tomorrow", D(2026, 11, 23), D(2026, 11, 24)),
        ("this_week", D(2026, 11, 16), D(2026, 11, 23)),
        ("last_quarter", D(2026, 7, 1), D(2026, 10, 1)),
        ("next_year", D(2027, 1, 1), D(2028, 1, 1)),
        ("last_30_days", D(2026, 10, 24), D(2026, 11, 23)),
        ("next_7_days", D(2026, 11, 22), D(2026, 11, 29)),
        ("last_1_day", D(2026, 11, 22), D(2026, 11, 23)),
        ("last_2_weeks", D(2026, 11, 9), D(2026, 11, 23)),
        ("last_3_months", D(2026, 8, 23), D(2026, 11, 23)),
        ("next_1_years", D(2026, 11, 22), D(2027, 11, 22)),
    ],
)
def test_relative_ranges(expr: str, start: date, end: date) -> None:
    assert relative(expr, SUNDAY) == (start, end)


def test_relative_ranges_of_a_fiscal_year_and_month_ends() -> None:
    assert relative("this_year", SUNDAY, 4) == (D(2026, 4, 1), D(2027, 4, 1))
    assert relative("last_3_months", D(2026, 5, 31)) == (D(2026, 3, 1), D(2026, 6, 1))


@pytest.mark.parametrize(
    "expr", ["", "now", "今天", "last_0_days", "last_99999_days", "last_9999_years", "next_9999_years"]
)
def test_unknown_relative_ranges(expr: str) -> None:
    with pytest.raises(Invalid) as caught:
        relative(expr, SUNDAY)
    assert caught.value.errors[0].code == "unknown-relative-date"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天", "today"),
        ("昨日", "yesterday"),
        ("明天", "tomorrow"),
        ("本周", "this_week"),
        ("上星期", "last_week"),
        ("下个月", "next_month"),
        ("本月", "this_month"),
        ("上个季度", "last_quarter"),
        ("本季", "this_quarter"),
        ("今年", "this_year"),
        ("上年度", "last_year"),
        ("近 30 天", "last_30_days"),
        ("近３０天", "last_30_days"),
        ("过去7天", "last_7_days"),
        ("最近三个月", "last_3_months"),
        ("未来7天", "next_7_days"),
        ("未来十五天内", "next_15_days"),
        ("近二十一天", "last_21_days"),
        ("近半年", "last_6_months"),
        ("Last 30 days", "last_30_days"),
        ("past 7 days", "last_7_days"),
        ("this-week", "this_week"),
        ("next_1_month", "next_1_months"),
        ("随便", None),
        ("近天", None),
        ("近0天", None),
        ("近半天", None),
    ],
)
def test_canonical_spelling(text: str, expected: str | None) -> None:
    assert canonical_relative(text) == expected


def test_every_relative_name_reads_back_in_both_languages() -> None:
    for name, label in RELATIVE.items():
        assert canonical_relative(label.zh) == name
        assert canonical_relative(label.en) == name
        assert relative_label(name) == label
    assert relative_label("last_30_days") == T("近 30 天", "Last 30 days")
    assert relative_label("next_1_months") == T("未来 1 个月", "Next 1 month")
    for name in ("last_30_days", "next_2_weeks", "last_3_months"):
        assert canonical_relative(relative_label(name).zh) == name
        assert canonical_relative(relative_label(name).en) == name


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05", "2024/3/5", "2024.3.5", "2024年3月5日", "2024 年 3 月 5 号", "２０２４－０３－０５", "20240305",
        "45356", "5-Mar-2024", "05 March 2024", "Mar 5, 2024", "March 5th, 2024", "Tue, 5 Mar 2024", "45356.75",
        "2024-03-05 10:20:30", "2024-03-05T10:20:30Z", "2024/3/5 0:00", "2024年3月5日 星期二", "24年3月5日",
        "2024年3月5日14时20分", "2024-03-05T10:20:30.123+08:00", " 2024-3-5 ",
    ],
)  # fmt: skip
def test_dates_with_one_reading(text: str) -> None:
    assert parse_date(text) == D(2024, 3, 5)
    assert parse_date(text, "dmy") == D(2024, 3, 5)


def test_dates_that_need_an_order() -> None:
    assert parse_date("25/12/2024") == D(2024, 12, 25)
    assert parse_date("12/25/2024") == D(2024, 12, 25)
    assert parse_date("5/5/2024") == D(2024, 5, 5)
    assert parse_date("3/5/2024", "mdy") == D(2024, 3, 5)
    assert parse_date("3/5/2024", "dmy") == D(2024, 5, 3)
    assert parse_date("05-03-2024", "dmy") == D(2024, 3, 5)
    assert parse_date("24/3/5", "ymd") == D(2024, 3, 5)
    assert parse_date("3/5/24", "mdy") == D(2024, 3, 5)
    assert parse_date("1/2/70", "dmy") == D(1970, 2, 1)
    assert parse_date("1/2/69", "dmy") == D(2069, 2, 1)
    for text, order, code in [
        ("3/5/2024", None, "ambiguous-date"),
        ("3/5/2024", "ymd", "ambiguous-date"),
        ("3/5/24", None, "ambiguous-date"),
        ("25/12/2024", "mdy", "no-such-day"),
        ("2024-02-30", None, "no-such-day"),
        ("13/13/2024", None, "no-such-day"),
    ]:
        with pytest.raises(Unparsed) as caught:
            parse_date(text, order)  # type: ignore[arg-type]
        assert caught.value.code == code, text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "N/A",
        "2024",
        "2024-13",
        "2024年3月",
        "123456",
        "1/2",
        "1/2/3/4",
        "12:30",
        "2024-03-05 25:00",
        "x" * 99,
        "2024-3/5",
    ],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(Unparsed) as caught:
        parse_date(text)
    assert caught.value.code == "not-a-date"


def test_times() -> None:
    assert parse_datetime("2024-03-05 10:20:30", SHANGHAI) == datetime(2024, 3, 5, 2, 20, 30, tzinfo=UTC)
    assert parse_datetime("2024-03-05T10:20:30.5Z", SHANGHAI) == datetime(2024, 3, 5, 10, 20, 30, 500_000, tzinfo=UTC)
    assert parse_datetime("2024-03-05 10:20-0500", SHANGHAI) == datetime(2024, 3, 5, 15, 20, tzinfo=UTC)
    assert parse_datetime("2024/3/5 下午 2:05", SHANGHAI) == datetime(2024, 3, 5, 6, 5, tzinfo=UTC)
    assert parse_datetime("3/5/2024 12:05 AM", SHANGHAI, "mdy") == datetime(2024, 3, 4, 16, 5, tzinfo=UTC)
    assert parse_datetime("2024年3月5日14时20分", SHANGHAI) == datetime(2024, 3, 5, 6, 20, tzinfo=UTC)
    assert parse_datetime("45356.75", SHANGHAI) == datetime(2024, 3, 5, 10, 0, tzinfo=UTC)
    assert parse_datetime("2024-03-05", SHANGHAI) == datetime(2024, 3, 4, 16, tzinfo=UTC)


def test_excel_serials() -> None:
    assert from_excel_serial(1) == datetime(1900, 1, 1)  # noqa: DTZ001
    assert from_excel_serial(59) == datetime(1900, 2, 28)  # noqa: DTZ001
    assert from_excel_serial(61) == datetime(1900, 3, 1)  # noqa: DTZ001
    assert from_excel_serial(0, date1904=True) == datetime(1904, 1, 1)  # noqa: DTZ001
    assert from_excel_serial(2_958_465) == datetime(9999, 12, 31)  # noqa: DTZ001
    for serial in (60, -1, 2_958_466):
        with pytest.raises(Unparsed):
            from_excel_serial(serial)


def test_orders_of_a_column() -> None:
    assert date_orders(["2024-03-05", "2024年3月5日", "", "N/A"]) == {"ymd"}
    assert date_orders(["3/5/2024", "4/6/2024"]) == {"mdy", "dmy"}
    assert date_orders(["3/5/2024", "25/6/2024"]) == {"dmy"}
    assert date_orders(["3/5/2024", "6/25/2024", "2024-01-01"]) == {"mdy"}
    assert date_orders(["25/6/2024", "6/25/2024"]) == set()
    assert date_orders(["3/5/24"]) == {"ymd", "mdy", "dmy"}
    assert date_orders(["24/3/25"]) == {"ymd", "dmy"}
    assert date_orders(["24/3/25", "32/3/25"]) == {"ymd"}
    assert date_orders(["N/A", "", "13/13/2024"]) == set()
    assert date_orders([]) == set()


@given(st.dates(min_value=D(1970, 1, 1), max_value=D(2069, 12, 31)))
def test_every_day_reads_back_in_every_spelling(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day:%d %b %Y}",
    ):
        assert parse_date(text) == day
    assert parse_date(f"{day:%d/%m/%Y}", "dmy") == day
    assert parse_date(f"{day:%m/%d/%y}", "mdy") == day


@given(st.text(max_size=70))
def test_no_text_crashes(text: str) -> None:
    canonical_relative(text)
    date_orders([text])
