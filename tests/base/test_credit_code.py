import csv
import gzip
import io

import pytest
from stdnum.cn import uscc

from guanxi.base.credit_code import check, check_digit, normalise
from tests.base.data import data_file


def test_normal_form() -> None:
    assert normalise(" ９１１１-0000 600037341l ") == "91110000600037341L"


@pytest.mark.parametrize("code", ["91110000600037341L", "91350100M000100Y43", "91310000607412271H", "320103000071453"])
def test_right_codes(code: str) -> None:
    assert check(code) is None
    assert check(code.lower()) is None


@pytest.mark.parametrize(
    ("code", "warning"),
    [
        ("91110000600037341M", "The check digit of this unified social credit code is wrong; look for a typing error."),
        ("9111000060003734", "A unified social credit code has 18 characters, this one 16. "
                             "Compare it with the business licence."),
        ("9111000060003734IO", "A unified social credit code never has I O (I, O, S, V, Z are not used). "
                               "Is it 1, 0, 5 or 2?"),
        ("320103000071454", "The check digit of this 15-digit registration number is wrong; look for a typing error."),
        ("", "A unified social credit code has 18 characters, this one 0. Compare it with the business licence."),
        ("AAAAAAAAAAAAAAAAAA", "The check digit of this unified social credit code is wrong; look for a typing error."),
    ],
)  # fmt: skip
def test_warnings(code: str, warning: str) -> None:
    text = check(code)
    assert text is not None
    assert text.en == warning
    assert text.zh != text.en


def test_the_check_digit_finds_every_single_wrong_character() -> None:
    code = "91110000600037341L"
    assert check_digit(code[:17]) == "L"
    for at in range(18):
        for letter in "0123456789":
            changed = code[:at] + letter + code[at + 1 :]
            assert (check(changed) is None) == (changed == code)


def test_the_registry_agrees_with_the_library() -> None:
    with gzip.open(data_file("e_zh/registry/registry_1996_full.csv.gz")) as file:
        codes = [row["统一社会信用代码"] for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""))]
    long = [code for code in codes if len(normalise(code)) == 18]
    assert [check(code) is None for code in long] == [uscc.is_valid(code) for code in long]
    assert sum(check(code) is None for code in codes) == 44_567  # 44,446 of 18 and 121 of 15 characters
