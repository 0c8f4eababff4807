"""Accounts as their owners use them: signing in and out, passwords, language, tokens.

The browser's session carries the account's id and nothing that decides rights; those are read at each request.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem, TooManyRequests, Unauthenticated
from guanxi.base.ids import parse_id, uuid7
from guanxi.base.text import LANGUAGES, T
from guanxi.kernel import pacing, passwords, second_factor
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.automation import notices
from guanxi.kernel.catalog.desk import DESK
from guanxi.kernel.catalog.security import Rules
from guanxi.kernel.declare.notices import SECURITY
from guanxi.kernel.journal import log
from guanxi.kernel.records import door, metering, people, reading
from guanxi.kernel.storage import notices as devices
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import sql, tables
from guanxi.kernel.storage.sessions import SessionStore

MOST_FAILURES = 50
SHUT_OUT = timedelta(minutes=15)
"""So many failed sign-ins within this time shut an address out, whatever names were tried. They are counted in the log, so all
processes count together."""
FORGOTTEN = timedelta(days=2)
"""After so long nothing is known any more of a name nobody has: longer than any lock lasts."""
ATTEMPTS = 3
KEY = "account"
LANGUAGE = "language"
SINCE, SEEN, ADDRESS, DEVICE = "since", "seen", "address", "device"
HALFWAY = "halfway"
CODE_WITHIN = timedelta(minutes=5)
NOTED_EVERY = timedelta(minutes=10)
"""How old the note of a session's last use may be: writing it with each request would cost a statement."""
NOTED_WHEN_IDLE = timedelta(minutes=1)
BY_THEMSELVES = ("/waiting", "/here", "/rows", "/notices/count")
"""What an open page asks for although nobody touches it: it keeps no session alive."""

TOLD = frozenset({"password", "second_on", "second_off", "codes", "recovery", "passkey", "passkey_removed", "token", "locked"})
"""Lines of the log of which the account's owner is told, whoever did it: it may not have been them."""
REMEMBERED = timedelta(days=180)


def address(request: HttpRequest) -> str:
    """Where a request comes from, as the server or the proxy it trusts says."""
    return str(request.META.get("REMOTE_ADDR", ""))[: log.LONGEST_ADDRESS]


