from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from guanxi.surfaces.cli import engine
from guanxi.surfaces.cli.embedded import LONGEST_SOCKET_FOLDER, THROWAWAY, Cluster, sized
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble
from tests.surfaces.cli.conftest import server_pid

MakeCluster = Callable[[], Cluster]

USER_PROCESS = """
import sys, time
from pathlib import Path
from guanxi.surfaces.cli import engine
from guanxi.surfaces.cli.embedded import THROWAWAY, Cluster
from guanxi.surfaces.cli.home import Home
print(Cluster(Home(Path(sys.argv[1])), THROWAWAY).start(), flush=True)
time.sleep(60)
"""


def user_process(home: Home) -> subprocess.Popen[str]:
    """Another process that uses the database."""
    return subprocess.Popen(
        [sys.executable, "-c", USER_PROCESS, str(home.folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_database_is_ours_and_its_role_obeys_row_level_security(cluster: MakeCluster, home: Home) -> None:
    url = cluster().start()
    with psycopg.connect(url) as connection:
        role = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(role).fetchone() == ("guanxi", False, False, True)
        owner = "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datlocale FROM pg_database"
        assert connection.execute(owner + " WHERE datname = 'guanxi'").fetchone() == ("guanxi", "UTF8", "C.UTF-8")
        for name, value in {"listen_addresses": "", "data_checksums": "on", "jit": "off", "TimeZone": "UTC"}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
        assert connection.execute("SELECT upper('é关系')").fetchone() == ("É关系",)
    socket_folder = home.run / "db"
    assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.folder / "secret").stat().st_mode) == 0o600


def test_the_last_user_stops_the_server(cluster: MakeCluster, home: Home) -> None:
    first, second = cluster(), cluster()
    assert first.start() == second.start()
    first.stop()
    psycopg.connect(second.url).close()
    second.stop()
    assert server_pid(home) is None


def test_a_server_left_by_a_killed_process_is_used_again(cluster: MakeCluster, home: Home) -> None:
    killed = user_process(home)
    with psycopg.connect(first_line(killed)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    pid = server_pid(home)
    killed.kill()
    killed.wait()
    again = cluster()
    with psycopg.connect(again.start()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)
    assert server_pid(home) == pid
    again.stop()
    assert server_pid(home) is None


def test_two_starts_at_the_same_time_share_one_server(home: Home) -> None:
    processes = [user_process(home) for _ in range(2)]
    try:
        urls = {first_line(process) for process in processes}
        assert len(urls) == 1
        psycopg.connect(urls.pop()).close()
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_killed_server_starts_again_although_its_number_was_given_away(cluster: MakeCluster, home: Home) -> None:
    before = cluster()
    with psycopg.connect(before.start()) as connection:
        connection.execute("SET synchronous_commit = on")  # production's setting
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    pid = server_pid(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    mark = home.data / "postmaster.pid"
    mark.write_text(mark.read_text().replace(str(pid), str(os.getpid()), 1))
    with psycopg.connect(cluster().start()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("PG_VERSION", None, "incomplete"),
        ("PG_VERSION", "", "incomplete"),
        ("PG_VERSION", "17\n", "made by PostgreSQL 17"),
        ("PG_VERSION", "19\n", "made by PostgreSQL 19"),
        ("global/pg_control", None, "incomplete"),
    ],
)
def test_a_damaged_data_folder_is_named_and_left_alone(home: Home, file: str, content: str | None, says: str) -> None:
    # By hand: a folder that looks like a database is enough for the checks before anything starts.
    (home.data / "global").mkdir(parents=True)
    (home.data / "PG_VERSION").write_text("18\n")
    (home.data / "global" / "pg_control").write_text("x")
    if content is None:
        (home.data / file).unlink()
    else:
        (home.data / file).write_text(content)
    before = sorted(path.relative_to(home.data) for path in home.data.rglob("*"))
    with pytest.raises(Trouble, match=says) as caught:
        Cluster(home, THROWAWAY).start()
    assert str(home.data) in caught.value.text.zh
    assert sorted(path.relative_to(home.data) for path in home.data.rglob("*")) == before


def test_a_server_that_cannot_start_says_why(cluster: MakeCluster, home: Home) -> None:
    made = cluster()
    made.start()
    made.stop()
    (home.data / "local.conf").write_text("shared_buffers = 'nonsense'\n")
    (home.data / "local.conf").chmod(0o644)
    with pytest.raises(Trouble, match="nonsense") as caught:
        cluster().start()
    assert str(home.log / "database") in caught.value.text.en


@pytest.mark.parametrize(
    ("data", "memory", "kept", "log", "unwritten"),
    [
        (0, 1 << 40, 64, 1024, 4), (512 << 20, 1 << 40, 64, 1024, 4), (8 << 30, 64 << 30, 1024, 1536, 32),
        (1 << 40, 64 << 30, 4096, 6144, 64), (1 << 40, 2 << 30, 256, 1024, 8), (1 << 40, 256 << 20, 64, 1024, 4),
    ],
)  # fmt: skip
def test_the_server_s_memory_and_log_grow_with_the_data(data: int, memory: int, kept: int, log: int, unwritten: int) -> None:
    assert sized(data, memory) == {"shared_buffers": f"{kept}MB", "max_wal_size": f"{log}MB", "wal_buffers": f"{unwritten}MB"}


def test_a_small_company_s_server_stays_small(home: Home) -> None:
    made = Cluster(home)
    try:
        with psycopg.connect(made.start()) as connection:
            assert connection.execute("SHOW shared_buffers").fetchone() == ("64MB",)
    finally:
        made.stop()


def test_an_interrupted_first_start_is_made_anew(cluster: MakeCluster, home: Home) -> None:
    half = home.folder / "postgres.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    psycopg.connect(cluster().start()).close()
    assert not half.exists()


def test_a_long_path_gets_a_short_socket(home: Home) -> None:
    deep = Home(home.folder / ("long-" * 12) / ("name-" * 12))
    for folder in (deep.folder, deep.folder.parent, home.folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
    cluster = Cluster(deep, THROWAWAY)
    try:
        psycopg.connect(cluster.start()).close()
        assert len(str(cluster.socket_folder)) <= LONGEST_SOCKET_FOLDER
        assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700
    finally:
        cluster.stop()
        shutil.rmtree(cluster.socket_folder, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_root_is_told_when_the_data_folder_is_inside_a_private_one(home: Home) -> None:
    home.folder.mkdir()
    home.folder.chmod(0o700)
    inner = Home(home.folder / "inner")
    with pytest.raises(Trouble, match="GUANXI_HOME"):
        Cluster(inner, THROWAWAY).start()
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_programs_in_a_private_folder_are_copied_whole(
    cluster: MakeCluster, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "readable_by_all", lambda tree, user: False)
    psycopg.connect(cluster().start()).close()
    pid = server_pid(home)
    assert Path(f"/proc/{pid}/exe").readlink().is_relative_to(home.engine)
