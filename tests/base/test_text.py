import pytest

from guanxi.base.text import LANGUAGES, T, Text, pick_language


def test_a_text_speaks_both_languages() -> None:
    text = T("客户", "Customer")
    assert text == Text("客户", "Customer")
    assert str(text) == "客户"
    assert text.for_("zh-CN") == "客户"
    assert text.for_("en") == "Customer"
    assert text.for_("en-GB") == "Customer"
    assert text.for_("en_US") == "Customer"
    assert text.for_("fr") == "客户"
    assert text.for_(None) == "客户"
    assert LANGUAGES == ("zh-CN", "en")


def test_format_fills_both_and_nests() -> None:
    text = T("第 {row} 行的{what}", "{what} in row {row}").format(row=7, what=T("电话", "phone"))
    assert text == T("第 7 行的电话", "phone in row 7")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr,de;q=0.9", "zh-CN"),
        ("fr,en;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.7", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=high", "zh-CN"),
        ("*", "zh-CN"),
        (";;;,,=", "zh-CN"),
    ],
)
def test_language_of_a_request(header: str | None, expected: str) -> None:
    assert pick_language(header) == expected
