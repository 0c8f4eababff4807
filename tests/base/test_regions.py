import csv
import gzip
import io

import pytest

from guanxi.base.regions import Region, Regions
from tests.base.data import data_file

PROVINCES = [("11", "北京市"), ("15", "内蒙古自治区"), ("21", "辽宁省"), ("22", "吉林省"), ("32", "江苏省"),
             ("42", "湖北省"),
             ("44", "广东省"), ("46", "海南省")]  # fmt: skip
CITIES = [
    ("1101", "市辖区"), ("1501", "呼和浩特市"), ("2113", "朝阳市"), ("2201", "长春市"), ("2202", "吉林市"),
    ("2224", "延边朝鲜族自治州"), ("3201", "南京市"), ("3205", "苏州市"), ("3501", "福州市"),
    ("4228", "恩施土家族苗族自治州"),
    ("4290", "省直辖县级行政区划"), ("4403", "深圳市"), ("4419", "东莞市"), ("4601", "海口市"),
]  # fmt: skip
AREAS = [
    ("110101", "东城区"), ("110105", "朝阳区"), ("150102", "新城区"), ("211302", "双塔区"), ("220104", "朝阳区"),
    ("220204", "船营区"), ("222401", "延吉市"), ("320106", "鼓楼区"), ("320583", "昆山市"), ("350102", "鼓楼区"),
    ("429004", "仙桃市"), ("440305", "南山区"), ("440306", "宝安区"),
]  # fmt: skip
REGIONS = Regions(PROVINCES, CITIES, AREAS)


@pytest.mark.parametrize(
    ("text", "province", "city", "district", "rest"),
    [
        ("广东深圳南山", "44", "4403", "440305", ""),
        ("广东省/深圳市/南山区", "44", "4403", "440305", ""),
        ("广东 - 深圳 - 宝安", "44", "4403", "440306", ""),
        ("深圳南山区科技园1号", "44", "4403", "440305", "科技园1号"),
        ("深圳", "44", "4403", None, ""),
        ("广东省", "44", None, None, ""),
        ("东莞市长安镇", "44", "4419", None, "长安镇"),
        ("北京市东城区崇外大街１００号", "11", "1101", "110101", "崇外大街100号"),
        ("北京朝阳区", "11", "1101", "110105", ""),
        ("北京市北京市朝阳区", "11", "1101", "110105", ""),
        ("北京市市辖区东城区", "11", "1101", "110101", ""),
        ("朝阳市双塔区", "21", "2113", "211302", ""),
        ("长春市朝阳区", "22", "2201", "220104", ""),
        ("朝阳区建国路", None, None, None, "朝阳区建国路"),
        ("鼓楼区", None, None, None, "鼓楼区"),
        ("南京鼓楼区中山路", "32", "3201", "320106", "中山路"),
        ("吉林省吉林市船营区", "22", "2202", "220204", ""),
        ("吉林市", "22", "2202", None, ""),
        ("内蒙古呼和浩特", "15", "1501", None, ""),
        ("延边延吉", "22", "2224", "222401", ""),
        ("恩施", "42", "4228", None, ""),
        ("仙桃", "42", "4290", "429004", ""),
        ("昆山市玉山镇", "32", "3205", "320583", "玉山镇"),
        ("海南", "46", None, None, ""),
        ("南京西路1号", None, None, None, "南京西路1号"),
        ("广东路5号", None, None, None, "广东路5号"),
        ("南山", None, None, None, "南山"),
        ("科技园1号", None, None, None, "科技园1号"),
        ("", None, None, None, ""),
    ],
)
def test_addresses(text: str, province: str | None, city: str | None, district: str | None, rest: str) -> None:
    assert REGIONS.resolve(text) == Region(province, city, district, rest)


def test_a_known_place_decides_between_namesakes() -> None:
    assert REGIONS.resolve("鼓楼区中山路", within="3201") == Region("32", "3201", "320106", "中山路")
    assert REGIONS.resolve("朝阳", within="11").district == "110105"
    assert REGIONS.resolve("深圳", within="99").city == "4403"


def test_names_and_children() -> None:
    assert REGIONS.name("4403") == "深圳市"
    assert REGIONS.name("99") is None
    assert REGIONS.label("440305") == "广东省深圳市南山区"
    assert REGIONS.label("110101", "/") == "北京市/东城区"
    assert REGIONS.label("99") == ""
    assert REGIONS.children(None)[:2] == [("11", "北京市"), ("15", "内蒙古自治区")]
    assert REGIONS.children("11") == [("110101", "东城区"), ("110105", "朝阳区")]
    assert REGIONS.children("44") == [("4403", "深圳市"), ("4419", "东莞市")]
    assert REGIONS.resolve("深圳南山").code == "440305"
    assert len(REGIONS) == 35


def test_from_the_package() -> None:
    regions = Regions.from_json(
        [{"code": "44", "name": "广东省"}],
        [{"code": "4403", "name": "深圳市", "provinceCode": "44"}],
        [{"code": "440305", "name": "南山区", "cityCode": "4403"}],
    )
    assert regions.resolve("深圳南山").code == "440305"


def test_the_registry_of_1996_lies_where_it_says() -> None:
    def read(name: str) -> list[tuple[str, str]]:
        with data_file(f"e_zh/divisions/{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            return [(row["code"], row["name"]) for row in csv.DictReader(file)]

    regions = Regions(read("provinces"), read("cities"), read("areas"))
    assert len(regions) == 31 + 342 + 2978
    found = right = 0
    with gzip.open(data_file("e_zh/registry/registry_1996_full.csv.gz")) as file:
        for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")):
            province = regions.resolve(row["注册地址"]).province
            found += province is not None
            right += province is not None and row["所在省份"] in (regions.name(province) or "")
    assert found > 41_000
    assert right / found > 0.998
