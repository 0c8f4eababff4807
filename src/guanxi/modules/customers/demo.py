"""The sample company's people, customers and contacts. All names, numbers and addresses are invented."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

from guanxi.kernel import Test

TAG = "示例"
"""The tag of every sample customer but those entered twice."""

DEPARTMENTS = (
    # name, above, head
    ("总经办", None, "linzhiyuan"),
    ("销售部", None, "zhoumin"),
    ("华东区", "销售部", "chenli"),
    ("华南区", "销售部", "wuqian"),
    ("市场部", None, "hewen"),
    ("客户服务部", None, "zhengshuang"),
    ("财务部", None, "majun"),
)

PEOPLE = (
    # user name, name, role, department, position, superior
    ("linzhiyuan", "林致远", "executive", "总经办", "总经理", None),
    ("zhoumin", "周敏", "sales_manager", "销售部", "销售总监", "linzhiyuan"),
    ("chenli", "陈立", "sales_manager", "华东区", "区域经理", "zhoumin"),
    ("wuqian", "吴倩", "sales_manager", "华南区", "区域经理", "zhoumin"),
    ("wanghao", "王浩", "sales", "华东区", "客户经理", "chenli"),
    ("lijing", "李静", "sales", "华东区", "客户经理", "chenli"),
    ("zhaolei", "赵磊", "sales", "华东区", "客户经理", "chenli"),
    ("huangli", "黄丽", "sales", "华南区", "客户经理", "wuqian"),
    ("sunpeng", "孙鹏", "sales", "华南区", "客户经理", "wuqian"),
    ("hewen", "何雯", "marketing", "市场部", "市场主管", "linzhiyuan"),
    ("zhengshuang", "郑爽", "service", "客户服务部", "客服主管", "linzhiyuan"),
    ("majun", "马俊", "finance", "财务部", "财务主管", "linzhiyuan"),
)
SELLERS = tuple(person[0] for person in PEOPLE if person[2] == "sales")

_PLACES = (
    ("上海", "310115"), ("杭州", "330108"), ("苏州", "320506"),
    ("南京", "320105"),
    ("宁波", "330212"), ("广州", "440106"), ("深圳", "440305"),
    ("佛山", "440605"),
    ("厦门", "350203"), ("长沙", "430104"),
)  # fmt: skip
_WORDS = (
    "澄明", "砺锋", "沐辰", "朗禾", "启衡", "拓野", "嘉穗", "泊远", "锦时", "霁川", "卓屿", "融麦", "青岚", "知舟",
    "恒汐", "元朴",
    "峻和", "明栈", "越溪", "凌川", "安序", "博槿", "晟野", "瑞桁", "同岸", "佳榕", "鸿棠", "万曜", "天汀", "众陌",
)  # fmt: skip
_TRADES = (
    ("智能装备有限公司", "C", "工业自动化"), ("信息技术有限公司", "I", "企业软件"),
    ("供应链管理有限公司", "G", "仓储物流"),
    ("医疗器械有限公司", "C", "医疗设备"), ("商贸有限公司", "F", "批发"), ("新材料科技有限公司", "C", "高分子材料"),
    ("教育科技有限公司", "P", "职业培训"), ("餐饮管理有限公司", "H", "连锁餐饮"), ("建设工程有限公司", "E", "建筑施工"),
    ("文化传媒有限公司", "R", "广告传播"),
)  # fmt: skip
NEIGHBOURS = (("苏州明湖精密仪器有限公司", "91320500MA2EXAMP18"), ("苏州明河精密仪器有限公司", "91320500MA2EXAMP7T"))
"""Two companies, whatever their names."""
_STREETS = ("科苑路", "星湖街", "创业大道", "云栖路", "锦绣路", "和平路", "新港路", "学府路")
SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻柏苏潘葛范彭鲁韦马方俞任袁柳唐薛雷贺倪汤"
GIVEN = (
    "志强", "雅琴", "浩然", "思远", "佳怡", "文博", "晓彤", "建国", "雨桐", "子墨", "梦琪", "俊杰", "丽华", "海涛",
    "静怡", "国栋",
    "欣妍", "伟明", "若曦", "振华", "慧敏", "天佑", "书瑶", "嘉豪", "春燕", "立新", "玉兰", "承宇", "美玲", "永康",
)  # fmt: skip


def mobile(number: int) -> str:
    """A number of the form people know; the block is not one that is given out."""
    return f"138{number:08d}"


def person(dice: random.Random) -> tuple[str, str]:
    """A name and a gender."""
    return dice.choice(SURNAMES) + dice.choice(GIVEN), dice.choice(("male", "female"))


def demo(desk: Any) -> None:
    dice = random.Random(7)  # noqa: S311 - the same company every time, nothing secret
    _people(desk)
    _customers(desk, dice)
    _twins(desk)


def _people(desk: Any) -> None:
    departments: dict[str, UUID] = {}
    for name, above, _ in DEPARTMENTS:
        place: dict[str, Any] = {"name": name} | ({"above": departments[above]} if above else {})
        departments[name] = desk.perform("department", "create", changes=place).id
    roles = {role["key"]: role["id"] for role in desk.find("role", "")}
    users: dict[str, UUID] = {}
    for username, name, role, department, position, superior in PEOPLE:
        changes: dict[str, Any] = {
            "username": username,
            "name": name,
            "email": f"{username}@example.com",
            "department": departments[department],
            "position": position,
            "roles": [roles[role]],
        }
        if superior:
            changes["superior"] = users[superior]
        users[username] = desk.perform("user", "create", changes=changes).id
    for name, _, head in DEPARTMENTS:
        desk.perform("department", "update", id=departments[name], changes={"head": users[head]})


def _customers(desk: Any, dice: random.Random) -> None:
    number = 0
    for index in range(60):
        city, code = dice.choice(_PLACES)
        seller = desk.user(SELLERS[index % len(SELLERS)])
        grade = dice.choices(("normal", "key", "vip"), (70, 20, 10))[0]
        common: dict[str, Any] = {
            "source": dice.choice(("website", "exhibition", "referral", "phone", "social", "event", "inbound")),
            "grade": grade,
            "relation": dice.choices(("potential", "target"), (60, 40))[0],
            "region": {"code": code, "detail": f"{dice.choice(_STREETS)}{dice.randint(1, 999)}号"},
            "tags": [TAG],
        }
        if index % 12 == 11:
            name, gender = person(dice)
            seller.perform(
                "customer",
                "create",
                changes=common
                | {
                    "name": name,
                    "kind": "person",
                    "gender": gender,
                    "phones": [mobile(index)],
                    "birthday": f"{dice.randint(1965, 2000)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
                },
            )
            continue
        ending, industry, sector = _TRADES[index % len(_TRADES)]
        word = _WORDS[index % len(_WORDS)]
        customer = seller.perform(
            "customer",
            "create",
            changes=common
            | {
                "name": f"{city}{word}{ending}",
                "short_name": word,
                "industry": industry,
                "sector": sector,
                "nature": dice.choice(("private", "private", "private", "joint", "foreign", "state")),
                "size": dice.choice(("1-49", "50-99", "100-499", "100-499", "500-999", "1000-")),
                "registered_capital": f"{dice.choice((100, 200, 500, 1000, 2000, 5000))}万",
                "established": f"{dice.randint(1996, 2022)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
                "website": f"https://www.k{index + 1:02}.example",
                "needs": dice.choice(
                    (
                        "希望统一管理客户资料",
                        "门店数量增加，需要移动端",
                        "更换旧系统，要求数据迁移",
                        "需要与财务系统对接",
                    )
                ),
            },
        ).id
        for place in range(dice.choice((1, 1, 2, 3))):
            name, gender = person(dice)
            number += 1
            seller.perform(
                "contact",
                "create",
                changes={
                    "name": name,
                    "customer": customer,
                    "gender": gender,
                    "primary": place == 0,
                    "role": dice.choice(("decider", "influencer", "user", "buyer", "gatekeeper")),
                    "position": dice.choice(
                        ("general_manager", "department_manager", "purchaser", "chief_engineer", "clerk")
                    ),
                    "phones": [mobile(100 + number)],
                    "email": f"contact{number}@example.com",
                    "birthday": f"{dice.randint(1965, 2000)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
                    "birthday_kind": dice.choice(("solar", "solar", "lunar")),
                },
            )


def _twins(desk: Any) -> None:
    """Companies that somebody entered a second time, for the inbox of duplicates: by another spelling, and without the legal form.
    And two that are not one, though a single sign tells them apart and they share a switchboard."""
    companies = [row for row in samples(desk) if row["kind"] == "company"]
    for place, seller, spelled in ((3, "zhaolei", "{word}{trade}（{city}）有限责任公司"), (8, "lijing", "{city}{word}{trade}")):
        row = companies[place]
        city, ending = row["name"].split(row["short_name"])
        name = spelled.format(word=row["short_name"], trade=ending.removesuffix("有限公司"), city=city)
        twin = desk.user(seller).perform("customer", "create", changes={"name": name, "website": row["website"], "source": "exhibition", "phones": [mobile(900 + place)]}).id
        desk.user(seller).perform("contact", "create", changes={"name": "展会联系人", "customer": twin, "phones": [mobile(950 + place)]})
    for name, code in NEIGHBOURS:
        desk.user("wanghao").perform("customer", "create", changes={"name": name, "credit_code": code, "phones": ["0512-65550100"], "source": "phone"})


def samples(desk: Any, name: str = "customer") -> list[dict[str, Any]]:
    """The sample customers in the order they were made; another object's records that hang on them."""
    customers: list[dict[str, Any]] = desk.find("customer", Test("tags", "has", TAG))
    customers.sort(key=lambda row: row["number"])
    if name == "customer":
        return customers
    ids = [row["id"] for row in customers]
    found: list[dict[str, Any]] = desk.find(name, Test("customer", "in", ids))
    return sorted(found, key=lambda row: str(row["id"]))
