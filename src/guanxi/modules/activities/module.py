"""跟进记录与任务: what happened, and what is to be done."""

from __future__ import annotations

from pathlib import Path

from guanxi.kernel import (
    MENTIONED,
    Action,
    Board,
    Box,
    Calendar,
    Capture,
    Choice,
    Date,
    DateTime,
    File,
    Form,
    Grant,
    Help,
    Integer,
    Link,
    Links,
    List,
    LongText,
    Module,
    Money,
    Named,
    NoticeKind,
    Object,
    Owner,
    Percent,
    Policy,
    Reached,
    Record,
    T,
    Tags,
    Text,
    named,
    whole_tree,
)
from guanxi.modules.activities import capture, demo, figures, reports, rules, seeds

GIVEN = NoticeKind("task_given", T("有任务交给我", "Tasks given to me"), T("{who} 交给您{what}", "{who} gave you {what}"), "todo")
INVITED = NoticeKind("task_invited", T("邀我参加日程", "Invited to visits and meetings"), T("{who} 邀您参加{what}", "{who} asks you to take part in {what}"), "todo")
REMINDED = NoticeKind("task_reminder", T("任务提醒", "Reminders of tasks"), T("提醒：{what}", "Reminder: {what}"), "todo")
DUE = NoticeKind("task_due", T("任务到期", "Tasks due"), T("{what}到期了", "{what} is due"), "todo")
OVERDUE = NoticeKind("task_overdue", T("任务逾期", "Tasks overdue"), T("{what}已逾期 {n} 天", "{what} is {n} day overdue"), "todo")
REPORTED = NoticeKind("report_for_me", T("有工作报告发给我", "Work reports for me"), T("{who} 给您发来工作报告{what}", "{who} sent you the work report {what}"), "todo")

_REPORTED = ("period", "kind", "owner", "follow_ups", "visits", "calls", "new_customers", "won", "won_amount")
"""What the lists of work reports show."""


