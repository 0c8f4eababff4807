"""Many records at once are the same records as one at a time: each value to the letter, and what goes wrong is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError
from psycopg.types.json import Jsonb

from guanxi.base.ids import uuid7
from guanxi.kernel import jobs
from guanxi.kernel.records import door, finding
from guanxi.kernel.records.door import Item, Result
from guanxi.kernel.storage import bulk, sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, raw

STAMPS = ("id", "version", "created_at", "updated_at", "number", "at", "xid")
NAMED = uuid7()
LIST = ["x", "y"]
HARD = "反斜\\杠 \\N \\. 引\"号 'x' {a,b} %s NULL 表"


def _values(number: int) -> dict[str, Any]:
    """Every kind of value, and texts that PostgreSQL could take for something else."""
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
    "values",
    [
        {"a": ["a", None], "n": [1, 2]},
        {"a": ["\t\n\\\"'{}", "NULL"], "n": [None, 7], "at": [datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC), None], "on_": [None, date(2024, 2, 29)]},
        {"a": ["", "表"], "yes": [True, None], "of": [Decimal("1.50"), Decimal("-2")], "who": [NAMED, None], "j": [Jsonb({"深": ["\\", '"', "\t", None]}), Jsonb(None)]},
        {"who": [NAMED, DEFAULT_WORKSPACE], "l": [["a", 'b"c', "\\", "d,e"], []], "w": [[NAMED, DEFAULT_WORKSPACE], None]},
        {"a": ["the same", "the same"], "who": [NAMED, NAMED], "l": [LIST, LIST], "yes": [False, False]},
        {"v": [bulk.Tokens(["b", "a'", "\\", "为"]), bulk.Tokens([])], "n": [1, None]},
    ],
)
def test_columns_arrive_as_they_were_sent(values: dict[str, list[Any]]) -> None:
    """In the many rows' own way, as by a plain INSERT of the same."""
    kinds = {"a": "text", "n": "bigint", "at": "timestamptz", "on_": "date", "yes": "boolean", "of": "numeric(22, 6)", "who": "uuid", "j": "jsonb", "l": "text[]", "w": "uuid[]", "v": "tsvector"}
    columns = {name: held * bulk.FEW for name, held in values.items()}
    with sql.work(DEFAULT_WORKSPACE):
        for table in ("sent_one", "sent_many"):
            sql.rows(f"CREATE TEMP TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in kinds.items())}) ON COMMIT DROP")
        bulk._kinds.cache_clear()
        bulk.insert("sent_one", values)
        bulk.insert("sent_many", columns)
        one, many = (sql.rows(f"SELECT to_jsonb(t)::text FROM {table} t") for table in ("sent_one", "sent_many"))
        assert many == one * bulk.FEW


def test_what_waits_for_an_index_is_sorted_in_with_its_batch(cast: Cast) -> None:
    with sql.work(DEFAULT_WORKSPACE):
        done = door.perform_many("book", "create", [Item(changes={"name": f"排好的书{n}号"}) for n in range(bulk.MANY)], actor=cast.actor("owner"))
        assert all(isinstance(one, Result) for one in done)
        assert sql.rows("SELECT gin_clean_pending_list('gx_search_tokens'), gin_clean_pending_list('gx_match_keys'), current_setting('gin_pending_list_limit')") == [(0, 0, f"{sql.PENDING}kB")]


def test_batches_that_each_commit_have_their_words_sorted_in_by_another(cast: Cast) -> None:
    owner = cast.actor("owner")
    items = [[Item(changes={"name": f"旁边排的书{part}之{n}"}) for n in range(bulk.MANY)] for part in range(3)]
    with bulk.sorting_aside():
        for part in (0, 1):
            assert all(isinstance(one, Result) for one in door.perform_many("book", "create", items[part], actor=owner))
            assert [hit.title for hit in finding.search(f"旁边排的书{part}之7", actor=owner, limit=1)] == [f"旁边排的书{part}之7"], "waiting or not"
        with pytest.raises(ZeroDivisionError), sql.work(DEFAULT_WORKSPACE):
            door.perform_many("book", "create", items[2], actor=owner)
            raise ZeroDivisionError
    assert raw("SELECT gin_clean_pending_list('gx_search_tokens')", []) == [(0,)], "what was undone is sorted in too"
    assert len(finding.search("旁边排的书", actor=owner, limit=200)) == 2 * bulk.MANY


def test_batches_wait_for_the_disk_once_at_their_end(cast: Cast) -> None:
    def waits() -> str:
        with sql.work(DEFAULT_WORKSPACE):
            return str(sql.rows("SELECT current_setting('synchronous_commit')")[0][0])

    sql.run("SET synchronous_commit = on")
    try:
        with jobs.batches():
            assert waits() == "off"
            done = door.perform_many("book", "create", [Item(changes={"name": f"等盘的书{n}"}) for n in range(3)], actor=cast.actor("owner"))
            assert all(isinstance(one, Result) for one in done)
            written = sql.rows("SELECT pg_current_wal_insert_lsn()")[0][0]
        assert raw("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [written]) == [(True,)]
        assert waits() == "on"
    finally:
        sql.run("RESET synchronous_commit")
