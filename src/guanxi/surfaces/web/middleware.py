"""What every answer carries, and the check that a form came from our own page."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from guanxi.base.errors import TooManyRequests
from guanxi.kernel import accounts, pacing
from guanxi.surfaces.web import visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Headers:
    """Names each request and adds the security headers to each answer that does not set its own; no statement of it goes on for ever."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex  # type: ignore[attr-defined]
        with pacing.patience(settings.STATEMENT_SECONDS):
            response = self.get_response(request)
        framed = "frame-ancestors 'none'" not in response.headers.get("Content-Security-Policy", POLICY)  # which says by whom; the older header cannot
        for name, value in HEADERS.items():
            if not (framed and name == "X-Frame-Options"):
                response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


class Strangers:
    """Bounds how often one address asks without showing who it is; whoever shows it wrongly counts where that is found out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        if not known and not request.path.startswith("/static/"):
            try:
                accounts.stranger(request)
            except TooManyRequests as problem:
                return visit.hasty(request, problem)
        return self.get_response(request)


class Csrf(CsrfViewMiddleware):
    """Django's check. A request to the API that shows a bearer token carries no cookie's authority and needs none."""

    def process_view(self, request, callback, callback_args, callback_kwargs):  # type: ignore[no-untyped-def]
        if request.path.startswith("/api/v1/") and request.headers.get("Authorization", "").startswith("Bearer "):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)
