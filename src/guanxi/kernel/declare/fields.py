"""Field types: everything one type of attribute knows, in one place.

A field answers for its type: which columns it needs and how a value travels to them and back; how a custom field of the
same type is read out of the row's JSON; which operators a filter may use; how input from a program or from a person is
checked; how it sorts; what the OpenAPI file says about it; which widget edits it; how it is masked and shown; and what
the search finds it by. Nothing here knows a database or a page: storage, surfaces and search ask.

Values have one canonical Python form everywhere behind the door (drafts, events, rows): `str`, `int`, `Decimal`, `bool`,
`date`, aware UTC `datetime`, `UUID` for links, lists of `str` or `UUID`, and small dicts for money, region and files.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi.base import industries, money, phones
from guanxi.base.clock import parse_date
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text

MAX_TEXT = 500
MAX_LONG_TEXT = 100_000
MAX_JSON = 100_000

EQUALITY = ("=", "!=", "in", "not in")
PRESENCE = ("empty", "not empty")
ORDER = (">", ">=", "<", "<=", "between")
TEXTUAL = ("contains", "not contains", "starts", "ends")
SETS = ("has", "has any", "has all", "has none")


MARKS: Mapping[str, Text] = {
    "name": T("姓名", "Name"),
    "contact": T("联系方式", "Contact details"),
    "identity": T("身份信息", "Identity"),
    "sensitive": T("敏感个人信息", "Sensitive"),
}
"""What a field may tell of a person (PIPL articles 4 and 28): roles have levels on marks, and requests of people are answered by them."""


class FieldProblem(ValueError):
    """A value does not fit its field. `code` is stable; `message` names the remedy."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = T(zh, en)


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What a workspace decides for all its records: money, time zone, fiscal year, home area code."""

    currency: str = "CNY"
    zone: str = "Asia/Shanghai"
    fiscal_start: int = 1
    area_code: str = ""
    today: date = date(1970, 1, 1)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One column of a field: what is appended to the field's name, and its SQL type."""

    suffix: str
    sql: str


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """One choice: the stored key, its label, a colour token, and whether it may still be picked."""

    key: str
    label: Text
    color: str = ""
    active: bool = True


class Field:
    """What every type shares.

    `required` refuses empty values on create and update; `unique` within the workspace, bin excluded; `readonly` fields
    are written by rules only; `computed` is a function `(draft, context) -> value` run at every write; `search` puts the
    value among the words a record is found by; `default` is a value or a function of the context; `personal` is one of MARKS
    when it tells of a person.
    """

    kind: ClassVar[str] = ""
    operators: ClassVar[tuple[str, ...]] = EQUALITY + PRESENCE
    widget: ClassVar[str] = "text"
    sortable: ClassVar[bool] = True
    groupable: ClassVar[bool] = True
    measurable: ClassVar[bool] = False
    searched: ClassVar[bool] = False
    sql: ClassVar[str] = "text"
    virtual: ClassVar[bool] = False
    """Has no column: the database works it out of the row when it is read (`formula`)."""

    name: str = ""
    veil: tuple[UUID, ...] = ()
    """Pools in which this field is empty for whoever the catalog is for (docs/adr/0011)."""
    formula: str = ""
    """A virtual field's SQL over the alias {t}; "" is nothing."""

    def __init__(
        self,
        label: Text | None = None,
        *,
        required: bool = False,
        unique: bool = False,
        readonly: bool = False,
        computed: Callable[..., Any] | None = None,
        default: Any = None,
        help: Text | None = None,
        search: bool | None = None,
        index: bool = False,
        personal: str = "",
    ) -> None:
        self._label = label
        self.required = required
        self.unique = unique
        self.readonly = readonly or computed is not None
        self.computed = computed
        self.default = default
        self.help = help
        self.search = self.searched if search is None else search
        self.index = index
        if personal and personal not in MARKS:
            raise ValueError(f"personal is one of {', '.join(MARKS)}")
        self.personal = personal
        self.custom = False
        self.system = False

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def label(self) -> Text:
        if self._label is not None:
            return self._label
        words = self.name.replace("_", " ").capitalize()
        return T(words, words)

    def bound(self, **changes: Any) -> Self:
        """A copy with other attributes: how the catalog fills in a workspace's options without touching the declaration."""
        copy = self.__class__.__new__(self.__class__)
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(changes)
        return copy

    # -- columns ---------------------------------------------------------------------------------------------------
    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part("", self.sql),)

    def column(self, suffix: str = "") -> str:
        return f"{self.name}{suffix}"

    @property
    def stored(self) -> bool:
        """Has columns of its own (or a key in the custom JSON); many-links have rows in the link table instead."""
        return not self.virtual

    def store(self, value: Any) -> tuple[Any, ...]:
        """The canonical value as one database value per part."""
        return (value,)

    def load(self, values: tuple[Any, ...]) -> Any:
        """The database values of the parts as the canonical value."""
        return values[0]

    def to_json(self, value: Any) -> Any:
        """The canonical value as JSON, for events and for custom fields; sorts as the type does, where text can."""
        return value

    def from_json(self, value: Any) -> Any:
        return value

    # -- input and output --------------------------------------------------------------------------------------------
    def empty(self, value: Any) -> bool:
        return value is None or value == "" or value == []

    def parse(self, value: Any, settings: Settings) -> Any:
        """A program's input as the canonical value; raises FieldProblem."""
        raise NotImplementedError

    def read(self, text: str, settings: Settings) -> Any:
        """A person's text (a form, a cell of a sheet) as the canonical value; raises FieldProblem."""
        return self.parse(text, settings)

    def operand(self, value: Any, settings: Settings) -> Any:
        """What a filter compares with; by default the same as a value."""
        return self.parse(value, settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        """The value as people read it in lists, exports and messages."""
        return "" if value is None else str(value)

    def mask(self, value: Any) -> Any:
        """The value for somebody who may know that it exists but not what it is."""
        return None if value is None else "***"

    def words(self, value: Any) -> list[str]:
        """What the search finds the record by."""
        return [str(value)] if value else []

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        return {"type": "string"}

    def describe(self, lang: str) -> dict[str, Any]:
        """The field in the catalog, for programs and islands."""
        out: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "label": self.label.for_(lang),
            "required": self.required,
            "readonly": self.readonly,
            "custom": self.custom,
            "operators": list(self.operators),
            "widget": self.widget,
        }
        if self.help is not None:
            out["help"] = self.help.for_(lang)
        if self.personal:
            out["personal"] = self.personal
        return out


