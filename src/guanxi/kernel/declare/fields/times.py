"""Days and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.base.clock import parse_date
from guanxi.kernel.declare.fields.core import ORDER, PRESENCE, Field, FieldProblem, Settings


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
