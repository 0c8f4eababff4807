"""Seeds and the sample company."""

from __future__ import annotations

from collections import Counter

from guanxi.kernel import Test
from guanxi.kernel.records import pairing
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.modules.activities.module import MODULE as ACTIVITIES
from guanxi.modules.customers.module import MODULE as CUSTOMERS
from guanxi.modules.products.module import MODULE as PRODUCTS
from guanxi.modules.sales.module import MODULE as SALES
from tests.modules.conftest import Company

MODULES = (CUSTOMERS, PRODUCTS, SALES, ACTIVITIES)


def test_seeding_again_changes_nothing(company: Company) -> None:
    names = ("dictionary", "dictionary_entry", "pipeline", "stage")
    before = {name: company.desk.find(name) for name in names}
    for module in MODULES:
        assert module.seed is not None
        module.seed(company.desk)
    assert {name: company.desk.find(name) for name in names} == before


def test_the_sample_company(company: Company) -> None:
    for module in MODULES:
        assert module.demo is not None
        module.demo(company.desk)
    sampled = Test("tags", "has", "示例")
    assert len(company.desk.find("customer", sampled)) == 60
    counts = {name: len(company.desk.find(name)) for name in ("product", "lead", "opportunity", "activity")}
    assert counts == {"product": 8, "lead": 40, "opportunity": 45, "activity": 200}
    assert Counter(row["status"] for row in company.desk.find("lead")) == {"new": 30, "converted": 5, "invalid": 5}
    assert Counter(row["result"] for row in company.desk.find("opportunity")) == {"open": 19, "won": 17, "lost": 9}
    names = {row["id"]: row["key"] for row in company.desk.find("stage")}
    open_stages = {names[row["stage"]] for row in company.desk.find("opportunity") if row["result"] == "open"}
    assert open_stages == {"contact", "needs", "quote", "negotiation"}


def test_the_inbox_finds_what_was_entered_twice_in_the_sample(company: Company) -> None:
    """By spelling, legal form and namesake; not the two that a single sign tells apart, whose credit codes differ."""
    pairing.look_through(DEFAULT_WORKSPACE, "customer")
    names = {str(row["id"]): row["name"] for row in company.desk.find("customer", limit=1000)}
    found = {(frozenset((names[row["record"]], names[row["other"]])), row["score"]) for row in company.desk.find("duplicate_pair")}
    assert found == {
        (frozenset(("佛山朗禾医疗器械有限公司", "朗禾医疗器械（佛山）有限责任公司")), 91),
        (frozenset(("南京锦时建设工程有限公司", "南京锦时建设工程")), 91),
        (frozenset(("广州凌川文化传媒有限公司",)), 85),
        (frozenset(("长沙元朴新材料科技有限公司",)), 85),
    }
