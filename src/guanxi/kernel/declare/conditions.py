"""The condition language: which records are meant.

One syntax tree serves filters, saved views, access rules and automation. The API carries it as JSON:

    {"and": [{"field": "stage.kind", "op": "=", "value": "won"}, {"field": "close_date", "op": "within", "value": "this_quarter"}]}

and people may write it as text: `stage.kind = won and close_date within this_quarter`, or in Chinese
`金额 >= 1万 且 负责人 = 我`. Storage compiles the tree to SQL; `matches` judges a plain row. Every leaf is either true or
false, never unknown: an empty value is different from every value, and `not` means the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi.base import pinyin
from guanxi.base.clock import canonical_relative, relative
from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T

MAX_DEPTH = 12
MAX_LEAVES = 100
MAX_LIST = 1000


class Condition:
    """Base of the nodes. Combine with `&`, `|` and `~`."""

    def __and__(self, other: Condition) -> Condition:
        return And((self, other))

    def __or__(self, other: Condition) -> Condition:
        return Or((self, other))

    def __invert__(self) -> Condition:
        return Not(self)


@dataclass(frozen=True)
class And(Condition):
    items: tuple[Condition, ...]


@dataclass(frozen=True)
class Or(Condition):
    items: tuple[Condition, ...]


@dataclass(frozen=True)
class Not(Condition):
    item: Condition


@dataclass(frozen=True)
class Always(Condition):
    """True for every row; `~Always()` for none."""


def narrows(condition: Condition) -> bool:
    """Whether a condition asks anything of a row."""
    return any(map(narrows, condition.items)) if isinstance(condition, And) else not isinstance(condition, Always)


@dataclass(frozen=True)
class Test(Condition):
    """One comparison. `path` is a field's name, dotted across links; `value` a constant of the operator's shape."""

    __test__ = False

    path: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class OwnedBy(Condition):
    """Access: the record's owner is one of these users (the compiled form of a data scope)."""

    users: tuple[UUID, ...]


@dataclass(frozen=True)
class TeamMember(Condition):
    """Access: this user is in the record's team now, with at least this level ("read" or "write")."""

    user: UUID
    level: str = "read"


@dataclass(frozen=True)
class WrittenBy(Condition):
    """Access: this user wrote the record, so many hours ago at most."""

    user: UUID
    hours: int


@dataclass(frozen=True)
class Across(Condition):
    """The record behind a link exists and satisfies a condition of its own object."""

    link: str
    target: str
    item: Condition


@dataclass(frozen=True)
class About(Condition):
    """Access: the record names (`object_name`, and its id in `field`) a living record of this object, which satisfies a condition of its own."""

    target: str
    item: Condition
    field: str = "record"


@dataclass(frozen=True)
class Meaning:
    """What the relative words stand for while a condition is judged."""

    today: date
    me: UUID | None = None
    departments: tuple[UUID, ...] = ()
    fiscal_start: int = 1
    zone: Any = None
    below: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """Each department with all those under it, itself included."""


def from_json(tree: Any) -> Condition:
    """The JSON form as a tree. Raises Invalid naming `where` and what is wrong."""
    count = 0

    def build(node: Any, depth: int) -> Condition:
        nonlocal count
        if depth > MAX_DEPTH:
            raise broken("条件嵌套太深。", "The condition is nested too deeply.")
        if not isinstance(node, Mapping):
            raise broken("条件应为对象。", "A condition is an object.")
        if set(node) == {"and"} or set(node) == {"or"}:
            key = next(iter(node))
            items = node[key]
            if not isinstance(items, list):
                raise broken(f"“{key}”后面应为列表。", f'"{key}" takes a list.')
            built = tuple(build(item, depth + 1) for item in items)
            return And(built) if key == "and" else Or(built)
        if set(node) == {"not"}:
            return Not(build(node["not"], depth + 1))
        if not {"field", "op"} <= set(node) <= {"field", "op", "value"}:
            raise broken(
                "条件应为 {field, op, value}，或 and / or / not。", "A condition is {field, op, value}, or and / or / not."
            )
        if not isinstance(node["field"], str) or not isinstance(node["op"], str):
            raise broken("field 和 op 应为文字。", "field and op are text.")
        count += 1
        if count > MAX_LEAVES:
            raise broken(f"最多 {MAX_LEAVES} 个条件。", f"At most {MAX_LEAVES} comparisons.")
        value = node.get("value")
        if isinstance(value, list) and len(value) > MAX_LIST:
            raise broken(f"列表最多 {MAX_LIST} 项。", f"A list holds at most {MAX_LIST} values.")
        op = _WORD_OPS.get(node["op"].strip().casefold().replace("_", " "), node["op"])
        return Test(node["field"], op, value)

    return build(tree, 0)


