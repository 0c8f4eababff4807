"""What visitors fill in on a public form (`web_form`), made a record through the door by a robot; nothing of what is there is told them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid, NotFound, Problem, TooManyRequests
from guanxi.base.text import T, Text
from guanxi.kernel import pacing
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog.web_forms import NAME
from guanxi.kernel.declare.fields import Boolean, Choice, Field, FieldProblem, MultiChoice, Phone
from guanxi.kernel.declare.intake import askable
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.records.matching import FORM
from guanxi.kernel.storage import sql, tables

CONSENT = "consent"
"""The box under which somebody agrees, beside the fields."""
TRAP = "homepage_url"
"""An input nobody sees: whoever fills it in is a program."""
LONGEST = 5_000
MOST_MINUTE, MOST_HOUR, MOST_FORM_MINUTE = 6, 30, 120
"""Submissions of one address within a minute and an hour, and to one form within a minute."""
HOUR = timedelta(hours=1)
_WORKSPACE = tables.DEFAULT_WORKSPACE
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One input of a form, as a visitor reads it."""

    field: Field
    label: Text
    required: bool


@dataclass(frozen=True)
class PublicForm:
    """A form at work. `origins`: the sites that may show it and send to it."""

    id: UUID
    key: str
    it: Definition
    row: Mapping[str, Any]
    asked: tuple[Asked, ...]
    origins: tuple[str, ...]
    version: str

    def words(self, name: str) -> Text:
        """One of its texts in both languages; what is not said in English is said in Chinese."""
        return Text(self.row[name] or "", self.row[f"{name}_en"] or self.row[name] or "")


FIELDS = (
    "name", "object_name", "key", "title", "title_en", "intro", "intro_en", "color", "fields", "required_fields", "consent_text", "consent_text_en", "consent_purpose",
    "consent_required", "source", "pool", "receiver", "thanks", "thanks_en", "back_url", "origins",
)  # fmt: skip


def _robot(name: str = "") -> Actor:
    return replace(system(_WORKSPACE, via=FORM), kind="automation", name=name)


def form(key: str) -> PublicForm:
    """The form of an address. Raises NotFound where there is none at work."""
    actor = _robot()
    rows = reading.query(NAME, actor=actor, where={"and": [{"field": "key", "op": "=", "value": key}, {"field": "active", "op": "=", "value": True}]}, fields=FIELDS, limit=1).rows if key.isalnum() else []
    it = people.newest(_WORKSPACE).find(rows[0]["object_name"]) if rows else None
    if it is None or it.intake is None:
        raise NotFound()
    row = rows[0]
    known = {one.name: one for one in askable(it.intake, it.fields)}
    required = {*(row["required_fields"] or ()), *(one.name for one in known.values() if one.required)}
    asked = tuple(Asked(known[name], it.intake.words.get(name, known[name].label), name in required) for name in row["fields"] or () if name in known)
    return PublicForm(row["id"], key, it, row, asked, tuple(row["origins"] or ()), str(row["version"]))


def submit(one: PublicForm, given: Mapping[str, Any], address: str, agent: str) -> UUID | None:
    """Make a record of what somebody filled in; None when a program filled it in, which is told nothing either. Raises Invalid, whose fields are
    the form's, and TooManyRequests."""
    _bounded(one, address)
    if str(given.get(TRAP) or "").strip():
        return None
    values = _values(one, given)
    agreed = _agrees(given.get(CONSENT))
    if one.row["consent_required"] and not agreed:
        raise Invalid.field(CONSENT, "required", "请先阅读并同意。", "Please read this and agree.")
    actor = replace(_robot(str(one.row["name"])), address=address)
    try:
        with sql.work(_WORKSPACE):
            made = door.perform(one.it.name, "create", actor=actor, changes=values | _placed(one)).id
            if agreed and one.row["consent_text"]:
                _agreed(one, made, actor)
    except Invalid as problem:
        raise _said(one, problem) from None
    except TooManyRequests:
        raise
    except Problem:
        _log.exception("web form %s", one.id)
        raise Invalid([], T("现在无法提交，请稍后再试，或直接联系我们。", "This cannot be sent now. Try again later, or get in touch.")) from None
    log.note(_WORKSPACE, "submitted", address=address, agent=agent, object=one.it.name, record=made, form=str(one.row["name"]))
    return made


def _bounded(one: PublicForm, address: str) -> None:
    """Nobody sends more than people do."""
    pacing.take((FORM, pacing.network(address)), MOST_MINUTE)
    pacing.take((FORM, one.id), MOST_FORM_MINUTE)
    if log.count(_WORKSPACE, "submitted", address, datetime.now(UTC) - HOUR) >= MOST_HOUR:
        raise TooManyRequests(T("提交过多，请稍后再试。", "Too much was sent; try again later."), retry_after=int(HOUR.total_seconds()))


