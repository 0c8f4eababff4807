"""线索、销售流程与商机: from a first hint to a deal that is won or lost."""

from __future__ import annotations

from pathlib import Path

from guanxi.kernel import (
    COLOURS,
    Action,
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
    File,
    FirstRule,
    Form,
    Grant,
    Help,
    Identity,
    Industry,
    Intake,
    Integer,
    Link,
    Links,
    List,
    LongText,
    Matching,
    Module,
    Money,
    Number,
    Object,
    Owner,
    Percent,
    Person,
    Phone,
    Policy,
    Pooling,
    PoolRule,
    Reached,
    Record,
    Region,
    Stage,
    T,
    Tags,
    Text,
    Url,
    key_from_name,
    named,
)
from guanxi.modules.customers.module import CONTACT, FULL, GENDERS, UNCONTACTED
from guanxi.modules.sales import capture, demo, figures, leads, rules, seeds, templates

CONTACTED = Action(
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
)


class Lead(
    Object, label=T("线索", "Lead"), icon="lead", group="sales", title="name", subtitle=("company",), letters="names", grouped=True,
    about=T("可能的买家：跟进后转换成客户和商机，或标为无效。", "Hints that somebody may buy; they become customers and deals, or turn out to be nothing."),
):  # fmt: skip
    """线索: a hint that somebody may buy, from any channel. It becomes a customer, or turns out to be nothing.

    Converting makes (or picks) the customer, the contact and, if wished, an opportunity; what hangs on the lead moves
    along. A converted lead is read-only and linked both ways.
    """

    name = Text(T("线索名称", "Name"), required=True, search=True, personal="name")
    company = Text(T("公司名称", "Company"), search=True)
    person = Text(T("联系人", "Contact person"), search=True, personal="name")
    gender = Choice(T("性别", "Gender"), GENDERS, personal="identity")
    position = Choice(T("职务", "Position"), dictionary="position")
    phones = Phone(T("电话", "Phones"), personal="contact")
    email = Email(T("邮箱", "E-mail"), personal="contact")
    wechat = Text(T("微信", "WeChat"), search=True, personal="contact")
    qq = Text(T("QQ", "QQ"), personal="contact")
    website = Url(T("网址", "Website"))
    region = Region(T("地区", "Region"))
    country = Text(T("国家", "Country"))
    industry = Industry(T("行业", "Industry"))
    size = Choice(T("人员规模", "Headcount band"), dictionary="company_size")
    source = Choice(T("线索来源", "Source"), dictionary="lead_source")
    source_note = Text(T("来源说明", "Source details"))
    requirement = LongText(T("需求", "Requirement"))
    products = Links("product", T("意向产品", "Products of interest"))
    budget = Money(T("预算", "Budget"))
    score = Integer(T("评分", "Score"), help=T("0 到 100。", "0 to 100."))
    status = Choice(
        T("状态", "Status"),
        [
            ("new", T("待跟进", "New")),
            ("contacting", T("跟进中", "Contacting")),
            ("converted", T("已转换", "Converted")),
            ("invalid", T("无效", "Invalid")),
        ],
        default="new",
        readonly=True,
    )
    invalid_reason = Choice(T("无效原因", "Reason"), dictionary="invalid_reason")
    invalid_note = Text(T("无效说明", "Reason in words"))
    converted_at = DateTime(T("转换时间", "Converted"), readonly=True)
    converted_customer = Link("customer", T("转换后客户", "Customer"), reverse=T("来源线索", "Leads"), readonly=True)
    converted_contact = Link("contact", T("转换后联系人", "Contact"), reverse=T("来源线索", "Leads"), readonly=True)
    converted_opportunity = Link(
        "opportunity", T("转换后商机", "Opportunity"), reverse=T("来源线索", "Leads"), readonly=True
    )
    last_contact_at = DateTime(T("最后跟进时间", "Last contact"), readonly=True)
    last_contact_by = Person(T("最后跟进人", "Last contact by"), readonly=True)
    next_contact_at = DateTime(T("下次联系时间", "Next contact"))
    tags = Tags(T("标签", "Tags"))
    description = LongText(T("备注", "Notes"))
    files = File(T("附件", "Files"))
    owner = Owner()

    pooling = Pooling(
        T("线索池", "Lead pool"),
        columns=("name", "company", "source", "status", "score"),
        rules=(
            PoolRule("contact", T("未跟进", "without follow-up"), dates=("last_contact_at",)),
            PoolRule("conversion", T("未转化", "without conversion")),
        ),
        by="source",
        live="status in (new, contacting)",
        hidden=("phones", "email", "wechat", "qq"),
    )
    duplicates = Matching(
        (Identity("company", "company"), Identity("phones", "phone"), Identity("email", "domain"), Identity("website", "domain")),
        rules=(
            FirstRule(T("电话相同", "Same phone"), {"phones": "exact"}),
            FirstRule(T("公司名称或邮箱相近", "Similar company or e-mail"), {"company": "normal", "email": "exact"}, manual="show", imported="off", api="off"),
        ),
        also=("customer", "contact"),
        contacted="last_contact_at",
    )
    intake = Intake(
        called=("company", "person", "phones", "email"),
        asked=("person", "company", "phones", "email", "requirement"),
        words={
            "name": T("标题", "Subject"), "person": T("您的姓名", "Your name"), "company": T("公司名称", "Company"), "phones": T("手机或电话", "Phone"),
            "email": T("邮箱", "E-mail"), "requirement": T("您的需求", "How can we help?"),
        },
        ours=("score", "invalid_reason", "invalid_note", "description"), source="source", note="source_note",
    )  # fmt: skip
    attended = Attended(live="status in (new, contacting)", days=7, superior=14, columns=("status",))
    tells = (
        Reached(CONTACT, "next_contact_at", where="status in (new, contacting) and pool empty"),
        Reached(UNCONTACTED, "next_contact_at", where="status in (new, contacting) and pool empty", days=1, superior=True),
    )
    policy = Policy(read="scope", write="scope")
    checks = (leads.score_in_range, leads.converted_stays)
    effects = (leads.bring_along,)
    actions = (
        Action(
            "convert",
            leads.convert,
            T("转换", "Convert"),
            inputs=(
                named("customer", Link("customer", T("已有客户", "Existing customer"))),
                named("customer_name", Text(T("新客户名称", "Name of the new customer"))),
                named("contact", Link("contact", T("已有联系人", "Existing contact"))),
                named("with_contact", Boolean(T("同时新建联系人", "Also a contact"), default=True)),
                named("with_opportunity", Boolean(T("同时新建商机", "Also an opportunity"), default=False)),
                named("opportunity_name", Text(T("商机名称", "Name of the opportunity"))),
                named("amount", Money(T("预计金额", "Amount"))),
                named("expected_close", Date(T("预计成交日期", "Expected close"))),
                named("pipeline", Link("pipeline", T("销售流程", "Pipeline"))),
            ),
            offered="status in (new, contacting)",
        ),
        Action(
            "invalidate",
            leads.invalidate,
            T("标为无效", "Mark invalid"),
            form=("invalid_reason", "invalid_note"),
            needs=("invalid_reason",),
            offered="status in (new, contacting)",
        ),
        Action("reopen", leads.reopen, T("重新启用", "Reopen"), offered="status = invalid"),
        CONTACTED,
    )
    views = (
        List(
            columns=("name", "company", "person", "phones", "source", "status", "score", "next_contact_at", "owner"),
            filters=("status", "source", "industry", "region", "score", "tags", "groups", "owner", "created_at"),
        ),
        List(
            name="mine",
            label=T("我负责的", "Mine"),
            columns=("name", "company", "person", "phones", "source", "status", "last_contact_at", "next_contact_at"),
            filters=("status", "source", "tags"),
            where="owner = me and status in (new, contacting)",
        ),
        List(
            name="due",
            label=T("今日需联系", "Due for contact"),
            columns=("name", "company", "person", "phones", "status", "next_contact_at", "owner"),
            filters=("source", "owner"),
            where="status in (new, contacting) and next_contact_at within last_365_days",
            sort=("next_contact_at",),
        ),
        Board(
            by="status",
            card=("name", "company", "source", "score", "next_contact_at", "owner"),
            closed=("converted", "invalid"),
            moves={"new": "reopen", "contacting": "reopen", "converted": "convert", "invalid": "invalidate"},
            overdue="status in (new, contacting) and next_contact_at < today",
        ),
        Calendar(
            date="next_contact_at",
            card=("name", "company"),
            where="status in (new, contacting)",
            overdue="next_contact_at < today",
            color="orange",
            label=T("下次联系", "Next contact"),
        ),
        Record(
            highlights=("status", "source", "score", "next_contact_at", "owner"),
            groups=(
                (
                    T("基本信息", "Basics"),
                    ("name", "company", "person", "gender", "position", "industry", "size", "source", "source_note",
                     "score", "tags", "groups"),
                ),
                (T("联系方式", "How to reach"), ("phones", "email", "wechat", "qq", "website", "region", "country")),
                (T("需求", "Requirement"), ("requirement", "products", "budget", "description", "files")),
                (
                    T("处理结果", "Outcome"),
                    (
                        "status", "invalid_reason", "invalid_note", "converted_at", "converted_customer",
                        "converted_contact",
                        "converted_opportunity", "last_contact_at", "last_contact_by", "next_contact_at", "quiet_days",
                    ),
                ),
                (T("系统信息", "System"), ("owner", "created_by", "created_at", "updated_by", "updated_at")),
            ),
            related=("activity", "task"),
        ),
        Form(
            fields=(
                "name", "company", "person", "gender", "position", "phones", "email", "wechat", "website", "region",
                "industry",
                "size", "source", "source_note", "requirement", "products", "budget", "score", "next_contact_at",
                "tags",
                "description", "owner",
            ),
            short=("name", "company", "person", "phones", "source", "owner", "requirement"),
        ),
    )  # fmt: skip
    indexes = (("status", "-updated_at"), ("next_contact_at",))


