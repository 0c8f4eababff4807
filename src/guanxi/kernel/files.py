"""Files through the door: who may upload and who may open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from guanxi.base.errors import NotFound
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.fields import File
from guanxi.kernel.records import reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.people import catalog_of
from guanxi.kernel.storage import files, sql

PICTURES = frozenset(files.SAFE_IMAGES)
"""The kinds of file a browser may show in a page."""
TEXTS = (".txt", ".csv", ".tsv", ".md", ".log", ".json")
"""Endings of names whose content may be read as plain text."""


def shown_as(type_: str, name: str) -> str:
    """How a file may be looked at without being kept: "picture", "pdf", "audio", "video", "text", or "" for not at all. The
    type is what the first bytes said when it came, never what the sender claimed; pages, scripts and drawings that can hold
    scripts have none of these types."""
    if type_ in PICTURES:
        return "picture"
    if type_ == "application/pdf":
        return "pdf"
    if type_.startswith(("audio/", "video/")):
        return type_[:5]
    return "text" if type_ == "application/octet-stream" and name.lower().endswith(TEXTS) else ""


@dataclass(frozen=True)
class Opened:
    """A file that may be read: where its bytes are, what it is called and what kind it is."""

    path: Path
    name: str
    type: str
    size: int

    @property
    def shown_as(self) -> str:
        """How a browser may show it (see `shown_as`), or ""."""
        return shown_as(self.type, self.name)


def upload(actor: Actor, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Keep a file; the answer is an item of a file field's value. Only the uploader can attach it to a record.

    Raises TooLarge and StorageFull."""
    with sql.work(actor.workspace):
        row = files.put(actor.workspace, name, chunks, actor.user)
    return {"file": str(row["id"]), "name": row["name"], "size": row["size"], "type": row["type"]}


def open_file(actor: Actor, name: str, record: UUID | str, field: str, file: UUID, *, deleted: bool = False) -> Opened:
    """A file of a record's field, for somebody who may read that field of that record (`deleted`: in the bin). Raises NotFound."""
    guard = Guard(catalog_of(actor), actor)
    it = guard.object(name)
    one = it.fields.get(field)
    if not isinstance(one, File) or guard.level(it, field) not in ("read", "write"):
        raise NotFound()
    row = reading.get(it.name, record, actor=actor, fields=[field], deleted=deleted)
    held = next((item for item in row.get(field) or [] if item.get("file") == str(file)), None)
    with sql.work(actor.workspace):
        found = files.find(actor.workspace, file, None) if held is not None else None
    if held is None or found is None:
        raise NotFound()
    return Opened(files.path(found["digest"]), found["name"], found["type"], found["size"])
