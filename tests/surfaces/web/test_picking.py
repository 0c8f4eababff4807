"""Pickers: people by how their names sound, departments in their tree, regions by a cascade or by name; and who is found by an address."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from django.test import Client

from guanxi.kernel.records import door, reading
from tests.chromium import after, enter
from tests.surfaces.web.browser import Browser, statements, words


def offered(who: str, address: str) -> list[tuple[str, str]]:
    return [(one["label"], one["sub"]) for one in Browser(who).get(address).json()["options"]]


@pytest.fixture(scope="module")
def gone(cast):
    """Somebody who works here no more."""
    return door.perform("user", "create", actor=cast.actor("admin"), changes={"name": "李离", "username": "gone", "department": str(cast.departments["销售部"]), "active": False}).id


def test_people_are_found_as_they_sound_with_their_department(cast, gone):
    for typed in ("李", "娜", "ln", "lina", "LiNa", "teammate"):
        assert offered("owner", f"/users/options?q={typed}") == [("李娜", "销售部 · teammate")], typed
    assert offered("owner", "/users/options?q=lili") == [], "nobody is given anything who works here no more"
    assert offered("owner", "/users/options?q=zm") == [("张敏", "二组 · junior")]


def test_before_anything_is_typed_one_s_own_people_come_first(cast, gone):
    found = [label for label, _ in offered("owner", "/users/options?q=")]
    assert found[0] == "王伟" and set(found[1:4]) == {"李娜", "刘洋", "赵强"} and len(found) == 9
    assert offered("owner", "/users/options?q=&who=1")[:2] == [("我", ""), ("王伟", "销售部 · owner")]
    assert offered("owner", "/users/options?q=w&who=1") == [("我", ""), ("王伟", "销售部 · owner"), ("周无", "总部 · nobody")]


def test_departments_stand_in_their_tree(cast):
    tree = [(one["label"], one["depth"]) for one in Browser("owner").get("/departments/options?q=").json()["options"]]
    assert sorted(tree) == sorted([("总部", 0), ("销售部", 1), ("二组", 2), ("市场部", 1)])
    assert tree[0] == ("总部", 0) and tree.index(("二组", 2)) == tree.index(("销售部", 1)) + 1
    assert offered("owner", "/departments/options?q=ez") == [("二组", "总部 / 销售部")]
    assert offered("owner", "/departments/options?q=xiaoshou") == [("销售部", "总部")]
    assert offered("owner", "/departments/options?q=&who=1")[0] == ("我的部门", "")


def test_what_somebody_typed_without_choosing_is_asked_back(cast):
    customer = door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "没有选人"}).id
    answer = Browser("owner").fill(f"/customers/{customer}/assign", owner="ln")
    page = answer.content.decode()
    assert answer.status_code == 422 and "您要找的是不是" in page and 'name="owner.pick"' in page and "销售部 · teammate" in page
    assert reading.get("customer", customer, actor=cast.actor("owner"), fields=["owner"])["owner"]["label"] == "王伟"
    assert Browser("owner").fill(f"/customers/{customer}/assign", owner="李娜").status_code == 302
    assert reading.get("customer", customer, actor=cast.actor("admin"), fields=["owner"])["owner"]["label"] == "李娜"


def test_regions_come_by_name_by_sound_and_column_by_column(cast):
    ask = Browser("owner").get
    namesakes = [{"id": "230404", "label": "黑龙江省鹤岗市南山区"}, {"id": "440305", "label": "广东省深圳市南山区"}]
    for typed in ("南山", "nanshan", "NanShan"):
        assert [one for one in ask(f"/places?q={typed}").json()["options"] if one["label"].endswith("南山区")] == namesakes, typed
    for typed in ("深圳南山", "szns", "shenzhennanshan", "广东省深圳市南山区"):
        assert ask(f"/places?q={typed}").json()["options"][0] == {"id": "440305", "label": "广东省深圳市南山区"}, typed
    assert ask("/places?q=gd").json()["options"][0] == {"id": "440000", "label": "广东省"}
    assert ask("/places?q=没有这样的地方").json()["options"] == []
    start = ask("/places?text=").json()
    assert [len(start["columns"]), start["text"], start["whole"], start["columns"][0]["at"]] == [1, "", False, ""]
    there = ask("/places?text=深圳南山科技园1号").json()
    assert [column["at"] for column in there["columns"]] == ["440000", "440300", "440305"] and there["whole"]
    moved = ask("/places?at=310000&text=深圳南山科技园1号").json()
    assert moved["text"] == "上海市 科技园1号" and [column["at"] for column in moved["columns"]] == ["310000", ""] and not moved["whole"]
    district = ask("/places?at=310104&text=上海市 科技园1号").json()
    assert district["text"] == "上海市徐汇区 科技园1号" and district["whole"]
    assert Browser("owner").read("/customers?f.region=szns")


@pytest.fixture(scope="module")
def somewhere(cast):
    """A customer in 深圳市南山区 科技园路88号, and one of that name's end elsewhere."""
    owner = cast.actor("owner")
    return [
        door.perform("customer", "create", actor=owner, changes={"name": name, "region": {"code": code, "detail": detail}}).id
        for name, code, detail in (("甲方实业", "440305", "科技园路88号"), ("乙方实业", "310104", "科技园路9号"), ("科技园路便利店", "110105", "建国路1号"))
    ]


