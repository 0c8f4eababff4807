"""Who sees and changes what: six scopes, several roles and departments, teams, links read through, and fields."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.kernel import Boolean, Object, Owner, Policy, T, Text
from guanxi.kernel.access.actor import system
from guanxi.kernel.declare.objects import DeclarationError
from guanxi.kernel.records import door, finding, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PEOPLE, Cast
from tests.kernel.tools import create, ids, refused

DESK = system(DEFAULT_WORKSPACE, via="test")
OWNERS = ("owner", "teammate", "junior", "newcomer", "outsider", "manager")


@pytest.fixture(scope="module")
def books(cast: Cast) -> dict[str, UUID]:
    """One book per owner, each with a chapter, and one that nobody owns."""
    author = create(DESK, "author", name="鲁迅", royalty="12.5")
    out = {}
    for name in OWNERS:
        out[name] = create(DESK, "book", name=f"书 {name}", owner=cast.users[name], author=author, cost=10, price=20, phones="13800138000", email="secret@a.cn", discount=5)
        out[f"{name} chapter"] = create(DESK, "chapter", name=f"章 {name}", book=out[name])
    out["none"] = create(DESK, "book", name="无主")
    out["author"] = author
    return out


@pytest.fixture
def role(cast: Cast) -> Iterator[Any]:
    """Give somebody other roles for one test."""
    before: dict[str, Any] = {}

    def give(name: str, *grants: dict[str, Any], **user: Any) -> Any:
        row = reading.get("user", cast.users[name], actor=DESK, fields=["roles", "departments", "department", "superior"])
        before.setdefault(name, row)
        roles = [create(DESK, "role", name=f"试 {name} {datetime.now(UTC)} {i}", grants=g) for i, g in enumerate(grants)]
        door.perform("user", "update", actor=DESK, id=cast.users[name], changes={"roles": [str(r) for r in roles], **user})
        return cast.actor(name)

    yield give
    for name, row in before.items():
        door.perform("user", "update", actor=DESK, id=cast.users[name], changes={k: row[k] for k in ("roles", "departments", "department", "superior")})


def _seen(actor: Any, books: dict[str, UUID], name: str = "book") -> set[str]:
    found = ids(actor, name)
    suffix = " chapter" if name == "chapter" else ""
    return {n for n in (*OWNERS, "none") if books.get(f"{n}{suffix}" if n != "none" or not suffix else "none") in found}


SEES = {
    "owner": {"owner"}, "teammate": {"teammate"}, "junior": {"junior"}, "newcomer": {"newcomer"}, "outsider": {"outsider"},
    "manager": {"owner", "teammate", "junior", "newcomer", "manager"}, "executive": {*OWNERS, "none"}, "admin": {*OWNERS, "none"},
}  # fmt: skip


@pytest.mark.parametrize("name", SEES)
def test_the_built_in_roles(cast: Cast, books: dict[str, UUID], name: str) -> None:
    actor = cast.actor(name)
    assert _seen(actor, books) == SEES[name]
    assert _seen(actor, books, "chapter") == SEES[name] - {"none"}
    for other in (*OWNERS, "none"):
        if other in SEES[name]:
            assert reading.get("book", books[other], actor=actor)["id"] == books[other]
        else:
            for ask in (reading.get, telling.history, telling.timeline, telling.explain):
                with pytest.raises(NotFound):
                    ask("book", books[other], actor=actor)
    for hit in finding.search("书", actor=actor, limit=100):
        assert hit.id in {books[n] for n in SEES[name]}


def test_somebody_without_a_role_sees_only_what_members_see(cast: Cast, books: dict[str, UUID]) -> None:
    nobody = cast.actor("nobody")
    for ask in (lambda: reading.query("book", actor=nobody), lambda: reading.get("book", books["owner"], actor=nobody), lambda: reading.aggregate("book", actor=nobody)):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.code == "no-object"
    with pytest.raises(NotFound) as unknown:
        reading.query("nothing", actor=nobody)
    assert unknown.value.code == "no-object"
    assert ids(nobody, "author") >= {books["author"]}
    for verb in ("create", "update", "delete"):
        with refused():
            door.perform("book", verb, actor=nobody, id=None if verb == "create" else books["owner"], changes={"name": "x"} if verb != "delete" else {})
        with refused(Forbidden):
            door.perform("author", verb, actor=nobody, id=None if verb == "create" else books["author"], changes={"name": "x"} if verb != "delete" else {})
    assert finding.search("书", actor=nobody) == []
    assert {o["name"] for o in reading.describe(nobody)["objects"]}.isdisjoint({"book", "chapter", "customer"})


FULL = ["read", "create", "update", "delete", "assign"]


@pytest.mark.parametrize(
    ("scope", "more", "sees"),
    [
        ("none", {}, set()), ("own", {}, {"newcomer"}), ("department", {}, {"owner", "teammate", "newcomer", "manager"}), ("below", {}, {"owner", "teammate", "newcomer", "manager", "junior"}),
        ("all", {}, {*OWNERS, "none"}),
    ],
)  # fmt: skip
def test_scopes_for_reading_and_for_writing(cast: Cast, books: dict[str, UUID], role: Any, scope: str, more: dict[str, Any], sees: set[str]) -> None:
    grant = {"book": {"verbs": FULL, "read": scope, "write": scope}, "chapter": {"verbs": FULL, "read": scope, "write": scope}, "author": {"verbs": ["read"], "read": "all"}}
    actor = role("newcomer", grant)
    assert _seen(actor, books) == sees
    assert _seen(actor, books, "chapter") == sees - {"none"}
    for name in (*OWNERS, "none"):
        if name in sees:
            door.perform("book", "update", actor=actor, id=books[name], changes={"pages": len(name) + len(scope)})
        else:
            with refused(NotFound):
                door.perform("book", "update", actor=actor, id=books[name], changes={"pages": 3})
    reads_all = role("newcomer", {"book": {"verbs": FULL, "read": "all", "write": scope}})
    for name in (*OWNERS, "none"):
        if name not in sees:
            with refused(Forbidden):
                door.perform("book", "update", actor=reads_all, id=books[name], changes={"pages": 3})
            with refused(Forbidden):
                door.perform("book", "delete", actor=reads_all, id=books[name])


def test_chosen_departments_and_reports(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    grant = {"book": {"verbs": FULL, "read": "chosen", "write": "own", "departments": [str(cast.departments["市场部"]), str(cast.departments["二组"])]}}
    assert _seen(role("newcomer", grant), books) == {"newcomer", "outsider", "junior"}
    role("junior", {"book": {"verbs": FULL, "read": "own"}}, superior=str(cast.users["teammate"]))
    role("teammate", {"book": {"verbs": FULL, "read": "own"}}, superior=str(cast.users["newcomer"]))
    assert _seen(role("newcomer", {"book": {"verbs": FULL, "read": "reports"}}), books) == {"newcomer", "teammate", "junior"}


def test_several_roles_give_the_widest(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    own = {"book": {"verbs": ["read", "update"], "read": "own", "write": "own", "fields": {"phones": "hidden", "email": "masked", "price": "read"}}}
    wide = {"book": {"verbs": ["read"], "read": "below", "write": "none", "fields": {"phones": "masked", "email": "hidden"}}}
    actor = role("newcomer", own, wide)
    assert _seen(actor, books) == {"owner", "teammate", "newcomer", "manager", "junior"}
    row = reading.get("book", books["newcomer"], actor=actor)
    assert row["phones"] == [{"number": "+86138****8000"}] and row["email"] == "s***@a.cn"
    door.perform("book", "update", actor=actor, id=books["newcomer"], changes={"pages": 77, "price": 21})
    with refused(Forbidden):
        door.perform("book", "update", actor=actor, id=books["owner"], changes={"pages": 77})
    with refused(Forbidden):
        door.perform("book", "delete", actor=actor, id=books["newcomer"])
    only = role("newcomer", own, {"chapter": {"verbs": ["read"], "read": "all"}})
    with refused(Invalid, "price:read-only"):
        door.perform("book", "update", actor=only, id=books["newcomer"], changes={"price": 22})


def test_several_departments(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    grant = {"book": {"verbs": FULL, "read": "department", "write": "own"}}
    assert _seen(role("newcomer", grant, departments=[str(cast.departments["市场部"])]), books) == {"owner", "teammate", "newcomer", "manager", "outsider"}
    assert _seen(role("newcomer", grant, department=str(cast.departments["二组"]), departments=[]), books) == {"newcomer", "junior"}


def test_a_record_s_team(cast: Cast, books: dict[str, UUID]) -> None:
    owner, teammate, outsider = (cast.actor(n) for n in ("owner", "teammate", "outsider"))
    book, chapter = books["owner"], books["owner chapter"]
    with refused(NotFound):
        door.perform("book", "share", actor=outsider, id=book, inputs={"user": str(cast.users["outsider"]), "level": "write"})
    for inputs in ({}, {"user": "x"}, {"user": str(cast.users["outsider"]), "level": "own"}, {"user": str(UUID(int=9))}, {"user": str(cast.users["outsider"]), "x": 1}):
        with refused(Invalid):
            door.perform("book", "share", actor=owner, id=book, inputs=inputs)
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "level": "read"})
    assert reading.get("book", book, actor=outsider)["name"] == "书 owner"
    assert reading.get("chapter", chapter, actor=outsider)["name"] == "章 owner"
    assert book in {h.id for h in finding.search("书 owner", actor=outsider)}
    assert chapter in ids(outsider, "chapter")
    with refused(Forbidden):
        door.perform("book", "update", actor=outsider, id=book, changes={"pages": 5})
    with refused(Forbidden):
        door.perform("chapter", "update", actor=outsider, id=chapter, changes={"body": "x"})
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "level": "write"})
    door.perform("book", "update", actor=outsider, id=book, changes={"pages": 55})
    door.perform("chapter", "update", actor=outsider, id=chapter, changes={"body": "好"})
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "level": "write", "until": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()})
    for ask in (lambda: reading.get("book", book, actor=outsider), lambda: reading.get("chapter", chapter, actor=outsider)):
        with pytest.raises(NotFound):
            ask()
    assert book not in {h.id for h in finding.search("书 owner", actor=outsider)}
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["outsider"]), "until": (datetime.now(UTC) + timedelta(days=1)).isoformat()})
    assert reading.get("book", book, actor=outsider)["id"] == book
    door.perform("book", "unshare", actor=owner, id=book, inputs={"user": str(cast.users["outsider"])})
    with pytest.raises(NotFound):
        reading.get("book", book, actor=outsider)
    with pytest.raises(NotFound):
        reading.get("book", book, actor=teammate)


def test_a_writer_of_the_team_does_not_hand_out_rights_of_their_own_making(cast: Cast, books: dict[str, UUID]) -> None:
    """Sharing and assigning are verbs like others: they need the grant and write access, and nothing more is gained."""
    owner, newcomer = cast.actor("owner"), cast.actor("newcomer")
    book = create(owner, "book", name="共")
    door.perform("book", "share", actor=owner, id=book, inputs={"user": str(cast.users["newcomer"]), "level": "read"})
    for verb, how in (("assign", {"changes": {"owner": str(cast.users["newcomer"])}}), ("share", {"inputs": {"user": str(cast.users["newcomer"]), "level": "write"}}), ("delete", {}), ("publish", {})):
        with refused(Forbidden):
            door.perform("book", verb, actor=newcomer, id=book, **how)  # type: ignore[arg-type]
    with refused(NotFound):
        door.perform("book", "restore", actor=newcomer, id=book)


def test_assign_moves_the_record_and_what_hangs_on_it(cast: Cast) -> None:
    owner, teammate = cast.actor("owner"), cast.actor("teammate")
    book = create(owner, "book", name="转移之书")
    chapter = create(owner, "chapter", name="转移之章", book=book)
    with refused(Invalid):
        door.perform("book", "assign", actor=owner, id=book)
    with refused(Invalid):
        door.perform("book", "assign", actor=owner, id=book, changes={"owner": str(cast.users["teammate"]), "name": "x"})
    door.perform("book", "assign", actor=owner, id=book, changes={"owner": str(cast.users["teammate"])})
    assert ids(teammate, "book", {"field": "id", "op": "=", "value": str(book)}) == {book}
    assert ids(teammate, "chapter", {"field": "id", "op": "=", "value": str(chapter)}) == {chapter}
    assert {h.id for h in finding.search("转移之", actor=teammate)} == {book, chapter}
    assert finding.search("转移之", actor=owner) == []
    for name, one in (("book", book), ("chapter", chapter)):
        with pytest.raises(NotFound):
            reading.get(name, one, actor=owner)


def test_a_record_made_stays_within_reach(cast: Cast, books: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    with refused(Forbidden):
        create(owner, "book", name="别人的", owner=str(cast.users["outsider"]))
    with refused(Invalid, "book:link"):
        create(owner, "chapter", name="别人书里的章", book=str(books["outsider"]))
    with refused(Invalid, "book:link"):
        door.perform("chapter", "update", actor=owner, id=books["owner chapter"], changes={"book": str(books["outsider"])})
    create(cast.actor("manager"), "book", name="给组员", owner=str(cast.users["junior"]))


# -- personal records --------------------------------------------------------------------------------------------------


def _role(key: str) -> str:
    return str(reading.query("role", actor=DESK, where={"field": "key", "op": "=", "value": key}, fields=["id"]).rows[0]["id"])


def _found(actor: Any, name: str, record: UUID) -> bool:
    """Every way of reading agrees on whether the record is there."""
    where = {"field": "id", "op": "=", "value": str(record)}
    listed = ids(actor, name, where) == {record}
    assert reading.aggregate(name, actor=actor, where=where).rows[0]["count"] == int(listed)
    assert reading.counts([(name, where)], actor=actor) == [(int(listed), False)]
    assert (record in {h.id for h in finding.search("独一份", actor=actor, objects=[name])}) == listed
    for ask in (reading.get, telling.history, telling.timeline, telling.explain):
        try:
            ask(name, record, actor=actor)
            assert listed
        except NotFound:
            assert not listed
    return listed


def test_everybody_has_personal_records_without_a_grant(cast: Cast) -> None:
    """Somebody without any role makes, changes, deletes and restores their own; nobody else finds them, whatever the role."""
    nobody = cast.actor("nobody")
    for name in ("shortlist", "jotting"):
        mine = create(nobody, name, name="独一份")
        assert reading.get(name, mine, actor=nobody)["owner"]["id"] == cast.users["nobody"]
        assert {p for p in PEOPLE if _found(cast.actor(p), name, mine)} == {"nobody"}
        door.perform(name, "update", actor=nobody, id=mine, changes={"name": "独一份 二"})
        for other in ("owner", "manager", "executive", "admin"):
            with refused(NotFound):
                door.perform(name, "update", actor=cast.actor(other), id=mine, changes={"name": "x"})
        door.perform(name, "delete", actor=nobody, id=mine)
        door.perform(name, "restore", actor=nobody, id=mine)
        assert telling.explain(name, mine, actor=nobody)["reasons"] == [{"grants": True, "about": "own", "text": "这是您自己的记录。"}]
        with refused(Forbidden):
            create(nobody, name, name="别人的", owner=str(cast.users["owner"]))
        with refused(Forbidden):
            door.perform(name, "assign", actor=nobody, id=mine, changes={"owner": str(cast.users["owner"])})
        for verb in ("share", "unshare"):
            with refused(NotFound):
                door.perform(name, verb, actor=nobody, id=mine, inputs={"user": str(cast.users["owner"])})


def test_a_personal_record_is_read_by_those_it_is_shared_with(cast: Cast) -> None:
    owner = cast.actor("owner")
    mine = create(owner, "shortlist", name="独一份")

    def readers() -> set[str]:
        return {p for p in PEOPLE if p != "owner" and _found(cast.actor(p), "shortlist", mine)}

    def share(**changes: Any) -> set[str]:
        door.perform("shortlist", "update", actor=DESK, id=mine, changes={"everyone": False, "roles": None, "people": None, "units": None, **changes})
        return readers()

    managing = {"manager", "executive", "admin"}  # their roles reach shared records: of those below, and of all
    assert readers() == set()
    assert share(people=[str(cast.users["outsider"]), str(cast.users["nobody"])]) == managing | {"outsider", "nobody"}
    assert share(roles=[_role("sales")]) == managing | {"teammate", "junior", "newcomer", "outsider"}
    assert share(units=[str(cast.departments["二组"])]) == managing | {"junior"}
    assert share(units=[str(cast.departments["销售部"])]) == managing | {"teammate", "junior", "newcomer"}, "with those below"
    assert share(everyone=True) == set(PEOPLE) - {"owner"}
    assert share() == set()


def test_readers_do_not_write_and_a_grant_reaches_shared_records_only(cast: Cast) -> None:
    owner, teammate, manager, executive = (cast.actor(n) for n in ("owner", "teammate", "manager", "executive"))
    mine = create(owner, "shortlist", name="独一份", people=[str(cast.users["teammate"])])
    theirs = create(cast.actor("outsider"), "shortlist", name="独一份", people=[str(cast.users["manager"])])
    for verb, how in (("update", {"changes": {"name": "x"}}), ("delete", {}), ("assign", {"changes": {"owner": str(cast.users["teammate"])}})):
        with refused(Forbidden):
            door.perform("shortlist", verb, actor=teammate, id=mine, **how)  # type: ignore[arg-type]
    door.perform("shortlist", "update", actor=manager, id=mine, changes={"name": "独一份 经理改"})
    with refused(Forbidden):  # reads it as an addressee, but the scope of writing ends at the department
        door.perform("shortlist", "update", actor=manager, id=theirs, changes={"name": "x"})
    for verb, actor in (("delete", manager), ("update", executive), ("delete", executive)):  # the role grants no such verb
        with refused(Forbidden):
            door.perform("shortlist", verb, actor=actor, id=mine, changes={"name": "x"} if verb == "update" else {})
    told = telling.explain("shortlist", mine, actor=manager)
    assert told["write"] and told["verbs"]["update"] and told["verbs"]["assign"] and not told["verbs"]["delete"]
    assert not telling.explain("shortlist", mine, actor=executive)["write"]
    with refused(Forbidden):  # who may not see unshared ones may not make them so
        door.perform("shortlist", "update", actor=manager, id=mine, changes={"people": None})
    door.perform("shortlist", "assign", actor=manager, id=mine, changes={"owner": str(cast.users["teammate"])})
    assert ids(owner, "shortlist", {"field": "id", "op": "=", "value": str(mine)}) == set()
    admin = cast.actor("admin")
    door.perform("shortlist", "update", actor=admin, id=mine, changes={"everyone": True, "people": None})
    door.perform("shortlist", "delete", actor=admin, id=mine)
    note = create(owner, "jotting", name="独一份")
    for who in (executive, admin):  # the grant of a never shared object grants nothing
        with refused(NotFound):
            door.perform("jotting", "update", actor=who, id=note, changes={"name": "x"})


def test_who_may_share_with_many_is_a_right_over_a_field(cast: Cast) -> None:
    owner, manager = cast.actor("owner"), cast.actor("manager")
    mine = create(owner, "shortlist", name="独一份", people=[str(cast.users["teammate"])])
    for changes in ({"everyone": True}, {"roles": [_role("sales")]}, {"units": [str(cast.departments["市场部"])]}):
        with refused(Invalid, f"{next(iter(changes))}:read-only"):
            door.perform("shortlist", "update", actor=owner, id=mine, changes=changes)
        with refused(Invalid, f"{next(iter(changes))}:read-only"):
            create(owner, "shortlist", name="x", **changes)
        door.perform("shortlist", "update", actor=manager, id=mine, changes=changes)
    create(cast.actor("admin"), "shortlist", name="全员", everyone=True)


def test_why_a_personal_record_is_seen(cast: Cast) -> None:
    owner = cast.actor("owner")
    mine = create(owner, "shortlist", name="独一份", people=[str(cast.users["teammate"])])

    def why(about: str, asker: str = "owner") -> list[tuple[bool, str, str]]:
        from dataclasses import replace

        told = telling.explain("shortlist", mine, actor=replace(cast.actor(asker), language="en"), about=cast.actor(about))
        assert told["read"] == any(r["grants"] for r in told["reasons"])
        return [(r["grants"], r["about"], r["text"]) for r in told["reasons"]]

    assert why("owner") == [(True, "own", "It is yours.")]
    assert why("owner", "teammate") == [(True, "own", "It is theirs.")]
    assert why("teammate") == [(True, "shared", "Shared with user “李娜”.")]
    assert why("nobody") == [(False, "policy", "Shortlist is personal: only its owner and those it is shared with see it.")]
    door.perform("shortlist", "update", actor=DESK, id=mine, changes={"people": None, "roles": [_role("sales")], "everyone": True})
    assert why("junior") == [(True, "shared", "Shared with everyone."), (True, "shared", "Shared with role “Sales representative”.")]
    assert why("admin")[-1] == (True, "role", "Role “系统管理员” reaches shared records of Shortlist: all records.")


@pytest.mark.parametrize(
    "policy",
    [
        {"read": "personal"}, {"write": "personal"}, {"read": "personal", "write": "personal", "readers": ("name",)},
        {"read": "scope", "readers": ("everyone",)}, {"read": "personal", "write": "personal", "readers": ("nothing",)},
    ],
)  # fmt: skip
def test_a_personal_policy_that_makes_no_sense_is_refused(policy: dict[str, Any]) -> None:
    body = {"__doc__": "试", "name": Text(T("名", "Name")), "owner": Owner(), "everyone": Boolean(T("全员", "Everyone")), "policy": Policy(**policy)}
    with pytest.raises(DeclarationError):
        type("Odd", (Object,), body, label=T("怪", "Odd"))
    with pytest.raises(DeclarationError):
        type("Odd", (Object,), {k: v for k, v in body.items() if k != "owner"} | {"policy": Policy("personal", "personal")}, label=T("怪", "Odd"))


# -- fields ------------------------------------------------------------------------------------------------------------


def _answer(ask: Any) -> Any:
    try:
        return ask()
    except Problem as problem:
        return (type(problem), problem.code, [(e.field, e.code, e.message.en) for e in problem.errors])


@pytest.mark.parametrize(
    "how",
    [
        lambda a, f: reading.query("book", actor=a, where={"field": f, "op": "=", "value": 5}), lambda a, f: reading.query("book", actor=a, where=f"{f} > 5"),
        lambda a, f: reading.query("book", actor=a, where={"not": {"field": f, "op": "empty"}}), lambda a, f: reading.query("book", actor=a, sort=f),
        lambda a, f: reading.query("book", actor=a, sort=f"-{f}"), lambda a, f: reading.query("book", actor=a, fields=[f]),
        lambda a, f: reading.get("book", UUID(int=1), actor=a, fields=[f]), lambda a, f: reading.aggregate("book", actor=a, group_by=[f]),
        lambda a, f: reading.aggregate("book", actor=a, measures=[f"sum:{f}"]), lambda a, f: reading.aggregate("book", actor=a, measures=[f"distinct:{f}"]),
        lambda a, f: reading.aggregate("book", actor=a, where=f"{f} > 1"), lambda a, f: reading.query("chapter", actor=a, where=f"book.{f} > 1"),
        lambda a, f: reading.query("chapter", actor=a, sort=f"book.{f}"), lambda a, f: reading.query("chapter", actor=a, fields=[f"book.{f}"]),
        lambda a, f: reading.aggregate("chapter", actor=a, group_by=[f"book.{f}"]), lambda a, f: door.perform("book", "create", actor=a, changes={"name": "x", f: 5}),
        lambda a, f: reading.query("book", actor=a, where=f"author.book.{f} = 5"),
    ],
)  # fmt: skip
def test_a_hidden_field_does_not_exist(cast: Cast, books: dict[str, UUID], how: Any) -> None:
    """By name, by its Chinese and its English label: the same answer as for a name nobody declared."""
    for name in ("owner", "manager"):
        actor = cast.actor(name)
        for hidden in ("cost", "成本", "Cost"):
            known, unknown = _answer(lambda: how(actor, hidden)), _answer(lambda: how(actor, "qzx"))  # noqa: B023
            assert isinstance(known, tuple) and isinstance(unknown, tuple), "both are refused"
            assert known[:2] == unknown[:2]
            assert [(f.replace(hidden, "qzx"), c, m.replace(hidden, "qzx")) for f, c, m in known[2]] == unknown[2]


def test_a_hidden_field_is_nowhere(cast: Cast, books: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    book = books["owner"]
    door.perform("book", "update", actor=DESK, id=book, changes={"cost": 987654})
    row = reading.get("book", book, actor=owner)
    assert "cost" not in row and row["price"]["amount"] == 20
    assert "cost" not in {f["name"] for o in reading.describe(owner)["objects"] if o["name"] == "book" for f in o["fields"]}
    for told in (telling.history("book", book, actor=owner), telling.timeline("book", book, actor=owner)):
        assert all("cost" not in one.changes and "987654" not in repr(one) for one in told)
    assert "cost" not in telling.explain("book", book, actor=owner)["fields"]
    assert telling.history("book", book, actor=cast.actor("executive"))[0].changes["cost"][1]["amount"] == 987654
    assert reading.get("book", book, actor=cast.actor("executive"))["cost"]["amount"] == 987654
    assert "royalty" not in reading.get("author", books["author"], actor=owner)
    assert reading.get("author", books["author"], actor=cast.actor("manager"))["royalty"] == "***"
    with pytest.raises(Invalid):
        reading.query("book", actor=cast.actor("manager"), sort="author.royalty")


def test_a_masked_field_is_shown_starred_and_not_asked_about(cast: Cast, books: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    book = books["owner"]
    assert reading.get("book", book, actor=owner)["phones"] == [{"number": "+86138****8000"}]
    for where in ("phones = 8000", "phones ends 8000", "phones contains 138", "phones empty", {"not": {"field": "phones", "op": "empty"}}):
        with pytest.raises(Invalid):
            reading.query("book", actor=owner, where=where)
    assert ids(owner, "book", "phones = 13800138000") == {book}, "who knows the whole number may ask whose it is"
    for how in ({"sort": "phones"}, {"where": "电话 ends 8000"}):
        with pytest.raises(Invalid):
            reading.query("book", actor=owner, **how)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        reading.aggregate("book", actor=owner, measures=["distinct:phones"])
    door.perform("book", "update", actor=DESK, id=book, changes={"phones": "13911112222"})
    told = telling.history("book", book, actor=owner)[0].changes["phones"]
    assert told == [[{"number": "+86138****8000"}], [{"number": "+86139****2222"}]]
    with refused(Invalid, "phones:read-only"):
        door.perform("book", "update", actor=owner, id=book, changes={"phones": "1"})
    for q in ("13911112222", "2222", "39111"):
        assert finding.search(q, actor=owner, objects=["book"]) == [], "a number one may not read does not find the record"
    with refused(Invalid, "discount:read-only"):
        door.perform("book", "update", actor=owner, id=book, changes={"discount": 9})


def test_links_to_what_one_may_not_see(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    """A link out of sight reads as nothing, and asking across it finds nothing."""
    actor = role("newcomer", {"chapter": {"verbs": ["read"], "read": "all"}, "author": {"verbs": ["read"], "read": "all"}})
    chapter = books["owner chapter"]
    assert reading.get("chapter", chapter, actor=actor)["book"] is None
    for how in ({"where": "book.name = 书"}, {"sort": "book.name"}, {"fields": ["book.name"]}):
        with pytest.raises(Invalid):
            reading.query("chapter", actor=actor, **how)  # type: ignore[arg-type]
    own = role("newcomer", {"chapter": {"verbs": ["read"], "read": "all"}, "book": {"verbs": ["read"], "read": "own"}})
    page = reading.query("chapter", actor=own, where={"field": "id", "op": "in", "value": [str(chapter), str(books["newcomer chapter"])]}, fields=["book", "book.price"])
    rows = {row["id"]: row for row in page.rows}
    assert rows[chapter]["book"] is None and rows[chapter]["book.price"] is None
    assert rows[books["newcomer chapter"]]["book"] == {"id": books["newcomer"], "label": "书 newcomer"}
    assert chapter not in ids(own, "chapter", "book.price >= 0")
    assert chapter not in ids(own, "chapter", "book = 书 owner")
    groups = {str(r["book"]) for r in reading.aggregate("chapter", actor=own, group_by=["book"]).rows}
    assert not any("书 owner" in g for g in groups)


def test_a_masked_link_says_that_there_is_one_not_which(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    """Neither its name nor its id, which would lead to it: in rows, in lists of many, in what happened."""
    fields = {"author": "masked", "co_authors": "masked", "editor": "masked", "owner": "masked"}
    book = books["newcomer"]
    door.perform("book", "update", actor=DESK, id=book, changes={"co_authors": [books["author"]], "editor": cast.users["owner"]})
    actor = role("newcomer", {"book": {"verbs": ["read"], "read": "own", "fields": fields}})
    row = reading.get("book", book, actor=actor)
    starred = {"id": None, "label": "***"}
    assert (row["author"], row["co_authors"], row["editor"], row["owner"]) == (starred, [starred], starred, starred)
    assert reading.query("book", actor=actor, fields=["author"]).rows[0]["author"] == starred
    told = repr([one.changes for one in (*telling.history("book", book, actor=actor), *telling.timeline("book", book, actor=actor))])
    assert "***" in told and str(books["author"]) not in told and str(cast.users["owner"]) not in told and "鲁迅" not in told


def test_search_goes_through_links_as_lists_do(cast: Cast, books: dict[str, UUID], role: Any) -> None:
    """Also where a role reaches other chapters than books, owns nothing, or knows a book by its team only."""
    def agree(*grants: dict[str, Any]) -> set[UUID]:
        actor = role("newcomer", *grants)
        found = {hit.id for hit in finding.search("章", actor=actor, objects=["chapter"], limit=100)}
        assert found == ids(actor, "chapter")
        return found

    def grant(book: str, chapter: str) -> dict[str, Any]:
        return {"book": {"verbs": ["read"], "read": book}, "chapter": {"verbs": ["read"], "read": chapter}}

    mine, theirs = books["newcomer chapter"], books["owner chapter"]
    assert agree(grant("own", "below")) == {mine}
    assert agree(grant("below", "own")) >= {mine, theirs}
    assert agree(grant("all", "none")) >= {mine, theirs}
    assert agree({"chapter": {"verbs": ["read"], "read": "department"}}) == set()
    door.perform("book", "share", actor=DESK, id=books["owner"], inputs={"user": str(cast.users["newcomer"])})
    assert agree(grant("none", "none")) == {theirs}
    assert agree({"chapter": {"verbs": ["read"], "read": "none"}}) == set()
    door.perform("book", "unshare", actor=DESK, id=books["owner"], inputs={"user": str(cast.users["newcomer"])})


def test_why(cast: Cast, books: dict[str, UUID]) -> None:
    manager = cast.actor("manager")
    theirs = telling.explain("book", books["owner"], actor=manager, about=cast.actor("outsider"))
    assert not theirs["read"] and not theirs["write"] and not any(r["grants"] for r in theirs["reasons"])
    mine = telling.explain("book", books["owner"], actor=manager)
    assert mine["read"] and mine["write"] and mine["verbs"]["publish"] and not mine["verbs"]["restore"] and not mine["verbs"]["counted"]
    assert [r["grants"] for r in mine["reasons"]] == [True]
    assert telling.explain("book", books["owner"], actor=cast.actor("executive"))["verbs"] == {**dict.fromkeys(mine["verbs"], False), "read": True}


def test_rights_move_at_once(cast: Cast, books: dict[str, UUID]) -> None:
    """A role taken away, a person switched off or put into the bin: the next question is answered by the new rights."""
    from guanxi.base.errors import Unauthenticated
    from guanxi.kernel import setup

    setup.create_user("passing", "路人甲", ["executive"], "correct horse battery")
    user = next(iter(ids(DESK, "user", "username = passing")))
    assert len(_seen(cast.actor("passing"), books)) == 7
    door.perform("user", "update", actor=DESK, id=user, changes={"roles": []})
    with pytest.raises(NotFound):
        reading.query("book", actor=cast.actor("passing"))
    door.perform("user", "update", actor=DESK, id=user, changes={"active": False})
    with pytest.raises(Unauthenticated):
        cast.actor("passing")
    assert set(PEOPLE) >= {"owner", "nobody"}


@pytest.mark.parametrize(
    "grants",
    [
        [1], "x", 5, {"nothing": {}}, {"book": 5}, {"book": {"verb": []}}, {"book": {"verbs": "read"}}, {"book": {"verbs": [5]}}, {"book": {"verbs": [["x"]]}}, {"book": {"read": "everything"}},
        {"book": {"read": ["own"]}}, {"book": {"write": {}}}, {"book": {"fields": 5}}, {"book": {"fields": {"name": ["x"]}}}, {"book": {"fields": {"nothing": "read"}}}, {"book": {"fields": {"name": "own"}}},
        {"book": {"departments": 5}}, {"book": {"read": "chosen", "departments": [{"a": 1}]}}, {"*": {"verbs": [5]}},
    ],
)  # fmt: skip
def test_rights_that_make_no_sense_are_refused(cast: Cast, grants: Any) -> None:
    """They would stop everybody who holds the role."""
    with refused(Invalid) as caught:
        create(cast.actor("admin"), "role", name="错", grants=grants)
    assert {e.field for e in caught.value.errors} == {"grants"}
