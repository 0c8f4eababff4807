"""The sample company comes in once and goes out again, but for what one's own records use."""

from __future__ import annotations

import pytest

from guanxi.base.errors import NotFound
from guanxi.kernel import sample, setup
from guanxi.kernel.records import door, finding, reading
from tests.cast import Cast


def test_in_and_out(cast: Cast) -> None:
    admin = cast.actor("admin")
    before = reading.aggregate("user", actor=admin).rows[0]["count"]
    setup.load_demo(lambda step: None)
    people = reading.aggregate("user", actor=admin).rows[0]["count"]
    assert people > before
    setup.load_demo(lambda step: None)
    assert reading.aggregate("user", actor=admin).rows[0]["count"] == people
    found = sample.remaining(admin)
    assert {"customer", "contact", "lead", "opportunity", "activity", "task", "product", "user", "department"} <= {n for n, _ in found}

    used = reading.query("customer", actor=admin, fields=["id"], limit=1).rows[0]["id"]
    mine = door.perform("opportunity", "create", actor=admin, changes={"name": "真实商机", "customer": str(used)})
    assert sample.remaining(cast.actor("owner")) == []

    removed, kept = sample.remove(admin)
    assert removed == len(found) - kept
    assert reading.get("opportunity", mine.id, actor=admin)["customer"]["id"] == used
    left = sample.remaining(admin)
    assert len(left) == kept and ("customer", used) in left
    assert {name for name, _ in left} <= {"customer", "user", "department"}
    assert reading.aggregate("lead", actor=admin).rows[0]["count"] == 0
    assert reading.aggregate("customer", actor=admin).rows[0]["count"] == 1

    gone = next(record for name, record in found if name == "customer" and record != used)
    with pytest.raises(NotFound):
        reading.get("customer", gone, actor=admin)
    assert reading.get("customer", gone, actor=admin, deleted=True)["id"] == gone
    assert {hit.id for hit in finding.search("有限公司", actor=admin) if hit.object == "customer"} <= {used}


def test_one_click(cast: Cast) -> None:
    from django.test import Client

    from tests.cast import PASSWORD

    setup.load_demo(lambda step: None)
    client = Client()
    client.post("/signin", {"username": "admin", "password": PASSWORD})
    left = len(sample.remaining(cast.actor("admin")))
    page = client.get("/settings/sample").content.decode()
    assert f"示例公司的 {left} 条记录" in page
    answer = client.post("/settings/sample", {"sample": "remove"})
    assert answer.status_code in (302, 303)
    assert "移除" in client.get("/settings/sample").content.decode()
    before = reading.aggregate("customer", actor=cast.actor("admin")).rows[0]["count"]
    client.post("/settings/sample", {"sample": "bring"})
    assert len(sample.remaining(cast.actor("admin"))) > left, "out of the bin again"
    assert reading.aggregate("customer", actor=cast.actor("admin")).rows[0]["count"] > before
    owner = Client()
    owner.post("/signin", {"username": "owner", "password": PASSWORD})
    assert owner.get("/settings/sample").status_code == 404
    assert owner.post("/settings/sample", {"sample": "remove"}).status_code == 404
