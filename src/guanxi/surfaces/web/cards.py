"""The cards of a board. A board draws a hundred of them, so they are joined here from cells compiled once, like the rows of
a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from html import escape
from typing import Any

from markupsafe import Markup

from guanxi.kernel.declare.fields import Choice, Date, DateTime, Link, Money, Person, Tags
from guanxi.kernel.declare.objects import Board, Definition
from guanxi.surfaces.web.cells import drawer
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.icons import icon
from guanxi.surfaces.web.look import Look

LATE, REACH = "late", "reach"
"""What a row says of itself besides its fields: it is overdue; the actor may move it."""


def drawing(look: Look, it: Definition, board: Board, columns: Sequence[Column]) -> Callable[[dict[str, Any]], Markup]:
    """A function from a row to its card: title, what it is about, money, labelled values, whose it is and for how long it
    has been where it is."""
    first, *rest = columns
    parts = [_part(look, c) for c in rest]
    title = first.field
    shown, place, nameless = look.show, f"/{it.plural}", look.nameless
    move = escape(look.t("移动", "Move"))
    grip = icon("move")
    days = _days(look, board)

    def draw(row: dict[str, Any]) -> Markup:
        said: dict[str, list[str]] = {"about": [], "facts": [], "who": []}
        for path, slot, cell in parts:
            value = row.get(path)
            if value is not None and value != "" and value != []:
                said[slot].append(cell(value, bool(row.get(LATE))))
        value = row.get(first.path)
        name = (value or {}).get("label") if isinstance(title, Link) else shown(title, value)
        reach = row.get(REACH)
        put = f'<a class="put" href="{place}/{row["id"]}/put?view={board.name}" data-dialog title="{move}" aria-label="{move}">{grip}</a>' if reach else ""
        tail = "".join([days(row), "".join(said["who"]), put])
        about = f'<p class="about">{"".join(said["about"])}</p>' if said["about"] else ""
        facts = f'<div class="facts">{"".join(said["facts"])}</div>' if said["facts"] else ""
        return Markup(  # noqa: S704 - names are escaped here, values by their cells
            f'<li class="slip{" late" if row.get(LATE) else ""}" id="c-{row["id"]}" data-id="{row["id"]}"{"" if reach else " data-fixed"}>'
            f'<a class="title" href="{place}/{row["id"]}" data-drawer>{escape(name or "") or nameless}</a>{about}{facts}<div class="foot">{tail}</div></li>'
        )

    return draw


def _part(look: Look, c: Column) -> tuple[str, str, Callable[[Any, bool], str]]:
    """A value's place on the card and how it is drawn there."""
    one, cell = c.field, drawer(look, c.field, c.level)
    label = escape(look.say(one.label))
    if isinstance(one, Person):
        return c.path, "who", lambda value, late: _face(look, label, value.get("label") or "")
    if isinstance(one, Link):
        return c.path, "about", lambda value, late: cell(value)
    if isinstance(one, Money):
        return c.path, "facts", lambda value, late: f'<strong title="{label}">{cell(value)}</strong>'
    if isinstance(one, Choice | Tags):
        return c.path, "facts", lambda value, late: f'<span title="{label}">{cell(value)}</span>'
    if isinstance(one, Date | DateTime) and c.level != "masked":
        today, tz = look.settings.today, look.settings.tz

        def dated(value: Any, late: bool) -> str:
            day = value.astimezone(tz).date() if isinstance(value, datetime) else value
            red = ' class="late"' if late and isinstance(day, date) and day < today else ""
            return f"<span{red}><small>{label}</small> {cell(value)}</span>"

        return c.path, "facts", dated
    return c.path, "facts", lambda value, late: f"<span><small>{label}</small> {cell(value)}</span>"


def _face(look: Look, label: str, name: str) -> str:
    return f'<span class="avatar" title="{label}{look.t("：", ": ")}{escape(name)}">{escape(look.initial(name))}</span>'


def _days(look: Look, board: Board) -> Callable[[dict[str, Any]], str]:
    """Since when a card is in its column, red when that is longer than it should be."""
    if not board.since:
        return lambda row: ""
    now = datetime.now(UTC)

    def draw(row: dict[str, Any]) -> str:
        since = row.get(board.since)
        if not isinstance(since, datetime):
            return ""
        days, most = max(0, (now - since).days), row.get(board.limit) if board.limit else None
        over = isinstance(most, int) and days > most
        hint = look.t(f"在此列 {days} 天", f"here for {days} days") + (look.t(f"，建议不超过 {most} 天", f", {most} suggested") if isinstance(most, int) else "")
        text = look.t(f"{days} 天", f"{days} d")
        return f'<span class="days{" late" if over else ""}" title="{escape(hint)}">{text}</span>'

    return draw
