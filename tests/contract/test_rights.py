"""Every object × verb × person × way in: allowed or denied as a second, independent reading of the rules says.

The oracle below knows roles, departments, owners and teams from the declarations alone; it shares no code with
`guanxi.kernel.access`. On deny nothing changed and no event exists; on allow there is exactly one event of that verb.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.kernel.access.actor import system
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import (
    AutoNumber,
    Boolean,
    Choice,
    Date,
    DateTime,
    Field,
    Integer,
    Json,
    Link,
    Links,
    Money,
    MultiChoice,
    Number,
    Owner,
    Phone,
    Tags,
)
from guanxi.kernel.declare.objects import BUILT_IN, READING, Definition
from guanxi.kernel.records import door, finding, people, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PEOPLE, Cast
from tests.kernel.tools import events, events_of, state

DESK = system(DEFAULT_WORKSPACE, via="test")
ALIKE = ("teammate", "junior")
"""Whose rights are like the owner's; how far scopes reach between them is told by test_oracle.py."""
ASKED = [person for person in PEOPLE if person not in ALIKE]
OBJECTS = sorted(REGISTRY.objects)

# -- the oracle --------------------------------------------------------------------------------------------------------

ABOVE = {"总部": None, "销售部": "总部", "二组": "销售部", "市场部": "总部"}


def _under(department: str) -> set[str]:
    out = {department}
    while more := {d for d, above in ABOVE.items() if above in out} - out:
        out |= more
    return out


def _scope(person: str, scope: str) -> set[str] | None:
    """Whose records a scope reaches; None for everybody's."""
    home = PEOPLE[person][2]
    same = {p for p, (_, _, d) in PEOPLE.items() if d == home}
    below = {p for p, (_, _, d) in PEOPLE.items() if d in _under(home)}
    return {"none": set(), "own": {person}, "reports": {person}, "department": same | {person}, "below": below | {person}, "all": None}[scope]


def _grant(person: str, name: str) -> dict[str, Any]:
    role = PEOPLE[person][1]
    if role == "admin":
        return {"verbs": ["*"], "read": "all", "write": "all"}
    for module in REGISTRY.modules:
        if name in module.grants.get(role, {}):
            return module.grants[role][name].to_json()
    return {}


def _holds(person: str, name: str, verb: str) -> bool:
    it = REGISTRY.objects[name]
    action = it.verbs.get(verb)
    if (action is not None and action.internal) or (verb not in it.verbs and verb not in READING):
        return False
    if verb == "read" and it.policy.read == "member":
        return True
    if it.policy.read == "pair" and verb in ("read", *PAIR_VERBS):
        names = {name for module in REGISTRY.modules for name in module.grants.get(PEOPLE[person][1], {})}
        return PEOPLE[person][1] == "admin" or any({"update", "delete"} <= set(_grant(person, one).get("verbs", [])) for one in names)
    if it.pooling is not None and verb in POOL_VERBS:
        # the first pool is everybody's, and run by the managers of sales
        runs = PEOPLE[person][1] in ("admin", "sales_manager")
        return _holds(person, name, "update") if verb in HELD else _holds(person, name, "read") and (verb == "claim" or runs)
    if it.duplicates is not None and verb in ("merge", "unmerge"):
        return _holds(person, name, "update") and _holds(person, name, "delete" if verb == "merge" else "restore")
    if it.policy.read in ("personal", "about") and verb in ("read", *BUILT_IN):
        return True
    if (it.name, verb) in OWN_VERBS:
        return True
    if (it.name, verb) in AS_UPDATE:
        return _holds(person, name, "update")
    if verb in GROUPING:
        return _holds(person, name, "read")
    return bool({verb, "*"} & set(_grant(person, name).get("verbs", [])))


@dataclass
class Made:
    """A record and what it hangs on: enough for the oracle."""

    name: str
    id: UUID
    owner: str | None
    above: dict[str, Made] = field(default_factory=dict)
    shared: tuple[str, str] | None = None
    """With whom a personal record is shared: ("", "") everyone, ("role", key), ("user", name), ("department", name)."""


def _addressed(person: str, made: Made) -> bool:
    kind, name = made.shared or ("nobody", "")
    role, home = PEOPLE[person][1:]
    return {"nobody": False, "": True, "role": role == name, "user": person == name, "department": home in _under(name) if kind == "department" else False}[kind]


