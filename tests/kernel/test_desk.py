"""What people arrange for themselves: saved views as each reader may use them, dashboards, notes, phrases, preferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid, NotFound
from guanxi.kernel import accounts
from guanxi.kernel.access.actor import system
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.records import door, people, reading, views
from guanxi.kernel.records.views import Shown
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, ids, refused

DESK = system(DEFAULT_WORKSPACE, via="test")


@pytest.fixture(scope="module")
def author() -> UUID:
    return create(DESK, "author", name="沈从文")


@pytest.fixture
def view(cast: Cast) -> Iterator[Any]:
    """Save a view of books; it is gone after the test."""
    made: list[UUID] = []

    def save(who: Any, settings: dict[str, Any] | None = None, **changes: Any) -> UUID:
        actor = cast.actor(who) if isinstance(who, str) else who
        made.append(create(actor, "view", **{"name": "试", "object_name": "book", "settings": settings or {}, **changes}))
        return made[-1]

    yield save
    for one in made:
        if ids(DESK, "view", {"field": "id", "op": "=", "value": str(one)}):
            door.perform("view", "delete", actor=DESK, id=one)


def _saved(actor: Any, name: str = "book") -> list[Shown]:
    return [one for one in views.for_object(actor, name) if one.id is not None]


def _role(key: str) -> str:
    return str(reading.query("role", actor=DESK, where={"field": "key", "op": "=", "value": key}, fields=["id"]).rows[0]["id"])


# -- saving ------------------------------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "columns": ["name", "author.country", "price"], "widths": {"name": 240}, "where": "status = draft and owner = 我", "sort": ["-price", "author.name"],
    "group": "published_on:month", "density": "compact", "by": "status", "card": ["author"], "total": "price", "date": "published_on", "end": "printed_at",
}  # fmt: skip


def test_a_view_is_kept_as_it_was_given(cast: Cast, view: Any) -> None:
    one = view("owner", GOOD, name="我的书", name_en="My books", object_name="books")
    row = reading.get("view", one, actor=cast.actor("owner"))
    assert row["settings"] == GOOD and row["object_name"] == "book" and row["kind"] == "list"
    tree = {"and": [{"field": "price", "op": ">", "value": 5}, {"not": {"field": "author", "op": "empty"}}]}
    assert reading.get("view", view("owner", {"where": tree}), actor=cast.actor("owner"))["settings"] == {"where": tree}


@pytest.mark.parametrize(
    ("settings", "code", "english"),
    [
        ({"columns": ["name", "qzx"]}, "unknown-field", "columns: There is no field 'qzx'."), ({"columns": ["author.qzx"]}, "unknown-field", "columns: There is no field 'author.qzx'."), ({"card": ["书名"]}, "unknown-field", None),
        ({"columns": ["author.royalty"]}, "unknown-field", None), ({"columns": ["name.country"]}, "unknown-field", None),
        ({"columns": ["cost"]}, "unknown-field", "columns: There is no field 'cost'."), ({"where": "cost > 5"}, "unknown-field", "where: There is no field 'cost'."),
        ({"where": "status ="}, "condition", "where: The condition is not finished."), ({"where": {"x": 1}}, "condition", None), ({"where": [1]}, "condition", None),
        ({"sort": ["-cost"]}, "unknown-field", "sort: There is no field 'cost'."), ({"sort": ["files"]}, "unsortable", "sort: Files cannot be sorted by."),
        ({"sort": ["phones"]}, "masked", None), ({"group": "name:week"}, "unit", None), ({"group": "files"}, "ungroupable", "group: Files cannot be grouped by."),
        ({"by": "name"}, "kind", "by: Title cannot make the columns."), ({"by": "genres"}, "kind", None), ({"total": "name"}, "unmeasurable", None),
        ({"date": "price"}, "kind", "date: Price is not a date or time."), ({"density": "tiny"}, "setting", "density: one of compact, normal, loose."),
        ({"widths": {"name": 5}}, "setting", None), ({"widths": {"name": "5"}}, "setting", None), ({"widths": 5}, "setting", None), ({"columns": "name"}, "setting", None),
        ({"columns": [5]}, "setting", None), ({"colums": ["name"]}, "unknown", None), ([], None, None), ([1], "setting", "A table of name: value."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_cannot_be_saved(cast: Cast, view: Any, settings: Any, code: str | None, english: str | None) -> None:
    """With the rights of whoever saves it: a hidden field is told exactly like one that nobody declared."""
    if code is None:
        view("owner", settings)
        return
    with refused(Invalid, f"settings:{code}") as caught:
        view("owner", settings)
    if english is not None:
        assert caught.value.errors[0].message.en == english


def test_each_kind_needs_its_own(cast: Cast, view: Any) -> None:
    owner = cast.actor("owner")
    for kind, key in (("board", "by"), ("calendar", "date"), ("region", "by")):
        with refused(Invalid, "settings:required"):
            view(owner, kind=kind)
        view(owner, {key: {"board": "shelf", "calendar": "printed_at", "region": "place"}[kind]}, kind=kind)
    with refused(Invalid, "settings:kind"):
        view(owner, {"by": "status"}, kind="region")
    with refused(Invalid, "kind:kind"):
        view(owner, kind="tree")
    view(owner, kind="tree", object_name="department")
    with refused(Invalid, "object_name:unknown"):
        view(owner, object_name="nothing")
    with refused(Invalid, "object_name:unknown"):  # an object out of reach does not exist
        view("nobody", object_name="book")
    with refused(Invalid, "replaces:unknown"):
        view(owner, replaces="nothing")


# -- reading -----------------------------------------------------------------------------------------------------------


def test_declared_views_first_then_the_saved_ones_in_order(cast: Cast, view: Any) -> None:
    owner = cast.actor("owner")
    view(owner, name="乙", order=2)
    view(owner, name="丙", order=1)
    view(owner, name="甲", order=9, pinned=True)
    view("teammate", name="别人的")
    view("teammate", name="给我的", people=[str(cast.users["owner"])], order=3)
    view("manager", name="全员的", everyone=True, order=4)
    view(owner, name="客户的", object_name="author")
    found = views.for_object(cast.actor("owner"), "books", ["list"])
    assert [(v.key if v.id is None else v.label.zh, v.mine, v.shared, v.pinned) for v in found] == [
        ("all", False, False, False), ("甲", True, False, True), ("丙", True, False, False), ("乙", True, False, False), ("给我的", False, True, False), ("全员的", False, True, False),
    ]  # fmt: skip
    assert found[0].settings == {"columns": ["name", "author", "status", "price", "owner"], "sort": ["-updated_at"], "filters": ["status", "author", "owner"]}
    assert found[0].declared is found[1].declared is people.newest(DEFAULT_WORKSPACE).objects["book"].views[0]
    board, shelves, calendar, printing = (v for v in views.for_object(cast.actor("owner"), "book") if v.kind in ("board", "calendar"))
    assert board.settings == {"by": "status", "card": ["name", "author", "price", "published_on", "owner"], "total": "price", "sort": ["-updated_at"]}
    assert (board.key, shelves.key, calendar.key) == ("board", "shelves", "calendar") and printing.settings == {"date": "printed_at", "end": "updated_at"}
    assert views.one(owner, "book", "").key == "all" and views.one(owner, "book", found[1].key) == found[1]
    with pytest.raises(NotFound):
        views.one(cast.actor("outsider"), "book", found[1].key)


def test_a_shared_view_shows_each_reader_what_they_may_see(cast: Cast, view: Any) -> None:
    """The executive reads costs; for the others the column is left out, and a view that asks by it says why it cannot."""
    everyone: dict[str, Any] = {"everyone": True}
    view("executive", {"columns": ["name", "cost", "price", "phones"], "widths": {"cost": 90, "price": 80}, "total": "cost"}, name="列", **everyone)
    for n, settings in enumerate(({"where": "cost > 5"}, {"sort": ["-cost"]}, {"group": "author.royalty"}, {"where": "phones ends 8000"})):
        view("admin", settings, name=f"用{n}", **everyone)
    seen = {v.label.zh: v for v in _saved(cast.actor("owner"))}
    assert seen["列"].settings == {"columns": ["name", "price", "phones"], "widths": {"price": 80}} and seen["列"].problem is None
    assert [seen[f"用{n}"].problem.en for n in range(3)] == ["There is no field 'cost'.", "There is no field 'cost'.", "There is no field 'royalty'."]  # type: ignore[union-attr]
    assert "masked" in seen["用3"].problem.en  # type: ignore[union-attr]
    full = {v.label.zh: v for v in _saved(cast.actor("admin"))}
    assert all(v.problem is None for v in full.values()) and full["列"].settings["total"] == "cost"
    found = views.counts(cast.actor("owner"), "book", views.for_object(cast.actor("owner"), "book", ["list"]))
    assert set(found) == {"all", seen["列"].key}


def test_a_view_may_stand_for_a_declared_one(cast: Cast, view: Any) -> None:
    view("manager", {"columns": ["name"]}, name="公司", replaces="all", everyone=True)
    view("teammate", {"columns": ["name", "pages"]}, name="同事的", replaces="all", people=[str(cast.users["owner"])])
    found = views.for_object(cast.actor("owner"), "book", ["list"])
    assert (found[0].key, found[0].label.zh) == ("all", "公司"), "whoever shares with one colleague does not change their lists"
    assert [v.label.zh for v in found] == ["公司", "同事的"]
    mine = view("owner", {"columns": ["name", "price"]}, name="自己", replaces="all")
    found = views.for_object(cast.actor("owner"), "book", ["list"])
    assert (found[0].key, found[0].label.zh, found[0].id) == ("all", "自己", mine) and {v.label.zh for v in found} == {"自己", "公司", "同事的"}
    assert views.one(cast.actor("outsider"), "book", "all").label.zh == "公司"


def test_a_field_that_went_leaves_the_view_and_takes_its_questions_along(cast: Cast, view: Any) -> None:
    custom = create(DESK, "custom_field", object_name="book", key="mood", kind="text", name="心情")
    view("owner", {"columns": ["name", "mood"], "sort": ["mood"]})
    assert [(v.settings["columns"], v.problem) for v in _saved(cast.actor("owner"))] == [(["name", "mood"], None)]
    door.perform("custom_field", "delete", actor=DESK, id=custom)
    (gone,) = _saved(cast.actor("owner"))
    assert gone.settings["columns"] == ["name"] and gone.problem is not None and gone.problem.en == "There is no field 'mood'."


def test_views_are_read_once_until_somebody_saves_one(cast: Cast, view: Any) -> None:
    """Like rights and catalogs: kept in the process under a version that every request reads anyway."""
    view("owner", name="一")

    def sent(person: str) -> tuple[int, set[str]]:
        actor = cast.actor(person)
        before = sql.statements()
        for name in ("book", "chapter", "author"):
            views.for_object(actor, name)
        return sql.statements() - before, {v.label.zh for v in _saved(actor)}

    sent("owner"), sent("teammate")
    assert sent("owner") == (0, {"一"}) and sent("teammate") == (0, set())
    two = view("teammate", name="二", people=[str(cast.users["owner"])])
    assert sent("owner") == (1, {"一", "二"}) and sent("owner") == (0, {"一", "二"})
    door.perform("view", "update", actor=cast.actor("teammate"), id=two, changes={"people": None})
    assert sent("owner")[1] == {"一"}
    door.perform("user", "update", actor=DESK, id=cast.users["junior"], changes={"position": "新"})  # rights move: read again
    assert sent("owner") == (1, {"一"})


def test_counts_of_all_views_are_one_statement(cast: Cast, view: Any, author: UUID) -> None:
    owner = cast.actor("owner")
    for pages in (1, 2, 3):
        create(owner, "book", name=f"页 {pages}", author=author, pages=pages, code=f"cnt{pages}")
    view(owner, {"where": "code starts cnt and pages >= 2"}, name="二以上")
    view(owner, {"where": {"field": "code", "op": "=", "value": "cnt1"}}, name="一")
    shown = views.for_object(cast.actor("owner"), "book", ["list"])
    before = sql.statements()
    found = views.counts(owner, "book", shown)
    assert sql.statements() - before == 1
    assert {v.label.zh: found[v.key] for v in shown if v.id} == {"一": (1, False), "二以上": (2, False)}
    assert views.counts(owner, "book", []) == {}


def test_the_catalog_tells_the_views_one_may_use(cast: Cast, view: Any) -> None:
    one = view("owner", {"columns": ["name"], "where": "price > 1"}, name="贵的", name_en="Dear ones")
    view("admin", {"where": "cost > 1"}, name="成本", everyone=True)
    book = next(o for o in reading.describe(cast.actor("owner"))["objects"] if o["name"] == "book")
    by_key = {v["name"]: v for v in book["views"]}
    assert {"all", "record", "form", str(one)} < set(by_key)
    assert by_key[str(one)]["columns"] == ["name"] and by_key[str(one)]["mine"] and "problem" not in by_key[str(one)]
    assert [v["problem"] for v in book["views"] if v["label"] == "成本"] == ["没有“cost”这个字段。"]


# -- dashboards, notes, phrases ----------------------------------------------------------------------------------------

WIDGETS: list[dict[str, Any]] = [
    {"kind": "number", "title": "在售", "object": "book", "measure": "count", "where": "available = true", "size": "small"},
    {"kind": "line", "title": {"zh": "每月", "en": "Monthly"}, "object": "book", "measure": "sum:price", "group_by": ["published_on:month"], "date_field": "published_on"},
    {"kind": "ranking", "object": "book", "measure": "sum:price", "group_by": ["owner"], "sort": ["-measure"], "limit": 10},
    {"kind": "table", "object": "book", "columns": ["name", "price"], "sort": ["-price"], "limit": 5, "size": "full"},
    {"kind": "funnel", "object": "book", "measure": "count", "group_by": ["shelf"]},
    {"kind": "target", "object": "book", "measure": "sum:price", "target": 100000},
    {"kind": "bar", "object": "book", "where": "status = published", "of": "price > 0", "also": ["sum:price"], "person": "editor", "narrow": "author", "group_by": ["author"], "date_field": ""},
]


def test_a_dashboard_is_kept_as_it_was_given(cast: Cast) -> None:
    owner = cast.actor("owner")
    settings = {"period": "this_quarter", "compare": True, "widgets": WIDGETS}
    one = create(owner, "dashboard", name="我的", settings=settings)
    assert reading.get("dashboard", one, actor=owner)["settings"] == settings


@pytest.mark.parametrize(
    ("widget", "code", "english"),
    [
        ({"object": "book"}, "required", "widgets[1].kind: choose the kind."), ({"kind": "gauge", "object": "book"}, "setting", None), ({"kind": "number", "object": "nothing"}, "unknown", None),
        ({"kind": "number"}, "unknown", None), ({"kind": "number", "object": "book", "measure": "sum:cost"}, "unknown-field", "widgets[1].measure: There is no field 'cost'."),
        ({"kind": "number", "object": "book", "measure": "most"}, "unknown", None), ({"kind": "bar", "object": "book"}, "required", "widgets[1].group_by: a widget of kind bar needs a group."),
        ({"kind": "bar", "object": "book", "group_by": ["published_on:century"]}, "unit", None), ({"kind": "number", "object": "book", "where": "qzx = 1"}, "unknown-field", None),
        ({"kind": "number", "object": "book", "date_field": "price"}, "kind", None), ({"kind": "target", "object": "book"}, "required", None), ({"kind": "table", "object": "book", "columns": ["qzx"]}, "unknown-field", None),
        ({"kind": "table", "object": "book", "sort": ["measure"]}, "unknown-field", None), ({"kind": "pie", "object": "book", "group_by": ["status"], "sort": ["price"]}, "setting", None),
        ({"kind": "number", "object": "book", "limit": 0}, "setting", None), ({"kind": "number", "object": "book", "size": "huge"}, "setting", None), (5, "setting", None), ({"kind": "number", "object": "book", "x": 1}, "unknown", None),
        ({"kind": "number", "object": "book", "of": "cost > 1"}, "unknown-field", None), ({"kind": "number", "object": "book", "also": ["sum:name"]}, "unmeasurable", None),
        ({"kind": "number", "object": "book", "person": "author"}, "kind", "widgets[1].person: Author is not a person."), ({"kind": "number", "object": "book", "narrow": "price"}, "kind", None),
    ],
)  # fmt: skip
def test_a_widget_asks_what_may_be_asked(cast: Cast, widget: Any, code: str, english: str | None) -> None:
    with refused(Invalid) as caught:
        create(cast.actor("owner"), "dashboard", name="错", settings={"widgets": [WIDGETS[0], widget]})
    assert f"settings:{code}" in {f"{e.field}:{e.code}" for e in caught.value.errors}
    assert all("widgets[1]" in e.message.en and "widgets[1]" in e.message.zh for e in caught.value.errors)
    assert english is None or english in {e.message.en for e in caught.value.errors}


def test_a_dashboard_s_own_settings(cast: Cast) -> None:
    for settings in ({"period": "someday"}, {"departments": []}, {"widgets": {}}, {"widgets": [WIDGETS[0]] * 31}, {"colour": 1}, {"compare": 1}, {"narrow": "nothing"}):
        with refused(Invalid):
            create(cast.actor("owner"), "dashboard", name="错", settings=settings)


def test_the_modules_own_dashboards_can_be_kept_as_one_s_own(cast: Cast) -> None:
    """What a module declares and what people save is one vocabulary."""
    admin, seen = cast.actor("admin"), 0
    for module in REGISTRY.modules:
        for declared in module.dashboards:
            settings = {"period": declared.period, "narrow": declared.narrow, "compare": declared.compare, "widgets": [w.to_json() for w in declared.widgets]}
            one = create(admin, "dashboard", name=declared.label.zh, settings=settings)
            kept = reading.get("dashboard", one, actor=admin)["settings"]["widgets"]
            assert tuple(Widget.from_json(w) for w in kept) == declared.widgets
            seen += 1
    assert seen


def test_notes_stay_with_whoever_wrote_them_and_phrases_may_be_shared(cast: Cast) -> None:
    owner, manager = cast.actor("owner"), cast.actor("manager")
    note = create(owner, "note", text="周五给王总回电")
    for other in ("teammate", "manager", "executive", "admin"):
        assert note not in ids(cast.actor(other), "note")
    phrase = create(owner, "phrase", text="感谢您的来电")
    assert phrase not in ids(manager, "phrase")
    with refused(Invalid, "roles:read-only"):
        door.perform("phrase", "update", actor=owner, id=phrase, changes={"roles": [_role("sales")]})
    house = create(manager, "phrase", text="方案已发送，请查收", roles=[_role("sales")])
    assert house in ids(owner, "phrase") and house not in ids(cast.actor("nobody"), "phrase")


# -- preferences -------------------------------------------------------------------------------------------------------


def test_everybody_sets_up_their_own_desk(cast: Cast) -> None:
    """Whatever their role; one record per person, and every request has it without asking."""
    nobody = cast.actor("nobody")

    def standing() -> Any:
        found = facts.by_username("nobody")
        assert found is not None
        return found.desk

    assert standing() == {}
    assert accounts.set_up_desk(nobody, {"theme": "dark", "sider": "collapsed"}) == {"theme": "dark", "sider": "collapsed"}
    accounts.set_up_desk(nobody, {"theme": None, "shortcuts": ["/books"], "home": ["recent", "-notes"], "start": "/books?view=all", "tour": True})
    wanted = {"sider": "collapsed", "shortcuts": ["/books"], "home": ["recent", "-notes"], "start": "/books?view=all", "tour": True}
    assert standing() == wanted
    (one,) = ids(nobody, "preference")
    assert reading.get("preference", one, actor=nobody)["settings"] == wanted
    assert ids(cast.actor("admin"), "preference") == set(), "nobody else's, not even for the administrator"
    for settings in ({"theme": "pink"}, {"sider": True}, {"tour": "yes"}, {"home": "x"}, {"start": "//elsewhere"}, {"start": "/\\elsewhere"}, {"shortcuts": ["https://elsewhere"]}, {"shortcuts": ["//elsewhere"]}, {"searches": []}, {"colour": 1}):
        with refused(Invalid):
            accounts.set_up_desk(nobody, settings)
    with refused(Invalid, "owner:taken"):
        create(nobody, "preference", settings={})
    assert standing() == wanted
    door.perform("preference", "delete", actor=nobody, id=one)
    assert standing() == {}
    accounts.set_up_desk(nobody, {"theme": "light"})
    assert standing() == {"theme": "light"} and people.by_username("nobody").user == cast.users["nobody"]
