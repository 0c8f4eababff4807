"""The rules of pipelines, stages and opportunities: plain functions over a draft, named in `module.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from guanxi.kernel import FieldError, Forbidden, Invalid, T, Test
from guanxi.modules.customers import rules as customers

Row = Mapping[str, Any]


# -- pipelines and stages ------------------------------------------------------------------------------------------


def default_is_active(draft: Any, context: Any) -> None:
    if draft.default and draft.active is False:
        raise Invalid.field(
            "active",
            "default",
            "默认流程不能停用。请先把另一个流程设为默认。",
            "The default pipeline stays active. Make another one the default first.",
        )


def one_default(draft: Any, context: Any) -> None:
    """The former default pipeline gives way to the one that has just become it."""
    if not draft.default or not draft.changed("default"):
        return
    for other in context.find("pipeline", Test("default", "=", True)):
        if other["id"] != draft.id:
            context.perform("pipeline", "update", id=other["id"], changes={"default": False})


def whole_stage(draft: Any, context: Any) -> None:
    """Win rates lie between 0 and 100, the ends are certain, required fields exist, next stages are of its line."""
    problems: list[FieldError] = []
    if draft.kind == "won":
        draft.win_rate = Decimal(100)
    elif draft.kind == "lost":
        draft.win_rate = Decimal(0)
    elif draft.win_rate is not None and not 0 <= draft.win_rate <= 100:
        problems.append(
            FieldError("win_rate", "range", T("赢率应在 0 到 100 之间。", "A win rate lies between 0 and 100."))
        )
    if draft.suggested_days is not None and draft.suggested_days < 0:
        problems.append(FieldError("suggested_days", "range", T("天数不能为负。", "Days cannot be negative.")))
    known = context.catalog.find("opportunity").fields
    for name in draft.required_fields or ():
        if name not in known:
            problems.append(
                FieldError(
                    "required_fields",
                    "unknown",
                    T(
                        f"商机没有“{name}”这个字段，请填写字段标识，如 amount。",
                        f"Opportunities have no field {name!r}. Give field names, such as amount.",
                    ),
                )
            )
    for one in draft.next_stages or ():
        row = context.get("stage", one)
        if row is not None and row["pipeline"] != draft.pipeline:
            problems.append(
                FieldError(
                    "next_stages",
                    "pipeline",
                    T(f"“{row['name']}”不属于这个流程。", f"{row['name']!r} belongs to another pipeline."),
                )
            )
    if problems:
        raise Invalid(problems)


def stages_of(context: Any, pipeline: UUID | None) -> list[Row]:
    """The pipeline's stages in their order."""
    if pipeline is None:
        return []
    found: list[Row] = context.find("stage", Test("pipeline", "=", pipeline), sort=("order",))
    return found


def _stage(context: Any, stage: UUID | None) -> Row | None:
    found: Row | None = context.get("stage", stage) if stage is not None else None
    return found


def _first(context: Any, pipeline: UUID | None, kind: str) -> UUID | None:
    return next((row["id"] for row in stages_of(context, pipeline) if row["kind"] == kind), None)


# -- what follows from an opportunity's stage -----------------------------------------------------------------------


def settle(draft: Any, context: Any) -> Row | None:
    """Fill in what was left open, and give the stage: the customer from the contact; the pipeline from the stage, else
    the default one; the stage from the pipeline, its first; the day of closing, today."""
    if draft.customer is None and draft.contact is not None:
        contact = context.get("contact", draft.contact)
        if contact is not None:
            draft.customer = contact["customer"]
    if draft.stage is None:
        if draft.pipeline is None:
            usual = context.find("pipeline", Test("active", "=", True), sort=("-default", "order"), limit=1)
            draft.pipeline = usual[0]["id"] if usual else None
        draft.stage = _first(context, draft.pipeline, "open")
    stage = _stage(context, draft.stage)
    if stage is None:
        return None
    if draft.pipeline is None:
        draft.pipeline = stage["pipeline"]
    if stage["kind"] != "open" and draft.closed_on is None:
        draft.closed_on = context.today
    return stage


