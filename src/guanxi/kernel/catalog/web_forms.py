"""在线表单: public forms by which visitors of a website become leads."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.base.text import Text as Words
from guanxi.kernel.catalog.consents import PURPOSES
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Link,
    LongText,
    MultiChoice,
    Option,
    Person,
    Tags,
    TextField,
    Url,
)
from guanxi.kernel.declare.intake import askable
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Policy, Record

NAME = "web_form"
ORIGIN = re.compile(r"https://[a-z0-9.-]{1,250}(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
COLORS = [
    ("blue", T("蓝", "Blue")), ("green", T("绿", "Green")), ("orange", T("橙", "Orange")), ("grey", T("灰", "Grey")),
]  # fmt: skip
MOST_ORIGINS, MOST_FIELDS = 20, 30


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `web_form` with what there is to ask for and to choose."""
    it = objects.get(NAME)
    if it is None:
        return None
    taking = [(one, one.intake) for one in objects.values() if one.intake is not None]
    asked = {field.name: Option(field.name, field.label) for one, intake in taking for field in askable(intake, one.fields)}
    sources = {
        option.key: option for one, intake in taking if isinstance(field := one.fields.get(intake.source), Choice) for option in field.options
    }  # fmt: skip
    bound = {
        "object_name": tuple(Option(one.name, one.label) for one, _ in taking), "fields": tuple(asked.values()), "required_fields": tuple(asked.values()),
        "source": tuple(sources.values()),
    }  # fmt: skip
    first = {"object_name": taking[0][0].name, "fields": [*taking[0][1].asked]} if taking else {}
    fields = {name: one.bound(options=bound[name], default=first.get(name)) if name in bound else one for name, one in it.fields.items()}
    return replace(it, fields=fields)


def key(draft: Any, context: Any) -> str:
    """A form has an address of its own that nobody guesses, and keeps it."""
    return draft.before.get("key") or draft.key or secrets.token_urlsafe(12).replace("-", "x").replace("_", "y")


def address(draft: Any, context: Any) -> str | None:
    return f"/f/{draft.key}" if draft.key else None


def whole_form(draft: Any, context: Any) -> None:
    """A form asks for what its object has, gives what comes in to somebody or a pool of that object, and is shown on sites named in full."""
    it: Definition | None = context.catalog.bare.find(draft.object_name)
    if it is None or it.intake is None:
        raise Invalid.field("object_name", "unknown", "这个对象不能在线提交。", "Records of this object are not made by visitors.")
    problems: list[FieldError] = []

    def wrong(name: str, code: str, zh: str, en: str) -> None:
        problems.append(FieldError(name, code, Words(zh, en)))

    known = {one.name for one in askable(it.intake, it.fields)}
    asked = list(draft.fields or ())
    for name in [one for one in asked if one not in known][:3]:
        wrong("fields", "unknown", f"{it.label.zh}没有可以这样填写的字段“{name}”。", f"{it.label.en} has no field {name!r} that a visitor can fill in.")
    if len(asked) > MOST_FIELDS:
        wrong("fields", "many", f"最多 {MOST_FIELDS} 个字段。", f"At most {MOST_FIELDS} fields.")
    if not {it.title, *it.intake.called} & set(asked):
        names = "、".join(it.fields[name].label.zh for name in (it.title, *it.intake.called))
        wrong("fields", "name", f"至少要问一项：{names}。", f"Ask for one of: {', '.join(it.fields[name].label.en for name in (it.title, *it.intake.called))}.")
    if set(draft.required_fields or ()) - set(asked):
        wrong("required_fields", "asked", "必填的字段要先在“填写的字段”里。", "What is required must be asked for.")
    if draft.consent_required and not draft.consent_text:
        wrong("consent_text", "required", "要求同意时请写明同意什么。", "Say what is agreed to.")
    if draft.consent_text and not draft.consent_purpose:
        wrong("consent_purpose", "required", "请选择同意的用途。", "Say for which purpose.")
    if draft.pool is None and draft.receiver is None:  # somebody looks after what comes in
        draft.pool = next((pool.id for pool in context.catalog.bare.pools_of(it.name) if pool.enabled), None)
    if draft.pool is not None and draft.receiver is not None:
        wrong("receiver", "both", "公海和负责人只选一个。", "Choose a pool or an owner, not both.")
    there = next((pool for pool in context.catalog.bare.pools if pool.id == draft.pool), None)
    if draft.pool is not None and (there is None or there.object != it.name or not there.enabled):
        wrong("pool", "unknown", f"请选择启用的{it.label.zh}池。", f"Choose an enabled pool of {it.label.en.lower()}s.")
    draft.origins = [one.strip().rstrip("/").lower() for one in draft.origins or () if one.strip()] or None
    if len(draft.origins or ()) > MOST_ORIGINS or not all(ORIGIN.fullmatch(one) for one in draft.origins or ()):
        wrong("origins", "origin", f"写成 https://www.example.com，不带路径，最多 {MOST_ORIGINS} 个。", f"Written https://www.example.com, without a path, at most {MOST_ORIGINS}.")
    if problems:
        raise Invalid(problems)


