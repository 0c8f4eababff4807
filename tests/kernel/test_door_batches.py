"""The door with many records, many hands, and consequences."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import uuid7
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.door import Item, Result
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, ids, raw, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


def _many(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The same work in several threads, each with a connection of its own, started together."""
    out: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def run(n: int) -> None:
        try:
            gate.wait(20)
            out[n] = work(n)
        except Problem as problem:
            out[n] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return out


def test_one_answer_per_item(cast: Cast) -> None:
    owner = cast.actor("owner")
    mine, theirs = create(owner, "book", name="我的"), create(cast.actor("outsider"), "book", name="别人的")
    shared = create(cast.actor("outsider"), "book", name="共享的")
    door.perform("book", "share", actor=cast.actor("outsider"), id=shared, inputs={"user": str(cast.users["owner"]), "level": "read"})
    before = events()
    outcomes = door.perform_many(
        "book", "update",
        [Item(mine, {"pages": 5}), Item(theirs, {"pages": 5}), Item(shared, {"pages": 5}), Item(uuid7(), {"pages": 5}), Item(None, {"pages": 5}), Item(mine, {"pages": 6})],
        actor=owner,
    )  # fmt: skip
    assert [type(o) for o in outcomes] == [Result, NotFound, Forbidden, NotFound, NotFound, Conflict]
    assert events() == before + 1
    assert reading.get("book", mine, actor=owner)["pages"] == 5
    assert raw("SELECT count(*) FROM gx_book WHERE pages IS NOT NULL AND id = ANY(%s)", [[theirs, shared]]) == [(0,)]
    outcomes = door.perform_many("book", "create", [Item(changes={"name": "好"}), Item(changes={"name": ""}), Item(changes={"name": "好", "pages": -1}), Item(changes={"no": 1})], actor=owner)
    assert [type(o) for o in outcomes] == [Result, Invalid, Invalid, Invalid]
    assert events() == before + 2


def test_together_is_all_or_nothing(cast: Cast, published: UUID) -> None:
    owner = cast.actor("owner")
    mine = create(owner, "book", name="我的")
    for bad in ({"name": ""}, {"pages": -5}, {"cost": 1}, {"owner": str(cast.users["outsider"])}, {"author": str(uuid7())}):
        with refused():
            door.perform_many("book", "create", [Item(changes={"name": "甲"}), Item(changes={"name": "乙"} | bad), Item(changes={"name": "丙"})], actor=owner, together=True)
    with refused(NotFound):
        door.perform_many("book", "update", [Item(mine, {"pages": 9}), Item(uuid7(), {"pages": 9})], actor=owner, together=True)
    with refused(Invalid):
        door.perform_many("book", "publish", [Item(mine), Item(published)], actor=owner, together=True)
    with refused(Invalid):
        door.perform_many("book", "create", [Item(changes={"name": "x"})] * 5001, actor=owner)


@pytest.fixture(autouse=True, scope="module")
def published(cast: Cast) -> UUID:
    return create(cast.actor("owner"), "book", name="早已出版", status="published")


def test_a_fault_in_one_action_undoes_that_one_only(cast: Cast, published: UUID) -> None:
    owner = cast.actor("owner")
    fresh = create(owner, "book", name="新书")
    outcomes = door.perform_many("book", "publish", [Item(fresh, {"price": 5}, inputs={"printed": 300}), Item(published, {"price": 6})], actor=owner)
    assert isinstance(outcomes[0], Result) and outcomes[0].output == {"printed": 300}
    assert isinstance(outcomes[1], Invalid)
    assert reading.get("book", published, actor=owner)["price"] is None
    event = events_of("book", fresh)[-1]
    assert (event.verb, set(event.changes)) == ("publish", {"price", "status", "published_on"})
    draft = create(owner, "book", name="草稿")
    for how in ({"changes": {"name": "x"}}, {"inputs": {"printed": "x"}}, {"inputs": {"other": 1}}):
        with refused(Invalid):
            door.perform("book", "publish", actor=owner, id=draft, **how)