def to_json(condition: Condition) -> dict[str, Any]:
    """The tree as JSON; only the nodes that people write."""
    match condition:
        case And(items):
            return {"and": [to_json(item) for item in items]}
        case Or(items):
            return {"or": [to_json(item) for item in items]}
        case Not(item):
            return {"not": to_json(item)}
        case Always():
            return {"and": []}
        case Test(path, op, value):
            out: dict[str, Any] = {"field": path, "op": op}
            if op not in ("empty", "not empty"):
                out["value"] = _plain(value)
            return out
    raise TypeError(condition)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def broken(zh: str, en: str, where: str = "where") -> Invalid:
    return Invalid([FieldError(where, "condition", T(zh, en))])


# -- the text form ---------------------------------------------------------------------------------------------------

_WORD_OPS = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "≠": "!=", ">": ">", ">=": ">=", "≥": ">=", "<": "<", "<=": "<=", "≤": "<=",
    "is": "=", "等于": "=", "是": "=", "is not": "!=", "不等于": "!=", "不是": "!=",
    "大于": ">", "大于等于": ">=", "不小于": ">=", "小于": "<", "小于等于": "<=", "不大于": "<=",
    "in": "in", "属于": "in", "not in": "not in", "不属于": "not in",
    "contains": "contains", "包含": "contains", "not contains": "not contains", "不包含": "not contains",
    "starts": "starts", "starts with": "starts", "开头是": "starts", "ends": "ends", "ends with": "ends", "结尾是": "ends",
    "between": "between", "介于": "between", "within": "within", "在": "within",
    "empty": "empty", "is empty": "empty", "为空": "empty", "not empty": "not empty", "is not empty": "not empty", "不为空": "not empty",
    "has": "has", "含有": "has", "has any": "has any", "含任一": "has any", "has all": "has all", "含全部": "has all",
    "has none": "has none", "不含": "has none", "exactly": "exactly", "正好是": "exactly", "under": "under", "及下属": "under",
    "initial": "initial", "首字母": "initial", "found": "found", "查到": "found",
}  # fmt: skip
OPERATORS = frozenset(_WORD_OPS.values())
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|“[^”]*”|'(?:[^'\\]|\\.)*')
    | (?P<symbol>>=|<=|!=|<>|==|[=<>≠≥≤()（）,，、])
    | (?P<word>[^\s"“'=<>!≠≥≤()（）,，、]+)
    )""",
    re.VERBOSE,
)
_LOGIC = {"and": "and", "且": "and", "并且": "and", "or": "or", "或": "or", "或者": "or", "not": "not", "非": "not"}
_VALUE_WORDS = {"我": "me", "本人": "me", "me": "me", "我的部门": "my department", "本部门": "my department", "true": True, "false": False}


def from_text(text: str, names: Callable[[str], str | None] | None = None) -> Condition:
    """People's form as a tree. `names` turns a label (金额) into a field name. Raises Invalid saying where it stopped."""
    tokens: list[tuple[str, str, int]] = []
    at = 0
    text = text.rstrip()
    if len(text) > 10_000:
        raise broken("条件太长。", "The condition is too long.")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise broken(f"第 {at + 1} 个字附近看不懂。", f"Not understood near character {at + 1}.")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind), match.start(kind)))
        at = match.end()
    return _Parser(tokens, names).parse()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str, int]], names: Callable[[str], str | None] | None) -> None:
        self.tokens = tokens
        self.names = names
        self.at = 0
        self.leaves = 0

    def parse(self) -> Condition:
        if not self.tokens:
            return Always()
        tree = self.any_of(0)
        if self.at < len(self.tokens):
            raise self.stuck()
        return tree

    def stuck(self) -> Invalid:
        if self.at < len(self.tokens):
            _, word, at = self.tokens[self.at]
            return broken(f"第 {at + 1} 个字“{word}”附近看不懂。", f"Not understood near “{word}” at character {at + 1}.")
        return broken("条件没有写完。", "The condition is not finished.")

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        if self.at + ahead < len(self.tokens):
            kind, word, _ = self.tokens[self.at + ahead]
            return kind, word
        return "", ""

    def logic(self) -> str | None:
        kind, word = self.peek()
        return _LOGIC.get(word.casefold()) if kind == "word" else None

    def any_of(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise broken("条件嵌套太深。", "The condition is nested too deeply.")
        items = [self.all_of(depth)]
        while self.logic() == "or":
            self.at += 1
            items.append(self.all_of(depth))
        return items[0] if len(items) == 1 else Or(tuple(items))

    def all_of(self, depth: int) -> Condition:
        items = [self.one(depth)]
        while self.logic() == "and":
            self.at += 1
            items.append(self.one(depth))
        return items[0] if len(items) == 1 else And(tuple(items))

    def one(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise broken("条件嵌套太深。", "The condition is nested too deeply.")
        if self.logic() == "not" and self.operator(1) is None:
            self.at += 1
            return Not(self.one(depth + 1))
        kind, word = self.peek()
        if kind == "symbol" and word in "(（":
            self.at += 1
            inner = self.any_of(depth + 1)
            if self.peek()[1] not in (")", "）") or self.peek()[0] != "symbol":
                raise self.stuck()
            self.at += 1
            return inner
        if kind not in ("word", "string"):
            raise self.stuck()
        name = _unquote(word) if kind == "string" else word
        self.at += 1
        found = self.operator(0)
        if found is None:
            raise self.stuck()
        op, used = found
        self.at += used
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise broken(f"最多 {MAX_LEAVES} 个条件。", f"At most {MAX_LEAVES} comparisons.")
        path = ".".join(self.resolve(part) for part in name.split("."))
        if op in ("empty", "not empty"):
            return Test(path, op)
        if op in ("in", "not in", "between", "has any", "has all", "has none") or self.peek() in (("symbol", "("), ("symbol", "（")):
            return Test(path, op, self.list_of())
        return Test(path, op, self.value(op))

    def resolve(self, part: str) -> str:
        return (self.names(part) if self.names is not None else None) or part

    def operator(self, ahead: int) -> tuple[str, int] | None:
        for size in (3, 2, 1):
            words = [self.peek(ahead + i) for i in range(size)]
            if all(kind in ("word", "symbol") for kind, _ in words):
                op = _WORD_OPS.get(" ".join(word.casefold() for _, word in words))
                if op is not None:
                    return op, size
        return None

    def list_of(self) -> list[Any]:
        bracket = self.peek()[1] in ("(", "（") and self.peek()[0] == "symbol"
        if bracket:
            self.at += 1
        out = [self.value("=")]
        while self.peek()[0] == "symbol" and self.peek()[1] in (",", "，", "、"):
            self.at += 1
            out.append(self.value("="))
        if bracket:
            if self.peek()[1] not in (")", "）"):
                raise self.stuck()
            self.at += 1
        return out

    def value(self, op: str) -> Any:
        kind, word = self.peek()
        if kind == "string":
            self.at += 1
            return _unquote(word)
        if kind != "word":
            raise self.stuck()
        words = []
        while self.peek()[0] == "word" and self.logic() is None:
            words.append(self.peek()[1])
            self.at += 1
        if not words:
            raise self.stuck()
        text = " ".join(words)
        return _VALUE_WORDS.get(text.casefold(), text)


def _unquote(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1])


def to_text(condition: Condition) -> str:
    """The tree as people write it (English operators, field names); `from_text` reads it back to the same tree."""
    match condition:
        case Always() | And(()):
            return ""
        case And(items):
            return " and ".join(_grouped(item, Or) for item in items)
        case Or(items):
            return " or ".join(_grouped(item, And, Or) for item in items)
        case Not(item):
            return f"not ({to_text(item)})"
        case Test(path, op, value):
            if op in ("empty", "not empty"):
                return f"{path} {op}"
            if isinstance(value, list | tuple):
                return f"{path} {op} ({', '.join(_quoted(v) for v in value)})"
            return f"{path} {op} {_quoted(value)}"
    raise TypeError(condition)


def _grouped(item: Condition, *kinds: type[Condition]) -> str:
    text = to_text(item)
    return f"({text})" if isinstance(item, (*kinds, And)) and not isinstance(item, Test) else text


def _quoted(value: Any) -> str:
    if value is True or value is False:
        return str(value).lower()
    text = str(_plain(value))
    if text in ("me", "my department") or (re.fullmatch(r"[\w.\-+:]+", text) and text.casefold() not in {*_LOGIC, *_WORD_OPS, *_VALUE_WORDS}):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folded(text: str) -> str:
    """Text as `contains`, `starts` and `ends` compare it: full width as half width, capitals as small letters.

    The same that `lower(normalize(…, NFKC))` does in the database; `normal` folds more, which SQL cannot.
    """
    return unicodedata.normalize("NFKC", text).lower()


# -- judging a row in Python -----------------------------------------------------------------------------------------


def period(value: Any, meaning: Meaning) -> tuple[date, date]:
    """A relative date (`this_quarter`, 近 30 天) as [first day, day after the last). Raises Invalid."""
    if isinstance(value, str):
        name = canonical_relative(value)
        if name is not None:
            return relative(name, meaning.today, meaning.fiscal_start)
    raise broken(
        f"不认识的时间“{value}”，可用：今天、本周、近 30 天、本季度 …",
        f"Unknown period “{value}”; try today, this_week, last_30_days, this_quarter …",
    )


def matches(condition: Condition, row: Mapping[str, Any], meaning: Meaning) -> bool:
    """Whether a plain row (canonical values by path) satisfies the condition, exactly as the SQL would.

    Access nodes and links crossed by dots need the row to carry what they look at: `owner`, `@team`, `customer.name`.
    """
    match condition:
        case Always():
            return True
        case And(items):
            return all(matches(item, row, meaning) for item in items)
        case Or(items):
            return any(matches(item, row, meaning) for item in items)
        case Not(item):
            return not matches(item, row, meaning)
        case OwnedBy(users):
            return row.get("owner") in users
        case TeamMember(user, level):
            return any(m == user and (level == "read" or held == "write") for m, held in row.get("@team", ()))
        case WrittenBy(user, hours) if "created_by" in row and row.get("created_at") is not None:
            return bool(_scalar(row["created_by"]) == user) and datetime.now(UTC) - row["created_at"] < timedelta(hours=hours)
        case Test(path, op, value):
            return _judge(row.get(path), op, value, meaning)
    raise TypeError(condition)


def _scalar(value: Any) -> Any:
    if isinstance(value, Mapping):
        for key in ("base", "amount", "id", "code"):
            if key in value:
                return value[key]
    return value


def _judge(value: Any, op: str, wanted: Any, meaning: Meaning) -> bool:
    if isinstance(value, Mapping) and "code" in value:
        return _judge_region(value, op, wanted)
    if op == "empty":
        return value is None or value == [] or value == ""
    if op == "not empty":
        return not (value is None or value == [] or value == "")
    if op in ("has", "has any", "has all", "has none"):
        held = {str(_scalar(v)) for v in value or []}  # rows that are read carry the ids of many-links as text
        asked = set(map(str, _people(wanted if isinstance(wanted, list | tuple) else [wanted], meaning)))
        if op == "has none":
            return not (held & asked)
        return asked <= held if op in ("has", "has all") else bool(held & asked)
    value = _scalar(value)
    if op in ("=", "!=", "in", "not in", "under"):
        asked_list = _people(wanted if isinstance(wanted, list | tuple) else [wanted], meaning)
        if op == "under":
            asked_list = [d for a in asked_list for d in meaning.below.get(a, (a,))]
        found = value is not None and any(_same(value, a, meaning) for a in asked_list)
        return found if op in ("=", "in", "under") else not found
    if op == "found":
        return value is not None and (folded(value).endswith(folded(str(wanted))) if isinstance(value, str) else str(wanted) in re.sub(r"\D", "", str(value)))
    if op == "initial":
        return bool(pinyin.initial(str(value or "")) == wanted)
    if op in ("contains", "not contains", "starts", "ends"):
        if value is None:
            return op == "not contains"
        text, part = folded(str(value)), folded(str(wanted)).strip()
        found = part in text if "contains" in op else text.startswith(part) if op == "starts" else text.endswith(part)
        return not found if op == "not contains" else found
    if value is None:
        return False
    if op == "within":
        first, after = period(wanted, meaning)
        day = value.astimezone(meaning.zone).date() if isinstance(value, datetime) else value
        return bool(first <= day < after)
    if op == "between":
        low, high = wanted
        if isinstance(value, datetime):
            return bool(low <= value <= high)
        return bool(low <= value <= high)
    return bool({">": value > wanted, ">=": value >= wanted, "<": value < wanted, "<=": value <= wanted}[op])


def _judge_region(value: Mapping[str, Any], op: str, wanted: Any) -> bool:
    code = value["code"]
    if op in ("empty", "not empty"):
        return (code is None) == (op == "empty")
    if op == "contains":
        return value["detail"] is not None and folded(str(wanted)).strip() in folded(value["detail"])
    if op == "exactly":
        return bool(code == wanted)
    asked = wanted if isinstance(wanted, list | tuple) else [wanted]
    inside = code is not None and any(code.startswith(region_prefix(str(a))) for a in asked)
    return inside != (op == "!=")


def region_prefix(code: str) -> str:
    """440300 means all of Shenzhen: GB/T 2260 marks a higher level by trailing pairs of zeros."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def _same(value: Any, wanted: Any, meaning: Meaning) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted
    return bool(value == wanted)


def _people(values: Iterable[Any], meaning: Meaning) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value == "me":
            out += [meaning.me] if meaning.me is not None else []
        elif value in ("my department", "my departments"):
            out += meaning.departments
        else:
            out.append(value)
    return out


def leaves(condition: Condition) -> Iterable[Test]:
    """Every comparison in the tree."""
    match condition:
        case And(items) | Or(items):
            for item in items:
                yield from leaves(item)
        case Not(item) | Across(_, _, item) | About(_, item):
            yield from leaves(item)
        case Test():
            yield condition
