import contextlib
import csv
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.errors import Unparsed
from guanxi.base.money import HALF_EVEN, Money, exponent, parse_amount, quantise, to_chinese_upper
from tests.base.data import data_file

D = Decimal


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("￥1,234.50", "1234.5", "CNY"),
        ("¥ 1234", "1234", "CNY"),
        ("1.2万", "12000", None),
        ("3亿", "300000000", None),
        ("1.5万亿", "1500000000000", None),
        ("1亿2000万", "120000000", None),
        ("１，２３４．５０", "1234.5", None),
        ("(1,000)", "-1000", None),
        ("（1,000.00元）", "-1000", "CNY"),
        ("-1,000", "-1000", None),
        ("－１０", "-10", None),
        ("¥-5", "-5", "CNY"),
        ("-¥5", "-5", "CNY"),
        ("+7", "7", None),
        ("USD 5", "5", "USD"),
        ("5 usd", "5", "USD"),
        ("US$5.25", "5.25", "USD"),
        ("HK$1,000", "1000", "HKD"),
        ("€9.99", "9.99", "EUR"),
        ("100日元", "100", "JPY"),
        ("人民币500万元整", "5000000", "CNY"),
        ("4,000(万元人民币)", "40000000", "CNY"),
        ("7,777.7777(万元(港币))", "77777777", "HKD"),
        ("4298(万元（港币）)", "42980000", "HKD"),
        ("370(万美元 )", "3700000", "USD"),
        ("296( 万人民币元)", "2960000", "CNY"),
        ("1200((万美元))", "12000000", "USD"),
        ("5()", "5", None),
        ("0.18元人民币", "0.18", "CNY"),
        ("550(万元香港元)", "5500000", "HKD"),
        ("150(万新加坡元)", "1500000", "SGD"),
        ("50w", "500000", None),
        ("12k", "12000", None),
        ("2.5 million", "2500000", None),
        ("3千万", "30000000", None),
        ("1 234 567.8", "1234567.8", None),
        ("1'234.5", "1234.5", None),
        ("1,0000", "10000", None),
        ("1.2E+7", "12000000", None),
        (".5", "0.5", None),
        ("0", "0", None),
        ("100.00", "100", None),
    ],
)
def test_amounts_as_people_write_them(text: str, amount: str, currency: str | None) -> None:
    value, found = parse_amount(text)
    assert (str(value), found) == (amount, currency)


@pytest.mark.parametrize(
    "text",
    ["", "N/A", "JEAN", "电热多用锅", "1.234,56", "1,23", "1,2345,6", "12.5%", "5-10", "10-", "3 5",
     "约500", "5 USD EUR",
     "1e99", "9" * 20, "(-5)", "--5", "1.2.3", "2024-01-02", "x5", "5台", "9" * 200, "SAN-KUEI）"],
)  # fmt: skip
def test_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(Unparsed) as caught:
        parse_amount(text)
    assert caught.value.code == "not-an-amount"
    assert caught.value.at("amount").field == "amount"


def test_every_written_form_of_registered_capital() -> None:
    with data_file("e_zh/messy/registered_capital_formats.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = []
    for row in rows:
        try:
            amount, currency = parse_amount(row["example"])
        except Unparsed:
            refused.append(row["example"])
            continue
        figure = D(re.match(r"[\d,.]+(E-\d+)?", row["example"])[0].replace(",", ""))  # type: ignore[index]
        assert amount == figure * (10_000 if "万" in row["format"] else 1), row
        assert (currency is None) == (not re.search("元|币|马克|法郎|英镑|克郎", row["format"])), row
    assert not [text for text in refused if re.match(r"[\d(（]", text)], refused
    assert "N/A" in refused


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_what_we_write_we_read(amount: Decimal) -> None:
    assert parse_amount(str(Money(amount, "CNY"))) == (amount, "CNY")
    assert parse_amount(f"{amount:,}")[0] == amount


@given(st.text(max_size=30))
def test_no_text_crashes(text: str) -> None:
    with contextlib.suppress(Unparsed):
        parse_amount(text)


def test_money_is_exact_and_keeps_currencies_apart() -> None:
    assert Money(D("0.1")) + Money(D("0.2")) == Money(D("0.3"))
    assert Money(D("5"), "USD") - Money(D("7"), "USD") == Money(D("-2"), "USD")
    assert Money(D("19.99")) * 3 == Money(D("59.97"))
    assert -Money(D(1)) == Money(D(-1))
    with pytest.raises(ValueError, match="CNY and USD"):
        Money(D(1)) + Money(D(1), "USD")
    with pytest.raises(TypeError):
        Money(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="finite"):
        Money(D("NaN"))
    assert str(Money(D("1234.5"), "JPY")) == "JPY 1,235"


def test_rounding() -> None:
    assert quantise(D("2.345")) == D("2.35")
    assert quantise(D("2.345"), rounding=HALF_EVEN) == D("2.34")
    assert quantise(D("-2.345")) == D("-2.35")
    assert quantise(D("2.5"), "JPY") == D("3")
    assert quantise(D("1.23456"), "KWD") == D("1.235")
    assert exponent("XYZ") == 2


@pytest.mark.parametrize(
    ("amount", "words"),
    [  # the examples of the bank rule, then its corners
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0", "零元整"),
        ("0.5", "伍角"),
        ("0.05", "伍分"),
        ("10", "壹拾元整"),
        ("100500", "壹拾万零伍佰元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("12345678.90", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角"),
        ("-3.005", "负叁元零壹分"),
    ],
)
def test_capital_numerals(amount: str, words: str) -> None:
    assert to_chinese_upper(D(amount)) == words


def test_capital_numerals_end() -> None:
    with pytest.raises(ValueError, match="大写"):
        to_chinese_upper(D(10**16))
