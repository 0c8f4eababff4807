"""Taking back what one just did: what would become of the records, then the deed. For what was done at once; work in the background
is taken back from its own page."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.text import T
from guanxi.kernel.records import undoing
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next


def address(event: UUID, back: str) -> str:
    """Where what began with an event is taken back; `back`: where one is then."""
    return f"/undo/{event}?" + urlencode({"next": back})


@page
def undo(visit: Visit, event: UUID) -> HttpResponse:
    first = undoing.deed(visit.actor, event)
    it = visit.guard.object(first.object)
    back = safe_next(visit.get.get("next", "")) if visit.get.get("next") else f"/{it.plural}"
    if visit.posted:
        done = undoing.take_back(visit.actor, event)
        count, kept = done.deleted + done.restored + done.reverted, done.kept.total()
        stays = T(f"，{kept} 条保留。", f", {kept} stay as they are.") if kept else T("。", ".")
        visit.say(T(f"已撤销：{count} 条恢复原状{stays.zh}", f"Taken back: {count} are as they were{stays.en}"), "done" if count else "note")
        for reason, n in done.kept.most_common(3):
            visit.say(T(f"{n} 条保留：{reason.zh}", f"{n} stay: {reason.en}"), "warning")
        return redirect(back)
    report = undoing.rehearse(visit.actor, event)
    by_object = [(one, n) for name, n in report.back.items() if (one := visit.catalog.find(name)) is not None]
    return visit.page("pages/undo.html", current=it, it=it, report=report, by_object=by_object, back=back, title=T("撤销", "Undo"))
