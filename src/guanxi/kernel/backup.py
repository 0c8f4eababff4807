"""What a backup may ask of the database: one moment of it, its content in numbers, and what a restored one needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from guanxi.kernel.journal import erasures
from guanxi.kernel.journal.erasures import NAME as REGISTER
from guanxi.kernel.storage import copying

__all__ = ("REGISTER", "Content", "Moment", "Reach", "is_empty", "is_register", "join_registers", "moment", "reach", "settle", "tidy", "unheard")

Content = dict[str, tuple[int, str]]
"""Of each table the number of rows and a hash over all of them, whatever their order."""


@dataclass(frozen=True)
class Moment:
    """One moment of a database: its name for `pg_dump`, and what it holds."""

    snapshot: str
    content: Content
    files: dict[str, int]
    migrations: dict[str, str]


@dataclass(frozen=True)
class Reach:
    """What a role may see: everything, or by row-level security one workspace, which must then be the only one."""

    whole: bool
    workspaces: list[UUID]
    size: int

    @property
    def narrowed(self) -> UUID | None:
        return None if self.whole else self.workspaces[0]


def reach(url: str) -> Reach:
    with copying.connect(url) as connection:
        return Reach(copying.sees_all(connection), copying.workspaces(connection), copying.size(connection))


def is_empty(url: str) -> bool:
    with copying.connect(url) as connection:
        return copying.is_empty(connection)


@contextmanager
def moment(url: str, workspace: UUID | None = None) -> Iterator[Moment]:
    """Hold one moment of a database while others write on; all that is said of it is of that moment."""
    with copying.connect(url, workspace) as connection:
        name = copying.hold(connection)
        yield Moment(
            name, {table: copying.content(connection, table) for table in copying.tables(connection)},
            copying.files(connection), copying.migrations(connection),
        )  # fmt: skip


def settle(url: str) -> None:
    """Make restored events fit this server; between its rows and its indexes."""
    with copying.connect(url) as connection:
        copying.settle(connection)


def tidy(url: str) -> None:
    with copying.connect(url) as connection:
        copying.tidy(connection)


def join_registers(target: Path, files: Iterable[Path]) -> int:
    """Add to a register of erasures what others tell beyond it; returns how many lines it has then. Raises OSError."""
    lines = {line.event: line for line in erasures.read(target)}
    fresh = {line.event: line for file in files for line in erasures.read(file) if line.event not in lines}
    erasures.add(target, fresh.values())
    return len(lines) + len(fresh)


def is_register(file: Path) -> bool:
    """Whether a file is a register of erasures, be it an empty one."""
    return bool(erasures.read(file)) or file.stat().st_size == 0


def unheard(url: str, register: Path) -> int:
    """How many erasures a register tells that the journal of a database does not."""
    of: dict[UUID, list[UUID]] = {}
    for line in erasures.read(register):
        of.setdefault(line.workspace, []).append(line.event)
    out = 0
    for workspace, events in of.items():
        with copying.connect(url, workspace) as connection:
            out += copying.unheard(connection, workspace, events)
    return out
