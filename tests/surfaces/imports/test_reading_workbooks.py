import io
import random
import subprocess
import sys
import time
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from guanxi.base.errors import Problem, TooLarge, Unreadable
from guanxi.surfaces.imports.reading import open_table
from guanxi.surfaces.imports.reading import workbooks as workbooks_module
from tests.base.data import data_file

SHEET = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}<sheetData>{}</sheetData></worksheet>'
CFB = workbooks_module.CFB_MAGIC
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def xlsx(sheet: str, **more: str) -> bytes:
    """The smallest workbook around a sheet's XML, so that it can be as hostile as we like."""
    buffer = io.BytesIO()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        )
        for name, target, type_ in (
            ("_rels/.rels", "xl/workbook.xml", "officeDocument"),
            ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "worksheet"),
        ):
            archive.writestr(
                name,
                f'<Relationships xmlns="{PACKAGE}/relationships">'
                f'<Relationship Id="rId1" Type="{OFFICE}/{type_}" Target="{target}"/></Relationships>',
            )
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            f'xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for path, content in more.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def cell(place: str, value: object) -> str:
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(*cells: str) -> str:
    """A sheet with each of these cells in a row of its own."""
    return SHEET.format("", "".join(f"<row>{cell}</row>" for cell in cells))


def book(*rows: list[object], merges: tuple[str, ...] = (), title: str = "Sheet") -> bytes:
    workbook = openpyxl.Workbook()
    active = workbook.active
    assert active is not None
    active.title = title
    for row in rows:
        active.append(row)
    for merge in merges:
        active.merge_cells(merge)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_cells_keep_their_types() -> None:
    moment = datetime(2024, 3, 5, 10, 20)  # noqa: DTZ001 - cells have no zone
    table = open_table(
        book(["名称", "数", "金额", "日期", "时间", "真"], ["甲", 13800138000, 1.5, date(2024, 3, 5), moment, True])
    )
    (row,) = table.rows()
    assert row.cells == ["甲", 13800138000, 1.5, date(2024, 3, 5), moment, True]
    assert type(row.cells[1]) is int
    assert (row.number, row.kind, table.format, table.sheet) == (2, "data", "xlsx", "Sheet")