class Activity(
    Object,
    label=T("跟进记录", "Follow-up"),
    plural="activities",
    icon="activity",
    group="work",
    title="summary",
    subtitle=("customer",),
    about=T("每一次电话、拜访、微信和邮件的记录，以及下次何时联系。", "Every call, visit, chat and mail, and when to get in touch again."),
    hands=None,
):
    """跟进记录: a call, visit, message or meeting with somebody: what was said, and when to be in touch again.

    It belongs to a customer, a lead or an opportunity; the customer follows from the contact or the opportunity.
    Whoever may read one of these may read it. The latest one gives them their last-contact fields; a next contact
    time also becomes a task. It is evidence of what was said: whoever wrote it may change it within a day, and then it stands.
    """

    summary = Text(T("摘要", "Summary"), computed=rules.summary)
    kind = Choice(T("跟进方式", "Way of contact"), dictionary="activity_kind", required=True, default="phone")
    content = LongText(T("跟进内容", "What happened"), required=True, search=True)
    happened_at = DateTime(T("跟进时间", "When"), required=True, default=rules.now)
    customer = Link("customer", T("客户", "Customer"), on_delete="cascade", reverse=T("跟进记录", "Follow-ups"))
    contact = Link("contact", T("联系人", "Contact"), reverse=T("跟进记录", "Follow-ups"))
    lead = Link("lead", T("线索", "Lead"), reverse=T("跟进记录", "Follow-ups"))
    opportunity = Link("opportunity", T("商机", "Opportunity"), reverse=T("跟进记录", "Follow-ups"))
    attitude = Choice(T("客户态度", "Customer's attitude"), dictionary="activity_attitude")
    stage = Choice(T("跟进阶段", "Stage"), dictionary="activity_stage")
    next_contact_at = DateTime(T("下次联系时间", "Next contact"))
    next_plan = Text(T("下一步计划", "Next step"))
    files = File(T("附件", "Files"))
    mentions = Links("user", T("提醒同事", "Colleagues mentioned"))
    tags = Tags(T("标签", "Tags"))
    owner = Owner(T("跟进人", "Who"))

    policy = Policy(read="scope", write="scope", through=("customer", "lead", "opportunity"), kept=24)
    checks = (rules.belongs, rules.times_fit)
    effects = (rules.tell, rules.plan_task)
    tells = (Named(MENTIONED, "mentions"),)
    views = (
        List(
            columns=("summary", "kind", "customer", "contact", "happened_at", "next_contact_at", "owner"),
            sort=("-happened_at",),
            filters=("kind", "customer", "opportunity", "lead", "attitude", "stage", "happened_at", "next_contact_at", "owner"),
        ),
        List(
            name="mine",
            label=T("我的跟进", "Mine"),
            columns=("summary", "kind", "customer", "contact", "happened_at", "next_contact_at"),
            sort=("-happened_at",),
            filters=("kind", "customer", "happened_at"),
            where="owner = me",
        ),
        List(
            name="mentioning_me",
            label=T("@我的", "Mentioning me"),
            columns=("summary", "kind", "customer", "happened_at", "owner"),
            sort=("-happened_at",),
            filters=("kind", "owner", "happened_at"),
            where="mentions has me",
        ),
        List(
            name="visits",
            label=T("拜访", "Visits"),
            columns=("summary", "customer", "contact", "happened_at", "attitude", "owner"),
            sort=("-happened_at",),
            filters=("customer", "attitude", "happened_at", "owner"),
            where="kind = visit",
        ),
        List(
            name="calls",
            label=T("通话", "Calls"),
            columns=("summary", "customer", "contact", "happened_at", "attitude", "owner"),
            sort=("-happened_at",),
            filters=("customer", "attitude", "happened_at", "owner"),
            where="kind = phone",
        ),
        # A next contact still to come is a task too, so the calendar of all objects shows the task.
        Calendar(
            date="next_contact_at",
            card=("summary", "customer"),
            color="orange",
            common=False,
            label=T("下次联系", "Next contact"),
        ),
        Calendar(
            name="happened",
            date="happened_at",
            card=("summary", "customer"),
            color="teal",
            label=T("跟进", "Follow-ups"),
        ),
        Record(
            highlights=("kind", "customer", "happened_at", "next_contact_at", "owner"),
            groups=(
                (T("跟进", "Follow-up"), ("kind", "content", "attitude", "stage", "happened_at", "files", "mentions", "tags")),
                (T("关联", "About"), ("customer", "contact", "lead", "opportunity")),
                (T("下一步", "Next"), ("next_contact_at", "next_plan")),
                (T("系统信息", "System"), ("owner", "created_by", "created_at", "updated_by", "updated_at")),
            ),
            related=("task",),
        ),
        Box(
            label=T("跟进", "Follow up"),
            on=("customer", "contact", "lead", "opportunity"),
            text="content",
            kind="kind",
            due="next_contact_at",
            files="files",
            mentions="mentions",
            about=("contact", "opportunity"),
            choices=("attitude", "stage"),
            consents={"phone": "marketing_phone", "sms": "marketing_sms", "email": "marketing_mail", "wechat": "marketing_wechat"},
        ),
        Form(
            fields=(
                "kind", "content", "customer", "contact", "lead", "opportunity", "attitude", "stage", "happened_at",
                "next_contact_at",
                "next_plan", "files", "mentions", "tags", "owner",
            ),
            offline=True,
        ),
    )  # fmt: skip
    indexes = (
        ("-happened_at",), ("customer", "-happened_at"), ("opportunity", "-happened_at"), ("lead", "-happened_at"),
        ("owner", "-happened_at"), ("next_contact_at",),
    )  # fmt: skip


