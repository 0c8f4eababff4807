"""Python's search for objects that hold each other in a circle, put off while thousands are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Inside, nobody searches for circles. Everything a batch makes lives to its end, and a fifth of an import's time went
    into looking through it, and through the whole program, again and again. What is in no circle goes at once as always; the
    rest goes at the first search afterwards."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:  # of several threads inside, the one that found it on
            gc.enable()
