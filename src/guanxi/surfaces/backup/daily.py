"""The backup that is made every night, and before an upgrade, without anybody asking."""

from __future__ import annotations

import os
import re
from datetime import datetime, time, timedelta
from pathlib import Path

from guanxi.surfaces.backup import place
from guanxi.surfaces.backup.making import Progress, make
from guanxi.surfaces.backup.place import Backup
from guanxi.surfaces.backup.server import Server
from guanxi.surfaces.cli.home import Home
from guanxi.surfaces.cli.speech import Trouble

WHEN = "02:30"
OLD = timedelta(days=2)


def moment_of_day() -> time | None:
    """GUANXI_BACKUP: a time of the machine's day, or `off`. Raises Trouble for anything else."""
    given = os.environ.get("GUANXI_BACKUP", WHEN).strip().casefold()
    if given == "off":
        return None
    if (found := re.fullmatch(r"(\d{1,2}):(\d\d)", given)) and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    raise Trouble(f"GUANXI_BACKUP 应为 02:30 这样的时间或 off，而不是 {given}。", f"GUANXI_BACKUP is a time such as 02:30, or off, not {given}.")


def newest(home: Home) -> datetime:
    """When the last backup was made, or else when the data folder was."""
    found = place.those_in(place.usual(home))
    if found:
        return found[0].made_at
    secret = home.folder / "secret"
    return datetime.fromtimestamp(secret.stat().st_ctime).astimezone() if secret.exists() else datetime.now().astimezone()


def is_due(home: Home, now: datetime) -> bool:
    """Whether the last moment of the day for it has passed without a backup. `now`: in the machine's zone."""
    at = moment_of_day()
    if at is None:
        return False
    last = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if last > now:
        last -= timedelta(days=1)
    return newest(home) < last


def run(home: Home | None = None) -> Backup | None:
    """Make today's backup if it is due, and throw away what the rule no longer keeps."""
    home = home or Home.from_environment()
    if not is_due(home, datetime.now().astimezone()):
        return None
    folder = place.usual(home)
    made = make(Server.in_use(home), home, folder, "daily")
    place.throw_away(folder)
    return made


def before_upgrade(home: Home, tell: Progress) -> Backup:
    """A copy of the data as they are, before migrations change them."""
    tell("数据将升级，先做一次备份…", "The data are about to be upgraded: making a backup first…")
    folder = place.usual(home)
    made = make(Server.in_use(home), home, folder, "upgrade")
    place.throw_away(folder)
    return made


def state(home: Home, now: datetime) -> tuple[bool, str, str]:
    """For `doctor`: whether there is a backup that is not too old, in both languages."""
    folder: Path = place.usual(home)
    found = place.those_in(folder)
    if moment_of_day() is None:
        return True, "定时备份已关闭 (GUANXI_BACKUP=off)", "No backups by schedule (GUANXI_BACKUP=off)"
    fine = now - newest(home) < OLD
    if not found:
        return fine, f"还没有备份 ({folder})", f"no backup yet ({folder})"
    last = found[0]
    at = f"{last.made_at.astimezone():%Y-%m-%d %H:%M}"
    return fine, f"最近一次 {at}，共 {len(found)} 个 ({folder})", f"the last of {len(found)} was made {at} ({folder})"
