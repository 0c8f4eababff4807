"""Files: bytes stored once per content under their SHA-256; names and kinds as rows."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import tempfile
import unicodedata
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import PIL.Image
from django.conf import settings

from guanxi.base.errors import StorageFull, TooLarge
from guanxi.base.ids import uuid7
from guanxi.kernel.storage import sql

MAX_SIZE = 100 * 1024 * 1024
SAFE_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"), (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg"), (b"\xff\xf3", "audio/mpeg"), (b"OggS", "audio/ogg"), (b"fLaC", "audio/flac"),
    (b"\xff\xf1", "audio/aac"), (b"\xff\xf9", "audio/aac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)  # fmt: skip


def kind(head: bytes) -> str:
    """The type of a file by its first bytes; what is not known is only ever offered as a download."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "application/octet-stream")
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "application/octet-stream" if head[8:10] in (b"av", b"he", b"mi") and head[8:12] != b"avc1" else "video/mp4"
    return "application/octet-stream"


_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
LONGEST_NAME = 200


def harmless(name: str) -> str:
    """A file's name without what would put it elsewhere, break a line, turn its letters round so that its ending reads as another, or
    name a device; the ending is kept when it is cut."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip().rstrip(". ")
    if len(shown) > LONGEST_NAME:
        stem, dot, ending = shown.rpartition(".")
        shown = stem[: LONGEST_NAME - len(ending) - 1] + dot + ending if dot and len(ending) <= 10 else shown[:LONGEST_NAME]
    return ("_" + shown if _DEVICES.fullmatch(shown) else shown) or "file"


MOST_PIXELS = 100_000_000
MOST_LOOKED = 4_000_000
"""Pictures of up to so many pixels are looked through to their end."""


def is_picture(path: Path) -> bool:
    """Whether a stored file is a picture of a size that browsers can show."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PIL.Image.open(path, formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
                width, height = picture.size
                if 0 < width * height <= MOST_LOOKED:
                    picture.load()
                return 0 < width * height <= MOST_PIXELS
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, PIL.Image.DecompressionBombError):
        return False


def _folder() -> Path:
    return Path(settings.GUANXI_HOME) / "files"


def path(digest: str) -> Path:
    return _folder() / digest[:2] / digest[2:4] / digest


def hold(digest: str, *, alone: bool = False) -> None:
    """Until the transaction ends nobody deletes these bytes; `alone`: nobody stores them either."""
    sql.rows(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(hashtextextended(%s, 11))", [digest])


def put(workspace: UUID, name: str, chunks: Iterable[bytes], user: UUID | None, limit: int = MAX_SIZE) -> dict[str, Any]:
    """Store a file; raises TooLarge and StorageFull, and then leaves nothing behind."""
    sql.need_room()
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    size = 0
    head = b""
    handle, temporary = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in chunks:
                head = head or chunk[:32]
                size += len(chunk)
                if size > limit:
                    raise TooLarge()
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        row = {"id": uuid7(), "digest": digest.hexdigest(), "name": harmless(name), "size": size, "type": kind(head)}
        final = path(digest.hexdigest())
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sql.work(workspace):
            hold(digest.hexdigest())
            os.replace(temporary, final)
            sql.run(
                "INSERT INTO gx_file (id, workspace_id, digest, name, size, type, created_by, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [row["id"], workspace, row["digest"], row["name"], size, row["type"], user, datetime.now(UTC)],
            )
    except OSError as error:
        raise StorageFull() from error
    finally:
        Path(temporary).unlink(missing_ok=True)
    return row


def find(workspace: UUID, file: UUID, user: UUID | None) -> dict[str, Any] | None:
    """A file's row; with `user`, only one that this user uploaded."""
    names = ("id", "digest", "name", "size", "type", "created_by")
    found = sql.rows(
        "SELECT id, digest, name, size, type, created_by FROM gx_file WHERE workspace_id = %s AND id = %s", [workspace, file]
    )
    if not found or (user is not None and found[0][5] != user):
        return None
    return dict(zip(names, found[0], strict=True))
