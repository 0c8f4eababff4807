"""One way to open any table: CSV, TSV, XLSX, XLSB, XLS, ODS, vCard, each also gzipped.

Rows stream; nothing is held whole.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final, cast

from guanxi.base.errors import TooLarge, Unreadable
from guanxi.base.text import T, Text
from guanxi.surfaces.imports.reading import decoding, formulas, layout, vcards
from guanxi.surfaces.imports.reading.layout import Kind, Layout, Merge
from guanxi.surfaces.imports.reading.workbooks import CFB_MAGIC, ZIP_MAGIC, Cell, WorkbookReader, inspect

_HEAD = 300  # rows looked at to find the header and the columns
_MOST_COLUMNS = 4_096
_LONGEST_LINE = 1_000_000  # characters between two line breaks
_MOST_UNZIPPED = 4 * 1024 * 1024 * 1024
_DELIMITERS: Final = (",", "\t", ";", "|")
_GZIP_MAGIC = b"\x1f\x8b"
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header. `number` is the row a spreadsheet shows beside it; `cells` follow `Table.columns`.

    `problem` tells why its cells may stand under the wrong names.
    """

    number: int
    cells: list[Cell]
    kind: Kind
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows from the first of the file on, as they stand, each time from the start."""

    rows: Callable[[], Iterator[list[Cell]]]
    merges: list[Merge]
    ragged: bool
    """Rows may have more cells than columns because something shifted them (text files)."""


class Table:
    """An opened table. `rows()` may be asked again; each time it reads from the start."""

    def __init__(
        self,
        source: _Source,
        *,
        format: str,
        header_row: int | None,
        fixed: list[str] | None = None,
        sheets: list[str] | None = None,
        sheet: str | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        warnings: list[Text] | None = None,
        keep: object = None,
    ) -> None:
        self.format = format
        """csv, xlsx, xls, ods, xlsb or vcard"""
        self.sheets = sheets or []
        self.sheet = sheet
        self.encoding = encoding
        """Python's name of the encoding of a text file"""
        self.delimiter = delimiter
        self.warnings: list[Text] = warnings or []
        self._source = source
        self._keep = keep  # the temporary file behind bytes
        live = source.rows()
        self._head = list(islice(live, _HEAD))
        self._live: Iterator[list[Cell]] | None = live
        if not any(cell is not None for row in self._head for cell in row):
            self.close()
            raise _empty()
        if max(len(row) for row in self._head) > _MOST_COLUMNS:
            self.close()
            raise TooLarge(T(f"超过 {_MOST_COLUMNS} 列，不像是一张表。", f"It has over {_MOST_COLUMNS} columns and is hardly a table."))
        if fixed is not None:
            self._layout = Layout(0, list(fixed), list(range(len(fixed))))
        else:
            self._layout = layout.find(self._head, source.merges, header_row)
            if self._layout.header == 0 and header_row is None and self._layout.columns:
                self.warnings.append(
                    T(
                        "没有找到标题行，第一行已按数据处理。如有标题行，请指定它是第几行。",
                        "No header row was found and the first row is taken as data. If there is one, say which row.",
                    )
                )
        self._across = {m[0]: m[3] - m[1] + 1 for m in source.merges if m[0] == m[2] and m[3] > m[1]}
        self._down = {(m[0], m[1]): m[2] for m in source.merges if m[1] == m[3] and m[2] > m[0]}

    @property
    def columns(self) -> list[str]:
        """The names of the columns: each once, never empty."""
        return self._layout.columns

    @property
    def header_row(self) -> int:
        """The 1-based row of the (lower) header; 0 if the table has none."""
        return self._layout.header

    def rows(self) -> Iterator[Row]:
        """All rows below the header, blank ones included, numbered as in the file.

        Raises Unreadable where the file breaks.
        """
        live, self._live = self._live, None
        raw = chain(self._head, live) if live is not None else self._source.rows()
        indices = self._layout.indices
        last = len(indices)
        straight = indices == list(range(last))
        filling: dict[int, tuple[int, Cell]] = {}  # column → (last row of a vertical merge, its value)
        for index, row in enumerate(raw):
            if index < self._layout.header:
                continue
            if self._down:
                row = self._filled_down(index, row, filling)
            kind = layout.kind_of(row, self._layout, self._across.get(index, 0))
            if straight:
                cells = row[:last] if len(row) >= last else row + [None] * (last - len(row))
                outside = len(row) > last and any(cell is not None for cell in row[last:])
            else:
                cells = [row[at] if at < len(row) else None for at in indices]
                outside = sum(cell is not None for cell in row) > sum(cell is not None for cell in cells)
            yield Row(index + 1, cells, kind, self._shifted(row) if outside and kind == "data" else None)

    def sample(self, count: int = 100) -> list[Row]:
        """The first rows below the header (at most some 300), without reading on."""
        keep, self._live = self._live, iter(())
        try:
            return list(islice(self.rows(), count))
        finally:
            self._live = keep

    def close(self) -> None:
        """Let go of the file; rows() opens it again."""
        if self._live is not None and hasattr(self._live, "close"):
            self._live.close()
        self._live = None

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _filled_down(self, index: int, row: list[Cell], filling: dict[int, tuple[int, Cell]]) -> list[Cell]:
        """A value merged over several rows belongs to each of them."""
        row = list(row)
        for column, cell in enumerate(row):
            if (until := self._down.get((index, column))) is not None:
                filling[column] = until, cell
        for column, (until, value) in list(filling.items()):
            if index > until:
                del filling[column]
            elif column < len(row) and row[column] is None:
                row[column] = value
        return row

    def _shifted(self, row: list[Cell]) -> Text | None:
        if not self._source.ragged:
            return T(
                "有内容在已命名的列之外，没有对应的列名。请补上列名或删除这些内容。",
                "Some cells are outside of the named columns. Name their columns or delete them.",
            )
        return T(
            "这一行有 {found} 格，标题只有 {wanted} 列，内容可能错位。请检查是否缺少引号或多了分隔符。",
            "This row has {found} cells but the header {wanted}; values may be shifted. Look for a missing quote.",
        ).format(found=len(row), wanted=len(self.columns))


