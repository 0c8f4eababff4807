"""The data folder (GUANXI_HOME): what lies where, and how it is made.

postgres/   the embedded database (its server's own)      files/   uploaded files
engine/     a copy of its programs, only where needed     secret   signs sessions; readable by the owner only
run/        socket and locks                              log/     logs; in database/ the server's
seals.log   a line about each seal of the journal         backups/ unless they go elsewhere
erased.log  what was erased, without a value of it: what a restore erases again
"""

from __future__ import annotations

import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from guanxi.surfaces.cli.speech import Trouble


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path

    @classmethod
    def from_environment(cls) -> Home:
        default = "/var/lib/guanxi" if os.geteuid() == 0 else "~/.local/share/guanxi"
        return cls(Path(os.environ.get("GUANXI_HOME") or default).expanduser().absolute())

    @property
    def data(self) -> Path:
        return self.folder / "postgres"

    @property
    def engine(self) -> Path:
        return self.folder / "engine"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def log_file(self) -> Path:
        return self.log / "guanxi.log"

    def prepare(self) -> None:
        """Makes the folders and the secret where missing. Raises Trouble when the folder cannot be written."""
        try:
            # The server's system user must pass through to its own folder, but need not list this one.
            self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            self.run.mkdir(mode=0o711, exist_ok=True)
            self.log.mkdir(mode=0o711, exist_ok=True)
            (self.folder / "files").mkdir(mode=0o700, exist_ok=True)
            self._make_secret()
        except OSError as problem:
            raise unwritable(self.folder, problem) from problem

    def _make_secret(self) -> None:
        secret = self.folder / "secret"
        if secret.exists() and secret.stat().st_size > 0:
            return
        beside = self.folder / f"secret.{os.getpid()}"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if secret.exists():  # left empty by a full disk
            beside.replace(secret)
            return
        try:
            os.link(beside, secret)  # fails where another start was faster: both must use the same one
        except FileExistsError:
            pass
        finally:
            beside.unlink()


def unwritable(folder: Path, problem: OSError) -> Trouble:
    """The sentence for an operating system error about a folder of ours."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder)
    return Trouble(
        f"无法使用数据目录 {folder}: {problem.strerror}。请换一个有权限的用户启动，或用 GUANXI_HOME 指定别的目录。",
        f"The data folder {folder} cannot be used: {problem.strerror}. Start as a user who may, "
        "or name another folder in GUANXI_HOME.",
    )


def disk_full(folder: Path) -> Trouble:
    return Trouble(
        f"磁盘已满: {folder}。已保存的数据没有损坏；请清理空间后重新启动。",
        f"The disk is full: {folder}. What was saved is intact; free some space and start again.",
    )
