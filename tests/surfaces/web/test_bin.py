"""The bin on the screens: each record says when it goes, and administrators erase one at once, asked once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from guanxi.kernel.records import door, erasing, reading
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
