"""How many rows somebody who may not export takes out by the API in a day: paging through a whole list is an export by
another name.

Counted in the memory of each process, so that reading costs no statement; that the limit was reached is a line of the log,
which every process finds when it meets the person again that day.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from guanxi.base.errors import TooManyRequests
from guanxi.base.text import T
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.journal import log
from guanxi.kernel.records import people
from guanxi.kernel.storage import log_rows, sql

KIND = "rows"
MOST_KEPT = 10_000
_lock = threading.Lock()
_read: dict[UUID, tuple[date, int]] = {}


def _day(actor: Actor) -> tuple[date, datetime, datetime]:
    """Today where the company is, and when it began and ends."""
    settings = people.catalog_of(actor).settings
    begins = datetime.combine(settings.today, time(), settings.tz)
    ends = datetime.combine(settings.today + timedelta(days=1), time(), settings.tz)
    return settings.today, begins, ends


def counts(actor: Actor, name: str, most: int) -> bool:
    """Whether rows of this object count for this actor."""
    it = people.catalog_of(actor).find(name)
    return bool(most) and it is not None and actor.user is not None and not access.may(actor.rights, it, "export")


def admit(actor: Actor, most: int) -> None:
    """Raises TooManyRequests for whoever has taken a day's rows, until the day is over where the company is."""
    assert actor.user is not None
    today, begins, ends = _day(actor)
    day, rows = _read.get(actor.user, (None, 0))
    if day != today:
        with sql.work(actor.workspace):
            reached = log_rows.counted(actor.workspace, actor.user, KIND, "", begins.astimezone(UTC))
        rows = most if reached else 0
        with _lock:
            if len(_read) >= MOST_KEPT:
                _read.clear()
            _read[actor.user] = (today, rows)
    if rows >= most:
        raise TooManyRequests(
            T(
                f"没有导出权限的人每天经接口最多读取 {most} 条，今天已用完。需要更多请管理员授予导出权限。",
                f"Without the right to export one reads at most {most} rows a day by the API, and today's are used up. Ask your administrator for that right if you need more.",
            ),
            retry_after=max(1, int((ends - datetime.now(UTC)).total_seconds())),
        )


def took(actor: Actor, name: str, rows: int, most: int) -> None:
    """Note what somebody took; that reaches the limit once a day, which is a line of the log."""
    assert actor.user is not None
    today = _day(actor)[0]
    with _lock:
        day, before = _read.get(actor.user, (today, 0))
        before = before if day == today else 0
        _read[actor.user] = (today, before + rows)
    if before < most <= before + rows:
        log.note(actor.workspace, KIND, user=actor.user, address=actor.address, object=name, rows=before + rows, limit=most)


def forget() -> None:
    """Count anew, for tests: as another process would."""
    with _lock:
        _read.clear()
