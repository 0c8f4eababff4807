"""What a typed amount is called in words, while it is being typed."""

from __future__ import annotations

from django.http import HttpResponse

from guanxi.surfaces.web.visit import Visit, page


@page
def spelled(visit: Visit) -> HttpResponse:
    """`amount` of `currency` in capital numerals, as plain text; empty when there are no such words for it."""
    text = visit.look.upper(visit.get.get("amount", "")[:60], visit.get.get("currency", ""))
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "private, no-store"})
