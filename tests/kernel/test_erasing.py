"""The bin is emptied: what was erased is nowhere any more, the journal still proves itself, and nothing goes any other way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound
from guanxi.base.ids import uuid7
from guanxi.kernel import files, jobs, setup
from guanxi.kernel.access.actor import system
from guanxi.kernel.journal import erasures, seals
from guanxi.kernel.records import door, erasing, reading, restoring, telling
from guanxi.kernel.storage import files as stored
from guanxi.kernel.storage import protect, sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events_of, raw, read_journal, refused

SECRET = "绝密西瓜"
DESK = system(DEFAULT_WORKSPACE, via="test")


def rules() -> UUID:
    found: UUID = reading.query("bin_rules", actor=DESK, fields=["id"]).rows[0]["id"]
    return found


def erase_now(cast: Cast, name: str, record: UUID, who: str = "admin") -> None:
    door.perform("bin_rules", "erase_now", actor=cast.actor(who), id=rules(), inputs={"object": name, "record": str(record)})


def everywhere(word: str) -> list[str]:
    """The tables in which a word stands, whatever the column."""
    tables = raw("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1")
    return [name for (name,) in tables if raw(f'SELECT 1 FROM "{name}" t WHERE t::text LIKE %s LIMIT 1', [f"%{word}%"])]


def age(name: str, record: UUID, days: float) -> None:
    """As if it had been deleted so many days ago."""
    raw(f"ALTER TABLE gx_{name} DISABLE TRIGGER gx_event_first")
    raw(f"UPDATE gx_{name} SET deleted_at = %s WHERE id = %s", [datetime.now(UTC) - timedelta(days=days), record])
    raw(f"ALTER TABLE gx_{name} ENABLE TRIGGER gx_event_first")


def there(name: str, record: UUID) -> bool:
    return bool(raw(f"SELECT 1 FROM gx_{name} WHERE id = %s", [record]))


@pytest.fixture(scope="module")
def owner(cast: Cast) -> Any:
    return cast.actor("owner")


def test_nothing_of_it_is_left_anywhere(cast: Cast, owner: Any) -> None:
    file = files.upload(owner, f"{SECRET}.txt", [SECRET.encode()])
    shared = files.upload(owner, "合同.txt", [b"kept elsewhere"])
    customer = create(owner, "customer", name=f"{SECRET}有限公司", phones=[{"number": "13900001111"}], description=SECRET)
    contact = create(owner, "contact", customer=customer, name=f"{SECRET}先生")
    activity = create(owner, "activity", customer=customer, content=f"谈了{SECRET}", files=[file, shared])
    create(cast.actor("manager"), "comment", text=f"@王伟 {SECRET}", object_name="customer", record=str(customer), mentions=[str(cast.users["owner"])])
    other = create(owner, "activity", customer=create(owner, "customer", name="留下的客户"), content="另一条", files=[shared])
    door.perform("customer", "share", actor=owner, id=customer, inputs={"user": cast.users["teammate"], "level": "read"})
    read_journal()
    assert {"gx_customer", "gx_contact", "gx_search_entry", "gx_comment", "gx_file", "gx_match"} <= set(everywhere(SECRET))
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    door.perform("customer", "delete", actor=owner, id=customer)
    place = stored.path(raw("SELECT digest FROM gx_file WHERE id = %s", [UUID(file["file"])])[0][0])
    assert place.exists()
    erase_now(cast, "customer", customer)
    jobs.empty_bins()
    read_journal()
    assert everywhere(SECRET) == [] and not place.exists()
    assert stored.path(raw("SELECT digest FROM gx_file WHERE id = %s", [UUID(shared["file"])])[0][0]).exists(), "what another record has stays"
    assert [item["file"] for item in reading.get("activity", other, actor=owner)["files"]] == [shared["file"]]
    for name, record in (("customer", customer), ("contact", contact), ("activity", activity)):
        assert not there(name, record)
        verbs = [event.verb for event in events_of(name, record)]
        assert verbs[0] == "create" and verbs[-1] == "erase", "the skeleton says what happened and when"
        for event in events_of(name, record)[:-1]:
            assert all(change == [None, None] for field, change in event.changes.items() if field != "@erased")
    for table, column in (("gx_notice", "record"), ("gx_comment", "record")):
        assert not raw(f"SELECT 1 FROM {table} WHERE {column} = %s", [str(customer)])
    for table, column in (("gx_search_entry", "id"), ("gx_match", "id"), ("gx_team_member", "record_id"), ("gx_link", "source_id")):
        assert not raw(f"SELECT 1 FROM {table} WHERE {column} = ANY(%s)", [[customer, contact, activity]])
    assert protect.missing() == []
    verdict = seals.verify(DEFAULT_WORKSPACE)
    assert verdict.findings == []
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    assert seals.verify(DEFAULT_WORKSPACE).findings == [], "also once the erasures are sealed"


def test_what_links_to_it_lives_on_without_the_link(cast: Cast, owner: Any) -> None:
    customer = create(owner, "customer", name="有联系人的客户")
    contact = create(owner, "contact", customer=customer, name="要走的人")
    activity = create(owner, "activity", customer=customer, contact=contact, content="见过")
    door.perform("contact", "delete", actor=owner, id=contact)
    erase_now(cast, "contact", contact)
    row = reading.get("activity", activity, actor=owner)
    assert row["contact"] is None and row["customer"]["id"] == customer
    last = events_of("activity", activity)[-1]
    assert (last.verb, last.changes["contact"]) == ("part", [str(contact), None])
    assert telling.history("activity", activity, actor=owner)[0].verb == "part"


def test_the_register_tells_which_but_no_value_and_is_written_anew_from_the_journal(cast: Cast, owner: Any) -> None:
    author, book = create(cast.actor("admin"), "author", name=f"{SECRET}作者"), create(owner, "book", name=SECRET)
    for name, record in (("author", author), ("book", book)):
        door.perform(name, "delete", actor=cast.actor("admin"), id=record)
        erase_now(cast, name, record)
    held = erasures.read(erasures.file())
    assert [(line.verb, line.object, line.record) for line in held[-2:]] == [("erase", "author", author), ("erase", "book", book)]
    assert [line.event for line in held[-2:]] == [events_of("author", author)[-1].id, events_of("book", book)[-1].id]
    assert SECRET not in erasures.file().read_text()
    with sql.work(DEFAULT_WORKSPACE):
        told = {str(line) for line in held if raw("SELECT 1 FROM gx_event WHERE id = %s", [line.event])}
    with erasures.file().open("a") as file:
        file.write(str(held[-1])[:70])  # cut off by a crash
    assert erasures.complete(DEFAULT_WORKSPACE) == 0 and erasures.read(erasures.file()) == held
    erasures.file().unlink()
    assert erasures.complete(DEFAULT_WORKSPACE) == len(told) and {str(line) for line in erasures.read(erasures.file())} == told
    assert setup.erase_again(erasures.file()) == restoring.Again(), "what the journal knows is not done again"
    last = create(owner, "book", name="bleibt")
    door.perform("book", "delete", actor=owner, id=last)
    with pytest.raises(RuntimeError), sql.work(DEFAULT_WORKSPACE):
        erase_now(cast, "book", last)
        raise RuntimeError
    assert there("book", last) and last not in {line.record for line in erasures.read(erasures.file())}, "what was rolled back erased nobody"


def test_what_a_register_tells_and_the_journal_does_not_know_is_erased_again(cast: Cast, owner: Any) -> None:
    """As after a restore: the records are there as the backup held them, their erasures are not."""
    admin = cast.actor("admin")
    lived, binned, other = (create(owner, "book", name=f"{SECRET}{n}", summary=SECRET) for n in range(3))
    door.perform("book", "delete", actor=owner, id=binned)
    raw("ALTER TABLE gx_book DISABLE TRIGGER gx_event_first")
    needed, needing = create(admin, "author", name="有人用的作者"), create(owner, "book", name="用他的书")
    raw("UPDATE gx_book SET author_id = %s WHERE id = %s", [needed, needing])
    raw("ALTER TABLE gx_book ENABLE TRIGGER gx_event_first")
    theirs = create(owner, "prospect", name="瞿晓萌", phones=["13977776666"])
    named = create(cast.actor("system"), "book", owner=str(cast.users["owner"]), name="合同", email="q@secret.example", summary="问瞿晓萌，13977776666", pages=3)
    once = create(cast.actor("system"), "book", owner=str(cast.users["owner"]), name="另一份", email="z@secret.example", summary="从前的称呼", pages=4)
    cause, now = uuid7(), datetime.now(UTC)

    def line(verb: str, name: str, record: UUID, because: UUID, *fields: str) -> erasures.Line:
        return erasures.Line(DEFAULT_WORKSPACE, uuid7(), verb, name, record, now, because, fields)

    lines = [line("erase", "book", lived, uuid7()), line("erase", "book", binned, uuid7()), line("erase", "author", needed, uuid7()), line("erase", "book", uuid7(), uuid7())]
    lines += [line("anonymise", "prospect", theirs, cause, "name", "phones"), line("anonymise", "book", named, cause, "email", "summary"), line("anonymise", "book", once, cause, "email", "summary")]
    lines += [line("erase", "nothing_of_the_kind", uuid7(), uuid7())]
    before = reading.get("book", other, actor=owner), erasures.read(erasures.file())
    assert restoring.erase_again(DEFAULT_WORKSPACE, lines) == restoring.Again(erased=2, anonymised=4, left=1)
    read_journal()
    assert not there("book", lived) and not there("book", binned) and there("author", needed) and there("book", needing)
    assert (reading.get("book", other, actor=owner), erasures.read(erasures.file())) == before, "what is erased again has its line already"
    assert (prospect := reading.get("prospect", theirs, actor=owner))["name"].startswith("已匿名 ") and prospect["phones"] is None
    assert [(row["email"], row["summary"], row["pages"]) for row in (reading.get("book", id, actor=owner) for id in (named, once))] == [(None, "问［已删除］，［已删除］", 3), (None, None, 4)]
    assert everywhere("瞿晓萌") == [] == everywhere("13977776666") == everywhere("从前的称呼")
    door.perform("prospect", "update", actor=owner, id=theirs, changes={"phones": ["13911113333"]})
    assert restoring.erase_again(DEFAULT_WORKSPACE, lines) == restoring.Again(left=1, anonymised=1), "only what has no event to show for it"
    assert reading.get("prospect", theirs, actor=owner)["phones"], "what was entered since stays"
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    assert seals.verify(DEFAULT_WORKSPACE).findings == []


def test_what_something_living_needs_stays(cast: Cast, owner: Any) -> None:
    author = create(cast.actor("admin"), "author", name="还有书的人")
    door.perform("author", "delete", actor=cast.actor("admin"), id=author)
    raw("ALTER TABLE gx_book DISABLE TRIGGER gx_event_first")
    book = create(owner, "book", name="靠他的书")
    raw("UPDATE gx_book SET author_id = %s WHERE id = %s", [author, book])
    raw("ALTER TABLE gx_book ENABLE TRIGGER gx_event_first")
    with refused(Conflict):
        erase_now(cast, "author", author)
    door.perform("book", "delete", actor=owner, id=book)
    erase_now(cast, "author", author)
    assert not there("author", author) and there("book", book), "what lies in the bin too only loses the link"


def test_who_may_not_erases_nothing(cast: Cast, owner: Any) -> None:
    book = create(owner, "book", name="别人的书")
    with refused(NotFound):
        erase_now(cast, "book", book)
    door.perform("book", "delete", actor=owner, id=book)
    for who in ("owner", "manager"):
        with refused(Forbidden):
            erase_now(cast, "book", book, who)
    with refused(NotFound):
        erase_now(cast, "book", uuid4())
    role = create(cast.actor("admin"), "role", name="多余的角色", key="spare")
    door.perform("role", "delete", actor=cast.actor("admin"), id=role)
    with refused(Conflict):
        erase_now(cast, "role", role)
    with refused(Invalid, "days:range"):
        door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"days": -1})


def test_the_database_lets_nothing_go_any_other_way(cast: Cast, owner: Any) -> None:
    book = create(owner, "book", name="不能硬删的书")
    door.perform("book", "delete", actor=owner, id=book)
    event = events_of("book", book)[0].id
    fake = f"""'{{"@erased": [null, ["{event}"]]}}'"""
    for statement in (
        f"DELETE FROM gx_book WHERE id = '{book}'",
        f"DELETE FROM gx_event WHERE id = '{event}'",
        f"UPDATE gx_event SET changes = '{{}}' WHERE id = '{event}'",
        f"UPDATE gx_event SET verb = 'update' WHERE id = '{event}'",
        f"UPDATE gx_event SET changes = {fake} WHERE id = '{event}'",
    ):
        with pytest.raises(DatabaseError):
            raw(statement)


def test_a_hand_laid_on_an_erased_event_is_found(cast: Cast, owner: Any) -> None:
    book = create(owner, "book", name="会被改的书", pages=7)
    door.perform("book", "delete", actor=owner, id=book)
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    erase_now(cast, "book", book)
    assert seals.verify(DEFAULT_WORKSPACE).findings == []
    event = events_of("book", book)[0].id
    raw("ALTER TABLE gx_event DISABLE TRIGGER gx_keep")
    raw("UPDATE gx_event SET changes = changes || '{\"pages\": [null, 8]}' WHERE id = %s", [event])
    assert [(one.kind, one.event) for one in seals.verify(DEFAULT_WORKSPACE).findings] == [("changed", event)]
    raw("UPDATE gx_event SET changes = changes || '{\"pages\": [null, null]}' WHERE id = %s", [event])
    raw("ALTER TABLE gx_event ENABLE TRIGGER gx_keep")
    assert seals.verify(DEFAULT_WORKSPACE).findings == []


def test_the_bin_is_emptied_of_what_lay_there_long_enough(cast: Cast, owner: Any) -> None:
    old, young = create(owner, "book", name="旧"), create(owner, "book", name="新")
    for one in (old, young):
        door.perform("book", "delete", actor=owner, id=one)
    age("book", old, 30.5)
    age("book", young, 29.5)
    tonight = datetime.now(UTC).replace(hour=20, minute=0)
    door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"days": 0})
    assert jobs.empty_bins(tonight + timedelta(days=1)) == 0 and there("book", old), "0 days: forever"
    door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"days": 30})
    assert jobs.empty_bins(tonight + timedelta(days=1)) == 0, "once a night"
    assert jobs.empty_bins(tonight + timedelta(days=2)) >= 2 and not there("book", young)
    assert events_of("book", old)[-1].via == "bin"
    last = events_of("bin_rules", rules())[-1]
    assert last.verb == "swept" and last.changes["@because"][1]["counts"]["book"] >= 2
    fresh = create(owner, "book", name="刚删")
    door.perform("book", "delete", actor=owner, id=fresh)
    assert jobs.empty_bins(tonight + timedelta(days=3)) == 0 and there("book", fresh)
    assert seals.verify(DEFAULT_WORKSPACE).findings == []


def test_one_record_of_a_batch_that_is_needed_keeps_no_other_there(cast: Cast, owner: Any) -> None:
    author, free = (create(cast.actor("admin"), "author", name=name) for name in ("被引用", "没人引用"))
    for one in (author, free):
        door.perform("author", "delete", actor=cast.actor("admin"), id=one)
        age("author", one, 40)
    book = create(owner, "book", name="引用者")
    raw("ALTER TABLE gx_book DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_book SET author_id = %s WHERE id = %s", [author, book])
    raw("ALTER TABLE gx_book ENABLE TRIGGER gx_event_first")
    jobs.empty_bins(datetime.now(UTC).replace(hour=20) + timedelta(days=5))
    assert there("author", author) and not there("author", free)


def test_merged_records_go_with_what_they_became(cast: Cast, owner: Any) -> None:
    admin = cast.actor("admin")
    one, two = create(admin, "customer", name="甲公司北方"), create(admin, "customer", name="乙公司南方")
    door.perform("customer", "merge", actor=admin, id=one, inputs={"others": [two]})
    door.perform("customer", "delete", actor=admin, id=one)
    assert erasing.erase(DESK, "customer", [one]) == [one]
    assert not there("customer", two)


def test_handled_notices_go_after_their_days_and_open_ones_stay(cast: Cast, owner: Any) -> None:
    me, now = cast.users["owner"], datetime.now(UTC)
    long_ago, lately = now - timedelta(days=181), now - timedelta(days=20)

    def notice(tab: str, **stamps: Any) -> UUID:
        made = create(DESK, "notice", owner=me, kind="assigned", tab=tab, object_name="book", record=str(me), facts={})
        raw("ALTER TABLE gx_notice DISABLE TRIGGER gx_event_first")
        raw("UPDATE gx_notice SET read_at = %s, done_at = %s WHERE id = %s", [stamps.get("read"), stamps.get("done"), made])
        raw("ALTER TABLE gx_notice ENABLE TRIGGER gx_event_first")
        return made

    stays = [notice("system"), notice("system", read=lately), notice("todo", read=long_ago), notice("todo", done=lately)]
    goes = [notice("system", read=long_ago), notice("todo", read=lately, done=long_ago)]
    tonight = now.replace(hour=20) + timedelta(days=200)  # ids are times: what was made now is old enough only then
    shift = timedelta(days=200)
    raw("ALTER TABLE gx_notice DISABLE TRIGGER gx_event_first")
    raw("UPDATE gx_notice SET read_at = read_at + %s, done_at = done_at + %s", [shift, shift])
    raw("ALTER TABLE gx_notice ENABLE TRIGGER gx_event_first")
    door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"days": 0, "notice_days": 0})
    assert jobs.empty_bins(tonight) == 0, "0 days: forever"
    door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"notice_days": None})
    assert reading.get("bin_rules", rules(), actor=DESK)["notice_days"] == 180
    assert jobs.empty_bins(tonight + timedelta(days=1)) == 2
    assert [there("notice", one) for one in (*stays, *goes)] == [True] * 4 + [False] * 2
    assert events_of("notice", goes[0])[-1].verb == "erase" and events_of("bin_rules", rules())[-1].changes["@because"][1]["counts"] == {"notice": 2}
    with refused(Invalid, "notice_days:range"):
        door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"notice_days": -1})
    door.perform("bin_rules", "update", actor=cast.actor("admin"), id=rules(), changes={"days": 30})
    assert seals.verify(DEFAULT_WORKSPACE).findings == []
