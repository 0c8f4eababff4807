"""What has a shape of its own: e-mail addresses, web addresses, WeChat and QQ ids, credit codes, phones, amounts, and the
words that say in which way people were in touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from guanxi.base import credit_code
from guanxi.base.errors import Unparsed
from guanxi.base.extract.facts import Fact, Plain, numeral
from guanxi.base.money import DEFAULT_CURRENCY, Money, parse_amount
from guanxi.base.phones import parse_phones

_EMAIL = re.compile(r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,24}(?![\w@])", re.IGNORECASE | re.ASCII)
_URL = re.compile(
    r"(?:https?://[^\s<>\"'()\[\]{}，。；、\u3000-\u303f\u4e00-\u9fff]{3,500}"
    r"|(?<![\w@./-])(?:www\.(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}|(?:[a-z0-9-]{1,63}\.){1,3}(?:com\.cn|com|cn|net|org|io|co|de|shop|tech))(?![\w@-])(?:/[\w./?=&%#~-]{0,300})?)",
    re.IGNORECASE | re.ASCII,
)
_WECHAT = re.compile(
    r"(?:微信(?:账号|号)?|微信\s*/\s*手机|wechat(?:\s*id)?|weixin|wx|(?<![a-z])vx|v信|威信)(?![a-z\d])(?:是|为)?[\s:=]*(?P<id>[a-z][-_a-z0-9]{5,19}|1[3-9]\d{9})(?![\w@-])",
    re.IGNORECASE | re.ASCII,
)
_SAME = re.compile(r"(?:微信(?:号)?(?:和|与)?(?:手机号?|电话)?同(?:号|手机号?|电话)|手机(?:号)?同微信|同微信|\(?微信同\)?)")
_QQ = re.compile(r"QQ(?:号码?)?[\s:=是]*(?P<id>[1-9]\d{4,11})(?![\d@])", re.IGNORECASE)
_CODE = re.compile(
    r"(?P<label>(?:统一社会)?信用代码(?:证)?(?:号)?|纳税人识别号|税号)?\s{0,3}:?\s{0,3}(?<![0-9a-z])(?P<code>[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10})(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,
)


def codes(plain: Plain) -> Iterator[Fact]:
    """E-mail and web addresses, WeChat and QQ ids, credit codes."""
    text = plain.text
    for m in _EMAIL.finditer(text):
        local, _, domain = m[0].rpartition("@")
        yield plain.fact("email", f"{local}@{domain.lower()}", m.start(), m.end())
        plain.take(m.start(), m.end())
    for m in _URL.finditer(text):
        end = m.end() - (len(m[0]) - len(m[0].rstrip(".,;:!?")))
        if plain.free(m.start(), end):
            yield plain.fact("url", text[m.start() : end], m.start(), end)
            plain.take(m.start(), end)
    for m in _CODE.finditer(text):
        if not plain.free(m.start("code"), m.end("code")):
            continue
        code = m["code"].upper()
        right = credit_code.check(code) is None
        if (right and not _identity_card(code)) or m["label"]:
            yield plain.fact("credit_code", code, m.start("code"), m.end("code"), sure=right)
            plain.take(m.start("code"), m.end("code"))
    for m in _QQ.finditer(text):
        if plain.free(m.start("id"), m.end("id")):
            yield plain.fact("qq", m["id"], m.start("id"), m.end("id"))
            plain.take(m.start(), m.end())
    for m in _WECHAT.finditer(text):
        if not plain.free(m.start("id"), m.end("id")):
            continue
        yield plain.fact("wechat", m["id"], m.start("id"), m.end("id"))
        if m["id"].isdigit():
            yield plain.fact("phone", "+86" + m["id"], m.start("id"), m.end("id"), sure=False)
        plain.take(m.start(), m.end())


def _identity_card(code: str) -> bool:
    """Eighteen digits with a birthday in the middle are a person's, whatever their check digit says."""
    try:
        return code[:17].isdigit() and 1900 <= date(int(code[6:10]), int(code[10:12]), int(code[12:14])).year <= 2100
    except ValueError:
        return False


# -- phones ----------------------------------------------------------------------------------------------------------

