"""The bin on the screens: each record says when it goes, and administrators erase one at once, asked once more."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from guanxi.kernel.records import door, erasing, reading
from guanxi.surfaces.jobs import worker
from tests.kernel.tools import create, raw
from tests.surfaces.web.browser import Browser, words

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def book(cast):
    owner = cast.actor("owner")
    made = create(owner, "book", name="要扔的书")
    door.perform("book", "delete", actor=owner, id=made)
    return made


def test_the_day_is_that_of_the_night_that_takes_it():
    two = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)  # 02:30 of the 2nd in China
    assert erasing.goes_on(two, 30, CHINA).isoformat() == "2026-04-01"
    assert erasing.goes_on(two + timedelta(hours=1), 30, CHINA).isoformat() == "2026-04-02"


def test_the_bin_says_when_each_goes(cast, book):
    day = erasing.goes_on(raw("SELECT deleted_at FROM gx_book WHERE id = %s", [book])[0][0], 30, CHINA)
    page = words(Browser("owner").read("/books?bin=1"))
    assert "彻底删除于" in page and "要扔的书" in page
    assert day.isoformat() in Browser("owner").read("/books?bin=1")
    rules = reading.query("bin_rules", actor=cast.actor("admin"), fields=["id"]).rows[0]["id"]
    admin = Browser("admin")
    admin.fill(f"/bin_rules/{rules}/edit", days="0")
    assert day.isoformat() not in Browser("owner").read("/books?bin=1"), "0 days: they stay"
    admin.fill(f"/bin_rules/{rules}/edit", days="30")
    assert "回收站设置" in words(admin.read("/settings"))


def test_only_who_may_is_offered_to_erase_and_it_is_gone(cast, book):
    admin = Browser("admin")
    assert f"/books/{book}/erase" not in Browser("owner").read(f"/books/{book}")
    assert Browser("owner").get(f"/books/{book}/erase").status_code == 404
    assert f"/books/{book}/erase" in admin.read(f"/books/{book}")
    assert "要扔的书 和随它删除的下属记录" in words(admin.read(f"/books/{book}/erase"))
    assert admin.post(f"/books/{book}/erase", {}).status_code in (302, 303)
    assert admin.get(f"/books/{book}").status_code == 404
    assert not raw("SELECT 1 FROM gx_book WHERE id = %s", [book])


def test_a_selection_is_erased_at_once_or_in_the_background_each_with_its_answer(cast):
    owner, client = cast.actor("owner"), Browser("admin")
    author, free = (create(cast.actor("admin"), "author", name=name) for name in ("被引用的作者", "没人引用的作者"))
    held = create(owner, "book", name="引用它的书", author=author)
    for one in (author, free):
        raw("ALTER TABLE gx_author DISABLE TRIGGER gx_event_first")
        raw("UPDATE gx_author SET deleted_at = now() WHERE id = %s", [one])
        raw("ALTER TABLE gx_author ENABLE TRIGGER gx_event_first")
    address = f"/authors/bulk?bin=1&do=erase&ids={author},{free}"
    assert Browser("owner").get(address).status_code == 404 and "do=erase" not in Browser("manager").read("/authors?bin=1")
    asked = words(client.read(address))
    assert "永久删除，不能恢复" in asked and "被引用的作者" in asked and "彻底删除" in client.read("/authors?bin=1")
    done = words(client.fill(address).content.decode())
    assert "被引用的作者" in done and "在使用它" in done
    assert [bool(raw("SELECT 1 FROM gx_author WHERE id = %s", [one])) for one in (author, free)] == [True, False]
    door.perform("book", "delete", actor=owner, id=held)

    many_ = [create(owner, "book", name=f"批量扔{n}") for n in range(25)]
    kept = create(owner, "book", name="批量扔，还活着")
    for one in many_:
        door.perform("book", "delete", actor=owner, id=one)
    answer = client.fill("/books/bulk?bin=1&do=erase&all=1&q=批量扔")
    assert answer["Location"].startswith("/jobs/")
    asyncio.run(worker.work(2, until_empty=True))
    page = words(client.read(answer["Location"]))
    assert "彻底删除" in page and "25" in page
    assert raw("SELECT count(*) FROM gx_book WHERE id = ANY(%s)", [many_]) == [(0,)] and raw("SELECT 1 FROM gx_book WHERE id = %s", [kept])
    asked = {"verb": "erase", "ids": [str(kept)], "background": True}
    head = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}", "content_type": "application/json"}
    assert Client().post("/api/v1/books/bulk", json.dumps(asked), **head).status_code == 403
    assert Client().post("/api/v1/books/bulk", json.dumps(asked), **head | {"HTTP_AUTHORIZATION": f"Bearer {cast.token('admin')}"}).status_code == 202
    asyncio.run(worker.work(2, until_empty=True))
    assert raw("SELECT 1 FROM gx_book WHERE id = %s", [kept]), "what lives is not erased"