def _clean(value: Any, limit: int, *, lines: bool) -> str | None:
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
        return _clean(value, self.limit, lines=False)

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
        return _clean(value, self.limit, lines=True)


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


class Integer(Field):
    """A whole number of 64 bits."""

    kind = "integer"
    operators = EQUALITY + ORDER + PRESENCE
    widget = "number"
    measurable = True
    sql = "bigint"

    def parse(self, value: Any, settings: Settings) -> int | None:
        if value is None or value == "":
            return None
        number = _decimal(value)
        if number != number.to_integral_value():
            raise FieldProblem("type", "请填写整数。", "Give a whole number.")
        if abs(number) >= 2**63:
            raise FieldProblem("range", "数字太大。", "The number is too large.")
        return int(number)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "format": "int64"}

    def words(self, value: Any) -> list[str]:
        return []


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise FieldProblem("type", "请填写数字。", "Give a number.")
    try:
        if isinstance(value, str):
            text = value.strip()
            if len(text) > 60:
                raise FieldProblem("type", "请填写数字。", "Give a number.")
            amount, _ = money.parse_amount(text)
            return amount
        if isinstance(value, float):
            value = repr(value)
        number = Decimal(value)
    except (InvalidOperation, ValueError, TypeError, OverflowError):
        raise FieldProblem("type", "请填写数字，如 1234.5。", "Give a number, such as 1234.5.") from None
    if not number.is_finite():
        raise FieldProblem("type", "请填写数字，如 1234.5。", "Give a number, such as 1234.5.")
    return number


LIMIT = Decimal(10) ** 16
"""Numbers are numeric(22, 6): sixteen digits before the point, six after."""


def _bounded(number: Decimal, places: int) -> Decimal:
    if abs(number) >= LIMIT:
        raise FieldProblem("range", "数字太大，整数部分最多 16 位。", "The number is too large: at most 16 digits before the point.")
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


