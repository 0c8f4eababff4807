"""Dashboards and records as PDF files: what the page says, in a font of their own, by right, and logged."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from django.conf import settings as django_settings

from guanxi.kernel.records import auditing, door, reading
from guanxi.surfaces.pdf import font, paper
from guanxi.surfaces.pdf.charts import Chart, Group
from guanxi.surfaces.pdf.paper import Card, Document, Facts, Figure, Grid, Heading, Notes, Ranking, Words
from tests.cast import Cast
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(scope="module")
def deals(cast: Cast) -> Cast:
    today = reading.guard_of(cast.actor("owner")).catalog.settings.today
    stages = {row["key"]: row["id"] for row in reading.query("stage", actor=cast.actor("admin"), fields=["key"], limit=50).rows}
    for at, name in enumerate(("owner", "teammate", "junior")):
        actor = cast.actor(name)
        one = create(actor, "customer", name=f"云山客户 {at}", grade="key", source="website", phones="13800138000")
        create(actor, "lead", name="线索", source="website")
        create(actor, "contact", name="何欢", customer=one)
        create(actor, "activity", kind="phone", content="聊过报价，\n下周再约。", customer=one)
        for n in range(at + 2):
            won = {"stage": stages["won"], "closed_on": str(today), "won_reason": "好"} if n else {"expected_close": str(today + timedelta(days=20))}
            create(actor, "opportunity", name=f"商机{n}", customer=one, amount=123456 * (at + 1), source="website", **won)
    return cast


def pdf(data: bytes) -> tuple[pypdf.PdfReader, str]:
    """A file, of which every font is embedded, and its text without the white space lines are broken by."""
    file = pypdf.PdfReader(io.BytesIO(data))
    for page in file.pages:
        fonts = [one.get_object() for one in page["/Resources"]["/Font"].values()]
        assert fonts and all("/FontFile2" in one["/FontDescriptor"] for one in fonts), "a font is not embedded"
        assert all(re.match(r"/[A-Z]{6}\+NotoSansSC-", one["/BaseFont"]) for one in fonts)
    return file, "\n".join(page.extract_text() for page in file.pages)


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("key", ["sales.overview", "sales.funnel", "sales.ranking", "sales.sources", "sales.forecast", "customers.analysis", "activities.activity"])
def test_a_dashboard_says_what_its_page_says(deals: Cast, key: str) -> None:
    boss = Browser("manager")
    page = boss.read(f"/dashboards/{key}?period=this_year&compare=0")
    answer = boss.get(f"/dashboards/{key}/figures.pdf?period=this_year&compare=0")
    assert answer.headers["Content-Type"] == "application/pdf" and answer.headers["Content-Disposition"].startswith("attachment")
    file, text = pdf(answer.content)
    told = bare(text)
    assert f"第1页，共{len(file.pages)}页" in told and "今年" in told and "所有人" in told
    assert "于" in told and "打印" in told and deals.actor("manager").name in told
    main = page[page.index('<div class="widgets">') : page.index("</main>")]
    titles = re.findall(r'<h2 id="h\d+">([^<]+)', main)
    big = re.findall(r'class="big"[^>]*>([^<]+)<', main)
    ranked = re.findall(r'<span class="who">([^<]+)</span>.*?<a [^>]*>([^<]+)</a>', main, re.S)
    assert len(titles) > 2
    for said in (*titles, *big, *(one for two in ranked for one in two)):
        assert bare(html.unescape(said)) in told, (key, said)
    # what a chart or a table is of: each group's label, and its figure, short or in full
    for label, cell in re.findall(r'<th scope="row">([^<]+)</th><td class="right" data-v="[^"]*"[^>]*>(?:<a [^>]*>)?([^<]+)', main):
        assert bare(html.unescape(label)) in told, (key, label)
        assert bare(html.unescape(cell)) in told or re.search(r"[\d.]+万", told), (key, label, cell)


def test_the_filter_and_its_language(deals: Cast) -> None:
    boss = Browser("manager", "en")
    who = deals.users["junior"]
    _, text = pdf(boss.get(f"/dashboards/sales.overview/figures.pdf?period=this_month&who=u:{who}&compare=1").content)
    assert "This month" in text and deals.actor("junior").name in text and "compared with the period before" in text and "Page 1 of" in text
    assert f"Printed by {deals.actor('manager').name}" in text
    page = boss.read(f"/dashboards/sales.overview?period=this_month&who=u:{who}&compare=1")
    assert bare(re.search(r'class="big"[^>]*>([^<]+)<', page)[1]) in bare(text)  # type: ignore[index]


def test_a_record_with_what_hangs_on_it(deals: Cast) -> None:
    boss = Browser("manager")
    row = reading.query("customer", actor=deals.actor("manager"), where='name = "云山客户 2"', fields=["name"]).rows[0]
    assert f'/customers/{row["id"]}/record.pdf' in boss.read(f"/customers/{row['id']}")
    answer = boss.get(f"/customers/{row['id']}/record.pdf")
    _, text = pdf(answer.content)
    told = bare(text)
    for said in ("云山客户2", "客户等级", "重点客户", "何欢", "商机0", "商机3", "聊过报价，", "下周再约。", "联系人(1)", "商机(4)", "第1页，共"):
        assert said in told, said
    assert "13800138000" in told.replace("-", "") and deals.actor("junior").name in told
    line = auditing.lines(deals.actor("admin"), kinds=["export"])[0]
    assert (line.object, line.details["rows"], line.details["where"]) == ("customer", 1, f"id = {row['id']}")


def test_printing_is_a_right_of_its_own(deals: Cast) -> None:
    own = reading.query("customer", actor=deals.actor("owner"), where="owner = me", fields=["name"]).rows[0]["id"]
    without = [who for who in ("owner", "executive", "newcomer", "nobody") if not _may(deals, who)]
    assert "owner" in without and _may(deals, "owner", "export"), "who sells exports, and prints nothing"
    for who in without:
        browser, before = Browser(who), len(auditing.lines(deals.actor("admin"), kinds=["export"]))
        assert browser.get(f"/customers/{own}/record.pdf").status_code in (403, 404)
        page = browser.get(f"/customers/{own}")
        assert "record.pdf" not in page.content.decode() and (page.status_code != 200 or 'class="unprinted"' in page.content.decode())
        assert len(auditing.lines(deals.actor("admin"), kinds=["export"])) == before
    other = reading.query("customer", actor=deals.actor("manager"), where='name = "云山客户 1"', fields=["name"]).rows[0]["id"]
    assert Browser("outsider").get(f"/customers/{other}/record.pdf").status_code in (403, 404)


def test_a_page_one_may_not_print_leaves_a_sentence(deals: Cast) -> None:
    owner, boss = Browser("owner"), Browser("manager")
    for url in ("/customers", "/opportunities", "/dashboards/sales.overview"):
        assert 'class="unprinted"' in owner.read(url) and 'class="unprinted"' not in boss.read(url), url
    assert "data-print" in boss.read("/dashboards/sales.overview") and "data-print" not in owner.read("/dashboards/sales.overview")
    assert owner.get("/dashboards/sales.overview/figures.pdf").status_code == 404 and owner.get("/dashboards/sales.overview/figures.xlsx").status_code == 200
    for url in ("/", "/me", "/books"):  # nobody's customers, or a role that may print them
        assert 'class="unprinted"' not in owner.read(url), url
    door.perform("own_right", "create", actor=deals.actor("admin"), changes={"user": deals.users["owner"], "object_name": "customer", "deed": "print", "reason": "展会名单"})
    assert 'class="unprinted"' not in owner.read("/customers") and 'class="unprinted"' in owner.read("/opportunities")


def _may(cast: Cast, who: str, right: str = "print") -> bool:
    from guanxi.kernel.access import rights

    actor = cast.actor(who)
    return rights.may(actor.rights, reading.guard_of(cast.actor("admin")).catalog.object("customer"), right)


def test_every_kind_of_part_over_many_pages() -> None:
    """All that can be drawn, with signs no font has and more rows than a page holds."""
    groups = tuple(Group(f"组{n}", (float(n), 2.0 * n), f"{n} 万") for n in range(9))
    cards = tuple(
        [Card(f"图{kind}", Chart(kind, ("甲", "乙")[: 1 + (kind == "line")], groups, lambda v: f"{v:g}"), 6) for kind in ("bar", "line", "pie", "funnel")]
        + [Card("数字", Figure("¥328.6万", ("多 3 (10%) · 上期 ¥1",)), 3), Card("目标", Figure("5 / 10", (), 50, "low"), 3), Card("排行", Ranking((("王伟", "¥5", 100, ""), ("李娜", "¥1", 20, "2 单"))), 6)]
    )
    document = Document(
        "很长的标题" * 30, ("今年",), "谁 打印", "第 {n} 页，共 {of} 页",
        (cards, Heading("资料"), Facts((("名称", "喆镕㛃 😀 Straße"), ("备注", "长" * 900))), Notes((("昨天 王伟", "说了\n很多" * 60),)), Words("到此为止"),
         Grid(("名称", "金额"), tuple((f"第{n}行", f"{n:,}.00") for n in range(120)), frozenset({1}))),
    )  # fmt: skip
    data = paper.make(document)
    file, text = pdf(data)
    told = bare(text)
    assert len(file.pages) >= 5 and f"第{len(file.pages)}页，共{len(file.pages)}页" in told
    for said in ("第119行", "119.00", "¥328.6万", "李娜", "Straße", "喆", "8万", "50%", "到此为止"):
        assert said in told, said
    assert len(data) < 200_000 and told.count("名称金额") >= 3, "each page of a table has its head"


def test_without_the_font_it_is_said(deals: Cast, monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(django_settings, "NODE_MODULES", tmp_path)
    font._where.cache_clear()
    answer = Browser("manager").get("/dashboards/sales.overview/figures.pdf")
    assert answer.status_code == 503 and "字体没有安装" in words(answer.content.decode())