class Task(
    Object, label=T("任务", "Task"), icon="task", group="work", title="subject", subtitle=("customer",),
    about=T("要做的事：谁来做，什么时候之前。", "What is to be done, by whom and until when."),
    follows=dict.fromkeys(("customer", "lead", "opportunity"), "status = open"),
    hands="status = open",
    parent="parent",
):  # fmt: skip
    """任务: something to be done by somebody until some time.

    Completing one that repeats makes the next of its series; completing one about somebody may write the follow-up in the same
    moment. A task that others are part of is a goal: how many of them are done stands on it.

    A visit, a meeting or a call to come is one too: it begins at `due_at` and lasts until `ends_at`, at a place, with a purpose, and
    with colleagues and contacts. The colleagues named read it without more ado, and are reminded of it like its owner.
    """

    subject = Text(T("任务主题", "Subject"), required=True, search=True)
    kind = Choice(T("类型", "Kind"), dictionary="task_kind")
    due_at = DateTime(T("截止/开始时间", "Due or begins"))
    ends_at = DateTime(T("结束时间", "Ends"))
    place = Text(T("地点", "Place"))
    purpose = Text(T("目的", "Purpose"))
    participants = Links("user", T("参加同事", "Colleagues taking part"))
    attendees = Links("contact", T("客户方参加人", "Contacts taking part"))
    remind_before = Choice(
        T("提前提醒", "Remind before"),
        [
            ("0", T("准时", "At the time")),
            ("15", T("15 分钟前", "15 minutes before")),
            ("60", T("1 小时前", "1 hour before")),
            ("1440", T("1 天前", "1 day before")),
        ],
    )
    remind_at = DateTime(T("提醒时间", "Remind"))
    repeat = Choice(
        T("重复", "Repeats"),
        [("daily", T("每天", "Every day")), ("weekly", T("每周", "Every week")), ("monthly", T("每月", "Every month"))],
        help=T("完成后自动建立下一次。", "Completing one makes the next."),
    )
    repeat_until = Date(T("重复到", "Repeats until"))
    series = Link("task", T("重复自", "Series of"), readonly=True, reverse=T("同一系列", "The same series"))
    parent = Link("task", T("所属目标", "Part of"), reverse=T("分解任务", "Parts"))
    parts = Integer(T("分解任务数", "Parts"), readonly=True)
    parts_done = Integer(T("已完成数", "Parts done"), readonly=True)
    progress = Percent(T("进度", "Progress"), computed=rules.progress)
    priority = Choice(
        T("优先级", "Priority"),
        [
            ("low", T("低", "Low")),
            ("normal", T("普通", "Normal")),
            ("high", T("高", "High")),
            ("urgent", T("紧急", "Urgent")),
        ],
        default="normal",
    )
    status = Choice(
        T("状态", "Status"),
        [("open", T("待办", "Open")), ("done", T("已完成", "Done")), ("cancelled", T("已取消", "Cancelled"))],
        default="open",
        readonly=True,
    )
    done_at = DateTime(T("完成时间", "Done"), readonly=True)
    outcome = LongText(T("完成情况", "Outcome"))
    customer = Link("customer", T("客户", "Customer"), on_delete="cascade", reverse=T("任务", "Tasks"))
    contact = Link("contact", T("联系人", "Contact"), reverse=T("任务", "Tasks"))
    lead = Link("lead", T("线索", "Lead"), reverse=T("任务", "Tasks"))
    opportunity = Link("opportunity", T("商机", "Opportunity"), reverse=T("任务", "Tasks"))
    activity = Link("activity", T("来自跟进", "From follow-up"), reverse=T("任务", "Tasks"))
    result = Link("activity", T("形成的跟进", "Follow-up written"), readonly=True, reverse=T("由任务形成", "Written with the task"))
    description = LongText(T("说明", "Description"))
    files = File(T("附件", "Files"))
    owner = Owner(T("执行人", "Assignee"))

    policy = Policy(read="scope", write="scope", readers=("participants",))
    checks = (whole_tree, rules.task_fits, rules.remind, rules.repeats)
    effects = (rules.tell_goal,)
    tells = (
        Named(GIVEN, where="status = open"),
        Named(INVITED, "participants", where="status = open"),
        Reached(REMINDED, "remind_at", where="status = open", also=("participants",)),
        Reached(DUE, "due_at", where="status = open", also=("participants",)),
        Reached(OVERDUE, "due_at", where="status = open", days=1),
    )
    actions = (
        Action(
            "complete",
            rules.complete,
            T("完成", "Complete"),
            form=("outcome",),
            inputs=(
                named("follow_up", Choice(T("同时记一条跟进", "Also write a follow-up by"), dictionary="activity_kind", help=T("完成情况会成为跟进内容；留空则只完成任务。", "The outcome becomes what happened; empty completes the task only."))),
                named("attitude", Choice(T("客户态度", "Customer's attitude"), dictionary="activity_attitude")),
                named("next_contact_at", DateTime(T("下次联系时间", "Next contact"))),
            ),
            offered="status = open",
        ),
        Action("next_of", rules.next_of, T("建立下一次", "Make the next"), inputs=(named("series", Link("task", T("重复自", "Series of"))),), internal=True),
        Action("count_parts", rules.count_parts, T("统计分解任务", "Count parts"), internal=True),
        Action("cancel", rules.cancel, T("取消", "Cancel"), form=("outcome",), offered="status = open"),
        Action("reopen", rules.reopen, T("重新打开", "Reopen"), offered="status != open"),
    )
    views = (
        List(
            columns=("subject", "kind", "customer", "due_at", "priority", "status", "owner"),
            sort=("-updated_at",),
            filters=("status", "kind", "priority", "due_at", "customer", "owner"),
        ),
        List(
            name="today",
            label=T("今日与逾期", "Today and overdue"),
            columns=("subject", "kind", "customer", "due_at", "priority", "owner"),
            sort=("due_at",),
            filters=("kind", "priority", "owner"),
            where="status = open and due_at within last_365_days",
        ),
        List(
            name="open",
            label=T("待办", "To do"),
            columns=("subject", "kind", "customer", "due_at", "priority", "owner"),
            sort=("due_at",),
            filters=("kind", "priority", "due_at", "owner"),
            where="status = open",
        ),
        List(
            name="mine",
            label=T("我的待办", "Mine to do"),
            columns=("subject", "kind", "customer", "due_at", "priority"),
            sort=("due_at",),
            filters=("kind", "priority", "due_at"),
            where="owner = me and status = open",
            waiting=True,
        ),
        List(
            name="goals",
            label=T("目标", "Goals"),
            columns=("subject", "progress", "parts_done", "parts", "due_at", "status", "owner"),
            sort=("due_at",),
            filters=("status", "due_at", "owner"),
            where="parts > 0",
        ),
        List(
            name="schedule",
            label=T("日程", "Visits and meetings"),
            columns=("subject", "kind", "due_at", "ends_at", "place", "customer", "participants", "owner"),
            sort=("due_at",),
            filters=("kind", "customer", "due_at", "owner", "status"),
            where="kind in (visit, meeting, call)",
        ),
        List(
            name="visits",
            label=T("拜访", "Visits"),
            columns=("subject", "customer", "due_at", "place", "purpose", "status", "outcome", "owner"),
            sort=("-due_at",),
            filters=("customer", "due_at", "status", "owner"),
            where="kind = visit",
        ),
        Board(
            by="status",
            card=("subject", "customer", "due_at", "priority", "owner"),
            sort=("due_at",),
            closed=("done", "cancelled"),
            moves={"open": "reopen", "done": "complete", "cancelled": "cancel"},
            overdue="status = open and due_at < today",
        ),
        Calendar(
            date="due_at",
            end="ends_at",
            card=("subject", "customer", "place"),
            where="status != cancelled",
            overdue="status = open and due_at < today",
            done="status = done",
        ),
        Record(
            highlights=("status", "priority", "due_at", "owner"),
            groups=(
                (T("任务", "Task"),
                 ("subject", "kind", "due_at", "ends_at", "remind_before", "remind_at", "priority", "status", "description", "files")),
                (T("重复与目标", "Repeating and goal"), ("repeat", "repeat_until", "series", "parent", "progress", "parts_done", "parts")),
                (T("拜访与会议", "Visit or meeting"), ("place", "purpose", "participants", "attendees")),
                (T("关联", "About"), ("customer", "contact", "lead", "opportunity", "activity")),
                (T("完成", "Done"), ("outcome", "done_at", "result")),
                (T("系统信息", "System"), ("owner", "created_by", "created_at", "updated_by", "updated_at")),
            ),
        ),
        Form(
            fields=(
                "subject", "kind", "due_at", "ends_at", "remind_before", "remind_at", "repeat", "repeat_until", "priority", "customer", "contact", "lead", "opportunity",
                "place", "purpose", "participants", "attendees", "description", "parent", "files", "owner",
            )
        ),
    )  # fmt: skip
    indexes = (("due_at",), ("ends_at",), ("remind_at",), ("owner", "due_at"), ("status", "due_at"))


