"""A PDF file of parts one below the other, on A4: headings, facts, tables, notes and cards with figures.

Nothing here knows a record: a document is words and numbers. Its font is embedded (`font.py`), so it looks the same anywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import count
from typing import Any

from guanxi.surfaces.pdf import charts, font
from guanxi.surfaces.pdf.charts import FAINT, LINE, SOFT, SUNKEN, TEXT, Chart

WIDTH, HEIGHT, MARGIN, FOOT = 595.28, 841.89, 40.0, 46.0
ROOM = WIDTH - 2 * MARGIN
BODY, HEAD, TITLE = 9.0, 12.0, 18.0
LEADING = 1.5
LINES = 12
"""So many lines of a value in a table's cell."""
_numbers = count()
_TOKEN = re.compile(r"[!-~]+|\s|.")


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Words:
    text: str


@dataclass(frozen=True)
class Facts:
    """Labelled values, in two columns."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table; `right`: the columns of numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Notes:
    """What people wrote: who and when, and the words."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figure:
    """One number, with what is told beside it; a ring where it has a whole."""

    said: str
    beside: tuple[str, ...] = ()
    done: int | None = None
    tone: str = "full"


@dataclass(frozen=True)
class Ranking:
    """Lines with a bar each: name, number, per cent of the first, and what is told beside it."""

    lines: tuple[tuple[str, str, int, str], ...]


@dataclass(frozen=True)
class Card:
    """A part of a dashboard in its frame; `wide` of twelve columns."""

    title: str
    body: Figure | Ranking | Chart | Words
    wide: int = 6


@dataclass(frozen=True)
class Document:
    """What is printed: `under` the title, and at the foot of every page `foot` and the page's number, `page` with {n} and {of}."""

    title: str
    under: tuple[str, ...]
    foot: str
    page: str
    parts: tuple[Any, ...]
    author: str = ""


def make(document: Document) -> bytes:
    """The file. Raises NoFont."""
    return Paper(document).done()


def _texts(one: Any) -> Iterator[str]:
    if isinstance(one, str):
        yield one
    elif is_dataclass(one):
        for part in fields(one):
            yield from _texts(getattr(one, part.name))
    elif isinstance(one, tuple):
        for part in one:
            yield from _texts(part)


