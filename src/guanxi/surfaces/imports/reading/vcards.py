"""vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) as a table: one row a card, several values of a kind joined by ；.

Own reader, in bytes: phones and Outlook write 2.1 with quoted-printable and a charset per property, which a parser that
decodes the file first gets wrong. Lines it cannot understand are passed over; the rest of the card is kept.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from guanxi.base.errors import TooLarge

COLUMNS: Final[tuple[str, ...]] = (
    "姓名", "姓", "名", "昵称", "公司", "部门", "职务", "手机", "电话", "传真", "邮箱", "网址", "地址", "生日", "备注",
    "标签", "即时通讯", "UID",
)  # fmt: skip
_MOST_LINE = 64 * 1024 * 1024  # photos are inline
_PROPERTY = re.compile(rb"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:\"[^\"]*\"|[^:;\"])*)*):(.*)", re.DOTALL)
_KNOWN = {
    "FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "TEL", "EMAIL", "URL", "ADR", "BDAY", "NOTE", "CATEGORIES", "IMPP",
    "X-QQ", "X-WECHAT", "X-AIM", "X-MSN", "X-SKYPE", "X-SKYPE-USERNAME", "UID", "BEGIN", "END",
}  # fmt: skip


def cards(file: BinaryIO, encoding: str) -> Iterator[list[str | None]]:
    """Each card as the cells of COLUMNS. `encoding` is the file's; a CHARSET of a property goes before it."""
    card: dict[str, list[str]] | None = None
    depth = 0
    for name, parameters, value in _properties(file):
        if name == "BEGIN" and value.strip().upper() == b"VCARD":
            depth += 1
            if depth == 1:
                card = {}
        elif name == "END" and value.strip().upper() == b"VCARD":
            depth = max(depth - 1, 0)
            if depth == 0 and card is not None:
                yield _row(card)
                card = None
        elif card is not None and depth == 1 and name in _KNOWN:
            _take(card, name, parameters, _text(value, parameters, encoding))
    if card:
        yield _row(card)  # cut off at the end: what is there is kept


def _properties(file: BinaryIO) -> Iterator[tuple[str, dict[str, list[str]], bytes]]:
    for line in _unfolded(file):
        found = _PROPERTY.fullmatch(line)
        if found is None:
            continue
        parameters: dict[str, list[str]] = {}
        for part in re.findall(rb";((?:\"[^\"]*\"|[^;\"])*)", found[2]):
            key, equals, content = part.decode("ascii", "ignore").partition("=")
            if not equals:  # 2.1 writes TEL;WORK;VOICE
                bare = key.strip().upper()
                key, content = ("ENCODING", bare) if bare in ("QUOTED-PRINTABLE", "BASE64") else ("TYPE", bare)
            values = [value.strip().strip('"').upper() for value in content.split(",")]
            parameters.setdefault(key.strip().upper(), []).extend(values)
        yield found[1].decode("ascii").upper(), parameters, found[3]


def _unfolded(file: BinaryIO) -> Iterator[bytes]:
    """Logical lines: continued by a leading blank, or in quoted-printable by a "=" at the end."""
    current = bytearray()  # many short lines are joined without copying what is there each time
    quoted = False
    while line := file.readline(_MOST_LINE):
        line = line.rstrip(b"\r\n")
        if len(current) > _MOST_LINE:
            raise TooLarge()
        if quoted:
            current[-1:] = line
            quoted = line.endswith(b"=")
            continue
        if line[:1] in (b" ", b"\t") and current:
            current += line[1:]
            continue
        if current:
            yield bytes(current.strip())
        current = bytearray(line.removeprefix(b"\xef\xbb\xbf"))
        quoted = current.endswith(b"=") and b"QUOTED-PRINTABLE" in current.partition(b":")[0].upper()
    if current:
        yield bytes(current.strip())


def _text(value: bytes, parameters: dict[str, list[str]], encoding: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.get("ENCODING", ()):
        value = quopri.decodestring(value)
    elif {"B", "BASE64"} & set(parameters.get("ENCODING", ())):
        return ""  # pictures and keys
    charset = (parameters.get("CHARSET") or [encoding])[0].lower()
    charset = {"gb2312": "gb18030", "gbk": "gb18030"}.get(charset, charset)
    try:
        return value.decode(charset)
    except (LookupError, UnicodeDecodeError):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("gb18030", "replace")


def _split(value: str, separator: str = ";") -> list[str]:
    """Parts of a structured value, escapes resolved."""
    parts = re.split(rf"(?<!\\){separator}", value)
    return [_unescaped(part) for part in parts]


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value, flags=re.DOTALL).strip()


def _take(card: dict[str, list[str]], name: str, parameters: dict[str, list[str]], value: str) -> None:
    def put(column: str, text: str) -> None:
        text = text.replace("\r\n", "\n").strip()
        if text and text not in card.setdefault(column, []):
            card[column].append(text)

    types = set(parameters.get("TYPE", ()))
    if name == "FN":
        put("姓名", _unescaped(value))
    elif name == "N":
        family, given, middle = [*_split(value), "", "", ""][:3]
        put("姓", family)
        put("名", " ".join(part for part in (given, middle) if part))
    elif name == "ORG":
        company, *units = _split(value)
        put("公司", company)
        put("部门", "/".join(unit for unit in units if unit))
    elif name == "TEL":
        number = _unescaped(value)
        if number.lower().startswith("tel:"):
            number = re.sub(r";ext=", "转", number[4:], flags=re.IGNORECASE).partition(";")[0]
        put("传真" if "FAX" in types else "手机" if types & {"CELL", "IPHONE"} else "电话", number)
    elif name == "ADR":
        parts = _split(value) + [""] * 7
        box, extended, street, city, region, code, country = parts[:7]
        chinese = any("\u3400" <= letter <= "\u9fff" for letter in value)
        if chinese:  # from the large to the small, as it is written in China
            put("地址", "".join([country, region, city, street, extended, box]))
        else:
            put("地址", ", ".join(part for part in (box, extended, street, city, region, code, country) if part))
    elif name == "CATEGORIES":
        for category in _split(value, ","):
            put("标签", category)
    elif name == "UID":
        put("UID", _unescaped(value))
    elif name in ("IMPP", "X-QQ", "X-WECHAT", "X-AIM", "X-MSN", "X-SKYPE", "X-SKYPE-USERNAME"):
        put("即时通讯", _unescaped(value))
    else:
        simple = {
            "NICKNAME": "昵称",
            "TITLE": "职务",
            "ROLE": "职务",
            "EMAIL": "邮箱",
            "URL": "网址",
            "BDAY": "生日",
            "NOTE": "备注",
        }
        text = _unescaped(value)
        put(simple[name], text.removeprefix("mailto:") if name == "EMAIL" else text)


def _row(card: dict[str, list[str]]) -> list[str | None]:
    if "姓名" not in card:
        family, given = "".join(card.get("姓", [])), "".join(card.get("名", []))
        chinese = any("\u3400" <= letter <= "\u9fff" for letter in family + given)
        if name := f"{family}{given}" if chinese else f"{given} {family}".strip():
            card["姓名"] = [name]
        elif company := card.get("公司"):
            card["姓名"] = company[:1]
    return ["；".join(card[column]) if card.get(column) else None for column in COLUMNS]
