"""Leads, through the door."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guanxi.kernel import Invalid
from tests.modules.conftest import Company


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


def test_converting_makes_customer_contact_and_opportunity(company: Company) -> None:
    company.admin.create("custom_field", name="门店数", object_name="lead", key="shops", kind="integer")
    company.admin.create("custom_field", name="门店数", object_name="customer", key="shops", kind="integer")
    lead = company.owner.create(
        "lead", name="南方连锁咨询", company="南方连锁有限公司", person="江晓", gender="female", position="purchaser",
        phones="13800001234", email="jx@example.com", source="exhibition", industry="F", requirement="会员系统",
        website="example.com", tags=["连锁"], shops=12,
    )  # fmt: skip
    talk = company.owner.create(
        "activity", content="第一次通话", lead=lead, kind="phone", happened_at="2026-01-05 10:00"
    )
    task = company.owner.create("task", subject="发资料", lead=lead)
    assert company.get("lead", lead)["status"] == "contacting"

    answer = company.owner.do("lead", "convert", lead, with_opportunity=True, amount=50000).output

    customer = company.get("customer", answer["customer"])
    assert (customer["name"], customer["kind"], customer["source"], customer["industry"]) == (
        "南方连锁有限公司", "company", "exhibition", "F",
    )  # fmt: skip
    assert (customer["needs"], customer["tags"], customer["owner"]) == ("会员系统", ["连锁"], company.owner.id)
    assert customer["shops"] == 12
    contact = company.get("contact", answer["contact"])
    assert (contact["name"], contact["customer"], contact["gender"], contact["position"]) == (
        "江晓", customer["id"], "female", "purchaser",
    )  # fmt: skip
    assert contact["phones"] == [{"number": "+8613800001234"}]
    assert customer["phones"] is None
    deal = company.get("opportunity", answer["opportunity"])
    assert (deal["name"], deal["customer"], deal["contact"]) == ("南方连锁咨询", customer["id"], contact["id"])
    assert deal["amount"] == {"amount": Decimal("50000.00"), "currency": "CNY"}

    row = company.get("lead", lead)
    assert (row["status"], row["converted_customer"], row["converted_contact"], row["converted_opportunity"]) == (
        "converted", customer["id"], contact["id"], deal["id"],
    )  # fmt: skip
    moved = company.get("activity", talk)
    assert (moved["lead"], moved["customer"], moved["contact"], moved["opportunity"]) == (
        lead, customer["id"], contact["id"], deal["id"],
    )  # fmt: skip
    assert company.get("task", task)["customer"] == customer["id"]
    assert customer["last_contact_at"] == moved["happened_at"]
    assert customer["last_contact_kind"] == "phone"
    assert [event.verb for event in company.events(lead)] == ["convert", "contacted", "create"]

    with pytest.raises(Invalid) as refused:
        company.owner.update("lead", lead, name="改名")
    assert codes(refused) == [("status", "converted")]
    with pytest.raises(Invalid) as refused:
        company.owner.do("lead", "convert", lead)
    assert codes(refused) == [("status", "closed")]


def test_a_lead_without_company_becomes_a_person(company: Company) -> None:
    lead = company.owner.create("lead", name="微信咨询", person="方圆", gender="male", wechat="fangyuan88")
    answer = company.owner.do("lead", "convert", lead).output
    customer = company.get("customer", answer["customer"])
    assert (customer["name"], customer["kind"], customer["gender"], customer["wechat"]) == (
        "方圆",
        "person",
        "male",
        "fangyuan88",
    )
    assert (answer["contact"], answer["opportunity"]) == (None, None)


def test_an_existing_customer_is_used_and_left_as_it_is(company: Company) -> None:
    customer = company.owner.create("customer", name="老朋友", industry="C")
    lead = company.owner.create("lead", name="又来询价", company="老朋友", person="新同事", industry="F")
    answer = company.owner.do("lead", "convert", lead, customer=customer).output
    assert answer["customer"] == customer
    assert company.get("customer", customer)["industry"] == "C"
    assert company.get("contact", answer["contact"])["customer"] == customer


def test_somebody_elses_customer_cannot_be_picked(company: Company) -> None:
    hidden = company.outsider.create("customer", name="别人的客户")
    lead = company.owner.create("lead", name="想转过去", company="想转过去", person="某人")
    for with_contact in (True, False):
        with pytest.raises(Invalid):
            company.owner.do("lead", "convert", lead, customer=hidden, with_contact=with_contact)
    assert company.get("lead", lead)["status"] == "new"


def test_giving_up_and_taking_up_again(company: Company) -> None:
    lead = company.owner.create("lead", name="无效线索")
    with pytest.raises(Invalid) as refused:
        company.owner.do("lead", "invalidate", lead)
    assert codes(refused) == [("invalid_reason", "required")]
    company.owner.do("lead", "invalidate", lead, {"invalid_reason": "no_need", "invalid_note": "已采购"})
    assert company.get("lead", lead)["status"] == "invalid"
    with pytest.raises(Invalid) as refused:
        company.owner.do("lead", "convert", lead)
    assert codes(refused) == [("status", "closed")]
    company.owner.do("lead", "reopen", lead)
    row = company.get("lead", lead)
    assert (row["status"], row["invalid_reason"]) == ("new", None)


def test_the_status_is_not_typed(company: Company) -> None:
    with pytest.raises(Invalid) as refused:
        company.owner.create("lead", name="直接转换", status="converted")
    assert codes(refused) == [("status", "read-only")]
    with pytest.raises(Invalid) as refused:
        company.owner.create("lead", name="高分", score=101)
    assert codes(refused) == [("score", "range")]
