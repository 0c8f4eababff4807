"""XLSX, XLSB, XLS and ODS: looked over before they are opened, then read by a child process of little memory and time.

The look costs milliseconds and refuses what would cost gigabytes: archives that unpack to too much, cells at XFD1048576
(the parser's table is as large as the rectangle around all cells), entity declarations. What gets past it meets the
limits of the child, and its death is a reason to tell, not a crash.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import struct
import subprocess
import sys
import time as clock
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from guanxi.base.errors import Problem, TooLarge, Unreadable
from guanxi.base.text import T, Text

MEMORY: Final = 1024 * 1024 * 1024
"""Address space of the child, in bytes."""
SECONDS: Final = 120
"""Processor time of the child; and how long it may be silent."""
MOST_UNPACKED: Final = 300 * 1024 * 1024
MOST_MEMBERS: Final = 2_000
MOST_CELLS: Final = 5_000_000
MOST_RATIO: Final = 400
_RATIO_COUNTS_FROM = 20 * 1024 * 1024
_CHILD = Path(__file__).with_name("workbook_child.py")
_CHUNK = 1 << 20
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_MOST_FRAME = 64 * 1024 * 1024
_OVERLAP = 512

ZIP_MAGIC: Final = b"PK\x03\x04"
CFB_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_CELL = re.compile(rb"""<(?:\w+:)?c\s[^<>]*?\br\s*=\s*["']([A-Za-z]+)([0-9]+)["'][^<>]*?(/?)>""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^<>]*?\br\s*=\s*["']([0-9]+)["']""")

Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The head of a sheet. `merges`: (first row, first column, last row, last column), from zero."""

    sheets: list[str]
    sheet: str | None
    merges: list[tuple[int, int, int, int]]


def inspect(path: Path) -> None:
    """Look a workbook over without opening it. Raises Unreadable or TooLarge with the reason."""
    with path.open("rb") as file:
        magic = file.read(8)
        if magic == CFB_MAGIC:
            file.seek(0)
            if "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20):
                raise _encrypted()
            return
    try:
        with zipfile.ZipFile(path) as archive:
            _inspect_archive(archive)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable(
            T(
                "工作簿已损坏，无法解压。请重新下载，或用 Excel、WPS 打开后另存为 .xlsx。",
                "The workbook is damaged and does not unpack. Download it again, or open and save it as .xlsx.",
            )
        ) from error


def _inspect_archive(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise _suspicious(T("压缩包内文件过多", "its archive has too many members"))
    unpacked = 0
    for member in members:
        unpacked += member.file_size
        if member.flag_bits & 0x1:
            raise _encrypted()
        if member.file_size > _RATIO_COUNTS_FROM and member.file_size > MOST_RATIO * max(member.compress_size, 1):
            raise _suspicious(T("压缩比异常", "it unpacks to a suspicious size"))
    if unpacked > MOST_UNPACKED:
        raise _too_large()
    budget = MOST_UNPACKED
    for member in members:
        name = member.filename.lower()
        if not name.endswith((".xml", ".rels")):
            continue
        cells = name.startswith("xl/worksheets/")
        with archive.open(member) as stream:
            budget -= _inspect_xml(stream, budget, cells)


def _inspect_xml(stream: Any, budget: int, cells: bool) -> int:
    """Read one member through: declarations in its head, the rectangle of its cells. Returns bytes read."""
    read, tail = 0, b""
    columns: set[bytes] = set()
    first_row, last_row = 1 << 60, 0
    while chunk := stream.read(_CHUNK):
        read += len(chunk)
        if read > budget:  # the directory of the archive lied about sizes
            raise _suspicious(T("实际大小与声明不符", "it is larger than it declares"))
        head = tail + chunk
        plain = head.replace(b"\0", b"") if b"\0" in head else head  # UTF-16 hides nothing
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            raise _suspicious(T("含有实体声明", "it declares entities"))
        if not cells:
            tail = head[-_OVERLAP:]
            continue
        for letters, digits, empty in _CELL.findall(plain):
            if not empty:
                if len(letters) > 3 or len(digits) > 7:
                    raise _suspicious(T("单元格坐标超出范围", "it has cells out of range"))
                columns.add(letters)
                row = int(digits)
                if row > last_row:
                    last_row = row
                if row < first_row:
                    first_row = row
        if any(len(row) > 7 or int(row) > _MOST_ROWS for row in _ROW.findall(plain)):
            raise _suspicious(T("行号超出范围", "it has row numbers out of range"))
        cut = plain.rfind(b"<")
        tail = plain[cut:][-_OVERLAP:] if cut >= 0 else b""
    if columns:
        numbers = [_column(letters) for letters in columns]
        if last_row > _MOST_ROWS or max(numbers) > _MOST_COLUMNS:
            raise _suspicious(T("单元格坐标超出范围", "it has cells out of range"))
        if (last_row - first_row + 1) * (max(numbers) - min(numbers) + 1) > MOST_CELLS:
            raise TooLarge(
                T(
                    "工作表的范围超过 500 万个单元格（常因很远处有零星内容）。请删除多余的行列，或另存为 CSV。",
                    "The sheet spans over 5 million cells, often because of a stray cell far away. "
                    "Delete surplus rows and columns, or save it as CSV.",
                )
            )
    return read


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


class WorkbookReader:
    """One sheet, read by a child that waits when nobody reads on. Iterate once; close() ends the child."""

    def __init__(self, path: Path, sheet: str | None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own script, a path and a sheet's name as arguments
            [sys.executable, "-I", str(_CHILD), str(path), sheet or "", str(MEMORY), str(SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
        )
        self._decoder = msgspec.msgpack.Decoder()
        self._buffer = bytearray()
        self._position = 0
        try:
            head = self._frame()
            if not isinstance(head, dict):
                raise _died("no head")
            self.head = Sheet(
                [str(name) for name in head["sheets"]],
                head["sheet"],
                [
                    (a, b, c, d)
                    for a, b, c, d in head["merges"]
                    if 0 <= a <= c < _MOST_ROWS and 0 <= b <= d < _MOST_COLUMNS
                ],
            )
            self._offset = int(head["offset"])
            if not 0 <= self._offset < _MOST_COLUMNS:  # what a stranger's file made the child say is checked too
                raise _died("offset")
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[list[Cell]]:
        """The rows from the first of the sheet on, blank ones included; absent cells are None."""
        lead: list[Cell] = [None] * self._offset
        try:
            while (row := self._frame()) is not None:
                yield lead + [_cell(value) for value in row]
        finally:
            self.close()

    def close(self) -> None:
        process = self._process
        if process.poll() is None:
            process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()

    def _frame(self) -> Any:
        (length,) = struct.unpack(">I", self._read(4))
        if length > _MOST_FRAME:
            raise TooLarge(T("有一行超过 64 MB，无法读取。", "A row is over 64 MB and cannot be read."))
        try:
            return self._decoder.decode(self._read(length))
        except msgspec.DecodeError as error:
            raise _died(str(error)) from error

    def _read(self, length: int) -> bytes:
        buffer = self._buffer
        if len(buffer) - self._position < length:
            del buffer[: self._position]
            self._position = 0
            self._fill(length)
        data = bytes(memoryview(buffer)[self._position : self._position + length])
        self._position += length
        return data

    def _fill(self, length: int) -> None:
        stream = self._process.stdout
        assert stream is not None
        deadline = clock.monotonic() + SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while len(self._buffer) < length:
                if not selector.select(max(deadline - clock.monotonic(), 0)):
                    raise Unreadable(
                        T(
                            "读取这个工作簿用时过长，已停止。请另存为 CSV，或拆成几份再上传。",
                            "Reading this workbook took too long and was stopped. Save it as CSV, or split it.",
                        ),
                        code="unreadable-timeout",
                    )
                chunk = os.read(stream.fileno(), 1 << 18)
                if not chunk:
                    raise self._cause_of_death()
                self._buffer += chunk

    def _cause_of_death(self) -> Problem:
        errors = self._process.stderr.read(500).decode("utf-8", "replace") if self._process.stderr else ""
        self._process.wait()
        code = self._process.returncode
        if "password" in errors.lower():
            return _encrypted()
        if code == 3 or code in (-6, -9, -11) or "memory" in errors.lower():
            return Unreadable(
                T(
                    "打开这个工作簿需要的内存或时间超过上限，已停止。请另存为 CSV，或拆成几份再上传。",
                    "Opening this workbook needs more memory or time than allowed and was stopped. "
                    "Save it as CSV, or split it.",
                ),
                code="unreadable-limits",
            )
        return _died(errors)


def _cell(value: Any) -> Cell:
    if isinstance(value, float):
        # Excel keeps every number as a float: 13800138000.0 is a phone, 1.0 a count
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        kind, content = value["t"], value["v"]
        if kind == "datetime":
            moment = datetime.fromisoformat(content)
            # a date is a date-time at midnight to Excel
            return moment.date() if moment.time() == time() else moment
        if kind == "date":
            return date.fromisoformat(content)
        if kind == "seconds":
            return str(timedelta(seconds=content))
        return str(content)
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)


def _encrypted() -> Unreadable:
    return Unreadable(
        T("文件有打开密码。请先去掉密码再上传。", "The file is protected by a password. Remove it and upload again."),
        code="unreadable-encrypted",
    )


def _died(errors: str) -> Unreadable:
    return Unreadable(
        T(
            "工作簿已损坏或不是真正的 Excel 文件。请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。",
            "The workbook is damaged or no real Excel file. Open it in Excel or WPS, save it as .xlsx, upload that.",
        )
    )


def _suspicious(reason: Text) -> Unreadable:
    return Unreadable(
        T(
            "为安全起见没有打开这个文件：{reason}。请用 Excel 或 WPS 打开后另存为新文件再上传。",
            "For safety this file was not opened: {reason}. Open it in Excel or WPS, save it anew and upload that.",
        ).format(reason=reason),
        code="unreadable-unsafe",
    )


def _too_large() -> TooLarge:
    return TooLarge(
        T(
            "工作簿解压后超过 300 MB。请另存为 CSV，或拆成几份再上传。",
            "The workbook unpacks to over 300 MB. Save it as CSV, or split it.",
        )
    )
