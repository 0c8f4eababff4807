"""Companies made up by hypothesis: roles with scopes and field rights, people in two trees, records in every state."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.contract.oracle.model import THROUGH, Company, Person, Pool, Right, Thing

PEOPLE = ("owner", "teammate", "junior", "newcomer", "outsider", "manager", "nobody")
DEPARTMENTS = ("总部", "销售部", "二组", "市场部")
SCOPES = ("none", "own", "reports", "department", "below", "chosen", "all")
VERBS = ("create", "update", "delete", "restore", "export", "import", "assign", "share", "print")
VARIED = {
    "author": ("royalty", "country"), "book": ("name", "cost", "price", "phones", "email", "discount", "author", "owner", "status", "summary", "editor", "co_authors"),
    "chapter": ("book", "body"), "prospect": ("phones", "secret", "amount", "owner"), "call": ("prospect",), "shortlist": ("everyone", "people"), "lead": ("phones", "company", "groups"),
    "customer": ("phones", "description", "groups"), "contact": ("customer", "phones", "description", "groups"), "work_report": ("done", "plan"), "plea": ("note",),
    "group": ("name", "condition", "everyone", "people"),
}  # fmt: skip
"""The fields whose levels roles differ in."""
HIDEABLE = {"prospect": ("phones", "secret", "amount"), "lead": ("phones", "wechat", "company")}
COUNTS = {"author": 3, "book": 9, "chapter": 7, "prospect": 8, "call": 5, "shortlist": 5, "jotting": 3, "lead": 4, "comment": 7, "customer": 4, "contact": 4, "work_report": 4, "plea": 4, "group": 7}
ABOUT = {**dict.fromkeys(THROUGH), "comment": None}


OWNED = ("book", "prospect", "lead", "shortlist", "jotting", "comment", "customer", "contact", "work_report", "plea", "group")
GROUPS = (("customer", ""), ("customer", ""), ("customer", "description"), ("customer", "me"), ("lead", ""), ("lead", "company"), ("contact", ""))
"""Groups by number: of which records, and by what of them; "" for those put together by hand."""
RIGHTS = {name: ("read", *(one for one in VERBS if one not in ("assign", "share"))) for name in COUNTS if name != "plea"}
RIGHTS |= dict.fromkeys(("book", "prospect", "lead", "customer", "contact"), ("read", *VERBS))
"""What single people are given or lose."""
UNTAKEN = ("author", "shortlist", "jotting", "comment", "group")
"""What not roles decide who reads."""


def some(values: Any, most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), unique=True, max_size=most)


@st.composite
def grants(draw: Any) -> dict[str, dict[str, Any]]:
    """A role: for most objects some verbs, how far, and what of the fields."""
    out: dict[str, dict[str, Any]] = {}
    names = [name for name in (*VARIED, "comment") if draw(st.integers(0, 9)) > 2]
    if draw(st.integers(0, 9)) == 0:
        names.append("*")
    for name in names:
        verbs = ["*"] if draw(st.integers(0, 14)) == 0 else [*draw(some(VERBS, 5)), *(["read"] if draw(st.integers(0, 9)) else [])]
        read, write = draw(st.sampled_from(SCOPES)), draw(st.sampled_from(SCOPES))
        grant: dict[str, Any] = {"verbs": verbs, "read": read, "write": write}
        if "chosen" in (read, write):
            grant["departments"] = draw(some(DEPARTMENTS))
        if name in VARIED and draw(st.booleans()):
            grant["fields"] = {one: draw(st.sampled_from(("hidden", "masked", "read", "write"))) for one in draw(some(VARIED[name], 4))}
        out[name] = grant
    return out


@st.composite
def pools(draw: Any, name: str) -> Pool:
    return Pool(
        name, draw(st.integers(0, 4)) > 0, draw(st.sampled_from(("visible", "visible", "assign"))), draw(st.integers(0, 4)) == 0, draw(some(PEOPLE)),
        draw(some(DEPARTMENTS, 1)), draw(some(range(4), 1)), draw(some(PEOPLE, 1)), draw(some(range(4), 1)), draw(some(HIDEABLE[name])),
    )  # fmt: skip


@st.composite
def own_rights(draw: Any) -> list[Right]:
    """A right or two of most people beside their roles."""
    out: dict[tuple[str, str, str], Right] = {}
    for who in PEOPLE:
        for _ in range(draw(st.integers(0, 2))):
            name = draw(st.sampled_from(list(RIGHTS)))
            verb = draw(st.sampled_from(("read", *RIGHTS[name])))
            given = draw(st.booleans()) or (verb == "read" and name in UNTAKEN)
            reach = draw(st.sampled_from(("own", "reports", "department", "below", "all"))) if given and verb == "read" else "own"
            out[who, name, verb] = Right(who, name, verb, given, reach)
    return list(out.values())


@st.composite
def companies(draw: Any) -> Company:
    roles = [draw(grants()) for _ in range(4)]
    people = {}
    for place, name in enumerate(PEOPLE):  # whoever leads somebody comes before them, so that nobody leads their own superior
        above = draw(st.sampled_from((None, *PEOPLE[:place])))
        held = draw(st.lists(st.sampled_from(range(4)), unique=True, min_size=0 if name == "nobody" else 1, max_size=2))
        people[name] = Person(name, held, draw(st.sampled_from((None, *DEPARTMENTS))), draw(some(DEPARTMENTS, 1)), above)
    above_ = {name: draw(st.sampled_from((None, *DEPARTMENTS[:place]))) for place, name in enumerate(DEPARTMENTS)}
    heads = {name: draw(st.sampled_from((None, *PEOPLE))) for name in DEPARTMENTS}
    lying = [draw(pools("prospect")), draw(pools("prospect")), draw(pools("lead"))]
    things: list[Thing] = []
    by: dict[str, list[Thing]] = {name: [] for name in COUNTS}
    for name, count in COUNTS.items():
        for number in range(count):
            one = Thing(name, number)
            if name in OWNED:
                one.owner = draw(st.sampled_from(PEOPLE if name not in ("book", "lead", "customer") else (*PEOPLE, None)))
            if name in ("book", "prospect", "lead", "customer"):
                one.team = {who: draw(st.sampled_from(("read", "write", "over"))) for who in draw(some(PEOPLE))}
            if name in ("prospect", "lead") and draw(st.booleans()):
                one.pool, one.owner = (2 if name == "lead" else draw(st.sampled_from((0, 1)))), None
            if name == "group":
                one.shared = {"everyone": draw(st.integers(0, 3)) == 0, "people": draw(some(PEOPLE)), "roles": draw(some(range(4), 1))}
            if name in ("customer", "lead", "contact"):
                one.grouped = draw(some([n for n, (of, by) in enumerate(GROUPS) if of == name and not by]))
            if name == "shortlist":
                one.shared = {"everyone": draw(st.integers(0, 4)) == 0, "people": draw(some(PEOPLE)), "roles": draw(some(range(4), 1)), "units": draw(some(DEPARTMENTS, 1))}
            if name in ("work_report", "plea"):
                one.shared = {"people": draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=int(name == "plea"), max_size=2))}
            if name in THROUGH:
                one.about = draw(st.sampled_from(by[THROUGH[name]]))
            if name == "comment":
                one.about = draw(st.sampled_from([*by["book"], *by["chapter"], *by["prospect"], *by["shortlist"]]))
            one.binned = draw(st.integers(0, 5)) == 0
            if name == "book":
                one.values = {"author": draw(st.sampled_from((None, 0, 1, 2))), "status": draw(st.sampled_from(("draft", "published"))), "editor": draw(st.sampled_from((None, *PEOPLE)))}
            by[name].append(one)
            things.append(one)
    for one in things:  # what a record takes along into the bin
        if one.about is not None and one.about.binned and one.object in THROUGH:
            one.binned = True
    return Company(people, above_, heads, roles, lying, things, draw(own_rights()))
