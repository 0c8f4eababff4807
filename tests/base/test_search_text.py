import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.base.search_text import MAX_TOKENS, entry_tokens, index_tokens, matches, needs_recheck, query_tokens, spells


def found(q: str, tokens: set[str]) -> bool:
    """What PostgreSQL would answer: a tiny reader of the tsqueries we write."""
    query = query_tokens(q)
    if not query:
        return False

    def lexeme(match: re.Match[str]) -> str:
        word = match[1].replace("''", "'")
        return str(any(token.startswith(word) for token in tokens) if match[2] else word in tokens)

    return bool(eval(re.sub(r"'((?:[^']|'')*)'(:\*)?", lexeme, query).replace("&", " and ").replace("|", " or ")))


COMPANY = entry_tokens(
    "上海华为ABC技术（深圳）有限公司",
    ["单雄信", "广东省深圳市南山区科技园1号", "sales@abc-tech.com"],
    ["+8613800138000", "+862169388001;ext=8017", "4008208820"],
    ["91310000MA1FL70B1X", "HT-2024-0012"],
)


@pytest.mark.parametrize(
    "q",
    ["华", "华为", "上海华为", "技术深圳", "（深圳）有限公司", "上海 深圳", "ABC", "ab", "ａｂｃ", "abc技术", "华为abc",
     "shanghai", "shhw", "huawei", "hw", "hwabc", "jishu",
     "shenzhenyouxian", "danxiongxin", "shanxiongxin", "sxx", "dxx", "xiongxin", "南山", "科技园",
     "sales", "sales@abc-tech.com", "13800138000", "138-0013-8000", "+86 138 0013 8000", "8613800138000", "8000",
     "0013", "1380", "021-69388001", "02169388001", "69388001", "8017", "400-820-8820", "8208820",
     "91310000MA1FL70B1X", "91310000ma", "0B1X", "l70b1x", "HT-2024-0012", "0012", "ht20240012", "2024", "华为 13800"],
)  # fmt: skip
def test_what_people_type_is_found(q: str) -> None:
    assert found(q, COMPANY), query_tokens(q)


def test_what_was_written_when_every_tail_was_held_is_found() -> None:
    before = {"d:" + "13800138000"[at:] for at in range(8)}
    assert all(found(q, before) for q in ("13800138000", "138-0013-8000", "0138", "38000", "8000"))


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "!!!",
        "'",
        "北京",
        "华微",
        "b",
        "anghai",
        "hhww",
        "13900139000",
        "800",
        "为华",
        "上海 北京",
        "xyz",
        "华为 xyz",
    ],
)
def test_what_is_not_there_is_not_found(q: str) -> None:
    assert not found(q, COMPANY)


def test_the_tokens_of_a_name() -> None:
    assert index_tokens(["上海A1"]) == sorted(
        ["海", "上海", "a1", "p:shanghaia1", "p:haia1", "p:a1", "i:sha1", "i:ha1", "i:a1"]
    )
    assert {t for t in entry_tokens("小米有限公司") if ":" in t} == {"p:xiaomiyouxiangongsi", "p:miyouxiangongsi", "i:xmyxgs", "i:myxgs"}
    assert {t for t in entry_tokens("有限公司") if ":" in t} == {"p:youxiangongsi", "p:xiangongsi", "p:gongsi", "p:si", "i:yxgs", "i:xgs", "i:gs"}
    assert entry_tokens("ABC Ltd", phones=["+8613800138000"]) == {
        "abc", "ltd", "d:13800138000", "d:00138000", "r:00083100831",
    }  # fmt: skip
    assert entry_tokens("", codes=["KH202611-11039", "HT12"]) == {"kh202611", "11039", "d:kh20261111039", "r:93011116202hk", "ht12", "r:21th"}
    assert entry_tokens("") == set()


def test_the_query_language() -> None:
    assert query_tokens("上") == "'上':*"
    assert query_tokens("上海华为") == "'上海' & '海华' & '华为'"
    assert query_tokens("上海 华为") == "'上海' & '华为'"
    assert query_tokens("上海(华为)") == "'上海' & '海华' & '华为'"
    assert query_tokens("ABC") == "('abc':* | 'p:abc':* | 'i:abc':*)"
    assert query_tokens("a") == "'a'"
    assert query_tokens("12") == "'12':*"
    assert query_tokens("8000") == "('8000':* | 'd:8000':* | 'r:0008':*)"
    assert query_tokens("华为!") == "'华为'"
    assert query_tokens("x' | 'y' & !(z):*\\") == "'x' & 'y' & 'z'"


@given(st.text(max_size=120))
def test_no_query_escapes_its_quotes(q: str) -> None:
    query = query_tokens(q)
    outside = re.sub(r"'(?:[^'\\]|''|\\\\)*'(:\*)?", "", query)
    assert re.fullmatch(r"[ &|()]*", outside), query
    matches(q, q)


@given(st.text(alphabet="上海华为科技有限单 ab1（）-", min_size=1, max_size=30), st.data())
def test_every_part_of_a_title_is_found(title: str, data: st.DataObject) -> None:
    tokens = entry_tokens(title)
    for run in re.findall("[上海华为科技有限单]+", title):
        start = data.draw(st.integers(0, len(run) - 1))
        stop = data.draw(st.integers(start + 1, len(run)))
        assert found(run[start:stop], tokens)
        assert matches(run[start:stop], title)


def test_recheck_separates_what_bigrams_confuse() -> None:
    tokens = entry_tokens("海华与华为")
    assert found("海华为", tokens)
    assert needs_recheck("海华为")
    assert not matches("海华为", "海华与华为")
    assert matches("海华为", "上海（华为）")
    assert matches("海华 abc", "上海华为")
    assert not needs_recheck("海华")
    assert not needs_recheck("abcdef")


def test_entries_stay_small() -> None:
    address = "".join(chr(0x4E00 + i) for i in range(500))
    tokens = entry_tokens("上海华为技术有限公司", [address] * 3, ["+8613800138000"] * 20, ["91310000MA1FL70B1X"])
    assert len(tokens) == MAX_TOKENS
    assert "r:00083100831" in tokens
    assert len(entry_tokens(address)) <= 200
    assert max(map(len, entry_tokens("x" * 500))) <= 40
    assert len(query_tokens("好" * 10_000)) < 100


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("三", "张三", True), ("zs", "张三", True), ("zhangs", "张三", True), ("san", "张三", True), ("hang", "张三", False), ("李", "张三", False),
        ("shan", "单雄信", True), ("dan", "单雄信", True), ("abckj", "ABC 科技", True), ("ANNA", "Anna Lee", True), ("al", "Anna Lee", False), ("", "张三", True),
    ],
)  # fmt: skip
def test_a_name_is_spelt_by_characters_pinyin_and_initials(typed: str, text: str, found: bool) -> None:
    assert spells(typed, text) is found
