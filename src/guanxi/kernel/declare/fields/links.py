"""Links to other records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields.core import EQUALITY, PRESENCE, SETS, Field, FieldProblem, Part, Settings


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
