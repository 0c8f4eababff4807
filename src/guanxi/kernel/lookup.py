"""From what people write to the records they mean: names, numbers and codes to ids, with the actor's rights.

For surfaces that read files: a whole batch of texts is answered with one statement per field asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi.base.errors import Invalid
from guanxi.base.ids import parse_id
from guanxi.base.normal import clean, normal
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.conditions import Always, And, Condition, Test
from guanxi.kernel.declare.fields import AutoNumber, Field, Link, Links, Money, TextField
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of, select
from guanxi.kernel.storage import matching, sql
from guanxi.kernel.storage import rows as storage

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Candidate:
    """A record that a text may mean."""

    id: UUID
    label: str


def _open(guard: Guard, target: Definition) -> bool:
    return access.may(guard.actor.rights, target, "read")


def _seen(guard: Guard, it: Definition, ids: Sequence[UUID], where: str | None) -> set[UUID]:
    """Which of these records the actor may read, and the extra condition admits."""
    condition: Condition = guard.readable(it)
    if where:
        condition = And((condition, guard.where(it, guard.parse(where))))
    elif isinstance(condition, Always):
        return set(ids)
    return storage.satisfying(guard.catalog, it, list(ids), condition, deleted=False)


def ways(actor: Actor, name: str) -> list[str]:
    """The fields by which people name a record of this object: the title, its English name, unique texts and numbers."""
    guard = guard_of(actor)
    it = guard.catalog.object(name)
    out = [name for name in (it.title, f"{it.title}_en") if name in it.fields]
    out += [
        n
        for n, one in it.fields.items()
        if n != it.title and isinstance(one, TextField) and (one.unique or isinstance(one, AutoNumber))
    ]
    return [n for n in out if guard.level(it, n) in ("read", "write")]


def records(
    actor: Actor, name: str, texts: Sequence[str], *, by: str | None = None, where: str | None = None
) -> dict[str, list[Candidate]]:
    """The records each text may mean: by id, by the field `by`, or by the first of the object's `ways` that finds any.

    Texts are compared in the normal form. Absent and out of sight look the same: no candidates. `where` is a condition on
    the records. Raises Invalid for a field that cannot be used.
    """
    guard = guard_of(actor)
    it = guard.catalog.object(name)
    out: dict[str, list[Candidate]] = {text: [] for text in texts}
    if not _open(guard, it) or not out:
        return out
    if by is not None:
        guard.usable(it, by, "by")
    with sql.work(actor.workspace):
        ids = {text: found for text in out if (found := parse_id(text)) is not None}
        if ids:
            there = _seen(guard, it, list(ids.values()), where) & storage.satisfying(
                guard.catalog, it, list(ids.values()), Always(), deleted=False
            )
            for text, found in ids.items():
                if found in there:
                    out[text].append(Candidate(found, text))
        for way in [by] if by is not None else ways(actor, it.name):
            open_ = [text for text, found in out.items() if not found]
            if not open_:
                break
            for text, candidates in _by(guard, it, it.fields[way], open_, where).items():
                out[text] += candidates
    return out


def _by(
    guard: Guard, it: Definition, one: Field, texts: Sequence[str], where: str | None
) -> dict[str, list[Candidate]]:
    out: dict[str, list[Candidate]] = {}
    if one.name == it.title:
        found = [(texts[place], id_, title) for place, id_, title in matching.by_title(guard.catalog, it, texts)]
    else:
        wanted: dict[str, list[str]] = {}
        for text in texts:
            wanted.setdefault(normal(text), []).append(text)
        raw = matching.by_text(guard.catalog, it, one, _spellings(texts))
        found = [(text, id_, str(value)) for id_, value in raw for text in wanted.get(normal(str(value)), ())]
    seen = _seen(guard, it, list({id_ for _, id_, _ in found}), where)
    for text, id_, label in found:
        if id_ in seen:
            out.setdefault(text, []).append(Candidate(id_, label))
    return out


def _spellings(texts: Sequence[str]) -> list[str]:
    """The ways a code may be stored: as it stands, in half width, in capitals, in small letters."""
    out: dict[str, None] = {}
    for text in texts:
        half = clean(text)
        for one in (text, half, half.upper(), half.lower()):
            out[one] = None
    return list(out)


# -- matching whole records ------------------------------------------------------------------------------------------


def key_part(one: Field, value: Any) -> Any:
    """A canonical value in the form in which two records count as the same."""
    if isinstance(value, str):
        return normal(value)
    if isinstance(one, Money) and isinstance(value, Mapping):
        return value.get("amount")
    if isinstance(value, list | dict):
        return repr(value)
    return value


def matches(actor: Actor, name: str, fields: Sequence[str], keys: Sequence[Key]) -> dict[Key, list[UUID]]:
    """The records whose fields have these values (made by `key_part`), those that the actor may read; at most a few each.

    Raises Invalid for a field the actor may not compare by.
    """
    guard = guard_of(actor)
    it = guard.catalog.object(name)
    ones = [guard.usable(it, field, "match") for field in fields]
    for one in ones:
        if isinstance(one, Links) or one.system:
            raise Invalid.field(
                "match", "field", f"不能按“{one.label.zh}”匹配。", f"{one.label.en} cannot be matched by."
            )
    out: dict[Key, list[UUID]] = {}
    if not keys:
        return out
    lead = next((i for i, one in enumerate(ones) if one.name == it.title), None)
    if lead is None:
        lead = max(range(len(ones)), key=lambda i: (ones[i].unique, ones[i].index, not isinstance(ones[i], Link), -i))
    with sql.work(actor.workspace):
        one = ones[lead]
        values = list(dict.fromkeys(key[lead] for key in keys if key[lead] is not None))
        if one.name == it.title:
            ids = list({id_ for _, id_, _ in matching.by_title(guard.catalog, it, values)})
        elif isinstance(one, TextField):
            ids = [id_ for id_, _ in matching.by_text(guard.catalog, it, one, _spellings(values))]
        else:
            ids = matching.by_value(guard.catalog, it, Test(one.name, "in", values))
        ids = sorted(_seen(guard, it, ids, None))
        if not ids:
            return out
        wanted = set(keys)
        for id_, row in matching.values(guard.catalog, it, ones, ids).items():
            key = tuple(key_part(field, value) for field, value in zip(ones, row, strict=True))
            if key in wanted:
                out.setdefault(key, []).append(id_)
    return out


def shown(actor: Actor, name: str, ids: Sequence[UUID], fields: Sequence[str]) -> dict[UUID, dict[str, Any]]:
    """What the actor sees of some fields of some records: the "before" of a comparison."""
    guard = guard_of(actor)
    it = guard.object(name)
    reading = select(guard, it, [f for f in fields if guard.level(it, f) != "hidden"])
    reading.end_sort()
    with sql.work(actor.workspace):
        found = reading.run(And((Test("id", "in", list(ids)), guard.readable(it))), limit=max(1, len(ids)))
    return {row["id"]: row for row, _ in found}


def administrator() -> str | None:
    """The user name of the first administrator's account, for the command line."""
    for (workspace,) in sql.rows("SELECT id FROM gx_workspace ORDER BY id"):
        with sql.work(workspace):
            found = sql.rows(
                "SELECT a.username FROM gx_account a JOIN gx_link l ON l.workspace_id = a.workspace_id AND l.object = 'user' "
                "AND l.field = 'roles' AND l.source_id = a.user_id JOIN gx_role r ON r.id = l.target_id AND r.key = 'admin' "
                "WHERE a.workspace_id = %s AND a.is_active AND r.deleted_at IS NULL ORDER BY a.created_at, a.id LIMIT 1",
                [workspace],
            )
        if found:
            return str(found[0][0])
    return None
