"""The page of pasted text, without script: propose, correct, accept; and what is shown to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest

from guanxi.kernel import setup
from guanxi.kernel.records import door, reading
from tests.kernel.tools import state
from tests.surfaces.web.browser import Browser, inputs, words

TEXT = "今天拜访了东湖科技有限公司的采购经理周明先生，手机 13812340001，预算 20万元，2099年1月7日上午10点再来谈"


@pytest.fixture(scope="module")
def page(cast: Any) -> Browser:
    return Browser("owner")


def send(page: Browser, html: str, **changed: str) -> Any:
    return page.post("/capture", {**inputs(html), "do": "accept", **{name.replace("__", "."): value for name, value in changed.items()}})


def propose(page: Browser, text: str) -> str:
    answer = page.post("/capture", {"text": text})
    assert answer.status_code == 200, words(answer.content.decode())[-400:]
    return answer.content.decode()


def test_a_text_is_proposed_corrected_and_accepted(cast: Any, page: Browser) -> None:
    assert 'name="text"' in page.read("/capture")
    html = propose(page, TEXT)
    held = inputs(html)
    assert (held["customer.name"], held["contact.name"], held["contact.phones"]) == (["东湖科技有限公司"], ["周明"], ["138 1234 0001"])
    assert (held["activity.next_contact_at"], held["activity.kind"], held["contact.gender"]) == (["2099-01-07T10:00"], ["visit"], ["male"])
    assert (held["customer.use"], held["contact.use"], held["opportunity.use"], held["activity.use"]) == (["new"], ["new"], ["none"], ["new"])
    assert re.findall(r'<mark class="m\d" title="[^"]+" data-for="[^"]+">([^<]+)</mark>', html) == ["拜访", "东湖科技有限公司", "周明", "13812340001", "20万元", "2099年1月7日上午10点"]
    answer = send(page, html, contact__job_title="采购总监")
    actor = cast.actor("owner")
    customer = reading.query("customer", actor=actor, where="name = 东湖科技有限公司").rows[0]["id"]
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{customer}")
    contact = reading.query("contact", actor=actor, where=f"customer = {customer}", fields=["name", "job_title", "phones"]).rows
    assert [(row["name"], row["job_title"], row["phones"]) for row in contact] == [("周明", "采购总监", [{"number": "+8613812340001"}])]
    row = reading.query("activity", actor=actor, where=f"customer = {customer}", fields=["content", "kind", "next_contact_at", "contact"]).rows[0]
    assert (row["content"], row["kind"], row["contact"]["label"]) == (TEXT, "visit", "周明")
    assert row["next_contact_at"].isoformat() == "2099-01-07T02:00:00+00:00"
    assert reading.query("opportunity", actor=actor, where=f"customer = {customer}").rows == []
    assert "已保存：客户、联系人、跟进记录。" in words(page.read(f"/customers/{customer}"))


def test_the_second_time_nothing_is_made_twice(cast: Any, page: Browser) -> None:
    html = propose(page, "周明 13812340001 来电，2099年2月1日下午3点见")
    held = inputs(html)
    actor = cast.actor("owner")
    customer = reading.query("customer", actor=actor, where="name = 东湖科技有限公司").rows[0]["id"]
    contact = reading.query("contact", actor=actor, where="name = 周明").rows[0]["id"]
    assert (held["customer.use"], held["contact.use"]) == ([str(customer)], [str(contact)])
    assert send(page, html).status_code == 302
    assert reading.query("customer", actor=actor, where="name = 东湖科技有限公司", count="exact").count == 1
    assert reading.query("activity", actor=actor, where=f"customer = {customer}", count="exact").count == 2


def test_who_must_choose_is_asked_and_nothing_is_lost(cast: Any, page: Browser) -> None:
    html = propose(page, "今天拜访了东湖科技（武汉）有限公司，客户想先试用")
    assert "customer.use" not in inputs(html), "a similar customer is shown, nobody is chosen"
    assert "名称相近" in html
    before = state()
    answer = send(page, html)
    assert answer.status_code == 422 and "请选择是哪一个" in answer.content.decode() and state() == before
    chosen = re.search(r'name="customer.use" value="([0-9a-f-]{36})"', html)
    assert chosen is not None
    answer = send(page, answer.content.decode(), customer__use=chosen[1])
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{chosen[1]}")


def test_another_record_can_be_named_and_a_wrong_value_is_told(cast: Any, page: Browser) -> None:
    other = door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "西湖集团"}).id
    html = propose(page, "今天拜访了无名有限公司，2099年3月1日再来")
    before = state()
    answer = send(page, html, customer__use="other", customer__other="没有这家")
    assert answer.status_code == 422 and "找不到“没有这家”" in answer.content.decode()
    answer = send(page, html, activity__next_contact_at="不是时间")
    assert answer.status_code == 422 and 'id="d-activity.next_contact_at" class="error"' in answer.content.decode()
    assert state() == before
    answer = send(page, html, customer__use="other", customer__other="西湖集团")
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{other}")


def test_what_may_be_meant_is_taken_when_picked(cast: Any, page: Browser) -> None:
    actor = cast.actor("owner")
    customer = door.perform("customer", "create", actor=actor, changes={"name": "南山仪器有限公司"}).id
    deal = door.perform("opportunity", "create", actor=actor, changes={"name": "仪器单", "customer": str(customer), "needs": "仪器"}).id
    html = propose(page, "今天拜访了南山仪器有限公司，确认了需求，报价 30万元，明天或者2099年1月8日再谈")
    held = inputs(html)
    assert held["opportunity.use"] == [str(deal)] and "deal.use" not in held and held["activity.next_contact_at"] == [""]
    stage = re.search(r'name="deal.stage.pick" value="([0-9a-f-]{36})"[^>]*>需求确认', html)
    assert stage is not None
    answer = send(page, html, deal__use="new", deal__stage__pick=stage[1], deal__amount__pick="CNY 300000", activity__next_contact_at__pick="2099-01-08T09:00")
    assert answer.status_code == 302, words(answer.content.decode())[-600:]
    row = reading.get("opportunity", deal, actor=actor, fields=["stage", "amount"])
    assert (row["stage"]["label"], row["amount"]["amount"]) == ("需求确认", 300000)
    activity = reading.query("activity", actor=actor, where=f"opportunity = {deal}", fields=["next_contact_at"]).rows[0]
    assert activity["next_contact_at"].isoformat() == "2099-01-08T01:00:00+00:00"


def test_the_text_can_be_changed_and_nothing_in_it_is_trusted(page: Browser) -> None:
    html = propose(page, "今天拜访了<script>alert(1)</script>北山有限公司")
    assert "<script>alert" not in html and "&lt;script&gt;" in html
    back = page.post("/capture", {"text": "改一改", "do": "text"}).content.decode()
    assert "改一改</textarea>" in back
    assert "没有认出" in page.post("/capture", {"text": "好的谢谢"}).content.decode()
    assert page.post("/capture", {"text": " "}).status_code == 422


def test_it_is_offered_to_those_who_may_use_it(cast: Any) -> None:
    assert 'href="/capture"' in Browser("owner").read("/")
    assert 'href="/capture"' not in Browser("nobody").read("/")
    setup.create_user("looker", "只看", ["finance"], "correct horse battery")
    looker = Browser("looker")
    before = state()
    html = looker.post("/capture", {"text": TEXT}).content.decode()
    assert 'name="customer.use" value="new"' not in html
    assert state() == before


def test_in_english_no_chinese_is_left() -> None:
    page = Browser("owner", "en")
    page.post("/language", {"language": "en"})
    html = page.post("/capture", {"text": "Visited Blue River Inc. today, Anna Lee +1 650 253 0000, budget $50k, demo on January 7, 2099 at 2pm"}).content.decode()
    shown = words(html) + " " + " ".join(re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', html))
    assert set(re.findall(r"[\u3400-\u9fff]+", shown)) <= {"中文", "关", "王伟", "王"}
    assert inputs(html)["activity.next_contact_at"] == ["2099-01-07T14:00"]
    page.post("/language", {"language": "zh-CN"})