OWN_VERBS = {("notice", "seen"), ("notice", "unseen"), ("notice", "all_seen"), ("announcement", "confirm"), ("consent", "withdraw"), ("plea", "accept"), ("plea", "decline"), ("user", "correct_own")}
"""What everybody may do with their own notices and their own record, and with announcements, consents and requests they read."""
AS_UPDATE = {("customer", "lose"), ("customer", "defer"), ("customer", "win_back")}
"""What whoever may change a customer may do with it."""
GROUPING = ("join_group", "leave_group")
"""What whoever may read a record may do with it."""
PAIR_VERBS = ("dismiss", "postpone", "reopen")
POOL_VERBS, HELD = ("claim", "distribute", "move_pool", "return_to_pool", "recall", "lock", "unlock"), ("return_to_pool", "lock", "unlock")


def _deletes(person: str, made: Made) -> bool:
    """What others said is taken away by whom a role lets delete it."""
    grant = _grant(person, made.name)
    scope = _scope(person, grant.get("write", grant.get("read", "own"))) if {"*", "delete"} & set(grant.get("verbs", ())) else set()
    return scope is None or made.owner in scope


def _reaches(person: str, made: Made, kind: str, verb: str = "update") -> bool:
    it = REGISTRY.objects[made.name]
    if kind == "write" and verb == "update" and it.policy.kept and not {"*", "amend"} & set(_grant(person, made.name).get("verbs", ())):
        return False  # written by the program, so nobody here is its author
    if kind == "write" and verb in GROUPING:
        return _reaches(person, made, "read")
    if kind == "write" and it.pooling is not None and verb == "recall":
        return _reaches(person, made, "read")  # whoever runs the pool takes back what they see, whoever may change it
    if kind == "write" and it.pooling is not None and verb in POOL_VERBS and verb not in HELD:
        return False  # nothing here lies in a pool
    if kind == "write" and (made.name, verb) == ("user", "correct_own"):
        return False  # the records made here are of nobody who asks
    if it.policy.read == "personal":
        grant = _grant(person, made.name)
        granted = {"*", "read" if kind == "read" else verb} & set(grant.get("verbs", ()))
        scope = _scope(person, grant.get(kind, "own")) if granted else set()
        if (made.name, verb) in (("announcement", "confirm"), ("plea", "accept"), ("plea", "decline")):
            kind = "read"
        managed = made.shared is not None and (scope is None or made.owner in scope)
        return made.owner == person or managed or (kind == "read" and _addressed(person, made))
    if it.policy.read == "about":
        return _reaches(person, made.above["record"], "read") and (kind == "read" or (made.name, verb) in OWN_VERBS or made.owner == person or (verb == "delete" and _deletes(person, made)))
    if it.policy.read == "pair":
        return _holds(person, "lead", "merge") and all(_reaches(person, made.above[side], "read") for side in ("record", "other"))
    if kind == "read":
        if it.policy.read == "member":
            return True
        if not _holds(person, made.name, "read"):
            return False
        if it.policy.read == "role":
            return True
    else:
        if not _reaches(person, made, "read"):
            return False
        if it.policy.write == "role":
            return True
    grant = _grant(person, made.name)
    scope = _scope(person, grant.get(kind, grant.get("read", "own")) if kind == "write" else grant.get("read", "own")) if grant else set()
    if scope is None:
        return True
    if "owner" in it.fields and made.owner in scope:
        return True
    if kind == "read" and it.policy.readers and _addressed(person, made):
        return True
    if kind == "read" or "owner" not in it.fields:
        return any(_reaches(person, made.above[link], kind) for link in it.policy.through if link in made.above)
    return False


def verdict(person: str, made: Made, verb: str) -> str:
    """"allow", "forbidden" (seen, but not this) or "absent"."""
    reads = _holds(person, made.name, "read")
    if (not reads and not _holds(person, made.name, verb)) or verb not in (*REGISTRY.objects[made.name].verbs, *READING):
        return "absent"
    if not _holds(person, made.name, verb):
        return "forbidden"
    if verb == "create":
        return "allow"
    if not _reaches(person, made, "read"):
        return "absent"
    return "allow" if verb == "read" or _reaches(person, made, "write", verb) else "forbidden"


# -- records -----------------------------------------------------------------------------------------------------------

_count = 0
BY_RULES_ONLY = {"stage_history", "duplicate_pair", "consent"}
"""Objects whose own rule refuses everybody: the moves of a record write them, or the search for duplicates, or they are evidence."""


