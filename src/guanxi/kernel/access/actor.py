"""Who acts. An actor is immutable, is passed to every call, and carries the workspace and everything rights need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from guanxi.base.text import DEFAULT_LANGUAGE
from guanxi.kernel.access.rights import Rights
from guanxi.kernel.catalog.catalog import Catalog

Kind = Literal["person", "token", "automation", "system"]


@dataclass(frozen=True)
class Actor:
    """`rights` is None for the system and automations, which may do everything; a person never has None.

    `via` says which way in was used (web, api, import, cli, demo), `request` ties what happened to one request, `address` is the one it
    came from, if any.
    """

    kind: Kind
    workspace: UUID
    user: UUID | None = None
    name: str = ""
    rights: Rights | None = None
    departments: tuple[UUID, ...] = ()
    below: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict, repr=False)
    language: str = DEFAULT_LANGUAGE
    via: str = ""
    request: str | None = None
    depth: int = 0
    address: str = ""
    watched: tuple[str, ...] = field(default=(), compare=False)
    """Objects whose records, when this actor opens one, are a line in the log."""
    catalog: Catalog | None = field(default=None, repr=False, compare=False)
    """The picture of what exists that this actor works with; None asks for the newest at each call."""
    views: int | None = field(default=None, compare=False)
    """The version of the workspace's saved views when this actor came in; None reads them anew at each call."""

    @property
    def unlimited(self) -> bool:
        return self.rights is None

    def through(self, via: str, request: str | None = None, language: str | None = None) -> Actor:
        """The same actor coming another way."""
        return replace(self, via=via, request=request, language=language or self.language)


def system(workspace: UUID, via: str = "system") -> Actor:
    """The program itself: migrations, seeds, the administrator's command line."""
    return Actor("system", workspace, name="system", via=via)


def automation(actor: Actor) -> Actor:
    """Acting because of somebody's event: with the kernel's rights, one step deeper."""
    catalog = actor.catalog.bare if actor.catalog is not None else None
    return replace(actor, kind="automation", rights=None, depth=actor.depth + 1, watched=(), catalog=catalog)
