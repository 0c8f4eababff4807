"""Signing in, out, and what is due before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guanxi.kernel import setup
from guanxi.kernel.records import people
from guanxi.kernel.storage import tables
from tests.cast import PASSWORD
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page_asked_for():
    client = Browser()
    answer = client.get("/books?view=all")
    assert (answer.status_code, answer["Location"]) == (302, "/signin?next=/books%3Fview%3Dall")
    answer = client.post("/signin", {"username": "OWNER ", "password": PASSWORD, "next": "/books?view=all"})
    assert (answer.status_code, answer["Location"]) == (302, "/books?view=all")


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(to):
    answer = Browser().post("/signin", {"username": "owner", "password": PASSWORD, "next": to})
    assert answer["Location"] == "/"


def test_unknown_name_and_wrong_password_look_the_same():
    wrong = Browser().post("/signin", {"username": "owner", "password": "no"})
    unknown = Browser().post("/signin", {"username": "nobody-here", "password": "no"})
    assert Browser().post("/signin", {"username": "\x00", "password": "\x00"}).status_code == 422
    assert wrong.status_code == unknown.status_code == 422
    assert words(wrong.content.decode()) == words(unknown.content.decode())
    assert "用户名或密码不对" in wrong.content.decode()


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one():
    for _ in range(4):
        assert Browser().post("/signin", {"username": "junior", "password": "no"}).status_code == 422
    assert Browser().post("/signin", {"username": "junior", "password": "no"}).status_code == 429
    answer = Browser().post("/signin", {"username": "junior", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 901
    assert "15 分钟" in answer.content.decode()


def test_a_name_nobody_has_is_locked_as_one_somebody_has():
    def tried(name: str, password: str = "no") -> tuple[int, bool, str]:
        answer = Browser().post("/signin", {"username": name, "password": password})
        return answer.status_code, 0 < int(answer.get("Retry-After", "0")) <= 901, words(answer.content.decode()).replace(name, "")

    somebody, nobody = ([tried(name) for _ in range(7)] for name in ("outsider", "outsiders"))
    assert somebody == nobody
    assert [status for status, _, _ in nobody] == [422] * 4 + [429] * 3 and [later for _, later, _ in nobody] == [False] * 4 + [True] * 3
    assert tried("OUTSIDERS ")[0] == tried("outsider", PASSWORD)[0] == 429, "however it is spelled, and whatever the password"
    tables.Stranger.objects.update(locked_until=None, failed_at=datetime.now(UTC) - timedelta(minutes=16))
    tables.Account.objects.filter(username="outsider").update(locked_until=None, failed_at=datetime.now(UTC) - timedelta(minutes=16))
    assert [tried("outsider")[0] for _ in range(5)] == [tried("outsiders")[0] for _ in range(5)] == [422] * 4 + [429]
    assert tables.Stranger.objects.filter(name__contains="outsid").count() == 0, "what was typed is not kept"
    tables.Account.objects.filter(username="outsider").update(locked_until=None, failures=0)


def test_nothing_is_known_of_old_names_nobody_has():
    Browser().post("/signin", {"username": "long-ago", "password": "no"})
    tables.Stranger.objects.update(failed_at=datetime.now(UTC) - timedelta(days=3))
    Browser().post("/signin", {"username": "today", "password": "no"})
    assert tables.Stranger.objects.count() == 1


def test_a_first_password_is_changed_before_anything_else():
    password = setup.create_user("fresh", "小新", ["sales"])
    client = Browser()
    client.post("/signin", {"username": "fresh", "password": password})
    assert client.get("/books")["Location"] == "/password"
    weak = client.post("/password", {"current": password, "password": "short", "again": "short"})
    assert weak.status_code == 422 and "至少 10 位" in weak.content.decode()
    good = client.post("/password", {"current": password, "password": "a longer secret", "again": "a longer secret"})
    assert good["Location"] == "/"
    assert client.get("/books").status_code == 200


def test_a_changed_password_ends_the_sessions_elsewhere():
    here, there = Browser("teammate"), Browser("teammate")
    answer = here.post("/password", {"current": PASSWORD, "password": "another long one", "again": "another long one"})
    assert answer.status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/")["Location"] == "/signin"


def test_signing_out_ends_the_session():
    client = Browser("owner")
    client.get("/signout")
    assert client.get("/").status_code == 200, "a link alone signs nobody out"
    client.post("/signout")
    assert client.get("/")["Location"] == "/signin"


def test_somebody_made_inactive_is_out_at_once(cast):
    client = Browser("newcomer")
    assert client.get("/").status_code == 200
    setup.Desk(people.the_system(cast.actor("admin").workspace)).perform("user", "update", cast.users["newcomer"], {"active": False})
    assert client.get("/")["Location"] == "/signin"
    again = Browser().post("/signin", {"username": "newcomer", "password": PASSWORD})
    assert again.status_code == 422 and "账号已停用" in again.content.decode()


def test_signing_in_begins_a_session_of_its_own():
    client = Browser("owner")
    before = client.cookies["guanxi_session"].value
    client.post("/signin", {"username": "manager", "password": PASSWORD})
    assert client.cookies["guanxi_session"].value != before
    assert "赵强" in client.read("/me") and "王伟" not in client.read("/me")


def test_the_language_is_the_browsers_then_the_persons(cast):
    assert "Sign in" in Browser(language="en-GB,en;q=0.9").read("/signin")
    assert "登录" in Browser(language="fr").read("/signin")
    client = Browser("outsider")
    assert "首页" in client.read("/")
    client.post("/language", {"language": "en", "next": "/me"})
    assert "Home" in client.read("/")
    assert "Home" in Browser("outsider", "zh-CN").read("/"), "kept on the person's record"
    assert cast.actor("outsider").language == "en"


def test_a_form_from_elsewhere_is_refused():
    client = Browser("owner", enforce_csrf_checks=False)
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/signout").status_code == 403


def test_tokens_are_shown_once_and_revoked():
    client = Browser("owner")
    made = client.post("/me", {"label": "报表"}).content.decode()
    assert "gx_" in made
    page = client.read("/me")
    assert "报表" in page and "gx_" not in page
    url = page.split('action="/me/tokens/')[1].split('"')[0]
    assert Browser("manager").post("/me/tokens/" + url).status_code == 404
    assert client.post("/me/tokens/" + url).status_code == 302
    assert "报表" not in words(client.read("/me"))
