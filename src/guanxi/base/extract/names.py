"""Companies, people, their titles and departments, by the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from guanxi.base.extract.facts import Fact, Plain
from guanxi.base.extract.surnames import frequent, surname

_HAN = "\u4e00-\u9fff"

# -- companies -------------------------------------------------------------------------------------------------------

_STRONG = "有限责任公司|股份有限公司|集团有限公司|有限公司|股份公司|集团公司|总公司|分公司|事务所|研究院|研究所|设计院|合作社|合伙企业"
_WEAK = "集团|公司|医院|大学|学院|中学|小学|学校|幼儿园|银行|支行|分行|酒店|饭店|宾馆|超市|商行|经营部|门市部|工作室|工厂|基金会|协会|学会|商会|卫生院|诊所|药房|管理局|分局|电视台|出版社|制造厂|加工厂|机械厂|药厂|食品厂|印刷厂"
_END = re.compile(f"{_STRONG}|{_WEAK}")
_RUN = re.compile(rf"[{_HAN}A-Za-z0-9()&·.\-]+")
_TAIL = re.compile(rf"(?:\((?:{_STRONG}|[{_HAN}]{{2,8}})\))?(?:(?![的和与在是了我你他她跟给说被把让去来])[{_HAN}]){{0,10}}?(?:\([{_HAN}]{{2,8}}\))?(?:{_STRONG}|集团|公司|分行|支行|分院|分校|医院|学院|研究院|营业部|办事处)")
_BRANCH = re.compile(rf"\((?:普通|有限|特殊普通)合伙\)|\([{_HAN}]{{2,8}}\)")
_LEADS = (
    "我们是", "我是", "这里是", "这边是", "来自", "对方是", "客户是", "您好", "你好", "任职于", "就职于", "供职于", "属于", "位于", "公司名称", "单位名称",
    "客户名称", "公司全称", "拜访了", "拜访", "联系了", "联系", "走访", "见了", "去了", "到了", "关于", "介绍", "推荐", "感谢", "代表", "通知", "今天", "昨天",
    "上午", "下午", "刚才", "刚刚", "新客户", "老客户", "客户", "公司", "单位", "甲方", "乙方", "叫做", "名叫", "就是", "还有", "以及", "并且", "或者", "前往",
    "合作方", "供应商", "竞争对手", "收购", "加入", "我司", "我在", "他在", "她在", "现在", "以前在", "曾在", "发给", "寄给", "开给", "抬头", "提供给", "卖给",
)  # fmt: skip
_SMALL = "我你他在和与跟给去到叫是请从对向为被把找约见回让问帮及由访"
_NOT_SMALL = re.compile("和平|和谐|和信|和睦|和泰|和记|和合|在线|在岗|向阳|向上|对外|为民|回民|与众|和兴|和生|到家|给力|问天|请回|是方|由由|和讯|和邦|为尔|向日|和利")
_VAGUE = re.compile(
    "^(?:(?:我|你|您|他|她|它|咱|人家|本|该|贵|这|那|哪|某|各|两|几|一|每|别|整|全|老|新|大|小|原|前|其他|其它|另外|这家|那家|一家|几家|两家|我们|你们|您们|他们|她们|咱们|贵|母|子|总|分|"
    "外贸|贸易|科技|物流|快递|保险|上市|国有|民营|外资|合资|开户|收款|付款|商业|当地|附近|多家|很多|所有|部分|有些|什么|哪个|哪家|同一|集团|股份|有限|责任|的|家|个|了|过|上|读|去|在|到|住|看|办|开|成立|注册)*)$"
)
_EN_FORM = r"(?:Co\.?,?\s*,?\s*Ltd\.?|Pte\.?\s*Ltd\.?|Pty\.?\s*Ltd\.?|Ltd\.?|Limited|Inc\.?|GmbH|LLC|L\.L\.C\.|Corp\.?|Corporation|PLC|S\.A\.|B\.V\.|AG|Company|Group|University|Hospital|Holdings|Technologies|& Co\.?)"
_EN_COMPANY = re.compile(rf"(?<![\w@.\-])(?:[A-Z0-9][\w&'\-]{{0,30}}\.?,?[ ]+){{1,6}}?{_EN_FORM}(?:,?\s*{_EN_FORM})?(?![\w@])")
_NAMED = re.compile(r"(?:(?:公司|单位|客户|企业|工作单位|抬头|开票)(?:名称|全称|抬头)?|company(?: name)?|organi[sz]ation)\s*:\s*(?P<n>[^\n,;。]{2,60})", re.IGNORECASE)


def companies(plain: Plain) -> Iterator[Fact]:
    """Names that end like a company's, from where the words before them stop; and what stands behind 公司：."""
    text = plain.text
    for m in _EN_COMPANY.finditer(text):
        start = m.start()
        if (lead := re.match(r"(?:The |From |At |With |Dear |Hi |I |We |Our )+", m[0])) is not None:
            start += lead.end()
        if plain.free(start, m.end()) and " " in text[start : m.end()]:
            yield plain.fact("company", text[start : m.end()], start, m.end())
            plain.take(start, m.end())
    for run in _RUN.finditer(text):
        at = run.start()
        while (stop := _END.search(text, at, run.end())) is not None:
            end = stop.end()
            for _ in range(3):
                more = _TAIL.match(text, end, run.end())
                if more is None:
                    break
                end = more.end()
            if (branch := _BRANCH.match(text, end, run.end())) is not None:
                end = branch.end()
            start = _beginning(text, at, stop.start())
            found = _company(plain, start, end, stop)
            if found is not None:
                yield found
                plain.take(start, end)
            at = end
    for m in _NAMED.finditer(text):
        name = m["n"].strip(" .")
        start = m.start("n") + m["n"].find(name) if name else 0
        if len(name) >= 2 and plain.free(start, start + len(name)) and not re.search(r"[:@]|\d{6}", name):
            yield plain.fact("company", name, start, start + len(name), sure=len(name) >= 4)
            plain.take(start, start + len(name))


