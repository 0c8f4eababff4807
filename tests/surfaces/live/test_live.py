"""A real server on a free port: who may see a record hears that it changed, and nobody else does."""

from __future__ import annotations

import http.cookiejar
import json
import queue
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi.base.ids import uuid7_floor
from guanxi.kernel.records import door, reading, telling
from guanxi.surfaces.live.presence import Presence
from guanxi.surfaces.live.stream import Live, _concerns
from guanxi.surfaces.live.stream import Stream as Stream_
from tests.cast import PASSWORD, Cast
from tests.kernel.tools import create


@pytest.fixture(scope="module")
def server(whole_site: str) -> str:
    return f"{whole_site}/api/v1"


class Stream:
    """One open event stream; what it says goes into a queue, with the time."""

    def __init__(self, address: str, token: str, query: str = "", **headers: str) -> None:
        request = urllib.request.Request(f"{address}/events{query}", headers={"Authorization": f"Bearer {token}", **headers} if token else headers)
        self.answer = urllib.request.urlopen(request, timeout=60)
        self.said: queue.Queue[tuple[float, str, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        kind = ""
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.said.put((time.monotonic(), kind, json.loads(line.removeprefix("data: "))))
        except (OSError, ValueError, AttributeError):
            pass

    def heard(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        end = time.monotonic() + seconds
        out = []
        while (left := end - time.monotonic()) > 0:
            try:
                _, kind, data = self.said.get(timeout=left)
            except queue.Empty:
                break
            if kind == "changed":
                out.append((kind, data))
        return out

    def wait(self, kind: str, fits: Any = lambda data: True, seconds: float = 20) -> dict[str, Any]:
        """The next message of a kind that fits; what comes before it is passed over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                _, said, data = self.said.get(timeout=left)
            except queue.Empty:
                break
            if said == kind and fits(data):
                return data
        raise AssertionError(f"no {kind} within {seconds} s")

    def wait_for(self, one: Any, seconds: float) -> float:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                at, kind, data = self.said.get(timeout=left)
            except queue.Empty:
                break
            if kind == "changed" and (data["object"], data["id"]) == ("book", str(one)):
                return at
        raise AssertionError(f"{one} was not heard of within {seconds} s")


def test_a_change_reaches_those_who_may_see_it(cast: Cast, server: str) -> None:
    owner, outsider = cast.actor("owner"), cast.actor("outsider")
    streams = {name: Stream(server, cast.token(name)) for name in ("owner", "outsider", "manager", "nobody")}
    chapters = Stream(server, cast.token("owner"), "?objects=chapter")
    assert streams["owner"].answer.headers["Content-Type"].startswith("text/event-stream")
    time.sleep(1)
    request = urllib.request.Request(
        f"{server}/books", data=json.dumps({"name": "直播"}).encode(), headers={"Authorization": f"Bearer {cast.token('owner')}", "Content-Type": "application/json"}
    )
    book = json.loads(urllib.request.urlopen(request, timeout=30).read())["id"]
    for name in ("owner", "manager"):
        streams[name].wait_for(book, 30)
    theirs = create(outsider, "book", name="别人的直播")
    streams["outsider"].wait_for(theirs, 10)
    assert [d for _, d in streams["owner"].heard(1) if d["id"] == str(theirs)] == []
    assert [d for _, d in streams["outsider"].heard(0.2) if d["id"] == str(book)] == []
    assert [d for _, d in streams["nobody"].heard(0.2) if d["object"] == "book"] == []
    assert [d for _, d in chapters.heard(0.2)] == []
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "level": "read"})
    streams["outsider"].wait_for(book, 10)
    door.perform("book", "unshare", actor=owner, id=book, inputs={"user": str(cast.users["outsider"])})
    door.perform("book", "update", actor=owner, id=book, changes={"pages": 5})
    streams["owner"].wait_for(book, 10)
    assert [d for _, d in streams["outsider"].heard(1) if d["id"] == str(book)] == [], "rights taken away end here too"


def test_a_deletion_reaches_those_who_could_see_it(cast: Cast, server: str) -> None:
    """So that an open list knows that a row is gone; its id is all that is told."""
    owner = cast.actor("owner")
    book = create(owner, "book", name="要删的")
    streams = {name: Stream(server, cast.token(name), "?objects=book") for name in ("manager", "outsider", "nobody")}
    page = Stream(server, cast.token("manager"), f"?objects=chapter&record=books/{book}")
    page.wait("changed", lambda data: data["id"] == str(book))
    time.sleep(1)
    door.perform("book", "delete", actor=owner, id=book)
    told = streams["manager"].wait("changed", lambda data: data["id"] == str(book) and "by" not in data)
    assert set(told) == {"object", "id", "version"}
    page.wait("gone", lambda data: data["id"] == str(book))
    for name in ("outsider", "nobody"):
        assert [d for _, d in streams[name].heard(0.5) if d["id"] == str(book)] == []


def test_a_stream_needs_to_know_who_listens(server: str) -> None:
    for header in ({}, {"Authorization": "Bearer gx_wrong"}, {"Cookie": "guanxi_session=nonsense"}, {"Authorization": "Basic x"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(f"{server}/events", headers=header), timeout=30)
        assert caught.value.code == 401
        assert caught.value.headers["Content-Type"] == "application/problem+json"


def person(site: str, who: str) -> tuple[urllib.request.OpenerDirector, str]:
    """Somebody signed in as a browser is, and their cookies."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"{site}/signin", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]
    opener.open(f"{site}/signin", urllib.parse.urlencode({"csrfmiddlewaretoken": token, "username": who, "password": PASSWORD}).encode(), timeout=30).read()
    return opener, "; ".join(f"{c.name}={c.value}" for c in jar)


def look(site: str, opener: urllib.request.OpenerDirector, place: str, state: str, tab: str = "1") -> int:
    page = opener.open(f"{site}/me", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]
    data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, "tab": tab, "state": state}).encode()
    try:
        return int(opener.open(f"{site}{place}/here", data, timeout=30).status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_page_hears_of_its_record_and_of_what_belongs_to_it(cast: Cast, server: str) -> None:
    owner = cast.actor("owner")
    book, other = create(owner, "book", name="看着的书"), create(owner, "book", name="没看的书")
    page = Stream(server, cast.token("owner"), f"?record=books/{book}")
    first = page.wait("changed")
    version = reading.get("book", book, actor=owner, fields=["id"])["version"]
    assert (first["id"], first["version"]) == (str(book), str(version)), "how it stands is said at once"
    door.perform("book", "update", actor=owner, id=other, changes={"pages": 7})
    result = door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"pages": 8})
    told = page.wait("changed", lambda data: data["version"] == str(result.version))
    assert told == {"object": "book", "id": str(book), "version": str(result.version), "by": {"id": str(cast.users["manager"]), "label": "赵强"}}
    create(owner, "chapter", name="别的章", book=other)
    chapter = create(owner, "chapter", name="这章", book=book)
    told = page.wait("changed", lambda data: data["object"] == "chapter")
    assert (told["id"], told["of"]) == (str(chapter), [str(book)])
    door.perform("book", "delete", actor=owner, id=book)
    assert page.wait("gone")["id"] == str(book)
    stranger = Stream(server, cast.token("outsider"), f"?record=books/{other}")
    door.perform("book", "update", actor=owner, id=other, changes={"pages": 9})
    assert stranger.heard(1.5) == []


