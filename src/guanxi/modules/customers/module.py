"""客户与联系人: who we deal with."""

from __future__ import annotations

from pathlib import Path

from guanxi.kernel import (
    Action,
    Along,
    Attended,
    AutoNumber,
    Board,
    Boolean,
    Calendar,
    Capture,
    Choice,
    Date,
    DateTime,
    Email,
    Exclusion,
    File,
    FirstRule,
    Form,
    Grant,
    Hanging,
    Help,
    Identity,
    Industry,
    Integer,
    KeyFigure,
    Link,
    Links,
    List,
    LongText,
    Matching,
    Module,
    Money,
    MultiChoice,
    NoticeKind,
    Object,
    Owner,
    Person,
    Phone,
    Policy,
    Pooling,
    PoolRule,
    Reached,
    Record,
    Region,
    T,
    Tags,
    Text,
    Url,
    named,
    whole_tree,
)
from guanxi.modules.customers import capture, churn, demo, figures, rules, seeds

CONTACT = NoticeKind("contact_due", T("到了下次联系时间", "Time to get in touch"), T("该联系了：{what}", "Time to get in touch: {what}"), "todo")
UNCONTACTED = NoticeKind(
    "contact_overdue", T("逾期未跟进（本人与上级）", "Overdue follow-ups, mine and my people's"),
    T("{owner} 负责的{what}过了约定联系时间 {n} 天，还没有跟进", "{what} ({owner}) was to be contacted {n} day ago, and was not"), "todo",
)  # fmt: skip
"""Kinds of every object that is followed up."""
DEFERRED = NoticeKind("churn_deferred", T("暂缓的流失客户到期", "A deferred decision on a customer is due"), T("暂缓到期，请决定是否流失：{what}", "Lost or not? The wait is over: {what}"), "todo")

GENDERS = [("male", T("先生", "Male")), ("female", T("女士", "Female"))]
CALENDARS = [("solar", T("公历", "Solar")), ("lunar", T("农历", "Lunar"))]