def _beginning(text: str, start: int, end: int) -> int:
    """Where a name begins that ends like a company's: after the last word that leads to a name."""
    part = text[start:end]
    cut = 0
    for word in _LEADS:
        at = part.rfind(word)
        if at >= 0 and at + len(word) <= len(part):
            cut = max(cut, at + len(word))
    if (m := re.search(r"[是叫](?=[^是叫]{2,}$)", part[cut:])) and not re.search(r"[是叫]$", part[cut:]):
        cut += m.end()
    m = re.search(rf"(?:[了过的]|家|^[{_SMALL}])(?=[^了过的]{{2,}}$)", part[cut:])
    if m and not _NOT_SMALL.match(part[cut:]) and not re.match("家(?:电|具|居|乐|纺|家|装)", part[cut + m.start() :]):
        cut += m.end()
    while part[cut : cut + 1] and part[cut] in _SMALL + ":." and not _NOT_SMALL.match(part[cut:]):
        cut += 1
    if part[cut:].count(")") > part[cut:].count("("):
        cut += part[cut:].rfind(")") + 1
    while part[cut : cut + 1] in ("-", ".", "&", "·", "(") and cut < len(part):
        cut += 1
    return start + cut


def _company(plain: Plain, start: int, end: int, m: re.Match[str]) -> Fact | None:
    name, stem = plain.text[start:end], plain.text[start : m.start()]
    if not plain.free(start, end) or len(name) > 60 or _VAGUE.match(stem):
        return None
    strong = re.fullmatch(_STRONG, m[0]) is not None or re.search(rf"(?:{_STRONG})$", name) is not None
    if len(stem) < 2 and not strong:
        return None
    return plain.fact("company", name, start, end, sure=len(stem) >= 2 and (strong or len(stem) <= 14))


# -- titles and departments ------------------------------------------------------------------------------------------