class Number(Field):
    """A decimal number with up to six places (no binary fractions anywhere)."""

    kind = "decimal"
    operators = EQUALITY + ORDER + PRESENCE
    widget = "number"
    measurable = True
    sql = "numeric"

    def __init__(self, label: Text | None = None, *, places: int = 2, **options: Any) -> None:
        super().__init__(label, **options)
        self.places = places

    def parse(self, value: Any, settings: Settings) -> Decimal | None:
        if value is None or value == "":
            return None
        return _bounded(_decimal(value), self.places)

    def to_json(self, value: Any) -> Any:
        return None if value is None else str(value)

    def from_json(self, value: Any) -> Any:
        return None if value is None else Decimal(str(value))

    def load(self, values: tuple[Any, ...]) -> Any:
        value = values[0]
        return value if value is None else value.quantize(Decimal(1).scaleb(-self.places))

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else f"{value:,}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "examples": ["1234.50"]}

    def words(self, value: Any) -> list[str]:
        return []


class Percent(Number):
    """A percentage as people say it: 63.15 means 63.15 %."""

    kind = "percent"
    widget = "percent"

    def read(self, text: str, settings: Settings) -> Any:
        return self.parse(text.strip().rstrip("%％").strip(), settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else f"{value.normalize():f}%"


class Money(Field):
    """An amount with its currency (ISO 4217), and the same in the workspace's currency for totals.

    Input: a number or text (the workspace's currency), or `{"amount": "12.50", "currency": "USD"}`. Filters, sorting
    and sums use the base amount. `base` is filled in at the door from the dated exchange rates; rows carry it where it
    differs from the amount, and it is ignored on the way in.
    """

    kind = "money"
    operators = (*ORDER, "=", "!=", *PRESENCE)
    widget = "money"
    groupable = False
    measurable = True
    sql = "numeric"

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part("", "numeric"), Part("_currency", "text"), Part("_base", "numeric"))

    def parse(self, value: Any, settings: Settings) -> dict[str, Any] | None:
        if value is None or value == "":
            return None
        currency: str | None = None
        if isinstance(value, Mapping):
            unknown = set(value) - {"amount", "currency", "base"}
            if unknown:
                raise FieldProblem("type", "金额只能有 amount 和 currency。", "Money has only amount and currency.")
            currency = value.get("currency")
            value = value.get("amount")
            if value is None or value == "":
                return None
        if isinstance(value, str):
            try:
                amount, found = money.parse_amount(value)
            except ValueError:
                raise FieldProblem("type", "请填写金额，如 1234.50 或 1.2万。", "Give an amount, such as 1234.50.") from None
            currency = currency or found
        else:
            amount = _decimal(value)
        currency = (currency or settings.currency).upper() if isinstance(currency or "", str) else ""
        if currency not in money.EXPONENTS:
            raise FieldProblem("currency", "不认识的币种。请用 CNY、USD 等三个字母的代码。", "Unknown currency. Use a three-letter code such as CNY or USD.")
        return {"amount": _bounded(amount, money.EXPONENTS[currency]), "currency": currency}

    def operand(self, value: Any, settings: Settings) -> Any:
        parsed = self.parse(value, settings)
        return None if parsed is None else parsed["amount"]

    def store(self, value: Any) -> tuple[Any, ...]:
        if value is None:
            return (None, None, None)
        return (value["amount"], value["currency"], value.get("base", value["amount"]))

    def load(self, values: tuple[Any, ...]) -> Any:
        amount, currency = values[0], values[1]
        if amount is None:
            return None
        places = Decimal(1).scaleb(-money.EXPONENTS.get(currency, 2))
        out = {"amount": amount.quantize(places), "currency": currency}
        if values[2] is not None and values[2] != amount:
            out["base"] = values[2].quantize(Decimal("0.01"))
        return out

    def to_json(self, value: Any) -> Any:
        return None if value is None else {k: str(v) for k, v in value.items()}

    def from_json(self, value: Any) -> Any:
        if value is None:
            return None
        return {k: v if k == "currency" else Decimal(v) for k, v in value.items()}

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if value is None or not isinstance(value, dict):
            return "" if value is None else str(value)
        sign = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}.get(value["currency"])
        return f"{sign}{value['amount']:,}" if sign else f"{value['currency']} {value['amount']:,}"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "amount": {"type": "string", "format": "decimal"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "base": {"type": "string", "format": "decimal", "readOnly": True},
            },
            "required": ["amount"],
        }

    def words(self, value: Any) -> list[str]:
        return []


