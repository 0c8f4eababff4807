"""What customers and contacts put on the first page, and the analysis of who the customers are."""

from __future__ import annotations

from guanxi.kernel import Counter, Dashboard, Figure, T, Widget

COUNTERS = (
    Counter(
        "customers_today",
        T("今日需联系客户", "Customers to contact"),
        "customer",
        "owner = me and next_contact_at within today",
        "today",
        ("next_contact_at",),
    ),
    Counter(
        "customers_late",
        T("逾期未联系客户", "Customers not contacted in time"),
        "customer",
        "owner = me and next_contact_at < today",
        "late",
        ("next_contact_at",),
    ),
    Counter(
        "customers_untouched",
        T("分配给我未跟进客户", "My customers without follow-up"),
        "customer",
        "owner = me and last_contact_at empty",
        "waiting",
        ("created_at",),
    ),
    Counter(
        "customers_unattended",
        T("久未跟进的客户", "Customers left unattended"),
        "customer",
        "owner = me and unattended = true",
        "waiting",
        ("-quiet_days",),
    ),
    Counter(
        "key_customers_quiet",
        T("30 天未联系的重点客户", "Key customers quiet for 30 days"),
        "customer",
        "owner = me and grade in (key, vip) and last_contact_at < last_30_days",
        "waiting",
        ("last_contact_at",),
    ),
    Counter(
        "customers_leaving",
        T("待进公海客户", "Customers soon in the pool"),
        "customer",
        "owner = me and leaving = true",
        "soon",
        ("days_left",),
    ),
    Counter(
        "birthdays",
        T("7 天内生日的联系人", "Contacts with a birthday in 7 days"),
        "contact",
        "(owner = me or customer.owner = me) and left != true and next_birthday within next_7_days",
        "soon",
        ("next_birthday",),
    ),
    Counter(
        "customer_birthdays",
        T("7 天内生日的个人客户", "Customers with a birthday in 7 days"),
        "customer",
        "owner = me and next_birthday within next_7_days",
        "soon",
        ("next_birthday",),
    ),
)

FIGURES = (Figure("new_customers", T("新增客户", "New customers"), "customer", date="created_at"),)

DASHBOARDS = (
    Dashboard(
        "analysis",
        T("客户分析", "Customers"),
        period="",
        widgets=(
            Widget("number", T("客户数", "Customers"), "customer", date_field="created_at", size="small"),
            Widget(
                "number",
                T("重点与 VIP 客户", "Key and VIP customers"),
                "customer",
                where="grade in (key, vip)",
                date_field="created_at",
                size="small",
            ),
            Widget(
                "number",
                T("成交率", "Share that has bought"),
                "customer",
                where="deal_status = won",
                of="name not empty",
                date_field="created_at",
                size="small",
            ),
            Widget(
                "number",
                T("30 天未联系", "Quiet for 30 days"),
                "customer",
                where="last_contact_at < last_30_days or last_contact_at empty",
                date_field="created_at",
                size="small",
            ),
            Widget(
                "line",
                T("新增客户趋势", "New customers"),
                "customer",
                group_by=("created_at",),
                date_field="created_at",
                size="large",
            ),
            Widget("pie", T("客户等级", "By grade"), "customer", group_by=("grade",), date_field="created_at"),
            Widget(
                "bar",
                T("行业分布", "By industry"),
                "customer",
                group_by=("industry",),
                date_field="created_at",
                limit=12,
                size="large",
            ),
            Widget("pie", T("客户来源", "By source"), "customer", group_by=("source",), date_field="created_at"),
            Widget(
                "bar",
                T("地区分布", "By region"),
                "customer",
                group_by=("region:province",),
                date_field="created_at",
                limit=12,
                size="large",
            ),
            Widget("pie", T("客户关系", "By relation"), "customer", group_by=("relation",), date_field="created_at"),
        ),
    ),
    Dashboard(
        "churn",
        T("客户流失分析", "Customers lost"),
        period="this_year",
        widgets=(
            Widget("number", T("流失客户", "Lost"), "customer", where="lost_on not empty", date_field="lost_on", size="small"),
            Widget("number", T("挽回客户", "Won back"), "customer", where="won_back_on not empty", date_field="won_back_on", size="small"),
            Widget("number", T("流失预警", "Warned of"), "customer", where="churn_risk not empty", size="small"),
            Widget("number", T("买过又流失的占比", "Share that had bought"), "customer", where="lost_on not empty and deal_status = won", of="lost_on not empty", date_field="lost_on", size="small"),
            Widget("pie", T("流失原因", "Lost by reason"), "customer", group_by=("churn_reason",), where="lost_on not empty", date_field="lost_on"),
            Widget("bar", T("每月流失", "Lost by month"), "customer", group_by=("lost_on:month",), where="lost_on not empty", date_field="lost_on", size="large"),
            Widget("line", T("每月挽回", "Won back by month"), "customer", group_by=("won_back_on:month",), where="won_back_on not empty", date_field="won_back_on", size="large"),
            Widget("ranking", T("各负责人的预警客户", "Warned of, by owner"), "customer", group_by=("owner",), where="churn_risk not empty", limit=10),
        ),
    ),
)
