"""Chinese family names (百家姓 and today's register): the frequent ones, of which there is little doubt, and the others."""

from __future__ import annotations

from typing import Final

from guanxi.base.pinyin import SURNAMES

COMMON: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
"""One-sign names borne by some ten thousand people and more."""
OTHER: Final = frozenset(
    "官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)
DOUBLE: Final = frozenset(
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯", "端木", "长孙", "宇文", "轩辕", "百里", "呼延", "南宫", "西门", "独孤", "澹台", "闻人", "万俟", "淳于", "单于", "太史", "申屠", "仲孙", "钟离", "赫连", "拓跋", "司空", "濮阳", "公冶", "宗政", "完颜", "纳兰"]
) | {name for name in SURNAMES if len(name) == 2}


def surname(text: str) -> str:
    """The family name a text begins with, two signs before one; "" if it begins with none."""
    if text[:2] in DOUBLE:
        return text[:2]
    return text[:1] if text[:1] in COMMON or text[:1] in OTHER or text[:1] in SURNAMES else ""


def frequent(text: str) -> bool:
    """Whether it begins with a family name that is hardly ever anything else."""
    return text[:2] in DOUBLE or text[:1] in COMMON
