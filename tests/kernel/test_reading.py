"""Lists, pages, figures and search: exact answers over a few dozen known books."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

import msgspec
import pytest

from guanxi.base.errors import Invalid, NotFound
from guanxi.kernel.access.actor import system
from guanxi.kernel.declare import conditions
from guanxi.kernel.records import door, finding, reading
from guanxi.kernel.storage import sizes, sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, ids

DESK = system(DEFAULT_WORKSPACE, via="test")


@pytest.fixture(scope="module")
def books(cast: Cast) -> list[UUID]:
    """Thirty books: many ties, many empty values, instants on both sides of a midnight in Shanghai."""
    authors = [create(DESK, "author", name=n) for n in ("王朔", "阿城")]
    times = ["2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", "2025-12-31T16:30:00Z", None]
    items = [
        door.Item(
            changes={
                "name": f"{'甲乙丙'[i % 3]}{i // 12}", "pages": [None, 5, 10, 5, 700][i % 5], "price": [None, "1.10", "2.20", "1.10"][i % 4], "author": [authors[0], authors[1], None][i % 3],
                "published_on": [None, "2026-01-31", "2026-02-28", "2025-12-29"][i % 4], "printed_at": times[i % 4], "available": [True, False, None][i % 3], "discount": [None, "12.5", "0"][i % 3],
                "status": ["draft", "published"][i % 2], "place": [None, "440305", "440300", "110101", "440000"][i % 5], "owner": cast.users[["owner", "teammate", "junior"][i % 3]],
                "weight": [None, "0.125", "3"][i % 3], "summary": "同一句话",
            }
        )
        for i in range(30)
    ]  # fmt: skip
    return [r.id for r in door.perform_many("book", "create", items, actor=DESK, together=True)]  # type: ignore[union-attr]


SORTS = ["pages", "price", "author", "author.name", "published_on", "printed_at", "available", "status", "discount", "weight", "owner", "owner.name", "place", "created_at", "name"]


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{s}" for s in SORTS), "pages,-price", "-author.name,pages", "status,-published_on,available", "-owner,-pages", "id", "-id"])
@pytest.mark.parametrize("size", [1, 7])
def test_a_cursor_visits_every_row_once_in_order(cast: Cast, books: list[UUID], sort: str, size: int) -> None:
    manager = cast.actor("manager")
    whole = [row["id"] for row in reading.query("book", actor=manager, sort=sort, limit=200, fields=["name"]).rows]
    assert sorted(whole) == sorted(books)
    seen: list[UUID] = []
    after = None
    for _ in range(40):
        page = reading.query("book", actor=manager, sort=sort, limit=size, fields=["name"], after=after)
        seen += [row["id"] for row in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == whole
    back = [row["id"] for row in page.rows]
    while page.previous is not None:
        page = reading.query("book", actor=manager, sort=sort, limit=size, fields=["name"], before=page.previous)
        back = [row["id"] for row in page.rows] + back
        assert len(page.rows) == size and page.next is not None
    assert back == whole


def test_orders_are_what_they_say(cast: Cast, books: list[UUID]) -> None:
    manager = cast.actor("manager")

    def column(sort: str, path: str) -> list[Any]:
        return [row[path] for row in reading.query("book", actor=manager, sort=sort, limit=200, fields=[path]).rows]

    pages = column("pages", "pages")
    assert pages == [5] * 12 + [10] * 6 + [700] * 6 + [None] * 6
    assert column("-pages", "pages") == [700] * 6 + [10] * 6 + [5] * 12 + [None] * 6
    assert [a and a["label"] for a in column("author", "author")] == ["王朔"] * 10 + ["阿城"] * 10 + [None] * 10
    assert [p and p["amount"] for p in column("-price", "price")] == [Decimal("2.20")] * 7 + [Decimal("1.10")] * 15 + [None] * 8


def _cursor(cast: Cast, **how: Any) -> str:
    found = reading.query("book", actor=cast.actor("manager"), limit=3, **how).next
    assert found is not None
    return found


def test_broken_foreign_and_tampered_cursors_are_refused(cast: Cast, books: list[UUID]) -> None:
    manager = cast.actor("manager")
    good = _cursor(cast, sort="pages")
    sign, values = msgspec.json.decode(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))

    def forged(*packed: Any, name: str = sign) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode([name, list(packed)])).decode().rstrip("=")

    bad = [
        "x", "%%%", "=", "null", good[:-3], good + "AAAA", "A" * 9000, _cursor(cast, sort="name"), _cursor(cast, sort="-pages"), _cursor(cast), "汉字", "\x00",
        forged(["s", "5"], values[1]), forged(["i", 5]), forged(["i", 5], ["i", 5]), forged(["i", 5], None), forged(["i", "x"], values[1]), forged(["q", 5], values[1]), forged(5, values[1]),
        forged(["n", "NaN"], values[1]), forged(True, values[1]), forged(values[0], values[1], values[1]), forged(["i", 5], ["u", "x"]), forged([], []), forged(["i"], ["u"]),
        base64.urlsafe_b64encode(b'{"a":1}').decode(), base64.urlsafe_b64encode(b"[1]").decode(), base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ]  # fmt: skip
    for after in bad:
        with pytest.raises(Invalid) as caught:
            reading.query("book", actor=manager, sort="pages", after=after)
        assert [e.field for e in caught.value.errors] == ["after"], after
        with pytest.raises(Invalid):
            reading.query("book", actor=manager, sort="pages", before=after)
    with pytest.raises(Invalid):
        reading.query("author", actor=manager, sort="name", after=_cursor(cast, sort="name"))
    for kind, value in (("price", ["n", "Infinity"]), ("published_on", ["d", "2026-13-01"]), ("published_on", ["t", "2026-01-01T00:00:00+00:00"]), ("name", ["s", "\x00"]), ("available", ["i", 1])):
        name = msgspec.json.decode(base64.urlsafe_b64decode((c := _cursor(cast, sort=kind)) + "=" * (-len(c) % 4)))[0]
        with pytest.raises(Invalid):
            reading.query("book", actor=manager, sort=kind, after=forged(value, values[1], name=name))
    stolen = reading.query("book", actor=cast.actor("owner"), sort="pages", after=good, limit=200)
    assert {row["id"] for row in stolen.rows} <= ids(cast.actor("owner"), "book"), "a cursor carries no rights"


@pytest.mark.parametrize(
    "how",
    [
        {"limit": 0}, {"limit": 201}, {"limit": -1}, {"count": "all"}, {"fields": ["nothing"]}, {"fields": ["author.nothing"]}, {"fields": ["name.x"]}, {"fields": [f"f{i}" for i in range(101)]},
        {"sort": "nothing"}, {"sort": "summary"}, {"sort": "tags"}, {"sort": ["name"] * 6}, {"sort": "co_authors.name"}, {"fields": ["editor.department.above.head.name"]},
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense(cast: Cast, books: list[UUID], how: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        reading.query("book", actor=cast.actor("manager"), **how)
    assert [e.field for e in caught.value.errors] == [next(iter(how))]


def test_counts(cast: Cast, books: list[UUID]) -> None:
    for name, count in (("manager", 30), ("owner", 10), ("newcomer", 0)):
        page = reading.query("book", actor=cast.actor(name), limit=2, count="exact")
        assert (page.count, page.more, len(page.rows)) == (count, False, min(2, count))
    assert reading.query("book", actor=cast.actor("manager"), where="pages = 5", count="exact").count == 12
    assert reading.query("book", actor=cast.actor("manager"), where="pages = 5").count is None


@pytest.mark.parametrize("where", ["pages = 5", "name 包含 书", {"or": [{"field": "status", "op": "=", "value": "draft"}, {"field": "pages", "op": "empty"}]}, "author 不为空"])
@pytest.mark.parametrize("sort", ["name", "-pages", "-updated_at", "author", "price,-name"])
def test_a_counted_first_page_is_the_page_uncounted(cast: Cast, books: list[UUID], where: Any, sort: str) -> None:
    """Rows and count of a filtered list come from one look at the rows; they are those of two."""
    for name in ("manager", "owner", "teammate", "newcomer"):
        actor = cast.actor(name)
        plain = reading.query("book", actor=actor, where=where, sort=sort, limit=5)
        counted = reading.query("book", actor=actor, where=where, sort=sort, limit=5, count="exact")
        assert (counted.rows, counted.next, counted.count, counted.more) == (plain.rows, plain.next, len(ids(actor, "book", where)), False)


def test_more_than_is_counted(cast: Cast, books: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "COUNT_TO", 8)
    manager = cast.actor("manager")
    plain = reading.query("book", actor=manager, where="pages = 5", sort="-name", limit=5)
    counted = reading.query("book", actor=manager, where="pages = 5", sort="-name", limit=5, count="exact")
    assert (counted.rows, counted.count, counted.more) == (plain.rows, 8, True)


def test_of_a_large_object_a_narrowed_list_is_counted_later(cast: Cast, books: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    manager = cast.actor("manager")
    ask = partial(reading.query, "book", actor=manager, limit=5, sort="-name")
    assert ask(where="pages = 5", count="soon").count == 12, "of few, at once"
    monkeypatch.setattr(sizes, "LARGE", 0)
    plain, soon = ask(where="pages = 5"), ask(where="pages = 5", count="soon")
    assert (soon.rows, soon.next, soon.count) == (plain.rows, plain.next, None)
    assert reading.counts([("book", "pages = 5")], actor=manager) == [(12, False)]
    assert ask(where="pages = 700", count="soon", limit=6).count == 6, "what the first page holds is counted"
    assert ask(count="soon").count == 30, "and what nothing narrows"


@pytest.mark.parametrize("text", ["甲", "甲1", "丙", "书", "没有"])
def test_a_frequent_part_of_a_name_is_looked_for_otherwise_and_found_alike(cast: Cast, books: list[UUID], monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    manager = cast.actor("manager")
    plain = reading.query("book", actor=manager, where={"field": "name", "op": "contains", "value": text}, sort="name")
    monkeypatch.setattr(sizes, "LARGE", 0)
    monkeypatch.setattr(sizes, "FREQUENT", -1.0)
    monkeypatch.setattr(sizes, "_tables", lambda: {manager.catalog.objects["book"].table: 30})
    with sql.recorded() as said:
        found = reading.query("book", actor=manager, where={"field": "name", "op": "contains", "value": text}, sort="name")
    assert found.rows == plain.rows
    assert any("CASE WHEN" in one and "LIKE" in one for one in said) == (len(text) > 1)


def test_titles_are_compared_in_normal_form(cast: Cast) -> None:
    owner = cast.actor("outsider")
    wide, small, plain = (create(owner, "book", name=name) for name in ("ＡＢＣ（华为）", "abc㈱", "华为x"))
    assert ids(owner, "book", {"field": "name", "op": "contains", "value": "abc"}) == {wide, small}
    assert ids(owner, "book", {"field": "name", "op": "contains", "value": "（华为"}) == {wide}
    assert ids(owner, "book", {"field": "name", "op": "starts", "value": "Ａbc"}) == {wide, small}
    assert ids(owner, "book", {"field": "name", "op": "ends", "value": "(株)"}) == {small}
    assert plain in ids(owner, "book", {"field": "name", "op": "not contains", "value": "ABC"})
    door.perform("book", "update", actor=owner, id=wide, changes={"name": "华为"})
    assert ids(owner, "book", {"field": "name", "op": "contains", "value": "abc"}) == {small}


def test_the_bin_needs_the_right_to_restore(cast: Cast, books: list[UUID]) -> None:
    owner = cast.actor("owner")
    book = create(owner, "book", name="弃")
    door.perform("book", "delete", actor=owner, id=book)
    assert book not in ids(owner, "book") and book in ids(owner, "book", deleted=True)
    assert book not in ids(cast.actor("teammate"), "book", deleted=True)
    with pytest.raises(NotFound):
        reading.query("book", actor=cast.actor("executive"), deleted=True)
    with pytest.raises(NotFound):
        reading.get("book", book, actor=owner)
    assert reading.get("book", book, actor=owner, deleted=True)["name"] == "弃"


# -- figures -----------------------------------------------------------------------------------------------------------

GROUPS = [
    "status", "available", "pages", "author", "author.name", "owner", "owner.department", "discount", "weight", "name", "place", "place:province", "place:city", "place:district",
    *(f"{f}:{u}" for f, u in product(("published_on", "printed_at", "created_at"), ("day", "week", "month", "quarter", "year"))), "published_on", "author.created_at:month",
]  # fmt: skip


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("where", [None, "pages = 5 或 pages 为空", {"not": {"field": "status", "op": "=", "value": "draft"}}])
def test_behind_every_figure_are_exactly_its_rows(cast: Cast, books: list[UUID], group: str, where: Any) -> None:
    for name in ("manager", "teammate"):
        actor = cast.actor(name)
        found = reading.aggregate("book", actor=actor, where=where, group_by=[group])
        whole = ids(actor, "book", where)
        behind: list[UUID] = []
        for row in found.rows:
            these = ids(actor, "book", row["where"])
            assert len(these) == row["count"], row
            behind += these
        assert sorted(behind) == sorted(whole), "each row is behind one figure"


@pytest.mark.parametrize("groups", [["status", "author"], ["place:province", "printed_at:month"], ["owner", "pages", "available", "price_none"][:3], ["published_on:quarter", "author.name", "status", "owner"]])
def test_several_groups(cast: Cast, books: list[UUID], groups: list[str]) -> None:
    actor = cast.actor("manager")
    found = reading.aggregate("book", actor=actor, group_by=groups, measures=["count", "sum:pages", "distinct:name"])
    assert sum(row["count"] for row in found.rows) == 30
    for row in found.rows:
        rows = reading.query("book", actor=actor, where=row["where"], fields=["pages", "name"], limit=200).rows
        pages = [r["pages"] for r in rows if r["pages"] is not None]
        assert (row["count"], row["sum:pages"], row["distinct:name"]) == (len(rows), sum(pages) if pages else None, len({r["name"] for r in rows}))


def test_periods_are_those_of_the_workspace_s_zone(cast: Cast, books: list[UUID]) -> None:
    """15:59:59 UTC is the last second of a Shanghai day, 16:00 the first of the next."""
    actor = cast.actor("manager")

    def figures(spec: str) -> dict[str, int]:
        return {str(r[spec]): r["count"] for r in reading.aggregate("book", actor=actor, group_by=[spec]).rows}

    assert figures("printed_at:day") == {"2026-01-31": 8, "2026-02-01": 8, "2026-01-01": 7, "None": 7}
    assert figures("printed_at:month") == {"2026-01-01": 15, "2026-02-01": 8, "None": 7}
    assert figures("printed_at:year") == {"2026-01-01": 23, "None": 7}
    assert figures("printed_at:quarter") == {"2026-01-01": 23, "None": 7}
    assert figures("published_on:week") == {"2025-12-29": 7, "2026-01-26": 8, "2026-02-23": 7, "None": 8}
    assert figures("published_on:day") == figures("published_on")
    assert figures("place:province") == {"110000": 6, "440000": 18, "None": 6}
    assert figures("place:city") == {"110100": 6, "440000": 6, "440300": 12, "None": 6}


def test_measures(cast: Cast, books: list[UUID]) -> None:
    actor = cast.actor("manager")
    measures = ["count", "sum:pages", "avg:pages", "min:pages", "max:pages", "distinct:pages", "sum:price", "min:published_on", "max:printed_at", "avg:discount"]
    row = reading.aggregate("book", actor=actor, measures=measures).rows[0]
    assert row["count"] == 30 and row["sum:pages"] == 12 * 5 + 6 * 10 + 6 * 700 and row["avg:pages"] == Decimal("180.0000")
    assert (row["min:pages"], row["max:pages"], row["distinct:pages"]) == (5, 700, 3)
    assert row["sum:price"] == Decimal("31.90") and str(row["min:published_on"]) == "2025-12-29" and row["max:printed_at"].isoformat() == "2026-01-31T16:00:00+00:00"
    assert row["avg:discount"] == Decimal("6.2500") and row["where"] == {"and": []}
    empty = reading.aggregate("book", actor=cast.actor("newcomer"), measures=["count", "sum:pages"]).rows
    assert empty == [{"count": 0, "sum:pages": None, "where": {"and": []}}]
    found = reading.aggregate("book", actor=actor, group_by=["name"], limit=2)
    assert len(found.rows) == 2 and found.truncated
    for how in (
        {"measures": []}, {"measures": ["sum:name"]}, {"measures": ["median:pages"]}, {"measures": ["sum"]}, {"measures": ["sum:nothing"]}, {"group_by": ["summary"]}, {"group_by": ["tags"]}, {"group_by": ["status:month"]},
        {"group_by": ["published_on:decade"]}, {"group_by": ["place:street"]}, {"group_by": ["status"] * 5}, {"measures": ["count"] * 11}, {"group_by": ["co_authors"]}, {"measures": ["distinct:extra"]}, {"where": "x = 1"},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            reading.aggregate("book", actor=actor, **how)  # type: ignore[arg-type]


def test_several_questions_for_figures_are_one_statement(cast: Cast, books: list[UUID]) -> None:
    actor = cast.actor("manager")
    asked = [
        reading.Asked("book", "pages > 5", ("status", "published_on:month"), ("count", "sum:price")),
        reading.Asked("book", measures=("sum:cost",)),
        reading.Asked("author", group_by=("name",), sort=("-name",)),
        reading.Asked("nothing"),
        reading.Asked("book", group_by=("pages",), measures=("count", "max:printed_at"), sort=("-pages",)),
    ]
    with sql.recorded() as sent:
        found = reading.aggregates(asked, actor=actor)
    assert len(sent) == 1
    assert [type(one).__name__ for one in found] == ["Figures", "Invalid", "Figures", "NotFound", "Figures"]
    assert found[0] == reading.aggregate("book", actor=actor, where="pages > 5", group_by=["status", "published_on:month"], measures=["count", "sum:price"])
    assert isinstance(found[4], reading.Figures) and [row["pages"] for row in found[4].rows] == [700, 10, 5, None]
    fewest = reading.aggregate("book", actor=actor, group_by=["pages"], sort=["count", "-pages"])
    assert [(row["pages"], row["count"]) for row in fewest.rows] == sorted(((r["pages"], r["count"]) for r in fewest.rows), key=lambda p: (p[1], -(p[0] or 0)))
    with pytest.raises(Invalid):
        reading.aggregate("book", actor=actor, group_by=["pages"], sort=["name"])


def test_what_changed_last_over_several_objects(cast: Cast, books: list[UUID]) -> None:
    for name in ("manager", "teammate", "newcomer", "outsider"):
        actor = cast.actor(name)
        with sql.recorded() as sent:
            found = reading.latest(["book", "author", "chapter"], actor=actor, limit=7)
        assert len(sent) == 1
        rows = [(row["updated_at"], row["id"]) for one in ("book", "author", "chapter") for row in reading.query(one, actor=actor, fields=["updated_at"], limit=200).rows]
        assert [(one.at, one.id) for one in found] == sorted(rows, reverse=True)[:7]
        assert all(one.label for one in found)


# -- search ------------------------------------------------------------------------------------------------------------


def _hits(actor: Any, q: str) -> set[UUID]:
    return {h.id for h in finding.search(q, actor=actor, limit=100)}


def test_what_a_record_is_found_by(cast: Cast, books: list[UUID]) -> None:
    admin = cast.actor("admin")
    book = create(admin, "book", name="华为（上海）技术ABC", code="Q-7788 X", summary="讲鸿蒙的故事", phones=["13912345678", "021-66668888"], tags=["旗舰"], email="hw@huawei.example", owner=cast.users["owner"])
    number = reading.get("book", book, actor=admin)["number"]
    for q in (
        "华为", "华", "上海技术", "华为上海", "abc", "ＡＢＣ", "AB", "huawei", "hua", "hwsh", "shanghai", "jishu", "鸿蒙", "旗舰", "5678", "13912345678", "139 1234 5678", "66668888", "q-7788",
        number, number[-4:], "hw@huawei.example", "华为 abc", "故事 华为",
    ):  # fmt: skip
        assert book in _hits(admin, q), q
    for q in ("华上", "为华", "苹果", "", "   ", "!!", "华为 苹果", "9999999", "'", "x & y | !z", "\x00", ":*"):
        assert book not in _hits(admin, q), q
    assert finding.search("华为（上海）技术abc", actor=admin)[0].id == book
    assert finding.search("华" * 5000, actor=admin) == []


def test_search_follows_every_change(cast: Cast, books: list[UUID]) -> None:
    owner, teammate, manager = (cast.actor(n) for n in ("owner", "teammate", "manager"))
    book = create(owner, "book", name="寻龙诀")
    chapter = create(owner, "chapter", name="寻龙一章", book=book)
    assert _hits(owner, "寻龙") == _hits(manager, "寻龙") == {book, chapter}
    assert _hits(teammate, "寻龙") == set()
    door.perform("book", "update", actor=owner, id=book, changes={"name": "盗墓记"})
    assert _hits(owner, "寻龙") == {chapter} and _hits(owner, "盗墓") == {book}
    door.perform("book", "assign", actor=owner, id=book, changes={"owner": str(cast.users["teammate"])})
    assert _hits(owner, "寻龙") == _hits(owner, "盗墓") == set()
    assert _hits(teammate, "寻龙") == {chapter} and _hits(teammate, "盗墓") == {book}
    other = create(owner, "book", name="另一本")
    door.perform("chapter", "update", actor=DESK, id=chapter, changes={"book": str(other)})
    assert _hits(owner, "寻龙") == {chapter} and _hits(teammate, "寻龙") == set()
    door.perform("book", "delete", actor=owner, id=other)
    assert _hits(owner, "寻龙") == _hits(manager, "寻龙") == _hits(owner, "另一本") == set()
    door.perform("book", "restore", actor=owner, id=other)
    assert _hits(owner, "寻龙") == {chapter} and _hits(owner, "另一本") == {other}
    before = sorted((h.object, h.id, h.title) for h in finding.search("寻龙", actor=owner))
    from guanxi.kernel.automation import consumers

    consumers.rebuild_search(DEFAULT_WORKSPACE)
    assert sorted((h.object, h.id, h.title) for h in finding.search("寻龙", actor=owner)) == before


@pytest.mark.parametrize("sort", ["-updated_at", "pages", "-price", "author.name", "owner,-pages"])
@pytest.mark.parametrize("person", ["manager", "owner", "newcomer", "executive"])
def test_the_heads_of_groups_are_the_first_pages_of_each(cast: Cast, books: list[UUID], person: str, sort: str) -> None:
    actor = cast.actor(person)
    groups: list[Any] = [{"field": "status", "op": "=", "value": "draft"}, "status = published and pages > 5", "pages > 10000"]
    found = reading.heads("book", actor=actor, groups=groups, where="available != true", fields=["name", "author"], sort=sort, limit=3)
    for group, page in zip(groups, found, strict=True):
        where = {"and": [{"field": "available", "op": "!=", "value": True}, group if isinstance(group, dict) else {"and": [conditions.to_json(conditions.from_text(group))]}]}
        first = reading.query("book", actor=actor, where=where, fields=["name", "author"], sort=sort, limit=3)
        assert (page.rows, page.next) == (first.rows, first.next)
        if page.next:
            assert reading.query("book", actor=actor, where=where, fields=["name"], sort=sort, limit=3, after=page.next).rows
    assert reading.heads("book", actor=actor, groups=[], fields=["name"], limit=3) == []


def test_marks_say_what_holds_and_reach_whether_one_may(cast: Cast, books: list[UUID]) -> None:
    these = {"field": "id", "op": "in", "value": books}
    marks = {"late": "published_on < 2026-01-01", "mine": "owner = me"}
    rows = reading.query("book", actor=cast.actor("manager"), where=these, fields=["published_on", "owner"], marks=marks, reach="update", limit=200).rows
    assert len(rows) == 30 and all(row["reach"] for row in rows) and not any(row["mine"] for row in rows)
    for row in rows:
        assert row["late"] == (row["published_on"] is not None and row["published_on"].year < 2026)
    rows = reading.query("book", actor=cast.actor("executive"), where=these, fields=["name"], reach="update", limit=200).rows
    assert len(rows) == 30 and not any(row["reach"] for row in rows)
    for hidden in ({"x": "cost > 1"}, {"x": "nothing = 1"}):
        with pytest.raises(Invalid):
            reading.query("book", actor=cast.actor("manager"), fields=["name"], marks=hidden)


@pytest.mark.parametrize("person", ["manager", "owner", "newcomer"])
@pytest.mark.parametrize("on", ["printed_at", "published_on"])
def test_days_are_the_heads_of_each_day(cast: Cast, books: list[UUID], on: str, person: str) -> None:
    actor, days = cast.actor(person), [date(2025, 12, 29) + timedelta(days=n) for n in range(70)]
    found = reading.days("book", actor=actor, on=on, days=days, where="pages != 3", fields=["name", "author", on], limit=2, marks={"late": f"{on} < 2026-01-15"})
    groups = [{"field": on, "op": "=", "value": day.isoformat()} for day in days]
    same = reading.heads("book", actor=actor, groups=groups, where="pages != 3", fields=["name", "author", on], sort=[on], limit=2, marks={"late": f"{on} < 2026-01-15"})
    assert found == same
    assert sum(len(page.rows) for page in found) > 0 or person == "newcomer"
    for wrong in ("name", "cost", "nothing"):
        with pytest.raises(Invalid):
            reading.days("book", actor=actor, on=wrong, days=days, fields=["name"], limit=2)
