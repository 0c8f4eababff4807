"""What somebody was told, as they may read it now: sentences drawn with the reader's own rights, how many wait, and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.catalog import notices as kept
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Settings
from guanxi.kernel.declare.notices import JOB, SECURITY
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.journal import log
from guanxi.kernel.records import pooling, reading
from guanxi.kernel.records.guard import Guard
from guanxi.kernel.records.reading import guard_of

NAME = "notice"
FIELDS = ("kind", "tab", "object_name", "record", "by", "count", "facts", "read_at", "done_at", "created_at")
WHERE: Mapping[str, str] = {
    "all": "", "todo": "tab = todo and done_at empty", "mention": "tab = mention", "system": "tab = system",
}  # fmt: skip
"""The tabs, and what stands in each: what is done leaves the to-dos."""
PAGE = 30
LONGEST = 120
JOBS: Mapping[str, Text] = {
    "import": T("导入", "Import"), "export": T("导出", "Export"), "undo": T("撤销", "Undoing"), "handover": T("离职交接", "Hand-over"), "bulk": T("批量操作", "Bulk action"),
}  # fmt: skip
STATES: Mapping[str, Text] = {"done": T("已完成", "done"), "failed": T("失败", "failed"), "cancelled": T("已取消", "cancelled")}


@dataclass(frozen=True)
class Shown:
    """A notice as its reader sees it. `said`: the words that mention them, "" when they are gone; `object` and `record`: where it
    leads, None when that may not be seen (any more)."""

    id: UUID
    kind: str
    tab: str
    text: Text
    said: str
    by: str
    at: datetime
    read: bool
    over: bool
    object: str
    record: UUID | None
    count: int


def shown(actor: Actor, tab: str = "all", *, after: str | None = None, limit: int = PAGE, unread: bool = False) -> tuple[list[Shown], str | None]:
    """The actor's notices of a tab, newest first, and the cursor of what follows. Two statements."""
    where = " and ".join(part for part in (WHERE[tab], "read_at empty" if unread else "", "owner = me") if part)
    page = reading.query(NAME, actor=actor, where=where, fields=FIELDS, sort=["-created_at"], limit=limit, after=after)
    return _drawn(actor, page.rows), page.next


def one(actor: Actor, id: UUID) -> Shown:
    """One notice of the actor's own. Raises NotFound."""
    return _drawn(actor, [reading.get(NAME, id, actor=actor, fields=FIELDS)])[0]


def counts(actor: Actor) -> dict[str, int]:
    """How many of the actor's notices are unread, and how many things there are to do: one statement, up to 10,000."""
    found = reading.counts([(NAME, "owner = me and read_at empty"), (NAME, f"owner = me and {WHERE['todo']}")], actor=actor)
    return {"unread": found[0][0], "todo": found[1][0]}


def quiet(desk: Mapping[str, Any], settings: Settings, now: datetime | None = None) -> bool:
    """Whether the person does not want to be disturbed now."""
    return kept.quiet(desk, (now or datetime.now(UTC)).astimezone(settings.tz))


# -- drawing -----------------------------------------------------------------------------------------------------------


def _drawn(actor: Actor, rows: Sequence[dict[str, Any]]) -> list[Shown]:
    guard = guard_of(actor)
    asked: dict[str, list[UUID]] = {}
    for row in rows:
        for name, record in _about(row):
            if guard.catalog.find(name) is not None:
                asked.setdefault(name, []).append(record)
    names = reading.names(asked, actor=actor) if asked else {}
    return [_one(guard, row, names) for row in rows]


def _about(row: Mapping[str, Any]) -> list[tuple[str, UUID]]:
    """The records a notice names."""
    facts = row["facts"] or {}
    named = [(row["object_name"] or "", one) for one in dict.fromkeys([row["record"], *facts.get("records", ())])]
    named += [("user", facts.get("to")), ("user", facts.get("owner"))]
    if said := facts.get("said"):
        named.append((said["object"], said["record"]))
    return [(name, found) for name, one in named if name and one and (found := parse_id(str(one))) is not None]


def _one(guard: Guard, row: Mapping[str, Any], names: Mapping[UUID, str]) -> Shown:
    facts, kind = row["facts"] or {}, REGISTRY.notices.get(row["kind"])
    it = guard.catalog.find(row["object_name"])
    record = parse_id(row["record"] or "")
    by = (row["by"] or {}).get("label") or ""
    said = facts.get("said") or {}
    words = names.get(parse_id(str(said.get("record") or "")) or UUID(int=0), "")
    seen = record is not None and (it is None or record in names)
    text = _sentence(guard, row, facts, it, names, by) if kind is not None else Text(row["kind"], row["kind"])
    return Shown(
        row["id"], row["kind"], row["tab"] or "system", text, words if len(words) <= LONGEST else words[: LONGEST - 1] + "…", by, row["created_at"], row["read_at"] is not None,
        row["done_at"] is not None, row["object_name"] or row["kind"], record if seen else None, row["count"] or 1,
    )  # fmt: skip


