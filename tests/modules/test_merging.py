"""Duplicates become one record and everything follows; taken back, every row is as it was."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, merging, reading, telling, unmerging
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, events, events_of, raw, refused

STAMPS = "'version', 'updated_at', 'updated_by'"
_names = itertools.count(1)


def rows() -> dict[str, list[str]]:
    """Every row of every record, of links, teams, search entries and keys, but for version and stamps."""
    out: dict[str, list[str]] = {}
    with sql.work(DEFAULT_WORKSPACE):
        for table in [d.table for d in REGISTRY.objects.values()]:
            out[table] = [row[0] for row in sql.rows(f"SELECT (to_jsonb(t) - ARRAY[{STAMPS}])::text FROM {table} t ORDER BY id")]
        out["links"] = [row[0] for row in sql.rows("SELECT (to_jsonb(t) - 'id')::text FROM gx_link t ORDER BY object, field, source_id, position, target_id")]
        out["team"] = [row[0] for row in sql.rows("SELECT to_jsonb(t)::text FROM gx_team_member t ORDER BY id")]
        out["search"] = [row[0] for row in sql.rows("SELECT (to_jsonb(t) - 'updated_at')::text FROM gx_search_entry t ORDER BY id")]
        out["keys"] = [row[0] for row in sql.rows("SELECT to_jsonb(t)::text FROM gx_match t ORDER BY id")]
    return out


def same(before: dict[str, list[str]]) -> None:
    now = rows()
    for table in before:
        assert now[table] == before[table], (table, [(a, b) for a, b in zip(before[table], now[table], strict=False) if a != b][:3])


def get(name: str, id: UUID, *fields: str, cast: Cast) -> Any:
    row = reading.get(name, id, actor=cast.actor("system"), fields=list(fields))
    out = tuple(row[one]["id"] if isinstance(row[one], dict) and "id" in row[one] else row[one] for one in fields)
    return out if len(fields) > 1 else out[0]


def merge(cast: Cast, survivor: UUID, *others: UUID, who: str = "owner", name: str = "customer", **inputs: Any) -> door.Result:
    return door.perform(name, "merge", actor=cast.actor(who), id=survivor, inputs={"others": [str(id) for id in others], **inputs})


def unmerge(cast: Cast, survivor: UUID, who: str = "owner", name: str = "customer", **inputs: Any) -> door.Result:
    return door.perform(name, "unmerge", actor=cast.actor(who), id=survivor, inputs=inputs)


@pytest.fixture(scope="module")
def backers(cast: Cast) -> None:
    """Custom links to customers, one and many, on opportunities."""
    system = cast.actor("system")
    for key, kind in (("c_backer", "link"), ("c_backers", "many_links")):
        create(system, "custom_field", object_name="opportunity", key=key, kind=kind, name=key, options={"target": "customer"})


@pytest.fixture
def pair(cast: Cast, backers: None) -> dict[str, UUID]:
    """Two customers of `owner` that are one company, with everything that can hang on them."""
    owner, n = cast.actor("owner"), next(_names)
    a = create(owner, "customer", name=f"江南制造{n}", phones=["13800000001"], tags=["老"], grade="key", description="甲")
    b = create(owner, "customer", name=f"江南制造有限公司{n}", phones=["13800000001", "13800000002"], tags=["新"], email="b@example.com", description="乙")
    out = {"a": a, "b": b}
    out["mine"] = create(owner, "contact", name="周经理", customer=a, primary=True)
    out["contact"] = create(owner, "contact", name="吴经理", customer=b, customers=[a], primary=True)
    out["also"] = create(owner, "contact", name="郑工", customer=a, customers=[b])
    out["deal"] = create(owner, "opportunity", name="二期", customer=b, c_backer=b, c_backers=[a, b])
    out["activity"] = create(owner, "activity", content="拜访", customer=b, happened_at="2026-03-01T02:00:00Z")
    out["task"] = create(owner, "task", subject="报价", customer=b)
    out["below"] = create(owner, "customer", name=f"江南分厂{n}", parent=b)
    out["comment"] = create(owner, "comment", text="是同一家", object_name="customer", record=str(b))
    for who, record, level in (("teammate", a, "read"), ("teammate", b, "write"), ("junior", b, "read")):
        door.perform("customer", "share", actor=owner, id=record, inputs={"user": str(cast.users[who]), "level": level})
    return out


def test_no_team_gains_from_a_merge_what_nobody_gave_it(cast: Cast) -> None:
    """Reading for ever and writing until yesterday do not make writing for ever."""
    owner, now = cast.actor("owner"), datetime.now(UTC)
    a, b = (create(owner, "customer", name=f"团队合并{n}号") for n in range(2))
    given = {"teammate": ("read", None, "write", -1), "junior": ("read", None, "write", 1), "newcomer": ("write", -1, "read", None), "outsider": ("read", 1, "read", None)}
    for who, standing in given.items():
        for record, level, days in ((a, *standing[:2]), (b, *standing[2:])):
            until = {} if days is None else {"until": (now + timedelta(days=days)).isoformat()}
            door.perform("customer", "share", actor=owner, id=record, inputs={"user": str(cast.users[who]), "level": level, **until})
    merge(cast, a, b)
    found = {m.user: (m.level, m.until is None) for m in telling.team("customer", a, actor=owner)}
    wanted = {"teammate": ("read", True), "junior": ("write", False), "newcomer": ("read", True), "outsider": ("read", True)}
    assert found == {cast.users[who]: standing for who, standing in wanted.items()}
    assert not telling.explain("customer", a, actor=owner, about=cast.actor("teammate"))["write"]


def test_everything_follows_the_survivor(cast: Cast, pair: dict[str, UUID]) -> None:
    before, count = rows(), events()
    a, b = pair["a"], pair["b"]
    shown = merging.compare("customer", [a, b], actor=cast.actor("owner"))
    assert {it.name: n for it, n in shown.moves} == {"contact": 2, "opportunity": 1, "activity": 1, "task": 1, "customer": 1, "comment": 1}
    assert shown.obstacles == ()
    assert {line.field.name: line.chosen for line in shown.lines if line.differs and line.choosable} == {
        "name": a, "number": a, "tags": "all", "phones": "all", "email": b, "description": a, "grade": a,
    }  # fmt: skip
    assert rows() == before and events() == count, "looking writes nothing"
    done = merge(cast, a, b)
    assert get("customer", a, "email", "grade", "description", cast=cast) == ("b@example.com", "key", "甲")
    assert [one["number"] for one in get("customer", a, "phones", cast=cast)] == ["+8613800000001", "+8613800000002"]
    assert get("customer", a, "tags", cast=cast) == ["老", "新"]
    assert get("contact", pair["contact"], "customer", "customers", "primary", cast=cast) == (a, [], False), "the survivor's own first contact stays it"
    assert get("contact", pair["mine"], "primary", cast=cast) is True
    assert get("contact", pair["also"], "customers", cast=cast) == []
    assert get("opportunity", pair["deal"], "customer", "c_backer", cast=cast) == (a, a)
    assert [one["id"] for one in get("opportunity", pair["deal"], "c_backers", cast=cast)] == [str(a)]
    for name, key in (("activity", "activity"), ("task", "task")):
        assert get(name, pair[key], "customer", cast=cast) == a
    assert get("customer", pair["below"], "parent", cast=cast) == a
    assert get("comment", pair["comment"], "record", cast=cast) == str(a)
    assert {(m.user, m.level) for m in telling.team("customer", a, actor=cast.actor("owner"))} == {(cast.users["teammate"], "write"), (cast.users["junior"], "read")}
    assert str(get("customer", a, "last_contact_at", cast=cast)) == "2026-03-01 02:00:00+00:00"
    with pytest.raises(NotFound):
        reading.get("customer", b, actor=cast.actor("owner"))
    gone = reading.query("customer", actor=cast.actor("owner"), where={"field": "id", "op": "=", "value": str(b)}, fields=["merged_into"], deleted=True).rows
    assert gone[0]["merged_into"]["id"] == a
    assert merging.survivor("customer", b, actor=cast.actor("owner")) == a
    assert merging.survivor("customer", b, actor=cast.actor("outsider")) is None
    with sql.work(DEFAULT_WORKSPACE):
        caused = journal.caused(DEFAULT_WORKSPACE, done.version)
    assert len({(e.object, e.record) for e in caused}) == len([e for e in caused if e.verb != "contacted"]) + 1, "one event for each, and the survivor told of the follow-up"
    unmerge(cast, a)
    same(before)


def test_two_records_of_one_person_become_one_and_two_again(cast: Cast) -> None:
    """Everything that names the one follows the other; undone, every row is as it was, and two events more tell of it."""
    owner = cast.actor("owner")
    customer = create(owner, "customer", name="合并联系人仪表厂")
    boss = create(owner, "contact", name="厂长", customer=customer)
    a = create(owner, "contact", name="朱明", customer=customer, phones=["13766660001"], superior=boss, hobbies=["钓鱼"])
    b = create(owner, "contact", name="朱 明", customer=customer, phones=["13766660001", "13766660002"], email="zhu@example.com", primary=True, hobbies=["围棋"])
    below = create(owner, "contact", name="助理", customer=customer, superior=b)
    deal = create(owner, "opportunity", name="联系人合并商机", customer=customer, contact=b)
    activity = create(owner, "activity", content="电话", customer=customer, contact=b, happened_at="2026-03-02T02:00:00Z")
    comment = create(owner, "comment", text="同一个人", object_name="contact", record=str(b))
    hanging = {"opportunity": deal, "activity": activity, "comment": comment, "contact": below}
    before, told = rows(), {(name, id): len(events_of(name, id)) for name, id in (*hanging.items(), ("contact", a), ("contact", b), ("contact", boss), ("customer", customer))}
    for who in ("outsider", "nobody"):
        with refused(NotFound):
            merge(cast, a, b, who=who, name="contact")
    same(before)
    shown = merging.compare("contact", [a, b], actor=owner)
    assert {it.name: n for it, n in shown.moves} == {"opportunity": 1, "activity": 1, "comment": 1, "contact": 1} and shown.obstacles == ()
    merge(cast, a, b, name="contact")
    assert [one["number"] for one in get("contact", a, "phones", cast=cast)] == ["+8613766660001", "+8613766660002"]
    assert get("contact", a, "email", "hobbies", "superior", cast=cast) == ("zhu@example.com", ["钓鱼", "围棋"], boss)
    assert (get("opportunity", deal, "contact", cast=cast), get("activity", activity, "contact", cast=cast), get("contact", below, "superior", cast=cast)) == (a, a, a)
    assert get("comment", comment, "record", cast=cast) == str(a)
    assert merging.survivor("contact", b, actor=owner) == a
    unmerge(cast, a, name="contact")
    same(before)
    now = {(name, id): len(events_of(name, id)) for name, id in told}
    touched = {("contact", a), ("contact", b), *hanging.items()}
    assert {key: now[key] - told[key] for key in told} == {key: 2 if key in touched else 0 for key in told}


def test_the_choice_is_made_field_by_field(cast: Cast, pair: dict[str, UUID]) -> None:
    before = rows()
    a, b = pair["a"], pair["b"]
    name = get("customer", b, "name", cast=cast)
    merge(cast, a, b, fields={"name": str(b), "phones": str(b), "tags": str(a), "description": "all", "email": str(a)})
    assert get("customer", a, "name", "tags", "description", "email", cast=cast) == (name, ["老"], "甲\n\n乙", None)
    told = events_of("customer", a)
    changed = next(e for e in told if e.verb == "merge").changes
    assert set(changed) == {"name", "phones", "description", "@merge"}
    assert changed["@merge"][1]["others"] == [str(b)]
    for fields, error in (({"name": str(a), "x": str(a)}, "x:unknown-field"), ({"grade": "all"}, "grade:choice"), ({"grade": str(pair["below"])}, "grade:choice"), ({"last_contact_at": str(b)}, "last_contact_at:read-only")):
        other = create(cast.actor("owner"), "customer", name="另一家")
        with refused(Invalid, error):
            merge(cast, a, other, fields=fields)
        door.perform("customer", "delete", actor=cast.actor("owner"), id=other)
    unmerge(cast, a)
    now = rows()
    assert [r for r in now["gx_customer"] if "另一家" not in r] == before["gx_customer"]


def test_a_company_above_its_duplicate_closes_no_circle(cast: Cast) -> None:
    owner = cast.actor("owner")
    top = create(owner, "customer", name="总公司")
    a = create(owner, "customer", name="甲")
    b = create(owner, "customer", name="乙", parent=top)
    between = create(owner, "customer", name="中间", parent=b)
    for parent, expected in ((b, top), (between, top)):
        door.perform("customer", "update", actor=owner, id=a, changes={"parent": parent})
        before = rows()
        merge(cast, a, b)
        assert get("customer", a, "parent", cast=cast) == expected
        assert get("customer", between, "parent", cast=cast) == a
        unmerge(cast, a)
        same(before)
    with refused(Invalid, "parent:circle"):
        merge(cast, a, b, fields={"parent": str(a)})
    with refused(Invalid, "parent:circle"):
        merge(cast, top, b, fields={"parent": str(b)})
    merge(cast, b, a)
    assert get("customer", b, "parent", cast=cast) == top


def test_who_may_not_changes_nothing_and_is_told_why(cast: Cast, pair: dict[str, UUID]) -> None:
    a, b = pair["a"], pair["b"]
    for who in ("outsider", "nobody"):
        with refused(NotFound):
            merge(cast, a, b, who=who)
    with refused(Forbidden):
        merge(cast, a, b, who="executive")
    theirs = create(cast.actor("outsider"), "customer", name="别人的")
    with refused(Invalid, "others:link"):
        merge(cast, a, theirs)
    with refused(Invalid, "others:number"):
        merge(cast, a, a)
    with refused(Forbidden):  # in both teams, but may only read the one
        merge(cast, a, b, who="teammate")
    with refused(Forbidden) as caught:
        merge(cast, b, a, who="teammate")
    assert "有 1 条要并入的记录您不能删除。" in caught.value.detail.zh
    task = create(cast.actor("manager"), "task", subject="经理的事", customer=b)
    with refused(Forbidden) as caught:
        merge(cast, a, b)
    assert "1 条任务" in caught.value.detail.zh
    assert [one.zh for one in merging.compare("customer", [a, b], actor=cast.actor("owner")).obstacles] == [caught.value.detail.zh]
    with refused(Conflict):
        merge(cast, a, b, who="manager", versions={str(b): str(a)})
    merge(cast, a, b, who="manager", versions={str(b): str(events_of("customer", b)[-1].id)})
    assert get("task", task, "customer", cast=cast) == a
    with refused(Forbidden):
        unmerge(cast, a)
    unmerge(cast, a, who="manager")


def test_a_hidden_field_is_neither_seen_nor_chosen(cast: Cast, pair: dict[str, UUID]) -> None:
    a, b = pair["a"], pair["b"]
    system, owner = cast.actor("system"), cast.actor("owner")
    role = next(iter(raw("SELECT id, grants FROM gx_role WHERE key = 'sales'")))
    grants = {**role[1], "customer": {**role[1]["customer"], "fields": {"email": "hidden", "phones": "masked"}}}
    door.perform("role", "update", actor=system, id=role[0], changes={"grants": grants})
    try:
        owner = cast.actor("owner")
        shown = merging.compare("customer", [a, b], actor=owner)
        assert "email" not in {line.field.name for line in shown.lines}
        with refused(Invalid, "email:unknown-field"):
            merge(cast, a, b, fields={"email": str(b)})
        with refused(Invalid, "phones:read-only"):
            merge(cast, a, b, fields={"phones": "all"})
        merge(cast, a, b)
        assert get("customer", a, "email", cast=cast) is None
        unmerge(cast, a)
    finally:
        door.perform("role", "update", actor=system, id=role[0], changes={"grants": role[1]})


def test_taking_back_keeps_what_was_changed_since_and_says_so(cast: Cast, pair: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    a, b = pair["a"], pair["b"]
    other = create(owner, "customer", name="第三家")
    merge(cast, a, b)
    door.perform("customer", "update", actor=owner, id=a, changes={"email": "new@example.com", "needs": "新需求"})
    door.perform("task", "update", actor=owner, id=pair["task"], changes={"customer": other})
    door.perform("contact", "update", actor=owner, id=pair["contact"], changes={"name": "吴总"})
    door.perform("activity", "delete", actor=owner, id=pair["activity"])
    door.perform("customer", "share", actor=owner, id=a, inputs={"user": str(cast.users["junior"]), "level": "write"})
    done = unmerge(cast, a)
    assert done.output is not None
    assert sorted((one["object"], one["id"], one["fields"]) for one in done.output["kept"]) == [
        ("activity", pair["activity"], ["deleted_at"]), ("customer", a, ["email", "@team"]), ("task", pair["task"], ["customer"]),
    ]  # fmt: skip
    assert any("邮箱" in text.zh and "团队成员" in text.zh for _, text in done.warnings)
    assert any("报价" in text.zh and "客户" in text.zh for _, text in done.warnings)
    assert get("customer", a, "email", "needs", cast=cast) == ("new@example.com", "新需求")
    assert [one["number"] for one in get("customer", a, "phones", cast=cast)] == ["+8613800000001"]
    assert get("customer", b, "email", cast=cast) == "b@example.com"
    assert get("task", pair["task"], "customer", cast=cast) == other
    assert get("contact", pair["contact"], "name", "customer", "primary", cast=cast) == ("吴总", b, True)
    assert raw("SELECT customer_id, deleted_at IS NULL FROM gx_activity WHERE id = %s", [pair["activity"]]) == [(a, False)]
    assert {(m.user, m.level) for m in telling.team("customer", a, actor=owner)} == {(cast.users["teammate"], "read"), (cast.users["junior"], "write")}
    with refused(Conflict):
        unmerge(cast, a)
    with refused(NotFound):
        unmerge(cast, a, merge=str(done.version))


def test_merged_twice_is_taken_back_one_after_the_other(cast: Cast) -> None:
    owner = cast.actor("owner")
    a, b, c = (create(owner, "customer", name=f"连环{n}", phones=[f"1390000000{n}"]) for n in (1, 2, 3))
    binned = create(owner, "contact", name="走了的", customer=c)
    door.perform("contact", "delete", actor=owner, id=binned)
    start = rows()
    merge(cast, b, c)
    middle = rows()
    merge(cast, a, b)
    assert merging.survivor("customer", c, actor=owner) == a
    unmerge(cast, a)
    same(middle)
    assert unmerging.undoable("customer", a, actor=owner) == set()
    assert len(unmerging.undoable("customer", b, actor=owner)) == 1
    door.perform("contact", "restore", actor=owner, id=binned)
    assert get("contact", binned, "customer", cast=cast) == b, "what comes out of the bin finds the survivor"
    door.perform("contact", "delete", actor=owner, id=binned)
    unmerge(cast, b)
    now = rows()
    assert now["gx_customer"] == start["gx_customer"]


def test_one_restored_by_hand_is_no_longer_merged(cast: Cast) -> None:
    owner = cast.actor("owner")
    a, b, c = (create(owner, "customer", name=f"手工{n}") for n in (1, 2, 3))
    merge(cast, a, b, c)
    door.perform("customer", "restore", actor=owner, id=b)
    assert merging.survivor("customer", b, actor=owner) is None
    assert raw("SELECT merged_into_id FROM gx_customer WHERE id = %s", [b]) == [(None,)]
    done = unmerge(cast, a)
    assert done.output is not None and done.output["others"] == [c]
    assert any("另行恢复" in text.zh for _, text in done.warnings)


def test_a_lead_follows_with_its_products_and_a_batch_merges_one_by_one(cast: Cast) -> None:
    owner = cast.actor("owner")
    system = cast.actor("system")
    p, q = (create(system, "product", name=f"产品{n}", price="1") for n in (1, 2))
    a = create(owner, "lead", name="展会", company="绿源", products=[p])
    b = create(owner, "lead", name="官网", company="绿源科技", products=[q, p], phones=["13911112222"])
    create(owner, "activity", content="来电", lead=b)
    before = rows()
    results = door.perform_many("lead", "merge", [door.Item(a, inputs={"others": [str(b)]}), door.Item(b, inputs={"others": [str(b)]})], actor=owner)
    assert [type(one).__name__ for one in results] == ["Result", "NotFound"]
    assert [one["id"] for one in get("lead", a, "products", cast=cast)] == [str(p), str(q)]
    unmerge(cast, a, name="lead")
    same(before)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_shape_comes_back_as_it_was(cast: Cast, backers: None, data: st.DataObject) -> None:
    """Customers in a tree with contacts, deals, follow-ups and teams between them: merged and parted, every row is the same."""
    owner = cast.actor("owner")
    places = st.integers(0, 3)
    made = [create(owner, "customer", name=f"形{n}", phones=data.draw(st.lists(st.sampled_from(["13800000001", "13800000002"]), unique=True)) or None) for n in range(4)]
    for n in range(1, 4):
        if data.draw(st.booleans()):
            door.perform("customer", "update", actor=owner, id=made[n], changes={"parent": made[data.draw(st.integers(0, n - 1))]})
    for n in range(data.draw(st.integers(0, 4))):
        create(owner, "contact", name=f"人{n}", customer=made[data.draw(places)], customers=[made[i] for i in data.draw(st.sets(places))], primary=data.draw(st.booleans()))
        create(owner, "opportunity", name=f"单{n}", customer=made[data.draw(places)], c_backer=made[data.draw(places)], c_backers=[made[i] for i in data.draw(st.sets(places))])
        create(owner, "activity", content="记", customer=made[data.draw(places)], happened_at=f"2026-03-0{n + 1}T02:00:00Z", next_contact_at=data.draw(st.sampled_from([None, "2027-01-01T02:00:00Z"])))
    for who in data.draw(st.sets(st.sampled_from(["teammate", "junior"]))):
        for place in data.draw(st.sets(places)):
            door.perform("customer", "share", actor=owner, id=made[place], inputs={"user": str(cast.users[who]), "level": data.draw(st.sampled_from(["read", "write"]))})
    kept, *others = data.draw(st.permutations(range(4)))
    others = others[: data.draw(st.integers(1, 3))]
    before = rows()
    merge(cast, made[kept], *(made[n] for n in others), who="manager")
    gone = [made[n] for n in others]
    for table, column in (("contact", "customer_id"), ("opportunity", "customer_id"), ("activity", "customer_id"), ("task", "customer_id"), ("customer", "parent_id")):
        assert raw(f"SELECT count(*) FROM gx_{table} WHERE deleted_at IS NULL AND {column} = ANY(%s)", [gone]) == [(0,)]
    assert raw("SELECT count(*) FROM gx_link WHERE target = 'customer' AND target_id = ANY(%s)", [gone]) == [(0,)]
    unmerge(cast, made[kept], who="manager")
    same(before)


def test_history_says_what_became_one(cast: Cast) -> None:
    owner = cast.actor("owner")
    a, b = create(owner, "customer", name="史一"), create(owner, "customer", name="史二")
    contact = create(owner, "contact", name="史联系人", customer=b)
    done = merge(cast, a, b)
    told = telling.history("customer", a, actor=owner)[0]
    assert (told.verb, told.changes["@merge"]) == ("merge", [None, {"others": [{"id": b, "label": "史二"}]}])
    moved = telling.history("contact", contact, actor=owner)[0]
    assert (moved.verb, moved.cause, moved.actor_kind) == ("follow", done.version, "automation")
    assert moved.changes == {"customer": [{"id": b, "label": "史二"}, {"id": a, "label": "史一"}]}
    unmerge(cast, a, merge=str(done.version))
    assert telling.history("customer", a, actor=owner)[0].changes["@merge"] == [{"others": [{"id": b, "label": "史二"}]}, None]
    assert [e.verb for e in telling.history("customer", b, actor=owner)] == ["put_back", "absorb", "create"]


def test_a_former_name_leads_to_the_survivor_and_never_against_it(cast: Cast) -> None:
    """What was merged is looked up by its old name as what it became, and is no duplicate of it."""
    from guanxi.kernel.records import matching

    owner = cast.actor("owner").through("web")
    a = create(owner, "customer", name="扬帆重工有限公司")
    b = create(owner, "customer", name="远航重工有限公司", credit_code="91320500MA2EXAMP18")
    merge(cast, a, b)
    found = matching.check("customer", {"name": "远航重工"}, actor=owner)
    assert [(one.id, one.title, one.state) for one in found] == [(a, "扬帆重工有限公司", "mine")]
    both = matching.check("customer", {"name": "远航重工", "credit_code": "91320500MA2EXAMP18"}, actor=owner)
    assert [one.id for one in both] == [a]
    assert matching.check("customer", {"name": "远航重工"}, actor=owner, id=a) == [] == matching.of_record("customer", a, actor=owner)
    door.perform("customer", "update", actor=owner, id=a, changes={"credit_code": None})
    done = door.perform("customer", "update", actor=owner, id=a, changes={"name": "远航重工股份公司", "credit_code": "91320500MA2EXAMP18"}, careful=True)
    assert done.warnings == ()
    with refused(Invalid, "credit_code:duplicate") as caught:
        create(owner, "customer", name="别家", credit_code="91320500MA2EXAMP18")
    assert "远航重工股份公司" in caught.value.errors[0].message.zh
