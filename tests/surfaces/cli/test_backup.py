"""Backups: made while people write, the same row by row and file by file when restored, and refused when damaged."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from guanxi.surfaces.backup import daily, place, restoring
from guanxi.surfaces.backup.place import Backup
from guanxi.surfaces.cli.embedded import Cluster
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

WORKSPACE = "00000000-0000-7000-8000-000000000001"
WRITER = """
import sys, django
django.setup()
from guanxi.kernel import files, jobs, setup
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
actor = setup.operator()
n = 0
while True:
    kept = files.upload(actor, f"附件 {n}.txt", [f"第 {n} 个文件".encode() * 50])
    desk = setup.Desk(actor)
    made = desk.perform("note", "create", changes={"text": f"便签 {n}"}) if n % 3 else desk.perform("customer", "create", changes={"name": f"客户 {n}"})
    if n % 4 == 0:
        jobs.seal()
    print(made.id, kept["file"], flush=True)
    n += 1
"""

PEOPLE = """
import sys, django
django.setup()
from guanxi.kernel import files, jobs, setup
desk = setup.Desk(setup.operator())
paper = files.upload(desk.actor, '瞿晓萌.txt', ['瞿晓萌的资料'.encode()])
gone = desk.perform('customer', 'create', changes={'name': '瞿晓萌商行', 'phones': ['13977776666'], 'description': '找瞿晓萌'}).id
desk.perform('contact', 'create', changes={'customer': gone, 'name': '瞿晓萌'})
desk.perform('activity', 'create', changes={'customer': gone, 'content': '瞿晓萌来电', 'files': [paper]})
firm = desk.perform('customer', 'create', changes={'name': '留下的公司'}).id
theirs = desk.perform('contact', 'create', changes={'customer': firm, 'name': '瞿晓萌', 'phones': ['13977776666'], 'description': '瞿晓萌喜欢茶'}).id
other = desk.perform('contact', 'create', changes={'customer': firm, 'name': '周一', 'phones': ['13911112222'], 'description': '别人'}).id
desk.perform('comment', 'create', changes={'object_name': 'contact', 'record': str(theirs), 'text': '瞿晓萌很满意'})
asked = desk.perform('subject_request', 'create', changes={'kind': 'delete', 'name': '瞿晓萌', 'phones': ['13977776666'], 'detail': '我是瞿晓萌'}).id
while jobs.consume(): pass
jobs.seal()
print(gone, firm, theirs, other, asked)
"""
ERASING = """
import sys, django
django.setup()
from guanxi.kernel import jobs, setup
from guanxi.kernel.records import erasing
desk = setup.Desk(setup.operator())
gone, firm, theirs, other, asked = sys.argv[1:]
desk.perform('customer', 'delete', gone)
erasing.erase(desk.actor, 'customer', [gone])
desk.perform('subject_request', 'tick', asked, records=[{'object': 'contact', 'id': theirs}])
desk.perform('subject_request', 'erase_person', asked, texts=True, files=True)
jobs.empty_bins()
"""


def guanxi(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "guanxi.surfaces.cli", *arguments], capture_output=True, text=True, timeout=300, check=False, env=surroundings(home) | environment
    )  # fmt: skip


def surroundings(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("GUANXI_MODULES", "DATABASE_URL")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "GUANXI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "guanxi.project.settings"}


@pytest.fixture(scope="module")
def place_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="gx-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    for mark in folder.glob("*/postgres/postmaster.pid"):
        subprocess.run(["kill", "-QUIT", mark.read_text().split("\n", 1)[0]], check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def company(place_of_all: Path) -> tuple[Home, Backup, list[list[str]]]:
    """A company that is backed up while somebody writes into it: its home, the backup, and what was acknowledged before."""
    home = place_of_all / "home"
    assert guanxi(home, "demo").returncode == 0 and guanxi(home, "createuser", "chef", "--password", "ein-langes-Wort-77").returncode == 0
    with running(Home(home)) as url:
        writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True, env=surroundings(home) | {"DATABASE_URL": url})
        assert writer.stdout is not None
        known = [writer.stdout.readline().split() for _ in range(40)]
        made = guanxi(home, "backup")
        assert made.returncode == 0, made.stderr
        assert len(writer.stdout.readline().split()) == 2, "writing went on"
        writer.kill()
        writer.wait()
    return Home(home), place.at(Path(made.stdout.strip())), known


@contextmanager
def running(home: Home) -> Iterator[str]:
    """A data folder's database while the block lasts."""
    cluster = Cluster(home)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


