"""What strangers' files may do: nothing. Each is refused with a reason, or kept as a download that no browser runs."""

from __future__ import annotations

import io
import os
import resource
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guanxi.base.errors import Invalid, Problem
from guanxi.kernel import files
from guanxi.kernel.records import door
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.table import open_table
from tests.kernel.tools import raw, state
from tests.surfaces.hostile import NAMES, PICTURES_REFUSED, RUNNING, TABLES
from tests.surfaces.imports.tables import load
from tests.surfaces.web.browser import Browser

MOST_MEMORY = 250 * 1024 * 1024
INERT = {"application/octet-stream", "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain; charset=utf-8"}


@pytest.fixture(scope="module")
def owner(cast: Any) -> Browser:
    return Browser("owner")


@pytest.fixture(scope="module")
def api(cast: Any) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}


def waiting() -> list[str]:
    """What lies half-written in the store."""
    folder = Path(settings.GUANXI_HOME) / "files"
    return [one.name for one in folder.iterdir() if one.is_file()] if folder.is_dir() else []


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_or_refused_with_a_reason(owner: Browser, name: str) -> None:
    """In the import wizard, with all its steps an address leads to; no record is made, no memory is eaten, nothing is left."""
    before, used = state(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    called, data = TABLES[name]()
    answer = owner.post("/books/import", {"file": SimpleUploadedFile(called, data)})
    assert answer.status_code in (302, 413, 422), (name, answer.status_code)
    if answer.status_code == 302:
        assert owner.get(answer["Location"]).status_code in (200, 422), name
    assert state() == before and waiting() == [] and not Path("/tmp/climbed").exists()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) * 1024 < MOST_MEMORY, name


@pytest.mark.parametrize("name", RUNNING)
def test_what_could_run_is_kept_as_a_download(cast: Any, owner: Browser, api: dict[str, str], name: str) -> None:
    """Attached to a record and asked for in every way: never a type or a place in which a browser runs it."""
    called, data = RUNNING[name]
    sent = Client().post("/api/v1/files", {"file": SimpleUploadedFile(called, data, content_type="text/html")}, **api)
    if not data:
        assert sent.status_code in (201, 422)
    if sent.status_code != 201:
        return
    book = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": name, "files": [sent.json()]}).id
    for url in (f"/books/{book}/files/files/{sent.json()['file']}", f"/api/v1/books/{book}/files/files/{sent.json()['file']}"):
        for query in ("", "?show=1"):
            answer = owner.get(url + query)
            assert answer.status_code in (200, 404), (name, url)
            policy = answer["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'") and "script-src" not in policy and answer["X-Content-Type-Options"] == "nosniff"
            if answer.status_code == 200:
                assert answer["Content-Type"] in INERT, (name, answer["Content-Type"])
                assert answer["Content-Disposition"].startswith("attachment") or query, name
                assert "sandbox" in policy or answer["Content-Type"] == "application/pdf", name
                assert b"".join(answer) == data or answer["Content-Type"].startswith("text/plain")
            answer.close()


@pytest.mark.parametrize("name", RUNNING)
def test_a_picture_is_a_picture(cast: Any, name: str) -> None:
    """Where a picture is asked for, what is none, is cut off or too large to be shown is refused."""
    actor = cast.actor("owner")
    called, data = RUNNING[name]
    cover = files.upload(actor, called, [data])
    before = state()
    try:
        door.perform("book", "create", actor=actor, changes={"name": name, "cover": [cover]})
    except Invalid as problem:
        assert name in PICTURES_REFUSED and problem.errors[0].field == "cover", name
        assert state() == before
    else:
        assert name not in PICTURES_REFUSED, name


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_made_harmless(cast: Any, name: str) -> None:
    assert files.upload(cast.actor("owner"), name, [b"x"])["name"] == NAMES[name]


