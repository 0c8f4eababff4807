"""Texts: a line, many lines, rich text, addresses of mail and pages, and numbers given by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields.core import EQUALITY, MAX_TEXT, PRESENCE, TEXTUAL, Field, FieldProblem, Settings

MAX_LONG_TEXT = 100_000


def cleaned(value: Any, limit: int, *, lines: bool) -> str | None:
    """Text without control characters and outer blanks; NUL cannot be stored, others only do harm."""
    if value is None:
        return None
    if not isinstance(value, str):
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = str(value)
        else:
            raise FieldProblem("type", "请填写文字。", "Give text.")
    if len(value) > limit:
        raise FieldProblem(
            "too-long",
            f"最多 {limit} 个字，现在有 {len(value)} 个。请缩短。",
            f"At most {limit} characters, this has {len(value)}. Shorten it.",
        )
    if value.isprintable():  # nothing below is in it
        return value.strip() or None
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    if not lines:
        text = " ".join(text.split("\n"))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FieldProblem("encoding", "含有无法保存的字符。请重新输入。", "Contains characters that cannot be stored. Type it again.") from None
    return text.strip() or None


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TextField(Field):
    """One line of text, up to 500 characters."""

    kind = "text"
    operators: ClassVar[tuple[str, ...]] = EQUALITY + TEXTUAL + PRESENCE
    searched = False
    limit = MAX_TEXT

    def parse(self, value: Any, settings: Settings) -> str | None:
        return cleaned(value, self.limit, lines=False)

    def mask(self, value: Any) -> Any:
        return None if not value else value[0] + "***"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.limit}


class LongText(TextField):
    """Several lines of text, up to 100,000 characters."""

    kind = "long_text"
    operators: ClassVar[tuple[str, ...]] = TEXTUAL + PRESENCE
    widget = "textarea"
    sortable = False
    groupable = False
    limit = MAX_LONG_TEXT

    def parse(self, value: Any, settings: Settings) -> str | None:
        return cleaned(value, self.limit, lines=True)


class RichText(LongText):
    """Formatted text as a safe subset of HTML; scripts, styles and event handlers are removed on the way in."""

    kind = "rich_text"
    widget = "richtext"

    def parse(self, value: Any, settings: Settings) -> str | None:
        import nh3

        text = super().parse(value, settings)
        return nh3.clean(text) if text else text

    def words(self, value: Any) -> list[str]:
        import nh3

        return [nh3.clean(value, tags=set())] if value else []

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        import nh3

        return nh3.clean(value, tags=set()) if value else ""


class Email(TextField):
    """An e-mail address (RFC 5321 length; the part before @ kept as written, the domain in lower case)."""

    kind = "email"
    widget = "email"
    searched = True
    limit = 254

    def parse(self, value: Any, settings: Settings) -> str | None:
        text = super().parse(value, settings)
        if text is None:
            return None
        local, at, domain = text.rpartition("@")
        if not at or not local or not _DOMAIN.match(domain) or len(local) > 64 or re.search(r"[\s,;<>()\"]", local):
            raise FieldProblem("email", "邮箱格式不对，应如 name@example.com。", "Not an e-mail address; it looks like name@example.com.")
        return f"{local}@{domain.lower()}"

    def operand(self, value: Any, settings: Settings) -> Any:
        return cleaned(value, self.limit, lines=False)

    def mask(self, value: Any) -> Any:
        return None if not value else value[0] + "***@" + value.rpartition("@")[2]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email"}


_DOMAIN = re.compile(r"^(?=.{1,253}$)([^\s@.,;<>()]{1,63}\.)+[^\s@.,;<>()]{2,63}$")


class Url(TextField):
    """A web address; only http and https, so that a link on a page cannot carry a script."""

    kind = "url"
    widget = "url"
    limit = 2000

    def parse(self, value: Any, settings: Settings) -> str | None:
        text = super().parse(value, settings)
        if text is None:
            return None
        if "://" not in text:
            text = "https://" + text
        try:
            parts = urlsplit(text)
            parts.port  # noqa: B018 - raises for javascript:alert(1), whose "port" is no number
        except ValueError:
            parts = urlsplit("")
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
            raise FieldProblem("url", "网址格式不对，应如 https://example.com。", "Not a web address; it looks like https://example.com.")
        return text

    def operand(self, value: Any, settings: Settings) -> Any:
        return cleaned(value, self.limit, lines=False)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri"}


class AutoNumber(TextField):
    """A human number by a rule, such as `KH{yyyy}{mm}-{0000}`: parts of the day, keys of the record's own choices (`{kind}`), and a counter.

    The counter lives in the database and advances in the record's own transaction. It begins anew with each `reset` (year, month, day,
    never; "" with each text around it, as long as nobody decided) and, where `apart`, for each choice. `given`: whether people may give a
    number of their own: free, of the rule's form, or never. Given on import it is kept.
    """

    kind = "auto_number"
    searched = True
    limit = 100

    def __init__(self, rule: str, label: Text | None = None, **rest: Any) -> None:
        rest.setdefault("unique", True)
        super().__init__(label or T("编号", "Number"), **rest)
        self.rule = rule
        self.reset = ""
        self.apart = True
        self.given = "free"

    @property
    def uses(self) -> list[str]:
        """The record's own fields that are part of the number."""
        return [name for name in re.findall(r"\{([a-z][a-z0-9_]*)\}", self.rule) if name not in DAY_PARTS]

    def render(self, today: date, values: Mapping[str, Any] | None = None) -> tuple[str, int, str]:
        """(prefix, width of the counter, suffix) for a day and a record's values."""
        text = self.rule
        for part, form in DAY_PARTS.items():
            text = text.replace(f"{{{part}}}", format(today, form))
        for name in self.uses:
            text = text.replace(f"{{{name}}}", str((values or {}).get(name) or ""))
        match = re.search(r"\{(0+)\}", text)
        if match is None:
            return text, 1, ""
        return text[: match.start()], len(match.group(1)), text[match.end() :]

    def counter(self, today: date, values: Mapping[str, Any]) -> str:
        """Under which name the numbers of a day and a record's values are counted."""
        if not self.reset:
            prefix, _, suffix = self.render(today, values)
            return f"{prefix}:{suffix}"
        since = format(today, {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "never": ""}[self.reset])
        form = re.sub(r"\{0+\}", "#", self.rule)  # a wider number goes on, another form begins with 1
        return "/".join([form, since, *(str(values.get(name) or "") for name in (self.uses if self.apart else ()))])

    def fits(self, number: str, values: Mapping[str, Any]) -> bool:
        """Whether a number has the rule's form, whatever its day."""
        text = re.escape(self.rule)
        for part, form in DAY_PARTS.items():
            text = text.replace(re.escape(f"{{{part}}}"), r"\d" + f"{{{len(format(date(2000, 1, 1), form))}}}")
        for name in self.uses:
            text = text.replace(re.escape(f"{{{name}}}"), re.escape(str(values.get(name) or "")))
        text = re.sub(r"\\\{(0+)\\\}", lambda found: rf"\d{{{len(found.group(1))},}}", text)
        return re.fullmatch(text, number) is not None


DAY_PARTS = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"}
"""Parts of a number that are the day's."""
