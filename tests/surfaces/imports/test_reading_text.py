import gzip
import resource
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.base.errors import Problem, Unreadable
from guanxi.base.phones import parse_phones
from guanxi.surfaces.imports.reading import Row, Table, open_table
from tests.base.data import data_file


def cells(table: Table) -> list[list[object]]:
    return [list(row.cells) for row in table.rows() if row.kind == "data"]


CHINESE = (
    "公司名称,联系电话,地址\n上海华为技术有限公司,13800138000,上海市浦东新区\n北京有限公司,010-65551234,北京市海淀区\n"
)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
        (gzip.compress(CHINESE.encode("gb18030"), mtime=0), "gb18030"),
    ],
)
def test_encodings_read_alike(data: bytes, encoding: str) -> None:
    table = open_table(data, "客户.csv")
    assert table.encoding == encoding
    assert table.warnings == []
    assert table.columns == ["公司名称", "联系电话", "地址"]
    assert cells(table) == [
        ["上海华为技术有限公司", "13800138000", "上海市浦东新区"],
        ["北京有限公司", "010-65551234", "北京市海淀区"],
    ]
    assert cells(table) == cells(table)  # as often as one likes


def test_big5_and_western_files() -> None:
    text = "公司名稱,聯絡電話\n臺灣積體電路製造股份有限公司,03-5636688\n國泰金融控股股份有限公司,02-27087698\n"
    table = open_table(text.encode("big5"))
    assert table.encoding == "big5"
    assert table.columns == ["公司名稱", "聯絡電話"]
    table = open_table("name;city\nJosé Müller;São Paulo\nZoë;Köln\n".encode("cp1252"))
    assert (table.encoding, table.delimiter) == ("cp1252", ";")
    assert cells(table) == [["José Müller", "São Paulo"], ["Zoë", "Köln"]]


def test_ascii_at_first_and_chinese_at_the_end() -> None:
    data = b"name,city\n" + b"Acme,London\n" * 60_000 + "华为,深圳\n".encode("gb18030")
    table = open_table(data)
    assert table.encoding == "gb18030"
    assert cells(table)[-1] == ["华为", "深圳"]


def test_a_wrongly_declared_encoding_is_corrected_and_told() -> None:
    table = open_table(CHINESE.encode("gb18030"), encoding="utf-8")
    assert table.encoding == "gb18030"
    assert table.columns[0] == "公司名称"
    assert table.warnings[0].en == "The file was declared as utf-8 but is GB18030, and was read as that."
    table = open_table(CHINESE.encode(), encoding="gbk")
    assert (table.encoding, len(table.warnings)) == ("utf-8", 1)
    assert open_table(CHINESE.encode("gb18030"), encoding="GBK").warnings == []
    assert open_table(CHINESE.encode("utf-8-sig"), encoding="utf-8").columns[0] == "公司名称"
    assert len(open_table(CHINESE.encode("gb18030"), encoding="klingon").warnings) == 1


def test_damaged_characters_are_told() -> None:
    data = (CHINESE * 5).encode() + b"\xff\xfe,1,2\n"
    table = open_table(data)
    assert table.encoding == "utf-8"
    assert table.warnings[0].en.startswith("2 places do not fit UTF-8")
    table = open_table((CHINESE + "上海\ufffd司,1,2\n").encode())
    assert table.warnings[0].en.startswith("The file itself holds 1 characters")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters(delimiter: str) -> None:
    text = '名称;金额;备注\n甲;"1,5|2";"两\n行"\n乙;;\n'.replace(";", delimiter)
    table = open_table(text.encode())
    assert table.delimiter == delimiter
    assert cells(table) == [["甲", "1,5|2", "两\n行"], ["乙", None, None]]
    assert len(open_table(text.encode(), delimiter="#").columns) == 1


def test_numbers_of_rows_are_those_a_spreadsheet_shows() -> None:
    table = open_table('客户名单\n\n名称,电话,备注\n甲,1,"a\nb"\n\n乙,2,\n合计,3,\n注：仅供内部使用,,\n'.encode())
    assert table.header_row == 3
    assert [(row.number, row.kind) for row in table.rows()] == [
        (4, "data"), (5, "blank"), (6, "data"), (7, "total"), (8, "footnote"),
    ]  # fmt: skip


