"""Templates of sales processes: steps with what is to be done at each, put into a pipeline in one go."""

from __future__ import annotations

from typing import Any

from guanxi.kernel import Label, T, Test

NAMES = [("eight", T("销售八步", "Selling in eight steps"))]

EIGHT: tuple[tuple[str, Label, str, int, int | None, tuple[str, ...], Label], ...] = (
    # key, name, kind, win rate, suggested days, required fields, what is to be done and when it is done
    ("prospect", T("查找准客户", "Find prospects"), "open", 10, 7, (),
     T("按行业、地区和规模列出名单，找到能做主的人。标准：知道找谁、怎么联系。", "List companies by trade, place and size; find who decides. Done: you know whom to reach, and how.")),
    ("appoint", T("约见拜访", "Arrange a visit"), "open", 20, 7, ("customer",),
     T("电话约好时间、地点和目的，准备资料。标准：已当面或线上见过。", "Agree on time, place and purpose; prepare material. Done: you have met.")),
    ("trust", T("建立信任关系", "Win trust"), "open", 30, 14, ("customer", "contact"),
     T("按时兑现每个承诺，介绍同行案例。标准：对方愿意谈自己的问题。", "Keep every promise, show what you did for others. Done: they speak of their own problems.")),
    ("needs", T("挖掘客户需求", "Find out the needs"), "open", 45, 14, ("customer", "needs"),
     T("问清现状、问题、影响、预算、决策人和时间。标准：需求写下并经客户确认。", "Ask for the state, the problem, its cost, budget, who decides and when. Done: needs written down and confirmed.")),
    ("research", T("研究解决方案", "Work out a solution"), "open", 60, 14, ("customer", "needs"),
     T("与技术、交付一起做方案，算清成本和风险。标准：内部评审通过。", "Work it out with those who deliver; know cost and risk. Done: reviewed inside.")),
    ("propose", T("提出客户方案", "Propose"), "open", 75, 14, ("customer", "amount", "expected_close"),
     T("向所有决策人当面讲解方案和报价，记录异议。标准：客户认可方案。", "Explain solution and price to all who decide; note objections. Done: they accept it.")),
    ("sign", T("签约承诺", "Get the commitment"), "open", 90, 21, ("customer", "amount", "expected_close"),
     T("谈定条款、付款和交付时间，走审批。标准：合同已签。", "Settle terms, payment and dates. Done: the contract is signed.")),
    ("satisfied", T("客户满意", "A satisfied customer"), "won", 100, None, ("customer", "amount", "closed_on"),
     T("跟进交付并回访，请客户评价和转介绍。", "See to delivery, call back, ask for a word and for introductions.")),
    ("not_won", T("未成交", "Not won"), "lost", 0, None, ("lost_reason", "closed_on"),
     T("写明原因和对手，约定何时再联系。", "Say why and to whom; agree when to be in touch again.")),
)  # fmt: skip
"""The eight steps of consultative selling, and where it ends otherwise."""


def use(draft: Any, context: Any, *, template: str = "eight") -> None:
    """Add the steps the pipeline does not have yet, after those it has; what is there stays as it is."""
    there = context.find("stage", Test("pipeline", "=", draft.id), limit=200)
    taken = {row["key"] for row in there} | {row["name"] for row in there}
    order = max((row["order"] or 0 for row in there), default=0)
    for at, (key, name, kind, rate, days, needed, text) in enumerate(EIGHT, 1):
        if not taken & {key, name.zh}:
            context.perform("stage", "create", changes={
                "pipeline": draft.id, "key": key, "name": name.zh, "name_en": name.en, "order": order + at * 10, "kind": kind, "win_rate": rate,
                "suggested_days": days, "required_fields": list(needed), "description": text.for_(context.actor.language),
            })  # fmt: skip
