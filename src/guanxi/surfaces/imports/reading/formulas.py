"""Text that a spreadsheet would run as a formula, made harmless on the way out and given back on the way in.

A cell that begins with = + - @ (or their full-width twins), also behind blanks and control characters, is a formula to
Excel and WPS when it stands in a CSV file; tab and carriage return start a new cell in some importers (OWASP, "CSV
Injection"). Such text gets a leading apostrophe. A plain number is no danger and stays as it is.
"""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff\"']*[=+\-@＝＋－＠﹣﹢﹦﹫|%]|[\t\r\n]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet may evaluate this text."""
    return _DANGEROUS.match(text) is not None and _PLAIN_NUMBER.fullmatch(text) is None


def neutralise(text: str) -> str:
    """The text with an apostrophe before it if it is dangerous."""
    return "'" + text if is_dangerous(text) else text


def restore(text: str) -> str:
    """What neutralise() was given: the apostrophe goes if the rest is why it was put there."""
    if text[:1] == "'" and is_dangerous(text[1:]):
        return text[1:]
    return text
