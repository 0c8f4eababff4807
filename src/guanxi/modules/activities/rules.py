"""The rules of follow-ups and tasks."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi.kernel import Invalid, T, Test

TARGETS = ("opportunity", "lead", "customer")
"""What a follow-up gives its last-contact fields to. The customer comes last, as it does when a deal is closed: two
writers that lock rows in the same order wait for each other instead of standing in each other's way."""


def now(context: Any) -> datetime:
    return context.now  # type: ignore[no-any-return]


def _settle(draft: Any, context: Any) -> None:
    """The contact and the opportunity know their customer; the opportunity knows its contact."""
    if draft.opportunity is not None and (draft.customer is None or draft.contact is None):
        opportunity = context.get("opportunity", draft.opportunity)
        if opportunity is not None:
            if draft.customer is None:
                draft.customer = opportunity["customer"]
            if draft.contact is None and draft.customer == opportunity["customer"]:
                draft.contact = opportunity["contact"]
    if draft.contact is not None and draft.customer is None:
        contact = context.get("contact", draft.contact)
        if contact is not None:
            draft.customer = contact["customer"]


def summary(draft: Any, context: Any) -> str | None:
    """The first words of what happened; filling in the customer comes first, so that every rule after it sees it."""
    _settle(draft, context)
    text = " ".join((draft.content or "").split())
    return (text if len(text) <= 60 else text[:59] + "…") or None


def belongs(draft: Any, context: Any) -> None:
    """A follow-up is about somebody."""
    if not any(draft[name] for name in (*TARGETS, "contact")):
        raise Invalid.field(
            "customer",
            "required",
            "请选择跟进的客户、联系人、线索或商机。",
            "Choose the customer, contact, lead or opportunity this is about.",
        )


def times_fit(draft: Any, context: Any) -> None:
    """What happened is not in the future; the next contact comes after it."""
    if draft.happened_at is None or not (draft.changed("happened_at") or draft.changed("next_contact_at")):
        return
    if draft.changed("happened_at") and draft.happened_at > context.now + timedelta(minutes=10):
        raise Invalid.field(
            "happened_at",
            "future",
            "跟进时间不能晚于现在；计划请填写“下次联系时间”。",
            "This has not happened yet. Put plans into the next contact time.",
        )
    if draft.next_contact_at is not None and draft.next_contact_at < draft.happened_at:
        raise Invalid.field(
            "next_contact_at", "before", "下次联系时间应晚于跟进时间。", "The next contact comes after this one."
        )


def tell(draft: Any, context: Any) -> None:
    """The last-contact fields of customer, lead and opportunity follow the latest follow-up that is there."""
    fresh = draft.new or draft.verb == "restore"
    relevant = (
        fresh
        or draft.verb == "delete"
        or any(draft.changed(n) for n in ("happened_at", "next_contact_at", "kind", "owner"))
    )
    for name in TARGETS:
        target = draft[name]
        before = None if fresh else draft.before.get(name)
        if target is not None and (fresh or before != target):
            _perform(
                context, name, target, draft.happened_at, draft.owner, draft.kind, draft.next_contact_at, afresh=False
            )
        elif target is not None and relevant:
            _recount(context, name, target)
        if before is not None and before != target:
            _recount(context, name, before)


def _perform(context: Any, name: str, target: UUID, at: Any, by: Any, how: Any, next_at: Any, *, afresh: bool) -> None:
    row = context.get(name, target)
    if row is None or (
        not afresh and row["last_contact_at"] is not None and at is not None and row["last_contact_at"] > at
    ):
        return
    context.later(name, "contacted", target, combine=_latest_contact, at=at, by=by, how=how, next_at=next_at, afresh=afresh)


def _latest_contact(earlier: Any, later: Any) -> Any:
    """Of two follow-ups in one batch the later one counts; one counted afresh has looked at all of them."""
    wins = later["afresh"] or earlier["at"] is None or (later["at"] is not None and later["at"] >= earlier["at"])
    return {**(later if wins else earlier), "afresh": earlier["afresh"] or later["afresh"]}


