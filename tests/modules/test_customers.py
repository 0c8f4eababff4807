"""Customers and contacts, through the door."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from guanxi.kernel import Invalid
from tests.modules.conftest import Company


def test_a_new_customer_has_a_number_a_kind_and_its_maker_as_owner(company: Company) -> None:
    first = company.get("customer", company.owner.create("customer", name="海纳机电有限公司"))
    second = company.get("customer", company.owner.create("customer", name="海纳机电有限公司"))
    assert first["owner"] == company.owner.id
    assert (first["kind"], first["grade"], first["relation"], first["deal_status"]) == (
        "company",
        "normal",
        "potential",
        "none",
    )
    month = f"{company.desk.today:%Y%m}"
    assert first["number"].startswith(f"KH{month}-")
    assert int(second["number"][-4:]) == int(first["number"][-4:]) + 1


def test_a_wrong_credit_code_is_said_and_saved(company: Company) -> None:
    right = company.owner.do("customer", "create", changes={"name": "甲", "credit_code": " 91310230 6305833353 "})
    assert right.warnings == ()
    assert company.get("customer", right.id)["credit_code"] == "913102306305833353"
    wrong = company.owner.do("customer", "create", changes={"name": "乙", "credit_code": "913102306305833354"})
    assert [field for field, _ in wrong.warnings] == ["credit_code"]
    assert company.get("customer", wrong.id)["credit_code"] == "913102306305833354"


def test_a_person_has_no_credit_code(company: Company) -> None:
    with pytest.raises(Invalid) as refused:
        company.owner.create("customer", name="张三", kind="person", credit_code="913102306305833353")
    assert [(e.field, e.code) for e in refused.value.errors] == [("credit_code", "person")]


def test_parents_make_no_circle(company: Company) -> None:
    group = company.owner.create("customer", name="集团")
    branch = company.owner.create("customer", name="分公司", parent=group)
    office = company.owner.create("customer", name="办事处", parent=branch)
    with pytest.raises(Invalid) as refused:
        company.owner.update("customer", group, parent=office)
    assert [(e.field, e.code) for e in refused.value.errors] == [("parent", "circle")]


def test_nobody_types_the_fields_that_are_counted(company: Company) -> None:
    customer = company.owner.create("customer", name="只读")
    for field, value in (("last_contact_at", "2026-01-01"), ("last_won_on", "2026-01-01"), ("deal_status", "won")):
        with pytest.raises(Invalid) as refused:
            company.admin.update("customer", customer, **{field: value})
        assert [(e.field, e.code) for e in refused.value.errors] == [(field, "read-only")]


def test_birthdays_come_round_by_their_own_calendar(company: Company) -> None:
    today = company.desk.today
    customer = company.owner.create("customer", name="生日客户")

    def next_one(**changes: str) -> date:
        contact = company.owner.create("contact", name="寿星", customer=customer, **changes)
        found: date = company.get("contact", contact)["next_birthday"]
        return found

    assert next_one(birthday=f"1980-{today:%m-%d}") == today
    yesterday = today - timedelta(days=1)
    assert next_one(birthday=f"1980-{yesterday:%m-%d}") == yesterday.replace(year=yesterday.year + 1)
    autumn = {2026: date(2026, 9, 25), 2027: date(2027, 9, 15), 2028: date(2028, 10, 3)}
    expected = next(day for day in autumn.values() if day >= today)
    assert next_one(birthday="1980-08-15", birthday_kind="lunar") == expected


def test_one_primary_contact_of_a_customer(company: Company) -> None:
    customer = company.owner.create("customer", name="首要")
    first = company.owner.create("contact", name="甲", customer=customer, primary=True)
    second = company.owner.create("contact", name="乙", customer=customer)
    assert company.get("contact", first)["primary"] is True
    company.owner.update("contact", second, primary=True)
    assert (company.get("contact", first)["primary"], company.get("contact", second)["primary"]) == (False, True)
    elsewhere = company.owner.create("customer", name="另一家")
    third = company.owner.create("contact", name="丙", customer=elsewhere, primary=True)
    company.owner.update("contact", third, customer=customer)
    assert (company.get("contact", second)["primary"], company.get("contact", third)["primary"]) == (False, True)


def test_contacts_go_into_the_bin_and_come_back_with_their_customer(company: Company) -> None:
    customer = company.owner.create("customer", name="回收")
    contact = company.owner.create("contact", name="同去", customer=customer)
    company.owner.do("customer", "delete", customer)
    assert company.find("contact", "id", contact) == []
    company.owner.do("customer", "restore", customer)
    assert company.get("contact", contact)["name"] == "同去"
