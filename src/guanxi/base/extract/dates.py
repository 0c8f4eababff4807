"""Days and hours as people say them, in Chinese and English, from the moment of speaking.

Weeks begin on Monday and end on Sunday: 下周日 is the Sunday of next week. What names no year, month or week lies ahead,
because people write down plans: 3号 is the next 3rd, 周五 the coming Friday. What can be meant otherwise is not `sure`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from guanxi.base.clock import add_months
from guanxi.base.extract.facts import Fact, Moment, Plain, numeral
from guanxi.base.extract.hours import AP, CLOCK, EN_HALF, HALVES, JOIN, ONLY_HALF, clock

_N = r"(?:\d{1,2}|[一二两三四五六七八九十廿]{1,3})"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?P<w>monday|tuesday|wednesday|thursday|friday|saturday|sunday|(?:mon|tues?|wed|thur?s?|fri|sat|sun)\b\.?)"
_COUNT = r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}  # fmt: skip
_ZH_WEEKDAY = {sign: at for at, sign in enumerate("一二三四五六日")} | {"天": 6} | {str(n + 1): n for n in range(6)}
_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨儿": -1, "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "今儿": 0,
    "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "明儿": 1, "后天": 2, "后日": 2, "大后天": 3,
}  # fmt: skip


class _Found(NamedTuple):
    moment: Moment
    sure: bool = True


Handler = Callable[[re.Match[str], datetime], "_Found | None"]


def _day(day: date, sure: bool = True) -> _Found:
    return _Found(Moment(day), sure)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ahead(month: int, day: int, base: date) -> _Found | None:
    """The next day of that name; not sure where the last one was within three months."""
    for year in range(base.year, base.year + 9):  # 2-29 may be eight years away
        found = _made(year, month, day)
        if found is not None and found >= base:
            passed = _made(base.year, month, day)
            return _day(found, passed is None or found == passed or (base - passed).days > 92)
    return None


def _monday(base: date, weeks: int = 0) -> date:
    return base - timedelta(days=base.weekday()) + timedelta(weeks=weeks)


def _absolute(m: re.Match[str], now: datetime) -> _Found | None:
    year = numeral(m[1])
    month, day = numeral(m[2]), numeral(m[3])
    if year is None or month is None or day is None:
        return None
    year += 2000 if year < 100 else 0
    found = _made(year, month, day) if 1900 <= year <= 2199 else None
    return _day(found) if found else None


def _month_day(m: re.Match[str], now: datetime) -> _Found | None:
    month, day = numeral(m["m"]), numeral(m["d"])
    if month is None or day is None:
        return None
    shift = {"今年": 0, "本年": 0, "明年": 1, "后年": 2, "去年": -1}.get(m["y"] or "")
    if shift is not None:
        found = _made(now.year + shift, month, day)
        return _day(found) if found else None
    return _ahead(month, day, now.date())


def _slashed(m: re.Match[str], now: datetime) -> _Found | None:
    found = _ahead(int(m[1]), int(m[2]), now.date())
    return _Found(found.moment, False) if found else None


def _in_month(first: date, part: str, now: datetime) -> _Found | None:
    """A part of the month that begins with `first`: its end, beginning, middle, or all of it."""
    if part in ("底", "末"):
        return _day(add_months(first, 1) - timedelta(days=1))
    if part in ("初", "上旬"):
        return _day(first, False)
    if part in ("中", "中旬"):
        return _day(first.replace(day=15), False)
    if part == "下旬":
        return _day(first.replace(day=21), False)
    return _Found(Moment(first, None, "month"), False)


def _month_part(m: re.Match[str], now: datetime) -> _Found | None:
    month = numeral(m["m"])
    if month is None or not 1 <= month <= 12:
        return None
    year = numeral(m["y"]) if m["y"] else None
    if m["rel"]:
        year = now.year + {"今年": 0, "本年": 0, "明年": 1, "后年": 2, "去年": -1}[m["rel"]]
    if year is None:
        year = now.year + (month < now.month)
    elif not 1900 <= year <= 2199:
        return None
    return _in_month(date(year, month, 1), m["part"] or "", now)


def _named_month(m: re.Match[str], now: datetime) -> _Found | None:
    shift = -m["rel"].count("上") + m["rel"].count("下")
    first = add_months(now.date().replace(day=1), shift)
    if m["d"]:
        day = numeral(m["d"])
        found = _made(first.year, first.month, day or 0)
        return _day(found) if found else None
    if shift <= 0 and not m["part"]:
        return None  # 这个月, 上个月: no plan
    return _in_month(first, m["part"] or "", now)


def _end_of_month(m: re.Match[str], now: datetime) -> _Found | None:
    return _in_month(now.date().replace(day=1), m[1], now) if m[1] != "初" else _in_month(add_months(now.date().replace(day=1), 1), m[1], now)


def _end_of_year(m: re.Match[str], now: datetime) -> _Found | None:
    year = now.year + {"明": 1, "后": 2, "去": -1}.get((m[1] or "")[:1], 0)
    return _day(date(year, 12, 31)) if m[2] != "初" else (_day(date(year if m[1] else year + 1, 1, 1), False))


def _end_of_quarter(m: re.Match[str], now: datetime) -> _Found | None:
    first = now.date().replace(day=1, month=(now.month - 1) // 3 * 3 + 1)
    return _day(add_months(first, 6 if (m[1] or "").startswith("下") else 3) - timedelta(days=1))


def _day_of_month(m: re.Match[str], now: datetime) -> _Found | None:
    day = numeral(m[1])
    if day is None or not 1 <= day <= 31:
        return None
    first = now.date().replace(day=1)
    for months in range(3):
        month = add_months(first, months)
        found = _made(month.year, month.month, day)
        if found is not None and found >= now.date():
            return _day(found)
    return None


def _relative_day(m: re.Match[str], now: datetime) -> _Found | None:
    word = m[0]
    found = now.date() + timedelta(days=_DAYS[word])
    if word[-1] in "早晚":
        return _Found(Moment(found, time(HALVES[word[-1]][1]), "half"))
    return _day(found)


def _weekday(m: re.Match[str], now: datetime) -> _Found | None:
    rel, sign = m["rel"] or "", m["w"]
    weeks = rel.count("下") - rel.count("上")
    if sign == "末":
        found = _monday(now.date(), weeks) + timedelta(days=5)
        return _day(found if rel or found >= now.date() else found + timedelta(weeks=1), False)
    at = _ZH_WEEKDAY[sign]
    if rel:
        return _day(_monday(now.date(), weeks) + timedelta(days=at))
    return _coming(at, now.date())


def _coming(weekday: int, base: date) -> _Found:
    """The weekday that comes next; said on the same weekday it may mean today."""
    days = (weekday - base.weekday()) % 7
    return _day(base + timedelta(days=days or 7), days != 0)


def _week(m: re.Match[str], now: datetime) -> _Found | None:
    return _Found(Moment(_monday(now.date(), m[1].count("下")), None, "week"), False)


def _offset(count: float, unit: str, now: datetime, sure: bool = True) -> _Found | None:
    if unit in ("天", "日", "day"):
        return _day(now.date() + timedelta(days=int(count)), sure)
    if unit in ("周", "星期", "礼拜", "week"):
        return _day(now.date() + timedelta(days=round(count * 7)), sure)
    if unit in ("月", "month"):
        if count != int(count):
            return _day(now.date() + timedelta(days=15 if count > 0 else -15), sure)
        return _day(add_months(now.date(), int(count)), sure)
    if unit in ("年", "year"):
        return _day(add_months(now.date(), round(count * 12)), sure)
    at = now + timedelta(minutes=round(count * (60 if unit in ("小时", "钟头", "hour") else 1)))
    return _Found(Moment(at.date(), at.time().replace(second=0, microsecond=0, tzinfo=None), "time"), sure)


def _zh_offset(m: re.Match[str], now: datetime) -> _Found | None:
    word = m["n"]
    count = 0.5 if word == "半" else float(numeral(word) or 0)
    if not count:
        return None
    back = m["end"].endswith("前")
    vague = word in ("两", "俩") and m["unit"] in ("天", "日") and bool(m["go"])
    if not m["go"] and not m["end"]:
        return None
    return _offset(-count if back else count, m["unit"], now, not vague and "内" not in m["end"])


def _en_offset(m: re.Match[str], now: datetime) -> _Found | None:
    count = _COUNTS.get(m["n"].lower()) or int(m["n"])
    back = (m.groupdict().get("end") or "").lower() == "ago"
    unit = m["unit"].lower().rstrip("s")
    return _offset(-count if back else count, {"minute": "分钟", "min": "分钟"}.get(unit, unit), now)


def _en_day(m: re.Match[str], now: datetime) -> _Found | None:
    word = re.sub(r"\s+", " ", m[0].lower())
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2, "day after tomorrow": 2}[word]
    found = now.date() + timedelta(days=days)
    return _Found(Moment(found, time(19), "half")) if word == "tonight" else _day(found)


def _en_weekday(m: re.Match[str], now: datetime) -> _Found | None:
    at = _WEEKDAYS.index(m["w"][:3].lower())
    rel = re.sub(r"\s+", " ", (m["rel"] or "").lower().strip())
    base = now.date()
    if not rel and len(m["w"].rstrip(".")) <= 5 and not m["w"].lower().endswith("day"):
        return None
    if rel == "next":
        this = _monday(base) + timedelta(days=at)
        return _day(this + timedelta(weeks=1), this <= base)  # to some "next Friday" is this week's
    if rel == "this":
        return _day(_monday(base) + timedelta(days=at))
    if rel == "last":
        days = (base.weekday() - at) % 7
        return _day(base - timedelta(days=days or 7))
    return _coming(at, base)


def _en_month_day(m: re.Match[str], now: datetime) -> _Found | None:
    month, day = _MONTHS.index(m["m"][:3].lower()) + 1, int(m["d"])
    if m["y"]:
        found = _made(int(m["y"]), month, day)
        return _day(found) if found else None
    return _ahead(month, day, now.date())


def _en_next(m: re.Match[str], now: datetime) -> _Found | None:
    if m[1].lower() == "week":
        return _Found(Moment(_monday(now.date(), 1), None, "week"), False)
    first = now.date().replace(day=1)
    return _Found(Moment(add_months(first, 1), None, "month"), False)


def _en_end(m: re.Match[str], now: datetime) -> _Found | None:
    ahead = 1 if (m["rel"] or "").lower() == "next" else 0
    unit = m["unit"].lower()
    if unit == "week":
        return _day(_monday(now.date(), ahead) + timedelta(days=4), False)
    if unit == "year":
        return _day(date(now.year + ahead, 12, 31))
    if unit == "quarter":
        first = now.date().replace(day=1, month=(now.month - 1) // 3 * 3 + 1)
        return _day(add_months(first, 3 * (1 + ahead)) - timedelta(days=1))
    return _day(add_months(now.date().replace(day=1), 1 + ahead) - timedelta(days=1))


def _compiled(*rules: tuple[str, Handler]) -> list[tuple[re.Pattern[str], Handler]]:
    return [(re.compile(pattern, re.IGNORECASE), handler) for pattern, handler in rules]


_RULES = _compiled(
    (r"(?<![\d.\-/])(\d{4}) ?[-/.] ?(\d{1,2}) ?[-/.] ?(\d{1,2})(?![\d\-/]|\.\d)", _absolute),
    (rf"(?<!\d)(\d{{4}}|\d\d|[〇零一二三四五六七八九]{{4}}) ?年 ?({_N}) ?月 ?({_N}) ?[日号]?", _absolute),
    (rf"(?P<y>今年|本年|明年|后年|去年)?的?(?<!\d)(?P<m>{_N}) ?月 ?(?P<d>{_N}) ?[日号]", _month_day),
    (rf"(?:(?P<y>\d{{4}}) ?年 ?|(?P<rel>今年|本年|明年|后年|去年)的?)?(?<!\d)(?P<m>{_N}) ?月(?:份)?(?P<part>底|末|初|上旬|中旬|下旬)?(?! ?{_N} ?[日号]|[内前后])", _month_part),
    (rf"(?P<rel>这个?|本|当|下下个?|下个?|上个?)月(?:份)?的?(?:(?P<d>{_N}) ?[日号]|(?P<part>底|末|初|上旬|中旬|下旬)|(?![日内]))", _named_month),
    (r"(?<![这本当下上个\d一二三四五六七八九十])月(底|末|初)", _end_of_month),
    (r"(今|明|后|去)?年(底|末|终|初)(?!奖|会|总结)", _end_of_year),
    (r"(这个?|本|下个?)?季度?末", _end_of_quarter),
    (rf"(?<![\d月年第路街道弄巷.:\-]|[一二三四五六七八九十])({_N}) ?(?:号|(?<=\d)日)(?![楼院门店机台码厅馆仓文令库线馆栋座内]|之?[前后])", _day_of_month),
    (r"(?<![\d/.\-])(1[0-2]|0?[1-9])/(3[01]|[12]\d|0?[1-9])(?![\d/.\-])", _slashed),
    ("|".join(sorted(_DAYS, key=len, reverse=True)), _relative_day),
    (r"(?P<rel>下下个?|下个?|这个?|本|上上个?|上个?)?(?<![一两几每\d])(?:周|星期|礼拜)(?P<w>[一二三四五六日天末1-6])(?![\d年万千个]|次)", _weekday),
    (r"(下下个?|下个?)(?:周|星期|礼拜)(?![一二三四五六日天末1-6])", _week),
    (r"(?P<go>过|再过)?(?P<n>\d{1,3}|[一二两俩三四五六七八九十]{1,3}|半)个?(?P<unit>天|日|周|星期|礼拜|月|年|小时|钟头|分钟)(?P<end>之?后|以后|过后|之?前|以?内|)", _zh_offset),
    (r"\b(?:the )?day after tomorrow\b|\b(?:today|tonight|tomorrow|yesterday)\b", _en_day),
    (rf"\b(?:(?P<rel>next|this|last|on|by|coming|this coming)\s+)?{_WEEKDAY}(?![a-z])", _en_weekday),
    (rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>\d{{4}}))?(?!\d)", _en_month_day),
    (rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+(?P<y>\d{{4}}))?(?!\d)", _en_month_day),
    (r"\bnext (week|month)\b", _en_next),
    (rf"\b(?:in|within)\s+{_COUNT}\s+(?P<unit>minutes?|mins?|hours?|days?|weeks?|months?|years?)\b", _en_offset),
    (rf"\b{_COUNT}\s+(?P<unit>minutes?|hours?|days?|weeks?|months?|years?)\s+(?P<end>from now|later|ago)\b", _en_offset),
    (r"\bend of (?:the |(?P<rel>this|next) )?(?P<unit>week|month|quarter|year)\b", _en_end),
    (r"\bon the (\d{1,2})(?:st|nd|rd|th)\b", _day_of_month),
)  # fmt: skip


def moments(plain: Plain, start: int, end: int, now: datetime) -> Iterator[tuple[Fact, int, int]]:
    """Days and hours said in a part of a text at the moment `now` (aware), each with its place in the plain text."""
    text = plain.text
    raw: list[tuple[int, int, _Found]] = []
    for pattern, handler in _RULES:
        for m in pattern.finditer(text, start, end):
            if m.end() == m.start() or not plain.free(m.start(), m.end()):
                continue
            try:
                found = handler(m, now)
            except (ValueError, OverflowError):
                found = None
            if found is not None:
                raw.append((m.start(), m.end(), found))
    raw.sort(key=lambda one: (one[0], -one[1]))
    edge = start
    for at, to, found in raw:
        if at < edge:
            continue
        edge, found, at = _with_clock(plain, at, to, end, found)
        yield plain.fact("moment", found.moment, at, edge, sure=found.sure), at, edge
        plain.take(at, edge)
    yield from _hours(plain, start, end, now)


def _with_clock(plain: Plain, at: int, to: int, end: int, found: _Found) -> tuple[int, _Found, int]:
    """The day together with the hour beside it."""
    moment, sure = found
    if moment.precision in ("time", "week", "month"):
        return to, found, at
    text = plain.text
    after = JOIN.match(text, to, end)
    begin = after.end() if after else to
    for pattern in (AP, CLOCK):
        m = pattern.match(text, begin, end)
        read = clock(m) if m else None
        if m and read and plain.free(m.start(), m.end()):
            hour, certain, said = read
            if moment.precision == "half" and moment.clock and moment.clock.hour >= 18 and hour.hour < 12:
                hour, certain = hour.replace(hour=(hour.hour + 12) % 24), True  # 今晚8点
            elif moment.precision == "half" and moment.clock and moment.clock.hour < 12 and not certain:
                hour = hour.replace(hour=hour.hour - 12) if hour.hour >= 12 else hour
                certain = True
            if not said and m["h"] == "一":
                break  # 明天一点…
            return m.end(), _Found(Moment(moment.day, hour, "time"), sure and certain), at
    if (m := ONLY_HALF.match(text, to, end)) or (m := EN_HALF.match(text, to, end)):
        return m.end(), _Found(Moment(moment.day, time(HALVES[m[1].lower()][1]), "half"), sure), at
    before = re.search(rf"({AP.pattern})\s+(?:on\s+)?$", text[max(0, at - 20) : at], re.IGNORECASE)
    if before and (read := clock(before)):
        return to, _Found(Moment(moment.day, read[0], "time"), sure and read[1]), max(0, at - 20) + before.start()
    return to, found, at


def _hours(plain: Plain, start: int, end: int, now: datetime) -> Iterator[tuple[Fact, int, int]]:
    """Hours without a day: the next time the clock shows them."""
    for pattern in (AP, CLOCK):
        for m in pattern.finditer(plain.text, start, end):
            before = plain.text[m.start() - 1 : m.start()] if m.start() else ""
            read = clock(m)
            if read is None or not read[2] or before.isdigit() or before in (":", "-", "/", ".") or not plain.free(m.start(), m.end()):
                continue
            hour, sure, _ = read
            later = hour > now.time().replace(tzinfo=None)
            day = now.date() if later else now.date() + timedelta(days=1)
            yield plain.fact("moment", Moment(day, hour, "time"), m.start(), m.end(), sure=sure and later), m.start(), m.end()
            plain.take(m.start(), m.end())