def test_titles_merged_headers_sections_sums_and_notes() -> None:
    table = open_table(
        book(
            ["客户名单（2024）", None, None, None, None],
            ["序号", "公司", "联系人", None, "金额"],
            [None, None, "姓名", "电话", None],
            ["华东", None, None, None, None],
            [1, "甲", "张三", "138", 5],
            [2, "乙", "李四", "139", 6],
            [],
            ["合计", None, None, None, 11],
            ["注：金额单位为万元", None, None, None, None],
            merges=("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "A4:E4"),
        )
    )
    assert table.header_row == 3
    assert table.columns == ["序号", "公司", "联系人/姓名", "联系人/电话", "金额"]
    assert [(row.number, row.kind) for row in table.rows()] == [
        (4, "section"), (5, "data"), (6, "data"), (7, "blank"), (8, "total"), (9, "footnote"),
    ]  # fmt: skip


def test_a_value_merged_over_rows_belongs_to_each() -> None:
    table = open_table(book(["公司", "联系人"], ["甲", "张三"], [None, "李四"], ["乙", "王五"], merges=("A2:A3",)))
    assert [row.cells for row in table.rows()] == [["甲", "张三"], ["甲", "李四"], ["乙", "王五"]]
    assert [row.cells[0] for row in table.rows()] == ["甲", "甲", "乙"]


def test_sheets_can_be_chosen() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "空"  # type: ignore[union-attr]
    workbook.create_sheet("数据").append(["名称", "电话"])
    workbook["数据"].append(["甲", "1"])
    hidden = workbook.create_sheet("隐藏")
    hidden.sheet_state = "hidden"
    hidden.append(["x", "y"])
    buffer = io.BytesIO()
    workbook.save(buffer)
    table = open_table(buffer.getvalue())
    assert (table.sheets, table.sheet) == (["空", "数据", "隐藏"], "数据")
    assert open_table(buffer.getvalue(), sheet="隐藏").columns == ["x", "y"]
    with pytest.raises(Unreadable) as caught:
        open_table(buffer.getvalue(), sheet="没有")
    assert caught.value.code == "unreadable-no-sheet"


def test_a_sample_does_not_use_the_rows_up() -> None:
    table = open_table(book(["名称", "数"], *[["甲", n] for n in range(1000)]))
    assert len(table.sample(10)) == 10
    assert len(list(table.rows())) == 1000
    assert len(list(table.rows())) == 1000
    table.close()
    assert len(list(table.rows())) == 1000


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a cell far away", xlsx(sheet(cell("A1", 1), cell("XFD1048576", 1))), "too-large"),
        ("a row out of range", xlsx(sheet('</row><row r="4294967295"><c><v>1</v></c>')), "unreadable-unsafe"),
        ("a column out of range", xlsx(sheet(cell("ZZZ1", 1))), "unreadable-unsafe"),
        ("letters without end", xlsx(sheet(cell("ZZZZZZZ99999999", 1))), "unreadable-unsafe"),
        ("entities", xlsx('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SHEET.format("", "")[21:]), "unreadable-unsafe"),
        ("entities in UTF-16", xlsx("a", **{"xl/theme.xml": "<\0!\0E\0N\0T\0I\0T\0Y\0"}), "unreadable-unsafe"),
        ("a bomb", xlsx(SHEET.format("", " " * 100_000_000)), "unreadable-unsafe"),
        ("many members", xlsx("x", **{f"xl/m{n}": "" for n in range(2_001)}), "unreadable-unsafe"),
        ("cut off", xlsx(SHEET.format("", ""))[:400], "unreadable"),
        ("another archive", xlsx("x").replace(b"workbook", b"workbxxk"), "unreadable"),
        ("an old format, cut off", CFB + b"\0" * 2_000, "unreadable"),
        ("a password", CFB + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "unreadable-encrypted"),
        ("nothing in it", book(), "unreadable-empty"),
    ],
)  # fmt: skip
def test_hostile_and_broken_workbooks_are_refused_with_a_reason(name: str, data: bytes, code: str) -> None:
    started = time.monotonic()
    with pytest.raises(Problem) as caught:
        list(open_table(data, "x.xlsx").rows())
    assert caught.value.code == code, name
    assert caught.value.detail.zh and caught.value.detail.en
    assert time.monotonic() - started < 10
    assert isinstance(caught.value, Unreadable | TooLarge)


def test_a_false_dimension_does_no_harm() -> None:
    xml = SHEET.format('<dimension ref="A1:XFD1048576"/>', f"<row r='1'>{cell('A1', 1)}{cell('B1', 2)}</row>")
    (row,) = open_table(xlsx(xml)).rows()
    assert row.cells == [1, 2]


def test_merges_out_of_range_do_no_harm() -> None:
    xml = sheet(cell("A1", 1)).replace(
        "</worksheet>",
        '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="ZZZZZ9:A1"/></mergeCells></worksheet>',
    )
    (row,) = open_table(xlsx(xml)).rows()
    assert row.cells == [1]


def test_the_child_dies_of_its_memory_and_the_parent_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks_module, "MEMORY", 300 * 1024 * 1024)
    rows = "".join(
        f'<row r="{r}">' + "".join(f'<c r="{c}{r}" t="s"><v>0</v></c>' for c in "ABCDE") + "</row>"
        for r in range(1, 9_000)
    )
    long = (
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{"x" * 32_000}</t></si></sst>'
    )
    with pytest.raises(Unreadable) as caught:
        list(open_table(xlsx(SHEET.format("", rows), **{"xl/sharedStrings.xml": long})).rows())
    assert caught.value.code == "unreadable-limits"


