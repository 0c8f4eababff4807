"""Tokens have an end, and an administrator sees and ends everybody's ways in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from guanxi.base.errors import Invalid
from guanxi.base.ids import uuid7
from guanxi.kernel import self_check, setup
from guanxi.kernel.catalog.security import rules
from guanxi.kernel.records import auditing, door, reading
from guanxi.kernel.storage import tables
from tests.cast import Cast
from tests.surfaces.web.browser import Browser, words


@pytest.fixture
def demand(cast):
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]

    def set_(days):
        door.perform("security", "update", actor=admin, id=record, changes={"token_days": days})

    yield set_
    set_(None)


def token_of(who: str) -> tables.Token:
    return tables.Token.objects.filter(account__username=who).latest("id")


def lasts(token: tables.Token) -> int:
    return round((token.expires_at - token.created_at) / timedelta(days=1))


def test_a_token_ends_when_it_was_said_to_and_at_the_latest_as_the_company_says(cast: Cast, demand) -> None:
    client = Browser("owner")
    page = client.post("/me", {"label": "每日同步"}).content.decode()
    assert lasts(token_of("owner")) == 365 and "到期" in words(page) and 'max="365"' in page
    client.post("/me", {"label": "一周", "days": "7"})
    assert lasts(token_of("owner")) == 7
    setup.issue_token("teammate", "cli")
    assert lasts(token_of("teammate")) == 365
    secret = setup.issue_token("teammate", "cli", 30)
    assert lasts(token_of("teammate")) == 30
    before = tables.Token.objects.count()
    for days in ("0", "366", "-1", "x", "1e3"):
        answer = client.post("/me", {"label": "太久", "days": days})
        assert answer.status_code == 422 and "天" in words(answer.content.decode()), days
    for wrong in (0, 366):
        with pytest.raises(Invalid) as problem:
            setup.issue_token("teammate", "cli", wrong)
        assert problem.value.errors[0].field == "days"
    assert tables.Token.objects.count() == before, "a refused one was not made"
    how = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert Client().get("/api/v1/books", **how).status_code == 200
    tables.Token.objects.filter(id=token_of("teammate").id).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert Client().get("/api/v1/books", **how).status_code == 401
    demand(0)
    client.post("/me", {"label": "一直"})
    assert token_of("owner").expires_at is None and rules({"token_days": 0}, "djbh3").token_days == 0


def test_an_administrator_sees_and_ends_everybodys_ways_in(cast: Cast, demand) -> None:
    tables.Token.objects.all().delete()
    one, two, admin = Browser("manager"), Browser("manager"), Browser("admin")
    token = {"HTTP_AUTHORIZATION": f"Bearer {setup.issue_token('manager', '报表')}"}
    demand(0)
    endless = {"HTTP_AUTHORIZATION": f"Bearer {setup.issue_token('owner', '旧程序')}"}
    page = admin.read("/settings/access")
    assert "报表" in page and "旧程序" in page and "没有期限" in words(page) and "撤销 1 个没有期限的令牌" in page
    assert "/settings/access" in admin.read("/settings")
    account = tables.Account.objects.get(username="manager")

    for who in ("owner", "executive"):
        other = Browser(who)
        assert other.get("/settings/access").status_code == 404 and "/settings/access" not in other.read("/settings")
        for what in ({"token": token_of("manager").id}, {"account": account.id}, {"endless": "1"}, {}):
            assert other.post("/settings/access", what).status_code == 404
    assert tables.Token.objects.count() == 2 and one.get("/books").status_code == two.get("/books").status_code == 200
    for what in ({"token": uuid7()}, {"account": uuid7()}, {"account": account.id, "end": "nonsense"}, {"token": "x"}):
        assert admin.post("/settings/access", what).status_code == 404

    assert admin.post("/settings/access", {"token": token_of("manager").id}).status_code == 302
    assert Client().get("/api/v1/books", **token).status_code == 401 and Client().get("/api/v1/books", **endless).status_code == 200
    assert admin.post("/settings/access", {"account": account.id}).status_code == 302
    assert one.get("/books")["Location"] == two.get("/books")["Location"] == "/signin?next=/books"
    assert admin.post("/settings/access", {"account": tables.Account.objects.get(username="admin").id}).status_code == 404, "nobody ends the sign-in that asks"
    lines = auditing.lines(cast.actor("admin"), user=cast.users["manager"], kinds=["token_revoked", "ended"])
    assert [(line.kind, line.actor, line.details) for line in lines] == [("ended", "管理员", {"count": 2}), ("token_revoked", "管理员", {"label": "报表"})]

    def tokens_are_fine() -> bool:
        return next(item.fine for item in self_check.items(cast.actor("admin"), secure=True) if item.label.en == "Tokens")

    assert not tokens_are_fine()
    admin.post("/settings/access", {"endless": "1"})
    assert tokens_are_fine() and Client().get("/api/v1/books", **endless).status_code == 401
    assert admin.get("/books").status_code == 200
