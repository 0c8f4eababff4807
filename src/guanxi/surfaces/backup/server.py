"""Which database is copied or filled, and the PostgreSQL programs that do it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from guanxi.kernel import backup
from guanxi.surfaces.cli.embedded import DATABASE, MAINTENANCE_ROLE, ROLE, Cluster
from guanxi.surfaces.cli.engine import Engine, ServerUser
from guanxi.surfaces.cli.home import Home, disk_full
from guanxi.surfaces.cli.speech import Trouble


@dataclass(frozen=True)
class Server:
    """A database by the address of who maintains it. `owner`: the role that tables belong to, where that is another."""

    url: str
    engine: Engine
    owner: str | None = None

    @classmethod
    def of_cluster(cls, cluster: Cluster) -> Server:
        """An embedded database that runs."""
        home = cluster.home
        url = f"postgresql://{MAINTENANCE_ROLE}@/{DATABASE}?host={quote(str(cluster.socket_folder), safe='/')}"
        return cls(url, Engine.find(home, ServerUser.find(home.data)), ROLE)

    @classmethod
    def in_use(cls, home: Home) -> Server:
        """The database of a running command: the embedded one, or that of DATABASE_URL. There GUANXI_BACKUP_URL may name a role
        that row-level security hides nothing from."""
        cluster = Cluster(home)
        given = os.environ["DATABASE_URL"]
        if given == cluster.url:
            return cls.of_cluster(cluster)
        return cls(os.environ.get("GUANXI_BACKUP_URL") or given, Engine.find(home, ServerUser.find(home.data)))

    def reach(self) -> backup.Reach:
        """Raises Trouble when the role would leave rows out."""
        found = backup.reach(self.url)
        if not found.whole and len(found.workspaces) != 1:
            raise Trouble(
                "这个数据库里有多家公司，当前角色看不到全部数据。请用 GUANXI_BACKUP_URL 指定一个有 BYPASSRLS 的角色。",
                "This database holds several workspaces, and its role does not see all rows. Name a role with BYPASSRLS in GUANXI_BACKUP_URL.",
            )
        return found

    def entries(self, dump: Path) -> list[str]:
        """What a dump holds, a line for each thing, in the form `pg_restore --use-list` reads."""
        command = [str(self.engine.programs / "pg_restore"), "--list", str(dump)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, env=self.engine.environment(os.environ))
        return [line for line in done.stdout.splitlines(keepends=True) if not line.startswith(";")]

    def run(self, program: str, *arguments: str | Path, options: Sequence[str] = ()) -> None:
        """A program against this database, as ourselves. Raises Trouble with its last words."""
        environment = self.engine.environment(os.environ)
        if options:
            environment["PGOPTIONS"] = " ".join(f"-c {one}" for one in options)
        command = [str(self.engine.programs / program), "--dbname", self.url, *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=environment, start_new_session=True)
        if done.returncode != 0:
            said = done.stderr.strip()
            if "No space left on device" in said:
                raise disk_full(Path(str(arguments[-1])))
            last = "\n".join(said.splitlines()[-3:])
            raise Trouble(f"{program} 失败: {last}", f"{program} failed: {last}")
