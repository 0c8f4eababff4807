"""What every type of field shares, and what a workspace decides for its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi.base.text import T, Text

MAX_TEXT = 500
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
