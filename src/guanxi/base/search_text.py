"""Words for the search index, made in Python for a plain PostgreSQL tsvector, and the queries that meet them.

A Chinese name has no spaces, so the index holds what people may type:

| token      | for                                      | example of 上海华为ABC                            |
|------------|------------------------------------------|--------------------------------------------------|
| `上海`     | two and more: AND of the bigrams         | 上海 海华 华为                                   |
| `为`       | one character, by prefix of its bigram   | 为 (the last of a run begins no bigram)          |
| `abc`      | words and numbers, found by prefix       | abc                                              |
| `p:…`      | pinyin from each character on, by prefix | p:shanghaihuaweiabc p:haihuaweiabc p:huaweiabc … |
| `i:…`      | initials likewise                        | i:shhwabc i:hhwabc i:hwabc …                     |
| `d:…`      | phone numbers and codes by their begin   | d:13800138000 d:00138000                         |
| `r:…`      | and by their end, written backwards      | r:00083100831                                    |

Store the tokens with `array_to_tsvector(tokens)` and ask with `column @@ query_tokens(q)::tsquery`: no text search
configuration, no positions. Without positions the bigrams of a query of three or more characters may stand apart in
a text (海华 and 华为 without 海华为): where that matters, recheck with `matches`. Brackets and blanks inside Chinese
text count for nothing: 华为（上海） is found by 华为上海.

Nearly every token of a number belongs to one record alone, and to sort in such a token costs the database most: a number
is therefore held twice (by its begin and by its end), and a long one without letters from its last eight digits on, which is where people
part a phone (138 0013 8000). Entries written before hold each tail from the fourth last sign on as `d:…`; they are found all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from operator import add
from typing import Final

from guanxi.base import pinyin
from guanxi.base.normal import normal

MAX_TOKENS: Final = 120
"""Tokens of one entry; an address or a remark is cut off, a title, its pinyin and phones never are."""
MAX_QUERY: Final = 100
"""Characters of a query that are looked at."""

_WORD_LENGTH = 40
_PINYIN_LENGTH, _INITIALS_LENGTH = 24, 10  # longer queries are cut alike, and found all the same
_PINYIN_STARTS = 16
_ENDINGS = ("有限责任公司", "股份有限公司", "有限公司", "公司")  # nobody looks for a company by how these sound
_SHORT_NAME = 4  # words of up to four characters get pinyin: people and short names, not addresses
_PHONES = 4
_TAIL, _LONGEST_TAIL, _LOCAL = 4, 15, 8

# Scripts that are written without blanks: Han with its extensions, kana, hangul.
_CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_GAP = re.compile(rf"(?<=[{_CJK}])[^\w]+(?=[{_CJK}])")
_QUERY_GAP = re.compile(rf"(?<=[{_CJK}])[^\w\s]+(?=[{_CJK}])")
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_PHONE_QUERY = re.compile(r"\+?[\d\s().-]+")


def _runs(text: str) -> list[str]:
    """Runs of one kind in a normal()ised text of an entry: 上海(华为)abc-12 → 上海华为, abc, 12."""
    return _RUN.findall(text if text.isascii() else _GAP.sub("", text))


def _add_text(tokens: set[str], text: str, singles: set[str]) -> None:
    if text.isascii():
        tokens.update([run[:_WORD_LENGTH] for run in _RUN.findall(text)])
        return
    for run in _runs(text):
        if run.isascii() or not _IS_CJK.match(run):
            tokens.add(run[:_WORD_LENGTH])
        else:
            tokens.update(map(add, run, run[1:]))
            singles.add(run[-1])  # the others are found by the bigrams they begin


def _add_pinyin(tokens: set[str], text: str) -> None:
    if text.isascii():
        return  # its words are found by prefix already
    ending = next((len(one) for one in _ENDINGS if text.endswith(one)), 0) % len(text)
    surname = len(text) <= _SHORT_NAME and (text[:1] in pinyin.SURNAMES or text[:2] in pinyin.SURNAMES)
    for as_name in (False, True) if surname else (False,):  # 单位 is danwei, 单雄信 shanxiongxin: both are found
        parts, firsts = pinyin.read(text, as_name)
        _add_starts(tokens, "p:", parts, _PINYIN_LENGTH, ending)
        _add_starts(tokens, "i:", firsts, _INITIALS_LENGTH, ending)


def _add_starts(tokens: set[str], mark: str, parts: list[str], length: int, ending: int) -> None:
    """What a text sounds like from each of its parts on but the last few; not a single letter, which nobody looks for."""
    whole = "".join(parts)
    starts = list(accumulate(map(len, parts[: min(_PINYIN_STARTS, len(parts) - ending) - 1]), initial=0))
    tokens.update([mark + whole[at : at + length] for at in starts if at + 1 < len(whole)])


def _add_number(tokens: set[str], word: str) -> None:
    if len(word) < _TAIL:
        return
    tokens.add("r:" + word[: -_LONGEST_TAIL - 1 : -1])
    if word in tokens:  # a code of one run is found by its begin already
        return
    word = word[-_LONGEST_TAIL:]
    tokens.add("d:" + word)
    if len(word) > _LOCAL and word.isdecimal():
        tokens.add("d:" + word[-_LOCAL:])


def entry_tokens(
    title: str, words: Iterable[str] = (), phones: Iterable[str] = (), codes: Sequence[str] = ()
) -> set[str]:
    """The tokens of one entry, at most MAX_TOKENS.

    `title` and short `words` (people, short names) are also found by pinyin; `phones` (stored form) and `codes` (credit
    codes, contract numbers) by four or more characters they begin or end with, phones by those their last eight digits begin
    with, too.
    """
    tokens: set[str] = set()
    singles: set[str] = set()
    title = normal(title[:80])
    _add_text(tokens, title, singles)
    _add_pinyin(tokens, title)
    tokens |= singles
    for phone in islice(phones, _PHONES):
        main, _, extension = phone.partition(";ext=")
        _add_number(tokens, main.removeprefix("+86").lstrip("+"))
        if extension:
            tokens.add(extension)
    for code in codes:
        runs = _runs(normal(code))
        tokens.update(runs)
        _add_number(tokens, "".join(runs))
    rest: set[str] = set()
    there = {code for code in codes if code.isascii()}
    for word in sorted(words, key=len):  # what is short is a name or a number; the long ones share what is left
        if len(tokens) >= MAX_TOKENS:
            break
        if word in there:
            continue
        more: set[str] = set()
        word = normal(word[:MAX_TOKENS])
        _add_text(more, word, rest)
        if len(word) <= _SHORT_NAME:
            _add_pinyin(more, word)
        _fill(tokens, more)
    _fill(tokens, rest)
    return tokens


def _fill(tokens: set[str], more: set[str]) -> None:
    if len(tokens) + len(more) <= MAX_TOKENS:
        tokens |= more
    else:
        tokens.update(sorted(more - tokens)[: max(MAX_TOKENS - len(tokens), 0)])


def index_tokens(texts: list[str]) -> list[str]:
    """The tokens of texts that are all titles: bigrams, characters, words, pinyin. Sorted, each once."""
    tokens: set[str] = set()
    for text in map(normal, texts):
        _add_text(tokens, text, tokens)
        _add_pinyin(tokens, text)
    return sorted(tokens)


def query_tokens(q: str) -> str:
    """A tsquery that finds entries holding every part of `q`; "" when there is nothing to look for (then find nothing).

    Only letters and digits of the query get in, each quoted: no operator of the query language can.
    """
    text = _QUERY_GAP.sub("", normal(q[:MAX_QUERY]))
    parts: list[str] = []
    for run in dict.fromkeys(_RUN.findall(text)):
        if not run.isascii() and _IS_CJK.match(run):
            if len(run) > 1:
                parts += [_quoted(gram) for gram in dict.fromkeys(map(add, run, run[1:]))]
            else:
                parts.append(_quoted(run, prefix=True))
        else:
            parts.append(_word_query(run))
    query = " & ".join(parts)
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 7 and len(parts) > 1 and _PHONE_QUERY.fullmatch(text):
        # 138-0013-8000 or +86 138 0013 8000: one number, though the index knows it without blanks
        query = f"({_number_query(national(digits))} | {query})"
    return query


def tail_query(text: str, longer: bool = False) -> str:
    """A tsquery that finds entries with a phone or code that ends so; `longer`: or begins so, or whose last eight digits do. "" for less
    than four signs."""
    word = national("".join(_RUN.findall(normal(text[:MAX_QUERY]))))
    return _number_query(word, longer) if len(word) >= _TAIL else ""


def _word_query(word: str) -> str:
    word = word[:_WORD_LENGTH]
    if len(word) < 2:
        return _quoted(word)
    choices = [_quoted(word, prefix=True)]
    if not word.isdecimal():
        choices += [
            _quoted("p:" + word[:_PINYIN_LENGTH], prefix=True),
            _quoted("i:" + word[:_INITIALS_LENGTH], prefix=True),
        ]
    if len(word) >= _TAIL and any(letter.isdecimal() for letter in word):
        choices.append(_number_query(national(word)))
    return choices[0] if len(choices) == 1 else f"({' | '.join(choices)})"


def _number_query(word: str, longer: bool = True) -> str:
    return f"{_quoted('d:' + word, prefix=longer)} | {_quoted('r:' + word[::-1], prefix=True)}"


def national(digits: str) -> str:
    """Digits as the index holds a phone: 8613800138000 and 013800138000 as 13800138000, 02169388001 as 2169388001."""
    if digits.isdecimal():
        if len(digits) >= 12 and digits.startswith(("86", "0086")):
            digits = digits.removeprefix("00")[2:]
        if len(digits) >= 10 and digits.startswith("0"):
            digits = digits[1:]
    return digits[-_LONGEST_TAIL:]


def _quoted(lexeme: str, prefix: bool = False) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'{':*' if prefix else ''}"


def spells(q: str, text: str) -> bool:
    """Whether what somebody typed stands in a text, or is how the text sounds from one of its parts on: 三, "san" and "zs" spell 张三.
    For the few names of a list at hand; among many, entries are found by their tokens."""
    wanted, held = _GAP.sub("", normal(q[:MAX_QUERY])), normal(text)
    if wanted in _GAP.sub("", held):
        return True
    if not wanted.isascii() or held.isascii():
        return False
    return any(
        "".join(sounds[at:]).startswith(wanted) for as_name in (False, True) for sounds in pinyin.read(held, as_name) for at in range(len(sounds))
    )


def needs_recheck(q: str) -> bool:
    """Whether the index alone may find too much: a Chinese run of three or more characters."""
    text = _QUERY_GAP.sub("", normal(q[:MAX_QUERY]))
    return any(len(run) > 2 and _IS_CJK.match(run) for run in _RUN.findall(text))


def matches(q: str, *texts: str) -> bool:
    """Whether every Chinese run of the query stands, whole, in one of the texts; words and digits the index decides."""
    text = _QUERY_GAP.sub("", normal(q[:MAX_QUERY]))
    compact = [_GAP.sub("", normal(entry)) for entry in texts]
    return all(any(run in entry for entry in compact) for run in _RUN.findall(text) if _IS_CJK.match(run))
