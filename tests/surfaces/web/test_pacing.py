"""How often one may ask, how long a statement may take, how many rows go out by the API in a day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client, override_settings

from guanxi.base.errors import Invalid, TooManyRequests, TooSlow
from guanxi.kernel import pacing
from guanxi.kernel.access import rights as access
from guanxi.kernel.catalog.security import rules
from guanxi.kernel.records import auditing, door, metering, reading
from guanxi.kernel.storage import sql, tables
from tests.kernel.tools import create, state
from tests.surfaces.web.browser import Browser, words

LIMITS = {"requests_minute": 30, "searches_minute": 30, "rows_day": 7}


@pytest.fixture
def limits(cast, monkeypatch):
    """The company's limits for one test, counted anew within a minute that does not pass, however slow the machine is."""
    monkeypatch.setattr(pacing, "clock", lambda: 1000.0)
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]
    pacing.forget()
    metering.forget()

    def set_(**changes):
        door.perform("security", "update", actor=admin, id=record, changes=changes)

    with override_settings(STRANGERS_MINUTE=30):
        yield set_
    set_(**dict.fromkeys(LIMITS))
    pacing.forget()
    metering.forget()


def asked(client, url, times, **more):
    """The statuses of so many requests."""
    return [client.get(url, **more).status_code for _ in range(times)]


def test_so_many_within_a_minute_of_the_first():
    pacing.forget()
    for second in range(3):
        pacing.take("a", 3, now=100.0 + second)
    for at, wait in ((103.0, 57), (159.5, 1)):
        with pytest.raises(TooManyRequests) as refused:
            pacing.take("a", 3, now=at)
        assert refused.value.retry_after == wait
    pacing.take("b", 3, now=103.0)
    pacing.take("a", 0, now=103.0)
    for second in range(3):
        pacing.take("a", 3, now=160.0 + second)
    with pytest.raises(TooManyRequests):
        pacing.take("a", 3, now=163.0)
    pacing.forget()


@pytest.mark.parametrize(("address", "network"), [
    ("203.0.113.9", "203.0.113.9"), ("::ffff:203.0.113.9", "203.0.113.9"), ("2001:db8:1:2::5", "20010db800010002"), ("2001:db8:1:2:ffff::9", "20010db800010002"), (":x", ":x"), ("", ""),
])  # fmt: skip
def test_an_address_stands_for_its_household(address, network):
    assert pacing.network(address) == network


def test_what_is_kept_of_who_asked_has_a_bound(monkeypatch):
    pacing.forget()
    monkeypatch.setattr(pacing, "MOST_KEPT", 10)
    for n in range(10):
        pacing.take(n, 1, now=float(n))
    pacing.take("later", 1, now=65.0)
    assert set(pacing._seen) == {6, 7, 8, 9, "later"}, "whose minute is over is forgotten first"
    pacing.forget()


