"""Addresses: 广东省深圳市南山区科技园路1号 in running text, or what stands behind 地址."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from guanxi.base.extract.facts import Fact, Plain

Locate = Callable[[str], tuple[str, str]]
"""Text to (six-digit code of the place at its front or "", the rest)."""

_LABELLED = re.compile(r"(?:(?:公司|办公|单位|联系|通讯|收货|收件|详细)?地址|住址|坐落于?|(?<![a-z])(?:office |company )?address|(?<![a-z])add(?:r)?\.?(?=\s*:))\s*(?:是|在|[:])\s*(?P<a>[^\n;。]{4,120})", re.IGNORECASE)
_RUN = re.compile(r"[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9#()\-·]{4,80}(?: ?[A-Z0-9][\w-]{0,8}(?:室|座|栋|楼|层|号))?")
_PLACE = re.compile(r"(?:省|市|自治区|自治州|区|县|镇|乡|街道|新区|开发区)")
_DETAIL = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9]{1,12}(?:路|街|大道|道|巷|弄|胡同|村|镇|屯)|\d{1,5}(?:-\d{1,4})?号|(?:大厦|广场|园区?|中心|大楼|小区|花园|科技园|工业区|产业园|写字楼|商城)"
)
_LAST = re.compile(r"号(?!线)(?:楼|院|门)?|室|楼|层|座|栋|幢|单元|大厦|广场|园区?|中心|大楼|小区|花园|路|街|大道|巷|弄|村|镇|\d{3,4}(?![\d年月])|(?<=[A-Z])区|开发区|工业区")
_LEAD = re.compile(r"(?:(?:公司|我们|单位|工厂|办公室|总部)?(?:地址)?(?:搬)?(?:在|位于|到|是|去|于|来))")


def addresses(plain: Plain, locate: Locate | None) -> Iterator[Fact]:
    """Addresses with their division where `locate` knows it. Without a word for it, an address begins with a place and
    goes into detail; a company's name that begins with a place is none."""
    text = plain.text
    for m in _LABELLED.finditer(text):
        start, end = m.span("a")
        end = start + len(text[start:end].rstrip(" ,、;)"))
        cut = re.search(r"[\s,，](?:电话|手机|邮编|邮箱|传真|tel|联系人|微信|qq|e-?mail)", text[start:end], re.IGNORECASE)
        end = start + cut.start() if cut else end
        if end - start >= 4 and plain.free(start, end):
            yield _address(plain, start, end, locate, True)
            plain.take(start, end)
    for m in _RUN.finditer(text):
        found = _in_run(text, m.start(), m.end(), locate)
        if found and plain.free(*found):
            yield _address(plain, *found, locate, True)
            plain.take(*found)


def _in_run(text: str, start: int, end: int, locate: Locate | None) -> tuple[int, int] | None:
    run = text[start:end]
    detail = _DETAIL.search(run)
    if not detail:
        return None
    lead = [m.end() for m in _LEAD.finditer(run, 0, detail.end())]
    for at in sorted({0, *lead, *range(min(detail.end(), 12))}):
        if locate is not None:
            code, rest = locate(run[at:])
            if not code or (code.endswith("0000") and not _PLACE.search(run[at : at + 4]) and not re.match(r"北京|上海|天津|重庆", run[at:])):
                continue
            begin = len(run) - len(rest)
        else:
            place = re.match(r"[\u4e00-\u9fff]{2,8}?(?:省|市|自治区|区|县)", run[at:])
            if not place or at not in (0, *lead):
                continue
            begin = at + place.end()
        more = _DETAIL.search(run, begin)
        if not more or more.start() > begin + 14 or re.match(r"[^路街号]{0,14}(?:公司|集团|医院|银行|大学|研究院|事务所)", run[begin:]):
            continue
        last = [m.end() for m in _LAST.finditer(run, begin)]
        return (start + at, start + last[-1]) if last else None
    return None


def _address(plain: Plain, start: int, end: int, locate: Locate | None, sure: bool) -> Fact:
    words = plain.text[start:end]
    code, rest = locate(words) if locate is not None else ("", words)
    return plain.fact("address", words, start, end, sure=sure, more=(("code", code), ("detail", rest)) if code else ())
