"""Dashboards as pages: what they say is what their lists hold, in files too, and rights hold."""

from __future__ import annotations

import html
import io
import re
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import auditing, door, reading
from tests.cast import Cast
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser, statements, words

STANDARD = (
    "customers.analysis", "sales.overview", "sales.funnel", "sales.forecast", "sales.ranking", "sales.sources", "activities.activity",
)  # fmt: skip


@pytest.fixture(scope="module")
def deals(cast: Cast) -> Cast:
    today = reading.guard_of(cast.actor("owner")).catalog.settings.today
    stages = {row["key"]: row["id"] for row in reading.query("stage", actor=cast.actor("admin"), fields=["key"], limit=50).rows}
    for at, name in enumerate(("owner", "teammate", "junior")):
        actor = cast.actor(name)
        one = create(actor, "customer", name=f"=HYPERLINK({at})", grade="key", source="website")
        create(actor, "lead", name="线索", source="website")
        create(actor, "activity", kind="phone", content="聊过", customer=one)
        for n in range(at + 1):
            won = {"stage": stages["won"], "closed_on": str(today), "won_reason": "好"} if n else {"expected_close": str(today + timedelta(days=20))}
            create(actor, "opportunity", name=f"商机{n}", customer=one, amount=1000 * (at + 1), source="website", **won)
    return cast


def figures(page: str) -> list[tuple[str, str]]:
    """(address, number) of every figure of a page that is a count."""
    main = page[page.index('<div class="widgets">') :]
    main = re.sub(r'<p class="faint">成交周期.*?</p>', "", main)  # an average of days is no count, whole as it may be
    main = re.sub(r'<section [^>]*>\s*<header><h2[^>]*>[^<]*成交周期[^<]*</h2>.*?</section>', "", main, flags=re.S)
    found = re.findall(r'<a (?:class="big" )?href="([^"]+)" title="([\d,]+)">', main)
    return [(html.unescape(url), n.replace(",", "")) for url, n in found]


def count(browser: Browser, url: str) -> int:
    found = re.search(r'class="count"[^>]*>([\d,]+)', browser.read(url))
    assert found is not None, url
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("key", STANDARD)
def test_a_standard_dashboard_in_both_languages(deals: Cast, key: str) -> None:
    for who in ("manager", "owner", "newcomer", "admin"):
        page = Browser(who).read(f"/dashboards/{key}?period=this_year")
        assert 'class="unseen-part"' not in page
    page = Browser("manager", "en").read(f"/dashboards/{key}")
    told = re.sub(r"<option.*?</option>|<th scope=\"row\">.*?</th>|title=\"[^\"]*\"", "", page[page.index("<main") : page.index("</main>")], flags=re.S)
    left = re.findall(r"[\u4e00-\u9fff]+", words(re.sub(r"class=\"who\">[^<]*|class=\"title\"[^>]*>[^<]*|<td.*?</td>|aria-label=\"[^\"]*\"", "", told, flags=re.S)))
    assert set(left) <= {"王伟", "李娜", "张敏"}, (key, left)


def test_each_count_is_that_of_the_list_it_opens(deals: Cast) -> None:
    for who in ("manager", "owner"):
        browser = Browser(who)
        for key in ("sales.overview", "customers.analysis"):
            found = figures(browser.read(f"/dashboards/{key}?period=this_month&compare=0"))
            assert len(found) > 5
            for url, number in dict.fromkeys(found):
                if "distinct" not in url:
                    assert count(browser, url) == int(number), (who, key, url)


def test_a_seller_sees_own_figures_and_the_manager_the_department_s(deals: Cast) -> None:
    def won(who: str, more: str = "") -> str:
        page = Browser(who).read(f"/dashboards/sales.overview?compare=0{more}")
        return page.split("赢单金额</h2>")[1].split('title="')[1].split('"')[0]

    assert [won(who) for who in ("owner", "teammate", "junior", "manager")] == ["¥0", "¥2,000", "¥6,000", "¥8,000"]
    assert won("manager", f"&who=u:{deals.users['teammate']}") == "¥2,000"
    assert won("manager", f"&who=d:{deals.departments['二组']}") == "¥6,000"
    assert won("owner", f"&who=u:{deals.users['teammate']}") == "¥0", "a filter opens nothing"
    assert "所有人" not in Browser("owner").read("/dashboards/sales.overview")


def test_a_page_of_figures_is_a_few_statements(deals: Cast) -> None:
    browser = Browser("manager")
    for key in STANDARD:
        browser.read(f"/dashboards/{key}?compare=1")
        with statements() as sent:
            browser.read(f"/dashboards/{key}?compare=1")
        assert len(sent) <= 8, (key, sent)


def test_periods_come_from_the_address(deals: Cast) -> None:
    browser = Browser("manager")
    today = reading.guard_of(deals.actor("owner")).catalog.settings.today
    page = browser.read(f"/dashboards/sales.overview?period=custom&from={today}&to={today}")
    assert f"{today} – {today}" in words(page)
    assert "请选择起止日期" in words(browser.read("/dashboards/sales.overview?period=custom"))
    assert "不认识的时间段" in words(browser.read("/dashboards/sales.overview?period=someday"))
    assert browser.read("/dashboards/sales.overview?period=all&who=d:nonsense&about=1")