_LABEL = re.compile(
    r"(?P<label>移动电话|联系电话|办公电话|公司电话|手机号码?|手机|电话号码|电话|座机|总机|热线|传真|tel(?:ephone)?|mob(?:ile)?|phone|cell|fax|"
    r"(?<![a-z])[tmpf](?=\s*[:.]))\s*[.:)]*\s*$",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?<![\w.,/=#])(?:\+|\(\+?)?\d[\d ().\-~]{3,30}\d(?:\s?(?:转|分机号?|ext\.?|x|#)\s?:?\d{1,6})?(?![\d%])", re.IGNORECASE)
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")


def phones(plain: Plain) -> Iterator[Fact]:
    """Mobiles, lines with an area code, 400 and 800 numbers, foreign numbers with +; short and local ones where a word
    says that it is a phone."""
    text = plain.text
    for m in _MOBILE.finditer(text):
        if not plain.free(m.start(), m.end()) or (text[m.start() - 1 : m.start()] in (".", "/") and m.start()):
            continue
        number = "+86" + re.sub(r"\D", "", m[0])[-11:]
        yield plain.fact("phone", number, m.start(), m.end(), more=_note(text, m.start()))
        plain.take(m.start(), m.end())
    for m in _RUN.finditer(text):
        if not plain.free(m.start(), m.end()):
            continue
        if len(re.findall(r"\d+", m[0])) > 6:
            continue  # a row of figures
        label = _LABEL.search(text, max(0, m.start() - 14), m.start())
        at = m.start()
        for one in parse_phones(m[0]):
            if not one.ok or (one.kind in ("local", "service") and not label and not one.number.startswith(("400", "800"))):
                continue
            if one.kind == "landline" and not label and not re.match(r"\(?\+?(?:86|0)", one.original.strip()):
                continue
            start = text.find(one.original, at, m.end())
            if start < 0:
                continue
            at = start + len(one.original)
            yield plain.fact("phone", one.number, start, at, more=_note(text, m.start()))
            plain.take(start, at)
    found = [(m.start(), m[0]) for m in _SAME.finditer(text)]
    for at, words in found:
        held = list(_MOBILE.finditer(text, max(0, at - 60), min(len(text), at + 60)))
        if held:
            nearest = min(held, key=lambda m: abs(m.start() - at))
            yield plain.fact("wechat", re.sub(r"\D", "", nearest[0])[-11:], at, at + len(words))


def _note(text: str, start: int) -> tuple[tuple[str, str], ...]:
    label = _LABEL.search(text, max(0, start - 14), start)
    return (("note", "传真"),) if label and label["label"].lower() in ("传真", "fax", "f") else ()


# -- amounts ---------------------------------------------------------------------------------------------------------

_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?|\d{1,12}(?:\.\d{1,4})?"
_WORDS = r"[一二两三四五六七八九十百千零〇]{1,12}(?:[万亿][一二两三四五六七八九十百千零〇]{0,10}){0,2}|[一二两三四五六七八九十]?百多?万|几[十百]?万"
_CUR = r"人民币|rmb|cny|cn¥|usd|us\$|eur|gbp|hkd|hk\$|jpy|sgd|[¥$€£]"
_AFTER = r"人民币|美元|美金|欧元|英镑|港币|港元|日元|元|块钱?|圆|rmb\b|cny\b|usd\b|eur\b|hkd\b|gbp\b"
_UNIT = r"万亿|千万|百万|十万|亿|万|千|百|w(?![a-z])|k(?![a-z])|million\b|billion\b|mn\b|bn\b|m(?![a-z])"
_AMOUNT = re.compile(
    rf"(?:(?P<cur>{_CUR})\s{{0,3}})?(?<![\d.a-z])(?<!\d,)(?:(?P<low>\d{{1,6}}(?:\.\d{{1,2}})?)\s{{0,3}}[-~至到]\s{{0,3}}(?=\d))?(?P<n>{_FIGURE})\s{{0,3}}(?:\+|多|余|来)?(?P<unit>{_UNIT})?\s{{0,3}}(?P<after>{_AFTER})?",
    re.IGNORECASE,
)
_SPELT = re.compile(rf"(?<![\d一二两三四五六七八九十百千万第几])(?P<n>{_WORDS})(?P<after>{_AFTER})?")
_COUNTED = re.compile(r"\s*(?:人|台|套|件|个|份|次|辆|条|平|㎡|亩|吨|公里|千瓦|kw|km|只|张|用户|家|粉|字|步|瓶|箱|本|册|位|名|股|年|天|号|级|分|倍|点|种|里)", re.IGNORECASE)


def amounts(plain: Plain) -> Iterator[Fact]:
    """Sums of money: a number with a currency or with 万 and its like that counts nothing else."""
    text = plain.text
    for m in _AMOUNT.finditer(text):
        start = m.start() + (len(m[0]) - len(m[0].lstrip()))
        end = m.start() + len(m[0].rstrip())
        if not (m["cur"] or m["after"] or m["unit"]) or not plain.free(start, end):
            continue
        small = (m["unit"] or "").lower() in ("k", "w", "m", "百", "千")
        if not (m["cur"] or m["after"]) and (_COUNTED.match(text, m.end()) or (m["unit"] or "").lower() in ("m", "百")):
            continue
        words = f"{m['cur'] or ''}{m['n']}{m['unit'] or ''}{m['after'] or ''}"
        value = _money(words)
        if value is None:
            continue
        sure = not (small and not m["cur"] and not m["after"])
        if m["low"]:
            low = _money(f"{m['cur'] or ''}{m['low']}{m['unit'] or ''}{m['after'] or ''}")
            if low is not None:
                yield plain.fact("amount", low, m.start("low"), end, sure=False)
            sure = False
            start = m.start("n")
        yield plain.fact("amount", value, start, end, sure=sure)
        plain.take(m.start(), end)
    for m in _SPELT.finditer(text):
        word = m["n"].replace("多", "")
        if not plain.free(m.start(), m.end()) or len(word) < 2 or word[0] == "几" or not (m["after"] or "万" in word or "亿" in word):
            continue
        if not m["after"] and _COUNTED.match(text, m.end()):
            continue
        count = numeral(word)
        if not count or (m["after"] in ("元", "圆") and text[m.end() : m.end() + 1] in ("旦", "件", "素")):
            continue
        money = _money(f"{count}{m['after'] or ''}")
        if money is not None:
            yield plain.fact("amount", money, m.start(), m.end(), sure="多" not in m["n"])
            plain.take(m.start(), m.end())


def _money(words: str) -> Money | None:
    try:
        amount, currency = parse_amount(re.sub(r"块钱?$", "元", words))
    except Unparsed:
        return None
    return Money(amount.quantize(Decimal("0.01")) if amount != amount.to_integral() else amount, currency or DEFAULT_CURRENCY) if amount > 0 else None


# -- ways of being in touch ------------------------------------------------------------------------------------------

_WAYS: tuple[tuple[str, str], ...] = (
    ("phone", r"打(?:了|过)?(?:个|一个|了个)?电话|电话(?:沟通|联系|聊|拜访|会议|里|中)|通(?:了|过)?(?:个|一个)?(?:电话|话)|来电|去电|致电|(?:called|phoned|phone call|had a call|on the phone)\b"),
    ("visit", r"拜访|上门|登门|面谈|见(?:了|过)?(?:个|一)?面|到访|来访|走访|(?:visited|visit|met with|in person)\b"),
    ("meeting", r"开(?:了|过)?(?:个|一个)?会|会议|(?:视频|腾讯)会议?|研讨|(?:meeting|video call|conference)\b"),
    ("wechat", r"微信(?:沟通|联系|聊|上|里|说|回复|发)|加(?:了)?微信|(?:on|via) wechat\b"),
    ("email", r"(?:发|回|收到)(?:了)?(?:一封|封)?邮件|邮件(?:沟通|联系|回复|发)|(?:e-?mailed|by e-?mail)\b"),
)  # fmt: skip
_WAY = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _WAYS]
_DONE = re.compile(r"来电|致电|来访|到访|了|过|完|刚|今天|昨天|已|ed\b|met\b|had\b", re.IGNORECASE)


def ways(plain: Plain) -> Iterator[Fact]:
    """How people were in touch; sure where the words say that it has happened."""
    text = plain.text
    for name, pattern in _WAY:
        for m in pattern.finditer(text):
            stop = max(text.rfind(sign, 0, m.start()) for sign in "。;!?\n,")
            ahead = text[max(stop + 1, m.start() - 30) : m.start()]
            done = bool(_DONE.search(m[0]) or _DONE.search(ahead) or text[m.end() : m.end() + 1] in ("了", "过", "完"))
            planned = re.search(r"明[天早晚日]|下周|下个|后天|约|计划|准备|再|will|next|tomorrow|plan", ahead, re.IGNORECASE)
            yield plain.fact("way", name, m.start(), m.end(), sure=done and not planned)
