"""Losing customers and winning them back: plain functions over a draft, named in `module.py`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from guanxi.kernel import Invalid

LOST = "lost"


def lose(draft: Any, context: Any) -> None:
    """It is certain that the customer is lost, and why."""
    if draft.relation == LOST:
        raise Invalid.field("relation", "state", "已经是流失客户。", "It is lost already.")
    draft.relation, draft.deferred_until = LOST, None


def defer(draft: Any, context: Any, *, until: datetime) -> None:
    """Decided later; whoever owns it is reminded then."""
    if until <= context.now:
        raise Invalid.field("until", "past", "请选择以后的时间。", "Choose a time that is still to come.")
    draft.deferred_until = until


def win_back(draft: Any, context: Any) -> None:
    """It buys again, or may: who bought once is an established customer, others are potential ones."""
    if draft.relation != LOST:
        raise Invalid.field("relation", "state", "不是流失客户。", "It is not lost.")
    draft.relation = "established" if draft.last_won_on else "potential"


def lost_on(draft: Any, context: Any) -> date | None:
    """The day it was lost last, however that was written down; it stays when it is won back."""
    held: date | None = draft.lost_on
    return context.today if draft.relation == LOST and draft.changed("relation") else held


def won_back_on(draft: Any, context: Any) -> date | None:
    """The day it ceased to be lost; none while it is."""
    if draft.relation == LOST:
        return None
    held: date | None = draft.won_back_on
    return context.today if draft.before.get("relation") == LOST else held
