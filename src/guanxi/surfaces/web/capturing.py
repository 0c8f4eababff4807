"""Follow-up in ten seconds: a pasted text, the proposal it becomes as one form, and taking it.

The form holds every proposed value in the field's own input, bound to a name with the step before it
(`contact.phones`), which record is meant (`contact.use`), and beside a field what else the text may mean (`….pick`). The text
and the moment of pasting come along, so that the same proposal stands behind what is posted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from markupsafe import Markup, escape

from guanxi.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import capture
from guanxi.kernel.capture import Proposal, Taken
from guanxi.kernel.declare.captures import Span, Step
from guanxi.kernel.declare.fields import Field, FieldProblem, Link, Links, Money, Stage
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import reading
from guanxi.surfaces.web import linking
from guanxi.surfaces.web.inputs import Raw, Read, initial, read_all
from guanxi.surfaces.web.visit import Visit, page, redirect

COLOURS = 6
"""So many marks have a colour of their own (styles/capture.css); more steps begin again."""


@dataclass
class Said:
    """The words that caused a value, and other values they may mean: (what an input would hold, how it reads, words)."""

    words: tuple[str, ...] = ()
    options: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Part:
    """One step as the page shows it; `linked`: others link to its record, so that it may be one that exists."""

    step: Step
    it: Definition
    fields: list[Field]
    said: dict[str, Said]
    other: Link
    colour: int
    linked: bool = False
    use: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    candidates: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def chooses(self) -> bool:
        """Whether the step is about which record is meant; else it changes one, or doesn't."""
        return self.step.verb == "create"



