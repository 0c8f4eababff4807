from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guanxi.base.text import Text
from guanxi.surfaces.cli import main as cli
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import said

COMMANDS = ("serve", "worker", "token", "createuser", "import", "backup", "verify", "restore", "upgrade", "doctor", "check", "test", "bench", "manage")


def guanxi(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "guanxi.surfaces.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )


@pytest.mark.parametrize("language", ["zh_CN.UTF-8", "en_US.UTF-8", "C"])
def test_help_names_every_command_in_the_readers_language(language: str) -> None:
    answer = guanxi("--help", LANG=language)
    assert answer.returncode == 0
    assert all(f"    {command}" in answer.stdout for command in COMMANDS)
    assert ("运行环境" in answer.stdout) == (language != "en_US.UTF-8")
    assert ("open-source CRM" in answer.stdout) == (language != "zh_CN.UTF-8")


def test_a_taken_port_is_named_before_anything_is_made(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = guanxi("serve", "--port", str(port), GUANXI_HOME=str(home.folder))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert f"Port {port} is taken" in answer.stderr
    assert f"--port {port + 1}" in answer.stderr
    assert not home.folder.exists()


def test_a_foreign_address_is_named(home: Home) -> None:
    answer = guanxi("serve", "--host", "192.0.2.1", "--port", "0", GUANXI_HOME=str(home.folder))
    assert answer.returncode == 1
    assert "no address 192.0.2.1" in answer.stderr


def test_options_after_a_developers_command_belong_to_the_tool_behind_it() -> None:
    arguments = ["test", "-k", "money", "--help", "-x", "tests/base"]
    assert cli.parser(arguments).parse_args(arguments).rest == arguments[1:]


def test_a_data_folder_that_cannot_be_made_is_one_paragraph(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = guanxi("token", "anna", GUANXI_HOME=str(tmp_path / "file" / "home"))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "GUANXI_HOME" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unexpected_error_is_one_paragraph_and_its_traceback_is_logged(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUANXI_HOME", str(home.folder))
    try:
        raise ValueError("what happened")
    except ValueError as problem:
        assert cli.unexpected(problem) == 1
    shown = capsys.readouterr().err
    assert "ValueError: what happened" in shown
    assert "Traceback" not in shown
    assert "Traceback" in home.log_file.read_text()


def test_a_full_disk_is_recognised_under_other_errors(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUANXI_HOME", str(home.folder))
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as full:
            raise RuntimeError("could not save") from full
    except RuntimeError as problem:
        cli.unexpected(problem)
    assert "The disk is full" in capsys.readouterr().err


def test_the_secret_is_private_and_stays(home: Home) -> None:
    home.prepare()
    secret = home.folder / "secret"
    written = secret.read_text()
    home.prepare()
    assert secret.read_text() == written
    assert len(written) > 40
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_an_empty_secret_of_a_full_disk_is_replaced(home: Home) -> None:
    home.folder.mkdir()
    (home.folder / "secret").touch()
    home.prepare()
    assert len((home.folder / "secret").read_text()) > 40


def test_without_a_language_both_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Text("好", "good")
    spoken = {}
    for language in ("zh_CN.UTF-8", "en_GB.UTF-8", "C.UTF-8", ""):
        monkeypatch.setenv("LANG", language)
        spoken[language] = said(text)
    assert spoken == {"zh_CN.UTF-8": "好", "en_GB.UTF-8": "good", "C.UTF-8": "好 / good", "": "好 / good"}


BESIDE = """
import sys, time
from guanxi.surfaces.cli import serving
serving.JobsBeside.COMMAND = [sys.executable, "-c", '''
import os, time
from guanxi.surfaces.cli.serving import die_with_parent
die_with_parent()
print(os.getpid(), flush=True)
time.sleep(60)
''']
jobs = serving.JobsBeside()
jobs.start()
time.sleep(60)
"""


def test_the_worker_dies_with_its_parent_and_is_replaced_when_killed() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", BESIDE], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    first = int(parent.stdout.readline())
    os.kill(first, signal.SIGKILL)
    second = int(parent.stdout.readline())
    assert first != second
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while is_alive(second) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(second)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
