"""A made-up company and its records: the same ones for the same size, so that figures of two days can be compared."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

YEARS = 2
TEAMS = 5
PER_TEAM = 10
OWNERS = TEAMS * PER_TEAM
REGIONS = ("华东区", "华南区", "华北区")

_PLACES = (
    "上海", "北京", "杭州", "苏州", "南京", "宁波", "广州", "深圳", "佛山", "东莞", "厦门", "福州", "长沙", "武汉", "成都", "重庆",
    "西安", "郑州", "济南", "青岛", "大连", "沈阳", "天津", "合肥", "南昌", "昆明", "贵阳", "无锡", "常州", "温州",
)  # fmt: skip
_CHARS = "鼎盛华泰永康宏达金诚明远瑞恒安信嘉禾博雅天成万顺中联正东海润新源利丰百川凯旋云帆星辰卓越立德汇通亿佳德润普惠赛尔科锐航宇景行长青和美兴隆"
_TRADES = (
    "科技有限公司", "信息技术有限公司", "贸易有限公司", "商贸有限公司", "机械制造有限公司", "电子有限公司", "建筑工程有限公司",
    "供应链管理有限公司", "医疗器械有限公司", "食品有限公司", "文化传媒有限公司", "教育咨询有限公司", "物流有限公司", "新材料有限公司",
    "环保设备有限公司", "餐饮管理有限公司", "农业发展有限公司", "投资集团有限公司", "汽车配件有限公司", "化工股份有限公司",
)  # fmt: skip
_SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳唐薛雷贺倪汤"
_GIVEN = (
    "志强", "雅琴", "浩然", "思远", "佳怡", "文博", "晓彤", "建国", "雨桐", "子墨", "梦琪", "俊杰", "丽华", "海涛", "静怡", "国栋",
    "欣妍", "伟明", "若曦", "振华", "慧敏", "天佑", "书瑶", "嘉豪", "春燕", "立新", "玉兰", "承宇", "美玲", "永康",
)  # fmt: skip
_TALKS = (
    "电话沟通了报价，对方需要内部讨论后答复", "上门拜访，介绍了新一代产品，客户对交付周期有顾虑", "发送了合同草案，等待法务审核",
    "客户反馈试用情况良好，计划扩大范围", "确认了付款方式，约定下周签约", "回访老客户，了解到有新的采购预算",
    "参加展会时交换了名片，约好月底见面", "技术交流会，回答了接口和安全方面的问题", "客户要求延期一个月，保持联系",
    "催收尾款，财务答应本周安排",
)  # fmt: skip
_DEALS = ("年度采购", "设备更新", "系统升级", "试点项目", "扩容", "维保续签", "定制开发", "框架协议")
COMMON = ("科技", "贸易", "管理")
"""Parts that a good share of all names hold: what a newcomer types first."""


def rare(dice: random.Random) -> str:
    """Two characters that stand together in few names."""
    return "".join(dice.choice(_CHARS) for _ in range(2))


def made_name(dice: random.Random) -> str:
    """A company's name of its own: place, three characters, trade."""
    return f"{dice.choice(_PLACES)}{''.join(dice.choices(_CHARS, k=3))}{dice.choice(_TRADES)}"


@dataclass(frozen=True)
class Person:
    """One of the company's people; `of` is the department by name."""

    username: str
    name: str
    role: str
    of: str


def departments() -> list[tuple[str, str | None]]:
    """Names with the name of the one above, parents first."""
    teams = [(f"销售{i + 1}组", REGIONS[i % len(REGIONS)]) for i in range(TEAMS)]
    return [("总部", None), *((region, "总部") for region in REGIONS), *teams]


def people() -> list[Person]:
    """Fifty owners in five teams with a manager each, the executive, and a newcomer who owns nothing."""
    out = [Person("executive", "孙总", "executive", "总部")]
    for team in range(TEAMS):
        out.append(Person(f"manager{team}", f"主管{team + 1}", "sales_manager", f"销售{team + 1}组"))
        for seat in range(PER_TEAM):
            number = team * PER_TEAM + seat
            name = _SURNAMES[number % len(_SURNAMES)] + _GIVEN[number % len(_GIVEN)]
            out.append(Person(f"owner{number}", name, "sales", f"销售{team + 1}组"))
    out.append(Person("newcomer", "刘新", "sales", "销售1组"))
    return out


