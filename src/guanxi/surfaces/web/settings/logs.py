"""The log: who signed in or failed to, took data out, looked at what is watched, changed settings, deleted. Filtered by person, kind,
object and days; taken out as a file."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.objects import Action
from guanxi.kernel.records import auditing, reading
from guanxi.surfaces.imports.reading.write import write_csv
from guanxi.surfaces.web import words
from guanxi.surfaces.web.settings.devices import device
from guanxi.surfaces.web.visit import Visit, page

SHOWN = 50
PEOPLE = 200
"""People in the list to choose from; in a larger company the others are chosen by a click on their name in the log."""


@page
def log(visit: Visit) -> HttpResponse:
    """A page of the log; posted, the same lines as a file."""
    given = visit.post if visit.posted else visit.get
    asked = {name: given.get(name, "") for name in ("user", "kind", "object", "since", "until")}
    wanted = _wanted(visit, asked)
    if visit.posted:
        return _file(visit, auditing.take_out(visit.actor, **wanted))
    found = auditing.lines(visit.actor, **wanted, before=parse_id(visit.get.get("before", "")), limit=SHOWN + 1)
    kept = {name: value for name, value in asked.items() if value}
    more = urlencode({**kept, "before": str(found[SHOWN - 1].id)}) if len(found) > SHOWN else ""
    return visit.page(
        "pages/log.html",
        lines=[(line, told(visit, line), device(line.agent) if line.agent else None) for line in found[:SHOWN]],
        people=_people(visit, wanted["user"]),
        kinds=auditing.KINDS,
        objects=sorted(((it.name, words.plural(it).for_(visit.look.lang)) for it in visit.catalog if visit.may(it, "read")), key=lambda one: one[1]),
        asked=asked,
        more=more,
        may_export=auditing.may(visit.actor, "export"),
        title=T("系统日志", "Log"),
    )


def _people(visit: Visit, chosen: UUID | None) -> list[dict[str, Any]]:
    """Whom one may ask for: the first of the company, and whoever is asked for now."""
    found = reading.query("user", actor=visit.actor, fields=["name"], sort="name", limit=PEOPLE).rows
    if chosen is not None and all(row["id"] != chosen for row in found):
        found += reading.query("user", actor=visit.actor, where={"field": "id", "op": "=", "value": str(chosen)}, fields=["name"], limit=1).rows
    return found


def _wanted(visit: Visit, asked: dict[str, str]) -> dict[str, Any]:
    """What a form asked for, without what is no value; days are the company's."""
    since, until = _day(asked["since"]), _day(asked["until"])
    zone = visit.look.settings.tz
    return {
        "user": parse_id(asked["user"]),
        "kinds": (asked["kind"],) if asked["kind"] in auditing.KINDS else (),
        "object": asked["object"] if visit.catalog.find(asked["object"]) is not None else "",
        "since": datetime.combine(since, time(), zone) if since else None,
        "until": datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    }


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9999 else None


def told(visit: Visit, line: auditing.Line) -> str:
    """What a line says besides its kind: why not, what was taken out, which token."""
    parts = [line.reason.for_(visit.look.lang)] if line.reason is not None else []
    it = visit.catalog.find(line.object) if line.object else None
    verb = line.details.get("verb")
    if verb and line.kind != "deleted":
        action = it.verbs.get(verb) if it is not None else None
        label = action.label if isinstance(action, Action) else words.VERBS.get(verb)
        parts += [label.for_(visit.look.lang)] if label is not None else []
    if line.details.get("job") in words.VERBS:
        parts.append(words.VERBS[line.details["job"]].for_(visit.look.lang))
    if it is not None:
        parts.append(f"{it.label.for_(visit.look.lang)} {line.title}" if line.title else words.plural(it).for_(visit.look.lang))
    if "rows" in line.details:
        rows = line.details["rows"]
        parts.append(visit.look.t(f"{rows:,} 条", f"{rows:,} rows"))
    if line.details.get("fields"):
        known = [one.label.for_(visit.look.lang) for name in line.details["fields"] if it is not None and (one := it.fields.get(name.split(".")[0])) is not None and not one.system]
        parts.append(visit.look.t("、", ", ").join(dict.fromkeys(known)))
    if line.details.get("where"):
        parts.append(visit.look.t("有筛选条件", "filtered"))
    if line.details.get("number"):
        parts.append(visit.look.t(f"编号 {line.details['number']}", f"number {line.details['number']}"))
    if line.details.get("label"):
        parts.append(str(line.details["label"]))
    if line.actor and line.actor != line.user:
        parts.append(visit.look.t(f"操作人 {line.actor}", f"by {line.actor}"))
    return " · ".join(parts)


def _file(visit: Visit, lines: list[auditing.Line]) -> HttpResponse:
    t = visit.look.t
    out = io.BytesIO()
    names = [t("时间", "Time"), t("人员", "Person"), t("事件", "What"), t("说明", "Details"), t("地址", "Address"), t("设备", "Device")]
    write_csv(
        out, names,
        ([visit.look.exact(line.at), line.user, line.label.for_(visit.look.lang), told(visit, line), line.address, line.agent] for line in lines),
    )  # fmt: skip
    return HttpResponse(
        out.getvalue(), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="log.csv"', "Cache-Control": "private, no-store"}
    )