def _recount(context: Any, name: str, target: UUID) -> None:
    if context.get(name, target) is None:
        return
    latest = context.find("activity", Test(name, "=", target), sort=("-happened_at",), limit=1)
    row = latest[0] if latest else {"happened_at": None, "owner": None, "kind": None, "next_contact_at": None}
    _perform(context, name, target, row["happened_at"], row["owner"], row["kind"], row["next_contact_at"], afresh=True)


def plan_task(draft: Any, context: Any) -> None:
    """A next contact time still to come stands in the owner's tasks; changing the time moves the task."""
    if draft.verb in ("delete", "restore") or not (
        draft.new or draft.changed("next_contact_at") or draft.changed("next_plan")
    ):
        return
    due = draft.next_contact_at
    if not draft.new:
        tasks = context.find("task", Test("activity", "=", draft.id) & Test("status", "=", "open"), limit=1)
        if tasks:
            if due is None:
                context.perform("task", "cancel", id=tasks[0]["id"])
            else:
                context.perform(
                    "task", "update", id=tasks[0]["id"], changes={"due_at": due, "subject": _subject(draft, context)}
                )
            return
    if due is None or due <= context.now:
        return
    links = {name: draft[name] for name in (*TARGETS, "contact") if draft[name] is not None}
    context.later(
        "task",
        "create",
        changes={
            "subject": _subject(draft, context),
            "kind": "contact",
            "due_at": due,
            "owner": draft.owner,
            "activity": draft.id,
            **links,
        },
    )


def _subject(draft: Any, context: Any) -> str:
    if draft.next_plan:
        return draft.next_plan  # type: ignore[no-any-return]
    for name in ("contact", "customer", "lead", "opportunity"):
        row = context.get(name, draft[name]) if draft[name] is not None else None
        if row is not None:
            return T(f"联系 {row['name']}", f"Contact {row['name']}").for_(context.actor.language)
    return T("联系", "Contact").for_(context.actor.language)


def task_fits(draft: Any, context: Any) -> None:
    """It ends after it begins; the reminder is not after the due time; the customer follows from the contact or the opportunity."""
    _settle(draft, context)
    if draft.ends_at is not None and (draft.due_at is None or draft.ends_at < draft.due_at):
        raise Invalid.field(
            "ends_at", "before", "结束时间应晚于开始时间，并先填写开始时间。", "It ends after it begins; say first when that is."
        )
    if draft.remind_at is not None and draft.due_at is not None and draft.remind_at > draft.due_at:
        raise Invalid.field(
            "remind_at", "after-due", "提醒时间不能晚于截止时间。", "The reminder cannot come after the due time."
        )


def remind(draft: Any, context: Any) -> None:
    """So long before it, it is reminded of: the instant follows the due time, until somebody sets another one."""
    if draft.remind_before is None:
        return
    if draft.changed("remind_at") and draft.remind_at is not None and not (draft.changed("remind_before") or draft.new):
        draft.remind_before = None
    elif draft.due_at is None:
        raise Invalid.field("remind_before", "required", "请先填写截止或开始时间。", "Say first when it is due or begins.")
    else:
        draft.remind_at = draft.due_at - timedelta(minutes=int(draft.remind_before))


def repeats(draft: Any, context: Any) -> None:
    """What repeats has a day to count from, and ends after it."""
    if draft.repeat is None:
        return
    if draft.due_at is None:
        raise Invalid.field("repeat", "required", "重复的任务请填写截止或开始时间。", "Say when it is due or begins: it repeats from there.")
    if draft.repeat_until is not None and draft.repeat_until < draft.due_at.astimezone(context.settings.tz).date():
        raise Invalid.field("repeat_until", "before", "重复的结束日期早于本次时间。", "It stops repeating before this one is due.")


CARRIED = (
    "subject", "kind", "priority", "customer", "contact", "lead", "opportunity", "place", "purpose", "participants", "attendees",
    "description", "remind_before", "repeat", "repeat_until", "parent", "owner",
)  # fmt: skip
"""What the next of a series has from the one before."""


