"""What somebody agreed to: kept as evidence, withdrawn by one step, asked before they are contacted."""

from __future__ import annotations

from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel.records import consents, door, reading
from tests.cast import Cast
from tests.kernel.tools import create, events_of, refused


@pytest.fixture(scope="module")
def book(cast: Cast) -> UUID:
    return create(cast.actor("system"), "book", name="同意之书", phones="13800138000", owner=str(cast.users["owner"]))


def agree(cast: Cast, who: str, record: UUID, purpose: str = "marketing_sms", **more: object) -> UUID:
    return create(cast.actor(who), "consent", object_name="book", record=str(record), purpose=purpose, **more)


def state(cast: Cast, record: UUID) -> dict[str, str]:
    return {one.purpose: one.state for one in consents.standings("book", record, actor=cast.actor("owner"))}


def test_nothing_was_agreed_to_until_it_was(cast: Cast, book: UUID) -> None:
    owner = cast.actor("owner")
    assert state(cast, book) == dict.fromkeys(("service", "marketing_phone", "marketing_sms", "marketing_mail", "marketing_wechat"), "none")
    assert not consents.may_contact("book", book, "marketing_sms", actor=owner)
    given = agree(cast, "owner", book, source="官网表单", text_version="2026-01")
    agree(cast, "owner", book, "service", basis="contract")
    assert consents.may_contact("book", book, "marketing_sms", actor=owner) and not consents.may_contact("book", book, "marketing_mail", actor=owner)
    one = next(one for one in consents.standings("book", book, actor=owner) if one.purpose == "marketing_sms")
    assert (one.id, one.basis, one.source, one.version, one.label.zh, one.label.en) == (given, "consent", "官网表单", "2026-01", "短信营销", "Marketing by SMS")
    door.perform("consent", "withdraw", actor=owner, id=given, inputs={"channel": "短信退订"})
    assert state(cast, book)["marketing_sms"] == "withdrawn" and state(cast, book)["service"] == "given"
    assert not consents.may_contact("book", book, "marketing_sms", actor=owner)
    row = reading.get("consent", given, actor=owner, fields=["withdrawn_at", "withdrawn_by_way_of", "name"])
    assert row["withdrawn_at"] is not None and row["withdrawn_by_way_of"] == "短信退订" and row["name"] == "短信营销"
    assert [event.verb for event in events_of("consent", given)] == ["create", "withdraw"]
    with refused(Invalid, "withdrawn_at:state"):
        door.perform("consent", "withdraw", actor=owner, id=given)
    agree(cast, "owner", book)
    assert consents.may_contact("book", book, "marketing_sms", actor=owner), "the last word counts"


def test_a_consent_is_evidence(cast: Cast, book: UUID) -> None:
    given = agree(cast, "owner", book)
    for who in ("owner", "admin"):
        for verb, changes in (("update", {"source": "x"}), ("delete", None)):
            with refused(Forbidden):
                door.perform("consent", verb, actor=cast.actor(who), id=given, changes=changes)


def test_only_who_reads_the_record(cast: Cast, book: UUID) -> None:
    given = agree(cast, "owner", book)
    with refused(NotFound):
        door.perform("consent", "withdraw", actor=cast.actor("outsider"), id=given)
    with refused(Invalid, "record:unseen"):
        agree(cast, "outsider", book)
    door.perform("consent", "withdraw", actor=cast.actor("manager"), id=given)
    shelf = create(cast.actor("system"), "shelf", name="架")
    with refused(Invalid, "record:unseen"):
        create(cast.actor("owner"), "consent", object_name="shelf", record=str(shelf), purpose="service")


def test_many_are_asked_at_once(cast: Cast) -> None:
    owner = cast.actor("owner")
    books = [create(owner, "book", name=f"群发{n}") for n in range(4)]
    given = [agree(cast, "owner", one) for one in books[:3]]
    door.perform("consent", "withdraw", actor=owner, id=given[0])
    assert consents.allowed("book", books, "marketing_sms", actor=owner) == set(books[1:3])
    assert consents.allowed("book", books, "marketing_sms", actor=cast.actor("outsider")) == set()
