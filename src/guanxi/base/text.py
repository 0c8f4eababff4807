"""What people read, in both languages.

Everything the program says to a person is a `Text`: Chinese first, English second, chosen when it is shown.
Whoever writes a message writes both, so a missing translation is a missing argument and not a surprise on screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ZH: Final = "zh-CN"
EN: Final = "en"
LANGUAGES: Final[tuple[str, ...]] = (ZH, EN)
DEFAULT_LANGUAGE: Final = ZH


@dataclass(frozen=True, slots=True)
class Text:
    """One message in Chinese and English; `str()` gives the Chinese."""

    zh: str
    en: str

    def for_(self, lang: str | None) -> str:
        """The wording for a language tag; anything that is not English reads Chinese, the default."""
        if lang == ZH or lang is None:  # a page says hundreds of words
            return self.zh
        return self.en if lang == EN or lang.lower().split("-")[0].split("_")[0] == "en" else self.zh

    def format(self, **values: object) -> Text:
        """Fill `{name}` places in both languages; a value that is itself a Text gives its own wording in each."""
        return Text(
            self.zh.format(**{k: v.zh if isinstance(v, Text) else v for k, v in values.items()}),
            self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
        )

    def __str__(self) -> str:
        return self.zh

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


def T(zh: str, en: str) -> Text:
    """Shorthand of `Text(zh, en)`, because declarations are full of them."""
    return Text(zh, en)


def pick_language(accept_language_header: str | None) -> str:
    """The language of `LANGUAGES` that an HTTP Accept-Language header likes best (RFC 9110 §12.5.4).

    Equal weights keep the caller's order. Unknown languages, `*` and malformed headers give Chinese.
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for part in (accept_language_header or "").split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        primary = tag.lower().split("-")[0].split("_")[0]
        language = {"zh": ZH, "en": EN, "*": DEFAULT_LANGUAGE}.get(primary)
        if language is not None and best_quality < quality <= 1:
            best, best_quality = language, quality
    return best