class Customer(
    Object,
    label=T("客户", "Customer"),
    icon="customer",
    group="sales",
    title="name",
    subtitle=("number",),
    parent="parent",
    letters="names",
    grouped=True,
    about=T("和您做生意的公司、个人和集团，联系人、商机和跟进都挂在它下面。", "The companies, persons and groups you do business with; contacts, deals and follow-ups hang on them."),
):
    """客户: a company, a person or a group that buys, may buy, or matters in another way.

    Three classifications stand beside each other: value (grade), relation, and code class. The last-contact fields are
    written by follow-ups, the deal status by opportunities; nobody types them.
    """

    name = Text(T("客户名称", "Name"), required=True, search=True, personal="name")
    kind = Choice(
        T("客户性质", "Kind"),
        [("company", T("企业", "Company")), ("person", T("个人", "Person")), ("group", T("团体", "Group"))],
        required=True,
        default="company",
    )
    short_name = Text(T("客户简称", "Short name"), search=True)
    number = AutoNumber("KH{yyyy}{mm}-{0000}", T("客户编号", "Number"))
    parent = Link("customer", T("上级客户", "Parent company"), reverse=T("下级客户", "Subsidiaries"))
    credit_code = Text(T("统一社会信用代码", "Credit code"), search=True, index=True)
    grade = Choice(
        T("客户等级", "Grade"),
        [("normal", T("普通客户", "Normal")), ("key", T("重点客户", "Key")), ("vip", T("VIP 客户", "VIP"))],
        default="normal",
    )
    relation = Choice(
        T("客户关系", "Relation"),
        [
            ("potential", T("潜在客户", "Potential")),
            ("target", T("目标客户", "Target")),
            ("established", T("老客户", "Established")),
            ("partner", T("合作伙伴", "Partner")),
            ("competitor", T("竞争对手", "Competitor")),
            ("blacklisted", T("黑名单", "Blacklisted")),
            ("lost", T("流失客户", "Lost")),
        ],
        default="potential",
    )
    code_class = Choice(
        T("编码类别", "Code class"),
        [("1", T("1类", "Class 1")), ("2", T("2类", "Class 2")), ("3", T("3类", "Class 3"))],
    )
    source = Choice(T("客户来源", "Source"), dictionary="customer_source")
    tags = Tags(T("标签", "Tags"))

    industry = Industry(T("行业", "Industry"))
    sector = Text(T("细分行业", "Sector"))
    nature = Choice(T("企业性质", "Ownership"), dictionary="enterprise_nature")
    business_type = Choice(T("经营类型", "Line of business"), dictionary="business_type")
    channels = MultiChoice(T("销售渠道", "Sales channels"), dictionary="sales_channel")
    scale = Choice(
        T("企业规模", "Scale"),
        [
            ("large", T("大型", "Large")),
            ("medium", T("中型", "Medium")),
            ("small", T("小型", "Small")),
            ("micro", T("微型", "Micro")),
        ],
    )
    size = Choice(T("人员规模", "Headcount band"), dictionary="company_size")
    employees = Integer(T("员工人数", "Employees"))
    annual_revenue = Money(T("年营业额", "Annual revenue"))

    legal_representative = Text(T("法人代表", "Legal representative"), personal="name")
    registered_capital = Money(T("注册资金", "Registered capital"))
    established = Date(T("成立日期", "Established"))
    registration_type = Text(T("企业类型", "Registered as"))
    business_scope = LongText(T("经营范围", "Business scope"))
    main_products = LongText(T("主营产品", "Main products"))
    brands = Text(T("经营品牌", "Brands"))
    general_manager = Text(T("总经理", "General manager"), personal="name")
    sales_head = Text(T("销售负责人", "Head of sales"), personal="name")
    publicity_head = Text(T("宣传负责人", "Head of publicity"), personal="name")
    introduction = LongText(T("企业简介", "Introduction"))
    honours = LongText(T("企业荣誉", "Honours"))
    performance = LongText(T("企业效益", "Performance"))
    assets = Money(T("资产", "Assets"))
    liabilities = Money(T("负债", "Liabilities"))
    market_position = Choice(
        T("行业位置", "Market position"),
        [
            ("leader", T("领导者", "Leader")),
            ("follower", T("仿照者", "Follower")),
            ("newcomer", T("新兴企业", "Newcomer")),
        ],
    )
    target_areas = MultiChoice(T("目标经营区域", "Target areas"), dictionary="target_area")
    credit_standing = Choice(T("企业资信", "Credit standing"), dictionary="credit_standing")

    gender = Choice(T("性别", "Gender"), GENDERS, personal="identity")
    birthday = Date(T("生日", "Birthday"), personal="identity")
    birthday_kind = Choice(T("生日历法", "Birthday calendar"), CALENDARS)
    next_birthday = Date(T("下次生日", "Next birthday"), computed=rules.next_birthday, personal="identity")
    anniversary = Date(T("纪念日", "Anniversary"), personal="identity")

    phones = Phone(T("电话", "Phones"), personal="contact")
    fax = Phone(T("传真", "Fax"), personal="contact")
    email = Email(T("邮箱", "E-mail"), personal="contact")
    website = Url(T("网址", "Website"))
    wechat = Text(T("微信", "WeChat"), search=True, personal="contact")
    qq = Text(T("QQ", "QQ"), personal="contact")
    region = Region(T("地区", "Region"))
    country = Text(T("国家", "Country"))
    postal_code = Text(T("邮编", "Postal code"))

    needs = LongText(T("客户需求", "Needs"))
    preferences = LongText(T("客户偏好", "Preferences"))
    opinions = LongText(T("客户意见", "Opinions"))
    description = LongText(T("备注", "Notes"))
    files = File(T("附件", "Files"))

    last_contact_at = DateTime(T("最后跟进时间", "Last contact"), readonly=True)
    last_contact_by = Person(T("最后跟进人", "Last contact by"), readonly=True)
    last_contact_kind = Choice(T("最后跟进方式", "Last contact by way of"), dictionary="activity_kind", readonly=True)
    next_contact_at = DateTime(T("下次联系时间", "Next contact"))
    last_won_on = Date(T("最近成交日期", "Last deal won"), readonly=True)
    deal_status = Choice(
        T("成交状态", "Deal status"),
        [("none", T("未成交", "No deal yet")), ("won", T("已成交", "Has bought"))],
        computed=rules.deal_status,
    )

    churn_risk = Choice(T("流失预警", "Churn warning"), [("watch", T("关注", "Watch")), ("high", T("高风险", "High"))], ruled=True)
    churn_reason = Choice(T("流失原因", "Why lost"), dictionary="churn_reason")
    churn_measures = LongText(T("挽留措施", "What was done"))
    deferred_until = DateTime(T("暂缓至", "Deferred until"), readonly=True)
    lost_on = Date(T("流失日期", "Lost on"), computed=churn.lost_on)
    won_back_on = Date(T("挽回日期", "Won back on"), computed=churn.won_back_on)

    collected_by = Person(T("信息采集人", "Collected by"))
    owner = Owner()

    pooling = Pooling(
        T("公海", "Pool"),
        columns=("name", "grade", "region", "last_contact_at"),
        rules=(
            PoolRule("contact", T("未跟进", "without follow-up"), dates=("last_contact_at",)),
            PoolRule("opportunity", T("未建商机", "without a new opportunity"), hangs=(Hanging("opportunity", "customer"),)),
            PoolRule("deal", T("未成交", "without a deal"), dates=("last_won_on",)),
        ),
        exclusions=(
            Exclusion("bought", T("已成交客户", "Has bought"), where="deal_status = won"),
            Exclusion(
                "open_opportunity",
                T("有进行中的商机", "Has an open opportunity"),
                hangs=Hanging("opportunity", "customer", where="stage.kind = open"),
                business=True,
            ),
            Exclusion("lost", T("已流失客户", "Lost customers"), where="relation = lost"),
        ),
        by="grade",
        hidden=("phones", "fax", "email", "wechat", "qq"),
    )
    duplicates = Matching(
        (Identity("name", "company"), Identity("credit_code", "code"), Identity("phones", "phone"), Identity("website", "domain"), Identity("email", "domain")),
        rules=(
            FirstRule(T("信用代码相同", "Same credit code"), {"credit_code": "exact"}, manual="forbid", api="forbid"),
            FirstRule(T("名称或电话相同", "Same name or phone"), {"name": "normal", "phones": "exact"}),
            FirstRule(T("名称相近或网址相同", "Similar name or same website"), {"name": "fuzzy", "website": "normal", "email": "normal"}, manual="show", imported="off", api="off"),
        ),
        also=("lead", "contact"),
        contacted="last_contact_at",
    )
    attended = Attended(live="relation not in (lost, blacklisted, competitor)", days=30, superior=45, columns=("grade",))
    tells = (
        Reached(CONTACT, "next_contact_at", where="pool empty"),
        Reached(UNCONTACTED, "next_contact_at", where="pool empty", days=1, superior=True),
        Reached(DEFERRED, "deferred_until", where="pool empty and relation != lost"),
    )
    policy = Policy(read="scope", write="scope")
    checks = (whole_tree, rules.kind_fits, rules.credit_code, rules.figures)
    actions = (
        Action(
            "contacted",
            rules.contacted,
            T("记录跟进时间", "Note a contact"),
            inputs=(
                named("at", DateTime(T("时间", "When"))),
                named("by", Person(T("跟进人", "Who"))),
                named("how", Text(T("方式", "How"))),
                named("next_at", DateTime(T("下次联系时间", "Next contact"))),
                named("afresh", Boolean(T("重新统计", "Count afresh"))),
            ),
            internal=True,
        ),
        Action(
            "dealt",
            rules.dealt,
            T("记录成交", "Note a deal"),
            inputs=(
                named("on", Date(T("成交日期", "Won on"))),
                named("afresh", Boolean(T("重新统计", "Count afresh"))),
            ),
            internal=True,
        ),
        Action("lose", churn.lose, T("确认流失", "Confirm lost"), form=("churn_reason", "churn_measures"), needs=("churn_reason",), offered="relation != lost and pool empty", danger=True, right="update"),
        Action(
            "defer", churn.defer, T("暂缓处理", "Defer"), form=("churn_measures",), inputs=(named("until", DateTime(T("暂缓至", "Until"), required=True)),),
            offered="relation != lost and pool empty and churn_risk not empty", right="update",
        ),
        Action(
            "win_back", churn.win_back, T("挽回", "Win back"), form=("churn_measures",), offered="relation = lost", right="update",
        ),
    )  # fmt: skip
    views = (
        List(
            columns=(
                "name", "grade", "relation", "industry", "region", "phones", "last_contact_at", "next_contact_at", "owner",
            ),
            filters=(
                "kind", "grade", "relation", "source", "industry", "region", "tags", "groups", "deal_status", "owner",
                "last_contact_at",
            ),
        ),
        List(
            name="mine",
            label=T("我负责的", "Mine"),
            columns=("name", "grade", "relation", "phones", "last_contact_at", "next_contact_at"),
            filters=("grade", "relation", "source", "industry", "region", "tags"),
            where="owner = me",
        ),
        List(
            name="to_contact",
            label=T("今日需联系", "Due for contact"),
            columns=("name", "grade", "phones", "last_contact_at", "next_contact_at", "owner"),
            filters=("grade", "relation", "owner"),
            where="next_contact_at within last_365_days",
            sort=("next_contact_at",),
        ),
        List(
            name="key",
            label=T("重点客户", "Key customers"),
            columns=("name", "grade", "relation", "industry", "last_contact_at", "last_won_on", "owner"),
            filters=("relation", "industry", "region", "owner"),
            where="grade in (key, vip)",
        ),
        List(
            name="churn",
            label=T("流失预警", "Churn warning"),
            columns=("name", "churn_risk", "grade", "last_contact_at", "last_won_on", "deferred_until", "owner"),
            filters=("churn_risk", "grade", "region", "owner"),
            where="churn_risk not empty",
        ),
        List(
            name="lost",
            label=T("已流失", "Lost"),
            columns=("name", "churn_reason", "lost_on", "grade", "last_won_on", "churn_measures", "owner"),
            filters=("churn_reason", "lost_on", "grade", "region", "owner"),
            where="relation = lost",
            sort=("-lost_on",),
        ),
        Board(
            by="relation",
            card=("name", "grade", "industry", "last_contact_at", "next_contact_at", "owner"),
            closed=("blacklisted", "lost"),
            moves={"lost": "lose"},
            overdue="next_contact_at < today",
        ),
        Calendar(
            date="next_contact_at",
            card=("name",),
            overdue="next_contact_at < today",
            color="orange",
            common=False,
            label=T("下次联系", "Next contact"),
        ),
        Calendar(name="birthday", date="next_birthday", card=("name",), color="purple", label=T("生日", "Birthdays")),
        Record(
            highlights=("grade", "relation", "deal_status", "last_contact_at", "next_contact_at", "owner"),
            groups=(
                (
                    T("基本信息", "Basics"),
                    ("name", "short_name", "number", "kind", "parent", "grade", "relation", "code_class", "source",
                     "tags", "groups"),
                ),
                (
                    T("联系方式", "How to reach"),
                    ("phones", "fax", "email", "website", "wechat", "qq", "region", "country", "postal_code"),
                ),
                (
                    T("企业资料", "Company"),
                    (
                        "industry", "sector", "nature", "business_type", "channels", "scale", "size", "employees",
                        "annual_revenue", "main_products", "brands", "market_position", "target_areas",
                        "general_manager",
                        "sales_head", "publicity_head", "introduction", "honours", "performance",
                    ),
                ),
                (
                    T("工商与资信", "Registration and credit"),
                    (
                        "credit_code", "legal_representative", "registered_capital", "established", "registration_type",
                        "business_scope", "assets", "liabilities", "credit_standing",
                    ),
                ),
                (T("个人资料", "Personal"), ("gender", "birthday", "birthday_kind", "next_birthday", "anniversary")),
                (T("需求与备注", "Needs and notes"), ("needs", "preferences", "opinions", "description", "files")),
                (
                    T("跟进与成交", "Contacts and deals"),
                    ("last_contact_at", "last_contact_by", "last_contact_kind", "next_contact_at", "quiet_days", "last_won_on",
                     "deal_status"),
                ),
                (T("流失管理", "Churn"), ("churn_risk", "deferred_until", "churn_reason", "churn_measures", "lost_on", "won_back_on")),
                (T("系统信息", "System"),
                 ("owner", "collected_by", "created_by", "created_at", "updated_by", "updated_at")),
            ),
            related=("contact", "opportunity", "activity", "task", "customer", "lead"),
            figures=(
                KeyFigure("opportunity", "customer", "sum:amount", T("进行中商机", "Open deals"), where="result = open"),
                KeyFigure("opportunity", "customer", "sum:amount", T("赢单金额", "Won"), where="result = won"),
            ),
        ),
        Form(
            fields=(
                "name", "kind", "short_name", "parent", "credit_code", "grade", "relation", "code_class", "source",
                "industry", "sector", "nature", "size", "phones", "email", "website", "wechat", "region", "country",
                "postal_code", "needs", "next_contact_at", "tags", "description", "owner",
            ),
            short=("name", "phones", "grade", "source", "industry", "owner", "region"),
            along=Along("contact", "customer", ("name", "phones", "position", "wechat")),
        ),
    )  # fmt: skip
    indexes = (("next_contact_at",), ("next_birthday",), ("grade",), ("relation", "-updated_at"))


