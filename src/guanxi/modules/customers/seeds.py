"""What a new workspace starts with: the dictionaries of customers and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Entries = tuple[tuple[str, str, str], ...]

DICTIONARIES: dict[str, tuple[str, str, Entries]] = {
    "customer_source": (
        "客户来源", "Customer source",
        (
            ("website", "网站", "Website"), ("search", "搜索引擎", "Search engine"),
            ("social", "社交媒体", "Social media"),
            ("advertisement", "广告", "Advertisement"), ("exhibition", "展会", "Exhibition"),
            ("event", "市场活动", "Event"),
            ("phone", "电话营销", "Telephone"), ("visit", "陌生拜访", "Cold visit"),
            ("referral", "客户介绍", "Referral"),
            ("partner", "合作伙伴", "Partner"), ("inbound", "主动来访", "Came by themselves"),
            ("other", "其他", "Other"),
        ),
    ),
    "enterprise_nature": (
        "企业性质", "Ownership",
        (
            ("foreign", "外资", "Foreign"), ("joint", "合资", "Joint venture"), ("state", "国有", "State-owned"),
            ("collective", "集体", "Collective"), ("private", "民营", "Private"), ("individual", "个体", "Sole trader"),
            ("public", "事业单位", "Public institution"), ("government", "政府机关", "Government"),
            ("other", "其他", "Other"),
        ),
    ),
    "business_type": (
        "经营类型", "Line of business",
        (("production", "生产型", "Production"), ("trade", "贸易型", "Trade"), ("service", "服务型", "Services"),
         ("other", "其他", "Other")),
    ),
    "sales_channel": (
        "销售渠道", "Sales channels",
        (
            ("city", "市内", "City"), ("suburb", "郊县", "Suburbs"), ("terminal", "终端", "Retail terminals"),
            ("mall", "商场", "Malls"), ("catering", "餐饮", "Catering"), ("nightlife", "夜店", "Nightlife"),
            ("group", "集团", "Groups"), ("online", "网络", "Online"),
        ),
    ),
    "company_size": (
        "人员规模", "Headcount band",
        (
            ("1-49", "50人以下", "Under 50"), ("50-99", "50-100人", "50-100"), ("100-499", "100-500人", "100-500"),
            ("500-999", "500-1000人", "500-1000"), ("1000-", "1000人以上", "Over 1000"),
        ),
    ),
    "target_area": (
        "目标经营区域", "Target areas",
        (
            ("northwest", "西北", "Northwest China"), ("southwest", "西南", "Southwest China"),
            ("northeast", "东北", "Northeast China"),
            ("north", "华北", "North China"), ("east", "华东", "East China"), ("central", "华中", "Central China"),
            ("south", "华南", "South China"), ("greater_china", "大中华", "Greater China"),
            ("southeast_asia", "东南亚", "Southeast Asia"),
            ("latin_america", "拉美", "Latin America"), ("europe", "欧洲", "Europe"),
            ("north_america", "北美", "North America"),
            ("australia", "澳洲", "Australia"), ("africa", "非洲", "Africa"), ("world", "全球", "Worldwide"),
        ),
    ),
    "credit_standing": (
        "企业资信", "Credit standing",
        (("a", "A 优", "A excellent"), ("b", "B 良", "B good"), ("c", "C 一般", "C fair"), ("d", "D 差", "D poor")),
    ),
    "salutation": (
        "称谓", "Salutation",
        (
            ("mr", "先生", "Mr"), ("ms", "女士", "Ms"), ("boss", "总", "Director"), ("manager", "经理", "Manager"),
            ("director", "主任", "Head"), ("engineer", "工", "Engineer"), ("teacher", "老师", "Teacher"),
            ("professor", "教授", "Professor"), ("doctor", "博士", "Doctor"),
        ),
    ),
    "position": (
        "职务", "Position",
        (
            ("chairman", "董事长", "Chairman"), ("general_manager", "总经理", "General manager"),
            ("deputy_general_manager", "副总经理", "Deputy general manager"),
            ("department_manager", "部门经理", "Department manager"),
            ("marketing_director", "市场总监", "Marketing director"),
            ("finance_director", "财务总监", "Finance director"),
            ("chief_engineer", "总工程师", "Chief engineer"), ("sales_supervisor", "营销主管", "Sales supervisor"),
            ("market_supervisor", "市场主管", "Market supervisor"),
            ("publicity_supervisor", "宣传主管", "Publicity supervisor"),
            ("liaison_supervisor", "外联主管", "Liaison supervisor"),
            ("hr_supervisor", "人力资源主管", "HR supervisor"),
            ("business_supervisor", "业务主管", "Business supervisor"), ("purchaser", "采购", "Purchaser"),
            ("clerk", "办公文员", "Clerk"), ("staff", "职员", "Staff"),
        ),
    ),
    "education": (
        "学历", "Education",
        (
            ("school", "高中及以下", "School"), ("college", "大专", "College"), ("bachelor", "本科", "Bachelor"),
            ("master", "硕士", "Master"), ("doctor", "博士", "Doctor"),
        ),
    ),
    "family": (
        "家庭构成", "Family",
        (
            ("single", "独身", "Single"), ("couple", "丁克", "Couple"), ("three", "三口之家", "Parents and child"),
            ("three_generations", "三代大家", "Three generations"),
        ),
    ),
    "personality": (
        "性格", "Personality",
        (
            ("merchant", "商人型", "Merchant"), ("entrepreneur", "企业家型", "Entrepreneur"),
            ("official", "官僚型", "Official"),
            ("expert", "专家型", "Expert"), ("scholar", "学者型", "Scholar"), ("accountant", "会计型", "Accountant"),
            ("other", "其他", "Other"),
        ),
    ),
    "churn_reason": (
        "流失原因", "Why a customer is lost",
        (
            ("price", "价格", "Price"), ("competitor", "转向竞争对手", "Went to a competitor"), ("quality", "产品或质量", "Product or quality"),
            ("service", "服务不满", "Service"), ("no_need", "不再需要", "No need any more"), ("closed", "停业或搬迁", "Closed or moved away"),
            ("contact", "对接人变动", "Our contact left"), ("neglect", "跟进不及时", "We did not keep in touch"), ("other", "其他", "Other"),
        ),
    ),
    "activity_kind": (
        "跟进方式", "Way of contact",
        (
            ("phone", "电话", "Phone"), ("visit", "拜访", "Visit"), ("wechat", "微信", "WeChat"),
            ("email", "邮件", "E-mail"),
            ("meeting", "会议", "Meeting"), ("sms", "短信", "SMS"), ("other", "其他", "Other"),
        ),
    ),
}  # fmt: skip


def plant(desk: Any, dictionaries: Mapping[str, tuple[str, str, Entries]]) -> None:
    """Dictionaries and their entries, each only where it is missing: what an administrator changed stays changed."""
    for key, (zh, en, entries) in dictionaries.items():
        dictionary = desk.ensure("dictionary", match={"key": key}, changes={"name": zh, "name_en": en})
        for order, (entry, entry_zh, entry_en) in enumerate(entries, 1):
            desk.ensure(
                "dictionary_entry",
                match={"dictionary": dictionary, "key": entry},
                changes={"name": entry_zh, "name_en": entry_en, "order": order * 10},
            )


def seed(desk: Any) -> None:
    plant(desk, DICTIONARIES)
    if not desk.find("number_rule", {"field": "subject", "op": "=", "value": "customer.number"}, deleted=None):
        desk.perform(
            "number_rule", "create",
            changes={"name": "类型加编号，如 1类-01", "subject": "customer.number", "pattern": "{code_class}类-{00}", "reset": "never", "active": False},
        )
