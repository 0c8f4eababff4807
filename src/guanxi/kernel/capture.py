"""From pasted text to records: what modules propose, what the person may do of it, and doing it as a whole.

The proposal is made with the person's own rights: a step they may not take is not in it, a field they may not write is not
offered, a record they may not see is no candidate. Accepting performs every step through the door in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound, Problem
from guanxi.base.extract import LIMIT, Facts
from guanxi.base.ids import parse_id
from guanxi.base.normal import normal
from guanxi.base.text import Text
from guanxi.kernel import lookup
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog.catalog import REGISTRY, Catalog
from guanxi.kernel.declare import captures
from guanxi.kernel.declare.captures import Capture, Step
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.declare.fields import Choice, Field, Phone, Region
from guanxi.kernel.records import door, finding, reading
from guanxi.kernel.records.reading import guard_of
from guanxi.kernel.storage import sql

MAX_TEXT = LIMIT
MAX_STEPS = 20
CANDIDATES = 8


class Desk:
    """What a capture may ask while it proposes: everything with the rights of whoever pasted the text."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self._guard = guard_of(actor)
        self._actor = actor
        self.now = now
        self.steps: dict[str, Step] = {}
        self._asked: dict[Any, Any] = {}

    @property
    def tz(self) -> tzinfo:
        return self._guard.catalog.settings.tz

    @property
    def me(self) -> str:
        """The person's own name: who speaks so in a chat is not the customer."""
        return self._actor.name

    @property
    def language(self) -> str:
        return self._actor.language

    def may(self, name: str, verb: str) -> bool:
        it = self._guard.catalog.find(name)
        return it is not None and access.may(self._actor.rights, it, verb)

    def rows(self, name: str, where: Any, fields: Sequence[str], sort: Sequence[str] | None = None, limit: int = CANDIDATES) -> list[dict[str, Any]]:
        """Records that satisfy a condition, as the person sees them; none where they may not ask so."""
        key = (name, repr(where), tuple(fields), tuple(sort or ()), limit)
        if key not in self._asked:
            try:
                self._asked[key] = reading.query(name, actor=self._actor, where=where, fields=list(fields), sort=sort, limit=limit).rows
            except Problem:
                self._asked[key] = []
        found: list[dict[str, Any]] = self._asked[key]
        return found

    def holding(self, name: str, field: str, value: str, also: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Records whose field has this very value (of phones: one of the numbers), found through the search."""
        it = self._guard.catalog.find(name)
        if it is None or it.fields.get(field) is None:
            return []
        phone = isinstance(it.fields[field], Phone)
        ids = self._hits(name, value.partition(";")[0].removeprefix("+86") if phone else value)
        if not ids:
            return []
        rows = self.rows(name, And((Test("id", "in", ids),)), [it.title, field, *also], limit=len(ids))
        if phone:
            main = value.partition(";")[0]
            return [row for row in rows if any(isinstance(one, dict) and (one.get("number") or "").partition(";")[0] == main for one in row.get(field) or [])]
        return [row for row in rows if isinstance(row.get(field), str) and normal(row[field]) == normal(value)]

    def named(self, name: str, title: str) -> list[tuple[UUID, str]]:
        """Records called so, in the normal form."""
        it = self._guard.catalog.find(name)
        if it is None or self._guard.title(it) is None:
            return []
        key = ("named", name, title)
        if key not in self._asked:
            self._asked[key] = [(one.id, one.label) for one in lookup.records(self._actor, name, [title], by=it.title)[title]]
        found: list[tuple[UUID, str]] = self._asked[key]
        return found

    def near(self, name: str, words: str) -> list[tuple[UUID, str]]:
        """Records whose words hold these, best first."""
        key = ("near", name, words)
        if key not in self._asked:
            self._asked[key] = [(hit.id, hit.title) for hit in finding.search(words, actor=self._actor, objects=[name], limit=CANDIDATES)]
        found: list[tuple[UUID, str]] = self._asked[key]
        return found

    def _hits(self, name: str, words: str) -> list[UUID]:
        return [one for one, _ in self.near(name, words)]

    def option(self, name: str, field: str, words: str) -> str | None:
        """The key of a choice that is called so in either language, or whose key it is."""
        it = self._guard.catalog.find(name)
        one = it.fields.get(field) if it is not None else None
        if not isinstance(one, Choice):
            return None
        wanted = normal(words)
        return next((o.key for o in one.options if o.active and wanted in (normal(o.key), normal(o.label.zh), normal(o.label.en))), None)


@dataclass(frozen=True)
class Proposal:
    """What a text may become: the facts it was read into, and the steps somebody may take."""

    facts: Facts
    steps: tuple[Step, ...] = ()
    reader: str = "rules"

    def to_json(self) -> dict[str, Any]:
        """As the API answers it; places are counted in characters (code points) of the text as it was sent."""
        facts = self.facts
        return {
            "reader": self.reader,
            "shape": facts.shape,
            "facts": [{"kind": f.kind, "words": facts.words(f), "start": f.start, "end": f.end, "sure": f.sure} for f in facts.found],
            "steps": [_step(step, facts) for step in self.steps],
        }


def _step(step: Step, facts: Facts) -> dict[str, Any]:
    def words(spans: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
        return [{"start": start, "end": end, "words": facts.text[start:end]} for start, end in spans]

    return {
        "name": step.name, "label": {"zh": step.label.zh, "en": step.label.en}, "object": step.object, "verb": step.verb, "take": step.take, "decide": step.open,
        "record": step.record, "of": step.of or None, "new": step.new, "links": step.links,
        "values": {
            name: {"value": one.value, "from": words(one.spans), "options": [{"value": o.value, "from": words(o.spans)} for o in one.options]}
            for name, one in step.values.items()
        },
        "candidates": [{"id": c.id, "label": c.label, "why": {"zh": c.why.zh, "en": c.why.en}, "from": words(c.spans)} for c in step.candidates],
    }  # fmt: skip


def all_captures() -> list[Capture]:
    """The captures of all modules, in the order in which they act."""
    return [one for module in REGISTRY.modules for one in module.captures]


def offered(actor: Actor, catalog: Catalog) -> bool:
    """Whether any capture could make a record for this person."""
    return any((it := catalog.find(one.object or one.name)) is not None and access.may(actor.rights, it, "create") for one in all_captures())


def propose(actor: Actor, text: str, *, reader: str = "rules", now: datetime | None = None) -> Proposal:
    """What a text may become for this person. Nothing is written.

    Raises Invalid for text that is empty or longer than 20,000 characters, and for a reader that does not exist.
    """
    if not text.strip() or len(text) > MAX_TEXT:
        raise Invalid.field("text", "required" if not text.strip() else "too-long", f"请粘贴文字，最多 {MAX_TEXT} 个字。", f"Paste some text, at most {MAX_TEXT} characters.")
    read = captures.reader(reader)
    if read is None:
        known = ", ".join(captures.readers())
        raise Invalid.field("reader", "unknown", f"没有“{reader[:40]}”这种识别方式，可用：{known}。", f"There is no reader {reader[:40]!r}; use one of: {known}.")
    guard = guard_of(actor)
    at = (now or datetime.now(UTC)).astimezone(guard.catalog.settings.tz)
    facts = read(text, captures.Reading(at, actor.language, Region.resolve))
    desk = Desk(actor, at)
    for capture in all_captures():
        step = capture.propose(facts, desk)
        if step is None:
            continue
        step.name, step.label, step.object = capture.name, capture.label, capture.object or capture.name
        if _allowed(step, desk):
            desk.steps[capture.name] = step
    for step in desk.steps.values():
        step.links = {name: other for name, other in step.links.items() if other in desk.steps}
    steps = tuple(step for step in desk.steps.values() if not step.of or step.of in desk.steps)
    return Proposal(facts, steps, reader)


def _allowed(step: Step, desk: Desk) -> bool:
    """Leaves of a step what the person may do and write; False if that is nothing."""
    it = desk._guard.catalog.find(step.object)
    if it is None or not desk.may(step.object, "read"):
        return False
    step.values = {name: one for name, one in step.values.items() if name in it.fields and writes(desk._guard.level(it, name), it.fields[name])}
    if step.verb == "create":
        step.new = step.new and desk.may(step.object, "create")
        if not step.new and not step.candidates:
            return False
        step.take = step.take and (step.new or step.record is not None)
        if not step.new and step.record is None:
            step.open = False
    elif not desk.may(step.object, step.verb) or not step.values:
        return False
    return True


def writes(level: str, one: Field) -> bool:
    return level == "write" and not one.readonly and not one.system and one.computed is None


@dataclass(frozen=True)
class Taken:
    """A step as somebody accepts it: `changes` are the values as corrected, `links` the fields that get the record of
    another step. A create with a `record` makes nothing and stands for that record."""

    name: str
    object: str
    verb: str = "create"
    record: UUID | None = None
    of: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What a step did: the record, and whether it is new, changed or only stood for."""

    name: str
    object: str
    id: UUID
    did: str
    version: UUID | None = None
    warnings: tuple[tuple[str, Text], ...] = ()


def accept(actor: Actor, steps: Sequence[Taken]) -> list[Done]:
    """Take the steps in their order, all or none, through the door with the person's own rights.

    The events of the later steps name the first one's as their cause. Raises Invalid naming `step.field` for what is at
    fault, and whatever else the door answers with; then nothing has changed.
    """
    if not steps or len(steps) > MAX_STEPS:
        raise Invalid.field("steps", "required", f"请选择 1 到 {MAX_STEPS} 个步骤。", f"Take 1 to {MAX_STEPS} steps.")
    made: dict[str, UUID] = {}
    done: list[Done] = []
    cause: UUID | None = None
    with sql.work(actor.workspace):
        for step in steps:
            try:
                one = _take(actor, step, made, cause)
            except Problem as problem:
                raise _of_step(problem, step) from problem
            if one is None:
                continue
            made[step.name] = one.id
            done.append(one)
            cause = cause or one.version
    if not done:
        raise Invalid.field("steps", "nothing", "没有可以保存的内容。", "There is nothing to save.")
    return done


def _take(actor: Actor, step: Taken, made: Mapping[str, UUID], cause: UUID | None) -> Done | None:
    if step.verb not in ("create", "update"):
        raise NotFound(code="no-verb")
    if step.verb == "create" and step.record is not None:
        reading.get(step.object, step.record, actor=actor, fields=[])
        return Done(step.name, step.object, step.record, "chosen")
    changes = {**step.changes, **{name: str(made[other]) for name, other in step.links.items() if other in made}}
    target = None
    if step.verb == "update":
        target = step.record if step.record is not None and (not step.of or made.get(step.of) == step.record) else None
        target = target or (made.get(step.of) if step.record is None else None)
        if target is None:
            return None  # what was to be completed is not the record that was chosen
    result = door.perform(step.object, step.verb, actor=actor, id=target, changes=changes, cause=cause)
    did = "created" if step.verb == "create" else "changed" if result.changed else "chosen"
    return Done(step.name, step.object, result.id, did, result.version if result.changed else None, result.warnings)


def _of_step(problem: Problem, step: Taken) -> Problem:
    """The problem with its fields called step.field, so that a form with many steps knows where to show it."""
    if isinstance(problem, Invalid | Forbidden):
        problem.errors = tuple(FieldError(f"{step.name}.{e.field}", e.code, e.message) for e in problem.errors)
    return problem


def from_json(asked: Any) -> list[Taken]:
    """The steps of a request: those of a proposal, as corrected; a step with `take` false is left out. Raises Invalid."""
    if not isinstance(asked, list):
        raise Invalid.field("steps", "type", "steps 应为列表。", "steps is a list.")
    out: list[Taken] = []
    for number, one in enumerate(asked):
        where = f"steps[{number}]"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not isinstance(one.get("object"), str):
            raise Invalid.field(where, "type", "每个步骤要有 name 和 object。", "A step has a name and an object.")
        unknown = set(one) - {"name", "object", "verb", "take", "record", "of", "values", "links"}
        if unknown:
            raise Invalid.field(f"{where}.{min(unknown)}", "unknown-field", f"没有“{min(unknown)}”这一项。", f"There is no member {min(unknown)!r}.")
        record = parse_id(one["record"]) if isinstance(one.get("record"), str) else None
        values, links = one.get("values") or {}, one.get("links") or {}
        texts = [one.get("verb", "create"), one.get("of") or "", *(links.values() if isinstance(links, dict) else [None])]
        if (one.get("record") is not None and record is None) or not isinstance(values, dict) or not isinstance(links, dict) or not all(isinstance(t, str) for t in texts):
            raise Invalid.field(where, "type", "步骤的格式不对。", "The step has the wrong form.")
        if one.get("take", True) is not False or (record is not None and one.get("verb", "create") == "create"):
            out.append(Taken(one["name"], one["object"], one.get("verb", "create"), record, one.get("of") or "", values, links))
    return out

