"""The journal and the log sealed: whoever edits them past the program is found out, event by event and line by line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from guanxi.base.ids import uuid7, uuid7_floor, uuid7_time
from guanxi.kernel import jobs, setup
from guanxi.kernel.journal import log, seals
from guanxi.kernel.journal.seals import Finding
from guanxi.kernel.records import door
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, raw

MANY = 3000


class _Back(Exception):
    pass


@contextmanager
def past_the_program() -> Iterator[None]:
    """What somebody does who has the database's password; undone at the end."""
    try:
        with transaction.atomic():
            raw("ALTER TABLE gx_event DISABLE TRIGGER gx_keep")
            raw("ALTER TABLE gx_seal DISABLE TRIGGER gx_keep")
            raw("ALTER TABLE gx_log DISABLE TRIGGER gx_keep")
            raw("SELECT set_config('app.workspace', %s, true)", [str(DEFAULT_WORKSPACE)])
            yield
            raise _Back
    except _Back:
        pass


@pytest.fixture(scope="module")
def journal(cast: Cast) -> Cast:
    """A few thousand events, all sealed."""
    owner = cast.actor("owner")
    for start in range(0, MANY, 500):
        door.perform_many("book", "create", [door.Item(changes={"name": f"书 {n}", "pages": n}) for n in range(start, start + 500)], actor=owner)
    while seals.seal(DEFAULT_WORKSPACE, 700):
        pass
    return cast


def found() -> list[Finding]:
    return seals.verify(DEFAULT_WORKSPACE).findings


