"""Reading ahead: what comes next is made in a thread while what came before is dealt with."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import Queue
from typing import TypeVar

T = TypeVar("T")


class _Raised:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(source: Iterator[T], most: int = 1) -> Generator[T]:
    """The items of `source`, of which up to `most` lie ready. Its errors are raised where it stood; the thread ends with it, or
    when nobody wants more."""
    ready: Queue[T | _Raised] = Queue()
    room = threading.Semaphore(most)
    stopped = threading.Event()

    def work() -> None:
        try:
            while room.acquire() and not stopped.is_set():
                ready.put(next(source))
        except StopIteration:
            ready.put(_Raised(None))
        except BaseException as error:
            ready.put(_Raised(error))

    thread = threading.Thread(target=work, name="reading ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _Raised):
                if item.error is not None:
                    raise item.error
                return
            room.release()
            yield item
    finally:
        stopped.set()
        room.release()
        thread.join()