class Pipeline(
    Object, label=T("销售流程", "Pipeline"), icon="pipeline", group="settings", title="name",
    about=T("商机从接触到成交要走的阶段，以及每一步的要求。", "The stages a deal goes through, and what each of them asks for."),
):  # fmt: skip
    """销售流程: a way of selling with its own stages; a company can have several, and one is the default."""

    name = Text(T("流程名称", "Name"), required=True, unique=True, search=True)
    name_en = Text(T("英文名称", "English name"))
    key = Text(T("标识", "Key"), unique=True)
    active = Boolean(T("启用", "Active"), default=True)
    default = Boolean(T("默认流程", "Default"), default=False)
    order = Integer(T("排序", "Order"), default=0)
    description = LongText(T("说明", "Description"))

    policy = Policy(read="member", write="role")
    checks = (rules.default_is_active,)
    effects = (rules.one_default,)
    actions = (
        Action(
            "use_template",
            templates.use,
            T("套用步骤模板", "Use a template of steps"),
            inputs=(named("template", Choice(T("模板", "Template"), templates.NAMES, required=True, default="eight")),),
        ),
    )
    views = (
        List(columns=("name", "name_en", "key", "default", "active", "order"), sort=("order", "name")),
        Record(
            highlights=("default", "active"),
            groups=(
                (T("基本信息", "Basics"), ("name", "name_en", "key", "default", "active", "order", "description")),
            ),
            children=("stage",),
        ),
        Form(fields=("name", "name_en", "key", "default", "active", "order", "description")),
    )


