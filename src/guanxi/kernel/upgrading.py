"""The way from the state of a database to this program's: what an upgrade would meet, the steps, and how one that was killed goes on.

A state is the last migration of each part. The one that was last reached whole, base data included, is kept in the database: while it is
another than the one found, an upgrade was begun and not ended.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from guanxi.base.errors import NewerData
from guanxi.kernel.storage import sql

OLDEST_SERVER = 150000
"""The PostgreSQL that is needed, as the server counts."""
FINISHED = ("kernel", "0019_upgraded")
"""The migration since which the state that was reached whole is kept."""

State = dict[str, str]


class Picture(ProjectState):
    """What the models are between two steps. An index or a constraint is noted on the class there is: Django makes that and all classes
    related to it anew, which here are nearly all, and a new database waited for that longer than for its tables."""

    def clone(self) -> Picture:
        made = Picture({key: state.clone() for key, state in self.models.items()}, self.real_apps)
        if "apps" in self.__dict__:
            made.apps = self.apps.clone()
        made.is_delayed = self.is_delayed
        return made

    def _append_option(self, app_label: str, model_name: str, option_name: str, obj: Any) -> None:
        self._note(app_label, model_name, option_name, [*self.models[app_label, model_name].options[option_name], obj])

    def _remove_option(self, app_label: str, model_name: str, option_name: str, obj_name: str) -> None:
        self._note(app_label, model_name, option_name, [one for one in self.models[app_label, model_name].options[option_name] if one.name != obj_name])

    def _note(self, app_label: str, model_name: str, option: str, value: list[Any]) -> None:
        self.models[app_label, model_name].options[option] = value
        if "apps" in self.__dict__:
            setattr(self.apps.get_model(app_label, model_name)._meta, option, list(value))


class Steps(MigrationExecutor):
    """Each migration is one transaction with the note that it was done: Django writes that afterwards where indexes come last, and a
    process killed in between would try at its next start to make what is there."""

    done: Callable[[Any], None] | None = None
    """Told of each once it cannot be undone."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]  # the stubs do not know it
        return Picture(state.models, state.real_apps)

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        with transaction.atomic() if migration.atomic else nullcontext():
            state = super().apply_migration(state, migration, fake, fake_initial)
        if self.done is not None:
            self.done(migration)
        return state


@dataclass(frozen=True)
class Session:
    """Another process at work in this database: what it calls itself, and from where."""

    pid: int
    name: str
    address: str


@dataclass(frozen=True)
class Unfinished:
    """A job that waits or was under way, and how far it had come."""

    kind: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Meets:
    """What an upgrade would meet. `there`: whether the database has tables of ours; `used`: whether people have data in it; `interrupted`: whether an upgrade was begun before;
    `finished`: the state before that one; `older`: processes of another version that are at work."""

    steps: tuple[str, ...]
    server: int
    there: bool
    used: bool
    interrupted: bool
    finished: State
    size: int
    older: tuple[Session, ...]
    unfinished: tuple[Unfinished, ...]

    @property
    def due(self) -> bool:
        """Whether people's data are about to be changed."""
        return self.used and bool(self.steps)


def look() -> Meets:
    """What an upgrade would meet now; changes nothing. Raises NewerData where the data are ahead of this program."""
    executor = _executor()
    steps = tuple(f"{migration.app_label}.{migration.name}" for migration, _ in _plan(executor))
    there = ("kernel", "0001_initial") in executor.loader.applied_migrations
    used = there and bool(sql.rows("SELECT 1 FROM gx_account LIMIT 1"))
    kept = finished() if FINISHED in executor.loader.applied_migrations else {}
    return Meets(
        steps, sql.rows("SELECT current_setting('server_version_num')::int")[0][0], there, used, bool(kept) and kept != state(), kept,
        sql.rows("SELECT pg_database_size(current_database())")[0][0], _older(), _unfinished() if there else (),
    )  # fmt: skip


def take(steps: Callable[[str], None] | None = None) -> bool:
    """Do the steps that are due, one transaction each, and tell of each when it is done; returns whether there were any."""
    executor = _executor()
    plan = _plan(executor)
    if plan:
        numbers = count(1)
        if steps is not None:
            executor.done = lambda migration: steps(f"{next(numbers)}/{len(plan)} {migration.app_label}.{migration.name}")
        with _rarely_tidied():
            executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan)
    return bool(plan)


@contextmanager
def _rarely_tidied() -> Iterator[None]:
    """Classes of models come and go by the thousand, and Python looked through all the program is made of for each few of them, to find
    what nobody holds any more: as long as everything else took."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(10_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def state() -> State:
    """The last migration of each part that was done."""
    return dict(sql.rows("SELECT app, max(name) FROM django_migrations GROUP BY app"))


def finished() -> State:
    """The state that was last reached whole; empty in a new database."""
    found = sql.rows("SELECT upgraded FROM gx_workspace ORDER BY id LIMIT 1")
    return dict(found[0][0]) if found else {}


def finish() -> None:
    """From here on the state found is a whole one."""
    sql.run("UPDATE gx_workspace SET upgraded = %s", [sql.json(state())])


def _executor() -> Steps:
    executor = Steps(connection)
    known = set(executor.loader.disk_migrations)
    if any(key not in known and key[0] in executor.loader.migrated_apps for key in executor.loader.applied_migrations):
        raise NewerData()
    return executor


def _plan(executor: Steps) -> list[Any]:
    return list(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _older() -> tuple[Session, ...]:
    """Processes of this program call themselves by its state (`project.settings`); those of old versions by its name or not at all. Programs
    of others, psql say, have names of their own."""
    found = sql.rows(
        "SELECT pid, application_name, COALESCE(host(client_addr), '') FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> current_setting('application_name') "
        "AND (application_name = '' OR application_name = 'guanxi' OR application_name LIKE 'guanxi %%') ORDER BY pid",
        [],
    )
    return tuple(Session(*row) for row in found)


def _unfinished() -> tuple[Unfinished, ...]:
    return tuple(Unfinished(*row) for row in sql.rows("SELECT kind, done, total FROM gx_job WHERE state IN ('waiting', 'running') ORDER BY created_at"))
