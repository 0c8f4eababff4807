"""查重申请: what somebody asks about a record that is somebody else's, found while looking for duplicates: to be let into its team, or
that it should be theirs. Whoever is asked decides, and the decision does it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from guanxi.base.errors import Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import Choice, Links, LongText, Owner, Person, TextField
from guanxi.kernel.declare.notices import ANSWERED, ASKED, Named
from guanxi.kernel.declare.objects import Action, Form, List, Object, Policy, Record, named

JOIN, APPEAL = "join", "appeal"
MOST = 20
"""So many people are asked at once."""


def whole_plea(draft: Any, context: Any) -> None:
    """It is about a record of an object that is compared, which somebody else has; who is to decide follows from that."""
    if not draft.new:
        if any(draft.changed(name) for name in ("object_name", "record", "kind", "owner")):
            raise Invalid.field("record", "fixed", "申请针对的记录不能修改。", "What was asked for stays what it was.")
        return
    id = parse_id(draft.record or "")
    try:
        it = context.catalog.object(draft.object_name or "")
    except Problem:
        it = None
    row = context.get(it.name, id) if it is not None and it.duplicates is not None and it.owned and id is not None else None
    if it is None or row is None:
        raise Invalid.field("record", "unseen", "找不到这条记录。", "There is no such record.")
    draft.object_name, draft.record, draft.state, me = it.name, str(id), "open", draft.owner
    if context.actor.unlimited and draft.to:
        return
    if row["owner"] == me:
        raise Invalid.field("record", "mine", "这条记录已经是您的。", "This record is yours already.")
    open_ = Test("object_name", "=", it.name) & Test("record", "=", str(id)) & Test("owner", "=", me) & Test("state", "=", "open")
    if any(one["kind"] == draft.kind for one in context.find("plea", open_)):
        raise Invalid.field("record", "asked", "您已经申请过，请等对方处理。", "You asked already; wait for the answer.")
    asked = [row["owner"]] if draft.kind == JOIN else _deciding(row, it, me, context)
    active = [one for one in dict.fromkeys(asked) if one is not None and one != me and (context.get("user", one) or {}).get("active") is not False]
    if not active:
        raise Invalid.field("record", "nobody", "这条记录现在没有可以受理的人。", "There is nobody who could decide about this record.")
    draft.to = active[:MOST]


def _deciding(row: Any, it: Any, me: UUID | None, context: Any) -> list[UUID | None]:
    """Who decides whose a record is: the owner's superior and the admins of its pools; failing them the asker's own superior."""
    out: list[UUID | None] = []
    if row["owner"] is not None:
        out.append((context.get("user", row["owner"]) or {}).get("superior"))
    if it.pooling is not None:
        pools = context.catalog.pools_of(it.name)
        here = [one for one in pools if one.id in (row["pool"], row["from_pool"])] or [one for one in pools if one.enabled][:1]
        for pool in here:
            out += sorted(pool.admins.get("user", ()))
            if roles := sorted(pool.admins.get("role", ())):
                out += [user["id"] for user in context.find("user", Test("roles", "has any", roles), limit=MOST)]
    out = [one for one in out if one not in (None, me, row["owner"])]
    return out or [(context.get("user", me) or {}).get("superior") if me is not None else None]


def _decide(draft: Any, context: Any) -> None:
    if context.actor.user not in (draft.to or ()):
        raise Forbidden(T("只有被申请的人可以处理。", "Only who was asked decides."))
    if draft.state != "open":
        raise Invalid.field("state", "state", "已经处理过了。", "It was decided already.")
    draft.answered_by, draft.told = context.actor.user, [draft.owner]


def accept(draft: Any, context: Any, *, answer: str | None = None) -> None:
    """What was asked for is done with the rights of whoever accepts: into the team, or the record is the asker's and who had it stays in
    the team."""
    _decide(draft, context)
    draft.state, draft.answer = "accepted", answer
    name, id = draft.object_name, UUID(draft.record)
    row = context.get(name, id)
    if row is None:
        raise Invalid.field("record", "unseen", "这条记录已不在。", "The record is gone.")
    try:
        if draft.kind == JOIN:
            context.perform_as_actor(name, "share", id, user=str(draft.owner), level="read")
        elif row.get("pool") is not None:
            context.perform_as_actor(name, "distribute", id, people=[str(draft.owner)])
        else:
            context.perform_as_actor(name, "assign", id, {"owner": str(draft.owner)}, keep="read")
    except (NotFound, Forbidden):
        raise Invalid.field("record", "beyond", "您已没有权限这样处理这条记录，请拒绝并说明。", "You may no longer do this to the record; decline and say why.") from None


def decline(draft: Any, context: Any, *, answer: str | None = None) -> None:
    _decide(draft, context)
    draft.state, draft.answer = "declined", answer


class Plea(
    Object, label=T("查重申请", "Request"), plural="pleas", icon="users", title="name", hands=None,
    about=T("查重查到别人的记录后，申请协作或申诉。", "Asking to join, or to be given, a record of somebody else's that was found while looking for duplicates."),
):  # fmt: skip
    """查重申请: what somebody asks about a record of somebody else's. `name` is what they looked for, in their own words, so that
    nothing is told that the rules for duplicates hide."""

    name = TextField(T("查重内容", "Looked for"), required=True)
    kind = Choice(T("申请", "Asks"), [(JOIN, T("申请协作", "To join the team")), (APPEAL, T("申诉", "Appeals"))], required=True)
    object_name = TextField(T("对象", "Object"), required=True)
    record = TextField(T("记录编号", "Record"), required=True)
    note = LongText(T("说明", "Why"))
    to = Links("user", T("受理人", "Decides"), readonly=True)
    state = Choice(T("状态", "State"), [("open", T("待处理", "Open")), ("accepted", T("已同意", "Accepted")), ("declined", T("已拒绝", "Declined"))], default="open", readonly=True)
    answer = LongText(T("答复", "Answer"), readonly=True)
    answered_by = Person(T("处理人", "Decided by"), readonly=True)
    told = Links("user", T("已告知", "Told"), readonly=True)
    owner = Owner(T("申请人", "Asked by"))
    policy = Policy(read="personal", write="personal", readers=("to",))
    checks = (whole_plea,)
    tells = (Named(ASKED, "to", where="state = open"), Named(ANSWERED, "told"))
    actions = (
        Action("accept", accept, T("同意", "Accept"), inputs=(named("answer", LongText(T("答复", "Answer"))),), offered="state = open and to has me", right="read"),
        Action("decline", decline, T("拒绝", "Decline"), inputs=(named("answer", LongText(T("理由", "Why not"), required=True)),), offered="state = open and to has me", right="read", danger=True),
    )
    indexes = (("object_name", "record"),)
    views = (
        List(columns=("name", "kind", "state", "owner", "to", "created_at", "answered_by"), sort=("-created_at",), filters=("kind", "state", "owner", "created_at")),
        Record(highlights=("kind", "state", "owner", "created_at"), groups=((T("申请", "What is asked"), ("name", "kind", "note", "to")), (T("答复", "Answer"), ("answer", "answered_by")))),
        Form(fields=("note",), offered=False),
    )


OBJECTS = (Plea,)
