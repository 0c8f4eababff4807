"""Who is who, read in as few statements as there are questions: accounts, rights, catalogs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from guanxi.base.clock import today, zone
from guanxi.base.ids import uuid7
from guanxi.kernel.declare.fields import Settings
from guanxi.kernel.storage import sql


@dataclass(frozen=True)
class Standing:
    """An account and the state of its workspace: enough to know whether anything cached still holds."""

    account: UUID
    user: UUID
    workspace: UUID
    username: str
    must_change: bool
    access_version: int
    catalog_version: int
    views_version: int
    settings: Settings
    desk: Mapping[str, Any]
    """The person's preferences (object `preference`), as they were last written."""
    safety: Mapping[str, Any]
    """What the company chose of its rules for signing in (object `security`)."""
    password_at: datetime
    second: bool
    """Whether signing in asks for a second factor."""


_STANDING = (
    "SELECT a.id, a.user_id, a.workspace_id, a.username, a.must_change, w.access_version, w.catalog_version, w.views_version, "
    "w.currency, w.zone, w.fiscal_start, w.area_code, a.desk, w.safety, a.password_at, "
    "EXISTS (SELECT FROM gx_second_factor f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL) FROM {source} JOIN gx_workspace w ON w.id = a.workspace_id WHERE a.is_active AND "
)


def _standing(found: list[tuple[Any, ...]]) -> Standing | None:
    if not found:
        return None
    account, user, workspace, username, must_change, access, catalog, views, currency, zone_name, fiscal, area, desk, safety, since, second = found[0]
    settings = Settings(currency, zone_name, fiscal, area, today(zone(zone_name)))
    return Standing(account, user, workspace, username, must_change, access, catalog, views, settings, desk, safety, since, second)


def by_token(token: str) -> Standing | None:
    """The account a bearer token belongs to, if it is still good."""
    digest = hashlib.sha256(token.encode()).digest()
    return _standing(
        sql.rows(
            _STANDING.format(source="gx_token t JOIN gx_account a ON a.id = t.account_id")
            + "t.digest = %s AND (t.expires_at IS NULL OR t.expires_at > now())",
            [digest],
            kept=True,
        )
    )


def by_account(account: UUID) -> Standing | None:
    return _standing(sql.rows(_STANDING.format(source="gx_account a") + "a.id = %s", [account], kept=True))


def by_username(username: str) -> Standing | None:
    return _standing(sql.rows(_STANDING.format(source="gx_account a") + "a.username = %s", [username.strip().casefold()]))


def session(key: str) -> str | None:
    """A browser session's data by its key, unless it has ended."""
    found = sql.rows("SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()", [key], kept=True)
    return found[0][0] if found else None


def sessions(keys: Sequence[str]) -> dict[str, str]:
    """The data of the browser sessions among these keys that have not ended, by key."""
    return dict(sql.rows("SELECT session_key, session_data FROM django_session WHERE session_key = ANY(%s) AND expire_date > now()", [list(keys)]))


def workspace(workspace_id: UUID) -> tuple[int, int, Settings] | None:
    """(access version, catalog version, settings) of a workspace."""
    found = sql.rows(
        "SELECT access_version, catalog_version, currency, zone, fiscal_start, area_code FROM gx_workspace WHERE id = %s", [workspace_id]
    )
    if not found:
        return None
    access, catalog, currency, zone_name, fiscal, area = found[0]
    return access, catalog, Settings(currency, zone_name, fiscal, area, today(zone(zone_name)))


def bump(workspace_id: UUID, what: str) -> None:
    """Make cached rights ("access"), catalogs ("catalog") or saved views ("views") of the workspace out of date, when
    this commits."""
    column = {"access": "access_version", "catalog": "catalog_version", "views": "views_version"}[what]
    sql.run(f"UPDATE gx_workspace SET {column} = {column} + 1 WHERE id = %s", [workspace_id])
    sql.unsettle()


def settle(workspace_id: UUID, name: str, currency: str, zone_name: str, fiscal_start: int, area_code: str) -> None:
    sql.run(
        "UPDATE gx_workspace SET name = %s, currency = %s, zone = %s, fiscal_start = %s, area_code = %s WHERE id = %s",
        [name, currency, zone_name, fiscal_start, area_code, workspace_id],
    )


