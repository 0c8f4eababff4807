"""Reading ahead: the same items in the same order, errors where they stood, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from guanxi.surfaces.imports.reading.ahead import ahead


def _readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reading ahead"]


def test_everything_in_order() -> None:
    assert list(ahead(iter(range(1000)))) == list(range(1000))
    assert list(ahead(iter(()))) == []
    assert not _readers()


def test_an_error_comes_after_what_stood_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken here")

    seen = []
    with pytest.raises(ValueError, match="broken here"):
        for item in ahead(source()):
            seen.append(item)
    assert seen == [1, 2]
    assert not _readers()


def test_no_more_than_asked_lies_ready_and_leaving_early_ends_the_thread() -> None:
    made = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    items = ahead(source(), most=2)
    assert next(items) == 0
    items.close()
    assert not _readers()
    assert len(made) <= 4
