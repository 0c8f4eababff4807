"""The box that stands first on a record's page: what is written there becomes a record about this one, through the ordinary
form of its object. Which objects are written so, and with which inputs, their declarations say (`Box`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Choice, DateTime, Field, Link, Links, Option
from guanxi.kernel.declare.objects import Box, Definition
from guanxi.kernel.records.consents import Standing
from guanxi.surfaces.web.shell import may_be_sent_later
from guanxi.surfaces.web.visit import Visit


@dataclass(frozen=True)
class About:
    """A link offered in the box, and where its picker asks."""

    field: Link
    src: str


@dataclass(frozen=True)
class Drawn:
    """A box as one person may use it on one record."""

    it: Definition
    link: Link
    text: Field
    kind: Choice | None
    options: list[Option]
    due: Field | None
    soon: list[tuple[Text, str]]
    files: Field | None
    mentions: Links | None
    people: str
    about: list[About]
    choices: list[Choice]
    moment: str = ""
    """The field that says when it was written, where it may be written without a connection and be sent later."""
    later: bool = False
    withdrawn: tuple[tuple[str, str], ...] = ()
    """By kind what the person took their consent to back for."""

    @property
    def only(self) -> list[str]:
        """The fields the box has inputs for, as the form is told."""
        some = (self.text, self.kind, self.due, self.files, self.mentions, self.link, *(a.field for a in self.about), *self.choices)
        return [one.name for one in some if one is not None]


def declared(visit: Visit, it: Definition) -> list[tuple[Definition, Link, Box]]:
    """The objects that are written from this object's pages, with the link that leads here."""
    found = ((child, link, child.view(Box)) for child, link in visit.catalog.linking_to(it.name))
    return [(child, link, box) for child, link, box in found if box is not None and link.name in box.on and visit.may(child, "read")]


def asked(visit: Visit, it: Definition) -> list[str]:
    """The links of a record that narrow what its box offers."""
    targets = {child.fields[name].target for child, _, box in declared(visit, it) if box.about for name in box.on}  # type: ignore[attr-defined]
    return [link.name for link in it.links() if not link.system and link.target in targets and visit.guard.level(it, link.name) in ("read", "write")]


def writable(visit: Visit, it: Definition) -> list[tuple[Definition, Link, Box, dict[str, Field]]]:
    """Those of `declared` that the actor may write, with the fields they may fill in."""
    out = []
    for child, link, view in declared(visit, it):
        usable = {one.name: one for one, level in visit.guard.visible(child) if level == "write" and not one.readonly}
        if link.name in usable and view.text in usable and visit.may(child, "create"):
            out.append((child, link, view, usable))
    return out


def box(visit: Visit, it: Definition, row: dict[str, Any], standings: Sequence[Standing] = ()) -> Drawn | None:
    """The box of a record's page, if the actor may write there. `standings`: what the record's person agreed to."""
    if row.get("deleted_at") is not None:
        return None
    for child, link, view, usable in writable(visit, it):
        kind = usable.get(view.kind)
        kind = kind if isinstance(kind, Choice) else None
        mentions = usable.get(view.mentions)
        people = visit.guard.target(mentions) if isinstance(mentions, Links) else None
        return Drawn(
            it=child,
            link=link,
            text=usable[view.text],
            kind=kind,
            options=[o for o in kind.options if o.active] if kind is not None else [],
            due=usable.get(view.due),
            soon=_soon(visit.look.settings.today),
            files=usable.get(view.files),
            mentions=mentions if people is not None and visit.may(people, "read") else None,  # type: ignore[arg-type]
            people=visit.look.to(people.name, None, "options") if people is not None else "",
            about=_about(visit, it, row, child, view, usable),
            choices=[one for name in view.choices if isinstance(one := usable.get(name), Choice)],
            moment=next((one.name for one in usable.values() if isinstance(one, DateTime) and callable(one.default)), ""),
            later=may_be_sent_later(child),
            withdrawn=tuple((key, visit.look.say(one.label)) for key, purpose in view.consents.items() for one in standings if one.purpose == purpose and one.state == "withdrawn"),
        )
    return None


def _soon(today: date) -> list[tuple[Text, str]]:
    """The next times people choose most, at nine in the morning."""
    monday = today + timedelta(days=7 - today.weekday())
    days = ((T("明天", "Tomorrow"), today + timedelta(days=1)), (T("3 天后", "In 3 days"), today + timedelta(days=3)), (T("下周一", "Next Monday"), monday))
    return [(label, f"{day}T09:00") for label, day in days]


def _about(visit: Visit, it: Definition, row: dict[str, Any], child: Definition, view: Box, usable: dict[str, Field]) -> list[About]:
    """The links that can be narrowed to what belongs to the same as the page's record; others would offer strangers."""
    out = []
    for name in view.about:
        one = usable.get(name)
        if not isinstance(one, Link) or one.target == it.name:
            continue
        target = visit.guard.target(one)
        if not visit.may(target, "read") or visit.guard.title(target) is None:
            continue
        shared = next(filter(None, (_shared(visit, it, row, child.fields[on], target) for on in view.on)), None)
        if shared:
            out.append(About(one, visit.look.to(target.name, None, "options", where=shared)))
    return out


def _shared(visit: Visit, it: Definition, row: dict[str, Any], on: Field, target: Definition) -> str:
    """The condition on `target` that its records and the page's record lead to the same record, or ""."""
    assert isinstance(on, Link)
    theirs = next((m for m in target.links() if not m.system and m.target == on.target and visit.guard.level(target, m.name) in ("read", "write")), None)
    if theirs is None:
        return ""
    if on.target == it.name:
        return f"{theirs.name} = {row['id']}"
    ours = (row.get(link.name) for link in it.links() if not link.system and link.target == on.target)
    held = next((value for value in ours if isinstance(value, dict)), None)
    return f"{theirs.name} = {held['id']}" if held is not None else ""