def open_table(
    source: Path | str | bytes,
    filename: str = "",
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
) -> Table:
    """Open a table by what is in it; the file's name only breaks ties. Everything not given is found out.

    `header_row` is 1-based, 0 says that there is none. Raises Unreadable (damaged, protected, unsafe, unknown) or
    TooLarge, each with the reason and the remedy; never anything else for any content.
    """
    try:
        path, keep = _on_disk(source)
        filename = filename or (path.name if not isinstance(source, bytes) else "")
        with path.open("rb") as file:
            magic = file.read(512)
        if magic.startswith(_GZIP_MAGIC):
            filename = re.sub(r"\.gz$", "", filename, flags=re.IGNORECASE)
            with _gunzipped(path) as file:
                magic = file.read(512)
            if magic.startswith((ZIP_MAGIC, CFB_MAGIC)):
                path, keep = _unzipped_copy(path)
            else:
                return _open_text(lambda: _gunzipped(path), magic, filename, encoding, delimiter, header_row, keep)
        if magic.startswith((ZIP_MAGIC, CFB_MAGIC)):
            return _open_workbook(path, magic, filename, sheet, header_row, keep)
        return _open_text(lambda: path.open("rb"), magic, filename, encoding, delimiter, header_row, keep)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise Unreadable(
            T(
                "文件已损坏或不完整，无法解压。请重新上传。",
                "The file is damaged or incomplete and does not unpack. Upload it again.",
            )
        ) from error


def _on_disk(source: Path | str | bytes) -> tuple[Path, object]:
    if not isinstance(source, bytes):
        return Path(source), None
    keep = tempfile.NamedTemporaryFile(prefix="guanxi-")  # noqa: SIM115 - lives as long as the table
    keep.write(source)
    keep.flush()
    return Path(keep.name), keep


def _unzipped_copy(path: Path) -> tuple[Path, object]:
    keep = tempfile.NamedTemporaryFile(prefix="guanxi-")  # noqa: SIM115 - lives as long as the table
    with _gunzipped(path) as file:
        while chunk := file.read(1 << 20):
            keep.write(chunk)
            if keep.tell() > 500 * 1024 * 1024:
                raise TooLarge()
    keep.flush()
    return Path(keep.name), keep


