"""Something done to all of a filter in the background: which records is settled once, each has its answer, a killed worker's
job goes on, and the whole is taken back."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound
from guanxi.kernel import jobs
from guanxi.kernel.records import door, many
from guanxi.surfaces.jobs import tasks, worker
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, raw
from tests.surfaces.jobs.test_crash import start, wait_for

MANY = 1_203


def work() -> None:
    asyncio.run(worker.work(2, until_empty=True))


def lines(actor: Any, file: str) -> list[list[str]]:
    return list(csv.reader(jobs.file(actor, file)[0].read_text("utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def books(cast: Cast) -> list[UUID]:
    items = [door.Item(changes={"name": f"批量册 {n:04}", "pages": n, "tags": ["旧"]}) for n in range(MANY)]
    return [one.id for one in door.perform_many("book", "create", items, actor=cast.actor("owner"))]  # type: ignore[union-attr]


def test_all_of_a_filter_as_it_matched_then(cast: Cast, books: list[UUID]) -> None:
    owner, admin = cast.actor("owner"), cast.actor("admin")
    api = Client(headers={"Authorization": f"Bearer {cast.token('owner')}", "Accept-Language": "en"})
    asked = {"verb": "update", "where": "pages < 5000", "changes": {"pages": 9999}, "add": {"tags": ["新", "旧"]}, "remove": {"tags": ["没有"]}}
    answer = api.post("/api/v1/books/bulk", json.dumps(asked), "application/json")
    job = answer.json()["id"]
    assert (answer.status_code, answer.json()["total"], answer.headers["Location"]) == (202, MANY, f"/api/v1/jobs/{job}")

    # what comes later is left alone, what matches no more is still meant, what changed hands is refused with a reason
    late = create(owner, "book", name="后来的", pages=1)
    door.perform("book", "update", actor=owner, id=books[0], changes={"pages": 7000})
    for id in books[10:13]:
        door.perform("book", "assign", actor=admin, id=id, changes={"owner": cast.users["outsider"]})
    door.perform("book", "delete", actor=owner, id=books[20])
    work()

    told = api.get(f"/api/v1/jobs/{job}").json()
    out = told["outcome"]
    assert (told["state"], told["done"], out["changed"], out["same"], out["rejected"]) == ("done", MANY, MANY - 4, 0, 4)
    assert out["reasons"] == [{"field": "", "message": "Not allowed, or the record is gone.", "count": 4}]
    assert {row["id"] for row in out["sample"]} == {str(id) for id in (*books[10:13], books[20])}
    assert raw("SELECT count(*) FROM gx_book WHERE pages = 9999") == [(MANY - 4,)]
    assert raw("SELECT pages, tags FROM gx_book WHERE id = %s", [books[0]]) == [(9999, ["旧", "新"])]
    assert raw("SELECT pages FROM gx_book WHERE id = %s", [late]) == [(1,)]
    assert raw("SELECT count(*), count(DISTINCT record_id) FROM gx_event WHERE request = %s AND via = 'bulk'", [job]) == [(MANY - 4, MANY - 4)]
    results, errors = lines(owner, out["file"]), lines(owner, out["errors"])
    assert len(results) == MANY + 1 and len(errors) == 5
    assert [row[2] for row in results[1:]].count("已修改") == MANY - 4
    assert {row[3] for row in errors[1:]} == {"没有权限，或记录已不在。"} and "别人" not in str(errors)

    # taken back, except what somebody changed since
    door.perform("book", "update", actor=owner, id=books[1], changes={"pages": 5})
    answer = api.post(f"/api/v1/jobs/{job}/undo")
    assert answer.status_code == 202
    work()
    undone = tasks.job(owner, answer.json()["id"])["outcome"]
    assert (undone["reverted"], undone["kept"]) == (MANY - 4, 1)  # the tags of the one somebody changed come back too
    assert raw("SELECT pages, tags FROM gx_book WHERE id = ANY(%s) ORDER BY id", [books[:2]]) == [(7000, ["旧"]), (5, ["旧"])]
    assert raw("SELECT count(*) FROM gx_book WHERE pages = 9999") == [(0,)]
    with pytest.raises(Conflict):
        tasks.start_undo(owner, job)


def test_deleted_and_brought_back_as_a_whole(cast: Cast, books: list[UUID]) -> None:
    owner = cast.actor("owner")
    where = "pages >= 600 and pages < 1200"
    job = tasks.start_bulk(owner, many.Deed("book", "delete"), many.settle(owner, "book", where))
    work()
    assert tasks.job(owner, job)["outcome"]["changed"] == 600 and many.settle(owner, "book", where) == b""
    back = tasks.start_undo(owner, job)
    work()
    assert tasks.job(owner, back)["outcome"]["restored"] == 600
    assert many.unpack(many.settle(owner, "book", where)) == books[600:1200]
    assert [event.verb for event in events_of("book", books[700])][-2:] == ["delete", "restore"]


def test_what_cannot_be_done_is_said_at_once(cast: Cast, books: list[UUID]) -> None:
    owner, before = cast.actor("owner"), events()
    every = many.pack(books[:3])
    for deed, problem in (
        (many.Deed("book", "update"), Invalid), (many.Deed("book", "update", {"nonsense": 1}), Invalid),
        (many.Deed("book", "update", add={"pages": ["x"]}), Invalid), (many.Deed("book", "create"), NotFound), (many.Deed("book", "counted"), NotFound),
        (many.Deed("nothing", "update", {"a": 1}), NotFound),
    ):  # fmt: skip
        with pytest.raises(problem):
            tasks.start_bulk(owner, deed, every)
    with pytest.raises(Forbidden):
        tasks.start_bulk(cast.actor("executive"), many.Deed("book", "delete"), every)
    with pytest.raises(Invalid):
        tasks.start_bulk(owner, many.Deed("book", "delete"), b"")
    api = Client(headers={"Authorization": f"Bearer {cast.token('owner')}"})
    for asked in ({"verb": "delete", "where": "pages = 1", "ids": []}, {"verb": "delete", "ids": ["x"], "background": True}, {"verb": "update", "ids": [str(books[0])], "add": {"tags": ["x"]}}):
        assert api.post("/api/v1/books/bulk", json.dumps(asked), "application/json").status_code == 422
    job = tasks.start_bulk(owner, many.Deed("book", "publish", {"price": 3}), many.pack(books[30:32]))
    tasks.cancel(owner, job)
    with pytest.raises(Conflict):
        tasks.start_undo(owner, job)  # by its own verbs only
    assert events() == before


def test_rights_are_those_of_the_moment(cast: Cast, books: list[UUID]) -> None:
    """A role that loses the verb while the job waits: nothing is done, and the job says why."""
    admin, before = cast.actor("admin"), events()
    role = raw("SELECT id, grants FROM gx_role WHERE grants ? 'book' AND id IN (SELECT target_id FROM gx_link WHERE source_id = %s)", [cast.users["owner"]])
    job = tasks.start_bulk(cast.actor("owner"), many.Deed("book", "update", {"pages": 4}), many.pack(books[40:45]))
    for id, grants in role:
        less = {**grants, "book": {**grants["book"], "verbs": ["read"]}}
        door.perform("role", "update", actor=admin, id=id, changes={"grants": less})
    assert role
    work()
    told = tasks.job(cast.actor("owner"), job)
    for id, grants in role:
        door.perform("role", "update", actor=admin, id=id, changes={"grants": grants})
    assert (told["state"], told["outcome"]["code"], events()) == ("failed", "forbidden", before + 2 * len(role) + 1), "the one more is the notice that it is over"


def test_kill_nine_in_the_middle(cast: Cast, database_url: str) -> None:
    admin = cast.actor("admin")
    made = door.perform_many("customer", "create", [door.Item(changes={"name": f"批量公司 {n}"}) for n in range(4_000)], actor=admin)
    job = tasks.start_bulk(admin, many.Deed("customer", "update", {"short_name": "甲"}), many.pack([one.id for one in made]))  # type: ignore[union-attr]
    process = start(database_url)
    wait_for(lambda: tasks.job(admin, job)["done"] >= 500, 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    stopped = tasks.job(admin, job)
    assert stopped["state"] == "running" and stopped["done"] < 4_000
    process = start(database_url)
    try:
        wait_for(lambda: tasks.job(admin, job)["state"] == "done", 90)
    finally:
        process.terminate()
        process.wait(20)
    out = tasks.job(admin, job)["outcome"]
    assert (out["changed"], out["same"], out["rejected"]) == (4_000, 0, 0)
    assert raw("SELECT count(*), count(DISTINCT record_id) FROM gx_event WHERE request = %s AND verb = 'update'", [str(job)]) == [(4_000, 4_000)]
    assert len({row[0] for row in lines(admin, out["file"])[1:]}) == 4_000 == len(lines(admin, out["file"])) - 1
