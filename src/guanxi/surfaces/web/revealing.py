"""A masked value shown in full: where it stands, or on a page of its own without script. See kernel/records/revealing."""

from __future__ import annotations

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.kernel.records import reading, revealing
from guanxi.surfaces.web.visit import Visit, page, redirect


@page
def reveal(visit: Visit, plural: str, id: str, name: str) -> HttpResponse:
    """Posted: the value. It is never kept by a browser, and asking for the address shows nothing."""
    it = visit.object(plural)
    if not visit.posted:
        return redirect(visit.look.to(it.name, id))
    value = revealing.reveal(it.name, id, name, actor=visit.actor)
    one = it.fields.get(name)
    if one is None:
        raise NotFound()
    shown = visit.look.cell(one, value, "read", visit.look.to(it.name, id, "files"))
    if visit.request.headers.get("HX-Request"):
        return HttpResponse(shown, headers={"Cache-Control": "private, no-store"})
    row = reading.get(it.name, id, actor=visit.actor, fields=["id"])
    return visit.page("pages/revealed.html", current=it, it=it, row=row, one=one, shown=shown, title=one.label)
