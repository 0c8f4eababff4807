"""Company names in the form they are compared in: 北京小米科技有限责任公司 and 小米科技（北京）有限公司 are one name.

A Chinese company name is place + own name + trade + legal form (《企业名称登记管理规定》). People drop the place, put it in
brackets and write another legal form; what remains, the *core*, is compared, in simplified characters: 國美 and 国美 are one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from guanxi.base import pinyin
from guanxi.base.normal import normal
from guanxi.base.traditional import simplified

_LEGAL: Final = (
    "股份有限责任公司", "有限责任公司", "股份有限公司", "有限公司", "股份公司", "集团公司", "责任公司", "总公司", "公司",
    "普通合伙", "有限合伙", "特殊普通合伙", "个人独资", "合伙企业", "集团", "股份",
)  # fmt: skip
_LEGAL_END = re.compile(rf"(?:{'|'.join(sorted(set(_LEGAL), key=len, reverse=True))})+$")
_FOREIGN_END = re.compile(
    r"(?:[\s,.]+(?:co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|plc|lp|gmbh|mbh|ag|kg|ohg|sa|sas|sarl|srl|spa|bv|nv|oy|ab|as|pte|pty|holdings?|group))+\.?$"
)
_INNER = re.compile(r"集团有限责任公司|股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|有限公司")
_BRANCH = re.compile(r"(?:分公司|支公司|分行|支行|分店|分院|分部|办事处|营业部|门市部|经营部|代表处|分厂)$")
_BRACKETS = re.compile(r"[(\[{〔【<《「](.*?)[)\]}〕】>》」]")
_NOISE = re.compile(r"[\W_]+")
_PLACE_END = re.compile(r"^(?:特别行政区|经济技术开发区|高新技术产业开发区|自治区|自治州|自治县|自治旗|省|市|地区|盟|县|区|旗)")
_AT_PLACE_END = re.compile(r"(?<=..)(?:特别行政区|自治区|自治州|自治县|自治旗|省|市|地区|盟|县|区|旗)$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_PROVINCES: Final = frozenset(
    ["北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门"]
)
LEAST = 2
"""A core has so many signs at least: of 上海有限公司 the place is the name."""
_TRADES = re.compile(
    "(?:实业|贸易|商贸|工贸|经贸|外贸|进出口|物资|供销|建筑|建设|安装|工程|装饰|装潢|市政|园林|绿化|房地产|地产|开发|置业|物业|管理|服务|投资|控股|发展|经济|"
    "科技|技术|信息|网络|软件|电子|电器|电气|电力|电信|通信|通讯|机电|机械|设备|制造|仪器|化工|化学|材料|建材|五金|钢铁|金属|塑料|橡胶|纸业|包装|印刷|印务|"
    "纺织|服装|服饰|鞋业|家具|食品|粮油|粮食|饮料|酒业|烟草|盐业|农业|农资|农村|种子|饲料|水产|畜牧|林业|医药|药业|医疗|器械|生物|卫生|自来水|水务|燃气|煤气|液化气|"
    "石油|石化|煤炭|能源|环保|运输|物流|货运|汽车|出租|客运|公交|旅游|旅行社|酒店|宾馆|餐饮|文化|传媒|广告|传播|电影|发行|放映|教育|咨询|培训|商业|百货|超市|"
    "银行|信用|合作|联社|联合社|保险|证券|信托|商业|拍卖|典当|租赁|总|厂|店|社|和|与|工业|生产|加工|经营|销售|产品|制品|用品|配件|有色|矿业|公用|事业|集体|联合|劳动|人才|经纪|检测|监理|设计|勘察|测绘|规划|研究|院|所|中心)+"
)
"""Words for what a company does. Where nothing else is left, the place is part of the name: 上海实业, 上海银行."""


Places = Callable[[str], tuple[str, int] | None]
"""The code and the length of the place named at the front of a company's name, or None: `base.regions.Regions.within`."""


class Company(NamedTuple):
    """core: what is compared. place: the code of the place named, "" if none (the longest). branch: 分公司 and the like."""

    core: str
    place: str
    branch: bool