def result(draft: Any, context: Any) -> str | None:
    stage = settle(draft, context)
    return stage["kind"] if stage is not None else None


def win_rate(draft: Any, context: Any) -> Decimal | None:
    stage = _stage(context, draft.stage)
    return stage["win_rate"] if stage is not None else None


def weighted(draft: Any, context: Any) -> dict[str, Any] | None:
    """Amount times win rate, in the amount's currency."""
    if draft.amount is None or draft.win_rate is None:
        return None
    amount: Decimal = draft.amount["amount"]
    share = (amount * draft.win_rate / 100).quantize(amount, ROUND_HALF_UP)
    return {"amount": share, "currency": draft.amount["currency"]}


def stage_since(draft: Any, context: Any) -> datetime | None:
    """When the deal came into its stage: now, except that a deal closed on an earlier day was closed then, and one
    noted later than it began has been in its first stage since it began."""
    if not draft.new and not draft.changed("stage"):
        return draft.stage_since  # type: ignore[no-any-return]
    now: datetime = context.now
    if draft.result in ("won", "lost"):
        day = draft.closed_on
    else:
        day = draft.engaged_on if draft.new else None
    if day is None or day >= context.today:
        return now
    moment = datetime.combine(day, time.min, context.settings.tz).astimezone(UTC)
    before = None if draft.new else draft.before.get("stage_since")
    return max(moment, before) if before is not None else moment


def cycle_days(draft: Any, context: Any) -> int | None:
    """How many days a deal took until it was won: from its start, or from when it was noted if nobody said when it began."""
    closed: date | None = draft.closed_on
    if draft.result != "won" or closed is None:
        return None
    begun: date = draft.engaged_on or (context.today if draft.new else draft.created_at.astimezone(context.settings.tz).date())
    return max((closed - begun).days, 0)


# -- checks, run at every write on every way in ---------------------------------------------------------------------


def legal_move(draft: Any, context: Any) -> None:
    """A deal moves only where its stage lets it. Creating is not a move: an import may place a deal anywhere."""
    stage = _stage(context, draft.stage)
    if stage is None:
        raise Invalid.field(
            "stage",
            "required",
            "没有可用的阶段。请选择阶段，或先在设置中建立销售流程。",
            "There is no stage to be in. Choose one, or set up a pipeline first.",
        )
    if stage["pipeline"] != draft.pipeline:
        raise Invalid.field(
            "stage",
            "other-pipeline",
            "阶段不属于所选的销售流程。请选择该流程中的阶段。",
            "The stage belongs to another pipeline. Choose a stage of this one.",
        )
    if draft.new or not draft.changed("stage"):
        return
    before = _stage(context, draft.before.get("stage"))
    if before is None:
        return
    if before["kind"] != "open":
        if draft.verb != "reopen":
            raise Invalid.field(
                "stage",
                "closed",
                "商机已关闭。请先“重新打开”，再推进阶段。",
                "The deal is closed. Reopen it first, then move it.",
            )
        return
    if before["pipeline"] != stage["pipeline"]:
        if stage["id"] != _first(context, stage["pipeline"], "open"):
            raise Invalid.field(
                "stage",
                "illegal-move",
                "更换销售流程时，从新流程的第一个阶段开始。",
                "A deal enters another pipeline at its first stage.",
            )
        return
    allowed = before["next_stages"]
    if stage["kind"] == "lost" or not allowed or stage["id"] in allowed:
        return
    names = [row["name"] for row in (_stage(context, one) for one in allowed) if row is not None]
    raise Invalid.field(
        "stage",
        "illegal-move",
        f"不能从“{before['name']}”直接到“{stage['name']}”。可以转到：{'、'.join(names)}。",
        f"{before['name']!r} does not lead to {stage['name']!r}. It leads to: {', '.join(names)}.",
    )