def asked(home: Home, statement: str, *values: Any) -> list[Any]:
    """What a statement says in the database of a data folder, seen by its maintainer."""
    with running(home) as url, psycopg.connect(url.replace("guanxi@", "postgres@")) as connection:
        return connection.execute(statement, values).fetchall()


def test_a_backup_under_load_is_one_moment_and_restores_the_same(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    _, made, known = company
    assert [one.name for one in made.folder.parent.iterdir() if one.name != "lock"] == [made.folder.name]
    assert oct(made.folder.stat().st_mode)[-3:] == "700"
    manifest = made.manifest()
    assert manifest.tables["gx_customer"][0] > 20 and manifest.reason == "asked"
    second = Home(place_of_all / "second")
    answer = guanxi(second.folder, "restore", str(made.folder))
    assert answer.returncode == 0, answer.stderr

    rows = {name: asked(second, f"SELECT count(*) FROM {name}")[0][0] for name in ("gx_customer", "gx_event", "gx_note", "gx_seal", "gx_file")}
    assert rows == {name: manifest.tables[name][0] for name in rows}
    ids = [one for one, _ in known]
    held = asked(second, "SELECT id::text FROM gx_customer WHERE id = ANY(%s) UNION SELECT id::text FROM gx_note WHERE id = ANY(%s)", ids, ids)
    assert {row[0] for row in held} == set(ids), "what was acknowledged before is there"
    assert asked(second, "SELECT count(*) FROM gx_customer c LEFT JOIN gx_event e ON e.id = c.version WHERE e.id IS NULL") == [(0,)]
    digests = [row[0] for row in asked(second, "SELECT digest FROM gx_file")]
    for digest in digests:
        assert hashlib.sha256((second.folder / "files" / digest[:2] / digest[2:4] / digest).read_bytes()).hexdigest() == digest
    assert len(digests) == manifest.files[0] >= 40
    assert (second.folder / "secret").read_text() == (company[0].folder / "secret").read_text()

    told = guanxi(second.folder, "doctor")
    assert told.returncode == 0, told.stdout
    assert "guards" in told.stdout and "✗" not in told.stdout


def test_a_restored_company_goes_on(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    """Its seals continue their chain, and every reader of the journal meets what it had not read."""
    _, made, _ = company
    third = Home(place_of_all / "third")
    assert guanxi(third.folder, "restore", str(made.folder)).returncode == 0
    before = asked(third, "SELECT count(*), coalesce(sum(events), 0) FROM gx_seal WHERE chain = 'journal'")[0]
    further = (
        "import django; django.setup()\nfrom guanxi.kernel import jobs, setup\n"
        "setup.Desk(setup.operator()).perform('customer', 'create', changes={'name': '恢复以后'})\n"
        "from guanxi.kernel.journal import log\nlog.note(jobs.workspaces()[0], 'sign_out')\n"
        "while jobs.consume(): pass\njobs.seal()\n"
    )
    with running(third) as url:
        subprocess.run([sys.executable, "-c", further], check=True, env=surroundings(third.folder) | {"DATABASE_URL": url})
    events = asked(third, "SELECT count(*) FROM gx_event")[0][0]
    after = asked(third, "SELECT count(*), sum(events) FROM gx_seal WHERE chain = 'journal'")[0]
    assert after[0] > before[0] and after[1] == events
    assert asked(third, "SELECT count(*) > 0, count(*) = (SELECT sum(events) FROM gx_seal WHERE chain = 'log') FROM gx_log")[0] == (True, True)
    unread = asked(third, "SELECT count(*) FROM gx_event e, gx_consumer c WHERE (e.xid, e.id) > (c.xid, coalesce(c.event_id, '00000000-0000-0000-0000-000000000000'))")
    assert unread == [(0,)]
    told = guanxi(third.folder, "doctor")
    assert told.returncode == 0 and "0 not sealed yet" in told.stdout, told.stdout


def test_verify_proves_a_backup_and_leaves_nothing(company: tuple[Home, Backup, list[list[str]]]) -> None:
    home, made, _ = company
    before = sorted(one.name for one in home.folder.iterdir())
    answer = guanxi(home.folder, "verify", str(made.folder))
    assert answer.returncode == 0, answer.stderr
    assert "every file is the same" in answer.stderr
    assert sorted(one.name for one in home.folder.iterdir()) == before


@pytest.mark.parametrize("harm", ["dump", "file", "lost", "manifest", "rows"])
def test_a_damaged_backup_is_refused_and_changes_nothing(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path, harm: str) -> None:
    _, made, _ = company
    spoilt = place_of_all / f"spoilt-{harm}" / made.folder.name
    shutil.copytree(made.folder, spoilt)
    named = spoilt / "database.dump"
    if harm == "dump":
        data = bytearray(named.read_bytes())
        data[len(data) // 2] ^= 1
        named.write_bytes(data)
    elif harm in ("file", "lost"):
        named = next(path for path in (spoilt / "files").rglob("*") if path.is_file())
        named.unlink()
        if harm == "file":
            named.write_bytes(b"other")
        else:
            named = spoilt / "files"
    elif harm == "manifest":
        named = spoilt / "manifest.json"
        named.write_text(named.read_text()[:200])
    else:  # a dump of other rows with a manifest that fits the file: only comparing the rows can tell
        text = (spoilt / "manifest.json").read_text()
        count, _ = made.manifest().tables["gx_customer"]
        (spoilt / "manifest.json").write_text(text.replace(f'"gx_customer": [\n      {count},', f'"gx_customer": [\n      {count + 1},'))
    target = place_of_all / f"from-{harm}"
    answer = guanxi(target, "restore", str(spoilt))
    assert answer.returncode == 1 and "Traceback" not in answer.stderr
    assert ("gx_customer" if harm == "rows" else str(spoilt if harm == "manifest" else named)) in answer.stderr
    assert not (target / "postgres").exists() and not (target / "restoring").exists() and not (target / "files").exists()


def test_data_that_are_there_stay(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    _, made, _ = company
    home, people = Home(place_of_all / "occupied"), "SELECT username FROM gx_account WHERE username IN ('anna', 'chef') ORDER BY 1"
    subprocess.run(["cp", "-a", str(company[0].folder), str(home.folder)], check=True)  # a database of another user's stays that
    assert guanxi(home.folder, "createuser", "anna", "--password", "ein-langes-Wort-77").returncode == 0
    answer = guanxi(home.folder, "restore", str(made.folder))
    assert answer.returncode == 1 and "--replace" in answer.stderr
    assert asked(home, people) == [("anna",), ("chef",)]
    with running(home):
        answer = guanxi(home.folder, "restore", str(made.folder), "--replace")
        assert answer.returncode == 1 and "still running" in answer.stderr
    assert asked(home, people) == [("anna",), ("chef",)]
    assert guanxi(home.folder, "restore", str(made.folder), "--replace").returncode == 0
    assert asked(home, people) == [("chef",)]
    aside = next(home.folder.glob("replaced-*"))
    (aside / "run").mkdir(mode=0o711, exist_ok=True)
    assert asked(Home(aside), people) == [("anna",), ("chef",)]


def test_files_of_the_backup_before_are_shared(company: tuple[Home, Backup, list[list[str]]]) -> None:
    home, made, _ = company
    again = place.at(Path(guanxi(home.folder, "backup").stdout.strip()))
    one = next(path for path in made.files.rglob("*") if path.is_file())
    other = again.files / one.relative_to(made.files)
    assert other.stat().st_ino == one.stat().st_ino
    shutil.rmtree(again.folder)
    assert restoring.check(made, lambda zh, en: None).reason == "asked"


def test_a_file_that_is_gone_is_named_and_no_backup_is_made(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    home, _, _ = company
    # One that a row names: who was cut off while uploading leaves bytes that nobody asks for.
    digest = asked(home, "SELECT digest FROM gx_file WHERE type <> 'erased' ORDER BY digest LIMIT 1")[0][0]
    lost = home.folder / "files" / digest[:2] / digest[2:4] / digest
    lost.rename(home.folder / "lost")
    folder = place_of_all / "elsewhere"
    answer = guanxi(home.folder, "backup", str(folder))
    assert answer.returncode == 1 and lost.name in answer.stderr
    assert [one.name for one in folder.iterdir()] == ["lock"]
    (home.folder / "lost").rename(lost)


def test_data_are_backed_up_before_an_upgrade_changes_them(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    _, made, _ = company
    home = Home(place_of_all / "older")
    assert guanxi(home.folder, "restore", str(made.folder)).returncode == 0
    more = {"GUANXI_MODULES": "tests.toy.module"}  # a program with tables that these data do not have yet
    answer = guanxi(home.folder, "token", "chef", **more)
    assert answer.returncode == 0 and answer.stdout.startswith("gx_")
    assert "making a backup first" in answer.stderr
    (kept,) = place.those_in(place.usual(home))
    assert kept.reason == "upgrade" and "gx_book" not in kept.manifest().tables and "toy" not in kept.manifest().migrations
    assert asked(home, "SELECT count(*) FROM gx_book") == [(0,)]
    assert guanxi(home.folder, "token", "chef", **more).stderr.count("backup") == 0
    assert len(place.those_in(place.usual(home))) == 1


def test_one_s_own_server_is_backed_up_as_its_ordinary_role_and_filled(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    _, made, _ = company
    target = Home(place_of_all / "server")
    cluster = Cluster(target)
    url = cluster.start()
    try:
        with psycopg.connect(url.replace("guanxi@/guanxi", "postgres@/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE theirs OWNER guanxi")
        theirs = url.replace("/guanxi?", "/theirs?")
        fresh = place_of_all / "fresh"
        answer = guanxi(fresh, "restore", str(made.folder), DATABASE_URL=theirs)
        assert answer.returncode == 0, answer.stderr
        again = guanxi(fresh, "restore", str(made.folder), DATABASE_URL=theirs)
        assert again.returncode == 1 and "has tables already" in again.stderr
        copy = guanxi(fresh, "backup", DATABASE_URL=theirs)
        assert copy.returncode == 0, copy.stderr
        tables = place.at(Path(copy.stdout.strip())).manifest().tables
        assert {k: v for k, v in tables.items() if k != "gx_consumer"} == {k: v for k, v in made.manifest().tables.items() if k != "gx_consumer"}
    finally:
        cluster.stop()


def everywhere(home: Home, *words: str) -> list[str]:
    """The tables and files of a data folder in which one of some words stands."""
    out = []
    with running(home) as url, psycopg.connect(url.replace("guanxi@", "postgres@")) as connection:
        for (name,) in connection.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1").fetchall():
            if connection.execute(f'SELECT 1 FROM "{name}" t WHERE t::text LIKE ANY(%s) LIMIT 1', [[f"%{word}%" for word in words]]).fetchone():  # type: ignore[arg-type]
                out.append(name)
    files = [path for path in (home.folder / "files").rglob("*") if path.is_file()] + [home.folder / "erased.log"]
    return out + [path.name for path in files if path.exists() and any(word.encode() in path.read_bytes() for word in words)]


def kept(home: Home, *ids: str) -> list[Any]:
    """Some contacts' and customers' rows, and what happened to them."""
    return asked(home, "SELECT id, version::text, name, to_jsonb(c)->>'phones', description, deleted_at FROM gx_contact c WHERE id = ANY(%s::uuid[]) UNION ALL "
        "SELECT id, version::text, name, to_jsonb(c)->>'phones', description, deleted_at FROM gx_customer c WHERE id = ANY(%s::uuid[]) UNION ALL "
        "SELECT record_id, id::text, verb, changes::text, NULL, NULL FROM gx_event WHERE record_id = ANY(%s::uuid[]) ORDER BY 1, 2", list(ids), list(ids), list(ids))  # fmt: skip


def test_who_was_erased_does_not_come_back_with_an_older_backup(company: tuple[Home, Backup, list[list[str]]], place_of_all: Path) -> None:
    _, made, _ = company
    home = Home(place_of_all / "forgetful")
    assert guanxi(home.folder, "restore", str(made.folder)).returncode == 0

    def told(script: str, *arguments: str) -> list[str]:
        with running(home) as url:
            done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False, env=surroundings(home.folder) | {"DATABASE_URL": url})
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    gone, firm, theirs, other, request = told(PEOPLE)
    older = Path(guanxi(home.folder, "backup", str(place_of_all / "old")).stdout.strip())
    told(ERASING, gone, firm, theirs, other, request)
    words = ("瞿晓萌", "7777666", "13977776666")
    assert everywhere(home, *words) == []
    untouched = kept(home, firm, other)
    register = (home.folder / "erased.log").read_text()
    assert [line.split(" ")[2:4] for line in register.splitlines()] == [["erase", "customer"], ["erase", "contact"], ["erase", "activity"], ["anonymise", "comment"], ["anonymise", "contact"], ["anonymise", "subject_request"]]

    answer = guanxi(home.folder, "restore", str(older), "--replace")
    assert answer.returncode == 0, answer.stderr
    assert "Erased again since the backup: 3 records; made anonymous again: 3." in answer.stderr
    assert everywhere(home, *words) == [] and kept(home, firm, other) == untouched
    assert [row[0] for row in asked(home, "SELECT description FROM gx_contact WHERE id = %s", theirs)] == ["［已删除］喜欢茶"]
    assert (home.folder / "erased.log").read_text() == register, "what is erased again has its lines already"
    doctor = guanxi(home.folder, "doctor")
    assert "✗" not in doctor.stdout, doctor.stdout

    # Elsewhere nobody knows of it, unless the register is at hand; one that is none stops the restore before anything is there.
    elsewhere = Home(place_of_all / "elsewhere-too")
    wrong = guanxi(elsewhere.folder, "restore", str(older), "--erased", str(older / "manifest.json"))
    assert wrong.returncode == 1 and "no register of erasures" in wrong.stderr and not (elsewhere.folder / "postgres").exists()
    assert guanxi(elsewhere.folder, "restore", str(older)).returncode == 0
    assert {"gx_customer", "gx_contact", "gx_event", "gx_search_entry"} <= set(everywhere(elsewhere, *words))
    answer = guanxi(elsewhere.folder, "restore", str(older), "--replace", "--erased", str(home.folder / "erased.log"))
    assert answer.returncode == 0 and "Erased again since the backup: 3 records; made anonymous again: 3." in answer.stderr
    assert everywhere(elsewhere, *words) == [] and kept(elsewhere, firm, other) == untouched
    # A backup made now knows what was erased, and has it behind it: nothing is done a second time.
    later = Path(guanxi(elsewhere.folder, "backup").stdout.strip())
    assert (later / "erased.log").read_text() == register
    again = Home(place_of_all / "once-more")
    answer = guanxi(again.folder, "restore", str(later))
    assert answer.returncode == 0 and "made anonymous again: 0." in answer.stderr and everywhere(again, *words) == []


# -- which are kept, and when one is due ----------------------------------------------------------------------------------


def test_the_newest_of_each_day_week_and_month_stays() -> None:
    now = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # a Sunday
    made = [Backup(Path(f"d{n}"), now - timedelta(days=n), "daily") for n in range(120)]
    made += [Backup(Path(f"u{n}"), now - timedelta(days=30 * n), "upgrade") for n in range(5)] + [Backup(Path("a"), now - timedelta(days=300), "asked")]
    made.sort(key=lambda one: one.made_at, reverse=True)
    gone = {one.folder.name for one in place.superfluous(made)}
    kept = {one.folder.name for one in made} - gone
    # days 22 to 16, Sundays of four weeks, the last of three months, three upgrades, what was asked for
    assert kept == {*(f"d{n}" for n in range(7)), "d7", "d14", "d21", "d22", "d53", "u0", "u1", "u2", "a"}


def test_due_is_what_the_day_has_passed_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    zone = datetime.now().astimezone().tzinfo
    last = datetime(2026, 11, 21, 2, 31, tzinfo=zone)
    (tmp_path / "backups" / f"guanxi-{last.astimezone(UTC):%Y%m%d-%H%M%S}-daily").mkdir(parents=True)
    assert not daily.is_due(home, datetime(2026, 11, 22, 2, 29, tzinfo=zone))
    assert daily.is_due(home, datetime(2026, 11, 22, 2, 30, tzinfo=zone))
    assert daily.state(home, datetime(2026, 11, 23, 2, 30, tzinfo=zone))[0] and not daily.state(home, datetime(2026, 11, 23, 2, 32, tzinfo=zone))[0]
    monkeypatch.setenv("GUANXI_BACKUP", "23:00")
    assert daily.is_due(home, datetime(2026, 11, 22, 2, 29, tzinfo=zone))
    monkeypatch.setenv("GUANXI_BACKUP", "off")
    assert not daily.is_due(home, datetime(2027, 1, 1, tzinfo=zone))
    monkeypatch.setenv("GUANXI_BACKUP", "25:00")
    with pytest.raises(Trouble, match="GUANXI_BACKUP"):
        daily.is_due(home, datetime(2027, 1, 1, tzinfo=zone))


def test_a_new_installation_owes_no_backup_of_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    made = datetime.fromtimestamp((tmp_path / "secret").stat().st_ctime).astimezone()
    assert not daily.is_due(home, made) and daily.is_due(home, made + timedelta(days=1))
    assert time.time() - made.timestamp() < 3600
