"""Every field type: what it takes, what it keeps, what it answers, and what it refuses by name. Declared and custom alike."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel.access.actor import system
from guanxi.kernel.declare.fields import KINDS
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, raw, refused

BIG = "长" * 5_000_000
DEEP: Any = []
for _ in range(5000):
    DEEP = [DEEP]

CNY = {"amount": Decimal("12.50"), "currency": "CNY"}
GOOD: list[tuple[str, Any, Any]] = [
    ("name", "  围城 ", "围城"), ("name", "a\nb\x00c\x1b", "a bc"), ("name", 42, "42"), ("name", "x" * 500, "x" * 500),
    ("summary", "一\r\n二\r三", "一\n二\n三"), ("summary", "x" * 100_000, "x" * 100_000),
    ("blurb", '<p onclick="x()">好<script>alert(1)</script></p>', "<p>好</p>"),
    ("pages", "1,234", 1234), ("pages", 0, 0), ("pages", 5.0, 5), ("pages", "", None),
    ("weight", "0.12345", Decimal("0.123")), ("weight", 0.1, Decimal("0.100")), ("weight", "-9999999999999999", Decimal("-9999999999999999.000")),
    ("discount", "63.155", Decimal("63.16")),
    ("price", "12.5", CNY), ("price", 12.5, CNY), ("price", "1.2万", {"amount": Decimal("12000.00"), "currency": "CNY"}),
    ("price", {"amount": "12.50", "currency": "CNY"}, CNY), ("price", {"amount": None}, None), ("price", {"amount": "12.5", "currency": "cny"}, CNY),
    ("published_on", "2026-11-22", date(2026, 11, 22)), ("published_on", "2026年11月22日", date(2026, 11, 22)), ("published_on", "2026/1/2", date(2026, 1, 2)),
    ("printed_at", "2026-11-22 14:30", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
    ("printed_at", "2026-11-22T14:30:00.123456Z", datetime(2026, 11, 22, 14, 30, 0, 123456, tzinfo=UTC)),
    ("printed_at", "2026-11-22", datetime(2026, 11, 21, 16, tzinfo=UTC)),
    ("available", "是", True), ("available", False, False), ("available", "0", False), ("available", None, None),
    ("status", "已出版", "published"), ("status", "DRAFT", "draft"),
    ("genres", ["novel", "诗歌", "novel"], ["novel", "poem"]), ("genres", "小说、Essay", ["novel", "essay"]), ("genres", [], None),
    ("tags", "红，绿;红", ["红", "绿"]), ("tags", [" 红 ", ""], ["红"]),
    ("phones", "13800138000", [{"number": "+8613800138000"}]),
    ("phones", [{"number": "13800138000", "note": "王"}, "010-62771234"], [{"number": "+8613800138000", "note": "王"}, {"number": "+861062771234"}]),
    ("phones", [{"number": "问\x00前台", "note": "\x00"}], [{"number": "", "text": "问前台"}]), ("phones", "问前台", [{"number": "", "text": "问前台"}]),
    ("email", "Wang@Example.COM", "Wang@example.com"),
    ("website", "example.com/a", "https://example.com/a"), ("website", "http://例子.cn", "http://例子.cn"),
    ("place", "440305", {"code": "440305", "detail": None}), ("place", {"code": "440305", "detail": "科技园"}, {"code": "440305", "detail": "科技园"}),
    ("industry", "I", "I"),
    ("extra", {"a": [1, "二", None, True, 1.5]}, {"a": [1, "二", None, True, 1.5]}), ("extra", '{"a": 1}', {"a": 1}),
]  # fmt: skip
"""(field, input, canonical value)."""

BAD: list[tuple[str, Any]] = [
    *(("name", v) for v in ([], {}, True, 1.5, ["x"], {"a": 1}, "x" * 501, BIG, "\ud800", "", "\x00")),
    *(("summary", v) for v in (5.5, ["x"], BIG, "x" * 100_001)),
    *(("blurb", v) for v in (["x"], {"a": 1}, BIG)),
    *(("pages", v) for v in ("abc", "1.5", True, [1], {"a": 1}, 2**63, -(2**63) - 1, "9" * 400, 1e300, math.nan, math.inf, "NaN", "Infinity", "1e400000", BIG, "\x001")),
    *(("weight", v) for v in ("abc", True, [1], {"a": 1}, 10**16, math.nan, -math.inf, "NaN", "1e400000", 10**400, BIG)),
    *(("discount", v) for v in ("x", [5], math.nan)),
    *(("price", v) for v in ("x", True, [1], {"amount": 1, "currency": "XYZ"}, {"amount": 1, "currency": 5}, {"amount": [1]}, {"amount": 1, "rate": 2}, {"amount": True},
                             math.nan, 10**30, "NaN", "9" * 100, BIG, {"amount": "1", "currency": "CNY\x00"}, {"amount": {"a": 1}})),
    *(("published_on", v) for v in ("2026-02-30", "明天再说", 20261122, True, ["2026-11-22"], {"a": 1}, "99999-01-01", "0001-01-01", "9999-12-31", date(999, 1, 1), BIG, "\x00", 1.5)),
    *(("printed_at", v) for v in ("2026-02-30 10:00", "25:00", 5, True, ["x"], {}, "0001-01-01 00:00", "9999-12-31T23:59:59-12:00", "9999-12-31", BIG)),
    *(("available", v) for v in ("也许", 2, [True], {}, 1.0)),
    *(("status", v) for v in ("gone", 5, ["draft"], {"key": "draft"}, True, BIG)),
    *(("genres", v) for v in ("gone", 5, ["novel", 5], {"a": 1}, [["novel"]])),
    *(("tags", v) for v in (5, [5], {"a": 1}, ["x" * 51], [str(i) for i in range(51)], [["x"]], BIG)),
    *(("phones", v) for v in ({"number": "1"}, [5], [["1"]], [{"number": 5}], [{"number": "1", "x": 1}], ["1" * 501], [{"number": "1", "note": "\ud800"}], ["\ud800"], 1.5, True, BIG)),
    *(("email", v) for v in ("x", "a@b", "a b@c.cn", "@c.cn", 5.5, ["a@b.cn"], "x" * 65 + "@b.cn", BIG)),
    *(("website", v) for v in ("javascript:alert(1)", "ftp://a.cn", "https://", "http://a b.cn", ["https://a.cn"], "http://[", BIG)),
    *(("place", v) for v in (5, ["440305"], {"code": "44"}, {"code": 440305}, {"detail": 1.5}, {"x": 1}, {"detail": ["x"]}, BIG)),
    *(("industry", v) for v in ("ZZ", 5, ["I"])),
    *(("author", v) for v in ("x", 5, ["x"], {"id": 5}, str(UUID(int=5)), True, {"id": {"id": 1}}, "\x00")),
    *(("co_authors", v) for v in ("x", 5, [5], {"a": 1}, [str(UUID(int=5))], [["x"]])),
    *(("files", v) for v in (5, [5], "x", [{"file": 5}], [str(UUID(int=5))], [{"name": "x"}])),
    *(("cover", v) for v in (5, [str(UUID(int=5))])),
    *(("extra", v) for v in ("{", DEEP, math.nan, {"a": math.inf}, {"a": "\x00"}, ["x" * 100_001], "[" * 50_000, {"a\x00": 1}, '{"a": NaN}', "\ud800", ["\ud800"], {"\ud800": 1})),
]  # fmt: skip


def _short(value: Any) -> str:
    try:
        return repr(value)[:24]
    except RecursionError:
        return "deep"


@pytest.fixture(scope="module")
def books(cast: Cast) -> dict[str, UUID]:
    return {"book": create(cast.actor("admin"), "book", name="样本")}


@pytest.mark.parametrize(("field", "given", "kept"), GOOD, ids=lambda v: _short(v))
def test_what_goes_in_comes_back(cast: Cast, books: dict[str, UUID], field: str, given: Any, kept: Any) -> None:
    admin, book = cast.actor("admin"), books["book"]
    door.perform("book", "update", actor=system(DEFAULT_WORKSPACE), id=book, changes={field: None if field != "name" else "样本"})
    door.perform("book", "update", actor=admin, id=book, changes={field: given})
    row = reading.get("book", book, actor=admin)
    assert row[field] == kept
    if kept is not None:
        assert type(row[field]) is type(kept)
    again = door.perform("book", "update", actor=admin, id=book, changes={field: row[field]})
    assert not again.changed, "what was read is the same when written back"
    fresh = create(admin, "book", **({"name": "新"} | {field: given}))
    assert reading.get("book", fresh, actor=admin)[field] == kept
    assert events_of("book", fresh)[0].verb == "create"


@pytest.mark.parametrize(("field", "given"), BAD, ids=lambda v: _short(v))
def test_what_does_not_fit_is_named(cast: Cast, books: dict[str, UUID], field: str, given: Any) -> None:
    admin = cast.actor("admin")
    with pytest.raises(Invalid) as caught:
        door.perform("book", "update", actor=admin, id=books["book"], changes={field: given})
    assert [e.field for e in caught.value.errors] == [field]
    assert caught.value.errors[0].message.zh and caught.value.errors[0].message.en
    with pytest.raises(Invalid):
        door.perform("book", "create", actor=admin, changes={"name": "x", field: given})


def test_what_did_not_fit_changed_nothing(cast: Cast, books: dict[str, UUID]) -> None:
    """All the bad values again, as one batch: not one of them leaves a trace."""
    admin = cast.actor("admin")
    with refused_nothing():
        outcomes = door.perform_many("book", "create", [door.Item(changes={"name": "x"} | {f: v}) for f, v in BAD], actor=admin)
    assert all(isinstance(o, Invalid) for o in outcomes)
    assert [o.errors[0].field for o in outcomes] == [f for f, _ in BAD]  # type: ignore[union-attr]


def refused_nothing() -> Any:
    from contextlib import contextmanager

    from tests.kernel.tools import state

    @contextmanager
    def same() -> Any:
        before = state()
        yield
        assert state() == before

    return same()


def test_a_computed_value_that_does_not_fit_is_named(cast: Cast, books: dict[str, UUID]) -> None:
    with refused(Invalid, "thickness:range"):
        door.perform("book", "update", actor=cast.actor("admin"), id=books["book"], changes={"pages": 2**63 - 1})


@pytest.mark.parametrize("name", ["created_at", "updated_by", "deleted_at", "chapter_count", "thickness", "id", "version", "custom", "nothing", "名\x00", "x" * 5000])
def test_fields_that_are_not_written(cast: Cast, books: dict[str, UUID], name: str) -> None:
    with refused(Invalid) as caught:
        door.perform("book", "update", actor=cast.actor("admin"), id=books["book"], changes={name: 1})
    assert caught.value.errors[0].field == name[:100]
    assert caught.value.errors[0].code in ("read-only", "unknown-field")


def test_money_in_another_currency(cast: Cast) -> None:
    """The rate of the day decides the total; without one the amount is refused; a change elsewhere keeps the total."""
    manager, desk = cast.actor("manager"), system(DEFAULT_WORKSPACE)
    with refused(Invalid, "price:rate"):
        create(manager, "book", name="Ulysses", price={"amount": "10", "currency": "USD"})
    create(desk, "exchange_rate", currency="USD", from_day="2020-01-01", rate="7.1")
    create(desk, "exchange_rate", currency="USD", from_day="2999-01-01", rate="9")
    book = create(manager, "book", name="Ulysses", tags=["usd"], price={"amount": "10", "currency": "USD"})
    cheap = create(manager, "book", name="小", tags=["usd"], price=50)
    assert raw("SELECT price, price_currency, price_base FROM gx_book WHERE id = %s", [book]) == [(Decimal("10"), "USD", Decimal("71"))]
    door.perform("book", "update", actor=manager, id=book, changes={"pages": 5})
    assert raw("SELECT price_base FROM gx_book WHERE id = %s", [book]) == [(Decimal("71"),)]
    row = reading.get("book", book, actor=manager)
    assert (row["price"]["amount"], row["price"]["currency"]) == (Decimal("10.00"), "USD")
    assert not door.perform("book", "update", actor=manager, id=book, changes={"price": {"amount": "10", "currency": "USD"}}).changed
    assert not door.perform("book", "update", actor=manager, id=book, changes={"price": row["price"]}).changed
    usd = {"field": "tags", "op": "has", "value": "usd"}
    assert ids(manager, "book", {"and": [usd, {"field": "price", "op": ">", "value": 60}]}) == {book}
    assert [r["id"] for r in reading.query("book", actor=manager, where=usd, sort="price").rows] == [cheap, book]
    assert reading.aggregate("book", actor=manager, where=usd, measures=["sum:price"]).rows[0]["sum:price"] == Decimal("121.00")


# -- custom fields -----------------------------------------------------------------------------------------------------

LIKE: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("code", {}), "long_text": ("summary", {}), "integer": ("pages", {}), "decimal": ("weight", {"places": 3}), "percent": ("discount", {}),
    "money": ("price", {}), "boolean": ("available", {}), "date": ("published_on", {}), "datetime": ("printed_at", {}),
    "choice": ("status", {"options": [{"key": "draft", "zh": "草稿", "en": "Draft"}, {"key": "published", "zh": "已出版", "en": "Published"}]}),
    "multi_choice": ("genres", {"options": [{"key": "novel", "zh": "小说"}, {"key": "poem", "zh": "诗歌"}, {"key": "essay", "zh": "散文"}]}),
    "tags": ("tags", {}), "phone": ("phones", {}), "email": ("email", {}), "url": ("website", {}), "region": ("place", {}), "industry": ("industry", {}),
    "link": ("author", {"target": "author"}), "many_links": ("co_authors", {"target": "author"}), "person": ("editor", {}), "department": ("department", {}),
    "rich_text": ("blurb", {}), "json": ("extra", {}), "file": ("files", {}), "image": ("cover", {}),
}  # fmt: skip
"""Each kind an administrator may add: the declared field of the toy book it must not be told apart from, and its options."""


def test_every_kind_is_here() -> None:
    assert set(LIKE) == set(KINDS) - {"owner", "stage", "auto_number"}


@pytest.fixture(scope="module")
def twins(cast: Cast) -> list[UUID]:
    """Forty books in which each custom field `c_kind` holds what its declared twin holds."""
    desk = system(DEFAULT_WORKSPACE)
    for kind, (_, options) in LIKE.items():
        create(desk, "custom_field", object_name="book", name=f"自定{kind}", key=f"c_{kind}", kind=kind, options=options)
    authors = [create(desk, "author", name=n) for n in ("巴金", "老舍")]
    if not raw("SELECT 1 FROM gx_exchange_rate WHERE currency = 'USD'"):
        create(desk, "exchange_rate", currency="USD", from_day="2020-01-01", rate="7.1")
    pools: dict[str, list[Any]] = {
        "code": [f"c{i}" for i in range(40)], "summary": ["长句", "ABC 句", None], "pages": [1, 200, 30, None], "weight": ["0.5", "10", "9.999", None], "discount": [5, 10.5, None],
        "price": [100, {"amount": 20, "currency": "USD"}, 9, None], "available": [True, False, None], "published_on": ["2026-01-31", "2025-12-31", "2026-02-01", None],
        "printed_at": ["2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", "2025-06-01T00:00:00.5Z", None], "status": ["draft", "published"], "genres": [["novel"], ["novel", "poem"], None],
        "tags": [["红"], ["红", "绿"], None], "phones": ["13800138000", "13900139000", None], "email": ["a@b.cn", "z@b.cn", None], "website": ["https://a.cn", None],
        "place": ["440305", {"code": "440000", "detail": "某路"}, {"detail": "海外"}, None], "industry": ["A", "I", None], "author": [*map(str, authors), None], "co_authors": [[str(authors[0])], [str(a) for a in authors], None],
        "editor": [str(cast.users["owner"]), str(cast.users["junior"]), None], "department": [str(cast.departments["销售部"]), str(cast.departments["二组"]), None],
        "blurb": ["<b>好</b>", None], "extra": [{"a": 1}, None], "files": [None], "cover": [None],
    }  # fmt: skip
    items = []
    for i in range(40):
        changes: dict[str, Any] = {"name": f"双生{i}", "owner": str(cast.users["owner"])}
        for n, (kind, (field, _)) in enumerate(LIKE.items()):
            value = pools[field][(i if kind == "text" else i + i // (n % 5 + 2)) % len(pools[field])]
            changes |= {field: value, f"c_{kind}": value}
        items.append(door.Item(changes=changes))
    return [r.id for r in door.perform_many("book", "create", items, actor=desk, together=True)]  # type: ignore[union-attr]


TWIN = {"field": "name", "op": "starts", "value": "双生"}


@pytest.mark.parametrize("kind", LIKE)
def test_a_custom_field_answers_like_a_declared_one(cast: Cast, twins: list[UUID], kind: str) -> None:
    owner, (declared, _) = cast.actor("manager"), LIKE[kind]
    custom = f"c_{kind}"
    it = reading.guard_of(owner).catalog.object("book")
    one = it.fields[custom]
    assert one.custom and type(one) is type(it.fields[declared])
    page = reading.query("book", actor=owner, where=TWIN, fields=[declared, custom], limit=200)
    assert {row["id"] for row in page.rows} == set(twins)
    for row in page.rows:
        assert row[declared] == row[custom]
    values = [v for row in page.rows if (v := row[declared]) not in (None, [])]
    operands: dict[str, list[Any]] = {
        "integer": [30, 200], "decimal": ["9.999", "0.5", "10"], "percent": ["10.5"], "money": [100, 142, 9], "date": ["2026-01-31", "2026-01-01", "last_year"], "boolean": [True, False],
        "datetime": ["2026-01-31", "2026-01-31T16:00:00Z"], "choice": ["draft", "已出版"], "multi_choice": [["novel"], ["poem", "novel"]], "tags": ["红", ["绿", "红"]],
        "phone": ["13800138000", "9000"], "region": ["44", "440305"], "link": ["巴金", str(values[0]["id"]) if values and isinstance(values[0], dict) and "id" in values[0] else "x"],
        "person": ["me", "张敏"], "department": ["二组", str(cast.departments["销售部"])], "many_links": ["巴金"], "text": ["c1", "C3"], "long_text": ["句", "abc"], "email": ["a@b.cn", "b.c"],
        "url": ["https://a.cn", "a"], "industry": ["I"], "rich_text": ["好"],
    }  # fmt: skip
    for op in one.operators:
        for value in operands.get(kind, ["x"]):
            if op in ("empty", "not empty"):
                value = None
            elif op == "between":
                value = [value, value]
            elif op == "in" and not isinstance(value, list):
                value = [value]
            answers = []
            for field in (declared, custom):
                try:
                    answers.append(ids(owner, "book", {"and": [TWIN, {"field": field, "op": op, "value": value}]}))
                except Invalid as problem:
                    answers.append(problem.errors[0].code)  # type: ignore[arg-type]
            assert answers[0] == answers[1], (op, value)
    for sign in ("", "-"):
        orders = []
        for field in (declared, custom):
            if not one.sortable:
                with pytest.raises(Invalid):
                    reading.query("book", actor=owner, sort=sign + field)
                continue
            seen: list[UUID] = []
            after = None
            while True:
                part = reading.query("book", actor=owner, where=TWIN, sort=[sign + field], fields=["id"], limit=7, after=after)
                seen += [row["id"] for row in part.rows]
                after = part.next
                if after is None:
                    break
            orders.append(seen)
            assert sorted(seen) == sorted(twins)
        if orders:
            assert orders[0] == orders[1]
    groups = [declared, custom]
    if kind in ("date", "datetime"):
        groups = [f"{g}:month" for g in groups]
    if one.groupable:
        figures = [reading.aggregate("book", actor=owner, where=TWIN, group_by=[g]).rows for g in groups]
        assert [(r[groups[0]], r["count"]) for r in figures[0]] == [(r[groups[1]], r["count"]) for r in figures[1]]
        for row in figures[1]:
            assert len(ids(owner, "book", row["where"])) == row["count"]
    for measure in ("sum", "avg", "min", "max", "distinct"):
        both = []
        for field in (declared, custom):
            try:
                both.append(reading.aggregate("book", actor=owner, where=TWIN, measures=[f"{measure}:{field}"]).rows[0][f"{measure}:{field}"])
            except Invalid as problem:
                both.append(problem.errors[0].code)
        assert both[0] == both[1], measure


@pytest.mark.parametrize(("field", "given"), [(f, v) for f, v in BAD if f != "name"], ids=lambda v: _short(v))
def test_a_custom_field_refuses_like_a_declared_one(cast: Cast, twins: list[UUID], field: str, given: Any) -> None:
    kind = next(k for k, (f, _) in LIKE.items() if f == field)
    with pytest.raises(Invalid) as caught:
        door.perform("book", "update", actor=cast.actor("owner"), id=twins[0], changes={f"c_{kind}": given})
    assert [e.field for e in caught.value.errors] == [f"c_{kind}"]


def test_a_change_of_one_custom_field_leaves_the_others(cast: Cast, twins: list[UUID]) -> None:
    owner = cast.actor("owner")
    for book in twins[:4]:
        before = reading.get("book", book, actor=owner)
        done = door.perform("book", "update", actor=owner, id=book, changes={"c_text": f"新 {book}"})
        after = reading.get("book", book, actor=owner)
        assert done.changed
        assert {k: v for k, v in after.items() if before[k] != v}.keys() <= {"c_text", "version", "updated_at", "updated_by"}
        assert events_of("book", book)[-1].changes == {"c_text": [before["c_text"], f"新 {book}"]}
    usd = {"and": [TWIN, {"field": "c_money", "op": ">", "value": 141}]}
    assert ids(owner, "book", usd) == ids(owner, "book", {"and": [TWIN, {"field": "price", "op": ">", "value": 141}]}) != set()


def test_an_administrator_s_mistakes(cast: Cast) -> None:
    admin = cast.actor("admin")
    good = {"object_name": "book", "name": "好", "key": "good", "kind": "text"}
    for wrong in (
        {"object_name": "nothing"}, {"key": "Upper"}, {"key": "name"}, {"key": "1x"}, {"kind": "owner"}, {"kind": "link"}, {"kind": "link", "options": {"target": "nothing"}},
        {"kind": "choice", "options": {"options": 5}}, {"kind": "choice", "options": {"options": [5]}}, {"kind": "decimal", "options": {"places": "many"}},
        {"kind": "decimal", "options": {"places": 99}}, {"kind": "link", "options": {"target": ["author"]}}, {"options": [1]}, {"options": "x"}, {"key": "id"}, {"key": "custom"},
        {"kind": "integer", "options": {"default": "many"}}, {"kind": "choice", "options": {"dictionary": 5}},
    ):  # fmt: skip
        with refused(Invalid):
            create(admin, "custom_field", **(good | wrong))
    for name in ("owner", "executive", "nobody"):
        with refused():
            create(cast.actor(name), "custom_field", **good)
    made = create(admin, "custom_field", **good)
    with refused(Invalid):
        create(admin, "custom_field", **good)
    with refused(Invalid):
        door.perform("custom_field", "update", actor=admin, id=made, changes={"kind": "integer"})
    book = create(cast.actor("owner"), "book", name="书", good="值")
    door.perform("custom_field", "delete", actor=admin, id=made)
    assert "good" not in reading.get("book", book, actor=cast.actor("owner"))
    with refused(Invalid, "good:unknown-field"):
        door.perform("book", "update", actor=cast.actor("owner"), id=book, changes={"good": "x"})
    door.perform("book", "update", actor=cast.actor("owner"), id=book, changes={"pages": 4})
    door.perform("custom_field", "restore", actor=admin, id=made)
    assert reading.get("book", book, actor=cast.actor("owner"))["good"] == "值", "the field came back with its values"
    door.perform("custom_field", "update", actor=admin, id=made, changes={"required": True})
    with refused(Invalid, "good:required"):
        create(cast.actor("owner"), "book", name="缺")


def test_a_role_hides_and_masks_custom_fields(cast: Cast, twins: list[UUID]) -> None:
    admin, desk = cast.actor("admin"), system(DEFAULT_WORKSPACE)
    role = create(
        admin, "role", name="外包",
        grants={"book": {"verbs": ["read", "create", "update"], "read": "all", "write": "all", "fields": {"c_text": "hidden", "c_phone": "masked", "c_integer": "read"}}, "author": {"verbs": ["read"], "read": "all"}},
    )  # fmt: skip
    door.perform("user", "update", actor=desk, id=cast.users["nobody"], changes={"roles": [str(role)]})
    them = cast.actor("nobody")
    row = reading.get("book", twins[0], actor=them)
    assert "c_text" not in row and row["c_integer"] is not None
    assert row["c_phone"] is None or row["c_phone"][0]["number"].count("*") >= 3
    for how in ({"where": "c_text = c1"}, {"sort": "c_text"}, {"fields": ["c_text"]}, {"where": "c_phone ends 8000"}, {"where": "自定text = c1"}):
        with pytest.raises(Invalid):
            reading.query("book", actor=them, **how)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        reading.aggregate("book", actor=them, group_by=["c_text"])
    for field in ("c_text", "c_phone", "c_integer"):
        with refused(Invalid):
            door.perform("book", "update", actor=them, id=twins[0], changes={field: "5"})
