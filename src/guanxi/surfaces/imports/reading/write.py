"""Tables out: CSV that Excel opens in Chinese, and XLSX, both written row by row in constant memory.

CSV has a byte order mark, since Excel takes a file without one for GBK. What a spreadsheet would run as a formula gets
an apostrophe (formulas.py). XLSX holds text as inline strings, which are never formulas; those that look like one are
marked as text (quotePrefix), so that they stay text when somebody edits them. Numbers stay numbers, dates dates.

Own XLSX writer: it takes a fifth of the libraries' time (11-28 s for 100,000 × 15 cells), and exports need no charts.
"""

from __future__ import annotations

import csv
import functools
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from guanxi.surfaces.imports.reading import formulas

Value = str | int | float | Decimal | bool | date | datetime | None
MOST_ROWS: Final = 1_048_576
"""Rows of an XLSX sheet; write_xlsx() begins another sheet there."""
LISTED_ROWS: Final = 10_000
"""So far down a column has its drop-down list."""
_LONGEST_TEXT = 32_767  # characters a cell holds
_EXACT = 10**15  # larger integers lose digits in a spreadsheet: they are written as text
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


_HARD = re.compile(_NOT_XML.pattern[:-1] + "&<>\r]|_x")


def write_csv(file: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, above: str = "") -> int:
    """Write a header and rows as CSV (UTF-8 with BOM, CRLF), with a line `above` them. Returns how many rows. The file stays open."""
    text = io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="", write_through=False)
    count = 0
    try:
        writer = csv.writer(text)
        if above:
            writer.writerow([formulas.neutralise(above)])
        writer.writerow([formulas.neutralise(name) for name in columns])
        for row in rows:
            writer.writerow([_csv_value(value) for value in row])
            count += 1
        text.flush()
    finally:
        text.detach()
    return count