class WorkReport(
    Object, label=T("工作报告", "Work report"), icon="file", group="work", title="period", subtitle=("kind", "owner"),
    about=T("日报、周报、月报：做了什么，接下来做什么，需要谁帮忙。", "What was done in a day, a week or a month, what comes next, and where help is needed."),
    hands=None,
):  # fmt: skip
    """工作报告: what somebody did in a day, a week or a month, what they plan, and where they need help; one for each period.

    The figures of the period come from what is in the program, each time the report is saved. It is read by its author's superiors, by
    whom the author names besides, and by those whose role reads everybody's; only its author changes it.
    """

    period = Text(T("期间", "Period"), computed=reports.period)
    kind = Choice(
        T("类型", "Kind"),
        [("day", T("日报", "Daily")), ("week", T("周报", "Weekly")), ("month", T("月报", "Monthly"))],
        required=True,
        default="day",
    )
    day = Date(T("日期", "Day"), required=True, default=reports.today, help=T("周报、月报填期间内任意一天即可。", "Of a week or a month, any day of it."))
    done = LongText(T("完成的工作", "What was done"), required=True, search=True)
    plan = LongText(T("接下来的计划", "What comes next"), search=True)
    problems = LongText(T("问题与需要的协助", "Problems and help needed"), search=True)
    readers = Links("user", T("同时发给", "Also for"), help=T("上级不用填，本来就能看到。", "Superiors read it anyway."))
    files = File(T("附件", "Files"))
    follow_ups = Integer(T("跟进次数", "Follow-ups"), readonly=True)
    visits = Integer(T("拜访", "Visits"), readonly=True)
    calls = Integer(T("电话", "Calls"), readonly=True)
    new_customers = Integer(T("新增客户", "New customers"), readonly=True)
    won = Integer(T("赢单数", "Deals won"), readonly=True)
    won_amount = Money(T("赢单金额", "Amount won"), readonly=True)
    owner = Owner(T("报告人", "Who"))

    policy = Policy(read="scope", write="scope", readers=("readers",))
    checks = (reports.count_up,)
    tells = (Named(REPORTED, "readers"),)
    unique = (("owner", "kind", "day"),)
    views = (
        List(columns=_REPORTED, sort=("-day", "kind"), filters=("kind", "day", "owner")),
        List(name="mine", label=T("我的", "Mine"), columns=_REPORTED, sort=("-day", "kind"), filters=("kind", "day"), where="owner = me"),
        List(name="team", label=T("团队的", "My team's"), columns=_REPORTED, sort=("-day", "kind"), filters=("kind", "day", "owner"), where="owner != me"),
        List(name="for_me", label=T("发给我的", "For me"), columns=_REPORTED, sort=("-day", "kind"), filters=("kind", "day", "owner"), where="readers has me"),
        List(name="today", label=T("今日日报", "Today's"), columns=_REPORTED, sort=("-day", "owner"), filters=("owner",), where="kind = day and day within today"),
        Record(
            highlights=("kind", "follow_ups", "new_customers", "won", "won_amount"),
            groups=(
                (T("报告", "Report"), ("period", "kind", "done", "plan", "problems", "readers", "files")),
                (T("本期数据", "Figures"), ("follow_ups", "visits", "calls", "new_customers", "won", "won_amount")),
                (T("系统信息", "System"), ("owner", "day", "created_by", "created_at", "updated_by", "updated_at")),
            ),
        ),
        Form(fields=("kind", "day", "done", "plan", "problems", "readers", "files")),
    )
    indexes = (("-day",),)


