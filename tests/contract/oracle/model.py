"""Who may see and do what, said once more and naively: loops over people and records, no predicates, no SQL.

It is written from docs and ADRs, not from `kernel/access`, and knows the objects of tests/toy by heart. Where the two
disagree one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LEVELS = ("hidden", "masked", "read", "write")
SHARED = ("everyone", "roles", "people", "units")
FIELDS: dict[str, dict[str, str]] = {
    "author": {"royalty": "hidden"}, "book": {"cost": "hidden"}, "shortlist": {"everyone": "read", "roles": "read", "units": "read"},
    "group": {"everyone": "read", "roles": "read"},
}  # fmt: skip
"""What the objects themselves say of fields; all others are for writing."""
OWNED = ("book", "prospect", "lead")
THROUGH = {"chapter": "book", "call": "prospect", "contact": "customer"}
OWNERLESS = ("chapter", "call")
"""What is reached through another record alone."""
PERSONAL = ("shortlist", "jotting", "plea", "group")
MANAGED = ("shortlist", "plea", "group")
"""Personal records that others may be told of, and roles therefore reach."""
POOLED = ("prospect", "lead")
OWN_VERBS = ("read", "create", "update", "delete", "restore")
"""What everybody may do with personal records and comments without any role."""


@dataclass
class Person:
    """Somebody: the numbers of their roles and departments, and who leads them."""

    name: str
    roles: list[int]
    department: str | None
    others: list[str]
    superior: str | None


@dataclass(frozen=True)
class Right:
    """One right of one person beside their roles: given, reading as far as `reach`, or taken."""

    who: str
    object: str
    verb: str
    given: bool
    reach: str


@dataclass
class Pool:
    """A pool of one object. `kind`: "visible" or "assign"."""

    object: str
    enabled: bool = True
    kind: str = "visible"
    everyone: bool = False
    people: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    admins: list[str] = field(default_factory=list)
    admin_roles: list[int] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


@dataclass
class Thing:
    """A record. `team`: person to "read", "write" or "over"; `about`: the record it hangs on or speaks of; `grouped`: the numbers of the
    groups it was put into by hand."""

    object: str
    number: int
    owner: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    team: dict[str, str] = field(default_factory=dict)
    pool: int | None = None
    binned: bool = False
    about: Thing | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    grouped: list[int] = field(default_factory=list)
    id: Any = None

    def __repr__(self) -> str:
        return f"{self.object} {self.number}"


@dataclass
class Company:
    """Everything rights depend on. `above`: department to the one above it, `heads`: department to its head, `roles`: grants."""

    people: dict[str, Person]
    above: dict[str, str | None]
    heads: dict[str, str | None]
    roles: list[dict[str, dict[str, Any]]]
    pools: list[Pool]
    things: list[Thing]
    own: list[Right] = field(default_factory=list)
    word: str = ""
    notices: dict[str, dict[Any, Thing]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Company(above={self.above}, heads={self.heads}, people={list(self.people.values())}, roles={self.roles}, pools={self.pools}, own={self.own})"

    # -- people --------------------------------------------------------------------------------------------------------
    def under(self, department: str) -> set[str]:
        """A department and all below it."""
        return {one for one in self.above if department in self.line(one)}

    def line(self, department: str | None) -> list[str]:
        """A department and all above it."""
        out: list[str] = []
        while department is not None and department not in out:
            out.append(department)
            department = self.above[department]
        return out

    def sits(self, who: str) -> set[str]:
        """The departments somebody belongs to."""
        person = self.people[who]
        return {one for one in (person.department, *person.others) if one}

    def homes(self, who: str) -> set[str]:
        """The departments somebody belongs to or heads."""
        return self.sits(who) | {one for one, head in self.heads.items() if head == who}

    def leads(self, who: str) -> set[str]:
        """Everybody who reports to somebody, over any number of steps."""
        out: set[str] = set()
        while more := {p.name for p in self.people.values() if p.superior in {who, *out}} - out - {who}:
            out |= more
        return out

    def reach(self, who: str, scope: str, chosen: list[str]) -> set[str] | None:
        """Whose records a scope reaches; None for everybody's and nobody's alike."""
        if scope == "all":
            return None
        if scope == "none":
            return set()
        if scope == "own":
            return {who}
        if scope == "reports":
            return {who} | self.leads(who)
        if scope == "department":
            departments = self.homes(who)
        else:
            roots = set(chosen) if scope == "chosen" else self.homes(who)
            departments = {one for root in roots for one in self.under(root)}
        return {who} | {p for p in self.people if self.sits(p) & departments}

    # -- roles ---------------------------------------------------------------------------------------------------------
    def grants(self, who: str, name: str) -> list[dict[str, Any]]:
        found = [self.roles[one].get(name, self.roles[one].get("*")) for one in self.people[who].roles]
        return [one for one in found if one]

    def apart(self, who: str, name: str, verb: str, given: bool) -> list[Right]:
        """What somebody has, or lacks, beside their roles."""
        return [one for one in self.own if (one.who, one.object, one.verb, one.given) == (who, name, verb, given)]

    def granted(self, who: str, name: str, verb: str) -> bool:
        """What is taken away wins over every role."""
        if self.apart(who, name, verb, given=False):
            return False
        return bool(self.apart(who, name, verb, given=True)) or any({verb, "*"} & set(grant["verbs"]) for grant in self.grants(who, name))

    def may(self, who: str, name: str, verb: str) -> bool:
        """Whether somebody may do this to records of the object at all."""
        if self.apart(who, name, verb, given=False):
            return False
        if name == "author" and verb == "read":
            return True
        if name in (*PERSONAL, "comment") and verb in OWN_VERBS:
            return True
        return self.granted(who, name, verb)

    def scopes(self, who: str, name: str, kind: str) -> set[str] | None:
        """Whose records all roles together reach, for reading or writing; only roles that let read count. Reading that is
        given to somebody alone reaches as far as it says, and lets their own be written."""
        out: set[str] = set()
        for right in self.apart(who, name, "read", given=True):
            found = self.reach(who, right.reach if kind == "read" else "own", [])
            if found is None:
                return None
            out |= found
        for grant in self.grants(who, name):
            if {"read", "*"} & set(grant["verbs"]):
                found = self.reach(who, grant["read"] if kind == "read" else grant["write"], grant.get("departments", []))
                if found is None:
                    return None
                out |= found
        return out

    def level(self, who: str, name: str, one: str) -> str:
        own = "write" if self.granted(who, name, "*") else FIELDS.get(name, {}).get(one, "write")
        reading = [grant for grant in self.grants(who, name) if {"read", "*"} & set(grant["verbs"])]
        return max((grant.get("fields", {}).get(one, own) for grant in reading), key=LEVELS.index, default=own)

    def plain(self, who: str, name: str, one: str) -> bool:
        return self.level(who, name, one) in ("read", "write")

    # -- pools ---------------------------------------------------------------------------------------------------------
    def runs(self, who: str, pool: Pool) -> bool:
        return who in pool.admins or bool(set(pool.admin_roles) & set(self.people[who].roles)) or self.granted(who, pool.object, "*")

    def sees_pool(self, who: str, pool: Pool) -> bool:
        if self.runs(who, pool):
            return True
        belongs = {one for home in self.homes(who) for one in self.line(home)}
        member = pool.everyone or who in pool.people or bool(set(pool.roles) & set(self.people[who].roles)) or bool(set(pool.units) & belongs)
        return pool.enabled and pool.kind == "visible" and member

    def veiled(self, who: str, thing: Thing, one: str) -> bool:
        """Whether a pool hides the field of this record until somebody claims it."""
        return thing.pool is not None and one in self.pools[thing.pool].hidden and not self.runs(who, self.pools[thing.pool])

    # -- records -------------------------------------------------------------------------------------------------------
    def reads(self, who: str, thing: Thing) -> bool:
        """Whether somebody may read the record (of one in the bin: might, were it not there)."""
        if thing.object == "author":
            return True
        if thing.object in PERSONAL:
            return thing.owner == who or self.addressed(who, thing) or self.manages(who, thing, "read", "read")
        if thing.object == "comment":
            return thing.about is not None and not thing.about.binned and self.reads_through(who, thing.about)
        if not self.granted(who, thing.object, "read"):
            return False
        if thing.pool is not None:
            return self.sees_pool(who, self.pools[thing.pool])
        scope = self.scopes(who, thing.object, "read")
        if scope is None:
            return True
        if thing.object in THROUGH and thing.about is not None and not thing.about.binned and self.reads_through(who, thing.about):
            return True
        return thing.owner in scope or thing.team.get(who) in ("read", "write") or who in thing.shared.get("people", ())

    def reads_through(self, who: str, thing: Thing) -> bool:
        """Whether what hangs on a record may be read because the record may: not where a pool hides some of it."""
        if not self.may(who, thing.object, "read") or not self.reads(who, thing):
            return False
        return thing.pool is None or not self.pools[thing.pool].hidden or self.runs(who, self.pools[thing.pool])

    def addressed(self, who: str, thing: Thing) -> bool:
        shared, above = thing.shared, {one for home in self.homes(who) for one in self.line(home)}
        return bool(
            shared.get("everyone") or who in shared.get("people", ()) or set(shared.get("roles", ())) & set(self.people[who].roles)
            or set(shared.get("units", ())) & above
        )  # fmt: skip

    def manages(self, who: str, thing: Thing, verb: str, kind: str) -> bool:
        """Whether a role reaches somebody else's personal record: only what is shared with anybody at all."""
        if thing.object not in MANAGED or not self.granted(who, thing.object, verb) or not any(thing.shared.get(one) for one in SHARED):
            return False
        scope = self.scopes(who, thing.object, kind)
        return scope is None or (scope != {who} and thing.owner in scope)

    def writes(self, who: str, thing: Thing, verb: str = "update") -> bool:
        """Whether somebody may do this to the record, as far as it is this record and not the verb."""
        if not self.reads(who, thing):
            return False
        if thing.object in PERSONAL:
            return thing.owner == who or self.manages(who, thing, verb, "write")
        scope = self.scopes(who, thing.object, "write")
        if thing.object == "comment":
            if verb == "delete" and self.granted(who, "comment", "delete"):
                return scope is None or thing.owner in scope or thing.owner == who
            return thing.owner == who
        return self.within(who, thing, scope)

    def within(self, who: str, thing: Thing, scope: set[str] | None) -> bool:
        if thing.object == "author":
            return True
        if thing.pool is not None:
            return self.runs(who, self.pools[thing.pool])
        if scope is None:
            return True
        if thing.object in OWNERLESS:
            above = thing.about
            return above is not None and self.within(who, above, self.scopes(who, above.object, "write"))
        return thing.owner in scope or thing.team.get(who) == "write"

    def changes(self, who: str, thing: Thing, verb: str = "update") -> bool:
        return not thing.binned and self.may(who, thing.object, verb) and self.writes(who, thing, verb)

    # -- groups --------------------------------------------------------------------------------------------------------
    def shows(self, who: str, group: Thing) -> bool:
        return not group.binned and self.reads(who, group)

    def askable(self, who: str, group: Thing) -> bool:
        """Whether the condition of a group is one this person may ask; of one they do not see nothing is asked."""
        field = group.values["by"]
        return not field or not self.shows(who, group) or self.plain(who, group.values["object_name"], field)

    def gathers(self, who: str, group: Thing) -> set[Any]:
        """The ids of the records that somebody finds in a group: of those they see, those put into it, or those its condition is true of."""
        if not self.shows(who, group):
            return set()
        seen = [one for one in self.of(group.values["object_name"]) if self.reads(who, one)]
        if group.values["kind"] == "static":
            return {one.id for one in seen if group in one.values["groups"]}
        if not group.values["by"]:
            return {one.id for one in seen if one.owner == who}
        return {one.id for one in seen if one.number in group.values["about"] and not self.veiled(who, one, group.values["by"])}

    def living(self, who: str, name: str) -> set[Any]:
        """The ids of an object's records that somebody sees."""
        return {one.id for one in self.things if one.object == name and not one.binned and self.reads(who, one)}

    def of(self, name: str, binned: bool = False) -> list[Thing]:
        return [one for one in self.things if one.object == name and (binned or not one.binned)]