def sheets(data: bytes) -> dict[str, list[list[str]]]:
    out = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
        for at, name in enumerate(names, 1):
            body = archive.read(f"xl/worksheets/sheet{at}.xml").decode()
            rows = re.findall(r"<row [^>]*>(.*?)</row>", body)
            out[html.unescape(name)] = [[html.unescape(a or b) for a, b in re.findall(r"<c [^>]*>(?:<v>([^<]*)</v>|<is><t[^>]*>([^<]*)</t></is>)</c>", row)] for row in rows]
    return out


def test_figures_come_as_a_workbook(deals: Cast) -> None:
    browser = Browser("manager")
    answer = browser.get("/dashboards/sales.overview/figures.xlsx?period=this_month")
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    found = sheets(answer.content)
    assert ["赢单金额", "8000.00", "0.00"] in [row[:3] for row in found["数字"]] or ["赢单金额", "8000.00"] in [row[:2] for row in found["数字"]]
    assert found["业绩排行"][1][0] == "张敏" and found["业绩排行"][1][1] == "6000.00"
    assert len(found) == 1 + 6 and len({name.casefold() for name in found}) == 7
    one = sheets(browser.get("/dashboards/sales.ranking/figures.xlsx?widget=2").content)
    assert list(one) == ["新增客户"]
    listed = browser.get("/dashboards/activities.activity/figures.xlsx?widget=9").content
    with zipfile.ZipFile(io.BytesIO(listed)) as archive:
        body = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 's="4"><is><t xml:space="preserve">=HYPERLINK(' in body and "<f>" not in body, "a formula stays text"
    assert Browser("nobody").get("/dashboards/sales.overview/figures.xlsx").status_code == 404
    lines = auditing.lines(deals.actor("admin"), kinds=["export"])
    assert [(line.user_id, line.object, line.details["rows"]) for line in lines] == [(deals.users["manager"], "dashboard", n) for n in (1, 1, len(lines[2].details["fields"]))]
    assert lines[1].details["fields"] == ["新增客户"] and lines[1].details["where"] == "/dashboards/sales.ranking/figures.xlsx?widget=2"


def test_a_workbook_of_figures_says_who_took_it_where_the_company_wants_that(deals: Cast) -> None:
    admin = deals.actor("admin")
    rule = reading.query("privacy_rules", actor=admin, fields=["id"]).rows[0]["id"]
    door.perform("privacy_rules", "update", actor=admin, id=rule, changes={"watermark_exports": True})
    found = sheets(Browser("manager").get("/dashboards/sales.overview/figures.xlsx").content)
    door.perform("privacy_rules", "update", actor=admin, id=rule, changes={"watermark_exports": False})
    number = auditing.lines(admin, kinds=["export"])[0].details["number"]
    name = deals.actor("manager").name
    assert all(len(rows[0]) == 1 and rows[0][0].startswith(f"由 {name} 于 ") and rows[0][0].endswith(f"导出，编号 {number}") for rows in found.values())
    assert found["数字"][1] == ["指标", "数值", "上期", "上期时间"]


def test_whose_it_is_and_who_sees_it(deals: Cast) -> None:
    owner = Browser("owner")
    place = owner.post("/dashboards/sales.overview/copy")["Location"]
    key = place.split("/")[2]
    assert place == f"/dashboards/{key}/compose"
    assert "销售总览（我的）" in words(owner.read(f"/dashboards/{key}"))
    for who in ("teammate", "manager", "admin"):
        Browser(who).read(f"/dashboards/{key}", 404)
        assert "销售总览（我的）" not in words(Browser(who).read("/dashboards"))
    door.perform("dashboard", "update", actor=deals.actor("owner"), id=UUID(key), changes={"people": [str(deals.users["teammate"])]})
    shared = Browser("teammate").read(f"/dashboards/{key}")
    assert "来自 王伟" in words(shared) and "/compose" not in shared
    mine = shared.split("赢单金额</h2>")[1].split('title="')[1].split('"')[0]
    assert mine == "¥2,000", "everybody sees their own records in a shared dashboard"


def test_a_hidden_field_is_said_in_a_sentence(deals: Cast) -> None:
    admin = deals.actor("admin")
    widgets: list[Any] = [{"kind": "number", "object": "book", "measure": "sum:cost", "title": "成本"}, {"kind": "number", "object": "book", "title": "书"}]
    made = door.perform("dashboard", "create", actor=admin, changes={"name": "书", "everyone": True, "settings": {"widgets": widgets}})
    page = Browser("owner").read(f"/dashboards/{made.id}")
    assert "这个组件用到您无权查看的数据" in words(page) and page.count('class="big"') == 1
    assert "这个组件用到" not in words(Browser("admin").read(f"/dashboards/{made.id}"))


def test_nobody_has_no_dashboards(cast: Cast) -> None:
    browser = Browser("nobody")
    browser.read("/dashboards")
    browser.read("/dashboards/sales.overview", 404)
    browser.read("/dashboards/nothing.here", 404)
    browser.read(f"/dashboards/{UUID(int=1)}", 404)


