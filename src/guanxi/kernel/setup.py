"""Making the database ready and looking after it: what the command line asks of the kernel."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid, NotFound
from guanxi.base.text import T
from guanxi.kernel import jobs, passwords, upgrading
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.automation import consumers
from guanxi.kernel.catalog import attending, consents, duplicates, pools
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.catalog.core import ADMINISTRATOR
from guanxi.kernel.journal import erasures, log, seals
from guanxi.kernel.records import door, erasing, matching, people, restoring
from guanxi.kernel.records.draft import Context
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import protect, sql, tables

ROLES: dict[str, tuple[str, str]] = {
    "admin": ("系统管理员", "Administrator"),
    "executive": ("高管", "Executive"),
    "sales_manager": ("销售主管", "Sales manager"),
    "sales": ("客户经理", "Sales representative"),
    "service": ("客服", "Service"),
    "marketing": ("市场", "Marketing"),
    "finance": ("财务", "Finance"),
    "warehouse": ("仓储", "Warehouse"),
}
"""The built-in roles (REQUIREMENTS part 3, item 4); all editable, more can be added."""

USUAL_ROLE = "sales"
"""What most people of a new workspace are."""

Progress = Callable[[str], None]


class Desk:
    """The door for seeds and demos: the same calls, shorter."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    @property
    def today(self) -> date:
        return people.newest(self.actor.workspace).settings.today

    def perform(self, name: str, verb: str, id: UUID | None = None, changes: Mapping[str, Any] | None = None, **inputs: Any) -> door.Result:
        return door.perform(name, verb, actor=self.actor, id=id, changes=changes, inputs=inputs)

    def find(
        self, name: str, where: Any = None, sort: Sequence[str] = (), limit: int = 1000, deleted: bool | None = False
    ) -> list[dict[str, Any]]:
        catalog = people.catalog_of(self.actor)
        from datetime import UTC, datetime

        with sql.work(self.actor.workspace):
            return Context(self.actor, catalog, UUID(int=0), datetime.now(UTC), {}).find(name, where, sort=sort, limit=limit, deleted=deleted)

    def ensure(self, name: str, match: Mapping[str, Any], changes: Mapping[str, Any]) -> UUID:
        """The record that matches, made if there never was one: what an administrator changed stays changed, what was put
        into the bin stays there. Where an administrator's own record has the name already, the new one's says its key."""
        where = {"and": [{"field": key, "op": "=", "value": str(value) if isinstance(value, UUID) else value} for key, value in match.items()]}
        found = self.find(name, where, limit=1, deleted=None)
        if found:
            record: UUID = found[0]["id"]
            return record
        try:
            return self.perform(name, "create", changes={**match, **changes}).id
        except Invalid as problem:
            taken = {error.field for error in problem.errors if error.code == "taken"} & changes.keys()
            if not taken:
                raise
        apart = {field: f"{changes[field]} ({match['key']})" for field in taken}
        return self.perform(name, "create", changes={**match, **changes, **apart}).id

    def user(self, username: str) -> Desk:
        """The same desk, used by one of the people."""
        found = self.find("user", {"field": "username", "op": "=", "value": username}, limit=1)
        if not found:
            raise NotFound()
        from dataclasses import replace

        return Desk(replace(self.actor, user=found[0]["id"], name=found[0]["name"]))


def migrate(progress: Progress, before: Callable[[upgrading.Meets], None] | None = None) -> None:
    """Bring the database to this program's version, and go on with an upgrade that was killed. Safe to run at every start: one process
    does it at a time. `before`: asked when steps are due, and may refuse. Raises NewerData when the database is ahead of this program."""
    upgrading.look()
    with _alone():
        meets = upgrading.look()
        if meets.steps:
            if before is not None:
                before(meets)
            progress(str(T(f"更新数据库（{len(meets.steps)} 步）", f"Updating the database ({len(meets.steps)} steps)")))
            upgrading.take(progress if meets.used else None)
        protect.apply()
        if not tables.Workspace.objects.filter(id=tables.DEFAULT_WORKSPACE).exists():
            from datetime import UTC, datetime

            tables.Workspace.objects.create(id=tables.DEFAULT_WORKSPACE, name="关系", created_at=datetime.now(UTC))
        consumers.enrol()
        if upgrading.finished() != upgrading.state():
            progress(str(T("准备基础数据", "Preparing base data")))
            seed(tables.DEFAULT_WORKSPACE)
            upgrading.finish()


def keep_register() -> None:
    """See to it that there is a register of erasures; one that is gone, or that an older version never kept, is written from the journal."""
    if not erasures.file().exists():
        for workspace in jobs.workspaces():
            erasures.complete(workspace)
        erasures.file().touch(mode=0o600)


def erase_again(register: Path) -> restoring.Again:
    """Erase once more what a register of erasures tells and a restored database does not know, in every workspace. Not inside a transaction."""
    lines = erasures.read(register)
    done = restoring.Again()
    for workspace in jobs.workspaces():
        done += restoring.erase_again(workspace, lines)
        erasing.burn(workspace)
    while jobs.consume():
        pass
    return done


