"""What the command line says, in the reader's language, and the one exception that carries such a sentence."""

from __future__ import annotations

import os
import sys

from guanxi.base.text import Text


class Trouble(Exception):
    """Something the reader can put right; the sentence says how. The command ends with exit code 1."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)


def language() -> str | None:
    """`zh` or `en` as LC_ALL, LC_MESSAGES or LANG say; None when they name no language (C, POSIX, unset)."""
    locale = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").lower()
    if locale.startswith("zh"):
        return "zh"
    return None if locale.partition(".")[0] in ("", "c", "posix") else "en"


def said(text: Text) -> str:
    """The wording for the reader; both when the environment names no language."""
    lang = language()
    if lang is not None:
        return text.for_(lang)
    if text.zh == text.en:
        return text.zh
    short = "\n" not in text.zh + text.en and len(text.zh) + len(text.en) <= 70
    return text.zh + (" / " if short else "\n") + text.en


def tell(zh: str, en: str) -> None:
    """Progress and notes: on standard error, because standard output is the command's answer."""
    print(said(Text(zh, en)), file=sys.stderr, flush=True)


def tell_step(step: str) -> None:
    """A step that the kernel reports, already in words."""
    print("  " + step, file=sys.stderr, flush=True)