def test_addresses_are_found_over_a_list_and_the_search_leads_there(cast, somewhere):
    browser = Browser("owner")

    def listed(q: str) -> list[str]:
        return sorted(re.findall(r'class="title"[^>]*>([^<]+)<', browser.read("/customers?q=" + quote(q))))

    assert listed("科技园路") == ["乙方实业", "甲方实业", "科技园路便利店"] and listed("科技园路88号") == ["甲方实业"]
    assert listed("深圳市南山区") == ["甲方实业"] and listed("深圳南山区科技园路") == ["甲方实业"] and listed("实业") == ["乙方实业", "甲方实业"]
    assert "客户名称或地址 包含 科技园路" in words(browser.read("/customers?q=" + quote("科技园路")))
    assert listed("上海科技园路") == ["乙方实业"] and listed("杭州市科技园路") == []
    found = browser.read("/search?q=" + quote("深圳市南山区科技园路"))
    to = next(html.unescape(url) for url in re.findall(r'href="([^"]+)"', found) if url.startswith("/customers?q="))
    assert re.findall(r'class="title"[^>]*>([^<]+)<', browser.read(to)) == ["甲方实业"], "the search leads to the list that looks for it"
    assert "/customers?q=" not in browser.read("/search?q=" + quote("实业"))


@pytest.fixture(scope="module")
def numbered(cast):
    """Two customers with numbers and phones, of which the second's goes on in the first's name."""
    owner = cast.actor("owner")
    made = [
        door.perform("customer", "create", actor=owner, changes={"name": name, "phones": phones}).id
        for name, phones in (("号码甲 69388001", ["13800138271"]), ("号码乙", ["13911118271", "021-69388001"]))
    ]
    return [reading.get("customer", one, actor=owner, fields=["number"])["number"] for one in made]


def test_numbers_and_phones_are_found_over_a_list_and_through_the_api(cast, numbered):
    browser, api = Browser("owner"), Client(headers={"Authorization": f"Bearer {cast.token('owner')}"})

    def listed(q: str, more: str = "") -> list[str]:
        page = sorted(re.findall(r'class="title"[^>]*>([^<]+)<', browser.read(f"/customers?q={quote(q)}{more}")))
        if not more:
            assert page == sorted(row["name"] for row in api.get(f"/api/v1/customers?fields=name&q={quote(q)}").json()["rows"]), q
        return page

    one, two = ["号码甲 69388001"], ["号码乙"]
    number = numbered[1]
    assert listed(number) == listed(number.lower()) == listed(number[-8:]) == two, "a number, whole or its end"
    assert listed(number[:-1]) == [] and listed(number[2:6]) == []
    assert listed("13911118271") == listed("+86 139 1111 8271") == listed("1391111") == two and listed("13800138271") == one
    assert listed("8271") == sorted(one + two), "the end of a phone"
    assert listed("021-69388001") == two and listed("69388001") == sorted(one + two)
    assert listed("9111") == [] and listed("号码乙") == two
    with statements() as plain:
        browser.read("/customers?q=" + quote("号码"))
    with statements() as asked:
        browser.read("/customers?q=13911118271")
    assert len(asked) == len(plain) and "gx_search_entry" not in str(plain)
    assert "客户名称或电话或传真 包含 +86 139" in words(browser.read("/customers?q=" + quote("+86 139 1111 8271")))
    assert "客户名称或客户编号或电话或传真 包含 8271" in words(browser.read("/customers?q=8271"))
    door.perform("customer", "delete", actor=cast.actor("owner"), id=api.get(f"/api/v1/customers?q={number}").json()["rows"][0]["id"])
    assert listed("13911118271") == [] and listed("13911118271", "&bin=1") == two


