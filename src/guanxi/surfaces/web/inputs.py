"""Between a form and values: what the inputs of a field hold at first, and what a posted form means.

`Raw` is what a browser sends: texts by name. A field `amount` may use further names, `amount.currency`. A form also
carries what each field held when it was opened (`was.amount`), so that only what somebody touched is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from guanxi.base import phones
from guanxi.base.errors import FieldError, Invalid
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import files
from guanxi.kernel.declare.fields import (
    Boolean,
    DateTime,
    Field,
    FieldProblem,
    File,
    Json,
    Link,
    Links,
    Money,
    MultiChoice,
    Number,
    Phone,
    Region,
    Tags,
)
from guanxi.surfaces.web.linking import Several, resolve
from guanxi.surfaces.web.visit import Visit


@dataclass
class Raw:
    """Texts by input name, from a posted form or from a record."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, posted: Any) -> Raw:
        return cls({key: list(values) for key, values in posted.lists()})

    def get(self, name: str, other: str = "") -> str:
        found = self.texts.get(name)
        return found[0] if found else other

    def all(self, name: str) -> list[str]:
        return self.texts.get(name, [])

    def fill(self, other: Raw) -> None:
        self.texts |= other.texts


def initial(one: Field, value: Any, visit: Visit) -> Raw:
    """What the inputs of a field show for a value as rows give it."""
    name = one.name
    if value is None or value == [] or value == "":
        return Raw({f"{name}.currency": [visit.look.settings.currency]} if isinstance(one, Money) else {})
    texts: dict[str, list[str]]
    if isinstance(one, Money):
        texts = {name: [f"{value['amount']:f}"], f"{name}.currency": [value["currency"]]}
    elif isinstance(one, Link):
        label = str(value.get("label") or value["id"])
        texts = {name: [label], f"{name}.id": [str(value["id"])], f"{name}.label": [label]}
    elif isinstance(one, Links):
        texts = {f"{name}.keep": [f"{item['id']}|{item.get('label') or ''}" for item in value]}
    elif isinstance(one, File):
        texts = {f"{name}.keep": [f"{item['file']}|{item.get('name', '')}" for item in value]}
    elif _ticked(one):
        texts = {name: list(value)}
    elif isinstance(one, Tags):
        texts = {name: ["、".join(value)]}
    elif isinstance(one, Phone):
        texts = {name: ["\n".join(_phone(item) for item in value)]}
    elif isinstance(one, Region):
        if Region.resolve is not None:
            texts = {name: [one.show(value, visit.look.lang)]}
        else:
            texts = {name: [value.get("detail") or ""], f"{name}.code": [value.get("code") or ""]}
    elif isinstance(one, Boolean):
        texts = {name: ["true" if value else "false"]}
    elif isinstance(one, DateTime):
        texts = {name: [value.astimezone(visit.look.settings.tz).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else str(value)]}
    elif isinstance(one, Number):
        texts = {name: [f"{value:f}" if isinstance(value, Decimal) else str(value)]}
    elif isinstance(one, Json):
        texts = {name: [msgspec.json.format(msgspec.json.encode(value)).decode()]}
    else:
        texts = {name: [str(value)]}
    return Raw(texts)


def _ticked(one: Field) -> bool:
    """Whether a field is a group of boxes, each with a value of its own."""
    return isinstance(one, MultiChoice) or (isinstance(one, Tags) and bool(one.fields_of))


def _phone(item: Mapping[str, str]) -> str:
    text = phones.display(item["number"]) if item.get("number") else item.get("text", "")
    return f"{text} {item['note']}" if item.get("note") else text


def _left(one: File, raw: Raw) -> list[str]:
    """The files a record has and keeps: those that are ticked, without the one whose button takes it away."""
    dropped = set(raw.all(f"{one.name}.drop"))
    return [item for item in raw.all(f"{one.name}.keep") if item.split("|")[0] not in dropped]


def signature(one: Field, raw: Raw) -> str:
    """What a field's inputs hold, in one text: to see whether somebody touched them."""
    name = one.name
    if isinstance(one, Money):
        amount = raw.get(name).strip()
        return f"{amount} {raw.get(f'{name}.currency')}" if amount else ""
    if isinstance(one, Link):
        held = raw.get(f"{name}.id")
        return held if held and raw.get(name) == raw.get(f"{name}.label") and not raw.get(f"{name}.pick") else raw.get(f"{name}.pick") or raw.get(name).strip()
    if isinstance(one, File):
        return "|".join(item.split("|")[0] for item in _left(one, raw))
    if isinstance(one, Links):
        return "|".join([*(item.split("|")[0] for item in raw.all(f"{name}.keep")), raw.get(f"{name}.add").strip()]).strip("|")
    if _ticked(one):
        return "|".join(sorted(filter(None, raw.all(name))))
    if isinstance(one, Region):
        return f"{raw.get(f'{name}.code')} {raw.get(name)}".strip()
    return raw.get(name).replace("\r\n", "\n").strip()


