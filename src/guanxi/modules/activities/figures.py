"""What follow-ups and tasks put on the first page, and who was in touch with whom."""

from __future__ import annotations

from guanxi.kernel import Counter, Dashboard, Figure, T, Widget

COUNTERS = (
    Counter(
        "tasks_today",
        T("今日任务", "Tasks due today"),
        "task",
        "owner = me and status = open and due_at within today",
        "today",
        ("due_at",),
    ),
    Counter(
        "tasks_late",
        T("逾期任务", "Overdue tasks"),
        "task",
        "owner = me and status = open and due_at < today",
        "late",
        ("due_at",),
    ),
    Counter(
        "tasks_soon",
        T("7 天内到期的任务", "Tasks due in 7 days"),
        "task",
        "owner = me and status = open and due_at > today and due_at within next_7_days",
        "soon",
        ("due_at",),
    ),
    Counter(
        "mentions",
        T("近 7 天 @我 的跟进", "Follow-ups mentioning me, 7 days"),
        "activity",
        "mentions has me and happened_at within last_7_days",
        "waiting",
        ("-happened_at",),
    ),
)

FIGURES = (
    Figure("follow_ups", T("跟进次数", "Follow-ups"), "activity", date="happened_at"),
    Figure("calls", T("电话", "Calls"), "activity", where="kind = phone", date="happened_at", mine=False),
    Figure("visits", T("拜访", "Visits"), "activity", where="kind = visit", date="happened_at", mine=False),
)

DASHBOARDS = (
    Dashboard(
        "activity",
        T("跟进统计", "Activity"),
        compare=True,
        widgets=(
            Widget("number", T("跟进次数", "Follow-ups"), "activity", date_field="happened_at", size="small"),
            Widget(
                "number", T("电话", "Calls"), "activity", where="kind = phone", date_field="happened_at", size="small"
            ),
            Widget(
                "number", T("拜访", "Visits"), "activity", where="kind = visit", date_field="happened_at", size="small"
            ),
            Widget(
                "number",
                T("跟进的客户数", "Customers followed up"),
                "activity",
                "distinct:customer",
                date_field="happened_at",
                size="small",
            ),
            Widget(
                "table",
                T("人员 × 跟进方式", "People by way of contact"),
                "activity",
                group_by=("owner", "kind"),
                date_field="happened_at",
                size="large",
            ),
            Widget("pie", T("跟进方式", "Ways of contact"), "activity", group_by=("kind",), date_field="happened_at"),
            Widget(
                "bar",
                T("跟进走势", "Follow-ups over time"),
                "activity",
                group_by=("happened_at", "kind"),
                date_field="happened_at",
                size="large",
            ),
            Widget(
                "pie", T("客户态度", "Customers' attitude"), "activity", group_by=("attitude",), date_field="happened_at"
            ),
            Widget(
                "ranking",
                T("完成的任务", "Tasks done"),
                "task",
                group_by=("owner",),
                where="status = done",
                date_field="done_at",
            ),
            Widget(
                "table",
                T("最近的跟进", "Latest follow-ups"),
                "activity",
                date_field="happened_at",
                columns=("summary", "kind", "customer", "happened_at", "owner"),
                sort=("-happened_at",),
                limit=10,
                size="large",
            ),
            Widget("ranking", T("跟进排行", "Most follow-ups"), "activity", group_by=("owner",), date_field="happened_at", limit=20),
        ),
    ),
)
