"""The same people in every test: who they are, what they may see, and their tokens.

总部 ─ 销售部 (head: manager; owner, teammate, newcomer) ─ 二组 (junior)
     └ 市场部 (outsider)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from guanxi.kernel import setup
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.records import people
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE

PASSWORD = "correct horse battery"
PEOPLE: dict[str, tuple[str, str, str]] = {
    "owner": ("王伟", "sales", "销售部"),
    "teammate": ("李娜", "sales", "销售部"),
    "junior": ("张敏", "sales", "二组"),
    "newcomer": ("刘洋", "sales", "销售部"),
    "outsider": ("陈静", "sales", "市场部"),
    "manager": ("赵强", "sales_manager", "销售部"),
    "executive": ("孙总", "executive", "总部"),
    "admin": ("管理员", "admin", "总部"),
    "nobody": ("周无", "", "总部"),
}


@dataclass
class Cast:
    """Names to ids; `actor(name)` acts with rights as they are now."""

    users: dict[str, UUID] = field(default_factory=dict)
    departments: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        if name == "system":
            return system(DEFAULT_WORKSPACE, via="test")
        if name == "automation":
            return automation(system(DEFAULT_WORKSPACE, via="test"))
        if name == "token":
            return people.by_token(self.token("owner"), via="test")
        return people.by_username(name, via="test")

    def token(self, name: str) -> str:
        if name not in self.tokens:
            self.tokens[name] = setup.issue_token(name, "test")
        return self.tokens[name]


def make() -> Cast:
    """Make the people in an empty workspace, through the door."""
    cast = Cast()
    desk = setup.Desk(system(DEFAULT_WORKSPACE, via="test"))
    for name, above in (("总部", None), ("销售部", "总部"), ("二组", "销售部"), ("市场部", "总部")):
        cast.departments[name] = desk.perform("department", "create", changes={"name": name, "above": cast.departments.get(above or "")}).id
    for username, (name, role, department) in PEOPLE.items():
        setup.create_user(username, name, [role] if role else [], PASSWORD)
        user = desk.find("user", {"field": "username", "op": "=", "value": username})[0]["id"]
        desk.perform("user", "update", user, {"department": cast.departments[department]})
        cast.users[username] = user
    desk.perform("department", "update", cast.departments["销售部"], {"head": cast.users["manager"]})
    desk.perform("company", "welcomed", desk.find("company")[0]["id"])
    return cast
