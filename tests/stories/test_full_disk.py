"""A full disk: a clear answer, nothing half written, reading goes on, and writing again once there is room."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast
from tests.stories.test_lead_to_won import events


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a disk be mounted")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_refuses_writes_and_serves_reads(cast: Cast, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "GUANXI_HOME", small_disk)
    monkeypatch.setattr(settings, "GUANXI_RESERVE", 4 * 1024 * 1024)
    client = Client(headers={"Authorization": f"Bearer {cast.token('owner')}", "Accept-Language": "en"})
    book = json.dumps({"name": "有余"})
    assert client.post("/api/v1/books", book, "application/json").status_code == 201

    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 6 * 1024 * 1024)
    before = events()
    refused = client.post("/api/v1/books", book, "application/json")
    assert refused.status_code == 507
    assert refused["Content-Type"] == "application/problem+json"
    assert json.loads(refused.content)["type"] == "urn:guanxi:problem:storage-full"
    upload = client.post("/api/v1/files", {"file": SimpleUploadedFile("a.txt", b"hello")})
    assert upload.status_code == 507
    assert events() == before
    assert [p.name for p in small_disk.rglob("*") if p.is_file()] == ["filler"]
    assert len(json.loads(client.get("/api/v1/books").content)["rows"]) == 1

    filler.unlink()
    assert client.post("/api/v1/books", book, "application/json").status_code == 201
    assert client.post("/api/v1/files", {"file": SimpleUploadedFile("a.txt", b"hello")}).status_code == 201