class Boolean(Field):
    """Yes or no; empty is a third answer unless a default is given."""

    kind = "boolean"
    operators = ("=", "!=", *PRESENCE)
    widget = "checkbox"
    sql = "boolean"

    def parse(self, value: Any, settings: Settings) -> bool | None:
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return value
        if isinstance(value, str | int):
            word = str(value).strip().casefold()
            if word in _YES:
                return True
            if word in _NO:
                return False
        raise FieldProblem("type", "请填写 是 或 否。", "Give yes or no.")

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "" if value is None else (T("是", "Yes") if value else T("否", "No")).for_(lang)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def words(self, value: Any) -> list[str]:
        return []


_YES = {"true", "1", "yes", "y", "是", "对", "有", "√", "✓", "on", "t"}
_NO = {"false", "0", "no", "n", "否", "不", "无", "×", "off", "f"}


def _in_range(day: date) -> date:
    """Years 1000 to 9000: beyond them the calendar ends before the periods around a day do."""
    if not 1000 <= day.year <= 9000:
        raise FieldProblem("range", "日期超出范围。", "The date is out of range.")
    return day


class Date(Field):
    """A calendar day."""

    kind = "date"
    operators = ("=", "!=", *ORDER, "within", *PRESENCE)
    widget = "date"
    sql = "date"

    def parse(self, value: Any, settings: Settings) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return _in_range(value.astimezone(settings.tz).date() if value.tzinfo else value.date())
        if isinstance(value, date):
            return _in_range(value)
        if isinstance(value, str):
            for reader in (date.fromisoformat, parse_date):
                try:
                    return _in_range(reader(value.strip()))
                except FieldProblem:
                    raise
                except ValueError:
                    pass
        raise FieldProblem("type", "请填写日期，如 2026-11-22。", "Give a date, such as 2026-11-22.")

    def to_json(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def from_json(self, value: Any) -> Any:
        return None if value is None else date.fromisoformat(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def words(self, value: Any) -> list[str]:
        return []


class DateTime(Field):
    """An instant: stored in UTC, shown in the workspace's zone; input without a zone is taken in that zone."""

    kind = "datetime"
    operators = ("=", "!=", *ORDER, "within", *PRESENCE)
    widget = "datetime"
    sql = "timestamptz"

    def parse(self, value: Any, settings: Settings) -> datetime | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            text = value.strip().replace("/", "-")
            try:
                value = datetime.fromisoformat(text)
            except ValueError:
                head, _, clock = text.partition(" ")
                try:
                    day = parse_date(head)
                    value = datetime.fromisoformat(f"{day.isoformat()} {_clock(clock)}".strip())
                except ValueError:
                    raise FieldProblem(
                        "type", "请填写日期和时间，如 2026-11-22 14:30。", "Give a date and time, such as 2026-11-22 14:30."
                    ) from None
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is added below
        if not isinstance(value, datetime):
            raise FieldProblem("type", "请填写日期和时间，如 2026-11-22 14:30。", "Give a date and time, such as 2026-11-22 14:30.")
        if value.tzinfo is None:
            value = value.replace(tzinfo=settings.tz)
        try:
            instant: datetime = value.astimezone(UTC)
            _in_range(instant.date())
            return instant
        except OverflowError:
            raise FieldProblem("range", "日期超出范围。", "The date is out of range.") from None

    def to_json(self, value: Any) -> Any:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def from_json(self, value: Any) -> Any:
        return None if value is None else datetime.fromisoformat(value.replace("Z", "+00:00"))

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, datetime):
            return "" if value is None else str(value)
        return value.astimezone(zone or UTC).strftime("%Y-%m-%d %H:%M")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def words(self, value: Any) -> list[str]:
        return []


def _clock(text: str) -> str:
    parts = text.strip().split(":")
    return ":".join(part.zfill(2) for part in parts) if parts != [""] else ""


class Choice(Field):
    """One of a list: given in the declaration, or the entries of a dictionary an administrator keeps. `ruled`: nobody writes it but
    grading rules, and it is empty while none holds."""

    kind = "choice"
    widget = "select"

    def __init__(
        self,
        label: Text | None = None,
        options: Iterable[Option | tuple[str, Text]] = (),
        *,
        dictionary: str | None = None,
        ruled: bool = False,
        **rest: Any,
    ) -> None:
        if ruled:
            rest["readonly"] = True
        super().__init__(label, **rest)
        self.ruled = ruled
        self.options: tuple[Option, ...] = tuple(o if isinstance(o, Option) else Option(*o) for o in options)
        self.dictionary = dictionary

    def _find(self, value: Any) -> str:
        if isinstance(value, str):
            text = value.strip()
            for option in self.options:
                if option.key == text:
                    return option.key
            lowered = text.casefold()
            for option in self.options:
                if lowered in (option.key.casefold(), option.label.zh.casefold(), option.label.en.casefold()):
                    return option.key
        allowed_zh = "、".join(o.label.zh for o in self.options[:12])
        allowed_en = ", ".join(o.label.en for o in self.options[:12])
        raise FieldProblem("choice", f"只能选：{allowed_zh}。", f"Choose one of: {allowed_en}.")

    def parse(self, value: Any, settings: Settings) -> Any:
        return None if value is None or value == "" else self._find(value)

    def option(self, key: Any) -> Option | None:
        return next((o for o in self.options if o.key == key), None)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        option = self.option(value)
        return option.label.for_(lang) if option else ("" if value is None else str(value))

    def words(self, value: Any) -> list[str]:
        return []

    def schema(self) -> dict[str, Any]:
        if self.dictionary is not None or not self.options:
            return {"type": "string"}
        return {"type": "string", "enum": [o.key for o in self.options]}

    def describe(self, lang: str) -> dict[str, Any]:
        out = super().describe(lang)
        out["options"] = [
            {"key": o.key, "label": o.label.for_(lang), "color": o.color} for o in self.options if o.active
        ]
        if self.dictionary is not None:
            out["dictionary"] = self.dictionary
        return out


class Industry(Choice):
    """The section of GB/T 4754-2017 (国民经济行业分类), A to T; a workspace may replace the list by a dictionary."""

    kind = "industry"

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        rest.setdefault("dictionary", None)
        super().__init__(label, [Option(code, text) for code, text in industries.SECTIONS], **rest)


class MultiChoice(Choice):
    """Several of a list."""

    kind = "multi_choice"
    operators = SETS + PRESENCE
    widget = "multiselect"
    sortable = False
    groupable = False
    sql = "text[]"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = [v for v in re.split(r"[,，;；、|\n]", value) if v.strip()]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请给出选项列表。", "Give a list of choices.")
        return list(dict.fromkeys(self._find(v) for v in value)) or None

    def operand(self, value: Any, settings: Settings) -> Any:
        return self.parse(value if isinstance(value, list | tuple) else [value], settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, list):
            return "" if value is None else str(value)
        return "、".join(super(MultiChoice, self).show(v, lang) for v in value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": super().schema()}


class Tags(Field):
    """Free words, each up to 50 characters, at most 50. `fields_of`: the words are names of fields of that object."""

    kind = "tags"
    operators = SETS + PRESENCE
    widget = "tags"
    sortable = False
    groupable = False
    searched = True
    sql = "text[]"

    def __init__(self, label: Text | None = None, *, fields_of: str = "", **rest: Any) -> None:
        super().__init__(label, **rest)
        self.fields_of = fields_of

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = re.split(r"[,，;；、|\n]", value)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise FieldProblem("type", "请给出标签列表。", "Give a list of tags.")
        tags = list(dict.fromkeys(t for t in (_clean(v, 50, lines=False) for v in value) if t))
        if len(tags) > 50:
            raise FieldProblem("too-long", "最多 50 个标签。", "At most 50 tags.")
        return tags or None

    def operand(self, value: Any, settings: Settings) -> Any:
        return self.parse(value if isinstance(value, list | tuple) else [value], settings)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "、".join(value) if isinstance(value, list) else ("" if value is None else str(value))

    def words(self, value: Any) -> list[str]:
        return list(value or [])

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 50}}