def enforce(workspace_id: UUID, safety: Mapping[str, Any]) -> None:
    """Keep the rules for signing in where every request reads them."""
    sql.run("UPDATE gx_workspace SET safety = %s || jsonb_build_object('watermark', COALESCE(safety->'watermark', 'false')) WHERE id = %s", [sql.json(safety), workspace_id])


def mark_pages(workspace_id: UUID, on: bool) -> None:
    """Keep beside them whether pages carry a watermark."""
    sql.run("UPDATE gx_workspace SET safety = safety || jsonb_build_object('watermark', %s::boolean) WHERE id = %s", [on, workspace_id])


def safety(workspace_id: UUID) -> Mapping[str, Any]:
    found = sql.rows("SELECT safety FROM gx_workspace WHERE id = %s", [workspace_id])
    return found[0][0] if found else {}


def settled(workspace_id: UUID) -> dict[str, Any]:
    """The workspace's name and settings as its own record spells them."""
    found = sql.rows("SELECT name, currency, zone, fiscal_start, area_code FROM gx_workspace WHERE id = %s", [workspace_id])[0]
    return dict(zip(("name", "currency", "zone", "fiscal_start", "area_code"), (*found[:3], str(found[3]), found[4] or None), strict=True))


def dictionaries(workspace_id: UUID) -> list[tuple[Any, ...]]:
    return sql.rows(
        "SELECT d.key, e.key, e.name, e.name_en, e.color, COALESCE(e.active, TRUE) FROM gx_dictionary_entry e "
        "JOIN gx_dictionary d ON d.id = e.dictionary_id WHERE e.workspace_id = %s AND e.deleted_at IS NULL AND d.deleted_at IS NULL "
        'ORDER BY d.key, e."order" NULLS LAST, e.id',
        [workspace_id],
    )


def customs(workspace_id: UUID) -> list[dict[str, Any]]:
    names = ("object_name", "key", "kind", "name", "name_en", "required", "options")
    found = sql.rows(
        'SELECT object_name, key, kind, name, name_en, required, options FROM gx_custom_field WHERE workspace_id = %s AND deleted_at IS NULL '
        'ORDER BY object_name, "order" NULLS LAST, id',
        [workspace_id],
    )
    return [dict(zip(names, row, strict=True)) for row in found]


_POOL = (
    "id", "object_name", "name", "name_en", "enabled", "kind", "everyone", "hidden", "daily_limit", "cap", "total_cap", "uncounted", "wait_days",
    "new_days", "protection_days", "max_locked", "lock_days", "business", "recycling", "settings", "hour", "allot", "allot_rules", "allot_default_id",
)  # fmt: skip


def pools(workspace_id: UUID) -> list[dict[str, Any]]:
    """The living pools in order, as values by field."""
    names = ", ".join(f"p.{name}" for name in _POOL)
    links = (
        "(SELECT jsonb_object_agg(l.field, l.ids) FROM (SELECT field, jsonb_agg(target_id ORDER BY position) AS ids FROM gx_link "
        "WHERE workspace_id = p.workspace_id AND object = 'pool' AND source_id = p.id GROUP BY field) l)"
    )
    found = sql.rows(
        f'SELECT {names}, {links} FROM gx_pool p WHERE p.workspace_id = %s AND p.deleted_at IS NULL ORDER BY p."order" NULLS LAST, p.id',
        [workspace_id],
    )
    out = []
    for row in found:
        out.append(dict(zip(_POOL, row, strict=False)) | {"allot_default": row[_POOL.index("allot_default_id")]} | {name: [UUID(i) for i in ids] for name, ids in (row[-1] or {}).items()})
    return out


def rules(workspace_id: UUID) -> list[dict[str, Any]]:
    """The living rules for duplicates in order, as values by field."""
    names = ("id", "object_name", "name", "name_en", "enabled", "fields", "every", "manual", "imported", "api", "looks", "bin", "shown")
    found = sql.rows(
        f'SELECT {", ".join(names)} FROM gx_duplicate_rule WHERE workspace_id = %s AND deleted_at IS NULL ORDER BY "order" NULLS LAST, id', [workspace_id]
    )
    return [dict(zip(names, row, strict=True)) for row in found]