class StageObject(
    Object,
    name="stage",
    label=T("销售阶段", "Stage"),
    icon="stage",
    group="settings",
    title="name",
    subtitle=("pipeline",),
    about=T("销售流程中的一步。", "One step of a pipeline."),
):
    """销售阶段: one step of a pipeline: how likely a deal is to be won there, how long it should take, what must be
    known to be in it, and where it may go next.

    next_stages: the stages a deal may move to from here, won included; none given means any. Lost can be reached from
    every open stage. A closed stage is left only by reopening. required_fields: names of the opportunity's fields that
    must be filled to enter the stage, on every way in, and cannot be emptied while in it.
    """

    name = Text(T("阶段名称", "Name"), required=True)
    name_en = Text(T("英文名称", "English name"))
    pipeline = Link(
        "pipeline", T("销售流程", "Pipeline"), required=True, on_delete="cascade", reverse=T("阶段", "Stages")
    )
    key = Text(T("标识", "Key"), help=T("留空则由名称生成。", "Made from the name when empty."))
    order = Integer(T("排序", "Order"), default=0)
    kind = Choice(
        T("类型", "Kind"),
        [("open", T("进行中", "Open")), ("won", T("赢单", "Won")), ("lost", T("输单", "Lost"))],
        required=True,
        default="open",
    )
    win_rate = Percent(T("赢率", "Win rate"))
    suggested_days = Integer(T("建议停留天数", "Suggested days"))
    required_fields = Tags(T("必填字段", "Required fields"), fields_of="opportunity")
    next_stages = Links("stage", T("可转到的阶段", "Allowed next stages"))
    color = Choice(T("颜色", "Colour"), COLOURS)
    description = LongText(T("步骤与标准", "Steps and criteria"))

    policy = Policy(read="member", write="role")
    checks = (key_from_name, rules.whole_stage)
    unique = (("pipeline", "key"), ("pipeline", "name"))
    views = (
        List(
            columns=("pipeline", "order", "name", "kind", "win_rate", "suggested_days", "required_fields"),
            sort=("pipeline", "order"),
            filters=("pipeline", "kind"),
        ),
        Record(
            highlights=("pipeline", "kind", "win_rate"),
            groups=(
                (T("基本信息", "Basics"), ("name", "name_en", "pipeline", "key", "order", "kind", "color")),
                (T("推进规则", "Rules"),
                 ("win_rate", "suggested_days", "required_fields", "next_stages", "description")),
            ),
        ),
        Form(
            fields=(
                "name", "name_en", "pipeline", "key", "order", "kind", "win_rate", "suggested_days", "required_fields",
                "next_stages", "color", "description",
            )
        ),
    )  # fmt: skip


