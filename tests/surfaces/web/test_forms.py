"""Forms of records: what a new one asks for at once, headings, amounts in capital numerals."""

from __future__ import annotations

import re
from typing import Any

from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.records import door, reading
from tests.cast import Cast
from tests.surfaces.web.browser import Browser, inputs, words


def folded(html: str) -> tuple[list[str], list[str]]:
    """The labels shown at once, and those behind one click."""
    form = re.search(r'<form class="card form".*?</form>', html, re.S)
    assert form is not None
    at_once, _, rest = form[0].partition('<details class="rest"')
    return tuple(re.findall(r'<label for="i-(\w+)">', part) for part in (at_once, rest))  # type: ignore[return-value]


def test_a_new_record_asks_for_few_fields_at_once(cast: Cast) -> None:
    client = Browser("owner")
    page = client.read("/customers/new")
    first, rest = folded(page)
    assert first == ["name", "phones", "grade", "source", "industry", "owner", "region"]
    assert {"credit_code", "website", "annual_revenue", "files"} <= set(rest) and not set(first) & set(rest)
    assert f"全部字段 ({len(rest)})" in page
    assert re.findall(r"<legend>(.*?)</legend>", page)[:3] == ["联系人", "基本信息", "联系方式"], "the rest stands under the headings of the record's page"
    answer = client.fill("/customers/new", name="短表单公司", website="example.cn")
    held = reading.get("customer", answer["Location"].rsplit("/", 1)[-1], actor=cast.actor("owner"), fields=["name", "website", "kind"])
    assert (held["name"], held["website"], held["kind"]) == ("短表单公司", "https://example.cn", "company"), "what is folded is sent all the same"


def test_what_is_needed_or_brought_along_is_not_folded(cast: Cast) -> None:
    client = Browser("owner")
    assert "next_contact_at" in folded(client.read("/customers/new?next_contact_at=2027-01-01T09:00"))[0]
    wrong = client.fill("/customers/new", name="有误的公司", website="不是 网址")
    assert wrong.status_code == 422 and '<details class="rest" open>' in wrong.content.decode(), "where something is wrong is open"


def test_a_customer_and_their_first_contact_are_one_form(cast: Cast) -> None:
    client = Browser("owner")

    def found(name: str) -> list[Any]:
        return reading.query("contact", actor=cast.actor("owner"), where=Test("customer.name", "=", name), fields=["name", "phones", "customer", "owner"]).rows

    page = client.read("/customers/new")
    assert "<legend>联系人</legend>" in page and 'name="contact.name"' in page
    assert client.fill("/customers/new", name="一表公司", contact__name="何联", contact__phones="13900139000").status_code == 302
    (made,) = found("一表公司")
    assert (made["name"], made["phones"][0]["number"], made["owner"]["label"]) == ("何联", "+8613900139000", "王伟")
    assert client.fill("/customers/new", name="无人公司").status_code == 302 and found("无人公司") == []

    wrong = client.fill("/customers/new", name="半张公司", contact__phones="13900139001")
    text = wrong.content.decode()
    assert wrong.status_code == 422 and re.search(r'name="contact\.name"[^>]*aria-invalid="true"', text), "said at its field"
    assert 'value="半张公司"' in text and "13900139001" in text
    assert reading.query("customer", actor=cast.actor("owner"), where=Test("name", "=", "半张公司")).rows == [], "neither without the other"


def test_who_may_not_make_the_other_is_not_asked(cast: Cast) -> None:
    grants = {"customer": {"verbs": ["read", "create"], "read": "own", "write": "own"}}
    role = door.perform("role", "create", actor=cast.actor("admin"), changes={"name": "只建客户", "grants": grants}).id
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["nobody"], changes={"roles": [str(role)]})
    client = Browser("nobody")
    assert 'name="contact.name"' not in client.read("/customers/new")
    answer = client.fill("/customers/new", name="只有客户", contact__name="不该有")
    assert answer.status_code == 302
    held = answer["Location"].rsplit("/", 1)[-1]
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["nobody"], changes={"roles": []})
    assert reading.query("contact", actor=cast.actor("admin"), where=Test("customer", "=", held)).rows == []


def test_an_edited_record_stands_under_headings(cast: Cast) -> None:
    made = door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "分组公司"}).id
    page = Browser("owner").read(f"/customers/{made}/edit")
    shown = page.partition('<details class="rest"')[0]
    assert re.findall(r"<legend>(.*?)</legend>", shown)[:3] == ["基本信息", "联系方式", "企业资料"]
    assert folded(page)[0][:3] == ["name", "kind", "short_name"] and "更多字段" in page
    assert "<legend>Basics</legend>" in Browser("owner", "en").read(f"/customers/{made}/edit")


def test_an_amount_stands_in_capital_numerals_under_its_input(cast: Cast) -> None:
    made = door.perform("opportunity", "create", actor=cast.actor("owner"), changes={"name": "大写商机", "amount": "107000.53"}).id
    client: Any = Browser("owner")
    assert '<output class="upper" for="i-amount">壹拾万柒仟元零伍角叁分</output>' in client.read(f"/opportunities/{made}/edit")
    assert '<output class="upper"' not in Browser("owner", "en").read(f"/opportunities/{made}/edit")

    def spelled(amount: str, currency: str = "CNY") -> str:
        return str(client.get("/spelled", {"amount": amount, "currency": currency}).content.decode())

    assert [spelled("1.2万"), spelled("¥0.5"), spelled("5", "USD"), spelled("USD 5"), spelled("abc"), spelled(""), spelled("1e99"), spelled("99999999999999999")] == ["壹万贰仟元整", "伍角", "", "", "", "", "", ""]
    assert words(client.read("/opportunities/new")).count("大写") == 0 and inputs(client.read("/opportunities/new"))["name"] == [""]


def test_a_day_that_is_today_unless_somebody_says_otherwise_stands_there(cast: Cast) -> None:
    """A time is the moment of saving, and stays empty."""
    client, today = Browser("owner"), cast.actor("owner").catalog.settings.today  # type: ignore[union-attr]
    assert inputs(client.read("/work_reports/new"))["day"] == [str(today)]
    assert inputs(client.read("/activities/new"))["happened_at"] == [""]
    assert client.fill("/work_reports/new", done="写了报告").status_code == 302
    made = reading.query("work_report", actor=cast.actor("owner"), fields=["day", "kind"]).rows
    assert [(row["day"], row["kind"]) for row in made] == [(today, "day")]