_RANKS = (
    "董事长|副董事长|执行董事|董事|总裁|副总裁|总经理|副总经理|总监|副总监|经理|副经理|主管|主任|副主任|处长|副处长|科长|副科长|部长|副部长|局长|副局长|院长|副院长|校长|"
    "副校长|所长|副所长|厂长|副厂长|店长|站长|行长|副行长|书记|队长|班长|组长|总工程师|高级工程师|工程师|总工|架构师|设计师|会计师|采购员|采购|业务员|销售员|销售代表|"
    "客户代表|顾问|专员|助理|秘书|会计|出纳|教授|副教授|讲师|医生|主任医师|医师|律师|创始人|联合创始人|合伙人|法人代表|法定代表人|老板|负责人|研究员|程序员|总编|主编|记者"
)
_FIELDS = "销售|采购|市场|营销|技术|项目|产品|运营|财务|人力资源|人事|行政|客户|大客户|区域|华东|华南|华北|华中|西南|西北|东北|全国|大区|研发|生产|质量|品质|信息|商务|法务|渠道|供应链|工程|物流|仓储|物业|设备|安全|品牌|公关|媒介|售后|售前|客服|业务|战略|投资|软件|硬件|测试|算法|数据|首席|高级|资深|常务|执行|代理|门店|城市|海外|国际|综合|后勤|外联|宣传|办公室|IT|BD|HR|PMC"
_TITLE = re.compile(rf"(?:(?:{_FIELDS}|副)部?){{0,3}}(?:{_RANKS})(?:助理|秘书)?|(?<![A-Za-z])(?:CEO|CTO|CFO|COO|CIO|CMO|CHO|VP)(?![A-Za-z])")
_EN_TITLE = re.compile(
    r"\b(?:(?:Senior|Chief|Vice|Deputy|Assistant|Regional|General|Key|Executive|Managing|Associate)\s+)*(?:(?:Sales|Purchasing|Procurement|Marketing|Technical|Product|Project|"
    r"Account|Operations|Finance|Business|Development|Engineering|HR|IT|Supply Chain|Information|Technology|Financial|Operating|Executive|Software|Customer|Success|General)\s+)*"
    r"(?:Manager|Director|President|Engineer|Officer|Buyer|Consultant|Specialist|Supervisor|Assistant|Founder|Partner|Chairman|Professor|Secretary|Representative|Head of [A-Z]\w+)\b"
)
_DEPARTMENT = re.compile(
    rf"(?:销售|采购|市场|营销|技术|产品|运营|财务|人力资源|人事|行政|研发|信息|信息技术|IT|生产|工程|质量|质检|品质|法务|客服|商务|项目|设备|物流|仓储|计划|业务|企划|总务|审计|安环|供应链|招标|基建|后勤|外贸|国际|战略|售后|网络|科技|科研|教务|医务|护理)+"
    rf"(?:部门|部|中心|处|科|室|组)(?!长)|(?<![{_HAN}])[{_HAN}A-Za-z0-9]{{2,10}}事业部|(?:总经理|董事长|院长|校长|厂长|董事会|党委)?办公室"
)
_EN_DEPARTMENT = re.compile(r"\b(?:[A-Z][A-Za-z&]*\s+){1,3}(?:Department|Dept\.?|Division)(?!\w)|\bDepartment of [A-Z]\w+(?: [A-Z]\w+)?")


def titles(plain: Plain) -> Iterator[Fact]:
    """What people are, and where in a company they work."""
    for kind, pattern in (("department", _DEPARTMENT), ("department", _EN_DEPARTMENT), ("title", _TITLE), ("title", _EN_TITLE)):
        for m in pattern.finditer(plain.text):
            if plain.free(m.start(), m.end()) and m[0] not in ("采购", "会计"):  # as often something that is done
                yield plain.fact(kind, m[0], m.start(), m.end(), sure=m[0] not in ("经理", "老板", "办公室", "负责人"))


# -- people ----------------------------------------------------------------------------------------------------------

