"""What exists now: the modules' declarations and one workspace's own fields and choices, as one read-only picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from guanxi.base.clock import canonical_relative
from guanxi.base.errors import NotFound
from guanxi.base.text import T, Text
from guanxi.base.workdays import Calendar
from guanxi.kernel.catalog import (
    attending,
    duplicates,
    grades,
    grouping,
    holidays,
    numbering,
    pairs,
    pools,
    robots,
    security,
    web_forms,
)
from guanxi.kernel.catalog.attending import Patience
from guanxi.kernel.catalog.core import CORE
from guanxi.kernel.catalog.duplicates import Rule
from guanxi.kernel.catalog.pools import Pool
from guanxi.kernel.declare.conditions import from_text, leaves
from guanxi.kernel.declare.fields import KINDS, Choice, Field, Link, Links, Option, Settings
from guanxi.kernel.declare.figures import Widget
from guanxi.kernel.declare.matching import MERGED
from guanxi.kernel.declare.notices import KINDS as NOTICE_KINDS
from guanxi.kernel.declare.notices import NoticeKind
from guanxi.kernel.declare.objects import Action, DeclarationError, Definition, Module, Record


class Registry:
    """The declarations of all modules. It closes when it is first read: what exists does not depend on import order."""

    def __init__(self) -> None:
        self._modules: list[Module] = []
        self._objects: dict[str, Definition] | None = None

    def install(self, modules: Iterable[Module]) -> None:
        """Make these the program's modules (the kernel's own comes first). Raises DeclarationError."""
        if self._objects is not None:
            raise DeclarationError("Modules are installed once, before anything is read")
        self._modules = [CORE, *modules]
        self._objects = self._join()

    @property
    def modules(self) -> list[Module]:
        self.objects  # noqa: B018 - closes the registry
        return self._modules

    @property
    def objects(self) -> Mapping[str, Definition]:
        if self._objects is None:
            raise DeclarationError("No modules are installed: guanxi.project.modules does it at start")
        return self._objects

    @property
    def notices(self) -> Mapping[str, NoticeKind]:
        """The kinds of notices there are: the kernel's, then those of the modules' declarations."""
        found = {kind.key: kind for kind in NOTICE_KINDS}
        return found | {tell.kind.key: tell.kind for it in self.objects.values() for tell in it.tells}

    def _join(self) -> dict[str, Definition]:
        out: dict[str, Definition] = {}
        present: set[str] = set()
        for module in self._modules:
            missing = set(module.needs) - present
            if missing:
                raise DeclarationError(f"Module {module.name!r} needs {sorted(missing)}, which must be listed before it")
            present.add(module.name)
            for cls in module.objects:
                definition = dataclasses.replace(cls.definition, module=module.name)
                if definition.name in out:
                    raise DeclarationError(f"Two modules declare the object {definition.name!r}")
                out[definition.name] = definition
        plurals = [d.plural for d in out.values()]
        if len(plurals) != len(set(plurals)):
            raise DeclarationError("Two objects have the same plural")
        for definition in out.values():
            for field in definition.fields.values():
                if isinstance(field, Link | Links) and field.target not in out:
                    raise DeclarationError(f"{definition.name}.{field.name} links to {field.target!r}, which nobody declares")
            for link in definition.policy.through:
                if out[definition.fields[link].target].policy.read == "personal":  # type: ignore[attr-defined]
                    raise DeclarationError(f"{definition.name} is read through {link!r}, whose records are personal")
            view = definition.view(Record)
            for name in view.children if view is not None else ():
                child = out.get(name)
                if child is None or "order" not in child.fields or not any(link.target == definition.name for link in child.links()):
                    raise DeclarationError(f"{definition.name} has children {name!r}, which have no link to it or no order")
        for module in self._modules:
            _check_figures(module, out)
        for definition in out.values():
            _check_pooling(definition, out)
            _check_tells(definition, out)
        return out | _offered(out)


def _check_tells(it: Definition, objects: Mapping[str, Definition]) -> None:
    """What an object tells is asked of fields that exist, and one key is one kind."""
    kinds = {kind.key: kind for kind in NOTICE_KINDS} | {tell.kind.key: tell.kind for other in objects.values() for tell in other.tells}
    for tell in it.tells:
        if kinds[tell.kind.key] is not tell.kind:
            raise DeclarationError(f"{it.name}: two kinds of notices are called {tell.kind.key!r}")
        for leaf in leaves(from_text(tell.where)) if tell.where else ():
            if not _leads(objects, it, leaf.path):
                raise DeclarationError(f"{it.name} tells {tell.kind.key!r} where {leaf.path!r}, which is no field")


def _check_pooling(it: Definition, objects: Mapping[str, Definition]) -> None:
    """What an object's pooling names exists."""
    pooling = it.pooling
    if pooling is None:
        return
    hanging = [h for rule in pooling.rules for h in rule.hangs] + [one.hangs for one in pooling.exclusions if one.hangs is not None]
    for h in hanging:
        other = objects.get(h.object)
        link = other.fields.get(h.link) if other is not None else None
        if other is None or not isinstance(link, Link) or link.target != it.name or not _leads(objects, other, h.at):
            raise DeclarationError(f"{it.name}.pooling: no {h.object!r} with a link {h.link!r} to it and a date {h.at!r}")
    paths = [*(date for rule in pooling.rules for date in rule.dates), *pooling.hidden, *([pooling.by] if pooling.by else [])]
    texts = [(it, pooling.live), *((it, one.where) for one in pooling.exclusions), *((objects[h.object], h.where) for h in hanging)]
    for where, path in [*((it, path) for path in paths), *((o, leaf.path) for o, text in texts if text for leaf in leaves(from_text(text)))]:
        if not _leads(objects, where, path):
            raise DeclarationError(f"{it.name}.pooling: {where.name} has no field {path!r}")


