"""Names are looked up by the letter they begin with, by pinyin."""

from __future__ import annotations

import pytest
from django.db import connection

from guanxi.base import pinyin
from guanxi.base.errors import Invalid
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.initials import fill
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE

NAMES = {"上海科技": "S", "重庆小面": "C", "重要": "Z", "（北京）智能": "B", "ＡＢＣ": "A", "zeta": "Z", "3M": "#", "……": "#", "厦门": "X", "Ärzte": "#"}


def test_the_letter_of_a_name():
    assert {name: pinyin.initial(name) for name in NAMES} == NAMES
    assert pinyin.initial("单雄信", surname=True) == "S" and pinyin.initial("单雄信") == "D" and pinyin.initial("曾国藩", surname=True) == "Z"
    assert pinyin.initial("") == "#"


@pytest.fixture(scope="module")
def books(cast):
    items = [door.Item(changes={"name": name}) for name in NAMES]
    return [one.id for one in door.perform_many("book", "create", items, actor=cast.actor("owner"))]


def named(cast, letter, who="owner", name="book", path="name"):
    rows = reading.query(name, actor=cast.actor(who), where=f"{path} initial {letter}" if letter != "#" else f'{path} initial "#"', fields=["name"], sort=["name"]).rows
    return sorted(row["name"] for row in rows)


def test_records_are_found_by_it_when_made_changed_and_crossed(cast, books):
    for letter in set(NAMES.values()):
        assert named(cast, letter) == sorted(name for name, one in NAMES.items() if one == letter)
    door.perform("book", "update", actor=cast.actor("owner"), id=books[0], changes={"name": "杭州科技"})
    assert named(cast, "S") == [] and named(cast, "H") == ["杭州科技"] and named(cast, "h") == ["杭州科技"]
    door.perform_many("book", "update", [door.Item(one, {"pages": 3}) for one in books], actor=cast.actor("owner"))
    assert named(cast, "H") == ["杭州科技"], "another field leaves it alone"
    author = door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "单雄信"}).id
    door.perform("book", "update", actor=cast.actor("owner"), id=books[1], changes={"author": author})
    assert named(cast, "S", path="author.name") == ["重庆小面"] and named(cast, "S", name="author", who="admin") == ["单雄信"]
    assert named(cast, "H", who="outsider") == []


def test_it_is_asked_of_names_only(cast, books):
    for where in ("code initial S", "name initial SH", "name initial ä", "summary initial S"):
        with pytest.raises(Invalid):
            reading.query("book", actor=cast.actor("owner"), where=where)


def test_records_from_before_are_filled_in(cast, books):
    with sql.work(DEFAULT_WORKSPACE):
        sql.script("ALTER TABLE gx_book DISABLE TRIGGER USER; UPDATE gx_book SET name_initial = NULL; ALTER TABLE gx_book ENABLE TRIGGER USER")
    assert named(cast, "H") == []
    with connection.schema_editor() as editor:
        fill("gx_book", "name")(None, editor)
    assert named(cast, "H") == ["杭州科技"] and named(cast, "Z") == ["zeta", "重要"]
    found = sql.rows("SELECT tgenabled FROM pg_trigger WHERE tgname = 'gx_event_first' AND tgrelid = 'gx_book'::regclass")
    assert [row[0] for row in found] == ["O"], "the guard is back"
