"""The import engine: what becomes of every row, and that nothing is written twice, silently, or without the right."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from guanxi.base.errors import Forbidden, Invalid
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.imports import mapping, planning
from guanxi.surfaces.imports.reading.table import open_table
from tests.surfaces.imports.tables import count, everything, figures, load


@pytest.fixture(scope="module")
def admin(cast):
    return cast.actor("admin")


def events_of(import_id) -> int:
    with sql.work(DEFAULT_WORKSPACE):
        found = sql.rows("SELECT count(*) FROM gx_event WHERE via = 'import' AND request = %s", [str(import_id)])
    return found[0][0]


def test_columns_are_found_by_what_they_are_called_and_every_row_is_an_event_of_the_import(admin):
    report = load(
        admin,
        "customer",
        '企业名称,联系电话,手机,所在省份,详细地址,员工数,没人认识\n甲一公司,010-65281234,13800138000,广东,深圳南山科技园1号,"1,200",x\n',
    )
    assert figures(report) == {"rows": 1, "created": 1}
    assert report.unmapped == ("没人认识",)
    row = everything(admin, "customer", ["name", "phones", "region", "employees"], "name = 甲一公司")[0]
    assert [p["number"] for p in row["phones"]] == ["+861065281234", "+8613800138000"]
    assert row["employees"] == 1200
    assert events_of(report.id) == 1


def test_a_refused_row_stands_in_the_error_file_with_its_number_and_reason(admin, tmp_path: Path):
    errors = tmp_path / "errors.csv"
    report = load(
        admin, "customer", "名称,员工人数,邮箱\n乙一公司,12,a@b.cn\n,3,\n乙二公司,很多,nix\n\n=1+1,5,\n", errors=errors
    )
    assert figures(report) == {"rows": 4, "created": 2, "rejected": 2, "blank": 1}
    raw = errors.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["名称", "员工人数", "邮箱", "行号", "原因"]
    assert rows[1][:4] == ["", "3", "", "3"] and "客户名称" in rows[1][4]
    assert rows[2][:4] == ["乙二公司", "很多", "nix", "4"]
    assert "员工人数" in rows[2][4] or "数字" in rows[2][4]
    again = load(admin, "customer", raw.decode("utf-8-sig").replace("很多", "30").replace("nix", "x@y.cn"))
    assert again.created == 1 and again.unmapped == ("行号", "原因")


@pytest.mark.parametrize(
    ("on_match", "expected"),
    [
        ("skip", {"rows": 4, "created": 2, "skipped": 2}),
        ("update", {"rows": 4, "created": 2, "updated": 1, "same": 1}),
        ("add", {"rows": 4, "created": 4}),
        ("error", {"rows": 4, "created": 2, "rejected": 2}),
    ],
)
def test_rows_of_one_key_in_the_file_count_like_records_that_exist(admin, on_match: str, expected: dict[str, int]):
    text = f"name,employees\n丙{on_match}（北京）,1\n丙{on_match}(北京),2\n别的{on_match},5\n别的{on_match},5\n"
    for dry in (True, False):
        report = load(admin, "customer", text, {"match": ["name"], "on_match": on_match}, dry_run=dry)
        assert figures(report) == expected, dry
    assert load(admin, "customer", text, {"match": ["name"], "on_match": "skip"}).created == 0


def test_an_update_that_changes_nothing_writes_nothing(admin):
    text = "name,employees,phones,annual_revenue,established\n丁公司,7,13800138001,100.50,2001-02-03\n"
    how = {"match": ["name"], "on_match": "update"}
    load(admin, "customer", text, how)
    again = load(admin, "customer", text, how)
    assert figures(again) == {"rows": 1, "same": 1}
    assert events_of(again.id) == 0


def test_a_dry_run_shows_before_and_after_and_writes_nothing(admin):
    how = {"match": ["name"], "on_match": "update"}
    load(admin, "customer", "name,employees\n戊公司,7\n", how)
    before = count(admin, "customer")
    report = load(admin, "customer", "name,employees\n戊公司,8\n戊二公司,9\n", how, dry_run=True)
    assert figures(report) == {"rows": 2, "created": 1, "updated": 1}
    assert [d["changes"] for d in report.differences] == [{"employees": ["7", "8"]}]
    assert count(admin, "customer") == before and events_of(report.id) == 0


def test_blank_cells_and_words_for_nothing_leave_a_field_alone(admin):
    how = {"match": ["name"], "on_match": "update", "blank": ["Select"]}
    load(admin, "customer", "name,sector,country\n己公司,软件,中国\n", how)
    load(admin, "customer", "name,sector,country\n己公司,Select,N/A\n", how)
    row = everything(admin, "customer", ["sector", "country"], "name = 己公司")[0]
    assert (row["sector"], row["country"]) == ("软件", "中国")


def test_parents_may_stand_further_down_and_in_a_chain(admin):
    text = "name,parent\n庚孙,庚子\n庚子,庚父\n庚父,\n庚无,没有这家\n"
    how = {"columns": {"name": "name", "parent": {"field": "parent", "by": "name"}}, "match": ["name"]}
    report = load(admin, "customer", text, how)
    assert figures(report) == {"rows": 4, "created": 3, "rejected": 1}
    assert report.reasons.most_common(1)[0][0][0] == "parent"
    rows = {r["name"]: r["parent"] for r in everything(admin, "customer", ["name", "parent"], "name starts 庚")}
    assert rows["庚孙"]["label"] == "庚子" and rows["庚子"]["label"] == "庚父" and rows["庚父"] is None


def test_small_batches_and_large_ones_give_the_same(admin, tmp_path: Path):
    def run(prefix: str, batch: int):
        lines = [f"{prefix}{i % 70},{prefix}{(i + 1) % 70 if i % 3 == 0 else ''}" for i in range(100)]
        text = "name,parent\n" + "\n".join(
            line if not line.endswith(prefix) else line[: -len(prefix)] for line in lines
        )
        how = {
            "columns": {"name": "name", "parent": {"field": "parent", "by": "name"}},
            "match": ["name"],
            "on_match": "skip",
        }
        report = load(admin, "customer", text, how, batch=batch, errors=tmp_path / f"{prefix}.csv")
        rows = everything(admin, "customer", ["name", "parent"], f"name starts {prefix}")
        return figures(report), sorted((r["name"][1:], (r["parent"] or {"label": " "})["label"][1:]) for r in rows)

    one, other = run("辛", 7), run("壬", 2000)
    assert one[1] == other[1]
    assert one[0]["created"] == other[0]["created"] == 70


def test_a_name_that_two_records_have_is_not_guessed(admin):
    load(admin, "customer", "name\n癸公司\n癸公司\n", {"on_match": "add"})
    report = load(admin, "contact", "name,customer\n某人,癸公司\n")
    assert figures(report) == {"rows": 1, "rejected": 1}
    assert "2" in report.reasons.most_common(1)[0][0][1]


def test_missing_links_are_refused_warned_or_made_as_the_mapping_says(admin):
    text = "name,customer,superior\n张三丰,子公司A,没有人\n"
    assert load(admin, "contact", text).rejected == 1
    report = load(admin, "contact", text, {"create_links": True, "warn_links": ["superior"]})
    assert figures(report) == {"rows": 1, "created": 1}
    assert sum(report.warnings.values()) == 1 and report.without == {"superior": 1}
    assert everything(admin, "contact", ["customer"], "name = 张三丰")[0]["customer"]["label"] == "子公司A"


def test_dates_that_can_be_read_in_two_ways_are_asked_about(admin):
    with pytest.raises(Invalid) as caught:
        load(admin, "customer", "name,established\n丑公司,03/04/2015\n")
    assert caught.value.code == "date-order" and caught.value.errors[0].field == "established"
    load(admin, "customer", "name,established\n丑公司,03/04/2015\n", {"date_order": "dmy"})
    load(admin, "customer", "name,established\n丑二公司,03/04/2015\n丑三公司,25/04/2015\n")
    rows = {
        r["name"]: r["established"].isoformat()
        for r in everything(admin, "customer", ["name", "established"], "name starts 丑")
    }
    assert rows == {"丑公司": "2015-04-03", "丑二公司": "2015-04-03", "丑三公司": "2015-04-25"}


def test_amounts_have_a_scale_and_a_currency(admin):
    door.perform(
        "exchange_rate", "create", actor=admin, changes={"currency": "USD", "from_day": "2000-01-01", "rate": "7"}
    )
    how = {"columns": {"name": "name", "revenue": {"field": "annual_revenue", "scale": 1000000, "currency": "USD"}}}
    load(admin, "customer", "name,revenue\n寅公司,1.5\n", how)
    row = everything(admin, "customer", ["annual_revenue"], "name = 寅公司")[0]
    assert (str(row["annual_revenue"]["amount"]), row["annual_revenue"]["currency"]) == ("1500000.00", "USD")


def test_what_a_mapping_cannot_do_is_said_before_anything_is_read(admin):
    for given, field in (
        ({"columns": {"没有": "name"}}, "columns.没有"),
        ({"columns": {"a": "no_such"}}, "no_such"),
        ({"columns": {"a": "name", "b": "name2"}}, "name2"),
        ({"columns": {"a": "deal_status", "b": "name"}}, "deal_status"),
        ({"columns": {"a": "employees", "b": "employees"}}, "employees"),
        ({"columns": {"a": "name"}, "match": ["number"]}, "match"),
        ({"columns": {"a": "employees"}}, "name"),
    ):
        with pytest.raises(Invalid) as caught:
            load(admin, "customer", "a,b\n1,2\n", given)
        assert field in [error.field for error in caught.value.errors], given
    for broken in (
        [],
        {"nonsense": 1},
        {"on_match": "maybe"},
        {"columns": {"a": {"by": "x"}}},
        {"columns": {"a": {"field": "x", "scale": "y"}}},
    ):
        with pytest.raises(Invalid):
            mapping.parse(broken)


def test_who_may_not_import_or_create_is_told_so(cast, admin):
    with pytest.raises(Forbidden):
        load(cast.actor("owner"), "product", "name\nx\n")
    before = count(admin, "customer")
    with pytest.raises(Forbidden):
        load(cast.actor("executive"), "customer", "name\nx\n")
    assert count(admin, "customer") == before


def test_what_is_out_of_sight_is_not_matched_and_what_leaves_the_scope_is_refused_row_by_row(cast, admin):
    manager = cast.actor("manager")
    load(admin, "customer", "name,owner\n卯公司,outsider\n")
    report = load(
        manager,
        "customer",
        "name,owner\n卯公司,owner\n辰公司,outsider\n巳公司,teammate\n",
        {"match": ["name"], "on_match": "update"},
    )
    assert figures(report) == {"rows": 3, "created": 2, "rejected": 1}
    assert count(admin, "customer", "name = 卯公司") == 2


def test_cancelling_keeps_what_is_written(admin):
    asked = iter([False, False, True])
    text = "name\n" + "\n".join(f"午{i}" for i in range(50))
    report = load(admin, "customer", text, batch=10, cancelled=lambda: next(asked))
    assert report.cancelled and report.created == 20
    assert count(admin, "customer", "name starts 午") == 20


def test_going_on_in_the_second_pass_over_rows_that_wait(admin, tmp_path):
    """Cut off after a batch of rows that waited for others further down; what was noted then is all that is known later."""

    class Notes:
        state = None

        def held(self):
            return self.state

        def note(self, done, state):
            self.state = json.loads(json.dumps(state))

    notes, asked = Notes(), iter([False] * 7 + [True])
    text = "name,parent\n" + "\n".join([f"戌子{i},戌父{i}" for i in range(25)] + [f"戌父{i}," for i in range(25)] + ["戌无,没有这家"])
    how = {"columns": {"name": "name", "parent": {"field": "parent", "by": "name"}}, "match": ["name"], "on_match": "skip"}
    said = {"ledger": notes, "folder": tmp_path, "errors": tmp_path / "errors.csv", "batch": 10}
    first = load(admin, "customer", text, how, cancelled=lambda: next(asked), **said)
    assert first.cancelled and notes.state["pass"] == 2 and 25 < first.created < 50
    report = load(admin, "customer", text, how, **said)
    assert figures(report) == {"rows": 51, "created": 50, "rejected": 1}
    rows = everything(admin, "customer", ["name", "parent"], "name starts 戌子")
    assert len(rows) == 25 and all(row["parent"]["label"] == row["name"].replace("子", "父") for row in rows)
    (tmp_path / "waiting-1").unlink()
    notes.state = {**notes.state, "pass": 2}
    with pytest.raises(FileNotFoundError):
        load(admin, "customer", text, how, **said)


def test_the_plan_can_be_shown_and_given_back(admin):
    with open_table("公司名称,电话\nx,1\n".encode()) as table:
        planned = planning.plan(admin, table, "customer")
        told = planned.to_json()
        assert told["columns"] == {"公司名称": "name", "电话": "phones"}
        assert planning.plan(admin, table, "", told["mapping"]).to_json() == told


def test_a_number_given_is_kept_and_a_taken_one_refused(admin):
    report = load(admin, "customer", "name,number\n未公司,A-1\n未二公司,A-1\n未三公司,\n")
    assert figures(report) == {"rows": 3, "created": 2, "rejected": 1}
    assert reading.query("customer", actor=admin, where="number = A-1").rows[0]["name"] == "未公司"
