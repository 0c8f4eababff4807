"""What may be done to many records of a list at once: the buttons of its selection bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Field, Tags
from guanxi.kernel.declare.objects import Action, Definition, List
from guanxi.kernel.declare.pooling import LYING
from guanxi.kernel.records import handing
from guanxi.kernel.records.many import ERASE, may_erase
from guanxi.surfaces.web import pools, words
from guanxi.surfaces.web.visit import Visit

TAG, EXPORT = "tag", "export"
OWN: dict[str, Text] = {TAG: T("标签", "Tags"), EXPORT: T("导出", "Export")}


@dataclass(frozen=True)
class Deed:
    """A button of the selection bar."""

    verb: str
    label: Text
    danger: bool = False
    page: bool = False
    """Whether it has a page of its own rather than a dialog."""


def deeds(visit: Visit, it: Definition, binned: bool, view: List | None = None) -> list[Deed]:
    """What may be done to many records of a list, or of one view of it; what takes them out of a pool comes first."""
    found = [deed for deed in _deeds(visit, it, binned) if pools.fits(visit, it, view, deed.verb)]
    return sorted(found, key=lambda deed: it.pooling is None or deed.verb not in LYING)


def _deeds(visit: Visit, it: Definition, binned: bool) -> list[Deed]:
    if binned:
        back = [Deed("restore", words.VERBS["restore"])] if visit.may(it, "restore") else []
        return [*back, *([Deed(ERASE, words.VERBS[ERASE], danger=True)] if may_erase(visit.actor, it) else [])]
    out = [Deed(verb, words.VERBS[verb]) for verb in ("update", "assign") if verb in it.verbs and visit.may(it, verb)]
    if tags(visit, it):
        out.append(Deed(TAG, OWN[TAG]))
    if "merge" in it.verbs and visit.may(it, "merge"):
        out.append(Deed("merge", words.VERBS["merge"], page=True))
    for name, action in it.verbs.items():
        if isinstance(action, Action) and not action.internal and action.listed and not action.secret and visit.may(it, name):
            out.append(Deed(name, action.label, action.danger))
    if visit.may(it, "export"):
        out.append(Deed(EXPORT, OWN[EXPORT]))
    if visit.may(it, "delete"):
        out.append(Deed("delete", words.VERBS["delete"], danger=True))
    return out


def hint(visit: Visit, it: Definition, verb: str, records: Sequence[UUID]) -> str:
    """What one should know before doing something to some records."""
    if verb == "assign" and records:
        going = [(one.label, n) for one, n in handing.counts(visit.actor, it.name, records) if n]
        if going:
            many = [visit.look.t(f"{label.zh} {n} 条", f"{n} of {label.en}") for label, n in going]
            return visit.look.t("可一并转移：", "May go along: ") + visit.look.t("、", ", ").join(many)
    return pools.hint(visit, it, verb, records)


def tags(visit: Visit, it: Definition) -> list[Field]:
    """The fields of tags that the person may change."""
    if not visit.may(it, "update"):
        return []
    return [one for one, level in visit.guard.visible(it) if isinstance(one, Tags) and level == "write" and not one.readonly]
