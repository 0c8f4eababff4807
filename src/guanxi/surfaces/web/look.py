"""From data to pages: the template engine and what templates may call.

`Look` is one request's eyes: language, zone, the actor's guard. Templates get it as `x`; every word on a page is said
by `t(zh, en)` or a `Text`. A field type without a template of its own looks like the type it derives from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from guanxi.base import money, phones
from guanxi.base.text import Text
from guanxi.kernel.declare.fields import Choice, Field, File, Link, Links, Money, Settings
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import Guard
from guanxi.surfaces.web import static, words
from guanxi.surfaces.web.icons import icon
from guanxi.surfaces.web.rows import body

HERE = Path(__file__).parent
COLOURS = ("blue", "green", "orange", "purple", "teal", "red", "yellow", "grey")
CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY", "GBP")


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters["split"] = str.split
    made.globals |= {"icon": icon, "static": static.url, "words": words, "body": body}
    return made


_parts: dict[tuple[type[Field], str], Callable[..., Markup]] = {}


def part(kind: type[Field], name: str) -> Callable[..., Markup]:
    """The macro `cell`, `input` or `filter` of a field type."""
    held = _parts.get((kind, name))
    if held is None:
        held = _parts[kind, name] = _find(kind, name)
    return held


def _find(kind: type[Field], name: str) -> Callable[..., Markup]:
    for cls in kind.__mro__:
        if not issubclass(cls, Field) or not cls.kind:
            continue
        try:
            template = environment().get_template(f"fields/{cls.kind}/{name}.html")
        except TemplateNotFound:
            continue
        macro: Callable[..., Markup] = getattr(template.module, name)
        return macro
    raise TemplateNotFound(f"fields/{kind.kind}/{name}.html")


@dataclass(frozen=True)
class Look:
    """What templates may ask while they draw one page."""

    lang: str
    settings: Settings
    guard: Guard | None = None

    def t(self, zh: str, en: str) -> str:
        return en if self.lang == "en" else zh

    def many(self, it: Definition) -> str:
        """An object as a heading over its records: English has a plural, which is the address's where that is the same word."""
        words = it.plural.replace("_", " ")
        return words.capitalize() if self.lang == "en" and it.label.en.casefold() == it.name.replace("_", " ") else self.say(it.label)

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

    def cell(self, one: Field, value: Any, level: str = "read", url: str = "") -> Markup | str:
        """A value as it stands in a list or on a record's page. `url` is where a file field's bytes are."""
        if value is None or value == [] or value == "":
            return Markup("")
        if level == "masked":
            return Markup('<span class="masked">{}</span>').format(self.show(one, value))
        if isinstance(one, File):
            return part(type(one), "cell")(value, one, self, url)
        return part(type(one), "cell")(value, one, self)

    def input(self, one: Field, raw: Any, error: str = "", **more: Any) -> Markup:
        return part(type(one), "input")(one, raw, self, error, more)

    def filter(self, one: Field, path: str, get: Any) -> Markup:
        return part(type(one), "filter")(one, path, get, self)

    def plain(self, one: Choice) -> bool:
        """Whether a choice is shown as words: a list too long to be told apart by colours."""
        return len(one.options) > 8 and not any(o.color for o in one.options)

    def colour(self, one: Choice, key: str) -> str:
        for at, option in enumerate(one.options):
            if option.key == key:
                return option.color if option.color in COLOURS else COLOURS[at % len(COLOURS)]
        return "grey"

    def option(self, one: Choice, key: str) -> str:
        found = one.option(key)
        return found.label.for_(self.lang) if found else str(key)

    def amount(self, value: Any) -> str:
        """`¥1,234.00`; whole amounts without the cents."""
        text = self.show(_MONEY, value)
        return text.removesuffix(".00")

    def when(self, value: datetime) -> str:
        """An instant, short: the clock today, the day this year, the date before."""
        at = value.astimezone(self.settings.tz)
        if at.date() == self.settings.today:
            return f"{self.t('今天', 'Today')} {at:%H:%M}"
        return f"{at:%m-%d %H:%M}" if at.year == self.settings.today.year else f"{at:%Y-%m-%d}"

    def exact(self, value: datetime) -> str:
        return f"{value.astimezone(self.settings.tz):%Y-%m-%d %H:%M:%S}"

    def past(self, value: Any) -> bool:
        return isinstance(value, date) and not isinstance(value, datetime) and value < self.settings.today

    def phone(self, number: str) -> str:
        return phones.display(number)

    def size(self, count: int) -> str:
        return f"{count / 1048576:.1f} MB" if count >= 1048576 else f"{max(1, count // 1024)} KB"

    def initial(self, name: str) -> str:
        """The one sign in a person's round picture: the family name's, or the first letter."""
        return (name or "?").strip()[:1].upper()

    @property
    def currencies(self) -> list[str]:
        return list(dict.fromkeys((self.settings.currency, *CURRENCIES, *sorted(money.EXPONENTS))))

    # -- addresses -----------------------------------------------------------------------------------------------------
    def target(self, one: Link | Links) -> Definition | None:
        return self.guard.catalog.find(one.target) if self.guard is not None else None

    def to(self, name: str, record: UUID | str | None = None, more: str = "", **query: Any) -> str:
        """The address of an object's list, a record, or one of its pages."""
        it = self.guard.catalog.find(name) if self.guard is not None else None
        path = f"/{it.plural if it else name}" + (f"/{record}" if record else "") + (f"/{more}" if more else "")
        kept = {key: value for key, value in query.items() if value not in (None, "")}
        return path + ("?" + urlencode(kept) if kept else "")


_MONEY = Money()


def render(template: str, look: Look, context: Mapping[str, Any]) -> str:
    return environment().get_template(template).render({"x": look, "t": look.t, "say": look.say, **context})
