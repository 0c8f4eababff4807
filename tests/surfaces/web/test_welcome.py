"""The first steps: due once for who may take them, never in the way; people from pasted lines."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel import accounts
from guanxi.kernel.records import reading
from guanxi.surfaces.web.settings import pasting
from tests.cast import PASSWORD
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def _people(cast):
    fields = ["name", "username", "email", "phone", "department", "position", "roles"]
    return {row["name"]: row for row in reading.query("user", actor=cast.actor("admin"), fields=fields, limit=200).rows}


def _welcomed(cast):
    return reading.query("company", actor=cast.actor("admin"), fields=["welcomed_at"]).rows[0]["welcomed_at"]


def test_an_established_company_is_not_welcomed_but_may_take_the_steps_again(cast):
    assert Browser().post("/signin", {"username": "admin", "password": PASSWORD})["Location"] == "/"
    page = Browser("admin").read("/welcome")
    assert "您的公司" in page and 'aria-current="step"' in page
    assert "/welcome" in Browser("admin").read("/settings")
    for who in ("owner", "manager", "nobody"):
        assert Browser(who).get("/welcome").status_code == 404
    assert Browser("admin").get("/welcome?step=nonsense").status_code == 404
    before = _welcomed(cast)
    assert Browser("admin").post("/welcome", {"do": "later"})["Location"] == "/" and _welcomed(cast) == before


def test_the_first_step_says_the_company_and_ones_own_language(cast):
    client = Browser("admin")
    wrong = client.post("/welcome?step=company", {"name": "", "currency": "CNY", "language": "zh-CN"})
    assert wrong.status_code == 422 and "请填写公司名称" in wrong.content.decode()
    done = client.post("/welcome?step=company", {"name": "云山科技", "currency": "CNY", "zone": "Asia/Shanghai", "fiscal_start": "4", "language": "en"})
    assert done["Location"] == "/welcome?step=people"
    assert "Bring your people in" in client.read("/welcome?step=people") and accounts.language_of(cast.actor("admin")) == "en"
    client.post("/language", {"language": "zh-CN"})
    row = reading.query("company", actor=cast.actor("admin"), fields=["name", "fiscal_start"]).rows[0]
    assert (row["name"], row["fiscal_start"]) == ("云山科技", "4")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("张三，13800138001，销售部", [{"name": "张三", "phone": "13800138001", "department": "销售部"}]),
        ("张三\t销售部\tzhang@example.com\t经理", [{"name": "张三", "department": "销售部", "email": "zhang@example.com", "position": "经理"}]),
        ("部门\t姓名\t手机/邮箱\n销售部\t李四\t13800138002\n\n市场部\t王五\tw@example.com", [
            {"department": "销售部", "name": "李四", "phone": "13800138002"}, {"department": "市场部", "name": "王五", "email": "w@example.com"}]),
        ("Name,Email\nJane Doe,jane@example.com", [{"name": "Jane Doe", "email": "jane@example.com"}]),
        ("只有名字", [{"name": "只有名字"}]),
        ("  \n,,\n", []),
    ],
)  # fmt: skip
def test_lines_and_tables_are_understood(text, values):
    assert [one.values for one in pasting.read(text)] == values
    assert all(one.error is None for one in pasting.read(text))


@pytest.mark.parametrize(("text", "said"), [("13800138003", "没有姓名"), ("张三，99999999999999999，销售部", "不是有效的电话号码"), ("张三，a@b.cn，c@d.cn", "看不懂“c@d.cn”")])
def test_what_is_not_understood_says_so(text, said):
    (one,) = pasting.read(text)
    assert one.error is not None and said in one.error.zh and not re.search(r"[\u4e00-\u9fff]", one.error.en.replace("张三", ""))


PASTED = "赵一，13900139001，新部门\n钱二，qian@example.com，销售部\n孙三，13900139001，销售部\n，13900139009\n王伟，wei@example.com"


def test_a_preview_writes_nothing_and_each_bad_line_says_why(cast):
    before, departments = _people(cast), reading.aggregate("department", actor=cast.actor("admin")).rows[0]["count"]
    page = words(Browser("admin").post("/welcome?step=people", {"text": PASTED, "do": "preview", "access": "1"}).content.decode())
    for said in ("已有员工用这个手机或邮箱", "没有姓名", "已有同名员工，会再加一位", "添加 3 人", "zhaoyi", "qian"):
        assert said in page, said
    assert set(_people(cast)) == set(before)
    assert reading.aggregate("department", actor=cast.actor("admin")).rows[0]["count"] == departments


def test_people_are_added_with_departments_role_and_a_password_shown_once(cast):
    role = reading.query("role", actor=cast.actor("admin"), where={"field": "key", "op": "=", "value": "sales"}, fields=["name"]).rows[0]["id"]
    text = "赵一，13900139001，新部门\n钱二，qian@example.com，销售部\n孙三，13900139001，销售部\n"
    client = Browser("admin")
    page = client.post("/welcome?step=people", {"text": text, "do": "add", "role": str(role), "access": "1"}).content.decode()
    passwords = re.findall(r'class="secret">([^<]+)<', page)
    assert "已添加 2 人" in page and len(passwords) == 2 and "已有员工用这个手机或邮箱" in page
    people = _people(cast)
    assert people["赵一"]["username"] == "zhaoyi" and people["赵一"]["department"]["label"] == "新部门"
    assert people["钱二"]["username"] == "qian" and people["钱二"]["department"]["id"] == cast.departments["销售部"]
    assert [r["label"] for r in people["赵一"]["roles"]] == ["客户经理"] and "孙三" not in people
    fresh = Browser()
    assert fresh.post("/signin", {"username": "zhaoyi", "password": passwords[0]})["Location"] == "/"
    assert fresh.get("/")["Location"] == "/password"
    assert passwords[0] not in client.read("/welcome?step=people")
    assert "至少一行" in client.post("/welcome?step=people", {"text": " ", "do": "preview"}).content.decode()