def what_the_stage_needs(draft: Any, context: Any) -> None:
    """A stage's required fields are filled when a deal enters it and not emptied in it; one moved to lost says why."""
    stage = _stage(context, draft.stage)
    if stage is None:
        return
    entering = draft.new or draft.changed("stage")
    fields = draft.object.fields
    needed = list(stage["required_fields"] or ())
    if entering and not draft.new and stage["kind"] == "lost" and "lost_reason" not in needed:
        needed.append("lost_reason")
    missing = [
        name
        for name in needed
        if name in fields and fields[name].empty(draft[name]) and (entering or draft.changed(name))
    ]
    if missing:
        raise Invalid(
            [
                FieldError(
                    name,
                    "required-by-stage",
                    T(
                        f"阶段“{stage['name']}”需要填写“{fields[name].label.zh}”。",
                        f"The stage {stage['name']!r} needs {fields[name].label.en!r}.",
                    ),
                )
                for name in missing
            ]
        )


def dates_in_order(draft: Any, context: Any) -> None:
    """Only a closed deal has a closing day; it is neither in the future nor before the start."""
    if not (draft.new or any(draft.changed(name) for name in ("closed_on", "engaged_on", "stage"))):
        return
    closed: date | None = draft.closed_on
    if closed is None:
        return
    if draft.result == "open":
        raise Invalid.field(
            "closed_on",
            "open",
            "进行中的商机没有关闭日期。请清空它，或用“赢单”“输单”关闭。",
            "An open deal has no closing day. Clear it, or close the deal by winning or losing it.",
        )
    if closed > context.today:
        raise Invalid.field("closed_on", "future", "关闭日期不能晚于今天。", "The closing day cannot be in the future.")
    if draft.engaged_on is not None and closed < draft.engaged_on:
        raise Invalid.field(
            "closed_on", "before-start", "关闭日期不能早于启动日期。", "The closing day cannot be before the start."
        )


def amount_sane(draft: Any, context: Any) -> None:
    if draft.changed("amount") and draft.amount is not None and draft.amount["amount"] < 0:
        raise Invalid.field("amount", "range", "金额不能为负。", "An amount cannot be negative.")


# -- actions --------------------------------------------------------------------------------------------------------


def contacted(draft: Any, context: Any, **what: Any) -> None:
    """A follow-up happened; a lead nobody had touched is now being worked on."""
    customers.contacted(draft, context, **what)
    if draft.object.name == "lead" and draft.status == "new" and draft.last_contact_at is not None:
        draft.status = "contacting"


def move(draft: Any, context: Any, *, stage: UUID) -> None:
    """To another stage, with what that stage needs; whether it may is judged by the checks."""
    draft.stage = stage


def win(draft: Any, context: Any) -> None:
    draft.stage = _ending(draft, context, "won")


def lose(draft: Any, context: Any) -> None:
    draft.stage = _ending(draft, context, "lost")


def _ending(draft: Any, context: Any, kind: str) -> UUID:
    here = _stage(context, draft.stage)
    if here is not None and here["kind"] != "open":
        raise Invalid.field(
            "stage", "closed", "商机已关闭。请先“重新打开”。", "The deal is closed already. Reopen it first."
        )
    found = _first(context, draft.pipeline, kind)
    if found is None:
        raise Invalid.field(
            "stage",
            "no-ending",
            "这个销售流程没有对应的结束阶段。请在设置中补上。",
            "This pipeline has no such ending. Add a won and a lost stage to it.",
        )
    return found


def reopen(draft: Any, context: Any, *, stage: UUID | None = None) -> None:
    """Back to the given open stage, else the one it was closed from, else the first. Reasons stay in the history."""
    here = _stage(context, draft.stage)
    if here is not None and here["kind"] == "open":
        raise Invalid.field("stage", "open", "商机还没有关闭。", "The deal is not closed.")
    if stage is not None:
        target = _stage(context, stage)
        if target is None or target["kind"] != "open" or target["pipeline"] != draft.pipeline:
            raise Invalid.field(
                "stage", "illegal-move", "请选择本流程中一个进行中的阶段。", "Choose an open stage of this pipeline."
            )
        draft.stage = stage
    else:
        draft.stage = _closed_from(draft, context) or _first(context, draft.pipeline, "open")
    for name in ("closed_on", "won_reason", "lost_reason", "lost_note"):
        draft[name] = None


