"""群机器人: where announcements and events are also told, outside: a group in 企业微信, 钉钉 or 飞书, or a program of one's own."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guanxi.base.errors import Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Choice, DateTime, LongText, MultiChoice, Option, TextField
from guanxi.kernel.declare.objects import Action, Definition, Form, List, Object, Policy, Record, named
from guanxi.kernel.fetching import Refused, internal, outside, target

PURPOSE = "robot"
HOSTS: Mapping[str, tuple[str, ...]] = {
    "wecom": ("qyapi.weixin.qq.com",), "dingtalk": ("oapi.dingtalk.com", "api.dingtalk.com"), "feishu": ("open.feishu.cn", "open.larksuite.com"), "webhook": (),
}  # fmt: skip
"""Whose addresses each kind of robot has; none: anybody's outside."""
WHSEC = "whsec_"


def connect(draft: Any, context: Any, address: str | None = None, secret: str | None = None) -> None:
    """Take the robot's address, which nobody is shown again, with the secret that what is sent is signed with."""
    try:
        where = target((address or "").strip())
    except Refused as problem:
        raise Invalid(problem.errors) from None
    allowed = HOSTS[draft.kind]
    if allowed and where.host not in allowed and not internal(where.host):
        raise Invalid.field("address", "host", f"这类机器人的地址以 https://{allowed[0]} 开头。", f"The address of such a robot begins with https://{allowed[0]}.")
    if where.scheme != "https" and not internal(where.host):
        raise Invalid.field("address", "https", "地址应以 https:// 开头。", "The address begins with https://.")
    if (where.host.replace(".", "").isdigit() or ":" in where.host) and not (outside(where.host) or internal(str(ipaddress.ip_address(where.host)))):
        raise Invalid.field("address", "address", "这个地址在内部网络，不能访问。", "The address is inside a network and is not reached.")
    key = (secret or "").strip()
    if draft.kind == "webhook" and not _long_enough(key):
        raise Invalid.field("secret", "required", "请填写签名密钥：至少 24 字节，或 whsec_ 加 base64。", "Give the signing secret: at least 24 bytes, or whsec_ and base64.")
    draft.sealed = context.seal(PURPOSE, draft.id, json.dumps({"address": address.strip() if address else "", "secret": key}))
    draft.host, draft.last_result, draft.last_at = where.host, None, None


def _long_enough(key: str) -> bool:
    try:
        return len(base64.b64decode(key.removeprefix(WHSEC), validate=True) if key.startswith(WHSEC) else key.encode()) >= 24
    except (binascii.Error, ValueError):
        return False


def try_out(draft: Any, context: Any) -> None:
    """Ask for a message to see whether it arrives; the worker sends it."""
    if not draft.sealed:
        raise Invalid.field("host", "required", "请先填写机器人的地址。", "Give the robot's address first.")
    draft.last_at, draft.last_result = context.now, "正在发送… / Sending…"


def reported(draft: Any, context: Any, *, result: str | None = None) -> None:
    draft.last_at, draft.last_result = context.now, result


class Robot(
    Object, label=T("群机器人", "Group robot"), icon="announce", group="settings", title="name", hands=None, sought=False,
    about=T("把公告和业务动态也发到企业微信、钉钉、飞书的群，或自己的程序。", "Announcements and what happens, also told in a group of WeCom, DingTalk or Feishu, or to a program of yours."),
):  # fmt: skip
    """群机器人: a group or program outside that is told of announcements to everybody and of chosen events.

    A message says who did what to a record of which object, and links to it: not what the record holds, because nobody knows who
    reads a group. `sealed` holds address and secret, encrypted; `events` are object and verb, such as `opportunity.win`.
    """

    name = TextField(T("名称", "Name"), required=True)
    kind = Choice(
        T("类型", "Kind"),
        [("wecom", T("企业微信群机器人", "WeCom group robot")), ("dingtalk", T("钉钉群机器人", "DingTalk group robot")), ("feishu", T("飞书群机器人", "Feishu group robot")), ("webhook", T("自己的程序（Webhook）", "Program of one's own (webhook)"))],
        required=True, default="wecom",
    )  # fmt: skip
    enabled = Boolean(T("启用", "Enabled"), default=True)
    announcements = MultiChoice(
        T("转发发给全员的", "Announcements to everybody"), [("announcement", T("公告", "Announcements")), ("arrangement", T("工作安排", "Work arrangements"))], default=["announcement"]
    )
    events = MultiChoice(T("业务动态", "Events"), ())
    host = TextField(T("主机", "Host"), readonly=True)
    sealed = LongText(T("地址和密钥", "Address and secret"), readonly=True)
    last_at = DateTime(T("上次发送", "Last sent"), readonly=True)
    last_result = TextField(T("上次结果", "Last result"), readonly=True)
    policy = Policy(read="role", write="role", fields={"sealed": "hidden"})
    actions = (
        Action(
            "connect", connect, T("设置地址", "Set the address"), right="update", secret=True,
            inputs=(
                named("address", TextField(T("机器人地址", "Address of the robot"), required=True, help=T("保存后不再显示。", "Not shown again."))),
                named("secret", TextField(T("签名密钥", "Signing secret"), help=T("钉钉、飞书选择“加签”时填写；企业微信不用。", "Where DingTalk or Feishu sign; WeCom needs none."))),
            ),
        ),
        Action("try_out", try_out, T("发送测试消息", "Send a test message"), offered="host not empty", right="update"),
        Action("reported", reported, T("发送结果", "Result"), inputs=(named("result", TextField(T("结果", "Result"))),), internal=True),
    )
    views = (
        List(columns=("name", "kind", "enabled", "host", "last_at", "last_result"), sort=("name",), filters=("kind", "enabled")),
        Record(
            highlights=("kind", "enabled", "last_at", "last_result"),
            groups=((T("机器人", "Robot"), ("name", "kind", "enabled", "host")), (T("发什么", "What it is told"), ("announcements", "events"))),
        ),
        Form(fields=("name", "kind", "enabled", "announcements", "events")),
    )


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `robot` with the events there are to choose: new records of daily work, and what objects declare can be done to them."""
    it = objects.get("robot")
    if it is None:
        return None
    found = {}
    for one in objects.values():
        if one.group in ("", "settings") or one.policy.read in ("personal", "about", "pair"):
            continue
        verbs = {"create": T("新建", "Create")} | {name: action.label for name, action in one.verbs.items() if action is not None and not action.internal}
        for verb, label in verbs.items():
            found[f"{one.name}.{verb}"] = Option(f"{one.name}.{verb}", T(f"{one.label.zh} · {label.zh}", f"{one.label.en} · {label.en}"))
    return replace(it, fields={name: one.bound(options=tuple(found.values())) if name == "events" else one for name, one in it.fields.items()})


OBJECTS = (Robot,)
