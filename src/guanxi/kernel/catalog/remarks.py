"""What people say to each other about a record, whatever it is a record of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from guanxi.base.errors import Forbidden, Invalid, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel.declare.fields import Links, LongText, Owner, TextField
from guanxi.kernel.declare.notices import MENTIONED, Named
from guanxi.kernel.declare.objects import Form, List, Object, Policy

CHANGEABLE = timedelta(hours=24)
"""How long its author may change or delete a comment: afterwards others have read and answered it."""


def about_a_record(draft: Any, context: Any) -> None:
    """A comment is about a record its author may read, and stays with it, whatever that becomes."""
    if not draft.new:
        if draft.verb != "follow" and (draft.changed("object_name") or draft.changed("record")):
            raise Invalid.field("record", "fixed", "评论不能移到别的记录。", "A comment stays with its record.")
        return
    found = parse_id(draft.record or "")
    try:
        it = context.catalog.object(draft.object_name or "")
    except Problem:
        it = None
    if found is None or it is None or it.policy.read == "about" or not context.may_read(it.name, found):
        raise Invalid.field("record", "unseen", "找不到这条记录，或您不能查看。", "There is no such record, or you may not see it.")
    draft.object_name, draft.record = it.name, str(found)


def in_time(draft: Any, context: Any) -> None:
    """Its author changes or deletes it within a day, and does not bring back what somebody else took away; whom a role lets
    delete what others said does so at any time."""
    made, actor = draft.before.get("created_at"), context.actor
    if draft.new or actor.unlimited or (draft.verb == "delete" and draft.before.get("owner") != actor.user):
        return
    if draft.verb == "restore" and draft.before.get("updated_by") not in (None, actor.user):
        raise Forbidden(T("这条评论是别人删除的，不能恢复。", "Somebody else deleted this comment; it cannot be brought back."))
    if made is not None and context.now - made > CHANGEABLE:
        raise Forbidden(T("发表超过 24 小时的评论不能再修改或删除。", "A comment cannot be changed or deleted 24 hours after it was written."))


class Comment(Object, label=T("评论", "Comment"), icon="activity", title="text", hands=None):
    """评论: what colleagues say to each other about a record. Whoever may read the record reads it; people named in it with @
    are kept as its mentions."""

    text = LongText(T("内容", "Text"), required=True)
    object_name = TextField(T("对象", "Object"), required=True)
    record = TextField(T("所属记录", "Record"), required=True)
    mentions = Links("user", T("提到的同事", "Mentioned"))
    owner = Owner()
    policy = Policy(read="about", write="personal")
    checks = (about_a_record,)
    effects = (in_time,)
    tells = (Named(MENTIONED, "mentions"),)
    indexes = (("object_name", "record"),)
    views = (
        List(columns=("text", "object_name", "owner", "created_at"), sort=("-created_at",), filters=("owner",)),
        Form(fields=("text", "mentions")),
    )


OBJECTS = (Comment,)
