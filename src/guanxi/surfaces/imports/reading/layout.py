"""Where a table begins, what its columns are called, and which rows are no data.

Chinese workbooks carry a title above, a unit line, a header of two rows with merged cells, section rows between
(北京市（92所）), sums and signatures below. Each row is given a kind, so that an import can refuse it with a reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from guanxi.base.normal import clean
from guanxi.base.text import T, Text
from guanxi.surfaces.imports.reading.workbooks import Cell

Kind = Literal["data", "section", "total", "footnote", "blank"]
Merge = tuple[int, int, int, int]

HEADER_WITHIN: Final = 30
"""A header is looked for in so many first rows."""
_LONGEST_NAME = 60
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+%?")
_TOTAL = re.compile(
    r"\s*(合\s*计|总\s*计|小\s*计|共\s*计|累\s*计|本页合计|(sub|grand )?total|sum)\s*[:：]?\s*", re.IGNORECASE
)
_FOOTNOTE = re.compile(
    r"\s*[(（【\[]?(注|备注|说明|附注|注释|数据来源|资料来源|来源|制表|制表人|填表|填表人|审核|审核人|打印时间|导出时间|notes?|sources?)"
    r"\s*[)）】\]]?\s*([:：]|\d|$)|\s*[*※]",
    re.IGNORECASE,
)


_EXPORTED = re.compile(r"由 .+ 于 \d{4}-\d\d-\d\d \d\d:\d\d 导出，编号 [0-9a-f]{12}|Exported by .+ on \d{4}-\d\d-\d\d \d\d:\d\d, number [0-9a-f]{12}")


def exported(who: str, when: str, number: str) -> Text:
    """The line above what was exported: who took it out, when, and under which number of the log. An import passes over it."""
    return T(f"由 {who} 于 {when} 导出，编号 {number}", f"Exported by {who} on {when}, number {number}")


@dataclass(slots=True)
class Layout:
    """`header` is the 1-based row of the (lower) header, 0 if there is none; data begin after it.

    `columns` are unique names and `indices` their places in a row.
    """

    header: int
    columns: list[str]
    indices: list[int]
    numeric: set[int] = field(default_factory=set)
    """Places of columns whose cells are numbers in most rows: a lone text there is a heading, no value."""


def is_number(cell: Cell) -> bool:
    """A number, a date or their spelling: what a header's cell is not."""
    if isinstance(cell, str):
        return _NUMBER.fullmatch(cell.strip()) is not None
    return isinstance(cell, int | float | date) and not isinstance(cell, bool)


def find(head: Sequence[Sequence[Cell]], merges: Sequence[Merge] = (), header_row: int | None = None) -> Layout:
    """Understand the first rows of a table. `header_row`: 1-based, 0 for none; None looks for it."""
    if header_row is None:
        header_row = _header_row(head)
    if header_row <= 0 or header_row > len(head):
        width = max((len(row) for row in head), default=0)
        return _layout(0, [None] * width, head)
    top, bottom = header_row - 1, header_row
    names = list(head[top])
    if bottom < len(head) and (pair := _pair(head[top], head[bottom], top, merges)):
        return _layout(bottom + 1, pair, head)
    if top > 0 and (pair := _pair(head[top - 1], head[top], top - 1, merges)):
        return _layout(header_row, pair, head)
    return _layout(header_row, names, head)


def _filled(row: Sequence[Cell]) -> list[int]:
    return [index for index, cell in enumerate(row) if cell is not None]


def _header_row(head: Sequence[Sequence[Cell]]) -> int:
    counts = sorted(len(_filled(row)) for row in head[:200] if _filled(row))
    if not counts:
        return 0
    if len(head) > 1 and (first := [cell for cell in head[0] if cell is not None]) and isinstance(first[0], str) and _EXPORTED.fullmatch(first[0].strip()):
        return 2
    width = counts[int((len(counts) - 1) * 0.75)]
    for number, row in enumerate(head[:HEADER_WITHIN], 1):
        filled = [cell for cell in row if cell is not None]
        if len(filled) < max(0.6 * width, min(2, width)):
            continue
        texts = [cell for cell in filled if isinstance(cell, str) and not is_number(cell)]
        short = all(len(text) <= _LONGEST_NAME for text in texts)
        if len(texts) >= 0.8 * len(filled) and short:
            return number
        if len(texts) < 0.8 * len(filled):
            return 0  # data have begun: the table has no header
    return 0


