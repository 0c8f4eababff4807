"""One person in all records: found by what is known of them, told as a whole, and taken out again.

Finding and telling pass the ordinary rights of whoever asks. Taking out (`forget`) empties every marked field of the records that are theirs,
calls them by a pseudonym where a name must be, takes the values out of these records' past (docs/adr/0019), and, where asked, replaces
the person wherever their texts name them and drops their files. Records stay: what was sold and paid is kept, about nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid, Problem
from guanxi.base.ids import parse_id, uuid7
from guanxi.base.text import Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.declare.fields import Email, Field, File, Json, Link, Links, LongText, Phone, TextField
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import erasures
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import consents, door, erasing, people, reading, telling
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import erasing as storage
from guanxi.kernel.storage import sql

MOST = 100
"""Hits shown of one object."""
SKIPPED = ("subject_request", "consent")
REPLACED = "［已删除］"


@dataclass(frozen=True)
class Hit:
    """A record that may be the person's: what it is called, why it was found ((field, value) as the asker may see them), whether it was
    ticked, and whether it lies in the bin. `own`: it is about a person rather than a text that names one."""

    object: str
    id: UUID
    title: str
    why: tuple[tuple[Text, str], ...]
    ticked: bool
    binned: bool
    own: bool


def find(request: Mapping[str, Any], *, actor: Actor) -> list[Hit]:
    """Every record the actor may read that a request's name, phones, e-mail or identity number fit; those ticked first."""
    guard = guard_of(actor)
    sought = _sought(request)
    ticked = {(one["object"], one["id"]) for one in request.get("records") or ()}
    out: list[Hit] = []
    for it in guard.catalog:
        if it.name in SKIPPED or it.group == "settings" or not access.may(actor.rights, it, "read"):
            continue
        tests = [(one, test) for one, level in guard.visible(it) for test in _tests(one, level, sought)]
        if not tests:
            continue
        marked = any(one.personal for one in it.fields.values())
        for binned in (False, True) if access.may(actor.rights, it, "restore") else (False,):
            fields = list(dict.fromkeys([*([it.title] if guard.level(it, it.title) != "hidden" else []), *(one.name for one, _ in tests)]))
            try:
                rows = reading.query(it.name, actor=actor, where={"or": [test for _, test in tests]}, fields=fields, limit=MOST, deleted=binned).rows
            except Invalid:  # a level of the actor's forbids one of the questions
                continue
            for row in rows:
                why = tuple((one.label, _part(one.show(row.get(one.name), actor.language, guard.catalog.settings.tz), sought)) for one in dict.fromkeys(one for one, _ in tests) if _fits(one, row.get(one.name), sought))
                title = it.fields[it.title].show(row.get(it.title), actor.language, guard.catalog.settings.tz) if it.title in row else ""
                out.append(Hit(it.name, row["id"], title, why, (it.name, str(row["id"])) in ticked, binned, marked))
    return sorted(out, key=lambda hit: (not hit.ticked, not hit.own, hit.object))


@dataclass(frozen=True)
class _Sought:
    name: str
    numbers: tuple[str, ...]
    email: str
    identity: str

    @property
    def texts(self) -> tuple[str, ...]:
        """What a text may name them by, the longest first."""
        tails = tuple(number[-11:] for number in self.numbers if len(number) >= 7)
        return tuple(sorted({one for one in (*tails, self.email, self.identity, self.name if len(self.name) > 1 else "") if one}, key=len, reverse=True))


def _sought(request: Mapping[str, Any]) -> _Sought:
    numbers = tuple(re.sub(r"\D", "", str(one.get("number") or one.get("text") or "").split(";")[0]) for one in request.get("phones") or ())
    return _Sought((request.get("name") or "").strip(), tuple(filter(None, numbers)), (request.get("email") or "").strip(), (request.get("identity") or "").strip())


