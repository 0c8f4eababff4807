"""The bar of the process a record is in: its steps, where the record is and for how long, and how it gets to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from guanxi.base.text import Text
from guanxi.kernel.declare.fields import Choice, Field, LongText, Stage, TextField
from guanxi.kernel.declare.objects import Action, Board, Definition
from guanxi.kernel.records import telling
from guanxi.surfaces.web import around, linking
from guanxi.surfaces.web.visit import Visit


@dataclass(frozen=True)
class Offered:
    """Something that can be done to this record now, and its page."""

    verb: str
    label: Text
    url: str
    danger: bool = False
    menu: bool = False


@dataclass(frozen=True)
class Step:
    """One step: past, here or ahead; `open` when the record may be moved there now, and `url` where that is asked if no
    board does it."""

    key: str
    label: str
    state: str
    kind: str
    open: bool
    url: str
    hint: str


@dataclass(frozen=True)
class Bar:
    """The steps, the board whose moves lead from one to the other, and for a record at a closed one what was noted when it
    was closed."""

    here: str
    board: str
    steps: list[Step]
    reasons: list[Field]
    guide: tuple[Field, str] | None = None
    """What is to be done at the step the record is at."""


def board_of(it: Definition, one: Stage) -> Board | None:
    """The board of a process: it knows the kinds of its steps, and the verbs that lead to them."""
    return next((view for view in it.views if isinstance(view, Board) and view.by == one.name), None)


def asked(it: Definition, one: Stage) -> list[str]:
    """What the bar looks at besides the step itself."""
    board = board_of(it, one)
    if board is None:
        return []
    forms = [action.form for verb in board.moves.values() if (action := it.verbs.get(verb)) is not None]
    return [path for path in (board.since, board.limit, *(name for form in forms for name in form)) if path]


def bar(visit: Visit, it: Definition, row: dict[str, Any], offered: list[Offered], events: Sequence[telling.Told]) -> Bar | None:
    """The bar of a record, if it is in a process the actor may see (one statement)."""
    one = next((f for f in it.fields.values() if isinstance(f, Stage) and visit.guard.level(it, f.name) in ("read", "write")), None)
    if one is None or not isinstance(row.get(one.name), dict):
        return None
    board, target = board_of(it, one), visit.guard.target(one)
    kind = board.kind if board is not None and board.kind in target.fields and visit.guard.level(target, board.kind) in ("read", "write") else ""
    guide = board.guide if board is not None and board.guide in target.fields and visit.guard.level(target, board.guide) in ("read", "write") else ""
    found = linking.steps(visit, it, one, row, [name for name in (kind, guide) if name])
    here = next((at for at, step in enumerate(found) if step["id"] == row[one.name]["id"]), None)
    if here is None:
        return None
    verbs = {o.verb: o for o in offered}
    moves = board.moves if board is not None else {}
    mover = next((verbs[a.name] for a in it.verbs.values() if isinstance(a, Action) and a.name in verbs and a.name not in moves.values() and _takes(a, one)), None)
    days = around.spent(it, row["id"], events, one.name, datetime.now(UTC))
    out = []
    for at, step in enumerate(found):
        what = str(step.get(kind) or "") if kind else ""
        closed = board is not None and what in board.closed
        way = verbs.get(moves[what]) if what in moves else mover
        takes = way is not None and isinstance(action := it.verbs[way.verb], Action) and _takes(action, one)
        state = "here" if at == here else "past" if at < here and not closed else "ahead"
        url = "" if way is None or at == here else f"{way.url}?{one.name}={step['id']}" if takes else way.url
        hint = _hint(visit, row, board, step, days, at == here)
        out.append(Step(str(step["id"]), visit.guard.called(target, step) or visit.look.nameless, state, what, bool(url), url, hint))
    ended = str(found[here].get(kind) or "") if kind else ""
    action = it.verbs.get(moves.get(ended, "")) if board is not None and ended in board.closed else None
    told = [it.fields[name] for name in action.form if row.get(name) not in (None, "") and isinstance(it.fields[name], Choice | TextField | LongText)] if action is not None else []
    return Bar(str(found[here]["id"]), board.name if board is not None else "", out, [f for f in told if visit.guard.level(it, f.name) != "hidden"], _guide(target, guide, found[here]))


def _guide(target: Definition, name: str, step: dict[str, Any]) -> tuple[Field, str] | None:
    return (target.fields[name], step[name]) if name and step.get(name) else None


def _takes(action: Action, one: Stage) -> bool:
    return one.name in (*action.form, *(i.name for i in action.inputs))


def _hint(visit: Visit, row: dict[str, Any], board: Board | None, step: dict[str, Any], days: dict[str, float], here: bool) -> str:
    """For how long the record has been in a step, and how long that should take."""
    t, spent = visit.look.t, days.get(str(step["id"]))
    since = row.get(board.since) if here and board is not None and board.since else None
    if isinstance(since, datetime):
        spent = (datetime.now(UTC) - since).total_seconds() / 86400
    if spent is None:
        return ""
    whole = int(spent)
    text = t(f"停留 {whole} 天", f"{whole} days here") if whole else t("停留不到 1 天", "less than a day here")
    most = row.get(board.limit) if here and board is not None and board.limit else None
    return text + (t(f"，建议不超过 {most} 天", f", {most} suggested") if isinstance(most, int) else "")
