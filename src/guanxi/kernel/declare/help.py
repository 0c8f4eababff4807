"""Help that a module writes about working with its objects: pages of tasks, as files beside it in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Help:
    """A page of help.

    name: its address under /help. folder: where `<name>.zh.md` and `<name>.en.md` lie, with the same tasks in the same order. about: the
    objects whose pages it is opened from.
    """

    name: str
    folder: Path
    about: tuple[str, ...] = ()

    def text(self, lang: str) -> str:
        """What the page says in a language. Raises OSError where the file is missing."""
        return (self.folder / f"{self.name}.{'en' if lang == 'en' else 'zh'}.md").read_text(encoding="utf-8")
