"""A record made under a name of its maker's own: asking again is answered with it, and nobody's name leads to somebody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from guanxi.base.errors import Invalid
from guanxi.base.ids import uuid7
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.door import Item
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE


def events() -> int:
    with sql.work(DEFAULT_WORKSPACE):
        return journal.count(DEFAULT_WORKSPACE)


def test_the_same_again_is_the_record_already_made(cast):
    owner, once = cast.actor("owner"), uuid7()
    first = door.perform("book", "create", actor=owner, once=once, changes={"name": "一次"})
    assert first.changed and first.id != once and first.id.version == 7
    door.perform("book", "update", actor=owner, id=first.id, changes={"pages": 3})
    before = events()
    again = door.perform("book", "create", actor=owner, once=once, changes={"name": "两次"})
    assert (again.id, again.version, again.changed) == (first.id, first.version, False)
    door.perform("book", "delete", actor=owner, id=first.id)
    again = door.perform("book", "create", actor=owner, once=once, changes={"name": "两次"})
    assert (again.id, again.version, again.changed) == (first.id, first.version, False)
    assert events() == before + 1
    assert reading.query("book", actor=owner, where={"field": "name", "op": "=", "value": "两次"}, fields=["name"]).rows == []


def test_what_is_wrong_made_nothing_and_may_be_mended(cast):
    owner, once, before = cast.actor("owner"), uuid7(), events()
    with pytest.raises(Invalid):
        door.perform("book", "create", actor=owner, once=once, changes={"name": ""})
    assert events() == before
    assert door.perform("book", "create", actor=owner, once=once, changes={"name": "改好了"}).changed


def test_another_person_or_object_has_names_of_its_own(cast):
    """Somebody who knows a name, or even the id of a record, makes one of their own and learns nothing."""
    once = uuid7()
    mine = door.perform("book", "create", actor=cast.actor("owner"), once=once, changes={"name": "我的"})
    made = {mine.id}
    for who, name, key in (("teammate", "book", once), ("outsider", "book", mine.id), ("owner", "author", once), ("owner", "book", mine.id)):
        result = door.perform(name, "create", actor=cast.actor(who), once=key, changes={"name": "别的"})
        assert result.changed
        made.add(result.id)
    assert len(made) == 5
    assert reading.get("book", mine.id, actor=cast.actor("owner"), fields=["name"])["name"] == "我的"


def test_nobody_chooses_the_id_itself(cast):
    before = events()
    with pytest.raises(Invalid) as refused:
        door.perform("book", "create", actor=cast.actor("owner"), id=uuid7(), changes={"name": "挑号"})
    assert [(e.field, e.code) for e in refused.value.errors] == [("id", "not-here")]
    assert events() == before


def test_at_once_from_several_places_it_is_made_once(cast):
    owner, once = cast.actor("owner"), uuid7()

    def make(n: int):
        from django.db import connections

        try:
            return door.perform("book", "create", actor=owner, once=once, changes={"name": f"同时 {n}"})
        finally:
            connections.close_all()

    before = events()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(make, range(4)))
    assert len({one.id for one in found}) == 1 and sorted(one.changed for one in found) == [False, False, False, True]
    assert events() == before + 1


def test_twice_in_one_batch_it_is_made_once(cast):
    once, before = uuid7(), events()
    found = door.perform_many("book", "create", [Item(changes={"name": f"批 {n}"}, once=once) for n in range(2)], actor=cast.actor("owner"))
    assert [one.changed for one in found] == [True, False] and found[0].id == found[1].id
    assert events() == before + 1