def _csv_value(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return formulas.neutralise(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def write_xlsx(
    file: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, sheet: str = "Sheet1", above: str = ""
) -> int:
    """Write a header (bold, frozen, with filters) and rows as XLSX, with a line `above` them. Returns how many rows. The file stays open.

    Date-times are written as they are: convert to the reader's zone before. Text beyond 32,767 characters is cut.
    """
    count = 0
    iterator = iter(rows)
    names: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        more: Sequence[Value] | None = next(iterator, None)
        while True:
            names.append(_sheet_name(sheet, len(names)))
            written = 0
            with archive.open(f"xl/worksheets/sheet{len(names)}.xml", "w", force_zip64=True) as part:
                top = 2 if above else 1
                buffer: list[str] = [_sheet_head(columns, top), *([_row(1, [above])] if above else []), _row(top, columns, header=True)]
                while more is not None and written < MOST_ROWS - top:
                    written += 1
                    buffer.append(_row(written + top, more))
                    if len(buffer) >= 200:
                        part.write("".join(buffer).encode("utf-8"))
                        buffer = []
                    more = next(iterator, None)
                extent = f"A{top}:{_letters(max(len(columns), 1) - 1)}{written + top}"
                buffer.append(f'</sheetData><autoFilter ref="{extent}"/></worksheet>')
                part.write("".join(buffer).encode("utf-8"))
            count += written
            if more is None:
                break
        _write_frame(archive, names)
    return count


@dataclass(frozen=True)
class Sheet:
    """A sheet of a small workbook. `lists`: per column (from 0) the sheet and column whose first so many cells may be chosen
    there; `strict` columns warn about anything else."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]] = ()
    lists: Mapping[int, tuple[str, int, int]] = field(default_factory=dict)
    strict: frozenset[int] = frozenset()


def write_sheets(file: BinaryIO, sheets: Sequence[Sheet], *, above: str = "") -> None:
    """Write several sheets, each with a header and rows, with a line `above` them, and with drop-down lists. The file stays open."""
    names = [_sheet_name(sheet.name, 0) for sheet in sheets]
    top = 2 if above else 1
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, sheet in enumerate(sheets, 1):
            lines = [*([_row(1, [above])] if above else []), _row(top, sheet.columns, header=True), *(_row(at, row) for at, row in enumerate(sheet.rows, top + 1))]
            text = f"{_sheet_head(sheet.columns, top)}{''.join(lines)}</sheetData>{_choices(sheet)}</worksheet>"
            archive.writestr(f"xl/worksheets/sheet{number}.xml", text.encode("utf-8", "replace"))
        _write_frame(archive, names)


def _choices(sheet: Sheet) -> str:
    """Drop-down lists whose words stand in another sheet."""
    out = []
    for at, (name, column, count) in sorted(sheet.lists.items()):
        place, letters = _letters(at), _letters(column)
        warns = ' showErrorMessage="1" errorStyle="warning"' if at in sheet.strict else ""
        quoted = escape(_sheet_name(name, 0).replace("'", "''"))
        out.append(
            f'<dataValidation type="list" allowBlank="1"{warns} sqref="{place}2:{place}{LISTED_ROWS}">'
            f"<formula1>'{quoted}'!${letters}$2:${letters}${count + 1}</formula1></dataValidation>"
        )
    return f'<dataValidations count="{len(out)}">{"".join(out)}</dataValidations>' if out else ""


def _sheet_name(name: str, number: int) -> str:
    cleaned = re.sub(r"[\[\]:*?/\\]", " ", _NOT_XML.sub("", name)).strip().strip("'") or "Sheet1"
    return cleaned[:31] if number == 0 else f"{cleaned[:26]} {number + 1}"


@functools.cache
def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _width(name: str) -> int:
    """Columns as wide as their names, in characters; Chinese ones count twice."""
    return min(max(sum(2 if letter > "\u2e80" else 1 for letter in name) + 4, 12), 40)


def _sheet_head(columns: Sequence[str], top: int = 1) -> str:
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{_width(name)}" customWidth="1"/>'
        for number, name in enumerate(columns, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
        f'<sheetView workbookViewId="0"><pane ySplit="{top}" topLeftCell="A{top + 1}" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews>{f'<cols>{widths}</cols>' if widths else ''}<sheetData>"
    )


# Styles by place in cellXfs below.
_HEADER, _DATE, _DATETIME, _MARKED_TEXT, _AMOUNT = 1, 2, 3, 4, 5
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
_FIRST_EXACT_DAY = date(1900, 3, 1)  # before it Excel's calendar is off by its invented leap day


def _row(number: int, values: Sequence[Value], header: bool = False) -> str:
    cells: list[str] = []
    for index, value in enumerate(values):
        if value is None or value == "":
            continue
        cells.append(_cell(f"{_letters(index)}{number}", value, header))
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value, header: bool) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int) and abs(value) < _EXACT:
        return f'<c r="{place}"><v>{value}</v></c>'
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if isinstance(value, Decimal) and value.is_finite() and len(value.as_tuple().digits) <= 15:
        style = f' s="{_AMOUNT}"' if value.as_tuple().exponent == -2 else ""
        return f'<c r="{place}"{style}><v>{value:f}</v></c>'
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        if day >= _FIRST_EXACT_DAY:
            moment = value.replace(tzinfo=None) if isinstance(value, datetime) else datetime.combine(value, time())
            serial = (moment - _EPOCH) / timedelta(days=1)
            style_number = _DATETIME if isinstance(value, datetime) else _DATE
            return f'<c r="{place}" s="{style_number}"><v>{serial!r}</v></c>'
    text = value if isinstance(value, str) else _csv_value(value)
    style = f' s="{_HEADER}"' if header else f' s="{_MARKED_TEXT}"' if formulas.is_dangerous(text) else ""
    if len(text) > _LONGEST_TEXT or _HARD.search(text):
        text = _NOT_XML.sub("\ufffd", text)[:_LONGEST_TEXT]
        # _x000D_ in a file means a carriage return: text that happens to look like it is escaped the same way
        text = escape(re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text).replace("\r", "_x000D_"))
    return f'<c r="{place}" t="inlineStr"{style}><is><t xml:space="preserve">{text}</t></is></c>'


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="等线"/></font>'
    '<font><b/><sz val="11"/><name val="等线"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFF2F3F5"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="6">'
    '<xf xfId="0"/><xf xfId="0" fontId="1" fillId="2" applyFont="1" applyFill="1"/>'
    '<xf xfId="0" numFmtId="164" applyNumberFormat="1"/><xf xfId="0" numFmtId="165" applyNumberFormat="1"/>'
    '<xf xfId="0" numFmtId="49" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf xfId="0" numFmtId="4" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _write_frame(archive: zipfile.ZipFile, names: list[str]) -> None:
    """The parts around the sheets. Last, because only now it is known how many there are."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, names, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    archive.writestr("xl/styles.xml", _STYLES)
    archive.writestr(
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
    )
    archive.writestr(
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rId0" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    )
    archive.writestr(
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    archive.writestr(
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{parts}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
