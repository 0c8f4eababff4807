"""Where whoever finds a hole tells of it: security.txt (RFC 9116), where the installation names a contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from guanxi.surfaces.web.visit import missing

HOLDS = timedelta(days=180)
"""How long a copy of the file may be believed."""


def security_txt(request: HttpRequest) -> HttpResponse:
    """The file, made anew each day; nothing where nobody is named."""
    contact = settings.SECURITY_CONTACT
    if not contact:
        return missing(request)
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + HOLDS
    lines = [*(f"Contact: {one}" for one in contact), f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: zh, en"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
