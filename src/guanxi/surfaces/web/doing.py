"""What the last column of a list offers in each row: to write about the record, to edit it, and a menu of the rest."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from guanxi.base.errors import NotFound
from guanxi.base.text import Text
from guanxi.kernel.declare.objects import Definition, List
from guanxi.surfaces.web import boxes, pools
from guanxi.surfaces.web.record import actions, asked_paths, editable, fetch
from guanxi.surfaces.web.visit import Visit, page


@dataclass(frozen=True)
class Doing:
    """What every row of a list offers besides the menu: `write` what writing about the record is called, `edit` whether it may
    be edited where the row says so, `claim` the label of taking it out of its pool."""

    write: Text | None
    edit: bool
    claim: Text | None


def doing(visit: Visit, it: Definition, view: List) -> Doing:
    """Known for the whole list, without a statement: what one row allows beyond that it says itself (`reach`, `pool`), or is
    asked when somebody opens its menu."""

    def find() -> Doing:
        box = next(iter(boxes.writable(visit, it)), None)
        return Doing(box[2].label if box is not None else None, bool(editable(visit, it)), pools.claiming(visit, it, view))

    return visit.kept(("doing", it.name, view.name), find)  # type: ignore[no-any-return]


@page
def menu(visit: Visit, plural: str, id: str) -> HttpResponse:
    """The verbs one record allows now: the menu of its row, and a page where there is no script. Raises NotFound."""
    it = visit.object(plural)
    row, _ = fetch(visit, it, id, asked_paths(visit, it))
    if row.get("deleted_at") is not None:
        raise NotFound()
    return visit.page(
        "pages/menu.html", current=it, it=it, base=visit.look.to(it.name, row["id"]), name=visit.guard.called(it, row),
        actions=sorted(actions(visit, it, row), key=lambda one: one.danger), printable=visit.may(it, "print"), title=it.label,
    )  # fmt: skip