def read(one: Field, raw: Raw, visit: Visit) -> Any:
    """What a posted field means, ready for the door. Raises FieldProblem; keeps uploads in `raw` for showing again."""
    name = one.name
    settings = visit.look.settings
    if isinstance(one, Money):
        amount = raw.get(name).strip()
        return one.parse({"amount": amount, "currency": raw.get(f"{name}.currency") or None}, settings) if amount else None
    if isinstance(one, Link):
        held = signature(one, raw)
        return resolve(visit, one, held) if held else None
    if isinstance(one, Links):
        ids = [item.split("|")[0] for item in raw.all(f"{name}.keep")]
        for text in raw.get(f"{name}.add").replace("；", "\n").replace(";", "\n").replace("、", "\n").splitlines():
            if text.strip():
                ids.append(str(resolve(visit, one, text.strip())))
        return one.parse(ids, settings)
    if isinstance(one, File):
        uploads = visit.request.FILES.getlist(name)
        items = [files.upload(visit.actor, upload.name or "file", upload.chunks()) for upload in uploads]
        raw.texts[f"{name}.keep"] = [*_left(one, raw), *(f"{item['file']}|{item['name']}" for item in items)]
        return one.parse([item.split("|")[0] for item in raw.all(f"{name}.keep")], settings)
    if _ticked(one):
        return one.parse([v for v in raw.all(name) if v], settings)
    if isinstance(one, Phone):
        return one.parse([line.strip() for line in raw.get(name).splitlines() if line.strip()], settings)
    if isinstance(one, Region) and raw.get(f"{name}.code").strip():
        return one.parse({"code": raw.get(f"{name}.code").strip(), "detail": raw.get(name)}, settings)
    return one.read(raw.get(name), settings)


def touched(one: Field, raw: Raw, visit: Visit) -> bool:
    if isinstance(one, File) and visit.request.FILES.getlist(one.name):
        return True
    return signature(one, raw) != raw.get(f"was.{one.name}").replace("\r\n", "\n").strip()


@dataclass
class Read:
    """A posted form understood: values by field, and for link texts that fit several records, those to pick from."""

    values: dict[str, Any]
    candidates: dict[str, list[dict[str, str]]]
    errors: list[FieldError]

    def check(self) -> None:
        if self.errors:
            raise Invalid(self.errors)


def read_all(fields: Sequence[Field], raw: Raw, visit: Visit, *, everything: bool = False) -> Read:
    """The values of a posted form: of touched fields, or of `everything` that is filled in."""
    out = Read({}, {}, [])
    for one in fields:
        if not touched(one, raw, visit) and not (everything and signature(one, raw)):
            continue
        try:
            out.values[one.name] = read(one, raw, visit)
        except Several as several:
            out.candidates[one.name] = several.candidates
            out.errors.append(FieldError(one.name, several.code, several.message))
        except FieldProblem as problem:
            out.errors.append(FieldError(one.name, problem.code, problem.message))
        except Invalid as problem:
            out.errors += [FieldError(one.name, e.code, e.message) for e in problem.errors]
    return out


def prefill(fields: Sequence[Field], visit: Visit) -> Raw:
    """Inputs filled from the address (`?customer=<id>`): how a related list starts a new record."""
    from guanxi.kernel.records import reading

    raw = Raw()
    for one in fields:
        given = visit.get.get(one.name)
        if not given:
            continue
        if isinstance(one, Link | Links):
            target = visit.guard.target(one)
            found = parse_id(given)
            if found is None or not visit.may(target, "read"):
                continue
            row = reading.get(target.name, found, actor=visit.actor, fields=[target.title])
            value: Any = {"id": found, "label": row.get(target.title) or ""}
            raw.fill(initial(one, value if isinstance(one, Link) else [value], visit))
        else:
            raw.texts[one.name] = [given[:2000]]
    return raw


def defaults(fields: Sequence[Field], visit: Visit) -> Raw:
    """What a new record's inputs show before anybody typed: plain defaults, the day where it is today, and the person as owner."""
    raw = Raw()
    for one in fields:
        if one.kind == "owner" and visit.actor.user is not None:
            raw.fill(initial(one, {"id": visit.actor.user, "label": visit.actor.name}, visit))
        elif one.default is not None and (one.kind == "date" or not callable(one.default)):
            try:
                raw.fill(initial(one, one.default(visit.meaning) if callable(one.default) else one.parse(one.default, visit.look.settings), visit))
            except (FieldProblem, TypeError, AttributeError, KeyError):
                continue
        elif isinstance(one, Money):
            raw.fill(initial(one, None, visit))
    return raw


UNKNOWN = T("找不到这条记录，或您没有查看它的权限。", "No such record, or you may not see it.")
