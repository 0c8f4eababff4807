"""Looking somebody up before a visit: is this company with us already, and whose is it? So many times a day, counted and logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.fields import FieldProblem
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import matching
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import likes, log_rows, sql

LONGEST = 100
LEAST = 2
"""One sign is no name."""
_FITS = {
    "phone": re.compile(r"[+\d][\d\s().-]{5,}"), "code": re.compile(r"[0-9A-Za-z\s-]{15,24}"), "domain": re.compile(r"\S+[.@]\S+"),
    "mobile": re.compile(r"[+\d][\d\s().-]{5,}"), "mailbox": re.compile(r"\S+@\S+"), "company": re.compile(r".*[^\W\d_].*"), "text": re.compile(r".*[^\W_].*"),
}  # fmt: skip
"""What may be meant by a text, by the kind of field."""


@dataclass(frozen=True)
class Answer:
    """What was found, and how often one may still ask today."""

    found: list[matching.Match]
    left: int


def left(name: str, *, actor: Actor) -> int:
    """How often the actor may still look up records of an object today. Raises NotFound for who may not at all."""
    it = _may(name, actor)
    with sql.work(actor.workspace):
        return _left(guard_of(actor).catalog, it, actor)


def look_up(name: str, text: str, *, actor: Actor) -> Answer:
    """Records a text may mean – a name, a phone, a credit code, a web address – wherever they are, told as far as the rules
    allow. Counted even when nothing is found. Raises Invalid for too short a text and beyond the day's limit."""
    it = _may(name, actor)
    catalog = guard_of(actor).catalog
    text = text.strip()[:LONGEST]
    if len(text) < LEAST:
        names = asked(it)
        raise Invalid.field("q", "required", f"请输入{names.zh}。", f"Type one of: {names.en}.")
    values = meant(it, text, catalog)
    rules = [replace(rule, every=False) for rule in catalog.rules_of(it.name)]
    with sql.work(actor.workspace):
        likes.alone(catalog, f"lookup {actor.user}")
        rest = _left(catalog, it, actor)
        if rest <= 0:
            most = it.duplicates.lookups if it.duplicates is not None else 0
            raise Invalid.field("q", "daily-limit", f"今天已查 {most} 次，达到每日上限，明天再来。", f"{most} look-ups today, which is the limit. Come back tomorrow.")
        found = matching.find(catalog, it, values, rules, actor=actor)
        log.note(actor.workspace, "lookup", user=actor.user, object=it.name, text=_noted(text), found=len(found))
    return Answer(found, rest - 1)


def _noted(text: str) -> str:
    """What the log keeps of what was typed: of a number its tail, of an address its host, because both are somebody's."""
    digits = re.sub(r"\D", "", text)
    return f"****{digits[-4:]}" if len(digits) >= 7 else re.sub(r"\S+@", "***@", text)


def _may(name: str, actor: Actor) -> Definition:
    it = guard_of(actor).object(name)
    if it.duplicates is None or not access.may(actor.rights, it, "read"):
        raise NotFound()
    return it


def asked(it: Definition) -> Text:
    """What records of an object can be looked up by, to be read."""
    names = list(dict.fromkeys(it.fields[one.field].label for one in it.duplicates.identities if not one.within)) if it.duplicates is not None else []
    return T("、".join(one.zh for one in names), ", ".join(one.en for one in names))


def meant(it: Definition, text: str, catalog: Catalog) -> Mapping[str, Any]:
    """What the text would be in each field that it may be meant for."""
    assert it.duplicates is not None
    out: dict[str, Any] = {}
    for identity in it.duplicates.identities:
        if not identity.within and _FITS[identity.kind].fullmatch(text):
            try:
                out[identity.field] = it.fields[identity.field].parse([text] if identity.kind in ("phone", "mobile") else text, catalog.settings)
            except FieldProblem:
                continue
    return out


def _left(catalog: Catalog, it: Definition, actor: Actor) -> int:
    assert it.duplicates is not None
    zone = catalog.settings.tz
    start = datetime.combine(datetime.now(UTC).astimezone(zone).date(), time(), zone)
    return max(0, it.duplicates.lookups - log_rows.counted(actor.workspace, actor.user, "lookup", it.name, start))
