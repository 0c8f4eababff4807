"""What columns are called in the files people have, and the field each means.

The words are those of exports of other CRMs and registers and of hand-made workbooks, in groups that mean the same.
A field takes part in a group by its own name or label, so nothing here knows an object: 联系电话 finds the field
labelled 电话 of whatever is imported, and fields that an administrator made are found the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from guanxi.base.normal import normal

# Words of one meaning, the most usual first: among several fields the one wins in whose group the word comes earlier.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    # customers and whoever has an address
    "name": ("名称", "公司名称", "企业名称", "客户名称", "单位名称", "学校名称", "机构名称", "公司", "客户",
        "单位", "企业", "供应商名称", "账户名称", "name", "account", "account name", "company", "company name",
        "customer", "customer name", "organization"),
    "short_name": ("简称", "公司简称", "客户简称", "企业简称", "short name", "abbreviation"),
    "english_name": ("英文名", "英文名称", "外文名称", "english name"),
    "credit_code": ("统一社会信用代码", "社会信用代码", "信用代码", "信用代码/注册号", "税号", "纳税人识别号",
        "营业执照号", "组织机构代码", "注册号", "uscc", "tax id", "tax number", "vat number", "credit code",
        "registration number"),
    "industry": ("行业", "所属行业", "客户行业", "行业分类", "国标行业", "industry", "sector", "细分行业"),
    "level": ("客户级别", "客户等级", "级别", "等级", "客户评级", "level", "rating", "tier", "account rating",
        "grade", "客户分级"),
    "type": ("客户类型", "类型", "企业类型", "公司类型", "类别", "type", "account type", "customer type"),
    "status": ("状态", "客户状态", "登记状态", "经营状态", "跟进状态", "status"),
    "source": ("来源", "客户来源", "线索来源", "渠道", "来源渠道", "获客渠道", "source", "lead source",
        "lead origin", "channel", "origin"),
    "phone": ("电话", "联系电话", "公司电话", "单位电话", "座机", "固定电话", "固话", "办公电话", "电话号码",
        "联系方式", "总机", "企业电话", "phone", "telephone", "tel", "phone number", "business phone",
        "work phone", "contact number", "phones", "手机", "手机号", "手机号码", "移动电话", "联系手机", "mobile",
        "mobile phone", "cell", "cell phone", "cellphone"),
    "mobile": ("手机", "手机号", "手机号码", "移动电话", "联系手机", "手机1", "mobile", "mobile phone", "cell",
        "cell phone", "cellphone"),
    "fax": ("传真", "传真号码", "传真号", "fax", "fax number"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "企业邮箱", "email", "e-mail", "mail",
        "email address"),
    "website": ("网址", "网站", "官网", "公司网址", "公司网站", "主页", "website", "url", "web", "homepage",
        "domain", "网站地址"),
    "region": ("地区", "所在地区", "省市区", "所在地", "所在省份", "所在省市", "省份", "省", "城市", "市", "所在城市", "区县",
        "区域", "行政区划", "所属地区", "region", "state", "province", "city", "location", "office location"),
    "address": ("地址", "详细地址", "注册地址", "公司地址", "办公地址", "通讯地址", "联系地址", "单位地址",
        "经营地址", "企业地址", "address", "street", "street address", "mailing address", "billing address"),
    "postcode": ("邮编", "邮政编码", "postcode", "zip", "zip code", "postal code"),
    "employees": ("人数", "员工人数", "公司规模", "人员规模", "规模", "员工数", "参保人数", "employees",
        "number of employees", "headcount", "size"),
    "revenue": ("年营业额", "营业额", "年收入", "营业收入", "年产值", "销售额", "revenue", "annual revenue",
        "turnover", "年营业收入"),
    "registered_capital": ("注册资本", "注册资金", "注册资本(万元)", "registered capital", "capital", "注册资本金"),
    "founded_on": ("成立日期", "成立时间", "注册日期", "注册时间", "登记日期", "founded", "established",
        "year established", "founded on", "成立年份"),
    "legal_representative": ("法人", "法人代表", "法定代表人", "负责人姓名", "legal representative", "法定代表"),
    "business_scope": ("经营范围", "主营业务", "主营产品", "business scope"),
    "parent": ("上级客户", "上级公司", "母公司", "所属集团", "parent", "parent account", "subsidiary of"),
    "owner": ("负责人", "所有人", "归属人", "业务员", "销售员", "销售", "跟进人", "客户经理", "销售负责人",
        "所属销售", "客户负责人", "经办人", "owner", "account owner", "sales rep", "sales agent", "salesperson",
        "assigned to", "responsible"),
    "department": ("部门", "所属部门", "归属部门", "department"),
    "tags": ("标签", "客户标签", "分组", "tags", "labels", "categories"),
    "remark": ("备注", "说明", "描述", "备注信息", "客户备注", "其他", "remark", "remarks", "note", "notes",
        "description", "comment", "comments", "memo", "简介"),
    "number": ("编号", "客户编号", "编码", "合同编号", "订单编号", "商机编号", "单号", "id", "number", "code",
        "opportunity id"),
    "created_at": ("创建时间", "创建日期", "录入时间", "created", "created at", "created date",
        "first contact date"),
    # people
    "customer": ("客户名称", "所属客户", "客户", "公司名称", "公司", "单位", "关联客户", "对应客户", "企业名称",
        "customer", "account", "company", "organization", "account name", "客户名"),
    "contact": ("联系人", "联系人姓名", "对接人", "客户联系人", "contact", "contact name", "contact person",
        "person"),
    "full_name": ("姓名", "联系人", "联系人姓名", "名字", "客户姓名", "full name", "name", "contact",
        "contact name", "person"),
    "first_name": ("名", "first name", "given name"),
    "last_name": ("姓", "姓氏", "last name", "surname", "family name"),
    "title": ("职务", "职位", "岗位", "职称", "头衔", "title", "job title", "position", "role"),
    "gender": ("性别", "称谓", "gender", "sex"),
    "birthday": ("生日", "出生日期", "birthday", "date of birth", "birth date"),
    "wechat": ("微信", "微信号", "wechat", "weixin"),
    "qq": ("qq", "qq号", "qq号码"),
    "decision_role": ("决策角色", "决策人", "关键决策人", "角色", "decision role"),
    # sales
    "subject": ("主题", "标题", "商机名称", "任务名称", "线索名称", "商机主题", "项目名称", "subject", "title",
        "opportunity name", "deal name", "task name"),
    "amount": ("金额", "商机金额", "预计金额", "合同金额", "预计销售金额", "成交金额", "总金额", "订单金额",
        "回款金额", "amount", "value", "deal value", "close value", "total", "price", "预算", "budget"),
    "currency": ("币种", "货币", "currency"),
    "stage": ("阶段", "销售阶段", "商机阶段", "商机状态", "进度", "stage", "deal stage", "sales stage"),
    "pipeline": ("销售流程", "管道", "商机状态组", "pipeline"),
    "win_rate": ("赢率", "成功率", "可能性", "赢单率", "probability", "win rate"),
    "expected_close": ("预计成交日期", "预计成交时间", "预计结单日期", "预计签单日期", "expected close",
        "expected close date", "close date", "closing date"),
    "closed_on": ("成交日期", "结单日期", "赢单日期", "签单日期", "won date", "closed date", "close date"),
    "started_on": ("开始日期", "开始时间", "立项日期", "engage date", "start date", "start", "启动日期",
        "启动时间", "engaged on"),
    "lost_reason": ("输单原因", "丢单原因", "失败原因", "lost reason", "loss reason"),
    "competitor": ("竞争对手", "竞品", "competitor"),
    "next_follow_up": ("下次跟进时间", "下次联系时间", "下次跟进日期", "next follow up", "next contact",
        "next step date", "next contact at", "下次联系日期"),
    # products
    "product": ("产品", "产品名称", "商品", "商品名称", "意向产品", "product", "product name", "item"),
    "sku": ("产品编码", "产品编号", "商品编码", "货号", "物料编码", "料号", "sku", "product code", "item number",
        "stock code", "产品代码"),
    "category": ("产品分类", "产品类别", "分类", "商品分类", "品类", "category", "product category", "series"),
    "unit": ("单位", "计量单位", "销售单位", "unit", "uom"),
    "specification": ("规格", "规格型号", "型号", "specification", "spec", "model"),
    "price": ("单价", "价格", "标准价格", "售价", "销售单价", "标价", "price", "unit price", "list price",
        "sales price"),
    "cost": ("成本", "成本价", "进价", "采购价", "cost", "cost price"),
    "quantity": ("数量", "件数", "quantity", "qty"),
    "discount": ("折扣", "折扣率", "discount"),
    "tax_rate": ("税率", "tax rate", "vat rate"),
    # follow-ups and tasks
    "content": ("跟进内容", "跟进记录", "内容", "沟通内容", "拜访内容", "记录内容", "content", "details", "body"),
    "kind": ("跟进方式", "跟进类型", "联系方式类型", "方式", "活动类型", "activity type", "kind"),
    "happened_at": ("跟进时间", "跟进日期", "联系时间", "拜访时间", "沟通时间", "发生时间", "happened at",
        "activity date", "date", "time"),
    "due_at": ("截止时间", "截止日期", "到期时间", "完成期限", "计划完成时间", "due", "due date", "deadline"),
    "priority": ("优先级", "紧急程度", "重要程度", "priority"),
    "assignee": ("执行人", "处理人", "任务负责人", "指派给", "assignee", "assigned to"),
}  # fmt: skip

# What columns carry besides their name: stars of required fields, units, hints in brackets, numbers of doubled columns.
_DECORATION = re.compile(r"[*＊:：\s_\-./·]+|[(\[【（][^)\]】）]*[)\]】）]")


def plain(column: str) -> str:
    """A column's name as it is compared: "*客户名称（必填）" → 客户名称, "Account_Name" → accountname."""
    text = normal(column)
    return _DECORATION.sub("", text) or re.sub(r"[\s()\[\]]+", "", text)


