"""What others changed in a record while somebody had it open: per field what they wrote, who and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Invalid
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Field
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import telling
from guanxi.kernel.records.telling import Told
from guanxi.surfaces.web.inputs import Raw, signature
from guanxi.surfaces.web.visit import Visit

MOST = 50


def since(visit: Visit, it: Definition, row: Mapping[str, Any], version: UUID | None) -> dict[str, Told]:
    """The newest event of each field that was changed after a version of the record, of fields the actor may see."""
    out: dict[str, Told] = {}
    if version is None or version == row["version"]:
        return out
    for event in telling.history(it.name, row["id"], actor=visit.actor, limit=MOST):
        if event.id == version:
            break
        for name in event.changes:
            out.setdefault(name, event)
    return out


def who(event: Told | None) -> str:
    return (event.actor or {}).get("label", "") if event is not None else ""


def clashes(fields: Iterable[Field], raw: Raw, now: Raw) -> list[str]:
    """The fields that both somebody else and the sender of a form changed, to different values."""
    out = []
    for one in fields:
        held = signature(one, now)
        if raw.get(f"was.{one.name}").replace("\r\n", "\n").strip() != held and signature(one, raw) != held:
            out.append(one.name)
    return out


def decided(values: dict[str, Any], raw: Raw) -> list[str]:
    """Take out of what was typed what the sender decided to leave as others wrote it; returns what is undecided."""
    open_ = []
    for name in raw.all("decide"):
        kept = raw.get(f"keep.{name}")
        if kept == "theirs":
            values.pop(name, None)
        elif kept != "mine" and name in values:
            open_.append(name)
    return open_


def undecided(names: Iterable[str]) -> Invalid:
    return Invalid([FieldError(name, "undecided", T("请选择保留哪一个。", "Choose which one to keep.")) for name in names])


def joined(it: Definition, news: Mapping[str, Told], mine: Iterable[str]) -> Text | None:
    """That what somebody saved was put together with what others saved meanwhile; None when they saved nothing to be seen."""
    theirs = [it.fields[name].label for name in news if name in it.fields and not it.fields[name].system and it.fields[name].computed is None and name not in set(mine)]
    if not theirs:
        return None
    names = list(dict.fromkeys(filter(None, map(who, news.values()))))
    zh, en = "、".join(label.zh for label in theirs), ", ".join(label.en for label in theirs)
    return T(f"已与{'、'.join(names) or '别人'}刚才的修改合并：{zh}。", f"Put together with what {', '.join(names) or 'somebody else'} just changed: {en}.")
