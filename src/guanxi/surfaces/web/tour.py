"""The tour of a newcomer: five places of the screen and what they are for. The island shows it; this says it."""

from __future__ import annotations

from guanxi.base.text import T, Text
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.web.visit import Visit


def steps(visit: Visit) -> list[dict[str, str]]:
    """(where, title, text) of each step; a place this person does not have is left out."""
    by_group: dict[str, list[Definition]] = {}
    for it in visit.main():
        by_group.setdefault(it.group, []).append(it)
    found: list[tuple[str, Text, Text]] = [
        ("[data-tour=search]", T("搜索", "Search"), T("名称的一部分、拼音首字母、手机后四位都能找到；按 ⌘K 或 / 直达。", "Parts of names, pinyin initials and last digits of phones all find it; ⌘K or / goes there.")),
    ]
    if any(visit.may(it, "create") for it in visit.main()):
        found.append(("[data-tour=create]", T("快速新建", "Quick create"), T("在任何页面都能新建一条记录。", "A new record from any page.")))
    for group, zh, en in (("sales", "点开就是列表：", "Open one for its list: "), ("work", "每天从这里开始：", "Where a day begins: ")):
        objects = by_group.get(group, [])
        if objects:
            first = objects[0]
            about = first.about or T("", "")
            found.append((f'nav a[href="/{first.plural}"]', first.label, T(f"{zh}{about.zh}", f"{en}{about.en[:1].lower()}{about.en[1:]}")))
    found.append(("[data-tour=settings]", T("设置", "Settings"), T("语言、密码和登录设备；管理员在这里管理同事、权限和流程。", "Language, password and sign-ins; administrators keep people, rights and processes here.")))
    lang = visit.look.lang
    return [{"at": at, "title": title.for_(lang), "text": text.for_(lang)} for at, title, text in found]