def _tests(one: Field, level: str, sought: _Sought) -> Iterator[dict[str, Any]]:
    """What to ask of a field; of a masked one only equality, which it allows."""

    def test(op: str, value: str) -> dict[str, Any]:
        return {"field": one.name, "op": op, "value": value}

    if isinstance(one, Phone):
        yield from (test("=", number) for number in sought.numbers)
    elif isinstance(one, Email):
        yield from ([test("=", sought.email)] if sought.email else [])
    elif isinstance(one, LongText):
        yield from (test("contains", text) for text in sought.texts if level != "masked")
    elif isinstance(one, TextField) and one.personal:
        for value in (sought.name, sought.identity, sought.email, *(number[-11:] for number in sought.numbers)):
            if value and (level != "masked" or len(value) >= 5):
                yield test("=", value)


def _fits(one: Field, value: Any, sought: _Sought) -> bool:
    if isinstance(one, Phone):
        digits = {re.sub(r"\D", "", str(entry.get("number") or "").split(";")[0]) for entry in value or ()}
        return any(number in digits or f"86{number}" in digits or "*" in str(value) for number in sought.numbers)
    if not isinstance(value, str):
        return False
    if isinstance(one, LongText):
        return any(text.casefold() in value.casefold() for text in sought.texts)
    return "***" in value or value.casefold() in {text.casefold() for text in (*sought.texts, sought.name)}


def _part(text: str, sought: _Sought) -> str:
    """A long text as far as it tells why."""
    at = min((found for one in sought.texts if (found := text.casefold().find(one.casefold())) >= 0), default=0)
    return text if len(text) <= 80 else f"…{text[max(0, at - 20) : at + 50]}…"


# -- telling -----------------------------------------------------------------------------------------------------------


def told(request: Mapping[str, Any], *, actor: Actor) -> list[dict[str, Any]]:
    """All that is kept of the ticked records, as the actor may know it: fields, consents, what happened. For the person's own copy."""
    guard = guard_of(actor)
    zone = guard.catalog.settings.tz
    out = []
    for ticked in request.get("records") or ():
        it, record = guard.catalog.find(ticked["object"]), parse_id(ticked["id"])
        if it is None or record is None:
            continue
        row, binned = _row(it, record, actor)
        if row is None:
            continue
        shown = [
            {"field": one.name, "label": one.label.for_(actor.language), "mark": one.personal, "value": row.get(one.name), "shown": _shown(one, row.get(one.name), actor.language, zone)}
            for one, _ in guard.visible(it)
            if row.get(one.name) not in (None, "", []) and not isinstance(one, Json)
        ]
        agreed = [
            {"purpose": one.label.for_(actor.language), "state": one.state, "basis": one.basis, "given_at": one.given_at, "withdrawn_at": one.withdrawn_at}
            for one in (consents.standings(it.name, record, actor=actor) if consents.concerns(it) and not binned else ())
            if one.state != "none"
        ]
        past = [{"at": event.at, "verb": event.verb, "fields": sorted(event.changes)} for event in telling.history(it.name, record, actor=actor, limit=200)]
        out.append({"object": it.name, "label": it.label.for_(actor.language), "id": str(record), "deleted": binned, "fields": shown, "consents": agreed, "history": past})
    return out


def _row(it: Definition, record: UUID, actor: Actor) -> tuple[dict[str, Any] | None, bool]:
    for binned in (False, True) if access.may(actor.rights, it, "restore") else (False,):
        try:
            return reading.get(it.name, record, actor=actor, deleted=binned), binned
        except Problem:
            continue
    return None, False


def _shown(one: Field, value: Any, language: str, zone: Any) -> str:
    if isinstance(value, dict) and "label" in value:
        return str(value["label"])
    if isinstance(value, list) and value and isinstance(value[0], dict) and "label" in value[0]:
        return "、".join(str(each["label"]) for each in value)
    return one.show(value, language, zone)


def corrections(request: Mapping[str, Any], since: datetime, *, actor: Actor) -> list[telling.Told]:
    """What was changed in the ticked records since the request was entered: the record of what was corrected."""
    out: list[telling.Told] = []
    for ticked in request.get("records") or ():
        try:
            past = telling.history(ticked["object"], ticked["id"], actor=actor, limit=50)
        except Problem:
            continue
        out += [event for event in past if event.verb == "update" and event.at >= since and event.changes]
    return sorted(out, key=lambda event: event.at, reverse=True)