def _agent(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")[: log.LONGEST_AGENT]


def note(request: HttpRequest, kind: str, account: tables.Account | facts.Standing, **details: Any) -> None:
    """A line of the log about an account, with where the request came from."""
    workspace, user = (account.workspace_id, account.user_id) if isinstance(account, tables.Account) else (account.workspace, account.user)
    told = kind in TOLD or (kind == "sign_in" and _new_device(workspace, user, _agent(request)))
    log.note(workspace, kind, user=user, address=address(request), agent=_agent(request), **details)
    if told and user is not None:
        with suppress(Problem):  # a full disk keeps nobody out
            notices.about(workspace, user, SECURITY, uuid7(), {"log": kind, "address": address(request)})


def _new_device(workspace: UUID, user: UUID | None, agent: str) -> bool:
    """Whether somebody who signed in before never did with such a browser. Versions of browsers are no devices."""
    if user is None:
        return False
    with sql.work(workspace):
        known = devices.devices(workspace, user, datetime.now(UTC) - REMEMBERED)
    return bool(known) and _kind_of(agent) not in {_kind_of(one) for one in known}


def _kind_of(agent: str) -> str:
    return re.sub(r"[\d._]+", "", agent)


def bounded(request: HttpRequest, workspace: UUID) -> None:
    """Raises TooManyRequests where signing in failed too often from this address."""
    if log.count(workspace, "failed", address(request), datetime.now(UTC) - SHUT_OUT) >= MOST_FAILURES:
        raise TooManyRequests(
            T("这个地址登录失败次数过多，请 15 分钟后再试。", "Signing in failed too often from this address; try again in 15 minutes."),
            retry_after=int(SHUT_OUT.total_seconds()),
        )


def failed(request: HttpRequest, reason: str) -> None:
    """Note that somebody nobody knows did not get in."""
    log.note(tables.DEFAULT_WORKSPACE, "failed", address=address(request), agent=_agent(request), reason=reason)


def sign_in(request: HttpRequest, username: str, password: str) -> bool:
    """Check name and password and begin a session; False when a code is due first (`give_code`). Unknown names and wrong passwords get the same answers in the same
    time, from the first to the one that locks; too many wrong ones lock the name, or shut the address out, for a while. Raises Invalid or TooManyRequests."""
    name = username.replace("\x00", "").strip().casefold()[:150]
    account = tables.Account.objects.filter(username=name).first()
    workspace = account.workspace_id if account is not None else tables.DEFAULT_WORKSPACE
    rules = people.rules(facts.safety(workspace))
    now = datetime.now(UTC)
    bounded(request, workspace)
    if account is None:
        raise _stranger(request, name, password, rules, now)
    if account.locked_until is not None and account.locked_until > now:
        note(request, "failed", account, reason="locked")
        raise _locked(rules, account.locked_until - now)
    if not account.check_password(password[: passwords.LONGEST]) or not account.is_active:
        note(request, "failed", account, reason="password" if account.is_active else "inactive")
        if _count_failure(_row(account), rules, now):
            note(request, "locked", account)
            raise _locked(rules, timedelta(minutes=rules.lock_minutes))
        raise _wrong()
    try:
        people.by_account(account.id)
    except Unauthenticated:
        note(request, "failed", account, reason="inactive")
        raise Invalid.field("username", "inactive", "账号已停用，请联系管理员。", "The account is not active; ask your administrator.") from None
    _admit(request, account, rules)
    if second_factor.is_on(account.id):
        _await_code(request, account, now)
        return False
    begin(request, account)
    return True


def _await_code(request: HttpRequest, account: tables.Account, now: datetime) -> None:
    """Half-way in: the password was right. Such a session may do nothing but give the code, for five minutes."""
    language = request.session.get(LANGUAGE)
    request.session.flush()
    request.session[HALFWAY] = [str(account.id), now.isoformat()]
    if language in LANGUAGES:
        request.session[LANGUAGE] = language
    request.session.set_expiry(CODE_WITHIN)


def _halfway(request: HttpRequest) -> tables.Account | None:
    """Whose code is awaited."""
    id, at = request.session.get(HALFWAY) or ("", "")
    found, since = parse_id(str(id)), _when(at)
    if found is None or since is None or datetime.now(UTC) - since > CODE_WITHIN:
        return None
    return tables.Account.objects.filter(id=found, is_active=True).first()


def awaits_code(request: HttpRequest) -> bool:
    return _halfway(request) is not None


def give_code(request: HttpRequest, code: str) -> None:
    """The second step: a code from the authenticator or a recovery code. Wrong ones lock the account as wrong passwords do.
    Raises Unauthenticated when the first step is missing or long ago, Invalid, TooManyRequests."""
    account = _halfway(request)
    if account is None:
        raise Unauthenticated()
    rules, now = people.rules(facts.safety(account.workspace_id)), datetime.now(UTC)
    if account.locked_until is not None and account.locked_until > now:
        raise _locked(rules, account.locked_until - now)
    kind = second_factor.take(account.id, code[:100])
    if not kind:
        note(request, "failed", account, reason="code")
        if _count_failure(_row(account), rules, now):
            note(request, "locked", account)
            request.session.flush()
            raise _locked(rules, timedelta(minutes=rules.lock_minutes))
        raise Invalid.field("code", "code", "验证码不对或已用过，请用最新的验证码。", "The code is wrong or was used already; take the newest one.")
    if kind == "recovery":
        note(request, "recovery", account, left=second_factor.codes_left(account.id))
    begin(request, account)


def _stranger(request: HttpRequest, name: str, password: str, rules: Rules, now: datetime) -> Problem:
    """What somebody is told who gave a name nobody has: the same, after as long, as if somebody had it."""
    hidden = salted_hmac("guanxi.strangers", name, algorithm="sha256").hexdigest()[:16]
    mine = tables.Stranger.objects.filter(name=hidden)
    held = mine.first()
    if held is not None and held.locked_until is not None and held.locked_until > now:
        failed(request, "unknown")
        return _locked(rules, held.locked_until - now)
    make_password(password[: passwords.LONGEST])
    failed(request, "unknown")
    tables.Stranger.objects.bulk_create([tables.Stranger(name=hidden)], ignore_conflicts=True)
    tables.Stranger.objects.filter(failed_at__lt=now - FORGOTTEN).delete()
    return _locked(rules, timedelta(minutes=rules.lock_minutes)) if _count_failure(mine, rules, now) else _wrong()


def _row(account: tables.Account) -> QuerySet[tables.Account]:
    return tables.Account.objects.filter(id=account.id)


def _count_failure(mine: QuerySet[tables.Account] | QuerySet[tables.Stranger], rules: Rules, now: datetime) -> bool:
    """One more wrong password; true when it locks the name. They count as long as they follow each other within the time
    a name stays locked."""
    stale = Q(failed_at__isnull=True) | Q(failed_at__lt=now - timedelta(minutes=rules.lock_minutes))
    mine.update(failures=Case(When(stale, then=Value(1)), default=F("failures") + 1), failed_at=now)
    locked = now + timedelta(minutes=rules.lock_minutes)
    return bool(mine.filter(failures__gte=rules.lock_failures).update(failures=0, locked_until=locked))


def _locked(rules: Rules, left: timedelta) -> TooManyRequests:
    minutes = rules.lock_minutes
    return TooManyRequests(
        T(f"密码连续输错，账号已锁定 {minutes} 分钟。请稍后再试，或联系管理员。", f"Too many wrong passwords: the account is locked for {minutes} minutes. Try again later or ask your administrator."),
        retry_after=int(left.total_seconds()) + 1,
    )  # fmt: skip


def _admit(request: HttpRequest, account: tables.Account, rules: Rules) -> None:
    if not rules.admits(address(request)):
        note(request, "refused", account, reason="address")
        raise Invalid.field("username", "address", "公司不允许从这个地址登录。", "The company does not allow signing in from this address.")


def begin(request: HttpRequest, account: tables.Account, **how: Any) -> None:
    """A session of its own for whoever has shown who they are. Raises Invalid for an address that is not allowed."""
    rules = people.rules(facts.safety(account.workspace_id))
    _admit(request, account, rules)
    now = datetime.now(UTC)
    if account.failures or account.locked_until is not None:
        tables.Account.objects.filter(id=account.id).update(failures=0, locked_until=None)
    language = request.session.get(LANGUAGE)
    request.session.flush()
    request.session[KEY] = str(account.id)
    request.session[SINCE] = now.isoformat()
    _seen(request, rules, now)
    if language in LANGUAGES:
        request.session[LANGUAGE] = language
    if rules.one_session:
        request.session.save()
        _end_sessions(account.id, but=request.session.session_key)
    note(request, "sign_in", account, **how)
    with suppress(Problem):  # a full disk keeps nobody out
        person = Actor("person", account.workspace_id, account.user_id, via="web")
        door.perform("user", "signed_in", actor=automation(person), id=account.user_id)


def _wrong() -> Invalid:
    return Invalid.field("password", "credentials", "用户名或密码不对。", "The user name or the password is wrong.")


def sign_out(request: HttpRequest) -> None:
    found = parse_id(str(request.session.get(KEY, "")))
    account = tables.Account.objects.filter(id=found).first() if found is not None else None
    if account is not None:
        note(request, "sign_out", account)
    request.session.flush()


def of_token(request: HttpRequest, token: str, /, **how: Any) -> Actor:
    """The actor of a bearer token. Raises Unauthenticated, TooManyRequests."""
    try:
        actor, standing = people.by_bearer(token, address=address(request), **how)
    except Unauthenticated:
        stranger(request)
        raise
    _pace(request, ("token", hashlib.sha256(token.encode()).digest()), people.rules(standing.safety))
    return actor


def stranger(request: HttpRequest) -> None:
    """One more request of somebody nobody knows, from their address; a request counts once. Raises TooManyRequests."""
    if getattr(request, "counted", False):
        return
    request.counted = True  # type: ignore[attr-defined]
    pacing.take(("address", pacing.network(address(request))), settings.STRANGERS_MINUTE)


def _pace(request: HttpRequest, key: tuple[str, Any], rules: Rules) -> None:
    """One more request of somebody known, whose rules are kept for what this request goes on to do. Raises TooManyRequests."""
    request.paced = (key, rules)  # type: ignore[attr-defined]
    if settings.STRANGERS_MINUTE:
        pacing.take(key, rules.requests_minute)


def searching(request: HttpRequest) -> None:
    """One more search of whoever asks. Raises TooManyRequests."""
    (kind, id), rules = request.paced  # type: ignore[attr-defined]
    if settings.STRANGERS_MINUTE:
        pacing.take((kind, id, "search"), rules.searches_minute)


@contextmanager
def rows_of(request: HttpRequest, actor: Actor, name: str) -> Iterator[Callable[[int], None]]:
    """Around reading rows of an object by the API: what it gives is told how many were read. Raises TooManyRequests where
    somebody who may not export has had a day's rows."""
    most = request.paced[1].rows_day  # type: ignore[attr-defined]
    if not metering.counts(actor, name, most):
        yield lambda rows: None
        return
    metering.admit(actor, most)
    yield lambda rows: metering.took(actor, people.catalog_of(actor).object(name).name, rows, most)


def of_session(request: HttpRequest, /, **how: Any) -> tuple[Actor, facts.Standing]:
    """The actor of the browser's session and the account's standing. Raises Unauthenticated, also when the session was idle
    or lasted longer than the company allows, and TooManyRequests."""
    try:
        return _of_session(request, **how)
    except Unauthenticated:
        stranger(request)
        raise


def _of_session(request: HttpRequest, /, **how: Any) -> tuple[Actor, facts.Standing]:
    found = parse_id(str(request.session.get(KEY, "")))
    if found is None:
        raise Unauthenticated()
    actor, standing = people.by_account(found, address=address(request), **how)
    rules, now = people.rules(standing.safety), datetime.now(UTC)
    since, seen = _when(request.session.get(SINCE)), _when(request.session.get(SEEN))
    idle = rules.idle_minutes and seen is not None and now - seen > timedelta(minutes=rules.idle_minutes)
    if idle or (since is not None and now - since > timedelta(hours=rules.lifetime_hours)):
        request.session.flush()
        raise Unauthenticated()
    if seen is None or (now - seen > (NOTED_WHEN_IDLE if rules.idle_minutes else NOTED_EVERY) and not request.path.endswith(BY_THEMSELVES)):
        _seen(request, rules, now)
    _pace(request, ("account", standing.account), rules)
    return actor, standing


def outlived(standing: facts.Standing) -> bool:
    """Whether the password is older than the company allows."""
    days = people.rules(standing.safety).password_days
    return bool(days) and datetime.now(UTC) - standing.password_at > timedelta(days=days)


def due(actor: Actor, standing: facts.Standing) -> str:
    """What a person has to do before anything else: "password", "second" or nothing."""
    if standing.must_change or outlived(standing):
        return "password"
    return "second" if needs_second(actor, standing) and not standing.second else ""


def needs_second(actor: Actor, standing: facts.Standing) -> bool:
    """Whether the company demands a second factor of this person."""
    rules = people.rules(standing.safety)
    roles = actor.rights.belongs.get("role", ()) if actor.rights is not None else ()
    return rules.second_factor != "free" and rules.wants_second(roles, administers=administers(actor))


def administers(actor: Actor) -> bool:
    """Whether somebody may change what others may do: roles, or the rules for signing in."""
    catalog = people.catalog_of(actor)
    return any(access.may(actor.rights, catalog.object(name), "update") for name in ("role", "security"))


def prove(request: HttpRequest, password: str) -> tables.Account:
    """The session's account, its password given again. Wrong ones lock it as at the sign-in. Raises Invalid naming `current`."""
    found = parse_id(str(request.session.get(KEY, "")))
    account = tables.Account.objects.filter(id=found).first() if found is not None else None
    if account is None:
        raise Unauthenticated()
    rules, now = people.rules(facts.safety(account.workspace_id)), datetime.now(UTC)
    if account.locked_until is not None and account.locked_until > now:
        raise _locked(rules, account.locked_until - now)
    if not account.check_password(password[: passwords.LONGEST]):
        note(request, "failed", account, reason="password")
        if _count_failure(_row(account), rules, now):
            note(request, "locked", account)
            raise _locked(rules, timedelta(minutes=rules.lock_minutes))
        raise Invalid.field("current", "credentials", "当前密码不对。", "The current password is wrong.")
    return account


def begin_second(request: HttpRequest, password: str) -> None:
    """Make the secret of a second factor, to be confirmed by its first code. Raises Invalid."""
    second_factor.begin(prove(request, password).id)


def confirm_second(request: HttpRequest, standing: facts.Standing, code: str) -> list[str]:
    """Take the first code; returns the recovery codes. Sign-ins elsewhere end. Raises Invalid."""
    codes = second_factor.confirm(standing.account, code[:100])
    if codes is None:
        raise Invalid.field("code", "code", "验证码不对，请检查手机时间并用最新的验证码。", "The code is wrong; check your telephone's clock and take the newest one.")
    _end_sessions(standing.account, but=request.session.session_key)
    note(request, "second_on", standing)
    return codes


def renew_codes(request: HttpRequest, password: str) -> list[str]:
    """New recovery codes in place of the old. Raises Invalid, NotFound when there is no second factor."""
    account = prove(request, password)
    if not second_factor.is_on(account.id):
        raise NotFound()
    note(request, "codes", account)
    return second_factor.new_codes(account.id)


def drop_second(request: HttpRequest, actor: Actor, standing: facts.Standing, password: str) -> None:
    """Sign in by the password alone again. Raises Invalid, Forbidden where the company demands a second factor."""
    if needs_second(actor, standing):
        raise Forbidden()
    if second_factor.remove(prove(request, password).id):
        note(request, "second_off", standing)


def _seen(request: HttpRequest, rules: Rules, now: datetime) -> None:
    """Note where a session is used from, as its owner is shown it, and until when it holds unless it is used again."""
    request.session.update({SEEN: now.isoformat(), ADDRESS: address(request), DEVICE: _agent(request)})
    left = timedelta(hours=rules.lifetime_hours) - (now - (_when(request.session.get(SINCE)) or now))
    unused = timedelta(minutes=rules.idle_minutes) if rules.idle_minutes else timedelta(seconds=settings.SESSION_COOKIE_AGE)
    request.session.set_expiry(max(1, int(min(left, unused).total_seconds())))


def _when(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def change_password(request: HttpRequest, current: str, new: str) -> None:
    """Replace the password of the signed-in account; its sessions elsewhere end. Raises Invalid naming the field."""
    account = prove(request, current)
    if current == new:
        raise Invalid.field("password", "same", "新密码不能和当前密码相同。", "The new password must differ from the current one.")
    passwords.change(account, new, people.rules(facts.safety(account.workspace_id)))
    _end_sessions(account.id, but=request.session.session_key)
    request.session.cycle_key()
    note(request, "password", account)


def _end_sessions(account: UUID, but: str | None) -> int:
    gone = [key for key, _ in _open_sessions(account) if key != but]
    return Session.objects.filter(session_key__in=gone).delete()[0]


def of_keys(keys: Sequence[str]) -> dict[str, UUID]:
    """The account behind each of these session keys that is still signed in, with one statement."""
    store = SessionStore()
    found = {key: parse_id(str(store.decode(data).get(KEY) or "")) for key, data in facts.sessions([key for key in keys if key.isalnum()]).items()}
    return {key: account for key, account in found.items() if account is not None}


def _open_sessions(account: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Key and data of the account's living sessions. The sessions of all accounts are looked through: it is asked rarely."""
    return [(key, data) for key, data in _living() if data.get(KEY) == str(account)]


def _living() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in Session.objects.filter(expire_date__gt=datetime.now(UTC)).iterator():
        yield one.session_key, one.get_decoded()


@dataclass(frozen=True)
class SessionShown:
    """A sign-in as its owner sees it. `handle` names it without telling its key; `here` is the one asking."""

    handle: str
    address: str
    device: str
    since: datetime | None
    seen: datetime | None
    here: bool


def _handle(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def sessions(request: HttpRequest, account: UUID) -> list[SessionShown]:
    """Where the account is signed in, this browser first, then by last use."""
    return _last_used_first(_session_shown(request, key, data) for key, data in _open_sessions(account))


def _session_shown(request: HttpRequest, key: str, data: Mapping[str, Any]) -> SessionShown:
    return SessionShown(
        _handle(key), str(data.get(ADDRESS, "")), str(data.get(DEVICE, "")), _when(data.get(SINCE)), _when(data.get(SEEN)),
        key == request.session.session_key,
    )  # fmt: skip


def _last_used_first(found: Iterable[SessionShown]) -> list[SessionShown]:
    return sorted(found, key=lambda one: (one.here, one.seen or datetime.min.replace(tzinfo=UTC)), reverse=True)


def end_session(request: HttpRequest, account: UUID, handle: str) -> None:
    """End one sign-in of the account elsewhere. Raises NotFound."""
    gone = [key for key, _ in _open_sessions(account) if _handle(key) == handle and key != request.session.session_key]
    if not gone:
        raise NotFound()
    Session.objects.filter(session_key__in=gone).delete()
    if (standing := facts.by_account(account)) is not None:
        note(request, "ended", standing, count=len(gone))


def end_other_sessions(request: HttpRequest, account: UUID) -> int:
    """End every sign-in of the account but this one; returns how many there were."""
    count = _end_sessions(account, but=request.session.session_key)
    if (standing := facts.by_account(account)) is not None:
        note(request, "ended", standing, count=count)
    return count


def language_of(actor: Actor) -> str | None:
    """The language on the person's own record, or None when nobody chose one."""
    if actor.user is None:
        return None
    return reading.get("user", actor.user, actor=automation(actor), fields=["language"])["language"]  # type: ignore[no-any-return]


def choose_language(actor: Actor, language: str) -> None:
    """Note it on the person's own record, which people may do for themselves whatever their role."""
    if language in LANGUAGES and actor.user is not None:
        door.perform("user", "update", actor=automation(actor), id=actor.user, changes={"language": language})


def set_up_desk(actor: Actor, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change some of one's own preferences and keep the others; None takes one away. Returns all of them.

    Raises Invalid naming the setting. What every page reads is `Standing.desk`.
    """
    for attempt in range(ATTEMPTS):
        found = reading.query("preference", actor=actor, where={"field": "owner", "op": "=", "value": "me"}, fields=["settings"], limit=1).rows
        held = (found[0]["settings"] or {}) if found else {}
        known = {key: value for key, value in held.items() if key in DESK}  # what is no setting any more goes with the next change
        desk = {key: value for key, value in {**known, **changes}.items() if value is not None}
        try:
            if found:
                door.perform("preference", "update", actor=actor, id=found[0]["id"], changes={"settings": desk}, version=found[0]["version"])
            else:
                door.perform("preference", "create", actor=actor, changes={"settings": desk})
        except (Conflict, Invalid) as problem:
            # another window of the same person was faster: begin again from what it wrote
            if attempt == ATTEMPTS - 1 or (isinstance(problem, Invalid) and "taken" not in {e.code for e in problem.errors}):
                raise
        else:
            break
    return desk


@dataclass(frozen=True)
class TokenShown:
    """A token as its owner sees it: never the secret."""

    id: UUID
    label: str
    created_at: datetime
    expires_at: datetime | None


def tokens(account: UUID) -> list[TokenShown]:
    """The account's bearer tokens, newest first."""
    return [TokenShown(t.id, t.label, t.created_at, t.expires_at) for t in tables.Token.objects.filter(account_id=account).order_by("-id")]


def issue_token(request: HttpRequest, account: UUID, label: str, days: int | None = None) -> str:
    """A new bearer token for so many days, or as long as the company lets one last, shown once. Raises Invalid when it has no
    name, or naming `days`."""
    label = label.strip()[:100]
    if not label:
        raise Invalid.field("label", "required", "请给令牌起一个名字。", "Give the token a name.")
    standing = facts.by_account(account)
    if standing is None:
        raise NotFound()
    secret = "gx_" + secrets.token_urlsafe(32)
    ends = people.rules(standing.safety).token_ends(days, datetime.now(UTC))
    facts.issue_token(account, label, secret, ends)
    note(request, "token", standing, label=label, until=ends.isoformat() if ends else None)
    return secret


def revoke_token(request: HttpRequest, account: UUID, token: UUID) -> None:
    """End a token of the account. Raises NotFound."""
    found = tables.Token.objects.filter(id=token, account_id=account).first()
    if found is None:
        raise NotFound()
    found.delete()
    if (standing := facts.by_account(account)) is not None:
        note(request, "token_revoked", standing, label=found.label)


# -- everybody's ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ways:
    """How somebody gets in just now: their tokens, newest first, and where they are signed in, last used first."""

    account: UUID
    user: UUID
    username: str
    name: str
    tokens: tuple[TokenShown, ...]
    sessions: tuple[SessionShown, ...]


def oversees(actor: Actor) -> bool:
    """Whether somebody may see and end everybody's tokens and sign-ins: whoever may change the rules for signing in."""
    return access.may(actor.rights, people.catalog_of(actor).object("security"), "update")


def everybodys(request: HttpRequest, actor: Actor) -> list[Ways]:
    """Who has a token or is signed in, by name. Raises NotFound for whoever may not oversee that."""
    if not oversees(actor):
        raise NotFound()
    held = {one.id: one for one in tables.Account.objects.filter(workspace_id=actor.workspace)}
    tokens: dict[UUID, list[TokenShown]] = {}
    for one in tables.Token.objects.filter(account_id__in=list(held)).order_by("-id"):
        tokens.setdefault(one.account_id, []).append(TokenShown(one.id, one.label, one.created_at, one.expires_at))
    sessions: dict[UUID, list[SessionShown]] = {}
    for key, data in _living():
        account = parse_id(str(data.get(KEY) or ""))
        if account in held:
            sessions.setdefault(held[account].id, []).append(_session_shown(request, key, data))
    there = [account for id, account in held.items() if id in tokens or id in sessions]
    names: dict[UUID, str] = {}
    for start in range(0, len(there), reading.MAX_LIMIT):
        part = [str(account.user_id) for account in there[start : start + reading.MAX_LIMIT]]
        found = reading.query("user", actor=actor, where={"field": "id", "op": "in", "value": part}, fields=["name"], limit=reading.MAX_LIMIT).rows
        names |= {row["id"]: row["name"] for row in found}
    ways = [
        Ways(one.id, one.user_id, one.username, names.get(one.user_id, ""), tuple(tokens.get(one.id, ())), tuple(_last_used_first(sessions.get(one.id, []))))
        for one in there
    ]
    return sorted(ways, key=lambda one: (one.name, one.username))


def revoke_anybodys(request: HttpRequest, actor: Actor, token: UUID) -> None:
    """End somebody's token; a line of the log about them, by the actor. Raises NotFound."""
    if not oversees(actor) or not _revoke(request, actor, tables.Token.objects.filter(id=token)):
        raise NotFound()


def revoke_endless(request: HttpRequest, actor: Actor) -> int:
    """End every token that has no end of its own; returns how many there were. Raises NotFound."""
    if not oversees(actor):
        raise NotFound()
    return _revoke(request, actor, tables.Token.objects.filter(expires_at__isnull=True))


def _revoke(request: HttpRequest, actor: Actor, chosen: QuerySet[tables.Token]) -> int:
    found = list(chosen.filter(account__workspace_id=actor.workspace).select_related("account"))
    for one in found:
        one.delete()
        note(request, "token_revoked", one.account, actor=actor.user, label=one.label)
    return len(found)


def end_anybodys(request: HttpRequest, actor: Actor, account: UUID, handle: str = "") -> int:
    """End one of somebody's sign-ins, or all of them, but the one that asks; returns how many. Raises NotFound."""
    found = tables.Account.objects.filter(id=account, workspace_id=actor.workspace).first() if oversees(actor) else None
    if found is None:
        raise NotFound()
    gone = [key for key, _ in _open_sessions(account) if (not handle or _handle(key) == handle) and key != request.session.session_key]
    if not gone:
        raise NotFound()
    Session.objects.filter(session_key__in=gone).delete()
    note(request, "ended", found, actor=actor.user, count=len(gone))
    return len(gone)