_CALLED = re.compile(
    rf"(?P<t>先生|女士|小姐|太太|同学|{_RANKS}|总(?!共|体|之|的|是|数|额|计|部|会|价|结|裁|监|经理|工|公司|量|线|包|分|统|店|机|金额)|经理|老师|博士|师傅|(?:哥|姐)(?![{_HAN}])|工(?![{_HAN}])|处(?![{_HAN}])|主任)"
)
_GENDER = {"先生": "male", "哥": "male", "女士": "female", "小姐": "female", "太太": "female", "姐": "female"}
_BEFORE = re.compile(r"(?:^|[^\u4e00-\u9fff]|和|跟|与|给|找|见|请|约|系|访|是|叫|到|及|的|由|向|对|让|问|帮|了|电|会|陪|于|话|方|信|因|为|过|请|复|在|司|团|部|室|院|行|校|学|局|处|厂|店|中心|好|谢|呼|寻|得|人|户|监|理|任|长|工|员|师|裁)$")
_NO_NAME = re.compile(
    "^(?:高级|常务|常任|方便|方案|向总|项目|行政|对方|全体|时间|明天|周[一二三四五六日末]|于是|和谐|成本|成交|安排|安全|金额|万元|任务|任何|单位|单价|应该|应用|温度|许多|白天|黄金|江苏|江西|温州|常州|徐州|郑州|广州|杭州|苏州|"
    "向您|向你|向我|向贵|有关|相关|关于|马上|包装|包括|包邮|连接|连续|车间|车辆|毛利|毛重|明细|明年|石油|文件|文档|文化|石材|史上|云南|云服|海南|海外|平台|平时|平均|国家|国内|国际|元旦|门店|门口|门诊|来自|来电|来访|初步|区域|"
    "都是|都有|能否|能够|但是|公司|公开|公告|原因|原来|原价|由于|那么|那个|花费|强调|利润|利息|信息|信用|计划|计算|支付|支持|支出|权限|权利|相信|索要|干活|南京|南方|南山|东方|银行|富士|智能|智慧|植物|丰富|丰田|普通|解决|解释|"
    "查询|查看|查收|应收|应付|曲线|强烈|过来|过去|种类|盛大|万一|万科|华为|华东|华南|华北|华中|武汉|宁波|沈阳|洛阳|成都|安徽|马云|管理|管道|商务|商量|商品|路由|路上|游戏|房间|房产|钱款|钱包|严格|严重|边界|全部|全国|全新|"
    "古代|农业|农村|司机|车票|项链|麦克|师傅|米粉|党委|费用|景区|席位|卫生|荣誉|沙发|冷链|简单|简介|艾滋|童装|尚未|焦虑|左右|左边|欧洲|欧元|申请|申报|章程|易用|齐全|安装|文字|施工|康复|汤姆|江南|范围|金属|金融|石化|"
    "钟点|任职|丁方|叶子|程序|程度|余额|余款|于此|袁大|田园|董事|彭博|唐装|罗列|何时|何况|何处|林业|郭德|马达|胡同|朱红|吴江|赵州|黄色|杨树|刘海|李子|王牌|谢谢|谢啦|宋体|梁山|郑重|"
    "高兴|高效|高速|高端|高新|高清|高度|高手|高价|高铁|许可|许久|段落|雷达|龙头|毛坯|白色|白领|方式|方法|方面|方向|孔径|向前|牛肉|安心|安静|柳州|甘肃|包月|宁夏|符合|舒服|梅雨|童年|季度|成功|成立|成为|成员|谷歌|"
    "路线|游客|蓝色|蓝牙|管家|华润|房租|解除|车位|连锁|全年|全额|全款|应当|时候|时长|明白|明确|沙子|古董|项目|和您|和你|和我|和他|毕竟|毕业|贺卡|田间|石头|贵司|有限|经营|经办|阳光|关键|关注|关系|关闭)"
)
_NO_FAMILY = re.compile("(?:[对甲乙双官地我贵三多各一]方|[大关对由等位至]于|目前|[每本上下这一]周|[一两三五十]年|[人客]员|[技学]术|时间|[国公]司|[开]江|[北南]方|[一两]万)$")
_LABEL = re.compile(r"(?:联系人|联系姓名|姓名|收件人|收货人|经办人|对接人|负责人|客户姓名|名字|法人代表?|法定代表人|contact(?: person)?|name|attn\.?)\s*[:]\s*(?P<n>[^\n,;。|/\d]{1,40})", re.IGNORECASE)
_I_AM = re.compile(rf"我(?:是|叫|的名字是|名字叫)(?:[{_HAN}A-Za-z()]{{2,30}}?的)?(?P<n>[{_HAN}]{{2,4}})(?![{_HAN}])")
_LINE = re.compile(rf"^\s*(?P<n>[{_HAN}](?: ?[{_HAN}]){{1,3}})\s*(?:[,|/·\s]+(?P<rest>[^\d\n]{{2,40}}))?\s*$")
_TOKEN = re.compile(rf"(?<![{_HAN}])(?P<n>[{_HAN}]{{2,4}})[ \t,|/·]{{1,4}}(?=(?:[{_HAN}]{{2,6}}部)?(?:{_TITLE.pattern}))")
_EN_NAME = r"[A-Z][a-z]+(?:[ ][A-Z]\.)?(?:[ -][A-Z][a-zA-Z'’-]+){1,2}"
_EN_TITLED = re.compile(r"\b(?P<t>Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+(?P<n>[A-Z][a-zA-Z'’-]+(?:[ ][A-Z][a-zA-Z'’-]+){0,2})")
_OF_COMPANY = re.compile(rf"(?:公司|集团|医院|大学|学院|银行|事务所|研究院|工厂|部|科|处|中心)的(?P<n>[{_HAN}]{{2,3}})(?=[,;:。、\s和与]|$)")
_EN_LINE = re.compile(rf"^\s*(?P<n>{_EN_NAME})\s*(?:[,|/]\s*(?P<rest>[^\n]{{2,60}}))?$")
_EN_I_AM = re.compile(rf"\b(?:I am|I'm|[Tt]his is|[Mm]y name is)\s+(?P<n>{_EN_NAME})")
_BESIDE = re.compile(rf"(?P<n>[{_HAN}]{{2,4}})\s*(?:先生|女士|经理|总|主任|老师)?\s*(?:的)?(?:手机|电话|联系电话|联系方式|tel)?(?:号码?|是|为)?\s*[:,]?\s*$", re.IGNORECASE)
_NO_EN = re.compile(r"\b(?:Best|Kind|Regards|Dear|Hello|Hi|Thank|Thanks|Sales|Manager|Director|Department|Road|Street|Avenue|Building|Floor|Room|District|City|China|Ltd|Inc|Co|Company|Limited|Group|Corp|Please|The|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October|November|December|Sincerely|Yours|Looking|Good|Business|Card|Office|Tel|Phone|Mobile|Email|Engineer|University|New|Re|Fw|Fwd|Meeting|General|Chief|Officer|President|Vice|Senior|Purchasing|Technical)\b")


