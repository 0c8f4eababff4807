"""Files of records: kept by whoever may read the field, or looked at in the page, and never run.

What a file is was judged by its first bytes when it came. Only pictures, PDF, sound, films and plain text are shown; every
answer says that it may run nothing, and everything else is a download.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from guanxi.base.errors import NotFound
from guanxi.base.ids import parse_id
from guanxi.kernel import files
from guanxi.kernel.files import Opened
from guanxi.surfaces.web.visit import Visit, page

POLICY = "default-src 'none'; sandbox"
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A browser's own viewer does not open in a sandbox; scripts stay forbidden, and the type cannot be taken for a page."""
TEXT_MOST = 300_000
PIECE = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
ENCODINGS = ("utf-8-sig", "gb18030")


@page
def file(visit: Visit, plural: str, id: str, field: str, file: str) -> HttpResponseBase:
    """A file of a record: a download; with `show`, what a browser may show of it."""
    it = visit.object(plural)
    found = parse_id(file)
    if found is None:
        raise NotFound()
    opened = files.open_file(visit.actor, it.name, id, field, found)
    show = opened.shown_as if visit.get.get("show") else ""
    try:
        response = _text(opened) if show == "text" else _bytes(opened, show, visit.request.headers.get("Range", ""))
    except FileNotFoundError:
        raise NotFound() from None
    response.headers["Content-Security-Policy"] = PDF_POLICY if show == "pdf" else POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _bytes(opened: Opened, show: str, asked: str) -> HttpResponseBase:
    """The file, or the part of a sound or film a player asks for."""
    part = _part(asked, opened.path.stat().st_size) if show in ("audio", "video") else None
    if part is None:
        whole = FileResponse(opened.path.open("rb"), as_attachment=not show, filename=opened.name, content_type=opened.type)
        if show in ("audio", "video"):
            whole.headers["Accept-Ranges"] = "bytes"
        return whole
    first, last, size = part
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = StreamingHttpResponse(_piece(opened.path, first, last), status=206, content_type=opened.type)
    response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Content-Length"] = str(last - first + 1)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = content_disposition_header(False, opened.name) or "inline"
    return response


def _part(asked: str, size: int) -> tuple[int, int, int] | None:
    """(first, last, size) of one range of bytes (RFC 9110 §14.1.2); None to send the whole."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size - 1, size
    first = int(found[1])
    last = min(int(found[2]) if found[2] else size - 1, size - 1)
    return (first, last, size) if first < size else (1, 0, size)


def _piece(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as handle:
        handle.seek(first)
        yield from _pieces(handle, last - first + 1)


def _pieces(handle: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (data := handle.read(min(PIECE, left))):
        left -= len(data)
        yield data


def _text(opened: Opened) -> HttpResponse:
    """The beginning of a text as plain text: Chinese ones of older programs are not Unicode."""
    with opened.path.open("rb") as handle:
        data = handle.read(TEXT_MOST)
    if b"\x00" in data:
        raise NotFound()
    for encoding in ENCODINGS:
        try:
            # the last sign may be cut
            text = data.decode(encoding, "strict" if opened.size <= TEXT_MOST else "ignore")
            break
        except UnicodeDecodeError:
            continue
    else:
        text = data.decode("utf-8", "replace")
    more = "\n…" if opened.size > TEXT_MOST else ""
    return HttpResponse(text + more, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": "inline"})