class Phone(Field):
    """Phone numbers: several per record, each normalised (E.164, extension behind `;ext=`), with a note.

    What cannot be read as a number is kept as it was typed, with `number` empty, so that nothing is lost.
    """

    kind = "phone"
    operators = ("=", "contains", "ends", *PRESENCE)
    widget = "phone"
    sortable = False
    groupable = False
    searched = True
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "" or value == []:
            return None
        if isinstance(value, str | int) and not isinstance(value, bool):
            value = [str(value)]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请填写电话号码。", "Give a phone number.")
        out: list[dict[str, str]] = []
        for item in value:
            note = None
            if isinstance(item, Mapping):
                if not set(item) <= {"number", "note", "text"}:
                    raise FieldProblem("type", "电话只能有 number 和 note。", "A phone has only number and note.")
                note = item.get("note")
                item = item.get("number") or item.get("text") or ""
            if not isinstance(item, str) or not isinstance(note, str | None):
                raise FieldProblem("type", "请填写电话号码。", "Give a phone number.")
            if len(item) > MAX_TEXT:
                raise FieldProblem("too-long", f"最多 {MAX_TEXT} 个字。", f"At most {MAX_TEXT} characters.")
            note = _clean(note, MAX_TEXT, lines=False)
            for found in phones.parse_phones(_clean(item, MAX_TEXT, lines=False) or "", area=settings.area_code or None):
                entry = {"number": found.number} if found.number else {"number": "", "text": found.original}
                words = note or found.note
                if words:
                    entry["note"] = words[:100]
                if entry not in out:
                    out.append(entry)
        if len(out) > 20:
            raise FieldProblem("too-long", "最多 20 个电话。", "At most 20 phone numbers.")
        return out or None

    def operand(self, value: Any, settings: Settings) -> Any:
        digits = re.sub(r"\D", "", str(value))
        if not digits:
            raise FieldProblem("type", "请填写数字。", "Give digits.")
        return digits

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, list):
            return "" if value is None else str(value)
        shown = []
        for entry in value:
            text = phones.display(entry["number"]) if entry.get("number") else entry.get("text", "")
            shown.append(f"{text} ({entry['note']})" if entry.get("note") else text)
        return "、".join(shown)

    def mask(self, value: Any) -> Any:
        if not value:
            return None
        return [{"number": _starred(entry.get("number") or entry.get("text", ""))} for entry in value]

    def words(self, value: Any) -> list[str]:
        return []

    def numbers(self, value: Any) -> list[str]:
        """Digits only, for the search by tail."""
        return [re.sub(r"\D", "", e["number"].split(";")[0]) for e in value or [] if e.get("number")]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "object", "properties": {"number": {"type": "string"}, "note": {"type": "string"}}},
        }