# -- composing -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(deals: Cast) -> tuple[Browser, str]:
    browser = Browser("manager")
    made = browser.fill("/dashboards/new", name="我的盘")
    return browser, re.fullmatch(r"/dashboards/([0-9a-f-]{36})", made["Location"])[1]  # type: ignore[index]


def parts(deals: Cast, key: str) -> list[dict[str, Any]]:
    found = reading.get("dashboard", key, actor=deals.actor("manager"), fields=["settings"])["settings"] or {}
    return list(found.get("widgets", []))


def test_one_s_own_is_composed_without_script(deals: Cast, own: tuple[Browser, str]) -> None:
    browser, key = own
    assert "这里还没有组件" in words(browser.read(f"/dashboards/{key}"))
    assert "客户" in words(browser.read(f"/dashboards/{key}/parts/new"))
    new = f"/dashboards/{key}/parts/new?object=opportunity"
    assert browser.fill(new, kind="number", title="赢单", measure="sum:amount", where="result = won", date_field="closed_on", size="small").status_code == 302
    browser.fill(new, kind="bar", title="按来源", group="source", measure="count")
    browser.fill(new, kind="table", title="最大的", column=["name", "amount"], order="-amount", limit="3", size="large")
    assert [one["kind"] for one in parts(deals, key)] == ["number", "bar", "table"]
    page = browser.read(f"/dashboards/{key}?period=this_month")
    assert "¥8,000" in page and "按来源" in page and page.count('class="title"') == 3

    browser.fill(f"/dashboards/{key}/parts/0", title="赢了多少")
    assert parts(deals, key)[0] | {"title": ""} == {"kind": "number", "object": "opportunity", "title": "", "measure": "sum:amount", "where": "result = won", "date_field": "closed_on", "size": "small"}
    for does, kinds in (("down:0", ["bar", "number", "table"]), ("up:2", ["bar", "table", "number"]), ("remove:1", ["bar", "number"]), ("up:0", ["bar", "number"]), ("remove:9", ["bar", "number"])):
        assert browser.post(f"/dashboards/{key}/compose", {"do": does}).status_code == 302
        assert [one["kind"] for one in parts(deals, key)] == kinds
    browser.post(f"/dashboards/{key}/compose", {"order": "1,0"})
    browser.post(f"/dashboards/{key}/compose", {"do": "full:0"})
    assert [(one["kind"], one.get("size")) for one in parts(deals, key)] == [("number", "full"), ("bar", "medium")]
    assert browser.post(f"/dashboards/{key}/compose", {"order": "0,0"}).status_code == 422
    browser.post(f"/dashboards/{key}/compose", {"do": "set", "period": "this_year", "compare": "1"})
    assert 'value="this_year" selected' in browser.read(f"/dashboards/{key}")


def test_a_part_that_asks_for_nonsense_is_refused_in_words(deals: Cast, own: tuple[Browser, str]) -> None:
    browser, key = own
    new = f"/dashboards/{key}/parts/new?object=opportunity"
    for given, said in (({"kind": "bar"}, "需要分组"), ({"kind": "number", "where": "nothing = 1"}, "nothing"), ({"kind": "target"}, "目标值"), ({"kind": "pie", "group": "amount"}, "不能按")):
        answer = browser.fill(new, **given)
        assert answer.status_code == 422 and said in words(answer.content.decode()), given
    assert parts(deals, key) == []
    stale = browser.post(f"/dashboards/{key}/parts/new", {"object": "lead", "kind": "number", "version": str(UUID(int=7))})
    assert stale.status_code == 412 and parts(deals, key) == []


def test_only_the_owner_composes(deals: Cast, own: tuple[Browser, str]) -> None:
    _, key = own
    door.perform("dashboard", "update", actor=deals.actor("manager"), id=UUID(key), changes={"everyone": True})
    for who in ("owner", "admin"):
        browser = Browser(who)
        browser.read(f"/dashboards/{key}")
        browser.read(f"/dashboards/{key}/compose", 404)
        assert browser.post(f"/dashboards/{key}/compose", {"do": "remove:0"}).status_code == 404
    Browser("manager").read("/dashboards/sales.overview/compose", 404)
    Browser("manager").read(f"/dashboards/{key}/parts/0", 404)


def test_a_target_and_a_copy_keep_what_they_are(deals: Cast, own: tuple[Browser, str]) -> None:
    browser, key = own
    browser.fill(f"/dashboards/{key}/parts/new?object=opportunity", kind="target", title="目标", measure="sum:amount", where="result = won", target="10,000")
    assert "80%" in browser.read(f"/dashboards/{key}") and 'class="ring near"' in browser.read(f"/dashboards/{key}")
    place = browser.post("/dashboards/sales.funnel/copy")["Location"]
    copied = browser.read(place.removesuffix("/compose"))
    assert words(copied).count("平均阶段停留天数") == 1
    browser.fill(f"{place.removesuffix('/compose')}/parts/3", title="天数")
    assert parts(deals, place.split("/")[2])[3]["narrow"] == "opportunity.pipeline", "what the form does not know stays"
