"""Pools on the pages: what a list offers, what a confirmation says, the rules and their trial."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, raw
from tests.surfaces.web.browser import Browser, statements

DESK = system(DEFAULT_WORKSPACE, via="test")


def pool_of(name: str = "customer") -> UUID:
    return people.newest(DEFAULT_WORKSPACE).pools_of(name)[0].id


def lying(cast: Cast, name: str) -> UUID:
    one = create(DESK, "customer", name=name, owner=cast.users["outsider"], phones="13800138000")
    door.perform("customer", "return_to_pool", actor=DESK, id=one, inputs={"reason": "no_need"})
    return one


@pytest.fixture(scope="module")
def customer(cast: Cast) -> UUID:
    create(DESK, "customer", name="有主客户", owner=cast.users["owner"])
    return lying(cast, "公海客户")


def offered(html: str) -> list[str]:
    """The deeds of the selection bar."""
    return re.findall(r'name="do" value="(\w+)"', html)


def test_the_list_of_the_pool_offers_what_may_be_done_there(cast: Cast, customer: UUID) -> None:
    mine = Browser("owner")
    html = mine.read("/customers?view=pool")
    assert "公海客户" in html and "有主客户" not in html and "13800138000" not in html
    assert f'href="/customers/{customer}/claim"' in html
    assert offered(html) == ["claim", "export"]
    assert "claim" not in offered(mine.read("/customers?view=mine"))
    assert {"return_to_pool", "lock"} <= set(offered(mine.read("/customers")))
    assert {"claim", "distribute", "move_pool", "update", "delete"} <= set(offered(Browser("manager").read("/customers?view=pool")))
    assert "领取" not in Browser("executive").read("/customers?view=leaving")


def test_the_confirmation_says_what_is_left(cast: Cast, customer: UUID) -> None:
    one = Browser("newcomer")
    assert "默认公海：今天还可领取 10 条。" in one.read(f"/customers/{customer}/claim")
    assert "默认公海：今天还可领取 10 条。" in one.read(f"/customers/bulk?do=claim&ids={customer}")
    assert "您是管理员，不受限制" in Browser("manager").read(f"/customers/{customer}/claim")


def test_a_record_in_the_pool_offers_its_verbs_within_eight_statements(cast: Cast, customer: UUID) -> None:
    member = Browser("owner")
    member.read(f"/customers/{customer}")
    with statements() as sent:
        html = member.read(f"/customers/{customer}")
    assert len(sent) <= 8, len(sent)
    assert f"/customers/{customer}/claim" in html and f"/customers/{customer}/edit" not in html and f"/customers/{customer}/distribute" not in html
    html = Browser("manager").read(f"/customers/{customer}")
    assert all(f"/customers/{customer}/{verb}" in html for verb in ("claim", "distribute", "edit", "move_pool"))
    assert f"/customers/{customer}/lock" not in html


def test_roles_are_not_asked_who_may_claim(cast: Cast) -> None:
    from guanxi.surfaces.web.settings import rights

    verbs = rights.verbs(people.newest(DEFAULT_WORKSPACE).object("customer"))
    assert not {"claim", "distribute", "move_pool", "return_to_pool", "lock", "unlock", "recycle"} & set(verbs)


def test_rules_are_tried_saved_and_switched_on(cast: Cast) -> None:
    old = create(DESK, "customer", name="久未跟进", owner=cast.users["owner"], grade="vip")
    raw("ALTER TABLE gx_customer DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_customer SET owned_since = now() - interval '40 days', created_at = now() - interval '40 days' WHERE id = %s", [old])
    raw("ALTER TABLE gx_customer ENABLE TRIGGER gx_event_first")
    admin, url = Browser("admin"), f"/pools/{pool_of()}/rules"
    assert Browser("manager").get(url).status_code == 403
    html = admin.read(url)
    assert "天未跟进" in html and "已成交客户" in html and "保存并启用" in html
    before = events_of("pool", pool_of())
    form: dict[str, Any] = {"r.contact": "30", "exclude": ["bought"], "remind": "3", "hour": "3"}
    html = admin.post(url, {**form, "do": "try"}).content.decode()
    assert "今晚将回收" in html and "久未跟进" in html and "超 30 天未跟进" in html
    html = admin.post(url, {**form, "r.contact.vip": "60", "do": "try"}).content.decode()
    assert "久未跟进" not in html and "今晚没有要收回的记录" in html
    assert events_of("pool", pool_of()) == before
    answer = admin.post(url, {**form, "r.contact": "x", "do": "try"})
    assert answer.status_code == 422 and "不是天数" in answer.content.decode()
    answer = admin.post(url, {"hour": "3", "do": "on"})
    assert answer.status_code == 422 and "请先填写至少一条回收规则的天数" in answer.content.decode()
    assert admin.post(url, {**form, "do": "on"}).status_code == 302
    row = reading.get("pool", pool_of(), actor=DESK)
    assert (row["recycling"], row["hour"], row["settings"]) == (True, "3", {"rules": {"contact": {"days": 30}}, "exclude": ["bought"], "remind": 3})
    html = Browser("owner").read("/customers?view=leaving")
    assert "久未跟进" in html and "今晚" in html
    assert admin.post(url, {**form, "do": "off"}).status_code == 302
    assert reading.get("pool", pool_of(), actor=DESK)["recycling"] is False


def test_a_verb_names_only_pools_of_its_object(cast: Cast, customer: UUID) -> None:
    create(DESK, "pool", name="大区公海", object_name="customer")
    create(DESK, "pool", name="渠道线索池", object_name="lead")
    html = Browser("admin").read(f"/customers/{customer}/move_pool")
    assert "大区公海" in html and "渠道线索池" not in html


def test_english(cast: Cast, customer: UUID) -> None:
    one = Browser("owner", "en")
    html = one.read("/customers?view=pool")
    assert "Claim" in html and "Soon in pool" in html
    assert "Default pool" in Browser("admin", "en").read("/pools") or "默认公海" in Browser("admin", "en").read("/pools")
    assert "Tonight would take back" in Browser("admin", "en").post(f"/pools/{pool_of()}/rules", {"r.contact": "1", "do": "try"}).content.decode()


def test_rules_may_count_working_days(cast: Cast, customer: UUID) -> None:
    page = f"/pools/{pool_of()}/rules"
    admin = Browser("admin")
    tried = admin.post(page, {"do": "try", "r.contact": "30", "workdays": "1"}).content.decode()
    assert re.search(r'name="workdays" value="1" checked', tried) and 'href="/holidays"' in tried and "法定节假日已知到" in tried
    assert admin.post(page, {"do": "save", "r.contact": "30", "workdays": "1"}).status_code == 302
    assert people.newest(DEFAULT_WORKSPACE).pools_of("customer")[0].workdays
    assert admin.post(page, {"do": "save", "r.contact": "30"}).status_code == 302
    assert not people.newest(DEFAULT_WORKSPACE).pools_of("customer")[0].workdays
