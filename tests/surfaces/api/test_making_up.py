"""Requests made up from the document, allowed and not: never a failure of ours, no status and no shape of an answer that it does not have.

A few thousand with each run, always the same; with GUANXI_NIGHTLY=1 forty thousand others, and GUANXI_SEED asks again what one night asked.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from contextlib import nullcontext
from typing import Any

from django.test import Client

from guanxi.kernel import files, jobs
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Choice, Link, Links
from guanxi.kernel.records import reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.api import openapi
from tests.surfaces.api.judging import judge
from tests.surfaces.api.making_up import Call, Maker

NIGHTLY = bool(os.environ.get("GUANXI_NIGHTLY"))
SEED = int(os.environ.get("GUANXI_SEED") or (time.time_ns() % 10**9 if NIGHTLY else 20261123))
ROUNDS = int(os.environ.get("GUANXI_ROUNDS") or (60 if NIGHTLY else 3))
UNDONE = ("user", "role", "department", "security", "own_right", "company", "privacy_rules", "notice_rules", "custom_field", "account_request")
"""What decides how everything else is answered: tried in earnest and then undone."""
ORDER = ("post", "get", "patch", "delete")


class Fuzz:
    """One person with a seed."""

    def __init__(self, cast: Any, seed: int) -> None:
        self.document = openapi.document()
        links = {it.name: {one.name: one.target for one in it.fields.values() if isinstance(one, Link | Links)} for it in REGISTRY.objects.values()}
        self.maker = Maker(self.document, seed, {}, links)
        self.cast, self.faults, self.asked, self.client = cast, Counter[str](), Counter[int](), Client(raise_request_exception=False)
        self.examples: dict[str, tuple[Any, ...]] = {}
        self.maker.known["file"] = [str(files.upload(cast.actor(who), "名单.csv", ["name,phones\n王伟,13800138000\n".encode()])["file"]) for who in ("admin", "owner")]

    def known(self) -> None:
        """What there is to be named: the newest records of each object."""
        for who in ("admin", "owner"):
            self.cast.token(who)
        admin = self.cast.actor("admin")
        self.maker.known["jobs"] = [row["id"] for row in self.client.get("/api/v1/jobs", HTTP_AUTHORIZATION=f"Bearer {self.cast.token('admin')}").json()["rows"]]
        self.maker.choices = {
            it.name: {one.name: [option.key for option in one.options] for one in it.fields.values() if isinstance(one, Choice) and one.options}
            for it in reading.guard_of(admin).catalog.objects.values()
        }  # fmt: skip
        for it in REGISTRY.objects.values():
            if it.name in reading.guard_of(admin).catalog.objects:
                self.maker.known[it.name] = [str(row["id"]) for row in reading.query(it.name, actor=admin, fields=["id"], limit=20).rows] or self.maker.known.get(it.name, [])

    def send(self, call: Call, who: str) -> Any:
        told = {"HTTP_AUTHORIZATION": f"Bearer {self.cast.token(who)}", **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}}
        if call.body is None:
            return self.client.generic(call.way.upper(), call.url, **told)
        return self.client.generic(call.way.upper(), call.url, call.body, content_type="application/json", **told)

    def begin(self) -> None:
        """A few records of each object, as far as they can be made up."""
        for _ in range(2):
            self.known()
            for path, ways in self.document["paths"].items():
                if path.count("/") == 1 and ways.get("post", {}).get("tags", [""])[0] in REGISTRY.objects:
                    for _ in range(3):
                        self.ask(path, "post", ways["post"], "admin", sound=True)

    def round(self, turn: int) -> None:
        """Each operation once, half of them as they should be asked."""
        self.known()
        operations = [(way, path, one) for path, ways in self.document["paths"].items() for way, one in ways.items() if path != "/events"]
        for place, (way, path, operation) in enumerate(sorted(operations, key=lambda one: ORDER.index(one[0]))):
            self.ask(path, way, operation, "admin" if (place + turn) % 4 else "owner", sound=(place + turn) % 2 == 0)

    def ask(self, path: str, way: str, operation: Any, who: str, sound: bool) -> None:
        call = self.maker.call(path, way, operation, sound)
        with jobs.rehearsal(DEFAULT_WORKSPACE) if operation["tags"][0] in UNDONE else nullcontext():
            answer = self.send(call, who)
        self.asked[answer.status_code] += 1
        if answer.status_code in (200, 201) and way != "get" and not answer.streaming:
            told = answer.json()
            self.maker.known["undo"] = [*self.maker.known.get("undo", [])[-9:], *(one for one in (told.get("undo"), told.get("version")) if one)]
        for fault in judge(self.document, operation, answer.status_code, answer.headers.get("Content-Type", ""), b"" if answer.streaming else answer.content):
            key = f"{way} {path}: {re.sub(r'[0-9]+', '0', fault)[:120]}"
            self.faults[key] += 1
            self.examples.setdefault(key, (who, call, fault))


def test_every_operation_answers_as_the_document_says(cast: Any) -> None:
    fuzz = Fuzz(cast, SEED)
    fuzz.begin()
    for turn in range(ROUNDS):
        fuzz.round(turn)
    print(f"\nseed {SEED}: {sum(fuzz.asked.values())} requests, {dict(sorted(fuzz.asked.items()))}")
    assert not fuzz.faults, "\n".join(str(one) for one in list(fuzz.examples.values())[:20])
    assert {200, 201, 204, 403, 404, 409, 422} <= set(fuzz.asked) and sum(fuzz.asked.values()) > 600 * ROUNDS


def test_what_was_found_so(cast: Any) -> None:
    """Requests that failed once."""
    told = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('admin')}"}
    client = Client(raise_request_exception=False)
    one = client.post("/api/v1/customers", {"name": "时间线", "kind": "company"}, content_type="application/json", **told).json()["id"]
    for query, count in (("until=1904-02-28", 0), ("since=1935-01-07", 1), ("words=%00", 0), ("since=2199-12-31", 0)):
        answer = client.get(f"/api/v1/customers/{one}/timeline?{query}", **told)
        assert (answer.status_code, len(answer.json()["rows"])) == (200, count), query
    answer = client.post(f"/api/v1/customers/{one}/unshare", {"inputs": {"user": str(cast.users["owner"]), "along": True}}, content_type="application/json", **told)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "along")
