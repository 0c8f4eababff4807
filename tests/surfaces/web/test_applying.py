"""Somebody without an account applies for one; an administrator approves or refuses."""

from __future__ import annotations

import re

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import tables
from tests.surfaces.web.browser import Browser, words

GIVEN = {"name": "钱多多", "username": "qianduoduo", "phone": "13800138000", "reason": "市场部新同事"}


@pytest.fixture
def open_(cast):
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]
    door.perform("security", "update", actor=admin, id=record, changes={"apply": True})
    yield
    door.perform("security", "update", actor=admin, id=record, changes={"apply": None})


def requests(cast):
    return reading.query("account_request", actor=cast.actor("admin"), fields=["name", "status", "user"], sort="created_at").rows


def role(cast, key):
    return reading.query("role", actor=cast.actor("admin"), where={"field": "key", "op": "=", "value": key}, fields=["id"]).rows[0]["id"]


def applied(address="203.0.113.1", **changes):
    return Browser().post("/apply", {**GIVEN, **changes}, REMOTE_ADDR=address)


def test_it_is_closed_unless_the_company_opens_it(cast):
    assert Browser().get("/apply").status_code == 404
    assert applied().status_code == 404
    assert requests(cast) == []
    assert "/apply" not in Browser().read("/signin")


def test_an_application_is_approved_with_a_role(cast, open_):
    assert 'href="/apply"' in Browser().read("/signin")
    place = applied()["Location"]
    assert "正在等待管理员处理" in Browser().read(place)
    record = requests(cast)[0]["id"]
    assert requests(cast)[0]["status"] == "waiting"
    admin = Browser("admin")
    assert admin.post(f"/account_requests/{record}/approve", {"roles": []}).status_code == 422
    assert not tables.Account.objects.filter(username="qianduoduo").exists()
    page = admin.fill(f"/account_requests/{record}/approve", roles__keep=[f"{role(cast, 'sales')}|客户经理"], department=str(cast.departments["市场部"])).content.decode()
    assert 'class="secret"' in page, words(page)[-700:]
    password = re.findall(r'<code class="secret">([^<]+)</code>', page)[-1]
    assert "已批准" in Browser().read(place)
    client = Browser()
    assert client.post("/signin", {"username": "qianduoduo", "password": password})["Location"] == "/"
    assert client.get("/books")["Location"] == "/password"
    made = reading.get("user", requests(cast)[0]["user"]["id"], actor=cast.actor("admin"), fields=["name", "department", "roles"])
    assert (made["name"], made["department"]["id"]) == ("钱多多", cast.departments["市场部"])
    with pytest.raises(Invalid):
        door.perform("account_request", "refuse", actor=cast.actor("admin"), id=record, changes={"answer": "晚了"})


def test_it_is_refused_with_a_reason(cast, open_):
    place = applied(username="stranger")["Location"]
    record = requests(cast)[-1]["id"]
    with pytest.raises(Invalid):
        door.perform("account_request", "refuse", actor=cast.actor("admin"), id=record)
    door.perform("account_request", "refuse", actor=cast.actor("admin"), id=record, changes={"answer": "请用公司邮箱申请"})
    assert "请用公司邮箱申请" in words(Browser().read(place))
    assert not tables.Account.objects.filter(username="stranger").exists()


def test_a_name_that_is_taken_is_found_out_at_approval_and_changes_nothing(cast, open_):
    applied(username="owner")
    record = requests(cast)[-1]["id"]
    before = tables.Account.objects.count()
    with pytest.raises(Invalid) as refused:
        door.perform("account_request", "approve", actor=cast.actor("admin"), id=record, changes={"roles": [role(cast, "sales")]})
    assert [(e.field, e.code) for e in refused.value.errors] == [("username", "taken")]
    assert requests(cast)[-1]["status"] == "waiting" and tables.Account.objects.count() == before


def test_only_who_may_decides(cast, open_):
    applied(username="another")
    record = requests(cast)[-1]["id"]
    assert Browser("owner").get("/account_requests").status_code == 404
    for verb in ("approve", "refuse"):
        with pytest.raises((Forbidden, NotFound)):
            door.perform("account_request", verb, actor=cast.actor("owner"), id=record, changes={})
    assert requests(cast)[-1]["status"] == "waiting"


def test_applications_are_bounded_and_checked(cast, open_):
    count = len(requests(cast))
    assert applied("192.0.2.1", name="").status_code == 422
    assert applied("192.0.2.1", email="no address").status_code == 422
    assert len(requests(cast)) == count
    given = [applied("192.0.2.2", username=f"many-{n}").status_code for n in range(6)]
    assert given == [302] * 5 + [429]
    assert len(requests(cast)) == count + 5
    assert Browser().get("/apply/00000000-0000-7000-8000-000000000001").status_code == 404
