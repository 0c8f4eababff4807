"""Long work as people see it: who asked for what, how far it has come, what became of it. And the database's own upkeep.

The queue is the surface's; this is the row a person looks at, and the transactions in which work and progress are
written together, so that work interrupted anywhere goes on exactly where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

import psycopg
from django.db import OperationalError, transaction

from guanxi.base.errors import Conflict, Forbidden, NotFound, Unauthenticated
from guanxi.base.ids import parse_id, uuid7
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.automation import consumers, notices, reminders, robots
from guanxi.kernel.declare.notices import JOB
from guanxi.kernel.journal import log as journal_log
from guanxi.kernel.journal import seals
from guanxi.kernel.records import allotting, erasing, grading, pairing, people, pooling
from guanxi.kernel.storage import bulk, files, protect, sql
from guanxi.kernel.storage import people as accounts

log = logging.getLogger("guanxi.jobs")

T = TypeVar("T")
ATTEMPTS = 3
State = Literal["waiting", "running", "done", "failed", "cancelled"]
_COLUMNS = (
    "id", "workspace_id", "kind", "user_id", "state", "done", "total", "wanted", "outcome", "cancel", "created_at",
    "started_at", "finished_at",
)  # fmt: skip
_READ = f"SELECT {', '.join(_COLUMNS)} FROM gx_job WHERE "  # noqa: S608


class Overtaken(Exception):
    """Another worker has gone on with this job: what this one did since is undone."""


@dataclass(frozen=True)
class Job:
    """One row. `wanted` is what was asked for, `outcome` the interim state and in the end the report."""

    id: UUID
    workspace: UUID
    kind: str
    user: UUID
    state: State
    done: int
    total: int | None
    wanted: dict[str, Any]
    outcome: dict[str, Any] | None
    cancel: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


def create(actor: Actor, kind: str, wanted: Mapping[str, Any], total: int | None = None) -> UUID:
    """A job of a person, waiting. Raises Forbidden for an actor without a user."""
    if actor.user is None:
        raise Forbidden()
    job = uuid7()
    sql.run(
        "INSERT INTO gx_job (id, workspace_id, kind, user_id, state, done, total, wanted, cancel, created_at) "
        "VALUES (%s, %s, %s, %s, 'waiting', 0, %s, %s, FALSE, %s)",
        [job, actor.workspace, kind, actor.user, total, sql.json(dict(wanted)), datetime.now(UTC)],
    )
    return job


def load(job: UUID) -> Job:
    """A job for the worker that does it. Raises NotFound."""
    found = sql.rows(_READ + "id = %s", [job])
    if not found:
        raise NotFound()
    return Job(*found[0])


def of(actor: Actor, job: UUID | str) -> Job:
    """One of the actor's own jobs. Raises NotFound for anybody else's."""
    found_id = parse_id(job) if isinstance(job, str) else job
    found = sql.rows(_READ + "id = %s AND workspace_id = %s AND user_id = %s", [found_id, actor.workspace, actor.user])
    if not found:
        raise NotFound()
    return Job(*found[0])


def mine(actor: Actor, limit: int = 20) -> list[Job]:
    """The actor's own jobs, newest first."""
    found = sql.rows(
        _READ + f"workspace_id = %s AND user_id = %s ORDER BY created_at DESC LIMIT {int(limit)}",
        [actor.workspace, actor.user],
    )
    return [Job(*row) for row in found]


def last_mapping(actor: Actor, object: str, headers: str) -> Any:
    """The mapping with which the actor last imported a file of these columns (`headers`: what was noted of them), or None."""
    found = sql.rows(
        "SELECT wanted->'mapping' FROM gx_job WHERE workspace_id = %s AND user_id = %s AND kind = 'import' "
        "AND wanted->>'object' = %s AND wanted->>'headers' = %s ORDER BY created_at DESC LIMIT 1",
        [actor.workspace, actor.user, object, headers],
    )
    return found[0][0] if found else None


def undone(actor: Actor, job: UUID) -> bool:
    """Whether a job that takes this one back is done or under way."""
    return bool(
        sql.rows(
            "SELECT 1 FROM gx_job WHERE workspace_id = %s AND user_id = %s AND kind = 'undo' AND wanted->>'import' = %s "
            "AND state IN ('waiting', 'running', 'done')",
            [actor.workspace, actor.user, str(job)],
        )
    )