def _starred(number: str) -> str:
    """138****5678: the shape people know from bills; short numbers vanish whole."""
    return f"{number[:-8]}****{number[-4:]}" if len(number) > 8 else "***"


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
        return _clean(value, self.limit, lines=False)

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
        return _clean(value, self.limit, lines=False)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri"}


class Region(Field):
    """省市区 as the deepest division code (GB/T 2260, six digits) and the rest of the address.

    Filters: `=` and `in` take a code of any level and mean "in it or below", `exactly` the code itself; what has no code
    counts as empty. Texts are resolved when the surface that
    read them knows the divisions; otherwise they stay in `detail`.
    """

    kind = "region"
    operators = ("=", "!=", "in", "exactly", "contains", *PRESENCE)
    widget = "region"
    resolve: ClassVar[Callable[[str], tuple[str, str]] | None] = None
    """Text to (code, rest); installed at start by the program, because the divisions are data."""
    names: ClassVar[Callable[[str], str] | None] = None
    """Code to its full name (广东省深圳市南山区); installed at start likewise."""
    below: ClassVar[Callable[[str], list[tuple[str, str]]] | None] = None
    """The regions directly in one, or the provinces for "": code and own name; installed at start likewise."""
    within: ClassVar[Callable[[str], tuple[str, int] | None] | None] = None
    """The place a company's name begins with: code and length, or None; installed at start likewise."""

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part("", "text"), Part("_detail", "text"))

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            text = _clean(value, MAX_TEXT, lines=False)
            if text is None:
                return None
            resolver = type(self).resolve
            code: str | None
            rest: str
            code, rest = resolver(text) if resolver is not None else ("", text)
            if not code and re.fullmatch(r"\d{6}", text):
                code, rest = text, ""
            return {"code": code or None, "detail": rest or None}
        if not isinstance(value, Mapping) or not set(value) <= {"code", "detail", "text"}:
            raise FieldProblem("type", "地区应有 code（六位行政区划代码）和 detail。", "A region has code (six digits) and detail.")
        code = value.get("code") or None
        if code is not None and not (isinstance(code, str) and re.fullmatch(r"\d{6}", code)):
            raise FieldProblem("region", "行政区划代码应为六位数字。", "A division code has six digits.")
        detail = _clean(value.get("detail"), MAX_TEXT, lines=False)
        return {"code": code, "detail": detail} if code or detail else None

    def operand(self, value: Any, settings: Settings) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{2}(\d{2}(\d{2})?)?", value):
            return value.ljust(6, "0")
        parsed = self.parse(value, settings)
        return (parsed or {}).get("code") or str(value)

    def store(self, value: Any) -> tuple[Any, ...]:
        return (None, None) if value is None else (value.get("code"), value.get("detail"))

    def load(self, values: tuple[Any, ...]) -> Any:
        if values[0] is None and values[1] is None:
            return None
        return {"code": values[0], "detail": values[1]}

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if not isinstance(value, dict):
            return "" if value is None else str(value)
        namer = type(self).names
        name = namer(value["code"]) if namer is not None and value.get("code") else (value.get("code") or "")
        return " ".join(part for part in (name, value.get("detail") or "") if part)

    def words(self, value: Any) -> list[str]:
        return [value["detail"]] if value and value.get("detail") else []

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"code": {"type": "string", "pattern": "^[0-9]{6}$"}, "detail": {"type": "string"}},
        }