def complete(draft: Any, context: Any, *, follow_up: str | None = None, attitude: str | None = None, next_contact_at: datetime | None = None) -> None:
    """Done, with the follow-up it was where one is wished; one that repeats is followed by its next."""
    _must_be_open(draft)
    draft.status = "done"
    draft.done_at = context.now
    if follow_up is not None:
        if not draft.outcome:
            raise Invalid.field("outcome", "required", "记跟进请填写完成情况。", "Say what happened: it becomes the follow-up.")
        links = {name: draft[name] for name in (*TARGETS, "contact") if draft[name] is not None}
        if not links:
            raise Invalid.field("follow_up", "nobody", "任务没有关联客户、线索或商机，不能记跟进。", "The task is about nobody, so there is no follow-up to write.")
        changes = {"kind": follow_up, "content": draft.outcome, "attitude": attitude, "next_contact_at": next_contact_at, **links}
        draft.result = context.perform_as_actor("activity", "create", changes=changes).id
    elif attitude is not None or next_contact_at is not None:
        raise Invalid.field("follow_up", "required", "请选择跟进方式。", "Choose how it was: by a visit, a call …")
    if draft.repeat is not None and draft.due_at is not None:
        _next(draft, context)


def _next(draft: Any, context: Any) -> None:
    """The next of a series: the first day of it after this one and after now, unless it is there or the series is over."""
    zone = context.settings.tz
    series = draft.series or draft.id
    first = draft.due_at if draft.series is None else (context.get("task", series) or {"due_at": None})["due_at"] or draft.due_at
    local = draft.due_at.astimezone(zone)
    day, step = local.date(), 0
    while day <= local.date() or datetime.combine(day, local.timetz()) <= context.now:
        step += 1
        day = _step(draft.repeat, local.date(), step, first.astimezone(zone).day)
    if draft.repeat_until is not None and day > draft.repeat_until:
        return
    due = datetime.combine(day, local.timetz())
    if context.find("task", Test("series", "=", series) & Test("due_at", ">", draft.due_at) & Test("status", "=", "open"), limit=1):
        return
    moved = due - local
    changes = {name: draft[name] for name in CARRIED if draft[name] is not None} | {"due_at": due}
    changes |= {name: draft[name] + moved for name in ("ends_at", "remind_at") if draft[name] is not None and (name == "ends_at" or draft.remind_before is None)}
    made = context.perform("task", "create", changes=changes).id
    context.perform("task", "next_of", id=made, series=series)


def _step(repeat: str, day: date, step: int, anchor: int) -> date:
    """A day so many steps on; a month without the day the series began on has its last one instead."""
    if repeat == "monthly":
        months = day.year * 12 + day.month - 1 + step
        year, month = divmod(months, 12)
        return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))
    return day + timedelta(days=step * (7 if repeat == "weekly" else 1))


def next_of(draft: Any, context: Any, *, series: UUID | None = None) -> None:
    draft.series = series


# -- goals -----------------------------------------------------------------------------------------------------------


def tell_goal(draft: Any, context: Any) -> None:
    """A goal knows how many of its parts are done."""
    fresh = draft.new or draft.verb in ("restore", "delete")
    if not (fresh or draft.changed("parent") or draft.changed("status")):
        return
    for goal in {one for one in (draft.parent, draft.before.get("parent")) if one is not None}:
        if context.get("task", goal) is not None:
            context.later("task", "count_parts", goal, combine=lambda earlier, later: later)


def count_parts(draft: Any, context: Any) -> None:
    """How many parts a goal has, without those called off, and how many of them are done. Counted once its row is locked."""
    parts = Test("parent", "=", draft.id)
    done = len(context.find("task", parts & Test("status", "=", "done"), limit=PARTS))
    draft.parts = done + len(context.find("task", parts & Test("status", "=", "open"), limit=PARTS))
    draft.parts_done = done


PARTS = 2000


def progress(draft: Any, context: Any) -> Decimal | None:
    """The part of a goal that is done."""
    return (Decimal(draft.parts_done or 0) * 100 / draft.parts).quantize(Decimal("0.01")) if draft.parts else None


def cancel(draft: Any, context: Any) -> None:
    _must_be_open(draft)
    draft.status = "cancelled"


def reopen(draft: Any, context: Any) -> None:
    if draft.status == "open":
        raise Invalid.field("status", "open", "任务还没有关闭。", "The task is not closed.")
    draft.status = "open"
    draft.done_at = None


def _must_be_open(draft: Any) -> None:
    if draft.status != "open":
        raise Invalid.field(
            "status", "closed", "任务已完成或已取消。请先重新打开。", "The task is done or cancelled. Reopen it first."
        )
