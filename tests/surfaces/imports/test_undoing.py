"""Taking an import back as a whole: what nobody touched since goes the way it came, the rest stays with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.base.ids import uuid7
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door, undoing
from guanxi.kernel.records.reading import get, query
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.imports.undoing import undo
from tests.cast import Cast
from tests.surfaces.imports.tables import count, everything, figures, load


@pytest.fixture(scope="module")
def admin(cast: Cast) -> Actor:
    return cast.actor("admin")


def _events(request: Any) -> list[tuple[str, bool]]:
    with sql.work(DEFAULT_WORKSPACE):
        return sql.rows(
            "SELECT verb, cause IS NOT NULL FROM gx_event WHERE request = %s AND via = 'import' ORDER BY id", [str(request)]
        )


def test_what_was_made_goes_to_the_bin_with_its_events(admin: Actor) -> None:
    made = load(admin, "customer", "名称,员工人数\n撤销一公司,1\n撤销二公司,2\n撤销三公司,3\n")
    other = load(admin, "customer", "名称\n别的导入公司\n")
    seen: list[int] = []
    report = undo(admin, made.id, progress=seen.append)
    assert (report.deleted, report.reverted, report.kept) == (3, 0, 0) and seen == [3]
    assert everything(admin, "customer", ["name"], "name starts 撤销") == []
    assert count(admin, "customer", "name = 别的导入公司") == 1 and other.created == 1
    assert _events(report.id) == [("delete", True)] * 3
    assert len(query("customer", actor=admin, where="name starts 撤销", fields=["name"], deleted=True).rows) == 3
    again = undo(admin, made.id)
    assert (again.deleted, again.reverted, again.kept) == (0, 0, 3)


def test_former_values_come_back_where_nobody_changed_them_since(admin: Actor) -> None:
    load(admin, "customer", "名称,员工人数,网址,年营业额\n甲回公司,10,a.com,100\n乙回公司,20,,200\n丙回公司,30,c.com,\n")
    mapping = {"match": ["name"], "on_match": "update"}
    changed = load(admin, "customer", "名称,员工人数,网址,年营业额\n甲回公司,11,b.com,101\n乙回公司,21,n.com,200\n丙回公司,31,c.com,300\n丁回公司,1,,\n", mapping)
    assert figures(changed) == {"rows": 4, "created": 1, "updated": 3}
    rows = {row["name"]: row for row in everything(admin, "customer", ["name"], "name contains 回公司")}
    door.perform("customer", "update", actor=admin, id=rows["甲回公司"]["id"], changes={"employees": 99})
    report = undo(admin, changed.id)
    assert (report.deleted, report.reverted, report.kept) == (1, 3, 1)
    assert list(report.reasons) == [undoing.CHANGED]
    found = {
        row["name"]: (row["employees"], row["website"], row["annual_revenue"] and str(row["annual_revenue"]["amount"]))
        for row in everything(admin, "customer", ["name", "employees", "website", "annual_revenue"], "name contains 回公司")
    }
    assert found == {
        "甲回公司": (99, "https://a.com", "100.00"), "乙回公司": (20, None, "200.00"), "丙回公司": (30, "https://c.com", None),
    }  # fmt: skip


def test_a_new_record_somebody_worked_on_stays(admin: Actor) -> None:
    made = load(admin, "customer", "名称\n有人改过公司\n没人改过公司\n")
    row = everything(admin, "customer", ["name"], "name = 有人改过公司")[0]
    door.perform("customer", "update", actor=admin, id=row["id"], changes={"grade": "vip"})
    report = undo(admin, made.id)
    assert (report.deleted, report.kept) == (1, 1)
    assert get("customer", row["id"], actor=admin)["name"] == "有人改过公司"


def test_two_rows_about_one_record_are_one_step_back(admin: Actor) -> None:
    mapping = {"match": ["name"], "on_match": "update"}
    load(admin, "customer", "名称,员工人数\n两次公司,1\n")
    twice = load(admin, "customer", "名称,员工人数\n两次公司,2\n两次公司,3\n新两次公司,5\n新两次公司,6\n", mapping, batch=1)
    assert figures(twice) == {"rows": 4, "created": 1, "updated": 3}
    report = undo(admin, twice.id)
    assert (report.deleted, report.reverted, report.kept) == (1, 1, 0)
    assert [(row["name"], row["employees"]) for row in everything(admin, "customer", ["name", "employees"], "name contains 两次公司")] == [("两次公司", 1)]


def test_children_go_before_their_parents_over_all_pages(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "PAGE", 2)
    made = load(admin, "department", "名称,上级部门\n撤一部,\n撤二部,撤一部\n撤三部,撤二部\n撤四部,撤三部\n撤五部,撤一部\n")
    assert made.created == 5, made.to_json()
    report = undo(admin, made.id)
    assert (report.deleted, report.kept) == (5, 0), report.to_json()
    assert count(admin, "department", "name starts 撤") == 0


def test_only_ones_own_import_and_only_with_the_right(admin: Actor, cast: Cast) -> None:
    made = load(admin, "customer", "名称\n别人导入的公司\n")
    assert undo(cast.actor("executive"), made.id).to_json()["deleted"] == 0
    assert undo(admin, uuid7()).deleted == 0
    assert count(admin, "customer", "name = 别人导入的公司") == 1
