"""The standing inbox of duplicates: pairs of records that may be one, found by the program and decided by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from guanxi.base.errors import Forbidden, Invalid
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.catalog.duplicates import ways
from guanxi.kernel.declare.fields import (
    AutoNumber,
    Choice,
    Date,
    DateTime,
    Integer,
    MultiChoice,
    Option,
    Person,
    TextField,
)
from guanxi.kernel.declare.objects import Action, Definition, List, Object, Policy, Record, named

NAME = "duplicate_pair"
LATER = timedelta(days=30)
FOUND = ("object_name", "record", "other", "score", "agrees")
"""What the program finds out; people only decide."""


def offering(objects: Mapping[str, Definition]) -> Definition | None:
    """The object `duplicate_pair` with what there is to choose: the objects that are compared, and what may agree."""
    it = objects.get(NAME)
    compared = [one for one in objects.values() if one.duplicates is not None]
    if it is None or not compared:
        return it
    options = {"object_name": tuple(Option(one.name, one.label) for one in compared), "agrees": ways(compared)}
    return replace(it, fields={name: one.bound(options=options[name]) if name in options else one for name, one in it.fields.items()})


def found_by_the_program(draft: Any, context: Any) -> None:
    """Pairs are found, not written; and a pair is of two records of one object that is compared."""
    if not any(draft.changed(name) for name in FOUND):
        return
    if not context.actor.unlimited:
        raise Forbidden(T("疑似重复由程序查出，不能手工填写。", "Possible duplicates are found by the program and cannot be entered."))
    it = context.catalog.find(draft.object_name)
    if it is None or it.duplicates is None or parse_id(draft.record or "") is None or parse_id(draft.other or "") is None or draft.record == draft.other:
        raise Invalid.field("record", "unknown", "请给出同一对象的两条记录。", "Give two records of one object that is compared.")


def _decide(draft: Any, context: Any, state: str) -> None:
    draft.state = state
    draft.until = None
    draft.decided_by = context.actor.user if state != "open" else None
    draft.decided_at = context.now if state != "open" else None


def dismiss(draft: Any, context: Any) -> None:
    """They are two. It is remembered until somebody takes it back."""
    _decide(draft, context, "dismissed")


def postpone(draft: Any, context: Any, until: Any = None) -> None:
    """Not now: it comes up again on a day, in a month when none is given."""
    if until is not None and until <= context.today:
        raise Invalid.field("until", "past", "请选择今天以后的日期。", "Choose a day after today.")
    _decide(draft, context, "later")
    draft.until = until or context.today + LATER


def reopen(draft: Any, context: Any) -> None:
    """Put it back into the inbox."""
    _decide(draft, context, "open")


class DuplicatePair(
    Object, label=T("疑似重复", "Possible duplicate"), icon="search", title="number",
    about=T("可能是同一家的两条记录，由程序查出，由人决定合并还是不管。", "Two records that may be one: found by the program, decided by people."),
):  # fmt: skip
    """疑似重复: two records of one object that may be the same, with how likely it is and what agrees. Found by the program over all
    data; read by whoever may merge such records and reads both. Nothing is merged by itself.

    record and other are the ids, the lower first. A dismissed pair is not found again; reopening it takes that back.
    """

    number = AutoNumber("YC{yyyy}{mm}-{0000}", T("编号", "Number"))
    object_name = Choice(T("对象", "Object"), (), required=True)
    record = TextField(T("记录", "Record"), required=True)
    other = TextField(T("另一条记录", "Other record"), required=True)
    score = Integer(T("把握", "Confidence"), help=T("0 到 100。", "0 to 100."))
    agrees = MultiChoice(T("相同之处", "What agrees"), ())
    state = Choice(
        T("状态", "State"), [("open", T("待处理", "Open")), ("later", T("以后再说", "Later")), ("dismissed", T("不是重复", "Not duplicates"))],
        required=True, default="open", readonly=True,
    )  # fmt: skip
    until = Date(T("推迟到", "Until"), readonly=True)
    decided_by = Person(T("处理人", "Decided by"), readonly=True)
    decided_at = DateTime(T("处理时间", "Decided"), readonly=True)
    policy = Policy(read="pair", write="role")
    checks = (found_by_the_program,)
    unique = (("object_name", "record", "other"),)
    indexes = (("state", "-score"), ("record",), ("other",))
    actions = (
        Action("dismiss", dismiss, T("不是重复", "Not duplicates"), offered="state != dismissed", right="read"),
        Action("postpone", postpone, T("以后再说", "Later"), inputs=(named("until", Date(T("推迟到", "Until"), help=T("不填则推迟 30 天。", "In 30 days when empty."))),), offered="state != dismissed", right="read"),
        Action("reopen", reopen, T("重新处理", "Reopen"), offered="state != open", right="read"),
    )
    views = (
        List(columns=("number", "object_name", "score", "agrees", "state", "until", "decided_by", "created_at"), sort=("-score", "-created_at"), filters=("object_name", "state", "score", "agrees")),
        Record(highlights=("score", "state"), groups=((T("疑似重复", "Possible duplicate"), ("number", "object_name", "record", "other", "score", "agrees", "state", "until", "decided_by", "decided_at")),)),
    )