def ask_to_cancel(actor: Actor, job: UUID | str) -> Job:
    """Ask for the end of one's own job; it stops after the part it is at. Raises NotFound, or Conflict when it is over."""
    found = of(actor, job)
    touched = sql.run(
        "UPDATE gx_job SET cancel = TRUE, state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END, "
        "finished_at = CASE state WHEN 'waiting' THEN now() ELSE finished_at END "
        "WHERE id = %s AND state IN ('waiting', 'running')",
        [found.id],
    )
    if not touched:
        raise Conflict(code="job-over")
    return load(found.id)


def begin(job: UUID) -> Job | None:
    """Take a job up, for the first time or again; None when there is nothing left to do."""
    sql.run(
        "UPDATE gx_job SET state = 'running', started_at = COALESCE(started_at, now()) WHERE id = %s AND state IN ('waiting', 'running')",
        [job],
    )
    found = load(job)
    return None if found.over else found


def progress(job: Job, before: int, done: int, outcome: Mapping[str, Any], total: int | None = None) -> None:
    """Note, in the transaction of the work itself, how far it has come. Raises Overtaken when `before` is not where it stood."""
    touched = sql.run(
        "UPDATE gx_job SET done = %s, outcome = %s, total = COALESCE(%s, total) WHERE id = %s AND done = %s AND state = 'running'",
        [done, sql.json(dict(outcome)), total, job.id, before],
    )
    if not touched:
        raise Overtaken


def is_cancelled(job: Job) -> bool:
    found = sql.rows("SELECT cancel FROM gx_job WHERE id = %s", [job.id])
    return bool(found and found[0][0])


def finish(job: Job, state: State, outcome: Mapping[str, Any], total: int | None = None) -> None:
    """The end, with the report; whoever asked is told, but for a dry run, whose page they are waiting at."""
    with sql.work(job.workspace):
        ended = sql.run(
            "UPDATE gx_job SET state = %s, outcome = %s, total = COALESCE(%s, total), finished_at = now() WHERE id = %s AND state = 'running'",
            [state, sql.json(dict(outcome)), total, job.id],
        )
        if ended and not job.wanted.get("dry_run"):
            if job.kind not in ("export", "subject"):  # which notes for itself what was taken out
                journal_log.note(
                    job.workspace, "bulk", user=job.user, object=str(job.wanted.get("object") or ""), rows=load(job.id).done, job=job.kind, verb=job.wanted.get("verb"), state=state
                )
            facts = {"job": job.kind, "state": state, "object": job.wanted.get("object")}
            notices.about(job.workspace, job.user, JOB, job.id, facts, str(job.id))


def actor_of(job: Job, via: str) -> Actor:
    """Who asked, with rights as they are now. Raises Unauthenticated when the person is gone or may no longer sign in."""
    found = sql.rows(
        "SELECT id FROM gx_account WHERE workspace_id = %s AND user_id = %s AND is_active LIMIT 1",
        [job.workspace, job.user],
    )
    standing = accounts.by_account(found[0][0]) if found else None
    if standing is None:
        raise Unauthenticated()
    return people.actor_of(standing, via=via, request=str(job.id))


# -- transactions ----------------------------------------------------------------------------------------------------


@contextmanager
def together(workspace: UUID) -> Iterator[None]:
    """What happens inside is written together or not at all."""
    with sql.work(workspace):
        yield


def part(job: Job, do: Callable[[], T]) -> T:
    """Do a part of a job in a transaction of its own; again where the database undid it because two waited for each other."""
    for attempt in range(ATTEMPTS):
        try:
            with sql.work(job.workspace):
                return do()
        except OperationalError as error:
            if attempt == ATTEMPTS - 1 or not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
                raise
    raise AssertionError


@contextmanager
def batches() -> Iterator[None]:
    """Around many transactions that each write hundreds of records and note how far the work has come: the database sorts in the
    words of one while the next is made, and the disk has them all when the block ends."""
    with sql.unhurried(), bulk.sorting_aside():
        yield


@contextmanager
def rehearsal(workspace: UUID) -> Iterator[None]:
    """What happens inside is done in earnest and then undone: how a dry run knows exactly what would happen."""
    with sql.work(workspace), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def attempt() -> Iterator[None]:
    """Part of a transaction that is undone alone when it raises."""
    with sql.savepoint():
        yield


# -- files -----------------------------------------------------------------------------------------------------------


