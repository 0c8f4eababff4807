import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.normal import clean, normal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ（北京）", "abc(北京)"),
        ("  Hello \t\r\n World  ", "hello world"),
        ("北京\u3000有限\u00a0公司", "北京 有限 公司"),
        ("微\u200b信\ufeff", "微信"),
        ("Straße", "strasse"),
        ("①②", "12"),
        ("\u2f08", "人"),
        ("", ""),
        ("１３８－００００", "138-0000"),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normal(text) == expected


def test_clean_keeps_case_and_spaces() -> None:
    assert clean("Ａ  ｂ\u200b") == "A  b"


@given(st.text())
def test_normal_is_idempotent(text: str) -> None:
    assert normal(normal(text)) == normal(text)
