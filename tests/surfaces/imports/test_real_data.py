"""Real files with known answers: nothing of them is kept here, they are read where they lie."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.records import door, reading
from guanxi.kernel.records import figures as standing
from tests.surfaces.imports.tables import count, everything, figures, load

MAVEN = Path(__file__).parents[3] / "docs/examples/maven"
RATES = ("USD", "HKD", "JPY", "EUR", "DEM", "AUD", "SGD", "GBP", "CAD", "CHF", "FRF", "MOP", "KRW")


@pytest.fixture(scope="module")
def admin(cast):
    actor = cast.actor("admin")
    for currency in RATES:
        door.perform(
            "exchange_rate",
            "create",
            actor=actor,
            changes={"currency": currency, "from_day": "1990-01-01", "rate": "7"},
        )
    return actor


def expected(data: Path) -> dict:
    return json.loads((data / "EXPECTED.json").read_text())


def test_four_encodings_of_one_register_give_the_same_573_records(admin, data: Path):
    digests = set()
    fields = [
        "name",
        "credit_code",
        "established",
        "registration_type",
        "registered_capital",
        "business_scope",
        "region",
    ]
    for kind in ("gb18030.csv", "utf8.csv", "utf8bom.csv", "utf16le_tab.txt"):
        report = load(
            admin,
            "customer",
            data / f"e_zh/messy/registry_ningxia_2002_{kind}",
            {"constants": {"source": None, "sector": kind}},
        )
        assert figures(report) == {"rows": 573, "created": 573}, kind
        assert report.unmapped == ()
        rows = everything(admin, "customer", fields, f'sector = "{kind}"')
        assert len(rows) == 573
        plain = sorted(json.dumps({f: row[f] for f in fields}, default=str, ensure_ascii=False) for row in rows)
        digests.add(hashlib.sha256("\n".join(plain).encode()).hexdigest())
    assert len(digests) == 1


def test_a_school_list_with_titles_and_sections(admin, data: Path, tmp_path: Path):
    errors = tmp_path / "errors.csv"
    how = {
        "columns": {
            "学校名称": "name",
            "学校标识码": "short_name",
            "主管部门": "sector",
            "所在地": "region",
            "办学层次": "tags",
            "备注": "description",
        },
        "constants": {"kind": "group"},
    }
    report = load(admin, "customer", data / "e_zh/messy/全国普通高等学校名单_2017.xls", how, errors=errors)
    assert (report.created, report.kinds["section"]) == (2631, 31)
    assert report.rejected == 31 and sum(report.kinds.values()) == 31
    refused = list(csv.reader(errors.read_text("utf-8-sig").splitlines()))[1:]
    assert len(refused) == 31 and all("分节行" in row[-1] for row in refused)
    levels = [row["tags"] for row in everything(admin, "customer", ["tags"], "kind = group")]
    assert (levels.count(["本科"]), levels.count(["专科"])) == (1243, 1388)
    assert all(len(row["short_name"]) == 10 for row in everything(admin, "customer", ["short_name"], "kind = group"))


def test_messy_phone_cells_keep_every_number(admin, data: Path):
    path = data / "e_zh/messy/fever_clinics_A_gb18030.csv"
    how = {
        "columns": {
            "机构名称": "name", "电话": "phones", "地址": "region", "省": "sector", "市代码": None, "区县": None, "等级": "registration_type",
            "开诊时间": "description",
        },
        "guess": False,
    }  # fmt: skip
    report = load(admin, "customer", path, how | {"constants": {"wechat": "clinic"}})
    assert figures(report) == {"rows": 3070, "created": 3070}
    rows = everything(admin, "customer", ["name", "phones"], "wechat = clinic")
    assert sum(bool(row["phones"]) for row in rows) == expected(data)["fever_clinics_A"]["rows_with_phone"]
    with path.open(encoding="gb18030", newline="") as file:
        cells = [row["电话"] for row in csv.DictReader(file)]
    digits = sum(len([c for c in cell if c.isascii() and c.isdigit()]) for cell in cells)
    kept = 0
    for row in rows:
        for phone in row["phones"] or ():
            text = phone.get("text") or phone["number"].removeprefix("+86")
            kept += sum(c.isdigit() for c in text) + sum(c.isascii() and c.isdigit() for c in phone.get("note") or "")
    # Leading zeros of area codes are not part of the international form; an area code written once belongs to several.
    assert kept >= digits - cells_with_zero(cells)


def cells_with_zero(cells: list[str]) -> int:
    return sum(len(re.findall(r"(?<!\d)0\d{2,3}(?!\d)|(?<!\d)0\d{9,11}(?!\d)", cell)) for cell in cells)


def test_a_register_of_1996_comes_in_whole(admin, data: Path, tmp_path: Path):
    path = data / "e_zh/registry/registry_1996_full.csv.gz"
    errors = tmp_path / "errors.csv"
    report = load(admin, "customer", path, {"constants": {"wechat": "1996"}}, errors=errors)
    assert report.rows == 44_588 and report.created + report.rejected == 44_588
    refused = list(csv.reader(errors.read_text("utf-8-sig").splitlines()))[1:]
    assert (
        len(refused) == report.rejected == 5
    )  # amounts nobody can read: three say XXX, two have a point in the wrong place
    assert {row[5] for row in refused} == {"XXX", "10,0620000(万美元)", "1,6670000(万元人民币)"}
    blank = {"values": {"注册资金": {row[5]: None for row in refused}}, "constants": {"wechat": "1996"}}
    rest = load(admin, "customer", errors, blank)
    assert rest.created == 5
    assert count(admin, "customer", "wechat = 1996") == 44_588
    assert (
        count(admin, "customer", "wechat = 1996 and registered_capital empty")
        == expected(data)["registry_1996"]["capital_NA"] + 5
    )
    assert report.warnings  # codes that fail their check digit are told of, not refused


def test_the_maven_sales_files_give_the_published_figures(admin, data: Path, tmp_path: Path):
    source = data / "a_crm_sales"

    def step(name: str, file: str, number: str, **options):
        mapping = json.loads((MAVEN / f"{number}.json").read_text())
        return load(admin, name, source / file, mapping | options.pop("more", {}), **options)

    step("department", "maven_sales_teams.csv", "1-departments")
    step("department", "maven_sales_teams.csv", "2-teams")
    assert step("user", "maven_sales_teams.csv", "3-managers").created == 6
    assert step("department", "maven_sales_teams.csv", "4-heads").rejected == 0
    assert step("user", "maven_sales_teams.csv", "5-agents").created == 35
    assert step("product", "maven_products.csv", "6-products").created == 7
    accounts = step("customer", "maven_accounts.csv", "7-accounts")
    assert (accounts.created, accounts.rejected) == (85, 0)
    assert accounts.without == {"parent": 70}
    load(admin, "pipeline", MAVEN / "pipelines.csv", {"match": ["key"]})
    load(admin, "stage", MAVEN / "stages.csv", json.loads((MAVEN / "stages.json").read_text()))

    errors = tmp_path / "errors.csv"
    plain = step(
        "opportunity", "maven_sales_pipeline.csv", "8-pipeline", more={"values": {}}, errors=errors, dry_run=True
    )
    assert plain.rejected == 1480 and "GTXPro" in plain.reasons.most_common(1)[0][0][1]
    refused = list(csv.DictReader(errors.read_text("utf-8-sig").splitlines()))
    assert len(refused) == 1480 and {row["product"] for row in refused} == {"GTXPro"}

    deals = step("opportunity", "maven_sales_pipeline.csv", "8-pipeline")
    assert figures(deals) == {"rows": 8800, "created": 8800}
    assert deals.without == {"customer": 1425}
    answers = expected(data)["maven"]
    won = reading.aggregate("opportunity", actor=admin, where="result = won", measures=["count", "sum:amount"]).rows[0]
    assert (won["count"], won["sum:amount"]) == (answers["stage"]["Won"], Decimal(str(answers["won_value"])))
    quarters = reading.aggregate("opportunity", actor=admin, where="result = won", group_by=["closed_on:quarter"]).rows
    assert [row["count"] for row in quarters] == list(answers["won_by_quarter_published"].values())
    again = step("opportunity", "maven_sales_pipeline.csv", "8-pipeline")
    assert figures(again) == {"rows": 8800, "skipped": 8800}
    dashboards_say_so(admin, data, answers)


def cycle_is_that_of_the_file(data: Path, wins, by_month, by_owner) -> None:
    """The average days from a deal's start to the day it was won, reckoned by hand from the file: 219,452 days for 4,238 deals."""
    days: dict[str, list[int]] = {}
    with (data / "a_crm_sales/maven_sales_pipeline.csv").open() as file:
        for row in csv.DictReader(file):
            if row["deal_stage"] == "Won":
                took = (date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])).days
                for key in ("", row["close_date"][:7], row["sales_agent"]):
                    days.setdefault(key, []).append(took)
    assert (sum(days[""]), len(days[""])) == (219_452, 4_238)

    def mean(key: str) -> Decimal:
        return (Decimal(sum(days[key])) / len(days[key])).quantize(Decimal("0.0001"))

    assert round(wins.total.numbers[1], 4) == mean("") == Decimal("51.7820")
    months = {f"{line.value:%Y-%m}": (round(line.numbers[0], 4), line.numbers[1]) for line in by_month.lines if line.numbers[1]}
    assert months == {key: (mean(key), len(took)) for key, took in days.items() if key[:2] == "20"} and len(months) == 10
    assert months["2017-04"] == (Decimal("6.1018"), 285)
    owners = [(line.value["label"], round(line.numbers[0], 4)) for line in by_owner.lines]
    assert owners == sorted(((key, mean(key)) for key in days if key[:2] not in ("", "20")), key=lambda one: one[1])[:8]
    assert owners[0] == ("Cecily Lampkin", Decimal("42.2991"))


