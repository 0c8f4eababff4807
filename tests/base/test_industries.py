import pytest

from guanxi.base.industries import SECTIONS, find


def test_twenty_sections() -> None:
    assert "".join(code for code, _ in SECTIONS) == "ABCDEFGHIJKLMNOPQRST"
    assert dict(SECTIONS)["I"].zh == "信息传输、软件和信息技术服务业"
    for code, name in SECTIONS:
        assert find(code) == find(name.zh) == find(name.en) == find(f"{code} {name.zh}") == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("制造业", "C"), ("制造", "C"), ("软件", "I"), ("IT 行业", "I"),
     ("IT", "I"), ("房地产业", "K"), ("贸易行业", "F"), ("金融", "J"),
     ("ｓｏｆｔｗａｒｅ", "I"), ("c", "C"), ("Z", None), ("其他", None), ("", None)],
)  # fmt: skip
def test_what_people_write(text: str, code: str | None) -> None:
    assert find(text) == code