def test_unique_values_in_a_batch_and_in_the_database(cast: Cast) -> None:
    owner = cast.actor("owner")
    first = create(owner, "book", name="一", code="U1")
    outcomes = door.perform_many("book", "create", [Item(changes={"name": "x", "code": c}) for c in ("U2", "U1", "U2", "U3", None, None)], actor=owner)
    assert [type(o) for o in outcomes] == [Result, Invalid, Invalid, Result, Result, Result]
    assert [e.code for o in outcomes if isinstance(o, Invalid) for e in o.errors] == ["taken", "taken"]
    with refused(Invalid, "code:taken"):
        door.perform("book", "update", actor=owner, id=first, changes={"code": "U2"})
    door.perform("book", "update", actor=owner, id=first, changes={"code": "U1", "pages": 1})
    door.perform("book", "delete", actor=owner, id=first)
    second = create(owner, "book", name="二", code="U1")
    with refused(Invalid, "code:taken"):
        door.perform("book", "restore", actor=owner, id=first)
    door.perform("book", "update", actor=owner, id=second, changes={"code": None})
    door.perform("book", "restore", actor=owner, id=first)
    hidden = create(cast.actor("outsider"), "book", name="三", code="U9")
    with refused(Invalid, "code:taken"):
        create(owner, "book", name="四", code="U9")
    assert hidden not in ids(owner, "book")
    for name in ("北京", "上海"):
        create(DESK, "department", name=name, above=cast.departments["总部"])
    with refused(Invalid):
        create(DESK, "department", name="北京", above=cast.departments["总部"])
    swapped = door.perform_many("book", "create", [Item(changes={"name": "a", "code": "S1"}), Item(changes={"name": "b", "code": "S2"})], actor=owner)
    assert all(isinstance(o, Result) for o in swapped)


def test_only_one_of_two_at_once_gets_a_unique_value(cast: Cast) -> None:
    owner = cast.actor("owner")
    for round_ in range(3):
        before = events()
        outcomes = _many(4, lambda n: door.perform("book", "create", actor=owner, changes={"name": f"赛 {n}", "code": f"R{round_}"}))  # noqa: B023
        assert sorted(type(o).__name__ for o in outcomes) == ["Invalid"] * 3 + ["Result"], outcomes
        assert events() == before + 1
        assert len(ids(owner, "book", f"code = R{round_}")) == 1
    outcomes = _many(2, lambda n: door.perform_many("book", "create", [Item(changes={"name": "批", "code": c}) for c in ("B1", "B2", f"B{n + 3}")], actor=owner))
    codes = [r["code"] for r in reading.query("book", actor=owner, where="code starts B", fields=["code"]).rows]
    assert sorted(codes) == ["B1", "B2", "B3", "B4"], "the batch that lost keeps what was free"


def test_auto_numbers_are_never_given_twice(cast: Cast) -> None:
    owner = cast.actor("owner")
    before = raw("SELECT value FROM gx_counter WHERE key LIKE 'book.number:%%'")[0][0]
    made = _many(8, lambda n: [door.perform("book", "create", actor=owner, changes={"name": f"号 {n}"}).id for _ in range(3)] + [r.id for r in door.perform_many("book", "create", [Item(changes={"name": "批"})] * 2, actor=owner)])
    flat = [one for part in made for one in part]
    rows = raw("SELECT number FROM gx_book WHERE id = ANY(%s)", [flat])
    numbers = sorted(int(n.partition("-")[2]) for (n,) in rows)
    assert numbers == list(range(before + 1, before + 41)), "forty in a row, none twice, none missing"


def test_an_imported_number_is_stepped_over(cast: Cast) -> None:
    owner = cast.actor("owner")
    last = reading.get("book", create(owner, "book", name="前"), actor=owner)["number"]
    head, _, count = last.partition("-")
    create(owner, "book", name="导入", number=f"{head}-{int(count) + 1:03d}")
    outcomes = door.perform_many("book", "create", [Item(changes={"name": "后"}), Item(changes={"name": "自带", "number": f"{head}-{int(count) + 3:03d}"}), Item(changes={"name": "再后"})], actor=owner)
    numbers = [reading.get("book", o.id, actor=owner)["number"] for o in outcomes]  # type: ignore[union-attr]
    assert numbers == [f"{head}-{int(count) + n:03d}" for n in (2, 3, 4)]