def patience(workspace_id: UUID) -> list[dict[str, Any]]:
    """The living rules for following up, as values by field."""
    names = ("object_name", "days", "superior_days", "active")
    found = sql.rows(f"SELECT {', '.join(names)} FROM gx_follow_up_rule WHERE workspace_id = %s AND deleted_at IS NULL", [workspace_id])
    return [dict(zip(names, row, strict=True)) for row in found]


@dataclass(frozen=True)
class Facts:
    """What rights are made of: the user, the roles' grants, how people and departments lie in their trees, and what is the person's alone (object,
    verb, whether given, how far, why)."""

    user: UUID
    name: str
    language: str | None
    active: bool
    grants: tuple[tuple[UUID, str, dict[str, Any]], ...]
    departments: tuple[UUID, ...]
    below: dict[UUID, tuple[UUID, ...]]
    members: dict[UUID, tuple[UUID, ...]]
    reports: tuple[UUID, ...]
    own: tuple[tuple[str, str, bool, str, str], ...] = ()


def facts(workspace_id: UUID, user_id: UUID) -> Facts | None:
    """One person's facts, in three statements; cached by the caller until the workspace's access version moves."""
    found = sql.rows(
        "SELECT u.name, u.language, COALESCE(u.active, TRUE), u.department_id, "
        "ARRAY(SELECT l.target_id FROM gx_link l WHERE l.workspace_id = u.workspace_id AND l.object = 'user' AND l.field = 'departments' "
        "AND l.source_id = u.id), "
        "(SELECT jsonb_agg(jsonb_build_array(r.id, r.name, r.grants)) FROM gx_link l JOIN gx_role r ON r.id = l.target_id AND r.deleted_at IS NULL "
        "WHERE l.workspace_id = u.workspace_id AND l.object = 'user' AND l.field = 'roles' AND l.source_id = u.id), "
        "(SELECT jsonb_agg(jsonb_build_array(o.object_name, o.deed, o.effect = 'given', COALESCE(o.reach, 'own'), o.reason) ORDER BY o.id) FROM gx_own_right o "
        "WHERE o.workspace_id = u.workspace_id AND o.user_id = u.id AND o.deleted_at IS NULL) "
        "FROM gx_user u WHERE u.workspace_id = %s AND u.id = %s AND u.deleted_at IS NULL",
        [workspace_id, user_id],
    )
    if not found:
        return None
    name, language, active, main, others, grants, own_rights = found[0]
    above = dict(sql.rows("SELECT id, above_id FROM gx_department WHERE workspace_id = %s AND deleted_at IS NULL", [workspace_id]))
    heads = sql.rows(
        "SELECT id FROM gx_department WHERE workspace_id = %s AND deleted_at IS NULL AND head_id = %s", [workspace_id, user_id]
    )
    members: dict[UUID, list[UUID]] = {}
    superior: dict[UUID, list[UUID]] = {}
    for user, department, boss, more in sql.rows(
        "SELECT u.id, u.department_id, u.superior_id, ARRAY(SELECT l.target_id FROM gx_link l WHERE l.workspace_id = u.workspace_id "
        "AND l.object = 'user' AND l.field = 'departments' AND l.source_id = u.id) FROM gx_user u WHERE u.workspace_id = %s",
        [workspace_id],
    ):
        for one in {department, *more} - {None}:
            members.setdefault(one, []).append(user)
        if boss is not None:
            superior.setdefault(boss, []).append(user)
    below: dict[UUID, list[UUID]] = {d: [] for d in above}
    for one in above:
        at: UUID | None = one
        seen: set[UUID] = set()
        while at is not None and at in below and at not in seen:
            below[at].append(one)
            seen.add(at)
            at = above.get(at)
    reports: list[UUID] = []
    queue = list(superior.get(user_id, []))
    while queue:
        person = queue.pop()
        if person not in reports and person != user_id:
            reports.append(person)
            queue += superior.get(person, [])
    own = dict.fromkeys(d for d in (main, *others, *(row[0] for row in heads)) if d in below)
    return Facts(
        user_id,
        name,
        language,
        active,
        tuple((UUID(role), called, rights or {}) for role, called, rights in grants or ()),
        tuple(own),
        {d: tuple(all_) for d, all_ in below.items()},
        {d: tuple(all_) for d, all_ in members.items()},
        tuple(reports),
        tuple(tuple(one) for one in own_rights or ()),
    )


