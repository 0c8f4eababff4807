"""The body of a table. Fifty rows of ten cells are most of a list page's work, so they are joined here rather than in a
template: what a column's cells share is made once, and a value met again is drawn once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from guanxi.kernel.declare.fields import Boolean, Choice, Date, Field, Integer, Link, Money, MultiChoice, Number
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.web.filters import Column


def numeric(one: Field) -> bool:
    """Shown right-aligned, in figures of one width."""
    return isinstance(one, Integer | Number | Money)


def body(look: Any, it: Definition, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> Markup:
    """The rows of a list: the first column leads to the record, the others are cells of their types."""
    first, *others = columns
    nameless = escape(look.t("（未命名）", "(no name)"))
    cells = [(c.path, *_tags(look, c), _drawer(look, c)) for c in others]
    out: list[str] = []
    for row in rows:
        value = row.get(first.path)
        name = value.get("label") if isinstance(value, dict) and isinstance(first.field, Link) else look.show(first.field, value)
        out.append(f'<tr><th scope="row"><a class="title" href="/{it.plural}/{row["id"]}">{escape(name or "") or nameless}</a></th>')
        for path, tag, bare, draw in cells:
            shown = draw(row.get(path))
            out.append(f"{tag}{shown}</td>" if shown else bare)
        out.append("</tr>\n")
    return Markup("".join(out))  # noqa: S704 - names are escaped above, cells by their templates


def _tags(look: Any, column: Column) -> tuple[str, str]:
    """A column's opening tag, and its whole empty cell."""
    label = escape(look.say(column.field.label))
    if numeric(column.field):
        return f'<td class="right" data-label="{label}">', '<td class="right none"></td>'
    return f'<td data-label="{label}">', '<td class="none"></td>'


def _drawer(look: Any, column: Column) -> Callable[[Any], str]:
    one, level = column.field, column.level
    if isinstance(one, MultiChoice) or not isinstance(one, Choice | Boolean | Date | Link) or level == "masked":
        return lambda value: look.cell(one, value, level)
    drawn: dict[Any, str] = {}

    def draw(value: Any) -> str:
        if value is None:
            return ""
        key = value["id"] if isinstance(value, dict) else value
        if key not in drawn:
            drawn[key] = look.cell(one, value, level)
        return drawn[key]

    return draw
