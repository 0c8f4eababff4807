"""The settings: their menu, the company's record, where one is signed in, and parts edited on their record's page."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.objects import Record
from guanxi.kernel.records import door, people, reading, telling
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PASSWORD
from tests.surfaces.web.browser import Browser, inputs, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def test_the_menu_shows_what_one_may_arrange_and_nothing_of_work():
    page = Browser("admin").read("/settings")
    for url in ("/settings/company", "/settings/sample", "/users", "/settings/departments", "/roles", "/dictionaries", "/pipelines", "/me"):
        assert f'href="{url}"' in page, url
    nav = page[page.index('<nav class="sider"') : page.index("<header")]
    assert "/opportunities" not in nav and "/stages" not in nav and "返回工作台" in nav
    assert 'aria-current="page"' in Browser("admin").read("/users").split("<header")[0]
    member = Browser("owner").read("/settings")
    assert 'href="/users"' in member and 'href="/roles"' not in member and "/settings/company" not in member
    assert "/settings/sample" not in member and Browser("owner").get("/settings/sample").status_code == 404
    assert 'href="/settings"' in Browser("owner").read("/books").split("<header")[0]


def test_what_came_with_the_program_is_called_in_english_too(cast):
    browser = Browser("admin", "en")
    browser.post("/language", {"language": "en"})
    try:
        assert "Roles Administrator" in words(browser.read("/me"))
        for url, name in (("/settings/security", "Sign-in and security"), ("/settings/bin", "Bin settings")):
            page = browser.get(url, follow=True).content.decode()
            assert re.search(r"<h1[^>]*>([^<]+)</h1>", page)[1] == name, "the only record of its object is called as that is"
        nav = browser.read("/settings/handover").split("<header")[0]
        assert re.findall(r'<a class="item" href="([^"]+)" aria-current="page"', nav) == ["/settings/handover"]
        assert "1 record<" in browser.read("/pipelines") and "0 records<" in browser.read("/robots")
        assert re.search(r'id="i-name" name="name" type="text" maxlength="500" value=""', browser.read("/welcome")), "nobody is asked to take away a name that is not theirs"
    finally:
        browser.post("/language", {"language": "zh-CN"})


def test_the_company_is_one_record_and_its_settings_count_at_once(cast):
    admin = Browser("admin")
    url = admin.get("/settings/company")["Location"]
    assert admin.fill(url + "/edit", name="云山科技", zone="America/New_York", fiscal_start="4", area_code="021").status_code == 302
    settings = people.newest(DEFAULT_WORKSPACE).settings
    assert (settings.zone, settings.fiscal_start, settings.area_code) == ("America/New_York", 4, "021")
    told = telling.history("company", url.rpartition("/")[2], actor=cast.actor("admin"))
    assert told[0].verb == "update" and set(told[0].changes) == {"name", "zone", "fiscal_start", "area_code"}
    assert "区号如 021" in admin.fill(url + "/edit", area_code="21").content.decode()
    assert admin.get("/companies/new").status_code == 403 and "/delete" not in admin.read(url)
    assert Browser("owner").get(url + "/edit").status_code == 403
    assert admin.fill(url + "/edit", zone="Asia/Shanghai", fiscal_start="1").status_code == 302


def test_the_currency_stays_once_there_are_amounts(cast):
    admin = Browser("admin")
    url = admin.get("/settings/company")["Location"]
    assert admin.fill(url + "/edit", currency="USD").status_code == 302
    assert people.newest(DEFAULT_WORKSPACE).settings.currency == "USD"
    assert admin.fill(url + "/edit", currency="CNY").status_code == 302
    book = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "有价", "price": 5}).id
    door.perform("book", "delete", actor=cast.actor("owner"), id=book)
    answer = admin.fill(url + "/edit", currency="USD")
    assert answer.status_code == 422 and "已有金额记录（书，含回收站）" in answer.content.decode()
    assert people.newest(DEFAULT_WORKSPACE).settings.currency == "CNY"


def test_an_empty_list_says_what_it_is_for_and_offers_the_next_step(cast):
    page = Browser("admin").read("/customers")
    assert "还没有客户" in page and "和您做生意的公司、个人和集团" in words(page)
    assert 'href="/customers/new"' in page and "/settings/sample" in page
    english = Browser("admin", "en")
    english.post("/language", {"language": "en"})
    assert "No customers yet The companies, persons and groups you do business with" in words(english.read("/customers"))
    english.post("/language", {"language": "zh-CN"})
    assert "/settings/sample" not in Browser("owner").read("/customers")
    filtered = Browser("admin").read("/customers?q=没有")
    assert "没有符合条件" in filtered and "和您做生意" not in words(filtered)


def test_a_sign_in_is_noted_without_making_rights_anew(cast):
    before = facts.by_username("owner").access_version
    Browser("owner")
    row = reading.get("user", cast.users["owner"], actor=cast.actor("admin"), fields=["last_sign_in"])
    assert row["last_sign_in"] is not None
    assert telling.history("user", cast.users["owner"], actor=cast.actor("admin"))[0].verb == "signed_in"
    assert facts.by_username("owner").access_version == before
    assert "最近登录" in Browser("admin").read("/users")


def test_one_corrects_ones_own_details_where_one_finds_them(cast):
    mine, other = Browser("teammate"), cast.users["owner"]
    was = reading.get("user", cast.users["teammate"], actor=cast.actor("admin"), fields=["name"])["name"]
    page = mine.read("/me")
    assert f'name="was.name" value="{was}"' in page and 'action="/me/details"' in page
    shown = {"was.name": was, "name": was, "was.phone": "", "phone": "", "was.email": "", "email": ""}
    wrong = mine.post("/me/details", shown | {"email": "nowhere"})
    assert wrong.status_code == 422 and 'value="nowhere"' in wrong.content.decode()
    answer = mine.post("/me/details", shown | {"phone": "13900005678", "email": "t@example.com", "id": str(other), "username": "root", "position": "总经理"})
    assert answer.status_code == 302 and "个人资料已保存" in words(mine.read("/me"))
    row = reading.get("user", cast.users["teammate"], actor=cast.actor("admin"), fields=["name", "username", "phone", "email", "position"])
    assert (row["name"], row["username"], row["email"], row["position"]) == (was, "teammate", "t@example.com", None)
    assert row["phone"][0]["number"] == "+8613900005678"
    assert reading.get("user", other, actor=cast.actor("admin"), fields=["phone"])["phone"] in (None, [])
    assert mine.get("/me/details").status_code == 404
    assert telling.history("user", cast.users["teammate"], actor=cast.actor("admin"))[0].verb == "correct_own"
    assert "更正本人资料" not in mine.read(f"/users/{other}") and mine.get(f"/users/{other}/correct_own").status_code == 403


def test_one_sees_where_one_is_signed_in_and_ends_it(cast):
    here, phone, desk = Browser("teammate"), Browser(), Browser("teammate")
    phone.post("/signin", {"username": "teammate", "password": PASSWORD}, headers={"user-agent": "Mozilla/5.0 (iPhone; CPU) MicroMessenger/8"})
    page = here.read("/me")
    assert page.count("本机") == 1 and "微信 · iPhone" in page
    handle = re.search(r'name="end" value="([0-9a-f]{20})" aria-label="退出 微信 · iPhone"', page)[1]
    assert Browser("owner").post("/me/sessions", {"end": handle}).status_code == 404, "only one's own"
    assert here.get("/me/sessions").status_code == 404
    assert here.post("/me/sessions", {"end": handle}).status_code == 302
    assert phone.get("/")["Location"] == "/signin" and desk.get("/").status_code == 200
    assert here.post("/me/sessions", {"end": "others"}).status_code == 302
    assert desk.get("/")["Location"] == "/signin" and here.get("/").status_code == 200


def test_children_are_declared_with_a_link_and_an_order():
    found = {it.name: it.view(Record).children for it in REGISTRY.objects.values() if it.view(Record) and it.view(Record).children}
    assert found == {"dictionary": ("dictionary_entry",), "pipeline": ("stage",)}


@pytest.fixture
def dictionary(cast):
    made = door.perform("dictionary", "create", actor=cast.actor("admin"), changes={"name": "饮料"}).id
    for at, name in enumerate(("茶", "水", "酒"), 1):
        door.perform("dictionary_entry", "create", actor=cast.actor("admin"), changes={"dictionary": made, "name": name, "order": at})
    yield made
    door.perform("dictionary", "delete", actor=cast.actor("admin"), id=made)


def _entries(cast, dictionary):
    where = {"field": "dictionary", "op": "=", "value": str(dictionary)}
    return reading.query("dictionary_entry", actor=cast.actor("admin"), where=where, fields=["name", "key", "order", "active"], sort=["order"]).rows


def _form(page):
    return inputs(page)


def test_parts_are_saved_added_and_moved_by_one_form(cast, dictionary):
    client, url = Browser("admin"), f"/dictionaries/{dictionary}"
    assert reading.get("dictionary", dictionary, actor=cast.actor("admin"), fields=["key"])["key"] == "yinliao"
    tea, water, wine = (str(row["id"]) for row in _entries(cast, dictionary))
    sent = _form(client.read(url)) | {f"{wine}.name": "白酒", f"{tea}.active": "false", "new.name": "咖啡", "do": f"up.{wine}"}
    assert client.post(url + "/children/dictionary_entries", sent)["Location"] == url + "#dictionary_entries"
    rows = _entries(cast, dictionary)
    assert [(row["name"], row["key"], row["active"]) for row in rows] == [
        ("茶", "cha", False), ("白酒", "jiu", True), ("水", "shui", True), ("咖啡", "kafei", True),
    ]  # fmt: skip
    assert [row["order"] for row in rows] == [10, 20, 30, 40]
    told = telling.history("dictionary_entry", water, actor=cast.actor("admin"))
    assert [set(event.changes) for event in told[:1]] == [{"order"}], "what was not touched has no other event"
    assert "没有改动" in words(client.post(url + "/children/dictionary_entries", _form(client.read(url)), follow=True).content.decode())


def test_one_bad_row_and_nothing_is_saved(cast, dictionary):
    client, url = Browser("admin"), f"/dictionaries/{dictionary}"
    tea, water, _ = (str(row["id"]) for row in _entries(cast, dictionary))
    answer = client.post(url + "/children/dictionary_entries", _form(client.read(url)) | {f"{tea}.name": "好茶", f"{water}.name": ""})
    page = answer.content.decode()
    assert answer.status_code == 422 and "请填写名称" in page and 'value="好茶"' in page
    assert [row["name"] for row in _entries(cast, dictionary)] == ["茶", "水", "酒"]
    answer = client.post(url + "/children/dictionary_entries", _form(client.read(url)) | {"new.name": "茶二", "new.key": "cha"})
    assert answer.status_code == 422 and "标识已被使用" in answer.content.decode()
    assert len(_entries(cast, dictionary)) == 3


def test_somebody_faster_is_not_overwritten(cast, dictionary):
    client, url = Browser("admin"), f"/dictionaries/{dictionary}"
    tea, *_ = (row["id"] for row in _entries(cast, dictionary))
    sent = _form(client.read(url))
    door.perform("dictionary_entry", "update", actor=cast.actor("admin"), id=tea, changes={"name": "红茶"})
    answer = client.post(url + "/children/dictionary_entries", sent | {f"{tea}.name": "绿茶"})
    assert answer.status_code == 422 and _entries(cast, dictionary)[0]["name"] == "红茶"


def test_who_may_not_write_reads_the_parts_and_changes_nothing(cast, dictionary):
    client, url = Browser("owner"), f"/dictionaries/{dictionary}"
    page = client.read(url)
    assert "茶" in page and 'name="do"' not in page
    tea = _entries(cast, dictionary)[0]["id"]
    client.post(url + "/children/dictionary_entries", {f"{tea}.name": "改", f"was.{tea}.name": "茶", f"{tea}.version": str(tea), "new.name": "新"})
    client.post(url + "/children/dictionary_entries", {"do": f"down.{tea}"})
    assert [row["name"] for row in _entries(cast, dictionary)] == ["茶", "水", "酒"]
    assert client.post(f"{url}/children/stages", {}).status_code == 404


def test_the_steps_of_a_process_name_fields_by_their_labels(cast):
    admin = cast.actor("admin")
    pipeline = reading.query("pipeline", actor=admin, fields=["name"], limit=1).rows[0]["id"]
    client, url = Browser("admin"), f"/pipelines/{pipeline}"
    page = client.read(url)
    where = {"field": "pipeline", "op": "=", "value": str(pipeline)}
    first, second, *_ = reading.query("stage", actor=admin, where=where, fields=["name", "next_stages"], sort=["order"]).rows
    assert f'name="{first["id"]}.required_fields" value="expected_close">预计成交日期' in page
    sent = _form(page) | {
        f"{first['id']}.required_fields": ["customer", "amount"],
        f"{first['id']}.win_rate": "15",
        f"{second['id']}.next_stages.keep": [f"{first['id']}|x"],
        "do": "save",
    }
    assert client.post(url + "/children/stages", sent).status_code == 302
    row = reading.get("stage", first["id"], actor=admin, fields=["required_fields", "win_rate"])
    assert row["required_fields"] == ["customer", "amount"] and row["win_rate"] == 15
    assert [str(one["id"]) for one in reading.get("stage", second["id"], actor=admin, fields=["next_stages"])["next_stages"]] == [str(first["id"])]
    assert "<span class=\"tag\">预计金额</span>" in client.read(f"/stages/{first['id']}")


def test_departments_are_a_tree_with_heads_and_counts(cast):
    page = words(Browser("admin").read("/settings/departments"))
    assert re.search(r"总部 共 9 人，本部 3 人 .*市场部 1 人.*销售部 共 5 人，本部 4 人 赵 赵强 （主管）.*二组 1 人", page), page
    assert "移动" not in words(Browser("owner").read("/settings/departments")).split("部门 4")[1]
    assert Browser("owner").post("/settings/departments", {"move": str(cast.departments["二组"]), "above": ""}).status_code == 403


def test_a_department_is_moved_by_a_form_but_never_under_itself(cast):
    client, team, sales = Browser("admin"), cast.departments["二组"], cast.departments["销售部"]
    page = client.read(f"/settings/departments?move={sales}")
    options = page.split('name="above"')[1].split("</select>")[0]
    assert "市场部" in options and "二组" not in options and "销售部" not in options
    answer = client.post("/settings/departments", {"move": str(sales), "above": str(team)})
    assert answer.status_code == 422 and "上级不能是自己" in answer.content.decode()
    assert client.post("/settings/departments", {"move": str(team), "above": str(cast.departments["市场部"])}).status_code == 302
    row = reading.get("department", team, actor=cast.actor("admin"), fields=["above"])
    assert row["above"]["id"] == cast.departments["市场部"]
    assert client.post("/settings/departments", {"move": str(team), "above": str(sales)}).status_code == 302