def _closed_from(draft: Any, context: Any) -> UUID | None:
    for row in context.find("stage_history", Test("opportunity", "=", draft.id), sort=("-entered_at",), limit=50):
        stage = _stage(context, row["to_stage"])
        if stage is not None and stage["kind"] == "open" and stage["pipeline"] == draft.pipeline:
            return stage["id"]  # type: ignore[no-any-return]
    return None


# -- effects --------------------------------------------------------------------------------------------------------


def write_history(draft: Any, context: Any) -> None:
    """One row for every stage the deal was in; the last has no end."""
    if draft.verb in ("delete", "restore") or not (draft.new or draft.changed("stage")):
        return
    if not draft.new:
        for row in context.find("stage_history", Test("opportunity", "=", draft.id) & Test("left_at", "empty")):
            context.perform("stage_history", "update", id=row["id"], changes={"left_at": draft.stage_since})
    context.later(
        "stage_history",
        "create",
        changes={
            "opportunity": draft.id,
            "from_stage": None if draft.new else draft.before.get("stage"),
            "to_stage": draft.stage,
            "entered_at": draft.stage_since,
            "by": context.actor.user,
        },
    )


def tell_customer(draft: Any, context: Any) -> None:
    """The customer's last won day follows the deals: a later one moves it on, one undone takes it back."""
    fresh = draft.new or draft.verb == "restore"
    now_won = draft.customer if draft.result == "won" and draft.verb != "delete" else None
    was_won = None if fresh or draft.before.get("result") != "won" else draft.before.get("customer")
    was_on = None if was_won is None else draft.before.get("closed_on")
    if now_won == was_won and (now_won is None or was_on == draft.closed_on):
        return
    if was_won is not None:
        _recount(context, was_won)
    if now_won is not None and now_won != was_won:
        customer = context.get("customer", now_won)
        if customer is not None and not (customer["last_won_on"] and customer["last_won_on"] >= draft.closed_on):
            context.later("customer", "dealt", now_won, combine=_latest_deal, on=draft.closed_on)


def _latest_deal(earlier: Any, later: Any) -> Any:
    return max(earlier, later, key=lambda inputs: inputs["on"])


def _recount(context: Any, customer: UUID) -> None:
    if context.get("customer", customer) is None:
        return
    latest = context.find(
        "opportunity",
        Test("customer", "=", customer) & Test("result", "=", "won"),
        sort=("-closed_on",),
        limit=1,
    )
    context.perform("customer", "dealt", id=customer, on=latest[0]["closed_on"] if latest else None, afresh=True)


# -- the history's own rules ----------------------------------------------------------------------------------------


def history_note(draft: Any, context: Any) -> str:
    names = [
        row["name"] for row in (_stage(context, one) for one in (draft.from_stage, draft.to_stage)) if row is not None
    ]
    return " → ".join(names)


def history_seconds(draft: Any, context: Any) -> int | None:
    if draft.left_at is None or draft.entered_at is None:
        return None
    return int((draft.left_at - draft.entered_at).total_seconds())


def history_days(draft: Any, context: Any) -> Decimal | None:
    if draft.seconds is None:
        return None
    return (Decimal(draft.seconds) / 86400).quantize(Decimal("0.01"), ROUND_HALF_UP)


def written_by_rules(draft: Any, context: Any) -> None:
    """Only the opportunity's own rules write its history, whatever a role grants."""
    if context.actor.kind not in ("automation", "system"):
        raise Forbidden(
            T("阶段历史由系统记录，不能修改。", "Stage history is written by the program and cannot be changed.")
        )