def _check_figures(module: Module, objects: Mapping[str, Definition]) -> None:
    """What a module puts on the first page and on dashboards is about objects and fields that exist."""
    names: set[str] = set()
    asked = [
        *((f"counter {c.name!r}", c.name, c.object, [c.where], [*c.sort]) for c in module.counters),
        *((f"figure {f.name!r}", f.name, f.object, [f.where], ["owner", f.measure.partition(":")[2], f.date]) for f in module.figures),
        *(
            (f"dashboard {d.name!r}, widget {w.title.en!r}", "", w.object, [w.where, w.of], _paths(w))
            for d in module.dashboards
            for w in d.widgets
        ),
    ]
    for what, name, object, conditions, paths in asked:
        if object not in objects:
            raise DeclarationError(f"Module {module.name!r}, {what}: nobody declares the object {object!r}")
        if name and name in names:
            raise DeclarationError(f"Module {module.name!r} has two counters or figures {name!r}")
        names.add(name)
        for path in [*paths, *(test.path for text in conditions for test in leaves(from_text(text)))]:
            if path and not _leads(objects, objects[object], path.lstrip("-").partition(":")[0]):
                raise DeclarationError(f"Module {module.name!r}, {what}: {object} has no field {path!r}")
    for dashboard in module.dashboards:
        if dashboard.narrow and dashboard.narrow not in objects:
            raise DeclarationError(f"Module {module.name!r}, dashboard {dashboard.name!r}: nobody declares {dashboard.narrow!r}")
        if dashboard.period and canonical_relative(dashboard.period) != dashboard.period:
            raise DeclarationError(f"Module {module.name!r}, dashboard {dashboard.name!r}: no period is called {dashboard.period!r}")


def _paths(w: Widget) -> list[str]:
    """Every path a widget names."""
    sort = w.sort if w.kind == "table" and not w.group_by else ()
    return [*(m.partition(":")[2] for m in (w.measure, *w.also)), *w.group_by, w.date_field, w.person, w.narrow, *w.columns, *sort]


def _leads(objects: Mapping[str, Definition], it: Definition, path: str) -> bool:
    *links, last = path.split(".")
    for name in links:
        link = it.fields.get(name)
        if not isinstance(link, Link):
            return False
        it = objects[link.target]
    return last in it.fields


REGISTRY = Registry()


@dataclasses.dataclass(frozen=True)
class Catalog:
    """One workspace's picture, immutable; a change to a custom field or dictionary makes a new one (`version`)."""

    workspace: UUID
    version: int
    objects: Mapping[str, Definition]
    settings: Settings
    pools: tuple[Pool, ...] = ()
    rules: tuple[Rule, ...] = ()
    """The rules for duplicates at work, in order."""
    calendar: Calendar = Calendar()
    """The company's working days."""
    patience: Mapping[str, Patience] = dataclasses.field(default_factory=dict)
    """By object, after how many days without a follow-up somebody is told."""
    whole: Catalog | None = dataclasses.field(default=None, repr=False, compare=False)
    """The picture without anybody's veils, when this is somebody's."""

    @property
    def bare(self) -> Catalog:
        """The picture for the program itself: nothing is veiled."""
        return self.whole or self

    def pools_of(self, name: str) -> list[Pool]:
        """The pools of an object, in order."""
        return [one for one in self.pools if one.object == name]

    def rules_of(self, name: str) -> list[Rule]:
        """The rules for duplicates of an object, in order."""
        return [one for one in self.rules if one.object == name]

    def pool(self, id: UUID | None) -> Pool | None:
        return next((one for one in self.pools if one.id == id), None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plurals", {d.plural: d for d in self.objects.values()})
        reverse: dict[str, list[tuple[Definition, Link]]] = {}
        for definition in self.objects.values():
            for link in definition.links():
                if not link.system and link.name != MERGED:  # those lie in the bin
                    reverse.setdefault(link.target, []).append((definition, link))
        object.__setattr__(self, "_reverse", reverse)

    def find(self, name: str | None) -> Definition | None:
        """By name or plural."""
        if not isinstance(name, str):
            return None
        plurals: dict[str, Definition] = self._plurals  # type: ignore[attr-defined]
        return self.objects.get(name) or plurals.get(name)

    def object(self, name: str) -> Definition:
        """By name or plural; raises NotFound."""
        found = self.find(name)
        if found is None:
            raise NotFound(T(f"没有“{name}”这个对象。", f"There is no object {name!r}."), code="no-object")
        return found

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.objects.values())

    def linking_to(self, name: str) -> list[tuple[Definition, Link]]:
        """The objects with a link to this one: its related lists."""
        reverse: dict[str, list[tuple[Definition, Link]]] = self._reverse  # type: ignore[attr-defined]
        return reverse.get(name, [])


