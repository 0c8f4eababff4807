"""What is measured: each operation as a request, and as the SQL somebody would write by hand for the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from bench.company import COMMON
from bench.measuring import Ask, Person
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE as WORKSPACE

Sql = tuple[str, list[Any]]
RARE = ("鼎盛", "华泰", "永康", "宏达", "金诚", "明远", "瑞恒")
WORDS = (*COMMON, *RARE)


@dataclass(frozen=True)
class Operation:
    """`asks` are sent one after the other and count as one. The bound: at most `over` ms above the raw SQL or `most` ms
    in all (`most95`: of the 95th percentile), at most `statements`."""

    key: str
    label: str
    asks: Callable[[Person, int], list[Ask] | None]
    raw: Callable[[Person, int], list[Sql]] | None = None
    over: float | None = None
    most: float | None = None
    most95: float | None = None
    statements: int | None = None
    times: str | None = None
    """The operation this one may take twice as long as."""

    @property
    def bound(self) -> str:
        parts = []
        if self.over is not None:
            parts.append(f"raw + {self.over:g}")
        if self.most is not None:
            parts.append(f"{self.most:g}")
        if self.most95 is not None:
            parts.append(f"p95 {self.most95:g}")
        if self.times is not None:
            parts.append("2 × declared")
        if self.statements is not None:
            parts.append(f"{self.statements} st.")
        return "≤ " + ", ".join(parts) if parts else ""


def _path(plural: str, **parameters: Any) -> str:
    return f"/api/v1/{plural}?{urlencode(parameters)}"


def _scope(person: Person, alias: str = "t") -> Sql:
    if person.owners is None:
        return "", []
    if len(person.owners) == 1:
        return f" AND {alias}.owner_id = %s", [person.owners[0]]
    return f" AND {alias}.owner_id = ANY(%s)", [person.owners]


_COLUMNS = (
    "t.id, t.version, t.name, t.grade, t.relation, t.industry, t.region, t.region_detail, t.phones, t.last_contact_at, "
    "t.next_contact_at, u.id, u.name, t.updated_at"
)


def customers(person: Person, condition: str = "", order: str = "t.updated_at DESC, t.id DESC", values: Sequence[Any] = ()) -> Sql:
    """The list by hand: its columns, the owner's name, the person's scope."""
    scope, owners = _scope(person)
    return (
        f"SELECT {_COLUMNS} FROM gx_customer t LEFT JOIN gx_user u ON u.id = t.owner_id "
        f"WHERE t.workspace_id = %s AND t.deleted_at IS NULL{scope}{condition} ORDER BY {order} LIMIT 51",
        [WORKSPACE, *owners, *values],
    )


FILTER = {"and": [{"field": "relation", "op": "=", "value": "target"}, {"field": "name", "op": "contains", "value": "科技"}]}


def _filtered(person: Person, turn: int) -> list[Ask]:
    return [Ask(_path("customers", where=json.dumps(FILTER), sort="name"))]


def _filtered_raw(person: Person, turn: int) -> list[Sql]:
    return [customers(person, " AND t.relation = 'target' AND t.name LIKE %s", "t.name, t.id", ["%科技%"])]


def _declared(person: Person, turn: int) -> list[Ask]:
    return [Ask(_path("customers", where="grade = vip", sort="-employees"))]


def _custom(person: Person, turn: int) -> list[Ask]:
    return [Ask(_path("customers", where="x_tier = vip", sort="-x_staff"))]


def _half(person: Person) -> tuple[Any, Any, str] | None:
    return person.samples["half"][0] if person.samples.get("half") else None


def _deep(person: Person, turn: int) -> list[Ask] | None:
    half = _half(person)
    return [Ask(_path("customers", after=half[2]))] if half else None


def _deep_raw(person: Person, turn: int) -> list[Sql]:
    half = _half(person)
    assert half is not None
    return [customers(person, " AND (t.updated_at, t.id) < (%s, %s)", values=half[:2])]


def _word(turn: int) -> str:
    return WORDS[turn % len(WORDS)]


def _search(person: Person, turn: int) -> list[Ask]:
    return [Ask(f"/api/v1/search?q={quote(_word(turn))}")]


def _search_raw(person: Person, turn: int) -> list[Sql]:
    scope = "" if person.owners is None else " AND e.owners && %s::uuid[]"
    owners = [] if person.owners is None else [person.owners]
    return [
        (
            "SELECT e.object, e.id, e.title, e.subtitle FROM gx_search_entry e WHERE e.workspace_id = %s AND e.tokens @@ %s::tsquery"
            f"{scope} LIMIT 200",
            [WORKSPACE, f"'{_word(turn)}'", *owners],
        )
    ]


def _one(person: Person, turn: int, name: str = "customer") -> Any:
    found = person.samples.get(name) or []
    return found[turn % len(found)] if found else None


def _record(person: Person, turn: int) -> list[Ask] | None:
    record = _one(person, turn)
    return [Ask(f"/api/v1/customers/{record}?timeline=50")] if record else None


def _record_raw(person: Person, turn: int) -> list[Sql]:
    record = _one(person, turn)
    return [
        ("SELECT t.*, u.name FROM gx_customer t LEFT JOIN gx_user u ON u.id = t.owner_id WHERE t.workspace_id = %s AND t.id = %s", [WORKSPACE, record]),
        (
            "WITH near AS (SELECT 'customer' AS object, %s::uuid AS id "
            "UNION ALL SELECT 'contact', id FROM gx_contact WHERE workspace_id = %s AND customer_id = %s AND deleted_at IS NULL "
            "UNION ALL SELECT 'opportunity', id FROM gx_opportunity WHERE workspace_id = %s AND customer_id = %s AND deleted_at IS NULL "
            "UNION ALL SELECT 'activity', id FROM gx_activity WHERE workspace_id = %s AND customer_id = %s AND deleted_at IS NULL) "
            "SELECT e.id, e.object, e.record_id, e.verb, e.at, e.changes, u.name FROM near JOIN gx_event e "
            "ON e.workspace_id = %s AND e.object = near.object AND e.record_id = near.id LEFT JOIN gx_user u ON u.id = e.actor_id "
            "ORDER BY e.id DESC LIMIT 50",
            [record, *[WORKSPACE, record] * 3, WORKSPACE],
        ),
    ]


def _board(person: Person, turn: int) -> list[Ask]:
    return [Ask("/api/v1/opportunities/aggregate", "POST", {"group_by": ["stage"], "measures": ["count", "sum:amount"]})]


def _board_raw(person: Person, turn: int) -> list[Sql]:
    scope, owners = _scope(person)
    return [
        (
            "SELECT s.id, s.name, count(*), sum(t.amount_base) FROM gx_opportunity t LEFT JOIN gx_stage s ON s.id = t.stage_id "
            f"WHERE t.workspace_id = %s AND t.deleted_at IS NULL{scope} GROUP BY s.id, s.name ORDER BY s.id",
            [WORKSPACE, *owners],
        )
    ]


_made = 0


def _next() -> int:
    global _made
    _made += 1
    return _made


def _create(person: Person, turn: int) -> list[Ask] | None:
    if person.username == "executive":
        return None
    return [Ask("/api/v1/customers", "POST", new_customer(_next()))]


def new_customer(number: int) -> dict[str, Any]:
    return {"name": f"新建{number}科技有限公司", "phones": f"137{number:08d}", "email": f"n{number}@example.com", "grade": "key", "industry": "I"}


def _update(person: Person, turn: int) -> list[Ask] | None:
    record = _one(person, turn)
    if record is None or person.username == "executive":
        return None
    return [Ask(f"/api/v1/customers/{record}", "PATCH", {"next_contact_at": f"2031-01-01T{_next() % 24:02d}:{_next() % 60:02d}:00+08:00"})]


def _pages(*makers: tuple[str, str, Callable[[Person], str | None], Callable[[Person, int], list[Sql]] | None, float | None, float | None, int | None]) -> list[Operation]:
    out = []
    for key, label, address, raw, over, most, statements in makers:

        def asks(person: Person, turn: int, address: Callable[[Person], str | None] = address) -> list[Ask] | None:
            path = address(person)
            return [Ask(path, page=True)] if path else None

        out.append(Operation(key, label, asks, raw, over=over, most=most, statements=statements))
    return out


def _list_raw(person: Person, turn: int) -> list[Sql]:
    return [customers(person)]


def _record_page(person: Person) -> str | None:
    record = _one(person, 0)
    return f"/customers/{record}" if record else None


def _deep_page(person: Person) -> str | None:
    half = _half(person)
    return f"/customers?after={half[2]}" if half else None


READING = [
    Operation("list", "list, first 50 by last change", lambda p, t: [Ask("/api/v1/customers")], _list_raw, over=5, statements=4),
    Operation("filtered", "list by choice and name part, sorted by name", _filtered, _filtered_raw, over=6),
    Operation("declared", "list filtered, sorted by declared fields", _declared),
    Operation("custom", "list filtered, sorted by custom fields", _custom, times="declared"),
    Operation("deep", "half-way page by cursor", _deep, _deep_raw, over=5),
    Operation("search", "search, two characters, all objects", _search, _search_raw, most=15, most95=50),
    Operation("record", "record with timeline", _record, _record_raw, most=12, statements=8),
    Operation("board", "board: count and sum per stage", _board, _board_raw, over=6),
]
PAGES = _pages(
    ("list-page", "list, page", lambda p: "/customers", _list_raw, 15, None, 4),
    ("filtered-page", "filtered list, page", lambda p: f"/customers?where={quote(json.dumps(FILTER))}&sort=name", _filtered_raw, 16, None, None),
    ("deep-page", "half-way, page", _deep_page, _deep_raw, 15, None, None),
    ("record-page", "record, page", _record_page, None, None, 30, 8),
    ("board-page", "board, page", lambda p: "/opportunities?view=board", _board_raw, 25, None, None),
)
WRITING = [
    Operation("update", "update one field", _update, most=8),
    Operation("create", "create", _create, most=10),
]
