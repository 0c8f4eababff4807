"""Many records at once are the same records as one at a time: each value to the letter, and what goes wrong is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from guanxi.base.ids import uuid7
from guanxi.kernel.records import door, finding
from guanxi.kernel.records.door import Item, Result
from guanxi.kernel.storage import bulk, sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, raw

STAMPS = ("id", "version", "created_at", "updated_at", "number", "at", "xid")
HARD = "反斜\\杠 \\N \\. 引\"号 'x' {a,b} %s NULL 表"


def _values(number: int) -> dict[str, Any]:
    """Every kind of value, and texts that COPY could take for something else."""
    return {
        "name": f"{HARD}{number}", "pages": number, "price": {"amount": "12.50", "currency": "CNY"}, "tags": ["a,b", '"c"', "\\d", "NULL"],
        "published_on": date(2024, 2, 29), "printed_at": datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC), "available": bool(number % 2),
        "summary": "第一行\n第二行\t制表\\n", "extra": {"深": ["\\", '"', "\t", None, 1.5]}, "weight": "1.125",
        "place": {"code": "310115", "detail": "科苑路\\1号"}, "genres": ["novel", "poem"],
    }  # fmt: skip


def _row(table: str, where: str, value: UUID) -> dict[str, Any]:
    found = raw(f"SELECT to_jsonb(t) FROM {table} t WHERE {where} = %s", [value])[0][0]
    return {key: held for key, held in found.items() if key not in (*STAMPS, "record_id")}


def test_a_batch_writes_what_single_creates_write(cast: Cast) -> None:
    owner = cast.actor("owner")
    author = create(cast.actor("admin"), "author", name="成批的作者")
    changes = [_values(n) | {"author": author, "co_authors": [author]} for n in range(bulk.FEW + 1)]
    changes[5] = {"name": "只有名字"}
    alone = [create(owner, "book", **one) for one in changes]
    before = events()
    made = door.perform_many("book", "create", [Item(changes=one) for one in changes], actor=owner)
    assert all(isinstance(one, Result) for one in made)
    assert events() == before + len(changes)
    for first, second in zip(alone, made, strict=True):
        assert isinstance(second, Result)
        assert _row("gx_book", "id", first) == _row("gx_book", "id", second.id)
        entry, other = _row("gx_search_entry", "id", first), _row("gx_search_entry", "id", second.id)
        for row in (entry, other):  # the number is among them
            for name in ("words", "tokens", "subtitle"):
                row.pop(name)
        assert entry == other
        links = "SELECT field, target, target_id, position FROM gx_link WHERE source_id = %s"
        assert raw(links, [first]) == raw(links, [second.id])
        told, again = _row("gx_event", "record_id", first), _row("gx_event", "record_id", second.id)
        for row in (told, again):
            row["changes"].pop("number")
        assert told == again


def test_more_than_a_slice_is_found_whole(cast: Cast) -> None:
    owner = cast.actor("owner")
    size = bulk.SLICE * 2 + 7
    made = door.perform_many("book", "create", [Item(changes={"name": f"切片书{n}号"}) for n in range(size)], actor=owner)
    ids = [one.id for one in made if isinstance(one, Result)]
    assert len(set(ids)) == size
    assert raw("SELECT count(*) FROM gx_book b JOIN gx_event e ON e.id = b.version AND e.record_id = b.id WHERE b.id = ANY(%s)", [ids]) == [(size,)]
    assert raw("SELECT count(*) FROM gx_search_entry WHERE id = ANY(%s)", [ids]) == [(size,)]
    assert finding.search(f"切片书{size - 1}号", actor=owner)[0].id == ids[-1]


def test_what_fails_alongside_is_raised_and_undone(cast: Cast) -> None:
    before = events()
    with pytest.raises(IntegrityError), sql.work(DEFAULT_WORKSPACE), sql.alongside():
        sql.send("SELECT 1; INSERT INTO gx_workspace (id) SELECT id FROM gx_workspace")
        reached = True
    assert reached
    assert events() == before


def test_every_other_statement_waits_for_what_was_sent(cast: Cast) -> None:
    with sql.work(DEFAULT_WORKSPACE), sql.alongside():
        sql.send("CREATE TEMP TABLE sent ON COMMIT DROP AS SELECT 7 AS n FROM pg_sleep(0.05)")
        assert sql.rows("SELECT n FROM sent") == [(7,)]


def test_a_fault_of_ours_comes_before_what_the_database_says() -> None:
    with pytest.raises(ZeroDivisionError), sql.work(DEFAULT_WORKSPACE), sql.alongside():
        sql.send("INSERT INTO gx_workspace (id) SELECT id FROM gx_workspace")
        raise ZeroDivisionError
    assert sql.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([None, None], None),
        (["a", None], ["a", r"\N"]),
        ([None, "a\tb"], [r"\N", r"a\tb"]),
        (["x\\y", "x\\y"], [r"x\\y", r"x\\y"]),
        ([True, False], ["t", "f"]),
        ([["a", 'b"c'], ["\\"]], [r'{"a","b\\"c"}', r'{"\\\\"}']),
        ([[], None], ["{}", r"\N"]),
        ([datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None], ["2024-01-02 03:04:05+00:00", r"\N"]),
    ],
)
def test_columns_as_text(values: list[Any], texts: list[str] | None) -> None:
    assert bulk._column(values) == texts


def test_one_id_for_all_is_written_once_and_meant_for_each() -> None:
    one = uuid7()
    assert bulk._column([one] * 3) == [str(one)] * 3