def test_who_looks_is_told_to_those_who_may_read_the_record(cast: Cast, server: str, whole_site: str) -> None:
    book = create(cast.actor("owner"), "book", name="一起看的书")
    place = f"/books/{book}"
    page, stranger = Stream(server, cast.token("owner"), f"?record={place[1:]}"), Stream(server, cast.token("outsider"), f"?record={place[1:]}")
    assert page.wait("here")["people"] == []
    manager, _ = person(whole_site, "manager")
    me = {"id": str(cast.users["manager"]), "name": "赵强"}
    assert look(whole_site, manager, place, "look") == 204
    assert page.wait("here")["people"] == [me | {"edits": False}]
    look(whole_site, manager, place, "edit", tab="2")
    assert page.wait("here")["people"] == [me | {"edits": True}]
    late = Stream(server, cast.token("executive"), f"?record={place[1:]}")
    assert late.wait("here")["people"] == [me | {"edits": True}], "who comes later sees who is there"
    look(whole_site, manager, place, "gone", tab="2")
    assert page.wait("here")["people"] == [me | {"edits": False}]
    look(whole_site, manager, place, "gone")
    assert page.wait("here")["people"] == []
    outsider, _ = person(whole_site, "outsider")
    assert look(whole_site, outsider, place, "look") == 404
    look(whole_site, manager, place, "look")
    assert page.wait("here")["people"] == [me | {"edits": False}], "the outsider was never told of"
    with pytest.raises(AssertionError):
        stranger.wait("here", seconds=0.5)
    assert telling.history("book", book, actor=cast.actor("owner"))[0].verb == "create", "looking leaves nothing in the journal"


