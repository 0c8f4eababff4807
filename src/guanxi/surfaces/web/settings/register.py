"""The register of processing (PIPL 55, 56 and 51): what is kept of people, what for, for how long, and who may see it, as a file
for whoever asks: the regulator, an auditor, the officer."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.ids import uuid7
from guanxi.base.text import T, Text
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.rights import Rights
from guanxi.kernel.declare.fields import MARKS, Choice, Field
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import auditing, consents, erasing, privacy, reading
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.write import Sheet, Value, write_sheets
from guanxi.surfaces.web.dashboards import XLSX
from guanxi.surfaces.web.settings import rights
from guanxi.surfaces.web.visit import Visit, page

Held = tuple[Mapping[str, Any], Rights]
"""A role, and what it gives by itself."""


@page
def register(visit: Visit) -> HttpResponse:
    """The register as XLSX: a sheet of what the company says, and one of every field that tells of a person. A line of the log. Raises
    NotFound for whoever may not change the rules for personal data or may not read roles."""
    rules = visit.catalog.object("privacy_rules")
    if not visit.may(rules, "update") or not visit.may(visit.catalog.object("role"), "read"):
        raise NotFound()
    roles = reading.query("role", actor=visit.actor, fields=["name", "name_en", "grants"], sort=["name"], limit=reading.MAX_LIMIT).rows
    held = [(role, access.of_role(role["id"], role["grants"] or {}, visit.catalog)) for role in roles]
    lines = [_line(visit, it, one, held) for it in visit.catalog for one in it.fields.values() if one.personal]
    t, number = visit.look.t, uuid7().hex[-12:]
    sheets = [
        Sheet(t("说明", "About"), (t("项目", "Item"), t("内容", "What")), _about(visit)),
        Sheet(
            t("处理活动", "Processing"),
            (t("对象", "Object"), t("字段", "Field"), t("个人信息种类", "Kind"), t("同意的用途", "Purposes"), t("保存期限", "Kept for"), t("谁可以看完整内容", "Who sees it plainly"), t("谁看到脱敏内容", "Who sees it masked")),
            lines,
        ),
    ]
    file = io.BytesIO()
    write_sheets(file, sheets, above=exporting.mark(visit.actor, number))
    auditing.exported(visit.actor, rules.name, len(lines), "register", [one.name for one in sheets], number)
    return HttpResponse(file.getvalue(), content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="register.xlsx"', "Cache-Control": "private, no-store"})


def _about(visit: Visit) -> list[list[Value]]:
    t, held, rules = visit.look.t, privacy.rules(visit.actor.workspace), visit.catalog.object("privacy_rules")
    company = reading.query("company", actor=visit.actor, fields=["name"], limit=1).rows
    said = [(rules.fields[name].label, held.get(name)) for name in ("officer", "officer_contact", "abroad", "request_days", "reveals_per_day", "watermark", "watermark_exports")]
    return [
        [t("处理者", "Controller"), company[0]["name"] if company else None],
        [t("制作时间", "Made"), visit.look.exact(datetime.now(UTC))],
        *([visit.look.say(label), visit.look.say(T("是", "Yes") if value else T("否", "No")) if isinstance(value, bool) else value] for label, value in said),
        [t("合法性基础", "Legal basis"), t("按联系人和用途登记在“同意与依据”中", "kept by person and purpose under “Consents”")],
        [t("访问控制", "Access control"), t("按角色、范围和字段；见“处理活动”", "by role, scope and field; see “Processing”")],
    ]


def _line(visit: Visit, it: Definition, one: Field, roles: Sequence[Held]) -> list[Value]:
    purposes = visit.catalog.object("consent").fields["purpose"]
    assert isinstance(purposes, Choice)
    agreed = [visit.look.say(option.label) for option in purposes.options if option.active] if consents.concerns(it) else []
    days = erasing.kept_days(visit.actor, it.name)
    kept = T(f"在用期间；删除后 {days} 天彻底删除", f"while in use; erased {days} days after deletion") if days else T("在用期间；删除后不自动彻底删除", "while in use; not erased by itself")
    return [
        visit.look.say(it.label), visit.look.say(one.label), visit.look.say(MARKS[one.personal]), "、".join(agreed) or None, visit.look.say(kept),
        *(_seen(visit, it, one, roles, level) for level in (("read", "write"), ("masked",))),
    ]  # fmt: skip


def _seen(visit: Visit, it: Definition, one: Field, roles: Sequence[Held], levels: Sequence[str]) -> str | None:
    """The roles that see a field so, with how far each reaches."""
    out = []
    for role, given in roles:
        if access.may(given, it, "read") and access.level(given, it, one.name) in levels:
            read = rights.line(it, role["grants"] or {}).read
            scope: Text = dict(rights.scopes(it, read)).get(read, T(read, read))
            name = T(role["name"], role["name_en"] or role["name"])
            out.append(f"{visit.look.say(name)}（{visit.look.say(scope)}）" if visit.look.lang == "zh-CN" else f"{visit.look.say(name)} ({visit.look.say(scope)})")
    return visit.look.t("、", ", ").join(out) or None
