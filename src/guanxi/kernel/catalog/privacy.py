"""What a company decides about personal data: who answers for it, how long requests may take, how masked values are revealed."""

from __future__ import annotations

from typing import Any

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Integer, LongText, TextField
from guanxi.kernel.declare.objects import Form, List, Object, Policy, Record

BOUNDS = {"reveals_per_day": (0, 10_000), "request_days": (1, 60)}


def within_bounds(draft: Any, context: Any) -> None:
    wrong = [
        FieldError(name, "range", T(f"请填写 {low} 到 {high} 之间的数字。", f"Give a number from {low} to {high}."))
        for name, (low, high) in BOUNDS.items()
        if draft[name] is None or not low <= draft[name] <= high
    ]
    if wrong:
        raise Invalid(wrong)


def mark(draft: Any, context: Any) -> None:
    if draft.changed("watermark"):
        context.mark_pages(bool(draft.watermark))


class PrivacyRules(
    Object, name="privacy_rules", plural="privacy_rules", label=T("个人信息保护设置", "Privacy settings"), icon="key", group="settings", single=True,
    about=T("负责人、隐私声明、水印、脱敏显示和请求时限。", "Who answers for personal data, the notice, watermarks, revealing and deadlines."),
):  # fmt: skip
    """个人信息保护设置: what the company decides about personal data. There is exactly one."""

    officer = TextField(T("个人信息保护负责人", "Privacy officer"))
    officer_contact = TextField(T("负责人联系方式", "How to reach them"), help=T("电话或邮箱，显示在隐私声明里。", "A phone or e-mail; it stands in the privacy notice."))
    notice = LongText(T("隐私声明补充", "More for the privacy notice"), help=T("中文，显示在隐私声明末尾。", "In Chinese; stands at the end of the notice."))
    notice_en = LongText(T("隐私声明补充（英文）", "More for the privacy notice (English)"))
    abroad = LongText(T("境外接收方", "Recipients abroad"), help=T("向境外提供个人信息时填写：名称、目的、种类；须另行取得单独同意。", "Where personal data leave the country: to whom, what for, which; that needs consent of its own."))
    reveals_per_day = Integer(T("每人每天可显示次数", "Reveals per person and day"), default=50, help=T("脱敏内容点“显示”的次数；0 表示不能显示。", "How often masked values may be shown in full; 0 is never."))
    request_days = Integer(T("请求处理工作日", "Working days for a request"), default=15)
    watermark = Boolean(T("页面水印", "Watermark on pages"), default=False, help=T("每页显示登录人姓名和手机尾号，打印也有。", "The name and the last digits of the phone of whoever is signed in, on every page and on print."))
    watermark_exports = Boolean(T("导出文件水印", "Watermark on exports"), default=False, help=T("文件首行写明导出人、时间和编号；导入时自动跳过。", "A first line says who exported, when and under which number; imports pass over it."))
    policy = Policy(read="member", write="role")
    checks = (within_bounds,)
    effects = (mark,)
    views = (
        List(columns=("officer", "officer_contact", "watermark", "watermark_exports")),
        Record(
            groups=(
                (T("负责人与声明", "Officer and notice"), ("officer", "officer_contact", "notice", "notice_en", "abroad")),
                (T("保护措施", "Measures"), ("reveals_per_day", "request_days", "watermark", "watermark_exports")),
            )
        ),
        Form(fields=("officer", "officer_contact", "notice", "notice_en", "abroad", "reveals_per_day", "request_days", "watermark", "watermark_exports")),
    )
