"""Phone numbers out of the cells people keep them in: several per cell, with notes, extensions and lost zeros.

Stored form: E.164 (`+8613800138000`), with `;ext=8001` for an extension (RFC 3966). Numbers that exist only inside
China keep their national form: 400/800, 95xxx, 96xxx, 10086, 12345, 110; so do local numbers whose area code nobody
knows. Nothing in a cell is lost: what is no number comes back with `ok` False and its text.

Chinese numbers are recognised by the numbering plan (工信部《电信网编号计划》): mobile 1[3-9] + 9 digits; area codes
010 and 02x with 8 digits, 03xx-09xx with 7 or 8. Everything else goes to libphonenumber, a hundred times slower.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import phonenumbers

from guanxi.base.normal import clean

Kind = Literal["mobile", "landline", "service", "local", "foreign", "unknown"]


@dataclass(frozen=True, slots=True)
class Phone:
    """One number of a cell. `number` is the stored form, empty when the text is no number; `original` its text."""

    number: str
    note: str | None
    original: str
    kind: Kind = "unknown"

    @property
    def ok(self) -> bool:
        return self.kind != "unknown"


_MOBILE = re.compile(r"(?:\+?86|0086|0)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:\+?86|0086)?0?((?:10|2\d)[2-9]\d{7}|[3-9]\d{2}[2-9]\d{6,7})")
_NATIONAL = re.compile(r"[48]00\d{7}")
# 95xxx for the whole country, 96xxx per province (then often with its area code), 10xxx and 1010xxxx of operators and
# large companies, 106… for messages, 11xxx and 12xxx public services, 110 119 120 122 emergencies
_SHORT = re.compile(
    r"(?:0(?:10|2\d|[3-9]\d\d))?(?:95\d{3,4}|96\d{3,4})|95\d{5,7}|10\d{3,7}|106\d{5,17}|11\d{3}|12\d{3,9}|11[0249]|12[012]"
)
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_GLUED_MOBILES = re.compile(r"(?:1[3-9]\d{9}){2,4}")

_TOKEN = re.compile(
    r"(?P<plus>\+(?=\s*\d))"
    r"|(?P<digits>\d+)"
    r"|(?P<ext>\(?\s*(?:转接?|分机号?:?|ext(?:ension)?\.?:?|#|x(?=\s*\d))\s*(?=\d))"
    r"|(?P<note>\([^()\d]*\))"
    r"|(?P<hard>[、,;/|\\\n\r\t&]|或者?|和|及)"
    r"|(?P<soft>[\s().\-_:·~*]+)"
    r"|(?P<text>(?:(?!转\s*\d|或|和|及|分机|ext)[^\d+()\s.\-_:·~*、,;/|\\&#])+|.)",
    re.IGNORECASE,
)
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−─ー", "-"))
_LONGEST = 4  # chunks that one number is written in: "+86 755 8888 9999"


class _Chunk(NamedTuple):
    digits: str
    start: int
    end: int
    plus: bool
    dashed: bool  # a dash stands directly before it


def parse_phones(cell: str, region: str = "CN", area: str | None = None) -> list[Phone]:
    """All numbers of a cell, in order, with the words beside them as notes; doubles are kept.

    `region` is the ISO 3166 country of numbers without a country code; `area` the area code ("0471" or "471") for local
    numbers; without it they inherit the area of a landline before them in the cell ("0319-2291111/2299272").
    """
    text = cell.strip()
    if region == "CN" and text.isascii() and len(text) == 11 and _MOBILE.fullmatch(text) and text[0] == "1":
        return [Phone("+86" + text, None, text, "mobile")]  # three of four cells
    text = clean(text).translate(_DASHES)
    known_area = area.removeprefix("+86").lstrip("0") if area else None
    found: list[Phone] = []
    chunks: list[_Chunk] = []
    segment_from, note, plus, dashed = 0, "", -1, False

    def flush() -> None:
        nonlocal note, known_area
        if chunks:
            numbers, known_area = _numbers(chunks, text, region, known_area)
            if note and numbers:
                numbers[0] = replace(numbers[0], note=note)
                note = ""
            found.extend(numbers)
            chunks.clear()

    def end_segment() -> None:
        nonlocal note
        flush()
        if note:
            if len(found) > segment_from:
                found[-1] = replace(found[-1], note=_joined(found[-1].note, note))
            else:
                found.append(Phone("", None, note))
            note = ""

    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token[0]
        if kind == "plus":
            flush()
            plus = token.start()
            continue
        if kind == "digits":
            start = plus if plus >= 0 else token.start()
            chunks.append(_Chunk(value, start, token.end(), plus >= 0, dashed))
        elif kind == "ext":
            if chunks:
                chunks.append(_Chunk("", token.start(), token.end(), False, False))
        elif kind == "note":
            words = value[1:-1].strip()
            flush()
            if words and len(found) > segment_from and not note:
                found[-1] = replace(found[-1], note=_joined(found[-1].note, words))
            elif words:
                note = _joined(note, words)
        elif kind == "hard":
            end_segment()
            segment_from = len(found)
        elif kind == "text" and value.strip():
            flush()
            note = _joined(
                note, value.strip()
            )  # for the number that follows, or at the end of the segment the last one
        dashed = kind == "soft" and "-" in value
        plus = -1
    end_segment()
    return found


def _joined(first: str | None, second: str) -> str:
    return f"{first} {second}" if first else second


def _numbers(chunks: list[_Chunk], text: str, region: str, area: str | None) -> tuple[list[Phone], str | None]:
    """Numbers in digits that only blanks, dashes and brackets part: the longest join that is a number wins."""
    found: list[Phone] = []
    index, unknown_from = 0, -1

    def give_up(until: int) -> None:
        nonlocal unknown_from
        if unknown_from >= 0:
            found.append(Phone("", None, text[chunks[unknown_from].start : chunks[until - 1].end]))
            unknown_from = -1

    while index < len(chunks):
        for stop in range(min(index + _LONGEST, len(chunks)), index, -1):
            part = chunks[index:stop]
            if any(not chunk.digits or (chunk.plus and chunk is not part[0]) for chunk in part):
                continue
            digits = "".join(chunk.digits for chunk in part)
            if len(part) == 1 and _GLUED_MOBILES.fullmatch(digits):
                give_up(index)
                found.extend(
                    Phone("+86" + digits[at : at + 11], None, digits[at : at + 11], "mobile")
                    for at in range(0, len(digits), 11)
                )
                index = stop
                break
            number, kind = _classify(digits, part[0].plus, region, area)
            if not number or (len(part) > 1 and not _may_be_written_so(part, digits, kind)):
                continue
            give_up(index)
            end = chunks[stop - 1].end
            if stop < len(chunks) and kind != "mobile" and chunks[stop].digits == "" and stop + 1 < len(chunks):
                number, end, stop = f"{number};ext={chunks[stop + 1].digits}", chunks[stop + 1].end, stop + 2
            elif stop < len(chunks) and kind in ("landline", "service", "local") and chunks[stop].dashed:
                extension = chunks[stop].digits
                if 1 <= len(extension) <= 5:
                    number, end, stop = f"{number};ext={extension}", chunks[stop].end, stop + 1
            if kind == "landline" and number.startswith("+86"):
                area = _area_of(number[3:])
            found.append(Phone(number, None, text[chunks[index].start : end], kind))
            index = stop
            break
        else:
            if unknown_from < 0:
                unknown_from = index
            index += 1
    give_up(len(chunks))
    return found, area


def _may_be_written_so(part: list[_Chunk], digits: str, kind: Kind) -> bool:
    """Chunks that make a number by chance are not one: 69388002-12 is no 0693-8800212, 9-5588 no 95588."""
    if kind == "landline" and not digits.startswith(("0", "86")):
        return len(part[0].digits) == len(_area_of(digits))
    if kind == "local":
        return len(part) == 2 and not part[1].dashed
    return kind != "service" or len(digits) == 10 or part[0].digits.startswith("0")


def _area_of(national: str) -> str:
    return national[:2] if national.startswith(("10", "2")) else national[:3]


def _classify(digits: str, plus: bool, region: str, area: str | None) -> tuple[str, Kind]:
    """The stored form of one string of digits and its kind; ("", "unknown") when it is no number."""
    if not 3 <= len(digits) <= 20:
        return "", "unknown"
    if (region == "CN" and not plus) or (plus and digits.startswith("86")):
        if found := _MOBILE.fullmatch(digits):
            return "+86" + found[1], "mobile"
        if _NATIONAL.fullmatch(digits.removeprefix("86") if plus else digits):
            return digits.removeprefix("86") if plus else digits, "service"
        if found := _LANDLINE.fullmatch(digits):
            return "+86" + found[1], "landline"
        if _SHORT.fullmatch(digits):
            return digits, "service"
        if not plus and _LOCAL.fullmatch(digits):
            if area and (len(area) + len(digits) >= 10) and _LANDLINE.fullmatch(area + digits):
                return f"+86{area}{digits}", "landline"
            return digits, "local"
        if not digits.startswith("00"):
            return "", "unknown"
    try:
        number = phonenumbers.parse("+" + digits if plus else digits, region)
    except phonenumbers.NumberParseException:
        return "", "unknown"
    if not phonenumbers.is_valid_number(number):
        return "", "unknown"
    if number.country_code == 86:
        return _classify(str(number.national_number), False, "CN", area)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "foreign"


def personal(number: str) -> bool:
    """Whether a stored number is one that a single person answers: a mobile, or one from abroad, where nobody can tell. Lines,
    extensions and service numbers are shared by colleagues."""
    if not number.startswith("+") or ";" in number:
        return False
    return not number.startswith("+86") or _MOBILE.fullmatch(number) is not None


def display(number: str) -> str:
    """A stored number as people read it: 138 0013 8000, 0471-3301931 转 8017, 400-820-8820, +852 2345 6789."""
    main, _, extension = number.partition(";ext=")
    tail = f" 转 {extension}" if extension else ""
    if main.startswith("+86"):
        national = main[3:]
        if len(national) == 11 and national[0] == "1" and national[1] != "0":
            return f"{national[:3]} {national[3:7]} {national[7:]}{tail}"
        code = _area_of(national)
        return f"0{code}-{national[len(code) :]}{tail}"
    if main.startswith("+"):
        try:
            parsed = phonenumbers.parse(main)
        except phonenumbers.NumberParseException:
            return number
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL) + tail
    if _NATIONAL.fullmatch(main):
        return f"{main[:3]}-{main[3:6]}-{main[6:]}{tail}"
    return main + tail