# -- taking out --------------------------------------------------------------------------------------------------------


def forget(actor: Actor, request: UUID, records: Sequence[Mapping[str, str]], known: Mapping[str, Any], cause: UUID, *, texts: bool, files: bool) -> int:
    """Take a person out of records that are theirs, and out of the past of these; returns how many records. All the actor may read, or
    nothing is done: raises Invalid. What lies in the bin is erased whole."""
    catalog = people.newest(actor.workspace)
    sought = _sought(known)
    done = 0
    for ticked in records:
        it, record = catalog.object(ticked["object"]), parse_id(ticked["id"])
        row, binned = _row(it, record, actor) if record is not None else (None, False)
        if row is None or record is None:
            raise Invalid.field("records", "unseen", f"有一条{it.label.zh}您看不到或已不在，请重新勾选。", f"One of {it.label.en} is out of your sight or gone; tick anew.")
        if binned:
            erasing.erase(actor, it.name, [record], cause=cause)
        else:
            _anonymise(actor, it, record, sought, cause, texts=texts, files=files)
        done += 1
    storage.condemn_copies(actor.workspace, request)
    _past(actor, "subject_request", request, ("name", "phones", "email", "identity", "detail"), cause)
    return done


def _anonymise(actor: Actor, it: Definition, record: UUID, sought: _Sought, cause: UUID, *, texts: bool, files: bool) -> None:
    kernel = automation(actor)
    held = reading.get(it.name, record, actor=kernel)
    marked = any(one.personal for one in it.fields.values())
    changes: dict[str, Any] = {}
    names: set[str] = set()
    for one in it.fields.values():
        if one.system or one.virtual or isinstance(one, Json):
            continue
        value = held.get(one.name)
        if one.personal:
            names.add(one.name)
            if one.computed is None and value not in (None, "", []):
                changes[one.name] = _pseudonym(one, record)
        elif isinstance(one, File):
            if files and marked:
                names.add(one.name)
                changes |= {one.name: None} if value else {}
        elif texts and isinstance(one, TextField) and isinstance(value, str) and _replaced(value, sought) != value:
            names.add(one.name)
            changes |= {one.name: _replaced(value, sought)} if one.computed is None and not one.readonly else {}
    gone = storage.files_of(people.newest(actor.workspace), it, [record]) if files and marked else set()
    if changes:
        door.perform(it.name, "anonymise", actor=kernel, id=record, inputs={"values": changes, "exact": False}, cause=cause)
    if gone:
        storage.condemn(people.newest(actor.workspace), gone)
    if texts:
        names |= _named(actor, it, record, sought)
        for remark in reading.query("comment", actor=kernel, where=_about(it, record), fields=["text"], limit=reading.MAX_LIMIT).rows:
            if _replaced(remark["text"], sought) != remark["text"]:
                door.perform("comment", "anonymise", actor=kernel, id=remark["id"], inputs={"values": {"text": _replaced(remark["text"], sought)}, "exact": False}, cause=cause)
                _past(actor, "comment", remark["id"], ("text",), cause)
    _past(actor, it.name, record, sorted(names), cause)


def _named(actor: Actor, it: Definition, record: UUID, sought: _Sought) -> set[str]:
    """The fields whose values once named the person, whatever stands there now."""
    past = journal.of_records(actor.workspace, [(it.name, record)], limit=2000)
    return {name for event in past for name, pair in event.changes.items() if name in it.fields and any(isinstance(value, str) and _replaced(value, sought) != value for value in pair)}


def _about(it: Definition, record: UUID) -> dict[str, Any]:
    return {"and": [{"field": "object_name", "op": "=", "value": it.name}, {"field": "record", "op": "=", "value": str(record)}]}


