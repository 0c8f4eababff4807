"""What is where. Fixed names first; every other first part of an address is an object's plural name."""

from __future__ import annotations

from django.urls import path, re_path

from guanxi.surfaces.web import (
    attachments,
    boards,
    builder,
    bulk,
    calendars,
    capturing,
    children,
    composing,
    dashboards,
    forms,
    grouping,
    home,
    importing,
    linking,
    phone,
    pools,
    presence,
    profile,
    record,
    saving,
    sheet,
    shell,
    shown,
    signing,
    static,
    values,
    work,
)
from guanxi.surfaces.web.settings import area, departments, roles, welcome
from guanxi.surfaces.web.visit import broken, missing

RESERVED = ("calendar", "capture", "static", "signin", "signout", "language", "password", "me", "search", "settings", "welcome", "jobs", "offline", "palette", "waiting", "standing", "desk", "api")
"""First parts of addresses that no object may be called."""

DASHBOARD = r"(?P<key>[0-9a-f-]{32,36}|[a-z_]+\.[a-z_]+)"
"""A dashboard of a record's id, or of a module's and its own name."""

urlpatterns = [
    path("", home.home),
    path("static/<str:tag>/<path:name>", static.serve),
    path("signin", signing.sign_in),
    path("signout", signing.sign_out),
    path("language", signing.language),
    path("password", signing.password),
    path("me", profile.profile),
    path("me/sessions", profile.sessions),
    path("me/tour", profile.tour),
    path("me/tokens/<str:token>/revoke", profile.revoke),
    path("sw.js", phone.worker),
    path("manifest.webmanifest", phone.manifest),
    path("offline", phone.offline),
    path("search", home.search),
    path("palette", shell.palette),
    path("desk", shell.desk),
    path("waiting", shell.waiting),
    path("standing", home.standing),
    path("capture", capturing.paste),
    path("welcome", welcome.welcome),
    path("settings", area.overview),
    path("settings/company", area.company),
    path("settings/departments", departments.tree),
    path("settings/sample", area.samples),
    path("roles/new", roles.new),
    path("roles/<uuid:id>", roles.role),
    path("pools/<uuid:id>/rules", pools.rules),
    path("roles/<uuid:id>/say", roles.say),
    path("jobs", work.listed),
    path("jobs/<uuid:job>", work.one),
    path("jobs/<uuid:job>/undo", importing.undo),
    path("jobs/<uuid:job>/files/<uuid:file>", work.file),
    path("dashboards", dashboards.index),
    re_path(rf"^dashboards/{DASHBOARD}$", dashboards.show),
    re_path(rf"^dashboards/{DASHBOARD}/copy$", dashboards.copy),
    re_path(rf"^dashboards/{DASHBOARD}/compose$", composing.compose),
    re_path(rf"^dashboards/{DASHBOARD}/parts/(?P<place>new|\d{{1,3}})$", composing.part),
    re_path(rf"^dashboards/{DASHBOARD}/figures\.xlsx$", dashboards.workbook),
    path("calendar", calendars.common),
    path("<slug:plural>", shown.shown),
    path("<slug:plural>/bulk", bulk.bulk),
    path("<slug:plural>/cells", sheet.cells),
    path("<slug:plural>/filter", builder.builder),
    path("<slug:plural>/group", grouping.group),
    path("<slug:plural>/save-view", saving.save),
    path("<slug:plural>/tabs", saving.tabs),
    path("<slug:plural>/rows", presence.rows),
    path("<slug:plural>/new", forms.new),
    path("<slug:plural>/import", importing.importing),
    path("<slug:plural>/import/template", importing.empty),
    path("<slug:plural>/options", linking.options),
    path("<slug:plural>/<str:id>", record.record),
    path("<slug:plural>/<str:id>/edit", forms.edit),
    path("<slug:plural>/<str:id>/put", boards.put),
    path("<slug:plural>/<str:id>/here", presence.here),
    path("<slug:plural>/<str:id>/day", calendars.move),
    path("<slug:plural>/<str:id>/files/<slug:field>/<str:file>", attachments.file),
    path("<slug:plural>/<str:id>/field/<slug:name>", values.value),
    path("<slug:plural>/<str:id>/field/<slug:name>/history", values.past),
    path("<slug:plural>/<str:id>/children/<slug:child>", children.save),
    path("<slug:plural>/<str:id>/<slug:verb>", forms.verb),
]

__all__ = ["RESERVED", "broken", "missing", "urlpatterns"]
