"""Time: instants are UTC, days belong to a zone, weeks start on Monday, and every range is [start, end).

Also how people name ranges (今天, last_30_days) and how files write dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guanxi.base.errors import Invalid, Unparsed
from guanxi.base.normal import clean
from guanxi.base.text import T, Text

DEFAULT_ZONE: Final = "Asia/Shanghai"
PERIODS: Final[tuple[str, ...]] = ("day", "week", "month", "quarter", "year")
Order = Literal["ymd", "mdy", "dmy"]


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises Invalid for any other text; the name is never passed on unchecked."""
    try:
        if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", name):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Invalid.field(
            "time_zone",
            "unknown-time-zone",
            "没有这个时区。请从列表中选择，例如 Asia/Shanghai。",
            "There is no such time zone. Choose one from the list, such as Asia/Shanghai.",
        ) from None


def today(tz: tzinfo) -> date:
    """Today's date in a zone."""
    return now().astimezone(tz).date()


def start_of_day(day: date, tz: tzinfo) -> datetime:
    """The instant, in UTC, at which a day begins in a zone; the first one where clocks skip or repeat midnight."""
    return datetime.combine(day, time(), tz).astimezone(UTC)


def bounds(start: date, end: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The instants [start, end) of a range of days in a zone, in UTC."""
    return start_of_day(start, tz), start_of_day(end, tz)


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last day of a shorter month. Raises ValueError outside years 1-9999."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first = date(year, month + 1, 1)
    if day.day <= 28:
        return first.replace(day=day.day)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - timedelta(days=1)).day))


def period(kind: str, anchor: date, offset: int = 0, *, fiscal_start_month: int = 1) -> tuple[date, date]:
    """The [start, end) of the day, week, month, quarter or year around a day, moved by `offset` such periods.

    Quarters and years follow the fiscal year. Raises ValueError for another kind or outside years 1-9999.
    """
    if kind == "day":
        start = anchor + timedelta(days=offset)
        return start, start + timedelta(days=1)
    if kind == "week":
        start = anchor - timedelta(days=anchor.weekday()) + timedelta(weeks=offset)
        return start, start + timedelta(weeks=1)
    length = {"month": 1, "quarter": 3, "year": 12}.get(kind)
    if length is None:
        raise ValueError(f"unknown period {kind!r}")
    if not 1 <= fiscal_start_month <= 12:
        raise ValueError("a fiscal year starts in a month from 1 to 12")
    into = (anchor.month - fiscal_start_month) % length
    start = add_months(anchor.replace(day=1), offset * length - into)
    return start, add_months(start, length)


# Relative ranges. The English spelling is what is stored and sent; the Chinese one is shown and understood.
RELATIVE: Final[dict[str, Text]] = {
    "today": T("今天", "Today"),
    "yesterday": T("昨天", "Yesterday"),
    "tomorrow": T("明天", "Tomorrow"),
    "this_week": T("本周", "This week"),
    "last_week": T("上周", "Last week"),
    "next_week": T("下周", "Next week"),
    "this_month": T("本月", "This month"),
    "last_month": T("上月", "Last month"),
    "next_month": T("下月", "Next month"),
    "this_quarter": T("本季度", "This quarter"),
    "last_quarter": T("上季度", "Last quarter"),
    "next_quarter": T("下季度", "Next quarter"),
    "this_year": T("今年", "This year"),
    "last_year": T("去年", "Last year"),
    "next_year": T("明年", "Next year"),
}
_SHIFT = {"this": 0, "last": -1, "next": 1}
_COUNTED = re.compile(r"(last|next)_([1-9]\d{0,3})_(day|week|month|year)s?")
_DAYS_AROUND = {"today": 0, "yesterday": -1, "tomorrow": 1}

_ZH_WORDS: Final[dict[str, str]] = {
    "今天": "today", "今日": "today", "昨天": "yesterday", "昨日": "yesterday", "明天": "tomorrow", "明日": "tomorrow",
    "今年": "this_year", "本年": "this_year", "本年度": "this_year", "去年": "last_year", "上年": "last_year",
    "明年": "next_year", "下年": "next_year", "当天": "today", "当月": "this_month", "当年": "this_year",
}  # fmt: skip
_ZH_PERIOD = re.compile(r"(本|这|这个|上|上个|上一|下|下个|下一|当)(周|星期|礼拜|月|月份|季度|季|年度)")
_ZH_COUNTED = re.compile(
    r"(近|最近|过去|前|未来|今后|接下来|后)([0-9]{1,4}|[一两二三四五六七八九十]{1,3}|半)个?(天|日|周|星期|月|年)内?"
)
_ZH_UNIT = {
    "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "月份": "month",
    "季度": "quarter", "季": "quarter", "年度": "year", "年": "year",
}  # fmt: skip
_ZH_SHIFT = {"本": "this", "这": "this", "当": "this", "上": "last", "下": "next"}
_ZH_DIGIT = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def canonical_relative(expr: str) -> str | None:
    """The stored spelling of a relative range: 近 30 天 → last_30_days, 上季度 → last_quarter, "Last week" → last_week.

    None for text that names no range.
    """
    text = clean(expr).strip().lower()
    english = re.sub(r"[\s_-]+", "_", text).replace("past_", "last_", 1)
    if english in RELATIVE:
        return english
    if counted := _COUNTED.fullmatch(english):
        return f"{counted[1]}_{int(counted[2])}_{counted[3]}s"
    chinese = re.sub(r"\s+", "", text)
    if chinese in _ZH_WORDS:
        return _ZH_WORDS[chinese]
    if found := _ZH_PERIOD.fullmatch(chinese):
        return f"{_ZH_SHIFT[found[1][0]]}_{_ZH_UNIT[found[2]]}"
    if found := _ZH_COUNTED.fullmatch(chinese):
        word, unit = found[2], _ZH_UNIT[found[3]]
        if word == "半":  # 近半年, 近半个月
            if unit not in ("year", "month"):
                return None
            count, unit = (6, "month") if unit == "year" else (15, "day")
        else:
            number = int(word) if word.isdigit() else _chinese_number(word)
            if not number:
                return None
            count = number
        return f"{'last' if found[1] in ('近', '最近', '过去', '前') else 'next'}_{count}_{unit}s"
    return None


def relative(expr: str, today: date, fiscal_start_month: int = 1) -> tuple[date, date]:
    """The [start, end) of a relative range in the canonical spelling.

    `last_N_days` are the N days that end with today and `next_N_days` the N days that begin with today: what is due
    today belongs to both, so nothing falls between them. N weeks are 7N days; N months or years end or begin with
    today likewise (last_3_months on May 31: March 1 to May 31). Raises Invalid for anything else.
    """
    if expr in _DAYS_AROUND:
        return period("day", today, _DAYS_AROUND[expr])
    try:
        if expr in RELATIVE:
            shift, kind = expr.split("_")
            return period(kind, today, _SHIFT[shift], fiscal_start_month=fiscal_start_month)
        if counted := _COUNTED.fullmatch(expr):
            count, unit = int(counted[2]), counted[3]
            tomorrow = today + timedelta(days=1)
            if unit in ("day", "week"):
                length = timedelta(days=count * (7 if unit == "week" else 1))
                return (tomorrow - length, tomorrow) if counted[1] == "last" else (today, today + length)
            months = count * (12 if unit == "year" else 1)
            if counted[1] == "last":
                return add_months(tomorrow, -months), tomorrow
            return today, add_months(today, months)
    except (ValueError, OverflowError):
        pass  # beyond years 1-9999: as meaningless as an unknown word
    raise Invalid.field(
        "date",
        "unknown-relative-date",
        f"无法识别的日期范围“{expr[:40]}”。可用：today、this_week、last_30_days 等。",
        f"Unknown date range “{expr[:40]}”. Use today, this_week, last_30_days and so on.",
    )


def relative_label(expr: str) -> Text:
    """What a canonical relative range is called on screen."""
    if expr in RELATIVE:
        return RELATIVE[expr]
    counted = _COUNTED.fullmatch(expr)
    if counted is None:
        return T(expr, expr)
    zh_unit = {"day": "天", "week": "周", "month": "个月", "year": "年"}[counted[3]]
    plural = "" if counted[2] == "1" else "s"
    return T(
        f"{'近' if counted[1] == 'last' else '未来'} {counted[2]} {zh_unit}",
        f"{counted[1].title()} {counted[2]} {counted[3]}{plural}",
    )


def _chinese_number(word: str) -> int:
    """一 to 九十九; 0 for a word that is no number."""
    tens, ten, ones = word.partition("十")
    if not ten:
        return _ZH_DIGIT.get(word, 0)
    if tens not in ("", *_ZH_DIGIT) or ones not in ("", *_ZH_DIGIT):
        return 0
    return _ZH_DIGIT.get(tens, 1) * 10 + _ZH_DIGIT.get(ones, 0)


# Dates in files.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_NUMERIC = re.compile(r"(\d{1,4})\s*([-/.年])\s*(\d{1,2})\s*(?:\2|月)\s*(\d{1,4})\s*[日号]?")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_DAY_MONTH_YEAR = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[\s-]*{_MONTH_NAME}[\s,-]*(\d{{4}}|\d{{2}})")
_MONTH_DAY_YEAR = re.compile(rf"{_MONTH_NAME}\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})")
_TIME = re.compile(
    r"(?:[t\s]|(?<=[日号]))\s*(上午|下午|晚上|凌晨|早上|中午)?\s*"
    r"(\d{1,2})\s*[:时点]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})(?:[.,](\d{1,9}))?\s*秒?|\s*分)?"
    r"\s*([ap]\.?m\.?|上午|下午)?\s*(z|utc|gmt|[+-]\d\d:?\d\d)?$"
)
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+|\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")


def from_excel_serial(serial: int | float, *, date1904: bool = False) -> datetime:
    """The wall-clock time behind an Excel serial number (days since 1900, or since 1904 in old Mac files).

    Excel keeps Lotus's invented 1900-02-29 as serial 60: that day and numbers outside 0 ≤ n < 2958466 (the year
    10000) raise Unparsed.
    """
    if not 0 <= serial < 2_958_466 or (not date1904 and 60 <= serial < 61):
        raise _not_a_date(str(serial))
    if date1904:
        base = datetime(1904, 1, 1)  # noqa: DTZ001 - a cell has no zone
    else:
        base = datetime(1899, 12, 31) if serial < 60 else datetime(1899, 12, 30)  # noqa: DTZ001
    try:
        return base + timedelta(seconds=round(serial * 86_400))
    except OverflowError:
        raise _not_a_date(str(serial)) from None


def parse_date(text: str, order: Order | None = None) -> date:
    """Read a date as files write it: 2024-03-05, 2024/3/5, 2024年3月5日, 20240305, 5-Mar-2024, an Excel serial.

    A time behind the date is ignored. Where digits can be read in several ways (3/5/2024, 24/3/5) `order` decides;
    without it only dates with one reading are accepted (25/12/2024). Two-digit years mean 1970-2069.
    Raises Unparsed: `not-a-date`, `ambiguous-date`, or `no-such-day` (2024-02-30, or 25/12/2024 as "mdy").
    """
    shape = _shape(text)
    return _resolve(shape, order, text)


def parse_datetime(text: str, tz: tzinfo, order: Order | None = None) -> datetime:
    """Read a date with an optional time; wall-clock times are of the zone `tz`. Returns UTC. Raises as parse_date."""
    shape = _shape(text)
    day = _resolve(shape, order, text)
    try:
        return datetime.combine(day, shape.clock, shape.offset or tz).astimezone(UTC)
    except OverflowError:
        raise _not_a_date(text) from None


def date_orders(texts: Iterable[str]) -> set[Order]:
    """The readings that fit every date of a column.

    {"ymd"}: nothing needs a decision. Several: ask. {"mdy"} or {"dmy"}: some date settles it. Empty: the column
    contradicts itself, or holds no date. Cells that are no dates are passed over; their rows are rejected one by one.
    """
    orders: set[Order] = {"ymd", "mdy", "dmy"}
    seen = decided = False
    for text in texts:
        try:
            shape = _shape(text)
        except Unparsed:
            continue
        readings = _readings(shape)
        seen = seen or bool(readings)
        if shape.kind != "fixed" and readings:
            decided = True
            orders &= readings.keys()
    if not seen:
        return set()
    return orders if decided else {"ymd"}


class _Shape(NamedTuple):
    """What a text looks like before anybody decides which number is the month."""

    kind: Literal["fixed", "year-last", "short"]
    a: int
    b: int
    c: int
    clock: time
    offset: tzinfo | None


def _shape(original: str) -> _Shape:
    if len(original) > 64:
        raise _not_a_date(original)
    text = clean(original).strip().lower()
    clock, offset = time(), None
    if ":" in text or "时" in text or "点" in text:
        found = _TIME.search(text)
        if found is None:
            raise _not_a_date(original)
        clock, offset = _clock(found, original)
        text = text[: found.start()].rstrip()
    text = _WEEKDAY.sub("", text).strip()
    if found := _NUMERIC.fullmatch(text):
        a, b, c = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "年":
            return _Shape("fixed", a if len(found[1]) == 4 else _century(a), b, c, clock, offset)
        if len(found[1]) == 4 and len(found[4]) <= 2:
            return _Shape("fixed", a, b, c, clock, offset)
        if len(found[1]) <= 2 and len(found[4]) == 4:
            return _Shape("year-last", a, b, c, clock, offset)
        if len(found[1]) <= 2 and len(found[4]) <= 2:
            return _Shape("short", a, b, c, clock, offset)
    elif found := _COMPACT.fullmatch(text):
        return _Shape("fixed", int(found[1]), int(found[2]), int(found[3]), clock, offset)
    elif found := _SERIAL.fullmatch(text):
        moment = from_excel_serial(float(text))
        return _Shape("fixed", moment.year, moment.month, moment.day, moment.time(), None)
    elif found := _DAY_MONTH_YEAR.fullmatch(text):
        year = int(found[3]) if len(found[3]) == 4 else _century(int(found[3]))
        return _Shape("fixed", year, _MONTHS.index(found[2]) + 1, int(found[1]), clock, offset)
    elif found := _MONTH_DAY_YEAR.fullmatch(text):
        return _Shape("fixed", int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]), clock, offset)
    raise _not_a_date(original)


def _clock(found: re.Match[str], original: str) -> tuple[time, tzinfo | None]:
    hour = int(found[2])
    half = (found[1] or found[6] or "").replace(".", "")
    if half and hour > 12 and half not in ("下午", "晚上", "中午", "pm"):
        raise _not_a_date(original)
    if (half in ("下午", "晚上", "pm") and hour < 12) or (half == "中午" and hour < 11):
        hour += 12
    elif half in ("上午", "凌晨", "早上", "am") and hour == 12:
        hour = 0
    try:
        clock = time(hour, int(found[3]), int(found[4] or 0), int((found[5] or "0")[:6].ljust(6, "0")))
        zone_text = found[7]
        if not zone_text:
            return clock, None
        if zone_text[0] not in "+-":
            return clock, UTC
        offset = timedelta(hours=int(zone_text[1:3]), minutes=int(zone_text[-2:]))
        return clock, timezone(offset if zone_text[0] == "+" else -offset)
    except ValueError:
        raise _not_a_date(original) from None


def _century(two_digits: int) -> int:
    return two_digits + (2000 if two_digits < 70 else 1900)


def _readings(shape: _Shape) -> dict[Order, date]:
    """Every reading that gives a real day."""
    a, b, c = shape.a, shape.b, shape.c
    parts: dict[Order, tuple[int, int, int]]
    if shape.kind == "fixed":
        parts = {"ymd": (a, b, c)}
    elif shape.kind == "year-last":
        parts = {"mdy": (c, a, b), "dmy": (c, b, a)}
    else:
        parts = {"ymd": (_century(a), b, c), "mdy": (_century(c), a, b), "dmy": (_century(c), b, a)}
    readings: dict[Order, date] = {}
    for order, (year, month, day) in parts.items():
        try:
            readings[order] = date(year, month, day)
        except ValueError:
            continue
    return readings


def _resolve(shape: _Shape, order: Order | None, original: str) -> date:
    readings = _readings(shape)
    if shape.kind == "year-last" and order == "ymd":
        order = None
    if shape.kind != "fixed" and order is not None:
        readings = {order: readings[order]} if order in readings else {}
    days = set(readings.values())
    if not days:
        raise Unparsed(
            "no-such-day",
            T(
                "“{text}”这一天不存在，或与所选的日期顺序不符。请改正日期，或换一种顺序。",
                "There is no day “{text}” in the chosen order. Correct the date or choose another order.",
            ).format(text=original.strip()),
        )
    if len(days) > 1:
        raise Unparsed(
            "ambiguous-date",
            T(
                "“{text}”可能是几个不同的日子。请选择日期顺序：年月日、月日年或日月年。",
                "“{text}” can mean different days. Choose the order: year-month-day, month-day-year or day-month-year.",
            ).format(text=original.strip()),
        )
    return days.pop()


def _not_a_date(text: str) -> Unparsed:
    return Unparsed(
        "not-a-date",
        T(
            "“{text}”不是日期。请写成 2024-03-05 这样的形式。", "“{text}” is not a date. Write it like 2024-03-05."
        ).format(text=text.strip()[:40]),
    )
