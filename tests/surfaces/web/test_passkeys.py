"""Passkeys, with Chromium and a virtual authenticator: made, used to sign in, removed."""

from __future__ import annotations

import pytest

from guanxi.kernel.records import auditing
from guanxi.kernel.storage import tables
from tests.cast import PASSWORD
from tests.chromium import after, enter
from tests.surfaces.web.browser import Browser


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def test_there_are_none_on_an_address_of_digits():
    answer = Browser("owner", SERVER_NAME="127.0.0.1").post("/me/passkeys", {"label": "x", "current": PASSWORD})
    assert answer.status_code == 422 and "域名" in answer.json()["told"]
    assert Browser(SERVER_NAME="127.0.0.1").post("/signin/passkey", {}).status_code == 404


def test_one_is_not_made_without_the_password_nor_from_thin_air():
    client = Browser("owner")
    assert client.post("/me/passkeys", {"label": "x", "current": "wrong"}).status_code == 422
    assert client.post("/me/passkeys", {"label": "x", "credential": "{}"}).status_code == 422, "without a challenge"
    assert client.post("/me/passkeys", {"label": "x", "current": PASSWORD}).json()["rp"]["id"] == "testserver"
    for credential in ("{}", "[]", "x", '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}'):
        client.post("/me/passkeys", {"label": "x", "current": PASSWORD})
        assert client.post("/me/passkeys", {"label": "x", "credential": credential}).status_code == 422
    assert tables.Passkey.objects.count() == 0


def test_a_stranger_is_refused_and_noted(cast):
    client = Browser()
    assert client.post("/signin/passkey", {"credential": "{}"}).status_code == 422
    for credential in ("{}", "[]", '{"id": "AAAA"}', '{"id": 5}'):
        assert client.post("/signin/passkey", {}).json()["userVerification"] == "required"
        assert client.post("/signin/passkey", {"credential": credential}).status_code == 422
    assert "account" not in client.session
    found = auditing.lines(cast.actor("admin"), kinds=["failed"])
    assert [line.details["reason"] for line in found][:4] == ["passkey"] * 4


def test_nobody_removes_somebody_elses(cast):
    account = tables.Account.objects.get(username="owner")
    held = tables.Passkey.objects.create(account=account, credential=b"c", public_key=b"p", count=0, host="testserver", label="王伟的手机")
    assert Browser("junior").post(f"/me/passkeys/{held.id}/remove").status_code == 404
    assert tables.Passkey.objects.filter(id=held.id).exists()
    assert Browser("owner").post(f"/me/passkeys/{held.id}/remove").status_code == 302
    assert not tables.Passkey.objects.filter(id=held.id).exists()


def test_one_is_made_and_signs_in_and_is_removed(cast, website, chromium):
    site = website.replace("127.0.0.1", "localhost")
    page, said = enter(chromium, site, "manager")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(site + "/me")
    page.wait_for_selector("gx-passkey:not([hidden])")
    page.fill("#passkey-label", "我的电脑")
    page.fill("#passkey-current", "wrong")
    page.click("gx-passkey button")
    page.wait_for_selector("gx-passkey [role=alert]:has-text('当前密码不对')")
    page.fill("#passkey-current", PASSWORD)
    page.click("gx-passkey button")
    page.wait_for_selector(".tokens :text('我的电脑')")
    made = after(lambda: tables.Passkey.objects.get())
    assert (made.host, made.label) == ("localhost", "我的电脑")
    page.context.clear_cookies()
    page.goto(site + "/signin?next=/books")
    page.wait_for_selector("gx-passkey:not([hidden])")
    page.click("gx-passkey button")
    page.wait_for_url(f"{site}/books")
    lines = after(lambda: auditing.lines(cast.actor("admin"), user=cast.users["manager"]))
    assert [(line.kind, line.details.get("by")) for line in lines][:3] == [("sign_in", "passkey"), ("passkey", None), ("failed", None)]
    assert after(lambda: tables.Passkey.objects.get()).used_at is not None
    page.goto(site + "/me")
    page.click(".tokens form[action*='/me/passkeys/'] button")
    page.wait_for_selector(":text('还没有通行密钥')")
    page.context.clear_cookies()
    page.goto(site + "/signin")
    page.wait_for_selector("gx-passkey:not([hidden])")
    page.click("gx-passkey button")
    page.wait_for_selector("gx-passkey [role=alert]:has-text('没有通过验证')")
    assert said == []
    page.context.close()
