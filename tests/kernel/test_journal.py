"""What happened stays: one event per write, guarded by the database itself, and read by consumers in an order that loses none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction

from guanxi.base.clock import add_months
from guanxi.base.errors import NotFound, Unauthenticated
from guanxi.base.ids import uuid7, uuid7_floor
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.automation import consumers
from guanxi.kernel.automation.consumers import Consumer
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.records import door, finding, reading, telling
from guanxi.kernel.storage import journal_rows, protect, sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, ids, raw, refused, state

DESK = system(DEFAULT_WORKSPACE, via="test")
OTHER = UUID("00000000-0000-7000-8000-0000000000aa")


def _refused_by_the_database(statement: str, parameters: Any = ()) -> None:
    before = state()
    with pytest.raises(DatabaseError):
        raw(statement, parameters)
    assert state() == before


def test_every_verb_leaves_one_event(cast: Cast) -> None:
    owner = cast.actor("owner")
    book = create(owner, "book", name="史")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("update", {"changes": {"pages": 1, "tags": ["a"]}}), ("publish", {"changes": {"price": 3}}), ("share", {"inputs": {"user": str(cast.users["outsider"]), "level": "read"}}),
        ("unshare", {"inputs": {"user": str(cast.users["outsider"])}}), ("delete", {}), ("restore", {}), ("assign", {"changes": {"owner": str(cast.users["teammate"])}}),
    ]  # fmt: skip
    for n, (verb, how) in enumerate(steps, 2):
        before = events()
        done = door.perform("book", verb, actor=owner, id=book, **how)
        assert events() == before + 1
        told = events_of("book", book)
        assert (len(told), told[-1].verb, told[-1].id, told[-1].actor, told[-1].via) == (n, verb, done.version, cast.users["owner"], "test")
        assert raw("SELECT version FROM gx_book WHERE id = %s", [book]) == [(done.version,)]
    changes = {e.verb: e.changes for e in events_of("book", book)}
    assert changes["update"] == {"pages": [None, 1], "tags": [None, ["a"]], "thickness": [None, "0.10"]}
    assert changes["share"] == {"@team": [None, {"user": str(cast.users["outsider"]), "level": "read", "until": None}]}
    assert changes["assign"] == {"owner": [str(cast.users["owner"]), str(cast.users["teammate"])]}
    assert set(changes["delete"]) == {"deleted_at"} == set(changes["restore"])
    manager = cast.actor("manager")
    assert [t.verb for t in telling.history("book", book, actor=manager)] == ["assign", "restore", "delete", "unshare", "share", "publish", "update", "create"]
    first = telling.history("book", book, actor=manager, limit=3)
    assert [t.verb for t in telling.history("book", book, actor=manager, limit=3, before=first[-1].id)] == ["unshare", "share", "publish"]
    chapter = create(manager, "chapter", name="章", book=book)
    assert {(t.object, t.verb) for t in telling.timeline("book", book, actor=manager)} >= {("chapter", "create"), ("book", "create"), ("book", "counted")}
    assert telling.timeline("book", book, actor=manager)[0].label in ("史", "章")
    assert chapter


def test_the_database_refuses_what_has_no_event(cast: Cast) -> None:
    book = create(cast.actor("owner"), "book", name="守")
    event = events_of("book", book)[0].id
    for table in {d.table for d in REGISTRY.objects.values()}:
        if raw(f"SELECT count(*) FROM {table}")[0][0]:
            _refused_by_the_database(f"UPDATE {table} SET updated_at = now()")
            _refused_by_the_database(f"DELETE FROM {table}")
    _refused_by_the_database("UPDATE gx_book SET name = 'x', version = %s WHERE id = %s", [uuid7(), book])
    _refused_by_the_database("UPDATE gx_book SET name = 'x', version = NULL WHERE id = %s", [book])
    _refused_by_the_database("INSERT INTO gx_book (id, workspace_id, version, created_at, updated_at, custom) VALUES (%s, %s, %s, now(), now(), '{}')", [uuid7(), DEFAULT_WORKSPACE, uuid7()])
    made = ", ".join(["(gen_random_uuid(), %s, %s, now(), now(), '{}')"] * 2)
    _refused_by_the_database(f"INSERT INTO gx_book (id, workspace_id, version, created_at, updated_at, custom) VALUES {made}", [DEFAULT_WORKSPACE, event, DEFAULT_WORKSPACE, uuid7()])
    partitions = [row[0] for row in raw("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'gx_event'::regclass")]
    for table in ("gx_event", *partitions, "gx_seal", "gx_log"):
        _refused_by_the_database(f"TRUNCATE {table}")
    assert raw("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'gx_event'::regclass") == [(0,)]
    for statement in ("UPDATE gx_event SET verb = 'x' WHERE id = %s", "DELETE FROM gx_event WHERE id = %s", "UPDATE gx_event SET changes = '{}' WHERE id = %s"):
        _refused_by_the_database(statement, [event])
    with sql.work(DEFAULT_WORKSPACE):
        assert protect.missing() == [] and not protect.powerful()


# -- consumers ---------------------------------------------------------------------------------------------------------


def _thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    one = threading.Thread(target=run)
    one.start()
    return one


def _eventually(run: Callable[[], Any], seconds: float = 60) -> None:
    """Other databases of the same server have transactions too, and every reader waits for the oldest of all."""
    end = time.monotonic() + seconds
    while not run() and time.monotonic() < end:
        time.sleep(0.05)


def test_a_late_commit_is_not_skipped(cast: Cast) -> None:
    """A transaction writes its event first and commits last; a reader in between waits for it instead of passing by."""
    heard: list[UUID] = []
    consumer = Consumer("test-late", lambda found, actor: heard.extend(e["id"] for e in found), batch=2)
    with sql.work(DEFAULT_WORKSPACE):
        journal_rows.enrol(consumer.name)
    started, finish = threading.Event(), threading.Event()
    slow: list[UUID] = []
    owner = cast.actor("owner")

    def long() -> None:
        with sql.work(DEFAULT_WORKSPACE):
            slow.append(door.perform("book", "create", actor=owner, changes={"name": "慢"}).version)
            started.set()
            finish.wait(30)

    thread = _thread(long)
    assert started.wait(30)
    quick = [door.perform("author", "create", actor=DESK, changes={"name": f"快 {n}"}).version for n in range(3)]
    assert thread.is_alive(), "authors have no number to wait for"
    while consumers.run(DEFAULT_WORKSPACE, consumer):
        pass
    assert set(heard).isdisjoint(quick), "the slow one might still commit"
    finish.set()
    thread.join(30)
    wanted = {*slow, *quick}
    _eventually(lambda: consumers.run(DEFAULT_WORKSPACE, consumer) and wanted <= set(heard))
    assert [e for e in heard if e in wanted] == [*slow, *quick], "each once, in the order they began"


def test_a_consumer_that_fails_hears_it_again(cast: Cast) -> None:
    wanted: set[UUID] = set()
    calls: list[UUID] = []

    def handle(found: Any, actor: Actor) -> None:
        for event in found:
            if event["record_id"] not in wanted:
                continue
            calls.append(event["id"])
            assert actor.kind == "automation" and actor.unlimited
            door.perform("author", "create", actor=actor, changes={"name": "由规则"}, cause=event["id"])
            if len(calls) == 1:
                raise RuntimeError("the first time it fails")

    consumer = Consumer("test-again", handle)
    with sql.work(DEFAULT_WORKSPACE):
        journal_rows.enrol(consumer.name)
    made = create(cast.actor("owner"), "book", name="再")
    wanted.add(made)
    with pytest.raises(RuntimeError):
        _eventually(lambda: consumers.run(DEFAULT_WORKSPACE, consumer) and calls)
    assert ids(DESK, "author", "name = 由规则") == set()
    _eventually(lambda: consumers.run(DEFAULT_WORKSPACE, consumer) and len(calls) == 2)
    (author,) = ids(DESK, "author", "name = 由规则")
    assert events_of("author", author)[0].cause == events_of("book", made)[0].id
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with sql.work(DEFAULT_WORKSPACE):
            journal_rows.unread("test-again", DEFAULT_WORKSPACE, limit=1)
            held.set()
            release.wait(30)

    thread = _thread(hold)
    assert held.wait(30)
    assert consumers.run(DEFAULT_WORKSPACE, consumer) == 0, "one worker at a time"
    release.set()
    thread.join(30)


# -- workspaces --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(cast: Cast) -> dict[str, Any]:
    """A second company in the same database, with a book of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gx_workspace (id, name, currency, zone, fiscal_start, area_code, access_version, catalog_version, views_version, safety, created_at) "
            "VALUES (%s, '别家', 'CNY', 'Asia/Shanghai', 1, '', 1, 1, 1, '{}', now())", [OTHER],
        )  # fmt: skip
    desk = system(OTHER, via="test")
    author = create(desk, "author", name="别家作者")
    book = create(desk, "book", name="别家的书", author=author, code="SAME", tags=["别家"])
    chapter = create(desk, "chapter", name="别家的章", book=book)
    return {"desk": desk, "author": author, "book": book, "chapter": chapter}