class Factory:
    """One valid record per object, made through the door: required fields by their type, links by making what they name."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.shared: dict[str, Made] = {}

    def value(self, it: Definition, one: Field) -> Any:
        global _count
        _count += 1
        catalog = people.newest(DEFAULT_WORKSPACE)
        one = catalog.objects[it.name].fields[one.name]
        if isinstance(one, Choice):
            return [one.options[0].key] if isinstance(one, MultiChoice) else one.options[0].key
        if isinstance(one, Phone):
            return f"1380013{_count:04d}"
        if isinstance(one, Date | DateTime):
            return "2026-12-31" if isinstance(one, Date) else "2026-01-05"
        if isinstance(one, Integer | Number | Money):
            return 1 + _count % 90
        if isinstance(one, Boolean):
            return True
        if isinstance(one, Tags):
            return ["试"]
        if isinstance(one, Json):
            return {}
        return {"email": f"a{_count}@example.com", "url": "https://example.com", "region": "440305"}.get(one.kind, f"试{_count}")

    SPECIAL: dict[str, dict[str, Any]] = {
        "custom_field": {"object_name": "author", "key": "k", "kind": "text"}, "exchange_rate": {"currency": "USD", "from_day": "day", "rate": 7},
        "role": {"grants": {}}, "dictionary_entry": {"key": "k"}, "pool": {"object_name": "prospect"}, "view": {"object_name": "author"},
        "subject_request": {"name": "人"}, "holiday": {"day": "day"}, "work_report": {"day": "day"}, "number_rule": {"pattern": "N{0000}", "active": False}, "follow_up_rule": {"active": False},
        "own_right": {"object_name": "author", "deed": "update"},
    }  # fmt: skip

    def changes(self, name: str, owner: str) -> tuple[dict[str, Any], dict[str, Made]]:
        global _count
        it = REGISTRY.objects[name]
        out: dict[str, Any] = {}
        above: dict[str, Made] = {}
        for one in it.fields.values():
            if one.system or one.readonly or one.computed is not None or isinstance(one, AutoNumber | Owner):
                continue
            if isinstance(one, Link) and (one.required or one.name in it.policy.through[:1]) and one.target != name:
                made = self.get(one.target, owner)
                out[one.name] = made.id
                if one.name in it.policy.through:
                    above[one.name] = made
            elif isinstance(one, Links) and one.required:
                out[one.name] = [self.get(one.target, owner).id]
            elif one.required and not isinstance(one, Link):
                out[one.name] = self.value(it, one)
        for key, value in self.SPECIAL.get(name, {}).items():
            _count += 1
            out[key] = f"k{_count}" if value == "k" else f"20{_count // 300 % 100:02d}-{_count // 28 % 12 + 1:02d}-{_count % 28 + 1:02d}" if value == "day" else value
        if it.policy.read == "about":
            above["record"] = self.get("book", owner)
            out |= {"object_name": "book", "record": str(above["record"].id)}
        if name == "own_right":  # of somebody new each time: a person has each right once, and nobody changes their own
            out["user"] = self.make("user", owner).id
        if name == "plea":
            out |= {"object_name": "customer", "record": str(self.make("customer", "admin").id)}
        if it.policy.read == "pair":
            above |= {"record": self.make("lead", owner), "other": self.make("lead", owner)}
            out |= {"object_name": "lead", "record": str(above["record"].id), "other": str(above["other"].id)}
        if name == "stage" or "pipeline" in it.fields:
            _pipeline(it, out)
        if "owner" in it.fields:
            out["owner"] = self.cast.users[owner]
        return out, above

    def get(self, name: str, owner: str) -> Made:
        """A record that may be shared by those that link to it."""
        if name == "user":
            return Made("user", self.cast.users[owner], None)
        key = f"{name}:{owner}"
        if key not in self.shared:
            self.shared[key] = self.make(name, owner)
        return self.shared[key]

    def make(self, name: str, owner: str, shared: tuple[str, str] | None = None) -> Made:
        it = REGISTRY.objects[name]
        if it.single:
            return Made(name, reading.query(name, actor=DESK, fields=["id"]).rows[0]["id"], None)
        changes, above = self.changes(name, owner)
        if name == "plea" and shared is None:
            shared = ("user", owner)  # somebody always decides
        if shared is not None:
            changes |= self.sharing(it, *shared)
        if ("owner",) in it.unique:
            for row in reading.query(name, actor=DESK, where={"field": "owner", "op": "=", "value": str(self.cast.users[owner])}, fields=["id"]).rows:
                door.perform(name, "delete", actor=DESK, id=row["id"])
        made = door.perform(name, "create", actor=DESK, changes=changes).id
        return Made(name, made, owner if "owner" in it.fields else None, above, shared)

    def sharing(self, it: Definition, kind: str, name: str) -> dict[str, Any]:
        """The change that shares a personal record so."""
        one = next(it.fields[n] for n in it.policy.readers if getattr(it.fields[n], "target", "") == kind)
        if not kind:
            return {one.name: True}
        role = reading.query("role", actor=DESK, where={"field": "key", "op": "=", "value": name}, fields=["id"]).rows
        return {one.name: [role[0]["id"] if kind == "role" else (self.cast.users if kind == "user" else self.cast.departments)[name]]}

    def ways(self, it: Definition) -> list[tuple[str, str] | None]:
        """The ways records of the object can be shared: none, and one of each kind."""
        found = {"": "", "role": "sales", "user": "newcomer", "department": "销售部"}
        kinds = [getattr(it.fields[n], "target", "") for n in it.policy.readers]
        return [None, *((kind, found[kind]) for kind in kinds)]


def _pipeline(it: Definition, out: dict[str, Any]) -> None:
    """A step belongs to the process of its record: take a seeded one where both are asked for."""
    found = reading.query("pipeline", actor=DESK, fields=["name"], limit=1).rows
    if "pipeline" in it.fields and "pipeline" in out and found and it.name != "stage":
        out["pipeline"] = found[0]["id"]
    if "stage" in out and found:
        out["stage"] = reading.query("stage", actor=DESK, where={"field": "pipeline", "op": "=", "value": str(out.get("pipeline", found[0]["id"]))}, fields=["name"], limit=1).rows[0]["id"]


@pytest.fixture(scope="module")
def factory(cast: Cast) -> Factory:
    return Factory(cast)


def _own_verbs(it: Definition) -> list[str]:
    return [v for v in it.verbs if v not in BUILT_IN]


def _how(cast: Cast, it: Definition, verb: str, factory: Factory) -> dict[str, Any]:
    title = it.fields[it.title]
    if verb == "update":
        if isinstance(title, AutoNumber) or title.readonly or title.computed is not None:
            other = next((f for f in it.fields.values() if f.kind in ("text", "long_text") and not f.readonly and not f.system and f.computed is None), None)
            return {"changes": {other.name: "改"}} if other is not None else {"changes": {}}
        return {"changes": {it.title: factory.value(it, title)}}
    if verb == "assign":
        return {"changes": {"owner": str(cast.users["teammate"])}}
    if verb in ("share", "unshare"):
        return {"inputs": {"user": str(cast.users["nobody"])}}
    return {}


def _outcome(ask: Any) -> str:
    try:
        ask()
    except NotFound:
        return "absent"
    except Forbidden as problem:
        return "outside" if problem.code == "out-of-scope" else "forbidden"
    except Invalid:
        return "invalid"
    except Problem as problem:
        return problem.code
    return "allow"


@pytest.mark.parametrize("name", OBJECTS)
def test_reading(cast: Cast, factory: Factory, name: str) -> None:
    """List, record, figures, search, history and export show a record to exactly those who may see it."""
    it = REGISTRY.objects[name]
    made = [factory.make(name, owner, shared) for owner in ("owner", "outsider") for shared in factory.ways(it)]
    for person in ASKED:
        actor = cast.actor(person)
        exists = _holds(person, name, "read")
        where = {"field": "id", "op": "in", "value": [str(m.id) for m in made]}
        if not exists:
            for ask in (lambda: reading.query(name, actor=actor), lambda: reading.aggregate(name, actor=actor), lambda: reading.get(name, made[0].id, actor=actor), lambda: telling.history(name, made[0].id, actor=actor)):  # noqa: B023
                assert _outcome(ask) == "absent", (person, name)
            assert name not in {o["name"] for o in reading.describe(actor)["objects"]}
        seen = {m.id for m in made if _reaches(person, m, "read")}
        if exists:
            assert {r["id"] for r in reading.query(name, actor=actor, where=where, fields=["id"]).rows} == seen, (person, name)
            assert reading.aggregate(name, actor=actor, where=where).rows[0]["count"] == len(seen)
            assert reading.query(name, actor=actor, where=where, count="exact").count == len(seen)
        for one in made:
            wanted = "allow" if one.id in seen else "absent"
            for ask in (reading.get, telling.history, telling.timeline, telling.explain):
                assert _outcome(lambda: ask(name, one.id, actor=actor)) == wanted, (person, name, ask)  # noqa: B023
        found = {h.id for h in finding.search("试", actor=actor, objects=[name], limit=100)} if exists else set()
        assert found & {m.id for m in made} <= seen
        assert not it.title or found <= {r["id"] for r in reading.query(name, actor=actor, fields=["id"], limit=200).rows} if exists else not found


@pytest.mark.parametrize("name", OBJECTS)
def test_writing(cast: Cast, factory: Factory, name: str) -> None:
    """Each verb by each person through the door: the oracle's word, one event or none."""
    it = REGISTRY.objects[name]
    for person in ASKED:
        actor = cast.actor(person)
        changes, above = factory.changes(name, person)
        for link in above.values():
            if not _reaches(person, link, "read"):
                changes = {}
        wanted = verdict(person, Made(name, UUID(int=0), person, above), "create")
        _tried(lambda: door.perform(name, "create", actor=actor, changes=changes), wanted, "create", name, None, person)  # noqa: B023
        for verb in [v for v in it.verbs if v != "create"]:
            owners = ("owner", "outsider") if verb in ("update", "delete") else ("owner",)
            for owner, shared in ((o, s) for o in owners for s in factory.ways(it)):
                one = factory.make(name, owner, shared)
                if verb == "restore":
                    door.perform(name, "delete", actor=DESK, id=one.id)
                wanted = verdict(person, one, verb)
                how = _how(cast, it, verb, factory)
                if verb == "update" and not how["changes"]:
                    continue
                _tried(lambda: door.perform(name, verb, actor=actor, id=one.id, **how), wanted, verb, name, one.id, person)  # noqa: B023