def _pair(top: Sequence[Cell], bottom: Sequence[Cell], top_index: int, merges: Sequence[Merge]) -> list[Cell] | None:
    """The names of a header of two rows, "联系人/电话", or None if these two rows are not one."""
    width = max(len(top), len(bottom))
    above = list(top) + [None] * (width - len(top))
    below = list(bottom) + [None] * (width - len(bottom))
    under = _filled(below)
    if not under or any(not isinstance(below[index], str) or is_number(below[index]) for index in under):
        return None
    if any(len(str(below[index])) > _LONGEST_NAME for index in under):
        return None
    across = {m[1]: m[3] for m in merges if m[0] == m[2] == top_index and m[3] > m[1]}
    down = {m[1] for m in merges if m[0] == top_index and m[2] == top_index + 1 and m[1] == m[3]}
    if len(_filled(above)) < 2 or any(start == 0 and end >= width - 1 for start, end in across.items()):
        return None  # a title above a header
    for start, end in across.items():
        for index in range(start, min(end, width - 1) + 1):
            above[index] = above[start]
    if not across:
        # without knowledge of merges: gaps above that are exactly filled below, and names above that stand alone
        gaps = [i for i in range(1, width) if above[i] is None and below[i] is not None and any(above[:i])]
        if not gaps or all(below[i] is not None for i in range(width) if above[i] is not None):
            return None
        if any(below[i] is not None and above[i] is not None and i + 1 not in gaps for i in range(width)):
            return None
        for index in gaps:
            above[index] = above[index - 1]
    elif any(below[index] is not None and index in down for index in under):
        return None
    joined: list[Cell] = []
    for over, name in zip(above, below, strict=True):
        joined.append(f"{over}/{name}" if over is not None and name is not None else over if name is None else name)
    return joined


def _layout(header: int, names: Sequence[Cell], head: Sequence[Sequence[Cell]]) -> Layout:
    body = [row for row in head[header:] if _filled(row)]
    width = max([len(names)] + [len(row) for row in body])
    used = Counter(index for row in body for index in _filled(row))
    full = [row for row in body if len(_filled(row)) > 1]
    values = Counter(index for row in full for index in _filled(row))
    numbers = Counter(index for row in full for index in _filled(row) if is_number(row[index]))
    columns: list[str] = []
    indices: list[int] = []
    taken: set[str] = set()
    numbered: Counter[str] = Counter()
    for index in range(width):
        name = re.sub(r"\s+", " ", clean(str(names[index]))).strip() if index < len(names) and names[index] else ""
        # a cell right of the header's last is a column of its own only if most rows have it: else something is shifted
        if not name and (not used[index] or (index >= len(names) and used[index] < 0.5 * len(body))):
            continue
        name = name or f"列{_letters(index)}"
        unique = name
        while unique in taken:
            numbered[name] += 1
            unique = f"{name} {numbered[name] + 1}"
        taken.add(unique)
        columns.append(unique)
        indices.append(index)
    mostly = {index for index, count in numbers.items() if count >= 0.5 * len(full) and count >= 0.8 * values[index]}
    return Layout(header, columns, indices, mostly)


def _letters(index: int) -> str:
    """The name a spreadsheet gives a column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def kind_of(row: Sequence[Cell], layout: Layout, merged_across: int = 0) -> Kind:
    """What a row below the header is. `merged_across`: how many cells its first merged range spans."""
    filled = _filled(row)
    if not filled:
        return "blank"
    first = row[filled[0]]
    if not isinstance(first, str):
        return "data"
    if len(first) <= 12 and _TOTAL.fullmatch(first) and all(is_number(row[index]) for index in filled[1:]):
        return "total"
    if len(filled) > 1 or len(layout.columns) < 3:
        return "data"
    if _FOOTNOTE.match(first):
        return "footnote"
    if merged_across > 1 or (filled[0] in layout.numeric and not is_number(first)):
        return "section"
    return "data"
