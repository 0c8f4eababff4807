"""Lists out as files: what the actor sees, page by page, in constant memory.

Rights are those at the moment of writing: hidden fields cannot be asked for, masked ones come out masked, links that may
not be seen stay empty. What a spreadsheet would run as a formula is neutralised by the writers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final, Literal

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import Boolean, Date, DateTime, Field, Integer, Link, Money, Number
from guanxi.kernel.declare.objects import Definition, List
from guanxi.kernel.records import privacy, reading
from guanxi.kernel.records.guard import Guard
from guanxi.surfaces.imports.reading import layout
from guanxi.surfaces.imports.reading.write import Value, write_csv, write_xlsx

Format = Literal["csv", "xlsx"]
FORMATS: Final = ("csv", "xlsx")
PAGE: Final = reading.MAX_LIMIT


class Cancelled(Exception):
    """Somebody asked for the end."""


def check(actor: Actor, object: str, format: str) -> Definition:
    """The object, if the actor may export it. Raises NotFound, Forbidden, or Invalid for an unknown format."""
    it = reading.guard_of(actor).object(object)
    if not access.may(actor.rights, it, "export"):
        raise Forbidden()
    if format not in FORMATS:
        raise Invalid.field("format", "choice", "导出格式只能是 csv 或 xlsx。", "The format is csv or xlsx.")
    return it


def columns(actor: Actor, object: str, fields: Sequence[str] | None = None) -> list[tuple[str, Field]]:
    """The columns of an export: paths with the field at their end; without `fields` those of the object's first list."""
    guard = reading.guard_of(actor)
    it = guard.object(object)
    if fields is None:
        view: List | None = it.view(List)
        chosen = [
            f
            for f in (view.columns if view is not None else (it.title,))
            if guard.level(it, f.split(".")[0]) != "hidden"
        ]
    else:
        chosen = list(dict.fromkeys(fields))
    return [(path, _end(guard, it, path)) for path in chosen]


def _end(guard: Guard, it: Definition, path: str) -> Field:
    at = it
    *through, last = path.split(".")
    for part in through:
        link, _ = guard.field(at, part, "fields")
        if not isinstance(link, Link):
            break
        at = guard.target(link)
    return guard.field(at, last, "fields")[0]


def export(
    actor: Actor,
    object: str,
    file: BinaryIO,
    format: Format = "csv",
    *,
    where: Any = None,
    fields: Sequence[str] | None = None,
    sort: Sequence[str] | str | None = None,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    number: str = "",
) -> int:
    """Write every record the condition admits and the actor may see; returns how many. Raises Cancelled between pages. `number`: under
    which the log knows it; where the company wants that, a first line says so."""
    it = check(actor, object, format)
    chosen = columns(actor, object, fields)
    settings = reading.guard_of(actor).catalog.settings
    language, zone = actor.language, settings.tz

    def rows() -> Iterator[list[Value]]:
        after: str | None = None
        done = 0
        paths = [path for path, _ in chosen]
        while True:
            if cancelled is not None and cancelled():
                raise Cancelled
            page = reading.query(it.name, actor=actor, where=where, fields=paths, sort=sort, limit=PAGE, after=after)
            for row in page.rows:
                yield [cell(one, row.get(path), language, zone, settings.currency) for path, one in chosen]
            done += len(page.rows)
            if progress is not None:
                progress(done)
            after = page.next
            if after is None:
                return

    heads = [one.label.for_(language) for _, one in chosen]
    above = mark(actor, number) if number else ""
    if format == "xlsx":
        return write_xlsx(file, heads, rows(), sheet=it.label.for_(language), above=above)
    return write_csv(file, heads, rows(), above=above)


def mark(actor: Actor, number: str) -> str:
    """The line above what somebody takes out, where the company wants one: who, when, and under which number the log knows it."""
    if not privacy.rules(actor.workspace)["watermark_exports"]:
        return ""
    now = datetime.now(UTC).astimezone(reading.guard_of(actor).catalog.settings.tz)
    return layout.exported(actor.name, f"{now:%Y-%m-%d %H:%M}", number).for_(actor.language)


def cell(one: Field, value: Any, language: str, zone: Any, currency: str) -> Value:
    """A value as a cell: numbers and dates as such, amounts in the workspace's currency as numbers, the rest as people read it."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo is not None else value
    if isinstance(one, Money) and isinstance(value, dict) and value.get("currency") == currency:
        amount: Decimal = value["amount"]
        return amount
    if isinstance(one, Integer | Number | Date | DateTime) and not isinstance(value, str):
        result: Value = value
        return result
    if isinstance(value, str) and value.startswith("***"):
        return value
    if isinstance(one, Boolean) and not isinstance(value, bool):
        return str(value)
    return one.show(value, language, zone)
