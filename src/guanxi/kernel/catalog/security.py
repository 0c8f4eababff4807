"""What a company demands of signing in: one record per workspace, and the rules that follow from it.

What is left empty follows the installation's profile (`SECURITY_PROFILE`), so that a stricter profile reaches everything a
company never decided itself. 0 switches a rule off.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Choice, Integer, Links, MultiChoice, Option, Tags, TextField
from guanxi.kernel.declare.objects import Definition, Form, List, Object, Policy, Record


@dataclass(frozen=True)
class Rules:
    """The rules as they hold. Lengths in characters; 0 is off. `password_kinds`: how many of small letters, capitals, digits
    and other signs a password mixes. `lock_failures` wrong passwords within `lock_minutes` lock an account for as long."""

    password_length: int = 10
    password_kinds: int = 0
    password_days: int = 0
    password_history: int = 0
    lock_failures: int = 5
    lock_minutes: int = 15
    idle_minutes: int = 0
    lifetime_hours: int = 24 * 30
    one_session: bool = False
    addresses: tuple[str, ...] = ()
    second_factor: str = "free"
    second_factor_roles: tuple[str, ...] = ()
    apply: bool = False
    watched: tuple[str, ...] = ()
    token_days: int = 365
    requests_minute: int = 1200
    searches_minute: int = 300
    rows_day: int = 0

    def wants_second(self, roles: Iterable[UUID], *, administers: bool) -> bool:
        """Whether somebody with these roles, who may or may not change what others may do, must have a second factor."""
        if self.second_factor == "roles":
            return any(str(role) in self.second_factor_roles for role in roles)
        return self.second_factor == "all" or (self.second_factor == "admins" and administers)

    def admits(self, address: str) -> bool:
        """Whether one may sign in and work from an address."""
        return not self.addresses or _within(self.addresses, address)


    def token_ends(self, days: int | None, now: datetime) -> datetime | None:
        """When a token made now ends, after so many days or (None) as late as may be; None is never. Raises Invalid naming `days`."""
        most = self.token_days
        days = most if days is None else days
        if not (1 if most else 0) <= days <= (most or BOUNDS["token_days"][1]):
            limit = most or BOUNDS["token_days"][1]
            raise Invalid.field("days", "range", f"有效天数为 1 到 {limit}。", f"A token lasts 1 to {limit} days.")
        return now + timedelta(days=days) if days else None


PERSONAL, NOTHING = "@personal", "@none"
"""What may be watched besides objects by name: all that tell something of people, or expressly nothing, whatever the profile says."""


def watches(watched: Container[str], it: Definition) -> bool:
    """Whether opening a record of this object is a line of the log, where a company watches these."""
    return it.name in watched or (PERSONAL in watched and any(one.personal for one in it.fields.values()))


DEFAULT = Rules()
PROFILES: Mapping[str, Rules] = {
    "": DEFAULT,
    "asvs": replace(DEFAULT, password_length=12, idle_minutes=60, lifetime_hours=24, second_factor="admins", watched=(PERSONAL,)),
    "djbh3": replace(
        DEFAULT, password_length=10, password_kinds=3, password_days=90, password_history=5, idle_minutes=30, lifetime_hours=12,
        second_factor="all", watched=(PERSONAL,),
    ),
}  # fmt: skip
"""By the name in SECURITY_PROFILE: nothing, OWASP ASVS 5.0 level 2, or 等保 2.0 level 3 (GB/T 22239-2019)."""

BOUNDS = {
    "password_length": (8, 64), "password_kinds": (0, 4), "password_days": (0, 3650), "password_history": (0, 24), "lock_failures": (3, 20),
    "lock_minutes": (1, 1440), "idle_minutes": (0, 1440), "lifetime_hours": (1, 8760), "token_days": (0, 3650), "requests_minute": (0, 1_000_000), "searches_minute": (0, 1_000_000),
    "rows_day": (0, 100_000_000),
}  # fmt: skip
FEWEST = 30
"""Fewer requests a minute would keep people from the page where it is changed."""
_NAMES = tuple(one.name for one in fields(Rules))


def rules(chosen: Mapping[str, Any], profile: str) -> Rules:
    """What holds where a company chose this under a profile."""
    given = {name: chosen[name] for name in _NAMES if chosen.get(name) is not None}
    given |= {name: tuple(given[name]) for name in ("addresses", "second_factor_roles", "watched") if name in given}
    return replace(PROFILES[profile], **given) if given else PROFILES[profile]


@lru_cache(maxsize=256)
def _networks(addresses: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one, strict=False) for one in addresses)


def _within(addresses: tuple[str, ...], address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in _networks(addresses))


def within_bounds(draft: Any, context: Any) -> None:
    """Numbers that neither lock everybody out nor mean nothing."""
    problems = []
    for name, (low, high) in BOUNDS.items():
        if draft[name] is not None and not low <= draft[name] <= high:
            problems.append(FieldError(name, "range", T(f"请填写 {low} 到 {high} 之间的数字。", f"Give a number from {low} to {high}.")))
    for name in ("requests_minute", "searches_minute"):
        if draft[name] is not None and 0 < draft[name] < FEWEST:
            problems.append(FieldError(name, "range", T(f"至少 {FEWEST} 次；0 表示不限。", f"At least {FEWEST}; 0 is no limit.")))
    if problems:
        raise Invalid(problems)


def known_addresses(draft: Any, context: Any) -> None:
    """Addresses are addresses, and whoever writes them down stays inside."""
    if not draft.addresses:
        return
    for one in draft.addresses:
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise Invalid.field(
                "addresses", "address", f"“{one}”不是 IP 地址或网段，写法如 203.0.113.7 或 10.0.0.0/8。", f"{one!r} is no address or range; write 203.0.113.7 or 10.0.0.0/8."
            ) from None
    here = context.actor.address
    if draft.changed("addresses") and here and not _within(tuple(draft.addresses), here):
        raise Invalid.field(
            "addresses", "locked-out", f"您现在的地址 {here} 不在其中，保存后您自己也进不来；请先把它加上。", f"Your own address {here} is not among them, so you would lock yourself out; add it first."
        )


def enforce(draft: Any, context: Any) -> None:
    held = {name: draft[name] for name in _NAMES if draft[name] is not None}
    context.enforce({**held, "second_factor_roles": [str(role) for role in held.get("second_factor_roles", ())]})


def roles_named(draft: Any, context: Any) -> None:
    if draft.second_factor == "roles" and not draft.second_factor_roles:
        raise Invalid.field("second_factor_roles", "required", "请选择哪些角色必须使用。", "Say which roles must have one.")


EMPTY = T("留空按安全等级的默认值；0 表示不限。", "Empty follows the security profile; 0 is no limit.")


class Security(
    Object, label=T("登录与安全", "Sign-in and security"), plural="security", icon="key", group="settings", single=True,
    about=T("密码、锁定、超时和允许登录的地址。", "Passwords, locking, timeouts and where one may sign in from."),
):  # fmt: skip
    """登录与安全: what the company demands of signing in. There is exactly one; what is empty follows SECURITY_PROFILE."""

    password_length = Integer(T("密码最短位数", "Shortest password"), help=T("8 到 64；留空按安全等级的默认值。", "8 to 64; empty follows the security profile."))
    password_kinds = Integer(
        T("密码字符种类", "Kinds of characters"),
        help=T("大写、小写、数字、符号中至少几种；留空按安全等级的默认值。", "How many of capitals, small letters, digits and signs; empty follows the security profile."),
    )
    password_days = Integer(T("密码有效天数", "Days a password lasts"), help=EMPTY)
    password_history = Integer(T("不能重复最近几次密码", "Passwords not to be used again"), help=EMPTY)
    lock_failures = Integer(T("连续输错几次锁定", "Wrong passwords until locked"), help=T("3 到 20。", "3 to 20."))
    lock_minutes = Integer(T("锁定分钟数", "Minutes locked"), help=T("也是计算输错次数的时间段。", "Also the time within which wrong passwords count."))
    idle_minutes = Integer(T("无操作几分钟后退出", "Minutes idle until signed out"), help=EMPTY)
    lifetime_hours = Integer(T("一次登录最长小时数", "Hours a sign-in lasts at most"))
    one_session = Boolean(T("每人只能在一处登录", "One sign-in per person"), help=T("新登录会退出其他设备。", "A new sign-in ends the others."))
    addresses = Tags(
        T("允许登录的地址", "Addresses allowed"),
        help=T("IP 或网段，逗号分隔，如 10.0.0.0/8；留空不限。令牌也受限。", "IP addresses or ranges such as 10.0.0.0/8, separated by commas; empty is anywhere. Tokens too."),
    )
    second_factor = Choice(
        T("两步验证", "Second factor"),
        [
            Option("free", T("自愿", "Whoever wants")), Option("admins", T("管理员必须", "Administrators must")), Option("roles", T("部分角色必须", "Some roles must")),
            Option("all", T("所有人必须", "Everybody must")),
        ],
        help=T("登录时除密码外再输入手机验证器上的验证码。", "A code from an authenticator besides the password."),
    )  # fmt: skip
    second_factor_roles = Links("role", T("必须两步验证的角色", "Roles that must have one"))
    apply = Boolean(T("开放申请账号", "Let strangers apply"), help=T("登录页出现“申请账号”，由管理员批准或拒绝。", "A link on the sign-in page; administrators approve or refuse."))
    watched = MultiChoice(
        T("打开时记入日志的对象", "Objects whose opening is logged"), (),
        help=T("打开记录页或经接口读取一条时记入系统日志；留空按安全等级的默认值。", "Opening a record's page or reading one by the API is then a line in the log; empty follows the security profile."),
    )  # fmt: skip
    token_days = Integer(T("令牌最长有效天数", "Days a token lasts at most"), help=T("生成令牌时不写天数即按此；留空为 365 天，0 表示可以没有期限。", "Also how long it lasts when nobody says; empty is 365 days, with 0 tokens may have no end."))
    requests_minute = Integer(T("每人每分钟最多请求次数", "Requests a minute per person"), help=T("页面和接口合计，每个令牌单独计算；留空按默认值，0 表示不限。", "Pages and API together, each token by itself; empty is the default, 0 is no limit."))
    searches_minute = Integer(T("每人每分钟最多搜索次数", "Searches a minute per person"), help=EMPTY)
    rows_day = Integer(
        T("每人每天经接口最多读取条数", "Rows a day per person by the API"),
        help=T("只限没有导出权限的人，防止逐页读走整个列表；达到上限时记入系统日志。0 表示不限。", "For those who may not export, who would page through whole lists; reaching it is a line in the log. 0 is no limit."),
    )  # fmt: skip
    remark = TextField(T("备注", "Remark"))
    policy = Policy(read="role", write="role")
    checks = (within_bounds, known_addresses, roles_named)
    effects = (enforce,)
    views = (
        List(columns=("password_length", "lock_failures", "idle_minutes", "addresses")),
        Record(
            groups=(
                (T("密码", "Passwords"), ("password_length", "password_kinds", "password_days", "password_history")),
                (T("登录", "Signing in"), ("lock_failures", "lock_minutes", "idle_minutes", "lifetime_hours", "one_session", "token_days", "second_factor", "second_factor_roles", "addresses", "apply", "watched", "remark")),
                (T("用量", "How much"), ("requests_minute", "searches_minute", "rows_day")),
            ),
        ),
        Form(fields=(*_NAMES, "remark")),
    )


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `security` with the objects whose opening may be logged: all but what is strictly somebody's own."""
    it = objects.get("security")
    if it is None:
        return None
    named = [Option(one.name, one.label) for one in objects.values() if one.policy.read not in ("personal", "about", "pair")]
    general = [Option(PERSONAL, T("所有含个人信息的对象", "All that tell of people")), Option(NOTHING, T("不记录", "Nothing"))]
    return replace(it, fields={name: one.bound(options=(*general, *named)) if name == "watched" else one for name, one in it.fields.items()})
