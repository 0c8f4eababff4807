"""Numbers by rules that administrators make: parts, resets, types that count apart, twenty writers at once, and nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel.access.actor import system
from guanxi.kernel.declare.fields import AutoNumber
from guanxi.kernel.records import door, erasing, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, ids, raw, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


def number(record: UUID) -> str:
    found: str = reading.get("book", record, actor=DESK, fields=["number"])["number"]
    return found


def made(**changes: Any) -> str:
    return number(create(DESK, "book", name="一本", **changes))


def rule(pattern: str, reset: str = "never", **more: Any) -> UUID:
    return create(DESK, "number_rule", name="书号", subject="book.number", pattern=pattern, reset=reset, **more)


@pytest.fixture(autouse=True)
def _none(cast: Cast) -> Iterator[None]:
    yield
    for one in ids(DESK, "number_rule", "subject = book.number"):
        door.perform("number_rule", "delete", actor=DESK, id=one)


def test_without_a_rule_it_is_as_declared_and_a_rule_takes_over_where_that_stopped(cast: Cast) -> None:
    year = people.newest(DEFAULT_WORKSPACE).settings.today.year
    first = [made() for _ in range(5)]
    assert first == [f"B{year}-{n:03d}" for n in range(1, 6)]
    one = rule("B{yyyy}-{000}", "year")
    assert made() == f"B{year}-006", "existing numbers stay, and none comes twice"
    assert made() == f"B{year}-007"
    door.perform("number_rule", "update", actor=DESK, id=one, changes={"pattern": "B{yyyy}-{00000}"})
    assert made() == f"B{year}-00008", "wider, it goes on"


def test_types_count_apart_or_together(cast: Cast) -> None:
    one = rule("{status}类-{00}")
    assert [made(status=status) for status in ("draft", "published", "draft")] == ["draft类-01", "published类-01", "draft类-02"]
    with refused(Invalid, "status:required"):
        create(DESK, "book", name="没类型", status=None)
    door.perform("number_rule", "update", actor=DESK, id=one, changes={"apart": False})
    assert [made(status=status) for status in ("draft", "published")] == ["draft类-03", "published类-04"], "counted together, behind what is there"
    assert [made(status=status) for status in ("draft", "published")] == ["draft类-05", "published类-06"]


def test_a_number_is_not_given_again_after_a_deletion(cast: Cast) -> None:
    rule("D-{0000}")
    gone = create(DESK, "book", name="要删")
    assert number(gone) == "D-0001"
    door.perform("book", "delete", actor=DESK, id=gone)
    assert made() == "D-0002"
    raw("DELETE FROM gx_counter")
    assert made() == "D-0003", "not even where the counter is lost"
    erasing.erase(DESK, "book", [gone])
    assert made() == "D-0004"
    kept = create(DESK, "book", name="恢复")
    door.perform("book", "delete", actor=DESK, id=kept)
    assert made() == "D-0006"
    door.perform("book", "restore", actor=DESK, id=kept)
    assert number(kept) == "D-0005"


def test_twenty_writers_at_once_get_numbers_without_a_gap_or_a_double(cast: Cast) -> None:
    rule("P-{00000}")

    def write(_: int) -> list[str]:
        try:
            return [made() for _ in range(5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        numbers = [one for part in pool.map(write, range(20)) for one in part]
    assert sorted(numbers) == [f"P-{n:05d}" for n in range(1, 101)]
    outcomes = door.perform_many("book", "create", [door.Item(changes={"name": f"{n}"}) for n in range(50)], actor=DESK)
    assert sorted(number(one.id) for one in outcomes if isinstance(one, door.Result)) == [f"P-{n:05d}" for n in range(101, 151)]


def test_who_gives_numbers(cast: Cast) -> None:
    one = rule("F{yyyy}-{000}", "year", given="form")
    owner = cast.actor("owner")
    assert number(create(owner, "book", name="自填", number="F2020-007")) == "F2020-007"
    with refused(Invalid, "number:form"):
        create(owner, "book", name="自填", number="X-1")
    door.perform("number_rule", "update", actor=DESK, id=one, changes={"given": "never"})
    owner = cast.actor("owner")
    with refused(Invalid, "number:read-only"):
        create(owner, "book", name="自填", number="F2020-008")
    book = create(owner, "book", name="自动")
    with refused(Invalid, "number:read-only"):
        door.perform("book", "update", actor=owner, id=book, changes={"number": "F2020-009"})
    door.perform("book", "update", actor=owner, id=book, changes={"name": "照常修改"})


def test_wrong_rules_and_wrong_people(cast: Cast) -> None:
    admin = cast.actor("admin")
    for pattern, reset, code in (
        ("B-", "never", "counter"), ("{00}{00}", "never", "counter"), ("{nothing}{00}", "never", "part"), ("{name}{00}", "never", "part"), ("{00", "never", "counter"),
        ("}B{00}", "never", "braces"), ("B{00}", "year", "reset"), ("B{yyyy}{00}", "month", "reset"), ("B{yyyy}{mm}{00}", "day", "reset"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as caught:
            create(admin, "number_rule", name="坏", subject="book.number", pattern=pattern, reset=reset)
        assert code in {error.code for error in caught.value.errors}, pattern
    with refused(Forbidden):
        create(cast.actor("manager"), "number_rule", name="我的", subject="book.number", pattern="M{00}")
    one = rule("{status}-{yy}{00}", "year")
    year = people.newest(DEFAULT_WORKSPACE).settings.today
    assert reading.get("number_rule", one, actor=DESK)["example"] == f"draft-{year:%y}01"
    with refused(Invalid, "subject:taken"):
        rule("Z{00}")


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(DAYS, DAYS, st.sampled_from(["year", "month", "day"]))
def test_what_counts_anew_looks_different(one: date, other: date, reset: str) -> None:
    field = AutoNumber("K{yyyy}{mm}{dd}-{000}")
    field.reset = reset
    forms = [field.render(day)[0][: {"year": 5, "month": 7, "day": 9}[reset]] for day in (one, other)]
    assert (field.counter(one, {}) == field.counter(other, {})) == (forms[0] == forms[1])
    prefix, width, suffix = field.render(one)
    assert field.fits(f"{prefix}{7:0{width}d}{suffix}", {}) and not field.fits(f"{prefix}{suffix}", {})
