"""The rules of customers and contacts: plain functions over a draft, named in `module.py`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from guanxi.kernel import Invalid, LunarDay, Test, check_credit_code, next_lunar_birthday, normal_credit_code


def credit_code(draft: Any, context: Any) -> None:
    """The code is kept in capitals without blanks. A wrong one is said, never refused: some real early codes fail."""
    if not draft.changed("credit_code") or not draft.credit_code:
        return
    draft.credit_code = normal_credit_code(draft.credit_code)
    warning = check_credit_code(draft.credit_code)
    if warning is not None:
        context.warn("credit_code", warning)


def kind_fits(draft: Any, context: Any) -> None:
    """A person has no company registration."""
    if draft.kind == "person" and draft.credit_code:
        raise Invalid.field(
            "credit_code",
            "person",
            "个人客户没有统一社会信用代码。请清空它，或把客户性质改为企业。",
            "A person has no credit code. Clear it, or make the kind a company.",
        )


def figures(draft: Any, context: Any) -> None:
    """Counts are not negative."""
    if draft.employees is not None and draft.employees < 0:
        raise Invalid.field("employees", "range", "员工人数不能为负。", "The number of employees cannot be negative.")


def deal_status(draft: Any, context: Any) -> str:
    return "won" if draft.last_won_on else "none"


def next_birthday(draft: Any, context: Any) -> date | None:
    """The first solar day of the birthday from today on. A lunar birthday is given as its lunar day, and kept by
    custom: a missing 30th falls on the 29th, as a 29 February falls on the 28th."""
    birthday: date | None = draft.birthday
    if birthday is None:
        return None
    if draft.birthday_kind == "lunar":
        return next_lunar_birthday(LunarDay(birthday.month, min(birthday.day, 30)), context.today)
    this_year = _in_year(birthday, context.today.year)
    return this_year if this_year >= context.today else _in_year(birthday, context.today.year + 1)


def _in_year(birthday: date, year: int) -> date:
    try:
        return birthday.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def contacted(
    draft: Any,
    context: Any,
    *,
    at: datetime | None = None,
    by: Any = None,
    how: str | None = None,
    next_at: datetime | None = None,
    afresh: bool = False,
) -> None:
    """A follow-up happened. The latest one counts, in whatever order they are written down; `afresh` replaces what is
    there, because the latest follow-up was changed or deleted.

    A new plan replaces the old; without one, a plan that fell due by that day is done and vanishes, a later one stays.
    """
    last = draft.last_contact_at
    if not afresh and last is not None and at is not None and at < last:
        return
    if "last_contact_at" in draft.object.fields:
        draft.last_contact_at = at
    for name, value in (("last_contact_by", by), ("last_contact_kind", how)):
        if name in draft.object.fields:
            draft[name] = value
    if next_at is not None:
        draft.next_contact_at = next_at
    elif at is not None and draft.next_contact_at is not None:
        zone = context.settings.tz
        if draft.next_contact_at.astimezone(zone).date() <= at.astimezone(zone).date():
            draft.next_contact_at = None


def dealt(draft: Any, context: Any, *, on: date | None = None, afresh: bool = False) -> None:
    """A deal was won on a day; who bought is no longer a prospect. `afresh`: the latest day left when one is undone."""
    if afresh or (on is not None and (draft.last_won_on is None or on > draft.last_won_on)):
        draft.last_won_on = on
    if draft.last_won_on is not None and draft.relation in (None, "potential", "target"):
        draft.relation = "established"


def contact_fits(draft: Any, context: Any) -> None:
    """The main customer is not among the others as well; a contact nobody owns belongs to the customer's owner."""
    if draft.new and draft.owner is None and draft.customer is not None:
        customer = context.get("customer", draft.customer)
        draft.owner = customer["owner"] if customer is not None else None
    if draft.verb == "follow" and draft.primary and draft.changed("customer"):
        held = context.find("contact", Test("customer", "=", draft.customer) & Test("primary", "=", True), limit=1)
        draft.primary = not held  # the customer that stays has its own
    if draft.customers and draft.customer in draft.customers:
        draft.customers = [one for one in draft.customers if one != draft.customer] or None


def one_primary(draft: Any, context: Any) -> None:
    """The customer's former primary contact gives the mark to the one that has just got it."""
    if not draft.primary or not (draft.changed("primary") or draft.changed("customer")):
        return
    marked = context.find("contact", Test("customer", "=", draft.customer) & Test("primary", "=", True))
    if not any(other["id"] == draft.id for other in marked):
        return  # another of the same batch has just got it
    for other in marked:
        if other["id"] != draft.id:
            context.perform("contact", "update", id=other["id"], changes={"primary": False})