def _values(one: PublicForm, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, by field. Raises Invalid naming each input that will not do."""
    problems: list[FieldError] = []
    values: dict[str, Any] = {}
    for name in sorted(set(map(str, given)) - {asked.field.name for asked in one.asked} - {CONSENT, TRAP}):
        problems.append(FieldError(name[:100], "unknown", T("表单里没有这一项。", "The form does not ask for this.")))
    for asked in one.asked:
        field = asked.field
        value = given.get(field.name)
        if isinstance(field, MultiChoice) and isinstance(value, str):
            value = [value] if value else None
        if isinstance(value, str):
            value = value.strip() or None
        if isinstance(field, Boolean) and isinstance(value, str):
            value = _agrees(value)
        texts = [value] if isinstance(value, str) else [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        plain = value is None or isinstance(value, str | int | float | bool) or (isinstance(field, MultiChoice) and isinstance(value, list) and len(value) == len(texts) <= 100)
        if not plain:
            problems.append(FieldError(field.name, "type", T("格式不对。", "This is not what was asked for.")))
        elif any(len(text) > LONGEST for text in texts):
            problems.append(FieldError(field.name, "too-long", T(f"最多 {LONGEST} 字。", f"At most {LONGEST} characters.")))
        elif any("\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts):
            problems.append(FieldError(field.name, "encoding", T("含有无法保存的字符。", "Contains characters that cannot be stored.")))
        elif value is None or value == []:
            if asked.required:
                problems.append(FieldError(field.name, "required", T("请填写。", "Please fill this in.")))
        elif isinstance(field, Phone) and not _reachable(field, value):
            problems.append(FieldError(field.name, "phone", T("请填写正确的电话号码。", "Please give a phone number.")))
        elif isinstance(field, Choice) and not any(option.key == value and option.active for option in field.options):
            problems.append(FieldError(field.name, "choice", T("请从列出的选项里选。", "Choose one of those offered.")))
        else:
            values[field.name] = value
    if problems:
        raise Invalid(problems)
    assert one.it.intake is not None
    if one.it.title not in values:
        called = [str(values[name]) for name in one.it.intake.called if values.get(name)]
        if not called:
            first = next((asked.field.name for asked in one.asked if asked.field.name in (one.it.title, *one.it.intake.called)), one.it.title)
            raise Invalid.field(first, "required", "请填写。", "Please fill this in.")
        values[one.it.title] = " ".join(called)[:200]
    return values


def _reachable(field: Phone, value: Any) -> bool:
    """Whether somebody can be called by what a stranger wrote; colleagues may write words beside a number, strangers may not."""
    try:
        found = field.parse(value, people.newest(_WORKSPACE).settings)
    except FieldProblem:
        return False
    return bool(found) and all(one["number"] for one in found)


def _agrees(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().casefold() in ("1", "on", "true", "yes"))


def _placed(one: PublicForm) -> dict[str, Any]:
    """Where a record goes and what is noted of where it came from."""
    assert one.it.intake is not None
    out: dict[str, Any] = {}
    if one.row["source"] and one.it.intake.source:
        out[one.it.intake.source] = one.row["source"]
    if one.it.intake.note:
        out[one.it.intake.note] = f"在线表单：{one.row['name']}"
    pools = [pool.id for pool in people.newest(_WORKSPACE).pools_of(one.it.name) if pool.enabled]
    if one.row["receiver"] is not None and reading.get("user", one.row["receiver"]["id"], actor=_robot(), fields=["active"])["active"] is not False:
        out["owner"] = one.row["receiver"]["id"]
    elif pools:  # whoever left, and a pool that was closed, look after nothing any more
        out["pool"] = one.row["pool"]["id"] if one.row["pool"] is not None and one.row["pool"]["id"] in pools else pools[0]
    return out


def _agreed(one: PublicForm, record: UUID, actor: Actor) -> None:
    """What the visitor agreed to is kept as evidence, with the text as it stood."""
    changes = {
        "object_name": one.it.name, "record": str(record), "purpose": one.row["consent_purpose"], "basis": "consent", "source": f"在线表单：{one.row['name']}",
        "text_version": f"{people.newest(_WORKSPACE).settings.today} {one.version}", "remark": one.row["consent_text"],
    }  # fmt: skip
    door.perform("consent", "create", actor=actor, changes=changes)


def _said(one: PublicForm, problem: Invalid) -> Invalid:
    """What is wrong, as far as it is of what the visitor was asked; of the rest they are told that it did not work."""
    names = {asked.field.name for asked in one.asked}
    mine = [error for error in problem.errors if error.field in names]
    if mine:
        return Invalid(mine)
    _log.warning("web form %s: %s", one.id, problem)
    return Invalid([], T("现在无法提交，请稍后再试，或直接联系我们。", "This cannot be sent now. Try again later, or get in touch."))
