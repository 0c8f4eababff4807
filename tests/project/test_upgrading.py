"""An upgrade from the version before: it begins only where it may, loses nothing, and goes on when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import sql as words

from guanxi.base.ids import uuid7
from guanxi.kernel import jobs, setup, upgrading
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.backup import place
from guanxi.surfaces.cli import preflight
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

PREVIOUS = {
    "kernel": "0015_delivery", "core": "0023_notices_kept", "customers": "0007_by_name", "sales": "0007_by_name", "activities": "0006_by_name",
    "products": "0002_initials", "toy": "0006_by_name",
}  # fmt: skip
"""The last migration of each part in the version before."""
MOVES = {"gx_consumer", "gx_workspace", "django_migrations"}
"""What is no data of a company: places of readers, counts of changes, the steps themselves."""

KILLED = """
import os, signal, sys, django
django.setup()
from guanxi.kernel import setup
def step(text):
    if text.startswith(sys.argv[1] + "/") or (sys.argv[1] == "end" and text.partition("/")[0] == text.partition("/")[2].partition(" ")[0]):
        os.kill(os.getpid(), signal.SIGKILL)
setup.migrate(step)
"""


@dataclass
class Older:
    """A database as the version before left it, and its data folder."""

    url: str
    home: Home

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GUANXI_BACKUP", "GUANXI_UPGRADE"))}
        own = {"DATABASE_URL": self.url, "GUANXI_HOME": str(self.home.folder), "LANG": "en_US.UTF-8", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        return kept | own | more

    def guanxi(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "guanxi.surfaces.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=self.environment(**more))

    def connect(self) -> psycopg.Connection[Any]:
        return connect(self.url)


def connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True, application_name="test", options=f"-c app.workspace={DEFAULT_WORKSPACE}")


@pytest.fixture(scope="module")
def older(database: str, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Older]:
    """Tables as they were then, made by the migrations of then, with the guards and the rows of a whole company."""
    setup.create_user("chef", "陈总", ["admin"], "ein-langes-Wort-77")
    setup.load_demo(lambda step: None)
    while jobs.consume():
        pass
    jobs.seals_file().unlink(missing_ok=True)  # it tells of the databases of other tests as well
    jobs.seal()
    home = Home(tmp_path_factory.mktemp("older"))
    home.prepare()
    (home.folder / "seals.log").write_bytes(jobs.seals_file().read_bytes())
    name = f"{database}_older"
    url = database_url.replace(f"/{database}", f"/{name}")
    with connect(database_url) as admin:
        admin.execute(words.SQL("CREATE DATABASE {}").format(words.Identifier(name)))
    try:
        previous = f"import django; django.setup()\nfrom tests.project.test_upgrading import to_previous\nto_previous({PREVIOUS!r})"
        subprocess.run([sys.executable, "-c", previous], check=True, env={**os.environ, "DATABASE_URL": url, "GUANXI_HOME": str(home.folder), "PYTHONPATH": os.pathsep.join(sys.path)})
        with connect(database_url) as source, connect(url) as target:
            bring(source, target)
        yield Older(url, home)
    finally:
        with connect(database_url) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user", [name])
            admin.execute(words.SQL("DROP DATABASE {}").format(words.Identifier(name)))


def to_previous(previous: dict[str, str]) -> None:
    """Bring an empty database to the state of the version before."""
    from django.db import connection

    executor = upgrading.Steps(connection)
    executor.migrate([(app, previous.get(app, last)) for app, last in executor.loader.graph.leaf_nodes()])


def bring(source: psycopg.Connection[Any], target: psycopg.Connection[Any]) -> None:
    """Rows and guards of a database of today, as far as the tables of then have room for them; a row of each object that has none."""
    for name, bound in source.execute(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'gx_event'::regclass"
    ).fetchall():
        target.execute(f"CREATE TABLE {name} PARTITION OF gx_event {bound}")
    target.execute("ALTER TABLE gx_event ALTER COLUMN xid SET DEFAULT pg_current_xact_id()")
    for table, key in target.execute("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'gx_event'::regclass AND conparentid = 0").fetchall():
        target.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{key}"')
    with target.transaction():
        for table in tables(target):
            names = [one for one in columns(target, table) if one in columns(source, table)]
            if not names or table in ("django_migrations", "gx_job"):
                continue
            listed = ", ".join(f'"{one}"' for one in names)
            with source.cursor().copy(f'COPY (SELECT {listed} FROM "{table}") TO STDOUT') as rows, target.cursor().copy(f'COPY "{table}" ({listed}) FROM STDIN') as into:
                for data in rows:
                    into.write(data)
        for it in REGISTRY.objects.values():
            if it.table in tables(target) and not target.execute(f"SELECT 1 FROM {it.table} LIMIT 1").fetchone():
                one(target, it.name, it.table)
    for (definition,) in source.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'gx\\_%'").fetchall():
        target.execute(definition)
    for table, definition in source.execute("SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0 AND tgname LIKE 'gx\\_%'").fetchall():
        if table in tables(target) or table.startswith("gx_event_"):
            target.execute(definition)
    for (table,) in source.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity").fetchall():
        if table in tables(target):
            target.execute(
                f"CREATE POLICY gx_workspace ON {table} USING (workspace_id = NULLIF(current_setting('app.workspace', true), '')::uuid);"
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
            )


def one(target: psycopg.Connection[Any], name: str, table: str) -> None:
    """A row in the bin with a word in each text and a 1 in each number, and the event that made it."""
    event, record = uuid7(), uuid7()
    target.execute(
        "INSERT INTO gx_event (id, workspace_id, object, record_id, verb, actor_kind, via, at, changes) VALUES (%s, %s, %s, %s, 'create', 'system', 'test', now(), '{}')",
        [event, DEFAULT_WORKSPACE, name, record],
    )
    given: dict[str, Any] = {"id": record, "workspace_id": DEFAULT_WORKSPACE, "version": event, "custom": "{}"}
    given |= dict.fromkeys(("created_at", "updated_at", "deleted_at"), datetime.now(UTC))
    for column, kind in columns(target, table).items():
        if column not in given and kind in ("text", "bigint", "numeric"):
            given[column] = "词" if kind == "text" else 1
    named = ", ".join(f'"{column}"' for column in given)
    target.execute(f"INSERT INTO {table} ({named}) VALUES ({', '.join(['%s'] * len(given))})", list(given.values()))


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1")]


def columns(connection: psycopg.Connection[Any], table: str) -> dict[str, str]:
    """Those that are written, with their types."""
    found = connection.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''", [table]
    )
    return dict(found.fetchall())


Rows = dict[str, tuple[tuple[str, ...], Counter[str]]]


def rows(connection: psycopg.Connection[Any], like: Rows | None = None) -> Rows:
    """Of each table the columns and how often each row is there; `like`: of the tables and columns of that."""
    out: Rows = {}
    for table in like if like is not None else [name for name in tables(connection) if name not in MOVES]:
        names = like[table][0] if like is not None else tuple(columns(connection, table))
        listed = ", ".join(f'"{one}"' for one in names)
        out[table] = names, Counter(row[0] for row in connection.execute(f'SELECT md5(ROW({listed})::text) FROM "{table}"'))
    return out


def shape(url: str) -> set[tuple[Any, ...]]:
    """Columns, indexes, keys and guards."""
    with connect(url) as connection:
        return {
            *connection.execute("SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'").fetchall(),
            *connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'").fetchall(),
            *connection.execute("SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace").fetchall(),
            *connection.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal").fetchall(),
            *connection.execute("SELECT tablename, policyname, qual FROM pg_policies").fetchall(),
        }


def test_an_upgrade_is_refused_where_it_would_do_harm(older: Older) -> None:
    with older.connect() as connection:
        before = rows(connection)

        def refused(*told: str, **more: str) -> str:
            checked = older.guanxi("upgrade", "--check", **more)
            assert checked.returncode == 1 and all(one in checked.stdout for one in told), checked.stdout
            answer = older.guanxi("upgrade", **more)
            assert answer.returncode == 1 and "nothing was changed" in answer.stderr and all(one in answer.stderr for one in told), answer.stderr
            assert rows(connection) == before and connection.execute("SELECT max(name) FROM django_migrations WHERE app = 'core'").fetchone() == (PREVIOUS["core"],)
            assert place.those_in(place.usual(older.home)) == []
            return answer.stderr

        with psycopg.connect(older.url, application_name="guanxi"):
            told = refused("Processes of another version", "Stop every ./guanxi serve and worker")
            assert "GUANXI_UPGRADE_ANYWAY=processes" in told
            assert "正在使用数据" in older.guanxi("upgrade", LANG="zh_CN.UTF-8").stderr
        job = uuid7()
        connection.execute(
            "INSERT INTO gx_job (id, workspace_id, kind, user_id, state, done, total, wanted, cancel, created_at) VALUES (%s, %s, 'import', %s, 'running', 1200, 5000, '{}', FALSE, now())",
            [job, DEFAULT_WORKSPACE, uuid7()],
        )
        before = rows(connection)
        refused("Unfinished jobs, 1: import 1,200/5,000", "let them end or cancel them")
        connection.execute("DELETE FROM gx_job WHERE id = %s", [job])
        before = rows(connection)
        refused("GUANXI_BACKUP=off", "Run ./guanxi backup first", GUANXI_BACKUP="off")
        assert older.guanxi("upgrade", GUANXI_UPGRADE_ANYWAY="luck").stderr.strip().endswith("use processes, jobs, room, backup.")
        worker = older.guanxi("worker")
        assert worker.returncode == 1 and "run ./guanxi serve or ./guanxi upgrade first" in worker.stderr
        check = older.guanxi("upgrade", "--check")
        assert check.returncode == 0 and "  core.0024_paces\n" in check.stdout and "A backup will be made first" in check.stdout


def test_an_upgrade_killed_anywhere_goes_on_and_loses_nothing(older: Older, database_url: str) -> None:
    with older.connect() as connection:
        before = rows(connection)
        assert [it.name for it in REGISTRY.objects.values() if it.table in before and not before[it.table][1]] == [], "each object has a row"
        assert sum(before["gx_event"][1].values()) > 500 and sum(before["gx_seal"][1].values()) > 0
        done = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
        for step, known in (("1", 1), ("3", 4), ("end", None)):
            killed = subprocess.run([sys.executable, "-c", KILLED, step], env=older.environment(), capture_output=True, text=True, check=False)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            now = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
            assert done and now and (known is None or now[0] == done[0] + known)
        told = older.guanxi("doctor").stdout
        assert "an upgrade was begun and not ended" not in told, "what was never whole by this version has no state before"
        answer = older.guanxi("upgrade")
        assert answer.returncode == 0, answer.stderr
        after = rows(connection, before)
        lost = {table: sum((before[table][1] - after[table][1]).values()) for table in before}
        assert {table: count for table, count in lost.items() if count} == {}
    assert shape(older.url) == shape(database_url), "tables, indexes and guards are those of a new database"
    told = older.guanxi("doctor")
    assert told.returncode == 0 and "✗" not in told.stdout, told.stdout
    again = older.guanxi("upgrade", "--check")
    assert again.returncode == 0 and again.stdout.startswith("Steps to be done: 0\n")


def test_an_interrupted_upgrade_keeps_its_first_backup_and_ends_with_the_base_data(database: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_BACKUPS", str(tmp_path))
    home, state = Home(Path(settings.GUANXI_HOME)), upgrading.state()
    assert upgrading.finished() == state and not upgrading.look().interrupted
    was = state | {"core": PREVIOUS["core"]}
    with connect(database_url) as connection:
        connection.execute("UPDATE gx_workspace SET upgraded = %s", [psycopg.types.json.Jsonb(was)])
    meets = upgrading.look()
    assert meets.interrupted and meets.finished == was and preflight.makes_backup(meets, home)
    folder = tmp_path / "guanxi-20261101-000000-upgrade"
    folder.mkdir()
    made = place.Manifest(format=1, made_at=datetime.now(UTC), reason="upgrade", guanxi="0", postgresql=18, database="", bytes=0, tables={}, files=(0, 0), migrations=was)
    (folder / "manifest.json").write_bytes(place.msgspec.json.encode(made))
    kept = preflight.before(meets, home)
    assert kept is not None and kept.folder == folder and not preflight.makes_backup(meets, home)
    assert "migrations" in [name for name, fine, *_ in setup.diagnose() if not fine]
    told: list[str] = []
    setup.migrate(told.append)
    assert told in (["准备基础数据"], ["Preparing base data"]) and upgrading.finished() == state and not upgrading.look().interrupted
    setup.migrate(told.append)
    assert len(told) == 1


def test_each_disk_that_grows_must_have_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.surfaces.cli.embedded import Cluster

    def failing(size: int, **more: Any) -> list[str]:
        given = {"steps": ("core.0001_x",), "server": 180000, "there": True, "used": True, "interrupted": False, "finished": {}, "size": size, "older": (), "unfinished": ()}
        return [check.name for check in preflight.checks(upgrading.Meets(**given | more), Home(tmp_path), datetime.now(UTC)) if not check.fine]

    monkeypatch.setenv("DATABASE_URL", Cluster(Home(tmp_path)).url)
    monkeypatch.delenv("GUANXI_BACKUPS", raising=False)
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    assert failing(0) == [] and failing(free // 3) == [] and failing(free // 2) == ["room"]
    monkeypatch.setenv("GUANXI_UPGRADE_ANYWAY", "backup")  # none is made: only the database grows
    assert failing(free // 2) == [] and failing(free * 2) == ["room"]
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/guanxi")
    assert failing(free * 2) == []
    assert failing(0, server=140012, used=False) == ["server"]
    with pytest.raises(Trouble) as refused:
        preflight.demand(upgrading.Meets(("core.0001_x",), 140012, True, True, False, {}, 0, (), ()), Home(tmp_path))
    assert "PostgreSQL 14 (15 or later needed)" in refused.value.text.en and "GUANXI_UPGRADE_ANYWAY" not in refused.value.text.en