class Paper:
    def __init__(self, document: Document) -> None:
        from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
        from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
        from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
        from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

        regular, bold = font.make(_texts(document))
        self.document, self.colour = document, HexColor
        number = next(_numbers)
        self.fonts = {False: f"gx{number}", True: f"gx{number}b"}
        self._metrics = pdfmetrics
        for strong, data in ((False, regular), (True, bold)):
            # `registerFont` takes fonts of one face for one font, and every document has signs of its own.
            pdfmetrics._fonts[self.fonts[strong]] = TTFont(self.fonts[strong], io.BytesIO(data))
        self.out = io.BytesIO()
        self.pdf = Canvas(self.out, pagesize=(WIDTH, HEIGHT), initialFontName=self.fonts[False], pageCompression=1)
        self.pdf.setTitle(document.title)
        self.pdf.setAuthor(document.author)
        self.pdf.setCreator("Guanxi 关系")
        self.pages: list[dict[str, Any]] = []
        self.y = HEIGHT - MARGIN

    def done(self) -> bytes:
        try:
            self._title()
            for part in self.document.parts:
                getattr(self, f"_{type(part).__name__.lower()}")(part)
            self._turn()
            for number, page in enumerate(self.pages, 1):
                self.pdf.__dict__.update(page)
                self.line(MARGIN, FOOT - 10, WIDTH - MARGIN, FOOT - 10, LINE)
                said = self.document.page.format(n=number, of=len(self.pages))
                self.text(WIDTH - MARGIN, FOOT - 22, said, 7.5, colour=FAINT, align="end")
                self.text(MARGIN, FOOT - 22, self.document.foot, 7.5, colour=FAINT, within=ROOM - self.wide(said, 7.5) - 12)
                self.pdf.showPage()
            self.pdf.save()
        finally:
            for name in self.fonts.values():
                self._metrics._fonts.pop(name, None)
        return self.out.getvalue()

    # -- where things go ----------------------------------------------------------------------------------------------
    def _turn(self) -> None:
        """The page is full; the number of pages is known only in the end, so it is kept."""
        self.pages.append(dict(self.pdf.__dict__))
        self.pdf._startPage()
        self.y = HEIGHT - MARGIN

    def _need(self, height: float) -> None:
        if self.y - height < FOOT and self.y < HEIGHT - MARGIN:
            self._turn()

    # -- strokes ------------------------------------------------------------------------------------------------------
    def wide(self, text: str, size: float, *, bold: bool = False) -> float:
        width: float = self._metrics.stringWidth(text, self.fonts[bold], size)
        return width

    def text(self, x: float, y: float, text: str, size: float, *, bold: bool = False, colour: str = TEXT, align: str = "start", within: float = 0) -> None:
        text = self._plain(text)
        if within and self.wide(text, size, bold=bold) > within:
            while text and self.wide(text + "…", size, bold=bold) > within:
                text = text[:-1]
            text += "…"
        self.pdf.setFont(self.fonts[bold], size)
        self.pdf.setFillColor(self.colour(colour))
        {"start": self.pdf.drawString, "middle": self.pdf.drawCentredString, "end": self.pdf.drawRightString}[align](x, y, text)

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str) -> None:
        self.path([(x, y), (to_x, to_y)], colour, 0.6)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.pdf.setFillColor(self.colour(colour))
        self.pdf.rect(x, y, width, height, stroke=0, fill=1)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        self.pdf.setFillColor(self.colour(colour))
        self.pdf.circle(x, y, radius, stroke=0, fill=1)

    def slice(self, x: float, y: float, radius: float, angle: float, extent: float, colour: str) -> None:
        self.pdf.setFillColor(self.colour(colour))
        if extent > 359.9:
            return self.dot(x, y, radius, colour)
        self.pdf.wedge(x - radius, y - radius, x + radius, y + radius, angle, -extent, stroke=0, fill=1)

    def path(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1.4) -> None:
        if len(points) < 2:
            return
        path = self.pdf.beginPath()
        path.moveTo(*points[0])
        for one in points[1:]:
            path.lineTo(*one)
        self.pdf.setStrokeColor(self.colour(colour))
        self.pdf.setLineWidth(width)
        self.pdf.drawPath(path, stroke=1, fill=0)

    def shape(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        path = self.pdf.beginPath()
        path.moveTo(*points[0])
        for one in points[1:]:
            path.lineTo(*one)
        path.close()
        self.pdf.setFillColor(self.colour(colour))
        self.pdf.drawPath(path, stroke=0, fill=1)

    @staticmethod
    def _plain(text: str) -> str:
        return "".join(sign if sign.isprintable() else " " for sign in text)

    def _wrap(self, text: str, within: float, size: float, *, bold: bool = False, most: int = 0) -> list[str]:
        """Lines no wider than that: between words where there are any, between any two Chinese signs."""
        out: list[str] = []
        for paragraph in text.replace("\r", "").split("\n"):
            line, width = "", 0.0
            for token in _TOKEN.findall(self._plain(paragraph)):
                for piece in [token] if self.wide(token, size, bold=bold) <= within else list(token):
                    wide = self.wide(piece, size, bold=bold)
                    if line and width + wide > within:
                        out.append(line.rstrip())
                        line, width = "", 0.0
                        if piece.isspace():
                            continue
                    line, width = line + piece, width + wide
            out.append(line.rstrip())
            if most and len(out) > most:
                return [*out[: most - 1], out[most - 1] + "…"]
        return out

    # -- parts --------------------------------------------------------------------------------------------------------
    def _title(self) -> None:
        for line in self._wrap(self.document.title, ROOM, TITLE, bold=True, most=3):
            self.text(MARGIN, self.y - TITLE, line, TITLE, bold=True)
            self.y -= TITLE * 1.35
        for one in self.document.under:
            for line in self._wrap(one, ROOM, BODY):
                self.text(MARGIN, self.y - BODY - 2, line, BODY, colour=SOFT)
                self.y -= BODY * LEADING
        self.y -= 10
        self.line(MARGIN, self.y, WIDTH - MARGIN, self.y, LINE)
        self.y -= 12

    def _heading(self, part: Heading) -> None:
        self._need(60)
        self.y -= 6
        self.text(MARGIN, self.y - HEAD, part.text, HEAD, bold=True, within=ROOM)
        self.y -= HEAD + 10

    def _words(self, part: Words) -> None:
        for line in self._wrap(part.text, ROOM, BODY):
            self._need(BODY * LEADING)
            self.text(MARGIN, self.y - BODY, line, BODY, colour=SOFT)
            self.y -= BODY * LEADING
        self.y -= 4

    def _facts(self, part: Facts) -> None:
        column, label = ROOM / 2, 84.0
        for at in range(0, len(part.pairs), 2):
            two = [(name, self._wrap(value, column - label - 14, BODY, most=40)) for name, value in part.pairs[at : at + 2]]
            height = max(len(lines) for _, lines in two) * BODY * LEADING + 4
            self._need(height)
            for number, (name, lines) in enumerate(two):
                x = MARGIN + number * column
                self.text(x, self.y - BODY, name, BODY, colour=FAINT, within=label - 6)
                for row, line in enumerate(lines):
                    self.text(x + label, self.y - BODY - row * BODY * LEADING, line, BODY)
            self.y -= height
        self.y -= 8

    def _notes(self, part: Notes) -> None:
        for head, text in part.items:
            self._need(BODY * LEADING * 3)
            self.text(MARGIN, self.y - BODY, head, BODY - 0.5, colour=FAINT, within=ROOM)
            self.y -= BODY * LEADING
            for line in self._wrap(text, ROOM - 8, BODY):
                self._need(BODY * LEADING)
                self.text(MARGIN + 8, self.y - BODY, line, BODY)
                self.y -= BODY * LEADING
            self.y -= 6
        self.y -= 4

    def _grid(self, part: Grid) -> None:
        size = BODY - 0.5
        widths = self._columns(part, size)

        def row(cells: Sequence[str], *, bold: bool = False) -> None:
            lines = [self._wrap(cell, width - 8, size, bold=bold, most=LINES) for cell, width in zip(cells, widths, strict=True)]
            height = max(len(one) for one in lines) * size * 1.4 + 6
            if self.y - height < FOOT:
                self._turn()
                if not bold:
                    row(part.heads, bold=True)
            if bold:
                self.box(MARGIN, self.y - height, ROOM, height, SUNKEN)
            x = MARGIN
            for at, (some, width) in enumerate(zip(lines, widths, strict=True)):
                for n, text in enumerate(some):
                    y, right = self.y - size - 3 - n * size * 1.4, at in part.right
                    self.text(x + width - 4 if right else x + 4, y, text, size, bold=bold, colour=SOFT if bold else TEXT, align="end" if right else "start")
                x += width
            self.y -= height
            self.line(MARGIN, self.y, WIDTH - MARGIN, self.y, LINE)

        self._need(60)
        row(part.heads, bold=True)
        for cells in part.rows:
            row(cells)
        self.y -= 12

    def _columns(self, part: Grid, size: float) -> list[float]:
        """As wide as what is in them, the wide ones narrowed until all fit."""
        asked = [
            min(260.0, max([self.wide(self._plain(head), size, bold=True), *(self.wide(self._plain(row[at]), size) for row in part.rows[:200])])) + 10
            for at, head in enumerate(part.heads)
        ]
        limit = max(asked, default=0.0)
        while sum(min(one, limit) for one in asked) > ROOM and limit > 30:
            limit *= 0.95
        found = [min(one, limit) for one in asked]
        spare = ROOM / (sum(found) or 1)
        return [one * spare for one in found]

    # -- cards --------------------------------------------------------------------------------------------------------
    def _tuple(self, cards: tuple[Card, ...]) -> None:
        """Cards beside each other, as many as fit."""
        line: list[Card] = []
        for one in cards:
            if sum(card.wide for card in line) + one.wide > 12:
                self._cards(line)
                line = []
            line.append(one)
        self._cards(line)

    def _cards(self, cards: Sequence[Card]) -> None:
        if not cards:
            return
        gap, whole = 10.0, sum(card.wide for card in cards)
        # Numbers keep their size; charts that stand alone in a line take all of it.
        stretch = 12 / whole if not all(isinstance(card.body, Figure) for card in cards) else 1.0
        height = max(self._tall(card) for card in cards)
        self._need(height + gap)
        x = MARGIN
        for card in cards:
            width = (ROOM + gap) * card.wide * stretch / 12 - gap
            self.pdf.setStrokeColor(self.colour(LINE))
            self.pdf.setLineWidth(0.8)
            self.pdf.roundRect(x, self.y - height, width, height, 4, stroke=1, fill=0)
            self.text(x + 10, self.y - 17, card.title, 9, bold=True, within=width - 20)
            self._body(card.body, x + 10, self.y - 26, width - 20, height - 34)
            x += width + gap
        self.y -= height + gap

    def _tall(self, card: Card) -> float:
        body = card.body
        if isinstance(body, Chart):
            return 40 + body.height
        if isinstance(body, Ranking):
            return 40 + 20 * len(body.lines)
        if isinstance(body, Figure):
            return (128 if body.done is not None else 58) + 12 * len(body.beside)
        return 62

    def _body(self, body: Any, x: float, y: float, width: float, height: float) -> None:
        if isinstance(body, Chart):
            charts.draw(self, body, x, y, width, height)
        elif isinstance(body, Ranking):
            for at, (name, said, part, beside) in enumerate(body.lines):
                line = y - 12 - 20 * at
                right = self.wide(said, 8.5, bold=True)
                self.text(x, line, name, 8.5, within=width * 0.36)
                self.text(x + width, line, said, 8.5, bold=True, align="end")
                if beside:
                    self.text(x + width - right - 6, line, beside, 7, colour=FAINT, align="end", within=width * 0.6 - right)
                self.box(x, line - 7, width, 1.6, SUNKEN)
                self.box(x, line - 7, width * part / 100, 1.6, charts.COLOURS[0])
        elif isinstance(body, Figure):
            below = y
            if body.done is not None:
                charts.ring(self, body.done, body.tone, x + width / 2, y - 40, 30)
                self.text(x + width / 2, y - 92, body.said, 9, align="middle", within=width)
                below -= 92
            else:
                self.text(x, y - 18, body.said, 17, bold=True, within=width)
                below -= 18
            for n, told in enumerate(body.beside):
                self.text(x, below - 13 - 12 * n, told, 7.5, colour=FAINT, within=width)
        else:
            for n, told in enumerate(self._wrap(body.text, width, BODY, most=2)):
                self.text(x, y - 12 - 13 * n, told, BODY, colour=FAINT)