class Opportunity(
    Object,
    label=T("商机", "Opportunity"),
    plural="opportunities",
    icon="opportunity",
    group="sales",
    title="name",
    subtitle=("number",),
    about=T("正在争取的每一笔生意：金额、阶段和预计成交日期。", "Every deal you are after: its amount, stage and expected close."),
    follows={"customer": "stage.kind = open"},
):
    """商机: a chance to sell something to a customer, moving through the stages of a pipeline to won or lost.

    A deal can be noted before its customer is known (`customer` is not required here); a stage that needs it names it
    in its required fields, as the seeded winning stage does. Stage moves obey the stages' records whichever way they
    come: action, plain update, bulk edit or import of an existing deal. Creating is not a move: an import may place a
    deal in any stage whose required fields it brings. Result, win rate and weighted amount follow from the stage.
    """

    name = Text(T("商机名称", "Name"), required=True, search=True)
    number = AutoNumber("SJ{yyyy}{mm}-{0000}", T("商机编号", "Number"))
    customer = Link("customer", T("客户", "Customer"), on_delete="protect", reverse=T("商机", "Opportunities"))
    contact = Link("contact", T("联系人", "Contact"), reverse=T("商机", "Opportunities"))
    pipeline = Link("pipeline", T("销售流程", "Pipeline"), on_delete="protect", reverse=T("商机", "Opportunities"))
    stage = Stage(
        "stage", T("阶段", "Stage"), pipeline="pipeline", on_delete="protect", reverse=T("商机", "Opportunities")
    )
    amount = Money(T("预计金额", "Amount"))
    expected_close = Date(T("预计成交日期", "Expected close"))
    engaged_on = Date(T("启动日期", "Started"))
    closed_on = Date(T("关闭日期", "Closed"))
    result = Choice(
        T("结果", "Result"),
        [("open", T("进行中", "Open")), ("won", T("赢单", "Won")), ("lost", T("输单", "Lost"))],
        computed=rules.result,
    )
    win_rate = Percent(T("赢率", "Win rate"), computed=rules.win_rate)
    weighted = Money(T("加权金额", "Weighted amount"), computed=rules.weighted)
    stage_since = DateTime(T("进入阶段时间", "In stage since"), computed=rules.stage_since)
    cycle_days = Integer(T("成交周期（天）", "Days to win"), computed=rules.cycle_days)
    kind = Choice(T("商机类型", "Kind"), dictionary="opportunity_kind")
    source = Choice(T("商机来源", "Source"), dictionary="lead_source")
    product = Link("product", T("产品", "Product"), on_delete="protect", reverse=T("商机", "Opportunities"))
    needs = LongText(T("客户需求", "Customer's needs"))
    competitor = Choice(T("竞争对手", "Competitor"), dictionary="competitor")
    competitor_note = Text(T("竞争情况", "Competition"))
    won_reason = Text(T("赢单原因", "Why it was won"))
    lost_reason = Choice(T("输单原因", "Why it was lost"), dictionary="lost_reason")
    lost_note = Text(T("输单说明", "Loss in words"))
    last_contact_at = DateTime(T("最后跟进时间", "Last contact"), readonly=True)
    last_contact_by = Person(T("最后跟进人", "Last contact by"), readonly=True)
    next_contact_at = DateTime(T("下次联系时间", "Next contact"))
    tags = Tags(T("标签", "Tags"))
    description = LongText(T("描述", "Description"))
    files = File(T("附件", "Files"))
    owner = Owner()

    attended = Attended(live="result = open", days=14, superior=30, columns=("stage",))
    tells = (
        Reached(CONTACT, "next_contact_at", where="result = open"),
        Reached(UNCONTACTED, "next_contact_at", where="result = open", days=1, superior=True),
    )
    policy = Policy(read="scope", write="scope")
    checks = (rules.legal_move, rules.what_the_stage_needs, rules.dates_in_order, rules.amount_sane)
    effects = (rules.write_history, rules.tell_customer)
    actions = (
        Action(
            "win",
            rules.win,
            T("赢单", "Win"),
            form=("won_reason", "closed_on", "amount", "customer", "contact", "product"),
            offered="result = open",
        ),
        Action(
            "lose",
            rules.lose,
            T("输单", "Lose"),
            form=("lost_reason", "lost_note", "competitor", "competitor_note", "closed_on"),
            needs=("lost_reason",),
            offered="result = open",
        ),
        Action(
            "move",
            rules.move,
            T("推进", "Move"),
            form=(
                "customer", "contact", "amount", "expected_close", "engaged_on", "product", "needs", "competitor",
                "competitor_note", "won_reason", "lost_reason", "lost_note", "closed_on",
            ),
            inputs=(named("stage", Link("stage", T("目标阶段", "To stage"), required=True)),),
            offered="result = open",
        ),
        Action(
            "reopen",
            rules.reopen,
            T("重新打开", "Reopen"),
            inputs=(named("stage", Link("stage", T("回到阶段", "Back to stage"))),),
            offered="result != open",
        ),
        CONTACTED,
    )  # fmt: skip
    views = (
        List(
            columns=("name", "customer", "stage", "amount", "win_rate", "expected_close", "last_contact_at", "owner"),
            filters=(
                "pipeline", "stage", "result", "amount", "expected_close", "closed_on", "product", "source", "customer",
                "owner",
            ),
        ),
        List(
            name="mine",
            label=T("我进行中的", "Mine, open"),
            columns=("name", "customer", "stage", "amount", "expected_close", "next_contact_at"),
            filters=("pipeline", "stage", "amount", "expected_close"),
            where="owner = me and result = open",
        ),
        List(
            name="closing",
            label=T("本月预计成交", "Closing this month"),
            columns=("name", "customer", "stage", "amount", "weighted", "expected_close", "owner"),
            filters=("pipeline", "stage", "owner"),
            where="result = open and expected_close within this_month",
            sort=("expected_close",),
        ),
        List(
            name="won",
            label=T("已赢单", "Won"),
            columns=("name", "customer", "amount", "closed_on", "product", "owner"),
            filters=("pipeline", "closed_on", "product", "owner"),
            where="result = won",
            sort=("-closed_on",),
        ),
        List(
            name="lost",
            label=T("已输单", "Lost"),
            columns=("name", "customer", "amount", "lost_reason", "competitor", "closed_on", "owner"),
            filters=("pipeline", "lost_reason", "competitor", "closed_on", "owner"),
            where="result = lost",
            sort=("-closed_on",),
        ),
        Board(
            by="stage",
            card=("name", "customer", "amount", "expected_close", "next_contact_at", "owner"),
            total="amount",
            kind="kind",
            closed=("won", "lost"),
            moves={"won": "win", "lost": "lose"},
            since="stage_since",
            limit="stage.suggested_days",
            guide="description",
            overdue="result = open and expected_close < today",
        ),
        Calendar(
            date="expected_close",
            card=("name", "customer"),
            where="result != lost",
            overdue="result = open and expected_close < today",
            done="result = won",
            color="green",
            common=False,
            label=T("预计成交", "Expected close"),
        ),
        Record(
            highlights=("stage", "amount", "win_rate", "expected_close", "owner"),
            groups=(
                (
                    T("基本信息", "Basics"),
                    ("name", "number", "customer", "contact", "kind", "source", "product", "amount", "expected_close",
                     "engaged_on", "tags"),
                ),
                (T("阶段", "Stage"),
                 ("pipeline", "stage", "stage_since", "win_rate", "weighted", "result", "closed_on", "cycle_days")),
                (T("需求与竞争", "Needs and competition"), ("needs", "competitor", "competitor_note", "description", "files")),
                (T("结果原因", "Why"), ("won_reason", "lost_reason", "lost_note")),
                (
                    T("系统信息", "System"),
                    (
                        "owner", "last_contact_at", "last_contact_by", "next_contact_at", "quiet_days", "created_by", "created_at",
                        "updated_by", "updated_at",
                    ),
                ),
            ),
            related=("stage_history", "activity", "task", "lead"),
        ),
        Form(
            fields=(
                "name", "customer", "contact", "pipeline", "stage", "amount", "expected_close", "engaged_on", "kind",
                "source",
                "product", "needs", "competitor", "competitor_note", "next_contact_at", "tags", "description", "owner",
            ),
            short=("name", "customer", "amount", "expected_close", "pipeline", "stage", "owner"),
        ),
    )  # fmt: skip
    indexes = (("pipeline", "stage"), ("result",), ("closed_on",), ("expected_close",), ("next_contact_at",))


