"""Comments: read by exactly those who may read the record, kept with it, changed by their author for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel.catalog import remarks
from guanxi.kernel.records import door, finding, reading, telling
from tests.cast import Cast
from tests.kernel.tools import create, events, state


@pytest.fixture(scope="module")
def book(cast: Cast) -> Any:
    return create(cast.actor("owner"), "book", name="有人议论的书")


def write(cast: Cast, who: str, book: Any, text: str = "看过了", **more: Any) -> Any:
    return create(cast.actor(who), "comment", text=text, object_name="book", record=str(book), **more)


def test_whoever_reads_the_record_writes_and_reads_comments_without_any_grant(cast: Cast, book: Any) -> None:
    made = write(cast, "manager", book, "@王伟 请改一下", mentions=[str(cast.users["owner"])])
    for who in ("owner", "manager", "executive", "admin"):
        row = reading.get("comment", made, actor=cast.actor(who))
        assert (row["text"], row["owner"]["label"], [m["label"] for m in row["mentions"]]) == ("@王伟 请改一下", "赵强", ["王伟"])
    for who in ("outsider", "teammate", "nobody"):
        with pytest.raises(NotFound):
            reading.get("comment", made, actor=cast.actor(who))
        assert made not in {r["id"] for r in reading.query("comment", actor=cast.actor(who)).rows}
    door.perform("book", "share", actor=cast.actor("owner"), id=book, inputs={"user": cast.users["teammate"], "level": "read"})
    assert reading.get("comment", made, actor=cast.actor("teammate"))["text"] == "@王伟 请改一下"
    assert write(cast, "teammate", book, "只读的人也能说话")
    door.perform("book", "unshare", actor=cast.actor("owner"), id=book, inputs={"user": cast.users["teammate"]})
    with pytest.raises(NotFound):
        reading.get("comment", made, actor=cast.actor("teammate"))


@pytest.mark.parametrize("about", [{"object_name": "book"}, {"object_name": "nothing"}, {"object_name": "book", "record": "not an id"}, {"object_name": "comment"}])
def test_a_comment_needs_a_record_its_author_sees(cast: Cast, book: Any, about: dict[str, str]) -> None:
    before, count = state(), events()
    with pytest.raises(Invalid) as caught:
        create(cast.actor("outsider"), "comment", text="看不见也要说", **{"record": str(book), **about})
    assert [e.code for e in caught.value.errors] == ["unseen"], "absent and out of sight are one answer"
    assert (state(), events()) == (before, count)


def test_it_stays_with_its_record_and_goes_with_it(cast: Cast, book: Any) -> None:
    other = create(cast.actor("owner"), "book", name="另一本")
    made = write(cast, "owner", other)
    with pytest.raises(Invalid) as caught:
        door.perform("comment", "update", actor=cast.actor("owner"), id=made, changes={"record": str(book)})
    assert [e.code for e in caught.value.errors] == ["fixed"]
    door.perform("book", "delete", actor=cast.actor("owner"), id=other)
    with pytest.raises(NotFound):
        reading.get("comment", made, actor=cast.actor("owner"))
    door.perform("book", "restore", actor=cast.actor("owner"), id=other)
    assert reading.get("comment", made, actor=cast.actor("owner"))["text"] == "看过了"


def test_only_its_author_changes_it_and_only_for_a_day(cast: Cast, book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = write(cast, "owner", book, "写错了")
    for who, verb in (("manager", "update"), ("manager", "delete"), ("admin", "update")):  # a role may let its holders delete, never change
        with pytest.raises(Forbidden):
            door.perform("comment", verb, actor=cast.actor(who), id=made, changes={"text": "改别人的话"} if verb == "update" else {})
    door.perform("comment", "update", actor=cast.actor("owner"), id=made, changes={"text": "改对了"})
    monkeypatch.setattr(remarks, "CHANGEABLE", timedelta(seconds=0))
    before, count = state(), events()
    for verb, changes in (("update", {"text": "太晚了"}), ("delete", {})):
        with pytest.raises(Forbidden, match="24"):
            door.perform("comment", verb, actor=cast.actor("owner"), id=made, changes=changes)
    assert (state(), events()) == (before, count)
    assert reading.get("comment", made, actor=cast.actor("owner"))["text"] == "改对了"


def test_they_stand_in_the_records_timeline_and_not_in_the_search(cast: Cast) -> None:
    book = create(cast.actor("owner"), "book", name="有时间线的书")
    made = write(cast, "owner", book, "不必搜到的话")
    told = telling.timeline("book", book, actor=cast.actor("owner"))
    assert [(e.object, e.record) for e in told] == [("comment", made), ("book", book)]
    assert [e.object for e in telling.timeline("book", book, actor=cast.actor("owner"), narrow=telling.Narrow(only="comment"))] == ["comment"]
    assert [e.object for e in telling.timeline("book", book, actor=cast.actor("owner"), narrow=telling.Narrow(only="book"))] == ["book"]
    assert finding.search("不必搜到", actor=cast.actor("owner")) == []
    assert telling.explain("comment", made, actor=cast.actor("owner"))["reasons"][0]["text"] == "能看到它所属的书，因此能看到它。"
    counted = reading.counts([("comment", f'object_name = "book" and record = "{book}"')], actor=cast.actor("owner"))
    assert counted == [(1, False)]
