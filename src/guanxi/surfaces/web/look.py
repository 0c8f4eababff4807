"""From data to pages: what templates may call.

`Look` is one request's eyes: language, zone, the actor's guard. Templates get it as `x`; every word on a page is said
by `t(zh, en)` or a `Text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from weakref import WeakKeyDictionary

from markupsafe import Markup

from guanxi.base import money
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Choice, Field, Link, Links, Settings
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import Guard
from guanxi.surfaces.web import cells, words
from guanxi.surfaces.web.filters import SUFFIXES
from guanxi.surfaces.web.icons import icon
from guanxi.surfaces.web.templates import environment, part

_unset: WeakKeyDictionary[Field, dict[tuple[str, str], Markup]] = WeakKeyDictionary()
NEAR = {-1: T("昨天", "Yesterday"), 0: T("今天", "Today"), 1: T("明天", "Tomorrow")}
CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY", "GBP")


@dataclass(frozen=True)
class Look:
    """What templates may ask while they draw one page."""

    lang: str
    settings: Settings
    guard: Guard | None = None
    drawers: dict[tuple[Field, str, str], cells.Draw] = field(default_factory=dict, repr=False, compare=False)

    def t(self, zh: str, en: str) -> str:
        return en if self.lang == "en" else zh

    def many(self, it: Definition) -> str:
        """An object as a heading over its records."""
        return self.say(words.plural(it))

    def new(self, it: Definition) -> str:
        """What makes a record of an object."""
        return self.say(words.new(it))

    def say(self, text: Text | None) -> str:
        return text.for_(self.lang) if text is not None else ""

    def icon(self, name: str) -> Markup:
        return icon(name)

    # -- values --------------------------------------------------------------------------------------------------------
    def show(self, one: Field, value: Any) -> str:
        """A value in words; what is masked arrives as text already."""
        if isinstance(value, str) and not isinstance(one, Choice):
            return value if one.kind != "rich_text" else one.show(value, self.lang)
        return one.show(value, self.lang, self.settings.tz)

    def cell(self, one: Field, value: Any, level: str = "read", url: str = "") -> Markup:
        """A value as it stands in a list or on a record's page. `url` is where a file field's bytes are."""
        draw = self.drawers.get((one, level, url))
        if draw is None:
            draw = self.drawers[one, level, url] = cells.drawer(self, one, level, url)
        return Markup(draw(value))  # noqa: S704 - cells escape what they are given

    def input(self, one: Field, raw: Any, error: str = "", **more: Any) -> Markup:
        return part(type(one), "input", self.lang)(one, raw, self, error, more)

    def filter(self, one: Field, path: str, get: Any) -> Markup:
        """The control of a list that asks for values of a field. It may hold a long list of options, so while nothing is
        chosen in it, it is drawn once for each field (a catalog's own) and language."""
        draw = part(type(one), "filter", self.lang)
        if any(get.get(f"f.{path}{suffix}") for suffix in SUFFIXES):
            return draw(one, path, get, self)
        drawn = _unset.setdefault(one, {})
        held = drawn.get((path, self.lang))
        if held is None:
            held = drawn[path, self.lang] = draw(one, path, {}, self)
        return held

    @property
    def nameless(self) -> str:
        return self.t("（未命名）", "(no name)")

    def shortly(self) -> Callable[[str], str]:
        """Makes an ISO instant of the workspace's zone short: the clock about today, the day this year, the date before."""
        day = self.settings.today
        near = {(day + timedelta(days=n)).isoformat(): self.say(word) for n, word in NEAR.items()}
        year = day.isoformat()[:4]
        return lambda at: f"{word} {at[11:16]}" if (word := near.get(at[:10])) else at[5:16] if at[:4] == year else at[:10]

    def when(self, value: datetime) -> str:
        return self.shortly()(value.astimezone(self.settings.tz).isoformat(" "))

    def clock(self, value: datetime) -> str:
        return f"{value.astimezone(self.settings.tz):%H:%M}"

    def exact(self, value: datetime) -> str:
        return f"{value.astimezone(self.settings.tz):%Y-%m-%d %H:%M:%S}"

    def faster(self, event: Any) -> str:
        """Who did something and when, shortly; of an event that may not be known any more."""
        if event is None:
            return self.t("别人", "Somebody else")
        return f"{(event.actor or {}).get('label') or self.t('别人', 'Somebody else')} {self.when(event.at)}"

    def size(self, count: int) -> str:
        return f"{count / 1048576:.1f} MB" if count >= 1048576 else f"{max(1, count // 1024)} KB"

    def initial(self, name: str) -> str:
        """The one sign in a person's round picture: the family name's, or the first letter."""
        return (name or "?").strip()[:1].upper()

    def upper(self, text: str, currency: str) -> str:
        """A typed amount in the capital numerals of Chinese contracts; nothing for what is no amount or no yuan."""
        try:
            amount, found = money.parse_amount(text)
            return money.to_chinese_upper(amount) if (found or currency) == "CNY" else ""
        except ValueError:
            return ""

    @property
    def currencies(self) -> list[str]:
        return list(dict.fromkeys((self.settings.currency, *CURRENCIES, *sorted(money.EXPONENTS))))

    def fields_of(self, name: str) -> list[Field]:
        """The fields of an object that the actor may see, for fields that hold their names."""
        it = self.guard.catalog.find(name) if self.guard is not None else None
        return [one for one, _ in self.guard.visible(it) if not one.system] if self.guard is not None and it is not None else []

    # -- addresses -----------------------------------------------------------------------------------------------------
    def target(self, one: Link | Links) -> Definition | None:
        return self.guard.catalog.find(one.target) if self.guard is not None else None

    def to(self, name: str, record: UUID | str | None = None, more: str = "", **query: Any) -> str:
        """The address of an object's list, a record, or one of its pages."""
        it = self.guard.catalog.find(name) if self.guard is not None else None
        path = f"/{it.plural if it else name}" + (f"/{record}" if record else "") + (f"/{more}" if more else "")
        kept = {key: value for key, value in query.items() if value not in (None, "")}
        return path + ("?" + urlencode(kept) if kept else "")


def render(template: str, look: Look, context: Mapping[str, Any]) -> str:
    return environment(look.lang).get_template(template).render({"x": look, "t": look.t, "say": look.say, **context})
