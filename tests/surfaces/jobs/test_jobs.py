"""Background work as people see it: started with its row, seen and stopped by its owner only, told in the end."""

from __future__ import annotations

import asyncio
import csv

import pytest

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Unreadable
from guanxi.kernel import jobs
from guanxi.kernel.records import reading
from guanxi.kernel.storage import sql
from guanxi.surfaces.jobs import tasks, worker


@pytest.fixture(scope="module")
def admin(cast):
    return cast.actor("admin")


def work() -> None:
    asyncio.run(worker.work(2, until_empty=True))


def upload(actor, text: str | bytes, name: str = "customers.csv"):
    return jobs.keep(actor, name, [text.encode() if isinstance(text, str) else text])


def queued() -> int:
    return sql.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")[0][0]


def test_an_import_in_the_background(admin):
    id_ = tasks.start_import(admin, upload(admin, "名称,员工人数\n后台公司,3\n坏公司,很多\n"), "customers")
    assert tasks.job(admin, id_)["state"] == "waiting"
    work()
    told = tasks.job(admin, id_)
    assert told["state"] == "done" and told["total"] == 2 and told["object"] == "customer"
    assert (told["outcome"]["created"], told["outcome"]["rejected"]) == (1, 1)
    assert "很多" not in told["outcome"]["reasons"][0]["field"] and told["outcome"]["reasons"][0]["message"]
    path, name = jobs.file(admin, told["outcome"]["errors"])
    assert name == "errors.csv"
    assert next(iter(csv.reader(path.read_text("utf-8-sig").splitlines()[1:])))[0] == "坏公司"
    with sql.work(admin.workspace):
        assert sql.rows("SELECT count(*) FROM gx_event WHERE request = %s AND via = 'import'", [str(id_)])[0][0] == 1


def test_what_cannot_be_done_is_said_at_once_and_leaves_no_job(admin, cast):
    before = queued()
    file = upload(admin, "a,b\n1,2\n")
    with pytest.raises(Invalid):
        tasks.start_import(admin, file, "customer")
    with pytest.raises(NotFound):
        tasks.start_import(cast.actor("owner"), file, "customer")
    with pytest.raises(Forbidden):
        tasks.start_import(cast.actor("executive"), upload(cast.actor("executive"), "name\nx\n"), "customer")
    with pytest.raises(Unreadable):
        tasks.start_import(admin, upload(admin, b"%PDF-1.7 nonsense"), "customer")
    with pytest.raises(Invalid):
        tasks.start_export(admin, "customer", "no_such = 1")
    with pytest.raises(Forbidden):
        tasks.start_export(cast.actor("owner"), "product")
    assert queued() == before and tasks.own_jobs(cast.actor("owner")) == []


def test_a_job_is_its_owners_alone(admin, cast):
    id_ = tasks.start_export(admin, "customer", "name = 后台公司", ["name"])
    for other in ("owner", "executive"):
        with pytest.raises(NotFound):
            tasks.job(cast.actor(other), id_)
        with pytest.raises(NotFound):
            tasks.cancel(cast.actor(other), id_)
    work()
    told = tasks.job(admin, id_)
    assert told["state"] == "done"
    assert (told["outcome"]["rows"], told["outcome"]["where"]) == (1, "name = 后台公司")
    with pytest.raises(NotFound):
        jobs.file(cast.actor("owner"), told["outcome"]["file"])
    with pytest.raises(Conflict):
        tasks.cancel(admin, id_)


def test_a_job_cancelled_while_it_waits_does_nothing(admin):
    id_ = tasks.start_import(admin, upload(admin, "名称\n不要了\n"), "customer")
    assert tasks.cancel(admin, id_)["state"] == "cancelled"
    work()
    assert reading.query("customer", actor=admin, where="name = 不要了").rows == []


def test_a_job_that_is_undone_with_its_transaction_is_not_in_the_queue(admin):
    before = queued()
    file = upload(admin, "名称\nx\n")
    with pytest.raises(RuntimeError), jobs.together(admin.workspace):
        tasks.start_import(admin, file, "customer")
        raise RuntimeError
    assert queued() == before


def test_rights_are_those_at_the_time_of_the_work(admin, cast):
    from guanxi.kernel.records import door

    owner = cast.actor("owner")
    id_ = tasks.start_import(owner, upload(owner, "名称\n来不及\n"), "customer")
    door.perform("user", "update", actor=admin, id=cast.users["owner"], changes={"roles": None})
    work()
    told = tasks.job(cast.actor("owner"), id_)
    assert told["state"] == "failed" and told["outcome"]["reasons"]
    assert reading.query("customer", actor=admin, where="name = 来不及").rows == []


def test_a_worker_that_was_overtaken_undoes_its_batch(admin):
    id_ = tasks.start_import(admin, upload(admin, "名称\n赶上\n"), "customer")
    found = jobs.begin(id_)
    assert found is not None
    sql.run("UPDATE gx_job SET done = 7 WHERE id = %s", [id_])
    with pytest.raises(jobs.Overtaken), jobs.together(admin.workspace):
        tasks._Ledger(found).note(1, {})
    work()
