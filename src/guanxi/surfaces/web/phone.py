"""What makes the pages an application on a phone: the manifest, the worker that keeps what was opened, the page without a
connection."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from guanxi.base.text import LANGUAGES, T
from guanxi.surfaces.web import static
from guanxi.surfaces.web.visit import language_before, plain

NAME = T("关系 CRM", "Guanxi CRM")
SHORT = T("关系", "Guanxi")
ABOUT = T("客户、商机和跟进。", "Customers, deals and follow-ups.")
ICONS = (("mark.svg", "any", "any"), ("mark-full.png", "512x512", "any"), ("mark-full.svg", "any", "maskable"))
WORKER = "worker.js"
SMALL = 30_000
"""Bytes, compressed: larger files, a chart's, are not fetched ahead."""


def manifest(request: HttpRequest) -> HttpResponse:
    """What an installed application is called and looks like, in the language of the page that names it."""
    asked = request.GET.get("lang", "")
    lang = asked if asked in LANGUAGES else language_before(request)
    icons = [{"src": static.url(name), "sizes": sizes, "type": static.TYPES[name[-4:]], "purpose": purpose} for name, sizes, purpose in ICONS]
    body = {
        "id": "/",
        "name": NAME.for_(lang),
        "short_name": SHORT.for_(lang),
        "description": ABOUT.for_(lang),
        "lang": lang,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f6f8",
        "theme_color": "#1456f0",
        "icons": icons,
    }
    return HttpResponse(msgspec.json.encode(body), content_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the addresses of today's styles and scripts; it may see all pages, so it stands at the top."""
    assets = [one.url for name, one in sorted(static.assets().items()) if name != WORKER and len(one.zipped) <= SMALL]
    text = b"const ASSETS = " + msgspec.json.encode(assets) + b";\n" + static.assets()[WORKER].data
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


def offline(request: HttpRequest) -> HttpResponse:
    """What is shown when there is no connection and the page was never opened here. Kept by the worker in both languages."""
    asked = request.GET.get("lang", "")
    return plain(request, "pages/offline.html", language=asked if asked in LANGUAGES else None)