def test_a_file_that_is_too_large_leaves_nothing(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state()
    with pytest.raises(Problem) as caught:
        files.upload(cast.actor("owner"), "a.bin", (os.urandom(1 << 20) for _ in range(101)))
    assert caught.value.status == 413 and waiting() == [] and state() == before


BODY = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
PART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\ny\r\n'
FORMS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", BODY),
    "an empty boundary": ("multipart/form-data; boundary=", BODY),
    "an endless boundary": (f"multipart/form-data; boundary={'x' * 9000}", BODY),
    "another boundary": ("multipart/form-data; boundary=zzz", BODY),
    "a boundary of nul": ("multipart/form-data; boundary=\x01", BODY),
    "never ended": ("multipart/form-data; boundary=x", BODY[:-8]),
    "nothing at all": ("multipart/form-data; boundary=x", b""),
    "only the end": ("multipart/form-data; boundary=x", b"--x--\r\n"),
    "one in another": ("multipart/form-data; boundary=x", b'--x\r\nContent-Type: multipart/mixed; boundary=y\r\nContent-Disposition: form-data; name="file"\r\n\r\n--y\r\n\r\na\r\n--y--\r\n--x--\r\n'),
    "two thousand fields": ("multipart/form-data; boundary=x", b"".join(PART % b"a%d" % n for n in range(2000)) + b"--x--\r\n"),
    "two hundred files": ("multipart/form-data; boundary=x", BODY[:-7] * 200 + b"--x--\r\n"),
    "the same name twice": ("multipart/form-data; boundary=x", BODY[:-7] + BODY),
    "a huge field name": ("multipart/form-data; boundary=x", PART % (b"a" * 100_000) + b"--x--\r\n"),
    "huge headers": ("multipart/form-data; boundary=x", b"--x\r\n" + b"X-A: b\r\n" * 5_000 + BODY[5:]),
    "base64 that is none": ("multipart/form-data; boundary=x", BODY.replace(b"\r\n\r\nhello", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!?")),
    "a text of six megabytes": ("multipart/form-data; boundary=x", PART.replace(b"\r\n\r\ny", b"\r\n\r\n" + b"y" * 6_000_000) % b"text" + b"--x--\r\n"),
    "an encoding nobody knows": ("multipart/form-data; boundary=x; charset=nonsense", BODY),
    "a name in an encoding nobody knows": ("multipart/form-data; boundary=x", BODY.replace(b'filename="a.txt"', b"filename*=nonsense''a%FF")),
    "fields without end": ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(1500))),
    "six megabytes of fields": ("application/x-www-form-urlencoded", b"text=" + b"y" * 6_000_000),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_are_none(owner: Browser, api: dict[str, str], name: str) -> None:
    """Sent to every page and address that takes files or long texts: refused as the sender's fault, never ours."""
    kind, body = FORMS[name]
    before = state()
    for url, told in (("/books/import", {}), ("/books/new", {}), ("/capture", {}), ("/api/v1/files", api), ("/api/v1/capture", api)):
        answer = owner.generic("POST", url, body, content_type=kind, **told)
        assert answer.status_code < 500, (name, url, answer.status_code)
        assert answer.status_code not in (200,) or url == "/capture", (name, url)
    assert state() == before and waiting() == []


LIVE = ("=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1+x", "－1+x", "＠x", " =1", "\u200b=1", '"=1', "=cmd|' /C calc'!A0", "%0A=1", "|x", "=HYPERLINK(\"http://x\")")


def test_no_file_that_leaves_us_holds_a_formula(cast: Any, tmp_path: Path) -> None:
    """Lists as CSV and workbook, and the rows an import refused: each text is a text, and is itself again when read back."""
    actor = cast.actor("owner")
    made: list[UUID] = [door.perform("book", "create", actor=actor, changes={"name": f"x{n}", "summary": text}).id for n, text in enumerate(LIVE)]
    where = {"field": "id", "op": "in", "value": [str(one) for one in made]}
    kept = {row[0] for row in raw("SELECT summary FROM gx_book WHERE id = ANY(%s)", [made])}
    for kind in ("csv", "xlsx"):
        out = io.BytesIO()
        assert exporting.export(actor, "book", out, kind, where=where, fields=["name", "summary"]) == len(LIVE)  # type: ignore[arg-type]
        path = tmp_path / f"a.{kind}"
        path.write_bytes(out.getvalue())
        with open_table(path) as table:
            assert {row.cells[1] for row in table.rows()} == kept
        if kind == "csv":
            for line in out.getvalue().decode("utf-8-sig").splitlines()[1:]:
                assert line.partition(",")[2].lstrip('"')[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠"), line
    refused = "name,pages\n" + "".join('"{}",many\n'.format(text.replace('"', '""')) for text in LIVE)
    load(actor, "book", refused, errors=tmp_path / "errors.csv")
    lines = (tmp_path / "errors.csv").read_bytes().decode("utf-8-sig")
    assert not any(line.lstrip('"')[:1] in "=+-@＝＋－＠" for line in lines.splitlines() if line), lines
