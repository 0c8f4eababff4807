import pytest

from guanxi.base import pinyin
from guanxi.base.pinyin import full, initials, of, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上海科技", ("shanghaikeji", "shkj")),
        ("ABC 科技（深圳）", ("abckejishenzhen", "abckjsz")),
        ("ＡＢＣ", ("abc", "abc")),
        ("3M中国", ("3mzhongguo", "3mzg")),
        ("重庆银行", ("chongqingyinhang", "cqyh")),
        ("长沙重工", ("changshazhonggong", "cszg")),
        ("北京市朝阳区", ("beijingshichaoyangqu", "bjscyq")),
        ("厦门", ("xiamen", "xm")),
        ("国贸大厦", ("guomaodasha", "gmds")),
        ("六安", ("luan", "la")),
        ("蚌埠", ("bengbu", "bb")),
        ("吕梁", ("lvliang", "ll")),
        ("会计", ("kuaiji", "kj")),
        ("旅行社", ("lvxingshe", "lxs")),
        ("音乐", ("yinyue", "yy")),
        ("某某公司长乐店", ("moumougongsichangledian", "mmgscld")),
        ("空调配件", ("kongtiaopeijian", "ktpj")),
        ("", ("", "")),
        ("！？", ("", "")),
        ("Müller", ("müller", "müller")),
    ],
)
def test_pinyin_of_names(text: str, expected: tuple[str, str]) -> None:
    assert of(text) == expected
    assert (full(text), initials(text)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("单雄信", ("shanxiongxin", "sxx")),
        ("曾国藩", ("zengguofan", "zgf")),
        ("仇和", ("qiuhe", "qh")),
        ("解晓东", ("xiexiaodong", "xxd")),
        ("尉迟恭", ("yuchigong", "ycg")),
        ("万俟卨", ("moqixie", "mqx")),
        ("区伟", ("ouwei", "ow")),
        ("查良镛", ("zhaliangyong", "zly")),
        ("任正非", ("renzhengfei", "rzf")),
        ("张三", ("zhangsan", "zs")),
        ("John", ("john", "john")),
    ],
)
def test_surnames(name: str, expected: tuple[str, str]) -> None:
    assert of(name, surname=True) == expected


def test_a_surname_is_only_read_at_the_front_of_a_name() -> None:
    assert full("单位") == "danwei"
    assert read("订单", surname=True) == (["ding", "dan"], ["d", "d"])


def test_overrides_have_one_sound_per_character() -> None:
    for table in (pinyin._OVERRIDES, pinyin.SURNAMES):
        for word, sounds in table.items():
            assert len(word) == len(sounds.split()), word


def test_agrees_with_the_slow_converter_where_no_override_speaks() -> None:
    from pypinyin import lazy_pinyin

    words = [
        "上海浦东发展",
        "深圳市腾讯计算机系统有限公司",
        "青岛啤酒",
        "中国石油化工集团",
        "哈尔滨工业大学",
        "广东省佛山市顺德区",
    ]
    for word in words:
        assert read(word)[0] == lazy_pinyin(word)
