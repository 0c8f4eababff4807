"""From an account to an actor, and from a workspace to its catalog: read once, kept until their versions move."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings as installed

from guanxi.base.errors import Forbidden, Unauthenticated
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor, system
from guanxi.kernel.access.rights import Rights, combine
from guanxi.kernel.catalog import catalog as catalogs
from guanxi.kernel.catalog import security
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.fields import Settings
from guanxi.kernel.storage import attending, people, recycling, sql

_lock = threading.Lock()
_catalogs: dict[UUID, Catalog] = {}
_actors: dict[UUID, tuple[int, Actor]] = {}
MOST_ACTORS = 2000


def _catalog(workspace: UUID, version: int, settings: Settings) -> Catalog:
    held = _catalogs.get(workspace)
    if held is not None and held.version == version and held.settings == settings:
        return held
    with sql.work(workspace):
        made = catalogs.build(
            workspace, version, settings, people.dictionaries(workspace), people.customs(workspace), pooled=people.pools(workspace), ruled=people.rules(workspace),
            numbered=people.numbering(workspace), days=people.holidays(workspace),
            patient=people.patience(workspace),
        )
        made = attending.with_formulas(recycling.with_formulas(made))
    if not sql.unsettled():
        with _lock:
            _catalogs[workspace] = made
    return made


def catalog_of(actor: Actor) -> Catalog:
    """The catalog an actor works with. Raises Unauthenticated when the workspace is gone."""
    if actor.catalog is not None:
        return actor.catalog
    return newest(actor.workspace)


def newest(workspace: UUID) -> Catalog:
    found = people.workspace(workspace)
    if found is None:
        raise Unauthenticated()
    _, version, settings = found
    return _catalog(workspace, version, settings)


def rules(safety: Mapping[str, Any]) -> security.Rules:
    """The rules for signing in as they hold, by what the workspace chose."""
    return security.rules(safety, installed.SECURITY_PROFILE)


def actor_of(standing: people.Standing, *, kind: Any = "person", via: str = "", language: str | None = None, request: str | None = None, address: str = "") -> Actor:
    """The actor of an account, with rights as they are now. Raises Unauthenticated when the person is gone or inactive, or the
    address one the company does not allow."""
    held_to = rules(standing.safety)
    if address and not held_to.admits(address):
        raise Unauthenticated()
    watched = held_to.watched
    catalog = _catalog(standing.workspace, standing.catalog_version, standing.settings)
    held = _actors.get(standing.user)
    if held is not None and held[0] == standing.access_version and held[1].catalog is not None and held[1].catalog.bare is catalog:
        actor = held[1]
    else:
        with sql.work(standing.workspace):
            facts = people.facts(standing.workspace, standing.user)
        if facts is None or not facts.active:
            raise Unauthenticated()
        rights, seen = _rights(facts, facts.grants, catalog, [access.Own(*one) for one in facts.own])
        actor = Actor(
            "person", standing.workspace, facts.user, facts.name, rights, facts.departments, facts.below, facts.language or "zh-CN",
            catalog=seen,
        )  # fmt: skip
        if not sql.unsettled():
            with _lock:
                if len(_actors) > MOST_ACTORS:
                    _actors.clear()
                _actors[standing.user] = (standing.access_version, actor)
    from dataclasses import replace

    return replace(actor, kind=kind, via=via, request=request, address=address, watched=watched, language=language or actor.language, views=standing.views_version)


def _rights(facts: people.Facts, grants: Any, catalog: Catalog, own: Sequence[access.Own] = ()) -> tuple[Rights, Catalog]:
    """Rights by roles, of the person alone and by pools, and the catalog as they show it."""
    return access.with_pools(combine(facts.user, access.spelled(grants, catalog), facts.departments, facts.below, facts.members, facts.reports, own), catalog)


def with_role(actor: Actor, role: UUID, user: UUID) -> Actor | None:
    """A holder of a role as if it were the only one they had, to show what it gives; None for somebody without it.

    Only those who may change roles may look through others' eyes. Raises Forbidden.
    """
    catalog = catalog_of(actor)
    if not access.may(actor.rights, catalog.object("role"), "update"):
        raise Forbidden()
    with sql.work(actor.workspace):
        facts = people.facts(actor.workspace, user)
    held = [grant for grant in facts.grants if grant[0] == role] if facts is not None else []
    if facts is None or not held:
        return None
    rights, catalog = _rights(facts, held, catalog.bare)
    return Actor("person", actor.workspace, facts.user, facts.name, rights, facts.departments, facts.below, actor.language, catalog=catalog)


def by_token(token: str, **how: Any) -> Actor:
    """The actor a bearer token stands for. Raises Unauthenticated."""
    return by_bearer(token, **how)[0]


def by_bearer(token: str, **how: Any) -> tuple[Actor, people.Standing]:
    """The actor a bearer token stands for, and the standing of its account. Raises Unauthenticated."""
    standing = people.by_token(token)
    if standing is None:
        raise Unauthenticated()
    return actor_of(standing, kind="token", **how), standing


def by_account(account: UUID, **how: Any) -> tuple[Actor, people.Standing]:
    """The actor of a signed-in account, and the account's standing. Raises Unauthenticated."""
    standing = people.by_account(account)
    if standing is None:
        raise Unauthenticated()
    return actor_of(standing, **how), standing


def by_username(username: str, **how: Any) -> Actor:
    """The actor of a user name, for the command line. Raises Unauthenticated."""
    standing = people.by_username(username)
    if standing is None:
        raise Unauthenticated()
    return actor_of(standing, **how)


def the_system(workspace: UUID, via: str = "system") -> Actor:
    return system(workspace, via)


def forget() -> None:
    """Drop everything cached, for tests that roll the database back."""
    _catalogs.clear()
    _actors.clear()
