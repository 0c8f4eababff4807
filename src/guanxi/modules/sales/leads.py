"""The rules of leads: converting, giving up, taking up again."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from guanxi.kernel import Choice, Invalid, Test

TO_CUSTOMER = {
    "website": "website",
    "region": "region",
    "country": "country",
    "industry": "industry",
    "size": "size",
    "source": "source",
    "requirement": "needs",
    "tags": "tags",
    "description": "description",
    "next_contact_at": "next_contact_at",
    "owner": "owner",
}
"""Which field of a lead becomes which of the customer. Custom fields of the same key and type go along too."""

TO_REACH = {"phones": "phones", "email": "email", "wechat": "wechat", "qq": "qq"}
"""How to reach the person: to the contact, or to the customer where there is no contact."""

TO_CONTACT = {"gender": "gender", "position": "position", "owner": "owner"}

TO_OPPORTUNITY = {"budget": "amount", "source": "source", "requirement": "needs", "tags": "tags", "owner": "owner"}


def score_in_range(draft: Any, context: Any) -> None:
    if draft.changed("score") and draft.score is not None and not 0 <= draft.score <= 100:
        raise Invalid.field("score", "range", "评分应在 0 到 100 之间。", "A score lies between 0 and 100.")


def converted_stays(draft: Any, context: Any) -> None:
    """A converted lead is read-only: its story goes on at the customer."""
    if draft.verb == "update" and draft.before.get("status") == "converted":
        raise Invalid.field(
            "status",
            "converted",
            "线索已转换，不能再修改。请修改转换后的客户。",
            "The lead was converted and is read-only. Change the customer instead.",
        )


def convert(
    draft: Any,
    context: Any,
    *,
    customer: UUID | None = None,
    customer_name: str | None = None,
    contact: UUID | None = None,
    with_contact: bool | None = True,
    with_opportunity: bool | None = False,
    opportunity_name: str | None = None,
    amount: Any = None,
    expected_close: date | None = None,
    pipeline: UUID | None = None,
) -> dict[str, Any]:
    """Make or pick the customer, the contact and, if wished, an opportunity, with the rights of who converts.

    A lead with a company becomes a company with the person as its contact; one without becomes a person, who needs no
    contact of their own. A customer that is picked is left as it is.
    """
    if draft.status not in ("new", "contacting"):
        raise Invalid.field(
            "status",
            "closed",
            "只有待跟进或跟进中的线索可以转换。",
            "Only a new lead or one being contacted can be converted.",
        )
    person_only = not draft.company and bool(draft.person) and customer is None
    makes_contact = contact is None and bool(with_contact) and bool(draft.person) and not person_only
    if customer is None and contact is not None:
        existing = context.get("contact", contact)
        customer = existing["customer"] if existing is not None else None
    if customer is None:
        changes = _carried(draft, context, "customer", TO_CUSTOMER if makes_contact else TO_CUSTOMER | TO_REACH)
        changes["name"] = customer_name or draft.company or draft.person or draft.name
        changes["kind"] = "person" if person_only else "company"
        if person_only and draft.gender:
            changes["gender"] = draft.gender
        customer = context.perform_as_actor("customer", "create", changes=changes).id
    if makes_contact:
        changes = _carried(draft, context, "contact", TO_CONTACT | TO_REACH)
        changes |= {"name": draft.person, "customer": customer}
        contact = context.perform_as_actor("contact", "create", changes=changes).id
    opportunity: UUID | None = None
    if with_opportunity:
        changes = _carried(draft, context, "opportunity", TO_OPPORTUNITY)
        changes |= {"name": opportunity_name or draft.name, "customer": customer, "engaged_on": context.today}
        given = {"contact": contact, "pipeline": pipeline, "amount": amount, "expected_close": expected_close}
        changes |= {name: value for name, value in given.items() if value is not None}
        if draft.products:
            changes["product"] = draft.products[0]
        opportunity = context.perform_as_actor("opportunity", "create", changes=changes).id
    draft.status = "converted"
    draft.converted_at = context.now
    draft.converted_customer = customer
    draft.converted_contact = contact
    draft.converted_opportunity = opportunity
    return {"customer": customer, "contact": contact, "opportunity": opportunity}


def _carried(draft: Any, context: Any, target: str, mapping: dict[str, str]) -> dict[str, Any]:
    """The lead's values under the target's names; a choice only where the target offers it."""
    there = context.catalog.find(target).fields
    here = draft.object.fields
    same = {
        name: name
        for name, one in here.items()
        if one.custom and name in there and there[name].custom and there[name].kind == one.kind
    }
    out: dict[str, Any] = {}
    for name, other in (mapping | same).items():
        value = draft[name]
        if here[name].empty(value):
            continue
        field = there[other]
        if isinstance(field, Choice) and isinstance(value, str) and field.option(value) is None:
            continue
        out[other] = value
    return out


def bring_along(draft: Any, context: Any) -> None:
    """What hangs on a converted lead (follow-ups, tasks …) hangs on the customer, contact and opportunity too from now
    on, whichever module declares it. The lead itself, linked to them, stays in their timelines."""
    if draft.status != "converted" or not draft.changed("status"):
        return
    becomes = {
        "customer": draft.converted_customer,
        "contact": draft.converted_contact,
        "opportunity": draft.converted_opportunity,
    }
    for definition, link in context.catalog.linking_to("lead"):
        links = [one for one in definition.links() if not one.readonly and becomes.get(one.target) is not None]
        for row in context.find(definition.name, Test(link.name, "=", draft.id), limit=1000):
            changes = {one.name: becomes[one.target] for one in links if row.get(one.name) is None}
            if changes:
                context.perform(definition.name, "update", id=row["id"], changes=changes)


def invalidate(draft: Any, context: Any) -> None:
    if draft.status not in ("new", "contacting"):
        raise Invalid.field(
            "status",
            "closed",
            "只有待跟进或跟进中的线索可以标为无效。",
            "Only a new lead or one being contacted can be marked invalid.",
        )
    draft.status = "invalid"


def reopen(draft: Any, context: Any) -> None:
    if draft.status != "invalid":
        raise Invalid.field("status", "open", "只有无效的线索可以重新启用。", "Only an invalid lead can be reopened.")
    draft.status = "contacting" if draft.last_contact_at else "new"
    draft.invalid_reason = None
    draft.invalid_note = None
