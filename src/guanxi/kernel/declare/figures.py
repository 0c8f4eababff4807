"""Counters, figures, widgets and dashboards: what a module says about numbers worth looking at.

The first page and the standard dashboards are drawn from these by any surface. A condition is text in the condition
language; whatever somebody may not see makes the whole thing unseen for them, never wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from guanxi.base.text import T, Text

When = Literal["today", "late", "waiting", "soon"]
WHEN: dict[str, Text] = {
    "today": T("今天", "Today"),
    "late": T("已逾期", "Overdue"),
    "waiting": T("待处理", "Waiting"),
    "soon": T("近期", "Coming up"),
}
"""The parts of a day's work, in the order they are shown."""

Kind = Literal["number", "bar", "line", "pie", "funnel", "table", "ranking", "target"]
KINDS: tuple[str, ...] = get_args(Kind)
GROUPED = ("bar", "line", "pie", "funnel", "ranking")
"""Kinds that show groups and make no sense without one."""
Size = Literal["small", "medium", "large", "full"]
SIZES: tuple[str, ...] = get_args(Size)


@dataclass(frozen=True)
class Counter:
    """How many records wait for whoever looks: a number on the first page that opens the list of exactly these.

    where: who is meant is said here (`owner = me`). sort: the order of that list.
    """

    name: str
    label: Text
    object: str
    where: str
    group: When = "today"
    sort: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """What people are measured by: a measure over the records of an object that somebody owns.

    date: the field that says in which period a record counts; "" counts what is there now. mine: shown to each person,
    this month beside last. team: a column of the table that superiors see.
    """

    name: str
    label: Text
    object: str
    measure: str = "count"
    where: str = ""
    date: str = ""
    mine: bool = True
    team: bool = True


@dataclass(frozen=True)
class Widget:
    """One part of a dashboard: a question for figures and how to draw the answer.

    measure: as `aggregate` takes it. also: further measures told beside it. of: makes it a share: the measure over
    `where` within `of`, in percent (the won ones of all closed). group_by: at most two; a date without a unit takes one that suits the
    period. date_field: what the dashboard's period narrows, "" for nothing. person: the link to the user whom the
    dashboard's filter by people means. narrow: the path to the record the dashboard is narrowed to, if it is. sort and
    limit: of groups `measure`, `-measure` or `group`; of rows, when a table has no group, paths. columns: of such rows.
    target: the whole of a ring.
    """

    kind: Kind
    title: Text
    object: str
    measure: str = "count"
    group_by: tuple[str, ...] = ()
    where: str = ""
    of: str = ""
    also: tuple[str, ...] = ()
    date_field: str = ""
    person: str = "owner"
    narrow: str = ""
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    limit: int = 0
    target: float = 0
    size: Size = "medium"

    def to_json(self) -> dict[str, Any]:
        """The settings that make the same widget, without what is as usual."""
        out: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Text):
                out[one.name] = {"zh": value.zh, "en": value.en}
            elif one.name in ("kind", "object") or value != one.default:
                out[one.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Widget:
        """A widget from checked settings; what is not said is as usual."""
        given: dict[str, Any] = {one.name: settings[one.name] for one in fields(cls) if settings.get(one.name) is not None}
        title = given.get("title", "")
        given["title"] = Text(title.get("zh", ""), title.get("en") or title.get("zh", "")) if isinstance(title, Mapping) else Text(str(title), str(title))
        for name, value in given.items():
            if isinstance(value, list):
                given[name] = tuple(value)
        return cls(**given)


@dataclass(frozen=True)
class Dashboard:
    """Widgets side by side. period: what is chosen at first, "" for all time. narrow: an object whose records are chosen
    one at a time (a funnel is one pipeline's). compare: whether the period before is told from the start."""

    name: str
    label: Text
    widgets: tuple[Widget, ...]
    period: str = "this_month"
    narrow: str = ""
    compare: bool = False
