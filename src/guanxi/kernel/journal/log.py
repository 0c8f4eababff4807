"""The log beside the journal: signing in and out, second factors, tokens, data taken out. Events say what happened to
records, the log what happened around them; both are only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi.base.text import T, Text
from guanxi.kernel.storage import log_rows, sql

KINDS: Mapping[str, Text] = {
    "sign_in": T("登录", "Signed in"),
    "failed": T("登录失败", "Sign-in failed"),
    "locked": T("账号锁定", "Account locked"),
    "refused": T("拒绝登录", "Sign-in refused"),
    "sign_out": T("退出", "Signed out"),
    "ended": T("结束其他登录", "Ended other sign-ins"),
    "password": T("修改密码", "Password changed"),
    "access": T("开通登录或重置密码", "Access given or password reset"),
    "second_on": T("开启两步验证", "Second factor on"),
    "second_off": T("关闭两步验证", "Second factor off"),
    "second_reset": T("重置两步验证", "Second factor reset"),
    "recovery": T("用恢复码登录", "Recovery code used"),
    "codes": T("更换恢复码", "Recovery codes renewed"),
    "passkey": T("添加通行密钥", "Passkey added"),
    "passkey_removed": T("删除通行密钥", "Passkey removed"),
    "token": T("生成令牌", "Token made"),
    "token_revoked": T("撤销令牌", "Token revoked"),
    "applied": T("申请账号", "Applied for an account"),
    "submitted": T("在线表单提交", "Web form sent"),
    "rows": T("读取条数达到上限", "Limit of rows reached"),
    "lookup": T("查重", "Looked up"),
    "opened": T("打开记录", "Record opened"),
    "revealed": T("显示脱敏内容", "Masked value shown"),
    "compared": T("按脱敏内容查找", "Masked value looked for"),
    "export": T("导出数据", "Data exported"),
    "log_export": T("导出日志", "Log exported"),
    "bulk": T("批量处理", "Bulk work"),
}
"""What the log speaks of."""

TOLD: Mapping[str, Text] = {**KINDS, "settings": T("修改设置", "Settings changed"), "deleted": T("删除记录", "Record deleted")}
"""What is read beside each other: the log's own kinds, and events of the journal that belong there."""

REASONS: Mapping[str, Text] = {
    "password": T("密码不对", "Wrong password"),
    "code": T("验证码不对", "Wrong code"),
    "passkey": T("通行密钥无效", "Passkey not accepted"),
    "unknown": T("没有这个用户名", "Unknown user name"),
    "inactive": T("账号已停用", "Account not active"),
    "address": T("不在允许的地址", "From an address not allowed"),
    "many": T("尝试过多", "Too many attempts"),
    "locked": T("账号已锁定", "Account locked"),
}
"""Why somebody did not get in, as `details.reason`."""

LONGEST_AGENT, LONGEST_ADDRESS = 300, 60


def note(
    workspace: UUID, kind: str, *, user: UUID | None = None, actor: UUID | None = None, address: str = "", agent: str = "", object: str = "",
    record: UUID | None = None, **details: Any,
) -> None:  # fmt: skip
    """Add a line. `user`: whom it is about; `actor`: who did it, where that is somebody else."""
    if kind not in KINDS:
        raise KeyError(kind)
    address, agent = address.replace("\x00", "")[:LONGEST_ADDRESS], agent.replace("\x00", "")[:LONGEST_AGENT]
    with sql.work(workspace):
        log_rows.append(workspace, datetime.now(UTC), kind, user, actor, address, agent, object, record, details)


def count(workspace: UUID, kind: str, address: str, since: datetime) -> int:
    """How often something came from an address since an instant."""
    with sql.work(workspace):
        return log_rows.count(workspace, kind, address, since)
