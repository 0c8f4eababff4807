"""`./guanxi import`: its answers, its exit codes, and what it says when something is missing."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from guanxi.kernel.records import reading
from guanxi.surfaces.cli.speech import Trouble
from guanxi.surfaces.imports import command


@pytest.fixture(autouse=True)
def english(cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_everything_in_is_0_and_some_refused_is_3_with_the_error_file_named(tmp_path: Path, capsys, cast):
    path = write(tmp_path, "名称,员工人数\n命令公司,3\n")
    assert run(path, "customer") == 0
    told = capsys.readouterr()
    assert "1 rows, 1 new" in told.out and "utf-8" in told.err and "名称 → Name (name)" in told.err
    assert run(write(tmp_path, "名称,员工人数\n命令二,x\n", "b.csv"), "customer") == 3
    assert str(tmp_path / "b.csv.errors.csv") in capsys.readouterr().out
    assert (tmp_path / "b.csv.errors.csv").exists() and not (tmp_path / "t.csv.errors.csv").exists()
    first = reading.query("customer", actor=cast.actor("admin"), where="name = 命令公司", fields=["created_by"]).rows[0]
    assert first["created_by"]["label"] == "管理员"


def test_options_stand_in_for_a_mapping(tmp_path: Path, capsys, cast):
    path = write(tmp_path, "x;y;z;n\n命令三;广;7;1\n命令三;东;8;2\n")
    words = [
        "--column",
        "x=name",
        "--column",
        "y=sector",
        "--column",
        "z=",
        "--value",
        "y:广=广东",
        "--match",
        "name,sector",
        "--on-match",
        "update",
    ]
    assert run(path, "customers", *words, "--delimiter", ";", "--as", "owner", "--dry-run") == 0
    assert "nothing was written" in capsys.readouterr().out
    assert run(path, "customers", *words, "--as", "owner") == 0
    rows = reading.query(
        "customer", actor=cast.actor("owner"), where="name = 命令三", fields=["sector", "employees"]
    ).rows
    assert sorted((row["sector"], row["employees"]) for row in rows) == [("东", None), ("广东", None)]


def test_failures_are_1_and_say_why(tmp_path: Path, capsys):
    assert run(write(tmp_path, "aa,bb\n1,2\n"), "customer") == 1
    assert "No column could be matched" in capsys.readouterr().err
    assert run(write(tmp_path, "name\nx\n"), "nothing") == 1
    assert run(write(tmp_path, "name\nx\n")) == 1
    assert run(write(tmp_path, "name,established\nx,03/04/2015\n"), "customer") == 1
    assert "month/day" in capsys.readouterr().err
    assert run(write(tmp_path, "name,established\nx,03/04/2015\n"), "customer", "--date-order", "mdy") == 0
    for words in (
        [tmp_path / "absent.csv", "customer"],
        [tmp_path, "customer"],
        [write(tmp_path, "name\nx"), "customer", "--column", "x"],
    ):
        with pytest.raises(Trouble):
            run(*words)
    with pytest.raises(Trouble):
        run(write(tmp_path, "name\nx"), "customer", "--mapping", write(tmp_path, "{", "m.json"))