class _alone:
    """One process migrates at a time; the others wait."""

    KEY = 7_302_884_331

    def __enter__(self) -> None:
        sql.rows("SELECT pg_advisory_lock(%s)", [self.KEY])

    def __exit__(self, *_: object) -> None:
        sql.rows("SELECT pg_advisory_unlock(%s)", [self.KEY])


def seed(workspace: UUID) -> None:
    """The roles, dictionaries and processes a workspace starts with. What is there is left alone."""
    desk = Desk(system(workspace, via="setup"))
    with sql.work(workspace):
        if not desk.find("company", limit=1):
            company = desk.perform("company", "create", changes=facts.settled(workspace)).id
            if tables.Account.objects.filter(workspace_id=workspace).exists():
                desk.perform("company", "welcomed", company)
        if not desk.find("security", limit=1):
            desk.perform("security", "create")
        if not desk.find("notice_rules", limit=1):
            desk.perform("notice_rules", "create")
        if not desk.find("bin_rules", limit=1):
            desk.perform("bin_rules", "create")
        if not desk.find("privacy_rules", limit=1):
            desk.perform("privacy_rules", "create")
        grants: dict[str, dict[str, Any]] = {key: {} for key in ROLES}
        grants["admin"] = {"*": ADMINISTRATOR}
        for module in REGISTRY.modules:
            for role, objects in module.grants.items():
                grants[role] |= {name: grant.to_json() for name, grant in objects.items()}
        for key, (zh, en) in ROLES.items():
            desk.ensure("role", {"key": key}, {"name": zh, "name_en": en, "grants": grants[key]})
        _follow(desk, grants)
        for module in REGISTRY.modules:
            if module.seed is not None:
                module.seed(desk)
        consents.seed(desk)
        pools.seed(desk, REGISTRY.objects.values())
        duplicates.seed(desk, REGISTRY.objects.values())
        attending.seed(desk, REGISTRY.objects.values())
        matching.fill(people.newest(workspace))


def _follow(desk: Desk, grants: Mapping[str, dict[str, Any]]) -> None:
    """Built-in roles that nobody ever changed give what this version's give: a new right would else reach new companies only."""
    changed = {row[0] for row in sql.rows("SELECT DISTINCT record_id FROM gx_event WHERE workspace_id = %s AND object = 'role' AND via <> 'setup'", [desk.actor.workspace])}
    for role in desk.find("role", {"field": "key", "op": "in", "value": list(ROLES)}):
        if role["id"] not in changed and role["grants"] != grants[role["key"]]:
            desk.perform("role", "update", role["id"], {"grants": grants[role["key"]]})


def first_administrator() -> tuple[str, str] | None:
    """Make the first account when there is none: (user name, password), shown once and changed at the first sign-in."""
    if tables.Account.objects.exists():
        return None
    return "admin", create_user("admin", "管理员", ["admin"])


def create_user(username: str, name: str, roles: Sequence[str], password: str | None = None, *, workspace: UUID = tables.DEFAULT_WORKSPACE) -> str:
    """A person who can sign in; returns the password. Roles by key or name. An existing user without an account gets one.

    Raises Invalid for a name that is taken, an unknown role, or a password that is too weak.
    """
    username = username.strip().casefold()
    if not username:
        raise Invalid.field("username", "required", "请填写用户名。", "Give a user name.")
    if tables.Account.objects.filter(username=username).exists():
        raise Invalid.field("username", "taken", "用户名已被使用。", "The user name is used already.")
    given = password
    password = password or facts.new_password()
    if given is not None:
        passwords.check(given, username, people.rules(facts.safety(workspace)))
    desk = Desk(system(workspace, via="cli"))
    with sql.work(workspace):
        ids = []
        for role in roles:
            found = desk.find("role", {"or": [{"field": f, "op": "=", "value": role} for f in ("key", "name", "name_en")]}, limit=1)
            if not found:
                known = ", ".join(ROLES)
                raise Invalid.field("role", "unknown", f"没有“{role}”这个角色，可用：{known}。", f"There is no role {role!r}; try {known}.")
            ids.append(found[0]["id"])
        existing = desk.find("user", {"field": "username", "op": "=", "value": username}, limit=1)
        if existing:
            user = existing[0]["id"]
            if ids:
                desk.perform("user", "update", user, {"roles": list(dict.fromkeys([*(existing[0]["roles"] or []), *ids]))})
        else:
            user = desk.perform("user", "create", changes={"name": name or username, "username": username, "roles": ids}).id
        account = tables.Account(username=username, workspace_id=workspace, user_id=user, must_change=given is None)
        account.set_password(password)
        account.save()
    return password


