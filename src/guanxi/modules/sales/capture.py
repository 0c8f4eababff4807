"""What a pasted text says of a deal: which one, its amount, and words that may mean another stage. Only offered."""

from __future__ import annotations

import re
from typing import Any

from guanxi.kernel import Candidate, Facts, Guess, Offer, Step, T, Test, guess

_DEAL = re.compile(r"报价|采购|需求|预算|项目|合同|订单|方案|签约|招标|中标|赢单|输单|丢单|首付|回款|quote|proposal|budget|contract|order|tender|purchase|deal", re.IGNORECASE)
_STAGES: tuple[tuple[str, str, str], ...] = (
    # words in the text, the kind of stage, what an open stage of that sense is called
    (r"赢单|中标|成交|签(?:了|下|完)(?:了)?(?:合同|单)|已签|合同签(?:了|好)|signed|won the", "won", ""),
    (r"输单|丢单|没中标|未中标|选了别家|不做了|取消采购|lost the|went with another", "lost", ""),
    (r"合同|签约|谈判|商务条款|contract|negotiat", "open", r"谈判|合同|negotiat|contract"),
    (r"报价|方案|quote|quotation|proposal", "open", r"报价|方案|propos|quot"),
    (r"需求|调研|演示|试用|demo|requirement|needs", "open", r"需求|needs|requirement"),
)  # fmt: skip
_CLOSING = re.compile(r"签|成交|下单|付款|sign|order|close", re.IGNORECASE)


def opportunity(facts: Facts, desk: Any) -> Step | None:
    """The customer's open deal, if the text speaks of one; without any a new one is offered, not made."""
    said = _DEAL.search(facts.text)
    base = desk.steps.get("customer")
    if said is None and not facts.of("amount"):
        return None
    span = ((said.start(), said.end()),) if said else ((facts.of("amount")[0].start, facts.of("amount")[0].end),)
    there = []
    if base is not None and base.record is not None:
        there = desk.rows("opportunity", Test("customer", "=", base.record) & Test("result", "=", "open"), ["name", "amount"], sort=["-updated_at"])
    candidates = tuple(Candidate(row["id"], row["name"] or "", T("进行中的商机", "Open deal"), span) for row in there)
    name = base.values.get("name") if base is not None else None
    values = {"name": Guess(_called(name.value, desk) if name is not None and name.value else None), "amount": guess(facts.of("amount"), _money)}
    step = Step(values, candidates=candidates, links={"customer": "customer", "contact": "contact"}, take=False)
    if len(candidates) == 1:
        step.record, step.take = candidates[0].id, True
    return step


def _called(customer: str, desk: Any) -> str:
    return T(f"{customer} 商机", f"{customer} deal").for_(desk.language)


def _money(one: Any) -> dict[str, str]:
    return {"amount": f"{one.value.amount:f}", "currency": one.value.currency}


def deal(facts: Facts, desk: Any) -> Step | None:
    """Changes of the known deal that the text may mean: amount, stage, expected close. Somebody chooses; nothing is filled in."""
    base = desk.steps.get("opportunity")
    if base is None or base.record is None:
        return None
    rows = desk.rows("opportunity", Test("id", "=", base.record), ["name", "amount", "stage", "pipeline", "expected_close"], limit=1)
    if not rows:
        return None
    row = rows[0]
    values: dict[str, Guess] = {}
    stages = _stages(facts, desk, row)
    if stages:
        values["stage"] = Guess(None, (), stages)
    held = row.get("amount") if isinstance(row.get("amount"), dict) else {}
    amounts = tuple(Offer(_money(one), ((one.start, one.end),)) for one in facts.of("amount") if one.value.amount != (held or {}).get("amount"))
    if amounts:
        values["amount"] = Guess(None, (), amounts)
    closing = []
    for one in facts.of("moment"):
        start, end = facts.sentence(one)
        if one.value.day > desk.now.date() and _CLOSING.search(facts.text[start:end]) and one.value.precision != "week":
            closing.append(Offer(one.value.day.isoformat(), ((one.start, one.end),)))
    if closing:
        values["expected_close"] = Guess(None, (), tuple(closing))
    return Step(values, "update", take=False, record=base.record, of="opportunity") if values else None


def _stages(facts: Facts, desk: Any, row: dict[str, Any]) -> tuple[Offer, ...]:
    pipeline = row.get("pipeline")
    if not isinstance(pipeline, dict):
        return ()
    stages = desk.rows("stage", Test("pipeline", "=", pipeline["id"]), ["name", "name_en", "kind"], sort=["order"], limit=50)
    here = (row.get("stage") or {}).get("id")
    out: dict[str, Offer] = {}
    for words, kind, called in _STAGES:
        m = re.search(words, facts.text, re.IGNORECASE)
        if m is None:
            continue
        for stage in stages:
            name = stage.get("name") or ""
            fits = stage.get("kind") == kind and (kind != "open" or re.search(called, f"{name} {stage.get('name_en') or ''}", re.IGNORECASE))
            if fits and stage["id"] != here:
                out.setdefault(str(stage["id"]), Offer(str(stage["id"]), ((m.start(), m.end()),), T(name, stage.get("name_en") or name)))
                break
    return tuple(out.values())
