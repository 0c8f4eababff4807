"""The API's address."""

from __future__ import annotations

from guanxi.surfaces.api.router import api

urlpatterns = api.urls[0]
