"""Between a condition and the rows of the filter builder: what each row's inputs hold, and what a posted form means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guanxi.base.clock import RELATIVE, canonical_relative
from guanxi.base.errors import Invalid, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition, Not, Or, Test
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Integer,
    Link,
    Links,
    Money,
    MultiChoice,
    Number,
    Region,
)
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.web import filters, phrasing
from guanxi.surfaces.web.phrasing import trail
from guanxi.surfaces.web.visit import Visit

WORDS = {
    "and": T("满足全部条件", "All of these hold"),
    "or": T("满足任一条件", "Any of these holds"),
    "nand": T("不全满足", "Not all of these hold"),
    "nor": T("都不满足", "None of these holds"),
}
PERIODS = (*RELATIVE, "last_n_days", "next_n_days")
MOST_DEEP = conditions.MAX_DEPTH - 2
_COUNTED = re.compile(r"(last|next)_(\d{1,4})_days")


@dataclass
class Row:
    """One comparison on its way: the fields crossed, the operator, and what its inputs hold by name ("" is the input itself)."""

    steps: list[str] = field(default_factory=list)
    op: str = ""
    held: dict[str, list[str]] = field(default_factory=dict)
    error: str = ""
    key: str = ""

    def get(self, name: str = "") -> str:
        found = self.held.get(name)
        return found[0] if found else ""

    def all(self, name: str = "") -> list[str]:
        return [one for one in self.held.get(name, []) if one]


@dataclass
class Words:
    """A part of a condition that rows cannot show, as text."""

    text: str
    error: str = ""
    key: str = ""


@dataclass
class Group:
    """Rows and groups, all or any of which hold, or not."""

    word: str = "and"
    items: list[Row | Words | Group] = field(default_factory=list)
    key: str = ""
    error: str = ""


Part = Row | Words | Group


def shape(one: Field, op: str) -> str:
    """Which inputs a comparison has."""
    several = op in ("in", "not in") or op.startswith("has")
    if op in ("empty", "not empty"):
        return "none"
    if isinstance(one, Date | DateTime):
        return "period" if op == "within" else "days" if op == "between" else "day"
    if isinstance(one, Integer | Number | Money):
        return "numbers" if op == "between" else "words" if several else "number"
    if isinstance(one, Boolean):
        return "yes"
    if isinstance(one, Choice):
        return "options" if several or isinstance(one, MultiChoice) else "option"
    if isinstance(one, Link | Links):
        return "records" if several else "record"
    if isinstance(one, Region):
        return "region" if op in ("=", "!=", "exactly") else "words" if several else "text"
    return "words" if several else "text"


def operators(one: Field) -> list[str]:
    """The operators a row offers for a field. `has` says what `has all` does; a region's `=` means "in it" already."""
    skipped = ("has",) if "has all" in one.operators else ("in",) if isinstance(one, Region) else ()
    return [op for op in one.operators if op not in skipped]


# -- a condition as rows -----------------------------------------------------------------------------------------------


def rows(visit: Visit, it: Definition, tree: Condition) -> Group:
    """A condition as the builder shows it; the outermost is always a group."""
    found = _part(visit, it, tree)
    return found if isinstance(found, Group) else Group("and", [found])


def _part(visit: Visit, it: Definition, tree: Condition) -> Part:
    match tree:
        case conditions.Always():
            return Group()
        case And(items):
            return Group("and", [_part(visit, it, item) for item in items])
        case Or(items):
            return Group("or", [_part(visit, it, item) for item in items])
        case Not(Or(items)):
            return Group("nor", [_part(visit, it, item) for item in items])
        case Not(And(items)):
            return Group("nand", [_part(visit, it, item) for item in items])
        case Not(item):
            return Group("nand", [_part(visit, it, item)])
        case Test():
            return _row(visit, it, tree)
    return Words("")


