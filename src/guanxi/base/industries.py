"""The sections of the Chinese industrial classification, GB/T 4754-2017 (国民经济行业分类), A to T."""

from __future__ import annotations

from typing import Final

from guanxi.base.normal import normal
from guanxi.base.text import T, Text

SECTIONS: Final[tuple[tuple[str, Text], ...]] = (
    ("A", T("农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery")),
    ("B", T("采矿业", "Mining")),
    ("C", T("制造业", "Manufacturing")),
    ("D", T("电力、热力、燃气及水生产和供应业", "Electricity, heat, gas and water supply")),
    ("E", T("建筑业", "Construction")),
    ("F", T("批发和零售业", "Wholesale and retail")),
    ("G", T("交通运输、仓储和邮政业", "Transport, storage and post")),
    ("H", T("住宿和餐饮业", "Accommodation and catering")),
    ("I", T("信息传输、软件和信息技术服务业", "Information, software and IT services")),
    ("J", T("金融业", "Finance")),
    ("K", T("房地产业", "Real estate")),
    ("L", T("租赁和商务服务业", "Leasing and business services")),
    ("M", T("科学研究和技术服务业", "Research and technical services")),
    ("N", T("水利、环境和公共设施管理业", "Water, environment and public facilities")),
    ("O", T("居民服务、修理和其他服务业", "Residential, repair and other services")),
    ("P", T("教育", "Education")),
    ("Q", T("卫生和社会工作", "Health and social work")),
    ("R", T("文化、体育和娱乐业", "Culture, sports and entertainment")),
    ("S", T("公共管理、社会保障和社会组织", "Public administration and social organisations")),
    ("T", T("国际组织", "International organisations")),
)

# The short names people use, as far as each belongs to one section only.
_SHORT: Final[dict[str, str]] = {
    "农业": "A", "林业": "A", "畜牧业": "A", "渔业": "A", "农林牧渔": "A", "agriculture": "A", "采矿": "B",
    "矿业": "B", "制造": "C", "工业": "C", "机械": "C", "化工": "C", "医药制造": "C", "汽车制造": "C", "电力": "D",
    "能源": "D", "燃气": "D", "energy": "D", "建筑": "E", "工程": "E", "装修": "E", "construction": "E",
    "批发": "F", "零售": "F", "贸易": "F", "商贸": "F", "批发零售": "F", "电商": "F", "retail": "F",
    "wholesale": "F", "物流": "G", "运输": "G", "交通": "G", "交通运输": "G", "仓储": "G", "快递": "G",
    "logistics": "G", "transport": "G", "酒店": "H", "餐饮": "H", "住宿": "H", "hospitality": "H", "互联网": "I",
    "软件": "I", "it": "I", "信息技术": "I", "计算机": "I", "通信": "I", "telecommunications": "I", "software": "I",
    "technology": "I", "金融": "J", "银行": "J", "保险": "J", "证券": "J", "banking": "J", "insurance": "J",
    "房地产": "K", "地产": "K", "物业": "K", "租赁": "L", "商务服务": "L", "咨询": "L", "广告": "L",
    "consulting": "L", "科研": "M", "技术服务": "M", "research": "M", "水利": "N", "环保": "N", "环境": "N",
    "居民服务": "O", "维修": "O", "培训": "P", "学校": "P", "医疗": "Q", "卫生": "Q", "医院": "Q", "medical": "Q",
    "healthcare": "Q", "文化": "R", "体育": "R", "娱乐": "R", "传媒": "R", "media": "R", "entertainment": "R",
    "政府": "S", "公共管理": "S", "社会组织": "S", "government": "S",
}  # fmt: skip


def find(text: str) -> str | None:
    """The section's letter for its letter, its name in either language or a common short name; None if unsure."""
    wanted = normal(text)
    if wanted[:1].isalpha() and wanted[1:].strip(" .、:-") == "" and wanted[:1] in "abcdefghijklmnopqrst":
        return wanted[0].upper()
    return _BY_NAME.get(wanted) or _BY_NAME.get(wanted.removesuffix("行业").removesuffix("业").strip())


_BY_NAME: Final[dict[str, str]] = {
    **{normal(word): code for word, code in _SHORT.items()},
    **{normal(word).removesuffix("业"): code for word, code in _SHORT.items()},
    **{normal(name): code for code, text in SECTIONS for name in (text.zh, text.en)},
    **{normal(text.zh).removesuffix("业"): code for code, text in SECTIONS},
    **{f"{code.lower()} {normal(text.zh)}": code for code, text in SECTIONS},
}