class Contact(
    Object,
    label=T("联系人", "Contact"),
    icon="contact",
    group="sales",
    title="name",
    subtitle=("customer",),
    parent="superior",
    letters="people",
    grouped=True,
    about=T("客户那边的人：怎么联系，谁做决定。", "The people at your customers: how to reach them and who decides."),
):
    """联系人: a person at a customer. One customer is the main one and decides who may see the person; more can
    be linked.

    At most one contact of a customer is the primary one: choosing another takes the mark from the former.
    """

    name = Text(T("姓名", "Name"), required=True, search=True, personal="name")
    customer = Link(
        "customer", T("客户", "Customer"), required=True, on_delete="cascade", reverse=T("联系人", "Contacts")
    )
    customers = Links("customer", T("其他客户", "Other customers"))
    primary = Boolean(T("首要联系人", "Primary contact"), default=False)
    role = Choice(
        T("角色", "Role"),
        [
            ("decider", T("决策者", "Decides")),
            ("influencer", T("影响者", "Influences")),
            ("user", T("使用者", "Uses")),
            ("buyer", T("采购", "Buys")),
            ("gatekeeper", T("技术把关", "Judges the technology")),
            ("opponent", T("反对者", "Opposes")),
            ("other", T("其他", "Other")),
        ],
    )
    key_decider = Boolean(T("关键决策人", "Key decision maker"), default=False)
    attitude = Choice(
        T("态度", "Attitude"),
        [("for", T("支持", "Supports")), ("neutral", T("中立", "Neutral")), ("against", T("反对", "Against"))],
    )
    salutation = Choice(T("称谓", "Salutation"), dictionary="salutation")
    gender = Choice(T("性别", "Gender"), GENDERS, personal="identity")
    position = Choice(T("职务", "Position"), dictionary="position")
    job_title = Text(T("头衔", "Job title"))
    department = Text(T("部门", "Department"))
    superior = Link("contact", T("直属上级", "Superior"), reverse=T("下级", "Reports"))

    phones = Phone(T("电话", "Phones"), personal="contact")
    fax = Phone(T("传真", "Fax"), personal="contact")
    email = Email(T("邮箱", "E-mail"), personal="contact")
    wechat = Text(T("微信", "WeChat"), search=True, personal="contact")
    qq = Text(T("QQ", "QQ"), search=True, personal="contact")
    region = Region(T("地址", "Address"))
    postal_code = Text(T("邮编", "Postal code"))

    birthday = Date(
        T("生日", "Birthday"),
        personal="identity",
        help=T(
            "农历生日请填写农历的年月日，如农历八月十五填 1980-08-15。",
            "For a lunar birthday give the lunar year, month and day.",
        ),
    )
    birthday_kind = Choice(T("生日历法", "Birthday calendar"), CALENDARS, default="solar")
    next_birthday = Date(T("下次生日", "Next birthday"), computed=rules.next_birthday, personal="identity")
    anniversary = Date(T("纪念日", "Anniversary"), personal="identity")
    hobbies = Tags(T("兴趣爱好", "Hobbies"), personal="identity")
    habits = LongText(T("个人习惯", "Habits"), personal="identity")
    education = Choice(T("学历", "Education"), dictionary="education", personal="identity")
    major = Text(T("专业", "Major"), personal="identity")
    family = Choice(T("家庭构成", "Family"), dictionary="family", personal="sensitive")
    personality = Choice(T("性格", "Personality"), dictionary="personality", personal="identity")
    connections = LongText(T("社会关系", "Connections"), personal="sensitive")
    resume = LongText(T("履历", "Career"), personal="identity")
    home_address = Text(T("家庭地址", "Home address"), personal="sensitive")

    left = Boolean(
        T("已失效", "No longer valid"), default=False, help=T("已离职或无法联系。", "Has left or cannot be reached.")
    )
    tags = Tags(T("标签", "Tags"))
    description = LongText(T("备注", "Notes"))
    files = File(T("附件", "Files"))
    collected_by = Person(T("信息采集人", "Collected by"))
    owner = Owner()

    duplicates = Matching(
        (Identity("name", "text", within="customer"), Identity("phones", "mobile"), Identity("email", "mailbox")),
        rules=(
            FirstRule(T("手机或邮箱相同", "Same mobile or e-mail"), {"phones": "exact", "email": "exact"}),
            FirstRule(T("同一客户下同名", "Same name at one customer"), {"name": "normal"}, imported="off", api="off"),
        ),
    )
    policy = Policy(read="scope", write="scope", through=("customer",))
    checks = (whole_tree, rules.contact_fits)
    effects = (rules.one_primary,)
    views = (
        List(
            columns=("name", "customer", "position", "role", "phones", "email", "primary", "owner"),
            filters=("customer", "role", "position", "gender", "hobbies", "groups", "next_birthday", "left", "owner"),
        ),
        List(
            name="birthdays",
            label=T("近期生日", "Birthdays soon"),
            columns=("name", "customer", "position", "phones", "next_birthday", "birthday_kind", "owner"),
            filters=("owner",),
            where="next_birthday within next_30_days",
            sort=("next_birthday",),
        ),
        Calendar(
            name="birthday",
            date="next_birthday",
            card=("name", "customer"),
            where="left != true",
            color="purple",
            label=T("生日", "Birthdays"),
        ),
        Record(
            highlights=("customer", "position", "role", "attitude", "owner"),
            groups=(
                (
                    T("基本信息", "Basics"),
                    (
                        "name", "customer", "customers", "primary", "role", "key_decider", "attitude", "salutation",
                        "gender",
                        "position", "job_title", "department", "superior", "left", "tags", "groups",
                    ),
                ),
                (T("联系方式", "How to reach"), ("phones", "email", "wechat", "qq", "fax", "region", "postal_code")),
                (
                    T("个人资料", "Personal"),
                    (
                        "birthday", "birthday_kind", "next_birthday", "anniversary", "hobbies", "habits", "education",
                        "major",
                        "family", "personality", "connections", "resume", "home_address",
                    ),
                ),
                (T("备注", "Notes"), ("description", "files")),
                (T("系统信息", "System"),
                 ("owner", "collected_by", "created_by", "created_at", "updated_by", "updated_at")),
            ),
            related=("opportunity", "activity", "task", "contact"),
        ),
        Form(
            fields=(
                "name", "customer", "primary", "role", "key_decider", "salutation", "gender", "position", "job_title",
                "department", "phones", "email", "wechat", "qq", "birthday", "birthday_kind", "hobbies", "superior",
                "customers", "tags", "description", "owner",
            ),
            short=("name", "customer", "phones", "position", "role", "wechat", "owner"),
        ),
    )  # fmt: skip


