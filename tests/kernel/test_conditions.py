"""The condition language: two forms of one tree, and two judges that must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi.base.errors import Invalid
from guanxi.kernel.access.actor import system
from guanxi.kernel.declare.conditions import (
    Always,
    And,
    Meaning,
    Not,
    Or,
    Test,
    from_json,
    from_text,
    matches,
    to_json,
    to_text,
)
from guanxi.kernel.records import door, people
from guanxi.kernel.storage import rows as storage
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, ids

NAMES = {"金额": "amount", "负责人": "owner", "状态": "status", "客户": "customer", "级别": "level", "下次联系": "next"}.get


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("amount >= 1万", Test("amount", ">=", "1万")),
        ("金额 >= 1万 且 负责人 = 我", And((Test("amount", ">=", "1万"), Test("owner", "=", "me")))),
        ("金额 大于等于 100 或 状态 不是 草稿", Or((Test("amount", ">=", "100"), Test("status", "!=", "草稿")))),
        ("状态 属于 (草稿、已出版)", Test("status", "in", ["草稿", "已出版"])),
        ("状态 不属于 草稿，已出版", Test("status", "not in", ["草稿", "已出版"])),
        ("客户.级别 = A", Test("customer.level", "=", "A")),
        ("下次联系 在 本周", Test("next", "within", "本周")),
        ("下次联系 在 近 30 天", Test("next", "within", "近 30 天")),
        ("金额 介于 (1, 5)", Test("amount", "between", ["1", "5"])),
        ("负责人 = 本部门", Test("owner", "=", "my department")),
        ("客户 包含 “华 为”", Test("customer", "contains", "华 为")),
        ("客户 不包含 华为", Test("customer", "not contains", "华为")),
        ("客户 开头是 上海", Test("customer", "starts", "上海")),
        ("客户 结尾是 公司", Test("customer", "ends", "公司")),
        ("客户 为空", Test("customer", "empty")),
        ("customer is not empty", Test("customer", "not empty")),
        ("标签 含任一 (红，绿)", Test("标签", "has any", ["红", "绿"])),
        ("标签 含全部 (红，绿)", Test("标签", "has all", ["红", "绿"])),
        ("标签 不含 红", Test("标签", "has none", ["红"])),
        ("非 (金额 > 5 或 客户 为空)", Not(Or((Test("amount", ">", "5"), Test("customer", "empty"))))),
        ("not a = 1 and b = 2", And((Not(Test("a", "=", "1")), Test("b", "=", "2")))),
        ("a = 1 or b = 2 and c = 3", Or((Test("a", "=", "1"), And((Test("b", "=", "2"), Test("c", "=", "3")))))),
        ('a = "x \\"y\\" and z"', Test("a", "=", 'x "y" and z')),
        ("a = 'it is'", Test("a", "=", "it is")),
        ("a = true", Test("a", "=", True)),
        ("a ≥ 5 并且 b ≤ 6", And((Test("a", ">=", "5"), Test("b", "<=", "6")))),
    ],
)
def test_what_people_write(text: str, tree: Any) -> None:
    assert from_text(text, NAMES) == tree
    assert from_text(to_text(tree)) == tree
    assert from_json(to_json(tree)) == tree


_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(lambda s: s.strip() == s)
_paths = st.sampled_from(["name", "author.name", "price", "标签", "a_b"])
_leaves = st.one_of(
    st.builds(Test, _paths, st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "contains", "not contains", "starts", "ends", "within"]), _words),
    st.builds(Test, _paths, st.sampled_from(["in", "not in", "between", "has any", "has all", "has none"]), st.lists(_words, min_size=1, max_size=3)),
    st.builds(Test, _paths, st.sampled_from(["empty", "not empty"])),
    st.builds(Test, _paths, st.just("="), st.booleans()),
)


def _flat(tree: Any) -> Any:
    """And of And is And: the text form has no brackets for what needs none."""
    match tree:
        case And(items) | Or(items):
            kind = type(tree)
            out: list[Any] = []
            for item in map(_flat, items):
                out += item.items if isinstance(item, kind) else [item]
            return out[0] if len(out) == 1 else kind(tuple(out))
        case Not(item):
            return Not(_flat(item))
    return tree


_trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: Or(tuple(items))),
        inner.map(Not),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(_trees)
def test_both_forms_say_the_same(tree: Any) -> None:
    assert _flat(from_text(to_text(tree))) == _flat(tree)
    assert from_json(to_json(tree)) == tree


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("amount >", "not finished"), ("amount", "not finished"), ("and amount = 1", "character 5"), ("(a = 1", "not finished"),
        ("a = 1) or b = 2", "character 6"), ("a ~ 5", "character 3"), ("a = = 5", "character 5"), ("a in (1, 2", "not finished"),
        ("a = “x", "character 4"), ("(" * 20 + "a = 1" + ")" * 20, "nested"), (" or ".join(["a = 1"] * 101), "At most 100"),
        ("x" * 10_001, "too long"), ("not " * 1500 + "a = 1", "nested"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_is(text: str, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_text(text)
    assert caught.value.errors[0].field == "where"
    assert place in caught.value.errors[0].message.en


@pytest.mark.parametrize(
    "tree",
    [
        [], "x", 5, {"and": {}}, {"and": [5]}, {"field": "a"}, {"field": "a", "op": 5}, {"field": ["a"], "op": "="}, {"field": "a", "op": "=", "more": 1},
        {"not": None}, {"and": [], "or": []}, {"and": [{"field": "a", "op": "="}] * 101}, {"field": "a", "op": "in", "value": [1] * 1001},
    ],
)  # fmt: skip
def test_wrong_json_is_refused(tree: Any) -> None:
    with pytest.raises(Invalid):
        from_json(tree)


def test_deep_json_is_refused() -> None:
    tree: Any = {"field": "a", "op": "="}
    for _ in range(13):
        tree = {"not": tree}
    with pytest.raises(Invalid):
        from_json(tree)


# -- two judges ------------------------------------------------------------------------------------------------------

WORDS = ["围城", "边城", "ＡＢＣ", "abc", "Straße", "ÉCLAIR", "50%_\\", "a b", "城", "x", ""]
NUMBERS = [Decimal(n) for n in ("-5", "0", "0.001", "1", "12.500", "1000000")]
DAYS = [date(2026, 11, d) for d in (1, 15, 22, 30)] + [date(2026, 12, 31), date(2000, 2, 29)]
TIMES = [datetime(2026, 11, 22, 15, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
TAGS = ["红", "green", "50%"]
GENRES = ["novel", "poem", "essay"]
CODES = ["440305", "440300", "440000", "110101", "110000"]
PLACES: list[Any] = [*CODES, {"code": "440305", "detail": "ＡＢ路 5%号"}, {"detail": "海外路"}]
MONEY: list[Any] = ["-5", "0", "1", "12.50", {"amount": "2", "currency": "USD"}, {"amount": "0.01", "currency": "USD"}, {"amount": "12.5", "currency": "CNY"}]
EMAILS = ["a@example.com", "b.c@例子.com"]


class Shelf(dict[str, Any]):
    def __repr__(self) -> str:
        return "the shelf"


@pytest.fixture(scope="module")
def shelf(cast: Cast) -> dict[str, Any]:
    """About sixty books of every sort, and the rows as the kernel holds them."""
    desk = system(DEFAULT_WORKSPACE, via="test")
    authors = [create(desk, "author", name=name) for name in ("钱锺书", "Ann")]
    create(desk, "exchange_rate", currency="USD", from_day="2020-01-01", rate="6.25")
    users = [cast.users["owner"], cast.users["outsider"]]

    def pick(i: int, step: int, pool: list[Any]) -> Any:
        return ([*pool, None])[(i * step + i // 7) % (len(pool) + 1)]

    items = []
    for i in range(60):
        items.append(
            door.Item(
                changes={
                    "name": (pick(i, 3, WORDS) or "无名"), "summary": pick(i, 5, WORDS), "pages": pick(i, 2, [-0, 1, 5, 10**15]),
                    "weight": pick(i, 1, NUMBERS), "discount": pick(i, 4, NUMBERS), "price": pick(i, 3, MONEY), "place": pick(i, 1, PLACES), "published_on": pick(i, 2, DAYS),
                    "printed_at": pick(i, 1, TIMES), "available": pick(i, 1, [True, False]), "status": pick(i, 1, ["draft", "published"]),
                    "genres": pick(i, 1, [["novel"], ["novel", "poem"], ["essay"]]), "tags": pick(i, 1, [["红"], ["红", "green"], ["50%"]]),
                    "email": pick(i, 1, EMAILS), "author": pick(i, 1, authors), "editor": pick(i, 2, users), "owner": users[i % 2],
                    "co_authors": pick(i, 1, [[authors[0]], authors]), "department": pick(i, 1, [cast.departments["销售部"], cast.departments["二组"]]),
                }
            )
        )  # fmt: skip
    results = door.perform_many("book", "create", items, actor=desk, together=True)
    catalog = people.newest(DEFAULT_WORKSPACE)
    with sql.work(DEFAULT_WORKSPACE):
        rows = storage.fetch(catalog, catalog.object("book"), Always())
    assert len(rows) == len(results) == 60
    departments = {cast.departments["销售部"]: (cast.departments["销售部"], cast.departments["二组"])}
    meaning = Meaning(catalog.settings.today, None, (), catalog.settings.fiscal_start, catalog.settings.tz, departments)
    return Shelf({"rows": rows, "meaning": meaning, "desk": desk, "authors": authors, "users": users, "departments": list(cast.departments.values())})


def _comparison(fields: list[str], ops: list[str], values: Any) -> Any:
    return st.builds(Test, st.sampled_from(fields), st.sampled_from(ops), values)


def _several(fields: list[str], ops: list[str], values: Any) -> Any:
    return st.builds(Test, st.sampled_from(fields), st.sampled_from(ops), st.lists(values, min_size=1, max_size=3))


ORDERED = ["=", "!=", ">", ">=", "<", "<="]
_text = st.sampled_from([*WORDS[:-1], "无名", "AB", "ｂｃ", "strasse", "éc", "%", "_", "\\", "城 "])
_tests = st.one_of(
    _comparison(["name"], ["=", "!="], _text.map(str.strip)),
    _comparison(["name"], ["contains", "not contains", "starts", "ends"], _text),
    _comparison(["summary"], ["contains", "not contains", "starts", "ends"], _text),
    _comparison(["email"], ["=", "!=", "contains", "ends"], st.sampled_from([*EMAILS, "example", "A@EXAMPLE.COM"])),
    _several(["name"], ["in", "not in"], _text.map(str.strip)),
    _comparison(["pages"], ORDERED, st.sampled_from([0, 1, 2, 5, 10**15])),
    _several(["pages"], ["in", "not in"], st.sampled_from([0, 1, 5])),
    _comparison(["weight", "price"], ORDERED, st.sampled_from([*NUMBERS, Decimal("12.5"), Decimal("0.06")]).map(lambda n: n.quantize(Decimal("0.01")))),
    st.builds(Test, st.sampled_from(["weight", "pages"]), st.just("between"), st.tuples(st.sampled_from([0, 1]), st.sampled_from([1, 12])).map(list)),
    _comparison(["published_on"], ORDERED, st.sampled_from(DAYS)),
    st.builds(Test, st.just("published_on"), st.just("between"), st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(list)),
    _comparison(["published_on", "printed_at"], ["within"], st.sampled_from(["今天", "this_month", "本月", "last_7_days", "本年", "next_30_days", "昨天"])),
    _comparison(["printed_at"], ORDERED, st.sampled_from(TIMES)),
    _comparison(["available"], ["=", "!="], st.booleans()),
    _comparison(["status"], ["=", "!="], st.sampled_from(["draft", "published"])),
    _several(["status"], ["in", "not in"], st.sampled_from(["draft", "published"])),
    _several(["genres"], ["has any", "has all", "has none"], st.sampled_from(GENRES)),
    _several(["tags"], ["has any", "has all", "has none"], st.sampled_from(TAGS)),
    _comparison(["author", "editor", "owner"], ["=", "!="], st.sampled_from(["#0", "#1"])),
    _several(["author", "editor", "owner"], ["in", "not in"], st.sampled_from(["#0", "#1"])),
    _several(["co_authors"], ["has any", "has all", "has none"], st.sampled_from(["#0", "#1"])),
    _comparison(["place"], ["=", "!=", "exactly"], st.sampled_from(CODES)),
    _several(["place"], ["in"], st.sampled_from(CODES)),
    _comparison(["place"], ["contains"], st.sampled_from(["路", "ab", "％"])),
    st.builds(Test, st.just("place"), st.sampled_from(["empty", "not empty"])),
    _comparison(["department"], ["=", "!=", "under"], st.sampled_from(["#0", "#1", "#2"])),
    st.builds(
        Test,
        st.sampled_from(["name", "summary", "pages", "weight", "price", "published_on", "printed_at", "available", "genres", "tags", "author", "co_authors", "email"]),
        st.sampled_from(["empty", "not empty"]),
    ),
)
_conditions = st.recursive(
    _tests,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: And(tuple(items))), st.lists(inner, max_size=3).map(lambda items: Or(tuple(items))), inner.map(Not)
    ),
    max_leaves=5,
)


def _named(tree: Any, shelf: dict[str, Any]) -> Any:
    """`#0` becomes the id of the first author, user or department."""
    match tree:
        case And(items):
            return And(tuple(_named(i, shelf) for i in items))
        case Or(items):
            return Or(tuple(_named(i, shelf) for i in items))
        case Not(item):
            return Not(_named(item, shelf))
        case Test(path, op, value):
            pool = shelf["authors" if "author" in path else "departments" if path == "department" else "users"]

            def real(v: Any) -> Any:
                return pool[int(v[1])] if isinstance(v, str) and v.startswith("#") else v

            return Test(path, op, [real(v) for v in value] if isinstance(value, list) else real(value))
    return tree


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_conditions)
def test_python_and_the_database_agree(shelf: dict[str, Any], tree: Any) -> None:
    condition = _named(tree, shelf)
    wanted = {row["id"] for row in shelf["rows"] if matches(condition, row, shelf["meaning"])}
    desk = replace(shelf["desk"], below=shelf["meaning"].below)
    assert ids(desk, "book", to_json(condition)) == wanted


# -- asked through the door --------------------------------------------------------------------------------------------


def test_labels_and_titles_and_words_for_oneself(cast: Cast) -> None:
    owner = cast.actor("owner")
    author = create(cast.actor("manager"), "author", name="沈从文")
    a = create(owner, "book", name="长河", author=str(author), pages=7777, published_on="2026-11-22")
    b = create(owner, "book", name="湘西", pages=7777)
    where = "页数 = 7777"
    assert ids(owner, "book", where) == {a, b}
    assert ids(owner, "book", f"{where} 且 作者 = 沈从文") == {a}
    assert ids(owner, "book", f"{where} 且 作者 != 沈从文") == {b}
    assert ids(owner, "book", f"{where} 且 作者.姓名 包含 从") == {a}
    assert ids(owner, "book", f"{where} 且 Title = 长河") == {a}
    assert ids(owner, "book", f"{where} 且 负责人 = 我") == {a, b}
    assert ids(owner, "book", f"{where} 且 负责人 = 王伟") == {a, b}
    assert ids(owner, "book", f"{where} 且 状态 = 草稿") == {a, b}
    assert ids(cast.actor("manager"), "book", f"{where} 且 负责人 = 我") == set()
    assert ids(owner, "book", {"and": [{"field": "pages", "op": "=", "value": 7777}, {"field": "published_on", "op": "=", "value": "2026-11-22"}]}) == {a}


@pytest.mark.parametrize(
    "where",
    [
        "no_such = 1", "pages = abc", "pages contains 1", "author.no_such = 1", "name.x = 1", "status = 错", "published_on within 鬼时间",
        "published_on = 2026-99-01", "pages between 5", "available > true", "id > 5", "id = abc", "genres = (novel, 错)", "price = 5 XYZ",
        {"field": "name", "op": "contains", "value": None}, {"field": "name", "op": "contains", "value": "x\x00"}, {"field": "pages", "op": "=", "value": None},
        {"field": "pages", "op": "=", "value": {"a": 1}}, {"field": "name", "op": "=", "value": {"a": 1}}, {"field": "pages", "op": "in", "value": [None]},
        {"field": "pages", "op": "=", "value": 10**30}, {"field": "author", "op": "=", "value": 5}, {"field": "tags", "op": "has", "value": [5]},
        {"field": "printed_at", "op": "=", "value": 5}, {"field": "phones", "op": "=", "value": "x"}, {"field": "phones", "op": "ends", "value": ["1"]},
        {"field": "place", "op": "in", "value": [["x"]]}, {"field": "place", "op": "=", "value": 5}, {"field": "price", "op": ">", "value": [1]},
        {"field": "weight", "op": "between", "value": [1, [2]]}, {"field": "name", "op": "has", "value": "x"}, {"field": "name", "op": "=", "value": "a\ud800"},
        {"field": "website", "op": "=", "value": "x" * 3000}, {"field": "extra", "op": "=", "value": 1}, {"field": "name", "op": "contains", "value": "x" * 501},
        '{"and":[' * 2000, '{"field": "name", "op": "=", "value": "\ud800"}', {"field": "author", "op": "in", "value": [["x"]]},
        {"field": "printed_at", "op": "=", "value": "9999-12-31"}, {"field": "printed_at", "op": ">", "value": "0001-01-01"}, {"field": "name", "op": "contains", "value": "\ud800"},
        {"field": "place", "op": "contains", "value": "\x00"}, {"field": "place", "op": "=", "value": "44\x00"}, {"field": "author", "op": "in", "value": "不是编号"}, {"field": "owner", "op": "under", "value": "me"},
        {"field": "price", "op": ">", "value": "NaN"}, {"field": "weight", "op": ">", "value": float("1e300")}, {"field": "status", "op": "in", "value": [{}]},
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_an_answer_not_a_failure(cast: Cast, where: Any) -> None:
    try:
        found = ids(cast.actor("owner"), "book", where)
    except Invalid as problem:
        assert [e.field for e in problem.errors] == ["where"]
        assert problem.errors[0].message.zh and problem.errors[0].message.en
    else:
        assert found == set(), "only a comparison with a name nobody has is answered by no rows"
        assert where in ({"field": "author", "op": "in", "value": "不是编号"},)


def test_days_and_instants(cast: Cast) -> None:
    owner = cast.actor("owner")
    made = [
        create(owner, "book", name="夜", pages=8888, printed_at=f"2026-03-0{d}T{t}:00+08:00") for d, t in ((1, "00:00"), (1, "23:59"), (2, "00:00"))
    ]
    here = {"field": "pages", "op": "=", "value": 8888}

    def found(op: str, value: Any) -> list[int]:
        got = ids(owner, "book", {"and": [here, {"field": "printed_at", "op": op, "value": value}]})
        return [i for i, one in enumerate(made) if one in got]

    assert found("=", "2026-03-01") == [0, 1]
    assert found("!=", "2026-03-01") == [2]
    assert found(">", "2026-03-01") == [2]
    assert found(">=", "2026-03-01") == [0, 1, 2]
    assert found("<", "2026-03-02") == [0, 1]
    assert found("<=", "2026-03-01") == [0, 1]
    assert found("between", ["2026-03-01", "2026-03-01"]) == [0, 1]
    assert found("=", "2026-02-28T16:00:00Z") == [0]
    today = people.newest(DEFAULT_WORKSPACE).settings.today
    last = create(owner, "book", name="昨", pages=9999, published_on=today - timedelta(days=1))
    for value in ("昨天", "yesterday", "近7天", "last_7_days"):
        assert ids(owner, "book", f"pages = 9999 且 published_on 在 {value}") == {last}
        assert ids(owner, "book", f"pages = 9999 且 published_on = {value}") == {last}
    assert ids(owner, "book", "pages = 9999 且 published_on 在 今天") == set()


def test_an_id_of_nobody_matches_nothing(cast: Cast) -> None:
    assert ids(cast.actor("owner"), "book", {"field": "id", "op": "=", "value": str(UUID(int=5))}) == set()