def _row(visit: Visit, it: Definition, test: Test) -> Row | Words:
    found = trail(visit, it, test.path)
    if not found:
        return Words(conditions.to_text(test))
    one, op = found[-1][1], test.op
    several = isinstance(test.value, list | tuple)
    if op == "=" and several and not isinstance(one, Links):
        op = "in"
    if op in ("=", "in") and op not in one.operators and "has any" in one.operators:
        op = "has any"
    if op == "has" and "has all" in one.operators:
        op = "has all"
    held = _held(one, op, list(test.value) if isinstance(test.value, list | tuple) else [test.value])
    if op not in one.operators or held is None:
        return Words(conditions.to_text(test))
    return Row([*(f"{step.name}." for _, step in found[:-1]), one.name], op, held)


def _held(one: Field, op: str, values: list[Any]) -> dict[str, list[str]] | None:
    """What the inputs hold for the values of a comparison; None when they cannot."""
    texts = ["true" if v is True else "false" if v is False else str(v) for v in values]
    match shape(one, op):
        case "none":
            return {}
        case "words" | "numbers" | "days":
            return {"": texts}
        case "options":
            keys = [_key(one, text) for text in texts]
            return {"": [key for key in keys if key]} if all(keys) else None
        case "records":
            return {"keep": texts}
        case _ if len(texts) != 1:
            return None
        case "option":
            return {"": [key]} if (key := _key(one, texts[0])) else None
        case "record":
            return {"id": texts, "": texts} if texts[0] in phrasing.WHO or parse_id(texts[0]) else {"": texts}
        case "period" | "day" as kind:
            name = canonical_relative(texts[0])
            if counted := _COUNTED.fullmatch(name or ""):
                return {"": [f"{counted[1]}_n_days"], "n": [counted[2]]}
            if name is not None:
                return {"": [name]}
            return {"on": texts} if kind == "day" else None
        case "region":
            code = texts[0] if texts[0].isdigit() else filters.region(texts[0])
            return {"": [code.ljust(6, "0")]} if code else None
        case "yes":
            return {"": ["true" if texts[0].casefold() in ("true", "是", "yes") else "false"]}
    return {"": texts}


def _key(one: Field, text: str) -> str:
    assert isinstance(one, Choice)
    return next((o.key for o in one.options if text.casefold() in (o.key.casefold(), o.label.zh.casefold(), o.label.en.casefold())), "")


# -- a form as rows ----------------------------------------------------------------------------------------------------


def posted(form: Mapping[str, list[str]], key: str = "n", depth: int = 0) -> Group:
    """The rows of a posted form. A part's inputs begin with its key; a group's parts have its key, a dot and a number."""
    out = Group((form.get(f"{key}.word") or ["and"])[0], [])
    out.word = out.word if out.word in WORDS else "and"
    numbers = sorted({int(found[1]) for name in form if (found := re.match(rf"{re.escape(key)}\.(\d{{1,3}})\.(?:word|field|text)$", name))})
    for number in numbers[: conditions.MAX_LEAVES]:
        at = f"{key}.{number}"
        if f"{at}.word" in form:
            if depth < MOST_DEEP:
                out.items.append(posted(form, at, depth + 1))
        elif f"{at}.text" in form:
            out.items.append(Words(form[f"{at}.text"][0].strip()))
        else:
            prefix = f"{at}.v"
            held = {name[len(prefix) :].lstrip("."): list(values) for name, values in form.items() if name == prefix or name.startswith(f"{prefix}.")}
            out.items.append(Row(_steps(form[f"{at}.field"]), (form.get(f"{at}.op") or [""])[0], held))
    return out


def _steps(chosen: list[str]) -> list[str]:
    """The fields chosen one behind the other; what follows a field that is no link belongs to an older choice."""
    out: list[str] = []
    for step in chosen[:4]:
        out.append(step)
        if not step.endswith("."):
            break
    return out


