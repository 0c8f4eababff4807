"""What a person agreed to, on the page of their record: how each purpose stands, one more consent, and taking one back by one click."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.records import consents, door, reading
from guanxi.surfaces.web.inputs import Raw, read_all
from guanxi.surfaces.web.visit import Visit, page, redirect

WRITTEN = ("purpose", "basis", "given_at", "source", "text_version")


def standings(visit: Visit, it: Definition, row: dict[str, Any]) -> list[consents.Standing] | None:
    """How every purpose stands for a living record that tells how to reach somebody; None for others."""
    if row.get("deleted_at") is not None or not consents.concerns(it) or visit.guard.hides(it, row):
        return None
    return consents.standings(it.name, row["id"], actor=visit.actor)


@page
def consent(visit: Visit, plural: str, id: str) -> HttpResponse:
    """Posted: a consent more (`purpose` …), or one taken back (`withdraw`, its id)."""
    it, record = visit.object(plural), parse_id(id)
    if record is None or not consents.concerns(it):
        raise NotFound()
    reading.get(it.name, record, actor=visit.actor, fields=["id"])
    back = redirect(visit.look.to(it.name, record))
    if not visit.posted:
        return back
    if taken := parse_id(visit.post.get("withdraw", "")):
        door.perform("consent", "withdraw", actor=visit.actor, id=taken, inputs={"channel": visit.post.get("channel") or None})
        visit.say(T("已撤回，不再用于该用途。", "Withdrawn: no longer used for that."))
        return back
    target = visit.catalog.object("consent")
    read = read_all([target.fields[name] for name in WRITTEN if name in visit.post], Raw.of(visit.post), visit)
    read.check()
    door.perform("consent", "create", actor=visit.actor, changes={**read.values, "object_name": it.name, "record": str(record)})
    visit.say(T("已登记。", "Entered."))
    return back
