"""A new record and what is made with it (`Along`): both or neither, each with the rights of whoever makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi.base.errors import FieldError, Forbidden, Invalid
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.declare.objects import Along
from guanxi.kernel.records import door
from guanxi.kernel.storage import sql


def create(
    name: str, changes: Mapping[str, Any], with_it: Along, its: Mapping[str, Any], *, actor: Actor, once: UUID | None = None, careful: bool = False
) -> door.Result:
    """Create a record, and one that leads to it with the values `its`; without any, the first alone. Answers the first.

    Raises what `door.perform` raises, and then neither was made; fields of the second are named `object.field`."""
    with sql.work(actor.workspace):
        made = door.perform(name, "create", actor=actor, changes=changes, once=once, careful=careful)
        if its and made.changed:
            try:
                door.perform(with_it.object, "create", actor=actor, changes={**its, with_it.link: made.id}, cause=made.version, careful=careful)
            except (Invalid, Forbidden) as problem:
                problem.errors = tuple(FieldError(f"{with_it.object}.{e.field}", e.code, e.message) for e in problem.errors)
                raise
    return made