class StageHistory(
    Object, label=T("阶段历史", "Stage history"), plural="stage_histories", icon="history", group="", title="note"
):
    """阶段历史: which stages an opportunity was in, from when to when. Written by the program at every move; nobody
    edits it."""

    note = Text(T("摘要", "Summary"), computed=rules.history_note)
    opportunity = Link(
        "opportunity",
        T("商机", "Opportunity"),
        required=True,
        on_delete="cascade",
        reverse=T("阶段历史", "Stage history"),
    )
    from_stage = Link("stage", T("原阶段", "From"))
    to_stage = Link("stage", T("阶段", "Stage"), required=True)
    entered_at = DateTime(T("进入时间", "Entered"), required=True)
    left_at = DateTime(T("离开时间", "Left"))
    seconds = Integer(T("停留秒数", "Seconds"), computed=rules.history_seconds)
    days = Number(T("停留天数", "Days"), places=2, computed=rules.history_days)
    by = Person(T("操作人", "By"))

    policy = Policy(read="scope", write="role", through=("opportunity",))
    checks = (rules.written_by_rules,)
    effects = (rules.written_by_rules,)
    views = (
        List(
            columns=("opportunity", "from_stage", "to_stage", "entered_at", "left_at", "days", "by"),
            sort=("-entered_at",),
            filters=("to_stage", "entered_at", "by"),
        ),
    )
    indexes = (("opportunity", "-entered_at"),)