class _Gunzipped(gzip.GzipFile):
    """A gzip file that refuses to become enormous."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if self.tell() > _MOST_UNZIPPED:
            raise TooLarge(T("文件解压后超过 4 GB。请拆成几份再上传。", "The file unpacks to over 4 GB. Split it."))
        return data


def _gunzipped(path: Path) -> BinaryIO:
    return cast(BinaryIO, _Gunzipped(path, "rb"))


def _open_workbook(
    path: Path, magic: bytes, filename: str, sheet: str | None, header_row: int | None, keep: object
) -> Table:
    inspect(path)
    reader: WorkbookReader | None = WorkbookReader(path, sheet)
    assert reader is not None
    head = reader.head
    if head.sheet is None:
        reader.close()
        if sheet:
            raise Unreadable(
                T("工作簿中没有名为“{sheet}”的工作表。", "The workbook has no sheet “{sheet}”.").format(sheet=sheet),
                code="unreadable-no-sheet",
            )
        raise _empty()

    def rows() -> Iterator[list[Cell]]:
        nonlocal reader
        current, reader = reader or WorkbookReader(path, head.sheet), None
        return current.rows()

    extension = filename.lower().rpartition(".")[2]
    format = (
        extension if extension in ("xlsx", "xlsb", "ods", "xls") else "xlsx" if magic.startswith(ZIP_MAGIC) else "xls"
    )
    return Table(
        _Source(rows, head.merges, ragged=False),
        format=format, header_row=header_row, sheets=head.sheets, sheet=head.sheet, keep=keep,
    )  # fmt: skip


def _open_text(
    open_file: Callable[[], BinaryIO],
    magic: bytes,
    filename: str,
    encoding: str | None,
    delimiter: str | None,
    header_row: int | None,
    keep: object,
) -> Table:
    start = magic.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")):
        raise Unreadable(
            T(
                "这个文件其实是网页（HTML/XML），只是改了扩展名。请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。",
                "This file is really a web page (HTML or XML) with another extension. "
                "Open it in Excel or WPS, save it as .xlsx and upload that.",
            ),
            code="unreadable-web-page",
        )
    if start.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"rar!", b"7z\xbc\xaf", b"\x7felf", b"mz\x90")):
        raise Unreadable(
            T(
                "这不是表格文件。支持 CSV、TSV、XLSX、XLS、ODS 和 vCard。",
                "This is no table. CSV, TSV, XLSX, XLS, ODS and vCard are supported.",
            ),
            code="unreadable-unknown-kind",
        )
    if not magic.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise _empty()
    decoded = decoding.detect(open_file, encoding)
    if start.startswith(b"begin:vcard"):

        def card_rows() -> Iterator[list[Cell]]:
            with open_file() as file:
                for card in vcards.cards(file, decoded.encoding):
                    yield list(card)

        return Table(
            _Source(card_rows, [], ragged=False),
            format="vcard", header_row=0, fixed=list(vcards.COLUMNS), encoding=decoded.encoding, keep=keep,
        )  # fmt: skip
    text = _Text(open_file, decoded)
    if delimiter is None:
        delimiter = _delimiter(text.start(), filename)

    def rows() -> Iterator[list[Cell]]:
        return text.rows(delimiter)

    return Table(
        _Source(rows, [], ragged=True),
        format="csv", header_row=header_row, encoding=decoded.encoding, delimiter=delimiter,
        warnings=list(decoded.warnings), keep=keep,
    )  # fmt: skip


class _Text:
    """A text file in a known encoding."""

    def __init__(self, open_file: Callable[[], BinaryIO], decoded: decoding.Decoded) -> None:
        self._open_file, self._decoded = open_file, decoded

    def start(self) -> str:
        """Some first lines, whole."""
        with self._stream() as stream:
            text = stream.read(1 << 16)
        return text if len(text) < 1 << 16 else text[: text.rfind("\n") + 1] or text

    def rows(self, delimiter: str) -> Iterator[list[Cell]]:
        with self._stream() as stream:
            reader = csv.reader(self._lines(stream), delimiter=delimiter)
            number = 0
            try:
                for row in reader:
                    number += 1
                    yield [_text_cell(cell) for cell in row]
            except csv.Error as error:
                raise Unreadable(
                    T(
                        "第 {row} 行之后无法读取，可能有引号没有成对。请修正后再上传。",
                        "It cannot be read after row {row}; a quote may not be closed. Correct it and upload again.",
                    ).format(row=number),
                    code="unreadable-quotes",
                ) from error

    @contextlib.contextmanager
    def _stream(self) -> Iterator[io.TextIOWrapper]:
        with (
            self._open_file() as file,
            io.TextIOWrapper(file, self._decoded.encoding, self._decoded.errors, newline="") as stream,
        ):
            yield stream

    @staticmethod
    def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
        while line := stream.readline(_LONGEST_LINE):
            if len(line) >= _LONGEST_LINE:
                raise Unreadable(
                    T(
                        "文件中有超过 100 万字的一行，不像是表格。",
                        "The file has a line of over a million characters and is hardly a table.",
                    ),
                    code="unreadable-line",
                )
            yield line.replace("\0", "") if "\0" in line else line


def _text_cell(text: str) -> Cell:
    text = text.strip()
    if not text:
        return None
    if text[0] == "=" and (found := _TEXT_FORMULA.fullmatch(text)):  # ="001": how systems keep Excel from eating zeros
        return found[1] or None
    return formulas.restore(text) if text[0] == "'" else text


def _delimiter(start: str, filename: str) -> str:
    """The delimiter that cuts most rows into the same number of cells; the comma if none does."""
    best, best_score = "\t" if filename.lower().endswith((".tsv", ".tab")) else ",", 0.0
    for delimiter in _DELIMITERS:
        widths: Counter[int] = Counter()
        with contextlib.suppress(csv.Error):
            for row in islice(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), 200):
                if any(cell.strip() for cell in row):
                    widths[len(row)] += 1
        cut = {width: count for width, count in widths.items() if width > 1}
        if not cut:
            continue
        width = max(cut, key=lambda key: (cut[key], key))
        score = cut[width] / sum(widths.values()) + min(width, 50) / 1000
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _empty() -> Unreadable:
    return Unreadable(
        T("文件是空的，没有可以读取的内容。", "The file is empty: there is nothing to read."), code="unreadable-empty"
    )
