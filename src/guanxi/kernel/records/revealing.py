"""Showing what is masked: one value of one record, to whom a role grants `reveal`, a number of times a day, each a line of the log."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.normal import normal
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import Field, Phone
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import privacy
from guanxi.kernel.records.guard import unknown_field
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.sealing import fingerprint
from guanxi.kernel.storage import likes, log_rows, recycling, rows, sql


def may(actor: Actor, it: Definition) -> bool:
    """Whether the actor may have masked values of the object's records shown."""
    return access.may(actor.rights, it, "reveal")


def reveal(name: str, record: UUID | str, field: str, *, actor: Actor) -> Any:
    """The whole value of a field the actor sees masked. Raises NotFound for a record out of sight, Invalid for a field that is hidden or no
    field and beyond the day's limit, Forbidden for whom no role lets reveal."""
    guard = guard_of(actor)
    it = guard.object(name)
    if field not in it.fields or guard.level(it, field) == "hidden":
        raise unknown_field("field", field)
    one, asked = it.fields[field], parse_id(record) if isinstance(record, str) else record
    masked = guard.level(it, field) == "masked"
    if masked and not may(actor, it):
        raise Forbidden()
    with sql.work(actor.workspace):
        found = rows.fetch(guard.catalog, it, And((Test("id", "in", [asked]), guard.readable(it))), deleted=False) if asked else []
        if not found or (one.veil and recycling.inside(guard.catalog, it, [found[0]["id"]]).get(found[0]["id"]) in one.veil):
            raise NotFound()
        if masked:
            _count(guard.catalog, it, actor, found[0]["id"], field)
        return found[0][field]


def compared(catalog: Catalog, it: Definition, actor: Actor, one: Field, value: str) -> None:
    """Somebody who sees a field masked asks which records hold one whole value: counted and logged like revealing it, the same value
    once a day. Raises Invalid beyond the day's limit."""
    if actor.user is None:
        return
    mark = fingerprint(f"{it.name}.{one.name}", normal(value) if not isinstance(one, Phone) else re.sub(r"\D", "", value))
    with sql.work(actor.workspace):
        likes.alone(catalog, f"compared {actor.user}")
        most, asked = privacy.rules(actor.workspace)["reveals_per_day"], log_rows.noted(actor.workspace, actor.user, "compared", "value", _today(catalog))
        if mark in asked:
            return
        if len(asked) >= most:
            said = T(f"“{one.label.zh}”已脱敏，按它查找每人每天最多 {most} 次，明天再来。", f"{one.label.en} is masked: it may be looked for {most} times a day. Come back tomorrow.")
            raise Invalid([FieldError("where", "daily-limit", said)])
        log.note(actor.workspace, "compared", user=actor.user, address=actor.address, object=it.name, fields=[one.name], value=mark, via=actor.via)


def _today(catalog: Catalog) -> datetime:
    return datetime.combine(datetime.now(UTC).astimezone(catalog.settings.tz).date(), time(), catalog.settings.tz)


def _count(catalog: Catalog, it: Definition, actor: Actor, record: UUID, field: str) -> None:
    """One more today, if that may be; two at once wait for each other."""
    likes.alone(catalog, f"reveal {actor.user}")
    most = privacy.rules(actor.workspace)["reveals_per_day"]
    if log_rows.counted(actor.workspace, actor.user, "revealed", "", _today(catalog)) >= most:
        raise Invalid.field("field", "daily-limit", f"今天已达到每人每天 {most} 次的上限，明天再来。", f"Today's limit of {most} is reached. Come back tomorrow.")
    log.note(actor.workspace, "revealed", user=actor.user, address=actor.address, object=it.name, record=record, fields=[field], via=actor.via)
