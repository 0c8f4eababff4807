"""Every way in, asked as one person and compared with what the model says. Each comparison of one record or field counts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

from django.test import Client

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.kernel import files, lookup
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import door, finding, many, reading, telling, watching
from guanxi.surfaces.imports import exporting
from tests.cast import Cast
from tests.contract.oracle.building import FILE
from tests.contract.oracle.companies import VARIED
from tests.contract.oracle.model import Company, Thing
from tests.surfaces.imports.tables import load
from tests.surfaces.web.browser import Browser

NAMES = ("author", "book", "chapter", "prospect", "call", "shortlist", "jotting", "lead", "comment", "customer", "contact", "work_report", "plea", "group")
TITLE = {"comment": "text", "work_report": "period"}
WRITTEN = {"comment": "text", "work_report": "done"}
"""What is written to a record to see whether that may be done, where it is not the name."""
LINKS = ("author", "co_authors", "editor", "owner", "book", "prospect", "customer", "groups")
SEARCHED = ("book", "chapter", "prospect", "call", "shortlist", "jotting", "lead", "author", "customer", "contact", "plea", "group")
WORDED = {"book": ("summary", "code"), "prospect": ("secret",), "lead": ("company",), "work_report": ("plan",)}
HANGING = {"book": (("chapter", "book"),), "prospect": (("call", "prospect"),)}
NUMBERS = {"book": ("price", "cost", "discount"), "prospect": ("amount",), "author": ("royalty",)}


class Tally:
    """How many single comparisons were made."""

    def __init__(self) -> None:
        self.count = 0

    def same(self, found: Any, wanted: Any, *about: Any) -> None:
        self.count += 1
        assert found == wanted, (*about, "found", found, "wanted", wanted)

    def ids(self, all_: Iterable[Any], found: Iterable[Any], wanted: set[Any], *about: Any) -> None:
        """One comparison for each record of the company there is of the object."""
        universe = set(all_)
        self.count += len(universe)
        found = set(found)
        assert found & universe == wanted, (*about, "too many", found & universe - wanted, "missing", wanted - found)


def refusal(ask: Callable[[], Any]) -> str:
    """The code of the problem: of its first field where it names one, "" when there was none."""
    try:
        ask()
    except Invalid as problem:
        return problem.errors[0].code if problem.errors else problem.code
    except Problem as problem:
        return problem.code
    return ""


@dataclass
class Asker:
    """One person of one company."""

    company: Company
    cast: Cast
    who: str
    tally: Tally

    def __post_init__(self) -> None:
        self.actor: Actor = self.cast.actor(self.who)

    def where(self, name: str) -> dict[str, Any]:
        return {"field": "id", "op": "in", "value": [str(one.id) for one in self.company.of(name, binned=True)]}

    def all(self, name: str) -> list[UUID]:
        return [one.id for one in self.company.of(name, binned=True)]

    # -- which records -------------------------------------------------------------------------------------------------
    def objects(self) -> None:
        """What exists for them at all, and which fields of it at which level."""
        told = {one["name"]: one for one in reading.describe(self.actor)["objects"]}
        for name in NAMES:
            may = self.company.may(self.who, name, "read")
            self.tally.same(name in told, may, self.who, "catalog", name)
            if not may:
                for ask in (
                    lambda: reading.query(name, actor=self.actor), lambda: reading.aggregate(name, actor=self.actor), lambda: reading.counts([(name, None)], actor=self.actor),  # noqa: B023
                    lambda: many.settle(self.actor, name, None), lambda: reading.heads(name, actor=self.actor, groups=[None], fields=["id"], limit=1),  # noqa: B023
                    lambda: exporting.check(self.actor, name, "csv"),  # noqa: B023
                ):  # fmt: skip
                    self.tally.same(refusal(ask), "no-object", self.who, name)
                continue
            levels = {one["name"]: one["level"] for one in told[name]["fields"]}
            for verb in ("create", "print", "export", "import"):
                self.tally.same(verb in told[name]["verbs"], self.company.may(self.who, name, verb), self.who, name, "catalog", verb)
            for one in VARIED.get(name, ()):
                self.tally.same(levels.get(one, "hidden"), self.company.level(self.who, name, one), self.who, name, one)

    def lists(self) -> None:
        """List, count, figures, search, pages of many, live and the bin name the same records, and no others."""
        for name in NAMES:
            if not self.company.may(self.who, name, "read"):
                self.tally.ids(self.all(name), self.found(name), set(), self.who, name, "search")
                continue
            seen, where, all_ = self.company.living(self.who, name), self.where(name), self.all(name)
            rows = reading.query(name, actor=self.actor, where=where, fields=["id"], limit=200, count="exact", reach="update")
            self.tally.ids(all_, [row["id"] for row in rows.rows], seen, self.who, name, "list")
            for kind, count in (
                ("count", rows.count), ("counts", reading.counts([(name, where)], actor=self.actor)[0][0]),
                ("total", reading.aggregate(name, actor=self.actor, where=where).rows[0]["count"]),
                ("estimate", reading.query(name, actor=self.actor, where=where, fields=["id"], limit=1, count="estimate").count),
                ("groups", sum(row["count"] for row in reading.aggregate(name, actor=self.actor, where=where, group_by=["created_at:year"]).rows)),
            ):  # fmt: skip
                self.tally.same(count, len(seen), self.who, name, kind)
            writable = {one.id for one in self.company.of(name) if self.company.writes(self.who, one)}
            self.tally.ids(seen, [row["id"] for row in rows.rows if row["reach"]], writable & seen, self.who, name, "reach")
            self.tally.ids(all_, many.unpack(many.settle(self.actor, name, where)), seen, self.who, name, "bulk")
            self.tally.ids(all_, [row["id"] for part in reading.heads(name, actor=self.actor, groups=[where], fields=["id"], limit=100) for row in part.rows], seen, self.who, name, "board")
            day = reading.guard_of(self.actor).catalog.settings.today
            held = reading.days(name, actor=self.actor, on="created_at", days=[day], where=where, fields=["id"], limit=100)
            self.tally.ids(all_, [row["id"] for part in held for row in part.rows], seen, self.who, name, "calendar")
            self.tally.ids(all_, self.found(name), seen if name in SEARCHED and self.titled(name) else set(), self.who, name, "search")
            heard = watching.changed({name: all_}, actor=self.actor, objects=None, shown=())
            self.tally.ids(all_, [one.id for one in heard if not one.deleted], seen, self.who, name, "live")
            gone = {one.id for one in self.company.of(name, binned=True) if one.binned and self.company.reads(self.who, one)}
            self.tally.ids(all_, [one.id for one in heard if one.deleted], gone, self.who, name, "live, gone")
            self.bin(name, gone)
            self.called(name, seen)

    def bin(self, name: str, gone: set[UUID]) -> None:
        if not self.company.may(self.who, name, "restore"):
            self.tally.same(refusal(lambda: reading.query(name, actor=self.actor, deleted=True)), "not-found", self.who, name, "bin")
            return
        rows = reading.query(name, actor=self.actor, where=self.where(name), fields=["id"], limit=200, deleted=True).rows
        self.tally.ids(self.all(name), [row["id"] for row in rows], gone, self.who, name, "bin")

    def titled(self, name: str) -> bool:
        return self.company.plain(self.who, name, TITLE.get(name, "name"))

    def found(self, name: str) -> list[UUID]:
        return [hit.id for hit in finding.search(self.company.word, actor=self.actor, objects=[name], limit=200)]

    def called(self, name: str, seen: set[UUID]) -> None:
        """Names, pickers and what is meant by a name."""
        wanted = seen if self.titled(name) else set()
        self.tally.ids(self.all(name), reading.names({name: self.all(name)}, actor=self.actor), wanted, self.who, name, "names")
        latest = reading.latest([name], actor=self.actor, limit=100)
        self.tally.ids(self.all(name), [one.id for one in latest], wanted, self.who, name, "latest")
        if name in ("book", "prospect", "author"):
            texts = {one.values["name"]: one.id for one in self.company.of(name, binned=True)}
            meant = lookup.records(self.actor, name, list(texts))
            self.tally.ids(self.all(name), [one.id for held in meant.values() for one in held], wanted, self.who, name, "lookup")

    # -- which words and numbers ---------------------------------------------------------------------------------------
    def words(self) -> None:
        """A word of a field finds a record for whoever may read that field of it; and of a phone its tail."""
        for name, fields in WORDED.items():
            for thing in self.company.of(name)[:4]:
                for one in [one for one in fields if thing.values[one]]:
                    hits = {hit.id for hit in finding.search(thing.values[one], actor=self.actor, objects=[name])} if self.company.may(self.who, name, "read") else set()
                    shown = self.company.reads(self.who, thing) and self.company.plain(self.who, name, one) and not self.company.veiled(self.who, thing, one)
                    self.tally.same(thing.id in hits and not shown, False, self.who, thing, one, "found by what may not be read")

    def figures(self) -> None:
        """Sums and groups are those of the records one sees, and of what one sees of them."""
        for name, fields in NUMBERS.items():
            if not self.company.may(self.who, name, "read"):
                continue
            seen = [one for one in self.company.of(name) if self.company.reads(self.who, one)]
            for one in fields:
                if self.company.plain(self.who, name, one):
                    total = sum(float(thing.values[one]) for thing in seen if not self.company.veiled(self.who, thing, one))
                    found = reading.aggregate(name, actor=self.actor, where=self.where(name), measures=[f"sum:{one}"]).rows[0][f"sum:{one}"]
                    self.tally.same(float(found or 0), total, self.who, name, one, "sum")
        if self.company.may(self.who, "book", "read") and self.company.plain(self.who, "book", "status"):
            rows = reading.aggregate("book", actor=self.actor, where=self.where("book"), group_by=["status"]).rows
            seen = [one for one in self.company.of("book") if self.company.reads(self.who, one)]
            for status in ("draft", "published"):
                self.tally.same(sum(row["count"] for row in rows if row["status"] == status), sum(one.values["status"] == status for one in seen), self.who, "group", status)

    # -- one record ----------------------------------------------------------------------------------------------------
    def records(self, turn: int) -> None:
        """Records alone, every third of them: there or not, and every field as its level says."""
        for thing in self.company.things[turn % 3 :: 3]:
            sees = not thing.binned and self.company.may(self.who, thing.object, "read") and self.company.reads(self.who, thing)
            try:
                row = reading.get(thing.object, thing.id, actor=self.actor)
            except NotFound:
                row = None
            self.tally.same(row is not None, sees, self.who, thing, "get")
            if row is not None:
                self.fields(thing, row, "get")

    def fields(self, thing: Thing, row: dict[str, Any], way: str, asked: bool = False) -> None:
        """`asked`: the columns were named, so that which of them there are says nothing."""
        for one in VARIED.get(thing.object, ()):
            level, value = self.company.level(self.who, thing.object, one), thing.values.get(one)
            if asked and one not in row:
                continue
            if not asked:
                self.tally.same(one in row, level != "hidden", self.who, thing, one, way)
            shown = str(row.get(one, ""))
            if isinstance(value, Thing):
                value = str(value.id)
            elif isinstance(value, list):
                value = str(value[0].id) if value else ""
            elif one in ("editor", "owner"):
                value = str(self.cast.users.get((thing.owner if one == "owner" else value) or "", ""))
            elif thing.about is not None and one == thing.about.object:
                value = str(thing.about.id)
            if not value or one in ("status", "everyone", "people") or len(str(value)) < 3:
                continue
            plain = level in ("read", "write") and not self.company.veiled(self.who, thing, one)
            if one in LINKS and plain:
                target = value_of(thing, one)
                plain = target is None or (self.company.may(self.who, target.object, "read") and not target.binned and self.company.reads(self.who, target))
            self.tally.same(str(value).lower() in shown.lower(), plain, self.who, thing, one, way, level, shown)

    def told(self, thing: Thing) -> None:
        """History, timeline, explanation, team and attachments of one record."""
        sees = self.company.may(self.who, thing.object, "read") and self.company.reads(self.who, thing)
        gone = "not-found" if self.company.may(self.who, thing.object, "read") else "no-object"
        sees = sees and (not thing.binned or self.company.may(self.who, thing.object, "restore"))
        for ask in (telling.history, telling.timeline, telling.explain, telling.team):
            self.tally.same(refusal(lambda: ask(thing.object, thing.id, actor=self.actor)), "" if sees else gone, self.who, thing, ask.__name__)  # type: ignore[operator] # noqa: B023
        if not sees:
            return
        said = telling.explain(thing.object, thing.id, actor=self.actor)
        for verb in ("update", "delete"):
            self.tally.same(said["verbs"][verb], self.company.changes(self.who, thing, verb), self.who, thing, "explain", verb)
        own = [one.given for one in self.company.own if (one.who, one.object) == (self.who, thing.object)]
        self.tally.same(sorted(one["grants"] for one in said["reasons"] if one["about"] == "own" and self.company.word in one["text"]), sorted(own), self.who, thing, "explain, own rights")
        events = telling.timeline(thing.object, thing.id, actor=self.actor, limit=200)
        around = self.around(thing)
        self.tally.ids([one.id for one in self.company.things], {one.record for one in events}, around | {thing.id}, self.who, thing, "timeline")
        for event in (*events, *telling.history(thing.object, thing.id, actor=self.actor)):
            self.event(event)
        if thing.object == "book" and not thing.binned:
            self.attachment(thing)

    def around(self, thing: Thing) -> set[UUID]:
        """What hangs on a record and is told of with it, by whom it is seen."""
        out = set()
        for one in self.company.things:
            linked = one.about is thing or (one.object == "book" and one.values.get("author") is thing)
            told = linked and not one.binned and self.company.may(self.who, one.object, "read") and self.company.reads(self.who, one)
            if told and (one.object == "comment" or self.company.plain(self.who, one.object, thing.object)):
                out.add(one.id)
        return out

    def event(self, event: telling.Told) -> None:
        thing = next((one for one in self.company.things if one.id == event.record), None)
        if thing is None:
            return
        for one in VARIED.get(thing.object, ()):
            level = self.company.level(self.who, thing.object, one)
            hidden = level == "hidden" or self.company.veiled(self.who, thing, one)
            self.tally.same(one in event.changes and hidden, False, self.who, thing, one, "event")
            if one == "groups":
                unseen = [group.id for group in self.company.of("group", binned=True) if not self.company.shows(self.who, group)]
                self.tally.same([id for id in unseen if str(id) in str(event.changes.get(one))], [], self.who, thing, "event, groups of others")
            value = thing.values.get(one)
            raw = str(value.id if isinstance(value, Thing) else self.cast.users.get(value, value) if isinstance(value, str) else value)
            if level == "masked" and value and len(raw) > 2 and not isinstance(value, list):
                self.tally.same(raw in str(event.changes.get(one)), False, self.who, thing, one, "event, masked", event.changes.get(one))

    def attachment(self, thing: Thing) -> None:
        found = next((item for item in reading.get("book", thing.id, actor=self.actor)["files"]), None)
        assert found is not None
        opened = files.open_file(self.actor, "book", thing.id, "files", UUID(found["file"]))
        self.tally.same(opened.path.read_bytes(), FILE, self.who, thing, "attachment")

    # -- fields one may not ask about ----------------------------------------------------------------------------------
    def questions(self) -> None:
        """A hidden field is a name nobody declared, a masked one is not asked about: in filters, orders, groups, sums, exports."""
        for name, fields in VARIED.items():
            if not self.company.may(self.who, name, "read"):
                continue
            for one in fields:
                level = self.company.level(self.who, name, one)
                wanted = {"hidden": "unknown-field", "masked": "masked"}.get(level, "")
                asks: list[Callable[[], Any]] = [
                    lambda: reading.query(name, actor=self.actor, where={"field": one, "op": "not empty"}, fields=["id"], limit=1),  # noqa: B023
                    lambda: reading.query(name, actor=self.actor, where={"not": {"field": one, "op": "empty"}}, fields=["id"], limit=1),  # noqa: B023
                    lambda: reading.counts([(name, {"field": one, "op": "empty"})], actor=self.actor),  # noqa: B023
                    lambda: many.settle(self.actor, name, {"field": one, "op": "empty"}),  # noqa: B023
                    lambda: reading.aggregate(name, actor=self.actor, where={"field": one, "op": "empty"}),  # noqa: B023
                    lambda: reading.heads(name, actor=self.actor, groups=[{"field": one, "op": "empty"}], fields=["id"], limit=1),  # noqa: B023
                ]  # fmt: skip
                for ask in asks:
                    self.tally.same(refusal(ask), wanted, self.who, name, one, "filter")
                if level in ("hidden", "masked"):
                    for ask in (
                        lambda: reading.query(name, actor=self.actor, sort=[one], limit=1), lambda: reading.query(name, actor=self.actor, sort=[f"-{one}"], limit=1),  # noqa: B023
                        lambda: reading.aggregate(name, actor=self.actor, group_by=[one]), lambda: reading.aggregate(name, actor=self.actor, measures=[f"distinct:{one}"]),  # noqa: B023
                        lambda: reading.aggregate(name, actor=self.actor, measures=[f"max:{one}"]),  # noqa: B023
                    ):  # fmt: skip
                        self.tally.same(refusal(ask), wanted, self.who, name, one, "order")
                if level == "hidden":
                    for ask in (lambda: reading.query(name, actor=self.actor, fields=[one], limit=1), lambda: exporting.columns(self.actor, name, [one])):  # noqa: B023
                        self.tally.same(refusal(ask), "unknown-field", self.who, name, one, "fields")
        if self.company.may(self.who, "chapter", "read") and self.company.may(self.who, "book", "read") and self.company.plain(self.who, "chapter", "book"):
            for one in VARIED["book"]:
                wanted = {"hidden": "unknown-field", "masked": "masked"}.get(self.company.level(self.who, "book", one), "")
                self.tally.same(refusal(lambda: reading.query("chapter", actor=self.actor, where={"field": f"book.{one}", "op": "not empty"}, limit=1)), wanted, self.who, "across", one)  # noqa: B023

    # -- taking out and bringing in ------------------------------------------------------------------------------------
    def export(self) -> None:
        for name, key in (("book", "code"), ("prospect", "name")):
            file = BytesIO()
            may = self.company.may(self.who, name, "read")
            code = refusal(lambda: exporting.export(self.actor, name, file, "csv", where=self.where(name), fields=[key]))  # noqa: B023
            wanted = "" if may and self.company.may(self.who, name, "export") else "forbidden" if may else "no-object"
            self.tally.same(code, wanted, self.who, name, "export")
            if not code:
                rows = [row[0] for row in csv.reader(StringIO(file.getvalue().decode("utf-8-sig")))][1:]
                ids = {one.values[key]: one.id for one in self.company.of(name, binned=True)}
                self.tally.ids(ids.values(), [ids[row] for row in rows], self.company.living(self.who, name), self.who, name, "export")

    def writing(self) -> None:
        """Many at once, each answered for itself: written, seen but not theirs, or not there. Nothing really changes."""
        for name in NAMES:
            things = self.company.of(name)
            title = WRITTEN.get(name, "name")
            if self.company.level(self.who, name, title) != "write" or not things:
                continue
            items = [door.Item(one.id, {title: one.values[title]}) for one in things]
            try:
                found = door.perform_many(name, "update", items, actor=self.actor)
            except NotFound:
                self.tally.same(self.company.may(self.who, name, "read") or self.company.may(self.who, name, "update"), False, self.who, name, "bulk")
                continue
            except Forbidden:
                self.tally.same(self.company.may(self.who, name, "update"), False, self.who, name, "bulk")
                continue
            for one, outcome in zip(things, found, strict=True):
                code = outcome.code if isinstance(outcome, Problem) else ""
                sees = self.company.may(self.who, name, "read") and self.company.reads(self.who, one)
                wanted = "" if self.company.changes(self.who, one) else "forbidden" if sees else "not-found"
                self.tally.same(code, wanted, self.who, one, "bulk update")

    def importing(self) -> None:
        """A file that says something of every book: those one may change are changed, in a dry run."""
        books = self.company.of("book")
        source = "code,pages\n" + "".join(f"{one.values['code']},{7 + one.number}\n" for one in books)
        mapping = {"columns": {"code": "code", "pages": "pages"}, "match": ["code"], "on_match": "update"}
        if not all(self.company.may(self.who, "book", verb) for verb in ("read", "import", "create", "update")):
            code = refusal(lambda: load(self.actor, "book", source, mapping, dry_run=True))
            self.tally.same(code, "forbidden" if self.company.may(self.who, "book", "read") else "no-object", self.who, "import")
            return
        report = load(self.actor, "book", source, mapping, dry_run=True)
        self.tally.count += len(books)
        assert report.updated == sum(self.company.changes(self.who, one) for one in books), (self.who, "import", report.to_json())

    # -- over HTTP -----------------------------------------------------------------------------------------------------
    def api(self, name: str, client: Client) -> None:
        told = {"HTTP_AUTHORIZATION": f"Bearer {self.cast.token(self.who)}", "HTTP_ACCEPT_LANGUAGE": "en"}
        it = reading.guard_of(self.actor).catalog.objects[name]
        may = self.company.may(self.who, name, "read")
        answer = client.get(f"/api/v1/{it.plural}", {"where": json.dumps(self.where(name)), "limit": "200", "fields": "id"}, **told)
        self.tally.same(answer.status_code, 200 if may else 404, self.who, name, "api")
        seen = self.company.living(self.who, name) if may else set()
        if may:
            self.tally.ids(self.all(name), [UUID(row["id"]) for row in answer.json()["rows"]], seen, self.who, name, "api")
        for thing in self.company.of(name, binned=True):
            answer = client.get(f"/api/v1/{it.plural}/{thing.id}", **told)
            self.tally.same(answer.status_code, 200 if thing.id in seen else 404, self.who, thing, "api")
            if thing.id in seen:
                self.fields(thing, answer.json(), "api")

    def pages(self, browser: Browser) -> None:
        """The list, the board, pickers and the pages of each book."""
        may = self.company.may(self.who, "book", "read")
        seen = self.company.living(self.who, "book") if may else set()
        titled = self.titled("book")
        all_ = self.company.of("book", binned=True)
        for url in ("/books?view=all&q=", "/books/options?q="):
            answer = browser.get(url + self.company.word)
            self.tally.same(answer.status_code, 200 if may else 404, self.who, url)
            text = answer.content.decode()
            for thing in all_:
                there = str(thing.id) in text  # a picker offers the first few; a list without names cannot be asked for one
                self.tally.same(there, thing.id in seen and (there or (titled and "options" not in url)), self.who, thing, url)
        for thing in all_[:4]:
            restored = thing.binned and may and self.company.may(self.who, "book", "restore") and self.company.reads(self.who, thing)
            for suffix, wanted in (("", thing.id in seen or restored), ("/edit", self.company.changes(self.who, thing))):
                status = browser.get(f"/books/{thing.id}{suffix}").status_code
                self.tally.same(status == 200, wanted, self.who, thing, "page", suffix, status)


def value_of(thing: Thing, one: str) -> Thing | None:
    """The record of the company that a link leads to."""
    value = thing.values.get(one)
    if isinstance(value, list):
        return value[0] if value else None
    if isinstance(value, Thing):
        return value
    return thing.about if thing.about is not None and thing.about.object == one else None
