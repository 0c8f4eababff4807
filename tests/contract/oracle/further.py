"""What is made of records elsewhere: merging, the bell, composite search, dashboards, counts of lists, printing, requests, attachments."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from guanxi.base.text import T
from guanxi.kernel import files, jobs
from guanxi.kernel.declare import conditions
from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.records import door, figures, inquiring, merging, notices, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.contract.oracle.model import Thing
from tests.contract.oracle.ways import Asker, refusal
from tests.kernel.tools import events
from tests.surfaces.web.browser import Browser

INQUIRED = {"book": ("name", "summary"), "prospect": ("name", "secret"), "lead": ("company",), "customer": ("name",), "contact": ("name",)}
"""By object the fields that composite search is asked to look in."""
MERGED = ("lead", "customer", "contact")
DRAWN = {"book": ("status", "owner"), "prospect": ("owner",), "customer": ("owner",), "work_report": ("owner",)}


class Further:
    """One person of one company."""

    def __init__(self, asker: Asker) -> None:
        self.asker, self.company, self.who, self.actor, self.tally = asker, asker.company, asker.who, asker.actor, asker.tally

    def sees(self, thing: Thing) -> bool:
        return not thing.binned and self.company.may(self.who, thing.object, "read") and self.company.reads(self.who, thing)

    # -- composite search ------------------------------------------------------------------------------------------------
    def inquiries(self) -> None:
        """A list of words looked for in one field: found are the records seen whose field is seen, nothing else; and what is missing
        is said of all that was not found."""
        for name, fields in INQUIRED.items():
            for one in fields:
                things = [thing for thing in self.company.of(name, binned=True) if thing.values[one]][:9]
                texts = {thing.values[one]: thing for thing in things}
                how = "any" if one in ("summary", "company") else "exact"
                asked = inquiring.Asked(list(texts), how=how, objects=[name], fields={name: [one]})
                wanted = "no-object" if not self.company.may(self.who, name, "read") else "" if self.company.plain(self.who, name, one) else "unknown"
                code = refusal(lambda: inquiring.inquire(asked, actor=self.actor))  # noqa: B023
                self.tally.same(code, wanted, self.who, name, one, "composite search")
                if code:
                    continue
                answer = inquiring.inquire(asked, actor=self.actor)
                seen = {thing.id for thing in things if self.sees(thing) and not self.company.veiled(self.who, thing, one)}
                self.tally.ids([thing.id for thing in things], [row.id for group in answer.groups for row in group.rows], seen, self.who, name, one, "composite search")
                missing = {text for text, thing in texts.items() if thing.id not in seen}
                self.tally.same(set(answer.missing), missing, self.who, name, one, "composite search, missing")
                for group in answer.groups:
                    rows = reading.query(name, actor=self.actor, where=group.where, fields=["id"], limit=100).rows
                    self.tally.ids([thing.id for thing in things], [row["id"] for row in rows], seen, self.who, name, one, "composite search, list")

    # -- merging ---------------------------------------------------------------------------------------------------------
    def merges(self) -> None:
        """Two records side by side are shown to who sees both; they become one only where one may be changed, the other deleted, and all that
        would follow be changed too. Who may not changes nothing; who may is undone."""
        for name in MERGED:
            things = self.company.of(name, binned=True)
            for first, second in ((things[0], things[1]), (things[2], things[1])):
                both = self.sees(first) and self.sees(second)
                code = refusal(lambda: merging.compare(name, [first.id, second.id], actor=self.actor))  # noqa: B023
                self.tally.same(code, "" if both else "not-found" if self.company.may(self.who, name, "read") else "no-object", self.who, first, second, "compare")
                may = both and self.company.changes(self.who, first, "update") and self.company.changes(self.who, second, "delete") and all(self.company.changes(self.who, one) for one in self.following(second))
                if both:
                    found = merging.compare(name, [first.id, second.id], actor=self.actor)
                    self.tally.same(not found.obstacles, may, self.who, first, second, "obstacles", found.obstacles)
                    for thing, row in zip((first, second), found.rows, strict=True):
                        if thing.values.get("phones"):
                            self.asker.fields(thing, dict(row), "compare")
                    seen = sum(self.sees(one) for one in self.following(second) if one.object == "contact")
                    self.tally.same(sum(count for it, count in found.moves if it.name == "contact"), seen, self.who, first, second, "moves")
                self.merge(name, first, second, may)

    def following(self, thing: Thing) -> list[Thing]:
        """What would be moved to another record if this one were merged into it, and is not moved for free."""
        return [one for one in self.company.of("contact") if one.about is thing]

    def merge(self, name: str, first: Thing, second: Thing, may: bool) -> None:
        """Refused in earnest, and then nothing has happened; done only to be undone. A record that has nobody takes over whose the other is, and may
        leave the reach of whoever merges by that: then it is refused as anything is that would."""

        def perform() -> None:
            door.perform(name, "merge", actor=self.actor, id=first.id, inputs={"others": [str(second.id)]})

        if may:
            with jobs.rehearsal(DEFAULT_WORKSPACE):
                code = refusal(perform)
            leaves = first.owner is None and second.owner is not None
            self.tally.same(code in ("", "out-of-scope") if leaves else code == "", True, self.who, first, second, "merge", code)
            return
        before = events()
        self.tally.same(refusal(perform) != "", True, self.who, first, second, "merged without the right")
        self.tally.same(events(), before, self.who, first, second, "a refused merge left events")

    # -- the bell --------------------------------------------------------------------------------------------------------
    def bell(self) -> None:
        """Everybody reads their own notices and nobody else's, and in them the names of records they see now."""
        own = self.company.notices[self.who]
        everyone = [id for held in self.company.notices.values() for id in held]
        where = {"field": "id", "op": "in", "value": [str(one) for one in everyone]}
        rows = reading.query("notice", actor=self.actor, where=where, fields=["id"], limit=200).rows
        self.tally.ids(everyone, [row["id"] for row in rows], set(own), self.who, "notices")
        for id in everyone:
            self.tally.same(refusal(lambda: notices.one(self.actor, id)), "" if id in own else "not-found", self.who, "notice")  # noqa: B023
        shown = {one.id: one for one in notices.shown(self.actor, limit=100)[0] if one.id in own}
        self.tally.same(set(shown), set(own), self.who, "bell")
        for id, thing in own.items():
            title = str(thing.values.get("name") or "")
            named = self.sees(thing) and self.asker.titled(thing.object)
            self.tally.same(shown[id].record is not None, named, self.who, thing, "bell leads there")
            if title:
                self.tally.same(title in shown[id].text.zh, named, self.who, thing, "bell", shown[id].text.zh)

    # -- dashboards ------------------------------------------------------------------------------------------------------
    def drawn(self) -> None:
        """A group of a widget, and its sum, lead to a list that holds as many records, all of them seen."""
        asked = [(name, one) for name, fields in DRAWN.items() for one in fields]
        within = {name: conditions.to_text(conditions.from_json(self.asker.where(name))) for name in DRAWN}
        widgets = [Widget("bar", T("图", "Chart"), name, group_by=(one,), where=within[name]) for name, one in asked]
        for (name, one), found in zip(asked, figures.draw(widgets, figures.Frame(), actor=self.actor), strict=True):
            may = self.company.may(self.who, name, "read") and self.company.plain(self.who, name, one)
            self.tally.same(found.problem is None, may, self.who, name, one, "widget")
            if not may or found.total is None:
                continue
            seen = self.company.living(self.who, name)
            self.tally.same(found.total.numbers[0], len(seen), self.who, name, one, "widget, total")
            for line in (*found.lines, found.total):
                rows = reading.query(name, actor=self.actor, where=line.where, fields=["id"], limit=200).rows
                self.tally.same(len(rows), line.numbers[0], self.who, name, one, "drill", line.where)
                self.tally.same({row["id"] for row in rows} <= seen, True, self.who, name, one, "drill leads beyond")

    def counted(self, browser: Browser) -> None:
        """The number beside a list of many."""
        for name, plural in (("book", "books"), ("prospect", "prospects")):
            may = self.company.may(self.who, name, "read")
            where = conditions.to_text(conditions.from_json(self.asker.where(name)))
            answer = browser.get(f"/{plural}/count", {"view": "all", "where": where})
            self.tally.same(answer.status_code, 200 if may else 404, self.who, name, "count")
            if may:
                number = re.search(r"\d+", re.sub(r"<[^>]*>", " ", answer.content.decode()))
                self.tally.same(int(number[0]) if number else 0, len(self.company.living(self.who, name)), self.who, name, "count")

    # -- printing --------------------------------------------------------------------------------------------------------
    def printed(self, browser: Browser, turn: int) -> None:
        """A record as a file is for whoever sees it and may print such; a list of what one may not print says so on paper."""
        name, plural = (("book", "books"), ("customer", "customers"), ("contact", "contacts"))[turn % 3]
        thing = self.company.of(name, binned=True)[turn % 4]
        may = self.company.may(self.who, name, "print")
        binned = thing.binned and self.company.may(self.who, name, "restore") and self.company.may(self.who, name, "read") and self.company.reads(self.who, thing)
        status = browser.get(f"/{plural}/{thing.id}/record.pdf").status_code
        self.tally.same(status, (200 if may else 403) if self.sees(thing) or binned else 404 if may or not self.company.may(self.who, name, "read") else 403, self.who, thing, "print")
        if self.company.may(self.who, "customer", "read"):
            page = browser.get("/customers?view=all").content.decode()
            self.tally.same('class="unprinted"' in page, not self.company.may(self.who, "customer", "print"), self.who, "customer", "a list on paper")

    # -- requests and attachments ----------------------------------------------------------------------------------------
    def pleas(self) -> None:
        """Who was not asked decides nothing."""
        before = events()
        for thing in self.company.of("plea", binned=True):
            if self.who in thing.shared["people"] and self.sees(thing):
                continue
            for verb, inputs in (("accept", {}), ("decline", {"answer": "不"})):
                code = refusal(lambda: door.perform("plea", verb, actor=self.actor, id=thing.id, inputs=inputs))  # noqa: B023
                self.tally.same(code, "forbidden" if self.sees(thing) else "not-found", self.who, thing, verb)
        self.tally.same(events(), before, self.who, "pleas, happened all the same")

    def attachments(self, file: Any) -> None:
        """A book's file is given to whoever sees the book, and by no other field, object or record."""
        for thing in self.company.of("book", binned=True):
            gone = "not-found" if self.company.may(self.who, "book", "read") else "no-object"
            code = refusal(lambda: files.open_file(self.actor, "book", thing.id, "files", UUID(file["file"])))  # noqa: B023
            self.tally.same(code, "" if self.sees(thing) else gone, self.who, thing, "attachment")
            self.tally.same(refusal(lambda: files.open_file(self.actor, "book", thing.id, "summary", UUID(file["file"]))), gone, self.who, thing, "attachment of no file field")  # noqa: B023
        for thing in self.company.of("customer"):
            code = refusal(lambda: files.open_file(self.actor, "customer", thing.id, "files", UUID(file["file"])))  # noqa: B023
            self.tally.same(code, "not-found" if self.company.may(self.who, "customer", "read") else "no-object", self.who, thing, "attachment of another record")


def ask(asker: Asker, file: Any, browser: Browser | None, turn: int) -> None:
    further = Further(asker)
    further.inquiries()
    further.merges()
    further.bell()
    further.drawn()
    further.pleas()
    further.attachments(file)
    if browser is not None:
        further.counted(browser)
        further.printed(browser, turn)
