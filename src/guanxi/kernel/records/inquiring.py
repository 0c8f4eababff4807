"""综合查询: one or several words, or lists of hundreds, looked for in chosen fields of several objects: exactly, nearly, all of
them or any. Each record says why it was found, and the words that nothing holds are named.

What is asked is a condition like a list's, through the same guard: a hidden field does not exist, a masked one cannot be
asked, one that a pool hides is empty. Names, phones and codes that records are compared by are looked up by the keys they
are compared by, and then judged by what the actor reads of them. One statement for each object, and one more for keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.normal import normal
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import Choice, Field, Link, LongText, Phone, Region, Tags, TextField
from guanxi.kernel.declare.objects import Definition, Form
from guanxi.kernel.records import lookups, matching
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of, order, select
from guanxi.kernel.storage import likes, sql

HOW: Mapping[str, Text] = {
    "exact": T("精确：完全相同", "Exactly: the same"), "fuzzy": T("模糊：相近的名称也算", "Nearly: similar names too"),
    "all": T("联合：含有全部词", "Together: holds all words"), "any": T("联合：含有任一词", "Together: holds any word"),
}  # fmt: skip
TOGETHER = ("all", "any")
MOST, MOST_TOGETHER = 500, 10
"""So many words at once, looked up one by one, or joined."""
LONGEST = 100
CAP = 500
"""So many records of each object are found at most."""
EACH, ALTOGETHER = 20, 2_000
"""So many records at least that share a key with a word are looked at; more where there are few words."""
DIGITS = 4
"""A phone is looked for by at least so many digits."""
KINDS = (TextField, Phone, Choice, Tags, Region, Link)


@dataclass(frozen=True)
class Asked:
    """What is looked for: `words`, how, without records that hold any of `without`; in which objects (none: all), in which of
    their fields (none: those a search finds them by)."""

    words: Sequence[str]
    how: str = "exact"
    objects: Sequence[str] = ()
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Sequence[str] = ()


@dataclass(frozen=True)
class Reason:
    """Why a record was found: a word in a field."""

    field: str
    label: Text
    word: str


@dataclass(frozen=True)
class Found:
    id: UUID
    title: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Group:
    """The records of one object, in its order; `more`: there are others beyond CAP. `where`: the condition that lists them."""

    object: str
    rows: Sequence[Found]
    more: bool
    where: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """`missing`: words that nothing holds which the actor may see; `unsure`: words that may only be among what was cut off."""

    groups: Sequence[Group]
    missing: Sequence[str]
    unsure: Sequence[str]


def split(text: str, how: str) -> list[str]:
    """What somebody typed or pasted, as words: a line each, and joined words by spaces too."""
    parts = re.split(r"[\s,，、;；]+" if how in TOGETHER else r"[\r\n\t;；]+", text)
    return list(dict.fromkeys(one.strip() for one in parts if one.strip()))


def objects(actor: Actor) -> list[Definition]:
    """What can be looked through: the objects of daily work that people fill in and the actor may read."""
    guard = guard_of(actor)
    return [it for it in guard.catalog if it.sought and it.view(Form) is not None and it.group != "settings" and it.policy.read not in ("about", "pair", "personal") and access.may(actor.rights, it, "read") and offered(guard, it)]


def offered(guard: Guard, it: Definition) -> list[Field]:
    """The fields of an object that the actor may look in."""
    return [one for one, level in guard.visible(it) if level in ("read", "write") and isinstance(one, KINDS) and not (one.system or one.virtual) and _named(guard, one)]


def _named(guard: Guard, one: Field) -> bool:
    """A link is looked in by what it leads to is called."""
    if not isinstance(one, Link):
        return True
    target = guard.target(one)
    return access.may(guard.actor.rights, target, "read") and guard.title(target) is not None


def usual(guard: Guard, it: Definition) -> list[str]:
    """The fields looked in when none are named."""
    compared = {one.field for one in it.duplicates.identities} if it.duplicates is not None else set()
    return [one.name for one in offered(guard, it) if not isinstance(one, Link) and (one.name == it.title or one.search or one.name in compared)]


def inquire(asked: Asked, *, actor: Actor) -> Answer:
    """Find them. Raises NotFound for an unknown object, Invalid naming `words`, `how` or `fields`."""
    guard = guard_of(actor)
    words, without = (_clean(some) for some in (asked.words, asked.without))
    _check(asked, words, without)
    chosen = [guard.object(name) for name in asked.objects] or objects(actor)
    known = {it.name for it in objects(actor)}
    if not {it.name for it in chosen} <= known:
        raise NotFound()
    out, seen, cut = [], set(), False
    with sql.work(actor.workspace):
        for it in dict.fromkeys(chosen):
            names = list(asked.fields.get(it.name) or usual(guard, it))
            there = {one.name: one for one in offered(guard, it)}
            if unknown := [name for name in names if name not in there]:
                raise Invalid.field("fields", "unknown", f"不能按“{str(unknown[0])[:50]}”查询{it.label.zh}。", f"{it.label.en} cannot be looked for by {str(unknown[0])[:50]!r}.")
            group = _Search(guard, it, [there[name] for name in names], asked.how, words, without).run()
            cut = cut or group.more
            seen |= {reason.word for row in group.rows for reason in row.reasons}
            if group.rows:
                out.append(group)
    rest = [word for word in words if word not in seen]
    return Answer(out, [] if cut else rest, rest if cut else [])


def _clean(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for one in words if (word := " ".join(str(one).replace("\x00", "").split()))))


def _check(asked: Asked, words: Sequence[str], without: Sequence[str]) -> None:
    if asked.how not in HOW:
        raise Invalid.field("how", "choice", f"how 可用：{'、'.join(HOW)}。", f"how is one of {', '.join(HOW)}.")
    most = MOST_TOGETHER if asked.how in TOGETHER else MOST
    if not words:
        raise Invalid.field("words", "required", "请输入要找的内容。", "Say what to look for.")
    if len(words) > most or len(without) > MOST_TOGETHER:
        raise Invalid.field("words", "too-many", f"最多 {most} 个词，排除 {MOST_TOGETHER} 个。", f"At most {most} words, and {MOST_TOGETHER} to leave out.")
    if long := next((word for word in (*words, *without) if len(word) > LONGEST), None):
        raise Invalid.field("words", "too-long", f"“{long[:20]}…”超过 {LONGEST} 个字。", f"“{long[:20]}…” is longer than {LONGEST} signs.")


class _Search:
    """The search of one object. `compared`: the fields whose records are found by the keys they are compared by."""

    def __init__(self, guard: Guard, it: Definition, fields: Sequence[Field], how: str, words: Sequence[str], without: Sequence[str]) -> None:
        self.guard, self.it, self.fields, self.how, self.words, self.without = guard, it, fields, how, words, without
        names = {one.name for one in fields}
        kept = [one for one in it.duplicates.identities if one.field in names and one.whole] if it.duplicates is not None and how not in TOGETHER else []
        self.compared = {one.field for one in kept}
        self.meant = {word: {name: value for name, value in lookups.meant(it, word, guard.catalog).items() if name in self.compared} for word in words} if kept else {}
        levels = {"e", "p"} if how == "exact" else {"e", "n", "f", "p"}
        self.probes = {word: matching.probe(it, values, dict.fromkeys(values, levels)) for word, values in self.meant.items()}

    def run(self) -> Group:
        guard, it = self.guard, self.it
        tree = self._tree()
        narrowed = guard.where(it, tree)
        title = guard.title(it)
        reading = select(guard, it, list(dict.fromkeys([*([it.title] if title is not None else []), *(one.name for one in self.fields)])))
        order(guard, it, reading, None)
        rows = [row for row, _ in reading.run(And((guard.readable(it, narrowed), narrowed)), limit=CAP + 1)]
        found = []
        for row in rows[:CAP]:
            if reasons := self._reasons(row):
                called = row.get(it.title) if title is not None else None
                found.append(Found(row["id"], title.show(called, guard.actor.language, guard.catalog.settings.tz) if title is not None and called is not None else "", reasons))
        where: Condition = tree if self.how in TOGETHER and _leaves(tree) <= conditions.MAX_LEAVES else Test("id", "in", [str(one.id) for one in found])
        return Group(it.name, found, len(rows) > CAP, conditions.to_json(where))

    # -- asking ----------------------------------------------------------------------------------------------------------
    def _tree(self) -> Condition:
        """What is asked, as people could have asked it of the list."""
        if self.how in TOGETHER:
            each = [self._some(word) for word in self.words]
            found: Condition = And(tuple(each)) if self.how == "all" else Or(tuple(one for one in each if one != Or(())))
        else:
            parts: list[Condition] = []
            if any(probe.all for probe in self.probes.values()):
                hits = likes.find(self.guard.catalog.bare, [self.it.name], [probe.all for probe in self.probes.values()], [], max(EACH, ALTOGETHER // len(self.words)))
                parts.append(Test("id", "in", list({id: None for _, id, _, _ in hits})))
            for one in self.fields:
                rest = [word for word in self.words if one.name not in self.meant.get(word, {})]
                if self.how == "exact":
                    parts.append(self._same(one, rest))
                elif one.name not in self.compared:
                    parts += [self._holding(one, word) for word in rest]
            found = Or(tuple(one for one in parts if one != Or(())))
        left_out = [some for word in self.without if (some := self._some(word)) != Or(())]
        return And((found, *map(Not, left_out))) if left_out else found

    def _some(self, word: str) -> Condition:
        return Or(tuple(test for one in self.fields if (test := self._holding(one, word)) != Or(())))

    def _same(self, one: Field, words: Sequence[str]) -> Condition:
        """The field is one of the words."""
        if isinstance(one, LongText | Region):
            return Or(())
        if isinstance(one, Phone):
            return Or(tuple(Test(one.name, "=", word) for word in words if _digits(word)))
        if isinstance(one, Choice):
            keys = [o.key for o in one.options if {normal(o.label.zh), normal(o.label.en), normal(o.key)} & set(map(normal, words))]
            return Test(one.name, "in", keys) if keys else Or(())
        if isinstance(one, Tags):
            return Test(one.name, "has any", list(words)) if words else Or(())
        spelled = list(dict.fromkeys(form for word in words for form in (word, normal(word), word.replace("(", "（").replace(")", "）"), word.replace("（", "(").replace("）", ")"))))
        parts = [Test(self._path(one), "in", spelled[at : at + conditions.MAX_LIST]) for at in range(0, len(spelled), conditions.MAX_LIST)]
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _holding(self, one: Field, word: str) -> Condition:
        """The field holds the word."""
        if isinstance(one, Phone):
            return Test(one.name, "contains", _digits(word)) if _digits(word) else Or(())
        if isinstance(one, Choice):
            keys = [o.key for o in one.options if normal(word) in normal(o.label.zh) or normal(word) in normal(o.label.en)]
            return Test(one.name, "in", keys) if keys else Or(())
        if isinstance(one, Tags):
            return Test(one.name, "has any", [word])
        return Test(self._path(one), "contains", word)

    def _path(self, one: Field) -> str:
        return f"{one.name}.{self.guard.target(one).title}" if isinstance(one, Link) else one.name

    # -- why -------------------------------------------------------------------------------------------------------------
    def _reasons(self, row: Mapping[str, Any]) -> tuple[Reason, ...]:
        """The words a record holds, as far as the actor reads it; of each the first field."""
        out: dict[str, Reason] = {}
        for one in self.fields:
            value = row.get(one.name)
            if value is None or value == []:
                continue
            keys = frozenset(matching.keys_of(self.it, {one.name: value}, [one.name])) if one.name in self.compared else frozenset()
            holds = self._judge(one, value)
            for word in self.words:
                if word not in out and (self.probes[word].agrees(one.name, self.how, keys) if one.name in self.meant.get(word, {}) else holds(word)):
                    out[word] = Reason(one.name, one.label, word)
        return tuple(out.values())

    def _judge(self, one: Field, value: Any) -> Callable[[str], bool]:
        exact = self.how == "exact"
        if isinstance(one, Phone):
            numbers = [re.sub(r"\D", "", str(entry["number"]).partition(";")[0]) for entry in value]
            if exact:
                return lambda word: bool(digits := _digits(word)) and any(number in (digits, digits.lstrip("0"), "86" + digits.lstrip("0")) for number in numbers)
            return lambda word: bool(digits := _digits(word)) and any(digits in number for number in numbers)
        if isinstance(one, Tags):
            return lambda word: word in value
        if isinstance(one, Choice):
            option = one.option(value)
            texts = [normal(option.label.zh), normal(option.label.en), *([normal(option.key)] if exact else [])] if option is not None else []
        elif isinstance(one, Link):
            texts = [normal(str(value.get("label") or ""))]
        elif isinstance(one, Region):
            texts = [normal(str((value or {}).get("detail") or ""))]
        else:
            texts = [normal(str(value))]
        return (lambda word: normal(word) in texts) if exact else (lambda word: any(normal(word) in text for text in texts))


def _digits(word: str) -> str:
    """The digits of what may be a phone, or nothing."""
    digits = re.sub(r"[\s().+-]", "", word)
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= DIGITS else ""


def _leaves(condition: Condition) -> int:
    match condition:
        case And(items) | Or(items):
            return sum(map(_leaves, items))
        case Not(item):
            return _leaves(item)
    return 1