FULL = ("read", "create", "update", "delete", "restore", "assign", "share", "unshare", "import", "export")

HELP = Path(__file__).parent / "help"

MODULE = Module(
    name="customers",
    label=T("客户", "Customers"),
    objects=(Customer, Contact),
    grants={
        "executive": {name: Grant(("read", "print", "export"), "all", "none") for name in ("customer", "contact")},
        "sales_manager": {name: Grant((*FULL, "print"), "below", "below") for name in ("customer", "contact")},
        "sales": {name: Grant(FULL, "own", "own") for name in ("customer", "contact")},
        "service": {
            "customer": Grant(("read", "update"), "all", "own"),
            "contact": Grant(("read", "create", "update"), "all", "own"),
        },
        "marketing": {
            name: Grant(("read", "create", "update", "import", "print", "export"), "all", "own")
            for name in ("customer", "contact")
        },
        "finance": {
            "customer": Grant(("read", "print", "export"), "all", "none"),
            "contact": Grant(("read",), "all", "none"),
        },
        "warehouse": {
            "customer": Grant(("read",), "all", "none"),
            "contact": Grant(("read",), "all", "none"),
        },
    },
    counters=figures.COUNTERS,
    figures=figures.FIGURES,
    dashboards=figures.DASHBOARDS,
    help=(Help("customers", HELP, ("customer", "contact")),),
    captures=(
        Capture("customer", T("客户", "Customer"), capture.customer),
        Capture("customer_more", T("补充客户资料", "Complete the customer"), capture.customer_more, "customer"),
        Capture("contact", T("联系人", "Contact"), capture.contact),
        Capture("contact_more", T("补充联系人资料", "Complete the contact"), capture.contact_more, "contact"),
    ),
    seed=seeds.seed,
    demo=demo.demo,
)
