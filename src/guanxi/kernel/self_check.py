"""How an installation stands against what 等保 2.0 and OWASP ASVS ask of an application, item by item, with a remedy for each
that is not in order. What cannot be seen from inside the program is not claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from guanxi.base.errors import NotFound
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import auditing, people, privacy
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import protect, seal_rows, sql, tables

UNUSED = timedelta(days=90)
SEALED = timedelta(hours=1)
FIRST = "admin"
"""The user name the program gives the first account, which everybody knows."""


@dataclass(frozen=True)
class Item:
    """One thing asked for: under which heading, whether it is in order, how it stands, what to do when it is not."""

    group: Text
    label: Text
    fine: bool
    state: Text
    remedy: Text


IDENTITY = T("身份鉴别", "Identity")
ACCESS = T("访问控制", "Access")
AUDIT = T("安全审计", "Audit")
PERSONAL = T("个人信息", "Personal data")
TRANSPORT = T("传输与部署", "Transport and deployment")


def _ruled(zh: str, en: str) -> Text:
    """A remedy that is a rule of the company."""
    return T(f"{zh}在“登录与安全”中设置。", f"{en} Set it under “Sign-in and security”.")


def items(actor: Actor, *, secure: bool) -> list[Item]:
    """All of them. `secure`: whether the page that asks came by HTTPS. Raises NotFound for whoever may not read `security`."""
    if not auditing.may(actor):
        raise NotFound()
    return [*_identity(actor), *_access(actor), *_audit(actor), *_personal(actor), *_transport(secure)]


def _identity(actor: Actor) -> Iterator[Item]:
    rules = people.rules(facts.safety(actor.workspace))
    n, kinds = rules.password_length, rules.password_kinds
    yield Item(
        IDENTITY, T("密码复杂度", "Strength of passwords"), n >= 12 or (n >= 8 and kinds >= 3),
        T(f"至少 {n} 位，{kinds or 1} 种字符；常见密码一律拒绝。", f"At least {n} characters of {kinds or 1} kinds; common ones are refused."),
        _ruled("至少 12 位，或至少 8 位且 3 种字符。", "At least 12 characters, or 8 of 3 kinds."),
    )  # fmt: skip
    days = rules.password_days
    yield Item(
        IDENTITY, T("密码定期更换", "Passwords are changed"), bool(days) or settings.SECURITY_PROFILE == "asvs",
        T(f"每 {days} 天", f"Every {days} days") if days else T("不要求", "Not demanded"),
        _ruled("等保要求定期更换，可设为 90 天；ASVS 不建议。", "MLPS asks for it, such as every 90 days; ASVS advises against it."),
    )  # fmt: skip
    yield Item(
        IDENTITY, T("登录失败处理", "Failed sign-ins"), rules.lock_failures <= 10,
        T(f"连续输错 {rules.lock_failures} 次，锁定 {rules.lock_minutes} 分钟", f"Locked for {rules.lock_minutes} minutes after {rules.lock_failures} wrong ones"),
        _ruled("不超过 10 次。", "At most 10."),
    )  # fmt: skip
    idle = rules.idle_minutes
    yield Item(
        IDENTITY, T("超时自动退出", "Idle sessions end"), 0 < idle <= 60,
        T(f"{idle} 分钟无操作", f"After {idle} minutes") if idle else T("不退出", "They do not"), _ruled("设为 60 分钟以内。", "Within 60 minutes."),
    )  # fmt: skip
    living = tables.Account.objects.filter(workspace_id=actor.workspace, is_active=True)
    total, with_second = living.count(), living.filter(secondfactor__confirmed_at__isnull=False).count()
    yield Item(
        IDENTITY, T("两步验证", "Second factor"), rules.second_factor == "all",
        T(f"{with_second}/{total} 个账号已开启", f"{with_second} of {total} accounts have one"), _ruled("要求所有人使用。", "Demand it of everybody."),
    )  # fmt: skip


def _access(actor: Actor) -> Iterator[Item]:
    living = tables.Account.objects.filter(workspace_id=actor.workspace, is_active=True)
    there = living.filter(username=FIRST).exists()
    yield Item(
        ACCESS, T("默认账号", "Default account"), not there,
        T(f"“{FIRST}”仍在使用", f"{FIRST!r} is in use") if there else T("没有默认账号", "There is none"),
        T("另建管理员账号，停用默认账号的登录。", "Make an administrator of another name and take the default account's access away."),
    )  # fmt: skip
    waiting = living.filter(must_change=True).count()
    yield Item(
        ACCESS, T("初始密码", "First passwords"), waiting == 0, T(f"{waiting} 个账号还没换过", f"{waiting} accounts still have theirs"),
        T("请他们登录并修改，不再需要的停用登录。", "Have them sign in and change it; take away what nobody needs."),
    )  # fmt: skip
    with sql.work(actor.workspace):
        unused = int(
            sql.rows(
                "SELECT count(*) FROM gx_account a JOIN gx_user u ON u.id = a.user_id WHERE a.workspace_id = %s AND a.is_active "
                "AND a.created_at < %s AND (u.last_sign_in IS NULL OR u.last_sign_in < %s)",
                [actor.workspace, *[datetime.now(UTC) - UNUSED] * 2],
            )[0][0]
        )
    yield Item(
        ACCESS, T("闲置账号", "Unused accounts"), unused == 0, T(f"{unused} 个账号 90 天没有登录", f"{unused} accounts not used for 90 days"),
        T("停用不再需要的登录。", "Take away the access nobody needs."),
    )  # fmt: skip
    endless = tables.Token.objects.filter(account__workspace_id=actor.workspace).filter(Q(expires_at__isnull=True)).count()
    yield Item(
        ACCESS, T("访问令牌", "Tokens"), endless == 0, T(f"{endless} 个令牌没有期限", f"{endless} tokens without an end"),
        T("在“令牌与登录”撤销没有期限的令牌；新令牌自带期限。", "Revoke those without an end under “Tokens and sign-ins”; new ones have one."),
    )  # fmt: skip
    missing, powerful = protect.missing(), protect.powerful()
    yield Item(
        ACCESS, T("行级安全", "Row-level security"), not missing and not powerful,
        T("齐全", "In place") if not missing and not powerful else T("有缺失或被绕过", "Missing or bypassed"),
        T("运行 ./guanxi doctor 查看详情。", "Run ./guanxi doctor to see what is wrong."),
    )  # fmt: skip


def _audit(actor: Actor) -> Iterator[Item]:
    kept = not {"gx_event", "gx_seal", "gx_log"} & set(protect.missing())
    yield Item(
        AUDIT, T("日志不可删改", "Logs cannot be altered"), kept, T("数据库拒绝修改和删除", "The database refuses it") if kept else T("缺少保护", "Guards are missing"),
        T("重新启动程序以补上保护。", "Start the program anew to put the guards back."),
    )  # fmt: skip
    with sql.work(actor.workspace):
        fresh = all(_sealed(actor, chain) for chain in seal_rows.CHAINS)
    yield Item(
        AUDIT, T("变更记录与日志封存", "Journal and log sealed"), fresh, T("已封存", "They are") if fresh else T("有内容超过一小时未封存", "Something waits for more than an hour"),
        T("确认后台进程在运行；用 ./guanxi doctor 核对。", "See that a worker runs; compare with ./guanxi doctor."),
    )  # fmt: skip


def _sealed(actor: Actor, chain: seal_rows.Chain) -> bool:
    last = seal_rows.last(actor.workspace, chain)
    return not seal_rows.unsealed(actor.workspace, chain, 1) or (last is not None and datetime.now(UTC) - last.sealed_at < SEALED)


def _personal(actor: Actor) -> Iterator[Item]:
    officer = privacy.rules(actor.workspace).get("officer")
    yield Item(
        PERSONAL, T("个人信息保护负责人", "Privacy officer"), bool(officer), T(officer, officer) if officer else T("未指定", "Nobody"),
        T("在“个人信息保护设置”填写姓名和联系方式。", "Give name and contact under “Privacy settings”."),
    )  # fmt: skip
    with sql.work(actor.workspace):
        late = int(sql.rows("SELECT count(*) FROM gx_subject_request WHERE workspace_id = %s AND deleted_at IS NULL AND state = 'open' AND due_at < now()", [actor.workspace])[0][0])
    yield Item(
        PERSONAL, T("个人信息请求", "Privacy requests"), late == 0, T(f"{late} 件逾期", f"{late} overdue") if late else T("没有逾期", "None overdue"),
        T("尽快答复本人。", "Answer the people who asked."),
    )  # fmt: skip


def _transport(secure: bool) -> Iterator[Item]:
    cookies = bool(settings.SESSION_COOKIE_SECURE)
    yield Item(
        TRANSPORT, T("加密传输", "Encrypted transport"), secure and cookies,
        T("HTTPS", "HTTPS") if secure else T("未加密的 HTTP", "Plain HTTP"),
        T("在前面放 HTTPS 反向代理，并设置 GUANXI_HTTPS=1。", "Put a proxy with HTTPS in front and set GUANXI_HTTPS=1."),
    )  # fmt: skip
    hosts = settings.ALLOWED_HOSTS
    yield Item(
        TRANSPORT, T("主机名", "Host names"), "*" not in hosts, T("任何主机名", "Any") if "*" in hosts else T("、".join(hosts), ", ".join(hosts)),
        T("把 GUANXI_ALLOWED_HOSTS 设为实际域名。", "Set GUANXI_ALLOWED_HOSTS to your own."),
    )  # fmt: skip
