import pytest

from guanxi.surfaces.imports.reading.synonyms import SYNONYMS, plain, suggest, suggest_all

CUSTOMER = {
    "name": ["客户名称", "Customer name"], "short_name": ["客户简称", "Short name"], "number": ["客户编号", "Number"],
    "credit_code": ["统一社会信用代码", "Unified social credit code"], "industry": ["行业", "Industry"],
    "source": ["客户来源", "Source"], "employees": ["员工人数", "Employees"],
    "annual_revenue": ["年营业额", "Annual revenue"],
    "phones": ["电话", "Phones"], "email": ["邮箱", "Email"], "website": ["网址", "Website"],
    "region": ["地区", "Region"],
    "address": ["地址", "Address"], "description": ["备注", "Description"], "owner": ["负责人", "Owner"],
    "registered_capital": ["注册资金", "Registered capital"], "established": ["成立日期", "Established"],
}  # fmt: skip
CONTACT = {
    "name": ["姓名", "Name"],
    "customer": ["客户", "Customer"],
    "position": ["职务", "Position"],
    "phones": ["电话", "Phones"],
}
OPPORTUNITY = {
    "name": ["商机名称", "Name"], "number": ["商机编号", "Number"], "customer": ["客户", "Customer"],
    "stage": ["阶段", "Stage"], "amount": ["预计金额", "Amount"], "expected_close": ["预计成交日期", "Expected close"],
    "engaged_on": ["启动日期", "Engaged on"], "product": ["产品", "Product"], "owner": ["负责人", "Owner"],
}  # fmt: skip


def test_names_are_compared_plain() -> None:
    assert plain("*客户名称（必填）") == "客户名称"
    assert plain(" Account_Name ") == "accountname"
    assert plain("Ｅ－ｍａｉｌ") == "email"
    assert plain("（备注）") == "备注"
    assert plain("") == ""


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("客户名称", "name"), ("公司名称", "name"), ("企业名称*", "name"), ("学校名称", "name"), ("机构名称", "name"),
        ("account", "name"),
        ("Company", "name"), ("统一社会信用代码", "credit_code"), ("税号", "credit_code"), ("联系电话", "phones"),
        ("手机号码", "phones"), ("Mobile Phone", "phones"), ("电话（多个用、分隔）", "phones"), ("注册地址", "address"),
        ("收货地址", "address"), ("所在省份", "region"), ("office_location", "region"), ("sector", "industry"),
        ("所属行业", "industry"), ("官网", "website"), ("E-mail", "email"), ("revenue", "annual_revenue"),
        ("employees", "employees"), ("业务员", "owner"), ("备注", "description"), ("简称", "short_name"),
        ("year_established", "established"), ("注册资本(万元)", "registered_capital"), ("公司电话号码", "phones"),
        ("序号", None), ("", None), ("列C", None), ("xyz", None),
    ],
)  # fmt: skip
def test_columns_of_customers(column: str, field: str | None) -> None:
    assert suggest(column, CUSTOMER) == field


@pytest.mark.parametrize(
    ("column", "field"),
    [("姓名", "name"), ("联系人", "name"), ("公司", "customer"), ("客户名称", "customer"), ("职位", "position"),
     ("Job Title", "position"),
     ("联系人/电话", "phones"), ("联系人/姓名", "name"), ("手机", "phones")],
)  # fmt: skip
def test_columns_of_contacts(column: str, field: str) -> None:
    assert suggest(column, CONTACT) == field


def test_the_sales_pipeline_maps_by_itself() -> None:
    columns = [
        "opportunity_id",
        "sales_agent",
        "product",
        "account",
        "deal_stage",
        "engage_date",
        "close_date",
        "close_value",
    ]
    assert suggest_all(columns, OPPORTUNITY) == {
        "opportunity_id": "number", "sales_agent": "owner", "product": "product", "account": "customer",
        "deal_stage": "stage", "engage_date": "engaged_on", "close_date": "expected_close", "close_value": "amount",
    }  # fmt: skip


def test_the_registry_maps_by_itself() -> None:
    columns = [
        "企业名称",
        "统一社会信用代码",
        "注册日期",
        "企业类型",
        "法人代表",
        "注册资金",
        "经营范围",
        "所在省份",
        "地区",
        "注册地址",
    ]
    mapping = suggest_all(columns, CUSTOMER)
    assert mapping["企业名称"] == "name"
    assert mapping["地区"] == "region"  # its own label goes before the synonym 所在省份
    assert "所在省份" not in mapping
    assert (mapping["注册日期"], mapping["注册资金"], mapping["注册地址"]) == (
        "established",
        "registered_capital",
        "address",
    )


def test_no_field_twice_and_the_certain_first() -> None:
    assert suggest_all(["联系电话", "电话"], CUSTOMER) == {"电话": "phones"}
    assert suggest_all([], CUSTOMER) == {}


def test_a_field_of_ones_own_is_found_by_its_label() -> None:
    fields = {**CUSTOMER, "x_area": ["厂房面积", "Plant area"]}
    assert suggest("厂房面积（平方米）", fields) == "x_area"
    assert suggest("Plant area", fields) == "x_area"


def test_every_group_speaks_both_languages() -> None:
    for group, words in SYNONYMS.items():
        assert any(not word.isascii() for word in words), group
        assert any(word.isascii() for word in words), group
