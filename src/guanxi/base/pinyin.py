"""Pinyin of names, for search and sorting: 上海科技 → ("shanghaikeji", "shkj").

pypinyin's own converter takes 160-250 µs a name; a search index needs it a million times. So its data are read once
into one reading per character, plus the phrases in which a character is read otherwise (重庆, 银行), longest match
first. Its phrases are those of a general dictionary; where they mislead in names of places and companies (朝阳 zhāo,
厦 shà) our own list comes first, and surnames have readings of their own (单 Shàn, 曾 Zēng, 仇 Qiú).

Letters have no tones; ü is written v (吕 lv), as people type it. No data are loaded before the first call (0.3 s).
"""

from __future__ import annotations

import functools
import unicodedata
from operator import add
from typing import Final, NamedTuple

from guanxi.base.normal import normal

# Places and words of company names where the dictionary's reading is rare, missing or another one.
_OVERRIDES: Final[dict[str, str]] = {
    "朝阳": "chao yang", "六安": "lu an", "洪洞": "hong tong", "单县": "shan xian", "涡阳": "guo yang",
    "会稽": "kuai ji", "银都": "yin du", "厦": "xia", "大厦": "da sha", "广厦": "guang sha", "商厦": "shang sha",
    "华厦": "hua sha", "行": "hang", "行者": "xing zhe", "行走": "xing zou", "行动": "xing dong",
    "行车": "xing che", "自行": "zi xing", "旅行": "lv xing", "出行": "chu xing", "步行": "bu xing",
    "执行": "zhi xing", "发行": "fa xing", "运行": "yun xing", "飞行": "fei xing", "通行": "tong xing",
    "航行": "hang xing", "远行": "yuan xing", "前行": "qian xing", "同行": "tong xing", "行政": "xing zheng",
    "行星": "xing xing", "都": "du", "重": "zhong", "长": "chang", "长春": "chang chun", "解放": "jie fang",
    "乐": "le", "曾": "zeng", "盛": "sheng", "调": "tiao", "调查": "diao cha", "柏": "bai", "长者": "zhang zhe",
    "阿": "a", "东阿": "dong e", "藏": "zang", "收藏": "shou cang", "珍藏": "zhen cang", "矿藏": "kuang cang",
    "冷藏": "leng cang", "传": "chuan", "和": "he", "拓": "tuo", "茄": "qie", "番禺": "pan yu", "大夫": "dai fu",
    "便宜": "pian yi", "什": "shi", "什么": "shen me", "都匀": "du yun", "台州": "tai zhou", "天台": "tian tai",
    "丽水": "li shui", "铅山": "yan shan", "大埔": "da bu", "黄埔": "huang pu", "尉犁": "yu li", "司长": "si chang",
    "市长": "shi chang", "空调": "kong tiao", "长乐": "chang le",
}  # fmt: skip

_FIRST: Final = 4
"""Characters of the longest phrase, or surname, with a reading of its own."""

# Surnames read otherwise than the character's default (《现代汉语词典》, 《百家姓》); two characters come first.
SURNAMES: Final[dict[str, str]] = {
    "单于": "chan yu", "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "澹台": "tan tai", "宰父": "zai fu",
    "乐正": "yue zheng", "令狐": "ling hu", "皇甫": "huang fu", "呼延": "hu yan", "宿勤": "su qin", "单": "shan",
    "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "盖": "ge", "任": "ren", "区": "ou", "朴": "piao",
    "华": "hua", "繁": "po", "乐": "yue", "翟": "zhai", "冼": "xian", "洗": "xian", "缪": "miao", "宓": "mi",
    "覃": "qin", "召": "shao", "折": "she", "员": "yun", "黑": "he", "郇": "xun", "那": "na", "纪": "ji",
    "隗": "wei", "秘": "bi", "逄": "pang", "种": "chong", "句": "gou", "阚": "kan", "幺": "yao", "么": "yao",
    "车": "che", "牟": "mou", "莘": "shen", "褚": "chu", "佴": "nai", "厍": "she", "尉": "wei", "贾": "jia",
    "沈": "shen", "俞": "yu", "訾": "zi", "於": "yu", "过": "guo", "哈": "ha", "燕": "yan", "应": "ying",
    "盛": "sheng", "柏": "bai", "都": "du", "相": "xiang", "祭": "zhai", "谌": "chen", "乜": "nie", "能": "nai",
    "臧": "zang", "宿": "su", "曲": "qu", "强": "qiang", "重": "chong", "石": "shi", "万": "wan", "叶": "ye",
    "晁": "chao", "朝": "chao", "便": "pian", "撒": "sa", "葛": "ge", "藏": "zang", "载": "dai", "长": "zhang",
    "行": "xing", "干": "gan", "宁": "ning", "占": "zhan", "卜": "bu", "角": "jue", "令": "ling", "术": "zhu",
    "殷": "yin", "尹": "yin", "卒": "zu", "不": "fou", "黄": "huang",
}  # fmt: skip