def test_the_second_of_two_editors_is_told(cast: Cast) -> None:
    owner = cast.actor("owner")
    made = door.perform("book", "create", actor=owner, changes={"name": "版"})
    first = door.perform("book", "update", actor=owner, id=made.id, changes={"pages": 1}, version=made.version)
    with refused(Conflict) as caught:
        door.perform("book", "update", actor=owner, id=made.id, changes={"pages": 2}, version=made.version)
    assert (caught.value.status, caught.value.code) == (412, "version-conflict")
    for verb in ("delete", "publish"):
        with refused(Conflict):
            door.perform("book", verb, actor=owner, id=made.id, version=made.version)
    outcomes = _many(4, lambda n: door.perform("book", "update", actor=owner, id=made.id, changes={"pages": 10 + n}, version=first.version))
    assert sorted(type(o).__name__ for o in outcomes) == ["Conflict"] * 3 + ["Result"]
    assert [e.verb for e in events_of("book", made.id)] == ["create", "update", "update"]


def test_cascade_protect_and_the_way_back(cast: Cast) -> None:
    owner, manager = cast.actor("owner"), cast.actor("manager")
    author = create(manager, "author", name="护")
    book = create(owner, "book", name="有章", author=author)
    early, kept, moved = (create(owner, "chapter", name=n, book=book) for n in ("早删", "同去", "同去二"))
    door.perform("chapter", "delete", actor=owner, id=early)
    with refused(Conflict) as caught:
        door.perform("author", "delete", actor=manager, id=author)
    assert caught.value.code == "in-use"
    gone = door.perform("book", "delete", actor=owner, id=book)
    assert ids(owner, "chapter") & {early, kept, moved} == set()
    last = events_of("chapter", kept)[-1]
    assert (last.verb, last.cause, last.actor_kind, last.actor) == ("delete", gone.version, "automation", cast.users["owner"])
    door.perform("author", "delete", actor=manager, id=author)
    with refused(NotFound):
        door.perform("book", "update", actor=owner, id=book, changes={"pages": 5})
    with refused(NotFound):
        door.perform("book", "delete", actor=owner, id=book)
    with refused(Invalid):
        create(owner, "chapter", name="给已删的书", book=str(book))
    door.perform("author", "restore", actor=manager, id=author)
    door.perform("book", "restore", actor=owner, id=book)
    assert ids(owner, "chapter") & {early, kept, moved} == {kept, moved}, "what was in the bin before stays there"
    with refused(NotFound):
        door.perform("book", "restore", actor=owner, id=book)
    assert reading.get("book", book, actor=owner)["chapter_count"] == 2


def test_effects_leave_a_trail(cast: Cast) -> None:
    owner = cast.actor("owner")
    book = create(owner, "book", name="数章")
    before = events()
    made = door.perform("chapter", "create", actor=owner, changes={"name": "一", "book": str(book)})
    assert events() == before + 2
    last = events_of("book", book)[-1]
    assert (last.verb, last.cause, last.actor_kind, last.changes) == ("counted", made.version, "automation", {"chapter_count": [0, 1]})
    with refused(Forbidden):
        door.perform("book", "counted", actor=owner, id=book, changes={"chapter_count": 9})
    for actor in (cast.actor("admin"), cast.actor("token")):
        with refused(Forbidden):
            door.perform("book", "counted", actor=actor, id=book, changes={"chapter_count": 9})
    with refused(Invalid, "chapter_count:read-only"):
        door.perform("book", "update", actor=cast.actor("admin"), id=book, changes={"chapter_count": 9})


def test_rules_that_trigger_each_other_stop(cast: Cast) -> None:
    from dataclasses import replace

    book = create(cast.actor("owner"), "book", name="深")
    with refused() as caught:
        create(replace(cast.actor("owner"), depth=8), "chapter", name="太深", book=str(book))
    assert caught.value.code == "too-deep"
    create(replace(cast.actor("owner"), depth=7), "chapter", name="还行", book=str(book))


@pytest.mark.parametrize("verb", ["create", "update", "delete", "restore", "assign", "share", "publish", "nothing", "read", "export", ""])
def test_verbs_on_wrong_things(cast: Cast, verb: str) -> None:
    for name, record in (("book", str(uuid7())), ("book", "x"), ("nothing", str(uuid7())), ("", str(uuid7()))):
        if verb == "create" and name == "book":
            continue
        with refused(NotFound):
            door.perform(name, verb, actor=cast.actor("owner"), id=record)
