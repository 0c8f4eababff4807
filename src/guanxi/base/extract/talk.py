"""What kind of text it is: a chat copied from WeChat, DingTalk or Feishu, a mail, a card, or a note; and when it was said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

from guanxi.base.extract.facts import Plain, Shape

_CLOCK = r"(?P<half>上午|下午|晚上|凌晨|早上|中午)?\s?(?P<h>\d{1,2}):(?P<min>\d\d)(?::(?P<s>\d\d))?\s?(?P<ap>[AP]M)?"
_DAY = (
    r"(?:(?:(?P<y>\d{4})\s?[-/.年]\s?)?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})\s?日?|(?P<rel>今天|昨天|前天|今日|昨日)|(?:周|星期)(?P<w>[一二三四五六日天]))"
)
_WHEN = rf"(?:{_DAY}\s*(?:(?:周|星期)[一二三四五六日天])?[,\s]*)?{_CLOCK}"
_WHO = r"(?P<who>[^\n:;,，。!?！？<>]{1,30}?)"
_HEADS = (
    re.compile(rf"^[ \t]*{_WHO}[ \t]*[(（\[]?\s*{_WHEN}\s*[)）\]]?[ \t]*:?[ \t]*$", re.IGNORECASE),
    re.compile(rf"^[ \t]*[(（\[]?{_WHEN}[)）\]]?[ \t]+{_WHO}[ \t]*:?[ \t]*$", re.IGNORECASE),
)
_TIMED_LINE = re.compile(rf"^[ \t]*[(（\[]?{_WHEN}[)）\]]?[ \t]+(?P<who>[^\n:]{{1,20}}):[ \t]*(?=\S)", re.IGNORECASE)
_SPEAKER = re.compile(r"^[ \t]*(?P<who>[^\s:;,，。!?][^\n:;,，。!?！？]{0,19}?)[ \t]*:[ \t]*(?P<what>.*)$")
_NO_SPEAKER = re.compile(
    r"^(?:.{0,4}(?:电话|手机|地址|邮箱|传真|邮编|网址|微信|名称|全称|姓名|联系人|职位|职务|部门|公司|单位|客户|时间|日期|金额|预算|需求|主题|备注|说明|内容|地点|数量|型号|价格|总价|合计|开户行?|账号|户名|税号|代码|来源|产品|负责人|抬头|法人|进展|结论|计划|下一步)|"
    r"tel|phone|mobile|mob|cell|fax|e-?mail|mail|address|add|web|website|qq|wechat|vx|wx|name|company|title|from|to|cc|bcc|date|sent|subject|re|fw|fwd|note|ps|p\.s\.|http|https|发件人|收件人|抄送|密送|发送时间|回复|转发|附件|[\d\W]+)\s*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"今天|今晚|明天|后天|昨天|上午|下午|晚上|中午|[周星][期一二三四五六日]|\d[月号日点]|开会|见面|tomorrow|today|\b(?:at|on)$|^\W*$", re.IGNORECASE)
_HEADER = re.compile(r"^\s*(?P<n>From|To|Cc|Bcc|Subject|Date|Sent|Reply-To|发件人|收件人|抄送|密送|主题|标题|日期|时间|发送时间|发送日期)\s*:\s*(?P<v>.*)$", re.IGNORECASE)
_HEADER_NAMES = {
    "from": "from", "发件人": "from", "to": "to", "cc": "to", "bcc": "to", "收件人": "to", "抄送": "to", "密送": "to", "subject": "subject",
    "主题": "subject", "标题": "subject", "date": "date", "sent": "date", "日期": "date", "时间": "date", "发送时间": "date", "发送日期": "date",
}  # fmt: skip
_QUOTE = re.compile(r"^(?:-{2,}\s*(?:原始邮件|Original Message|转发邮件|Forwarded message).*|在.{4,60}写道:|On .{6,90} wrote:|>.*)$", re.IGNORECASE)
_SIGN_OFF = re.compile(r"^\s*(?:--+|_{3,}|(?:best|kind|warm)?\s*regards,?|best,|sincerely,?|yours\b.*|thanks,?|thank you,?|cheers,?|此致.*|顺颂.*|祝好.*|谢谢.{0,2}|敬上|顺祝.*|祝.{0,6}(?:商祺|愉快|顺利).*)\s*$", re.IGNORECASE)


@dataclass
class Talk:
    """The text's shape in places of the plain text. `base(at)` gives the moment in which the words there were said."""

    shape: Shape
    now: datetime
    said: list[tuple[str, datetime | None, int, int]] = field(default_factory=list)
    heads: list[tuple[int, int]] = field(default_factory=list)
    quoted: list[tuple[int, int]] = field(default_factory=list)
    sender: tuple[int, int] | None = None
    recipients: list[tuple[int, int]] = field(default_factory=list)
    signature: int | None = None
    subject: str = ""
    body: tuple[int, int] = (0, 0)
    at: datetime | None = None

    def spans(self) -> list[tuple[int, int, datetime]]:
        """The parts of the text and the moment each was said."""
        if self.shape == "chat":
            edge, out = 0, []
            for _, at, start, end in self.said:
                if start > edge:
                    out.append((edge, start, self.now))
                out.append((start, end, at or self.at or self.now))
                edge = end
            return out
        return [(self.body[0], self.body[1], self.at or self.now)]


def listen(plain: Plain, now: datetime) -> Talk:
    """What kind of text it is. Moments without a zone are of `now`'s, and never after it by more than a day."""
    lines = list(plain.lines())
    return _mail(plain, lines, now) or _chat(plain, lines, now) or Talk("note", now, body=(0, len(plain.text)))


