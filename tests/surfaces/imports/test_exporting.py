"""Exports: what the actor sees and no more, safe to open."""

from __future__ import annotations

import csv
import io

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.table import open_table
from tests.surfaces.imports.tables import load


@pytest.fixture(scope="module", autouse=True)
def customers(cast):
    text = "name,owner,employees,annual_revenue,phones,established,grade\n=HYPERLINK(1),owner,5,1234.50,13800138000,2001-02-03,重点客户\n"
    text += "".join(f"公司{i:03},manager,{i},,,,\n" for i in range(450))
    assert load(cast.actor("admin"), "customer", text).created == 451


def exported(actor, format="csv", **options) -> list[list[object]]:
    file = io.BytesIO()
    exporting.export(actor, "customer", file, format, **options)
    if format == "csv":
        return list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    with open_table(file.getvalue(), "x.xlsx") as table:
        return [table.columns, *(row.cells for row in table.rows())]


FIELDS = ["name", "owner", "employees", "annual_revenue", "phones", "established", "grade"]


def test_all_pages_are_written(cast):
    rows = exported(cast.actor("admin"), fields=["name"], sort=["name"])
    assert len(rows) == 452 and len({row[0] for row in rows}) == 452


def test_no_formula_survives_in_either_format(cast):
    for format in ("csv", "xlsx"):
        rows = exported(cast.actor("admin"), format, fields=FIELDS, where="employees = 5 and grade = key")
        assert len(rows) == 2
        assert str(rows[1][0]).lstrip("'") == "=HYPERLINK(1)"
        if format == "csv":
            assert rows[1] == ["'=HYPERLINK(1)", "王伟", "5", "1234.50", "138 0013 8000", "2001-02-03", "重点客户"]


def test_an_export_holds_what_the_actor_may_see(cast):
    assert len(exported(cast.actor("manager"), fields=["name"])) == 452
    assert exported(cast.actor("owner"), fields=["name"])[1:] == [["'=HYPERLINK(1)"]]
    assert exported(cast.actor("outsider"), fields=["name"])[1:] == []
    with pytest.raises(NotFound):
        exported(cast.actor("nobody"), fields=["name"])
    with pytest.raises(Forbidden):
        exporting.check(cast.actor("owner"), "product", "csv")


def test_what_cannot_be_asked_for_is_named(cast):
    for options in ({"fields": ["no_such"]}, {"fields": ["name"], "where": "no_such = 1"}):
        with pytest.raises(Invalid):
            exported(cast.actor("admin"), **options)
    with pytest.raises(Invalid):
        exporting.check(cast.actor("admin"), "customer", "pdf")