def test_what_nobody_touched_is_as_it_was_sealed(journal: Cast, tmp_path: Path) -> None:
    verdict = seals.verify(DEFAULT_WORKSPACE)
    count = raw("SELECT count(*) FROM gx_event")[0][0]
    assert verdict == seals.Verdict(count, -(-count // 700), 0, []) and count > MANY
    create(journal.actor("owner"), "book", name="晚来的书")
    assert seals.verify(DEFAULT_WORKSPACE).waiting == 1
    assert seals.seal(DEFAULT_WORKSPACE) == 1 and seals.seal(DEFAULT_WORKSPACE) == 0
    assert seals.verify(DEFAULT_WORKSPACE) == seals.Verdict(count + 1, verdict.seals + 1, 0, [])


def test_a_thousand_edits_are_found_and_located(journal: Cast) -> None:
    chance = random.Random(20)
    events = raw("SELECT id, object, verb, actor_id, at, changes::text, record_id FROM gx_event ORDER BY id")
    picked = chance.sample(events, 1000)
    wanted: set[tuple[str, UUID]] = set()
    with past_the_program():
        for n, (id, *_) in enumerate(picked[:960]):
            what = n % 8
            if what == 0:
                raw("DELETE FROM gx_event WHERE id = %s", [id])
                wanted.add(("deleted", id))
                continue
            if what == 1:
                moment = uuid7_time(id) - timedelta(days=chance.randint(1, 900))
                own = UUID(int=uuid7_floor(moment).int | chance.getrandbits(60))
                raw(
                    "INSERT INTO gx_event (id, workspace_id, object, record_id, verb, actor_kind, via, at, changes, xid) "
                    "SELECT %s, workspace_id, object, record_id, 'update', 'user', 'web', %s, '{}', xid FROM gx_event WHERE id = %s",
                    [own, moment, id],
                )
                wanted.add(("inserted", own))
                continue
            if what == 2:
                raw("UPDATE gx_event SET at = at + interval '1 microsecond' WHERE id = %s", [id])
            elif what == 3:
                raw("UPDATE gx_event SET actor_id = %s WHERE id = %s", [uuid7(), id])
            elif what == 4:
                raw("UPDATE gx_event SET changes = changes || jsonb_build_object('price', jsonb_build_array(null, %s::int)) WHERE id = %s", [n, id])
            elif what == 5:
                raw("UPDATE gx_event SET via = via || ' ' WHERE id = %s", [id])
            elif what == 6:
                raw("UPDATE gx_event SET verb = 'read', request = 'x' WHERE id = %s", [id])
            else:
                raw("UPDATE gx_event SET cause = %s, record_id = %s WHERE id = %s", [id, uuid7(), id])
            wanted.add(("changed", id))
        for one, other in zip(picked[960::2], picked[961::2], strict=True):
            for mine, theirs in ((one, other), (other, one)):
                raw(
                    "UPDATE gx_event SET object = %s, verb = %s, actor_id = %s, at = %s, changes = %s::jsonb, record_id = %s WHERE id = %s",
                    [*theirs[1:], mine[0]],
                )
                wanted.add(("changed", mine[0]))
        assert len(wanted) == 1000
        assert {(one.kind, one.event) for one in found()} == wanted
    assert found() == []


@pytest.fixture(scope="module")
def lines(cast: Cast) -> list[UUID]:
    """Lines of the log, all sealed, in the order they were written in."""
    for n in range(1500):
        log.note(DEFAULT_WORKSPACE, "export" if n % 3 else "sign_in", user=cast.users["owner"], address=f"10.0.{n % 7}.{n % 250}", object="book", rows=n)
    while seals.seal(DEFAULT_WORKSPACE, 400, seals.LOG):
        pass
    return [row[0] for row in raw("SELECT id FROM gx_log ORDER BY id")]


def test_a_thousand_edits_of_the_log_are_found_and_located(lines: list[UUID]) -> None:
    chance = random.Random(21)
    picked = chance.sample(lines, 1000)
    wanted: set[tuple[str, UUID]] = set()
    edits = (
        "at = at - interval '1 second'", "kind = 'sign_out'", "user_id = NULL", "actor_id = gen_random_uuid()", "address = '10.9.9.9'",
        "agent = 'x'", "object = 'author'", "record_id = id", """details = details || '{"rows": -1}'""",
    )  # fmt: skip
    with past_the_program():
        for n, id in enumerate(picked[:960]):
            if n % 11 == 0:
                raw("DELETE FROM gx_log WHERE id = %s", [id])
                wanted.add(("deleted", id))
            elif n % 11 == 1:
                own = UUID(int=uuid7_floor(uuid7_time(id) - timedelta(days=chance.randint(1, 300))).int | chance.getrandbits(60))
                raw(
                    "INSERT INTO gx_log (id, workspace_id, at, kind, user_id, address, agent, object, details, xid) "
                    "SELECT %s, workspace_id, at, kind, user_id, address, agent, object, details, xid FROM gx_log WHERE id = %s",
                    [own, id],
                )
                wanted.add(("inserted", own))
            else:
                raw(f"UPDATE gx_log SET {edits[n % 11 - 2]} WHERE id = %s", [id])
                wanted.add(("changed", id))
        for one, other in zip(picked[960::2], picked[961::2], strict=True):
            raw(
                "UPDATE gx_log g SET at = o.at, kind = o.kind, address = o.address, details = o.details FROM gx_log o "
                "WHERE (g.id, o.id) IN ((%s, %s), (%s, %s))",
                [one, other, other, one],
            )
            wanted |= {("changed", one), ("changed", other)}
        verdict = seals.verify(DEFAULT_WORKSPACE, chain=seals.LOG)
        assert len(wanted) == 1000 and {(one.kind, one.event) for one in verdict.findings} == wanted
    verdict = seals.verify(DEFAULT_WORKSPACE, chain=seals.LOG)
    assert verdict.findings == [] and verdict.events == len(lines) and verdict.seals == -(-len(lines) // 400)


def test_a_seal_of_the_log_does_not_pass_for_one_of_the_journal(journal: Cast, lines: list[UUID], tmp_path: Path) -> None:
    file = tmp_path / "seals.log"
    assert seals.anchor(DEFAULT_WORKSPACE, file) and seals.anchor(DEFAULT_WORKSPACE, file, seals.LOG) and not seals.anchor(DEFAULT_WORKSPACE, file, seals.LOG)
    for chain in seals.CHAINS:
        assert seals.verify(DEFAULT_WORKSPACE, file, chain).findings == []
    with past_the_program():
        raw("DELETE FROM gx_seal WHERE chain = 'log'")
        while seals.seal(DEFAULT_WORKSPACE, 800, seals.LOG):
            pass
        assert {one.kind for one in seals.verify(DEFAULT_WORKSPACE, file, seals.LOG).findings} == {"anchor"}
        assert seals.verify(DEFAULT_WORKSPACE, file).findings == []
    with past_the_program():
        raw("DELETE FROM gx_seal WHERE chain = 'journal'")
        raw("UPDATE gx_seal SET chain = 'journal'")
        assert Finding("seal", 1) in found()


def test_an_event_made_up_for_the_past_is_told_when_it_is_sealed(journal: Cast) -> None:
    with past_the_program():
        own = uuid7_floor(uuid7_time(uuid7()) - timedelta(days=30))
        raw(
            "INSERT INTO gx_event (id, workspace_id, object, record_id, verb, actor_kind, via, at, changes) VALUES (%s, %s, 'book', %s, 'update', 'user', 'web', now(), '{}')",
            [own, DEFAULT_WORKSPACE, uuid7()],
        )
        last = int(raw("SELECT xid::text FROM gx_seal WHERE chain = 'journal' ORDER BY number DESC LIMIT 1")[0][0])
        raw("UPDATE gx_event SET xid = %s::xid8 WHERE id = %s", [str(last), own])
        assert found() == [Finding("inserted", 0, own)]
        raw("UPDATE gx_event SET xid = %s::xid8 WHERE id = %s", [str(last + 1), own])
        assert found() == [] and seals.seal(DEFAULT_WORKSPACE) == 1
        assert [(one.kind, one.event) for one in found()] == [("late", own)]


def test_altered_seals_break_the_chain(journal: Cast, tmp_path: Path) -> None:
    for what in ("hashes = set_byte(hashes, 3, 7)", "ids = set_byte(ids, 3, 7)", "digest = set_byte(digest, 0, 1)", "events = events - 1", "sealed_at = sealed_at - interval '1 day'"):
        with past_the_program():
            raw(f"UPDATE gx_seal SET {what} WHERE number = 2 AND chain = 'journal'")
            assert Finding("seal", 2) in found(), what
    with past_the_program():
        raw("DELETE FROM gx_seal WHERE number = 2 AND chain = 'journal'")
        assert Finding("seal", 3) in found()


def test_a_chain_made_anew_differs_from_the_file_outside(journal: Cast, tmp_path: Path) -> None:
    file = tmp_path / "seals.log"
    made = seals.anchor(DEFAULT_WORKSPACE, file)
    assert made == seals.verify(DEFAULT_WORKSPACE, file).seals and seals.anchor(DEFAULT_WORKSPACE, file) == 0
    assert seals.verify(DEFAULT_WORKSPACE, file).findings == []
    with past_the_program():
        raw("DELETE FROM gx_event WHERE id = (SELECT id FROM gx_event ORDER BY id DESC LIMIT 1)")
        raw("DELETE FROM gx_seal WHERE chain = 'journal'")
        while seals.seal(DEFAULT_WORKSPACE, 900):
            pass
        assert seals.verify(DEFAULT_WORKSPACE).findings == []
        again = seals.verify(DEFAULT_WORKSPACE, file)
        assert {one.kind for one in again.findings} == {"anchor"} and len(again.findings) == made
    with past_the_program():  # the newest history cut off
        raw("DELETE FROM gx_seal WHERE chain = 'journal' AND number = %s", [made])
        assert Finding("anchor", made) in seals.verify(DEFAULT_WORKSPACE, file).findings


def test_a_line_cut_off_by_a_crash_is_written_again(journal: Cast, tmp_path: Path) -> None:
    file = tmp_path / "seals.log"
    made = seals.anchor(DEFAULT_WORKSPACE, file)
    whole = file.read_text()
    file.write_text(whole[: whole.rstrip().rfind("\n") + 60])
    assert seals.anchor(DEFAULT_WORKSPACE, file) == 1
    assert seals.verify(DEFAULT_WORKSPACE, file).findings == [] and len(file.read_text().splitlines()) == made + 1


def test_the_database_refuses_what_the_program_would_not_do(journal: Cast) -> None:
    for statement in ("UPDATE gx_seal SET events = 0", "DELETE FROM gx_seal"):
        with pytest.raises(Exception, match="refused"), transaction.atomic():
            raw(f"SELECT set_config('app.workspace', '{DEFAULT_WORKSPACE}', true)")
            raw(statement)


def test_doctor_names_what_was_edited(journal: Cast, lines: list[UUID], settings_home: Path) -> None:
    jobs.seal()
    line = next(one for one in setup.diagnose() if one[0] == "journal")
    assert line[1] and "0 个待封存" in line[2]
    with past_the_program():
        id = raw("SELECT id FROM gx_event ORDER BY id LIMIT 1 OFFSET 5")[0][0]
        raw("UPDATE gx_event SET via = 'api' WHERE id = %s", [id])
        line = next(one for one in setup.diagnose() if one[0] == "journal")
        assert not line[1] and f"被改动：{id}" in line[2] and f"changed: {id}" in line[3]
    assert next(one for one in setup.diagnose() if one[0] == "log")[1]
    with past_the_program():
        raw("DELETE FROM gx_log WHERE id = %s", [lines[7]])
        line = next(one for one in setup.diagnose() if one[0] == "log")
        assert not line[1] and f"被删除：{lines[7]}" in line[2]


@pytest.fixture
def settings_home(tmp_path: Path) -> Iterator[Path]:
    from django.test import override_settings

    with override_settings(GUANXI_HOME=tmp_path):
        yield tmp_path
