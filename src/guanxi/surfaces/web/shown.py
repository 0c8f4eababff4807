"""One address for an object's records, whichever way they are shown."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse

from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.web import boards, calendars, charting, listing, regions, showing, trees
from guanxi.surfaces.web.visit import Visit, page

WAYS: dict[str, Callable[[Visit, Definition], HttpResponse]] = {
    "list": listing.listing,
    "board": boards.board,
    "calendar": calendars.calendar,
    "tree": trees.tree,
    "region": regions.region,
    "chart": charting.chart,
}


@page
def shown(visit: Visit, plural: str) -> HttpResponse:
    it = visit.object(plural)
    return WAYS[showing.kind(visit, it)](visit, it)