def _pseudonym(one: Field, record: UUID) -> Any:
    """Nothing, or what stands for a name where one must be."""
    if not one.required and not (isinstance(one, TextField) and one.personal == "name" and one.name == "name"):
        return None
    return f"已匿名 {record.hex[-6:]}" if isinstance(one, TextField) else None


def _replaced(text: str, sought: _Sought) -> str:
    return _without(text, sought.texts)


def _without(text: str, names: Sequence[str]) -> str:
    for one in names:
        text = re.sub(re.escape(one), REPLACED, text, flags=re.IGNORECASE)
    return text


def _past(actor: Actor, name: str, record: UUID, fields: Sequence[str], cause: UUID | None) -> None:
    """Take some fields' values out of what happened to a record, by an event that names the events it took them from."""
    if not fields:
        return
    event = uuid7()
    with sql.work(actor.workspace):
        weighed = storage.weigh(actor.workspace, [(name, record)], event, fields)
        if not weighed:
            return
        now = datetime.now(UTC)
        made = journal.Event(event, name, record, "anonymise", actor.user, actor.kind, actor.via, now, {storage.REDACTS: [None, weighed]}, cause, actor.request)
        journal.append(actor.workspace, [made], [(name, record)])
        storage.redact(actor.workspace, weighed, event, fields)
        erasures.note([erasures.Line(actor.workspace, event, "anonymise", name, record, now, cause, tuple(fields))], actor.via)


# -- once more, after a restore ----------------------------------------------------------------------------------------


def known_of(actor: Actor, records: Sequence[tuple[str, UUID, bool]]) -> tuple[str, ...]:
    """What some records of one person, each with whether it lies in the bin, know or knew them by, the longest first."""
    catalog = people.newest(actor.workspace)
    out: set[str] = set()
    for name, record, binned in records:
        it = catalog.object(name)
        marked = [one.name for one in it.fields.values() if one.personal]
        held = reading.get(name, record, actor=automation(actor), deleted=binned)
        past = journal.of_records(actor.workspace, [(name, record)], limit=2000)
        for value in (*(held.get(one) for one in marked), *(value for event in past for one in marked for value in event.changes.get(one) or ())):
            if isinstance(value, str) and len(value.strip()) > 1:
                out.add(value.strip())
            for entry in value if isinstance(value, list) else ():
                digits = re.sub(r"\D", "", str(entry.get("number") or "").split(";")[0]) if isinstance(entry, dict) else ""
                out |= {digits[-11:]} if len(digits) >= 7 else set()
    return tuple(sorted(out, key=len, reverse=True))


def forget_again(actor: Actor, name: str, record: UUID, fields: Sequence[str], texts: Sequence[str], cause: UUID | None) -> None:
    """Take some fields' values out of a living record and its past that were taken out before a backup brought them back. A text loses what
    is in `texts`; one in which none of it is found is emptied, because it is known to have named the person, at one time or another."""
    catalog = people.newest(actor.workspace)
    it = catalog.object(name)
    held = reading.get(name, record, actor=automation(actor))
    changes: dict[str, Any] = {}
    for one in (it.fields[field] for field in fields if field in it.fields):
        value = held.get(one.name)
        if one.system or one.virtual or one.computed is not None or isinstance(one, Link | Links) or value in (None, "", []):
            continue
        if one.personal:
            changes[one.name] = _pseudonym(one, record)
        elif isinstance(one, TextField) and isinstance(value, str):
            left = _without(value, texts)
            changes[one.name] = left if left != value else REPLACED if one.required else None
        elif not one.required:
            changes[one.name] = None
    dropped = any(isinstance(it.fields.get(field), File) for field in fields)
    gone = storage.files_of(catalog, it, [record]) if dropped else set()
    if changes:
        door.perform(name, "anonymise", actor=automation(actor), id=record, inputs={"values": changes, "exact": False}, cause=cause)
    if gone:
        storage.condemn(catalog, gone)
    if name == "subject_request":
        storage.condemn_copies(actor.workspace, record)
    _past(actor, name, record, fields, cause)
