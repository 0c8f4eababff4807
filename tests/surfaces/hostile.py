"""Hostile files, made when they are asked for and stored nowhere: what somebody would upload to break, trick or run something."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

from tests.surfaces.imports.test_reading_workbooks import CFB, SHEET, cell, sheet, xlsx

SCRIPT = b"<script>fetch('/api/v1/users')</script>"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)) + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def zipped(members: dict[str, bytes], **how: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def png(width: int, height: int) -> bytes:
    """The head of a picture of this size, with hardly any body."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 1000)) + part(b"IEND", b"")


def picture(kind: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, kind, **how)
    return buffer.getvalue()


def exif(text: str) -> bytes:
    data = Image.Exif()
    data[0x010E] = text
    data.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=data)


TABLES: dict[str, Callable[[], tuple[str, bytes]]] = {
    "a bomb in a workbook": lambda: ("a.xlsx", xlsx(SHEET.format("", " " * 100_000_000))),
    "an archive of archives": lambda: ("a.xlsx", zipped({f"{n}.zip": zipped({"x": b"\0" * 5_000_000}) for n in range(9)})),
    "a bomb in gzip": lambda: ("a.csv.gz", gzip.compress(b"\0" * 60_000_000, 9)),
    "gzip in gzip": lambda: ("a.csv.gz", gzip.compress(gzip.compress(b"name\nx\n"))),
    "laughs in a sheet": lambda: ("a.xlsx", xlsx(LAUGHS + SHEET.format("", "&j;")[21:])),
    "laughs in shared strings": lambda: ("a.xlsx", xlsx(sheet(cell("A1", 1)), **{"xl/sharedStrings.xml": f"{LAUGHS}<sst><si><t>&j;</t></si></sst>"})),
    "an entity from outside": lambda: ("a.xlsx", xlsx(OUTSIDE + SHEET.format("", "&e;")[21:])),
    "an entity from outside in styles": lambda: ("a.xlsx", xlsx(sheet(cell("A1", 1)), **{"xl/styles.xml": f"{OUTSIDE}<styleSheet>&e;</styleSheet>"})),
    "laughs in a document": lambda: ("a.ods", zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": (LAUGHS + "<x>&j;</x>").encode()})),
    "a cell far away": lambda: ("a.xlsx", xlsx(sheet(cell("A1", 1), cell("XFD1048576", 1)))),
    "a row out of range": lambda: ("a.xlsx", xlsx(sheet('</row><row r="4294967295"><c><v>1</v></c>'))),
    "letters without end": lambda: ("a.xlsx", xlsx(sheet(cell("ZZZZZZZ99999999", 1)))),
    "many members": lambda: ("a.xlsx", xlsx("x", **{f"xl/m{n}": "" for n in range(2_001)})),
    "members that climb": lambda: ("a.xlsx", zipped({"../../../../tmp/climbed": b"x", "xl/workbook.xml": b"<x/>"})),
    "a workbook cut off": lambda: ("a.xlsx", xlsx(sheet(cell("A1", 1)))[:300]),
    "a workbook that is a web page": lambda: ("a.xlsx", b"<!doctype html>" + SCRIPT),
    "an old workbook cut off": lambda: ("a.xls", CFB + b"\0" * 2_000),
    "an old workbook of noise": lambda: ("a.xls", CFB + bytes(n * 37 % 256 for n in range(20_000))),
    "a picture as a table": lambda: ("a.csv", picture()),
    "a program as a table": lambda: ("a.csv", b"\x7fELF" + bytes(range(256)) * 40),
    "nothing": lambda: ("a.csv", b""),
    "only a mark of bytes": lambda: ("a.csv", b"\xef\xbb\xbf"),
    "only nul": lambda: ("a.csv", b"\0" * 5_000),
    "nul between": lambda: ("a.csv", b"name,pages\nx\0y,1\n\0,2\n"),
    "half of UTF-16": lambda: ("a.csv", "书名,页数\n红,1\n".encode("utf-16")[:-1]),
    "UTF-16 without a mark": lambda: ("a.csv", "书名,页数\n红,1\n".encode("utf-16-le")),
    "encodings mixed": lambda: ("a.csv", "书名,页数\n红,1\n".encode() + "黑,2\n".encode("gb18030") + "白,3\n".encode("utf-16-le")),
    "half a surrogate": lambda: ("a.csv", b"name\n\xed\xa0\x80x\n"),
    "one endless line": lambda: ("a.csv", b"x" * 3_000_000),
    "one endless quote": lambda: ("a.csv", b'name\n"' + b"x,\n" * 700_000),
    "columns without end": lambda: ("a.csv", b"a," * 100_000 + b"\n" + b"1," * 100_000),
    "formulas": lambda: ("a.csv", "name\n=1+1\n+1\n-1\n@SUM(1)\n\t=1\n\r=1\n＝1\n=cmd|' /C calc'!A0\n".encode()),
    "a card without end": lambda: ("a.vcf", b"BEGIN:VCARD\nVERSION:3.0\nFN:x\n" + b"NOTE:" + b"y\n " * 200_000),
    "cards in cards": lambda: ("a.vcf", b"BEGIN:VCARD\n" * 5_000),
}
"""Name → (file name, bytes): for whoever reads tables."""

RUNNING: dict[str, tuple[str, bytes]] = {
    "a page": ("a.html", b"<!doctype html>" + SCRIPT),
    "a page as a picture": ("a.png", b"<!doctype html>" + SCRIPT),
    "a page as PDF": ("a.pdf", SCRIPT + b"%PDF-1.4"),
    "PDF that is a page": ("a.html", b"%PDF-1.4\n" + SCRIPT),
    "PDF with a script": ("a.pdf", b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
    "a page in XML": ("a.xhtml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>"),
    "XML with a style": ("a.xml", b'<?xml-stylesheet href="javascript:alert(1)"?><x/>'),
    "a drawing": ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"),
    "a drawing of laughs": ("a.svg", (LAUGHS + '<svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>').encode()),
    "a drawing from outside": ("a.svg", (OUTSIDE + "<svg><text>&e;</text></svg>").encode()),
    "a drawing as a picture": ("a.png", b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"),
    "GIF that is a script": ("a.gif", b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)"),
    "GIF that is a script by name": ("a.js", b"GIF89a=1;alert(1)"),
    "a picture that is an archive": ("a.png", picture() + zipped({"x.html": SCRIPT})),
    "a picture that is a page": ("a.png", picture() + SCRIPT),
    "a photo that tells a script": ("a.jpg", exif("<script>alert(1)</script>")),
    "a picture cut off": ("a.png", picture()[:40]),
    "a picture of nothing": ("a.png", b"\x89PNG\r\n\x1a\n"),
    "a picture of 40,000 × 40,000": ("a.png", png(40_000, 40_000)),
    "a picture of two thousand million lines": ("a.png", png(1, 2**31 - 1)),
    "a document of laughs": ("a.docx", zipped({"word/document.xml": (LAUGHS + "<x>&j;</x>").encode()})),
    "a program": ("a.exe", b"MZ" + b"\0" * 100),
    "a shortcut": ("a.url", b"[InternetShortcut]\nURL=javascript:alert(1)"),
    "nothing": ("a.png", b""),
}
"""For whoever keeps files: (file name, bytes)."""

NAMES: dict[str, str] = {
    "../../../etc/passwd": "passwd", "..\\..\\windows\\win.ini": "win.ini", "/etc/shadow": "shadow", "C:\\x\\y.txt": "y.txt", "..": "file", ".": "file", "": "file", "   ": "file",
    "a\u202egnp.exe": "agnp.exe", "a\u2066b\u2069.txt": "ab.txt", "\u200ba\ufeff.txt": "a.txt", "a\x00.png": "a.png", "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie: x=1.txt",
    "a\x1b[31m.txt": "a[31m.txt", "CON": "_CON", "nul.txt": "_nul.txt", "com1.tar.gz": "_com1.tar.gz", "a.txt. . .": "a.txt", "合同.pdf": "合同.pdf", "图.svg.png": "图.svg.png",
    "a" * 300 + ".pdf": "a" * 196 + ".pdf", "合" * 300 + ".pdf": "合" * 196 + ".pdf", "a\udc80b.txt": "ab.txt", 'a"b.txt': 'a"b.txt', "<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
}  # fmt: skip
"""What a file is called → what it is kept as."""

PICTURES_REFUSED = {
    "a page", "a page as a picture", "a page as PDF", "PDF that is a page", "PDF with a script", "a page in XML", "XML with a style", "a drawing", "a drawing of laughs", "a drawing from outside",
    "a drawing as a picture", "GIF that is a script", "GIF that is a script by name", "a picture cut off", "a picture of nothing", "a picture of 40,000 × 40,000", "a picture of two thousand million lines",
    "a document of laughs", "a program", "a shortcut", "nothing",
}  # fmt: skip