def test_a_hidden_phone_finds_nobody(cast, numbered):
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where="key = sales", fields=["grants"]).rows[0]
    for level in ("hidden", "masked"):
        door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": {**role["grants"], "customer": {**role["grants"]["customer"], "fields": {"phones": level, "number": level}}}})
        try:
            page = Browser("owner").read("/customers?q=8271")
            assert re.findall(r'class="title"[^>]*>([^<]+)<', page) == [] and "或电话" not in page
            assert Client(headers={"Authorization": f"Bearer {cast.token('owner')}"}).get("/api/v1/customers?where=phones%20found%208271").status_code == 422
        finally:
            door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": role["grants"]})


def test_a_hidden_address_finds_nobody(cast, somewhere):
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where="key = sales", fields=["grants"]).rows[0]
    grants = role["grants"]
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": {**grants, "customer": {**grants["customer"], "fields": {"region": "hidden"}}}})
    try:
        page = Browser("owner").read("/customers?q=" + quote("科技园路"))
        assert re.findall(r'class="title"[^>]*>([^<]+)<', page) == ["科技园路便利店"] and "或地址" not in page
    finally:
        door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": grants})


def test_pickers_by_keyboard(cast, website, chromium):
    from playwright.sync_api import expect

    page, said = enter(chromium, website)
    page.goto(f"{website}/customers/new")
    page.fill("#i-name", "键盘选的公司")
    owner = page.locator("#i-owner")
    assert owner.input_value() == "王伟"
    owner.click()
    expect(page.locator("gx-combobox li[aria-selected=true]")).to_have_text("王伟销售部 · owner")
    page.keyboard.type("ln")
    expect(page.locator("gx-combobox li[aria-selected=true]")).to_have_text("李娜销售部 · teammate")
    page.keyboard.press("Enter")
    assert owner.input_value() == "李娜"
    owner.click()
    page.keyboard.type("ww")
    expect(page.locator("gx-combobox li[aria-selected=true]")).to_have_text("王伟销售部 · owner")
    page.keyboard.press("Enter")
    page.fill("#i-region", "科技园1号")
    page.locator("gx-places button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".cascade ul")
    page.keyboard.type("szns")
    expect(page.locator(".cascade li")).to_have_count(1)
    expect(page.locator(".cascade li")).to_have_text("广东省深圳市南山区")
    page.keyboard.press("Enter")
    expect(page.locator("#i-region")).to_have_value("广东省深圳市南山区 科技园1号")
    expect(page.locator(".cascade")).to_have_count(0)
    page.locator("gx-places button").click()
    expect(page.locator(".cascade ul")).to_have_count(3)
    page.locator(".cascade li", has_text="宝安区").click()
    expect(page.locator("#i-region")).to_have_value("广东省深圳市宝安区 科技园1号")
    page.locator(".saves button.primary").click()
    page.wait_for_selector(".facts")
    made = after(lambda: reading.query("customer", actor=cast.actor("owner"), where={"field": "name", "op": "=", "value": "键盘选的公司"}, fields=["owner", "region"]).rows)
    assert made[0]["owner"]["label"] == "王伟" and made[0]["region"] == {"code": "440306", "detail": "科技园1号"}
    assert said == []
    page.context.close()
