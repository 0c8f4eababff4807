"""The settings' menu and first page, the company's own record, and the sample company in and out."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.text import T, Text
from guanxi.kernel import accounts, sample
from guanxi.kernel.declare.objects import Definition, Record
from guanxi.kernel.records import reading
from guanxi.surfaces.web import words
from guanxi.surfaces.web.settings import handover
from guanxi.surfaces.web.visit import Visit, page, redirect

PEOPLE = ("user", "department", "role", "own_right")
TREES = {"department": "/settings/departments"}
"""Objects whose first page in the settings shows more than a list can."""


@dataclass(frozen=True)
class Place:
    """A page of the settings: its address, name, icon, and in one sentence what it is for. `objects` are those it shows."""

    url: str
    label: Text
    icon: str
    about: Text | None = None
    objects: tuple[str, ...] = ()


def inside(path: str, current: Definition | None) -> bool:
    """Whether a page belongs to the settings."""
    first = path.strip("/").partition("/")[0]
    return first in ("settings", "me", "password") or (current is not None and current.group == "settings")


def menu(visit: Visit) -> list[tuple[Text, list[Place]]]:
    """What the actor may arrange, by headings. People and departments are for everybody to look up; the rest is shown to
    those who may change it."""
    children = _children(visit)
    objects = [it for it in visit.catalog if it.group == "settings" and visit.may(it, "read") and not it.single]
    shown = [it for it in objects if it.name in PEOPLE[:2] or visit.may(it, "create") or visit.may(it, "update")]
    company = visit.catalog.object("company")
    mine = [
        Place("/me", T("个人设置", "My profile"), "user", T("语言、密码、登录设备和访问令牌。", "Language, password, sign-ins and tokens.")),
        Place("/me/notices", T("消息提醒", "What I am told"), "bell", T("哪些事提醒我，什么时间免打扰。", "Which events I am told of, and when I am not disturbed."), ("notice_rules",)),
    ]  # fmt: skip
    firm = []
    if visit.may(company, "update"):
        firm.append(Place("/settings/company", company.label, "customer", company.about, (company.name,)))
        firm.append(Place("/welcome", T("首次设置", "First steps"), "check", T("三步把公司、同事和数据准备好。", "Company, people and data in three steps.")))
    if sample.may_bring(visit.actor):
        firm.append(Place("/settings/sample", T("示例数据", "Sample data"), "product", T("一家示例公司，一键放入、一键移除。", "A sample company, in and out with one click.")))
    safety = []
    security = visit.catalog.object("security")
    if visit.may(security, "read"):
        safety.append(Place("/settings/security", security.label, security.icon, security.about, (security.name,)))
        safety.append(Place("/settings/log", T("系统日志", "Log"), "history", T("谁在何时何地登录、导出、改设置、删除，谁没能登录。", "Who signed in, took data out, changed settings or deleted, when and from where, and who failed to.")))
        safety.append(Place("/settings/checks", T("安全自查", "Self-check"), "check", T("逐项对照安全要求：现状和改进办法。", "Item by item: how things stand and what to do about them.")))
    if accounts.oversees(visit.actor):
        safety.append(Place("/settings/access", T("令牌与登录", "Tokens and sign-ins"), "key", T("所有人的令牌和登录着的设备，可逐个结束。", "Everybody's tokens and sign-ins, to be ended one by one.")))
    keeping = visit.catalog.object("bin_rules")
    if visit.may(keeping, "update"):
        safety.append(Place("/settings/bin", keeping.label, keeping.icon, keeping.about, (keeping.name,)))
    guarding, asked = visit.catalog.object("privacy_rules"), visit.catalog.object("subject_request")
    if visit.may(guarding, "update") or visit.may(asked, "read"):
        safety.append(Place("/settings/privacy", T("个人信息保护", "Personal data"), "user", guarding.about, (guarding.name, "consent")))
    if visit.may(asked, "read"):
        safety.append(_place(visit, asked))
    people = [_place(visit, it) for it in sorted(shown, key=lambda it: PEOPLE.index(it.name) if it.name in PEOPLE else 9) if it.name in PEOPLE]
    if handover.may(visit):
        people.append(Place("/settings/handover", T("离职交接", "Hand-over"), "user", T("把一位同事名下的记录交给接手人，可整批撤销。", "A colleague's records to successors; can be taken back as a whole.")))
    data = [_place(visit, it, children.get(it.name, ())) for it in shown if it.name not in (*PEOPLE, "subject_request") and it.name not in {c for names in children.values() for c in names}]
    groups = [(T("个人", "Personal"), mine), (T("公司", "Company"), firm), (T("组织与权限", "People and rights"), people), (T("安全", "Security"), safety), (T("业务设置", "Business"), data)]
    return [(label, places) for label, places in groups if places]


def _place(visit: Visit, it: Definition, children: tuple[str, ...] = ()) -> Place:
    return Place(TREES.get(it.name, f"/{it.plural}"), words.plural(it), it.icon, it.about, (it.name, *children))


def _children(visit: Visit) -> dict[str, tuple[str, ...]]:
    """Objects that are edited on another's page, by that other: they need no place of their own."""
    out = {}
    for it in visit.catalog:
        view: Record | None = it.view(Record)
        if view is not None and view.children:
            out[it.name] = view.children
    return out


@page
def overview(visit: Visit) -> HttpResponse:
    """Everything there is to arrange."""
    return visit.page("pages/settings.html", title=T("设置", "Settings"))


@page
def single(visit: Visit, name: str) -> HttpResponse:
    """An object there is one record of: its page is a record's like any other."""
    found = reading.query(name, actor=visit.actor, fields=["id"], limit=1).rows
    if not found:
        raise NotFound()
    return redirect(visit.look.to(name, found[0]["id"]))


@page
def samples(visit: Visit) -> HttpResponse:
    """The sample company: bring it in, take it out."""
    if not sample.may_bring(visit.actor):
        raise NotFound()
    if visit.posted:
        return _sampled(visit)
    state = sample.state(visit.actor)
    count = len(sample.remaining(visit.actor)) if state == "present" else 0
    return visit.page("pages/sample.html", state=state, count=count, title=T("示例数据", "Sample data"))


def _sampled(visit: Visit) -> HttpResponse:
    if visit.post.get("sample") == "remove":
        removed, kept = sample.remove(visit.actor)
        visit.say(
            T(
                f"已移除 {removed} 条示例数据，保留 {kept} 条（您的数据在用）。",
                f"{removed} sample records removed, {kept} kept because your own use them.",
            )
        )
    elif visit.post.get("sample") == "bring":
        there = sample.bring(visit.actor)
        visit.say(T(f"示例公司已放入，共 {there} 条记录。", f"The sample company is in: {there} records."), "done", "/", T("去看看", "Have a look"))
    return redirect("/settings/sample")
