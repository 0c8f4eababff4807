"""The embedded PostgreSQL: made on the first start, shared by our processes, stopped by the last of them.

Every process that uses the server holds a shared lock on `run/users`; whoever leaves and can then take it exclusively
was the last and stops the server. The kernel drops a killed process's lock, so the count is right after `kill -9`
too, and a server that such a process left running is found and used by the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from guanxi.surfaces.cli.engine import VERSION, Engine, ServerUser
from guanxi.surfaces.cli.home import Home, disk_full, unwritable
from guanxi.surfaces.cli.speech import Trouble, tell

ROLE = "guanxi"  # owns the database; not a superuser, because row-level security backs the rights
DATABASE = "guanxi"
MAINTENANCE_ROLE = "postgres"
WATCHED, AGAIN = 0.25, 1.0
"""Seconds between two looks at the server, and after a start that failed."""
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",  # more with more data: see `sized`
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
}
"""For tests: nothing in such a database need survive the machine."""


LEAST_BUFFERS, MOST_BUFFERS = 64, 4096
"""Megabytes of the server's own memory for pages."""


def sized(data: int, memory: int) -> dict[str, str]:
    """What the server takes for so many bytes of data on a machine with so many of memory. Memory for pages: an eighth of either, so
    that a small company's program stays small and a large one's indexes are not read from the disk each time. The log: as much
    more, because each page is written to it whole once between two checkpoints, and with a gigabyte a large import met the next
    one every few seconds."""
    size = min(max(min(data, memory) // 8 // 2**20, LEAST_BUFFERS), MOST_BUFFERS)
    return {"shared_buffers": f"{size}MB", "max_wal_size": f"{max(size * 3 // 2, 1024)}MB", "wal_buffers": f"{min(max(size // 32, 4), 64)}MB"}


class Cluster:
    """One data folder's server. `start` and `stop` belong together; a process starts it once."""

    def __init__(self, home: Home, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.settings = {**SETTINGS, **(settings or {})}
        self._in_use: int | None = None

    def start(self) -> str:
        """Makes the database if there is none, starts the server if none runs, and returns its DATABASE_URL.

        Raises Trouble, and deletes nothing, when the data folder is damaged, of another version or somebody else's.
        """
        self.home.prepare()
        try:
            with self._alone():
                user = ServerUser.find(self.home.data)
                self._open_ways(user)
                engine = Engine.find(self.home, user)
                if not self.home.data.exists():
                    self._make(engine)
                self._inspect(user)
                self._in_use = os.open(self.home.run / "users", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._in_use, fcntl.LOCK_SH)  # first, so that `stop` cleans up an interrupted start
                if not self._is_running(engine):
                    self._run(engine)
        except OSError as problem:
            raise unwritable(self.home.folder, problem) from problem
        return self.url

    def stop(self) -> None:
        """Leaves the server, and stops it if nobody else uses it. Safe to call twice, and after a failed start."""
        if self._in_use is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                engine = Engine.find(self.home, ServerUser.find(self.home.data))
                engine.run("pg_ctl", "stop", "-D", self.home.data, "-m", "fast", "-w", "-t", "60", timeout=90)
            finally:
                os.close(self._in_use)
                self._in_use = None

    def keep(self, ending: threading.Event) -> None:
        """Until `ending`: starts the server again when it died under us, killed for its memory say. What it acknowledged is on
        its disk, and it recovers that by itself; we connect again at the next request."""
        pause = WATCHED
        while not ending.wait(pause):
            pause = WATCHED
            if self._is_alive():
                continue
            with self._alone():
                if ending.is_set():
                    return
                try:
                    engine = Engine.find(self.home, ServerUser.find(self.home.data))
                    if not self._is_running(engine):
                        tell("数据库意外停止，正在重新启动。", "The database ended unexpectedly; starting it again.")
                        self._run(engine)
                except (Trouble, OSError) as problem:  # what it left behind may be in use for another moment
                    tell(f"数据库还没有启动：{problem}", f"The database did not start yet: {problem}")
                    pause = AGAIN

    def _is_alive(self) -> bool:
        """Whether its process is there, without asking it anything."""
        try:
            return serves(int((self.home.data / "postmaster.pid").read_text().split("\n", 1)[0]), self.home.data)
        except (OSError, ValueError):
            return False

    def is_unused(self) -> bool:
        """Whether no process of ours uses it. A server that a killed one left running is stopped."""
        if not self.home.data.exists():
            return True
        with self._alone():
            handle = os.open(self.home.run / "users", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                engine = Engine.find(self.home, ServerUser.find(self.home.data))
                if self._is_running(engine):
                    engine.run("pg_ctl", "stop", "-D", self.home.data, "-m", "fast", "-w", "-t", "60", timeout=90)
                return True
            finally:
                os.close(handle)

    def flush(self) -> None:
        """Make sure that all of a stopped server's files have reached the disk."""
        engine = Engine.find(self.home, ServerUser.find(self.home.data))
        done = engine.run("initdb", "--sync-only", "-D", self.home.data)
        if done.returncode != 0:
            raise self._failed(done.stdout)

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.socket_folder), safe='/')}"

    @property
    def socket_folder(self) -> Path:
        """Under the data folder, or in the temp folder where that path is too long for a socket."""
        own = self.home.run / "db"
        if len(os.fsencode(own)) <= LONGEST_SOCKET_FOLDER:
            return own
        return Path("/tmp") / f"gx-{hashlib.sha256(os.fsencode(self.home.folder)).hexdigest()[:12]}"  # noqa: S108

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        handle = os.open(self.home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _open_ways(self, user: ServerUser) -> None:
        """The server's user must be able to walk to its data: through our own folder, never through others'."""
        folder = self.home.folder
        if user.is_other:
            for own in (folder, self.home.run, self.home.log):
                own.chmod(own.stat().st_mode | stat.S_IXOTH)
            if not user.can_reach(self.home.data):
                raise Trouble(
                    f"数据目录 {folder} 在一个不对外开放的目录里，数据库的系统用户 {user.name} 无法进入。"
                    "请用 GUANXI_HOME 指定别的位置，例如 /var/lib/guanxi。",
                    f"The data folder {folder} is inside a private folder, which the database's system user "
                    f"{user.name} cannot enter. Name another place in GUANXI_HOME, for example /var/lib/guanxi.",
                )
        user.own(self.home.log / "database", 0o700)
        sockets = self.socket_folder
        if sockets.parent != self.home.run and sockets.exists():
            found = sockets.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid:  # made by somebody else to listen in
                raise Trouble(
                    f"{sockets} 属于别的用户，不能使用。请删除它，或把 GUANXI_HOME 设为更短的路径。",
                    f"{sockets} belongs to another user. Delete it, or use a shorter path for GUANXI_HOME.",
                )
        user.own(sockets, 0o700)  # nobody else may connect: inside, the server trusts whoever comes

    def _make(self, engine: Engine) -> None:
        """Makes the data folder beside its place and moves it there when it is whole."""
        tell("正在创建数据库…", "Making the database…")
        unfinished = self.home.folder / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        engine.user.own(unfinished, 0o700)
        made = engine.run(
            "initdb", "-D", unfinished, "-U", MAINTENANCE_ROLE, "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions",
            "--auth-local=trust", "--auth-host=reject", *(["--no-sync"] if self._is_throwaway else []),
        )  # fmt: skip
        if made.returncode != 0:
            raise self._failed(made.stdout)
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(
                "\n# guanxi.conf is written anew at every start; put settings of your own into local.conf.\n"
                "include_if_exists 'guanxi.conf'\ninclude_if_exists 'local.conf'\n"
            )
        statements = (
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB;\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        )
        # Without a server: one statement a line, and errors show in the output only.
        single = engine.run("postgres", "--single", "-D", unfinished, "postgres", text=statements)
        if single.returncode != 0 or re.search(r"\b(ERROR|FATAL|PANIC):", single.stdout):
            raise self._failed(single.stdout)
        unfinished.rename(self.home.data)

    @property
    def _is_throwaway(self) -> bool:
        return self.settings.get("fsync") == "off"

    def _inspect(self, user: ServerUser) -> None:
        data = self.home.data
        try:
            version = (data / "PG_VERSION").read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            version = ""
        if not version or not (data / "global" / "pg_control").exists():
            raise Trouble(
                f"数据库目录 {data} 不完整（缺少 PG_VERSION 或 pg_control）。程序没有改动它。"
                "请从备份恢复，或把它移到别处后重新启动以建立空数据库。",
                f"The database folder {data} is incomplete (PG_VERSION or pg_control is missing). It was left as it "
                "is. Restore a backup, or move the folder elsewhere and start again with an empty database.",
            )
        if version != str(VERSION):
            raise Trouble(
                f"数据库目录 {data} 属于 PostgreSQL {version}，本程序使用 {VERSION}。程序没有改动它。"
                "请用原来的版本导出备份，再用本版本恢复。",
                f"The database folder {data} was made by PostgreSQL {version}; this program uses {VERSION}. It was "
                "left as it is. Make a backup with the version it came from and restore that here.",
            )
        if data.stat().st_uid != user.uid:
            raise Trouble(
                f"数据库目录 {data} 属于另一个用户 (uid {data.stat().st_uid})。请以该用户启动，"
                f"或改正所有者: chown -R {user.name} {data}",
                f"The database folder {data} belongs to another user (uid {data.stat().st_uid}). Start as that user, "
                f"or correct the owner: chown -R {user.name} {data}",
            )

    def _is_running(self, engine: Engine) -> bool:
        """Whether this folder's server runs and answers. Clears away the mark of one that was killed."""
        mark = self.home.data / "postmaster.pid"
        try:
            pid = int(mark.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return False
        if not serves(pid, self.home.data):
            # The number may belong to another program by now, which PostgreSQL itself would take for a server.
            mark.unlink()
            return False
        ready = ("-q", "-h", self.socket_folder, "-U", MAINTENANCE_ROLE, "-d", "postgres")
        for _ in range(300):  # left by a killed process, it may still be starting or stopping
            if engine.run("pg_isready", *ready).returncode == 0:
                return True
            if not serves(pid, self.home.data):
                return False
            time.sleep(0.1)
        raise Trouble(
            f"数据库进程 (pid {pid}) 没有响应。请查看 {self.home.log / 'database'} 里的日志，"
            f"或结束它后重试: kill -INT {pid}",
            f"The database process (pid {pid}) does not answer. See the log in {self.home.log / 'database'}, "
            f"or end it and try again: kill -INT {pid}",
        )

    def _run(self, engine: Engine) -> None:
        tell("正在启动数据库…", "Starting the database…")
        own = {"unix_socket_directories": str(self.socket_folder), "unix_socket_permissions": "0700"}
        own["log_directory"] = str(self.home.log / "database")
        if self.settings["shared_buffers"] == SETTINGS["shared_buffers"]:
            memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            own |= sized(sum(file.stat().st_size for file in (self.home.data / "base").glob("*/*")), memory)
        lines = [
            f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in {**self.settings, **own}.items()
        ]
        write_as(engine.user, self.home.data / "guanxi.conf", "\n".join(lines) + "\n")
        first_words = self.home.log / "database" / "start.log"  # until the server's own log collector runs
        first_words.unlink(missing_ok=True)
        started = engine.run("pg_ctl", "start", "-D", self.home.data, "-w", "-t", "300", "-s", "-l", first_words)
        if started.returncode != 0:
            raise self._failed(started.stdout + (first_words.read_text() if first_words.exists() else "") + self._log())

    def _log(self) -> str:
        """The end of the server's log of today, which says why it did not start."""
        logs = sorted((self.home.log / "database").glob("postgres-*.log"), key=lambda file: file.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-2000:] if logs else ""

    def _failed(self, output: str) -> Trouble:
        if "No space left on device" in output:
            return disk_full(self.home.folder)
        if "Read-only file system" in output or "Permission denied" in output:
            hint = Trouble(
                f"数据库无法启动：{self.home.folder} 的权限不对或只读。请检查目录的所有者和权限。",
                f"The database did not start: {self.home.folder} is read-only or has wrong permissions. "
                "Check the folder's owner and rights.",
            )
        else:
            hint = Trouble(
                f"数据库无法启动，数据没有改动。日志: {self.home.log / 'database'}",
                f"The database did not start; the data are as they were. Log: {self.home.log / 'database'}",
            )
        telling = re.compile(r"FATAL|PANIC|ERROR|error:|invalid|unrecognized")
        reasons = [line for line in output.splitlines() if telling.search(line)]
        tail = "\n".join((reasons or output.strip().splitlines())[-3:])
        return Trouble(f"{hint.text.zh}\n{tail}", f"{hint.text.en}\n{tail}")


def serves(pid: int, data: Path) -> bool:
    """Whether the process is alive and the server of this data folder (as far as the system lets us see)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if not Path("/proc/self").exists():
        return True
    try:
        # A dead child that nobody waited for yet still has a number, but serves nothing.
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except PermissionError:
        return True
    except OSError:
        return False


def write_as(user: ServerUser, file: Path, text: str) -> None:
    """Replaces a file in one step; it belongs to the server's user."""
    beside = file.with_name(file.name + ".new")
    beside.write_text(text)
    if user.is_other:
        os.chown(beside, user.uid, user.gid)
    beside.replace(file)


@contextlib.contextmanager
def database(home: Home, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The database for the time of a command: DATABASE_URL's server if that is set, else the embedded one.

    Sets DATABASE_URL and GUANXI_HOME for everything that runs inside. Raises Trouble as `Cluster.start`.
    """
    given = os.environ.get("DATABASE_URL")
    os.environ["GUANXI_HOME"] = str(home.folder)
    if given:
        home.prepare()
        yield given
        return
    cluster = Cluster(home, settings)
    ending = threading.Event()
    keeper = threading.Thread(target=cluster.keep, args=(ending,), name="database-keeper", daemon=True)
    try:
        os.environ["DATABASE_URL"] = cluster.start()
        keeper.start()
        yield os.environ["DATABASE_URL"]
    finally:
        os.environ.pop("DATABASE_URL", None)
        ending.set()
        if keeper.ident is not None:
            keeper.join()
        with unhurried_by_signals():
            cluster.stop()


@contextlib.contextmanager
def unhurried_by_signals() -> Iterator[None]:
    """A second Ctrl-C must not leave a half-stopped server behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
