"""Imports in the background taken back, and files read as their like was read before."""

from __future__ import annotations

import asyncio

import pytest

from guanxi.base.errors import Conflict, NotFound
from guanxi.base.ids import uuid7
from guanxi.kernel import jobs
from guanxi.kernel.records import reading
from guanxi.surfaces.imports import planning
from guanxi.surfaces.imports.reading.table import open_table
from guanxi.surfaces.jobs import tasks, worker


@pytest.fixture(scope="module")
def admin(cast):
    return cast.actor("admin")


def work() -> None:
    asyncio.run(worker.work(2, until_empty=True))


def upload(actor, text: str):
    return jobs.keep(actor, "customers.csv", [text.encode()])


def names(actor, where: str) -> list[str]:
    return [row["name"] for row in reading.query("customer", actor=actor, where=where, fields=["name"], sort=["name"]).rows]


def test_an_import_is_taken_back_once_by_whoever_made_it(admin, cast):
    id_ = tasks.start_import(admin, upload(admin, "名称\n后台撤一\n后台撤二\n"), "customer")
    with pytest.raises(Conflict):
        tasks.start_undo(admin, id_)
    work()
    assert names(admin, "name starts 后台撤") == ["后台撤一", "后台撤二"]
    with pytest.raises(NotFound):
        tasks.start_undo(cast.actor("owner"), id_)
    undo = tasks.start_undo(admin, id_)
    with pytest.raises(Conflict):
        tasks.start_undo(admin, str(id_))
    work()
    told = tasks.job(admin, undo)
    assert (told["kind"], told["state"], told["object"], told["total"]) == ("undo", "done", "customer", 2)
    assert (told["outcome"]["deleted"], told["outcome"]["kept"], told["outcome"]["import"]) == (2, 0, str(id_))
    assert names(admin, "name starts 后台撤") == []
    for wrong in (undo, uuid7(), tasks.start_import(admin, upload(admin, "名称\n预演撤\n"), "customer", dry_run=True)):
        with pytest.raises(NotFound):
            tasks.start_undo(admin, wrong)
    work()


def test_a_file_with_the_same_columns_is_read_as_the_last_one(admin, cast):
    text = "甲列,乙列,没用\n记住公司,广东,x\n"
    with open_table(text.encode()) as table:
        found, remembered = planning.propose(admin, table, "customer")
        assert not remembered and not any(found.columns.values())
    mapping = {"columns": {"甲列": "name", "乙列": {"field": "sector", "transform": "upper"}, "没用": None}, "match": ["name"], "on_match": "update"}
    tasks.start_import(admin, upload(admin, text), "customer", mapping)
    work()
    other = "没用,乙列,甲列\ny,gd,记住公司\nz,sh,又一记住公司\n"
    with open_table(other.encode()) as table:
        found, remembered = planning.propose(admin, table, "customer")
        assert remembered and found.match == ("name",) and found.on_match == "update"
        assert {name: [t.field for t in targets] for name, targets in found.columns.items()} == {"没用": [], "乙列": ["sector"], "甲列": ["name"]}
        assert planning.propose(cast.actor("owner"), table, "customer")[1] is False
        assert planning.propose(admin, table, "contact")[1] is False
    id_ = tasks.start_import(admin, upload(admin, other), "customer")
    work()
    outcome = tasks.job(admin, id_)["outcome"]
    assert (outcome["created"], outcome["updated"]) == (1, 1)
    row = reading.query("customer", actor=admin, where="name = 记住公司", fields=["sector"]).rows[0]
    assert row["sector"] == "GD"


def test_a_trial_of_several_batches_and_passes_counts_to_the_end(admin):
    text = "名称,上级公司\n" + "试行子,试行母\n" + "".join(f"试行{n},\n" for n in range(2_100)) + "试行母,\n试行0,\n"
    mapping = {"columns": {"名称": "name", "上级公司": "parent"}, "match": ["name"], "on_match": "skip"}
    id_ = tasks.start_import(admin, upload(admin, text), "customer", mapping, dry_run=True)
    work()
    told = tasks.job(admin, id_)
    assert (told["state"], told["dry_run"], told["total"]) == ("done", True, 2_103)
    assert [told["outcome"][name] for name in ("rows", "created", "skipped", "rejected")] == [2_103, 2_102, 1, 0]
    assert told["outcome"]["examples"]["skipped"] == [{"row": 2_104, "cells": ["试行0", ""]}]
    assert names(admin, "name starts 试行") == []