def test_sections_are_told_from_customers_with_only_a_name() -> None:
    table = open_table("序号,名称,电话\n北京市（2所）,,\n1,甲,\n2,乙,5\n天津市,,\n,只有名称,\n".encode())
    assert [row.kind for row in table.rows()] == ["section", "data", "data", "section", "data"]
    table = open_table("名称,电话,地址\n甲公司,,\n乙公司,1,2\n".encode())
    assert [row.kind for row in table.rows()] == ["data", "data"]


def test_column_names_are_made_unique_and_never_empty() -> None:
    table = open_table("电话,电话,,电话,\n1,2,3,4,\n".encode())
    assert table.columns == ["电话", "电话 2", "列C", "电话 3"]
    assert cells(table) == [["1", "2", "3", "4"]]


def test_a_header_of_two_rows() -> None:
    table = open_table("序号,公司,联系人,,金额\n,,姓名,电话,\n1,甲,张三,138,5\n2,乙,李四,139,6\n".encode())
    assert table.header_row == 2
    assert table.columns == ["序号", "公司", "联系人/姓名", "联系人/电话", "金额"]
    assert cells(table)[0] == ["1", "甲", "张三", "138", "5"]


def test_a_chosen_header_row() -> None:
    data = "甲,乙\n丙,丁\n1,2\n".encode()
    assert open_table(data, header_row=2).columns == ["丙", "丁"]
    table = open_table(data, header_row=0)
    assert (table.columns, table.header_row, table.warnings) == (["列A", "列B"], 0, [])
    assert len(cells(table)) == 3


def test_a_table_without_header_says_so() -> None:
    table = open_table(b"1,2\n3,4\n")
    assert (table.header_row, table.columns) == (0, ["列A", "列B"])
    assert table.warnings[0].en.startswith("No header row")


def test_shifted_rows_are_told() -> None:
    table = open_table("名称,电话\n甲,1\n乙,广东,2,3\n丙,2\n".encode())
    assert [row.problem is None for row in table.rows()] == [True, False, True]
    table = open_table("名称,电话\n".encode() + "甲,1\n".encode() * 400 + "乙,广东,2\n".encode())
    *_, last = table.rows()
    assert last.problem is not None
    assert last.problem.en.startswith("This row has 3 cells but the header 2")


