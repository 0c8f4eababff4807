"""The self-check: how the installation stands against what is asked of it."""

from __future__ import annotations

from itertools import groupby

from django.conf import settings
from django.http import HttpResponse

from guanxi.base.text import T
from guanxi.kernel import self_check
from guanxi.surfaces.web.visit import Visit, page

PROFILES = {"": T("默认", "Default"), "asvs": T("OWASP ASVS 2 级", "OWASP ASVS level 2"), "djbh3": T("等保 2.0 三级", "MLPS 2.0 level 3")}


@page
def checks(visit: Visit) -> HttpResponse:
    found = self_check.items(visit.actor, secure=visit.request.is_secure())
    return visit.page(
        "pages/checks.html",
        groups=[(label, list(items)) for label, items in groupby(found, key=lambda one: one.group)],
        fine=sum(one.fine for one in found),
        total=len(found),
        profile=PROFILES[settings.SECURITY_PROFILE],
        title=T("安全自查", "Self-check"),
    )