def read(name: str, places: Places | None = None) -> Company:
    """What of a company's name tells it from others. Without `places` only provinces are known as places."""
    text = simplified(normal(name))
    if not _HAN.search(text):
        return Company(_NOISE.sub("", _FOREIGN_END.sub("", text)) or _NOISE.sub("", text), "", False)
    found: list[str] = []
    text = _BRACKETS.sub(lambda m: _in_brackets(m[1], places, found), text)
    text = _NOISE.sub("", text)
    branch = _BRANCH.search(text) is not None
    core = text
    while core:
        cut = _LEGAL_END.sub("", core) if not _BRANCH.search(core) else core
        if cut == core or len(cut) < LEAST:
            break
        core = cut
    core = _INNER.sub("", core) or core
    front = ""
    while (step := _place(core, places)) is not None and (not front or step[0].startswith(front)):
        front, rest = step[0], core[step[1] :]
        found.append(step[0])
        if len(rest) < LEAST or _TRADES.fullmatch(_BRANCH.sub("", rest) or rest):
            core = _AT_PLACE_END.sub("", core[: step[1]]) + rest
            break
        core = rest
    return Company(core, max(found, key=len, default=""), branch)


def core(name: str, places: Places | None = None) -> str:
    """The core alone."""
    return read(name, places).core


def sound(core: str) -> str:
    """How a core sounds, toneless: 国美 and 国镁 are both guomei."""
    return pinyin.full(core)


def _in_brackets(inner: str, places: Places | None, found: list[str]) -> str:
    """A place in brackets is the company's place and no part of its name; a legal form is dropped; the rest stays."""
    plain = _NOISE.sub("", inner)
    step = _place(plain, places)
    if step is not None and step[1] == len(plain):
        found.append(step[0])
        return ""
    return "" if _LEGAL_END.fullmatch(plain) else plain


def _place(text: str, places: Places | None) -> tuple[str, int] | None:
    if places is not None:
        found = places(text)
        if found is not None:
            ending = _PLACE_END.match(text[found[1] :]) if text[found[1] - 1] not in "省市县区旗盟州" else None
            return found[0], found[1] + (ending.end() if ending else 0)
    for length in (3, 2):
        if text[:length] in _PROVINCES:
            ending = _PLACE_END.match(text[length:])
            return text[:length], length + (ending.end() if ending else 0)
    return None


def one_less(core: str) -> list[str]:
    """The core and what is left of it with any one sign taken out: two cores share one of these when they are at most one
    sign apart (changed, added, left out). Only cores of four signs and more: 小米 and 大米 are different names."""
    if len(core) < 4:
        return [core]
    return list(dict.fromkeys([core, *[core[:at] + core[at + 1 :] for at in range(min(len(core), 24))]]))


def domain(address: str) -> str:
    """The registered part of a web address or e-mail: https://www.abc.com.cn/x and li@mail.abc.com.cn are abc.com.cn; "" of what
    is none, and of mailboxes that anybody may have (163.com)."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", normal(address)).rpartition("@")[2]
    host = re.split(r"[/?#:\s]", host, maxsplit=1)[0].strip(".")
    parts = host.split(".")
    if len(parts) < 2 or not all(parts) or parts[-1].isdigit():
        return ""
    size = 3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND else 2
    out = ".".join(parts[-size:])
    return "" if out in PUBLIC else out


_SECOND: Final = frozenset(["com", "net", "org", "gov", "edu", "ac", "co", "ne", "or", "go"])
PUBLIC: Final = frozenset(
    ["163.com", "126.com", "yeah.net", "qq.com", "foxmail.com", "sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "wo.cn", "21cn.com", "tom.com", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "yahoo.com.cn", "icloud.com", "me.com", "msn.com", "taobao.com", "tmall.com", "1688.com", "jd.com", "weibo.com", "weixin.qq.com"]
)
"""Hosts whose addresses say nothing about a company."""


def apart(a: Company, b: Company) -> bool:
    """Whether two names are of different places: 上海宏达 and 苏州宏达. A place within the other is the same place."""
    return bool(a.place and b.place) and not (a.place.startswith(b.place) or b.place.startswith(a.place))
