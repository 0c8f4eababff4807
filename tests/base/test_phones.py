import csv
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.normal import clean
from guanxi.base.phones import Phone, display, parse_phones
from tests.base.data import data_file


def numbers(cell: str, **options: str) -> list[tuple[str, str | None]]:
    return [(phone.number, phone.note) for phone in parse_phones(cell, **options)]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("13800138000", "+8613800138000"),
        (" １３８００１３８０００ ", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("(86)138-0013-8000", "+8613800138000"),
        ("0086-13800138000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        ("1 3508063318", "+8613508063318"),
        ("13458 142532", "+8613458142532"),
        ("0315-2981842", "+863152981842"),
        ("0319—3237055", "+863193237055"),
        ("0996--6625731", "+869966625731"),
        ("(0471)3283999", "+864713283999"),
        ("（010）6555 1234", "+861065551234"),
        ("021 6938 8001", "+862169388001"),
        ("3163339343", "+863163339343"),  # lost its zero
        ("2169388001", "+862169388001"),
        ("+86-755-88889999", "+8675588889999"),
        ("0471-3301931-8017", "+864713301931;ext=8017"),
        ("0891-6373011转25116", "+868916373011;ext=25116"),
        ("010-65551234 分机 801", "+861065551234;ext=801"),
        ("0755 8888 9999 ext. 12", "+8675588889999;ext=12"),
        ("0755-88889999x12", "+8675588889999;ext=12"),
        ("3320999 ( 转608)", "3320999;ext=608"),
        ("400-820-8820", "4008208820"),
        ("4008208820转1", "4008208820;ext=1"),
        ("8008208820", "8008208820"),
        ("95588", "95588"),
        ("10086", "10086"),
        ("12345", "12345"),
        ("110", "110"),
        ("43131 70", "4313170"),
        ("+1 650 253 0000", "+16502530000"),
        ("00852-2345 6789", "+85223456789"),
        ("+852 23456789", "+85223456789"),
    ],
)
def test_one_number(cell: str, number: str) -> None:
    (phone,) = parse_phones(cell)
    assert phone.number == number
    assert phone.ok


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", []),
        ("   ", []),
        ("0319-2291111/2299272", [("+863192291111", None), ("+863192299272", None)]),
        ("0471-5182167，5182221/18804894709",
         [("+864715182167", None), ("+864715182221", None), ("+8618804894709", None)]),
        ("021-69388001、69388002-12", [("+862169388001", None), ("+862169388002;ext=12", None)]),
        ("0839-3295117或13881286196", [("+868393295117", None), ("+8613881286196", None)]),
        ("13800138000 13900139000", [("+8613800138000", None), ("+8613900139000", None)]),
        ("13800138000\n13900139000", [("+8613800138000", None), ("+8613900139000", None)]),
        ("1380013800013900139000", [("+8613800138000", None), ("+8613900139000", None)]),
        ("白天0319-3721657/夜晚0319-3721658", [("+863193721657", "白天"), ("+863193721658", "夜晚")]),
        ("0319—5520389（值班室）/0319-5520350(诊室）", [("+863195520389", "值班室"), ("+863195520350", "诊室")]),
        ("0798-8522332/8523661(总)", [("+867988522332", None), ("+867988523661", "总")]),
        ("李总：13800138000；财务 010-65551234", [("+8613800138000", "李总"), ("+861065551234", "财务")]),
        ("13800138000张经理", [("+8613800138000", "张经理")]),
        ("0797-6232374/", [("+867976232374", None)]),
    ],
)  # fmt: skip
def test_several_numbers_and_notes(cell: str, expected: list[tuple[str, str | None]]) -> None:
    assert numbers(cell) == expected


def test_an_area_code_completes_local_numbers() -> None:
    assert numbers("3320999转608", area="0471") == [("+864713320999;ext=608", None)]
    assert numbers("65551234", area="010") == [("+861065551234", None)]
    assert numbers("65551234", area="+8610") == [("+861065551234", None)]
    assert numbers("3320999", area="010") == [("3320999", None)]  # Beijing has eight digits: not guessed
    assert parse_phones("3320999")[0].kind == "local"


def test_other_regions() -> None:
    assert numbers("(650) 253-0000", region="US") == [("+16502530000", None)]
    assert numbers("2345 6789", region="HK") == [("+85223456789", None)]


def test_what_is_no_number_is_kept() -> None:
    assert parse_phones("无") == [Phone("", None, "无")]
    assert parse_phones("0580-690001") == [Phone("", None, "0580-690001")]
    assert parse_phones("24小时/13800138000") == [
        Phone("", "小时", "24"),
        Phone("+8613800138000", None, "13800138000", "mobile"),
    ]
    assert not parse_phones("0580-690001")[0].ok


def test_kinds() -> None:
    cells = ["13800138000", "010-65551234", "95588", "3320999", "+1 650 253 0000", "???"]
    assert [parse_phones(cell)[0].kind for cell in cells] == [
        "mobile", "landline", "service", "local", "foreign", "unknown",
    ]  # fmt: skip


def test_display() -> None:
    assert display("+8613800138000") == "138 0013 8000"
    assert display("+861065551234;ext=801") == "010-65551234 转 801"
    assert display("+864713301931") == "0471-3301931"
    assert display("4008208820") == "400-820-8820"
    assert display("95588") == "95588"
    assert display("+16502530000") == "+1 650-253-0000"
    assert display("") == ""
    assert display("+") == "+"


def test_display_reads_back() -> None:
    for number in ("+8613800138000", "+861065551234;ext=801", "+864713301931", "4008208820", "95588", "+85223456789"):
        assert parse_phones(display(number))[0].number == number


def test_no_digit_of_the_clinics_is_lost() -> None:
    def digits(text: str) -> str:
        return re.sub(r"\D", "", text)

    with data_file("e_zh/messy/fever_clinics_A_utf8.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row["电话"] for row in csv.DictReader(file)]
    assert len(cells) == 3070
    found = [parse_phones(cell) for cell in cells]
    for cell, phones in zip(cells, found, strict=True):
        assert "".join(digits(phone.original) for phone in phones) == digits(clean(cell)), cell
    assert sum(bool(phones) for phones in found) == 1032
    every = [phone for phones in found for phone in phones]
    assert len(every) == 1356
    refused = [phone.original for phone in every if not phone.ok]
    assert len(refused) == 5  # six digits behind 0580: damaged in the source, kept as text
    assert all(re.fullmatch(r"0580-\d{6}", text) for text in refused)


def test_business_hotlines() -> None:
    entries = json.loads(data_file("f_pim/vcard/cn_business_hotlines.json").read_text(encoding="utf-8"))
    cells = [
        cell["number"] if isinstance(cell, dict) else cell for entry in entries for cell in entry.get("cellPhone", ())
    ]
    assert len(cells) == 574
    found = [parse_phones(str(cell)) for cell in cells]
    assert {str(cell) for cell, phones in zip(cells, found, strict=True) if len(phones) != 1} == set()
    assert {phone.original for (phone,) in found if not phone.ok} == {"+853 1888", "6700"}  # inside one network only


@given(st.text(alphabet="0123456789 -/、()+转或a白天,;\n", max_size=40))
def test_no_digit_is_lost_in_any_cell(cell: str) -> None:
    found = "".join(re.sub(r"\D", "", phone.original + (phone.note or "")) for phone in parse_phones(cell))
    assert sorted(found) == sorted(re.sub(r"\D", "", clean(cell)))


@given(st.text(max_size=40))
def test_no_text_crashes(cell: str) -> None:
    parse_phones(cell)