def people(plain: Plain, phones: list[Fact], card: bool) -> Iterator[Fact]:
    """People: behind a word for them (联系人：), before a title (张总, 李经理), as a line of a card, beside a phone.

    `card` says that the text looks like a card, where a name stands alone; `phones` are the numbers found (places in the
    original text).
    """
    yield from _labelled(plain)
    yield from _titled(plain)
    yield from _beside(plain, phones)
    yield from _lines(plain, card)
    text = plain.text
    for m in _OF_COMPANY.finditer(text):
        if plain.free(m.start("n"), m.end("n")) and _named(m["n"]) and frequent(m["n"]):
            yield plain.fact("person", m["n"], m.start("n"), m.end("n"), sure=False)
            plain.take(m.start("n"), m.end("n"))
    for pattern in (_I_AM, _EN_I_AM):
        for m in pattern.finditer(text):
            name = m["n"]
            if plain.free(m.start("n"), m.end("n")) and (not re.match(f"[{_HAN}]", name) or _named(name)):
                yield plain.fact("person", name, m.start("n"), m.end("n"))
                plain.take(m.start("n"), m.end("n"))
    for m in _EN_TITLED.finditer(text):
        if plain.free(m.start("n"), m.end("n")):
            gender = {"Mr": "male", "Mrs": "female", "Ms": "female", "Miss": "female"}.get(m["t"], "")
            yield plain.fact("person", m["n"], m.start("n"), m.end("n"), more=(("gender", gender),) if gender else ())
            plain.take(m.start(), m.end())


