"""How values look: each field type's cell, the same in lists, on records and in what happened.

`drawer` compiles a cell once for a field: what its values share - the language, the options, where links lead - is looked
up then, and the function it returns only makes text of one value after another. That is what a list page does most.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from guanxi.base import phones
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    DateTime,
    Department,
    Email,
    Field,
    File,
    Image,
    Integer,
    Json,
    Link,
    Links,
    LongText,
    Money,
    MultiChoice,
    Number,
    Person,
    Phone,
    RichText,
    Stage,
    Tags,
    Url,
)
from guanxi.kernel.declare.fields import Date as Day
from guanxi.kernel.declare.pooling import DaysLeft
from guanxi.kernel.files import shown_as
from guanxi.surfaces.web.icons import icon

if TYPE_CHECKING:
    from guanxi.surfaces.web.look import Look

Draw = Callable[[Any], str]
"""A value to its markup, escaped; nothing for an empty value."""

COLOURS = ("blue", "green", "orange", "purple", "teal", "red", "yellow", "grey")


def drawer(look: Look, one: Field, level: str = "read", files: str = "") -> Draw:
    """The cell of a field at a level of rights. `files`: the address under which a file field's bytes are, if it has links."""
    draw = _masked(look, one) if level == "masked" else cell(type(one))(look, one, files)
    return lambda value: draw(value) if value or not (value is None or value == "" or value == []) else ""


def cell(kind: type[Field]) -> Callable[[Look, Field, str], Draw]:
    """What compiles a type's cell: its own, or that of the type it derives from."""
    return next(CELLS[cls] for cls in kind.__mro__ if cls in CELLS)


def _masked(look: Look, one: Field) -> Draw:
    return lambda value: f'<span class="masked">{escape(look.show(one, value))}</span>'


def _words(look: Look, one: Field, files: str) -> Draw:
    return lambda value: escape(look.show(one, value))


def _long(look: Look, one: Field, files: str) -> Draw:
    return lambda value: f'<span class="prose">{escape(str(value))}</span>'


def _rich(look: Look, one: Field, files: str) -> Draw:
    """Cleaned on the way in: the field allows a safe subset only."""
    return lambda value: f'<div class="prose rich">{value}</div>'


def _integer(look: Look, one: Field, files: str) -> Draw:
    return lambda value: f'<span class="number">{escape(str(value))}</span>'


def _days_left(look: Look, one: Field, files: str) -> Draw:
    """Days until a record is taken back: red below three, and tonight in words."""
    tonight = escape(look.t("今晚", "tonight"))
    return lambda value: f'<span class="number{" days-late" if value < 3 else ""}">{value if value else tonight}</span>'


def _number(look: Look, one: Field, files: str) -> Draw:
    return lambda value: f'<span class="number">{escape(look.show(one, value))}</span>'


def _money(look: Look, one: Field, files: str) -> Draw:
    """Whole amounts without the cents."""
    return lambda value: f'<span class="number">{escape(look.show(one, value).removesuffix(".00"))}</span>'


def _boolean(look: Look, one: Field, files: str) -> Draw:
    yes = f'<span class="yes">{icon("check")}<span class="unseen">{look.t("是", "Yes")}</span></span>'
    no = f'<span class="faint">{look.t("否", "No")}</span>'
    return lambda value: yes if value else no


def _day(look: Look, one: Field, files: str) -> Draw:
    def draw(value: Any) -> str:
        text = escape(str(value))
        return f'<time datetime="{text}">{text}</time>'

    return draw


def _moment(look: Look, one: Field, files: str) -> Draw:
    tz, when = look.settings.tz, look.shortly()

    def draw(value: Any) -> str:
        at = value.astimezone(tz).isoformat(" ")
        return f'<time datetime="{value.isoformat()}" title="{at[:19]}">{when(at)}</time>'

    return draw


def _pill(look: Look, one: Field) -> Draw:
    """One option's word on its colour; a list too long to be told apart by colours is shown as words."""
    assert isinstance(one, Choice)
    plain = not isinstance(one, MultiChoice) and len(one.options) > 8 and not any(o.color for o in one.options)
    places = {option.key: (at, option) for at, option in enumerate(one.options)}
    drawn: dict[Any, str] = {}

    def draw(key: Any) -> str:
        held = drawn.get(key)
        if held is None:
            at, option = places.get(key, (-1, None))
            word = escape(option.label.for_(look.lang) if option else str(key))
            colour = "grey" if option is None else option.color if option.color in COLOURS else COLOURS[at % len(COLOURS)]
            held = drawn[key] = word if plain else f'<span class="pill {colour}">{word}</span>'
        return held

    return draw


def _choice(look: Look, one: Field, files: str) -> Draw:
    return _pill(look, one)


def _choices(look: Look, one: Field, files: str) -> Draw:
    draw = _pill(look, one)
    return lambda value: f'<span class="pills">{"".join(map(draw, value))}</span>'


def _tags(look: Look, one: Field, files: str) -> Draw:
    of = one.fields_of if isinstance(one, Tags) else ""
    names = {field.name: look.say(field.label) for field in look.fields_of(of)} if of else {}

    def draw(value: Any) -> str:
        words = "".join(f'<span class="tag">{escape(names.get(word, word))}</span>' for word in value)
        return f'<span class="pills">{words}</span>'

    return draw


def _copy(label: str, text: str) -> str:
    """The button that copies what stands before it."""
    text = escape(text)
    return f'<button type="button" class="copy" data-copy="{text}" aria-label="{label} {text}" title="{label}"></button>'