def _sentence(guard: Guard, row: Mapping[str, Any], facts: Mapping[str, Any], it: Definition | None, names: Mapping[UUID, str], by: str) -> Text:
    kind = REGISTRY.notices[row["kind"]]
    what, why = (_what(it, row, facts, names), _why(guard, it, facts))
    if kind.key == JOB.key:
        label = JOBS.get(str(facts.get("job")), T("后台任务", "Background work"))
        of = guard.catalog.find(facts.get("object"))
        what = T(f"{label.zh}{of.label.zh}", f"{label.en} of {of.label.en.lower()}") if of is not None else label
        why = STATES.get(str(facts.get("state")), STATES["done"])
    elif kind.key == SECURITY.key:
        what = T("新设备登录了您的账号", "A new device signed in to your account") if facts.get("log") == "sign_in" else log.KINDS.get(str(facts.get("log")), kind.label)
        why = T(f"（来自 {facts['address']}）", f" (from {facts['address']})") if facts.get("address") else Text("", "")
    left, title = _left(guard, facts), names.get(parse_id(row["record"] or "") or UUID(int=0))
    quoted = Text(f"「{title}」", f"“{title}”") if title else Text("", "")
    given = {"who": by, "to": _person(facts.get("to"), names), "owner": _person(facts.get("owner"), names), "n": left}

    def said(template: str, language: str) -> str:
        nobody = "系统" if language == "zh" else "The program"
        values = {key: value or nobody if key == "who" else value for key, value in given.items()}
        return template.format(what=getattr(what, language), why=getattr(why, language), title=getattr(quoted, language), **values)

    return Text(said(kind.text.zh, "zh"), said(kind.text.en, "en"))


def _what(it: Definition | None, row: Mapping[str, Any], facts: Mapping[str, Any], names: Mapping[UUID, str]) -> Text:
    """The record it is about by name, where its name may be known; several of a request by how many, and some names."""
    if it is None:
        return T("一条记录", "a record")
    count = row["count"] or 1
    if count > 1:
        found = [name for one in facts.get("records", ()) if (name := names.get(parse_id(str(one)) or UUID(int=0)))]
        zh, en = "、".join(found), ", ".join(found)
        more = count > len(found)
        plural = it.label.en.lower() + "s" if not it.label.en.lower().endswith("y") else it.label.en.lower()[:-1] + "ies"
        return Text(f"{count} 条{it.label.zh}" + (f"（{zh}{' 等' if more else ''}）" if found else ""), f"{count} {plural}" + (f" ({en}{' …' if more else ''})" if found else ""))
    record = parse_id(row["record"] or "")
    name = names.get(record) if record is not None else None
    return Text(f"{it.label.zh}「{name}」", f"{it.label.en.lower()} “{name}”") if name else Text(f"一条{it.label.zh}", it.label.en.lower())


def _why(guard: Guard, it: Definition | None, facts: Mapping[str, Any]) -> Text:
    if it is not None and facts.get("name"):
        one, (zh, en) = it.fields.get(str(facts.get("field"))), facts["name"]
        if one is None or guard.level(it, one.name) not in ("read", "write"):
            return Text(f"（{zh}）", f" ({en})")
        return Text(f"：{one.label.zh} → {one.show(facts.get('value'), 'zh-CN')}（{zh}）", f": {one.label.en} → {one.show(facts.get('value'), 'en')} ({en})")
    if it is None or it.pooling is None or not facts.get("rule"):
        return Text("", "")
    said = pooling.said(it.pooling, str(facts["rule"]), int(facts.get("days") or 0), bool(facts.get("workdays")))
    return Text(f"（{said.zh}）", f" ({said.en})")


def _left(guard: Guard, facts: Mapping[str, Any]) -> int:
    if facts.get("due"):
        return max(0, (date.fromisoformat(facts["due"]) - guard.catalog.settings.today).days)
    return int(facts.get("n") or 0)


def _person(id: Any, names: Mapping[UUID, str]) -> str:
    found = parse_id(str(id)) if id else None
    return names.get(found, "") if found is not None else ""
