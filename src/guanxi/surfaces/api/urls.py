"""The API's address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern

from guanxi.base.errors import WrongMethod
from guanxi.surfaces.api.asking import refusal
from guanxi.surfaces.api.router import api


def _refusing(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A wrong method answered as every other mistake is: ninja's own answer is a bare page that no exception handler sees."""

    def ask(request: HttpRequest, *parts: Any, **named: Any) -> HttpResponseBase:
        answer = view(request, *parts, **named)
        if isinstance(answer, HttpResponseNotAllowed):
            return refusal(request, WrongMethod(answer.headers["Allow"].split(", ")))
        return answer

    ask.csrf_exempt = True  # type: ignore[attr-defined] # asking.py checks it, and only where a session asks
    return ask


urlpatterns = [URLPattern(one.pattern, _refusing(one.callback), one.default_args, one.name) if isinstance(one, URLPattern) else one for one in api.urls[0]]