def _mail(plain: Plain, lines: list[tuple[int, str]], now: datetime) -> Talk | None:
    heads: dict[str, tuple[int, int, str]] = {}
    talk = Talk("mail", now)
    count, last = 0, -1
    for number, (at, line) in enumerate(lines[:25]):
        m = _HEADER.match(line)
        if m:
            name = _HEADER_NAMES.get(m["n"].lower())
            start, end = at + m.start("v"), at + m.end("v")
            if name == "to":
                talk.recipients.append((start, end))
            elif name and name not in heads:
                heads[name] = (start, end, m["v"].strip())
            count, last = count + 1, number
            talk.heads.append((at, at + len(line)))
        elif line.strip() and (last >= 0 or number > 2):
            break
    if "from" not in heads or count < 2:
        return None
    talk.sender = heads["from"][:2]
    talk.subject = heads["subject"][2] if "subject" in heads else ""
    talk.at = _when(heads["date"][2], now) if "date" in heads else None
    begin = lines[last + 1][0] if last + 1 < len(lines) else len(plain.text)
    end = len(plain.text)
    for at, line in lines[last + 1 :]:
        if _QUOTE.match(line.strip()) or (_HEADER.match(line) and _HEADER.match(line)["n"].lower() in ("from", "发件人")):  # type: ignore[index]
            end = at
            talk.quoted.append((at, len(plain.text)))
            break
        if _SIGN_OFF.match(line) and line.strip():
            talk.signature = at
    talk.body = (begin, end)
    return talk


def _when(text: str, now: datetime) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return _sane(found.astimezone(now.tzinfo) if found.tzinfo else found.replace(tzinfo=now.tzinfo), now)
    except (ValueError, TypeError, OverflowError, IndexError):
        pass
    m = re.search(_WHEN, text, re.IGNORECASE)
    return _sane(_moment(m, now), now) if m else None


def _sane(found: datetime | None, now: datetime) -> datetime | None:
    return found if found is not None and found.year > 1970 and found - now < timedelta(days=1) else None


def _moment(m: re.Match[str], now: datetime) -> datetime | None:
    """The moment of a message's head; what names no year is the last such day."""
    try:
        hour, minute = int(m["h"]), int(m["min"])
        half = m["half"] or (m["ap"] or "").upper()
        if half in ("下午", "晚上", "PM") and hour < 12:
            hour += 12
        elif half in ("上午", "凌晨", "早上", "AM") and hour == 12:
            hour = 0
        elif half == "中午" and hour < 11:
            hour += 12
        today = now.date()
        if m["rel"]:
            day = today - timedelta(days={"今": 0, "昨": 1, "前": 2}[m["rel"][0]])
        elif m["w"]:
            day = today - timedelta(days=(today.weekday() - "一二三四五六日天".index(m["w"].replace("天", "日"))) % 7)
        elif m["m"]:
            day = date(int(m["y"] or today.year), int(m["m"]), int(m["d"]))
            if not m["y"] and day > today + timedelta(days=1):
                day = day.replace(year=day.year - 1)
        else:
            day = today
        return datetime.combine(day, time(hour, minute, int(m["s"] or 0)), now.tzinfo)
    except (ValueError, OverflowError):
        return None


def _chat(plain: Plain, lines: list[tuple[int, str]], now: datetime) -> Talk | None:
    heads: list[tuple[str, datetime | None, int, int, int]] = []  # who, when, line from, what is said from, line to
    dated = False
    for at, line in lines:
        m = next((found for pattern in _HEADS if (found := pattern.match(line))), None)
        if m and not _NO_SPEAKER.match(m["who"].strip()) and not re.search(r"\d{5}|@.+\.", m["who"]) and not _NO_NAME.search(m["who"]):
            dated = dated or bool(m["m"] or m["rel"] or m["w"])
            heads.append((m["who"].strip(), _sane(_moment(m, now), now), at, at + len(line), at + len(line)))
        elif (m := _TIMED_LINE.match(line)) and not _NO_SPEAKER.match(m["who"].strip()) and not _NO_NAME.search(m["who"]):
            dated = dated or bool(m["m"] or m["rel"] or m["w"])
            heads.append((m["who"].strip(), _sane(_moment(m, now), now), at, at + m.end(), at + len(line)))
    if not (dated or len(heads) >= 2):  # "开会 10:30" is an hour, not somebody who speaks
        heads = _speakers(lines)
    if not heads:
        return None
    talk = Talk("chat", now)
    for number, (who, when, begin, start, _) in enumerate(heads):
        end = heads[number + 1][2] if number + 1 < len(heads) else len(plain.text)
        talk.said.append((who, when, start, end))
        talk.heads.append((begin, start))
    stamps = [when for _, when, _, _, _ in heads if when is not None]
    talk.at = max(stamps) if stamps else None
    talk.body = (0, len(plain.text))
    return talk


def _speakers(lines: list[tuple[int, str]]) -> list[tuple[str, datetime | None, int, int, int]]:
    """"张三: 你好" line after line: at least two such lines, of two people or of one who speaks again."""
    found: list[tuple[str, datetime | None, int, int, int]] = []
    for at, line in lines:
        m = _SPEAKER.match(line)
        if m and not _NO_SPEAKER.match(m["who"]) and not re.search(r"\d{3}|//", m["who"]) and not m["what"].startswith("//"):
            found.append((m["who"].strip(), None, at, at + m.start("what"), at + len(line)))
    filled = sum(1 for _, line in lines if line.strip())
    names = {who for who, *_ in found}
    return found if len(found) >= 2 and (len(names) == 2 or len(names) < len(found)) and len(found) * 3 >= filled else []


