"""Following up: what an object's declaration says about records that nobody attends to and nobody has planned to.

`attended = Attended(…)` in an object's body gives its records two virtual fields, a list of those left unattended and a rule that
administrators change (`catalog.attending`). A planned next contact that passes is told by the object's own `tells`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guanxi.base.text import T
from guanxi.kernel.declare.fields import Boolean, Field, Integer


@dataclass(frozen=True)
class Attended:
    """Records that somebody is to follow up. last: when that was done; planned: when it is to be done next; live: of which records it
    is asked at all, a condition over the row alone. days, superior: after so many days without either, the rule of a new workspace
    tells the owner, and their superior."""

    last: str = "last_contact_at"
    planned: str = "next_contact_at"
    live: str = ""
    days: int = 30
    superior: int = 45
    columns: Sequence[str] = ()


class QuietDays(Integer):
    """未跟进天数: days since the last follow-up, or since the owner got it; empty where the next one is planned."""

    virtual = True
    groupable = False


class Unattended(Boolean):
    """久未跟进: whether it has been quiet for as long as the object's rule says, without a plan."""

    virtual = True


LABEL = T("久未跟进", "Left unattended")


def fields() -> dict[str, Field]:
    """The fields an attended object has besides its own."""
    out: dict[str, Field] = {
        "quiet_days": QuietDays(
            T("未跟进天数", "Days without follow-up"), readonly=True, help=T("没有约下次联系时，距最后跟进或到手的天数。", "Since the last follow-up, or since the owner got it, while no next contact is planned.")
        ),
        "unattended": Unattended(LABEL, readonly=True),
    }  # fmt: skip
    for name, one in out.items():
        one.name = name
    return out