def _phone(look: Look, one: Field, files: str) -> Draw:
    label = look.t("复制", "Copy")

    def entry(held: dict[str, Any]) -> str:
        number, note = held.get("number"), held.get("note")
        if number and "*" not in number:
            dialled = escape(number.replace(";ext=", ","))
            said = phones.display(number)
            shown = f'<a href="tel:{dialled}">{escape(said)}</a>{_copy(label, said.replace(" ", ""))}'
        else:
            shown = escape(number or held.get("text") or "")
        after = f' <span class="faint">{escape(note)}</span>' if note else ""
        return f'<span class="phone">{shown}{after}</span>'

    return lambda value: "".join(map(entry, value))


def _email(look: Look, one: Field, files: str) -> Draw:
    label = look.t("复制", "Copy")

    def draw(value: Any) -> str:
        text = escape(value)
        return f'<span class="mail"><a href="mailto:{text}">{text}</a>{_copy(label, value)}</span>'

    return draw


def _url(look: Look, one: Field, files: str) -> Draw:
    def draw(value: Any) -> str:
        text = escape(value)
        return f'<a href="{text}" target="_blank" rel="noopener noreferrer nofollow">{text.replace("https://", "").replace("http://", "")}</a>'

    return draw


def _link(look: Look, one: Field, files: str) -> Draw:
    assert isinstance(one, Link)
    place, nameless = look.to(one.target), look.nameless

    def draw(value: Any) -> str:
        if value["id"] is None:  # masked
            return escape(value["label"])
        return f'<a href="{place}/{value["id"]}">{escape(value.get("label") or "") or nameless}</a>'

    return draw


def _links(look: Look, one: Field, files: str) -> Draw:
    assert isinstance(one, Links)
    place, nameless = look.to(one.target), look.nameless

    def tag(value: Any) -> str:
        if value["id"] is None:
            return f'<span class="tag">{escape(value["label"])}</span>'
        return f'<a class="tag" href="{place}/{value["id"]}">{escape(value.get("label") or "") or nameless}</a>'

    return lambda value: f'<span class="pills">{"".join(map(tag, value))}</span>'


def _label(look: Look, one: Field, files: str) -> Draw:
    return lambda value: escape(value.get("label") or "")


def _stage(look: Look, one: Field, files: str) -> Draw:
    return lambda value: f'<span class="pill blue">{escape(value.get("label") or "")}</span>'


def _person(look: Look, one: Field, files: str) -> Draw:
    drawn: dict[str, str] = {}

    def draw(value: Any) -> str:
        name = value.get("label") or ""
        held = drawn.get(name)
        if held is None:
            initial = escape(look.initial(name))
            held = drawn[name] = f'<span class="person"><span class="avatar" aria-hidden="true">{initial}</span>{escape(name)}</span>'
        return held

    return draw


def _files(look: Look, one: Field, files: str) -> Draw:
    def draw(held: dict[str, Any]) -> str:
        name = escape(held.get("name") or held.get("file") or "")
        if not files:
            return f'<span class="file">{name}</span>'
        size = f' <span class="faint">{look.size(held["size"])}</span>' if held.get("size") else ""
        look_at = shown_as(held.get("type") or "", held.get("name") or "")
        place = f'{files}/{one.name}/{escape(held["file"])}'
        if not look_at:
            return f'<a class="file" href="{place}" download>{icon("file")}{name}{size}</a>'
        inner = f'<img class="thumb" loading="lazy" src="{place}?show=1" alt="">' if look_at == "picture" else icon("file")
        player = f'<audio controls preload="none" src="{place}?show=1" aria-label="{name}"></audio>' if look_at == "audio" else ""
        return f'{player}<a class="file" href="{place}?show=1" target="_blank" rel="noopener" data-preview="{look_at}" data-name="{name}">{inner}{name}{size}</a>'

    return lambda value: f'<span class="files">{"".join(map(draw, value))}</span>'


def _pictures(look: Look, one: Field, files: str) -> Draw:
    def draw(held: dict[str, Any]) -> str:
        name = escape(held.get("name") or "")
        if not files:
            return f'<span class="file">{name or escape(held.get("file") or "")}</span>'
        place = f"{files}/{one.name}/{escape(held['file'])}"
        return f'<a href="{place}?show=1" target="_blank" rel="noopener" data-preview="picture" data-name="{name}"><img class="thumb" loading="lazy" src="{place}?show=1" alt="{name}"></a>'

    return lambda value: f'<span class="files">{"".join(map(draw, value))}</span>'


def _json(look: Look, one: Field, files: str) -> Draw:
    return lambda value: f'<code class="json">{escape(look.show(one, value))}</code>'


CELLS: dict[type[Field], Callable[[Look, Field, str], Draw]] = {
    Field: _words,
    LongText: _long,
    RichText: _rich,
    Email: _email,
    Url: _url,
    Integer: _integer,
    DaysLeft: _days_left,
    Number: _number,
    Money: _money,
    Boolean: _boolean,
    Day: _day,
    DateTime: _moment,
    Choice: _choice,
    MultiChoice: _choices,
    Tags: _tags,
    Phone: _phone,
    Link: _link,
    Links: _links,
    Person: _person,
    Department: _label,
    Stage: _stage,
    File: _files,
    Image: _pictures,
    Json: _json,
}
"""The cell of each type that does not look like the one it derives from; `Field` itself is shown in words."""