def number(group: Group, key: str = "n") -> Iterator[Part]:
    """Give every part its key, and walk over them."""
    group.key = key
    yield group
    for place, item in enumerate(group.items):
        item.key = f"{key}.{place}"
        if isinstance(item, Group):
            yield from number(item, item.key)
        else:
            yield item


def change(group: Group, do: str) -> None:
    """A button's deed: `add`, `group` or `drop` with the key of a part."""
    what, _, key = do.partition(":")
    parts = {part.key: part for part in number(group)}
    if what == "drop" and key in parts and key != "n":
        parent = parts[key.rpartition(".")[0]]
        assert isinstance(parent, Group)
        parent.items.remove(parts[key])
    elif what in ("add", "group") and isinstance(at := parts.get(key), Group) and len(parts) <= conditions.MAX_LEAVES:
        at.items.append(Row() if what == "add" else Group("or" if at.word == "and" else "and", [Row()]))


# -- rows as a condition -----------------------------------------------------------------------------------------------


def tree(visit: Visit, it: Definition, group: Group) -> Condition:
    """The condition the rows mean. Rows at fault carry their error, and Invalid is raised; rows without a field count for
    nothing."""
    wrong: list[str] = []
    found = complete(visit, it, group, wrong)
    if wrong:
        raise Invalid.field("where", "condition", wrong[0], wrong[0])
    return found


def complete(visit: Visit, it: Definition, group: Group, wrong: list[str]) -> Condition:
    """The condition of the rows that are in order; what is wrong with the others is added to `wrong`."""
    out: list[Condition] = []
    for item in group.items:
        if isinstance(item, Group):
            inner = complete(visit, it, item, wrong)
            if conditions.narrows(inner):
                out.append(inner)
            continue
        try:
            one = visit.guard.parse(item.text) if isinstance(item, Words) else _test(visit, it, item)
            if one is not None:
                visit.guard.where(it, one)
                if conditions.narrows(one):
                    out.append(one)
        except Problem as problem:
            item.error = visit.look.say(problem.errors[0].message if problem.errors else problem.detail)
            wrong.append(item.error)
    joined: Condition = out[0] if len(out) == 1 else Or(tuple(out)) if group.word in ("or", "nor") and out else And(tuple(out))
    return Not(joined) if group.word in ("nand", "nor") and out else joined


def _test(visit: Visit, it: Definition, row: Row) -> Condition | None:
    if not row.steps or not row.steps[0]:
        return None
    path = "".join(row.steps)
    found = trail(visit, it, path)
    if not found or path.endswith("."):
        raise conditions.broken("请选择字段。", "Choose a field.")
    one = found[-1][1]
    value = _value(one, row)
    if value is None and shape(one, row.op) != "none":
        raise conditions.broken("请填写要比较的值。", "Give a value to compare with.")
    return Test(path, row.op, value)


def _value(one: Field, row: Row) -> Any:
    """What the inputs of a row say, as the language writes it; None for nothing."""
    kind = shape(one, row.op)
    first = row.get().strip()
    if kind == "words":
        return [word for text in row.all() for word in (part.strip() for part in re.split(r"[、,，;；\n]", text)) if word] or None
    if kind in ("numbers", "days"):
        ends = [one for one in row.all() if one.strip()]
        return ends if len(ends) == 2 else None
    if kind in ("period", "day") and first.endswith("_n_days"):
        return first.replace("_n_", f"_{row.get('n').strip() or '7'}_")
    if kind == "day" and not first:
        return row.get("on").strip() or None
    if kind == "options":
        return row.all() or None
    if kind == "records":
        named = [word for text in row.all("add") for word in re.split(r"[、;；\n]", text) if word.strip()]
        return [*(text.split("|")[0] for text in row.all("keep")), *named] or None
    if kind == "record":
        known = row.get("id") and (row.get() == row.get("label") or not row.get("label"))
        return (row.get("id") if known else first) or None
    if kind == "region":
        return (first if first.isdigit() else filters.region(first)) or None
    if kind == "yes":
        return first == "true"
    return first or None
