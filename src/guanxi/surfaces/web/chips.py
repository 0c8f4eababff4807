"""What a list is narrowed to, part by part above the rows: each in words, to be taken away or changed with one click."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from guanxi.base.errors import Invalid
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.conditions import And, Condition
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import seeking
from guanxi.surfaces.web import filters
from guanxi.surfaces.web.filters import SUFFIXES, Column
from guanxi.surfaces.web.phrasing import Chip, Phrases, parts
from guanxi.surfaces.web.visit import Visit


def builder_url(visit: Visit, it: Definition, **more: Any) -> str:
    """Where the condition of this address is built; it leads back here."""
    query = {key: values for key, values in visit.get.lists() if key not in ("after", "before")}
    text = urlencode({**query, **more}, doseq=True, safe="/,", quote_via=quote)
    return f"/{it.plural}/filter" + (f"?{text}" if text else "")


def chips(visit: Visit, it: Definition, offered: Sequence[Column], href: Callable[..., str], rows: Iterable[dict[str, Any]] = ()) -> list[Chip]:
    """The parts of what the address asks besides its view, in the order in which the builder shows them."""
    get, out = visit.get, []
    if q := get.get("q", "").strip()[:200]:
        called = visit.look.say(seeking.by(visit.guard, it, q))
        out.append(Chip(visit.look.t(f"{called} 包含 {q}", f"{called} contains {q}"), href(q=None)))
    if letter := filters.initial(visit.guard, it, get):
        out.append(Chip(visit.look.t(f"首字母 {letter}", f"Initial {letter}"), href(letter=None)))
    found: list[tuple[Condition, str]] = []
    for one in filters.active(list(offered), get):
        gone = {f"f.{one.path}{suffix}": None for suffix in SUFFIXES}
        found += [(test, href(**gone)) for test in filters.conditions([one], get, visit.guard)]
    try:
        asked = parts(visit.guard.parse(get.get("where", "").strip()))
    except Invalid:
        asked = []
    for at, part in enumerate(asked):
        rest = asked[:at] + asked[at + 1 :]
        found.append((part, href(where=conditions.to_text(rest[0] if len(rest) == 1 else And(tuple(rest))))))
    if not found:
        return out
    phrases = Phrases(visit, it, [one for one, _ in found], rows)
    return out + [Chip(phrases.say(one), without, builder_url(visit, it, at=at)) for at, (one, without) in enumerate(found)]