def file(actor: Actor, id: UUID | str) -> tuple[Path, str]:
    """Where the bytes of a file lie that the actor uploaded, and what it is called. Raises NotFound."""
    found_id = parse_id(id) if isinstance(id, str) else id
    found = files.find(actor.workspace, found_id, actor.user) if found_id is not None else None
    if found is None:
        raise NotFound()
    return files.path(found["digest"]), str(found["name"])


def keep(actor: Actor, name: str, chunks: Iterable[bytes], limit: int = 4 * 1024**3) -> UUID:
    """Store a result as a file of the actor's; returns its id."""
    id_: UUID = files.put(actor.workspace, name, chunks, actor.user, limit)["id"]
    return id_


def scratch(job: Job | UUID) -> Path:
    """A folder for what a job writes on its way; the same one after a restart."""
    from django.conf import settings

    folder = Path(settings.GUANXI_HOME) / "jobs" / str(job.id if isinstance(job, Job) else job)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


# -- upkeep ----------------------------------------------------------------------------------------------------------


def workspaces() -> list[UUID]:
    return [row[0] for row in sql.rows("SELECT id FROM gx_workspace ORDER BY id")]


def make_partitions() -> None:
    """The journal's partitions for the time to come; safe to call at any time."""
    protect.partitions()


def seals_file() -> Path:
    """Where the lines about the seals of journal and log are kept, outside the database."""
    from django.conf import settings

    return Path(settings.GUANXI_HOME) / "seals.log"


def seal() -> int:
    """Seal what happened since, in every workspace; returns how many events and lines of the log."""
    done = 0
    for workspace in workspaces():
        for chain in seals.CHAINS:
            while sealed := seals.seal(workspace, chain=chain):
                done += sealed
            while seals.anchor(workspace, seals_file(), chain):
                pass
    return done


def recycle(now: datetime | None = None) -> int:
    """Do the nights of pools that have come and are not done, in every workspace; returns how many records were taken back.
    Safe to call at any time and from several workers: see `pooling.sweep`."""
    done = 0
    for workspace in workspaces():
        for pool, day in pooling.nights(workspace, now or datetime.now(UTC)):
            done += pooling.sweep(workspace, pool, day)
    return done


def allot(now: datetime | None = None) -> int:
    """Give out what lies in pools that assign by themselves, in every workspace; returns how many records. Safe to call at any time and
    from several workers: see `allotting.run`."""
    return sum(allotting.run(workspace, now) for workspace in workspaces())


def grade(now: datetime | None = None) -> int:
    """Once a day give every record what grading rules give it, in every workspace; returns how many changed."""
    return sum(grading.nightly(workspace, now or datetime.now(UTC)) for workspace in workspaces())


def empty_bins(now: datetime | None = None) -> int:
    """Erase what lay in the bin long enough, once a day in every workspace, and the bytes of files that nobody needs any more; returns
    how many records were erased. Safe to call at any time and from several workers."""
    return sum(erasing.nightly(workspace, now or datetime.now(UTC)) for workspace in workspaces())


def remind(now: datetime | None = None) -> int:
    """Tell people what the clock has reached since it was read last, in every workspace; returns how many notices were made."""
    return sum(reminders.run(workspace, now or datetime.now(UTC)) for workspace in workspaces())


def deliver(now: datetime | None = None) -> int:
    """Send what group robots are to be told and is due, in every workspace; returns how many messages were tried."""
    return sum(robots.deliver(workspace, now) for workspace in workspaces())


def find_duplicates(now: datetime | None = None) -> int:
    """Look for duplicates where a night's pass is due, in every workspace; returns how many pairs were written down. Safe to call at
    any time and from several workers: see `pairing`."""
    done = 0
    at = now or datetime.now(UTC)
    for workspace in workspaces():
        for name in pairing.looked_through(workspace):
            if pairing.due(workspace, name, at):
                done += pairing.look_through(workspace, name, now=now).pairs
    return done


def consume() -> int:
    """One batch for every reader of the journal in every workspace; returns how many events were handled. A reader that fails
    stays where it is and is told of in the log; the others go on."""
    done = 0
    for workspace in workspaces() if consumers.CONSUMERS else ():
        for consumer in consumers.CONSUMERS:
            try:
                done += consumers.run(workspace, consumer)
            except Exception:
                log.exception("the reader %s of the journal of workspace %s failed and will try again", consumer.name, workspace)
    return done
