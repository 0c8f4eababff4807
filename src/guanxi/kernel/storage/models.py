"""Declarations as Django models: what migrations are made from. Nothing else uses them; their managers are sealed."""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.declare.fields import Field, Link
from guanxi.kernel.declare.objects import Definition, List

_COLUMNS: dict[str, Any] = {
    "text": lambda: models.TextField(null=True),
    "bigint": lambda: models.BigIntegerField(null=True),
    "numeric": lambda: models.DecimalField(max_digits=22, decimal_places=6, null=True),
    "boolean": lambda: models.BooleanField(null=True),
    "date": lambda: models.DateField(null=True),
    "timestamptz": lambda: models.DateTimeField(null=True),
    "jsonb": lambda: models.JSONField(null=True),
    "text[]": lambda: ArrayField(models.TextField(), null=True),
}


LAID = {"pool", "pooled_at"}
UNINDEXED = {"from_pool", "previous_owner"}
"""Links that pooled records have and nobody lists records by."""


class Sealed(models.Manager[Any]):
    """Refuses: records are read and written through the door only."""

    def get_queryset(self) -> NoReturn:
        raise RuntimeError("Records are reached through guanxi.kernel.records.door only (docs/architecture.md)")


def build(module: str) -> list[type[models.Model]]:
    """The models of one module's objects, registered with Django under the module's name."""
    return [_model(d) for d in REGISTRY.objects.values() if d.module == module]


def model_name(definition: Definition) -> str:
    return "".join(word.capitalize() for word in definition.name.split("_"))


def _model(it: Definition) -> type[models.Model]:
    attrs: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": it.doc,
        "id": models.UUIDField(primary_key=True),
        "workspace_id": models.UUIDField(),
        # The key itself gives way to a trigger that looks once per statement (`storage.protect`, docs/adr/0021).
        "version": models.ForeignKey(
            "kernel.Event", on_delete=models.PROTECT, related_name="+", db_index=False, db_column="version"
        ),
        "created_at": models.DateTimeField(),
        "created_by": models.UUIDField(null=True),
        "updated_at": models.DateTimeField(),
        "updated_by": models.UUIDField(null=True),
        "deleted_at": models.DateTimeField(null=True),
        "custom": models.JSONField(default=dict),
        "objects": Sealed(),
    }
    if it.normal:
        # Empty for the many titles that are in normal form as they stand (see compile.normal). Among the first columns,
        # because finding the last one in a wide row takes longer than the comparison.
        template = "NULLIF(lower(normalize(%(expressions)s, NFKC)), %(expressions)s)"
        attrs[it.normal] = models.GeneratedField(
            expression=Func(F(it.title), template=template), output_field=models.TextField(null=True), db_persist=True, null=True
        )
    if it.initial:
        attrs[it.initial] = models.TextField(null=True)
    indexes: dict[str, models.Index] = {}
    constraints: list[models.BaseConstraint] = []
    alive = Q(deleted_at__isnull=True)

    def order(*keys: str) -> None:
        name = _short(it, keys)
        # Most records lie in no pool: indexes over what only those in one have hold those only.
        some = alive & Q(pool__isnull=False) if it.pooling is not None and LAID & {key.lstrip("-") for key in keys} else alive
        indexes.setdefault(name, models.Index(*(_key(it, key) for key in keys), name=name, condition=some))

    for field in it.fields.values():
        if field.system or not field.stored:
            continue
        for part in field.parts:
            attrs[_attribute(field, part.suffix)] = _column(field, part.sql)
        if it.pooling is not None and field.name in UNINDEXED:
            continue
        if isinstance(field, Link):
            order("workspace_id", field.name, "-updated_at", "-id")
        elif field.index:
            order("workspace_id", field.name)
        if field.unique:
            constraints.append(_once(it, (field.name,), alive))
    order("workspace_id", "-updated_at", "-id")
    order("workspace_id", "-created_at", "-id")
    if it.normal and it.fields[it.title].required and (it.initial or it.policy.read == "scope"):
        order("workspace_id", it.title, "id")  # read from either end: what every record has needs no place for empty ones
    if it.initial:
        order("workspace_id", it.initial, "-updated_at", "-id")
    for view in it.views:
        if isinstance(view, List) and all("." not in key and it.fields[key.lstrip("-")].stored for key in view.sort):
            order("workspace_id", *view.sort, "-id" if view.sort[-1].startswith("-") else "id")
    for group in it.indexes:
        order("workspace_id", *group, "-id" if group[-1].startswith("-") else "id")
    for group in it.unique:
        constraints.append(_once(it, group, alive, nulls=False))
    indexes["bin"] = models.Index(fields=("workspace_id", "-deleted_at"), name=_short(it, ("bin",)), condition=~alive)
    attrs["Meta"] = type(
        "Meta",
        (),
        {"app_label": it.module, "db_table": it.table, "indexes": list(indexes.values()), "constraints": constraints},
    )
    return type(model_name(it), (models.Model,), attrs)


def _attribute(field: Field, suffix: str) -> str:
    return field.name if isinstance(field, Link) else f"{field.name}{suffix}"


def _column(field: Field, sql: str) -> Any:
    if isinstance(field, Link):
        target = REGISTRY.objects[field.target]
        return models.ForeignKey(
            f"{target.module}.{model_name(target)}", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
        )
    return _COLUMNS[sql]()


_NEVER_NULL = {"workspace_id", "id", "updated_at", "created_at"}


def _key(it: Definition, key: str) -> Any:
    """Descending orders put empty values last, as the lists do; the index must say so too or it is not used."""
    name = key.lstrip("-")
    column = f"{name}_base" if name in it.fields and it.fields[name].kind == "money" else name
    if not key.startswith("-"):
        return F(column).asc()
    return F(column).desc() if name in _NEVER_NULL else F(column).desc(nulls_last=True)


def _once(it: Definition, group: tuple[str, ...], alive: Q, nulls: bool = True) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=("workspace_id", *group),
        condition=alive,
        name=unique_name(it, group),
        nulls_distinct=None if nulls else False,
    )


def unique_name(it: Definition, group: tuple[str, ...]) -> str:
    """The name of a unique index, from which a violation is told back as the fields at fault."""
    return _short(it, ("once", *group))


def _short(it: Definition, keys: tuple[str, ...]) -> str:
    digest = hashlib.sha1("|".join((it.name, *keys)).encode(), usedforsecurity=False).hexdigest()[:8]
    return f"gx_{it.name[:16]}_{digest}"