class Link(Field):
    """A record of another object. Canonical value: its id; rows give `{"id", "label"}`, or null when it may not be seen.

    `on_delete`: "protect" refuses to delete the target while this record stands, "cascade" deletes and restores with
    it, "keep" leaves the link pointing into the bin. `reverse` is what the target calls the list of these records.
    """

    kind = "link"
    widget = "link"
    sql = "uuid"

    def __init__(self, target: str, label: Text | None = None, *, on_delete: str = "keep", reverse: Text | None = None, **rest: Any) -> None:
        super().__init__(label, **rest)
        self.target = target
        self.on_delete = on_delete
        self.reverse = reverse

    def column(self, suffix: str = "") -> str:
        return f"{self.name}_id"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, Mapping):
            value = value.get("id")
        found = value if isinstance(value, UUID) else parse_id(value) if isinstance(value, str) else None
        if found is None:
            raise FieldProblem("link", "请给出记录的编号（id）。", "Give the id of the record.")
        return found

    def operand(self, value: Any, settings: Settings) -> Any:
        if value in ("me", "my department", "my departments"):
            return value
        return self.parse(value, settings)

    def to_json(self, value: Any) -> Any:
        return None if value is None else str(value)

    def from_json(self, value: Any) -> Any:
        return None if value is None else UUID(value)

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        if isinstance(value, Mapping):
            return str(value.get("label") or "")
        return "" if value is None else str(value)

    def mask(self, value: Any) -> Any:
        return None

    def words(self, value: Any) -> list[str]:
        return []

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def describe(self, lang: str) -> dict[str, Any]:
        return super().describe(lang) | {"target": self.target}


class Person(Link):
    """A user of the workspace. Filters understand `me`."""

    kind = "person"
    widget = "person"

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        super().__init__("user", label, **rest)


class Owner(Person):
    """负责人: who a record belongs to; scopes are decided by it. Empty on create means the actor."""

    kind = "owner"

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        super().__init__(label or T("负责人", "Owner"), **rest)


class Department(Link):
    """A department of the workspace. Filters understand `my department`; `under` includes those below."""

    kind = "department"
    operators = (*EQUALITY, "under", *PRESENCE)

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        super().__init__("department", label or T("部门", "Department"), **rest)


class Stage(Link):
    """The step of a process a record is in. The steps are records of `target`; `pipeline` names the field that holds
    the process they belong to. Legal moves and required fields come from the step's own record."""

    kind = "stage"
    widget = "stage"

    def __init__(self, target: str, label: Text | None = None, *, pipeline: str | None = None, **rest: Any) -> None:
        super().__init__(target, label or T("阶段", "Stage"), **rest)
        self.pipeline = pipeline


