"""The worker process: takes jobs from the queue, takes up those of killed workers, and keeps the database in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app

from guanxi.kernel import jobs
from guanxi.surfaces.backup import daily
from guanxi.surfaces.jobs import tasks

HEARTBEAT = 3.0
STALLED = 12.0
"""Seconds after which a worker that sends no heartbeat counts as dead."""
CHECK = 5.0
"""Seconds between two looks for jobs of dead workers: a killed worker's job goes on after at most STALLED + CHECK."""
CONSUME = 1.0
SEAL = 60.0
BACKUP = 600.0
PARTITIONS = 6 * 3600.0
NIGHTS = 60.0
"""Seconds between two looks whether the night of a pool, or of the search for duplicates, has come."""
ALLOT = 2.0
"""Seconds between two looks for what pools are to assign by themselves."""
DELIVER = 2.0
"""Seconds between two looks for what group robots are to be told."""
REMIND = 30.0
"""Seconds between two looks at the clock for what it has reached."""
GRACE = 3.0
log = logging.getLogger("guanxi.jobs")


def run(concurrency: int = 4) -> None:
    """Work until told to stop. Safe to run in several processes on several machines."""
    asyncio.run(work(concurrency))


async def work(concurrency: int, *, until_empty: bool = False) -> None:
    """`until_empty`: stop when there is nothing left to do, for tests and for one-off work."""
    assert tasks.do_import is not None  # the tasks are registered by importing them
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    with app.replace_connector(connector) as working:
        async with working.open_async():
            beside = [
                asyncio.create_task(_every(CHECK, "stalled jobs", lambda: take_up(working))),
                asyncio.create_task(_every(PARTITIONS, "partitions", lambda: _in_thread(jobs.make_partitions))),
                asyncio.create_task(_every(SEAL, "seals", lambda: _in_thread(jobs.seal))),
                asyncio.create_task(_every(BACKUP, "backup", lambda: _in_thread(daily.run))),
                asyncio.create_task(_every(CONSUME, "journal", lambda: _in_thread(_consume))),
                asyncio.create_task(_every(NIGHTS, "pools", lambda: _in_thread(jobs.recycle))),
                asyncio.create_task(_every(ALLOT, "assigning", lambda: _in_thread(jobs.allot))),
                asyncio.create_task(_every(NIGHTS, "grades", lambda: _in_thread(jobs.grade))),
                asyncio.create_task(_every(NIGHTS, "bin", lambda: _in_thread(jobs.empty_bins))),
                asyncio.create_task(_every(DELIVER, "robots", lambda: _in_thread(jobs.deliver))),
                asyncio.create_task(_every(REMIND, "reminders", lambda: _in_thread(jobs.remind))),
                asyncio.create_task(_every(NIGHTS, "duplicates", lambda: _in_thread(jobs.find_duplicates))),
            ]
            try:
                await working.run_worker_async(
                    queues=[tasks.QUEUE], concurrency=concurrency, wait=not until_empty, delete_jobs="successful",
                    update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED, shutdown_graceful_timeout=GRACE,
                    fetch_job_polling_interval=5.0,
                )  # fmt: skip
            finally:
                for one in beside:
                    one.cancel()
                await asyncio.gather(*beside, return_exceptions=True)


async def take_up(working: App) -> int:
    """Put the jobs of dead workers back into the queue; returns how many."""
    found = list(await working.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED))
    for one in found:
        log.warning("taking up job %s of a worker that is gone", one.id)
        with contextlib.suppress(Exception):  # another worker was faster
            await working.job_manager.retry_job(one, retry_at=datetime.now(UTC))
    return len(found)


def _consume() -> None:
    while jobs.consume():
        pass


async def _in_thread(what: Callable[[], Any]) -> None:
    def call() -> None:
        close_old_connections()
        what()

    await sync_to_async(call, thread_sensitive=False)()


async def _every(seconds: float, name: str, what: Callable[[], Awaitable[Any]]) -> None:
    """Do something again and again; a failure is told and tried again."""
    while True:
        try:
            await what()
        except Exception:
            log.exception("%s", name)
        await asyncio.sleep(seconds)