def _tried(ask: Any, wanted: str, verb: str, name: str, record: UUID | None, person: str) -> None:
    before, count = state(), events()
    found = _outcome(ask)
    if wanted == "allow":
        # A rule of the object may still say no (nothing to win yet, an input is missing), but rights may not.
        assert found not in ("absent", "forbidden") or name in BY_RULES_ONLY or (verb not in BUILT_IN and found != "absent"), (person, verb, name, found)
        if found == "allow" and record is not None:
            assert [e.verb for e in events_of(name, record)].count(verb) == 1 or verb == "update", (person, verb, name)
            assert events() > count or verb in ("assign", "update")
    else:
        assert found == wanted, (person, verb, name, found, wanted)
    if found != "allow":
        assert state() == before, (person, verb, name)
        assert events() == count


@pytest.mark.parametrize("name", OBJECTS)
def test_the_api_says_the_same(cast: Cast, factory: Factory, name: str) -> None:
    """Over HTTP with a token: the status is the oracle's, absent and unseen are one and the same document."""
    it = REGISTRY.objects[name]
    client = Client()
    one = factory.make(name, "owner")
    address = f"/api/v1/{it.plural}"
    status = {"allow": 200, "absent": 404, "forbidden": 403}
    for person in [one for one in ASKED if one != "newcomer"]:
        auth = {"HTTP_AUTHORIZATION": f"Bearer {cast.token(person)}", "HTTP_ACCEPT_LANGUAGE": "en"}
        exists = _holds(person, name, "read")
        assert client.get(address, **auth).status_code == (200 if exists else 404), person
        assert client.post(f"{address}/aggregate", data="{}", content_type="application/json", **auth).status_code == (200 if exists else 404)
        read = status[verdict(person, one, "read")] if exists else 404
        for suffix in ("", "/history", "/timeline", "/explain"):
            answer = client.get(f"{address}/{one.id}{suffix}", **auth)
            assert answer.status_code == read, (person, suffix)
            if read == 404:
                nobody = client.get(f"{address}/{UUID(int=7)}{suffix}", **auth)
                assert _document(answer) == _document(nobody), "absent and forbidden look the same"
        for verb, ask in (("update", client.patch), ("delete", client.delete)):
            wanted = verdict(person, one, verb)
            if wanted == "allow":
                continue
            before = state()
            answer = ask(f"{address}/{one.id}", data=json.dumps({it.title: "x"}), content_type="application/json", **auth)
            assert answer.status_code == status[wanted], (person, verb)
            assert state() == before
        for verb in _own_verbs(it):
            wanted = verdict(person, one, verb)
            if wanted != "allow":
                before = state()
                answer = client.post(f"{address}/{one.id}/{verb}", data="{}", content_type="application/json", **auth)
                assert answer.status_code == status[wanted], (person, verb)
                assert state() == before
    assert client.get(f"{address}/{one.id}").status_code == 401
    assert client.get(f"{address}/{one.id}", HTTP_AUTHORIZATION="Bearer gx_wrong").status_code == 401


def _document(answer: Any) -> dict[str, Any]:
    found = json.loads(answer.content)
    found.pop("instance")
    return found
