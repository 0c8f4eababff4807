"""People pasted as lines or as a table from a spreadsheet: who is meant, and adding them through the door."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi.base import phones, pinyin
from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel import jobs
from guanxi.kernel.records import door, reading
from guanxi.surfaces.web.visit import Visit

MOST = 200
HEADS = {
    "name": ("姓名", "名字", "员工", "员工姓名", "name", "full name"),
    "phone": ("手机", "手机号", "手机号码", "电话", "联系电话", "phone", "mobile"),
    "email": ("邮箱", "电子邮箱", "邮件", "e-mail", "email", "mail"),
    "reach": ("手机/邮箱", "手机或邮箱", "联系方式", "phone/e-mail", "contact"),
    "department": ("部门", "所属部门", "主部门", "department"),
    "position": ("职务", "职位", "岗位", "position", "title"),
}
SPLIT = re.compile(r"[,，;；|]")


@dataclass
class Line:
    """One pasted line: what it means, and what became of it. `note` warns, `error` keeps it out."""

    number: int
    text: str
    values: dict[str, str] = field(default_factory=dict)
    error: Text | None = None
    note: Text | None = None
    id: UUID | None = None
    username: str = ""
    password: str = ""


def read(text: str) -> list[Line]:
    """The lines that name somebody. A first line of headings says which column is what; else each cell is known by its form."""
    lines: list[Line] = []
    heads: list[str | None] = []
    for number, raw in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in (raw.split("\t") if "\t" in raw else SPLIT.split(raw))]
        if not any(cells):
            continue
        found = [_head(cell) for cell in cells]
        if not lines and not heads and "name" in found:
            heads = found
            continue
        one = Line(number, " · ".join(cell for cell in cells if cell))
        lines.append(one)
        if heads:
            _headed(one, cells, heads)
        else:
            _guessed(one, cells)
        if not one.values.get("name") and one.error is None:
            one.error = T("没有姓名。", "There is no name.")
    return lines


def _head(cell: str) -> str | None:
    return next((name for name, words in HEADS.items() if cell.casefold() in words), None)


def _headed(one: Line, cells: list[str], heads: Sequence[str | None]) -> None:
    for head, cell in zip(heads, cells, strict=False):
        if head is not None and cell:
            one.values[_reach(cell) if head == "reach" else head] = cell
    _check_phone(one)


def _guessed(one: Line, cells: list[str]) -> None:
    for cell in filter(None, cells):
        kind = _reach(cell)
        if kind == "text":
            kind = next((k for k in ("name", "department", "position") if k not in one.values), "")
        if not kind or kind in one.values:
            one.error = T(f"看不懂“{cell}”：每行是姓名、手机或邮箱、部门。", f"“{cell}” is not understood: a line is name, phone or e-mail, department.")
            return
        one.values[kind] = cell
    _check_phone(one)


def _reach(cell: str) -> str:
    if "@" in cell:
        return "email"
    return "phone" if re.fullmatch(r"[+()\-\s\d]{5,}", cell) else "text"


def _check_phone(one: Line) -> None:
    held = one.values.get("phone")
    if held and not any(found.ok for found in phones.parse_phones(held)):
        one.error = T(f"“{held}”不是有效的电话号码。", f"“{held}” is not a phone number.")


# -- adding ------------------------------------------------------------------------------------------------------------


def add(visit: Visit, text: str, role: UUID | None, access: bool, *, rehearse: bool = False) -> list[Line]:
    """Make the people the text names, each line by itself: what one line lacks keeps only that line out.

    `rehearse` does the same and undoes it, to show what would happen. Passwords are on the lines given access, once.
    """
    lines = read(text)
    for one in lines[MOST:]:
        one.error = T(f"一次最多 {MOST} 人，请分批添加。", f"At most {MOST} people at once; add the others afterwards.")
    context = jobs.rehearsal(visit.actor.workspace) if rehearse else jobs.together(visit.actor.workspace)
    with context:
        maker = _Maker(visit, role, access and not rehearse)
        for one in lines:
            if one.error is None:
                maker.make(one)
    return lines


class _Maker:
    def __init__(self, visit: Visit, role: UUID | None, access: bool) -> None:
        self.visit, self.role, self.access = visit, role, access
        rows = self._all("user", ["name", "username", "email", "phone"])
        self.names = {row["name"] for row in rows}
        self.usernames = {(row["username"] or "").casefold() for row in rows}
        self.emails = {(row["email"] or "").casefold() for row in rows} - {""}
        self.phones = {item["number"] for row in rows for item in row["phone"] or () if isinstance(item, dict) and item.get("number")}
        self.departments: dict[str, list[UUID]] = {}
        for row in self._all("department", ["name"]):
            self.departments.setdefault(row["name"], []).append(row["id"])

    def _all(self, name: str, fields: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            found = reading.query(name, actor=self.visit.actor, fields=fields, sort=["name"], limit=200, after=after)
            rows += found.rows
            after = found.next
            if after is None:
                return rows

    def make(self, one: Line) -> None:
        values: dict[str, Any] = {key: one.values[key] for key in ("name", "email", "phone", "position") if one.values.get(key)}
        numbers = {found.number for found in phones.parse_phones(one.values.get("phone", "")) if found.ok}
        email = one.values.get("email", "").casefold()
        if email in self.emails or numbers & self.phones:
            one.error = T("已有员工用这个手机或邮箱。", "Somebody with this phone or e-mail is here already.")
            return
        if one.values["name"] in self.names:
            one.note = T("已有同名员工，会再加一位。", "Somebody of this name is here already; another is added.")
        one.username = values["username"] = self._username(one)
        if self.role is not None:
            values["roles"] = [str(self.role)]
        known = set(self.departments)
        try:
            with jobs.attempt():
                values["department"] = self._department(one.values.get("department", ""))
                one.id = door.perform("user", "create", actor=self.visit.actor, changes=values).id
                if self.access:
                    output = door.perform("user", "give_access", actor=self.visit.actor, id=one.id).output or {}
                    one.password = str(output.get("password", ""))
        except Problem as problem:
            for undone in set(self.departments) - known:
                del self.departments[undone]
            one.id = None
            one.error = problem.errors[0].message if problem.errors else problem.detail
            return
        self.names.add(one.values["name"])
        self.usernames.add(one.username)
        self.emails |= {email} - {""}
        self.phones |= numbers

    def _username(self, one: Line) -> str:
        base = one.values.get("email", "").partition("@")[0] or pinyin.full(one.values["name"], surname=True)
        base = re.sub(r"[^a-z0-9._-]+", "", base.casefold()) or "user"
        at = 1
        while (name := base if at == 1 else f"{base}{at}") in self.usernames:
            at += 1
        return name

    def _department(self, name: str) -> str | None:
        if not name:
            return None
        found = self.departments.get(name, [])
        if len(found) > 1:
            raise Problem(T(f"有多个部门叫“{name}”，请先改名。", f"Several departments are called “{name}”; rename them first."))
        if not found:
            found = self.departments[name] = [door.perform("department", "create", actor=self.visit.actor, changes={"name": name}).id]
        return str(found[0])