def new_password() -> str:
    """A password for the first sign-in: fifteen letters and digits that are not mistaken for one another, 86 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(3))


def give_account(workspace_id: UUID, user: UUID, username: str, password: str) -> bool:
    """An account for a user, or a new password for theirs, to be changed at the next sign-in; sessions, tokens and passkeys end.

    False when the user name belongs to somebody else's account.
    """
    username = username.strip().casefold()
    taken = sql.rows("SELECT 1 FROM gx_account WHERE username = %s AND NOT (workspace_id = %s AND user_id = %s)", [username, workspace_id, user])
    if taken:
        return False
    hashed = make_password(password)
    touched = sql.rows(
        "UPDATE gx_account SET username = %s, password = %s, password_at = now(), must_change = TRUE, is_active = TRUE, failures = 0, locked_until = NULL "
        "WHERE workspace_id = %s AND user_id = %s RETURNING id",
        [username, hashed, workspace_id, user],
    )
    if touched:
        sql.run("DELETE FROM gx_token WHERE account_id = %s", [touched[0][0]])
        sql.run("DELETE FROM gx_passkey WHERE account_id = %s", [touched[0][0]])
        return True
    sql.run(
        "INSERT INTO gx_account (id, workspace_id, user_id, username, password, must_change, is_active, failures, former, desk, password_at, created_at) "
        "VALUES (%s, %s, %s, %s, %s, TRUE, TRUE, 0, '[]', '{}', now(), now())",
        [uuid7(), workspace_id, user, username, hashed],
    )
    return True


def lay_desk(workspace_id: UUID, user: UUID, desk: Mapping[str, Any]) -> None:
    """Keep a person's preferences where every request reads them."""
    sql.run("UPDATE gx_account SET desk = %s WHERE workspace_id = %s AND user_id = %s", [sql.json(desk), workspace_id, user])


def take_account(workspace_id: UUID, user: UUID) -> None:
    """Nobody signs in with this user's account any more, nor with its tokens or open sessions."""
    sql.run("UPDATE gx_account SET is_active = FALSE WHERE workspace_id = %s AND user_id = %s", [workspace_id, user])


def lose_second_factor(workspace_id: UUID, user: UUID) -> bool:
    """Signing in asks for the password alone again; False when it did already."""
    return bool(
        sql.run(
            "DELETE FROM gx_second_factor WHERE account_id IN (SELECT id FROM gx_account WHERE workspace_id = %s AND user_id = %s)",
            [workspace_id, user],
        )
    )


def issue_token(account: UUID, label: str, secret: str, ends: datetime | None) -> None:
    sql.run(
        "INSERT INTO gx_token (id, digest, account_id, label, created_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [uuid7(), hashlib.sha256(secret.encode()).digest(), account, label, datetime.now(UTC), ends],
    )


def next_numbers(workspace_id: UUID, key: str, count: int) -> int:
    """Take `count` numbers under a key; returns the first. The row is locked until the transaction ends."""
    last = sql.rows(
        "INSERT INTO gx_counter (workspace_id, key, value) VALUES (%s, %s, %s) "
        "ON CONFLICT (workspace_id, key) DO UPDATE SET value = gx_counter.value + excluded.value RETURNING value",
        [workspace_id, key, count],
    )[0][0]
    return int(last) - count + 1


def count_from(workspace_id: UUID, key: str, value: int) -> None:
    """Numbers under a key go on behind a value, if they have not come so far."""
    sql.run("UPDATE gx_counter SET value = GREATEST(value, %s) WHERE workspace_id = %s AND key = %s", [value, workspace_id, key])


