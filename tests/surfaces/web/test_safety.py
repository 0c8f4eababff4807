"""What a company demands of signing in, and the log of who did or failed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from guanxi.base.errors import Invalid
from guanxi.kernel.catalog.security import PROFILES, Rules, rules
from guanxi.kernel.records import auditing, door, many, reading
from guanxi.kernel.storage import sql, tables
from tests.cast import PASSWORD
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


@pytest.fixture
def demand(cast):
    """Set some of the company's rules for one test."""
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]
    touched = set()

    def set_(**changes):
        touched.update(changes)
        door.perform("security", "update", actor=admin, id=record, changes=changes)

    yield set_
    door.perform("security", "update", actor=admin, id=record, changes=dict.fromkeys(touched))


def kinds(cast, who, **asked):
    """(kind, reason) of what the log says of somebody, newest first."""
    return [(line.kind, line.details.get("reason", "")) for line in auditing.lines(cast.actor("admin"), user=cast.users[who], **asked)]


def test_the_log_says_who_came_who_failed_and_why(cast):
    client = Browser()
    assert client.post("/signin", {"username": "owner", "password": "wrong"}, REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Firefox/1 Linux").status_code == 422
    assert client.post("/signin", {"username": "owner", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9").status_code == 302
    client.post("/signout")
    assert kinds(cast, "owner") == [("sign_out", ""), ("sign_in", ""), ("failed", "password")]
    line = auditing.lines(cast.actor("admin"), user=cast.users["owner"])[-1]
    assert (line.address, line.agent, line.user) == ("203.0.113.9", "Firefox/1 Linux", "王伟")


def test_an_unknown_name_is_noted_without_what_was_typed(cast):
    Browser().post("/signin", {"username": "my-secret-password", "password": "x"})
    line = auditing.lines(cast.actor("admin"), kinds=["failed"])[0]
    assert (line.user_id, line.details) == (None, {"reason": "unknown"})


def test_the_log_cannot_be_changed_or_cut(cast):
    Browser("owner")
    for statement in ("UPDATE gx_log SET address = ''", "DELETE FROM gx_log"):
        with pytest.raises(DatabaseError, match="gx_log"), sql.work(tables.DEFAULT_WORKSPACE):
            sql.run(statement)
    assert sql.rows("SELECT count(*) FROM gx_log")[0][0] == 0, "without a workspace nobody sees a line"


def test_only_who_may_reads_the_log(cast):
    assert Browser("owner").get("/settings/log").status_code == 404
    assert "/settings/log" not in Browser("owner").read("/settings")
    before = len(auditing.lines(cast.actor("admin"), kinds=["log_export"]))
    assert Browser("owner").post("/settings/log", {}).status_code == 404
    assert len(auditing.lines(cast.actor("admin"), kinds=["log_export"])) == before
    page = Browser("admin").read("/settings/log")
    assert "登录失败" in page and "203.0.113.9" in page and "王伟" in page


def test_the_log_is_filtered_and_paged(cast):
    admin = Browser("admin")
    page = admin.read(f"/settings/log?kind=failed&user={cast.users['owner']}")
    assert '<span class="pill red">登录失败</span>' in page and '<span class="pill grey">登录</span>' not in page
    assert "没有符合条件的日志" in admin.read("/settings/log?until=2001-01-01")
    assert admin.get("/settings/log?user=x&since=y&until=0001-01-01&before=z&kind=%00").status_code == 200
    for _ in range(51):
        Browser("outsider")
    first = admin.read(f"/settings/log?user={cast.users['outsider']}")
    older = first.split('class="button" href="/settings/log?')[1].split('"')[0].replace("&amp;", "&")
    assert first.count("<tr><td") == 50
    assert admin.read(f"/settings/log?{older}").count("<tr><td") == 1


def test_the_log_tells_of_settings_deletions_and_bulk_work_too(cast, demand):
    demand(remark="季度检查")
    owner = cast.actor("owner")
    books = [door.perform("book", "create", actor=owner, changes={"name": f"删{n}"}).id for n in range(3)]
    door.perform("book", "delete", actor=owner, id=books[0])
    many.at_once(owner, many.Deed("book", "update", {"pages": 7}), books[1:])
    admin = cast.actor("admin")
    newest = auditing.lines(admin)[:3]
    assert [(line.kind, line.object, line.title) for line in newest] == [("bulk", "book", ""), ("deleted", "book", "删0"), ("settings", "security", "")]
    assert newest[0].details["rows"] == 2 and newest[2].details["fields"] == ["remark"] and newest[2].user == "管理员"
    assert [line.kind for line in auditing.lines(admin, object="book", user=cast.users["owner"])] == ["bulk", "deleted"]
    assert {line.kind for line in auditing.lines(admin, kinds=["settings"])} == {"settings"}
    page = Browser("admin").read("/settings/log?object=book")
    assert "编辑 · 书 · 2 条" in page and "书 删0" in page and "登录与安全 ·" not in page
    assert "登录与安全 · 备注" in Browser("admin").read("/settings/log?kind=settings")


def test_taking_the_log_out_is_in_the_log(cast):
    answer = Browser("admin").post("/settings/log", {"kind": "failed"})
    assert answer["Content-Type"].startswith("text/csv") and "王伟" in answer.content.decode("utf-8-sig")
    line = auditing.lines(cast.actor("admin"), kinds=["log_export"])[0]
    assert line.user == "管理员" and line.details["rows"] == len(answer.content.decode().strip().splitlines()) - 1


def test_people_see_their_own_sign_ins_only(cast):
    Browser().post("/signin", {"username": "teammate", "password": "wrong"}, REMOTE_ADDR="198.51.100.4")
    assert "198.51.100.4" in Browser("teammate").read("/me")
    assert "198.51.100.4" not in Browser("owner").read("/me")


def test_tokens_passwords_and_given_access_are_in_the_log(cast):
    client = Browser("newcomer")
    page = client.post("/me", {"label": "报表"}).content.decode()
    client.post("/me/tokens/" + page.split('action="/me/tokens/')[1].split('"')[0])
    client.post("/password", {"current": PASSWORD, "password": "another long one", "again": "another long one"})
    door.perform("user", "give_access", actor=cast.actor("admin"), id=cast.users["newcomer"])
    assert [kind for kind, _ in kinds(cast, "newcomer")][:5] == ["access", "password", "token_revoked", "token", "sign_in"]
    assert auditing.lines(cast.actor("admin"), user=cast.users["newcomer"])[0].actor == "管理员"


def test_as_many_wrong_passwords_as_the_company_says(cast, demand):
    demand(lock_failures=3, lock_minutes=2)
    given = [Browser().post("/signin", {"username": "manager", "password": "no"}) for _ in range(3)]
    assert [one.status_code for one in given] == [422, 422, 429]
    assert int(given[-1]["Retry-After"]) == 121 and "2 分钟" in given[-1].content.decode()
    assert Browser().post("/signin", {"username": "manager", "password": PASSWORD}).status_code == 429
    assert kinds(cast, "manager") == [("failed", "locked"), ("locked", ""), *[("failed", "password")] * 3]
    tables.Account.objects.filter(username="manager").update(locked_until=None)


def test_wrong_passwords_long_apart_do_not_add_up(cast):
    mine = tables.Account.objects.filter(username="manager")
    mine.update(failures=4, failed_at=datetime.now(UTC) - timedelta(minutes=16))
    assert Browser().post("/signin", {"username": "manager", "password": "no"}).status_code == 422
    assert mine.get().failures == 1
    Browser("manager")
    assert mine.get().failures == 0


def test_an_address_that_fails_too_often_is_shut_out_whatever_the_name(cast):
    asked = {"REMOTE_ADDR": "192.0.2.66"}
    for n in range(50):
        assert Browser().post("/signin", {"username": f"guess-{n}", "password": "no"}, **asked).status_code == 422
    answer = Browser().post("/signin", {"username": "owner", "password": PASSWORD}, **asked)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert Browser().post("/signin", {"username": "owner", "password": PASSWORD}, REMOTE_ADDR="192.0.2.67").status_code == 302


def test_allowed_addresses_bind_pages_and_tokens(cast, demand):
    inside, outside = {"REMOTE_ADDR": "10.1.2.3"}, {"REMOTE_ADDR": "203.0.113.5"}
    client = Browser()
    client.post("/signin", {"username": "executive", "password": PASSWORD}, **outside)
    assert client.get("/", **outside).status_code == 200
    token = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('executive')}"}
    demand(addresses=["10.0.0.0/8", "2001:db8::/32"])
    assert client.get("/", **outside)["Location"] == "/signin"
    assert Browser().get("/api/v1/books", **token, **outside).status_code == 401
    assert Browser().get("/api/v1/books", **token, **inside).status_code == 200
    answer = Browser().post("/signin", {"username": "executive", "password": PASSWORD}, **outside)
    assert answer.status_code == 422 and "不允许从这个地址登录" in answer.content.decode()
    assert kinds(cast, "executive")[0] == ("refused", "address")
    assert Browser().post("/signin", {"username": "executive", "password": PASSWORD}, REMOTE_ADDR="2001:db8::7").status_code == 302
    assert Browser().post("/signin", {"username": "executive", "password": PASSWORD}, REMOTE_ADDR="::ffff:10.0.0.9").status_code == 302


def test_nobody_locks_themselves_out_by_addresses(cast):
    admin = Browser("admin")
    url = admin.get("/settings/security")["Location"]
    answer = admin.fill(f"{url}/edit", addresses="10.0.0.0/8")
    assert answer.status_code == 422 and "127.0.0.1" in answer.content.decode()
    assert "不是 IP 地址" in admin.fill(f"{url}/edit", addresses="somewhere").content.decode()
    assert reading.query("security", actor=cast.actor("admin"), fields=["addresses"]).rows[0]["addresses"] in (None, [])
    assert admin.fill(f"{url}/edit", addresses="127.0.0.0/8").status_code == 302
    assert admin.fill(f"{url}/edit", addresses="").status_code == 302


def test_rules_are_within_reason(cast, demand):
    for changes in ({"password_length": 4}, {"lock_failures": 1}, {"idle_minutes": -1}, {"lifetime_hours": 0}):
        with pytest.raises(Invalid):
            demand(**changes)
    with pytest.raises(Exception, match=""):
        door.perform("security", "update", actor=cast.actor("owner"), id=reading.query("security", actor=cast.actor("admin"), fields=["id"]).rows[0]["id"], changes={"idle_minutes": 5})


def test_an_idle_session_ends_and_one_in_use_does_not(cast, demand):
    demand(idle_minutes=30)
    client = Browser("junior")
    session = client.session
    assert session.get_expiry_age() == 1800
    session["seen"] = (datetime.now(UTC) - timedelta(minutes=29)).isoformat()
    session.save()
    assert client.get("/").status_code == 200
    assert datetime.now(UTC) - datetime.fromisoformat(client.session["seen"]) < timedelta(minutes=1), "used, so noted"
    session = client.session
    session["seen"] = (datetime.now(UTC) - timedelta(minutes=31)).isoformat()
    session.save()
    assert client.get("/books")["Location"] == "/signin?next=/books"
    assert not tables.Account.objects.none() and "account" not in client.session


def test_what_a_page_asks_by_itself_keeps_no_session_alive(cast, demand):
    demand(idle_minutes=30)
    client = Browser("junior")
    session = client.session
    session["seen"] = seen = (datetime.now(UTC) - timedelta(minutes=20)).isoformat()
    session.save()
    assert client.get("/waiting").status_code == 200
    assert client.session["seen"] == seen


def test_a_session_lasts_no_longer_than_the_company_says(cast, demand):
    demand(lifetime_hours=2)
    client = Browser("junior")
    session = client.session
    session["since"] = (datetime.now(UTC) - timedelta(hours=2, minutes=1)).isoformat()
    session.save()
    assert client.get("/")["Location"] == "/signin"


def test_one_sign_in_per_person(cast, demand):
    demand(one_session=True)
    first, second = Browser("junior"), Browser("junior")
    assert first.get("/")["Location"] == "/signin"
    assert second.get("/").status_code == 200


def test_passwords_are_as_the_company_says(cast, demand):
    demand(password_length=14, password_kinds=3, password_history=2)
    client = Browser("teammate")

    def change(current, new):
        return client.post("/password", {"current": current, "password": new, "again": new})

    assert "至少 14 位" in change(PASSWORD, "Short 1 pass!").content.decode()
    assert "至少 3 种" in change(PASSWORD, "all small letters").content.decode().replace("</", " </")
    assert change(PASSWORD, "First Password 1").status_code == 302
    assert change("First Password 1", "Second Password 2").status_code == 302
    again = change("Second Password 2", "First Password 1")
    assert again.status_code == 422 and "最近 2 次" in again.content.decode()
    assert change("Second Password 2", "Third Password 3").status_code == 302
    assert change("Third Password 3", "First Password 1").status_code == 302, "two others were in between"
    assert "至少 14 位" in words(client.read("/password")), "said before it is tried"


def test_an_old_password_is_due(cast, demand):
    client = Browser("outsider")
    assert client.get("/books").status_code == 200
    demand(password_days=90)
    assert client.get("/books").status_code == 200
    tables.Account.objects.filter(username="outsider").update(password_at=datetime.now(UTC) - timedelta(days=91))
    assert client.get("/books")["Location"] == "/password"
    assert "已超过 90 天" in words(client.read("/password"))
    client.post("/password", {"current": PASSWORD, "password": "yet another long one", "again": "yet another long one"})
    assert client.get("/books").status_code == 200


def test_a_profile_is_what_holds_where_nothing_was_chosen():
    assert rules({}, "") == Rules()
    assert (rules({}, "djbh3").idle_minutes, rules({}, "djbh3").password_days, rules({}, "asvs").password_length) == (30, 90, 12)
    assert rules({"idle_minutes": 0}, "djbh3").idle_minutes == 0
    assert set(PROFILES) == {"", "asvs", "djbh3"}


def test_opening_a_record_is_in_the_log_where_the_company_wants_it(cast, demand):
    book = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "平凡的世界"}).id
    client, token = Browser("owner"), {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    admin = cast.actor("admin")

    def opened():
        return [(line.user, line.record_id, line.details["via"]) for line in auditing.lines(admin, kinds=["opened"])]

    client.read(f"/books/{book}")
    assert opened() == []
    with pytest.raises(Invalid):
        demand(watched=["no_such_object"])
    demand(watched=["book"])
    client.read("/books?view=all")
    client.read(f"/books/{book}/edit")
    assert Browser("junior").get(f"/books/{book}").status_code == 404
    assert opened() == [], "neither lists, nor forms, nor what was refused"
    client.read(f"/books/{book}")
    client.read(f"/books/{book}?tab=history")
    assert Browser().get(f"/api/v1/books/{book}", **token).status_code == 200
    assert Browser().get(f"/api/v1/books/{book}?timeline=5", **token).status_code == 200
    assert opened() == [("王伟", book, "api")] * 2 + [("王伟", book, "web")] * 2
    page = Browser("admin").read("/settings/log?kind=opened")
    assert f'href="/books/{book}"' in page


def test_what_is_watched_is_picked_and_profiles_watch_what_tells_of_people(cast, demand):
    admin = cast.actor("admin")
    book = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "活着"}).id
    author = door.perform("author", "create", actor=cast.actor("owner"), changes={"name": "余华"}).id
    form = Browser("admin").read(f"/security/{reading.query('security', actor=admin, fields=['id']).rows[0]['id']}/edit")
    for key in ("@personal", "@none", "book"):
        assert f'<input type="checkbox" name="watched" value="{key}">' in form

    def opened():
        before = len(auditing.lines(admin, kinds=["opened"]))
        Browser("owner").read(f"/books/{book}")
        Browser("owner").read(f"/authors/{author}")
        lines = auditing.lines(admin, kinds=["opened"])
        return [line.object for line in lines[: len(lines) - before]]

    assert opened() == []
    for profile in ("asvs", "djbh3"):
        assert rules({}, profile).watched == ("@personal",)
    demand(watched=["@personal"])
    assert opened() == ["book"], "a book has a telephone"
    demand(watched=["author"])
    assert opened() == ["author"]
    demand(watched=["@none"])
    assert opened() == [] and rules({"watched": ["@none"]}, "asvs").watched == ("@none",)