@page
def paste(visit: Visit) -> HttpResponse:
    if not visit.posted or visit.post.get("do") == "text":
        return _ask(visit, visit.post.get("text", ""))
    text = visit.post.get("text", "").replace("\r\n", "\n")
    at = _moment(visit.post.get("at", ""))
    try:
        found = capture.propose(visit.actor, text, now=at)
    except Invalid as problem:
        return _ask(visit, text, problem)
    if not found.steps:
        return _ask(visit, text, nothing=True)
    if visit.post.get("do") != "accept":
        raw = Raw()
        parts = _parts(visit, found, raw)
        return _draw(visit, found, parts, raw, at)
    raw = Raw.of(visit.post)
    parts = _parts(visit, found, Raw())
    try:
        done = capture.accept(visit.actor, [step for part in parts if (step := _taken(visit, part, raw)) is not None])
    except (Invalid, Conflict, Forbidden, NotFound) as problem:
        return _draw(visit, found, parts, raw, at, problem)
    made = {one.name: one for one in done}
    for one in done:
        for name, warning in one.warnings:
            known = visit.catalog.object(one.object).fields.get(name)
            visit.say(T(f"{known.label.zh}：{warning.zh}", f"{known.label.en}: {warning.en}") if known is not None else warning, "warning")
    written = [one for one in done if one.did != "chosen"]
    labels = [found_part.step.label for found_part in parts if found_part.name in {one.name for one in written}]
    to = next((made[name] for name in ("customer", "contact", "opportunity") if name in made), done[0])
    said = T("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
    visit.say(T(f"已保存：{said.zh}。", f"Saved: {said.en}.") if written else T("没有改动，无需保存。", "Nothing was changed."), "done" if written else "note")
    return redirect(visit.look.to(to.object, to.id))


def _moment(text: str) -> datetime:
    """The moment of pasting, as the form brings it back; the present one when that makes no sense."""
    now = datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None and timedelta(0) <= now - found < timedelta(days=2) else now
    except ValueError:
        return now


def _ask(visit: Visit, text: str, problem: Problem | None = None, nothing: bool = False) -> HttpResponse:
    error = problem.errors[0].message.for_(visit.look.lang) if problem is not None and problem.errors else ""
    status = problem.status if problem is not None else 200
    return visit.page("pages/capture.html", status, text=text, error=error, nothing=nothing, limit=capture.MAX_TEXT, title=TITLE)


TITLE = T("粘贴记录", "Paste and record")


# -- the proposal as a form ------------------------------------------------------------------------------------------


def _parts(visit: Visit, found: Proposal, raw: Raw) -> list[Part]:
    """The steps with their inputs; what the proposal fills in goes into `raw`."""
    out: list[Part] = []
    for number, step in enumerate(found.steps):
        it = visit.catalog.object(step.object)
        fields = [it.fields[name].bound(name=f"{step.name}.{name}") for name in _names(visit, it, step)]
        other = Link(it.name, it.label)
        other.name = f"{step.name}.other"
        part = Part(step, it, fields, {}, other, number % COLOURS)
        part.linked = any(step.name in other.links.values() for other in found.steps)
        for one in fields:
            guess = step.values.get(one.name.partition(".")[2])
            if guess is None:
                raw.fill(initial(one, None, visit))
                continue
            raw.fill(_shown(visit, one, guess.value))
            part.said[one.name] = Said(_words(found, guess.spans), tuple(_option(visit, found, one, offer) for offer in guess.options))
        part.use = "" if step.open else str(step.record) if step.record is not None else "new" if step.take and step.new else "none"
        if not part.chooses:
            part.use = "new" if step.take else "none"
        raw.texts[f"{step.name}.use"] = [part.use]
        out.append(part)
    return out


def _names(visit: Visit, it: Definition, step: Step) -> list[str]:
    """The fields of a step: those proposed, and those a new record can't do without."""
    needed = [
        name for name, one in it.fields.items()
        if one.required and one.default is None and name not in step.values and name not in step.links and capture.writes(visit.guard.level(it, name), one)
    ]  # fmt: skip
    return [*step.values, *(needed if step.verb == "create" else [])]


def _shown(visit: Visit, one: Field, value: Any) -> Raw:
    """What the inputs of a field hold for a value as the door takes it."""
    if value is None:
        return initial(one, None, visit)
    try:
        parsed = one.parse(value, visit.look.settings)
    except FieldProblem:
        return Raw({one.name: [str(value)]})
    if isinstance(one, Link):
        return Raw({one.name: [str(parsed)], f"{one.name}.id": [str(parsed)], f"{one.name}.label": [str(parsed)]})
    return initial(one, parsed, visit)


def _option(visit: Visit, found: Proposal, one: Field, offer: Any) -> tuple[str, str, str]:
    raw = _shown(visit, one, offer.value)
    text = f"{raw.get(f'{one.name}.currency')} {raw.get(one.name)}" if isinstance(one, Money) else raw.get(one.name)
    label = visit.look.say(offer.label) if offer.label is not None else ""
    if not label:
        try:
            label = visit.look.show(one, one.parse(offer.value, visit.look.settings))
        except FieldProblem:
            label = text
    return text, label, " … ".join(_words(found, offer.spans))


def _words(found: Proposal, spans: tuple[Span, ...]) -> tuple[str, ...]:
    return tuple(found.facts.text[start:end] for start, end in spans)


def _draw(visit: Visit, found: Proposal, parts: list[Part], raw: Raw, at: datetime, problem: Problem | None = None) -> HttpResponse:
    elsewhere: list[str] = []
    known = {one.name: part for part in parts for one in (*part.fields, part.other)}
    for error in problem.errors if problem is not None else ():
        part = known.get(error.field) or next((p for p in parts if error.field == f"{p.name}.use"), None)
        if part is not None:
            part.errors.setdefault(error.field, error.message.for_(visit.look.lang))
        else:
            elsewhere.append(error.message.for_(visit.look.lang))
    for part in parts:
        part.use = raw.get(f"{part.name}.use")
    return visit.page(
        "pages/captured.html",
        problem.status if problem is not None else 200,
        found=found,
        parts=parts,
        raw=raw,
        at=at.isoformat(),
        marked=_marked(visit, found, parts),
        problem=problem,
        elsewhere=elsewhere,
        lists=_lists(visit, parts),
        title=TITLE,
    )


def _lists(visit: Visit, parts: list[Part]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for part in parts:
        for one in part.fields:
            if isinstance(one, Link | Links):
                row = None
                if isinstance(one, Stage) and one.pipeline and part.step.record is not None:
                    row = reading.get(part.it.name, part.step.record, actor=visit.actor, fields=[one.pipeline])
                out[one.name] = linking.short_list(visit, part.it, one, row)
    return out


def _marked(visit: Visit, found: Proposal, parts: list[Part]) -> Markup:
    """The text with the words that became something marked in their step's colour."""
    spans: list[tuple[int, int, int, str, str]] = []
    for part in parts:
        for name, guess in part.step.values.items():
            label = f"{visit.look.say(part.step.label)} · {visit.look.say(part.it.fields[name].label)}"
            for span in (*guess.spans, *(span for offer in guess.options for span in offer.spans)):
                spans.append((*span, part.colour, label, f"i-{part.name}.{name}"))
        for candidate in part.step.candidates:
            for span in candidate.spans:
                spans.append((*span, part.colour, f"{visit.look.say(part.step.label)} · {visit.look.say(candidate.why)}", f"{part.name}.use"))
    out, at, text = Markup(), 0, found.facts.text
    for start, end, colour, label, input_ in sorted(spans, key=lambda one: (one[0], -one[1])):
        if start < at:
            continue
        out += escape(text[at:start]) + Markup('<mark class="m{}" title="{}" data-for="{}">{}</mark>').format(colour, label, input_, text[start:end])
        at = end
    return out + escape(text[at:])


# -- taking it -------------------------------------------------------------------------------------------------------


def _taken(visit: Visit, part: Part, raw: Raw) -> Taken | None:
    """What a posted step means. Raises Invalid naming the input at fault."""
    step, use = part.step, raw.get(f"{part.name}.use")
    record: UUID | None = None
    if not use and part.chooses:
        raise Invalid([FieldError(f"{part.name}.use", "required", T("请选择是哪一个，或选择新建、不保存。", "Choose which one it is, a new one, or none."))])
    if use in ("none", ""):
        return None
    if part.chooses and use != "new":
        record = _other(visit, part, raw) if use == "other" else parse_id(use)
        if record is None:
            raise Invalid([FieldError(f"{part.name}.other" if use == "other" else f"{part.name}.use", "required", T("请选择一条记录。", "Choose a record."))])
        return Taken(step.name, step.object, "create", record)
    for one in part.fields:
        picked = raw.get(f"{one.name}.pick")
        if picked and not isinstance(one, Link):
            currency, _, amount = picked.partition(" ")
            raw.texts |= {one.name: [amount], f"{one.name}.currency": [currency]} if isinstance(one, Money) else {one.name: [picked]}
    read: Read = read_all(part.fields, raw, visit, everything=True)
    part.candidates |= read.candidates
    read.check()
    changes = {name.partition(".")[2]: value for name, value in read.values.items()}
    return Taken(step.name, step.object, step.verb, step.record if step.verb == "update" else None, step.of, changes, step.links)


def _other(visit: Visit, part: Part, raw: Raw) -> UUID | None:
    read = read_all([part.other], raw, visit, everything=True)
    part.candidates |= read.candidates
    read.check()
    found = read.values.get(part.other.name)
    return found if isinstance(found, UUID) else None