_LEAD = (*FULL, "convert", "invalidate", "reopen")
_DEAL = (*FULL, "win", "lose", "move", "reopen")
_SEEN = Grant(("read",), "all", "none")
_HISTORY = Grant(("read", "print", "export"), "all", "none")

HELP = Path(__file__).parent / "help"

MODULE = Module(
    name="sales",
    label=T("销售", "Sales"),
    objects=(Pipeline, StageObject, Lead, Opportunity, StageHistory),
    needs=("customers", "products"),
    grants={
        "executive": {
            "lead": Grant(("read", "print", "export"), "all", "none"),
            "opportunity": Grant(("read", "print", "export"), "all", "none"),
            "stage_history": _HISTORY,
        },
        "sales_manager": {
            "lead": Grant((*_LEAD, "print"), "below", "below"),
            "opportunity": Grant((*_DEAL, "print"), "below", "below"),
            "stage_history": Grant(("read", "print", "export"), "below", "none"),
        },
        "sales": {
            "lead": Grant(_LEAD, "own", "own"),
            "opportunity": Grant(_DEAL, "own", "own"),
            "stage_history": Grant(("read", "export"), "own", "none"),
        },
        "service": {
            "lead": Grant(("read", "create", "update"), "own", "own"),
            "opportunity": _SEEN,
            "stage_history": _SEEN,
        },
        "marketing": {
            "lead": Grant((*FULL, "print", "invalidate", "reopen"), "all", "all"),
            "opportunity": Grant(("read", "print", "export"), "all", "none"),
            "stage_history": _HISTORY,
        },
        "finance": {"opportunity": Grant(("read", "print", "export"), "all", "none"), "stage_history": _HISTORY},
    },
    counters=figures.COUNTERS,
    figures=figures.FIGURES,
    dashboards=figures.DASHBOARDS,
    help=(Help("leads", HELP, ("lead",)), Help("opportunities", HELP, ("opportunity", "pipeline"))),
    captures=(
        Capture("opportunity", T("商机", "Opportunity"), capture.opportunity),
        Capture("deal", T("更新商机", "Update the deal"), capture.deal, "opportunity"),
    ),
    seed=seeds.seed,
    demo=demo.demo,
)
