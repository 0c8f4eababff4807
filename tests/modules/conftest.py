"""The people of `tests.cast` with short words for using the door, for every file of tests a fresh company."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel import Test


@dataclass
class Person:
    """Somebody using the door, as a surface would on their behalf."""

    id: UUID
    actor: Callable[[], Any]
    desk: Any

    def do(
        self, name: str, verb: str, id: UUID | None = None, changes: dict[str, Any] | None = None, **inputs: Any
    ) -> Any:
        from guanxi.kernel.records import door

        return door.perform(name, verb, actor=self.actor(), id=id, changes=changes or {}, inputs=inputs)

    def create(self, object: str, /, **changes: Any) -> UUID:
        made: UUID = self.do(object, "create", changes=changes).id
        return made

    def update(self, object: str, id: UUID, /, **changes: Any) -> Any:
        return self.do(object, "update", id, changes)


@dataclass
class Company:
    desk: Any
    people: dict[str, Person]

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def get(self, name: str, id: UUID) -> dict[str, Any]:
        found: dict[str, Any] = self.desk.find(name, Test("id", "=", id))[0]
        return found

    def find(self, name: str, field: str, value: Any, *sort: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.desk.find(name, Test(field, "=", value), sort=sort)
        return found

    def stage(self, key: str, pipeline: str = "standard") -> UUID:
        return next(
            row["id"]
            for row in self.find("stage", "key", key)
            if self.get("pipeline", row["pipeline"])["key"] == pipeline
        )

    def events(self, id: UUID) -> list[Any]:
        from guanxi.kernel.records import telling

        for name in ("customer", "contact", "lead", "opportunity", "activity", "task", "stage_history"):
            if self.desk.find(name, Test("id", "=", id)):
                return telling.history(name, id, actor=self.desk.actor)
        raise LookupError(id)


@pytest.fixture(scope="module")
def company(cast: Any) -> Company:
    from guanxi.kernel import setup

    desk = setup.Desk(cast.actor("system"))
    return Company(
        desk,
        {name: Person(user, lambda name=name: cast.actor(name), desk) for name, user in cast.users.items()},  # type: ignore[misc]
    )
