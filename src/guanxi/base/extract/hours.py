"""The hour of a day as people say it: 下午三点半, 10:30, 3 p.m., or only its part (上午)."""

from __future__ import annotations

import re
from datetime import time

from guanxi.base.extract.facts import numeral

HALVES = {
    "凌晨": ("am", 5), "清晨": ("am", 7), "早上": ("am", 8), "早晨": ("am", 8), "上午": ("am", 9), "中午": ("noon", 12),
    "下午": ("pm", 14), "午后": ("pm", 14), "傍晚": ("pm", 18), "晚上": ("pm", 19), "晚间": ("pm", 19), "夜里": ("pm", 21),
    "早": ("am", 8), "晚": ("pm", 19), "morning": ("am", 9), "afternoon": ("pm", 14), "evening": ("pm", 19), "noon": ("noon", 12),
}  # fmt: skip
_HALF = "凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上|晚间|夜里"

CLOCK = re.compile(
    rf"(?:(?P<half>{_HALF}|早|晚)的?)?\s?(?P<h>\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})\s?(?:"
    rf"(?:点|时)(?!间)(?:(?P<part>半)|(?P<q>[一二三1-3])刻|(?P<min>\d{{1,2}}|[一二三四五]?十[一二三四五六七八九]?|零[一-九])分?|(?P<o>钟|整))?"
    r"|:(?P<m2>\d{2})(?::\d{2})?(?!\d))\s?(?P<ap>[ap]\.m\.|[ap]\.?m\b)?",
    re.IGNORECASE,
)
AP = re.compile(r"(?:at\s+|@\s*)?(?P<h>\d{1,2})(?:[:.](?P<min>\d{2}))?\s?(?P<ap>[ap]\.m\.|[ap]\.?m\b)", re.IGNORECASE)
ONLY_HALF = re.compile(rf"的?({_HALF})")
EN_HALF = re.compile(r"\s(?:in the\s+)?(morning|afternoon|evening|noon)\b", re.IGNORECASE)
JOIN = re.compile(r"(?:[ \t]*\((?:周|星期|礼拜)[一二三四五六日天]\)|[ \t]*(?:周|星期|礼拜)[一二三四五六日天])?[ \t,的在约]*(?:at\s+|@\s*)?", re.IGNORECASE)


def clock(m: re.Match[str]) -> tuple[time, bool, bool] | None:
    """(time, sure, whether words beside the number say that it is an hour)."""
    given = m.groupdict()
    hour = numeral(given["h"])
    if hour is None:
        return None
    minute: int | None
    if given.get("part"):
        minute = 30
    elif given.get("q"):
        minute = 15 * (numeral(given["q"]) or 0)
    else:
        word = given.get("min") or given.get("m2") or "0"
        minute = numeral(word[1:] if word[0] == "零" and len(word) > 1 else word)
    half = (given.get("ap") or "").lower().replace(".", "") or HALVES.get(given.get("half") or "", ("", 0))[0]
    said = bool(half or given.get("part") or given.get("q") or given.get("min") or given.get("o") or given.get("m2"))
    sure = True
    if half in ("pm", "noon") and hour < (12 if half == "pm" else 11):
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    elif not half and not given.get("m2") and 1 <= hour <= 6:
        hour, sure = hour + 12, False  # 明天3点 is in the afternoon, most likely
    if hour > 23 or minute is None or minute > 59:
        return None
    return time(hour, minute), sure, said
