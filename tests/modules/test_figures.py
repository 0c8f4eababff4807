"""What the modules put on the first page and on dashboards: each number is that of the records it opens, for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel import setup
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.catalog.catalog import REGISTRY, _check_figures
from guanxi.kernel.declare.fields import Settings
from guanxi.kernel.declare.figures import Counter as Declared
from guanxi.kernel.declare.figures import Dashboard, Figure, Widget
from guanxi.kernel.declare.objects import DeclarationError, Module
from guanxi.kernel.records import figures, people, reading
from guanxi.kernel.records.figures import Drawn, Frame, Line
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast

PEOPLE = ("linzhiyuan", "chenli", "wanghao", "hewen", "zhengshuang")
"""An executive, a manager, a seller, marketing and service of the sample company."""


@pytest.fixture(scope="module")
def company(cast: Cast) -> Cast:
    setup.load_demo(lambda step: None)
    desk = setup.Desk(system(DEFAULT_WORKSPACE, via="test"))
    for name in (*PEOPLE, "lijing", "zhaolei", "majun"):
        desk.perform("user", "give_access", desk.find("user", {"field": "username", "op": "=", "value": name})[0]["id"])
    return cast


def actor(name: str) -> Actor:
    return people.by_username(name, via="test")


def numbers(who: Actor, asked: list[tuple[str, str, tuple[str, ...]]]) -> list[tuple[Any, ...]]:
    """Object, condition and measures, answered again by `aggregate`, as a list page would count its own rows."""
    out = []
    found = reading.aggregates([reading.Asked(name, where, measures=measures) for name, where, measures in asked], actor=who)
    for (_, _, measures), one in zip(asked, found, strict=True):
        assert isinstance(one, reading.Figures), one
        out.append(tuple(one.rows[0][m] for m in measures))
    return out


@pytest.mark.parametrize("name", PEOPLE)
def test_every_counter_is_the_count_of_its_list(company: Cast, name: str) -> None:
    who = actor(name)
    with sql.recorded() as sent:
        found = figures.counters(who)
    assert len(sent) == 1
    for one in found:
        listed = reading.query(one.counter.object, actor=who, where=one.counter.where, sort=one.counter.sort, fields=["id"], limit=200, count="exact")
        assert (one.count, one.more) == (listed.count, False) == (len(listed.rows), False), one
    assert sum(one.count for one in found) > 0 or name != "wanghao"


def test_a_seller_has_every_counter_and_finance_only_its_own(company: Cast) -> None:
    names = {one.name for module in REGISTRY.modules for one in module.counters}
    assert {"customers_today", "leads_late", "tasks_today", "deals_this_week", "birthdays"} <= names
    assert {one.counter.name for one in figures.counters(actor("wanghao"))} >= names
    assert {one.counter.object for one in figures.counters(actor("majun"))} == {"customer", "contact", "opportunity", "task", "activity"}


@pytest.mark.parametrize("name", PEOPLE)
def test_everybodys_standing_is_that_of_their_records(company: Cast, name: str) -> None:
    who = actor(name)
    with sql.recorded() as sent:
        found = figures.standing(who)
    assert len(sent) <= 2
    asked = [(one.figure.object, n.where, (one.figure.measure,)) for one in found.mine for n in (one.now, one.then)]
    assert numbers(who, asked) == [(n.value,) for one in found.mine for n in (one.now, one.then)]
    cells = [(f.object, n.where, (f.measure,)) for m in found.team for f, n in zip(found.columns, m.numbers, strict=True)]
    assert [n[0] or 0 for n in numbers(who, cells)] == [n.amount for m in found.team for n in m.numbers]


def test_who_has_a_team(company: Cast) -> None:
    names = {name: {member.name for member in figures.standing(actor(name)).team} for name in PEOPLE}
    assert names["wanghao"] == set()
    assert names["chenli"] == {"陈立", "王浩", "李静", "赵磊"}
    assert {"王浩", "李静", "赵磊", "黄丽", "孙鹏"} <= names["linzhiyuan"]
    assert "马俊" not in names["linzhiyuan"], "who has nothing to do with it is no line among a whole company"


def parts(drawn: Drawn) -> list[tuple[str, tuple[Any, ...], tuple[str, ...]]]:
    """Every number of a widget with the condition it says is behind it."""
    measures = (drawn.widget.measure, *drawn.widget.also)
    lines: list[Line] = [line for line in (drawn.total, drawn.before) if line is not None]
    out = [(line.where, line.numbers, measures) for line in [*lines, *drawn.lines] if not line.rest or None not in line.numbers]
    out += [(cell.where, (cell.value,), measures[:1]) for line in drawn.lines for cell in line.cells.values()]
    out += [(line.reached.where, (line.reached.value,), measures[:1]) for line in drawn.lines if line.reached is not None]
    return out


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("period", ["", "last_90_days", "2026-01-01..2026-12-31"])
def test_every_dashboard_figure_is_that_of_its_rows(company: Cast, name: str, period: str) -> None:
    who = actor(name)
    lines = 0
    pipeline = reading.query("pipeline", actor=who, fields=["name"], limit=1).rows[0]["id"]
    for key, dashboard in figures.dashboards(who):
        frame = Frame(period, narrow=pipeline if dashboard.narrow else None, compare=bool(period))
        with sql.recorded() as sent:
            found = figures.draw(dashboard.widgets, frame, actor=who)
        tables = sum(w.kind == "table" and not w.group_by for w in dashboard.widgets)
        assert len(sent) == 1 + tables, key
        for drawn in found:
            if drawn.problem is not None:
                assert name == "zhengshuang" or name == "hewen", (key, drawn)
                continue
            told = parts(drawn)
            assert numbers(who, [(drawn.widget.object, where, measures) for where, _, measures in told]) == [n for _, n, _ in told], (key, drawn.widget.title.en)
            lines += len(told)
            if drawn.lines and drawn.widget.measure == "count" and drawn.widget.kind != "funnel" and not drawn.cut:
                assert drawn.total is not None and sum(line.numbers[0] for line in drawn.lines) == drawn.total.numbers[0]
    assert lines > 50


def test_a_seller_sees_own_figures_and_a_manager_the_departments(company: Cast) -> None:
    widget = Widget("number", figures.UNSEEN, "opportunity", where="result = won", also=("sum:amount",))
    own = [figures.draw([widget], Frame(), actor=actor(name))[0].total for name in ("wanghao", "lijing", "zhaolei")]
    whole = figures.draw([widget], Frame(), actor=actor("chenli"))[0].total
    assert whole is not None and all(own)
    assert [sum(one.numbers[at] or 0 for one in own if one) for at in (0, 1)] == list(whole.numbers)
    assert 0 < whole.numbers[0] < 17


def test_the_frame_narrows(company: Cast) -> None:
    who = actor("linzhiyuan")
    widget = Widget("number", figures.UNSEEN, "customer")
    users = {row["username"]: row["id"] for row in reading.query("user", actor=who, fields=["username"], limit=100).rows}
    east = reading.query("department", actor=who, where="name = 华东区", fields=["name"]).rows[0]["id"]
    sales = reading.query("department", actor=who, where="name = 销售部 and head.name = 周敏", fields=["name"]).rows[0]["id"]

    def count(**frame: Any) -> int:
        total = figures.draw([widget], Frame(**frame), actor=who)[0].total
        assert total is not None
        return int(total.numbers[0])

    assert (count(person=users["wanghao"]), count(department=east), count(department=sales), count()) == (14, 40, 63, 69)  # six lie in the pool
    widget = replace(widget, date_field="created_at")
    assert (count(period="today"), count(period="last_month"), count(period="today", department=east)) == (69, 0, 40)


def test_a_hidden_field_makes_its_widget_unseen_and_no_other(cast: Cast) -> None:
    widgets = [Widget("number", figures.UNSEEN, "book", "sum:cost"), Widget("number", figures.UNSEEN, "book"), Widget("bar", figures.UNSEEN, "nothing", group_by=("x",))]
    found = figures.draw(widgets, Frame(), actor=cast.actor("owner"))
    assert [one.problem for one in found] == [figures.UNSEEN, None, figures.UNSEEN]


TODAY = Settings(today=date(2026, 3, 9))  # a Monday


@pytest.mark.parametrize(
    ("period", "days", "earlier"),
    [
        ("this_month", ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-02-10")),
        ("last_month", ("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01")),
        ("next_month", ("2026-04-01", "2026-05-01"), ("2026-03-01", "2026-04-01")),
        ("this_week", ("2026-03-09", "2026-03-16"), ("2026-03-02", "2026-03-03")),
        ("this_quarter", ("2026-01-01", "2026-04-01"), ("2025-10-01", "2025-12-08")),
        ("this_year", ("2026-01-01", "2027-01-01"), ("2025-01-01", "2025-03-10")),
        ("today", ("2026-03-09", "2026-03-10"), ("2026-03-08", "2026-03-09")),
        ("last_30_days", ("2026-02-08", "2026-03-10"), ("2026-01-09", "2026-02-08")),
        ("2026-03-01..2026-03-10", ("2026-03-01", "2026-03-11"), ("2026-02-19", "2026-03-01")),
        ("本季度", ("2026-01-01", "2026-04-01"), ("2025-10-01", "2025-12-08")),
    ],
)
def test_periods_and_the_ones_before(period: str, days: tuple[str, str], earlier: tuple[str, str]) -> None:
    assert tuple(d.isoformat() for d in figures.span(period, TODAY)) == days
    assert tuple(d.isoformat() for d in figures.before(period, TODAY)) == earlier


def test_a_widget_survives_its_settings() -> None:
    for module in REGISTRY.modules:
        for dashboard in module.dashboards:
            for widget in dashboard.widgets:
                assert Widget.from_json(widget.to_json()) == widget


def test_a_share_is_of_its_whole(company: Cast) -> None:
    who = actor("linzhiyuan")
    widget = Widget("number", figures.UNSEEN, "opportunity", where="result = won", of="result in (won, lost)")
    total = figures.draw([widget], Frame(), actor=who)[0].total
    assert total is not None and total.numbers == (17,) and total.share == Decimal("65.4")


@pytest.mark.parametrize(
    "declared",
    [
        {"counters": (Declared("x", figures.UNSEEN, "nothing", "name = 1"),)},
        {"counters": (Declared("x", figures.UNSEEN, "customer", "nothing = 1"),)},
        {"counters": (Declared("x", figures.UNSEEN, "customer", "name ="),)},
        {"counters": (Declared("x", figures.UNSEEN, "customer", ""), Declared("x", figures.UNSEEN, "customer", ""))},
        {"figures": (Figure("x", figures.UNSEEN, "stage"),)},
        {"figures": (Figure("x", figures.UNSEEN, "customer", date="nothing"),)},
        {"dashboards": (Dashboard("x", figures.UNSEEN, (Widget("number", figures.UNSEEN, "lead", "sum:nothing"),)),)},
        {"dashboards": (Dashboard("x", figures.UNSEEN, (Widget("bar", figures.UNSEEN, "lead", group_by=("owner.nothing",)),)),)},
        {"dashboards": (Dashboard("x", figures.UNSEEN, (), period="someday"),)},
        {"dashboards": (Dashboard("x", figures.UNSEEN, (), narrow="nothing"),)},
    ],
)
def test_a_declaration_about_nothing_is_refused(declared: dict[str, Any]) -> None:
    with pytest.raises((DeclarationError, Invalid)):
        _check_figures(Module("odd", figures.UNSEEN, (), **declared), REGISTRY.objects)