def issue_token(username: str, label: str, days: int | None = None) -> str:
    """A new bearer token of an account for so many days, or as long as the company lets one last; only its hash is kept.
    Raises NotFound for an unknown user name, Invalid naming `days`."""
    standing = facts.by_username(username)
    if standing is None:
        raise NotFound(T(f"没有“{username}”这个用户。", f"There is no user {username!r}."))
    token = "gx_" + secrets.token_urlsafe(32)
    ends = people.rules(standing.safety).token_ends(days, datetime.now(UTC))
    facts.issue_token(standing.account, label, token, ends)
    log.note(standing.workspace, "token", user=standing.user, label=label, via="cli", until=ends.isoformat() if ends else None)
    return token


def load_demo(progress: Progress) -> None:
    """Add the sample company, once."""
    workspace = tables.DEFAULT_WORKSPACE
    desk = Desk(system(workspace, via="demo"))
    with sql.work(workspace):
        if sql.rows("SELECT 1 FROM gx_event WHERE workspace_id = %s AND via = 'demo' LIMIT 1", [workspace]):
            return
        for module in REGISTRY.modules:
            if module.demo is not None:
                progress(str(T(f"示例数据：{module.label.zh}", f"Sample data: {module.label.en}")))
                module.demo(desk)
        company = desk.find("company", limit=1)[0]
        if company["welcomed_at"] is None:
            desk.perform("company", "welcomed", company["id"])


def operator(workspace: UUID = tables.DEFAULT_WORKSPACE) -> Actor:
    """Whoever sits at the command line: the program itself."""
    return system(workspace, via="cli")


def diagnose() -> list[tuple[str, bool, str, str]]:
    """What `doctor` shows: (check, fine, Chinese, English)."""
    out: list[tuple[str, bool, str, str]] = []
    meets = upgrading.look()
    version = meets.server // 10000
    out.append(("postgresql", meets.server >= upgrading.OLDEST_SERVER, f"PostgreSQL {version}（需要 15 以上）", f"PostgreSQL {version} (15 or later needed)"))
    waiting = len(meets.steps)
    begun = T("，上次升级没有完成，重新启动即可继续", "; an upgrade was begun and not ended: start again to go on with it") if meets.interrupted else T("", "")
    out.append(("migrations", waiting == 0 and not meets.interrupted, f"待执行的数据库更新：{waiting}{begun.zh}", f"Database updates waiting: {waiting}{begun.en}"))
    if not meets.there:
        out.append(("data", False, "还没有数据，请先运行一次 ./guanxi serve", "There are no data yet: run ./guanxi serve once"))
        return out
    missing = protect.missing()
    names = ", ".join(missing[:5])
    out.append(("guards", not missing, f"缺少保护的表：{names}" if missing else "行级安全与事件保护齐全", f"Tables without guards: {names}" if missing else "Row-level security and event guards are in place"))
    powerful = protect.powerful()
    out.append(
        ("role", not powerful, "数据库角色会绕过行级安全，请换一个普通角色" if powerful else "数据库角色受行级安全约束", "The database role bypasses row-level security; use an ordinary one" if powerful else "The database role obeys row-level security")
    )
    accounts = tables.Account.objects.count()
    out.append(("accounts", accounts > 0, f"账号：{accounts}", f"Accounts: {accounts}"))
    return out + sealed()


def sealed() -> list[tuple[str, bool, str, str]]:
    """Journal and log of every workspace against their seals, as `diagnose` shows them."""
    return [_sealed(workspace, chain) for workspace in jobs.workspaces() for chain in seals.CHAINS]


_FOUND = {
    "changed": T("被改动", "changed"), "deleted": T("被删除", "deleted"), "inserted": T("被插入", "inserted"), "late": T("时间不对", "out of time"),
    "seal": T("封存被改动", "seal altered"), "anchor": T("封存与文件不符", "seal differs from the file"),
}  # fmt: skip
MOST_TOLD = 50


_SEALED = {
    "journal": (T("日志封存核对", "Journal against its seals"), T("个事件", "events")),
    "log": (T("系统日志封存核对", "Log against its seals"), T("行", "lines")),
}


def _sealed(workspace: UUID, chain: seals.Chain) -> tuple[str, bool, str, str]:
    """Whether the journal, or the log, is as it was sealed; each event or line that is not is named."""
    found = seals.verify(workspace, jobs.seals_file(), chain)
    name, rows = _SEALED[chain.name]
    zh = f"{name.zh}：{found.events:,} {rows.zh}，{found.seals:,} 个封存，{found.waiting:,} 个待封存"
    en = f"{name.en}: {found.events:,} {rows.en}, {found.seals:,} seals, {found.waiting:,} not sealed yet"
    for one in found.findings[:MOST_TOLD]:
        zh += f"\n    {_FOUND[one.kind].zh}：{one.event or ''}（封存 {one.seal}）"
        en += f"\n    {_FOUND[one.kind].en}: {one.event or ''} (seal {one.seal})"
    if more := len(found.findings) - MOST_TOLD:
        zh, en = (zh + f"\n    另有 {more} 处", en + f"\n    and {more} more") if more > 0 else (zh, en)
    return chain.name, not found.findings, zh, en