class WebForm(
    Object, label=T("在线表单", "Web form"), icon="lead", group="settings", title="name",
    about=T("放在网站上的表单：访客填写后直接成为线索。", "Forms on your website: what visitors fill in becomes a lead."),
):  # fmt: skip
    """在线表单: a page anybody can open (`/f/<key>`), embed or send JSON to; what is filled in becomes a record of its object, made by the
    program through the door, with a consent where one was asked for.

    fields: what is asked, in this order. pool, receiver: where it goes – a pool, whose own rules may hand it out in turn, or one owner; neither: the first
    pool there is. origins: the sites that may show it and send to it.
    """

    name = TextField(T("名称", "Name"), required=True, search=True)
    object_name = Choice(T("生成", "Makes"), (), required=True)
    active = Boolean(T("启用", "Active"), default=True)
    key = TextField(T("标识", "Key"), computed=key, index=True)
    address = TextField(T("访问地址", "Address"), computed=address)
    title = TextField(T("标题", "Heading"), required=True)
    title_en = TextField(T("英文标题", "English heading"))
    intro = LongText(T("说明", "Introduction"))
    intro_en = LongText(T("英文说明", "English introduction"))
    color = Choice(T("颜色", "Colour"), COLORS, default="blue")
    fields = MultiChoice(T("填写的字段", "Fields asked for"), (), required=True)
    required_fields = MultiChoice(T("必填字段", "Required fields"), ())
    consent_text = LongText(T("同意条款", "What is agreed to"), help=T("如：同意我们通过电话联系您。", "Such as: you may call me."))
    consent_text_en = LongText(T("英文同意条款", "What is agreed to, in English"))
    consent_purpose = Choice(T("同意的用途", "Purpose"), dictionary=PURPOSES)
    consent_required = Boolean(T("必须同意", "Must agree"), default=False)
    source = Choice(T("记为来源", "Source noted"), ())
    pool = Link("pool", T("进入公海", "Into the pool"))
    receiver = Person(T("交给", "Given to"))
    thanks = LongText(T("提交后显示", "Thanks"))
    thanks_en = LongText(T("提交后显示（英文）", "Thanks in English"))
    back_url = Url(T("返回网址", "Return address"))
    origins = Tags(T("可嵌入的网站", "Sites it is shown on"), help=T("如 https://www.example.com；留空则只能在本系统的地址打开。", "Such as https://www.example.com; empty: at this address only."))
    policy = Policy(read="role", write="role")
    checks = (whole_form,)
    views = (
        List(columns=("name", "object_name", "active", "address", "source", "pool", "receiver"), sort=("name",), filters=("active", "object_name")),
        Record(
            highlights=("address", "active", "object_name"),
            groups=(
                (T("表单", "Form"), ("name", "object_name", "active", "address", "key", "title", "title_en", "intro", "intro_en", "color", "fields", "required_fields")),
                (T("同意", "Consent"), ("consent_text", "consent_text_en", "consent_purpose", "consent_required")),
                (T("去向", "Where it goes"), ("source", "pool", "receiver", "thanks", "thanks_en", "back_url", "origins")),
            ),
        ),
        Form(
            fields=(
                "name", "object_name", "active", "title", "title_en", "intro", "intro_en", "color", "fields", "required_fields", "consent_text", "consent_text_en",
                "consent_purpose", "consent_required", "source", "pool", "receiver", "thanks", "thanks_en", "back_url", "origins",
            ),
            short=("name", "title", "fields", "required_fields", "source", "pool", "receiver"),
        ),
    )  # fmt: skip