def dashboards_say_so(admin, data: Path, answers) -> None:
    """The standard dashboards and one composed for it tell the published figures, each with the records behind it."""
    maven = reading.query("pipeline", actor=admin, where="key = maven", fields=["name"]).rows[0]["id"]
    declared = dict(standing.dashboards(admin))

    def drawn(key: str, *titles: str, period: str = ""):
        found = standing.draw(declared[key].widgets, standing.Frame(period, narrow=maven), actor=admin)
        return [next(one for one in found if one.widget.title.en == title) for title in titles]

    amount, wins, rate, trend = drawn("sales.overview", "Amount won", "Deals won", "Win rate", "Amount won over time")
    assert amount.total.numbers == (Decimal("10005534.00"),) and wins.total.numbers[0] == 4238
    assert rate.total.share == Decimal(str(answers["win_rate"] * 100)).quantize(Decimal("0.1"))
    assert sum(line.numbers[0] or 0 for line in trend.lines) == Decimal("10005534.00")
    for line in [amount.total, wins.total]:
        assert reading.aggregate("opportunity", actor=admin, where=line.where).rows[0]["count"] == 4238

    cycle_is_that_of_the_file(data, wins, *drawn("sales.overview", "Days to win, over time", "Days to win, by owner"))

    (funnel,) = drawn("sales.funnel", "Opportunities by stage")
    stages = answers["stage"]
    steps = [(line.value["label"], line.numbers[0], line.reached.value) for line in funnel.lines]
    after = [stages["Prospecting"] + stages["Engaging"] + stages["Won"], stages["Engaging"] + stages["Won"], stages["Won"]]
    assert steps == [(name, stages[name], reached) for name, reached in zip(("Prospecting", "Engaging", "Won"), after, strict=True)]

    best, teams = drawn("sales.ranking", "Amount won", "Departments")
    agent, sold = answers["top_agent"]
    assert (best.lines[0].value["label"], best.lines[0].numbers[0]) == (agent, Decimal(str(sold)))
    assert {line.value["label"]: float(line.numbers[0]) for line in teams.lines} == answers["won_value_by_manager"]

    quarters = Widget("bar", standing.UNSEEN, "opportunity", "count", ("closed_on:quarter",), "result = won", also=("sum:amount",))
    regions = Widget("pie", standing.UNSEEN, "opportunity", "sum:amount", ("owner.department.above",), "result = won")
    by_quarter, by_region = standing.draw([quarters, regions], standing.Frame(), actor=admin)
    assert [line.numbers[0] for line in by_quarter.lines] == list(answers["won_by_quarter_published"].values())
    assert [float(line.numbers[1]) for line in by_quarter.lines] == list(answers["won_value_by_quarter"].values())
    assert {line.value["label"]: float(line.numbers[0]) for line in by_region.lines} == answers["won_value_by_region"]
    for line in [*by_quarter.lines, *by_region.lines, *teams.lines, *(one for one in best.lines if not one.rest)]:
        found = reading.aggregate("opportunity", actor=admin, where=line.where, measures=["count", "sum:amount"]).rows[0]
        assert line.numbers[0] in (found["count"], found["sum:amount"])