_WRITING = ("read", "create", "update", "delete", "restore", "assign", "share", "unshare", "import", "export")
_DOING = (*_WRITING, "complete", "cancel", "reopen")
_REPORTING = ("read", "create", "update", "delete", "restore", "export")
_REPORT = {"work_report": Grant(_REPORTING, "reports", "own")}
"""One's own reports, and those of whom one is the superior of."""
_OWN = {"activity": Grant(_WRITING, "own", "own"), "task": Grant(_DOING, "own", "own"), **_REPORT}

HELP = Path(__file__).parent / "help"

MODULE = Module(
    name="activities",
    label=T("跟进与任务", "Follow-ups and tasks"),
    objects=(Activity, Task, WorkReport),
    needs=("customers", "sales"),
    grants={
        "executive": {
            "activity": Grant(("read", "create", "update", "print", "export"), "all", "own"),
            "task": Grant((*_DOING, "print"), "all", "own"),
            "work_report": Grant((*_REPORTING, "print"), "all", "own"),
        },
        "sales_manager": {
            "activity": Grant((*_WRITING, "amend", "print"), "below", "below"), "task": Grant((*_DOING, "print"), "below", "below"),
            "work_report": Grant((*_REPORTING, "print"), "below", "own"),
        },
        "sales": _OWN,
        "service": {"activity": Grant(_WRITING, "all", "own"), "task": Grant(_DOING, "own", "own"), **_REPORT},
        "marketing": {"activity": Grant(_WRITING, "all", "own"), "task": Grant(_DOING, "own", "own"), **_REPORT},
        "finance": _OWN,
        "warehouse": {"task": Grant(_DOING, "own", "own"), **_REPORT},
    },
    counters=figures.COUNTERS,
    figures=figures.FIGURES,
    dashboards=figures.DASHBOARDS,
    help=(Help("follow-ups", HELP, ("activity", "task", "work_report")),),
    captures=(Capture("activity", T("跟进记录", "Follow-up"), capture.activity),),
    seed=seeds.seed,
    demo=demo.demo,
)
