import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.surfaces.imports.reading import open_table
from guanxi.surfaces.imports.reading import write as write_module
from guanxi.surfaces.imports.reading.formulas import is_dangerous, neutralise, restore
from guanxi.surfaces.imports.reading.write import Value, write_csv, write_xlsx

LIVE = [
    prefix + payload
    for prefix in ("", " ", "\t", "\r", "\n", "\x00", "\u200b", "\ufeff", "\u3000", "'", '"')
    for payload in ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)",
                    '=HYPERLINK("http://x")', "-2+3+cmd|' /C calc'!A0", "|calc", "%0A-3+3+cmd")
] + ["\tabc", "\rabc", "\nabc"]  # fmt: skip


@pytest.mark.parametrize("text", LIVE)
def test_formulas_are_neutralised_and_given_back(text: str) -> None:
    assert neutralise(text) == "'" + text
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize(
    "text", ["", "上海", "a=b", "1-2", "'quoted'", "+8613800138000", "-5", "-5.25", "a@b.cn", "3+4", "x\ty"]
)
def test_harmless_text_stays(text: str) -> None:
    assert not is_dangerous(text)
    assert neutralise(text) == text
    assert restore(text) == text


ROWS: list[list[Value]] = [
    ["甲", 5, Decimal("-1234.50"), date(2024, 3, 5), datetime(2024, 3, 5, 10, 20, 30, tzinfo=UTC), True, None],
    ["=1+1", -3, Decimal("0.001"), date(1900, 1, 1), None, False, 'a,"b"\n第二行'],
]
NAMES = ["名称", "数", "金额", "日期", "时间", "真", "=备注"]


def test_csv() -> None:
    file = io.BytesIO()
    assert write_csv(file, NAMES, ROWS) == 2
    assert file.getvalue().decode("utf-8-sig") == (
        "名称,数,金额,日期,时间,真,'=备注\r\n"
        "甲,5,-1234.50,2024-03-05,2024-03-05 10:20:30,TRUE,\r\n"
        '\'=1+1,-3,0.001,1900-01-01,,FALSE,"a,""b""\n第二行"\r\n'
    )
    assert file.getvalue().startswith(b"\xef\xbb\xbf")
    table = open_table(file.getvalue())
    assert [row.cells[0] for row in table.rows()] == ["甲", "=1+1"]


def test_xlsx() -> None:
    file = io.BytesIO()
    assert write_xlsx(file, NAMES, ROWS, sheet="客户[1]/?") == 2
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    assert sheet.title == "客户 1"
    assert [c.value for c in sheet[1]] == NAMES
    assert sheet["A1"].font.b
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:G3")
    assert [c.value for c in sheet[2]] == [
        "甲", 5, -1234.5, datetime(2024, 3, 5), datetime(2024, 3, 5, 10, 20, 30), True, None,  # noqa: DTZ001
    ]  # fmt: skip
    assert sheet["A3"].data_type in ("s", "inlineStr")
    assert sheet["A3"].quotePrefix
    assert not sheet["A2"].quotePrefix
    assert (sheet["D2"].number_format, sheet["C2"].number_format) == (r"yyyy\-mm\-dd", "#,##0.00")
    assert sheet["D3"].value == "1900-01-01"  # before Excel's invented leap day: as text
    assert sheet["G3"].value == 'a,"b"\n第二行'
    table = open_table(file.getvalue())
    first, second = table.rows()
    assert first.cells[:4] == ["甲", 5, -1234.5, date(2024, 3, 5)]
    assert second.cells[0] == "=1+1"


def test_numbers_that_a_spreadsheet_would_round_become_text() -> None:
    file = io.BytesIO()
    write_xlsx(
        file, ["a", "b", "c", "d"], [[91310000123456789012, Decimal("12345678901234.5678"), float("nan"), 10**14]]
    )
    (row,) = open_table(file.getvalue(), header_row=1).rows()
    assert row.cells == ["91310000123456789012", "12345678901234.5678", "nan", 10**14]


def test_text_that_is_hard_on_xml() -> None:
    texts = ["<&>\"'", "a\x00b\x0bc", "x" * 40_000, "_x000D_", "a\r\nb", "😀\ud800"]
    file = io.BytesIO()
    write_xlsx(file, ["t"], [[text] for text in texts])
    got = [row.cells[0] for row in open_table(file.getvalue(), header_row=1).rows()]
    assert got == ["<&>\"'", "a\ufffdb\ufffdc", "x" * 32_767, "_x000D_", "a\r\nb", "😀\ufffd"]


def test_nothing_to_write() -> None:
    file = io.BytesIO()
    assert write_xlsx(file, ["名称"], []) == 0
    assert open_table(file.getvalue()).columns == ["名称"]
    file = io.BytesIO()
    assert write_csv(file, [], []) == 0


def test_more_rows_than_a_sheet_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_module, "MOST_ROWS", 101)
    file = io.BytesIO()
    assert write_xlsx(file, ["n"], ([n] for n in range(250)), sheet="客户") == 250
    workbook = openpyxl.load_workbook(file)
    assert workbook.sheetnames == ["客户", "客户 2", "客户 3"]
    assert [workbook[name].max_row for name in workbook.sheetnames] == [101, 101, 51]
    assert workbook["客户 3"]["A51"].value == 249


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_memory_does_not_grow_with_rows(write: object, tmp_path: object) -> None:
    def rows() -> Iterator[list[Value]]:
        for n in range(30_000):
            yield [n, "上海华为技术有限公司", Decimal("1.50")]

    with open(f"{tmp_path}/out", "wb") as file:
        tracemalloc.start()
        write(file, ["a", "b", "c"], rows())  # type: ignore[operator]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3_000_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_comes_back_from_csv(texts: list[str]) -> None:
    file = io.BytesIO()
    write_csv(file, ["a", "b"], [[text, "x"] for text in texts])
    rows = list(open_table(file.getvalue(), header_row=1, delimiter=",").rows())
    assert len(rows) == len(texts)
    for row, text in zip(rows, texts, strict=True):
        if text.isalnum():
            assert row.cells[0] == text