class Links(Field):
    """Several records of another object, kept as rows of the link table. Canonical value: list of ids, in order."""

    kind = "many_links"
    operators = SETS + PRESENCE
    widget = "links"
    sortable = False
    groupable = False
    sql = ""

    def __init__(self, target: str, label: Text | None = None, **rest: Any) -> None:
        super().__init__(label, **rest)
        self.target = target

    @property
    def parts(self) -> tuple[Part, ...]:
        return ()

    @property
    def stored(self) -> bool:
        return False

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "":
            return None
        if not isinstance(value, list | tuple):
            value = [value]
        out: list[UUID] = []
        for item in value:
            if isinstance(item, Mapping):
                item = item.get("id")
            found = item if isinstance(item, UUID) else parse_id(item) if isinstance(item, str) else None
            if found is None:
                raise FieldProblem("link", "请给出记录编号（id）的列表。", "Give a list of record ids.")
            if found not in out:
                out.append(found)
        if len(out) > 500:
            raise FieldProblem("too-long", "最多 500 条。", "At most 500.")
        return out or None

    def operand(self, value: Any, settings: Settings) -> Any:
        if value in ("me", "my department", "my departments"):
            return value
        return self.parse(value, settings)

    def to_json(self, value: Any) -> Any:
        return None if value is None else [str(v) for v in value]

    def from_json(self, value: Any) -> Any:
        return None if value is None else [UUID(v) for v in value]

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "、".join(str(v.get("label") or "") if isinstance(v, Mapping) else str(v) for v in value or [])

    def mask(self, value: Any) -> Any:
        return None

    def words(self, value: Any) -> list[str]:
        return []

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "format": "uuid"}}

    def describe(self, lang: str) -> dict[str, Any]:
        return super().describe(lang) | {"target": self.target}


class Departments(Links):
    """Several departments."""

    kind = "many_links"

    def __init__(self, label: Text | None = None, **rest: Any) -> None:
        super().__init__("department", label or T("部门", "Departments"), **rest)


class File(Field):
    """Files in the content-addressed store: a list of `{"file": <id>, "name", "size", "type"}`, at most 20."""

    kind = "file"
    operators = PRESENCE
    widget = "file"
    sortable = False
    groupable = False
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        if value is None or value == "" or value == []:
            return None
        if isinstance(value, Mapping | str):
            value = [value]
        if not isinstance(value, list | tuple):
            raise FieldProblem("type", "请给出文件列表。", "Give a list of files.")
        out = []
        for item in value:
            if isinstance(item, str):
                item = {"file": item}
            if not isinstance(item, Mapping) or not isinstance(item.get("file"), str) or parse_id(item["file"]) is None:
                raise FieldProblem("file", "请先上传文件，再填写它的编号。", "Upload the file first, then give its id.")
            out.append({key: item[key] for key in ("file", "name", "size", "type") if item.get(key) is not None})
        if len(out) > 20:
            raise FieldProblem("too-long", "最多 20 个文件。", "At most 20 files.")
        return out

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        return "、".join(str(v.get("name", "")) for v in value or [] if isinstance(v, Mapping))

    def words(self, value: Any) -> list[str]:
        return [v["name"] for v in value or [] if v.get("name")]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "size": {"type": "integer"},
                    "type": {"type": "string"},
                },
                "required": ["file"],
            },
        }


class Image(File):
    """Pictures; the type must be one a browser shows safely (png, jpeg, gif, webp)."""

    kind = "image"
    widget = "image"


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


class Json(Field):
    """Any JSON up to 100,000 characters, for settings and integrations."""

    kind = "json"
    operators = PRESENCE
    widget = "json"
    sortable = False
    groupable = False
    sql = "jsonb"

    def parse(self, value: Any, settings: Settings) -> Any:
        import json

        import msgspec

        if value is None or value == "":
            return None
        try:
            if isinstance(value, str):
                value = json.loads(value)
            text = json.dumps(value, allow_nan=False)
            msgspec.json.encode(value)  # what the database and the journal get; refuses lone surrogates and endless integers
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise FieldProblem("type", "不是有效的 JSON。", "Not valid JSON.") from None
        if len(text) > MAX_JSON:
            raise FieldProblem("too-long", f"最多 {MAX_JSON} 个字符。", f"At most {MAX_JSON} characters.")
        if "\\u0000" in text:
            raise FieldProblem("encoding", "含有无法保存的字符。", "Contains characters that cannot be stored.")
        return value

    def words(self, value: Any) -> list[str]:
        return []

    def show(self, value: Any, lang: str | None = None, zone: ZoneInfo | None = None) -> str:
        import json

        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def schema(self) -> dict[str, Any]:
        return {}


KINDS: dict[str, type[Field]] = {
    cls.kind: cls
    for cls in (
        TextField, LongText, RichText, Integer, Number, Money, Percent, Boolean, Date, DateTime, Choice, MultiChoice,
        Tags, Phone, Email, Url, Region, Industry, Link, Links, Person, Department, Owner, Stage, File, Image,
        AutoNumber, Json,
    )
}
"""Every field type by the name used in the API, in custom fields and in docs."""