def _named(name: str) -> bool:
    """Whether it can be a person's whole name."""
    family = surname(name)
    given = name[len(family) :]
    return bool(family) and 1 <= len(given) <= 2 and len(name) <= 4 and not _NO_NAME.match(name) and not re.search("公司|集团|有限|[的了吗呢吧是在们]|部$|省$|市$|县$", given)


def clean_name(words: str) -> tuple[str, str]:
    """(name, title) out of a label's or a chat's words: 张三（采购经理） → 张三, 采购经理; 李总-星河 → 李总."""
    words = words.strip(" .,:-_@")
    title = _TITLE.search(words)
    shown = title[0] if title and title.start() else ""
    head = re.split(r"[(（\[【|/_@,，、]| - |-", words, maxsplit=1)[0].strip()
    if title and title.start() and head.endswith(title[0]) and head != title[0]:
        head = head[: -len(title[0])].strip() or head
    if re.fullmatch(rf"[{_HAN} ]+", head):
        head = head.replace(" ", "")
    return head, shown


def _labelled(plain: Plain) -> Iterator[Fact]:
    for m in _LABEL.finditer(plain.text):
        raw = re.split(r"\s{2,}|电话|手机|tel|职[务位]", m["n"], maxsplit=1, flags=re.IGNORECASE)[0].strip()
        name, title = clean_name(raw)
        name = _without_title(name)
        if not name or len(name) > 30 or not re.match(rf"[{_HAN}A-Za-z]", name):
            continue
        start = plain.text.find(name[0], m.start("n"), m.end("n"))
        end = plain.text.find(name[-1], start, m.end("n")) + 1 if len(name) > 1 else start + 1
        end = max(end, start + len(name))
        chinese = re.match(f"[{_HAN}]", name) is not None
        if plain.free(start, end) and (not chinese or len(name) <= 5):
            yield plain.fact("person", name, start, end, sure=not chinese or bool(surname(name)), more=_more(raw, title))
            plain.take(start, end)


def _without_title(name: str) -> str:
    for word in ("先生", "女士", "小姐", "太太"):
        if name.endswith(word) and len(name) > len(word) + 1:
            return name.removesuffix(word)
    return name


def _more(words: str, title: str) -> tuple[tuple[str, str], ...]:
    gender = next((value for word, value in _GENDER.items() if len(word) == 2 and word in words), "")
    return tuple((key, value) for key, value in (("gender", gender), ("title", title)) if value)


def _titled(plain: Plain) -> Iterator[Fact]:
    text = plain.text
    for m in _CALLED.finditer(text):
        at = m.start()
        title = m["t"]
        # a longer title that ends here: 销售总监 after 王
        before = text[max(0, at - 10) : at]
        wide = re.search(rf"(?:{_FIELDS}|副)+$", before)
        edge = at - len(wide[0]) if wide and title not in _GENDER else at
        start = _name_before(text, edge)
        if start is None or not plain.free(start, edge):
            continue
        name = text[start:edge]
        whole = text[edge : m.end()]
        short = name == surname(name)
        more = [("gender", _GENDER[title])] if title in _GENDER else []
        if title not in (*_GENDER, "总", "工", "处", "老师", "同学", "师傅", "博士"):
            more.append(("title", whole))
        yield plain.fact("person", name + whole if short else name, start, m.end() if short else edge, more=tuple(more), sure=frequent(name))
        plain.take(start, m.end())