def test_each_company_has_its_own_place_in_the_journal(cast: Cast, other: dict[str, Any]) -> None:
    heard: dict[UUID, list[UUID]] = {DEFAULT_WORKSPACE: [], OTHER: []}
    consumer = Consumer("test-both", lambda found, actor: heard[actor.workspace].extend(e["record_id"] for e in found))
    with sql.work(DEFAULT_WORKSPACE):
        journal_rows.enrol(consumer.name)
    theirs = create(other["desk"], "author", name="先写的")
    ours = create(DESK, "author", name="后写的")
    _eventually(lambda: consumers.run(DEFAULT_WORKSPACE, consumer) and ours in heard[DEFAULT_WORKSPACE])
    _eventually(lambda: consumers.run(OTHER, consumer) and theirs in heard[OTHER])
    assert heard == {DEFAULT_WORKSPACE: [ours], OTHER: [theirs]}


def test_a_reader_that_fails_keeps_no_other_from_reading(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[UUID] = []

    def fail(found: Any, actor: Actor) -> None:
        raise RuntimeError("it cannot read this")

    both = [Consumer("test-fails", fail), Consumer("test-goes-on", lambda found, actor: heard.extend(e["record_id"] for e in found))]
    monkeypatch.setattr(consumers, "CONSUMERS", both)
    consumers.enrol()
    made = create(DESK, "author", name="读者之间")
    _eventually(lambda: jobs.consume() and made in heard)
    assert made in heard
    with sql.work(DEFAULT_WORKSPACE):
        assert made in [event["record_id"] for event in journal_rows.unread("test-fails", DEFAULT_WORKSPACE, limit=200)], "it is still to be read"


def test_another_company_s_records_do_not_exist(cast: Cast, other: dict[str, Any]) -> None:
    owner = cast.actor("owner")
    for actor in (cast.actor("admin"), owner, DESK):
        for name in ("author", "book", "chapter"):
            one = other[name]
            assert one not in ids(actor, name)
            for ask in (reading.get, telling.history, telling.timeline, telling.explain):
                with pytest.raises(NotFound):
                    ask(name, one, actor=actor)
            for verb in ("update", "delete", "restore"):
                with refused(NotFound) if actor is not owner else refused():
                    door.perform(name, verb, actor=actor, id=one, changes={"name": "x"} if verb == "update" else {})
        with refused():
            create(actor, "chapter", name="x", book=str(other["book"]))
        with refused():
            create(actor, "book", name="x", co_authors=[str(other["author"])])
        assert finding.search("别家", actor=actor) == []
        assert ids(actor, "book", {"field": "id", "op": "in", "value": [str(other["book"])]}) == set()
        assert ids(actor, "book", "tags has 别家") == ids(actor, "book", "author = 别家作者") == set()
    desk = other["desk"]
    assert ids(desk, "book") == {other["book"]} and {h.id for h in finding.search("别家", actor=desk)} == {other["author"], other["book"], other["chapter"]}
    assert ids(desk, "user") == set()
    create(cast.actor("owner"), "book", name="同号", code="SAME")
    assert reading.get("book", other["book"], actor=desk)["number"].endswith("-001"), "each company counts for itself"


def test_row_level_security_backs_it_up(cast: Cast, other: dict[str, Any]) -> None:
    """Even plain SQL without a condition sees and changes only the transaction's company, and nothing without one."""
    create(cast.actor("owner"), "book", name="本家的书")
    tables = [*(d.table for d in REGISTRY.objects.values()), "gx_event", "gx_link", "gx_team_member"]
    for table in tables:
        for mine, theirs in ((DEFAULT_WORKSPACE, OTHER), (OTHER, DEFAULT_WORKSPACE)):
            assert raw(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", [theirs], mine) == [(0,)]
            assert raw(f"SELECT count(*) FROM {table}", (), mine) == raw(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", [mine], mine)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), "no company, no rows"
    assert raw("SELECT count(*) FROM gx_book", (), OTHER) == [(1,)]
    event = raw("SELECT id FROM gx_event WHERE record_id = %s", [other["book"]], OTHER)[0][0]
    assert raw("UPDATE gx_book SET name = 'x', version = %s WHERE id = %s RETURNING id", [event, other["book"]]) == []
    _refused_by_the_database(
        "INSERT INTO gx_event (id, workspace_id, object, record_id, verb, actor_kind, via, at, changes) VALUES (%s, %s, 'book', %s, 'create', 'person', 'x', now(), '{}')", [uuid7(), OTHER, uuid7()]
    )
    with pytest.raises(RuntimeError), sql.work(DEFAULT_WORKSPACE):
        reading.query("book", actor=other["desk"])


def test_a_workspace_that_is_gone(cast: Cast) -> None:
    with pytest.raises(Unauthenticated):
        reading.query("book", actor=system(uuid7(), via="test"))


def test_the_journal_goes_on_where_its_partitions_end(database: str) -> None:
    """Quarters, three months ahead, and none twice; months an older program made are gone on from."""

    def names() -> set[str]:
        return {row[0] for row in raw("SELECT relname FROM pg_class WHERE relname LIKE 'gx_event_2%%' AND relkind = 'r'")}

    made = names()
    protect.partitions()
    assert names() == made and all(int(name[-2:]) % 3 == 1 for name in made)
    with pytest.raises(Undone), transaction.atomic():
        last = max(made)
        start = date(int(last[-6:-2]), int(last[-2:]), 1)
        raw(f"ALTER TABLE gx_event DETACH PARTITION {last}")
        raw(f"DROP TABLE {last}")
        low, high = (uuid7_floor(datetime(d.year, d.month, 1, tzinfo=UTC)) for d in (start, add_months(start, 1)))
        raw(f"CREATE TABLE {last} PARTITION OF gx_event FOR VALUES FROM ('{low}') TO ('{high}')")
        protect.partitions()
        assert names() == made | {f"gx_event_{add_months(start, 1):%Y%m}"}
        assert raw("SELECT count(*) FROM gx_event_other") == [(0,)]
        raise Undone


class Undone(Exception):
    """Takes back what a test did to the tables themselves."""
