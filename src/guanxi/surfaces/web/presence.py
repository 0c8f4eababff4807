"""What pages say and ask while they stand open: that somebody looks at a record, and how some rows of a list stand now."""

from __future__ import annotations

from django.http import HttpResponse

from guanxi.base.ids import parse_id
from guanxi.kernel.declare.conditions import And, Test
from guanxi.kernel.records import reading, watching
from guanxi.surfaces.web import doing, listing, showing
from guanxi.surfaces.web.deeds import deeds
from guanxi.surfaces.web.record import editable
from guanxi.surfaces.web.visit import Visit, page

MOST = 100


@page
def here(visit: Visit, plural: str, id: str) -> HttpResponse:
    """Somebody has this record before them (`state` look or edit), or no longer (gone). Nothing is kept."""
    it = visit.object(plural)
    if visit.posted:
        word = visit.post.get("word", "")
        watching.look(
            it.name, id, actor=visit.actor, tab=visit.post.get("tab", ""), state=visit.post.get("state", ""),
            word=int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0,
        )  # fmt: skip
    return HttpResponse(status=204)


@page
def rows(visit: Visit, plural: str) -> HttpResponse:
    """Of the records `ids`, those that belong to the list of this address, as its rows."""
    it = visit.object(plural)
    ids = [one for text in visit.get.get("ids", "").split(",")[:MOST] if (one := parse_id(text)) is not None]
    shown, view = listing.columns(visit, it), showing.list_view(visit, it, showing.key(visit))
    wanted = And((listing.condition(visit, it), Test("id", "in", ids)))
    reach = "update" if editable(visit, it) else ""
    paths = [c.path for c in shown]
    found = reading.query(it.name, actor=visit.actor, where=wanted, fields=paths, limit=MOST, reach=reach) if ids else reading.Page([])
    return visit.page(
        "components/fresh_rows.html", current=it, it=it, columns=shown, rows=found.rows, pick=bool(deeds(visit, it, False, view)),
        act=doing.doing(visit, it, view), title=it.label,
    )
