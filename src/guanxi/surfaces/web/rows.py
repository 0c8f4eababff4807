"""The body of a table. Fifty rows of ten cells are most of a list page's work, so they are joined here rather than in a
template, from cells compiled once per column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from guanxi.kernel.declare.fields import Field, Integer, Link, Money, Number
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.web.cells import Draw, drawer
from guanxi.surfaces.web.filters import Column

if TYPE_CHECKING:
    from guanxi.surfaces.web.doing import Doing
    from guanxi.surfaces.web.look import Look


def numeric(one: Field) -> bool:
    """Shown right-aligned, in figures of one width."""
    return isinstance(one, Integer | Number | Money)


def body(look: Look, it: Definition, columns: Sequence[Column], rows: Sequence[dict[str, Any]], pick: bool = False, act: Doing | None = None) -> Markup:
    """The rows of a list: the first column leads to the record, the others are cells of their types. `pick`: a box to tick
    in front, for the selection bar. A row that says by `reach` that it may not be changed says so to the sheet. `act`: what
    the last column offers."""
    first, *others = columns
    name = _namer(look, first.field)
    cells = [(c.path, *_tags(look, c), drawer(look, c.field, c.level)) for c in others]
    out: list[str] = []
    tick = escape(look.t("选择", "Select"))
    last = _last(look, it, act) if act is not None else None
    layer = "" if it.group == "settings" else " data-drawer"
    for row in rows:
        box = f'<td class="pick"><input type="checkbox" form="selection" name="ids" value="{row["id"]}" aria-label="{tick}"></td>' if pick else ""
        fixed = "" if row.get("reach", True) else " data-fixed"
        out.append(f'<tr{fixed}>{box}<th scope="row"><a class="title" href="/{it.plural}/{row["id"]}"{layer}>{name(row.get(first.path))}</a></th>')
        for path, tag, bare, draw in cells:
            shown = draw(row.get(path))
            out.append(f"{tag}{shown}</td>" if shown else bare)
        if last is not None:
            out.append(last(row))
        out.append("</tr>\n")
    return Markup("".join(out))  # noqa: S704 - names are escaped by `name`, values by their cells


def _last(look: Look, it: Definition, act: Doing) -> Callable[[dict[str, Any]], str]:
    """The cell of what can be done with a row: to claim it where it lies in a pool, else to write about it and to edit it where
    it lets itself be changed; the rest is asked for when somebody wants it, with the rights to that one record."""
    say, place = look.say, f"/{it.plural}/"
    claim = f'/claim" class="button small" data-dialog>{escape(say(act.claim))}</a>' if act.claim is not None else ""
    write = f'#write" data-write>{escape(say(act.write))}</a>' if act.write is not None else ""
    edit = f'/edit" data-dialog>{look.t("编辑", "Edit")}</a>' if act.edit else ""
    more = look.t("更多操作", "More actions")
    rest = f'/menu" data-menu aria-label="{more}" title="{more}">⋯</a>'

    def draw(row: dict[str, Any]) -> str:
        link = f'<a href="{place}{row["id"]}'
        if claim and row.get("pool"):
            return f'<td class="act">{link}{claim}{link}{rest}</td>'
        written = link + write if write else ""
        edited = link + edit if edit and row.get("reach", True) else ""
        return f'<td class="act">{written}{edited}{link}{rest}</td>'

    return draw


def _namer(look: Look, one: Field) -> Draw:
    """What a record is called, escaped; a name that leads to another record is that record's."""
    nameless = look.nameless
    if isinstance(one, Link):
        return lambda value: escape((value or {}).get("label") or "") or nameless
    return lambda value: escape(look.show(one, value)) or nameless


def _tags(look: Look, column: Column) -> tuple[str, str]:
    """A column's opening tag, and its whole empty cell."""
    label = escape(look.say(column.field.label))
    if numeric(column.field):
        return f'<td class="right" data-label="{label}">', '<td class="right none"></td>'
    return f'<td data-label="{label}">', '<td class="none"></td>'
