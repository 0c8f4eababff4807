"""How alike records are: pairs that may be the same, with a score from 0 to 1 and what speaks for it.

Records are mappings of field to text. What is rare counts: candidates share rare pieces of text (three letters, two Chinese
characters, whole values), and a rare word two texts have in common says more than a frequent one. Nothing is learned from
answers, so the same rules hold for people, restaurants, papers and companies.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from rapidfuzz import fuzz

from guanxi.base import credit_code
from guanxi.base.normal import normal

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_APOSTROPHE = re.compile("['’]")
FREQUENT: Final = 25
"""A piece of text that so many records have brings nobody together."""
RARE: Final = 5
"""So many of the rarest pieces of a field are looked at."""
NEAR: Final = 12
"""Candidates of one record."""
_ABBREVIATED: Final = 0.9
_WORDS_ALIKE: Final = 0.75


@dataclass(frozen=True)
class Compare:
    """One field and what it counts. words: texts whose words may be missing, added, abbreviated (names, titles, addresses);
    signs: what is mistyped sign by sign (a person's name, dates, numbers); code: an official number – two right ones that
    differ are two things, whatever else agrees. `place`: the field whose words say nothing in this one (Spago (Los Angeles)
    in Los Angeles)."""

    field: str
    weight: float = 1.0
    kind: Literal["words", "signs", "code"] = "words"
    place: str = ""


class Pair(NamedTuple):
    """Two records by their place in the list, the score, and the fields that speak for it."""

    first: int
    second: int
    score: float
    why: tuple[str, ...]


class Likeness:
    """Some records, ready to be compared with one another."""

    def __init__(self, rows: Sequence[Mapping[str, str]], compares: Sequence[Compare], least: float = 0.35) -> None:
        """`least`: the share of all weights that must be filled in on both sides, or nothing is said."""
        self.compares = tuple(compares)
        self._least = least * sum(one.weight for one in compares)
        words = [{one.field: tuple(_words(row.get(one.field) or "")) for one in compares} for row in rows]
        for one in (c for c in compares if c.place):
            for row, own in zip(rows, words, strict=True):
                there = set(_words(row.get(one.place) or ""))
                own[one.field] = tuple(word for word in own[one.field] if word not in there) or own[one.field]
        self._words = words
        self._texts = [{name: " ".join(own[name]) for name in own} for own in words]
        self._worth: dict[str, dict[str, float]] = {}
        for one in compares:
            counts = Counter(word for own in words for word in set(own[one.field]))
            self._worth[one.field] = {word: math.log(1 + len(rows) / count) for word, count in counts.items()}

    def candidates(self) -> set[tuple[int, int]]:
        """Pairs worth comparing: for each record the few that share most of its rare pieces of text."""
        index: dict[tuple[int, str], list[int]] = defaultdict(list)
        pieces = [[set(_pieces(texts[one.field])) for one in self.compares] for texts in self._texts]
        for at, fields in enumerate(pieces):
            for n, held in enumerate(fields):
                for piece in held:
                    index[n, piece].append(at)
        shared: dict[int, Counter[int]] = defaultdict(Counter)
        size = len(pieces)
        for at, fields in enumerate(pieces):
            near: Counter[int] = shared[at]
            for n, held in enumerate(fields):
                lists = [index[n, piece] for piece in held]
                known = sorted((one for one in lists if 1 < len(one) <= FREQUENT), key=len)[:RARE]
                for others in known:
                    worth = round(100 * self.compares[n].weight * math.log(size / len(others) + 1))
                    for other in others:
                        if other != at:
                            near[other] += worth
        out: set[tuple[int, int]] = set()
        for at, near in shared.items():
            for other, _ in sorted(near.items(), key=lambda one: (-one[1], one[0]))[:NEAR]:
                out.add((at, other) if at < other else (other, at))
        return out

    def compare(self, first: int, second: int) -> Pair:
        """The score of two records. A field that one of them lacks says nothing."""
        got = held = 0.0
        why: list[str] = []
        for one in self.compares:
            a, b = self._texts[first][one.field], self._texts[second][one.field]
            if not a or not b:
                continue
            if one.kind == "words":
                alike = self._words_alike(one.field, first, second)
            else:
                if one.kind == "code" and a != b and _right(a) and _right(b):
                    return Pair(first, second, 0.0, ())
                alike = max(0.0, fuzz.ratio(a, b) / 50 - 1)
            got += one.weight * alike
            held += one.weight
            if alike >= 0.8:
                why.append(one.field)
        return Pair(first, second, got / held if held >= self._least else 0.0, tuple(why))

    def pairs(self, threshold: float, *, single: bool = False, between: int = 0) -> list[Pair]:
        """The pairs of at least this score, the likest first. single: each record is like one other at most, the likest (two
        lists that hold everything once). between: pairs across this place only, where a second list begins."""
        found = [self.compare(*pair) for pair in sorted(self.candidates()) if not between or pair[0] < between <= pair[1]]
        if single:
            best: dict[int, float] = defaultdict(float)
            for one in found:
                best[one.first], best[one.second] = max(best[one.first], one.score), max(best[one.second], one.score)
            found = [one for one in found if one.score >= max(best[one.first], best[one.second])]
        return sorted((one for one in found if one.score >= threshold), key=lambda one: (-one.score, one.first, one.second))

    def _words_alike(self, name: str, first: int, second: int) -> float:
        a, b = set(self._words[first][name]), set(self._words[second][name])
        if a == b:
            return 1.0
        worth = self._worth[name]
        got = total = 0.0
        for these, those in ((a, b), (b, a)):
            others = [word for word in those - these if not word.isdigit()]
            for word in these:
                weight = worth[word]
                total += weight
                if word in those:
                    got += weight
                elif not word.isdigit():
                    best = max((_word_alike(word, other) for other in others), default=0.0)
                    got += weight * best if best >= _WORDS_ALIKE else 0.0
        return got / total if total else 0.0


def _word_alike(a: str, b: str) -> float:
    """Two words: one may be the beginning of the other (deli, delicatessen), or be mistyped."""
    return _ABBREVIATED if a.startswith(b) or b.startswith(a) else fuzz.ratio(a, b) / 100


def _words(text: str) -> list[str]:
    """Words of letters and digits, Chinese characters one by one; an apostrophe parts no word."""
    return _WORD.findall(_APOSTROPHE.sub("", normal(text)))


def _pieces(text: str) -> list[str]:
    """What of a text is looked up: all of it, and its runs of three signs (two where a sign is Chinese)."""
    if not text:
        return []
    whole = text.replace(" ", "")
    size = 3 if whole.isascii() else 2
    return [text, *(whole[at : at + size] for at in range(len(whole) - size + 1))]


def _right(code: str) -> bool:
    return credit_code.check(code) is None