def build(
    workspace: UUID,
    version: int,
    settings: Settings,
    entries: Iterable[tuple[str, str, str, str | None, str | None, bool]],
    customs: Iterable[Mapping[str, Any]],
    declared: Mapping[str, Definition] | None = None,
    pooled: Sequence[Mapping[str, Any]] = (),
    ruled: Sequence[Mapping[str, Any]] = (),
    numbered: Sequence[Mapping[str, Any]] = (),
    days: Iterable[tuple[date, str]] = (),
    patient: Sequence[Mapping[str, Any]] = (),
) -> Catalog:
    """The picture from rows: `entries` are (dictionary key, key, name, name_en, color, active) in order; `customs` are
    custom field records, `pooled` pools, `ruled` rules for duplicates, `numbered` those for numbers and `patient` those for following up, as plain dicts; `days` the
    company's own holidays."""
    options: dict[str, list[Option]] = {}
    for dictionary, key, name, name_en, color, active in entries:
        options.setdefault(dictionary, []).append(Option(key, Text(name, name_en or name), color or "", active))
    extra: dict[str, list[Field]] = {}
    for row in customs:
        extra.setdefault(row["object_name"], []).append(custom_field(row, options))
    objects: dict[str, Definition] = {}
    for definition in (declared or REGISTRY.objects).values():
        fields: dict[str, Field] = {}
        for name, field in definition.fields.items():
            field = _listed(field, options)
            if field.system:
                for one in extra.pop(definition.name, ()):
                    fields.setdefault(one.name, one)
            fields[name] = field
        verbs = {name: _offering(action, options) if action is not None else None for name, action in definition.verbs.items()}
        objects[definition.name] = dataclasses.replace(definition, fields=fields, verbs=verbs)
    objects |= numbering.bound(objects, numbered)
    objects |= _offered(objects)
    return Catalog(workspace, version, objects, settings, pools.read(pooled), duplicates.read(ruled), holidays.calendar(settings.zone, days), attending.read(patient))


def _offered(objects: Mapping[str, Definition]) -> dict[str, Definition]:
    """The objects whose choices are made of what other objects declare."""
    return {it.name: it for it in (pools.offering(objects), duplicates.offering(objects), pairs.offering(objects), grades.offering(objects), numbering.offering(objects), attending.offering(objects), grouping.offering(objects), web_forms.offering(objects), robots.offering(objects), security.offering(objects)) if it is not None}


def _offering(action: Action, options: Mapping[str, list[Option]]) -> Action:
    """An action whose inputs offer the dictionaries' entries."""
    if not any(isinstance(one, Choice) and one.dictionary in options for one in action.inputs):
        return action
    return dataclasses.replace(action, inputs=tuple(_listed(one, options) for one in action.inputs))


def _listed(one: Field, options: Mapping[str, list[Option]]) -> Field:
    """A choice with its dictionary's entries. What is chosen from the start is none of the entries once an administrator took that one out: then nothing is."""
    if not isinstance(one, Choice) or one.dictionary is None:
        return one
    found = tuple(options.get(one.dictionary, one.options))
    wanted = one.default if isinstance(one.default, list | tuple) else [one.default]
    stands = one.default is None or callable(one.default) or {option.key for option in found} >= set(wanted)
    return one.bound(options=found) if stands else one.bound(options=found, default=None)


def custom_field(row: Mapping[str, Any], options: Mapping[str, list[Option]]) -> Field:
    """The field an administrator's record stands for; `options` are the dictionaries' entries."""
    chosen: dict[str, Any] = dict(row.get("options") or {})
    label = Text(row["name"], row.get("name_en") or row["name"])
    common: dict[str, Any] = {"required": bool(row.get("required"))}
    for key in ("search", "default", "personal"):
        if key in chosen:
            common[key] = chosen[key]
    cls: Callable[..., Field] = KINDS[row["kind"]]
    field: Field
    if row["kind"] in ("link", "many_links"):
        field = cls(chosen["target"], label, **common)
    elif row["kind"] in ("choice", "multi_choice"):
        listed = [
            Option(str(o["key"]), Text(str(o.get("zh") or o["key"]), str(o.get("en") or o.get("zh") or o["key"])), str(o.get("color", "")))
            for o in chosen.get("options", [])
        ]
        field = cls(label, options.get(chosen.get("dictionary", ""), listed), **common)
    elif row["kind"] in ("decimal", "percent"):
        field = cls(label, places=int(chosen.get("places", 2)), **common)
    else:
        field = cls(label, **common)
    field.name = row["key"]
    field.custom = True
    return field
