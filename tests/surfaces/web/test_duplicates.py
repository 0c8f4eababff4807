"""Duplicates in forms: what the check shows, and saving in spite of it."""

from __future__ import annotations

from tests.cast import Cast
from tests.surfaces.web.browser import Browser


def test_a_form_stops_at_a_duplicate_until_it_is_confirmed(cast: Cast) -> None:
    owner, other = Browser("owner"), Browser("outsider")
    form = {"name": "杭州听雨茶业有限公司", "kind": "company"}
    assert owner.post("/customers/new", form).status_code == 302
    form["name"] = "听雨茶业"
    answer = other.post("/customers/new", form)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "杭州听雨茶业有限公司（他人的，负责人 王伟）" in text
    assert 'name="confirmed"' in text
    assert other.post("/customers/new", {**form, "confirmed": "1"}).status_code == 302


def test_the_check_shows_what_there_is(cast: Cast) -> None:
    client = Browser("newcomer")
    text = client.post("/customers/check", {"name": "听雨茶业"}, headers={"X-Inside": "panel"}).content.decode()
    assert "杭州听雨茶业有限公司" in text and "王伟" in text and "联系负责人" in text and ">打开<" not in text
    assert "<html" not in text
    mine = Browser("owner").post("/customers/check", {"name": "听雨茶业"}, headers={"X-Inside": "panel"}).content.decode()
    assert ">打开<" in mine
    assert client.post("/customers/check", {"name": "天下没有这家"}, headers={"X-Inside": "panel"}).content.decode().strip() == ""
    assert client.get("/customers/check").status_code == 404
    assert client.post("/tasks/check", {}).status_code == 404


def test_a_new_form_carries_what_is_compared(cast: Cast) -> None:
    text = Browser("owner").get("/customers/new").content.decode()
    assert 'data-check="/customers/check" data-compared="name credit_code phones website email"' in text
    text = Browser("owner").get("/contacts/new").content.decode()
    assert 'data-check="/contacts/check" data-compared="name phones email customer"' in text
    assert "data-check" not in Browser("owner").get("/tasks/new").content.decode()


def test_looking_up_before_a_visit(cast: Cast) -> None:
    client = Browser("newcomer")
    assert 'href="/customers/lookup"' in client.get("/customers").content.decode()
    before = client.get("/customers/lookup").content.decode()
    assert "今天还可以查 50 次" in before and 'placeholder="客户名称、统一社会信用代码、电话、网址、邮箱"' in before
    assert 'placeholder="电话、邮箱"' in client.get("/contacts/lookup").content.decode()
    text = client.post("/customers/lookup", {"q": "听雨茶业"}).content.decode()
    assert "杭州听雨茶业有限公司" in text and "王伟" in text and "今天还可以查 49 次" in text
    assert "没有查到" in client.post("/customers/lookup", {"q": "天下没有这家"}).content.decode()
    assert client.post("/customers/lookup", {"q": ""}).status_code == 422
    assert client.get("/tasks/lookup").status_code == 404


def test_a_request_is_begun_where_its_record_is(cast: Cast) -> None:
    """Not from the list of requests, which offers neither a form nor an import of them."""
    text = Browser("owner").read("/pleas")
    assert "还没有查重申请" in text and "/pleas/new" not in text and "/pleas/import" not in text
