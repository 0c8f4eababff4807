"""The second factor: set up, asked for, used once, lost and reset."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from django.conf import settings

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel import second_factor
from guanxi.kernel.records import auditing, door, reading
from guanxi.kernel.storage import sql, tables
from tests.cast import PASSWORD
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def account(who):
    return tables.Account.objects.get(username=who)


def code_of(secret, off=0):
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * off)


def fresh(who):
    """As if the last code had been taken long ago."""
    tables.SecondFactor.objects.filter(account=account(who)).update(step=0)


def set_up(who):
    """(browser, secret, recovery codes) of somebody who has set it up by the pages."""
    client = Browser(who)
    assert client.post("/me/second", {"do": "begin", "current": PASSWORD})["Location"] == "/me/second"
    page = client.read("/me/second")
    secret = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")
    assert 'src="data:image/svg+xml' in page
    page = client.post("/me/second", {"do": "confirm", "code": code_of(secret)}).content.decode()
    return client, secret, re.findall(r'<code class="secret">([a-z0-9]{5}-[a-z0-9]{5})</code>', page)


def half(who):
    client = Browser()
    answer = client.post("/signin", {"username": who, "password": PASSWORD, "next": "/books"})
    assert answer["Location"] == "/signin/code?next=%2Fbooks"
    return client


def test_both_steps_are_needed_and_a_code_is_taken_once(cast):
    other = Browser("owner")
    client, secret, codes = set_up("owner")
    assert len(codes) == 10 == len(set(codes))
    assert client.get("/").status_code == 200 and other.get("/")["Location"] == "/signin"
    one = half("owner")
    assert one.get("/books")["Location"].startswith("/signin"), "the password alone opens nothing"
    assert one.get("/api/v1/books").status_code == 401
    fresh("owner")
    code = code_of(secret)
    assert one.post("/signin/code", {"code": "000000" if code != "000000" else "111111"}).status_code == 422
    assert one.post("/signin/code", {"code": f" {code[:3]} {code[3:]}", "next": "/books"})["Location"] == "/books"
    assert one.get("/books").status_code == 200
    again = half("owner").post("/signin/code", {"code": code})
    assert again.status_code == 422 and "已用过" in again.content.decode()
    kinds = [(line.kind, line.details.get("reason")) for line in auditing.lines(cast.actor("admin"), user=cast.users["owner"])]
    assert kinds[:5] == [("failed", "code"), ("sign_in", None), ("failed", "code"), ("second_on", None), ("sign_in", None)]


def test_codes_of_other_times_are_refused():
    _, secret, _ = set_up("junior")
    fresh("junior")
    assert second_factor.take(account("junior").id, code_of(secret, -4)) == ""
    assert second_factor.take(account("junior").id, code_of(secret, 4)) == ""
    assert second_factor.take(account("junior").id, "１２３４５６") == ""
    assert second_factor.take(account("junior").id, code_of(secret)) == "totp"


def test_a_recovery_code_is_good_once(cast):
    _, _, codes = set_up("teammate")
    held = tables.SecondFactor.objects.get(account=account("teammate"))
    assert not any(code in str(held.recovery) for code in codes)
    assert half("teammate").post("/signin/code", {"code": codes[3].upper().replace("-", " ")}).status_code == 302
    assert half("teammate").post("/signin/code", {"code": codes[3]}).status_code == 422
    line = auditing.lines(cast.actor("admin"), user=cast.users["teammate"], kinds=["recovery"])[0]
    assert line.details == {"left": 9}
    client = Browser()
    client.post("/signin", {"username": "teammate", "password": PASSWORD})
    client.post("/signin/code", {"code": codes[4]})
    assert client.post("/me/second", {"do": "codes", "current": "wrong"}).status_code == 422
    assert second_factor.codes_left(account("teammate").id) == 8
    page = client.post("/me/second", {"do": "codes", "current": PASSWORD}).content.decode()
    assert len(re.findall(r"[a-z0-9]{5}-[a-z0-9]{5}</code>", page)) == 10
    assert half("teammate").post("/signin/code", {"code": codes[5]}).status_code == 422, "the old ones are worth nothing"


def test_the_secret_is_not_in_the_database_in_plain():
    _, secret, _ = set_up("manager")
    held = bytes(sql.rows("SELECT secret FROM gx_second_factor f JOIN gx_account a ON a.id = f.account_id WHERE a.username = 'manager'")[0][0])
    assert secret.encode() not in held
    mine = tables.SecondFactor.objects.filter(account=account("manager"))
    tables.SecondFactor.objects.filter(account=account("junior")).update(secret=held, step=0)
    fresh("manager")
    assert second_factor.take(account("junior").id, code_of(secret)) == "", "it is bound to its account"
    assert mine.count() == 1 and second_factor.take(account("manager").id, code_of(secret)) == "totp"


def test_guessing_codes_locks_the_account():
    _, secret, _ = set_up("outsider")
    client = half("outsider")
    given = [client.post("/signin/code", {"code": f"{n}"}).status_code for n in range(5)]
    assert given == [422, 422, 422, 422, 429]
    fresh("outsider")
    assert client.post("/signin/code", {"code": code_of(secret)})["Location"] == "/signin", "half-way in no more"
    assert Browser().post("/signin", {"username": "outsider", "password": PASSWORD}).status_code == 429


def test_nothing_is_set_up_without_the_password_or_a_right_code(cast):
    client = Browser("newcomer")
    assert client.post("/me/second", {"do": "begin", "current": "wrong"}).status_code == 422
    assert not tables.SecondFactor.objects.filter(account=account("newcomer")).exists()
    client.post("/me/second", {"do": "begin", "current": PASSWORD})
    assert client.post("/me/second", {"do": "confirm", "code": "12345"}).status_code == 422
    assert not second_factor.is_on(account("newcomer").id)
    assert Browser("newcomer").get("/").status_code == 200, "what was never confirmed is not asked for"
    assert client.post("/me/second", {"do": "codes", "current": PASSWORD}).status_code == 404


def test_switching_it_off_takes_the_password(cast):
    client, _, _ = set_up("newcomer")
    assert client.post("/me/second", {"do": "off", "current": "wrong"}).status_code == 422
    assert second_factor.is_on(account("newcomer").id)
    assert client.post("/me/second", {"do": "off", "current": PASSWORD})["Location"] == "/me"
    assert Browser("newcomer").get("/").status_code == 200


def test_an_administrator_resets_it_and_nobody_else(cast):
    set_up("newcomer")
    with pytest.raises(Forbidden):
        door.perform("user", "reset_second_factor", actor=cast.actor("owner"), id=cast.users["newcomer"])
    assert second_factor.is_on(account("newcomer").id)
    door.perform("user", "reset_second_factor", actor=cast.actor("admin"), id=cast.users["newcomer"])
    assert Browser("newcomer").get("/").status_code == 200
    line = auditing.lines(cast.actor("admin"), user=cast.users["newcomer"], kinds=["second_reset"])[0]
    assert line.actor == "管理员"
    with pytest.raises(Invalid):
        door.perform("user", "reset_second_factor", actor=cast.actor("admin"), id=cast.users["newcomer"])


def test_a_company_may_demand_it_of_some_roles(cast):
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]
    role = reading.query("role", actor=admin, where={"field": "key", "op": "=", "value": "executive"}, fields=["id"]).rows[0]["id"]
    with pytest.raises(Invalid):
        door.perform("security", "update", actor=admin, id=record, changes={"second_factor": "roles"})
    boss, sales = Browser("executive"), Browser("newcomer")
    door.perform("security", "update", actor=admin, id=record, changes={"second_factor": "roles", "second_factor_roles": [role]})
    try:
        assert boss.get("/books")["Location"] == "/me/second"
        assert boss.get("/api/v1/books").status_code == 401
        assert sales.get("/books").status_code == 200
        assert "必须" in words(boss.read("/me/second")) or "要求" in words(boss.read("/me/second"))
        client, _, _ = set_up("executive")
        assert client.get("/books").status_code == 200
        assert client.post("/me/second", {"do": "off", "current": PASSWORD}).status_code == 403
        assert second_factor.is_on(account("executive").id)
        door.perform("security", "update", actor=admin, id=record, changes={"idle_minutes": 60})
        second_factor.remove(account("executive").id)
        assert Browser("executive").get("/books")["Location"] == "/me/second", "other changes keep the roles"
    finally:
        door.perform("security", "update", actor=admin, id=record, changes={"second_factor": None, "second_factor_roles": [], "idle_minutes": None})


def test_under_the_profile_asvs_administrators_must_have_one(cast, monkeypatch):
    monkeypatch.setattr(settings, "SECURITY_PROFILE", "asvs")
    admin, sales = Browser("admin"), Browser("newcomer")
    assert [admin.get(path)["Location"] for path in ("/", "/books", "/settings/security")] == ["/me/second"] * 3
    refused = admin.get("/api/v1/books")
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:guanxi:problem:second-factor")
    assert "公司要求您开启两步验证，完成后才能继续使用" in words(admin.read("/me/second"))
    assert sales.get("/books").status_code == 200, "who may change nobody's rights may go on without"
    try:
        client, _, _ = set_up("admin")
        assert client.get("/books").status_code == 200
        assert client.post("/me/second", {"do": "off", "current": PASSWORD}).status_code == 403
    finally:
        second_factor.remove(account("admin").id)
    monkeypatch.setattr(settings, "SECURITY_PROFILE", "")
    assert Browser("admin").get("/books").status_code == 200
