from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guanxi.surfaces.cli.embedded import THROWAWAY, Cluster
from guanxi.surfaces.cli.home import Home


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database that `./guanxi test` made is not for these tests: they start their own."""
    for name in ("DATABASE_URL", "GUANXI_HOME", "GUANXI_HOST", "GUANXI_PORT", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty data folder. Not pytest's own: that one is private, and root's server is another user."""
    folder = Path(tempfile.mkdtemp(prefix="gx-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield Home(folder / "home")
    pid = server_pid(Home(folder / "home"))
    if pid:
        subprocess.run(["kill", "-QUIT", str(pid)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(home: Home) -> Iterator[Callable[[], Cluster]]:
    """Makes handles of one data folder, as several processes would hold them; all are closed at the end."""
    made: list[Cluster] = []

    def make() -> Cluster:
        made.append(Cluster(home, THROWAWAY))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def server_pid(home: Home) -> int | None:
    try:
        return int((home.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):  # gone, or just being written
        return None