def test_a_person_and_each_token_have_a_number_of_requests_a_minute(cast, limits):
    limits(requests_minute=30)
    here, there, token = Browser("owner"), Browser("owner"), {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    pacing.forget()  # signing in was a request, too
    assert asked(here, "/api/v1/jobs", 15) + asked(there, "/jobs", 15) == [200] * 30, "pages and API together, wherever signed in"
    before = state()
    page = there.get("/jobs")
    assert page.status_code == 429 and 0 < int(page["Retry-After"]) <= 60 and "每分钟最多 30 次请求，请稍等片刻再试。" in words(page.content.decode())
    answer = here.get("/api/v1/jobs", headers={"accept-language": "en"})
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:guanxi:problem:too-many-requests") and 0 < int(answer["Retry-After"]) <= 60
    assert answer.json()["detail"] == "At most 30 requests a minute; wait a moment and try again."
    assert here.post("/api/v1/books", {"name": "x"}, content_type="application/json").status_code == 429 and state() == before
    assert asked(Client(), "/api/v1/jobs", 31, **token) == [200] * 30 + [429], "a token counts by itself"
    assert Browser("manager").get("/jobs").status_code == 200, "and nobody else is kept waiting"
    limits(requests_minute=0)
    assert asked(here, "/api/v1/jobs", 3) == [200] * 3


def test_searching_has_a_number_of_its_own(cast, limits):
    limits(searches_minute=30)
    client = Browser("owner")
    assert [*asked(client, "/api/v1/search?q=x", 28), client.get("/search?q=x").status_code, client.get("/search/advanced?q=x").status_code] == [200] * 30
    assert [client.get(url).status_code for url in ("/api/v1/search?q=x", "/search?q=x", "/search/advanced?q=x")] == [429] * 3
    assert client.post("/api/v1/search", {"words": ["x"]}, content_type="application/json").status_code == 429
    assert [client.get(url).status_code for url in ("/search", "/jobs", "/api/v1/books")] == [200] * 3, "other pages go on"


def test_strangers_share_a_number_by_address(cast, limits):
    here, there = {"REMOTE_ADDR": "203.0.113.77"}, {"REMOTE_ADDR": "203.0.113.78"}
    wrong = {"HTTP_AUTHORIZATION": "Bearer gx_wrong"}
    assert asked(Client(), "/privacy", 20, **here) + asked(Client(), "/api/v1/books", 5, **here) + asked(Client(), "/api/v1/books", 5, **here, **wrong) == [200] * 20 + [401] * 10
    refused = Client().get("/signin", **here)
    assert refused.status_code == 429 and 0 < int(refused["Retry-After"]) <= 60 and "请稍等片刻再试" in refused.content.decode()
    assert Client().get("/api/v1/books", **here, **wrong).status_code == Client().get("/api/v1/books", **here).status_code == 429
    assert Client().get("/api/v1/openapi.json", **here).json()["detail"].startswith("每分钟最多 30 次")
    assert Client().get("/signin", **there).status_code == 200
    token = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    assert Client().get("/api/v1/books", **here, **token).status_code == 200, "who shows a token there is no stranger"
    assert Client().get("/static/x/app.css", **here).status_code != 429


def test_who_may_not_export_reads_so_many_rows_a_day_by_the_api(cast, limits):
    for n in range(5):
        create(cast.actor("owner"), "author", name=f"数行 {n}")
    limits(rows_day=7)
    token = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    where, client, admin = 'where=name starts "数行"', Client(), cast.actor("admin")

    def read(limit):
        answer = client.get(f"/api/v1/authors?{where}&limit={limit}", **token)
        return (answer.status_code, len(answer.json()["rows"])) if answer.status_code == 200 else (answer.status_code, int(answer["Retry-After"]))

    for name, may in (("author", False), ("book", True)):
        assert access.may(cast.actor("owner").rights, reading.guard_of(cast.actor("owner")).object(name), "export") is may
    assert [read(3), read(3)] == [(200, 3)] * 2 and auditing.lines(admin, kinds=["rows"]) == []
    assert read(5) == (200, 5), "the page that reaches it is still whole"
    status, wait = read(1)
    assert status == 429 and 0 < wait <= 86_400
    lines = auditing.lines(admin, kinds=["rows"])
    assert [(line.user_id, line.object, line.details) for line in lines] == [(cast.users["owner"], "author", {"rows": 11, "limit": 7})]
    metering.forget()
    assert read(1)[0] == 429, "another process finds it in the log"
    assert len(auditing.lines(admin, kinds=["rows"])) == 1
    assert Browser("owner").get("/books").status_code == 200, "pages are no lists taken out"
    assert client.get("/api/v1/jobs", **token).status_code == 200
    create(cast.actor("owner"), "book", name="不计数")
    assert len(client.get("/api/v1/books", **token).json()["rows"]) >= 1, "what one may export is not counted"
    limits(rows_day=0)
    assert read(5) == (200, 5)


def test_a_statement_of_a_request_does_not_go_on_for_ever(cast):
    slow = "SELECT pg_sleep(5)"
    began = datetime.now(UTC)
    with pytest.raises(TooSlow) as stopped, pacing.patience(1), sql.work(tables.DEFAULT_WORKSPACE):
        sql.rows(slow)
    assert stopped.value.status == 503 and (datetime.now(UTC) - began).total_seconds() < 4
    with sql.work(tables.DEFAULT_WORKSPACE):
        assert sql.rows("SHOW statement_timeout") == [("0",)], "jobs take as long as they take"
    with pacing.patience(30), sql.work(tables.DEFAULT_WORKSPACE):
        assert sql.rows("SHOW statement_timeout") == [("30s",)]


def test_limits_are_within_reason(limits):
    assert (rules({}, "").requests_minute, rules({}, "").searches_minute, rules({}, "").rows_day) == (1200, 300, 0)
    for name, value in (("requests_minute", 29), ("requests_minute", -1), ("searches_minute", 1), ("rows_day", -1)):
        with pytest.raises(Invalid) as problem:
            limits(**{name: value})
        assert [error.field for error in problem.value.errors] == [name]
