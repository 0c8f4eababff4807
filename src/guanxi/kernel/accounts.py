"""Accounts as their owners use them: signing in and out, passwords, language, tokens.

The browser's session carries the account's id and nothing that decides rights; those are read at each request.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import F
from django.http import HttpRequest

from guanxi.base.errors import Conflict, Invalid, NotFound, Problem, TooManyRequests, Unauthenticated
from guanxi.base.ids import parse_id
from guanxi.base.text import LANGUAGES, T
from guanxi.kernel.access.actor import Actor, automation
from guanxi.kernel.records import door, people, reading
from guanxi.kernel.setup import check_password
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import tables
from guanxi.kernel.storage.sessions import SessionStore

MAX_FAILURES = 5
LOCKED = timedelta(minutes=15)
ATTEMPTS = 3
KEY = "account"
LANGUAGE = "language"
SINCE, SEEN, ADDRESS, DEVICE = "since", "seen", "address", "device"
NOTED_EVERY = timedelta(minutes=10)
"""How old the note of a session's last use may be: writing it with each request would cost a statement."""


def sign_in(request: HttpRequest, username: str, password: str) -> UUID:
    """Check name and password and begin a session. Unknown names and wrong passwords get the same answer in the same
    time; five wrong ones lock the account for a quarter of an hour. Raises Invalid or TooManyRequests."""
    account = tables.Account.objects.filter(username=username.replace("\x00", "").strip().casefold()[:150]).first()
    if account is None:
        make_password(password[:4096])
        raise _wrong()
    now = datetime.now(UTC)
    if account.locked_until is not None and account.locked_until > now:
        raise TooManyRequests(
            T("密码连续输错，账号已锁定。请 15 分钟后再试，或联系管理员。", "Too many wrong passwords; the account is locked. Try again in 15 minutes or ask your administrator."),
            retry_after=int((account.locked_until - now).total_seconds()) + 1,
        )
    if not account.check_password(password[:4096]) or not account.is_active:
        mine = tables.Account.objects.filter(id=account.id)
        mine.update(failures=F("failures") + 1)
        if mine.filter(failures__gte=MAX_FAILURES).update(failures=0, locked_until=now + LOCKED):
            raise TooManyRequests(
                T("密码连续输错 5 次，账号已锁定 15 分钟。", "Five wrong passwords; the account is locked for 15 minutes."),
                retry_after=int(LOCKED.total_seconds()),
            )
        raise _wrong()
    try:
        people.by_account(account.id)
    except Unauthenticated:
        raise Invalid.field("username", "inactive", "账号已停用，请联系管理员。", "The account is not active; ask your administrator.") from None
    if account.failures or account.locked_until is not None:
        tables.Account.objects.filter(id=account.id).update(failures=0, locked_until=None)
    language = request.session.get(LANGUAGE)
    request.session.flush()
    request.session[KEY] = str(account.id)
    request.session.update(_place(request, now) | {SINCE: now.isoformat()})
    if language in LANGUAGES:
        request.session[LANGUAGE] = language
    with suppress(Problem):  # a full disk keeps nobody out
        person = Actor("person", account.workspace_id, account.user_id, via="web")
        door.perform("user", "signed_in", actor=automation(person), id=account.user_id)
    return account.id


def _wrong() -> Invalid:
    return Invalid.field("password", "credentials", "用户名或密码不对。", "The user name or the password is wrong.")


def sign_out(request: HttpRequest) -> None:
    request.session.flush()


def of_session(request: HttpRequest, /, **how: Any) -> tuple[Actor, facts.Standing]:
    """The actor of the browser's session and the account's standing. Raises Unauthenticated."""
    found = parse_id(str(request.session.get(KEY, "")))
    if found is None:
        raise Unauthenticated()
    standing = people.by_account(found, **how)
    now = datetime.now(UTC)
    seen = _when(request.session.get(SEEN))
    if seen is None or now - seen > NOTED_EVERY:
        request.session.update(_place(request, now))
    return standing


def _place(request: HttpRequest, now: datetime) -> dict[str, str]:
    """Where a session is used from, as its owner is shown it."""
    return {
        SEEN: now.isoformat(),
        ADDRESS: str(request.META.get("REMOTE_ADDR", ""))[:60],
        DEVICE: request.headers.get("User-Agent", "")[:300],
    }


def _when(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def change_password(request: HttpRequest, current: str, new: str) -> None:
    """Replace the password of the signed-in account; its sessions elsewhere end. Raises Invalid naming the field."""
    found = parse_id(str(request.session.get(KEY, "")))
    account = tables.Account.objects.filter(id=found).first() if found is not None else None
    if account is None:
        raise Unauthenticated()
    if not account.check_password(current[:4096]):
        raise Invalid.field("current", "credentials", "当前密码不对。", "The current password is wrong.")
    if current == new:
        raise Invalid.field("password", "same", "新密码不能和当前密码相同。", "The new password must differ from the current one.")
    check_password(new, account.username)
    account.set_password(new)
    account.must_change = False
    account.save(update_fields=["password", "must_change"])
    _end_sessions(account.id, but=request.session.session_key)
    request.session.cycle_key()


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
    living = Session.objects.filter(expire_date__gt=datetime.now(UTC)).iterator()
    return [(one.session_key, data) for one in living if (data := one.get_decoded()).get(KEY) == str(account)]


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
    found = [
        SessionShown(
            _handle(key), str(data.get(ADDRESS, "")), str(data.get(DEVICE, "")), _when(data.get(SINCE)), _when(data.get(SEEN)),
            key == request.session.session_key,
        )
        for key, data in _open_sessions(account)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.here, one.seen or datetime.min.replace(tzinfo=UTC)), reverse=True)


def end_session(request: HttpRequest, account: UUID, handle: str) -> None:
    """End one sign-in of the account elsewhere. Raises NotFound."""
    gone = [key for key, _ in _open_sessions(account) if _handle(key) == handle and key != request.session.session_key]
    if not gone:
        raise NotFound()
    Session.objects.filter(session_key__in=gone).delete()


def end_other_sessions(request: HttpRequest, account: UUID) -> int:
    """End every sign-in of the account but this one; returns how many there were."""
    return _end_sessions(account, but=request.session.session_key)


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
        desk = {key: value for key, value in {**held, **changes}.items() if value is not None}
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


def issue_token(account: UUID, label: str) -> str:
    """A new bearer token, shown once. Raises Invalid when it has no name."""
    label = label.strip()[:100]
    if not label:
        raise Invalid.field("label", "required", "请给令牌起一个名字。", "Give the token a name.")
    secret = "gx_" + secrets.token_urlsafe(32)
    facts.issue_token(account, label, secret)
    return secret


def revoke_token(account: UUID, token: UUID) -> None:
    """End a token of the account. Raises NotFound."""
    if not tables.Token.objects.filter(id=token, account_id=account).delete()[0]:
        raise NotFound()