def test_presence_ends_when_it_is_not_said_again() -> None:
    held, book = Presence(), "0199aaaa-0000-7000-8000-000000000001"
    word = {"o": "book", "id": book, "u": "u1", "n": "王伟", "t": "1", "s": "look", "w": 1}
    place = held.hear("w", word)
    assert place is not None and held.at(place) == [{"id": "u1", "name": "王伟", "edits": False}]
    assert held.hear("w", word) is None, "said again is nothing new"
    assert held.expire() == []
    held.places[place]["u1 1"].until = time.monotonic() - 1
    assert held.expire() == [place] and held.at(place) == [] and held.places == {}
    held.hear("w", word)
    assert held.hear("w", word | {"s": "gone", "w": 3}) == place
    assert held.hear("w", word | {"s": "edit", "w": 2}) is None and held.at(place) == [], "a word that was overtaken says nothing"
    held.places[place]["u1 1"].until = time.monotonic() - 1
    assert held.expire() == [] and held.places == {}


def test_what_was_missed_is_told_on_coming_back(cast: Cast, server: str) -> None:
    owner = cast.actor("owner")
    before = uuid7_floor(datetime.now(UTC))
    book, theirs = create(owner, "book", name="错过的书"), create(cast.actor("outsider"), "book", name="看不见的书")
    page = Stream(server, cast.token("owner"), "?objects=book", **{"Last-Event-ID": str(before)})
    assert page.wait("changed", lambda data: data["id"] == str(book))
    assert [d for _, d in page.heard(0.5) if d["id"] == str(theirs)] == []
    again = Stream(server, cast.token("owner"), f"?objects=books&since={before}")
    assert again.wait("changed", lambda data: data["id"] == str(book))
    old = Stream(server, cast.token("owner"), f"?objects=book&since={uuid7_floor(datetime.now(UTC) - timedelta(days=1))}")
    old.wait("refresh")


def test_a_browser_whose_session_ended_is_told_so_and_stops(cast: Cast, server: str, whole_site: str) -> None:
    opener, cookies = person(whole_site, "teammate")
    page = Stream(server, "", "?objects=book", Cookie=cookies)
    theirs = create(cast.actor("teammate"), "book", name="李娜的书")
    page.wait_for(theirs, 20)
    me = opener.open(f"{whole_site}/me", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', me)[1]  # type: ignore[index]
    opener.open(f"{whole_site}/signout", urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode(), timeout=30).read()
    door.perform("book", "update", actor=cast.actor("teammate"), id=theirs, changes={"pages": 3})
    page.wait("end")
    gone = Stream(server, "", "?objects=book", Cookie=cookies, Accept="text/event-stream")
    gone.wait("end")


def test_what_concerns_one_person_wakes_nobody_else() -> None:
    """Strictly personal records are announced with whom they concern; others' streams ask nothing about them."""
    live = Live()
    mine, theirs = (Stream_(("session", who), frozenset({"notice", "customer"}), (), workspace="w", user=who) for who in ("me", "they"))
    live.streams = {mine, theirs}
    one, another = "0199aaaa-0000-7000-8000-000000000001", "0199aaaa-0000-7000-8000-000000000002"
    live._hear({"w": "w", "o": {"notice": [one]}, "more": False, "only": ["me"]})
    assert [_concerns(stream, live.waiting["w"]) for stream in (mine, theirs)] == [True, False]
    live._hear({"w": "w", "o": {"customer": [another]}, "more": False})
    assert [_concerns(stream, live.waiting["w"]) for stream in (mine, theirs)] == [True, True]
    live.judge.shutdown()
