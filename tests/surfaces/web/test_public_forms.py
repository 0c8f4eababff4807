"""Public forms: what a visitor sees and sends, what becomes of it, and everything a stranger may try."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from guanxi.base.errors import Invalid, Problem
from guanxi.kernel import pacing
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, notices, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, ids, read_journal, refused, state

DESK = system(DEFAULT_WORKSPACE, via="test")
LEAD = ["name", "person", "source", "source_note", "requirement", "owner", "pool"]
SITE = "https://www.example.com"
USUAL: dict[str, Any] = {
    "name": "官网咨询", "title": "联系我们", "title_en": "Get in touch", "fields": ["person", "company", "phones", "email", "size", "requirement"], "required_fields": ["person"],
    "consent_text": "同意贵公司电话联系我", "consent_purpose": "marketing_phone", "source": "website", "thanks": "我们一个工作日内联系您。", "back_url": "https://www.example.com/thanks",
    "origins": [SITE],
}  # fmt: skip


@pytest.fixture(autouse=True)
def unhurried() -> None:
    pacing.forget()


@pytest.fixture(scope="module")
def pool(cast: Cast) -> UUID:
    [found] = ids(DESK, "pool", "object_name = lead")
    door.perform("pool", "update", actor=DESK, id=found, changes={"admins": [str(cast.users["manager"])]})
    return found


def form(cast: Cast, **changes: Any) -> dict[str, Any]:
    made = create(cast.actor("admin"), "web_form", **{**USUAL, **changes})
    return reading.get("web_form", made, actor=cast.actor("admin"))


def send(one: dict[str, Any], given: Any, *, address: str = "203.0.113.7", **headers: Any) -> Any:
    return Client().post(one["address"], json.dumps(given) if not isinstance(given, str) else given, content_type="application/json", REMOTE_ADDR=address, headers=headers)


def leads() -> int:
    return len(ids(DESK, "lead"))


def test_what_a_visitor_fills_in_becomes_a_lead_in_the_pool(cast: Cast, pool: UUID) -> None:
    one = form(cast)
    assert one["address"] == f"/f/{one['key']}" and len(one["key"]) == 16 and one["pool"]["id"] == pool
    page = Client().get(one["address"], headers={"Accept-Language": "en"})
    html = page.content.decode()
    assert page.status_code == 200 and "Get in touch" in html and "Your name" in html and "<script" not in html and "同意贵公司电话联系我" in html
    assert "联系我们" in Client().get(one["address"] + "?lang=zh-CN").content.decode()
    assert not page.cookies and f"frame-ancestors 'self' {SITE}" in page["Content-Security-Policy"] and "X-Frame-Options" not in page
    answer = Client().post(one["address"], {"person": "周 明", "company": "明日电器", "phones": "13800138000", "email": "zm@example.com", "requirement": "报价 <b>", "consent": "true", "homepage_url": ""}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200 and "我们一个工作日内联系您。" in answer.content.decode() and 'href="https://www.example.com/thanks"' in answer.content.decode() and not answer.cookies
    [lead] = reading.query("lead", actor=DESK, where="company = 明日电器", fields=LEAD).rows
    assert (lead["name"], lead["person"], lead["source"], lead["source_note"], lead["requirement"]) == ("明日电器 周 明 13800138000 zm@example.com", "周 明", "website", "在线表单：官网咨询", "报价 <b>")
    assert lead["owner"] is None and lead["pool"]["id"] == pool
    [event] = events_of("lead", lead["id"])
    assert (event.verb, event.actor_kind, event.via, event.actor) == ("create", "automation", "form", None)
    [consent] = reading.query("consent", actor=DESK, where={"field": "record", "op": "=", "value": str(lead["id"])}, fields=["purpose", "basis", "source", "remark"]).rows
    assert (consent["purpose"], consent["basis"], consent["source"], consent["remark"]) == ("marketing_phone", "consent", "在线表单：官网咨询", "同意贵公司电话联系我")
    read_journal()
    assert [n.text.zh for n in notices.shown(cast.actor("manager"))[0] if n.kind == "submitted"] == ["线索「明日电器 周 明 13800138000 zm@example.com」由在线表单提交，在公海等待处理"]


def test_it_goes_to_somebody_and_they_are_told(cast: Cast, pool: UUID) -> None:
    one = form(cast, receiver=cast.users["owner"], name="给王伟")
    assert send(one, {"person": "吴迪"}).json() == {"ok": True, "thanks": "我们一个工作日内联系您。", "next": "https://www.example.com/thanks"}
    [lead] = reading.query("lead", actor=cast.actor("owner"), where="person = 吴迪", fields=LEAD).rows
    assert lead["owner"]["id"] == cast.users["owner"] and lead["pool"] is None
    assert reading.query("consent", actor=DESK, where={"field": "record", "op": "=", "value": str(lead["id"])}).rows == [], "who does not tick has not agreed"
    read_journal()
    assert any(n.record == lead["id"] and n.kind == "assigned" for n in notices.shown(cast.actor("owner"))[0])
    for active in (False, True):  # who left looks after nothing any more
        door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["owner"], changes={"active": active})
        assert send(one, {"person": f"在职{active}"}).status_code == 200
        [lead] = reading.query("lead", actor=DESK, where=f"person = 在职{active}", fields=LEAD).rows
        assert (lead["owner"] is not None, lead["pool"] is None) == (active, active)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"person": "请填写。"}),
        ({"person": "  "}, {"person": "请填写。"}),
        ({"person": "甲", "phones": "abc"}, {"phones": "请填写正确的电话号码。"}),
        ({"person": "甲", "email": "not-an-address"}, ["email"]),
        ({"person": "甲", "size": "无此选项"}, {"size": "请从列出的选项里选。"}),
        ({"person": "甲", "size": ["1-49"]}, {"size": "格式不对。"}),
        ({"person": {"$ne": 1}}, {"person": "格式不对。"}),
        ({"person": ["甲", "乙"]}, {"person": "格式不对。"}),
        ({"person": "甲" * 5001}, {"person": "最多 5000 字。"}),
        ({"person": "甲\x00乙"}, {"person": "含有无法保存的字符。"}),
        ({"person": "甲", "owner": "11111111-1111-1111-1111-111111111111"}, {"owner": "表单里没有这一项。"}),
        ({"person": "甲", "status": "converted"}, {"status": "表单里没有这一项。"}),
        ({"person": "甲", "pool": None, "workspace_id": 1}, {"pool": "表单里没有这一项。", "workspace_id": "表单里没有这一项。"}),
        ({"person": "甲", "source": "referral"}, {"source": "表单里没有这一项。"}),
    ],
)
def test_what_is_refused_says_which_field_and_why_and_changes_nothing(cast: Cast, pool: UUID, given: dict[str, Any], wrong: Any) -> None:
    one = _kept(cast)
    before = state()
    answer = send(one, given)
    assert answer.status_code == 422 and state() == before
    said = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert (said if isinstance(wrong, dict) else list(said)) == wrong


_forms: dict[int, dict[str, Any]] = {}


def _kept(cast: Cast) -> dict[str, Any]:
    """One form for the tests that do not change it."""
    if id(cast) not in _forms:
        _forms[id(cast)] = form(cast, name="留着用")
    return _forms[id(cast)]


@pytest.mark.parametrize("body", [" ", "null", r'{"person": "\ud800"}', "[]", '"x"', "{", '{"person": 1e999}', "[" * 100_000, '{"a": ' * 5000, json.dumps({f"k{n}": 1 for n in range(101)}), '{"person": "' + "x" * 70_000 + '"}'])
def test_what_is_no_submission_at_all(cast: Cast, pool: UUID, body: str) -> None:
    one, before = _kept(cast), state()
    answer = send(one, body)
    assert answer.status_code in (400, 422) and not answer.json()["ok"] and state() == before


def test_a_form_sent_by_a_page_keeps_what_was_written(cast: Cast, pool: UUID) -> None:
    answer = Client().post(_kept(cast)["address"], {"company": '"><script>alert(1)</script>', "person": ""})
    html = answer.content.decode()
    assert answer.status_code == 422 and "<script" not in html and "&lt;script&gt;alert(1)" in html and html.count("请填写。") == 1
    before = state()
    with_file = Client().post(_kept(cast)["address"], {"person": "甲", "upload": __import__("io").BytesIO(b"x")})
    assert with_file.status_code == 422 and Client().post(_kept(cast)["address"], "<x/>", content_type="text/xml").status_code == 422 and state() == before


def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(cast: Cast, pool: UUID) -> None:
    one, before = _kept(cast), state()
    answer = send(one, {"person": "机器人", "homepage_url": "http://spam.example"})
    assert answer.status_code == 200 and answer.json()["ok"] and state() == before


def test_one_address_sends_so_much_and_no_more(cast: Cast, pool: UUID) -> None:
    one = _kept(cast)
    codes = [send(one, {"person": f"访客{n}"}, address="198.51.100.4").status_code for n in range(7)]
    assert codes == [200] * 6 + [429]
    assert int(send(one, {"person": "再来"}, address="198.51.100.4")["Retry-After"]) > 0
    assert send(one, {"person": "别处的"}, address="198.51.100.5").status_code == 200
    for _ in range(4):
        pacing.forget()
        for n in range(6):
            send(one, {"person": f"又{n}"}, address="198.51.100.4")
    pacing.forget()
    assert send(one, {"person": "这小时太多"}, address="198.51.100.4").status_code == 429


def test_only_the_sites_it_names_may_send(cast: Cast, pool: UUID) -> None:
    one, before = _kept(cast), leads()
    ask = Client().options(one["address"], headers={"Origin": SITE, "Access-Control-Request-Method": "POST"})
    assert ask.status_code == 204 and ask["Access-Control-Allow-Origin"] == SITE and ask["Access-Control-Allow-Headers"] == "content-type" and "Access-Control-Allow-Credentials" not in ask
    assert send(one, {"person": "官网来的"}, Origin=SITE)["Access-Control-Allow-Origin"] == SITE and leads() == before + 1
    for origin in ("https://evil.example", "null", SITE + ".evil.example", "http://www.example.com", SITE.upper()):
        refused_ = send(one, {"person": "别处来的"}, Origin=origin)
        assert refused_.status_code == 403 and "Access-Control-Allow-Origin" not in refused_
        assert Client().options(one["address"], headers={"Origin": origin}).status_code == 403
    assert leads() == before + 1
    alone = form(cast, origins=None, name="不嵌入")
    page = Client().get(alone["address"])
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"
    assert Client().put(one["address"]).status_code == 405


def test_a_duplicate_is_linked_and_nothing_is_told(cast: Cast, pool: UUID) -> None:
    owner = cast.actor("owner")
    mine = create(owner, "customer", name="有主的客户", phones=["13911112222"])
    rule = reading.query("duplicate_rule", actor=DESK, where="object_name = lead", fields=["name", "fields"], sort=["order"]).rows[0]
    for effect in ("warn", "forbid"):
        door.perform("duplicate_rule", "update", actor=DESK, id=rule["id"], changes={"api": effect})
        answer = send(_kept(cast), {"person": f"老客户{effect}", "phones": "13911112222"})
        assert answer.json() == {"ok": True, "thanks": "我们一个工作日内联系您。", "next": "https://www.example.com/thanks"}, "as anybody's"
        [lead] = reading.query("lead", actor=DESK, where=f"person = 老客户{effect}").rows
        [event] = events_of("lead", lead["id"])
        because = event.changes["@because"][1]
        assert because["kind"] == "duplicates" and str(mine) in because["of"]


def test_consent_that_must_be_given_is_asked_for(cast: Cast, pool: UUID) -> None:
    one = form(cast, consent_required=True, name="要同意")
    assert send(one, {"person": "没勾"}).json()["errors"] == [{"field": "consent", "message": "请先阅读并同意。"}]
    assert send(one, {"person": "勾了", "consent": True}).status_code == 200


def test_a_form_that_is_switched_off_or_never_was_looks_the_same(cast: Cast, pool: UUID) -> None:
    one = form(cast, active=False, name="停用的")
    pages = [Client().get(address) for address in (one["address"], "/f/abcdefghijklmnop", "/f/x-y")]
    assert {page.status_code for page in pages} == {404} and len({page.content for page in pages}) == 1
    assert send(one, {"person": "甲"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"fields": ["requirement"], "required_fields": []}, {"fields:name"}),
        ({"fields": ["person", "status"]}, {"fields:choice"}),
        ({"fields": ["person", "source"]}, {"fields:choice"}),
        ({"fields": ["person", "invalid_note"]}, {"fields:choice"}),
        ({"required_fields": ["industry"]}, {"required_fields:choice"}),
        ({"required_fields": ["website"]}, {"required_fields:asked"}),
        ({"consent_text": None, "consent_required": True}, {"consent_text:required"}),
        ({"consent_purpose": None}, {"consent_purpose:required"}),
        ({"origins": ["https://www.example.com/path"]}, {"origins:origin"}),
        ({"origins": ["*"]}, {"origins:origin"}),
        ({"origins": ["https://x.example; script-src *"]}, {"origins:origin"}),
        ({"object_name": "customer"}, {"object_name:choice"}),
    ],
)
def test_what_is_no_form(cast: Cast, pool: UUID, changes: dict[str, Any], codes: set[str]) -> None:
    with refused(Invalid, *codes):
        create(cast.actor("admin"), "web_form", **{**USUAL, **changes})


def test_only_administrators_make_forms(cast: Cast, pool: UUID) -> None:
    for who in ("owner", "manager", "outsider"):
        with refused(Problem):
            create(cast.actor(who), "web_form", **USUAL)
