"""Facts out of what people paste: a chat, a mail, the text of a business card, a note of their own.

Plain rules, no I/O, no guess that is not marked as one. `extract` is a reader of text; a language model can be another, if
it answers with the same `Facts`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from guanxi.base.extract import codes, dates, names, places, talk
from guanxi.base.extract.facts import KINDS, WAYS, Fact, Facts, Moment, Plain, Said, numeral, ordered
from guanxi.base.extract.places import Locate

__all__ = ["KINDS", "LIMIT", "WAYS", "Fact", "Facts", "Moment", "Said", "extract", "numeral"]

LIMIT = 20_000
"""Signs that are read; what stands behind them is kept, not read."""


def extract(text: str, now: datetime, locate: Locate | None = None) -> Facts:
    """What a text says, in its own order.

    `now` is the moment of pasting, aware: days are counted from it, or from when a chat's or mail's words were said, and in
    its zone. `locate` knows the divisions of a country (places.Locate); without it addresses have no code. Any text will do;
    places in the answer are of `text` as given.
    """
    plain = Plain(text[:LIMIT])
    heard = talk.listen(plain, now)
    for start, end in (*heard.quoted, *(heard.heads if heard.shape == "chat" else ())):
        plain.take(start, end)
    found: list[Fact] = list(codes.codes(plain))
    found += places.addresses(plain, locate)
    for start, end, said_at in heard.spans():
        found += [one for one, _, _ in dates.moments(plain, start, end, said_at)]
    found += codes.amounts(plain)
    numbers = list(codes.phones(plain))
    found += numbers
    found += codes.ways(plain)
    found += names.companies(plain)
    card = heard.shape == "note" and _card(plain.text, found)
    persons = _heads(plain, heard)
    persons += names.people(plain, numbers, card or heard.signature is not None)
    titles = list(names.titles(plain))
    found += [*names.with_titles(persons, titles, text), *titles]
    if card:
        heard.shape = "card"
    return Facts(
        text,
        heard.shape,
        ordered([_part(one, plain, heard) for one in found]),
        tuple(Said(who, at, *plain.span(start, end)) for who, at, start, end in heard.said),
        heard.subject,
        plain.span(*heard.body),
        heard.at,
    )


def _card(text: str, found: list[Fact]) -> bool:
    """A card is short lines, most of them one fact, and at least one way to reach somebody."""
    lines = [line for line in text.split("\n") if line.strip()]
    kinds = {one.kind for one in found}
    reach = kinds & {"phone", "email", "wechat", "qq"}
    prose = sum(1 for line in lines if len(line) > 60 or re.search(r"[。！!？?]", line))
    return 2 <= len(lines) <= 20 and bool(reach) and prose * 3 <= len(lines) and (len(lines) >= 3 or "company" in kinds)


def _heads(plain: Plain, heard: talk.Talk) -> list[Fact]:
    """Who speaks in a chat, and whom a mail's head names."""
    out: list[Fact] = []
    for (who, *_), (start, end) in zip(heard.said, heard.heads, strict=True) if heard.shape == "chat" else ():
        at = plain.text.find(who, start, max(end, start + len(who) + 40))
        name, title = names.clean_name(who)
        if at >= 0 and name:
            out.append(plain.fact("person", name, at, at + len(who), part="speaker", more=(("title", title),) if title else ()))
    for part, spans in (("sender", [heard.sender] if heard.sender else []), ("recipient", heard.recipients)):
        for start, end in spans:
            for piece in re.finditer(r"[^,;]+", plain.text[start:end]):
                m = re.match(r"\s*[\"']?(?P<n>[^\"'<(@]{1,40}?)[\"']?\s*(?:[<(]|$)", piece[0])
                if m and re.search(r"[\u4e00-\u9fffA-Za-z]", m["n"]):
                    name, title = names.clean_name(m["n"])
                    at = start + piece.start() + m.start("n")
                    out.append(plain.fact("person", name, at, at + len(m["n"]), part=part, more=(("title", title),) if title else ()))
                    plain.take(at, at + len(m["n"]))
    return out


def _part(one: Fact, plain: Plain, heard: talk.Talk) -> Fact:
    """What stands in a mail's head or signature belongs to its sender or recipients."""
    if heard.shape != "mail" or one.part:
        return one
    for part, spans in (("sender", [heard.sender] if heard.sender else []), ("recipient", heard.recipients)):
        if any(plain.place(start) <= one.start < plain.place(end) for start, end in spans):
            return replace(one, part=part)
    begin = plain.original[plain.place(heard.body[0]) : one.start].strip()
    if one.kind == "person" and re.fullmatch(r"(?:dear|hi|hello|尊敬的|to)?[ \w.]{0,8}", begin, re.IGNORECASE) and one.start >= plain.place(heard.body[0]):
        return replace(one, part="recipient")  # Dear Mr. Wang
    if heard.signature is not None and one.start >= plain.place(heard.signature) and one.kind not in ("moment", "amount", "way"):
        return replace(one, part="sender")
    return one
