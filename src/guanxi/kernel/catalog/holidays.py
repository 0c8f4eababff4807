"""节假日: days off and days worked that a company keeps besides the public holidays, or against them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from guanxi.base.text import T
from guanxi.base.workdays import Calendar, public
from guanxi.kernel.declare.fields import Choice, Date, Option, TextField
from guanxi.kernel.declare.objects import Form, List, Object, Policy, Record

OFF, ON = "off", "on"


def calendar(zone: str, rows: Iterable[tuple[date, str]]) -> Calendar:
    """A company's working days: the public ones of its time zone with its own, as (day, kind)."""
    kept: dict[str, list[date]] = {OFF: [], ON: []}
    for day, kind in rows:
        kept[kind].append(day)
    return public(zone).with_days(kept[OFF], kept[ON])


class Holiday(
    Object, label=T("节假日", "Holiday"), icon="calendar", group="settings", touches="catalog", title="name",
    about=T("公司自己的放假和调休上班；中国法定节假日已内置。", "Days off and days worked of your own; China's public holidays are known."),
):  # fmt: skip
    """节假日: a day that is off, or worked though it is a weekend or a public holiday. It counts for rules in working days."""

    day = Date(T("日期", "Day"), required=True)
    kind = Choice(T("类型", "Kind"), (Option(OFF, T("放假", "Off")), Option(ON, T("上班", "Worked"))), required=True, default=OFF)
    name = TextField(T("名称", "Name"), required=True)
    policy = Policy(read="member", write="role")
    unique = (("day",),)
    views = (
        List(columns=("day", "name", "kind"), sort=("-day",), filters=("kind", "day")),
        Record(highlights=("day", "kind"), groups=((T("节假日", "Holiday"), ("name", "day", "kind")),)),
        Form(fields=("day", "name", "kind")),
    )