@dataclass(frozen=True)
class Made:
    """What one customer comes with: changes as somebody would send them, each with its moment."""

    owner: int
    at: datetime
    customer: dict[str, Any]
    contacts: list[tuple[datetime, dict[str, Any]]]
    deals: list[tuple[datetime, dict[str, Any]]]
    talks: list[tuple[datetime, dict[str, Any], bool]]
    """(moment, changes, whether it is about the first deal too)"""


def registry(folder: Path | None) -> list[str]:
    """Real company names, where the test data has them."""
    path = folder / "e_zh" / "registry" / "registry_names_2000_2003.csv.gz" if folder else None
    if path is None or not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [row["企业名称"] for row in csv.DictReader(file)]


def company(size: int, stages: dict[str, UUID], now: datetime, names: list[str]) -> Iterator[Made]:
    """`size` customers, each with a contact, every other one with a deal, each with three follow-ups."""
    dice = random.Random(size)
    begin = now - timedelta(days=365 * YEARS)
    span = now - begin
    open_stages = [key for key in stages if key not in ("won", "lost")]
    for index in range(size):
        at = begin + span * ((index + dice.random()) / size) * 0.98
        left = now - at

        def later(low: float, high: float, at: datetime = at, left: timedelta = left) -> datetime:
            return at + left * dice.uniform(low, high)

        place, word = dice.choice(_PLACES), dice.choice(_CHARS) + dice.choice(_CHARS)
        name = names[index % len(names)] if names else f"{place}{word}{dice.choice(_CHARS)}{dice.choice(_TRADES)}"
        tier = dice.choices(("normal", "key", "vip"), (70, 20, 10))[0]
        staff = dice.randint(5, 5000)
        customer = {
            "name": name, "short_name": word, "grade": tier,
            "relation": dice.choices(("potential", "target", "partner", "lost"), (60, 25, 10, 5))[0],
            "source": dice.choice(("website", "exhibition", "referral", "phone")), "industry": dice.choice("CFGIMPR"),
            "region": {"code": dice.choice(("310115", "330108", "320506", "440106", "440305", "350203", "430104"))},
            "phones": f"138{index:08d}", "email": f"info{index}@example.com", "employees": staff,
            "annual_revenue": dice.randint(10, 9000) * 10000, "x_tier": tier, "x_staff": staff,
        }  # fmt: skip
        person = dice.choice(_SURNAMES) + dice.choice(_GIVEN)
        contact = {
            "name": person, "phones": f"139{index:08d}", "email": f"p{index}@example.com", "primary": True,
            "role": dice.choice(("decider", "influencer", "buyer")),
        }  # fmt: skip
        deals = []
        if index % 2 == 0:
            stage = dice.choice([*open_stages, *open_stages, "won", "lost"])
            deal = {
                "name": f"{word}{dice.choice(_DEALS)}", "stage": stages[stage], "amount": dice.randint(1, 500) * 1000,
                "needs": "需要尽快上线", "expected_close": (now + timedelta(days=dice.randint(-60, 120))).date(),
            }  # fmt: skip
            moment = later(0.05, 0.1)
            if stage in ("won", "lost"):
                deal["closed_on"] = (moment + timedelta(days=1)).date() if left > timedelta(days=30) else moment.date()
                deal["closed_on"] = moment.date()
                if stage == "lost":
                    deal["lost_reason"] = "price"
            deals.append((moment, deal))
        talks = []
        for turn, (low, high) in enumerate(((0.12, 0.3), (0.3, 0.6), (0.6, 0.99))):
            moment = later(low, high)
            talk = {"kind": dice.choice(("phone", "visit", "wechat")), "content": dice.choice(_TALKS), "happened_at": moment}
            talks.append((moment, talk, bool(deals) and turn > 0))
        yield Made(index % OWNERS, at, customer, [(later(0.01, 0.04), contact)], deals, talks)


def horizon() -> datetime:
    """Where the two years end: a little before now, so that nothing lies in the future."""
    return datetime.now(UTC) - timedelta(minutes=5)