def _name_before(text: str, at: int) -> int | None:
    """Where the name begins that ends at `at`: the longest that follows a word or the beginning, else the family name."""
    best = None
    for size in (4, 3, 2, 1):
        start = at - size
        if start < 0 or not re.fullmatch(rf"[{_HAN}]{{{size}}}", text[start:at]):
            continue
        name = text[start:at]
        family = surname(name)
        if not family or len(name) - len(family) > 2 or (size > 1 and name != family and not _named(name)) or _NO_NAME.match(name + text[at : at + 1]):
            continue
        if name == family and _NO_FAMILY.search(text[max(0, start - 1) : at]):
            continue
        if (name == family and not frequent(name)) or name[0] == "和" or (name[0] in "于向对从应由时给" and name != family and surname(name[1:])):
            continue
        if _BEFORE.search(text[max(0, start - 2) : start]) or not start:
            return start
        if name == family:
            best = start
    return best


def _beside(plain: Plain, phones: list[Fact]) -> Iterator[Fact]:
    for one in phones:
        at = plain.at(one.start)
        line = plain.text.rfind("\n", 0, at) + 1
        m = _BESIDE.search(plain.text, max(line, at - 16), at)
        end = plain.at(one.end)
        after = re.match(rf"\s*\(?(?P<n>[{_HAN}]{{2,4}})(?:先生|女士|经理|总)?(?:\)|\s|$|[,;。])", plain.text[end : end + 24])
        for found, base in ((m, 0), (after, end)):
            if found is None:
                continue
            name = found["n"]
            start = base + found.start("n")
            for word in ("先生", "女士", "经理", "电话", "手机", "号码", "总", "主任", "老师"):
                name = name.removesuffix(word)
            for cut in range(max(1, len(name) - 1)):
                if _named(name[cut:]) and frequent(name[cut:]) and (cut == 0 or _BEFORE.search(plain.text[: start + cut][-2:])):
                    if plain.free(start + cut, start + len(name)):
                        yield plain.fact("person", name[cut:], start + cut, start + len(name))
                        plain.take(start + cut, start + len(name))
                    break


def _lines(plain: Plain, card: bool) -> Iterator[Fact]:
    for m in _TOKEN.finditer(plain.text):
        if _named(m["n"]) and frequent(m["n"]) and plain.free(m.start("n"), m.end("n")):
            yield plain.fact("person", m["n"], m.start("n"), m.end("n"))
            plain.take(m.start("n"), m.end("n"))
    for at, line in plain.lines():
        found = _LINE.match(line)
        if found:
            name = found["n"].replace(" ", "")
            rest = found["rest"] or ""
            title = _TITLE.search(rest)
            if not _named(name) or (rest and not title and not surname(rest)) or not (card or title):
                continue
            start, end = at + found.start("n"), at + found.end("n")
            if plain.free(start, end) and (" " not in found["n"] or len(name) <= 3):
                yield plain.fact("person", name, start, end, sure=frequent(name), more=(("title", title[0]),) if title else ())
                plain.take(start, end)
            continue
        if card and (alone := _EN_LINE.match(line)) is not None and not _NO_EN.search(alone["n"]):
            start, end = at + alone.start("n"), at + alone.end("n")
            if plain.free(start, end):
                title = _EN_TITLE.search(alone["rest"] or "")
                yield plain.fact("person", alone["n"], start, end, more=(("title", title[0]),) if title else ())
                plain.take(start, end)


def with_titles(people: list[Fact], found: list[Fact], text: str) -> list[Fact]:
    """People with the title that stands in their line, or alone in the line below or above."""
    out = []
    for one in people:
        if not one.get("title"):
            near = [t for t in found if t.kind == "title" and _close(one, t, text)]
            if len(near) == 1:
                one = replace(one, more=(*one.more, ("title", near[0].value)))
        out.append(one)
    return out


def _close(one: Fact, title: Fact, text: str) -> bool:
    low, high = (one.end, title.start) if title.start >= one.end else (title.end, one.start)
    if high < low:
        return False
    between = text[low:high]
    return len(between) <= 24 and between.count("\n") <= 1 and not re.search(r"[。；;，,!！?？]", between)
