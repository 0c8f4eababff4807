"""The follow-up a pasted text becomes: what happened, in which way, when, and when to be in touch again."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from guanxi.kernel import Fact, Facts, Guess, Offer, Step, guess

_PLAN = re.compile(
    r"再|联系|电话|见|拜访|开会|会议|来|去|到|演示|面谈|沟通|回复|答复|上门|约|参观|考察|谈|call|meet|visit|demo|follow|talk|see you|get back", re.IGNORECASE
)
_CLAUSE = re.compile(r"[，,。；;！!？?\n]")
MOST = 20_000


def activity(facts: Facts, desk: Any) -> Step | None:
    """A follow-up about the customer, the contact and the deal of the earlier steps. A card alone is none, unless wished."""
    if not any(name in desk.steps for name in ("customer", "contact", "opportunity")):
        return None
    values = {
        "kind": _kind(facts, desk),
        "content": Guess(_content(facts)),
        "happened_at": _happened(facts, desk),
        "next_contact_at": _next(facts, desk),
    }
    links = {name: name for name in ("customer", "contact", "opportunity")}
    return Step(values, links=links, take=facts.shape != "card")


def _content(facts: Facts) -> str:
    text = facts.text
    if facts.shape == "mail":
        start, end = facts.body
        body = text[start:end].strip()
        text = f"{facts.subject}\n{body}" if facts.subject else body
    return text.strip()[:MOST]


def _kind(facts: Facts, desk: Any) -> Guess:
    own = {"chat": "wechat", "mail": "email"}.get(facts.shape)
    if own and desk.option("activity", "kind", own):
        return Guess(own)
    found = [one for one in facts.of("way") if desk.option("activity", "kind", one.value)]
    said = guess(found)
    if said.value is not None:
        return said
    return Guess(desk.option("activity", "kind", "other"), (), said.options)


def _iso(one: Fact, desk: Any, usual: time = time(9)) -> str:
    return str(one.value.at(desk.tz, usual).isoformat())


def _happened(facts: Facts, desk: Any) -> Guess:
    """When the chat's last message or the mail was sent; of a note, the one day before today that it names, else now."""
    if facts.at is not None and facts.at <= desk.now:
        return Guess(facts.at.isoformat())
    past = [one for one in facts.of("moment") if one.value.day < desk.now.date() and one.value.precision in ("time", "half", "day")]
    return guess(past, lambda one: _iso(one, desk, time(12))) if past else Guess(desk.now.replace(second=0, microsecond=0).isoformat())


def _next(facts: Facts, desk: Any) -> Guess:
    """The one moment to come that is sure; of several, the one whose clause says that people will be in touch, and
    of those the one with an hour."""
    ahead = [one for one in facts.of("moment") if one.value.at(desk.tz) > desk.now and (one.value.day, one.value.precision) != (desk.now.date(), "day")]
    sure = [one for one in ahead if one.sure]
    planned = [one for one in sure if _PLAN.search(_clause(facts, one))]
    timed = [one for one in planned if one.value.clock is not None]
    chosen = sure if len(sure) == 1 else planned if len(planned) == 1 else timed
    if len(chosen) != 1:
        return Guess(None, (), tuple(_offer(one, desk) for one in ahead))
    return Guess(_iso(chosen[0], desk), ((chosen[0].start, chosen[0].end),), tuple(_offer(one, desk) for one in ahead if one is not chosen[0]))


def _offer(one: Fact, desk: Any) -> Offer:
    return Offer(_iso(one, desk), ((one.start, one.end),))


def _clause(facts: Facts, one: Fact) -> str:
    start = max((m.end() for m in _CLAUSE.finditer(facts.text, 0, one.start)), default=0)
    after = _CLAUSE.search(facts.text, one.end)
    return facts.text[start : after.start() if after else len(facts.text)]
