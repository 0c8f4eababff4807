"""The rules of follow-ups and tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
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


def complete(draft: Any, context: Any) -> None:
    _must_be_open(draft)
    draft.status = "done"
    draft.done_at = context.now


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