def test_the_child_is_given_up_when_it_is_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(workbooks_module, "_CHILD", silent)
    monkeypatch.setattr(workbooks_module, "SECONDS", 1)
    with pytest.raises(Unreadable) as caught:
        open_table(book(["a", "b"], [1, 2]))
    assert caught.value.code == "unreadable-timeout"


def test_damaged_bytes_never_crash() -> None:
    generator = random.Random(1)
    good = book(["名称", "电话"], *[["甲", str(n)] for n in range(50)])
    for _ in range(25):
        data = bytearray(good)
        for _ in range(8):
            data[generator.randrange(60, len(data))] = generator.randrange(256)
        try:
            list(open_table(bytes(data)).rows())
        except Problem as problem:
            assert problem.detail.zh


def test_no_child_is_left_behind() -> None:
    code = (
        "import sys, psutil; sys.path.insert(0, 'src');"
        "from guanxi.surfaces.imports.reading import open_table;"
        "t = open_table(sys.argv[1]); next(t.rows()); del t;"
        "import gc; gc.collect(); print(len(psutil.Process().children()))"
    )
    path = data_file("e_zh/messy/全国普通高等学校名单_2017.xls")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


# What is known about the real files.


def test_the_list_of_schools() -> None:
    table = open_table(data_file("e_zh/messy/全国普通高等学校名单_2017.xls"))
    assert (table.format, table.header_row) == ("xls", 3)
    assert table.columns == ["序号", "学校名称", "学校标识码", "主管部门", "所在地", "办学层次", "备注"]
    rows = list(table.rows())
    assert Counter(row.kind for row in rows) == {"data": 2631, "section": 31}
    assert rows[0].cells[0] == "北京市（92所）"
    assert rows[1].cells == [1, "北京大学", "4111010001", "教育部", "北京市", "本科", None]
    assert rows[1].number == 5
    assert Counter(row.cells[5] for row in rows if row.kind == "data") == {"本科": 1243, "专科": 1388}


def test_every_chinese_workbook_opens_or_is_refused() -> None:
    folder = data_file("e_zh/messy")
    outcomes: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.*")):
        try:
            with open_table(path) as table:
                assert len(set(table.columns)) == len(table.columns)
                assert all(table.columns)
                for row in table.rows():
                    assert len(row.cells) == len(table.columns)
            outcomes["opened"] += 1
        except Unreadable as problem:
            outcomes[problem.code] += 1
    assert outcomes == {"opened": 61}


def test_a_table_that_begins_in_the_middle() -> None:
    table = open_table(data_file("a_crm_sales/x_education_data_dictionary.xlsx"))
    assert (table.header_row, table.columns) == (3, ["Variables", "Description"])
    assert next(table.rows()).number == 4


def ods(table: str) -> bytes:
    office, tables, text = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content xmlns:office="{office}" xmlns:table="{tables}" '
            f'xmlns:text="{text}"><office:body><office:spreadsheet><table:table table:name="表">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return buffer.getvalue()


def ods_cell(value: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{value}</text:p></table:table-cell>'


def test_ods() -> None:
    header = f"<table:table-row>{ods_cell('名称')}{ods_cell('电话')}</table:table-row>"
    row = f"<table:table-row>{ods_cell('甲')}{ods_cell('138')}</table:table-row>"
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    table = open_table(ods(header + row + empty), "x.ods")
    assert (table.format, table.sheet, table.columns) == ("ods", "表", ["名称", "电话"])
    assert [row.cells for row in table.rows() if row.kind == "data"] == [["甲", "138"]]


def test_an_ods_that_repeats_without_end_is_refused() -> None:
    wide = ods_cell("x" * 1000, ' table:number-columns-repeated="16384"')
    row = f'<table:table-row table:number-rows-repeated="2000">{wide}</table:table-row>'
    with pytest.raises(Problem) as caught:
        list(open_table(ods(row), "x.ods").rows())
    assert caught.value.code == "unreadable-limits"
