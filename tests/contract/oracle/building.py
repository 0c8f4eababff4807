"""A made-up company in the database, written through the door by the program itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.kernel import files
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.contract.oracle.companies import COUNTS, DEPARTMENTS, GROUPS, HIDEABLE, OWNED, PEOPLE
from tests.contract.oracle.model import Company, Thing

DESK = system(DEFAULT_WORKSPACE, via="test")
NOTICED = ("book", "chapter", "prospect", "shortlist", "lead", "customer", "contact", "work_report", "plea")
FILE = b"what only readers of the book may have"


class Builder:
    """Builds one company after another over the same people, departments, roles and pools; records are new each time."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.number = count(1)
        self.marks = count(10_000)
        self.roles = [self._new("role", name=f"角色{n}", grants={}) for n in range(4)]
        first = {name: people.newest(DEFAULT_WORKSPACE).pools_of(name)[0].id for name in ("prospect", "lead")}
        self.pools = [first["prospect"], self._new("pool", name="第二池", object_name="prospect"), first["lead"]]
        self.own: list[UUID] = []
        self.file = files.upload(cast.actor("admin"), "附件.txt", [FILE])

    def _new(self, object: str, /, **changes: Any) -> UUID:
        return door.perform(object, "create", actor=DESK, changes=changes).id

    def _set(self, object: str, id: UUID, /, **changes: Any) -> None:
        door.perform(object, "update", actor=DESK, id=id, changes=changes)

    def _do(self, name: str, verb: str, items: list[door.Item]) -> list[Any]:
        out = door.perform_many(name, verb, items, actor=DESK)
        for one in out:
            if isinstance(one, Problem):
                raise one
        return out

    def build(self, company: Company) -> Company:
        """Write it; its things know their ids and values afterwards."""
        number = next(self.number)
        company.word = f"zx{chr(97 + number // 676 % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}q{number}"
        self._people(company)
        self._own(company)
        for id in self.pools:
            self._set("pool", id, enabled=True, kind="visible", everyone=True, hidden=[], business="warn", daily_limit=0, cap=0, total_cap=0, settings=None)
        for name in ("author", "book", "chapter", "prospect", "call", "shortlist", "jotting", "lead", "comment", "customer", "contact", "work_report", "plea", "group"):
            self._things(company, name)
        self._settle(company)
        return company

    def _people(self, company: Company) -> None:
        users, departments = self.cast.users, self.cast.departments
        everyone = [door.Item(users[name], {"superior": None, "department": None, "departments": None}) for name in PEOPLE]
        self._do("user", "update", everyone)
        self._do("department", "update", [door.Item(departments[name], {"above": None}) for name in DEPARTMENTS])
        ids = {name: str(one) for name, one in departments.items()}
        found = [door.Item(departments[n], {"above": ids.get(company.above[n] or ""), "head": users.get(company.heads[n] or "")}) for n in DEPARTMENTS]
        self._do("department", "update", found)
        told = [{name: {**grant, "departments": [ids[d] for d in grant.get("departments", ())]} for name, grant in role.items()} for role in company.roles]
        self._do("role", "update", [door.Item(id, {"grants": grants}) for id, grants in zip(self.roles, told, strict=True)])
        held = []
        for one in company.people.values():
            changes: dict[str, Any] = {"roles": [self.roles[r] for r in one.roles], "department": departments.get(one.department or "")}
            held.append(door.Item(users[one.name], changes | {"departments": [departments[d] for d in one.others], "superior": users.get(one.superior or "")}))
        self._do("user", "update", held)

    def _own(self, company: Company) -> None:
        """What single people are given and what is taken from them; that of the company before is over."""
        self._do("own_right", "delete", [door.Item(id) for id in self.own])
        changes = [
            {"user": self.cast.users[one.who], "object_name": one.object, "deed": one.verb, "effect": "given" if one.given else "taken", "reach": one.reach, "reason": company.word}
            for one in company.own
        ]  # fmt: skip
        self.own = [one.id for one in self._do("own_right", "create", [door.Item(changes=one) for one in changes])]

    def _things(self, company: Company, name: str) -> None:
        things = [one for one in company.things if one.object == name]
        for one in things:
            one.values = self._values(company, one)
        made = self._do(name, "create", [door.Item(changes=self._changes(company, one)) for one in things])
        for one, result in zip(things, made, strict=True):
            one.id = result.id

    def _values(self, company: Company, one: Thing) -> dict[str, Any]:
        mark = next(self.marks)
        called = f"{company.word} {one.object} {one.number}"
        out: dict[str, Any] = {"text": called} if one.object == "comment" else {} if one.object == "work_report" else {"name": called}
        if one.object == "author":
            out |= {"royalty": f"{mark % 97}.5", "country": f"国{mark}"}
        if one.object == "book":
            authors = company.of("author", binned=True)
            author = one.values["author"]
            out |= {
                "code": f"C{mark}", "cost": mark, "price": mark + 1, "phones": f"138{mark:08d}", "email": f"e{mark}@x.cn", "discount": mark % 89, "summary": f"su{mark}mm",
                "status": one.values["status"], "editor": one.values["editor"], "author": authors[author] if author is not None else None, "co_authors": authors[:2],
            }  # fmt: skip
        if one.object == "chapter":
            out["body"] = f"正文{mark}"
        if one.object == "prospect":
            out |= {"phones": f"139{mark:08d}", "secret": f"se{mark}cr", "amount": mark}
        if one.object in ("customer", "contact"):
            out |= {"phones": f"13{6 if one.object == 'customer' else 5}{mark:08d}", "description": f"de{mark}sc"}
        if one.object == "work_report":  # of a day of its own: there is one for each
            out |= {"kind": "day", "day": str(date(1990, 1, 1) + timedelta(days=mark)), "done": f"do{mark}ne", "plan": f"pl{mark}an"}
        if one.object == "plea":
            out |= {"kind": "join", "note": f"no{mark}te"}
        if one.object == "lead":
            out |= {"phones": f"137{mark:08d}", "company": f"co{mark}mp"}
        if one.object in ("customer", "contact", "lead"):
            out["groups"] = [company.of("group", binned=True)[n] for n in one.grouped]
        if one.object == "group":
            name, by = GROUPS[one.number]
            about = (1, 2)  # neither of the two leads that become one
            said = " or ".join(f'{by} contains "{company.of(name, binned=True)[n].values[by]}"' for n in about) if by not in ("", "me") else "owner = me" if by else None
            out |= {"object_name": name, "kind": "dynamic" if by else "static", "condition": said, "by": by if by != "me" else "", "about": about}
        return out

    def _changes(self, company: Company, one: Thing) -> dict[str, Any]:
        users, departments = self.cast.users, self.cast.departments
        out = {name: value for name, value in one.values.items() if name not in ("groups", "by", "about")}
        if one.object in OWNED:
            out["owner"] = users.get(one.owner or "")
        if one.pool is not None:
            out["owner"] = users["admin"]
        if one.object == "book":
            out |= {"author": one.values["author"] and one.values["author"].id, "editor": users.get(one.values["editor"] or ""), "co_authors": [a.id for a in one.values["co_authors"]]}
        if one.object == "book":
            out["files"] = [self.file]
        if one.about is not None and one.object != "comment":
            out[one.about.object] = one.about.id
        if one.object == "comment" and one.about is not None:
            out |= {"object_name": one.about.object, "record": str(one.about.id)}
        if one.object == "work_report":
            out["readers"] = [users[n] for n in one.shared["people"]]
        if one.object == "plea":
            out |= {"to": [users[n] for n in one.shared["people"]], "object_name": "lead", "record": str(company.of("lead", binned=True)[0].id)}
        if one.object in ("shortlist", "group"):
            shared = one.shared
            out |= {"everyone": shared["everyone"], "people": [users[n] for n in shared["people"]], "roles": [self.roles[r] for r in shared["roles"]]}
        if one.object == "shortlist":
            out["units"] = [departments[d] for d in shared["units"]]
        return out

    def _settle(self, company: Company) -> None:
        """Teams, groups, pools, the bin, and what the pools are like."""
        users = self.cast.users
        for name in ("book", "prospect", "lead", "customer"):
            self._do(name, "update", [door.Item(one.id, {n: f"{v}" for n, v in one.values.items() if n in ("summary", "secret")}) for one in company.of(name, binned=True)])
            members = [(one, who, level) for one in company.of(name, binned=True) for who, level in one.team.items()]
            over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
            shared = [door.Item(one.id, inputs={"user": users[who], "level": "write", "until": over} if level == "over" else {"user": users[who], "level": level}) for one, who, level in members]
            for item in shared:
                self._do(name, "share", [item])
        for name in ("customer", "lead", "contact"):
            for group in company.of("group", binned=True):
                self._do(name, "join_group", [door.Item(one.id, inputs={"group": group.id}) for one in company.of(name, binned=True) if group in one.values["groups"]])
        for name in ("prospect", "lead"):
            lying = [door.Item(one.id, inputs={"reason": "no_need", "pool": self.pools[one.pool]}) for one in company.of(name, binned=True) if one.pool is not None]
            self._do(name, "return_to_pool", lying)
        for name in ("group", "comment", "plea", "work_report", "contact", "customer", "jotting", "shortlist", "call", "chapter", "lead", "prospect", "book"):  # what hangs on others first
            gone = [one for one in company.things if one.object == name and one.binned]
            self._do(name, "delete", [door.Item(one.id) for one in gone])
        for one in company.things:
            one.binned = one.binned or (one.about is not None and one.about.binned and one.object != "comment")
        for one in company.of("author", binned=True):
            if one.binned:
                one.binned = not self._gone(one)
        self._merge(company)
        self._notices(company)
        for place, pool in enumerate(company.pools):
            self._pool(self.pools[place], pool)

    def _merge(self, company: Company) -> None:
        """The last lead becomes part of the first, if both are there: it is in no list any more, and its team joins the other's. Of
        values the first has none of it takes the last's, its owner too: who has somebody's lies in no pool. It is in the groups both were in."""
        first, last = (company.of("lead", binned=True)[n] for n in (0, -1))
        if first.binned or last.binned:
            return
        for key in ("phones", "company"):  # what is left of the other's values is not asked about
            first.values[key] = ""
        door.perform("lead", "merge", actor=DESK, id=first.id, inputs={"others": [str(last.id)]})
        last.binned = True
        first.values["groups"] = [*first.values["groups"], *(one for one in last.values["groups"] if one not in first.values["groups"])]
        if first.owner is None and last.owner is not None:
            first.owner, first.pool = last.owner, None
        for who, level in last.team.items():
            first.team[who] = max(level, first.team.get(who, "over"), key=("over", "read", "write").index)

    def _notices(self, company: Company) -> None:
        """Everybody is told of a record of each object, whether they see it or not."""
        for place, who in enumerate(PEOPLE):
            about = [company.of(name, binned=True)[place % COUNTS[name]] for name in NOTICED]
            changes = [{"kind": "assigned", "tab": "system", "object_name": one.object, "record": str(one.id), "owner": self.cast.users[who], "count": 1} for one in about]
            made = self._do("notice", "create", [door.Item(changes=one) for one in changes])
            company.notices[who] = {one.id: thing for one, thing in zip(made, about, strict=True)}

    def _gone(self, one: Thing) -> bool:
        """Whether an author is still there: books protect theirs."""
        door.perform_many("author", "delete", [door.Item(one.id)], actor=DESK)
        return bool(reading.query("author", actor=DESK, where={"field": "id", "op": "=", "value": str(one.id)}, fields=["id"]).rows)

    def _pool(self, id: UUID, pool: Any) -> None:
        users = self.cast.users
        self._set(
            "pool", id, enabled=pool.enabled, kind=pool.kind, everyone=pool.everyone, people=[users[n] for n in pool.people], roles=[self.roles[r] for r in pool.roles],
            units=[self.cast.departments[d] for d in pool.units], admins=[users[n] for n in pool.admins], admin_roles=[self.roles[r] for r in pool.admin_roles],
            hidden=[one for one in pool.hidden if one in HIDEABLE[pool.object]],
        )  # fmt: skip