def suggest(column: str, fields: Mapping[str, Sequence[str]]) -> str | None:
    """The field a column most likely means, or None.

    `fields`: names of an object's fields, each with its labels in both languages and other words of its own. First a
    field's own name and labels decide, then the groups above, then the longest word that stands inside the column's
    name (收货公司名称); of several fields the one given first.
    """
    return _suggest(column, {field: _own(field, words) for field, words in fields.items()})[0]


def suggest_all(columns: Sequence[str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A mapping of columns to fields in which no field is used twice: certain ones first, then words inside names."""
    left = {field: _own(field, words) for field, words in fields.items()}
    chosen: dict[str, str] = {}
    for certainty in (3, 2, 1):
        for column in columns:
            if column not in chosen:
                field, how = _suggest(column, left)
                if field is not None and how >= certainty:
                    chosen[column] = field
                    del left[field]
    return {column: chosen[column] for column in columns if column in chosen}


def _own(field: str, words: Sequence[str]) -> list[str]:
    """A field's own words, plain. Of a field across a link, customer.name, the last part counts too."""
    return list(
        dict.fromkeys(word for word in (plain(field), plain(field.rpartition(".")[2]), *map(plain, words)) if word)
    )


def _suggest(column: str, fields: Mapping[str, list[str]]) -> tuple[str | None, int]:
    """The field and how sure it is: 3 its own name, 2 a synonym, 1 a word inside the column's name, 0 none."""
    wanted = plain(column)
    if not wanted:
        return None, 0
    for field, own in fields.items():
        if wanted in own:
            return field, 3
    ranked = [
        (group.index(wanted), place, field)
        for group in _GROUPS_OF.get(wanted, ())
        for place, (field, own) in enumerate(fields.items())
        if any(word in group for word in own)
    ]
    if ranked:
        return min(ranked)[2], 2
    _, divided, last = column.rpartition("/")
    if divided:  # 联系人/电话, of a header of two rows
        field_of_last, how = _suggest(last, fields)
        if field_of_last is not None:
            return field_of_last, min(how, 2)
    inside = []
    for place, (field, own) in enumerate(fields.items()):
        for word in {other for group_word in own for group in _GROUPS_OF.get(group_word, ()) for other in group} | set(
            own
        ):
            if word in wanted and len(word) >= (4 if word.isascii() else 2):
                inside.append((len(word), -place, field))
    return (max(inside)[2], 1) if inside else (None, 0)


_GROUPS: Final = tuple(tuple(dict.fromkeys(plain(word) for word in words)) for words in SYNONYMS.values())
_GROUPS_OF: Final[dict[str, list[tuple[str, ...]]]] = {}
for _group in _GROUPS:
    for _word in _group:
        _GROUPS_OF.setdefault(_word, []).append(_group)
