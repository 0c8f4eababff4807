"""What is where: the API under /api/v1/, the pages everywhere else."""

from __future__ import annotations

from django.urls import include, path

from guanxi.surfaces.api.urls import urlpatterns as api
from guanxi.surfaces.web.urls import urlpatterns as web

urlpatterns = [path("api/v1/", include(api)), *web]

handler404 = "guanxi.surfaces.web.urls.missing"
handler500 = "guanxi.surfaces.web.urls.broken"