def numbering(workspace_id: UUID) -> list[dict[str, Any]]:
    """The rules for numbers, as plain dicts."""
    names = ("subject", "pattern", "reset", "apart", "given", "active")
    return [dict(zip(names, row, strict=True)) for row in sql.rows(f"SELECT {', '.join(names)} FROM gx_number_rule WHERE workspace_id = %s AND deleted_at IS NULL", [workspace_id])]


def holidays(workspace_id: UUID) -> list[tuple[date, str]]:
    """The company's own days off and days worked."""
    return [(row[0], row[1]) for row in sql.rows("SELECT day, kind FROM gx_holiday WHERE workspace_id = %s AND deleted_at IS NULL", [workspace_id])]


def rate(workspace_id: UUID, currency: str, day: Any) -> Any:
    """What one unit of a currency is worth on a day, or None when nobody said."""
    found = sql.rows(
        "SELECT rate FROM gx_exchange_rate WHERE workspace_id = %s AND currency = %s AND from_day <= %s AND deleted_at IS NULL "
        "ORDER BY from_day DESC LIMIT 1",
        [workspace_id, currency, day],
    )
    return found[0][0] if found else None


def team(workspace_id: UUID, name: str, record: UUID) -> list[tuple[UUID, str, datetime | None]]:
    return sql.rows(
        "SELECT user_id, level, until FROM gx_team_member WHERE workspace_id = %s AND object = %s AND record_id = %s ORDER BY id",
        [workspace_id, name, record],
    )


def memberships(workspace_id: UUID, name: str, pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], tuple[str, datetime | None]]:
    """Of some (record, user): what they are in its team, those that are in it."""
    found = sql.rows(
        "SELECT m.record_id, m.user_id, m.level, m.until FROM unnest(%s::uuid[], %s::uuid[]) AS asked(record, person) "
        "JOIN gx_team_member m ON m.record_id = asked.record AND m.user_id = asked.person WHERE m.workspace_id = %s AND m.object = %s",
        [[record for record, _ in pairs], [user for _, user in pairs], workspace_id, name],
    )
    return {(record, user): (level, until) for record, user, level, until in found}


_TEAMS = "FROM gx_team_member m WHERE m.workspace_id = %s AND m.user_id = %s AND m.object = ANY(%s) AND (m.until IS NULL OR m.until > %s)"


def teams_count(workspace_id: UUID, user: UUID, objects: Sequence[str], now: datetime) -> int:
    """How many records' teams somebody is in."""
    return int(sql.rows(f"SELECT count(*) {_TEAMS}", [workspace_id, user, list(objects), now])[0][0])


def teams_of(
    workspace_id: UUID, user: UUID, objects: Sequence[str], now: datetime, after: UUID | None, limit: int
) -> list[tuple[UUID, str, UUID, str, datetime | None]]:
    """(membership, object, record, level, until) of the teams somebody is in, in order, behind a membership."""
    edge = "AND m.id > %s " if after else ""
    return sql.rows(
        f"SELECT m.id, m.object, m.record_id, m.level, m.until {_TEAMS} {edge}ORDER BY m.id LIMIT {int(limit)}",
        [workspace_id, user, list(objects), now, *([after] if after else [])],
    )


def membership(user: UUID, level: str, until: datetime | None) -> dict[str, Any]:
    """How an event tells of somebody in a team."""
    return {"user": str(user), "level": level, "until": until.astimezone(UTC).isoformat() if until else None}


def join_team(workspace_id: UUID, name: str, record: UUID, user: UUID, level: str, until: datetime | None) -> None:
    sql.run(
        "INSERT INTO gx_team_member (id, workspace_id, object, record_id, user_id, level, until) VALUES (%s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (workspace_id, object, record_id, user_id) DO UPDATE SET level = excluded.level, until = excluded.until",
        [uuid7(), workspace_id, name, record, user, level, until],
    )


def leave_team(workspace_id: UUID, name: str, record: UUID, user: UUID) -> None:
    sql.run(
        "DELETE FROM gx_team_member WHERE workspace_id = %s AND object = %s AND record_id = %s AND user_id = %s",
        [workspace_id, name, record, user],
    )
