import threading
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from guanxi.base import ids
from guanxi.base.ids import named, parse_id, uuid7, uuid7_floor, uuid7_time, uuid7s


def test_an_id_is_a_version_7_uuid_of_now() -> None:
    value = uuid7()
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    assert abs(datetime.now(UTC) - uuid7_time(value)) < timedelta(seconds=5)


def test_ids_ascend_within_a_process() -> None:
    made = [uuid7() for _ in range(50_000)]  # more than 4,096 in some millisecond
    assert made == sorted(made)
    assert len(set(made)) == 50_000


def test_ids_made_together_ascend_with_those_made_alone() -> None:
    made = [uuid7(), *uuid7s(10_000), uuid7()]
    assert made == sorted(made) and len(set(made)) == 10_002
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in made)
    assert uuid7s(0) == []


def test_ids_ascend_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000_000_000)
    after = [uuid7() for _ in range(10_000)]
    assert [before, *after] == sorted([before, *after])


def test_ids_are_unique_across_threads() -> None:
    made: list[UUID] = []

    def make() -> None:
        made.extend([uuid7() for _ in range(5_000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


def test_floor_bounds_the_ids_of_an_instant() -> None:
    instant = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert uuid7_floor(instant) == UUID("019b7ca9-8f2e-7000-8000-000000000000")
    assert uuid7_time(uuid7_floor(instant)) == instant
    assert uuid7_floor(datetime(1904, 2, 28, tzinfo=UTC)) == uuid7_floor(datetime(1970, 1, 1, tzinfo=UTC)) < uuid7()
    assert uuid7_floor(instant.astimezone(timezone(timedelta(hours=8)))) == uuid7_floor(instant)
    value = uuid7()
    assert uuid7_floor(uuid7_time(value)) <= value < uuid7_floor(uuid7_time(value) + timedelta(milliseconds=1))


def test_a_name_leads_to_one_id_for_each_holder() -> None:
    given = UUID("019b7ca9-8f2e-7000-8000-000000000001")
    found = named(given, "王伟", "book")
    assert found == named(given, "王伟", "book") and found.version == 7 and found.variant == given.variant
    assert uuid7_time(found) == uuid7_time(given)
    others = {named(given, "李娜", "book"), named(given, "王伟", "author"), named(found, "王伟", "book"), named(given, "王伟book")}
    assert len(others | {found, given}) == 6


def test_what_cannot_be_an_id() -> None:
    with pytest.raises(ValueError, match="aware"):
        uuid7_floor(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="version 7"):
        uuid7_time(uuid4())


def test_parse_id() -> None:
    value = uuid7()
    assert parse_id(str(value)) == value
    assert parse_id(f" {value.hex.upper()} ") == value
    for wrong in ("", "x", "new", str(value)[:-1], f"{{{value}}}", f"urn:uuid:{value}", "-" * 36, "g" * 32, "٣" * 32,
                  str(value).replace("-", "_")):  # fmt: skip
        assert parse_id(wrong) is None