class _Readings(NamedTuple):
    """`char`: one reading per character. `phrases`: readings of words that differ. `longest`: by first two characters."""

    char: dict[str, str]
    phrases: dict[str, tuple[str, ...]]
    longest: dict[str, int]


@functools.cache
def _readings() -> _Readings:
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    plain: dict[str, str] = {}

    def toneless(reading: str) -> str:
        known = plain.get(reading)
        if known is None:
            letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
            known = plain[reading] = "".join(letter for letter in letters if "a" <= letter <= "z")
        return known

    char = {chr(code): toneless(readings.partition(",")[0]) for code, readings in PINYIN_DICT.items()}
    char.update({word: reading for word, reading in _OVERRIDES.items() if len(word) == 1})
    phrases: dict[str, tuple[str, ...]] = {}
    for phrase, parts in PHRASES_DICT.items():
        if 2 <= len(phrase) <= 4 and len(parts) == len(phrase):
            reading = tuple(toneless(part[0]) for part in parts)
            if any(char.get(letter) != sound for letter, sound in zip(phrase, reading, strict=True)):
                phrases[phrase] = reading
    phrases.update({word: tuple(sounds.split()) for word, sounds in _OVERRIDES.items() if len(word) > 1})
    longest: dict[str, int] = {}
    for phrase in phrases:
        longest[phrase[:2]] = max(longest.get(phrase[:2], 0), len(phrase))
    return _Readings(char, phrases, longest)


def read(text: str, surname: bool = False) -> tuple[list[str], list[str]]:
    """The sounds of a normal()ised text and their initials, side by side.

    One part per Chinese character and per run of other letters or digits, which is its own initial; blanks and
    brackets are dropped. With `surname` the text is a person's name: its first characters are read as a surname.
    """
    char, phrases, longest = _readings()
    if not surname and longest.keys().isdisjoint(map(add, text, text[1:])):
        sounds_of_all = list(map(char.get, text))
        if None not in sounds_of_all:  # as most names are: Chinese throughout, and every character read as it is alone
            return sounds_of_all, [sound[:1] for sound in sounds_of_all]  # type: ignore[index, return-value]
    parts: list[str] = []
    firsts: list[str] = []
    index, length = 0, len(text)
    if surname:
        for size in (2, 1):
            if sounds := SURNAMES.get(text[:size]):
                parts, index = sounds.split(), size
                firsts = [sound[0] for sound in parts]
                break
    while index < length:
        letter = text[index]
        reading = char.get(letter)
        if reading is None:
            start = index
            while index < length and text[index] not in char and text[index].isalnum():
                index += 1
            if index > start:
                parts.append(text[start:index])
                firsts.append(text[start:index])
            else:
                index += 1
            continue
        most = longest.get(text[index : index + 2])
        if most is not None:
            for size in range(min(most, length - index), 1, -1):
                if (sounds_of_phrase := phrases.get(text[index : index + size])) is not None:
                    parts += sounds_of_phrase
                    firsts += [sound[:1] for sound in sounds_of_phrase]
                    index += size
                    break
            else:
                parts.append(reading)
                firsts.append(reading[:1])
                index += 1
        else:
            parts.append(reading)
            firsts.append(reading[:1])
            index += 1
    return parts, firsts


def of(text: str, surname: bool = False) -> tuple[str, str]:
    """Full pinyin and initials, in lower case: of("ABC 科技") → ("abckeji", "abckj")."""
    parts, firsts = read(normal(text), surname)
    return "".join(parts), "".join(firsts)


def initial(text: str, surname: bool = False) -> str:
    """The letter a name is looked up under: A to Z by its sound, "#" for what begins with no letter. initial("重庆") == "C"."""
    text = normal(text[:16])
    if text[:1] in _readings().char:
        text = text[:_FIRST]  # no phrase at the front is longer
    firsts = read(text, surname)[1]
    letter = firsts[0][:1].upper() if firsts else ""
    return letter if "A" <= letter <= "Z" else "#"


def full(text: str, surname: bool = False) -> str:
    return of(text, surname)[0]


def initials(text: str, surname: bool = False) -> str:
    return of(text, surname)[1]