def test_cells_are_cleaned_of_what_systems_add() -> None:
    table = open_table('编号,电话,备注\n="001",\t13800138000,\'=1+1\n'.encode())
    assert cells(table) == [["001", "13800138000", "=1+1"]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable-empty"),
        (b"\xef\xbb\xbf \r\n", "unreadable-empty"),
        (b"<html><table><tr><td>1</td></tr></table>", "unreadable-web-page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "unreadable-web-page"),
        (b"%PDF-1.7", "unreadable-unknown-kind"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "unreadable-unknown-kind"),
        (gzip.compress(b"a,b\n1,2\n" * 500, mtime=0)[:-20], "unreadable"),
        (b"a,b\n" + b"x" * 1_100_000, "unreadable-line"),
        (b'a,b\n"' + b"x,1\n" * 100_000, "unreadable-quotes"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        list(open_table(data, "x.csv").rows())
    assert caught.value.code == code
    assert caught.value.detail.zh and caught.value.detail.en


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_crash(data: bytes) -> None:
    try:
        for row in open_table(data).rows():
            assert isinstance(row, Row)
    except Problem:
        pass


def test_vcards_of_three_versions() -> None:
    data = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=\r\n=89\r\n"
        "TEL;CELL:13800138000\r\nTEL;WORK;VOICE:010-65551234\r\nEMAIL;PREF;INTERNET:a@b.cn\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\nVERSION:3.0\nFN:李四\nitem1.ORG:华为\\, 深圳;研发部\nTITLE:经理\n"
        "ADR;TYPE=WORK:;;科技园1号;深圳市;广东省;518000;中国\n"
        "NOTE:第一行\\n第二\n 行\nBDAY:1990-01-02\nCATEGORIES:客户,重要\nTEL;TYPE=WORK,FAX:1\nEND:VCARD\n"
        'BEGIN:VCARD\nVERSION:4.0\nFN:Simon P\nTEL;VALUE=uri;TYPE="voice,work":tel:+1-418-656-9254;ext=102\n'
        "PHOTO;ENCODING=b:AAAA\n BBBB\nURL:https://example.com\nUID:x1\nEND:VCARD\n"
    ).encode()
    table = open_table(data, "x.vcf")
    assert table.format == "vcard"
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows()]
    got = [{key: value for key, value in row.items() if value} for row in rows]
    assert got == [
        {"姓名": "张三", "姓": "张", "名": "三", "手机": "13800138000", "电话": "010-65551234", "邮箱": "a@b.cn"},
        {"姓名": "李四", "公司": "华为, 深圳", "部门": "研发部", "职务": "经理", "地址": "中国广东省深圳市科技园1号",
         "备注": "第一行\n第二行", "生日": "1990-01-02", "标签": "客户；重要", "传真": "1"},
        {"姓名": "Simon P", "电话": "+1-418-656-9254转102", "网址": "https://example.com", "UID": "x1"},
    ]  # fmt: skip


def test_a_gbk_vcard_of_an_old_phone() -> None:
    data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=GBK:" + "王五".encode("gbk") + b"\r\nEND:VCARD\r\n"
    (row,) = open_table(data).rows()
    assert row.cells[0] == "王五"


# What is known about the real files.


def test_four_encodings_of_the_ningxia_registry_are_one_table() -> None:
    names = ["gb18030.csv", "utf8.csv", "utf8bom.csv", "utf16le_tab.txt"]
    tables = [open_table(data_file(f"e_zh/messy/registry_ningxia_2002_{name}")) for name in names]
    first, *others = [[(row.number, row.cells, row.kind) for row in table.rows()] for table in tables]
    assert len(first) == 573
    assert all(other == first for other in others)
    assert [table.encoding for table in tables] == ["gb18030", "utf-8", "utf-8-sig", "utf-16"]


def test_the_registry_of_1996() -> None:
    table = open_table(data_file("e_zh/registry/registry_1996_full.csv.gz"))
    assert table.columns[:3] == ["企业名称", "统一社会信用代码", "注册日期"]
    province = table.columns.index("所在省份")
    rows = list(table.rows())
    assert len(rows) == 44_588
    assert {row.kind for row in rows} == {"data"}
    assert not any(row.problem for row in rows)
    assert Counter(row.cells[province] for row in rows).most_common(3) == [
        ("浙江", 5271),
        ("上海", 4590),
        ("江苏", 4459),
    ]


def test_four_hundred_thousand_names_in_constant_memory() -> None:
    table = open_table(data_file("e_zh/registry/registry_names_2000_2003.csv.gz"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(row.kind == "data" for row in table.rows())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert count == 401_754
    assert after - before < 40_000  # kB


def test_every_phone_of_the_clinics_is_kept() -> None:
    table = open_table(data_file("e_zh/messy/fever_clinics_A_gb18030.csv"))
    phone = table.columns.index("电话")
    rows = list(table.rows())
    assert (table.encoding, len(rows)) == ("gb18030", 3070)
    found = [parse_phones(str(row.cells[phone] or "")) for row in rows]
    assert sum(bool(phones) for phones in found) == 1032
    assert sum(phone.ok for phones in found for phone in phones) == 1351


def test_the_sales_files() -> None:
    table = open_table(data_file("a_crm_sales/maven_sales_pipeline.csv"))
    stage, value = table.columns.index("deal_stage"), table.columns.index("close_value")
    rows = list(table.rows())
    assert len(rows) == 8_800
    assert Counter(row.cells[stage] for row in rows) == {
        "Won": 4238,
        "Lost": 2473,
        "Engaging": 1589,
        "Prospecting": 500,
    }
    assert sum(int(str(row.cells[value])) for row in rows if row.cells[stage] == "Won") == 10_005_534
    assert len(list(open_table(data_file("a_crm_sales/maven_accounts.csv")).rows())) == 85
    assert len(list(open_table(data_file("a_crm_sales/x_education_leads.csv")).rows())) == 9_240


def test_the_hotlines() -> None:
    table = open_table(data_file("f_pim/vcard/cn_business_hotlines.vcf"))
    assert len(list(table.rows())) == 314


def test_exports_of_address_books_open() -> None:
    folder: Path = data_file("f_pim/vcard/ez-vcard/io/text")
    names = {}
    for path in sorted(folder.glob("*.vcf")):
        table = open_table(path)
        names[path.stem] = [row.cells[0] for row in table.rows()]
    assert names["outlook-2003"] == ["John Doe III"]
    assert names["rfc6350-example"] == ["Simon Perreault"]
    assert names["gmail-list"] == ["Arnold Smith", "Chris Beatle", "Doug White"]
    assert len(names["John_Doe_ANDROID"]) == 6
