"""The record's page: the box that stands first on it, values changed in place, tabs, timeline, stage bar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.records import door, reading, telling
from guanxi.kernel.records.telling import Narrow
from tests.cast import Cast
from tests.chromium import after, enter
from tests.surfaces.web.browser import Browser, inputs, statements, words

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def make(cast: Cast, object: str, /, **changes: Any) -> Any:
    return door.perform(object, "create", actor=cast.actor("owner"), changes=changes).id


@pytest.fixture(scope="module")
def company(cast):
    customer = make(cast, "customer", name="远景科技有限公司", grade="vip")
    make(cast, "contact", name="何欢", customer=customer)
    make(cast, "contact", name="别家的人", customer=make(cast, "customer", name="别家公司"))
    return customer


def rows(cast: Cast, object: str, /, **where: Any) -> list[dict[str, Any]]:
    return reading.query(object, actor=cast.actor("owner"), where=And(tuple(Test(k, "=", v) for k, v in where.items())), limit=100).rows


def send(client: Browser, url: str, html: str, **values: Any) -> Any:
    """Post the box of a page as a browser without script would."""
    form = re.search(r'<form class="box".*?</form>', html, re.S)
    assert form is not None
    held = inputs(form[0].replace('class="box"', "data-guard"))
    action = re.search(r'action="([^"]+)"', form[0])
    assert action is not None
    return client.post(action[1].replace("&amp;", "&"), {**held, **values})


# -- the box -----------------------------------------------------------------------------------------------------------


def test_the_box_stands_on_every_record_follow_ups_can_be_about(cast, company):
    client = Browser("owner")
    page = client.read(f"/customers/{company}")
    assert page.index('<form class="box"') < page.index('class="events"')
    box = re.search(r'<form class="box".*?</form>', page, re.S)[0]
    assert re.findall(r'name="only" value="(\w+)"', box) == ["content", "kind", "next_contact_at", "files", "mentions", "customer", "contact", "opportunity", "attitude", "stage"]
    assert f"/contacts/options?where=customer+%3D+{company}" in box and "/opportunities/options?where=" in box
    contact = rows(cast, "contact", name="何欢")[0]["id"]
    assert '<form class="box"' in client.read(f"/contacts/{contact}")
    book = make(cast, "book", name="没有跟进")
    assert '<form class="box"' not in client.read(f"/books/{book}")
    assert '<form class="box"' not in client.read(f"/customers/{company}?tab=history")


def test_a_follow_up_is_saved_by_the_plain_form_and_told_by_the_timeline(cast, company):
    client = Browser("owner")
    url = f"/customers/{company}"
    contact = rows(cast, "contact", name="何欢")[0]["id"]
    due = (datetime.now(UTC) + timedelta(days=3)).replace(second=0, microsecond=0)
    local = due.astimezone(cast.actor("owner").catalog.settings.tz).strftime("%Y-%m-%dT%H:%M")
    answer = send(
        client, url, client.read(url), content="约了演示\n先看报价", kind="visit", next_contact_at=local,
        **{"contact.id": str(contact), "files": SimpleUploadedFile("现场.png", PNG, "image/png"), "mentions.keep": f"{cast.users['teammate']}|李娜"},
    )  # fmt: skip
    assert answer.status_code == 302 and answer["Location"] == url
    made = rows(cast, "activity", customer=company)[0]
    whole = reading.get("activity", made["id"], actor=cast.actor("owner"))
    assert (whole["content"], whole["kind"], whole["next_contact_at"]) == ("约了演示\n先看报价", "visit", due)
    assert [whole[n]["label"] for n in ("customer", "contact", "owner")] == ["远景科技有限公司", "何欢", "王伟"]
    assert [m["label"] for m in whole["mentions"]] == ["李娜"] and whole["files"][0]["name"] == "现场.png"
    assert whole["happened_at"] is not None, "what the box has no input for keeps its default"
    page = client.read(url)
    note = re.search(r'<div class="written">.*?</div>', page, re.S)[0]
    assert "约了演示\n先看报价" in note and "现场.png" in note and "下次联系" in note
    assert rows(cast, "task", customer=company)[0]["due_at"] == due


def test_a_box_that_is_refused_is_the_form_with_what_was_typed(cast, company):
    client = Browser("owner")
    url = f"/customers/{company}"
    before = len(rows(cast, "activity", customer=company))
    answer = send(client, url, client.read(url), content="昨天谈的", next_contact_at="2020-01-01T09:00")
    assert answer.status_code == 422 and "下次联系时间应晚于跟进时间" in answer.content.decode() and "昨天谈的" in answer.content.decode()
    assert len(rows(cast, "activity", customer=company)) == before


def test_pickers_of_the_box_offer_what_belongs_to_the_same_customer(cast, company):
    client = Browser("owner")
    address = f"/contacts/options?where=customer = {company}"
    assert [o["label"] for o in client.get(address).json()["options"]] == ["何欢"]
    assert client.get(address + "&q=别家").json()["options"] == []
    for typed, found in (("欢", True), ("hehuan", True), ("hh", True), ("HuAn", True), ("ehuan", False), ("hx", False), ("bjdr", False)):
        assert bool(client.get(f"{address}&q={typed}").json()["options"]) is found, typed
    assert Browser("outsider").get(address).json()["options"] == []


def test_who_may_not_write_sees_no_box(cast, company):
    door.perform("customer", "share", actor=cast.actor("owner"), id=company, inputs={"user": cast.users["nobody"], "level": "read"})
    assert Browser("nobody").get(f"/customers/{company}").status_code == 404
    assert '<form class="box"' in Browser("executive").read(f"/customers/{company}")
    assert 'class="amend"' not in Browser("executive").read(f"/customers/{company}")


# -- a value in place --------------------------------------------------------------------------------------------------

VALUE = {"X-Inside": "value"}


@pytest.fixture
def book(cast):
    return make(cast, "book", name="长恨歌", pages=400)


def ask(client: Browser, book: Any, field: str) -> dict[str, list[str]]:
    answer = client.get(f"/books/{book}/field/{field}", headers=VALUE)
    assert answer.status_code == 200
    return inputs(answer.content.decode().replace('class="value"', "data-guard"))


def test_a_value_is_saved_where_it_stands_and_tells_what_follows_from_it(cast, book):
    client = Browser("owner")
    page = client.read(f"/books/{book}")
    assert f'/books/{book}/field/pages"' in page and not [n for n in ("thickness", "phones", "discount") if f'/field/{n}"' in page]
    form = ask(client, book, "pages")
    told = client.post(f"/books/{book}/field/pages", {**form, "pages": "520"}, headers=VALUE).json()
    assert words(told["values"]["pages"]) == "520" and words(told["values"]["thickness"]) == "52.00"
    row = reading.get("book", book, actor=cast.actor("owner"))
    assert row["pages"] == 520 and told["version"] == str(row["version"])
    answer = client.post(f"/books/{book}/field/name", {**ask(client, book, "name"), "name": "长恨歌 2"})
    assert answer.status_code == 302 and answer["Location"] == f"/books/{book}", "without script it is a page and goes back"


def test_a_wrong_value_is_said_under_it_and_changes_nothing(cast, book):
    client = Browser("owner")
    answer = client.post(f"/books/{book}/field/pages", {**ask(client, book, "pages"), "pages": "-3"}, headers=VALUE)
    assert answer.status_code == 422 and "页数不能为负" in answer.content.decode() and 'value="-3"' in answer.content.decode()
    assert reading.get("book", book, actor=cast.actor("owner"))["pages"] == 400


def test_somebody_elses_value_stands_beside_mine(cast, book):
    client = Browser("owner")
    form = ask(client, book, "pages")
    door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"pages": 410})
    answer = client.post(f"/books/{book}/field/pages", {**form, "pages": "500"}, headers=VALUE)
    page = answer.content.decode()
    assert answer.status_code == 412 and "410" in words(page) and 'value="500"' in page
    assert re.search(r"赵强 今天 \d\d:\d\d 改成了", words(page)), "who and when"
    assert reading.get("book", book, actor=cast.actor("owner"))["pages"] == 410
    again = {**inputs(page.replace('class="value"', "data-guard"))}
    assert client.post(f"/books/{book}/field/pages", again, headers=VALUE).status_code == 200
    assert reading.get("book", book, actor=cast.actor("owner"))["pages"] == 500


def test_another_value_changed_meanwhile_is_no_conflict(cast, book):
    client = Browser("owner")
    form = ask(client, book, "pages")
    door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"name": "新名"})
    told = client.post(f"/books/{book}/field/pages", {**form, "pages": "500"}, headers=VALUE).json()
    assert set(told["values"]) >= {"pages", "thickness"} and "name" not in told["values"]
    assert told["joined"] == "已与赵强刚才的修改合并：书名。"
    row = reading.get("book", book, actor=cast.actor("owner"))
    assert (row["name"], row["pages"]) == ("新名", 500)


def test_what_may_not_be_written_has_no_input(cast, book):
    client = Browser("owner")
    for name, status in (("thickness", 403), ("phones", 403), ("discount", 403), ("chapter_count", 403), ("created_at", 403), ("cost", 404), ("nothing", 404)):
        assert client.get(f"/books/{book}/field/{name}").status_code == status, name
        assert client.post(f"/books/{book}/field/{name}", {name: "1"}).status_code == status, name
    assert Browser("outsider").get(f"/books/{book}/field/pages").status_code == 404
    assert Browser("executive").get(f"/books/{book}/field/pages").status_code == 403


# -- the history of one value ------------------------------------------------------------------------------------------


def test_a_value_tells_who_changed_it_from_what_to_what(cast, book):
    door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"pages": 410})
    door.perform("book", "update", actor=cast.actor("admin"), id=book, changes={"cost": {"amount": "3", "currency": "CNY"}})
    door.perform("book", "update", actor=cast.actor("owner"), id=book, changes={"name": "长恨歌（修订）"})
    client = Browser("owner")
    assert f'href="/books/{book}/field/pages/history" data-dialog' in client.read(f"/books/{book}")
    page = words(client.read(f"/books/{book}/field/pages/history").split('class="card past"')[1])
    assert re.search(r"赵强 \d\d:\d\d .*400 → 410 .*王伟 \d\d:\d\d .* 400", page) and "修订" not in page
    assert [e.verb for e in telling.history("book", book, actor=cast.actor("owner"), field="name")] == ["update", "create"]
    for name in ("cost", "nothing"):
        assert client.get(f"/books/{book}/field/{name}/history").status_code == 404, "what is hidden has no history"
    assert Browser("outsider").get(f"/books/{book}/field/pages/history").status_code == 404
    masked = door.perform("book", "update", actor=cast.actor("manager"), id=book, changes={"phones": "13812345678"})
    shown = client.read(f"/books/{book}/field/phones/history")
    assert masked.changed and "13812345678" not in shown.replace(" ", "") and "138" in shown


# -- around it ---------------------------------------------------------------------------------------------------------


def test_tabs_count_and_the_timeline_is_narrowed(cast, company):
    client = Browser("owner")
    url = f"/customers/{company}"
    make(cast, "activity", customer=company, content="再次电话", kind="phone")
    page = client.read(url)
    tabs = re.search(r'<nav class="tabs".*?</nav>', page, re.S)[0]
    count = len(rows(cast, "activity", customer=company))
    assert re.search(rf"跟进记录 <span class=\"tally\">{count}</span>", tabs)
    assert "今天" in page
    only = client.read(url + "?show=activity")
    assert "再次电话" in only and "新建了" not in words(re.search(r'data-part="happened".*', only, re.S)[0]).split("客户")[0]
    own = telling.timeline("customer", company, actor=cast.actor("owner"), narrow=Narrow("customer"))
    assert {e.object for e in own} == {"customer"} and own
    asked = client.read(url + "?way=phone&words=再次&since=2020-01-01")
    happened = words(re.search(r'data-part="happened".*', asked, re.S)[0])
    assert "再次电话" in happened and "新建了" not in happened and 'value="再次"' in asked and "?show=activity&amp;way=phone&amp;words=" in asked
    assert "再次电话" not in words(re.search(r'data-part="happened".*', client.read(url + "?way=visit"), re.S)[0])
    assert {e.object for e in telling.timeline("customer", company, actor=cast.actor("owner"), narrow=Narrow("activity"))} == {"activity"}
    assert telling.timeline("customer", company, actor=cast.actor("owner"), narrow=Narrow("book")) == []


def test_all_files_of_a_record_and_of_what_was_written_about_it(cast, company):
    client = Browser("owner")
    url = f"/customers/{company}"
    send(client, url, client.read(url), content="发来合同", files=SimpleUploadedFile("合同.pdf", b"%PDF-1.4 x", "application/pdf"))
    page = client.read(url + "?tab=files")
    assert "合同.pdf" in page and "发来合同" in page
    link = re.search(r'href="(/activities/[^"]+)" download>合同.pdf', page)[1]
    assert client.get(link).status_code == 200
    assert Browser("outsider").get(url + "?tab=files").status_code == 404


def test_the_header_says_what_the_deals_of_a_customer_come_to(cast):
    customer, other = make(cast, "customer", name="大单公司"), make(cast, "customer", name="旁边公司")
    for name, amount, of in (("甲", "250000", customer), ("乙", "1234.5", customer), ("旁", "99", other)):
        make(cast, "opportunity", name=name, amount=amount, customer=of)
    stage = reading.query("stage", actor=cast.actor("admin"), where=Test("kind", "=", "won"), fields=["pipeline"], limit=1).rows[0]
    make(cast, "opportunity", name="丙", amount="30000", customer=customer, pipeline=stage["pipeline"]["id"], stage=stage["id"])

    def said(who: str) -> list[tuple[str, str, str]]:
        page = Browser(who).read(f"/customers/{customer}")
        return [(label, words(value), (re.search(r'href="([^"]+)"', value) or [""] * 2)[1]) for label, value in re.findall(r"<dt>(进行中商机|赢单金额)</dt><dd>(.*?)</dd>", page)]

    (open_label, open_said, url), (won_label, won_said, _) = said("owner")
    assert (open_label, open_said) == ("进行中商机", "¥25.1万 2") and (won_label, won_said) == ("赢单金额", "¥30,000 1")
    rows = Browser("owner").read(url.replace("&amp;", "&"))
    assert len(re.findall(r'class="title" href="/opportunities/', rows)) == 2 and "丙" not in words(rows) and "旁" not in re.findall(r'class="title"[^>]*>(.)</a>', rows)
    door.perform("customer", "share", actor=cast.actor("owner"), id=customer, inputs={"user": str(cast.users["outsider"]), "level": "read"})
    assert [one[1] for one in said("outsider")] == ["—", "—"], "deals one may not read are not counted"
    grants = {"customer": {"verbs": ["read"], "read": "all", "write": "none"}, "opportunity": {"verbs": ["read"], "read": "all", "write": "none", "fields": {"amount": "hidden"}}}
    role = door.perform("role", "create", actor=cast.actor("admin"), changes={"name": "不看金额", "grants": grants}).id
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["nobody"], changes={"roles": [str(role)]})
    assert said("nobody") == [], "nor is what a field one may not read comes to"
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["nobody"], changes={"roles": []})


def test_files_are_added_to_a_record_and_taken_away_in_their_tab(cast, company):
    client, url = Browser("owner"), f"/customers/{company}"

    def form() -> tuple[str, dict[str, list[str]]]:
        found = re.search(r'<form class="uploads" id="([^"]+)".*?</form>', client.read(url + "?tab=files"), re.S)
        assert found is not None
        return found[1], inputs(found[0].replace('class="uploads"', "data-guard"))

    def held() -> list[str]:
        return [one["name"] for one in reading.get("customer", company, actor=cast.actor("owner"), fields=["files"])["files"] or []]

    answer = client.post(f"{url}/field/files", {**form()[1], "files": [SimpleUploadedFile("执照.png", PNG, "image/png"), SimpleUploadedFile("章程.pdf", b"%PDF-1.4 x", "application/pdf")]})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?tab=files")
    client.post(f"{url}/field/files", {**form()[1], "files": SimpleUploadedFile("名单.txt", b"x", "text/plain")})
    assert held() == ["执照.png", "章程.pdf", "名单.txt"], "what is added is added to what there is"
    page = client.read(url + "?tab=files")
    name, values = form()
    away = re.search(rf'<button class="small quiet" form="{name}" name="files.drop" value="([0-9a-f-]+)">移除<span class="unseen"> 章程.pdf', page)
    assert away is not None and page.count('name="files.drop"') == 3, "what was written about the record keeps its files"
    client.post(f"{url}/field/files", {**values, "files.drop": away[1]})
    assert held() == ["执照.png", "名单.txt"]
    told = telling.history("customer", company, actor=cast.actor("owner"), field="files")
    assert [event.verb for event in told] == ["update"] * 3 and told[0].actor["label"] == "王伟"
    assert client.get(re.search(r'href="(/customers/[^"]+)" download>名单.txt', client.read(url + "?tab=files"))[1]).status_code == 200


def test_who_may_not_change_a_record_adds_no_file(cast, company):
    reader, url = Browser("executive"), f"/customers/{company}"
    before = reading.get("customer", company, actor=cast.actor("owner"), fields=["files", "version"])
    assert 'class="uploads"' not in reader.read(url + "?tab=files") and "files.drop" not in reader.read(url + "?tab=files")
    assert reader.post(f"{url}/field/files", {"files": SimpleUploadedFile("x.txt", b"x", "text/plain"), "version": str(before["version"])}).status_code == 403
    assert reading.get("customer", company, actor=cast.actor("owner"), fields=["files", "version"]) == before


@pytest.mark.parametrize("object", ["customer", "contact", "lead", "opportunity"])
def test_what_is_sold_to_holds_files(cast, company, object):
    made = make(cast, object, name="有附件的", **({"customer": company} if object == "contact" else {}))
    page = Browser("owner").read(f"/{cast.actor('owner').catalog.object(object).plural}/{made}?tab=files")
    assert 'name="files"' in page


def test_the_team_is_listed_and_can_be_changed(cast):
    customer, client = make(cast, "customer", name="团队公司"), Browser("owner")
    url = f"/customers/{customer}"
    answer = client.fill(f"{url}/share?next={url}?tab=team", user=str(cast.users["teammate"]), level="write")
    assert answer.status_code == 302 and answer["Location"] == f"{url}?tab=team"
    page = client.read(url + "?tab=team")
    assert "李娜" in page and "读写" in page and f"{url}/unshare?user={cast.users['teammate']}" in page
    assert [(m.label, m.level, m.until) for m in telling.team("customer", customer, actor=cast.actor("owner"))] == [("李娜", "write", None)]
    client.fill(f"{url}/unshare?user={cast.users['teammate']}", user=str(cast.users["teammate"]))
    assert telling.team("customer", customer, actor=cast.actor("owner")) == []


def test_the_stage_bar_asks_what_each_step_requires(cast):
    client = Browser("owner")
    deal = make(cast, "opportunity", name="一单", amount={"amount": "5000", "currency": "CNY"})
    page = client.read(f"/opportunities/{deal}")
    bar = re.search(r'<ol class="stages".*?</ol>', page, re.S)[0]
    assert bar.count("<li") >= 4 and bar.count('aria-current="step"') == 1
    assert bar.count('<button name="to"') == bar.count("<li") - 1 and f'action="/opportunities/{deal}/put"' in page
    assert "停留不到 1 天" in page
    assert "步骤与标准" not in page, "nothing is said of a stage that says nothing"
    stage = reading.get("opportunity", deal, actor=cast.actor("owner"), fields=["stage"])["stage"]["id"]
    door.perform("stage", "update", actor=cast.actor("admin"), id=stage, changes={"description": "先问清预算和决策人。"})
    assert re.search(r'<div class="stay"><span class="faint">步骤与标准</span>.*?先问清预算和决策人。', client.read(f"/opportunities/{deal}"), re.S)
    lost = re.search(r'<li class="ahead lost"><button name="to" value="([^"]+)"', bar)[1]
    asked = client.post(f"/opportunities/{deal}/put", {"view": "board", "to": lost, "back": f"/opportunities/{deal}"})
    assert asked.status_code in (200, 422) and "输单原因" in asked.content.decode()
    assert reading.get("opportunity", deal, actor=cast.actor("owner"))["result"] == "open"
    door.perform("opportunity", "lose", actor=cast.actor("owner"), id=deal, changes={"lost_reason": "price"})
    page = client.read(f"/opportunities/{deal}")
    assert re.search(r'<li class="here lost"', page)
    assert "输单原因" in re.search(r'<p class="stay">.*?</p>', page, re.S)[0]


def test_a_record_page_is_eight_statements_at_most(cast, company):
    client = Browser("owner")
    deal = make(cast, "opportunity", name="两单", customer=company)
    for url in (f"/customers/{company}", f"/opportunities/{deal}"):
        client.read(url)
        with statements() as sent:
            client.read(url)
        assert len(sent) <= 8, (url, len(sent), [s[:120] for s in sent])


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(cast, website):
    customer = make(cast, "customer", name="浏览器公司")
    make(cast, "contact", name="范小姐", customer=customer)
    return customer, make(cast, "opportunity", name="浏览器单", customer=customer, amount={"amount": "9000", "currency": "CNY"})


def test_a_follow_up_in_the_browser(cast, scene, chromium, website):
    from playwright.sync_api import expect

    customer, _ = scene
    page, said = enter(chromium, website)
    url = f"{website}/customers/{customer}"
    page.goto(url)
    area = page.locator("form.box textarea")
    area.click()
    page.keyboard.type("演示顺利 @李")
    page.wait_for_selector(".ats li[aria-selected=true]:has-text('李娜')")
    page.keyboard.press("Enter")
    assert area.input_value() == "演示顺利 @李娜 "
    expect(page.locator(".box .kept")).to_have_text("草稿已保存")
    page.reload()
    assert page.locator("form.box textarea").input_value() == "演示顺利 @李娜 ", "kept until it is saved"
    page.click("form.box .channels label:nth-child(2)")
    page.click("form.box [data-at] >> nth=0")
    page.locator("#b-contact").click()
    page.locator("gx-combobox li", has_text="范小姐").click()
    page.locator("form.box textarea").click()
    page.keyboard.type("@李")
    page.wait_for_selector(".ats li")
    page.keyboard.press("Enter")
    page.set_input_files("form.box input[type=file]", [{"name": "名片.png", "mimeType": "image/png", "buffer": PNG}])
    assert "名片.png" in page.locator(".picked").inner_text()
    page.locator("form.box textarea").click()
    page.evaluate("window.same = 1")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".day .written")
    assert page.evaluate("window.same") == 1 and "演示顺利" in page.locator(".written").first.inner_text()
    assert page.locator("form.box textarea").input_value() == "" and page.locator(".picked").is_hidden()
    expect(page.locator(".highlights [data-shown=last_contact_at]")).to_contain_text("今天")
    assert page.locator(".tabs a", has_text="跟进记录").locator(".tally").inner_text() == "1"
    made = after(lambda: reading.query("activity", actor=cast.actor("owner"), where=Test("customer", "=", customer), fields=["content", "kind", "contact", "next_contact_at", "mentions", "files"], limit=5).rows)
    assert len(made) == 1 and made[0]["kind"] == "visit" and made[0]["contact"]["label"] == "范小姐"
    assert [m["label"] for m in made[0]["mentions"]] == ["李娜"] and made[0]["files"][0]["name"] == "名片.png"
    assert made[0]["next_contact_at"].astimezone(after(lambda: cast.actor("owner")).catalog.settings.tz).hour == 9
    page.wait_for_function("Object.keys(localStorage).filter(k => k.startsWith('gx:draft')).length === 0")

    page.goto(f"{website}/customers?q=浏览器公司")
    row = page.locator("table.rows tbody tr")
    assert row.locator(".act a").first.evaluate("one => getComputedStyle(one).opacity") == "0"
    row.hover()
    row.locator(".act a", has_text="跟进").click()
    page.wait_for_function("() => document.activeElement.matches('#drawer[open] #write')")
    page.keyboard.type("从列表跟进")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#drawer .written:has-text('从列表跟进')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    page.locator("a.title").focus()
    page.keyboard.press("f")
    page.wait_for_function("() => document.activeElement.matches('#drawer[open] #write')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    row.locator("[data-menu]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#rowmenu:popover-open a:has-text('转移')")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('[data-menu][aria-expanded=false]')")
    page.keyboard.press("Enter")
    page.locator("#rowmenu a", has_text="转移").click()
    page.wait_for_selector("#dialog[open] h1:has-text('转移')")

    page.goto(f"{website}/customers/new")
    page.fill("[name=name]", "没存的公司")
    page.click("details.rest > summary")
    page.fill("[name=website]", "example.cn")
    page.fill("[name=annual_revenue]", "1.2万")
    page.wait_for_selector("output.upper:has-text('壹万贰仟元整')")
    page.wait_for_function("() => Object.entries(localStorage).some(([key, value]) => key.startsWith('gx:forms.') && value.includes('1.2万'))")
    page.reload()
    page.click(".said.note >> text=恢复")
    assert [page.input_value(f"[name={name}]") for name in ("name", "website", "annual_revenue")] == ["没存的公司", "example.cn", "1.2万"]
    page.click("form.form button.primary")
    page.wait_for_selector("h1:has-text('没存的公司')")
    page.goto(f"{website}/customers/new")
    page.wait_for_selector("form[data-offered]", state="attached")
    assert page.locator(".said.note").count() == 0, "what is saved is kept no longer"
    assert said == []
    page.context.close()


def test_a_value_in_the_browser(cast, scene, chromium, website):
    from playwright.sync_api import expect

    customer, _ = scene
    page, said = enter(chromium, website)
    page.goto(f"{website}/customers/{customer}")
    place = page.locator("dd[data-value]:has([data-shown=short_name])")
    place.click()
    page.wait_for_selector("form.value input[name=short_name]")
    page.keyboard.type("不要")
    page.keyboard.press("Escape")
    assert page.locator("form.value").count() == 0
    page.keyboard.press("e")
    page.wait_for_selector("form.value input[name=short_name]")
    page.keyboard.type("浏览器")
    page.keyboard.press("Enter")
    expect(page.locator("[data-shown=short_name]")).to_have_text("浏览器")
    page.wait_for_selector("form.value", state="detached")
    assert after(lambda: reading.get("customer", customer, actor=cast.actor("owner")))["short_name"] == "浏览器"

    page.locator("dd[data-value]:has([data-shown=short_name]) [data-shown]").click()
    page.wait_for_selector("form.value input[name=short_name]")
    after(lambda: door.perform("customer", "update", actor=cast.actor("manager"), id=customer, changes={"short_name": "经理的"}))
    page.keyboard.type("我的")
    page.keyboard.press("Enter")
    page.wait_for_selector("form.value .theirs")
    assert "经理的" in page.locator("form.value .theirs").inner_text() and page.locator("form.value input[name=short_name]").input_value() == "我的"
    assert after(lambda: reading.get("customer", customer, actor=cast.actor("owner")))["short_name"] == "经理的"
    page.click("form.value [data-cancel]")
    expect(page.locator("[data-shown=short_name]")).to_have_text("经理的")
    assert said == []
    page.context.close()


def test_a_step_of_the_bar_in_the_browser(cast, scene, chromium, website):
    _, deal = scene
    page, said = enter(chromium, website)
    page.goto(f"{website}/opportunities/{deal}")
    page.locator(".stages li.lost button").click()
    page.wait_for_selector("#dialog[open] select[name=lost_reason]")
    page.select_option("#dialog select[name=lost_reason]", "price")
    page.click("#dialog footer button.primary, #dialog footer button.danger")
    page.wait_for_selector(".stages li.here.lost")
    row = after(lambda: reading.get("opportunity", deal, actor=cast.actor("owner")))
    assert row["result"] == "lost" and row["lost_reason"] == "price"
    assert said == []
    page.context.close()
